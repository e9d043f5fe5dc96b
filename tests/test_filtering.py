"""A kernel over a photograph: the picture, and the fields that change it."""

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnlab import kernels
from cnnlab.convolution import correlate2d
from cnnlab.widgets import kernel_editor, show_filtered

IMAGE = np.random.default_rng(0).uniform(size=(12, 17))
SOBEL = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn_numbers(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("kernel", [SOBEL, kernels.named("sharpen"), np.ones((2, 5)) / 10])
def test_the_answer_is_that_of_the_kernel_with_zeros_around(kernel):
    _, right = show_filtered(IMAGE, kernel).axes
    expected = correlate2d(IMAGE, kernel.astype(float), padding="same")
    np.testing.assert_allclose(right.images[0].get_array(), expected, atol=1e-6)


def test_weights_that_sum_to_0_are_drawn_around_a_white_0():
    left, right = show_filtered(IMAGE, SOBEL).axes
    assert left.get_title() == "sum 0"
    assert drawn_numbers(left) == ["−1", "−2", "−1", "0", "0", "0", "1", "2", "1"]
    low, high = right.images[0].get_clim()
    assert low == -high == -np.abs(right.images[0].get_array()).max()


def test_nine_ninths_minus_one_sum_to_0_in_spite_of_rounding():
    kernel = np.full((3, 3), 1 / 9)
    kernel[1, 1] -= 1
    assert show_filtered(IMAGE, kernel).axes[0].get_title() == "sum 0"


def test_other_answers_are_pictures_and_say_what_leaves_the_range():
    left, right = show_filtered(np.full((4, 5), 0.5), [[0, 0, 0], [0, 3, 0], [0, 0, 0]]).axes
    assert left.get_title() == "sum 3"
    assert right.get_title() == "black below 0: 0 %, white above 1: 100 %"
    assert right.images[0].get_clim() == (0, 1)


def test_a_picture_of_bytes_is_refused():
    with pytest.raises(ValueError) as error:
        show_filtered(np.array([[0.0, 216.0]]), SOBEL)
    assert str(error.value) == (
        "`image` must be a grey picture with values from 0 to 1: got values from 0 to 216. "
        "Divide bytes by 255."
    )


@pytest.fixture
def calls(monkeypatch):
    """The kernels that the editor draws."""
    seen = []

    def record(image, kernel):
        seen.append(kernel.tolist())
        return plt.figure()

    monkeypatch.setattr("cnnlab.widgets.editing.show_filtered", record)
    return seen


def test_every_field_changes_its_own_weight(calls):
    box = kernel_editor(IMAGE, SOBEL)
    fields = [field for row in box.children[1:4] for field in row.children]
    expected = SOBEL.astype(float)
    assert calls == [expected.tolist()]
    for place, field in enumerate(fields):
        field.value = 7.5 + place
        expected.flat[place] = 7.5 + place
        assert calls[-1] == expected.tolist()
    assert len(calls) == 10


def test_a_kernel_with_a_name_fills_all_fields_and_is_drawn_once(calls):
    box = kernel_editor(IMAGE, SOBEL)
    box.children[0].value = "sharpen"
    assert calls[1:] == [kernels.named("sharpen").tolist()]
    box.children[1].children[1].value = 2.0
    assert calls[-1][0] == [0, 2, 0]
    assert box.children[0].value == "your own"  # it is no "sharpen" any more
    assert len(calls) == 3
    assert "gaussian_5" not in box.children[0].options


def test_the_editor_is_a_slider_three_rows_and_a_picture():
    box = kernel_editor(IMAGE, SOBEL)
    assert [type(child) for child in box.children] == [
        ipywidgets.SelectionSlider,
        *[ipywidgets.HBox] * 3,
        ipywidgets.Output,
    ]


def test_a_picture_in_grey_levels_is_refused_at_once():
    with pytest.raises(ValueError, match="Divide bytes by 255"):
        kernel_editor(255 * IMAGE, SOBEL)


def test_a_larger_kernel_has_no_fields():
    with pytest.raises(ValueError) as error:
        kernel_editor(IMAGE, np.ones((5, 4)))
    assert str(error.value) == (
        "`kernel` must be 3×3, one weight per field: got 5×4. Draw others by show_filtered."
    )
