"""Patches and what attends to them, written rightly and wrongly: for the exercises of lesson 12."""

import numpy as np


def patches(image, size):
    """A row per patch, in reading order."""
    rows, columns, channels = (
        image.shape[0] // size,
        image.shape[1] // size,
        image.shape[2],
    )
    cut = image.reshape(rows, size, columns, size, channels).swapaxes(1, 2)
    return cut.reshape(rows * columns, size * size * channels)


def patches_by_loops(image, size):
    """The same, a patch at a time."""
    found = []
    for top in range(0, image.shape[0], size):
        for left in range(0, image.shape[1], size):
            found.append(image[top : top + size, left : left + size].ravel())
    return np.stack(found)


def patches_straight(image, size):
    """Pieces of rows."""
    return image.reshape(-1, size * size * image.shape[2])


def patches_down(image, size):
    """Column by column."""
    rows, columns = image.shape[0] // size, image.shape[1] // size
    grid = patches(image, size).reshape(rows, columns, -1)
    return grid.swapaxes(0, 1).reshape(rows * columns, -1)


def patches_inside_turned(image, size):
    """Rows and columns exchanged inside each patch."""
    own = patches(image, size).reshape(-1, size, size, image.shape[2])
    return own.swapaxes(1, 2).reshape(len(own), -1)


def patches_channels_first(image, size):
    """All of a channel before the next one."""
    own = patches(image, size).reshape(-1, size, size, image.shape[2])
    return np.moveaxis(own, 3, 1).reshape(len(own), -1)


def patches_overlapping(image, size):
    """A patch at every pixel."""
    height, width = image.shape[0] - size + 1, image.shape[1] - size + 1
    places = [(top, left) for top in range(height) for left in range(width)]
    return np.stack([image[t : t + size, n : n + size].ravel() for t, n in places])


def patches_means(image, size):
    """Only the mean of each channel."""
    own = patches(image, size).reshape(-1, size * size, image.shape[2])
    return own.mean(axis=1)


def patches_grid(image, size):
    """The patches on a grid."""
    rows, columns = image.shape[0] // size, image.shape[1] // size
    return patches(image, size).reshape(rows, columns, -1)


def softmax(scores, axis=-1):
    """Shares that sum to 1 along an axis."""
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def attend(queries, keys, values):
    """Each query's mean of the values."""
    return softmax(queries @ keys.T / np.sqrt(keys.shape[1])) @ values


def attend_by_loops(queries, keys, values):
    """The same, a query at a time."""
    answers = []
    for query in queries:
        scores = np.array([(query * key).sum() / len(key) ** 0.5 for key in keys])
        answers.append(sum(w * v for w, v in zip(softmax(scores), values, strict=True)))
    return np.array(answers)


def attend_by_einsum(queries, keys, values):
    """The same, by the names of the axes."""
    scores = np.einsum("nd,md->nm", queries, keys) / np.sqrt(keys.shape[-1])
    return np.einsum("nm,me->ne", softmax(scores), values)


def attend_unscaled(queries, keys, values):
    """Without the square root."""
    return softmax(queries @ keys.T) @ values


def attend_scaled_twice(queries, keys, values):
    """Divided by D."""
    return softmax(queries @ keys.T / keys.shape[1]) @ values


def attend_by_count(queries, keys, values):
    """Divided by the root of the number of keys."""
    return softmax(queries @ keys.T / np.sqrt(len(keys))) @ values


def attend_over_queries(queries, keys, values):
    """The softmax along the other axis."""
    return softmax(queries @ keys.T / np.sqrt(keys.shape[1]), axis=0) @ values


def attend_without_softmax(queries, keys, values):
    """The products as weights."""
    return queries @ keys.T / np.sqrt(keys.shape[1]) @ values


def attend_to_all_alike(queries, keys, values):
    """The plain mean."""
    return np.repeat(values.mean(axis=0, keepdims=True), len(queries), axis=0)


def attend_to_the_best(queries, keys, values):
    """The value of the best key."""
    return values[(queries @ keys.T).argmax(axis=1)]


def attention_weights(queries, keys, values):
    """The weights alone."""
    return softmax(queries @ keys.T / np.sqrt(keys.shape[1]))
