"""Two data sets from one, and whether a split is fit to train on."""

from dataclasses import replace
from numbers import Integral

import numpy as np

from cnnlab.scores import check_class_numbers


def check_training(images, labels, classes=10):
    """Nothing, where a split is fit to train on; otherwise an error that says what is wrong.

    Args:
        images: (N, H, W, C), expected as floats 0-1.
        labels: (N,) class numbers.
        classes: the number of classes, each of which must occur.

    Raises:
        ValueError: no images, not one label per image, values beyond 0-1, a label that is no class,
            or a class without an image.

    Example:
        >>> from cnnlab.datasets import load
        >>> digits = load("digits")
        >>> check_training(digits.images, digits.labels)
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if not len(images):
        raise ValueError(
            f"`images` must hold at least one image: got images of shape {images.shape}. "
            "Load the split again, or choose more images."
        )
    if images.ndim != 4:
        raise ValueError(
            f"`images` must be (N, H, W, C): got images of shape {images.shape}. "
            "A grey picture has one channel: images[..., None]."
        )
    check_class_numbers("labels", labels, classes)
    if len(labels) != len(images):
        raise ValueError(
            f"`labels` must hold one class number per image: got {len(labels)} labels for "
            f"{len(images)} images. Cut both alike."
        )
    low, high = float(images.min()), float(images.max())
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"`images` must be scaled to 0-1: got values from {low:g} to {high:g}. "
            + ("Divide them by 255." if 0 <= low and high <= 255 else "Scale them, or mend NaN.")
        )
    missing = np.setdiff1d(np.arange(classes), labels)
    if missing.size:
        raise ValueError(
            f"`labels` must hold every class from 0 to {classes - 1}: got no image of class "
            f"{', '.join(map(str, missing))}. A network cannot learn a class that it never saw: "
            "draw the split class by class."
        )


def split(dataset, train_size=0.75, seed=0):
    """Two data sets from one, every class shared out alike: to train with, and the rest.

    Args:
        dataset: a `Dataset`.
        train_size: share of each class that goes to training, 0 to 1, or images per class, an int.
        seed: another seed, another choice.

    Returns:
        (train, rest), two `Dataset`; within each the images keep their order.

    Raises:
        ValueError: a class has too few images for both.

    Example:
        >>> from cnnlab.datasets import load
        >>> train, rest = split(load("textures"), train_size=10)
        >>> train.images.shape, rest.images.shape
        ((120, 64, 64, 3), (600, 64, 64, 3))
    """
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(dataset.labels), bool)
    for label, name in enumerate(dataset.class_names):
        members = generator.permutation(np.flatnonzero(dataset.labels == label))
        count = train_size if isinstance(train_size, Integral) else round(len(members) * train_size)
        if not 1 <= count < len(members):
            remedy = "Take more." if count < 1 else "Take fewer."
            raise ValueError(
                f"`train_size` must leave every class an image in both halves: got "
                f"train_size={train_size} for {len(members)} of {name!r}. "
                f"{remedy if len(members) > 1 else 'Add images of this class.'}"
            )
        chosen[members[:count]] = True
    return tuple(
        replace(dataset, images=dataset.images[half], labels=dataset.labels[half])
        for half in (chosen, ~chosen)
    )
