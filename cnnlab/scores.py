"""How good is it? Scores of a classifier: labels and predictions in, numbers out.

Labels and predictions are class numbers, one per image; the prediction of a network is the class of
its largest output, ``predictions = logits.argmax(axis=1)``.
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


def check_class_numbers(name, numbers, classes=None):
    """Nothing, where every number is a class; otherwise an error that says which is not.

    Args:
        name: what the numbers are called in the error.
        numbers: (N,) array.
        classes: the number of classes; None lets every number >= 0 pass.

    Raises:
        ValueError: a number that is no class, or no integers.

    Example:
        >>> check_class_numbers("labels", np.array([0, 9, 3]), classes=10)
    """
    if not np.issubdtype(numbers.dtype, np.integer):
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


def _checked(labels, predictions, classes=None):
    """Both as integer arrays of one length, every number a class."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if predictions.ndim == 2:
        raise ValueError(
            "`predictions` must hold one class number per image: "
            f"got predictions of shape {predictions.shape}. "
            "Take the largest of each row: predictions.argmax(axis=1)."
        )
    if labels.ndim != 1 or labels.shape != predictions.shape:
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
    for name, numbers in [("labels", labels), ("predictions", predictions)]:
        check_class_numbers(name, numbers, classes)
    return labels, predictions
