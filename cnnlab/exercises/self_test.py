"""Does an exercise judge rightly? It is tried on its own solution and mistakes."""

from dataclasses import replace

from cnnlab.exercises.judging import judge, unanswered
from cnnlab.exercises.runs import runs_on
from cnnlab.exercises.slips import unseen


def verify(exercises):
    """Tries exercises before anybody is graded by them.

    Args:
        exercises: a tuple of `Exercise`.

    Raises:
        ValueError: a solution or an alternative is not right, a solution fails with an error, or a
            mistake behaves like the solution or like another mistake, or is never judged, as
            `view` fails with an error; or all cases let a common slip pass (`slips.unseen`);
            or an exercise is sealed, a student's.

    Example:
        >>> from cnnlab.exercises import catalogue
        >>> verify(catalogue.exercises("01"))
    """
    for exercise in exercises:
        if exercise.sealed is not None:
            raise ValueError(
                f"`EXERCISES` must hold their answers: got exercise {exercise.number}, which is "
                "sealed. Take the instructor's file instead of a student's."
            )
        fault = next(_faults(exercise), None)
        if fault:
            raise ValueError(
                f"`EXERCISES` must judge rightly: got exercise {exercise.number}, {fault}. "
                "Mend it before anybody is graded by it."
            )


def _faults(exercise):
    """What is wrong with an exercise, one phrase each."""
    errors = _errors(exercise, exercise.solution)
    if all(errors) and not unanswered(
        exercise.solution
    ):  # in some cases an error may be what is asked for
        yield f"whose solution raises {errors[0]!r}"
    for name, answer in (
        ("solution", exercise.solution),
        *((f"alternative {n}", answer) for n, answer in enumerate(exercise.alternatives, 1)),
    ):
        outcome = judge(exercise, answer)
        if outcome.mark != "✓":
            yield f"whose {name} is judged {str(outcome)!r}"
    for n, mistake in enumerate(exercise.mistakes, 1):
        outcome = judge(exercise, mistake.answer)
        if outcome.mistake is not mistake:
            same = "the solution" if outcome.mark == "✓" else "another mistake"
            same = (
                f": no case tells it from {same}" if outcome.mistake or outcome.mark == "✓" else ""
            )
            yield f"whose mistake {n}, {mistake.diagnosis!r}, is judged {str(outcome)!r}{same}"
        refused = _errors(exercise, mistake.answer)
        if all(refused) and not any(_errors(replace(exercise, view=None), mistake.answer)):
            yield f"whose mistake {n}, {mistake.diagnosis!r}, is refused by `view`: {refused[0]!r}"
    yield from unseen(exercise)
    for answer in (exercise.solution, *(mistake.answer for mistake in exercise.mistakes)):
        for error in _errors(exercise, answer):
            if isinstance(error, NameError):  # never asked for
                yield f"in which {error!r} is raised"


def _errors(exercise, answer):
    """What an answer raises in each case, or None."""
    cases = exercise.cases() if callable(exercise.cases) else exercise.cases
    return [run.error for run in runs_on(exercise, answer, cases)]
