"""Tasks made by a generator, where the truth is known: signals, tables, slices and volumes.

Each takes `count` and a `seed`; another seed gives others of the same kind, to train with and to
test with. Arrays are float32 with a channel at the end, as Keras takes them; labels are int64.
"""

from dataclasses import dataclass, field

import numpy as np

from cnnlab.arrays.blur import blurred
from cnnlab.arrays.composing import whole_seed
from cnnlab.sizes import whole_number

KINDS, SHAPE_STEPS = 10, 12  # of signals: how many shapes, and how long one is
SIGNAL_STEPS = 40
TABLE_PAIRS = 4
SLICE_SIZE, SLICES = (24, 32), 10  # rows and columns; of each patient
VOLUME_SIZE = (8, 16, 20)  # slices, rows, columns


@dataclass(frozen=True)
class Volumes:
    """Volumes with vessels, half of them with a nodule too.

    Attributes:
        images: (count, D, H, W, 1) float32: tissue about 0, vessels and nodules about 1,
            less at their rims.
        labels: (count,) int64, 1 where there is a nodule.
        masks: (count, D, H, W) bool, True inside the nodule.
    """

    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    masks: np.ndarray = field(repr=False)


def shapes():
    """The ten shapes of `signals`, as rows: smooth curves of mean 0 and deviation 1.

    Returns:
        (10, 12) float32.

    Example:
        >>> shapes().shape
        (10, 12)
    """
    rough = np.random.default_rng(6).normal(size=(KINDS, SHAPE_STEPS, 1))
    curves = blurred(rough, deviation=1.2)[..., 0]
    curves -= curves.mean(axis=1, keepdims=True)
    return curves / curves.std(axis=1, keepdims=True)


def signals(count, seed=0):
    """Signals with one of ten shapes somewhere in them, under drift and noise.

    ``height * shape`` at a random step, plus a slope, plus noise whose neighbours are alike. The
    label is the number of the shape; where it stands says nothing.

    Args:
        count: how many, >= 1.
        seed: an integer >= 0.

    Returns:
        The pair signals (count, 40, 1) float32, labels (count,) int64.

    Raises:
        ValueError: `count` or `seed` is out of range.

    Example:
        >>> x, labels = signals(count=3, seed=5)
        >>> x.shape, labels.shape
        ((3, 40, 1), (3,))

    Source: in the manner of MNIST-1D, Greydanus & Kobak (2024), arXiv:2011.14439, section 2.
    """
    count, generator = _start(count, seed, 1)
    labels = generator.integers(KINDS, size=count)
    noise = blurred(generator.normal(size=(count, SIGNAL_STEPS, 1)), deviation=1)
    slope = generator.normal(size=(count, 1, 1)) * np.linspace(-1, 1, SIGNAL_STEPS)[:, None]
    x = 0.35 * noise / noise.std() + 0.35 * slope
    first = generator.integers(SIGNAL_STEPS - SHAPE_STEPS + 1, size=count)
    height = generator.uniform(0.7, 1.3, size=count)
    steps = first[:, None] + np.arange(SHAPE_STEPS)
    x[np.arange(count)[:, None], steps, 0] += height[:, None] * shapes()[labels]
    return x.astype(np.float32), labels


def table(count, seed=0):
    """A table of eight columns whose order means nothing, and a label for each row.

    Columns 2k and 2k + 1 belong together: the label is 1 where the sum of their four products is
    above 0. No column alone says anything.

    Args:
        count: rows, >= 1.
        seed: an integer >= 0.

    Returns:
        The pair rows (count, 8) float32, labels (count,) int64.

    Raises:
        ValueError: `count` or `seed` is out of range.

    Example:
        >>> x, labels = table(count=5)
        >>> x.shape
        (5, 8)
    """
    count, generator = _start(count, seed, 2)
    x = generator.normal(size=(count, 2 * TABLE_PAIRS)).astype(np.float32)
    return x, ((x[:, ::2] * x[:, 1::2]).sum(axis=1) > 0).astype(np.int64)


def slices(patients, seed=0):
    """Neighbouring slices of patients whose labels were drawn by a coin.

    Nothing in a picture tells ill from healthy, so no accuracy beyond chance is honest. But the ten
    slices of one patient resemble each other.

    Args:
        patients: how many, >= 2; half of them are "ill".
        seed: an integer >= 0.

    Returns:
        The triple images (10 * patients, 24, 32, 1) float32, labels (10 * patients,) int64 and
        patient numbers (10 * patients,) int64; the slices of a patient follow each other.

    Raises:
        ValueError: `patients` or `seed` is out of range.

    Example:
        >>> images, labels, patient = slices(patients=4)
        >>> images.shape, patient[8:12]
        ((40, 24, 32, 1), array([0, 0, 1, 1]))
    """
    patients, generator = _start(patients, seed, 3)
    anatomy = _smooth((patients, *SLICE_SIZE, 1), 3, generator)
    along = _smooth((patients, SLICES, *SLICE_SIZE, 1), 2, generator)
    noise = generator.normal(size=along.shape)
    images = anatomy[:, None] + 0.3 * along + 0.3 * noise
    ill = generator.permutation(np.arange(patients) % 2)
    number = np.repeat(np.arange(patients), SLICES)
    return images.reshape(-1, *SLICE_SIZE, 1).astype(np.float32), ill[number], number


def volumes(count, seed=0):
    """Volumes crossed by vessels (tubes); half of them hold a nodule (a ball) as well.

    Where a slice cuts a vessel it shows a disc, as it does where it cuts a nodule: only the
    neighbouring slices tell. Volumes without a nodule hold one more vessel in its place.

    Args:
        count: how many, >= 2.
        seed: an integer >= 0.

    Returns:
        `Volumes`.

    Raises:
        ValueError: `count` or `seed` is out of range.

    Example:
        >>> two = volumes(count=2)
        >>> two.images.shape, int(two.labels.sum())
        ((2, 8, 16, 20, 1), 1)
    """
    count, generator = _start(count, seed, 4)
    labels = generator.permutation(np.arange(count) % 2)
    found = [_volume(label, generator) for label in labels]
    bright, masks = (np.stack(each) for each in zip(*found, strict=True))
    noise = generator.normal(size=bright.shape)
    images = blurred((bright + 0.4 * noise)[..., None], deviation=0.6)
    return Volumes(images, labels, masks)


def _volume(label, generator):
    """One volume without noise, (D, H, W) of 0 and 1, and the mask of its nodule."""
    places = np.stack(np.indices(VOLUME_SIZE), axis=-1).astype(float)
    bright, mask = np.zeros((2, *VOLUME_SIZE), bool)
    for number in range(generator.integers(1, 3)):
        # A tube runs through all slices, a little aslant; a ball is as wide, and as long as wide.
        radius = generator.uniform(1.8, 2.4)
        middle = generator.uniform((3, 3, 3), np.array(VOLUME_SIZE) - 3)
        slant = generator.uniform(-0.5, 0.5, size=2)
        away = places - middle
        if label and number == 0:
            mask = (away**2).sum(axis=-1) <= radius**2
            bright |= mask
        else:
            across = away[..., 1:] - slant * away[..., :1]
            bright |= (across**2).sum(axis=-1) <= radius**2
    return bright.astype(float), mask


def _smooth(shape, deviation, generator):
    """Blurred noise of deviation 1; the blur runs along all axes but the first and the last."""
    made = blurred(generator.normal(size=shape), deviation)
    return made / made.std()


def _start(count, seed, task):
    """The checked count, and a generator that no other task shares."""
    return whole_number("count", count, "what is made"), np.random.default_rng(
        [whole_seed(seed), task]
    )
