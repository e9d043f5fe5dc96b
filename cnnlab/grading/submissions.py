"""Many submitted notebooks, run and graded: `cnnlab grade FOLDER --out grades.csv`.

Each notebook runs in a kernel and a temporary folder of its own. Each `check` in it leaves a line
in a record (see `supervision`); the last check of an exercise counts. What is done is kept in a
journal beside the table (see `grades`), so that a second start runs only what is new or was left.
"""

import contextlib
import hashlib
import json
import logging
import math
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import cnnlab
from cnnlab.comparing import setting
from cnnlab.exercises import supervision
from cnnlab.exercises.self_test import verify
from cnnlab.grading import exercise_files, grades

SIZE_LIMIT = 100_000_000  # bytes of a submitted file
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
    """

    source: Path
    seconds: float = 600
    max_characters: int = 20_000_000


def submissions(folder):
    """The notebooks in a folder and its subfolders, in the order of their names.

    Raises:
        ValueError: there are none, no such folder, or one in it that cannot be read.
    """
    found = []
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if _is_notebook(name)]
    if not found:
        raise ValueError(
            f"`folder` must hold notebooks, *.ipynb: got {str(folder)!r}. "
            "Unpack the submissions there; subfolders are searched too."
        )
    return sorted(found)


def irregular(folder):
    """A line for every subfolder, which is one student's, without a notebook or with several."""
    places = [path.relative_to(folder).parts for path in submissions(folder)]
    counts = Counter(parts[0] for parts in places if len(parts) > 1)
    for each in sorted(Path(folder).iterdir()):
        if each.is_dir() and not each.name.startswith(".") and counts[each.name] != 1:
            yield f"{each.name}: {counts[each.name] or 'no'} notebooks instead of one"


def _is_notebook(name):
    return name.endswith(".ipynb") and not name.startswith(".")


def _refuse(error):
    """Raises why a folder cannot be searched."""
    place = error.filename
    if isinstance(error, FileNotFoundError):
        rule, remedy = f"exist: there is no folder {place}", "Look at how its path is written"
    elif isinstance(error, NotADirectoryError):
        rule, remedy = f"be a folder: got the file {place}", "Give the folder that it lies in"
    else:
        rule = f"be readable: got {error.strerror} for {place}"
        remedy = "Copy the submissions into a folder of your own"
    raise ValueError(f"`folder` must {rule}. {remedy}.") from error


def grade(folder, out, rules, jobs=2):
    """Runs every submission and writes a table: a row per submission and exercise.

    Args:
        folder: holds the notebooks, also in subfolders.
        out: the table to write, CSV, with the journal beside it; see `grades.write`.
        rules: `Rules`.
        jobs: how many kernels at a time.

    Returns:
        The rows, a list of dicts with the keys `grades.COLUMNS`.

    Raises:
        ValueError: no notebooks, exercises that do not judge rightly, or a folder in the table's
            place.
    """
    from tqdm.auto import tqdm

    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it reports what died with a kernel
    folder, out = Path(folder), Path(out)
    exercises = exercise_files.exercises_in(rules.source)
    paths = submissions(folder)
    if out.is_dir():
        raise ValueError(
            f"`--out` must be a file: got the folder {out}. Write --out {out / 'grades.csv'}."
        )
    verify(exercises)
    out.parent.mkdir(parents=True, exist_ok=True)
    keys = {path: _key(path, rules) for path in paths}
    journal = out.with_name(out.name + ".journal")
    done = _read_journal(journal)
    kernels = set()
    todo = [path for path in paths if keys[path] not in done]
    with (
        tqdm(total=len(paths), initial=len(paths) - len(todo), unit="notebook") as bar,
        _opened(journal) as file,
        ThreadPoolExecutor(jobs) as pool,
    ):
        futures = {pool.submit(run, path, rules, kernels): path for path in todo}
        try:
            for future in as_completed(futures):
                key = keys[futures[future]]
                done[key] = future.result()
                file.write(json.dumps({"key": key, "entries": done[key]}) + "\n")
                file.flush()
                bar.update()
        except BaseException:  # Ctrl-C: no kernel outlives the command
            pool.shutdown(wait=False, cancel_futures=True)
            while any(future.running() for future in futures):
                for process in [*kernels]:
                    _kill(process)
                time.sleep(0.1)
            raise
    rows = []
    for path in paths:
        rows += grades.rows(path.relative_to(folder).as_posix(), exercises, done[keys[path]])
    grades.write(rows, out)
    return rows


def _key(path, rules):
    """Names what a result depends on: the same key, the same result."""
    limits = (cnnlab.__version__, rules.source.name, rules.seconds, rules.max_characters)
    limits = f"{path} {limits}".encode(errors="surrogateescape")
    content = path.read_bytes() if path.stat().st_size <= SIZE_LIMIT else b""
    return hashlib.sha256(limits + rules.source.read_bytes() + content).hexdigest()


def _read_journal(journal):
    """What earlier runs have done: {key: entries}; the last line may be half written."""
    done = {}
    if journal.exists():
        for line in journal.read_text(encoding="ascii").splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                done[entry["key"]] = entry["entries"]
    return done


def _opened(journal):
    """The journal, ready for a new line also after half a line."""
    file = journal.open("a", encoding="ascii")
    file.write("\n")
    return file


def run(path, rules, kernels=None):
    """Runs one notebook.

    Args:
        path: the notebook.
        rules: `Rules`.
        kernels: a set that holds the kernel's process while it runs.

    Returns:
        A list of dicts: the outcome of each check in order, and last {"run": how the run ended}.
    """
    kernels = set() if kernels is None else kernels
    if path.stat().st_size > SIZE_LIMIT:
        return [{"run": f"not run: larger than {SIZE_LIMIT // 10**6} MB"}]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import nbformat

            notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        return [{"run": f"not run: no notebook ({type(error).__name__})"}]
    for _ in range(2):  # a second time if a port was taken or the machine was too busy
        entries = _run(notebook, rules, kernels)
        if {"event": "supervised"} in entries:
            break
    return [entry for entry in entries if "event" not in entry]


def _run(notebook, rules, kernels):
    """One attempt: the record of the kernel, and how the run ended."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        work, record = folder / "work", folder / "record"
        work.mkdir()
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
            _kill(process)
    return "to its end", _first_error(notebook)


def _kill(process):
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
