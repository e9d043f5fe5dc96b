"""Networks that are to be counted, not run."""

from contextlib import contextmanager

import keras

from cnnlab.reading import private_names


@contextmanager
def blueprint():
    """A `with` block in which networks have layers, shapes and counts, but no weights.

    They cost neither time nor memory, however large, and are for counting, not for running.

    Example:
        >>> from keras import layers
        >>> with blueprint():
        ...     dense = layers.Dense(512 * 512, use_bias=False)
        ...     dense.build((None, 512 * 512))
        >>> dense.count_params()  # 275 gigabytes, had they been made
        68719476736
    """
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        private_names.forget_unmade_weights()
