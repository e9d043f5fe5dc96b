"""The example of each rule, out of its docstring, and the small pictures that they all use."""

import inspect
import re
import textwrap
from functools import lru_cache

import numpy as np


def stripes(count=240, seed=0):
    """Pictures of three kinds: stripes along the rows, along the columns, slanted.

    Args:
        count: how many.
        seed: of the random numbers.

    Returns:
        (count, 8, 12, 1) float32 0-1, and (count,) int64, the kinds 0 to 2.

    Example:
        >>> pictures, kinds = stripes(5)
        >>> pictures.shape, sorted(set(kinds.tolist())) <= [0, 1, 2]
        ((5, 8, 12, 1), True)
    """
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 3, count)
    rows, columns = np.mgrid[:8, :12]
    along = np.stack([rows, columns, rows + columns])[kinds]
    phases = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    waves = 0.5 + 0.35 * np.sin(2 * np.pi * along / 4 + phases)
    noise = rng.normal(0, 0.1, waves.shape)
    return np.clip(waves + noise, 0, 1).astype(np.float32)[..., None], kinds


@lru_cache(1)
def photographs(each=8):
    """Pieces of three photographs.

    Args:
        each: pieces per photograph.

    Returns:
        (3 * each, 32, 48, 3) uint8, and (3 * each,) int64: 0 the cat, 1 coffee, 2 the astronaut.
    """
    from cnnlab.datasets import photo

    rng = np.random.default_rng(0)
    pieces, kinds = [], []
    for kind, name in enumerate(("chelsea", "coffee", "astronaut")):
        whole = photo(name)
        for _ in range(each):
            top = rng.integers(0, whole.shape[0] - 96)
            left = rng.integers(0, whole.shape[1] - 144)
            pieces.append(whole[top : top + 96 : 3, left : left + 144 : 3])
            kinds.append(kind)
    order = rng.permutation(len(kinds))
    return np.stack(pieces)[order], np.array(kinds)[order]


def names():
    """The names that examples use, as a dict: a fresh one each time."""
    import keras

    from cnnlab import weights

    pictures, kinds = stripes()
    pieces, piece_kinds = photographs()
    return {
        "keras": keras,
        "layers": keras.layers,
        "np": np,
        "weights": weights,
        "stripes": stripes,
        "pictures": pictures,
        "kinds": kinds,
        "photographs": pieces.copy(),
        "photograph_kinds": piece_kinds.copy(),
        "images": None,
        "labels": None,
        "history": None,
        "validation_data": None,
    }


def example_of(function):
    """The example in a rule's docstring: Python that makes `model` and what else is diagnosed."""
    return textwrap.dedent(inspect.getdoc(function).partition("Example:\n")[2]).strip()


def reason_of(function):
    """Why it is a mistake: a rule's docstring in front of the example, as one paragraph."""
    return re.sub(r"\s+", " ", inspect.getdoc(function).partition("Example:")[0]).strip()
