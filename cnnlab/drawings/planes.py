"""A network as its feature maps, to scale: how they shrink, and how many there are."""

from dataclasses import dataclass, replace
from itertools import groupby
from math import prod

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Polygon, Rectangle

from cnnlab.drawings.sheet import LETTER, POINTS, sheet, write
from cnnlab.drawings.trunk import short, trunk
from cnnlab.reading import graph as graphs
from cnnlab.reading.kinds import ACTIVATIONS, CONVOLUTIONS, NORMALISATIONS
from cnnlab.reading.layer_windows import GLOBAL_POOLINGS, ONLY_IN_TRAINING, POOLINGS

MAPS = 24  # more are put together where neighbours have one shape
LIMIT = 60  # and no more can be drawn
WIDTH, HEIGHT = 490.0, 150.0  # points for the maps: of all together, of the tallest
DEPTH = 0.35, 0.28  # a column of a map goes so far right, and so far up
SHARE = 0.4  # of the width, for channels
LEAST, THICKEST = 1.5, 6.0  # points: the thickness of a map, of a channel
LARGEST_PIXEL = 8.0  # points
BAR, GAP = 8.0, 3.0  # points: the width of a vector, of the room between maps
LOWEST = 50.0  # points: the tallest map is at least so tall
TEXT = 8.0  # points
LONG = 16  # letters of a name that stand in one line
COLOURS = {"input": "#d0d0d0", "convolution": "#9cc4e4", "pooling": "#f3c58b", "dense": "#a9d6b5"}
COLOURS["other"] = "#ffffff"
HATCHES = {"pooling": "//", "dense": ".."}
SCALINGS = {"Rescaling", "Normalization", "Subtract", "Divide", "TrueDivide", "Multiply", "Cast"}
SAME = NORMALISATIONS | ACTIVATIONS | ONLY_IN_TRAINING | SCALINGS | {"Flatten", "Reshape"}


@dataclass(frozen=True)
class Map:
    """What one layer gives, without the batch.

    Attributes:
        name: of the layer, or of the first of several.
        kind: "input", "convolution", "pooling", "dense" or "other".
        shape: (H, W, C); of a sequence (L, 1, C), of a vector (1, 1, C).
        vector: whether it is a vector.
        layers: how many layers in a row give this shape.
        frozen: whether its weights are not trained; None where it has none.
    """

    name: str
    kind: str
    shape: tuple
    vector: bool
    layers: int = 1
    frozen: bool | None = None

    @property
    def label(self):
        """The name, and how many layers there are of it."""
        return self.name if self.layers == 1 else f"{self.name} ×{self.layers}"


@dataclass(frozen=True)
class Box:
    """How large a map is drawn, in points.

    Attributes:
        front: its thickness, the channels.
        deep: how far its width goes to the right.
        high: its height.
        up: how far its width goes up.
    """

    front: float
    deep: float
    high: float
    up: float


def draw_planes(model, input_shape=None):
    """The feature maps of a network from the side, to scale, from the input to the output.

    Height and depth of a box are the map's height and width, its thickness the number of channels:
    each on one scale for the whole figure. Vectors are bars, on a scale of their own. A number
    stands where it changes: height × width above, channels below. Where weights are frozen, a
    line under the layers that have some tells which are.

    Args:
        model: a built Sequential or functional `keras.Model`; models inside it are flattened.
        input_shape: (H, W, C), where the model leaves sizes open; None takes the model's own.

    Returns:
        The figure. Drawn is what every path through the network passes, without layers that keep
        their input's shape (activations, normalisation, dropout) or only flatten it; how many
        layers on branches are left out stands above it. Where there are more than 24 maps,
        neighbours of one shape are one box.

    Raises:
        TypeError: `model` is not a Keras model.
        ValueError: the model is not built or subclassed, a size is open, or there are too many
            maps of different shapes.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3), name="image")
        >>> model = keras.Sequential([image, layers.Conv2D(4, 3, name="conv"), layers.ReLU()])
        >>> [text.get_text() for text in draw_planes(model).axes[0].texts]
        ['input', 'convolution', '8×12', '3', 'image', '6×10', '4', 'conv']

    Source: after figure 2 of LeCun et al. (1998), and figure 2 of Krizhevsky et al. (2012).
    """
    found, left_out = maps(model, input_shape)
    upright = sum(_letters(one.label) for one in found) > WIDTH
    labels = [_parted(one.label) if upright else one.label for one in found]
    before = [None, *(one.shape for one in found)]
    counts = [
        "" if one.shape == shape else f"{one.shape[2]}"
        for one, shape in zip(found, before, strict=False)
    ]
    least = [
        max(_letters(count), (TEXT + 2) * len(label.split("\n")) if upright else _letters(label))
        for label, count in zip(labels, counts, strict=True)
    ]
    boxes = _boxes(found, least)
    wide = [max(box.front + box.deep, n) for box, n in zip(boxes, least, strict=True)]
    gap = max(0, WIDTH - sum(wide)) / len(found)
    above = max(box.high + box.up for box in boxes) + 46
    under = max(_letters(line) for text in labels for line in text.split("\n")) if upright else 12
    parted = any(one.frozen for one in found)
    ax = sheet(above + 26 + under + 22 * parted, WIDTH + 14, cell=1 / POINTS)
    _draw_legend(ax, [one.kind for one in found], left_out)
    spans = []
    left, free, shown = 7 + gap / 2, 0.0, None
    for one, label, box, count, across in zip(found, labels, boxes, counts, wide, strict=True):
        middle = left + across / 2
        _draw_box(ax, one, box, (above, middle - (box.front + box.deep) / 2))
        size = "{}×{}".format(*one.shape)
        if count and not one.vector and size != shown:
            start = middle - (box.front + box.deep) / 2
            shown, higher = size, start < free  # a taller box may stand on the left, none behind
            up = box.high + box.up + (17 if higher else 7)
            write(ax, size, (above - up, start), TEXT, ha="left")
            free = 0.0 if higher else start + _letters(size)
        write(ax, count, (above + 9, middle), TEXT)
        look = {"rotation": 90} if upright else {}
        write(ax, label, (above + 19, middle), TEXT, va="top", **look)
        spans.append((one.frozen, left, left + across))
        left += across + gap
    if parted:
        _draw_bars(ax, [span for span in spans if span[0] is not None], above + 28 + under)
    return ax.figure


def maps(model, input_shape=None):
    """What `draw_planes` draws, and how many layers of other branches it leaves out.

    Args:
        model: as for `draw_planes`.
        input_shape: as for `draw_planes`.

    Returns:
        A list of `Map`, and a number.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3), name="image")
        >>> maps(keras.Sequential([image, layers.Conv2D(4, 3, name="conv")]))[0][1]
        Map(name='conv', kind='convolution', shape=(6, 10, 4), vector=False, layers=1, frozen=False)
    """
    graph = graphs.read(model, input_shape)
    stations = trunk(graph)
    left_out = len(graph.nodes) - len(stations)
    found = []
    for node in stations:
        shape, vector = _shape(node)
        if found and node.kind in SAME and prod(shape) == prod(found[-1].shape):
            continue
        weights = getattr(node.layer, "weights", ())
        frozen = not node.layer.trainable_weights if weights else None
        found.append(Map(short(graph, node), _kind(node), shape, vector, frozen=frozen))
    if len(found) > MAPS:
        found = _together(found)
    if not 1 <= len(found) <= LIMIT:
        raise ValueError(
            f"`model` must have 1 to {LIMIT} maps of different shapes on the way that all paths "
            f"take: got {len(found)} of {len(graph.nodes)} layers. Draw a part of it, "
            "keras.Model(model.input, model.get_layer(name).output)."
        )
    return found, left_out


def _shape(node):
    """(H, W, C), and whether that is a vector."""
    shape = node.output_shape[1:]
    if None in shape or not 1 <= len(shape) <= 3:
        raise ValueError(
            "`model` must give maps (B, H, W, C), sequences (B, L, C) or vectors (B, C) of known "
            f"size: got {node.output_shape} at {node.address!r}. Give open sizes with "
            "input_shape=(height, width, channels)."
        )
    whole = {1: (1, 1, *shape), 2: (shape[0], 1, *shape[1:]), 3: tuple(shape)}[len(shape)]
    return whole, whole[:2] == (1, 1)


def _kind(node):
    """One of the colours, or "other"."""
    if not node.inputs:
        return "input"
    if node.convolves or node.kind in CONVOLUTIONS:
        return "convolution"
    if node.kind in POOLINGS | GLOBAL_POOLINGS:
        return "pooling"
    return "dense" if node.kind == "Dense" else "other"


def _together(found):
    """Neighbours of one kind and shape as one."""
    groups = groupby(found, key=lambda one: replace(one, name=""))
    groups = [list(group) for _, group in groups]
    return [replace(group[0], layers=len(group)) for group in groups]


def _parted(label):
    """A long name in two lines, parted at an underscore; it stands upright."""
    parts = label.split("_")
    if len(label) <= LONG or len(parts) == 1:
        return label
    cuts = [("_".join(parts[:n]) + "_", "_".join(parts[n:])) for n in range(1, len(parts))]
    return "\n".join(min(cuts, key=lambda lines: max(map(len, lines))))


def _letters(text):
    """The points that a text is long, and a little more."""
    return LETTER * TEXT * len(text) + 2


def _boxes(found, least):
    """How large each map is drawn, on one scale for all; a column is at least so wide."""
    boxes = [one for one in found if not one.vector]
    channel = min(SHARE * WIDTH / (sum(one.shape[2] for one in boxes) or 1), THICKEST)
    high = max((one.shape[0] + DEPTH[1] * one.shape[1] for one in boxes), default=1)
    longest = max((one.shape[2] for one in found if one.vector), default=1)
    pixel = min(HEIGHT / high, LARGEST_PIXEL)
    while True:
        made = [_box(one, pixel, channel, longest) for one in found]
        wide = sum(max(box.front + box.deep, n) for box, n in zip(made, least, strict=True))
        if wide + GAP * len(found) <= WIDTH or pixel * high < LOWEST:
            return made
        pixel, channel = 0.95 * pixel, 0.98 * channel


def _box(one, pixel, channel, longest):
    height, width, count = one.shape
    if one.vector:
        return Box(BAR, 0, max(BAR, 0.7 * HEIGHT * count / longest), 0)
    across, up = (share * width * pixel for share in DEPTH)
    return Box(max(channel * count, LEAST), across, height * pixel, up)


def _draw_box(ax, one, box, place):
    """A map with its near lower left corner at (bottom, left)."""
    bottom, left = place
    away = np.array([box.deep, -box.up])
    corner = np.array([left, bottom])
    edges = np.array([(0, 0), (box.front, 0), (box.front, -box.high), (0, -box.high)])
    front = corner + edges
    colour = COLOURS[one.kind]
    look = {"edgecolor": "0.25", "linewidth": 0.8, "zorder": 2}
    hatch = HATCHES.get(one.kind)
    faces = [(front, 1.0, None if box.deep > box.front else hatch)]
    if box.deep:
        for edge, shade in [(front[[3, 2]], 0.93), (front[[1, 2]], 0.97)]:
            face = np.vstack([edge, edge[::-1] + away])
            faces.append((face, shade, hatch if shade == 0.97 and box.deep > box.front else None))
    for face, shade, hatched in faces:
        face_colour = tuple(shade * value for value in to_rgb(colour))
        ax.add_patch(Polygon(face, facecolor=face_colour, hatch=hatched, **look))
    count = one.shape[2]
    if box.deep and 1 < count <= box.front / 2:  # planes that can be told apart
        for x in np.linspace(0, box.front, count + 1)[1:-1]:
            near = front[0] + [(x, 0), (x, -box.high)]
            line = np.vstack([near, near[1] + away])
            ax.plot(*line.T, color="0.45", linewidth=0.5, linestyle="-", zorder=2.5)


def _draw_bars(ax, spans, top):
    """Under layers with weights: a thin line where they are frozen, a thick one where not."""
    for frozen, some in groupby(spans, key=lambda span: span[0]):
        some = list(some)
        ends = some[0][1], some[-1][2]
        look = {"linewidth": 1.0 if frozen else 4.0, "linestyle": "-", "color": "0.2"}
        ax.plot(ends, [top, top], solid_capstyle="butt", **look)
        write(ax, "frozen" if frozen else "trains", (top + 9, sum(ends) / 2), TEXT)


def _draw_legend(ax, kinds, left_out):
    """What the colours and the hatches mean, and what is not drawn."""
    left = 8.0
    for kind in [kind for kind in COLOURS if kind in kinds]:
        look = {"facecolor": COLOURS[kind], "hatch": HATCHES.get(kind), "edgecolor": "0.25"}
        ax.add_patch(Rectangle((left, 5), 14, 10, linewidth=0.8, **look))
        write(ax, kind, (10.5, left + 18), TEXT, ha="left")
        left += 30 + LETTER * TEXT * len(kind)
    if left_out:
        write(ax, f"{left_out} layers on branches: not drawn", (10.5, left + 6), TEXT, ha="left")
