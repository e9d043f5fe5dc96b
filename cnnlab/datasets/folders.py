"""Your own photographs: a folder of files, one subfolder per class."""

from pathlib import Path

import numpy as np

from cnnlab.datasets.loading import Dataset
from cnnlab.datasets.stored import check_name
from cnnlab.files import photographs


def from_folder(path, size=128):
    """Your own photographs: a folder with one subfolder per class.

    The number of each class is printed, and what was left out: what cannot be read, and what lies
    beside the subfolders or in folders inside them. Both stand in the card too.

    Args:
        path: the folder; the names of its subfolders are the names of the classes, numbered in
            alphabetical order.
        size: height and width of the images, in pixels: the middle square of each photograph.

    Returns:
        A `Dataset` of uint8 images, 0-255, in alphabetical order of classes and files.

    Raises:
        ValueError: fewer than two classes, a class without a readable photograph, or a size that is
            no whole number of pixels.

    Example:
        >>> from_folder("no such place")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: `path` must be a folder with one subfolder per class: ...
    """
    images, labels, class_names, faults = photographs.read_folder(path, size)
    counts = np.bincount(labels)
    listed = [f"{n} {name}" for n, name in zip(counts, class_names, strict=True)]
    order = ", ".join(f"{number} = {name}" for number, name in enumerate(class_names))
    card = (
        f"{len(images)} photographs from {Path(path).name} ({', '.join(listed)}), "
        f"{len(faults)} left out; classes: {order}."
    )
    print("classes:", order)
    if faults:
        print(f"{len(faults)} left out:", *faults, sep="\n  ")
        card = "\n".join([card, *faults])
    return Dataset(images, labels, class_names, card)


def to_folder(dataset, path, class_names=None, per_class=None):
    """A folder of JPEG files from a data set, one subfolder per class, as `from_folder` reads it.

    Args:
        dataset: a `Dataset` of uint8 images (N, H, W, 3), such as `load("things")`.
        path: the folder, new or empty.
        class_names: the classes to write, None for all.
        per_class: the first so many of each class, None for all.

    Raises:
        ValueError: an unknown class, or a folder that holds something already.

    Example:
        >>> import tempfile
        >>> from cnnlab.datasets import load
        >>> place = Path(tempfile.mkdtemp()) / "test"
        >>> to_folder(load("things", "test"), place, ("bird", "vehicle"), per_class=3)
        >>> from_folder(place, size=64).labels
        classes: 0 = bird, 1 = vehicle
        array([0, 0, 0, 1, 1, 1])
    """
    for name in class_names or ():
        check_name("class_names", name, dataset.class_names)
    kept = np.concatenate(
        [np.flatnonzero(dataset.labels == n)[:per_class] for n in range(len(dataset.class_names))]
    )
    wanted = [
        name if class_names is None or name in class_names else None for name in dataset.class_names
    ]
    photographs.write_folder(path, dataset.images[kept], dataset.labels[kept], wanted)
