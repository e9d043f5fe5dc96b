"""What a model may be given, and what is said about the rest."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab.batches import as_batch


def model(shape=(5, 7, 3), *before):
    return keras.Sequential([keras.Input(shape), *before, layers.Conv2D(2, 3), layers.Flatten()])


def two_inputs():
    left, right = keras.Input((5, 7, 3), name="left"), keras.Input((4,), name="right")
    outputs = layers.Concatenate()([layers.Flatten()(left), right])
    return keras.Model([left, right], outputs)


IMAGE = np.random.default_rng(0).uniform(size=(5, 7, 3))


def test_one_image_gets_a_batch_axis_and_is_remembered_as_one():
    batch = as_batch(model(), IMAGE)
    assert batch.single and batch.arrays[0].shape == (1, 5, 7, 3)
    assert not as_batch(model(), IMAGE[None]).single


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_float_becomes_float32(dtype):
    assert as_batch(model(), IMAGE.astype(dtype)).arrays[0].dtype == np.float32


def test_tensors_are_taken_too():
    assert as_batch(model(), keras.ops.convert_to_tensor(IMAGE)).single


def test_a_batch_is_taken_as_it_is():
    batch = as_batch(model(), IMAGE)
    assert as_batch(model(), batch) is batch


def test_several_inputs_keep_their_form():
    images, numbers = np.stack([IMAGE, IMAGE]), np.arange(8.0).reshape(2, 4)
    listed = as_batch(two_inputs(), [images, numbers])
    named = as_batch(two_inputs(), {"right": numbers, "left": images})
    assert listed.form.names == named.form.names == ("left", "right")
    assert [a.shape for a in listed.form.arranged(listed.arrays)] == [(2, 5, 7, 3), (2, 4)]
    assert {k: a.shape for k, a in named.form.arranged(named.arrays).items()} == {
        "left": (2, 5, 7, 3),
        "right": (2, 4),
    }


def test_a_dict_needs_the_names_of_the_inputs():
    with pytest.raises(ValueError, match=r"the keys left, right: got left, rihgt\. Name them"):
        as_batch(two_inputs(), {"left": IMAGE, "rihgt": np.zeros(4)})


def test_one_image_of_several_inputs():
    batch = as_batch(two_inputs(), [IMAGE, np.arange(4.0)])
    assert batch.single and [a.shape for a in batch.arrays] == [(1, 5, 7, 3), (1, 4)]


def test_the_picture_is_the_input_with_four_axes():
    batch = as_batch(two_inputs(), [IMAGE, np.arange(4.0)])
    assert batch.picture() == "left"
    with pytest.raises(ValueError, match=r"name the input .*, one of left: got layer='right'"):
        batch.picture("right")


def test_rows_parts_and_replacement():
    batch = as_batch(two_inputs(), [np.stack([IMAGE] * 5), np.arange(20.0).reshape(5, 4)])
    assert [len(part) for part in batch.parts(2)] == [2, 2, 1]
    np.testing.assert_array_equal(batch[[3, 3]].of("right"), [[12, 13, 14, 15]] * 2)
    assert batch.having("left", batch.of("left") * 0).of("left").max() == 0


@pytest.mark.parametrize(
    "shape, given, remedy",
    [
        ((5, 7, 3), (3, 5, 7), r"channels stand first; np\.moveaxis\(images, -3, -1\)"),
        ((5, 7, 3), (2, 3, 5, 7), r"channels stand first; np\.moveaxis\(images, -3, -1\)"),
        ((5, 7, 3), (2, 5, 7, 1), r"np\.repeat\(images, 3, axis=-1\)"),
        ((5, 7, 3), (2, 5, 7, 4), r"images\[\.\.\., :3\]"),
        ((5, 7, 1), (2, 5, 7, 3), r"images\.mean\(axis=-1, keepdims=True\)"),
        ((5, 7, 3), (2, 6, 7, 3), r"Resize them to 5×7 pixels"),
        ((5, 7, 1), (2, 5, 7), r"images\[\.\.\., None\]"),
        ((5, 7, 1), (5, 7), r"images\[\.\.\., None\]"),
        ((5, 7, 3), (5, 7), r"a batch \(B, H, W, C\), or one image \(H, W, C\)"),
        ((5, 7, 3), (2, 2, 5, 7, 3), r"a batch \(B, H, W, C\), or one image \(H, W, C\)"),
        ((5, 7, 2), (2, 5, 7, 5), r"The model wants 2 channels"),
        ((None, None, 3), (2, 3, 5, 7), r"channels stand first"),
    ],
)
def test_a_wrong_shape_is_named_with_its_remedy(shape, given, remedy):
    rule = ", ".join("any" if size is None else str(size) for size in shape)
    message = rf"`images` must be of shape \(B, {rule}\) .* got \({given[0]}.*{remedy}"
    with pytest.raises(ValueError, match=message):
        as_batch(model(shape), np.zeros(given))


def test_the_number_of_arrays_must_be_that_of_the_inputs():
    with pytest.raises(ValueError, match=r"one array per input .*: got 2. .* np\.stack\(images\)"):
        as_batch(model(), [IMAGE, IMAGE])


def test_every_input_needs_as_many_images():
    with pytest.raises(ValueError, match=r"got \{'left': 2, 'right': 3\}"):
        as_batch(two_inputs(), [np.stack([IMAGE] * 2), np.zeros((3, 4))])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_picture_that_is_not_finite_is_named(value):
    images = np.stack([IMAGE] * 3)
    images[1, 2, 2, 0] = value
    with pytest.raises(ValueError, match=r"finite numbers: got NaN or infinity in image 1\."):
        as_batch(model(), images)


def test_whole_numbers_are_refused_where_the_model_does_not_rescale():
    pixels = (IMAGE * 255).astype("uint8")
    with pytest.raises(
        ValueError, match=r"scaled as in training.* got uint8, \d+ to 25\d\. .*float32"
    ):
        as_batch(model(), pixels)


@pytest.mark.parametrize("before", [layers.Rescaling(1 / 255), layers.BatchNormalization()])
def test_whole_numbers_are_taken_where_the_model_rescales(before, capsys):
    pixels = (IMAGE * 255).astype("uint8")
    batch = as_batch(model((5, 7, 3), layers.ZeroPadding2D(1), before), pixels)
    assert batch.arrays[0].dtype == np.float32
    assert capsys.readouterr().out == ""


def test_floats_of_whole_numbers_get_a_note(capsys):
    as_batch(model(), (IMAGE * 255).round())
    assert "hold whole numbers" in capsys.readouterr().out
    as_batch(model(), IMAGE * 2 - 1)
    as_batch(model(), IMAGE.round())
    assert capsys.readouterr().out == ""


def test_values_to_one_get_a_note_where_the_model_divides_by_255(capsys):
    as_batch(model((5, 7, 3), layers.Rescaling(1 / 255)), IMAGE)
    assert "the model divides them by 255 itself. Pass 0-255." in capsys.readouterr().out


class Subclassed(keras.Model):
    def call(self, x):
        return x


def test_a_subclassed_model_is_given_pictures_unchecked():
    batch = as_batch(Subclassed(), (IMAGE * 255).astype("uint8"))
    assert batch.single and batch.form.names == ("0",)
