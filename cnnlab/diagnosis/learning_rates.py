"""Rules about the steps: the optimiser's settings, and what a history says of them."""

import numpy as np

from cnnlab.diagnosis.answers import measured_numbers_not_scaled
from cnnlab.diagnosis.finding import Finding, started_anew, without_what_was_spoilt
from cnnlab.diagnosis.memory import as_when_made
from cnnlab.diagnosis.pairing import shuffled
from cnnlab.diagnosis.rates import (
    ADAPTIVE,
    TOO_LONG,
    far_off,
    first_rate,
    good,
    in_the_end,
    leaps,
    learned,
    rises,
    stays,
    usual_rate,
)
from cnnlab.diagnosis.settings import changed_after_compile
from cnnlab.diagnosis.signals import dead_layer
from cnnlab.diagnosis.steps import epochs_of_few_steps, steps_of_a_whole_epoch


def learning_rate_far_off(case):
    """Each optimiser has its range; far above it steps leap, far below nothing moves.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1.0), loss, metrics=["accuracy"])
    """
    side, loss = far_off(case), case.history.get("loss")
    usual, end = usual_rate(case.optimizer), in_the_end(case)
    collapsed = (
        bool(usual and end)
        and end >= 9.9 * usual
        and bool(case.same_answer or (case.steps and dead_layer(case)))
    )
    if not (side or collapsed) or learned(case):
        return
    name = type(case.optimizer).__name__
    evidence = f"{name} with a learning rate of {first_rate(case):g}"
    momentum = getattr(case.optimizer, "momentum", 0)
    evidence += f" and a momentum of {momentum:g}" if name == "SGD" and momentum else ""
    evidence += f" is too {side or 'high'}: usual is {usual:g}"
    decides = "the loss of the first epochs at both rates"
    if side == "low":
        still = loss is not None and stays(loss)
        if not still and (not _new_answer(case) or (loss is not None and len(loss) > 2)):
            return  # a network that was trained before, or one that learns all the same
        if still:
            decides = ""
            evidence += (
                f"; in {len(loss)} epochs the loss went from {loss[0]:.4g} to {loss[-1]:.4g}"
            )
    elif collapsed:
        sign = "every picture gets the same answer"
        if not case.same_answer:
            sign = f"the units of {dead_layer(case)[0].address!r} are dead"
        evidence += f"; after the training {sign}"
    line = f"model.optimizer.learning_rate = {usual:g}"
    if case.steps and side != "low":
        line = started_anew(case, usual)
    yield Finding("compile", evidence, line, decides)


def optimizer_that_holds_back(case):
    """Gradients clipped to nearly nothing, a huge epsilon or decay: the rate is not what counts.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.01, clipnorm=1e-6), loss, metrics=["accuracy"])
    """
    if case.optimizer is None:
        return
    name, told = type(case.optimizer).__name__, []
    for clip in ("clipnorm", "clipvalue", "global_clipnorm"):
        value = getattr(case.optimizer, clip, None)
        if name == "SGD" and value is not None and 0 < value < 1e-3:
            told.append(f"{clip}={value:g}: no gradient is longer, so a step is at most that times")
    epsilon = getattr(case.optimizer, "epsilon", None)
    if name in ADAPTIVE and isinstance(epsilon, int | float) and epsilon >= 1:
        told.append(f"epsilon={epsilon:g}, by which every gradient is divided; usual is 1e-7, at")
    decay, rate = getattr(case.optimizer, "weight_decay", None), first_rate(case)
    known = isinstance(decay, int | float) and rate
    if known and decay * rate >= 0.01:
        told.append(f"weight_decay={decay:g}: every step takes {decay * rate:.2g} of a weight, at")
    told = [] if learned(case) else told
    # A step of Adam is about as long as the rate. Measured on digits, 8 epochs: 0.94 right without
    # a decay and with 1, 0.93 with 2, 0.90 with 5. Lion's steps are used with larger ones.
    if known and decay >= 2 and name in ADAPTIVE - {"Lion"} and not told:
        told.append(f"weight_decay={decay:g} holds every weight below {1 / decay:.2g}, at")
    if told:
        evidence = f"{name} with {told[0]} the rate"
        evidence += f" of {rate:g}" if rate else ""
        decides = "the loss of the first epochs without it"
        yield Finding("compile", evidence, without_what_was_spoilt(case), decides)


def momentum_too_long(case):
    """With a momentum of 0.999 a step is made of the last thousand gradients, long out of date.

    Measured on digits, 8 epochs of 25 steps: 0.94 right with Adam and beta_1=0.9, 0.93 with 0.99,
    0.90 with 0.999, and 0.86 where beta_1 and beta_2 are exchanged. SGD: 0.92, 0.87, 0.85.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(beta_1=0.999, beta_2=0.9), loss, metrics=["accuracy"])
    """
    for name in ("momentum", "beta_1"):
        value = getattr(case.optimizer, name, None)
        if not isinstance(value, float) or not TOO_LONG <= value < 1 or far_off(case):
            continue
        evidence = f"{type(case.optimizer).__name__} with {name}={value:g}: a step is made of the "
        evidence += f"last {1 / (1 - value):.0f} gradients; usual is 0.9"
        other = getattr(case.optimizer, "beta_2", None)
        if isinstance(other, float) and other < value:
            evidence += f"; beta_2={other:g} is smaller, as if they were exchanged"
        decides = f"the loss of the first epochs with {name}=0.9"
        yield Finding("compile", evidence, without_what_was_spoilt(case), decides)


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
    if loss is None or not (rises(loss) or leaps(loss)):
        return
    steps = np.diff(loss)
    evidence = f"the training loss rises in {(steps > 0).sum()} of {len(steps)} epochs, "
    evidence += f"{loss[0]:.3g} at first, {loss[-1]:.3g} at last"
    decides = "" if rises(loss) else "the loss with a tenth of the rate"
    yield Finding("history", evidence, slower(case), decides)


def rate_too_low(case):
    """The loss falls in every epoch, and hardly: the steps are too short to arrive.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            layers.Dense(16, activation="relu"), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1e-5), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = {"loss": [1.2004, 1.2001, 1.1997, 1.1994, 1.1991, 1.1987]}
    """
    loss, rate = case.history.get("loss"), first_rate(case)
    if loss is None or far_off(case) == "low" or steps_of_a_whole_epoch(case):
        return
    if any(epochs_of_few_steps(case)):
        return
    small = bool(rate) and rate < 0.11 * (usual_rate(case.optimizer) or 0) and _new_answer(case)
    if len(loss) < (3 if small else 5) or not np.isfinite(loss).all() or loss[0] <= 0:
        return
    steps = np.diff(loss)
    fall = (loss[0] - loss[-1]) / loss[0]
    late = loss[len(loss) // 2] - loss[-1]  # short steps go on as they began; a plateau does not
    falls = (steps < 0).mean() >= 0.9 and 0 < fall < 0.05 and late > 0.2 * (loss[0] - loss[-1])
    slow = (falls or (small and stays(loss))) and not good(case) and loss[-1] > 0.3
    causes = shuffled, measured_numbers_not_scaled, changed_after_compile
    if slow and not any(any(cause(case)) for cause in causes):  # of which it is a consequence
        evidence = f"the training loss fell in {(steps < 0).sum()} of {len(steps)} epochs, by "
        evidence += f"{fall:.1%} in all"
        line = f"model.optimizer.learning_rate = {_more(case):g}; history = model.fit("
        line += "images, labels, epochs=20, verbose=0)"
        if rate is not None:
            evidence += f", at a learning rate of {rate:g}"
        yield Finding("history", evidence, line, "the loss with ten times the rate")


def slower(case):
    """The line that starts anew with a tenth of the learning rate."""
    line = started_anew(case, case.rate / 10 if case.rate else 0.001)
    return f"{line}; history = model.fit(images, labels, epochs=10, verbose=0)"


def _more(case):
    """A learning rate that is worth a trial: ten times as much, at least the usual one."""
    return max(10 * (case.rate or 0), usual_rate(case.optimizer) or 0.001)


def _new_answer(case):
    """Whether the last layers' biases are no farther from their start than these steps reach."""
    reach = 10 * max(case.steps, 1) * (first_rate(case) or 0)
    ends = [case.graph[head.weighted].layer for head in case.heads if head.weighted]
    return bool(ends) and as_when_made(ends, reach) is not False
