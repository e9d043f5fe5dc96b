"""Exercise 05.6, three broken networks: mended ones, and those that are mended by halves."""


def network(*stack, loss):
    """The given layers on a small convolutional network for digits, compiled."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, activation="relu"),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            *stack,
        ]
    )
    model.compile(keras.optimizers.Adam(1e-3), loss=loss)
    return model


def built(which, end="sigmoid", hidden="relu", answer=None, loss=None):
    """Network 0, 1 or 2 with what a student writes there."""
    import keras
    from keras import layers

    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if which == 0:
        return network(layers.Dense(1, activation=end), loss=loss or "binary_crossentropy")
    if which == 1:
        stack = [layers.Dense(64, activation=hidden), layers.Dense(10)]
        return network(*stack, loss=logits)
    return network(layers.Dense(10, activation=answer), loss=logits)


def mended_network(which):
    """The three of `broken_network`, each with the one thing mended."""
    import keras
    from keras import layers

    ends = [
        [layers.Dense(1, activation="sigmoid")],  # a softmax over one unit is always 1
        [layers.Dense(64, activation="relu"), layers.Dense(10)],  # or two layers are one
        [layers.Dense(10)],  # logits may be negative
    ]
    begin = [layers.Conv2D(8, 5, activation="relu"), layers.MaxPooling2D(4), layers.Flatten()]
    network_of = keras.Sequential([keras.Input((28, 28, 1)), *begin, *ends[which]])
    for_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = "binary_crossentropy" if which == 0 else for_logits
    network_of.compile(keras.optimizers.Adam(learning_rate=1e-3), loss)
    return network_of


def mended_with_tanh(which):
    """Another activation bends as well."""
    return built(which, hidden="tanh")


def mended_by_the_loss(which):
    """A logit, and a loss that is told so."""
    import keras

    if which == 0:
        return built(0, end=None, loss=keras.losses.BinaryCrossentropy(from_logits=True))
    return built(which)


def broken(which):
    """As they are handed out."""
    return built(which, end="softmax", hidden=None, answer="relu")


def without_the_first(which):
    """The softmax over one unit is still there."""
    return built(which, end="softmax")


def with_a_linear_end(which):
    """The first ends in a logit, and its loss is not told."""
    return built(which, end="linear")


def without_the_second(which):
    """Two linear layers in a row."""
    return built(which, hidden=None)


def without_the_third(which):
    """A ReLU on the answers."""
    return built(which, answer="relu")


def with_a_softmax_for_logits(which):
    """The third ends in probabilities where its loss expects logits."""
    return built(which, answer="softmax")


def named(model):
    """What is wrong with a compiled network, and what it answers.

    Returns:
        {"what is wrong": the first finding, or "nothing", "units": of the answer,
        "compiled": bool}.
    """
    from cnnlab.diagnosis import diagnose
    from cnnlab.exercises.networks import require_model

    require_model(model, (28, 28, 1))
    findings = diagnose(model).finding.tolist()
    return {
        "what is wrong": findings[0] if findings else "nothing",
        "units": model.output_shape[-1],
        "compiled": model.compiled,
    }
