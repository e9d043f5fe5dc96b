import datetime
import io
from types import SimpleNamespace

import ipywidgets
import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from cnnlab.convolution import correlate2d
from cnnlab.feature_maps import feature_maps
from cnnlab.overlays import pixel_range
from cnnlab.receptive_field import receptive_field
from cnnlab.widgets import (
    channel_explorer,
    show_channel,
    show_field,
    show_window,
    sliders,
    sliding_window,
)
from cnnlab.widgets.channel_figure import own_photograph

IMAGE = np.arange(30).reshape(5, 6)
KERNEL = np.array([[0, 1, 2], [2, 2, 0]])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def outlined(ax):
    """(row, column) of every outlined cell, in the image's own numbers (padding is negative)."""
    return [(patch.get_y() + 0.5, patch.get_x() + 0.5) for patch in ax.patches]


def test_the_products_of_the_window_add_up_to_the_output():
    figure = show_window(IMAGE, KERNEL, position=(1, 2))
    pixels, kernel, products, output = figure.axes
    assert outlined(pixels) == [(1, 2), (1, 3), (1, 4), (2, 2), (2, 3), (2, 4)]
    assert texts(kernel) == ["0", "1", "2", "2", "2", "0"]
    assert texts(products)[:3] == ["0", "9", "20"]
    total = sum(map(int, texts(products)))
    assert total == correlate2d(IMAGE, KERNEL)[1, 2]
    assert output.get_title() == f"output 4×4\nsum at (1, 2): {total}"
    assert outlined(output) == [(1, 2)]
    assert [text.get_text() for text in figure.texts] == ["∗", "→", "Σ"]


def test_each_weight_stands_in_the_corner_of_its_pixel():
    pixels = show_window(IMAGE, KERNEL, position=(1, 2)).axes[0]
    weights = {
        tuple(round(place - 0.46) for place in text.get_position()[::-1]): text.get_text()
        for text in pixels.texts[IMAGE.size :]
    }
    expected = {(1 + r, 2 + c): f"·{KERNEL[r, c]}" for r in range(2) for c in range(3)}
    assert weights == expected


@pytest.mark.parametrize("geometry", [{}, {"strides": 2, "dilation_rate": 2}, {"padding": 2}])
def test_all_cells_of_the_figure_are_of_one_size(geometry):
    figure = show_window(IMAGE, KERNEL, **geometry)
    width, height = figure.get_size_inches()
    sides = []
    for ax in figure.axes:
        rows, columns = ax.images[0].get_array().shape
        place = ax.get_position()
        sides += [place.height * height / rows, place.width * width / columns]
    np.testing.assert_allclose(sides, sides[0])


def test_the_window_reads_every_dilated_pixel_from_its_stride_on():
    pixels, *_, output = show_window(IMAGE, KERNEL, (1, 1), (2, 3), 2, (3, 1)).axes
    assert outlined(pixels) == [(2, 3), (2, 4), (2, 5), (5, 3), (5, 4), (5, 5)]
    assert pixels.get_title().replace("\n", " ") == "image 5×6, zeros around it"
    assert len([text for text in texts(pixels) if text[0] != "·"]) == 9 * 10
    expected = correlate2d(IMAGE, KERNEL, (2, 3), 2, (3, 1))
    assert texts(output) == [f"{value}" for value in expected.ravel()]


def test_the_padding_of_same_goes_after():
    pixels = show_window(IMAGE, KERNEL[:, :2], padding="same").axes[0]
    grey = np.ma.getmaskarray(pixels.images[0].get_array())
    assert grey.shape == (6, 7)
    assert not grey[:5, :6].any()
    assert grey[5].all()
    assert grey[:, 6].all()


def test_a_negative_number_has_a_true_minus_and_no_zero_is_negative():
    pixels, kernel, products, _ = show_window(np.zeros((2, 3)), -np.ones((1, 2))).axes
    assert texts(kernel) == ["−1", "−1"]
    assert texts(pixels)[-2:] == ["·−1", "·−1"]
    assert texts(products) == ["0", "0"]


@pytest.mark.parametrize("position", [(4, 0), (0, 4), (-1, 0)])
def test_a_position_outside_the_output_is_refused(position):
    with pytest.raises(ValueError) as error:
        show_window(IMAGE, KERNEL, position)
    assert str(error.value) == (
        f"`position` must lie in the output: got position={position} for an output of 4×4. "
        "Count rows and columns from 0."
    )


@pytest.fixture
def drawn(monkeypatch):
    """The arguments of every `show_window` that the sliders ask for."""
    calls = []

    def record(image, kernel, *arguments):
        calls.append(arguments)
        return show_window(image, kernel, *arguments)

    monkeypatch.setattr("cnnlab.widgets.sliding.show_window", record)
    return calls


def controls(box):
    found = [child for row in box.children[:2] for child in row.children] + [box.children[2]]
    return {control.description: control for control in found}


def test_every_slider_reaches_the_picture(drawn):
    by_name = controls(sliding_window(IMAGE, KERNEL))
    assert drawn == [((0, 0), 1, "valid", 1)]
    for name, value in [("stride", 2), ("padding", 2), ("dilation", 2), ("row", 2), ("column", 1)]:
        by_name[name].value = value
    assert drawn[-1] == ((2, 1), 2, 2, 2)


def test_the_position_sliders_end_where_the_output_ends(drawn):
    by_name = controls(sliding_window(IMAGE, KERNEL))
    by_name["row"].value = 3
    assert (by_name["row"].max, by_name["column"].max) == (3, 3)
    by_name["stride"].value = 2
    assert (by_name["row"].max, by_name["column"].max) == (1, 1)
    assert drawn[-1] == ((1, 0), 2, "valid", 1)
    by_name["padding"].value = "same"
    assert (by_name["row"].max, by_name["column"].max) == (2, 2)


def test_a_kernel_that_does_not_fit_shows_the_rule(capsys):
    by_name = controls(sliding_window(IMAGE, KERNEL))
    by_name["dilation"].value = 3
    assert "`kernel_size` must fit in the input: got kernel_size=3" in capsys.readouterr().out
    by_name["padding"].value = "same"
    assert (by_name["row"].max, by_name["column"].max) == (4, 5)


def test_the_widget_is_a_box_of_controls_and_a_picture():
    box = sliding_window(IMAGE, KERNEL)
    assert isinstance(box.children[-1], ipywidgets.Output)


def test_sliders_hand_their_values_to_the_function_by_name():
    seen = []

    def draw(rows, columns):
        seen.append((rows, columns))
        return plt.figure()

    box = sliders(draw, rows=(-3, 3, 1), columns=(0, 5, 2))
    rows, columns, picture = box.children
    assert (rows.min, rows.max, columns.min, columns.max) == (-3, 3, 0, 5)
    rows.value = -2
    columns.value = 5
    assert seen == [(1, 2), (-2, 2), (-2, 5)]
    assert isinstance(picture, ipywidgets.Output)
    assert not plt.get_fignums()


def field_of_a_small_network():
    image = keras.Input((16, 24, 3))
    layers = [keras.layers.Conv2D(2, (3, 5), padding="same"), keras.layers.MaxPooling2D((2, 4))]
    return receptive_field(keras.Sequential([image, *layers]))


def test_a_cell_is_shown_with_the_pixels_it_sees():
    cells, picture = show_field(np.zeros((16, 24, 3)), field_of_a_small_network(), (3, 0)).axes
    assert np.argwhere(cells.images[0].get_array()).tolist() == [[3, 0]]
    assert cells.get_title() == "cell (3, 0) of 8×6"
    assert picture.get_title() == "rows 5 to 8, columns −2 to 5"
    [line] = picture.lines
    assert (line.get_ydata().min() + 0.5, line.get_ydata().max() + 0.5) == (5, 9)
    assert (line.get_xdata().min() + 0.5, line.get_xdata().max() + 0.5) == (-2, 6)


def test_the_frame_stays_where_it_is_while_the_region_moves():
    field = field_of_a_small_network()
    frames = []
    for position in [(0, 0), (3, 2), (7, 5)]:
        _, picture = show_field(np.zeros((16, 24, 3)), field, position).axes
        frames.append((picture.get_xlim(), picture.get_ylim()))
    assert len(set(frames)) == 1
    (left, right), (bottom, top) = frames[0]
    for position in np.ndindex(field.map_size):
        region = field.region(*position)
        assert (region[0] > top, region[1] > left, region[2] <= bottom, region[3] <= right) == (
            True,
        ) * 4


def test_a_picture_of_another_size_than_the_field_is_refused():
    with pytest.raises(ValueError, match=r"\(16, 24\): got \(24, 16\). Use datasets.photo"):
        show_field(np.zeros((24, 16, 3)), field_of_a_small_network())


PHOTOS = np.random.default_rng(0).uniform(0, 255, (3, 16, 24, 3)).astype("uint8")


def two_layers(shape=(None, None, 3)):
    """Layers of 4 and 2 channels; channel 1 of the second is dead."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first"),
            keras.layers.Conv2D(2, (3, 5), activation="relu", name="second"),
        ]
    )
    kernel, bias = model.get_layer("second").get_weights()
    model.get_layer("second").set_weights([np.abs(kernel), bias + np.array([0, -1000], "float32")])
    return model


def test_a_channel_is_shown_by_its_map_its_pattern_and_its_strongest_pieces():
    model = two_layers()
    figure = show_channel(model, PHOTOS, "second", channel=0, picture=2, size=16, patches=4)
    view, pattern, bar, pieces = figure.axes
    assert bar.get_ylabel() == "answer"
    answers = np.asarray(model(PHOTOS.astype("float32")))[..., 0]
    expected = f"second, channel 0\nphotograph 2: up to {answers[2].max():.2g}"
    assert view.get_title(loc="left") == expected
    heat = view.images[1].get_array()
    assert heat.shape == (16, 24)
    np.testing.assert_allclose(heat[2:14, 3:21][0, 0], answers[2, 1, 1], rtol=1e-4)
    assert (pattern.get_title(), pattern.images[0].get_array().shape) == (
        "what it looks for",
        (16, 16, 3),
    )
    labels = pieces.get_xticklabels()
    assert len(pieces.images) == len(labels) == 4
    assert labels[0].get_text() == f"{answers.max():.2g}"
    image, row, column = np.unravel_index(answers.argmax(), answers.shape)
    region = PHOTOS[image, max(row - 1, 0) : row + 4, max(column - 1, 0) : column + 6]
    np.testing.assert_allclose(pieces.images[0].get_array(), region / 255, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "expected"), [((16, 24, 3), (16, 24, 3)), ((None, 24, 3), (64, 24, 3))]
)
def test_the_pattern_of_a_model_of_fixed_size_has_that_size(shape, expected):
    figure = show_channel(two_layers(shape), PHOTOS, "second", channel=0, patches=1)
    assert figure.axes[1].images[0].get_array().shape == expected


@pytest.mark.parametrize("scale", [lambda x: x * 1.0, lambda x: x / 255, lambda x: x / 127.5 - 1])
def test_photographs_look_the_same_in_whatever_range_the_model_takes_them(scale):
    photos = PHOTOS.copy()
    photos[:, 0, 0], photos[:, 0, 1] = 0, 255
    figure = show_channel(two_layers(), scale(photos), "first", channel=0, patches=1)
    left, piece = figure.axes[0].images[0], figure.axes[3].images[0].get_array()
    grey = photos[0] @ [0.299, 0.587, 0.114] / 255
    np.testing.assert_allclose(left.norm(left.get_array()), grey, atol=1e-6)
    assert 0 <= piece.min() < 0.3 and 0.7 < piece.max() <= 1


@pytest.mark.parametrize("scale", [lambda x: x, lambda x: x / 127.5 - 1.1])
def test_a_dead_channel_says_that_its_tile_is_grey(scale, capsys):
    figure = show_channel(two_layers(), scale(PHOTOS), "second", channel=1, size=16)
    assert figure.axes[1].get_title() == "no picture moves it: grey"
    assert "no picture found for filter 1 of second" in capsys.readouterr().out


def grey_network(weight):
    """One channel: a pixel times a weight."""
    conv = keras.layers.Conv2D(1, 1, name="conv")
    model = keras.Sequential([keras.Input((16, 24, 1)), conv])
    conv.set_weights([np.full((1, 1, 1, 1), weight), np.zeros(1)])
    return model


GREY = PHOTOS[..., :1] / 255


@pytest.mark.parametrize(("weight", "colour"), [(-1, 0), (1, 1)])
def test_a_plain_picture_may_be_what_a_channel_looks_for(weight, colour, capsys):
    pattern = show_channel(grey_network(weight), GREY, "conv", channel=0).axes[1]
    np.testing.assert_array_equal(pattern.images[0].get_array(), np.full((16, 24), colour))
    assert pattern.get_title() == "what it looks for"
    assert capsys.readouterr().out == ""


def test_the_pattern_has_the_range_of_the_photographs(monkeypatch):
    asked = []

    def noted(*arguments, value_range, **more):
        asked.append(value_range)
        return np.full((1, 16, 24, 1), 0.5, "float32")

    monkeypatch.setattr("cnnlab.widgets.channel_figure.filter_patterns", noted)
    show_channel(grey_network(1), GREY, "conv", channel=0)
    show_channel(grey_network(1), GREY * 255, "conv", channel=0)
    assert asked == [(0, 1), (0, 255)]


def test_grey_pictures_are_drawn_in_grey_from_black_to_white():
    _, pattern, _, pieces = show_channel(grey_network(1), GREY, "conv", 0, patches=2).axes
    assert len(pieces.images) == 2
    for drawn in [*pattern.images, *pieces.images]:
        assert drawn.get_cmap().name == "gray"
        assert drawn.get_clim() == (0, 1)


def test_all_pieces_are_drawn_on_one_scale_and_what_lies_outside_is_grey():
    figure = show_channel(two_layers(), PHOTOS, "second", channel=0, patches=6)
    strip = figure.axes[3]
    assert len(strip.images) == 6
    (left, right), (bottom, top) = strip.get_xlim(), strip.get_ylim()
    wide, high = strip.get_position().size * figure.get_size_inches()
    assert wide / (right - left) == pytest.approx(high / (bottom - top))  # a pixel is square
    ends = [left]
    for drawn, frame in zip(strip.images, strip.patches, strict=True):
        start, end, lowest, highest = drawn.get_extent()
        assert (lowest - highest, end - start) == pytest.approx(drawn.get_array().shape[:2])
        assert (frame.get_x(), frame.get_width()) == pytest.approx((start, end - start))
        assert ends[-1] <= start
        ends.append(end)
    assert ends[-1] <= right
    grey = [
        np.isclose(drawn.get_array(), 0.85, atol=0.01).all(axis=(1, 2)).sum()
        for drawn in strip.images
    ]
    assert grey == [0, 1, 0, 1, 0, 0]  # rows of it


def test_the_rim_of_a_pattern_is_not_shown(monkeypatch):
    asked = []

    def noted(model, layer, filters, size, **more):
        asked.append(tuple(size))
        pattern = np.zeros((1, *size, 3), "float32")
        pattern[:, 8:-8, 8:-8] = 1
        return pattern

    monkeypatch.setattr("cnnlab.widgets.channel_figure.filter_patterns", noted)
    shown = show_channel(two_layers(), PHOTOS, "second", 0, size=(16, 24)).axes[1].images[0]
    assert asked == [(32, 40)]
    assert shown.get_array().shape == (16, 24, 3)
    assert shown.get_array().min() == 1


def test_a_channel_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="`channel` must be 0 to 1, for 'second' has 2 channels: "):
        show_channel(two_layers(), PHOTOS, "second", channel=2)


def test_photographs_can_have_names_and_a_pattern_can_be_given():
    pattern = np.full((5, 7, 3), 0.25)
    names = ["cat", "cup", "moon"]
    figure = show_channel(
        two_layers(), PHOTOS, "first", 1, picture=2, names=names, pattern=pattern, patches=2
    )
    assert figure.axes[0].get_title(loc="left").startswith("first, channel 1\nmoon: up to")
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), pattern)


@pytest.fixture
def explored(monkeypatch):
    """What the explorer draws, and which patterns it paints."""
    seen, painted = [], []

    def noted(answers, channel, picture, pattern, *more):
        seen.append((answers.layer, channel, picture, pattern is not None))
        return plt.figure()

    def paint(model, images, layer, channel, size):
        painted.append((layer, channel))
        return np.zeros((4, 4, 3))

    monkeypatch.setattr("cnnlab.widgets.explorer.draw_channel", noted)
    monkeypatch.setattr("cnnlab.widgets.explorer.painted", paint)
    return seen, painted


def test_the_explorer_draws_what_its_controls_say(explored):
    seen, painted = explored
    box = channel_explorer(two_layers(), PHOTOS, ["first", "second"], names=["a", "b", "c"])
    layer, channel, photograph, _, picture = box.children
    assert layer.options == (("first", "first"), ("second", "second"))
    assert photograph.options == (("a", 0), ("b", 1), ("c", 2))
    assert channel.max == 3
    channel.value = 3
    photograph.value = 2
    layer.value = "second"
    assert channel.max == 1
    assert seen == [
        ("first", 0, 0, False),  # what is known is shown before the pattern is ready
        ("first", 0, 0, True),
        ("first", 3, 0, False),
        ("first", 3, 0, True),
        ("first", 3, 2, True),
        ("second", 1, 2, False),
        ("second", 1, 2, True),
    ]
    assert painted == [("first", 0), ("first", 3), ("second", 1)]
    assert isinstance(picture, ipywidgets.Output)
    assert not plt.get_fignums()


def test_the_explorer_runs_the_network_once(monkeypatch, explored):
    calls = []
    monkeypatch.setattr(
        "cnnlab.widgets.channel_figure.feature_maps",
        lambda *given: calls.append(given) or feature_maps(*given),
    )
    box = channel_explorer(two_layers(), PHOTOS, ["first", "second"])
    box.children[0].value = "second"
    box.children[2].value = 1
    assert len(calls) == 1


def uploaded(name, pixels):
    """What the button gives for a photograph."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {"name": name, "content": memoryview(file.getvalue())} | BESIDES


BESIDES = {"type": "image/png", "size": 1, "last_modified": datetime.datetime(2026, 1, 1)}


def test_a_photograph_of_your_own_is_shown_behind_the_others(explored):
    seen, _ = explored
    box = channel_explorer(two_layers(), PHOTOS, ["first"], names=["a", "b", "c"])
    photograph, (own, said) = box.children[2], box.children[3].children
    photograph.value = 1
    before = len(seen)
    own.value = [uploaded("mine.png", np.zeros((30, 50, 3), np.uint8))]
    assert photograph.options[-1] == ("mine.png", 3)
    assert seen[before:] == [("first", 0, 3, True)]  # and nothing else on the way
    own.value = [{"name": "text.png", "content": memoryview(b"no picture")} | BESIDES]
    assert said.value == (
        "`text.png` must be a photograph that can be read: got a file that is no picture. "
        "Save it again as JPEG or PNG."
    )
    assert len(photograph.options) == 4


@pytest.mark.parametrize(
    ("images", "white"),
    [
        (np.full((2, 6, 10, 3), 200, np.uint8), 255),
        (np.full((2, 6, 10, 1), 0.5), 1),
        (np.linspace(-1, 1, 360).reshape(2, 6, 10, 3), 1),
    ],
)
def test_a_photograph_of_your_own_has_size_and_range_of_the_others(images, white):
    pixels = np.zeros((40, 30, 3), np.uint8)
    pixels[:, 15:] = 255
    content = uploaded("mine", pixels)["content"]
    own = own_photograph("mine.png", content, images)
    assert (own.shape, own.dtype) == (images.shape[1:], images.dtype)
    assert own[:, 0].max() == pytest.approx(pixel_range(images)[0])
    assert own[:, -1].min() == pytest.approx(white)


def test_the_explorer_paints_no_pattern_that_is_ready(explored):
    seen, painted = explored
    ready = {"first": np.zeros((2, 4, 4, 3))}
    box = channel_explorer(two_layers(), PHOTOS, ["first"], patterns=ready)
    box.children[1].value = 1
    box.children[1].value = 2
    assert painted == [("first", 2)]
    assert all(shown for *_, shown in seen[:2])


def test_the_explorer_says_that_a_pattern_is_being_painted(monkeypatch):
    figures = []
    monkeypatch.setattr("cnnlab.widgets.explorer._show", figures.append)
    channel_explorer(two_layers(), PHOTOS, ["second"])
    titles = [figure.axes[1].get_title() for figure in figures]
    assert titles == ["what it looks for: being painted …", "what it looks for"]
    assert not figures[0].axes[1].images


@pytest.mark.parametrize(
    ("paths", "labels"),
    [
        (["base/first", "base/second"], ["first", "second"]),
        (["base[0]/first", "base[1]/first"], ["base[0]/first", "base[1]/first"]),
    ],
)
def test_the_explorer_names_layers_by_their_last_name_where_that_tells_them_apart(
    monkeypatch, paths, labels
):
    monkeypatch.setattr("cnnlab.widgets.explorer._show", plt.close)
    monkeypatch.setattr("cnnlab.widgets.explorer.draw_channel", lambda *_: plt.figure())
    monkeypatch.setattr("cnnlab.widgets.explorer.painted", lambda *_: None)
    found = SimpleNamespace(maps=np.zeros((1, 2, 3, 4)))
    monkeypatch.setattr(
        "cnnlab.widgets.explorer.answers_of", lambda *_: dict.fromkeys(paths, found)
    )
    layer = channel_explorer(two_layers(), PHOTOS, paths).children[0]
    assert layer.options == tuple(zip(labels, paths, strict=True))
