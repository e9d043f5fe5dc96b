"""What a new table says differently from the one before: whose points changed, and why."""

from collections import Counter

from cnnlab.grading import by_hand, grades

KNOWN = "by the journal; the table before was edited, or of another run"


def changes(old, new, reasons):
    """A line for each student and exercise whose points differ.

    Args:
        old: the rows of the table before, `grades.read`.
        new: the rows now.
        reasons: {submission: why its result may be another, in a few words}.

    Example:
        >>> row = dict.fromkeys(grades.COLUMNS, "") | {"submission": "a.ipynb", "exercise": "T.1"}
        >>> old, new = [row | {"points": 0, "result": "wrong"}], [row | {"points": 1}]
        >>> [*changes(old, new, {"a.ipynb": "another file"})]
        ['points changed: a.ipynb, T.1: 0 → 1 (another file)']
    """
    if not old or not new:
        return
    whose, before_whose = _owners(new), _owners(old)
    before = {(before_whose[row["submission"]], row["exercise"]): row for row in old}
    for row in new:
        was = before.get((whose[row["submission"]], row["exercise"]), row)
        if was["points"] != row["points"]:
            number = f"{was['points']} → {row['points']}"
            why = _why(was, row, reasons)
            yield f"points changed: {row['submission']}, {row['exercise']}: {number} ({why})"
    if exercises := {row["exercise"] for row in old} ^ {row["exercise"] for row in new}:
        yield f"points changed: only one of the two tables has {', '.join(sorted(exercises))}"
    here = {*whose.values()}
    for name in sorted({row["submission"] for row in old}):
        if before_whose[name] not in here:
            points = grades.plain(sum(row["points"] for row in old if row["submission"] == name))
            yield f"in the table before, not in this one: {name} ({points} points)"


def reason(before, content, by):
    """Why a submission was run.

    Args:
        before: what it was run with the last time, `Journal.before`, or None.
        content: its digest now.
        by: that of the exercises now, with the seed if there is one.
    """
    parts = []
    if before is not None and before["content"] != content:
        parts.append("another file was handed in")
    was, now = ((before or {}).get("by", by).partition(" seed "), by.partition(" seed "))
    if was[0] != now[0]:
        parts.append("the exercises, or files beside them, have changed")
    if was[2] != now[2]:
        parts.append("the seed is another")
    return " and ".join(parts) or "run again"


def _why(was, row, reasons):
    if grades.NOT_HANDED_IN in (was["result"], row["result"]):
        return f"{grades.NOT_HANDED_IN}{' before' * (row['result'] != grades.NOT_HANDED_IN)}"
    if row["diagnosis"].startswith(by_hand.BEGIN):
        return "by hand"
    if was["submission"] != row["submission"]:
        return f"another file was handed in; before {was['submission']}"
    return reasons.get(row["submission"], KNOWN)


def _owners(table):
    """{submission: its student, or itself where that is not clear}."""
    students = {row["submission"]: (row["student"], row["id"]) for row in table}
    counts = Counter(students.values())
    return {
        name: student if student[0] and counts[student] == 1 else name
        for name, student in students.items()
    }
