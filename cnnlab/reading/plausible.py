"""Can these values be logits? Asked of what a model has answered."""

from math import isfinite

import numpy as np
import tensorflow as tf

from cnnlab.reading.bounds import between_0_and_1
from cnnlab.reading.logits import NO_LOGITS, logits_behind
from cnnlab.reading.outputs import selected
from cnnlab.reading.per_model import note
from cnnlab.reading.tracing import compiled

BOUNDED = (
    "note: the model is made so that its answers lie between 0 and 1; they are taken for logits. "
    "If they are probabilities, end it in a softmax or sigmoid, or before what makes them so."
)


def check_values(batch, output, logits):
    """Raises ValueError unless scores are finite and no probabilities; notes what they may be.

    Args:
        batch: a `Batch`.
        output: name or number of an output, or None.
        logits: (B, classes) or (B, *places, classes), what it was answered.
    """
    low, high = float(logits.min()), float(logits.max())
    if not (isfinite(low) and isfinite(high)):
        image, *_, index = np.argwhere(~np.isfinite(logits))[0]
        raise ValueError(
            f"`model` must give finite scores: got {logits[image, index]} for image {image}, class "
            f"{index}. Look for NaN in its weights, or overflow in float16 (bfloat16 has none)."
        )
    if low >= 0 and shares_of_one(logits):
        raise ValueError(NO_LOGITS)
    model, least, most = batch.known.model, low, high
    if logits.shape[-1] == 2 and np.array_equal(logits[..., 0], -logits[..., 1]):
        least, most = logits[..., 1].min(), logits[..., 1].max()  # of a single logit
    if least >= 0 and most <= 1 and is_bounded(batch, output):
        note(model, BOUNDED)
    if logits.shape[-1] > 2 and low >= -1.0001 and high <= 1.0001 and _are_units(logits):
        note(
            model,
            f"note: the model's answers are vectors of length 1, an embedding; its "
            f"{logits.shape[-1]} values are taken for classes. Compare two pictures by a model of "
            "their distance instead.",
        )


def _are_units(answers):
    """Whether every answer is a vector of length 1; most end at the first, which is asked alone."""
    first = answers.reshape(-1, answers.shape[-1])[0]
    if abs(float(first.dot(first)) - 1) >= 1e-4:
        return False
    return bool(np.abs(np.vecdot(answers, answers) - 1).max() < 1e-4)


def shares_of_one(answers):
    """Whether numbers from 0 on add up to 1 over the classes or over places, as probabilities do.

    Args:
        answers: (B, classes) or (B, *places, classes), none below 0.

    Example:
        >>> shares_of_one(np.array([[0.2, 0.8], [0.5, 0.5]])), shares_of_one(np.ones((2, 3)))
        (True, False)
    """
    axes = [-1, *range(1, answers.ndim - 1), tuple(range(1, answers.ndim - 1))]
    sums = (answers.sum(axis=axis) for axis in axes if axis != ())
    return any(np.allclose(each, 1, atol=1e-3) for each in sums)


def is_bounded(batch, output):
    """Whether a model is made so that its answers lie between 0 and 1, though it ends in logits.

    Args:
        batch: a `Batch` whose answers were seen to lie there.
        output: name or number of an output, or None.
    """
    part = batch[batch.rows(1)[0]]
    return batch.known.once(
        ("bounded", output),
        lambda: bool(compiled(part.known, _bounded, part.form, output)(part.arrays)),
    )


def _bounded(model, form, output, arrays):
    answer = selected(model, model(form.arranged(arrays), training=False), output)
    return tf.constant(logits_behind(answer, note=str)[1] is None and between_0_and_1(answer))
