"use strict";
// A sheet of 28×28 pixels for mouse, finger and keys, with two layers: ink, and what covers it.

const BRUSHES = { pen: 1.1, rubber: 1.8, cover: 1.8 }; // radius in pixels

/** The sheet on a canvas; it calls `changed` after each stroke, and `said` with words to read out. */
function drawingPad(canvas, changed, said) {
  const pad = {
    ink: new Float64Array(784),
    cover: new Float64Array(784),
    brush: "pen",
    row: 13.5,
    column: 13.5,
    down: false,
    keys: false,
    example: false, // what lies there was not drawn here: the first stroke of the pen begins afresh
  };

  function touch(row, column) {
    const radius = BRUSHES[pad.brush], layer = pad.brush === "cover" ? pad.cover : pad.ink;
    for (let n = 0; n < 784; n++) {
      const far = Math.hypot(Math.floor(n / 28) + 0.5 - row, (n % 28) + 0.5 - column);
      const amount = Math.max(0, Math.min(1, radius + 0.5 - far));
      if (pad.brush === "rubber") {
        pad.ink[n] = Math.min(pad.ink[n], 1 - amount);
        pad.cover[n] = Math.min(pad.cover[n], 1 - amount);
      } else {
        layer[n] = Math.max(layer[n], pad.brush === "cover" ? Math.round(amount) : amount);
      }
    }
  }

  function strokeTo(row, column) {
    if (pad.example && pad.brush === "pen") pad.clear();
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(row - pad.row, column - pad.column)));
    for (let step = 1; step <= steps; step++) {
      const part = step / steps;
      touch(pad.row + part * (row - pad.row), pad.column + part * (column - pad.column));
    }
    [pad.row, pad.column] = [row, column];
    show();
    changed();
  }

  function placeOf(event) {
    const box = canvas.getBoundingClientRect(); // the border is part of the box, not of the paper
    const [rim, side] = [canvas.clientLeft, canvas.clientWidth];
    return [(event.clientY - box.top - rim) / side * 28, (event.clientX - box.left - rim) / side * 28];
  }

  function show() {
    const shade = (n) => n; // the number of the pixel; its colour mixes both layers
    paint(canvas, 28, 28, shade, (n) => {
      const [grey] = inkColour(pad.ink[n]), part = pad.cover[n];
      return [grey + part * (230 - grey), grey + part * (159 - grey), grey + part * (0 - grey)];
    }, 10, pad.keys ? penBox() : null);
  }

  function penBox() {
    const radius = BRUSHES[pad.brush];
    return [pad.row - radius, pad.column - radius, pad.row + radius, pad.column + radius];
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pad.keys = false;
    [pad.row, pad.column] = placeOf(event);
    strokeTo(pad.row, pad.column);
    event.preventDefault();
    canvas.focus({ preventScroll: true });
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length ? parts : [event]) strokeTo(...placeOf(part));
  });
  canvas.addEventListener("blur", () => {
    pad.keys = pad.down = false;
    show();
  });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key === " ") {
      pad.down = !pad.down;
    } else if (event.key === "Delete" || event.key === "Backspace") {
      pad.clear();
      said("The sheet is empty.");
    } else if (!(event.key in moves)) {
      return;
    }
    event.preventDefault();
    pad.keys = true;
    const [down, right] = moves[event.key] ?? [0, 0];
    const within = (n) => Math.max(0.5, Math.min(27.5, n));
    const target = [within(pad.row + down), within(pad.column + right)];
    if (pad.down) strokeTo(...target);
    else [pad.row, pad.column] = target;
    show();
    said(`${pad.brush} ${pad.down ? "down" : "up"}, row ${Math.floor(pad.row)}, column ${Math.floor(pad.column)}`);
  });

  pad.show = show;
  pad.clear = (ink = null) => {
    pad.example = ink !== null;
    pad.ink.set(ink ?? new Float64Array(784));
    pad.cover.fill(0);
    show();
    changed();
  };
  pad.uncover = () => {
    pad.cover.fill(0);
    show();
    changed();
  };
  return pad;
}
