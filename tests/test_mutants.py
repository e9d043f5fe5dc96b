import os
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
mutants = runpy.run_path(str(ROOT / "tests" / "mutants.py"))


@pytest.mark.parametrize("fault", mutants["FAULTS"], ids=lambda fault: fault.meaning)
def test_every_fault_still_applies_to_its_module(fault):
    text = (ROOT / "cnnlab" / f"{fault.module}.py").read_text(encoding="utf-8")
    assert text.count(fault.right) == 1
    assert fault.wrong != fault.right
    compile(text.replace(fault.right, fault.wrong), fault.module, "exec")


def test_a_stale_fault_is_refused(tmp_path):
    (tmp_path / "cnnlab").mkdir()
    (tmp_path / "cnnlab" / "sizes.py").write_text("nothing of the kind")
    with pytest.raises(ValueError, match="a fault must replace a text that occurs once: got 0"):
        mutants["caught_by"](tmp_path, mutants["FAULTS"][0], notebooks=False)


def test_a_fault_is_caught_by_a_failing_test_and_then_undone(tmp_path):
    (tmp_path / "cnnlab").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "cnnlab" / "__init__.py").touch()
    module = tmp_path / "cnnlab" / "answers.py"
    module.write_text("ANSWER = 42\n")
    test = tmp_path / "tests" / "test_answers.py"
    fault = mutants["FAULTS"][0]._replace(
        module="answers", right="42", wrong="43", meaning="off by one"
    )
    test.write_text(
        "from cnnlab.answers import ANSWER\n\ndef test_it():\n    assert ANSWER == 42\n"
    )
    caught = mutants["caught_by"](tmp_path, fault, notebooks=False)
    assert caught == ("tests/test_answers.py::test_it", None)
    assert module.read_text() == "ANSWER = 42\n"
    test.write_text("from cnnlab.answers import ANSWER\n\ndef test_it():\n    assert ANSWER\n")
    assert mutants["caught_by"](tmp_path, fault, notebooks=False) == (None, None)


def test_the_lessons_of_a_module_are_those_that_import_it():
    names = [str(path) for path in mutants["lessons_with"](ROOT, "pooling")]
    assert f"notebooks{os.sep}02_feature_maps.ipynb" in names
    assert f"notebooks{os.sep}04_backpropagation.ipynb" in names
    assert f"notebooks{os.sep}00_start_here.ipynb" not in names


def test_a_module_that_no_lesson_imports_is_seen_through_its_users():
    assert "receptive_field" in mutants["users"](ROOT, "sight")
    names = [path.name for path in mutants["lessons_with"](ROOT, "sight")]
    assert "03_receptive_field.ipynb" in names
