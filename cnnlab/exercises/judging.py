"""The judge of an answer to an exercise.

The student's answer runs on the same cases as the solution. If the results differ, the known
mistakes run too, and the one that behaves the same is named.
"""

import types
from functools import partial

from cnnlab.exercises.alike import alike, differ
from cnnlab.exercises.exercise import Outcome
from cnnlab.exercises.limits import OutOfTime, limited
from cnnlab.exercises.runs import is_model, runs_on
from cnnlab.exercises.wording import error_in_words, explained, place_of, remedy_for


def judge(exercise, answer):
    """The outcome of an answer.

    Args:
        exercise: an `Exercise`.
        answer: a function where the exercise has cases, a value where it has none; `...` (also
            inside a tuple, or returned by the function) is "not answered", as is a function that
            only raises `NotImplementedError`.

    Example:
        >>> from cnnlab.exercises.catalogue import find
        >>> judge(find("01.1"), ...).mark
        '○'
    """
    cases = made_cases(exercise)
    tried = attempt(exercise, answer, cases)
    return tried if isinstance(tried, Outcome) else verdict(exercise, answer, cases, tried)


def made_cases(exercise):
    """The cases of an exercise, made if it has a function that makes them."""
    return exercise.cases() if callable(exercise.cases) else exercise.cases


def attempt(exercise, answer, cases):
    """What an answer comes to, without a look at what is right.

    Args:
        exercise: an `Exercise`.
        answer: as for `judge`.
        cases: what `made_cases` gives.

    Returns:
        A list of `Run`, one per case; or an `Outcome` if there is nothing to compare.
    """
    if unanswered(answer):
        return Outcome(exercise.number, "○", "not answered yet")
    if cases and (not callable(answer) or is_model(answer)):
        return Outcome(exercise.number, "✗", f"The answer is a function: {remedy_for(answer)}")
    try:
        runs = limited(partial(runs_on, exercise, answer, cases), exercise.seconds)
    except OutOfTime as late:
        message = f"Stopped after {exercise.seconds} s; it was {place_of(late, answer)}."
        return Outcome(exercise.number, "✗", message)
    stubs = [isinstance(run.error, NotImplementedError) for run in runs]
    if any(run.result is ... for run in runs) or all(stubs):
        return Outcome(exercise.number, "○", "not answered yet")
    return runs


def verdict(exercise, answer, cases, runs, runs_of=None):
    """The outcome of an answer that has run.

    Args:
        exercise: an `Exercise`.
        answer: what has run, or what stands for it.
        cases: what it ran on.
        runs: what `attempt` gave.
        runs_of: gives the runs of the solution and of a mistake; None: they run here.
    """
    if exercise.sealed is not None:
        return exercise.sealed.outcome(exercise, answer, cases, runs)
    runs_of = runs_of or partial(runs_on, exercise, cases=cases)
    right = runs_of(exercise.solution)
    if all(run.error is not None for run in right):  # else an equal error would be a right answer
        error = right[0].error
        message = f"cannot be judged here, for its own solution fails ({error_in_words(error)})."
        return Outcome(exercise.number, "○", f"{message} Restart the kernel and run all cells.")
    if not any(map(partial(differ, exercise), runs, right)):
        return Outcome(exercise.number, "✓", exercise.insight)
    for mistake in exercise.mistakes:
        if alike(exercise, runs, runs_of(mistake.answer)):
            return Outcome(exercise.number, "✗", mistake.diagnosis, mistake)
    return Outcome(exercise.number, "✗", explained(exercise, answer, cases, runs, right))


def unanswered(answer):
    """Whether an answer is still `...`, somewhere, or a function without a body."""
    if isinstance(answer, tuple | list):
        return any(unanswered(entry) for entry in answer)
    if isinstance(answer, dict):
        return any(unanswered(entry) for entry in answer.values())
    if isinstance(answer, types.FunctionType):
        code = answer.__code__
        empty = {function.__code__.co_code for function in (_stub, _documented_stub)}
        return code.co_code in empty and {*code.co_consts} <= {None, answer.__doc__}
    return answer is ...


def _stub(): ...


def _documented_stub():
    """A body that is only a docstring."""
