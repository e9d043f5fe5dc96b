"""Do weights still stand where they started? Asked of what starts at a known number."""

import numpy as np

# What Keras's layers start with where nobody said otherwise.
_STARTS = {
    "bias": 0.0,
    "beta": 0.0,
    "moving_mean": 0.0,
    "gamma": 1.0,
    "moving_variance": 1.0,
}


def untouched_since_start(layers):
    """Whether all biases, scales and statistics of some layers are as they were made.

    Kernels start at random and tell nothing; biases start at 0 and do not stay there.

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
        >>> dense.bias.assign([0.1, 0.2, 0.3])
        >>> untouched_since_start([dense])
        False
    """
    telling = [
        (weight, _STARTS[weight.name])
        for layer in layers
        for weight in getattr(layer, "weights", ())
        if weight.name in _STARTS
    ]
    if not telling:
        return None
    return all(np.all(np.asarray(weight) == start) for weight, start in telling)
