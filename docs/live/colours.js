"use strict";
// Numbers as colours on a canvas: blue below zero, white at zero, red above, as in the lessons.

const BELOW_TO_ABOVE = [
  [5, 48, 97], [67, 147, 195], [209, 229, 240], [247, 247, 247], [253, 219, 199], [214, 96, 77], [103, 0, 31],
];

/** The colour of a share from -1 to 1. */
function signedColour(share) {
  const place = (Math.max(-1, Math.min(1, share)) + 1) / 2 * (BELOW_TO_ABOVE.length - 1);
  const low = Math.min(Math.floor(place), BELOW_TO_ABOVE.length - 2), part = place - low;
  return BELOW_TO_ABOVE[low].map((from, n) => from + part * (BELOW_TO_ABOVE[low + 1][n] - from));
}

/** The colour of ink: white paper at 0, black at 1. */
function inkColour(ink) {
  const grey = 255 * (1 - Math.max(0, Math.min(1, ink)));
  return [grey, grey, grey];
}

/** Paints rows × columns numbers, each a square of `cell` dots, and a frame around a window. */
function paint(canvas, rows, columns, numberAt, colour, cell, box = null) {
  const small = new ImageData(columns, rows);
  for (let n = 0; n < rows * columns; n++) {
    const [red, green, blue] = colour(numberAt(n));
    small.data.set([red, green, blue, 255], 4 * n);
  }
  if (canvas.width !== columns * cell) canvas.width = columns * cell;
  if (canvas.height !== rows * cell) canvas.height = rows * cell;
  const brush = canvas.getContext("2d");
  if (!canvas.dots) canvas.dots = document.createElement("canvas");
  canvas.dots.width = columns;
  canvas.dots.height = rows;
  canvas.dots.getContext("2d").putImageData(small, 0, 0);
  brush.imageSmoothingEnabled = false;
  brush.drawImage(canvas.dots, 0, 0, columns * cell, rows * cell);
  if (box) frame(brush, box, rows, columns, cell);
}

/** A frame that is seen on light and on dark: black around yellow. */
function frame(brush, [top, left, bottom, right], rows, columns, cell) {
  const [y, x] = [Math.max(0, top) * cell, Math.max(0, left) * cell];
  const high = Math.min(rows, bottom) * cell - y, wide = Math.min(columns, right) * cell - x;
  for (const [colour, width] of [["#000", 4], ["#ffd500", 2]]) {
    brush.strokeStyle = colour;
    brush.lineWidth = width;
    brush.strokeRect(x + 1.5, y + 1.5, wide - 3, high - 3);
  }
}

const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const MAGMA = [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]];

/** 256 colours between stops, each [red, green, blue, alpha] in one number; `clear` lets 0 see through. */
function shades(stops, clear = false) {
  const table = new Uint8Array(1024);
  for (let n = 0; n < 256; n++) {
    const place = n / 255 * (stops.length - 1), low = Math.min(Math.floor(place), stops.length - 2);
    stops[low].forEach((from, c) => { table[4 * n + c] = from + (place - low) * (stops[low + 1][c] - from); });
    table[4 * n + 3] = clear ? Math.min(190, 1.5 * n) : 255;
  }
  return new Uint32Array(table.buffer);
}

/** Paints one map of (h,w,C) numbers, a dot per number, from 0 to `most`. */
function paintMap(canvas, { shape: [rows, columns, channels = 1], values }, channel, most, table) {
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const dots = new ImageData(columns, rows), words = new Uint32Array(dots.data.buffer), scale = most ? 255 / most : 0;
  for (let n = 0; n < words.length; n++) {
    words[n] = table[Math.max(0, Math.min(255, Math.round(values[n * channels + channel] * scale)))];
  }
  canvas.getContext("2d").putImageData(dots, 0, 0);
}
