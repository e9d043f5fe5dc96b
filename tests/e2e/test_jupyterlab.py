"""Every lesson in a real JupyterLab: opened, run from top to bottom, looked at.

`make e2e` runs all of them, `make e2e ONLY=00_start_here` one. Screenshots land in artefacts/.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from cnnlab.command import lessons

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "artefacts"
LESSONS = sorted(p.stem for p in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
CELL_SECONDS = 180
SETTINGS = {
    # The news pop-up would ask the network; windowed notebooks hide the cells out of sight.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
DONE = """() => [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')]
    .filter(prompt => /\\[\\d+\\]/.test(prompt.innerText)).length"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The student's folder, filled by `cnnlab lab` itself."""
    folder = tmp_path_factory.mktemp("e2e") / "work"
    command = [
        sys.executable,
        "-m",
        "cnnlab.command.cli",
        "lab",
        "--no-browser",
        "--folder",
        str(folder),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def server(work, tmp_path_factory):
    """A JupyterLab with settings of its own; gives its address."""
    private = tmp_path_factory.mktemp("settings")
    for name, values in SETTINGS.items():
        file = private / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    port = free_port()
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(private),
        "JUPYTER_CONFIG_DIR": str(private),
        "JUPYTERLAB_WORKSPACES_DIR": str(private),
        # Ours before an installed one, and what refuses connections.
        "PYTHONPATH": os.pathsep.join([str(ROOT / "cnnlab" / "comparing" / "offline"), str(ROOT)]),
    }
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=e2e"]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", f"--notebook-dir={work}", *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api?token=e2e", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    yield address
    process.terminate()
    process.wait(20)


def opened(browser, server, lesson):
    """A page that shows the lesson, its kernel ready."""
    page = browser.new_page(viewport={"width": 1200, "height": 1600})
    page.set_default_timeout(120_000)  # a busy machine draws a long lesson slowly
    # A workspace of its own: the last lesson must not come back as a second tab.
    page.goto(f"{server}/lab/workspaces/{lesson}/tree/{lesson}.ipynb?token=e2e")
    page.wait_for_selector(".jp-CodeCell", state="attached", timeout=60_000)
    select = page.locator(".jp-Dialog button", has_text="Select")  # a slow machine is asked which
    ready = page.get_by_text(re.compile(r"Python 3 .*\| Idle"))
    select.or_(ready).first.wait_for(timeout=90_000)
    if select.count():
        select.click()
    ready.wait_for(timeout=90_000)
    return page


def run_all(page, cells):
    """Runs the notebook until `cells` code cells have their number; how many got one."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    end = time.monotonic() + CELL_SECONDS
    done = 0
    while done < cells and time.monotonic() < end:
        page.wait_for_timeout(500)
        now = page.evaluate(DONE)
        if now != done:
            done, end = now, time.monotonic() + CELL_SECONDS
    return done


def errors(page):
    """What stands on a red ground: tracebacks, and all text on stderr."""
    found = page.query_selector_all("[data-mime-type='application/vnd.jupyter.stderr']")
    return [output.inner_text() for output in found]


# A control of each kind that lessons use, and the keys that move it there or back.
CONTROLS = {
    ".noUi-handle": ("ArrowRight", "ArrowLeft"),
    ".widget-toggle-button:not(.mod-active)": ("Space", "Enter"),
    "input[type='number']": ("ArrowUp", "ArrowDown"),
}
PHOTOGRAPH = ROOT / "data" / "photos" / "coffee.jpg"  # for a button that takes a file
PICTURE = ".widget-output"


def widgets(page):
    """The widgets of a lesson: controls and the picture that they move."""
    boxes = page.locator(".jp-OutputArea-output > .widget-box")
    return boxes.filter(has=page.locator(PICTURE)).all()


def shows_widget(cell):
    """Whether a stored cell shows a widget."""
    return any("widget-view+json" in str(output.get("data", {}).keys()) for output in cell.outputs)


def unmoved_controls(page, lesson=""):
    """The controls of all widgets whose keys change nothing in the widget's picture.

    Prints how long a key takes to change it, as the browser counts from the key to the frame that
    shows the picture; no test asserts that, for it depends on the machine.
    """
    unmoved, times = [], []
    for widget in widgets(page):
        picture = widget.locator(PICTURE).last
        for selector, keys in CONTROLS.items():
            for number in range(widget.locator(selector).count()):
                before = shown(picture)
                for key in keys:
                    picture.evaluate(WATCHED)
                    widget.locator(selector).nth(number).press(key)
                    if changed(page, picture, before):
                        settled(page, picture)
                        times.append(page.evaluate("Math.round(shownAfter)"))
                        break
                else:
                    unmoved.append(f"{selector} {number}")
        for button in widget.locator(".widget-upload").all():
            before = shown(picture)
            with page.expect_file_chooser() as chooser:
                button.click()
            chooser.value.set_files(PHOTOGRAPH)
            if not changed(page, picture, before) or "(1)" not in button.inner_text():
                unmoved.append("a photograph of one's own")
    if times:
        print(f"{lesson}: key to picture {min(times)} to {max(times)} ms, one by one {times}")
    return unmoved


WATCHED = """element => {
    let pressed;
    addEventListener("keydown", () => pressed = performance.now(), {capture: true, once: true});
    new MutationObserver((_, watcher) => {
        if (!element.innerHTML) return;  // cleared, to be drawn anew
        watcher.disconnect();
        const told = () => { window.shownAfter = performance.now() - pressed; };
        requestAnimationFrame(() => setTimeout(told));  // once the frame is painted
    }).observe(element, {attributes: true, childList: true, subtree: true});
}"""


def shown(picture):
    """What a picture shows, its middle and its length: to fetch all takes as long as to draw it."""
    part = "text.slice(text.length / 2, text.length / 2 + 400)"
    return picture.evaluate(f"({{innerHTML: text}}) => text && text.length + {part}")


def changed(page, picture, before, seconds=15):
    """Whether a widget shows something else than before, and that is no error."""
    for _ in range(50 * seconds):
        page.wait_for_timeout(20)
        if shown(picture) not in ("", before):
            return "Traceback" not in picture.inner_html()
    return False


def settled(page, picture, seconds=15):
    """Waits until a picture has not changed for a second: a pattern may be painted behind it."""
    last = None
    for _ in range(seconds):
        now = shown(picture)
        if now == last:
            return
        last = now
        page.wait_for_timeout(1000)


def screenshot(page, name):
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png")


def choose_theme(page, name):
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item", has_text=re.compile("^Theme")).hover()
    page.locator(".lm-Menu-item", has_text=name).first.click()
    page.wait_for_selector(f"body[data-jp-theme-name='{name}']", state="attached")


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_from_top_to_bottom(browser, server, work, lesson):
    source = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", 4)
    code = [c for c in source.cells if c.cell_type == "code" and c.source.strip()]
    page = opened(browser, server, lesson)
    drawn = "n => document.querySelectorAll('.jp-CodeCell').length >= n"
    page.wait_for_function(drawn, arg=len(code))
    # The stored outputs would hide a cell that did not run.
    page.get_by_role("menuitem", name="Edit", exact=True).click()
    page.get_by_role("menuitem", name="Clear Outputs of All Cells", exact=True).click()
    page.wait_for_function(f"() => ({DONE})() === 0")
    assert run_all(page, len(code)) == len(code)
    planned = [c for c in code if "raises-exception" in c.metadata.get("tags", [])]
    assert len(errors(page)) == len(planned), errors(page)
    assert all("Traceback" in text for text in errors(page))
    screenshot(page, lesson)
    assert len(widgets(page)) == sum(map(shows_widget, code))
    assert unmoved_controls(page, lesson) == []
    for number, picture in enumerate(page.locator(PICTURE).all()):
        picture.scroll_into_view_if_needed()
        screenshot(page, f"{lesson}-widget-{number}")
    choose_theme(page, "JupyterLab Dark")
    screenshot(page, f"{lesson}-dark")
    choose_theme(page, "JupyterLab Light")  # for the next lesson
    page.close()


def test_the_first_lesson_is_what_make_lab_opens(work):
    assert (work / lessons.FIRST_LESSON).is_file()
