"""The guide for who gives the course: its plans add up, and name what there is."""

import re
from pathlib import Path

import nbformat
import pytest

from cnnlab.exercises import catalogue

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
CHAPTERS = {m[1]: m[0] for m in re.finditer(r"^## (\d\d) .*?(?=^## |\Z)", GUIDE, re.M | re.S)}
LESSONS = {path.stem[:2]: path for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))}
README = (ROOT / "README.md").read_text(encoding="utf-8")
TERM = GUIDE.split("## A term of 14 weeks")[1].split("## Two days")[0]


def rows(text):
    """The rows of the tables of a text, each a list of cells."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def part(lesson, name):
    """What stands behind a heading in bold type, up to the end of its line."""
    return re.search(rf"^\*\*{re.escape(name)}\*\* (.*)", CHAPTERS[lesson], re.MULTILINE)[1]


def taught(lesson, unit):
    """The numbers of the sections that a unit keeps: 45, 90 or 180 minutes."""
    column = ["45", "90", "180"].index(unit) + 2
    found = [row for row in rows(CHAPTERS[lesson]) if row[0][0].isdigit()]
    return {row[0].split(".")[0] for row in found if minutes(row[column])}


def section_of_each_exercise(lesson):
    """{number of an exercise: number of the section it stands in}."""
    cells = nbformat.read(LESSONS[lesson], 4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found = {}
    for section in re.findall(r"^## \d+\. .*?(?=^## |\Z)", prose, re.M | re.S):
        number = section.split(".")[0].removeprefix("## ")
        found |= dict.fromkeys(re.findall(r"\*\*Exercise (\d\d\.\d)", section), number)
    return found


def exercises_named(text):
    """The numbers in a text such as "05.1 to 05.3, 05.5", the ones between filled in."""
    found = set(re.findall(r"\b\d\d\.\d\b", text))
    for lesson, first, last in re.findall(r"\b(\d\d)\.(\d) to \d\d\.(\d)\b", text):
        found |= {f"{lesson}.{number}" for number in range(int(first), int(last) + 1)}
    return found


def sections_named(text):
    """The numbers in a text such as "read sections 5 and 9; the end of section 12"."""
    groups = re.findall(r"\bsections? (\d+(?:(?:, | and | to )\d+)*)", text)
    return {number for group in groups for number in re.findall(r"\d+", group)}


def minutes(cell):
    return int(cell) if cell.strip() not in ("", "–") else 0


def headings(path):
    cells = nbformat.read(path, 4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.findall(r"^## (\d+\. .*)$", text, re.MULTILINE)


def test_every_lesson_behind_the_first_has_its_chapter():
    assert sorted(CHAPTERS) == sorted(LESSONS)[1:]


@pytest.mark.parametrize("lesson", [lesson for lesson in CHAPTERS if lesson in LESSONS])
def test_the_plans_list_the_sections_and_add_up(lesson):
    _, *sections, questions, exercises, pause, together = rows(CHAPTERS[lesson])
    assert [row[0] for row in sections] == headings(LESSONS[lesson])
    reading = re.search(rf"^\| `{lesson}_.*?\| (\d+) min", README, re.MULTILINE)[1]
    assert together[1:] == [reading, "45", "90", "180"]
    for place in range(1, 5):
        parts = [*sections] if place == 1 else [*sections, questions, exercises, pause]
        assert sum(minutes(row[place]) for row in parts) == minutes(together[place])


@pytest.mark.parametrize("lesson", CHAPTERS)
def test_a_chapter_says_all_that_a_teacher_asks(lesson):
    parts = re.findall(r"^\*\*(.*?)\*\*", CHAPTERS[lesson], re.MULTILINE)
    assert parts == [
        "The question.",
        "Needs.",
        "Left out.",
        "If time runs short.",
        "Predict in full.",
        "Exercises.",
        "On the board.",
        "What students get wrong",
        "Questions for the room",
    ]
    asked = CHAPTERS[lesson].split("**Questions for the room**")[1]
    assert len(re.findall(r"^- \*.*?\?.*?\* \S", asked, re.MULTILINE)) >= 3
    assert f"| {part(lesson, 'The question.')} |" in README


@pytest.mark.parametrize("lesson", CHAPTERS)
def test_behind_each_question_stands_a_section_and_each_unit_has_a_question(lesson):
    asked = CHAPTERS[lesson].split("**Questions for the room**")[1]
    lines = re.findall(r"^- .*", asked, re.MULTILINE)
    behind = [re.search(r"\* \((sections? [^)]*)\) \S", line) for line in lines]
    named = [sections_named(found[1]) for found in behind]
    assert all(named)
    for unit in ("45", "90", "180"):
        assert any(sections <= taught(lesson, unit) for sections in named)
    assert set().union(*named) <= taught(lesson, "180") | {"13", "14", "17"}


@pytest.mark.parametrize("lesson", CHAPTERS)
def test_what_is_predicted_in_full_stands_in_sections_of_the_unit(lesson):
    text = part(lesson, "Predict in full.")
    assert sections_named(text) <= taught(lesson, "90") | taught(lesson, "45")
    assert "45" in text or "90" in text or sections_named(text) <= taught(lesson, "45")


def misplaced(lesson, text):
    """Exercises of a unit that stand in a section which it leaves out, unless it is said where."""
    lies_in = section_of_each_exercise(lesson)
    found = set()
    for unit, named in re.findall(
        r"\b(45|90|180)(?: minutes)?: (.*?)(?= \b(?:45|90|180)\b|\Z)", text
    ):
        for number in exercises_named(re.split(r"; .* at home|\. Minutes", named)[0]):
            said = f"{number} stands" in text or f"{number}, which stands" in text
            if lies_in[number] not in taught(lesson, unit) and not said:
                found.add((unit, number))
    return found


@pytest.mark.parametrize("lesson", CHAPTERS)
def test_an_exercise_of_a_unit_stands_in_a_section_that_it_keeps_or_it_is_said_where(lesson):
    text = part(lesson, "Exercises.")
    assert misplaced(lesson, text) == set()
    for number, section in re.findall(
        r"(\d\d\.\d),?(?: which)? stands at the end of section (\d+)", text
    ):
        assert section_of_each_exercise(lesson)[number] == section


def test_these_checks_of_the_exercises_can_fail():
    assert misplaced("05", "45 minutes: 05.2. 90: 05.1, 05.2.") == {("45", "05.2"), ("90", "05.2")}
    assert misplaced("05", "180: 05.1 to 05.4; 05.5 and 05.6 at home.") == set()
    assert exercises_named("03.1 to 03.3, 03.5") == {"03.1", "03.2", "03.3", "03.5"}
    assert sections_named("read sections 5 and 9; section 12") == {"5", "9", "12"}


def test_the_minutes_of_the_exercises_are_those_of_the_plan():
    text = part("05", "Exercises.")
    needed = {number: int(took) for number, took in re.findall(r"(05\.\d) (\d+)", text)}
    assert sorted(needed) == sorted(section_of_each_exercise("05"))
    planned = next(row for row in rows(CHAPTERS["05"]) if row[0] == "exercises")
    for column, numbers in ((2, "2"), (3, "12"), (4, "1234")):
        assert sum(needed[f"05.{number}"] for number in numbers) == minutes(planned[column])


@pytest.mark.parametrize("lesson", CHAPTERS)
def test_what_students_get_wrong_names_exercises_of_the_lesson(lesson):
    text = CHAPTERS[lesson].split("**What students get wrong**")[1].split("**Questions")[0]
    lines = re.findall(r"^- .*", text, re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        numbers = re.findall(rf"\b{lesson}\.\d\b", line)
        assert numbers
        assert all(catalogue.find(number).mistakes for number in numbers)


def test_every_exercise_that_is_named_exists():
    known = {e.number for lesson in catalogue.lessons() for e in catalogue.exercises(lesson)}
    named = set(re.findall(r"\b(?:0\d|1[0-2])\.\d\b", GUIDE))
    assert named - known == set()


def test_the_term_has_fourteen_weeks_and_both_plans_come_to_every_lesson():
    weeks = rows(TERM.split("\n### ")[0])[1:]
    days = GUIDE.split("## Two days")[1].split("\n## ")[0]
    assert [row[0] for row in weeks] == [str(week) for week in range(1, 15)]
    wanted = {lesson for lesson in LESSONS if lesson <= "10"}
    for plan in (" ".join(row[1] for row in weeks), " ".join(row[2] for row in rows(days))):
        assert wanted <= set(re.findall(r"\b\d\d\b", plan))


def set_too_early(weeks):
    """(week, exercise) of those set at home before their section was taught or set to be read."""
    so_far, found = {}, set()
    for week, lessons, room, home, *_ in weeks:
        lesson = lessons.split(", ")[-1]
        known = so_far.setdefault(lesson, set())
        known |= taught(lesson, "90") if "in 90" in room else set()
        known |= sections_named(room) | sections_named(home)
        lies_in = section_of_each_exercise(lesson)
        found |= {(week, one) for one in exercises_named(home) if lies_in[one] not in known}
    return found


def test_an_exercise_at_home_belongs_to_a_section_taught_by_then():
    weeks = rows(TERM.split("\n### ")[0])[1:]
    assert set_too_early(weeks) == set()
    assert set_too_early([["5", "05", "in 90", "05.3, 05.4"]]) == {("5", "05.4")}


@pytest.mark.parametrize("week, lesson", [("6", "05"), ("12", "10")])
def test_the_weeks_with_a_plan_of_their_own_take_90_minutes(week, lesson):
    plan = TERM.split(f"| week {week}, lesson {lesson} | minutes |")[1].split("\n\n")[0]
    *found, (_, whole) = rows(plan)
    assert sum(minutes(took) for _, took in found) == minutes(whole) == 90
    sections = [name for name, _ in found if name[0].isdigit()]
    assert set(sections) <= set(headings(LESSONS[lesson]))
    (row,) = [row for row in rows(TERM.split("\n### ")[0]) if row[0] == week]
    assert {name.split(".")[0] for name in sections} == sections_named(row[2])
    lies_in = section_of_each_exercise(lesson)
    (exercises,) = [name for name, _ in found if name.startswith("exercises")]
    assert {lies_in[one] for one in exercises_named(exercises)} <= sections_named(row[2])
