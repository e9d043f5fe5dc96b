"""How well boxes agree, and which of many on one object to keep."""

import numpy as np

from cnnlab.boxes.checks import check_threshold, checked, checked_scores


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
    a, b = checked("a", a), checked("b", b)
    first = np.maximum(a[:, None, :2], b[:, :2])  # (N, M, 2)
    end = np.minimum(a[:, None, 2:], b[:, 2:])
    shared = (end - first).clip(0).prod(axis=-1)
    union = areas(a)[:, None] + areas(b) - shared
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
    boxes = checked("boxes", boxes)
    scores = checked_scores(scores, len(boxes))
    check_threshold(threshold, 0 <= threshold <= 1, "from 0 to 1")
    overlaps = iou(boxes, boxes) > threshold
    left, kept = np.argsort(-scores, kind="stable"), []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[~overlaps[best, left]]
    return np.array(kept, np.int64)


def areas(boxes):
    """(N,) heights times widths."""
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
