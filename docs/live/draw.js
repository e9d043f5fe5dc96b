"use strict";
// The page "Draw a digit": the sheet, what LeNet-5 says, its maps, one cell, six kernels.

const CELL = { input: 5, c1: 4, s2: 5, c3: 6, s4: 10, c5: 11, f6: 11 }; // dots per number
const WIDE = { c5: 24, f6: 21 }; // layers without height and width are shown in rows of so many
const at = (id) => document.getElementById(id);
const two = (number) => number.toFixed(2).replace(/^-(?=.*[1-9])/, "−").replace(/^-/, "");
const percent = (share) => `${(100 * share).toFixed(share > 0.995 ? 1 : 0)} %`;
const trained = lenet5Weights(LENET5);
const weights = { ...trained, "c1/kernel": copyOf(trained["c1/kernel"]) };
const LARGEST = Math.max(...trained["c1/kernel"].values.map(Math.abs));
let chosen = { layer: "c3", map: 2, row: 5, column: 5 };
let kernel = 0;
let found = null;

function copyOf({ shape, values }) {
  return { shape, values: values.slice() };
}

/** An element with attributes and a text. */
function made(tag, attributes = {}, text = "") {
  const element = Object.assign(document.createElement(tag), attributes);
  if (text) element.textContent = text;
  return element;
}

// ---- what the network reads, and what it says

/** The sheet as the network gets it; `covered` without the ink below the cover. */
function pixels(covered) {
  const ink = covered ? pad.ink.map((value, n) => value * (1 - pad.cover[n])) : pad.ink.slice();
  return at("centre").checked && !pad.example ? placed(ink, placementOf(pad.ink)) : ink;
}

function compute() {
  const covered = pad.cover.some((value) => value > 0);
  const plain = softmax(lenet5(weights, pixels(false)).output.values);
  found = lenet5(weights, pixels(true));
  showAnswers(plain, covered ? softmax(found.output.values) : null);
  showLayers();
  showCell();
}

let waiting = false;
function changed() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    compute();
  });
}

function showAnswers(plain, covered) {
  at("answers").classList.toggle("plain", !covered);
  at("answers").tBodies[0].querySelectorAll("tr").forEach((line, digit) => {
    [plain, covered].forEach((shares, column) => {
      const [track, text] = line.cells[column + 1].children, bar = track.firstChild;
      const share = shares ? shares[digit] : 0;
      bar.style.width = `${100 * share}%`;
      text.textContent = percent(share);
      line.cells[column + 1].className = shares && share === Math.max(...shares) ? "first" : "";
    });
  });
  const words = (shares) => {
    const [first, second] = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
    return `a ${first} (${percent(shares[first])}), else a ${second} (${percent(shares[second])})`;
  };
  const empty = !pad.ink.some((value) => value > 0);
  let verdict = `The network reads ${words(plain)}.`;
  if (empty) verdict = `The sheet is empty, and still the network has to name a digit: ${words(plain)}.`;
  if (covered) verdict += ` With the cover: ${words(covered)}.`;
  if (changedKernels().length) verdict += ` (Not as trained: kernel ${changedKernels().join(", ")} of C1.)`;
  say("verdict", verdict);
}

/** Which of the six kernels no longer have the weights of the training. */
function changedKernels() {
  const [now, before] = [weights, trained].map((some) => some["c1/kernel"].values);
  return [0, 1, 2, 3, 4, 5].filter((map) => now.some((value, n) => n % 6 === map && value !== before[n]));
}

const clocks = {};
/** Words for a reader who listens: only once things are quiet. */
function say(id, words) {
  clearTimeout(clocks[id]);
  clocks[id] = setTimeout(() => { at(id).textContent = words; }, 250);
}

// ---- the maps

const TITLES = {
  input: "What the network reads: 28 × 28 pixels",
  c1: "C1: 6 maps of 28 × 28. A cell weighs 5 × 5 pixels",
  s2: "S2: 6 maps of 14 × 14. A cell is the mean of 2 × 2 cells of C1",
  c3: "C3: 16 maps of 10 × 10. A cell weighs 5 × 5 cells of all six maps of S2",
  s4: "S4: 16 maps of 5 × 5. A cell is the mean of 2 × 2 cells of C3",
  c5: "C5: 120 numbers. Each weighs all of S4",
  f6: "F6: 84 numbers. Each weighs all of C5; the ten answers weigh all of F6",
};
const canvases = {};

function buildLayers() {
  for (const [name, title] of Object.entries(TITLES)) {
    const layer = made("div", { className: "live-layer" });
    const maps = made("div", { className: "live-maps" });
    const count = name === "input" || WIDE[name] ? 1 : LAYERS.find((one) => one.name === name).maps;
    canvases[name] = Array.from({ length: count }, (_, map) => {
      const canvas = made("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", count > 1 ? `map ${map} of ${name.toUpperCase()}` : title);
      if (name !== "input") canvas.addEventListener("click", (event) => choose(name, map, event));
      maps.append(canvas);
      return canvas;
    });
    layer.append(made("h3", {}, title), maps);
    at("layers").append(layer);
  }
}

function choose(name, map, event) {
  const { offsetX, offsetY, target } = event;
  const column = Math.floor(offsetX / target.clientWidth * (target.width / CELL[name]));
  const row = Math.floor(offsetY / target.clientHeight * (target.height / CELL[name]));
  chosen = WIDE[name]
    ? { layer: name, map: row * WIDE[name] + column, row: 0, column: 0 }
    : { layer: name, map, row, column };
  showChoice();
}

function showLayers() {
  const boxes = windowsOf(chosen.layer, chosen.row, chosen.column);
  for (const [name, drawn] of Object.entries(canvases)) {
    const { shape: [rows, columns, maps], values } = found[name];
    if (WIDE[name]) {
      const wide = WIDE[name], row = Math.floor(chosen.map / wide), column = chosen.map % wide;
      let box = name in boxes ? [0, 0, maps / wide, wide] : null;
      if (name === chosen.layer) box = [row, column, row + 1, column + 1];
      paint(drawn[0], maps / wide, wide, (n) => values[n], signedColour, CELL[name], box);
      continue;
    }
    drawn.forEach((canvas, map) => {
      const own = name === chosen.layer && map !== chosen.map;
      const mean = ["s2", "s4"].includes(chosen.layer) && name === LAYERS[place(chosen.layer) - 1].name;
      const box = !own && !(mean && map !== chosen.map) && name in boxes ? boxes[name] : null;
      const colour = name === "input" ? inkColour : signedColour;
      paint(canvas, rows, columns, (n) => values[n * maps + map], colour, CELL[name], box);
      canvas.classList.toggle("chosen", name === chosen.layer && map === chosen.map);
    });
  }
  showKernels();
}

const place = (name) => LAYERS.findIndex((layer) => layer.name === name);

// ---- one cell

function showChoice() {
  const { maps, side } = LAYERS[place(chosen.layer)];
  const within = (number, count) => Math.max(0, Math.min(count - 1, Math.floor(number) || 0));
  chosen.map = within(chosen.map, maps);
  [chosen.row, chosen.column] = [within(chosen.row, side), within(chosen.column, side)];
  at("layer").value = chosen.layer;
  for (const [id, count] of [["map", maps], ["row", side], ["column", side]]) {
    at(id).max = count - 1;
    at(id).value = chosen[id];
    at(id).disabled = count === 1;
  }
  showLayers();
  showCell();
}

function showCell() {
  const { layer, map, row, column } = chosen, { kind } = LAYERS[place(layer)];
  const { bias, terms, value } = sumOf(weights, found, layer, map, row, column);
  const total = terms.reduce((sum, term) => sum + term.product, bias);
  const [top, left, bottom, right] = windowsOf(layer, row, column).input.map((n) => Math.max(0, Math.min(28, n)));
  const where = LAYERS[place(layer)].side > 1 ? `, row ${row}, column ${column}` : "";
  const how = kind === "mean" ? "the mean of four cells"
    : layer === "output" ? `the products and the bias ${two(bias)}, added up`
      : `the tanh of ${two(total)}: the products and the bias ${two(bias)}, added up`;
  say("cell", `${layer.toUpperCase()}, ${layer === "output" ? "digit" : "map"} ${map}${where} is ${two(value)}, ${how}. ` +
    `It sees the pixels of rows ${top} to ${bottom - 1} and columns ${left} to ${right - 1}.`);
  at("sum").replaceChildren(layer === "c1" || kind === "mean" ? windowTables(terms) : shareTable(layer, terms));
}

/** Window, weights and products as three small tables. */
function windowTables(terms) {
  const side = Math.sqrt(terms.length), all = made("div", { className: "live-grids" });
  for (const [title, key] of [["what lies under the window", "x"], ["times the weights", "weight"], ["gives the products", "product"]]) {
    const table = made("table", { className: "live-grid" });
    table.append(made("caption", {}, title));
    terms.forEach((term, n) => {
      if (n % side === 0) table.insertRow();
      coloured(table.rows[table.rows.length - 1].insertCell(), term[key], key === "x" ? 1 : LARGEST);
    });
    all.append(table);
  }
  return all;
}

/** What each map of the layer below adds to the sum: the eight that count most, and the rest. */
function shareTable(layer, terms) {
  const below = LAYERS[place(layer) - 1].name.toUpperCase(), sums = new Map();
  for (const { map, product } of terms) sums.set(map, (sums.get(map) ?? 0) + product);
  const sorted = [...sums].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const rest = sorted.slice(8).reduce((sum, [, amount]) => sum + amount, 0);
  const table = made("table", { className: "live-grid" });
  table.append(made("caption", {}, `What each map of ${below} adds, the largest first`));
  const names = table.insertRow(), amounts = table.insertRow();
  const columns = sorted.slice(0, 8).map(([map, amount]) => [`map ${map}`, amount]);
  if (sorted.length > 8) columns.push([`${sorted.length - 8} others`, rest]);
  const most = Math.max(...columns.map(([, amount]) => Math.abs(amount)), 1e-9);
  for (const [name, amount] of columns) {
    names.append(made("th", { scope: "col" }, name));
    coloured(amounts.insertCell(), amount, most);
  }
  return table;
}

function coloured(cell, number, most) {
  const [red, green, blue] = signedColour(number / most);
  cell.textContent = two(number);
  cell.style.background = `rgb(${red} ${green} ${blue})`;
  cell.style.color = 0.3 * red + 0.59 * green + 0.11 * blue > 140 ? "#000" : "#fff";
}

// ---- six kernels

function buildKernels() {
  for (let n = 0; n < 6; n++) {
    const button = made("button", { type: "button" });
    button.setAttribute("aria-label", `kernel ${n}`);
    const canvas = made("canvas");
    canvas.setAttribute("aria-hidden", "true");
    button.append(canvas);
    button.addEventListener("click", () => {
      kernel = n;
      showWeights();
      showKernels();
    });
    at("kernels").append(button);
  }
  for (let row = 0; row < 5; row++) {
    const line = at("weights").insertRow();
    for (let column = 0; column < 5; column++) {
      const input = made("input", { type: "number", step: 0.1 });
      input.addEventListener("input", () => {
        const number = Number(input.value);
        if (input.value === "" || !Number.isFinite(number)) return; // half a number: not yet
        weights["c1/kernel"].values[(5 * row + column) * 6 + kernel] = number;
        changed();
      });
      line.insertCell().append(input);
    }
  }
}

function showWeights() {
  at("weights").querySelectorAll("input").forEach((input, n) => {
    input.value = Number(weights["c1/kernel"].values[6 * n + kernel].toFixed(2));
    input.setAttribute("aria-label", `kernel ${kernel}, row ${Math.floor(n / 5)}, column ${n % 5}`);
  });
}

function showKernels() {
  at("kernels").querySelectorAll("button").forEach((button, map) => {
    const { values } = weights["c1/kernel"];
    paint(button.firstChild, 5, 5, (n) => values[6 * n + map] / LARGEST, signedColour, 9);
    button.setAttribute("aria-pressed", map === kernel);
  });
}

// ---- together

const pad = drawingPad(at("pad"), changed, (words) => say("pen", words));

function buildAnswers() {
  for (let digit = 0; digit < 10; digit++) {
    const line = at("answers").tBodies[0].insertRow();
    line.append(made("th", { scope: "row" }, String(digit)));
    for (const _ of "12") {
      const track = made("span", { className: "live-track" });
      track.append(made("span", { className: "live-bar" }));
      line.insertCell().append(track, made("span"));
    }
  }
}

function buildExamples() {
  at("example").append(made("option", { value: "" }, "choose …"));
  EXAMPLES.forEach(({ label, ink }, n) => {
    const logits = lenet5(trained, inkOf(ink)).output.values, read = logits.indexOf(Math.max(...logits));
    const words = read === label ? `a ${label}` : `a ${label} that is read as ${read}`;
    at("example").append(made("option", { value: n }, words));
  });
  at("example").addEventListener("change", () => {
    const picked = EXAMPLES[at("example").value];
    if (picked) pad.clear(inkOf(picked.ink));
  });
}

/** 28×28 shares of ink from base64 bytes. */
function inkOf(base64) {
  return Float64Array.from(bytesOf(base64), (byte) => byte / 255);
}

at("draw").hidden = false;
buildAnswers();
buildExamples();
buildLayers();
buildKernels();
for (const { name } of LAYERS) at("layer").append(made("option", { value: name }, name === "output" ? "output" : name.toUpperCase()));
for (const id of ["layer", "map", "row", "column"]) {
  at(id).addEventListener("change", () => {
    chosen = { ...chosen, [id]: id === "layer" ? at(id).value : Number(at(id).value) };
    showChoice();
  });
}
document.querySelectorAll("input[name=brush]").forEach((choice) => {
  choice.addEventListener("change", () => { pad.brush = choice.value; });
});
at("empty").addEventListener("click", () => {
  at("example").value = "";
  pad.clear();
});
at("uncover").addEventListener("click", () => pad.uncover());
at("centre").addEventListener("change", changed);
at("zero").addEventListener("click", () => {
  for (let n = 0; n < 25; n++) weights["c1/kernel"].values[6 * n + kernel] = 0;
  showWeights();
  changed();
});
at("trained").addEventListener("click", () => {
  weights["c1/kernel"] = copyOf(trained["c1/kernel"]);
  showWeights();
  changed();
});
showWeights();
pad.clear(inkOf(EXAMPLES[7].ink));
compute();
showChoice();
