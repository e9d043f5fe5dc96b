"""Learning rates: which are usual, which are far off, and what a curve of losses says of one."""

import numpy as np

from cnnlab.reading import private_names

ADAPTIVE = frozenset("Adam AdamW Nadam Adamax RMSprop Lion".split())
TOO_LONG = 0.995  # a momentum of which a step is made of the last 200 gradients and more
_LOW = 1.001e-6  # at which even ten thousand steps move a weight by a hundredth


def usual_rate(optimizer):
    """The rate to begin with, or None for an optimiser that is not known.

    Example:
        >>> import keras
        >>> usual_rate(keras.optimizers.SGD())
        0.01
    """
    name = type(optimizer).__name__
    return 0.001 if name in ADAPTIVE else 0.01 if name == "SGD" else None


def first_rate(case):
    """The rate of the first step, or None where a plan changes it or there is none.

    A callback that lowers it notes the rates in the history.
    """
    if case.optimizer is None or private_names.has_plan(case.optimizer):
        return None
    noted = case.history.get("learning_rate")
    return case.rate if noted is None else float(noted[0])


def in_the_end(case):
    """How far repeated steps go: with a momentum m they add up to 1 / (1 - m) of one."""
    rate = first_rate(case)
    momentum = getattr(case.optimizer, "momentum", 0) if usual_rate(case.optimizer) else 0
    plain = type(case.optimizer).__name__ != "SGD" or not isinstance(momentum, int | float)
    return rate if plain or not rate else rate / max(1 - momentum, 1e-9)


def far_off(case):
    """Whether a rate is "high" or "low", far from what is usual; else ``""``."""
    rate, usual = first_rate(case), usual_rate(case.optimizer)
    if not rate or usual is None:
        return ""
    high = 100 * usual if type(case.optimizer).__name__ in ADAPTIVE else 200 * usual
    if rate >= high or in_the_end(case) >= max(high, 500 * usual):
        return "high"
    return "low" if rate <= _LOW else ""


def usable_rate(case):
    """A rate for a new training: the model's own, unless that is what is wrong."""
    rate, usual = case.rate or 0, usual_rate(case.optimizer) or 0.001
    if not 0.0099 * usual < rate < 10.1 * usual:
        return usual
    loss = case.history.get("loss")
    return rate / 10 if loss is not None and (rises(loss) or leaps(loss)) else rate


def good(case):
    """Whether a training ended with nine of ten pictures named rightly, as its history says."""
    accuracy = case.history.get("accuracy")
    return accuracy is not None and accuracy[-1] > 0.9


def learned(case):
    """Whether a training arrived, as far as is known."""
    return good(case) or bool(case.steps and case.answers_right)


def rises(loss):
    """Whether a training loss (epochs,) ends far above where it began.

    Example:
        >>> rises(np.array([1.2, 1.3, 1.3, 3.0]))
        True
    """
    return _usable(loss) and bool(loss[-1] > 1.5 * loss[0])


def leaps(loss):
    """Whether a training loss (epochs,) goes up and down by more than a tenth.

    Example:
        >>> leaps(np.array([1.3, 2.9, 1.1, 4.2, 1.6, 3.8]))
        True
    """
    if not _usable(loss):
        return False
    steps = np.diff(loss)
    up, down = steps[steps > 0].sum(), -steps[steps < 0].sum()
    often = (steps > 0.1 * loss[0]).sum() >= 2
    return bool(often and up > 0.5 * down and loss.max() > 0.3)


def stays(loss, least=3):
    """Whether a training loss (epochs,) stays where it began, and that is not near 0.

    Example:
        >>> stays(np.array([2.289, 2.289, 2.288]))
        True
    """
    if len(loss) < least or not np.isfinite(loss).all() or loss.min() <= 0.3:
        return False
    return bool(np.ptp(loss) < 0.03 * loss.mean())


def _usable(loss):
    return len(loss) >= 4 and bool(np.isfinite(loss).all()) and loss.min() > 0
