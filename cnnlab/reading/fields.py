"""What does every layer of a model see of its input? One axis of the input at a time.

`propagate(graph, starts)` carries what the input's own cells see, themselves, through the graph:
past each layer by `cnnlab.reading.layer_axes`, into the layers and models that a layer wraps, and
where branches merge to the union of theirs.
"""

from dataclasses import dataclass, replace

from cnnlab.reading import graph as graphs
from cnnlab.reading import window as windows
from cnnlab.reading.kinds import inner
from cnnlab.reading.layer_axes import CONV_RECURRENT, Place, carry, growth
from cnnlab.reading.window import EVERYTHING, ONE_CELL, PIXEL, Window


@dataclass(frozen=True)
class Drift:
    """By how many pixels ConvLSTMs widen a window, (before, after): the more, the more steps.

    Every step of the way through time widens it once. One layer after the other, all in the same
    direction, share the steps, so that the one that widens most decides; a layer that runs in both
    directions goes the whole way again.

    Attributes:
        done: by layers in both directions, and all before them.
        forward: by the layers since.
        steps: of each of these layers; 0 where there are none.
    """

    done: tuple = (0, 0)
    forward: tuple = (0, 0)
    steps: int = 0

    @property
    def pixels(self):
        """(before, after) in all."""
        return tuple(map(sum, zip(self.done, self.forward, strict=True)))

    def behind(self, added, steps, both_ways):
        """The drift behind one more layer, which adds (before, after); None if it is not known."""
        if added == (0, 0):
            return self
        if self.steps not in (0, steps):
            return None
        if both_ways:
            return Drift(tuple(map(sum, zip(self.pixels, added, strict=True))), (0, 0), steps)
        return Drift(self.done, tuple(map(max, zip(self.forward, added, strict=True))), steps)


@dataclass(frozen=True)
class Axis:
    """What the cells of a layer see of the input, along one axis of the input.

    Attributes:
        window: onto the input's pixels, but for the drift; None where it is not known.
        place: where the axis lies in the layer's output; None once there are no positions along
            it any more, as in a Dense layer.
        whole: whether every cell sees the whole input.
        unknown: the first `Node` on the way of which it is not known what it sees, or None.
        misaligned: address of the merge whose branches have other strides or centres, or "".
        undecided: address of the merge whose alignment depends on an open input size, or "".
        drift: what ConvLSTMs add to the window; None where branches of several were merged.
    """

    window: Window | None
    place: Place | None
    whole: bool = False
    unknown: graphs.Node | None = None
    misaligned: str = ""
    undecided: str = ""
    drift: Drift | None = Drift()

    @property
    def seen(self):
        """The window with the drift, None where it is not known."""
        if self.window is None or self.drift is None or not self.drift.steps:
            return self.window
        return self.window.widened(*self.drift.pixels)

    @property
    def sees_all(self):
        """Whether a cell sees the whole input: a vector to which a map was flattened is a cell."""
        return self.whole or (self.place is not None and self.place.flat)

    @property
    def placed(self):
        """Whether the layer has several cells along the axis, or might have, being unknown."""
        return self.unknown is not None or (self.place is not None and not self.place.flat)

    @property
    def size(self):
        """Pixels that a cell sees; None where it sees the whole input, or that is not known."""
        return None if self.sees_all or self.window is None else self.seen.size

    @property
    def stride(self):
        """Pixels from one cell's field to the next one's, None where not known."""
        return None if self.window is None else self.window.stride

    @property
    def padding(self):
        """Pixels by which the first cell's field begins before the input, None where not known."""
        return None if self.window is None else self.seen.padding

    @property
    def cells(self):
        """The cells of the layer along the axis, None where open."""
        return 1 if self.place is None else self.place.count

    def number(self, cell):
        """The number along this axis of a cell of the layer, given with an index per axis."""
        if self.place is None or self.place.axis > len(cell):
            return 0
        number = cell[self.place.axis - 1] // self.place.inner
        return number % self.place.count if self.place.count else number


def pixels(shape):
    """The axes of an input of that shape: each pixel sees itself.

    Example:
        >>> [axis.size for axis in pixels((None, 8, 12, 3))]
        [1, 1]
    """
    last = max(len(shape) - 1, 2)  # the tokens (B, L) that an Embedding reads have no channels
    return tuple(Axis(PIXEL, Place(axis, 1, shape[axis])) for axis in range(1, last))


def propagate(graph, starts):
    """The axes of every node.

    Args:
        graph: what `cnnlab.reading.graph.read` returned.
        starts: {address: axes} of the nodes that are known already: the input meant.

    Returns:
        {address: a tuple with an `Axis` per axis of the input}, None for what does not see it.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((8, 12, 3)), keras.layers.Conv2D(4, (3, 5))])
        >>> graph = graphs.read(model)
        >>> image, conv = graph.nodes
        >>> found = propagate(graph, {image.address: pixels(image.output_shape)})
        >>> [axis.size for axis in found[conv.address]]
        [3, 5]
    """
    found, shapes = dict(starts), {node.address: node.output_shape for node in graph.nodes}
    for node in graph.nodes:
        if node.address in starts:
            continue
        below = []
        for number, (address, shape) in enumerate(zip(node.inputs, node.input_shapes, strict=True)):
            if found[address] is not None:
                axes = found[address]
                if len(shape) != len(shapes[address]):  # another output: the last state of an LSTM
                    axes = tuple(replace(axis, place=None, whole=True) for axis in axes)
                below.append((number, axes))
        found[node.address] = _behind(node, below) if below else None
    return found


def _behind(node, below, both_ways=False):
    """The axes of a layer, given the axes of those inputs that see the model's input."""
    if node.kind == "TimeDistributed":
        return _step_by_step(node, below[0][1])
    if node.kind in ("SpectralNormalization", "Bidirectional"):
        name = "layer" if node.kind == "SpectralNormalization" else "forward_layer"
        wrapped = inner(node, getattr(node.layer, name))
        return _behind(wrapped, below, both_ways=node.kind == "Bidirectional")
    branches = [[_onward(node, axis, number, both_ways) for axis in axes] for number, axes in below]
    return tuple(_merged(node, list(axes)) for axes in zip(*branches, strict=True))


def _step_by_step(node, axes):
    """The axes of ``TimeDistributed``: its layer or model sees a step, without the time axis."""
    along_time = [axis.place is not None and axis.place.axis == 1 for axis in axes]
    inside = tuple(
        axis if axis.place is None else replace(axis, place=None if time else _shifted(axis, -1))
        for axis, time in zip(axes, along_time, strict=True)
    )
    step = inner(node, node.layer.layer, step=True)
    if hasattr(step.layer, "layers"):
        behind = _through(step, inside)
    else:
        behind = _behind(step, [(0, inside)])
    return tuple(
        before if time else axis if axis.place is None else replace(axis, place=_shifted(axis, 1))
        for before, axis, time in zip(axes, behind, along_time, strict=True)
    )


def _shifted(axis, by):
    return replace(axis.place, axis=axis.place.axis + by)


def _through(node, axes):
    """The axes behind a whole model that a layer wraps."""
    try:
        graph = graphs.read(node.layer, node.input_shapes[0][1:])
    except ValueError:  # a subclassed model
        return tuple(_unknown(node, axis) for axis in axes)
    behind = propagate(graph, {graph.inputs[0]: axes})[graph.outputs[0]]
    return tuple(
        replace(
            axis, unknown=replace(axis.unknown, address=f"{node.address}/{axis.unknown.address}")
        )
        if axis.unknown and axis.unknown is not axes[i].unknown
        else axis
        for i, axis in enumerate(behind)
    )


def _onward(node, axis, number, both_ways):
    """What the cells of a layer see through one of its inputs."""
    if axis.unknown or axis.place is None:
        return axis
    carried = carry(node, axis.place, number)
    if carried is None:
        return _unknown(node, axis)
    sight, place = carried
    if sight in (EVERYTHING, ONE_CELL):
        return replace(axis, place=place, whole=True)
    if sight != PIXEL or place is None:
        cells = 1 if place is None else place.count
        axis = replace(axis, window=axis.window and sight.onto(axis.window, cells))
    if node.kind in CONV_RECURRENT:
        drift = _drift(node, axis, both_ways)
        axis = _unknown(node, axis) if drift is None else replace(axis, drift=drift)
    return axis if axis.unknown else replace(axis, place=place)


def _drift(node, axis, both_ways):
    """The drift behind a ConvLSTM along an axis of its maps, or None where it is not known."""
    steps = node.input_shapes[0][1]
    added = [cells * (steps - 1) for cells in growth(node, axis.place)]
    if not any(added):
        return axis.drift
    if axis.drift is None or axis.window is None or not isinstance(axis.window.stride, int):
        return None
    pixels = tuple(cells * axis.window.stride for cells in added)
    return axis.drift.behind(pixels, steps, both_ways)


def _unknown(node, axis):
    return replace(axis, window=None, place=None, unknown=node)


def _merged(node, axes):
    """The union of what several branches see, cell by cell."""
    if len(axes) == 1:
        return axes[0]
    placed = [axis for axis in axes if axis.place is not None]
    if any(axis.drift != axes[0].drift for axis in axes):
        axes = [replace(axis, window=axis.seen, drift=None) for axis in axes]
        placed = [axis for axis in axes if axis.place is not None]
    merged = Axis(
        drift=axes[0].drift,
        window=None,
        place=placed[0].place if placed else None,
        whole=any(axis.whole for axis in axes),
        unknown=next((axis.unknown for axis in axes if axis.unknown), None),
        misaligned=next((axis.misaligned for axis in axes if axis.misaligned), ""),
        undecided=next((axis.undecided for axis in axes if axis.undecided), ""),
    )
    if merged.unknown:
        return replace(merged, place=None)
    if len({axis.place for axis in placed}) > 1:
        if any(axis.place.flat for axis in placed):
            return replace(merged, window=axes[0].window, place=None, whole=True)
        return _unknown(node, merged)
    # One cell that sees everything adds nothing to the spatial path beside it.
    spread = [axis.window for axis in axes if axis.place is None and not axis.whole]
    seen = [axis.window for axis in placed] + [window and _of_cell_0(window) for window in spread]
    seen = seen or [axes[0].window]
    if None in seen:
        return merged
    window, aligned = windows.union(seen, merged.place and merged.place.count)
    if aligned is None:
        return replace(merged, undecided=merged.undecided or node.address)
    misaligned = merged.misaligned or ("" if aligned else node.address)
    return replace(merged, window=window, misaligned=misaligned)


def _of_cell_0(window):
    """What all cells see that see through the only cell of a map."""
    return replace(window, starts=(window.start(0),), stops=(window.stop(0),), step=0)
