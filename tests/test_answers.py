"""Every exercise against answers in many styles: no right one is refused, no wrong one accepted."""

import runpy
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cnnlab.exercises import judge
from cnnlab.exercises.catalogue import exercises, lessons
from cnnlab.grading.exercise_files import exercises_in

HERE = Path(__file__).parent
HOMEWORK = [
    exercise
    for path in sorted((HERE.parent / "notebooks" / "homework").glob("*.py"))
    for exercise in exercises_in(path)
]
ALL = {e.number: e for e in (*(e for each in lessons() for e in exercises(each)), *HOMEWORK)}
TABLES = [runpy.run_path(str(path)) for path in sorted((HERE / "answers").glob("*.py"))]
RIGHT = {number: answers for table in TABLES for number, answers in table["RIGHT"].items()}
WRONG = {number: answers for table in TABLES for number, answers in table["WRONG"].items()}
MODELS = ("03.5", "05.5", "05.6", "06.3", "H1.4", "H4.5", "H5.5")


def tensor(value):
    from keras import ops

    return ops.convert_to_tensor(value)


def forms(value):
    """A value asked for, in the forms in which students have it."""
    if isinstance(value, tuple):
        exact = [tuple(map(Fraction, value)), [*map(Decimal, value)], np.array(value, object)]
        exact += [map(int, value), (number for number in value)]
        made = [list(value), np.array(value), np.array(value, "float32"), tensor(np.array(value))]
        entry_by_entry = [tuple(map(kind, value)) for kind in (np.int64, float, np.array)]
        return [value, *made, *exact, *entry_by_entry, [*map(np.float32, value)]]
    if isinstance(value, np.ndarray):
        lists = value.tolist()
        exact = [[*map(Fraction, lists)], value.astype(object), (number for number in lists)]
        made = [lists, tuple(lists), value * 1.0, value.astype("float32"), [*map(float, lists)]]
        return [value, *made, *exact, tensor(value), tensor(value * 1.0), np.asfortranarray(value)]
    plain = [value, float(value), np.int64(value), np.float64(value), np.array(value)]
    plain += [Fraction(value), Decimal(value), np.array(value, object)]
    return [*plain, np.array(value * 1.0), tensor(value), tensor(float(value))]


def near_misses(value):
    """What is wrong in the plainest ways, for a number or for several."""
    if isinstance(value, tuple | np.ndarray):
        numbers = np.array(value)
        moved = [numbers + 1, numbers - 1, -numbers, 2 * numbers, numbers[::-1], numbers[:1]]
        return [*moved, numbers[:, None], [*numbers, 0], {*numbers.tolist()}, str(value), None]
    return [value + 1, value - 1, -value, 2 * value, value / 2, [value], str(value), None]


def ending(solution, change):
    """The solution, and a change of its result, or of each of several results."""

    def answer(*given):
        result = solution(*given)
        several = isinstance(result, tuple)
        return tuple(map(change, result)) if several else change(result)

    return answer


def nothing(*given):
    """Without a `return`."""
    len(given)


def right_answers(exercise):
    written = [exercise.solution, *exercise.alternatives, *RIGHT[exercise.number]]
    if exercise.cases and exercise.number not in MODELS:
        changes = [tensor, partial(np.array, order="F")]
        if not exercise.same_dtype:
            changes.append(lambda result: np.asarray(result).tolist())
        made = callable(exercise.cases)  # by a network: no answer to it is True or False
        if not made and isinstance(exercise.solution(*exercise.cases[0]), bool):
            changes = [np.bool_, np.array, tensor]
        return [*written, *(ending(exercise.solution, change) for change in changes)]
    if exercise.view is None and isinstance(exercise.solution, int | tuple | np.ndarray):
        return [*written, *forms(exercise.solution)[1:]]
    return written


def wrong_answers(exercise):
    written = WRONG[exercise.number]
    if exercise.cases and exercise.number not in MODELS:
        return [*written, ending(exercise.solution, str), nothing]
    if exercise.view is None and isinstance(exercise.solution, int | tuple | np.ndarray):
        return [*written, *near_misses(exercise.solution)]
    return written


def params(answers):
    return [
        pytest.param(ALL[number], answer, id=f"{number}-{place}-{getattr(answer, '__name__', '')}")
        for number in ALL
        for place, answer in enumerate(answers(ALL[number]))
    ]


@pytest.mark.parametrize("path", sorted((HERE.parent / "notebooks" / "homework").glob("*.py")))
def test_a_homework_gives_ten_points(path):
    assert sum(exercise.stars for exercise in exercises_in(path)) == 10


def test_every_exercise_is_tried():
    assert RIGHT.keys() == WRONG.keys() == ALL.keys()


@pytest.mark.parametrize("number", ALL)
def test_there_are_eight_right_answers_and_six_wrong_ones(number):
    assert len(right_answers(ALL[number])) >= 8
    assert len(wrong_answers(ALL[number])) >= 6


@pytest.mark.parametrize(("exercise", "answer"), params(right_answers))
def test_a_right_answer_is_right_however_it_is_written(exercise, answer):
    outcome = judge(replace(exercise, mistakes=()), answer)
    assert outcome.mark == "✓", outcome.message


@pytest.mark.parametrize(("exercise", "answer"), params(wrong_answers))
def test_a_wrong_answer_is_wrong_however_near_it_comes(exercise, answer):
    outcome = judge(replace(exercise, mistakes=()), answer)
    assert outcome.mark == "✗", outcome.message
