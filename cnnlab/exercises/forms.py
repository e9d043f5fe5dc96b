"""A result without its values: what may stand in the open, and the bytes that only it gives.

The form of a right result says its kind, shape and grid; `fitted` turns an answer of that form into
bytes. Every answer that `difference` takes for equal gives the same bytes as the right one:

- *Whole numbers* (if less than half of one is allowed): the answer is rounded. It must lie as
  close to whole numbers as `difference` asks, which these bytes say too. Where the right ones are
  whole by their kind, an answer that is not has another form.
- *Other numbers*: the answer is counted in cells of one width. There are four grids, each moved by
  a quarter of a cell, and for each number the one is noted in which the right value lies within an
  eighth of a cell of the middle. The width w is at least 8/3 of the allowed difference a, so what
  differs by a is at most w/8 + 3w/8 from the middle: inside. What differs by more than 5w/8 is
  outside; w is at most 2 ** (1/4) * 8/3 * a, so nothing further off than 2a is taken for right.

So the form tells two bits of a number, and the size of the largest within a factor of 2 ** (1/4).
"""

import base64
import math

import numpy as np

from cnnlab.exercises.differences import (
    allowed_by,
    asks_for_whole,
    in_words,
    is_number,
    no_array,
    no_sequence,
    not_whole,
    other_shape,
    wrong_kind,
)

GRIDS = 4
STEPS = 4  # widths of cells within a factor of two
FINEST = 1e-12  # a tolerance below it is within the error of float64 itself
BITS_OF_A_CHARACTER = 2  # of a text in words


class Unlike(Exception):
    """An answer of another form than the right one; its text is a sentence to the student."""


def form_of(right, tolerance=1e-5, same_dtype=False):
    """What may be known of a right result, as data that JSON can hold.

    Args:
        right: numbers, arrays, texts, True and False, None, a type, or a tuple, list or dict of
            these.
        tolerance: see `difference`; 0, or at least 1e-12.
        same_dtype: whether the dtype counts.

    Raises:
        ValueError: it is nothing of that kind.

    Example:
        >>> form_of((19, True))["entries"][1]
        {'kind': 'truth'}
    """
    if right is None:
        return {"kind": "none"}
    if isinstance(right, bool | np.bool_):
        return {"kind": "truth"}
    if isinstance(right, str | type):
        return {"kind": "text" if isinstance(right, str) else "type"}
    if isinstance(right, dict):
        if not all(isinstance(key, str) for key in right):
            raise ValueError(
                f"a dict must have texts as keys to be sealed: got {[*right][:3]}. "
                "Ask for a tuple or an array."
            )
        inner = {key: form_of(value, tolerance, same_dtype) for key, value in right.items()}
        return {"kind": "dict", "entries": inner}
    if isinstance(right, tuple | list):
        return {"kind": "entries", "entries": [form_of(v, tolerance, same_dtype) for v in right]}
    return _form_of_numbers(right, tolerance, same_dtype)


def _form_of_numbers(right, tolerance, same_dtype):
    values = np.asarray(right)
    if values.dtype.kind not in "biufc":
        raise ValueError(
            f"a result must be numbers, texts, or tuples, lists and dicts of these to be sealed: "
            f"got {in_words(right)}. Let `view` make a dict of verdicts of it."
        )
    if tolerance != 0 and tolerance < FINEST:
        raise ValueError(
            f"`tolerance` must be 0 or at least {FINEST} to be sealed: got tolerance={tolerance}."
        )
    form = {"kind": "numbers", "shape": [*values.shape], "truths": values.dtype.kind == "b"}
    if values.dtype.kind == "c":
        form["complex"] = True
    if asks_for_whole(values, tolerance):
        form["whole"] = tolerance
    if same_dtype:
        form["dtype"] = str(values.dtype)
    parts, allowed = _parts(values, values.dtype.kind == "c"), allowed_by(values, tolerance)
    finite = np.isfinite(parts)
    if allowed == 0 or (finite.all() and (parts == np.rint(parts)).all() and allowed < 0.5):
        return {**form, "tolerance": tolerance}
    steps = math.ceil(STEPS * math.log2(2 * allowed * GRIDS / (GRIDS - 1) * (1 + 1e-6)))
    form["width"] = 2.0 ** (steps / STEPS)
    quarters = np.rint(np.where(finite, parts, 0) / form["width"] * GRIDS)
    form["grids"] = base64.b64encode(_packed((quarters % GRIDS).astype("uint8"))).decode()
    return form


def bare(form):
    """A form that tells kinds, shapes and dtypes alone, for what is not judged by its values.

    Example:
        >>> bare(form_of(1 / 3))
        {'kind': 'numbers', 'shape': [], 'truths': False, 'tolerance': 0}
    """
    match form["kind"]:
        case "dict":
            return {**form, "entries": {key: bare(inner) for key, inner in form["entries"].items()}}
        case "entries":
            return {**form, "entries": [*map(bare, form["entries"])]}
        case "numbers":
            told = {name: value for name, value in form.items() if name not in ("width", "grids")}
            return {**told, "tolerance": 0}
    return form


def fitted(got, form):
    """The bytes that an answer gives in a form.

    Args:
        got: any answer.
        form: as `form_of` makes it.

    Raises:
        Unlike: the answer has another form.

    Example:
        >>> form = form_of(np.array([[0.5, 1 / 3]]))
        >>> fitted([[0.5, 0.33333]], form) == fitted(np.array([[0.5, 1 / 3]]), form)
        True
        >>> fitted(np.zeros((2, 1)), form)
        Traceback (most recent call last):
        cnnlab.exercises.forms.Unlike: Its shape is (2, 1); another one is asked for.
    """
    match form["kind"]:
        case "none":
            return _plain(got, got is None, b"", None)
        case "truth":
            return _plain(got, is_number(got, "b"), lambda: bytes([bool(got)]), True)
        case "text":
            said = lambda: "".join(got.split()).casefold().encode()  # noqa: E731
            return _plain(got, isinstance(got, str), said, "")
        case "type":
            named = lambda: f"{got.__module__}.{got.__qualname__}".encode()  # noqa: E731
            return _plain(got, isinstance(got, type), named, type)
        case "dict":
            return _fitted_dict(got, form["entries"])
        case "entries":
            return _fitted_entries(got, form["entries"])
    return _fitted_numbers(got, form)


def _plain(got, fits, found, example):
    if not fits:
        raise Unlike(wrong_kind(got, example))
    return found() if callable(found) else found


def _fitted_dict(got, entries):
    if not isinstance(got, dict):
        raise Unlike(f"It is {in_words(got)}; a dict is asked for.")
    if got.keys() != entries.keys():
        raise Unlike("Its keys are not those asked for.")
    return _joined((f"{key}: ", got[key], form) for key, form in entries.items())


def _fitted_entries(got, entries):
    if sentence := no_sequence(got, len(entries)):
        raise Unlike(sentence)
    pairs = enumerate(zip(got, entries, strict=True))
    return _joined((f"Entry {n} (counted from 0): ", *pair) for n, pair in pairs)


def _joined(parts):
    """The bytes of several entries, each with its length before it."""
    found = []
    for words, got, form in parts:
        try:
            entry = fitted(got, form)
        except Unlike as error:
            raise Unlike(f"{words}{error}") from None
        found.append(len(entry).to_bytes(8, "little") + entry)
    return b"".join(found)


def _fitted_numbers(got, form):
    ndim = len(form["shape"])
    if sentence := no_array(got, form["truths"], ndim):
        raise Unlike(sentence)
    values = np.asarray(got)
    if [*values.shape] != form["shape"]:
        raise Unlike(other_shape(values, ndim))
    if form.get("dtype", values.dtype) != values.dtype:
        raise Unlike(f"Its dtype is {values.dtype}; another one is asked for.")
    is_complex = form.get("complex", False)
    if "whole" in form and (sentence := not_whole(values, form["whole"])):
        raise Unlike(sentence)
    parts = _parts(values, is_complex)
    beside = np.zeros(1) if is_complex else np.abs(np.imag(values))  # of real numbers: none
    with np.errstate(all="ignore"):
        if "width" in form:
            width, grids = form["width"], _unpacked(base64.b64decode(form["grids"]), parts.size)
            near, allowed = True, width / 2
            cells = np.floor(parts / width - grids / GRIDS + 0.5)
        else:
            tolerance = form["tolerance"]
            cells = np.rint(parts) if tolerance else parts
            half = cells.size // 2
            numbers = cells[:half] + 1j * cells[half:] if is_complex else cells
            allowed = allowed_by(numbers, tolerance)
            near = tolerance == 0 or bool((np.abs(parts - cells) <= allowed).all())
        near = near and not (beside > allowed).any()
        cells = np.where(np.isnan(cells), np.nan, cells + 0.0)  # one NaN, and one zero
    return cells.astype("<f8").tobytes() + bytes([near])


def _parts(values, is_complex):
    """An array as a row of float64, the imaginary parts of complex numbers behind the real ones."""
    flat = values.ravel().astype("complex128")
    return np.concatenate([flat.real, flat.imag]) if is_complex else flat.real


def _packed(grids):
    """Four numbers below 4 to a byte."""
    fours = np.pad(grids, (0, -len(grids) % 4)).reshape(-1, 4)
    return (fours << np.array([0, 2, 4, 6], "uint8")).sum(axis=1).astype("uint8").tobytes()


def _unpacked(packed, count):
    fours = np.frombuffer(packed, "uint8")[:, np.newaxis] >> np.array([0, 2, 4, 6], "uint8")
    return (fours & 3).ravel()[:count].astype(float)


def bits(right, form):
    """How much there is to guess for who knows the form: 20 bits are a million tries.

    Counted is what it takes to write the values down: each as one of the cells between the smallest
    and the largest that the form leaves open, and no more than the different values and the places
    of each. Who knows more, for example that a number is likely, needs fewer tries.

    Example:
        >>> round(bits((19, 30), form_of((19, 30))))
        9
        >>> bits(np.zeros((5, 7)), form_of(np.zeros((5, 7))))
        0.0
    """
    match form["kind"]:
        case "none":
            return 0.0
        case "truth":
            return 1.0
        case "text" | "type":
            return float(BITS_OF_A_CHARACTER * len("".join(str(right).split())))
        case "dict":
            return sum(bits(right[key], inner) for key, inner in form["entries"].items())
        case "entries":
            numbers = all(
                np.ndim(v) == 0 and f["kind"] == "numbers" for v, f in _pairs(right, form)
            )
            sum_of_each = sum(bits(*pair) for pair in _pairs(right, form))
            if numbers and len({*map(complex, right)}) < len(right):
                return min(sum_of_each, _bits_of_numbers(np.array(right), {}))
            return sum_of_each
    return _bits_of_numbers(np.asarray(right), form)


def _pairs(right, form):
    return zip(right, form["entries"], strict=True)


def _bits_of_numbers(values, form):
    parts = _parts(values, values.dtype.kind == "c")
    parts = parts[np.isfinite(parts)]
    if not parts.size:
        return 0.0
    largest = float(np.abs(parts).max())
    levels = 2 if form.get("truths") else largest * (1 + (parts.min() < 0)) + 1
    if "width" in form:
        known = 2 ** (-1 / STEPS) if parts.size == 1 and largest > 1 else 0  # see the width
        levels = max(1.0, largest * (1 - known) * (1 + (parts.min() < 0)) / form["width"] / GRIDS)
    counts = np.unique(parts, return_counts=True)[1]
    share = counts / parts.size
    places = -float((share * np.log2(share)).sum()) * parts.size
    each = math.log2(levels)
    return max(0.0, min(parts.size * each, len(counts) * each + places))
