"""`cnnlab progress`: what the saved copies say of a student's exercises."""

import nbformat
import pytest

from cnnlab.command import cli, standing
from cnnlab.exercises import catalogue
from cnnlab.files.shipped import notebooks_folder


def cell(source, *outputs):
    outputs = [nbformat.v4.new_output("stream", text=text) for text in outputs]
    return nbformat.v4.new_code_cell(source, outputs=outputs)


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[*cells])


ANSWERED, ASKED = 'shape = (29, 46)\ncheck("01.2", shape)', 'shape = ...\ncheck("01.2", shape)'


@pytest.mark.parametrize(
    ("source", "outputs", "mark"),
    [
        (ASKED, ["○ 01.2 not answered yet\n"], "○"),
        (ASKED, [], "○"),
        (ANSWERED, ["✓ 01.2 As far as the window goes.\n"], "✓"),
        (ANSWERED, ["✗ 01.2 Not so.\n", "Try hint('01.2').\n"], "✗"),
        (ANSWERED, ["○ 01.2 not answered yet\n"], "?"),
        (ANSWERED, [], "?"),
        ("check('01.2', (29, 46))", [], "?"),
        (ANSWERED, ["○ 01.2 cannot be judged here, for its own solution fails.\n"], "○"),
    ],
)
def test_what_a_copy_says_of_an_exercise(source, outputs, mark):
    found = standing.outcomes(notebook(cell(source, *outputs)))
    assert {number: said[0] for number, said in found.items()} == {"01.2": mark}


def test_the_last_check_counts_and_only_checks_do():
    found = standing.outcomes(
        notebook(
            cell(ANSWERED, "✗ 01.2 Not so.\n"),
            cell(ANSWERED, "✓ 01.2 Now it is.\n"),
            cell("print('✗ 01.2 a line of my own')", "✗ 01.2 a line of my own\n"),
            nbformat.v4.new_markdown_cell(ANSWERED),
        )
    )
    assert found == {"01.2": ("✓", "Now it is.")}


def test_every_lesson_and_homework_with_exercises_is_looked_for():
    parts = standing.parts()
    count = len([*notebooks_folder().glob("homework/*.py")])
    assert [address[:2] for address, _ in parts[:-count]] == [*catalogue.lessons()]
    assert [address.split("/")[0] for address, _ in parts[-count:]] == ["homework"] * count
    assert all(exercises for _, exercises in parts)


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Copies of two parts: two exercises of lesson 01, two of lesson 02."""
    lessons = {"01_one.ipynb": "01", "02_two.ipynb": "02"}
    parts = [(name, catalogue.exercises(lesson)[:2]) for name, lesson in lessons.items()]
    monkeypatch.setattr(standing, "parts", lambda: parts)
    return tmp_path


def save(folder, name, *lines):
    numbers = [line.split()[1] for line in lines]
    cells = [cell(f'check("{n}", mine)', line) for n, line in zip(numbers, lines, strict=True)]
    nbformat.write(notebook(*cells), folder / name)


def test_lessons_mistakes_the_sum_and_where_to_go_on(work, capsys):
    save(work, "01_one.ipynb", "✗ 01.1 The picture moves up.", "✓ 01.2 Right.")
    save(work, "02_two.ipynb", "✓ 02.1 Right.", "✗ 02.2 Loops.\nTry hint('02.2').")
    assert cli.main(["progress", "--folder", str(work)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        standing.LEGEND,
        "✗✓      1 of 2  01_one.ipynb",
        "        ✗ 01.1 The kernel that shifts: The picture moves up.",
        "✓✗      1 of 2  02_two.ipynb",
        "        ✗ 02.2 Convolution with channels: Loops.",
        "2 of 4 exercises done, 2 of 5 stars",
        f"go on with 02.2, Convolution with channels (★★), in {work / '02_two.ipynb'}",
    ]


def test_behind_the_last_done_one_and_then_what_was_left_before(work):
    save(work, "01_one.ipynb", "✗ 01.1 No.", "✓ 01.2 Right.")
    save(work, "02_two.ipynb", "✓ 02.1 Right.", "✓ 02.2 Right.")
    assert standing.report(work)[-1].startswith("go on with 01.1, ")
    save(work, "01_one.ipynb", "✓ 01.1 Right.", "✓ 01.2 Right.")
    assert standing.report(work)[-1].startswith("All done. ")
    save(work, "01_one.ipynb", "○ 01.1 not answered yet", "○ 01.2 not answered yet")
    save(work, "02_two.ipynb", "○ 02.1 not answered yet", "○ 02.2 not answered yet")
    assert standing.report(work)[-1].startswith("go on with 01.1, ")


def test_what_was_not_copied_is_left_out_and_what_is_broken_is_told(work):
    save(work, "02_two.ipynb", "✓ 02.1 Right.")
    assert standing.report(work)[1:3] == [
        "✓○      1 of 2  02_two.ipynb",
        "1 of 2 exercises done, 1 of 3 stars",
    ]
    (work / "01_one.ipynb").write_text("{")
    assert standing.report(work)[1] == "01_one.ipynb: cannot be read (NotJSONError)"


def test_a_folder_without_copies_is_refused(tmp_path, capsys):
    assert cli.main(["progress", "--folder", str(tmp_path / "absent")]) == 2
    assert capsys.readouterr().err == (
        f"cnnlab: `--folder` must hold your copies of the lessons: got "
        f"{str(tmp_path / 'absent')!r}, where none can be read. `cnnlab lab` makes them; --folder "
        "names another place.\n"
    )


def test_in_the_course_itself_nothing_is_answered():
    lines = standing.report(notebooks_folder())
    assert lines[-2].startswith("0 of ")
    assert lines[-1].startswith("go on with 01.1, ")
