"""A page about a class: what was right, what was misunderstood, and which code is alike."""

import re
from collections import Counter, defaultdict
from statistics import mean, median

from cnnlab.grading import by_hand, collecting, grades, likeness, pages

MOST_PAIRS = 50
NUMBER = r"-?\d[\d.,e+-]*\d|\d"
HINT = (
    "A hint where to look, never an accusation: a short task has few good answers, and friends may "
    "have been allowed to work together. Names, numbers, comments and the handed-out cells are "
    "left out. First come those whose whole code is identical, however common each part of it is. "
    "Then pairs: the percentage is a share of the shorter one's own answers, so much of which "
    "stands in the other one too, with some code in it that few others have. Short submissions and "
    "those without an answer are not compared."
)


def page(table, title, folder=None):
    """The page, HTML.

    Args:
        table: the rows, `grades.read`.
        title: plain text.
        folder: of the submissions, to compare their code; None: that section is left out.

    Raises:
        ValueError: the table is empty, or the folder holds no notebooks.
    """
    if not table:
        raise ValueError(
            "`table` must be one that `cnnlab grade` wrote: got none of its rows. "
            "Give grades.csv, or run `cnnlab grade` first."
        )
    parts = [_class(table), _exercises(table), _misconceptions(table), _runs(table)]
    if folder is not None:
        answered = {r["submission"] for r in table if r["result"] != "not answered"}
        parts.append(_likeness(folder, answered))
    return pages.page(title, "\n".join(parts))


def _class(table):
    totals = {row["submission"]: row["total"] for row in table if _handed_in(row)}
    missing = {row["submission"] for row in table if not _handed_in(row)}
    of = grades.plain(sum({row["exercise"]: row["of"] for row in table}.values()))
    unrun = {r["submission"] for r in table if r["run"].startswith("not run")}
    lines = [
        f"{len(totals)} submissions, {len(unrun)} of them not run; {len(missing)} of the class "
        "list handed in no notebook."
    ]
    body = ""
    if totals:
        values = sorted(totals.values())
        lines.append(
            f"Points, of {of}: mean {mean(values):.1f}, median {median(values):.1f}, from "
            f"{values[0]} to {values[-1]}."
        )
        counts = Counter(int(10 * min(value / of, 0.999)) if of else 0 for value in values)
        rows = [
            (
                f"{10 * tenth} to {10 * tenth + 10} %",
                str(counts[tenth]),
                pages.bar(counts[tenth] / max(counts.values())),
            )
            for tenth in range(10)
        ]
        body = pages.table(
            ("share of the points", "submissions", "in proportion"), rows, numbers=(1,)
        )
    return f"<h2>The class</h2>\n<p>{pages.escaped(' '.join(lines))}</p>\n{body}"


def _exercises(table):
    rows = []
    for exercise in dict.fromkeys(row["exercise"] for row in table):
        results = [r["result"] for r in table if r["exercise"] == exercise and _handed_in(r)]
        counts, count = Counter(results), max(1, len(results))
        share = counts["right"] / count
        others = [str(counts[name]) for name in ("wrong", "not answered", "not checked")]
        rows.append((pages.escaped(exercise), f"{share:.0%}", pages.bar(share), *others))
    header = ("exercise", "right", "share", "wrong", "not answered", "not checked")
    table = pages.table(header, rows, numbers=(1, 3, 4, 5))
    return f"<h2>Right, by exercise</h2>\n{table}"


def _misconceptions(table):
    varied = len({str(row["seed"]) for row in table}) > 1
    kinds = defaultdict(list)
    for row in table:
        if row["result"] == "wrong" and not row["diagnosis"].startswith(by_hand.BEGIN):
            said = _kind(row["diagnosis"])
            alike = re.sub(NUMBER, "…", said) if varied else said
            kinds[row["exercise"], alike].append(said)
    counted = [(len(texts), exercise, _common(texts)) for (exercise, _), texts in kinds.items()]
    rows = [
        (str(count), pages.escaped(exercise), pages.escaped(said))
        for count, exercise, said in sorted(counted, key=lambda each: (-each[0], each[1:]))
    ]
    body = pages.table(("how many", "exercise", "what was said"), rows, numbers=(0,))
    body = body if rows else "<p>Nothing.</p>"
    return f"<h2>What was misunderstood, most frequent first</h2>\n{body}"


def _kind(diagnosis):
    """A diagnosis without what differs from student to student: names and numbers.

    What is said of a known mistake stays as it is.
    """
    text = re.sub(r" Try hint\(.*$", "", diagnosis)
    found = re.match(r"With .*?: ((?:the result|[A-Za-z]+(?:Error|Exception)).*)$", text)
    return re.sub(rf"`[^`]*`|'[^']*'|{NUMBER}", "…", found[1]) if found else text


def _common(texts):
    """What texts say that differ in nothing but numbers, without the numbers that differ.

    Example:
        >>> _common(["3 of 4 rows are 0.", "1 of 4 rows are 0."])
        '… of 4 rows are 0.'
    """
    numbers = zip(*(re.findall(NUMBER, text) for text in texts), strict=True)
    kept = iter([each[0] if len({*each}) == 1 else "…" for each in numbers])
    return re.sub(NUMBER, lambda _: next(kept), texts[0])


def _runs(table):
    runs = {row["submission"]: row["run"] for row in table if _handed_in(row)}
    kinds = Counter(_ending(run) for run in runs.values())
    rows = [(str(n), pages.escaped(k)) for k, n in sorted(kinds.items(), key=lambda e: (-e[1], e))]
    return f"<h2>How the runs ended</h2>\n{pages.table(('how many', 'run'), rows, numbers=(0,))}"


def _ending(run):
    """How a run ended, without place and words of an error."""
    if found := re.match(r"to its end; error in cell \d+: (\w+)", run):
        return f"to its end, with {found[1]}"
    return re.sub(r", in cell \d+.*|; .*", "", run)


def _likeness(folder, names):
    with collecting.Spool() as spool:
        found = collecting.collect(folder, spool)
        counted = [f for f in found if f.read and grades.cleaned(f.name) in names]
        pairs = likeness.alike({f.name: likeness.code_of(f.read()) for f in counted})
    rows = [
        ("identical" if share is None else f"{share:.0%}", "<br>".join(map(pages.escaped, names)))
        for names, share in pairs[:MOST_PAIRS]
    ]
    body = pages.table(("in common", "submissions"), rows, numbers=(0,)) if rows else "<p>None.</p>"
    more = f"<p>{len(pairs) - MOST_PAIRS} more.</p>" if len(pairs) > MOST_PAIRS else ""
    return f'<h2>Nearly the same code</h2>\n<p class="note">{HINT}</p>\n{body}{more}'


def _handed_in(row):
    return row["result"] != grades.NOT_HANDED_IN
