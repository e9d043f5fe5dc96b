"""What an answer is worth where another program keeps the books: `points` ends an autograded cell.

nbgrader takes the number that such a cell shows as its points, and none at all where anything
stands on its error stream: what an answer writes there goes to the other one, or nowhere.
"""

import contextlib
import logging
import os
import re
import sys

from cnnlab import _native_stderr_silenced
from cnnlab.exercises import supervision
from cnnlab.exercises.catalogue import find
from cnnlab.exercises.judging import judge
from cnnlab.exercises.sealed import LATER

STEP = "NBGRADER_EXECUTION"  # the variable that nbgrader sets while it runs a notebook
HINTED = re.compile(r"\s+Try hint\([^\n]*$")  # how a sentence of the judge ends at home
# what a judge says of an answer that is wrong where nothing more is known than that
UNEXPLAINED = re.compile(
    r"(With .*: the result is wrong\. )?(Entry \d+ \(counted from 0\): )?("
    r"(\S+|'.*') is not right|\d+ of its \d+ entries (is|are) right"
    r"|Its shape is right, and \d+ of \d+ numbers (is|are); the first wrong one stands at \[.*\]"
    r"|Its shape is \(.*\); (another one|one number) is asked for"
    r"|(Its|The) form is right, its values are not yet"
    r"|The form is right(?: in every case)?, the values are not yet)\.",
    re.DOTALL,
)


def worth(exercise):
    """What a right answer counts: the exercise's points, or its stars."""
    return exercise.stars if exercise.points is None else exercise.points


def unhinted(message):
    r"""What a judge said, without the call of a hint, which only who has the notebook can make.

    Example:
        >>> unhinted("4 is not right.\nTry hint('01.2').")
        '4 is not right.'
    """
    return HINTED.sub("", message)


def fitting_hint(exercise, message):
    """The first hint, if all that was said of an answer is that it is wrong; else "".

    A hint is about the idea of an exercise. Beside an error, or a slip that was named, it would
    send the student elsewhere.

    Args:
        exercise: an `Exercise`.
        message: of its `Outcome`.
    """
    return exercise.hints[0] if exercise.hints and UNEXPLAINED.fullmatch(unhinted(message)) else ""


def points(number, answer):
    """Prints what `check` prints, and gives the points; while nbgrader grades, a hint too.

    Args:
        number: the exercise's, such as "01.3", or an `Exercise`.
        answer: as for `check`.

    Returns:
        The exercise's points where the answer is right, else 0; None where it is handed over and
        judged in another process.

    Raises:
        ValueError: nbgrader grades, and this exercise cannot be judged without its solution.

    Example:
        >>> points("01.1", ...)
        ○ 01.1 not answered yet
        0
    """
    exercise = find(number)
    if supervision.is_graded(exercise.number):
        supervision.hand_over(exercise, answer)
        return print(f"{exercise.number} is handed in: it is judged when the notebook has run.")
    with _nothing_on_stderr():
        outcome = judge(exercise, answer)
    if os.environ.get(STEP) != "autograde":
        print(outcome)
        return worth(exercise) if outcome.mark == "✓" else 0
    if outcome.mark == "○" and LATER in outcome.message:
        raise ValueError(
            f"the judge must know the solution of exercise {exercise.number}: got its sealed form. "
            "Let nbgrader judge by your own file: `in_nbgrader.judge_apart` in nbgrader_config.py."
        )
    print(unhinted(str(outcome)))
    if outcome.mark == "✓":
        return worth(exercise)
    if outcome.mistake is None and (hint := fitting_hint(exercise, outcome.message)):
        print(f"Hint: {hint}")
    return 0


@contextlib.contextmanager
def _nothing_on_stderr():
    """Keeps the error stream free of what Python, its logs and the libraries below write."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with contextlib.redirect_stderr(sys.stdout), _native_stderr_silenced():
            yield
    finally:
        logging.disable(before)
