"""Answers to lesson 01, as students write them."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as windows
from scipy import signal, sparse

from cnnlab.convolution import correlate2d


def one_at(row, column, shape=(3, 5), value=1):
    kernel = np.zeros(shape)
    kernel[row, column] = value
    return kernel


def places(image, kernel, stride):
    return [(a - b) // stride + 1 for a, b in zip(image.shape, kernel.shape, strict=True)]


def by_lists(image, kernel, stride):
    rows, columns = places(image, kernel, stride)
    height, width = kernel.shape
    return [
        [
            sum(
                float(image[r * stride + i, c * stride + j]) * float(kernel[i, j])
                for i in range(height)
                for j in range(width)
            )
            for c in range(columns)
        ]
        for r in range(rows)
    ]


def by_weights(image, kernel, stride):
    rows, columns = places(image, kernel, stride)
    out = np.zeros((rows, columns))
    for (i, j), weight in np.ndenumerate(kernel):
        out += weight * image[i : i + rows * stride : stride, j : j + columns * stride : stride][
            :rows, :columns
        ].astype(float)
    return out


def by_scipy(image, kernel, stride):
    return signal.correlate2d(image.astype(float), kernel, mode="valid")[::stride, ::stride]


def by_tensordot(image, kernel, stride):
    return np.tensordot(windows(image, kernel.shape)[::stride, ::stride], kernel, 2)


def by_keras(image, kernel, stride):
    from keras import ops

    image, kernel = image.astype("float32"), kernel.astype("float32")
    return ops.conv(image[None, ..., None], kernel[..., None, None], stride, "valid")[0, ..., 0]


def with_dtype(dtype):
    def correlate(image, kernel, stride):
        right = by_weights(image, kernel, stride)
        out = np.zeros(right.shape, dtype(image, kernel))
        out[:] = right
        return out

    return correlate


def in_a_table(image, amount):
    return np.clip(np.arange(256) + amount, 0, 255).astype("uint8")[image]


def pixel_by_pixel(image, amount):
    out = np.empty_like(image)
    for place, value in np.ndenumerate(image):
        out[place] = min(max(int(value) + amount, 0), 255)
    return out


def in_two_steps(image, amount):
    wide = image.astype("int16") + amount
    wide[wide > 255] = 255
    wide[wide < 0] = 0
    return np.uint8(wide)


def with_where(image, amount):
    wide = np.add(image, amount, dtype="int32")
    return np.where(wide > 255, 255, np.where(wide < 0, 0, wide)).astype(np.uint8)


def by_scatter(kernel, height, width):
    pixels = windows(np.arange(height * width).reshape(height, width), kernel.shape)
    pixels = pixels.reshape(-1, kernel.size)
    out = np.zeros((len(pixels), height * width))
    np.put_along_axis(out, pixels, kernel.reshape(1, -1).astype(float), axis=1)
    return out


def by_sparse(kernel, height, width):
    return sparse.csr_array(by_scatter(kernel, height, width)).toarray()


def by_answers(kernel, height, width):
    columns = []
    for pixel in range(height * width):
        picture = np.zeros((height, width))
        picture.flat[pixel] = 1
        columns.append(signal.correlate2d(picture, kernel, "valid").ravel())
    return np.array(columns).T


def by_blocks(kernel, height, width):
    """A matrix of matrices: a line of outputs sees lines of pixels."""
    columns = width - kernel.shape[1] + 1
    line = [sum(w * np.eye(columns, width, j) for j, w in enumerate(row)) for row in kernel]
    rows = height - len(kernel) + 1
    return sum(np.kron(np.eye(rows, height, i), block) for i, block in enumerate(line))


RIGHT = {
    "01.1": [
        one_at(0, 0),
        one_at(0, 0).tolist(),
        tuple(map(tuple, one_at(0, 0).astype(int))),
        one_at(0, 0).astype("float32"),
        one_at(1, 0, (5, 5)),
        one_at(0, 1, (3, 7)),
        one_at(2, 0, (7, 5)),
        sparse.coo_array(one_at(0, 0)).toarray(),
        [[1, 0, 0, 0, 0], [0] * 5, [0] * 5],
    ],
    "01.2": [],
    "01.3": [by_lists, by_weights, by_scipy, by_tensordot, by_keras],
    "01.4": [in_a_table, pixel_by_pixel, in_two_steps, with_where],
    "01.5": [by_scatter, by_sparse, by_answers, by_blocks],
}

WRONG = {
    "01.1": [
        2 * one_at(0, 0),
        -one_at(0, 0),
        one_at(0, 0) + one_at(1, 2),
        one_at(0, 0).T,
        np.ones((3, 5)),
        np.eye(5),
        one_at(0, 0, (3, 3)),
        "left",
        (1, 2),
    ],
    "01.2": [(29, 45), (31, 46), (29, 44), (27, 44), (57, 91), {29, 46}, "29×46", 29],
    "01.3": [
        with_dtype(lambda image, kernel: image.dtype),
        with_dtype(lambda image, kernel: kernel.dtype),
        with_dtype(lambda image, kernel: int),
        with_dtype(lambda image, kernel: "uint8"),
        lambda image, kernel, stride: by_weights(image, kernel, stride).T,
        lambda image, kernel, stride: by_weights(image, kernel, stride) / kernel.size,
        lambda image, kernel, stride: by_weights(image, kernel, 1)[:, ::stride],
        lambda image, kernel, stride: by_weights(image, kernel[::-1], stride),
        lambda image, kernel, stride: correlate2d(image, kernel, strides=stride, padding="same"),
        lambda image, kernel, stride: print(by_weights(image, kernel, stride)),
        lambda image, kernel, stride: by_weights(image, kernel, min(stride, max(kernel.shape))),
    ],
    "01.4": [
        lambda image, amount: np.clip(image + np.uint8(abs(amount)), 0, 255),
        lambda image, amount: np.clip(image.astype(int) + amount, 0, 255),
        lambda image, amount: np.clip(image * 1.0 + amount, 0, 255),
        lambda image, amount: np.clip(image.astype(int) + amount, 0, 254).astype("uint8"),
        lambda image, amount: (image.astype(int) + amount).astype("uint8"),
        lambda image, amount: np.clip(image.astype("int8") + amount, 0, 127).astype("uint8"),
        lambda image, amount: np.clip(image.astype(int) - amount, 0, 255).astype("uint8"),
    ],
    "01.5": [
        lambda kernel, height, width: sparse.csr_array(by_scatter(kernel, height, width)),
        lambda kernel, height, width: by_scatter(kernel, width, height),
        lambda kernel, height, width: by_scatter(kernel[::-1], height, width),
        lambda kernel, height, width: by_scatter(kernel, height, width)[::-1],
        lambda kernel, height, width: by_scatter(kernel, height, width)[:, ::-1],
        lambda kernel, height, width: by_scatter(kernel, height, width).astype(int),
        lambda kernel, height, width: by_scatter(kernel, height, width)[:-1],
        lambda kernel, height, width: by_scatter(np.abs(kernel), height, width),
        lambda kernel, height, width: np.maximum(by_scatter(kernel, height, width), 0),
    ],
}
