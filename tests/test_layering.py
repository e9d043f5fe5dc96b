"""The order of the modules: each imports only modules above it, and floor 0 loads no framework."""

import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cnnlab"
FLOORS = {
    0: "sizes windows convolution pooling kernels graph sight receptive_field memory batches "
    "threads placing blur costs scores photographs archives fetch datasets",
    1: "blocks blueprints models weights progress traces gradients feature_maps patterns "
    "views heatmaps faithfulness transfer",
    2: "digests plots overlays widgets exercises lessons doctor cli",
}
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


def order_faults(name, source):
    """Imports of a cnnlab module that does not stand above `name`."""
    inside = {n.split(".")[1] for n in imported(source) if n.startswith("cnnlab.")}
    inside &= {*ORDER}
    return sorted(other for other in inside if ORDER.index(other) >= ORDER.index(name))


def floor_0_faults(source):
    """Imports that floor 0 may not have."""
    everywhere = {n.split(".")[0] for n in imported(source)}
    at_the_top = {n.split(".")[0] for n in imported(source, top_level_only=True)}
    return sorted((at_the_top - FLOOR_0_TOP_LEVEL) | (everywhere - FLOOR_0_TOP_LEVEL - LAZY))


def place(path):
    """The name in ORDER: a folder of modules, such as exercises, has one place."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules(floor=None):
    found = [p for p in sorted(PACKAGE.rglob("*.py")) if p.stem != "__init__"]
    return [
        pytest.param(p, id=p.stem)
        for p in found
        if floor is None or place(p) in FLOORS[floor].split()
    ]


@pytest.mark.parametrize("path", modules())
def test_every_module_has_its_place_and_imports_only_modules_above_it(path):
    assert place(path) in ORDER
    inside = {place(path)} - {path.stem}  # modules of a folder import each other
    faults = order_faults(place(path), path.read_text(encoding="utf-8"))
    assert sorted({*faults} - inside) == []


@pytest.mark.parametrize("path", modules(floor=0))
def test_floor_0_imports_no_framework(path):
    assert floor_0_faults(path.read_text(encoding="utf-8")) == []


def test_these_checks_can_fail():
    assert order_faults("sizes", "from cnnlab.convolution import conv2d") == ["convolution"]
    assert order_faults("sizes", "from cnnlab import plots") == ["plots"]
    assert order_faults("plots", "from cnnlab import sizes") == []
    assert floor_0_faults("def f():\n    import keras") == ["keras"]
    assert floor_0_faults("import PIL.Image") == ["PIL"]
    assert floor_0_faults("def f():\n    import PIL.Image") == []


def loaded_after(statement):
    code = f"{statement}\nimport sys\nprint(*[f for f in {sorted(FRAMEWORKS)} if f in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_floor_0_loads_no_framework():
    assert (
        loaded_after(f"import cnnlab\nfrom cnnlab import {', '.join(FLOORS[0].split())}") == set()
    )


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
