"""Between which bounds must a tensor lie, by the operations that made it?

Asked of an answer that lies between 0 and 1: is that by chance, as with small logits, or must it?
Nothing is claimed behind an operation that is not known, such as a product with weights.
"""

import math

import tensorflow as tf

from cnnlab.reading.library import CALLS, Library

_ANY = (-math.inf, math.inf)
_RANGES = {
    **dict.fromkeys(["Tanh", "Erf", "Softsign", "Sin", "Cos"], (-1.0, 1.0)),
    **dict.fromkeys(["Sigmoid", "Softmax"], (0.0, 1.0)),
    **dict.fromkeys(["Sqrt", "Rsqrt", "Softplus"], (0.0, math.inf)),
    "Erfc": (0.0, 2.0),
    "Atan": (-math.pi / 2, math.pi / 2),
    "Relu6": (0.0, 6.0),
}
# Each value is one of those that are read, or lies between some of them.
_WITHIN = frozenset(
    """Identity Cast Reshape Squeeze ExpandDims EnsureShape Transpose ReverseV2 Slice StridedSlice
    GatherV2 Tile BroadcastTo Mean Max Min StopGradient""".split()
)
_JOINED = {"ConcatV2": slice(None, -1), "Pack": slice(None), "SelectV2": slice(1, None)}


def between_0_and_1(tensor):
    """Whether a tensor is made so that it lies between 0 and 1, as probabilities do.

    Of a length, the root of a sum of squares as of a capsule, only the lower bound is known.

    Args:
        tensor: of a function that is being traced, whose values were seen to lie there.

    Example:
        >>> @tf.function
        ... def function(x):
        ...     print(between_0_and_1((tf.tanh(x) + 1) / 2), between_0_and_1(tf.nn.relu(x)))
        ...     return x
        >>> _ = function(tf.constant([1.0, 2]))
        True False
    """
    library, room = Library(tensor.graph), 1e-6  # of rounding
    low, high = _bounds(tensor, library)
    return low >= -room and (high <= 1 + room or _is_length(tensor, library))


def _is_length(tensor, library):
    while tensor.op.type in _WITHIN | CALLS:
        calls = tensor.op.type in CALLS
        tensor = library.returned(tensor)[0] if calls else tensor.op.inputs[0]
        if tensor is None:
            return False
    return tensor.op.type == "Sqrt"


def _bounds(tensor, library):
    """The smallest and the largest value that a tensor may have; infinite where not known."""
    low, high = _worked_out(tensor, lambda each: _bounds(each, library), library)
    return _ANY if math.isnan(low) or math.isnan(high) else (low, high)


def _worked_out(tensor, bounds, library):
    kind, inputs = tensor.op.type, tensor.op.inputs
    if kind == "Const":
        value = tf.make_ndarray(tensor.op.get_attr("value"))
        numbers = value.size and value.dtype.kind in "biuf"
        return (float(value.min()), float(value.max())) if numbers else _ANY
    if kind in _RANGES:
        return _RANGES[kind]
    if kind in _WITHIN:
        return bounds(inputs[0])
    if kind == "IdentityN":
        return bounds(inputs[tensor.value_index])
    if kind in CALLS or kind in _JOINED:
        parts = library.returned(tensor) if kind in CALLS else list(inputs)[_JOINED[kind]]
        found = [bounds(part) if part is not None else _ANY for part in parts]
        return min(low for low, _ in found), max(high for _, high in found)
    if kind in _OF_ONE:
        return _OF_ONE[kind](*bounds(inputs[0]))
    if kind == "Mul" and _key(inputs[0]) == _key(inputs[1]):
        return _square(*bounds(inputs[0]))
    if kind in _OF_TWO:
        return _OF_TWO[kind](*map(bounds, inputs))
    if kind == "ClipByValue":
        (low, high), smallest, largest = bounds(inputs[0]), bounds(inputs[1]), bounds(inputs[2])
        return max(low, smallest[0]), min(max(high, smallest[1]), largest[1])
    return _ANY


def _key(tensor):
    return tensor.op.name, tensor.value_index


def _exp(low, high):
    return math.exp(low), math.exp(high) if high < 700 else math.inf


def _square(low, high):
    ends = low * low, high * high
    return 0.0 if low <= 0 <= high else min(ends), max(ends)


def _times(one, other):
    ends = [a * b for a in one for b in other]
    return (math.nan, math.nan) if any(map(math.isnan, ends)) else (min(ends), max(ends))


def _product(one, other):
    if min(*one, *other) >= 0 and math.inf in (*one, *other):
        return 0.0, math.inf
    return _times(one, other)


def _quotient(one, other):
    if other[0] > 0 and math.isfinite(other[1]):
        return _times(one, (1 / other[1], 1 / other[0]))
    return (0.0, math.inf) if one[0] >= 0 and other[0] >= 0 else _ANY


_OF_ONE = {
    "Neg": lambda low, high: (-high, -low),
    "Exp": _exp,
    "Square": _square,
    "Abs": lambda low, high: (max(low, -high, 0.0), max(-low, high)),
    "Relu": lambda low, high: (max(low, 0.0), max(high, 0.0)),
    "Sum": lambda low, high: (0.0 if low >= 0 else -math.inf, 0.0 if high <= 0 else math.inf),
    "Prod": lambda low, high: (0.0, 1.0 if high <= 1 else math.inf) if low >= 0 else _ANY,
}
_OF_TWO = {
    "AddV2": lambda one, other: (one[0] + other[0], one[1] + other[1]),
    "Sub": lambda one, other: (one[0] - other[1], one[1] - other[0]),
    "Mul": _product,
    "RealDiv": _quotient,
    "Maximum": lambda one, other: (max(one[0], other[0]), max(one[1], other[1])),
    "Minimum": lambda one, other: (min(one[0], other[0]), min(one[1], other[1])),
    "Pow": lambda one, other: _square(*one) if other == (2.0, 2.0) else _ANY,
}
