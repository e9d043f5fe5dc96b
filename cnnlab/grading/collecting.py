"""The notebooks in a folder of submissions, and the subfolders that hold none or several."""

import os
from collections import Counter
from pathlib import Path


def submissions(folder):
    """The notebooks in a folder and its subfolders, in the order of their names.

    Raises:
        ValueError: there are none, no such folder, or one in it that cannot be read.
    """
    found = []
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if _is_notebook(name)]
    if not found:
        raise ValueError(
            f"`folder` must hold notebooks, *.ipynb: got {str(folder)!r}. "
            "Unpack the submissions there; subfolders are searched too."
        )
    return sorted(found)


def irregular(folder):
    """A line for every subfolder, which is one student's, without a notebook or with several."""
    places = [path.relative_to(folder).parts for path in submissions(folder)]
    counts = Counter(parts[0] for parts in places if len(parts) > 1)
    for each in sorted(Path(folder).iterdir()):
        if each.is_dir() and not each.name.startswith(".") and counts[each.name] != 1:
            yield f"{each.name}: {counts[each.name] or 'no'} notebooks instead of one"


def _is_notebook(name):
    return name.endswith(".ipynb") and not name.startswith(".")


def _refuse(error):
    """Raises why a folder cannot be searched."""
    place = error.filename
    if isinstance(error, FileNotFoundError):
        rule, remedy = f"exist: there is no folder {place}", "Look at how its path is written"
    elif isinstance(error, NotADirectoryError):
        rule, remedy = f"be a folder: got the file {place}", "Give the folder that it lies in"
    else:
        rule = f"be readable: got {error.strerror} for {place}"
        remedy = "Copy the submissions into a folder of your own"
    raise ValueError(f"`folder` must {rule}. {remedy}.") from error
