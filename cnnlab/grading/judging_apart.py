"""The judge: a process of its own, the only one besides the grader that knows the solutions.

    python -m cnnlab.grading.judging_apart EXERCISES

reads lines. One names a folder: what a notebook gets is written there, the exercises without their
solutions, and the cases. Another says what an answer has come to: what the judge says to it is
written out. Both say by which seed; the exercises of a seed are made when they are first asked for.
"""

import contextlib
import functools
import io
import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from types import FunctionType

from cnnlab.exercises import variants
from cnnlab.exercises.exercise import Exercise
from cnnlab.exercises.handing import UNJUDGED, outcome
from cnnlab.exercises.judging import made_cases
from cnnlab.exercises.open_code import OpenCode, made
from cnnlab.exercises.runs import runs_on
from cnnlab.exercises.student_file import answers_of
from cnnlab.grading import exercise_files

CASES = "cases"  # a file in a notebook's folder, for its kernel
WORK = "work"  # where it runs, beside the exercises
SEEDS = 16  # whose exercises are kept: those of the notebooks at work
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


def open_form(module, exercises):
    """The text of a file that holds the exercises of another, but nothing that judges them.

    Args:
        module: the file, loaded.
        exercises: those of a seed, which stand in place of its own.
    """
    own = {id(one): other for one, other in zip(module.EXERCISES, exercises, strict=True)}
    found = [(name, own.get(id(e), e)) for name, e in vars(module).items() if _is_one(e)]
    lines = ['"""The exercises; they are judged elsewhere."""', ""]
    lines += ["from cnnlab.exercises import Exercise", ""]
    lines += [f"{name} = {_without_solution(exercise)}" for name, exercise in found]
    listed = ", ".join(map(_without_solution, exercises))
    lines += [f"EXERCISES = ({listed},)", ""]
    lines += MISSING
    return "\n".join([*lines, ""])


def _is_one(value):
    return isinstance(value, Exercise)


def _without_solution(exercise):
    shown = ", ".join(f"{name}={getattr(exercise, name)!r}" for name in SHOWN)
    return f'Exercise({shown}, solution=None, insight="", mistakes=())'


class _Pickler(pickle.Pickler):
    """Takes functions of a file as their code, where it holds no answer."""

    def __init__(self, file, module, answers):
        super().__init__(file)
        self.module, self.answers = module, answers

    def reducer_override(self, value):
        if not isinstance(value, FunctionType) or value.__module__ != self.module.__name__:
            return NotImplemented
        code = OpenCode(self.module, self.answers)
        name = code.add(value, "a case")
        return made, (code.written(), name)


def handed_cases(module, exercises):
    """{number: the arguments that the answers are tried on, pickled}.

    Args:
        module: the file of the exercises, loaded.
        exercises: those of a seed.

    Raises:
        ValueError: they cannot be handed to another process.
    """
    answers, found = [answer for each in exercises for answer in answers_of(each)], {}
    for exercise in exercises:
        file = io.BytesIO()
        try:
            _Pickler(file, module, answers).dump(tuple(made_cases(exercise)))
        except Exception as error:
            raise ValueError(
                f"`cases` must be data, for the notebooks run in processes of their own: got "
                f"exercise {exercise.number}, whose cases cannot be handed over ({error}). Hand "
                "over arrays, numbers, texts, Keras models, and functions that stand in the file."
            ) from error
        found[exercise.number] = file.getvalue()
    return found


def main(source):
    """Serves lines until there are no more."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what an exercise prints is no answer
    module = exercise_files.loaded(source)

    @functools.lru_cache(SEEDS)
    def of(seed):
        return _Variant(module, variants.variant(module, seed), Path(source).name)

    try:
        first = of(None)
    except ValueError as error:
        print(json.dumps({"error": str(error)}), file=answers, flush=True)
        return
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    print(json.dumps({"ready": sorted(first.known)}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line), of)), file=answers, flush=True)


def _answer(asked, of):
    if "folder" in asked:
        try:
            of(asked["seed"]).furnish(asked["folder"])
        except Exception as error:
            return {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        return {}
    entry = asked["entry"]
    try:
        said = of(asked["seed"]).known[entry["number"]].outcome(entry)
        return {"number": said.number, "mark": said.mark, "message": said.message}
    except Exception as error:  # of a network that nobody would build, say
        said = f"Cannot be judged: {type(error).__name__}: {str(error)[:300]}"
        return {"number": entry["number"], "mark": UNJUDGED, "message": said}


class _Variant:
    """The exercises of a seed: what a notebook gets of them, and what is known of each."""

    def __init__(self, module, exercises, name):
        cases, text = handed_cases(module, exercises), open_form(module, exercises)
        self.files = {CASES: pickle.dumps(cases), f"{WORK}/{name}": text.encode()}
        self.known = {exercise.number: _Known(exercise) for exercise in exercises}

    def furnish(self, folder):
        """Writes what a notebook gets into its folder."""
        for name, content in self.files.items():
            Path(folder, name).write_bytes(content)


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
        environment: its variables.

    Raises:
        ValueError: the judge does not begin.
    """

    def __init__(self, source, environment):
        self._begins = source, environment
        self._turn = threading.Lock()
        self._begin()

    def _begin(self):
        source, environment = self._begins
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cnnlab.grading.judging_apart", source],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the grader, which ends it
        )
        begun = json.loads(self._process.stdout.readline() or "{}")
        self.numbers = begun.get("ready")
        if self.numbers is None:
            self.close()
            no_judge = f"`exercises` must be a file that judges: got {source}, and no judge."
            raise ValueError(begun.get("error", no_judge))

    def furnish(self, folder, seed):
        """Writes what a notebook gets: its exercises, those of the seed, and their cases.

        Args:
            folder: of the notebook; holds `WORK`.
            seed: of the variant, or None.

        Raises:
            ValueError: the file makes no exercises of this seed.
        """
        said = self._asked({"seed": seed, "folder": str(folder)})
        error = f"more than {PATIENCE} s" if said is None else said.get("error")
        if error:
            raise ValueError(
                f"`exercises(seed)` must make exercises of every seed: got {error} for "
                f"seed={seed}. Try the file with `cnnlab homework verify`."
            )

    def outcome(self, entry, seed):
        """What the judge says to an entry of the record: a dict of number, mark and message."""
        said = self._asked({"seed": seed, "entry": entry})
        if said is None:
            late = f"Cannot be judged: it took more than {PATIENCE} s, or too much memory."
            said = {"number": entry["number"], "mark": UNJUDGED, "message": late}
        return said

    def _asked(self, request):
        """The judge's answer, or None: then there is a new judge."""
        line = json.dumps(request)
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
            return None

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
