"""Drawings: every place and every number is computed, from arrays or from the model."""

from itertools import pairwise

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from keras import layers
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon

from cnnlab import models
from cnnlab.comparing.digests import describe
from cnnlab.convolution import conv2d, correlate2d
from cnnlab.costs import layer_table
from cnnlab.drawing import sheet
from cnnlab.drawing.blocks import draw_blocks
from cnnlab.drawing.cone import cone, draw_cone
from cnnlab.drawing.layout import NARROW, ROOM, layered
from cnnlab.drawing.parts import blocks, parts
from cnnlab.drawing.planes import draw_planes, maps
from cnnlab.drawing.strip import film_step, film_strip
from cnnlab.drawing.trunk import between, short, trunk
from cnnlab.drawing.volume import draw_volume
from cnnlab.reading.graph import read
from cnnlab.receptive_field import receptive_field

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


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_every_number_can_be_read_on_its_colour():
    for value in np.linspace(0, 1, 101):
        colour = plt.get_cmap("RdBu_r")(value)
        written = (0, 0, 0) if sheet.ink(colour) == "black" else (1, 1, 1)
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
    assert found == {"1": (2, 1), "-2": (3, 1), "3": (2, 2), "5": (4, 2)}
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
        f"{value:g} at {place}" for place, value in np.ndenumerate(output)
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
            cells.setdefault((int(y - top), int(x - left)), []).append(float(text.get_text()))
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
        figure = film_step(x, kernel, bias, place[:2], place[2], **settings)
        sums, total = spoken(figure)[-1].split(": ")[1].split(", bias")[0].split(" = ")
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
            film_step(x, kernel, None, position, channel)
    with pytest.raises(ValueError, match="small enough for its 9 channels to stand in a row"):
        film_step(np.ones((4, 5, 9)), np.ones((2, 2, 9, 1)))


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

    for model in (branched(), nested(), keras.applications.MobileNetV2(weights=None, alpha=0.35)):
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


# cones


def resnet():
    with models.blueprint():
        return keras.applications.ResNet50(weights=None, input_shape=(64, 96, 3))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    "model", [models.lenet5(), branched(), nested(), resnet()], ids=lambda model: model.name
)
def test_the_foot_of_a_cone_is_the_receptive_field(model, axis):
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
        assert (level.first, level.behind) == (min(cells), max(cells) + 1)


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
