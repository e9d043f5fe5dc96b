"""Data sets by their names: arrays from `data/` or from the cache, the same on every machine."""

import io
from dataclasses import dataclass, field

import numpy as np

from cnnlab.arrays import composing
from cnnlab.datasets.cut_outs import cut_outs, grounds
from cnnlab.datasets.stored import card, check_name, photo, photo_names
from cnnlab.files import archives, fetch
from cnnlab.files.shipped import verified

DIGITS = tuple("0123456789")
TEXTURE_PATCHES = 60  # of each photograph and split
THING_PICTURES = 60  # of each class and split
THING_SIZE = 64  # pixels of a side of such a picture
THING_SIDES = (48, 64)  # pixels of the longer side of its object


@dataclass(frozen=True)
class Dataset:
    """One split of a data set.

    Attributes:
        images: (N, H, W, C), float32 0-1 for digits, uint8 0-255 for photographs.
        labels: (N,) int64, the class number of each image.
        class_names: the name of each class number.
        card: what the images are, where they come from, their licence.
    """

    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    class_names: tuple
    card: str = field(repr=False)


def names():
    """The names that `load` knows.

    Example:
        >>> names()
        ('digits', 'textures', 'things', 'mnist', 'cats_vs_dogs')
    """
    return tuple(_LOADERS)


def load(name, split="train"):
    """One split of a data set, the same on every machine.

    Args:
        name: one of `names()`.
        split: "train" or "test".

    Returns:
        A `Dataset`.

    Raises:
        ValueError: an unknown name or split, or a damaged file.

    Example:
        >>> digits = load("digits", split="test")
        >>> digits.images.shape, digits.images.dtype.name
        ((355, 28, 28, 1), 'float32')
    """
    check_name("name", name, names())
    check_name("split", split, ("train", "test"))
    return _LOADERS[name](split)


def _digits(split):
    with np.load(io.BytesIO(verified("digits.npz")), allow_pickle=False) as arrays:
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    return Dataset(_unit_range(images), labels.astype(np.int64), DIGITS, card("digits"))


def _mnist(split):
    arrays = archives.mnist_arrays(fetch.require("mnist"))
    images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    return Dataset(_unit_range(images), labels.astype(np.int64), DIGITS, card("mnist"))


def _cats_vs_dogs(split):
    folder = fetch.require("cats_vs_dogs")
    return Dataset(
        np.load(folder / f"{split}_images.npy", mmap_mode="r", allow_pickle=False),
        np.load(folder / f"{split}_labels.npy", allow_pickle=False),
        ("cat", "dog"),
        f"{card('cats_vs_dogs')}\n- **here** {archives.described(folder)}.",
    )


def _textures(split):
    names = photo_names()
    seed = 0 if split == "train" else 1
    generator = np.random.default_rng(seed)
    halves = [np.array_split(photo(name), 2, axis=1)[seed] for name in names]
    images = [_patch(half, generator) for _ in range(TEXTURE_PATCHES) for half in halves]
    labels = np.tile(np.arange(len(names)), TEXTURE_PATCHES)
    return Dataset(np.stack(images), labels, names, card("textures"))


def _things(split):
    groups = cut_outs(split)
    generator = np.random.default_rng(int(split == "test"))
    images = composing.singles(
        groups, grounds(split), THING_PICTURES, THING_SIZE, THING_SIDES, generator
    )
    labels = np.tile(np.arange(len(groups)), THING_PICTURES)
    return Dataset(images, labels, tuple(groups), card("things"))


def _patch(image, generator):
    """A 64x64 patch from anywhere in the image."""
    top, left = (generator.integers(side - 64 + 1) for side in image.shape[:2])
    return image[top : top + 64, left : left + 64]


def _unit_range(images):
    """(N,H,W) uint8 0-255 as (N,H,W,1) float32 0-1."""
    return images[..., None].astype(np.float32) / 255


_LOADERS = {
    "digits": _digits,
    "textures": _textures,
    "things": _things,
    "mnist": _mnist,
    "cats_vs_dogs": _cats_vs_dogs,
}
