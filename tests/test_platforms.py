"""The tables for Moodle and Canvas, as their own importers would read them."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

from cnnlab.grading import grades, platforms, roster

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("grading_class.py"))))
ANNA = "Anna Becker_12_assignsubmission_file_/w.ipynb"
BEN = "Ben <i>Ö_34_assignsubmission_file_/w.ipynb"
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 12,Anna Becker,a@x,Submitted for grading,,{0},Yes,"Friday, 20 November 2026",-,\n'
    "Participant 34,Ben Ö,b@x,Submitted for grading,1.0,{0},Yes,-,Monday,old\n"
    "Participant 56,Cleo,c@x,No submission,,{0},Yes,-,-,\n"
)
GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (77),Final Score\n"
    "    Points Possible,,,,,10,(read only)\n"
    '"Becker, Anna",123,s1,anna,A,,\n"Ober, Ben",456,s2,ben,A,,\n"Cruz, Cleo",789,s3,cleo,B,,\n'
)


def listed(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    return roster.read(path)


def written(tmp_path, platform, graded, title="hw"):
    """The table as a file that is read again without our own code; and the remarks."""
    import csv

    columns, rows, remarks = platforms.table(platform, graded, title)
    out = tmp_path / "for.csv"
    grades.write(rows, out, columns, mark=False)
    assert out.read_bytes()[:1].isascii()  # no byte-order mark before the first column's name
    with out.open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)], remarks


def read_by_moodle(table):
    """{participant: (grade, comment)}, by the rules of assignfeedback_offline_grade_importer."""
    columns, *rows = table
    places = [columns.index(c) for c in ("Identifier", "Grade", "Last modified (grade)")]
    comment = columns.index("Feedback comments")
    found = {row[places[0]][len("Participant ") :]: (row[places[1]], row[comment]) for row in rows}
    assert all(number.isdecimal() for number in found)
    return {n: (float(grade) if grade else None, said) for n, (grade, said) in found.items()}


def read_by_canvas(table):
    """({ID: points} by column, points possible), by the rules of GradebookImporter."""
    header, *rows = table
    assert len(header) > 3 and "Student" in header[0] and "ID" in header[1]
    count = 3
    if re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
        count += 2
    assert "Section" in header[count - 1]
    possible = [row for row in rows if "Points Possible" in row[0]]
    students = [row for row in rows if "Points Possible" not in row[0]]
    (column,) = header[count:]
    return column, float(possible[0][count]), {row[1]: row[count] for row in students}


def test_moodle_gets_a_grade_by_the_participant_in_the_folder(tmp_path):
    graded = made.graded({ANNA: made.BOTH, BEN: made.ONE, "late.ipynb": made.BOTH})
    table, remarks = written(tmp_path, "moodle", graded)
    assert read_by_moodle(table) == {
        "12": (4.5, "4.5 of 4.5 points. / T.1 right / T.2 right"),
        "34": (
            2.5,
            "2.5 of 4.5 points. / T.1 wrong: Twice as many &amp; &lt;i&gt;more&lt;/i&gt;. / "
            "T.2 right",
        ),
    }
    assert remarks == ["not in the table for Moodle, no number of Moodle in the path: late.ipynb"]


def test_a_comment_says_why_a_run_ended_early(tmp_path):
    ends = ("the kernel died, in cell 3", "to its end; error in cell 7: SyntaxError: a <b>.")
    graded = made.graded({ANNA: [{"run": ends[0]}], BEN: [{"run": ends[1]}]})
    table, _ = written(tmp_path, "moodle", graded)
    found = read_by_moodle(table)
    assert found["12"][1].endswith(" / How the run ended: the kernel died, in cell 3.")
    said = " / It ran to its end; error in cell 7: SyntaxError: a &lt;b&gt;."
    assert found["34"][1].endswith(said)


def test_a_worksheet_of_moodle_is_filled_in_and_else_as_it_was(tmp_path):
    sheet = listed(tmp_path, WORKSHEET.format("4.50"))
    graded = made.graded({ANNA: made.BOTH, BEN: made.ONE, "x.ipynb": made.ONE}, sheet)
    table, remarks = written(tmp_path, "moodle", graded)
    found = read_by_moodle(table)
    assert [found[n][0] for n in ("12", "34", "56")] == [4.5, 2.5, None]
    assert table[0] == [*sheet.columns]
    by = {row[0]: row for row in table[1:]}
    assert by["Participant 12"][7] == "Friday, 20 November 2026"
    assert ";".join(by["Participant 56"]) == "Participant 56;Cleo;c@x;No submission;;4.50;Yes;-;-;"
    assert remarks == ["not in the table for Moodle, not in the class list: x.ipynb"]


def test_the_rows_of_a_list_keep_their_order_and_none_is_lost(tmp_path):
    head, *people = WORKSHEET.format("4.50").splitlines()
    people.append(people[0].replace("12,Anna Becker", "78,Test Student"))
    sheet = listed(tmp_path, "\n".join([head, *people[::-1]]))
    graded = made.graded({ANNA: made.BOTH, BEN: made.ONE}, sheet)
    table, _ = written(tmp_path, "moodle", graded)
    order = ["Participant 78", "Participant 56", "Participant 34", "Participant 12"]
    assert [row[0] for row in table[1:]] == order
    assert [row[4] for row in table[1:]] == ["", "", "2.5", "4.5"]
    head, possible, *people = GRADEBOOK.splitlines()
    book = listed(tmp_path, "\n".join([head, possible, *people[::-1]]))
    files = {"beckeranna_123_45_w.ipynb": made.BOTH, "cruzcleo_789_46_w.ipynb": made.ONE}
    table, _ = written(tmp_path, "canvas", made.graded(files, book), "Homework 1")
    assert [(row[1], row[5]) for row in table[2:]] == [("789", "2.5"), ("456", ""), ("123", "4.5")]


def test_who_handed_in_no_notebook_gets_0_and_is_told(tmp_path):
    sheet, wrong = listed(tmp_path, WORKSHEET.format("4.50")), "a web page, not a notebook"
    graded = made.graded({ANNA: made.BOTH, "Cleo_56_assignsubmission_file_/w.html": wrong}, sheet)
    table, _ = written(tmp_path, "moodle", graded)
    found = read_by_moodle(table)
    assert found["34"] == (1.0, "old")  # who handed in nothing
    assert found["56"] == (
        0,
        "0 of 4.5 points. / T.1 not handed in / T.2 not handed in / "
        "You handed in w.html, a web page, not a notebook: hand in the notebook.",
    )
    book = listed(tmp_path, GRADEBOOK)
    files = {"beckeranna_123_45_w.ipynb": made.BOTH, "cruzcleo_789_46_w.pdf": wrong}
    graded = made.graded(files, book)
    _, _, points = read_by_canvas(written(tmp_path, "canvas", graded, "Homework 1")[0])
    assert points == {"123": "4.5", "456": "", "789": "0"}


def test_another_maximum_in_moodle_is_said(tmp_path):
    graded = made.graded({ANNA: made.BOTH}, listed(tmp_path, WORKSHEET.format("100.00")))
    _, remarks = written(tmp_path, "moodle", graded)
    assert remarks == [
        "Moodle's maximum grade is 100.00, the homework's points are 4.5: set it to that in the "
        "assignment before the import"
    ]


def test_canvas_gets_a_grade_by_the_number_in_the_name(tmp_path):
    graded = made.graded(
        {"beckeranna_123_456_w.ipynb": made.BOTH, "oberben_99_88_w.ipynb": made.NONE}
    )
    table, remarks = written(tmp_path, "canvas", graded, "Homework 1")
    assert read_by_canvas(table) == ("Homework 1", 4.5, {"123": "4.5", "99": "0"})
    assert remarks == [
        "Canvas will make an assignment 'Homework 1' unless one has this name: --assignment TITLE "
        "sets another"
    ]


def test_a_gradebook_of_canvas_gets_its_own_column_filled(tmp_path):
    book = listed(tmp_path, GRADEBOOK)
    graded = made.graded(
        {"beckeranna_123_45_w.ipynb": made.BOTH, "oberben_456_46_w.ipynb": made.ONE}, book
    )
    table, remarks = written(tmp_path, "canvas", graded, "Homework 1")
    points = {"123": "4.5", "456": "2.5", "789": ""}  # who handed in nothing keeps an empty cell
    assert read_by_canvas(table) == ("Homework 1 (77)", 4.5, points)
    assert table[2][:5] == ["Becker, Anna", "123", "s1", "anna", "A"]
    assert remarks == [
        "Canvas's points of 'Homework 1 (77)' are 10, the homework's are 4.5: set them to that in "
        "the assignment before the import"
    ]
    book = listed(tmp_path, GRADEBOOK.replace(",,10,", ",,4.5,"))
    graded = made.graded({"beckeranna_123_45_w.ipynb": made.BOTH}, book)
    assert written(tmp_path, "canvas", graded, "Homework 1")[1] == []


def test_a_table_that_would_be_empty_is_said(tmp_path):
    for platform in ("moodle", "canvas"):
        _, remarks = written(tmp_path, platform, made.graded({"a.ipynb": made.BOTH}))
        name = platform.capitalize()
        assert remarks[1] == f"the table for {name} is empty: give its own table to --roster"
