"""Does a sealed exercise judge as the open one does? It is tried on right and on wrong answers.

Right answers come in every style that the open form accepts: as arrays, lists, tuples, tensors, in
other dtypes, and moved to the edge of what the tolerance allows.
"""

from functools import partial

import numpy as np

from cnnlab.exercises.differences import allowed_by
from cnnlab.exercises.judging import judge
from cnnlab.exercises.sealed import LATER

WRONG = (None, 0, -12345.6, "no", (), [[1]], True, {}, lambda *arguments: arguments)


def seal_faults(exercise, sealed):
    """Yields a phrase for each answer that a sealed exercise judges otherwise than the open one.

    Args:
        exercise: an `Exercise` that `verify` has found to judge rightly.
        sealed: the same, sealed.
    """
    judged = "text" in sealed.sealed.right
    for name, answer in [
        ("solution", exercise.solution),
        *((f"alternative {n}", each) for n, each in enumerate(exercise.alternatives, 1)),
    ]:
        outcome = judge(sealed, answer)
        right = ("✓", exercise.insight) if judged else ("○", outcome.message)
        if (outcome.mark, outcome.message) != right or not (judged or LATER in outcome.message):
            yield f"whose {name} is judged {str(outcome)!r} when sealed"
    for n, mistake in enumerate(exercise.mistakes, 1):
        outcome = judge(sealed, mistake.answer)
        if judged and (outcome.mark, outcome.message) != ("✗", mistake.diagnosis):
            yield (
                f"whose mistake {n}, {mistake.diagnosis!r}, is judged {str(outcome)!r} when sealed"
            )
    probes = _probes(exercise) if sealed.sealed.right["runs"] else ()
    for name, answer in probes:
        mark, given = judge(sealed, answer).mark, judge(exercise, answer).mark
        if (judged and mark != given) or (not judged and (mark, given) == ("✗", "✓")):
            yield f"in which {name} is judged {given} in the open, {mark} when sealed"


def _probes(exercise):
    """(words, answer) of answers in other styles, and of plainly wrong ones."""
    import keras  # noqa: F401  # here, where no time limit runs

    for words, style in STYLES.items():
        if not words.startswith("moved") or exercise.view is None:
            styled = partial(style, tolerance=exercise.tolerance)
            yield f"the solution {words}", _styled(exercise.solution, styled)
    for wrong in WRONG:
        yield f"{wrong!r:.40}", wrong


def _styled(solution, style):
    if callable(solution):
        return lambda *case: style(solution(*case))
    return style(solution)


def _each(value, change):
    """A result with every array and number in it changed; what is neither stays."""
    if isinstance(value, tuple | list):
        return type(value)(_each(entry, change) for entry in value)
    if isinstance(value, dict):
        return {key: _each(entry, change) for key, entry in value.items()}
    if isinstance(value, bool | np.bool_ | str | type) or value is None:
        return value
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return value
    return change(array) if array.dtype.kind in "biufc" else value


def _as_array(value, tolerance):
    return _each(value, lambda array: array)


def _as_list(value, tolerance):
    value = [*value] if isinstance(value, tuple) else value
    return _each(value, lambda array: array.tolist())


def _as_tuple(value, tolerance):
    value = tuple(value) if isinstance(value, list) else value
    return _each(value, lambda array: tuple(array.tolist()) if array.ndim else array[()])


def _as_tensor(value, tolerance):
    from keras import ops

    return _each(value, ops.convert_to_tensor)


def _in_double(value, tolerance):
    return _each(value, lambda a: a if a.dtype.kind in "bc" else a.astype("float64"))


def _moved(by, value, tolerance):
    """Each number moved by so many times what is allowed, up and down in turn."""

    def moved(array):
        if array.dtype.kind in "bc":
            return array
        turns = (-1.0) ** np.arange(array.size).reshape(array.shape)
        return array + by * allowed_by(array, tolerance) * turns

    return _each(value, moved)


STYLES = {
    "as arrays": _as_array,
    "as lists": _as_list,
    "as tuples": _as_tuple,
    "as tensors": _as_tensor,
    "in float64": _in_double,
    "moved to the edge of the tolerance": partial(_moved, 0.999),
    "moved far over the edge of the tolerance": partial(_moved, 2.1),
}
