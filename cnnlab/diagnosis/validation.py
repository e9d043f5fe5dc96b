"""A validation beside its training: the rule about units, and what its pictures are."""

from dataclasses import replace

import numpy as np

from cnnlab.diagnosis.finding import Finding


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
