"use strict";
// The page "Convolution on a board": settings, numbers, a window that walks, the sum written out.

const at = (id) => document.getElementById(id);
const SETTINGS = ["height", "width", "channels", "kernelHeight", "kernelWidth", "filters", "strides", "dilation"];
const LECTURE = {
  image: [3, 3, 2, 1, 0, 0, 0, 1, 3, 1, 3, 1, 2, 2, 3, 2, 0, 0, 2, 2, 2, 0, 0, 0, 1],
  kernel: [0, 1, 2, 2, 2, 0, 0, 1, 2],
};
const wholeFrom = (low, high) => low + Math.floor((high - low + 1) * Math.random());
const FRESH = { image: () => wholeFrom(0, 3), kernel: () => wholeFrom(-2, 2), bias: () => 0 };
let settings = null;
let output = null; // {shape, values}, or null where nothing can be computed
let clock = null;

/** A number as it is read: no more digits than it has, a true minus, in brackets behind a sign. */
const shown = (number) => String(Number(number.toFixed(4))).replace("-", "−");
const factor = (number) => (number < 0 ? `(${shown(number)})` : shown(number));

function readSettings() {
  const read = Object.fromEntries(SETTINGS.map((id) => {
    const { min, max, value } = at(id);
    return [id, Math.max(Number(min), Math.min(Number(max), Math.floor(Number(value)) || 1))];
  }));
  for (const id of SETTINGS) at(id).value = read[id];
  const { value } = at("padding");
  return { ...read, padding: value === "valid" || value === "same" ? value : Number(value) };
}

// ---- the boards

/** Tables of the sizes asked for; a number stays where its place still exists, others are fresh. */
function layOut(fresh = FRESH) {
  const old = settings && { image: image(), kernel: kernel(), bias: { shape: [settings.filters], values: biases() } };
  settings = readSettings();
  const { height, width, channels, kernelHeight, kernelWidth, filters } = settings;
  const kept = (of, ...place) => {
    if (!old || place.some((n, axis) => n >= old[of].shape[axis])) return fresh[of](...place);
    return old[of].values[place.reduce((sum, n, axis) => sum * old[of].shape[axis] + n, 0)];
  };
  const named = (...words) => words.filter(Boolean).join(", ");
  at("image").replaceChildren(...count(channels).map((c) => inputTable(
    named(channels > 1 && `channel ${c}`), height, width,
    grid(height, width, (row, column) => kept("image", row, column, c)), `image channel ${c}`,
  )));
  at("kernel").replaceChildren(...count(filters).map((filter) => {
    const box = document.createElement("div");
    box.append(...count(channels).map((c) => inputTable(
      named(filters > 1 && `filter ${filter}`, channels > 1 && `channel ${c}`), kernelHeight, kernelWidth,
      grid(kernelHeight, kernelWidth, (row, column) => kept("kernel", row, column, c, filter)),
      `kernel of filter ${filter}, channel ${c}`,
    )));
    const bias = inputTable("bias", 1, 1, [kept("bias", filter)], `bias of filter ${filter}`);
    bias.classList.add("bias");
    box.append(bias);
    return box;
  }));
  compute();
}

const count = (n) => [...Array(n).keys()];
const grid = (rows, columns, numberAt) => count(rows * columns).map((n) => numberAt(Math.floor(n / columns), n % columns));
const biases = () => [...at("kernel").querySelectorAll(".bias")].flatMap(numbersIn);

/** Numbers of several tables as one tensor, the tables' own axes last. */
function gathered(tables, shape) {
  const lists = tables.map(numbersIn), values = [];
  for (let n = 0; n < lists[0].length; n++) for (const list of lists) values.push(list[n]);
  return { shape, values };
}

function image() {
  return gathered([...at("image").children], [settings.height, settings.width, settings.channels]);
}

function kernel() {
  const boxes = [...at("kernel").children], tables = [];
  for (let c = 0; c < settings.channels; c++) for (const box of boxes) tables.push(box.children[c]);
  return gathered(tables, [settings.kernelHeight, settings.kernelWidth, settings.channels, settings.filters]);
}

// ---- the result

function paddings() {
  const { height, width, kernelHeight, kernelWidth, strides, padding, dilation } = settings;
  return [
    paddingOf(padding, height, kernelHeight, strides, dilation),
    paddingOf(padding, width, kernelWidth, strides, dilation),
  ];
}

function compute() {
  const { filters } = settings;
  output = null;
  for (const table of at("image").children) surround(table, ...paddings());
  at("said").textContent = fault() ?? "";
  if (!fault()) output = conv2d(image(), kernel(), biases(), settings);
  const [rows, columns] = output ? output.shape : [0, 0];
  at("output").replaceChildren(...count(output ? filters : 0).map((filter) => {
    const table = textTable(filters > 1 ? `filter ${filter}` : "", rows, columns);
    [...table.querySelectorAll("td")].forEach((cell, n) => {
      cell.addEventListener("click", () => goTo(filter * rows * columns + n));
    });
    return table;
  }));
  at("place").max = Math.max(0, rows * columns * filters - 1);
  for (const id of ["back", "next", "play", "place", "all"]) at(id).disabled = !output;
  show();
}

/** What keeps the sum from being done: the rule, what was found, the remedy; or null. */
function fault() {
  const { height, width, kernelHeight, kernelWidth, strides, padding, dilation } = settings;
  const empty = [...image().values, ...kernel().values, ...biases()].some(Number.isNaN);
  if (empty) return "Every cell must hold a number: one is empty. Type a number into it.";
  for (const [axis, size, weights] of [["rows", height, kernelHeight], ["columns", width, kernelWidth]]) {
    if (outputSize(size, weights, strides, padding, dilation) > 0) continue;
    const [before, after] = paddingOf(padding, size, weights, strides, dilation);
    return `The kernel must fit in the padded image: it spans ${dilation * (weights - 1) + 1} ${axis}, ` +
      `the image with its zeros has ${size + before + after}. Take a smaller kernel, less dilation or more padding.`;
  }
  return null;
}

// ---- the window

function goTo(place) {
  at("place").value = place;
  show();
}

function show() {
  document.querySelectorAll(".live .window, .live .now").forEach((cell) => cell.classList.remove("window", "now"));
  at("sum").textContent = "";
  if (!output) return;
  const [rows, columns, filters] = output.shape, place = Number(at("place").value);
  const filter = Math.floor(place / (rows * columns)), cell = place % (rows * columns);
  const row = Math.floor(cell / columns), column = cell % columns;
  [...at("output").children].forEach((table, f) => {
    [...table.querySelectorAll("td")].forEach((td, n) => {
      const number = f * rows * columns + n;
      td.textContent = number <= place ? shown(output.values[n * filters + f]) : "";
      td.classList.toggle("now", number === place);
    });
  });
  at("sum").textContent = written(row, column, filter);
  const which = filters > 1 ? `filter ${filter}, ` : "";
  at("said").textContent = `${which}row ${row}, column ${column}: ${shown(output.values[cell * filters + filter])}`;
  at("place").setAttribute("aria-valuetext", at("said").textContent);
}

/** The sum of one output, and its window lit on the image and in the kernel. */
function written(row, column, filter) {
  const { kernelHeight, kernelWidth, channels, strides, dilation } = settings, weights = kernel();
  const lines = [];
  for (let c = 0; c < channels; c++) {
    const table = at("image").children[c], products = [];
    for (let m = 0; m < kernelHeight; m++) {
      for (let n = 0; n < kernelWidth; n++) {
        const td = table.rows[row * strides + m * dilation].cells[column * strides + n * dilation];
        td.classList.add("window");
        const pixel = td.firstChild.value ?? 0;
        const weight = weights.values[((m * kernelWidth + n) * channels + c) * settings.filters + filter];
        products.push(`${factor(Number(pixel))}·${factor(weight)}`);
      }
    }
    at("kernel").children[filter].children[c].querySelectorAll("td").forEach((td) => td.classList.add("window"));
    lines.push(products.join(" + "));
  }
  const [, columns, filters] = output.shape;
  const value = output.values[(row * columns + column) * filters + filter];
  return `${lines.join("\n+ ")}\n+ bias ${factor(biases()[filter])} = ${shown(value)}`;
}

// ---- together

function stop() {
  clearInterval(clock);
  clock = null;
  at("play").textContent = "play";
}

function step(by) {
  const last = Number(at("place").max), now = Number(at("place").value) + by;
  goTo(now < 0 ? last : now > last ? 0 : now);
}

at("back").addEventListener("click", () => { stop(); step(-1); });
at("next").addEventListener("click", () => { stop(); step(1); });
at("all").addEventListener("click", () => { stop(); goTo(at("place").max); });
at("place").addEventListener("input", () => { stop(); show(); });
at("play").addEventListener("click", () => {
  if (clock) return stop();
  at("play").textContent = "pause";
  clock = setInterval(() => (output ? step(1) : stop()), 900);
});
at("play").hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
for (const id of [...SETTINGS, "padding"]) at(id).addEventListener("change", () => { stop(); layOut(); goTo(0); });
for (const id of ["image", "kernel"]) at(id).addEventListener("input", compute);
at("random").addEventListener("click", () => {
  for (const of of ["image", "kernel"]) {
    for (const input of at(of).querySelectorAll("table:not(.bias) input")) input.value = FRESH[of]();
  }
  compute();
});
at("convolve").hidden = false;
layOut({
  image: (row, column) => LECTURE.image[5 * row + column],
  kernel: (row, column) => LECTURE.kernel[3 * row + column],
  bias: () => 0,
});
