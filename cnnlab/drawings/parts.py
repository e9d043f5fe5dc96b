"""The parts of a drawn network: layers with what follows them at once, and equal blocks as one."""

import re
from collections import Counter
from dataclasses import dataclass, replace

from cnnlab.drawings.trunk import input_name, trunk
from cnnlab.reading.graph import Graph, consumers
from cnnlab.reading.kinds import ACTIVATIONS, CONVOLUTIONS, MAKES_MAPS, NORMALISATIONS
from cnnlab.reading.layer_windows import GLOBAL_POOLINGS, ONLY_IN_TRAINING, POOLINGS

FEW = 16  # parts of which each is drawn
TIED = "\N{NO-BREAK SPACE}"  # between two words of one line
PERIODS = range(1, 7)  # blocks in a row that may repeat together
SIGNS = {"Add": "add +", "Multiply": "multiply ×", "Subtract": "subtract −"}
WORDS = {"relu": "ReLU", "gelu": "GELU", "silu": "SiLU", "elu": "ELU", "selu": "SELU"}


@dataclass(frozen=True)
class Part:
    """A layer, and the normalisation and activation that follow it.

    Attributes:
        address: of the layer.
        inputs: addresses of the parts it reads.
        lines: what it does, in words; the last is the shape of what it gives.
        kind: "input", "convolution", "pooling", "dense", "merge" or "other".
    """

    address: str
    inputs: tuple
    lines: tuple
    kind: str


@dataclass(frozen=True)
class Block:
    """Parts in a row of blocks that are equal.

    Attributes:
        parts: of the first; where the others give more channels, that is told.
        times: how many there are.
    """

    parts: tuple
    times: int = 1


def parts(graph):
    r"""The parts of a graph, as a `Graph` of `Part`.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> from cnnlab.reading.graph import read
        >>> stack = [layers.Conv2D(4, (3, 5), strides=2), layers.BatchNormalization(),
        ...     layers.ReLU()]
        >>> made = parts(read(keras.Sequential([keras.Input((9, 12, 3)), *stack])))
        >>> made.nodes[1].lines
        ('conv 3×5, 4, stride\xa02', 'batch norm, ReLU', '4×4×4')
    """
    follows = NORMALISATIONS | ACTIVATIONS | ONLY_IN_TRAINING
    host, behind, last = {}, {}, {}
    for node in graph.nodes:
        before = node.inputs[0] if len(node.inputs) == 1 else None
        joins = node.kind in follows and before in host and len(consumers(graph, before)) == 1
        joins = joins and graph[host[before]].inputs and before not in graph.outputs
        host[node.address] = host[before] if joins else node.address
        last[host[node.address]] = node
        if joins:
            behind.setdefault(host[before], []).append(_words(node)[0])
        else:
            behind.setdefault(node.address, [])
    called = Counter(id(node.layer) for node in graph.nodes)
    made = [
        Part(
            name,
            tuple(host[address] for address in graph[name].inputs if address in host),
            _lines(graph[name], behind[name], last[name], called),
            _kind(graph[name]),
        )
        for name in behind
    ]
    outputs = tuple(dict.fromkeys(host[name] for name in graph.outputs))
    return Graph(graph.name, tuple(made), graph.inputs, outputs)


def blocks(graph):
    """Equal stretches of the trunk in a row as one `Block`, where there are more than a few parts.

    Args:
        graph: what `parts` returned.

    Returns:
        A list of `Block`, whose parts read each other and the end of the block before.
    """
    stations = {part.address for part in trunk(graph)}
    segments, open_ones = [], []
    for part in graph.nodes:
        open_ones.append(part)
        if part.address in stations:
            segments.append(tuple(open_ones))
            open_ones = []
    segments += [tuple(open_ones)] if open_ones else []
    if len(graph.nodes) <= FEW:
        return [Block(segment) for segment in segments]
    marks = [_signature(segment) for segment in segments]
    found, at = [], 0
    while at < len(segments):
        saved, period, times = max(
            (_repeats(marks, at, period) for period in PERIODS), key=lambda one: (one[0], -one[1])
        )
        end = at + period if saved else at + 1
        ends = [sum(segments[n : n + end - at], ()) for n in (at, at + (end - at) * (times - 1))]
        first, last = ends if saved else (ends[0], ends[0])
        found.append(Block(tuple(map(_both, first, last)), times if saved else 1))
        skipped = segments[end - 1][-1].address, segments[at + period * times - 1][-1].address
        at = at + period * times if saved else at + 1
        if saved and at < len(segments):
            segments[at] = tuple(_reading(part, *skipped) for part in segments[at])
    return found


def _both(first, last):
    """The part of the first of equal blocks, with the channels of the last, if these grow."""
    (*words, shape), grown = first.lines, last.lines[-1]
    shape = shape if shape == grown else f"{shape} to {grown.rpartition('×')[2]}"
    return replace(first, lines=(*words, shape))


def _repeats(marks, at, period):
    """How many segments it saves to draw those from here on once, the period, and the times."""
    times = 1
    while marks[at : at + period] == marks[at + times * period : at + (times + 1) * period]:
        times += 1
    whole = at + period <= len(marks)
    return (period * (times - 1) if whole else 0), period, times


def _signature(segment):
    """What makes two segments equal: words and sizes of their parts, and who reads whom."""
    number = {part.address: n for n, part in enumerate(segment)}
    return [
        (p.lines[:-1], p.lines[-1].rpartition("×")[0], tuple(number.get(n, -1) for n in p.inputs))
        for p in segment
    ]


def _reading(part, kept, skipped):
    """A part that reads the end of the block that is drawn in place of the last one."""
    names = tuple(kept if name == skipped else name for name in part.inputs)
    return replace(part, inputs=names)


def _lines(node, followers, last, called):
    """What a part does, in words."""
    first, *own = _words(node)
    again = called[id(node.layer)] > 1 and node.call and getattr(node.layer, "weights", ())
    more = ", ".join([*own, *followers])
    shape = "×".join("?" if size is None else str(size) for size in last.output_shape[1:])
    return tuple(
        line for line in (first, more, "same weights again" if again else "", shape) if line
    )


def _words(node):
    """What a layer does, and its activation."""
    layer, kind = node.layer, node.kind
    if not node.inputs:
        return [input_name(node)]
    if kind in SIGNS:
        return [SIGNS[kind]]
    name = re.sub(r"\d[dD]|^.*\.", "", kind)
    name = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name)
    for long, short in [("Pooling", "pool"), ("Normalization", "norm"), ("Batch", "batch")]:
        name = name.replace(long, short)
    name = name.replace(" Transpose", "")
    name = name if name.isupper() or name.endswith("LU") else name.lower()
    if kind.endswith("Transpose"):
        name = f"transposed {name}"
    if kind == "Activation":
        return [_activation(layer)]
    name = WORDS.get(name, name)
    size = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    text = [f"{name} {'×'.join(map(str, size))}" if isinstance(size, tuple) else name]
    count = getattr(layer, "filters", None) or getattr(layer, "units", None)
    text += [f"{count}"] if isinstance(count, int) and kind != "DepthwiseConv2D" else []
    strides = getattr(layer, "strides", None)
    default = size if kind in POOLINGS else (1,) * len(strides or ())
    if isinstance(strides, tuple) and strides != default:
        step = strides[0] if len(set(strides)) == 1 else "×".join(map(str, strides))
        text += [f"stride{TIED}{step}"]
    rate = getattr(layer, "dilation_rate", 1)
    if isinstance(rate, tuple) and max(rate) > 1:
        text += [f"dilation{TIED}{max(rate)}"]
    own = [_activation(layer)] if callable(getattr(layer, "activation", None)) else []
    return [", ".join(text), *[name for name in own if name != "linear"]]


def _activation(layer):
    name = getattr(layer.activation, "__name__", "activation")
    return WORDS.get(name, name)


def _kind(node):
    if not node.inputs:
        return "input"
    if node.kind in MAKES_MAPS | CONVOLUTIONS:
        return "convolution"
    if node.kind in POOLINGS | GLOBAL_POOLINGS:
        return "pooling"
    if node.kind == "Dense":
        return "dense"
    return "merge" if len(node.inputs) > 1 or node.kind in SIGNS else "other"
