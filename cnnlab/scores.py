"""How good is it? Scores of a classifier and of its heat maps: arrays in, numbers out.

Labels and predictions are class numbers, one per image; the prediction of a network is the class of
its largest output, ``predictions = logits.argmax(axis=1)``; where two classes share a single output
(N, 1), the class is 1 above 0: ``predictions = (logits[:, 0] > 0).astype(int)``.
"""

import numpy as np
import pandas as pd


def accuracy(labels, predictions):
    """The share of images whose prediction is their label.

    Args:
        labels: (N,) true class numbers, integers >= 0.
        predictions: (N,) predicted class numbers, integers >= 0.

    Returns:
        A float, 0 to 1.

    Raises:
        ValueError: no images, or not one label and one prediction per image.

    Example:
        >>> accuracy([0, 1, 2, 2], predictions=[0, 2, 2, 2])
        0.75
    """
    labels, predictions = _checked(labels, predictions)
    return float(np.mean(labels == predictions))


def confusion_matrix(labels, predictions, classes=None):
    """How many images of each class were predicted to be of each class.

    ``matrix[i, j]`` counts the images of class i that were taken for class j: a row holds one true
    class, a column one prediction, and the diagonal what is right.

    Args:
        labels: (N,) true class numbers.
        predictions: (N,) predicted class numbers.
        classes: the number of classes; by default one more than the largest number that occurs.

    Returns:
        (classes, classes) int64.

    Raises:
        ValueError: no images, not one label and one prediction per image, or a number that is not
            a class.

    Example:
        >>> confusion_matrix([0, 1, 2, 2], predictions=[0, 2, 2, 2])
        array([[1, 0, 0],
               [0, 0, 1],
               [0, 0, 2]])
    """
    labels, predictions = _checked(labels, predictions, classes)
    if classes is None:
        classes = int(max(labels.max(), predictions.max())) + 1
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


def per_class_table(labels, predictions, class_names):
    """A row per class: how many of its images were found, and how many were claimed wrongly.

    ``recall = found / images`` and ``precision = found / predicted``; NaN where a class has no
    images, or was never predicted.

    Args:
        labels: (N,) true class numbers.
        predictions: (N,) predicted class numbers.
        class_names: a name per class number.

    Returns:
        A DataFrame indexed by class name, with columns images, predicted, found, recall and
        precision.

    Raises:
        ValueError: as `confusion_matrix`.

    Example:
        >>> per_class_table([0, 1, 2, 2], [0, 2, 2, 2], ("cat", "cow", "dog"))
               images  predicted  found  recall  precision
        class
        cat         1          1      1     1.0   1.000000
        cow         1          0      0     0.0        NaN
        dog         2          3      2     1.0   0.666667
    """
    matrix = confusion_matrix(labels, predictions, classes=len(class_names))
    found = matrix.diagonal()
    table = pd.DataFrame(
        {"images": matrix.sum(axis=1), "predicted": matrix.sum(axis=0), "found": found},
        index=pd.Index(list(class_names), name="class"),
    )
    table["recall"] = table.found / table.images
    table["precision"] = table.found / table.predicted
    return table


def pointing_game(maps, boxes, tolerance=0):
    """Whether the hottest pixel of each heat map lies in the object's box.

    Args:
        maps: (B, H, W) heat maps, larger where more speaks for the class.
        boxes: (B, 4) rows (top, left, bottom, right) in pixels; bottom and right are the first
            ones outside.
        tolerance: pixels by which a box is widened on every side, >= 0.

    Returns:
        (B,) bool; False for a map without any value above 0, which points nowhere. Its mean is
        the score of a method.

    Raises:
        ValueError: not one box per map, or a box that is empty or outside the picture.

    Example:
        >>> heat = np.array([[[0, 0, 0], [0, 2, 1]]])
        >>> pointing_game(heat, [(0, 1, 2, 2)]), pointing_game(heat, [(0, 2, 2, 3)])
        (array([ True]), array([False]))

    Source: Zhang et al. (2016), arXiv:1608.00507, section 4.1, with a tolerance of 15 pixels.
    """
    maps, boxes = _checked_boxes(maps, boxes)
    hottest = maps.reshape(len(maps), -1).argmax(axis=1)
    rows, columns = np.unravel_index(hottest, maps.shape[1:])
    top, left, bottom, right = (boxes + tolerance * np.array([-1, -1, 1, 1])).T
    inside = (top <= rows) & (rows < bottom) & (left <= columns) & (columns < right)
    return inside & (maps.max(axis=(1, 2)) > 0)


def energy_in_box(maps, boxes):
    """The share of each heat map's positive values that lies in the object's box.

    Args:
        maps: (B, H, W) heat maps; negative values count as 0.
        boxes: (B, 4) rows (top, left, bottom, right) in pixels, as for `pointing_game`.

    Returns:
        (B,) float64, 0 to 1; NaN for a map without any value above 0. A map that is the same
        everywhere scores the box's share of the picture: compare with that.

    Raises:
        ValueError: as `pointing_game`.

    Example:
        >>> energy_in_box(np.array([[[0, 0, 0], [0, 3, 1]]]), [(0, 1, 2, 2)])
        array([0.75])

    Source: Wang et al. (2020), Score-CAM, arXiv:1910.01279, section 4.3.
    """
    maps, boxes = _checked_boxes(maps, boxes)
    heat = np.maximum(maps, 0.0)
    total = heat.sum(axis=(1, 2))
    inside = (heat * _inside(boxes, maps.shape[1:])).sum(axis=(1, 2))
    return np.divide(inside, total, out=np.full(len(maps), np.nan), where=total > 0)


def overlap(maps, boxes, threshold=0.5):
    """The intersection over union of the object's box and the hot pixels.

    Args:
        maps: (B, H, W) heat maps.
        boxes: (B, 4) rows (top, left, bottom, right) in pixels, as for `pointing_game`.
        threshold: a pixel is hot from this share of its map's largest value on, above 0, up to 1.

    Returns:
        (B,) float64, 0 to 1; 0 for a map without any value above 0.

    Raises:
        ValueError: as `pointing_game`, or a threshold that is no share.

    Example:
        >>> overlap(np.array([[[0, 1, 0], [0, 4, 2]]]), [(0, 1, 2, 2)])  # one of three pixels
        array([0.33333333])

    Source: Zhou et al. (2016), arXiv:1512.04150, section 3.2, who draw a box around the largest hot
        region first.
    """
    if not 0 < threshold <= 1:
        raise ValueError(
            f"`threshold` must be a share above 0, up to 1: got threshold={threshold}. "
            "Use 0.5 for half of the largest value."
        )
    maps, boxes = _checked_boxes(maps, boxes)
    largest = maps.max(axis=(1, 2), keepdims=True)
    hot = (maps >= threshold * largest) & (largest > 0)
    box = _inside(boxes, maps.shape[1:])
    return (hot & box).sum(axis=(1, 2)) / (hot | box).sum(axis=(1, 2))


def area_under(curves):
    """The mean height of curves over equal steps from 0 to 1, by trapezoids.

    Args:
        curves: (B, steps + 1), or (steps + 1,) for one curve.

    Returns:
        (B,) or one number.

    Example:
        >>> area_under(np.array([[1.0, 0.5, 0.0], [1.0, 0.0, 0.0]]))
        array([0.5 , 0.25])
    """
    curves = np.asarray(curves, float)
    return (curves[..., :-1] + curves[..., 1:]).mean(axis=-1) / 2


def rank_correlation(first, second):
    """Spearman's rank correlation: how alike two maps order their pixels.

    Equal values share the mean of their ranks.

    Args:
        first: (B, H, W) or (H, W) values.
        second: the same shape.

    Returns:
        (B,) float64 or one number, -1 (opposite order) to 1 (the same order); NaN where a map is
        the same everywhere.

    Raises:
        ValueError: two shapes.

    Example:
        >>> rank_correlation(np.array([[1, 2], [3, 4]]), np.array([[1, 4], [9, 16]]))
        array(1.)
    """
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape:
        raise ValueError(
            f"`second` must have the shape of `first`, {first.shape}: got {second.shape}. "
            "Compare maps of the same layer or the same pictures."
        )
    flat = [m.reshape(-1, m.shape[-2] * m.shape[-1]) for m in (first, second)]
    ranks = [np.stack([_ranks(row) for row in rows]) for rows in flat]
    one, other = (r - r.mean(axis=1, keepdims=True) for r in ranks)
    lengths = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    found = np.divide(
        (one * other).sum(axis=1), lengths, out=np.full(len(one), np.nan), where=lengths > 0
    )
    return found.reshape(first.shape[:-2])


def check_class_numbers(name, numbers, classes=None):
    """Nothing, where every number is a class; otherwise an error that says which is not.

    Args:
        name: what the numbers are called in the error.
        numbers: (N,) array.
        classes: the number of classes; None lets every number >= 0 pass.

    Raises:
        ValueError: more than one number per image, a number that is no class, or no integers.

    Example:
        >>> check_class_numbers("labels", np.array([0, 9, 3]), classes=10)
    """
    if numbers.ndim != 1:
        raise ValueError(
            f"`{name}` must hold one class number per image: got {name} of shape {numbers.shape}. "
            f"{_on_one_axis(name, numbers)}"
        )
    if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
        raise ValueError(
            f"`{name}` must be whole class numbers: got {name} of dtype {numbers.dtype}. "
            f"Number the classes 0, 1, 2, ... and convert with {name}.astype(int)."
        )
    wrong = np.flatnonzero((numbers < 0) | (numbers >= (np.inf if classes is None else classes)))
    if wrong.size:
        rule = ">= 0" if classes is None else f"from 0 to {classes - 1}"
        raise ValueError(
            f"`{name}` must be class numbers {rule}: got {name}[{wrong[0]}]={numbers[wrong[0]]}. "
            "Number the classes from 0, without gaps."
        )


def check_probabilities(probabilities, classes):
    """Nothing, where every row holds the probabilities of an image; otherwise an error.

    Args:
        probabilities: (N, classes) array.
        classes: the number of classes, >= 2.

    Raises:
        ValueError: not a column per class, or a row that is negative or does not sum to 1.

    Example:
        >>> check_probabilities(np.array([[0.5, 0.25, 0.25], [0, 1, 0]]), classes=3)
    """
    if probabilities.ndim != 2 or probabilities.shape[1] != classes:
        single = classes == 2 and probabilities.shape[1:] in [(), (1,)]
        raise ValueError(
            f"`probabilities` must be (N, {classes}), a column per class: "
            f"got shape {probabilities.shape}. "
            + (
                "Make two columns of the one: np.column_stack([1 - p, p]), where p are the "
                "probabilities of class 1 (of logits: keras.ops.sigmoid(logits))."
                if single
                else "Give every class a column and a name."
            )
        )
    sums = probabilities.sum(axis=1)
    wrong = np.flatnonzero(~(np.abs(sums - 1) < 0.01) | (probabilities < 0).any(axis=1))
    if wrong.size:
        row = wrong[0]
        raise ValueError(
            "`probabilities` must be rows that are never negative and sum to 1: got row "
            f"{row} from {probabilities[row].min():.3g} to {probabilities[row].max():.3g}, "
            f"sum {sums[row]:.3g}. Of logits take keras.ops.softmax(logits)."
        )


def _on_one_axis(name, numbers):
    """What makes an array with another number of axes into class numbers, one per image."""
    if numbers.ndim == 2 and numbers.shape[1] > 1:
        return f"Take the largest of each row: {name}.argmax(axis=1)."
    if name == "predictions" and numbers.dtype.kind == "f":
        return (
            "A single logit above 0 means class 1: (predictions[:, 0] > 0).astype(int); "
            "of a probability, above 0.5."
        )
    return f"Leave one axis: np.ravel({name})."


def _ranks(values):
    """The rank of each value; equal values share the mean of their ranks."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[places]


def _inside(boxes, size):
    """(B, H, W) bool: which pixels lie in the box."""
    rows, columns = np.arange(size[0])[:, None], np.arange(size[1])
    top, left, bottom, right = boxes.T[:, :, None, None]
    return (top <= rows) & (rows < bottom) & (left <= columns) & (columns < right)


def _checked_boxes(maps, boxes):
    """Both as arrays, one box in the picture per map."""
    maps, boxes = np.asarray(maps), np.asarray(boxes)
    if maps.ndim != 3 or boxes.shape != (len(maps), 4):
        raise ValueError(
            "`boxes` must hold one (top, left, bottom, right) per map (B, H, W): "
            f"got maps of shape {maps.shape}, boxes of shape {boxes.shape}. "
            "For one map pass maps[None] and [box]."
        )
    top, left, bottom, right = boxes.T
    height, width = maps.shape[1:]
    good = (0 <= top) & (top < bottom) & (bottom <= height)
    good &= (0 <= left) & (left < right) & (right <= width)
    if not good.all():
        index = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"`boxes` must be (top, left, bottom, right) inside {height}×{width} pixels: "
            f"got boxes[{index}]={tuple(boxes[index].tolist())}. Rows come before columns."
        )
    return maps, boxes


def _checked(labels, predictions, classes=None):
    """Both as integer arrays of one length, every number a class."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    for name, numbers in [("labels", labels), ("predictions", predictions)]:
        check_class_numbers(name, numbers, classes)
    if labels.shape != predictions.shape:
        raise ValueError(
            "`labels` and `predictions` must hold one class number per image: "
            f"got labels of shape {labels.shape}, predictions of shape {predictions.shape}. "
            "Predict the very images that the labels belong to."
        )
    if not labels.size:
        raise ValueError(
            "`labels` must hold at least one image: got an empty split. "
            "Load the split again, or choose more images."
        )
    return labels, predictions
