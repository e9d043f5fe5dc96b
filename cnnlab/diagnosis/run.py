"""A model run on a batch, as in prediction and as in training, and put back as it was."""

import contextlib
import inspect
import random
import warnings
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from cnnlab.reading import private_names
from cnnlab.reading.graph import flat
from cnnlab.reading.outputs import selected
from cnnlab.reading.tracing import hearing


@dataclass(frozen=True, eq=False)
class Run:
    """What came out.

    Attributes:
        answers: an array per output, as in prediction.
        again: two arrays per output, the answers to the same few pictures, asked twice.
        as_called: per output, the answers to them as in prediction, and those of ``model(images)``;
            () where no layer was called with ``training=True``.
        in_training: the same, as in training: batch statistics, dropout.
        outputs: {address: what each layer gave out}, as in training.
        gradients: {path of a trainable weight: its gradient, or None where there is no way}.
        loss: the loss of the batch with all penalties, or None.
        penalty: the penalties alone.
        loss_in_prediction: the loss of the same batch, answered as in prediction, without
            penalties; or None.
        pulls: per output, the length of its loss's gradient on the weights that all outputs share;
            () where there is one output, or a loss is not known.
    """

    answers: tuple = ()
    again: tuple = ()
    as_called: tuple = ()
    in_training: tuple = ()
    outputs: dict = field(default_factory=dict, repr=False)
    gradients: dict = field(default_factory=dict, repr=False)
    loss: float | None = None
    penalty: float = 0.0
    loss_in_prediction: float | None = None
    pulls: tuple = ()


def running(model, graph, heads, batch, rows):
    """The `Run` of a model on a batch.

    Args:
        model: a built Keras model.
        graph: its `Graph`, or None.
        heads: its `Head`s.
        batch: a `Batch`.
        rows: which labels belong to it.
    """
    arrays = batch.form.arranged(tuple(map(tf.constant, batch.arrays)))
    with untouched(model), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras says of losses, the rules say too
        predicted = model(arrays, training=False)
        in_prediction = _sum(_losses(model, predicted, heads, rows))
        few = batch if batch.fixed else batch[:8]
        few = few.form.arranged(tuple(map(tf.constant, few.arrays)))
        twice = [_outputs(model(few, training=False)) for _ in range(2)]
        again = tuple(zip(*twice, strict=True))
        nodes = graph.calls if graph else ()
        told = any(node.training for node in nodes)
        as_called = tuple(zip(twice[0], _outputs(model(few)), strict=True)) if told else ()
        with hearing(nodes) as heard, tf.GradientTape(persistent=len(heads) > 1) as tape:
            values = [tf.identity(variable.value) for variable in model.trainable_variables]
            tape.watch(values)
            others = [variable.value for variable in model.non_trainable_variables]
            told = {"training": True} if _asks_for_training(model) else {}
            result, _, penalties = model.stateless_call(
                values, others, arrays, return_losses=True, **told
            )
            penalty = tf.add_n([tf.cast(p, tf.float32) for p in penalties] or [tf.constant(0.0)])
            parts = _losses(model, result, heads, rows)
            loss = _sum(parts)
            total = None if loss is None else loss + penalty
        gradients = {} if total is None else _gradients(tape, total, values, model)
        pulls = _pulls(tape, parts, values) if len(parts) > 1 else ()
    outputs = {
        node.address: np.asarray(heard[id(node.layer), node.call], np.float32)
        for node in nodes
        if tf.is_tensor(heard.get((id(node.layer), node.call)))
    }
    return Run(
        _outputs(predicted),
        again,
        as_called,
        tuple(np.asarray(a, np.float32) for a in flat(result)),
        outputs,
        gradients,
        None if total is None else float(total),
        float(penalty),
        None if in_prediction is None else float(in_prediction),
        pulls,
    )


def has_slope(function):
    """Whether an activation passes any gradient back; True where that cannot be asked.

    Example:
        >>> has_slope(keras.ops.sign), has_slope(keras.activations.relu)
        (False, True)
    """
    values = tf.reshape(tf.linspace(-3.0, 3.0, 60), (15, 4))
    try:
        with tf.GradientTape() as tape:
            tape.watch(values)
            weighted = tf.reduce_sum(function(values) * tf.range(1.0, 5.0))
        slopes = tape.gradient(weighted, values)
    except (ValueError, TypeError, AttributeError, tf.errors.OpError):
        return True
    return slopes is not None and bool(np.any(slopes))


def answering(model, batch):
    """What a model answers to a `Batch`, as in prediction: an array per output."""
    arrays = batch.form.arranged(tuple(map(tf.constant, batch.arrays)))
    with untouched(model):
        return _outputs(model(arrays, training=False))


@contextlib.contextmanager
def untouched(model):
    """Whatever runs inside, weights, statistics and seeds are afterwards as they were."""
    variables = [*model.variables]
    values = [tf.identity(variable.value) for variable in variables]
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (a layer may draw so)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _asks_for_training(model):
    """Whether a model's `call` takes the argument; that of a subclassed one need not."""
    parameters = inspect.signature(model.call).parameters
    return "training" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _outputs(result):
    return tuple(np.asarray(answer, np.float32) for answer in flat(result))


def _losses(model, result, heads, rows):
    """The loss of every head, times its weight; [] where one cannot be computed."""
    parts, weights = [], _weights(model, heads)
    for number, head in enumerate(heads):
        if (
            head.labels is None
            or head.label_kind == "text"
            or not head.loss.name
            or len(head.labels) <= max(rows)
        ):
            return []
        answer = selected(model, result, number if len(heads) > 1 else None)
        labels = head.labels[rows]
        if labels.ndim == len(answer.shape) - 1 and head.loss.kind not in ("sparse", ""):
            labels = labels[..., None]
        try:
            loss = _function_of(model, head, number)(labels, answer)
            parts.append(weights[number] * tf.reduce_mean(tf.cast(loss, tf.float32)))
        except (ValueError, TypeError, tf.errors.OpError):  # the labels do not fit: another rule
            return []
    return parts


def _sum(parts):
    return tf.add_n(parts) if parts else None


def _weights(model, heads):
    """`loss_weights` as they were compiled, one per head."""
    given = private_names.loss_weights(model)
    if isinstance(given, dict):
        given = [given.get(head.name, 1.0) for head in heads]
    fits = isinstance(given, list | tuple) and len(given) == len(heads)
    numbers = fits and all(isinstance(weight, int | float | np.number) for weight in given)
    return list(map(float, given)) if numbers else [1.0] * len(heads)


def _pulls(tape, parts, values):
    """The length of each loss's gradient on the weights that all of them reach; () without such."""
    found = [tape.gradient(part, values) for part in parts]
    shared = [row for row in zip(*found, strict=True) if all(g is not None for g in row)]
    squares = [[float(tf.reduce_sum(tf.convert_to_tensor(g) ** 2)) for g in row] for row in shared]
    return tuple(np.sqrt(np.sum(squares, axis=0)).tolist()) if squares else ()


def loss_of(model, head, truth, answers):
    """What the loss of a model's only output makes of some answers; None where it cannot."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(tf.reduce_mean(_function_of(model, head, 0)(truth, tf.constant(answers))))
        except (ValueError, TypeError, KeyError, tf.errors.OpError):
            return None


def _function_of(model, head, number):
    given = model.loss
    if isinstance(given, dict):
        given = given[head.name]
    elif isinstance(given, list | tuple):
        given = given[number]
    return keras.losses.get(head.loss.name if isinstance(given, str) else given)


def _gradients(tape, total, values, model):
    found = tape.gradient(total, values)
    return {
        variable.path: None if value is None else np.asarray(tf.convert_to_tensor(value))
        for variable, value in zip(model.trainable_variables, found, strict=True)
    }
