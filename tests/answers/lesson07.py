"""Answers to lesson 07, as students write them."""

import numpy as np

MEANS = (103.939, 116.779, 123.68)


def prepared_by_index(images):
    return images[..., [2, 1, 0]].astype("float32") - MEANS


def prepared_by_flip(images):
    return np.flip(images, axis=-1) - np.array(MEANS)


def prepared_by_keras(images):
    from keras.applications.vgg16 import preprocess_input

    return preprocess_input(images.astype("float32"))


def prepared_by_product(images):
    return images @ np.eye(3)[::-1] - MEANS


def prepared_by_loops(images):
    out = np.zeros(images.shape, "float32")
    for channel in range(3):
        out[..., channel] = images[..., 2 - channel].astype(float) - MEANS[channel]
    return out


def logit_by_diff(logits):
    return np.diff(logits, axis=1)


def logit_by_product(logits):
    return logits @ np.array([[-1], [1]])


def logit_by_lists(logits):
    return [[dog - cat] for cat, dog in logits.tolist()]


def logit_by_odds(logits):
    odds = np.exp(logits[:, 1].astype(float)) / np.exp(logits[:, 0].astype(float))
    return np.log(odds).reshape(-1, 1)


def logit_by_keras(logits):
    from keras import ops

    shares = ops.softmax(ops.convert_to_tensor(logits.astype("float64")), axis=1)
    return ops.log(shares[:, 1:] / shares[:, :1])


def head_by_tape(weights, bias, features, labels, rate):
    import tensorflow as tf

    weights, bias = tf.Variable(weights, dtype="float64"), tf.Variable(bias, dtype="float64")
    with tf.GradientTape() as tape:
        logits = tf.reduce_mean(tf.cast(features, "float64"), (1, 2)) @ weights + bias
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        loss = tf.reduce_mean(losses)
    dw, db = tape.gradient(loss, [weights, bias])
    return weights - rate * dw, bias - rate * db


def head_by_scipy(weights, bias, features, labels, rate):
    from scipy.special import softmax

    x = np.mean(features, axis=(1, 2), dtype="float64")
    error = softmax(x @ weights + bias, axis=1) - np.eye(weights.shape[1])[labels]
    dw = np.tensordot(x, error, (0, 0)) / len(x)
    return [weights - rate * dw, bias - rate * error.mean(axis=0)]


def head_by_lists(weights, bias, features, labels, rate):
    """Class by class."""
    x = features.reshape(len(features), -1, features.shape[-1]).mean(axis=1)
    score = np.exp(x @ weights + bias)
    new_weights, new_bias = np.array(weights, float), np.array(bias, float)
    for k in range(len(bias)):
        error = score[:, k] / score.sum(axis=1) - (labels == k)
        new_weights[:, k] -= rate * (x * error[:, None]).mean(axis=0)
        new_bias[k] -= rate * error.mean()
    return new_weights, new_bias


def head_by_augmented(weights, bias, features, labels, rate):
    """The bias as one more row of weights."""
    x = np.c_[features.mean(axis=(1, 2)), np.ones(len(features))]
    both = np.vstack([weights, bias])
    share = np.exp(x @ both)
    share = share / share.sum(1, keepdims=True)
    share[range(len(labels)), labels] -= 1
    both = both - rate * x.T @ share / len(x)
    return both[:-1], both[-1]


RIGHT = {
    "07.1": [
        prepared_by_index,
        prepared_by_flip,
        prepared_by_keras,
        prepared_by_product,
        prepared_by_loops,
    ],
    "07.2": [],
    "07.3": [logit_by_diff, logit_by_product, logit_by_lists, logit_by_odds, logit_by_keras],
    "07.4": [head_by_tape, head_by_scipy, head_by_lists, head_by_augmented],
    "07.5": [],
}

WRONG = {
    "07.1": [
        lambda x: x[:, :, ::-1] - np.array(MEANS),
        lambda x: x[:, ::-1] - np.array(MEANS),
        lambda x: x[::-1] - np.array(MEANS),
        lambda x: x[..., ::-1] - np.array(MEANS[::-1]),
        lambda x: x[..., ::-1] + np.array(MEANS),
        lambda x: (x[..., ::-1] - np.array(MEANS)).astype(int),
        lambda x: x[..., ::-1] - np.mean(MEANS),
        lambda x: (x[..., ::-1] - np.array(MEANS)).transpose(0, 3, 1, 2),
        lambda x: (x[..., ::-1] - np.array(MEANS)) / 255,
    ],
    "07.2": [
        (53763, 1536),
        (53760, 1539),
        (53763, 513),
        (1539, 53763),
        (17920, 512),
        {53763, 1539},
    ],
    "07.3": [
        lambda z: z[:, 1:] + z[:, :1],
        lambda z: z[:, :1] - z[:, 1:],
        lambda z: np.diff(z, axis=0),
        lambda z: np.diff(z, axis=1)[:, 0],
        lambda z: np.diff(z, axis=1).T,
        lambda z: z.max(axis=1, keepdims=True),
        lambda z: np.abs(np.diff(z, axis=1)),
        lambda z: np.diff(z, axis=1) / 2,
        lambda z: z - z[:, :1],
    ],
    "07.4": [
        lambda w, b, f, y, r: head_by_scipy(w, b, f, y, r)[::-1],
        lambda w, b, f, y, r: head_by_scipy(w, b, f, y, -r),
        lambda w, b, f, y, r: head_by_scipy(w, b, f, y, r * len(y)),
        lambda w, b, f, y, r: head_by_scipy(w, b, f.sum(axis=(1, 2), keepdims=True), y, r),
        lambda w, b, f, y, r: head_by_scipy(w, b, f[:, ::-1][::-1], y, r),
        lambda w, b, f, y, r: (head_by_scipy(w, b, f, y, r)[0], b),
        lambda w, b, f, y, r: (w, head_by_scipy(w, b, f, y, r)[1]),
        lambda w, b, f, y, r: head_by_scipy(w, b, f, y, r)[0],
    ],
    "07.5": [
        (150, 6000, 600),
        (6000, 6000, 750),
        (150, 150, 750),
        (150, 6000, 30000),
        150,
        (1, 40, 5),
    ],
}
