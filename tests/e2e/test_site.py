"""The web site in a real browser: complete, readable without a network, every figure described.

`make site` builds it and runs this file.
"""

import ast
import functools
import json
import re
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
PAGES = sorted(page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html"))
LESSONS = sorted(
    path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()
    for path in (ROOT / "notebooks").rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)
MODULES = sorted(
    path
    for path in (ROOT / "cnnlab").glob("*.py")
    if path.stem not in ("__init__", "cli")  # the command line's functions are its commands
)

pytestmark = pytest.mark.skipif(not PAGES, reason="the site is not built: `make site`")


@pytest.fixture
def page(browser, address):
    """A page that may only talk to this machine; `page.refused` is whom else it asked."""
    page = browser.new_page(viewport={"width": 1200, "height": 1600})
    page.set_default_timeout(90_000)
    page.refused, page.faults = [], []

    def local_only(route):
        if route.request.url.startswith((address, "file:", "data:")):
            route.continue_()
        else:
            page.refused.append(route.request.url)
            route.abort()

    page.route("**/*", local_only)
    page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    yield page
    page.close()


class Elements(HTMLParser):
    """What a page links to, the places in it that can be linked to, and its images."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.images = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag == "img":
            self.images.append(attributes)


@functools.cache
def elements(page):
    return Elements(SITE / page)


def figures(lesson):
    """The alt text of every figure that a stored lesson draws, in order."""
    notebook = json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8"))
    return [
        cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if any(kind.startswith("image/") for kind in output.get("data", {}))
    ]


def test_every_page_opens_and_asks_nobody_else(page, address):
    for name in PAGES:
        answer = page.goto(f"{address}/{name}", wait_until="load")
        assert answer.ok, name
    page.wait_for_timeout(500)
    assert page.refused == []
    assert [fault for fault in page.faults if "favicon" not in fault] == []


def test_a_request_to_another_machine_would_be_seen(page, address):
    page.goto(f"{address}/index.html")
    page.evaluate("() => fetch('http://cnnlab.invalid/').catch(() => null)")
    assert page.refused == ["http://cnnlab.invalid/"]


def test_pages_open_from_the_folder_without_a_server(page):
    page.goto((SITE / "index.html").as_uri())
    page.get_by_role("link", name="01 Convolution by hand").first.click()
    page.wait_for_selector("h1:has-text('01 Convolution by hand')")
    assert page.refused == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_figure_of_a_lesson_has_its_alt_text(lesson):
    alts = figures(lesson)
    assert all(len(alt) > 20 for alt in alts), alts
    shown = [image["alt"] for image in elements(f"lessons/{lesson}.html").images]
    assert [alt for alt in shown if alt in alts] == alts
    assert all(shown)


def test_every_lesson_stands_in_the_navigation():
    links = elements("index.html").links
    assert [n for n in LESSONS if "/" not in n and f"lessons/{n}.html" not in links] == []


def test_sliders_are_replaced_by_a_sentence():
    text = (SITE / "lessons" / "01_convolution_by_hand.html").read_text(encoding="utf-8")
    assert "In JupyterLab there are sliders here" in text
    assert "widget-view+json" not in text


def test_formulas_are_drawn_without_a_script(page, address):
    page.goto(f"{address}/lessons/01_convolution_by_hand.html")
    boxes = [formula.bounding_box() for formula in page.query_selector_all("div.math > math")]
    assert len(boxes) >= 4
    assert all(box["width"] > 80 and box["height"] > 15 for box in boxes)


def test_search_finds_a_lesson_and_a_function(page, address):
    page.goto(f"{address}/search.html?q=receptive")
    page.wait_for_selector("#search-results ul.search li a")
    found = page.locator("#search-results ul.search li a").all_inner_texts()
    assert any("03 Receptive field" in line for line in found), found
    assert any("cnnlab.receptive_field" in line for line in found), found
    assert page.refused == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_every_public_function_stands_in_the_reference(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    public = [
        f"cnnlab.{module.stem}.{node.name}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node)
    ]
    assert set(public) <= elements(f"api/{module.stem}.html").ids


def test_every_link_leads_somewhere():
    broken = []
    for name in PAGES:
        for link in elements(name).links:
            if re.match(r"[a-z]+:", link):
                continue
            path, place = urldefrag(unquote(link))
            target = ((SITE / name).parent / path).resolve() if path else SITE / name
            if not target.is_file():
                broken.append((name, link))
            elif place and target.suffix == ".html":
                ids = elements(target.relative_to(SITE).as_posix()).ids
                broken += [] if place in ids else [(name, link)]
    assert broken == []


# ---- for every reader

AXE = find_spec("axe_playwright_python")
NARROW = 320  # pixels: a telephone, or a page at four times its size (WCAG 2.2, 1.4.10)
WIDER = """() => document.documentElement.scrollWidth"""


def themed(browser, theme, width=1366):
    """A page of the browser in a theme."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(120_000)
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    return page


@pytest.mark.skipif(AXE is None, reason="axe-playwright-python comes with `make site`")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_fault_on_any_page(browser, address, theme):
    script = (Path(AXE.origin).parent / "axe.min.js").read_text(encoding="utf-8")
    page = themed(browser, theme)
    found = []
    for name in PAGES:
        page.goto(f"{address}/{name}")
        page.evaluate(script)
        for fault in page.evaluate("async () => (await axe.run()).violations"):
            found.append((name, fault["id"], fault["nodes"][0]["html"][:100]))
    page.close()
    assert found == []


def test_no_page_is_wider_than_a_narrow_screen(browser, address):
    page = themed(browser, "light", NARROW)
    wider = []
    for name in PAGES:
        page.goto(f"{address}/{name}")
        if page.evaluate(WIDER) > NARROW:
            wider.append(name)
    page.close()
    assert wider == []


def test_tables_have_scopes_and_scroll_in_a_box_that_can_be_reached_by_key(page, address):
    page.set_viewport_size({"width": NARROW, "height": 800})
    page.goto(f"{address}/lessons/06_architectures.html")
    boxes = page.locator("div.output.text_html:has(table)")
    assert boxes.count() >= 10
    for box in boxes.all():
        assert box.get_attribute("tabindex") == "0"
        assert box.locator("th:not([scope])").count() == 0
    aligned = "cell => getComputedStyle(cell).textAlign"
    assert boxes.first.locator("td").last.evaluate(aligned) == "right"
    assert boxes.first.locator("caption").count() == 1


def test_figures_keep_a_white_mat_in_the_dark_theme(browser, address):
    page = themed(browser, "dark")
    page.goto(f"{address}/lessons/06_architectures.html")
    figure = page.locator("div.cell_output img").first
    look = figure.evaluate(
        "e => [getComputedStyle(e).padding, getComputedStyle(e).backgroundColor]"
    )
    page.close()
    assert look == ["10px", "rgb(255, 255, 255)"]


def test_nothing_glides_for_a_reader_who_wants_no_motion(browser, address):
    page = browser.new_page(reduced_motion="reduce")
    page.goto(f"{address}/index.html")
    how = page.evaluate("() => getComputedStyle(document.documentElement).scrollBehavior")
    page.close()
    assert how == "auto"


@pytest.mark.parametrize("name", ["atlas.html", "figures.html"])
def test_pictures_to_leaf_through_are_all_described(name):
    images = [image for image in elements(name).images if "_images" in image["src"]]
    assert len(images) >= 13
    assert all(len(image["alt"]) > 20 for image in images)


def test_the_site_is_small():
    sizes = {path: path.stat().st_size for path in SITE.rglob("*") if path.is_file()}
    live = sum(size for path, size in sizes.items() if path.parent.name == "live")
    assert live < 12e6  # of which 10 are vgg16_slim, in a form that a page in a folder can load
    assert sum(sizes.values()) - live < 20e6
