"""Do coarse pictures tell anything of their labels? Asked of a linear model of their colours."""

import numpy as np
from scipy.special import bdtrc

from cnnlab.diagnosis.sampling import drawn

MOST = 400  # pictures that are looked at
LEAST = 200  # pictures, below which nothing is said
SIDE = 8  # pixels of a coarse picture's sides
FEW = 60  # pictures, from which on what is told far beyond chance is believed


def labels_belong(images, classes):
    """Whether coarse pictures tell their labels far beyond chance: then nobody has shuffled them.

    Chance gives so much once in a thousand sets; with their own labels 100 digits, textures or
    things, and 120 drawings of a small shape anywhere, give it less than once in 50,000.

    Args:
        images: (N, H, W, C) of any range.
        classes: (N,) int, from 0.

    Returns:
        A bool; False too where there are fewer than 60 pictures, or arrays of other dimensions.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> pictures, kinds = rng.random((60, 8, 12, 1)), np.arange(60) % 2
        >>> pictures[kinds == 1, :, 6:] += 0.2
        >>> labels_belong(pictures, kinds), labels_belong(pictures, rng.permutation(kinds))
        (True, False)
    """
    found = told_by_coarse_pictures(images, classes, FEW) if images.ndim == 4 else None
    return bool(found and found[2] < 1e-3)


def told_by_coarse_pictures(images, classes, least=LEAST):
    """How often a linear model names a picture rightly that it has not seen.

    It sees 8×8 pixels, and mean, contrast and steps of each channel. Measured on 200 and on 400
    pictures, drawn 8 to 20 times: with their own labels, such shares come by chance once in 1e11
    at most, of digits, textures and things; with shuffled ones once in 20, as they should.

    Args:
        images: (N, H, W, C) of any range.
        classes: (N,) int, from 0.
        least: pictures, below which nothing is said.

    Returns:
        The share, the share expected by chance, and how often chance gives so much or more; None
        where there are fewer pictures than `least`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> pictures, kinds = rng.random((240, 8, 12, 1)), np.arange(240) % 2
        >>> told_by_coarse_pictures(pictures, kinds)[2] > 0.05
        True
        >>> pictures[kinds == 1] += 0.2
        >>> told_by_coarse_pictures(pictures, kinds)[0] > 0.9
        True
    """
    if len(images) < least:
        return None
    rows = drawn(len(images), MOST)
    numbers, classes = _numbers(images[rows]), classes[rows]
    wanted = np.eye(classes.max() + 1)[classes]
    wanted -= wanted.mean(axis=0)
    products = numbers @ numbers.T
    weighed = products @ np.linalg.inv(products + 0.002 * len(rows) * np.eye(len(rows)))
    own = np.diag(weighed)[:, None]  # what a picture says of itself is taken out again
    named = ((weighed @ wanted - own * wanted) / (1 - own)).argmax(axis=1)
    return float((named == classes).mean()), *chance_of(named, classes)


def chance_of(named, classes):
    """The share of names that are right by chance, and how often chance gives so many or more.

    Example:
        >>> expected, often = chance_of(np.arange(60) % 2, np.arange(60) % 2)
        >>> expected, often < 1e-9
        (0.5, True)
    """
    size = int(max(named.max(), classes.max())) + 1
    shares = [np.bincount(array, minlength=size) / len(array) for array in (named, classes)]
    expected, count = float(shares[0] @ shares[1]), int((named == classes).sum())
    return expected, float(bdtrc(count - 1, len(named), expected)) if count else 1.0


def _numbers(images):
    """(N, D): coarse pixels and some means of each picture, the two of equal weight."""
    some = images.astype(np.float32)
    coarse = some
    for axis in (1, 2):
        places = np.linspace(0, some.shape[axis], min(SIDE, some.shape[axis]) + 1).astype(int)
        sizes = np.diff(places).reshape([-1 if a == axis else 1 for a in range(4)])
        coarse = np.add.reduceat(coarse, places[:-1], axis=axis) / sizes
    steps = [np.abs(np.diff(some, axis=axis)).mean(axis=(1, 2)) for axis in (1, 2)]
    means = [some.mean(axis=(1, 2)), some.std(axis=(1, 2)), *steps]
    parts = coarse.reshape(len(some), -1), np.concatenate(means, axis=1)
    return np.concatenate(list(map(_standardised, parts)), axis=1).astype(np.float64)


def _standardised(numbers):
    spread = numbers.std(axis=0) + 1e-6
    return (numbers - numbers.mean(axis=0)) / spread / np.sqrt(numbers.shape[1])
