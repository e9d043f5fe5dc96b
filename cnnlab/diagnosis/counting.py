"""Rules about classes that were counted from 1 before rows or answers were made of them."""

import numpy as np

from cnnlab.diagnosis.finding import Finding

OFTEN = 7  # pictures of every other class: as many of one more are missing once in 1000 sets


def rows_without_a_class(case):
    """A softmax always gives 1 in all: a row of zeros asks for nothing, and teaches nothing.

    So where labels from 1 to 10 are compared with the numbers 0 to 9.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        counted = kinds + 1
        images, labels = pictures, (counted[:, None] == np.arange(3)).astype("float32")
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        one_right = head.loss.kind == "categorical" and head.label_kind == "several"
        if not one_right or head.labels.ndim != 2 or head.labels.sum(axis=-1).max() > 1:
            continue
        empty = head.labels.sum(axis=-1) == 0
        evidence = f"{empty.sum()} of {len(empty)} rows of labels{head.of_output} are 0 everywhere"
        line = "keep = labels.sum(axis=-1) > 0; images, labels = images[keep], labels[keep]"
        decides = f"the class of picture {empty.argmax()}, as it was loaded"
        if not head.labels[:, 0].any():
            evidence += ", and no row is of class 0: counted from 1, the last class fell out"
            line = "labels = np.concatenate([labels[:, 1:], 1 - labels.sum(axis=-1, "
            line += "keepdims=True)], axis=-1)"
            decides = ""
        yield Finding("labels", evidence, line, decides)


def class_0_never_occurs(case):
    """Labels from 1 to 10 take eleven units, of which the first stands for nothing.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(4, activation="softmax"),
        ])
        images, labels = pictures, keras.utils.to_categorical(kinds + 1)
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        classes = head.classes
        if classes is None or classes.ndim != 1 or head.loss.kind not in ("sparse", "categorical"):
            continue
        rows, width = head.label_kind == "one-hot", head.labels.shape[-1]
        fits = width == head.units if rows else head.labels.size == len(head.labels)
        if not fits or not head.units or not counted_from_one(classes, head.units):
            continue
        evidence = f"the {len(classes)} labels{head.of_output} are 1 to {head.units - 1}, and the "
        evidence += f"model has {head.units} units: class 0 never occurs"
        line = in_both_labels(case, "np.roll({}, -1, axis=-1)" if rows else "{} - 1")
        decides = "the names of the classes: is there one for number 0? If not, one unit less does"
        yield Finding("labels", evidence, line, decides)


def counted_from_one(classes, units):
    """Whether the classes are 1 to units - 1, and class 0 is not missing by chance.

    Example:
        >>> counted_from_one(np.arange(1, 11).repeat(9), 11), counted_from_one(np.ones(99, int), 2)
        (True, False)
    """
    counts = np.bincount(np.maximum(classes, 0), minlength=units)
    usual = len(counts) == units >= 3 and counts[1:].min() >= OFTEN
    return bool(usual and counts[0] == 0)


def in_both_labels(case, change):
    """Python that changes the labels, those of the validation as well; {} stands for an array."""
    line = f"labels = {change.format('labels')}"
    if case.validation is None or case.validation[1] is None:
        return line
    return f"{line}; validation_data = (validation_data[0], {change.format('validation_data[1]')})"
