"""Figures: what every picture of the course keeps to."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import cnnlab
from cnnlab import plots
from cnnlab.panels.signs import luminance

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
CONFUSION = np.array([[9, 1, 0], [0, 8, 2], [0, 0, 10]])  # more in the upper right corner


def limits(figure):
    """The (lowest, highest) value on the colour scale of every picture."""
    return [ax.images[0].get_clim() for ax in figure.axes if ax.get_label() != "<colorbar>"]


# ---- grids of pictures


@pytest.mark.parametrize("count", [0, 65])
@pytest.mark.parametrize("show", [plots.show_images, plots.show_maps, plots.show_numbers])
def test_a_grid_holds_one_to_64_pictures(show, count):
    with pytest.raises(ValueError, match=f"must hold 1 to 64 pictures: got {count}. Choose some"):
        show([np.ones((2, 3))] * count)


def test_a_grid_of_64_pictures_has_a_panel_each():
    figure = plots.show_images(np.zeros((64, 2, 3)), columns=8)
    assert len(figure.axes) == 64


def test_a_grid_has_no_empty_panels():
    figure = plots.show_numbers([np.ones((2, 3))] * 5, columns=3)
    assert len(figure.axes) == 5


def test_fewer_pictures_than_columns_share_the_whole_width():
    figure = plots.show_images([PHOTO, PHOTO])
    left, right = (ax.get_position() for ax in figure.axes)
    assert left.width == pytest.approx(right.width)
    assert left.width > 0.45


@pytest.mark.parametrize(
    ("show", "name", "axes"),
    [
        (plots.show_images, "images", r"\(H,W\) or \(H,W,C\)"),
        (plots.show_maps, "maps", r"\(H,W\)"),
        (plots.show_numbers, "matrices", r"\(H,W\)"),
    ],
)
def test_a_picture_without_its_list_is_refused(show, name, axes):
    with pytest.raises(
        ValueError,
        match=rf"`{name}` must be a list of pictures, each {axes}: got one of shape \(3,\)\. "
        r"A single picture goes into a list, \[picture\]",
    ):
        show(np.ones((2, 3)))


@pytest.mark.parametrize("show", [plots.show_images, plots.show_maps, plots.show_numbers])
def test_titles_are_one_per_picture_and_in_order(show):
    figure = show([np.ones((2, 3))] * 2, ["first", "second"])
    assert [ax.get_title() for ax in figure.axes[:2]] == ["first", "second"]
    with pytest.raises(ValueError, match="got 1 titles for 2 pictures"):
        show([np.ones((2, 3))] * 2, ["first"])


# ---- scales


def test_show_images_never_stretches_the_contrast():
    dull = np.full((2, 3), 0.4)
    grey = np.full((2, 3), 100, np.uint8)
    figure = plots.show_images([dull, grey, grey[..., None], grey.astype(np.int64)])
    assert limits(figure) == [(0, 1), (0, 255), (0, 255), (0, 255)]


def test_show_images_draws_pictures_of_one_row_and_one_channel():
    figure = plots.show_images([np.ones((1, 4, 1))])
    assert figure.axes[0].images[0].get_array().shape == (1, 4)


def test_show_maps_puts_zero_in_the_middle_of_signed_maps():
    figure = plots.show_maps([np.array([[-1.0, 4, 0]]), np.array([[2.0, 0, 0]])])
    assert limits(figure) == [(-4, 4), (-4, 4)]
    assert figure.axes[0].images[0].get_cmap().name == "RdBu_r"


def test_show_maps_starts_at_zero_where_nothing_is_negative():
    figure = plots.show_maps([np.array([[1, 4, 2]]), np.array([[2, 3, 2]])])
    assert limits(figure) == [(0, 4), (0, 4)]
    assert figure.axes[0].images[0].get_cmap().name == "viridis"


def test_show_maps_can_be_told_that_positive_maps_are_signed():
    assert limits(plots.show_maps([np.array([[1, 4, 2]])], signed=True)) == [(-4, 4)]


def test_show_maps_scaled_each_to_itself_says_so():
    figure = plots.show_maps([np.array([[1, 4, 2]]), np.array([[2, 3, 2]])], share_scale=False)
    assert limits(figure) == [(0, 4), (0, 3)]
    assert plots.describe(figure).startswith("each map scaled to itself\n")


def test_show_maps_draws_a_dead_map():
    assert limits(plots.show_maps([np.zeros((2, 3))])) == [(0, 1)]


def test_show_numbers_writes_every_number_where_it_stands():
    matrix = np.array([[1, 0.25, -3], [0, 4, 5]])
    texts = plots.show_numbers([matrix]).axes[0].texts
    written = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in texts}
    expected = {(r, c): f"{matrix[r, c]:g}" for r in range(2) for c in range(3)}
    assert written == {**expected, (0, 2): "−3"}  # a true minus, not a hyphen


def test_show_numbers_draws_lines_between_cells_and_the_digest_passes_over_them():
    figure = plots.show_numbers([np.zeros((2, 3))])
    figure.draw_without_rendering()
    upright, lying = (lines.get_segments() for lines in figure.axes[0].collections)
    assert [line.tolist() for line in upright] == [
        [[x, -0.5], [x, 1.5]] for x in (-0.5, 0.5, 1.5, 2.5)
    ]
    assert [line.tolist() for line in lying] == [[[-0.5, y], [2.5, y]] for y in (-0.5, 0.5, 1.5)]
    assert plots.describe(figure) == (
        "1. x from -0.5 to 2.5 | y from 1.5 to -0.5 | image 2×3, 0 to 0 in RdBu_r from -1 to 1, "
        "weight at row 0, column 0, check 0.0000 0.0000 | 6 texts"
    )


def test_show_numbers_shares_one_scale():
    figure = plots.show_numbers([np.array([[1, 2, 3]]), np.array([[-8, 0, 0]])])
    assert limits(figure) == [(-8, 8), (-8, 8)]


def test_show_numbers_draws_all_cells_in_one_size():
    """So that a kernel is as large as the pixels that it covers."""
    figure = plots.show_numbers([np.ones((5, 6)), np.ones((2, 3)), np.ones((1, 9))], columns=2)
    width, height = figure.get_size_inches()
    sides = []
    for ax in figure.axes:
        rows, columns = ax.images[0].get_array().shape
        place = ax.get_position()
        sides += [place.height * height / rows, place.width * width / columns]
    np.testing.assert_allclose(sides, sides[0])


def test_numbers_can_be_read_on_every_colour():
    """Contrast of at least 4.5 to 1, as WCAG asks of text."""
    matrix = np.linspace(-1, 1, 41)[None]
    ax = plots.show_numbers([matrix], formatting="{:.0f}").axes[0]
    for text, value in zip(ax.texts, matrix[0], strict=True):
        one, other = (luminance(c) for c in (text.get_color(), ax.images[0].to_rgba(value)))
        assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5


def test_a_long_number_fits_in_its_cell():
    figure = plots.show_numbers([np.full((2, 3), -0.123456)])
    figure.draw_without_rendering()
    ax = figure.axes[0]
    cell = ax.get_window_extent().width / 3
    assert ax.texts[0].get_window_extent().width < cell


def test_the_bar_tells_what_the_signs_on_negative_places_are():
    values = np.array([[1.0, -1, 0.5]])
    assert plots.show_maps([values]).axes[-1].get_ylabel() == "value (−: below 0)"
    assert plots.show_maps([values.clip(0)], signed=True).axes[-1].get_ylabel() == "value"


def test_maps_have_a_labelled_bar_as_high_as_they_are():
    figure = plots.show_maps([np.arange(6.0).reshape(2, 3)] * 4, columns=2, label="answer")
    *maps, bar = figure.axes
    places = [ax.get_position() for ax in maps]
    assert bar.get_ylabel() == "answer"
    assert bar.get_position().y1 == pytest.approx(places[0].y1)
    assert bar.get_position().y0 == pytest.approx(places[-1].y0)


def test_maps_of_yes_and_no_have_no_bar():
    assert len(plots.show_maps([np.eye(3), np.eye(3) > 0]).axes) == 2
    assert len(plots.show_maps([np.eye(3), -np.eye(3)]).axes) == 3
    assert len(plots.show_maps([np.eye(3)], signed=True).axes) == 2  # a kernel, not an answer


def test_large_cells_of_a_map_have_lines_between_them_and_pixels_none():
    kernel, photo = (plots.show_maps([np.eye(n) + 1]).axes[0] for n in (5, 90))
    assert len(kernel.collections) == 2
    assert not photo.collections


def test_negative_values_of_a_signed_map_are_marked():
    kernel = np.array([[1.0, -3, 0], [-0.1, 2, -2]])  # what is nearly 0 is not
    ax = plots.show_maps([kernel]).axes[0]
    assert ax.collections[0].get_offsets().tolist() == [[1, 0], [2, 1]]


def test_no_picture_is_drawn_with_fewer_dots_than_pixels():
    for width, columns in [(100, 6), (300, 2), (1100, 1)]:
        figure = plots.show_images([np.zeros((9, width))] * 7)
        places = [ax.get_position() for ax in figure.axes]
        assert sum(place.y1 > places[0].y0 for place in places) == columns
    assert len(plots.show_images([np.zeros((9, 400))] * 4, columns=4).axes) == 4


def test_a_white_picture_has_a_frame():
    ax = plots.show_images([np.ones((2, 3))]).axes[0]
    assert ax.axison
    assert all(spine.get_visible() for spine in ax.spines.values())


# ---- charts


class History:
    """What `fit` returns, as far as `plot_history` reads it."""

    def __init__(self, **history):
        self.history = history


def test_plot_history_draws_training_solid_and_validation_dashed():
    figure = plots.plot_history(History(accuracy=[0.1, 0.5], val_accuracy=[0.2, 0.4], loss=[2, 1]))
    training, validation = figure.axes[0].lines
    assert (training.get_label(), training.get_linestyle()) == ("training", "-")
    assert (validation.get_label(), validation.get_linestyle()) == ("validation", "--")
    assert list(validation.get_xdata()) == [1, 2]
    assert list(validation.get_ydata()) == [0.2, 0.4]


def test_plot_history_names_several_runs_and_draws_only_what_was_measured():
    runs = {"mlp": History(loss=[2, 1]), "cnn": History(loss=[2, 0.5], val_loss=[2, 0.7])}
    figure = plots.plot_history(runs, metric="loss")
    labels = [line.get_label() for line in figure.axes[0].lines]
    assert labels == ["mlp training", "cnn training", "cnn validation"]
    assert figure.axes[0].get_ylabel() == "loss"


def test_plot_history_shows_the_whole_range_of_an_accuracy():
    figure = plots.plot_history(History(accuracy=[0.97, 0.98]))
    assert figure.axes[0].get_ylim() == (0, 1.02)
    assert figure.axes[0].get_ylabel() == "accuracy (share of images)"


def test_there_is_no_half_epoch():
    table = pd.DataFrame({"cnn": [0.9, 0.7, 0.6]}, pd.Index([1, 2, 3], name="epoch"))
    for figure in (
        plots.plot_history(History(loss=[3, 2, 1]), metric="loss"),
        plots.plot_history(History(loss=[3]), metric="loss"),
        plots.plot_curves(table, "loss", ""),
    ):
        ticks = figure.axes[0].get_xticks()
        assert (ticks == np.round(ticks)).all()


def test_curves_over_fractions_keep_their_ticks():
    table = pd.DataFrame({"cnn": [0.9, 0.7]}, pd.Index([0.1, 0.4], name="rate"))
    ticks = plots.plot_curves(table, "loss", "").axes[0].get_xticks()
    assert (ticks != np.round(ticks)).any()


@pytest.mark.parametrize("metric", ["acuracy", "val_loss"])
def test_plot_history_lists_the_metrics_that_were_measured(metric):
    runs = {"mlp": History(loss=[2, 1], val_loss=[2, 1]), "cnn": History(accuracy=[0.1], loss=[2])}
    with pytest.raises(ValueError) as error:
        plots.plot_history(runs, metric=metric)
    assert str(error.value) == (
        f"`metric` must be one that was measured (loss, accuracy): got metric='{metric}'. "
        "Choose one of these, or name it in compile(metrics=...) and fit."
    )


@pytest.mark.parametrize("history", [{"accuracy": [0.1, 0.5]}, [0.1, 0.5]])
def test_plot_history_says_what_it_takes(history):
    with pytest.raises(TypeError) as error:
        plots.plot_history(history)
    assert str(error.value) == (
        "`history` must be what fit returns, or a dict of label to that: got a "
        f"{type(history).__name__}. Pass history itself, not history.history."
    )


def test_plot_curves_draws_a_column_per_curve_over_the_index_each_with_its_own_look():
    table = pd.DataFrame({"mlp": [0.9, 0.5], "cnn": [0.9, 0.7]}, pd.Index([2, 6], name="shift"))
    ax = plots.plot_curves(table, ylabel="accuracy", title="shifted digits").axes[0]
    assert plots.describe(ax) == (
        "1. shifted digits | x: shift | y: accuracy "
        "| line 'mlp' of 2 points from (2, 0.9) to (6, 0.5), y 0.5 to 0.9, mean 0.7 "
        "| line 'cnn' of 2 points from (2, 0.9) to (6, 0.7), y 0.7 to 0.9, mean 0.8"
    )
    mlp, cnn = ax.lines
    assert mlp.get_marker() != cnn.get_marker()
    assert mlp.get_linestyle() != cnn.get_linestyle()


def test_plot_curves_draws_the_spread_as_a_band_around_each_curve():
    table = pd.DataFrame({"cnn": [0.9, 0.7]}, pd.Index([2, 6], name="shift"))
    (band,) = plots.plot_curves(table, "accuracy", "", spread=table / 10).axes[0].collections
    corners = band.get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.63)
    assert corners[:, 1].max() == pytest.approx(0.99)


def test_plot_confusion_has_the_true_class_in_rows():
    ax = plots.plot_confusion(CONFUSION, ["cat", "dog", "bee"]).axes[0]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "predicted class")
    text = plots.describe(ax)
    assert "x ticks: cat dog bee | y: true class" in text
    assert "y ticks: cat dog bee" in text
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written[2, 1] == "2"  # (column, row): two dogs seen as bees


def test_plot_confusion_colours_what_is_wrong_on_a_scale_of_its_own():
    """One mistake among 36 right ones must be seen, and what never happened must not."""
    matrix = np.array([[36, 1, 0], [0, 30, 4], [0, 0, 35]])
    figure = plots.plot_confusion(matrix, ["cat", "dog", "bee"])
    ax, bar = figure.axes
    right, wrong = ax.images
    assert right.get_array().compressed().tolist() == [36, 30, 35]
    assert wrong.get_array().compressed().tolist() == [1, 4]
    assert wrong.get_clim() == (0, 4)
    assert bar.get_ylabel() == "wrong images"
    texts = {text.get_position(): text.get_text() for text in ax.texts}
    assert [texts[place] for place in ((1, 0), (0, 1), (2, 2))] == ["1", "", "35"]
    assert len(ax.texts) == 9  # so the digest of a training does not count mistakes


def test_plot_confusion_draws_a_matrix_without_a_mistake():
    wrong = plots.plot_confusion(np.diag([3, 4]), ["cat", "dog"]).axes[0].images[1]
    assert not wrong.get_array().count()


# ---- tables

COSTS = pd.DataFrame(
    {
        "layer": ["c1", "c3"],
        "year": [1998, 2012],
        "macs": pd.array([416520, None], "Int64"),
        "error": [3.5678, np.nan],
        "ours": [True, False],
    }
)


def cells(styler):
    """The texts of the cells of the shown table, row by row."""
    return re.findall(r"<td[^>]*>(.*?)</td>", styler.to_html())


def test_a_table_groups_large_numbers_only_and_leaves_out_what_is_missing():
    expected = ["c1", "1998", "416,520", "3.57", "True", "c3", "2012", "", "", "False"]
    assert cells(plots.show_table(COSTS)) == expected
    assert cells(plots.show_table(COSTS, decimals=1))[3] == "3.6"


def test_rows_that_are_only_counted_have_no_heads_and_named_ones_keep_them():
    for table in (COSTS, COSTS[1:], COSTS.sort_values("layer", ascending=False)):
        assert "row_heading" not in plots.show_table(table).to_html()
    assert "row_heading" in plots.show_table(COSTS.set_index("year")).to_html()
    assert plots.show_table(COSTS.set_index("layer")).to_html().count("row_heading") >= 2


def test_the_same_table_is_the_same_text_and_tables_of_a_page_have_names_of_their_own():
    one, same, other = (plots.show_table(COSTS, c).to_html() for c in ("a", "a", "b"))
    assert one == same
    names = [re.search('id="(.*?)"', text)[1] for text in (one, other)]
    assert names[0] != names[1]
    assert "<caption>a</caption>" in one


# ---- mistakes

IMAGES = np.arange(5 * 2 * 3).reshape(5, 2, 3, 1) / 30
LABELS = np.array([0, 1, 1, 0, 0])
PROBABILITIES = np.array([[0.4, 0.6], [0.3, 0.7], [0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])


def test_show_mistakes_starts_with_the_surest():
    figure = plots.show_mistakes(IMAGES, LABELS, PROBABILITIES, ["cat", "dog"])
    assert [ax.get_title() for ax in figure.axes] == [
        "dog seen as cat\n90% sure",
        "cat seen as dog\n80% sure",
        "cat seen as dog\n60% sure",
    ]
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), IMAGES[3, :, :, 0])


def test_show_mistakes_draws_no_more_than_its_limit():
    figure = plots.show_mistakes(IMAGES, LABELS, PROBABILITIES, ["cat", "dog"], limit=1)
    assert [ax.get_title() for ax in figure.axes] == ["dog seen as cat\n90% sure"]


def test_show_mistakes_prints_a_line_where_nothing_is_wrong(capsys):
    predictions = PROBABILITIES.argmax(axis=1)
    assert plots.show_mistakes(IMAGES, predictions, PROBABILITIES, ["cat", "dog"]) is None
    assert capsys.readouterr().out == "no mistakes to show\n"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"probabilities": PROBABILITIES[:, 1:]},
            r"`probabilities` must be \(N, 2\).*column_stack",
        ),
        ({"probabilities": 8 * PROBABILITIES - 2}, "`probabilities` must .* sum 4. Of logits take"),
        (
            {"class_names": ["cat", "dog", "bee"]},
            r"must be \(N, 3\).*Give every class a column and",
        ),
        ({"labels": LABELS[:, None]}, r"`labels` .*of shape \(5, 1\)\. .*np\.ravel\(labels\)"),
        ({"labels": LABELS * 2}, r"`labels` must be class numbers from 0 to 1: got labels\[1\]=2"),
        ({"labels": LABELS[:4]}, "belong together: got 5, 4 and 5. Take all three of one split"),
        ({"images": IMAGES[:3]}, "belong together: got 3, 5 and 5. Take all three of one split"),
    ],
    ids=["one column", "logits", "names", "column of labels", "no class", "labels", "images"],
)
def test_show_mistakes_invents_none(changed, message):
    given = {"images": IMAGES, "labels": LABELS, "probabilities": PROBABILITIES}
    with pytest.raises(ValueError, match=message):
        plots.show_mistakes(**{**given, "class_names": ["cat", "dog"], **changed})


# ---- regions


def test_a_region_is_outlined_along_the_edges_of_its_pixels():
    figure = plots.show_regions(np.zeros((5, 8, 3)), {"field": (1, 2, 4, 7)}, title="t")
    [line] = figure.axes[0].lines
    assert (line.get_xdata().min(), line.get_xdata().max()) == (1.5, 6.5)
    assert (line.get_ydata().min(), line.get_ydata().max()) == (0.5, 3.5)
    assert [text.get_text() for text in figure.legends[0].texts] == ["field"]
    assert figure.axes[0].get_title() == "t"


def test_regions_over_the_edge_widen_the_picture():
    ax = plots.show_regions(np.zeros((5, 8)), {"a": (-3, 0, 2, 8), "b": (0, -2, 5, 12)}).axes[0]
    assert ax.get_xlim() == (-3, 12)
    assert ax.get_ylim() == (5, -4)
    low, high = ax.images[0].get_clim()
    assert (low, high) == (0, 1)


def test_regions_can_be_drawn_in_a_frame_that_stays():
    for region in [(-3, 0, 2, 8), (2, 2, 4, 5)]:
        ax = plt.figure().subplots()
        plots.draw_regions(ax, np.zeros((5, 8)), {"a": region}, frame=(-4, -2, 6, 12))
        assert (ax.get_xlim(), ax.get_ylim()) == ((-3, 12), (6, -5))


def test_a_dashed_region_has_a_whole_white_line_below_it():
    ax = plots.show_regions(np.zeros((5, 8)), {"a": (0, 0, 2, 3), "b": (1, 2, 4, 5)}).axes[0]
    assert len(ax.collections) == len(ax.lines) == 2
    [piece] = ax.collections[1].get_segments()
    np.testing.assert_array_equal(piece, ax.lines[1].get_xydata())


# ---- style


def test_pixels_are_not_left_out_where_a_picture_is_made_smaller():
    with plt.style.context(Path(cnnlab.__file__).with_name("panels") / "cnnlab.mplstyle"):
        stripes = np.tile([0.0, 1.0], (300, 150))  # their true colour, from afar, is mid grey
        figure = plots.show_images([stripes] * 4, columns=4)
        figure.set_dpi(40)
        figure.canvas.draw()
        ax = figure.axes[0]
        box = ax.get_window_extent()
        drawn = np.asarray(figure.canvas.buffer_rgba())[::-1, :, 0]
        inside = drawn[int(box.y0) + 4 : int(box.y1) - 4, int(box.x0) + 4 : int(box.x1) - 4]
        assert abs(inside.mean() - 127) < 8
        assert inside.std() < 30


def test_the_style_tells_curves_apart_without_colour():
    with plt.style.context(Path(cnnlab.__file__).with_name("panels") / "cnnlab.mplstyle"):
        curves = plt.figure().subplots().plot([[0, 1, 2, 3]] * 2)
    assert len({line.get_linestyle() for line in curves}) == 4
