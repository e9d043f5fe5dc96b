"""What lies in a folder of submissions: each file is a submission, or a remark names it.

Every notebook is read once, here; what is read is what is run.
"""

import hashlib
import os
import re
import stat
import tempfile
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import Path

from cnnlab.grading import archives, soundness

DROSS = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
NAMED_A_NOTEBOOK = re.compile(r"\.ipynb(\.[a-z]+)?( ?\(\d+\))?$", re.I)
PERHAPS = (".json", ".txt")  # a browser may save a notebook so
DEEPEST = 2  # an archive in an archive, not more
KINDS = {
    ".py": "a Python file",
    ".html": "a web page",
    ".pdf": "a PDF",
    ".rar": "an archive that is no zip",
    ".7z": "an archive that is no zip",
    ".gz": "an archive that is no zip",
    ".tar": "an archive that is no zip",
}


@dataclass(frozen=True)
class Found:
    """A file that was handed in.

    Attributes:
        name: its path inside the folder, in characters that every system can print; unique.
        modified: when, in seconds since 1970.
        trouble: why it cannot be run, in a few words, or "".
        digest: of its content, SHA-256.
        read: gives its content, what it was when it was found.
        usable: whether it is a notebook, or was meant to be one.
    """

    name: str
    modified: float
    trouble: str = ""
    digest: str = ""
    read: Callable | None = None
    usable: bool = True


class Spool:
    """Contents kept in one file without a name: nobody changes it, and it ends with the program."""

    def __init__(self):
        self._file = tempfile.TemporaryFile()
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def put(self, content):
        """Keeps bytes and returns a function that gives them back."""
        with self._lock:
            start = self._file.seek(0, os.SEEK_END)
            self._file.write(content)
        return partial(self._get, start, len(content))

    def _get(self, start, size):
        with self._lock:
            self._file.seek(start)
            return self._file.read(size)


def collect(folder, spool, apart=()):
    """Every file in a folder and its subfolders, or in a zip archive.

    Hidden files and what systems leave behind (`DROSS`) are passed over.

    Args:
        folder: holds the submissions; or one archive of all of them.
        spool: a `Spool`, which keeps what is read; open as long as it is needed.
        apart: paths that are no submissions: the table and what lies beside it.

    Returns:
        A list of `Found` in the order of their names.

    Raises:
        ValueError: no such folder, it cannot be read, or nothing in it is a notebook.
    """
    folder = Path(folder)
    apart = {_placed(Path(path)) for path in apart}
    if folder.is_file() and folder.suffix.lower() == ".zip":
        found = [*_unpacked(folder, "", spool, 1)]
    else:
        _look_into(folder)
        found = [*_walked(folder, apart, spool)]
    if not any(each.usable for each in found):
        raise ValueError(
            f"`folder` must hold notebooks, *.ipynb: got {str(folder)!r}. "
            "Unpack the submissions there; subfolders and zip archives are searched too."
        )
    return _told_apart(sorted(found, key=lambda each: each.name))


def shared_parts(found):
    """How many folders or archives, from the top, all notebooks lie in: those of a whole class."""
    places = [each.name.split("/")[:-1] for each in found if each.usable]
    alike = takewhile(lambda parts: len({*parts}) == 1, zip(*places, strict=False))
    return len([*alike]) if len(places) > 1 else 0


def _look_into(folder):
    """Raises why a folder cannot be searched."""
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError as error:
        rule, remedy = f"exist: there is no folder {folder}", "Look at how its path is written"
        raise ValueError(f"`folder` must {rule}. {remedy}.") from error
    except NotADirectoryError as error:
        rule, remedy = f"be a folder: got the file {folder}", "Give the folder that it lies in"
        raise ValueError(f"`folder` must {rule}. {remedy}.") from error
    except OSError as error:
        raise ValueError(
            f"`folder` must be readable: got {error.strerror} for {folder}. "
            "Copy the submissions into a folder of your own."
        ) from error


def _walked(folder, apart, spool):
    closed = []
    for place, folders, files in os.walk(folder, onerror=closed.append):
        for name in [*folders]:
            path = Path(place, name)
            if _is_dross(name) or _placed(path) in apart:
                folders.remove(name)
            elif path.is_symlink():
                yield Found(_readable(path, folder), 0, "a link, not a folder", usable=False)
            elif NAMED_A_NOTEBOOK.search(name):
                said = "a folder with the name of a notebook"
                yield Found(_readable(path, folder), 0, said, usable=False)
        files = [name for name in files if not _is_dross(name)]
        if not folders and not files and Path(place) != folder:
            yield Found(_readable(Path(place), folder), 0, "an empty folder", usable=False)
        for name in files:
            if _placed(Path(place, name)) not in apart:
                yield from _file(Path(place, name), folder, spool)
    for error in closed:
        said = f"a folder that cannot be read ({error.strerror})"
        yield Found(_readable(Path(error.filename), folder), 0, said)


def _file(path, folder, spool):
    name = _readable(path, folder)
    meant = bool(NAMED_A_NOTEBOOK.search(path.name))
    try:
        seen = path.lstat()
        if stat.S_ISLNK(seen.st_mode):
            said = "a link, not a file" if path.exists() else "a link that leads nowhere"
            yield Found(name, seen.st_mtime, said, usable=meant)
        elif not stat.S_ISREG(seen.st_mode):
            yield Found(name, seen.st_mtime, "no regular file", usable=meant)
        elif path.suffix.lower() == ".zip":
            yield from _unpacked(path, f"{name}/", spool, 1)
        else:
            yield _judged(name, seen.st_mtime, partial(_content, path), spool)
    except OSError as error:
        yield Found(name, 0, f"cannot be read ({error.strerror})", usable=meant)


def _content(path):
    """A file's bytes, or the first that are already too many."""
    with path.open("rb") as file:
        return file.read(soundness.SIZE_LIMIT + 1)


def _unpacked(archive, before, spool, depth):
    try:
        for inner, changed, read in archives.members(archive):
            if any(_is_dross(part) for part in inner.split("/")):
                continue
            name = before + _printable(inner)
            if inner.lower().endswith(".zip") and depth < DEEPEST:
                try:
                    yield from _unpacked(read(), f"{name}/", spool, depth + 1)
                except archives.Refused as refused:
                    yield Found(name, changed, str(refused))
            else:
                yield _judged(name, changed, read, spool)
    except archives.Refused as refused:
        yield Found(before.rstrip("/") or Path(archive).name, 0, str(refused))


def _judged(name, modified, read, spool):
    """What a file is, by its name and by what it holds."""
    ending = Path(name).suffix.lower()
    meant = bool(NAMED_A_NOTEBOOK.search(name))
    if not meant and ending not in PERHAPS:
        kind = KINDS.get(ending, "an archive in an archive" if ending == ".zip" else "a file")
        return Found(name, modified, f"{kind}, not a notebook", usable=False)
    try:
        content = read()
    except archives.Refused as refused:
        return Found(name, modified, str(refused), usable=meant)
    trouble = soundness.trouble(content)
    if trouble and not meant:
        return Found(name, modified, "a file, not a notebook", usable=False)
    digest = hashlib.sha256(content).hexdigest()
    return Found(name, modified, trouble, digest, None if trouble else spool.put(content))


def _placed(path):
    """The whole path; a link keeps its own name."""
    return path.parent.resolve() / path.name


def _is_dross(name):
    return (name.startswith(".") and name != "..") or name in DROSS


def _readable(path, folder):
    """A path inside the folder; where its bytes are no UTF-8, they are taken for Latin-1."""
    name = path.relative_to(folder).as_posix()
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("latin-1")
    return _printable(name)


def _printable(name):
    """In composed letters (macOS stores them in pieces), and in one line."""
    return "".join(c if c.isprintable() else "�" for c in unicodedata.normalize("NFC", name))


def _told_apart(found):
    """No name twice: two that read alike get a number."""
    seen, apart = {}, []
    for each in found:
        seen[each.name] = seen.get(each.name, 0) + 1
        number = f" [{seen[each.name]}]" if seen[each.name] > 1 else ""
        apart.append(replace(each, name=each.name + number))
    return apart
