"""Heat on photographs, and every channel of a layer."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnlab import plots
from cnnlab.overlays import show_channels, show_heat, show_line, show_slices

PHOTO = np.random.default_rng(0).integers(0, 256, (6, 9, 3)).astype("uint8")
HEAT = np.linspace(0, 1, 54).reshape(6, 9)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_heat_lies_on_the_grey_picture_with_a_scale_from_0_to_1():
    figure = show_heat(PHOTO, [HEAT, HEAT / 2], titles=["one", "half"])
    first, second, bar = figure.axes
    assert [ax.get_title() for ax in (first, second)] == ["one", "half"]
    for ax, heat in [(first, HEAT), (second, HEAT / 2)]:
        grey, drawn = ax.images
        assert grey.get_array().shape == (6, 9)
        assert grey.get_clim() == (0, 255)
        np.testing.assert_array_equal(drawn.get_array(), heat)
        assert drawn.get_clim() == (0, 1)
    assert bar.get_ylabel() == "heat"


def test_a_weak_map_stays_dark():
    assert show_heat(PHOTO, [HEAT / 2]).axes[0].images[1].get_clim() == (0, 1)


def test_green_looks_brighter_than_blue():
    photo = np.zeros((1, 2, 3))
    photo[0, 0, 1] = photo[0, 1, 2] = 1
    grey = show_heat(photo, [np.zeros((1, 2))]).axes[0].images[0].get_array()
    assert grey[0, 0] > 4 * grey[0, 1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (PHOTO, (0, 255)),
        (PHOTO // 255, (0, 255)),  # a dark picture, not one of 0-1
        (PHOTO.astype("float32"), (0, 255)),
        (PHOTO / 255, (0, 1)),
        (PHOTO / 250, (0, 1)),  # a little too bright, as after resizing
        (PHOTO / 127.5 - 1, (-1, 1)),
    ],
)
def test_black_and_white_of_a_photograph_are_told_by_its_values(values, expected):
    photo = values.copy()
    if expected == (-1, 1):
        photo[0, 0], photo[0, 1] = -1, 1
    assert show_heat(photo, [HEAT]).axes[0].images[0].get_clim() == expected


def test_one_map_may_come_without_a_batch_axis():
    for images in (PHOTO, PHOTO[None], [PHOTO]):
        drawn = show_heat(images, HEAT).axes[0].images[1].get_array()
        np.testing.assert_array_equal(drawn, HEAT)


def test_pictures_may_differ_in_size():
    figure = show_heat([PHOTO, PHOTO[:4]], [HEAT, HEAT[:4]])
    assert [ax.images[1].get_array().shape for ax in figure.axes[:2]] == [(6, 9), (4, 9)]


def test_signed_heat_is_centred_on_zero():
    figure = show_heat([PHOTO, PHOTO], [HEAT - 0.75, HEAT / 2], columns=1)
    assert [ax.images[1].get_clim() for ax in figure.axes[:2]] == [(-0.75, 0.75)] * 2
    assert figure.axes[-1].get_ylabel() == "evidence (−: below 0)"


def test_a_box_is_outlined_where_it_is():
    ax = show_heat(PHOTO, [HEAT], boxes=[(1, 2, 5, 8)]).axes[0]
    x, y = ax.lines[0].get_xydata().T
    assert (y.min(), x.min(), y.max(), x.max()) == (0.5, 1.5, 4.5, 7.5)


def test_of_several_boxes_the_first_is_outlined_and_the_others_are_dotted():
    boxes = [[(1, 2, 5, 8), (0, 0, 2, 3)], [(0, 0, 2, 3), (1, 2, 5, 8)]]
    figure = show_heat(PHOTO, [HEAT, HEAT], boxes=boxes)
    for ax, expected in zip(figure.axes[:2], boxes, strict=True):
        found = [line.get_xydata().T[::-1] + 0.5 for line in ax.lines]
        assert [(y.min(), x.min(), y.max(), x.max()) for y, x in found] == expected
        assert [line.get_linestyle() for line in ax.lines] == ["-", ":"]


def test_a_map_of_another_size_than_its_picture_is_refused():
    with pytest.raises(ValueError, match=r"picture, \(6, 9\): got \(3, 4\)\. .*resize=True"):
        show_heat(PHOTO, [np.ones((3, 4))])


@pytest.mark.parametrize("count", [0, 65])
def test_too_few_or_too_many_maps_are_refused(count):
    with pytest.raises(ValueError, match=f"1 to 64 maps: got {count}"):
        show_heat(PHOTO, [HEAT] * count)


VOLUME = np.linspace(-1, 3, 5 * 54).reshape(5, 6, 9, 1)
HEATS = np.linspace(0, 1, 5 * 54).reshape(5, 6, 9)


def test_slices_of_a_volume_have_one_scale_of_grey_and_one_of_heat():
    figure = show_slices(VOLUME, HEATS / 2, [1, 4], name="frame")
    first, second, _ = figure.axes
    assert [ax.get_title() for ax in (first, second)] == ["frame 1", "frame 4"]
    for ax, number in [(first, 1), (second, 4)]:
        grey, drawn = ax.images
        np.testing.assert_allclose(grey.get_array(), (VOLUME[number, ..., 0] + 1) / 4)
        assert grey.get_clim() == drawn.get_clim() == (0, 1)
        np.testing.assert_array_equal(drawn.get_array(), HEATS[number] / 2)


def test_without_numbers_at_most_six_slices_are_drawn_from_the_first_to_the_last():
    assert sum(bool(ax.get_title()) for ax in show_slices(VOLUME, HEATS).axes) == 5
    tall = np.repeat(VOLUME, 4, axis=0)
    titles = [ax.get_title() for ax in show_slices(tall, np.repeat(HEATS, 4, axis=0)).axes[:-1]]
    assert titles == [f"slice {n}" for n in (0, 4, 8, 11, 15, 19)]
    text = plots.describe(show_slices(VOLUME, HEATS - 0.5, [4]), values="rough")
    assert text == (
        "1. slice 4 | image 6×9 in gray from 0 to 1, mean 0.9, centre 0.5 down, 0.5 across | "
        "image 6×9 in RdBu_r from -0.5 to 0.5, mean 0.9, centre 0.5 down, 0.5 across"
    )


@pytest.mark.parametrize(
    ("volume", "heat", "message"),
    [
        (
            VOLUME,
            HEATS[:, :3],
            r"got \(5, 6, 9, 1\) and \(5, 3, 9\)\. Take one of a batch, and make",
        ),
        (
            VOLUME[None],
            HEATS[None],
            r"must be one volume, \(D, H, W, C\), .* got \(1, 5, 6, 9, 1\)",
        ),
    ],
)
def test_a_map_of_another_size_than_its_volume_is_refused(volume, heat, message):
    with pytest.raises(ValueError, match=message):
        show_slices(volume, heat)


@pytest.mark.parametrize("numbers", [[0, 5], [-1]])
def test_slices_that_are_not_there_are_refused(numbers):
    message = rf"`numbers` must be 0 to 4, for there are 5 slices: got \{numbers}\. Count from 0"
    with pytest.raises(ValueError, match=message):
        show_slices(VOLUME, HEATS, numbers)


SIGNAL = np.stack([np.arange(7.0), np.arange(7.0)[::-1] ** 2], axis=1)
LINE = np.linspace(0, 1, 7)


def test_each_step_of_a_line_has_the_colour_of_its_heat():
    figure = show_line([SIGNAL, SIGNAL[:, :1]], [LINE, LINE / 2], titles=["two", "one"])
    first, second, bar = figure.axes
    assert [ax.get_title() for ax in (first, second)] == ["two", "one"]
    assert [len(ax.collections) for ax in (first, second)] == [2, 1]  # a line per channel
    for lines, channel in zip(first.collections, SIGNAL.T, strict=True):
        assert lines.get_clim() == (0, 1)
        np.testing.assert_array_equal(lines.get_array(), LINE)
        pieces = lines.get_segments()
        np.testing.assert_array_equal([piece[1] for piece in pieces], np.c_[np.arange(7), channel])
        np.testing.assert_array_equal(pieces[3][0], [2.5, (channel[2] + channel[3]) / 2])
        np.testing.assert_array_equal(pieces[3][2], pieces[4][0])
    assert bar.get_ylabel() == "heat"
    assert plots.describe(show_line(SIGNAL, LINE)) == (
        "1. x: step | line of 7 points from (0, 0) to (6, 6), y 0 to 6, mean 3 | line of 7 "
        "points from (0, 36) to (6, 0), y 0 to 36, mean 13 | 2 collections"
    )


def test_signed_heat_of_a_line_is_centred_on_zero():
    figure = show_line(SIGNAL, [LINE - 0.75])
    assert figure.axes[0].collections[0].get_clim() == (-0.75, 0.75)
    assert figure.axes[-1].get_ylabel() == "evidence (−: below 0)"


def test_a_map_of_another_length_than_its_signal_is_refused():
    with pytest.raises(ValueError, match=r"signal, \(L, C\): got \(3,\) for \(7, 2\)\. .*resize"):
        show_line(SIGNAL, LINE[:3])
    with pytest.raises(ValueError, match=r"got \(7,\) for \(7,\)\."):
        show_line([SIGNAL[:, 0]], LINE)


@pytest.mark.parametrize("count", [0, 13])
def test_too_few_or_too_many_lines_are_refused(count):
    with pytest.raises(ValueError, match=f"1 to 12 maps: got {count}. Choose"):
        show_line(SIGNAL, [LINE] * count)


def tiles(ax, shape, channels):
    """The tiles of a mosaic, cut along its masked lines."""
    mosaic = ax.images[0].get_array()
    columns = (mosaic.shape[1] + 1) // (shape[1] + 1)
    found = []
    for number in range(channels):
        top, left = ((shape[i] + 1) * place for i, place in enumerate(divmod(number, columns)))
        found.append(mosaic[top : top + shape[0], left : left + shape[1]])
    return np.ma.stack(found)


MAPS = np.random.default_rng(1).uniform(size=(8, 12, 70)) * np.arange(70)


def test_every_channel_has_a_tile_in_reading_order_on_the_scale_of_its_layer():
    figure = show_channels({"base/conv": MAPS}, tile=24)
    [ax] = figure.axes
    assert ax.get_title() == f"conv: 70 channels, each 8×12, up to {MAPS.max():.2g}"
    found = tiles(ax, (24, 36), 70)
    expected = np.kron(MAPS.transpose(2, 0, 1) / MAPS.max(), np.ones((3, 3)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    mosaic = ax.images[0].get_array()
    assert mosaic.mask.any()
    assert np.isfinite(mosaic.data).all()  # Matplotlib warns about what lies behind a mask, too
    assert figure.get_suptitle().startswith("each layer scaled to its own largest value")


def test_maps_of_several_images_are_refused_with_how_to_take_one():
    batch = {"base/conv": MAPS[None], "pool": MAPS[None, ::2, ::2]}
    with pytest.raises(
        ValueError, match=r"one image, \(h,w,C\) per layer: got 'base/conv' of shape \(1, 8, 12, 70"
    ) as error:
        show_channels(batch)
    remedy = "{name: values[0] for name, values in maps.items()}"
    assert str(error.value).endswith(f"Of several images take one: {remedy}.")
    assert len(show_channels(eval(remedy, {"maps": batch})).axes) == 2


def test_each_channel_can_be_scaled_to_itself_and_the_title_says_so():
    figure = show_channels({"conv": MAPS}, share_scale=False, tile=24)
    found = tiles(figure.axes[0], (24, 36), 70)
    np.testing.assert_allclose(found[1:].max(axis=(1, 2)), 1)
    assert found[0].max() == 0  # a dead channel stays dark
    assert figure.get_suptitle().startswith("each channel scaled to its own")


def test_a_large_map_is_averaged_and_a_small_one_repeated():
    small = np.arange(6.0).reshape(2, 3, 1)
    large = np.kron(small[..., 0], np.ones((12, 12)))[..., None]
    for values in (small, large):
        [ax] = show_channels({"conv": values}, tile=12).axes
        expected = np.kron(small[..., 0], np.ones((6, 6))) / 5
        np.testing.assert_allclose(tiles(ax, (12, 18), 1)[0], expected, rtol=1e-6)


def test_a_dot_is_the_mean_of_the_cells_that_it_covers():
    values = np.arange(4.0)[:, None, None]  # four rows on three dots
    [ax] = show_channels({"conv": values}, tile=3).axes
    np.testing.assert_allclose(tiles(ax, (3, 1), 1)[0][:, 0], [1 / 12, 1 / 2, 11 / 12], rtol=1e-6)


def test_every_layer_has_a_panel_of_its_own_below_the_last():
    figure = show_channels({"one": MAPS[..., :3], "two": MAPS[:4, :6]}, tile=8)
    one, two = (ax.get_position() for ax in figure.axes)
    width, height = 96 * figure.get_size_inches()
    assert (one.y0 - two.y1) * height > 0.25 * 96  # room for a title
    for ax in figure.axes:  # a dot of the mosaic is a dot of the figure
        rows, columns = ax.images[0].get_array().shape
        place = ax.get_position()
        np.testing.assert_allclose((place.height * height, place.width * width), (rows, columns))


def test_some_channels_of_a_layer_can_be_drawn_and_the_title_says_how_many():
    figure = show_channels({"conv": MAPS, "few": MAPS[..., :3]}, tile=24, channels=5)
    many, few = figure.axes
    assert many.get_title() == f"conv: 5 of 70 channels, each 8×12, up to {MAPS.max():.2g}"
    assert few.get_title().startswith("few: 3 channels, each 8×12")
    found = tiles(many, (24, 36), 5)
    expected = np.kron(MAPS[..., :5].transpose(2, 0, 1) / MAPS.max(), np.ones((3, 3)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_tile_is_48_dots_of_a_plain_screen_at_least():
    [ax] = show_channels({"conv": MAPS}).axes
    assert ax.images[0].get_array().shape[1] <= 7 * 96
    assert tiles(ax, (48, 72), 70).shape == (70, 48, 72)


# ---- colours over a photograph


def test_the_photograph_is_seen_as_it_is_where_there_is_no_heat():
    for heat, cold, hot in [(HEAT, 0, 255), (HEAT - 1, 127, 0), (1 - 2 * HEAT, 128, 255)]:
        drawn = show_heat(PHOTO, [heat]).axes[0].images[1]
        opacity = drawn.cmap(np.arange(256))[:, 3]
        assert opacity[cold] < 0.01
        assert opacity[hot] == pytest.approx(0.85)
        assert (np.diff(opacity[128:]) > 0).all()


def test_a_line_runs_at_half_of_the_scale():
    rows = np.linspace(0, 1, 11)[:, None] * np.ones(9)
    photo = np.zeros((11, 9, 3))
    [line] = show_heat(photo, [rows]).axes[0].collections
    [path] = line.get_paths()
    np.testing.assert_allclose(path.vertices[:, 1], 5)
    assert not show_heat(photo, [rows / 3]).axes[0].collections  # nothing reaches it


def test_what_speaks_against_is_marked_with_a_minus():
    heat = np.ones((6, 9))
    heat[:, 4:] = -1
    *_, marks = show_heat(PHOTO, [heat]).axes[0].collections
    assert sorted(set(marks.get_offsets()[:, 0])) == [4, 5, 6, 7, 8]


def test_the_colour_bar_is_as_high_as_the_pictures():
    figure = show_heat(PHOTO, [HEAT] * 3, titles=["a", "b", "c"])
    first, *_, bar = (ax.get_position() for ax in figure.axes)
    assert (bar.y0, bar.height) == pytest.approx((first.y0, first.height))
