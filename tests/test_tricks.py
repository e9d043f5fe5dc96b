"""Forty tricks for points that nobody deserves, and to the harm of others: none works."""

import csv
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from cnnlab.grading import running, staff

pytestmark = pytest.mark.skipif(not staff.WARM, reason="nothing is enforced on this system")

EXERCISES = """
from cnnlab.exercises import Exercise, Mistake, require_model

def mean(values):
    return sum(values) / len(values)

def not_divided(values):
    return sum(values)

average = Exercise(
    number="T.1", title="A mean", stars=1, task="Write the mean.", hints=("Add.", "Divide."),
    solution=mean, insight="A share each.",
    mistakes=(Mistake("The sum is not divided.", not_divided),),
    cases=(([1, 3, 8],), ([2, 5, 8, 10.5],)),
)
numbers = Exercise(
    number="T.2", title="Numbers", stars=2, task="Which?", hints=("Eggs.", "Hours."),
    solution=(1234567, 7654321), insight="Those.", mistakes=(Mistake("Others.", (1, 2)),),
)

def network():
    import keras

    return keras.Sequential([keras.Input((5, 7, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])

def too_large():
    import keras

    return keras.Sequential([keras.Input((5, 7, 1)), keras.layers.Flatten(), keras.layers.Dense(9)])

def verdicts(model):
    import numpy as np

    require_model(model, (5, 7, 1))
    answer = model.predict(np.ones((2, 5, 7, 1)), verbose=0)
    return {"answers": answer.shape[1:], "parameters": model.count_params() == 108}

small_one = Exercise(
    number="T.3", title="A network", stars=3, task="Build it.", hints=("Flat.", "Dense."),
    solution=network, insight="It is one.", mistakes=(Mistake("Too large.", too_large),),
    cases=((),), view=verdicts,
)
EXERCISES = (average, numbers, small_one)
"""
START = """
import os, sys, json, subprocess, time, pathlib, gc, builtins
import numpy as np
import cnnlab
cnnlab.setup()
from cnnlab.exercises import check, judging, differences, handing, supervision, Exercise
import small
FOLDER, KEY, TABLE, PORT = pathlib.Path({folder!r}), pathlib.Path({key!r}), {table!r}, {port}
def try_all(solutions):
    for one in solutions:
        for exercise in small.EXERCISES:
            try:
                check(exercise, one)
            except Exception:
                pass
"""
RIGHT = """
import keras
check(small.average, lambda values: sum(values) / len(values))
check(small.numbers, (1234567, 7654321))
def network():
    return keras.Sequential([keras.Input((5, 7, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
check(small.small_one, network)
"""
WRONG = """
check(small.average, lambda values: 0)
check(small.numbers, (3, 4))
check(small.small_one, lambda: __import__("keras").Sequential([]))
"""

LOOKS_FOR_THE_KEY = {
    "the solution of the object": "try_all(e.solution for e in small.EXERCISES)",
    "the file, at its place": """
space = {}
exec(KEY.read_text(), space)
try_all(e.solution for e in space["EXERCISES"])
""",
    "the file, anywhere": """
for place, _, names in os.walk("/"):
    for name in names:
        if name.startswith("small") and not place.startswith("/proc"):
            space = {}
            try:
                exec(pathlib.Path(place, name).read_text(), space)
                try_all(e.solution for e in space["EXERCISES"])
            except Exception:
                pass
""",
    "what the collector knows": """
found = [o for o in gc.get_objects() if isinstance(o, Exercise)]
named = [o for o in gc.get_objects() if getattr(o, "__name__", "") == "mean"]
try_all([e.solution for e in found] + named)
""",
    "the frames above": """
def answer(*values):
    frame = sys._getframe()
    while frame:
        for one in list(frame.f_locals.values()):
            solution = getattr(one, "solution", None)
            if callable(solution):
                return solution(*values)
        frame = frame.f_back
check(small.average, answer)
check(small.small_one, answer)
""",
    "other processes": """
for place in pathlib.Path("/proc").glob("[0-9]*"):
    for name in ("fd", "root", "cwd"):
        for path in [place / name, *(place / name).glob("*")]:
            try:
                text = path.read_text()
                space = {}
                exec(text, space)
                try_all(e.solution for e in space["EXERCISES"])
            except Exception:
                pass
    text = (place / "cmdline").read_text()
    if "judging" in text:
        check(small.numbers, (1234567, 7654321))  # it could have been read there
""",
    "the cases": """
import pickle
cases = [pickle.loads(each) for each in supervision._cases.values()]
try_all(value for case in cases for given in case for value in given)
""",
}
PATCHES = {
    "the judge": """
def judge(exercise, answer=None, *others, **more):
    return judging.Outcome(exercise.number, "✓", "")
for module in (judging, handing, sys.modules["cnnlab.exercises"]):
    for name in ("judge", "verdict", "attempt", "handed"):
        if hasattr(module, name):
            setattr(module, name, judge)
"""
    + WRONG,
    "the difference": """
for module in (differences, judging, handing):
    for name in ("difference", "_differ", "_sentence", "_alike"):
        setattr(module, name, lambda *a, **k: None)
"""
    + WRONG,
    "NumPy": """
np.isclose = lambda *a, **k: np.ones(1, bool)
np.allclose = np.array_equal = np.testing.assert_allclose = lambda *a, **k: True
"""
    + WRONG,
    "an equality that is always true": """
class Same(tuple):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = tuple.__hash__
check(small.numbers, Same((3, 4)))
class Number(float):
    __eq__ = lambda self, other: True
    __sub__ = __rsub__ = lambda self, other: 0.0
check(small.average, lambda values: Number(0))
""",
    "an array that changes": """
class Any:
    calls = 0
    def __array__(self, *a, **k):
        Any.calls += 1
        return np.array([Any.calls, 0])
    def __len__(self): return 2
    def __getitem__(self, n): return self
    def __float__(self): return 1234567.0
check(small.numbers, Any())
check(small.average, lambda values: Any())
""",
    "the Ellipsis": """
builtins.Ellipsis = judging.Ellipsis = 5
judging.unanswered = lambda answer: False
check(small.average, ...)
check(small.numbers, ...)
""",
    "a model's methods": """
import keras
keras.Model.count_params = lambda self: 108
keras.Model.predict = lambda self, *a, **k: np.zeros((2, 3))
class Mine(keras.Sequential):
    def count_params(self): return 108
layers = [keras.Input((5, 7, 1)), keras.layers.Flatten(), keras.layers.Dense(9)]
check(small.small_one, lambda: keras.Sequential(layers))
check(small.small_one, lambda: Mine(layers))
""",
    "a layer of one's own": """
import keras
class Three(keras.layers.Layer):
    def call(self, x): return x[:, :3]
layers = [keras.Input((5, 7, 1)), keras.layers.Flatten(), Three()]
check(small.small_one, lambda: keras.Sequential(layers))
layers[-1] = keras.layers.Lambda(lambda x: open({canary!r}, "w") and x[:, :3])
check(small.small_one, lambda: keras.Sequential(layers))
""",
    "channels_first, and an equal error": """
import keras
keras.config.set_image_data_format("channels_first")
def network():
    raise ValueError
check(small.small_one, network)
check(small.average, network)
""",
    "another exercise of the same number": """
mine = Exercise(number="T.2", title="", stars=2, task="", hints=(), solution=3, insight="",
    mistakes=())
check(mine, 3)
check("01.2", (3, 4))
""",
}
FORGERIES = {
    "a mark": """
for number in ("T.1", "T.2", "T.3"):
    supervision.record(number=number, mark="✓", message="right")
    supervision.record(number=number, mark="✓", message="right", runs=[], names=[])
    supervision.record(number=number, mark=["✓"], message="right")
    supervision.record(number=[number], mark="✓", message="right")
""",
    "a line in the file": """
path = supervision._record.name
with open(path, "a") as file:
    for number in ("T.1", "T.2", "T.3"):
        file.write(json.dumps({"number": number, "mark": "✓", "message": "", "event": "✓"}) + "\\n")
    file.write("[" * 100_000 + "\\n" + "{}\\n" * 10 + "\\xff\\n" + json.dumps({"run": "✓"}) + "\\n")
""",
    "runs": """
for run in ({"result": ...}, {}, {"error": ["builtins", "ValueError"], "said": "", "place": ""},
        {"result": {"thing": "Same", "has": ["__eq__"]}, "changed": [0]},
        {"result": {"model": "{}"}}):
    text = repr(run)
    for number in ("T.1", "T.2", "T.3"):
        for count in (0, 1, 2):
            try:
                supervision.record(number=number, names=["x"], runs=[run] * count)
            except TypeError:
                pass
""",
    "what runs where it is read": """
class Evil:
    def __reduce__(self):
        return (os.system, ("touch {canary}",))
import pickle, base64
check(small.average, lambda values: Evil())
check(small.numbers, np.array([Evil(), Evil()], object))
raw = base64.b64encode(pickle.dumps(Evil())).decode()
array = {"dtype": "|O", "shape": [1], "data": raw}
supervision.record(number="T.2", names=[], runs=[{"result": {"array": array, "name": "ndarray",
    "scalar": False}, "changed": []}])
for module, name in (("subprocess", "Popen"), ("keras.utils", "get_file"), ("keras", "Lambda"),
        ("keras.config", "enable_unsafe_deserialization"), ("os", "system")):
    config = {"module": module, "class_name": name, "config": {"args": ["touch {canary}"]}}
    model = {"model": json.dumps({"config": config, "compiled": None}), "weights": []}
    supervision.record(number="T.3", names=[], runs=[{"result": model, "changed": []}])
""",
    "a network that breaks its judge": """
import keras
def huge():
    layers = [keras.Input((5, 7, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
    return keras.Sequential(layers)
record = supervision._record
class Changed:
    def write(self, text): record.write(text.replace('units\\\\": 3', 'units\\\\": 30000000000'))
    def flush(self): record.flush()
supervision._record = Changed()
check(small.small_one, huge)
""",
}
ENDS = {
    "os._exit": WRONG + "os._exit(0)",
    "sys.exit": WRONG + "sys.exit(0)",
    "kill everybody": WRONG + "import signal\nos.kill(1, 9)\nos.kill(-1, signal.SIGKILL)",
    "no end": WRONG + "time.sleep(10**6)",
    "forks that outlive": """
for _ in range(9):
    if not os.fork():
        os.setsid()
        if not os.fork():
            os.execvp("sleep", ["sleep", "98765"])
        os._exit(0)
""",
    "30 GB": "a = np.ones(30 * 10**9 // 8)",
    "memory by children": """
for _ in range(9):
    if not os.fork():
        a = np.ones(10**9 // 8)
        time.sleep(100)
time.sleep(100)
""",
    "a full disk": """
for place in (".", "/tmp", "/dev/shm", str(pathlib.Path.home()), str(pathlib.Path("..", "channel")),
        os.path.dirname(supervision._record.name)):
    for number in range(9):
        try:
            with open(f"{place}/full{number}", "wb") as file:
                while True:
                    file.write(bytes(10**7))
        except OSError:
            pass
""",
    "output without end": """
from ipykernel.iostream import OutStream
OutStream.write = OutStream.write.__closure__[1].cell_contents
supervision._limit_output = None
while True:
    print("x" * 100_000)
""",
}
HARM = {
    "a neighbour": """
import shutil
for path in (FOLDER / "neighbour.ipynb", FOLDER, KEY, KEY.parent, TABLE):
    try:
        os.remove(path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
""",
    "table, journal and exercises": """
for path in (TABLE, TABLE + ".journal", KEY, FOLDER / "neighbour.ipynb"):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pathlib.Path(path).write_text("gone")
    except OSError:
        pass
""",
    "a time bomb": """
code = f"sleep 3; for f in {TABLE} {TABLE}.journal {KEY} {canary}; do echo gone > $f; done"
subprocess.Popen(["setsid", "sh", "-c", code])
""",
    "the home folder": """
home = pathlib.Path.home()
for path in (home / ".keras/keras.json", pathlib.Path(os.environ["KERAS_HOME"], "keras.json"),
        home / ".ipython/profile_default/startup/00.py",
        pathlib.Path({home!r}, ".keras/keras.json")):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"backend": "torch"}')
    except OSError:
        pass
""",
    "the libraries": """
import keras
for module in (cnnlab, keras, np):
    with open(module.__file__, "a") as file:
        file.write("# gone")
""",
    "sitecustomize": """
for name in ("sitecustomize.py", "usercustomize.py", "evil.pth", "keras.py", "cnnlab.py"):
    pathlib.Path(name).write_text("import os; os.system('touch {canary}')")
subprocess.run([sys.executable, "-c", "import cnnlab"])
""",
    "a kernel of one's own": """
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(startup_timeout=5)
client.execute("open({canary!r}, 'w')")
""",
    "the network, from a child": """
code = f"import socket; socket.create_connection(('127.0.0.1', {PORT}), 2).send(b'hello')"
print(subprocess.run([sys.executable, "-c", code], capture_output=True))
""",
    "the one that forks kernels": """
import socket
for path in pathlib.Path("/tmp").glob("**/warm"):
    s = socket.socket(socket.AF_UNIX)
    s.connect(str(path))
    check(small.numbers, (1234567, 7654321))
""",
    "the walls": """
for command in ("umount -l /proc", "umount -l " + sys.prefix, "unshare -rm true && touch {canary}",
        "mount -o remount,rw /usr", "echo x > /proc/sys/kernel/core_pattern", "mknod d b 254 0"):
    done = subprocess.run(command, shell=True, capture_output=True)
    if not done.returncode:
        check(small.numbers, (1234567, 7654321))
""",
}
TRICKS = {**LOOKS_FOR_THE_KEY, **PATCHES, **FORGERIES, **ENDS, **HARM}


def write(path, *cells):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(made, path)


class Listener(threading.Thread):
    """A server of the machine outside, which counts who comes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.visits = self.socket.getsockname()[1], 0

    def run(self):
        while True:
            self.socket.accept()
            self.visits += 1


def _text(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


PROBE = "from cnnlab.grading import warm; print(warm._why_not_apart())"


@pytest.fixture(scope="module")
def walls():
    """Nothing of this runs where it would reach the machine outside."""
    said = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True).stdout
    if said.strip() != "None":
        pytest.skip(f"nothing is enforced here: {said}")


@pytest.fixture(scope="module")
def played(tmp_path_factory, walls):
    """The class, graded: (its folder, {notebook: its rows}, what was printed, the listener)."""
    place = tmp_path_factory.mktemp("tricks")
    folder, key, home = place / "class", place / "key" / "small.py", place / "home"
    for path in (folder, key.parent, home):
        path.mkdir()
    key.write_text(EXERCISES, encoding="utf-8")
    listener = Listener()
    listener.start()
    table, canary = str(place / "grades.csv"), str(place / "canary")
    start = START.format(folder=str(folder), key=str(key), table=table, port=listener.port)
    for number, cell in enumerate(TRICKS.values()):
        cell = cell.replace("{canary!r}", repr(canary)).replace("{canary}", canary)
        write(folder / f"{number:02}.ipynb", start, cell.replace("{home!r}", repr(str(home))))
    write(folder / "neighbour.ipynb", start, RIGHT)
    before = {path: path.read_bytes() for path in (*folder.iterdir(), key)}
    command = [sys.executable, "-m", "cnnlab.command.cli", "grade", str(folder), "--out", table]
    command += ["--exercises", str(key), "--jobs", "2", "--seconds", "40"]
    command += ["--max-characters", "300000"]
    environment = {**os.environ, "HOME": str(home), "MPLCONFIGDIR": str(place)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=place)
    assert done.returncode == 0, done.stderr
    with Path(table).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for row in rows:
        found.setdefault(row["submission"].removesuffix(".ipynb"), []).append(row)
    assert {path: path.read_bytes() for path in before} == before
    return place, found, done.stdout, listener


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_earns_nothing(played, name):
    rows = played[1][f"{[*TRICKS].index(name):02}"]
    assert [row["points"] for row in rows] == ["0", "0", "0"], rows
    assert "right" not in [row["result"] for row in rows]


def test_the_neighbour_of_them_all_has_what_is_deserved(played):
    assert [row["points"] for row in played[1]["neighbour"]] == ["1", "2", "3"]


def test_nothing_outside_was_written_and_nobody_came(played):
    place, _, said, listener = played
    time.sleep(1)
    assert not (place / "canary").exists()
    assert not [path for path in (place / "home").rglob("*") if "torch" in _text(path)]
    assert listener.visits == 0
    assert sorted(path.name for path in place.iterdir() if "grades" in path.name) == [
        "grades.csv",
        "grades.csv.journal",
        "grades.csv.ran",
    ]
    assert "not enforced" not in said


def test_no_process_outlives_them(played):
    left = [p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"])]
    assert [line for line in left if "98765" in line] == []
    place = str(played[0])
    assert [line for line in left if any(place in part for part in line)] == []


@pytest.mark.parametrize(
    ("name", "ended"),
    [
        ("os._exit", "the kernel died, in cell 2"),
        ("no end", "stopped after 40 s, in cell 2"),
        ("memory by children", "stopped: more than 4 GB of memory, in cell 2"),
        ("output without end", "stopped: more than 300,000 characters of output, in cell 2"),
        ("sys.exit", "to its end; error in cell 2: SystemExit: 0"),
    ],
)
def test_what_ended_them_is_named(played, name, ended):
    assert played[1][f"{[*TRICKS].index(name):02}"][0]["run"] == ended


def test_a_bomb_of_forks_is_stopped_when_it_is_small(tmp_path, walls):
    key = tmp_path / "small.py"
    key.write_text(EXERCISES, encoding="utf-8")
    write(tmp_path / "a.ipynb", "import os, time\nfor _ in range(5): os.fork()\ntime.sleep(30)")
    rules = running.Rules(key, seconds=40, processes=16)
    entries = running.run((tmp_path / "a.ipynb").read_bytes(), rules)
    assert entries == [{"run": "stopped: more than 16 processes, in cell 1"}]


def test_there_are_enough_of_them():
    assert len(TRICKS) >= 40
