"""Boxes as the targets of a one-stage grid, and back."""

import numpy as np

from cnnlab.boxes.checks import check_threshold, checked, two_counts, two_sides
from cnnlab.scores import check_class_numbers
from cnnlab.sizes import whole_number


def encode(boxes, labels, grid, cell, classes, anchor=None):
    """What a one-stage detector shall answer: a vector for every cell of a grid over the picture.

    The cell in which the middle of a box lies answers for it, with
    ``1, row and column of the middle inside the cell (0 to 1), log(height / anchor height),
    log(width / anchor width), then a 1 at the class``; all other cells answer 0 everywhere.

    Args:
        boxes: (n, 4) of one picture.
        labels: (n,) class numbers.
        grid: rows and columns of the grid.
        cell: height and width of a cell in pixels, or one number for both.
        classes: number of classes.
        anchor: height and width that stand for log 1 = 0, in pixels; None takes the cell's.

    Returns:
        (rows, columns, 5 + classes) float64.

    Raises:
        ValueError: a box without area, one whose middle lies outside the grid, two in one cell, or
            a label that is no class.

    Example:
        >>> encode([(2, 8, 6, 12)], [1], grid=(2, 3), cell=8, classes=2)[0, 1]
        array([ 1.        ,  0.5       ,  0.25      , -0.69314718, -0.69314718,
                0.        ,  1.        ])

    Source: Redmon et al. (2016), arXiv:1506.02640, section 2; sizes as logarithms from
        Girshick et al. (2014), arXiv:1311.2524, appendix C.
    """
    boxes, labels = checked("boxes", boxes), np.asarray(labels)
    if len(boxes) != labels.size:
        raise ValueError(
            f"`labels` must hold one class number per box: got {labels.size} labels for "
            f"{len(boxes)} boxes. Cut both alike."
        )
    rows, columns = two_counts("grid", grid)
    cell = np.array(two_counts("cell", cell), float)
    anchor = cell if anchor is None else two_sides("anchor", anchor)
    values = np.zeros((rows, columns, 5 + whole_number("classes", classes, "classes")))
    if not len(boxes):
        return values
    check_class_numbers("labels", labels, classes)
    sides = boxes[:, 2:] - boxes[:, :2]
    middles = (boxes[:, 2:] + boxes[:, :2]) / 2 / cell
    places = np.floor(middles).astype(int)
    _check_places(boxes, sides, places, (rows, columns))
    at = tuple(places.T)
    values[*at, 0] = 1
    values[*at, 1:3] = middles - places
    values[*at, 3:5] = np.log(sides / anchor)
    values[*at, 5 + labels] = 1
    return values


def decode(values, cell, threshold=0.5, anchor=None):
    """The boxes in an answer of a one-stage detector: `encode` the other way.

    A cell's score is its first value times its largest probability of a class.

    Args:
        values: (rows, columns, 5 + classes) of one picture, as of `encode`: behind the sigmoid and
            the softmax, so that objectness and classes are probabilities.
        cell: height and width of a cell in pixels, or one number for both.
        threshold: cells with a smaller score are left out, 0 to 1.
        anchor: as for `encode`.

    Returns:
        Boxes (n, 4) float64, scores (n,) and labels (n,) int64, in reading order of the cells;
        boxes may reach over the picture's edge.

    Raises:
        ValueError: another shape, NaN, values that are no probabilities, or a threshold that is no
            share.

    Example:
        >>> values = encode([(2, 8, 6, 12)], [1], grid=(2, 3), cell=8, classes=2)
        >>> decode(values, cell=8)
        (array([[ 2.,  8.,  6., 12.]]), array([1.]), array([1]))
    """
    values = np.asarray(values, float)
    if values.ndim != 3 or values.shape[-1] < 6:
        raise ValueError(
            "`values` must be the answer for one picture, (rows, columns, 5 + classes): got shape "
            f"{values.shape}. Take one of a batch: values[0]."
        )
    check_threshold(threshold, 0 <= threshold <= 1, "from 0 to 1")
    shares = np.concatenate([values[..., :1], values[..., 5:]], axis=-1)
    if not (np.isfinite(values).all() and shares.min() >= 0 and shares.max() <= 1):
        raise ValueError(
            "`values` must hold objectness and classes as probabilities, 0 to 1: got values from "
            f"{shares.min():g} to {shares.max():g}. Logits go through a sigmoid and a softmax "
            "first; NaN comes from a training that has failed."
        )
    cell = np.array(two_counts("cell", cell), float)
    anchor = cell if anchor is None else two_sides("anchor", anchor)
    scores = values[..., 0] * values[..., 5:].max(axis=-1)
    places = np.argwhere(scores >= threshold)  # (n, 2)
    chosen = values[*places.T]
    middles = (places + chosen[:, 1:3]) * cell
    halves = np.exp(chosen[:, 3:5]) * anchor / 2
    boxes = np.concatenate([middles - halves, middles + halves], axis=1)
    return boxes, scores[*places.T], chosen[:, 5:].argmax(axis=1)


def _check_places(boxes, sides, places, grid):
    """Whether each box has a cell of its own, and a size."""
    for index, (side, place) in enumerate(zip(sides, places.tolist(), strict=True)):
        box = boxes[index].tolist()
        if not side.all():
            raise ValueError(
                f"`boxes` must have a height and a width above 0: got {box} in row {index}. "
                "Leave it out: the logarithm of 0 is no target."
            )
        if not (0 <= place[0] < grid[0] and 0 <= place[1] < grid[1]):
            raise ValueError(
                f"`boxes` must have their middle inside the grid: got {box} in row {index}, its "
                f"middle in cell {tuple(place)} of {grid[0]}x{grid[1]}. Leave it out, or check "
                "`grid` and `cell`."
            )
        if place in places[:index].tolist():
            raise ValueError(
                f"`boxes` must lie in a cell each: got {box} in row {index}, whose cell "
                f"{tuple(place)} is taken. Use a finer grid, another anchor for one of them, or "
                "leave one out."
            )
