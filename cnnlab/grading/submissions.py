"""Many submitted notebooks, run and graded: `cnnlab grade FOLDER --out grades.csv`.

The last check of an exercise counts. What is done is kept in a journal beside the table (see
`grades`), so that a second start runs only what is new or was left.
"""

import contextlib
import hashlib
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import cnnlab
from cnnlab.exercises.self_test import verify
from cnnlab.grading import collecting, exercise_files, grades, running


def grade(folder, out, rules, jobs=2):
    """Runs every submission and writes a table: a row per submission and exercise.

    Args:
        folder: holds the notebooks, also in subfolders.
        out: the table to write, CSV, with the journal beside it; see `grades.write`.
        rules: `running.Rules`.
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
    paths = collecting.submissions(folder)
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
        futures = {pool.submit(running.run, path, rules, kernels): path for path in todo}
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
                    running.kill(process)
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
    content = path.read_bytes() if path.stat().st_size <= running.SIZE_LIMIT else b""
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
