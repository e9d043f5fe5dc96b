"""Pooling by hand, and the way back: the largest or the average of every window.

Images are (batch, height, width, channels), written B,H,W,C; each channel is pooled by itself.
`pool_size` and `strides` are an int or a pair (rows, columns); without `strides` the windows
lie side by side. Under padding="same" only the pixels inside the image take part; under an int P
there are P zeros on every side, and they take part like pixels.
"""

import numpy as np

from cnnlab.arrays.windows import check_upstream, crop, numbers, pad, pair, windows
from cnnlab.sizes import padding_pair


def max_pool2d(x, pool_size=2, strides=None, padding="valid"):
    """The largest number of every window.

    As in Keras on TensorFlow, NaN is no number: it never is the largest, and a window of nothing
    else gives the lowest number of its dtype.

    Args:
        x: array of shape (B, H, W, C), any real dtype and range.
        pool_size: int or (rows, columns), >= 1.
        strides: None (the pool size), int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.

    Returns:
        Array of shape (B, H', W', C), integers as int64.

    Raises:
        ValueError: x has not four axes, or the window does not fit.

    Example:
        >>> x = np.reshape([[1, 1, 2, 4], [5, 6, 7, 8]], (1, 2, 4, 1))
        >>> max_pool2d(x)[0, :, :, 0]
        array([[6, 8]])
    """
    x, geometry = _arguments(x, pool_size, strides, padding)
    lowest = _lowest(x.dtype)
    return np.fmax.reduce(_windows(x, geometry, lowest), axis=(3, 4), initial=lowest)


def average_pool2d(x, pool_size=2, strides=None, padding="valid"):
    """The average of every window.

    Args:
        x: array of shape (B, H, W, C), any real dtype and range.
        pool_size: int or (rows, columns), >= 1.
        strides: None (the pool size), int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.

    Returns:
        Array of shape (B, H', W', C), a floating dtype: an average of integers need not be one.

    Raises:
        ValueError: x has not four axes, or the window does not fit.

    Example:
        >>> x = np.reshape([[1, 1, 2, 4], [5, 6, 7, 8]], (1, 2, 4, 1))
        >>> average_pool2d(x)[0, :, :, 0]
        array([[3.25, 5.25]])
    """
    x, geometry = _arguments(x, pool_size, strides, padding)
    total = _windows(x, geometry, 0).sum(axis=(3, 4))
    return total / _counts(x, geometry).astype(_floating(x.dtype))


def max_pool2d_backward(x, upstream, pool_size=2, strides=None, padding="valid"):
    """The gradient of max pooling with respect to x: each window pays its largest number.

    Among equal numbers the first one, row by row, takes all, as in TensorFlow.

    Args:
        x: array of shape (B, H, W, C), the input of the pooling.
        upstream: array of shape (B, H', W', C), the gradient of the loss with respect to the
            output ``max_pool2d(x, ...)``.
        pool_size: int or (rows, columns), >= 1.
        strides: None (the pool size), int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.

    Returns:
        Array of shape (B, H, W, C) and the dtype of upstream.

    Raises:
        ValueError: shapes disagree, or the window does not fit.

    Example:
        >>> x = np.reshape([[1, 1, 2, 4], [5, 6, 8, 8]], (1, 2, 4, 1))
        >>> max_pool2d_backward(x, np.reshape([10, 20], (1, 1, 2, 1)))[0, :, :, 0]
        array([[ 0,  0,  0,  0],
               [ 0, 10, 20,  0]])
    """
    x, geometry = _arguments(x, pool_size, strides, padding)
    upstream = numbers("upstream", upstream, "(batch, height, width, channels)")
    patches, outside = _windows(x, geometry, 0), _outside(x, geometry)
    check_upstream(upstream, (*patches.shape[:3], x.shape[3]))
    places = list(np.ndindex(patches.shape[3:5]))

    largest = np.zeros(upstream.shape, x.dtype)
    winner = np.full(upstream.shape, -1)
    for place, (i, j) in enumerate(places):
        number = patches[:, :, :, i, j]
        better = ~outside[:, :, :, i, j] & ((winner < 0) | (number > largest))
        largest, winner = np.where(better, number, largest), np.where(better, place, winner)
    shares = (np.where(winner == place, upstream, 0) for place in range(len(places)))
    return _collect(x, geometry, upstream.dtype, shares)


def average_pool2d_backward(x, upstream, pool_size=2, strides=None, padding="valid"):
    """The gradient of average pooling with respect to x: each window pays all alike.

    Args:
        x: array of shape (B, H, W, C), the input of the pooling (only its shape matters).
        upstream: array of shape (B, H', W', C), the gradient of the loss with respect to the
            output ``average_pool2d(x, ...)``.
        pool_size: int or (rows, columns), >= 1.
        strides: None (the pool size), int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.

    Returns:
        Array of shape (B, H, W, C), the dtype of upstream (float64 if that holds integers).

    Raises:
        ValueError: shapes disagree, or the window does not fit.

    Example:
        >>> x, upstream = np.zeros((1, 2, 4, 1)), np.reshape([10, 20], (1, 1, 2, 1))
        >>> average_pool2d_backward(x, upstream)[0, :, :, 0]
        array([[2.5, 2.5, 5. , 5. ],
               [2.5, 2.5, 5. , 5. ]])
    """
    x, geometry = _arguments(x, pool_size, strides, padding)
    upstream = numbers("upstream", upstream, "(batch, height, width, channels)")
    counts = _counts(x, geometry)
    check_upstream(upstream, (len(x), *counts.shape[1:3], x.shape[3]))
    dtype = _floating(upstream.dtype)
    share = upstream / counts.astype(dtype)
    places = np.prod(geometry["kernel_size"])
    return _collect(x, geometry, dtype, (share for _ in range(places)))


def _arguments(x, pool_size, strides, padding):
    """The image array, and the geometry of the windows in the words of `windows.pad`."""
    x = numbers("x", x, "(batch, height, width, channels)")
    sizes = pair("pool_size", pool_size)
    steps = sizes if strides is None else pair("strides", strides)
    for input_size, size, step in zip(x.shape[1:3], sizes, steps, strict=True):
        if size > input_size + sum(padding_pair(input_size, size, step, padding)):
            raise ValueError(
                f"`pool_size` must fit in the input: got pool_size={size} for "
                f"input_size={input_size}, padding={padding!r}. "
                "Use a smaller pool or padding='same'."
            )
    return x, {"kernel_size": sizes, "strides": steps, "padding": padding}


def _windows(x, geometry, fill):
    """The windows of the padded images, with `fill` in the border of padding="same"."""
    value = fill if geometry["padding"] == "same" else 0
    return windows(pad(x, **geometry, value=value), geometry["kernel_size"], geometry["strides"])


def _outside(x, geometry):
    """Whether a place of a window lies where no number is, (1, H', W', P_h, P_w, 1)."""
    return _windows(np.zeros((1, *x.shape[1:3], 1), bool), geometry, True)


def _counts(x, geometry):
    """How many numbers each window averages, (1, H', W', 1)."""
    return (~_outside(x, geometry)).sum(axis=(3, 4))


def _collect(x, geometry, dtype, shares):
    """The gradient of x: place by place, what the windows pay to the pixel at that place."""
    dx = np.zeros(pad(x, **geometry).shape, dtype)
    dwindows = windows(dx, geometry["kernel_size"], geometry["strides"], writeable=True)
    for (i, j), share in zip(np.ndindex(geometry["kernel_size"]), shares, strict=True):
        dwindows[:, :, :, i, j] += share
    return crop(dx, x.shape, **geometry)


def _lowest(dtype):
    return np.iinfo(dtype).min if dtype.kind == "i" else np.finfo(dtype).min


def _floating(dtype):
    return dtype if dtype.kind == "f" else np.dtype(np.float64)
