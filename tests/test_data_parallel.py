"""Two processes that share every batch learn what one process learns."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tools" / "train_data_parallel.py"


def losses(*arguments):
    """The loss of each epoch that the script prints."""
    found = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stderr
    epochs = [line for line in found.stdout.splitlines() if line.startswith("epoch")]
    return [float(line.split()[-1]) for line in epochs]  # gloo prints a line per process, too


@pytest.mark.slow
def test_two_processes_reach_the_losses_of_one():
    pytest.importorskip("jax", reason="jax is not installed: pip install cnnlab[distributed]")
    one, two = losses("--processes", "1"), losses("--processes", "2")
    assert len(one) == 3
    assert one[0] > one[1] > one[2]
    np.testing.assert_allclose(two, one, rtol=1e-5)


def test_a_number_of_processes_that_does_not_divide_the_batch_is_refused():
    found = subprocess.run(
        [sys.executable, SCRIPT, "--processes", "3"], capture_output=True, text=True
    )
    assert found.returncode == 2
    assert "must divide the batch of 32 images: got 3. Use 1, 2, 4" in found.stderr
