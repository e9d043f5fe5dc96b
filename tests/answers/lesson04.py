"""Answers to lesson 04, as students write them."""

import numpy as np
from scipy import signal


def paint_by_scipy(kernel, upstream, stride):
    spread = np.zeros([(n - 1) * stride + 1 for n in upstream.shape])
    spread[::stride, ::stride] = upstream
    return signal.convolve2d(spread, kernel)


def paint_at_once(kernel, upstream, stride):
    shape = [(n - 1) * stride + k for n, k in zip(upstream.shape, kernel.shape, strict=True)]
    image = np.zeros(shape)
    rows, columns, i, j = np.indices((*upstream.shape, *kernel.shape))
    paint = np.einsum("rc,ij->rcij", upstream, kernel).astype(float)
    np.add.at(image, (rows * stride + i, columns * stride + j), paint)
    return image


def paint_by_lists(kernel, upstream, stride):
    height = (len(upstream) - 1) * stride + len(kernel)
    width = (len(upstream[0]) - 1) * stride + len(kernel[0])
    image = [[0.0] * width for _ in range(height)]
    for r, line in enumerate(upstream.tolist()):
        for c, gradient in enumerate(line):
            for i, weights in enumerate(kernel.tolist()):
                for j, weight in enumerate(weights):
                    image[r * stride + i][c * stride + j] += gradient * weight
    return image


def paint_by_keras(kernel, upstream, stride):
    from keras import ops

    kernel, upstream = kernel.astype("float32"), upstream.astype("float32")
    shape = [(n - 1) * stride + k for n, k in zip(upstream.shape, kernel.shape, strict=True)]
    painted = ops.conv_transpose(upstream[None, ..., None], kernel[..., None, None], stride)
    out = np.zeros(shape, "float32")
    found = np.asarray(painted)[0, : shape[0], : shape[1], 0]
    out[: found.shape[0], : found.shape[1]] = found
    return out


def paint_by_tape(kernel, upstream, stride):
    import tensorflow as tf

    shape = [(n - 1) * stride + k for n, k in zip(upstream.shape, kernel.shape, strict=True)]
    image = tf.Variable(tf.zeros((1, *shape, 1), "float64"))
    with tf.GradientTape() as tape:
        answer = tf.nn.conv2d(image, kernel[..., None, None].astype(float), stride, "VALID")
        loss = tf.reduce_sum(answer[0, ..., 0] * upstream.astype(float))
    return tape.gradient(loss, image)[0, ..., 0]


def paint_in(dtype):
    return lambda k, u, s: paint_by_scipy(k, u, s).astype(dtype(k, u))


def best_of_each(start=-np.inf, better=np.greater, by_columns=False, dtype=float):
    """The loop that looks for the best: where it begins, and what counts as better."""

    def max_pool_backward(x, upstream, size):
        dx = np.zeros(x.shape, dtype)
        for r, c in np.ndindex(upstream.shape):
            best, at = start, (r * size, c * size)
            for one, other in np.ndindex(size, size):
                i, j = (other, one) if by_columns else (one, other)
                place = r * size + i, c * size + j
                if better(x[place], best):
                    best, at = x[place], place
            dx[at] = upstream[r, c]
        return dx

    return max_pool_backward


def first_of_the_largest(x, upstream, size):
    dx = np.zeros(x.shape)
    for (r, c), gradient in np.ndenumerate(upstream):
        window = x[r * size :, c * size :][:size, :size]
        i, j = np.argwhere(window == window.max())[0]
        dx[r * size + i, c * size + j] = gradient
    return dx


def by_sorting(x, upstream, size):
    dx = np.zeros_like(x, dtype="float64")
    for r, c in np.ndindex(upstream.shape):
        places = [(r * size + i, c * size + j) for i in range(size) for j in range(size)]
        dx[max(places, key=lambda place: x[place])] = upstream[r, c]
    return dx


def by_mask(x, upstream, size):
    """Where an element is the first to reach the largest of its window."""
    rows, columns = upstream.shape
    dx = np.zeros(x.shape)
    part = x[: rows * size, : columns * size].reshape(rows, size, columns, size)
    flat = part.swapaxes(1, 2).reshape(rows, columns, size * size)
    mask = np.arange(size * size) == flat.argmax(-1)[..., None]
    grown = (mask * upstream[..., None]).reshape(rows, columns, size, size)
    dx[: rows * size, : columns * size] = grown.swapaxes(1, 2).reshape(rows * size, -1)
    return dx


def of(part):
    """max pooling with this function of the window for its place."""

    def max_pool_backward(x, upstream, size):
        dx = np.zeros(x.shape)
        for (r, c), gradient in np.ndenumerate(upstream):
            window = x[r * size : (r + 1) * size, c * size : (c + 1) * size]
            i, j = np.unravel_index(part(window), window.shape)
            dx[r * size + i, c * size + j] += gradient
        return dx

    return max_pool_backward


def dense_by_images(x, weight, upstream):
    dweight, dbias = np.zeros(weight.shape), np.zeros(weight.shape[1])
    for image, gradient in zip(x, upstream, strict=True):
        dweight += np.outer(image, gradient)
        dbias += gradient
    return [weight @ gradient for gradient in upstream], dweight, dbias


def dense_by_tensordot(x, weight, upstream):
    return [
        np.tensordot(upstream, weight, (1, 1)),
        np.tensordot(x, upstream, (0, 0)),
        np.ones(len(x)) @ upstream,
    ]


def dense_by_tape(x, weight, upstream):
    import tensorflow as tf

    x, weight, upstream = (tf.constant(v, "float64") for v in (x, weight, upstream))
    bias = tf.zeros(weight.shape[1], "float64")
    with tf.GradientTape() as tape:
        tape.watch([x, weight, bias])
        loss = tf.reduce_sum((x @ weight + bias) * upstream)
    return tuple(tape.gradient(loss, [x, weight, bias]))


def dense_by_dot(x, weight, upstream):
    return np.dot(upstream, weight.T), np.dot(upstream.T, x).T, np.add.reduce(upstream)


def dense_with(change):
    return lambda x, weight, upstream: change(*dense_by_dot(x, weight, upstream))


RIGHT = {
    "04.1": [],
    "04.2": [paint_by_scipy, paint_at_once, paint_by_lists, paint_by_keras, paint_by_tape],
    "04.3": [],
    "04.4": [best_of_each(), first_of_the_largest, by_sorting, by_mask, of(np.argmax)],
    "04.5": [dense_by_images, dense_by_tensordot, dense_by_tape, dense_by_dot],
}

WRONG = {
    "04.1": [52, 56, 10, -4, 0, [46], "46"],
    "04.2": [
        paint_in(lambda k, u: k.dtype),
        paint_in(lambda k, u: u.dtype),
        paint_in(lambda k, u: int),
        lambda k, u, s: np.pad(paint_by_scipy(k, u, s), ((0, s - 1), (0, s - 1))),
        lambda k, u, s: np.pad(paint_by_scipy(k, u, s), ((0, 1), (0, 1))),
        lambda k, u, s: paint_by_scipy(u, k, s),
        lambda k, u, s: paint_by_scipy(k.T, u.T, s),
        lambda k, u, s: paint_by_scipy(k, u[::-1], s),
        lambda k, u, s: np.pad(
            paint_by_scipy(k, u, s), [(0, max(s - size, 0)) for size in k.shape]
        ),
        lambda k, u, s: paint_by_scipy(k[:, ::-1], u, s),
    ],
    "04.3": [[0, 3, 4, 0], [0, 7, 0, 0], [1, 2, 0, 4], [0, 3, 0], [0, 1, 2, 4], 7, [4, 0, 3, 0]],
    "04.4": [
        best_of_each(start=0),
        best_of_each(start=-1),
        best_of_each(start=-1000),
        best_of_each(by_columns=True),
        best_of_each(better=np.greater_equal),
        best_of_each(dtype=int),
        of(np.argmin),
        of(lambda window: np.maximum(window, 0).argmax()),
        of(lambda window: np.abs(window).argmax()),
        of(lambda window: window.T.argmax()),
        lambda x, upstream, size: -by_mask(x, upstream, size),
        lambda x, upstream, size: by_mask(x, upstream, size).astype(x.dtype),
    ],
    "04.5": [
        dense_with(lambda dx, dw, db: (dw, db, dx)),
        dense_with(lambda dx, dw, db: (dx, dw, db[None])),
        dense_with(lambda dx, dw, db: (dx, dw)),
        dense_with(lambda dx, dw, db: (dx.T, dw, db)),
        lambda x, w, u: (u @ w.T, x.T @ u, u.mean(axis=0)),
        lambda x, w, u: tuple(v / len(x) for v in dense_by_dot(x, w, u)),
        lambda x, w, u: (u @ w.T, x.T @ u, u.squeeze().sum(axis=0)),
        lambda x, w, u: tuple(v.astype(x.dtype) for v in dense_by_dot(x, w, u)),
        lambda x, w, u: tuple(v.astype(w.dtype) for v in dense_by_dot(x, w, u)),
        lambda x, w, u: tuple(v.astype(u.dtype) for v in dense_by_dot(x, w, u)),
    ],
}
