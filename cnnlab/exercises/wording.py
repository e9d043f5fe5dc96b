"""What a student reads of an answer that is wrong: where it differs, in words."""

import inspect
import linecache
import re
import traceback

import numpy as np

from cnnlab.exercises.alike import differ, difference_of
from cnnlab.exercises.catalogue import quoted

LONGEST_ERROR = 300  # characters of a message that is shown


def explained(exercise, answer, cases, runs, right):
    """The first difference, in words."""
    place = next(i for i in range(len(runs)) if differ(exercise, runs[i], right[i]))
    run = runs[place]
    where = f"With {arguments_in_words(answer, cases[place])}: " if cases and cases[place] else ""
    if run.error is not None:
        line = f", {place_of(run.error, answer)}" if cases else ""
        message = f"{where}{error_in_words(run.error, line)}"
    elif right[place].error is not None:
        message = f"{where}an error should be raised, and none is."
    elif sentence := difference_of(exercise, run, right[place]):
        message = f"{where}the result is wrong. {sentence}" if where else sentence
    else:
        pairs = zip(argument_names(answer, cases[place]), run.changed, strict=True)
        name = next(name for name, changed in pairs if changed)
        message = f"The result is right, but `{name}` is changed on the way: work on a copy."
    return f"{message}\nTry hint({quoted(exercise)})."


def error_in_words(error, line=""):
    """An error in a few lines: without terminal colours, and what Keras lists of its arguments."""
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error))
    text = re.split(r"\n\s*(?:Arguments received by|Call arguments received)", text)[0].strip()
    if re.search("has never been called|no defined input", text):
        text = "the model has no input yet. Begin it with keras.Input(shape)."
    text = text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]} …"
    return f"{type(error).__name__}{line}: {text}"


def argument_names(answer, case):
    """The names of the arguments of a case, as the answer calls them."""
    try:
        names = list(inspect.signature(answer).parameters)
    except (TypeError, ValueError):
        names = []
    return [names[i] if i < len(names) else f"argument {i}" for i in range(len(case))]


def arguments_in_words(answer, case):
    """The arguments in a few words: arrays by shape and dtype."""
    return ", ".join(
        f"{name} of shape {value.shape} ({value.dtype})"
        if isinstance(value, np.ndarray)
        else f"{name}={str(value)[:40]}"
        for name, value in zip(argument_names(answer, case), case, strict=True)
    )


def place_of(error, answer):
    """Where the student's own code was: the innermost line of it in a traceback."""
    if hasattr(error, "told_place"):  # by the process it was raised in
        return error.told_place
    home = getattr(answer, "__globals__", None)
    frames = [
        (frame.f_code.co_filename, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_globals is home
    ]
    if not frames:
        return "outside your own lines"
    file, number = frames[-1]
    return f"in line {number}, `{linecache.getline(file, number).strip()}`"


def remedy_for(answer):
    """What to hand over instead of something that is no function."""
    if isinstance(answer, str):
        return f"got the text {answer[:40]!r}. Hand over its name, without quotes."
    if isinstance(answer, type):
        return f"got the class {answer.__name__}. Write a function that returns a model."
    return "hand over its name, without brackets behind it."
