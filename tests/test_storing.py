"""`cnnlab store` runs notebooks, and changes a file only when its notebook has run to its end."""

from itertools import pairwise

import nbformat
import pytest
import zmq
import zmq.asyncio
from nbclient.output_widget import OutputWidget

from cnnlab.comparing import storing

new = nbformat.v4


def write(folder, *sources, name="lesson.ipynb", **metadata):
    path = folder / name
    cells = [new.new_markdown_cell("Not counted."), *map(new.new_code_cell, sources)]
    nbformat.write(new.new_notebook(cells=cells, metadata=metadata), path)
    return path


def outputs(path):
    cells = nbformat.read(path, 4).cells
    return [cell.outputs for cell in cells if cell.cell_type == "code"]


def test_outputs_are_stored_in_the_pinned_setting_unplugged_and_run_in_the_notebook_s_folder(
    tmp_path, capsys
):
    path = write(
        tmp_path,
        "import os, pathlib, sys\nprint(os.environ['PYTHONHASHSEED'], pathlib.Path.cwd().name)",
        "'sitecustomize' in sys.modules and sys.modules['sitecustomize'].__file__[-26:]",
    )
    path.chmod(0o640)
    assert storing.store([str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{path}: stored\n"
    first, second = outputs(path)
    assert first[0].text == f"0 {tmp_path.name}\n"
    assert second[0].data["text/plain"] == "'g/offline/sitecustomize.py'"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes().endswith(b"}\n")


def test_a_failing_cell_is_named_its_file_stays_and_the_others_are_stored(tmp_path, capsys):
    bad = write(tmp_path, "1 + 1", "1 / 0", name="a.ipynb")
    good = write(tmp_path, "1 + 1", name="b.ipynb")
    before = bad.read_bytes()
    assert storing.store([str(bad), str(good)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{bad}: not stored, Cell 1 fails: ZeroDivisionError: division by zero",
        f"{good}: stored",
    ]
    assert bad.read_bytes() == before
    assert outputs(good)[0][0].data["text/plain"] == "2"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import time\ntime.sleep(60)", "Cell 1 takes more than 2 s"),
        ("import os\nos._exit(1)", "the kernel died in Cell 1"),
    ],
)
def test_a_cell_that_hangs_or_kills_the_kernel_is_named(tmp_path, capsys, source, fault):
    path = write(tmp_path, "1", source)
    assert storing.store([str(path)], seconds=2) == 1
    assert capsys.readouterr().out == f"{path}: not stored, {fault}\n"
    assert outputs(path) == [[], []]


def test_an_error_that_is_planned_is_stored(tmp_path):
    path = write(tmp_path, "1 / 0")
    notebook = nbformat.read(path, 4)
    notebook.cells[1].metadata["tags"] = ["raises-exception"]
    nbformat.write(notebook, path)
    assert storing.store([str(path)]) == 0
    assert outputs(path)[0][0].ename == "ZeroDivisionError"


def test_what_a_comparison_will_refuse_is_told_at_once(tmp_path, capsys):
    path = write(tmp_path, "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert storing.store([str(path)]) == 0
    assert "  Cell 0: figures have no text of their own, as the notebook never" in (
        capsys.readouterr().out
    )


def test_a_client_that_answers_a_widget_looks_at_once_for_what_has_arrived(tmp_path, monkeypatch):
    """Or it waits for what it has already: nbclient's own part of an Output widget stops so."""
    happened = []
    send, get = OutputWidget.send, zmq.asyncio.Socket.get

    def sending(widget, *arguments, **keywords):
        send(widget, *arguments, **keywords)
        happened.append("sent")

    def getting(socket, option):
        happened.append(option)
        return get(socket, option)

    monkeypatch.setattr(OutputWidget, "send", sending)
    monkeypatch.setattr(zmq.asyncio.Socket, "get", getting)
    source = (
        "import ipywidgets\n"
        "out = ipywidgets.Output()\n"
        "with out:\n"
        "    for i in range(5):\n"
        "        display(i)\n"
        "out"
    )
    path = write(tmp_path, source)
    assert storing.store([str(path)]) == 0
    followers = [after for what, after in pairwise(happened) if what == "sent"]
    assert followers == [zmq.EVENTS] * 5
    kept = nbformat.read(path, 4).metadata.widgets["application/vnd.jupyter.widget-state+json"]
    (out,) = [w.state.outputs for w in kept.state.values() if w.model_name == "OutputModel"]
    assert [output.data["text/plain"] for output in out] == list("01234")
