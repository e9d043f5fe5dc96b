"""Networks to be counted, not run: without weights they cost neither time nor memory."""

from contextlib import contextmanager

import keras
from keras.src.backend.common import global_state


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
        # Keras lists the weights that it has not made yet, and would make them at the next layer.
        # Its public clear_session() drops the list too, but also the count of layer names.
        global_state.set_global_attribute("uninitialized_variables", [])
