"""Heat maps against an independent reference, on every shape of model that students build."""

import functools
import re
from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab.heatmaps import (
    cam,
    grad_cam,
    grad_cam_plus_plus,
    integrated_gradients,
    layer_cam,
    occlusion,
    saliency,
    score_cam,
    smooth_grad,
)
from cnnlab.placing.map_view import normalised

SHAPE = (10, 14, 3)
LAYER_METHODS = [cam, grad_cam, grad_cam_plus_plus, layer_cam, score_cam]
PIXEL_METHODS = [saliency, smooth_grad, integrated_gradients, occlusion]
# Two copies each, so that a batch of two images and the copies of one image share their traces.
EXTRA = {
    smooth_grad: {"samples": 2, "noise": 0.1, "seed": 4},
    integrated_gradients: {"steps": 2, "baseline": 0.25},
    occlusion: {"patch": 4, "strides": 3, "fill": 0.5},
}


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def weights(*shape, seed):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32") / 2


CONV1 = [weights(3, 2, 3, 4, seed=1), weights(4, seed=2)]
CONV2 = [weights(2, 3, 4, 5, seed=3), weights(5, seed=4)]


def head_weights(inputs, classes):
    return [weights(inputs, classes, seed=5), weights(classes, seed=6)]


def reference_features(picture):
    """The base in TensorFlow's own operations: conv 3x2 same, pool 2, conv 2x3 valid, ReLU."""
    x = tf.nn.relu(tf.nn.conv2d(picture, CONV1[0], 1, "SAME") + CONV1[1])
    x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    return tf.nn.relu(tf.nn.conv2d(x, CONV2[0], 1, "VALID") + CONV2[1])


def base_layers():
    return [
        layers.Conv2D(4, (3, 2), padding="same", activation="relu", name="conv1"),
        layers.MaxPooling2D(2, name="pool"),
        layers.Conv2D(5, (2, 3), activation="relu", name="conv2"),
    ]


def functional_base(name="base"):
    x = image = keras.Input(SHAPE)
    for layer in base_layers():
        x = layer(x)
    return keras.Model(image, x, name=name)


def sequential_base(name="base"):
    return keras.Sequential([keras.Input(SHAPE), *base_layers()], name=name)


def pictures(seed=0):
    return np.random.default_rng(seed).uniform(size=(2, *SHAPE)).astype("float32")


@dataclass(frozen=True)
class Case:
    """A model, what it is given, and the same function written by hand."""

    model: keras.Model
    images: object  # as the model takes them
    layer: str | None = None  # whose map is looked at
    picture: str | None = None  # the input, where several are pictures
    class_index: object = (2, 0)
    classes: tuple = (2, 0)
    seen: int = 0  # which of the arrays the layer sees
    logits: object = None  # (list of arrays, map of the layer) -> (B, classes) float32 by hand
    tolerance: float = 1e-4

    @property
    def arrays(self):
        if isinstance(self.images, dict):
            return list(self.images.values())
        return self.images if isinstance(self.images, list) else [self.images]


def dense_on_means(arrays, features, classes=3):
    kernel, bias = head_weights(5, classes)
    return tf.reduce_mean(features, (1, 2)) @ kernel + bias


def both_classes(arrays, features):
    logit = dense_on_means(arrays, features, classes=1)
    return tf.concat([-logit, logit], 1)


def fill(model):
    """The model with the weights of the reference, wherever in it a layer stands."""
    for layer in model._flatten_layers():
        if layer.name in ("conv1", "conv2"):
            layer.set_weights({"conv1": CONV1, "conv2": CONV2}[layer.name])
        elif isinstance(layer, layers.Dense):
            layer.set_weights(head_weights(*layer.kernel.shape))
    return model


def on_top(base, *head):
    x = image = keras.Input(SHAPE, name="photo")
    x = layers.GlobalAveragePooling2D()(base(x))
    for layer in head:
        x = layer(x)
    return fill(keras.Model(image, x))


@functools.cache
def case(name):
    keras.utils.clear_session()
    gap, dense = layers.GlobalAveragePooling2D, functools.partial(layers.Dense, name="head")
    if name == "flat functional":
        x = image = keras.Input(SHAPE)
        for layer in [*base_layers(), gap(), dense(3)]:
            x = layer(x)
        return Case(fill(keras.Model(image, x)), pictures(), logits=dense_on_means)
    if name == "Sequential":
        model = keras.Sequential([keras.Input(SHAPE), *base_layers(), gap(), dense(3)])
        return Case(fill(model), pictures(), logits=dense_on_means)
    if name == "nested functional":
        model = on_top(functional_base(), dense(3))
        return Case(model, pictures(), "base/conv2", logits=dense_on_means)
    if name == "nested Sequential":
        model = on_top(sequential_base(), dense(3))
        return Case(model, pictures(), "base/conv2", logits=dense_on_means)
    if name == "base in a Sequential":
        model = keras.Sequential([functional_base(), gap(), dense(3)])
        return Case(fill(model), pictures(), "base/conv2", logits=dense_on_means)
    if name == "doubly nested":
        outer = keras.Sequential([keras.Input(SHAPE), functional_base("inner")], name="outer")
        model = on_top(outer, dense(3))
        return Case(model, pictures(), "outer/inner/conv2", logits=dense_on_means)
    if name == "shared base":
        base = sequential_base()
        left, right = keras.Input(SHAPE, name="left"), keras.Input(SHAPE, name="right")
        means = layers.Concatenate()([gap()(base(left)), gap()(base(right))])
        model = fill(keras.Model([left, right], dense(3)(means)))

        def logits(arrays, features):
            kernel, bias = head_weights(10, 3)
            means = [tf.reduce_mean(f, (1, 2)) for f in (reference_features(arrays[0]), features)]
            return tf.concat(means, 1) @ kernel + bias

        images = [pictures(), pictures(seed=1)]
        return Case(model, images, "base[1]/conv2", "right", seen=1, logits=logits)
    if name == "two inputs":
        image, numbers = keras.Input(SHAPE, name="photo"), keras.Input((2,), name="numbers")
        means = layers.Concatenate()([gap()(functional_base()(image)), numbers])
        model = fill(keras.Model({"photo": image, "numbers": numbers}, dense(3)(means)))

        def logits(arrays, features):
            kernel, bias = head_weights(7, 3)
            return tf.concat([tf.reduce_mean(features, (1, 2)), arrays[1]], 1) @ kernel + bias

        images = {"photo": pictures(), "numbers": np.array([[1, 2], [3, 5]], "float32")}
        return Case(model, images, "base/conv2", logits=logits)
    if name == "two outputs":
        image = keras.Input(SHAPE)
        means = gap()(functional_base()(image))
        outputs = [layers.Dense(4, name="first")(means), layers.Dense(3, name="second")(means)]
        model = fill(keras.Model(image, outputs))
        return Case(model, pictures(), class_index=("second", (2, 0)), logits=dense_on_means)
    if name == "single logit":
        model = on_top(functional_base(), dense(1))
        return Case(model, pictures(), class_index=(1, 0), classes=(1, 0), logits=both_classes)
    if name == "sigmoid":
        model = on_top(functional_base(), dense(1, activation="sigmoid"))
        return Case(model, pictures(), class_index=(1, 0), classes=(1, 0), logits=both_classes)
    if name == "softmax as argument":
        model = on_top(functional_base(), dense(3, activation="softmax"))
        return Case(model, pictures(), logits=dense_on_means)
    if name == "softmax as layer":
        model = on_top(functional_base(), dense(3), layers.Softmax())
        return Case(model, pictures(), logits=dense_on_means)
    if name == "softmax as function":
        model = on_top(functional_base(), dense(3), keras.ops.softmax)
        return Case(model, pictures(), logits=dense_on_means)
    if name == "flattened":
        model = keras.Sequential([functional_base(), layers.Flatten(), dense(3)])

        def logits(arrays, features):
            kernel, bias = head_weights(4 * 5 * 5, 3)
            return tf.reshape(features, (-1, 4 * 5 * 5)) @ kernel + bias

        return Case(fill(model), pictures(), "base/conv2", logits=logits)
    if name in ("mixed_float16", "mixed_bfloat16"):
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(name)
        try:
            model = on_top(functional_base(), dense(3, activation="softmax"))
        finally:
            keras.config.set_dtype_policy(before)
        digits = {"mixed_float16": 2e-2, "mixed_bfloat16": 2e-1}[name]
        return Case(model, pictures(), logits=dense_on_means, tolerance=digits)
    raise KeyError(name)


CASES = [
    "flat functional",
    "Sequential",
    "nested functional",
    "nested Sequential",
    "base in a Sequential",
    "doubly nested",
    "shared base",
    "two inputs",
    "two outputs",
    "single logit",
    "sigmoid",
    "softmax as argument",
    "softmax as layer",
    "softmax as function",
    "mixed_float16",
    "mixed_bfloat16",
]


def score(case, pictures, features=None, rows=slice(None)):
    """(B,) the score of each image by hand; `pictures` stand in for those that the layer sees."""
    arrays = [array[rows] for array in case.arrays]
    arrays[case.seen] = pictures
    features = reference_features(pictures) if features is None else features
    classes = np.array(case.classes)[rows]
    return tf.gather(case.logits(arrays, features), classes, batch_dims=1)


def gradient_by_features(case):
    pictures = tf.constant(case.arrays[case.seen])
    features = reference_features(pictures)
    with tf.GradientTape() as tape:
        tape.watch(features)
        value = score(case, pictures, features)
    return features.numpy(), tape.gradient(value, features).numpy()


def gradient_by_pixels(case, pictures, rows=slice(None)):
    pictures = tf.constant(pictures)
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        value = score(case, pictures, rows=rows)
    return tape.gradient(value, pictures).numpy()


def cell_centres(cells, kernel, pool=2):
    """Pixels at the middle of what each cell of conv2 sees along an axis: conv1 adds none."""
    return np.arange(cells) * pool + (kernel * pool - 1) / 2


def enlarged(grid):
    """One map of conv2 on the pixels, by hand: first down every column, then along every row."""
    # conv1 is 3x2 "same": 1 before and 1 after for the rows, 0 before and 1 after for the columns.
    rows = cell_centres(grid.shape[0], kernel=2)
    columns = cell_centres(grid.shape[1], kernel=3) + 0.5
    tall = np.stack([np.interp(range(SHAPE[0]), rows, column) for column in grid.T], axis=1)
    return np.stack([np.interp(range(SHAPE[1]), columns, row) for row in tall])


def reference(method, case):
    """The raw map on its own grid, from the formula, in loops."""
    pictures = case.arrays[case.seen]
    if method in LAYER_METHODS:
        features, gradients = gradient_by_features(case)
        cells = features.shape[1] * features.shape[2]
    maps = []
    for b in range(2):
        rows = slice(b, b + 1)
        if method in (cam, grad_cam):
            total = gradients[b].sum((0, 1)) / (cells if method is grad_cam else 1)
            maps.append(sum(w * features[b, :, :, k] for k, w in enumerate(total)))
        elif method is grad_cam_plus_plus:
            grid = np.zeros(features.shape[1:3])
            for k in range(features.shape[3]):
                g, a = gradients[b, :, :, k], features[b, :, :, k]
                below = 2 * g**2 + g**3 * a.sum()
                alpha = np.where(below == 0, 0, g**2 / np.where(below == 0, 1, below))
                grid += (alpha * np.maximum(g, 0)).sum() * a
            maps.append(grid)
        elif method is layer_cam:
            maps.append((np.maximum(gradients[b], 0) * features[b]).sum(-1))
        elif method is score_cam:
            scores = {}
            for k in range(features.shape[3]):
                a = features[b, :, :, k]
                if np.ptp(a) > 0:
                    mask = enlarged((a - a.min()) / np.ptp(a))[None, :, :, None]
                    masked = (pictures[rows] * mask).astype("float32")
                    scores[k] = float(score(case, masked, rows=rows)[0])
            total = sum(np.exp(s) for s in scores.values())
            maps.append(sum(np.exp(s) / total * features[b, :, :, k] for k, s in scores.items()))
        elif method is saliency:
            maps.append(np.abs(gradient_by_pixels(case, pictures[rows], rows)[0]).max(-1))
        elif method is smooth_grad:
            noise = np.random.default_rng(4).standard_normal((2, *SHAPE), dtype="float32")
            noisy = [pictures[rows] + 0.1 * np.ptp(pictures[b]) * n for n in noise]
            both = [gradient_by_pixels(case, n.astype("float32"), rows)[0] for n in noisy]
            maps.append(np.abs(sum(both) / 2).max(-1))
        elif method is integrated_gradients:
            way = [0.25 + t * (pictures[rows] - 0.25) for t in (0.25, 0.75)]
            mean = sum(gradient_by_pixels(case, p.astype("float32"), rows)[0] for p in way) / 2
            maps.append(((pictures[b] - 0.25) * mean).sum(-1))
        elif method is occlusion:
            whole = float(score(case, pictures[rows], rows=rows)[0])
            grid = np.zeros((3, 5))  # corners at rows 0, 3, 6 and columns 0, 3, 6, 9, 10
            for i, top in enumerate([0, 3, 6]):
                for j, left in enumerate([0, 3, 6, 9, 10]):
                    covered = pictures[rows].copy()
                    covered[:, top : top + 4, left : left + 4] = 0.5
                    grid[i, j] = whole - float(score(case, covered, rows=rows)[0])
            maps.append(grid)
    return np.array(maps)


def assert_close(found, expected, tolerance):
    if tolerance > 1e-4:  # in half precision a maximum or a ReLU may fall the other way
        assert np.linalg.norm(found - expected) < tolerance * np.linalg.norm(expected)
        return
    # A cell that nearly cancels has few digits left: so beside 1e-4 of itself 1e-5 of the largest.
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


# Behind a mean the gradient is the same in every cell; behind "flattened" it is not, and CAM is not
# defined.
WITH_FORMULA = [
    pytest.param(name, method, id=f"{name}-{method.__name__}")
    for name in [*CASES, "flattened"]
    for method in LAYER_METHODS + PIXEL_METHODS
    if (name, method) != ("flattened", cam)
]


@pytest.mark.parametrize(("name", "method"), WITH_FORMULA)
def test_the_raw_map_is_that_of_the_formula_on_every_shape_of_model(name, method):
    this = case(name)
    layer = this.layer if method in LAYER_METHODS else this.picture
    found = method(
        this.model,
        this.images,
        this.class_index,
        layer,
        resize=False,
        normalise=False,
        **EXTRA.get(method, {}),
    )
    assert found.dtype == np.float32
    assert_close(found, reference(method, this), this.tolerance)


@pytest.mark.parametrize("method", LAYER_METHODS + PIXEL_METHODS, ids=lambda m: m.__name__)
def test_without_further_arguments_it_is_the_top_class_on_the_pixels_from_0_to_1(method):
    this = case("nested functional")
    top = np.argmax(this.logits(this.arrays, reference_features(this.images)), axis=1)
    found = method(this.model, this.images)
    assert found.shape == (2, 10, 14)
    assert found.min() >= 0
    np.testing.assert_array_equal(found.max(axis=(1, 2)), 1)
    np.testing.assert_array_equal(found, method(this.model, this.images, [int(c) for c in top]))


@pytest.mark.parametrize("method", LAYER_METHODS + PIXEL_METHODS, ids=lambda m: m.__name__)
def test_one_image_gives_the_map_it_has_in_a_batch(method):
    this = case("nested functional")
    found = method(this.model, this.images[1], 2)
    np.testing.assert_allclose(found, method(this.model, this.images, 2)[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["nested Sequential", "shared base"])
def test_a_map_is_placed_by_the_centres_of_what_its_cells_see(name):
    this = case(name)
    arguments = (this.model, this.images, this.class_index, this.layer)
    grids = grad_cam(*arguments, resize=False, normalise=False)
    found = grad_cam(*arguments, normalise=False)
    np.testing.assert_allclose(found, [enlarged(grid) for grid in grids], rtol=1e-4, atol=1e-6)


def test_normalised_maps_are_the_positive_part_over_its_largest_value():
    this, classes = case("flat functional"), (1, 2)
    grids = grad_cam(this.model, this.images, classes, resize=False, normalise=False)
    assert (grids.min(axis=(1, 2)) < 0).all() and (grids.max(axis=(1, 2)) > 0).all()
    expected = np.stack([enlarged(grid) for grid in np.maximum(grids, 0)])
    expected /= expected.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(grad_cam(this.model, this.images, classes), expected, atol=1e-4)


@pytest.mark.parametrize("method", [cam, grad_cam, integrated_gradients, occlusion])
def test_class_against_class_is_the_difference_where_the_method_is_linear(method):
    this = case("softmax as layer")
    raw = functools.partial(method, this.model, this.images, resize=False, normalise=False)
    difference = raw(2) - raw([1, 0])
    np.testing.assert_allclose(raw(2, against=[1, 0]), difference, rtol=1e-3, atol=1e-5)


def test_cam_is_grad_cam_times_the_number_of_cells():
    this = case("softmax as argument")
    raw = functools.partial(cam, this.model, this.images, resize=False, normalise=False)
    cells = raw().shape[1] * raw().shape[2]
    grad = grad_cam(this.model, this.images, resize=False, normalise=False)
    np.testing.assert_allclose(raw(), cells * grad, rtol=1e-4, atol=1e-6)


def test_integrated_gradients_add_up_to_the_difference_of_the_scores():
    this = case("single logit")
    raw = integrated_gradients(this.model, this.images, 1, normalise=False, steps=200)
    blank = np.zeros_like(this.images)
    whole, none = (score(case("single logit"), p).numpy() for p in (this.images, blank))
    difference = (whole - none) * [1, -1]  # the case explains class 1, then class 0
    np.testing.assert_allclose(raw.sum(axis=(1, 2)), difference, rtol=0.02)


def test_the_gradients_of_a_float16_model_do_not_underflow():
    """A mean over 90,000 cells: each gradient is 1e-5, under half of float16's smallest normal."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        stack = [layers.Conv2D(1, 1, name="conv"), layers.GlobalAveragePooling2D(), layers.Dense(2)]
        model = keras.Sequential([keras.Input((300, 300, 1)), *stack])
    finally:
        keras.config.set_dtype_policy("float32")
    model.set_weights([np.ones((1, 1, 1, 1)), np.zeros(1), np.full((1, 2), 0.01), np.zeros(2)])
    image = np.ones((300, 300, 1), "float32")
    raw = grad_cam(model, image, 1, resize=False, normalise=False)
    np.testing.assert_allclose(raw, 0.01 / 300**2, rtol=0.01)


def build(*stack, shape=(8, 12, 3)):
    return keras.Sequential([keras.Input(shape), *stack])


def test_the_last_convolution_is_taken_after_its_norm_and_activation():
    stack = [
        layers.Conv2D(4, 3, name="conv"),
        layers.BatchNormalization(name="norm"),
        layers.ReLU(name="relu"),
        layers.MaxPooling2D(),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2),
    ]
    model, image = build(*stack), np.ones((8, 12, 3), "float32")
    found = grad_cam(model, image, 1, resize=False, normalise=False)
    assert found.shape == (6, 10)
    expected = grad_cam(model, image, 1, "relu", resize=False, normalise=False)
    np.testing.assert_array_equal(found, expected)


def detector(bias=0.0):
    """A network whose answer is known: class 1 is the mean brightness, class 0 its negative."""
    model = build(
        layers.Conv2D(1, 1, name="conv"), layers.GlobalAveragePooling2D(), layers.Dense(2),
        shape=(6, 9, 1),
    )  # fmt: skip
    model.set_weights(
        [np.ones((1, 1, 1, 1)), np.zeros(1), np.array([[-1, 1]]), np.array([bias, 0])]
    )
    return model


def spot(row, column):
    image = np.zeros((6, 9, 1), "float32")
    image[row, column] = 1
    return image


@pytest.mark.parametrize("method", LAYER_METHODS + PIXEL_METHODS, ids=lambda m: m.__name__)
def test_every_method_finds_the_one_bright_pixel(method):
    options = {occlusion: {"patch": 1, "fill": 0}}.get(method, {})
    maps = method(detector(), np.stack([spot(1, 7), spot(4, 2)]), 1, **options)
    if method in (saliency, smooth_grad):  # a linear network: each pixel counts as much
        np.testing.assert_allclose(maps, 1)
    else:
        assert [np.unravel_index(m.argmax(), m.shape) for m in maps] == [(1, 7), (4, 2)]


@pytest.mark.parametrize("method", [cam, grad_cam, integrated_gradients, occlusion])
def test_no_positive_evidence_gives_zeros_and_one_line(method, capsys):
    options = {"patch": 1, "fill": 0} if method is occlusion else {}
    maps = method(detector(), np.stack([spot(1, 7), spot(4, 2)]), [0, 1], **options)
    assert not maps[0].any() and maps[1].any()
    said = capsys.readouterr().out
    assert said == "no positive evidence for class 0 in image 0: the map is 0 everywhere\n"


def test_a_saturated_softmax_does_not_hide_the_evidence(capsys):
    """With probabilities the gradient would be exactly 0 here; with logits it is not."""
    plain = detector(bias=200.0)
    ending = layers.Softmax()
    saturated = keras.Sequential([plain, ending])
    image = spot(1, 7)
    assert float(saturated(image[None])[0, 0]) == 1
    with tf.GradientTape() as tape:
        x = tf.constant(image[None])
        tape.watch(x)
        probability = saturated(x)[0, 1]
    assert not tape.gradient(probability, x).numpy().any()
    np.testing.assert_array_equal(grad_cam(saturated, image, 1), grad_cam(plain, image, 1))


def test_normalised_takes_a_speck_beside_large_negative_values_for_nothing():
    speck, small = np.array([[[1e-9, -1.0]]]), np.array([[[1e-9, 1e-12]]])
    assert not normalised(speck, np.array([[[1.0]]])).any()
    assert normalised(small, np.array([[[1e-9]]])).max() == 1


# What is said where it cannot work.


def test_a_layer_without_a_map_is_refused_with_a_better_one():
    this = case("nested functional")
    message = r"must have a map, .* got layer='head' of shape \(None, 3\)\. .* 'base/conv2'"
    with pytest.raises(ValueError, match=message):
        grad_cam(this.model, this.images, 0, "head")
    with pytest.raises(ValueError, match=message):
        score_cam(this.model, this.images, 0, "head")


def test_an_unknown_layer_is_refused_with_the_nearest():
    this = case("nested functional")
    with pytest.raises(ValueError, match=r"got layer='conv3'\. .*Did you mean 'base/conv"):
        grad_cam(this.model, this.images, 0, "conv3")


def test_a_shared_layer_needs_the_number_of_its_call():
    this = case("shared base")
    with pytest.raises(ValueError, match=r"which call .* 'base\[0\]/conv2'"):
        grad_cam(this.model, this.images, 0, "base/conv2")


def test_several_pictures_need_the_name_of_one():
    this = case("shared base")
    message = r"one of the inputs left, right, .*: got layer=None\. Pass layer='left'"
    with pytest.raises(ValueError, match=message):
        saliency(this.model, this.images, 0)


@pytest.mark.parametrize("index", [3, -1, [0, 7]])
def test_a_class_out_of_range_is_refused(index):
    this = case("flat functional")
    wrong = np.ravel(index)[-1]
    with pytest.raises(
        ValueError, match=rf"`class_index` must be 0 to 2, .* 3 classes: got {wrong}"
    ):
        grad_cam(this.model, this.images, index)
    with pytest.raises(
        ValueError, match=rf"`class_index` must be 0 to 2, .* 3 classes: got {wrong}"
    ):
        occlusion(this.model, this.images, index)


def test_a_class_against_out_of_range_is_refused():
    this = case("flat functional")
    with pytest.raises(ValueError, match=r"`against` must be 0 to 2, .* got 3"):
        grad_cam(this.model, this.images, 0, against=3)


@pytest.mark.parametrize("method", [grad_cam, score_cam])
def test_a_class_against_itself_is_refused(method):
    this = case("flat functional")
    message = r"`against` must be another class than `class_index`: got 1 for both in image 1\. "
    with pytest.raises(ValueError, match=message + "Choose another"):
        method(this.model, this.images, [0, 1], against=[1, 1])


@pytest.mark.parametrize("name", ["class_index", "against"])
@pytest.mark.parametrize(
    ("index", "remedy"),
    [
        ([0, 1, 1], "Give 2 integers, or one for all"),
        (1.0, "Convert it: int"),
        (True, "Convert it: int"),
        (np.array([0.0, 1.0]), r"Convert them: \.round\(\)\.astype\(int\)"),
        (np.array([[0.2], [0.9]]), r"Take out an axis: \.round\(\)\.astype\(int\)\.ravel\(\)"),
        (np.array([[0], [1]]), r"Take out an axis: \.ravel\(\)"),
        (np.array([[False], [True]]), r"Take out an axis: \.astype\(int\)\.ravel\(\)"),
        (np.eye(2, 3), r"Take the number of the largest: \.argmax\(axis=-1\)"),
        ("dog", r"Give the number of the class: names\.index\('dog'\)"),
        (["dog", "cat"], r"Give the number of the class: names\.index\('dog'\)"),
    ],
)
def test_classes_must_be_integers_one_per_image(name, index, remedy):
    this = case("flat functional")
    rule = rf"`{name}` must be None, an integer or one integer per image \(2\): got .*\. {remedy}"
    with pytest.raises(ValueError, match=rule):
        grad_cam(this.model, this.images, **{"class_index": 2, name: index})


def test_several_outputs_need_the_name_of_one():
    this = case("two outputs")
    with pytest.raises(
        ValueError, match=r"outputs, first, second: got output None\. .*\('first', index"
    ):
        grad_cam(this.model, this.images, 1)
    with pytest.raises(ValueError, match=r"got output 'third'"):
        grad_cam(this.model, this.images, ("third", 1))


def test_a_layer_that_does_not_lead_to_the_class_is_refused():
    left, right = keras.Input((8, 12, 3)), keras.Input((8, 12, 3))
    means = [
        layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3, name=name)(x))
        for name, x in [("one", left), ("other", right)]
    ]
    model = keras.Model(
        [left, right], [layers.Dense(2, name=n)(m) for n, m in zip("ab", means, strict=True)]
    )
    images = [np.ones((1, 8, 12, 3), "float32")] * 2
    assert grad_cam(model, images, ("a", 0), "one").shape == (1, 8, 12)
    with pytest.raises(ValueError, match=r"on a path to the class score: got layer='other', .*'a'"):
        grad_cam(model, images, ("a", 0), "other")


def test_of_a_model_without_its_head_it_is_said_what_its_answer_is_taken_for(capsys):
    model = build(layers.Conv2D(4, 3), layers.Conv2D(4, 1))
    assert grad_cam(model, np.ones((8, 12, 3), "float32")).shape == (8, 12)
    assert "the model answers at 6×10 places, and" in (said := capsys.readouterr().out)
    assert "a classifier lacks its head (include_top=True)" in said


def test_a_model_without_convolution_is_refused():
    model = build(layers.Flatten(), layers.Dense(2))
    with pytest.raises(ValueError, match="must have a convolution with a map"):
        grad_cam(model, np.ones((8, 12, 3), "float32"))
    assert saliency(model, np.ones((8, 12, 3), "float32")).shape == (8, 12)


class Inner(keras.Model):
    def __init__(self, *stack, **options):
        super().__init__(**options)
        self.stack = stack

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return x


def test_a_layer_whose_inside_cannot_be_read_is_named():
    image = keras.Input((8, 12, 3))
    inner = Inner(layers.Conv2D(4, 3), name="inner")
    ending = [layers.GlobalAveragePooling2D(), layers.Dense(2)]
    model, picture = keras.Sequential([image, inner, *ending]), np.ones((8, 12, 3), "float32")
    message = (
        r"`layer` must be named where the last convolution may stand inside a layer that cannot be "
        r"read: got 'inner' of the class Inner\. Pass layer='inner', if its output is a map, or "
        r"build the model with inner\.call\(x\) in place of calling it\."
    )
    with pytest.raises(ValueError, match=message):
        grad_cam(model, picture)
    with pytest.raises(ValueError, match=message):
        grad_cam(model, picture, layer=ending[1].name)
    assert grad_cam(model, picture, layer="inner").shape == (8, 12)
    opened = keras.Model(image, keras.Sequential(ending)(inner.call(image)))
    assert grad_cam(opened, picture).shape == (8, 12)


@pytest.mark.parametrize(
    "last",
    [
        lambda: Inner(layers.Conv2D(5, 2), name="last"),
        lambda: layers.SpectralNormalization(layers.Conv2D(5, 2), name="last"),
    ],
)
def test_a_convolution_in_front_is_not_taken_for_one_that_is_hidden(last):
    ending = [layers.GlobalAveragePooling2D(), layers.Dense(2)]
    stem = layers.Conv2D(4, 3, name="stem")
    model = keras.Sequential([keras.Input((8, 12, 3)), stem, last(), *ending])
    picture = np.ones((8, 12, 3), "float32")
    with pytest.raises(ValueError, match=r"cannot be read: got 'last' of the class"):
        grad_cam(model, picture)
    assert grad_cam(model, picture, layer="last", resize=False).shape == (5, 9)
    assert grad_cam(model, picture, layer="stem", resize=False).shape == (6, 10)


def test_a_layer_of_a_class_of_its_own_without_a_kernel_is_no_rival():
    class Doubled(layers.Layer):
        def call(self, x):
            return 2 * x

    stack = [layers.Conv2D(4, 3, name="conv"), Doubled(), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((8, 12, 3)), *stack, layers.Dense(2)])
    assert grad_cam(model, np.ones((8, 12, 3), "float32"), resize=False).shape == (6, 10)


def test_cam_finds_an_output_by_its_key():
    image = keras.Input((8, 12, 3))
    maps = layers.Conv2D(4, 3, name="conv")(image)
    features = layers.GlobalAveragePooling2D()(maps)
    kind, box = (
        layers.Dense(3, name="a")(features),
        layers.Dense(4, name="b")(layers.Dense(5)(features)),
    )
    model, picture = keras.Model(image, {"kind": kind, "box": box}), np.ones((8, 12, 3), "float32")
    raw = {"resize": False, "normalise": False}
    found = cam(model, picture, ("kind", 1), **raw)
    np.testing.assert_allclose(found, 60 * grad_cam(model, picture, ("kind", 1), **raw), rtol=1e-5)
    with pytest.raises(ValueError, match=r"one Dense layer for CAM: got .*Dense, Dense"):
        cam(model, picture, ("box", 1))


def test_a_convolution_along_rows_has_no_map():
    stack = [layers.Reshape((8, 36)), layers.Conv1D(4, 3, name="conv"), layers.Flatten()]
    model = keras.Sequential([keras.Input((8, 12, 3)), *stack, layers.Dense(2)])
    message = (
        r"must have a map, \(B, h, w, C\): got layer='conv' of shape .*need pictures, and Conv2D"
    )
    with pytest.raises(ValueError, match=message):
        grad_cam(model, np.ones((8, 12, 3), "float32"))


def test_a_map_of_one_cell_is_refused_with_a_better_one():
    squeeze = layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")
    stack = [layers.Conv2D(4, 3, name="conv"), squeeze, layers.Flatten(), layers.Dense(2)]
    message = r"have a map of more than one cell: .*'squeeze' of shape \(None, 1, 1, 4\)\. .*'conv'"
    with pytest.raises(ValueError, match=message):
        grad_cam(build(*stack), np.ones((8, 12, 3), "float32"), layer="squeeze")
    small = build(*stack, shape=(None, None, 3))
    with pytest.raises(ValueError, match=r"got layer='conv' of .*\. Use larger images"):
        grad_cam(small, np.ones((3, 3, 3), "float32"))
    whole = build(layers.Conv2D(4, (8, 12), name="whole"), layers.Flatten(), layers.Dense(2))
    with pytest.raises(ValueError, match=r"got layer='whole' of .*\. Look at the pixels instead"):
        grad_cam(whole, np.ones((8, 12, 3), "float32"), layer="whole")


def test_cam_refuses_another_end_than_average_and_dense():
    model = build(layers.Conv2D(4, 3, name="conv"), layers.Flatten(), layers.Dense(2))
    with pytest.raises(ValueError, match=r"got Dense after layer='conv'\. Use grad_cam"):
        cam(model, np.ones((8, 12, 3), "float32"))


def test_weights_that_are_not_numbers_are_reported_with_the_image():
    model = build(layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(2))
    model.layers[-1].bias.assign(np.array([0, np.nan]))
    with pytest.raises(ValueError, match=r"got nan for image 0, class 1\. Look for NaN in its"):
        grad_cam(model, np.ones((8, 12, 3), "float32"), 1)


def test_a_gradient_that_overflows_is_reported_with_image_and_class():
    def steep(x):
        return keras.ops.sqrt(keras.ops.relu(x))  # infinite slope at 0

    model = build(
        layers.Conv2D(1, 1, name="conv"), layers.Lambda(steep), layers.GlobalAveragePooling2D(),
        layers.Dense(2),
    )  # fmt: skip
    model.set_weights([np.ones((1, 1, 3, 1)), np.zeros(1), np.ones((1, 2)), np.zeros(2)])
    images = np.ones((2, 8, 12, 3), "float32")
    images[1] = 0
    with pytest.raises(ValueError, match=r"got NaN or infinity for image 1, class 1\."):
        saliency(model, images, 1, normalise=False)


def test_a_patch_larger_than_the_picture_is_refused():
    this = case("flat functional")
    with pytest.raises(ValueError, match=r"got patch=11 for 10×14 pixels"):
        occlusion(this.model, this.images, patch=11)


@pytest.mark.parametrize(
    ("method", "name", "value", "remedy"),
    [
        (occlusion, "patch", 0, "It counts pixels along one axis"),
        (occlusion, "patch", (8, 8), "It counts pixels along one axis"),
        (occlusion, "strides", 0, "It counts pixels along one axis"),
        (smooth_grad, "samples", 0, "It counts noisy copies"),
        (integrated_gradients, "steps", 0, "It counts points of the way"),
        (integrated_gradients, "steps", 2.5, "It counts points of the way"),
    ],
)
def test_counts_are_whole_numbers_of_at_least_one(method, name, value, remedy):
    this = case("flat functional")
    message = re.escape(f"`{name}` must be a whole number of at least 1: got {name}={value!r}. ")
    with pytest.raises(ValueError, match=message + remedy):
        method(this.model, this.images, **{name: value})


def test_a_baseline_is_like_one_image():
    this = case("flat functional")
    found = [
        integrated_gradients(this.model, this.images, 1, steps=2, baseline=baseline)
        for baseline in (0.25, [0.25] * 3, np.full(SHAPE, 0.25))
    ]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-6)
    message = r"`baseline` must be a number or like one image, \(10, 14, 3\): got shape \(3, 3, 3\)"
    with pytest.raises(ValueError, match=message):
        integrated_gradients(this.model, this.images, baseline=np.zeros((3, 3, 3)))
    with pytest.raises(ValueError, match=r"got shape \(2, 10, 14, 3\)\. Pass one picture"):
        integrated_gradients(this.model, this.images, baseline=this.images)


def averaged(*answers):
    """The mean of several heads' answers."""
    image = keras.Input((8, 12, 3))
    features = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))
    return keras.Model(image, layers.Average()([answer(features) for answer in answers]))


@pytest.mark.parametrize(
    ("activation", "classes"), [("softmax", 3), ("sigmoid", 3), ("sigmoid", 1)]
)
def test_probabilities_that_something_follows_are_refused(activation, classes):
    heads = [layers.Dense(classes, activation=activation) for _ in range(2)]
    image = keras.Input((8, 12, 3))
    features = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))
    clipped = keras.Model(image, keras.ops.clip(heads[0](features), 1e-7, 1))
    for model in (averaged(*heads), clipped):
        with pytest.raises(ValueError, match=r"probabilities whose softmax or sigmoid is not its"):
            grad_cam(model, np.ones((8, 12, 3), "float32"))
    logits = averaged(*(layers.Dense(classes) for _ in range(2)))
    assert grad_cam(logits, np.ones((8, 12, 3), "float32"), 1).shape == (8, 12)


def test_probabilities_without_a_visible_softmax_are_refused():
    stack = [layers.GlobalAveragePooling2D(), layers.Dense(3, activation="exponential")]
    shares = layers.Lambda(lambda e: e / keras.ops.sum(e, axis=1, keepdims=True))
    with pytest.raises(ValueError, match=r"probabilities whose softmax or sigmoid is not its"):
        grad_cam(build(layers.Conv2D(4, 3), *stack, shares), np.ones((8, 12, 3), "float32"))


def test_a_gate_before_the_logits_is_no_probability():
    image = keras.Input((8, 12, 3))
    features = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))
    gate = layers.Dense(2, activation="sigmoid")(features)
    model = keras.Model(image, layers.Multiply()([layers.Dense(2)(features), gate]))
    assert grad_cam(model, np.ones((8, 12, 3), "float32")).shape == (8, 12)


# Nothing is left behind.


def state(model):
    """All that a user could find changed."""
    parts = list(model._flatten_layers())
    return (
        [sorted(vars(part)) for part in parts],
        [getattr(part, "activation", None) for part in parts],
        [(len(part._inbound_nodes), len(part._outbound_nodes)) for part in parts],
        [weight.numpy().tobytes() for weight in model.weights],
        model.get_config(),
    )


@pytest.mark.parametrize("name", ["softmax as argument", "shared base"])
def test_the_model_is_not_changed(name):
    this = case(name)
    before = state(this.model)
    for method in [grad_cam, score_cam]:
        method(this.model, this.images, this.class_index, this.layer)
    saliency(this.model, this.images, this.class_index, this.picture)
    assert state(this.model) == before


def test_new_weights_are_seen_without_a_new_trace():
    model, image = detector(), spot(1, 7)
    before = grad_cam(model, image, 1, normalise=False)
    model.layers[-1].kernel.assign(3 * model.layers[-1].kernel)
    np.testing.assert_allclose(grad_cam(model, image, 1, normalise=False), 3 * before)


def test_a_new_activation_function_is_seen():
    model, image = detector(), spot(1, 7)
    before = grad_cam(model, image, 1, normalise=False)
    model.get_layer("conv").activation = lambda x: 5 * x
    np.testing.assert_allclose(grad_cam(model, image, 1, normalise=False), 5 * before)
