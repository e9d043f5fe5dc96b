"""Compiled questions: how often they are traced, what they keep alive, what they grow to."""

import gc
import tracemalloc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab.gradients import (
    channel_evidence,
    chosen_classes,
    class_evidence,
    class_scores,
    effective_receptive_field,
    in_parts,
    layer_outputs,
)
from cnnlab.reading import per_model
from cnnlab.reading.model_inputs import as_batch
from cnnlab.receptive_field import receptive_field


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def network(*end, shape=(8, 12, 3)):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(4, (3, 5), activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            *(end or [layers.Dense(3, name="head")]),
        ]
    )


def images(count, shape=(8, 12, 3)):
    return np.random.default_rng(0).uniform(size=(count, *shape)).astype("float32")


def traces(model):
    """How often the functions kept beside a model were traced, all together."""
    functions = per_model._memories[model][1].values()
    return sum(f.trace_count() for f in functions if hasattr(f, "trace_count"))


def test_the_gradient_is_that_of_the_tape():
    model, x = network(), images(2)
    conv, _, head = model.layers
    seen = class_evidence(model, x, [2, 0], "conv", against=1)
    with tf.GradientTape() as tape:
        features = conv(x)
        tape.watch(features)
        logits = head(tf.reduce_mean(features, (1, 2)))
        score = tf.gather(logits, [2, 0], batch_dims=1) - logits[:, 1]
    np.testing.assert_allclose(seen.features, features, rtol=1e-5)
    np.testing.assert_allclose(seen.gradients, tape.gradient(score, features), rtol=1e-5)
    np.testing.assert_allclose(seen.scores, score, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(seen.classes, [2, 0])


def test_a_second_call_is_not_traced_and_a_third_batch_size_neither():
    model = network()
    for count in (2, 2, 2):
        class_evidence(model, images(count), layer="conv")
    assert traces(model) == 1
    for count in (1, 3, 5, 4, 7):
        class_evidence(model, images(count), layer="conv")
    assert traces(model) == 2  # once for any batch size


def test_many_images_go_through_in_parts(monkeypatch):
    model, x = network(), images(7)
    whole = class_evidence(model, x, layer="conv")
    scores = class_scores(model, x)
    monkeypatch.setattr(in_parts, "BATCH_SIZE", 3)
    parts = class_evidence(model, x, layer="conv")
    np.testing.assert_allclose(parts.gradients, whole.gradients, rtol=1e-5)
    np.testing.assert_array_equal(parts.classes, whole.classes)
    np.testing.assert_allclose(class_scores(model, x), scores, rtol=1e-5)


def test_a_thousand_calls_do_not_grow():
    model, x = network(), images(1)

    def memory_after(calls):
        for index in range(calls):
            class_evidence(model, x, index % 3, layer="conv")
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    memory_after(500)  # TensorFlow fills caches of its own at first
    kept = [memory_after(1000) for _ in range(4)]
    tracemalloc.stop()
    # Bytes; one number kept per call would be more, each time. A cache may be filled once.
    assert np.diff(kept).min() < 20_000
    assert traces(model) == 1
    # The function, the model's inputs, and two facts about the range of images.
    assert len(per_model._memories[model][1]) == 4


def test_no_dead_model_is_kept_alive():
    models = [network() for _ in range(3)]
    outer = keras.Sequential([keras.Input((8, 12, 3)), models[0]])
    gone = [weakref.ref(model) for model in [*models, outer]]
    for model in [*models, outer]:
        class_evidence(model, images(1), layer="conv")
        class_evidence(model, images(1))
        class_scores(model, images(1))
        layer_outputs(as_batch(model, images(1)), ["conv"])
        channel_evidence(as_batch(model, images(1)), "conv", [0])
    del model, models, outer
    gc.collect()
    assert [reference() for reference in gone] == [None] * 4


def test_a_failed_trace_leaves_nothing_on_the_model():
    model = network()
    broken = layers.Lambda(lambda x: tf.debugging.assert_rank(x, 7) or x, output_shape=(3,))
    broken = keras.Sequential([model, broken])
    conv = model.get_layer("conv")
    with pytest.raises(ValueError):
        class_evidence(broken, images(1), layer="conv")
    assert "call" not in vars(conv)


def test_a_layer_whose_call_was_replaced_by_its_owner_keeps_that_call():
    model = network()
    conv, own = model.get_layer("conv"), model.get_layer("conv").call
    conv.call = lambda x: 2 * own(x)
    mine = conv.call
    doubled = layer_outputs(as_batch(model, images(1)), ["conv"])[0]
    assert conv.call is mine
    np.testing.assert_allclose(doubled, 2 * own(images(1)).numpy(), rtol=1e-5)


def test_single_logits_become_two_classes():
    for end in ([layers.Dense(1)], [layers.Dense(1, activation="sigmoid")]):
        model = network(*end)
        logits, odds = class_scores(model, images(3))
        assert logits.shape == odds.shape == (3, 2)
        np.testing.assert_allclose(logits[:, 0], -logits[:, 1])
        np.testing.assert_allclose(odds.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_allclose(odds[:, 1], 1 / (1 + np.exp(-logits[:, 1])), rtol=1e-5)


@pytest.mark.parametrize(
    "end",
    [
        [layers.Dense(3)],
        [layers.Dense(3, activation="softmax")],
        [layers.Dense(3, activation="log_softmax")],
        [layers.Dense(3), layers.Activation("softmax", dtype="float64")],
        [layers.Reshape((1, 1, 4)), layers.Conv2D(3, 1), layers.Softmax(), layers.Flatten()],
    ],
    ids=["logits", "softmax", "log_softmax", "another dtype", "flattened afterwards"],
)
def test_probabilities_are_the_softmax_of_the_logits_whatever_the_model_ends_in(end):
    model = network(*end)
    with_weights = next(layer for layer in end if layer.weights)
    kernel, bias = with_weights.get_weights()
    kernel = kernel.reshape(4, 3)
    means = layer_outputs(as_batch(model, images(2)), ["conv"])[0].mean(axis=(1, 2))
    logits, odds = class_scores(model, images(2))
    np.testing.assert_allclose(logits, means @ kernel + bias, rtol=1e-4, atol=1e-6)
    powers = np.exp(logits)
    np.testing.assert_allclose(odds, powers / powers.sum(axis=1, keepdims=True), rtol=1e-5)


def test_several_sigmoids_stay_apart():
    logits, odds = class_scores(network(layers.Dense(3, activation="sigmoid")), images(2))
    np.testing.assert_allclose(odds, 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_outputs_are_called_by_name_also_where_the_model_returns_a_dict():
    x = image = keras.Input((8, 12, 3))
    x = layers.Flatten()(x)
    heads = {name: layers.Dense(2, name=f"dense_{name}")(x) for name in ("age", "sex")}
    model = keras.Model(image, heads)
    kernel, bias = model.get_layer("dense_sex").get_weights()
    logits, _ = class_scores(model, images(2), "sex")
    np.testing.assert_allclose(
        logits, images(2).reshape(2, -1) @ kernel + bias, rtol=1e-3, atol=1e-5
    )


def test_chosen_classes_are_the_top_ones_or_those_given():
    model, x = network(), images(2)
    top = class_scores(model, x)[0].argmax(axis=1)
    np.testing.assert_array_equal(chosen_classes(as_batch(model, x)).classes, top)
    chosen = chosen_classes(as_batch(model, x), [2, 0], against=1)
    copies = chosen.of(1, 3)
    assert (copies.classes.tolist(), copies.against.tolist()) == ([0] * 3, [1] * 3)
    assert chosen.of(0, 1).scores(np.array([[5.0, 3, 9]])) == [6] and chosen.output is None


def test_a_channel_has_a_gradient_although_its_relu_is_silent():
    model = network()
    kernel, bias = model.get_layer("conv").get_weights()
    model.get_layer("conv").set_weights([kernel, bias - 100])
    assert not layer_outputs(as_batch(model, images(2)), ["conv"])[0].any()
    largest, slopes = channel_evidence(as_batch(model, images(2)), "conv", [1, 3])
    assert not largest.any() and all(np.abs(slope).max() > 0 for slope in slopes)
    # Pixel [3, 5] is read by every weight of the kernel once, in 6 x 8 cells of the map.
    np.testing.assert_allclose(
        slopes[1, 3, 5], kernel[..., 3].sum((0, 1)) / 48, rtol=1e-4, atol=1e-6
    )


def test_the_largest_value_of_a_channel_is_that_of_its_map():
    model = network()
    (maps,) = layer_outputs(as_batch(model, images(2)), ["conv"])
    largest, _ = channel_evidence(as_batch(model, images(2)), "conv", [1, 3])
    np.testing.assert_allclose(largest, [maps[0, ..., 1].max(), maps[1, ..., 3].max()], rtol=1e-5)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = network()

    def call(self, x):
        return keras.ops.softmax(self.inner(x))


def test_a_subclassed_model_has_scores_and_gradients_by_its_pixels():
    model = Subclassed()
    model(images(1))
    seen = class_evidence(model, images(2), 1)
    expected = class_evidence(model.inner, images(2), 1)
    np.testing.assert_allclose(seen.gradients, expected.gradients, rtol=1e-5)
    with pytest.raises(ValueError, match="must be Sequential or functional"):
        class_evidence(model, images(2), 1, layer="conv")


def test_an_unbuilt_model_is_refused():
    model = keras.Sequential([layers.Conv2D(4, 3, name="conv"), layers.Flatten()], name="new")
    with pytest.raises(ValueError, match=r"must have its weights: got 'new', not built yet"):
        class_scores(model, images(1))


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"must be tensorflow: got 'jax'"):
        class_scores(network(), images(1))


def test_functions_are_compiled_also_where_others_run_eagerly():
    model, x = network(), images(1)
    logits, _ = class_scores(model, x)
    tf.config.run_functions_eagerly(True)
    try:
        np.testing.assert_array_equal(class_scores(model, x)[0], logits)
        seen = class_evidence(keras.Sequential([model, layers.Softmax()]), x)
        np.testing.assert_allclose(seen.scores, logits.max(axis=1), rtol=1e-6)
    finally:
        tf.config.run_functions_eagerly(False)


def test_a_layer_with_several_outputs_is_refused():
    class Halves(layers.Layer):
        def call(self, x):
            return x[..., :2], x[..., 2:]

    image = keras.Input((8, 12, 4))
    one, other = Halves(name="halves")(image)
    means = layers.GlobalAveragePooling2D()(layers.Add()([one, other]))
    model = keras.Model(image, layers.Dense(2)(means))
    with pytest.raises(ValueError, match=r"one array: got layer='halves', a .*Halves with 2"):
        class_evidence(model, images(1, (8, 12, 4)), layer="halves")


# The effective receptive field


def ones(depth, shape=(15, 19, 1), **arguments):
    """3x3 convolutions of one filter whose weights are all 1."""
    arguments = {"padding": "same", "kernel_initializer": "ones", **arguments}
    return keras.Sequential(
        [keras.Input(shape), *(layers.Conv2D(1, 3, **arguments) for _ in range(depth))]
    )


def test_equal_weights_make_the_effective_field_a_power_of_a_box():
    # Per axis, (1 + z + 1/z)^N counts the paths from a pixel to the middle cell.
    paths = np.array([1.0])
    for _ in range(5):
        paths = np.convolve(paths, [1, 1, 1])
    expected = np.zeros((15, 19))
    expected[2:13, 4:15] = np.outer(paths, paths) / paths.max() ** 2
    field = effective_receptive_field(ones(5), samples=2)
    assert field.dtype == np.float32
    np.testing.assert_allclose(field, expected, rtol=1e-5)


def test_the_effective_field_fills_the_theoretical_one():
    model = keras.Sequential(
        [
            keras.Input((29, 34, 2)),
            layers.Conv2D(3, (3, 5), strides=(1, 2)),
            layers.MaxPooling2D((2, 1)),
            layers.Conv2D(3, 3, dilation_rate=(1, 2)),
        ]
    )
    rows, columns = np.nonzero(effective_receptive_field(model, samples=32))
    middle = [size // 2 for size in model.output_shape[1:3]]
    region = receptive_field(model).region(*middle)
    assert (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1) == region


def test_the_effective_field_is_the_root_mean_square_over_the_channels():
    model = keras.Sequential([keras.Input((7, 8, 2)), layers.Conv2D(3, (3, 5), name="conv")])
    kernel = model.get_layer("conv").kernel.numpy()
    expected = np.zeros((7, 8))
    expected[2:5, 2:7] = np.sqrt((kernel**2).sum((2, 3)))  # the middle of the 5x4 map is (2, 2)
    found = effective_receptive_field(model, samples=4000)
    np.testing.assert_allclose(found, expected / expected.max(), atol=0.05)


def test_the_effective_field_of_given_images_is_that_of_the_tape():
    convolution = layers.Conv2D(1, (3, 5), activation="relu")
    model = keras.Sequential(
        [keras.Input((9, 14, 3)), layers.Conv2D(4, 3, activation="relu"), convolution]
    )
    x = images(20, (9, 14, 3)) - 0.5  # more than one pass, the last one smaller
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        middle = model(inputs)[:, 2, 4]
    total = np.sqrt((tape.gradient(middle, inputs).numpy() ** 2).sum((0, 3)))
    found = effective_receptive_field(model, images=x)
    np.testing.assert_allclose(found, total / total.max(), rtol=1e-4, atol=1e-7)


def test_the_effective_field_of_a_nested_layer_and_of_the_last_map():
    base = ones(2)
    model = keras.Sequential([keras.Input((15, 19, 1)), base, layers.Flatten(), layers.Dense(2)])
    fields = [
        effective_receptive_field(model, f"{base.name}/{layer.name}", samples=1)
        for layer in base.layers
    ]
    assert [np.count_nonzero(field) for field in fields] == [9, 25]
    np.testing.assert_array_equal(effective_receptive_field(model, samples=1), fields[1])


def test_the_effective_field_repeats_with_its_seed():
    model = network()
    first, again, other = (
        effective_receptive_field(model, "conv", samples=3, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_effective_field_is_traced_once():
    model = network()
    for seed in (0, 1, 2):
        effective_receptive_field(model, "conv", samples=32, seed=seed)
    assert traces(model) == 1


def test_a_dead_layer_has_an_effective_field_of_zeros():
    model = network()
    model.get_layer("conv").set_weights([-np.ones((3, 5, 3, 4)), -np.ones(4)])
    assert not effective_receptive_field(model, "conv", images=images(2)).any()


def test_the_effective_field_of_a_deep_network_does_not_underflow():
    model = ones(12, (25, 27, 1))
    for layer in model.layers:
        layer.kernel.assign(layer.kernel * 0.005)
    field = effective_receptive_field(model, samples=1)
    assert field.max() == 1
    assert np.count_nonzero(field) == 25 * 25


def test_the_effective_field_in_half_precision():
    expected = effective_receptive_field(ones(4), samples=1)
    half = effective_receptive_field(ones(4, dtype="mixed_float16"), samples=1)
    np.testing.assert_allclose(half, expected, atol=2e-3)


def test_the_effective_field_needs_images_where_a_size_is_open():
    model = ones(2, (None, 19, 1))
    with pytest.raises(
        ValueError, match=r"got None for inputs of shape \(None, 19, 1\). Pass some"
    ):
        effective_receptive_field(model)
    assert effective_receptive_field(model, images=images(2, (15, 19, 1))).shape == (15, 19)


def test_the_effective_field_needs_a_layer_with_a_map():
    with pytest.raises(ValueError, match=r"got layer='head' with the output .*before the pooling"):
        effective_receptive_field(network(), "head")


def test_the_effective_field_needs_one_image_input():
    two = [keras.Input((8, 12, 1), name=name) for name in ("left", "right")]
    model = keras.Model(two, layers.Concatenate()(two))
    with pytest.raises(ValueError, match=r"got 2 among left, right. Make a keras.Model of the"):
        effective_receptive_field(model, images=[images(1, (8, 12, 1))] * 2)


def test_the_effective_field_needs_a_layer_that_sees_the_image():
    image, vector = keras.Input((8, 12, 1), name="image"), keras.Input((6,), name="vector")
    blind = layers.Reshape((1, 2, 3), name="blind")(vector)
    model = keras.Model([image, vector], [layers.Conv2D(1, 3)(image), blind])
    given = [images(1, (8, 12, 1)), np.ones((1, 6), "float32")]
    with pytest.raises(ValueError, match=r"got layer='blind', on which the image has no"):
        effective_receptive_field(model, "blind", images=given)


@pytest.mark.parametrize("samples", [0, 1.5])
def test_the_effective_field_needs_a_number_of_samples(samples):
    with pytest.raises(ValueError, match=f"got samples={samples}. It counts"):
        effective_receptive_field(network(), "conv", samples=samples)


def test_the_effective_field_needs_finite_gradients():
    model = ones(2, (5, 7, 1))
    model.layers[0].kernel.assign(np.full((3, 3, 1, 1), np.nan))
    with pytest.raises(ValueError, match=r"must have finite gradients: got NaN or infinity. Look"):
        effective_receptive_field(model, samples=1)


def test_many_models_in_a_row_print_no_warning(caplog):
    for _ in range(8):
        effective_receptive_field(ones(1, (3, 4, 1)), samples=1)
    assert not caplog.records
