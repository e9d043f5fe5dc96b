"""Compiled questions: how often they are traced, what they keep alive, what they grow to."""

import gc
import tracemalloc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab import gradients, memory
from cnnlab.gradients import (
    channel_evidence,
    chosen_classes,
    class_evidence,
    class_scores,
    layer_outputs,
)


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
    functions = memory._memories[model][1].values()
    return sum(
        f.experimental_get_tracing_count() for f in functions if hasattr(f, "python_function")
    )


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
    monkeypatch.setattr(gradients, "BATCH_SIZE", 3)
    parts = class_evidence(model, x, layer="conv")
    np.testing.assert_allclose(parts.gradients, whole.gradients, rtol=1e-5)
    np.testing.assert_array_equal(parts.classes, whole.classes)
    np.testing.assert_allclose(class_scores(model, x), scores, rtol=1e-5)


def test_a_thousand_calls_do_not_grow():
    model, x = network(), images(1)
    for _ in range(20):
        class_evidence(model, x, layer="conv")
    gc.collect()
    tracemalloc.start()
    for index in range(1000):
        class_evidence(model, x, index % 3, layer="conv")
    gc.collect()
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 50_000  # bytes: 50 for each call would already be a leak
    assert traces(model) == 1
    assert len(memory._memories[model][1]) == 2  # the function, and the range of its images


def test_no_dead_model_is_kept_alive():
    models = [network() for _ in range(3)]
    outer = keras.Sequential([keras.Input((8, 12, 3)), models[0]])
    gone = [weakref.ref(model) for model in [*models, outer]]
    for model in [*models, outer]:
        class_evidence(model, images(1), layer="conv")
        class_evidence(model, images(1))
        class_scores(model, images(1))
        layer_outputs(model, images(1), ["conv"])
        channel_evidence(model, images(1), "conv", [0])
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
    doubled = layer_outputs(model, images(1), ["conv"])[0]
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
    means = layer_outputs(model, images(2), ["conv"])[0].mean(axis=(1, 2))
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
    np.testing.assert_array_equal(chosen_classes(model, x).classes, top)
    chosen = chosen_classes(model, x, [2, 0], against=1)
    assert (chosen.of(1), chosen.output) == ((0, 1), None)
    np.testing.assert_array_equal(chosen.score(np.array([[5.0, 3, 9]]), 0), [6])


def test_a_channel_has_a_gradient_although_its_relu_is_silent():
    model = network()
    kernel, bias = model.get_layer("conv").get_weights()
    model.get_layer("conv").set_weights([kernel, bias - 100])
    assert not layer_outputs(model, images(2), ["conv"])[0].any()
    scores, slopes = channel_evidence(model, images(2), "conv", [1, 3])
    assert (scores < -90).all() and all(np.abs(slope).max() > 0 for slope in slopes)
    # Pixel [3, 5] is read by every weight of the kernel once, in 6 x 8 cells of the map.
    np.testing.assert_allclose(
        slopes[1, 3, 5], kernel[..., 3].sum((0, 1)) / 48, rtol=1e-4, atol=1e-6
    )


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


def test_eager_functions_are_refused():
    tf.config.run_functions_eagerly(True)
    try:
        with pytest.raises(ValueError, match=r"must compile functions: got .*eagerly\(True\)"):
            class_scores(network(), images(1))
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
