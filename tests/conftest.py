"""Every unit test runs unplugged."""

import runpy
from pathlib import Path

import matplotlib
import pytest

runpy.run_path(str(Path(__file__).parent / "offline" / "sitecustomize.py"))
matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _figures_closed():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
