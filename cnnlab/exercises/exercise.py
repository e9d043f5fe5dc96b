"""An exercise as data, and the outcome of an answer to it."""

from collections.abc import Callable
from dataclasses import dataclass

from cnnlab.exercises import fields

LEVELS = {1: "★", 2: "★★", 3: "★★★"}


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
