"""Exercises of lesson 02: feature maps."""

import numpy as np

from cnnlab.convolution import conv2d, correlate2d
from cnnlab.exercises.exercise import Exercise, Mistake

rng = np.random.default_rng(0)


# 02.1: a bias that decides

FALLING_LINE, RISING_LINE = np.eye(4, dtype=int), np.fliplr(np.eye(4, dtype=int))


def what_is_seen(bias):
    """Which pictures are left with an answer after the ReLU, under a kernel of 3 0 / 0 3."""
    pictures = {
        "the falling line": FALLING_LINE,
        "the rising line": RISING_LINE,
        "an empty picture": np.zeros((4, 4)),
    }
    bias = np.asarray(bias)
    if bias.size != 1:
        raise ValueError(
            f"a bias is a single number: got {bias.size} numbers. Choose one for all pixels."
        )
    answers = {name: correlate2d(p, 3 * np.eye(2)) + bias for name, p in pictures.items()}
    return {name: "seen" if answer.max() > 0 else "not seen" for name, answer in answers.items()}


bias = Exercise(
    number="02.1",
    title="A bias that decides",
    stars=1,
    task="The kernel is `3 0 / 0 3` now. Find a bias with which, after the ReLU, the falling line "
    "is still seen, and a rising line is not.",
    hints=(
        "What is the largest answer to each of the two lines, without a bias?",
        "The bias must leave the larger of the two above 0, and take the smaller to 0 or below.",
    ),
    solution=-4.5,
    insight="The bias is a threshold with its sign turned: it must lie between the two answers.",
    mistakes=(
        Mistake(
            "A positive bias lets everything pass, an empty picture too: a threshold is "
            "subtracted.",
            4.5,
        ),
        Mistake(
            "Both lines are seen: the threshold is too low for this kernel, whose weights are 3.",
            -1.5,
        ),
        Mistake("Nothing is seen: the threshold is not below even the best match.", -6),
    ),
    view=what_is_seen,
    alternatives=(-3, np.float32(-5.9)),
)


# 02.2: convolution with channels


def layer_maps(x, kernel, bias):
    height, width, _, filters = kernel.shape
    rows, columns = x.shape[1] - height + 1, x.shape[2] - width + 1
    maps = np.zeros((len(x), rows, columns, filters))
    for row in range(rows):
        for column in range(columns):
            window = x[:, row : row + height, column : column + width, :, np.newaxis]
            maps[:, row, column] = (window * kernel).sum(axis=(1, 2, 3)) + bias
    return maps


def layer_maps_einsum(x, kernel, bias):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
    return np.einsum("brcihw,hwio->brco", windows, kernel) + bias


def layer_maps_without_bias(x, kernel, bias):
    return layer_maps(x, kernel, 0)


def layer_maps_of_first_channel(x, kernel, bias):
    return layer_maps(x[..., :1], kernel[:, :, :1], bias)


def layer_maps_bias_per_slice(x, kernel, bias):
    return layer_maps(x, kernel, bias * x.shape[3])


def layer_maps_turned(x, kernel, bias):
    return layer_maps(x, kernel[::-1, ::-1], bias)


def layer_maps_of_first_image(x, kernel, bias):
    return layer_maps(x[:1], kernel, bias)


def layer_maps_with_relu(x, kernel, bias):
    return np.maximum(layer_maps(x, kernel, bias), 0)


def layer_maps_mean_of_channels(x, kernel, bias):
    return layer_maps(x, kernel / x.shape[3], bias)


def layer_maps_in_dtype_of_x(x, kernel, bias):
    return layer_maps(x, kernel, bias).astype(x.dtype)


convolution = Exercise(
    number="02.2",
    title="Convolution with channels",
    stars=2,
    task="Write layer_maps(x, kernel, bias) for x of shape (B, H, W, C_in), a kernel of shape "
    "(K_h, K_w, C_in, C_out) and one bias per filter: no padding, stride 1, no ReLU. Loops will "
    "do.",
    hints=(
        "The output has the shape (B, H − K_h + 1, W − K_w + 1, C_out).",
        "A window x[:, row : row + K_h, column : column + K_w] has the shape (B, K_h, K_w, C_in). "
        "Which of these axes are summed?",
        "Give the window a last axis of length 1, multiply it with the kernel, and sum over the "
        "axes 1, 2 and 3.",
    ),
    solution=layer_maps,
    insight="Height, width and channels of the window are summed; what remains is the image, the "
    "place and the filter.",
    mistakes=(
        Mistake("The biases are not added.", layer_maps_without_bias),
        Mistake(
            "Only the first channel is read: a filter sums the answers of all its slices.",
            layer_maps_of_first_channel,
        ),
        Mistake(
            "The bias is added once per channel: add it once, after the sum.",
            layer_maps_bias_per_slice,
        ),
        Mistake("The kernel is turned by 180 degrees: Keras does not turn it.", layer_maps_turned),
        Mistake(
            "Only the first image of the batch is convolved: keep the first axis.",
            layer_maps_of_first_image,
        ),
        Mistake("Negative answers are set to 0: no ReLU was asked for.", layer_maps_with_relu),
        Mistake(
            "The answers of the slices are averaged: they must be added.",
            layer_maps_mean_of_channels,
        ),
        Mistake(
            "The maps have the dtype of x: where x has whole numbers and the kernel has not, the "
            "sums are cut.",
            layer_maps_in_dtype_of_x,
        ),
    ),
    cases=(
        (rng.integers(-4, 5, (2, 4, 6, 3)), rng.integers(-2, 3, (3, 2, 3, 4)), np.arange(1, 5)),
        (rng.normal(size=(3, 5, 4, 2)), rng.normal(size=(1, 3, 2, 5)), rng.normal(size=5)),
        (
            rng.normal(size=(2, 3, 7, 4)).astype("float32"),
            rng.normal(size=(2, 2, 4, 1)).astype("float32"),
            np.float32([0.5]),
        ),
        (rng.integers(0, 9, (2, 5, 3, 2)), rng.normal(size=(2, 1, 2, 3)), rng.normal(size=3)),
        (rng.normal(size=(1, 3, 6, 3)), rng.integers(-2, 3, (3, 2, 3, 2)), np.array([1, -2])),
    ),
    alternatives=(layer_maps_einsum, conv2d),
)


# 02.3: count the parameters

KERNEL_HEIGHT, KERNEL_WIDTH, CHANNELS, FILTERS = 3, 5, 10, 24
SLICE = KERNEL_HEIGHT * KERNEL_WIDTH

parameters = Exercise(
    number="02.3",
    title="Count the parameters",
    stars=1,
    task="Maps of 32×48 with 10 channels go into a convolution of 24 filters of 3×5, with biases. "
    "How many parameters has it?",
    hints=(
        "Begin with one filter: how many slices has it, and how many weights has a slice?",
        "Each filter has one bias, for it makes one map.",
    ),
    solution=(SLICE * CHANNELS + 1) * FILTERS,
    insight="A slice for each channel that comes in, a bias for each map that goes out; the size "
    "of the maps does not matter.",
    mistakes=(
        Mistake("The biases are missing: there is one per filter.", SLICE * CHANNELS * FILTERS),
        Mistake(
            "A bias was counted for every slice: the slices of a filter are summed first, and one "
            "bias is added to the sum.",
            (SLICE + 1) * CHANNELS * FILTERS,
        ),
        Mistake(
            "A single bias was counted for the whole layer: each filter has its own.",
            SLICE * CHANNELS * FILTERS + 1,
        ),
        Mistake(
            "Each filter was counted with one slice: it needs one for every channel that comes in.",
            (SLICE + 1) * FILTERS,
        ),
        Mistake(
            "Channels and filters are exchanged: the 10 come in, the 24 go out.",
            (SLICE * FILTERS + 1) * CHANNELS,
        ),
        Mistake(
            "The weights were counted once per position: all positions share them.",
            (SLICE * CHANNELS + 1) * FILTERS * 32 * 48,
        ),
        Mistake(
            "The filters were forgotten: this is one of them.",
            SLICE * CHANNELS + 1,
        ),
    ),
)


# 02.4: the shift that moves the last map

shift = Exercise(
    number="02.4",
    title="The shift that moves the last map",
    stars=2,
    task="A convolution with stride 2, a ReLU, a max pooling of 2×2 with stride 2, and a "
    "convolution with stride 2. By how many pixels must the picture at least be shifted so that "
    "the last map, borders aside, is just the old one, moved?",
    hints=(
        "By which shifts does the map behind the first layer move by whole cells?",
        "One cell of the last map is two cells of the map below it. And how many pixels is that?",
    ),
    solution=8,
    insight="Strides multiply: a shift of one cell at the top is the product of all strides at the "
    "bottom.",
    mistakes=(
        Mistake(
            "The strides were added: but each one counts in cells of the map below, so they "
            "multiply.",
            6,
        ),
        Mistake(
            "That moves the first map by a whole cell; the last one has cells that are further "
            "apart.",
            2,
        ),
        Mistake("One of the three strides is left out: the pooling has one too.", 4),
        Mistake(
            "After that shift the window of the first layer meets other pixels than before: a "
            "stride is not tolerant.",
            1,
        ),
    ),
)


# 02.5: two layers in one


def fold(kernel, bias, pointwise, pointwise_bias):
    mix = pointwise[0, 0]  # (between, out)
    return kernel @ mix, bias @ mix + pointwise_bias


def fold_einsum(kernel, bias, pointwise, pointwise_bias):
    one = np.einsum("hwim,xymo->hwio", kernel, pointwise)
    return one, np.einsum("m,xymo->o", bias, pointwise) + pointwise_bias


def fold_by_loops(kernel, bias, pointwise, pointwise_bias):
    folded = np.zeros((*kernel.shape[:3], pointwise.shape[3]), dtype="float64")
    folded_bias = np.array(pointwise_bias, dtype="float64")
    for between in range(pointwise.shape[2]):
        for out in range(pointwise.shape[3]):
            folded[..., out] += kernel[..., between] * pointwise[0, 0, between, out]
            folded_bias[out] += bias[between] * pointwise[0, 0, between, out]
    return folded, folded_bias


def fold_without_first_bias(kernel, bias, pointwise, pointwise_bias):
    return fold(kernel, 0 * bias, pointwise, pointwise_bias)


def fold_without_second_bias(kernel, bias, pointwise, pointwise_bias):
    return fold(kernel, bias, pointwise, 0 * pointwise_bias)


def fold_unweighted(kernel, bias, pointwise, pointwise_bias):
    return fold(kernel, bias, np.ones_like(pointwise), pointwise_bias)


def fold_bias_unweighted(kernel, bias, pointwise, pointwise_bias):
    return fold(kernel, bias, pointwise, 0)[0], bias.sum() + pointwise_bias


two_in_one = Exercise(
    number="02.5",
    title="Two layers in one",
    stars=3,
    task="A convolution (kernel, bias) and behind it, without a ReLU between them, a 1×1 "
    "convolution (pointwise, pointwise_bias). Write fold(kernel, bias, pointwise, "
    "pointwise_bias): the kernel and the bias of one convolution that does the work of both. "
    "pointwise has the shape (1, 1, C_between, C_out).",
    hints=(
        "A 1×1 convolution makes each of its maps as a weighted sum of the maps below.",
        "So each new filter is the same weighted sum of the filters below. And the biases below?",
        "For the last axis of the kernel, a weighted sum is a product with the matrix "
        "pointwise[0, 0].",
    ),
    solution=fold,
    insight="Without a ReLU between them two layers are no more than one: it is the ReLU that "
    "makes depth worth its price.",
    mistakes=(
        Mistake(
            "The biases of the first layer are lost: the second layer sees them too.",
            fold_without_first_bias,
        ),
        Mistake("The biases of the second layer are missing.", fold_without_second_bias),
        Mistake("The maps are summed without their weights in the second layer.", fold_unweighted),
        Mistake(
            "The kernel is right; but the first biases are just added up, and the second layer "
            "weights them like everything else.",
            fold_bias_unweighted,
        ),
    ),
    cases=(
        (
            rng.normal(size=(3, 2, 4, 5)),
            rng.normal(size=5),
            rng.normal(size=(1, 1, 5, 6)),
            rng.normal(size=6),
        ),
        (
            rng.integers(-3, 4, (1, 3, 2, 3)),
            np.array([2, -1, 4]),
            rng.integers(-3, 4, (1, 1, 3, 2)),
            np.array([5, 7]),
        ),
        (
            rng.normal(size=(5, 5, 1, 2)).astype("float32"),
            np.float32([1, 3]),
            rng.normal(size=(1, 1, 2, 4)).astype("float32"),
            np.float32([0, 1, 0, 2]),
        ),
        (
            rng.integers(-3, 4, (2, 3, 1, 4)),
            np.array([1, 0, -2, 3]),
            rng.normal(size=(1, 1, 4, 3)),
            rng.normal(size=3),
        ),
        (
            rng.normal(size=(1, 2, 3, 2)),
            rng.normal(size=2),
            rng.integers(-3, 4, (1, 1, 2, 5)),
            np.arange(5),
        ),
    ),
    alternatives=(fold_einsum, fold_by_loops),
)

EXERCISES = (bias, convolution, parameters, shift, two_in_one)
