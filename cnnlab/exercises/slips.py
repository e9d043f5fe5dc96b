"""Slips that no case shows: answers that agree with the right one in all cases, and not elsewhere.

A kernel that is symmetric hides that it was turned round, a square picture that rows and columns
were exchanged, numbers of one dtype that the result was cut to it. A slip is the solution with one
such change. It is reported only if all cases agree with it, and if the solution, on a case that
differs from the given ones in just that respect, does not: so what is symmetric by its nature is
left alone.
"""

from itertools import pairwise

import numpy as np

from cnnlab.exercises.alike import differ
from cnnlab.exercises.runs import runs_on
from cnnlab.exercises.wording import argument_names

SHUFFLES = range(3)  # one alone may happen to be symmetric again


def unseen(exercise):
    """Yields a phrase for each slip that every case of an exercise lets pass.

    Example:
        >>> from cnnlab.exercises import catalogue
        >>> list(unseen(catalogue.find("01.3")))
        []
    """
    cases = exercise.cases() if callable(exercise.cases) else exercise.cases
    if not cases or not callable(exercise.solution) or len({len(case) for case in cases}) > 1:
        return
    names = argument_names(exercise.solution, cases[0])
    arrays = [i for i in range(len(names)) if all(_is_array(case[i]) for case in cases)]
    mixed = [tuple(_other(value, seed) for value in case) for seed in SHUFFLES for case in cases]
    for i in arrays:
        alone = [_with(case, i, _other(case[i], seed)) for seed in SHUFFLES for case in cases]
        for words, turn in _turns(cases[0][i].ndim):
            slip = _before(exercise.solution, i, turn)
            if _passes(exercise, slip, cases, alone):
                yield f"in which an answer that {words} `{names[i]}` is judged right in every case"
        rest = [_with(mixed[n], i, case[i]) for n, case in enumerate(cases)]
        if _passes(exercise, _before(exercise.solution, i, _one_more), cases, rest):
            yield f"in which an answer that adds 1 to `{names[i]}` is judged right in every case"
        slip = _in_dtype_of(exercise.solution, i)
        if _passes(exercise, slip, cases, list(_with_fractions(cases, arrays, i))):
            yield (
                f"in which an answer in the dtype of `{names[i]}` is judged right in every case: "
                "give one in which it has whole numbers and another argument has not"
            )
        for axes in _equally_long(exercise, cases, i):
            yield (
                f"in which axes {axes[0]} and {axes[1]} of `{names[i]}` are equally long in every "
                "case, so that an answer may exchange them: give one in which they differ"
            )
    depth = max((case[i].ndim for case in cases for i in arrays), default=0)
    for words, turn in _turns(depth):
        if _passes(exercise, _behind(exercise.solution, turn), cases, mixed):
            yield f"in which an answer that {words} its result is judged right in every case"


def _passes(exercise, slip, cases, variants):
    """Whether no case tells a slip from the solution, and yet some variant of one does."""
    right, wrong = (runs_on(exercise, each, cases) for each in (exercise.solution, slip))
    if not variants or any(differ(exercise, *pair) for pair in zip(wrong, right, strict=True)):
        return False
    right, wrong = (runs_on(exercise, each, variants) for each in (exercise.solution, slip))
    return any(
        one.error is None is other.error and differ(exercise, one, other)
        for one, other in zip(wrong, right, strict=True)
    )


def _is_array(value):
    return isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.ndim > 0


def _with(case, i, value):
    return (*case[:i], value, *case[i + 1 :])


def _other(value, seed):
    """The numbers of an array in another order, one of them by 1 larger: symmetric no more."""
    if not _is_array(value) or not value.size:
        return value
    flat = np.random.default_rng(seed).permutation(value.ravel())
    flat[0] = _one_more(flat[0])
    return flat.reshape(value.shape)


def _one_more(value):
    with np.errstate(over="ignore"):
        return value + value.dtype.type(1)


def _turns(ndim):
    """(words, function) of each way to turn an array round."""
    for axis in range(ndim):
        yield f"reverses axis {axis} of", lambda x, axis=axis: np.flip(x, axis)
    for one, other in pairwise(range(ndim)):
        yield (
            f"exchanges axes {one} and {other} of",
            lambda x, one=one, other=other: np.swapaxes(x, one, other),
        )


def _before(solution, i, change):
    return lambda *case: solution(*_with(case, i, change(case[i])))


def _behind(solution, change):
    return lambda *case: _each_array(solution(*case), change)


def _in_dtype_of(solution, i):
    return lambda *case: _each_array(solution(*case), lambda x: x.astype(case[i].dtype))


def _each_array(result, change):
    """The result with every array in it changed, as far as that is possible."""
    if isinstance(result, tuple):
        return tuple(_each_array(entry, change) for entry in result)
    try:
        return change(result) if isinstance(result, np.ndarray) else result
    except (ValueError, IndexError):  # it has fewer axes
        return result


def _with_fractions(cases, arrays, i):
    """Cases in which argument i has whole numbers, and the others fractions where they may."""
    may = [j for j in arrays if j != i and any(case[j].dtype.kind == "f" for case in cases)]
    for case in cases:
        if case[i].dtype.kind in "iu":
            for j in may:
                case = _with(case, j, case[j] + 0.37)
            yield case


def _equally_long(exercise, cases, i):
    """Pairs of neighbouring axes of argument i with one length, though the solution asks for none.

    Of a table, which may be square by its nature, only where the result has two axes as well.
    """
    for one, other in pairwise(range(cases[0][i].ndim)):
        if any(
            case[i].ndim <= other or case[i].shape[one] != case[i].shape[other] for case in cases
        ):
            continue
        shorter = [
            _with(case, i, np.delete(case[i], -1, axis)) for case in cases for axis in (one, other)
        ]
        runs = runs_on(exercise, exercise.solution, shorter)
        if all(run.error is None for run in runs) and (
            cases[0][i].ndim > 2 or getattr(runs[0].result, "ndim", 0) > 1
        ):
            yield one, other
