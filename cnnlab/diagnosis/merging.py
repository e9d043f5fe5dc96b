"""A rule about layers that join two ways through a network."""

import keras

from cnnlab.diagnosis.finding import Finding, in_place_of, made_anew
from cnnlab.reading import kinds

_JOINS = {"Add", "Average", "Subtract"}


def joined_with_itself(case):
    """A residual block adds what went into it; added to itself, its result is only doubled.

    So where the name of what went in was given to what came out.

    Example:
        image = keras.Input((8, 12, 1))
        x = layers.Conv2D(8, 3, padding="same", activation="relu", name="stem")(image)
        x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
        x = layers.Conv2D(8, 3, padding="same")(x)
        x = layers.ReLU()(layers.Add(name="join")([x, x]))
        model = keras.Model(image, layers.Dense(3)(layers.GlobalMaxPooling2D()(x)))
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for node in case.calls:
        twice = node.kind in _JOINS and len(node.inputs) > 1 and len(set(node.inputs)) == 1
        if not twice or not isinstance(node.layer, keras.layers.Layer):
            continue
        evidence = f"both inputs are {node.inputs[0]!r}"
        shortcut = _went_in(case.graph, node)
        line = in_place_of("layers.Lambda(lambda both: both[0])", node.layer.name)
        if shortcut and "/" not in node.address:
            evidence += f", and {shortcut!r} went into the block"
            line = "seen = {}; model = keras.models.clone_model(model, call_function=lambda layer, "
            line += "x, **given: seen.setdefault(layer.name, layer([x[0], seen["
            line += f"{shortcut!r}]] if layer.name == {node.layer.name!r} else x, **given)))"
            line = made_anew(case, line)
        yield Finding(node.address, evidence, line)


def _went_in(graph, node):
    """What the last two convolutions in front of a node read, where of the same shape; or ""."""
    found, passed, before = "", 0, graph[node.inputs[0]]
    while passed < 2 and len(before.inputs) == 1:
        passed += before.kind in kinds.CONVOLUTIONS
        before = graph[before.inputs[0]]
        same = before.output_shape == node.output_shape and before.address not in graph.inputs
        if passed and same:
            found = before.address
    return found
