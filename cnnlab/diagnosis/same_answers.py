"""A rule about answers that are all alike: of pictures, or of every pixel."""

import numpy as np

from cnnlab.diagnosis.case import predicted_classes
from cnnlab.diagnosis.finding import Finding, started_anew
from cnnlab.diagnosis.heads import CLASSES
from cnnlab.diagnosis.memory import untouched_since_start

FEW = 16  # pictures, below which equal answers tell nothing


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
        decides = "the IoU of the rare class, after more epochs or with a loss that weighs it more"
        yield Finding(head.address or "model", evidence, line, decides)
