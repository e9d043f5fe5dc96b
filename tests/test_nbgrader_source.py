"""A homework's notebook, marked for nbgrader: each answer, and behind it the cell that counts."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from cnnlab.command import cli, homework, nbgrader_source
from cnnlab.exercises import Exercise, locks
from cnnlab.exercises.crediting import worth
from cnnlab.grading.exercise_files import exercises_in

ROOT = Path(__file__).parents[1]
HOMEWORK = sorted((ROOT / "notebooks" / "homework").glob("*.py"))


def exercise(number, **given):
    told = {"title": "T", "stars": 2, "task": "T", "hints": ("a", "b"), "insight": "I"}
    return Exercise(number=number, solution=3, mistakes=(), **told | given)


def marked(*cells, names=("edges",), points=None):
    """The cells of a notebook that is marked, and the notebook."""
    exercises = tuple(exercise(f"N.{n}", points=points) for n, _ in enumerate(names))
    named = dict(zip(names, exercises, strict=True))
    module = SimpleNamespace(EXERCISES=exercises, **named)
    kinds = {str: nbformat.v4.new_code_cell, tuple: nbformat.v4.new_markdown_cell}
    made = [kinds[type(text)](text if isinstance(text, str) else text[0]) for text in cells]
    notebook = nbformat.v4.new_notebook(cells=made)
    nbgrader_source.mark(notebook, module, exercises)
    nbformat.validate(notebook)
    return notebook.cells


def test_a_check_becomes_a_locked_cell_that_ends_in_points():
    answer, count = marked("def f(x):\n    return ...\n\n\ncheck(homework.edges, f)")
    assert count.source == "from cnnlab.exercises import points\n\npoints(homework.edges, f)"
    assert count.metadata.nbgrader == {
        "schema_version": 3,
        "grade_id": "edges",
        "grade": True,
        "solution": False,
        "locked": True,
        "task": False,
        "points": 2,
    }
    assert answer.metadata.nbgrader == {
        "schema_version": 3,
        "grade_id": "edges_answer",
        "grade": False,
        "solution": True,
        "locked": False,
        "task": False,
    }
    assert answer.source == (
        "def f(x):\n    ### BEGIN SOLUTION\n    return ...\n    ### END SOLUTION"
    )


def test_points_are_those_of_the_exercise():
    *_, count = marked("x = ...\ncheck(homework.edges, x)", points=2.5)
    assert count.metadata.nbgrader.points == 2.5


def test_a_value_keeps_its_name_in_a_comment():
    answer, _ = marked("shape = (\n    ...,\n)  # rows\ncheck(homework.edges, shape)")
    assert answer.source == (
        "# shape = (\n#     ...,\n# )  # rows\n### BEGIN SOLUTION\nshape = (\n    ...,\n)  # rows\n"
        "### END SOLUTION"
    )


def test_only_the_statements_with_dots_are_the_students():
    given = (
        "SIZE = 3\n\n\ndef f(x):\n    for n in range(SIZE):\n        x = g(..., n)\n    return x"
    )
    answer, _ = marked(f"{given}\n\n\ncheck(edges, f)")
    assert answer.source.splitlines()[5:8] == [
        "        ### BEGIN SOLUTION",
        "        x = g(..., n)",
        "        ### END SOLUTION",
    ]
    assert answer.source.count("BEGIN") == 1


def test_two_places_for_dots_become_two_regions():
    answer, _ = marked("def f(x):\n    y = ...\n    return y, ...\n\n\ncheck(edges, f)")
    begin, end = "    ### BEGIN SOLUTION", "    ### END SOLUTION"
    wanted = ["def f(x):", begin, "    y = ...", end, begin, "    return y, ...", end]
    assert answer.source.splitlines() == wanted


def test_the_rest_of_the_notebook_stays_as_it_is():
    cells = marked(
        ("# Title",),
        "%matplotlib inline",
        "import numpy as np",
        "f = np.abs",
        "check(homework.edges, f)\n\nprint(f(-1))",
    )
    assert [cell.source for cell in cells[:4]] == [
        "# Title",
        "%matplotlib inline",
        "import numpy as np",
        "f = np.abs",
    ]
    assert [cell.source for cell in cells[5:]] == ["print(f(-1))"]
    assert ["nbgrader" in cell.metadata for cell in cells] == [False] * 4 + [True, False]
    assert len({cell.id for cell in cells}) == 6


def test_the_text_speaks_of_what_is_there():
    said = (
        "Replace the three dots; the cell below them tells you how it\nwent. The last `check` of "
        "an exercise counts."
    )
    text, *_ = marked((said,), "x = ...\ncheck(homework.edges, x)")
    assert text.source == (
        "Replace the line `raise NotImplementedError()`; the cell below it tells you how it\nwent. "
        "What counts are the locked cells with `points`."
    )


def test_what_the_text_says_otherwise_is_told():
    texts = ["Fill in `...` here.", "Plain.\n- then `check(homework.edges, x)`", "`checked`"]
    one = exercise("N.0")
    cells = [*map(nbformat.v4.new_markdown_cell, texts)]
    cells.append(nbformat.v4.new_code_cell("check(edges, 3)"))
    notebook = nbformat.v4.new_notebook(cells=cells)
    lines = nbgrader_source.mark(notebook, SimpleNamespace(EXERCISES=(one,), edges=one), (one,))
    has = "nbgrader's notebook has no dots and no `check`, but `raise NotImplementedError()` and"
    assert lines == [
        f"look at 'Fill in `...` here.': {has} `points`",
        f"look at '- then `check(homework.edges, x)`': {has} `points`",
    ]


def test_two_checks_in_a_cell_become_two():
    cells = marked(
        "a = ...\ncheck(homework.one, a)\nb = 3\ncheck(homework.two, b)", names=("one", "two")
    )
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    assert ids == ["one_answer", "one", None, "two"]
    assert cells[2].source == "b = 3"


def test_tags_stay_and_outputs_go(monkeypatch):
    cell = nbformat.v4.new_code_cell("x = ...\ncheck(homework.edges, x)", metadata={"tags": ["a"]})
    cell.outputs = [nbformat.v4.new_output("stream", text="○ N.0 not answered yet")]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    one = exercise("N.0")
    nbgrader_source.mark(notebook, SimpleNamespace(EXERCISES=(one,), edges=one), (one,))
    assert [(part.outputs, part.metadata.tags) for part in notebook.cells] == [([], ["a"])] * 2


@pytest.mark.parametrize(
    ("cells", "names", "count"),
    [
        ([], ("edges",), 0),
        (["if True:\n    check(homework.edges, 3)"], ("edges",), 0),
        (["check(homework.other, 3)"], ("edges",), 0),
        (["check('N.0', 3)"], ("edges",), 0),
        (["check(homework.edges, 3)", "check(homework.edges, 4)"], ("edges",), 2),
        (["check(homework.größe, 3)"], ("größe",), 1),
    ],
)
def test_each_exercise_is_checked_once(cells, names, count):
    wanted = (
        f"for nbgrader the notebook must check each exercise once: got {count} checks of N.0. "
        f"Write `check(homework.{names[0]}, answer)` behind its answer, at the left edge, and give "
        "it a name of plain letters."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(wanted)}$"):
        marked(*cells, names=names)


@pytest.mark.parametrize("source", HOMEWORK, ids=lambda path: path.stem)
def test_every_homework_of_this_project_can_be_marked(source):
    from cnnlab.grading.exercise_files import loaded

    module = loaded(source)
    notebook = nbformat.read(source.with_suffix(".ipynb"), 4)
    assert nbgrader_source.mark(notebook, module, module.EXERCISES) == []
    nbformat.validate(notebook)
    told = [c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata]
    assert [m.points for m in told if m.grade] == [worth(e) for e in exercises_in(source)]
    assert len([m for m in told if m.solution]) == len(module.EXERCISES)


# The command


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(locks.COST, "n", 16)
    assert cli.main(["homework", "new", "mine"]) == 0
    return tmp_path / "mine.py"


def test_the_sealed_file_lies_beside_the_source_assignment(source, capsys):
    out = source.parent / "course" / "source" / "mine"
    assert cli.main(["homework", "pack", "mine", str(out), "--nbgrader"]) == 0
    assert "M.1: sealed" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["mine.ipynb", "mine.py"]
    assert all(each.sealed is not None for each in exercises_in(out / "mine.py"))
    assert "points(homework.halves, every_second)" in (out / "mine.ipynb").read_text("utf-8")
    assert [*homework.pack(source, source.parent / "plain")]
    assert "nbgrader" not in (source.parent / "plain" / "mine.ipynb").read_text("utf-8")


@pytest.mark.parametrize("option", [["--seed", "3"], ["--seeds", "class.csv"]])
def test_nbgrader_hands_one_notebook_to_all(source, option, capsys):
    assert cli.main(["homework", "pack", "mine", "out", "--nbgrader", *option]) == 2
    assert (
        "`--nbgrader` must come without a seed: got one, and nbgrader has one notebook for all. "
        "For another variant bind EXERCISES = exercises(7) in a copy of your file."
    ) in capsys.readouterr().err
    assert not Path("out").exists()


def test_nothing_is_written_where_the_notebook_does_not_check(source, capsys):
    notebook = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))
    notebook["cells"].pop()
    source.with_suffix(".ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    assert cli.main(["homework", "pack", "mine", "out", "--nbgrader"]) == 2
    assert "got 0 checks of M.2." in capsys.readouterr().err
    assert not Path("out").exists()
