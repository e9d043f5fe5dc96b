"""Exercises of lesson 10: boxes and masks."""

import numpy as np

from cnnlab.boxes import decode
from cnnlab.exercises import overlaps
from cnnlab.exercises.exercise import Exercise, Mistake

rng = np.random.default_rng(10)


# 10.1: intersection over union


overlap = Exercise(
    number="10.1",
    title="Intersection over union",
    stars=2,
    task="Write overlap_of(a, b): the intersection over union of two boxes (top, left, bottom, "
    "right), half-open, as one number; 0 where the union is empty.",
    hints=(
        "The shared part begins at the larger top and ends at the smaller bottom; across it is the "
        "same with left and right.",
        "Boxes apart: a side of the shared part would be negative. It must count as 0.",
        "Union = both areas - shared area.",
    ),
    solution=overlaps.overlap_of,
    insight="Two cuts of intervals, one down and one across; the union needs no cut of its own.",
    mistakes=(
        Mistake(
            "For boxes apart both sides of the shared part are negative, and their product is "
            "positive: cut each off at 0.",
            overlaps.overlap_without_cut,
        ),
        Mistake(
            "The union is the sum of both areas: what both cover was counted twice.",
            overlaps.overlap_counted_twice,
        ),
        Mistake(
            "That is the share of the smaller box: a small box in a large one would be perfect.",
            overlaps.overlap_of_the_smaller,
        ),
        Mistake(
            "A pixel was added to each side: bottom and right are the first ones outside.",
            overlaps.overlap_inclusive,
        ),
        Mistake(
            "The numbers were read as (x, y, width, height): they are top, left, bottom, right.",
            overlaps.overlap_of_sizes,
        ),
        Mistake("That is the shared area: divide it by the union.", overlaps.overlap_alone),
        Mistake("Where the union is empty the result is NaN, 0 / 0.", overlaps.overlap_of_nothing),
    ),
    cases=(
        ((2, 3, 6, 7), (2, 5, 6, 9)),
        ((0, 0, 4, 4), (0, 4, 4, 9)),
        ((0, 0, 3, 5), (5, 8, 9, 11)),
        ((1, 2, 9, 12), (3, 4, 6, 9)),
        ((3, 2, 7, 8), (3, 2, 7, 8)),
        ((2.5, 1.0, 8.0, 4.5), (4.0, 0.5, 9.5, 4.0)),
        ((5, 1, 9, 4), (1, 3, 6, 12)),
        ((4, 4, 4, 9), (4, 4, 4, 9)),
    ),
    alternatives=(overlaps.overlap_by_cnnlab,),
)


# 10.2: a dense layer as a convolution


def dense_as_kernel(weights, height, width):
    return weights.reshape(height, width, -1, weights.shape[1])


def dense_as_kernel_by_loops(weights, height, width):
    channels, units = weights.shape[0] // (height * width), weights.shape[1]
    kernel = np.zeros((height, width, channels, units), weights.dtype)
    for row in range(height):
        for column in range(width):
            first = (row * width + column) * channels
            kernel[row, column] = weights[first : first + channels]
    return kernel


def kernel_columns_first(weights, height, width):
    return weights.reshape(width, height, -1, weights.shape[1]).transpose(1, 0, 2, 3)


def kernel_channels_first(weights, height, width):
    kernel = weights.reshape(-1, height, width, weights.shape[1])
    return kernel.transpose(1, 2, 0, 3)


def kernel_turned(weights, height, width):
    return dense_as_kernel(weights, height, width)[::-1, ::-1]


def kernel_of_units_first(weights, height, width):
    return weights.T.reshape(height, width, -1, weights.shape[1])


def kernel_units_before_channels(weights, height, width):
    return dense_as_kernel(weights, height, width).swapaxes(2, 3)


def kernel_one_by_one(weights, height, width):
    return weights.reshape(1, 1, *weights.shape)


convolution = Exercise(
    number="10.2",
    title="A dense layer as a convolution",
    stars=2,
    task="Write dense_as_kernel(weights, height, width): the weights (height*width*channels, "
    "units) of a dense layer behind Flatten, as the kernel (height, width, channels, units) of a "
    "convolution that computes the same.",
    hints=(
        "Flatten lists a map row by row, within a row column by column, all channels of a pixel "
        "together.",
        "That is the order in which reshape counts, too.",
    ),
    solution=dense_as_kernel,
    insight="No number moves: the same weights, read as a kernel as large as the map.",
    mistakes=(
        Mistake("Rows and columns are exchanged: Flatten goes row by row.", kernel_columns_first),
        Mistake(
            "Flatten keeps the channels of a pixel together: they come last, not first.",
            kernel_channels_first,
        ),
        Mistake(
            "Keras's convolution turns no kernel round: so this one need not be turned either.",
            kernel_turned,
        ),
        Mistake(
            "The units are the last axis of the weights already: no transposition is needed.",
            kernel_of_units_first,
        ),
        Mistake(
            "Channels come before units in the kernel of a convolution.",
            kernel_units_before_channels,
        ),
        Mistake(
            "A kernel of 1×1 sees one pixel: that is right for the dense layers behind this one.",
            kernel_one_by_one,
        ),
    ),
    cases=(
        (rng.normal(size=(2 * 3 * 4, 5)), 2, 3),
        (rng.normal(size=(5 * 4 * 2, 3)).astype("float32"), 5, 4),
        (np.arange(3 * 2 * 6 * 2).reshape(36, 2), 3, 2),
    ),
    alternatives=(dense_as_kernel_by_loops,),
)


# 10.3: suppression


def crowd(seed, count, ties=False):
    """Boxes round a few middles, their scores, and a threshold."""
    generator = np.random.default_rng(seed)
    middles = generator.integers(10, 60, (3, 2))[generator.integers(3, size=count)]
    corners = middles + generator.integers(-4, 5, (count, 2))
    boxes = np.concatenate([corners, corners + generator.integers(8, 20, (count, 2))], axis=1)
    scores = generator.integers(1, 5, count) / 5 if ties else generator.uniform(0.1, 1, count)
    return boxes, scores


CHAIN = np.array([(0, 0, 10, 10), (0, 4, 10, 14), (0, 8, 10, 18)])  # each overlaps the next

suppression = Exercise(
    number="10.3",
    title="Suppression",
    stars=3,
    task="Write suppressed(boxes, scores, threshold): the indices of the boxes that remain, best "
    "first, as a list. A box goes if its IoU with a kept, better one is larger than the threshold. "
    "Of equal scores the first counts as better. `iou` from `cnnlab.boxes` may be used.",
    hints=(
        "Go through the boxes from the best score to the worst.",
        "Compare each with those that were kept, not with all.",
        "sorted(range(len(boxes)), key=lambda n: -scores[n]) keeps the order of equal scores.",
    ),
    solution=overlaps.suppressed,
    insight="Only what is kept may suppress: in a chain of three the ends both stay.",
    mistakes=(
        Mistake(
            "The boxes were taken in the order of the list: begin with the best score.",
            overlaps.suppressed_in_order_of_the_list,
        ),
        Mistake("The worst box was taken first.", overlaps.suppressed_worst_first),
        Mistake(
            "A box that has been dropped still dropped others: only kept ones count.",
            overlaps.suppressed_by_the_dropped,
        ),
        Mistake(
            "An overlap of exactly the threshold is allowed: larger ones go.",
            overlaps.suppressed_at_the_threshold,
        ),
        Mistake("Asked for are indices, not the boxes.", overlaps.suppressed_as_boxes),
        Mistake(
            "The indices are sorted; asked for is the order of the scores.",
            overlaps.suppressed_sorted,
        ),
        Mistake("Only the best box is left: go on with the rest.", overlaps.suppressed_best_alone),
    ),
    cases=(
        (CHAIN, [0.9, 0.8, 0.7], 0.3),
        (CHAIN[:2], [0.4, 0.6], 6 / 14),
        (*crowd(0, 9), 0.3),
        (*crowd(1, 12), 0.5),
        (*crowd(2, 10, ties=True), 0.4),
        (np.zeros((0, 4)), np.zeros(0), 0.5),
        (np.array([(2, 3, 2, 8), (2, 3, 9, 8), (2, 3, 9, 8)]), [0.7, 0.6, 0.5], 0.5),
    ),
    alternatives=(overlaps.suppressed_by_cnnlab, overlaps.suppressed_by_table),
)


# 10.4: average precision by hand


def area(finds, truths, falling=True):
    """The area under precision over recall of predictions in this order."""
    hits = np.cumsum(finds)
    precision = hits / np.arange(1, len(finds) + 1)
    if falling:
        precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((precision * finds).sum() / truths)


FINDS = (1, 0, 1, 1, 0)

precision = Exercise(
    number="10.4",
    title="Average precision by hand",
    stars=2,
    task="Five predictions, best first: find, false alarm, find, find, false alarm; there are four "
    "true boxes. What is the average precision (the area, precision made to fall first)?",
    hints=(
        "Precision behind each prediction: 1, 1/2, 2/3, 3/4, 3/5. Recall grows by 1/4 at a find.",
        "Made to fall: behind the second find stands 3/4, for a later threshold is better.",
        "Three finds, each a strip of width 1/4.",
    ),
    solution=area(FINDS, 4),
    insight="(1 + 3/4 + 3/4) / 4 = 0.625: the fourth true box is never found and counts as 0.",
    mistakes=(
        Mistake(
            "Precision was not made to fall: behind the second find stands 3/4, not 2/3.",
            area(FINDS, 4, falling=False),
        ),
        Mistake(
            "There are four true boxes: one is never found, and its strip counts as 0.",
            area(FINDS, 3),
        ),
        Mistake("That is the precision of all five predictions.", 3 / 5),
        Mistake("That is the recall of all five predictions.", 3 / 4),
        Mistake(
            "That is the precision averaged over all predictions, not over recall.", 3.516667 / 5
        ),
        Mistake(
            "That is the mean at eleven recalls, as in VOC 2007: asked for is the area.",
            (3 + 5 * 0.75) / 11,
        ),
        Mistake("Divided by five predictions: the width of a strip is one true box of four.", 0.5),
    ),
)


# 10.5: decode a cell


def box_of_cell(values, row, column, cell, anchor):
    middle = (row + values[1]) * cell, (column + values[2]) * cell
    height, width = anchor[0] * np.exp(values[3]), anchor[1] * np.exp(values[4])
    top, left = middle[0] - height / 2, middle[1] - width / 2
    return top, left, top + height, left + width


def box_by_arrays(values, row, column, cell, anchor):
    middle = (np.array([row, column]) + values[1:3]) * cell
    half = np.exp(values[3:5]) * np.array(anchor) / 2
    return np.concatenate([middle - half, middle + half])


def box_by_decode(values, row, column, cell, anchor):
    grid = np.zeros((row + 1, column + 1, 6))
    grid[row, column] = [*values, 1]
    return decode(grid, cell, 0.5, anchor)[0][0]


def box_not_moved(values, row, column, cell, anchor):
    return box_of_cell([values[0], 0, 0, *values[3:]], row, column, cell, anchor)


def box_shares_as_pixels(values, row, column, cell, anchor):
    shares = values[1] / cell, values[2] / cell
    return box_of_cell([values[0], *shares, *values[3:]], row, column, cell, anchor)


def box_twice_as_large(values, row, column, cell, anchor):
    return box_of_cell(values, row, column, cell, (2 * anchor[0], 2 * anchor[1]))


def box_from_its_corner(values, row, column, cell, anchor):
    top, left = (row + values[1]) * cell, (column + values[2]) * cell
    height, width = anchor[0] * np.exp(values[3]), anchor[1] * np.exp(values[4])
    return top, left, top + height, left + width


def box_without_exp(values, row, column, cell, anchor):
    sizes = np.log(np.abs(values[3]) + 1e-12), np.log(np.abs(values[4]) + 1e-12)
    return box_of_cell([*values[:3], *sizes], row, column, cell, anchor)


def box_without_anchor(values, row, column, cell, anchor):
    return box_of_cell(values, row, column, cell, (cell, cell))


def box_x_first(values, row, column, cell, anchor):
    top, left, bottom, right = box_of_cell(values, row, column, cell, anchor)
    return left, top, right, bottom


decoding = Exercise(
    number="10.5",
    title="Decode a cell",
    stars=3,
    task="Write box_of_cell(values, row, column, cell, anchor): from the five numbers of the cell "
    "in this row and column (objectness, the two shares, the two logarithms), with cells of "
    "cell×cell pixels and an anchor (height, width), the box (top, left, bottom, right) as four "
    "numbers.",
    hints=(
        "The middle lies in row (row + share) · cell, and likewise across.",
        "Height is the anchor's height times exp of the first logarithm.",
        "Half of the height stands above the middle, half below.",
    ),
    solution=box_of_cell,
    insight="Place counts in cells, size in anchors: both small numbers, whatever the picture.",
    mistakes=(
        Mistake("The shares are missing: that is the cell's own corner as middle.", box_not_moved),
        Mistake("The shares count in cells, not in pixels.", box_shares_as_pixels),
        Mistake(
            "The whole height was put on either side of the middle: half of it belongs there.",
            box_twice_as_large,
        ),
        Mistake("The place is the middle of the box, not its corner.", box_from_its_corner),
        Mistake("The sizes are logarithms: take exp of them.", box_without_exp),
        Mistake("The logarithm is of the side divided by the anchor's.", box_without_anchor),
        Mistake("Left stands before top: rows come first.", box_x_first),
    ),
    cases=(
        (np.array([1, 0.5, 0.25, 0.3, -0.4]), 2, 5, 8, (20, 16)),
        (np.array([0.9, 0.1, 0.75, -0.7, 0.6]), 0, 3, 16, (40, 28)),
        (np.array([1, 0.2, 0.6, 0.1, 0.2], "float32"), 4, 1, 8, (24, 20)),
    ),
    alternatives=(box_by_arrays, box_by_decode),
)


# 10.6: the size of a transposed convolution


def grown(rows, columns, kernel=(4, 5), stride=2):
    """Behind a transposed convolution without padding."""
    return (rows - 1) * stride + kernel[0], (columns - 1) * stride + kernel[1]


transposed = Exercise(
    number="10.6",
    title="The size of a transposed convolution",
    stars=1,
    task="A map of 6×9 goes through Conv2DTranspose with a kernel of 4×5 and strides of 2, without "
    "padding. Which shape comes out? Answer with (rows, columns).",
    hints=(
        "The first input writes to the first rows of the output; the next one begins 2 further.",
        "Where does the last one begin, and how far does its kernel reach?",
    ),
    solution=grown(6, 9),
    insight="(n − 1) · stride + kernel: the formula of a convolution's size, read backwards.",
    mistakes=(
        Mistake(
            "That is twice the size, as with padding: the last kernel reaches further.", (12, 18)
        ),
        Mistake("The sides of the kernel are exchanged.", grown(6, 9, kernel=(5, 4))),
        Mistake(
            "The last input begins at (n − 1) · stride, not at n · stride.", (6 * 2 + 4, 9 * 2 + 5)
        ),
        Mistake("That is an ordinary convolution: this one grows.", (2, 3)),
        Mistake("The stride is missing.", grown(6, 9, stride=1)),
        Mistake("Rows come before columns.", grown(6, 9)[::-1]),
    ),
)


# 10.7: the overlap of masks


masks = Exercise(
    number="10.7",
    title="Overlap of masks",
    stars=2,
    task="Write mask_iou(a, b): the intersection over union of two boolean masks (H, W); 0 where "
    "both are empty.",
    hints=(
        "a & b is True where both are, a | b where at least one is.",
        "sum() counts what is True. What if the union is empty?",
    ),
    solution=overlaps.mask_iou,
    insight="The same measure as for boxes, counted pixel by pixel.",
    mistakes=(
        Mistake(
            "That is the accuracy: pixels where both say nothing count as right.",
            overlaps.mask_accuracy,
        ),
        Mistake(
            "That is the Dice score: twice the shared over the sum of both.", overlaps.mask_dice
        ),
        Mistake(
            "Below the line stands the sum of both: what they share counts twice.",
            overlaps.mask_counted_twice,
        ),
        Mistake(
            "That is the share of the first mask: divide by the union.",
            overlaps.mask_share_of_first,
        ),
        Mistake(
            "That is the shared part as a share of the picture.", overlaps.mask_share_of_picture
        ),
        Mistake("Where both are empty the result is NaN, 0 / 0.", overlaps.mask_of_nothing),
        Mistake("That is the IoU of the boxes around the masks.", overlaps.mask_iou_of_boxes),
    ),
    cases=(
        (rng.random((5, 8)) > 0.4, rng.random((5, 8)) > 0.6),
        (rng.random((9, 4)) > 0.7, rng.random((9, 4)) > 0.3),
        (np.zeros((3, 6), bool), np.zeros((3, 6), bool)),
        (np.ones((3, 6), bool), np.zeros((3, 6), bool)),
        (np.tri(4, 7, dtype=bool), np.tri(4, 7, 2, dtype=bool)),
    ),
    alternatives=(overlaps.mask_iou_by_loops,),
)

EXERCISES = (overlap, convolution, suppression, precision, decoding, transposed, masks)
