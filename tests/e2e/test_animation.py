"""Frames that play, in a real browser: by button, by key, by hand only where motion is unwanted."""

import matplotlib.pyplot as plt
import pytest

from cnnlab.plots import animate

SHOWN = "() => [...document.querySelectorAll('figure')].findIndex(frame => !frame.hidden)"
PLAY, NEXT = "[data-do=play]", "[data-do=on]"


@pytest.fixture(scope="module")
def page_of_frames():
    figures = [plt.figure(figsize=(4, 1)) for _ in range(3)]
    return animate(figures, ["one", "two", "three"], "counting", 0.3)._repr_mimebundle_()


@pytest.fixture
def opened(browser, page_of_frames, request):
    context = browser.new_context(
        viewport={"width": 320, "height": 600}, **getattr(request, "param", {})
    )
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content("<!doctype html><html lang=en>" + page_of_frames["text/html"])
    yield page
    assert errors == []
    context.close()


def test_buttons_and_arrow_keys_go_from_frame_to_frame_and_round(opened):
    assert opened.evaluate(SHOWN) == 0
    opened.click(NEXT)
    assert opened.evaluate(SHOWN) == 1
    for _ in range(2):
        opened.click("[data-do=back]")
    assert opened.evaluate(SHOWN) == 2
    opened.focus("input")
    opened.keyboard.press("Home")
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate(SHOWN) == 1
    assert opened.get_attribute("input", "aria-valuetext") == "2 of 3: two"
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320


def test_it_plays_only_when_asked_and_pauses(opened):
    opened.wait_for_timeout(700)
    assert opened.evaluate(SHOWN) == 0
    opened.focus(PLAY)
    opened.keyboard.press("Space")
    opened.wait_for_function(f"({SHOWN})() > 0")
    assert opened.inner_text(PLAY) == "pause"
    opened.keyboard.press("Space")
    assert opened.inner_text(PLAY) == "play"


@pytest.mark.parametrize("opened", [{"reduced_motion": "reduce"}], indirect=True)
def test_whoever_wants_less_motion_has_no_play_button_but_every_frame(opened):
    assert not opened.is_visible(PLAY)
    opened.click(NEXT)
    assert opened.evaluate(SHOWN) == 1


@pytest.mark.parametrize("opened", [{"java_script_enabled": False}], indirect=True)
def test_without_a_script_all_frames_stand_below_each_other(opened):
    assert opened.locator("figure:visible").count() == 3
    assert opened.locator(".controls:visible").count() == 0
