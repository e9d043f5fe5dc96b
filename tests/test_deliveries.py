"""Whose a file is, by folders, by the names of Moodle and Canvas, and by a class list."""

import pytest

from cnnlab.grading import deliveries, roster, senders
from cnnlab.grading.collecting import Found


def file(name, modified=0.0, trouble="", usable=True):
    return Found(name, modified, trouble, digest=name, read=bytes, usable=usable)


def listed(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "class.csv"
    path.write_bytes(text.encode(encoding))
    return roster.read(path)


def who(found, students=None):
    """{file or student: name of the student}, and the remarks."""
    table, remarks = deliveries.sorted_out(found, students)
    return {each.name: each.student for each in table}, remarks


# The names that platforms give


@pytest.mark.parametrize(
    ("path", "name", "number", "platform"),
    [
        ("Anna Becker_12345_assignsubmission_file_/hw.ipynb", "Anna Becker", "12345", "moodle"),
        ("Anna Becker_12345_assignsubmission_file_hw_1.ipynb", "Anna Becker", "12345", "moodle"),
        ("all/Jörg Groß-Li_7_assignsubmission_file/x/hw.ipynb", "Jörg Groß-Li", "7", "moodle"),
        ("Group A-Anna_12_assignsubmission_onlinetext_/o.html", "Group A-Anna", "12", "moodle"),
        ("beckeranna_123_4567_hw.ipynb", "beckeranna", "123", "canvas"),
        ("beckeranna_LATE_123_4567_my_hw-1.ipynb", "beckeranna", "123", "canvas"),
        ("großjörg_late_123_4567_hw.zip/hw.ipynb", "großjörg", "123", "canvas"),
        ("123_4567_hw.ipynb", "", "123", "canvas"),
        ("class.zip/beckeranna_123_4567_hw.ipynb", "beckeranna", "123", "canvas"),
        ("anna/hw_12_34_x.ipynb", "anna", "", ""),
        ("hw_1_2_x.ipynb", "hw_1_2_x", "", ""),
        ("anna/hw.ipynb", "anna", "", ""),
        ("anna.zip/hw.ipynb", "anna", "", ""),
        ("anna.becker.ipynb", "anna.becker", "", ""),
        ("hw_1.ipynb", "hw_1", "", ""),
    ],
)
def test_a_path_tells_its_sender(path, name, number, platform):
    found = senders.sender(path)
    assert (found.name, found.number, found.platform) == (name, number, platform)


def test_a_moodle_folder_keeps_its_name_for_the_way_back():
    path = "all.zip/Anna_12_assignsubmission_file_/hw.ipynb"
    assert senders.sender(path, 1).folder == "Anna_12_assignsubmission_file_"


def test_the_parts_of_the_whole_class_are_nobody_s():
    assert senders.sender("hw1/anna/w.ipynb", 1).name == "anna"
    assert senders.sender("hw1/anna.ipynb", 1).name == "anna"
    assert senders.sender("hw1/anna/w.ipynb", 1).key != senders.sender("hw1/ben/w.ipynb", 1).key


# Without a class list


def test_of_two_files_of_one_student_the_latest_sound_one_counts():
    found = [file("anna/a.ipynb", 20.0), file("anna/b.ipynb", 10.0), file("ben.ipynb")]
    found += [file("anna/c.ipynb", 30.0, "an empty file (0 bytes)")]
    names, (remark,) = who(found)
    assert names == {"anna/a.ipynb": "anna", "ben.ipynb": "ben"}
    assert remark.startswith(
        "anna/a.ipynb: counts, as the latest of 3 notebooks of one student (19"
    )
    assert remark.endswith("; not run: c.ipynb (an empty file (0 bytes)), b.ipynb")


def test_canvas_counts_what_was_handed_in_again():
    one, two = "xanna_11_20_hw.ipynb", "xanna_LATE_11_30_hw-1.ipynb"
    names, (remark,) = who([file(one, 99.0), file(two, 1.0)])
    assert names == {two: "xanna"}
    assert remark.endswith(f"; not run: {one}")


def test_numbers_in_many_names_are_not_those_of_canvas():
    found = [file(f"hw_2024_2025_{name}.ipynb") for name in ("anna", "ben")]
    assert [*who(found)[0]] == ["hw_2024_2025_anna.ipynb", "hw_2024_2025_ben.ipynb"]


def test_an_archive_that_came_through_canvas_is_one_student_s():
    found = [
        file(f"xanna_11_20_hw.zip/{name}.ipynb", age) for name, age in (("a", 2.0), ("b", 1.0))
    ]
    assert who([*found, file("xben_12_21_hw.ipynb")])[0] == {
        "xanna_11_20_hw.zip/a.ipynb": "xanna",
        "xben_12_21_hw.ipynb": "xben",
    }


def test_flat_files_are_a_student_each():
    assert who([file("a.ipynb"), file("b.ipynb")]) == (
        {"a.ipynb": "a", "b.ipynb": "b"},
        [],
    )


def test_every_other_file_is_named():
    py = "a Python file, not a notebook"
    found = [file("anna/w.ipynb"), file("anna/hw.py", trouble=py, usable=False)]
    found += [file("ben/w.ipynb"), file("ben/hw.py", trouble=py, usable=False)]
    found += [file("ben/a.png", usable=False), file("cleo/sub/hw.py", trouble=py, usable=False)]
    found += [file("dan.py", trouble=py, usable=False), file("eva.ipynb.txt")]
    names, remarks = who(found)
    assert [*names] == ["anna/w.ipynb", "ben/w.ipynb", "eva.ipynb.txt"]
    assert remarks == [
        "beside notebooks, not used: ben/a.png, hw.py (2 times)",
        "cleo: no notebook; it holds hw.py",
        "dan.py: a Python file, not a notebook",
        "eva.ipynb.txt: run as a notebook, whatever its name",
    ]


def test_a_file_in_trouble_is_a_row_as_well():
    names, remarks = who([file("a.ipynb", trouble="an empty file (0 bytes)")])
    assert names == {"a.ipynb": "a"}
    assert remarks == []


# With one


OWN = "Name,ID number,Email\nAnna Becker,4711,anna.becker@uni.example\nJörg Groß,4712,jg7@x\n"


@pytest.mark.parametrize(
    "name",
    [
        "Anna Becker_99_assignsubmission_file_/w.ipynb",
        "beckeranna_55_66_w.ipynb",
        "anna_becker_homework.ipynb",
        "Becker, Anna/w.ipynb",
        "hw1_BECKER-Anna.ipynb",
        "4711.ipynb",
        "anna.becker@uni.example/w.ipynb",
        "anna.becker/w.ipynb",
        "s_4711_hw.ipynb",
    ],
)
def test_a_student_is_found_by_name_number_or_address(tmp_path, name):
    names, remarks = who([file(name)], listed(tmp_path, OWN))
    assert names == {name: "Anna Becker", "Jörg Groß": "Jörg Groß"}
    assert remarks == []


@pytest.mark.parametrize(
    "name",
    ["Jörg Groß/w.ipynb", "joerg_gross.ipynb", "jorggross_55_66_w.ipynb", "Gross Jorg.ipynb"],
)
def test_umlauts_may_be_written_in_any_way(tmp_path, name):
    assert who([file(name)], listed(tmp_path, OWN))[0][name] == "Jörg Groß"


def test_who_handed_in_nothing_or_no_notebook_is_in_the_table(tmp_path):
    found = [file("anna becker/hw.py", trouble="a Python file, not a notebook", usable=False)]
    table, _ = deliveries.sorted_out([*found, file("x.ipynb")], listed(tmp_path, OWN))
    anna, joerg = table[1:]
    assert anna.found is joerg.found is None
    assert anna.instead == "hw.py, a Python file, not a notebook"
    assert (joerg.number, joerg.instead) == ("4712", "")


def test_who_is_not_in_the_list_or_not_clear_is_named_and_kept(tmp_path):
    text = "Name\nAnna Meier\nAnna Meier\nBen Anders\n"
    found = [file("anna meier.ipynb"), file("stranger.ipynb"), file("ben anders.ipynb")]
    names, remarks = who(found, listed(tmp_path, text))
    assert names == {
        "anna meier.ipynb": "anna meier",
        "ben anders.ipynb": "Ben Anders",
        "stranger.ipynb": "stranger",
        "Anna Meier (1 of 2)": "Anna Meier (1 of 2)",
        "Anna Meier (2 of 2)": "Anna Meier (2 of 2)",
    }
    assert remarks == [
        "anna meier.ipynb: not clear whose of the class list; perhaps Anna Meier",
        "stranger.ipynb: of nobody in the class list",
    ]


def test_a_longer_name_is_not_taken_for_the_shorter_one_in_it(tmp_path):
    text = "Name\nAnna Beck\nAnna Becker\n"
    assert who([file("annabecker_hw.ipynb")], listed(tmp_path, text))[0] == {
        "annabecker_hw.ipynb": "Anna Becker",
        "Anna Beck": "Anna Beck",
    }


def test_two_of_one_name_who_handed_in_nothing_are_two(tmp_path):
    text = "Name,ID\nAnna Meier,4711\nAnna Meier,4712\nBen Ober,4713\n"
    assert [*who([file("4713.ipynb")], listed(tmp_path, text))[0]] == [
        "4713.ipynb",
        "Anna Meier (4711)",
        "Anna Meier (4712)",
    ]


def test_a_number_that_says_another_than_the_name_is_not_trusted(tmp_path):
    text = "Name,ID\nAnna Meier,2026\nBen Ober,4713\n"
    found = [file("hw_2026_anna_meier.ipynb"), file("hw_2026_ben_ober.ipynb")]
    names, (remark,) = who(found, listed(tmp_path, text))
    assert names["hw_2026_anna_meier.ipynb"] == "Anna Meier"
    assert remark == (
        "hw_2026_ben_ober.ipynb: not clear whose of the class list; perhaps Anna Meier or Ben Ober"
    )


def test_two_people_of_one_name_are_not_made_one(tmp_path):
    """Only one of them is in the list; the platform's numbers tell them apart."""
    found = [file(f"Anna Becker_{n}_assignsubmission_file_/w.ipynb") for n in (1, 2)]
    names, remarks = who(found, listed(tmp_path, OWN))
    assert sum(name.endswith("w.ipynb") for name in names) == 2
    assert len([r for r in remarks if "not clear whose" in r]) == 2


def test_a_worksheet_of_moodle_matches_by_its_participant_number(tmp_path):
    text = "Identifier,Full name,Grade\nParticipant 12,Anna Becker,\nParticipant 34,Anna Becker,\n"
    found = [file(f"Anna Becker_{n}_assignsubmission_file_/w.ipynb") for n in (34, 12)]
    table, remarks = deliveries.sorted_out(found, listed(tmp_path, text))
    assert [each.row["Identifier"] for each in table] == ["Participant 12", "Participant 34"]
    assert remarks == []


def test_a_worksheet_without_names_matches_where_moodle_hides_them(tmp_path):
    students = listed(tmp_path, "Identifier,Status,Grade\nParticipant 12,-,\nParticipant 34,-,\n")
    names, remarks = who([file("Participant_34_assignsubmission_file_/w.ipynb")], students)
    assert [*names.values()] == ["Participant 34", "Participant 12"]
    assert remarks == []


def test_a_gradebook_of_canvas_matches_by_its_number(tmp_path):
    text = "Student,ID,SIS User ID,Section,HW (1)\n    Points Possible,,,,10\n"
    text += '"Becker, Anna",123,,A,\n"Student, Test",9,,A,\n'
    students = listed(tmp_path, text)
    assert [student.name for student in students.students] == ["Anna Becker"]
    assert len(students.rows) == 3
    assert who([file("whoever_123_44_w.ipynb")], students)[0] == {
        "whoever_123_44_w.ipynb": "Anna Becker"
    }


# Class lists of any make


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("First name;Surname;ID number\nJörg;Groß;4712\n", "utf-8-sig"),
        ("first name\tlast name\nJörg\tGroß\n", "utf-8"),
        ("Name;Punkte\nJörg Groß;\n", "cp1252"),
        ('Student,ID\n"Groß, Jörg",5\n', "utf-8"),
        ("Jörg Groß\n\n", "utf-8"),
    ],
)
def test_class_lists_of_any_make_are_read(tmp_path, text, encoding):
    assert [s.name for s in listed(tmp_path, text, encoding).students] == ["Jörg Groß"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must have a column Name, or First name and Last name: got an empty file in "),
        ("login\nab1\n", "must have a column Name, or First name and Last name: got login in "),
        ("Vorname;Nachname\nJ;G", "must have a column Name, or First name and Last name: got Vor"),
        ("Name,ID\n,\n", "must name students: got none in "),
    ],
)
def test_a_list_without_names_is_refused(tmp_path, text, said):
    with pytest.raises(ValueError) as raised:
        listed(tmp_path, text)
    assert str(raised.value).startswith(f"the class list {said}")
    with pytest.raises(ValueError, match="the class list must be a file: got No such file"):
        roster.read(tmp_path / "none.csv")
