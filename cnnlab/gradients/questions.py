"""What is asked of a network: functions that are compiled once and differentiate inside.

No other module of the package opens a gradient tape on a model that it looks into.
"""

import numpy as np
import tensorflow as tf

from cnnlab.reading.logits import before_last
from cnnlab.reading.tracing import listened, logits_of, over_places, uses_float16


def class_evidence_by(model, form, output, layer, against_all, arrays, index, against, mask):
    """The layer's output, the derivative of the scores by it, the logits, and the places asked."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        if layer in form.names:
            features = arrays[form.names.index(layer)]
            tape.watch(features)
            result = model(form.arranged(arrays), training=False)
        else:
            result, (features,) = listened(model, form.arranged(arrays), (layer,), tape.watch)
        logits, asked = logits_of(model, result, output)[0], ()
        if logits.shape.rank > 2:
            logits, *asked = over_places(logits, index, mask)
    # The gradient of one logit is that of all of them, each weighted by 1 or 0.
    count, scale = logits.shape[1], _scale(model)
    weights = tf.one_hot(tf.argmax(logits, axis=1) if index is None else index, count, scale)
    if against is not None:
        weights -= tf.one_hot(against, count, scale)
    if against_all:
        weights -= tf.nn.softmax(tf.where(weights > 0, -np.inf, logits)) * scale
    gradient = tape.gradient(logits, features, weights)
    if gradient is None and not features.dtype.is_floating:
        raise ValueError(
            "`layer` must hold numbers that can be changed a little, for a gradient: got "
            f"layer={layer!r} of {features.dtype.name}. Name the layer behind it that makes floats "
            "of it, or build the model with a float32 input."
        )
    if gradient is None:
        raise ValueError(
            f"`layer` must be on a path to the class score: got layer={layer!r}, on which "
            f"{f'the output {output!r}' if output else 'the output'} does not depend. "
            "Choose a layer of the branch that leads there."
        )
    gradient = tf.cast(gradient, tf.float32)
    gradient = gradient if scale == 1 else gradient / scale
    return tf.cast(features, tf.float32), gradient, logits, *asked


def class_scores_by(model, form, output, arrays):
    """Logits and probabilities."""
    return logits_of(model, model(form.arranged(arrays), training=False), output)


def channel_evidence_by(model, form, layer, arrays, channels):
    """The largest value of a channel, and the gradient of its mean before the ReLU."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(arrays[0])
        _, (features,) = listened(model, form.arranged(arrays), (layer,), tape.watch)
        largest = tf.reduce_max(_of_channels(features, channels), axis=(1, 2))
        before, _ = before_last(features, {"Relu", "Relu6"})
        score = tf.reduce_mean(_of_channels(before, channels), axis=(1, 2)) * _scale(model)
    return largest, tape.gradient(score, arrays[0]) / _scale(model)


def outputs_of(model, form, layers, arrays):
    """What layers gave out, as float32."""
    _, outputs = listened(model, form.arranged(arrays), layers)
    return tuple(tf.cast(output, tf.float32) for output in outputs)


def unlikeness_by(model, form, picture, parts, arrays, shares, *targets):
    """How far maps and Gram matrices are from their targets, and the gradient by the picture."""
    canvas, total = arrays[form.names.index(picture)], 0.0
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(canvas)
        _, outputs = listened(model, form.arranged(arrays), tuple(layer for layer, _ in parts))
        for n, ((_, of_gram), output) in enumerate(zip(parts, outputs, strict=True)):
            seen = tf.cast(output, tf.float32)
            seen = grams(seen) if of_gram else seen
            axes = [*range(1, seen.shape.rank)]
            total += shares[:, n] * tf.reduce_mean(tf.square(seen - targets[n]), axes)
    return total, tape.gradient(total, canvas, _scale(model) * tf.ones_like(total)) / _scale(model)


def grams(maps):
    """(B,C,C), the mean over all places of the product of two channels of maps (B,h,w,C)."""
    places = tf.cast(tf.reduce_prod(tf.shape(maps)[1:3]), maps.dtype)
    return tf.einsum("bhwc,bhwd->bcd", maps, maps) / places


def squared_sway(model, form, layer, picture, arrays, seed):
    """The squared gradient of the middle cell by the image, summed over batch and channels."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(arrays[picture])
        _, (features,) = listened(model, form.arranged(arrays), (layer,))
        if features.shape.rank < 3:
            raise ValueError(
                f"`layer` must have a map (B, H, W, C): got layer={layer!r} with the output "
                f"{tuple(features.shape)}. Choose a layer before the pooling or flattening."
            )
        sizes = tf.unstack(tf.shape(features)[1:-1])
        middle = features[(slice(None), *[size // 2 for size in sizes])]  # (B, C)
    signs = tf.sign(tf.random.stateless_uniform(tf.shape(middle), seed, -1, 1))
    gradient = tape.gradient(middle, arrays[picture], tf.cast(signs, middle.dtype))
    if gradient is None:
        raise ValueError(
            f"`layer` must see the image: got layer={layer!r}, on which the image has no "
            "influence. Choose a layer of the branch that reads it."
        )
    # In float64: the squares of a deep network's gradients leave the range of float32.
    return tf.reduce_sum(tf.square(tf.cast(gradient, tf.float64)), axis=(0, -1))


def _of_channels(features, channels):
    """(B,h,w) float32, the map of one channel of each image."""
    return tf.cast(tf.gather(features, channels, axis=-1, batch_dims=1), tf.float32)


def _scale(model):
    """What a score is multiplied by so that no gradient is lost in float16; a power of two."""
    return 256.0 if uses_float16(model) else 1.0
