"""NumPy's matrix products on one thread, where a network computes before and after them.

OpenBLAS shares a large product among threads, which stay awake for some time after it and wait for
the next. On two cores they take one of the two from TensorFlow: the pass of VGG16 that follows a
product takes half as long again.
"""

import contextlib
import functools

# OpenBLAS leaves smaller products on one thread by itself (`interface/gemm.c`: 65,536 times 4).
SMALL = 2**18


def one_thread(macs=SMALL):
    """A context in which NumPy multiplies matrices on one thread, whatever it did before.

    Args:
        macs: multiplications of the largest product inside; fewer than 2^18 need no context, and
            entering one takes longer than such a product.

    Example:
        >>> import numpy as np
        >>> with one_thread():
        ...     np.ones((2, 3)) @ np.ones((3, 1))
        array([[3.],
               [3.]])
    """
    if macs < SMALL:
        return contextlib.nullcontext()
    return _controller().limit(limits=1, user_api="blas")


@functools.cache
def _controller():
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()  # looks at every library that is loaded: some milliseconds
