"""Grading: what is right is graded right, and what goes wrong is reported."""

import csv
import json
import pickle
import re
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from cnnlab.command import cli, solved
from cnnlab.comparing import setting
from cnnlab.exercises import check, supervision
from cnnlab.exercises.solutions import written
from cnnlab.grading import collecting, exercise_files, grades, running, staff, submissions

ROOT = Path(__file__).parents[1]
EXERCISES = """
from cnnlab.exercises import Exercise, Mistake

def mean(values):
    return sum(values) / len(values)

def not_divided(values):
    return sum(values) / 1

average = Exercise(
    number="T.1", title="A mean", stars=1, task="Write the mean.", hints=("Add.", "Divide."),
    solution=mean, insight="A share each.",
    mistakes=(Mistake("The sum is not divided.", not_divided),),
    cases=(([1, 3],), ([2, 5, 8],)),
)
dozen = Exercise(
    number="T.2", title="A number", stars=2, task="How many?", hints=("Eggs.", "Hours."),
    solution=12, insight="A dozen.", mistakes=(Mistake("Twice as many.", 24),),
)
EXERCISES = (average, dozen)
"""
NAMES = ("output_shape", "edges", "seen", "design", "on_ink")  # of the homework's exercises
START = "from cnnlab.exercises import check\nimport small"
RIGHT = "check(small.average, lambda values: sum(values) / len(values))"
WRONG = "check(small.average, sum)"
NUMBER = "check(small.dozen, {})"


def submit(path, *cells):
    """A notebook of these cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in (START, *cells)])
    nbformat.write(made, path)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A file of two exercises."""
    path = tmp_path_factory.mktemp("exercises") / "small.py"
    path.write_text(EXERCISES, encoding="utf-8")
    return path


def command(folder, out, small, *options):
    given = ["grade", folder, "--out", out, "--exercises", small, "--jobs", "2", *options]
    return [sys.executable, "-m", "cnnlab.command.cli", *map(str, given)]


def read(out):
    with out.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# A small class, in real kernels


@pytest.fixture(scope="module")
def graded(tmp_path_factory, small):
    """({submission: its rows}, what was printed) of a small class."""
    folder = tmp_path_factory.mktemp("class")
    submit(folder / "anna" / "w.ipynb", RIGHT, "1 / 0", NUMBER.format(24), NUMBER.format(12))
    submit(
        folder / "ben.ipynb", WRONG, "import socket\nsocket.create_connection(('192.0.2.1', 80))"
    )
    cell = "import os\nos.abort()"
    submit(folder / "cleo.ipynb", NUMBER.format(12), cell, RIGHT)
    submit(folder / "dan.ipynb", RIGHT, "print('x' * 10**9)")
    (folder / "emil.ipynb").write_text('{"cells": [', encoding="utf-8")
    submit(folder / "fay.ipynb", "assert open('photos/cat.txt').read() == 'miow'", RIGHT)
    (folder / "fay.ipynb").write_bytes(b"\xef\xbb\xbf" + (folder / "fay.ipynb").read_bytes())
    files = tmp_path_factory.mktemp("data")
    (files / "photos").mkdir()
    (files / "photos" / "cat.txt").write_text("miow", encoding="utf-8")
    submit(folder / ".ipynb_checkpoints" / "old.ipynb", WRONG)
    out = folder / "grades.csv"
    done = subprocess.run(
        command(folder, out, small, "--max-characters", "100000", "--files", files),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    rows = read(out)
    beside = ["grades.csv", "grades.csv.journal", "grades.csv.ran"]
    assert sorted(p.name for p in folder.glob("grades*")) == beside
    names = list(dict.fromkeys(row["submission"] for row in rows))
    found = {name: [r for r in rows if r["submission"] == name] for name in names}
    return found, done.stdout, folder / "grades.csv.ran"


def test_every_submission_has_a_row_per_exercise_in_the_order_of_the_names(graded):
    rows = graded[0]
    assert list(rows) == [
        "anna/w.ipynb",
        "ben.ipynb",
        "cleo.ipynb",
        "dan.ipynb",
        "emil.ipynb",
        "fay.ipynb",
    ]
    assert all([row["exercise"] for row in mine] == ["T.1", "T.2"] for mine in rows.values())


def test_an_error_in_between_takes_no_points_and_the_last_check_counts(graded):
    first, second = graded[0]["anna/w.ipynb"]
    assert (first["points"], first["of"], first["result"]) == ("1", "1", "right")
    assert (second["points"], second["of"], second["result"]) == ("2", "2", "right")
    assert first["total"] == second["total"] == "3"
    run = "to its end; error in cell 3: ZeroDivisionError: division by zero"
    assert first["run"] == second["run"] == run


def test_a_wrong_answer_gets_its_diagnosis_and_a_connection_is_refused(graded):
    first, second = graded[0]["ben.ipynb"]
    assert (first["points"], first["result"]) == ("0", "wrong")
    assert first["diagnosis"] == "The sum is not divided."
    assert (second["points"], second["result"]) == ("0", "not checked")
    assert "ConnectionRefusedError: grading runs without a network" in first["run"]


def test_a_crash_keeps_what_was_checked_before(graded):
    first, second = graded[0]["cleo.ipynb"]
    assert (first["result"], second["result"]) == ("not checked", "right")
    assert first["run"] == "the kernel died, in cell 3"


def test_a_flood_is_stopped_before_it_is_kept(graded):
    first, _ = graded[0]["dan.ipynb"]
    assert first["result"] == "right"
    assert first["run"] == "stopped: more than 100,000 characters of output, in cell 3"


def test_a_file_that_is_no_notebook_is_reported(graded):
    first, second = graded[0]["emil.ipynb"]
    assert first["run"] == second["run"] == "not run: cut off: its JSON ends in the middle"


def test_the_command_ends_with_the_submissions_in_trouble_and_the_count(graded):
    lines = graded[1].splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["cleo.ipynb", "dan.ipynb", "emil.ipynb"]
    assert lines[3] == "with an error, see `run` in the table: anna/w.ipynb, ben.ipynb"
    assert lines[-1] == "6 submissions, 3 ran to their end, 2 of them with an error"


def test_the_notebooks_as_they_ran_are_kept(graded):
    ran = [nbformat.read(path, 4) for path in graded[2].iterdir()]
    assert len(ran) == 5  # not the one that could not be run
    shown = "".join(str(cell.outputs) for notebook in ran for cell in notebook.cells)
    assert "T.1 is handed in" in shown and "ZeroDivisionError" in shown


def test_data_files_lie_beside_the_notebook_also_of_one_with_a_byte_order_mark(graded):
    first, _ = graded[0]["fay.ipynb"]
    assert (first["result"], first["run"]) == ("right", "to its end")


# Without kernels


def entries(mark="✓"):
    return [{"number": "T.2", "mark": mark, "message": "A dozen."}, {"run": "to its end"}]


@pytest.fixture
def three(tmp_path, monkeypatch, small):
    """A folder of three submissions, and the names of those that were run."""
    for name in "abc":
        submit(tmp_path / f"{name}.ipynb", f"# {name}", NUMBER.format(12))
    ran = []
    monkeypatch.setattr(
        running, "run", lambda given, *others: ran.append(name_in(given)) or entries()
    )
    return tmp_path, ran, running.Rules(small)


def name_in(content):
    """The comment in the second cell, which says whose a notebook is."""
    return nbformat.reads(content.decode(), 4).cells[1].source.removeprefix("# ")


def test_all_that_a_notebook_may_not_see_is_hidden(three, monkeypatch):
    folder, _, rules = three
    place, seen = folder.parent / f"{folder.name}_of_the_instructor", []
    for name in ("part1.csv.ran", "files", "feedback"):
        (place / name).mkdir(parents=True)
    for name in ("part1.csv", "part1.csv.journal", "grades.csv", "grades.before-1.csv"):
        (place / name).write_text("", encoding="utf-8")
    (place / "grades.moodle.csv").write_text("", encoding="utf-8")
    (place / "list.csv").write_text("Name\na\nb\nc\n", encoding="utf-8")
    source = shutil.copy(rules.source, place / "small.py")
    rules = running.Rules(source, files=place / "files", hidden=(Path("asked for"),))
    run = running.run
    monkeypatch.setattr(
        running, "run", lambda given, rules, *others: seen.append(rules) or run(given, rules)
    )
    submissions.grade(
        folder,
        place / "grades.csv",
        rules,
        jobs=1,
        listed=place / "list.csv",
        merge=[place / "part1.csv.journal"],
        apart=[place / "feedback"],
    )
    assert len(seen) == 3
    for rules in seen:
        hidden = {Path(path) for path in rules.hidden}
        names = {path.name for path in hidden if path.parent == place}
        assert names == {
            *("small.py", "small.key", "list.csv", "files", "feedback"),
            *("grades.csv", "grades.csv.part", "grades.csv.journal", "grades.csv.ran"),
            *("part1.csv", "part1.csv.journal", "part1.csv.ran"),
            *("grades.before-1.csv", "grades.moodle.csv"),
        }
        assert {folder, Path("asked for"), rules.source.parent} <= hidden
        assert any(rules.files.is_relative_to(path) for path in hidden)


@pytest.mark.skipif(not staff.WARM, reason="nothing is hidden there")
def test_a_kernel_is_asked_for_with_all_that_it_may_not_see(tmp_path):
    clerk = object.__new__(staff.Staff)  # nobody is started
    clerk._warm, clerk.reason, clerk.address = True, None, tmp_path / "warm"
    clerk._source = tmp_path / "source"
    (tmp_path / "channel").mkdir()
    rules = running.Rules(tmp_path / "small.py", hidden=(tmp_path / "class", Path("table.csv")))
    clerk.manager(tmp_path, {}, rules).context.destroy(linger=0)
    hidden = {*map(Path, json.loads((tmp_path / "order").read_text(encoding="utf-8"))["hidden"])}
    assert hidden == {
        ROOT / "notebooks" / "homework",
        ROOT / "tests",
        clerk._source,
        tmp_path / "class",
        Path("table.csv").resolve(),
    }


def test_a_stopped_run_goes_on_where_it_was_also_behind_half_a_line(three, monkeypatch):
    folder, ran, rules = three
    out = folder / "grades.csv"
    run = running.run
    with monkeypatch.context() as once:

        def stopped(content, *others):
            if name_in(content) == "c":
                raise KeyboardInterrupt
            return run(content, *others)

        once.setattr(running, "run", stopped)
        with pytest.raises(KeyboardInterrupt):
            submissions.grade(folder, out, rules, jobs=1)
    assert ran == ["a", "b"]
    assert not out.exists()
    journal = folder / "grades.csv.journal"
    journal.write_text(journal.read_text() + '{"key": "half a li')
    with monkeypatch.context() as once, pytest.raises(ZeroDivisionError):
        once.setattr(grades, "write", lambda rows, out, **others: 1 / 0)
        submissions.grade(folder, out, rules, jobs=1)
    rows = submissions.grade(folder, out, rules, jobs=1).rows
    assert ran == ["a", "b", "c"]
    assert read(out)[5]["result"] == "right"
    assert [row["points"] for row in rows] == [0, 2] * 3


def test_only_what_is_new_or_changed_runs_in_a_second_start(three):
    folder, ran, rules = three
    out = folder / "grades.csv"
    submissions.grade(folder, out, rules, jobs=1)
    submit(folder / "b.ipynb", "# b", NUMBER.format(13))
    submit(folder / "late.ipynb", "# late", NUMBER.format(12))
    rows = submissions.grade(folder, out, rules, jobs=1).rows
    assert ran[:3] == ["a", "b", "c"]
    assert sorted(ran[3:]) == ["b", "late"]
    assert len(read(out)) == len(rows) == 8
    renamed = shutil.copy(rules.source, folder / "renamed.py")
    submissions.grade(folder, out, running.Rules(Path(renamed)), jobs=1)
    assert len(ran) == 3 + 2 + 4


def test_a_table_that_is_already_there_is_kept_under_a_new_name(three):
    folder, _, rules = three
    out = folder / "grades.csv"
    out.write_text("marked by hand", encoding="utf-8")
    submissions.grade(folder, out, rules, jobs=1)
    (kept,) = folder.glob("grades.before-*.csv")
    assert kept.read_text(encoding="utf-8") == "marked by hand"
    assert len(read(out)) == 6
    submissions.grade(folder, out, rules, jobs=1)
    assert [*folder.glob("grades.before-*.csv")] == [kept]  # the same table again
    assert kept.read_text(encoding="utf-8") == "marked by hand"


def test_the_folder_of_the_table_is_made(three):
    folder, _, rules = three
    out = folder / "results" / "november" / "grades.csv"
    submissions.grade(folder, out, rules, jobs=1)
    assert len(read(out)) == 6


def test_a_file_of_exercises_that_nobody_imports_is_noticed(three):
    folder, _, rules = three
    table = submissions.grade(folder, folder / "grades.csv", rules, jobs=1).rows
    assert grades.summary(table, rules.source) == [
        "no check was run: a T.1; b T.1; c T.1",
        "3 submissions, 3 ran to their end",
    ]
    unchecked = [{**row, "result": "not checked"} for row in table]
    assert grades.summary(unchecked, Path("some") / "hidden_cases.py")[-1] == (
        "`--exercises` must have the name that the notebooks import: got hidden_cases.py, "
        "and no submission checked any exercise of it. Rename the file."
    )
    refused = [{**row, "run": "not run: without its seed"} for row in unchecked]
    assert "--exercises" not in grades.summary(refused, Path("hw.py"))[-1]  # not for its name


def test_who_left_checks_out_is_named_and_who_was_stopped_is_not():
    def rows(name, run, *results):
        filled = dict.fromkeys(grades.COLUMNS, "") | {"submission": f"{name}/w.ipynb", "run": run}
        found = [{**filled, "exercise": f"T.{n}", "result": r} for n, r in enumerate(results, 1)]
        return [{**row, "student": name.title()} for row in found]

    left, right = "not checked", "right"
    table = rows("ann bee", "to its end; error in cell 1: a", left, left, left, right, left)
    table += rows("ben", "the kernel died, in cell 3", left, left, right, left, left)
    table += rows("cleo", "to its end", right, "wrong", "not answered", right, right)
    table += rows("dan", "to its end", left, left, right, right, right)
    table[-4]["diagnosis"] = "Cannot be judged: a layer."
    assert grades.summary(table, Path("hw.py"))[-2] == (
        "no check was run: Ann Bee T.1–T.3, T.5; Dan T.1"
    )


def test_nobody_is_graded_by_exercises_that_judge_wrongly(three, capsys):
    folder, ran, _ = three
    broken = folder / "broken.py"
    broken.write_text(EXERCISES.replace("/ len(values)", "/ len(valeus)"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"exercise T\.1, whose solution raises NameError"):
        submissions.grade(folder, folder / "grades.csv", running.Rules(broken), jobs=1)
    assert ran == []
    assert cli.main(["solutions", str(broken)]) == 2
    assert "whose solution raises NameError" in capsys.readouterr().err


def test_a_full_disk_leaves_the_old_table_whole(three, monkeypatch):
    folder, _, rules = three
    out = folder / "grades.csv"
    out.write_text("the old table", encoding="utf-8")

    def full(table, rows):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(csv.DictWriter, "writerows", full)
    with pytest.raises(OSError, match="No space left"):
        submissions.grade(folder, out, rules, jobs=1)
    assert out.read_text(encoding="utf-8") == "the old table"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("one\ntwo\x1b[0m\x00", "one two [0m"),
        ("<f at 0x7f00aa11bb22>", "<f at 0x…>"),
        ("=1+1", "'=1+1"),
        ("-5 is not right.", "'-5 is not right."),
        ("y" * 500, "y" * 400 + "…"),
        ("\udc80lone", "lone"),
    ],
)
def test_a_cell_of_the_table_is_one_short_line_and_never_a_formula(text, cleaned):
    assert grades.cleaned(text) == cleaned


def test_what_cannot_be_graded_is_told_with_a_remedy(tmp_path, small, capsys):
    with pytest.raises(ValueError, match=r"`folder` must hold notebooks, \*\.ipynb: got "):
        collecting.collect(tmp_path, None)
    with pytest.raises(ValueError, match=r"a file or one of 01, .*: got '77'\. Give the path"):
        exercise_files.source_of("77")
    empty = tmp_path / "empty.py"
    empty.write_text("EXERCISES = ()", encoding="utf-8")
    with pytest.raises(ValueError, match="must name a file that holds EXERCISES"):
        exercise_files.exercises_in(empty)
    (tmp_path / "hard.py").write_text("import neighbour_of_mine", encoding="utf-8")
    with pytest.raises(
        ValueError,
        match=r"one self-contained file: got .*hard\.py', which imports "
        r"'neighbour_of_mine'\. Write what it needs into the file itself",
    ):
        exercise_files.exercises_in(tmp_path / "hard.py")
    assert cli.main(["grade", str(tmp_path), "--exercises", str(small)]) == 2
    assert capsys.readouterr().err.startswith("cnnlab: `folder` must hold notebooks")


def test_a_folder_that_is_none_is_told_so(tmp_path, small, capsys):
    absent, file = tmp_path / "absent", tmp_path / "w.ipynb"
    submit(file)
    for folder, rule in [
        (absent, f"exist: there is no folder {absent}. Look at how its path is written."),
        (file, f"be a folder: got the file {file}. Give the folder that it lies in."),
    ]:
        assert cli.main(["grade", str(folder), "--exercises", str(small)]) == 2
        assert capsys.readouterr().err == f"cnnlab: `folder` must {rule}\n"


def test_a_folder_is_no_place_for_the_table(three):
    folder, ran, rules = three
    with pytest.raises(ValueError) as raised:
        submissions.grade(folder, folder, rules, jobs=1)
    assert str(raised.value) == (
        f"`--out` must be a file: got the folder {folder}. Write --out {folder / 'grades.csv'}."
    )
    assert ran == []


@pytest.mark.parametrize("text", ["EXERCISES = (", "EXERCISES = (average,)"])
def test_exercises_that_do_not_run_are_told_with_their_error(tmp_path, text, capsys):
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    assert cli.main(["solutions", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"cnnlab: `exercises` must be a file that runs: got '{file}', which ")
    name = "SyntaxError: '(' was never" if text.endswith("(") else "NameError: name 'average'"
    assert f"raises {name}" in said
    assert said.endswith(f". Mend it: `python {file}` shows where.\n")


def test_a_notebook_is_no_file_of_exercises(tmp_path, capsys):
    submit(tmp_path / "w.ipynb")
    file = str(tmp_path / "w.ipynb")
    assert cli.main(["grade", str(tmp_path), "--exercises", file]) == 2
    assert capsys.readouterr().err == (
        f"cnnlab: `exercises` must be a file of Python, *.py: got '{file}'. "
        "Give the one that the notebooks import.\n"
    )


def test_a_lesson_is_graded_by_its_number():
    numbers = [
        exercise.number for exercise in exercise_files.exercises_in(exercise_files.source_of("01"))
    ]
    assert numbers[:2] == ["01.1", "01.2"]


def test_a_kernel_under_grading_has_the_pinned_setting():
    assert setting.pinned().items() <= staff.SETTING.items()


def test_a_check_under_grading_says_nothing_and_hands_over(tmp_path, monkeypatch, capsys):
    check("01.2", (1, 2))
    with (tmp_path / "record").open("a", encoding="ascii") as file:
        monkeypatch.setattr(supervision, "_record", file)
        monkeypatch.setattr(supervision, "_cases", {"01.2": pickle.dumps(())})
        check("01.2", (1, 2))
        check("01.2", ...)
        check("01.1", ...)  # not graded: judged here
    handed, untouched = map(json.loads, (tmp_path / "record").read_text().splitlines())
    entries = handed["runs"][0]["result"]
    assert (handed["number"], entries) == ("01.2", {"tuple": [1, 2], "name": "tuple"})
    assert untouched["mark"] == "○"
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("✗ 01.2")
    assert said[2] == said[3] == "01.2 is handed in: it is judged when the notebook has run."
    assert said[4] == "○ 01.1 not answered yet"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", b"127.0.0.1", "", None])
def test_this_machine_may_be_asked(host):
    supervision._refuse_connections("socket.getaddrinfo", (host, 80))


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("example.org", 80)),
        ("socket.gethostbyname", ("example.org",)),
        ("socket.connect", (None, ("192.0.2.1", 80))),
        ("socket.sendto", (None, ("192.0.2.1", 53))),
    ],
)
def test_another_machine_may_not(event, arguments):
    with pytest.raises(ConnectionRefusedError, match="grading runs without a network"):
        supervision._refuse_connections(event, arguments)


class Session:
    """What a kernel sends its messages with."""

    def send(self, *arguments, **options):
        """Sends nothing."""


def test_a_kernel_ends_itself_when_it_has_shown_too_much(monkeypatch):
    from ipykernel.iostream import OutStream

    ends = []
    monkeypatch.setattr(OutStream, "write", lambda stream, text: None)
    monkeypatch.setattr(supervision.os, "_exit", ends.append)
    session = Session()
    supervision._limit_output(session, 10)
    OutStream.write(None, "12345")
    session.send(None, {"content": {"data": {"text/plain": "12345", "n": 3}}})
    assert ends == []
    session.send(None, "display_data", {"data": {"text/plain": "1"}})
    assert ends == [1]


# Solutions, and the homework itself


def test_the_solutions_of_a_lesson_and_of_the_homework_are_printed(capsys, small):
    assert cli.main(["solutions", "01", str(small)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("01.1 The kernel that shifts ★\n")
    assert "def correlate(image, kernel, stride):" in text
    assert "T.2 A number ★★\nHow many?\n\n12\n\nA dozen.\n" in text


def test_the_exercise_of_ten_lines_in_the_page_for_instructors_works(tmp_path, capsys):
    page = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", page, flags=re.DOTALL)[1]
    file = tmp_path / "my_exercises.py"
    file.write_text(example, encoding="utf-8")
    (halves,) = exercise_files.exercises_in(file)
    check(halves, lambda image: image[::2, ::2])
    check(halves, lambda image: image[::2])
    right, wrong = capsys.readouterr().out.splitlines()
    assert right == "✓ H2.1 A slice is a view: nothing is copied."
    assert wrong == "✗ H2.1 Only every second row is taken: columns count too."
    assert " ".join(wrong.split()) in " ".join(page.split())


def homework():
    return runpy.run_path(str(ROOT / "notebooks" / "homework" / "edges_and_digits.py"))


def test_the_numbers_of_the_homework_are_those_of_a_keras_model():
    import keras
    from keras import layers

    from cnnlab.receptive_field import receptive_field

    asked = homework()
    shape = keras.Sequential(
        [
            keras.Input((86, 125, 1)),
            layers.Conv2D(1, 3),
            layers.MaxPooling2D(),
            layers.Conv2D(1, (5, 3), strides=2),
        ]
    ).output_shape[1:3]
    assert asked["output_shape"].solution == shape
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, (5, 3)),
            layers.MaxPooling2D(),
            layers.Conv2D(16, (3, 5), name="second"),
        ]
    )
    assert asked["seen"].solution == receptive_field(network, "second").region(4, 7)


def test_the_homework_sets_its_exercises_in_order_with_title_and_task():
    asked = homework()["EXERCISES"]
    cells = nbformat.read(ROOT / "notebooks" / "homework" / "edges_and_digits.ipynb", 4).cells
    prose = " ".join(" ".join(c.source for c in cells if c.cell_type == "markdown").split())
    prose = prose.replace("`", "")
    code = "\n".join(c.source for c in cells if c.cell_type == "code")
    assert tuple(re.findall(r"^check\(homework\.(\w+),", code, re.MULTILINE)) == NAMES
    places = [prose.index(f"Exercise {e.number} {'★' * e.stars} {e.title}") for e in asked]
    assert sorted(places) == places
    assert [e.task for e in asked if e.task.replace("`", "") not in prose] == []
    assert sum(e.stars for e in asked) == 10


def answered(path, *answers):
    """The homework with these answers, one line or function per exercise."""
    made = nbformat.read(ROOT / "notebooks" / "homework" / "edges_and_digits.ipynb", 4)
    cells = [cell for cell in made.cells if "\ncheck(homework." in cell.source]
    for cell, answer in zip(cells, answers, strict=True):
        cell.source = answer
    nbformat.write(made, path)


def mistaken(name, answer):
    """A cell that makes a mistake, as a student would write it."""
    if not callable(answer):
        return f"check(homework.{name}, {answer!r})"
    return f"{written(answer)}\n\ncheck(homework.{name}, {answer.__name__})"


@pytest.mark.slow
def test_the_homework_is_graded_solved_wrong_and_untouched(tmp_path):
    places = {exercise.number: name for name, exercise in homework().items() if name in NAMES}
    names = [places[exercise.number] for exercise in homework()["EXERCISES"]]
    wrong = [mistaken(name, homework()[name].mistakes[-1].answer) for name in names]
    answered(tmp_path / "wrong.ipynb", *wrong)
    untouched = ROOT / "notebooks" / "homework" / "edges_and_digits.ipynb"
    right = nbformat.read(untouched, 4)
    solved.solve(right, untouched.with_suffix(".py"))
    nbformat.write(right, tmp_path / "solved.ipynb")
    (tmp_path / "untouched.ipynb").write_bytes(untouched.read_bytes())
    options = [str(tmp_path), "--out", str(tmp_path / "g.csv"), "--jobs", "2"]
    subprocess.run([sys.executable, "-m", "cnnlab.command.cli", "grade", *options], check=True)
    rows = read(tmp_path / "g.csv")
    assert {row["run"] for row in rows} == {"to its end"}
    results = [row["result"] for row in rows]
    assert results == ["right"] * 5 + ["not answered"] * 5 + ["wrong"] * 5
    assert sum(int(row["points"]) for row in rows) == 10
    said = [row["diagnosis"] for row in rows[10:]]
    assert said == [exercise.mistakes[-1].diagnosis for exercise in homework()["EXERCISES"]]


# Sixty submissions


ENDS = {
    "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)": "the kernel died",
    "import os\nos._exit(0)": "the kernel died",
    "while True:\n    pass": "stopped after 40 s",
    "import subprocess\nsubprocess.run(['sleep', '1000'])": "stopped after 40 s",
    "print('x' * 10**9)": "stopped: more than 1,000,000 characters of output",
    "while True:\n    print('x' * 1000)": "stopped: more than 1,000,000 characters of output",
}


def class_of_sixty(folder):
    """54 honest submissions, of six kinds, and six others: {name: (points of T.1, of T.2, run)}."""
    expected = {}
    answers = [(RIGHT, 1), (WRONG, 0), ("check(small.average, ...)", 0)]
    numbers = [(12, 2), (24, 0)]
    ends = iter(ENDS.items())
    for place in range(60):
        name = f"student_{place:02}.ipynb"
        (first, one), (number, two) = answers[place % 3], numbers[place // 3 % 2]
        cells = [first, NUMBER.format(number)]
        if place % 10 == 4:
            trouble, run = next(ends)
            submit(folder / name, cells[0], trouble, cells[1])
            expected[name] = (one, 0, f"{run}, in cell 3")
        else:
            submit(folder / name, *cells)
            expected[name] = (one, two, "to its end")
    return expected


def workers_of(process):
    """The judge, and what kernels are forked from, and the kernels."""
    import psutil

    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
def test_sixty_submissions_six_in_trouble_twice_and_stopped_in_between(tmp_path, small):
    import psutil

    folder = tmp_path / "class"
    expected = class_of_sixty(folder)
    assert sum(run != "to its end" for _, _, run in expected.values()) == 6
    options = ["--seconds", "40", "--max-characters", "1000000"]
    out, again = tmp_path / "grades.csv", tmp_path / "again.csv"

    first = subprocess.Popen(command(folder, out, small, *options), stderr=subprocess.DEVNULL)
    journal = tmp_path / "grades.csv.journal"
    while not journal.exists() or journal.read_text().count('"key"') < 25:
        assert first.poll() is None
        time.sleep(0.2)
    children = workers_of(first)
    first.kill()
    first.wait()
    assert len(children) > 2
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    assert not out.exists()
    done = journal.read_text().count('"key"')

    resumed = subprocess.run(
        command(folder, out, small, *options), check=True, capture_output=True, text=True
    )
    assert f"{done}/60" in resumed.stderr  # the bar begins where the first run was stopped
    rows = read(out)
    found = {
        one["submission"]: (int(one["points"]), int(two["points"]), one["run"])
        for one, two in zip(rows[::2], rows[1::2], strict=True)
    }
    assert found == expected
    assert resumed.stdout.splitlines()[-1] == "60 submissions, 54 ran to their end"

    subprocess.run(command(folder, again, small, *options), check=True, capture_output=True)
    assert again.read_bytes() == out.read_bytes()
