"""The order of the rooms: each imports only rooms above it, and floor 0 loads no framework.

A room is a module on top of the package, or a folder of modules.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cnnlab"
FLOORS = {
    0: "sizes arrays convolution pooling kernels reading receptive_field costs scores boxes "
    "files datasets",
    1: "models weights progress gradients feature_maps patterns placing heatmaps faithfulness "
    "transfer diagnosis adversarial painting",
    2: "comparing panels drawings plots overlays widgets exercises doctor grading command",
}
# modules that stand on a higher floor than their folder
HIGHER = {
    f"reading.{name}": 1 for name in ("tracing", "logits", "bounds", "in_prediction", "plausible")
}
# folders that lessons import, by what their __init__ offers
FACES = set("boxes datasets diagnosis drawings exercises gradients models overlays widgets".split())
ORDER = [name for names in FLOORS.values() for name in names.split()]
FRAMEWORKS = {"keras", "tensorflow", "matplotlib", "ipywidgets", "IPython", "tqdm"}
LAZY = {"PIL", "pooch", "platformdirs", "requests", "threadpoolctl"}  # inside a function
FLOOR_0_TOP_LEVEL = {"numpy", "pandas", "cnnlab"} | set(sys.stdlib_module_names)


def imported(source, top_level_only=False):
    """Dotted names that a module imports: `a.b` for `import a.b` and for `from a import b`."""
    tree = ast.parse(source)
    nodes = tree.body if top_level_only else ast.walk(tree)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def inside(source):
    """What a module imports of the package, without the package's name: `reading.graph.read`."""
    return {name.removeprefix("cnnlab.") for name in imported(source) if name[:7] == "cnnlab."}


def room(name):
    return name.split(".")[0]


def floor(name):
    """The floor of a module such as "reading.tracing", or of something in it."""
    for higher, number in HIGHER.items():
        if f"{name}.".startswith(f"{higher}."):
            return number
    return next((n for n, rooms in FLOORS.items() if room(name) in rooms.split()), None)


def order_faults(name, source):
    """Rooms that a module may not import: its own from outside, those below it, higher floors."""
    found = {n for n in inside(source) if room(n) in ORDER and room(n) != room(name)}
    below = {room(n) for n in found if ORDER.index(room(n)) > ORDER.index(room(name))}
    higher = {n for n in inside(source) if room(n) not in below and (floor(n) or 0) > floor(name)}
    return sorted(below | higher)


def circles(sources):
    """The circle in which modules of one folder import each other, [] if there is none.

    Args:
        sources: {"reading.graph": its text}.
    """
    graph = {
        name: {other for other in sources for n in inside(text) if f"{n}.".startswith(f"{other}.")}
        for name, text in sources.items()
    }
    try:
        return [*TopologicalSorter(graph).static_order()][:0]
    except CycleError as error:
        return error.args[1]


def floor_0_faults(source):
    """Imports that floor 0 may not have."""
    everywhere = {n.split(".")[0] for n in imported(source)}
    at_the_top = {n.split(".")[0] for n in imported(source, top_level_only=True)}
    return sorted((at_the_top - FLOOR_0_TOP_LEVEL) | (everywhere - FLOOR_0_TOP_LEVEL - LAZY))


def dotted(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def modules(wanted=None):
    found = [p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"]
    return [
        pytest.param(p, id=dotted(p)) for p in found if wanted is None or floor(dotted(p)) == wanted
    ]


@pytest.mark.parametrize("path", modules())
def test_every_module_has_its_room_and_imports_only_rooms_above_it(path):
    assert room(dotted(path)) in ORDER
    assert order_faults(dotted(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("folder", sorted({p.parent for p in PACKAGE.glob("*/*.py")}))
def test_the_modules_of_a_folder_import_each_other_in_no_circle(folder):
    files = [path for path in folder.glob("*.py") if path.stem != "__init__"]
    assert circles({dotted(path): path.read_text(encoding="utf-8") for path in files}) == []


@pytest.mark.parametrize("path", modules(wanted=0))
def test_floor_0_imports_no_framework(path):
    assert floor_0_faults(path.read_text(encoding="utf-8")) == []


def test_these_checks_can_fail():
    assert order_faults("sizes", "from cnnlab.convolution import conv2d") == ["convolution"]
    assert order_faults("sizes", "from cnnlab import plots") == ["plots"]
    assert order_faults("plots", "from cnnlab import sizes") == []
    assert order_faults("reading.graph", "from cnnlab.placing import map_view") == ["placing"]
    assert order_faults("reading.graph", "from cnnlab.reading import tracing") == [
        "reading.tracing"
    ]
    assert order_faults("reading.tracing", "from cnnlab.reading import graph") == []
    assert order_faults("gradients", "from cnnlab.reading.tracing import compiled") == []
    assert circles({"a.one": "from cnnlab.a import two", "a.two": "import cnnlab.a.one"})
    assert not circles({"a.one": "from cnnlab.a.two import x", "a.two": "import cnnlab.b.one"})
    assert floor_0_faults("def f():\n    import keras") == ["keras"]
    assert floor_0_faults("import PIL.Image") == ["PIL"]
    assert floor_0_faults("def f():\n    import PIL.Image") == []


def shown_code():
    """The code that students and teachers read: lessons, homework, README; a text per file."""
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = nbformat.read(path, 4).cells
        yield path.name, "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    for path in sorted((ROOT / "notebooks" / "homework").glob("*.py")):
        yield path.name, path.read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    yield "README.md", "\n".join(re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL))


def from_folders(source, folders):
    """What shown code imports out of the folders, which are for the package itself."""
    return sorted(n for n in inside(source) if room(n) in folders and n.count(".") != 1)


def unused_on_top(sources, on_top):
    """Modules on top of the package that no shown code imports."""
    used = {room(name) for source in sources for name in inside(source)}
    return sorted(set(on_top) - used)


def folders():
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def test_a_module_on_top_is_one_that_a_lesson_the_homework_or_the_readme_imports():
    on_top = [path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"] + [*FACES]
    assert unused_on_top([source for _, source in shown_code()], on_top) == []


@pytest.mark.parametrize("name, source", [pytest.param(*pair, id=pair[0]) for pair in shown_code()])
def test_no_lesson_imports_from_a_folder_but_by_its_face(name, source):
    assert from_folders(source, folders() - FACES) == []
    assert all(n.count(".") <= 1 for n in inside(source) if room(n) in FACES)


def test_the_checks_of_what_stands_on_top_can_fail():
    lesson = "from cnnlab import plots\nfrom cnnlab.reading.graph import read"
    assert from_folders(lesson, {"reading"}) == ["reading.graph.read"]
    assert from_folders("from cnnlab import reading", {"reading"}) == ["reading"]
    assert unused_on_top([lesson], ["plots", "sizes"]) == ["sizes"]
    assert {"arrays", "reading", "exercises"} <= folders()


def said_of_folder(folder, text):
    """What a folder's docstring leaves out, or says of modules and callers that there are not."""
    own = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    own = {name for name in own if not re.fullmatch(r"lesson\d\d", name)}  # they are told as such
    shown = re.split(r"\.(?:\s|$)", text.partition("alled by")[2])[0]
    callers = {
        room(dotted(path))
        for path in PACKAGE.rglob("*.py")
        if path.parent != folder and path != PACKAGE / "__init__.py"
        if any(room(name) == folder.name for name in inside(path.read_text("utf-8")))
    }
    told = {name for name in re.findall(r"``([a-z_0-9]+)``", text)}
    called = {name for name in re.findall(r"``([a-z_0-9]+)``", shown)} & {*ORDER, *folders()}
    missing = [f"no {name}" for name in sorted(own - told)]
    missing += [f"not called by {name}" for name in sorted(called - callers)]
    return missing + [f"called by {name}" for name in sorted(callers - called)]


@pytest.mark.parametrize("name", sorted(folders()))
def test_a_folder_says_what_is_in_it_and_who_calls_it(name):
    text = ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text("utf-8")))
    assert said_of_folder(PACKAGE / name, text) == []


def test_the_check_of_what_a_folder_says_can_fail():
    text = "``alignment`` is here. Called by ``heatmaps`` and ``models``."
    wrong = ["no map_view", "not called by models", "called by widgets"]
    assert said_of_folder(PACKAGE / "placing", text) == wrong


def test_the_map_of_the_package_names_every_room_in_order():
    import cnnlab

    rooms, higher = cnnlab.__doc__.split("Some modules of ``reading``")
    assert [n for n in re.findall(r"``([a-z_]+)``", rooms) if n in ORDER] == ORDER
    assert {f"reading.{n}" for n in re.findall(r"``([a-z_]+)``", higher)} == set(HIGHER)


def test_networks_that_are_looked_into_are_differentiated_in_one_module():
    homes = {dotted(p) for p in PACKAGE.rglob("*.py") if "GradientTape(" in p.read_text("utf-8")}
    others = {"diagnosis.run", "drawings.computing", "exercises.networks"}  # losses, sums, answers
    examples = {"diagnosis.settings"}
    assert homes == {"gradients.differentiating"} | others | examples


def loaded_after(statement):
    code = f"{statement}\nimport sys\nprint(*[f for f in {sorted(FRAMEWORKS)} if f in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_floor_0_loads_no_framework():
    names = [f"cnnlab.{param.id}" for param in modules(wanted=0)]
    assert loaded_after(f"import {', '.join(names)}") == set()


def test_importing_the_exercises_loads_no_framework():
    names = sorted(p.stem for p in (PACKAGE / "exercises").glob("*.py"))
    assert loaded_after(f"from cnnlab.exercises import {', '.join(names[1:])}") == set()


def test_the_test_of_what_is_loaded_can_fail():
    assert loaded_after("import matplotlib") == {"matplotlib"}


def code_lines(source, texts=True):
    """Lines that hold code: no blank lines, comments or docstrings.

    Without `texts` neither lines of nothing but strings and brackets: the prose of an exercise.
    """
    tree = ast.parse(source)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    words = {tokenize.NAME, tokenize.NUMBER, tokenize.OP} | ({tokenize.STRING} if texts else set())
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in words and (texts or token.string not in "()[]{},"):
            found |= set(range(token.start[0], token.end[0] + 1))
    return len(found - docstrings)


@pytest.mark.parametrize("path", modules())
def test_a_module_stays_one_concept(path):
    exercises = path.stem.startswith("lesson") and path.parent.name == "exercises"
    assert code_lines(path.read_text(encoding="utf-8"), texts=not exercises) <= 250


def test_docstrings_and_comments_are_not_counted_as_code():
    assert code_lines('"""One.\n\nTwo."""\n# three\n\nx = 1\n') == 1


def test_a_text_of_an_exercise_is_not_counted_as_code():
    source = "task = (\n    'Write it,',\n    'and run it.',\n)\n"
    assert code_lines(source) == 4
    assert code_lines(source, texts=False) == 1


def blocks(source, height=13):
    """Every run of so many lines, as one text each."""
    lines = [line.strip() for line in source.splitlines()]
    return ["\n".join(lines[i : i + height]) for i in range(len(lines) - height + 1)]


def test_no_block_of_more_than_twelve_lines_stands_twice():
    sources = [path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))]
    counts = Counter(block for source in sources for block in blocks(source))
    assert [block for block, count in counts.items() if count > 1] == []
