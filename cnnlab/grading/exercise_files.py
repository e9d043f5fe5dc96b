"""The exercises that submissions are graded by: a lesson's, or those of anyone's file."""

import importlib.util
import keyword
import re
from collections import Counter
from pathlib import Path

from cnnlab.exercises import catalogue
from cnnlab.exercises.exercise import Exercise


def source_of(name):
    """The file of exercises behind a lesson's number, such as "05", or behind a path.

    Raises:
        ValueError: there is no such lesson or file.
    """
    if name in catalogue.lessons():
        return Path(catalogue.__file__).with_name(f"lesson{name}.py")
    if not Path(name).is_file():
        known = ", ".join(catalogue.lessons())
        raise ValueError(
            f"`exercises` must be a file or one of {known}: got {str(name)!r}. "
            "Give the path of the file that holds EXERCISES."
        )
    return Path(name)


def loaded(source, content=None):
    """The module that a file of exercises is.

    Args:
        source: its path.
        content: its bytes, if they are read already.

    Raises:
        ValueError: it is no Python, fails with an error, or needs another file.
    """
    spec = importlib.util.spec_from_file_location(Path(source).stem, source)
    if spec is None:
        raise ValueError(
            f"`exercises` must be a file of Python, *.py: got {str(source)!r}. "
            "Give the one that the notebooks import."
        )
    module = importlib.util.module_from_spec(spec)
    content = Path(source).read_bytes() if content is None else content
    try:
        exec(compile(content, str(source), "exec"), module.__dict__)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"`exercises` must be one self-contained file: got {str(source)!r}, which imports "
            f"{error.name!r}. Write what it needs into the file itself, or install that library."
        ) from error
    except Exception as error:
        raise ValueError(
            f"`exercises` must be a file that runs: got {str(source)!r}, which raises "
            f"{type(error).__name__}: {error}. Mend it: `python {source}` shows where."
        ) from error
    return module


def exercises_in(source, content=None):
    """The exercises of a file: `exercises_of` what `loaded` gives."""
    return exercises_of(loaded(source, content), source)


def exercises_of(module, source):
    """The exercises of a file.

    Args:
        module: what `loaded` gives.
        source: its path.

    Raises:
        ValueError: it holds no tuple ``EXERCISES``, two with one number or one with a lesson's, or
            has a name that no notebook can import.
    """
    found = getattr(module, "EXERCISES", ())
    if isinstance(found, Exercise):
        raise ValueError(
            f"`EXERCISES` must be a tuple: got one Exercise in {str(source)!r}. "
            "Write a comma behind it: EXERCISES = (halves,)."
        )
    whole = isinstance(found, tuple | list) and found
    if not whole or not all(isinstance(each, Exercise) for each in found):
        raise ValueError(
            f"`exercises` must name a file that holds EXERCISES, a tuple of Exercise: got "
            f"{str(source)!r}. Take notebooks/homework/edges_and_digits.py as an example."
        )
    if Path(source).resolve().parent != Path(catalogue.__file__).resolve().parent:
        _check_own(Path(source), found)
    return tuple(found)


def _check_own(source, exercises):
    """Refuses what no lesson does: numbers that are taken, a file that cannot be imported."""
    numbers = Counter(exercise.number for exercise in exercises)
    number, count = numbers.most_common(1)[0]
    if count > 1:
        raise ValueError(
            f"`EXERCISES` must have a number each: got {number!r} {count} times in "
            f"{str(source)!r}. Give each its own, or one result counts for all."
        )
    for exercise in exercises:
        if exercise.number.split(".")[0] in catalogue.lessons():
            raise ValueError(
                f"`number` must not be a lesson's: got {exercise.number!r} in {str(source)!r}. "
                f"Write a letter before it, such as 'H{exercise.number}': else the lesson's own "
                "check counts for it."
            )
    if not source.stem.isidentifier() or keyword.iskeyword(source.stem):
        name = re.sub(r"\W", "_", f"_{source.stem}" if source.stem[:1].isdigit() else source.stem)
        raise ValueError(
            f"`exercises` must have a name that notebooks can import: got {source.name!r}. "
            f"Rename it, to {name}.py for example."
        )
