"""Sealed exercises: they judge and name mistakes as the open ones do, and hold no answer."""

import ast
import base64
import json
import re
import runpy
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlab.exercises import (
    Exercise,
    Mistake,
    catalogue,
    check,
    hint,
    judge,
    locks,
    solution,
    verify,
)
from cnnlab.exercises.case_data import decoded, encoded, functions_in
from cnnlab.exercises.open_code import OpenCode
from cnnlab.exercises.seal_trial import seal_faults
from cnnlab.exercises.sealed import sealed_exercises
from cnnlab.exercises.sealing import FEW, guesses, results_of, sealed_text
from cnnlab.exercises.student_file import leaks, notes, student_file
from cnnlab.grading.exercise_files import exercises_in, loaded

ROOT = Path(__file__).parents[1]
HOMEWORK = sorted((ROOT / "notebooks" / "homework").glob("*.py"))
TABLES = [runpy.run_path(str(path)) for path in sorted((ROOT / "tests" / "answers").glob("*.py"))]
RIGHT = {number: answers for table in TABLES for number, answers in table["RIGHT"].items()}
WRONG = {number: answers for table in TABLES for number, answers in table["WRONG"].items()}


@pytest.fixture(scope="module", autouse=True)
def _quick_locks():
    """A try costs little here: what it costs elsewhere is told in test_forms."""
    before = locks.COST["n"]
    locks.COST["n"] = 16
    yield
    locks.COST["n"] = before


RNG = np.random.default_rng(5)
PICTURES = (RNG.random((4, 6)), RNG.integers(0, 99, (3, 5), dtype="uint8"), RNG.random((1, 3)))


def sealed(exercise):
    """The exercise as a student's file has it."""
    code = {f.__name__: f for f in functions_in(exercise.cases)}
    code |= {"view_0": exercise.view} if exercise.view else {}
    code |= {"cases_0": exercise.cases} if callable(exercise.cases) else {}
    names = {f: name for name, f in code.items() if f in functions_in(exercise.cases)}
    return sealed_exercises(sealed_text((exercise,), names), **code)[0]


def stretched(image):
    return (image - image.min()) / np.ptp(image)


def doubled(image):
    return 2 * (image - image.min()) / np.ptp(image)


def shouting(image):
    raise ValueError("too loud")


WHOLE = "It is 3.5; a whole number is asked for."
THREES = [
    (3, "✓"),
    (3.0, "✓"),
    (np.int64(3), "✓"),
    (np.float32(3), "✓"),
    (np.array(3), "✓"),
    (3.5, WHOLE),
    (np.float64(3.5), WHOLE),
    (True, "It is a bool; a number is asked for."),
    (np.True_, "It is a bool; a number is asked for."),
    ("3", "It is a str; a number is asked for."),
    (None, "It is None (is a `return` missing?); a number is asked for."),
    ([3], "Its shape is (1,); one number is asked for."),
]


@pytest.mark.parametrize(("got", "said"), THREES, ids=[repr(got) for got, _ in THREES])
def test_a_whole_number_is_one_by_its_value_in_the_open_and_sealed(got, said):
    value = replace(EXERCISE, solution=3, cases=(), mistakes=(Mistake("More.", 4),))
    scales = (1, 10**3, 10**5, 10**7, 10**9)  # so many that the sealed one is judged at home
    made = replace(value, solution=lambda scale: 3 * scale, cases=tuple((s,) for s in scales))
    made = replace(made, mistakes=(Mistake("More.", lambda scale: 4 * scale),))
    function = lambda scale: got if scale == 1 else 3 * scale  # noqa: E731
    kept = judge(sealed(value), got)
    if said == "✓":
        assert (judge(value, got).mark, kept.mark) == ("✓", "○")
        assert kept.message == "is judged after you hand in; it has the form that is asked for."
        assert judge(made, function).mark == judge(sealed(made), function).mark == "✓"
    else:
        assert judge(value, got).message.startswith(said)
        assert kept.message.startswith(said) and kept.mark == "✗"
        for exercise in (made, sealed(made)):
            assert f"With scale=1: the result is wrong. {said}" in judge(exercise, function).message


EXERCISE = Exercise(
    number="S.1",
    title="Stretch",
    stars=2,
    task="Write stretched(image): from 0 to 1.",
    hints=("What is the smallest?", "Subtract, then divide."),
    solution=stretched,
    insight="Two numbers say it all: where it begins, and how far it goes.",
    mistakes=(
        Mistake("It goes up to 2.", doubled),
        Mistake("The smallest is not subtracted.", lambda image: image / np.ptp(image)),
        Mistake("An error is no answer.", shouting),
    ),
    cases=tuple((picture,) for picture in PICTURES),
)
VALUES = replace(EXERCISE, cases=(), mistakes=(Mistake("Rows come first.", (7, 5, 3, 2, 1, 9)),))


def test_a_right_answer_opens_the_insight():
    exercise = sealed(EXERCISE)
    assert str(judge(exercise, stretched)) == f"✓ S.1 {EXERCISE.insight}"
    assert judge(exercise, lambda x: stretched(x).tolist()).mark == "✓"


def test_a_known_mistake_opens_its_sentence_and_no_other_answer_does():
    exercise = sealed(EXERCISE)
    for mistake in EXERCISE.mistakes:
        outcome = judge(exercise, mistake.answer)
        assert (outcome.mark, outcome.message) == ("✗", mistake.diagnosis)
    said = [mistake.diagnosis for mistake in EXERCISE.mistakes]
    for other in (lambda x: 3 * stretched(x), lambda x: x, lambda x: x.shape):
        assert judge(exercise, other).message not in said


def test_two_errors_are_alike_where_they_say_the_same():
    def other(image):
        raise ValueError("too quiet")

    assert "too quiet" in judge(sealed(EXERCISE), other).message


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (..., "○ S.1 not answered yet"),
        (lambda image: ..., "○ S.1 not answered yet"),
        (3, "✗ S.1 The answer is a function: hand over its name, without brackets behind it."),
        (
            lambda image: image[:1] * 0.5,
            "✗ S.1 With image of shape (4, 6) (float64): the result is wrong. Its shape is (1, 6); "
            "another one is asked for.\nTry hint(...).",
        ),
        (
            lambda image: image * 0.5,
            "✗ S.1 With image of shape (4, 6) (float64): the result is wrong. Its form is right, "
            "its values are not yet.\nTry hint(...).",
        ),
        (
            lambda image: image if image.dtype == "uint8" else stretched(image),
            "✗ S.1 With image of shape (3, 5) (uint8): the result is wrong. Its form is right, its "
            "values are not yet.\nTry hint(...).",
        ),
        (
            lambda image: stretched(image) if image.size > 3 else image,
            "✗ S.1 The form is right in every case, the values are not yet.\nTry hint(...).",
        ),
        (
            lambda image: (
                np.divide(image - image.min(), np.ptp(image), image)
                if image.dtype == float
                else stretched(image)
            ),
            "✗ S.1 The result is right, but `image` is changed on the way: work on a copy.\n"
            "Try hint(...).",
        ),
    ],
)
def test_what_a_sealed_exercise_says(answer, message):
    assert str(judge(sealed(EXERCISE), answer)) == message


def test_an_error_says_where_it_came_from():
    message = judge(sealed(EXERCISE), lambda image: image[0, 0, 0]).message
    assert re.match(r"With image of shape \(4, 6\) \(float64\): IndexError, in line \d+", message)


def test_an_error_that_is_asked_for():
    def root(number):
        if number < 0:
            raise ValueError("must be 0 or more")
        return number**0.5

    cases = ((2.0,), (3.0,), (-1,), (5,))
    exercise = replace(EXERCISE, solution=root, mistakes=(), cases=cases)
    exercise = sealed(exercise)
    assert judge(exercise, root).mark == "✓"
    message = judge(exercise, lambda number: abs(number) ** 0.5).message
    assert message.startswith("With number=-1: an error should be raised, and none is.")


def test_a_value_is_judged_where_it_cannot_be_guessed():
    value = (5, 7, 3.25, 11.125, 1000, 4)
    exercise = sealed(replace(VALUES, solution=value))
    assert guesses(replace(VALUES, solution=value)) > FEW
    assert judge(exercise, list(value)).mark == "✓"
    assert judge(exercise, (7, 5, 3, 2, 1, 9)).message == "Rows come first."
    assert str(judge(exercise, (5, 7, 3, 11, 1000, 4))) == (
        "✗ S.1 The form is right, the values are not yet.\nTry hint(...)."
    )


@pytest.mark.parametrize("value", [True, 12, 999_999, 0.125, (19, 30), "valid", np.eye(3)])
def test_a_value_that_could_be_guessed_is_judged_after_handing_in(value):
    text = sealed_text((replace(VALUES, solution=value),))
    seal = json.loads(text)["exercises"][0]["seal"]
    assert "text" not in seal["right"]
    assert seal["mistakes"] == []
    assert "width" not in text
    exercise = sealed_exercises(text)[0]
    for answer in (value, type(value)(value) if not isinstance(value, np.ndarray) else 0 * value):
        assert str(judge(exercise, answer)) == (
            "○ S.1 is judged after you hand in; it has the form that is asked for."
        )
    assert judge(exercise, None).mark == "✗"
    assert judge(exercise, {3, 4}).mark == "✗"


def test_no_hash_stands_for_a_case_that_could_be_guessed():
    seal = json.loads(sealed_text((EXERCISE,)))["exercises"][0]["seal"]
    assert [case is not None for case in seal["cases"]] == [True, True, False]


def test_nothing_of_an_answer_stands_in_a_sealed_text():
    text = sealed_text((EXERCISE, replace(VALUES, solution=(5, 7, 0.75, 9, 8, 1 / 3))))
    for sentence in ("goes up", "smallest is not", "no answer", "Two numbers", "Rows come"):
        assert sentence not in text
    results = [stretched(picture) for picture in PICTURES]
    numbers = {f"{number:.6g}" for result in results for number in result.ravel()} - {"0", "1"}
    assert not [number for number in numbers if number in text]
    raw = [result.astype(dtype).tobytes() for result in results for dtype in ("f4", "f8")]
    content = [base64.b64decode(part + "==") for part in re.findall(r"[A-Za-z0-9+/]{16,}", text)]
    assert not [1 for part in content for one in raw if one[8:16] in part]


# Views


def verdicts(model):
    return {"size": "right" if model.units == 5 else "too large", "named": bool(model.name)}


class Model:
    def __init__(self, units, name="m"):
        self.units, self.name = units, name


def test_verdicts_stand_open_and_the_wrong_ones_are_listed():
    exercise = replace(
        EXERCISE,
        solution=lambda image: Model(5),
        mistakes=(Mistake("It is too large.", lambda image: Model(6)),),
        view=verdicts,
    )
    assert guesses(exercise) is None
    other = sealed(exercise)
    assert judge(other, exercise.solution).mark == "✓"
    assert judge(other, lambda image: Model(6)).message == "It is too large."
    assert judge(other, lambda image: Model(6, "")).message.startswith(
        "With image of shape (4, 6) (float64): the result is wrong. Not as asked are: "
        "size: too large; named: False."
    )
    assert "something else is asked for" in judge(other, print).message


def test_a_view_that_tells_the_value_itself_is_sealed():
    exercise = replace(VALUES, solution=37, view=lambda value: {"it": str(value)}, mistakes=())
    assert guesses(exercise) < FEW
    assert '"37"' not in sealed_text((exercise,))
    told = replace(exercise, view=lambda value: {"it": "even" if value % 2 == 0 else "odd"})
    assert guesses(told) is None


# The shipped homework


@pytest.fixture(scope="module", params=HOMEWORK, ids=lambda path: path.stem)
def homework(request, tmp_path_factory):
    """An instructor's module, and the text and the exercises of the student's file."""
    module = loaded(request.param)
    text, late = student_file(module, module.EXERCISES)
    assert not late or request.param.stem not in ("edges_and_digits", "find_the_digits")
    path = tmp_path_factory.mktemp("student") / request.param.name
    path.write_text(text, encoding="utf-8")
    return module, text, exercises_in(path)


def test_sealed_homework_judges_every_answer_in_every_style_as_the_open_one(homework):
    module, _, students = homework
    for exercise, other in zip(module.EXERCISES, students, strict=True):
        assert next(seal_faults(exercise, other), None) is None
        judged = "text" in other.sealed.right
        if exercise.view is not None:  # networks: those of the exercise itself are tried above
            continue
        for answer in RIGHT[exercise.number]:
            assert judge(other, answer).mark == ("✓" if judged else "○")
        for answer in WRONG[exercise.number]:
            assert judge(other, answer).mark == ("✗" if judged else judge(other, answer).mark)
            assert judge(other, answer).mark != "✓"


def test_a_students_file_has_the_same_names_and_says_the_same(homework, capsys):
    module, text, _ = homework
    other = {}
    exec(compile(text, "homework", "exec"), other)
    for name, exercise in vars(module).items():
        if isinstance(exercise, Exercise):
            same = other[name]
            for field in ("number", "title", "stars", "task", "hints", "seconds", "tolerance"):
                assert getattr(same, field) == getattr(exercise, field)
            check(same, ...)
            hint(same)
            assert f"○ {exercise.number} not answered yet" in capsys.readouterr().out
    assert len(text) < 200_000


def test_no_line_value_or_sentence_of_an_answer_is_handed_out(homework):
    module, text, _ = homework
    notebook = nbformat.read(Path(module.__file__).with_suffix(".ipynb"), 4)
    cells = "\n".join(cell.source for cell in notebook.cells)
    assert list(leaks(text, module.EXERCISES, cells)) == []
    for exercise in module.EXERCISES:
        for answer in (exercise.solution, *exercise.alternatives):
            assert getattr(answer, "__name__", "-") not in re.findall(r"def (\w+)", text)


def test_notes_say_how_each_exercise_is_judged(homework):
    said = dict(line.split(": ", 1) for line in notes(homework[0].EXERCISES, {}))
    expected = {"H1.1": "not judged at home", "H1.2": "sealed, 2^", "H1.4": "its verdicts stand"}
    for number in said.keys() & expected.keys():
        assert expected[number] in said[number]
    assert len(said) == len(homework[0].EXERCISES)


def test_a_notebook_says_that_some_answers_are_judged_later(homework):
    notebook = nbformat.read(Path(homework[0].__file__).with_suffix(".ipynb"), 4)
    prose = " ".join(notebook.cells[0].source.split())
    later = any("not judged at home" in line for line in notes(homework[0].EXERCISES, {}))
    assert "Replace the three dots; the cell below them tells you how it went" in prose
    assert ("as often as you like, or that it is judged after you hand in." in prose) == later


def test_the_guide_shows_what_is_printed():
    module = loaded(ROOT / "notebooks" / "homework" / "edges_and_digits.py")
    page = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    shown = re.findall(r"^    (H1\.\d: .*?)(?: …)?$", page, re.MULTILINE)
    printed = list(notes(module.EXERCISES, {}))
    assert len(shown) == 4
    assert all(any(line.startswith(text) for line in printed) for text in shown)


def shared(model):
    return {"units": 5}


def solved_by_what_is_shared(image):
    return Model(shared(None)["units"])


def verdicts_by_what_is_shared(model):
    return {"size": "right" if model.units == shared(model)["units"] else "wrong"}


def test_notes_name_what_open_code_and_solution_share():
    exercise = replace(
        EXERCISE,
        solution=solved_by_what_is_shared,
        view=verdicts_by_what_is_shared,
        mistakes=(),
    )
    assert next(notes((exercise,), {})) == (
        "S.1: its verdicts stand open, its solution does not. Its open code and its solution share "
        "shared: does that tell the answer?"
    )


def test_a_sealed_exercise_tells_no_solution_and_grades_nobody(homework):
    students = homework[2]
    with pytest.raises(ValueError, match=r"which is sealed\. Its solution comes after handing in"):
        solution(students[0])
    with pytest.raises(ValueError, match=r"which is sealed\. Take the instructor's file instead"):
        verify(students)


# What `verify` finds


def test_a_sealed_exercise_that_judges_otherwise_is_reported():
    other = sealed(EXERCISE)
    changed = replace(EXERCISE, solution=doubled, mistakes=EXERCISE.mistakes[1:])
    found = list(seal_faults(changed, other))
    assert found[0].startswith("whose solution is judged '✗ S.1 It goes up to 2.' when sealed")
    assert any("in which the solution as lists is judged ✓ in the open, ✗" in f for f in found)
    changed = replace(EXERCISE, mistakes=(Mistake("Another sentence.", doubled),))
    assert "whose mistake 1, 'Another sentence.', is judged" in next(seal_faults(changed, other))
    changed = replace(EXERCISE, alternatives=(doubled,))
    assert next(seal_faults(changed, other)).startswith("whose alternative 1 is judged")


@pytest.mark.parametrize(
    ("text", "notebook", "found"),
    [
        ("# It goes up to 2.", "", "the sentence 'It goes up to 2.'"),
        ("", "It goes up to 2.", "the sentence 'It goes up to 2.'"),
        ("    return (image - image.min()) / np.ptp(image)", "", "the line 'return (image - image"),
        ("", "x = 1\n  return (image - image.min()) / np.ptp(image)", "an answer, with the line"),
        ("n = (19,30)", "", "the value (19, 30)"),
        ("", "So it is (19,\n30).", "the value (19, 30)"),
    ],
)
def test_what_leaks_is_named(text, notebook, found):
    exercises = (EXERCISE, replace(VALUES, number="S.2", solution=(19, 30)))
    said = list(leaks(text, exercises, notebook))
    assert len(said) == 1
    assert found in said[0]
    assert re.match(r"exercise S\.[12]: ", said[0])


# The text of a student's file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the exercises must be whole: got a text that cannot be read .* Take the file again"),
        ('{"version": 1}', "the exercises must be whole: got a text that cannot be read"),
        (
            '{"version": 2, "exercises": []}',
            r"of version 1: got version 2\. Install the newest edition: pip install --upgrade",
        ),
    ],
)
def test_a_text_that_is_no_sealed_homework_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        sealed_exercises(text)


def test_what_cannot_be_sealed_names_its_exercise():
    exercise = replace(EXERCISE, cases=((Model(3),),), solution=lambda m: 1.5, mistakes=())
    with pytest.raises(ValueError, match=r"exercise S\.1: a case must hold .* got a Model\. Make"):
        sealed_text((exercise,))
    with pytest.raises(ValueError, match=r"exercise S\.1: a result must be numbers, texts"):
        sealed_text((replace(EXERCISE, solution=lambda image: Model(3)),))


def test_arguments_of_cases_come_back_as_they_were():
    def f(x):
        return x

    arrays = (np.eye(2, 3, dtype="float16"), np.array([], "int64"), np.array([[True], [False]]))
    given = (None, True, -3, 0.1, float("inf"), "ü", [1, (2,)], {"a": [1], 2: None}, f, *arrays)
    data = json.loads(json.dumps(encoded(given, {f: "f"})))
    back = decoded(data, {"f": f})
    assert back[:-3] == given[:-3]
    for one, other in zip(back[-3:], arrays, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert np.array_equal(one, other)
        one[...] = 0  # a case may be changed in place
    assert type(decoded(encoded(np.float32(2.5)))) is np.float32
    assert functions_in(((1, f), {"g": [f]})) == [f, f]


def test_right_results_are_known_where_they_cannot_be_guessed():
    assert len(results_of(EXERCISE)) == 3
    assert results_of(replace(VALUES, solution=12)) == []


# Open code

FILE = """
import math
from functools import partial

import numpy as np

from cnnlab.exercises import Exercise, Mistake
from cnnlab.sizes import output_size as size_after

LIMIT, TABLE, SET = (1, 2.5), np.array([[1, 2], [3, 4]]), {"a": [1, None]}
SECRET = 4711.25
field = "another field"
generator = np.random.default_rng(0)


def inner(x, limit=LIMIT):
    return x + limit[0] + len(SET) + math.pi


def view(x):
    field = inner(x) + TABLE[0, 0]

    def nested():
        return size_after(5, 3) + field

    return nested()


def solved(x):
    return 2 * x + SECRET


def view_of_answer(x):
    return solved(x)


def view_with_generator(x):
    return generator.random() + x


def view_with_partial(x):
    return partial_of(x)


partial_of = partial(inner, 3)
by_lambda = lambda x: inner(x) + 1
two = (lambda x: x, lambda x: x + 1)
renamed = inner


def view_of_renamed(x):
    return renamed(x)
"""


@pytest.fixture
def code(tmp_path):
    path = tmp_path / "open_file.py"
    path.write_text(FILE, encoding="utf-8")
    module = loaded(path)
    return OpenCode(module, [module.solved]), module


def test_a_function_is_taken_with_what_it_uses_and_nothing_else(code):
    collected, module = code
    assert collected.add(module.view, "`view` of exercise S.1") == "view"
    text = collected.written()
    assert "another field" not in text  # a local variable has that name
    assert "4711" not in text
    assert "solved" not in text
    there = {}
    exec(text, there)
    assert there["view"](3) == module.view(3)
    assert collected.add(module.view, "again") == "view"
    assert collected.written() == text
    assert text.index("import math") < text.index("LIMIT = ") < text.index("def inner")


def test_a_lambda_gets_a_name_and_a_library_is_imported(code):
    collected, module = code
    name = collected.add(module.by_lambda, "a view")
    there = {}
    assert collected.add(np.sort, "a view") == "sort"
    exec(collected.written(), there)
    assert there[name](3) == module.by_lambda(3)
    assert there["sort"] is np.sort


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("view_of_answer", "^a view uses solved, an answer$"),
        ("view_with_generator", "functions, modules and plain data: got 'generator', a Generator"),
        ("view_with_partial", "functions, modules and plain data: got 'partial_of', a partial"),
        ("view_of_renamed", "under their own names: got 'renamed'"),
    ],
)
def test_code_that_cannot_be_handed_out_is_refused(code, name, message):
    collected, module = code
    with pytest.raises(ValueError, match=message):
        collected.add(getattr(module, name), "a view")


def test_one_of_two_lambdas_in_a_line_is_refused(code):
    collected, module = code
    with pytest.raises(ValueError, match=r"got 2 lambdas in line \d+\. Write it as a function"):
        collected.add(module.two[1], "a view")


def test_data_that_equals_an_answer_is_refused(code):
    _, module = code
    collected = OpenCode(module, [np.array([[1.0, 2], [3, 4]])])
    with pytest.raises(ValueError, match=r"^a view uses TABLE, an answer$"):
        collected.add(module.view, "a view")


NO_DEFAULTS = ast.parse("lambda: 0").body[0].value


def test_names_that_mean_two_things_are_refused(code):
    collected, _ = code

    def view_of(limit):
        return lambda x: x + limit

    with pytest.raises(ValueError, match=r"got two meanings of 'limit'\. Rename one of them"):
        for limit in (1, 2):
            collected._with_what_it_uses(view_of(limit), NO_DEFAULTS, "a view")


def test_a_view_that_holds_the_value_is_refused(tmp_path):
    file = tmp_path / "telling.py"
    file.write_text(
        "from cnnlab.exercises import Exercise\n\n\n"
        "def near(value):\n    return {'near': abs(value - 417.5) < 1}\n\n\n"
        "count = Exercise(number='S.1', title='t', stars=1, task='How many?', hints=('Count.',),\n"
        "    solution=417.5, insight='So many.', mistakes=(), view=near)\n"
        "EXERCISES = (count,)\n",
        encoding="utf-8",
    )
    module = loaded(file)
    text, late = student_file(module, module.EXERCISES)
    assert late == {"S.1": "its `view` holds 417.5, the answer"}
    assert "417" not in text
    exercise = {}
    exec(text, exercise)
    exercise = exercise["count"]
    for answer in (417.5, 3, "x", np.ones(2)):
        assert str(judge(exercise, answer)) == "○ S.1 is judged after you hand in."
    assert str(judge(exercise, ...)) == "○ S.1 not answered yet"


def test_a_task_may_hold_any_character(tmp_path):
    task = 'Write """f""" and \\n, \\", a\nnew line, {braces} and ≥ 3%.'
    file = tmp_path / "quoted.py"
    file.write_text(
        "from cnnlab.exercises import Exercise\n\n"
        f"one = Exercise(number='S.1', title='t', stars=1, task={task!r}, hints=({task!r},),\n"
        "    solution=(0.5, 2.25, 77.125), insight='So.', mistakes=())\n"
        "EXERCISES = (one,)\n",
        encoding="utf-8",
    )
    module, there = loaded(file), {}
    exec(student_file(module, module.EXERCISES)[0], there)
    assert there["one"].task == there["one"].hints[0] == task


def test_an_exercise_without_cases_at_home_knows_an_untouched_stub():
    def untouched(image):
        """What is asked for."""
        return ...

    exercise = sealed_exercises(sealed_text((EXERCISE,), late=("S.1",)))[0]
    assert list(seal_faults(EXERCISE, exercise)) == []
    assert judge(exercise, untouched).message == judge(exercise, lambda: ...).message
    assert judge(exercise, untouched).message == "not answered yet"
    assert judge(exercise, lambda image: image[..., 0]).message == "is judged after you hand in."
    assert next(notes((EXERCISE,), {"S.1": "its `view` uses f, an answer"})) == (
        "S.1: its `view` uses f, an answer: not judged at home, but after handing in"
    )


DECORATED = """

@functools.cache
def slow(x, limit=LIMIT):
    return inner(x)


def view_of_decorated(x):
    return slow(x)
"""


def test_a_decorated_function_is_taken_with_its_decorator(tmp_path):
    path = tmp_path / "decorated.py"
    path.write_text(FILE.replace("import math", "import functools\nimport math") + DECORATED)
    module = loaded(path)
    collected = OpenCode(module, [module.solved])
    collected.add(module.view_of_decorated, "a view")
    there = {}
    exec(collected.written(), there)
    assert there["view_of_decorated"](3) == module.view_of_decorated(3)
    assert there["slow"].cache_info().misses == 1
    with pytest.raises(ValueError, match=r"^a view uses inner, an answer$"):
        OpenCode(module, [module.inner]).add(module.view_of_decorated, "a view")


def test_lessons_are_never_sealed():
    assert all(e.sealed is None for n in catalogue.lessons() for e in catalogue.exercises(n))
