"""What an exercise asks of a network that a student has built."""

import numpy as np

from cnnlab.exercises.differences import in_words

LEARNED = 0.125  # every bias of the trunk: so it is known again, whatever becomes of it
KINDS = ("logits", "not any number", "nothing learned", "probabilities")  # from right to wrong
FAR = 100  # no function of a fixed range, and none that evens out, gets there with its factor
FIELD, PARAMETERS, MAP = 100, 15_000, (8, 10)  # of exercise 03.5


def require_model(model, shape=None):
    """Refuses what is no Keras model from inputs to outputs, or has inputs of another shape.

    Args:
        model: what a student has returned.
        shape: of the input, without the batch; None: any.

    Raises:
        ValueError: as told above.
    """
    import keras

    if not isinstance(model, keras.Model) or not _has_inputs(model):
        raise ValueError(
            f"a Keras model is asked for: got {in_words(model)}. "
            "Hand input and output to keras.Model."
        )
    begins = (getattr(model, "input_shape", None) or ())[1:]  # a model without Input has none
    if shape and tuple(begins) != shape:
        raise ValueError(
            f"the input must be {shape}: got {begins or 'none'}. Begin with keras.Input({shape})."
        )


def _has_inputs(model):
    """Whether the inputs of a model are known, or would be if it began with an Input."""
    import keras

    return isinstance(model, keras.Sequential) or hasattr(model, "inputs")


def kind_of_output(model):
    """What the outputs can be: they are asked for with large last weights, of either sign.

    Returns:
        "logits", "probabilities", "not any number", or "nothing learned" if there are no weights.
    """
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(4, *model.input_shape[1:])).astype("float32")
    images = np.concatenate([noise, np.ones_like(noise[:1]), -np.ones_like(noise[:1])])
    learned = [layer for layer in inner(model.layers) if layer.weights]
    if not learned:
        return "nothing learned"
    last = learned[-1]
    kept = last.get_weights()
    trained = [weight for weight in last.weights if not weight.name.startswith("moving")]
    large = [1e4 * rng.normal(size=weight.shape) for weight in trained]
    answers = []
    for sign in (1, -1):
        for weight, values in zip(trained, large, strict=True):
            weight.assign(sign * values)
        answers.append(np.asarray(model(images)))
    last.set_weights(kept)
    if np.min(answers) >= 0 and np.max(answers) <= 1:
        return "probabilities"
    return "logits" if np.min(answers) < -FAR and np.max(answers) > FAR else "not any number"


def inner(layers):
    """These layers, and instead of a model the layers in it."""
    for layer in layers:
        yield from inner(layer.layers) if hasattr(layer, "layers") else [layer]


def can_leave_gaps(model):
    """Whether a kernel is dilated, or a stride larger than its window."""
    for layer in inner(model.layers):
        window = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
        pairs = zip(window or (), getattr(layer, "strides", ()), strict=False)
        if max(getattr(layer, "dilation_rate", (1,))) > 1 or any(s > k for k, s in pairs):
            return True
    return False


def pixels_read(model, layer=None):
    """(rows, columns) of the image that the middle cell of a map reads: its field, less the gaps.

    They are the pixels with a gradient, in a copy with positive weights, lest any cancel out. Where
    the copy takes the largest it takes the mean, as the gradient of a largest goes to one alone.
    """
    import keras
    import tensorflow as tf

    copy = _with_positive_weights(model)
    maps = copy.outputs[0] if layer is None else copy.get_layer(layer).output
    image = tf.ones((1, *copy.input_shape[1:]))
    with tf.GradientTape() as tape:
        tape.watch(image)
        answer = keras.Model(copy.inputs, maps)(image)
        cell = answer[0, answer.shape[1] // 2, answer.shape[2] // 2, 0]
    read = np.any(tape.gradient(cell, image)[0] != 0, axis=-1)
    return int(read.any(axis=1).sum()), int(read.any(axis=0).sum())


def has_blind_cells(model):
    """Whether some cells of the output read no pixel at all: nothing but padding."""
    copy = _with_positive_weights(model)
    black, white = (np.full((1, *copy.input_shape[1:]), value, "float32") for value in (0, 1))
    changed = np.asarray(copy(white)) != np.asarray(copy(black))
    return not changed.any(axis=-1).all()


def _with_positive_weights(model):
    """A copy in which nothing cancels out, and no pixel is passed over for a larger one."""
    import keras

    def copied(layer):
        kind = type(layer)
        if kind is keras.layers.MaxPooling2D:
            kind = keras.layers.AveragePooling2D
        if kind is keras.layers.GlobalMaxPooling2D:
            kind = keras.layers.GlobalAveragePooling2D
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=copied)
    rng = np.random.default_rng(0)
    for weight in copy.weights:
        if len(weight.shape) > 1:
            fan_in = np.prod(weight.shape[:-1])
            weight.assign(rng.uniform(0.5, 1.5, weight.shape) / fan_in)
        else:
            weight.assign(np.full(weight.shape, float(weight.name in {"gamma", "moving_variance"})))
    return copy


def verdicts_on_field(model):
    """How a network for images of 128×160×3 keeps the conditions of exercise 03.5."""
    from cnnlab.receptive_field import receptive_field

    require_model(model, (128, 160, 3))
    if len(model.output_shape) != 4:
        return {"output": "no map"}
    seen = [size or FIELD for size in receptive_field(model).size]  # None: the whole image
    field = "large enough" if min(seen) >= FIELD else "too small"
    if min(seen) >= FIELD and can_leave_gaps(model) and min(pixels_read(model)) < FIELD:
        field = "full of gaps"
    rows, columns, channels = model.output_shape[1:]
    windows = [getattr(layer, "kernel_size", ()) for layer in inner(model.layers)]
    windows += [getattr(layer, "pool_size", ()) for layer in inner(model.layers)]
    cells = "enough" if rows >= MAP[0] and columns >= MAP[1] else "too few"
    small = model.count_params() <= PARAMETERS
    windows_fit = max(map(max, filter(None, windows)), default=1) <= 9
    else_right = field == "large enough" and cells == "enough" and small and windows_fit
    if else_right and has_blind_cells(model):  # last, as it takes a while
        cells = "some read nothing but padding"
    return {
        "output": "a map",
        "field": field,
        "windows": "small" if windows_fit else "too large",
        "parameters": "in the budget" if small else "too many",
        "cells": "a single one" if rows == columns == 1 else cells,
        "channels": "16" if channels == 16 else "not 16",
    }


def _has_learned(layer):
    return getattr(layer, "bias", None) is not None and bool(
        np.all(np.asarray(layer.bias) == LEARNED)
    )


def _convolutions(layers):
    return {layer for layer in inner(layers) if hasattr(layer, "kernel_size")}


def _reads_logits(head, layers):
    """Whether a head with weights of its own stands on the ten logits that the trunk had."""
    return bool(head.weights) and any(
        _has_learned(layer) and getattr(layer, "units", None) == 10 for layer in inner(layers)
    )


def verdicts_on_heads(model):
    """What exercise 05.5 asks of a network with two heads."""
    import keras

    require_model(model)
    heads = {name: model.get_layer(name) for name in model.output_names}
    parts = {name: keras.Model(model.inputs, head.output) for name, head in heads.items()}
    below = {name: part.layers[:-1] for name, part in parts.items()}
    units = {name: head.output.shape[1] for name, head in heads.items()}
    kinds = {kind_of_output(part) for part in parts.values()}
    shared = set.intersection(*map(_convolutions, below.values()))
    return {
        "outputs": {1: "one", 2: "two"}.get(len(heads), "more than two"),
        "the layers of the outputs are called digit and even": set(heads) == {"digit", "even"},
        "digit has 10 units": units.get("digit", 10) == 10,
        "even has 1 unit": units.get("even", 1) == 1,
        "the keys of the dict belong to their layers": _keys_fit(model, units),
        "numbers": max(kinds, key=KINDS.index),
        "no head reads the other": not any(
            head in layers for head in heads.values() for layers in below.values()
        ),
        "no head reads the trunk's logits": not any(
            _reads_logits(head, below[name]) for name, head in heads.items()
        ),
        "shared convolutions": ["none", "the first alone"][len(shared)]
        if len(shared) < 2
        else "enough",
        "they are those of the trunk": any(map(_has_learned, shared)),
    }


def _keys_fit(model, units):
    """Whether the model's answer, if it is a dict, has each output under the name of its layer."""
    answer = model(np.zeros((1, *model.input_shape[1:]), "float32"))
    if not isinstance(answer, dict):
        return True
    return all(units.get(key, value.shape[-1]) == value.shape[-1] for key, value in answer.items())
