"""The table of grades: a row per submission and exercise, and what is said about the whole."""

import csv
import re
from datetime import datetime

COLUMNS = ("submission", "exercise", "points", "of", "total", "result", "diagnosis", "run")
RESULTS = {"✓": "right", "✗": "wrong", "○": "not answered"}


def rows(name, exercises, entries):
    """The rows of one submission.

    Args:
        name: the submission's.
        exercises: every `Exercise` of the file.
        entries: the outcome of each check in order, and last {"run": how the run ended}.

    Returns:
        A list of dicts with the keys `COLUMNS`; "total" is the sum of the submission's points.
    """
    outcomes = {entry["number"]: entry for entry in entries if "number" in entry}  # the last counts
    found = [outcomes.get(exercise.number, {}) for exercise in exercises]
    marks = [outcome.get("mark") for outcome in found]
    points = [e.stars if mark == "✓" else 0 for e, mark in zip(exercises, marks, strict=True)]
    table = []
    for place, exercise in enumerate(exercises):
        values = (
            name,
            exercise.number,
            points[place],
            exercise.stars,
            sum(points),
            RESULTS.get(marks[place], "not checked"),
            found[place].get("message", "No check of this exercise was run."),
            entries[-1]["run"],
        )
        table.append({key: _cleaned(value) for key, value in zip(COLUMNS, values, strict=True)})
    return table


def _cleaned(value):
    """One short line of a table, the same in every run; no formula for a spreadsheet."""
    if not isinstance(value, str):
        return value
    text = "".join(c if c.isprintable() else " " for c in value)
    text = " ".join(re.sub(r"0x[0-9a-fA-F]{6,}", "0x…", text).split())
    text = f"{text[:400]}…" if len(text) > 400 else text
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def write(table, out):
    """Writes the rows to the side and moves them into place; another table there is kept.

    Args:
        table: what `rows` gives, of all submissions.
        out: where; an older table that differs is renamed, with the time in its name.
    """
    beside = out.with_name(out.name + ".part")
    with beside.open("w", encoding="utf-8-sig", newline="") as file:  # Excel asks for the mark
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(table)
    if out.exists() and out.read_bytes() != beside.read_bytes():
        out.replace(out.with_name(f"{out.stem}.before-{datetime.now():%Y%m%d-%H%M%S}{out.suffix}"))
    beside.replace(out)


def summary(table, source):
    """What the command ends with: the submissions in trouble, one line each, and the count.

    Args:
        table: what `rows` gives, of all submissions.
        source: the file of the exercises.
    """
    runs = {row["submission"]: row["run"] for row in table}
    lines = [f"{name}: {run}" for name, run in runs.items() if not run.startswith("to its end")]
    count = f"{len(runs)} submissions, {len(runs) - len(lines)} ran to their end"
    errors = sum(run.startswith("to its end;") for run in runs.values())
    lines.append(f"{count}, {errors} of them with an error" if errors else count)
    if all(row["result"] == "not checked" for row in table):
        lines.append(
            "`--exercises` must have the name that the notebooks import: got "
            f"{source.name}, and no submission checked any exercise of it. Rename the file."
        )
    return lines
