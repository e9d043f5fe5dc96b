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
        if len(np.unique(named)) > 1:
            yield from _the_same_shares_for_all(case, head, answers, right)
        elif len(np.unique(classes)) > 1:
            evidence = f"all {len(named)} pictures are called class {named[0]}{head.of_output}, "
            evidence += f"which {right:.2f} of them are"
            yield _learned_anew(case, head, answers, evidence)


def _the_same_shares_for_all(case, head, answers, right):
    """The same where the largest of equal shares changes by chance."""
    usual = np.unique(head.classes[case.rows], return_counts=True)[1].max() / len(case.rows)
    softmax = head.activation == "softmax" and answers.ndim == 2 and answers.shape[1] > 1
    if not softmax or 0 < case.steps < SHORT or right > usual + 0.1:
        return
    spread = float(answers.std(axis=0).max())
    if spread > 0.01:
        return
    evidence = f"the answers{head.of_output} to {len(answers)} pictures differ by {spread:.2g}, "
    evidence += f"and {right:.2f} of them are named rightly"
    yield _learned_anew(case, head, answers, evidence)


def _learned_anew(case, head, answers, evidence):
    """What is told of classes: a loss of one's own may take their numbers for rows."""
    line, decides = started_anew(case), "a new training, with its loss watched epoch by epoch"
    if head.loss.name and not head.loss.kind and head.label_kind == "numbers":
        evidence += f"; labels are {_shape(head.labels)}, answers {_shape(answers)}"
        decides = f"what {head.loss.name!r} makes of class numbers: where it multiplies rows, a "
        decides += "number is taken as the weight of every class"
        line = line.replace(", loss", f", {head.fitting_loss}")
    line += "; model.fit(images, labels, epochs=30, verbose=0)"
    return Finding(head.address or "model", evidence, line, decides)


def _shape(array):
    return f"({', '.join(['N', *map(str, array.shape[1:])])}{',' * (array.ndim == 1)})"


def _the_mean_for_all(case, head, answers):
    """The same of a measured number: answers that tell no more than the mean of the labels."""
    measured = head.loss.kind == "squared" or (not head.loss.kind and head.label_kind == "real")
    if not measured or answers.ndim != 2 or head.labels is None or len(case.rows) < FEW:
        return
    if head.labels.size != len(head.labels) * answers.shape[1]:
        return
    if (
        0 < case.steps < SHORT
        or len(head.labels) <= max(case.rows)
        or any(measured_numbers_not_scaled(case))
    ):
        return
    labels = head.labels[case.rows].astype(float).reshape(answers.shape)
    off, spread = float(np.mean((answers - labels) ** 2)), float(labels.var(axis=0).mean())
    differ = float(np.sqrt(answers.var(axis=0).mean()))
    if not np.isfinite(off) or spread == 0 or differ > 0.6 * np.sqrt(spread):
        return
    if off < 0.8 * spread:
        return
    evidence = f"the answers{head.of_output} to {len(labels)} pictures differ by {differ:.2g}"
    evidence += f", the labels by {np.sqrt(spread):.2g}: no better than their mean for all"
    line, decides = started_anew(case), "a longer training"
    if head.units == 1:
        line = f"labels = np.reshape(labels, (-1, 1)); {line}"
        evidence += f"; labels are {_shape(head.labels)}, answers {_shape(answers)}"
        decides += "; and in a loop of your own, the shape of labels - model(images): of (N,) and "
        decides += "(N, 1) it is (N, N), and only the mean is learned"
    if head.loss.name in ("mape", "mean_absolute_percentage_error"):
        line = line.replace(", loss", ", 'mse'")
        decides = (
            "a training with 'mse': a percentage of a label near 0 weighs more than all others"
        )
    line += "; history = model.fit(images, labels, epochs=30, verbose=0)"
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
