"""The exercises that submissions are graded by: a lesson's, or those of anyone's file."""

import importlib.util
from pathlib import Path

from cnnlab.exercises import judging


def source_of(name):
    """The file of exercises behind a lesson's number, such as "05", or behind a path.

    Raises:
        ValueError: there is no such lesson or file.
    """
    if name in judging.lessons():
        return Path(judging.__file__).with_name(f"lesson{name}.py")
    if not Path(name).is_file():
        known = ", ".join(judging.lessons())
        raise ValueError(
            f"`exercises` must be a file or one of {known}: got {str(name)!r}. "
            "Give the path of the file that holds EXERCISES."
        )
    return Path(name)


def loaded(source):
    """The module that a file of exercises is.

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
    try:
        spec.loader.exec_module(module)
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


def exercises_in(source):
    """The exercises of a file.

    Raises:
        ValueError: it holds no tuple ``EXERCISES``, or is no file that `loaded` can load.
    """
    found = getattr(loaded(source), "EXERCISES", ())
    if not found or not all(isinstance(each, judging.Exercise) for each in found):
        raise ValueError(
            f"`exercises` must name a file that holds EXERCISES, a tuple of Exercise: got "
            f"{str(source)!r}. Take notebooks/homework/edges_and_digits.py as an example."
        )
    return tuple(found)
