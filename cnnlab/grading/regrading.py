"""What a new table says differently from the one before: whose points changed, and why."""

from cnnlab.grading import grades


def changes(old, new, reasons):
    """A line for each student and exercise whose points differ.

    Args:
        old: the rows of the table before, `grades.read`.
        new: the rows now.
        reasons: {submission: why it was run again, in a few words}.

    Example:
        >>> row = dict.fromkeys(grades.COLUMNS, "") | {"submission": "a.ipynb", "exercise": "T.1"}
        >>> old, new = [row | {"points": 0, "result": "wrong"}], [row | {"points": 1}]
        >>> [*changes(old, new, {"a.ipynb": "another file"})]
        ['points changed: a.ipynb, T.1: 0 → 1 (another file)']
    """
    before = {_place(row): row for row in old}
    names = {row["submission"] for row in old}
    for row in new:
        if _place(row) not in before:
            continue
        was = before[_place(row)]
        if was["points"] != row["points"]:
            why = reasons.get(row["submission"], "the table before was edited, or run elsewhere")
            if grades.NOT_HANDED_IN in (was["result"], row["result"]) != (was["result"],) * 2:
                why = f"{was['result']} before" if was["points"] == 0 else row["result"]
            number = f"{was['points']} → {row['points']}"
            yield f"points changed: {row['submission']}, {row['exercise']}: {number} ({why})"
    here = {row["submission"] for row in new}
    exercises = {row["exercise"] for row in old} ^ {row["exercise"] for row in new}
    if exercises and old and new:
        yield f"points changed: only one of the two tables has {', '.join(sorted(exercises))}"
    for name in sorted(names - here):
        points = grades.plain(sum(row["points"] for row in old if row["submission"] == name))
        yield f"in the table before, not in this one: {name} ({points} points)"


def reason(before, content, by):
    """Why a submission was run again.

    Args:
        before: what it was run with, `Journal.before`, or None.
        content: its digest now.
        by: that of the exercises now.
    """
    if before is None:
        return "run again"
    parts = []
    if before["content"] != content:
        parts.append("another file was handed in")
    if before["by"] != by:
        parts.append("the exercises, or files beside them, are others")
    return " and ".join(parts) or "run again"


def _place(row):
    return row["submission"], row["exercise"]
