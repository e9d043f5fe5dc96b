"""`points`: what an autograded cell prints, and the number that it ends in."""

import io
import logging
import os
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from cnnlab.exercises import Exercise, Mistake, check, locks, points, supervision
from cnnlab.exercises.crediting import fitting_hint
from cnnlab.exercises.sealed import sealed_exercises
from cnnlab.exercises.sealing import sealed_text

PICTURES = tuple((np.random.default_rng(n).random((3 + n, 5)),) for n in range(2))


def turned(image):
    return image[::-1]


def mirrored(image):
    return image[:, ::-1]


def squared(image):
    return image**2


EXERCISE = Exercise(
    number="P.1",
    title="Upside down",
    stars=2,
    task="Write turned(image): upside down.",
    hints=("A slice may go backwards.", "Rows come first."),
    solution=turned,
    insight="No pixel is copied.",
    mistakes=(Mistake("Left and right are exchanged.", mirrored),),
    cases=PICTURES,
)
VALUE = replace(EXERCISE, number="P.2", solution=7, cases=(), mistakes=(Mistake("No.", 8),))


@pytest.fixture(params=["open", "sealed"])
def exercise(request, monkeypatch):
    monkeypatch.setitem(locks.COST, "n", 16)
    return sealed(EXERCISE) if request.param == "sealed" else EXERCISE


def sealed(exercise):
    return sealed_exercises(sealed_text((exercise,)))[0]


@pytest.fixture
def autograded(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


@pytest.mark.parametrize("answer", [turned, mirrored, squared, ...])
def test_at_home_points_prints_what_check_prints(exercise, answer, capsys):
    assert points(exercise, answer) == (2 if answer is turned else 0)
    said = capsys.readouterr().out
    check(exercise, answer)
    assert said == capsys.readouterr().out


def test_while_nbgrader_validates_it_is_as_at_home(exercise, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert points(exercise, squared) == 0
    assert "Try hint(...)." in capsys.readouterr().out


def test_points_count_instead_of_stars():
    assert points(replace(EXERCISE, points=2.5), turned) == 2.5


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (turned, "✓ P.1 No pixel is copied.\n"),
        (mirrored, "✗ P.1 Left and right are exchanged.\n"),
        (..., "○ P.1 not answered yet\n"),
    ],
)
def test_nbgraders_feedback_has_no_hint_where_it_says_more(
    exercise, answer, said, autograded, capsys
):
    points(exercise, answer)
    assert capsys.readouterr().out == said


def test_beside_an_error_nbgraders_feedback_has_no_hint(exercise, autograded, capsys):
    def failing(image):
        raise KeyError("x")

    assert points(exercise, failing) == 0
    said = capsys.readouterr().out
    assert "KeyError, in line" in said and "hint" not in said.lower()


def test_a_mistake_that_is_not_known_gets_the_first_hint(exercise, autograded, capsys):
    assert points(exercise, squared) == 0
    said = capsys.readouterr().out
    assert "the result is wrong" in said
    assert said.endswith("\nHint: A slice may go backwards.\n")
    assert "Try hint" not in said


def test_there_may_be_one_hint_or_none(autograded, capsys):
    assert fitting_hint(EXERCISE, "4 is not right.") == "A slice may go backwards."
    assert fitting_hint(replace(EXERCISE, hints=()), "4 is not right.") == ""
    assert points(replace(EXERCISE, hints=()), mirrored) == 0
    assert capsys.readouterr().out == "✗ P.1 Left and right are exchanged.\n"


def test_what_cannot_be_judged_sealed_is_no_silent_zero(monkeypatch, capsys):
    assert points(sealed(VALUE), 7) == 0
    assert capsys.readouterr().out.startswith("○ P.2 is judged after you hand in")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(ValueError, match=r"the judge must know the solution of exercise P\.2"):
        points(sealed(VALUE), 7)
    assert points(sealed(VALUE), ...) == 0
    assert points(VALUE, 7) == 2


def test_a_stub_of_nbgraders_is_no_answer(exercise, capsys):
    def stub(image):
        # YOUR CODE HERE
        raise NotImplementedError()

    def half(image):
        if image.shape[0] == 4:
            raise NotImplementedError
        return squared(image)

    assert points(exercise, stub) == 0
    assert capsys.readouterr().out == "○ P.1 not answered yet\n"
    points(exercise, half)
    assert capsys.readouterr().out.startswith("✗")


def test_nothing_that_an_answer_writes_is_taken_for_an_error(exercise, capfd):
    def loud(image):
        print("by print", file=sys.stderr)
        logging.getLogger("loud").error("by a log")
        warnings.warn("by a warning", stacklevel=1)
        os.write(2, b"by a library")
        return turned(image)

    logged = io.StringIO()  # some keep a stream of their own
    handler = logging.StreamHandler(logged)
    logging.getLogger("loud").addHandler(handler)
    try:
        assert points(exercise, loud) == 2
    finally:
        logging.getLogger("loud").removeHandler(handler)
    out, err = capfd.readouterr()
    assert (err, logged.getvalue()) == ("", "")
    assert "by print" in out
    assert logging.root.manager.disable == logging.NOTSET


def test_under_grading_the_answer_is_handed_over(monkeypatch, capsys):
    handed = []
    monkeypatch.setattr(supervision, "is_graded", lambda number: number == "P.1")
    monkeypatch.setattr(supervision, "hand_over", lambda *given: handed.append(given))
    assert points(EXERCISE, turned) is None
    assert handed == [(EXERCISE, turned)]
    said = "P.1 is handed in: it is judged when the notebook has run.\n"
    assert capsys.readouterr().out == said
