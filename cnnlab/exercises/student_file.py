"""The student's file of a homework: exercises, sealed, under their names, and the open code."""

import ast
import inspect
import types

import numpy as np

from cnnlab.exercises.case_data import functions_in
from cnnlab.exercises.open_code import OpenCode, Telling, reached
from cnnlab.exercises.sealing import FEW, MANY, guesses, results_of, sealed_text
from cnnlab.exercises.solutions import written
from cnnlab.exercises.variants import names_of

SHORTEST = 16  # characters of a line of code, or of a value, by which it is known again
SECONDS = 0.2  # that a try costs where there are few, see `locks`
TEXT = '''"""Exercises of `{stem}.ipynb`, sealed: they judge an answer, and hold none."""

{code}

EXERCISES = sealed_exercises(
    r"""
{data}
""",
{given})
{names}{comma} = EXERCISES
'''


def student_file(module, exercises):
    """The text of a student's file.

    Args:
        module: an instructor's file, loaded.
        exercises: those of it, a tuple.

    Raises:
        ValueError: something in it cannot be sealed.

    Returns:
        (text, late): the text runs with cnnlab alone, and with what the open code imports; late is
        {number: why an exercise is not judged at home, though it could be sealed}.
    """
    names = names_of(module)
    answers = [answer for each in exercises for answer in (*answers_of(each), *results_of(each))]
    code, late = OpenCode(module, answers), {}
    given, held = "", {}
    for place, exercise in enumerate(exercises):
        trial = code.copied()
        try:
            functions, inside = _open_functions(exercise, trial)
        except Telling as error:
            late[exercise.number] = str(error)
            continue
        code = trial
        given += "".join(f"    {role}_{place}={name},\n" for role, name in functions.items())
        held |= inside
    given += "".join(f"    {name}={name},\n" for name in dict.fromkeys(held.values()))
    imports = "from cnnlab.exercises import sealed_exercises"
    bound = ", ".join(names[exercise.number] for exercise in exercises)
    text = TEXT.format(
        stem=module.__name__,
        code="\n".join(filter(None, [imports, code.written()])),
        data=sealed_text(exercises, held, late),
        given=given,
        names=bound,
        comma="," * (len(exercises) == 1),
    )
    return text, late


def _open_functions(exercise, code):
    """The names of what must stand open: {"view": name}, and {function of a case: name}."""
    functions, inside = {}, {}
    for role, function in [("view", exercise.view), ("cases", exercise.cases)]:
        if callable(function):
            functions[role] = code.add(function, f"its `{role}`")
    for function in functions_in(exercise.cases):
        inside[function] = code.add(function, "a case")
    _refuse_numbers(exercise, code)
    return functions, inside


def answers_of(exercise):
    """What must not be handed out: functions and values that are right, or known mistakes."""
    wrong = [mistake.answer for mistake in exercise.mistakes]
    return [a for a in (exercise.solution, *exercise.alternatives, *wrong) if not _is_small(a)]


def _is_small(answer):
    """Whether a value may stand in any code by chance: a number, a text, an empty tuple."""
    return answer is None or isinstance(answer, bool | int | float | str) or answer == ()


def _refuse_numbers(exercise, code):
    """Refuses open code in which all numbers of a value stand that is asked for."""
    if callable(exercise.solution) or not callable(exercise.view):
        return
    alone = code.copied(empty=True)
    alone.add(exercise.view, "its `view`")
    asked = _numbers_of(exercise.solution)
    there = {
        node.value
        for text in alone.parts.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant)
    }
    if asked and all(any(number == other for other in there) for number in asked):
        raise Telling(f"its `view` holds {exercise.solution!r}, the answer")


def _numbers_of(value):
    try:
        return [*np.asarray(value, float).ravel()]
    except (TypeError, ValueError):
        return [value] if isinstance(value, str) else []


def notes(exercises, late):
    """A line on each exercise: how it is judged at home, and what stands open.

    Args:
        exercises: the instructor's.
        late: as `student_file` gives it.
    """
    for exercise in exercises:
        count = guesses(exercise)
        if exercise.number in late:
            said = f"{late[exercise.number]}: not judged at home, but after handing in"
        elif count is None:
            said = "its verdicts stand open, its solution does not"
        elif count < FEW:
            more = "Add cases" if exercise.cases else "Ask for a function, or for several numbers,"
            said = (
                f"about {2**count:,.0f} answers could be tried: not judged at home, but after "
                f"handing in. {more} to have it judged"
            )
        else:
            said = f"sealed, 2^{count:.0f} answers to try"
            if count < MANY:
                said += f", {SECONDS} s each"
        if exercise.number not in late and (shared := _shared(exercise)):
            said += f". Its open code and its solution share {shared}: does that tell the answer?"
        yield f"{exercise.number}: {said}"


def _shared(exercise):
    """The names of functions that open code and the solution both use."""
    open_code = [f for f in (exercise.view, exercise.cases) if isinstance(f, types.FunctionType)]
    used = {f.__name__ for each in open_code for f in reached(each)}
    solved = reached(exercise.solution) if callable(exercise.solution) else []
    return ", ".join(sorted(used & {f.__name__ for f in solved}))


def leaks(text, exercises, notebook=""):
    """Phrases that say what of the answers stands in what is handed out.

    Args:
        text: a student's file.
        exercises: the instructor's.
        notebook: the text of the notebook's cells and outputs.
    """
    lines = {line.strip() for line in text.splitlines()}
    cells = {line.strip() for line in notebook.splitlines()}
    for exercise in exercises:
        said = [exercise.insight, *(mistake.diagnosis for mistake in exercise.mistakes)]
        for sentence in said:
            if sentence in text or sentence in notebook:
                yield f"exercise {exercise.number}: the sentence {sentence!r}"
        for answer in answers_of(exercise):
            source = _lines_of(answer)
            for line in sorted(source & lines):
                yield f"exercise {exercise.number}: the line {line!r} of an answer"
            if source and source <= cells:
                yield f"exercise {exercise.number}: an answer, with the line {min(source)!r}"
        if not callable(exercise.solution) and len(value := written(exercise.solution)) >= 6:
            for place in (text, notebook):
                if _squeezed(value) in _squeezed(place):
                    yield f"exercise {exercise.number}: the value {value}"
                    break


def _lines_of(function):
    """The lines of a function that are its own: long enough, and no imports."""
    if not isinstance(function, types.FunctionType):
        return set()
    found = {line.strip() for line in inspect.getsource(function).splitlines()[1:]}
    return {line for line in found if len(line) >= SHORTEST and "import " not in line}


def _squeezed(text):
    return "".join(text.split())
