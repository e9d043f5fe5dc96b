"""Deletion, insertion and the shuffling of weights."""

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab.arrays.blur import blurred
from cnnlab.faithfulness import cascading_randomisation, deletion, insertion
from cnnlab.heatmaps import grad_cam, saliency
from cnnlab.scores import area_under, rank_correlation


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def summing(outputs=1):
    """Logit = a quarter of the sum of all pixels (and its multiples)."""
    model = keras.Sequential([keras.Input((4, 6, 1)), layers.Flatten(), layers.Dense(outputs)])
    kernel = np.outer(np.ones(24), np.arange(1, outputs + 1))
    model.set_weights([kernel.astype("float32") / 4, np.zeros(outputs, "float32")])
    return model


IMAGES = np.random.default_rng(0).uniform(size=(2, 4, 6, 1)).astype("float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(before, after, heat, steps):
    """The probability after each step, pixel by pixel."""
    curve, picture = [], before.ravel().copy()
    order = sorted(range(picture.size), key=lambda i: -heat.ravel()[i])
    for step in range(steps + 1):
        for place in order[: int(np.ceil(step * picture.size / steps - 1e-9))]:
            picture[place] = after.ravel()[place]
        curve.append(sigmoid(picture.sum() / 4))
    return curve


@pytest.mark.parametrize("steps", [4, 10, 24])
def test_deletion_takes_the_largest_values_first(steps):
    heat = np.random.default_rng(1).normal(size=(2, 4, 6))
    found = deletion(summing(), IMAGES, heat, 1, steps=steps, fill=0.2)
    blank = np.full((4, 6), 0.2)
    expected = [by_hand(i, blank, h, steps) for i, h in zip(IMAGES, heat, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("steps", [4, 10])
def test_insertion_brings_the_largest_values_first(steps):
    heat = np.random.default_rng(1).normal(size=(2, 4, 6))
    found = insertion(summing(), IMAGES, heat, [1, 0], steps=steps, fill=0)
    expected = [by_hand(np.zeros((4, 6)), i, h, steps) for i, h in zip(IMAGES, heat, strict=True)]
    expected[1] = [1 - p for p in expected[1]]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_they_start_and_end_with_the_picture_and_with_what_fills_it():
    probability = sigmoid(IMAGES.sum(axis=(1, 2, 3)) / 4)
    heat = IMAGES[..., 0]
    deleted, inserted = deletion(summing(), IMAGES, heat, 1), insertion(summing(), IMAGES, heat, 1)
    np.testing.assert_allclose(deleted[:, 0], probability, rtol=1e-5)
    np.testing.assert_allclose(inserted[:, -1], probability, rtol=1e-5)
    np.testing.assert_allclose(deleted[:, -1], probability, rtol=1e-5)  # mean colour: same sum
    start = sigmoid(blurred(IMAGES, deviation=0.6).sum(axis=(1, 2, 3)) / 4)  # a tenth of 6 pixels
    np.testing.assert_allclose(inserted[:, 0], start, rtol=1e-5)


def test_the_true_map_deletes_faster_than_its_negative():
    heat = IMAGES[..., 0]
    areas = [area_under(deletion(summing(), IMAGES, h, 1, fill=0)) for h in (heat, -heat)]
    assert (areas[0] < areas[1]).all()


def test_the_class_is_the_top_one_of_the_whole_picture():
    model, heat = summing(3), IMAGES[..., 0]
    np.testing.assert_array_equal(
        deletion(model, IMAGES, heat), deletion(model, IMAGES, heat, class_index=2)
    )


@pytest.mark.parametrize("steps", [0, 2.5])
def test_the_steps_are_a_whole_number(steps):
    with pytest.raises(ValueError, match=f"`steps` must be .*: got steps={steps}. It counts"):
        deletion(summing(), IMAGES, IMAGES[..., 0], 1, steps=steps)


def test_one_image_gives_one_curve():
    found = deletion(summing(), IMAGES[1], IMAGES[1, ..., 0], 1, steps=5)
    np.testing.assert_allclose(
        found, deletion(summing(), IMAGES, IMAGES[..., 0], 1, steps=5)[1], rtol=1e-5
    )
    assert found.shape == (6,)


def test_a_map_on_its_own_grid_is_refused():
    with pytest.raises(
        ValueError, match=r"per pixel, \(2, 4, 6\): got shape \(2, 2, 3\)\. .*resize"
    ):
        deletion(summing(), IMAGES, np.ones((2, 2, 3)))


@pytest.mark.parametrize("dtype", ["uint8", bool])
@pytest.mark.parametrize("curve", [deletion, insertion])
def test_maps_without_a_sign_keep_their_order(curve, dtype):
    heat = np.random.default_rng(1).integers(0, 2, (2, 4, 6))
    np.testing.assert_array_equal(
        curve(summing(), IMAGES, heat.astype(dtype), 1, fill=0),
        curve(summing(), IMAGES, heat, 1, fill=0),
    )


def test_a_fill_is_a_number_or_values_per_channel_or_pictures():
    model = keras.Sequential([keras.Input((4, 6, 3)), layers.Flatten(), layers.Dense(2)])
    pictures = np.random.default_rng(3).uniform(size=(2, 4, 6, 3))
    same = [deletion(model, pictures, pictures[..., 0], fill=f) for f in (
        0.5, [0.5] * 3, np.full((4, 6, 3), 0.5), np.full((2, 4, 6, 3), 0.5))]  # fmt: skip
    for other in same[1:]:
        np.testing.assert_array_equal(same[0], other)


@pytest.mark.parametrize("curve", [deletion, insertion])
@pytest.mark.parametrize(
    ("fill", "got"),
    [
        (np.ones((4, 6)), r"shape \(4, 6\)"),
        (np.ones((3, 4, 6, 1)), r"shape \(3, 4, 6, 1\)"),
        ([0, 1], r"fill=\[0, 1\]"),
        ("mean", "fill='mean'"),
    ],
)
def test_a_fill_that_does_not_fit_the_pictures_is_refused(curve, fill, got):
    model = keras.Sequential([keras.Input((4, 6, 3)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(
        ValueError,
        match=r"`fill` must be a number, 3 values \(one per channel\) or pictures \(2, 4, 6, 3\): "
        rf"got {got}\. None takes the default\.",
    ):
        curve(model, np.ones((2, 4, 6, 3)), np.ones((2, 4, 6)), fill=fill)


@pytest.mark.parametrize("curve", [deletion, insertion])
def test_of_several_pictures_it_is_not_guessed_which_is_meant(curve):
    left, right = (keras.Input((4, 6, 1), name=name) for name in ("left", "right"))
    both = layers.Flatten()(layers.Concatenate()([left, right]))
    model = keras.Model([left, right], layers.Dense(2)(both))
    with pytest.raises(ValueError) as error:
        curve(model, [IMAGES, IMAGES], IMAGES[..., 0])
    assert str(error.value) == (
        "`model` must have one picture input, whose pixels are exchanged: got left, right. "
        "Wrap it in a model of one input that holds the others fixed."
    )


def network(*head):
    base = keras.Sequential(
        [keras.Input((8, 12, 3)), layers.Conv2D(6, 3, name="conv1"), layers.BatchNormalization(
            name="norm"), layers.ReLU(), layers.Conv2D(5, (3, 5), activation="relu", name="conv2")],
        name="base",
    )  # fmt: skip
    x = image = keras.Input((8, 12, 3))
    x = layers.GlobalAveragePooling2D()(base(x))
    return keras.Model(image, layers.Dense(3, name="head")(x))


PICTURES = np.random.default_rng(2).uniform(size=(2, 8, 12, 3)).astype("float32")


def test_layers_forget_from_the_output_back_and_the_model_gets_its_weights_again():
    model = network()
    before = [w.copy() for w in model.get_weights()]
    trained = grad_cam(model, PICTURES, normalise=False)
    maps = cascading_randomisation(model, PICTURES)
    assert list(maps) == ["trained", "head", "base/conv2", "base/norm", "base/conv1"]
    np.testing.assert_array_equal(maps["trained"], trained)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_each_step_shuffles_one_more_layer():
    model = network()
    seen = []

    def weights(model, images, class_index, normalise, sign):
        seen.append([sign * w for w in model.get_weights()])
        return np.zeros((2, 8, 12))

    cascading_randomisation(model, PICTURES, method=weights, sign=1)
    names = [w.path.split("/")[-2] for w in model.weights]
    forgotten = set()
    for step, layer in enumerate(["head", "conv2", "norm", "conv1"], start=1):
        forgotten.add(layer)
        for name, now, then in zip(names, seen[step], seen[0], strict=True):
            np.testing.assert_array_equal(np.sort(now.ravel()), np.sort(then.ravel()))
            if np.ptp(then) > 0:  # zeros and ones are themselves when shuffled
                assert (now == then).all() == (name not in forgotten), (name, layer)


def test_the_class_stays_that_of_the_trained_model():
    model = network()
    top = np.argmax(model(PICTURES), axis=1)
    chosen = []

    def classes(model, images, class_index, normalise):
        chosen.append(list(class_index))
        return np.zeros((2, 8, 12))

    cascading_randomisation(model, PICTURES, method=classes)
    assert chosen == [list(top)] * 5


def test_a_failing_method_leaves_the_weights_as_they_were():
    model = network()
    before = [w.copy() for w in model.get_weights()]
    calls = []

    def failing(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return np.zeros((2, 8, 12))

    with pytest.raises(KeyboardInterrupt):
        cascading_randomisation(model, PICTURES, method=failing)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_map_of_the_network_changes_and_a_map_of_the_picture_does_not():
    model = network()
    maps = cascading_randomisation(model, PICTURES, method=saliency)
    assert (rank_correlation(maps["trained"], maps["base/conv1"]) < 0.9).all()

    def brightness(model, images, class_index, normalise):
        return images.arrays[0].mean(axis=-1)

    same = cascading_randomisation(model, PICTURES, method=brightness)
    assert (rank_correlation(same["trained"], same["base/conv1"]) == 1).all()
