"""Lessons and homework under nbval, one after the other, with imports: seconds against budgets.

Beside them a plain import of TensorFlow, of which each lesson makes one. Also the size of what a
clone checks out. Exit status 1 if a budget is broken.
"""

import subprocess
import sys
from pathlib import Path
from time import perf_counter

from table import row

ROOT = Path(__file__).parents[2]
BUDGETS = {  # seconds
    "00 01": 15, "02 04": 35, "03": 20, "05": 60, "06": 60, "07": 45, "08 09": 60, "10": 40,
    "11": 45, "12": 30,
}  # fmt: skip
HOMEWORK = 20  # seconds for each, imports included, with nothing answered
CHECKOUT = 28  # MB


def seconds(notebooks):
    """The time of a strict comparison, which must pass."""
    command = [sys.executable, "-m", "cnnlab.command.cli", "compare", *notebooks]
    start = perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout)
    return perf_counter() - start


def importing():
    """The time of a plain import of TensorFlow, the best of three."""
    times = []
    for _ in range(3):
        start = perf_counter()
        command = [sys.executable, "-c", "import tensorflow"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        times.append(perf_counter() - start)
    return min(times)


def megabytes():
    """What git keeps in the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = listed.stdout.decode().split("\0")[:-1]
    return sum((ROOT / file).stat().st_size for file in files) / 1e6


def main():
    """One row per group of lessons, their sum, a row per homework, and the checkout."""
    kept, total = True, 0
    beside = f"import tensorflow: {importing():.1f} s"
    for numbers, budget in BUDGETS.items():
        notebooks = [p for n in numbers.split() for p in (ROOT / "notebooks").glob(f"{n}_*.ipynb")]
        measured = seconds(map(str, notebooks))
        total += measured
        kept &= row(f"lessons {numbers} under nbval", measured, budget, "s", beside)
    kept &= row("all lessons under nbval", total, 360, "s", beside)
    for path in sorted((ROOT / "notebooks" / "homework").glob("*.ipynb")):
        name = f"homework {path.stem} under nbval"
        kept &= row(name, seconds([str(path)]), HOMEWORK, "s", beside)
    kept &= row("checkout without .git", megabytes(), CHECKOUT, "MB")
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
