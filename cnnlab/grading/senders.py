"""Who handed a file in, by its path: a folder of one's own, or the names that platforms give.

Source: Moodle, mod/assign (`fullname_participant_assignsubmission_file_`, a folder each since 3.1);
Canvas, ContentZipper (`name_LATE_user_file_displayname`, name and user without other signs).
"""

import re
from collections import Counter
from dataclasses import dataclass

# Moodle's "Download all submissions": `Anna Becker_12345_assignsubmission_file_/hw.ipynb`, and
# without folders `Anna Becker_12345_assignsubmission_file_hw.ipynb`.
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+(_.*)?$", re.I | re.S)
# Canvas's "Download Submissions": `beckeranna_12345_67890_hw.ipynb`, with LATE behind the name.
CANVAS = re.compile(
    r"((?P<name>[^\W\d]\w*?)_)?(?P<late>late_)?(?P<id>\d{2,})_(?P<file>\d{2,})_.+$", re.I | re.S
)


@dataclass(frozen=True)
class Sender:
    """Who handed in a file, as far as its path tells.

    Attributes:
        key: the same for two files of one student.
        name: the student's, or that of the folder or file.
        number: what the platform knows the student by, or "".
        platform: "moodle", "canvas" or "".
        folder: the part of the path that is the student's, without the file's own name.
        order: of two files of one student the later one's is larger, where the path tells it.
    """

    key: str
    name: str
    number: str = ""
    platform: str = ""
    folder: str = ""
    order: int = 0


def senders(paths, shared=0):
    """{path: its `Sender`} of many paths.

    Numbers that look like Canvas's but stand in two names, as in `hw_2024_2025_anna.ipynb`, are
    none: Canvas numbers each file.
    """
    numbered = {path: _canvas(path, shared) for path in paths}
    names = {found.string: found["file"] for found in numbered.values() if found}
    counts = Counter(names.values())  # an archive is one name, whatever it holds
    once = {path: bool(found) and counts[found["file"]] < 2 for path, found in numbered.items()}
    return {path: sender(path, shared, once[path]) for path in paths}


def _canvas(path, shared):
    """What Canvas's form finds at the top of a path, or None; Canvas makes no folders."""
    parts = path.split("/")[shared:]
    flat = parts[: 2 if parts[0].lower().endswith(".zip") else 1]
    return next(filter(None, map(CANVAS.match, flat)), None)


def sender(path, shared=0, canvas=True):
    """The sender of a file.

    Args:
        path: inside the folder of submissions, with "/"; an archive counts as a folder.
        shared: how many parts of it, from the top, are those of the whole class.
        canvas: whether it may be one of Canvas's.

    Example:
        >>> sender("Anna Becker_12345_assignsubmission_file_/hw.ipynb").number
        '12345'
        >>> sender("beckeranna_LATE_123_45_hw-1.ipynb").name
        'beckeranna'
        >>> sender("anna/hw.ipynb").key == sender("anna/old/hw.ipynb").key
        True
    """
    whole = path.split("/")
    for part in whole:
        if found := MOODLE.match(part):
            folder = f"{found['name']}_{found['id']}_assignsubmission_file_"
            return Sender(f"moodle {found['id']}", found["name"], found["id"], "moodle", folder)
    if canvas and (found := _canvas(path, shared)):
        name, number = found["name"] or "", found["id"]
        folder, order = f"{name}_{number}".strip("_"), int(found["file"])
        return Sender(f"canvas {number}", name, number, "canvas", folder, order)
    parts = whole[shared:]
    first = parts[0].removesuffix(".zip")
    if len(parts) == 1:
        first = re.sub(r"\.ipynb.*$", "", first, flags=re.I)
        return Sender(f"file {path}", first, folder=first)
    return Sender(f"folder {'/'.join(whole[: shared + 1])}", first, folder=first)
