"""Boxes in the forms that others write: COCO's and Pascal VOC's."""

import numpy as np

from cnnlab.boxes.checks import check_sides, four_numbers

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
    first, second, third, fourth = four_numbers("boxes", boxes).T
    if source == "coco":
        corners = [second, first, second + fourth, first + third]
    elif source == "voc":
        corners = [second - 1, first - 1, fourth, third]
    else:
        corners = [first, second, third, fourth]
    corners = np.stack(corners, axis=1)
    check_sides("boxes", corners, f"Is each of the form {source!r}?")
    top, left, bottom, right = corners.T
    if target == "coco":
        return np.stack([left, top, right - left, bottom - top], axis=1)
    if target == "voc":
        return np.stack([left + 1, top + 1, right, bottom], axis=1)
    return corners
