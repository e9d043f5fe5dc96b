"""The course's networks: shapes, parameter counts and names, with keras.applications as oracle."""

import keras
import numpy as np
import pytest

from cnnlab import models


def parameters(model):
    """The parameters of each layer that has any, in order."""
    return [layer.count_params() for layer in model.layers if layer.count_params()]


def shapes(model):
    """The (height, width, channels) or (units,) of each layer's output, by name."""
    return {layer.name: layer.output.shape[1:] for layer in model.layers}


def test_mlp_has_the_parameters_of_the_lecture():
    assert parameters(models.mlp()) == [784 * 784 + 784, 784 * 10 + 10]


def test_mlp_flattens_an_oblong_image():
    assert parameters(models.mlp((5, 7, 3), hidden=11, classes=4)) == [5 * 7 * 3 * 11 + 11, 48]


def test_mnist_cnn_has_the_parameters_of_the_lecture():
    assert parameters(models.mnist_cnn()) == [780, 4065, 48128, 6450, 510]


def test_mnist_cnn_shrinks_as_the_lecture_says():
    assert shapes(models.mnist_cnn())["pool2"] == (5, 5, 15)


def test_lenet5_has_the_parameters_of_its_paper_with_a_full_c3():
    assert parameters(models.lenet5()) == [156, 2416, 48120, 10164, 850]


def test_lenet5_has_the_shapes_of_its_paper():
    assert shapes(models.lenet5()) == {
        "pad": (32, 32, 1),
        "c1": (28, 28, 6),
        "s2": (14, 14, 6),
        "c3": (10, 10, 16),
        "s4": (5, 5, 16),
        "c5": (1, 1, 120),
        "flatten": (120,),
        "f6": (84,),
        "output": (10,),
    }


def test_lenet5_averages_and_uses_tanh():
    model = models.lenet5()
    assert isinstance(model.get_layer("s2"), keras.layers.AveragePooling2D)
    assert [model.get_layer(name).activation.__name__ for name in ("c1", "c3", "c5", "f6")] == [
        "tanh"
    ] * 4


@pytest.mark.parametrize("build", [models.mlp, models.mnist_cnn, models.lenet5])
def test_outputs_are_logits(build):
    model = build(classes=7)
    assert model.layers[-1].activation is keras.activations.linear
    assert not model.compiled
    assert model(np.zeros((2, 28, 28, 1), "float32")).shape == (2, 7)


@pytest.mark.parametrize("include_top", [True, False])
def test_vgg16_is_that_of_keras_layer_for_layer(include_top):
    # Half the size and 32 pixels, so that the dense layers are small; names do not depend on it.
    ours = models.vgg16(width=1 / 16, include_top=include_top, input_shape=(32, 64, 3), classes=9)
    theirs = keras.applications.VGG16(
        weights=None, include_top=include_top, input_shape=(32, 64, 3), classes=9
    )
    assert [layer.name for layer in ours.layers[1:]] == [layer.name for layer in theirs.layers[1:]]
    assert [type(layer) for layer in ours.layers] == [type(layer) for layer in theirs.layers]
    assert [layer.output.shape[1:-1] for layer in ours.layers] == [
        layer.output.shape[1:-1] for layer in theirs.layers
    ]


def test_vgg16_takes_the_weights_of_keras_and_gives_the_same_features():
    theirs = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 64, 3))
    ours = models.vgg16(include_top=False, input_shape=(32, 64, 3))
    ours.set_weights(theirs.get_weights())
    image = np.random.default_rng(0).uniform(-1, 1, (1, 32, 64, 3)).astype("float32")
    np.testing.assert_allclose(ours(image), theirs(image), rtol=1e-5, atol=1e-7)


def test_vgg16_without_top_takes_images_of_any_size():
    model = models.vgg16(width=1 / 16, include_top=False, input_shape=(None, None, 3))
    assert model(np.zeros((1, 64, 97, 3), "float32")).shape == (1, 2, 3, 32)


def test_vgg16_with_top_asks_for_a_size():
    with pytest.raises(ValueError, match=r"got input_shape=\(None, 64, 3\). Use include_top=False"):
        models.vgg16(width=1 / 16, input_shape=(None, 64, 3))


def test_vgg16_refuses_images_that_five_poolings_would_empty():
    with pytest.raises(ValueError, match=r"at least 32 .* got input_shape=\(64, 31, 3\)"):
        models.vgg16(width=1 / 16, input_shape=(64, 31, 3))


def test_vgg16_slim_is_half_as_wide_and_takes_images_of_any_size():
    model = models.vgg16_slim(classes=7)
    assert model(np.zeros((1, 64, 97, 3), "float32")).shape == (1, 7)
    kernels = [layer.kernel.shape[-1] for layer in model.layers if "conv" in layer.name]
    assert kernels == [32, 32, 64, 64, 128, 128, 128] + [256] * 6


def test_vgg16_slim_without_top_ends_with_the_last_pool():
    model = models.vgg16_slim(include_top=False)
    assert model.layers[-1].name == "block5_pool"
    assert model(np.zeros((1, 64, 97, 3), "float32")).shape == (1, 2, 3, 256)
