"""Receptive fields: published values, the gradient of generated networks, and clear refusals."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab import models
from cnnlab.costs import layer_table
from cnnlab.receptive_field import last_map, receptive_field, receptive_field_table


def stack(shape, *all_layers):
    return keras.Sequential([keras.Input(shape), *all_layers])


def network(build, size):
    """A network of keras.applications without its head: layers and shapes, no weights."""
    with models.blueprint():
        return build(weights=None, include_top=False, input_shape=(size, size, 3))


def values(answer):
    return answer.size, answer.stride, answer.padding


def square(model, layer=None, **arguments):
    """size/stride/padding of a layer that has the same on both axes."""
    answer = receptive_field(model, layer, **arguments)
    assert all(rows == columns for rows, columns in values(answer))
    return tuple(rows for rows, _ in values(answer))


# Published values: google-research/receptive_field; Araujo, Norris & Sim (2019)


def test_vgg16_layer_by_layer():
    model = network(keras.applications.VGG16, 224)
    table = receptive_field_table(model).set_index("layer")
    published = {
        "block1_conv1": (3, 1, 1),
        "block1_pool": (6, 2, 2),
        "block2_conv1": (10, 2, 4),
        "block2_pool": (16, 4, 6),
        "block3_conv1": (24, 4, 10),
        "block3_conv2": (32, 4, 14),
        "block3_pool": (44, 8, 18),
        "block4_conv1": (60, 8, 26),
        "block4_conv2": (76, 8, 34),
        "block4_pool": (100, 16, 42),
        "block5_conv1": (132, 16, 58),
        "block5_conv2": (164, 16, 74),
        "block5_pool": (212, 32, 90),
    }
    for name, expected in published.items():
        row = table.loc[name]
        assert (row["size"], row["stride"], row["padding"]) == tuple((v, v) for v in expected), name


def test_alexnet_v2():
    def conv(name, *arguments, **keywords):
        return layers.Conv2D(4, *arguments, name=name, **keywords)

    model = stack(
        (224, 224, 3),
        conv("conv1", 11, 4),
        layers.MaxPooling2D(3, 2, name="pool1"),
        conv("conv2", 5, padding="same"),
        layers.MaxPooling2D(3, 2, name="pool2"),
        *(conv(f"conv{number}", 3, padding="same") for number in (3, 4, 5)),
        layers.MaxPooling2D(3, 2, name="pool5"),
    )
    published = {
        "conv1": (11, 4, 0),
        "pool1": (19, 8, 0),
        "conv2": (51, 8, 16),
        "conv3": (99, 16, 32),
        "conv4": (131, 16, 48),
        "conv5": (163, 16, 64),
        "pool5": (195, 32, 64),
    }
    assert {name: square(model, name) for name in published} == published


def test_mobilenet():
    assert square(network(keras.applications.MobileNet, 224)) == (315, 32, 126)


@pytest.mark.parametrize("depth, size", [(50, 483), (101, 1027), (152, 1507)])
def test_resnets_with_the_padding_that_keras_writes_out(depth, size):
    # ResNet-50's published padding is 239: its stem pads "same", Keras's ZeroPadding2D(3).
    model = network(getattr(keras.applications, f"ResNet{depth}"), 224)
    assert square(model) == (size, 32, (size - 1) // 2)


def test_inception_v3():
    assert square(network(keras.applications.InceptionV3, 299), "mixed10") == (1311, 32, 618)


def two_branches(shape, left, right):
    """The sum of two stacks of layers on one image."""
    image = keras.Input(shape)
    outputs = []
    for branch in (left, right):
        x = image
        for layer in branch:
            x = layer(x)
        outputs.append(x)
    return keras.Model(image, layers.Add(name="add")(outputs))


def test_aligned_branches_see_their_union():
    left = [layers.Conv2D(2, 1, 4)]
    right = [layers.ZeroPadding2D(((1, 0), (1, 0))), layers.Conv2D(2, 3, 2), layers.Conv2D(2, 1, 2)]
    assert square(two_branches((32, 32, 3), left, right)) == (3, 4, 1)


def misaligned_pair():
    left = [layers.ZeroPadding2D(((2, 1), (2, 1))), layers.Conv2D(2, 5, 2)]
    right = [layers.Conv2D(2, 3), layers.Conv2D(2, 3, 2)]
    return two_branches((32, 48, 3), [*left, layers.Cropping2D(((0, 2), (0, 2)))], right)


def test_branches_with_other_centres_are_misaligned():
    with pytest.raises(ValueError, match=r"got branches of other strides or centres at 'add'"):
        receptive_field(misaligned_pair())


def test_the_table_marks_a_misaligned_graph_and_gives_the_union():
    row = receptive_field_table(misaligned_pair()).iloc[-1]
    assert row["note"] == "misaligned since add"
    assert (row["size"], row["stride"], row["padding"]) == ((7, 7), (2, 2), (2, 2))


def test_branches_with_other_strides_are_misaligned_and_have_the_size_of_their_union():
    left = [layers.Conv2D(2, 1, 2)]
    right = [layers.Cropping2D(((4, 4), (6, 6)))]
    model = two_branches((16, 24, 2), left, right)
    with pytest.raises(ValueError, match="ZeroPadding2D and padding='valid'"):
        receptive_field(model)
    row = receptive_field_table(model).iloc[-1]
    # Of the 8 by 12 cells the first see pixels 0 and 4, 0 and 6: 5 and 7 with what lies between.
    assert (row["note"], row["size"]) == ("misaligned since add", (5, 7))
    assert (row["stride"], row["padding"]) == ((None, None), (None, None))
    assert row["share"] == pytest.approx(5 * 7 / (16 * 24))


def test_what_follows_a_misaligned_merge_is_misaligned_too():
    model = misaligned_pair()
    image = keras.Input((32, 48, 3))
    longer = keras.Model(image, layers.Conv2D(4, 3, name="after")(model(image)))
    with pytest.raises(ValueError, match=r"/add'"):
        receptive_field(longer, "after")
    assert receptive_field_table(longer).iloc[-1]["size"] == (11, 11)


def test_dilation():
    model = stack(
        (32, 48, 3), layers.Conv2D(2, 3, dilation_rate=2), layers.Conv2D(2, 3, dilation_rate=4)
    )
    assert square(model) == (13, 1, 0)


# The theoretical field is the extent of the gradient

NETWORKS = 270
PARTS = 9


def random_layer(rng):
    """A layer that sees several cells: strides, dilation, both paddings, rows unlike columns.

    Its weights are ones: where all are positive no gradient is cancelled.
    """

    def pair(low, high):
        return tuple(map(int, rng.integers(low, high, size=2)))

    padding = str(rng.choice(["valid", "same"]))
    ones = {"kernel_initializer": "ones", "padding": padding}
    match rng.integers(0, 7):
        case 0 | 1:
            return layers.Conv2D(1, pair(1, 5), strides=pair(1, 4), **ones)
        case 2:
            return layers.Conv2D(1, pair(1, 4), dilation_rate=pair(1, 4), **ones)
        case 3:
            return layers.DepthwiseConv2D(
                pair(1, 4), strides=2, padding=padding, depthwise_initializer="ones"
            )
        case 4:
            return layers.AveragePooling2D(pair(1, 4), strides=pair(1, 3), padding=padding)
        case 5:
            return layers.ZeroPadding2D((pair(0, 3), pair(0, 3)))
        case 6:
            interpolation = str(rng.choice(["nearest", "bilinear"]))
            return layers.UpSampling2D(pair(1, 3), interpolation=interpolation)


def random_branches(rng, x):
    """Two or three branches on one map, merged: some keep the size, some halve it."""

    def conv(kernel_size, **arguments):
        return layers.Conv2D(1, kernel_size, kernel_initializer="ones", **arguments)

    odd = [2 * int(half) + 1 for half in rng.integers(0, 3, size=2)]
    if rng.random() < 0.5:
        halves = [((size // 2, size // 2)) for size in odd]
        padded = conv(odd, strides=2)(layers.ZeroPadding2D(halves)(x))
        branches = [padded, conv(1, strides=2)(x)]
    else:
        # An even kernel shifts its centre by half a pixel: that network is misaligned.
        kernel_size = [size + int(rng.random() < 0.05) for size in odd]
        dilated = conv(3, padding="same", dilation_rate=tuple(map(int, rng.integers(1, 4, size=2))))
        branches = [x, conv(kernel_size, padding="same")(x), dilated(x)]
    return layers.Concatenate()(branches) if rng.random() < 0.5 else layers.Add()(branches)


def random_network(seed):
    rng = np.random.default_rng(seed)
    x = image = keras.Input((int(rng.integers(15, 28)), int(rng.integers(12, 25)), 1))
    for _ in range(rng.integers(2, 6)):
        try:
            x = random_branches(rng, x) if rng.random() < 0.3 else random_layer(rng)(x)
        except ValueError:  # the map is too small for that one
            continue
    return keras.Model(image, x)


def cells_and_pixels_seen(model, rng):
    """A few cells, and for each the rows and the columns with a non-zero gradient."""
    height, width = model.output_shape[1:3]
    cells = [(0, 0), (height // 2, width // 2), (height - 1, width - 1)]
    cells += [(int(rng.integers(height)), int(rng.integers(width))) for _ in range(3)]
    x = tf.ones((len(cells), *model.input_shape[1:]))  # one copy of the image per cell
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = tf.gather_nd(model(x), [[copy, *cell] for copy, cell in enumerate(cells)])
    gradient = tape.gradient(outputs, x).numpy()[..., 0]
    return [
        (cell, set(np.flatnonzero(seen.any(1))), set(np.flatnonzero(seen.any(0))))
        for cell, seen in zip(cells, gradient != 0, strict=True)
    ]


def assert_the_field_is_the_extent_of_the_gradient(model, rng):
    """Exact where the region lies inside the image; at its edges a cell may see less.

    There a window on the way may lie in the zeros of a padding, which see nothing.
    """
    answer = receptive_field(model)
    exact = 0
    for cell, *seen in cells_and_pixels_seen(model, rng):
        top, left, bottom, right = answer.region(*cell)
        for start, stop, pixels, size in [
            (top, bottom, seen[0], model.input_shape[1]),
            (left, right, seen[1], model.input_shape[2]),
        ]:
            if pixels and start >= 0 and stop <= size:
                assert (start, stop) == (min(pixels), max(pixels) + 1)
                exact += 1
            assert pixels <= set(range(start, stop))
    return exact


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, PARTS))]
)
def test_the_field_is_the_extent_of_the_gradient_of_generated_networks(part):
    exact = compared = 0
    for seed in range(part, NETWORKS, PARTS):
        model = random_network(seed)
        if not receptive_field_table(model)["note"].str.contains("misaligned").any():
            exact += assert_the_field_is_the_extent_of_the_gradient(
                model, np.random.default_rng(seed)
            )
            compared += 1
    assert compared >= 23  # more than 200 in all parts together
    assert exact >= 100


def test_the_field_of_a_u_net_is_the_extent_of_its_gradient():
    ones = {"kernel_initializer": "ones", "padding": "same"}
    image = keras.Input((24, 32, 1))
    fine = layers.Conv2D(1, (3, 5), **ones)(image)
    coarse = layers.Conv2D(1, (5, 3), **ones)(layers.AveragePooling2D(2)(fine))
    up = layers.Conv2DTranspose(1, 4, strides=2, **ones)(coarse)
    x = layers.Concatenate()([fine, up])
    model = keras.Model(image, layers.Conv2D(1, 3, name="out", **ones)(x))
    assert receptive_field(model).stride == (1, 1)
    assert assert_the_field_is_the_extent_of_the_gradient(model, np.random.default_rng(0)) >= 4


def test_max_pooling_sees_what_average_pooling_sees():
    def fields(pool):
        return receptive_field_table(
            stack(
                (17, 22, 2), pool((3, 2), padding="same", name="p"), layers.Conv2D(3, 3, name="c")
            )
        ).drop(columns="kind")

    assert fields(layers.MaxPooling2D).equals(fields(layers.AveragePooling2D))


# Regions


def test_the_regions_move_by_the_stride():
    model = stack((40, 56, 3), layers.Conv2D(2, (3, 5), 2, "same"), layers.MaxPooling2D((2, 3)))
    answer = receptive_field(model)
    for row, column in [(0, 0), (3, 1), (9, 8)]:
        (size, width), (stride, step), (padding, before) = values(answer)
        top, left = row * stride - padding, column * step - before
        assert answer.region(row, column) == (top, left, top + size, left + width)
        assert answer.centre(row, column) == (top + (size - 1) / 2, left + (width - 1) / 2)


def test_a_region_may_reach_over_the_edge():
    answer = receptive_field(stack((8, 12, 3), layers.Conv2D(2, (3, 5), padding="same")))
    assert answer.region(0, 0) == (-1, -2, 2, 3)
    assert answer.region(7, 11) == (6, 9, 9, 14)


def test_up_sampled_cells_share_their_regions():
    model = stack((8, 12, 3), layers.MaxPooling2D(2), layers.UpSampling2D((2, 1)))
    answer = receptive_field(model)
    assert [answer.region(row, 0)[::2] for row in range(4)] == [(0, 2), (0, 2), (2, 4), (2, 4)]
    assert answer.stride == (1, 2)


def test_up_sampling_the_image_gives_a_fraction_as_stride():
    answer = receptive_field(stack((8, 12, 3), layers.UpSampling2D(2), layers.Conv2D(4, 3)))
    assert values(answer) == ((2, 2), (0.5, 0.5), (0, 0))


def test_the_origin_is_the_centre_of_the_first_cell():
    model = stack((40, 56, 3), layers.Conv2D(2, (3, 5), 2, "same"), layers.MaxPooling2D((2, 3)))
    answer = receptive_field(model)
    assert answer.origin == answer.centre(0, 0) == (2, 3)


def test_the_origin_of_a_layer_that_sees_everything_is_that_of_its_spatial_path():
    image = keras.Input((16, 24, 3))
    x = layers.Conv2D(4, 5, strides=(2, 3), name="conv")(image)
    model = keras.Model(image, squeeze_and_excite(x, 4))
    assert (
        receptive_field(model, "scaled").origin == receptive_field(model, "conv").origin == (2, 2)
    )


def test_the_origin_depends_on_an_open_size_where_the_padding_does():
    model = stack((None, 12, 3), layers.Conv2D(4, 3, 2, "same"))
    assert receptive_field(model).origin == (None, 1)
    assert receptive_field(model, input_shape=(7, 12, 3)).origin == (0, 1)


@pytest.mark.parametrize("row, column, named", [(-1, 0, "row=-1"), (0, 6, "column=6")])
def test_a_cell_outside_the_map_is_refused(row, column, named):
    answer = receptive_field(stack((6, 8, 3), layers.Conv2D(2, 3)))
    assert answer.map_size == (4, 6)
    with pytest.raises(ValueError, match=rf"must be a cell of the map: got {named}. Count from 0"):
        answer.region(row, column)


# Layers that see everything


def squeeze_and_excite(x, channels):
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(channels, 1, activation="sigmoid")(gate)
    return layers.Multiply(name="scaled")([x, gate])


def test_squeeze_and_excite_sees_the_whole_input_and_keeps_stride_and_padding():
    image = keras.Input((16, 24, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="conv")(image)
    x = layers.MaxPooling2D(2, name="pool")(squeeze_and_excite(x, 4))
    model = keras.Model(image, x)
    assert values(receptive_field(model, "conv")) == ((3, 3), (2, 2), (0, 0))
    assert values(receptive_field(model, "scaled")) == ((None, None), (2, 2), (0, 0))
    answer = receptive_field(model)
    assert values(answer) == ((None, None), (4, 4), (0, 0))
    assert answer.region(1, 2) == (0, 0, 16, 24)


def test_dense_layers_see_the_whole_input():
    model = stack(
        (16, 24, 3), layers.Conv2D(4, 3), layers.Flatten(name="flat"), layers.Dense(5, name="out")
    )
    assert receptive_field(model, "out").size == receptive_field(model, "flat").size == (None, None)
    assert receptive_field(model, "out").region(0, 0) == (0, 0, 16, 24)


def test_a_dense_layer_on_a_map_treats_each_pixel_by_itself():
    model = stack((16, 24, 3), layers.Conv2D(4, 3), layers.Dense(5, name="dense"))
    assert square(model, "dense") == (3, 1, 0)


def test_the_default_is_the_last_layer_with_a_map():
    model = stack((16, 24, 3), layers.Conv2D(4, 3), layers.MaxPooling2D(2), layers.Flatten())
    assert square(model) == (4, 2, 0)


def test_a_map_of_one_cell_is_a_map():
    model = stack((5, 7, 1), layers.Conv2D(4, (5, 7)))
    assert receptive_field(model).size == (5, 7)


def test_normalising_over_positions_sees_the_whole_axis():
    model = stack((16, 24, 3), layers.LayerNormalization(axis=1), layers.Conv2D(2, 3))
    assert receptive_field(model).size == (None, 3)


def test_a_map_of_one_cell_spread_over_a_larger_one_is_misaligned():
    image = keras.Input((6, 8, 3))
    whole = layers.AveragePooling2D((6, 8))(image)
    with pytest.raises(ValueError, match="at 'gate'"):
        receptive_field(keras.Model(image, layers.Multiply(name="gate")([image, whole])))


# Other inputs than one image


def test_a_sequence_has_no_columns():
    model = stack((20, 3), layers.Conv1D(4, 5, padding="causal"), layers.MaxPooling1D(2))
    answer = receptive_field(model)
    assert values(answer) == ((6, 1), (2, 1), (4, 0))
    assert answer.region(3, 0) == (2, 0, 8, 1)
    pooled = receptive_field_table(stack((20, 3), layers.GlobalAveragePooling1D()))
    assert pooled.iloc[0]["size"] == (None, 1)


def two_inputs():
    """A shared base on two images of different sizes, and a vector."""
    base_in = keras.Input((None, None, 3))
    base = keras.Model(base_in, layers.Conv2D(4, (3, 5), name="conv")(base_in), name="base")
    left, right = keras.Input((8, 13, 3), name="left"), keras.Input((16, 11, 3), name="right")
    vector = keras.Input((5,), name="vector")
    pool = layers.GlobalAveragePooling2D(name="pool")
    both = layers.Concatenate(name="both")([pool(base(left)), pool(base(right)), vector])
    return keras.Model([left, right, vector], both)


def test_a_layer_that_sees_one_of_two_images_needs_no_input_name():
    model = two_inputs()
    assert receptive_field(model, "base[0]/conv").input_size == (8, 13)
    assert receptive_field(model, "base[1]/conv").input_size == (16, 11)


def test_a_layer_that_sees_both_images_needs_an_input_name():
    model = two_inputs()
    with pytest.raises(
        ValueError, match=r"which of 'left', 'right' is meant: got None. Pass input"
    ):
        receptive_field(model, "both")
    assert receptive_field(model, "both", input_name="right").input_size == (16, 11)


def test_the_table_of_two_inputs_needs_an_input_name_and_leaves_out_what_does_not_see_it():
    model = two_inputs()
    with pytest.raises(ValueError, match="`input_name` must say which of"):
        receptive_field_table(model)
    table = receptive_field_table(model, input_name="left")
    assert list(table["layer"]) == ["base[0]/conv", "pool[0]", "both"]


def test_an_unknown_input_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"must be one of 'left', 'right': got input_name='vector'"
    ):
        receptive_field(two_inputs(), "both", input_name="vector")


def test_a_layer_that_does_not_see_the_input_is_refused():
    with pytest.raises(ValueError, match=r"input_name='left'. It sees right."):
        receptive_field(two_inputs(), "base[1]/conv", input_name="left")


def test_a_vector_beside_the_image_is_no_second_image():
    image, vector = keras.Input((8, 12, 3), name="image"), keras.Input((5,), name="vector")
    features = layers.Flatten()(layers.Conv2D(4, 3, name="conv")(image))
    model = keras.Model([image, vector], layers.Concatenate()([features, vector]))
    assert square(model) == (3, 1, 0)
    assert receptive_field_table(model).iloc[-1]["note"] == "whole input"


# Open sizes


def open_model(*all_layers):
    return stack((None, None, 3), *all_layers)


def test_an_open_size_leaves_the_padding_open_where_same_depends_on_it():
    model = open_model(layers.Conv2D(4, 3, 2, "same"), layers.Conv2D(4, 3, name="last"))
    assert square(model) == (7, 2, None)
    assert receptive_field_table(model).iloc[-1]["note"] == "open input size"
    with pytest.raises(
        ValueError, match=r"got input_size=\(None, None\). Give it with input_shape"
    ):
        receptive_field(model).region(0, 0)
    assert square(model, input_shape=(8, 12, 3)) == (7, 2, 0)
    assert square(model, input_shape=(9, 13, 3)) == (7, 2, 1)


def test_an_open_size_does_not_matter_elsewhere():
    model = open_model(layers.Conv2D(4, 3, padding="same"), layers.MaxPooling2D(2))
    assert square(model) == (4, 2, 1)
    assert receptive_field(model).region(2, 1) == (3, 1, 7, 5)


def test_branches_behind_the_same_open_padding_are_aligned():
    x = image = keras.Input((None, None, 3))
    x = layers.Conv2D(3, 3, 2, "same")(x)
    x = layers.Add()([x, layers.Conv2D(3, 3, padding="same")(x)])
    assert square(keras.Model(image, x)) == (7, 2, None)


def test_branches_with_other_open_paddings_are_undecided():
    left, right = [layers.Conv2D(2, 3, 2, "same")], [layers.Conv2D(2, 1, 2, "same")]
    model = two_branches((None, None, 3), left, right)
    with pytest.raises(ValueError, match=r"got an open size, and whether the branches at 'add'"):
        receptive_field(model)
    assert receptive_field_table(model).iloc[-1]["note"] == "open input size"
    assert square(model, input_shape=(9, 13, 3)) == (3, 2, 1)
    with pytest.raises(ValueError, match="`model` must be aligned"):
        receptive_field(model, input_shape=(8, 12, 3))


def test_the_whole_of_an_open_input_has_no_region():
    answer = receptive_field(open_model(layers.Conv2D(4, 3), layers.Flatten(name="flat")), "flat")
    assert answer.size == (None, None)
    with pytest.raises(ValueError, match=r"got input_size=\(None, None\)"):
        answer.region(0, 0)


# What has no receptive field, and layers that are not known


def test_an_unknown_layer_is_named():
    model = stack(
        (8, 12, 3),
        layers.Conv2D(4, 3, name="conv"),
        layers.Lambda(lambda x: x, name="mystery"),
        layers.Conv2D(4, 3, name="behind"),
    )
    for ask in [receptive_field, last_map, lambda m: receptive_field(m, "behind")]:
        with pytest.raises(
            ValueError, match=r"got a Lambda at 'mystery'. Ask for a layer in front"
        ):
            ask(model)
    assert square(model, "conv") == (3, 1, 0)


def test_an_unknown_layer_may_be_declared_pointwise():
    mystery = layers.Lambda(lambda x: x, name="mystery")
    mystery.pointwise = True
    assert square(stack((8, 12, 3), layers.Conv2D(4, 3), mystery)) == (3, 1, 0)


def test_an_unknown_layer_behind_global_pooling_does_not_matter():
    model = stack(
        (8, 12, 3), layers.Conv2D(4, 3), layers.GlobalMaxPooling2D(), layers.Lambda(lambda x: x)
    )
    assert square(model) == (3, 1, 0)
    assert list(receptive_field_table(model)["note"]) == ["", "whole input", "whole input"]


def test_a_model_without_a_map_is_refused():
    model = stack((8, 12, 3), layers.Flatten(), layers.Dense(5))
    with pytest.raises(ValueError, match=r"must have a layer with a map.* use a network with conv"):
        receptive_field(model)
    assert list(receptive_field_table(model)["share"]) == [1, 1]


def test_a_model_on_vectors_is_refused():
    with pytest.raises(ValueError, match=r"got an input of shape \(None, 5\). A layer on plain"):
        receptive_field(stack((5,), layers.Dense(3)))


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'conv'"):
        receptive_field(stack((8, 12, 3), layers.Conv2D(4, 3, name="conv")), "convs")


# The table


def test_the_table_has_a_row_per_call_and_pairs_in_its_cells():
    model = stack((8, 12, 3), layers.Conv2D(4, (3, 5), name="conv"), layers.ReLU(name="relu"))
    table = receptive_field_table(stack((8, 12, 3), model))
    assert list(table.columns) == ["layer", "kind", "size", "stride", "padding", "share", "note"]
    assert list(table["layer"]) == [f"{model.name}/conv", f"{model.name}/relu"]
    assert list(table["kind"]) == ["Conv2D", "ReLU"]
    assert table.loc[0, "size"] == (3, 5)
    assert table.loc[0, "share"] == pytest.approx(15 / 96)


def test_the_share_is_at_most_the_whole_input():
    model = stack((4, 50, 3), layers.Conv2D(4, (3, 5), padding="same", dilation_rate=4))
    assert receptive_field_table(model).loc[0, "share"] == pytest.approx(4 * 17 / (4 * 50))


def applications():
    """Every network of keras.applications, by name."""
    modules = filter(inspect.ismodule, vars(keras.applications).values())
    found = {name: item for module in modules for name, item in vars(module).items()}
    return {name: found[name] for name in sorted(found) if name[0].isupper()}


@pytest.mark.slow
@pytest.mark.parametrize("name", applications())
def test_every_network_of_keras_applications_is_answered_flat_and_nested(name):
    with models.blueprint():
        model = applications()[name](weights=None)
        nested = stack(model.input_shape[1:], model)
    table = receptive_field_table(model)
    assert table["size"].map(lambda pair: None not in pair).any()
    assert set(table["note"].str.split(" since").str[0]) <= {
        "",
        "whole input",
        "misaligned",
        "whole input, open input size",
        "open input size",
    }
    inside = receptive_field_table(nested)
    prefix = f"{model.name}/"
    assert list(inside["layer"]) == [prefix + layer for layer in table["layer"]]
    columns = ["size", "stride", "padding"]
    assert inside[columns].equals(table[columns])
    assert layer_table(nested)["parameters"].sum() == model.count_params()


def test_the_last_map_is_where_the_field_is_asked_for_by_default():
    model = stack((8, 12, 3), layers.Conv2D(4, 3, name="conv"), layers.Flatten(name="flat"))
    assert last_map(model) == "conv"
    assert last_map(misaligned_pair()) == "add"
    with pytest.raises(ValueError, match="`input_name` must say which of"):
        last_map(two_inputs())
    assert last_map(two_inputs(), input_name="left") == "base[0]/conv"


@pytest.mark.parametrize("network", ["vgg16", "mobilenet_v2", "densenet"])
def test_keras_preprocessing_inside_the_model_changes_no_field(network):
    image = keras.Input((12, 20, 3))
    conv = layers.Conv2D(4, (3, 5), strides=(1, 2), padding="same", name="conv")
    prepared = getattr(keras.applications, network).preprocess_input(image)
    model = keras.Model(image, layers.Conv2D(2, 3, name="last")(conv(prepared)))
    field = receptive_field(model, "conv")
    assert (field.size, field.stride, field.padding) == ((3, 5), (1, 2), (1, 1))
    assert receptive_field(model).size == (5, 9)
    table = receptive_field_table(model).set_index("layer")
    assert table.loc["last", "size"] == (5, 9)
    assert (table.share[: table.index.get_loc("conv")] == 1 / 240).all()


def test_a_plane_of_an_image_has_its_columns_where_a_layer_takes_them_for_channels():
    image = keras.Input((8, 12, 3))
    model = keras.Model(image, layers.Conv1D(2, 3, name="conv")(image[..., 0]))
    field = receptive_field(model)
    assert (field.size, field.map_size) == ((3, None), (6, 1))
    assert field.region(2, 0) == (2, 0, 5, 12)


def test_sequences_stacked_along_the_channels_keep_their_steps():
    sequence = keras.Input((8, 12))
    model = keras.Model(sequence, keras.ops.stack([sequence, 2 * sequence], axis=-1))
    assert receptive_field(model).size == (1, 1)


# Volumes and videos


def test_a_volume_has_three_of_everything():
    model = stack((8, 12, 10, 2), layers.Conv3D(4, (3, 5, 2), strides=(1, 2, 1), padding="same"))
    answer = receptive_field(model)
    assert values(answer) == ((3, 5, 2), (1, 2, 1), (1, 1, 0))
    assert (answer.map_size, answer.input_size) == ((8, 6, 10), (8, 12, 10))
    assert answer.region(0, 1, 2) == (-1, 1, 2, 2, 6, 4)
    assert answer.centre(0, 1, 2) == (0, 3, 2.5)
    assert answer.origin == (0, 1, 0.5)
    assert receptive_field_table(model).loc[0, "share"] == pytest.approx(30 / 960)


def test_a_cell_of_a_volume_has_three_numbers():
    answer = receptive_field(stack((8, 12, 10, 2), layers.Conv3D(4, 3)))
    with pytest.raises(
        TypeError, match=r"for each axis of the map: got \(1, 2\) for map_size=\(6,"
    ):
        answer.region(1, 2)
    for cell, named in [((6, 0, 0), "depth=6"), ((0, -1, 0), "row=-1"), ((0, 0, 8), "column=8")]:
        with pytest.raises(ValueError, match=rf"must be a cell of the map: got {named}"):
            answer.region(*cell)


def test_the_open_size_of_a_volume_is_given_with_input_shape():
    model = stack((None, None, None, 2), layers.Conv3D(4, 3, 2, "same", name="conv"))
    assert receptive_field(model).padding == (None, None, None)
    answer = receptive_field(model, input_shape=(8, 9, 10, 2))
    assert answer.padding == (0, 1, 0)


def test_a_volume_that_becomes_a_vector_is_seen_whole():
    model = stack((4, 6, 5, 2), layers.Flatten(name="flat"), layers.Dense(3, name="out"))
    answer = receptive_field(model, "out")
    assert (answer.size, answer.map_size) == ((None,) * 3, (1, 1, 1))
    assert answer.region(0, 0, 0) == (0, 0, 0, 4, 6, 5)


def test_tokens_that_an_embedding_looks_up_are_a_sequence():
    words = keras.Input((20,), dtype="int32", name="words")
    x = layers.Conv1D(4, 3, padding="causal", name="conv")(layers.Embedding(50, 8)(words))
    answer = receptive_field(keras.Model(words, layers.GlobalMaxPooling1D()(x)))
    assert values(answer) == ((3, 1), (1, 1), (2, 0))
    assert answer.input_size == (20, 1)


def test_tokens_beside_an_image_are_meant_by_name_or_where_a_layer_sees_nothing_else():
    image, words = keras.Input((8, 12, 3)), keras.Input((20,), dtype="int32", name="words")
    seen = layers.Flatten()(layers.Conv2D(4, (3, 5), name="conv")(image))
    read = layers.GRU(4)(layers.Conv1D(4, 3, name="read")(layers.Embedding(50, 8)(words)))
    model = keras.Model([image, words], layers.Concatenate(name="both")([seen, read]))
    assert receptive_field(model).size == (3, 5)
    assert receptive_field(model, "read").size == (3, 1)
    assert receptive_field(model, "both", input_name="words").size == (None, 1)
    with pytest.raises(ValueError, match=r"must be one of '.*', 'words': got input_name='wrods'"):
        receptive_field(model, "both", input_name="wrods")
    assert receptive_field_table(model).iloc[-1]["note"] == "whole input"
