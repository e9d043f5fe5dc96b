"use strict";
// LeNet-5, every layer of it: 28×28 -> C1 -> S2 -> C3 -> S4 -> C5 -> F6 -> ten logits.
// Needs convolution.js and weights.js.

const LAYERS = [
  { name: "c1", kind: "convolution", kernelSize: 5, padding: 2, maps: 6, side: 28 },
  { name: "s2", kind: "mean", kernelSize: 2, padding: 0, maps: 6, side: 14 },
  { name: "c3", kind: "convolution", kernelSize: 5, padding: 0, maps: 16, side: 10 },
  { name: "s4", kind: "mean", kernelSize: 2, padding: 0, maps: 16, side: 5 },
  { name: "c5", kind: "convolution", kernelSize: 5, padding: 0, maps: 120, side: 1 },
  { name: "f6", kind: "dense", kernelSize: 1, padding: 0, maps: 84, side: 1 },
  { name: "output", kind: "dense", kernelSize: 1, padding: 0, maps: 10, side: 1 },
];

/** {"c1/kernel": {shape, values}, ...}; a dense layer is a convolution of 1×1. */
function lenet5Weights(stored) {
  const weights = {};
  for (const [name, array] of Object.entries(stored)) {
    const tensor = tensorOf(array);
    if (tensor.shape.length === 2) tensor.shape = [1, 1, ...tensor.shape];
    weights[name] = tensor;
  }
  return weights;
}

/** Means of 2×2 cells: (H,W,C) -> (H/2,W/2,C). */
function averagePool2d({ shape: [height, width, channels], values }) {
  const rows = height >> 1, columns = width >> 1, means = new Float64Array(rows * columns * channels);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let c = 0; c < channels; c++) {
        const at = (2 * row * width + 2 * column) * channels + c, below = at + width * channels;
        means[(row * columns + column) * channels + c] =
          (values[at] + values[at + channels] + values[below] + values[below + channels]) / 4;
      }
    }
  }
  return { shape: [rows, columns, channels], values: means };
}

/** What every layer says of 28×28 pixels, 0 (paper) to 1 (ink): {input, c1, s2, ..., output}. */
function lenet5(weights, pixels) {
  let x = { shape: [28, 28, 1], values: pixels };
  const found = { input: x };
  for (const { name, kind, padding } of LAYERS) {
    if (kind === "mean") {
      x = averagePool2d(x);
    } else {
      x = conv2d(x, weights[`${name}/kernel`], weights[`${name}/bias`].values, { padding });
      if (name !== "output") x.values = x.values.map(Math.tanh);
    }
    found[name] = x;
  }
  return found;
}

/** The ten shares that logits stand for: they add up to 1. */
function softmax(logits) {
  const most = Math.max(...logits), powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The window of a window in the layer below: [top, left, bottom, right], half-open, not clipped. */
function windowBelow({ kind, kernelSize, padding }, [top, left, bottom, right]) {
  const step = kind === "mean" ? 2 : 1, more = kernelSize - step;
  return [top, left].map((n) => n * step - padding).concat(
    [bottom, right].map((n) => n * step - padding + more),
  );
}

/** The window of one cell in every layer from its own down to the pixels: {c3: [...], ..., input}. */
function windowsOf(name, row, column) {
  let number = LAYERS.findIndex((layer) => layer.name === name);
  let box = [row, column, row + 1, column + 1];
  const boxes = { [name]: box };
  for (; number >= 0; number--) {
    box = windowBelow(LAYERS[number], box);
    boxes[number ? LAYERS[number - 1].name : "input"] = box;
  }
  return boxes;
}

/** What a cell adds up: {bias, terms, value}; a term is {map, row, column, x, weight, product}. */
function sumOf(weights, found, name, map, row, column) {
  const number = LAYERS.findIndex((layer) => layer.name === name), layer = LAYERS[number];
  const below = found[number ? LAYERS[number - 1].name : "input"];
  const [height, width, channels] = below.shape, terms = [];
  const [top, left, bottom, right] = windowBelow(layer, [row, column, row + 1, column + 1]);
  const kernel = weights[`${name}/kernel`];
  for (let c = 0; c < channels; c++) {
    if (layer.kind === "mean" && c !== map) continue;
    for (let y = top; y < bottom; y++) {
      for (let x0 = left; x0 < right; x0++) {
        const inside = y >= 0 && y < height && x0 >= 0 && x0 < width;
        const x = inside ? below.values[(y * width + x0) * channels + c] : 0;
        const place = ((y - top) * layer.kernelSize + x0 - left) * channels + c;
        const weight = kernel ? kernel.values[place * layer.maps + map] : 1 / 4;
        terms.push({ map: c, row: y, column: x0, x, weight, product: x * weight });
      }
    }
  }
  const bias = kernel ? weights[`${name}/bias`].values[map] : 0;
  const { shape, values } = found[name];
  return { bias, terms, value: values[(row * shape[1] + column) * shape[2] + map] };
}
