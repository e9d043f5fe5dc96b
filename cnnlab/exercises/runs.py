"""What an answer comes to on the cases of an exercise, whatever is right."""

import copy
import warnings
from dataclasses import dataclass

import numpy as np

from cnnlab.exercises.differences import difference
from cnnlab.exercises.results import settled

NOTHING_TO_VIEW = str | None


@dataclass(frozen=True)
class Run:
    """What one case came to: a result and the arguments it changed, or an error."""

    result: object = None
    changed: tuple = ()
    error: BaseException | None = None


def runs_on(exercise, answer, cases):
    """The answer on every case: a list of `Run`."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if not cases:
            return [viewed(exercise, _run(lambda: answer, ()))]
        return [viewed(exercise, _run(answer, case)) for case in cases]


def _run(function, case):
    given = [_fresh(argument) for argument in case]
    before = [_data(argument) for argument in case]
    try:
        result = settled(function(*given))
        after = [_data(argument) for argument in given]
    except (Exception, SystemExit) as error:
        return Run(error=error)
    finally:  # a model is handed on to the next run
        for argument, weights in zip(case, before, strict=True):
            if is_model(argument):
                argument.set_weights(weights)
    changed = [difference(*pair, 0) is not None for pair in zip(after, before, strict=True)]
    return Run(result, tuple(changed))


def _data(argument):
    """What a function could change of an argument in place; None if nothing."""
    if is_model(argument):
        return argument.get_weights()
    return argument if isinstance(argument, np.ndarray | list) else None


def _fresh(value):
    return copy.deepcopy(value) if isinstance(value, np.ndarray | list | dict) else value


def viewed(exercise, run):
    """The run with what the exercise compares of its result; an error if it has none of that."""
    untouched = run.result is ... or isinstance(run.result, NOTHING_TO_VIEW)
    if exercise.view is None or run.error is not None or untouched:
        return run
    try:
        return Run(exercise.view(run.result), run.changed)
    except Exception as error:
        return Run(error=error)


def is_model(answer):
    """Whether it is a Keras model, which can be called as a function can."""
    return hasattr(answer, "layers") and hasattr(answer, "fit")
