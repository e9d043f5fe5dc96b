"""`conv2d` and `conv2d_backward` against Keras, one thread each: the ratio of their times.

Both with AVX2, the instructions that NumPy's OpenBLAS takes where it does not know the processor.
TensorFlow would take AVX-512 there, and the ratio would tell of processors: 2.2 in place of 1.2.

Every round times both, one after the other, so that whatever else the machine does falls on both;
the ratio printed is the median over the rounds. Exit status 1 if a budget is broken.
"""

import os
import sys

for library in ("OMP", "OPENBLAS", "MKL", "VECLIB"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"

from statistics import median  # noqa: E402
from time import perf_counter  # noqa: E402

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from table import row  # noqa: E402

from cnnlab.convolution import conv2d, conv2d_backward  # noqa: E402

ROUNDS = 21
BUDGETS = {"conv2d": 2.0, "conv2d_backward": 3.0}
SIZES = [
    ((8, 28, 28, 1), (5, 5, 1, 6)),
    ((8, 14, 14, 6), (5, 5, 6, 16)),
    ((1, 224, 224, 3), (3, 3, 3, 64)),
    ((8, 56, 56, 64), (3, 3, 64, 64)),
]


def seconds(function):
    """The time of one call; small work is repeated until it takes 5 ms."""
    repeats, start = 0, perf_counter()
    while repeats == 0 or perf_counter() - start < 0.005:
        function()
        repeats += 1
    return (perf_counter() - start) / repeats


def compare(ours, theirs):
    """The median over the rounds of our time, and of our time over theirs."""
    ours(), theirs()
    rounds = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    return median(a for a, _ in rounds), median(a / b for a, b in rounds)


def keras_gradient(x, kernel, upstream):
    """dx, dkernel and dbias by differentiating `keras.ops.conv`, compiled."""
    bias = tf.zeros(kernel.shape[-1])

    @tf.function
    def gradient(x, kernel, bias, upstream):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel, bias])
            maps = keras.ops.conv(x, kernel, padding="valid") + bias
        return tape.gradient(maps, [x, kernel, bias], output_gradients=upstream)

    return lambda: [g.numpy() for g in gradient(x, kernel, bias, upstream)]


def main():
    """One line per size and function."""
    rng = np.random.default_rng(0)
    broken = False
    for x_shape, kernel_shape in SIZES:
        x, kernel = (rng.normal(size=s).astype(np.float32) for s in (x_shape, kernel_shape))
        maps = conv2d(x, kernel)
        upstream = rng.normal(size=maps.shape).astype(np.float32)
        tensors = [tf.constant(array) for array in (x, kernel, upstream)]
        pairs = {
            "conv2d": (
                lambda x=x, k=kernel: conv2d(x, k),
                lambda t=tensors: keras.ops.conv(t[0], t[1], padding="valid").numpy(),
            ),
            "conv2d_backward": (
                lambda x=x, k=kernel, u=upstream: conv2d_backward(x, k, u),
                keras_gradient(*tensors),
            ),
        }
        np.testing.assert_allclose(maps, pairs["conv2d"][1](), atol=1e-3)
        for a, b in zip(*(f() for f in pairs["conv2d_backward"]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-2)
        for name, (ours, theirs) in pairs.items():
            time, ratio = compare(ours, theirs)
            what = f"{name} {x_shape} · {kernel_shape}"
            kept = row(what, ratio, BUDGETS[name], "×", f"keras.ops.conv; {1000 * time:.2f} ms")
            broken |= not kept
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
