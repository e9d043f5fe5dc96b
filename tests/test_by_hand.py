"""Points given by hand."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnnlab.command import cli
from cnnlab.grading import by_hand, feedback, platforms, regrading

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("grading_class.py"))))
FILES = {"Ann/w.ipynb": made.ONE, "Ben/w.ipynb": made.BOTH}
LINE = {"student": "Ann", "exercise": "T.1", "points": "1,5", "comment": ""}


def rows():
    return made.graded(FILES).rows


def test_a_line_gives_points_and_changes_nobody_else():
    new = by_hand.taken_in(rows(), [LINE, {**LINE, "student": "Ben/w.ipynb", "points": "2"}])
    assert [(r["points"], r["total"], r["result"]) for r in new] == [
        *[(1.5, 4, "wrong"), (2.5, 4, "right"), (2, 4.5, "right"), (2.5, 4.5, "right")],
    ]
    assert [r["diagnosis"] for r in new[:3]] == ["By hand.", "Four score.", "By hand."]
    assert by_hand.taken_in(rows(), []) == rows()


def test_a_later_line_counts_and_a_comment_is_no_formula():
    lines = [LINE, {**LINE, "points": "2", "comment": "=1+1"}]
    first = by_hand.taken_in(rows(), lines)[0]
    assert (first["points"], first["diagnosis"]) == (2, "By hand: =1+1")


def test_why_points_changed_is_said():
    new = by_hand.taken_in(rows(), [LINE])
    assert [*regrading.changes(rows(), new, {})] == [
        "points changed: Ann/w.ipynb, T.1: 0 → 1.5 (by hand)"
    ]


def test_the_student_reads_the_comment_and_no_hint():
    new = by_hand.taken_in(rows(), [{**LINE, "comment": "The idea is right."}])
    said = feedback.told(new[0], made.EXERCISES[0])
    assert said == ("By hand: The idea is right.", "")
    files = {"Ann_12_assignsubmission_file_/w.ipynb": made.ONE}
    graded = made.graded(files)
    graded.rows[:] = by_hand.taken_in(graded.rows, [{**LINE, "comment": "Good."}])
    _, (row,), _ = platforms.table("moodle", graded, "hw")
    assert (row["Grade"], row["Feedback comments"]) == (
        4,
        "4 of 4.5 points. / T.1 wrong: By hand: Good. / T.2 right",
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"student": "Cleo"},
            "`--by-hand` must name one student as in the table, by the column submission, student "
            "or id: got 'Cleo', which names none. Copy it from there.",
        ),
        (
            {"exercise": "T.9"},
            "`--by-hand` must name an exercise of the homework, T.1, T.2: got 'T.9' for Ann. Copy "
            "it from the table.",
        ),
        (
            {"points": "3"},
            "`--by-hand` must give T.1 points from 0 to 2: got '3' for Ann. Mend the line.",
        ),
        (
            {"points": "all"},
            "`--by-hand` must give T.1 points from 0 to 2: got 'all' for Ann. Mend the line.",
        ),
    ],
)
def test_a_line_that_cannot_be_taken_in(change, said):
    with pytest.raises(ValueError) as raised:
        by_hand.taken_in(rows(), [LINE | change])
    assert str(raised.value) == said


def test_two_of_one_name_are_told_apart_by_their_files():
    graded = made.graded({"x/Ann/w.ipynb": made.ONE, "y/Ann/w.ipynb": made.ONE}).rows
    twins = [row | {"student": "Ann"} for row in graded]
    with pytest.raises(ValueError, match="got 'Ann', which names 2"):
        by_hand.taken_in(twins, [LINE])
    new = by_hand.taken_in(twins, [{**LINE, "student": "y/Ann/w.ipynb"}])
    assert [row["points"] for row in new] == [0, 2.5, 1.5, 2.5]


def test_the_table_is_read_as_a_spreadsheet_writes_it(tmp_path):
    table = tmp_path / "by_hand.csv"
    table.write_text(" Student;Exercise;Points\nJosé;T.1;1,5\n", encoding="utf-8-sig")
    assert by_hand.read(table) == [
        {"student": "José", "exercise": "T.1", "points": "1,5", "comment": ""}
    ]
    table.write_text("student,exercise\nJosé,T.1\n", encoding="utf-8")
    with pytest.raises(ValueError) as raised:
        by_hand.read(table)
    assert str(raised.value) == (
        f"`--by-hand` must have a column points: got student, exercise in {table}. "
        "The columns are student, exercise, points and, if you like, comment."
    )
    with pytest.raises(ValueError, match="must be a table of points: got No such file"):
        by_hand.read(tmp_path / "none.csv")


def test_parts_are_merged_first(capsys):
    assert cli.main(["grade", ".", "--by-hand", "b.csv", "--part", "1/2"]) == 2
    assert (
        capsys.readouterr()
        .err.strip()
        .endswith(
            "`--by-hand` must be given for the whole class: got --part too. Give it with --merge."
        )
    )
