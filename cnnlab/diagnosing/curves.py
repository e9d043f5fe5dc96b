"""Rules about a training's history: loss and accuracy, epoch by epoch."""

import numpy as np

from cnnlab.diagnosing.finding import Finding, started_anew


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
        _slower(case),
        "whether a tenth of the rate mends it; if not, look for NaN in images or labels, log(0)",
    )


def rate_too_high(case):
    """The loss leaps up and down, or rises: each step lands on the other side of the valley.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.5), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = {"loss": [1.3, 2.9, 1.1, 4.2, 1.6, 3.8]}
    """
    loss = case.history.get("loss")
    if loss is None or len(loss) < 4 or not np.isfinite(loss).all() or loss.min() <= 0:
        return
    steps = np.diff(loss)
    up, down = steps[steps > 0].sum(), -steps[steps < 0].sum()
    rises = loss[-1] > 1.5 * loss[0]
    leaps = (steps > 0.1 * loss[0]).sum() >= 2 and up > 0.5 * down and loss.max() > 0.3
    if rises or leaps:
        evidence = f"the training loss rises in {(steps > 0).sum()} of {len(steps)} epochs, "
        evidence += f"{loss[0]:.3g} at first, {loss[-1]:.3g} at last"
        decides = "" if rises else "the loss with a tenth of the rate"
        yield Finding("history", evidence, _slower(case), decides)


def rate_too_low(case):
    """The loss falls in every epoch, and hardly: the steps are too short to arrive.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            layers.Dense(16, activation="relu"), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1e-6), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = {"loss": [1.2004, 1.2001, 1.1997, 1.1994, 1.1991, 1.1987]}
    """
    loss, accuracy = case.history.get("loss"), case.history.get("accuracy")
    if loss is None or len(loss) < 5 or not np.isfinite(loss).all() or loss[0] <= 0:
        return
    steps = np.diff(loss)
    fall = (loss[0] - loss[-1]) / loss[0]
    falls = (steps < 0).mean() >= 0.9
    good = accuracy is not None and accuracy[-1] > 0.9
    if falls and 0 < fall < 0.05 and not good and loss[-1] > 0.3:
        evidence = f"the training loss fell in {(steps < 0).sum()} of {len(steps)} epochs, by "
        evidence += f"{fall:.1%} in all"
        rate = case.rate
        line = f"model.optimizer.learning_rate = {_more(case):g}; history = model.fit("
        line += "images, labels, epochs=20, verbose=0)"
        if rate is not None:
            evidence += f", at a learning rate of {rate:g}"
        yield Finding("history", evidence, line, "the loss with ten times the rate")


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
    if loss is None or accuracy is None or len(loss) < 5 or not np.isfinite(loss).all():
        return
    flat = np.ptp(loss) < 0.03 * abs(loss.mean()) and (np.diff(loss) < 0).mean() < 0.9
    if flat and np.ptp(accuracy) < 0.1 and accuracy.max() < 0.75 and loss.mean() > 0.3:
        evidence = f"in {len(loss)} epochs the loss stayed between {loss.min():.3g} and "
        evidence += f"{loss.max():.3g}, the accuracy between {accuracy.min():.2f} and "
        evidence += f"{accuracy.max():.2f}"
        line = f"{started_anew(case)}; history = model.fit(images, labels, epochs=30, verbose=0)"
        decides = "whether it learns twenty pictures by heart; if not, something above is wrong"
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
    if not (np.isfinite(loss).all() and np.isfinite(validation).all()):
        return
    best = int(validation.argmin())
    since = len(validation) - 1 - best
    end = np.median(validation[-3:])
    rises = since >= 2 and end > 1.2 * validation[best] and end > 2 * loss[-1] + 0.05
    if rises and loss[-1] < 0.9 * loss[best]:
        evidence = f"the validation loss was lowest in epoch {best + 1}, {validation[best]:.2f}, "
        evidence += f"and is {validation[-1]:.2f}; the training loss fell to {loss[-1]:.2f}"
        line = f"{started_anew(case)}; history = model.fit(images, labels, "
        line += f"epochs={best + 1}, validation_data=validation_data, verbose=0)"
        yield Finding("history", evidence, line)


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
    if loss is None or len(loss) < 3 or not np.isfinite(loss).all() or loss[-1] <= 0:
        return
    falls = np.all(np.diff(loss[-3:]) < -0.08 * loss[-3:-1])
    good = accuracy is not None and accuracy[-1] > 0.9
    if falls and not good and loss[-1] > 0.3:
        evidence = f"{name} fell by {1 - loss[-1] / loss[-2]:.0%} in the last of {len(loss)} epochs"
        evidence += f", to {loss[-1]:.2f}"
        if accuracy is not None:
            evidence += f"; accuracy {accuracy[-1]:.2f}"
        line = "history = model.fit(images, labels, epochs=30, verbose=0)"
        yield Finding("history", evidence, line, "the curve of the validation, trained on")


def _slower(case):
    """The line that starts anew with a tenth of the learning rate."""
    line = started_anew(case, case.rate / 10 if case.rate else 0.001)
    return f"{line}; history = model.fit(images, labels, epochs=10, verbose=0)"


def _more(case):
    """A learning rate that is worth a trial: ten times as much, at least the usual one."""
    usual = 0.01 if type(case.optimizer).__name__ == "SGD" else 0.001
    return max(10 * (case.rate or 0), usual)
