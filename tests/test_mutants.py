import runpy
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
mutants = runpy.run_path(str(ROOT / "tests" / "mutants.py"))


@pytest.mark.parametrize("fault", mutants["FAULTS"], ids=lambda fault: fault.meaning)
def test_every_fault_still_applies_to_its_module(fault):
    text = mutants["path_of"](ROOT, fault.module).read_text(encoding="utf-8")
    assert text.count(fault.right) == 1
    assert (ROOT / fault.tests_file).is_file()
    assert fault.wrong != fault.right
    compile(text.replace(fault.right, fault.wrong), fault.module, "exec")


def test_no_module_is_without_a_fault():
    files = [p for p in (ROOT / "cnnlab").rglob("*.py") if not p.name.startswith("__")]
    modules = {".".join(p.relative_to(ROOT / "cnnlab").with_suffix("").parts) for p in files}
    lessons = {f"exercises.lesson{number:02}" for number in range(1, 13)}  # tried by `verify`
    assert {fault.module for fault in mutants["FAULTS"]} == modules - lessons


@pytest.fixture
def project(tmp_path):
    """A project of one module, one test and one lesson, and a fault in it."""
    for name in ("cnnlab", "tests", "notebooks"):
        (tmp_path / name).mkdir()
    (tmp_path / "cnnlab" / "__init__.py").touch()
    (tmp_path / "cnnlab" / "answers.py").write_text(
        "def answer():\n    return 42\n\n\ndef other():\n    return 41\n"
    )
    (tmp_path / "tests" / "test_answers.py").write_text(
        "from cnnlab.answers import answer\n\ndef test_it():\n    assert answer() == 42\n"
    )
    cells = [nbformat.v4.new_code_cell("from cnnlab.answers import answer\nanswer()")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "01.ipynb")
    return tmp_path


FAULT = mutants["FAULTS"][0]._replace(module="answers", right="42", wrong="43", tests="")


def test_a_stale_fault_is_refused(project):
    with pytest.raises(ValueError, match="a fault must replace a text that occurs once: got 0"):
        mutants["caught_by"](project, FAULT._replace(right="44"), {})


def test_a_fault_is_caught_by_a_failing_test_and_then_undone(project):
    module = project / "cnnlab" / "answers.py"
    text = module.read_text()
    caught = mutants["caught_by"](project, FAULT, {})
    assert caught == ("tests/test_answers.py::test_it", None, False)
    assert str(caught) == "tests/test_answers.py::test_it | not run"
    assert module.read_text() == text
    unnoticed = FAULT._replace(right="41", wrong="40")
    assert mutants["caught_by"](project, unnoticed, {}) == (None, None, False)


def test_only_lessons_that_run_the_faulty_statement_are_asked(project, monkeypatch):
    run = mutants["lines_run"](project, Path("notebooks/01.ipynb"))
    assert run["answers"] == {1, 2, 5}  # the `def` of `other`, and not its body
    asked = []
    caught_by = mutants["caught_by"]
    monkeypatch.setitem(
        caught_by.__globals__, "first_failure", lambda _, *given: asked.append(given[-1])
    )
    for right, seen in [("42", True), ("41", False)]:
        fault = FAULT._replace(right=right, wrong="40")
        assert caught_by(project, fault, {"notebooks/01.ipynb": run}).asked is seen
    tests = "tests/test_answers.py"
    assert asked == [tests, "notebooks/01.ipynb", tests]


@pytest.mark.parametrize(
    ("place", "lines"),
    [("size", [1, 2, 3]), ("one", [4]), ("if x", [5]), ("two", [6, 7, 8]), ("three", [6, 7, 8])],
)
def test_a_statement_is_what_stands_between_two_others(place, lines):
    text = (
        "def function(\n    size,\n):\n    x = one\n"
        "    if x:\n        x = (\n            two, three\n        )\n"
    )
    assert [*mutants["statement_lines"](text, text.index(place))] == lines
