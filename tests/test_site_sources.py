"""What the web site is made from: links, the map of the modules, the words of the lessons."""

import json
import re
import runpy
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
SOURCES = runpy.run_path(str(ROOT / "tools" / "site_sources.py"))
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS = [line.lower() for line in re.findall(r"^(\S.*)\n  \S", GLOSSARY, flags=re.MULTILINE)]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def new_words(path):
    """What a lesson prints in italics in its paragraph of new words."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    found = re.search(r"\*\*New words:\*\*(.*?)(\n\n|$)", text, flags=re.DOTALL)
    listed = re.sub(r"\s+", " ", found[1]) if found else ""
    return re.findall(r"\*([^*]+)\*", listed)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_new_words_of_a_lesson_stand_in_the_glossary(path):
    words = new_words(path)
    assert words or path.stem == "00_start_here"
    assert [w for w in words if not any(t.startswith(w.lower()) for t in TERMS)] == []


def test_the_glossary_is_in_alphabetical_order_and_names_a_lesson_for_every_word():
    assert len(TERMS) > 50
    assert sorted(TERMS) == TERMS
    entries = GLOSSARY.split(":::{glossary}")[1].split("\n\n")
    assert [entry for entry in entries if not re.search(r"[Ll]esson \d\d", entry)] == []


def test_every_figure_of_every_lesson_stands_on_the_page_of_figures(tmp_path):
    SOURCES["write_figures"](tmp_path, LESSONS)
    page = (tmp_path / "figures.md").read_text(encoding="utf-8")
    alts = [alt for path in LESSONS for _, alt in SOURCES["figures"](nbformat.read(path, 4))]
    shown = re.findall(r"!\[(.*?)\]\((small/.*?)\)", page)
    assert [alt for alt, _ in shown] == alts
    for _, name in shown:
        assert (tmp_path / name).stat().st_size < 90_000


def test_the_atlas_has_a_described_sheet_for_each_of_the_thirteen_layers(tmp_path):
    SOURCES["write_atlas"](tmp_path)
    page = (tmp_path / "atlas.md").read_text(encoding="utf-8")
    sheets = re.findall(r"!\[Twelve patterns of (\w+), .*?\]\((\w+).jpg\)", page)
    assert len(sheets) == 13
    assert all(one == other and (tmp_path / f"{one}.jpg").is_file() for one, other in sheets)


def test_a_picture_is_as_wide_as_on_a_plain_screen_however_many_dots_are_stored():
    new = nbformat.v4
    figure = new.new_output("display_data", {"image/png": "AAAA", "text/plain": "1. one"})
    figure.metadata = {"image/png": {"width": 274, "height": 200}}
    cell = new.new_code_cell("", outputs=[figure], metadata={"mystnb": {"image": {"alt": "one"}}})
    shown = SOURCES["shown"](new.new_notebook(cells=[cell])).cells[0]
    assert shown.metadata["mystnb"]["image"] == {"alt": "one", "width": "274px"}


def test_a_lesson_is_linked_where_it_exists():
    page = "Lesson 02, then lesson 77."
    linked = SOURCES["linked"](page, ["01_a", "02_feature_maps"])
    assert linked == "[Lesson 02](lessons/02_feature_maps.ipynb), then lesson 77."


def test_a_page_that_a_lesson_names_is_linked_on_the_site_and_in_the_repository():
    new = nbformat.v4
    page = new.new_markdown_cell("The page [Draw a digit](../docs/draw.md).")
    shown = SOURCES["shown"](new.new_notebook(cells=[page]))
    assert shown.cells[0].source == "The page [Draw a digit](../draw.md)."
    for lesson in LESSONS:
        for name in re.findall(r"\]\(\.\./docs/(\w+)\.md\)", lesson.read_text(encoding="utf-8")):
            assert (ROOT / "docs" / f"{name}.md").is_file(), (lesson, name)


def test_every_module_has_its_place_in_the_reference():
    listed = [name for _, modules in SOURCES["floors"]() for name in modules]
    package = ROOT / "cnnlab"
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    assert sorted(listed) == sorted(modules | packages)


def test_a_slider_becomes_a_sentence_and_figures_stay():
    new = nbformat.v4
    figure = new.new_output("display_data", {"image/png": "AAAA", "text/plain": "<Figure>"})
    slider = new.new_output("display_data", {SOURCES["WIDGET"]: {"model_id": "1"}})
    notebook = new.new_notebook(
        cells=[new.new_code_cell("x", outputs=[slider, figure])], metadata={"widgets": {"state": 1}}
    )
    shown = SOURCES["shown"](notebook)
    first, second = shown.cells[0].outputs
    assert first.data == {"text/markdown": SOURCES["SLIDERS"]}
    assert second.data["image/png"] == "AAAA"
    assert "widgets" not in shown.metadata
