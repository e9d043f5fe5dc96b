"""What all cases of an exercise let pass: found where it matters, and only there."""

from dataclasses import replace

import numpy as np
import pytest

from cnnlab.convolution import correlate2d
from cnnlab.exercises import verify
from cnnlab.exercises.catalogue import exercises, find, lessons
from cnnlab.exercises.slips import unseen

rng = np.random.default_rng(0)
SYMMETRIC, TABLE = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]), np.arange(12.0).reshape(3, 4) ** 2


def with_cases(solution, *cases):
    """An exercise of this solution and these cases."""
    return replace(
        find("01.3"), solution=solution, cases=cases, mistakes=(), alternatives=(), number="T.1"
    )


def found(solution, *cases):
    return " / ".join(unseen(with_cases(solution, *cases)))


@pytest.mark.parametrize(
    ("solution", "cases", "told"),
    [
        (
            correlate2d,
            [(rng.random((6, 8)), SYMMETRIC)],
            "an answer that reverses axis 1 of `kernel` is judged right in every case",
        ),
        (
            correlate2d,
            [(rng.random((6, 8)), SYMMETRIC)],
            "an answer that exchanges axes 0 and 1 of `kernel` is judged right",
        ),
        (
            correlate2d,
            [(rng.integers(0, 9, (4, 6)), np.array([[1, 2], [3, 5], [7, 11]]))] * 2
            + [(rng.random((5, 4)), rng.random((2, 3)))],
            "an answer in the dtype of `image` is judged right in every case: give one in which it "
            "has whole numbers and another argument has not",
        ),
        (
            correlate2d,
            [(rng.random((5, 5)), rng.random((2, 3))), (rng.random((4, 4)), rng.random((3, 2)))],
            "axes 0 and 1 of `image` are equally long in every case, so that an answer may",
        ),
        (
            correlate2d,
            [(rng.random((6, 8)), np.array([[1, -1, 0], [-4, 3, 1]]))],
            "an answer that adds 1 to `image` is judged right in every case",
        ),
        (
            lambda x: x[:, ::-1] * 2,
            [(np.array([[1, 3, 1], [2, 5, 2]]),)],
            "an answer that reverses axis 1 of its result is judged right in every case",
        ),
        (
            lambda x: (x.sum(), 3 * x),
            [(np.array([[1, 4], [4, 2]]),)],
            "an answer that exchanges axes 0 and 1 of its result is judged right",
        ),
    ],
)
def test_a_slip_that_no_case_shows_is_found(solution, cases, told):
    assert told in found(solution, *cases)


def test_one_case_that_shows_a_slip_is_enough():
    square = (rng.random((5, 5)), rng.random((2, 3)))
    symmetric = (rng.random((6, 8)), SYMMETRIC)
    whole = (rng.integers(0, 9, (4, 6)), np.array([[1, 2], [3, 5], [7, 11]]))
    mixed = [(rng.integers(0, 9, (4, 6)), rng.random((3, 2))), (TABLE, np.array([[1, 2], [0, 3]]))]
    assert found(correlate2d, square, symmetric, whole, *mixed) == ""


def largest_of_rising(values):
    if values[0] > values[-1]:
        raise ValueError("the values must rise")
    return values.max()


@pytest.mark.parametrize(
    ("solution", "cases"),
    [
        (lambda x: x.T @ x, [(TABLE,), (TABLE[:2],)]),  # symmetric by its nature
        (lambda count: np.hanning(count), [(5,), (8,)]),
        (lambda x: np.convolve(x, x[::-1]), [(np.array([1.0, 4, 2]),)]),
        (lambda matrix: matrix.diagonal() / matrix.sum(axis=1), [(np.array([[8, 2], [3, 4]]),)]),
        (lambda matrix: matrix.trace() / matrix.sum(), [(np.array([[8, 2], [1, 4]]),)]),
        (lambda image: image[::-1], [(np.arange(12, dtype="uint8").reshape(3, 4),)]),
        (lambda labels, x: x[labels], [(np.array([2, 0]), TABLE + 0.5)]),
        (lambda values: values.sum(), [(np.array([1.0, 2, 4]),)]),  # order does not matter
        (lambda values: np.sort(values), [(np.array([3, 1, 4]),), (np.array([2.0, 0.5]),)]),
        (lambda x: np.maximum(x, 0), [(TABLE - 9,)]),
        (lambda a, b: (a + b) / 2, [(1, 2), (3.0, 5)]),
        (largest_of_rising, [(np.array([1, 5, 1]),)]),  # turned round, others are refused
    ],
)
def test_what_cannot_be_otherwise_is_no_slip(solution, cases):
    assert found(solution, *cases) == ""


@pytest.mark.parametrize("lesson", lessons())
def test_no_exercise_of_a_lesson_lets_a_slip_pass(lesson):
    assert [*map(list, map(unseen, exercises(lesson)))] == [[]] * len(exercises(lesson))


def test_an_exercise_that_lets_a_slip_pass_is_refused():
    blind = with_cases(correlate2d, (rng.random((6, 8)), SYMMETRIC))
    with pytest.raises(ValueError, match=r"T\.1, in which an answer that reverses axis 0 of `kern"):
        verify((blind,))
