"""`import cnnlab` and its floor without Keras against `import numpy, pandas`: a fresh Python each.

Every round starts both, one after the other; the ratio printed is the median over the rounds. Exit
status 1 if the budget is broken.
"""

import subprocess
import sys
from statistics import median
from time import perf_counter

from table import row

ROUNDS = 11
BUDGET = 1.3
FLOOR = "sizes, convolution, pooling, kernels, receptive_field, costs, scores, datasets"


def seconds(code):
    """The time of a Python that runs the code and ends."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - start


def main():
    """One row."""
    ours = f"import cnnlab; from cnnlab import {FLOOR}"
    peer = "import numpy, pandas"
    seconds(ours), seconds(peer)
    ratio = median(seconds(ours) / seconds(peer) for _ in range(ROUNDS))
    return int(not row("import cnnlab and its first floor", ratio, BUDGET, "×", peer))


if __name__ == "__main__":
    sys.exit(main())
