"""Image kernels with a name: identity, edges, sharpening, blurring."""

from difflib import get_close_matches

import numpy as np

_NAMED = {
    "identity": ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 1),
    "edge_diagonal": ([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], 1),
    "edge_4": ([[0, 1, 0], [1, -4, 1], [0, 1, 0]], 1),
    "edge_8": ([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], 1),
    "sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1),
    "box_blur": ([[1, 1, 1], [1, 1, 1], [1, 1, 1]], 9),
    "gaussian_3": ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16),
    "gaussian_5": (np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]), 256),
}


def names():
    """The names that `named` knows.

    Returns:
        Tuple of str.

    Example:
        >>> names()[:2]
        ('identity', 'edge_diagonal')
    """
    return tuple(_NAMED)


def named(name):
    """The image kernel of that name.

    The three edge kernels sum to 0 (a flat surface answers 0), the others to 1 (a flat surface
    keeps its brightness).

    Args:
        name: one of `names()`.

    Returns:
        Array of shape (K_h, K_w), float32; a fresh copy, so changing it is safe.

    Raises:
        ValueError: unknown name.

    Example:
        >>> named("sharpen")
        array([[ 0., -1.,  0.],
               [-1.,  5., -1.],
               [ 0., -1.,  0.]], dtype=float32)
    """
    if name not in _NAMED:
        near = get_close_matches(str(name), _NAMED, n=1)
        suggestion = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"`name` must be one of {', '.join(_NAMED)}: got name={name!r}.{suggestion}"
        )
    whole, divisor = _NAMED[name]
    return np.asarray(whole, np.float32) / np.float32(divisor)
