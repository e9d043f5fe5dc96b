"""Copies of a picture found again, also where they were cut, resized or saved once more."""

import itertools
import math

import numpy as np

from cnnlab.arrays.threads import one_thread

SIDE = 14  # pixels of the small pictures that are compared
STEP = 1.07  # from one scale to the next
LARGEST = 1.7  # scale between two pictures: a cut of 40 % is 1 / 0.4**0.5 = 1.6 times as large
SHARED = 0.36  # of what both show together, at least: a little below 0.4, for steps are coarse
ALIKE = 0.55  # correlation from which on two pictures count as copies


def near_duplicates(images, others=None, alike=ALIKE):
    """Pairs of pictures of which one was made from the other, or both from a third.

    Both are reduced to 14x14 pixels, and what is left are differences from the pixels around. One
    is laid over the other at every place and at scales up to 1.7, as long as they share 36 % of
    what they show together; a pair whose correlation in the shared part reaches 0.55 somewhere is
    reported. That finds copies that were saved as JPEG, resized, or cut so that 40 % is shared:
    97 to 99 % of 200 made ones. Of 600 pairs of different pictures it reports about one, so look at
    what it finds. Turned and mirrored copies it does not find.

    Args:
        images: (N, H, W, 3) uint8, 0-255.
        others: (M, H', W', 3) uint8 to compare them with, such as test pictures; None compares
            `images` with each other.
        alike: the correlation from which on two pictures are reported, 0-1.

    Returns:
        Pairs of indices (P, 2) int64: into `images` and into `others`, the most alike first.

    Raises:
        ValueError: images of another shape or dtype.

    Example:
        >>> from cnnlab.datasets import photo
        >>> two = np.stack([photo("coffee", size=96), photo("chelsea", size=96)])
        >>> near_duplicates(two, two[1:, 10:, 14:])
        array([[1, 0]])
    """
    _check("images", images)
    if others is not None:
        _check("others", others)
    compared = images if others is None else others
    with one_thread():  # many products: threads that wait for the next take ten times as long
        found = _correlation(images, compared)
        enlarged = found if others is None else _correlation(compared, images)
    found = np.maximum(found, enlarged.T)
    if others is None:
        found = np.triu(found, 1)
    pairs = np.argwhere(found >= alike)
    return pairs[np.argsort(-found[tuple(pairs.T)], kind="stable")]


def _correlation(images, others):
    """(N, M): the largest correlation of a picture, enlarged, with one of the others."""
    below = _details(others, SIDE)
    best = np.zeros((len(images), len(others)), np.float32)
    for side in _sides():
        above = _details(images, side)
        for top, left in itertools.product(range(1 - side, SIDE), repeat=2):
            under = below[:, max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
            height, width = under.shape[1:3]
            if height * width >= SHARED * (SIDE**2 + side**2 - height * width):
                first, second = max(0, -top), max(0, -left)
                over = above[:, first : first + height, second : second + width]
                np.maximum(best, _unit(over) @ _unit(under).T, out=best)
    return best


def _sides():
    """The sides in pixels of an enlarged picture, from no enlargement to the largest."""
    steps = range(int(np.log(LARGEST) / np.log(STEP)) + 1)
    return sorted({round(SIDE * STEP**step) for step in steps})


def _details(images, side):
    """Small pictures (N, side, side, 3) float32, each pixel less the mean of the 3x3 around it."""
    from PIL import Image

    reduced = [
        Image.fromarray(image).resize((side, side), Image.Resampling.BOX) for image in images
    ]
    small = np.array(reduced, np.float32).reshape(len(images), side, side, 3)
    padded = np.pad(small, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return small - around.mean(axis=(-2, -1))


def _unit(parts):
    """Parts (N, h, w, 3) as vectors (N, h*w*3) of length 1, or less where nearly flat.

    Details of less than one grey level are mostly rounding, and two of a kind prove nothing.
    """
    vectors = parts.reshape(len(parts), math.prod(parts.shape[1:]))
    lengths = np.sqrt(np.einsum("nv,nv->n", vectors, vectors))
    return vectors / np.maximum(lengths, math.sqrt(vectors.shape[1]))[:, None]


def _check(name, images):
    shape = getattr(images, "shape", None)
    if getattr(images, "dtype", None) != np.uint8 or len(shape) != 4 or shape[-1] != 3:
        raise ValueError(
            f"`{name}` must be pictures (N, H, W, 3) uint8, 0-255: got "
            + (f"{images.dtype} of shape {shape}." if shape is not None else f"{images!r:.40}.")
            + " Compare photographs before they are scaled."
        )
