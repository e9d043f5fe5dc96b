"""An exercise as data, and the judge of an answer to it.

The student's answer runs on the same cases as the solution. If the results differ, the known
mistakes run too, and the one that behaves the same is named.
"""

import difflib
import importlib
import inspect
import linecache
import re
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from cnnlab.exercises import fields
from cnnlab.exercises.differences import difference, wrong_kind
from cnnlab.exercises.limits import OutOfTime, limited
from cnnlab.exercises.runs import NOTHING_TO_VIEW, is_model, runs_on

LEVELS = {1: "★", 2: "★★", 3: "★★★"}
LONGEST_ERROR = 300  # characters of a message that is shown


@dataclass(frozen=True)
class Mistake:
    """One known misconception.

    Attributes:
        diagnosis: one sentence to the student: what was done, why it is wrong; not the answer.
        answer: a function (or value) that commits it.
    """

    diagnosis: str
    answer: object


TUPLES = {"hints": str, "mistakes": Mistake, "cases": tuple, "alternatives": object}


@dataclass(frozen=True)
class Exercise:
    """A task with its hints, solution, cases and known mistakes, in one place.

    Attributes:
        number: lesson and place, such as "01.3".
        title: a few words.
        stars: 1 (easy), 2 or 3.
        task: what to do, one or two sentences.
        hints: two or three, from a nudge to almost.
        solution: a real function, or the value asked for.
        insight: one sentence for who got it right.
        mistakes: no two may behave alike.
        cases: tuples of arguments (H != W, several dtypes), or a function that makes them, for
            cases that need Keras; empty if a value is asked for.
        view: what is compared of a value, or of each result: the judge calls it on both sides. A
            design with many right answers becomes a dict of verdicts.
        alternatives: answers other than the solution that are right too; at least two at ★★★.
        tolerance: see `difference`.
        same_dtype: whether the dtype counts.
        seconds: the time limit of one check.
        points: what a right answer counts in grading, a number above 0; None: as many as stars.
        sealed: in a student's file, what stands there in place of the answers; see `sealed`.
    """

    number: str
    title: str
    stars: int
    task: str
    hints: tuple
    solution: object
    insight: str
    mistakes: tuple
    cases: tuple | Callable = ()
    view: Callable | None = None
    alternatives: tuple = ()
    tolerance: float = 1e-5
    same_dtype: bool = False
    seconds: float = 10
    points: float | None = None
    sealed: object = None

    def __post_init__(self):
        """Refuses slips of the pen in the fields."""
        fields.check(self, TUPLES, LEVELS)


@dataclass(frozen=True)
class Outcome:
    """What the judge says.

    Attributes:
        number: the exercise's.
        mark: "○" not answered, "✗" wrong, "✓" right.
        message: what the student reads.
        mistake: the `Mistake` that behaves the same, if one does.
    """

    number: str
    mark: str
    message: str
    mistake: Mistake | None = None

    def __str__(self):
        """The line that `check` prints."""
        return f"{self.mark} {self.number} {self.message}"


def judge(exercise, answer):
    """The outcome of an answer.

    Args:
        exercise: an `Exercise`.
        answer: a function where the exercise has cases, a value where it has none; `...` (also
            inside a tuple, or returned by the function) is "not answered", as is a function that
            only raises `NotImplementedError`.

    Example:
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
        return Outcome(exercise.number, "✗", f"The answer is a function: {_remedy(answer)}")
    try:
        runs = limited(partial(runs_on, exercise, answer, cases), exercise.seconds)
    except OutOfTime as late:
        message = f"Stopped after {exercise.seconds} s; it was {_place(late, answer)}."
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
        message = f"cannot be judged here, for its own solution fails ({_said(error)})."
        return Outcome(exercise.number, "○", f"{message} Restart the kernel and run all cells.")
    if not any(map(partial(_differ, exercise), runs, right)):
        return Outcome(exercise.number, "✓", exercise.insight)
    for mistake in exercise.mistakes:
        if _alike(exercise, runs, runs_of(mistake.answer)):
            return Outcome(exercise.number, "✗", mistake.diagnosis, mistake)
    return Outcome(exercise.number, "✗", _explained(exercise, answer, cases, runs, right))


def _remedy(answer):
    """What to hand over instead of something that is no function."""
    if isinstance(answer, str):
        return f"got the text {answer[:40]!r}. Hand over its name, without quotes."
    if isinstance(answer, type):
        return f"got the class {answer.__name__}. Write a function that returns a model."
    return "hand over its name, without brackets behind it."


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


def _differ(exercise, one, other):
    """Whether two runs can be told apart."""
    if one.error is not None or other.error is not None:
        return kind_of(one.error) != kind_of(other.error)
    return one.changed != other.changed or _sentence(exercise, one, other) is not None


def kind_of(error):
    """The module and the name of an error's class, which another process knows as well."""
    return type(error).__module__, type(error).__qualname__


def _alike(exercise, runs, wrong):
    """Whether an answer behaves as a mistake does; where both only fail, for the same reason."""
    if any(map(partial(_differ, exercise), runs, wrong)):
        return False
    said = [[str(run.error) for run in each] for each in (runs, wrong)]
    return any(run.error is None for run in runs) or said[0] == said[1]


def _sentence(exercise, run, right):
    if exercise.view is not None and isinstance(run.result, NOTHING_TO_VIEW):
        return wrong_kind(run.result, exercise.solution)
    return difference(run.result, right.result, exercise.tolerance, exercise.same_dtype)


def _explained(exercise, answer, cases, runs, right):
    """The first difference, in words."""
    place = next(i for i in range(len(runs)) if _differ(exercise, runs[i], right[i]))
    run = runs[place]
    where = f"With {_arguments(answer, cases[place])}: " if cases and cases[place] else ""
    if run.error is not None:
        line = f", {_place(run.error, answer)}" if cases else ""
        message = f"{where}{_said(run.error, line)}"
    elif right[place].error is not None:
        message = f"{where}an error should be raised, and none is."
    elif sentence := _sentence(exercise, run, right[place]):
        message = f"{where}the result is wrong. {sentence}" if where else sentence
    else:
        names = [n for n, c in zip(_names(answer, cases[place]), run.changed, strict=True) if c]
        message = f"The result is right, but `{names[0]}` is changed on the way: work on a copy."
    return f"{message}\nTry hint({quoted(exercise)})."


def _said(error, line=""):
    """An error in a few lines: without terminal colours, and what Keras lists of its arguments."""
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error))
    text = re.split(r"\n\s*(?:Arguments received by|Call arguments received)", text)[0].strip()
    if re.search("has never been called|no defined input", text):
        text = "the model has no input yet. Begin it with keras.Input(shape)."
    text = text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]} …"
    return f"{type(error).__name__}{line}: {text}"


def _names(answer, case):
    try:
        names = list(inspect.signature(answer).parameters)
    except (TypeError, ValueError):
        names = []
    return [names[i] if i < len(names) else f"argument {i}" for i in range(len(case))]


def _arguments(answer, case):
    """The arguments in a few words: arrays by shape and dtype."""
    return ", ".join(
        f"{name} of shape {value.shape} ({value.dtype})"
        if isinstance(value, np.ndarray)
        else f"{name}={str(value)[:40]}"
        for name, value in zip(_names(answer, case), case, strict=True)
    )


def _place(error, answer):
    """Where the student's own code was: the innermost line of it in a traceback."""
    if hasattr(error, "told_place"):  # by the process it was raised in
        return error.told_place
    home = getattr(answer, "__globals__", None)
    frames = [
        (frame.f_code.co_filename, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_globals is home
    ]
    if not frames:
        return "outside your own lines"
    file, number = frames[-1]
    return f"in line {number}, `{linecache.getline(file, number).strip()}`"


def lessons():
    """The numbers of the lessons that have exercises, such as ("01", "02")."""
    return tuple(sorted(p.stem[-2:] for p in Path(__file__).parent.glob("lesson[0-9][0-9].py")))


def exercises(lesson):
    """The exercises of one lesson, in their order.

    Raises:
        ValueError: this lesson has none.
    """
    if lesson not in lessons():
        known = ", ".join(lessons())
        raise ValueError(f"`lesson` must be one of {known}: got lesson={lesson!r}.")
    return importlib.import_module(f"cnnlab.exercises.lesson{lesson}").EXERCISES


def find(number):
    """The exercise of that number; an `Exercise` is returned as it is.

    Raises:
        TypeError: it is no number at all, but an answer.
        ValueError: no exercise has this number.
    """
    if isinstance(number, Exercise):
        return number
    if not isinstance(number, str | float | int):
        raise TypeError(
            f"`number` must be a text such as '01.3': got a value of type {type(number).__name__}. "
            "The number comes first: check('01.3', answer)."
        )
    number = str(number)
    lesson = number.split(".")[0]
    if not lesson.isdigit():
        raise ValueError(
            f"`number` must be that of a lesson's exercise, such as '01.3': got number={number!r}. "
            "Pass an exercise of your own itself, without quotes: check(halves, half)."
        )
    known = [e.number for each in lessons() for e in exercises(each)]
    if number not in known:
        written = number.zfill(4) if number[:1].isdigit() else number  # 1.1 is 01.1
        near = difflib.get_close_matches(written, known, n=1, cutoff=0)
        beside = [n for n in known if n.startswith(lesson + ".")] or [known[0], "…", known[-1]]
        raise ValueError(
            f"`number` must be one of {', '.join(beside)}: got number={number!r}. "
            f"Did you mean {near[0]!r}?"
        )
    return next(e for e in exercises(lesson) if e.number == number)


def quoted(exercise):
    """How a student names an exercise in code: a lesson's by number, any other by its own name."""
    return repr(exercise.number) if exercise.number.split(".")[0] in lessons() else "..."
