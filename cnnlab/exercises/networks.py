"""What an exercise asks of a network that a student has built."""

import numpy as np


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
