"""Answers to lesson 06, as students write them."""

from fractions import Fraction

import numpy as np


def share_by_keras(kernel_size, channels, filters):
    import keras

    plain = keras.layers.Conv2D(filters, kernel_size, use_bias=False)
    depthwise = keras.layers.DepthwiseConv2D(kernel_size, use_bias=False)
    pointwise = keras.layers.Conv2D(filters, 1, use_bias=False)
    for layer in (plain, depthwise, pointwise):
        layer.build((None, 9, 12, channels))
    return (depthwise.count_params() + pointwise.count_params()) / plain.count_params()


def share_by_fractions(kernel_size, channels, filters):
    return Fraction(1, filters) + Fraction(1, kernel_size * kernel_size)


def share_by_arrays(kernel_size, channels, filters):
    weights = [np.zeros((kernel_size, kernel_size, channels)), np.zeros((channels, filters))]
    plain = np.zeros((kernel_size, kernel_size, channels, filters))
    return np.array(sum(w.size for w in weights) / plain.size)


def share_in_two_parts(kernel_size, channels, filters):
    area = np.float64(kernel_size) ** 2
    return (area + filters) / (area * filters)


def block(between="relu", end="relu", merge="Add", branch_end=None, sizes=(3, 3), shape=(12, 20)):
    """build_block with its parts exchanged; an activation is a name, a function or None."""

    def build_block():
        import keras
        from keras import layers

        def activated(x, how):
            return (
                layers.Activation(how)(x) if isinstance(how, str) else how(layers)(x) if how else x
            )

        maps = x = keras.Input((*shape, 32))
        for size, how in zip(sizes, (between, branch_end), strict=False):
            x = activated(layers.Conv2D(32, size, padding="same")(x), how)
        return keras.Model(maps, activated(getattr(layers, merge)()([maps, x]), end))

    return build_block


def by_operators(normalised=False):
    def build_block():
        import keras
        from keras import layers, ops

        maps = keras.Input((12, 20, 32))
        x = layers.Conv2D(32, (3, 3), padding="same")(maps)
        x = ops.maximum(layers.BatchNormalization()(x) if normalised else x, 0)
        x = layers.Conv2D(32, (3, 3), padding="same")(x)
        x = layers.BatchNormalization()(x) if normalised else x
        return keras.Model(maps, ops.maximum(maps + x, 0))

    return build_block


def of_the_course():
    import keras

    from cnnlab import models

    maps = keras.Input((12, 20, 32))
    return keras.Model(maps, models.residual_block(maps, 32))


def narrow_inside():
    import keras
    from keras import layers

    maps = keras.Input((12, 20, 32))
    x = layers.Conv2D(48, 3, padding="same", kernel_initializer="he_normal")(maps)
    x = layers.Dropout(0.1)(layers.ReLU()(x))
    x = layers.Conv2D(32, 3, padding="same")(x)
    return keras.Model(maps, layers.ReLU()(layers.add([x, maps])))


def padded_by_hand():
    import keras
    from keras import layers

    maps = keras.Input((12, 20, 32))
    x = layers.Conv2D(32, 3)(layers.ZeroPadding2D(1)(maps))
    x = layers.Conv2D(32, 3)(layers.ZeroPadding2D(1)(layers.ReLU()(x)))
    return keras.Model(maps, layers.ReLU()(layers.Add()([maps, x])))


def with_relu(of_all=False):
    """A ReLU on the shortcut alone, or before it leaves the branch."""

    def build_block():
        import keras
        from keras import layers

        maps = keras.Input((12, 20, 32))
        shortcut = layers.ReLU()(maps)
        x = layers.Conv2D(32, 3, padding="same", activation="relu")(shortcut if of_all else maps)
        x = layers.Conv2D(32, 3, padding="same")(x)
        return keras.Model(maps, layers.ReLU()(shortcut + x))

    return build_block


def of_layers(*make):
    """The branch, layer by layer; each entry is a function of keras.layers."""

    def build_block():
        import keras
        from keras import layers

        maps = x = keras.Input((12, 20, 32))
        for layer in make:
            x = layer(layers)(x)
        return keras.Model(maps, layers.ReLU()(maps + x))

    return build_block


def normalised(where, kind="BatchNormalization"):
    """A normalisation where it does not belong."""

    def build_block():
        import keras
        from keras import layers

        normalise = getattr(layers, kind)
        maps = shortcut = keras.Input((12, 20, 32))
        x = layers.Conv2D(32, 3, padding="same", activation="relu")(maps)
        x = layers.Conv2D(32, 3, padding="same")(x)
        if where == "shortcut":
            shortcut = normalise()(maps)
        x = layers.Add()([shortcut, x])
        if where == "sum":
            x = normalise()(x)
        x = layers.ReLU()(x)
        return keras.Model(maps, normalise()(x) if where == "end" else x)

    return build_block


def conv(kind="Conv2D", **options):
    return lambda layers: getattr(layers, kind)(32, 3, padding="same", **options)


RIGHT = {
    "06.1": [],
    "06.2": [],
    "06.3": [
        block(),
        block(between=lambda layers: layers.ReLU(), end=lambda layers: layers.ReLU()),
        by_operators(),
        by_operators(normalised=True),
        of_the_course,
        narrow_inside,
        padded_by_hand,
        block(sizes=((3, 3), (3, 3))),
        of_layers(conv(use_bias=False, kernel_regularizer="l2", activation="relu"), conv()),
        of_layers(conv(activation="relu"), conv(), lambda layers: layers.SpatialDropout2D(0.1)),
    ],
    "06.4": [share_by_keras, share_by_fractions, share_by_arrays, share_in_two_parts],
}

WRONG = {
    "06.1": [29030400, 28 * 72 * 15 * 24 * 40, 56 * 72 * 15 * 24 * 40, 28 * 36 * 15 * 40, 14440, 0],
    "06.2": [16, 14, 19, 80, 13.94, (15, 15)],
    "06.3": [
        block(between=lambda layers: layers.LeakyReLU()),
        block(between=lambda layers: layers.LeakyReLU(negative_slope=0.01)),
        block(between="gelu"),
        block(between="elu"),
        block(between="softplus"),
        block(between="tanh"),
        block(between="relu6"),
        block(end=lambda layers: layers.LeakyReLU()),
        block(end="gelu"),
        block(merge="Multiply"),
        block(merge="Subtract"),
        block(merge="Average"),
        block(merge="Maximum"),
        block(sizes=(3, 5)),
        block(sizes=(1, 3)),
        block(shape=(20, 12)),
        lambda: "a block",
        with_relu(),
        with_relu(of_all=True),
        normalised("sum"),
        normalised("sum", "LayerNormalization"),
        normalised("shortcut"),
        normalised("end"),
        block(between=lambda layers: layers.PReLU()),
        block(end=lambda layers: layers.PReLU()),
        of_layers(conv(activation="relu", dilation_rate=2), conv()),
        of_layers(conv(activation="relu"), conv(), lambda layers: layers.Dense(32)),
        of_layers(conv(activation="relu"), conv(activation="relu"), conv()),
        of_layers(conv("SeparableConv2D", activation="relu"), conv("SeparableConv2D")),
    ],
    "06.4": [
        lambda k, c, f: 1 / c + 1 / k**2,
        lambda k, c, f: 1 / f + 1 / k,
        lambda k, c, f: 100 * share_in_two_parts(k, c, f),
        lambda k, c, f: 1 - share_in_two_parts(k, c, f),
        lambda k, c, f: 1 / share_in_two_parts(k, c, f),
        lambda k, c, f: round(share_in_two_parts(k, c, f), 1),
        lambda k, c, f: share_in_two_parts(k, f, c),
        lambda k, c, f: (k * k * c + c * f) // (k * k * c * f),
    ],
}
