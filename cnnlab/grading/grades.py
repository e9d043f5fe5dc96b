"""The table of grades: a row per submission and exercise, and what is said about the whole."""

import csv
import io
import re
from datetime import datetime
from itertools import groupby

from cnnlab.exercises.crediting import unhinted, worth
from cnnlab.grading.roster import delimiter

COLUMNS = (
    *("submission", "student", "id", "exercise", "points", "of", "total"),
    *("result", "diagnosis", "run", "seed"),
)
RESULTS = {"✓": "right", "✗": "wrong", "○": "not answered"}
NOT_HANDED_IN = "not handed in"
EMPTIED = " (A check further down found no answer there; this one counts.)"


def rows(name, exercises, entries, student="", number="", seed=None):
    """The rows of one submission.

    Args:
        name: the submission's.
        exercises: every `Exercise` of the file.
        entries: the outcome of each check in order, and last {"run": how the run ended}.
        student: the name.
        number: of the student, in the class list or on the platform.
        seed: that it was judged by, or None.

    Returns:
        A list of dicts with the keys `COLUMNS`; "total" is the sum of the submission's points.
    """
    outcomes = _outcomes(entries)
    found = [outcomes.get(exercise.number, {}) for exercise in exercises]
    marks = [outcome.get("mark") for outcome in found]
    points = [worth(e) if mark == "✓" else 0 for e, mark in zip(exercises, marks, strict=True)]
    table = []
    for place, exercise in enumerate(exercises):
        values = (
            name,
            student,
            number,
            exercise.number,
            points[place],
            worth(exercise),
            plain(sum(points)),
            RESULTS.get(marks[place], "not checked"),
            unhinted(found[place].get("message", "No check of this exercise was run.")),
            entries[-1]["run"],
            "" if seed is None else seed,
        )
        table.append({key: cleaned(value) for key, value in zip(COLUMNS, values, strict=True)})
    return table


def absent(exercises, student, number="", instead=""):
    """The rows of somebody in the class list who handed no notebook in."""
    run = f"{NOT_HANDED_IN}: {instead}" if instead else NOT_HANDED_IN
    table = rows(student, exercises, [{"run": run}], student, number)
    return [{**row, "result": NOT_HANDED_IN, "diagnosis": ""} for row in table]


def _outcomes(entries):
    """{number: the check that counts}: the last; where it found no answer, a right one before."""
    found = {}
    for entry in entries:
        if "number" not in entry:
            continue
        before = found.get(entry["number"], {})
        if entry["mark"] == "○" and before.get("mark") == "✓":
            message = before["message"].removesuffix(EMPTIED) + EMPTIED
            entry = {**before, "message": message}
        found[entry["number"]] = entry
    return found


def is_unjudged(row):
    """Whether an answer was handed over that nobody could judge: it needs a look."""
    return row["result"] == "not checked" and row["diagnosis"].startswith("Cannot be judged")


def plain(number):
    """A sum of points without the dust of floating point, and without .0."""
    number = round(float(number), 6)
    return int(number) if number.is_integer() else number


def cleaned(value):
    """One short line of a table, the same in every run; no formula for a spreadsheet."""
    if not isinstance(value, str):
        return value
    text = "".join(c if c.isprintable() else " " for c in value)
    text = " ".join(re.sub(r"0x[0-9a-fA-F]{6,}", "0x…", text).split())
    text = f"{text[:400]}…" if len(text) > 400 else text
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def write(table, out, columns=COLUMNS, semicolons=False, mark=True):
    """Writes the rows to the side and moves them into place; another table there is kept.

    Args:
        table: what `rows` gives, of all submissions.
        out: where; an older table that differs is renamed, with the time in its name.
        columns: the keys of the rows, in order.
        semicolons: whether they separate columns, with commas in numbers, as Excel has it in many
            countries.
        mark: whether it begins with a byte-order mark, which Excel asks for.
    """
    beside = out.with_name(out.name + ".part")
    with beside.open("w", encoding="utf-8-sig" if mark else "utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=";" if semicolons else ",")
        writer.writeheader()
        writer.writerows(
            [{k: _with_comma(v) for k, v in row.items()} for row in table] if semicolons else table
        )
    if out.exists() and out.read_bytes() != beside.read_bytes():
        out.replace(_unused(out, f"before-{datetime.now():%Y%m%d-%H%M%S}"))
    beside.replace(out)


def _unused(out, when):
    """A name for an older table that no other one has."""
    names = [out.with_name(f"{out.stem}.{when}{n}{out.suffix}") for n in ("", *range(2, 100))]
    return next(name for name in names if not name.exists())


def _with_comma(value):
    return str(value).replace(".", ",") if isinstance(value, float) else value


def read(path):
    """The rows of a table that `write` wrote, numbers as numbers; [] if it is another table."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    table = [*csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter(text))]
    try:
        for row in table:
            for column in ("points", "of", "total"):
                row[column] = plain(row[column].replace(",", "."))
            row.update({column: row.get(column) or "" for column in COLUMNS if column not in row})
        return table if all({*COLUMNS} <= {*row} for row in table) else []
    except (KeyError, ValueError, AttributeError, TypeError):
        return []


def _without_a_check(table):
    """The students of whom an exercise was not checked although the run went to its end."""
    for name in dict.fromkeys(row["submission"] for row in table):
        mine = [row for row in table if row["submission"] == name]
        bare = [r["result"] == "not checked" and not is_unjudged(r) for r in mine]
        if any(bare) and mine[0]["run"].startswith("to its end"):
            spans = []
            for found, group in groupby(zip(bare, mine, strict=True), key=lambda pair: pair[0]):
                numbers = [row["exercise"] for _, row in group]
                if found:
                    spans.append("–".join(dict.fromkeys((numbers[0], numbers[-1]))))
            yield f"{mine[0]['student'] or name} {', '.join(spans)}"


def summary(table, source):
    """What the command ends with: the submissions in trouble, one line each, and the count.

    Args:
        table: what `rows` gives, of all submissions.
        source: the file of the exercises.
    """
    runs = {row["submission"]: row["run"] for row in table if row["result"] != NOT_HANDED_IN}
    missing = {r["submission"]: r["run"] for r in table if r["result"] == NOT_HANDED_IN}
    lines = [f"{name}: {run}" for name, run in runs.items() if not run.startswith("to its end")]
    count = f"{len(runs)} submissions, {len(runs) - len(lines)} ran to their end"
    errors = [name for name, run in runs.items() if run.startswith("to its end; error")]
    if errors:
        lines.append(f"with an error, see `run` in the table: {', '.join(errors)}")
        count += f", {len(errors)} of them with an error"
    if missing:
        said = [name + run.removeprefix(NOT_HANDED_IN) for name, run in missing.items()]
        lines.append(f"{NOT_HANDED_IN}: {'; '.join(said)}")
        count += f"; {len(missing)} of the class list handed in no notebook"
    if unjudged := [f"{r['submission']} {r['exercise']}" for r in table if is_unjudged(r)]:
        lines.append(
            "cannot be judged, look at it yourself and give the points with --by-hand: "
            + ", ".join(unjudged)
        )
    unchecked = all(row["result"] in ("not checked", NOT_HANDED_IN) for row in table)
    if not unchecked and (said := [*_without_a_check(table)]):
        lines.append(f"no check was run: {'; '.join(said)}")
    lines.append(count)
    if unchecked and not unjudged and any(not run.startswith("not run") for run in runs.values()):
        lines.append(
            "`--exercises` must have the name that the notebooks import: got "
            f"{source.name}, and no submission checked any exercise of it. Rename the file."
        )
    return lines
