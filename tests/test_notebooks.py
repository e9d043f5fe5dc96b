"""The lessons keep the rules of form, and agree with the tables that list them."""

import base64
import io
import os
import re
from pathlib import Path

import nbformat
import pytest
from PIL import Image

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"


def lessons():
    found = [*NOTEBOOKS.glob("[0-9]*.ipynb"), *NOTEBOOKS.glob("homework/*.ipynb")]
    return [pytest.param(path, id=path.stem) for path in sorted(found)]


@pytest.mark.parametrize("path", lessons())
def test_a_lesson_keeps_the_rules_of_form(path):
    made = nbformat.read(path, 4)
    code = [c for c in made.cells if c.cell_type == "code"]
    assert made.metadata.kernelspec.name == "python3"  # or JupyterLab asks which kernel to start
    assert code[0].source.startswith("import cnnlab\n\ncnnlab.setup()")
    assert any("raises-exception" in c.metadata.get("tags", []) for c in code)
    too_long = [
        c.source for c in code if len(c.source.splitlines()) > (25 if "def " in c.source else 15)
    ]
    assert too_long == []
    forbidden = ("%pip", "!pip", "http://", "https://", "google.colab")
    assert [c.source for c in code for word in forbidden if word in c.source] == []
    assert path.stat().st_size <= 600_000
    unannounced = [
        second.source
        for first, second in zip(made.cells, made.cells[1:], strict=False)
        if first.cell_type == second.cell_type == "code" and first is not code[0]
    ]
    assert unannounced == [], "every code cell is announced by prose"
    shown = [
        (first.source, second.cell_type)
        for first, second in zip(made.cells, made.cells[1:], strict=False)
        if any("image/" in str([*output.get("data", {})]) for output in first.get("outputs", []))
    ]
    assert [source for source, kind in shown if kind != "markdown"] == [], "a sentence follows"


@pytest.mark.parametrize("path", lessons())
def test_a_figure_brings_its_own_white_ground(path):
    """Or a dark theme would stand behind its black words."""
    cells = nbformat.read(path, 4).cells
    shown = [out.data for c in cells for out in c.get("outputs", []) if "data" in out]
    charts = [data["image/svg+xml"] for data in shown if "image/svg+xml" in data]
    pictures = [data["image/png"] for data in shown if "image/png" in data]
    assert charts or pictures
    for chart in charts:
        ground = re.search(r'<g id="patch_1">\s*<path d="[^"]*"\s*style="([^"]*)"', chart)
        assert ground.group(1).replace(" ", "") == "fill:#ffffff"
    for picture in pictures:
        image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA")
        assert image.getchannel("A").getextrema() == (255, 255)
        corners = {
            image.getpixel((x, y)) for x in (0, image.width - 1) for y in (0, image.height - 1)
        }
        assert corners == {(255, 255, 255, 255)}


def test_the_map_of_lesson_00_is_the_table_of_the_readme():
    """Lesson, question and minutes: told twice, kept once."""
    readme = (HERE.parent / "README.md").read_text(encoding="utf-8")
    told = [row for row in readme.splitlines() if row.startswith("| `")]
    start = nbformat.read(NOTEBOOKS / "00_start_here.ipynb", 4)
    rows = [row for c in start.cells for row in c.source.splitlines()]
    mapped = [row for row in rows if re.match(r"\| \[?[01]\d", row)]
    assert len(told) == len(mapped) == 13
    for one, other in zip(told, mapped, strict=True):
        assert one.split("|")[2:] == other.split("|")[2:]
        assert one[3:5] == other.lstrip("| [")[:2]


def test_stored_outputs_name_no_folder_of_a_machine():
    for path in NOTEBOOKS.rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert str(HERE.parent) not in text
        assert str(Path.home()) + os.sep not in text, path.name


def reading_time(path):
    """The minutes of reading that a lesson announces in its first cell."""
    header = " ".join(nbformat.read(path, 4).cells[0].source.split())
    return re.search(r"\*\*Time:\*\* (\d+) minutes of reading", header).group(1)


def test_the_tables_of_lessons_promise_the_reading_times_of_the_lessons():
    readme = (HERE.parent / "README.md").read_text(encoding="utf-8")
    start = "\n".join(
        cell.source for cell in nbformat.read(NOTEBOOKS / "00_start_here.ipynb", 4).cells
    )
    lessons = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
    announced = [reading_time(path) for path in lessons]
    assert len(announced) == 13
    for text in (readme, start):
        assert re.findall(r"\? \| (\d+) min \| \d+ s \|", text) == announced
