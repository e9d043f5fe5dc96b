"use strict";
// The convolution of a layer, as Keras and cnnlab.convolution.conv2d compute it.
// A tensor is {shape, values}: values lie row by row, channels last.

/** Zeros in front of and behind an axis: "valid", "same" (the odd zero goes behind), or a number. */
function paddingOf(padding, inputSize, kernelSize, strides, dilation) {
  if (padding === "valid") return [0, 0];
  if (padding !== "same") return [padding, padding];
  const spanned = dilation * (kernelSize - 1) + 1;
  const total = Math.max(0, (Math.ceil(inputSize / strides) - 1) * strides + spanned - inputSize);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** The size of the output along one axis; below 1 where the kernel does not fit. */
function outputSize(inputSize, kernelSize, strides, padding, dilation) {
  const [before, after] = paddingOf(padding, inputSize, kernelSize, strides, dilation);
  const room = inputSize + before + after - dilation * (kernelSize - 1) - 1;
  return Math.floor(room / strides) + 1;
}

/** Sums of products: x (H,W,C), kernel (K_h,K_w,C,F), bias F numbers -> (H',W',F). */
function conv2d(x, kernel, bias, { strides = 1, padding = "valid", dilation = 1 } = {}) {
  const [height, width, channels] = x.shape;
  const [kernelHeight, kernelWidth, , filters] = kernel.shape;
  const [top] = paddingOf(padding, height, kernelHeight, strides, dilation);
  const [left] = paddingOf(padding, width, kernelWidth, strides, dilation);
  const rows = outputSize(height, kernelHeight, strides, padding, dilation);
  const columns = outputSize(width, kernelWidth, strides, padding, dilation);
  const values = new Float64Array(rows * columns * filters);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const out = (row * columns + column) * filters;
      for (let filter = 0; filter < filters; filter++) values[out + filter] = bias[filter];
      for (let m = 0; m < kernelHeight; m++) {
        const y = row * strides - top + m * dilation;
        if (y < 0 || y >= height) continue;
        for (let n = 0; n < kernelWidth; n++) {
          const x0 = column * strides - left + n * dilation;
          if (x0 < 0 || x0 >= width) continue;
          for (let c = 0; c < channels; c++) {
            const pixel = x.values[(y * width + x0) * channels + c];
            const weights = ((m * kernelWidth + n) * channels + c) * filters;
            for (let filter = 0; filter < filters; filter++) {
              values[out + filter] += pixel * kernel.values[weights + filter];
            }
          }
        }
      }
    }
  }
  return { shape: [rows, columns, filters], values };
}
