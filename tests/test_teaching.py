"""The guide for who gives the course: its plans add up, and name what there is."""

import re
from pathlib import Path

import nbformat
import pytest

from cnnlab.exercises import judging

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
CHAPTERS = {m[1]: m[0] for m in re.finditer(r"^## (\d\d) .*?(?=^## |\Z)", GUIDE, re.M | re.S)}
LESSONS = {path.stem[:2]: path for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(text):
    """The rows of the tables of a text, each a list of cells."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


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
        "Left out.",
        "Exercises.",
        "On the board.",
        "What students get wrong",
        "Questions for the room",
    ]
    asked = CHAPTERS[lesson].split("**Questions for the room**")[1]
    assert len(re.findall(r"^- \*.*?\?.*?\* \S", asked, re.MULTILINE)) >= 3
    question = re.search(r"\*\*The question\.\*\* (.*)", CHAPTERS[lesson])[1]
    assert f"| {question} |" in README


@pytest.mark.parametrize("lesson", CHAPTERS)
def test_what_students_get_wrong_names_exercises_of_the_lesson(lesson):
    text = CHAPTERS[lesson].split("**What students get wrong**")[1].split("**Questions")[0]
    lines = re.findall(r"^- .*", text, re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        numbers = re.findall(rf"\b{lesson}\.\d\b", line)
        assert numbers
        assert all(judging.find(number).mistakes for number in numbers)


def test_every_exercise_that_is_named_exists():
    known = {e.number for lesson in judging.lessons() for e in judging.exercises(lesson)}
    named = set(re.findall(r"\b(?:0\d|1[0-2])\.\d\b", GUIDE))
    assert named - known == set()


def test_the_term_has_fourteen_weeks_and_both_plans_come_to_every_lesson():
    term, days = GUIDE.split("## A term of 14 weeks")[1].split("## Two days")
    days = days.split("\n## ")[0]
    weeks = rows(term)[1:]
    assert [row[0] for row in weeks] == [str(week) for week in range(1, 15)]
    wanted = {lesson for lesson in LESSONS if lesson <= "10"}
    for plan in (" ".join(row[1] for row in weeks), " ".join(row[2] for row in rows(days))):
        assert wanted <= set(re.findall(r"\b\d\d\b", plan))
