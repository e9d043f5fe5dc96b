"""The journal: what has been run, a line each, so that no start runs it twice.

A line holds what its result depends on and a checksum. What the journal says is read once, at the
start; a change from elsewhere while submissions run is undone at the end, and said.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path

import cnnlab

PASSING = ("not run: the kernel", "not run: grading failed")  # may go well the next time


def key(name, content, by):
    """Names what a result belongs to and comes from.

    Args:
        name: the path of a submission inside its folder.
        content: its digest.
        by: the digest of the exercises and what lies beside them.
    """
    return hashlib.sha256("\n".join((name, content, by)).encode()).hexdigest()


class Journal:
    """The results in a file, which grows by a line with each.

    Attributes:
        damaged: how many lines could not be read.
        known: the keys of the results that it held at the start.
    """

    def __init__(self, path, others=()):
        """Opens it, and takes over the lines of other journals.

        Args:
            path: of the file; it need not exist.
            others: paths of journals that were written elsewhere.

        Raises:
            ValueError: one of the others does not exist.
        """
        self.path, self.damaged, self._lines = Path(path), 0, []
        texts = [self.path.read_bytes()] if self.path.exists() else []
        for other in map(Path, others):
            if not other.is_file():
                raise ValueError(
                    f"`--merge` must name journals: got {other}, which is no file. "
                    "Give the *.journal that lies beside the table of a part."
                )
            texts.append(other.read_bytes())
        seen = set()
        for line in b"\n".join(texts).splitlines():
            entry = _checked(line)
            if entry is None:
                self.damaged += bool(line.strip())
            elif line not in seen:
                seen.add(line)
                self._lines.append((line, entry))
        self._last = {entry["key"]: entry for _, entry in self._lines}
        self.known = {*self._last}
        self._rewrite()
        self._file = self.path.open("ab")

    def result(self, wanted, rules):
        """The entries of the last run that holds under these limits, or None.

        A run to its end holds under larger limits too.
        """
        entry = self._last.get(wanted)
        return entry["entries"] if entry and _holds(entry, rules) else None

    def before(self, name, wanted):
        """What the submission of that name was last run with, {"content", "by", ...}, or None."""
        lines = [e for _, e in self._lines if e["name"] == name and e["key"] != wanted]
        return lines[-1] if lines else None

    def remarks(self, keys):
        """What to know about it, a line each: damage, results of other versions of the package.

        Args:
            keys: of the results that are asked for.
        """
        if self.damaged:
            yield f"lines of the journal that cannot be read and count for nothing: {self.damaged}"
        versions = {entry["version"] for key, entry in self._last.items() if key in keys}
        found = versions - {cnnlab.__version__}
        if found:
            names = ", ".join(sorted(found))
            yield f"some results come from version {names} of cnnlab: --again runs one again"

    def add(self, name, content, by, rules, entries):
        """Writes a result, at once and onto the disk.

        What may go well the next time is not kept.
        """
        if entries[-1]["run"].startswith(PASSING):
            return
        entry = {
            "key": key(name, content, by),
            "name": name,
            "content": content,
            "by": by,
            "seconds": rules.seconds,
            "characters": rules.max_characters,
            "version": cnnlab.__version__,
            "entries": entries,
        }
        line = json.dumps({"check": _sum(entry), **entry}).encode("ascii")
        self._file.write(line + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._lines.append((line, entry))
        self._last[entry["key"]] = entry

    def close(self):
        """Ends it.

        Returns:
            Whether something else had changed the file; it is as it should be now.
        """
        self._file.close()
        try:
            same = self.path.read_bytes() == self._text()
        except OSError:
            same = False
        if not same:
            self._rewrite()
        return not same

    def _text(self):
        return b"".join(line + b"\n" for line, _ in self._lines)

    def _rewrite(self):
        """The file as it should be, to the side and into place."""
        if self.path.exists() and self.path.read_bytes() == self._text():
            return
        beside = self.path.with_name(self.path.name + ".part")
        beside.write_bytes(self._text())
        beside.replace(self.path)


def _holds(entry, rules):
    same = (entry["seconds"], entry["characters"]) == (rules.seconds, rules.max_characters)
    larger = rules.seconds >= entry["seconds"] and rules.max_characters >= entry["characters"]
    return same or (larger and not entry["entries"][-1]["run"].startswith("stopped"))


def _sum(entry):
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]


def _checked(line):
    """The entry of a line; None if it is half written, or not as it was written."""
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        entry = json.loads(line)
        if entry.pop("check") == _sum(entry) and entry["entries"][-1]["run"]:
            return entry
    return None
