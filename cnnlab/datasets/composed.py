"""Pictures of several objects, with a box, a class and a mask for each of them."""

import numpy as np

from cnnlab.arrays import composing
from cnnlab.datasets.cut_outs import cut_outs, grounds
from cnnlab.datasets.loading import load
from cnnlab.datasets.stored import check_name


def scenes(split, count, objects=(1, 3), size=(96, 128), seed=0):
    """Pictures of several objects of `things`, with a box, a class and a mask for each object.

    An object is 12 to 60 pixels long, lies wholly inside the picture, and the later ones lie in
    front. Boxes overlap by at most a third of the smaller one. All classes are equally likely.

    Args:
        split: "train" or "test": no object and no ground is in both.
        count: number of pictures.
        objects: fewest and most objects of a picture.
        size: height and width of the pictures in pixels, at least 32.
        seed: an integer >= 0; the same seed gives the same pictures.

    Returns:
        `Scenes`.

    Raises:
        ValueError: an unknown split, a `count`, `objects`, `size` or `seed` out of range, more
            objects than find a place, or a damaged file.

    Example:
        >>> two = scenes("test", count=2, objects=(3, 3))
        >>> two.images.shape, two.boxes[0].shape, two.masks[0].shape
        ((2, 96, 128, 3), (3, 4), (3, 96, 128))
    """
    check_name("split", split, ("train", "test"))
    seeds = [composing.whole_seed(seed), int(split == "test")]
    generator = np.random.default_rng(seeds)
    return composing.scenes(cut_outs(split), grounds(split), count, objects, size, generator)


def digit_scenes(split, count, objects=(2, 2), size=(48, 64), seed=0, digits=range(10)):
    """Pictures of several of the `digits`, with a box, a class and a mask for each.

    White on black; a digit's frame of 28x28 pixels lies wholly inside the picture, and the boxes
    of the ink share no pixel. All images of the split that show one of `digits` are equally likely.

    Args:
        split: "train" or "test": no handwritten digit is in both.
        count: number of pictures.
        objects: fewest and most digits of a picture.
        size: height and width of the pictures in pixels, at least 32.
        seed: an integer >= 0; the same seed gives the same pictures.
        digits: which of 0 to 9 occur; they are the classes, and labels number them from 0.

    Returns:
        `Scenes`.

    Raises:
        ValueError: as `scenes`, or `digits` that are none.

    Example:
        >>> two = digit_scenes("test", count=5)
        >>> two.images.shape, two.boxes[0].shape, two.masks[0].shape
        ((5, 48, 64, 1), (2, 4), (2, 48, 64))
    """
    check_name("split", split, ("train", "test"))
    generator = np.random.default_rng([composing.whole_seed(seed), int(split == "test"), 28])
    data, kinds = load("digits", split), np.array([*digits])
    if not len(kinds) or len(np.intersect1d(kinds, data.labels)) != len(kinds):
        raise ValueError(
            f"`digits` must be different numbers from 0 to 9, at least one: got digits={digits!r}. "
            "Write (0, 1, 4, 7) for four classes."
        )
    chosen = np.isin(data.labels, kinds)
    labels = (data.labels[chosen, None] == kinds).argmax(axis=1)
    class_names = [data.class_names[kind] for kind in kinds]
    return composing.digit_scenes(
        data.images[chosen], labels, class_names, count, objects, size, generator
    )
