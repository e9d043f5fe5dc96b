"""One picture on its way through a network: the maps that every layer makes of it."""

import numpy as np

from cnnlab.drawings.sheet import minus, outline, sheet, write
from cnnlab.drawings.trunk import short, trunk
from cnnlab.gradients import layer_outputs
from cnnlab.panels.signs import readable_on
from cnnlab.reading import graph as graphs
from cnnlab.reading.kinds import ACTIVATIONS, NORMALISATIONS
from cnnlab.reading.layer_windows import ONLY_IN_TRAINING
from cnnlab.reading.model_inputs import as_batch

ROWS = 16
TILES = 8  # of a layer
NUMBERS = 12  # of a vector that is written in numbers
LEFT, ROOM, GAP = 1.35, 0.16, 0.08  # for the names, between rows and tiles, in widths of a tile
PICTURE = "the picture"
FLAT = 0.55  # the height of a vector
MIDDLE = {"ha": "center", "va": "center"}
SKIPPED = ACTIVATIONS | NORMALISATIONS | ONLY_IN_TRAINING | {"Flatten", "Reshape", "InputLayer"}


def draw_through(model, image, tiles=TILES, layers=None):
    """One picture through all layers: a row for each, with its first maps.

    All maps of a row share a scale: from 0 in dark blue to yellow where nothing is negative, else
    red above zero and blue below. A vector is a strip, a short one with numbers: the value, and
    in brackets which it is.

    Args:
        model: a built Sequential or functional `keras.Model` with one image input.
        image: (H, W, C) as the model takes it.
        tiles: the first so many maps of a layer, 1 to 12.
        layers: names or paths; None takes those of the trunk that make a new map, at most 16.

    Returns:
        The figure.

    Raises:
        ValueError: the image or a layer does not suit the model, too many layers, or other tiles.

    Example:
        >>> import keras
        >>> image = keras.Input((6, 9, 1), name="image")
        >>> conv = keras.layers.Conv2D(3, 3, name="conv")
        >>> figure = draw_through(keras.Sequential([image, conv]), np.ones((6, 9, 1)))
        >>> [array.get_array().shape for array in figure.axes[0].images]
        [(6, 9), (4, 7), (4, 7), (4, 7)]

    Source: after the figures of LeNet's layers in LeCun et al. (1998).
    """
    graph = graphs.read(model)
    nodes = [node for node in trunk(graph) if node.kind not in SKIPPED]
    nodes = nodes if layers is None else [graphs.find(graph, name) for name in layers]
    if not 1 <= len(nodes) <= ROWS or not 1 <= tiles <= 12:
        raise ValueError(
            f"`layers` must be 1 to {ROWS}, and `tiles` 1 to 12: got {len(nodes)} and {tiles}. "
            "Name the layers to draw."
        )
    batch = as_batch(model, np.asarray(image))
    outputs = layer_outputs(batch, [node.address for node in nodes])
    rows = [(PICTURE, np.asarray(batch.arrays[0][0], np.float32))]
    rows += [(short(graph, node), array[0]) for node, array in zip(nodes, outputs, strict=True)]
    high = [_height(values) + ROOM for _, values in rows]
    ax = sheet(sum(high) + 0.2, LEFT + tiles * (1 + GAP) + 0.35, cell=1.0)
    top = 0.1
    for (name, values), room in zip(rows, high, strict=True):
        flat = values.reshape(-1) if values[..., 0].size == 1 else values
        size = "×".join(map(str, values.shape))
        write(ax, f"{name}\n{size}", (top + (room - ROOM) / 2, LEFT - 0.1), 9, ha="right")
        if name == PICTURE:
            _draw_picture(ax, values, (top, LEFT))
        elif flat.ndim == 1:
            _draw_vector(ax, flat, (top, LEFT), tiles * (1 + GAP) - GAP, room - ROOM)
        else:
            _draw_maps(ax, flat, (top, LEFT), tiles)
        top += room
    return ax.figure


def _height(values):
    """Of a row, in widths of a tile."""
    if values[..., 0].size == 1:
        return FLAT
    return min(1.6, values.shape[0] / (values.shape[1] if values.ndim == 3 else values.shape[0]))


def _scale(values):
    """(colours, lowest, highest) for all maps of a layer."""
    top = float(np.abs(values).max()) or 1.0
    return ("RdBu_r", -top, top) if values.min() < 0 else ("viridis", 0.0, top)


def _draw_picture(ax, values, place):
    """The input in its colours, or in grey, from its darkest number to its lightest."""
    top, left = place
    values = values if values.ndim == 3 else values[:, None]
    span = float(np.ptp(values)) or 1.0
    shown = (values - values.min()) / span
    shown = shown if shown.shape[2] == 3 else shown.mean(axis=2)
    extent = (left, left + 1, top + _height(values), top)
    ax.imshow(shown, cmap="gray", vmin=0, vmax=1, extent=extent, aspect="auto")
    outline(ax, place, _height(values), 1, "0.5", linewidth=0.7)


def _draw_maps(ax, values, place, tiles):
    """The first maps of a layer as tiles; a picture in grey or in its colours is one tile."""
    top, left = place
    values = values if values.ndim == 3 else values[:, None]
    cmap, low, end = _scale(values)
    high, wide = _height(values), 1.0
    for channel in range(min(tiles, values.shape[2])):
        extent = (left, left + wide, top + high, top)
        look = {"cmap": cmap, "vmin": low, "vmax": end, "extent": extent, "aspect": "auto"}
        drawn = ax.imshow(values[..., channel], **look)
        drawn.set_interpolation("nearest")
        outline(ax, (top, left), high, wide, "0.5", linewidth=0.7)
        left += wide + GAP
    if values.shape[2] > tiles:
        write(ax, f"+{values.shape[2] - tiles}", (top + high / 2, left + 0.12), 9)


def _draw_vector(ax, values, place, wide, high):
    """A vector as a strip of colours; a short one with its numbers, and the number of each."""
    top, left = place
    cmap, low, end = _scale(values)
    extent = (left, left + wide, top + high, top)
    look = {"cmap": cmap, "vmin": low, "vmax": end, "extent": extent, "aspect": "auto"}
    drawn = ax.imshow(values[None], **look)
    drawn.set_interpolation("nearest")
    outline(ax, place, high, wide, "0.5", linewidth=0.7)
    if len(values) > NUMBERS:
        return
    step = wide / len(values)
    largest = int(values.argmax())
    for number, value in enumerate(values):
        middle = left + (number + 0.5) * step
        colour = readable_on(drawn.cmap(drawn.norm(value)))
        look = {"color": colour, "weight": "bold" if number == largest else "normal"}
        ax.text(middle, top + 0.36 * high, minus(f"{value:.1f}"), **look, **MIDDLE, fontsize=8)
        ax.text(middle, top + 0.76 * high, f"({number})", **look, **MIDDLE, fontsize=7)
