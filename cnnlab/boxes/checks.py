"""What may come as boxes, scores, thresholds and sizes, or an error that says why not."""

import numpy as np

from cnnlab.sizes import whole_number


def four_numbers(name, boxes):
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


def check_sides(name, boxes, hint):
    """Raises ValueError where a box ends before it begins."""
    wrong = np.flatnonzero((boxes[:, 2:] < boxes[:, :2]).any(axis=1))
    if wrong.size:
        raise ValueError(
            f"`{name}` must have no negative side: got top, left, bottom, right = "
            f"{boxes[wrong[0]].tolist()} in row {wrong[0]}. {hint}"
        )


def checked(name, boxes):
    """(N, 4) float64, finite, no side below 0."""
    boxes = four_numbers(name, boxes)
    hint = "Is this (x, y, width, height), or are two corners swapped? `convert` knows other forms."
    check_sides(name, boxes, hint)
    return boxes


def checked_scores(scores, count):
    """(count,) float64 without NaN."""
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


def check_threshold(threshold, right, rule):
    """Raises ValueError with the rule where a threshold is not right."""
    if not right:
        raise ValueError(
            f"`threshold` must be a share {rule}: got threshold={threshold}. Use 0.5 for half."
        )


def two_sides(name, value):
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


def two_counts(name, value):
    """Two whole numbers, of at least 1."""
    first, second = (value, value) if np.ndim(value) == 0 else value
    return whole_number(name, first), whole_number(name, second)
