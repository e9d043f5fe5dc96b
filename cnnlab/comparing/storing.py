"""`cnnlab store`: runs notebooks in the pinned setting and stores what they show."""

import os
import shutil
import subprocess

import nbformat
import zmq
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbclient.output_widget import OutputWidget

from cnnlab.comparing import guards, setting, tidying


class AnsweringWidget(OutputWidget):
    """The client's part of an Output widget, which does not stop the client.

    To send something reads the socket's event that something has arrived, and a client that waits
    for just that waits for ever (nbclient, issue 312); to ask for the events tells it.
    """

    def send(self, *arguments, **keywords):
        """Sends the kernel what the widget holds now."""
        super().send(*arguments, **keywords)
        self.kernel_client.shell_channel.socket.get(zmq.EVENTS)


def store(paths, seconds=600):
    """Runs notebooks and stores their outputs, each file at once and as a whole.

    A notebook whose cell fails stays as it was; the others are stored. A line is printed for each.

    Args:
        paths: files, folders, patterns.
        seconds: the limit of a cell.

    Returns:
        0 if all are stored, 1 if a cell failed.

    Raises:
        ValueError: a path names no notebook.
    """
    failed = 0
    for path in setting.notebooks(paths):
        notebook = nbformat.read(path, 4)
        fault = run(notebook, path, seconds)
        failed += bool(fault)
        print(f"{path}: {f'not stored, {fault}' if fault else 'stored'}", flush=True)
        if not fault:
            notebook = tidying.tidied(notebook)
            write(notebook, path)
            for line in guards.faults(notebook):
                print(f"  {line}")
    return int(failed > 0)


def run(notebook, path, seconds):
    """Runs a notebook, in its folder; what stopped it, or ""."""
    reached = -1

    def begun(cell, cell_index):
        nonlocal reached
        reached = sum(c.cell_type == "code" for c in notebook.cells[:cell_index])

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=seconds,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=begun,
    )
    client.widget_registry["@jupyter-widgets/output"]["OutputModel"] = AnsweringWidget
    try:
        client.execute(env=os.environ | setting.environment([path]), stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        return f"Cell {reached} fails: {error.ename}: {error.evalue}"
    except TimeoutError:
        return f"Cell {reached} takes more than {seconds:g} s"
    except RuntimeError:
        return f"the kernel died in Cell {reached}" if reached >= 0 else "the kernel did not start"
    return ""


def write(notebook, path):
    """Writes a notebook to the side and moves it into place."""
    path = path.resolve()
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(f"{nbformat.writes(notebook).rstrip()}\n".encode())
    if path.exists():
        shutil.copymode(path, part)
    part.replace(path)
