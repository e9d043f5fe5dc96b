"""What a wrong result has in common with the right one, named without giving that away."""

from itertools import permutations

import numpy as np

WRAPPING = (np.uint8, np.int8, np.uint16, np.int16, np.int32)


def near_miss(got, right, tolerance):
    """One sentence where all numbers are wrong, or out of place, in the same way; None otherwise.

    Args:
        got: array of numbers, not close to `right`.
        right: array of numbers.
        tolerance: the absolute difference that counts as none.

    Example:
        >>> near_miss(np.array([[1, 4], [2, 5], [3, 6]]), np.array([[1, 2, 3], [4, 5, 6]]), 1e-5)
        'Its numbers are right, but its axes stand in another order.'
        >>> near_miss(np.array([2.0, 4, 8]), np.array([-2.0, -4, -8]), 1e-5)
        'The sign is wrong.'
    """
    if got.size != right.size or not right.size:
        return None
    if not np.isfinite(got).all() or not np.isfinite(right).all():
        return None

    def same(one, other):
        return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=tolerance)

    flat, wanted = got.ravel(), right.ravel()
    if same(got, right):  # each on its own is held to a finer tolerance
        return None
    if right.size > 1:
        if 1 < got.ndim == right.ndim <= 4 and any(
            same(got.transpose(order), right) for order in permutations(range(got.ndim))
        ):
            return "Its numbers are right, but its axes stand in another order."
        if any(same(np.flip(got, axis), right) for axis in (None, *range(got.ndim))):
            return "Its numbers are right, but they run backwards."
        if same(flat, wanted):
            return f"Its numbers are right; its shape is {got.shape}, another one is asked for."
        if same(np.sort(flat), np.sort(wanted)):
            return "Its numbers are right, their order is not."
    if got.shape != right.shape:
        return None
    if same(got.astype(float), -right.astype(float)):
        return "The sign is wrong."
    if np.ptp(wanted) > tolerance or right.size == 1:
        return _the_same_for_all(flat, wanted, tolerance)
    return None


def _the_same_for_all(flat, wanted, tolerance):
    """The sentence for one slip that was made with every number."""
    for dtype in WRAPPING:
        computed = len(flat) > 1 or flat.dtype == dtype  # a single number may be typed in
        if computed and wanted.dtype.kind in "iu" and np.array_equal(flat, wanted.astype(dtype)):
            return f"The numbers have wrapped around, as in {np.dtype(dtype).name}."
    flat, wanted = flat.astype(float), wanted.astype(float)
    gap = flat - wanted
    by = "too large" if gap[0] > 0 else "too small"
    whole = abs(abs(gap[0]) - 1) <= tolerance
    if np.ptp(gap) <= tolerance and (len(flat) > 1 or whole):
        return f"Off by one: {by}." if whole else f"Every number is {by} by the same amount."
    if len(flat) > 1 and np.allclose(flat, np.trunc(wanted), rtol=0, atol=1e-12):
        return "The numbers were cut to whole numbers."
    if not wanted.any():
        return None
    if not flat.any():
        return "All its numbers are 0." if len(flat) > 1 else None
    factor = (flat @ wanted) / (wanted @ wanted)
    if np.allclose(flat, factor * wanted, rtol=1e-4, atol=tolerance):
        for value, words in [(2, "Twice"), (0.5, "Half")]:
            if abs(factor - value) < 1e-4:
                return f"{words} what is asked for."
        if len(flat) > 1 and abs(factor - 1) > 1e-3:
            return "Every number is off by the same factor."
    return None
