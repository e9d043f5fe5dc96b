"""Do the tests notice a fault? Each goes alone into a copy of the project; then its tests run.

    python tests/mutants.py [MODULE ...] [--tests-only] [--workers 2]

Prints a row per fault of `faults.py`: what catches it among the unit tests of its module and among
the lessons that run the faulty statement. The exit status is 1 where one survives both, or where
the lessons alone catch too few.
"""

import argparse
import ast
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nbformat
from coverage import CoverageData
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from faults import FAULTS  # noqa: E402

from cnnlab.comparing import setting  # noqa: E402

NOT_COPIED = (".*", "__pycache__", "build", "work", "dist", "site", "wheelhouse", "artefacts")
MEASURED = """
[run]
source = cnnlab
parallel = true
data_file = {}/lines
"""
LESSONS_SHARE = 0.6  # of all faults, to be caught by lessons alone
SAVED = """
import coverage
measured = coverage.Coverage.current()
measured.stop()
measured.save()
"""  # the last cell: a kernel that is slow to end is killed, and would write nothing


def copy_project(folder):
    """The project, without what git ignores, in that folder."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return folder


def environment(project):
    """What a process needs that shall run a copy of the project."""
    return {
        **os.environ,
        "PYTHONPATH": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def first_failure(project, *arguments):
    """What fails first when pytest runs in a copy of the project, or None."""
    options = ("-x", "-q", "-p", "no:cacheprovider", "-m", "not slow")
    command = [sys.executable, "-m", "pytest", *options, *arguments]
    done = subprocess.run(
        command, cwd=project, env=environment(project), capture_output=True, text=True
    )
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if not failed or "Failure starting kernel" in done.stdout:  # so nothing was tested
        raise RuntimeError(f"pytest did not run:\n{done.stdout}{done.stderr}")
    return failed[0].split(" ", 1)[1].split(" - ")[0]


def lines_run(project, lesson):
    """{module: the lines of it that a lesson runs}."""
    path = project / lesson
    notebook = nbformat.read(path, 4)
    notebook.cells.append(nbformat.v4.new_code_cell(SAVED))
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings"
        settings.write_text(MEASURED.format(folder), encoding="utf-8")
        client = NotebookClient(notebook, resources={"metadata": {"path": path.parent}})
        client.comm_open_handlers.clear()  # to answer a slider can stop the client for ever
        client.execute(
            env={
                **environment(project),
                **setting.pinned(),
                "COVERAGE_PROCESS_START": str(settings),
            },
            stderr=subprocess.DEVNULL,
        )
        found = {}
        for written in Path(folder).glob("lines.*"):
            data = CoverageData(written)
            data.read()
            for file in data.measured_files():
                module = ".".join(Path(file).relative_to(project / "cnnlab").with_suffix("").parts)
                found.setdefault(module, set()).update(data.lines(file))
    return found


def statement_lines(text, offset):
    """The lines of the statement that holds a place in a text; of one with a body, its head."""
    line = text.count("\n", 0, offset) + 1
    around = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno
    ]
    innermost = max(around, key=lambda node: (node.lineno, -node.end_lineno))
    body = getattr(innermost, "body", None)
    return range(innermost.lineno, body[0].lineno if body else innermost.end_lineno + 1)


def path_of(project, module):
    """The file of a module, such as "sizes" or "exercises.judging"."""
    return project.joinpath("cnnlab", *module.split(".")).with_suffix(".py")


class Caught(NamedTuple):
    """What fails first with a fault in place.

    Attributes:
        by_tests: among the unit tests, or None.
        by_lessons: among the lessons that run the faulty statement, or None.
        asked: whether there are such lessons.
    """

    by_tests: str | None
    by_lessons: str | None
    asked: bool

    def __str__(self):
        """Both, as a row of the table shows them."""
        return f"{self.by_tests or '-'} | {self.by_lessons or ('-' if self.asked else 'not run')}"


def plant(project, fault):
    """Puts a fault into a copy of the project.

    Returns:
        The text of the module before, and the lines of the statement that is faulty now.
    """
    file = path_of(project, fault.module)
    text = file.read_text(encoding="utf-8")
    if text.count(fault.right) != 1:
        raise ValueError(
            f"a fault must replace a text that occurs once: got {text.count(fault.right)} times "
            f"{fault.right!r} in {file.name}. Adapt the fault to the module."
        )
    file.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
    return text, statement_lines(text, text.index(fault.right))


def caught_by(project, fault, runs):
    """A `Caught`.

    Args:
        project: a copy of the project.
        fault: a `Fault`.
        runs: {lesson: what `lines_run` gives}.
    """
    text, lines = plant(project, fault)
    lessons = [name for name, run in runs.items() if run.get(fault.module, set()) & {*lines}]
    try:
        by_tests = first_failure(project, fault.tests_file)
        by_lessons = first_failure(project, "--nbval", *lessons) if lessons else None
        return Caught(by_tests, by_lessons, bool(lessons))
    finally:
        path_of(project, fault.module).write_text(text, encoding="utf-8")


def main():
    """A row per fault, and the shares that were caught."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="only the faults of these modules")
    parser.add_argument("--tests-only", action="store_true", help="leave the lessons out")
    parser.add_argument("--workers", type=int, default=2, help="copies that are tested at a time")
    arguments = parser.parse_args()
    chosen = [f for f in FAULTS if not arguments.modules or f.module in arguments.modules]
    notebooks = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/homework/*.ipynb")]
    lessons = [] if arguments.tests_only else sorted(p.relative_to(ROOT) for p in notebooks)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.workers) as workers:
        copies = queue.Queue()
        for number in range(arguments.workers):
            copies.put(copy_project(Path(folder) / str(number) / "project"))

        def in_a_copy(function, *given):
            project = copies.get()
            try:
                return function(project, *given)
            finally:
                copies.put(project)

        tests = {fault.tests_file: None for fault in chosen}
        for failed in workers.map(partial(in_a_copy, first_failure), tests):
            if failed:
                sys.exit(f"{failed} fails without any fault. Mend it first.")
        runs = workers.map(partial(in_a_copy, lines_run), lessons)
        runs = dict(zip(map(str, lessons), runs, strict=True))
        rows = []
        found = workers.map(lambda fault: in_a_copy(caught_by, fault, runs), chosen)
        for fault, row in zip(chosen, found, strict=True):
            rows.append(row)
            verdict = "caught" if row.by_tests or row.by_lessons else "SURVIVED"
            print(f"{verdict:8} {fault.module}: {fault.meaning} | {row}", flush=True)
    by_tests, by_lessons = ({n for n, row in enumerate(rows) if row[i]} for i in (0, 1))
    asked = sum(row.asked for row in rows)
    print(
        f"{len(by_tests | by_lessons)} of {len(rows)} caught: {len(by_tests)} by unit tests, "
        f"{len(by_lessons)} by lessons, which run {asked}"
    )
    too_few = chosen == FAULTS and lessons and len(by_lessons) < LESSONS_SHARE * len(rows)
    return int(len(by_tests | by_lessons) < len(rows) or bool(too_few))


if __name__ == "__main__":
    sys.exit(main())
