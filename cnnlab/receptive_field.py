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
from dataclasses import dataclass, field

import pandas as pd

from cnnlab.reading import graph as graphs
from cnnlab.reading.fields import Axis, pixels, propagate
from cnnlab.reading.window import PIXEL


@dataclass(frozen=True)
class ReceptiveField:
    """What the cells of one layer see of the input.

    Every quantity is a tuple with a number per axis of the input: (rows, columns) for images and
    for sequences, which are one column wide; (depth, rows, columns) for volumes and videos, the
    depth of a video being its frames.

    Attributes:
        size: pixels that a cell sees; None on an axis where it sees the whole input.
        stride: pixels between the fields of neighbouring cells; a fraction after up-sampling,
            negative where the cells run backwards, None where neighbours are not equally far apart.
        padding: pixels by which the field of the first cell begins before the image; None where
            a padding="same" depends on an input size that the model leaves open, or stride is None.
        map_size: cells of the layer, along the layer's own axes, None where open.
        input_size: pixels of the input, None where open.
    """

    size: tuple
    stride: tuple
    padding: tuple
    map_size: tuple
    input_size: tuple
    _axes: tuple = field(repr=False, compare=False)

    def region(self, *cell):
        """The pixels that one cell sees, not clipped to the image.

        Args:
            *cell: row and column of the cell, or depth, row and column, from 0: a number for each
                of `map_size`.

        Returns:
            (top, left, bottom, right) in pixels; bottom and right are the first ones outside. For
            volumes (front, top, left, back, bottom, right).

        Raises:
            TypeError: the cell has more or fewer numbers than the map has axes.
            ValueError: the map has no such cell, or the region depends on an open input size.

        Example:
            >>> import keras
            >>> from keras import layers
            >>> image = keras.Input((8, 12, 3))
            >>> model = keras.Sequential([image, layers.Conv2D(4, (3, 5), strides=2)])
            >>> receptive_field(model).region(0, 1)
            (0, 2, 3, 7)
        """
        if len(cell) != len(self.map_size):
            raise TypeError(
                f"`cell` must have a number for each axis of the map: got {cell} for "
                f"map_size={self.map_size}. Write region(row, column), or depth, row and column."
            )
        names = ("", "time", "depth", "row", "column")[-len(cell) :]
        for name, number, cells in zip(names, cell, self.map_size, strict=True):
            if number < 0 or (cells is not None and number >= cells):
                raise ValueError(
                    f"`{name}` must be a cell of the map: got {name}={number}. "
                    f"Count from 0 up to {'the last' if cells is None else cells - 1}."
                )
        bounds = [
            self._bounds(*pair, cell) for pair in zip(self._axes, self.input_size, strict=True)
        ]
        return *(start for start, _ in bounds), *(stop for _, stop in bounds)

    def centre(self, *cell):
        """The middle of a cell's region as (row, column) in pixels; may end in one half.

        ``-padding + i * stride + (size - 1) / 2``, along either axis.
        """
        region, axes = self.region(*cell), len(self._axes)
        return tuple((region[i] + region[i + axes] - 1) / 2 for i in range(axes))

    @property
    def origin(self):
        """Where cell (0, 0) lies, as (row, column) in pixels; the others follow, `stride` apart.

        The middle of its region; where every cell sees the whole input, that of the spatial path.
        None where the padding is, and where the layer's cells do not lie as the input's do: its
        axes are in another order, as behind a Permute, or run backwards.
        """
        places = [axis.place.axis for axis in self._axes if axis.place is not None]
        inner = any(axis.place is not None and axis.place.inner != 1 for axis in self._axes)
        moved = places != list(range(1, len(places) + 1)) or inner
        return tuple(
            None if moved or axis.padding is None or axis.stride < 0 else axis.seen.middle
            for axis in self._axes
        )

    def _bounds(self, axis, pixels, cell):
        if axis.size is None and pixels is not None:
            return 0, pixels
        if axis.size is None or axis.window.open_paddings:
            raise ValueError(
                "`model` must have a known input size for the region of a cell: "
                f"got input_size={self.input_size}. Give it with input_shape=(height, width, "
                "channels)."
            )
        number = axis.number(cell)
        return axis.seen.start(number), axis.seen.stop(number)


def receptive_field(model, layer=None, input_name=None, input_shape=None):
    """The receptive field of a layer: size, stride, padding, and the region of each cell.

    Args:
        model: a built Sequential or functional `keras.Model` that takes images (B,H,W,C),
            sequences (B,L,C; their columns are 1, 1, 0), volumes (B,D,H,W,C), videos (B,T,H,W,C)
            or tokens (B,L) that an Embedding looks up.
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
    axes = fields[node.address]
    if axes is None:
        raise ValueError(
            f"`layer` must see the input: got layer={node.address!r}, input_name={source!r}. "
            f"It sees {', '.join(graphs.depends_on(graph, node.address))}."
        )
    if problem := _problem(axes):
        raise problem
    return ReceptiveField(
        size=tuple(axis.size for axis in axes),
        stride=tuple(axis.stride for axis in axes),
        padding=tuple(axis.padding for axis in axes),
        map_size=_map_size(node, axes),
        input_size=tuple(axis.cells for axis in fields[source]),
        _axes=axes,
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
    fields = _fields(graph, _source(graph, None, input_name))
    return _last_map(graph, fields).address


def receptive_field_table(model, input_name=None, input_shape=None):
    """The receptive fields of all layers.

    Args:
        model: as for `receptive_field`.
        input_name: which input, where the model has several.
        input_shape: (H, W, C), where the model leaves sizes open; None takes the model's own.

    Returns:
        A DataFrame with a row per layer call: layer, kind, size, stride, padding (as in a
        `ReceptiveField`: a number per axis of the input, in pixels), share (of the input's pixels
        that a cell sees, 0-1, counting the field as if it lay inside the image) and note:

        - "": all is known.
        - "whole input": on at least one axis, where size is None.
        - "unknown since NAME": from this layer on it is not known what is seen; size, stride and
          padding are None on the axes in question, share is NaN.
        - "misaligned since NAME": this layer merges branches whose strides or centres differ. Size
          is the largest union of what they see. Where their strides differ, no one stride leads
          from union to union, so stride and padding are None.
        - "open input size": padding, or whether branches are aligned, depends on it.

    Raises:
        ValueError: the model has several inputs and `input_name` is None.

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
    rows = [
        _row(node, fields[node.address], fields[source])
        for node in graph.calls
        if fields[node.address] is not None
    ]
    columns = ["layer", "kind", "size", "stride", "padding", "share", "note"]
    return pd.DataFrame(rows, columns=columns)


def _fields(graph, source):
    """By address: an `Axis` per axis of the input `source`, or None where it is not seen.

    A sequence gets columns, of which it has one.
    """
    fields = propagate(graph, {source: pixels(graph[source].output_shape)})
    if len(fields[source]) > 1:
        return fields
    column = Axis(PIXEL, None)
    return {address: axes and (*axes, column) for address, axes in fields.items()}


def _map_size(node, axes):
    """The cells of a layer, at least a pair; of the channels only those of an axis of the input."""
    last = max([len(node.output_shape) - 2, *(a.place.axis for a in axes if a.placed and a.place)])
    sizes = node.output_shape[1 : last + 1]
    return (*sizes, *[1] * ((2 if sizes else len(axes)) - len(sizes)))


def _source(graph, node, input_name):
    """The address of the input whose pixels are meant."""
    looked_up = {name for node in graph.calls if node.kind == "Embedding" for name in node.inputs}
    tokens = [name for name in graph.inputs if name in looked_up]
    images = [name for name in graph.inputs if len(graph[name].output_shape) > 2] or tokens
    if not images:
        shapes = ", ".join(str(graph[name].output_shape) for name in graph.inputs)
        raise ValueError(
            "`model` must take images (B, H, W, C) or sequences (B, L, C): got an input of shape "
            f"{shapes}. A layer on plain vectors has no receptive field."
        )
    if input_name is not None:
        named = dict.fromkeys([*images, *tokens])
        if input_name not in named:
            raise ValueError(
                f"`input_name` must be one of {', '.join(map(repr, named))}: "
                f"got input_name={input_name!r}. Use the name of the keras.Input."
            )
        return input_name
    if node is not None:
        seen = graphs.depends_on(graph, node.address)
        meant = [[name for name in names if name in seen] for names in (images, tokens)]
        images = meant[0] or meant[1] or images[:1]
    if len(images) > 1:
        raise ValueError(
            f"`input_name` must say which of {', '.join(map(repr, images))} is meant: got None. "
            f"Pass input_name={images[0]!r}, for example."
        )
    return images[0]


def _last_map(graph, fields):
    """The last layer that still has positions."""
    for node in reversed(graph.calls):
        axes = fields[node.address]
        if axes and any(axis.unknown for axis in axes):
            raise _problem(axes)
        if axes and any(axis.placed for axis in axes):
            return node
    raise ValueError(
        f"`model` must have a layer with a map: got {graph.name!r}, where every layer sees the "
        "whole input. Name a layer, or use a network with convolutions."
    )


def _problem(axes):
    """The error for fields that are not known, or have no one size, or None."""
    node = next((axis.unknown for axis in axes if axis.unknown), None)
    if node is not None:
        remedy = (
            "build it with stateful=False: what it sees depends on earlier calls."
            if getattr(node.layer, "stateful", False) is True
            else "if it treats every pixel by itself, set layer.pointwise = True."
        )
        return ValueError(
            "`model` must have layers of a known receptive field on the way: got a "
            f"{node.kind} at {node.address!r}. Ask for a layer in front of it or, {remedy}"
        )
    merge = next((axis.misaligned for axis in axes if axis.misaligned), "")
    if merge:
        return ValueError(
            f"`model` must be aligned: got branches of other strides or centres at {merge!r}. "
            "receptive_field_table shows the rest. The usual cause is strides > 1 with "
            "padding='same' on an even size, the cure ZeroPadding2D and padding='valid'."
        )
    merge = next((axis.undecided for axis in axes if axis.undecided), "")
    if merge:
        return ValueError(
            f"`input_shape` must be known: got an open size, and whether the branches at {merge!r} "
            "are aligned depends on it. Pass input_shape=(height, width, channels)."
        )
    return None


def _row(node, axes, source):
    """One row of the table."""
    shares = [
        1.0 if axis.sees_all else min(axis.size, whole) / whole if axis.size and whole else math.nan
        for axis, whole in zip(axes, (axis.cells for axis in source), strict=True)
    ]
    unknown = next((axis.unknown.address for axis in axes if axis.unknown), "")
    merge = next((axis.misaligned for axis in axes if axis.misaligned), "")
    notes = {
        f"unknown since {unknown}": unknown,
        f"misaligned since {merge}": merge,
        "whole input": any(axis.sees_all for axis in axes),
        "open input size": any(
            axis.undecided or (axis.window and axis.window.open_paddings) for axis in axes
        ),
    }
    return {
        "layer": node.address,
        "kind": node.kind,
        "size": tuple(axis.size for axis in axes),
        "stride": tuple(axis.stride for axis in axes),
        "padding": tuple(axis.padding for axis in axes),
        "share": math.prod(shares),
        "note": ", ".join(note for note, holds in notes.items() if holds),
    }
