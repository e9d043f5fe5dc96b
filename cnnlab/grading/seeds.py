"""The seed of each student, and by which each submission is judged: that of its notebook."""

import contextlib
import json
import re
from collections import Counter, defaultdict
from dataclasses import replace

import nbformat

from cnnlab.exercises import variants
from cnnlab.grading import grades, soundness

KEYLESS = "it says a seed, and there is no key: judged as if it said none"
LISTED = "judged by the seed of the class list"
ANOTHERS = ": the notebook is the one handed out to "
ELSEWHERE = "The answer is to another student's numbers, those of the notebook that was handed in."


def listed(roster, key):
    """[(student, seed)] of a class list in its order, as homework is packed and judged by it.

    Args:
        roster: a `roster.Roster`. Students of one name have their numbers behind it; a column
            `seed` may give each a variant.
        key: from which the seeds are made that the list does not give.

    Raises:
        ValueError: a seed is no whole number.

    Example:
        >>> from cnnlab.grading.roster import Roster, Student
        >>> listed(Roster((Student("Anna", {"Name": "Anna", "Seed": "7"}),), ("Name", "Seed")), b"")
        [('Anna', 7)]
    """
    counts = Counter(each.name for each in roster.students)
    found = []
    for each in roster.students:
        shared = counts[each.name] > 1 and each.number
        student = f"{each.name} ({each.number})" if shared else each.name
        seed = each.value("seed")
        if seed and not (seed.isdecimal() and int(seed) < variants.SEEDS):
            raise ValueError(
                f"`seed` must be a whole number from 0 to {variants.SEEDS - 1}: got {seed!r} for "
                f"{student!r}. Leave it empty to have one made."
            )
        found.append((student, int(seed) if seed else variants.seed_of(key, student)))
    return found


def allotted(handed_in, module, source, roster=None):
    """The seed of each submission, told by the signed notebook and by the class list.

    A notebook without a seed that can be believed is judged by the class list's, else not at all.
    The list counts where it is the one that homework was packed by: where it says of a notebook
    what the notebook itself says.

    Args:
        handed_in: a list of `deliveries.HandedIn`.
        module: the file of the exercises, loaded.
        source: its path; the key lies beside it.
        roster: a `roster.Roster`, or None.

    Returns:
        `handed_in`, in which those that cannot be judged have a trouble; {name: seed, or None for
        the exercises as the file binds them}, without those; {name: what is odd about its seed};
        and remarks, a line each.

    Raises:
        ValueError: the notebooks have seeds, and there is no key.
    """
    everybody = dict.fromkeys(each.name for each in handed_in)
    if not variants.varies(module):
        return handed_in, everybody, {}, []
    notebooks = {each.name: _notebook(each.found) for each in handed_in if _runs(each)}
    named = [name for name, notebook in notebooks.items() if variants.entry_of(notebook)]
    few = 2 * len(named) < len(notebooks) or not named  # nobody alone stops the class
    if few and not variants.key_path(source).exists():  # handed out without a seed
        return handed_in, everybody, dict.fromkeys(named, KEYLESS), []
    key, told, faults, remedies = variants.key_beside(source), {}, {}, {}
    for name, notebook in notebooks.items():
        try:
            told[name] = variants.variant_of(notebook, key, source.stem)
        except ValueError as fault:
            said, remedy, rest = str(fault).rpartition(" Ask for ")
            faults[name], remedies[name] = said.rstrip("."), f"{remedy}{rest}"
    entries = _entries(roster, key, {(student, seed) for seed, student in told.values()})
    names = {student for student, _ in entries.values()}
    table, found, odd = [], {}, {}
    for each in handed_in:
        name, own = each.name, entries.get(_frozen(each.row or {}))
        if name in told:
            found[name], odd[name] = _judged_by(told[name], own, names)
        elif name in faults and own:
            found[name], odd[name] = own[1], f"{LISTED}, {own[1]}: {grades.cleaned(faults[name])}"
        elif name in faults:
            trouble = grades.cleaned(f"{faults[name]}.{remedies[name]}")
            each = replace(each, found=replace(each.found, trouble=trouble))
        table.append(each)
    odd = {name: said for name, said in odd.items() if said}
    return table, found, odd, [*_without(faults, told, source), *_shared(told)]


def _runs(each):
    return each.found is not None and not each.found.trouble


def _notebook(found):
    """A notebook with nothing but what it says of itself."""
    content = json.loads(soundness.text_of(found.read()))
    return nbformat.from_dict({"metadata": content.get("metadata")})


def _frozen(row):
    return tuple(row.items())


def _entries(roster, key, told):
    """{row: (student, seed)} of the class list; {} if it is not the one of the variants."""
    if roster is None:
        return {}
    rows = [_frozen(student.row) for student in roster.students]
    found = dict(zip(rows, listed(roster, key), strict=True))
    return found if told & {*found.values()} else {}


def _judged_by(told, own, names):
    """The seed of a notebook, and what is odd about it.

    Args:
        told: what the notebook says, (seed, student).
        own: what the class list says of who handed it in, (student, seed), or None.
        names: of all students in it.
    """
    seed, student = told
    if own is None or own == (student, seed):
        return seed, ""
    if own[0] == student:
        return seed, f"judged by the seed of the notebook, {seed}; the class list says {own[1]}"
    whose = f"handed out to {student or 'everybody'}"
    if student not in names:  # perhaps another spelling
        return seed, f"judged by the seed of the notebook, {seed}, {whose}: not in the class list"
    return own[1], f"{LISTED}, {own[1]}{ANOTHERS}{student}"


def answered_elsewhere(handed_in, own, odd, module):
    """{name: the exercises that its notebook asks with the numbers of another student}.

    Args:
        handed_in: a list of `deliveries.HandedIn`, whose notebooks can be read.
        own: {name: seed} of `allotted`.
        odd: what is odd about the seeds, of `allotted` too.
        module: the file of the exercises, loaded.
    """
    found = {}
    for each in handed_in:
        seed, said = own.get(each.name), odd.get(each.name, "")
        if said.startswith(f"{LISTED}, {seed}{ANOTHERS}"):
            told = variants.entry_of(_notebook(each.found))["seed"]
            with contextlib.suppress(Exception):  # the file makes none of a seed: nothing is judged
                found[each.name] = variants.drawn_apart(module, seed, told)
    return found


def undiagnosed(entries, numbers):
    """The outcomes of checks, without a diagnosis of wrong answers to these exercises.

    What is right with the neighbour's numbers may look like a known mistake.
    """
    return [
        {**e, "message": ELSEWHERE} if e.get("mark") == "✗" and e["number"] in numbers else e
        for e in entries
    ]


def nameless(run):
    """How a run ended, in words for the student: nobody else is named.

    Example:
        >>> nameless("to its end; judged by the seed 7: the notebook is the one handed out to Anna")
        "to its end; judged by the seed 7: the notebook is another student's"
    """
    run = re.sub(r"is the one handed out to .*$", "is another student's", run)
    run = re.sub(r", handed out to .*?(: not in the class list|$)", r"\1", run)
    return re.sub(r"got seed .*?(, with a signature|$)", r"got a changed seed\1", run)


def _without(faults, told, source):
    if faults and not told:
        key = variants.key_path(source).name
        yield (
            "no notebook says a seed that can be believed: if all were handed out without one, "
            f"take {key} from beside {source.name}"
        )


def _shared(told):
    """A line for each notebook that more than one student handed in."""
    owners = defaultdict(list)
    for name, (_, student) in told.items():
        owners[student].append(name)
    for student, names in sorted(owners.items()):
        if student and len(names) > 1:
            yield f"the notebook handed out to {student}: {', '.join(sorted(names))}"
