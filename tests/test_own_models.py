"""Models as people bring them: no answer about them is wrong without a word."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from PIL import Image

from cnnlab.faithfulness import deletion, insertion
from cnnlab.feature_maps import feature_maps, strongest_patches
from cnnlab.files.photographs import read
from cnnlab.gradients import (
    class_evidence,
    class_scores,
    effective_receptive_field,
    layer_outputs,
)
from cnnlab.heatmaps import (
    cam,
    default_layer,
    grad_cam,
    integrated_gradients,
    occlusion,
    saliency,
    score_cam,
    smooth_grad,
)
from cnnlab.patterns import filter_patterns
from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.per_model import known
from cnnlab.reading.value_range import rescales
from cnnlab.transfer import classifier, extract_features, unfreeze
from cnnlab.widgets import show_channel


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def pictures(count=2, shape=(8, 12, 3)):
    return np.random.default_rng(0).uniform(size=(count, *shape)).astype("float32")


def image_and_vector():
    """An input, and what a model says of it before its last layers."""
    image = keras.Input((8, 12, 3), name="image")
    maps = layers.Conv2D(4, (3, 5), activation="relu", name="conv")(image)
    return image, layers.GlobalAveragePooling2D(name="means")(maps)


def ending(end):
    """A model whose last layers are a function of the features."""
    image, vector = image_and_vector()
    return keras.Model(image, end(vector))


class Compiled(layers.Layer):
    """A dense layer and a function behind it, compiled by the user."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3))

    @tf.function
    def call(self, x):
        return self.function(x @ self.kernel)


def softmax(units=3):
    return layers.Dense(units, activation="softmax")


def sigmoid(units=3):
    return layers.Dense(units, activation="sigmoid")


BEHIND_PROBABILITIES = {
    "the positive class": lambda x: softmax(2)(x)[:, 1:2],
    "the first three of five": lambda x: softmax(5)(x)[:, :3],
    "a slice of sigmoids": lambda x: sigmoid(5)(x)[:, 1:4],
    "the largest of a map": lambda x: ops.max(
        ops.reshape(sigmoid(12)(x), (-1, 2, 2, 3)), axis=(1, 2)
    ),
    "a power": lambda x: softmax()(x) ** 2,
    "rounded": lambda x: ops.round(softmax()(x)),
    "noisy or": lambda x: 1 - ops.prod(1 - ops.reshape(sigmoid(6)(x), (-1, 2, 3)), axis=1),
    "taken": lambda x: ops.take(softmax(5)(x), [0, 2, 4], axis=1),
    "one minus": lambda x: 1 - sigmoid()(x),
    "flipped": lambda x: ops.flip(softmax()(x), axis=1),
    "rolled": lambda x: ops.roll(softmax()(x), 1, axis=1),
    "sorted": lambda x: ops.sort(softmax()(x), axis=1),
    "the top three": lambda x: ops.top_k(softmax(5)(x), 3)[0],
    "a threshold": lambda x: ops.where(sigmoid()(x) > 0.5, sigmoid()(x), 0.0),
    "relu": lambda x: layers.ReLU()(softmax()(x)),
    "tanh": lambda x: ops.tanh(sigmoid()(x)),
    "a logarithm": lambda x: ops.log(sigmoid()(x)),
    "a square root": lambda x: ops.sqrt(softmax()(x)),
    "scaled": lambda x: layers.Rescaling(2, -1)(sigmoid()(x)),
    "normalised": lambda x: layers.UnitNormalization()(softmax()(x)),
    "a batch norm": lambda x: layers.BatchNormalization()(softmax()(x)),
    "a learned scale": lambda x: layers.PReLU()(softmax()(x)),
    "padded": lambda x: ops.pad(softmax()(x), [[0, 0], [0, 1]]),
    "repeated": lambda x: ops.repeat(softmax()(x), 2, axis=1),
    "joined": lambda x: layers.Concatenate()([softmax(2)(x), sigmoid(1)(x)]),
    "joined with logits": lambda x: layers.Concatenate()([layers.Dense(2)(x), sigmoid(1)(x)]),
    "added to logits": lambda x: layers.Dense(3)(x) + sigmoid()(x),
    "two networks multiplied": lambda x: softmax()(x) * softmax()(x),
    "a voter": lambda x: layers.Average()([softmax()(x), softmax()(x)]),
    "groups of classes": lambda x: ops.matmul(softmax(4)(x), np.eye(4, 3, dtype="float32")),
    "a softmax of a softmax": lambda x: layers.Softmax()(softmax()(x)),
    "a sigmoid of a sigmoid": lambda x: layers.Activation("sigmoid")(sigmoid()(x)),
    "clipped": lambda x: ops.clip(sigmoid()(x), 0.01, 0.99),
    "a softmax over the batch": lambda x: ops.softmax(layers.Dense(3)(x), axis=0),
    "a mean over cells": lambda x: layers.GlobalAveragePooling1D()(
        layers.Reshape((2, 3))(sigmoid(6)(x))
    ),
    "objectness times class": lambda x: sigmoid(1)(x) * softmax()(x),
    "a mixture of experts": lambda x: ops.einsum(
        "be,bec->bc", softmax(2)(x), ops.softmax(ops.reshape(layers.Dense(6)(x), (-1, 2, 3)))
    ),
    "a Lambda": lambda x: layers.Lambda(lambda p: p[:, :2])(softmax()(x)),
    "a model of its own": lambda x: keras.Sequential([keras.Input((3,)), layers.ReLU()])(
        softmax()(x)
    ),
}


@pytest.mark.parametrize("end", BEHIND_PROBABILITIES.values(), ids=BEHIND_PROBABILITIES)
def test_what_stands_behind_a_softmax_or_sigmoid_is_not_taken_for_logits(end):
    model = ending(end)
    error = r"`model` must end in logits, softmax or sigmoid: got probabilities .* Leave out what"
    with pytest.raises(ValueError, match=error):
        class_scores(model, pictures())
    with pytest.raises(ValueError, match=error):
        class_evidence(model, pictures(), layer="conv")


def own_sigmoid(x):
    return 1 / (1 + ops.exp(-x))


def own_softmax(x):
    powers = ops.exp(x - ops.max(x, axis=1, keepdims=True))
    return powers / ops.sum(powers, axis=1, keepdims=True)


OTHER_ENDS = {
    "a compiled sigmoid": (Compiled(tf.sigmoid), "made inside a compiled function or a saved"),
    "a compiled choice": (
        Compiled(lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.sigmoid(x), lambda: x)),
        "made inside a compiled function or a saved model. Put its layers in its place",
    ),
    "a sigmoid of a compiled one": (
        lambda x: layers.Activation("sigmoid")(Compiled(tf.sigmoid)(x)),
        "made inside a compiled function",
    ),
    "a hard sigmoid": (layers.Dense(3, activation="hard_sigmoid"), "a hard sigmoid, which is flat"),
    "a hard sigmoid layer": (
        lambda x: layers.Activation("hard_sigmoid")(layers.Dense(3)(x)),
        "a hard sigmoid, which is flat at 0 and 1. Leave it out.",
    ),
    "one minus a hard sigmoid": (
        lambda x: 1 - layers.Dense(3, activation="hard_sigmoid")(x),
        "a hard sigmoid",
    ),
    "an own sigmoid": (lambda x: own_sigmoid(layers.Dense(3)(x)), "made of exp. Use"),
    "an own softmax": (
        lambda x: own_softmax(layers.Dense(3)(x)),
        "made of exp. Use keras.ops.softmax over the classes or keras.ops.sigmoid; leave a",
    ),
    "a softmax made of logarithms": (
        lambda x: (lambda z: ops.exp(z - ops.logsumexp(z, axis=1, keepdims=True)))(
            layers.Dense(3)(x)
        ),
        "made of exp. Use keras.ops.softmax over the classes",
    ),
    "pairs of classes": (
        lambda x: layers.Flatten()(layers.Softmax()(layers.Reshape((2, 2))(layers.Dense(4)(x)))),
        "answer that is not the softmax or sigmoid of what its last one reads",
    ),
}


@pytest.mark.parametrize(("end", "got"), OTHER_ENDS.values(), ids=OTHER_ENDS)
def test_probabilities_of_other_makes_are_told_too(end, got):
    model = ending(end)
    for ask in (class_scores, class_evidence):
        with pytest.raises(
            ValueError, match=f"must end in logits, softmax or sigmoid: got .*{got}"
        ):
            ask(model, pictures())


def gated(x):
    return layers.Dense(3)(x) * layers.Dense(3, activation="sigmoid")(x)


def attention(x):
    tokens = layers.Reshape((2, 2))(x)
    return ops.sum(ops.softmax(layers.Dense(1)(tokens), axis=1) * layers.Dense(3)(tokens), axis=1)


LOGITS = {
    "a gate": gated,
    "attention over answers": attention,
    "a swish": layers.Dense(3, activation="swish"),
    "a hard swish": layers.Dense(3, activation="hard_silu"),
    "a mixture of logits": lambda x: ops.einsum(
        "be,bec->bc", softmax(2)(x), ops.reshape(layers.Dense(6)(x), (-1, 2, 3))
    ),
    "log of a sum of exponentials": lambda x: ops.logsumexp(
        layers.Reshape((2, 3))(layers.Dense(6)(x)), axis=1
    ),
    "a temperature": lambda x: layers.Dense(3)(x) / 2,
    "clipped logits": lambda x: ops.clip(layers.Dense(3)(x), -10, 10),
    "a batch norm": lambda x: layers.BatchNormalization()(layers.Dense(3)(x)),
    "dense behind a softmax": lambda x: layers.Dense(3)(softmax(4)(x)),
    "relu6": lambda x: layers.ReLU(6)(layers.Dense(3)(x)),
    "a recurrent layer": lambda x: layers.LSTM(3)(layers.Reshape((2, 2))(x)),
    "a compiled head": Compiled(tf.identity),
    "a compiled gate": lambda x: layers.Dense(3)(Compiled(tf.sigmoid)(x)),
}


@pytest.mark.parametrize("end", LOGITS.values(), ids=LOGITS)
def test_logits_are_taken_as_they_are_also_where_a_gate_or_attention_weighs_them(end):
    model = ending(end)
    logits, _ = class_scores(model, pictures())
    np.testing.assert_allclose(logits, model(pictures()), rtol=1e-4, atol=1e-6)


ENDS = {
    "a masked softmax": lambda x: layers.Softmax()(
        layers.Dense(3)(x), mask=np.array([[True, False, True]])
    ),
    "softmax": softmax(),
    "a Softmax layer of another type": lambda x: layers.Softmax(dtype="float64")(
        layers.Dense(3)(x)
    ),
    "keras.ops": lambda x: ops.softmax(layers.Dense(3)(x)),
    "a Lambda": lambda x: layers.Lambda(tf.nn.softmax)(layers.Dense(3)(x)),
    "half precision": lambda x: layers.Dense(3, activation="softmax", dtype="mixed_float16")(x),
    "sigmoids": sigmoid(),
    "one sigmoid": sigmoid(1),
    "flattened": lambda x: layers.Flatten()(layers.Reshape((1, 3))(softmax()(x))),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_probabilities_are_those_that_the_model_answers(end):
    model = ending(end)
    _, odds = class_scores(model, pictures())
    answer = np.asarray(model(pictures()), np.float32)
    np.testing.assert_allclose(odds[:, -answer.shape[1] :], answer, rtol=1e-2, atol=1e-3)


KEY_POINTS = {
    "Softmax layer": lambda z: layers.Softmax(axis=(1, 2))(z),
    "keras.ops": layers.Lambda(lambda z: ops.softmax(z, axis=(1, 2)), output_shape=(6, 8, 3)),
    "of logarithms": lambda z: ops.exp(z - ops.logsumexp(z, axis=(1, 2), keepdims=True)),
    "by hand": lambda z: ops.exp(z) / ops.sum(ops.exp(z), axis=(1, 2), keepdims=True),
    "of rows": lambda z: layers.Softmax(axis=1)(z),
}


@pytest.mark.parametrize("end", KEY_POINTS.values(), ids=KEY_POINTS)
def test_maps_of_key_points_are_no_logits(end):
    image = keras.Input((8, 12, 3), name="image")
    maps = layers.Conv2D(4, (3, 5), activation="relu", name="conv")(image)
    model = keras.Model(image, end(layers.Conv2D(3, 1)(maps)))
    for ask in (class_scores, lambda model, x: class_evidence(model, x, 1, "conv")):
        with pytest.raises(ValueError, match="must end in logits, softmax or sigmoid: got probabi"):
            ask(model, pictures())


@pytest.mark.parametrize("axis", [(1, 2), 1, 2, 3])
def test_hidden_probabilities_are_known_by_their_sums_over_classes_or_places(axis):
    def softmax(z):
        return (np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)).astype("float32")

    def hidden(z):
        return tf.ensure_shape(tf.numpy_function(softmax, [z], tf.float32), z.shape)

    image = keras.Input((8, 12, 3), name="image")
    maps = layers.Conv2D(3, (3, 5))(image)
    model = keras.Model(image, layers.Lambda(hidden, output_shape=(6, 8, 3))(maps))
    with pytest.raises(ValueError, match="must end in logits, softmax or sigmoid: got probabil"):
        class_scores(model, pictures())


@pytest.mark.filterwarnings("ignore:.*softmax over axis:UserWarning")
def test_a_softmax_over_one_unit_is_noted(capsys):
    for activation in ("softmax", "log_softmax"):
        model = ending(layers.Dense(1, activation=activation))
        for _ in range(2):
            class_evidence(model, pictures(), layer="conv")
            class_scores(model, pictures())
        assert capsys.readouterr().out.count("a softmax over one unit, which is always 1.0") == 1


def test_a_saved_model_that_ends_in_a_softmax_is_refused(tmp_path):
    ending(softmax()).export(tmp_path / "saved", verbose=False)
    saved = layers.TFSMLayer(tmp_path / "saved", call_endpoint="serve")
    model = keras.Sequential([keras.Input((8, 12, 3)), saved])
    with pytest.raises(ValueError, match="inside a compiled function or a saved model"):
        class_scores(model, pictures())


def test_a_function_that_cannot_be_looked_into_is_noted(capsys):
    def opaque(x):
        return tf.ensure_shape(tf.numpy_function(np.tanh, [x], tf.float32), x.shape)

    model = ending(lambda x: layers.Lambda(opaque, output_shape=(3,))(layers.Dense(3)(x)))
    class_scores(model, pictures())
    assert "ends in a function that cannot be looked into (PyFunc)" in capsys.readouterr().out


# which output, which layer


def two_heads():
    """Two heads, each with maps of its own in front of its average."""
    image = keras.Input((8, 12, 3), name="image")
    stem = layers.Conv2D(4, 3, padding="same", activation="relu", name="stem")(image)
    heads = []
    for name in ("first", "second"):
        maps = layers.Conv2D(5, (3, 5), activation="relu", name=f"{name}_conv")(stem)
        vector = layers.GlobalAveragePooling2D(name=f"{name}_means")(maps)
        heads.append(layers.Dense(3, name=name)(vector))
    return keras.Model(image, heads)


@pytest.mark.parametrize("name", ["first", "second"])
def test_the_default_layer_is_on_the_way_to_the_asked_output(name, capsys):
    model, x = two_heads(), pictures()
    number = model.output_names.index(name)
    assert default_layer(model, name) == default_layer(model, number) == f"{name}_conv"
    expected = grad_cam(model, x, (name, 1), layer=f"{name}_conv")
    for output in (name, number):
        np.testing.assert_array_equal(grad_cam(model, x, (output, 1)), expected)
    assert "note" not in capsys.readouterr().out


def test_the_outputs_of_a_dict_keep_their_layers():
    heads = two_heads()
    named = dict(zip("zb", heads.outputs, strict=True))  # Keras sorts the keys, and we do not
    model = keras.Model(heads.inputs, named)
    for output, expected in (("z", "first"), ("b", "second"), (1, "first"), (0, "second")):
        assert default_layer(model, output) == f"{expected}_conv"


def test_two_classes_of_a_model_with_one_output_are_one_per_image():
    model = ending(layers.Dense(3))
    np.testing.assert_array_equal(class_evidence(model, pictures(2), (1, 2)).classes, [1, 2])


def test_an_output_is_asked_by_number_also_where_the_model_returns_a_dict():
    image, vector = image_and_vector()
    heads = {name: layers.Dense(2, name=f"dense_{name}")(vector) for name in ("z", "b")}
    model = keras.Model(image, heads)
    answer = model(pictures())
    for number, name in enumerate("bz"):  # as `model.outputs` has them
        assert heads[name] is model.outputs[number]
        for output in (name, number):
            scores, _ = class_scores(model, pictures(), output)
            np.testing.assert_allclose(scores, answer[name], rtol=1e-4, atol=1e-6)
        cam(model, pictures(), (number, 1))


NESTED = {
    "lists": lambda a, b, c: [[a, b], c],
    "a tuple in a list": lambda a, b, c: [a, (b, c)],
    "a dict of lists": lambda a, b, c: {"one": [b, c], "a": a},
    "a dict of dicts": lambda a, b, c: {"z": {"c": c}, "b": {"b": b, "a": a}},
    "a list of dicts": lambda a, b, c: [{"y": b, "x": a}, {"w": c}],
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, while it saves
@pytest.mark.parametrize("nest", NESTED.values(), ids=NESTED)
def test_outputs_may_be_nested_and_are_numbered_as_the_model_lists_them(nest, tmp_path):
    image, vector = image_and_vector()
    heads = {name: layers.Dense(2, name=name)(vector) for name in "abc"}
    built = keras.Model(image, nest(*heads.values()))
    built.save(tmp_path / "model.keras")
    x = pictures()
    means = built.get_layer("means")(built.get_layer("conv")(x))
    for model in (built, keras.saving.load_model(tmp_path / "model.keras")):
        names = [tensor._keras_history.operation.name for tensor in model.outputs]
        for number, name in enumerate(names):
            expected = built.get_layer(name)(means)
            for output in (number, name):
                scores, _ = class_scores(model, x, output)
                np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
            assert cam(model, x, (number, 1)).shape == (2, 8, 12)
        with pytest.raises(ValueError, match=r"one of the model's outputs, .*: got output None"):
            class_scores(model, x)


def test_a_name_that_two_outputs_have_is_refused_and_their_numbers_are_not():
    image, vector = image_and_vector()
    dense = layers.Dense(3, name="dense")
    model = keras.Model(image, [dense(vector), dense(2 * vector)])
    with pytest.raises(ValueError, match=r"'dense', the name of several\. Pass the output's numb"):
        grad_cam(model, pictures(), ("dense", 1))
    for number in (0, 1):
        scores, _ = class_scores(model, pictures(), number)
        np.testing.assert_allclose(scores, model(pictures())[number], rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match=r"got output None\. .* or the output's number: \(0, ind"):
        grad_cam(model, pictures(), 1)
    with pytest.raises(ValueError, match=r"one of the model's outputs, dense, dense: got output 2"):
        grad_cam(model, pictures(), (2, 1))


def test_two_pictures_and_no_layer_are_noted_with_the_other_branch(capsys):
    images = [keras.Input((8, 12, 3), name=name) for name in ("left", "right")]
    vectors = [
        layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name=f"{image.name}_conv")(image))
        for image in images
    ]
    model = keras.Model(images, layers.Dense(3)(layers.Concatenate()(vectors)))
    for _ in range(2):
        grad_cam(model, [pictures(), pictures()], 1)
    said = capsys.readouterr().out
    assert said.count("note: the map is of 'right_conv', but the output is made of 'left_conv' too")
    assert said.count("note") == 1


def residual(image):
    x = layers.Conv2D(4, 3, padding="same", name="conv")(image)
    return layers.ReLU(name="relu")(layers.Add(name="add")([x, layers.Conv2D(4, 1)(image)]))


def dense_block(image):
    x = layers.Conv2D(4, 3, padding="same", name="conv")(image)
    return layers.Concatenate(name="both")([image, x])


def inception(image):
    branches = [layers.Conv2D(2, size, padding="same")(image) for size in (1, 3, 5)]
    return layers.MaxPooling2D()(layers.Concatenate(name="mixed")(branches))


def squeeze(image):
    x = layers.Conv2D(4, 3, name="conv")(image)
    gate = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
    return layers.Multiply(name="gated")([x, layers.Reshape((1, 1, 4))(gate)])


ENDS_OF_MAPS = {
    "residual": (residual, "relu"),
    "dense block": (dense_block, "both"),
    "inception": (inception, "mixed"),
    "squeeze and excite": (squeeze, "gated"),
    "transposed": (lambda x: layers.Conv2DTranspose(4, 3, name="up")(x), "up"),
    "pooled and dropped": (
        lambda x: layers.Dropout(0.5)(layers.MaxPooling2D()(layers.Conv2D(4, 3, name="conv")(x))),
        "conv",
    ),
    "a map of one cell behind": (
        lambda x: layers.Conv2D(4, (6, 10))(layers.Conv2D(4, 3, name="conv")(x)),
        "conv",
    ),
    "normalised": (
        lambda x: layers.ReLU(name="relu")(layers.BatchNormalization()(layers.Conv2D(4, 3)(x))),
        "relu",
    ),
}


@pytest.mark.parametrize("end", [layers.Flatten, layers.GlobalAveragePooling2D])
@pytest.mark.parametrize(("maps", "expected"), ENDS_OF_MAPS.values(), ids=ENDS_OF_MAPS)
def test_the_default_layer_is_the_last_map_in_front_of_pooling_or_flattening(maps, expected, end):
    image = keras.Input((8, 12, 3))
    model = keras.Model(image, layers.Dense(3)(end()(maps(image))))
    assert default_layer(model) == expected


def test_the_default_layer_of_a_model_that_ends_in_maps_is_the_last_one_in_front_of_them():
    image = keras.Input((8, 12, 3))
    x = layers.Conv2D(4, 3, name="conv")(image)
    model = keras.Model(image, layers.UpSampling2D()(layers.Conv2DTranspose(2, 3, name="up")(x)))
    assert default_layer(model) == "conv"  # the map of "up" would only show the answer


# CAM


def averaged(*before, average=None, dense=None):
    average = average or layers.GlobalAveragePooling2D(name="means")
    image = x = keras.Input((8, 12, 3))
    for layer in (layers.Conv2D(4, 3, name="conv"), *before, average, dense or layers.Dense(3)):
        x = layer(x)
    return keras.Model(image, x)


AVERAGES = {
    "keras.ops": lambda x: ops.mean(x, axis=(1, 2)),
    "keras.ops, from the end": lambda x: ops.mean(x, axis=[-3, -2]),
    "pooling of full size": lambda x: layers.Flatten()(layers.AveragePooling2D((6, 10))(x)),
    "kept dimensions": lambda x: layers.Flatten()(
        layers.GlobalAveragePooling2D(keepdims=True)(layers.Dropout(0.1)(x))
    ),
}


@pytest.mark.parametrize("average", AVERAGES.values(), ids=AVERAGES)
def test_cam_knows_an_average_by_what_it_computes(average):
    model, x = averaged(layers.ReLU(name="relu"), average=average), pictures()
    kernel = model.layers[-1].kernel.numpy()
    maps = np.maximum(model.get_layer("conv")(x), 0)
    found = cam(model, x, 1, layer="relu", resize=False, normalise=False)
    np.testing.assert_allclose(found, maps @ kernel[:, 1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("between", "reads"),
    [
        (layers.ReLU, "between"),
        (layers.LeakyReLU, "between"),
        (lambda name: layers.Activation("tanh", name=name), "between"),
        (lambda name: layers.MaxPooling2D(name=name), "between"),
        (layers.BatchNormalization, "between"),
    ],
)
def test_cam_of_a_layer_that_the_average_does_not_read_names_the_one_it_reads(between, reads):
    model = averaged(between(name="between"))
    error = rf"after layer='conv'\. Pass layer='{reads}', which the average reads"
    with pytest.raises(ValueError, match=error):
        cam(model, pictures(), 1, layer="conv")
    cam(model, pictures(), 1, layer=reads)


@pytest.mark.parametrize(
    "model",
    [
        lambda: averaged(average=layers.GlobalMaxPooling2D()),
        lambda: averaged(average=lambda x: layers.Flatten()(layers.AveragePooling2D(3)(x))),
        lambda: averaged(average=lambda x: layers.ReLU()(layers.GlobalAveragePooling2D()(x))),
        lambda: averaged(dense=layers.Dense(3, activation="relu")),
        lambda: averaged(average=lambda x: ops.mean(x, axis=(1, 3))),
        lambda: averaged(
            average=lambda x: layers.Concatenate()(
                [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
            )
        ),
    ],
)
def test_cam_of_another_end_is_refused(model):
    with pytest.raises(ValueError, match=r"one Dense layer for CAM: got .* Use grad_cam"):
        cam(model(), pictures(), 1, layer="conv")


LEFT_OUT = {
    "Masking": lambda: (keras.Input((9, 3)), layers.Masking()),
    "Embedding": lambda: (
        keras.Input((9,), dtype="int32"),
        layers.Embedding(5, 3, mask_zero=True),
    ),
}


@pytest.mark.parametrize("front", LEFT_OUT.values(), ids=LEFT_OUT)
def test_cam_of_a_masked_average_is_0_where_the_mask_leaves_cells_out(front):
    given, masked = front()
    maps = layers.Dense(4, name="maps")(masked(given))
    means = layers.GlobalAveragePooling1D()(maps)
    model = keras.Model(given, layers.Dense(2, name="head")(means))
    tokens = np.array([[1, 2, 3, 4, 0, 0, 0, 0, 0], [4, 4, 1, 2, 3, 1, 1, 0, 0]])
    x = tokens if given.dtype == "int32" else np.eye(5)[tokens][..., 1:4].astype("float32")
    kept = tokens > 0 if given.dtype == "int32" else x.any(axis=-1)
    found = cam(model, x, 1, layer="maps", resize=False, normalise=False)
    features, kernel = model.get_layer("maps")(masked(x)), model.get_layer("head").kernel
    np.testing.assert_allclose(found, kept * (features @ kernel)[..., 1], rtol=1e-4, atol=1e-6)
    logits = found.sum(axis=1) / kept.sum(axis=1)  # of the evidence as of the bias, which is 0
    np.testing.assert_allclose(logits, model(x)[:, 1], rtol=1e-4, atol=1e-6)


# a model that changes


def ordinary(name="model"):
    stack = [
        layers.Conv2D(4, 3, name="conv"),
        layers.LeakyReLU(negative_slope=0.1, name="slope"),
        layers.Lambda(lambda x: x, name="lambda"),
        layers.GlobalAveragePooling2D(name="means"),
        layers.Dense(6, activation="relu", name="hidden"),
        layers.Dense(3, name="head"),
    ]
    return keras.Sequential([keras.Input((8, 12, 3)), *stack], name=name)


class Block(layers.Layer):
    """A layer of the user's own with layers inside."""

    def __init__(self):
        super().__init__(name="block")
        self.conv, self.norm = layers.Conv2D(4, 3), layers.BatchNormalization()
        self.slope = 0.1

    def call(self, x):
        x = self.norm(self.conv(x))
        return ops.maximum(self.slope * x, x)


def with_block():
    stack = [Block(), layers.GlobalAveragePooling2D(), layers.Dense(3)]
    return keras.Sequential([keras.Input((8, 12, 3)), *stack])


def of(name, **values):
    """Sets attributes of a layer anew."""

    def change(model):
        for key, value in values.items():
            setattr(model.get_layer(name), key, value)

    return change


def adapters(model):
    for name in ("hidden", "head"):
        layer = model.get_layer(name)
        layer.enable_lora(2)
        layer.lora_kernel_b.assign(np.ones(layer.lora_kernel_b.shape))


CHANGES = {
    "LoRA": (ordinary, adapters),
    "int8": (ordinary, lambda model: model.quantize("int8")),
    "one layer int8": (ordinary, lambda model: model.get_layer("hidden").quantize("int8")),
    "another slope": (ordinary, of("slope", negative_slope=0.7)),
    "another function": (ordinary, of("lambda", function=lambda x: 3 * x)),
    "another activation": (ordinary, of("hidden", activation=keras.activations.tanh)),
    "another call": (ordinary, of("means", call=lambda x: ops.max(x, axis=(1, 2)))),
    "dilated": (ordinary, of("conv", dilation_rate=(2, 2))),
    "inside a block": (
        with_block,
        lambda model: setattr(model.layers[0].conv, "activation", keras.activations.tanh),
    ),
    "a number of a block": (with_block, lambda model: setattr(model.layers[0], "slope", 0.9)),
    "a norm inside a block": (
        with_block,
        lambda model: setattr(model.layers[0].norm, "epsilon", 0.5),
    ),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, while it quantises
@pytest.mark.filterwarnings("ignore:Layer.*does not have a `quantize:UserWarning")
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("make", "change"), CHANGES.values(), ids=CHANGES)
def test_a_changed_model_is_asked_anew(make, change, nested):
    inner, x = make(), pictures()
    model = keras.Sequential([keras.Input((8, 12, 3)), inner]) if nested else inner
    before, _ = class_scores(model, x)
    change(inner)
    after, _ = class_scores(model, x)
    np.testing.assert_allclose(after, model(x, training=False), rtol=1e-4, atol=1e-5)
    assert np.abs(after - before).max() > 1e-5


def test_slopes_that_are_set_again_and_again_are_all_seen():
    model, x = ordinary(), pictures()
    for slope in (0.2, 0.3, 0.4):
        for step in range(3):  # each new number may come to lie where the last one lay
            model.get_layer("slope").negative_slope = slope + step / 50
        np.testing.assert_allclose(class_scores(model, x)[0], model(x), rtol=1e-4, atol=1e-5)


def test_a_second_question_to_an_unchanged_model_is_not_traced():
    model, x = with_block(), pictures()
    facts = [known(model) for _ in range(2) if grad_cam(model, x, 1, layer="block") is not None]
    assert facts[0].values is facts[1].values


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Layer.*does not have a `quantize:UserWarning")
def test_a_quantised_layer_is_listened_to_by_name():
    model, x = ordinary(), pictures()
    model.quantize("int8")
    batch = as_batch(model, x)
    (means,) = layer_outputs(batch, ["means"])
    (hidden,) = layer_outputs(batch, ["hidden"])
    np.testing.assert_allclose(hidden, model.get_layer("hidden")(means), rtol=1e-4, atol=1e-5)


# state


class Counter(layers.Layer):
    """Counts how often it was asked, and answers differently each time."""

    def build(self, shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.count.assign_add(1.0)
        return x * (1 + self.count)


STATEFUL = {
    "GRU": lambda x: layers.GRU(5, stateful=True)(layers.Reshape((2, 2))(x)),
    "LSTM": lambda x: layers.LSTM(5, stateful=True)(layers.Reshape((2, 2))(x)),
    "a counter": lambda x: Counter()(x),
}


@pytest.mark.parametrize("middle", STATEFUL.values(), ids=STATEFUL)
@pytest.mark.parametrize(
    "ask", [class_scores, lambda model, x: grad_cam(model, x, 1), lambda m, x: saliency(m, x, 1)]
)
def test_a_question_does_not_move_the_state_of_a_model(middle, ask):
    image = keras.Input((8, 12, 3), batch_size=2)
    vector = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))
    model = keras.Model(image, layers.Dense(3)(middle(vector)))
    model(pictures())
    before = model.get_weights() + [np.asarray(v) for v in model.non_trainable_variables]
    first, second = ask(model, pictures()), ask(model, pictures())
    after = model.get_weights() + [np.asarray(v) for v in model.non_trainable_variables]
    np.testing.assert_array_equal(first, second)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


ALTERED_COPIES = (occlusion, smooth_grad, integrated_gradients, score_cam)


def one_after_the_other(*middle, batch_size=None):
    image = keras.Input((8, 12, 3), batch_size=batch_size)
    maps = layers.Conv2D(4, (3, 5), activation="relu", name="conv")(image)
    x = layers.GlobalAveragePooling2D()(maps)
    for layer in middle:
        x = layer(x)
    return keras.Model(image, layers.Dense(3)(x))


@pytest.mark.parametrize("method", ALTERED_COPIES)
def test_a_model_with_a_memory_is_not_asked_about_altered_copies(method):
    middle = (layers.Reshape((2, 2)), layers.GRU(5, stateful=True, name="gru"))
    model = one_after_the_other(*middle, batch_size=2)
    with pytest.raises(
        ValueError, match=r"not remember earlier batches, .*: got 'gru', which is st"
    ):
        method(model, pictures(), 1)
    assert saliency(model, pictures(), 1).shape == grad_cam(model, pictures(), 1).shape


@pytest.mark.parametrize("size", [2, 5, 20])
def test_a_model_of_a_fixed_batch_answers_as_one_of_any(size):
    keras.utils.set_random_seed(0)
    open_size, x = one_after_the_other(), pictures(size)
    fixed = one_after_the_other(batch_size=size)
    fixed.set_weights(open_size.get_weights())
    for ask in (*ALTERED_COPIES, grad_cam, saliency, cam):
        expected = ask(open_size, x, 1, normalise=False)
        np.testing.assert_allclose(ask(fixed, x, 1, normalise=False), expected, atol=1e-5)
    for count in (1, 2, 7):
        for one, other in zip(
            class_scores(fixed, pictures(count)),
            class_scores(open_size, pictures(count)),
            strict=True,
        ):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    field = effective_receptive_field(fixed, "conv", samples=size)
    if size <= 16:  # in larger batches the signs are drawn otherwise
        np.testing.assert_allclose(
            field, effective_receptive_field(open_size, "conv", samples=size)
        )
    with pytest.raises(
        ValueError, match=rf"multiple of {size}, for the model takes so many images"
    ):
        effective_receptive_field(fixed, "conv", samples=size + 1)


CHANGED_TOKENS = {
    "as they are": lambda x: x,
    "clipped": lambda x: ops.clip(x, 0, 4),
    "shifted by one": lambda x: x + 1,
    "cast": lambda x: ops.cast(x, "int64"),
    "unknown ones replaced": lambda x: ops.where(x > 4, 1, x),
    "a layer": layers.Identity(),
}


@pytest.mark.parametrize("change", CHANGED_TOKENS.values(), ids=CHANGED_TOKENS)
def test_tokens_may_be_changed_one_by_one_before_they_are_looked_up(change):
    tokens = keras.Input((7,), dtype="int32", name="tokens")
    vectors = layers.Embedding(9, 4, name="look")(change(tokens))
    maps = layers.Conv1D(4, 3, activation="relu", name="conv")(vectors)
    model = keras.Model(tokens, layers.Dense(3)(layers.GlobalAveragePooling1D()(maps)))
    x = np.random.default_rng(0).integers(0, 7, (2, 7))
    seen = class_evidence(model, x, 1, "look")
    np.testing.assert_array_equal(
        saliency(model, x, 1, normalise=False), np.abs(seen.gradients).max(-1)
    )
    assert grad_cam(model, x, 1).shape == (2, 7)


def test_tokens_that_change_places_before_they_are_looked_up_are_refused():
    tokens = keras.Input((7,), dtype="int32", name="tokens")
    vectors = layers.Embedding(9, 4, name="look")(ops.roll(tokens, 1, axis=1))
    model = keras.Model(tokens, layers.Dense(3)(layers.GlobalAveragePooling1D()(vectors)))
    with pytest.raises(ValueError, match="or one whose Embedding reads its tokens as they come"):
        saliency(model, np.ones((2, 7), int), 1)


# axes


TURNED = {
    "Permute": layers.Permute((2, 3, 1)),
    "transpose": lambda x: ops.transpose(x, (0, 2, 3, 1)),
    "moveaxis": lambda x: ops.moveaxis(x, 1, -1),
    "swapaxes": lambda x: ops.swapaxes(x, -1, 1),
    "behind a scaling": lambda x: layers.Permute((2, 3, 1))(layers.Rescaling(2.0)(x)),
}


def turned(turn, shape):
    image = keras.Input(shape, name="image")
    maps = layers.Conv2D(4, 3, name="conv")(turn(image))
    return keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(maps)))


@pytest.mark.parametrize("turn", TURNED.values(), ids=TURNED)
def test_channels_that_stand_first_are_not_taken_for_rows(turn):
    model, x = turned(turn, (3, 8, 12)), pictures(2, (3, 8, 12))
    error = r"channels last, \(B, H, W, C\): got \(None, 3, 8, 12\) for 'image', whose second axis"
    for ask in (
        lambda: saliency(model, x, 1),
        lambda: grad_cam(model, x, 1, layer="conv"),
        lambda: deletion(model, x, np.zeros((2, 3, 8)), 1),
        lambda: strongest_patches(model, x, "conv", 0),
    ):
        with pytest.raises(ValueError, match=error):
            ask()
    last = keras.Input((8, 12, 3))
    wrapped = keras.Model(last, model(ops.moveaxis(last, -1, 1)))  # the remedy that is named
    assert saliency(wrapped, np.moveaxis(x, 1, -1), 1).shape == (2, 8, 12)


def test_what_only_looks_like_channels_first_is_noted(capsys):
    turn = layers.Lambda(lambda x: ops.transpose(x, (0, 2, 3, 1)), output_shape=(8, 12, 3))
    saliency(turned(turn, (3, 8, 12)), pictures(2, (3, 8, 12)), 1)
    assert "looks like channels first; its second axis is taken for rows" in capsys.readouterr().out


@pytest.mark.parametrize("turn", [layers.Permute((2, 1, 3)), lambda x: ops.swapaxes(x, 1, 2)])
def test_rows_and_columns_may_change_places(turn, capsys):
    assert saliency(turned(turn, (8, 12, 3)), pictures(), 1).shape == (2, 8, 12)
    assert "channels" not in capsys.readouterr().out


# inputs and outputs of other kinds


def test_whole_numbers_have_no_gradient_and_that_is_said():
    image = keras.Input((8, 12, 3), dtype="uint8", name="image")
    maps = layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(image))
    model = keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(maps)))
    x = (255 * pictures()).astype("uint8")
    with pytest.raises(
        ValueError, match="changed a little, for a gradient: got layer='image' of u"
    ):
        saliency(model, x, 1)
    assert grad_cam(model, x, 1).shape == (2, 8, 12)


@pytest.mark.parametrize("name", ["größe", "my layer", "ä"])
def test_a_name_that_tensorflow_cannot_compile_is_told(name):
    model = ending(layers.Dense(3, name=name))
    with pytest.raises(ValueError, match=f"letters A-Z, digits, .*: got '{name}'. Build it with"):
        grad_cam(model, pictures(), 1)


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict:UserWarning")
def test_inputs_come_under_the_keys_of_the_model():
    first, second = keras.Input((8, 12, 3), name="foo"), keras.Input((4,), name="bar")
    vector = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(first))
    vector = layers.Concatenate()([vector, second])
    model = keras.Model({"z": first, "a": second}, layers.Dense(3)(vector))
    x = {"z": pictures(), "a": np.ones((2, 4), "float32")}
    np.testing.assert_allclose(class_scores(model, x)[0], model(x), rtol=1e-4, atol=1e-6)
    assert saliency(model, x, 1).shape == grad_cam(model, x, 1).shape == (2, 8, 12)
    with pytest.raises(ValueError, match=r"must have the keys .*: got bar, foo"):
        grad_cam(model, {"bar": x["a"], "foo": x["z"]}, 1)


def test_an_embedding_is_noted_and_three_classes_are_not(capsys):
    class_scores(ending(layers.Dense(3)), pictures())
    assert "note" not in capsys.readouterr().out
    model = ending(lambda x: layers.UnitNormalization()(layers.Dense(8)(x)))
    for _ in range(2):
        grad_cam(model, pictures(), 1)
    assert capsys.readouterr().out.count("vectors of length 1, an embedding; its 8 values") == 1


def divided(*steps):
    return keras.Sequential(
        [keras.Input((8, 12, 3)), *steps, layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3)]
    )


def test_a_picture_that_is_divided_twice_is_noted(capsys):
    inner = keras.Sequential([keras.Input((8, 12, 3)), layers.Rescaling(1 / 255, name="inner")])
    model = divided(layers.Rescaling(1 / 127.5, -1, name="outer"), inner)
    for _ in range(2):
        class_scores(model, 255 * pictures())
    said = capsys.readouterr().out
    assert said.count("divides its images twice, at 'outer' and at") == 1
    for steps in ([layers.Rescaling(1 / 255)], [layers.Rescaling(1 / 255), layers.Rescaling(2.0)]):
        class_scores(divided(*steps), 255 * pictures())
    assert "twice" not in capsys.readouterr().out


@pytest.mark.parametrize("shape", [(40, 400, 1), (4, 128, 1), (1, 64, 2), (64, 2, 1)])
def test_the_patch_of_occlusion_fits_in_every_picture(shape):
    stack = [layers.Conv2D(2, 1), layers.GlobalAveragePooling2D(), layers.Dense(3)]
    model = keras.Sequential([keras.Input(shape), *stack])
    assert occlusion(model, pictures(1, shape), 1).shape == (1, *shape[:2])


def test_a_layer_of_two_outputs_does_not_keep_feature_maps_from_the_others():
    image = keras.Input((8, 12, 3))
    first, second = ops.split(layers.Conv2D(4, 3, name="conv")(image), 2, axis=-1)
    model = keras.Model(image, layers.Concatenate(name="joined")([second, first]))
    assert list(feature_maps(model, pictures())) == ["conv", "joined"]


def test_patterns_of_a_model_with_a_second_input_are_refused():
    table, image = keras.Input((5,), name="table"), keras.Input((8, 12, 3), name="image")
    vector = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(image))
    model = keras.Model([table, image], layers.Dense(3)(layers.Concatenate()([table, vector])))
    with pytest.raises(ValueError, match=r"one input, a picture: got table, image\. Make"):
        filter_patterns(model, "conv")


def test_curves_of_raw_scores_are_those_of_a_model_that_estimates_a_number():
    model, x = ending(layers.Dense(1)), pictures()
    for curve, place in ((deletion, 0), (insertion, -1)):
        heights = curve(model, x, x[..., 0], 1, steps=3, scores=True)
        np.testing.assert_allclose(heights[:, place], model(x)[:, 0], rtol=1e-4, atol=1e-6)


def test_a_picture_of_many_channels_is_explored():
    stack = [layers.Conv2D(4, 3, name="conv"), layers.Flatten(), layers.Dense(3)]
    model = keras.Sequential([keras.Input((8, 12, 13)), *stack])
    assert show_channel(model, pictures(2, (8, 12, 13)), "conv", 1)


# built, and saved and loaded


READINGS = {
    "flipped channels": lambda x: x[..., ::-1],
    "a crop": lambda x: x[:, 2:, 1:-3],
    "every second pixel": lambda x: x[:, ::2, ::2],
    "two planes": lambda x: x[..., :2],
    "caffe": lambda x: x[..., ::-1] - np.array([1.0, 2, 3], "float32"),
    "padded": lambda x: ops.pad(x, [[0, 0], [1, 2], [3, 0], [0, 0]]),
    "transposed": lambda x: ops.transpose(x, (0, 2, 1, 3)),
    "split": lambda x: ops.concatenate(ops.split(x, 3, axis=-1), axis=-1),
    "mean": lambda x: ops.mean(x, axis=-1, keepdims=True),
    "layers": lambda x: layers.Rescaling(2.0)(layers.Cropping2D((1, 2))(x)),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, while it saves
@pytest.mark.parametrize("step", READINGS.values(), ids=READINGS)
def test_every_reading_is_the_same_of_the_built_and_of_the_loaded_model(step, tmp_path, capsys):
    image = keras.Input((16, 24, 3), name="image")
    maps = layers.Conv2D(4, 3, activation="relu", name="conv")(step(image))
    vector = ops.mean(layers.MaxPooling2D(name="pool")(maps), axis=(1, 2))
    built = keras.Model(image, layers.Dense(3, activation="softmax", name="head")(vector))
    built.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = pictures(2, (16, 24, 3))
    answers, said = [], []
    for model in (built, loaded):
        answers.append(
            [
                default_layer(model),
                rescales(known(model)),
                *class_scores(model, x),
                *feature_maps(model, x).values(),
                *(method(model, x, 1) for method in (grad_cam, saliency, occlusion)),
                cam(model, x, 1, layer="pool"),
            ]
        )
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    for one, other in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, other)


# transfer


def base_of(*stack, shape=(8, 12, 3), name="own"):
    return keras.Sequential([keras.Input(shape), *stack], name=name)


def unchanged(images):
    return images


@pytest.mark.parametrize(
    "base",
    [
        lambda: base_of(layers.Conv2D(4, 3), layers.Reshape((-1, 4))),
        lambda: base_of(layers.Conv3D(4, (1, 3, 2)), shape=(2, 8, 12, 3)),
        lambda: base_of(layers.Conv2D(4, 3)),
        lambda: base_of(layers.Conv1D(4, 3), shape=(12, 3)),
    ],
    ids=["tokens", "volumes", "maps", "signals"],
)
@pytest.mark.parametrize("pooling", ["average", "flatten"])
def test_a_head_gives_one_answer_per_picture(base, pooling):
    base = base()
    model = classifier(base, 3, pooling=pooling, preprocess=unchanged)
    assert model.output_shape == (None, 3)
    if pooling == "average":
        x = pictures(2, base.input_shape[1:])
        means = np.mean(base(x), axis=tuple(range(1, len(base.output_shape) - 1)))
        np.testing.assert_allclose(model(x), model.get_layer("head").layers[-1](means), rtol=1e-4)


def test_a_layer_of_a_shared_base_is_trained_from_its_first_call_on():
    base = base_of(*(layers.Conv2D(3, 1, name=name) for name in ("c1", "c2", "c3")), name="base")
    images = [keras.Input((8, 12, 3)) for _ in range(2)]
    vector = layers.Flatten()(layers.Add()([base(image) for image in images]))
    model = keras.Model(images, layers.Dense(3, name="head")(vector))
    for call in (0, 1):
        unfreeze(model, f"base[{call}]/c2")
        trained = {weight.path.split("/")[-2] for weight in model.trainable_weights}
        assert trained == {"c2", "c3", "head"}


def test_a_frozen_norm_inside_a_block_stays_frozen():
    model = with_block()
    norm = model.layers[0].norm
    norm.trainable = False
    unfreeze(model, "block")
    assert not norm.trainable and model.layers[0].conv.trainable


def test_a_network_that_rescales_itself_is_not_scaled_again_for_its_name():
    stack = [layers.Rescaling(1 / 255), layers.Conv2D(4, 3)]
    base = base_of(*stack, shape=(28, 28, 1), name="mnist_cnn")
    with pytest.raises(ValueError, match=r"network of your own: got base\.name='mnist_cnn'"):
        classifier(base, 3)
    classifier(base, 3, preprocess=unchanged)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(4, 3)

    def call(self, x):
        return self.conv(x)


def test_features_of_networks_of_every_make():
    image = keras.Input((8, 12, 3))
    maps = layers.Conv2D(4, 3)(image)
    photographs = (255 * pictures(5)).astype("uint8")
    made = [keras.Model([image], [maps]), keras.Model(image, {"maps": maps}), Subclassed()]
    for base in made:
        features = extract_features(base, photographs, 2, preprocess=lambda x: x / 255)
        answer = base.predict_on_batch(photographs / np.float32(255))
        answer = answer["maps"] if isinstance(answer, dict) else answer
        answer = answer[0] if isinstance(answer, list) else answer
        np.testing.assert_allclose(features, answer, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match=r"`base` must give one output: got 2\. Make a network of"):
        extract_features(keras.Model(image, [maps, image]), photographs, preprocess=unchanged)


# files


@pytest.mark.parametrize(("bits", "largest"), [(8, 255), (12, 4095), (12, 3000), (16, 65535)])
def test_a_16_bit_picture_is_as_bright_as_its_values_are_deep(bits, largest):
    values = np.linspace(0, largest, 15).astype(np.uint16).reshape(3, 5)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    expected = values.astype(int) // 2 ** (bits - 8)
    np.testing.assert_array_equal(read(file)[..., 0], expected)
