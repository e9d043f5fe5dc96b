"""LeNet-5 by the recipe of lesson 05 against the Keras documentation's convnet on MNIST.

    CNNLAB_TEST_DATA=folder-with-mnist.npz python tests/benchmarks/bench_lenet.py [ROUNDS]

Both are trained to 99.0 % of the test images, as `tools/time_lenet.py` says. They take turns in
one process, so that whatever else the machine does falls on both. Prints seconds, epochs and
accuracy of every training and the median of the ratios; exit status 1 if that is over the budget.
"""

import os
import runpy
import sys
import tempfile
from pathlib import Path
from statistics import median

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from table import row

from cnnlab import datasets
from cnnlab.files import fetch

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
BUDGET = 0.35
SPEED = Path(__file__).parents[2] / "tools" / "time_lenet.py"


def main():
    if "CNNLAB_TEST_DATA" in os.environ:
        os.environ["CNNLAB_CACHE"] = tempfile.mkdtemp()
        fetch.fetch("mnist", os.environ["CNNLAB_TEST_DATA"])
    try:
        datasets.load("mnist")
    except FileNotFoundError as error:
        print(f"LeNet-5 on MNIST is not measured: {error}")
        return 0
    speed = runpy.run_path(str(SPEED))
    ratios = []
    for seed in range(ROUNDS):
        peer, ours = rows = [
            speed["measure"](name, seed) for name in ("Keras documentation", "LeNet-5, recipe")
        ]
        for run in rows:
            print(
                f"{run['training']:20} {run['seconds']:6.1f} s {run['epochs']:3} epochs  "
                f"accuracy {run['accuracy']:.4f}",
                flush=True,
            )
        reached = min(peer["accuracy"], ours["accuracy"]) >= speed["GOAL"]
        ratios.append(ours["seconds"] / peer["seconds"] if reached else float("inf"))
    what = f"LeNet-5 to {speed['GOAL']:.1%} on MNIST, median of {ROUNDS}"
    return int(not row(what, median(ratios), BUDGET, "×", "the Keras documentation's recipe"))


if __name__ == "__main__":
    sys.exit(main())
