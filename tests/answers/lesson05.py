"""Answers to lesson 05, as students write them."""

import numpy as np


def recall_by_einsum(matrix):
    return np.einsum("ii->i", matrix) / np.einsum("ij->i", matrix)


def recall_normalised_first(matrix):
    return np.diag(matrix / matrix.sum(axis=1, keepdims=True))


def recall_by_pandas(matrix):
    import pandas as pd

    table = pd.DataFrame(matrix)
    return np.diag(table) / table.sum(axis=1)


def recall_by_misses(matrix):
    missed = [sum(row) - row[i] for i, row in enumerate(matrix.tolist())]
    return tuple(1 - m / s for m, s in zip(missed, matrix.sum(axis=1), strict=True))


def recall_on_demand(matrix):
    return (row[i] / row.sum() for i, row in enumerate(matrix))


def recall_of_objects(matrix):
    return (np.diag(matrix).astype(object) / matrix.sum(axis=1)).tolist()


def normalise_folded(x, mean, variance, gamma, beta):
    scale = gamma / (variance + 1e-3) ** 0.5
    return x * scale + (beta - mean * scale)


def normalise_by_keras(x, mean, variance, gamma, beta):
    import keras

    layer = keras.layers.BatchNormalization()
    layer.build(x.shape)
    layer.set_weights([gamma, beta, mean, variance])
    return layer(x.astype("float32"), training=False)


def normalise_by_einsum(x, mean, variance, gamma, beta):
    return np.einsum("bhwc,c->bhwc", x - mean, gamma * (variance + 0.001) ** -0.5) + beta


def normalise_pixel_by_pixel(x, mean, variance, gamma, beta):
    out = np.zeros(x.shape)
    for b, r, c in np.ndindex(x.shape[:3]):
        out[b, r, c] = gamma * (x[b, r, c] - mean) / np.sqrt(variance + 0.001) + beta
    return out


def step_in_one_line(point, velocity, gradient, rate, momentum):
    return point + momentum * velocity - rate * gradient, momentum * velocity - rate * gradient


def step_as_list(point, velocity, gradient, rate, momentum):
    move = np.multiply(momentum, velocity) - np.multiply(rate, gradient)
    return [np.add(point, move), move]


def step_by_difference(point, velocity, gradient, rate, momentum):
    new = point - (rate * gradient - momentum * velocity)
    return new, new - point


def step_by_keras(point, velocity, gradient, rate, momentum):
    from keras import ops

    point, velocity, gradient = (ops.cast(v, "float32") for v in (point, velocity, gradient))
    velocity = ops.subtract(momentum * velocity, rate * gradient)
    return ops.add(point, velocity), velocity


def heads(place="f6", names=("digit", "even"), units=(10, 1), tie=dict, base=None, **options):
    """two_heads with its parts exchanged."""

    def two_heads(trunk):
        import keras

        own = base(trunk) if base else trunk
        shared = own.get_layer(place).output
        outputs = [
            keras.layers.Dense(n, name=name, **options)(shared)
            for n, name in zip(units, names, strict=True)
        ]
        if tie is dict:
            outputs = dict(zip(("digit", "even"), outputs, strict=True))
        return keras.Model(own.input, outputs)

    return two_heads


def by_a_body(trunk):
    import keras

    body = keras.Model(trunk.input, trunk.get_layer("flatten").output)
    image = keras.Input(trunk.input_shape[1:])
    flat = body(image)
    hidden = keras.layers.Dense(40, "tanh")(flat)
    digit, even = keras.layers.Dense(10, name="digit"), keras.layers.Dense(1, name="even")
    return keras.Model(image, {"digit": digit(hidden), "even": even(flat)})


def frozen(trunk):
    trunk.trainable = False
    return heads()(trunk)


def with_dropout(trunk):
    import keras

    shared = keras.layers.Dropout(0.3)(trunk.layers[-2].output)
    return keras.Model(
        inputs=trunk.inputs,
        outputs=[keras.layers.Dense(10, name="digit")(shared), head(shared)],
    )


def head(x):
    import keras

    return keras.layers.Dense(1, activation="linear", name="even")(x)


def a_new_name_for_the_logits(trunk):
    import keras

    digit = keras.layers.Activation("linear", name="digit")(trunk.output)
    return keras.Model(trunk.input, {"digit": digit, "even": head(trunk.layers[-2].output)})


def fresh(trunk):
    from cnnlab import models

    return models.lenet5(trunk.input_shape[1:])


def untrained(trunk):
    import keras

    return keras.models.clone_model(trunk)


def even_of_the_logits(trunk):
    import keras

    digit = keras.layers.Dense(10, name="digit")(trunk.get_layer("f6").output)
    return keras.Model(trunk.input, {"digit": digit, "even": head(trunk.output)})


def by_calling_all(trunk):
    """The whole trunk, logits and all, as a layer."""
    import keras

    image = keras.Input(trunk.input_shape[1:])
    logits = trunk(image)
    digit = keras.layers.Dense(10, name="digit")(logits)
    return keras.Model(image, {"digit": digit, "even": head(logits)})


def ends(digit=(), even=()):
    """Two Dense layers, and behind them, with the names of the outputs, other layers."""

    def two_heads(trunk):
        from keras import Model, layers

        def head(name, units, behind):
            x = layers.Dense(units, name=None if behind else name)(trunk.get_layer("f6").output)
            return getattr(layers, behind[0])(*behind[1:], name=name)(x) if behind else x

        return Model(
            trunk.inputs, {"digit": head("digit", 10, digit), "even": head("even", 1, even)}
        )

    return two_heads


def behind_activation(kind, activation):
    """The output is a layer of this kind, behind an activation that is none of a logit's."""

    def two_heads(trunk):
        from keras import Model, layers

        shared = trunk.get_layer("f6").output
        digit = getattr(layers, kind)(name="digit")(layers.Dense(10, activation)(shared))
        return Model(trunk.inputs, [digit, head(shared)])

    return two_heads


def even_behind(place, convolution=False):
    """The second head leaves early; one with a convolution of its own."""

    def two_heads(trunk):
        from keras import Model, layers

        maps = trunk.get_layer(place).output
        if convolution:
            maps = layers.Conv2D(16, 5, strides=2)(maps)
        digit = layers.Dense(10, name="digit")(trunk.get_layer("f6").output)
        return Model(trunk.inputs, [digit, head(layers.Flatten(name="flat")(maps))])

    return two_heads


def exchanged_keys(trunk):
    model = heads()(trunk)
    outputs = [model.get_layer(name).output for name in ("digit", "even")]
    return type(model)(trunk.inputs, dict(zip(("even", "digit"), outputs, strict=True)))


def forgetting(trunk):
    for weight in trunk.weights:
        weight.assign(0 * weight)
    return heads()(trunk)


def normalised(trunk):
    """The logits are those of a layer that scales them."""
    from keras import Model, layers

    shared = trunk.get_layer("f6").output
    digit = layers.BatchNormalization(name="digit")(layers.Dense(10)(shared))
    return Model(trunk.inputs, [digit, head(shared)])


def heads_of_several_layers(trunk):
    from keras import Model, Sequential, layers

    shared = trunk.get_layer("f6").output
    digit = Sequential([layers.Dense(20, "relu"), layers.Dense(10)], name="digit")
    even = Sequential([layers.Dense(1)], name="even")
    return Model(trunk.inputs, [digit(shared), even(shared)])


def three(first=None, second="relu", third=None, functional=False, loss=None, names=()):
    """Answers to 05.6: what stands at the end of the first, between, and at the end of the third.

    Each an activation, or a list of layers behind a dense layer without one.
    """

    def mended_network(which):
        import keras
        from keras import layers

        def dense(units, activation):
            if isinstance(activation, list):
                built = [getattr(layers, kind)(*given) for kind, *given in activation]
                return [layers.Dense(units), *built]
            return [layers.Dense(units, activation=activation)]

        ends = [
            dense(1, first or "sigmoid"),
            [*dense(64, second), layers.Dense(10)],
            dense(10, third),
        ]
        stack = [layers.Conv2D(8, 5, activation="relu"), layers.MaxPooling2D(4), layers.Flatten()]
        stack += ends[which]
        image = keras.Input((28, 28, 1))
        if functional:
            x = image
            for layer in stack:
                x = layer(x)
            model = keras.Model(image, x)
        else:
            model = keras.Sequential([image, *stack])
        for_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        chosen = (loss or {}).get(which, "binary_crossentropy" if which == 0 else for_logits)
        model.compile("adam", chosen() if chosen is of_logits else chosen)
        return model

    return mended_network


def of_logits():
    import keras

    return keras.losses.BinaryCrossentropy(from_logits=True)


def not_compiled(which):
    import keras

    model = three()(which)
    return keras.Model(model.inputs, model.outputs)


RIGHT = {
    "05.1": [
        recall_by_einsum,
        recall_normalised_first,
        recall_by_pandas,
        recall_by_misses,
        recall_on_demand,
        recall_of_objects,
    ],
    "05.2": [],
    "05.3": [
        normalise_folded,
        normalise_by_keras,
        normalise_by_einsum,
        normalise_pixel_by_pixel,
    ],
    "05.4": [step_in_one_line, step_as_list, step_by_difference, step_by_keras],
    "05.5": [
        heads(),
        heads("flatten"),
        heads(tie=list),
        heads(kernel_initializer="zeros"),
        by_a_body,
        frozen,
        with_dropout,
        a_new_name_for_the_logits,
        even_behind("s4"),
        ends(digit=["Identity"], even=["Reshape", (1,)]),
        normalised,
        heads_of_several_layers,
    ],
    "05.6": [
        three(),
        three(functional=True),
        three(second="tanh"),
        three(second="gelu"),
        three(second=[("ReLU",)]),
        three(second=[("LeakyReLU", 0.1), ("Dropout", 0.3)], functional=True),
        three(first=[("Activation", "sigmoid")]),
        three(first="linear", loss={0: of_logits}),
        three(third="softmax", loss={2: "sparse_categorical_crossentropy"}),
    ],
}

WRONG = {
    "05.1": [
        lambda m: np.diag(m) / m.sum(axis=0),
        lambda m: np.diag(m) // m.sum(axis=1),
        lambda m: (np.diag(m) / m.sum(axis=1)).mean(),
        lambda m: (np.diag(m) / m.sum(axis=1))[:, None],
        lambda m: 100 * np.diag(m) / m.sum(axis=1),
        lambda m: np.diag(m[::-1]) / m.sum(axis=1),
        lambda m: m / m.sum(axis=1, keepdims=True),
        lambda m: np.sort(np.diag(m) / m.sum(axis=1)),
    ],
    "05.2": [(208, 2416), (156, 3216), (208, 3200), (200, 3216), {208, 3216}, 3424],
    "05.3": [
        lambda x, m, v, g, b: g * (x - m) / (np.sqrt(v) + 0.001) + b,
        lambda x, m, v, g, b: g * (x - m) / np.sqrt(v + 1e-5) + b,
        lambda x, m, v, g, b: b * (x - m) / np.sqrt(v + 0.001) + g,
        lambda x, m, v, g, b: g * (x + m) / np.sqrt(v + 0.001) + b,
        lambda x, m, v, g, b: g * x - m / np.sqrt(v + 0.001) + b,
        lambda x, m, v, g, b: normalise_folded(x, m, v, g, b).astype(int),
        lambda x, m, v, g, b: normalise_folded(x, m[::-1], v, g, b),
        lambda x, m, v, g, b: normalise_folded(x, v, m, g, b),
        lambda x, m, v, g, b: normalise_folded(x, m, v, np.abs(g), b),
        lambda x, m, v, g, b: g * (x - m) / np.sqrt(np.maximum(v, 0.001)) + b,
    ],
    "05.4": [
        lambda p, v, g, r, m: step_in_one_line(p, v, g, r, m)[::-1],
        lambda p, v, g, r, m: step_in_one_line(p, v, g, r, m)[0],
        lambda p, v, g, r, m: step_in_one_line(p, v, g, m, r),
        lambda p, v, g, r, m: step_in_one_line(p, v, -g, r, m),
        lambda p, v, g, r, m: step_in_one_line(p, -v, g, r, m),
        lambda p, v, g, r, m: (p - r * g + m * (m * v - r * g), m * v - r * g),  # Nesterov
        lambda p, v, g, r, m: (p + r * (m * v - g), m * v - g),
    ],
    "05.5": [
        heads("output"),
        heads("output", tie=list),
        heads(base=fresh),
        heads(base=untrained),
        heads(names=(None, None)),
        heads(names=("even", "digit")),
        heads(units=(1, 10)),
        heads(activation="relu"),
        even_of_the_logits,
        by_calling_all,
        lambda trunk: trunk,
        ends(digit=["Softmax"]),
        ends(even=["ReLU"]),
        behind_activation("Identity", "softmax"),
        behind_activation("Dropout", "sigmoid"),
        behind_activation("Identity", "tanh"),
        even_behind("c1"),
        even_behind("s2", convolution=True),
        exchanged_keys,
        forgetting,
        lambda trunk: heads()(trunk).outputs,
        lambda trunk: type(trunk)(trunk.inputs, [*heads()(trunk).outputs, trunk.output]),
    ],
    "05.6": [
        three(first="softmax"),
        three(first="softmax", second=None, third="relu", functional=True),
        three(first="linear"),
        three(first="relu"),
        three(second=None),
        three(second=[("Dropout", 0.3)]),
        three(third=[("ReLU",)]),
        three(third="softmax"),
        three(third="sigmoid"),
        not_compiled,
        lambda which: three()(0),
        lambda which: [three()(each) for each in range(3)],
    ],
}
