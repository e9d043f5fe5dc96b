"""Checksums: whether a file is the one that was shipped or published."""

import hashlib
from pathlib import Path

from cnnlab.files import shipped


def digest(path, algorithm="sha256"):
    """The hexadecimal checksum of a file.

    Args:
        path: path of the file.
        algorithm: "sha256" or "md5".

    Example:
        >>> digest(__file__, "md5") == digest(__file__)[:32]
        False
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


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
    path = shipped.data_folder() / file
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
            f"or missing in {shipped.data_folder()}. Restore them with `git checkout data`, or "
            "install cnnlab again."
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
    rows = (shipped.data_folder() / "SHA256SUMS").read_text(encoding="utf-8").split()
    return dict(zip(rows[1::2], rows[::2], strict=True))
