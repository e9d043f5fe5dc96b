"""Drawings: every place and every number is computed, from arrays or from the model."""

import base64
import configparser
import io
import math
import re
from itertools import pairwise
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle
from PIL import Image

from cnnlab import drawings, models
from cnnlab.comparing.digests import describe
from cnnlab.convolution import conv2d, correlate2d
from cnnlab.costs import layer_table
from cnnlab.drawings import sheet
from cnnlab.drawings.animation import animate
from cnnlab.drawings.blocks import draw_blocks
from cnnlab.drawings.computing import computed, draw_graph, gradients_of
from cnnlab.drawings.cone import cone, draw_cone
from cnnlab.drawings.layout import NARROW, ROOM, layered
from cnnlab.drawings.parts import blocks, parts
from cnnlab.drawings.passes import draw_passes
from cnnlab.drawings.planes import draw_planes, maps
from cnnlab.drawings.steps import convolution_step, im2col_step, pooling_step
from cnnlab.drawings.strip import film_strip
from cnnlab.drawings.through import draw_through
from cnnlab.drawings.trunk import between, short, trunk
from cnnlab.drawings.volume import draw_volume
from cnnlab.drawings.weighted import draw_sum
from cnnlab.panels.signs import luminance, readable_on
from cnnlab.reading.graph import read
from cnnlab.receptive_field import receptive_field

ROOT = Path(__file__).parents[1]
RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 4, (4, 6))
KERNEL = RANDOM.integers(-2, 3, (2, 3))


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def spoken(figure):
    return [t.get_text() for t in figure.axes[0].texts if t.get_gid() == "spoken"]


def chain(*stack, shape=(32, 48, 3), **settings):
    return keras.Sequential([keras.Input(shape, name="image"), *stack], **settings)


def branched():
    image = keras.Input((32, 48, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", name="first")(image)
    left = layers.Conv2D(4, (3, 5), padding="same", name="left")(x)
    x = layers.Add(name="sum")([x, left])
    return keras.Model(image, layers.MaxPooling2D(name="pool")(x))


def nested():
    base = chain(layers.Conv2D(4, (3, 5), name="conv"), layers.MaxPooling2D(name="pool"), name="b")
    image = keras.Input((32, 48, 3), name="image")
    return keras.Model(image, layers.Conv2D(2, 3, name="conv")(base(image)))


# the sheet


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_every_number_can_be_read_on_its_colour():
    for value in np.linspace(0, 1, 101):
        colour = plt.get_cmap("RdBu_r")(value)
        written = (0, 0, 0) if readable_on(colour) == "black" else (1, 1, 1)
        assert contrast(colour, written) >= 4.5


def test_cells_are_as_large_as_the_sheet_allows_and_all_alike():
    wide, narrow = sheet.sheet(5, 70), sheet.sheet(5, 7)
    assert sheet.cell_points(wide) == pytest.approx(7.2)
    assert sheet.cell_points(narrow) == pytest.approx(72 * sheet.CELL)
    for ax in (wide, narrow):
        ax.figure.canvas.draw()
        box = ax.get_window_extent()
        assert box.width / 5 * 5 / np.ptp(ax.get_xlim()) == pytest.approx(box.height / 5)


def test_numbers_stand_in_their_cells_and_empty_ones_have_none():
    ax = sheet.sheet(4, 6)
    values = np.ma.masked_equal([[1, -2, 0], [3, 0, 5]], 0)
    assert sheet.draw_cells(ax, values, (1, 2), limit=5) == (1, 2, 3, 5)
    found = {t.get_text(): tuple(np.floor(t.get_position()).astype(int)) for t in ax.texts}
    assert found == {"1": (2, 1), "−2": (3, 1), "3": (2, 2), "5": (4, 2)}
    assert ax.images[0].get_clim() == (-5, 5)
    assert ax.images[0].get_extent() == [2, 5, 3, 1]


def test_long_numbers_are_written_smaller_and_none_too_small():
    ax = sheet.sheet(4, 20)
    assert sheet.fitting(ax, ["7"]) == sheet.LARGEST
    assert sheet.fitting(ax, ["-0.12500"]) == sheet.SMALLEST
    assert sheet.SMALLEST < sheet.fitting(ax, ["1.25"]) < sheet.LARGEST


def test_the_digest_tells_the_words_of_a_drawing_but_not_of_a_rough_one():
    ax = sheet.sheet(2, 4)
    sheet.write(ax, "told", (1, 1))
    ax.text(2, 1, "counted")
    assert describe(ax.figure).endswith("2 texts | 'told'")
    assert describe(ax.figure, "rough").endswith("2 texts")


# the film strip


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"strides": 2},
        {"padding": 1, "strides": (2, 3)},
        {"padding": "same", "strides": 2},
        {"dilation_rate": (2, 1)},
    ],
)
def test_a_film_strip_shows_every_position_and_its_result(settings):
    figure = film_strip(IMAGE, KERNEL, **settings)
    output = correlate2d(IMAGE, KERNEL, **settings)
    assert [text for text in texts(figure) if " at " in text] == [
        f"{value:g} at {place}".replace("-", "−") for place, value in np.ndenumerate(output)
    ]
    pictures = figure.axes[0].images
    assert len(pictures) == 3 + output.size
    for shown, array in zip(pictures, (IMAGE, KERNEL, output), strict=False):
        np.testing.assert_array_equal(shown.get_array(), array)
    sizes = {
        tuple(np.abs([np.ptp(p.get_extent()[:2]), np.ptp(p.get_extent()[2:])]) / p.get_size()[::-1])
        for p in pictures
    }
    assert np.array([*sizes]) == pytest.approx(1), "one cell size"


def test_the_weights_stand_in_the_corners_of_the_pixels_they_meet():
    figure = film_strip(IMAGE, KERNEL, dilation_rate=2, padding=1)
    numbers = [t for t in figure.axes[0].texts if t.get_gid() is None]
    for number, picture in enumerate(figure.axes[0].images[3:]):
        left, right, bottom, top = picture.get_extent()
        inside = [t for t in numbers if left < t.get_position()[0] < right]
        inside = [t for t in inside if top < t.get_position()[1] < bottom]
        cells = {}
        for text in inside:
            x, y = text.get_position()
            value = float(text.get_text().replace("−", "-"))
            cells.setdefault((int(y - top), int(x - left)), []).append(value)
        products = [pair[0] * pair[1] for pair in cells.values() if len(pair) == 2]
        assert len(products) == KERNEL.size
        output = correlate2d(IMAGE, KERNEL, dilation_rate=2, padding=1)
        assert sum(products) == output.ravel()[number]


def test_a_strip_that_nobody_could_read_is_refused():
    with pytest.raises(ValueError, match=r"small enough for its 121 positions .* got 12x12 pixels"):
        film_strip(np.zeros((12, 12)), np.ones((2, 2)))


@pytest.mark.parametrize("settings", [{}, {"strides": 2, "padding": 1}])
def test_a_step_of_several_channels_adds_up_to_what_conv2d_gives(settings):
    x = RANDOM.integers(-3, 4, (4, 5, 3))
    kernel = RANDOM.integers(-2, 3, (2, 3, 3, 2))
    bias = np.array([1, -2])
    [expected] = conv2d(x[None], kernel, bias, **settings)
    for place in np.ndindex(expected.shape):
        figure = convolution_step(x, kernel, bias, place[:2], place[2], **settings)
        sums, total = (
            spoken(figure)[-1].replace("−", "-").split(": ")[1].split(", bias")[0].split(" = ")
        )
        parts = [float(part.strip("()")) for part in sums.split(" + ")]
        assert sum(parts) == float(total) == expected[place]
        assert len(parts) == 4
        done = figure.axes[0].images[-1].get_array()
        assert done.count() == np.ravel_multi_index(place[:2], done.shape) + 1
        assert done[place[:2]] == expected[place]
        plt.close(figure)


def test_a_step_outside_the_map_is_refused():
    x, kernel = np.ones((4, 5, 1)), np.ones((2, 2, 1, 2))
    for position, channel in [((3, 0), 0), ((0, 0), 2), ((-1, 0), 0)]:
        with pytest.raises(ValueError, match=r"must lie in the output, \(3, 4, 2\)"):
            convolution_step(x, kernel, None, position, channel)
    with pytest.raises(ValueError, match="small enough for its 9 channels to stand in a row"):
        convolution_step(np.ones((4, 5, 9)), np.ones((2, 2, 9, 1)))


# volumes


def test_a_volume_says_the_shapes_and_weights_that_keras_has():
    figure = draw_volume((8, 12, 3), (3, 5), filters=4, strides=2, separable=True)
    said = [text for text in texts(figure) if "×" in text]
    model = chain(layers.Conv2D(4, (3, 5), strides=2, use_bias=False), shape=(8, 12, 3))
    assert "×".join(map(str, model.output_shape[1:])) in said
    assert f"4 kernels: 4 · 3×5×3 = {model.count_params()} weights" in said
    separable = layers.SeparableConv2D(4, (3, 5), strides=2, use_bias=False)
    separable.build((None, 8, 12, 3))
    weights = [text.split(" = ")[1].split()[0] for text in said if "kernel" in text][1:]
    assert sum(map(int, weights)) == separable.count_params()


def test_the_boxes_of_a_volume_are_to_scale():
    figure = draw_volume((8, 12, 3), (3, 5), filters=4)
    faces = [patch.get_xy() for patch in figure.axes[0].patches if isinstance(patch, Polygon)]
    sizes = [np.ptp(front, axis=0) for front in faces[::3]]
    scale = sizes[0][0] / 12
    drawn = [tuple(np.round(size / scale).astype(int)) for size in sizes]
    assert drawn == [(12, 8), (5, 3), (5, 3), (8, 6), (8, 6)]  # columns, rows


@pytest.mark.parametrize("shape", [(8, 12), (8, 0, 3), (8, 12, 2.5), None])
def test_a_volume_of_no_three_numbers_is_refused(shape):
    with pytest.raises(ValueError, match="three whole numbers from 1 up"):
        draw_volume(shape, 3)


# the trunk


def test_the_trunk_is_what_every_path_passes():
    def paths(graph, name):
        node = graph[name]
        return [[*p, name] for i in node.inputs for p in paths(graph, i)] or [[name]]

    for model in (branched(), nested(), resnet()):
        graph = read(model)
        if len(graph.nodes) < 20:
            every = paths(graph, graph.outputs[0])
            common = set.intersection(*map(set, every))
            assert {node.address for node in trunk(graph)} == common
        assert trunk(graph)[0].address == graph.inputs[0]
        assert trunk(graph)[-1].address == graph.outputs[0]


def test_the_part_between_two_nodes_of_the_trunk_holds_the_branches():
    graph = read(branched())
    part = between(graph, graph["first"], graph["sum"])
    assert [node.address for node in part.nodes] == ["first", "left", "sum"]


def test_a_name_that_stands_twice_is_told_in_full():
    graph = read(nested())
    assert [short(graph, node) for node in graph.calls] == ["b/conv", "pool", "conv"]
    unnamed = read(keras.Sequential([keras.Input((8, 12, 3)), layers.ReLU()]))
    assert short(unnamed, unnamed.nodes[0]) == "input"


# cones


def resnet():
    with models.blueprint():
        return keras.applications.ResNet50(weights=None, input_shape=(64, 96, 3))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    "build", [models.lenet5, branched, nested, resnet], ids=lambda build: build.__name__
)
def test_the_foot_of_a_cone_is_the_receptive_field(build, axis):
    model = build()
    field = receptive_field(model)
    for cell in {0, field.map_size[axis] // 2, field.map_size[axis] - 1}:
        place = [0, 0]
        place[axis] = cell
        region = field.region(*place)
        levels, _ = cone(model, cell=cell, axis=axis)
        assert (levels[0].first, levels[0].behind) == (region[axis], region[axis + 2])
        assert (levels[-1].first, levels[-1].behind) == (cell, cell + 1)
        middle = levels[-1].origin + cell * levels[-1].stride
        assert middle == pytest.approx(field.centre(*place)[axis])


def test_every_level_of_a_cone_sees_what_the_slow_definition_gives():
    model = chain(
        layers.Conv2D(2, (3, 1), strides=2, name="a"),
        layers.ReLU(),
        layers.MaxPooling2D(name="b"),
        layers.Conv2D(2, (3, 1), dilation_rate=2, name="c"),
        shape=(32, 5, 1),
    )
    levels, left_out = cone(model, cell=1)
    assert [level.name for level in levels] == ["input", "a", "b", "c"]
    assert left_out == 1
    cells = {1}
    seen = [cells]
    for offsets, stride in [((0, 2, 4), 1), ((0, 1), 2), ((0, 1, 2), 2)]:
        cells = {cell * stride + offset for cell in cells for offset in offsets}
        seen.append(cells)
    for level, cells in zip(levels[::-1], seen, strict=True):
        assert level.seen == tuple(sorted(cells)), "with the gaps of the dilation"
    assert levels[1].told == f"{len(seen[-2])} over 10 cells"


def test_a_cone_is_drawn_where_its_cells_are():
    figure = draw_cone(
        chain(layers.Conv2D(4, 3, padding="same", name="conv"), shape=(8, 12, 3)), cell=0
    )
    below, above = figure.axes[0].images
    assert below.get_extent() == [-0.5, 7.5, -0.5, 0.5]
    assert above.get_extent() == [-0.5, 7.5, 1.5, 2.5]
    assert below.get_array().tolist() == [[1, 1, 0, 0, 0, 0, 0, 0]]
    hatched = [patch for patch in figure.axes[0].patches if patch.get_hatch()]
    assert [patch.get_xy() for patch in hatched] == [(-1.5, -0.5)]
    assert spoken(figure) == ["conv", "1 of 8 cells", "input", "3 cells, 2 inside"]


def test_a_cone_of_many_layers_says_what_it_leaves_out():
    stack = [layers.Conv2D(1, (3, 1)) for _ in range(60)]
    figure = draw_cone(chain(*stack, shape=(160, 2, 1)))
    assert len(figure.axes[0].images) <= 25
    assert figure.axes[0].images[0].get_size()[1] == 160
    assert "; 40 layers not drawn" in figure.axes[0].get_title()


def test_what_has_no_cone_is_refused():
    flat = chain(layers.Flatten(name="flat"), layers.Dense(3, name="dense"))
    with pytest.raises(ValueError, match=r"must have a map of known size.* at 'flat'"):
        draw_cone(flat, "flat")
    with pytest.raises(ValueError, match="got cell=32 of 32 cells at 'first'"):
        draw_cone(branched(), "first", cell=32)
    with pytest.raises(ValueError, match="known size"):
        draw_cone(chain(layers.Conv2D(4, 3), shape=(None, None, 3)))


# planes


@pytest.mark.parametrize("model", [models.lenet5(), models.mnist_cnn(), nested()])
def test_the_planes_are_those_of_the_layer_table(model):
    table = layer_table(model).set_index("layer")
    found, left_out = maps(model)
    assert left_out == 0
    for one in found[1:]:
        shape = table.output_shape[one.name] if one.name in table.index else None
        shape = shape or table.output_shape[next(n for n in table.index if n.endswith(one.name))]
        assert one.shape == (*(1,) * (3 - len(shape)), *shape)
    kept = {"Conv2D", "MaxPooling2D", "AveragePooling2D", "Dense", "ZeroPadding2D"}
    assert len(found) - 1 == table.kind.isin(kept).sum()


def test_the_planes_are_to_scale():
    figure = draw_planes(models.lenet5())
    faces = [patch.get_xy() for patch in figure.axes[0].patches if isinstance(patch, Polygon)]
    fronts, sides = faces[: 3 * 6 : 3], faces[2 : 3 * 6 : 3]
    heights = np.array([np.ptp(face[:, 1]) for face in fronts])
    np.testing.assert_allclose(heights / heights[0] * 28, [28, 32, 28, 14, 10, 5])
    widths = np.array([np.ptp(face[:, 0]) for face in sides])
    np.testing.assert_allclose(widths / widths[0] * 28, [28, 32, 28, 14, 10, 5])
    depths = np.array([np.ptp(face[:, 0]) for face in fronts])
    np.testing.assert_allclose(depths / depths[0], [1, 1, 6, 6, 16, 16])
    bars = np.array([np.ptp(face[:, 1]) for face in faces[18:]])
    np.testing.assert_allclose(bars[:2] / bars[0] * 120, [120, 84])
    assert [t for t in spoken(figure) if "×" in t][:3] == ["28×28", "32×32", "28×28"]


def test_the_depth_of_a_plane_is_its_width_and_not_its_height():
    figure = draw_planes(nested())
    faces = [patch.get_xy() for patch in figure.axes[0].patches if isinstance(patch, Polygon)]
    widths = np.array([np.ptp(face[:, 0]) for face in faces[2::3]])
    np.testing.assert_allclose(widths / widths[0] * 48, [48, 44, 22, 20])


def test_frozen_layers_are_told_where_there_are_some():
    model = models.lenet5()
    assert not {"frozen", "trains"} & {*spoken(draw_planes(model))}
    for name in ("c1", "c3"):
        model.get_layer(name).trainable = False
    said = [text for text in spoken(draw_planes(model)) if text in ("frozen", "trains")]
    assert said == ["frozen", "trains"]
    assert [one.frozen for one in maps(model)[0] if one.kind == "pooling"] == [None, None]


def test_a_long_name_that_stands_upright_is_parted():
    names = [f"feature_extraction_{n}" for n in range(9)]
    stack = [layers.Conv2D(4, 3, padding="same", strides=2, name=name) for name in names]
    texts = [
        t.get_text()
        for t in draw_planes(keras.Sequential([keras.Input((640, 512, 3)), *stack])).axes[0].texts
    ]
    assert "feature_\nextraction_0" in texts


def test_what_only_scales_the_picture_is_no_map():
    image = keras.Input((8, 12, 3), name="image")
    model = keras.Model(
        image, layers.Conv2D(4, 3, name="conv")(layers.Rescaling(1 / 255)(image) - 1)
    )
    assert [one.name for one in maps(model)[0]] == ["image", "conv"]


def test_planes_of_a_branched_model_say_what_they_leave_out():
    assert "1 layers on branches: not drawn" in spoken(draw_planes(branched()))


def test_planes_of_an_open_size_or_a_volume_are_refused():
    model = chain(layers.Conv2D(4, 3, name="conv"), shape=(None, None, 3))
    with pytest.raises(ValueError, match=r"of known size: got .* at 'image'"):
        draw_planes(model)
    assert "30×46" in spoken(draw_planes(model, (32, 48, 3)))
    with pytest.raises(ValueError, match=r"\(None, 4, 8, 12, 3\) at 'image'"):
        draw_planes(chain(layers.Conv3D(2, 2), shape=(4, 8, 12, 3)))


def test_neighbours_of_one_shape_are_one_box_where_there_are_many():
    stack = [layers.Conv2D(3, 3, padding="same", name=f"conv{n}") for n in range(199)]
    figure = draw_planes(chain(*stack))
    assert "conv0 ×199" in spoken(figure)
    stack = [layers.Conv2D(1, 2) for _ in range(70)]
    with pytest.raises(ValueError, match=r"1 to 60 maps .* got 71 of 71 layers"):
        draw_planes(chain(*stack, shape=(80, 81, 1)))


# blocks


def random_graph(seed, count=14):
    """{node: those it reads}, each after those."""
    random = np.random.default_rng(seed)
    return {n: sorted({*random.integers(0, n, min(n, 2)).tolist()}) for n in range(count)}


@pytest.mark.parametrize("seed", range(20))
def test_a_layout_overlaps_nowhere_and_every_arrow_goes_down(seed):
    inputs = random_graph(seed)
    made = layered(inputs)
    rows = {}
    for row, across in made.places.values():
        rows.setdefault(row, []).append((across, 1.0))
    for (one, other), way in made.ways.items():
        assert (way[0], way[-1]) == (made.places[one], made.places[other])
        assert [row for row, _ in way] == [*range(way[0][0], way[-1][0] + 1)]
        for row, across in way[1:-1]:
            rows.setdefault(row, []).append((across, NARROW))
    for points in rows.values():
        points.sort()
        for (x, wide), (y, other) in pairwise(points):
            assert y - x >= (wide + other) / 2 + ROOM - 1e-6
        assert points[0][0] - points[0][1] / 2 >= -1e-6
        assert points[-1][0] + points[-1][1] / 2 <= made.width + 1e-6
    assert set(made.ways) == {(name, node) for node, read in inputs.items() for name in read}


def test_a_chain_is_straight_and_branches_stand_about_their_ends():
    made = layered({n: [n - 1] if n else [] for n in range(9)})
    assert {across for _, across in made.places.values()} == {0.5}
    assert made.width == 1
    made = layered({"in": [], "a": ["in"], "b": ["in"], "c": ["in"], "out": ["a", "b", "c"]})
    order = [made.places[name][1] for name in "abc"]
    assert order == sorted(order)
    assert made.places["in"][1] == made.places["out"][1] == pytest.approx(order[1])


def test_a_layer_stands_below_the_longest_way_to_it():
    made = layered({"in": [], "a": ["in"], "b": ["a"], "out": ["in", "b"]})
    assert {name: row for name, (row, _) in made.places.items()} == {
        "in": 0, "a": 1, "b": 2, "out": 3
    }  # fmt: skip


def block_of(function, *given, **settings):
    image = keras.Input((28, 36, 16), name="image")
    return keras.Model(image, function(image, *given, **settings))


def squeeze_and_excite(x):
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Dense(4, activation="relu")(y)
    return layers.Multiply()([x, layers.Dense(16, activation="sigmoid")(y)])


def test_what_follows_a_layer_at_once_stands_in_its_box():
    made = parts(read(block_of(models.residual_block, 32, strides=2)))
    lines = {part.lines[:-1] for part in made.nodes}
    stride = "stride\N{NO-BREAK SPACE}2"
    assert lines == {
        ("image",),
        (f"conv 3×3, 32, {stride}", "batch norm, ReLU"),
        ("conv 3×3, 32", "batch norm"),
        (f"conv 1×1, 32, {stride}", "batch norm"),
        ("add +", "ReLU"),
    }
    assert made.nodes[-1].lines[-1] == "14×18×32"


def test_what_two_layers_read_is_not_hidden_in_a_box():
    image = keras.Input((8, 12, 3), name="image")
    x = layers.Conv2D(3, 3, padding="same", name="conv")(image)
    y = layers.ReLU(name="relu")(x)
    made = parts(read(keras.Model(image, layers.Add(name="sum")([x, y]))))
    assert [part.address for part in made.nodes] == ["image", "conv", "relu", "sum"]


@pytest.mark.parametrize(
    ("model", "edges"),
    [
        (block_of(models.inception_block), 11),
        (block_of(models.residual_block, 32, strides=2), 5),
        (block_of(models.depthwise_separable_block, 32), 2),
        (block_of(squeeze_and_excite), 5),
        (nested(), 3),
    ],
)
def test_blocks_have_a_box_for_each_part_and_an_arrow_for_each_reading(model, edges):
    figure = draw_blocks(model)
    made = parts(read(model))
    words = [" ".join(part.lines).split() for part in made.nodes]
    assert [text.split() for text in spoken(figure)] == words
    patches = figure.axes[0].patches
    boxes = [patch for patch in patches if isinstance(patch, FancyBboxPatch)]
    arrows = [patch for patch in patches if isinstance(patch, FancyArrowPatch)]
    assert (len(boxes), len(arrows)) == (len(made.nodes), edges)
    corners = np.array([(b.get_x(), b.get_y(), b.get_width(), b.get_height()) for b in boxes])
    for text, (left, top, wide, high) in zip(figure.axes[0].texts, corners, strict=True):
        assert text.get_position() == pytest.approx((left + wide / 2, top + high / 2))
    for n, (left, top, wide, high) in enumerate(corners):
        beside = np.delete(corners, n, axis=0)
        apart = (np.abs(beside[:, 0] - left) >= wide) | (np.abs(beside[:, 1] - top) >= high)
        assert apart.all(), "no two boxes overlap"


def test_equal_blocks_in_a_row_are_drawn_once_and_counted():
    with models.blueprint():
        model = keras.applications.ResNet50(weights=None)
    made = parts(read(model))
    found = blocks(made)
    assert sum(len(block.parts) * block.times for block in found) == len(made.nodes)
    assert [block.times for block in found if block.times > 1] == [2, 3, 5, 2]
    figure = draw_blocks(model)
    assert [text for text in spoken(figure) if text.startswith("× ")] == [
        "× 2",
        "× 3",
        "× 5",
        "× 2",
    ]
    signs = [text for text in figure.axes[0].texts if len(text.get_text()) == 1]
    assert [sign.get_text() for sign in signs] == ["A", "A", "B", "B"]
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    middles = np.array([box.get_x() + box.get_width() / 2 for box in boxes])
    for sign in signs[::2]:  # straight below the box after which it goes on
        assert np.abs(middles - sign.get_position()[0]).min() == pytest.approx(0, abs=1e-3)


def test_several_blocks_that_repeat_together_are_one():
    stack = []
    for _ in range(100):
        stack += [layers.Conv2D(4, (3, 5), padding="same"), layers.MaxPooling2D(1)]
    model = chain(*stack, layers.Flatten(), name="a name of any kind: §1")
    found = blocks(parts(read(model)))
    assert [(len(block.parts), block.times) for block in found] == [(1, 1), (2, 100), (1, 1)]
    assert "× 100" in spoken(draw_blocks(model))


def test_blocks_of_another_size_are_not_equal_and_channels_that_grow_are_told():
    with models.blueprint():
        vgg, dense = models.vgg16(), keras.applications.DenseNet121(weights=None)
    times = [block.times for block in blocks(parts(read(vgg))) if block.times > 1]
    assert times == [2, 2, 3, 3, 3, 2]  # convolutions of one size, and two dense layers
    merges = [text for text in spoken(draw_blocks(dense)) if text.startswith("concatenate")]
    assert merges[0] == "concatenate\n56×56×96 to 224"


def test_a_layer_that_is_called_twice_is_told():
    base = chain(layers.Conv2D(4, 3, name="conv"), name="base")
    one, other = keras.Input((32, 48, 3), name="one"), keras.Input((32, 48, 3), name="other")
    model = keras.Model([one, other], layers.Concatenate()([base(one), base(other)]))
    said = [text.split("\n") for text in spoken(draw_blocks(model))]
    assert [lines for lines in said if "same weights again" in lines] == [
        ["conv 3×3, 4", "same weights again", "30×46×4"]
    ]


def test_a_part_of_a_network_is_drawn_from_one_layer_to_another():
    figure = draw_blocks(branched(), "first", "sum")
    assert [text.split("\n")[0] for text in spoken(figure)] == [
        "conv 3×3, 4", "conv 3×5, 4", "add +"
    ]  # fmt: skip


def test_what_is_too_large_to_be_read_is_refused_with_a_remedy():
    stack = [layers.Conv2D(n + 1, 3, padding="same") for n in range(71)]
    with pytest.raises(ValueError, match=r"at most 70 boxes: got 72, .* from `first` to `last`"):
        draw_blocks(chain(*stack))
    with pytest.raises(TypeError, match="must be a Keras model: got int"):
        draw_blocks(3)


# computations


def derivative(expression, values, name, step=1e-6):
    """By its definition."""
    both = [{**values, name: values[name] + sign * step} for sign in (1, -1)]
    functions = {"relu": lambda x: max(x, 0.0), "sigmoid": lambda x: 1 / (1 + math.exp(-x))}
    known = vars(math) | functions | {"max": max, "min": min, "abs": abs}
    up, down = (eval(expression, known, some) for some in both)
    return (up - down) / (2 * step)


EXPRESSIONS = [
    ("a * b + max(a, b)", {"a": 2.0, "b": 5.0}),
    ("(relu(w * x + b) - y) ** 2", {"w": 0.5, "x": 4.0, "b": -1.0, "y": 3.0}),
    ("sigmoid(w * x) / exp(-x) - x * x", {"w": 0.3, "x": 1.5}),
    ("sqrt(abs(a - 7)) * tanh(a) + log(b) * min(a, b)", {"a": 2.5, "b": 1.25}),
]


@pytest.mark.parametrize(("expression", "values"), EXPRESSIONS)
def test_numbers_forward_and_gradients_back_are_right(expression, values):
    steps = computed(expression, values)
    gradients, returned = gradients_of(steps)
    known = vars(math) | {"relu": lambda x: max(x, 0.0), "max": max, "min": min, "abs": abs}
    known["sigmoid"] = lambda x: 1 / (1 + math.exp(-x))
    *_, result = steps.values()
    assert result.value == pytest.approx(eval(expression, known, dict(values)))
    for name in values:
        expected = derivative(expression, values, name)
        assert gradients[name] == pytest.approx(expected, rel=1e-5, abs=1e-7)
        back = sum(share for (one, _), share in returned.items() if one == name)
        assert back == pytest.approx(gradients[name])
    said = spoken(draw_graph(expression, **values))
    for name in values:
        assert f"← {gradients[name]:.3g}".replace("-", "−") in said
        assert f"→ {values[name]:.3g}".replace("-", "−") in said


def test_the_graph_of_the_lesson():
    assert spoken(draw_graph("a * b + max(a, b)", a=2, b=5))[:15] == [
        "a", "→ 2", "← 5", "b", "→ 5", "← 3", "×", "→ 10", "← 1", "max", "→ 5", "← 1",
        "+", "→ 15", "← 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "values", "message"),
    [
        ("a + b", {"a": 1}, r"got none for 'b'. Write draw_graph\('a \+ b', b=...\)"),
        ("a", {"a": 1, "c": 2}, "got c, which 'a' has not"),
        ("a @ b", {"a": 1, "b": 2}, "got 'a @ b'"),
        ("__import__('os')", {}, "must be made of numbers, names"),
        ("a.real", {"a": 1}, "got 'a.real'"),
        ("a +", {"a": 1}, r"got 'a \+'"),
        ("max(a)", {"a": 1}, "max and min take two arguments"),
        ("1 / a", {"a": 0}, "all finite: got 3"),
        ("+".join("a" * 50), {"a": 1}, "at most 40 nodes, 7 in a row, all finite: got 50"),
    ],
)
def test_what_is_no_small_computation_is_refused(expression, values, message):
    with pytest.raises(ValueError, match=message):
        draw_graph(expression, **values)


def small_network():
    model = chain(
        layers.Conv2D(2, (2, 3), name="conv"),
        layers.ReLU(name="relu"),
        layers.MaxPooling2D((3, 2), name="pool"),
        layers.Flatten(name="flat"),
        layers.Dense(2, name="logits"),
        shape=(4, 6, 1),
    )
    random = np.random.default_rng(1)
    model.set_weights([random.integers(-1, 2, w.shape) for w in model.get_weights()])
    return model


def test_the_passes_of_a_network_are_what_a_tape_says():
    model, image = small_network(), RANDOM.uniform(size=(4, 6, 1)).astype("float32")
    figure = draw_passes(model, image, class_index=1)
    x = tf.constant(image[None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        values = [x]
        for layer in model.layers:
            values.append(layer(values[-1]))
            tape.watch(values[-1])
        score = values[-1][0, 1]
    slopes = tape.gradient(score, values)
    del values[4], slopes[4]  # flattening
    shown = iter(figure.axes[0].images)
    for pair in zip(values, slopes, strict=True):
        for array in pair:
            array = array.numpy()[0]
            tiles = [array[None]] if array.ndim == 1 else np.moveaxis(array, -1, 0)
            for tile in tiles:
                np.testing.assert_allclose(next(shown).get_array(), tile, atol=1e-6)
    assert next(shown, None) is None
    assert spoken(figure)[-1].startswith("logit of class 1: ")


def test_a_network_with_too_many_numbers_is_refused():
    model = chain(layers.Conv2D(8, 3), layers.Flatten(), layers.Dense(2), shape=(12, 16, 1))
    with pytest.raises(ValueError, match="small enough for its numbers to be read"):
        draw_passes(model, np.zeros((12, 16, 1), "float32"))


# sums of maps


def test_a_sum_is_that_of_all_maps_and_shows_the_largest_terms():
    maps, weights = RANDOM.normal(size=(4, 6, 5)), np.array([0.1, -3, 1, 0, 2])
    photo = RANDOM.integers(0, 256, (8, 12, 3)).astype("uint8")
    heat = RANDOM.uniform(size=(8, 12))
    figure = draw_sum(photo, maps, weights, heat)
    *terms, total, grey, hot = figure.axes[0].images
    size = np.abs(weights) * np.sqrt(np.square(maps).mean((0, 1)))
    for image, channel in zip(terms, np.argsort(-size)[:3], strict=True):
        np.testing.assert_array_equal(image.get_array(), maps[..., channel])
    np.testing.assert_allclose(total.get_array(), np.einsum("hwc,c->hw", maps, weights))
    assert grey.get_array().shape == (8, 12)
    np.testing.assert_allclose(hot.get_array(), heat / heat.max())
    assert spoken(figure)[:2] == ["channel 1", "× −3"]
    assert "…\n2 more" in spoken(figure)
    assert len({image.get_clim() for image in terms}) == 1, "one scale"
    low, high = total.get_clim()
    assert -low == high == pytest.approx(np.abs(maps @ weights).max())


def test_the_photograph_stays_clear_where_there_is_no_heat():
    maps = np.zeros((2, 3, 1))
    maps[1, 2] = 4
    figure = draw_sum(np.ones((4, 6)), maps, [1.0], count=1)
    hot = figure.axes[0].images[-1]
    np.testing.assert_allclose(hot.get_alpha(), [[0, 0, 0], [0, 0, 0.65]])
    maps *= -1  # nothing speaks for it
    assert not draw_sum(np.ones((4, 6)), maps, [1.0]).axes[0].images[-1].get_alpha().any()


@pytest.mark.parametrize(
    ("maps", "weights", "heat", "count"),
    [
        (np.ones((2, 3, 4)), np.ones(3), None, 1),
        (np.ones((1, 2, 3, 4)), np.ones(4), None, 1),
        (np.full((2, 3, 4), np.nan), np.ones(4), None, 1),
        (np.ones((2, 3, 4)), np.ones(4), np.ones((2, 3)), 1),
        (np.ones((2, 3, 4)), np.ones(4), None, 5),
    ],
)
def test_a_sum_of_what_does_not_belong_together_is_refused(maps, weights, heat, count):
    with pytest.raises(ValueError, match=r"`maps` must be \(h, w, C\)|`count` must be 1 to 4"):
        draw_sum(np.ones((4, 6)), maps, weights, heat, count)


# step by step


def test_the_rows_of_im2col_are_the_patches_and_their_products_the_output():
    output = correlate2d(IMAGE, KERNEL)
    for number, place in enumerate(np.ndindex(output.shape)):
        image, patches, kernel, result = im2col_step(IMAGE, KERNEL, place).axes[0].images
        np.testing.assert_array_equal(image.get_array(), IMAGE)
        rows, column = patches.get_array(), kernel.get_array()
        assert rows.count() == (number + 1) * KERNEL.size
        assert (rows[number] @ column).item() == output[place] == result.get_array()[number, 0]
        assert result.get_array().count() == number + 1
    last = im2col_step(IMAGE, KERNEL).axes[0].images[-1].get_array()
    np.testing.assert_array_equal(last.ravel(), output.ravel())


@pytest.mark.parametrize("settings", [{}, {"pool_size": (1, 3)}, {"pool_size": 3, "strides": 1}])
@pytest.mark.parametrize("kind", ["max", "average"])
def test_a_step_of_pooling_ends_in_what_keras_pools(kind, settings):
    _, done = pooling_step(IMAGE, None, kind=kind, **settings).axes[0].images
    layer = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[kind]
    expected = layer(**{"pool_size": 2} | settings)(IMAGE[None, :, :, None].astype("float32"))[
        0, :, :, 0
    ]
    np.testing.assert_allclose(done.get_array(), expected, rtol=1e-6)
    first = pooling_step(IMAGE, (0, 0), kind=kind, **settings).axes[0].images[1].get_array()
    assert first.count() == 1


def test_the_winner_of_a_maximum_is_framed():
    image = np.array([[1, 7, 2, 2], [0, 3, 2, 1], [5, 5, 5, 5]])

    def frames(figure):
        found = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
        return {p.get_xy() for p in found if p.get_width() == 0.72}

    one = frames(pooling_step(image, (0, 0)))
    assert one == {(0.5 + 1 + 0.14, 1 + 0 + 0.14)}
    assert len(frames(pooling_step(image, (0, 1)))) == 3, "ties"
    assert not frames(pooling_step(image, (0, 1), kind="average"))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda: im2col_step(IMAGE, KERNEL, (3, 0)), r"position=\(3, 0\) for an output of 3x4"),
        (lambda: im2col_step(np.ones((9, 9)), KERNEL), "got 9x9. Take a smaller piece"),
        (lambda: pooling_step(IMAGE, (0, -1)), "output of 2x3. Count rows"),
        (lambda: pooling_step(IMAGE, kind="min"), 'must be "max" or "average": got \'min\''),
        (lambda: pooling_step(np.ones((4, 60))), "got 4x60. Take a smaller piece"),
    ],
)
def test_a_step_that_cannot_be_drawn_is_refused(step, message):
    with pytest.raises(ValueError, match=message):
        step()


def test_a_cone_grows_step_by_step_in_a_frame_that_stands_still():
    model = models.lenet5()
    whole = draw_cone(model, "s4")
    frames = [draw_cone(model, "s4", followed=n) for n in range(6)]
    lit = [sum(image.get_array().any() for image in f.axes[0].images) for f in frames]
    assert lit == [1, 2, 3, 4, 5, 6]
    assert describe(frames[-1]) == describe(whole)
    for figure in frames:
        assert figure.axes[0].get_xlim() == whole.axes[0].get_xlim()
        assert (figure.get_size_inches() == whole.get_size_inches()).all()


# animations


def film(count=3):
    places = [(0, column) for column in range(count)]
    figures = (pooling_step(IMAGE, place) for place in places)
    return animate(figures, [f"window <{n}> & more" for n in range(count)], 'a "film"')


def test_an_animation_holds_a_picture_and_a_caption_for_each_frame_and_no_address():
    film_of_3 = film()
    page = film_of_3._repr_mimebundle_()["text/html"]
    pictures = re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    sizes = {Image.open(io.BytesIO(base64.b64decode(p))).size for p in pictures}
    assert len(pictures) == 3 and len(set(pictures)) == 3 and len(sizes) == 1
    assert page.count("<figcaption>2 of 3: window &lt;1&gt; &amp; more</figcaption>") == 1
    assert 'alt="frame 3 of 3: window &lt;2&gt; &amp; more"' in page
    assert "//" not in re.sub(r"base64,[^\"]+", "", page), "no address, no comment"
    assert "prefers-reduced-motion: reduce" in page
    assert not plt.get_fignums(), "closed"


def test_an_animation_is_the_same_text_every_time_and_another_for_another_number():
    text = film()._repr_mimebundle_()["text/plain"]
    assert text == repr(film())
    assert text.splitlines()[0] == 'a "film": an animation of 3 frames'
    other = (pooling_step(IMAGE + (n == 1), (0, n)) for n in range(3))
    changed = repr(animate(other, [f"window <{n}> & more" for n in range(3)], 'a "film"'))
    differ = [a != b for a, b in zip(text.splitlines(), changed.splitlines(), strict=True)]
    assert differ == [False, False, True, False]


def test_the_pictures_of_an_animation_are_not_compared_and_its_texts_are():
    [config] = (ROOT / "cnnlab" / "comparing").glob("sanitize.cfg")
    rules = configparser.RawConfigParser()
    rules.read(config, encoding="utf-8")
    page = film()._repr_mimebundle_()["text/html"]
    for name in rules.sections():
        page = re.sub(rules[name]["regex"], rules[name]["replace"], page)
    assert page.count("PICTURE") == 3
    assert "base64" not in page
    assert len(page) < 5000


@pytest.mark.parametrize(
    ("figures", "captions", "seconds", "message"),
    [
        (1, ["one"], 1, "must be 2 to 60 texts, `seconds` at least 0.3: got 1 and 1"),
        (2, ["one", "two"], 0.1, "got 2 and 0.1"),
        (3, ["one", "two"], 1, "got 2 texts for more figures"),
        (2, ["one", "two", "three"], 1, "got 3 texts for fewer figures"),
    ],
)
def test_frames_without_captions_or_that_flash_are_refused(figures, captions, seconds, message):
    some = (plt.figure(figsize=(1, 1)) for _ in range(figures))
    with pytest.raises(ValueError, match=message):
        animate(some, captions, seconds=seconds)


def test_the_public_face_offers_each_drawing_by_its_own_name():
    named = {name: getattr(drawings, name).__name__ for name in drawings.__all__}
    assert len(named) == 12
    assert all(name == own for name, own in named.items())


# one picture through all layers


def test_a_picture_goes_through_every_layer_that_makes_a_new_map():
    model, image = small_network(), RANDOM.uniform(size=(4, 6, 1)).astype("float32")
    figure = draw_through(model, image)
    conv, pool, logits = (
        keras.Model(model.inputs[0], model.get_layer(name).output)(image[None]).numpy()[0]
        for name in ("conv", "pool", "logits")
    )
    picture, *shown = (drawn.get_array() for drawn in figure.axes[0].images)
    assert (picture.min(), picture.max()) == (0, 1)
    expected = [*np.moveaxis(conv, -1, 0), *np.moveaxis(pool, -1, 0), logits[None]]
    for one, other in zip(shown, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert spoken(figure) == ["the picture\n4×6×1", "conv\n3×4×2", "pool\n1×2×2", "logits\n2"]
    numbers = [t for t in figure.axes[0].texts if t.get_gid() is None]
    bold = [t.get_text() for t in numbers if t.get_weight() == "bold"]
    assert bold == [f"{logits.max():.1f}".replace("-", "−"), f"({logits.argmax()})"]


def test_tiles_of_one_layer_share_a_scale_and_those_left_out_are_counted():
    figure = draw_through(models.lenet5(), np.ones((28, 28, 1), "float32"), tiles=5)
    rows = {}
    for drawn in figure.axes[0].images[1:]:
        rows.setdefault(drawn.get_extent()[3], set()).add(drawn.get_clim())
    assert all(len(limits) == 1 for limits in rows.values())
    assert [text for text in spoken(figure) if text[0] == "+"] == ["+1", "+1", "+11", "+11"]
    colours = np.zeros((8, 12, 3), "float32")
    colours[..., 0] = 1
    picture = draw_through(chain(layers.Conv2D(2, 3), shape=(8, 12, 3)), colours).axes[0].images[0]
    assert picture.get_array().shape == (8, 12, 3)


def test_too_many_layers_or_tiles_are_refused():
    model = chain(*(layers.Conv2D(1, 1) for _ in range(20)), shape=(4, 6, 1))
    with pytest.raises(ValueError, match="must be 1 to 16, and `tiles` 1 to 12: got 20 and 8"):
        draw_through(model, np.ones((4, 6, 1)))
    with pytest.raises(ValueError, match="must be a layer of the model: got layer='nothing'"):
        draw_through(model, np.ones((4, 6, 1)), layers=["nothing"])
