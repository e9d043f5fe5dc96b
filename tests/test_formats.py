"""The form in which a notebook stores a figure."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

from cnnlab import plots
from cnnlab.comparing import formats


def chart(values=(1.0, 4.0, 9.31)):
    figure, ax = plt.subplots()
    ax.plot(values, label="growth")
    ax.set(title="a chart", xlabel="step")
    ax.legend()
    return figure


def picture():
    return plots.show_images([np.zeros((20, 30))], ["a picture"])


@pytest.fixture
def shell():
    """A shell that has been told, as `cnnlab.setup` tells it."""
    shell = InteractiveShell()
    formatter = shell.display_formatter
    formatter.active_types = ["text/plain", "image/png", "image/svg+xml"]
    formats.be_picture_of_figures(shell)
    return lambda figure: formatter.format(figure)


def test_a_chart_is_stored_as_a_drawing_and_a_picture_as_dots(shell):
    data, _ = shell(chart())
    assert set(data) == {"text/plain", "image/svg+xml"}
    data, metadata = shell(picture())
    assert set(data) == {"text/plain", "image/png"}
    assert metadata["image/png"]["width"] == pytest.approx(2.8 * 96, abs=20)


@pytest.mark.parametrize(("side", "dots"), [(20, 1.5), (90, 1)], ids=["cells", "photograph"])
def test_what_has_few_cells_is_stored_sharper_than_a_photograph(shell, side, dots):
    data, metadata = shell(plots.show_images([np.zeros((side, side + 9))], ["a picture"]))
    stored = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    size = metadata["image/png"]
    assert stored.width == pytest.approx(dots * size["width"], abs=1)
    assert stored.height == pytest.approx(dots * size["height"], abs=1)


def test_a_chart_of_more_points_than_a_drawing_holds_is_stored_as_sharp_dots(shell):
    data, metadata = shell(chart(np.zeros(formats.POINTS_LIMIT + 1)))
    assert set(data) == {"text/plain", "image/png"}
    stored = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert stored.width == pytest.approx(1.5 * metadata["image/png"]["width"], abs=1)


def test_a_label_outside_of_the_panels_is_not_cut_off(shell):
    sizes = []
    for label in ("", "a label below"):
        figure = picture()
        figure.axes[0].set_xlabel(label)
        sizes.append(shell(figure)[1]["image/png"]["height"])
    assert sizes[1] > sizes[0] + 5
    assert sizes[0] == pytest.approx(96 * picture().get_size_inches()[1], abs=1)


def test_an_empty_figure_is_not_stored(shell):
    assert set(shell(plt.figure())[0]) == {"text/plain"}


def test_a_chart_of_very_many_points_is_stored_as_dots():
    assert formats.is_chart(chart(np.zeros(formats.POINTS_LIMIT)))
    assert not formats.is_chart(chart(np.zeros(formats.POINTS_LIMIT + 1)))
    figure, ax = plt.subplots()
    ax.scatter(*np.zeros((2, formats.POINTS_LIMIT + 1)))
    assert not formats.is_chart(figure)


def test_the_same_chart_is_the_same_drawing():
    with plt.rc_context({"svg.hashsalt": "cnnlab"}):  # of the style
        one, other = (formats.as_svg(chart()) for _ in range(2))
    assert one == other
    assert "date" not in one.lower()
    assert formats.as_svg(chart([1.0, 4.1, 9.31])) != one


def test_a_drawing_is_small_and_loses_nothing_that_is_seen():
    figure = chart()
    packed = io.StringIO()
    figure.savefig(packed, format="svg", bbox_inches="tight")
    whole, small = packed.getvalue(), formats.compact(packed.getvalue())
    assert len(small) < 0.85 * len(whole)
    assert "\n" not in small
    for tag in ("<path", "<use", "<g"):
        assert small.count(tag) == whole.count(tag)
    assert re.findall('transform="[^"]*"', small) == re.findall('transform="[^"]*"', whole)
    pairs = zip(*(re.findall(r' d="([^"]*)"', text) for text in (small, whole)), strict=True)
    for few, many in pairs:
        few, many = (np.array(re.findall(r"-?\d+\.?\d*", d), float) for d in (few, many))
        np.testing.assert_allclose(few, many, atol=0.0051)
