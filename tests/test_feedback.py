"""A page for each student: complete, safe, and without the key."""

import runpy
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cnnlab.exercises import Mistake
from cnnlab.exercises.differences import difference
from cnnlab.grading import feedback, grades, pages, platforms, roster, soundness

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("grading_class.py"))))


class Reader(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.text += data


def written(tmp_path, files, **options):
    """{folder: its page, read} of a class."""
    feedback.write(made.graded(files, **options), tmp_path, "hw <1>")
    return {path.parent.name: Reader(path.read_text("utf-8")) for path in tmp_path.glob("*/*.html")}


def test_a_page_has_points_diagnosis_and_a_hint_that_fits(tmp_path):
    found = written(tmp_path, {"anna/w.ipynb": made.ONE, "ben/w.ipynb": made.NONE})
    assert {*found} == {"anna", "ben"}
    anna, ben = found["anna"].text, found["ben"].text
    assert "anna: 2.5 of 4.5 points" in anna
    assert "Twice as many & <i>more</i>." in anna and "Hint" not in anna  # it was named
    assert "Four score." in anna and "Lincoln" not in anna
    assert "3 is not right.Hint: Count eggs." in ben and "hint(" not in ben
    assert "○ not checked" in ben and "Lincoln" not in ben
    assert "How the run ended: the kernel died, in cell 3." in ben
    assert "It ran to its end." in anna


def hint_of(said, mark="✗"):
    """The hint beside what a judge said."""
    (row, _) = grades.rows("a", made.EXERCISES, [made.check("T.1", mark, said), made.RUN])
    assert "Try" not in row["diagnosis"]
    return feedback.told(row, made.EXERCISES[0])[1]


@pytest.mark.parametrize(
    ("got", "right"),
    [
        (3, 5),
        (3.25, 5.5),
        ("pool1", "block5"),
        ((3, 9), (3, 5)),
        (np.ones(3), np.array([1, 2, 7])),
        (np.ones((2, 3)), np.ones(4)),
        ((np.ones(3), 1), (np.array([1, 2, 7]), 1)),
    ],
    ids=str,
)
def test_a_hint_stands_where_nothing_more_is_known_than_that_it_is_wrong(got, right):
    said = difference(got, right)
    assert hint_of(f"{said}\nTry hint(...).") == "Count eggs."
    case = "With image of shape (3, 4) (uint8), mode=x: the result is wrong."
    assert hint_of(f"{case} {said}\nTry hint(...).") == "Count eggs."


@pytest.mark.parametrize("case", ["", "With image of shape (3, 4) (uint8): "])
@pytest.mark.parametrize(
    "said",
    [
        "NameError, in line 3, `np.zeros(3)`: name 'np' is not defined",
        "ValueError, outside your own lines: 3 is not right.",
        "ValueError: the model is not right.",
        "the result is wrong. The sign is wrong.",
        "the result is wrong. 4 is not right. Off by one: too small.",
        "the result is wrong. It is a list; a number is asked for.",
        "the result is wrong. compiled: True is not right.",
        "the result is wrong. Not as asked are: compiled: True; output: softmax.",
        "an error should be raised, and none is.",
    ],
)
def test_beside_an_error_or_a_slip_that_is_named_stands_no_hint(case, said):
    assert hint_of(f"{case}{said}\nTry hint(...).") == ""


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("○", "not answered yet"),
        ("", "No check of this exercise was run: error in cell 2: NameError: no"),
        ("✗", "Stopped after 10 s; it was in line 3, `while True:`."),
        ("✗", "The answer is a function: hand over its name, without brackets behind it."),
        ("✗", "The result is right, but `image` is changed on the way: work on a copy."),
        ("✗", "Twice as many & <i>more</i>."),
        ("✓", "That is not right."),
    ],
)
def test_without_a_wrong_result_there_is_no_hint(mark, said):
    assert hint_of(said, mark) == ""


def test_a_known_mistake_has_no_hint_whatever_its_words():
    exercise = replace(made.EXERCISES[0], mistakes=(Mistake("That is not right.", 24),))
    row = {"result": "wrong", "diagnosis": "That is not right."}
    assert feedback.told(row, exercise)[1] == ""
    assert feedback.told(row, made.EXERCISES[0])[1] == "Count eggs."


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (b"", feedback.AGAIN),
        (b'{"cells": [', feedback.AGAIN),
        (b"PK\x03\x04", feedback.AGAIN),
        (
            b"<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> other\n",
            "Keep one of the two versions in each place, see that your notebook opens, and hand "
            "it in again.",
        ),
    ],
)
def test_of_a_file_that_is_none_the_student_reads_what_to_do(content, remedy):
    why = soundness.trouble(content)
    assert feedback.ended(f"not run: {why}") == f"It was not run: {why}. {remedy}"


def test_the_student_is_asked_for_nothing_where_grading_failed():
    for run in ("the kernel did not start", "grading failed (OSError: no space)"):
        assert feedback.ended(f"not run: {run}") == f"It was not run: {run}."


def test_a_page_speaks_to_the_student():
    asked = "not run: the notebook must say its variant: got none in its metadata. Ask for it."
    rows = grades.rows("a", made.EXERCISES, [{"run": asked}])
    text = Reader(feedback.page("hw", rows, made.EXERCISES)).text
    assert text.strip().endswith(
        "It was not run: the notebook must say its variant: got none in its metadata. "
        "Hand in the notebook that you were given, with your answers in it."
    )


def test_what_cannot_be_judged_says_so_everywhere(tmp_path):
    said = "Cannot be judged: the model holds `Mine`, which is none of Keras's own layers."
    graded = made.graded({"anna/w.ipynb": [made.check("T.1", "?", said), made.RUN]})
    first = graded.rows[0]
    assert (first["result"], first["points"], first["diagnosis"]) == ("not checked", 0, said)
    feedback.write(graded, tmp_path, "hw")
    text = Reader(next(tmp_path.glob("*/*.html")).read_text("utf-8")).text
    told = f"{said} Somebody will look at it: your points may change."
    assert f"○ not checked{told}T.2" in text.replace("\n", "")  # and no hint
    assert f"T.1 not checked: {told}" in platforms._comment(graded, "anna/w.ipynb")
    assert (
        "cannot be judged, look at it yourself and give the points with --by-hand: anna/w.ipynb T.1"
        in grades.summary(graded.rows, Path("hw.py"))
    )


def test_no_page_holds_a_key(tmp_path):
    files = {"a.ipynb": made.ONE, "b.ipynb": made.NONE, "c.ipynb": [made.RUN]}
    for page in written(tmp_path, files).values():
        assert "123456789" not in page.text
        assert "987654321" not in page.text


def test_names_and_texts_are_no_html_and_nothing_is_loaded(tmp_path):
    bad = '<script>alert(1)</script> & "O\'Neil" Übel'
    entries = [
        made.check("T.1", "✗", "<img src=http://x.example/a.png>"),
        {"run": "to its end; <b>"},
    ]
    ((name, page),) = written(tmp_path, {f"{bad}/w.ipynb": entries}).items()
    assert not {"script", "img", "b", "i", "link"} & {*page.tags}
    assert not {"src", "href", "onclick"} & {key for key, _ in page.attributes}
    assert "<img src=http://x.example/a.png>" in page.text
    assert "default-src 'none'" in dict(page.attributes)["content"]
    assert not {*'<>"&/\\:|?*'} & {*name}


def test_the_notebook_as_it_ran_lies_beside_the_page(tmp_path):
    ran = tmp_path / "kept.ipynb"
    ran.write_bytes(b"{}")
    out = tmp_path / "out"
    name = 'anna/my "w".ipynb'
    written(out, {name: made.ONE, "ben.ipynb": made.ONE}, ran={name: ran})
    assert {path.name for path in (out / "anna").iterdir()} == {
        "feedback.html",
        "my _w__as_it_ran.ipynb",
    }
    assert "my _w__as_it_ran.ipynb" in (out / "anna" / "feedback.html").read_text("utf-8")
    assert [path.name for path in (out / "ben").iterdir()] == ["feedback.html"]


def test_moodle_s_folders_keep_their_names(tmp_path):
    folder = "Anna Becker_12_assignsubmission_file_"
    assert [*written(tmp_path, {f"{folder}/w.ipynb": made.ONE})] == [folder]


def test_who_handed_in_nothing_gets_no_page(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Name\nAnna Becker\nBen Ober\n", encoding="utf-8")
    out = tmp_path / "out"
    found = written(out, {"anna becker.ipynb": made.ONE}, roster=roster.read(path))
    assert [*found] == ["anna becker"]
    assert "Anna Becker: 2.5 of 4.5 points" in found["anna becker"].text


def test_no_two_names_become_one_file_on_any_system():
    texts = [
        "Anna",
        "anna",
        "ANNA",
        "a" * 300,
        "a" * 301,
        "ü" * 200,
        "CON",
        "..",
        "x.",
        "a/b",
        "a:b",
    ]
    found = feedback.names(texts)
    assert len({name.casefold() for name in found}) == len(texts)
    assert all(0 < len(name.encode()) <= feedback.LONGEST + 4 for name in found)
    assert found[:3] == ["Anna", "anna 2", "ANNA 3"]
    assert found[6:9] == ["_CON", "_", "x"]


def test_a_file_in_the_folder_s_place_is_refused(tmp_path):
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(ValueError) as raised:
        feedback.write(made.graded({"a.ipynb": made.ONE}), tmp_path / "f", "hw")
    assert str(raised.value) == (
        f"`--feedback` must be a folder: got the file {tmp_path / 'f'}. Name another one."
    )


def test_a_page_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    written(tmp_path, {"a.ipynb": made.ONE})
    before = (tmp_path / "a" / "feedback.html").read_bytes()
    write = Path.write_text

    def full(path, text, **options):
        write(path, text[:100], **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        pages.write(tmp_path / "a" / "feedback.html", "x" * 1000)
    assert (tmp_path / "a" / "feedback.html").read_bytes() == before


def test_the_columns_of_a_table_say_what_they_are():
    page = Reader(pages.table(("name", "n"), [("a", "1")], numbers=(1,)))
    assert page.tags.count("th") == page.tags.count("td") == 2
    assert [value for key, value in page.attributes if key == "class"] == ["number", "number"]
    assert ("scope", "col") in page.attributes
    assert dict(Reader(pages.bar(0.5)).attributes)["style"] == "width: 5.00rem"
