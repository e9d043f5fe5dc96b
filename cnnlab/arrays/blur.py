"""Pictures out of focus."""

import numpy as np

from cnnlab.arrays.threads import one_thread


def blurred(pictures, deviation):
    """Pictures seen through a Gaussian blur that does not darken towards the borders.

    Every pixel becomes the mean of all others, weighted by exp(-distance^2 / (2 deviation^2));
    rows first, then columns, for the weight of a distance is the product of both.

    Args:
        pictures: (B, H, W, C), or (B, L, C) or (B, D, H, W, C).
        deviation: the standard deviation of the Gaussian, in pixels.

    Returns:
        As `pictures`, float32.

    Example:
        >>> spot = np.array([[0, 0, 1, 0, 0.0]])[None, :, :, None]
        >>> blurred(spot, deviation=0.5)[0, 0, :, 0].round(2)
        array([0.  , 0.11, 0.79, 0.11, 0.  ], dtype=float32)
    """
    pictures = np.asarray(pictures, np.float32)
    axes, seen = "hwd"[: pictures.ndim - 2], "ijk"[: pictures.ndim - 2]
    first, *others = (_weights(size, deviation) for size in pictures.shape[1:-1])
    pair, *pairs = map("".join, zip(seen, axes, strict=True))
    indices = ",".join([pair, f"b{axes}c", *pairs])  # ih,bhwc,jw for pictures
    with one_thread():
        return np.einsum(f"{indices}->b{seen}c", first, pictures, *others, optimize=True)


def _weights(size, deviation):
    """(size, size): row i holds the weights with which the pixels enter into pixel i."""
    distances = np.arange(size)[:, None] - np.arange(size)
    weights = np.exp(-(distances**2) / (2 * deviation**2))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
