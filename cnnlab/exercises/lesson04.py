"""Exercises of lesson 04: backpropagation."""

import numpy as np

from cnnlab.convolution import conv2d_backward
from cnnlab.exercises.exercise import Exercise, Mistake
from cnnlab.pooling import max_pool2d_backward

rng = np.random.default_rng(0)


# 04.1: one weight, used three times

INPUTS, UPSTREAM = np.array([2, 5, 1, 4]), np.array([3, 10, -1])

shared_weight = Exercise(
    number="04.1",
    title="One weight, used three times",
    stars=1,
    task="Four inputs (2, 5, 1, 4) and a kernel of two weights give three outputs, whose upstream "
    "gradient is (3, 10, −1). What is the gradient of w₁, the second weight?",
    hints=(
        "Write the three outputs as sums. With which input is w₁ multiplied in each?",
        "Each use of w₁ asks for its input times the upstream gradient of its output. Then?",
    ),
    solution=int(INPUTS[1:] @ UPSTREAM),
    insight="As many terms as positions, each the input that the weight met times the upstream "
    "gradient there, all added.",
    mistakes=(
        Mistake(
            "That is the gradient of the first weight: the second one meets the inputs from the "
            "second on.",
            int(INPUTS[:-1] @ UPSTREAM),
        ),
        Mistake(
            "Only the first output was counted: the weight is used in all three.",
            int(INPUTS[1] * UPSTREAM[0]),
        ),
        Mistake(
            "The upstream gradient is missing: it says how much each output matters.",
            int(INPUTS[1:].sum()),
        ),
        Mistake("That is the mean over the positions: they are added.", 7),
        Mistake(
            "Sign lost: the last output pulls the other way.", int(INPUTS[1:] @ np.abs(UPSTREAM))
        ),
    ),
)


# 04.2: painting with a kernel


def paint(kernel, upstream, stride):
    height, width = kernel.shape
    rows, columns = upstream.shape
    dtype = np.result_type(kernel, upstream)
    image = np.zeros(((rows - 1) * stride + height, (columns - 1) * stride + width), dtype)
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            image[top : top + height, left : left + width] += upstream[row, column] * kernel
    return image


def paint_per_weight(kernel, upstream, stride):
    """Weight by weight: each one spreads the whole upstream gradient, `stride` apart."""
    rows, columns = (np.array(upstream.shape) - 1) * stride
    image = np.zeros((rows + kernel.shape[0], columns + kernel.shape[1]))
    for (i, j), weight in np.ndenumerate(kernel):
        image[i : i + rows + 1 : stride, j : j + columns + 1 : stride] += weight * upstream
    return image


def paint_cnnlab(kernel, upstream, stride):
    shape = [(n - 1) * stride + k for n, k in zip(upstream.shape, kernel.shape, strict=True)]
    dx, _, _ = conv2d_backward(
        np.zeros((1, *shape, 1)), kernel[:, :, None, None], upstream[None, :, :, None], stride
    )
    return dx[0, :, :, 0]


def painted_in(dtype, kernel, upstream, stride):
    """Paint in an image of this dtype; NumPy refuses to add fractions to whole numbers."""
    image = np.zeros(paint(kernel, upstream, stride).shape, dtype)
    for (row, column), gradient in np.ndenumerate(upstream):
        top, left = row * stride, column * stride
        image[top : top + kernel.shape[0], left : left + kernel.shape[1]] += gradient * kernel
    return image


def paint_in_dtype_of_kernel(kernel, upstream, stride):
    return painted_in(kernel.dtype, kernel, upstream, stride)


def paint_in_dtype_of_upstream(kernel, upstream, stride):
    return painted_in(upstream.dtype, kernel, upstream, stride)


def paint_over(kernel, upstream, stride):
    image = np.zeros_like(paint(kernel, upstream, stride))
    for (row, column), gradient in np.ndenumerate(upstream):
        top, left = row * stride, column * stride
        image[top : top + kernel.shape[0], left : left + kernel.shape[1]] = gradient * kernel
    return image


def paint_valid(kernel, upstream, stride):
    image = paint(kernel, upstream, stride)
    return image[: upstream.shape[0] * stride, : upstream.shape[1] * stride]


def paint_on_too_much(kernel, upstream, stride):
    return np.pad(paint(kernel, upstream, stride), [(0, stride), (0, stride)])


painting = Exercise(
    number="04.2",
    title="Painting with a kernel",
    stars=3,
    task="Write paint(kernel, upstream, stride) for 2-D arrays: the gradient of the image of a "
    "convolution with that stride and no padding. Every position paints the kernel, times its "
    "upstream gradient. The image is just as large as the paint reaches.",
    hints=(
        "The last position begins at row (rows − 1) · stride. How far does its kernel reach?",
        "Where kernels overlap, the paint adds up.",
        "The loop of section 3, with row · stride for row and column · stride for column, in an "
        "array of floats.",
    ),
    solution=paint,
    insight="Forward, a window gathers; backward, it scatters with the same weights: a transposed "
    "convolution.",
    mistakes=(
        Mistake(
            "The kernel is turned: it is turned when you gather from the padded gradient, not when "
            "you paint.",
            lambda kernel, upstream, stride: paint(kernel[::-1, ::-1], upstream, stride),
        ),
        Mistake("Where kernels overlap the last one covers the others: add.", paint_over),
        Mistake(
            "The kernels stand side by side, one kernel size apart: they stand one stride apart, "
            "and may overlap.",
            lambda kernel, upstream, stride: np.kron(upstream, kernel),
        ),
        Mistake(
            "The stride is not used: all kernels stand one pixel apart.",
            lambda kernel, upstream, stride: paint(kernel, upstream, 1),
        ),
        Mistake(
            "The image is cut: the last kernel reaches beyond (number of positions) · stride.",
            paint_valid,
        ),
        Mistake(
            "The image is one stride too large: the last position begins at (rows − 1) · stride.",
            paint_on_too_much,
        ),
        Mistake(
            "Kernel and upstream are exchanged: the kernel is painted, once for each number of "
            "upstream.",
            lambda kernel, upstream, stride: paint(upstream, kernel, stride),
        ),
        Mistake(
            "The image has room for whole numbers only, and kernel and upstream may have "
            "fractions: begin with zeros of floats.",
            lambda kernel, upstream, stride: painted_in(int, kernel, upstream, stride),
        ),
        Mistake(
            "The image has the dtype of the kernel, and upstream may have fractions where the "
            "kernel has none: begin with zeros of floats.",
            paint_in_dtype_of_kernel,
        ),
        Mistake(
            "The image has the dtype of upstream, and the kernel may have fractions where upstream "
            "has none: begin with zeros of floats.",
            paint_in_dtype_of_upstream,
        ),
    ),
    cases=(
        (rng.integers(-3, 4, (3, 4)), rng.integers(1, 5, (3, 2)), 1),
        (rng.integers(1, 5, (3, 4)), rng.integers(1, 5, (2, 4)), 2),
        (rng.normal(size=(4, 5)), rng.normal(size=(3, 4)), 3),
        (np.float32(rng.normal(size=(5, 3))), np.float32(rng.normal(size=(2, 3))), 2),
        (rng.integers(-3, 4, (2, 5)), rng.normal(size=(4, 3)), 2),
        (rng.normal(size=(3, 2)), rng.integers(1, 5, (2, 3)), 1),
        (rng.normal(size=(2, 1)), rng.normal(size=(3, 2)), 3),
    ),
    alternatives=(paint_per_weight, paint_cnnlab),
)


# 04.3: back through windows that overlap

overlap = Exercise(
    number="04.3",
    title="Back through windows that overlap",
    stars=1,
    task="Max pooling along one row: inputs 3 8 5 6, windows of two with stride 1. The upstream "
    "gradient of the three outputs is 1 2 4. What is the gradient of the four inputs? Answer with "
    "a list of four numbers.",
    hints=(
        "Which input is the largest of each of the three windows?",
        "One input wins twice. What does it receive?",
    ),
    solution=np.array([0, 3, 0, 4]),
    insight="Each window hands its gradient to its winner, and who wins twice receives both: what "
    "lands on one place adds up.",
    mistakes=(
        Mistake(
            "The input that wins twice has only what it got last: its two gradients add up.",
            [0, 2, 0, 4],
        ),
        Mistake(
            "The input that wins twice has only what it got first: its two gradients add up.",
            [0, 1, 0, 4],
        ),
        Mistake(
            "Each gradient is shared by both inputs of its window: that is average pooling.",
            [0.5, 1.5, 3, 2],
        ),
        Mistake(
            "Each gradient went to the first input of its window, not to the largest.",
            [1, 2, 4, 0],
        ),
        Mistake(
            "Who wins is right, but the upstream gradient is not handed on.",
            [0, 1, 0, 1],
        ),
    ),
)


# 04.4: max pooling, backwards


def max_pool_backward(x, upstream, size):
    dx = np.zeros(x.shape, upstream.dtype)
    for row in range(upstream.shape[0]):
        for column in range(upstream.shape[1]):
            top, left = row * size, column * size
            window = x[top : top + size, left : left + size]
            i, j = np.unravel_index(window.argmax(), window.shape)
            dx[top + i, left + j] += upstream[row, column]
    return dx


def max_pool_backward_windows(x, upstream, size):
    rows, columns = upstream.shape
    dx = np.zeros(x.shape)
    whole = x[: rows * size, : columns * size].reshape(rows, size, columns, size)
    winner = whole.transpose(0, 2, 1, 3).reshape(rows, columns, -1).argmax(axis=2)
    i, j = np.indices((rows, columns))
    dx[i * size + winner // size, j * size + winner % size] = upstream
    return dx


def max_pool_backward_cnnlab(x, upstream, size):
    batch = x[np.newaxis, :, :, np.newaxis]
    return max_pool2d_backward(batch, upstream[np.newaxis, :, :, np.newaxis], size)[0, :, :, 0]


def each_window(x, upstream, size, shares):
    """The gradient when shares(window) says what part of it each place receives."""
    dx = np.zeros(x.shape)
    for (row, column), gradient in np.ndenumerate(upstream):
        place = np.s_[row * size : (row + 1) * size, column * size : (column + 1) * size]
        dx[place] = shares(x[place]) * gradient
    return dx


def to_all_winners(x, upstream, size):
    return each_window(x, upstream, size, lambda window: window == window.max())


def split_between_winners(x, upstream, size):
    return each_window(x, upstream, size, lambda w: (w == w.max()) / np.count_nonzero(w == w.max()))


def to_everyone(x, upstream, size):
    return each_window(x, upstream, size, lambda window: np.ones(window.shape) / window.size)


def to_the_last(x, upstream, size):
    def last(window):
        places = np.flatnonzero(window == window.max())
        return (np.arange(window.size) == places[-1]).reshape(window.shape)

    return each_window(x, upstream, size, last)


def to_the_first_by_columns(x, upstream, size):
    def first(window):
        places = np.arange(window.size).reshape(window.shape[::-1])
        return (places == window.T.argmax()).T

    return each_window(x, upstream, size, first)


def from_zero(x, upstream, size):
    """The classic loop: the best so far begins at 0, in the first place."""
    return max_pool_backward(np.maximum(x, 0), upstream, size)


def without_the_rest(x, upstream, size):
    whole = x[: upstream.shape[0] * size, : upstream.shape[1] * size]
    return max_pool_backward(whole, upstream, size)


pooling = Exercise(
    number="04.4",
    title="Max pooling, backwards",
    stars=3,
    task="Write max_pool_backward(x, upstream, size) for a single map x (H, W), windows of "
    "size×size side by side. What does not fill a window at the edge was not pooled. At a tie the "
    "first (row by row) receives all.",
    hints=(
        "Begin with zeros of the shape of x. Which single place of each window is changed?",
        "argmax finds the first maximum of a window, as a number in the flattened window; "
        "np.unravel_index turns it into row and column.",
        "In the picture that place is (row · size + i, column · size + j).",
    ),
    solution=max_pool_backward,
    insight="A switch: all of the gradient to one place, nothing elsewhere, and the shape is that "
    "of the input.",
    mistakes=(
        Mistake(
            "At a tie every maximum receives the whole gradient: more comes out than went in.",
            to_all_winners,
        ),
        Mistake(
            "At a tie the gradient is split: the task, like TensorFlow's pooling, gives it to the "
            "first.",
            split_between_winners,
        ),
        Mistake("All places of a window have a share: that is average pooling.", to_everyone),
        Mistake("At a tie the last maximum receives the gradient, not the first.", to_the_last),
        Mistake(
            "At a tie the first column by column receives the gradient: go row by row.",
            to_the_first_by_columns,
        ),
        Mistake(
            "The search for the largest begins at 0 or thereabouts: in a window of negative "
            "numbers none is larger, and still one of them won.",
            from_zero,
        ),
        Mistake(
            "The winners are right, but they receive 1 instead of the upstream gradient.",
            lambda x, upstream, size: max_pool_backward(x, np.ones_like(upstream), size),
        ),
        Mistake(
            "The rows and columns at the edge that fill no window are missing: the gradient has "
            "the shape of the input.",
            without_the_rest,
        ),
        Mistake(
            "The gradient is cut to whole numbers: the dtype is that of x, not of upstream.",
            lambda x, upstream, size: max_pool_backward(x, upstream, size).astype(x.dtype),
        ),
    ),
    cases=(
        (rng.permutation(24).reshape(4, 6), rng.integers(2, 9, (2, 3)), 2),
        (np.array([[8, 8, 1], [3, 5, 1], [1, 2, 2]]), np.array([[5]]), 2),
        (np.zeros((3, 7), int), np.array([[2.5, -1.5]]), 3),
        (np.array([[1, 8, -5, -3], [8, 3, -2, -4]]), np.array([[5, 7]]), 2),
        (rng.normal(size=(7, 5)).astype("float32"), np.float32(rng.normal(size=(3, 2))), 2),
        (rng.permutation(24).reshape(6, 4) - 5000, rng.normal(size=(3, 2)), 2),
    ),
    alternatives=(max_pool_backward_windows, max_pool_backward_cnnlab),
)


# 04.5: a dense layer, backwards


def dense_backward(x, weight, upstream):
    return upstream @ weight.T, x.T @ upstream, upstream.sum(axis=0)


def dense_backward_einsum(x, weight, upstream):
    dx = np.einsum("bo,io->bi", upstream, weight)
    return dx, np.einsum("bi,bo->io", x, upstream), np.einsum("bo->o", upstream)


def dense_mean_over_batch(x, weight, upstream):
    dx, dweight, dbias = dense_backward(x, weight, upstream)
    return dx, dweight / len(x), dbias / len(x)


def dense_bias_not_summed(x, weight, upstream):
    return *dense_backward(x, weight, upstream)[:2], upstream


def dense_bias_of_units(x, weight, upstream):
    return *dense_backward(x, weight, upstream)[:2], upstream.sum(axis=1)


def dense_exchanged(x, weight, upstream):
    dx, dweight, dbias = dense_backward(x, weight, upstream)
    return dweight, dx, dbias


def dense_transposed(x, weight, upstream):
    dx, dweight, dbias = dense_backward(x, weight, upstream)
    return dx, dweight.T, dbias


dense = Exercise(
    number="04.5",
    title="A dense layer, backwards",
    stars=2,
    task="Forward: y = x @ weight + bias, with x (B, I), weight (I, O). Write "
    "dense_backward(x, weight, upstream): the tuple dx, dweight, dbias.",
    hints=(
        "Each gradient has the shape of its array. upstream is (B, O): which products fit?",
        "dweight is (I, O), from x (B, I) and upstream (B, O): the sum runs over the batch.",
        "The bias is added to every row of the batch.",
    ),
    solution=dense_backward,
    insight="The shapes decide it all: what is shared by the batch (weight, bias) is summed over "
    "it.",
    mistakes=(
        Mistake(
            "The gradients are averaged over the batch: the mean belongs to the loss, and its 1/B "
            "is already in upstream.",
            dense_mean_over_batch,
        ),
        Mistake(
            "dbias is still one row per image: the bias is shared, so add over the batch.",
            dense_bias_not_summed,
        ),
        Mistake("dbias is summed over the units: sum over the images.", dense_bias_of_units),
        Mistake("dx and dweight are exchanged: dx comes first.", dense_exchanged),
        Mistake("dweight is transposed: it must have the shape of weight.", dense_transposed),
    ),
    cases=(
        (rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=(4, 5))),
        (rng.integers(-3, 4, (2, 6)), rng.integers(-3, 4, (6, 3)), rng.integers(1, 4, (2, 3))),
        (
            rng.normal(size=(5, 2)).astype("float32"),
            rng.normal(size=(2, 4)).astype("float32"),
            rng.normal(size=(5, 4)).astype("float32"),
        ),
        (rng.integers(-3, 4, (3, 2)), rng.normal(size=(2, 4)), rng.normal(size=(3, 4))),
        (rng.normal(size=(2, 5)), rng.integers(-3, 4, (5, 3)), rng.normal(size=(2, 3))),
        (rng.normal(size=(6, 3)), rng.normal(size=(3, 2)), rng.integers(-3, 4, (6, 2))),
        (rng.normal(size=(1, 3)), rng.normal(size=(3, 2)), rng.normal(size=(1, 2))),
    ),
    alternatives=(dense_backward_einsum,),
)

EXERCISES = (shared_weight, painting, overlap, pooling, dense)
