"""The exercises of the lessons, found by their numbers."""

import difflib
import importlib
from pathlib import Path

from cnnlab.exercises.exercise import Exercise


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
