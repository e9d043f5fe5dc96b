"""Cells lie at the centres of what they see."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab.placing.alignment import interpolation, placed
from cnnlab.reading.per_model import known
from cnnlab.receptive_field import receptive_field


def network(*stack, shape=(28, 36, 1)):
    x = picture = keras.Input(shape, name="picture")
    for layer in stack:
        x = layer(x)
    return keras.Model(picture, x)


def peak(maps):
    """Row and column of the one largest value."""
    return tuple(int(i) for i in np.unravel_index(maps.argmax(), maps.shape))


def test_a_cell_of_a_7_by_7_map_on_224_pixels_lies_at_its_middle_not_at_37():
    model = network(*[layers.MaxPooling2D(2) for _ in range(5)], shape=(224, 224, 1))
    ramp = np.broadcast_to(np.arange(7, dtype="float32"), (1, 7, 7))
    columns = placed(known(model), ramp, model.layers[-1].name, "picture", (224, 224, 1))[0, 0]
    # Cell 1 sees the pixels 32 to 63: between 47 and 48 the ramp passes its value.
    assert columns[47] < 1 < columns[48]
    assert columns[37] < 0.75


def test_cells_of_valid_convolutions_lie_inside_the_border():
    model = network(layers.Conv2D(2, (5, 3), name="conv"))
    maps = np.zeros((1, 24, 34), "float32")
    maps[0, 4, 6] = 1
    found = placed(known(model), maps, "conv", "picture", (28, 36, 1))[0]
    assert found.shape == (28, 36)
    assert peak(found) == (6, 7)  # 4 + (5 - 1) / 2, 6 + (3 - 1) / 2
    assert found.sum() == 1


@pytest.mark.parametrize("cell", [(0, 0), (2, 5), (5, 7)])
def test_every_cell_peaks_where_its_receptive_field_has_its_middle(cell):
    stack = [layers.Conv2D(2, 3, strides=(2, 1)), layers.MaxPooling2D((2, 4), name="last")]
    model = network(*stack)
    maps = np.zeros((1, 6, 8), "float32")
    maps[0, *cell] = 1
    found = placed(known(model), maps, "last", "picture", (28, 36, 1))[0]
    centre = receptive_field(model, "last").centre(*cell)
    rows, columns = np.nonzero(found == found.max())
    # Beyond the outermost cells the value stays; within the map the peak is around the centre.
    assert rows.min() <= centre[0] + 0.5 and rows.max() >= centre[0] - 0.5
    assert columns.min() <= centre[1] + 0.5 and columns.max() >= centre[1] - 0.5


def test_a_constant_map_stays_constant():
    model = network(layers.Conv2D(2, 5, strides=3, name="conv"))
    maps = np.full((2, 8, 11), 0.5, "float32")
    np.testing.assert_allclose(placed(known(model), maps, "conv", "picture", (28, 36, 1)), 0.5)


@pytest.mark.parametrize(
    ("cut", "row", "column"),
    [
        (layers.CenterCrop(8, 16), 10, 10),
        (lambda x: x[:, -20:, -12:], 8, 24),
        (lambda x: keras.ops.pad(x, ((0, 0), (4, 0), (8, 0), (0, 0))), -4, -8),
        (layers.Cropping2D((4, 6)), 4, 6),
    ],
    ids=["crop", "slice", "pad", "cropping"],
)
def test_cells_behind_a_cut_lie_where_they_see(cut, row, column, capsys):
    picture = keras.Input((28, 36, 1), name="picture")
    model = keras.Model(picture, layers.Conv2D(2, 3, name="conv")(cut(picture)))
    maps = np.zeros((1, *model.output_shape[1:3]), "float32")
    maps[0, 5, 9] = 1
    assert peak(placed(known(model), maps, "conv", "picture", (28, 36, 1))[0]) == (
        row + 6,
        column + 10,
    )
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "mixed", [layers.GroupNormalization(1, name="last"), layers.UpSampling2D(1, name="last")]
)
def test_cells_that_see_everything_lie_on_their_spatial_path(mixed, capsys):
    model = network(layers.CenterCrop(8, 16), layers.Conv2D(2, 3), mixed)
    maps = np.zeros((1, 6, 14), "float32")
    maps[0, 2, 3] = 1
    assert peak(placed(known(model), maps, "last", "picture", (28, 36, 1))[0]) == (13, 14)
    assert capsys.readouterr().out == ""


def test_cells_of_up_sampling_lie_side_by_side_in_what_they_share():
    model = network(layers.Cropping2D((4, 6)), layers.UpSampling2D(2, name="up"))
    ramp = np.broadcast_to(np.arange(48, dtype="float32"), (1, 40, 48))
    columns = placed(known(model), ramp, "up", "picture", (28, 36, 1))[0, 0]
    assert columns[6] == 0.5 and columns[29] == 46.5  # the middles of cells 0 and 1, 46 and 47


def test_cells_of_unknown_place_divide_the_picture_into_equal_parts_and_a_line_says_so(capsys):
    x = picture = keras.Input((8, 12, 1), name="picture")
    one = layers.Conv2D(2, 1, strides=4)(x)
    other = layers.MaxPooling2D(4)(x)  # its cells lie elsewhere: the sum is misaligned
    model = keras.Model(picture, layers.Add(name="sum")([one, other]))
    with pytest.raises(ValueError, match="aligned"):
        receptive_field(model, "sum")
    maps = np.arange(6, dtype="float32").reshape(1, 2, 3)
    found = placed(known(model), maps, "sum", "picture", (8, 12, 1))[0]
    # Cell 1 of 3 spans the pixels 4 to 7 of 12; its middle is 5.5.
    assert found[0, 5] == 0.875 and found[0, 6] == 1.125
    assert capsys.readouterr().out == (
        "note: the place of 'sum' is not known (branches of other strides or centres at 'sum'): "
        "its cells are spread evenly over the picture\n"
    )


def test_the_line_names_layer_and_reason_once_per_model_and_layer(capsys):
    model = network(
        layers.Permute((2, 1, 3), name="turned"),
        layers.Conv2D(2, 1, name="conv"),
        layers.ReLU(name="relu"),
        shape=(None, None, 1),
    )
    maps = np.ones((1, 36, 28), "float32")
    for layer in ("conv", "relu"):
        for shape in [(28, 36, 1), (28, 36, 1), (56, 72, 1)]:
            placed(known(model), maps, layer, "picture", shape)
        [line] = capsys.readouterr().out.splitlines()
        assert line.startswith(
            f"note: the place of '{layer}' is not known (its cells do not lie in the order of"
        )


def test_an_open_size_of_several_pictures_leaves_the_place_open(capsys):
    left, right = keras.Input((None, None, 1), name="left"), keras.Input((4, 6, 1), name="right")
    x = layers.Conv2D(2, 3, strides=2, padding="same", name="conv")(left)
    model = keras.Model([left, right], [x, right])
    maps = np.arange(6, dtype="float32").reshape(1, 2, 3)
    assert (
        placed(known(model), maps, "conv", "left", (4, 6, 1))[0, 0, 1] == 0.25
    )  # middles 0.5, 2.5, 4.5
    assert "of 'conv' is not known (an open input size): its" in capsys.readouterr().out


def test_open_sizes_are_those_of_the_picture():
    x = picture = keras.Input((None, None, 1), name="picture")
    x = layers.Conv2D(2, 3, strides=2, padding="same", name="conv")(x)
    model = keras.Model(picture, x)
    maps = np.arange(6, dtype="float32").reshape(1, 1, 6)
    even = placed(known(model), maps, "conv", "picture", (2, 12, 1))[0, 0]
    odd = placed(known(model), maps, "conv", "picture", (1, 11, 1))[0, 0]
    assert even[1] == 0 and even[3] == 1  # 12 pixels: the padding comes after, centres 1, 3, 5, ...
    assert odd[0] == 0 and odd[2] == 1  # 11 pixels: one before, centres 0, 2, 4, ...


def test_the_matrix_of_one_cell_is_constant():
    np.testing.assert_array_equal(interpolation([2.5], 6), np.ones((6, 1)))


def test_rows_of_the_matrix_add_to_one():
    np.testing.assert_allclose(interpolation([1.5, 3.5, 7.0], 11).sum(axis=1), 1)
