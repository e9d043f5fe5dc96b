"""Is this a logit? Asked of the traced computation, backwards from the model's answer.

Probabilities that something follows, such as a slice or an average, look like logits. So the way
back from the answer is walked through every operation that gives no new answer: new answers come
from products with weights. Where a softmax or a sigmoid comes before those, the answer is made of
probabilities, whatever stands in between.
"""

import tensorflow as tf

from cnnlab.reading.library import CALLS, Library

_RULE = "`model` must end in logits, softmax or sigmoid: got "
NO_LOGITS = (
    f"{_RULE}probabilities whose softmax or sigmoid is not its last operation. "
    "Leave out what follows it."
)
# What an answer may be made of: the worst is told.
_FAULTS = {
    "probabilities": NO_LOGITS,
    "hidden": f"{_RULE}probabilities made inside a compiled function or a saved model. "
    "Put its layers in its place, or end it before its softmax or sigmoid.",
    "exponentials": f"{_RULE}probabilities whose softmax or sigmoid is not its last "
    "operation, but made of exp. Use keras.ops.softmax over the classes or keras.ops.sigmoid; "
    "leave a softmax over places out.",
    "hard sigmoid": f"{_RULE}a hard sigmoid, which is flat at 0 and 1. Leave it out.",
}
DIFFERS = (
    f"{_RULE}an answer that is not the softmax or sigmoid of what its last one reads. "
    "Let it be over the classes, and leave out what follows it."
)
UNKNOWN = (
    "note: the model ends in a function that cannot be looked into ({}); its answers are taken "
    "for logits. If they are probabilities, leave that function out."
)
_LAST = {"Softmax", "Sigmoid", "LogSoftmax"}
_PASSES = {"Identity", "IdentityN", "Cast", "Reshape", "Squeeze", "EnsureShape"}
_CONSTANTS = {"Const", "Shape", "ShapeN", "Size", "Rank"}
_PRODUCTS = {"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum"}
_LOOPS = {"While", "StatelessWhile", "CudnnRNN", "CudnnRNNV3"}  # recurrent layers
_OPAQUE = {"PyFunc", "EagerPyFunc", "PyFuncStateless", "XlaCallModule"}


def before_last(tensor, kinds):
    """What the last operation reads, and its kind, if that is one of these; else the tensor."""
    last = tensor
    while last.op.type in _PASSES:
        last = last.op.inputs[last.value_index if last.op.type == "IdentityN" else 0]
    if last.op.type in kinds:
        return last.op.inputs[0], last.op.type
    return tensor, None


def logits_behind(answer, note=print):
    """The logits that an answer of the model was made of.

    Args:
        answer: a tensor of a function that is being traced, the classes along its last axis.
        note: a function of a text, called where a part cannot be looked into.

    Returns:
        A tensor of the same shape, and "Softmax", "LogSoftmax" or "Sigmoid", or None where the
        answer itself is logits.

    Raises:
        ValueError: the answer is made of probabilities in another way.

    Example:
        >>> @tf.function
        ... def function(x):
        ...     return logits_behind(tf.nn.softmax(x))[0]
        >>> function(tf.constant([[1.0, 2]])).numpy()
        array([[1., 2.]], dtype=float32)
    """
    walk = _Walk(answer.graph)
    logits, last = before_last(_without_mask(answer, walk), _LAST)
    logits = logits if last else answer
    made_of = walk.made_of(logits)
    for fault, error in _FAULTS.items():
        if fault in made_of:
            raise ValueError(error)
    if opaque := made_of & (_OPAQUE | CALLS):
        note(UNKNOWN.format(", ".join(sorted(opaque))))
    if logits.shape.rank != answer.shape.rank:  # a Flatten or Reshape stands behind the softmax
        logits = tf.ensure_shape(tf.reshape(logits, tf.shape(answer)), answer.shape)
    return logits, last


def _without_mask(answer, walk):
    """What a masked softmax made, before it set to 0 what its mask leaves out."""
    operation = answer.op
    if operation.type not in {"Select", "SelectV2"}:
        return answer
    mask, kept, filling = operation.inputs
    zero = filling.op.type == "Const" and not tf.make_ndarray(filling.op.get_attr("value")).any()
    return kept if zero and not walk.made_of(mask) & {"probabilities", *_FAULTS} else answer


def always_one(units, last):
    """Whether an answer is 1.0 whatever the picture: a softmax over one unit.

    Args:
        units: the number of classes along the last axis.
        last: "Softmax", "LogSoftmax", "Sigmoid" or None, as `logits_behind` names it.

    Example:
        >>> always_one(1, "Softmax"), always_one(2, "Softmax"), always_one(1, "Sigmoid")
        (True, False, False)
    """
    return units == 1 and last in ("Softmax", "LogSoftmax")


def checked(logits, probabilities, answer, last):
    """The logits, once the model is seen to answer what their softmax or sigmoid gives."""
    if last is None:
        return logits
    answer = tf.cast(answer, tf.float32)
    answer = tf.exp(answer) if last == "LogSoftmax" else answer
    apart = tf.reduce_max(tf.abs(answer - probabilities))
    with tf.control_dependencies([tf.debugging.Assert(~(apart > 0.02), [DIFFERS])]):
        return tf.identity(logits)


class _Walk:
    """The way back through a traced graph, each tensor looked at once."""

    def __init__(self, graph):
        self.library, self.seen = Library(graph), {}

    def made_of(self, tensor):
        """What a tensor is made of: "weights", "input", "answers", or names of faults."""
        key = tensor.op.name, tensor.value_index
        if key not in self.seen:
            self.seen[key] = frozenset(self._made_of(tensor))
        return self.seen[key]

    def _made_of(self, tensor):
        operation, kind = tensor.op, tensor.op.type
        if kind in _CONSTANTS:
            return set()
        if kind in _LAST:
            return {"probabilities"}
        if kind in {"ReadVariableOp", "ResourceGather"}:
            return {"weights"}
        if kind in _LOOPS:
            return {"answers"}
        if kind == "IdentityN":
            return self.made_of(operation.inputs[tensor.value_index])
        if kind in CALLS:
            return self._given_back(tensor)
        if not operation.inputs:
            return {"input"}
        read = [self.made_of(each) for each in operation.inputs]
        together = set().union(*read)
        if kind in {"Mul", "RealDiv"} and self._is_hard_sigmoid(operation.inputs):
            return {"hard sigmoid"}
        if kind in _PRODUCTS or "Conv" in kind:
            if {"weights"} in read and together > {"weights"}:
                return {"answers"}
        if kind in {"RealDiv", "Reciprocal", "Inv"} and "exp" in read[-1]:
            return {"exponentials"}
        if kind in _PRODUCTS | {"Mul", "RealDiv"} and "answers" in together:
            return {"answers"}  # weighed by a gate or by attention
        if kind == "Log" and "exp" in together:
            return together - {"exp"} | {"log of exp"}
        if kind == "Exp":
            return {"exponentials"} if "log of exp" in together else together | {"exp"}
        return together | ({kind} & _OPAQUE)

    def _is_hard_sigmoid(self, inputs):
        """relu6(x + 3) / 6, as Keras computes it."""
        clipped = [each.op for each in inputs if each.op.type == "Relu6"]
        scaled = not all(map(self.made_of, inputs))
        return bool(clipped and scaled and clipped[0].inputs[0].op.type.startswith("Add"))

    def _given_back(self, tensor):
        """What compiled functions give back, at the place of a tensor that one of them made."""
        found = set()
        for returned in self.library.returned(tensor):
            if returned is None:
                return {tensor.op.type}.union(*map(self.made_of, tensor.op.inputs))
            found |= self.made_of(returned)
        return found - {"probabilities"} | {"hidden"} if "probabilities" in found else found
