"""A Keras model read as a plain graph: one node per call of a layer, nested models flattened.

The one place that reads a model; everything that asks about layers starts here::

    graph = read(model)                      # a Graph of frozen Nodes, in the order of summary()
    graph.nodes, graph.inputs, graph.outputs
    find(graph, "base/block5_conv3")         # the Node of an address, or an error with near names
    last_convolution(graph)                  # where heat maps look: after its norm and activation
    consumers(graph, address)                # the nodes that read an output
    depends_on(graph, address)               # the model's inputs that a node sees

An address is a path of layer names. It carries a number only where a layer is called more than
once: a base shared by two inputs gives "base[0]/conv" and "base[1]/conv", numbered in the order in
which the user's code called it. Keras may run the calls in another order; `Node.call` counts in
that order, over all calls of the *same layer object* in the model, so whoever listens to
``node.layer.call`` during one forward pass wants the one numbered `node.call`.

Nodes are duck-typed: this module needs Keras's objects but does not import Keras, and it leaves no
trace on them (symbolic calls, which would add nodes to the user's layers, are never made).
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from difflib import get_close_matches

from cnnlab.reading import private_names
from cnnlab.reading.kinds import ACTIVATIONS, MAKES_MAPS, NORMALISATIONS, is_from_keras, kind_of


@dataclass(frozen=True)
class Node:
    """One call of one layer.

    Attributes:
        address: path of layer names, such as "base/block5_conv3" or "base[1]/conv".
        layer: the Keras layer, or the Keras operation that `x + y` made.
        kind: the layer's Keras class, such as "Conv2D"; a class of the user's own that computes
            something of its own carries its module, such as "__main__.Swish".
        call: which call of this layer object it is in a forward pass, from 0, over the whole model.
        inputs: addresses of the nodes whose outputs it reads; empty for an input of the model.
        input_shapes: a shape per input, (B, H, W, C) with None where a size is open.
        output_shapes: a shape per output.
        dtype: of the first output, such as "float32".
        arguments: what the call got behind its first argument, such as the key of `x[..., ::-1]`;
            a list, into which saving turns a tuple, is a tuple again.
        keywords: the names of those inputs, the last ones, that the call got by keyword.
        training: what the call got as ``training=``, which counts where the model gets none.
    """

    address: str
    layer: object
    kind: str
    call: int
    inputs: tuple
    input_shapes: tuple
    output_shapes: tuple
    dtype: str
    arguments: tuple = field(default=(), compare=False, repr=False)
    keywords: tuple = ()
    training: bool | None = None

    @property
    def output_shape(self):
        """The shape of the first output."""
        return self.output_shapes[0]

    @property
    def has_map(self):
        """Whether the output has more than one position: (B,H,W,C) or (B,L,C), but not 1x1."""
        positions = self.output_shape[1:-1]
        return len(positions) in (1, 2, 3) and any(size != 1 for size in positions)

    @property
    def convolves(self):
        """Whether it is a convolution with a map: of one array, of each in a row, with a memory."""
        kind = kind_of(self.layer.layer if self.kind == "TimeDistributed" else self.layer)
        return self.has_map and kind.replace("LSTM", "") in MAKES_MAPS


@dataclass(frozen=True)
class Graph:
    """A model as nodes, each after those it reads; `graph[address]` is a Node."""

    name: str
    nodes: tuple
    inputs: tuple
    outputs: tuple

    def __getitem__(self, address):
        return next(node for node in self.nodes if node.address == address)

    @property
    def calls(self):
        """The nodes without the model's inputs: every call of a layer."""
        return tuple(node for node in self.nodes if node.inputs)


@dataclass(frozen=True)
class _Wire:
    """A tensor on its way: the node that made it and Keras's description (shape, dtype)."""

    address: str
    spec: object


def read(model, input_shape=None):
    """The graph of a model.

    Args:
        model: a built Sequential or functional `keras.Model`; models inside it are flattened.
        input_shape: (H, W, C) to compute all shapes for, where the model leaves sizes open or
            another size is wanted; None takes the model's own. For models with one input.

    Returns:
        A `Graph`.

    Raises:
        TypeError: `model` is not a Keras model.
        ValueError: the model is not built, is subclassed or has channels_first layers; or
            `input_shape` does not suit it.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3))
        >>> base = keras.Sequential([image, layers.Conv2D(4, 3, name="conv")], name="base")
        >>> model = keras.Sequential([image, base, layers.Flatten(name="flat")])
        >>> [(node.address, node.output_shape) for node in read(model).calls]
        [('base/conv', (None, 6, 10, 4)), ('flat', (None, 240))]
    """
    function = _function(model)
    if function is None:
        raise _unreadable(model)
    wires, nodes = [], []
    for tensor, shape in zip(function.inputs, _input_shapes(function, input_shape), strict=True):
        spec = tensor if shape == tensor.shape else type(tensor)(shape, dtype=tensor.dtype)
        layer = private_names.operation_of(tensor)
        wires.append(_Wire(layer.name, spec))
        nodes.append(
            Node(layer.name, layer, "InputLayer", 0, (), (), (tuple(shape),), str(spec.dtype))
        )
    calls, outputs = _calls(function, "", wires, Counter())
    return Graph(
        name=model.name,
        nodes=(*nodes, *calls),
        inputs=tuple(wire.address for wire in wires),
        outputs=tuple(wire.address for wire in outputs),
    )


def find(graph, address):
    """The node of an address.

    The last part of a path, or any end of it, will do where only one node has it: "conv" for
    "base/conv", and "base[0]/conv" for "base/conv" of a base that is called once.

    Args:
        graph: what `read` returned.
        address: layer name or path, a str.

    Returns:
        A `Node`.

    Raises:
        TypeError: `address` is not a str.
        ValueError: no node has the address, or several; the error lists the nearest.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3))
        >>> base = keras.Sequential([image, layers.Conv2D(4, 3, name="conv")], name="base")
        >>> find(read(keras.Sequential([image, base])), "conv").address
        'base/conv'
    """
    if not isinstance(address, str):
        raise TypeError(
            "`layer` must be a layer's name or a path such as 'base/block5_conv3': "
            f"got {type(address).__name__}. Pass its name, layer.name."
        )
    wanted = address.replace("[0]", "")
    part = f"/{wanted}/"
    found = [node for node in graph.nodes if node.address in (address, wanted)]
    found = found or [n for n in graph.nodes if any(path.endswith(part) for path in _paths(n))]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(
            f"`layer` must say which call is meant: got layer={address!r}. "
            f"Write one of {', '.join(sorted(repr(node.address) for node in found))}."
        )
    inside = [n.address for n in graph.calls if any(part in path for path in _paths(n))]
    if inside:
        raise ValueError(
            f"`layer` must be a layer: got layer={address!r}, a whole model. "
            f"Name one of its layers; the last is {inside[-1]!r}."
        )
    raise ValueError(
        f"`layer` must be a layer of the model: got layer={address!r}. {_nearest(graph, address)}"
    )


def last_convolution(graph):
    """The node after which the last convolution's map is finished.

    It is reached from the last convolution whose output has positions (not the 1x1 convolutions
    behind global pooling), going on through normalisation and activation as long as nothing else
    reads the map. A merge ends the way: in a residual block that is the end of its branch.

    Returns:
        A `Node`.

    Raises:
        ValueError: no convolution has a map.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> model = keras.Sequential([keras.Input((8, 12, 3)), layers.Conv2D(4, 3, name="conv"),
        ...     layers.BatchNormalization(), layers.ReLU(name="relu"), layers.MaxPooling2D()])
        >>> last_convolution(read(model)).address
        'relu'
    """
    convolutions = [node for node in graph.calls if node.convolves]
    if not convolutions:
        raise ValueError(
            f"`model` must have a convolution with a map: got {graph.name!r} with none among its "
            f"{len(graph.calls)} layers. Name a layer with `layer`, or use a convolutional model."
        )
    node = convolutions[-1]
    while node.address not in graph.outputs:
        following = consumers(graph, node.address)
        if len(following) != 1 or following[0].kind not in NORMALISATIONS | ACTIVATIONS:
            break
        node = following[0]
    return node


def consumers(graph, address):
    """The nodes that read the output of the node at `address`, a tuple."""
    return tuple(node for node in graph.nodes if address in node.inputs)


def depends_on(graph, address):
    """The addresses of the model's inputs that the node at `address` sees, a tuple."""
    seen = {address}
    for node in reversed(graph.nodes):
        if node.address in seen:
            seen.update(node.inputs)
    return tuple(name for name in graph.inputs if name in seen)


def _calls(function, prefix, arriving, counts):
    """The calls inside a functional graph as nodes, and its output wires."""
    wires = dict(zip(map(id, function.inputs), arriving, strict=True))
    levels = private_names.levels(function)
    # In the order in which Keras runs them.
    running = [node for level in levels for node in level if not node.is_input]
    written = defaultdict(list)  # by layer: its calls as the user's code made them
    for node in running:
        written[id(node.operation)].append(private_names.call_number(node.outputs[0]))
    nodes = {}
    for node in running:
        layer, times = node.operation, sorted(written[id(node.operation)])
        number = times.index(private_names.call_number(node.outputs[0]))
        address = f"{prefix}{layer.name}{f'[{number}]' if len(times) > 1 else ''}"
        inner = _function(layer)
        if inner is None:
            nodes[id(node)], made = _call(node, address, wires, counts)
        else:
            arriving = _arriving(inner, node, wires)
            nodes[id(node)], made = _calls(inner, f"{address}/", arriving, counts)
        wires.update(zip(map(id, node.outputs), made, strict=True))
    # The order of model.summary(), which differs from the running order between branches.
    place = {id(layer): place for place, layer in enumerate(function.operations)}
    listed = [
        call
        for level in levels
        for node in sorted(level, key=lambda n: place[id(n.operation)])
        for call in nodes.get(id(node), ())
    ]
    return listed, [wires[id(tensor)] for tensor in function.outputs]


def _call(node, address, wires, counts):
    """One call of a layer: the list of its only Node, and its output wires."""
    layer = node.operation
    specs = _output_specs(node, address, wires)
    by_name = sorted(node.arguments.kwargs.items())
    call = Node(
        address=address,
        layer=layer,
        kind=kind_of(layer),
        call=counts[id(layer)],
        inputs=tuple(wires[id(tensor)].address for tensor in node.input_tensors),
        input_shapes=tuple(tuple(wires[id(tensor)].spec.shape) for tensor in node.input_tensors),
        output_shapes=tuple(tuple(spec.shape) for spec in specs),
        dtype=str(specs[0].dtype),
        arguments=tuple(tuple(a) if isinstance(a, list) else a for a in node.arguments.args[1:]),
        keywords=tuple(k for k, v in by_name for t in flat(v) if id(t) in wires),
        training=node.arguments.kwargs.get("training"),
    )
    counts[id(layer)] += 1
    return [call], [_Wire(address, spec) for spec in specs]


def _function(model):
    """The functional graph that a model's `call` runs; None for a layer or a subclassed model."""
    model = getattr(model, "in_prediction", model)  # of a layer that only calls a network
    function = private_names.functional(model)
    if not private_names.has_nodes(function):
        return None
    keras_class = next(cls for cls in type(model).__mro__ if is_from_keras(cls))
    return function if type(model).call is keras_class.call else None


def _arriving(inner, node, wires):
    """The wires that reach the inputs of a nested model, in the order of `inner.inputs`."""
    given = [*node.arguments.args, node.arguments.kwargs.get("inputs")][0]
    if isinstance(given, dict) and not isinstance(private_names.inputs_structure(inner), dict):
        return [wires[id(given[tensor.name])] for tensor in inner.inputs]
    return [wires[id(tensor)] for tensor in node.input_tensors[: len(inner.inputs)]]


def _output_specs(node, address, wires):
    """Keras's shapes and dtypes of a call: as stored, or computed where other shapes arrive."""
    layer = node.operation
    if getattr(layer, "data_format", None) == "channels_first":
        raise ValueError(
            f"`model` must have channels last, (B, H, W, C): got channels_first at {address!r}. "
            "Build it with data_format='channels_last'."
        )
    specs = {id(tensor): wires[id(tensor)].spec for tensor in node.input_tensors}
    if all(specs[id(x)].shape[1:] == x.shape[1:] for x in node.input_tensors):
        return node.outputs
    try:
        if not all(_suits(layer, spec) for spec in specs.values()):
            raise ValueError("the layer's weights are of another size.")
        arguments, keywords = node.arguments.fill_in(specs)
        return flat(layer.compute_output_spec(*arguments, **keywords))
    except ValueError as error:
        shapes = ", ".join(str(spec.shape) for spec in specs.values())
        raise ValueError(
            f"`input_shape` must suit every layer: got the shape {shapes} at {address!r}. "
            "Use the size that the model was built for."
        ) from error


def _suits(layer, spec):
    """Whether the sizes that a layer's weights depend on are as they were."""
    fixed = getattr(getattr(layer, "input_spec", None), "axes", None) or {}
    return all(size is None or spec.shape[axis] in (None, size) for axis, size in fixed.items())


def flat(structure):
    """The tensors of a structure in Keras's order: dictionaries by sorted key."""
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    if isinstance(structure, list | tuple):
        return [tensor for item in structure for tensor in flat(item)]
    return [structure]


def _input_shapes(function, input_shape):
    """The shape of each input with its batch axis, after `input_shape` where that is given."""
    shapes = [tensor.shape for tensor in function.inputs]
    if input_shape is None:
        return shapes
    if len(shapes) != 1 or len(input_shape) != len(shapes[0]) - 1:
        raise ValueError(
            "`input_shape` must give one size for each axis of the only input, without the batch: "
            f"got input_shape={tuple(input_shape)} for inputs of shape "
            f"{', '.join(map(str, shapes))}. Write (height, width, channels) for images."
        )
    return [(shapes[0][0], *input_shape)]


def _unreadable(model):
    """The error for what `read` cannot read."""
    name = type(model).__name__
    if not hasattr(model, "layers"):
        return TypeError(
            f"`model` must be a Keras model: got {name}. "
            "Pass the keras.Model itself, not its output or its weights."
        )
    if private_names.is_sequential_unbuilt(model):
        return ValueError(
            f"`model` must be built: got the Sequential {model.name!r} without a known input "
            "shape. Start it with keras.Input((height, width, channels)), or call "
            "model.build((None, height, width, channels))."
        )
    return ValueError(
        f"`model` must be Sequential or functional: got the subclassed model {name}, whose layers "
        "only its own `call` connects. Make a functional model of it: "
        "x = keras.Input(...); keras.Model(x, model.call(x))."
    )


def _paths(node):
    """The address of a node with its call numbers, and without, each between slashes."""
    return f"/{node.address}/", re.sub(r"\[\d+\]", "", f"/{node.address}/")


def _nearest(graph, address):
    """The sentence that lists the layers whose names come nearest to `address`."""
    addresses = {node.address.rpartition("/")[2]: node.address for node in graph.nodes}
    addresses |= {node.address: node.address for node in graph.nodes}
    near = dict.fromkeys(addresses[name] for name in get_close_matches(address, addresses))
    hint = f"Did you mean {' or '.join(map(repr, near))}?"
    if len(graph.nodes) > 12 and near:
        return hint
    known = ", ".join(repr(node.address) for node in graph.nodes[:12])
    more = ", ..." if len(graph.nodes) > 12 else ""
    return f"Its {len(graph.nodes)} layers are {known}{more}.{' ' + hint if near else ''}"
