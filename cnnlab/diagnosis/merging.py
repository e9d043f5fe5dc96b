"""Rules about layers that join two ways through a network."""

import keras

from cnnlab.diagnosis.finding import Finding, in_place_of, made_anew
from cnnlab.reading import kinds

_JOINS = {"Add", "Average", "Subtract", "Concatenate"}


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
        if node.kind == "Concatenate" and node.input_shapes[0][-1] == 1:
            continue  # grey made three colours, for a trained base
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


def joined_along_the_picture(case):
    """Maps of one picture are joined along their channels; along axis 1 they lie side by side.

    Example:
        image = keras.Input((8, 12, 1))
        ways = [layers.Conv2D(8, n, padding="same", activation="relu")(image) for n in (3, 5)]
        x = layers.MaxPooling2D()(layers.Concatenate(axis=1, name="join")(ways))
        model = keras.Model(image, layers.Dense(3)(layers.Flatten()(x)))
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    orders = {getattr(node.layer, "data_format", None) for node in case.calls}
    if "channels_first" in orders:
        return
    for node in case.calls:
        axis, rank = getattr(node.layer, "axis", -1), len(node.output_shape)
        joins = node.kind == "Concatenate" and rank == 4 and len(set(node.inputs)) > 1
        if not joins or axis % rank not in (1, 2) or len(set(node.input_shapes)) > 1:
            continue
        if not set.intersection(*(_sources(case.graph, name) for name in node.inputs)):
            continue
        shapes = node.input_shapes[0], node.output_shape
        before, after = ("×".join(map(str, shape[1:])) for shape in shapes)
        evidence = f"axis={axis}: {len(node.inputs)} maps of {before} become one of {after}"
        line = in_place_of("layers.Concatenate()", node.layer.name)
        yield Finding(node.address, evidence, line, "whether they show two parts of one picture")


def _sources(graph, address):
    """The addresses of all that a node reads, on the way from the inputs."""
    found, left = set(), [address]
    while left:
        if (name := left.pop()) not in found:
            found.add(name)
            left += graph[name].inputs
    return found


def _went_in(graph, node):
    """What the last two convolutions in front of a node read, where of the same shape; or ""."""
    found, passed, before = "", 0, graph[node.inputs[0]]
    while passed < 2 and len(before.inputs) == 1:
        passed += before.kind in kinds.CONVOLUTIONS
        before = graph[before.inputs[0]]
        same = before.output_shape == node.input_shapes[0] and before.address not in graph.inputs
        if passed and same:
            found = before.address
    return found
