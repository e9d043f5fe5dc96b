"""Boxes and masks on pictures: where they lie, and that they can be told apart and read."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import cnnlab
from cnnlab.overlays import draw_boxes, draw_masks
from cnnlab.panels.signs import luminance

STYLE = Path(cnnlab.__file__).with_name("panels") / "cnnlab.mplstyle"
PHOTO = np.random.default_rng(0).integers(0, 256, (6, 9, 3)).astype("uint8")
BOXES = [(1, 2, 5, 8), (0, 0, 3, 3)]
MASK = np.zeros((6, 9), bool)
MASK[1:4, 2:8] = True


@pytest.fixture
def ax():
    with plt.style.context(STYLE):
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def test_a_box_is_drawn_on_the_edges_of_its_pixels(ax):
    draw_boxes(ax, PHOTO, BOXES)
    for line, (top, left, bottom, right) in zip(ax.lines, BOXES, strict=True):
        x, y = line.get_xydata().T
        edges = (y.min(), x.min(), y.max(), x.max())
        assert edges == (top - 0.5, left - 0.5, bottom - 0.5, right - 0.5)
        assert (x[0], y[0]) == (x[-1], y[-1])  # closed


def test_the_picture_keeps_its_place_and_its_brightness(ax):
    draw_boxes(ax, PHOTO, [(-9, -9, 30, 40)])
    (image,) = ax.images
    np.testing.assert_allclose(image.get_array(), PHOTO / 255)
    assert ax.get_xlim() == (-0.5, 8.5) and ax.get_ylim() == (5.5, -0.5)


def test_a_grey_picture_is_drawn_in_grey_from_black_to_white(ax):
    draw_boxes(ax, PHOTO[..., :1], [])
    assert ax.images[0].get_clim() == (0, 255) and ax.images[0].get_cmap().name == "gray"


def test_without_a_picture_boxes_are_added_to_what_is_there(ax):
    draw_boxes(ax, PHOTO, BOXES)
    draw_boxes(ax, None, BOXES, kinds=1)
    assert len(ax.images) == 1 and len(ax.lines) == 4


@pytest.mark.parametrize("draw", [draw_boxes, draw_masks])
def test_no_box_and_no_mask_leave_the_picture(draw, ax):
    draw(ax, PHOTO, [])
    assert len(ax.images) == 1 and not ax.lines and not ax.collections


def looks(line):
    return line.get_linestyle(), line.get_linewidth()


def test_the_kinds_can_be_told_apart_without_colour(ax):
    draw_boxes(ax, PHOTO, [BOXES[0]] * 9, kinds=range(9))
    assert len({looks(line) for line in ax.lines[:8]}) == 8
    assert looks(ax.lines[8]) == looks(ax.lines[0])
    assert len({line.get_color() for line in ax.lines}) == 8
    assert all(line.get_path_effects() for line in ax.lines)  # a white rim on dark pictures


def test_one_kind_stands_for_all_boxes(ax):
    draw_boxes(ax, PHOTO, BOXES, kinds=1)
    assert [line.get_linestyle() for line in ax.lines] == ["--", "--"]


def test_masks_are_numbered_and_outlined_in_their_kinds(ax):
    draw_masks(ax, PHOTO, [MASK, ~MASK])
    first, second = ax.collections
    assert first.get_linestyle() != second.get_linestyle()
    assert not np.array_equal(first.get_edgecolor(), second.get_edgecolor())


def test_a_mask_colours_its_own_pixels_and_no_other(ax):
    draw_masks(ax, PHOTO, [MASK])
    film = ax.images[1].get_array()
    np.testing.assert_array_equal(film[..., 3] > 0, MASK)
    assert 0.3 < film[2, 3, 3] < 0.6  # the picture is still seen


def test_the_outline_of_a_mask_closes_at_the_edge_of_the_picture(ax):
    draw_masks(ax, PHOTO, [np.ones((6, 9), bool)])
    (path,) = ax.collections[0].get_paths()
    assert path.vertices[:, 0].min() == -0.5 and path.vertices[:, 0].max() == 8.5
    assert ax.get_xlim() == (-0.5, 8.5) and ax.get_ylim() == (5.5, -0.5)


def test_large_pieces_of_a_mask_are_named_and_specks_are_not(ax):
    mask = np.zeros((12, 20), bool)
    mask[1:6, 1:6] = mask[6:10, 10:16] = mask[11, 19] = True
    draw_masks(ax, np.zeros((12, 20, 3)), [mask], texts=["four"])
    assert [text.get_text() for text in ax.texts] == ["four", "four"]
    near, far = sorted(text.get_position()[0] for text in ax.texts)
    assert near < 6 < 9 < far


def test_a_hole_in_a_mask_has_no_name(ax):
    mask = np.ones((12, 20), bool)
    mask[1:11, 1:19] = False
    draw_masks(ax, np.zeros((12, 20, 3)), [mask], texts=["frame"])
    assert len(ax.texts) == 1


def test_a_mask_without_a_pixel_is_not_drawn(ax):
    draw_masks(ax, PHOTO, [np.zeros((6, 9), bool)], texts=["nothing"])
    assert len(ax.images) == 1 and not ax.texts


@pytest.mark.parametrize("kind", range(8))
def test_every_text_stands_out_from_its_patch(ax, kind):
    draw_boxes(ax, PHOTO, BOXES[:1], ["bird"], kind)
    (text,) = ax.texts
    patch = luminance(text.get_bbox_patch().get_facecolor())
    dark, light = sorted((patch, luminance(text.get_color())))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_text_begins_at_its_box_and_stays_in_the_picture(ax):
    picture = np.zeros((60, 90, 3))
    draw_boxes(ax, picture, [(20, 10, 40, 30), (20, 70, 40, 88), (0, -5, 9, 9)], ["a", "b", "c"])
    first, late, high = ax.texts
    assert first.get_position() == (9.5, 19.5)
    assert (first.get_ha(), first.get_va()) == ("left", "bottom")
    assert late.get_position() == (87.5, 19.5) and late.get_ha() == "right"
    assert high.get_position() == pytest.approx((-0.5, 0.7)) and high.get_va() == "top"


def test_a_text_of_a_mask_stands_where_that_of_its_box_stands(ax):
    draw_boxes(ax, PHOTO, [(1, 2, 4, 8)], ["bird"])
    draw_masks(ax, PHOTO, [MASK], ["bird"])
    box, mask = ax.texts
    assert box.get_position() == mask.get_position()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ax: draw_boxes(ax, PHOTO[None], BOXES), r"got shape \(1, 6, 9, 3\)\. Take one"),
        (lambda ax: draw_boxes(ax, PHOTO[..., :2], BOXES), r"got shape \(6, 9, 2\)"),
        (lambda ax: draw_boxes(ax, PHOTO, BOXES[0]), r"`boxes` must be \(N, 4\)"),
        (lambda ax: draw_boxes(ax, PHOTO, [(5, 2, 1, 8)]), "no negative side"),
        (lambda ax: draw_boxes(ax, PHOTO, [(5, 2, np.nan, 8)]), "finite"),
        (lambda ax: draw_boxes(ax, PHOTO, BOXES, ["a"]), "`texts` .* each box: got 1 for 2. Cut"),
        (lambda ax: draw_boxes(ax, PHOTO, BOXES, kinds=[1]), "`kinds` must .*: got 1 for 2"),
        (lambda ax: draw_boxes(ax, PHOTO, BOXES, kinds=[0.5, 1]), "whole numbers: got float64"),
        (lambda ax: draw_masks(ax, PHOTO, [MASK, MASK], ["a"]), "one for each mask: got 1 for 2"),
        (lambda ax: draw_masks(ax, PHOTO, [MASK / 2]), r"float64 of .*write masks > 0\.5"),
        (lambda ax: draw_masks(ax, PHOTO, MASK), r"got bool of shape \(6, 9\)\..* for one"),
        (lambda ax: draw_masks(ax, PHOTO, [MASK[1:]]), r"picture, \(6, 9\): .* \(1, 5, 9\)"),
    ],
)
def test_bad_input_is_refused_with_a_remedy(ax, call, message):
    with pytest.raises(ValueError, match=message):
        call(ax)
