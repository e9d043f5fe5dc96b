"""Which input pixels can an output cell see?

Per axis, cell i of a map sees the pixels from ``-padding + i * stride`` on, `size` of them::

    input     . . . . . . . . .        conv 3, stride 2: size 3, stride 2
              [0 0 0]                  then conv 3:      size 3 + 2 * 2 = 7, stride 2
                  [1 1 1]
                      [2 2 2]

A layer is a window too: cell i of its output sees cells of its input. A field is carried through
a network by looking through one window after the other, and where branches merge it is the
union of theirs, provided that their centres and strides agree; else the graph is misaligned.

The field is that of the formula: it may reach over the image's edge (where padding is), and it
is what a cell *can* see. Near an edge a cell may see less, because a window that lies in the zeros
of an inner padding sees nothing; `cnnlab.gradients.effective_receptive_field` measures how much.

Source: Araujo, Norris & Sim (2019), Computing receptive fields of convolutional neural networks,
    Distill. Beyond it: up-sampling and transposed convolutions, whose cells see by turns more and
    fewer pixels (the size is then the largest), and layers that see the whole input.
"""

import math
from dataclasses import dataclass, field, replace

import pandas as pd

from cnnlab.reading import graph as graphs
from cnnlab.reading import layer_windows
from cnnlab.reading.layer_windows import Window, is_plane, look, positions


@dataclass(frozen=True)
class ReceptiveField:
    """What the cells of one layer see of the input; every quantity is a (rows, columns) pair.

    Attributes:
        size: pixels that a cell sees; None on an axis where it sees the whole input.
        stride: pixels between the fields of neighbouring cells; a fraction after up-sampling.
        padding: pixels by which the field of the first cell begins before the image; None where
            a padding="same" depends on an input size that the model leaves open.
        map_size: cells of the layer, None where open.
        input_size: pixels of the input, None where open.
    """

    size: tuple
    stride: tuple
    padding: tuple
    map_size: tuple
    input_size: tuple
    _pair: tuple = field(repr=False, compare=False)

    def region(self, row, column):
        """The pixels that one cell sees, not clipped to the image.

        Args:
            row: of the cell, from 0.
            column: of the cell, from 0.

        Returns:
            (top, left, bottom, right) in pixels; bottom and right are the first ones outside.

        Raises:
            ValueError: the map has no such cell, or the region depends on an open input size.

        Example:
            >>> import keras
            >>> from keras import layers
            >>> image = keras.Input((8, 12, 3))
            >>> model = keras.Sequential([image, layers.Conv2D(4, (3, 5), strides=2)])
            >>> receptive_field(model).region(0, 1)
            (0, 2, 3, 7)
        """
        top, bottom = self._bounds(0, "row", row)
        left, right = self._bounds(1, "column", column)
        return top, left, bottom, right

    def centre(self, row, column):
        """The middle of a cell's region as (row, column) in pixels; may end in one half.

        ``-padding + i * stride + (size - 1) / 2``, along either axis.
        """
        top, left, bottom, right = self.region(row, column)
        return (top + bottom - 1) / 2, (left + right - 1) / 2

    @property
    def origin(self):
        """Where cell (0, 0) lies, as (row, column) in pixels; the others follow, `stride` apart.

        The middle of its region; where every cell sees the whole input, that of the spatial path.
        None where the padding is.
        """
        return tuple(None if axis.padding is None else axis.window.middle for axis in self._pair)

    def _bounds(self, axis, name, cell):
        cells = self.map_size[axis]
        if cell < 0 or (cells is not None and cell >= cells):
            raise ValueError(
                f"`{name}` must be a cell of the map: got {name}={cell}. "
                f"Count from 0 up to {'the last' if cells is None else cells - 1}."
            )
        if self.size[axis] is None and self.input_size[axis] is not None:
            return 0, self.input_size[axis]
        if self.size[axis] is None or self.padding[axis] is None:
            raise ValueError(
                "`model` must have a known input size for the region of a cell: "
                f"got input_size={self.input_size}. Give it with input_shape=(height, width, "
                "channels)."
            )
        window = self._pair[axis].window
        return window.start(cell), window.stop(cell)


def receptive_field(model, layer=None, input_name=None, input_shape=None):
    """The receptive field of a layer: size, stride, padding, and the region of each cell.

    Args:
        model: a built Sequential or functional `keras.Model` that takes images (B,H,W,C) or
            sequences (B,L,C; their columns are 1, 1, 0).
        layer: name, or path such as "base/block5_conv3"; None takes the last layer with a map.
        input_name: which input, where the layer sees several.
        input_shape: (H, W, C), where the model leaves sizes open; None takes the model's own.

    Returns:
        A `ReceptiveField`.

    Raises:
        ValueError: the graph is misaligned, a layer on the way is of an unknown kind, no layer
            has a map, or the layer sees several inputs and `input_name` is None.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((32, 48, 3))
        >>> model = keras.Sequential(
        ...     [image, layers.Conv2D(4, (3, 5), padding="same"), layers.MaxPooling2D()]
        ... )
        >>> answer = receptive_field(model)
        >>> answer.size, answer.stride, answer.padding
        ((4, 6), (2, 2), (1, 2))

    Source: Araujo, Norris & Sim (2019).
    """
    graph = graphs.read(model, input_shape)
    node = None if layer is None else graphs.find(graph, layer)
    source = _source(graph, node, input_name)
    fields = _fields(graph, source)
    node = _last_map(graph, fields) if node is None else node
    pair = fields[node.address]
    if isinstance(pair, ValueError):
        raise pair
    if pair is None:
        raise ValueError(
            f"`layer` must see the input: got layer={node.address!r}, input_name={source!r}. "
            f"It sees {', '.join(graphs.depends_on(graph, node.address))}."
        )
    if problem := _problem(pair):
        raise problem
    return ReceptiveField(
        size=tuple(axis.size for axis in pair),
        stride=tuple(axis.stride for axis in pair),
        padding=tuple(axis.padding for axis in pair),
        map_size=positions(node.output_shape),
        input_size=positions(graph[source].output_shape),
        _pair=pair,
    )


def last_map(model, input_name=None):
    """The address of the last layer with positions: where `receptive_field` looks by default.

    Args:
        model: as for `receptive_field`.
        input_name: which input, where the model has several.

    Raises:
        ValueError: no layer has a map, or a layer on the way is of an unknown kind.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3))
        >>> last_map(keras.Sequential([image, layers.ReLU(name="relu"), layers.Flatten()]))
        'relu'
    """
    graph = graphs.read(model)
    return _last_map(graph, _fields(graph, _source(graph, None, input_name))).address


def receptive_field_table(model, input_name=None, input_shape=None):
    """The receptive fields of all layers.

    Args:
        model: as for `receptive_field`.
        input_name: which input, where the model has several.
        input_shape: (H, W, C), where the model leaves sizes open; None takes the model's own.

    Returns:
        A DataFrame with a row per layer call: layer, kind, size, stride, padding (pairs, rows
        and columns, in pixels), share (of the input's pixels that a cell sees, 0-1, counting the
        field as if it lay inside the image) and note: "", "whole input", "misaligned since ..."
        or "open input size".

    Raises:
        ValueError: a layer is of an unknown kind, or the model has several inputs and
            `input_name` is None.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3))
        >>> model = keras.Sequential(
        ...     [image, layers.Conv2D(4, 3, name="conv"), layers.Flatten(name="flatten")]
        ... )
        >>> receptive_field_table(model)[["layer", "size", "share", "note"]]
             layer          size    share         note
        0     conv        (3, 3)  0.09375
        1  flatten  (None, None)  1.00000  whole input
    """
    graph = graphs.read(model, input_shape)
    source = _source(graph, None, input_name)
    fields = _fields(graph, source)
    input_size = positions(graph[source].output_shape)
    rows = []
    for node in graph.calls:
        pair = fields[node.address]
        if isinstance(pair, ValueError):
            raise pair
        if pair is not None:
            rows.append(_row(node, pair, input_size))
    columns = ["layer", "kind", "size", "stride", "padding", "share", "note"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class _Axis:
    """What the cells of a map see of the input, along one axis.

    Attributes:
        window: onto the input's pixels; None where the branches of a merge do not fit together.
        whole: whether every cell sees the whole input.
        placed: False once there are no positions along the axis any more, as in a Dense layer.
        misaligned: address of the merge whose branches have other strides or centres, or "".
        undecided: address of the merge whose alignment depends on an open input size, or "".
    """

    window: Window | None
    whole: bool = False
    placed: bool = True
    misaligned: str = ""
    undecided: str = ""

    @property
    def size(self):
        return None if self.whole or self.window is None else self.window.size

    @property
    def stride(self):
        return None if self.window is None else self.window.stride

    @property
    def padding(self):
        return None if self.window is None else self.window.padding


def _fields(graph, source):
    """By address: (rows, columns), None where `source` is not seen, or the error to raise."""
    fields, planes = {}, {}
    for node in graph.nodes:
        if is_plane(node):
            planes[node.address] = (node.inputs[0], node.input_shapes[0])
        inputs = zip(node.inputs, node.input_shapes, strict=True)
        images = [planes.get(address, (address, shape)) for address, shape in inputs]
        below = [(fields[a], positions(shape)) for a, shape in images if fields[a] is not None]
        errors = [pair for pair, _ in below if isinstance(pair, ValueError)]
        if node.address == source:
            pixel = _Axis(layer_windows.PIXEL)
            fields[source] = (pixel, replace(pixel, placed=len(node.output_shape) == 4))
        elif errors:
            fields[node.address] = errors[0]
        elif any((address in planes) != (node.kind == "Stack") for address in node.inputs):
            fields[node.address] = _unknown(node)  # only a stack makes images of planes again
        else:
            fields[node.address] = _pair(node, below) if below else None
    return fields


def _pair(node, below):
    """The (rows, columns) of a layer, given the pair and the positions of each input."""
    if not any(axis.placed for pair, _ in below for axis in pair):
        return below[0][0]  # whatever follows sees no more, and no less, than everything
    result = []
    for index in (0, 1):
        branches = [pair[index] for pair, _ in below]
        if len(below) > 1 or node.kind in layer_windows.MERGES:
            cells = positions(node.output_shape)[index]
            branches = [
                _broadcast(axis, sizes[index], cells, node.address)
                for axis, (_, sizes) in zip(branches, below, strict=True)
            ]
        axis = _merged(branches, node.address)
        sight = look(node, index)
        if sight is None:
            return _unknown(node)
        result.append(_onward(axis, sight) if axis.placed else axis)
    return tuple(result)


def _unknown(node):
    return ValueError(
        f"`model` must have layers of a known receptive field on the way: got a {node.kind} at "
        f"{node.address!r}. Ask for a layer in front of it or, if it treats every pixel by "
        "itself, set layer.pointwise = True."
    )


def _onward(axis, sight):
    """What cells see that have `sight` of cells that see `axis`."""
    if sight in (layer_windows.EVERYTHING, layer_windows.ONE_CELL):
        return replace(axis, whole=True, placed=sight == layer_windows.EVERYTHING)
    return replace(axis, window=axis.window and sight.onto(axis.window))


def _merged(axes, address):
    """The union of what several branches see, cell by cell."""
    if len(axes) == 1:
        return axes[0]
    branches = [axis for axis in axes if axis.placed] or axes[:1]
    windows = [axis.window for axis in branches]
    merged = _Axis(
        window=None,
        whole=any(axis.whole for axis in axes),
        placed=branches[0].placed,
        misaligned=next((axis.misaligned for axis in axes if axis.misaligned), ""),
        undecided=next((axis.undecided for axis in axes if axis.undecided), ""),
    )
    if None in windows:
        return merged
    if len({window.stride for window in windows}) > 1:
        return replace(merged, misaligned=merged.misaligned or address)
    if len({window.open_paddings for window in windows}) > 1:
        return replace(merged, undecided=merged.undecided or address)
    cells = range(math.lcm(*(len(window.starts) for window in windows)))
    union = Window(
        starts=tuple(min(window.start(cell) for window in windows) for cell in cells),
        stops=tuple(max(window.stop(cell) for window in windows) for cell in cells),
        step=windows[0].start(len(cells)) - windows[0].start(0),
        open_paddings=windows[0].open_paddings,
    )
    middles = {sum(window.start(i) + window.stop(i) for i in cells) for window in windows}
    misaligned = merged.misaligned or (address if len(middles) > 1 else "")
    return replace(merged, window=union, misaligned=misaligned)


def _broadcast(axis, size, cells, address):
    """A branch of a merge, which may have one cell along the axis where the others have many."""
    if not axis.placed or size != 1 or cells == 1:
        return axis
    if axis.whole:
        return replace(axis, placed=False)
    return replace(axis, window=None, misaligned=axis.misaligned or address)


def _source(graph, node, input_name):
    """The address of the input whose pixels are meant."""
    images = [name for name in graph.inputs if len(graph[name].output_shape) in (3, 4)]
    if not images:
        shapes = ", ".join(str(graph[name].output_shape) for name in graph.inputs)
        raise ValueError(
            "`model` must take images (B, H, W, C) or sequences (B, L, C): got an input of shape "
            f"{shapes}. A layer on plain vectors has no receptive field."
        )
    if input_name is not None:
        if input_name not in images:
            raise ValueError(
                f"`input_name` must be one of {', '.join(map(repr, images))}: "
                f"got input_name={input_name!r}. Use the name of the keras.Input."
            )
        return input_name
    if node is not None:
        seen = graphs.depends_on(graph, node.address)
        images = [name for name in images if name in seen] or images[:1]
    if len(images) > 1:
        raise ValueError(
            f"`input_name` must say which of {', '.join(map(repr, images))} is meant: got None. "
            f"Pass input_name={images[0]!r}, for example."
        )
    return images[0]


def _last_map(graph, fields):
    """The last layer that still has positions."""
    for node in reversed(graph.calls):
        pair = fields[node.address]
        if isinstance(pair, ValueError):
            raise pair
        if pair and any(axis.placed for axis in pair):
            return node
    raise ValueError(
        f"`model` must have a layer with a map: got {graph.name!r}, where every layer sees the "
        "whole input. Name a layer, or use a network with convolutions."
    )


def _problem(pair):
    """The error for a pair of fields that have no one size, or None."""
    merge = next((axis.misaligned for axis in pair if axis.misaligned), "")
    if merge:
        return ValueError(
            f"`model` must be aligned: got branches of other strides or centres at {merge!r}. "
            "receptive_field_table shows the rest. The usual cause is strides > 1 with "
            "padding='same' on an even size, the cure ZeroPadding2D and padding='valid'."
        )
    merge = next((axis.undecided for axis in pair if axis.undecided), "")
    if merge:
        return ValueError(
            f"`input_shape` must be known: got an open size, and whether the branches at {merge!r} "
            "are aligned depends on it. Pass input_shape=(height, width, channels)."
        )
    return None


def _row(node, pair, input_size):
    """One row of the table."""
    sizes = tuple(axis.size for axis in pair)
    shares = [
        1.0 if axis.whole else min(size, pixels) / pixels if size and pixels else math.nan
        for axis, size, pixels in zip(pair, sizes, input_size, strict=True)
    ]
    merge = next((axis.misaligned for axis in pair if axis.misaligned), "")
    notes = {
        f"misaligned since {merge}": merge,
        "whole input": any(axis.whole for axis in pair),
        "open input size": any(
            axis.undecided or (axis.window and axis.window.open_paddings) for axis in pair
        ),
    }
    return {
        "layer": node.address,
        "kind": node.kind,
        "size": sizes,
        "stride": tuple(axis.stride for axis in pair),
        "padding": tuple(axis.padding for axis in pair),
        "share": math.prod(shares),
        "note": ", ".join(note for note, holds in notes.items() if holds),
    }
