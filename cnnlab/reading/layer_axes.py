"""Where does an axis of the input lie in the output of a layer, and what is seen along it?

Most layers leave each axis in its place, and `cnnlab.reading.layer_windows` knows their windows.
Others reorder axes (Permute), join and part them (a map reshaped to tokens), drop one
(``x[..., 0]``, a mean) or mix all cells along it (attention, recurrence). `carry` answers for both.
"""

import math
from dataclasses import dataclass, replace

from cnnlab.reading.layer_windows import PIXEL_BY_PIXEL, look, named_axes, sliding
from cnnlab.reading.window import EVERYTHING, ONE_CELL, PIXEL, Window
from cnnlab.sizes import same_padding

REDUCTIONS = frozenset("Mean Max Amax Min Amin Sum Var Std Prod".split())
RESHAPINGS = frozenset("Flatten Reshape ExpandDims Squeeze".split())
REORDERINGS = frozenset("Permute Transpose Swapaxes Moveaxis".split())
RECURRENT = frozenset("RNN SimpleRNN LSTM GRU".split())
CONV_RECURRENT = frozenset("ConvLSTM1D ConvLSTM2D ConvLSTM3D".split())
ATTENTION = frozenset(
    "MultiHeadAttention GroupedQueryAttention Attention AdditiveAttention".split()
)
# Two that stand for open sizes: no other size is a multiple of them.
_OPEN = (1_000_003, 1_000_033, 1_000_037, 1_000_039)


@dataclass(frozen=True)
class Place:
    """Where an axis of the model's input lies in a tensor: cell ``index // inner % count``.

    A map of 8 by 12 cells has its rows at ``Place(1, 1, 8)``; reshaped to 96 tokens it has them at
    ``Place(1, 12, 8)``, for token i stands in row i // 12, and the columns at ``Place(1, 1, 12)``.

    Attributes:
        axis: of the tensor; 1 is the first behind the batch.
        inner: entries of the axis from one cell to the next.
        count: cells, None where open.
        flat: whether the tensor is a vector that a map was flattened to: it is one cell.
    """

    axis: int
    inner: int = 1
    count: int | None = None
    flat: bool = False


def carry(node, place, number=0):
    """What the cells of a layer see along one axis of the model's input, and where that now lies.

    Args:
        node: of a `cnnlab.reading.graph.Graph`.
        place: a `Place` in the layer's input.
        number: which of the inputs that `node.inputs` lists.

    Returns:
        (sight, place): a `Window`, `EVERYTHING` or `ONE_CELL`, and a `Place` in the output, or None
        where no positions are left. With a `Window` and no place, all cells see what its cell 0
        does. None in all for a kind of layer that is not known.

    Example:
        >>> import keras
        >>> from cnnlab.reading.graph import read
        >>> image = keras.Input((8, 12, 3))
        >>> turn = keras.layers.Permute((2, 1, 3))
        >>> sight, place = carry(read(keras.Sequential([image, turn])).calls[0], Place(1, 1, 8))
        >>> sight == PIXEL, place
        (True, Place(axis=2, inner=1, count=8, flat=False))
    """
    if len(node.output_shapes) > 1 and node.kind not in RECURRENT | CONV_RECURRENT | {"Split"}:
        return None
    mover = next((move for kinds, move in _MOVERS if node.kind in kinds), _kept)
    answer = mover(node, place, number)
    if answer is None and place.flat and node.kind not in ("GetItem", "Split", "Take"):
        return ONE_CELL, None  # whatever reads a vector is taken to read all of it
    return answer


def _kept(node, place, number):
    """A layer that leaves each axis in its place, and merges, which align the last axes."""
    before, after = node.input_shapes[number], node.output_shape
    if len(before) == 2 and node.kind not in PIXEL_BY_PIXEL - {"Dense"}:
        return (ONE_CELL, None) if node.kind == "Dense" else None
    axis = place.axis + (len(after) - len(before) if len(node.inputs) > 1 else 0)
    sight = look(node, place.axis - 1)
    if sight is None or sight == ONE_CELL:
        return sight and (sight, None)
    full = place.inner == 1 and place.count == before[place.axis]
    if isinstance(sight, Window) and sight != PIXEL and not full:
        return None
    if len(node.inputs) > 1 and before[place.axis] == 1 != after[axis]:
        return sight, None  # the one cell is spread over all
    return sight, replace(place, axis=axis, count=after[axis] if full else place.count)


def _reordered(node, place, _):
    layer, rank = node.layer, len(node.output_shape)
    order = list(range(rank))
    if node.kind == "Permute":
        order = [0, *layer.dims]
    elif node.kind == "Transpose":
        order = [axis % rank for axis in layer.axes] if layer.axes else order[::-1]
    elif node.kind == "Swapaxes":
        one, other = layer.axis1 % rank, layer.axis2 % rank
        order[one], order[other] = other, one
    else:
        source = [axis % rank for axis in layer.source]
        order = [axis for axis in order if axis not in source]
        for target, axis in sorted(zip([a % rank for a in layer.destination], source, strict=True)):
            order.insert(target, axis)
    return None if order[0] else (PIXEL, replace(place, axis=order.index(place.axis)))


def _reshaped(node, place, _):
    """The entries keep their order: an axis goes where its step from cell to cell fits."""
    sizes = _numbers(node.input_shapes[0][1:], node.output_shape[1:])
    if sizes is None or node.input_shapes[0][0] != node.output_shape[0]:
        return None
    before, after = sizes
    count = place.count or before[place.axis - 1] // place.inner
    step = place.inner * math.prod(before[place.axis :])
    for axis, size in enumerate(after, start=1):
        behind = math.prod(after[axis:])
        if step % behind == 0 and behind * size % (step * count) == 0:
            flat = len(after) == 1 and (len(before) > 1 or place.flat)
            if count == 1 != size:
                return PIXEL, None
            return PIXEL, Place(axis, step // behind, place.count, flat)
    return None


def _numbers(before, after):
    """Two shapes with numbers for their open sizes, or None where these do not follow."""
    openings = iter(_OPEN)
    before = [next(openings) if size is None else size for size in before]
    if after.count(None) == 1:
        size, rest = divmod(math.prod(before), math.prod(size for size in after if size))
        return None if rest else (before, [size if s is None else s for s in after])
    openings = iter(_OPEN)
    after = [next(openings) if size is None else size for size in after]
    return (before, after) if math.prod(before) == math.prod(after) else None


def _indexed(node, place, _):
    """``x[..., ::-1]``, ``x[:, 2:, ::3]``, ``x[..., 0]``, ``x[:, -1]``, ``x[:, None]``."""
    key = node.arguments[0] if isinstance(node.arguments[0], tuple) else node.arguments
    shape = node.input_shapes[0]
    gap = next((i for i, part in enumerate(key) if part is Ellipsis), len(key))
    named = len([part for part in key if part is not None and part is not Ellipsis])
    key = [*key[:gap], *[slice(None)] * (len(shape) - named), *key[gap + 1 :]]
    if key[0] != slice(None) or not all(
        part is None or isinstance(part, int | slice) for part in key
    ):
        return None
    whole = [part for part in key if part is not None]
    part, size = whole[place.axis], shape[place.axis]
    full = place.inner == 1 and place.count == size
    if part == slice(None):
        sight = PIXEL
    elif not full or (size is None and not _from_the_front(part)):
        return None
    elif isinstance(part, int):
        return Window(
            (part % size if size else part,), ((part % size if size else part) + 1,), 1
        ), None
    else:
        first, _, step = part.indices(size) if size else (part.start or 0, None, part.step or 1)
        sight = Window((first,), (first + 1,), step)
    position = [i for i, part in enumerate(key) if part is not None][place.axis]
    axis = position - len([part for part in key[:position] if isinstance(part, int)])
    return sight, replace(place, axis=axis, count=node.output_shape[axis] if full else place.count)


def _from_the_front(part):
    """Whether the cells that an index or a slice takes do not depend on the size."""
    if isinstance(part, int):
        return part >= 0
    return (part.start or 0) >= 0 and (part.step or 1) > 0


def _reduced(node, place, _):
    """Means, maxima and sums."""
    named = named_axes(node.layer, len(node.input_shapes[0]))
    if 0 in named:
        return None
    if place.axis in named:
        return ONE_CELL, None
    dropped = 0 if node.layer.keepdims else sum(axis < place.axis for axis in named)
    return PIXEL, replace(place, axis=place.axis - dropped)


def _stacked(node, place, _):
    axis = node.layer.axis % len(node.output_shape)
    if axis == 0:
        return None
    return PIXEL, replace(place, axis=place.axis + (axis <= place.axis))


def _repeated(node, place, _):
    return PIXEL, replace(place, axis=2)


def _looked_up(node, place, _):
    return PIXEL, place


def _summed(node, place, _):
    """``EinsumDense``: an axis whose letter is gone has been summed over."""
    left, _, right = node.layer.equation.replace(" ", "").partition("->")
    letter = letters(left.partition(",")[0], len(node.input_shapes[0]))[place.axis]
    right = letters(right, len(node.output_shape))
    if letter not in right:
        return ONE_CELL, None
    return PIXEL, replace(place, axis=right.index(letter))


def letters(term, rank):
    """One letter per axis of an einsum's term; an ellipsis' axes are numbered from the last.

    Example:
        >>> letters("b...x", 4)
        ['b', 2, 1, 'x']
    """
    before, gap, behind = term.partition("...")
    hidden = rank - len(before) - len(behind) if gap else 0
    return [*before, *range(hidden, 0, -1), *behind]


def _remembered(node, place, number):
    """Recurrent layers: a step is taken to see all steps, though early ones see only the past."""
    layer = node.layer
    if layer.stateful:
        return None
    if place.axis == len(node.input_shapes[number]) - 1:
        return ONE_CELL, None
    if number:
        return (ONE_CELL, None) if node.kind in RECURRENT else None
    if place.axis == 1:
        return (EVERYTHING, place) if layer.return_sequences else (ONE_CELL, None)
    cell, steps = layer.cell, node.input_shapes[0][1]
    if steps is None or place.inner != 1:
        return None
    inside = replace(
        node,
        kind=f"Conv{node.kind[-2]}",
        layer=cell,
        input_shapes=tuple((shape[0], *shape[2:]) for shape in node.input_shapes[:1]),
    )
    window, axis = sliding(inside, place.axis - 2), place.axis - (not layer.return_sequences)
    return window, replace(place, axis=axis, count=node.output_shape[axis])


def growth(node, place):
    """The cells (before, after) by which a ConvLSTM's window grows from one step to the next.

    At every step a kernel of stride 1 and padding "same" reads the map of the step before.
    """
    return same_padding(1, node.layer.cell.kernel_size[place.axis - 2])


def _attended(node, place, number):
    """Attention: a cell sees itself through the query, and all cells through key and value."""
    role = roles(node)[number]
    if role not in ("query", "value", "key") or getattr(node.layer, "sliding_window", None):
        return None
    if place.axis == len(node.input_shapes[number]) - 1:
        return ONE_CELL, None
    mixed = getattr(node.layer, "attention_axes", None)
    if role == "query" or (mixed is not None and place.axis not in mixed):
        return PIXEL, place
    return ONE_CELL, None


def roles(node):
    """What an attention layer takes each of its inputs for: "query", "value", "key", a mask."""
    positional = len(node.inputs) - len(node.keywords)
    return *("query", "value", "key", *[""] * positional)[:positional], *node.keywords


_MOVERS = (
    (RESHAPINGS, _reshaped),
    (REORDERINGS, _reordered),
    (REDUCTIONS, _reduced),
    (RECURRENT | CONV_RECURRENT, _remembered),
    (ATTENTION, _attended),
    ({"GetItem"}, _indexed),
    ({"Stack"}, _stacked),
    ({"RepeatVector"}, _repeated),
    ({"Embedding"}, _looked_up),
    ({"EinsumDense"}, _summed),
)
