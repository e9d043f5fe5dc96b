"""Pictures that filters answer to."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab import patterns
from cnnlab.feature_maps import feature_maps
from cnnlab.patterns import filter_patterns


def network(kernel, *before, shape=(None, None, 3), bias=0.0):
    """One ReLU convolution with a given kernel (K_h, K_w, C, F)."""
    conv = layers.Conv2D(kernel.shape[3], kernel.shape[:2], activation="relu", name="conv")
    model = keras.Sequential([keras.Input(shape), *before, conv])
    conv.set_weights([kernel.astype("float32"), np.full(kernel.shape[3], bias, "float32")])
    return model


def colour_filters():
    """1x1 filters for more red, and for less green."""
    return np.array([[[[1.0, 0], [0, -1], [0, 0]]]])


def test_a_filter_for_a_colour_gets_that_colour():
    red, magenta = filter_patterns(network(colour_filters()), "conv", size=(16, 24))
    assert red.shape == (16, 24, 3) and red.dtype == np.float32
    assert red[..., 0].mean() > 0.9 and abs(red[..., 1].mean() - 0.5) < 0.1
    assert magenta[..., 1].mean() < 0.1 and abs(magenta[..., 0].mean() - 0.5) < 0.1


def test_a_filter_for_an_edge_gets_stripes_across_it():
    vertical = np.zeros((3, 3, 3, 2))
    vertical[:, 0, :, 0], vertical[:, 2, :, 0] = -1, 1
    vertical[..., 1] = vertical[..., 0].transpose(1, 0, 2)
    upright, level = filter_patterns(network(vertical), "conv", size=(24, 32)).mean(axis=-1)
    assert np.abs(np.diff(upright, axis=1)).mean() > 2 * np.abs(np.diff(upright, axis=0)).mean()
    assert np.abs(np.diff(level, axis=0)).mean() > 2 * np.abs(np.diff(level, axis=1)).mean()


def test_the_gradient_is_moved_back_with_the_picture(monkeypatch):
    def echo(batch, layer, channels):
        return np.ptp(batch.arrays[0], axis=(1, 2, 3)), batch.arrays[0]

    monkeypatch.setattr(patterns, "channel_evidence", echo)
    model = network(np.random.default_rng(0).normal(size=(3, 2, 3, 2)))
    shifted = filter_patterns(model, "conv", size=(12, 20), steps=3)
    monkeypatch.setattr(patterns, "SHIFT", 0)
    still = filter_patterns(model, "conv", size=(12, 20), steps=3)
    np.testing.assert_allclose(shifted, still, atol=1e-6)
    assert still.std() > 0.01


def test_every_filter_answers_more_than_to_noise():
    kernel = np.random.default_rng(0).normal(size=(3, 5, 3, 6))
    model = network(kernel)
    pictures = filter_patterns(model, "conv", size=32)
    noise = np.random.default_rng(1).uniform(-1, 1, (6, 32, 32, 3))
    made, other = (feature_maps(model, x, "conv")["conv"] for x in (2 * pictures - 1, noise))
    for number in range(6):
        assert made[number, ..., number].mean() > 2 * other[number, ..., number].mean()


def test_a_filter_that_is_silent_at_first_is_woken(capsys):
    model = network(colour_filters(), bias=-0.3)  # noise around grey stays far under 0.3
    red, _ = filter_patterns(model, "conv", size=16)
    assert red[..., 0].mean() > 0.9
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kernel, bias", [(colour_filters(), -9.0), (0 * colour_filters(), 1.0)])
def test_a_dead_filter_gets_a_grey_tile_and_a_line(kernel, bias, capsys):
    pictures = filter_patterns(network(kernel, bias=bias), "conv", filters=[1], size=16, steps=3)
    np.testing.assert_array_equal(pictures, 0.5)
    said = capsys.readouterr().out
    assert said == "no picture found for filter 1 of conv: its tile is plain grey\n"


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others():
    model = network(np.random.default_rng(0).normal(size=(3, 5, 3, 2)))
    one, again = (filter_patterns(model, "conv", size=16, steps=2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert (one != filter_patterns(model, "conv", size=16, steps=2, seed=4)).any()


def test_a_filter_has_its_picture_whichever_others_are_asked_for():
    model = network(np.random.default_rng(0).normal(size=(3, 5, 3, 4)))
    some = filter_patterns(model, "conv", filters=[3, 1], size=16, steps=2)
    alone = filter_patterns(model, "conv", filters=3, size=16, steps=2)
    np.testing.assert_allclose(some[:1], alone, atol=1e-5)


def test_the_range_is_0_to_255_where_the_model_rescales():
    plain = network(colour_filters())
    rescaling = network(colour_filters(), layers.Rescaling(1 / 127.5, offset=-1))
    one, other = (filter_patterns(m, "conv", size=16) for m in (plain, rescaling))
    np.testing.assert_allclose(one, other, atol=0.02)


def test_a_range_of_ones_own():
    model = network(colour_filters(), bias=-0.4)
    red = filter_patterns(model, "conv", filters=[0], size=16, value_range=(0, 1))
    assert red.min() >= 0 and red[..., 0].mean() > 0.9


@pytest.mark.parametrize(
    "shape, expected",
    [((20, 28, 3), (20, 28, 3)), ((None, None, 3), (64, 64, 3)), ((None, None, 1), (64, 64, 1))],
)
def test_the_size_is_the_models_own_or_that_of_the_field(shape, expected):
    kernel = np.ones((3, 3, shape[2], 1))
    assert filter_patterns(network(kernel, shape=shape), "conv", steps=1).shape == (1, *expected)


def test_the_first_sixteen_filters_are_taken_where_there_are_more():
    model = network(np.random.default_rng(0).normal(size=(1, 1, 3, 20)))
    assert len(filter_patterns(model, "conv", size=4, steps=1)) == 16


def test_a_filter_that_is_not_there_is_refused():
    with pytest.raises(
        ValueError, match=r"`filters` must be 0 to 1, for 'conv' has 2: got \[1, 2\]\. Number"
    ):
        filter_patterns(network(colour_filters()), "conv", filters=[1, 2])
    with pytest.raises(ValueError, match=r"`filters` must be 0 to 1, .* got \[\]\."):
        filter_patterns(network(colour_filters()), "conv", filters=[])


@pytest.mark.parametrize("shape, size", [((20, 28, 3), 20), ((None, 28, 3), (28, 20))])
def test_another_size_than_the_models_own_is_refused(shape, size):
    rule = "×".join(str(n or "any") for n in shape[:2])
    message = rf"`size` must be {rule}, for the model's input is fixed: got size=.*2.* Leave it out"
    with pytest.raises(ValueError, match=message):
        filter_patterns(network(colour_filters(), shape=shape), "conv", size=size)


def test_a_size_may_be_given_where_it_is_the_models_own():
    model = network(colour_filters(), shape=(None, 28, 3))
    assert filter_patterns(model, "conv", size=(12, 28), steps=1).shape == (2, 12, 28, 3)


def test_a_layer_without_a_map_is_refused():
    model = keras.Sequential([keras.Input((8, 12, 3)), layers.Flatten(name="flat")])
    with pytest.raises(ValueError, match=r"must have a map, .*layer='flat' of shape \(None, 288\)"):
        filter_patterns(model, "flat")
