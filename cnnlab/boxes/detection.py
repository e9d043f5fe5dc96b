"""How good a detector is: its boxes matched with the true ones, precision, recall, their area."""

import numpy as np

from cnnlab.boxes.checks import check_threshold, checked, checked_scores
from cnnlab.boxes.overlap import iou
from cnnlab.sizes import whole_number


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
    boxes, truths = checked("boxes", boxes), checked("truths", truths)
    scores = checked_scores(scores, len(boxes))
    check_threshold(threshold, 0 < threshold <= 1, "above 0, up to 1")
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
    scores = checked_scores(scores, len(found))
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
