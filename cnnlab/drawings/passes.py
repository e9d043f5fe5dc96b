"""A small network with its numbers: the values on the way there, the gradients on the way back."""

import numpy as np

from cnnlab.drawings.sheet import arrow, draw_cells, minus, sheet, write
from cnnlab.drawings.strip import CELLS
from cnnlab.drawings.trunk import short, trunk
from cnnlab.gradients import class_evidence
from cnnlab.reading import graph as graphs

ROWS = 60  # cells below each other


def draw_passes(model, image, class_index=None, formatting="{:.3g}"):
    """Every layer of a small network as numbers: left its values, right the gradients of a logit.

    The left column is the way there, from the image down to the logits; the right one the way
    back, up from the logit: how much it grows with each number.

    Args:
        model: a built Sequential or functional `keras.Model` that ends in one value per class.
        image: (H, W, C), small: the channels of a layer stand beside each other.
        class_index: the class whose logit is meant; None takes the largest.
        formatting: how a number is written, in the manner of ``str.format``.

    Returns:
        The figure. On branches there is no room; how many layers stand there is said at the foot.

    Raises:
        ValueError: the model or the image does not suit `class_evidence`, or has too many numbers
            to be read.

    Example:
        >>> import keras
        >>> image = keras.Input((2, 3, 1), name="image")
        >>> model = keras.Sequential([image, keras.layers.Flatten(), keras.layers.Dense(2)])
        >>> figure = draw_passes(model, np.ones((2, 3, 1)), class_index=0)
        >>> figure.axes[0].images[0].get_array().shape
        (2, 3)
    """
    graph = graphs.read(model)
    stations = [node for node in trunk(graph) if node.kind not in ("Flatten", "Dropout")]
    image = np.asarray(image, np.float32)
    answers = [
        class_evidence(model, image, class_index, node.address if node.inputs else None)
        for node in stations
    ]
    found = [
        (node, _tiles(answer.features[0]), _tiles(answer.gradients[0]))
        for node, answer in zip(stations, answers, strict=True)
    ]
    wide = max(_width(tiles) for _, tiles, _ in found)
    high = [tiles[0].shape[0] + 1.6 for _, tiles, _ in found]
    if 2 * wide + 3 > CELLS or sum(high) > ROWS:
        raise ValueError(
            f"`model` must be small enough for its numbers to be read: got {wide:.0f} cells beside "
            f"and {sum(high):.0f} below each other. Take a smaller image, or fewer filters."
        )
    ax = sheet(sum(high) + 2.6, 2 * wide + 4)
    write(ax, "values, on the way there ↓", (0.6, wide / 2 + 0.5), 10)
    write(ax, "gradients, on the way back ↑", (0.6, 1.5 * wide + 3), 10)
    top = 1.6
    for number, ((node, *columns), room) in enumerate(zip(found, high, strict=True)):
        for tiles, left, name in [
            (columns[0], 0.5, short(graph, node)),
            (columns[1], wide + 3, ""),
        ]:
            limit = max(float(np.abs(tile).max()) for tile in tiles) or 1.0
            at = left + (wide - _width(tiles)) / 2
            for tile in tiles:
                draw_cells(ax, tile, (top + 0.7, at), limit, formatting=formatting)
                at += tile.shape[1] + 0.5
            write(ax, name, (top + 0.3, left + wide / 2), 9)
        if number:
            arrow(ax, (top - 0.85, wide / 2 + 0.5), (top - 0.05, wide / 2 + 0.5))
            arrow(ax, (top + 0.5, 1.5 * wide + 3), (top - 0.85, 1.5 * wide + 3))
        top += room
    last = answers[-1]
    text = f"logit of class {last.classes[0]}: {minus(formatting.format(last.scores[0]))}"
    left_out = len(graph.nodes) - len(trunk(graph))
    text += f"; {left_out} layers on branches not drawn" if left_out else ""
    write(ax, text, (top + 0.4, wide + 2), 10)
    return ax.figure


def _tiles(values):
    """A map as a matrix per channel; a vector as one row."""
    return [values[None]] if values.ndim == 1 else list(np.moveaxis(values, -1, 0))


def _width(tiles):
    return sum(tile.shape[1] for tile in tiles) + 0.5 * (len(tiles) - 1)
