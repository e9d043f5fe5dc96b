"use strict";
// Grad-CAM where the head is linear over the averages: the gradient of a class by a map is, but for
// a factor, the weight of that map, so the heat is the maps times the weights of the class.

/** Maps (h,w,C) and the head (C, classes) -> {shape: [h, w], values}, what speaks against it cut off. */
function gradCam({ shape: [height, width, channels], values }, head, index) {
  const classes = head.shape[1], heat = new Float64Array(height * width);
  for (let n = 0; n < heat.length; n++) {
    for (let c = 0; c < channels; c++) heat[n] += values[n * channels + c] * head.values[c * classes + index];
  }
  return { shape: [height, width], values: heat.map((value) => Math.max(0, value)) };
}
