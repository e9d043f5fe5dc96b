"""Panels that are placed to the dot, and signs that can be read."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnlab.panels import rows, signs


def places(figure, axes):
    """(left, top, width, height) of each Axes in inches."""
    width, height = figure.get_size_inches()
    boxes = [ax.get_position() for ax in axes]
    return [(b.x0 * width, (1 - b.y1) * height, b.width * width, b.height * height) for b in boxes]


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("bar", [False, True])
def test_each_panel_has_the_size_that_was_asked_for(columns, bar):
    sizes = [(1.0, 2.0), (0.5, 0.7), (1.5, 1.0)]
    figure, axes, _ = rows.panels(sizes, ["a", "two\nlines", "c"], columns, bar=bar)
    found = places(figure, axes)
    np.testing.assert_allclose([(high, wide) for *_, wide, high in found], sizes)
    for one in range(3):  # none covers another
        for other in range(one):
            apart = [
                found[other][i] + found[other][i + 2] <= found[one][i] + 1e-9
                or found[one][i] + found[one][i + 2] <= found[other][i] + 1e-9
                for i in (0, 1)
            ]
            assert any(apart)


def test_signs_stand_in_the_gaps_at_the_height_of_the_middle():
    figure, axes, _ = rows.panels([(1.0, 2.0), (0.5, 0.5), (1.0, 1.0)], signs=["∗", "="])
    first, second = figure.texts
    assert [t.get_text() for t in figure.texts] == ["∗", "="]
    middles = [(ax.get_position().y0 + ax.get_position().y1) / 2 for ax in axes]
    assert first.get_position()[1] == pytest.approx(middles[0]) == pytest.approx(middles[1])
    assert axes[0].get_position().x1 < first.get_position()[0] < axes[1].get_position().x0
    assert axes[1].get_position().x1 < second.get_position()[0] < axes[2].get_position().x0


def test_every_row_has_its_signs_and_an_unfinished_row_fewer():
    figure, _, _ = rows.panels([(1, 1)] * 5, columns=3, signs=["∗", "="])
    assert [text.get_text() for text in figure.texts] == ["∗", "=", "∗"]


@pytest.mark.parametrize("given", [["∗"], ["∗", "=", "→"]])
def test_not_one_sign_per_gap_is_refused(given):
    with pytest.raises(ValueError) as error:
        rows.panels([(1, 1)] * 3, signs=given)
    assert str(error.value) == (
        f"`signs` must be one text per gap of a row, 2: got {len(given)}. "
        "Leave a gap empty with ''."
    )


@pytest.mark.parametrize("bar", [False, True])
@pytest.mark.parametrize("columns", [1, 3, 8])
def test_pictures_fill_the_width_and_no_more(columns, bar):
    sizes = rows.image_sizes([(30, 700)] * 8, columns, bar)
    figure, _, _ = rows.panels(sizes, columns=columns, bar=bar)
    assert figure.get_size_inches()[0] == pytest.approx(rows.WIDTH)


def test_maps_of_different_sizes_are_drawn_as_wide_as_each_other():
    sizes = rows.image_sizes([(11, 11), (21, 21), (41, 41), (81, 81)], columns=4)
    np.testing.assert_allclose(sizes, [sizes[0]] * 4)


@pytest.mark.parametrize(("cells", "dots"), [(28, 144), (64, 96), (96, 96)])
def test_pictures_that_are_alike_have_a_whole_number_of_dots_per_pixel(cells, dots):
    for high, wide in rows.image_sizes([(10, cells)] * 3, columns=3, bar=True):
        assert wide * dots / cells == pytest.approx(round(wide * dots / cells))
        assert high / wide == pytest.approx(10 / cells)


def test_a_tall_picture_is_not_taller_than_a_screen():
    [(high, wide)] = rows.image_sizes([(200, 100)], columns=1)
    assert rows.TALLEST - 0.1 < high <= rows.TALLEST
    assert wide == high / 2


@pytest.mark.parametrize(
    "shapes", [[(3, 4), (2, 2)], [(7, 30), (3, 3), (5, 28)], [(2, 90)], [(1, 1)] * 9]
)
@pytest.mark.parametrize("titles", [False, True])
def test_cells_are_of_one_size_and_fit_in_the_width(shapes, titles):
    titles = [f"a matrix of number {i}" for i in range(len(shapes))] if titles else None
    sizes = rows.cell_sizes(shapes, len(shapes), titles, signs=True)
    sides = [(h / r, w / c) for (h, w), (r, c) in zip(sizes, shapes, strict=True)]
    np.testing.assert_allclose(sides, sides[0][0])
    assert sides[0][0] <= rows.CELL + 1e-9
    figure, _, _ = rows.panels(sizes, titles, signs=["∗"] * (len(shapes) - 1))
    assert figure.get_size_inches()[0] <= rows.WIDTH + 1e-6


def test_a_long_title_is_broken_and_a_line_of_its_own_kept():
    _, axes, _ = rows.panels([(1, 1)] * 4, ["power mean of the third degree", "a\nb", "", "c"])
    assert [ax.get_title() for ax in axes] == ["power mean of the\nthird degree", "a\nb", "", "c"]


def test_text_on_a_colour_has_a_contrast_of_4_and_a_half():
    for grey in np.linspace(0, 1, 101):
        for colour in [(grey, 0, 0), (0, grey, 0), (0, 0, grey), (grey, grey, grey)]:
            text, ground = signs.luminance(signs.readable_on(colour)), signs.luminance(colour)
            assert (max(text, ground) + 0.05) / (min(text, ground) + 0.05) >= 4.5


def test_luminance_of_black_and_white_and_green_above_blue():
    assert (signs.luminance("black"), signs.luminance("white")) == (0, pytest.approx(1))
    assert signs.luminance((0, 1, 0)) > 9 * signs.luminance((0, 0, 1))


def marks(values, **scale):
    """(row, column) of each sign."""
    ax = plt.figure().subplots()
    signs.mark_negative(ax, values, ax.imshow(values, cmap="RdBu_r", **scale))
    return [tuple(place[::-1]) for lines in ax.collections for place in lines.get_offsets()]


def test_each_negative_cell_of_a_small_map_has_a_sign():
    values = np.array([[1.0, -4, 0], [-0.3, 2, -2]])
    assert marks(values, vmin=-4, vmax=4) == [(0, 1), (1, 2)]  # −0.3 is as good as white
    assert marks(np.abs(values), vmin=-4, vmax=4) == []


def test_signs_on_a_large_map_stand_apart_and_only_where_it_is_negative():
    values = np.ones((70, 140))
    values[20:, 70:] = -1
    found = np.array(marks(values, vmin=-1, vmax=1))
    assert 20 < len(found) <= signs.PLACES**2
    assert found[:, 0].min() >= 20
    assert found[:, 1].min() >= 70


def test_specks_of_a_large_map_have_no_sign():
    values = np.full((70, 140), -1.0)
    values[::4, ::4] = 0.5
    assert marks(values, vmin=-1, vmax=1) == []


def test_a_large_map_has_no_lone_sign():
    values = np.ones((70, 140))
    values[:10, :10] = -1
    assert marks(values, vmin=-1, vmax=1) == []
    values[:10, :20] = -1
    assert marks(values, vmin=-1, vmax=1) == [(4.5, 4.5), (4.5, 14.5)]
    values = np.array([[1.0, -1.0]])
    assert marks(values, vmin=-1, vmax=1) == [(0, 1)]  # of a small one it is a cell like others
