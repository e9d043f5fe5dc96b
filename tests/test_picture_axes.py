"""Maps whose channels do not stand last, and heads that read them."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from cnnlab.feature_maps import feature_maps
from cnnlab.gradients import effective_receptive_field
from cnnlab.heatmaps import default_layer, grad_cam
from cnnlab.reading import graph
from cnnlab.reading.picture_axes import turned_maps
from cnnlab.receptive_field import receptive_field, receptive_field_table
from cnnlab.transfer import classifier

SHAPE = (8, 12, 3)


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def pictures(shape=SHAPE):
    return np.random.default_rng(0).uniform(size=(2, *shape)).astype("float32")


def first(x):
    return ops.transpose(x, (0, 3, 1, 2))


TURNS = {
    "Permute": layers.Permute((3, 1, 2)),
    "Permute, columns last but one": layers.Permute((3, 2, 1)),
    "transpose": first,
    "moveaxis": lambda x: ops.moveaxis(x, -1, 1),
    "moveaxis of several": lambda x: ops.moveaxis(x, (3, 1), (1, 2)),
    "swapaxes": lambda x: ops.swapaxes(x, 1, 3),
    "channels in the middle": lambda x: ops.transpose(x, (0, 1, 3, 2)),
    "Lambda": layers.Lambda(first),
    "Lambda of a given shape": layers.Lambda(first, output_shape=(4, 6, 8)),
    "followed by an activation": lambda x: layers.ReLU()(first(x)),
    "Lambda, followed by an activation": lambda x: layers.ReLU()(layers.Lambda(first)(x)),
    "turned and normalised": lambda x: layers.LayerNormalization(axis=1)(first(x)),
    "turned and pooled": lambda x: layers.Dropout(0.1)(layers.Activation("tanh")(first(x))),
}
HEADS = {
    "averaged": lambda x: ops.mean(x, axis=(2, 3)),
    "flattened": layers.Flatten(),
    "the largest": lambda x: ops.max(x, axis=(2, 3)),
}


def model_of(turn, head=HEADS["averaged"]):
    image = keras.Input(SHAPE, name="image")
    maps = layers.Conv2D(4, (3, 5), activation="relu", name="conv")(image)
    return keras.Model(image, layers.Dense(3)(head(turn(maps))))


def saved(model, folder):
    with warnings.catch_warnings(action="ignore"):  # of h5py about NumPy, on saving
        model.save(folder / "model.keras")
        return keras.saving.load_model(folder / "model.keras", safe_mode=False)


FORMS = [  # Keras loads a Lambda only as a named function
    pytest.param(turn, form, id=f"{name}, {form}")
    for name, turn in TURNS.items()
    for form in ("built", "loaded")
    if form == "built" or "Lambda" not in name
]


@pytest.mark.parametrize(("turn", "form"), FORMS)
def test_the_default_layer_is_the_map_before_it_is_turned(turn, form, tmp_path):
    model = model_of(turn)
    if form == "loaded":
        model = saved(model, tmp_path)
    assert default_layer(model) == "conv"
    turned = turned_maps(graph.read(model))
    assert set(turned.values()) == {"conv"}
    assert list(feature_maps(model, pictures())) == ["conv"]
    for name, shape in ((name, graph.read(model)[name].output_shape) for name in turned):
        error = rf"channels last, .*: got layer='{name}' of shape .*{shape[1]}.* Pass layer='conv'"
        for ask in (
            lambda name=name: grad_cam(model, pictures(), 1, layer=name),
            lambda name=name: feature_maps(model, pictures(), name),
            lambda name=name: effective_receptive_field(model, name),
        ):
            with pytest.raises(ValueError, match=error):
                ask()


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_the_map_is_that_of_the_same_model_without_the_turn(head):
    model, x = model_of(first, head), tf.constant(pictures())
    features = model.get_layer("conv")(x)
    with tf.GradientTape() as tape:
        tape.watch(features)
        vector = head(tf.transpose(features, (0, 3, 1, 2)))
        score = model.layers[-1](vector)[:, 1]
    weights = np.mean(tape.gradient(score, features), axis=(1, 2))
    expected = np.einsum("bhwc,bc->bhw", features, weights)
    found = grad_cam(model, pictures(), 1, resize=False, normalise=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


NOT_TURNED = {
    "rows and columns": layers.Permute((2, 1, 3)),
    "turned and turned back": lambda x: ops.moveaxis(first(x), 1, -1),
    "Lambda that keeps the shape": layers.Lambda(lambda x: 2 * x),
    "tokens": layers.Reshape((48, 4)),
    "rows of columns": layers.Reshape((6, 32)),
}


@pytest.mark.parametrize("step", NOT_TURNED.values(), ids=NOT_TURNED)
def test_maps_with_their_channels_last_are_left_alone(step):
    image = keras.Input(SHAPE, name="image")
    end = step(layers.Conv2D(4, (3, 5), name="conv")(image))
    network = graph.read(keras.Model(image, end))
    assert network.outputs[0] not in turned_maps(network)


def test_a_picture_of_one_channel_whose_rows_become_steps_is_not_turned():
    image = keras.Input((8, 12, 1))
    network = graph.read(keras.Model(image, layers.Reshape((8, 12))(image)))
    assert turned_maps(network) == {}


def test_signals_and_volumes_are_turned_too():
    for shape, conv, order in [
        ((9, 2), layers.Conv1D, (2, 1)),
        ((5, 6, 7, 2), layers.Conv3D, (4, 1, 2, 3)),
    ]:
        stack = [conv(4, 2, name="conv"), layers.Permute(order, name="turn")]
        model = keras.Sequential([keras.Input(shape), *stack, layers.Flatten(), layers.Dense(2)])
        assert turned_maps(graph.read(model)) == {"turn": "conv"}
        assert default_layer(model) == "conv"


def test_the_receptive_field_of_a_turned_map_is_that_of_the_map():
    model = model_of(first)
    table = receptive_field_table(model).set_index("layer")
    turned = next(iter(turned_maps(graph.read(model))))
    for column in ("size", "stride", "padding", "share"):
        assert table.loc[turned, column] == table.loc["conv", column]
    field = receptive_field(model, turned)
    assert field.map_size == (4, 6, 8)
    assert field.region(2, 3, 1) == receptive_field(model, "conv").region(3, 1)


@pytest.mark.parametrize(
    "turn",
    [TURNS[name] for name in ("Permute", "transpose", "Lambda", "followed by an activation")],
)
def test_a_base_that_ends_in_a_turned_map_is_not_averaged(turn):
    image = keras.Input(SHAPE)
    base = keras.Model(image, turn(layers.Conv2D(4, 3, name="conv")(image)), name="own")
    with pytest.raises(
        ValueError,
        match=r"channels last, .*, to be averaged: got 'own', whose .*get_layer\('conv'\)",
    ):
        classifier(base, 3, preprocess=lambda images: images)
    assert classifier(base, 3, "flatten", preprocess=lambda images: images).output_shape[1] == 3
