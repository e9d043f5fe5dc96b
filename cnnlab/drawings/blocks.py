"""A network as boxes and arrows, laid out from its graph."""

from dataclasses import replace
from itertools import pairwise
from textwrap import wrap

from matplotlib.patches import FancyBboxPatch

from cnnlab.comparing.marks import RULES
from cnnlab.drawings.layout import layered
from cnnlab.drawings.parts import TIED, blocks, parts
from cnnlab.drawings.planes import COLOURS, WIDTH
from cnnlab.drawings.sheet import LETTER, POINTS, SMALLEST, arrow, outline, sheet, write
from cnnlab.drawings.trunk import between
from cnnlab.reading import graph as graphs

LIMIT = 70  # boxes
TALL = 16  # layers of boxes in a column
TEXT = 8.0  # points
SHORTEST = 11  # letters of a line, if a longer one has a place to break
LINE, APART, EDGE = 10.0, 22.0, 5.0  # points: of a line, from box to box, inside a box
WIDEST = 120.0  # points: a box
BETWEEN = 0.25  # from column to column, in widths of a box
THREAD = {"color": "0.35", "linewidth": 1.1, "linestyle": "-", "zorder": 3, "gid": RULES}
HEAD = {"color": "0.35", "linewidth": 1.1, "mutation_scale": 9}
TAG = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "0.5"}
RING = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": "0.35"}


def draw_blocks(model, first=None, last=None, input_shape=None):
    r"""The layers of a network as boxes, and arrows from each to those that read it.

    In a box stands what the layer does, the normalisation and activation that follow it at once,
    and the shape of what it gives. Boxes stand below all that they read.

    Args:
        model: a built Sequential or functional `keras.Model`; models inside it are flattened.
        first: name or path of the layer at which to begin; None takes the input.
        last: name or path of the layer at which to end; None takes the output.
        input_shape: (H, W, C), where the model leaves sizes open; None takes the model's own.

    Returns:
        The figure. Of more than 16 boxes, equal blocks in a row are drawn once, with "× n" beside;
        a tall drawing goes on in further columns.

    Raises:
        TypeError: `model` is not a Keras model.
        ValueError: the model is not built or subclassed, there are no such layers, or there would
            be more than 70 boxes, or more beside each other than can be read.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3), name="image")
        >>> x = layers.Conv2D(3, 3, padding="same", activation="relu")(image)
        >>> figure = draw_blocks(keras.Model(image, layers.Add()([x, image])))
        >>> [text.get_text().split("\n") for text in figure.axes[0].texts]
        [['image', '8×12×3'], ['conv 3×3, 3', 'ReLU', '8×12×3'], ['add +', '8×12×3']]

    Source: after figure 2 of He et al. (2015) and figure 2 of Szegedy et al. (2014).
    """
    graph = graphs.read(model, input_shape)
    begin = graphs.find(graph, first) if first else None
    end = graphs.find(graph, last) if last else None
    if first or last:
        begin, end = begin or graph[graph.inputs[0]], end or graph[graph.outputs[0]]
        graph = between(graph, begin, end)
    found = blocks(parts(graph))
    columns = _columns(found)
    end = len(columns) - 1
    layouts = [layered(_inputs(column, n > 0, n < end)) for n, column in enumerate(columns)]
    count = sum(len(block.parts) for block in found)
    wide = sum(layout.width for layout in layouts) + BETWEEN * len(layouts)
    box = min(WIDEST, WIDTH / wide)
    letters = int((box - EDGE) / (LETTER * TEXT))
    columns = [[_wrapped(block, max(letters, SHORTEST)) for block in some] for some in columns]
    written = [line for some in columns for block in some for p in block.parts for line in p.lines]
    size = min(TEXT, (box - EDGE) / (LETTER * max(map(len, written))))
    if count > LIMIT or size < SMALLEST:
        raise ValueError(
            f"`model` must have few enough layers to be read, at most {LIMIT} boxes: got {count}, "
            f"up to {max(layout.width for layout in layouts):.1f} across. Draw a part of it, from "
            "`first` to `last`."
        )
    tops = [_tops(column, layout) for column, layout in zip(columns, layouts, strict=True)]
    ax = sheet(max(top[-1] for top in tops), wide * box, cell=1 / POINTS)
    left = BETWEEN / 2 * box
    for number, (column, layout) in enumerate(zip(columns, layouts, strict=True)):
        _draw_column(ax, column, layout, tops[number], left, box, size)
        for stub, name in [("from", number), ("to", number + 1)]:
            if stub in layout.places:
                row, across = layout.places[stub]
                write(
                    ax, chr(64 + name), (tops[number][row] + 8, left + across * box), 9, bbox=RING
                )
        left += (layout.width + BETWEEN) * box
    return ax.figure


def _columns(found):
    """The blocks, so many below each other that a column is not too tall."""
    columns, high = [[]], 0
    for block in found:
        layers = layered(_inputs([block])).layers
        if columns[-1] and high + layers > TALL:
            columns.append([])
            high = 0
        columns[-1].append(block)
        high += layers
    return columns


def _wrapped(block, letters):
    """A block whose lines of text have at most so many letters, as far as words allow."""
    return replace(
        block,
        parts=tuple(
            replace(part, lines=tuple(w for line in part.lines for w in wrap(line, letters)))
            for part in block.parts
        ),
    )


def _inputs(column, continues=False, goes_on=False):
    """What each part of a column reads there; a stub stands for the column before or behind."""
    parts = {part.address: part for block in column for part in block.parts}
    made = {"from": []} if continues else {}
    for name, part in parts.items():
        made[name] = [n if n in parts else "from" for n in part.inputs if continues or n in parts]
    return made | ({"to": [column[-1].parts[-1].address]} if goes_on else {})


def _tops(column, layout):
    """Where each layer of boxes begins, in points, and where the last one ends."""
    high = [1] * layout.layers
    for block in column:
        for part in block.parts:
            row, _ = layout.places[part.address]
            high[row] = max(high[row], len(part.lines))
    tops = [8.0]
    for lines in high:
        tops.append(tops[-1] + lines * LINE + 2 * EDGE + APART)
    return tops


def _draw_column(ax, column, layout, tops, left, box, size):
    """Boxes, arrows, and frames around what stands for several blocks."""
    found = {part.address: part for block in column for part in block.parts}
    ends = {}
    for name, (row, across) in layout.places.items():
        high = len(found[name].lines) * LINE + 2 * EDGE if name in found else 16
        ends[name] = tops[row], tops[row] + high, left + across * box
    for name, part in found.items():
        top, bottom, middle = ends[name]
        _draw_box(ax, part, (top, bottom, middle), box, size)
    arriving = {}
    for (_, reader), way in layout.ways.items():
        arriving.setdefault(reader, []).append(way[-2][1])
    for (name, reader), way in layout.ways.items():
        others = sorted(arriving[reader])
        shift = others.index(way[-2][1]) - (len(others) - 1) / 2
        points = [(ends[name][1], ends[name][2])]
        for row, across in way[1:-1]:
            points += [
                (tops[row], left + across * box),
                (tops[row + 1] - APART, left + across * box),
            ]
        points.append((ends[reader][0], ends[reader][2] + shift * min(14, box / len(others) / 1.5)))
        for one, other in pairwise(points[:-1]):
            ax.plot(*zip(one[::-1], other[::-1], strict=True), **THREAD)
        arrow(ax, *points[-2:], **HEAD)
    for block in column:
        if block.times > 1:
            _draw_frame(ax, block, [ends[part.address] for part in block.parts], box)


def _draw_box(ax, part, place, box, size):
    top, bottom, middle = place
    look = {
        "facecolor": COLOURS.get(part.kind, "white"),
        "edgecolor": "0.25",
        "linewidth": 0.9,
        "zorder": 4,
    }
    shape = f"round,pad=0,rounding_size={EDGE}"
    corner = middle - box / 2, top
    ax.add_patch(FancyBboxPatch(corner, box, bottom - top, boxstyle=shape, **look))
    text = "\n".join(part.lines).replace(TIED, " ")
    write(ax, text, ((top + bottom) / 2, middle), size, linespacing=LINE / size / 1.17)


def _draw_frame(ax, block, ends, box):
    """The frame around the parts of a block that stands for several."""
    top, bottom = min(end[0] for end in ends) - 8, max(end[1] for end in ends) + 6
    left, right = min(end[2] for end in ends) - box / 2 - 5, max(end[2] for end in ends) + box / 2
    look = {"fill": True, "facecolor": "0.93", "edgecolor": "0.5", "linewidth": 0.8, "zorder": 0}
    outline(ax, (top, left), bottom - top, right + 5 - left, **look)
    write(ax, f"× {block.times}", (top, left + 14), 9, weight="bold", bbox=TAG)
