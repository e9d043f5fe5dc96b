"use strict";
// The page "Hold up a photograph": vgg16_slim's answers, the heat of one, thirteen layers, one channel.

const SHOWN = 12; // channels of each layer in the atlas
const SHEET = { wide: 256, high: 128, gap: 8, columns: 3 }; // its strips, in dots
const LEARNED = shades(VIRIDIS), HEAT = shades(MAGMA, true);
const at = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(0)} %`;
let network = null;
let source = null; // an image, or the camera's video
let seen = null; // {pixels, side, maps, logits} of the last look
let tiles = {};

function made(tag, attributes = {}, text = "") {
  const element = Object.assign(document.createElement(tag), attributes);
  if (text) element.textContent = text;
  return element;
}

// ---- look

function look() {
  const side = Number(at("side").value), pixels = squared(source, side), start = performance.now();
  seen = { pixels, side, ...network(pixels, side, side) };
  seen.milliseconds = performance.now() - start;
  showAnswers();
  showLayers();
  showChannel();
}

/** Looks again and again while the camera is on. */
function watch(video) {
  if (source !== video) return;
  look();
  requestAnimationFrame(() => watch(video));
}

// ---- the answers

function shares(logits) {
  const most = Math.max(...logits), powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function buildFive() {
  for (const rank of ["0", "1", "2", "3", "4", ""]) {
    const label = made("label"), radio = made("input", { type: "radio", name: "heat", value: rank, checked: rank === "0" });
    radio.addEventListener("change", showPhotograph);
    label.append(radio, made("span", {}, rank ? "" : "no heat: the photograph"));
    at("five").append(label);
  }
}

function showAnswers() {
  const sure = shares(seen.logits);
  seen.order = [...sure.keys()].sort((a, b) => sure[b] - sure[a]).slice(0, 5);
  at("five").querySelectorAll("span").forEach((span, rank) => {
    if (rank < 5) span.textContent = `${percent(sure[seen.order[rank]])} ${CLASSES[seen.order[rank]]}`;
  });
  const first = sure[seen.order[0]];
  const doubt = first < 0.5 ? "That is less than half: take it as a guess." : "It has a name for everything, also for what it never saw.";
  say("verdict", `First answer: ${CLASSES[seen.order[0]]}, ${percent(first)}. ${doubt} (${seen.milliseconds.toFixed(0)} ms)`);
  showPhotograph();
}

const words = {};
/** Words for a reader who listens: at most twice a second, the last ones. */
function say(id, text) {
  if (!(id in words)) {
    setTimeout(() => {
      at(id).textContent = words[id];
      delete words[id];
    }, 500);
  }
  words[id] = text;
}

/** The photograph in its own colours, or in grey below the heat of one answer. */
function showPhotograph() {
  const rank = document.querySelector("input[name=heat]:checked").value;
  if (rank === "") return overlay(at("photograph"), null);
  const index = seen.order[rank], heat = gradCam(seen.maps[network.convolutions.at(-1)], network.head, index);
  overlay(at("photograph"), heat, 0, Math.max(...heat.values));
  const none = Math.max(...heat.values) ? "" : " Nothing speaks for it: no heat.";
  at("photograph").setAttribute("aria-label", `The photograph, with the heat of ${CLASSES[index]}.${none}`);
}

const small = document.createElement("canvas");
/** The photograph on a canvas, and in front of it a map, spread over it. */
function overlay(canvas, map, channel, most) {
  const { side, pixels } = seen, dots = new ImageData(side, side), brush = canvas.getContext("2d");
  for (let n = 0; n < side * side; n++) {
    const colour = pixels.subarray(3 * n, 3 * n + 3);
    const grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2];
    dots.data.set(map ? [grey, grey, grey, 255] : [...colour, 255], 4 * n);
  }
  small.width = small.height = side;
  small.getContext("2d").putImageData(dots, 0, 0);
  brush.imageSmoothingEnabled = true;
  brush.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (!map) return;
  paintMap(small, map, channel, most, HEAT);
  brush.drawImage(small, 0, 0, canvas.width, canvas.height);
}

// ---- the maps

function buildLayers() {
  for (const name of network.convolutions) {
    at("layer").append(made("option", {}, name));
    const maps = made("div", { className: "live-maps" }), layer = made("div", { className: "live-layer" });
    tiles[name] = Array.from({ length: SHOWN }, (_, channel) => {
      const canvas = made("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `channel ${channel} of ${name}`);
      canvas.addEventListener("click", () => choose(name, channel));
      maps.append(canvas);
      return canvas;
    });
    layer.append(made("h3", {}, name), maps);
    at("layers").append(layer);
  }
}

function choose(name, channel) {
  at("layer").value = name;
  at("channel").value = channel;
  showLayers();
  showChannel();
}

/** The largest answer of one channel, or of the layer where they share a scale. */
function mostOf({ shape: [, , channels], values }, channel) {
  let most = 0;
  const step = channel === null ? 1 : channels;
  for (let n = channel ?? 0; n < values.length; n += step) if (values[n] > most) most = values[n];
  return most;
}

function paintTiles(name, canvases) {
  const map = seen.maps[name], shared = at("each").checked ? null : mostOf(map, null);
  canvases.forEach((canvas, channel) => {
    paintMap(canvas, map, channel, shared ?? mostOf(map, channel), LEARNED);
    canvas.classList.toggle("chosen", name === at("layer").value && channel === Number(at("channel").value));
    canvas.classList.toggle("fine", map.shape[0] > 44);
  });
}

function showLayers() {
  for (const name of network.convolutions) paintTiles(name, tiles[name]);
}

// ---- one channel

function showChannel() {
  const name = at("layer").value, map = seen.maps[name], filters = map.shape[2];
  const channel = Math.max(0, Math.min(filters - 1, Math.floor(at("channel").value) || 0));
  at("channel").max = filters - 1;
  at("channel").value = channel;
  const most = mostOf(map, channel);
  overlay(at("large"), map, channel, most);
  at("large").setAttribute("aria-label", `The photograph in grey, and where channel ${channel} of ${name} answers`);
  say("where", `${name}, channel ${channel} of 0 to ${filters - 1}: ${map.shape[0]}×${map.shape[1]} cells, up to ${most.toFixed(2)}`);
  showStrip(name, channel);
  const all = at("all");
  if (all.dataset.layer !== name) {
    all.dataset.layer = name;
    all.replaceChildren(...Array.from({ length: filters }, (_, n) => {
      const canvas = made("canvas");
      canvas.addEventListener("click", () => choose(name, n));
      return canvas;
    }));
    at("allTitle").textContent = `All ${filters} maps of ${name}`;
    all.setAttribute("aria-label", `All ${filters} maps of ${name}`);
  }
  paintTiles(name, [...all.children]);
}

const sheets = {};
/** From the atlas: what the channel looks for, and the nine pieces that it answers to most. */
async function showStrip(name, channel) {
  const place = `${name} ${channel}`, canvas = at("strip");
  if (canvas.dataset.place === place) return;
  canvas.dataset.place = place;
  canvas.hidden = channel >= SHOWN;
  at("what").textContent = canvas.hidden
    ? `The atlas holds channels 0 to ${SHOWN - 1} of each layer.`
    : "Left, a picture painted so that the channel answers much; right, the nine pieces of 324 pictures that it answers to most.";
  if (canvas.hidden) return;
  sheets[name] ??= pictureOf(`_images/${name}.jpg`);
  const sheet = await sheets[name], { wide, high, gap, columns } = SHEET;
  if (canvas.dataset.place !== place) return; // another was chosen meanwhile
  const x = (channel % columns) * (wide + gap), y = Math.floor(channel / columns) * (high + gap);
  canvas.getContext("2d").drawImage(sheet, x, y, wide, high, 0, 0, wide, high);
  canvas.setAttribute("aria-label", `Left the pattern of channel ${channel} of ${name}, right nine pieces of pictures`);
}

// ---- where the picture comes from

function leaveCamera() {
  if (source?.srcObject) stopCamera(source);
  at("camera").setAttribute("aria-pressed", "false");
  at("camera").textContent = "Use the camera";
}

async function show(address) {
  const picture = await pictureOf(address);
  leaveCamera();
  source = picture;
  at("news").textContent = "";
  look();
}

async function toggleCamera() {
  if (source?.srcObject) {
    await show(PHOTOGRAPHS[at("source").value]);
    at("news").textContent = "The camera is off.";
    return;
  }
  source = await cameraVideo();
  at("camera").setAttribute("aria-pressed", "true");
  at("camera").textContent = "Stop the camera";
  at("news").textContent = "The camera is on. Its pictures stay in this page.";
  watch(source);
}

/** Runs what may fail for a reason that the reader can mend, and says it. */
const told = (action) => async () => {
  try {
    await action();
  } catch (error) {
    const known = {
      NotAllowedError: "The camera was not allowed; nothing was recorded.",
      NotFoundError: "No camera was found. Choose a file instead.",
    };
    at("news").textContent = known[error.name] ?? error.message;
  }
};

async function begin() {
  await tf.start();
  network = vgg16Slim(VGG16_SLIM);
  for (const name of Object.keys(PHOTOGRAPHS)) at("source").append(made("option", {}, name));
  at("source").value = "coffee";
  buildFive();
  buildLayers();
  at("layer").value = "block4_conv3";
  at("source").addEventListener("change", told(() => show(PHOTOGRAPHS[at("source").value])));
  at("file").addEventListener("change", told(async () => {
    const [file] = at("file").files;
    if (file) await show(URL.createObjectURL(file));
  }));
  at("camera").addEventListener("click", told(toggleCamera));
  at("camera").disabled = !navigator.mediaDevices?.getUserMedia;
  at("side").addEventListener("change", look);
  at("each").addEventListener("change", () => choose(at("layer").value, at("channel").value));
  for (const id of ["layer", "channel"]) at(id).addEventListener("change", () => choose(at("layer").value, at("channel").value));
  await show(PHOTOGRAPHS.coffee);
  at("loading").remove();
  at("look").hidden = false;
}

begin().catch((error) => { at("loading").textContent = error.message; });
