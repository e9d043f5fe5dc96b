"""The files in a zip archive, read and never unpacked onto the disk."""

import io
import stat
import time
import zipfile

from cnnlab.grading.soundness import SIZE_LIMIT

MOST_FILES = 20_000
MOST_BYTES = 4_000_000_000  # of all that is read out of one archive
ERRORS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError)


class Refused(ValueError):
    """Why something in an archive, or all of it, is not read."""


def members(archive):
    """Each file of an archive: its path inside, when it was changed, and a function that reads it.

    Args:
        archive: a path, or the bytes of an archive.

    Returns:
        An iterator of (path, seconds since 1970, function); the function raises `Refused`.

    Raises:
        Refused: it is no archive, or holds too many files.
    """
    try:
        opened = zipfile.ZipFile(io.BytesIO(archive) if isinstance(archive, bytes) else archive)
    except ERRORS as error:
        raise Refused(f"an archive that cannot be opened ({error})") from error
    with opened:
        if len(opened.infolist()) > MOST_FILES:
            raise Refused(f"an archive of more than {MOST_FILES:,} files")
        left = [MOST_BYTES]
        for info in opened.infolist():
            if not info.is_dir():
                yield _name(info), _changed(info), lambda info=info: _read(opened, info, left)


def _name(info):
    """The path inside; without a mark of UTF-8 it may be UTF-8 nevertheless."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    return "/".join(part for part in name.replace("\\", "/").split("/") if part != ".")


def _changed(info):
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


def _read(opened, info, left):
    parts = _name(info).split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        raise Refused("its path leads out of the archive")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Refused("a link, not a file")
    if info.flag_bits & 1:
        raise Refused("locked with a password")
    if info.file_size > SIZE_LIMIT:
        raise Refused(f"larger than {SIZE_LIMIT // 10**6} MB")
    try:
        with opened.open(info) as file:
            content = file.read(SIZE_LIMIT + 1)  # an archive may say less than it holds
    except ERRORS as error:
        raise Refused(f"damaged in its archive ({error})") from error
    left[0] -= len(content)
    if len(content) > SIZE_LIMIT or left[0] < 0:
        raise Refused("too large in its archive")
    return content
