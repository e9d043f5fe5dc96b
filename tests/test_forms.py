"""Forms and locks: every answer that is equal opens, nothing else does, and little stands open."""

import hashlib
import json

import numpy as np
import pytest

from cnnlab.exercises import locks
from cnnlab.exercises.differences import allowed_by, difference
from cnnlab.exercises.forms import Unlike, bare, bits, fitted, form_of
from cnnlab.exercises.locks import COST, locked, new_salt, opened

RNG = np.random.default_rng(0)
TOLERANCES = (1e-12, 1e-5, 1e-3, 0.05, 0.4, 3.0)
RIGHT = (
    RNG.normal(size=(3, 4)),
    RNG.normal(size=(2, 5)).astype("float32") * 1e4,
    RNG.integers(0, 256, (4, 3), dtype="uint8"),
    RNG.integers(-9, 9, (2, 1, 3)),
    np.array([[0.5, 61706.0]]),
    np.array(138_357_544),
    np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 0.25]),
    RNG.normal(size=3) + 1j * RNG.normal(size=3),
    np.array([1 + 0j, 2 - 3j]),
    np.float32(0.1),
    1 / 3,
    30,
    np.zeros((0, 4)),
)


def same(got, right, tolerance=1e-5, same_dtype=False):
    """Whether an answer gives the bytes of the right one; None where it has another form."""
    form = json.loads(json.dumps(form_of(right, tolerance, same_dtype)))
    try:
        return fitted(got, form) == fitted(right, form)
    except Unlike:
        return None


def moved(right, by, tolerance, turns):
    """Every number moved by so many times what is allowed."""
    array = np.asarray(right)
    return array + by * allowed_by(array, tolerance) * turns


@pytest.mark.parametrize("tolerance", TOLERANCES)
@pytest.mark.parametrize("right", RIGHT, ids=lambda right: str(right)[:20])
def test_what_is_equal_gives_the_same_bytes_and_what_is_twice_as_far_off_does_not(right, tolerance):
    shape = np.shape(right)
    for by in (0, 0.5, 0.999, 1):
        for turns in (1, -1, RNG.choice([-1, 1], shape)):
            with np.errstate(invalid="ignore"):
                got = moved(right, by, tolerance, turns)
            if difference(got, right, tolerance) is None:  # at 1, rounding may say otherwise
                assert same(got, right, tolerance)
            else:
                assert by == 1
    if np.size(right):
        there = np.zeros(np.size(right))
        there[0] = 2.01
        got = moved(right, 1, tolerance, there.reshape(shape))
        assert not same(got, right, tolerance)


@pytest.mark.parametrize("tolerance", [1e-5, 0.05])
def test_no_right_answer_falls_between_the_cells(tolerance):
    """Over two cells in small steps, which are no part of a cell: each with its own four grids."""
    width = form_of(0.3, tolerance)["width"]
    for right in np.arange(0.3, 0.3 + 2 * width, width / 97):
        for got in (right - tolerance, right, right + tolerance):
            assert difference(got, right, tolerance) or same(got, right, tolerance)
        assert not same(right + 2 * tolerance, right, tolerance)
        assert not same(right - 2 * tolerance, right, tolerance)


def test_the_width_of_a_cell_is_what_the_proof_asks():
    for size in RNG.uniform(1e-3, 1e6, 200):
        allowed = allowed_by(np.array([size, 0.1]), 1e-5)
        width = form_of(np.array([size, 0.1]), 1e-5)["width"]
        assert 8 / 3 * allowed < width < 2 ** (1 / 4) * 8 / 3 * allowed * (1 + 1e-5)


def test_whole_numbers_are_as_sharp_as_in_the_open_and_tell_nothing():
    for right in (30, (19, 30), np.array([[3, -4], [2, 0]]), 24_999):
        scale = max(1, np.max(np.abs(right)))
        for by in (0, 0.9e-5, 1.1e-5, 0.3, 0.5, 1):
            got = np.add(right, by * scale)
            got = tuple(got) if isinstance(right, tuple) else got
            assert bool(same(got, right)) == (difference(got, right) is None), (right, by)
    told = {"kind": "numbers", "shape": [], "truths": False, "tolerance": 1e-5}
    assert form_of(30) == {**told, "whole": 1e-5}
    assert form_of(30.0) == told  # perhaps by chance


@pytest.mark.parametrize("right", [3, np.array([3, 4]), (3, 4)], ids=str)
@pytest.mark.parametrize("strict", [False, True])
def test_what_is_not_whole_has_another_form_where_whole_numbers_are_asked_for(right, strict):
    form = form_of(right) if strict else bare(form_of(right))
    for near in (0, 9e-6, -9e-6):
        fitted(np.add(right, near), form)
    for far in (0.5, 1e-4, np.nan, np.inf):
        with pytest.raises(Unlike, match="whole"):
            fitted(np.add(right, far), form)
    fitted(0.5, form_of(3.0))
    fitted(3.5, form_of(10**6, 1e-5))  # within the tolerance nothing can be told


def test_a_tolerance_of_zero_asks_for_the_very_number():
    right = np.array([0.1, 3.0, 1e20])
    assert same(right.copy(), right, 0)
    assert not same(np.nextafter(right, 9), right, 0)
    assert same(np.array([-0.0, 1.0]), np.array([0.0, 1.0]), 0)


@pytest.mark.parametrize(
    ("got", "right"),
    [
        ("Valid", "valid"),
        (" va lid", "Valid"),
        (np.True_, True),
        (np.array(False), False),
        ([3, 4.0], (3, 4)),
        (np.array([3, 4]), (3, 4)),
        ((np.float32(3), np.array(4)), [3, 4]),
        ({"b": 2.0, "a": [1, 2]}, {"a": (1, 2), "b": 2}),
        (np.ones((2, 3)), np.ones((2, 3), "uint8")),
        ([[1.0, 1.0]], np.ones((1, 2), "float32")),
        (2 + 0j, 2),
        (np.array([[True, False]]), np.array([[True, False]])),
        (np.nan, np.nan),
        (None, None),
        (int, int),
    ],
    ids=str,
)
def test_other_kinds_are_equal_as_in_the_open(got, right):
    assert difference(got, right) is None
    assert same(got, right)


@pytest.mark.parametrize(
    ("got", "right"),
    [("same", "valid"), (False, True), ((1, 2), (2, 1)), ({"a": 1}, {"a": 2}), (int, float)],
    ids=str,
)
def test_other_kinds_differ_as_in_the_open(got, right):
    assert difference(got, right)
    assert same(got, right) is False


@pytest.mark.parametrize(
    ("got", "right", "sentence"),
    [
        (None, 3, "It is None (is a `return` missing?); a number is asked for."),
        (1, True, "It is an int; True or False is asked for."),
        (True, 1, "It is a bool; a number is asked for."),
        ("3", 3, "It is a str; a number is asked for."),
        (3, "3", "It is an int; a text is asked for."),
        (3, int, "It is an int; something else is asked for."),
        (0, None, "It is an int; something else is asked for."),
        ({3, 4}, (3, 4), "It is a set, which has no order; a tuple is asked for."),
        ("34", (3, 4), "It is a str; a tuple is asked for."),
        ((3, 4, 5), (3, 4), "It has 3 entries; another number of entries is asked for."),
        ((3, "4"), (3, 4), "Entry 1 (counted from 0): It is a str; a number is asked for."),
        ([1], {"a": 1}, "It is a list; a dict is asked for."),
        ({"b": 1}, {"a": 1}, "Its keys are not those asked for."),
        ({"a": "x"}, {"a": 1}, "a: It is a str; a number is asked for."),
        ([[1], [2, 3]], np.ones((2, 2)), "It is a list that makes no array."),
        (np.ones((2, 3)), np.ones((3, 2)) * 7.5, "Its shape is (2, 3); another one is asked for."),
        (np.ones(1), 7.5, "Its shape is (1,); one number is asked for."),
        (np.ones(2), np.array([True, True]), "It is a ndarray; True and False are asked for."),
    ],
    ids=str,
)
def test_another_form_is_told_in_the_words_of_the_open_exercise(got, right, sentence):
    with pytest.raises(Unlike) as told:
        fitted(got, form_of(right))
    assert str(told.value) == sentence
    plain = sentence if "Entry" not in sentence else "1 of its 2 entries is right."
    assert difference(got, right) == plain


def test_a_dtype_counts_where_it_is_asked_for():
    right = np.ones((2, 3), "float32")
    assert same(np.ones((2, 3)), right)
    assert same(right, right, same_dtype=True)
    with pytest.raises(Unlike, match=r"Its dtype is float64; another one is asked for\."):
        fitted(np.ones((2, 3)), form_of(right, same_dtype=True))


def test_a_sparse_matrix_is_asked_to_be_an_array():
    from scipy.sparse import coo_matrix

    with pytest.raises(Unlike, match=r"hand over its `\.toarray\(\)`"):
        fitted(coo_matrix(np.eye(2, 3)), form_of(np.eye(2, 3)))


def test_what_cannot_be_sealed_is_refused_with_a_remedy():
    with pytest.raises(ValueError, match=r"a dict must have texts as keys .* got \[3\]\. Ask for"):
        form_of({3: 1})
    with pytest.raises(ValueError, match=r"numbers, texts, .* got an object\. Let `view` make"):
        form_of(object())
    with pytest.raises(
        ValueError, match=r"`tolerance` must be 0 or at least 1e-12 .* got tolerance=1e-14\."
    ):
        form_of(0.5, 1e-14)


def test_a_bare_form_tells_kinds_and_shapes_alone():
    form = bare(form_of({"a": (0.3, 12345.678), "b": np.array([[0.7, 0.1]])}))
    text = json.dumps(form)
    assert "width" not in text
    assert "grids" not in text
    assert form["entries"]["b"]["shape"] == [1, 2]
    assert fitted({"a": (1, 2), "b": [[3, 4]]}, form)


@pytest.mark.parametrize(
    ("right", "least", "most"),
    [
        (30, 4, 5.1),
        (999_999, 10, 17),
        (True, 1, 1),
        (None, 0, 0),
        ((19, 30), 8, 10),
        (0.123, 9, 14),
        (5432.1, 5, 17),
        (np.zeros((9, 7)), 0, 0),
        (np.ones((9, 7), bool), 0, 1),
        (np.eye(4, 5), 10, 20),
        (RNG.random((5, 7)), 35 * 11, 35 * 15),
        ([0] * 50, 0, 1),
        ("valid", 5, 15),
        (np.array([np.nan]), 0, 0),
        ({"a": True, "b": False}, 2, 2),
    ],
    ids=lambda right: str(right)[:20],
)
def test_how_much_there_is_to_guess(right, least, most):
    assert least <= bits(right, form_of(right)) <= most


def test_the_form_of_a_picture_takes_a_quarter_of_a_byte_per_number():
    form = form_of(RNG.random((28, 28, 8)))
    assert len(form["grids"]) == -(-28 * 28 * 8 // 4 // 3) * 4


# Locks


@pytest.mark.parametrize("slow", [False, True])
def test_a_lock_opens_to_its_answer_alone(slow):
    lock = json.loads(json.dumps(locked("Rows come first: Zeilen ↓.", b"(5, 7)", new_salt(), slow)))
    assert opened(lock, b"(5, 7)") == "Rows come first: Zeilen ↓."
    assert opened(lock, b"(7, 5)") is None
    assert "Rows" not in json.dumps(lock)


def test_a_slow_lock_costs_a_slow_try_for_each_answer_however_many_locks(monkeypatch):
    tries = []
    monkeypatch.setattr(locks.hashlib, "scrypt", lambda *_, **__: tries.append(1) or bytes(32))
    salt = new_salt()
    slow = [locked(text, b"answer", salt, True) for text in ("one", "two")]
    assert len(tries) == 1
    assert [opened(lock, b"answer") for lock in slow] == ["one", "two"]
    for answer in (b"other", b"third"):
        for lock in slow:
            opened(lock, answer)
    assert len(tries) == 3
    opened(locked("one", b"answer", salt, False), b"fourth")
    assert len(tries) == 3


def test_two_locks_of_one_text_have_nothing_in_common():
    salt = new_salt()
    assert salt != new_salt()
    one, other = (locked("a text of some length", b"answer", salt, False) for _ in range(2))
    assert one["text"][-24:] != other["text"][-24:]


def test_a_changed_text_does_not_open():
    lock = locked("Rows come first.", b"answer", new_salt(), False)
    for place in (0, 60):
        old = lock["text"][place]
        text = lock["text"][:place] + ("A" if old != "A" else "B") + lock["text"][place + 1 :]
        assert opened({**lock, "text": text}, b"answer") is None


def test_a_try_costs_what_the_guide_says():
    """RFC 7914, section 12, and 32 MB for each of ours."""
    key = hashlib.scrypt(b"password", salt=b"NaCl", n=1024, r=8, p=16, dklen=64)
    assert key.hex().startswith("fdbabe1c9d3472007856e7190d01e9fe")
    assert COST["n"] * COST["r"] * 128 == 32 * 2**20
