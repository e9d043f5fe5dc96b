"""Where two results differ, in words that do not give the right one away."""

import inspect
from functools import partial

import numpy as np

from cnnlab.exercises.near_misses import near_miss

WORDS = {
    bool: "True or False",
    str: "a text",
    dict: "a dict",
    tuple: "a tuple",
    int: "a number",
    float: "a number",
    np.ndarray: "an array",
}


def difference(got, right, tolerance=1e-5, same_dtype=False):
    """One sentence on the first kind of difference: type, shape, dtype or value; None if equal.

    Arrays, lists and tensors of any library compare as arrays, tuples entry by entry, texts
    without regard to upper case and spaces. Numbers are equal if they differ by less than
    `tolerance` times the largest of the right ones (or times 1); NaN equals NaN.

    Args:
        got: what the student has.
        right: what is asked for.
        tolerance: as told above, >= 0.
        same_dtype: whether another dtype is a difference even where the values agree.

    Example:
        >>> difference(np.zeros((2, 4)), np.zeros((3, 2)))
        'Its shape is (2, 4); another one is asked for.'
        >>> difference([1, 2, 4], np.array([1.0, 2.0, 3.0]))
        'Its shape is right, and 2 of 3 numbers are; the first wrong one stands at [2].'
        >>> difference((28, 28), (28, 28)) is None
        True
    """
    if right is None or isinstance(right, bool | np.bool_ | str | dict | type):
        return _plain(got, right, tolerance, same_dtype)
    if isinstance(right, tuple | list):
        return _entries(got, right, tolerance, same_dtype)
    return _numbers(got, right, tolerance, same_dtype)


def wrong_kind(got, right):
    """The sentence for an answer of another kind than the right one.

    Example:
        >>> wrong_kind("-4", -4.5)
        'It is a str; a number is asked for.'
    """
    wanted = WORDS.get(type(right), "something else")
    return f"It is {in_words(got)}; {wanted} is asked for."


def _plain(got, right, tolerance, same_dtype):
    if isinstance(right, dict):
        if not isinstance(got, dict):
            return f"It is {in_words(got)}; a dict is asked for."
        if got.keys() != right.keys():
            return "Its keys are not those asked for."
        inner = {k: difference(got[k], right[k], tolerance, same_dtype) for k in right}
        wrong = {key: sentence for key, sentence in inner.items() if sentence}
        if len(wrong) > 1 and all(isinstance(got[key], str | bool) for key in wrong):
            listed = "; ".join(f"{key}: {got[key]}" for key in wrong)
            return f"Not as asked are: {listed}."
        return next((f"{key}: {sentence}" for key, sentence in wrong.items()), None)
    if isinstance(right, str) and isinstance(got, str):
        same = "".join(got.split()).casefold() == "".join(right.split()).casefold()
        return None if same else f"{got!r} is not right."
    if isinstance(right, bool | np.bool_) and is_number(got, "b"):
        return None if bool(got) == right else f"{bool(got)} is not right."
    if got is right:
        return None
    return wrong_kind(got, right)


def _entries(got, right, tolerance, same_dtype):
    """Tuples, such as shapes and several results; any sequence will do for the student's."""
    if sentence := no_sequence(got, len(right)):
        return sentence
    pairs = zip(got, right, strict=True)
    inner = [difference(one, other, tolerance, same_dtype) for one, other in pairs]
    wrong = [place for place, sentence in enumerate(inner) if sentence]
    if not wrong:
        return None
    place = next((place for place, entry in enumerate(got) if inspect.isroutine(entry)), None)
    if place is not None:
        return (
            f"Entry {place} (counted from 0) is {in_words(got[place])}: call it, with brackets "
            "behind its name."
        )
    if all(np.ndim(entry) == 0 for entry in right):
        if all(map(is_number, (*got, *right))):
            numbers = [np.asarray([float(entry) for entry in each]) for each in (got, right)]
            if sentence := near_miss(*numbers, allowed_by(numbers[1], tolerance)):
                return sentence
        good = len(right) - len(wrong)
        return f"{good} of its {len(right)} entries {are(good)} right."
    return f"Entry {wrong[0]} (counted from 0): {inner[wrong[0]]}"


def are(count):
    """The verb behind a count: 1 of 2 is right, 0 or 2 of 2 are.

    Example:
        >>> are(1), are(0)
        ('is', 'are')
    """
    return "is" if count == 1 else "are"


def no_sequence(got, count):
    """The sentence for what is no sequence of so many entries, or None."""
    if isinstance(got, set | frozenset):
        return f"It is {in_words(got)}, which has no order; a tuple is asked for."
    kind = isinstance(got, str | bytes | dict) or not hasattr(got, "__getitem__")
    if kind or not hasattr(got, "__len__") or getattr(got, "ndim", 1) == 0:
        return f"It is {in_words(got)}; a tuple is asked for."
    if len(got) != count:
        entries = "entry" if len(got) == 1 else "entries"
        return f"It has {len(got)} {entries}; another number of entries is asked for."
    return None


def no_array(got, truths, ndim):
    """The sentence for what is no array of numbers (or of True and False), or None."""
    wanted = "True and False" if truths else "numbers"
    wanted = f"{wanted} are" if ndim else "a number is"
    if hasattr(got, "toarray"):
        return f"It is {in_words(got)}; an array is asked for: hand over its `.toarray()`."
    try:
        kind = np.asarray(got).dtype.kind
    except (ValueError, TypeError):  # rows of unequal length
        return f"It is {in_words(got)} that makes no array."
    if kind not in "biufc" or (kind == "b") != truths:
        return f"It is {in_words(got)}; {wanted} asked for."
    return None


def _numbers(got, right, tolerance, same_dtype):
    right = np.asarray(right)
    if sentence := no_array(got, right.dtype.kind == "b", right.ndim):
        return sentence
    values = np.asarray(got)
    allowed = allowed_by(right, tolerance)
    real = values.dtype.kind in "iuf" and right.dtype.kind in "iuf"
    near = partial(near_miss, values, right, allowed) if real else _nothing
    if values.shape != right.shape:
        return near() or other_shape(values, right.ndim)
    close = np.isclose(
        values.astype("complex128"), right.astype("complex128"), 0, allowed, equal_nan=True
    )
    if not close.all():
        if right.ndim == 0:
            if said := near():
                return f"{values.item():.6g} is not right. {said}"
            told = not_whole(values, tolerance) if asks_for_whole(right, tolerance) else None
            return told or f"{values.item():.6g} is not right."
        first = [int(i) for i in np.argwhere(~close)[0]]
        return near() or (
            f"Its shape is right, and {close.sum()} of {close.size} numbers {are(close.sum())}; "
            f"the first wrong one stands at {first}."
        )
    if same_dtype and values.dtype != right.dtype:
        return f"Its values are right; its dtype is {values.dtype}, another one is asked for."
    return None


def asks_for_whole(right, tolerance):
    """Whether right numbers are whole by their kind, and the tolerance can tell them from others.

    Example:
        >>> asks_for_whole(np.array(3), 1e-5), asks_for_whole(np.array(3.0), 1e-5)
        (True, False)
    """
    return right.dtype.kind in "iu" and allowed_by(right, tolerance) < 0.5


def not_whole(values, tolerance):
    """The sentence for numbers that are not whole, where such are asked for, or None.

    What counts is the value, not its type.

    Example:
        >>> not_whole(np.array(3.5), 1e-5)
        'It is 3.5; a whole number is asked for.'
        >>> not_whole(np.array([3.0, 4.0]), 1e-5) is None
        True
    """
    with np.errstate(invalid="ignore"):  # infinity is none
        nearest = np.rint(values)
        near = np.abs(values - nearest) <= allowed_by(nearest, tolerance)
    if near.all():
        return None
    if values.ndim:
        return "Its numbers are not whole; whole ones are asked for."
    return f"It is {values.item():.6g}; a whole number is asked for."


def other_shape(values, ndim):
    """The sentence for an array of another shape than the one of so many axes."""
    asked = "another one is" if ndim else "one number is"
    return f"Its shape is {values.shape}; {asked} asked for."


def is_number(value, kinds="iuf"):
    """Whether it is a single number: of Python, of NumPy, or a tensor without axes."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):  # rows of unequal length
        return False
    return array.ndim == 0 and array.dtype.kind in kinds


def _nothing():
    """What near misses have to say where there are no real numbers."""


def allowed_by(right, tolerance):
    """The absolute difference that counts as none, for an array of right numbers."""
    finite = np.abs(right[np.isfinite(right)]) if right.dtype.kind in "fc" else np.abs(right)
    return tolerance * max(1.0, float(finite.max(initial=0)))


def in_words(got):
    """The type of a value with its article.

    Example:
        >>> in_words([1])
        'a list'
    """
    if got is None:
        return "None (is a `return` missing?)"
    name = type(got).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
