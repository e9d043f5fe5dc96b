"""From exercises to what a student's file holds of them: forms and locks in place of answers."""

import json
import secrets
from base64 import b64encode
from dataclasses import fields

from cnnlab.exercises.forms import bits, fitted, form_of
from cnnlab.exercises.judging import _runs
from cnnlab.exercises.locks import locked
from cnnlab.exercises.plain_data import encoded
from cnnlab.exercises.sealed import VERSION, hash_of, key_of, kind_in_words, name_of

SECRET = {"solution", "insight", "mistakes", "alternatives", "cases", "view", "sealed"}
FEW = 20  # bits: fewer answers than a million could be tried at home
MANY = 64  # bits: from here on a try may be quick


def sealed_text(exercises):
    """JSON for `sealed_exercises`, without any answer.

    Args:
        exercises: a tuple of `Exercise` that `verify` has found to judge rightly.

    Raises:
        ValueError: a result or a case cannot be sealed.
    """
    entries = []
    for exercise in exercises:
        try:
            entries.append(_entry(exercise))
        except ValueError as error:
            raise ValueError(f"exercise {exercise.number}: {error}") from error
    return json.dumps({"version": VERSION, "exercises": entries}, ensure_ascii=False, indent=1)


def guesses(exercise):
    """How many bits there are to guess in the right answer; None where verdicts stand open.

    Example:
        >>> from cnnlab.exercises import judging
        >>> guesses(judging.find("01.1")) < FEW
        True
    """
    runs = _results(exercise, exercise.solution)
    return None if verdicts(exercise, runs) else _total(exercise, runs)


def _entry(exercise):
    right = _results(exercise, exercise.solution)
    asked = verdicts(exercise, right)
    lock = {"runs": _open_runs(exercise, right)}
    judged = bool(asked) or _total(exercise, right) >= FEW
    if judged:
        lock = _lock(exercise, exercise.solution, exercise.insight)
    given = [field.name for field in fields(exercise) if field.name not in SECRET]
    return {
        "open": {name: encoded(getattr(exercise, name)) for name in given},
        "cases": encoded(() if callable(exercise.cases) else exercise.cases),
        "seal": {
            "right": lock,
            "mistakes": [_lock(exercise, m.answer, m.diagnosis) for m in exercise.mistakes * judged],
            "cases": [_hash(*pair) for pair in zip(right, lock["runs"], strict=True)],
            "verdicts": encoded(asked),
            "kind": kind_in_words(exercise.solution),
        },
    }


def _results(exercise, answer):
    return _runs(exercise, answer, exercise.cases() if callable(exercise.cases) else exercise.cases)


def verdicts(exercise, runs):
    """The dicts of verdicts that `view` makes of the right answer, or None if it makes others.

    They may stand in the open: a text among them is written in `view` itself, which is open too.
    """
    if exercise.view is None or not all(_is_verdicts(run.result) for run in runs):
        return None
    said = {value for run in runs for value in run.result.values() if isinstance(value, str)}
    return tuple(run.result for run in runs) if said <= _texts(exercise.view.__code__) else None


def _is_verdicts(result):
    plain = isinstance(result, dict) and all(isinstance(key, str) for key in result)
    return plain and all(isinstance(value, str | bool) for value in result.values())


def _texts(code):
    """The texts that are written in a function, and in those inside it."""
    found = set()
    for constant in code.co_consts:
        if hasattr(constant, "co_consts"):
            found |= _texts(constant)
        found |= {t for t in (constant if isinstance(constant, tuple) else (constant,))}
    return {text for text in found if isinstance(text, str)}


def _open_runs(exercise, runs):
    """What may be known of each run: its form, or its error, and the arguments it changes."""
    found = []
    for run in runs:
        if run.error is not None:
            found.append({"error": name_of(run.error)})
        else:
            form = form_of(run.result, exercise.tolerance, exercise.same_dtype)
            found.append({"form": form, "changed": [bool(c) for c in run.changed]})
    return found


def _lock(exercise, answer, text):
    runs = _results(exercise, answer)
    forms = _open_runs(exercise, runs)
    key = key_of([_fitted(*pair) for pair in zip(runs, forms, strict=True)], runs)
    return {"runs": forms, **locked(text, key, slow=_total(exercise, runs) < MANY)}


def _fitted(run, known):
    return b"" if run.error is not None else fitted(run.result, known["form"])


def _total(exercise, runs):
    """The bits to guess in all cases together."""
    known = _open_runs(exercise, runs)
    return sum(_bits(*pair) for pair in zip(runs, known, strict=True))


def _bits(run, known):
    return 0.0 if run.error is not None else bits(run.result, known["form"])


def _hash(run, known):
    """A hash of one case's right result, where it cannot be guessed by itself."""
    if _bits(run, known) < MANY:
        return None
    salt = b64encode(secrets.token_bytes(16)).decode()
    return {"salt": salt, "hash": hash_of(fitted(run.result, known["form"]), salt)}
