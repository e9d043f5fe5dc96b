"""Answers to the exercises of lesson 10 about overlap, right ones and wrong ones."""

import numpy as np

from cnnlab.boxes import iou, nms

# 10.1: of two boxes


def overlap_of(a, b):
    """The solution: two cuts of intervals."""
    height = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    shared = height * width
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def overlap_by_cnnlab(a, b):
    """With the function of the course."""
    return float(iou([a], [b])[0, 0])


def overlap_without_cut(a, b):
    """Negative sides are not cut off."""
    shared = (min(a[2], b[2]) - max(a[0], b[0])) * (min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def overlap_counted_twice(a, b):
    """The union is the sum of both areas."""
    value = overlap_of(a, b)
    return value / (1 + value)


def overlap_of_the_smaller(a, b):
    """A share of the smaller box."""
    shared = overlap_counted_twice(a, b) * (_area(a) + _area(b))
    return shared / max(min(_area(a), _area(b)), 1e-9)


def overlap_inclusive(a, b):
    """Bottom and right are taken as inside."""
    return overlap_of((a[0], a[1], a[2] + 1, a[3] + 1), (b[0], b[1], b[2] + 1, b[3] + 1))


def overlap_of_sizes(a, b):
    """As if the boxes were (x, y, width, height)."""
    return overlap_of(*((y, x, y + height, x + width) for x, y, width, height in (a, b)))


def overlap_alone(a, b):
    """The shared area."""
    return overlap_counted_twice(a, b) * (_area(a) + _area(b))


def overlap_of_nothing(a, b):
    """NaN where the union is empty."""
    shared = overlap_alone(a, b)
    return np.float64(shared) / (_area(a) + _area(b) - shared)


def _area(box):
    return float((box[2] - box[0]) * (box[3] - box[1]))


# 10.3: suppression


def suppressed(boxes, scores, threshold):
    """The solution: each box against those that were kept."""
    left = sorted(range(len(boxes)), key=lambda n: -scores[n])
    kept = []
    for index in left:
        if all(iou([boxes[index]], [boxes[other]])[0, 0] <= threshold for other in kept):
            kept.append(index)
    return kept


def suppressed_by_cnnlab(boxes, scores, threshold):
    """With the function of the course."""
    return nms(boxes, scores, threshold).tolist()


def suppressed_by_table(boxes, scores, threshold):
    """All overlaps at once, and whole rows struck out."""
    overlaps = iou(boxes, boxes)
    alive, kept = np.ones(len(scores), bool), []
    for index in np.argsort(-np.asarray(scores), kind="stable"):
        if alive[index]:
            kept.append(int(index))
            alive &= overlaps[index] <= threshold
    return kept


def suppressed_in_order_of_the_list(boxes, scores, threshold):
    """The scores are not looked at."""
    return suppressed(boxes, [0] * len(boxes), threshold)


def suppressed_worst_first(boxes, scores, threshold):
    """Sorted the wrong way."""
    return suppressed(boxes, [-score for score in scores], threshold)


def suppressed_by_the_dropped(boxes, scores, threshold):
    """A box goes if any better one overlaps, even one that is gone itself."""
    order = sorted(range(len(boxes)), key=lambda n: -scores[n])
    return [
        index
        for place, index in enumerate(order)
        if all(iou([boxes[index]], [boxes[other]])[0, 0] <= threshold for other in order[:place])
    ]


def suppressed_at_the_threshold(boxes, scores, threshold):
    """An overlap of the threshold goes, too."""
    return suppressed(boxes, scores, threshold - 1e-9)


def suppressed_as_boxes(boxes, scores, threshold):
    """The boxes in place of their indices."""
    return [boxes[index] for index in suppressed(boxes, scores, threshold)]


def suppressed_sorted(boxes, scores, threshold):
    """Indices in their own order."""
    return sorted(suppressed(boxes, scores, threshold))


def suppressed_best_alone(boxes, scores, threshold):
    """Only the best box."""
    return suppressed(boxes, scores, threshold)[:1]


# 10.7: of two masks


def mask_iou(a, b):
    """The solution: both over either."""
    union = (a | b).sum()
    return (a & b).sum() / union if union else 0.0


def mask_iou_by_loops(a, b):
    """Pixel by pixel."""
    both = either = 0
    for one, other in zip(a.ravel(), b.ravel(), strict=True):
        both += bool(one and other)
        either += bool(one or other)
    return both / either if either else 0.0


def mask_accuracy(a, b):
    """The share of pixels that agree."""
    return (a == b).mean()


def mask_dice(a, b):
    """The Dice score."""
    total = a.sum() + b.sum()
    return 2 * (a & b).sum() / total if total else 0.0


def mask_counted_twice(a, b):
    """Divided by the sum of both."""
    total = a.sum() + b.sum()
    return (a & b).sum() / total if total else 0.0


def mask_share_of_first(a, b):
    """A share of the first mask."""
    return (a & b).sum() / max(a.sum(), 1)


def mask_share_of_picture(a, b):
    """A share of the picture."""
    return (a & b).mean()


def mask_of_nothing(a, b):
    """NaN where both are empty."""
    return (a & b).sum() / (a | b).sum()


def mask_iou_of_boxes(a, b):
    """Of the boxes around both."""

    def frame(mask):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        return (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1) if len(rows) else (0, 0, 0, 0)

    return overlap_of(frame(a), frame(b))
