"""A receptive field from the side: the cells of every layer that one cell sees, a cone."""

from dataclasses import dataclass, replace
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Polygon, Rectangle

from cnnlab.comparing.marks import RULES
from cnnlab.drawings.sheet import LINE, OUTSIDE, write
from cnnlab.drawings.trunk import between, short, trunk
from cnnlab.reading import graph as graphs
from cnnlab.reading.fields import pixels, propagate
from cnnlab.reading.kinds import CONVOLUTIONS
from cnnlab.reading.window import PIXEL
from cnnlab.receptive_field import last_map, receptive_field

ROWS = 24  # layers
RULED = 80  # cells of a layer: more are not ruled
HEIGHTS = 0.62, 0.4  # inches for a layer, where there are few, many
SEEN = ListedColormap(["#eef2f6", "#4a90c2"])


@dataclass(frozen=True)
class Level:
    """The cells of one layer along one axis.

    Attributes:
        name: of the layer.
        cells: how many there are.
        seen: the numbers of those that are seen, in order; negative and beyond in the padding.
        origin: where the middle of cell 0 lies, in pixels of the input.
        stride: pixels from one cell to the next.
    """

    name: str
    cells: int
    seen: tuple = ()
    origin: float = 0.0
    stride: float = 1.0

    @property
    def first(self):
        """The first cell that is seen."""
        return self.seen[0] if self.seen else 0

    @property
    def behind(self):
        """The first cell behind those that are seen."""
        return self.seen[-1] + 1 if self.seen else 0

    def edge(self, cell):
        """Where a cell begins, in pixels."""
        return self.origin + (cell - 0.5) * self.stride

    @property
    def told(self):
        """How many cells are seen, and how many of them exist."""
        reach = self.behind - self.first
        inside = sum(0 <= cell < self.cells for cell in self.seen)
        if len(self.seen) < reach:
            return f"{len(self.seen)} over {reach} cells"
        if inside == reach:
            return f"{reach} of {self.cells} cells"
        return f"{reach} cells, {inside} inside"


def draw_cone(
    model, layer=None, cell=None, axis=0, input_name=None, input_shape=None, followed=None
):
    """The receptive field of one cell, from the side: which cells of every layer it sees.

    A row of cells for each layer, the input at the bottom, each cell above the middle of what it
    sees. Seen cells are dark; from each row a cone widens down to what it reads.

    Args:
        model: a built Sequential or functional `keras.Model`, as for `receptive_field`.
        layer: name or path; None takes the last layer with a map.
        cell: its number along the axis, from 0; None takes the middle one.
        axis: 0 along the rows, 1 along the columns.
        input_name: which input, where the layer sees several.
        input_shape: (H, W, C), where the model leaves sizes open; None takes the model's own.
        followed: how many rows the cone is followed down, for the frames of an animation; None
            down to the input.

    Returns:
        The figure. Layers that see pixel by pixel (activations, batch norm, 1x1 convolutions) and
        those on branches are looked through; of more than 24 layers not each is drawn, and the
        title says so.

    Raises:
        ValueError: what `receptive_field` refuses, a layer without a map along this axis, no such
            cell, or an open input size.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> stack = [layers.Conv2D(4, 3, name="conv"), layers.MaxPooling2D(name="pool")]
        >>> figure = draw_cone(keras.Sequential([keras.Input((8, 12, 3)), *stack]), cell=1)
        >>> [text.get_text() for text in figure.axes[0].texts][-1]
        '4 of 8 cells'

    Source: after figure 2 of Araujo, Norris & Sim (2019), Distill.
    """
    levels, skipped = cone(model, layer, cell, axis, input_name, input_shape)
    step = -(-(len(levels) - 1) // ROWS)
    drawn = levels[:1] + levels[1:][::-step][::-1] if step > 1 else levels
    left = min(level.edge(min(level.first, 0)) for level in drawn)
    right = max(level.edge(max(level.behind, level.cells)) for level in drawn)
    figure, ax = plt.subplots(figsize=(7, HEIGHTS[len(drawn) > 10] * len(drawn) + 0.4))
    dark = 0 if followed is None else max(len(drawn) - 1 - followed, 0)
    for height, level in enumerate(drawn):
        shown = level if height >= dark else replace(level, seen=())
        _draw_level(ax, shown, 2 * height)
        if height > dark:
            _draw_light(ax, level, drawn[height - 1], 2 * height)
    margin = 0.02 * (right - left)
    for height, level in reversed([*enumerate(drawn)]):
        look = {"size": 9, "ha": "right"}
        write(ax, level.name, (2 * height, left - margin), **look)
        told = level.told if height >= dark else ""
        write(ax, told, (2 * height, right + margin), **look | {"ha": "left"})
    ax.set(xlim=(left, right), ylim=(-0.7, 2 * len(drawn) - 1.3), aspect="auto")
    ax.set_axis_off()
    along = ("rows", "columns")[axis]
    text = f"cell {levels[-1].first} of {levels[-1].name}, along the {along}"
    if skipped or step > 1:
        left_out = skipped + len(levels) - len(drawn)
        text += f"; {left_out} layer{'s' * (left_out > 1)} not drawn"
    ax.set_title(text)
    return figure


def cone(model, layer=None, cell=None, axis=0, input_name=None, input_shape=None):
    """The levels of a cone, from the input up to the layer, and how many layers are left out.

    Args:
        model: as for `draw_cone`, and so are the others.
        layer: name or path.
        cell: its number.
        axis: 0 or 1.
        input_name: name of an input.
        input_shape: (H, W, C).

    Returns:
        A list of `Level`, and the number of layers.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> stack = [layers.Conv2D(4, 3, name="conv"), layers.MaxPooling2D(name="pool")]
        >>> levels, _ = cone(keras.Sequential([keras.Input((8, 12, 3)), *stack]), cell=1)
        >>> [(level.name, level.cells, level.first, level.behind) for level in levels]
        [('input', 8, 2, 6), ('conv', 6, 2, 4), ('pool', 3, 1, 2)]
    """
    receptive_field(model, layer, input_name, input_shape)  # its errors
    graph = graphs.read(model, input_shape)
    goal = graphs.find(graph, layer or last_map(model, input_name))
    source = graph[input_name or _image(graph, goal)]
    for node in (source, goal):
        if len(node.output_shape) < axis + 3 or node.output_shape[axis + 1] is None:
            raise ValueError(
                "`layer` must have a map of known size, (B, H, W, C) or (B, L, C) with axis=0: got "
                f"{node.output_shape} at {node.address!r}. Name a layer before the flattening, and "
                "give open sizes with input_shape=(height, width, channels)."
            )
    cells = goal.output_shape[axis + 1]
    cell = cells // 2 if cell is None else cell
    if not 0 <= cell < cells:
        raise ValueError(
            f"`cell` must lie in the map: got cell={cell} of {cells} cells at {goal.address!r}. "
            "Count from 0."
        )
    stations = trunk(graph, source.address, goal.address)
    windows = [_window(graph, *pair, axis) for pair in pairwise(stations)]
    levels = [Level("input", source.output_shape[axis + 1])]
    for station, window in zip(stations[1:], windows, strict=True):
        levels.append(_above(levels[-1], short(graph, station), station, window, axis))
    levels[-1] = replace(levels[-1], seen=(cell,))
    for number in range(len(windows), 0, -1):
        rate = _dilation(graph, stations[number - 1], stations[number], axis)
        seen = _seen(windows[number - 1], levels[number], levels[number - 1].cells, rate)
        levels[number - 1] = replace(levels[number - 1], seen=tuple(sorted(seen)))
    kept = [level for level, window in zip(levels[1:], windows, strict=True) if window != PIXEL]
    if windows and windows[-1] == PIXEL and kept:
        kept[-1] = replace(kept[-1], name=levels[-1].name)
    nodes = between(graph, source, goal).nodes
    return [levels[0], *kept], len(nodes) - 1 - len(kept)


def _window(graph, first, last, axis):
    """What the cells of one station see of the one before; None for all of it."""
    part = between(graph, first, last)
    seen = propagate(part, {first.address: pixels(first.output_shape)})[last.address][axis]
    if seen.window is None or seen.sees_all or seen.place is None or seen.window.stride is None:
        return None
    return seen.seen


def _above(below, name, node, window, axis):
    """The level over another one, its seen cells not known yet."""
    cells = node.output_shape[axis + 1] if len(node.output_shape) > axis + 2 else 1
    if window is None:
        stride = below.cells * below.stride / cells
        return Level(name, cells, (), below.edge(0) + stride / 2, stride)
    origin = below.origin + window.middle * below.stride
    return Level(name, cells, (), origin, window.stride * below.stride)


def _seen(window, level, cells, rate):
    """The cells below that the seen cells of a level see."""
    if window is None:
        return range(cells)
    spans = [range(window.start(cell), window.stop(cell), rate) for cell in level.seen]
    return {cell for span in spans for cell in span}


def _dilation(graph, first, last, axis):
    """How far apart the cells are that a layer reads, where nothing stands between the two."""
    rate = getattr(last.layer, "dilation_rate", 1)
    plain = last.inputs == (first.address,) and last.kind in CONVOLUTIONS
    rate = tuple(rate)[axis] if isinstance(rate, tuple) else rate
    return rate if plain else 1


def _image(graph, goal):
    """The input that has positions; `receptive_field` has seen to it that it is one."""
    seen = graphs.depends_on(graph, goal.address)
    return next((name for name in seen if len(graph[name].output_shape) > 2), seen[0])


def _draw_level(ax, level, height):
    """The cells of a layer in a row; those of padding are hatched."""
    cells = np.zeros((1, level.cells), int)
    cells[0, [cell for cell in level.seen if 0 <= cell < level.cells]] = 1
    extent = (level.edge(0), level.edge(level.cells), height - 0.5, height + 0.5)
    ax.imshow(cells, cmap=SEEN, vmin=0, vmax=1, extent=extent, aspect="auto", zorder=2)
    for first, behind in [(level.first, 0), (level.cells, level.behind)]:
        if first < behind:
            corner = level.edge(first), height - 0.5
            look = {"facecolor": OUTSIDE, "edgecolor": "0.5", "hatch": "////", "linewidth": 0}
            size = (behind - first) * level.stride
            ax.add_patch(Rectangle(corner, size, 1, **look, zorder=2))
    edges = [min(level.first, 0), max(level.behind, level.cells)]
    ruled = np.arange(edges[0], edges[1] + 1) if edges[1] - edges[0] <= RULED else edges
    at = [level.edge(cell) for cell in ruled]
    ax.vlines(at, height - 0.5, height + 0.5, color=LINE, linewidth=0.8, zorder=3, gid=RULES)


def _draw_light(ax, level, below, height):
    """The cone from the seen cells of a level down to those that they see."""
    corners = [
        (level.edge(level.first), height - 0.5),
        (level.edge(level.behind), height - 0.5),
        (below.edge(below.behind), height - 1.5),
        (below.edge(below.first), height - 1.5),
    ]
    ax.add_patch(Polygon(corners, facecolor="#4a90c2", alpha=0.25, zorder=1))
