"""The course's own data and notebooks: where they lie, and whether they are what was shipped.

They lie beside the package, or inside it in a wheel.
"""

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
FIRST_LESSON = "00_start_here.ipynb"


def data_folder():
    """The folder `data`: inside the installed package, or beside it in a checkout."""
    inside = PACKAGE / "data"
    return inside if inside.is_dir() else PACKAGE.parent / "data"


def notebooks_folder():
    """The folder of the course's own notebooks: the checkout's, or the wheel's.

    Raises:
        ValueError: neither holds the first lesson.
    """
    for folder in (PACKAGE.parent / "notebooks", PACKAGE / "notebooks"):
        if (folder / FIRST_LESSON).is_file():
            return folder
    raise ValueError(
        f"the lessons must lie beside the package: got no {FIRST_LESSON} near {PACKAGE}. "
        "Install cnnlab again, or run the command in a checkout."
    )


def verified(file):
    """The bytes of a file of `data/`, once its SHA-256 is the one in `SHA256SUMS`.

    Args:
        file: path inside `data/`, with forward slashes.

    Raises:
        ValueError: the file is missing or is not what was shipped.

    Example:
        >>> len(verified("photos/chelsea.jpg"))
        28227
    """
    expected = _checksums()[file]
    path = data_folder() / file
    content = path.read_bytes() if path.is_file() else b""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ValueError(
            f"`{file}` must be the file that was shipped, SHA-256 {expected[:12]}…: "
            f"got {found[:12] + '…' if content else 'no file'} in {path.parent}. "
            "Restore it with `git checkout data`, or install cnnlab again."
        )
    return content


def verify():
    """How many files of `data/` there are, once each is the one that was shipped.

    Raises:
        ValueError: a file is missing or is not what was shipped.
    """
    damaged = [file for file in _checksums() if not _is_sound(file)]
    if damaged:
        raise ValueError(
            f"`data` must hold the files that were shipped: got {', '.join(damaged)} damaged "
            f"or missing in {data_folder()}. Restore them with `git checkout data`, or install "
            "cnnlab again."
        )
    return len(_checksums())


def _is_sound(file):
    try:
        verified(file)
    except ValueError:
        return False
    return True


def _checksums():
    """{file: SHA-256} of everything in `data/`."""
    rows = (data_folder() / "SHA256SUMS").read_text(encoding="utf-8").split()
    return dict(zip(rows[1::2], rows[::2], strict=True))
