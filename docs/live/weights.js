"use strict";
// Weights as the build wrote them: numbers of 16 bits, in base64, as a script can carry them.

/** The number that 16 bits stand for (IEEE 754 half precision): sign, 5 bits exponent, 10 fraction. */
function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
}

/** The bytes behind base64. */
function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = text.charCodeAt(n);
  return bytes;
}

const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => halfToNumber(bits));

/** {shape, float16} -> {shape, values}, where values are of a typed array's kind. */
function tensorOf({ shape, float16 }, Kind = Float64Array) {
  const bytes = bytesOf(float16), values = new Kind(bytes.length / 2);
  for (let n = 0; n < values.length; n++) values[n] = HALVES[bytes[2 * n] | (bytes[2 * n + 1] << 8)];
  return { shape, values };
}
