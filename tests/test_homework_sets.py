"""Every homework: its notebook sets its exercises in order, the instructors' page lists them."""

import re
from pathlib import Path

import nbformat
import pytest

from cnnlab.exercises import LEVELS
from cnnlab.exercises.catalogue import exercises, lessons
from cnnlab.grading.exercise_files import exercises_in

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "notebooks" / "homework").glob("*.py"))
PAGE = (ROOT / "docs" / "assignments.md").read_text(encoding="utf-8")


def each():
    return pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def plain(text):
    return " ".join(text.replace("`", "").split())


@each()
def test_a_notebook_sets_the_exercises_of_its_file_in_order(path):
    cells = nbformat.read(path.with_suffix(".ipynb"), 4).cells
    prose = plain(" ".join(c.source for c in cells if c.cell_type == "markdown"))
    asked = exercises_in(path)
    places = []
    for exercise in asked:
        heading = f"Exercise {exercise.number} {LEVELS[exercise.stars]} {exercise.title}"
        places.append(prose.index(heading))
        assert plain(exercise.task) in prose
    assert places == sorted(places)
    code = "\n".join(c.source for c in cells if c.cell_type == "code")
    checks = re.findall(r"^check\(homework\.\w+, \w+\)", code, re.MULTILINE)
    assert len(checks) == len(asked)
    assert f"import {path.stem} as homework" in code


@each()
def test_a_homework_has_five_to_seven_exercises_of_three_levels_numbered_as_one(path):
    asked = exercises_in(path)
    assert 5 <= len(asked) <= 7
    assert {exercise.stars for exercise in asked} == {1, 2, 3}
    (letter,) = {exercise.number.split(".")[0] for exercise in asked}
    assert [e.number for e in asked] == [f"{letter}.{n}" for n in range(1, len(asked) + 1)]
    assert all(len(exercise.mistakes) >= 4 for exercise in asked)


def test_no_exercise_is_set_twice():
    everywhere = [*(e for each in lessons() for e in exercises(each))]
    everywhere += [e for path in FILES for e in exercises_in(path)]
    for name in ("number", "task"):
        told = [getattr(exercise, name) for exercise in everywhere]
        assert [one for one in told if told.count(one) > 1] == []


@each()
def test_the_page_for_instructors_lists_each_exercise_with_its_level(path):
    assert f"`{path.stem}`" in PAGE
    for exercise in exercises_in(path):
        assert f"{exercise.number} {LEVELS[exercise.stars]} " in PAGE
