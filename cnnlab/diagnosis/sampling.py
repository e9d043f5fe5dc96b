"""Some of many pictures, the same ones each time."""

import numpy as np


def drawn(count, most, classes=None):
    """Which of `count` pictures are looked at: all, or `most` of them, drawn at random.

    Every second one would not do: where classes alternate, all of them are of one class.

    Args:
        count: how many there are.
        most: how many are looked at.
        classes: (count,) int, of which each keeps its share; or None.

    Returns:
        (n,) int64, in order.

    Example:
        >>> drawn(3, 64)
        array([0, 1, 2])
        >>> labels = np.arange(120) % 2
        >>> np.bincount(labels[drawn(120, 30, labels)])
        array([15, 15])
    """
    order = np.random.default_rng(0).permutation(count)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
        order = order[np.linspace(0, count - 1, min(count, most)).round().astype(int)]
    return np.sort(order[:most])
