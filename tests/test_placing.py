"""Cells lie at the centres of what they see."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab.placing import interpolation, placed
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
    columns = placed(model, ramp, model.layers[-1].name, "picture", (224, 224, 1))[0, 0]
    # Cell 1 sees the pixels 32 to 63: between 47 and 48 the ramp passes its value.
    assert columns[47] < 1 < columns[48]
    assert columns[37] < 0.75


def test_cells_of_valid_convolutions_lie_inside_the_border():
    model = network(layers.Conv2D(2, (5, 3), name="conv"))
    maps = np.zeros((1, 24, 34), "float32")
    maps[0, 4, 6] = 1
    found = placed(model, maps, "conv", "picture", (28, 36, 1))[0]
    assert found.shape == (28, 36)
    assert peak(found) == (6, 7)  # 4 + (5 - 1) / 2, 6 + (3 - 1) / 2
    assert found.sum() == 1


@pytest.mark.parametrize("cell", [(0, 0), (2, 5), (5, 7)])
def test_every_cell_peaks_where_its_receptive_field_has_its_middle(cell):
    stack = [layers.Conv2D(2, 3, strides=(2, 1)), layers.MaxPooling2D((2, 4), name="last")]
    model = network(*stack)
    maps = np.zeros((1, 6, 8), "float32")
    maps[0, *cell] = 1
    found = placed(model, maps, "last", "picture", (28, 36, 1))[0]
    centre = receptive_field(model, "last").centre(*cell)
    rows, columns = np.nonzero(found == found.max())
    # Beyond the outermost cells the value stays; within the map the peak is around the centre.
    assert rows.min() <= centre[0] + 0.5 and rows.max() >= centre[0] - 0.5
    assert columns.min() <= centre[1] + 0.5 and columns.max() >= centre[1] - 0.5


def test_a_constant_map_stays_constant():
    model = network(layers.Conv2D(2, 5, strides=3, name="conv"))
    maps = np.full((2, 8, 11), 0.5, "float32")
    np.testing.assert_allclose(placed(model, maps, "conv", "picture", (28, 36, 1)), 0.5)


def test_a_layer_without_a_known_field_divides_the_picture_into_equal_parts():
    x = picture = keras.Input((8, 12, 1), name="picture")
    one = layers.Conv2D(2, 1, strides=4)(x)
    other = layers.MaxPooling2D(4)(x)  # its cells lie elsewhere: the sum is misaligned
    model = keras.Model(picture, layers.Add(name="sum")([one, other]))
    with pytest.raises(ValueError, match="aligned"):
        receptive_field(model, "sum")
    maps = np.arange(6, dtype="float32").reshape(1, 2, 3)
    found = placed(model, maps, "sum", "picture", (8, 12, 1))[0]
    # Cell 1 of 3 spans the pixels 4 to 7 of 12; its middle is 5.5.
    assert found[0, 5] == 0.875 and found[0, 6] == 1.125


def test_open_sizes_are_those_of_the_picture():
    x = picture = keras.Input((None, None, 1), name="picture")
    x = layers.Conv2D(2, 3, strides=2, padding="same", name="conv")(x)
    model = keras.Model(picture, x)
    maps = np.arange(6, dtype="float32").reshape(1, 1, 6)
    even = placed(model, maps, "conv", "picture", (2, 12, 1))[0, 0]
    odd = placed(model, maps, "conv", "picture", (1, 11, 1))[0, 0]
    assert even[1] == 0 and even[3] == 1  # 12 pixels: the padding comes after, centres 1, 3, 5, ...
    assert odd[0] == 0 and odd[2] == 1  # 11 pixels: one before, centres 0, 2, 4, ...


def test_the_matrix_of_one_cell_is_constant():
    np.testing.assert_array_equal(interpolation([2.5], 6), np.ones((6, 1)))


def test_rows_of_the_matrix_add_to_one():
    np.testing.assert_allclose(interpolation([1.5, 3.5, 7.0], 11).sum(axis=1), 1)
