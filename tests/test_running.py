"""One notebook and its judge: what is handed over, on systems that enforce little, too."""

import inspect
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

from cnnlab.comparing import storing
from cnnlab.exercises import Exercise, Mistake, judge, judging, supervision
from cnnlab.exercises.catalogue import find
from cnnlab.exercises.differences import difference, in_words
from cnnlab.exercises.handing import handed, outcome
from cnnlab.exercises.result_data import CannotBeHandedOver, packed, unpacked
from cnnlab.files.shipped import notebooks_folder
from cnnlab.grading import judging_apart, running, staff, submissions
from cnnlab.grading.exercise_files import loaded

EXERCISES = """
from cnnlab.exercises import Exercise, Mistake

average = Exercise(
    number="T.1", title="A mean", stars=1, task="Write the mean.", hints=("Add.", "Divide."),
    solution=lambda values: sum(values) / len(values), insight="A share each.",
    mistakes=(Mistake("The sum is not divided.", sum),),
    cases=(([1, 3],), ([2, 5, 8],)),
)
EXERCISES = (average,)
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.py"
    path.write_text(EXERCISES, encoding="utf-8")
    return path


def submitted(path, *cells):
    cells = ["from cnnlab.exercises import check, hint\nimport small", *cells]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(made, path)
    return path


# What is handed over, and judged without the answer


def average(values):
    return sum(values) / len(values)


def misnamed(values):
    return sum(valeus) / len(values)  # noqa: F821


def of_a_list(values):
    return values.mean()


mean = Exercise(
    number="T.1",
    title="A mean",
    stars=1,
    task="Write the mean.",
    hints=("Add.", "Divide."),
    solution=average,
    insight="A share each.",
    mistakes=(Mistake("The sum is not divided.", sum),),
    cases=(([1, 3],), (np.array([[2.0, 5, 8]]).reshape(3, 1),)),
)


@pytest.mark.parametrize(
    "answer", [average, sum, misnamed, of_a_list, max, 3, "average", lambda values: ..., ...]
)
def test_what_is_judged_elsewhere_gets_the_same_words(answer):
    here, there = judge(mean, answer), outcome(mean, handed(mean, answer, mean.cases), mean.cases)
    assert there == here


@pytest.mark.parametrize("number", ["03.5", "05.5", "05.6", "06.3"])
def test_a_network_looks_in_another_process_as_it_does_here(number):
    exercise = find(number)
    case = (exercise.cases() if callable(exercise.cases) else exercise.cases)[0]
    for answer in (exercise.solution, exercise.mistakes[0].answer):
        model = answer(*case)
        there = unpacked(json.loads(json.dumps(packed(model))))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as the judge does
            assert exercise.view(there) == exercise.view(model)


VALUES = [
    (1, 2.5, np.float32(3)),
    [float("nan"), float("-inf"), True, None, "text", b"bytes", 2 + 3j],
    {"sides": (2, 3), 5: np.arange(6.0).reshape(2, 3)},
    {3, 4},
    np.array(["a", "bc"]),
    np.zeros((0, 4), "uint8"),
    np.float32,
    range(3),
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_plain_data_comes_back_as_it_was(value):
    back = unpacked(json.loads(json.dumps(packed(value))))
    assert type(back).__name__ == type(value).__name__
    np.testing.assert_equal(np.asarray(back) if isinstance(value, range) else back, value)


def test_a_tensor_comes_back_as_an_array_of_its_name():
    from keras import ops

    tensor = ops.convert_to_tensor(np.ones((2, 3), "float32"))
    back = unpacked(packed(tensor))
    assert isinstance(back, np.ndarray)
    assert type(back).__name__ == type(tensor).__name__
    assert difference(back, np.ones((2, 3))) is None


@pytest.mark.parametrize(
    "value", [print, lambda x: x, object(), warnings, 10**5000], ids=["print", "f", "o", "m", "n"]
)
def test_what_is_no_data_comes_back_as_a_thing_of_its_name(value):
    back = unpacked(json.loads(json.dumps(packed(value))))
    assert in_words(back) == in_words(value)
    assert inspect.isroutine(back) == inspect.isroutine(value)
    assert not callable(back)


def test_what_is_too_large_or_too_deep_is_not_handed_over(monkeypatch):
    deep = ()
    for _ in range(40):
        deep = (deep,)
    with pytest.raises(CannotBeHandedOver, match="more than 30 deep"):
        packed(deep)
    monkeypatch.setattr("cnnlab.exercises.result_data.SIZE", 100)
    with pytest.raises(CannotBeHandedOver, match="an array of more than"):
        packed(np.zeros(20))


def test_a_network_of_a_layer_of_ones_own_is_neither_right_nor_wrong():
    import keras

    class Own(keras.layers.Layer):
        def call(self, x):
            return x

    def network():
        return keras.Sequential([keras.Input((28, 28, 1)), Own()])

    exercise = find("03.5")
    said = outcome(exercise, handed(exercise, network, ((),)), ((),))
    assert (said.mark, said.message) == (
        "?",
        "Cannot be judged: the model holds `Own`, which is none of Keras's own layers.",
    )
    layer = keras.layers.Lambda(lambda x: x)
    entry = handed(exercise, lambda: keras.Sequential([keras.Input((4, 5, 1)), layer]), ((),))
    assert entry["message"].startswith("Cannot be judged: the model holds `Lambda`, which is none")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"mark": "✓", "message": "right"}, "its record is broken."),
        ({}, "its record is broken."),
        ({"runs": [], "names": []}, "its results are not one for each case."),
        ({"runs": [{"result": 2, "changed": [False]}] * 3, "names": []}, "its results are not one"),
        ({"runs": 5, "names": []}, "its record is broken (TypeError)."),
        ({"runs": [{"result": {"x": 1}, "changed": []}] * 2, "names": []}, "it is no plain data"),
    ],
)
def test_what_is_forged_is_not_judged(entry, message):
    said = outcome(mean, entry, mean.cases)
    assert said.mark == "?"
    assert said.message.startswith(f"Cannot be judged: {message}")


def test_the_exercises_beside_a_notebook_hold_no_solution(small):
    module = loaded(small)
    text = judging_apart.open_form(module, module.EXERCISES)
    space = {}
    exec(text, space)
    assert space["average"].number == "T.1"
    assert space["EXERCISES"][0].hints == ("Add.", "Divide.")
    assert space["average"].solution is None
    assert "len(" not in text and "divided" not in text and "share" not in text
    with pytest.raises(AttributeError, match="'mean' is not here: while a notebook is graded"):
        space["__getattr__"]("mean")


FUNCTIONS = """
import numpy as np

from cnnlab.exercises import Exercise

WEIGHTS = np.array([[1.0, 2], [3, 4]])


def weighted(image):
    return float((WEIGHTS * image).sum())


def doubled(function):
    return 2 * function(np.ones((2, 2)))


def secret(image):
    return doubled(lambda one: one.sum())


twice = Exercise(
    number="T.1", title="Twice", stars=1, task="Write it.", hints=("h",), solution=doubled,
    insight="i", mistakes=(), cases=((weighted,), (np.sum,), (lambda image: image[0, 0],)),
)
EXERCISES = (twice,)
"""


def test_functions_in_cases_are_handed_over_as_their_code(tmp_path):
    source = tmp_path / "functions.py"
    source.write_text(FUNCTIONS, encoding="utf-8")
    module = loaded(source)
    (cases,) = judging_apart.handed_cases(module, module.EXERCISES).values()
    assert b"doubled" not in cases and b"def weighted" in cases
    source.unlink()
    found = [case[0](np.array([[1, 0], [0, 2]])) for case in pickle.loads(cases)]
    assert found == [9, 3, 1]
    assert pickle.loads(cases)[1][0] is np.sum


@pytest.mark.parametrize("case", ["doubled", "secret"])
def test_a_function_that_tells_the_answer_is_not_handed_over(tmp_path, case):
    source = tmp_path / "functions.py"
    source.write_text(FUNCTIONS.replace("(weighted,)", f"({case},)"), encoding="utf-8")
    module = loaded(source)
    with pytest.raises(ValueError, match=r"T\.1, whose cases .* \(a case uses doubled, an answ"):
        judging_apart.handed_cases(module, module.EXERCISES)


@pytest.mark.parametrize("path", sorted(notebooks_folder().glob("homework/*.py")), ids=str)
def test_the_cases_of_every_homework_can_be_handed_over(path):
    module = loaded(path)
    cases = judging_apart.handed_cases(module, module.EXERCISES)
    for exercise in module.EXERCISES:
        there = pickle.loads(cases[exercise.number])
        assert len(there) == len(judging.made_cases(exercise))


def test_cases_that_are_no_data_are_refused_before_anybody_is_graded(tmp_path):
    source = tmp_path / "class" / "functions.py"
    source.parent.mkdir()
    submitted(source.parent / "a.ipynb")
    odd = replace(mean, cases=(((n for n in (1, 2)),),))
    with pytest.raises(ValueError, match=r"must be data, .* got exercise T\.1, whose cases"):
        judging_apart.handed_cases(running, (odd,))
    source.write_text(FUNCTIONS.replace("(weighted,)", "(doubled,)"), encoding="utf-8")
    with pytest.raises(ValueError, match="a case uses doubled, an answer"):
        submissions.grade(source.parent, tmp_path / "grades.csv", running.Rules(source), 1)
    with pytest.raises(ValueError, match="a case uses doubled, an answer"):
        judging_apart.Judge(str(source), {**os.environ})


# In kernels


@pytest.mark.skipif(not staff.WARM, reason="kernels are always started there")
def test_where_no_kernel_is_forked_answers_are_judged_apart_all_the_same(
    tmp_path, small, monkeypatch
):
    monkeypatch.setattr(staff, "WARM", False)
    monkeypatch.setattr(running, "_staff", {})
    files = tmp_path / "files"
    files.mkdir()
    (files / "data.txt").write_text("2 4", encoding="utf-8")
    path = submitted(
        tmp_path / "a.ipynb",
        "check(small.average, lambda values: sum(values) / len(values))",
        "check(small.average, small.average.solution)",
        "values = [*map(int, open('data.txt').read().split())]",
        "import os; os.environ['KERAS_HOME'], os.path.expanduser('~')",
        "hint(small.average)",
    )
    notebook = nbformat.read(path, 4)
    rules = running.Rules(small, files=files)
    try:
        first, second, last = running.run_cells(notebook, rules)
        (said,) = running.not_enforced()
    finally:
        running.dismiss()
    assert (first["mark"], first["message"]) == ("✓", "A share each.")
    assert second["mark"] == "✗"
    assert last == {"run": "to its end"}
    assert notebook.cells[4].outputs[0].data["text/plain"].count("cnnlab-") == 2  # not mine
    assert "hint 1 of 2: Add." in notebook.cells[5].outputs[0].text
    assert said.startswith("not enforced here: notebooks can read and write your files, reach")


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signal to one thread there")
def test_ctrl_c_is_no_end_of_a_run(small, monkeypatch):
    running.dismiss()
    ended = threading.Event()
    monkeypatch.setitem(running._staff, "a class", SimpleNamespace(close=ended.set))

    def run(*given):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # as a terminal does
        assert ended.wait(20)
        return []

    monkeypatch.setattr(running, "_entries", run)
    with pytest.raises(KeyboardInterrupt):
        running.run_cells(None, running.Rules(small))
    assert ended.is_set()


TERMINATED = """
import os, signal, sys, threading, time
from pathlib import Path
import nbformat
from cnnlab.grading import running

def terminate():
    while not kernels:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)

if __name__ == "__main__":
    kernels = set()
    threading.Thread(target=terminate, daemon=True).start()
    rules = running.Rules(Path(sys.argv[2]))
    print(running.run_cells(nbformat.read(sys.argv[1], 4), rules, kernels))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a signal is the end there, always")
def test_who_is_terminated_ends_and_gives_no_grade(small, tmp_path):
    (tmp_path / "program.py").write_text(TERMINATED, encoding="utf-8")
    submitted(tmp_path / "a.ipynb", "import time\ntime.sleep(20)")
    command = [sys.executable, tmp_path / "program.py", tmp_path / "a.ipynb", small]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, ""), done.stderr


NO_NAMESPACES = "echo 0 > /proc/sys/user/max_user_namespaces && exec "


@pytest.mark.skipif(not staff.WARM, reason="nothing is looked for there")
def test_what_a_killed_program_left_is_removed_and_nothing_else(tmp_path):
    gone = f"cnnlab-{2**22 + 1}-abc"  # above the largest number of a process
    for name in (gone, f"cnnlab-{os.getpid()}-abc", "cnnlab-work-abc", "other-1-2"):
        (tmp_path / name / "source").mkdir(parents=True)
    staff.sweep(tmp_path)
    assert gone not in {path.name for path in tmp_path.iterdir()}
    assert len([*tmp_path.iterdir()]) == 3


@pytest.mark.skipif(not staff.WARM, reason="there are none")
def test_where_the_system_gives_no_namespaces_one_line_says_so(tmp_path, small):
    inside = ["unshare", "--map-root-user", "sh", "-c"]
    if not shutil.which("unshare") or subprocess.run([*inside, "true"]).returncode:
        pytest.skip("there are none here")
    folder = tmp_path / "class"
    folder.mkdir()
    submitted(folder / "a.ipynb", "check(small.average, lambda values: sum(values) / len(values))")
    command = [sys.executable, "-m", "cnnlab.command.cli", "grade", folder, "--exercises", small]
    command = " ".join(map(str, [*command, "--out", tmp_path / "grades.csv"]))
    done = subprocess.run([*inside, NO_NAMESPACES + command], capture_output=True, text=True)
    first, last = done.stdout.splitlines()
    assert first.startswith("not enforced here: ") and "unshare: " in first
    assert last == "1 submissions, 1 ran to their end"
    assert "right" in (tmp_path / "grades.csv").read_text(encoding="utf-8-sig")


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(notebooks_folder().glob("homework/*.ipynb")), ids=str)
def test_a_forked_kernel_shows_what_a_fresh_one_does(path):
    notebook = nbformat.read(path, 4)
    expected = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    *_, ended = running.run_cells(notebook, running.Rules(path.with_suffix(".py")))
    assert ended == {"run": "to its end"}  # else outputs are missing, whatever they were
    found = [cell for cell in storing.tidying.tidied(notebook).cells if cell.cell_type == "code"]
    for cell, outputs in zip(found, expected, strict=True):
        if "check(" not in cell.source:
            assert texts(cell.outputs) == texts(outputs), cell.source


def texts(outputs):
    """What nbval compares."""
    return [each.get("text") or each.get("data", {}).get("text/plain") for each in outputs]


def test_a_record_is_kept_only_under_grading(tmp_path, monkeypatch):
    supervision.record(number="T.1")
    with (tmp_path / "record").open("a", encoding="ascii") as file:
        monkeypatch.setattr(supervision, "_record", file)
        supervision.record(number="T.1", mark="○")
        monkeypatch.setattr(supervision, "LONGEST", 50)
        supervision.record(number="T.1", runs=["x" * 60])
    first, second = (tmp_path / "record").read_text(encoding="ascii").splitlines()
    assert first == '{"number": "T.1", "mark": "\\u25cb"}'
    assert "what the answer gives back is too large" in second
