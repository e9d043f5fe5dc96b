"""Boxes around objects: how well two agree, which to keep, how good a detector is.

A box is a row (top, left, bottom, right) in pixels, half-open: bottom and right are the first row
and column outside, so that height is bottom - top. Rows may be fractions of a pixel. No boxes at
all are ``[]`` or an array (0, 4), and every function takes them.
"""

import numpy as np

from cnnlab.scores import check_class_numbers
from cnnlab.sizes import whole_number

FORMS = ("corners", "coco", "voc")


def convert(boxes, source, target):
    """Boxes in another form.

    - "corners": (top, left, bottom, right), half-open, the first row and column are 0: ours.
    - "coco": (x, y, width, height), where x, y is the top left corner, counted from 0.
    - "voc": (xmin, ymin, xmax, ymax), counted from 1, and xmax and ymax are still inside.

    Args:
        boxes: (N, 4) numbers.
        source: the form they have.
        target: the form they shall have.

    Returns:
        (N, 4) float64.

    Raises:
        ValueError: an unknown form, not four numbers per box, NaN, or a box with a negative side,
            as of numbers in another order.

    Example:
        >>> convert([(2, 1, 5, 8)], "corners", "coco")  # 3 rows, 7 columns
        array([[1., 2., 7., 3.]])
        >>> convert([(2, 1, 5, 8)], "corners", "voc")
        array([[2., 3., 8., 5.]])

    Source: cocodataset.org, data format 1; Everingham et al. (2010), The PASCAL visual object
        classes challenge, IJCV 88, and the tool kit of its development.
    """
    for name, form in (("source", source), ("target", target)):
        if form not in FORMS:
            raise ValueError(
                f"`{name}` must be one of {', '.join(FORMS)}: got {name}={form!r}. "
                'Write "corners" for (top, left, bottom, right).'
            )
    first, second, third, fourth = _four_numbers("boxes", boxes).T
    if source == "coco":
        corners = [second, first, second + fourth, first + third]
    elif source == "voc":
        corners = [second - 1, first - 1, fourth, third]
    else:
        corners = [first, second, third, fourth]
    corners = np.stack(corners, axis=1)
    _check_sides("boxes", corners, f"Is each of the form {source!r}?")
    top, left, bottom, right = corners.T
    if target == "coco":
        return np.stack([left, top, right - left, bottom - top], axis=1)
    if target == "voc":
        return np.stack([left + 1, top + 1, right, bottom], axis=1)
    return corners


def iou(a, b):
    """Intersection over union: the area two boxes share, as a share of what they cover together.

    ``|A and B| / |A or B|``, where ``|A or B| = |A| + |B| - |A and B|``

    Args:
        a: (N, 4) boxes.
        b: (M, 4) boxes.

    Returns:
        (N, M) float64, 0 to 1: row n is box n of `a` against every one of `b`. 0 for boxes that
        only touch, and for one without area.

    Raises:
        ValueError: not four numbers per box, NaN, or a negative side.

    Example:
        >>> iou([(0, 0, 2, 3)], [(0, 0, 2, 3), (1, 1, 3, 3), (0, 3, 2, 6)])
        array([[1.  , 0.25, 0.  ]])

    Source: Jaccard (1912), The distribution of the flora in the alpine zone; Everingham et al.
        (2010), IJCV 88, section 4.2, who count pixels from first to last and so add 1 to each side.
    """
    a, b = _checked("a", a), _checked("b", b)
    first = np.maximum(a[:, None, :2], b[:, :2])  # (N, M, 2)
    end = np.minimum(a[:, None, 2:], b[:, 2:])
    shared = (end - first).clip(0).prod(axis=-1)
    union = _areas(a)[:, None] + _areas(b) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def nms(boxes, scores, threshold=0.5):
    """Non-maximum suppression: of boxes that overlap much, the best alone.

    The best box is kept, and every box whose `iou` with it is larger than the threshold is dropped;
    then the best of the rest, until none is left. Of equal scores the first counts as better.

    Args:
        boxes: (N, 4).
        scores: (N,), larger is better.
        threshold: 0 to 1.

    Returns:
        Indices of the kept boxes, (n,) int64, best first.

    Raises:
        ValueError: not four numbers per box, a negative side, NaN, not one score per box, or a
            threshold that is no share.

    Example:
        >>> nms([(0, 0, 4, 9), (0, 1, 4, 9), (5, 0, 9, 9)], scores=[0.6, 0.9, 0.3])
        array([1, 2])

    Source: Felzenszwalb et al. (2010), Object detection with discriminatively trained part-based
        models, IEEE TPAMI 32, section 7.2, who measure the covered share. Boxes of all classes are
        taken together: for one class at a time pass those alone.
    """
    boxes = _checked("boxes", boxes)
    scores = _checked_scores(scores, len(boxes))
    _check_threshold(threshold, 0 <= threshold <= 1, "from 0 to 1")
    overlaps = iou(boxes, boxes) > threshold
    left, kept = np.argsort(-scores, kind="stable"), []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[~overlaps[best, left]]
    return np.array(kept, np.int64)


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
    boxes, labels = _checked("boxes", boxes), np.asarray(labels)
    if len(boxes) != labels.size:
        raise ValueError(
            f"`labels` must hold one class number per box: got {labels.size} labels for "
            f"{len(boxes)} boxes. Cut both alike."
        )
    rows, columns = _pair("grid", grid)
    cell = np.array(_pair("cell", cell), float)
    anchor = cell if anchor is None else _sides("anchor", anchor)
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
    _check_threshold(threshold, 0 <= threshold <= 1, "from 0 to 1")
    shares = np.concatenate([values[..., :1], values[..., 5:]], axis=-1)
    if not (np.isfinite(values).all() and shares.min() >= 0 and shares.max() <= 1):
        raise ValueError(
            "`values` must hold objectness and classes as probabilities, 0 to 1: got values from "
            f"{shares.min():g} to {shares.max():g}. Logits go through a sigmoid and a softmax "
            "first; NaN comes from a training that has failed."
        )
    cell = np.array(_pair("cell", cell), float)
    anchor = cell if anchor is None else _sides("anchor", anchor)
    scores = values[..., 0] * values[..., 5:].max(axis=-1)
    places = np.argwhere(scores >= threshold)  # (n, 2)
    chosen = values[*places.T]
    middles = (places + chosen[:, 1:3]) * cell
    halves = np.exp(chosen[:, 3:5]) * anchor / 2
    boxes = np.concatenate([middles - halves, middles + halves], axis=1)
    return boxes, scores[*places.T], chosen[:, 5:].argmax(axis=1)


def match(boxes, scores, truths, threshold=0.5):
    """Which true box each predicted box has found.

    The predictions choose one after the other, best first, and each takes of the true boxes that
    are still free the one with the largest `iou`, if that is at least the threshold.

    Args:
        boxes: (N, 4) predicted boxes of one picture and class.
        scores: (N,), larger is better; of equal scores the first chooses first.
        truths: (M, 4) true boxes.
        threshold: smallest overlap, above 0, up to 1.

    Returns:
        (N,) int64, the index of the true box, or -1 for a false alarm.

    Raises:
        ValueError: not four numbers per box, a negative side, NaN, not one score per box, or a
            threshold out of range.

    Example:
        >>> match([(0, 0, 4, 9), (0, 1, 4, 9)], [0.6, 0.9], truths=[(0, 0, 4, 8)])
        array([-1,  0])

    Source: Lin et al. (2014), Microsoft COCO, arXiv:1405.0312, and its `COCOeval`. In PASCAL VOC a
        prediction whose best true box is taken already is a false alarm, even if another is free.
    """
    boxes, truths = _checked("boxes", boxes), _checked("truths", truths)
    scores = _checked_scores(scores, len(boxes))
    _check_threshold(threshold, 0 < threshold <= 1, "above 0, up to 1")
    overlaps = iou(boxes, truths)
    found = np.full(len(boxes), -1)
    for index in np.argsort(-scores, kind="stable") if len(truths) else ():
        best = overlaps[index].argmax()
        if overlaps[index, best] >= threshold:
            found[index] = best
            overlaps[:, best] = -1  # taken
    return found


def precision_recall(found, scores, truths):
    """Precision and recall, if all predictions above a score count: a point for each score.

    ``precision = found / predicted`` and ``recall = found / true boxes``. Equal scores make one
    point, as no threshold can part them.

    Args:
        found: (N,) bool, whether a prediction found a true box (``match(...) >= 0``), of one class
            in all pictures.
        scores: (N,) their scores.
        truths: the number of true boxes in all pictures.

    Returns:
        (precision, recall), each (n,) float64, from the highest score to the lowest; NaN recall
        where there are no true boxes.

    Raises:
        ValueError: no booleans, not one score per prediction, NaN, a negative number of true boxes
            or one that is smaller than what was found.

    Example:
        >>> precision_recall([True, False, True], [0.9, 0.8, 0.3], truths=4)
        (array([1.        , 0.5       , 0.66666667]), array([0.25, 0.25, 0.5 ]))
    """
    found = np.asarray(found, bool) if np.size(found) == 0 else np.asarray(found)
    if found.ndim != 1 or found.dtype != bool:
        raise ValueError(
            f"`found` must be one True or False per prediction: got {found.dtype} of shape "
            f"{found.shape}. From indices write match(...) >= 0."
        )
    scores = _checked_scores(scores, len(found))
    if truths != 0:
        whole_number("truths", truths, "true boxes; 0 is allowed too")
    if found.sum() > truths:
        raise ValueError(
            f"`truths` must be at least the number of found boxes: got truths={truths} for "
            f"{found.sum()} found. Count the true boxes of all pictures, also of those without a "
            "prediction; and let no box be found twice, as `match` does."
        )
    order = np.argsort(-scores, kind="stable")
    hits, counts = np.cumsum(found[order]), np.arange(1, len(found) + 1)
    ordered = scores[order]
    last = np.append(ordered[1:] != ordered[:-1], True)[: len(found)]  # of equal scores
    hits, counts = hits[last], counts[last]
    recall = hits / truths if truths else np.full(len(hits), np.nan)
    return hits / counts, recall


def average_precision(found, scores, truths, points=None):
    """Average precision: the area under precision as a function of recall.

    Precision is first made to fall: at each recall stands the largest precision that this recall
    or a higher one has. Beyond the highest recall it is 0.

    Args:
        found: (N,) bool, as for `precision_recall`.
        scores: (N,).
        truths: the number of true boxes in all pictures.
        points: None for the area (PASCAL VOC from 2010 on), or the number of equally distant
            recalls from 0 to 1 at which precision is averaged: 11 (VOC 2007) or 101 (COCO).

    Returns:
        A float, 0 to 1: 0 without a prediction, NaN where there are no true boxes.

    Raises:
        ValueError: as `precision_recall`, or fewer than two points.

    Example:
        >>> found, scores = [True, False, True], [0.9, 0.8, 0.3]
        >>> round(average_precision(found, scores, truths=2), 3)
        0.833
        >>> round(average_precision(found, scores, truths=2, points=11), 3)
        0.848

    Source: Everingham et al. (2010), IJCV 88, section 4.2; Lin et al. (2014), arXiv:1405.0312.
    """
    precision, recall = precision_recall(found, scores, truths)
    if points is not None and whole_number("points", points, "recalls from 0 to 1") < 2:
        raise ValueError(
            "`points` must be None or at least 2: got points=1. Use None for the area, 11 as in "
            "VOC 2007, or 101 as in COCO."
        )
    if not truths:
        return float("nan")
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    if points is None:
        return float(falling @ np.diff(recall, prepend=0))
    wanted = np.arange(points) / (points - 1)
    reached = np.searchsorted(recall, wanted)  # the first that is as high
    return float(np.append(falling, 0)[reached].mean())


def _areas(boxes):
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


def _four_numbers(name, boxes):
    """(N, 4) float64, all finite."""
    try:
        array = np.asarray(boxes, float)
    except (TypeError, ValueError):
        array = np.zeros(())
    if array.shape == (0,):
        return np.zeros((0, 4))
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(
            f"`{name}` must be (N, 4), a row (top, left, bottom, right) per box: got shape "
            f"{np.shape(boxes) if array.shape else 'unlike a table'}. "
            "For one box write [box], for none []."
        )
    wrong = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if wrong.size:
        raise ValueError(
            f"`{name}` must be finite numbers: got {array[wrong[0]].tolist()} in row {wrong[0]}. "
            "Leave this box out, or mend what predicts it."
        )
    return array


def _check_sides(name, boxes, hint):
    wrong = np.flatnonzero((boxes[:, 2:] < boxes[:, :2]).any(axis=1))
    if wrong.size:
        raise ValueError(
            f"`{name}` must have no negative side: got top, left, bottom, right = "
            f"{boxes[wrong[0]].tolist()} in row {wrong[0]}. {hint}"
        )


def _checked(name, boxes):
    boxes = _four_numbers(name, boxes)
    hint = "Is this (x, y, width, height), or are two corners swapped? `convert` knows other forms."
    _check_sides(name, boxes, hint)
    return boxes


def _checked_scores(scores, count):
    scores = np.asarray(scores, float)
    if scores.shape != (count,):
        raise ValueError(
            f"`scores` must hold one number per box: got shape {scores.shape} for {count} boxes. "
            "Cut both alike."
        )
    if np.isnan(scores).any():
        raise ValueError(
            "`scores` must be numbers that can be ordered: got NaN in row "
            f"{np.isnan(scores).argmax()}. Mend what predicts it."
        )
    return scores


def _check_threshold(threshold, right, rule):
    if not right:
        raise ValueError(
            f"`threshold` must be a share {rule}: got threshold={threshold}. Use 0.5 for half."
        )


def _sides(name, value):
    """Two lengths above 0, in pixels."""
    try:
        height, width = (value, value) if np.ndim(value) == 0 else value
        good = 0 < float(height) < np.inf and 0 < float(width) < np.inf
    except (TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(
            f"`{name}` must be a height and a width above 0 in pixels: got {name}={value!r}. "
            "Write (height, width)."
        )
    return np.array((height, width), float)


def _pair(name, value):
    """Two whole numbers, of at least 1."""
    first, second = (value, value) if np.ndim(value) == 0 else value
    return whole_number(name, first), whole_number(name, second)


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
