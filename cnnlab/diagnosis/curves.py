"""Rules about a training's history: loss and accuracy, epoch by epoch."""

import numpy as np

from cnnlab.diagnosis.augmentation import MOVES
from cnnlab.diagnosis.finding import Finding, several, started_anew
from cnnlab.diagnosis.learning_rates import slower
from cnnlab.diagnosis.memory import untouched_since_start
from cnnlab.diagnosis.pairing import numbered_otherwise
from cnnlab.diagnosis.rates import far_off
from cnnlab.diagnosis.sets import sorted_before_the_split
from cnnlab.diagnosis.signals import statistics_not_settled
from cnnlab.diagnosis.turned import CHANGES

FEW = 16  # pictures, below which a share tells nothing


def loss_below_zero(case):
    """A crossentropy is never below 0, unless the labels are no classes from 0 to 1.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(1, activation="sigmoid"),
        ])
        images, labels = pictures, None
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        history = {"loss": [0.2, -3.1, -9.8, -21.0]}
    """
    loss = case.history.get("loss")
    if loss is None or not any("crossentropy" in head.loss.name for head in case.heads):
        return
    if np.isfinite(loss).any() and np.nanmin(loss) < -1e-3:
        names = [head.loss.name for head in case.heads if "crossentropy" in head.loss.name]
        evidence = f"{names[0]} went down to {np.nanmin(loss):.3g}: labels beyond 0 to 1"
        line = "print(np.unique(labels)); history = None  # and train with labels 0 and 1"
        yield Finding("history", evidence, line)


def loss_is_nan(case):
    """From the first NaN on all weights are NaN. Most often a step was too long.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(1.0), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = {"loss": [1.3, 7.2e9, float("nan"), float("nan")]}
    """
    loss = case.history.get("loss")
    if loss is None or np.isfinite(loss).all():
        return
    first = int(np.flatnonzero(~np.isfinite(loss))[0])
    before = f"after {loss[first - 1]:.3g}" if first else "from the first epoch on"
    evidence = f"the loss is {loss[first]:g} in epoch {first + 1}, {before}"
    yield Finding(
        "history",
        evidence,
        slower(case),
        "whether a tenth of the rate mends it; if not, look for NaN in images or labels, log(0)",
    )


def nothing_learned(case):
    """The loss stays where it began. Rows above may say why.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = {
            "loss": [1.100, 1.099, 1.101, 1.099, 1.100, 1.098],
            "accuracy": [0.33, 0.35, 0.32, 0.34, 0.33, 0.35],
        }
    """
    loss, accuracy = case.history.get("loss"), case.history.get("accuracy")
    if loss is None or accuracy is None or len(loss) < 4 or not np.isfinite(loss).all():
        return
    if far_off(case) == "low":
        return  # told from the settings
    if len(loss) > 4 and loss[0] > loss[1:].max():
        loss = loss[1:]  # the first epoch may begin far above guessing
    flat = np.ptp(loss) < 0.03 * abs(loss.mean()) and (np.diff(loss) < 0).mean() < 0.9
    if flat and np.ptp(accuracy) < 0.1 and accuracy.max() < 0.75 and loss.mean() > 0.3:
        evidence = f"in the last {len(loss)} epochs the loss stayed between {loss.min():.3g} and "
        evidence += f"{loss.max():.3g}, the accuracy between {accuracy.min():.2f} and "
        evidence += f"{accuracy.max():.2f}"
        line = f"{started_anew(case)}; history = model.fit(images, labels, epochs=30, verbose=0)"
        turning = [node.layer.name for node in case.calls if node.kind in MOVES]
        decides = (
            "whether it learns twenty pictures by heart; if not, look at the labels and the loss"
        )
        decides += f", and train once without {several(turning)}" if turning else ""
        yield Finding("history", evidence, line, decides)


def overfitting(case):
    """The training loss falls while that of the validation rises: pictures are learned by heart.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(), layers.Dense(64, activation="relu"),
            layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        images, labels, validation_data = pictures, kinds, stripes(80, seed=1)
        history = {
            "loss": [1.0, 0.6, 0.3, 0.15, 0.08, 0.04, 0.02],
            "val_loss": [1.0, 0.8, 0.7, 0.75, 0.85, 0.95, 1.1],
        }
    """
    loss, validation = case.history.get("loss"), case.history.get("val_loss")
    if loss is None or validation is None or len(validation) < 4:
        return
    causes = (
        statistics_not_settled, numbered_otherwise, *CHANGES,
        sorted_before_the_split,
    )  # fmt: skip
    if any(any(cause(case)) for cause in causes):  # of which it is a consequence
        return
    if not (np.isfinite(loss).all() and np.isfinite(validation).all()):
        return
    best = int(validation.argmin())
    since = len(validation) - 1 - best
    end = np.median(validation[-3:])
    if validation[best] > 4 * loss[best] + 1:
        return  # other pictures from the first epoch on: nothing that more training did
    accuracy = case.history.get("val_accuracy")
    kept = accuracy is not None and np.median(accuracy[-3:]) >= accuracy.max() - 0.02
    limit = (2 if kept else 1.2) * validation[best]  # only more sure of what is wrong anyway
    rises = since >= 3 and end > limit and end > 2 * loss[-1] + 0.05
    if rises and loss[-1] < 0.9 * loss[best]:
        evidence = f"the validation loss was lowest in epoch {best + 1}, {validation[best]:.2f}, "
        evidence += f"and is {validation[-1]:.2f}; the training loss fell to {loss[-1]:.2f}"
        line = f"{started_anew(case)}; history = model.fit(images, labels, "
        given = (
            "validation_split=0.2" if case.validation is None else "validation_data=validation_data"
        )
        line += f"epochs={best + 1}, {given}, verbose=0)"
        yield Finding("history", evidence, line)


def other_than_in_training(case):
    """What a training reached, its model still knows; if not, this is another model, or pictures.

    A network that is built or cloned anew, after its training, starts from random weights.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = model.fit(images, labels, epochs=15, verbose=0)
        model = keras.models.clone_model(model)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
    """
    accuracy = case.history.get("accuracy")
    if accuracy is None or accuracy[-1] < 0.8 or len(case.heads) != 1 or not case.run.answers:
        return
    right = case.share_right(case.heads[0], case.run.answers[0])
    trained = case.share_right(case.heads[0], case.run.in_training[0])
    if right is None or len(case.rows) < FEW or max(right, trained) > 0.6 * accuracy[-1] - 0.02:
        return
    evidence = f"the history ends with an accuracy of {accuracy[-1]:.2f}; of these pictures "
    evidence += f"{right:.2f} are named rightly"
    line = "history = model.fit(images, labels, epochs=15, verbose=0)"
    if untouched_since_start(case.layers) is True:
        yield Finding("model", f"{evidence}, by a model that was never trained", line)
    else:
        decides = "the range and the labels of the pictures that it was trained on"
        curve = case.history.get("val_accuracy", accuracy)
        worst = int(curve.argmin())
        if curve[worst] < accuracy[-1] - 0.2 and abs(right - curve[worst]) < 0.15:
            evidence += f", as after its epoch {worst + 1} ({curve[worst]:.2f})"
            decides = "whether EarlyStopping gave early weights back: the best accuracy is the "
            decides += "largest, mode='max'"
        yield Finding("images", evidence, line, decides)


def stopped_while_improving(case):
    """A callback that waits for the accuracy to fall stops a training that goes well.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        stops = keras.callbacks.EarlyStopping("loss", mode="max", patience=2)
        history = model.fit(images, labels, epochs=30, callbacks=[stops], verbose=0)
    """
    watched = [name for name in ("val_loss", "val_accuracy") if name in case.history]
    curves = {name: case.history[name] for name in watched or ("loss",) if name in case.history}
    done = len(case.history.get("loss", ()))
    if not case.planned or not 2 <= done < case.planned or not curves:
        return
    signs = {name: 1 if name.endswith("loss") else -1 for name in curves}
    if any((signs[n] * curve)[-1] >= (signs[n] * curve)[:-1].min() for n, curve in curves.items()):
        return
    name, curve = next(iter(curves.items()))
    told = ", ".join(f"{value:.2f}" for value in curve[-3:])
    evidence = f"{done} of {case.planned} epochs were trained, and {name} was best in the last: "
    line = f"{started_anew(case)}; history = model.fit(images, labels, epochs={case.planned}, "
    decides = "the callback that stopped it: a loss is best at its smallest, mode='min', an "
    decides += "accuracy at its largest, mode='max'"
    yield Finding("history", evidence + told, f"{line}verbose=0)", decides)


def too_few_epochs(case):
    """The training ended while its loss was still falling fast.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = {"loss": [1.10, 0.95, 0.80], "accuracy": [0.40, 0.55, 0.66]}
    """
    name = "val_loss" if "val_loss" in case.history else "loss"
    loss = case.history.get(name)
    accuracy = case.history.get("val_accuracy" if name[0] == "v" else "accuracy")
    if loss is None or not np.isfinite(loss).all() or loss[-1] <= 0:
        return
    least = 0.08 if len(loss) > 2 else 0.03
    falls = np.all(np.diff(loss[-3:]) < -least * loss[-3:-1])
    kind = "val_" if name[0] == "v" else ""
    reached = [
        curve[-1]
        for key, curve in case.history.items()
        if key.endswith("accuracy") and key.startswith("val_") == bool(kind)
    ]
    good = bool(reached) and min(reached) > (0.85 if len(loss) > 2 else 0.8)
    if len(loss) < 3 and accuracy is None:
        return
    if falls and not good and loss[-1] > 0.3:
        evidence = f"1 epoch of training, {name} {loss[-1]:.2f}"
        if len(loss) > 1:
            evidence = f"{name} fell by {1 - loss[-1] / loss[-2]:.0%} in the last of {len(loss)} "
            evidence += f"epochs, to {loss[-1]:.2f}"
        if accuracy is not None:
            evidence += f"; accuracy {accuracy[-1]:.2f}"
        line = "history = model.fit(images, labels, epochs=30, verbose=0)"
        yield Finding("history", evidence, line, "the curve of the validation, trained on")
