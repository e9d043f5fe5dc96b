"""`cnnlab compare` on notebooks of anybody's, in a folder that holds nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cnnlab.command import cli
from cnnlab.comparing import comparison, setting

ROOT = Path(__file__).parents[1]
new = nbformat.v4
FIGURE = (
    "from IPython import get_ipython\n"
    "import matplotlib.pyplot as plt\n"
    "from cnnlab.comparing.digests import be_text_of_figures\n\n"
    "fig, ax = plt.subplots()\n"
    "be_text_of_figures(get_ipython())  # a part of setup()\n"
    '_ = ax.set(title="{}")'
)


def cell(source, *outputs, count=1):
    return new.new_code_cell(source, execution_count=count, outputs=list(outputs))


def printed(text):
    return new.new_output("stream", name="stdout", text=text)


def picture(text):
    return new.new_output("display_data", data={"image/png": "iVBORw0KGgo=", "text/plain": text})


def write(folder, *cells):
    nbformat.write(new.new_notebook(cells=list(cells)), folder / "lesson.ipynb")


def run(folder, *cells, options=()):
    """`cnnlab compare lesson.ipynb` in a folder, as a command."""
    write(folder, *cells)
    return command(folder, "compare", "lesson.ipynb", *options)


def command(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "cnnlab.command.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "--no-such-option"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_gives_the_same_passes_and_the_folder_stays_as_it_was(tmp_path):
    (tmp_path / "conftest.py").write_text("raise ValueError('of another project')")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --of-another-project")
    same = (
        cell("print(6 * 7)", printed("42\n")),
        cell(FIGURE.format("growth"), picture("1. growth")),
    )
    status, text = run(tmp_path, *same)
    assert status == 0, text
    assert {path.name for path in tmp_path.iterdir() if path.name != "__pycache__"} == {
        "conftest.py",
        "pytest.ini",
        "lesson.ipynb",
    }


def test_of_a_drawing_only_its_text_is_compared(tmp_path):
    """Its coordinates tell the last bits of its numbers, which differ between processors."""
    source = (
        "from cnnlab.comparing.formats import be_picture_of_figures\n\n"
        "be_picture_of_figures(get_ipython())\n" + FIGURE.format("growth")
    )
    drawing = "<svg>coordinates of another processor</svg>"
    for text, expected in [("1. growth", 0), ("1. grow", 1)]:
        data = {"image/svg+xml": drawing, "text/plain": text}
        status, report = run(tmp_path, cell(source, new.new_output("display_data", data=data)))
        assert status == expected, report


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_address_is_not_compared_whatever_the_number_of_workers(tmp_path, workers):
    shown = new.new_output("stream", name="stdout", text="<Styler at 0x7f4c05a555d0>\n")
    same = cell("print('<Styler at 0x7f534e8460d0>')", shown)
    status, text = run(tmp_path, same, options=["--workers", workers])
    assert status == 0, text


def test_a_changed_number_and_a_changed_figure_are_told_in_a_table(tmp_path):
    changed = (
        cell("print(6 * 7)", printed("43\n")),
        cell(FIGURE.format("growth"), picture("1. grow")),
    )
    options = ["--summary", "table.md", "--junit", "report.xml", "--workers", "2"]
    status, text = run(tmp_path, *changed, options=options)
    assert status == 1, text
    assert (tmp_path / "table.md").read_text(encoding="utf-8").splitlines() == [
        "2 cells compared, 2 changed.",
        "",
        "| notebook | cell | its code | what differs |",
        "|---|---|---|---|",
        "| lesson.ipynb | Cell 0 | print(6 * 7) | now: 42; stored: 43 |",
        "| lesson.ipynb | Cell 1 | from IPython import get_ipython "
        "| now: 1. growth; stored: 1. grow |",
    ]
    assert "<testcase" in (tmp_path / "report.xml").read_text(encoding="utf-8")


def test_a_stripped_notebook_fails_before_any_cell_runs_and_is_told_once(tmp_path):
    status, text = run(tmp_path, *(cell("print(6 * 7)", count=None) for _ in range(3)))
    assert status == 1
    assert text.count("\nno cell was ever run, the notebook is stripped: store its outputs") == 1
    assert text.count("\nnot run: see Cell 0") == 2
    assert "passed" not in text


def test_a_connection_out_is_refused(tmp_path):
    source = (
        "import socket\n"
        "try:\n"
        "    socket.create_connection(('192.0.2.1', 80), timeout=1)\n"
        "except ConnectionRefusedError as refusal:\n"
        "    print(refusal)"
    )
    refusal = "tests and notebooks run unplugged: socket.getaddrinfo to '192.0.2.1'\n"
    status, text = run(tmp_path, cell(source, printed(refusal)))
    assert status == 0, text


def test_addresses_and_times_are_not_compared_unless_the_project_says_so(tmp_path):
    timed = cell("print('0xabcdef12 in 3.5 s')", printed("0x1234567 in 4 s\n"))
    status, text = run(tmp_path, timed)
    assert status == 0, text
    (tmp_path / "sanitize.cfg").write_text("[address]\nregex: 0x\\w+\nreplace: THERE\n")
    assert run(tmp_path, timed)[0] == 1


def test_the_kernel_runs_in_the_pinned_setting_of_the_project(tmp_path):
    source = "import os\nprint(os.environ['PYTHONHASHSEED'], os.environ.get('OWN'))"
    assert run(tmp_path, cell(source, printed("0 None\n")))[0] == 0
    (tmp_path / "pinned.env").write_text("PYTHONHASHSEED=7\nOWN=yes\n")
    assert run(tmp_path, cell(source, printed("7 yes\n")))[0] == 0


def test_plain_pytest_compares_with_the_same_guards_and_setting(tmp_path):
    (tmp_path / "conftest.py").write_bytes((ROOT / "notebooks" / "conftest.py").read_bytes())
    plain = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", tmp_path]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    source = "import os\nprint(os.environ['PYTHONHASHSEED'], 'after 3.0 s')"
    for count, expected in [(None, "no cell was ever run"), (1, "1 passed")]:
        write(tmp_path, cell(source, printed("0 after 2.1 s\n"), count=count))
        done = subprocess.run(plain, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert expected in done.stdout, done.stdout


def test_what_cannot_run_ends_with_status_2(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["compare", "no"]) == 2
    assert "`PATH` must name notebooks" in capsys.readouterr().err
    (tmp_path / "bad.ipynb").write_text("no notebook")
    assert command(tmp_path, "compare", "bad.ipynb")[0] == 2
    with pytest.raises(SystemExit, match="2"):
        cli.main(["compare", "bad.ipynb", "--workers", "0"])
    assert "--workers: must be a whole number, 1 or more: got 0" in capsys.readouterr().err


def test_a_missing_nbval_is_told_with_its_remedy(tmp_path, monkeypatch):
    (tmp_path / "a.ipynb").touch()
    monkeypatch.setattr(comparison, "find_spec", lambda name: None if name == "nbval" else name)
    with pytest.raises(ValueError, match=r'needs nbval: not .* pip install "cnnlab\[compare\]"'):
        comparison.compare([str(tmp_path)])


def test_the_setting_of_two_projects_is_refused_before_anything_runs(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.ipynb").touch()
    (tmp_path / "b" / "pinned.env").write_text("A=1")
    with pytest.raises(ValueError, match="must be one for all notebooks"):
        comparison.compare([str(tmp_path)])
    assert setting.notebooks([str(tmp_path / "a")]) == [tmp_path / "a" / "x.ipynb"]
