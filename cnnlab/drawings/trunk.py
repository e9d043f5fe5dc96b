"""The trunk of a network: what every path from the input to the output passes."""

import re
from collections import Counter

from cnnlab.reading.graph import Graph


def trunk(graph, source=None, goal=None):
    """The nodes that lie on every path, in order; of a chain all.

    Args:
        graph: what `cnnlab.reading.graph.read` returned.
        source: address of the node at which the paths begin; None takes all inputs.
        goal: address of the node at which they end; None takes all outputs.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> from cnnlab.reading.graph import read
        >>> image = keras.Input((8, 12, 3), name="image")
        >>> x = layers.Conv2D(3, 3, padding="same", name="conv")(image)
        >>> x = layers.Add(name="sum")([image, x])
        >>> [node.address for node in trunk(read(keras.Model(image, x)))]
        ['image', 'sum']
    """
    starts, ends = [source] if source else graph.inputs, [goal] if goal else graph.outputs
    before, after = Counter(starts), Counter(ends)
    for node in graph.nodes:
        if node.address not in starts:
            before[node.address] = sum(before[name] for name in node.inputs)
    for node in reversed(graph.nodes):
        for name in node.inputs:
            after[name] += after[node.address]
    paths = sum(before[name] for name in ends)
    return tuple(n for n in graph.nodes if before[n.address] * after[n.address] == paths > 0)


def between(graph, first, last):
    """The part of a graph behind one node of its trunk, up to and with another, as a `Graph`.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> from cnnlab.reading.graph import read
        >>> stack = [layers.ReLU(name=name) for name in "abc"]
        >>> graph = read(keras.Sequential([keras.Input((8, 12, 3)), *stack]))
        >>> [node.address for node in between(graph, graph["a"], graph["c"]).nodes]
        ['a', 'b', 'c']
    """
    names = [node.address for node in graph.nodes]
    wanted = {last.address}
    for node in reversed(graph.nodes[names.index(first.address) + 1 :]):
        if node.address in wanted:
            wanted.update(node.inputs)
    nodes = tuple(node for node in graph.nodes if node.address in wanted | {first.address})
    return Graph(graph.name, nodes, (first.address,), (last.address,))


def short(graph, node):
    """The last part of an address, where no other node of the graph has the same."""
    if not node.inputs:
        return input_name(node)
    last = node.address.rpartition("/")[2]
    ends = Counter(other.address.rpartition("/")[2] for other in graph.nodes)
    return last if ends[last] == 1 else node.address


def input_name(node):
    """The name of an input: "input" for what nobody has named, such as "input_layer_3"."""
    return re.sub(r"^input_layer(_\d+)?$", "input", node.address)
