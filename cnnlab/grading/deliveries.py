"""Which file counts for whom: the files of a folder, sorted by student, and the latest of each."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from cnnlab.grading import collecting, roster
from cnnlab.grading.senders import Sender
from cnnlab.grading.senders import senders as senders_of


@dataclass(frozen=True)
class HandedIn:
    """What one student handed in.

    Attributes:
        student: the name, of the class list if there is one.
        number: of the class list or the platform, or "".
        found: the `collecting.Found` that counts; None if nothing was handed in.
        sender: its `Sender`, or None.
        row: of the class list, {column: value}, or {}.
        instead: what was handed in that is no notebook, in a few words, or "".
    """

    student: str
    number: str
    found: collecting.Found | None = None
    sender: Sender | None = None
    row: dict | None = None
    instead: str = ""

    @property
    def anything(self):
        """Whether something was handed in, be it no notebook: it is answered."""
        return bool(self.found or self.instead)

    @property
    def name(self):
        """What the table calls it: the path of the file, or the student."""
        return self.found.name if self.found else self.student


def sorted_out(found, listed=None):
    """The file of each student, and what else lies there.

    Args:
        found: what `collecting.collect` found.
        listed: a `roster.Roster`, or None.

    Returns:
        A list of `HandedIn` in the order of their names, those without a file last; and a list of
        remarks, a line each, which together with the former name every file.
    """
    shared = collecting.shared_parts(found)
    senders = senders_of([each.name for each in found], shared)
    students = listed.students if listed else ()
    owners, remarks = _owners(found, senders, students)
    groups = defaultdict(list)
    for each in found:
        groups[owners[each.name]].append(each)
    table = []
    for owner, files in groups.items():
        counted, said = _latest([f for f in files if f.usable], senders)
        others = [f for f in files if not f.usable]
        if counted is None and owner not in range(len(students)):
            remarks.append(_without(senders[files[0].name], others))
            continue
        if said:
            remarks.append(said)
        table.append(_handed_in(owner, counted, others, senders, students))
    remarks += _beside(groups)
    present = {owner for owner in groups if isinstance(owner, int)}
    absent = [i for i in range(len(students)) if i not in present]
    table += [_handed_in(i, None, [], senders, students) for i in absent]
    table = _told_apart(table)
    remarks += [
        f"{each.name}: run as a notebook, whatever its name"
        for each in (entry.found for entry in table)
        if each and not each.trouble and not each.name.lower().endswith(".ipynb")
    ]
    table.sort(key=lambda each: (each.found is None, each.name))
    return table, sorted(remarks)


def _owners(found, senders, students):
    """{name of a file: index of the student, or the sender's key}, and whose owner is not clear."""
    owners = {each.name: senders[each.name].key for each in found}
    if not students:
        return owners, []
    remarks = []
    who = {f.name: roster.candidates(senders[f.name], f.name, students) for f in found}
    keys = defaultdict(set)  # what the platform calls those that seem to be one student
    for name, indices in who.items():
        if len(indices) == 1 and senders[name].platform:
            keys[indices[0]].add(senders[name].key)
    for each in found:
        indices = who[each.name]
        if len(indices) == 1 and len(keys[indices[0]]) < 2:
            owners[each.name] = indices[0]
        elif each.usable and not indices:
            remarks.append(f"{each.name}: of nobody in the class list")
        elif each.usable:
            names = " or ".join(dict.fromkeys(students[i].name for i in indices))
            remarks.append(f"{each.name}: not clear whose of the class list; perhaps {names}")
    return owners, remarks


def _latest(files, senders):
    """The file that counts, the latest sound one, and a remark where there are several."""
    if not files:
        return None, ""

    def age(each):
        return not each.trouble, senders[each.name].order, each.modified, each.name

    files = sorted(files, key=age)
    *others, counted = files
    if not others:
        return counted, ""
    when = f"{datetime.fromtimestamp(counted.modified):%Y-%m-%d %H:%M}"
    left = ", ".join(
        f"{f.name.split('/', 1)[-1]}{f' ({f.trouble})' * bool(f.trouble)}" for f in others
    )
    count = f"counts, as the latest of {len(files)} notebooks of one student ({when})"
    return counted, f"{counted.name}: {count}; not run: {left}"


def _handed_in(owner, counted, others, senders, students):
    instead = ", ".join(f"{PurePosixPath(f.name).name}, {f.trouble}" for f in others)
    of = senders[counted.name] if counted else senders[others[0].name] if others else None
    if isinstance(owner, int):
        student = students[owner]
        return HandedIn(student.name, student.number, counted, of, student.row, instead)
    return HandedIn(of.name, of.number, counted, of, {}, instead)


def _told_apart(table):
    """Of those who handed in nothing, two of one name by number, or else counted."""
    counts = Counter(each.student for each in table if each.found is None)
    seen, apart = Counter(), []
    for each in table:
        if each.found is None and counts[each.student] > 1:
            seen[each.student] += 1
            number = each.number or f"{seen[each.student]} of {counts[each.student]}"
            each = replace(each, student=f"{each.student} ({number})")
        apart.append(each)
    return apart


def _without(of, others):
    """The remark on somebody, or a place, without a notebook."""
    if of.key.startswith("file "):
        return f"{others[0].name}: {others[0].trouble}"
    names = ", ".join(sorted(PurePosixPath(f.name).name for f in others))
    return f"{others[0].name.split('/')[0]}: no notebook; it holds {names}"


def _beside(groups):
    """One line for all files that lie beside a notebook and were not used."""
    places = defaultdict(list)
    for files in groups.values():
        for each in files if any(f.usable for f in files) else ():
            if not each.usable:
                places[PurePosixPath(each.name).name].append(each.name)
    if places:
        listed = ", ".join(
            f"{name} ({len(paths)} times)" if len(paths) > 1 else paths[0]
            for name, paths in sorted(places.items())
        )
        yield f"beside notebooks, not used: {listed}"
