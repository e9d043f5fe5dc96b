"""A model run once, compiled, with an ear at some of its layers.

For the length of one trace the `call` of the layers asked for is replaced on their instances by
one that notes what comes out, and then put back: nothing stays on the model, and nested and shared
models work like flat ones. The compiled function reads the weights anew each time it runs.

Scores are logits. Where the model ends in softmax or sigmoid, the logits are what the last
operation of the trace reads, be it an argument, a layer or a function.
"""

import contextlib
import itertools
import re
import weakref

import keras
import tensorflow as tf

from cnnlab.reading import graph, private_names
from cnnlab.reading.logits import DIFFERS, always_one, checked, logits_behind
from cnnlab.reading.outputs import selected
from cnnlab.reading.per_model import note

ALWAYS_ONE = (
    "note: the model ends in a softmax over one unit, which is always 1.0 and cannot learn. "
    "The map is of the value before it. Train it with a sigmoid."
)


def compiled(known, question, *given):
    """`question(model, *given, ...)` as a compiled function, made once per model.

    Args:
        known: what is known of the model, which the function does not keep alive.
        question: a function of the model, what is given, and tensors.
        *given: what the question is asked about: texts, and other values that can be a key.

    Returns:
        A function of (tensors, further tensors ...), each given as arrays or None.

    Raises:
        ValueError: Keras runs on another backend than TensorFlow, or the model is not built.
    """
    return known.once((question.__name__, *given), lambda: _compiled(question, known.model, given))


def _compiled(question, model, given):
    if keras.config.backend() != "tensorflow":
        raise ValueError(
            f"Keras's backend must be tensorflow: got {keras.config.backend()!r}. "
            "Unset KERAS_BACKEND, or set it to tensorflow, and restart the kernel."
        )
    if not getattr(model, "built", False):
        raise ValueError(
            f"`model` must have its weights: got {getattr(model, 'name', model)!r}, not built yet. "
            "Give it a keras.Input, or train it first."
        )
    _check_names([model])
    reference = weakref.ref(model)
    function = tf.function(
        lambda *arrays: question(reference(), *given, *arrays),
        autograph=False,
        reduce_retracing=True,
    )
    private_names.never_warn_of_retracing(function)
    traced = {}  # by shapes and dtypes: faster than to let TensorFlow look for what fits

    def run(arrays, *rest):
        key = tuple(a is not None and (a.shape, a.dtype) for a in (*arrays, *rest))
        arrays, rest = tuple(map(_as_tensor, arrays)), tuple(map(_as_tensor, rest))
        if key not in traced:
            traced[key] = _traced(function, arrays, rest)
        concrete, moved = traced[key]
        states = [tf.identity(variable) for variable in moved]
        try:
            return concrete(arrays, *rest)
        except tf.errors.InvalidArgumentError as error:
            if DIFFERS in error.message:
                raise ValueError(DIFFERS) from error
            raise
        finally:
            for variable, state in zip(moved, states, strict=True):
                variable.assign(state)

    run.trace_count = function.experimental_get_tracing_count
    return run


def _check_names(layers):
    """Raises ValueError before Keras opens a scope of a name that TensorFlow refuses.

    After such an error Keras would put the names of that model before all that follow.
    """
    for layer in layers:
        valid = re.fullmatch(r"[A-Za-z0-9_.\\/>-]*", layer.name)
        if not valid and type(layer).__name__ != "InputLayer":
            raise ValueError(
                "`model` must have names of letters A-Z, digits, _, . and - only, for TensorFlow "
                f"compiles no others: got {layer.name!r}. Build it with another name."
            )
        _check_names(private_names.sublayers(layer))


def _traced(function, arrays, rest):
    """The concrete function for arrays of this kind, and the variables that it sets anew.

    Such as the state of a recurrent layer: a question must not move it.
    """
    concrete = function.get_concrete_function(arrays, *rest)
    operations = concrete.graph.get_operations()
    set_anew = {op.inputs[0].name for op in operations if re.match("Assign.*VariableOp", op.type)}
    inside = {id(handle): placeholder.name for handle, placeholder in concrete.graph.captures}
    return concrete, [v for v in concrete.variables if inside.get(id(v.handle)) in set_anew]


def _as_tensor(array):
    return None if array is None else tf.constant(array)  # convert_to_tensor takes longer


def listened(model, inputs, layers, notice=None):
    """The model's output, and what the layers gave out on the way there."""
    network = graph.read(model)
    nodes = [graph.find(network, layer) for layer in layers]
    with hearing(nodes, notice) as heard:
        result = model(inputs, training=False)
    outputs = [heard[id(node.layer), node.call] for node in nodes]
    for node, output in zip(nodes, outputs, strict=True):
        if not tf.is_tensor(output):
            raise ValueError(
                f"`layer` must give out one array: got layer={node.address!r}, a {node.kind} with "
                f"{len(output)}. Choose the layer before or after it."
            )
    return result, outputs


@contextlib.contextmanager
def hearing(nodes, notice=None):
    """For as long as it lasts, what the layers of some nodes give out is noted.

    Args:
        nodes: of a `cnnlab.reading.graph.Graph`.
        notice: a function of each output, or None.

    Yields:
        A dict, {(id of the layer, number of its call): output}.
    """
    heard = {}
    with contextlib.ExitStack() as listening:
        for layer in {id(node.layer): node.layer for node in nodes}.values():
            calls = {node.call for node in nodes if node.layer is layer}
            listening.enter_context(_listening(layer, calls, heard, notice))
        yield heard


def uses_float16(model):
    """Whether a layer computes in float16, whose smallest normal number is 6e-5."""
    return any(
        getattr(layer, "compute_dtype", None) == "float16" or uses_float16(layer)
        for layer in private_names.sublayers(model)
    )


@contextlib.contextmanager
def _listening(layer, calls, heard, notice):
    """For as long as it lasts, the outputs of some calls of a layer are noted in `heard`."""
    name = "quantized_call" if getattr(layer, "quantization_mode", None) else "call"
    before, own, count = vars(layer).get(name), getattr(layer, name), itertools.count()

    def call(*args, **kwargs):
        output, number = own(*args, **kwargs), next(count)
        if number in calls:
            heard[id(layer), number] = output
            if notice is not None and tf.is_tensor(output):
                notice(output)
        return output

    call.in_place_of = before
    vars(layer)[name] = call  # not setattr: Keras would track it as the layer's own
    try:
        yield
    finally:
        del vars(layer)[name]
        if before is not None:
            vars(layer)[name] = before


def logits_of(model, result, output):
    """Logits and probabilities, (B, classes) float32, of one output of the model.

    Of a model that answers at places (B, *places, classes).
    """
    result = selected(model, result, output)
    if result.shape.rank not in (2, 3, 4, 5):
        raise ValueError(
            "`model` must end in one value per class, (B, classes), or per class and place, such "
            f"as (B, H, W, classes): got {tuple(result.shape)}. Add a dense layer."
        )
    logits, last = logits_behind(result, lambda text: note(model, text))
    logits = tf.cast(logits, tf.float32)
    if result.shape[-1] == 1:
        if always_one(1, last):
            note(model, ALWAYS_ONE)
            last = None
        logits, result = tf.concat([-logits, logits], -1), tf.concat([1 - result, result], -1)
        probabilities = tf.sigmoid(logits)
    else:
        probabilities = tf.sigmoid(logits) if last == "Sigmoid" else tf.nn.softmax(logits)
    return checked(logits, probabilities, result, last), probabilities


def over_places(logits, index=None, mask=None):
    """The mean logits over some places of the answer.

    Args:
        logits: (B, *places, classes) float32.
        index: (B,) int32, the class of each image; None takes the class with the largest mean over
            the places, and without a mask the one that is the top class at most places.
        mask: (B, *places) bool; None takes the places where the class is the top one.

    Returns:
        (B, classes) means, 0 over no place, the largest being that of `index` where none is given;
        and the mask.

    Source: Vinogradova, Dibrov & Myers (2020), Seg-Grad-CAM, arXiv:2002.11434, equation 2.
        Difference: the mean over the places where they take the sum.
    """
    batch, count = tf.shape(logits)[0], logits.shape[-1]
    flat = tf.reshape(logits, (batch, -1, count))
    if mask is None:
        top = tf.one_hot(tf.argmax(flat, axis=-1), count)
        if index is None:
            index = tf.argmax(tf.reduce_sum(top, axis=1), axis=1, output_type=tf.int32)
        chosen = tf.reduce_sum(top * tf.one_hot(index, count)[:, None], axis=-1)
    else:
        chosen = tf.cast(tf.reshape(mask, (batch, -1)), tf.float32)
    return mean_over_places(logits, chosen), tf.reshape(chosen > 0, tf.shape(logits)[:-1])


def mean_over_places(values, mask):
    """(B, classes) means of (B, *places, classes) over the places of a mask, 0 over none."""
    batch, count = tf.shape(values)[0], values.shape[-1]
    chosen = tf.cast(tf.reshape(mask, (batch, -1)), tf.float32)
    total = tf.einsum("bp,bpc->bc", chosen, tf.reshape(values, (batch, -1, count)))
    return tf.math.divide_no_nan(total, tf.reduce_sum(chosen, axis=1, keepdims=True))
