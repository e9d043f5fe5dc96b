"""Every item of the lectures has its place in the lessons, and the pages say so."""

import re
import runpy
from collections import Counter
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
TOOL = runpy.run_path(str(ROOT / "tools" / "write_slides_pages.py"))
ITEMS = TOOL["items"]()
LESSONS = TOOL["lessons"]()
PER_DECK = {"000": 48, "001": 29, "002": 71, "003": 34, "004": 15}
COVERED = 187  # of them computed or built: this number may only grow


def named(item):
    return f"{item['deck']}.{item['slide']}-{item['words'][:30]}"


def cells(item, section=None):
    """The cells of the section that an item names, or of another one of the same lesson."""
    section = section or item["section"]
    [found] = [cells for heading, cells in LESSONS[item["lesson"]] if heading == section]
    return found


def prose(found):
    return " ".join(cell.source for cell in found if cell.cell_type == "markdown")


def where_wrong(item):
    """The section whose note says what is wrong with a slide, "" if nothing is."""
    return item["section"] if item["erratum"] == "erratum" else item["erratum"]


def shown(cell):
    """What a cell's stored output says, as one line: printed text, tables, errors."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        texts += [output.get("text", ""), data.get("text/plain", ""), output.get("evalue", "")]
        texts.append(re.sub("<[^>]*>", " ", data.get("text/html", "")))
    return " ".join(" ".join(texts).split())


def stands(words, text):
    """Whether words stand in a text, and not as a part of a longer number or word."""
    return re.search(rf"(?<![\w.,]){re.escape(words)}(?!\w|[.,]\d)", text) is not None


def faults(item):
    """What is wrong with where an item is said to be, [] if nothing."""
    state = item["state"]
    if state == "left out":
        placed = [key for key in ("lesson", "section", "cell", "shows") if item[key]]
        return placed + ["no reason"] * (not item["note"])
    wrong = where_wrong(item)
    noted = not wrong or "**Lecture erratum.**" in prose(cells(item, wrong))
    found = ["no erratum"] * (not noted)
    if state == "told":
        told = " ".join(prose(cells(item)).split())
        return found + ["not told"] * (not stands(item["shows"], told))
    code = [c for c in cells(item) if c.cell_type == "code" and c.id == item["cell"]]
    if not code or not code[0].execution_count:
        return [*found, "no such cell"]
    if state == "computed" and not (item["shows"] and stands(item["shows"], shown(code[0]))):
        found.append("not shown")
    return found


@pytest.mark.parametrize("item", ITEMS, ids=named)
def test_an_item_is_where_the_table_says(item):
    assert item["state"] in TOOL["STATES"]
    assert faults(item) == []


def test_all_items_of_the_five_decks_are_listed_in_the_order_of_the_slides():
    assert Counter(item["deck"] for item in ITEMS) == PER_DECK
    assert len(ITEMS) == 197
    places = [(item["deck"], int(item["slide"].split("-")[0])) for item in ITEMS]
    assert places == sorted(places)
    assert all(item["words"] for item in ITEMS)
    assert len({(item["deck"], item["slide"], item["words"]) for item in ITEMS}) == 197


def test_most_are_computed_or_built():
    assert sum(item["state"] in ("computed", "built") for item in ITEMS) >= COVERED


def test_no_two_sections_of_a_lesson_have_one_anchor():
    for parts in LESSONS.values():
        anchors = [TOOL["slug"](heading) for heading, _ in parts]
        assert len(set(anchors)) == len(anchors)


def test_the_anchor_is_that_of_the_site():
    assert TOOL["slug"]("6. VGG16 (2014): only 3×3") == "6-vgg16-2014-only-33"
    assert TOOL["slug"]('"Take the top right corner?"') == "take-the-top-right-corner"


def test_these_checks_can_fail():
    item = next(item for item in ITEMS if item["shows"] == "196,609,000")
    assert faults(item | {"shows": "196,609"}) == ["not shown"]
    assert faults(item | {"shows": "6,609,000"}) == ["not shown"]
    assert faults(item | {"shows": ""}) == ["not shown"]
    assert faults(item | {"cell": "absent"}) == ["no such cell"]
    assert faults(item | {"state": "told", "shows": "a unicorn"}) == ["not told"]
    assert faults(item | {"state": "left out"})[:4] == ["lesson", "section", "cell", "shows"]
    nothing = dict.fromkeys(item, "") | {"state": "left out"}
    assert faults(nothing) == ["no reason"]
    assert faults(nothing | {"note": "why"}) == []
    elsewhere = item | {"section": "7. Parameters are not time"}
    assert faults(elsewhere) == ["no erratum", "no such cell"]
    assert faults(item | {"erratum": "7. Parameters are not time"}) == ["no erratum"]
    assert faults(item | {"erratum": "5. AlexNet (2012): larger, and on two graphics cards"}) == []
    with pytest.raises(ValueError, match="not enough values"):
        faults(item | {"section": "no such heading"})
    assert stands("26", "convolution: 26, no more")
    assert not stands("26", "6,126 and 26.5")


def test_the_pages_are_those_of_the_table_and_of_the_lessons():
    remedy = "run tools/write_slides_pages.py"
    slides = (ROOT / "docs" / "slides.md").read_text(encoding="utf-8")
    assert slides == TOOL["slides_page"](ITEMS), remedy
    errata = (ROOT / "docs" / "errata.md").read_text(encoding="utf-8")
    assert errata == TOOL["errata_page"](TOOL["errata"](LESSONS), TOOL["noted_slides"](ITEMS)), (
        remedy
    )


def test_every_note_about_a_slide_stands_in_the_errata():
    notes = [
        cell.source.count("**Lecture erratum.**")
        for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
        if not path.name.startswith("00")
        for cell in nbformat.read(path, 4).cells
    ]
    assert sum(notes) == len(TOOL["errata"](LESSONS)) > 25


def test_each_section_with_a_note_about_a_slide_is_marked_in_the_table():
    noted = {(lesson, section) for lesson, section, _ in TOOL["errata"](LESSONS)}
    marked = {(item["lesson"], where_wrong(item)) for item in ITEMS}
    # what the slides say of padding is a fact of its own, but no item of the list
    assert noted - marked == {("01_convolution_by_hand", "Padding")}


def test_a_table_cell_holds_what_markdown_would_take_for_its_own():
    assert TOOL["_plain"](r'"if positive \", a | b * c') == r'"if positive \\", a \| b \* c'
