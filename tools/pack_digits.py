"""Pack scikit-learn's 1,797 handwritten digits in MNIST's form as data/digits.npz.

    python tools/pack_digits.py && python tools/write_checksums.py

Each 8x8 digit is enlarged to 20x20 and placed in 28x28 with its centre of mass in the centre, as
MNIST was made. The split is drawn once, a fifth of every digit for the test.

Needs: numpy, pillow, scikit-learn (only its data file is read).
"""

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

DATA = Path(__file__).parent.parent / "data"


def scikit_learn_digits():
    """(1797, 8, 8) uint8 images of 0 to 16, and their labels."""
    package = Path(find_spec("sklearn").submodule_search_locations[0])
    with gzip.open(package / "datasets" / "data" / "digits.csv.gz") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    return rows[:, :64].reshape(-1, 8, 8), rows[:, 64]


def in_mnist_form(digit):
    """An 8x8 digit of 0-16 as a 28x28 digit of 0-255 with its centre of mass in the centre."""
    bright = Image.fromarray((digit * 255.0 / 16).round().astype(np.uint8))
    large = np.asarray(bright.resize((20, 20), Image.Resampling.BICUBIC))
    rows, columns = np.indices(large.shape)
    top = round(13.5 - np.average(rows, weights=large))
    left = round(13.5 - np.average(columns, weights=large))
    canvas = np.zeros((28, 28), np.uint8)
    canvas[top : top + 20, left : left + 20] = large
    return canvas


def test_fifth(labels, seed=0):
    """True for a fifth of the digits of each class, drawn with a fixed seed."""
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        chosen[members[: len(members) // 5]] = True
    return chosen


def main():
    digits, labels = scikit_learn_digits()
    images = np.stack([in_mnist_form(digit) for digit in digits])
    test = test_fifth(labels)
    np.savez_compressed(
        DATA / "digits.npz",
        train_images=images[~test],
        train_labels=labels[~test],
        test_images=images[test],
        test_labels=labels[test],
    )


if __name__ == "__main__":
    main()
