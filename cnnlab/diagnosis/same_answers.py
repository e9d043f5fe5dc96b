"""A rule about answers that are all alike: of pictures, or of every pixel."""

import numpy as np

from cnnlab.diagnosis.answers import measured_numbers_not_scaled
from cnnlab.diagnosis.case import predicted_classes
from cnnlab.diagnosis.finding import Finding, started_anew
from cnnlab.diagnosis.heads import CLASSES
from cnnlab.diagnosis.memory import untouched_since_start

FEW = 16  # pictures, below which equal answers tell nothing
SHORT = 100  # steps, after which every network still answers much the same


def one_answer_for_all(case):
    """After training, every picture gets the same class: nothing was told apart.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            layers.Dense(16, activation="relu"), layers.Dense(3, name="output"),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        model.fit(pictures, kinds, epochs=1, batch_size=20, verbose=0)
        model.get_layer("output").bias.assign([9.0, 0.0, 0.0])
    """
    if untouched_since_start(case.layers) is not False:
        return  # not trained yet
    for head, answers in zip(case.heads, case.run.answers, strict=False):
        yield from _one_answer_for_all_places(case, head, answers)
        yield from _the_mean_for_all(case, head, answers)
        right = case.share_right(head, answers)
        if right is None or len(case.rows) < FEW:
            continue
        named, classes = predicted_classes(head, answers), head.classes[case.rows]
        if len(np.unique(named)) == 1 and len(np.unique(classes)) > 1:
            evidence = f"all {len(named)} pictures are called class {named[0]}{head.of_output}, "
            evidence += f"which {right:.2f} of them are"
            line = f"{started_anew(case)}; model.fit(images, labels, epochs=30, verbose=0)"
            decides = "a new training, with its loss watched epoch by epoch"
            yield Finding(head.address or "model", evidence, line, decides)


def _the_mean_for_all(case, head, answers):
    """The same of a measured number: answers that tell no more than the mean of the labels."""
    single = head.labels is not None and head.labels.size == len(head.labels) and head.units == 1
    if not single or answers.ndim != 2 or head.loss.kind != "squared" or len(case.rows) < FEW:
        return
    if (
        0 < case.steps < SHORT
        or len(head.labels) <= max(case.rows)
        or any(measured_numbers_not_scaled(case))
    ):
        return
    labels = head.labels[case.rows].astype(float).ravel()
    off, spread = float(np.mean((answers[:, 0] - labels) ** 2)), float(labels.var())
    if not np.isfinite(off) or spread == 0 or answers.std() > 0.3 * labels.std():
        return
    if off < 0.8 * spread:
        return
    evidence = (
        f"the answers{head.of_output} to {len(labels)} pictures differ by {answers.std():.2g}"
    )
    evidence += f", the labels by {np.sqrt(spread):.2g}: no better than their mean for all"
    line = f"labels = np.reshape(labels, (-1, 1)); {started_anew(case)}; "
    line += "history = model.fit(images, labels, epochs=30, verbose=0)"
    decides = "a longer training; and in a loop of your own, the shape of labels - model(images): "
    decides += "of (N,) and (N, 1) it is (N, N), and only the mean is learned"
    yield Finding(head.address or "model", evidence, line, decides)


def _one_answer_for_all_places(case, head, answers):
    """The same of a model that answers at every pixel: most of them are ground."""
    if answers.ndim != 4 or head.labels is None or head.loss.kind not in CLASSES:
        return
    labels = head.labels[case.rows] if len(head.labels) > max(case.rows) else None
    if labels is None or labels.shape[:3] != answers.shape[:3] or np.any(labels % 1):
        return
    classes = (
        labels.argmax(axis=-1)
        if head.label_kind == "one-hot"
        else labels.reshape(answers.shape[:3])
    )
    if answers.shape[-1] > 1:
        named = answers.argmax(axis=-1)
    else:
        named = answers[..., 0] > (0.5 if head.activation == "sigmoid" else 0)
    found, true = np.unique(named), np.unique(classes)
    if len(found) == 1 and len(true) > 1:
        share = float((classes == found[0]).mean())
        evidence = f"every pixel of {len(named)} pictures is called class {int(found[0])}"
        evidence += f"{head.of_output}, which {share:.2f} of them are"
        line = f"{started_anew(case)}; model.fit(images, labels, epochs=30, verbose=0)"
        decides = (
            "three masks, drawn over their pictures: do they belong together? Then the IoU of "
        )
        decides += "the rare class, after more epochs or with a loss that weighs it more"
        yield Finding(head.address or "model", evidence, line, decides)
