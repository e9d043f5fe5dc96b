"""Do the tests notice a fault? Each goes alone into a copy of the project; then its tests run.

    python tests/mutants.py [MODULE ...] [--tests-only] [--workers 2]

Prints a row per fault of `faults.py`: what catches it among the module's unit tests and among the
lessons that use the module. The exit status is 1 where one survives both.
"""

import argparse
import ast
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from faults import FAULTS  # noqa: E402

NOT_COPIED = (".*", "__pycache__", "work", "dist", "site", "wheelhouse", "artefacts")
NBVAL = ("--nbval", "--nbval-current-env", "--nbval-sanitize-with=notebooks/sanitize.cfg")


def copy_project(folder):
    """The project, without what git ignores, in that folder."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return folder


def run(project, *arguments):
    """What fails first when pytest runs in a copy of the project, or None."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if not failed or "Failure starting kernel" in done.stdout:  # so nothing was tested
        raise RuntimeError(f"pytest did not run:\n{done.stdout}{done.stderr}")
    return failed[0].split(" ", 1)[1].split(" - ")[0]


def imported(path):
    """The modules of cnnlab that a module of cnnlab imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "cnnlab":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cnnlab."):
            found.add(node.module.removeprefix("cnnlab."))
    return found


def users(project, module):
    """The modules of cnnlab that use a module, directly or through others."""
    reads = {path.stem: imported(path) for path in (project / "cnnlab").glob("*.py")}
    found = {module}
    while more := {name for name, names in reads.items() if names & found} - found:
        found |= more
    return found - {module}


def lessons_with(project, module):
    """The notebooks that import a module; where none does, those that import a user of it."""
    lessons = sorted((project / "notebooks").glob("[0-9]*.ipynb"))
    for names in ({module}, users(project, module)):
        either = "|".join(sorted(names))
        imports = rf"from cnnlab\.({either}) import|from cnnlab import [^\"]*\b({either})\b"
        found = [p for p in lessons if re.search(imports, p.read_text(encoding="utf-8"))]
        if found:
            return [path.relative_to(project) for path in found]
    return []


def caught_by(project, fault, notebooks):
    """What fails first with the fault in place: among the unit tests, among the lessons."""
    file = project / "cnnlab" / f"{fault.module}.py"
    text = file.read_text(encoding="utf-8")
    if text.count(fault.right) != 1:
        raise ValueError(
            f"a fault must replace a text that occurs once: got {text.count(fault.right)} times "
            f"{fault.right!r} in {file.name}. Adapt the fault to the module."
        )
    file.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
    lessons = lessons_with(project, fault.module) if notebooks else []
    try:
        by_tests = run(project, f"tests/test_{fault.module}.py")
        return by_tests, run(project, *NBVAL, *map(str, lessons)) if lessons else None
    finally:
        file.write_text(text, encoding="utf-8")


def main():
    """A row per fault, and the shares that were caught."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="only the faults of these modules")
    parser.add_argument("--tests-only", action="store_true", help="leave the lessons out")
    parser.add_argument("--workers", type=int, default=2, help="copies that are tested at a time")
    arguments = parser.parse_args()
    chosen = [f for f in FAULTS if not arguments.modules or f.module in arguments.modules]
    notebooks = not arguments.tests_only
    with tempfile.TemporaryDirectory() as folder:
        copies = queue.Queue()
        for number in range(arguments.workers):
            copies.put(copy_project(Path(folder) / str(number) / "project"))

        def in_a_copy(fault):
            project = copies.get()
            try:
                return caught_by(project, fault, notebooks)
            finally:
                copies.put(project)

        for module in dict.fromkeys(fault.module for fault in chosen):
            if failed := run(ROOT, f"tests/test_{module}.py"):
                sys.exit(f"{failed} fails without any fault. Mend it first.")
        caught = []
        with ThreadPoolExecutor(arguments.workers) as workers:
            for fault, by in zip(chosen, workers.map(in_a_copy, chosen), strict=True):
                caught.append(by)
                verdict = "caught" if any(by) else "SURVIVED"
                names = " | ".join(name or "-" for name in by)
                print(f"{verdict:8} {fault.module}: {fault.meaning} | {names}", flush=True)
    both = sum(any(by) for by in caught)
    by_tests, by_lessons = (
        sum(name is not None for name in names) for names in zip(*caught, strict=True)
    )
    print(f"{both} of {len(chosen)} caught: {by_tests} by unit tests, {by_lessons} by lessons")
    return int(both < len(chosen))


if __name__ == "__main__":
    sys.exit(main())
