"""What a model may be given, and what is said about the rest."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.per_model import known
from cnnlab.reading.value_range import rescales


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
    this = model()
    batch = as_batch(this, IMAGE)
    assert as_batch(this, batch) is batch


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
    message = (
        r"must be one of the inputs left, .* looks at the pixels: got layer='right'\. Leave it"
    )
    with pytest.raises(ValueError, match=message):
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
        ((None, 7, 3), (2, 5, 8, 3), r"Resize them to any×7 pixels"),
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


def test_labels_beside_the_images_are_named():
    for labels in (np.zeros(2), np.zeros((2, 4))):
        with pytest.raises(ValueError, match=r"got 2\. Leave out the labels: images\[0\]"):
            as_batch(model(), (np.stack([IMAGE] * 2), labels))


@pytest.mark.parametrize("images", [[IMAGE], (IMAGE,), IMAGE[None].tolist()])
def test_a_list_for_one_input_is_an_array(images):
    batch = as_batch(model(), images)
    assert batch.form.arranged(batch.arrays).shape == (1, 5, 7, 3)


def test_a_list_of_photographs_is_a_batch():
    photos = [keras.utils.array_to_img(IMAGE), keras.utils.array_to_img(1 - IMAGE)]
    batch = as_batch(model((5, 7, 3), layers.Rescaling(1 / 255)), photos)
    assert batch.form.arranged(batch.arrays).shape == (2, 5, 7, 3) and not batch.single


@pytest.mark.parametrize(
    ("images", "remedy"),
    [
        ("cat.png", r"got str\. Load it: keras\.utils\.img_to_array\(keras\.utils\.load_img\(path"),
        (Path("cat.png"), r"got \w*Path\. Load it"),
        (
            tf.data.Dataset.from_tensors(IMAGE),
            r"Dataset\. Take a batch: next\(iter\(dataset\)\)\[0\]",
        ),
        (None, r"got NoneType\. Pass a batch"),
        ({"left": None, "right": np.zeros(4)}, r"got NoneType\. Pass a batch"),
        ([IMAGE.tolist(), IMAGE[1:].tolist()], r"got arrays that differ in size\. Resize"),
    ],
)
def test_what_is_no_array_is_named_with_its_remedy(images, remedy):
    network = two_inputs() if isinstance(images, dict) else model()
    with pytest.raises(TypeError, match=rf"`images` must be an array, \(B, H, W, C\): .*{remedy}"):
        as_batch(network, images)


def test_at_least_one_image_is_needed():
    with pytest.raises(ValueError, match=r"at least one image: got shape \(0, 5, 7, 3\)\. Look"):
        as_batch(model(), IMAGE[None][:0])


@pytest.mark.parametrize("wrong", ["model.keras", IMAGE])
def test_the_model_comes_first(wrong):
    name = type(wrong).__name__
    with pytest.raises(
        TypeError, match=rf"`model` must be a Keras model: got {name}\. Pass the mod"
    ):
        as_batch(wrong, model())


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


def grey_network(before, dtype=None):
    """A network on grey pictures whose first weights come behind `before`."""
    image = keras.Input((5, 7, 1), dtype=dtype)
    x = layers.Conv2D(2, 3)(before(image))
    return keras.Model(image, layers.GlobalAveragePooling2D()(x))


GREY = (IMAGE[..., :1] * 255).astype("uint8")


@pytest.mark.parametrize(
    "before",
    [
        lambda x: layers.Concatenate()([x, x, x]),
        lambda x: keras.ops.repeat(x, 3, axis=-1),
        lambda x: keras.ops.tile(x, (1, 1, 1, 3)),
        lambda x: keras.ops.cast(x, "float16"),
        lambda x: keras.ops.stack([x[..., 0], x[..., 0]], axis=-1),
        lambda x: keras.ops.mean(x, axis=-1, keepdims=True),
        lambda x: x[:, 2:],
        layers.RandomContrast(0.5),
        layers.RandomBrightness(0.5),
        layers.GaussianDropout(0.5),
        layers.AlphaDropout(0.5),
    ],
)
def test_whole_numbers_are_refused_behind_whatever_keeps_their_range(before):
    network = grey_network(before)
    assert not rescales(known(network))
    with pytest.raises(ValueError, match=r"the model does not rescale them: got uint8"):
        as_batch(network, GREY)


@pytest.mark.parametrize("before", [lambda x: x, lambda x: keras.ops.cast(x, "float32")])
def test_an_input_of_whole_numbers_takes_them(before, capsys):
    image = keras.Input((5, 7, 1), dtype="uint8")
    network = keras.Model(image, layers.Conv2D(2, 3)(before(image)))
    assert rescales(known(network))
    assert as_batch(network, GREY).arrays[0].dtype == np.uint8
    assert capsys.readouterr().out == ""


def test_an_input_of_whole_numbers_may_be_rescaled_behind_it(capsys):
    image = keras.Input((5, 7, 1), dtype="uint8")
    network = keras.Model(image, layers.Conv2D(2, 3)(layers.Rescaling(1 / 255)(image)))
    as_batch(network, GREY)
    assert capsys.readouterr().out == ""
    as_batch(network, IMAGE[..., :1])
    assert "the model divides them by 255 itself" in capsys.readouterr().out


@pytest.mark.parametrize("pixels", [GREY, GREY.astype("float32")])
def test_nothing_is_said_behind_a_lambda(pixels, capsys):
    network = grey_network(layers.Lambda(lambda x: x / 255))
    assert not rescales(known(network))
    as_batch(network, pixels)
    assert capsys.readouterr().out == ""


def test_a_rescaling_is_found_behind_a_lambda_but_not_how_much_both_do(capsys):
    stack = keras.Sequential([layers.Lambda(lambda x: x * 255), layers.Rescaling(1 / 255)])
    network = grey_network(stack)
    assert rescales(known(network))
    as_batch(network, IMAGE[..., :1])
    assert capsys.readouterr().out == ""


class OwnConvolution(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], 2))

    def call(self, x):
        return keras.ops.conv(x, self.kernel)


def test_a_normalisation_behind_weights_of_ones_own_is_none_of_the_pixels():
    stack = keras.Sequential([OwnConvolution(), layers.BatchNormalization()])
    assert not rescales(known(grey_network(stack)))
    assert rescales(known(grey_network(layers.BatchNormalization())))


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


@pytest.mark.parametrize(
    "scaled", [lambda x: x / 127.5 - 1, lambda x: keras.ops.divide(x, 255), lambda x: x * (1 / 255)]
)
def test_values_to_one_get_a_note_where_an_operation_divides(scaled, capsys):
    image = keras.Input((5, 7, 3))
    network = keras.Model(image, layers.Conv2D(2, 3)(scaled(image)))
    as_batch(network, IMAGE * 255)
    assert capsys.readouterr().out == ""
    as_batch(network, IMAGE)
    assert "itself. Pass 0-255." in capsys.readouterr().out


@pytest.mark.parametrize("joined", [lambda x: x - 3.0, lambda x: x / x, lambda x: 1 / (1 + x)])
def test_other_operations_get_no_note(joined, capsys):
    image = keras.Input((5, 7, 3))
    as_batch(keras.Model(image, layers.Conv2D(2, 3)(joined(image))), IMAGE)
    assert capsys.readouterr().out == ""


class Subclassed(keras.Model):
    def call(self, x):
        return x


def test_a_subclassed_model_is_given_pictures_unchecked():
    batch = as_batch(Subclassed(), (IMAGE * 255).astype("uint8"))
    assert batch.single and batch.form.names == ("0",)
