"""Answers to lesson 11, as students write them."""

import numpy as np


def fooled_by_where(picture, slopes, epsilon):
    step = np.where(slopes > 0, epsilon, 0) - np.where(slopes < 0, epsilon, 0)
    return np.minimum(1, np.maximum(0, picture + step))


def fooled_by_division(picture, slopes, epsilon):
    size = np.abs(slopes)
    sign = np.divide(slopes, size, out=np.zeros_like(slopes), where=size > 0)
    return (picture + epsilon * sign).clip(0, 1)


def fooled_in_place(picture, slopes, epsilon):
    result = np.array(picture, float)
    result[slopes > 0] += epsilon
    result[slopes < 0] -= epsilon
    result[result > 1] = 1
    result[result < 0] = 0
    return result


def fooled_by_keras(picture, slopes, epsilon):
    from keras import ops

    return ops.clip(picture + epsilon * ops.sign(slopes), 0, 1)


def back_by_minimum(picture, original, epsilon):
    inside = np.minimum(np.maximum(picture, original - epsilon), original + epsilon)
    return np.minimum(np.maximum(inside, 0), 1)


def back_range_first(picture, original, epsilon):
    return np.clip(np.clip(picture, 0, 1), original - epsilon, original + epsilon)


def back_by_where(picture, original, epsilon):
    change = picture - original
    change = np.where(change > epsilon, epsilon, np.where(change < -epsilon, -epsilon, change))
    return (original + change).clip(0, 1)


def back_by_loop(picture, original, epsilon):
    result = np.empty(picture.shape)
    for index in np.ndindex(picture.shape):
        low, high = max(0, original[index] - epsilon), min(1, original[index] + epsilon)
        result[index] = min(max(picture[index], low), high)
    return result


def turned_by_masks(before, after, labels, targets):
    right = before == labels
    return (right & (after == targets)).sum() / right.sum()


def turned_by_lists(before, after, labels, targets):
    rows = [n for n in range(len(before)) if before[n] == labels[n]]
    return sum(int(after[n] == targets[n]) for n in rows) / len(rows)


def turned_by_weights(before, after, labels, targets):
    return np.average(after == targets, weights=before == labels)


def turned_by_where(before, after, labels, targets):
    (rows,) = np.where(before == labels)
    return np.mean(np.equal(after, targets)[rows])


def variation_by_slices(picture):
    picture = picture.astype(float)
    down, across = picture[1:] - picture[:-1], picture[:, 1:] - picture[:, :-1]
    return abs(down).sum() + abs(across).sum()


def variation_by_norm(picture):
    return sum(np.linalg.norm(np.diff(picture, axis=axis).ravel(), 1) for axis in (0, 1))


def variation_by_max(picture):
    total = 0
    for x in (picture, picture.T):
        total += (np.maximum(x[1:], x[:-1]) - np.minimum(x[1:], x[:-1])).sum()
    return total


def variation_by_tensorflow(picture):
    import tensorflow as tf

    return tf.image.total_variation(tf.constant(picture.astype(float))[..., None])


def matrix_by_tensordot(maps):
    return np.tensordot(maps, maps, axes=([0, 1], [0, 1])) / np.prod(maps.shape[:2])


def matrix_by_mean(maps):
    return (maps[..., :, None] * maps[..., None, :]).mean(axis=(0, 1))


def matrix_by_pairs(maps):
    channels = range(maps.shape[-1])
    return [[(maps[..., c] * maps[..., d]).mean() for d in channels] for c in channels]


def matrix_by_transpose(maps):
    flat = np.moveaxis(maps, -1, 0).reshape(maps.shape[-1], -1)
    return np.dot(flat, flat.T) / flat.shape[1]


RIGHT = {
    "11.1": [
        0.8,
        4 / 5,
        np.float32(0.8),
        np.float64(0.8),
        np.array(0.8),
        0.1 * (3 + 1 + 2 + 2),
        0.3 + 0.1 + 0.2 + 0.2,
        0.80000001,
    ],
    "11.2": [fooled_by_where, fooled_by_division, fooled_in_place, fooled_by_keras],
    "11.3": [back_by_minimum, back_range_first, back_by_where, back_by_loop],
    "11.4": [turned_by_masks, turned_by_lists, turned_by_weights, turned_by_where],
    "11.5": [
        variation_by_slices,
        variation_by_norm,
        variation_by_max,
        variation_by_tensorflow,
    ],
    "11.6": [matrix_by_tensordot, matrix_by_mean, matrix_by_pairs, matrix_by_transpose],
}

WRONG = {
    "11.1": [0.2, 0.5, 8, -0.8, 0.424, 0.3, 0.7, 1.6, 0.16],
    "11.2": [
        lambda p, s, e: fooled_by_where(p, s, 2 * e),
        lambda p, s, e: fooled_by_where(p, -s, e),
        lambda p, s, e: fooled_by_where(p, s, e).clip(0.1, 0.9),
        lambda p, s, e: fooled_by_where(p, s, e) > 0.5,
        lambda p, s, e: fooled_by_where(1 - p, s, e),
        lambda p, s, e: fooled_by_where(p, p - 0.5, e),
        lambda p, s, e: np.sign(s),
    ],
    "11.3": [
        lambda p, o, e: back_by_minimum(o, p, e),
        lambda p, o, e: back_by_minimum(p, o, 2 * e),
        lambda p, o, e: back_by_minimum(p, o, e / 2),
        lambda p, o, e: np.maximum(np.minimum(p, 1), o - e),
        lambda p, o, e: o,
        lambda p, o, e: (p + o) / 2,
        lambda p, o, e: np.abs(back_by_minimum(p, o, e) - o),
    ],
    "11.4": [
        lambda b, a, y, t: (a == t).sum() / len(a),
        lambda b, a, y, t: np.mean(a != y),
        lambda b, a, y, t: np.mean(b == y),
        lambda b, a, y, t: turned_by_masks(a, b, y, t),
        lambda b, a, y, t: turned_by_masks(b, a, t, y),
        lambda b, a, y, t: 100 * turned_by_masks(b, a, y, t),
        lambda b, a, y, t: turned_by_masks(b, a, y, t) > 0.5,
    ],
    "11.5": [
        lambda p: variation_by_slices(p) / 2,
        lambda p: variation_by_slices(p) / p.size,
        lambda p: variation_by_slices(p[1:]),
        lambda p: np.abs(p).sum(),
        lambda p: np.std(p),
        lambda p: np.abs(np.diff(p.ravel())).sum(),
        lambda p: np.hypot(np.diff(p, axis=0)[:, 1:], np.diff(p, axis=1)[1:]).sum(),
    ],
    "11.6": [
        lambda m: matrix_by_tensordot(m) * 2,
        lambda m: matrix_by_tensordot(np.abs(m)),
        lambda m: np.triu(matrix_by_tensordot(m)),
        lambda m: np.diag(np.diag(matrix_by_tensordot(m))),
        lambda m: np.corrcoef(m.reshape(-1, m.shape[-1]).T),
        lambda m: matrix_by_tensordot(m).sum(),
        lambda m: np.sqrt(np.abs(matrix_by_tensordot(m))),
    ],
}
