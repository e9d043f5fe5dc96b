"""Answers to exercise 05.5, two heads on one trunk: right ones, and those that are explained."""

import numpy as np

from cnnlab.exercises.networks import LEARNED


def two_heads(trunk):
    """The solution: two dense layers on F6."""
    import keras

    shared = trunk.get_layer("f6").output
    digit = keras.layers.Dense(10, name="digit")(shared)
    even = keras.layers.Dense(1, name="even")(shared)
    return keras.Model(trunk.inputs[0], {"digit": digit, "even": even})


def two_heads_on_the_old_logits(trunk):
    """The trunk's own ten logits are the first output, under their new name."""
    import keras

    digit = keras.layers.Identity(name="digit")(trunk.output)
    even = keras.layers.Dense(1, name="even")(trunk.get_layer("f6").output)
    return keras.Model(trunk.input, [digit, even])


def two_heads_from_c5(trunk):
    """The second head leaves earlier and has a hidden layer of its own."""
    import keras

    hidden = keras.layers.Dense(20, activation="relu")(trunk.get_layer("flatten").output)
    digit = keras.layers.Dense(10, name="digit")(trunk.get_layer("f6").output)
    return keras.Model(trunk.inputs, [digit, keras.layers.Dense(1, name="even")(hidden)])


def two_heads_with_dense_layers_of_their_own(trunk):
    """What is shared has fewer parameters than each head."""
    import keras
    from keras import layers

    def head(units, name):
        hidden = layers.Dense(240, activation="relu")(trunk.get_layer("flatten").output)
        hidden = layers.Dense(240, activation="relu")(hidden)
        return layers.Dense(units, name=name)(hidden)

    return keras.Model(trunk.inputs, [head(10, "digit"), head(1, "even")])


def two_heads_by_calling(trunk):
    """The part up to F6 is called like a layer."""
    import keras

    inputs = keras.Input(trunk.input_shape[1:])
    shared = keras.Model(trunk.inputs, trunk.get_layer("f6").output)(inputs)
    heads = [keras.layers.Dense(n, name=name)(shared) for name, n in [("digit", 10), ("even", 1)]]
    return keras.Model(inputs, heads)


def two_trunks(trunk):
    """Each head has a trunk of its own."""
    import keras

    copy = keras.models.clone_model(trunk)
    inputs = keras.Input(trunk.input_shape[1:])
    parts = [keras.Model(m.inputs, m.get_layer("f6").output)(inputs) for m in (trunk, copy)]
    digit = keras.layers.Dense(10, name="digit")(parts[0])
    return keras.Model(inputs, [digit, keras.layers.Dense(1, name="even")(parts[1])])


def head_on_head(trunk):
    """The second head stands on the first."""
    import keras

    digit = keras.layers.Dense(10, name="digit")(trunk.get_layer("f6").output)
    return keras.Model(trunk.inputs, [digit, keras.layers.Dense(1, name="even")(digit)])


def heads_with_probabilities(trunk):
    """Softmax and sigmoid in place of logits."""
    import keras

    shared = trunk.get_layer("f6").output
    digit = keras.layers.Dense(10, activation="softmax", name="digit")(shared)
    even = keras.layers.Dense(1, activation="sigmoid", name="even")(shared)
    return keras.Model(trunk.inputs, {"digit": digit, "even": even})


def heads_with_relu(trunk):
    """Heads that end in a ReLU."""
    import keras

    shared = trunk.get_layer("f6").output
    heads = [keras.layers.Dense(n, "relu", name=k) for k, n in [("digit", 10), ("even", 1)]]
    return keras.Model(trunk.inputs, [head(shared) for head in heads])


def heads_under_each_others_name(trunk):
    """The two names are exchanged."""
    model = two_heads(trunk)
    return type(model)(
        model.inputs,
        {"even": model.get_layer("digit").output, "digit": model.get_layer("even").output},
    )


def head_on_the_first_maps(trunk):
    """Only the first convolution is shared."""
    import keras

    digit = keras.layers.Dense(10, name="digit")(trunk.get_layer("f6").output)
    flat = keras.layers.Flatten(name="flat")(trunk.get_layer("s2").output)
    return keras.Model(trunk.inputs, [digit, keras.layers.Dense(1, name="even")(flat)])


def head_with_two_units(trunk):
    """Even and odd as two outputs."""
    import keras

    shared = trunk.get_layer("f6").output
    heads = [keras.layers.Dense(n, name=name)(shared) for name, n in [("digit", 10), ("even", 2)]]
    return keras.Model(trunk.inputs, heads)


def one_head(trunk):
    """A model with one of the two outputs."""
    import keras

    even = keras.layers.Dense(1, name="even")(trunk.get_layer("f6").output)
    return keras.Model(trunk.inputs, even)


def heads_on_the_logits(trunk):
    """Both heads read the trunk's ten logits."""
    import keras

    heads = [keras.layers.Dense(n, name=name) for name, n in [("digit", 10), ("even", 1)]]
    return keras.Model(trunk.inputs, [head(trunk.output) for head in heads])


def two_heads_on_a_new_trunk(trunk):
    """A new LeNet-5 in place of the one that was handed over."""
    from cnnlab import models

    return two_heads(models.lenet5(trunk.input_shape[1:]))


def two_heads_without_names(trunk):
    """The keys of the dict are the names, the layers have others."""
    import keras

    shared = trunk.get_layer("f6").output
    heads = {"digit": keras.layers.Dense(10)(shared), "even": keras.layers.Dense(1)(shared)}
    return keras.Model(trunk.inputs, heads)


def trunks():
    """Two LeNet-5s that "have learned", one of them for pictures that are not square."""
    from cnnlab import models

    pair = [models.lenet5(), models.lenet5((28, 36, 1))]
    for layer in [*pair[0].layers, *pair[1].layers]:
        if layer.weights:
            layer.bias.assign(np.full(layer.bias.shape, LEARNED))
    return [(trunk,) for trunk in pair]
