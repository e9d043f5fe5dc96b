"""`cnnlab homework`: what students get judges, holds no answer, and is graded by the original."""

import csv
import io
import re
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cnnlab.command import cli, homework, template
from cnnlab.exercises import judge, locks, variants
from cnnlab.grading.exercise_files import exercises_in, loaded

VARIED = runpy.run_path(str(Path(__file__).with_name("test_variants.py")))["FILE"]
PLAIN = VARIED.replace("exercises(seed)", "made(seed)").replace("exercises(0)", "made(0)")
CELLS = """
import varied as homework
from cnnlab.exercises import check
---
# Write scaled(image): 2 times
as large.
---
def scaled(image):
    return ...


check(homework.scale, scaled)
---
Write total(image).
---
check(homework.total, ...)
"""


@pytest.fixture(autouse=True)
def _quick_locks(monkeypatch):
    monkeypatch.setitem(locks.COST, "n", 16)


@pytest.fixture
def source(tmp_path):
    """An instructor's file with variants, and its notebook."""
    path = tmp_path / "mine" / "varied.py"
    path.parent.mkdir()
    path.write_text(VARIED, encoding="utf-8")
    kinds = (nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell)
    cells = [kinds[n % 2](text.strip()) for n, text in enumerate(CELLS.split("---\n"))]
    cells[0].outputs = [nbformat.v4.new_output("stream", text="shown with seed 0")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path.with_suffix(".ipynb"))
    return path


def run(*arguments):
    return cli.main(["homework", *map(str, arguments)])


def test_a_packed_homework_judges_and_is_graded_by_the_original(source, tmp_path, capsys):
    source.write_text(PLAIN, encoding="utf-8")
    out = tmp_path / "out"
    assert run("pack", source, out) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^V\.1: sealed, 2\^\d+ answers to try$", printed, re.MULTILINE)
    assert re.search(r"varied\.py: [\d,]+ bytes$", printed, re.MULTILINE)
    assert sorted(path.name for path in out.iterdir()) == ["varied.ipynb", "varied.py"]
    assert not source.with_suffix(".key").exists()
    mine, theirs = exercises_in(source), exercises_in(out / "varied.py")
    for one, other in zip(mine, theirs, strict=True):
        assert judge(other, one.solution).message == one.insight
        assert judge(other, one.mistakes[0].answer).message == one.mistakes[0].diagnosis
    notebook = nbformat.read(out / "varied.ipynb", 4)
    assert notebook.cells[0].outputs
    assert "cnnlab" not in notebook.metadata


def test_a_students_file_runs_where_the_instructors_is_not(source, tmp_path, monkeypatch, capsys):
    source.write_text(PLAIN, encoding="utf-8")
    assert run("pack", source.with_suffix(""), tmp_path / "out") == 0
    source.unlink()
    monkeypatch.syspath_prepend(str(tmp_path / "out"))
    monkeypatch.delitem(sys.modules, "varied", raising=False)
    there = {}
    capsys.readouterr()
    for cell in nbformat.read(tmp_path / "out" / "varied.ipynb", 4).cells:
        if cell.cell_type == "code":
            exec(cell.source.replace("return ...", "return 2 * image"), there)
    monkeypatch.delitem(sys.modules, "varied", raising=False)
    assert capsys.readouterr().out == ("✓ V.1 Every pixel alone.\n○ V.2 not answered yet\n")


def test_one_seed_for_all_stands_signed_in_the_notebook_with_its_own_task(source, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("pack", source, out, "--seed", 3) == 0
    assert (
        "varied.key: your key of the variants; keep it beside the file" in capsys.readouterr().out
    )
    notebook = nbformat.read(out / "varied.ipynb", 4)
    key = variants.key_beside(source)
    assert variants.variant_of(notebook, key, "varied") == (3, "")
    wanted = variants.variant(loaded(source), 3)[0]
    assert wanted.task in notebook.cells[1].source
    assert "2 times" not in notebook.cells[1].source
    assert not notebook.cells[0].outputs
    scale = exercises_in(out / "varied.py")[0]
    assert scale.task == wanted.task
    assert judge(scale, wanted.solution).mark == "✓"
    assert sorted(path.name for path in out.iterdir()) == ["varied.ipynb", "varied.py"]


def test_each_student_gets_a_folder_a_seed_and_the_files(source, tmp_path, capsys):
    roster, files, out = tmp_path / "class.csv", tmp_path / "data", tmp_path / "out"
    roster.write_text("student;seed\nJörg Müller;\n<x>/é;7\n\n", encoding="utf-8-sig")
    (files / "inner").mkdir(parents=True)
    (files / "inner" / "photo.bin").write_bytes(b"\xff\x00")
    assert run("pack", source, out, "--seeds", roster, "--files", files) == 0
    assert "seed 7" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["Jörg Müller", "_x__é"]
    key = variants.key_beside(source)
    told = {}
    for folder in out.iterdir():
        assert (folder / "inner" / "photo.bin").read_bytes() == b"\xff\x00"
        notebook = nbformat.read(folder / "varied.ipynb", 4)
        seed, student = variants.variant_of(notebook, key, "varied")
        told[student] = seed
        wanted = variants.variant(loaded(source), seed)[0]
        assert exercises_in(folder / "varied.py")[0].task == wanted.task
    assert told == {"Jörg Müller": variants.seed_of(key, "Jörg Müller"), "<x>/é": 7}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "the class list must have a column Name, or First name and Last name: got an empty"),
        ("login,seed\na1,3\n", "the class list must have a column Name, or .*: got login, seed in"),
        ("student,seed\n,3\n", "the class list must name students: got none in .* Add a row for"),
        ("student\nAnna\nanna\n", "must name each student once: got 'Anna' and 'anna', whose"),
        ("student\na/b\na:b\n", "must name each student once: got 'a/b' and 'a:b'"),
        ("student\nA\nA\n", "got 'A' and 'A', whose .* Add a column with the number or login of"),
        ("student,seed\nA,x\n", "`seed` must be a whole number from 0 to 999999: got 'x' for 'A'"),
    ],
)
def test_a_class_list_with_a_fault_is_refused(source, table, message, tmp_path, capsys):
    roster = tmp_path / "class.csv"
    roster.write_text(table, encoding="utf-8")
    assert run("pack", source, tmp_path / "out", "--seeds", roster) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("platform", ["WORKSHEET", "GRADEBOOK"])
def test_the_lists_of_platforms_are_class_lists(source, platform, tmp_path, capsys):
    text = runpy.run_path(str(Path(__file__).with_name("test_platforms.py")))[platform]
    roster, out = tmp_path / "class.csv", tmp_path / "out"
    roster.write_text(text, encoding="utf-8")
    assert run("pack", source, out, "--seeds", roster) == 0
    assert "Anna Becker" in (names := sorted(path.name for path in out.iterdir()))
    assert len(names) == 3
    notebook = nbformat.read(out / "Anna Becker" / "varied.ipynb", 4)
    key = variants.key_beside(source)
    told = variants.variant_of(notebook, key, "varied")
    assert told == (variants.seed_of(key, "Anna Becker"), "Anna Becker")


def test_nothing_is_overwritten(source, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "varied.ipynb").write_text("mine", encoding="utf-8")
    assert run("pack", source, out) == 2
    assert (out / "varied.ipynb").read_text(encoding="utf-8") == "mine"
    assert "`OUT` must be a new folder: got" in (said := capsys.readouterr().err)
    assert "where varied.ipynb lies. Name another one: nothing is overwritten." in said
    assert run("pack", source, out / "varied.ipynb") == 2
    assert "which is a file" in capsys.readouterr().err
    assert run("pack", source, tmp_path / "new", "--files", tmp_path / "absent") == 2
    assert "`--files` must be a folder" in capsys.readouterr().err


def test_a_notebook_that_tells_an_answer_is_not_handed_out(source, tmp_path, capsys):
    notebook = nbformat.read(source.with_suffix(".ipynb"), 4)
    output = nbformat.v4.new_output("stream", text="✓ V.1 Every pixel alone.\n")
    notebook.cells[2].outputs = [output]
    nbformat.write(notebook, source.with_suffix(".ipynb"))
    assert run("pack", source, tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "must hold no answer: got exercise V.1: the sentence 'Every pixel alone.'. Take" in said
    assert not (tmp_path / "out").exists()
    files = tmp_path / "data"
    files.mkdir()
    (files / "notes.txt").write_text("Every pixel alone.", encoding="utf-8")
    notebook.cells[2].outputs = []
    nbformat.write(notebook, source.with_suffix(".ipynb"))
    assert run("pack", source, tmp_path / "out", "--files", files) == 2
    assert "the sentence 'Every pixel alone.'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["scaled(image)", "`scaled`(image)"])
def test_a_task_is_found_whatever_is_set_as_code_in_the_notebook(source, tmp_path, name):
    source.write_text(VARIED.replace("scaled(image): ", f"{name}: "), encoding="utf-8")
    notebook = nbformat.read(source.with_suffix(".ipynb"), 4)
    notebook.cells[1].source = "**V.1** Write `scaled(image)`: `2` times\nas large. Then look."
    nbformat.write(notebook, source.with_suffix(".ipynb"))
    assert run("pack", source, tmp_path / "out", "--seed", 3) == 0
    packed = nbformat.read(tmp_path / "out" / "varied.ipynb", 4)
    task = variants.variant(loaded(source), 3)[0].task
    assert packed.cells[1].source == f"**V.1** {task} Then look."


def test_a_notebook_must_show_the_task_of_each_variant(source, tmp_path, capsys):
    notebook = nbformat.read(source.with_suffix(".ipynb"), 4)
    notebook.cells[1].source = "Scale it."
    nbformat.write(notebook, source.with_suffix(".ipynb"))
    assert run("pack", source, tmp_path / "out", "--seed", 3) == 2
    said = capsys.readouterr().err
    assert "must show each variant's own task: got none of exercise V.1. Write its task" in said
    assert "`print(homework.scale.task)`" in said
    notebook.cells[0].source += "\nprint(homework.scale.task)"
    nbformat.write(notebook, source.with_suffix(".ipynb"))
    assert run("pack", source, tmp_path / "out", "--seed", 3) == 0


def test_verify_tries_every_seed(source, capsys):
    assert run("verify", source) == 0
    printed = capsys.readouterr().out
    assert "varied.py: " in printed
    assert "bytes when sealed, no answer in it" in printed
    assert "50 seeds: each with one right answer, and mistakes that differ" in printed
    assert not source.with_suffix(".key").exists()


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_a_terminal_shows_how_far_it_is_and_a_pipe_nothing(
    source, tmp_path, monkeypatch, capsys, terminal
):
    shown = io.StringIO()
    shown.isatty = lambda: terminal
    monkeypatch.setattr(sys, "stderr", shown)
    roster = tmp_path / "class.csv"
    roster.write_text("student\nAnna\nBen\n", encoding="utf-8")
    assert run("pack", source, tmp_path / "out", "--seeds", roster) == 0
    assert run("verify", source, "--seeds", 3) == 0
    said = shown.getvalue()
    assert [f" 0/{count} [" in said for count in (2, 4)] == [terminal] * 2
    assert bool(said) is terminal
    assert not said.split("\r")[-1].strip()  # at the end the line is gone
    assert "\r" not in capsys.readouterr().out


def test_verify_names_the_seed_that_fails(source, capsys):
    text = VARIED.replace("lambda image: factor + image", "lambda image: 7 * image")
    source.write_text(text, encoding="utf-8")
    module = loaded(source)
    first = next(s for s in range(1, 51) if " 7 times" in variants.variant(module, s)[0].task)
    assert run("verify", source) == 2
    said = capsys.readouterr().err
    assert f"with seed={first}: `EXERCISES` must judge rightly: got exercise V.1" in said
    assert run("verify", source, "--seeds", first - 1) == 0


def test_a_variant_that_judges_wrongly_is_not_handed_out(source, tmp_path, capsys):
    text = VARIED.replace("lambda image: factor + image", "lambda image: 7 * image")
    source.write_text(text, encoding="utf-8")
    assert run("pack", source, tmp_path / "out", "--seed", 5) == 2
    assert "`EXERCISES` must judge rightly: got exercise V.1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_verify_tries_the_sealed_form(source, capsys, monkeypatch):
    monkeypatch.setattr("cnnlab.exercises.seal_trial.seal_faults", lambda *_: iter(["whose x"]))
    assert run("verify", source) == 2
    assert "a sealed exercise must judge as the open one: got exercise V.1, whose x. Let its" in (
        capsys.readouterr().err
    )


def test_a_homework_without_file_or_notebook_is_refused(source, tmp_path, capsys):
    assert run("verify", tmp_path / "absent.py") == 2
    assert (
        "`NAME` must be a file of exercises or one of cheaper_networks" in capsys.readouterr().err
    )
    source.with_suffix(".ipynb").unlink()
    assert run("verify", source) == 2
    assert "must lie beside the notebook that sets them" in capsys.readouterr().err
    assert homework.source_of("edges_and_digits").name == "edges_and_digits.py"


@pytest.mark.parametrize("seed", ["-1", "1000000", "x"])
def test_a_seed_is_a_whole_number(source, tmp_path, seed, capsys):
    with pytest.raises(SystemExit):
        run("pack", source, tmp_path / "out", f"--seed={seed}")
    assert "must be a whole number, 0 to 999999" in capsys.readouterr().err


def test_a_file_without_variants_takes_no_seed(source, tmp_path, capsys):
    source.write_text(PLAIN, encoding="utf-8")
    assert run("pack", source, tmp_path / "out", "--seed", 3) == 2
    said = capsys.readouterr().err
    assert (
        "`seed` must come with a file that holds exercises(seed): got varied.py, which has one "
        "variant only. Define exercises(seed) there, and bind `scale, total = EXERCISES = "
        "exercises(0)`." in said
    )
    assert not source.with_suffix(".key").exists()


@pytest.mark.parametrize("given", [("--seed", 3), ("--seeds", "class.csv")])
def test_no_key_is_laid_beside_a_homework_of_this_project(tmp_path, given, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("class.csv").write_text("student\nAnna\n", encoding="utf-8")
    assert run("pack", "edges_and_digits", tmp_path / "out", *given) == 2
    said = capsys.readouterr().err
    assert "`NAME` must be a file of your own where there are seeds: got '" in said
    assert ", beside which no key may lie. Copy edges_and_digits.py and edges_and_digits.ip" in said
    assert not homework.source_of("edges_and_digits").with_suffix(".key").exists()
    assert not (tmp_path / "out").exists()


def test_what_is_the_same_for_all_is_tried_once(source, tmp_path, monkeypatch, capsys):
    text = VARIED.replace("def exercises(seed):", "KEPT = []\n\n\ndef exercises(seed):")
    kept = "    KEPT.append(total) if not KEPT else None\n    return scale, KEPT[0]"
    source.write_text(text.replace("    return scale, total", kept), encoding="utf-8")
    tried = []
    monkeypatch.setattr(homework, "verify", lambda es: tried.append([e.number for e in es]))
    assert run("verify", source, "--seeds", 2) == 0
    assert tried == [["V.1", "V.2"], ["V.1"], ["V.1"]]
    tried.clear()
    roster = tmp_path / "class.csv"
    roster.write_text("student\nAnna\nBen\n", encoding="utf-8")
    assert run("pack", source, tmp_path / "out", "--seeds", roster) == 0
    assert tried == [["V.1", "V.2"], ["V.1"]]


def test_the_solutions_of_a_variant_are_printed_with_its_numbers(source, capsys):
    assert cli.main(["solutions", str(source), "--seed", "3"]) == 0
    said = capsys.readouterr().out
    assert "Write scaled(image): 5 times as large." in said
    code = said[said.index("factor = 5") : said.index("Every pixel alone.")]
    exec(code, there := {})
    assert there["scaled"](2) == 10
    for names, beside in [((), "no file"), (("05",), "05"), ((source, "--notebooks", "D"), "--no")]:
        assert cli.main(["solutions", *map(str, names), "--seed", "3"]) == 2
        expected = rf"`--seed` must come with a file of exercises, .* got 3 with {beside}"
        assert re.search(expected, capsys.readouterr().err)
    source.write_text(PLAIN, encoding="utf-8")
    assert cli.main(["solutions", str(source), "--seed", "3"]) == 2
    assert "got varied.py, which has one variant only" in capsys.readouterr().err


# A new homework


def test_a_new_homework_is_right_as_it_is_and_can_be_handed_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("new", "mine") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "next: cnnlab homework verify mine.py, then cnnlab homework pack mine.py OUT"
    assert run("verify", "mine.py") == 0
    assert run("pack", "mine.py", "OUT") == 0
    assert cli.main(["solutions", "mine.py", "--notebooks", "SOLVED", "--no-run"]) == 0
    assert "mine.ipynb: 2 solutions, not run" in capsys.readouterr().out
    for notebook in (tmp_path / "OUT" / "mine.ipynb", tmp_path / "SOLVED" / "mine.ipynb"):
        monkeypatch.syspath_prepend(str(notebook.parent))
        monkeypatch.delitem(sys.modules, "mine", raising=False)
        there = {}
        for cell in nbformat.read(notebook, 4).cells:
            if cell.cell_type == "code":
                exec(cell.source, there)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    marks = re.findall(r"^(.) M\.[12] ", capsys.readouterr().out, re.MULTILINE)
    assert marks == ["○", "○", "✓", "✓"]


def test_the_notebook_of_a_new_homework_tells_the_tasks(tmp_path):
    template.write("mine", tmp_path)
    cells = "\n".join(cell.source for cell in nbformat.read(tmp_path / "mine.ipynb", 4).cells)
    for exercise in exercises_in(tmp_path / "mine.py"):
        assert exercise.task in cells
        assert f"{exercise.number} {'★' * exercise.stars} {exercise.title}." in cells


@pytest.mark.parametrize("name", ["my-homework", "1st", "a b", "", "x.py"])
def test_a_new_homework_has_a_name_that_python_can_import(name, tmp_path):
    with pytest.raises(ValueError, match=r"`NAME` must be one that Python can import: got .* Use"):
        template.write(name, tmp_path)


def test_a_new_homework_overwrites_nothing(tmp_path):
    (tmp_path / "mine.ipynb").write_text("old", encoding="utf-8")
    with pytest.raises(ValueError, match=r"must be new: got 'mine', and mine\.ipynb is there\. Ch"):
        template.write("mine", tmp_path)
    assert not (tmp_path / "mine.py").exists()


def test_a_packed_notebook_is_graded_by_the_instructors_file(source, tmp_path, capsys):
    source.write_text(PLAIN, encoding="utf-8")
    assert run("pack", source, tmp_path / "out") == 0
    notebook = nbformat.read(tmp_path / "out" / "varied.ipynb", 4)
    notebook.cells[2].source = notebook.cells[2].source.replace("return ...", "return 2 * image")
    notebook.cells[4].source = "check(homework.total, lambda image: image.sum(axis=0))"
    submitted = tmp_path / "submissions" / "anna" / "varied.ipynb"
    submitted.parent.mkdir(parents=True)
    nbformat.write(notebook, submitted)
    table = tmp_path / "grades.csv"
    command = [sys.executable, "-m", "cnnlab.command.cli", "grade", str(submitted.parents[1])]
    command += ["--out", str(table), "--jobs", "1", "--exercises"]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    rows = [*csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines())]
    told = {row["exercise"]: (row["result"], row["points"], row["diagnosis"]) for row in rows}
    assert told["V.1"][:2] == ("right", "1")
    assert told["V.2"] == ("wrong", "0", "Columns.")
    sealed = [*command[3:], str(tmp_path / "out" / "varied.py")]
    assert cli.main(sealed) == 2
    assert "must hold their answers: got exercise V.1, which is sealed" in capsys.readouterr().err
