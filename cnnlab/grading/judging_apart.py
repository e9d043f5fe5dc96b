"""The judge: a process of its own, the only one besides the grader that knows the solutions.

    python -m cnnlab.grading.judging_apart EXERCISES FOLDER

writes what the notebooks get into the folder: the exercises without their solutions, and the cases.
Then it reads lines, each what an answer has come to, and writes what it says to it.
"""

import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

from cnnlab.exercises.exercise import Exercise
from cnnlab.exercises.handing import UNJUDGED, outcome
from cnnlab.exercises.judging import made_cases
from cnnlab.exercises.runs import runs_on
from cnnlab.grading import exercise_files

CASES = "cases"  # a file in the folder, for the kernels
MEMORY = 8_000_000_000  # bytes that the judge may use: a network that was handed over can be large
PATIENCE = 120  # seconds for one answer
SHOWN = ("number", "title", "stars", "task", "hints", "seconds")
MISSING = """
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"{name!r} is not here: while a notebook is graded, the file of exercises holds nothing "
        "but the exercises"
    )
""".splitlines()


def open_form(module):
    """The text of a file that holds the exercises of another, but nothing that judges them."""
    found = [(name, e) for name, e in vars(module).items() if isinstance(e, Exercise)]
    lines = ['"""The exercises; they are judged elsewhere."""', ""]
    lines += ["from cnnlab.exercises import Exercise", ""]
    lines += [f"{name} = {_without_solution(exercise)}" for name, exercise in found]
    listed = ", ".join(_without_solution(exercise) for exercise in module.EXERCISES)
    lines += [f"EXERCISES = ({listed},)", ""]
    lines += MISSING
    return "\n".join([*lines, ""])


def _without_solution(exercise):
    shown = ", ".join(f"{name}={getattr(exercise, name)!r}" for name in SHOWN)
    return f'Exercise({shown}, solution=None, insight="", mistakes=())'


def handed_cases(exercises):
    """{number: the arguments that the answers are tried on, pickled}.

    Raises:
        ValueError: they cannot be handed to another process.
    """
    found = {}
    for exercise in exercises:
        try:
            found[exercise.number] = pickle.dumps(tuple(made_cases(exercise)))
        except Exception as error:
            raise ValueError(
                f"`cases` must be data, for the notebooks run in processes of their own: got "
                f"exercise {exercise.number}, whose cases cannot be handed over ({error}). Hand "
                "over arrays, numbers, texts and Keras models."
            ) from error
    return found


def main(source, folder):
    """Serves lines until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what an exercise prints is no answer
    module = exercise_files.loaded(source)
    cases = handed_cases(module.EXERCISES)
    Path(folder, CASES).write_bytes(pickle.dumps(cases))
    Path(folder, Path(source).name).write_text(open_form(module), encoding="utf-8")
    known = {exercise.number: _Known(exercise) for exercise in module.EXERCISES}
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    print(json.dumps({"ready": sorted(known)}), file=answers, flush=True)
    for line in sys.stdin:
        entry = json.loads(line)
        try:
            said = known[entry["number"]].outcome(entry)
            answer = {"number": said.number, "mark": said.mark, "message": said.message}
        except Exception as error:  # of a network that nobody would build, say
            said = f"Cannot be judged: {type(error).__name__}: {str(error)[:300]}"
            answer = {"number": entry["number"], "mark": UNJUDGED, "message": said}
        print(json.dumps(answer), file=answers, flush=True)


class _Known:
    """An exercise, its cases, and what its solution and its mistakes came to: each runs once."""

    def __init__(self, exercise):
        self.exercise, self.cases, self.runs = exercise, made_cases(exercise), {}

    def outcome(self, entry):
        """What is said to an answer."""
        return outcome(self.exercise, entry, self.cases, self._runs_of)

    def _runs_of(self, answer):
        if id(answer) not in self.runs:
            self.runs[id(answer)] = runs_on(self.exercise, answer, self.cases)
        return self.runs[id(answer)]


class Judge:
    """The grader's side of the judge, for several threads.

    Args:
        source: the file of the exercises.
        folder: where the judge writes what the notebooks get.
        environment: its variables.

    Raises:
        ValueError: the judge does not begin.
    """

    def __init__(self, source, folder, environment):
        self._begins = source, folder, environment
        self._turn = threading.Lock()
        self._begin()

    def _begin(self):
        source, folder, environment = self._begins
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cnnlab.grading.judging_apart", source, folder],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the grader, which ends it
        )
        self.numbers = json.loads(self._process.stdout.readline() or "{}").get("ready")
        if self.numbers is None:
            raise ValueError(f"`exercises` must be a file that judges: got {source}, and no judge.")

    def outcome(self, line):
        """What the judge says to a line of the record: a dict of number, mark and message."""
        with self._turn:
            late = threading.Timer(PATIENCE, self._process.kill)
            late.start()
            try:
                self._process.stdin.write(line.encode("ascii") + b"\n")
                self._process.stdin.flush()
                answer = self._process.stdout.readline()
            except OSError:
                answer = b""
            finally:
                late.cancel()
            if answer.endswith(b"\n"):
                return json.loads(answer)
            self.close()
            self._begin()
        said = f"Cannot be judged: it took more than {PATIENCE} s, or too much memory."
        return {"number": json.loads(line)["number"], "mark": UNJUDGED, "message": said}

    @property
    def process(self):
        """The number of its process."""
        return self._process.pid

    def close(self):
        """Ends the judge."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                stream.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
