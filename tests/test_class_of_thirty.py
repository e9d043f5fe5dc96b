"""The page for instructors, section Grading: a class of thirty, graded by the commands shown."""

import csv
import io
import re
import shlex
import zipfile
from datetime import datetime
from os import utime
from pathlib import Path

import nbformat
import pytest

from cnnlab.command import cli
from cnnlab.grading import grades, running

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Grading\n")[1].split("\n## ")[0]
SHOWN = re.findall(r"```text\n(.*?)```", SECTION, flags=re.DOTALL)  # printed, and points by hand
EXERCISES = """
from cnnlab.exercises import Exercise, Mistake

dozen = Exercise(
    number="H1.1", title="A number", stars=2, task="How many?", hints=("Eggs.", "Hours."),
    solution=12, insight="A dozen.", mistakes=(Mistake("Twice as many.", 24),),
)
score = Exercise(
    number="H1.2", title="Another", stars=3, task="How many?", hints=("Lincoln.", "Four."),
    solution=80, insight="Four score.", mistakes=(Mistake("One score.", 20),),
)
EXERCISES = (dozen, score)
"""
FIRST = ("Anna", "Björn", "Chloé", "Dilek", "Emil", "Fatma", "Gül", "Hanna", "Ivo", "Jörg")
LAST = ("Becker", "Groß", "O'Neil")
STUDENTS = [f"{first} {last}" for last in LAST for first in FIRST]
ABSENT = {"Ivo Groß", "Dilek O'Neil"}


def notebook(place):
    """A notebook that is nobody else's."""
    cells = [nbformat.v4.new_code_cell(f"me = {place}")]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def moodle_folder(name):
    return f"{name}_{10_001 + STUDENTS.index(name)}_assignsubmission_file_"


def hand_in(folder):
    """The class, as Moodle's "Download all submissions" unpacks."""
    for place, name in enumerate(STUDENTS):
        if name in ABSENT:
            continue
        home = folder / moodle_folder(name)
        home.mkdir(parents=True)
        file, content = home / "edges_and_digits.ipynb", notebook(place)
        if name == "Anna Becker":
            (home / "draft.ipynb").write_bytes(notebook(99))
            utime(home / "draft.ipynb", (at := datetime(2026, 11, 20, 9).timestamp(), at))
            file.write_bytes(content)
            utime(file, (at := datetime(2026, 11, 20, 18, 5).timestamp(), at))
        elif name == "Emil Becker":
            file.write_bytes(b"")
        elif name == "Gül Groß":
            (home / "edges_and_digits.py").write_text(EXERCISES, encoding="utf-8")
        elif name == "Hanna Groß":
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as opened:
                opened.writestr("hw/edges_and_digits.ipynb", content)
            (home / "homework.zip").write_bytes(archive.getvalue())
        else:
            file.write_bytes(content)


def outcome(content, rules, kernels, keep):
    """What the notebook of the student in that place comes to."""
    cell = nbformat.reads(content.decode(), 4).cells[0].source
    place = int(cell.removeprefix("me = "))
    keep.write_bytes(content)
    if place == 21:
        return [{"run": "the kernel died, in cell 3"}]
    first = ("✗", "Twice as many.") if place % 3 == 1 else ("✓", "A dozen.")
    second = ("✗", "One score.") if place % 4 == 2 else ("✓", "Four score.")
    checks = [("H1.1", *first), ("H1.2", *second)]
    run = "to its end; error in cell 4: NameError: name 'np' is not defined"
    return [
        *({"number": n, "mark": m, "message": said} for n, m, said in checks),
        {"run": run if place == 13 else "to its end"},
    ]


def worksheet():
    """Moodle's grading worksheet of the class."""
    file = io.StringIO()
    columns = ("Identifier", "Full name", "Status", "Grade", "Maximum Grade")
    writer = csv.writer(file)
    writer.writerow([*columns, "Last modified (grade)", "Feedback comments"])
    for place, name in enumerate(STUDENTS):
        writer.writerow([f"Participant {10_001 + place}", name, "Submitted", "", "5.00", "-", ""])
    return file.getvalue()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    hand_in(folder / "submissions")
    (folder / "edges_and_digits.py").write_text(EXERCISES, encoding="utf-8")
    (folder / "class.csv").write_text(worksheet(), encoding="utf-8")
    (folder / "by_hand.csv").write_text(SHOWN[1], encoding="utf-8")
    (folder / "photos").mkdir()
    return folder


@pytest.fixture(scope="module")
def printed(course):
    """{command of the page: what it prints}, run one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course)
        patch.setattr(running, "run", outcome)
        found = {}
        for line in re.findall(r"^    cnnlab (.*)$", SECTION, flags=re.MULTILINE):
            out = io.StringIO()
            out.reconfigure = lambda **_: None
            with pytest.MonkeyPatch.context() as quiet:
                quiet.setattr("sys.stdout", out)
                assert cli.main(shlex.split(line)) == 0, line
            found[line] = out.getvalue()
        return found


def test_every_command_of_the_page_runs(printed):
    assert len(printed) >= 8


def test_the_page_shows_what_the_first_command_prints(printed):
    assert next(iter(printed.values())) == SHOWN[0]


def test_nobody_is_lost(course, printed):
    rows = grades.read(course / "grades.csv")
    assert sorted({row["student"] for row in rows}) == sorted(STUDENTS)
    assert len(rows) == 60
    missing = {row["student"] for row in rows if row["result"] == "not handed in"}
    assert missing == ABSENT | {"Gül Groß"}


def test_the_table_for_moodle_has_a_line_for_each_and_grades_for_who_handed_in(course, printed):
    with (course / "grades.moodle.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [row["Full name"] for row in rows] and len(rows) == 30
    graded = {row["Full name"] for row in rows if row["Grade"]}
    assert graded == {*STUDENTS} - ABSENT
    (file,) = (row for row in rows if row["Full name"] == "Gül Groß")
    assert (file["Grade"], file["Feedback comments"]) == (
        "0",
        "0 of 5 points. / H1.1 not handed in / H1.2 not handed in / "
        "You handed in edges_and_digits.py, a Python file, not a notebook: hand in the notebook.",
    )


def test_points_by_hand_are_in_the_table_and_stay_there(course, printed):
    command = next(line for line in printed if "--by-hand" in line)
    file = moodle_folder("Björn O'Neil") + "/edges_and_digits.ipynb"
    assert f"points changed: {file}, H1.2: 0 → 2 (by hand)" in printed[command].splitlines()
    rows = [r for r in grades.read(course / "grades.csv") if r["student"] == "Björn O'Neil"]
    assert [row["total"] for row in rows] == [0, 0]  # the last command was one without it


def test_each_student_s_folder_can_go_back_to_moodle(course, printed):
    folders = {path.name for path in (course / "feedback").iterdir()}
    assert folders == {moodle_folder(n) for n in STUDENTS if n not in ABSENT}
    files = {p.name for p in (course / "feedback" / moodle_folder("Chloé Groß")).iterdir()}
    assert files == {"feedback.html", "edges_and_digits_as_it_ran.ipynb"}


def test_the_columns_of_the_table_stand_on_the_page():
    named = re.findall(r"^\| (`.*?) \|", SECTION, flags=re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", " ".join(named))) == grades.COLUMNS


def test_every_option_of_the_commands_stands_on_the_page(capsys):
    for command in ("grade", "report"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        options = {*re.findall(r"--[a-z-]+", capsys.readouterr().out)} - {"--help"}
        assert {option for option in options if f"{option}" not in SECTION} == set()
