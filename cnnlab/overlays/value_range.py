"""Which values are black and white in photographs."""

import numpy as np


def pixel_range(images):
    """The values that are black and white in photographs.

    (0, 255) for whole numbers, or where a value lies above 2; else (0, 1). Where values are
    negative, as models take them, the smallest and the largest.

    Args:
        images: an array of any shape.

    Example:
        >>> pixel_range(np.array([0.0, 0.7])), pixel_range(np.array([-1.0, 0.7]))
        ((0, 1), (-1.0, 0.7))
    """
    low, high = float(np.min(images)), float(np.max(images))
    if low < 0:
        return low, high
    return (0, 255) if high > 2 or np.issubdtype(np.asarray(images).dtype, np.integer) else (0, 1)
