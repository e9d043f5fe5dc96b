"""Exercises of the homework `views_and_gradients.ipynb`."""

import numpy as np

from cnnlab import datasets
from cnnlab.convolution import correlate2d
from cnnlab.exercises import Exercise, Mistake

rng = np.random.default_rng(3)


# H3.1: how many layers until a cell sees enough?


def layers_needed(size, kernel_size):
    return -(-(size - 1) // (kernel_size - 1))


def layers_by_growing(size, kernel_size):
    seen, count = 1, 0
    while seen < size:
        seen, count = seen + kernel_size - 1, count + 1
    return count


def layers_rounded_down(size, kernel_size):
    return (size - 1) // (kernel_size - 1)


def layers_side_by_side(size, kernel_size):
    return -(-size // kernel_size)


def layers_that_begin_with_none(size, kernel_size):
    return -(-size // (kernel_size - 1))


def layers_one_too_many(size, kernel_size):
    return layers_needed(size, kernel_size) + 1


def layers_by_whole_kernels(size, kernel_size):
    return -(-(size - 1) // kernel_size)


enough = Exercise(
    number="H3.1",
    title="How many layers?",
    stars=1,
    task="Write layers_needed(size, kernel_size): how many convolutions with a square kernel of "
    "this size and stride 1 must stand on each other so that a cell of the last one sees at least "
    "size pixels along an axis? A cell sees one pixel of the image where there is no layer.",
    hints=(
        "The first layer sees kernel_size pixels. How many more does each further one add?",
        "Begin with one pixel and grow in a loop, until it is enough.",
    ),
    solution=layers_needed,
    insight="Each layer adds its kernel less one: the field of stacked layers grows in a line.",
    mistakes=(
        Mistake(
            "Rounded down: with so few layers the field is often too small.", layers_rounded_down
        ),
        Mistake(
            "That divides the size by the kernel: neighbouring windows overlap, so a further "
            "layer adds less than its whole kernel.",
            layers_side_by_side,
        ),
        Mistake("The pixel to begin with was not counted.", layers_that_begin_with_none),
        Mistake("That is one layer more than is needed.", layers_one_too_many),
        Mistake(
            "The pixel to begin with is right, but a layer adds less than its whole kernel.",
            layers_by_whole_kernels,
        ),
    ),
    cases=((9, 3), (10, 3), (1, 3), (31, 5), (32, 5), (64, 7), (200, 4), (7, 7)),
    alternatives=(layers_by_growing,),
)


# H3.2: which cells see a pixel?


def cells_of(pixel, size, stride, padding, cells):
    first = (pixel + padding - size) // stride + 1
    last = (pixel + padding) // stride
    return max(first, 0), min(last + 1, cells)


def cells_by_looking(pixel, size, stride, padding, cells):
    starts = [cell * stride - padding for cell in range(cells)]
    found = [cell for cell, start in enumerate(starts) if start <= pixel < start + size]
    return found[0], found[-1] + 1


def cells_without_padding(pixel, size, stride, padding, cells):
    return cells_of(pixel, size, stride, 0, cells)


def cells_inclusive(pixel, size, stride, padding, cells):
    first, end = cells_of(pixel, size, stride, padding, cells)
    return first, end - 1


def cells_beyond_the_map(pixel, size, stride, padding, cells):
    return (pixel + padding - size) // stride + 1, (pixel + padding) // stride + 1


def cells_of_a_larger_field(pixel, size, stride, padding, cells):
    return cells_of(pixel, size + 1, stride, padding, cells)


def cells_that_begin_there(pixel, size, stride, padding, cells):
    last = (pixel + padding) // stride
    return min(last, cells - 1), min(last + 1, cells)


def cells_without_stride(pixel, size, stride, padding, cells):
    return cells_of(pixel, size, 1, padding, cells)


def pixels_of_a_cell(pixel, size, stride, padding, cells):
    start = pixel * stride - padding
    return max(start, 0), start + size


watched = Exercise(
    number="H3.2",
    title="Who sees this pixel?",
    stars=2,
    task="Write cells_of(pixel, size, stride, padding, cells): along one axis a map has so many "
    "cells; the field of cell 0 begins at pixel -padding, each next one stride pixels further, and "
    "all are size pixels long. Which cells see the pixel? Answer with (first, end), half-open. At "
    "least one does.",
    hints=(
        "Cell c sees the pixels from c * stride - padding on, size of them.",
        "The last one begins at the pixel or before it; the first one ends behind it. Whole "
        "divisions (//) round down, also below 0.",
        "The map has cells from 0 to cells - 1 only.",
    ),
    solution=cells_of,
    insight="A pixel is seen by about size / stride cells, by fewer at the edge of the map.",
    mistakes=(
        Mistake(
            "The padding is forgotten: cell 0 begins outside of the image.", cells_without_padding
        ),
        Mistake(
            "The second number is the last cell that sees the pixel: asked for is the first one "
            "behind it.",
            cells_inclusive,
        ),
        Mistake("Some of these cells are not on the map.", cells_beyond_the_map),
        Mistake(
            "A field that ends just before the pixel was counted.",
            cells_of_a_larger_field,
        ),
        Mistake(
            "Only the last cell that sees it was found: cells before it reach that far, too.",
            cells_that_begin_there,
        ),
        Mistake("Neighbouring fields begin stride pixels apart, not one.", cells_without_stride),
        Mistake(
            "That is what the cell of this number sees: asked for are the cells that see the "
            "pixel.",
            pixels_of_a_cell,
        ),
    ),
    cases=(
        (20, 7, 2, 3, 30),
        (0, 7, 2, 3, 30),
        (57, 16, 4, 6, 15),
        (33, 11, 4, 0, 9),
        (12, 5, 5, 2, 10),
        (40, 3, 1, 1, 41),
    ),
    alternatives=(cells_by_looking,),
)


# H3.3: a gradient without calculus


def numeric_gradient(loss, kernel, step):
    slopes = np.zeros(kernel.shape)
    for place in np.ndindex(kernel.shape):
        moved = np.zeros(kernel.shape)
        moved[place] = step
        slopes[place] = (loss(kernel + moved) - loss(kernel - moved)) / (2 * step)
    return slopes


def gradient_by_copies(loss, kernel, step):
    slopes = []
    for n in range(kernel.size):
        up, down = kernel.astype(float).ravel(), kernel.astype(float).ravel()
        up[n] += step
        down[n] -= step
        values = [loss(x.reshape(kernel.shape)) for x in (up, down)]
        slopes.append((values[0] - values[1]) / step / 2)
    return np.reshape(slopes, kernel.shape)


def gradient_from_one_side(loss, kernel, step):
    slopes = np.zeros(kernel.shape)
    for place in np.ndindex(kernel.shape):
        moved = kernel.astype(float)
        moved[place] += step
        slopes[place] = (loss(moved) - loss(kernel)) / step
    return slopes


def gradient_over_one_step(loss, kernel, step):
    return 2 * numeric_gradient(loss, kernel, step)


def gradient_undivided(loss, kernel, step):
    return 2 * step * numeric_gradient(loss, kernel, step)


def gradient_downhill(loss, kernel, step):
    return -numeric_gradient(loss, kernel, step)


def gradient_that_stays(loss, kernel, step):
    """No weight is put back."""
    slopes, moved = np.zeros(kernel.shape), kernel.astype(float)
    for place in np.ndindex(kernel.shape):
        moved[place] += step
        up = loss(moved)
        moved[place] -= 2 * step
        slopes[place] = (up - loss(moved)) / (2 * step)
    return slopes


def gradient_all_at_once(loss, kernel, step):
    return np.full(kernel.shape, (loss(kernel + step) - loss(kernel - step)) / (2 * step))


def cubes(kernel):
    """A loss with a slope of its own in every weight, and a third power."""
    weights = np.arange(1, kernel.size + 1).reshape(kernel.shape)
    return float((weights * kernel**3).sum() + kernel[0, 0] * kernel[-1, -1] ** 2)


PICTURE = rng.integers(0, 4, (7, 9))


def of_a_convolution(kernel):
    """Mean square of a map."""
    return float((correlate2d(PICTURE.astype(float), np.asarray(kernel, float)) ** 2).mean())


numeric = Exercise(
    number="H3.3",
    title="A gradient without calculus",
    stars=2,
    task="Write numeric_gradient(loss, kernel, step): loss(kernel) is a function that returns a "
    "number. For every weight, (the loss with this weight larger by step, minus the loss with it "
    "smaller by step) / (2 step), as an array like the kernel, whose numbers may be whole. The "
    "kernel itself stays as it is.",
    hints=(
        "np.ndindex(kernel.shape) runs over all places of an array.",
        "Work on a copy, of floats: an array of whole numbers has no room for a small step.",
        "All other weights must stand where they were: a fresh copy for each weight.",
    ),
    solution=numeric_gradient,
    insight="Two losses a weight: fine for a check, far too dear for a training.",
    mistakes=(
        Mistake(
            "The difference is taken to one side only: its error shrinks with the step, that of "
            "both sides with its square.",
            gradient_from_one_side,
        ),
        Mistake("From down to up it is twice the step.", gradient_over_one_step),
        Mistake("That is a difference of losses, not a slope.", gradient_undivided),
        Mistake("The sign points downhill: a gradient points uphill.", gradient_downhill),
        Mistake(
            "A weight that was moved did not go back before the next one was tried.",
            gradient_that_stays,
        ),
        Mistake(
            "All weights were moved together: that is the slope along one direction.",
            gradient_all_at_once,
        ),
    ),
    cases=(
        (cubes, rng.normal(size=(3, 4)), 0.1),
        (cubes, rng.integers(-2, 3, (4, 2)), 0.25),
        (of_a_convolution, rng.normal(size=(2, 3)), 0.05),
    ),
    alternatives=(gradient_by_copies,),
)


# H3.4: the gradient of a kernel


def kernel_gradient(image, upstream):
    rows, columns = upstream.shape
    height, width = image.shape[0] - rows + 1, image.shape[1] - columns + 1
    gradient = np.zeros((height, width))
    for row, column in np.ndindex(height, width):
        patch = image[row : row + rows, column : column + columns]
        gradient[row, column] = (patch * upstream).sum()
    return gradient


def kernel_gradient_by_patches(image, upstream):
    shape = [1 + i - u for i, u in zip(image.shape, upstream.shape, strict=True)]
    gradient = np.zeros(shape)
    for row, column in np.ndindex(upstream.shape):
        patch = image[row : row + shape[0], column : column + shape[1]]
        gradient += upstream[row, column] * patch.astype(float)
    return gradient


def kernel_gradient_turned(image, upstream):
    return kernel_gradient(image, upstream[::-1, ::-1])


def kernel_gradient_backwards(image, upstream):
    return kernel_gradient(image, upstream)[::-1, ::-1]


def kernel_gradient_as_mean(image, upstream):
    return kernel_gradient(image, upstream) / upstream.size


def kernel_gradient_of_one_place(image, upstream):
    height, width = (1 + i - u for i, u in zip(image.shape, upstream.shape, strict=True))
    return image[:height, :width].astype(float) * upstream[0, 0]


def kernel_gradient_without_image(image, upstream):
    height, width = (1 + i - u for i, u in zip(image.shape, upstream.shape, strict=True))
    return np.full((height, width), float(upstream.sum()))


def kernel_gradient_without_upstream(image, upstream):
    return kernel_gradient(image, np.ones(upstream.shape))


def kernel_gradient_in_bytes(image, upstream):
    return kernel_gradient(image, upstream).astype(image.dtype)


by_kernel = Exercise(
    number="H3.4",
    title="The gradient of a kernel",
    stars=2,
    task="Forward: correlate2d(image, kernel), without padding, stride 1. Write "
    "kernel_gradient(image, upstream): from the image (H, W) and the upstream gradient of the "
    "output, the gradient of every weight of the kernel. Its size follows from the two shapes.",
    hints=(
        "The output has H − K_h + 1 rows: so K_h = H − rows + 1.",
        "Weight (0, 0) meets image[0, 0] at the first place, image[0, 1] at the next: what it met, "
        "times the upstream gradient there, added up.",
        "The gradient is a correlation itself.",
    ),
    solution=kernel_gradient,
    insight="The image, correlated with the upstream gradient: as cheap as the forward pass.",
    mistakes=(
        Mistake(
            "The upstream gradient was turned by half a turn: that belongs to the gradient of the "
            "image.",
            kernel_gradient_turned,
        ),
        Mistake("The kernel's gradient stands upside down.", kernel_gradient_backwards),
        Mistake("The places were averaged: their gradients add up.", kernel_gradient_as_mean),
        Mistake(
            "Only the first place of the output was counted: a weight is used at every one.",
            kernel_gradient_of_one_place,
        ),
        Mistake(
            "The image is missing: a weight's slope depends on the pixels it met.",
            kernel_gradient_without_image,
        ),
        Mistake("The upstream gradient is not used.", kernel_gradient_without_upstream),
        Mistake(
            "The gradient was cut to the dtype of the image.",
            kernel_gradient_in_bytes,
        ),
    ),
    cases=(
        (rng.integers(0, 9, (6, 8), dtype="uint8"), rng.normal(size=(4, 5))),
        (rng.normal(size=(5, 9)), rng.normal(size=(4, 7))),
        (rng.normal(size=(9, 4)).astype("float32"), rng.integers(-3, 4, (7, 3))),
    ),
    alternatives=(kernel_gradient_by_patches,),
)


# H3.5: 500 numbers that read digits

TARGET, LARGEST = 0.88, 500


def tiles(images):
    """Digits (N, 28, 28, 1) as 49 numbers each: the means of tiles of 4×4 pixels."""
    return images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49)


def learn(x, labels):
    weight, bias, wanted = np.zeros((49, 10)), np.zeros(10), np.eye(10)[labels]
    for _ in range(300):
        powers = np.exp(x @ weight + bias)
        error = (powers / powers.sum(axis=1, keepdims=True) - wanted) / len(x)
        weight, bias = weight - 5 * x.T @ error, bias - 5 * error.sum(axis=0)
    return weight, bias


def learn_with_momentum(x, labels):
    parameters, velocity = np.zeros((50, 10)), np.zeros((50, 10))
    ones = np.column_stack([x, np.ones(len(x))])
    for _ in range(100):
        powers = np.exp(ones @ parameters)
        error = powers / powers.sum(axis=1, keepdims=True) - np.eye(10)[labels]
        velocity = 0.9 * velocity - 2 * ones.T @ error / len(x)
        parameters = parameters + velocity
    return parameters[:49], parameters[49]


def learn_in_batches(x, labels):
    weight, bias = np.zeros((49, 10)), np.zeros(10)
    generator = np.random.default_rng(0)
    for _ in range(20):
        order = generator.permutation(len(x))
        for batch in np.array_split(order, 20):
            powers = np.exp(x[batch] @ weight + bias)
            error = powers / powers.sum(axis=1, keepdims=True) - np.eye(10)[labels[batch]]
            weight -= x[batch].T @ error / len(batch)
            bias -= error.mean(axis=0)
    return weight, bias


def learn_one_step(x, labels):
    error = (0.1 - np.eye(10)[labels]) / len(x)
    return -x.T @ error, -error.sum(axis=0)


def learn_thirty_steps(x, labels):
    weight, bias, wanted = np.zeros((49, 10)), np.zeros(10), np.eye(10)[labels]
    for _ in range(30):
        powers = np.exp(x @ weight + bias)
        error = (powers / powers.sum(axis=1, keepdims=True) - wanted) / len(x)
        weight, bias = weight - 5 * x.T @ error, bias - 5 * error.sum(axis=0)
    return weight, bias


def learn_nothing(x, labels):
    return np.zeros((49, 10)), np.zeros(10)


def learn_turned(x, labels):
    return np.zeros((10, 49)), np.zeros(10)


def learn_without_bias(x, labels):
    return np.zeros((49, 10))


def learn_too_fast(x, labels):
    return np.full((49, 10), np.nan), np.full(10, np.nan)


def learn_from_pixels(x, labels):
    return np.zeros((784, 10)), np.zeros(10)


def training_digits():
    """One case: half of the training digits as 49 numbers each, and their labels."""
    train = datasets.load("digits", "train")
    return ((tiles(train.images[::2]), train.labels[::2]),)


def reached(share, target):
    """An accuracy in words."""
    if share >= target:
        return "as asked"
    if share <= 0.2:
        return "like guessing, or worse"
    return "far from it" if share < target - 0.12 else "a little short"


def verdicts(learned):
    """What is asked for of the weights."""
    if not isinstance(learned, tuple | list) or len(learned) != 2:
        return {"answer": "not two arrays"}
    weight, bias = (np.asarray(part) for part in learned)
    if weight.size + bias.size > LARGEST:
        return {"answer": "too many numbers"}
    if weight.shape != (49, 10) or bias.shape != (10,):
        return {"answer": "another shape"}
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        return {"answer": "not finite"}
    hidden = datasets.load("digits", "test")
    named = (tiles(hidden.images) @ weight + bias).argmax(axis=1)
    return {"answer": "two arrays", "hidden": reached((named == hidden.labels).mean(), TARGET)}


reader = Exercise(
    number="H3.5",
    title="Five hundred numbers that read digits",
    stars=3,
    task="Write learn(x, labels): digits x (N, 49), each as the means of its tiles of 4×4 pixels, "
    "and labels (N,). Return (weight, bias), of shapes (49, 10) and (10,), found in NumPy by steps "
    "of your own: x @ weight + bias are the logits. At least 88% of 355 digits that you "
    "have not got must be named rightly. Everything else is free.",
    hints=(
        "Softmax and cross-entropy: the gradient of the logits is (probabilities − one-hot) / N; "
        "from there it is a dense layer, backwards (04.5).",
        "Watch the loss: if it still falls at the end, take more steps or larger ones; if it jumps "
        "up and down, smaller ones.",
        "Keep a fifth of the digits aside: what the hidden ones will say, these say before.",
    ),
    solution=learn,
    insight="Five hundred numbers and a few hundred steps: what is left over is for convolutions.",
    mistakes=(
        Mistake(
            "The weights name many digits, but far fewer than asked: a training has only begun "
            "here. Watch the loss.",
            learn_one_step,
        ),
        Mistake(
            "A little short of the target: look whether the loss still falls at the end.",
            learn_thirty_steps,
        ),
        Mistake(
            "These weights do no better than guessing: see that the loss falls and the labels fit.",
            learn_nothing,
        ),
        Mistake("The weight or the bias has another shape: a row per input.", learn_turned),
        Mistake("Asked for are two arrays, weight and bias.", learn_without_bias),
        Mistake(
            "Some numbers are infinite or NaN: the steps were too large, or np.exp overflowed.",
            learn_too_fast,
        ),
        Mistake("These are more than 500 numbers: the input has 49.", learn_from_pixels),
    ),
    cases=training_digits,
    view=verdicts,
    alternatives=(learn_with_momentum, learn_in_batches),
)

EXERCISES = (enough, watched, numeric, by_kernel, reader)
