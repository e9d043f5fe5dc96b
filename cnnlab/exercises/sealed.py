"""An exercise without its answers: what a student's file holds, and how it still judges.

The right answer is a lock (see `locks`) that holds the insight, each known mistake one that holds
its sentence; the keys are the bytes of the results in all cases (see `forms`). What has too few
possible answers to be locked is judged after it is handed in.
"""

import base64
import dis
import hmac
import json
from dataclasses import dataclass

from cnnlab.exercises.case_data import decoded
from cnnlab.exercises.catalogue import quoted
from cnnlab.exercises.differences import WORDS, difference, in_words
from cnnlab.exercises.exercise import Exercise, Mistake, Outcome
from cnnlab.exercises.forms import Unlike, fitted
from cnnlab.exercises.locks import opened
from cnnlab.exercises.runs import NOTHING_TO_VIEW
from cnnlab.exercises.wording import argument_names, arguments_in_words, error_in_words, place_of

VERSION = 1
LATER = "is judged after you hand in"


@dataclass(frozen=True)
class Seal:
    """What stands in an exercise in place of its answers.

    Attributes:
        right: {"runs": a form, and the arguments changed, or an error for each case} and a lock of
            the insight, if there is one; no runs, if not even the cases may be known.
        mistakes: the same for each, with locks of their sentences.
        cases: for each case a salted hash of its right result, or None where the result alone
            could be guessed.
        verdicts: for each case the dict of verdicts that is asked for, where `view` makes one.
        kind: what is asked for, in words.
    """

    right: dict
    mistakes: tuple
    cases: tuple
    verdicts: tuple | None
    kind: str

    def outcome(self, exercise, answer, cases, runs):
        """The `Outcome` of an answer that has run on the cases."""
        if not self.right["runs"]:
            said = "not answered yet" if _is_untouched(answer) else f"{LATER}."
            return Outcome(exercise.number, "○", said)
        text, same = self._opened(exercise, self.right, runs)
        if text is not None and same:
            return Outcome(exercise.number, "✓", text)
        for lock in self.mistakes:
            diagnosis, alike = self._opened(exercise, lock, runs)
            if diagnosis is not None and alike:
                return Outcome(exercise.number, "✗", diagnosis, Mistake(diagnosis, None))
        if text is not None:
            name = _changed(answer, cases, runs, self.right)[0]
            message = f"The result is right, but `{name}` is changed on the way: work on a copy."
            return self._wrong(exercise, message)
        for place, run in enumerate(runs):
            if sentence := self._sentence(exercise, answer, cases, place, run):
                where = f"With {arguments_in_words(answer, cases[place])}: " if cases else ""
                return self._wrong(exercise, f"{where if cases and cases[place] else ''}{sentence}")
        if "text" not in self.right:
            message = f"{LATER}; it has the form that is asked for."
            return Outcome(exercise.number, "○", message)
        everywhere = " in every case" if len(runs) > 1 else ""
        return self._wrong(exercise, f"The form is right{everywhere}, the values are not yet.")

    def _wrong(self, exercise, message):
        return Outcome(exercise.number, "✗", f"{message}\nTry hint({quoted(exercise)}).")

    def _opened(self, exercise, lock, runs):
        """The text of a lock, if these runs open it, and whether they change the same arguments."""
        if "text" not in lock:
            return None, False
        try:
            pairs = [*zip(runs, lock["runs"], strict=True)]
            entries = [self._fitted(exercise, *pair) for pair in pairs]
        except Unlike:
            return None, False
        same = all(list(run.changed) == wanted.get("changed", []) for run, wanted in pairs)
        return opened(lock, key_of(entries, runs)), same

    def _fitted(self, exercise, run, wanted):
        """The bytes of one run in its form."""
        if run.error is not None or "error" in wanted:
            if run.error is None or name_of(run.error) != wanted.get("error"):
                raise Unlike
            return b""
        if exercise.view is not None and isinstance(run.result, NOTHING_TO_VIEW):
            raise Unlike(f"It is {in_words(run.result)}; {self.kind} is asked for.")
        return fitted(run.result, wanted["form"])

    def _sentence(self, exercise, answer, cases, place, run):
        """What can be said of one run that is not as it should be, or None."""
        wanted, words = self.right["runs"][place], ""
        if run.error is not None and name_of(run.error) != wanted.get("error"):
            return error_in_words(run.error, f", {place_of(run.error, answer)}" if cases else "")
        if run.error is None and "error" in wanted:
            return "an error should be raised, and none is."
        if run.error is not None:
            return None
        if cases and cases[place]:
            words = "the result is wrong. "
        try:
            entry = self._fitted(exercise, run, wanted)
        except Unlike as error:
            return f"{words}{error}"
        if self.verdicts is not None:
            sentence = difference(run.result, self.verdicts[place])
            return sentence and f"{words}{sentence}"
        hashed = self.cases[place]
        if hashed and not hmac.compare_digest(hashed["hash"], hash_of(entry, hashed["salt"])):
            return f"{words}{'Its' if words else 'The'} form is right, its values are not yet."
        return None


def _is_untouched(answer):
    """Whether it is a function that only returns `...`."""
    code = getattr(answer, "__code__", None)
    read = (
        [i.argval for i in dis.get_instructions(code) if i.opcode in dis.hasconst] if code else []
    )
    return read == [...]


def _changed(answer, cases, runs, lock):
    """The names of the arguments that an answer changes, and should not, or the reverse."""
    for case, run, wanted in zip(cases, runs, lock["runs"], strict=True):
        pairs = zip(
            argument_names(answer, case), run.changed, wanted.get("changed", []), strict=True
        )
        if names := [name for name, one, other in pairs if one != other]:
            return names
    return ["the argument"]


def name_of(error):
    """The kind of an error: "builtins.ValueError"."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def key_of(entries, runs):
    """The bytes of all cases; where each fails, what the errors say."""
    if all(run.error is not None for run in runs):
        entries = [str(run.error).encode() for run in runs]
    return b"".join(len(entry).to_bytes(8, "little") + entry for entry in entries)


def hash_of(entry, salt):
    """A salted hash of one case's result, as text."""
    return base64.b64encode(hmac.digest(base64.b64decode(salt), entry, "sha256")).decode()


def sealed_exercises(text, **code):
    """The exercises of a student's file; `cnnlab homework pack` writes it.

    Args:
        text: JSON, as `sealing.sealed_text` makes it.
        code: the functions that stay open: view_0=the view of the first exercise, cases_0=what
            makes its cases, and those that cases hold, under their names.

    Raises:
        ValueError: the text was cut, changed, or written by a newer edition.
    """
    try:
        content = json.loads(text)
        version, entries = content["version"], content["exercises"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"the exercises must be whole: got a text that cannot be read ({error}). "
            "Take the file again from where you got it."
        ) from error
    if version != VERSION:
        raise ValueError(
            f"the exercises must be of version {VERSION}: got version {version}. "
            "Install the newest edition: pip install --upgrade cnnlab."
        )
    return tuple(_exercise(n, entry, code) for n, entry in enumerate(entries))


def _exercise(place, entry, code):
    seal = entry["seal"]
    given = {name: decoded(value) for name, value in entry["open"].items()}
    return Exercise(
        **given,
        solution=None,
        insight="",
        mistakes=(),
        cases=code.get(f"cases_{place}", decoded(entry["cases"], code)),
        view=code.get(f"view_{place}"),
        sealed=Seal(
            seal["right"],
            tuple(seal["mistakes"]),
            tuple(seal["cases"]),
            decoded(seal["verdicts"]),
            seal["kind"],
        ),
    )


def kind_in_words(solution):
    """What is asked for, in words: of a function "something else"."""
    return WORDS.get(type(solution), "something else")
