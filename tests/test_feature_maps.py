"""Feature maps of all layers, dead and redundant channels, strongest patches."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab.feature_maps import (
    Patch,
    channel_correlation,
    channel_table,
    feature_maps,
    strongest_patches,
)


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def base(name="base"):
    return keras.Sequential(
        [
            keras.Input((9, 13, 3)),
            layers.Conv2D(4, (3, 5), activation="relu", name="conv"),
            layers.MaxPooling2D(2, name="pool"),
        ],
        name=name,
    )


def nested():
    x = image = keras.Input((9, 13, 3), name="photo")
    x = layers.Flatten(name="flat")(base()(x))
    return keras.Model(image, layers.Dense(2, name="head")(x))


IMAGES = np.random.default_rng(0).uniform(size=(3, 9, 13, 3)).astype("float32")


def test_without_names_every_layer_with_a_map_answers_in_running_order():
    model = nested()
    maps = feature_maps(model, IMAGES)
    assert list(maps) == ["base/conv", "base/pool"]
    inner = model.get_layer("base")
    np.testing.assert_allclose(maps["base/conv"], inner.get_layer("conv")(IMAGES), rtol=1e-5)
    np.testing.assert_allclose(maps["base/pool"], inner(IMAGES), rtol=1e-5)


def test_one_image_has_maps_without_batch_axis():
    whole = feature_maps(nested(), IMAGES)
    assert [m.shape for m in feature_maps(nested(), IMAGES[1]).values()] == [
        m.shape[1:] for m in whole.values()
    ]


def test_layers_may_be_named_by_path_or_by_the_end_of_it():
    model = nested()
    for name in ("conv", "base/conv", ["base/conv"]):
        assert list(feature_maps(model, IMAGES, name)) == ["base/conv"]
    assert list(feature_maps(model, IMAGES, ["pool", "conv"])) == ["base/pool", "base/conv"]


def test_both_calls_of_a_shared_base_answer():
    shared, sides = base(), [keras.Input((9, 13, 3), name=name) for name in ("left", "right")]
    model = keras.Model(sides, layers.Add()([shared(side) for side in sides]))
    maps = feature_maps(model, [IMAGES, IMAGES[::-1]], ["base[1]/conv", "base[0]/conv"])
    np.testing.assert_array_equal(maps["base[0]/conv"], maps["base[1]/conv"][::-1])


def test_a_layer_without_a_map_is_refused():
    with pytest.raises(ValueError, match=r"must have maps, .*: got 'head' of shape \(None, 2\)"):
        feature_maps(nested(), IMAGES, ["conv", "head"])


def test_dead_and_redundant_channels_are_counted():
    first, second = np.random.default_rng(1).normal(size=(2, 3, 4, 5))
    alike = 0.99 * first + 0.01 * second
    channels = [first, 0 * first + 7, -2 * first, second, alike]
    table = channel_table({"conv": np.stack(channels, axis=-1)})
    assert table.loc["conv"].to_dict() == {
        "height": 4, "width": 5, "channels": 5, "dead": 1, "redundant": 2
    }  # fmt: skip
    assert channel_table({"conv": np.stack(channels, axis=-1)}, alike=1.1).redundant.item() == 0


def test_a_table_of_signals_and_volumes_names_their_own_sides():
    rng = np.random.default_rng(0)
    shapes = {"signal": (3, 9, 2), "picture": (3, 4, 5, 2), "volume": (3, 4, 5, 6, 2)}
    maps = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    table = channel_table({"signal": maps["signal"]})
    assert table.loc["signal"].to_dict() == {"length": 9, "channels": 2, "dead": 0, "redundant": 0}
    table = channel_table(maps)
    sides = ["length", "depth", "height", "width"]
    assert list(table.columns) == [*sides, "channels", "dead", "redundant"]
    assert table.loc["volume", sides[1:]].tolist() == [4, 5, 6]
    assert table.loc["picture", sides[2:]].tolist() == [4, 5]
    assert table[sides].isna().sum(axis=1).tolist() == [3, 2, 1]
    for shape in ((9, 2), (1, 1, 1, 1, 1, 2)):
        with pytest.raises(ValueError, match=r"of a batch, \(B, h, w, C\): got shape .* for 'x'"):
            channel_table({"x": np.zeros(shape)})


def test_correlation_is_numpys_where_no_channel_is_dead():
    maps = np.random.default_rng(1).normal(size=(3, 5, 7, 4)) @ np.random.default_rng(2).normal(
        size=(4, 4)
    )
    expected = np.corrcoef(maps.reshape(-1, 4).T)
    np.testing.assert_allclose(channel_correlation(maps), expected, atol=1e-10)


def test_the_strongest_patch_is_what_the_strongest_cell_sees():
    model = nested()
    maps = feature_maps(model, IMAGES, "conv")["base/conv"][..., 2]
    image, row, column = (int(i) for i in np.unravel_index(maps.argmax(), maps.shape))
    best, *others = strongest_patches(model, IMAGES, "base/conv", channel=2, count=4)
    assert (best.image, best.region) == (image, (row, column, row + 3, column + 5))
    np.testing.assert_array_equal(best.pixels, IMAGES[image, row : row + 3, column : column + 5])
    # Run on its own, the patch makes the cell answer as it did.
    conv = model.get_layer("base").get_layer("conv")
    assert float(conv(best.pixels[None])[0, 0, 0, 2]) == pytest.approx(best.answer, rel=1e-5)
    assert best.answer >= others[0].answer >= others[1].answer >= others[2].answer


def test_patches_of_one_picture_do_not_overlap_by_more_than_half():
    patches = strongest_patches(nested(), IMAGES[0], "conv", channel=0, count=50)
    assert 2 < len(patches) < 50
    for one in patches:
        for other in patches:
            if one is not other:
                down, across = abs(np.subtract(one.region, other.region))[:2]
                assert down >= 1.5 or across >= 2.5


def test_a_patch_at_the_border_holds_only_what_lies_in_the_picture():
    conv = layers.Conv2D(1, 3, padding="same", name="conv", kernel_initializer="ones")
    model = keras.Sequential([keras.Input((5, 6, 1)), conv])
    image = np.zeros((5, 6, 1), "float32")
    image[0, 0] = 1
    best = strongest_patches(model, image, "conv", channel=0, count=1)[0]
    assert best.region == (-1, -1, 2, 2)
    assert best.pixels.shape == (2, 2, 1)


@pytest.mark.parametrize("channel", [-1, 4])
def test_a_channel_that_is_not_there_is_refused(channel):
    with pytest.raises(ValueError, match=rf"0 to 3, .*'base/conv' has 4 channels: got {channel}\."):
        strongest_patches(nested(), IMAGES, "conv", channel)


def test_a_model_without_a_map_is_told():
    stack = [layers.Conv1D(4, 12), layers.GlobalAveragePooling1D()]  # a map of one cell
    model = keras.Sequential([keras.Input((12, 3)), *stack], name="signal")
    with pytest.raises(
        ValueError, match=r"got 'signal' with none among its 2 layers\. Use a model"
    ):
        feature_maps(model, np.ones((1, 12, 3)))


def test_pieces_can_be_cut_smaller_around_the_middle_of_the_field():
    """Such as the effective field, which is smaller than what a cell could see."""
    image = np.zeros((1, 9, 12, 1), "float32")
    image[0, 4, 7] = 1
    conv = layers.Conv2D(1, (5, 7), name="conv", kernel_initializer="ones")
    model = keras.Sequential([keras.Input((9, 12, 1)), conv, layers.ReLU()])
    weights = np.zeros((5, 7, 1, 1))
    weights[2, 3] = 1  # its middle
    conv.set_weights([weights, np.zeros(1)])
    [whole] = strongest_patches(model, image, "conv", 0, count=1)
    [small] = strongest_patches(model, image, "conv", 0, count=1, size=(1, 3))
    assert whole.region == (2, 4, 7, 11)
    assert small.region == (4, 6, 5, 9)
    assert small.pixels.tolist() == [[[0], [1], [0]]]
    assert small.answer == whole.answer == 1


def test_small_pieces_may_lie_nearer_to_each_other():
    image = np.arange(60.0).reshape(1, 6, 10, 1)
    conv = layers.Conv2D(1, 3, padding="same", name="conv", kernel_initializer="ones")
    model = keras.Sequential([keras.Input((6, 10, 1)), conv])
    apart = [strongest_patches(model, image, "conv", 0, 4, size) for size in (None, (1, 1))]
    places = [[patch.region[:2] for patch in found] for found in apart]
    gaps = [max(abs(a - b) for a, b in zip(*some[:2], strict=True)) for some in places]
    assert gaps[0] == 2
    assert gaps[1] == 1


@pytest.mark.parametrize(
    ("region", "rows", "columns"),
    [
        ((-1, -2, 2, 3), (1, 3), (2, 5)),
        ((7, 9, 10, 14), (0, 2), (0, 4)),
        ((2, 3, 5, 8), (0, 3), (0, 5)),
    ],
    ids=["upper left", "lower right", "inside"],
)
def test_a_framed_piece_is_as_large_as_its_region_and_grey_outside(region, rows, columns):
    image = np.arange(9 * 13 * 3, dtype="uint8").reshape(9, 13, 3)
    top, left, bottom, right = region
    pixels = image[max(top, 0) : bottom, max(left, 0) : right]
    whole = Patch(pixels, 1.0, 0, region).framed(grey=99)
    assert (whole.shape, whole.dtype) == ((bottom - top, right - left, 3), "uint8")
    inside = np.zeros(whole.shape[:2], bool)
    inside[slice(*rows), slice(*columns)] = True
    np.testing.assert_array_equal(whole[inside].reshape(pixels.shape), pixels)
    assert (whole[~inside] == 99).all()
