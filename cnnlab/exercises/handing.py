"""An answer that runs in one process and is judged in another, which alone knows the solution.

`handed` runs it where it was written and gives what came out as plain data; `outcome` compares that
with the solution. Nothing but data goes from one to the other.
"""

import inspect
import warnings
from dataclasses import replace

import numpy as np

from cnnlab.exercises.alike import kind_of
from cnnlab.exercises.exercise import Outcome
from cnnlab.exercises.judging import attempt, verdict
from cnnlab.exercises.result_data import CannotBeHandedOver, packed, unpacked
from cnnlab.exercises.runs import Run, viewed
from cnnlab.exercises.wording import argument_names, place_of

TEXT_LIMIT = 2000  # characters of one message
UNJUDGED = "?"  # the mark of what could not be handed over: neither right nor wrong


class Absent:
    """Stands for an answer that has run in another process.

    Args:
        names: of its arguments.
    """

    def __init__(self, names):
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        known = [inspect.Parameter(name, kind) for name in names if name.isidentifier()]
        self.__signature__ = inspect.Signature(known)

    def __call__(self):
        """Is never called: what it came to is known."""


def handed(exercise, answer, cases):
    """What an answer comes to, as lists and dicts of texts and numbers.

    Args:
        exercise: an `Exercise`; its solution and its view are not used.
        answer: as for `judge`.
        cases: tuples of arguments.

    Example:
        >>> from cnnlab.exercises.catalogue import find
        >>> handed(find("01.1"), ..., ())
        {'number': '01.1', 'mark': '○', 'message': 'not answered yet'}
    """
    entry = {"number": exercise.number}
    tried = attempt(replace(exercise, view=None), answer, cases)
    if isinstance(tried, Outcome):
        return {**entry, "mark": tried.mark, "message": tried.message[:TEXT_LIMIT]}
    try:
        runs = [_told(run, answer) for run in tried]
    except CannotBeHandedOver as reason:
        return {**entry, "mark": UNJUDGED, "message": f"Cannot be judged: {reason}."}
    return {**entry, "names": argument_names(answer, cases[0] if cases else ()), "runs": runs}


def _told(run, answer):
    if run.error is not None:
        said = str(run.error)[:TEXT_LIMIT]
        place = place_of(run.error, answer)
        return {"error": kind_of(run.error), "said": said, "place": place[:TEXT_LIMIT]}
    return {"result": packed(run.result), "changed": list(run.changed)}


def outcome(exercise, entry, cases, runs_of=None):
    """What the judge says to what `handed` gave, or to what somebody forged in its place.

    Args:
        exercise: the `Exercise`, with its solution.
        entry: the dict; nothing in it is believed but what it says against itself.
        cases: what the answer should have run on.
        runs_of: see `judging.verdict`.

    Returns:
        An `Outcome`; its mark is "?" where nothing can be judged.
    """
    if "runs" not in entry:
        mark, message = entry.get("mark"), str(entry.get("message"))
        if mark not in ("○", "✗", UNJUDGED):
            mark, message = UNJUDGED, "Cannot be judged: its record is broken."
        return Outcome(exercise.number, mark, message[:TEXT_LIMIT])
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            runs = [viewed(exercise, _heard(run)) for run in entry["runs"]]
        if len(runs) != max(1, len(cases)):
            raise CannotBeHandedOver("its results are not one for each case")
        absent = Absent([str(name)[:60] for name in entry["names"]])
    except CannotBeHandedOver as reason:
        return Outcome(exercise.number, UNJUDGED, f"Cannot be judged: {reason}.")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        said = f"Cannot be judged: its record is broken ({type(error).__name__})."
        return Outcome(exercise.number, UNJUDGED, said)
    return verdict(exercise, absent, cases, runs, runs_of)


def _heard(run):
    """The `Run` behind what `_told` has written."""
    if "error" not in run:
        return Run(unpacked(run["result"]), tuple(changed is True for changed in run["changed"]))
    module, name = map(str, run["error"])
    kind = type(name.rpartition(".")[2] or "Error", (Exception,), {})
    kind.__module__, kind.__qualname__ = module[:100], name[:100]
    error = kind(str(run["said"])[:TEXT_LIMIT])
    error.told_place = str(run["place"])[:TEXT_LIMIT]
    return Run(error=error)
