"""NumPy's matrix products on one thread, where a network computes before and after them.

OpenBLAS shares a large product among threads, which stay awake for some time after it and wait for
the next. On two cores they take one of the two from TensorFlow: the pass of VGG16 that follows a
product takes half as long again.
"""

import functools


def one_thread():
    """A context in which NumPy multiplies matrices on one thread, whatever it did before.

    Example:
        >>> import numpy as np
        >>> with one_thread():
        ...     np.ones((2, 3)) @ np.ones((3, 1))
        array([[3.],
               [3.]])
    """
    return _controller().limit(limits=1, user_api="blas")


@functools.cache
def _controller():
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()  # looks at every library that is loaded: some milliseconds
