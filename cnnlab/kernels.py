"""Image kernels: the named ones (identity, edges, sharpening, blurring) and Gabor banks."""

from difflib import get_close_matches
from numbers import Real

import numpy as np

from cnnlab.sizes import whole_number

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


def gabor(size, orientation, wavelength, phase=0, sigma=None):
    """A Gabor filter: a wave under a round Gaussian window, an answer to stripes.

    ``exp(-(u² + v²) / (2 sigma²)) * cos(2 pi w / wavelength + phase)``, where w is measured
    across the stripes. It sums to 0 (a flat surface answers 0), its absolute values to 1.

    Args:
        size: rows and columns of the kernel, an odd int >= 3.
        orientation: direction of the stripes in degrees, anticlockwise from horizontal, 0 <= and
            < 180: 0 is "—", 45 is "/", 90 is "|".
        wavelength: distance from stripe to stripe in pixels, more than 2, at most 2 * size.
        phase: where the wave starts at the centre, in degrees: 0 for a bright line, 180 for a dark
            line, 90 or -90 for an edge.
        sigma: standard deviation of the window in pixels, >= 0.5; None for half a wavelength.

    Returns:
        Array of shape (size, size), float32.

    Raises:
        TypeError: an argument is no number.
        ValueError: an argument is out of its range.

    Example:
        >>> gabor(3, orientation=90, wavelength=3).round(2)
        array([[-0.08,  0.15, -0.08],
               [-0.1 ,  0.19, -0.1 ],
               [-0.08,  0.15, -0.08]], dtype=float32)

    Source: Daugman (1985), J. Opt. Soc. Am. A 2:1160, with a round window.
    """
    if whole_number("size", size) < 3 or size % 2 == 0:
        raise ValueError(
            f"`size` must be odd and at least 3: got size={size}. "
            "An odd kernel has a pixel at its centre."
        )
    given = {"orientation": orientation, "wavelength": wavelength, "phase": phase, "sigma": sigma}
    for name, value in given.items():
        if not isinstance(value, Real) and not (name == "sigma" and value is None):
            raise TypeError(
                f"`{name}` must be a number: got {name}={value!r}. Write it without quotes or "
                "brackets; gabor_bank takes several."
            )
    if not 0 <= orientation < 180:
        raise ValueError(
            f"`orientation` must lie between 0 and 180 degrees (180 excluded): "
            f"got orientation={orientation}. Stripes turned by 180 degrees are the same stripes."
        )
    if not 2 < wavelength <= 2 * size:
        raise ValueError(
            f"`wavelength` must be more than 2 pixels and at most 2 * size: "
            f"got wavelength={wavelength}, size={size}. "
            "Shorter waves fall between the pixels, longer ones need a larger kernel."
        )
    sigma = wavelength / 2 if sigma is None else sigma
    if not 0.5 <= sigma < np.inf:
        raise ValueError(
            f"`sigma` must be at least 0.5 pixels: got sigma={sigma}. "
            "Use None for half a wavelength."
        )
    row, column = np.mgrid[:size, :size] - size // 2
    angle = np.deg2rad(orientation)
    across = row * np.cos(angle) + column * np.sin(angle)  # rows count downwards
    window = np.exp(-(row**2 + column**2) / (2 * sigma**2))
    wave = window * np.cos(2 * np.pi * across / wavelength + np.deg2rad(phase))
    wave -= window * wave.sum() / window.sum()
    return (wave / np.abs(wave).sum()).astype(np.float32)


def gabor_bank(orientations, wavelengths, size):
    """Gabor filters of every orientation with every wavelength.

    Args:
        orientations: angles in degrees, each 0 <= and < 180.
        wavelengths: distances in pixels, each more than 2 and at most 2 * size.
        size: rows and columns of each kernel, an odd int >= 3.

    Returns:
        Array of shape (n, size, size), float32, with n = len(orientations) * len(wavelengths);
        the wavelength runs fastest.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> gabor_bank([0, 45, 90, 135], wavelengths=[3, 6], size=7).shape
        (8, 7, 7)
    """
    bank = [gabor(size, angle, length) for angle in orientations for length in wavelengths]
    return np.reshape(np.array(bank, np.float32), (-1, size, size))
