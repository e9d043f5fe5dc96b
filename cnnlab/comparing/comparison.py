"""`cnnlab compare`: do notebooks still give what they store? pytest with nbval, in a process."""

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from cnnlab.comparing import changed_cells, setting

INI = Path(__file__).with_name("pytest.ini")


def compare(paths, junit=None, summary=None, workers=1, seconds=300):
    """Runs notebooks and compares what they show with what they store.

    Args:
        paths: files, folders, patterns.
        junit: a file for pytest's report in XML, or None.
        summary: a file for a Markdown table of the cells that changed, or None.
        workers: how many notebooks at a time, >= 1.
        seconds: the limit of a cell.

    Returns:
        0 if all is as stored, 1 if something differs or a guard refuses it, 2 if it did not run.

    Raises:
        ValueError: a path names no notebook, nbval is not installed.
    """
    found = setting.notebooks(paths)
    setting.environment(found)  # its errors, before pytest prints them less readably
    needed = ["pytest", "nbval", *(["xdist"] if workers > 1 else [])]
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ValueError(
            f"`cnnlab compare` needs {', '.join(missing)}: not installed. "
            'Run: python -m pip install "cnnlab[compare]"'
        )
    with tempfile.TemporaryDirectory() as folder:
        report = Path(junit or Path(folder) / "report.xml")
        report.unlink(missing_ok=True)  # or the table would be made from an old one
        options = ["-c", INI, "--rootdir", Path.cwd(), "--noconftest", "-p", "no:cacheprovider"]
        options += ["-p", "cnnlab.comparing.plugin", "--nbval", f"--nbval-cell-timeout={seconds}"]
        options += ["-n", str(workers), "--dist", "loadscope"] if workers > 1 else []
        options += [f"--junitxml={report}"] if junit or summary else []
        command = [sys.executable, "-m", "pytest", *options, *found]
        environment = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
        status = subprocess.run(command, env=environment).returncode
        if summary:
            Path(summary).write_text(changed_cells.table(report), encoding="utf-8")
    return status if status in (0, 1) else 2
