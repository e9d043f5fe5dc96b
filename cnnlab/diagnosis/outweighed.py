"""A rule about several outputs: which of their losses the shared layers hear."""

import numpy as np

from cnnlab.diagnosis.finding import Finding, started_anew
from cnnlab.diagnosis.heads import CLASSES
from cnnlab.diagnosis.memory import untouched_since_start

LOUD = 100  # times as large a gradient, before a training
STILL_LOUD = 3  # the same after one: the loud loss was learned, and is smaller
FEW = 16  # pictures, below which a share tells nothing


def one_loss_outweighs_another(case):
    """Losses are added: beside a squared error of hundreds a crossentropy of 2 is not heard.

    Example:
        image = keras.Input((8, 12, 1))
        x = layers.Conv2D(8, 3, activation="relu")(image)
        x = layers.GlobalMaxPooling2D()(x)
        ends = {"kind": layers.Dense(3, name="kind")(x), "grey": layers.Dense(1, name="grey")(x)}
        model = keras.Model(image, ends)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), {"kind": loss, "grey": "mse"})
        images = pictures
        labels = {"kind": kinds, "grey": 255 * pictures.mean(axis=(1, 2))}
    """
    pulls = case.run.pulls
    if len(pulls) < 2 or not np.isfinite(pulls).all() or len(case.rows) < FEW:
        return
    fresh = untouched_since_start(case.layers) is not False
    for number, head in enumerate(case.heads):
        loud = int(np.argmax(pulls))
        times = pulls[loud] / max(pulls[number], 1e-12)
        if head.loss.kind not in CLASSES or case.heads[loud].loss.kind != "squared":
            continue
        right = case.share_right(head, case.run.answers[number])
        usual = 0.0 if right is None else _share_of_the_commonest(head.classes[case.rows])
        if right is None or times < (LOUD if fresh else STILL_LOUD):
            continue
        if not fresh and right > usual + 0.2 * (1 - usual):
            continue  # it is heard
        names = head.name, case.heads[loud].name
        evidence = f"on the shared weights the gradient of {names[1]!r} is {times:.0f} times that "
        evidence += f"of {names[0]!r}"
        decides = "the accuracy after a training with both weights"
        if not fresh:
            evidence += f", of which {right:.2f} are named rightly; always the commonest class: "
            evidence += f"{usual:.2f}"
            decides = ""
        yield Finding(f"output {names[1]!r}", evidence, _weighted(case), decides)
        return


def _share_of_the_commonest(classes):
    return float(np.unique(classes, return_counts=True)[1].max() / len(classes))


def _weighted(case):
    """The line that weighs each squared error so that to guess costs 1."""
    weights = {}
    for head in case.heads:
        squared = head.loss.kind == "squared"
        spread = float(np.std(head.labels)) if squared else 1.0
        spread = spread if "absolute" in head.loss.name else spread**2
        weights[head.name] = float(f"{1 / max(spread, 1e-6):.2g}")
    given = weights if isinstance(case.model.loss, dict) else list(weights.values())
    line = started_anew(case).rstrip(")")
    return (
        f"{line}, loss_weights={given}); history = model.fit(images, labels, epochs=10, verbose=0)"
    )
