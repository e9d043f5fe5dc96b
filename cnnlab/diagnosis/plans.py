"""Rules about a learning rate that changes: by a plan, or by a callback that notes each epoch's."""

import numpy as np

from cnnlab.diagnosis.finding import Finding, compiled_anew, started_anew
from cnnlab.diagnosis.rates import learned, usual_rate
from cnnlab.reading import private_names


def rate_that_ran_out(case):
    """With a rate of nearly 0 the later epochs change nothing, and cost their time all the same.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        plan = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3 / 100 ** epoch)
        history = model.fit(images, labels, epochs=5, callbacks=[plan], verbose=0)
    """
    loss, noted = case.history.get("loss"), case.history.get("learning_rate")
    if loss is None or case.rate is None or not np.isfinite(loss).all():
        return
    # Of a callback that waits for a plateau only the end is so low, not half of the training.
    if noted is not None and len(noted) > 2 and noted[len(noted) // 2] <= 2e-3 * noted[0]:
        gone = noted[len(noted) // 2] <= 1e-5 * noted[0]
        late = loss[len(loss) // 2 :]
        still = (
            np.ptp(late) < 0.01 * late[-1] and late[-1] > 0.1
        )  # none of these epochs did anything
        unlearned = loss[-1] > 0.3 and not learned(case)
        if gone or still or unlearned:
            evidence = f"in {len(noted)} epochs the learning rate fell from {noted[0]:.2g} to "
            evidence += f"{noted[-1]:.2g}, and the loss is {loss[-1]:.3g}"
            yield Finding("history", evidence, _with_one_rate(case), _ASK)
        return
    if not private_names.has_plan(case.optimizer):
        return
    ended = case.steps > 0 and case.rate <= 1e-6
    if ended and loss[-1] > 0.7 * loss[0] and loss[-1] > 0.3 and not learned(case):
        evidence = f"by its plan {type(case.optimizer).__name__} has a learning rate of "
        evidence += f"{case.rate:.2g} after {case.steps} steps, and the loss is {loss[-1]:.3g}; "
        evidence += "a plan, such as its decay_steps, counts batches, and an epoch has "
        evidence += f"{case.steps // len(loss)}"
        line = compiled_anew(case, usual_rate(case.optimizer)).lstrip("; ")
        yield Finding("compile", evidence, line, "the rate of every epoch, drawn")


def rate_lowered_while_improving(case):
    """A rate is lowered where the curve stands still; lowered earlier, it makes it stand still.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(), layers.Dense(16, activation="relu"),
            layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        lower = keras.callbacks.ReduceLROnPlateau("loss", mode="max", patience=1)
        history = model.fit(images, labels, epochs=6, callbacks=[lower], verbose=0)
    """
    loss, noted = case.history.get("loss"), case.history.get("learning_rate")
    if loss is None or noted is None or len(noted) != len(loss) or len(loss) < 4:
        return
    # It stands still, and not where a training arrives: of 12 sound plans and callbacks on digits
    # none; of one that multiplies by 0.7 each epoch the loss of 0.11 still fell by 3 % an epoch.
    stands = np.isfinite(loss).all() and loss[-1] > max(0.98 * loss[-2], 0.2)
    if not stands or any(rate_that_ran_out(case)):
        return
    cuts = np.flatnonzero(noted[1:] < _CUT * noted[:-1])
    # A plan of steps waits longer for its second one, and one that falls evenly has half of its
    # rate at half of the training.
    first = [epoch for epoch in cuts if epoch][:2]
    soon = len(first) == 2 and first[1] < 7 and noted[len(noted) // 2] <= 0.3 * noted[0]
    if soon and all(_improved(case.history, epoch) for epoch in first):
        early = " and ".join(str(epoch + 1) for epoch in first)
        evidence = f"the learning rate fell {len(cuts)} times in {len(loss)} epochs, from "
        evidence += f"{noted[0]:.2g} to {noted[-1]:.2g}; after the epochs {early} "
        evidence += f"it fell though {' and '.join(_watched(case.history))} had become better"
        yield Finding("history", evidence, _with_one_rate(case), _ASK)


def rate_that_grows(case):
    """Steps that become ever longer arrive nowhere: what was learned is lost again.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        plan = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 5 * rate)
        history = model.fit(images, labels, epochs=6, callbacks=[plan], verbose=0)
    """
    loss, noted = case.history.get("loss"), case.history.get("learning_rate")
    usual = usual_rate(case.optimizer)
    if loss is None or noted is None or len(noted) != len(loss) or len(loss) < 3 or not usual:
        return
    loss = np.where(np.isfinite(loss), loss, np.inf)
    best = int(loss.argmin())
    grown = noted[-1] >= 10 * noted[0] and noted[-1] >= 3 * usual and noted[-1] == noted.max()
    if grown and loss[-1] > 1.3 * loss[best] + 0.05:
        evidence = f"in {len(noted)} epochs the learning rate grew from {noted[0]:.2g} to "
        evidence += f"{noted[-1]:.2g}, usual is {usual:g}; the loss was {loss[best]:.3g} in epoch "
        evidence += f"{best + 1}, at a rate of {noted[best]:.2g}, and is {loss[-1]:.3g}"
        decides = "whether the rates were tried on purpose, from small to large, to choose one"
        yield Finding("history", evidence, _with_one_rate(case), decides)


_CUT = 0.75  # of the rate of the epoch before; more is a plan that falls evenly
_ASK = (
    "the rate of every epoch, drawn; and what lowers it: a LearningRateScheduler gives the rate "
    'of its epoch back, a ReduceLROnPlateau waits for an accuracy with mode="max" and a patience'
)


def _with_one_rate(case):
    line = started_anew(case, usual_rate(case.optimizer))
    return f"{line}; history = model.fit(images, labels, epochs=20, verbose=0)"


def _watched(history):
    """The curves by which one judges a training: those of the validation, where there is one."""
    found = [name for name in ("val_loss", "val_accuracy") if name in history]
    return found or ["loss"]


def _improved(history, epoch):
    """Whether no curve was better than after this epoch, and one became so by more than 1 %."""
    steps = []
    for name in _watched(history) if epoch else ():
        curve = history[name][: epoch + 1] * (1 if name.endswith("loss") else -1)
        before = curve[:-1].min()
        steps.append((before - curve[-1]) / max(abs(before), 1e-9))
    return bool(steps) and min(steps) >= 0 and max(steps) > 0.01
