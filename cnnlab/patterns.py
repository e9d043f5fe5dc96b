"""What each filter looks for: pictures made so that it answers as strongly as it can."""

import numpy as np

from cnnlab.arrays.blur import blurred as blurred
from cnnlab.gradients import channel_evidence
from cnnlab.reading import graph
from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.per_model import known
from cnnlab.reading.value_range import rescales
from cnnlab.receptive_field import receptive_field

RATE = 0.04  # of the value range, per step
FADING = 0.02  # towards grey, per step: what nothing asks for disappears
SHIFT = 8  # pixels; the picture moves between steps, so that no single pixel can matter
COARSENESS = (0.7, 2.0, 5.0)  # pixels; blurs of the gradient that are given equal say


def filter_patterns(model, layer, filters=None, size=None, steps=30, seed=0, value_range=None):
    """A picture per filter that makes its feature map as large as possible.

    From grey noise, step by step along the gradient of the map's mean by the pixels. All filters
    are worked on as one batch. The gradient is cleaned: shifted at random before each step, and
    replaced by the sum of three blurred copies, each scaled to a standard deviation of 1; else tiny
    ripples, to which a network answers strongly as well, would cover all that can be recognised.

    Args:
        model: a Sequential or functional Keras model with one image input.
        layer: name or path such as "base/block3_conv2".
        filters: their numbers; None takes the first 16.
        size: height and width of the pictures in pixels, one number or a pair; None takes the
            model's own, the only one where that is fixed, else the receptive field between 64
            and 160.
        steps: of the ascent.
        seed: of noise and shifts.
        value_range: smallest and largest value of a pixel as the model takes it; None takes
            (0, 255) where the model is seen to rescale its images itself (a Lambda is not), else
            (-1, 1).

    Returns:
        (F, H, W, C) float32, 0-1. A filter that no picture moves gets a grey tile and a line that
        says so.

    Raises:
        ValueError: an unknown layer, one without a map, no such filter, or a size that the model
            does not take.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> conv = layers.Conv2D(4, 3, activation="relu", name="conv")
        >>> model = keras.Sequential([keras.Input((None, None, 3)), conv])
        >>> filter_patterns(model, "conv", filters=[2, 0], size=(8, 12), steps=2).shape
        (2, 8, 12, 3)

    Source: Erhan et al. (2009), Visualizing higher-layer features; the blurs after Mordvintsev,
        Olah & Tyka (2015), Inceptionism, who scale a Laplacian pyramid of the gradient.
    """
    facts = known(model)
    address, channels, shape, fit = facts.once(("pattern", layer), lambda: _place(facts, layer))
    filters = np.arange(min(16, channels)) if filters is None else np.atleast_1d(filters)
    if not filters.size or filters.min() < 0 or filters.max() >= channels:
        raise ValueError(
            f"`filters` must be 0 to {channels - 1}, for {address!r} has {channels}: "
            f"got {filters.tolist()}. Number the filters from 0."
        )
    height, width = np.broadcast_to(fit if size is None else size, 2)
    if shape[0] not in (None, height) or shape[1] not in (None, width):
        raise ValueError(
            f"`size` must be {shape[0] or 'any'}×{shape[1] or 'any'}, for the model's input is "
            f"fixed: got size={size}. Leave it out."
        )
    low, high = value_range or ((0, 255) if rescales(facts) else (-1, 1))
    rng = np.random.default_rng(seed)
    grey, span = (low + high) / 2, high - low
    noise = rng.standard_normal((1, height, width, shape[2]), dtype=np.float32)
    pictures = np.repeat(grey + 0.05 * span * noise, len(filters), axis=0).astype(np.float32)
    batch = as_batch(model, pictures)

    def evidence(pictures):
        return channel_evidence(batch.having(batch.picture(), pictures), address, filters)

    for _ in range(steps):
        slopes = cleaned_slopes(evidence, pictures, rng)
        pictures = grey + (1 - FADING) * (pictures - grey) + RATE * span * slopes
        pictures = np.clip(pictures, low, high).astype(np.float32)
    answers, _ = evidence(pictures)
    to_grey, _ = evidence(np.full_like(pictures, grey))
    moved = answers > to_grey
    if not moved.all():
        names = ", ".join(map(str, filters[~moved]))
        print(f"no picture found for filter {names} of {address}: its tile is plain grey")
        pictures[~moved] = grey
    return (pictures - low) / np.float32(span)


def cleaned_slopes(evidence, pictures, rng):
    """The gradient at pictures that are shifted at random, shifted back and blurred.

    Args:
        evidence: a function of pictures (B,H,W,C) that returns their scores and gradients.
        pictures: (B,H,W,C).
        rng: a NumPy generator, for the shift.

    Returns:
        (B,H,W,C), the sum of three blurred gradients, each picture's of a standard deviation of 1.
    """
    shift = rng.integers(-SHIFT, SHIFT + 1, 2)
    _, slopes = evidence(np.roll(pictures, shift, (1, 2)))
    slopes = np.roll(slopes, -shift, (1, 2))
    total = sum(_scaled(blurred(slopes, deviation)) for deviation in COARSENESS)
    return _scaled(total)


def _scaled(slopes):
    deviation = slopes.std(axis=(1, 2, 3), keepdims=True)
    return np.divide(slopes, deviation, out=np.zeros_like(slopes), where=deviation > 0)


def _place(facts, layer):
    """Address and channels of the layer, (H, W, C) that the model takes, and a size that fits."""
    network = facts.graph
    node = graph.find(network, layer)
    if len(network.inputs) != 1:
        raise ValueError(
            f"`model` must have one input, a picture: got {', '.join(network.inputs)}. Make a "
            "keras.Model of the branch that leads to the layer."
        )
    if len(node.output_shape) != 4:
        raise ValueError(
            f"`layer` must have a map, (B, h, w, C): got layer={node.address!r} of shape "
            f"{node.output_shape}. Choose a convolution."
        )
    shape = network[network.inputs[0]].output_shape[1:]
    field = (None, None)
    if None in shape[:2]:
        open_size = (160, 160, shape[2])
        field = receptive_field(facts.model, node.address, input_shape=open_size).size
    fit = [own or min(max(64, seen or 160), 160) for own, seen in zip(shape, field, strict=False)]
    return node.address, node.output_shape[-1], shape, fit
