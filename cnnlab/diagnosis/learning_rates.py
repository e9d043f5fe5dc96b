"""Rules about the steps: the optimiser's settings, and what a history says of them."""

import numpy as np

from cnnlab.diagnosis.answers import measured_numbers_not_scaled
from cnnlab.diagnosis.finding import Finding, compiled_anew, started_anew
from cnnlab.diagnosis.memory import as_when_made
from cnnlab.diagnosis.pairing import shuffled
from cnnlab.diagnosis.rates import (
    ADAPTIVE,
    far_off,
    first_rate,
    in_the_end,
    leaps,
    rises,
    stays,
    usual_rate,
)
from cnnlab.diagnosis.signals import dead_layer
from cnnlab.reading import private_names


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
    yield from _plan_that_ends_at_once(case)
    side, loss = far_off(case), case.history.get("loss")
    usual, end = usual_rate(case.optimizer), in_the_end(case)
    collapsed = (
        bool(usual and end)
        and end >= 9.9 * usual
        and bool(case.same_answer or (case.steps and dead_layer(case)))
    )
    if not (side or collapsed) or _learned(case):
        return
    name = type(case.optimizer).__name__
    evidence = f"{name} with a learning rate of {first_rate(case):g}"
    momentum = getattr(case.optimizer, "momentum", 0)
    evidence += f" and a momentum of {momentum:g}" if name == "SGD" and momentum else ""
    evidence += f"; usual is {usual:g}"
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
    yield Finding("compile", evidence, f"model.optimizer.learning_rate = {usual:g}", decides)


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
    if case.optimizer is None or _learned(case):
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
    if isinstance(decay, int | float) and rate and decay * rate >= 0.01:
        told.append(f"weight_decay={decay:g}: every step takes {decay * rate:.2g} of a weight, at")
    if told:
        evidence = f"{name} with {told[0]} the rate"
        evidence += f" of {rate:g}" if rate else ""
        decides = "the loss of the first epochs without it"
        yield Finding("compile", evidence, compiled_anew(case).lstrip("; "), decides)


def batch_as_large_as_the_data(case):
    """An epoch of one step moves the weights once: few steps are too few, however many pictures.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = model.fit(images, labels, batch_size=240, epochs=5, verbose=0)
    """
    if steps_of_a_whole_epoch(case):
        epochs, count = len(case.history["loss"]), len(case.pictures[0])
        size = -(-count // (case.steps // epochs))
        evidence = f"{case.steps} steps in {epochs} epochs: a batch is about {size} of {count} "
        line = f"{started_anew(case)}; history = model.fit(images, labels, batch_size=32, "
        line += f"epochs={epochs}, verbose=0)"
        decides = "the loss after as many epochs with 32 pictures a step"
        yield Finding("history", f"{evidence}pictures", line, decides)


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
    small = bool(rate) and rate < 0.11 * (usual_rate(case.optimizer) or 0) and _new_answer(case)
    if len(loss) < (3 if small else 5) or not np.isfinite(loss).all() or loss[0] <= 0:
        return
    steps = np.diff(loss)
    fall = (loss[0] - loss[-1]) / loss[0]
    late = loss[len(loss) // 2] - loss[-1]  # short steps go on as they began; a plateau does not
    falls = (steps < 0).mean() >= 0.9 and 0 < fall < 0.05 and late > 0.2 * (loss[0] - loss[-1])
    slow = (falls or (small and stays(loss))) and not _good(case) and loss[-1] > 0.3
    causes = shuffled, measured_numbers_not_scaled
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


def _plan_that_ends_at_once(case):
    """A plan under which the rate is nearly 0 before anything was learned."""
    loss, noted = case.history.get("loss"), case.history.get("learning_rate")
    if loss is None or case.rate is None:
        return
    # Of a callback that waits for a plateau only the end is so low, not half of the training.
    if noted is not None and len(noted) > 2 and noted[len(noted) // 2] <= 2e-3 * noted[0]:
        gone = noted[len(noted) // 2] <= 1e-5 * noted[0]
        late = loss[len(loss) // 2 :]
        still = (
            np.ptp(late) < 0.01 * late[-1] and late[-1] > 0.1
        )  # none of these epochs did anything
        unlearned = loss[-1] > 0.3 and not _learned(case)
        if np.isfinite(loss).all() and (gone or still or unlearned):
            evidence = f"in {len(noted)} epochs the learning rate fell from {noted[0]:.2g} to "
            evidence += f"{noted[-1]:.2g}, and the loss is {loss[-1]:.3g}"
            line = started_anew(case, usual_rate(case.optimizer))
            line += "; history = model.fit(images, labels, epochs=20, verbose=0)"
            decides = (
                "the rate of every epoch, drawn; and whether a callback that lowers it, such as "
            )
            decides += 'ReduceLROnPlateau, waits for an accuracy with mode="max" and a patience'
            yield Finding("history", evidence, line, decides)
        return
    if not private_names.has_plan(case.optimizer):
        return
    ended = case.steps > 0 and case.rate <= 1e-6 and np.isfinite(loss).all()
    if ended and loss[-1] > 0.7 * loss[0] and loss[-1] > 0.3 and not _learned(case):
        evidence = f"by its plan {type(case.optimizer).__name__} has a learning rate of "
        evidence += f"{case.rate:.2g} after {case.steps} steps, and the loss is {loss[-1]:.3g}; "
        evidence += "a plan, such as its decay_steps, counts batches, and an epoch has "
        evidence += f"{case.steps // len(loss)}"
        line = compiled_anew(case, usual_rate(case.optimizer)).lstrip("; ")
        yield Finding("compile", evidence, line, "the rate of every epoch, drawn")


def steps_of_a_whole_epoch(case):
    """Whether a training of many pictures made a step or two an epoch, and did not arrive."""
    epochs = len(case.history.get("loss", ()))
    many = bool(case.pictures) and len(case.pictures[0]) >= 100
    return bool(epochs) and many and epochs <= case.steps <= 2 * epochs and not _good(case)


def _more(case):
    """A learning rate that is worth a trial: ten times as much, at least the usual one."""
    return max(10 * (case.rate or 0), usual_rate(case.optimizer) or 0.001)


def _good(case):
    accuracy = case.history.get("accuracy")
    return accuracy is not None and accuracy[-1] > 0.9


def _learned(case):
    """Whether a training arrived, as far as is known."""
    return _good(case) or bool(case.steps and case.answers_right)


def _new_answer(case):
    """Whether the last layers' biases are no farther from their start than these steps reach."""
    reach = 10 * max(case.steps, 1) * (first_rate(case) or 0)
    ends = [case.graph[head.weighted].layer for head in case.heads if head.weighted]
    return bool(ends) and as_when_made(ends, reach) is not False
