"""Rules about the labels: their form, their number, and the loss that reads them."""

from dataclasses import replace

import numpy as np

from cnnlab.diagnosis.counting import counted_from_one, in_both_labels
from cnnlab.diagnosis.finding import (
    AS_LOADED,
    SHUFFLED_TOGETHER,
    Finding,
    compiled_anew,
    new_weights,
    recompiled,
)
from cnnlab.diagnosis.heads import CLASSES
from cnnlab.diagnosis.losses import is_one_for_several
from cnnlab.diagnosis.rare_classes import rare_class_not_recognised

FEW = 24  # labels, below which nothing is said of how often classes occur


def counts_that_differ(case):
    """One label belongs to one picture.

    Example:
        model = keras.Sequential([keras.Input((8, 12, 1)), layers.Flatten(), layers.Dense(3)])
        images, labels = pictures, kinds[:-20]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        if head.labels is None or not case.pictures:
            continue
        count, labels = len(case.pictures[0]), len(head.labels)
        if count != labels:
            least = min(count, labels)
            evidence = f"{count} images and {labels} labels{head.of_output}"
            line = f"images, labels = images[:{least}], labels[:{least}]"
            yield Finding("labels", evidence, line, "whether the first ones belong together")


def names_for_labels(case):
    """A loss compares numbers: the names of the classes are to be counted first.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, np.array(["rows", "columns", "slanted"])[kinds]
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.label_kind == "text":
            evidence = f"labels are text, such as {str(head.labels.flat[0])!r}"
            line = "labels = np.unique(labels, return_inverse=True)[1]"
            yield Finding("labels", evidence, line)


def fractions_for_labels(case):
    """Pictures are divided by 255, labels are not: class 3 is 3, and no fraction of the last class.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds / 255
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.label_kind != "real" or not np.isfinite(head.labels).all() or _grey_masks(head):
            continue
        low, high = float(head.labels.min()), float(head.labels.max())
        one = head.loss.kind == "binary" and head.units == 1 and 0 == low < high < 0.1
        if head.loss.kind == "sparse" or (one and head.labels.size == len(head.labels)):
            evidence = f"labels{head.of_output} go from {low:.3g} to {high:.3g} in steps of less "
            evidence += f"than 1, and {head.loss.name} expects class numbers"
            line = "labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)"
            yield Finding("labels", evidence, line)


def labels_of_another_shape(case):
    """To a row of answers belongs a row of labels, or one number; not a table.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, keras.utils.to_categorical(keras.utils.to_categorical(kinds))
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        flat = len(head.shape) == 2 and head.labels is not None
        if not flat or head.labels.ndim < 3 or head.loss.kind not in CLASSES:
            continue
        shape = "×".join(map(str, head.labels.shape[1:]))
        evidence = f"labels{head.of_output} are tables of {shape}, and the answers have "
        evidence += f"{head.units} numbers a picture"
        line = "labels = labels.reshape(len(labels), -1)"
        if head.label_kind == "one-hot" and 1 not in head.labels.shape[1:]:
            evidence += "; every one stands in a row of its own, as if `to_categorical` ran twice"
            line = "labels = labels.argmax(-1)"
        yield Finding("labels", evidence, line)


def one_hot_with_a_sparse_loss(case):
    """The sparse loss wants the number of the class; one-hot rows belong to the other one.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, keras.utils.to_categorical(kinds)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.loss.kind == "sparse" and head.label_kind == "one-hot" and (head.units or 2) > 1:
            evidence = f"labels{head.of_output} are one-hot rows of {head.labels.shape[-1]}, and "
            evidence += f"{head.loss.name} expects class numbers"
            yield Finding("compile", evidence, head.compile_line())


def numbers_with_a_categorical_loss(case):
    """The categorical loss wants one-hot rows; class numbers belong to the sparse one.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        numbers = head.label_kind == "numbers" and (head.units or 2) > 1
        if head.loss.kind == "categorical" and numbers:
            top = int(head.labels.max())
            evidence = f"labels{head.of_output} are class numbers up to {top}, and "
            evidence += f"{head.loss.name} expects one-hot rows"
            yield Finding("compile", evidence, head.compile_line())
        elif head.loss.kind == "binary" and numbers and (head.units or 0) > 1:
            if head.labels.size == len(head.labels):
                evidence = f"{head.units} units{head.of_output} with {head.loss.name}, and labels "
                evidence += "are class numbers"
                yield Finding("compile", evidence, head.compile_line())


def labels_out_of_range(case):
    """Classes are counted from 0: with ten units the last one is 9.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds + 1
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.loss.kind not in CLASSES or head.labels is None:
            continue
        table = len(head.shape) == 2 and head.labels.ndim > 2  # told by another rule
        if not head.units or is_one_for_several(head) or table:
            continue
        if head.label_kind == "one-hot" and head.labels.shape[-1] != head.units:
            yield _other_width(case, head)
            continue
        if head.loss.kind == "binary" and head.units > 1:
            continue
        other = _in_validation(case, head)
        if _beyond(head):
            yield _counted_anew(case, head, other)
        elif other is not None and _beyond(other):
            yield _counted_anew_in_validation(head, other)


def _in_validation(case, head):
    """The same head with the labels of the validation, or None."""
    if len(case.heads) > 1 or case.validation is None or case.validation[1] is None:
        return None
    other = replace(head, labels=np.asarray(case.validation[1]))
    return other if other.labels.ndim == head.labels.ndim else None


def _beyond(head):
    """Whether labels are numbers, and such as its units cannot tell apart."""
    if head.label_kind != "numbers" and not _grey_masks(head):
        return False
    low, high = head.labels.min(), head.labels.max()
    return not (0 <= low and high <= max(head.units - 1, 1))


def _grey_masks(head):
    """Whether labels are masks of two classes, 0 to 255, with greys along the edges.

    So where they were made smaller, or read from a JPEG. Of discs on 32×48 to 128×128 pixels, made
    smaller by 2 or 3, larger by 2, or stored as JPEG, 0.93 and more of all pixels are nearly black
    or nearly white. Masks of several classes have no such values in between: 0 to 20 and 255.
    """
    labels = head.labels
    if len(head.shape) != 4 or head.units > 2 or labels.dtype.kind not in "uif":
        return False
    if labels.size != labels.shape[0] * np.prod(labels.shape[1:3]) or not np.isfinite(labels).all():
        return False
    if not 0 <= labels.min() < 30 or not 225 < labels.max() <= 255:
        return False
    black, white = labels < 32, labels > 223
    between = (labels > 64) & (labels < labels.max()) & (white | (labels < 192))
    return bool(between.any() and (black | white).mean() > 0.75)


def _counted_anew(case, head, other):
    """What makes classes of labels beyond those that the units can tell apart."""
    values, most = np.unique(head.labels), max(head.units - 1, 1)
    low, high = values[[0, -1]]
    evidence = f"labels{head.of_output} go from {low:g} to {high:g}, and {_can_tell(head)}"
    grey, two = _grey_masks(head), len(values) == 2
    if not grey and len(values) > most + 1:
        name = (head.weighted or "output").split("/")[-1]
        softmax = head.activation in ("softmax", "sigmoid")
        end = ", activation='softmax'" if softmax else ""
        loss = f"keras.losses.SparseCategoricalCrossentropy(from_logits={not softmax})"
        line = f"layers.Dense({int(high) + 1}{end})  # in place of {name}; compile with {loss}"
        return Finding(head.weighted or "labels", evidence, line)
    if grey:
        evidence += ": black and white with greys along the edges, as of pictures"
    if head.units == 1 and (grey or (two and low == 0)):
        change = f"{{}} / {255 if grey else high:g}"
    elif grey:
        change = "({} > 127).astype(int)"
    elif np.array_equal(values, low + np.arange(len(values))):
        change = f"{{}} - {low:g}" if low > 0 else f"{{}} + {-low:g}"
    else:
        change = f"np.searchsorted({values.astype(int).tolist()}, {{}})"
    least = None if other is None else other.labels.min()
    alike = other is not None and least >= low and (_beyond(other) or least > 0)
    line = in_both_labels(case, change) if alike else f"labels = {change.format('labels')}"
    return Finding("labels", evidence, line)


def _counted_anew_in_validation(head, other):
    """The same, where only the labels of the validation lie beyond."""
    values, data = np.unique(other.labels), "validation_data[1]"
    low, high = values[[0, -1]]
    evidence = f"labels of the validation go from {low:g} to {high:g}, those of the training from "
    evidence += f"{head.labels.min():g} to {head.labels.max():g}, and {_can_tell(head)}"
    grey = _grey_masks(other)
    if head.units == 1 and low == 0 and (grey or len(values) == 2):
        change = f"{data} / {255 if grey else high:g}"
    elif low == 1 and high == head.units and len(values) > 2:
        change = f"{data} - 1"
    elif len(values) == 2 and head.units <= 2:
        change = f"np.searchsorted({values.astype(int).tolist()}, {data})"
    else:  # nobody can know which of the classes are meant
        line = f"known = [np.isin(label, np.unique(labels)).all() for label in {data}]; "
        line += "validation_data = tuple(np.asarray(a)[known] for a in validation_data)"
        return Finding("labels", evidence, line, "the names of the classes of both sets, by number")
    return Finding("labels", evidence, f"validation_data = (validation_data[0], {change})")


def _can_tell(head):
    """In words, which classes its units can tell apart."""
    return f"{head.units} unit{'s' * (head.units > 1)} can tell 0 to {max(head.units - 1, 1)} apart"


def several_classes_with_a_softmax(case):
    """A softmax shares 1 among the classes; where several are right, each needs its own sigmoid.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images = pictures
        labels = np.stack([kinds == 0, kinds != 1, kinds != 2], axis=1).astype("float32")
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        softmax = head.activation == "softmax" or head.loss.kind == "categorical"
        crossentropy = head.loss.kind in ("categorical", "binary")
        if head.label_kind == "several" and softmax and crossentropy and head.activation_at:
            most = int(head.labels.sum(axis=-1).max())
            if most < 2:
                continue  # rows without a class
            evidence = f"up to {most} classes{head.of_output} are right for one picture"
            line = f"model.get_layer({head.activation_at!r}).activation = keras.activations.sigmoid"
            compiled = recompiled(case)
            if case.steps and all(layer.trainable for layer in case.layers):  # no base to keep
                line += f"; {new_weights(case)}"
                compiled = compiled_anew(case)
            line += compiled.partition("model.loss")[0]
            line += "loss=keras.losses.BinaryCrossentropy(), metrics=['binary_accuracy'])"
            yield Finding(head.activation_at, evidence, line)


def one_class_only(case):
    """Where every picture is of the same class there is nothing to tell apart.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        loaded = pictures[np.argsort(kinds)], np.sort(kinds)
        images, labels = loaded[0][:60], loaded[1][:60]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        classes = head.classes
        if (
            classes is None
            or len(classes) < FEW
            or head.labels.size
            != classes.size * (head.labels.shape[-1] if head.label_kind == "one-hot" else 1)
        ):
            continue
        if len(np.unique(classes)) == 1:
            evidence = f"all {len(classes)} labels{head.of_output} are class {classes[0]}"
            line = f"{SHUFFLED_TOGETHER}  {AS_LOADED}, before some are taken; or mend the line "
            line += "that makes the labels: it may compare what is never equal"
            yield Finding("labels", evidence, line)


def imbalance(case):
    """Where one class is most of the pictures, to name it always is right most of the time.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        keep = np.concatenate([np.flatnonzero(kinds == 0), np.flatnonzero(kinds > 0)[:4]])
        images, labels = pictures[keep], kinds[keep]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        classes = head.classes
        if classes is None or len(classes) < FEW or classes.ndim != 1:
            continue
        if head.label_kind == "numbers" and head.labels.size != classes.size:
            continue
        if head.loss.kind == "squared" or classes.min() < 0:
            continue
        counts = np.bincount(classes)
        share = counts.max() / counts.sum()
        if 0.85 <= share < 1 and not any(rare_class_not_recognised(case)):
            rare = int(np.argmin(np.where(counts > 0, counts, counts.sum())))
            evidence = f"class {counts.argmax()} is {share:.0%} of the labels{head.of_output}, "
            evidence += f"class {rare} {counts[rare]} of {counts.sum()}"
            code = "labels.argmax(-1)" if head.label_kind == "one-hot" else "labels.ravel()"
            line = (
                f"keep = np.concatenate([np.resize(np.flatnonzero({code} == k), "
                f"{counts.max()}) for k in np.unique({code})]); "
                "images, labels = images[keep], labels[keep]"
            )
            yield Finding(
                "labels", evidence, line, "the recall of every class (a confusion matrix)"
            )


def _other_width(case, head):
    width = head.labels.shape[-1]
    if width == head.units + 1 and counted_from_one(head.classes, width):
        evidence = f"labels{head.of_output} are rows of {width}, of which the first is never right:"
        evidence += f" the classes are counted from 1, and the model has {head.units} units"
        return Finding("labels", evidence, in_both_labels(case, "{}[:, 1:]"))
    evidence = f"labels{head.of_output} are rows of {width}, and the model has {head.units} units"
    name = (head.weighted or "output").split("/")[-1]
    end = f", activation={head.activation!r}" if head.activation not in ("linear", "") else ""
    return Finding(
        head.weighted or "labels", evidence, f"layers.Dense({width}{end})  # in place of {name}"
    )
