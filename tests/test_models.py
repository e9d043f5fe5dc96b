"""The course's networks: shapes, parameter counts and names, with keras.applications as oracle."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnlab import models
from cnnlab.costs import layer_table
from cnnlab.receptive_field import receptive_field


def parameters(model):
    """The parameters of each layer that has any, in order."""
    return [layer.count_params() for layer in model.layers if layer.count_params()]


def shapes(model):
    """The (height, width, channels) or (units,) of each layer's output, by name."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    return {layer.name: layer.output.shape[1:] for layer in layers}


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


def test_lenet5_can_be_built_upon_from_its_input_and_its_output():
    model = models.lenet5((30, 28, 1))
    head = keras.layers.Dense(3)(model.output)
    assert keras.Model(model.input, head)(np.zeros((2, 30, 28, 1), "float32")).shape == (2, 3)


def test_lenet5_averages_and_uses_tanh():
    model = models.lenet5()
    assert isinstance(model.get_layer("s2"), keras.layers.AveragePooling2D)
    assert [model.get_layer(name).activation.__name__ for name in ("c1", "c3", "c5", "f6")] == [
        "tanh"
    ] * 4


def test_lenet5_with_relu_and_max_pooling_has_the_same_parameters():
    model = models.lenet5(activation="relu", pooling="max")
    assert parameters(model) == parameters(models.lenet5())
    assert [type(model.get_layer(name)).__name__ for name in ("s2", "s4")] == ["MaxPooling2D"] * 2
    hidden = [model.get_layer(name) for name in ("c1", "c3", "c5", "f6")]
    assert {layer.activation.__name__ for layer in hidden} == {"relu"}


def test_lenet5_names_the_poolings_it_knows():
    message = "`pooling` must be one of average, max: got pooling='min'."
    with pytest.raises(ValueError, match=message):
        models.lenet5(pooling="min")


@pytest.mark.parametrize("shape", [(27, 40, 1), (40, 27, 1), (28, 28), 28, (None, None, 1)])
def test_lenet5_says_which_images_it_takes(shape):
    with pytest.raises(ValueError) as error:
        models.lenet5(shape)
    assert str(error.value) == (
        "`input_shape` must be (height, width, channels), at least 28 by 28 pixels: got "
        f"input_shape={shape}. Use larger images; grey ones have 1 channel."
    )


def test_lenet5_takes_the_smallest_images_that_it_promises():
    assert models.lenet5((28, 29, 2)).get_layer("c5").output.shape == (None, 1, 1, 120)


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


def test_normalisation_is_that_of_tensorflow():
    x = np.random.default_rng(0).normal(scale=200, size=(2, 3, 4, 7)).astype("float32")
    theirs = tf.nn.local_response_normalization(x, depth_radius=2, bias=2, alpha=1e-4, beta=0.75)
    np.testing.assert_allclose(models.LocalResponseNormalization()(x), theirs, rtol=1e-5)


def test_normalisation_survives_saving(tmp_path):
    model = keras.Sequential([keras.Input((3, 4, 7)), models.LocalResponseNormalization()])
    model.save(tmp_path / "model.keras")
    x = np.full((1, 3, 4, 7), 100, "float32")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(x), model(x))


def test_alexnet_has_the_shapes_of_the_lecture():
    with models.blueprint():
        found = shapes(models.alexnet())
    assert found["conv1"] == found["norm1"] == (55, 55, 96)
    assert found["pool1"] == (27, 27, 96)
    assert found["conv2"] == (27, 27, 256)
    assert found["pool2"] == (13, 13, 256)
    assert found["conv3"] == found["conv4"] == (13, 13, 384)
    assert found["conv5"] == (13, 13, 256)
    assert found["pool5"] == (6, 6, 256)
    assert found["fc6"] == found["fc7"] == (4096,)
    assert found["fc8"] == (1000,)


@pytest.mark.parametrize(
    ("normalise_first", "order"),
    [
        (True, ["conv1", "norm1", "pool1", "conv2", "norm2", "pool2", "conv3"]),
        (False, ["conv1", "pool1", "norm1", "conv2", "pool2", "norm2", "conv3"]),
    ],
)
def test_alexnet_normalises_before_or_after_pooling(normalise_first, order):
    with models.blueprint():
        model = models.alexnet((67, 99, 3), normalise_first=normalise_first)
    assert [layer.name for layer in model.layers[:7]] == order


def test_alexnet_in_two_groups_halves_the_weights_of_three_convolutions():
    with models.blueprint():
        whole = models.alexnet((67, 99, 3)).layers
        grouped = models.alexnet((67, 99, 3), groups=2).layers
    halved = {
        a.name: (a.kernel.shape[2], b.kernel.shape[2])
        for a, b in zip(whole, grouped, strict=True)
        if a.count_params() != b.count_params()
    }
    assert halved == {"conv2": (96, 48), "conv4": (384, 192), "conv5": (384, 192)}


def test_alexnet_can_be_read_layer_by_layer():
    with models.blueprint():
        model = models.alexnet((67, 99, 3))
    assert receptive_field(model, "pool5").size == (195, 195)
    macs = layer_table(model).set_index("layer").macs
    assert macs["norm1"] == 0
    assert macs["conv1"] == 15 * 23 * 11 * 11 * 3 * 96


def test_alexnet_in_two_groups_runs():
    images = np.zeros((2, 67, 99, 3), "float32")
    assert models.alexnet((67, 99, 3), classes=7, groups=2)(images).shape == (2, 7)


def test_alexnet_refuses_images_that_its_pools_would_empty():
    with pytest.raises(ValueError, match=r"at least 67 .* got input_shape=\(99, 66, 3\). Enlarge"):
        models.alexnet((99, 66, 3))
    with pytest.raises(ValueError, match=r"got input_shape=\(None, None, 3\)"):
        models.alexnet((None, None, 3))


def test_vgg13_is_vgg16_without_the_third_convolutions():
    with models.blueprint():
        thirteen = models.vgg13(classes=1000)
        sixteen = models.vgg16()
    kept = [layer for layer in sixteen.layers[1:] if not layer.name.endswith("conv3")]
    ours = [layer for layer in thirteen.layers[1:] if not layer.name.endswith("dropout")]
    assert [layer.name for layer in ours] == [layer.name for layer in kept]
    assert [layer.count_params() for layer in ours] == [layer.count_params() for layer in kept]


def test_vgg13_without_top_ends_with_the_last_pool():
    with models.blueprint():
        model = models.vgg13(include_top=False, input_shape=(64, 97, 3))
    assert model.layers[-1].name == "block5_pool"
    assert model.output_shape == (None, 2, 3, 512)


def block_model(block, input_shape=(6, 9, 4), **options):
    """A model that is one block."""
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, block(inputs, **options))


def test_inception_block_puts_four_branches_side_by_side():
    model = block_model(models.inception_block, filters=(2, 3, 5, 7), reduced=(4, 6), name="mixed")
    x = np.random.default_rng(0).normal(size=(2, 6, 9, 4)).astype("float32")
    names = ["mixed_1x1", "mixed_3x3", "mixed_5x5", "mixed_pool_1x1"]
    branches = keras.Model(model.input, [model.get_layer(name).output for name in names])(x)
    assert [branch.shape for branch in branches] == [(2, 6, 9, c) for c in (2, 3, 5, 7)]
    np.testing.assert_array_equal(model(x), np.concatenate(branches, axis=-1))


def test_inception_block_has_the_parameters_of_its_paper():
    # Table 1 of the paper says 159K for inception (3a): weights without biases, in units of 1024.
    model = block_model(models.inception_block, input_shape=(28, 36, 192))
    kernels = sum(layer.kernel.shape.num_elements() for layer in model.layers if layer.weights)
    assert model.output_shape == (None, 28, 36, 256)
    assert model.count_params() == 163_696
    assert kernels // 1024 == 159


def test_inception_branches_see_what_their_kernels_say():
    model = block_model(models.inception_block, filters=(2, 3, 5, 7), reduced=(4, 6), name="mixed")
    pairs = {layer.name: getattr(layer, "kernel_size", None) for layer in model.layers}
    assert pairs["mixed_1x1"] == pairs["mixed_pool_1x1"] == (1, 1)
    assert pairs["mixed_3x3_reduced"] == pairs["mixed_5x5_reduced"] == (1, 1)
    assert pairs["mixed_3x3"] == (3, 3)
    assert pairs["mixed_5x5"] == (5, 5)


def test_residual_block_with_zero_weights_is_the_identity():
    model = block_model(models.residual_block, filters=4)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    x = np.random.default_rng(0).uniform(0, 9, (2, 6, 9, 4)).astype("float32")
    np.testing.assert_array_equal(model(x), x)
    np.testing.assert_array_equal(model(-x), np.zeros_like(x))  # its last ReLU stops these


def test_plain_block_with_zero_weights_forgets_its_input():
    model = block_model(models.residual_block, filters=4, shortcut=False)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    assert not np.any(model(np.ones((2, 6, 9, 4), "float32")))


def test_residual_block_adds_its_input_to_the_plain_block():
    residual = block_model(models.residual_block, filters=4, name="block")
    x = np.random.default_rng(0).normal(size=(2, 6, 9, 4)).astype("float32")
    branch = keras.Model(residual.input, residual.get_layer("block_conv2_norm").output)(x)
    np.testing.assert_allclose(residual(x), np.maximum(x + branch, 0), rtol=1e-6)
    plain = block_model(models.residual_block, filters=4, shortcut=False)
    plain.set_weights(residual.get_weights())
    np.testing.assert_allclose(plain(x), np.maximum(branch, 0), rtol=1e-6)


@pytest.mark.parametrize(
    ("filters", "strides", "shape", "projected"),
    [(4, 1, (6, 9, 4), False), (5, 1, (6, 9, 5), True), (4, 2, (3, 5, 4), True)],
)
def test_residual_block_projects_only_where_the_shape_changes(filters, strides, shape, projected):
    model = block_model(models.residual_block, filters=filters, strides=strides, name="block")
    names = [layer.name for layer in model.layers]
    assert model.output_shape[1:] == shape
    assert ("block_projection" in names) == projected


def test_blocks_without_a_name_stand_in_one_model_twice():
    inputs = x = keras.Input((6, 9, 4))
    for _ in range(2):
        x = models.inception_block(x, filters=(2, 3, 5, 7), reduced=(4, 6))
        x = models.residual_block(x, filters=5)
        x = models.depthwise_separable_block(x, filters=6)
    assert keras.Model(inputs, x).output_shape == (None, 6, 9, 6)


def test_residual_stack_and_plain_stack_differ_only_by_the_additions():
    residual = models.residual_stack(3, filters=4, input_shape=(8, 11, 2), classes=7)
    plain = models.residual_stack(3, False, filters=4, input_shape=(8, 11, 2), classes=7)
    names = [layer.name for layer in residual.layers if not isinstance(layer, keras.layers.Add)]
    assert sorted(names) == sorted(layer.name for layer in plain.layers)
    assert len(residual.layers) - len(plain.layers) == 3
    assert residual.count_params() == plain.count_params()
    assert residual.output_shape == plain.output_shape == (None, 7)


def test_depthwise_separable_block_is_that_of_mobilenet():
    with models.blueprint():
        mobilenet = keras.applications.MobileNet(weights=None, input_shape=(64, 96, 3))
    theirs = [layer for layer in mobilenet.layers if "_3_" in f"{layer.name}_"]
    ours = block_model(models.depthwise_separable_block, (16, 24, 128), filters=128).layers[1:]
    assert [type(layer) for layer in ours] == [type(layer) for layer in theirs]
    assert [layer.count_params() for layer in ours] == [layer.count_params() for layer in theirs]
    assert [layer.output.shape for layer in ours] == [layer.output.shape for layer in theirs]


def test_depthwise_step_keeps_the_channels_apart():
    model = block_model(models.depthwise_separable_block, filters=6, strides=2, name="block")
    depthwise = keras.Model(model.input, model.get_layer("block_depthwise").output)
    x = np.random.default_rng(0).normal(size=(1, 6, 9, 4)).astype("float32")
    changed = x.copy()
    changed[..., 2] += 1
    difference = np.abs(depthwise(changed) - depthwise(x)).sum((0, 1, 2))
    assert list(difference > 0) == [False, False, True, False]
    assert model.output_shape == (None, 3, 5, 6)


def test_a_blueprint_counts_without_making_weights():
    with models.blueprint():
        dense = keras.layers.Dense(10**6)
        dense.build((None, 10**6))  # four terabytes
    assert dense.count_params() == 10**12 + 10**6
    assert dense.kernel._value is None


def test_a_blueprint_leaves_nothing_to_be_made_later():
    with models.blueprint():
        dense = keras.layers.Dense(10**6)
        dense.build((None, 10**6))
    keras.layers.Dense(2)(keras.Input((3,)))  # where Keras makes the weights it still owes
    assert dense.kernel._value is None


def test_a_blueprint_is_cleared_even_after_an_error():
    with pytest.raises(ValueError, match="at least 67"), models.blueprint():
        keras.layers.Dense(10**6).build((None, 10**6))
        models.alexnet((9, 9, 3))
    assert keras.layers.Dense(2)(keras.Input((3,))).shape == (None, 2)


def test_layers_made_before_and_after_a_blueprint_have_different_names():
    before = keras.layers.Dense(2)
    with models.blueprint():
        inside = keras.layers.Dense(2)
    after = keras.layers.Dense(2)
    assert len({before.name, inside.name, after.name}) == 3
