"""Exercises of lesson 01: convolution by hand."""

import math
from itertools import product

import numpy as np

from cnnlab.convolution import convolve2d, correlate2d
from cnnlab.exercises.exercise import Exercise, Mistake
from cnnlab.sizes import output_size

rng = np.random.default_rng(0)


# 01.1: the kernel that shifts

PICTURE = rng.integers(1, 100, (7, 9))


def single_one(shape, row, column):
    """A kernel of zeros with a single 1."""
    kernel = np.zeros(shape, int)
    kernel[row, column] = 1
    return kernel


def as_keras_moves_it(kernel):
    """A picture under the kernel, with "same" padding, as in Keras."""
    moved = correlate2d(PICTURE, np.asarray(kernel), padding="same")
    return {"A test picture of 7×9 under your kernel": moved}


def steps(count, unit, ways):
    """So many rows or columns one way, or the other way if negative."""
    way = ways[count > 0]
    return f"{abs(count)} {unit}{'s' * (abs(count) > 1)} {way}" if count else f"no {unit}"


def other_move(rows, columns):
    """A 1 at another place than the right one, and than those that have a name."""
    text = f"This moves the picture {steps(rows, 'row', ['up', 'down'])} and "
    text += f"{steps(columns, 'column', ['to the left', 'to the right'])}."
    if abs(columns) < 2:
        text += " Two columns need a 1 that stands two columns from the middle."
    return Mistake(text, single_one((5, 5), 2 - rows, 2 - columns))


NAMED_MOVES = {(1, 2), (-1, -2), (2, 1), (0, 0), (1, 0), (0, 2), (1, -2)}
OTHER_MOVES = sorted({*product(range(-2, 3), repeat=2)} - NAMED_MOVES)


shift = Exercise(
    number="01.1",
    title="The kernel that shifts",
    stars=1,
    task="Find a kernel that moves a picture one row down and two columns to the right, with "
    'padding="same", as Keras computes it.',
    hints=(
        "A kernel with a single 1 moves the picture. How far from its middle must the 1 stand?",
        "Each output takes the pixel under the 1. If the picture moves down, from where does an "
        "output take its pixel: from above or from below?",
        "The kernel needs at least one row above its middle and two columns to the left of it.",
    ),
    solution=single_one((3, 5), 0, 0),
    insight="The output fetches its pixel from where the 1 stands, so the picture moves the other "
    "way: against the 1.",
    mistakes=(
        Mistake(
            "The picture moves up and to the left: an output takes the pixel under the 1, so the "
            "picture moves against the side on which the 1 stands.",
            single_one((3, 5), 2, 4),
        ),
        Mistake(
            "Rows and columns are exchanged: this moves two rows down and one column right.",
            single_one((5, 3), 0, 0),
        ),
        Mistake("The 1 stands in the middle: nothing moves.", single_one((3, 5), 1, 2)),
        Mistake("The picture moves down, and not to the side.", single_one((3, 5), 0, 2)),
        Mistake("The picture moves to the side, and not down.", single_one((3, 5), 1, 0)),
        Mistake("Down is right; but it moves to the left.", single_one((3, 5), 0, 4)),
        *(other_move(rows, columns) for rows, columns in OTHER_MOVES),
    ),
    view=as_keras_moves_it,
    alternatives=(single_one((5, 5), 1, 0).astype("float32"), single_one((3, 7), 0, 1).tolist()),
)


# 01.2: how large is the output?

HEIGHT, WIDTH, KERNEL_HEIGHT, KERNEL_WIDTH, STRIDE, PADDING = 62, 91, 7, 3, 2, 1

output_shape = Exercise(
    number="01.2",
    title="How large is the output?",
    stars=1,
    task="A picture of 62×91 under a kernel of 7×3, with stride 2 and one zero on every side: "
    "what shape has the output? Answer with a tuple (rows, columns).",
    hints=(
        "Take the two axes one at a time, with the formula above.",
        "The window of 7 rows has 62 + 2 − 7 rows to move through, two at a time, and one "
        "position before the first move.",
    ),
    solution=(
        output_size(HEIGHT, KERNEL_HEIGHT, STRIDE, PADDING),
        output_size(WIDTH, KERNEL_WIDTH, STRIDE, PADDING),
    ),
    insight="Each axis on its own: the room to move, divided by the stride and rounded down, plus "
    "the first position.",
    mistakes=(
        Mistake(
            "The numbers are right, the order is not: rows come first.",
            (
                output_size(WIDTH, KERNEL_WIDTH, STRIDE, PADDING),
                output_size(HEIGHT, KERNEL_HEIGHT, STRIDE, PADDING),
            ),
        ),
        Mistake(
            "A size is a whole number: where the last move does not fit, round down.",
            (
                (HEIGHT + 2 * PADDING - KERNEL_HEIGHT) / STRIDE + 1,
                (WIDTH + 2 * PADDING - KERNEL_WIDTH) / STRIDE + 1,
            ),
        ),
        Mistake(
            "Half a move was counted as a whole one: where the last move does not fit, round down.",
            (
                math.ceil((HEIGHT + 2 * PADDING - KERNEL_HEIGHT) / STRIDE) + 1,
                math.ceil((WIDTH + 2 * PADDING - KERNEL_WIDTH) / STRIDE) + 1,
            ),
        ),
        Mistake(
            "Either the zeros were counted on one side only (there is one on every side), or the "
            "size at stride 1 was halved: halve the moves, and only then add the first position.",
            (
                (HEIGHT + PADDING - KERNEL_HEIGHT) // STRIDE + 1,
                (WIDTH + PADDING - KERNEL_WIDTH) // STRIDE + 1,
            ),
        ),
        Mistake(
            "Either the zeros were left out, or the moves were counted without the position before "
            "the first one.",
            (
                (HEIGHT + 2 * PADDING - KERNEL_HEIGHT) // STRIDE,
                (WIDTH + 2 * PADDING - KERNEL_WIDTH) // STRIDE,
            ),
        ),
        Mistake(
            "Rows and columns of the kernel are exchanged: rows come first.",
            (
                output_size(HEIGHT, KERNEL_WIDTH, STRIDE, PADDING),
                output_size(WIDTH, KERNEL_HEIGHT, STRIDE, PADDING),
            ),
        ),
        Mistake(
            'Either the picture was just halved, as padding="same" would do, or the kernel was '
            "given 3 rows: it has 7, and one zero does not make up for them.",
            (math.ceil(HEIGHT / STRIDE), math.ceil(WIDTH / STRIDE)),
        ),
        Mistake(
            "The kernel was given 7 columns: it has 3.",
            (
                output_size(HEIGHT, KERNEL_HEIGHT, STRIDE, PADDING),
                output_size(WIDTH, KERNEL_HEIGHT, STRIDE, PADDING),
            ),
        ),
        Mistake(
            "That is the output at stride 1: here the window moves two pixels at a time.",
            (
                output_size(HEIGHT, KERNEL_HEIGHT, 1, PADDING),
                output_size(WIDTH, KERNEL_WIDTH, 1, PADDING),
            ),
        ),
    ),
)


# 01.3: the loops, with a stride


def correlate(image, kernel, stride):
    height, width = kernel.shape
    rows = (image.shape[0] - height) // stride + 1
    columns = (image.shape[1] - width) // stride + 1
    out = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            out[row, column] = (image[top : top + height, left : left + width] * kernel).sum()
    return out


def correlate_windows(image, kernel, stride):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)[::stride, ::stride]
    return np.einsum("rchw,hw->rc", windows, kernel)


def correlate_in_rows_only(image, kernel, stride):
    return correlate(image, kernel, 1)[::stride]


def correlate_turned(image, kernel, stride):
    return convolve2d(image, kernel, strides=stride)


def correlate_one_too_few(image, kernel, stride):
    return correlate(image, kernel, stride)[:-1, :-1]


def correlate_divided_last(image, kernel, stride):
    rows, columns = correlate(image, kernel, 1).shape
    return correlate(image, kernel, stride)[: rows // stride, : columns // stride]


def correlate_in_dtype_of_image(image, kernel, stride):
    return correlate(image, kernel, stride).astype(image.dtype)


def correlate_in_whole_numbers(image, kernel, stride):
    return correlate(image, kernel, stride).astype(int)


def correlate_neighbours(image, kernel, stride):
    rows, columns = correlate(image, kernel, stride).shape
    return correlate(image, kernel, 1)[:rows, :columns]


loops = Exercise(
    number="01.3",
    title="The loops, with a stride",
    stars=2,
    task="Write correlate(image, kernel, stride): it does what slide does, with a window that "
    "moves `stride` pixels at a time in both directions. No padding.",
    hints=(
        "Three things change in slide: how many places there are, where each one begins, and the "
        "dtype of the results, for here they may have fractions.",
        "The window of output (row, column) begins at pixel (row · stride, column · stride).",
        "Along the rows there are (image height − kernel height) // stride + 1 places.",
    ),
    solution=correlate,
    insight="The output counts in steps of the stride, the image in pixels: the stride is the "
    "exchange rate between the two.",
    mistakes=(
        Mistake(
            "The stride is not used: the window stops at every pixel.",
            lambda image, kernel, stride: correlate(image, kernel, 1),
        ),
        Mistake("The window jumps down, but not to the side.", correlate_in_rows_only),
        Mistake(
            "The kernel is turned by 180 degrees: that is the convolution of mathematics, not the "
            "sum that Keras computes.",
            correlate_turned,
        ),
        Mistake(
            "The last row and the last column are missing: count positions, not moves.",
            correlate_one_too_few,
        ),
        Mistake(
            "There are too few places: divide the moves by the stride and round down, and only "
            "then add the first place.",
            correlate_divided_last,
        ),
        Mistake(
            "The sums are cut to whole numbers: the array of results has an integer dtype.",
            correlate_in_whole_numbers,
        ),
        Mistake(
            "The results have the dtype of the image: where it has whole numbers and the kernel "
            "has not, the sums are cut.",
            correlate_in_dtype_of_image,
        ),
        Mistake(
            "The output has its size, but its window moves by one pixel only: multiply row and "
            "column by the stride before you slice.",
            correlate_neighbours,
        ),
    ),
    cases=(
        (rng.integers(0, 9, (5, 7)), rng.integers(-2, 3, (2, 3)), 1),
        (rng.integers(0, 9, (9, 6)), rng.integers(-2, 3, (3, 2)), 2),
        (rng.random((8, 11)), rng.random((2, 4)), 3),
        (rng.random((6, 9)).astype("float32"), rng.random((1, 2)).astype("float32"), 2),
        (rng.integers(0, 256, (7, 5), dtype="uint8"), rng.normal(size=(2, 1)), 2),
        (rng.random((4, 8)), rng.integers(-2, 3, (3, 2)), 1),
        (rng.random((7, 9)), rng.normal(size=(1, 2)), 3),
    ),
    alternatives=(correlate_windows,),
)


# 01.4: brighter bytes


def brighter(image, amount):
    return np.clip(image.astype(int) + amount, 0, 255).astype("uint8")


def brighter_in_floats(image, amount):
    return np.minimum(image + float(amount), 255).clip(min=0).astype(np.uint8)


def brighter_in_bytes(image, amount):
    return image + np.uint8(amount % 256)


def brighter_clipped_too_late(image, amount):
    return np.clip(image + amount, 0, 255)


def brighter_in_place_in_bytes(image, amount):
    image += np.uint8(amount)
    return image


def brighter_above_only(image, amount):
    return np.minimum(image.astype(int) + amount, 255).astype("uint8")


def brighter_as_floats(image, amount):
    return np.clip(image / 255 + amount / 255, 0, 1)


def brighter_in_place(image, amount):
    image[:] = brighter(image, amount)
    return image


IN_BYTES = (
    "The sum is computed in bytes: it has wrapped around, or NumPy has refused it (no byte is 300 "
    "or −90), before it can be clipped."
)

bytes_in_range = Exercise(
    number="01.4",
    title="Brighter bytes",
    stars=2,
    task="Write brighter(image, amount): a uint8 picture, brighter by a whole number (darker, if "
    "it is negative), again as uint8. What would leave the range stops at its end.",
    hints=(
        "What is 250 + 10 in uint8? Compute where there is room.",
        "Three steps: to a wider type, add and clip, back to uint8.",
    ),
    solution=brighter,
    insight="Compute wide, clip last, and only then go back to bytes.",
    mistakes=(
        Mistake(
            "The sum wraps around in bytes, as nothing is clipped before: what should be white "
            "turns black.",
            brighter_in_bytes,
        ),
        Mistake(
            f"{IN_BYTES} Convert first: `image.astype(int)`.",
            brighter_clipped_too_late,
        ),
        Mistake(
            f"{IN_BYTES} And `+=` changes the picture handed over. Convert first, that copies it.",
            brighter_in_place_in_bytes,
        ),
        Mistake(
            "The values leave the range, and the result is no picture of bytes any more.",
            lambda image, amount: image.astype(int) + amount,
        ),
        Mistake(
            "The upper end of the range is kept, the lower is not: dark pixels turn bright when "
            "the amount is negative.",
            brighter_above_only,
        ),
        Mistake("The result has floats from 0 to 1: the task asks for bytes.", brighter_as_floats),
        Mistake(
            "The result is right, but the picture handed over is changed too: work on a copy.",
            brighter_in_place,
        ),
    ),
    cases=(
        (rng.integers(0, 256, (4, 6), dtype="uint8"), 60),
        (rng.integers(0, 256, (3, 5, 3), dtype="uint8"), -90),
        (np.array([[0, 128, 255]], dtype="uint8"), 0),
        (np.array([[0, 128, 255]], dtype="uint8"), 300),
    ),
    alternatives=(brighter_in_floats,),
    same_dtype=True,
)


# 01.5: a convolution as a matrix


def matrix_of(kernel, height, width):
    units = np.eye(height * width).reshape(-1, height, width)
    return np.stack([correlate2d(unit, kernel).ravel() for unit in units], axis=1)


def matrix_by_loops(kernel, height, width):
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    out = np.zeros((rows * columns, height * width), dtype="float32")
    for row in range(rows):
        for column in range(columns):
            for (i, j), weight in np.ndenumerate(kernel):
                out[row * columns + column, (row + i) * width + column + j] = weight
    return out


def matrix_row_by_row(kernel, height, width):
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    lines = []
    for place in np.ndindex(rows, columns):
        line = np.zeros((height, width), kernel.dtype)
        line[place[0] : place[0] + kernel.shape[0], place[1] : place[1] + kernel.shape[1]] = kernel
        lines.append(line.ravel())
    return lines


def matrix_transposed(kernel, height, width):
    return matrix_of(kernel, height, width).T


def matrix_turned(kernel, height, width):
    return matrix_of(kernel[::-1, ::-1], height, width)


def matrix_without_jump(kernel, height, width):
    """Each row is the one above, moved by one pixel, also where a new line of outputs begins."""
    right = matrix_of(kernel, height, width)
    return np.stack([np.roll(right[0], place) for place in range(len(right))])


def matrix_same_padding(kernel, height, width):
    units = np.eye(height * width).reshape(-1, height, width)
    return np.stack([correlate2d(u, kernel, padding="same").ravel() for u in units], axis=1)


def matrix_of_ones(kernel, height, width):
    return (matrix_of(np.ones_like(kernel), height, width) != 0).astype(int)


dense = Exercise(
    number="01.5",
    title="A convolution as a matrix",
    stars=3,
    task="Write matrix_of(kernel, height, width): the matrix that turns a picture of that size, "
    "read row after row, into the convolution's output, read row after row (no padding, stride 1).",
    hints=(
        "Each row of the matrix is one output, each column one pixel.",
        "Ask the convolution about a picture with a single 1 at pixel p: its answer is column p.",
        "np.eye(height * width) holds all these pictures, one per row.",
    ),
    solution=matrix_of,
    insight="Everything linear is a matrix, and its columns are the answers to the unit pictures; "
    "a convolution's has the same few weights in every row.",
    mistakes=(
        Mistake(
            "The matrix is transposed: a row belongs to an output, a column to a pixel.",
            matrix_transposed,
        ),
        Mistake("The kernel stands in it turned by 180 degrees.", matrix_turned),
        Mistake(
            "Each row is the one above moved by one pixel, also at the end of a line, where the "
            "window jumps over several pixels to the next line.",
            matrix_without_jump,
        ),
        Mistake('It has a row for every pixel: that is padding="same".', matrix_same_padding),
        Mistake(
            "The places are right, the weights are not: it only says which pixels are read.",
            matrix_of_ones,
        ),
    ),
    cases=(
        (np.array([[1, 2], [3, 4]]), 4, 4),
        (rng.integers(2, 9, (2, 3)), 3, 5),
        (rng.random((3, 1)) + 1, 5, 2),
        (rng.normal(size=(2, 3)), 4, 5),
    ),
    alternatives=(matrix_by_loops, matrix_row_by_row),
)

EXERCISES = (shift, output_shape, loops, bytes_in_range, dense)
