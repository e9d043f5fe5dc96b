"""The one module that differentiates: what a layer answered, and how a score hangs on it.

Each question is compiled once per model and layer (`reading.tracing`) and kept beside the model
(`reading.per_model`). Scores are logits, whatever the model ends in.
"""

from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from cnnlab.reading.answers import Chosen, Places, indices, places_of
from cnnlab.reading.logits import before_last
from cnnlab.reading.looking import looking_at
from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.outputs import split_class
from cnnlab.reading.picture_axes import check_channels
from cnnlab.reading.plausible import check_values
from cnnlab.reading.tracing import (
    compiled,
    listened,
    logits_of,
    mean_over_places,
    over_places,
    uses_float16,
)
from cnnlab.receptive_field import last_map
from cnnlab.sizes import whole_number

BATCH_SIZE = 16  # images per pass; the gradient by 16 images of VGG16 holds about 1 GB


@dataclass(frozen=True)
class Evidence:
    """What the network saw at one place, and how the score changes with it.

    Attributes:
        features: (B, h, w, C) float32, the layer's output; without a layer the images.
        gradients: (B, h, w, C) float32, the derivative of each image's score by its features.
        scores: (B,) float32, the logit of each image's class, less that of the class against it.
        classes: (B,) integers, the class that each score belongs to.
        places: ``(B, *places)`` bool, where a model that answers at places was asked; else None.
    """

    features: np.ndarray = field(repr=False)
    gradients: np.ndarray = field(repr=False)
    scores: np.ndarray
    classes: np.ndarray
    places: np.ndarray | None = field(default=None, repr=False)


def class_evidence(model, images, class_index=None, layer=None, against=None, *, where=None):
    """What a layer answered, and the derivative of a class's logit by it.

    Args:
        model: a Keras model that ends in one value per class, or per class and place.
        images: what ``model(images)`` accepts, or one image without batch axis.
        class_index: None (each image's top class), an int, or one int per image. With one logit, 1
            is the logit and 0 its negative. With several outputs (name or number of the output,
            index).
        layer: name or path of a layer; None differentiates by the images, and the name of an
            input by these images where the model takes several.
        against: a second class, or one per image, whose logit is taken from the score: why this
            class and not that.
        where: the places of an answer ``(B, *places, classes)`` over whose logits the score is the
            mean: a cell, a step, a box, a boolean mask, or None, as for `cnnlab.heatmaps`.

    Returns:
        An `Evidence`.

    Raises:
        ValueError: images, layer or class do not suit the model, the score does not depend on
            the layer, or the model does not give finite logits.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> model = keras.Sequential([keras.Input((5, 7, 3)), layers.Conv2D(4, 3, name="conv"),
        ...     layers.GlobalAveragePooling2D(), layers.Dense(2)])
        >>> evidence = class_evidence(model, np.ones((5, 7, 3)), class_index=1, layer="conv")
        >>> evidence.gradients.shape
        (1, 3, 5, 4)
    """
    batch = as_batch(model, images)
    if layer is None or layer in batch.form.names:
        layer = looking_at(model, batch, layer, pixels=True).layer
    return evidence_of(batch, asked(batch, class_index, against, where), layer)


def asked(batch, class_index=None, against=None, where=None):
    """The scores that are asked for, as far as they are given: a `Chosen` of a checked batch."""
    output, class_index = split_class(class_index, batch.known.model)
    index = indices("class_index", class_index, len(batch))
    other = indices("against", against, len(batch))
    return Chosen(output, index, other, _places(batch, output, where))


def evidence_of(batch, chosen, layer, against_all=False):
    """`class_evidence` of a batch that is checked already, by a layer or by an input's name.

    With `against_all` the score is the margin, the class's logit less the log of the sum of exp of
    all others. Cross-entropy is log(1 + exp(-margin)): its gradient points the same way, but dies
    out in float32 where the network is sure.
    """
    features, gradients, logits, *mask = _answers(
        batch,
        _class_evidence,
        chosen.output,
        layer,
        against_all,
        rows=(chosen.classes, chosen.against, chosen.mask),
    )
    chosen = _settled(batch, chosen, logits, *mask)
    scores = chosen.scores(logits)
    if against_all:
        others = np.where(np.arange(logits.shape[1]) == chosen.classes[:, None], -np.inf, logits)
        scores = scores - np.logaddexp.reduce(others, axis=1)
    return Evidence(features, gradients, scores, chosen.classes, chosen.mask)


def class_scores(model, images, output=None, *, where=None):
    """Logits and probabilities of the classes, in batches, compiled once.

    Args:
        model: a Keras model that ends in one value per class.
        images: what ``model(images)`` accepts, or one image without batch axis.
        output: the name or number of an output, where the model has several.
        where: the places of an answer ``(B, *places, classes)`` over which to take the mean, as for
            `class_evidence`; None gives the answer at every place.

    Returns:
        logits and probabilities, each (B, classes) or ``(B, *places, classes)`` float32. A single
        logit z becomes two classes, -z and z. Probabilities are the sigmoid of the logits where the
        model ends in a sigmoid or in a single logit, else their softmax.

    Raises:
        ValueError: as `class_evidence`.
    """
    batch = as_batch(model, images)
    return scores_of(batch, output, _places(batch, output, where))


def scores_of(batch, output=None, places=None):
    """`class_scores` of a batch that is checked already, at every place or over `Places`."""
    logits, probabilities = _answers(batch, _class_scores, output)
    check_values(batch, output, logits)
    if places is not None:
        logits, probabilities = (
            mean_over_places(values, places.mask).numpy() for values in (logits, probabilities)
        )
    return logits, probabilities


def chosen_classes(batch, class_index=None, against=None, where=None):
    """The class of each image, found by one forward pass where none is given.

    Args:
        batch: a `Batch`.
        class_index: as for `class_evidence`.
        against: as for `class_evidence`.
        where: as for `class_evidence`.

    Returns:
        A `Chosen`.

    Raises:
        ValueError: as `class_evidence`.
    """
    chosen, mask = asked(batch, class_index, against, where), ()
    logits, _ = scores_of(batch, chosen.output)
    if logits.ndim > 2:
        logits, *mask = map(np.asarray, over_places(logits, chosen.classes, chosen.mask))
    return _settled(batch, chosen, logits, *mask)


def channel_evidence(batch, layer, channels):
    """The largest value of one channel's map, and the gradient of its mean before the ReLU.

    Before the ReLU: a filter that is silent on the first picture would otherwise give no
    gradient to leave it by.

    Args:
        batch: a `Batch` of a model with one image input.
        layer: name or path of a layer with a map.
        channels: (B,) the number of a channel that the layer has, per image.

    Returns:
        The largest values (B,) and the gradients by the images (B,H,W,C), float32.

    Raises:
        ValueError: the layer does not suit the model.
    """
    return _answers(batch, _channel_evidence, layer, rows=(np.asarray(channels, np.int32),))


def layer_outputs(batch, layers):
    """What several layers answered, in one pass.

    Args:
        batch: a `Batch`.
        layers: names or paths.

    Returns:
        A tuple of float32 arrays, one per layer, of whatever shape.

    Raises:
        ValueError: a layer does not suit the model.
    """
    return _answers(batch, _layer_outputs, tuple(layers))


def unlikeness(batch, picture, parts, targets, shares):
    """How far a picture's maps and Gram matrices are from given ones, and the gradient of that.

    ``sum over parts of share * mean (seen - target)^2``, per picture.

    Args:
        batch: a `Batch`.
        picture: the name of the input that is painted.
        parts: a tuple of (layer, whether its Gram matrix is compared and not the map itself).
        targets: an array (B, ...) per part.
        shares: (B, parts), what each part counts.

    Returns:
        The sums (B,) and the gradients by the picture (B,H,W,C), float32.

    Raises:
        ValueError: a layer does not suit the model.
    """
    shares = np.asarray(shares, np.float32)
    return _answers(batch, _unlikeness, picture, parts, rows=(shares, *targets))


def grams(maps):
    """(B,C,C), the mean over all places of the product of two channels of maps (B,h,w,C)."""
    places = tf.cast(tf.reduce_prod(tf.shape(maps)[1:3]), maps.dtype)
    return tf.einsum("bhwc,bhwd->bcd", maps, maps) / places


def effective_receptive_field(model, layer=None, images=None, samples=32, seed=0):
    """How much each input pixel sways the middle cell of a layer, on average.

    ``E[p] = sqrt(mean of (d sum_k v_k y_k / d x_p)²)``, y the channels of the middle cell, v random
    signs; the mean is over images, signs and the channels of x, and the largest E is set to 1.

    Args:
        model: a Keras model with one image input.
        layer: name or path of a layer with a map; None takes the last one.
        images: (B,H,W,C), as the model takes them; None draws `samples` standard normal ones.
        samples: number of drawn images, >= 1.
        seed: of the images and the signs.

    Returns:
        (H, W) float32, 0-1. All zeros where no pixel matters, as behind dead ReLUs. Of a signal
        (L,), of volumes and videos (D, H, W).

    Raises:
        ValueError: the layer has no map or does not see the image, or images must be given
            because the model leaves their size open or takes several inputs.

    Example:
        >>> import keras
        >>> image = keras.Input((3, 5, 1))
        >>> conv = keras.layers.Conv2D(1, 3, padding="same", kernel_initializer="ones")
        >>> effective_receptive_field(keras.Sequential([image, conv]))
        array([[0., 1., 1., 1., 0.],
               [0., 1., 1., 1., 0.],
               [0., 1., 1., 1., 0.]], dtype=float32)

    Source: Luo, Li, Urtasun & Zemel (2016), arXiv:1701.04128. Differences: the root mean square
        where they average the gradient, and signs, which let one pass see all channels.
    """
    images = _drawn(model, samples, seed) if images is None else images
    batch = as_batch(model, images)
    pictures = [i for i, array in enumerate(batch.arrays) if array.ndim > 2]
    if len(pictures) != 1:
        raise ValueError(
            f"`model` must have one image input: got {len(pictures)} among "
            f"{', '.join(batch.form.names)}. Make a keras.Model of the branch that you mean."
        )
    if batch.fixed and len(batch) % batch.fixed:
        raise ValueError(
            f"`samples` must be a multiple of {batch.fixed}, for the model takes so many images at "
            f"a time: got {len(batch)}. Build it without a batch size, or take more."
        )
    layer = last_map(model) if layer is None else layer
    check_channels(batch.known, layer)
    run = compiled(batch.known, _squared_sway, batch.form, layer, pictures[0])
    total = sum(
        run(part.arrays, np.array([seed, number], np.int32)).numpy()
        for number, part in enumerate(batch.parts(BATCH_SIZE))
    )
    if not np.isfinite(total).all():
        raise ValueError(
            "`model` must have finite gradients: got NaN or infinity. "
            "Look for NaN in its weights, or make them smaller."
        )
    field = np.sqrt(total)
    return (field / (field.max() or 1)).astype(np.float32)


def _class_evidence(model, form, output, layer, against_all, arrays, index, against, mask):
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


def _class_scores(model, form, output, arrays):
    return logits_of(model, model(form.arranged(arrays), training=False), output)


def _channel_evidence(model, form, layer, arrays, channels):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(arrays[0])
        _, (features,) = listened(model, form.arranged(arrays), (layer,), tape.watch)
        largest = tf.reduce_max(_of_channels(features, channels), axis=(1, 2))
        before, _ = before_last(features, {"Relu", "Relu6"})
        score = tf.reduce_mean(_of_channels(before, channels), axis=(1, 2)) * _scale(model)
    return largest, tape.gradient(score, arrays[0]) / _scale(model)


def _unlikeness(model, form, picture, parts, arrays, shares, *targets):
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


def _of_channels(features, channels):
    """(B,h,w) float32, the map of one channel of each image."""
    return tf.cast(tf.gather(features, channels, axis=-1, batch_dims=1), tf.float32)


def _squared_sway(model, form, layer, picture, arrays, seed):
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


def _drawn(model, samples, seed):
    """Standard normal images for the only input of a model."""
    shapes = [tuple(spec.shape[1:]) for spec in getattr(model, "inputs", None) or ()]
    if len(shapes) != 1 or None in shapes[0]:
        raise ValueError(
            "`images` must be given where the model does not have one input of a known size: "
            f"got None for inputs of shape {', '.join(map(str, shapes))}. Pass some images."
        )
    count = whole_number("samples", samples, counted="the images that are drawn")
    images = np.random.default_rng(seed).normal(size=(count, *shapes[0]))
    return images.astype(np.float32)


def _layer_outputs(model, form, layers, arrays):
    _, outputs = listened(model, form.arranged(arrays), layers)
    return tuple(tf.cast(output, tf.float32) for output in outputs)


def _scale(model):
    """What a score is multiplied by so that no gradient is lost in float16; a power of two."""
    return 256.0 if uses_float16(model) else 1.0


def _answers(batch, question, *given, rows=()):
    """What a compiled question answers to a batch, in parts: a tuple of arrays (B, ...).

    Args:
        batch: a `Batch`.
        question: a function of the model, the form, what is given, and arrays.
        *given: what it is asked about, as for `compiled`.
        rows: further arrays (B, ...), or None, of which each part gets its own.
    """
    run = compiled(batch.known, question, batch.form, *given)
    found = []
    for taken in batch.rows(BATCH_SIZE):
        arrays = tuple(array[taken] for array in batch.arrays)
        found.append(run(arrays, *(None if each is None else each[taken] for each in rows)))
    if len(found) == 1 and not batch.fixed:
        return tuple(tensor.numpy() for tensor in found[0])
    joined = (np.concatenate([t.numpy() for t in tensors]) for tensors in zip(*found, strict=True))
    return tuple(array[: len(batch)] for array in joined)


def _places(batch, output, where):
    """`where` as `Places` of the answer, which is looked at once per size; None stays None."""
    if where is None:
        return None
    key = ("places", output, tuple(array.shape[1:] for array in batch.arrays))
    sizes = batch.known.once(key, lambda: scores_of(batch[:1], output)[0].shape[1:-1])
    return places_of(where, sizes, len(batch))


def _settled(batch, chosen, logits, mask=None):
    """The classes that are explained, once the scores and the given classes are checked.

    Of a model that answers at places with the `mask` over which the logits are the mean.
    """
    check_values(batch, chosen.output, logits)
    count = logits.shape[1]
    for name, given in [("class_index", chosen.classes), ("against", chosen.against)]:
        wrong = [] if given is None else given[(given < 0) | (given >= count)]
        if len(wrong):
            raise ValueError(
                f"`{name}` must be 0 to {count - 1}, for the model has {count} classes: "
                f"got {wrong[0]}. Number the classes from 0."
            )
    classes = chosen.classes
    if classes is None:
        classes = logits.argmax(axis=1).astype(np.int32)
    if mask is not None and chosen.places is None:
        _note_places(batch, chosen.output, classes, mask)
    same = [] if chosen.against is None else np.flatnonzero(classes == chosen.against)
    if len(same):
        raise ValueError(
            "`against` must be another class than `class_index`: "
            f"got {classes[same[0]]} for both in image {same[0]}. Choose another."
        )
    places = None if mask is None else Places(mask)
    return Chosen(chosen.output, classes, chosen.against, places)


def _note_places(batch, output, classes, mask):
    """Says, once per model, what is explained without `where`; and where there is nothing."""
    grid = "×".join(map(str, mask.shape[1:]))
    note = (
        f"note: the model answers at {grid} places, and the score is the mean over those where the "
        "class is the top one. Choose others with where=; a classifier lacks its head "
        "(include_top=True)."
    )
    batch.known.once(("noted", "places", output), lambda: print(note))
    for image in np.flatnonzero(~mask.any(axis=tuple(range(1, mask.ndim)))):
        print(
            f"note: class {classes[image]} is the top one at no place of image {image}: there is "
            "no score to explain. Choose places with where=."
        )
