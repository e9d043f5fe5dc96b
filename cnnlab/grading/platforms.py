"""Grades in the columns that Moodle and Canvas import.

Sources: Moodle's `mod/assign/feedback/offline/importgradeslib.php` asks for Identifier, Grade and
Last modified (grade); Canvas's `lib/gradebook_importer.rb` for Student, ID and Section in front of
the assignments, and takes the points of the row Points Possible.
"""

import html

from cnnlab.exercises.crediting import worth
from cnnlab.grading import feedback, grades

MOODLE = ("Identifier", "Full name", "Grade", "Last modified (grade)", "Feedback comments")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def table(platform, graded, title):
    """The table for a platform.

    Args:
        platform: "moodle" or "canvas".
        graded: `submissions.Graded`; where its roster is the platform's own table (Moodle's grading
            worksheet, Canvas's exported gradebook), its rows are filled in, in their order.
        title: of the assignment, a column in Canvas.

    Returns:
        The columns, the rows (a list of dicts), and remarks.
    """
    return (_moodle if platform == "moodle" else _canvas)(graded, title)


def _moodle(graded, title):
    total = grades.plain(sum(worth(exercise) for exercise in graded.exercises))
    points, remarks = _points(graded), []
    names = {c.lower(): c for c in (graded.roster.columns if graded.roster else ())}
    if {"identifier", "grade", "last modified (grade)"} <= {*names}:
        rows = []
        for given, each in _in_order(graded):
            row = dict(given)
            if each and each.anything:
                row[names["grade"]] = points[each.name]
                if "feedback comments" in names:
                    row[names["feedback comments"]] = _comment(graded, each.name)
            rows.append(row)
        largest = {row.get(names.get("maximum grade", "")) for row in rows} - {None, ""}
        if others := sorted(g for g in largest if _number(g) != total):
            remarks.append(
                f"Moodle's maximum grade is {others[0]}, the homework's points are {total}: set it "
                "to that in the assignment before the import"
            )
        columns = graded.roster.columns
    else:
        columns = MOODLE
        rows = [
            {
                "Identifier": f"Participant {each.sender.number}",
                "Full name": grades.cleaned(each.sender.name),
                "Grade": points[each.name],
                "Last modified (grade)": "",
                "Feedback comments": _comment(graded, each.name),
            }
            for each in graded.handed_in
            if each.anything and each.sender.platform == "moodle"
        ]
    return columns, rows, [*remarks, *_left_out(graded, len(rows), "moodle", columns == MOODLE)]


def _canvas(graded, title):
    total = grades.plain(sum(worth(exercise) for exercise in graded.exercises))
    points = _points(graded)
    given = graded.roster.columns if graded.roster else ()
    own = not {"Student", "ID", "Section"} <= {*given}
    info = CANVAS if own else given[: given.index("Section") + 1]
    column = next((c for c in given[len(info) :] if c == title or c.startswith(f"{title} (")), "")
    rows = [{info[0]: "    Points Possible", column or title: total}]
    if own:
        pairs = [
            ({"Student": grades.cleaned(each.sender.name), "ID": each.sender.number}, each)
            for each in graded.handed_in
            if each.anything and each.sender.platform == "canvas"
        ]
    else:
        pairs = [({n: row[n] for n in info}, each) for row, each in _in_order(graded) if each]
    rows += [row | {column or title: points.get(each.name, "")} for row, each in pairs]
    remarks = [*_left_out(graded, len(rows) - 1, "canvas", own)]
    listed = graded.roster.rows if column else ()
    possible = {row[column] for row in listed if row[info[0]].strip() == "Points Possible"} - {""}
    if others := [points for points in possible if _number(points) != total]:
        remarks.append(
            f"Canvas's points of {column!r} are {others[0]}, the homework's are {total}: set them "
            "to that in the assignment before the import"
        )
    if not column:
        new = f"Canvas will make an assignment {title!r} unless one has this name"
        remarks.append(f"{new}: --assignment TITLE sets another")
    return (*info, column or title), rows, remarks


def _in_order(graded):
    """Each row of the class list, in its order, and what was handed in of it, or None."""
    for row in graded.roster.rows:
        yield row, next((each for each in graded.handed_in if each.row is row), None)


def _points(graded):
    """{name: points} of everybody who handed in."""
    present = {each.name for each in graded.handed_in if each.anything}
    return {row["submission"]: row["total"] for row in _by_name(graded, present)}


def _by_name(graded, present):
    names = {grades.cleaned(name): name for name in present}
    for row in graded.rows:
        if row["submission"] in names:
            yield {**row, "submission": names[row["submission"]]}


def _comment(graded, name):
    """Points, diagnoses and how the run ended, if early, in a line of Moodle's HTML."""
    mine = [*_by_name(graded, {name})]
    of = grades.plain(sum(row["of"] for row in mine))
    lines = [f"{mine[0]['total']} of {of} points."]
    for row in mine:
        told = row["result"] == "wrong" or grades.is_unjudged(row)
        said = feedback.said_of(row) if told else ""
        lines.append(f"{row['exercise']} {row['result']}{': ' * bool(said)}{said}")
    if mine[0]["run"] != "to its end":
        lines.append(feedback.ended(mine[0]["run"]))
    return html.escape(" / ".join(lines), quote=False)


def _left_out(graded, count, platform, own):
    """Who is not in the table although something was handed in."""
    present = [each for each in graded.handed_in if each.anything]
    if own:
        absent = [each.name for each in present if each.sender.platform != platform]
        why = f"no number of {platform.capitalize()} in the path"
    else:
        absent = [each.name for each in present if not each.row]
        why = "not in the class list"
    if absent:
        yield f"not in the table for {platform.capitalize()}, {why}: {', '.join(absent)}"
    if own and not count:
        yield f"the table for {platform.capitalize()} is empty: give its own table to --roster"


def _number(text):
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
