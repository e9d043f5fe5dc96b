"""Exercises: `check` an answer, ask for a `hint`, read the `solution`.

There is one file of exercises per lesson; longer answers of some stand in ``heads`` and
``broken_networks`` (05), ``overlaps`` (10), ``painted`` (11), ``looks`` and ``splits`` (12).
``catalogue`` finds them by number, and ``exercise`` is what each is made of, without slips in its
``fields``. ``judging`` says what an answer is worth: ``runs`` is what it comes to, within its
``limits``, ``results`` settles what it gave back, and ``alike`` says whether it behaves as the
solution or as a mistake does; what a student then reads is the ``wording``, with ``differences``
for where two results differ and ``near_misses`` for how. ``networks`` looks into networks that
students build.
``self_test`` tries exercises before a class does, with ``slips`` that their cases might let pass;
``solutions`` writes one as text. While a notebook is graded ``supervision`` keeps the record of its
answers, ``handing`` runs an answer here and judges it there, and ``result_data`` is in between;
``crediting`` says what an answer is worth, to nbgrader for example.

Homework that counts is handed out without answers. ``sealing`` makes that of an instructor's file:
``forms`` are what may be known of a right result, ``locks`` open to it alone, ``case_data`` writes
cases, ``open_code`` finds the functions that are needed too, ``student_file`` writes what is handed
out and ``seal_trial`` tries it. ``sealed`` judges by it; ``variants`` draws numbers from a seed.

Called by lessons and homework, ``grading`` and ``command``.
"""

from cnnlab.exercises import supervision
from cnnlab.exercises.catalogue import find, quoted
from cnnlab.exercises.crediting import points
from cnnlab.exercises.exercise import LEVELS, Exercise, Mistake, Outcome
from cnnlab.exercises.judging import judge
from cnnlab.exercises.networks import (
    can_leave_gaps,
    inner,
    kind_of_output,
    pixels_read,
    require_model,
)
from cnnlab.exercises.sealed import sealed_exercises
from cnnlab.exercises.self_test import verify
from cnnlab.exercises.solutions import written

__all__ = [
    "Exercise",
    "Mistake",
    "Outcome",
    "can_leave_gaps",
    "check",
    "hint",
    "inner",
    "judge",
    "kind_of_output",
    "pixels_read",
    "points",
    "require_model",
    "sealed_exercises",
    "solution",
    "verify",
]


def check(number, answer):
    """Prints whether an answer is right and, if it is not, which mistake it may be.

    Args:
        number: the exercise's, such as "01.3", or an `Exercise`.
        answer: a value, or a function by its name; `...` as long as there is none.

    Example:
        >>> check("01.1", ...)
        ○ 01.1 not answered yet
    """
    exercise = find(number)
    if supervision.is_graded(exercise.number):
        supervision.hand_over(exercise, answer)
        print(f"{exercise.number} is handed in: it is judged when the notebook has run.")
    else:
        print(judge(exercise, answer))


def hint(number, which=1):
    """Prints a hint and says whether there are more.

    Args:
        number: the exercise's, or an `Exercise`.
        which: 1 is the gentlest.

    Raises:
        ValueError: there are not so many.
    """
    exercise = find(number)
    count = len(exercise.hints)
    if not isinstance(which, int) or not 1 <= which <= count:
        raise ValueError(f"`which` must be a whole number from 1 to {count}: got which={which!r}.")
    print(f"{exercise.number} hint {which} of {count}: {exercise.hints[which - 1]}")
    if which < count:
        print(f"The next one: hint({quoted(exercise)}, {which + 1})")


def solution(number):
    """Prints the task, one right answer, and what is to be seen in it.

    Args:
        number: the exercise's, or an `Exercise`.

    Raises:
        ValueError: the exercise is one of a homework file that holds no answers.
    """
    exercise = find(number)
    if exercise.sealed is not None:
        raise ValueError(
            f"`number` must be an exercise whose file holds its solution: got {exercise.number}, "
            "which is sealed. Its solution comes after handing in; hint(...) helps until then."
        )
    print(f"{exercise.number} {exercise.title} {LEVELS[exercise.stars]}\n{exercise.task}\n")
    print(f"{written(exercise.solution)}\n\n{exercise.insight}")
