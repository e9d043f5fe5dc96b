"use strict";
// Tables of numbers: some are typed in, some are computed; around an image stand its zeros.

/** A table of inputs, one per number; `numbers` is read row by row. */
function inputTable(caption, rows, columns, numbers, named) {
  const table = titled(caption);
  for (let row = 0; row < rows; row++) {
    const line = table.insertRow();
    for (let column = 0; column < columns; column++) {
      const input = document.createElement("input");
      Object.assign(input, { type: "number", step: "any", value: numbers[row * columns + column] });
      input.setAttribute("aria-label", `${named}, row ${row}, column ${column}`);
      line.insertCell().append(input);
    }
  }
  return table;
}

/** A table of texts; an empty text is a place that is still open. */
function textTable(caption, rows, columns) {
  const table = titled(caption);
  for (let row = 0; row < rows; row++) {
    const line = table.insertRow();
    for (let column = 0; column < columns; column++) line.insertCell();
  }
  return table;
}

function titled(caption) {
  const table = document.createElement("table");
  table.className = "live-grid";
  table.createCaption().textContent = caption;
  return table;
}

/** Zeros around a table of inputs: [before, after] for rows and for columns. */
function surround(table, [above, below], [left, right]) {
  table.querySelectorAll(".zero").forEach((cell) => cell.remove());
  [...table.rows].filter((line) => !line.cells.length).forEach((line) => line.remove());
  const zero = () => Object.assign(document.createElement("td"), { className: "zero", textContent: "0" });
  for (const line of table.rows) {
    for (let n = 0; n < left; n++) line.prepend(zero());
    for (let n = 0; n < right; n++) line.append(zero());
  }
  const wide = table.rows[0].cells.length;
  for (let n = 0; n < above + below; n++) {
    const line = table.insertRow(n < above ? 0 : -1);
    for (let column = 0; column < wide; column++) line.append(zero());
  }
}

/** The numbers typed into a table, row by row; NaN where there is none. */
function numbersIn(table) {
  return [...table.querySelectorAll("input")].map((input) => (input.value === "" ? NaN : Number(input.value)));
}
