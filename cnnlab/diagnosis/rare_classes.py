"""A rule about classes of few pictures: whether a trained network names them at all."""

import numpy as np

from cnnlab.diagnosis.case import predicted_classes
from cnnlab.diagnosis.finding import Finding, started_anew
from cnnlab.diagnosis.memory import untouched_since_start

LEAST = 8  # pictures of a class, below which nothing is said of it
MOST = 64  # pictures of a class that are asked about


def rare_class_not_recognised(case):
    """A class of few pictures costs little, and is given up; `class_weight` makes it count.

    The weight is to be large where pictures are few: weights in proportion to the number of
    pictures, instead of the inverse, hide a rare class altogether.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        keep = np.concatenate([np.flatnonzero(kinds > 0), np.flatnonzero(kinds == 0)[:12]])
        images, labels = pictures[keep], kinds[keep]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        history = model.fit(
            images, labels, epochs=15, class_weight={0: 0.1, 1: 1.0, 2: 1.0}, verbose=0
        )
    """
    if untouched_since_start(case.layers) is not False or len(case.heads) != 1:
        return
    head, usual = case.heads[0], len(case.pictures) == 1 and bool(case.run.answers)
    if not usual or case.share_right(head, case.run.answers[0]) is None:
        return
    counts = np.bincount(np.maximum(head.classes, 0))
    even = len(head.classes) / max((counts > 0).sum(), 1)
    rare = [k for k in np.flatnonzero(counts >= LEAST) if counts[k] < even / 3]
    if not rare or len(head.classes) != len(case.images) or head.loss.kind == "squared":
        return
    common = np.flatnonzero(~np.isin(head.classes, rare))
    others = _recall(case, head, common[:: max(len(common) // MOST, 1)][:MOST])
    for k in rare:
        own = _recall(case, head, np.flatnonzero(head.classes == k)[:MOST])
        if own is None or others is None or others < 0.6 or own > 0.6 * others:
            continue
        evidence = (
            f"of class {k}, {counts[k]} of {len(head.classes)} pictures, {own:.2f} are named "
        )
        evidence += f"rightly, of the common classes {others:.2f}"
        loss, now = case.history.get("loss"), case.run.loss_in_prediction
        if loss is not None and now and loss[-1] < 0.5 * now:
            evidence += f"; the training noted a loss of {loss[-1]:.2g}, without weights it is "
            evidence += f"{now:.2g}: what is wrong counted less"
        code = "labels.argmax(-1)" if head.label_kind == "one-hot" else "labels.ravel()"
        line = f"counts = np.bincount({code}.astype(int)); class_weight = {{k: len(labels) / "
        line += f"len(counts) / max(n, 1) for k, n in enumerate(counts)}}; {started_anew(case)}; "
        line += "history = model.fit(images, labels, epochs=20, class_weight=class_weight, "
        decides = "`class_weight`, if `fit` got one: it is to be largest for the rarest class; "
        decides += "else the recall of every class after a training with it"
        yield Finding("labels", evidence, f"{line}verbose=0)", decides)
        return


def _recall(case, head, rows):
    """The share of some pictures that are named rightly, or None."""
    answers = case.answers_to(case.images, rows)
    if not answers:
        return None
    return float((predicted_classes(head, answers[0]) == head.classes[rows]).mean())
