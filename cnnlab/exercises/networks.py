"""What an exercise asks of a network that a student has built."""

import numpy as np

LEARNED = 0.125  # every bias of the trunk: so it is known again, whatever becomes of it
FIELD, PARAMETERS, MAP = 100, 15_000, (8, 10)  # of exercise 03.5


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
    maps = copy.outputs[0] if layer is None else copy.get_layer(layer).output
    image = tf.ones((1, *copy.input_shape[1:]))
    with tf.GradientTape() as tape:
        tape.watch(image)
        answer = keras.Model(copy.inputs, maps)(image)
        cell = answer[0, answer.shape[1] // 2, answer.shape[2] // 2, 0]
    read = np.any(tape.gradient(cell, image)[0] != 0, axis=-1)
    return int(read.any(axis=1).sum()), int(read.any(axis=0).sum())


def verdicts_on_field(model):
    """How a network for images of 128×160×3 keeps the conditions of exercise 03.5."""
    from cnnlab.receptive_field import receptive_field

    begins = (getattr(model, "input_shape", None) or ())[1:]  # a model without Input has none
    if tuple(begins) != (128, 160, 3):
        raise ValueError(
            f"the input must be (128, 160, 3): got {begins or 'none'}. "
            "Begin with keras.Input((128, 160, 3))."
        )
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
    return {
        "output": "a map",
        "field": field,
        "windows": "small" if max(map(max, filter(None, windows)), default=1) <= 9 else "too large",
        "parameters": "in the budget" if model.count_params() <= PARAMETERS else "too many",
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

    heads = {name: model.get_layer(name) for name in model.output_names}
    below = {
        name: keras.Model(model.inputs, head.output).layers[:-1] for name, head in heads.items()
    }
    units = {name: head.output.shape[1] for name, head in heads.items()}
    shared = set.intersection(*map(_convolutions, below.values()))
    return {
        "there are two outputs": len(heads) == 2,
        "the layers of the outputs are called digit and even": set(heads) == {"digit", "even"},
        "digit has 10 units": units.get("digit", 10) == 10,
        "even has 1 unit": units.get("even", 1) == 1,
        "the outputs are logits": all(
            getattr(head, "activation", keras.activations.linear) is keras.activations.linear
            for head in heads.values()
        ),
        "no head reads the other": not any(
            head in layers for head in heads.values() for layers in below.values()
        ),
        "no head reads the trunk's logits": not any(
            _reads_logits(head, below[name]) for name, head in heads.items()
        ),
        "the convolutions are shared": bool(shared),
        "they are those of the trunk": any(map(_has_learned, shared)),
    }
