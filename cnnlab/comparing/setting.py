"""Which notebooks, and the setting in which they are run, stored and compared.

A project's own ``pinned.env`` or ``sanitize.cfg`` beside its notebooks, or in a folder above them
up to the current one, is taken in place of the package's.
"""

import glob
import os
from pathlib import Path

HERE = Path(__file__).parent


def notebooks(paths):
    """The notebooks that paths name, each once.

    Args:
        paths: files, folders (searched with their subfolders), or patterns such as
            "lab/*.ipynb", which no shell need have expanded.

    Raises:
        ValueError: a path names no notebook.
    """
    found = {}
    for path in paths:
        places = [path] if Path(path).exists() else sorted(glob.glob(path))  # noqa: PTH207
        some = [part for place in places for part in _within(Path(place))]
        if not some:
            raise ValueError(
                f"`PATH` must name notebooks, a file, a folder or a pattern: got {str(path)!r}, "
                "where no *.ipynb is. Look at its spelling and at the current folder."
            )
        found |= dict.fromkeys(some)
    return list(found)


def _within(path):
    if path.is_dir():
        inside = sorted(path.rglob("*.ipynb"))
        return [p for p in inside if not any(n[0] == "." for n in p.relative_to(path).parts)]
    return [path] if path.suffix == ".ipynb" and path.is_file() else []


def beside(paths, name):
    """The file of that name beside some notebooks, or the package's own.

    Raises:
        ValueError: they do not agree in it.
    """
    found = sorted({_nearest(Path(path).resolve(), name) for path in paths}) or [HERE / name]
    if len(found) > 1:
        raise ValueError(
            f"`{name}` must be one for all notebooks: got {', '.join(map(str, found))}. "
            "Name the notebooks of each in a command of its own."
        )
    return found[0]


def _nearest(path, name):
    own = path if path.is_dir() else path.parent
    above = [folder for folder in own.parents if folder.is_relative_to(Path.cwd())]
    return next((f / name for f in (own, *above) if (f / name).is_file()), HERE / name)


def pinned(paths=()):
    """The variables that the notebooks run with: ``pinned.env`` as a dict.

    Raises:
        ValueError: a line of it is none of NAME=value.
    """
    file = beside(paths, "pinned.env")
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    for line in lines:
        if "=" not in line:
            raise ValueError(f"`pinned.env` must hold lines NAME=value: got {line!r} in {file}.")
    return dict(line.split("=", 1) for line in lines)


def environment(paths=()):
    """What a kernel inherits: the pinned setting, and on its path what refuses connections."""
    known = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    return {**pinned(paths), "PYTHONPATH": os.pathsep.join([str(HERE / "offline"), *known])}
