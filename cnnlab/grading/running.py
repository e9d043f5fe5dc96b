"""One submitted notebook, run in a kernel and a temporary folder of its own.

Each `check` in it leaves a line in a record (see `supervision`).
"""

import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from cnnlab.comparing import setting
from cnnlab.exercises import supervision
from cnnlab.grading import soundness

NOWHERE = "http://127.0.0.1:9"  # a proxy that refuses: for pip, curl and their like

# The setting in which outputs are stored and compared, and no way out.
SETTING = {
    **setting.pinned(),
    "PIP_NO_INDEX": "1",
    **{name: NOWHERE for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")},
}


@dataclass(frozen=True)
class Rules:
    """What holds for every submission.

    Attributes:
        source: the file that holds the exercises, ``EXERCISES``; each kernel finds it, under its
            own name, beside the notebook.
        seconds: the time limit of a notebook, its imports included.
        max_characters: how many characters a notebook may print and show.
        files: a folder; what it holds lies beside each notebook. None: nothing but the exercises.
    """

    source: Path
    seconds: float = 600
    max_characters: int = 20_000_000
    files: Path | None = None


def run(content, rules, kernels=None, keep=None):
    """Runs one notebook.

    Args:
        content: the notebook's bytes.
        rules: `Rules`.
        kernels: a set that holds the kernel's process while it runs.
        keep: a file; the notebook as it ran is written there.

    Returns:
        A list of dicts: the outcome of each check in order, and last {"run": how the run ended}.
    """
    kernels = set() if kernels is None else kernels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import nbformat

            notebook = nbformat.reads(soundness.text_of(content), as_version=4)
    except Exception as error:
        return [{"run": f"not run: no notebook ({type(error).__name__})"}]
    for _ in range(2):  # a second time if a port was taken or the machine was too busy
        entries = _run(notebook, rules, kernels)
        if {"event": "supervised"} in entries:
            break
    if keep is not None:
        with contextlib.suppress(Exception):  # a full disk takes no points
            _keep(notebook, keep)
    return [entry for entry in entries if "event" not in entry]


def _keep(notebook, path):
    """Writes a notebook as it ran, to the side and into place."""
    import nbformat

    beside = path.with_name(f"{path.name}.part")
    beside.write_text(nbformat.writes(notebook), encoding="utf-8", errors="replace")
    beside.replace(path)


def _run(notebook, rules, kernels):
    """One attempt: the record of the kernel, and how the run ended."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        work, record = folder / "work", folder / "record"
        work.mkdir()
        if rules.files is not None:
            shutil.copytree(rules.files, work, dirs_exist_ok=True)
        shutil.copyfile(rules.source, work / rules.source.name)
        environment = {
            **os.environ,
            **SETTING,
            supervision.RECORD: str(record),
            supervision.LIMIT: str(rules.max_characters),
            "IPYTHONDIR": str(folder / "ipython"),  # no start-up files of the grader's own
        }
        ended, where = _executed(notebook, work, environment, rules.seconds, kernels)
        lines = record.read_text(encoding="ascii").splitlines() if record.exists() else []
        entries = [json.loads(line) for line in lines]
    if not entries:
        return [{"run": "not run: the kernel did not start"}]
    if {"event": "too much output"} in entries:
        ended = f"stopped: more than {rules.max_characters:,} characters of output"
    return [*entries, {"run": ended + where}]


def _executed(notebook, work, environment, seconds, kernels):
    """How the run of a notebook ended, and where: two texts."""
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    reached, deadline = 0, math.inf

    def started(notebook):
        nonlocal deadline
        kernels.add(client.km.provisioner.pid)
        own.append(client.km.provisioner.pid)
        deadline = time.monotonic() + seconds

    def begun(cell, cell_index):
        nonlocal reached
        reached += 1

    def rest(cell):
        if time.monotonic() >= deadline:
            raise TimeoutError
        return math.ceil(deadline - time.monotonic())

    own = []
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        extra_arguments=["--ext=cnnlab.exercises.supervision"],
        resources={"metadata": {"path": str(work)}},
        allow_errors=True,  # each exercise is judged by itself
        startup_timeout=120,
        shutdown_kernel="immediate",
        timeout_func=rest,
        on_notebook_start=started,
        on_cell_execute=begun,
    )
    client.comm_open_handlers.clear()  # to answer a widget can stop the client for ever
    try:
        client.execute(env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except TimeoutError:
        return f"stopped after {seconds:g} s", f", in cell {reached}"
    except DeadKernelError:
        return "the kernel died", f", in cell {reached}"
    except Exception as error:
        return f"stopped by {type(error).__name__}", f", in cell {reached}"
    finally:
        for process in own:
            kernels.discard(process)
            kill(process)
    return "to its end", _first_error(notebook)


def kill(process):
    """Ends a kernel and what it has started in turn."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
    else:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGTERM)  # Windows ends it at once


def _first_error(notebook):
    """The first error that was not planned, in a few words."""
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    for number, cell in enumerate(code, 1):
        if "raises-exception" in cell.metadata.get("tags", []):
            continue
        for output in cell.outputs:
            if output.output_type == "error":
                return f"; error in cell {number}: {output.ename}: {output.evalue}"
    return ""
