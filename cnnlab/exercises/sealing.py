"""From exercises to what a student's file holds of them: forms and locks in place of answers."""

import json
import types
import warnings
from dataclasses import fields, replace

import numpy as np

from cnnlab.exercises.case_data import encoded
from cnnlab.exercises.forms import bare, bits, fitted, form_of
from cnnlab.exercises.locks import locked, new_salt
from cnnlab.exercises.open_code import reached
from cnnlab.exercises.runs import runs_on, viewed
from cnnlab.exercises.sealed import VERSION, hash_of, key_of, kind_in_words, name_of

SECRET = {"solution", "insight", "mistakes", "alternatives", "cases", "view", "sealed"}
NOTHING = {"right": {"runs": []}, "mistakes": [], "cases": [], "verdicts": None, "kind": ""}
FEW = 20  # bits: fewer answers than a million could be tried at home
MANY = 64  # bits: from here on a try may be quick


def sealed_text(exercises, names=None, late=()):
    """JSON for `sealed_exercises`, without any answer.

    Args:
        exercises: a tuple of `Exercise` that `verify` has found to judge rightly.
        names: {function: its name} of the functions that cases hold.
        late: numbers of exercises that are not judged at home, for their cases cannot be there.

    Raises:
        ValueError: a result or a case cannot be sealed.
    """
    entries = []
    for exercise in exercises:
        try:
            entries.append(_entry(exercise, names, exercise.number in late))
        except ValueError as error:
            raise ValueError(f"exercise {exercise.number}: {error}") from error
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    return f'{{"version": {VERSION}, "exercises": [\n{lines}\n]}}'


def guesses(exercise):
    """How many bits there are to guess in the right answer; None where verdicts stand open.

    Example:
        >>> from cnnlab.exercises import catalogue
        >>> guesses(catalogue.find("01.2")) < FEW
        True
    """
    runs, asked = _right(exercise)
    return None if asked else _total(runs, _open_runs(exercise, runs))


def results_of(exercise):
    """The right results, one for each case, that cannot be guessed; without `view`."""
    runs = _results(replace(exercise, view=None), exercise.solution)
    if not _is_plain(exercise, runs):
        return []
    pairs = zip(runs, _open_runs(exercise, runs), strict=True)
    return [run.result for run, known in pairs if _bits(run, known) >= FEW]


def _entry(exercise, names, late):
    given = [field.name for field in fields(exercise) if field.name not in SECRET]
    told = {name: encoded(getattr(exercise, name)) for name in given}
    if late:
        return {"open": told, "cases": {"tuple": []}, "seal": NOTHING}
    runs, asked = _right(exercise)
    known = _open_runs(exercise, runs)
    total = _total(runs, known)
    judged = bool(asked) or total >= FEW
    salt = new_salt()
    if judged:
        lock = _lock(exercise.insight, runs, known, salt, slow=total < MANY)
        right = {"runs": known, **lock}
    else:
        right = {"runs": [{**k, "form": bare(k["form"])} if "form" in k else k for k in known]}
    return {
        "open": told,
        "cases": encoded(() if callable(exercise.cases) else exercise.cases, names),
        "seal": {
            "right": right,
            "mistakes": [_mistake(exercise, each, salt) for each in exercise.mistakes * judged],
            "cases": [_hash(*pair) for pair in zip(runs, known, strict=True)],
            "verdicts": encoded(asked),
            "kind": kind_in_words(exercise.solution),
        },
    }


def _results(exercise, answer):
    return runs_on(
        exercise, answer, exercise.cases() if callable(exercise.cases) else exercise.cases
    )


def _right(exercise):
    """The runs of the solution, and the dicts of verdicts that `view` makes of them, or None.

    These may stand in the open where the answer is no plain data, but a network, which they do not
    hold, or where they are only True, False and texts that are written in the code of `view`.
    """
    if exercise.view is None:
        return _results(exercise, exercise.solution), None
    raw = _results(replace(exercise, view=None), exercise.solution)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        runs = [viewed(exercise, run) for run in raw]
    if not all(isinstance(run.result, dict) for run in runs):
        return runs, None
    values = [value for run in runs for value in run.result.values()]
    texts = _texts(exercise.view)
    if _is_plain(exercise, raw) and not all(
        isinstance(value, bool) or (isinstance(value, str) and value in texts) for value in values
    ):
        return runs, None
    return runs, tuple(run.result for run in runs)


def _is_plain(exercise, runs):
    """Whether results could be sealed as they are, without `view`."""
    try:
        _open_runs(exercise, runs)
    except ValueError:
        return False
    return True


def _texts(function):
    """The texts that are written in a function, and in those of its file that it uses."""
    return set().union(*(_texts_in(each.__code__) for each in reached(function)))


def _texts_in(code):
    flat = [c for each in code.co_consts for c in (each if isinstance(each, tuple) else [each])]
    inner = (_texts_in(each) for each in flat if isinstance(each, types.CodeType))
    return {each for each in flat if isinstance(each, str)}.union(*inner)


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


def _mistake(exercise, mistake, salt):
    """The lock of a mistake: slow where its value could be guessed, and tell of the right one."""
    runs = _results(exercise, mistake.answer)
    known = _open_runs(exercise, runs)
    slow = not exercise.cases and _total(runs, known) < MANY
    return {"runs": known, **_lock(mistake.diagnosis, runs, known, salt, slow)}


def _lock(text, runs, known, salt, slow):
    key = key_of([_fitted(*pair) for pair in zip(runs, known, strict=True)], runs)
    return locked(text, key, salt, slow)


def _fitted(run, known):
    return b"" if run.error is not None else fitted(run.result, known["form"])


def _total(runs, known):
    """The bits to guess in all cases together."""
    return sum(_bits(*pair) for pair in zip(runs, known, strict=True))


def _bits(run, known):
    return 0.0 if run.error is not None else bits(run.result, known["form"])


def _hash(run, known):
    """A hash of one case's right result, where it cannot be guessed by itself."""
    if _bits(run, known) < MANY:
        return None
    salt = new_salt()
    return {"salt": salt, "hash": hash_of(fitted(run.result, known["form"]), salt)}
