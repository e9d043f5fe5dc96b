"""Signals, volumes, videos and tokens: the same maps as of pictures, along other axes."""

import itertools
import runpy
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab import heatmaps
from cnnlab.faithfulness import deletion, insertion
from cnnlab.feature_maps import feature_maps, strongest_patches
from cnnlab.gradients import class_evidence, effective_receptive_field
from cnnlab.placing.alignment import interpolation, spread

eager = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("eager.py"))))


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


SIGNAL, VOLUME, WORDS = (13, 3), (4, 6, 5, 2), (9,)


def given(shape, count=2):
    rng = np.random.default_rng(0)
    if shape == WORDS:
        return rng.integers(0, 20, (count, *shape))
    return rng.uniform(-1, 1, (count, *shape)).astype("float32")


def one(filters=4, size=3, **options):
    return layers.Conv1D(filters, size, activation="relu", **options)


def three(filters=4, size=(2, 3, 2), **options):
    return layers.Conv3D(filters, size, activation="relu", **options)


def frames(**options):
    """A convolution of each frame."""
    return layers.TimeDistributed(layers.Conv2D(4, (3, 2), activation="relu"), **options)


def remembering(**options):
    return layers.ConvLSTM2D(4, (3, 2), return_sequences=True, **options)


def gap(axes):
    return [getattr(layers, f"GlobalAveragePooling{axes}D")(), layers.Dense(3)]


def flat():
    return [layers.Flatten(), layers.Dense(3)]


def softmax():
    return [layers.Softmax()]


# name: shape, front, back, end, form
CASES = {
    "signal": (SIGNAL, lambda: [one(name="seen")], lambda: gap(1)),
    "signal, pooled": (
        SIGNAL, lambda: [one(), layers.MaxPooling1D(2), one(5, 2, name="seen")], flat, softmax,
    ),
    "signal, dilated": (
        SIGNAL, lambda: [one(dilation_rate=2, name="seen")], lambda: gap(1), softmax, "sequential",
    ),
    "signal, causal": (SIGNAL, lambda: [one(padding="causal", name="seen")], flat, (), "nested"),
    "signal, causal and dilated": (
        SIGNAL, lambda: [one(4, 2, padding="causal"),
                         one(5, 2, padding="causal", dilation_rate=2, name="seen")], lambda: gap(1),
    ),
    "signal, separable": (
        SIGNAL, lambda: [layers.SeparableConv1D(4, 3, name="seen")], flat, softmax, "doubly nested",
    ),
    "signal, saved": (SIGNAL, lambda: [one(name="seen")], flat, softmax, "saved"),
    "signal, with a memory": (
        SIGNAL, lambda: [one(name="seen")], lambda: [layers.GRU(3), layers.Dense(2)], softmax,
    ),
    "signal, one logit": (
        SIGNAL, lambda: [one(name="seen")], lambda: [layers.GlobalMaxPooling1D(), layers.Dense(1)],
        lambda: [layers.Activation("sigmoid")],
    ),
    "volume": (VOLUME, lambda: [three(name="seen")], lambda: gap(3)),
    "volume, pooled": (
        VOLUME,
        lambda: [three(padding="same"), layers.MaxPooling3D((1, 2, 2)), three(5, 2, name="seen")],
        flat, softmax,
    ),
    "volume, norm": (
        VOLUME, lambda: [three(), layers.BatchNormalization(), layers.ReLU(name="seen")], flat,
        softmax, "nested",
    ),
    "volume, saved": (VOLUME, lambda: [three(name="seen")], lambda: gap(3), softmax, "saved"),
    "volume, two outputs": (VOLUME, lambda: [three(name="seen")], flat, softmax, "two outputs"),
    "volume, mixed_float16": (
        VOLUME, lambda: [three(name="seen", dtype="mixed_float16")], flat, softmax,
    ),
    "frames": (VOLUME, lambda: [frames(name="seen")], flat, softmax),
    "frames, nested": (VOLUME, lambda: [frames(name="seen")], lambda: gap(3), (), "nested"),
    "frames, then a memory": (
        VOLUME, lambda: [frames(name="seen")],
        lambda: [layers.TimeDistributed(layers.GlobalAveragePooling2D()), layers.LSTM(3),
                 layers.Dense(3)],
    ),
    "memory": (VOLUME, lambda: [remembering(name="seen")], flat, softmax),
    "memory, saved": (VOLUME, lambda: [remembering(name="seen")], lambda: gap(3), (), "saved"),
    "memory, sequential": (
        VOLUME, lambda: [frames(), remembering(name="seen")], flat, softmax, "sequential",
    ),
    "words": (
        WORDS, lambda: [layers.Embedding(20, 6), one(name="seen")],
        lambda: [layers.GlobalMaxPooling1D(), layers.Dense(3)],
    ),
    "words, nested": (
        WORDS, lambda: [layers.Embedding(20, 6), one(name="seen")], lambda: gap(1), softmax,
        "nested",
    ),
    "words, with a memory": (
        WORDS, lambda: [layers.Embedding(20, 6), one(padding="same", name="seen")],
        lambda: [layers.LSTM(4), layers.Dense(3)], softmax, "sequential",
    ),
    "words, saved": (
        WORDS, lambda: [layers.Embedding(20, 6), one(name="seen")], flat, softmax, "saved",
    ),
}  # fmt: skip
NUMBERS = [name for name in CASES if not name.startswith("words")]


def case(name, folder=None):
    shape, front, back, *rest = CASES[name]
    end, form = (*rest, *((), "flat")[len(rest) :])
    dtype = "int32" if shape == WORDS else "float32"
    built = eager.parts(shape, front(), back(), end() if end else (), form, folder, dtype)
    return built, given(shape)


RAW = {"resize": False, "normalise": False}
INDEX = [1, 0]


def plus_plus(features, gradients):
    """Grad-CAM++ of one image, map by map."""
    grid = np.zeros(features.shape[:-1])
    for k in range(features.shape[-1]):
        g, a = gradients[..., k], features[..., k]
        below = 2 * g**2 + g**3 * a.sum()
        alpha = np.where(below == 0, 0, g**2 / np.where(below == 0, 1, below))
        grid += (alpha * np.maximum(g, 0)).sum() * a
    return grid


@pytest.mark.parametrize("name", CASES)
def test_maps_of_a_layer_are_those_of_the_tape(name, tmp_path):
    this, x = case(name, tmp_path)
    tolerance = 3e-2 if "float16" in name else 1e-4
    asked = this.model, x, this.asked(INDEX)
    features, gradients = eager.by_features(this, x, INDEX)
    (maps,) = feature_maps(this.model, x, "seen").values()
    eager.assert_close(maps, features, tolerance)
    default = heatmaps.grad_cam(*asked, **RAW)  # without its name it is the last convolution's map
    eager.assert_close(default, eager.grad_cam(this, x, INDEX), tolerance)
    named = heatmaps.grad_cam(*asked, this.layer, **RAW)
    np.testing.assert_array_equal(default, named)
    layer_cam = (np.maximum(gradients, 0) * features).sum(-1)
    eager.assert_close(heatmaps.layer_cam(*asked, **RAW), layer_cam, tolerance)
    expected = np.stack([plus_plus(*pair) for pair in zip(features, gradients, strict=True)])
    eager.assert_close(heatmaps.grad_cam_plus_plus(*asked, **RAW), expected, tolerance)


@pytest.mark.parametrize("name", NUMBERS)
def test_maps_of_the_input_are_those_of_the_tape(name, tmp_path):
    this, x = case(name, tmp_path)
    tolerance = 3e-2 if "float16" in name else 1e-4
    asked = this.model, x, this.asked(INDEX)
    slopes = np.abs(eager.by_input(this, x, INDEX)).max(-1)
    found = heatmaps.saliency(*asked, normalise=False)
    assert found.shape == x.shape[:-1]
    eager.assert_close(found, slopes, tolerance)
    noise = np.random.default_rng(4).standard_normal((2, *x.shape[1:]), dtype="float32")
    noisy = [x + 0.1 * np.stack([np.ptp(p) * n for p in x]) for n in noise]
    mean = sum(eager.by_input(this, n.astype("float32"), INDEX) for n in noisy) / 2
    found = heatmaps.smooth_grad(*asked, normalise=False, samples=2, noise=0.1, seed=4)
    eager.assert_close(found, np.abs(mean).max(-1), tolerance)
    way = [0.25 + t * (x - 0.25) for t in (0.25, 0.75)]
    mean = sum(eager.by_input(this, p.astype("float32"), INDEX) for p in way) / 2
    found = heatmaps.integrated_gradients(*asked, normalise=False, steps=2, baseline=0.25)
    eager.assert_close(found, ((x - 0.25) * mean).sum(-1), tolerance)


def scores(case, x):
    return eager.score(case, case.logits(case.features(x)), INDEX, ()).numpy()


@pytest.mark.parametrize("name", ["signal", "volume", "memory"])
def test_occlusion_covers_a_stretch_or_a_cube(name):
    this, x = case(name)
    corners = [sorted({*range(0, n - 2, 3), n - 2}) for n in x.shape[1:-1]]
    expected = np.zeros((2, *map(len, corners)))
    for cell in itertools.product(*(range(len(c)) for c in corners)):
        covered = x.copy()
        covered[(slice(None), *(slice(c[i], c[i] + 2) for c, i in zip(corners, cell)))] = 0.5  # noqa: B905
        expected[(slice(None), *cell)] = scores(this, x) - scores(this, covered)
    options = {"patch": 2, "strides": 3, "fill": 0.5}
    found = heatmaps.occlusion(this.model, x, INDEX, **RAW, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_a_patch_covers_the_whole_of_a_side_that_is_too_short_for_it():
    stack = [layers.Flatten(), layers.Dense(2)]
    model = keras.Sequential([keras.Input((4, 128, 1)), *stack])
    found = heatmaps.occlusion(model, given((4, 128, 1)), 1, **RAW)
    assert found.shape == (2, 1, 15)  # 16 columns, 8 apart, over all 4 rows
    with pytest.raises(ValueError, match=r"got patch=16 for 4×128 pixels\. Use a smaller"):
        heatmaps.occlusion(model, given((4, 128, 1)), 1, patch=16)


@pytest.mark.parametrize(
    ("name", "sizes"), [("signal", (3,)), ("volume", (2, 3, 2)), ("frames", (1, 3, 2))]
)
def test_score_cam_looks_through_each_map(name, sizes):
    this, x = case(name)
    features = this.features(x).numpy()
    expected = np.zeros(features.shape[:-1])
    for b in range(2):
        weights = {}
        for k in range(features.shape[-1]):
            a = features[b, ..., k]
            if np.ptp(a) > 0:
                mask = (a - a.min()) / np.ptp(a)
                for axis, n in enumerate(x.shape[1:-1]):
                    # A cell lies in the middle of what it sees.
                    places = np.arange(mask.shape[axis]) + (sizes[axis] - 1) / 2
                    mask = np.apply_along_axis(
                        lambda row, p=places, n=n: np.interp(np.arange(n), p, row), axis, mask
                    )
                seen = (x[b : b + 1] * mask[None, ..., None]).astype("float32")
                weights[k] = np.exp(float(this.logits(this.features(seen))[0, INDEX[b]]))
        for k, weight in weights.items():
            expected[b] += weight / sum(weights.values()) * features[b, ..., k]
    found = heatmaps.score_cam(this.model, x, INDEX, **RAW)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["words", "words, nested", "words, saved"])
def test_saliency_of_words_is_that_of_their_embeddings(name, tmp_path):
    this, x = case(name, tmp_path)
    vectors = this.front[0](x)
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        logits = this.logits(eager.run(this.front[1:], vectors))
        value = eager.score(this, logits, INDEX, ())
    slopes = tape.gradient(value, vectors).numpy()
    found = heatmaps.saliency(this.model, x, INDEX, normalise=False)
    assert found.shape == (2, 9)
    eager.assert_close(found, np.abs(slopes).max(-1))
    seen = class_evidence(this.model, x, INDEX)
    np.testing.assert_allclose(seen.gradients, slopes, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(seen.features, vectors, rtol=1e-5)


@pytest.mark.parametrize("name", ["signal", "signal, pooled", "volume", "frames", "words"])
def test_on_the_input_a_map_has_its_axes_and_one_example_has_no_batch(name):
    this, x = case(name)
    places = x.shape[1:] if name == "words" else x.shape[1:-1]
    for method in (heatmaps.grad_cam, heatmaps.layer_cam, heatmaps.saliency):
        whole = method(this.model, x, INDEX)
        assert whole.shape == (2, *places) and whole.dtype == np.float32
        assert whole.min() >= 0 and whole.max() <= 1
        alone = method(this.model, x[1], INDEX[1])
        np.testing.assert_allclose(alone, whole[1], rtol=1e-3, atol=1e-5)


def test_a_cell_of_a_signal_lies_at_the_middle_of_what_it_sees():
    pool = layers.MaxPooling1D(4, name="pool")
    stack = [layers.Conv1D(1, 5, use_bias=False, kernel_initializer="ones", name="conv"), pool]
    model = keras.Sequential([keras.Input((24, 1)), *stack, *gap(1)])
    x = np.zeros((24, 1), "float32")
    x[11] = 1  # seen by the cells 7 to 11 of conv, so by the second and third of pool
    grid = heatmaps.layer_cam(model, x, 1, "pool", resize=False)
    found = heatmaps.layer_cam(model, x, 1, "pool")
    np.testing.assert_allclose(found, np.interp(np.arange(24), 3.5 + 4 * np.arange(5), grid))


def test_maps_are_spread_along_one_axis_after_the_other():
    maps = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    matrices = [interpolation(np.linspace(0, 6, n), n + 3) for n in maps.shape[1:]]
    expected = np.einsum("bdhw,Dd,Hh,Ww->bDHW", maps, *matrices)
    np.testing.assert_allclose(spread(maps, *matrices), expected, rtol=1e-4, atol=1e-6)
    line = maps[:, :, 0, 0]
    np.testing.assert_allclose(spread(line, matrices[0]), line @ matrices[0].T, rtol=1e-6)


@pytest.mark.parametrize("axes", [1, 3])
def test_cam_is_grad_cam_times_the_number_of_cells(axes):
    this, x = case("signal" if axes == 1 else "volume")
    grid = heatmaps.grad_cam(this.model, x, **RAW)
    cells = np.prod(grid.shape[1:])
    np.testing.assert_allclose(
        heatmaps.cam(this.model, x, **RAW), cells * grid, rtol=1e-4, atol=1e-6
    )
    this, x = case("signal, pooled")
    with pytest.raises(ValueError, match=r"from the layer to GlobalAveragePooling1D and one Dense"):
        heatmaps.cam(this.model, x)


@pytest.mark.parametrize("name", ["signal", "signal, pooled", "volume", "frames", "memory"])
def test_the_effective_field_is_that_of_the_tape(name):
    this, x = case(name)
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        features = this.features(inputs)
        middle = features[(slice(None), *(n // 2 for n in features.shape[1:-1]))]
    signs = np.sign(
        tf.random.stateless_uniform(middle.shape, np.array([0, 0], np.int32), -1, 1).numpy()
    )
    total = tape.gradient(middle, inputs, tf.constant(signs)).numpy() ** 2
    expected = np.sqrt(total.sum((0, -1)))
    found = effective_receptive_field(this.model, "seen", images=x)
    np.testing.assert_allclose(found, expected / expected.max(), rtol=1e-3, atol=1e-6)


def test_the_effective_field_of_the_last_map_of_a_volume():
    this, x = case("volume, pooled")
    np.testing.assert_array_equal(
        effective_receptive_field(this.model, images=x),
        effective_receptive_field(this.model, "seen", images=x),
    )


@pytest.mark.parametrize("name", ["signal", "volume", "memory"])
def test_deletion_and_insertion_exchange_steps_and_voxels(name):
    this, x = case(name)
    heat = np.random.default_rng(1).normal(size=x.shape[:-1])
    found = deletion(this.model, x, heat, INDEX, steps=2)
    for b in range(2):
        filled = x[b].copy()
        most = np.argsort(-heat[b].ravel())[: int(np.ceil(heat[b].size / 2))]
        filled.reshape(-1, x.shape[-1])[most] = x[b].mean(tuple(range(x.ndim - 2)))
        odds = tf.nn.softmax(this.logits(this.features(filled[None])))[0, INDEX[b]]
        assert found[b, 1] == pytest.approx(float(odds), rel=1e-3)
    whole = insertion(this.model, x, heat, INDEX, steps=2)[:, -1]
    np.testing.assert_allclose(whole, found[:, 0], rtol=1e-4)
    assert insertion(this.model, x[0], heat[0], 1, steps=2).shape == (3,)


def test_without_names_every_layer_with_the_axes_of_the_input_answers():
    this, x = case("signal, pooled")
    shapes = [maps.shape for maps in feature_maps(this.model, x).values()]
    assert shapes == [(2, 11, 4), (2, 5, 4), (2, 4, 5)]
    this, x = case("words")
    assert [maps.shape[1:] for maps in feature_maps(this.model, x).values()] == [(9, 6), (7, 4)]


def test_without_names_a_volume_that_is_made_into_a_picture_is_still_a_volume():
    stack = [three(), layers.Reshape((12, 4, 4)), layers.Conv2D(2, 3), layers.Flatten()]
    model = keras.Sequential([keras.Input(VOLUME), *stack, layers.Dense(2)])
    assert [maps.ndim for maps in feature_maps(model, given(VOLUME)).values()] == [5]


def test_a_signal_that_is_made_into_a_picture_is_looked_at_on_the_pictures_grid():
    stack = [layers.Reshape((4, 6, 1)), layers.Conv2D(3, (2, 3), name="conv")]
    model = keras.Sequential([keras.Input((24, 1), name="given"), *stack, *gap(2)])
    x = given((24, 1))
    assert heatmaps.grad_cam(model, x, resize=False).shape == (2, 3, 4)
    assert [maps.shape for maps in feature_maps(model, x).values()] == [
        (2, 4, 6, 1),
        (2, 3, 4, 3),
    ]
    with pytest.raises(ValueError) as error:
        heatmaps.grad_cam(model, x)
    assert str(error.value) == (
        "`layer` must have a map, (B, l, C): got layer='conv' of shape (None, 3, 4, C), whose "
        "cells do not lie along the axes of 'given'. Pass resize=False for its own grid; on the "
        "input, heat maps need signals, and Conv1D."
    )


def test_of_a_picture_and_a_signal_the_picture_is_meant_and_the_signal_can_be_named():
    picture, signal = keras.Input((5, 7, 1), name="picture"), keras.Input((9, 2), name="signal")
    both = layers.Concatenate()([layers.Flatten()(picture), layers.Flatten()(signal)])
    model = keras.Model([picture, signal], layers.Dense(2)(both))
    x = [given((5, 7, 1)), given((9, 2))]
    assert heatmaps.saliency(model, x).shape == (2, 5, 7)
    assert heatmaps.saliency(model, x, layer="signal").shape == (2, 9)


# What is said where it cannot work.


@pytest.mark.parametrize(
    "method",
    [
        heatmaps.score_cam,
        heatmaps.smooth_grad,
        heatmaps.integrated_gradients,
        heatmaps.occlusion,
    ],
)
def test_words_cannot_be_changed_a_little(method):
    this, x = case("words")
    with pytest.raises(ValueError) as error:
        method(this.model, x)
    assert str(error.value) == (
        "`images` must hold numbers that can be changed a little, for this method: got tokens for "
        "'given'. Use saliency, or grad_cam."
    )
    with pytest.raises(ValueError, match=r"parts of which can be exchanged: got tokens for 'given"):
        deletion(this.model, x, np.ones((2, 9)))


def test_words_that_are_looked_up_twice_have_no_map_by_word():
    words = keras.Input(WORDS, dtype="int32", name="words")
    vectors = [layers.Embedding(20, 4, name=name)(words) for name in ("one", "other")]
    model = keras.Model(words, layers.Dense(2)(layers.Flatten()(layers.Add()(vectors))))
    with pytest.raises(ValueError, match=r"look its tokens up once, .*'words', .* by one, other\."):
        heatmaps.saliency(model, given(WORDS))
    assert class_evidence(model, given(WORDS), layer="one").gradients.shape == (2, 9, 4)


def test_a_map_of_one_cell_of_a_signal_is_refused():
    model = keras.Sequential([keras.Input(SIGNAL), one(name="conv"), *gap(1)])
    dense = model.layers[-1].name
    with pytest.raises(
        ValueError, match=r"must have a map, \(B, l, C\): got .*need signals, and Conv1D|is 'conv'"
    ):
        heatmaps.grad_cam(model, given(SIGNAL), layer=dense)


def test_patches_are_pieces_of_pictures():
    this, x = case("volume")
    with pytest.raises(ValueError, match=r"must take pictures, .*: got \(2, 4, 6, 5, 2\), and .*'"):
        strongest_patches(this.model, x, "seen", 0)


def test_vectors_have_no_places():
    model = keras.Sequential([keras.Input((8,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"must hold a picture, \(B, H, W, C\): got none among"):
        heatmaps.saliency(model, np.ones((2, 8)))
