"""Answers to the homework, as students write them."""

import numpy as np
from scipy import ndimage, signal

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def changes(image):
    image = np.asarray(image, float)
    return [signal.correlate2d(image, kernel, "valid") for kernel in (SOBEL, SOBEL.T)]


def strength_by_scipy(image):
    return np.hypot(*changes(image))


def strength_by_norm(image):
    return np.linalg.norm(np.stack(changes(image)), axis=0)


def strength_by_complex(image):
    across, down = changes(image)
    return np.abs(across + 1j * down)


def strength_by_ndimage(image):
    image = image.astype(float)
    across, down = ndimage.sobel(image, 1), ndimage.sobel(image, 0)
    return np.sqrt(across**2 + down**2)[1:-1, 1:-1]


def strength_by_lists(image):
    across, down = (change.tolist() for change in changes(image))
    return [
        [(a * a + d * d) ** 0.5 for a, d in zip(*lines, strict=True)]
        for lines in zip(across, down, strict=True)
    ]


def network(*make, compiled=False, shape=(28, 28, 1)):
    """small_network of these layers; each entry is a function of keras.layers."""

    def small_network():
        import keras

        model = keras.Sequential([keras.Input(shape), *(layer(keras.layers) for layer in make)])
        if compiled:
            model.compile("adam", "mse")
        return model

    return small_network


def conv(filters, size, **options):
    return lambda layers: layers.Conv2D(filters, size, **{"activation": "relu", **options})


def pool(kind="MaxPooling2D", *given):
    return lambda layers: getattr(layers, kind)(*given)


def dense(units=10, **options):
    return lambda layers: layers.Dense(units, **options)


AVERAGE, LARGEST = pool("GlobalAveragePooling2D"), pool("GlobalMaxPooling2D")
FLAT = pool("Flatten")
BODY = conv(8, 5), pool(), conv(12, 5), pool()


def functional():
    import keras
    from keras import layers

    image = x = keras.Input((28, 28, 1))
    for filters in (8, 12, 16):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D()(layers.ReLU()(layers.BatchNormalization()(x)))
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(x)))


def nested():
    import keras
    from keras import layers

    body = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
        ]
    )
    image = keras.Input((28, 28, 1))
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(body(image))))


def two_outputs():
    import keras
    from keras import layers

    image = keras.Input((28, 28, 1))
    maps = layers.Conv2D(8, 16)(image)
    pooled = layers.GlobalAveragePooling2D()(maps)
    return keras.Model(image, [layers.Dense(10)(pooled), layers.Dense(10)(pooled)])


def ink_by_where(heat, digit):
    on = np.where(digit[:, :, 0] > 0.5, heat, 0).sum()
    return on / heat.sum() if heat.any() else 0


def ink_by_product(heat, digit):
    mask = (digit.squeeze(-1) > 0.5).astype(float)
    return np.divide((heat * mask).sum(), heat.sum()) if heat.sum() else 0.0


def ink_by_einsum(heat, digit):
    mask = (digit > 0.5).astype(heat.dtype)
    return np.einsum("hw,hwc->", heat, mask) / max(np.einsum("hw->", heat), 1e-30)


def ink_by_average(heat, digit):
    if heat.max() == 0:
        return 0
    return np.average(digit[..., 0] > 0.5, weights=heat)


def ink_by_nan(heat, digit):
    return np.nan_to_num(heat[digit[..., 0] > 0.5].sum() / heat.sum())


RIGHT = {
    "H1.1": [],
    "H1.2": [
        strength_by_scipy,
        strength_by_norm,
        strength_by_complex,
        strength_by_ndimage,
        strength_by_lists,
    ],
    "H1.3": [],
    "H1.4": [
        functional,
        nested,
        network(*BODY, FLAT, dense()),
        network(*BODY, LARGEST, dense()),
        network(conv(8, 16), AVERAGE, dense()),
        network(*BODY, conv(10, 1, activation=None), AVERAGE),
        network(*BODY, conv(10, 1, activation=None), LARGEST),
        network(*BODY, pool("Dropout", 0.2), FLAT, dense(), pool("Activation", "linear")),
        network(
            conv(8, 5, activation="tanh"),
            pool(),
            conv(12, 5, activation="tanh"),
            pool(),
            FLAT,
            dense(),
        ),
    ],
    "H1.5": [ink_by_where, ink_by_product, ink_by_einsum, ink_by_average, ink_by_nan],
}

WRONG = {
    "H1.1": [{19, 30}, (20, 30), (30, 19), (19, 31), (38, 59), 19, "19, 30"],
    "H1.2": [
        lambda image: strength_by_scipy(image) ** 2,
        lambda image: strength_by_scipy(image).astype(image.dtype),
        lambda image: np.abs(changes(image)[0]) + np.abs(changes(image)[1]),
        lambda image: np.maximum(*map(np.abs, changes(image))),
        lambda image: strength_by_scipy(image).T,
        lambda image: strength_by_scipy(image) / 8,
        lambda image: np.arctan2(*changes(image)),
        lambda image: np.hypot(*[np.pad(change, 1) for change in changes(image)]),
    ],
    "H1.3": [(8, 14, 17, 26), (7, 4, 17, 14), (8, 14, 18, 23), (4, 7, 14, 17), (8, 14), {8, 14}],
    "H1.4": [
        network(*BODY, AVERAGE, dense(activation="sigmoid")),
        network(*BODY, AVERAGE, dense(activation="relu")),
        network(*BODY, AVERAGE, dense(), pool("ReLU")),
        network(*BODY, AVERAGE, dense(activation="tanh")),
        network(*BODY, AVERAGE, dense(), pool("Softmax")),
        network(*BODY, AVERAGE, dense(activation="softplus")),
        network(*BODY, AVERAGE, dense(), compiled=True),
        network(pool("MaxPooling2D", 16), AVERAGE, dense()),
        network(conv(1, 16), AVERAGE, dense()),
        network(conv(64, 3, dilation_rate=8), AVERAGE, dense()),
        network(*BODY, AVERAGE, dense(9)),
        network(*BODY, AVERAGE, dense(), shape=(32, 32, 1)),
        network(*BODY, AVERAGE, dense(activation="tanh"), pool("Rescaling", 10.0)),
        two_outputs,
        network(conv(16, 5), FLAT, dense()),
    ],
    "H1.5": [
        lambda heat, digit: ink_by_product(heat, digit + (digit == 0.5)),
        lambda heat, digit: ink_by_product(heat, digit - 0.2),
        lambda heat, digit: 1 - ink_by_product(heat, digit),
        lambda heat, digit: 100 * ink_by_product(heat, digit),
        lambda heat, digit: heat[digit[..., 0] > 0.5].sum(),
        lambda heat, digit: heat[digit[..., 0] > 0.5].mean(),
        lambda heat, digit: ink_by_product(heat, digit) if heat.sum() > 1 else 0,
        lambda heat, digit: ink_by_product(heat, digit[::-1]),
        lambda heat, digit: heat[digit[..., 0] > 0.5].sum() / heat.sum(),
    ],
}
