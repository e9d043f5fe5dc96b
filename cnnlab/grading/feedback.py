"""What a student gets back: a page with points, diagnoses and hints, and the notebook as it ran."""

import hashlib
import re
import shutil
from pathlib import Path, PurePosixPath

from cnnlab.exercises import LEVELS
from cnnlab.exercises.crediting import fitting_hint
from cnnlab.grading import by_hand, grades, pages, seeds

LONGEST = 120  # bytes of a name
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.I)  # on Windows
MARKS = {"right": "✓", "wrong": "✗"}
NOT_RUN = "not run: "
GIVEN = "Hand in the notebook that you were given, with your answers in it."
AGAIN = "Hand it in again: open your notebook, save it, and hand in the file that ends in .ipynb."
REMEDIES = {  # {how it begins to say why a file was not run: what the student can do}
    "the notebook must say its variant": GIVEN,
    "the variant of a notebook": GIVEN,
    "the notebook must be one of": "Hand in the notebook of this homework.",
    "it holds a merge conflict": "Keep one of the two versions in each place, see that your "
    "notebook opens, and hand it in again.",
    "larger than": "Clear its outputs, save it, and hand it in again.",
    "the kernel did not start": "",  # nothing that a student could mend
    "grading failed": "",
}


def write(graded, folder, title):
    """Writes a folder per student with `feedback.html` and the notebook as it ran.

    A student's folder has the name that Moodle gave it, so that all of them, packed into one zip,
    can be uploaded there as feedback files.

    Args:
        graded: `submissions.Graded`.
        folder: where; made if it does not exist.
        title: of the homework.

    Returns:
        How many pages were written.

    Raises:
        ValueError: a file is in the folder's place.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"`--feedback` must be a folder: got the file {folder}. Name another one.")
    present = [each for each in graded.handed_in if each.anything]
    for each, name in zip(present, names([e.sender.folder for e in present]), strict=True):
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        ran, beside = graded.ran.get(each.name), ""
        if ran is not None and ran.is_file():
            stem = names([PurePosixPath(each.found.name).name.split(".ipynb")[0]])[0]
            beside = f"{stem}_as_it_ran.ipynb"
            shutil.copyfile(ran, place / f"{beside}.part")
            (place / f"{beside}.part").replace(place / beside)
        mine = [r for r in graded.rows if r["submission"] == grades.cleaned(each.name)]
        exercises = graded.exercises_of(each.name)
        pages.write(place / "feedback.html", page(title, mine, exercises, beside))
    return len(present)


def page(title, rows, exercises, beside=""):
    """The page of one student.

    Args:
        title: of the homework.
        rows: of the table, the student's.
        exercises: a tuple of `Exercise`, of the student's variant.
        beside: the name of the notebook as it ran, or "".
    """
    of = grades.plain(sum(row["of"] for row in rows))
    said = f"{rows[0]['total']} of {of} points"
    cells = [
        (
            pages.escaped(f"{exercise.number} {exercise.title} {LEVELS[exercise.stars]}"),
            pages.escaped(f"{row['points']} of {row['of']}"),
            pages.escaped(f"{MARKS.get(row['result'], '○')} {row['result']}"),
            _said(row, exercise),
        )
        for row, exercise in zip(rows, exercises, strict=True)
    ]
    parts = [
        f"<p>{pages.escaped(rows[0]['student'] or rows[0]['submission'])}: "
        f"<strong>{pages.escaped(said)}</strong></p>",
        pages.table(("exercise", "points", "result", "what was seen"), cells, numbers=(1,)),
        f'<p class="note">File: {pages.escaped(rows[0]["submission"])}. '
        f"{pages.escaped(ended(rows[0]['run']))}</p>",
    ]
    if beside:
        parts.append(f'<p class="note">Beside this page: the notebook as it ran, {beside}.</p>')
    return pages.page(f"{title}: what came back", "\n".join(parts))


def ended(run):
    """What the student reads on how the run ended, and what to do where it did not begin.

    Example:
        >>> ended("to its end")
        'It ran to its end.'
        >>> ended("stopped after 90 s, in cell 11")
        'How the run ended: stopped after 90 s, in cell 11.'
        >>> ended("not run: larger than 100 MB")
        'It was not run: larger than 100 MB. Clear its outputs, save it, and hand it in again.'
    """
    if run.startswith(f"{grades.NOT_HANDED_IN}: "):
        said = run.removeprefix(f"{grades.NOT_HANDED_IN}: ")
        return f"You handed in {said}: hand in the notebook."
    said = seeds.nameless(run).split(" Ask for ")[0].rstrip(".")
    if said.startswith(NOT_RUN):
        why = said.removeprefix(NOT_RUN)
        remedy = next((told for begin, told in REMEDIES.items() if why.startswith(begin)), AGAIN)
        return f"It was {said}. {remedy}".rstrip()
    return f"{'It ran' if said.startswith('to its end') else 'How the run ended:'} {said}."


def _said(row, exercise):
    text, hint = map(pages.escaped, told(row, exercise))
    return f"{text}<br><em>Hint: {hint}</em>" if hint else text


def said_of(row):
    """The diagnosis, for the student."""
    unjudged = grades.is_unjudged(row)
    return row["diagnosis"] + " Somebody will look at it: your points may change." * unjudged


def told(row, exercise):
    """The diagnosis, and a hint where an answer was wrong and nothing more is known, or ""."""
    text = said_of(row)
    if row["result"] != "wrong" or text.startswith(by_hand.BEGIN):
        return text, ""
    named = text in {grades.cleaned(mistake.diagnosis) for mistake in exercise.mistakes}
    return text, "" if named else fitting_hint(exercise, text)


def names(texts):
    """Names for files, one each, on every system: no two that differ in case only.

    Example:
        >>> names(["Anna", "anna", 'a/"b"?', "nul"])
        ['Anna', 'anna 2', 'a__b__', '_nul']
    """
    taken, found = set(), []
    for text in texts:
        name = re.sub(r"[^\w .()'+-]", "_", text).strip(" .") or "_"
        name = f"_{name}" if RESERVED.match(name) else name
        if len(name.encode()) > LONGEST:
            short = name.encode()[: LONGEST - 9].decode(errors="ignore")
            name = f"{short}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        count, free = 1, name
        while free.casefold() in taken:
            count += 1
            free = f"{name} {count}"
        taken.add(free.casefold())
        found.append(free)
    return found
