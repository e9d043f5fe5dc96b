"""One submitted notebook, run in a kernel and a temporary folder of its own.

Each `check` in it hands over what its answer came to (see `supervision`); a judge in a process of
its own says what that is worth (see `judging_apart`). Where the system can, the kernel is forked
from a `warm` one and lives in a `sandbox`.
"""

import asyncio
import atexit
import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from cnnlab.exercises import supervision
from cnnlab.grading import failed_cells, judging_apart, soundness
from cnnlab.grading.staff import EXTENSION, SETTING, Staff

JUDGED = 3  # answers to one exercise that are judged: the last ones

_staff = {}  # {what it stands for: who works for it}: kept for all notebooks of a class
_entry = threading.Lock()


@dataclass(frozen=True)
class Rules:
    """What holds for a submission.

    Attributes:
        source: the file that holds the exercises, ``EXERCISES``; each kernel finds them, but not
            their solutions, under its own name beside the notebook.
        seconds: the time limit of a notebook, its imports included.
        max_characters: how many characters a notebook may print and show.
        memory: bytes that a notebook and all that it starts may use.
        disk: bytes that it may write.
        processes: how many it may run at a time.
        hidden: files and folders that no notebook may see: the others, the table and its journal.
        files: a folder; what it holds lies beside each notebook. None: nothing but the exercises.
        seed: of the variant that a notebook is judged by. None: the exercises as the file binds
            them.
    """

    source: Path
    seconds: float = 600
    max_characters: int = 20_000_000
    memory: int = 4_000_000_000
    disk: int = 500_000_000
    processes: int = 64
    hidden: tuple = ()
    files: Path | None = None
    seed: int | None = None


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import nbformat

            notebook = nbformat.reads(soundness.text_of(content), as_version=4)
    except Exception as error:
        return [{"run": f"not run: no notebook ({type(error).__name__})"}]
    entries = run_cells(notebook, rules, kernels)
    if keep is not None:
        with contextlib.suppress(Exception):  # a full disk takes no points
            _keep(notebook, keep)
    return entries


def run_cells(notebook, rules, kernels=None):
    """Runs one notebook as nbformat reads it, and keeps its outputs in it; else like `run`.

    A thread does it: in the main one nbclient takes Ctrl-C and SIGTERM, ends the kernel and goes
    on, with what was done so far.
    """
    pool = ThreadPoolExecutor(1)
    try:
        given = notebook, rules, set() if kernels is None else kernels
        future = pool.submit(_entries, *given)
        while not future.done():  # a wait without end may miss a Ctrl-C that came just before it
            wait([future], timeout=1)
        return future.result()
    except KeyboardInterrupt:
        dismiss()
        raise
    finally:
        pool.shutdown(wait=False)


def _entries(notebook, rules, kernels):
    """What `run_cells` gives."""
    staff = staff_of(rules)
    for _ in range(2):  # a second time if a port was taken or the machine was too busy
        lines, ended = _run(notebook, rules, staff, kernels)
        if lines:
            break
    return [*_judged(lines, staff.judge, rules.seed), {"run": ended}]


def _keep(notebook, path):
    """Writes a notebook as it ran, to the side and into place."""
    import nbformat

    beside = path.with_name(f"{path.name}.part")
    beside.write_text(nbformat.writes(notebook), encoding="utf-8", errors="replace")
    beside.replace(path)


def _run(notebook, rules, staff, kernels):
    """One attempt: the lines of the kernel's record, and how the run ended."""
    with tempfile.TemporaryDirectory(prefix="cnnlab-", ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        record, work = folder / "record", folder / judging_apart.WORK
        record.touch()
        for path in (work, *(folder / n for n in ("home", "tmp", "keras", "channel", "root"))):
            path.mkdir()
        if rules.files is not None:
            shutil.copytree(rules.files, work, dirs_exist_ok=True)
        staff.judge.furnish(folder, rules.seed)
        environment = {
            **SETTING,
            supervision.RECORD: str(record),
            supervision.LIMIT: str(rules.max_characters),
            supervision.CASES: str(folder / judging_apart.CASES),
            **staff.homes(folder),
        }
        manager = staff.manager(folder, environment, rules)
        ended, where = _executed(notebook, work, environment, rules, manager, kernels)
        lines = _lines(record)
    if {"event": "too much output"} in lines:
        ended = _flood(rules)
    elif much := next((line["of"] for line in lines if line.get("event") == "too much"), None):
        ended = f"stopped: {much}"
    if not lines:
        ended, where = "not run: the kernel did not start", ""
    return lines, f"{ended}{where}"


def staff_of(rules):
    """Who works for a class under these rules; they begin with its first notebook."""
    with _entry:
        key = rules.source, rules.source.read_bytes()
        if key not in _staff:
            _staff[key] = Staff(rules.source)
        return _staff[key]


def not_enforced():
    """A line for what the system of this machine let the notebooks do, if it was something."""
    return sorted({staff.open_to for staff in _staff.values() if staff.open_to})


@atexit.register
def dismiss():
    """Ends all who work, and with them every kernel."""
    while _staff:
        _staff.popitem()[1].close()


def _flood(rules):
    return f"stopped: more than {rules.max_characters:,} characters of output"


def _lines(record):
    """What stands in the record of a kernel, which may be anything."""
    found = []
    with record.open(encoding="ascii", errors="replace") as file:
        for line in iter(lambda: file.readline(supervision.LONGEST + 1), ""):
            with contextlib.suppress(ValueError, RecursionError):
                entry = json.loads(line)
                found += [entry] if isinstance(entry, dict) else []
    return found


def _judged(lines, judge, seed):
    """The outcomes of the answers in a record: of each exercise the last ones."""
    left, outcomes = {}, []
    for line in reversed(lines):
        number = line.get("number")
        if isinstance(number, str) and number in judge.numbers:
            left[number] = left.get(number, JUDGED) - ("runs" in line)
            if left[number] >= 0:
                outcomes.append(judge.outcome(line, seed))
    return outcomes[::-1]


def _executed(notebook, work, environment, rules, manager, kernels):
    """How the run of a notebook ended, and where: two texts."""
    from nbclient.exceptions import DeadKernelError

    from cnnlab.grading.client import client_of

    reached, deadline = 0, math.inf

    def started(notebook):
        nonlocal deadline
        kernels.add(client.km.provisioner.pid)
        own.append(client.km.provisioner.pid)
        deadline = time.monotonic() + rules.seconds

    def begun(cell, cell_index):
        nonlocal reached
        reached += 1

    def rest(cell):
        if time.monotonic() >= deadline:
            raise TimeoutError
        return math.ceil(deadline - time.monotonic())

    own = []
    client = client_of(
        notebook,
        manager,
        rules.max_characters,
        kernel_name="python3",
        extra_arguments=[f"--ext={EXTENSION}"] if manager is None else [],
        resources={"metadata": {"path": str(work)}},
        allow_errors=True,  # each exercise is judged by itself
        startup_timeout=120,
        shutdown_kernel="immediate",
        timeout_func=rest,
        on_notebook_start=started,
        on_cell_execute=begun,
    )
    try:
        variables = {**os.environ, **environment}
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        asyncio.run(client.async_execute(env=variables, **streams))  # closes the thread's own loop
    except TimeoutError:
        return f"stopped after {rules.seconds:g} s", f", in cell {reached}"
    except Exception as error:
        if client.flooded:
            return _flood(rules), f", in cell {reached}"
        died = isinstance(error, DeadKernelError)
        said = "the kernel died" if died else f"stopped by {type(error).__name__}"
        return said, f", in cell {reached}"
    finally:
        for process in own:
            kernels.discard(process)
            kill(process)
        if manager is not None:
            manager.context.destroy(linger=0)
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
    found = next(failed_cells.errors(notebook), None)
    return f"; error in cell {found[0]}: {found[2]}" if found else ""
