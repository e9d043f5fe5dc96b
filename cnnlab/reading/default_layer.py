"""The layer that a heat map looks at where none is named."""

from dataclasses import replace

from cnnlab.reading import graph
from cnnlab.reading.layer_windows import ONLY_IN_TRAINING, POOLINGS
from cnnlab.reading.picture_axes import turned_maps

_STEPS_OVER = ONLY_IN_TRAINING | POOLINGS | {"Identity", "Permute"}


def default_node(network, outputs):
    """The last map in front of pooling or flattening on the way to an output.

    Where the output is a map itself, or the way holds no convolution with a map in front of it, it
    is the last convolution's finished map on that way.

    Args:
        network: a `Graph`.
        outputs: the addresses of the nodes that give the output.

    Returns:
        A `Node`, and the addresses of others that the output is made of in the same manner.

    Raises:
        ValueError: no convolution on the way has a map.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> image = keras.Input((8, 12, 3))
        >>> x = layers.Conv2D(3, 1, name="conv")(image)
        >>> x = layers.MaxPooling2D()(layers.Add(name="add")([image, x]))
        >>> network = graph.read(keras.Model(image, layers.Flatten(name="flat")(x)))
        >>> default_node(network, ("flat",))[0].address
        'add'
    """
    on_the_way = way_to(network, outputs)
    convolution = _last_convolution(on_the_way)
    rank = len(convolution.output_shape)
    convolved = set()  # behind a convolution with a map, or one themselves
    for node in on_the_way.calls:
        if node.convolves or convolved & set(node.inputs):
            convolved.add(node.address)
    found, waiting, turned = set(), set(outputs), turned_maps(network)
    while waiting:
        node = on_the_way[waiting.pop()]
        if not _is_map(node, rank) or node.address in turned:
            waiting.update(node.inputs)
        elif node.address in convolved:
            found.add(_before_windows(on_the_way, node, rank))
    if not found or any(_is_map(network[address], rank) for address in outputs):
        return convolution, ()
    *others, last = [node for node in network.nodes if node in found]
    return last, tuple(node.address for node in others)


def way_to(network, outputs):
    """The part of a graph that some outputs are made of."""
    needed = set(outputs)
    for node in reversed(network.nodes):
        if node.address in needed:
            needed.update(node.inputs)
    nodes = tuple(node for node in network.nodes if node.address in needed)
    return graph.Graph(network.name, nodes, network.inputs, tuple(outputs))


def _is_map(node, rank):
    return node.has_map and len(node.output_shape) == rank


def _before_windows(network, node, rank):
    """The map that trailing pooling layers read."""
    while node.kind in _STEPS_OVER and _is_map(network[node.inputs[0]], rank):
        node = network[node.inputs[0]]
    return node


def _last_convolution(network):
    """The last convolution's finished map; where that is an answer at places, the one before it.

    The map of what makes the answer would only show the answer. Where there is none before, it is
    taken all the same.
    """
    node = graph.last_convolution(network)
    last = max(i for i, other in enumerate(network.nodes) if other.convolves)
    before = replace(network, nodes=network.nodes[:last])
    if _answers(network, node) and any(other.convolves for other in before.nodes):
        return _last_convolution(before)
    return node


def _answers(network, node):
    """Whether the map becomes the output without any further weight."""
    behind = {node.address}
    for other in network.nodes:
        if behind & set(other.inputs) and not getattr(other.layer, "weights", ()):
            behind.add(other.address)
    return not behind.isdisjoint(network.outputs)
