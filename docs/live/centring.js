"use strict";
// A drawing placed as the digits of MNIST are: 20 pixels long, its centre of mass in the middle.

/** How to place ink (28×28): {scale, row, column}, the drawing's own centre; null for empty paper. */
function placementOf(ink) {
  let [top, left, bottom, right, mass, rows, columns] = [28, 28, -1, -1, 0, 0, 0];
  for (let n = 0; n < 784; n++) {
    if (ink[n] < 0.05) continue;
    const row = Math.floor(n / 28), column = n % 28;
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
    left = Math.min(left, column);
    right = Math.max(right, column);
    mass += ink[n];
    rows += ink[n] * (row + 0.5);
    columns += ink[n] * (column + 0.5);
  }
  if (!mass) return null;
  const long = Math.max(bottom - top, right - left) + 1;
  return { scale: Math.min(4, 20 / long), row: rows / mass, column: columns / mass };
}

/** 28×28 pixels, moved and scaled; each new pixel is a mean of 3×3 places between the old ones. */
function placed(pixels, placement) {
  if (!placement) return pixels;
  const moved = new Float64Array(784);
  for (let n = 0; n < 784; n++) {
    let sum = 0;
    for (const down of [1 / 6, 1 / 2, 5 / 6]) {
      for (const right of [1 / 6, 1 / 2, 5 / 6]) {
        sum += between(
          pixels,
          (Math.floor(n / 28) + down - 14) / placement.scale + placement.row,
          ((n % 28) + right - 14) / placement.scale + placement.column,
        );
      }
    }
    moved[n] = sum / 9;
  }
  return moved;
}

/** The value at a place between the middles of pixels; 0 outside. */
function between(pixels, y, x) {
  const row = Math.floor(y - 0.5), column = Math.floor(x - 0.5);
  const down = y - 0.5 - row, right = x - 0.5 - column;
  const at = (r, c) => (r < 0 || r > 27 || c < 0 || c > 27 ? 0 : pixels[28 * r + c]);
  const above = at(row, column) * (1 - right) + at(row, column + 1) * right;
  const below = at(row + 1, column) * (1 - right) + at(row + 1, column + 1) * right;
  return above * (1 - down) + below * down;
}
