"""What an answer gave back: computed to its end, and in numbers that can be compared."""

import types
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import numpy as np

LAZY = (types.GeneratorType, map, zip, filter)
LONGEST = 10**6  # entries that are taken from what is computed on demand


def settled(result):
    """A copy of a result that no later run can change, its numbers as Python or NumPy has them.

    Example:
        >>> from fractions import Fraction
        >>> settled(entry / 2 for entry in (Fraction(3), 5))
        [1.5, 2.5]
    """
    if isinstance(result, LAZY):
        return [settled(entry) for entry in islice(result, LONGEST)]
    if isinstance(result, Fraction | Decimal):
        return float(result)
    if type(result) in (list, tuple):
        return type(result)(map(settled, result))
    if isinstance(result, dict):
        return {key: settled(value) for key, value in result.items()}
    if isinstance(result, np.ndarray):
        return _settled_array(result)
    return result


def _settled_array(array):
    """Its copy; of objects, which may be numbers, the array that they make."""
    if array.dtype.kind != "O":
        return array.copy()
    try:
        return np.array(settled(array.tolist()))
    except ValueError:  # they make none
        return array
