"""Rules about a validation that is told in other terms: channels, units."""

from dataclasses import replace

import numpy as np

from cnnlab.diagnosis.case import predicted_classes
from cnnlab.diagnosis.finding import Finding

FEW = 24  # pictures, below which a share tells nothing


def channels_in_another_order(case):
    """OpenCV reads blue, green, red; a network that learned red, green, blue sees other colours.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 3)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        colours = np.array([[1.0, 0.2, 0.2], [1.0, 0.7, 0.2], [0.7, 0.7, 0.7]])
        images, labels = pictures * colours[kinds][:, None, None], kinds
        others, other_kinds = stripes(80, seed=1)
        others = others * colours[other_kinds][:, None, None]
        validation_data = others[..., ::-1], other_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        model.fit(images, labels, epochs=15, verbose=0)
    """
    if len(case.heads) != 1 or len(case.pictures) != 1 or not case.run.answers:
        return
    head, array = case.heads[0], case.pictures[0]
    learned = case.share_right(head, case.run.answers[0])
    if learned is None or learned < 0.4 or array.ndim != 4 or array.shape[-1] != 3:
        return
    other = validation_of(case, head)
    rows, answers = case.validated
    if other is None or len(rows) < FEW or not answers:
        return
    classes = other[1][rows]
    right = float((predicted_classes(head, answers[0]) == classes).mean())
    if right > learned - 0.1:
        return
    turned = case.answers_to(other[0][rows][..., ::-1], np.arange(len(rows)))
    better = float((predicted_classes(head, turned[0]) == classes).mean())
    if better > right + 0.15:
        evidence = f"of {len(rows)} validation images {right:.2f} are named rightly, with their "
        evidence += f"channels in reverse {better:.2f}; of the training images {learned:.2f}"
        line = "validation_data = validation_data[0][..., ::-1], validation_data[1]"
        yield Finding("images", evidence, line)


def labels_scaled_otherwise(case):
    """Measured numbers in another unit, such as pixels in one set and shares in the other.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(1),
        ])
        images, labels = pictures, pictures.mean(axis=(1, 2))
        others = stripes(80, seed=1)[0]
        validation_data = others, 255 * others.mean(axis=(1, 2))
        model.compile("adam", "mse", metrics=["mae"])
    """
    if case.validation is None or len(case.heads) != 1 or case.validation[1] is None:
        return
    head = case.heads[0]
    if head.loss.kind != "squared" or head.labels is None or head.labels.dtype.kind not in "biuf":
        return
    ours, theirs = head.labels, np.asarray(case.validation[1])
    if theirs.dtype.kind not in "biuf" or min(len(ours), len(theirs)) < 4:
        return
    most, most_v = (float(np.abs(labels).max()) for labels in (ours, theirs))
    spreads = float(ours.std()), float(theirs.std())
    if not (most and most_v and all(spreads) and np.isfinite([most, most_v]).all()):
        return
    times, by_spread = most_v / most, spreads[1] / spreads[0]
    if min(times, by_spread) > 8 or max(times, by_spread) < 1 / 8:
        evidence = f"labels go up to {most:.3g}, with a deviation of {spreads[0]:.2g}; those of "
        evidence += f"the validation up to {most_v:.3g}, {spreads[1]:.2g}"
        change = f"/ {times:.4g}" if times > 1 else f"* {1 / times:.4g}"
        line = f"validation_data = validation_data[0], np.asarray(validation_data[1]) {change}"
        yield Finding("labels", evidence, line)


def validation_of(case, head):
    """The pictures and classes of the validation, or None where they are not like the others."""
    if case.validation is None or case.validation[1] is None:
        return None
    images, labels = case.validation[0], np.asarray(case.validation[1])
    classes = replace(head, labels=labels).classes
    fits = isinstance(images, np.ndarray) and images.shape[1:] == case.pictures[0].shape[1:]
    if not fits or classes is None or classes.ndim != 1 or len(classes) != len(images):
        return None
    return (images, classes) if np.isfinite(images).all() and classes.min() >= 0 else None
