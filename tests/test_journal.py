"""The journal, and what a second start, a part, a change or a full disk does to a run."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

import cnnlab
from cnnlab.command import cli
from cnnlab.exercises import Exercise, Mistake
from cnnlab.grading import exercise_files, grades, journal, regrading, running, submissions

EXERCISES = """
from cnnlab.exercises import Exercise, Mistake

dozen = Exercise(
    number="T.1", title="A number", stars=2, task="How many?", hints=("Eggs.", "Hours."),
    solution=12, insight="A dozen.", mistakes=(Mistake("Twice as many.", 24),),
)
score = Exercise(
    number="T.2", title="Another", stars=1, task="How many?", hints=("Lincoln.", "Four."),
    solution=80, insight="Four score.", mistakes=(Mistake("One score.", 20),), points=2.5,
)
EXERCISES = (dozen, score)
"""
RUN = {"run": "to its end"}


def right(*numbers):
    return [{"number": n, "mark": "✓", "message": "So it is."} for n in numbers] + [RUN]


def notebook(name, *cells):
    cells = [nbformat.v4.new_code_cell(text) for text in (f"# {name}", *cells)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def name_in(content):
    return nbformat.reads(content.decode(), 4).cells[0].source.removeprefix("# ")


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.py"
    path.write_text(EXERCISES, encoding="utf-8")
    return path


@pytest.fixture
def ran(monkeypatch):
    """The names of what was run; each gives ✓ for T.1."""
    names = []

    def run(content, rules, kernels, keep):
        names.append(name_in(content))
        keep.write_bytes(content)
        return right("T.1")

    monkeypatch.setattr(running, "run", run)
    return names


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "class"
    place.mkdir()
    for name in "abc":
        (place / f"{name}.ipynb").write_bytes(notebook(name))
    return place


@pytest.fixture
def grade(folder, tmp_path, small, ran):
    """Grades the folder; options as of `submissions.grade`."""

    def graded(*, place=folder, out=tmp_path / "grades.csv", limits=(), **options):
        return submissions.grade(place, out, running.Rules(small, *limits), 1, **options)

    return graded


def lines(tmp_path, name="grades.csv"):
    return (tmp_path / f"{name}.journal").read_text().splitlines()


# What counts as done


def test_a_moved_folder_and_a_larger_limit_run_nothing_again(
    grade, ran, folder, tmp_path, monkeypatch
):
    grade()
    grade(limits=(700,))
    grade(limits=(600, 30_000_000))
    moved = shutil.copytree(folder, tmp_path / "moved")
    grade(place=moved)
    monkeypatch.chdir(tmp_path)
    grade(place=Path("moved"))
    assert ran == ["a", "b", "c"]
    grade(limits=(500,))  # might have been stopped
    assert ran == ["a", "b", "c"] * 2


def test_what_was_stopped_runs_again_under_a_larger_limit_only(grade, ran, monkeypatch):
    run = running.run
    monkeypatch.setattr(
        running,
        "run",
        lambda *given: [*run(*given)[:-1], {"run": "stopped after 600 s, in cell 3"}],
    )
    grade()
    grade()
    assert len(ran) == 3
    grade(limits=(700,))
    assert len(ran) == 6


def test_other_exercises_or_files_run_all_again(grade, ran, small, folder, tmp_path):
    grade()
    small.write_text(EXERCISES + "\n# mended\n", encoding="utf-8")
    grade()
    assert len(ran) == 6
    files = tmp_path / "photos"
    files.mkdir()
    (files / "cat.png").write_bytes(b"1")
    rules = running.Rules(small, files=files)
    for _ in range(2):
        submissions.grade(folder, tmp_path / "grades.csv", rules, 1)
    assert len(ran) == 9
    (files / "cat.png").write_bytes(b"2")
    submissions.grade(folder, tmp_path / "grades.csv", rules, 1)
    assert len(ran) == 12


def test_one_is_run_again_by_name(grade, ran):
    grade()
    grade(again=["b.ipynb"])
    grade(again=["c"])  # the student
    assert ran == ["a", "b", "c", "b", "c"]
    with pytest.raises(ValueError) as raised:
        grade(again=["b.ipnyb"])
    assert str(raised.value) == (
        "`--again` must name a submission or a student, as in the table: got 'b.ipnyb'. "
        "Did you mean 'b.ipynb'?"
    )
    with pytest.raises(ValueError, match=r"Did you mean 'a.ipynb' or 'b.ipynb' or 'c.ipynb'\?$"):
        grade(again=[".IPYNB"])


def test_what_may_go_well_the_next_time_is_not_kept(grade, ran, monkeypatch, tmp_path):
    with monkeypatch.context() as once:
        once.setattr(running, "run", lambda *given: [{"run": "not run: the kernel did not start"}])
        grade()
    assert lines(tmp_path) == []
    with monkeypatch.context() as once:
        once.setattr(running, "run", lambda *given: 1 / 0)
        rows = grade().rows
    assert rows[0]["run"] == ("not run: grading failed (ZeroDivisionError: division by zero)")
    grade()
    assert ran == ["a", "b", "c"]


def test_a_version_that_is_gone_is_said(grade, monkeypatch):
    with monkeypatch.context() as once:
        once.setattr(cnnlab, "__version__", "0.0.9")
        assert grade().remarks == []
    assert grade().remarks == [
        "some results come from version 0.0.9 of cnnlab: --again runs one again"
    ]


def test_a_skipped_cell_is_said(folder, grade):
    cells = [nbformat.v4.new_code_cell(text) for text in ("# d", "check(1)")]
    cells[1].metadata["tags"] = ["skip-execution"]
    made = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    (folder / "d.ipynb").write_text(made, encoding="utf-8")
    row = grade().rows[-1]
    assert row["run"] == "to its end; not run, for its tag skip-execution: cell 2"
    assert grades.summary([row], Path("small.py"))[0] == "1 submissions, 1 ran to their end"


def test_what_the_command_wrote_itself_is_no_submission_and_nothing_else_is_left_out(
    grade, folder, ran
):
    (folder / "grades.ipynb").write_bytes(notebook("g"))
    (folder / "grades.zip").write_bytes(b"PK")
    for _ in range(2):
        graded = grade(out=folder / "grades.csv", again=["a.ipynb"])
        names = ["a.ipynb", "b.ipynb", "c.ipynb", "grades.ipynb", "grades.zip"]
        assert [each.name for each in graded.handed_in] == names
        assert graded.remarks == []
        (folder / "grades.before-1.csv").write_text("", encoding="utf-8")
        (folder / "grades.moodle.csv").write_text("", encoding="utf-8")


# What happens during a run


def test_what_was_read_at_the_start_is_graded_and_kept_under_its_own_name(
    grade, folder, ran, monkeypatch
):
    run, content = running.run, (folder / "c.ipynb").read_bytes()

    def meddling(content, *others):
        (folder / "b.ipynb").write_bytes(notebook("forged"))
        (folder / "c.ipynb").unlink(missing_ok=True)
        return run(content, *others)

    with monkeypatch.context() as once:
        once.setattr(running, "run", meddling)
        rows = grade().rows
    assert ran == ["a", "b", "c"]
    assert len(rows) == 6
    (folder / "c.ipynb").write_bytes(content)
    grade()
    assert ran == ["a", "b", "c", "forged"]


def test_the_exercises_are_read_once(grade, small, ran, monkeypatch, tmp_path):
    run, seen = running.run, []

    def meddling(content, rules, *others):
        seen.append(rules.source.read_text(encoding="utf-8"))
        small.write_text("EXERCISES = ()", encoding="utf-8")
        return run(content, rules, *others)

    monkeypatch.setattr(running, "run", meddling)
    grade()
    assert seen == [EXERCISES] * 3


def test_a_journal_that_a_submission_edits_is_as_it_was(grade, ran, monkeypatch, tmp_path):
    run, path = running.run, tmp_path / "grades.csv.journal"

    def meddling(content, *others):
        if name_in(content) == "b":
            while not path.read_bytes():  # a has run, and its line may not stand there yet
                time.sleep(0.01)
            path.write_bytes(path.read_bytes().replace(b"T.1", b"T.2"))
        return run(content, *others)

    with monkeypatch.context() as once:
        once.setattr(running, "run", meddling)
        assert grade().remarks == [
            "the journal was changed from elsewhere while submissions ran: undone"
        ]
    rows = grade().rows
    assert ran == ["a", "b", "c"]
    assert [row["result"] for row in rows] == ["right", "not checked"] * 3


def test_a_line_that_was_changed_afterwards_counts_for_nothing(grade, ran, tmp_path):
    grade()
    path = tmp_path / "grades.csv.journal"
    path.write_text(path.read_text().replace("T.1", "T.2", 1) + '{"key": "half a li')
    assert grade().remarks == ["lines of the journal that cannot be read and count for nothing: 2"]
    assert ran == ["a", "b", "c", "a"]
    assert grade().remarks == []


def test_a_full_disk_keeps_what_is_done(grade, ran, monkeypatch, tmp_path):
    grade()
    before = (tmp_path / "grades.csv").read_bytes()
    add = journal.Journal.add

    def full(*given):
        if given[1] == "b.ipynb":
            raise OSError(28, "No space left on device")
        return add(*given)

    with monkeypatch.context() as once, pytest.raises(OSError, match="No space left"):
        once.setattr(journal.Journal, "add", full)
        grade(again=["a.ipynb", "b.ipynb", "c.ipynb"])
    assert (tmp_path / "grades.csv").read_bytes() == before
    grade()
    assert ran[:3] == ["a", "b", "c"] and len(ran) <= 6


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")
def test_a_journal_on_a_full_device_is_an_error_and_no_loss(tmp_path):
    made = journal.Journal(tmp_path / "j")
    made.add("a", "1", "x", running.Rules(Path("e.py")), [RUN])
    whole = made.path.read_bytes()
    made._file.close()
    made._file = Path("/dev/full").open("ab", buffering=0)
    with pytest.raises(OSError, match="No space left"):
        made.add("b", "2", "x", running.Rules(Path("e.py")), [RUN])
    made.close()
    assert made.path.read_bytes() == whole


KILLED = """
import sys, time
from pathlib import Path
from cnnlab.grading import running, submissions

def run(content, rules, kernels, keep):
    time.sleep(3600 if b"# b" in content else 0)
    return [{"number": "T.1", "mark": "✓", "message": "So."}, {"run": "to its end"}]

running.run = run
submissions.grade(sys.argv[1], sys.argv[2], running.Rules(Path(sys.argv[3])), 2)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
def test_what_is_done_survives_a_kill(folder, small, tmp_path, grade, ran):
    journal = tmp_path / "grades.csv.journal"
    given = [str(path) for path in (folder, tmp_path / "grades.csv", small)]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *given], stderr=subprocess.DEVNULL
    ) as first:
        while not journal.exists() or journal.read_text().count('"key"') < 2:
            assert first.poll() is None
            time.sleep(0.05)
        first.kill()
    assert not (tmp_path / "grades.csv").exists()
    rows = grade().rows
    assert ran == ["b"]
    assert [row["result"] for row in rows[::2]] == ["right"] * 3


@pytest.mark.skipif(sys.platform == "win32", reason="these are no names there")
def test_names_of_every_kind_come_through(grade, folder, tmp_path, capsys, small, monkeypatch):
    names = ["Anna", "anna", "a b", 'O\'Neil "x"', "=1+1", "n" * 200, "Jörg Groß", "<b>", "a;b,c"]
    for name in names:
        (folder / name).mkdir()
        (folder / name / "w.ipynb").write_bytes(notebook(name))
    latin = Path(os.fsdecode(os.fsencode(folder) + b"/M\xfcller.ipynb"))
    latin.write_bytes(notebook("m"))
    out = tmp_path / "grades.csv"
    command = ["grade", str(folder), "--out", str(out), "--exercises", str(small), "--jobs", "1"]
    pages = tmp_path / "pages"
    assert cli.main([*command, "--feedback", str(pages), "--for", "moodle"]) == 0
    capsys.readouterr().out.encode("utf-8")
    rows = grades.read(out)
    assert len({row["submission"] for row in rows}) == len(names) + 4
    assert "Müller.ipynb" in {row["submission"] for row in rows}
    assert "'=1+1/w.ipynb" in {row["submission"] for row in rows}  # no formula
    assert len([*pages.glob("*/feedback.html")]) == len(names) + 4
    assert len([*pages.glob("*/*.ipynb")]) == len(names) + 4
    assert cli.main(["report", str(out), "--submissions", str(folder)]) == 0


# Parts on several machines


def test_parts_are_graded_apart_and_merged(grade, ran, tmp_path, folder):
    for part in (1, 2):
        out = tmp_path / f"part{part}.csv"
        graded = grade(out=out, part=(part, 2))
        assert graded.remarks == [f"part {part} of 2: {len(graded.rows) // 2} submissions"]
    assert sorted(ran) == ["a", "b", "c"]
    journals = [tmp_path / f"part{part}.csv.journal" for part in (1, 2)]
    graded = grade(merge=journals)
    assert len(ran) == 3
    assert len(graded.rows) == 6
    assert all(path.is_file() for path in graded.ran.values())
    assert grade().rows == graded.rows
    assert len(ran) == 3
    with pytest.raises(ValueError, match=r"`--merge` must name journals: got .*none, which is no"):
        grade(merge=[tmp_path / "none"])


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "-1/2"])
def test_a_part_that_is_none_is_told(capsys, text):
    with pytest.raises(SystemExit):
        cli.main(["grade", "x", f"--part={text}"])
    said = f"must be such as 3/8, the third of eight: got {text}"
    assert capsys.readouterr().err.rstrip().endswith(said)


# The table


def check(number, mark, message="m"):
    return {"number": number, "mark": mark, "message": message}


def test_a_check_without_an_answer_does_not_undo_a_right_one(small):
    exercises = exercise_files.exercises_in(small)
    entries = [check("T.1", "✓", "So."), check("T.1", "○"), check("T.1", "○"), RUN]
    first, _ = grades.rows("a", exercises, entries)
    assert (first["points"], first["result"]) == (2, "right")
    said = "So. (A check further down found no answer there; this one counts.)"
    assert first["diagnosis"] == said
    wrong = [check("T.1", "✓"), check("T.1", "✗", "No."), check("T.1", "○", "none"), RUN]
    first, _ = grades.rows("a", exercises, wrong)
    assert (first["result"], first["diagnosis"]) == ("not answered", "none")


def test_points_stand_in_place_of_stars(small):
    exercises = exercise_files.exercises_in(small)
    one, two = grades.rows("a", exercises, right("T.1", "T.2"))
    assert (one["points"], one["of"], two["points"], two["of"]) == (2, 2, 2.5, 2.5)
    assert one["total"] == 4.5
    assert grades.plain(0.1 + 0.2) == 0.3


def test_a_table_with_semicolons_has_commas_in_its_numbers(grade, tmp_path):
    rows = grade(semicolons=True).rows
    text = (tmp_path / "grades.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[2].split(";")[3:6] == ["T.2", "0", "2,5"]
    again = grades.read(tmp_path / "grades.csv")
    assert [row["of"] for row in again] == [row["of"] for row in rows]


def test_a_table_of_others_is_not_taken_for_ours(tmp_path):
    path = tmp_path / "t.csv"
    for text in ("marked by hand", "submission,exercise\na,b\n", "", "points,of,total\nx,y,z\n"):
        path.write_text(text, encoding="utf-8")
        assert grades.read(path) == []


def test_a_second_table_says_whose_points_changed_and_why(
    grade, folder, monkeypatch, small, tmp_path
):
    grade()
    (folder / "b.ipynb").write_bytes(notebook("b", "2"))
    (folder / "c.ipynb").unlink()
    monkeypatch.setattr(running, "run", lambda *given: right("T.1", "T.2"))
    assert grade().remarks == [
        "points changed: b.ipynb, T.2: 0 → 2.5 (another file was handed in)",
        "in the table before, not in this one: c.ipynb (2 points)",
    ]
    small.write_text(EXERCISES + "\n", encoding="utf-8")
    why = "the exercises, or files beside them, have changed"
    assert grade().remarks == [f"points changed: a.ipynb, T.2: 0 → 2.5 ({why})"]
    table = tmp_path / "grades.csv"
    table.write_text(table.read_text("utf-8-sig").replace("2.5,2.5", "1,2.5", 1), "utf-8-sig")
    (said,) = grade().remarks
    assert said.startswith("points changed: a.ipynb, T.2: 1 → 2.5 (")


def test_who_hands_in_later_or_another_file_is_said_so(grade, folder, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Name\na\nb\nc\nDora Dorn\n", encoding="utf-8")
    rows = grade(listed=path).rows
    assert [row["result"] for row in rows[-2:]] == ["not handed in"] * 2
    assert rows[-1]["run"] == "not handed in"
    (folder / "Dora Dorn.ipynb").write_bytes(notebook("d"))
    assert grade(listed=path).remarks == [
        "points changed: Dora Dorn.ipynb, T.1: 0 → 2 (not handed in before)"
    ]
    (folder / "Dora Dorn.ipynb").rename(folder / "hw_doradorn.ipynb")
    (folder / "hw_doradorn.ipynb").write_bytes(b"")
    assert grade(listed=path).remarks == [
        "points changed: hw_doradorn.ipynb, T.1: 2 → 0 (another file was handed in; before "
        "Dora Dorn.ipynb)"
    ]
    (folder / "hw_doradorn.ipynb").unlink()
    assert grade(listed=path).remarks == []


def test_a_table_that_was_edited_is_told_from_a_second_run(grade, tmp_path, monkeypatch):
    grade()
    monkeypatch.setattr(running, "run", lambda *given: right("T.1", "T.2"))
    said = "points changed: b.ipynb, T.2: 0 → 2.5 "
    assert grade(again=["b.ipynb"]).remarks == [f"{said}(run again)"]
    table = tmp_path / "grades.csv"
    text = table.read_text("utf-8-sig").replace("T.2,2.5,2.5", "T.2,0,2.5")
    table.write_text(text, "utf-8-sig")
    assert grade().remarks == [f"{said}({regrading.KNOWN})"]


def test_the_summary_counts_who_is_missing(grade, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Name\na\nDora Dorn\n", encoding="utf-8")
    graded = grade(listed=path)
    assert graded.remarks == [
        "b.ipynb: of nobody in the class list",
        "c.ipynb: of nobody in the class list",
    ]
    assert grades.summary(graded.rows, Path("small.py")) == [
        "not handed in: Dora Dorn",
        "no check was run: a T.2; b T.2; c T.2",
        "3 submissions, 3 ran to their end; 1 of the class list handed in no notebook",
    ]


def test_changes_of_exercises_are_one_line():
    row = dict.fromkeys(grades.COLUMNS, "") | {"submission": "a", "points": 1}
    old, new = [row | {"exercise": "T.1"}], [row | {"exercise": "T.2"}]
    assert [*regrading.changes(old, new, {})] == [
        "points changed: only one of the two tables has T.1, T.2"
    ]


# Exercises of one's own


def made(**fields):
    given = {"number": "T.1", "title": "t", "stars": 1, "task": "t", "hints": ("a", "b")}
    given |= {"solution": 1, "insight": "i", "mistakes": (Mistake("m", 2),)}
    return Exercise(**given | fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"number": 2.1},
            "`number` must be a text: got number=2.1. Write it in quotes: number='2.1'.",
        ),
        (
            {"number": " "},
            "`number` must be a text: got number=' '. Write it in quotes: number=' '.",
        ),
        (
            {"stars": 5},
            "`stars` must be one of 1, 2, 3: got stars=5 in exercise T.1. What it counts in "
            "grading is said by points=.",
        ),
        (
            {"stars": 0.5},
            "`stars` must be one of 1, 2, 3: got stars=0.5 in exercise T.1. What it counts in "
            "grading is said by points=.",
        ),
        *(
            (
                {"points": points},
                f"`points` must be a number above 0: got points={points!r} in exercise T.1. Leave "
                "it out to count the stars.",
            )
            for points in (0, -1, True, "3", float("nan"), float("inf"))
        ),
    ],
)
def test_slips_in_an_exercise_are_told(fields, said):
    with pytest.raises(ValueError) as raised:
        made(**fields)
    assert str(raised.value) == said


HEAD = EXERCISES.split("EXERCISES = ")[0]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "small.py",
            f"{HEAD}EXERCISES = (dozen)",
            "`EXERCISES` must be a tuple: got one Exercise in ",
        ),
        (
            "small.py",
            f"{HEAD}EXERCISES = 12",
            "`exercises` must name a file that holds EXERCISES, a ",
        ),
        (
            "small.py",
            EXERCISES.replace("T.2", "T.1"),
            "`EXERCISES` must have a number each: got 'T.1' 2 times in ",
        ),
        (
            "small.py",
            EXERCISES.replace("T.2", "05.1"),
            "`number` must not be a lesson's: got '05.1' in ",
        ),
        (
            "my-exercises 2.py",
            EXERCISES,
            "`exercises` must have a name that notebooks can import: got 'my-exercises 2.py'. "
            "Rename it, to my_exercises_2.py for example.",
        ),
        (
            "2b.py",
            EXERCISES,
            "`exercises` must have a name that notebooks can import: got '2b.py'.",
        ),
    ],
)
def test_slips_in_a_file_of_exercises_are_told(tmp_path, name, text, said):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError) as raised:
        exercise_files.exercises_in(path)
    assert str(raised.value).startswith(said)


def test_the_journal_says_what_a_result_depends_on(grade, tmp_path):
    grade()
    (line, *_) = lines(tmp_path)
    assert {"check", "key", "name", "content", "by", "seconds", "entries"} <= {*json.loads(line)}
    with (tmp_path / "grades.csv").open(encoding="utf-8-sig") as file:
        assert len([*csv.DictReader(file)]) == 6
