"""Answers to lesson 03, as students write them."""

from itertools import permutations

import numpy as np


def by_recursion(stack):
    if not stack:
        return 1, 1
    size, step = by_recursion(stack[:-1])
    kernel_size, strides, dilation_rate = stack[-1]
    return size + dilation_rate * (kernel_size - 1) * step, step * strides


def by_products(stack):
    strides = [1, *(layer[1] for layer in stack)]
    steps = np.cumprod(strides)
    return 1 + sum(d * (k - 1) * s for (k, _, d), s in zip(stack, steps, strict=False)), steps[-1]


def by_first_and_last(stack):
    """The first and the last pixel that the window of one cell reaches."""
    first = last = 0
    for kernel_size, strides, dilation_rate in reversed(stack):
        first, last = first * strides, last * strides + dilation_rate * (kernel_size - 1)
    step = 1
    for layer in stack:
        step *= layer[1]
    return last - first + 1, step


def by_arrays(stack):
    layers = np.array(stack, int).reshape(-1, 3)
    steps = np.concatenate([[1], layers[:, 1].cumprod()])
    return np.array([1 + ((layers[:, 0] - 1) * layers[:, 2] * steps[:-1]).sum(), steps[-1]])


def by_marking(stack):
    """Which pixels are seen, one layer after the other, as a set."""
    pixels, step = {0}, 1
    for kernel_size, strides, dilation_rate in stack:
        pixels = {p + i * dilation_rate * step for p in pixels for i in range(kernel_size)}
        step *= strides
    return [max(pixels) + 1, step]


def wrong_field(first=1, use=by_recursion):
    return lambda stack: (use(stack)[0] - 1 + first, use(stack)[1])


def network(*make, shape=(128, 160, 3)):
    """A design of these layers; each entry is a function of keras.layers."""

    def design():
        import keras

        return keras.Sequential([keras.Input(shape), *(layer(keras.layers) for layer in make)])

    return design


def conv(filters=16, size=3, **options):
    return lambda layers: layers.Conv2D(filters, size, padding="same", **options)


def pool(size=2, kind="MaxPooling2D", **options):
    return lambda layers: getattr(layers, kind)(size, **options)


def functional():
    import keras
    from keras import layers

    image = x = keras.Input((128, 160, 3), name="image")
    for filters in (8, 12, 12, 16):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.AveragePooling2D(2)(x)
    x = layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same")(x))
    return keras.Model(image, layers.Conv2D(16, 3, padding="same")(x))


def residual():
    import keras
    from keras import layers

    image = keras.Input((128, 160, 3))
    x = layers.Conv2D(16, 3, strides=2, padding="same")(image)
    for _ in range(3):
        x = layers.MaxPooling2D()(layers.Activation("relu")(x))
        x = x + layers.Conv2D(16, 3, padding="same")(x)
    return keras.Model(image, layers.Conv2D(16, 3, padding="same")(x))


def nested():
    import keras
    from keras import layers

    body = keras.Sequential([layers.Conv2D(16, 3, padding="same"), layers.MaxPooling2D(4)])
    image = keras.Input((128, 160, 3))
    x = layers.MaxPooling2D(4)(body(image))
    return keras.Model(image, layers.Conv2D(16, 8, padding="same", groups=2)(x))


def separable():
    import keras
    from keras import layers

    halves = [
        layers.SeparableConv2D(16, 5, strides=2, padding="same", activation="relu")
        for _ in range(4)
    ]
    end = layers.SeparableConv2D(16, 5, padding="same")
    return keras.Sequential([keras.Input((128, 160, 3)), *halves, end])


def without_input():
    import keras

    return keras.Sequential([keras.layers.Conv2D(16, 3)])


BLOCKS = [layer for _ in range(4) for layer in (conv(activation="relu"), pool())]

RIGHT = {
    "03.1": [],
    "03.2": [],
    "03.3": [by_recursion, by_products, by_first_and_last, by_arrays, by_marking],
    "03.4": [
        *permutations((1, 3, 9)),
        [1, 3, 9],
        np.array([9, 3, 1]),
        (1.0, 3.0, 9.0),
        np.array([1, 3, 9], object),
    ],
    "03.5": [
        functional,
        residual,
        nested,
        separable,
        network(*BLOCKS, conv(), conv()),
        network(*(conv(dilation_rate=d, activation="relu") for d in (32, 16, 8, 4, 2, 1))),
        network(*(conv(8, 5, strides=2) for _ in range(4)), conv(16, 5)),
        network(conv(8, 5, strides=4), pool(4), conv(16, 7)),
    ],
}

WRONG = {
    "03.1": [13, 10, 15, 12, (14, 14), [14], "14"],
    "03.2": [(28, 68), (20, 59), (28, 27), (40, 79), (52, 91), {28, 67}],
    "03.3": [
        lambda stack: by_recursion(stack)[::-1],
        lambda stack: by_recursion(stack[::-1]),
        wrong_field(first=0),
        lambda stack: (by_recursion(stack)[0], stack[-1][1] if stack else 1),
        lambda stack: by_recursion([(k, s * d, 1) for k, s, d in stack]),
        lambda stack: by_recursion([(k * d, s, 1) for k, s, d in stack]),
        lambda stack: by_recursion([(k, s, d - 1) for k, s, d in stack]),
        lambda stack: by_recursion(stack)[0],
        lambda stack: by_recursion([(max(k, 2), s, d) for k, s, d in stack]),
    ],
    "03.4": [
        (1, 3, 9.9),
        (0, 4, 9),
        9,
        (1.5, 3, 8.5),
        (1, 3, 9, 27),
        (1, 3, 8),
        (-1, 3, 9),
        ((1, 1), (3, 3), (9, 9)),
        {1, 3, 9},
        (1, "3", 9),
        (2, 2, 9),
        (True, 3, 9),
    ],
    "03.5": [
        network(conv(dilation_rate=50)),
        network(conv(dilation_rate=50), conv()),
        network(conv(8, 1, strides=16), conv(16, 7)),
        network(pool(100, strides=1, padding="same"), conv(16, 1)),
        network(pool(16, "AveragePooling2D"), conv(16, 7)),
        network(*BLOCKS, conv(), conv(), pool()),
        network(conv(), conv()),
        network(*BLOCKS, conv(), conv(), shape=(160, 128, 3)),
        network(conv(), pool(5), pool(5), shape=(128, 160, 3)),
        without_input,
        lambda: "a network",
        network(*BLOCKS, pool(), conv(), lambda layers: layers.ZeroPadding2D(((2, 2), (3, 2)))),
    ],
}
