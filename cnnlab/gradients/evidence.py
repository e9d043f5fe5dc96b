"""A class's score, and how it hangs on what a layer answered."""

from dataclasses import dataclass, field

import numpy as np

from cnnlab.gradients.asking import answers
from cnnlab.gradients.questions import class_evidence_by, class_scores_by
from cnnlab.reading.answers import Chosen, Places, indices, places_of
from cnnlab.reading.looking import looking_at
from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.outputs import split_class
from cnnlab.reading.plausible import check_values
from cnnlab.reading.tracing import mean_over_places, over_places


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
    features, gradients, logits, *mask = answers(
        batch,
        class_evidence_by,
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
    logits, probabilities = answers(batch, class_scores_by, output)
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
