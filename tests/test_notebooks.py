"""The notebook suite catches what nbval alone lets pass."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"


def guards():
    """notebooks/conftest.py, loaded under a name of its own."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("notebook_guards", NOTEBOOKS / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cell(source, *outputs, count=1, **metadata):
    made = nbformat.v4.new_code_cell(source, execution_count=count, outputs=list(outputs))
    made.metadata.update(metadata)
    return made


def printed(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def error(name):
    return nbformat.v4.new_output("error", ename=name, evalue="", traceback=[])


def picture():
    return nbformat.v4.new_output("display_data", data={"image/png": "iVBORw0KGgo="})


def notebook(*cells):
    made = nbformat.v4.new_notebook(cells=list(cells))
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def run_nbval(folder, made):
    """The suite as `make test` runs it, on one notebook in a folder of its own."""
    for name in ("conftest.py", "pinned.env", "sanitize.cfg"):
        (folder / name).write_text((NOTEBOOKS / name).read_text())
    shutil.copytree(HERE / "offline", folder.parent / "tests" / "offline")
    (folder / "pytest.ini").write_text("[pytest]\n")
    nbformat.write(made, folder / "lesson.ipynb")
    options = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "sanitize.cfg"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [*command, "lesson.ipynb"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "notebooks"
    made.mkdir()
    return made


def test_a_right_notebook_passes(folder):
    status, text = run_nbval(folder, notebook(cell("print(6 * 7)", printed("42\n"))))
    assert status == 0, text


def test_an_altered_number_fails(folder):
    status, text = run_nbval(folder, notebook(cell("print(6 * 7)", printed("43\n"))))
    assert status == 1
    assert "1 failed" in text


def test_a_connection_out_is_refused(folder):
    source = (
        "import socket\n"
        "try:\n"
        "    socket.create_connection(('192.0.2.1', 80), timeout=1)\n"
        "except ConnectionRefusedError as refusal:\n"
        "    print(refusal)"
    )
    refusal = "tests and notebooks run unplugged: socket.getaddrinfo to '192.0.2.1'\n"
    status, text = run_nbval(folder, notebook(cell(source, printed(refusal))))
    assert status == 0, text


@pytest.mark.parametrize(
    "look_up", [socket.gethostbyname, lambda name: socket.getaddrinfo(name, 80)]
)
def test_a_name_is_not_even_looked_up(look_up):
    with pytest.raises(ConnectionRefusedError, match=r"unplugged: .* to 'example\.org'"):
        look_up("example.org")


def test_the_kernel_runs_in_the_pinned_setting(folder):
    names = sorted(guards().pinned())
    source = f"import os\nprint([os.environ.get(name) for name in {names!r}])"
    values = [guards().pinned()[name] for name in names]
    status, text = run_nbval(folder, notebook(cell(source, printed(f"{values}\n"))))
    assert status == 0, text


def test_a_stripped_notebook_fails_before_any_cell_runs_and_is_told_once(folder):
    status, text = run_nbval(
        folder, notebook(*(cell("print(6 * 7)", count=None) for _ in range(3)))
    )
    assert status != 0
    assert text.count("\nno cell was ever run, the notebook is stripped: store its outputs") == 1
    assert text.count("\nnot run: see Cell 0") == 2
    assert "passed" not in text


FAULTS = {
    "no cell was ever run": [cell("1 + 1", count=None), cell("1 + 2", count=None)],
    "Cell 1 was never run": [
        cell("1 + 1"),
        nbformat.v4.new_markdown_cell("Not counted."),
        cell("2", count=None),
    ],
    "stores an error": [cell("1 / 0", error("ZeroDivisionError"))],
    "stores no error": [cell("1 + 1", tags=["raises-exception"])],
    "stores text on stderr": [cell("1", printed("warning", name="stderr"))],
    "is skipped": [cell("1 + 1", tags=["nbval-skip"])],
    "no assertion follows": [cell("1 + 1", tags=["nbval-ignore-output"])],
    "no sentence follows": [cell("print(plots.describe(fig))", picture())],
    "without its digest": [cell("fig", picture()), nbformat.v4.new_markdown_cell("A line.")],
    "3 cells ignore their output": [
        cell(source, tags=["nbval-ignore-output"] if source == "f()" else [])
        for source in ["f()", "assert 1"] * 3
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_guards_name_the_fault(fault):
    found = guards().faults(notebook(*FAULTS[fault]))
    assert len(found) == 1
    assert fault in found[0]


def test_the_guards_accept_what_is_right():
    right = notebook(
        cell("1 / 0", error("ZeroDivisionError"), tags=["raises-exception"]),
        cell("f()", tags=["nbval-ignore-output"]),
        cell("assert True"),
        cell("print(plots.describe(fig))", picture()),
        nbformat.v4.new_markdown_cell("A line that rises."),
        cell("  ", count=None),
    )
    assert guards().faults(right) == []


def lessons():
    found = [*NOTEBOOKS.glob("[0-9]*.ipynb"), *NOTEBOOKS.glob("homework/*.ipynb")]
    return [pytest.param(path, id=path.stem) for path in sorted(found)]


@pytest.mark.parametrize("path", lessons())
def test_a_lesson_keeps_the_rules_of_form(path):
    made = nbformat.read(path, 4)
    code = [c for c in made.cells if c.cell_type == "code"]
    assert made.metadata.kernelspec.name == "python3"  # or JupyterLab asks which kernel to start
    assert code[0].source.startswith("import cnnlab\n\ncnnlab.setup()")
    assert any("raises-exception" in c.metadata.get("tags", []) for c in code)
    too_long = [
        c.source for c in code if len(c.source.splitlines()) > (25 if "def " in c.source else 15)
    ]
    assert too_long == []
    forbidden = ("%pip", "!pip", "http://", "https://", "google.colab")
    assert [c.source for c in code for word in forbidden if word in c.source] == []
    assert path.stat().st_size <= 600_000
    unannounced = [
        second.source
        for first, second in zip(made.cells, made.cells[1:], strict=False)
        if first.cell_type == second.cell_type == "code" and first is not code[0]
    ]
    assert unannounced == [], "every code cell is announced by prose"


def test_the_map_of_lesson_00_is_the_table_of_the_readme():
    """Lesson, question and minutes: told twice, kept once."""
    readme = (HERE.parent / "README.md").read_text(encoding="utf-8")
    told = [row for row in readme.splitlines() if row.startswith("| `")]
    start = nbformat.read(NOTEBOOKS / "00_start_here.ipynb", 4)
    rows = [row for c in start.cells for row in c.source.splitlines()]
    mapped = [row for row in rows if row.startswith(("| 0", "| [0"))]
    assert len(told) == len(mapped) == 10
    for one, other in zip(told, mapped, strict=True):
        assert one.split("|")[2:] == other.split("|")[2:]
        assert one[3:5] == other.lstrip("| [")[:2]


def test_stored_outputs_name_no_folder_of_a_machine():
    for path in NOTEBOOKS.rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert str(HERE.parent) not in text
        assert str(Path.home()) + os.sep not in text, path.name


def reading_time(path):
    """The minutes of reading that a lesson announces in its first cell."""
    header = " ".join(nbformat.read(path, 4).cells[0].source.split())
    return re.search(r"\*\*Time:\*\* (\d+) minutes of reading", header).group(1)


def test_the_tables_of_lessons_promise_the_reading_times_of_the_lessons():
    readme = (HERE.parent / "README.md").read_text(encoding="utf-8")
    start = "\n".join(
        cell.source for cell in nbformat.read(NOTEBOOKS / "00_start_here.ipynb", 4).cells
    )
    lessons = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    announced = [reading_time(path) for path in lessons]
    assert len(announced) == 10
    for text in (readme, start):
        assert re.findall(r"\? \| (\d+) min \| \d+ s \|", text) == announced
