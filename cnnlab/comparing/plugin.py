"""The plugin that makes pytest with nbval compare as `cnnlab compare` does.

It brings the pinned setting, the refusal of connections and the guards: `-p
cnnlab.comparing.plugin`, or the three lines of ``notebooks/conftest.py``.
"""

import os
from functools import cache

import nbformat
import pytest

from cnnlab.comparing import setting
from cnnlab.comparing.guards import faults


def pytest_configure(config):
    """Kernels and workers of xdist inherit the environment; an option each worker sets itself."""
    paths = [argument.split("::")[0] for argument in config.args]
    if not hasattr(config, "workerinput"):
        os.environ.update(setting.environment(paths))
    config.option.nbval_current_env = not config.getoption("nbval_kernel_name", None)
    if not config.getoption("nbval_sanitize_with", None):
        config.option.nbval_sanitize_with = str(setting.beside(paths, "sanitize.cfg"))


DRAWING = "image/svg+xml"
REFUSED = {}  # notebook: the cell that tells all its faults


@cache
def faults_of(path):
    """The faults of a notebook on disk."""
    return faults(nbformat.read(path, 4))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """The guards: no cell of a notebook with a fault runs.

    Of a figure its text is compared: a drawing, like a PNG, tells the last bits of its numbers.
    """
    if item.path.suffix == ".ipynb" and DRAWING not in item.parent.skip_compare:
        item.parent.skip_compare += (DRAWING,)
    if item.path.suffix == ".ipynb" and faults_of(item.path):
        told = REFUSED.setdefault(item.path, item.name)
        text = "\n".join(faults_of(item.path)) if told == item.name else f"not run: see {told}"
        pytest.fail(text, pytrace=False)
