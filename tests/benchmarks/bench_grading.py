"""`cnnlab grade`: computing per submission, from few to many, and of the homework; memory.

What a kernel has computed it hands in itself, as an answer; the grader, the judge and the process
that kernels are forked from are asked for their own. Exit status 1 if a budget is broken.
"""

import copy
import itertools
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
from table import row

from cnnlab.command import solved
from cnnlab.files.shipped import notebooks_folder
from cnnlab.grading import running

FEW, MANY, SOLVED = 20, 120, 4  # submissions; MANY from the command line: 600 for a whole year
SECONDS = 7.0  # of computing a solved homework: 3.5 s with two processors
TRIVIAL = 1.5
EXERCISES = """
from cnnlab.exercises import Exercise

used = Exercise(
    number="B.1", title="Computing", stars=1, task="How much?", hints=(), solution=-1.0,
    insight="", mistakes=(),
)
EXERCISES = (used,)
"""
VARIED = """
import numpy as np


def exercises(seed):
    numbers = np.random.default_rng(seed).normal(size=(355, 28, 28))
    drawn = Exercise(
        number="B.2", title="Its own numbers", stars=1, task=f"Seed {seed}.", hints=(),
        solution=np.sum, insight="", mistakes=(), cases=((numbers,), (numbers[0],)),
    )
    return used, drawn


used, drawn = EXERCISES = exercises(0)
"""  # 2 MB of them
START = "import cnnlab\ncnnlab.setup()\nfrom cnnlab.exercises import check\nimport bench\n"
ASKED = "import time\ncheck(bench.used, time.process_time())"


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def own(rules):
    """Seconds that the grader and the judge have computed."""
    judge = psutil.Process(running.staff_of(rules).judge.process).cpu_times()
    return time.process_time() + judge.user + judge.system


def computed(entries):
    """Seconds that the kernel has computed, as its wrong answer says."""
    assert entries[-1] == {"run": "to its end"}, entries
    return float(entries[-2]["message"].split()[0])


def graded(made, rules, jobs=2, seeds=(None,)):
    """Per notebook: seconds of computing in grader, judge and kernels, and seconds that passed."""
    begun, started = own(rules), time.perf_counter()
    each_by = [replace(rules, seed=seed) for seed, _ in zip(itertools.cycle(seeds), made)]
    with ThreadPoolExecutor(jobs) as pool:
        kernels = sum(map(computed, pool.map(running.run_cells, made, each_by)))
    passed = time.perf_counter() - started
    return (kernels + own(rules) - begun) / len(made), passed / len(made)


def homework(folder):
    """The solved homework, which also asks what it has computed, and the rules for it."""
    path = notebooks_folder() / "homework" / "edges_and_digits.ipynb"
    made = nbformat.read(path, 4)
    solved.solve(made, path.with_suffix(".py"))
    made.cells.append(nbformat.v4.new_code_cell(ASKED.replace("bench", "homework")))
    source = Path(folder, "edges_and_digits.py")
    text = path.with_suffix(".py").read_text(encoding="utf-8")
    more = EXERCISES.replace("EXERCISES = (", "EXERCISES = (*EXERCISES, ")
    source.write_text(f"{text}\n{more}", encoding="utf-8")
    return made, running.Rules(source)


def megabytes():
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main(many=MANY):
    """The rows; whether all budgets are kept."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "bench.py"
        source.write_text(EXERCISES, encoding="utf-8")
        rules = running.Rules(source)
        running.run_cells(notebook(START, ASKED), rules)  # imports are paid
        few, passed = graded([notebook(START, ASKED) for _ in range(FEW)], rules)
        kept = [
            row(f"{FEW} trivial submissions, each", few, TRIVIAL, "s", f"{passed:.2f} s passed")
        ]
        before, files = megabytes(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        each, passed = graded([notebook(START, ASKED) for _ in range(many)], rules)
        kept.append(row(f"{many} of them, each, to {FEW}", each / few, 1.3, "×", f"{passed:.2f} s"))
        kept.append(row(f"memory that {many} more take", megabytes() - before, 60, "MB"))
        more = len(os.listdir("/proc/self/fd")) - files  # noqa: PTH208
        kept.append(row(f"open files that {many} more leave", more, 20, ""))
        source.write_text(EXERCISES + VARIED, encoding="utf-8")
        asked = ASKED.replace("import time", "check(bench.drawn, np.sum)\nimport time")
        made = [notebook(f"{START}import numpy as np", asked) for _ in range(FEW)]
        running.run_cells(copy.deepcopy(made[0]), rules)
        one, _ = graded(copy.deepcopy(made), rules)
        each, _ = graded(made, rules, seeds=range(FEW))
        kept.append(row(f"{FEW} with 2 MB and a seed each, to one", each / one, 1.3, "×"))
        made, rules = homework(folder)
        running.run_cells(copy.deepcopy(made), rules)
        each, passed = graded([copy.deepcopy(made) for _ in range(SOLVED)], rules)
        kept.append(row("the solved homework, each", each, SECONDS, "s", f"{passed:.2f} s passed"))
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
