"""What nbval does not do by itself: the pinned setting, the refusal of connections, the guards.

nbval compares what is stored, so a cell that stores nothing would pass unseen: the guards fail it.
"""

import os
from functools import cache
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).parent
IGNORED_OUTPUTS_LIMIT = 2  # cells per notebook tagged nbval-ignore-output, beside one per widget
STORE = (
    "`make notebooks`, or python -m nbconvert --to notebook --execute --inplace NOTEBOOK in the "
    "setting of pinned.env"
)


def pinned():
    """The setting in which outputs are stored and compared: notebooks/pinned.env as a dict."""
    lines = (HERE / "pinned.env").read_text().split()
    return dict(line.split("=", 1) for line in lines)


def _outputs(cell, kind):
    return [output for output in cell.outputs if output.output_type == kind]


def _shows_widget(cell):
    return any("widget-view+json" in str(output.get("data", {}).keys()) for output in cell.outputs)


def faults(notebook):
    """One sentence per thing in a stored notebook that a strict comparison would not notice."""
    found = []
    ignored = 0
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if code and all(cell.execution_count is None for cell in code):
        return [f"no cell was ever run, the notebook is stripped: store its outputs with {STORE}."]
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        tags = set(cell.metadata.get("tags", []))
        number = sum(c.cell_type == "code" for c in notebook.cells[:place])
        where = f"Cell {number}"  # as nbval counts: code cells only, from 0
        if cell.execution_count is None:
            found.append(f"{where} was never run: store its outputs with {STORE}.")
        if _outputs(cell, "error") and "raises-exception" not in tags:
            found.append(f"{where} stores an error: mend it, or tag it raises-exception.")
        if "raises-exception" in tags and not _outputs(cell, "error"):
            found.append(f"{where} is tagged raises-exception and stores no error.")
        if any(output.name == "stderr" for output in _outputs(cell, "stream")):
            found.append(f"{where} stores text on stderr: silence its cause.")
        if "nbval-skip" in tags or "NBVAL_SKIP" in cell.source:
            found.append(f"{where} is skipped: nbval-skip is not allowed.")
        if "nbval-ignore-output" in tags or "NBVAL_IGNORE_OUTPUT" in cell.source:
            ignored += not _shows_widget(cell)
            if not any("assert" in c.source for c in code[number + 1 : number + 3]):
                found.append(f"{where} ignores its output and no assertion follows it.")
        draws = any("image/png" in output.get("data", {}) for output in cell.outputs)
        following = notebook.cells[place + 1 : place + 2]
        if draws and not (following and following[0].cell_type == "markdown"):
            found.append(f"{where} draws a figure that no sentence follows.")
        if draws and "describe(" not in cell.source and "nbval-ignore-output" not in tags:
            found.append(f"{where} draws a figure without its digest: print(plots.describe(fig)).")
    if ignored > IGNORED_OUTPUTS_LIMIT:
        found.append(f"{ignored} cells ignore their output: at most {IGNORED_OUTPUTS_LIMIT} may.")
    return found


def pytest_configure(config):
    """Kernels inherit this environment."""
    os.environ.update(pinned())
    offline = str(HERE.parent / "tests" / "offline")
    paths = [offline, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)


REFUSED = {}  # notebook: the cell that tells all its faults


@cache
def faults_of(path):
    """The faults of a notebook on disk."""
    return faults(nbformat.read(path, 4))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """The guards: no cell of a notebook with a fault runs."""
    if item.path.suffix == ".ipynb" and faults_of(item.path):
        told = REFUSED.setdefault(item.path, item.name)
        text = "\n".join(faults_of(item.path)) if told == item.name else f"not run: see {told}"
        pytest.fail(text, pytrace=False)
