"""Points that somebody gave by hand, in a table of their own: every later run takes them in."""

import csv
import io
from pathlib import Path

from cnnlab.grading import grades, roster

COLUMNS = ("student", "exercise", "points", "comment")
BEGIN = "By hand"


def read(path):
    """The lines of such a table, CSV, as dicts of texts with the keys `COLUMNS`.

    Raises:
        ValueError: it cannot be read, or has no columns student, exercise and points.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise ValueError(
            f"`--by-hand` must be a table of points: got {error.strerror} for {path}. "
            "Give a CSV file with the columns student, exercise, points and, if you like, comment."
        ) from error
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=roster.delimiter(text))
    found = [{str(name).strip().lower(): value for name, value in line.items()} for line in table]
    columns = [str(name).strip().lower() for name in table.fieldnames or ()]
    if missing := [name for name in COLUMNS[:3] if name not in columns]:
        raise ValueError(
            f"`--by-hand` must have a column {missing[0]}: got {', '.join(columns) or 'none'} "
            f"in {path}. The columns are student, exercise, points and, if you like, comment."
        )
    return [{name: (line.get(name) or "").strip() for name in COLUMNS} for line in found]


def taken_in(rows, lines):
    """The rows of the table of grades, with the points that were given by hand.

    Args:
        rows: dicts with the keys `grades.COLUMNS`.
        lines: what `read` gives. A student is named as in the table, by the column submission,
            student or id.

    Returns:
        New rows. Such an exercise is right if it has all its points, else wrong.

    Raises:
        ValueError: a line names nobody, several, or an exercise that is not there, or its points
            are not between 0 and what the exercise counts.

    Example:
        >>> row = dict.fromkeys(grades.COLUMNS, "") | {"student": "Ann", "exercise": "H1.4"}
        >>> row |= {"points": 0, "of": 3, "total": 0, "result": "not checked"}
        >>> line = {"student": "Ann", "exercise": "H1.4", "points": "2", "comment": "Well seen."}
        >>> [new] = taken_in([row], [line])
        >>> new["points"], new["total"], new["result"], new["diagnosis"]
        (2, 2, 'wrong', 'By hand: Well seen.')
    """
    given = {}
    for line in lines:
        place = _place(rows, line)
        given[place] = (_points(line, rows[place]["of"]), line["comment"])
    rows = [
        row | _marked(row, *given[place]) if place in given else row
        for place, row in enumerate(rows)
    ]
    sums = {}
    for row in rows:
        sums[row["submission"]] = sums.get(row["submission"], 0) + row["points"]
    return [row | {"total": grades.plain(sums[row["submission"]])} for row in rows]


def _place(rows, line):
    """The place of the row that a line is about."""
    whose = line["student"]
    mine = [i for i, r in enumerate(rows) if whose in (r["submission"], r["student"], r["id"])]
    names = {rows[i]["submission"] for i in mine}
    if not whose or len(names) != 1:
        raise ValueError(
            "`--by-hand` must name one student as in the table, by the column submission, student "
            f"or id: got {whose!r}, which names {len(names) or 'none'}. Copy it from there."
        )
    found = [i for i in mine if rows[i]["exercise"] == line["exercise"]]
    if not found:
        known = ", ".join(rows[i]["exercise"] for i in mine)
        raise ValueError(
            f"`--by-hand` must name an exercise of the homework, {known}: got "
            f"{line['exercise']!r} for {whose}. Copy it from the table."
        )
    return found[0]


def _points(line, of):
    try:
        points = grades.plain(line["points"].replace(",", "."))
    except ValueError:
        points = -1
    if not 0 <= points <= of:
        raise ValueError(
            f"`--by-hand` must give {line['exercise']} points from 0 to {of}: got "
            f"{line['points']!r} for {line['student']}. Mend the line."
        )
    return points


def _marked(row, points, comment):
    return {
        "points": points,
        "result": "right" if points == row["of"] else "wrong",
        "diagnosis": grades.cleaned(f"{BEGIN}: {comment}" if comment else f"{BEGIN}."),
    }
