"""nbgrader keeps the books: its own program, from a packed homework to the table of points."""

import csv
import html
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from cnnlab.command import cli, homework, template
from cnnlab.exercises import locks
from cnnlab.exercises.student_file import leaks
from cnnlab.grading import in_nbgrader, running
from cnnlab.grading.exercise_files import exercises_in

ROOT = Path(__file__).parents[1]
COUNTED = """
pixels = Exercise(
    number="M.3",
    title="Pixels of a picture",
    stars=1,
    task="How many pixels has a picture of 7 rows and 9 columns?",
    hints=("Count one row.", "There are seven such rows."),
    solution=63,
    insight="Rows times columns.",
    mistakes=(Mistake("Rows and columns are added: each row has all columns.", 16),),
    points=2.5,
)

EXERCISES = (halves, means, pixels)
"""
CELL = "number_of_pixels = ...  # of 7 by 9\ncheck(homework.pixels, number_of_pixels)"
SECOND = "def every_second(image):\n    return {}"
MEANS = "def channel_means(image):\n    return np.mean(image, (0, 1))"
ANSWERS = {  # {student: {the cell: what stands in it}}
    "anna": {
        "halves_answer": SECOND.format("image[0::2, 0::2]"),
        "means_answer": MEANS,
        "pixels_answer": "number_of_pixels = 9 * 7",
    },
    "ben": {
        "halves_answer": SECOND.format("image[0::2]"),
        "means_answer": MEANS,
        "pixels_answer": "number_of_pixels = 7 + 9",
    },
    "carl": {
        "halves_answer": "import cnnlab.exercises\n\ncnnlab.exercises.points = lambda *_: 1\n"
        "every_second = channel_means = ...",
        "pixels_answer": "number_of_pixels = ...",
    },
    "dora": {},
}
HALVES = {
    "ben": "✗ M.1 Only every second row is taken: columns count too.\n",
    "carl": "○ M.1 No check of this exercise was run.\nHow the run ended: to its end.\n",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """An instructor's file of three exercises, one of which is judged after handing in."""
    folder = tmp_path_factory.mktemp("keys")
    template.write("mine", folder)
    path = folder / "mine.py"
    text = path.read_text(encoding="utf-8").replace("\nEXERCISES = (halves, means)\n", COUNTED)
    path.write_text(text, encoding="utf-8")
    notebook = nbformat.read(folder / "mine.ipynb", 4)
    notebook.cells += [
        nbformat.v4.new_markdown_cell("How many pixels has a picture of 7 rows and 9 columns?"),
        nbformat.v4.new_code_cell(CELL),
    ]
    nbformat.write(notebook, folder / "mine.ipynb")
    return path


@pytest.fixture
def packed(source, tmp_path, monkeypatch):
    """Its notebook as a source assignment."""
    monkeypatch.setitem(locks.COST, "n", 16)
    [*homework.pack(source, tmp_path / "source" / "mine", nbgrader=True)]
    return nbformat.read(tmp_path / "source" / "mine" / "mine.ipynb", 4)


# What comes of a run, which is made up here


def ran(*entries, run="to its end"):
    found = [{"number": n, "mark": m, "message": said} for n, m, said in entries]
    return lambda notebook, rules: [*found, {"run": run}]


def told(notebook):
    """{grade_id: (text, points)} of the autograded cells."""
    marks = [(cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells]
    return {
        mark["grade_id"]: (cell.outputs[0].text, cell.outputs[1].data["text/plain"])
        for cell, mark in marks
        if mark.get("grade")
    }


def test_points_diagnosis_and_hint_go_into_the_autograded_cells(packed, source, monkeypatch):
    right = ("M.3", "✓", "Rows times columns.")
    named = ("M.1", "✗", "Only every second row is taken: columns count too.")
    other = ("M.2", "✗", "With image: the result is wrong. 3 is not right.\nTry hint(...).")
    monkeypatch.setattr(running, "run_cells", ran(named, other, right))
    assert in_nbgrader.judged(packed, running.Rules(source)) == running.not_enforced()
    assert told(packed) == {
        "halves": (HALVES["ben"], "0"),
        "means": (
            "✗ M.2 With image: the result is wrong. 3 is not right.\n"
            "Hint: mean takes an axis, or several.\n",
            "0",
        ),
        "pixels": ("✓ M.3 Rows times columns.\n", "2.5"),
    }


def test_what_a_cell_has_shown_by_itself_counts_for_nothing(packed, source, monkeypatch):
    for cell in packed.cells:
        if cell.cell_type == "code":
            cell.outputs = in_nbgrader.outputs(9, "✓ M.1\n")
    monkeypatch.setattr(running, "run_cells", ran(run="stopped after 600 s, in cell 3"))
    lines = in_nbgrader.judged(packed, running.Rules(source))
    assert lines[0] == "the notebook ran: stopped after 600 s, in cell 3"
    assert {points for _, points in told(packed).values()} == {"0"}
    assert "How the run ended: stopped after 600 s, in cell 3." in told(packed)["pixels"][0]


STUB = nbformat.v4.new_output("error", ename="NotImplementedError", evalue="")


def test_who_answers_nothing_is_named(packed, source, monkeypatch):
    for cell in packed.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "pixels_answer":
            cell.outputs = [STUB]  # a value: what stands there has no name, and no check is run
    blank = [("M.1", "○", "not answered yet"), ("M.2", "○", "not answered yet")]
    monkeypatch.setattr(running, "run_cells", ran(*blank))
    lines = in_nbgrader.judged(packed, running.Rules(source))
    assert lines == ["nothing answered, 0 points", *running.not_enforced()]
    assert told(packed)["pixels"] == ("○ M.3 not answered yet\n", "0")
    monkeypatch.setattr(running, "run_cells", ran(*blank, ("M.3", "✗", "No.")))
    assert in_nbgrader.judged(packed, running.Rules(source)) == running.not_enforced()


def test_what_nobody_could_judge_is_named_to_the_grader(packed, source, monkeypatch):
    monkeypatch.setattr(running, "run_cells", ran(("M.2", "?", "Cannot be judged: a Lambda.")))
    lines = in_nbgrader.judged(packed, running.Rules(source))
    assert lines[0] == "M.2: Cannot be judged: a Lambda."
    assert told(packed)["means"] == (
        "○ M.2 Cannot be judged: a Lambda. Somebody will look at it: your points may change.\n"
        "How the run ended: to its end.\n",
        "0",
    )


def test_a_students_file_does_not_judge(packed, tmp_path):
    sealed = tmp_path / "source" / "mine" / "mine.py"
    with pytest.raises(ValueError, match=r"which is sealed\. Take the instructor's file instead"):
        in_nbgrader.judged(packed, running.Rules(sealed))


# With nbgrader

FOUND = importlib.util.find_spec("nbgrader")
needs_nbgrader = pytest.mark.skipif(
    FOUND is None, reason="nbgrader is not installed: `make nbgrader` brings it and runs this"
)
PAGE = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8").split("## With nbgrader")[1]
APART = re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[1]


@needs_nbgrader
@pytest.mark.slow
@pytest.mark.parametrize("name", ["nowhere", "source", "source/mine"])
def test_the_folder_of_the_keys_is_there_and_not_handed_out(name, tmp_path, monkeypatch):
    (tmp_path / "source" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"`exercises` must be a folder of your own, not handed"):
        in_nbgrader.judge_apart(SimpleNamespace(), name)


@needs_nbgrader
@pytest.mark.slow
def test_other_assignments_run_as_nbgrader_runs_them(source, tmp_path, monkeypatch):
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import Execute
    from traitlets.config import Config

    monkeypatch.chdir(tmp_path)
    config, seen = Config(), []
    in_nbgrader.judge_apart(config, source.parent)
    first, *rest = config.Autograde.autograde_preprocessors
    assert [Execute, *rest] == Autograde().autograde_preprocessors
    monkeypatch.setattr(Execute, "preprocess", lambda *given: seen.append("nbgrader") or given[1:])
    monkeypatch.setattr(in_nbgrader, "judged", lambda nb, rules: seen.append(rules.source) or [])
    for name in ("other", "mine"):
        about = {"nbgrader": {"notebook": name, "student": "x"}, "metadata": {"path": "."}}
        assert first().preprocess("nb", about) == ("nb", about)
    assert seen == ["nbgrader", source]


class Course:
    """A folder in which nbgrader works."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def configure(self, text):
        text = f'{text}\nc.Exchange.root = "exchange"\n'
        (self.folder / "nbgrader_config.py").write_text(text, encoding="utf-8")

    def nbgrader(self, *words):
        """Its output; it must succeed."""
        beside = [Path(sys.executable).parent, Path(FOUND.origin).parents[1] / "bin"]  # of alembic
        path = os.pathsep.join(map(str, [*beside, *sys.path]))
        ran = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=self.folder,
            env={
                **os.environ,
                "PATH": os.pathsep.join([*map(str, beside), os.environ["PATH"]]),
                "PYTHONPATH": path,
            },
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr[-3000:]
        return ran.stderr

    def points(self):
        """{student: points} of the exported table."""
        self.nbgrader("export", "--to", "points.csv")
        with (self.folder / "points.csv").open(encoding="utf-8", newline="") as file:
            rows = [*csv.DictReader(file)]
        assert {float(row["max_score"]) for row in rows} == {5.5}
        return {row["student_id"]: float(row["score"]) for row in rows}

    def page(self, student):
        """What can be read on a student's page of feedback."""
        self.nbgrader("generate_feedback", "mine", "--student", student, "--force")
        text = (self.folder / "feedback" / student / "mine" / "mine.html").read_text("utf-8")
        text = re.sub(r"<(style|script).*?</\1>|<[^>]+>", "", text, flags=re.DOTALL)
        return html.unescape(text)


@pytest.fixture(scope="module")
def course(source, tmp_path_factory):
    """A course in which three students have handed in."""
    made = Course(tmp_path_factory.mktemp("nbgrader") / "course")
    (made.folder / "exchange").mkdir()
    (made.folder / "exchange").chmod(0o777)
    made.configure(APART.replace('"../keys"', repr(str(source.parent))))
    out = made.folder / "source" / "mine"
    assert cli.main(["homework", "pack", str(source), str(out), "--nbgrader"]) == 0
    made.nbgrader("generate_assignment", "mine")
    made.nbgrader("release_assignment", "mine")
    for student, answers in ANSWERS.items():
        folder = made.folder / "submitted" / student / "mine"
        shutil.copytree(made.folder / "exchange" / "cnn" / "outbound" / "mine", folder)
        notebook = nbformat.read(folder / "mine.ipynb", 4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        nbformat.write(notebook, folder / "mine.ipynb")
    return made


@needs_nbgrader
@pytest.mark.slow
def test_nbgrader_gives_the_points_of_cnnlab_grade_and_diagnosis_with_a_hint(course, source):
    warned = course.nbgrader("autograde", "mine")
    assert "Traceback" not in warned
    points = course.points()
    assert points == {"anna": 5.5, "ben": 2.0, "carl": 0.0, "dora": 0.0}
    assert re.findall(r"(\w+): nothing answered, 0 points", warned) == ["dora"]
    page = course.page("dora")
    assert all(f"○ M.{number} not answered yet" in page for number in (1, 2, 3))

    table = course.folder / "grades.csv"
    given = [course.folder / "submitted", "--exercises", source, "--out", table]
    subprocess.run([sys.executable, "-m", "cnnlab.command.cli", "grade", *given], check=True)
    with table.open(encoding="utf-8-sig", newline="") as file:
        ours = {
            row["submission"].split("/")[0]: float(row["total"]) for row in csv.DictReader(file)
        }
    assert ours == points

    exercises = exercises_in(source)
    for student, said in HALVES.items():
        page = course.page(student)
        assert said in page
        assert not re.search(r"\b63\b", page)
        for exercise in exercises[::2]:
            assert exercise.insight not in page
        assert not [found for found in leaks(page, exercises, page) if "the sentence" not in found]
    assert "✓ M.1 A slice is a view: nothing is copied." in course.page("anna")


@needs_nbgrader
@pytest.mark.slow
def test_nothing_of_the_instructors_lies_in_the_course(course, source):
    key = source.read_text(encoding="utf-8")
    secret = [
        line for line in key.splitlines() if re.match(r"    (return|solution=|insight)", line)
    ]
    assert len(secret) > 8
    texts = [p for p in course.folder.rglob("*") if p.suffix in (".py", ".ipynb", ".html")]
    assert {"source", "release", "submitted", "autograded", "exchange", "feedback"} <= {
        path.relative_to(course.folder).parts[0] for path in texts
    }
    for path in texts:
        text = path.read_text(encoding="utf-8")
        assert not [line for line in secret if line.strip() in text], path


@needs_nbgrader
@pytest.mark.slow
def test_without_the_instructors_file_sealed_checks_give_points_and_the_rest_says_so(course):
    course.configure(APART.split("in_nbgrader.judge_apart")[0])
    course.nbgrader("autograde", "mine", "--force", "--student", "anna")
    course.nbgrader("autograde", "mine", "--force", "--student", "ben")
    points = course.points()
    assert (points["anna"], points["ben"]) == (3.0, 2.0)
    page = course.page("ben")
    assert HALVES["ben"] in page
    assert "the judge must know the solution of exercise M.3: got its sealed form." in page
