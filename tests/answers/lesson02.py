"""Answers to lesson 02, as students write them."""

from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as windows
from scipy import signal


def seen(x, kernel):
    return windows(x, kernel.shape[:2], axis=(1, 2))  # (B, rows, columns, C_in, K_h, K_w)


def by_scipy(x, kernel, bias):
    maps = [
        [
            sum(
                signal.correlate2d(image[..., i], kernel[..., i, o], "valid")
                for i in range(x.shape[3])
            )
            + bias[o]
            for o in range(kernel.shape[3])
        ]
        for image in x
    ]
    return np.moveaxis(np.array(maps), 1, 3)


def by_tensordot(x, kernel, bias):
    return np.tensordot(seen(x, kernel), kernel.transpose(2, 0, 1, 3), 3) + bias


def by_one_product(x, kernel, bias):
    patches = seen(x, kernel).transpose(0, 1, 2, 4, 5, 3)
    rows = patches.reshape(*patches.shape[:3], -1)
    return rows @ kernel.reshape(-1, kernel.shape[3]) + bias


def by_seven_loops(x, kernel, bias):
    height, width, channels, filters = kernel.shape
    shape = (len(x), x.shape[1] - height + 1, x.shape[2] - width + 1, filters)
    maps = np.zeros(shape)
    for b, r, c, o in np.ndindex(shape):
        total = float(bias[o])
        for i, j, k in np.ndindex(height, width, channels):
            total += x[b, r + i, c + j, k] * kernel[i, j, k, o]
        maps[b, r, c, o] = total
    return maps


def by_keras(x, kernel, bias):
    from keras import ops

    return ops.conv(x.astype("float32"), kernel.astype("float32"), 1, "valid") + bias.astype("f")


def in_dtype_of(which):
    return lambda *given: by_seven_loops(*given).astype(given[which].dtype)


def fold_by_tensordot(kernel, bias, pointwise, pointwise_bias):
    return (
        np.tensordot(kernel, pointwise[0, 0], 1),
        np.tensordot(bias, pointwise[0, 0], 1) + pointwise_bias,
    )


def fold_in_rows(kernel, bias, pointwise, pointwise_bias):
    mix = pointwise.reshape(pointwise.shape[2:])
    flat = kernel.reshape(-1, kernel.shape[3]) @ mix
    return [flat.reshape(*kernel.shape[:3], -1), mix.T @ bias + pointwise_bias]


def fold_by_broadcasting(kernel, bias, pointwise, pointwise_bias):
    mix = pointwise.squeeze((0, 1))
    return (kernel[..., None] * mix).sum(-2), (bias[:, None] * mix).sum(0) + pointwise_bias


def fold_by_probing(kernel, bias, pointwise, pointwise_bias):
    """The bias is the answer to an empty picture."""
    folded = np.einsum("hwim,mo->hwio", kernel, pointwise[0, 0])
    empty = np.zeros((1, *kernel.shape[:3]))
    first = by_tensordot(empty, kernel, bias)
    return folded, by_tensordot(first, pointwise, pointwise_bias)[0, 0, 0]


RIGHT = {
    "02.1": [
        -3,
        -5,
        -4.5,
        [-4],
        np.float32(-5.9),
        -5.999,
        np.array([-3.0]),
        np.int8(-4),
        Fraction(-9, 2),
    ],
    "02.2": [by_scipy, by_tensordot, by_one_product, by_seven_loops, by_keras],
    "02.3": [],
    "02.4": [],
    "02.5": [fold_by_tensordot, fold_in_rows, fold_by_broadcasting, fold_by_probing],
}

WRONG = {
    "02.1": [
        -6,
        -2.9,
        0,
        3,
        -7,
        100,
        np.nan,
        "-4",
        None,
        -3 + 1e-3,
        [-4, -100, -4],
        np.full((3, 3), -4),
    ],
    "02.2": [
        in_dtype_of(0),
        in_dtype_of(1),
        lambda x, kernel, bias: by_tensordot(x, kernel, bias).astype(int),
        lambda x, kernel, bias: by_tensordot(x, kernel, bias[0]),
        lambda x, kernel, bias: by_tensordot(x, kernel, bias * kernel[..., 0, 0].size),
        lambda x, kernel, bias: by_tensordot(x, kernel, bias).sum(axis=0),
        lambda x, kernel, bias: by_tensordot(x[..., -1:], kernel[:, :, -1:], bias),
        lambda x, kernel, bias: by_tensordot(x, kernel[:, :, :1].repeat(x.shape[3], 2), bias),
        lambda x, kernel, bias: by_tensordot(x[..., ::-1], kernel, bias),
        lambda x, kernel, bias: np.moveaxis(by_tensordot(x, kernel, bias), 3, 1),
        lambda x, kernel, bias: by_tensordot(x, kernel, -bias),
    ],
    "02.3": [3610, 3601, 150, 240, 32 * 48 * 24, 3600 * 32 * 48],
    "02.4": [2, 4, 6, 7, 16, 12],
    "02.5": [
        lambda k, b, p, q: fold_by_tensordot(k, b, p, q)[::-1],
        lambda k, b, p, q: tuple(a.astype(k.dtype) for a in fold_by_tensordot(k, b, p, q)),
        lambda k, b, p, q: tuple(a.astype(p.dtype) for a in fold_by_tensordot(k, b, p, q)),
        lambda k, b, p, q: (fold_by_tensordot(k, b, p, q)[0], b @ p[0, 0]),
        lambda k, b, p, q: fold_by_tensordot(k, b, p, q)[0],
        lambda k, b, p, q: fold_by_tensordot(k[::-1, ::-1], b, p, q),
        lambda k, b, p, q: fold_by_tensordot(k, b, p[..., ::-1], q),
    ],
}
