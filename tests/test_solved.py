"""`cnnlab solutions --notebooks`: every solution in its place, and nothing else changed."""

import ast
import builtins
import dis
import os
import subprocess
import sys
import types

import nbformat
import numpy as np
import pytest

from cnnlab.command import cli, solved, standing
from cnnlab.exercises import catalogue, solutions
from cnnlab.files.shipped import notebooks_folder

HOMEWORK = sorted(notebooks_folder().glob("homework/*.py"))
NAMES = [*catalogue.lessons(), *map(str, HOMEWORK)]


def read(name):
    path = solved.notebook_of(name)
    beside = path.with_suffix(".py")
    return nbformat.read(path, 4), beside if beside.is_file() else None


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[-20:])
def test_each_exercise_of_a_notebook_gets_its_solution_and_no_other_cell_changes(name):
    before, beside = read(name)
    after, _ = read(name)
    exercises = solved.solve(after, beside)
    expected = catalogue.exercises(name) if name in catalogue.lessons() else None
    assert expected is None or tuple(exercises) == expected
    changed = [
        (old, new)
        for old, new in zip(before.cells, after.cells, strict=True)
        if old.source != new.source
    ]
    assert len(changed) == len(exercises) > 0
    for (old, new), exercise in zip(changed, exercises, strict=True):
        assert "..." in old.source
        assert solutions.written(exercise.solution) in new.source
        assert new.source.splitlines()[-1] == old.source.splitlines()[-1]  # the check
        assert not new.outputs


def bound(tree):
    """The names that code binds at its top."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def asked(code):
    """The global names that a function's code looks up."""
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    own = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    return own.union(*map(asked, inner))


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[-20:])
def test_a_solution_is_a_function_of_the_name_asked_for_and_needs_nothing_the_notebook_lacks(name):
    notebook, beside = read(name)
    known = set(dir(builtins))
    exercises = solved.solve(notebook, beside)
    cells = [c.source for c in notebook.cells if c.cell_type == "code"]
    for source in cells:
        known |= bound(ast.parse(source))
    for exercise in exercises:
        if not callable(exercise.solution):
            continue
        function = exercise.solution
        assert any(f", {function.__name__})" in source for source in cells)
        assert asked(function.__code__) <= known


@pytest.mark.parametrize(
    ("source", "solution", "expected"),
    [
        ('a = ...  # (rows, columns)\ncheck("x", a)', (2, 3), 'a = (2, 3)\ncheck("x", a)'),
        ("a = ...\ncheck(b.c, a)", np.eye(2, dtype=int), "a = np.array([[1, 0], [0, 1]])\n"),
        ("a = ...\ncheck(b.c, a)", "conv3", "a = 'conv3'\n"),
    ],
)
def test_a_value_is_written_as_a_student_would(source, solution, expected):
    assert solved.answered(source, "a", solution).startswith(expected)


def twice(x):
    return 2 * x


def four_times(x):
    return twice(twice(x))


def test_a_function_that_the_solution_calls_comes_with_it():
    made = solved.answered("def four_times(x):\n    return ...", "four_times", four_times)
    assert made == (
        "def twice(x):\n    return 2 * x\n\n\ndef four_times(x):\n    return twice(twice(x))"
    )


def factorial(n):
    return 1 if n == 0 else n * factorial(n - 1)


def test_a_solution_that_calls_itself_is_written_once():
    assert solutions.written(factorial).count("def factorial") == 1


def test_what_stands_around_a_function_stays():
    source = 'TWO = 2\n\n\ndef twice(x):\n    """Twice."""\n    return ...\n\n\ncheck("x", twice)'
    assert solved.answered(source, "twice", twice) == (
        'TWO = 2\n\n\ndef twice(x):\n    return 2 * x\n\n\ncheck("x", twice)'
    )


SMALL = """from cnnlab.exercises import Exercise, Mistake


def half(n):
    return n / 2


halves = Exercise(
    number="T.1", title="Half", stars=1, task="Halve.", hints=("One.", "Two."), solution=half,
    insight="Half.", mistakes=(Mistake("Doubled.", lambda n: 2 * n),), cases=((3,), (8,)),
)
EXERCISES = (halves,)
"""


@pytest.fixture
def small(tmp_path):
    """A file of exercises with the notebook that sets them."""
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "small.py").write_text(SMALL, encoding="utf-8")
    cells = [
        nbformat.v4.new_code_cell("import small\nfrom cnnlab.exercises import check"),
        nbformat.v4.new_code_cell("def half(n):\n    return ...\n\n\ncheck(small.halves, half)"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "small.ipynb")
    return folder / "small.py"


def test_a_solved_notebook_runs_and_every_check_says_right(small, tmp_path, capsys):
    to = tmp_path / "a" / "b"
    assert cli.main(["solutions", str(small), "--notebooks", str(to)]) == 0
    assert capsys.readouterr().out == "small.ipynb: 1 of 1 right\n"
    made = nbformat.read(to / "small.ipynb", 4)
    assert standing.outcomes(made) == {"T.1": ("✓", "Half.")}
    assert made.cells[0].execution_count == 1


def test_without_a_run_no_output_of_the_dots_is_left(small, tmp_path, capsys):
    to = tmp_path / "solved"
    assert cli.main(["solutions", str(small), "--notebooks", str(to), "--no-run"]) == 0
    assert capsys.readouterr().out == "small.ipynb: 1 solutions, not run\n"
    assert sorted(path.name for path in to.iterdir()) == ["small.ipynb", "small.py"]
    assert nbformat.read(to / "small.ipynb", 4).cells[1].source.startswith("def half(n):\n    ret")


def test_a_cell_that_fails_is_told_and_the_status_is_1(small, tmp_path, capsys):
    path = small.with_suffix(".ipynb")
    notebook = nbformat.read(path, 4)
    notebook.cells.insert(1, nbformat.v4.new_code_cell("1 / 0"))
    nbformat.write(notebook, path)
    assert cli.main(["solutions", str(small), "--notebooks", str(tmp_path / "solved")]) == 1
    said = capsys.readouterr().out
    assert said.startswith("small.ipynb: 0 of 1 right; Cell 1 fails: ZeroDivisionError")


def test_what_lies_in_the_folder_is_never_overwritten(small, tmp_path, capsys):
    to = tmp_path / "work"
    to.mkdir()
    (to / "small.ipynb").write_text("my answers")
    assert cli.main(["solutions", str(small), "--notebooks", str(to)]) == 2
    assert (to / "small.ipynb").read_text() == "my answers"
    assert sorted(path.name for path in to.iterdir()) == ["small.ipynb"]
    assert capsys.readouterr().err == (
        f"cnnlab: `--notebooks` must be a folder without these lessons: got {str(to)!r}, where "
        "small.ipynb lies. Name another one: nothing is overwritten.\n"
    )
    assert cli.main(["solutions", str(small), "--notebooks", str(small)]) == 2
    assert "which is a file" in capsys.readouterr().err


def test_exercises_without_a_notebook_and_no_run_without_a_folder_are_refused(small, capsys):
    small.with_suffix(".ipynb").unlink()
    assert cli.main(["solutions", str(small), "--notebooks", "absent"]) == 2
    assert "and no small.ipynb there. Give both the same name." in capsys.readouterr().err
    assert cli.main(["solutions", "01", "--no-run"]) == 2
    assert capsys.readouterr().err == (
        "cnnlab: `--no-run` must come with --notebooks DIR: got it alone. Name a folder.\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[-20:])
def test_every_lesson_runs_to_its_end_with_its_solutions(name, tmp_path):
    run = [sys.executable, "-m", "cnnlab.command.cli", "solutions", name, "--notebooks"]
    done = subprocess.run([*run, str(tmp_path / "solved")], capture_output=True, env=os.environ)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def drawn_from(factor, kernel):
    """A solution as a file with variants makes it."""

    def doubled(image):
        return factor * image + factor

    def rows(image):
        return [] if len(image) == 0 else [doubled(image[0]) * kernel, *rows(image[1:]), factor]

    return rows


def test_a_solution_that_was_made_in_a_function_is_written_with_the_numbers_around_it():
    solution = drawn_from(3, np.array([[1, 2]]))
    text = solutions.written(solution)
    assert text.count("factor = 3") == text.count("def doubled(") == text.count("def rows(") == 1
    exec(text, there := {"np": np})
    image = np.array([[4, 5], [6, 7]])
    for one, other in zip(there["rows"](image), solution(image), strict=True):
        assert np.array_equal(one, other)
