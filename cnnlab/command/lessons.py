"""The student's copies of the lessons: made once, never overwritten."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from itertools import count
from pathlib import Path

from cnnlab.files.shipped import FIRST_LESSON, notebooks_folder

RECORD = ".lessons.json"


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _copied(source, target):
    """Copies to the side first, so that a full disk leaves the student's file as it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".part")
    try:
        shutil.copyfile(source, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return _digest(target)


def copy(folder, reset=(), agreed=lambda question: False):
    """The lessons, copied into a student's folder; what the student changed stays.

    A file that the student has not touched follows the course when the course changes. One that
    the student has changed is left alone, and a line says that a newer lesson exists.

    Args:
        folder: the student's folder; made if absent.
        reset: what to start afresh: lesson numbers such as "03", "homework", or the address of a
            file: after `agreed` says yes, the student's file is renamed (never deleted) and the
            course's takes its place.
        agreed: asks the student a question; returns True or False.

    Returns:
        A list of lines that say what happened, one per file that is not simply up to date.

    Raises:
        ValueError: `reset` names no lesson, `folder` is a file, or its record is damaged.
    """
    folder, source = Path(folder), notebooks_folder()
    files = [*source.rglob("*.ipynb"), *source.glob("homework/*.py")]  # with their exercises
    names = sorted(p.relative_to(source).as_posix() for p in files)
    names = [name for name in names if ".ipynb_checkpoints" not in name]
    _check_reset(reset, names)
    if folder.is_file():
        raise ValueError(f"`--folder` must be a folder: got the file {folder}. Name another one.")
    folder.mkdir(parents=True, exist_ok=True)
    record_path = folder / RECORD
    record = _read_record(record_path)
    lines = []
    for name in names:
        mine, theirs = folder / name, source / name
        wanted = not _names(name).isdisjoint(reset)
        if not mine.exists():
            record[name] = _copied(theirs, mine)
            lines.append(f"{name}: copied")
        elif wanted and agreed(f"Start {name} afresh? Your copy stays beside it under a new name."):
            kept = mine.rename(_free_name(mine))
            record[name] = _copied(theirs, mine)
            lines.append(f"{name}: afresh; your copy is now {kept.name}")
        elif _digest(theirs) == record.get(name):
            continue
        elif _digest(mine) == record.get(name):
            record[name] = _copied(theirs, mine)
            lines.append(f"{name}: brought up to date")
        elif _digest(mine) != _digest(theirs):
            advice = f"cnnlab lab --reset {_lesson(name)} takes it"
            lines.append(f"{name}: yours is kept; a newer one exists ({advice})")
    beside = record_path.with_suffix(".part")
    beside.write_text(json.dumps(record, indent=1))
    beside.replace(record_path)
    return lines


def _read_record(path):
    """What was copied: {file: its SHA-256}; nothing yet where there is no record."""
    try:
        record = json.loads(path.read_text()) if path.exists() else {}
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise ValueError(
            f"`{path.name}` must be what `cnnlab lab` wrote: got a damaged file, {path}. "
            "Delete it: your lessons stay as they are."
        )
    return record


def _lesson(name):
    """The lesson that a file belongs to: its number, or the folder that holds it."""
    return re.split("[/_]", name)[0]


def _names(name):
    """What `--reset` may call a file: its lesson, or its address with or without the suffix."""
    return {_lesson(name), name.rsplit(".", 1)[0], name}


def _free_name(mine):
    """A path beside the student's file, of its kind, that no file has yet."""
    stem = f"{mine.stem}.yours-{datetime.now():%Y%m%d-%H%M%S}"
    endings = ("" if number == 1 else f"-{number}" for number in count(1))
    paths = (mine.with_name(f"{stem}{ending}{mine.suffix}") for ending in endings)
    return next(path for path in paths if not path.exists())


def _check_reset(reset, names):
    for wanted in reset:
        if not any(wanted in _names(name) for name in names):
            known = ", ".join(dict.fromkeys(map(_lesson, names)))
            raise ValueError(f"`--reset` must name a lesson, one of {known}: got {wanted!r}.")


def open_jupyterlab(folder):
    """Starts JupyterLab on the first lesson of `folder` and waits for its end; the exit status."""
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder}"]
    command.append(f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container everybody is root
        command.append("--allow-root")
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 0
