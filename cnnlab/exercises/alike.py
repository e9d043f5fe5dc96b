"""Whether two answers to an exercise behave alike on its cases."""

from functools import partial

from cnnlab.exercises.differences import difference, wrong_kind
from cnnlab.exercises.runs import NOTHING_TO_VIEW


def differ(exercise, one, other):
    """Whether two runs can be told apart."""
    if one.error is not None or other.error is not None:
        return kind_of(one.error) != kind_of(other.error)
    return one.changed != other.changed or difference_of(exercise, one, other) is not None


def kind_of(error):
    """The module and the name of an error's class, which another process knows as well."""
    return type(error).__module__, type(error).__qualname__


def alike(exercise, runs, wrong):
    """Whether an answer behaves as a mistake does; where both only fail, for the same reason."""
    if any(map(partial(differ, exercise), runs, wrong)):
        return False
    said = [[str(run.error) for run in each] for each in (runs, wrong)]
    return any(run.error is None for run in runs) or said[0] == said[1]


def difference_of(exercise, run, right):
    """A sentence on where the result of a run differs from the right one, None if nowhere."""
    if exercise.view is not None and isinstance(run.result, NOTHING_TO_VIEW):
        return wrong_kind(run.result, exercise.solution)
    return difference(run.result, right.result, exercise.tolerance, exercise.same_dtype)
