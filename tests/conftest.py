"""Every unit test runs unplugged."""

import os
import runpy
import sys
from pathlib import Path

import matplotlib
import pytest

OFFLINE = Path(__file__).parents[1] / "cnnlab" / "comparing" / "offline"
runpy.run_path(str(OFFLINE / "sitecustomize.py"))
matplotlib.use("agg")


def pytest_runtest_setup():
    """Every test draws from the same seed: one that fails fails again."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture
def full_data(tmp_path, monkeypatch):
    """The folder of the full data sets, and a cache of this test's own to fetch them into."""
    folder = os.environ.get("CNNLAB_TEST_DATA")
    if not folder:
        pytest.skip("set CNNLAB_TEST_DATA to the folder of the full data sets")
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path))
    return Path(folder)


@pytest.fixture(autouse=True)
def _figures_closed():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
