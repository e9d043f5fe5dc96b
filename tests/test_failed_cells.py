"""Which exercise stands in a cell that ended in an error."""

import nbformat
import pytest

from cnnlab.grading import failed_cells, feedback, running, submissions

NAMES = {"H1.1": "edges", "H1.2": "seen", "05.1": "first"}


def cell(text, error="", tags=()):
    made = nbformat.v4.new_code_cell(text)
    made.metadata["tags"] = [*tags]
    if error:
        made.outputs = [nbformat.v4.new_output("error", ename="SyntaxError", evalue=error)]
    return made


def written(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=[*cells]), path)
    return path


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("check(homework.edges, 12)", "H1.1"),
        ("def f(:\n    return\n\ncheck(seen, f)", "H1.2"),
        ('check("05.1", ...)', "05.1"),
        ("check(homework.edges_too, 12)", ""),
        ("homework.edges", ""),
        ("precheck(edges)", ""),
    ],
)
def test_the_cell_of_a_check_tells_its_exercise(tmp_path, text, number):
    path = written(tmp_path / "a.ipynb", cell("1"), cell(" "), cell(text, "no good"))
    found = failed_cells.unchecked(path, NAMES)
    said = "No check of this exercise was run: error in cell 2: SyntaxError: no good"
    assert found == [{"number": number, "mark": "", "message": said}] * bool(number)


@pytest.mark.parametrize("text", ["!pip install x", "check(edges, 12)"])
def test_a_command_of_the_system_is_named_in_plain_words(text):
    made = nbformat.v4.new_notebook(cells=[cell("1"), cell(text, "out of pty devices")])
    said = (
        "a line such as `!pip install` or `%pip install` runs a command of the system; while a "
        "notebook is graded no such commands run, and the network is shut. Take the line out"
    )
    assert [*failed_cells.errors(made)] == [(2, text, f"SyntaxError: {said}")]
    assert running._first_error(made) == f"; error in cell 2: SyntaxError: {said}"
    assert feedback.ended(f"to its end{running._first_error(made)}").endswith("the line out.")


def test_cells_that_ran_planned_errors_and_lost_notebooks_tell_nothing(tmp_path):
    planned = cell("check(edges, 1)", "no", ["raises-exception"])
    path = written(tmp_path / "a.ipynb", cell("check(edges, 1)"), planned)
    assert failed_cells.unchecked(path, NAMES) == []
    assert failed_cells.unchecked(tmp_path / "none.ipynb", NAMES) == []
    (tmp_path / "b.ipynb").write_bytes(b"{")
    assert failed_cells.unchecked(tmp_path / "b.ipynb", NAMES) == []


def test_the_row_names_the_error_unless_a_check_was_run(tmp_path, monkeypatch):
    source = tmp_path / "mine" / "small.py"
    source.parent.mkdir()
    source.write_text(
        "from cnnlab.exercises import Exercise, Mistake\n"
        "def made(n, k):\n"
        "    return Exercise(number=n, title='A', stars=1, task='T', hints=('H', 'I'), "
        "solution=k, insight='S', mistakes=(Mistake('M', 2 * k),))\n"
        "one, two = EXERCISES = made('T.1', 12), made('T.2', 34)\n"
    )
    (tmp_path / "class").mkdir()
    written(tmp_path / "class" / "a.ipynb", cell("1"))
    failed = [cell(f"check(small.{name}, (", "bad") for name in ("one", "two")]

    def run(content, rules, kernels, keep):
        written(keep, cell("1"), *failed)
        return [{"number": "T.2", "mark": "✓", "message": "S"}, {"run": "to its end"}]

    monkeypatch.setattr(running, "run", run)
    for _ in range(2):  # the second time from the journal
        graded = submissions.grade(
            tmp_path / "class", tmp_path / "grades.csv", running.Rules(source), 1
        )
        assert [(row["result"], row["diagnosis"]) for row in graded.rows] == [
            ("not checked", "No check of this exercise was run: error in cell 2: SyntaxError: bad"),
            ("right", "S"),
        ]
