"""Answers between 0 and 1: noted where the model is made so, and not where it is by chance."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from cnnlab.gradients import class_evidence, class_scores
from cnnlab.reading.bounds import between_0_and_1


def x(count=2):
    return np.random.default_rng(0).uniform(size=(count, 6, 8, 3)).astype("float32")


def ending(end, scale=1.0):
    """A model whose vector of features ends in a function, and its weights scaled."""
    keras.utils.set_random_seed(0)
    image = keras.Input((6, 8, 3))
    maps = layers.Conv2D(4, (3, 2), name="conv")(image)
    model = keras.Model(image, end(layers.GlobalAveragePooling2D()(maps)))
    model.set_weights([scale * weight for weight in model.get_weights()])
    return model


def lengths(vector):
    capsules = layers.Reshape((3, 4))(layers.Dense(12)(vector))
    squares = ops.sum(ops.square(capsules), axis=-1, keepdims=True)
    squashed = squares / (1 + squares) * capsules / ops.sqrt(squares + 1e-7)
    return ops.sqrt(ops.sum(ops.square(squashed), axis=-1))


class Head(layers.Layer):
    """A head that the user has compiled."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3))

    @tf.function
    def call(self, vector):
        return (tf.tanh(vector @ self.kernel) + 1) / 2


# What may come of any numbers z, and lies between 0 and 1.
MADE_SO = {
    "exp of log sigmoid": lambda z: ops.exp(ops.log_sigmoid(z)),
    "exp of minus softplus": lambda z: ops.exp(-ops.softplus(-z)),
    "tanh": lambda z: (ops.tanh(z) + 1) / 2,
    "tanh, halved first": lambda z: 0.5 + 0.5 * ops.tanh(z),
    "erf": lambda z: (1 + ops.erf(z)) / 2,
    "softsign": lambda z: (layers.Activation("softsign")(z) + 1) / 2,
    "arctan": lambda z: ops.arctan(z) / np.pi + 0.5,
    "clip": lambda z: ops.clip(z, 0, 1),
    "cut off": lambda z: ops.minimum(ops.maximum(z, 0.0), 1.0),
    "hard": lambda z: layers.ReLU(1.0)(z + 0.5),
    "a bell": lambda z: ops.exp(-ops.square(z)),
    "a bell of a product": lambda z: ops.exp(-(z * z)),
    "one minus a bell": lambda z: 1 - ops.exp(-ops.abs(z)),
    "a squared sine": lambda z: ops.square(ops.sin(z)),
    "chosen": lambda z: ops.where(z > 0, 1.0, 0.5 * ops.exp(-ops.relu(-z))),
    "turned": lambda z: ops.flip((ops.tanh(z) + 1) / 2, axis=-1),
    "joined": lambda z: layers.Concatenate()([ops.clip(z, 0, 1), (ops.tanh(z) + 1) / 2]),
    "multiplied": lambda z: ops.clip(z, 0, 1) * (ops.tanh(z) + 1) / 2,
}
ENDS = {
    **{name: lambda v, end=end: end(layers.Dense(3)(v)) for name, end in MADE_SO.items()},
    "one answer": lambda v: (ops.tanh(layers.Dense(1)(v)) + 1) / 2,
    "lengths of capsules": lengths,
    "compiled by the user": lambda v: Head()(v),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_answers_that_are_made_to_lie_between_0_and_1_are_noted_once(end, capsys):
    model = ending(end, scale=0.4)
    for ask in (class_scores, class_scores, class_evidence):
        ask(model, x())
    said = capsys.readouterr().out
    assert said.count("made so that its answers lie between 0 and 1; they are taken for log") == 1


def test_at_places_they_are_noted_too(capsys):
    image = keras.Input((6, 8, 3))
    model = keras.Model(image, ops.exp(-ops.square(layers.Conv2D(3, 2)(image))))
    class_scores(model, x())
    assert "its answers lie between 0 and 1" in capsys.readouterr().out


# Logits that are small and positive, as they may be before any training.
BY_CHANCE = {
    "dense": lambda v: layers.Dense(3)(v),
    "one logit": lambda v: layers.Dense(1)(v),
    "relu": layers.Dense(3, activation="relu"),
    "softplus": layers.Dense(3, activation="softplus"),
    "relu6": lambda v: layers.ReLU(6)(layers.Dense(3)(v)),
    "tanh": layers.Dense(3, activation="tanh"),
    "clipped far out": lambda v: ops.clip(layers.Dense(3)(v), -10, 10),
    "a gate": lambda v: layers.Dense(3)(v) * layers.Dense(3, activation="sigmoid")(v),
    "dense behind a sigmoid": lambda v: layers.Dense(3)(layers.Dense(4, activation="sigmoid")(v)),
    "a norm": lambda v: layers.BatchNormalization()(layers.Dense(3)(v)),
    "a rate": lambda v: ops.exp(layers.Dense(3)(v) - 5),
    "softmax": layers.Dense(3, activation="softmax"),
    "softmax of a tanh": lambda v: ops.softmax((ops.tanh(layers.Dense(3)(v)) + 1) / 2),
}


@pytest.mark.parametrize("end", BY_CHANCE.values(), ids=BY_CHANCE)
def test_small_positive_logits_are_not_noted(end, capsys):
    model = ending(end, scale=0.4)
    model.set_weights([0.01 + 0.01 * np.abs(weight) for weight in model.get_weights()])
    logits, _ = class_scores(model, x())
    assert 0 <= logits[:, 1:].min() and logits.max() < 1  # as with probabilities
    assert capsys.readouterr().out == ""


@tf.function
def rate_and_tanh(z):
    """Two results of one call, between other bounds each."""
    return tf.exp(z), tf.tanh(z)


FUNCTIONS = {
    **MADE_SO,
    "negative": lambda z: -ops.exp(z),
    "ratio": lambda z: ops.square(z) / (1 + ops.square(z)),
    "mean": lambda z: ops.mean(ops.tanh(z), axis=-1, keepdims=True),
    "sum": lambda z: ops.sum(ops.abs(z), axis=-1, keepdims=True),
    "product": lambda z: ops.prod(ops.clip(z, 0, 1), axis=-1, keepdims=True),
    "stack": lambda z: ops.stack([ops.sin(z), 3 + ops.cos(z)]),
    "divided by bounds": lambda z: ops.tanh(z) / (2 + ops.sin(z)),
    "divided by what may be 0": lambda z: ops.tanh(z) / ops.sin(z),
    "subtracted": lambda z: ops.clip(z, 1, 4) - ops.clip(z, -1, 2),
    "zero times anything": lambda z: 0.0 * ops.exp(z),
    "the difference of two rates": lambda z: ops.exp(z) - ops.softplus(z),
    "a size": lambda z: ops.abs(ops.clip(z, -4, 1)),
    "the second of two results": lambda z: rate_and_tanh(z)[1],
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_no_value_lies_outside_the_bounds(function):
    from cnnlab.reading import bounds

    found = []

    @tf.function(autograph=False)
    def traced(z):
        values = function(z)
        found.append(bounds._bounds(values, bounds.Library(values.graph)))
        return values

    z = np.random.default_rng(0).normal(size=(40, 5)) * [[1, 3, 0.1, 10, 2]]
    values, ((low, high),) = traced(tf.constant(z, tf.float32)).numpy(), found
    assert low - 1e-5 <= values.min() and values.max() <= high + 1e-5


def test_the_operations_alone_decide_not_the_values():
    found = []

    @tf.function
    def traced(z):
        found.extend([between_0_and_1(z), between_0_and_1(tf.exp(z)), between_0_and_1(z * z)])
        found.extend([between_0_and_1(tf.sigmoid(z)), between_0_and_1(tf.sqrt(tf.abs(z)))])
        return z

    traced(tf.constant([0.5]))
    assert found == [False, False, False, True, True]
