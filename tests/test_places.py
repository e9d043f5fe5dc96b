"""Models that answer at places: the score is the mean logit over some of them."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab import heatmaps
from cnnlab.faithfulness import cascading_randomisation, deletion, insertion
from cnnlab.gradients import asking, class_evidence, class_scores
from cnnlab.reading import per_model
from cnnlab.reading.answers import places_of
from cnnlab.scores import area_under

eager = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("eager.py"))))


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def given(shape, count=2):
    return np.random.default_rng(0).uniform(-1, 1, (count, *shape)).astype("float32")


def conv(filters=4, size=(3, 2), **options):
    return layers.Conv2D(filters, size, padding="same", activation="relu", **options)


PICTURE, SIGNAL, VOLUME = (6, 8, 3), (14, 3), (4, 6, 5, 2)


def softmax():
    return [layers.Softmax()]


def line(*more):
    """A text line: a picture whose columns become steps."""
    return [layers.Permute((2, 1, 3)), layers.Reshape((8, 6 * 4)), *more, layers.Dense(3)]


# name: shape, front, back, end, form
CASES = {
    "logits": (PICTURE, lambda: [conv(name="seen")], lambda: [layers.Conv2D(3, 1)]),
    "dense at every pixel": (PICTURE, lambda: [conv(name="seen")], lambda: [layers.Dense(3)]),
    "softmax layer": (PICTURE, lambda: [conv(name="seen")], lambda: [layers.Conv2D(3, 1)], softmax),
    "softmax as activation": (
        PICTURE, lambda: [conv(name="seen")], lambda: [layers.Conv2D(3, (2, 3))],
        lambda: [layers.Activation("softmax")],
    ),
    "softmax behind a flat list of places": (
        PICTURE, lambda: [conv(name="seen")], lambda: [layers.Conv2D(3, 1)],
        lambda: [layers.Reshape((48, 3)), layers.Softmax(), layers.Reshape((6, 8, 3))],
    ),
    "one sigmoid": (
        PICTURE, lambda: [conv(name="seen")], lambda: [layers.Conv2D(1, 1)],
        lambda: [layers.Activation("sigmoid")],
    ),
    "one logit": (PICTURE, lambda: [conv(name="seen")], lambda: [layers.Conv2D(1, 1)]),
    "several sigmoids": (
        PICTURE, lambda: [conv(name="seen")], lambda: [layers.Conv2D(3, 1)],
        lambda: [layers.Activation("sigmoid")],
    ),
    "grid of a detector": (
        PICTURE, lambda: [conv(name="seen")],
        lambda: [layers.MaxPooling2D((2, 4)), layers.Conv2D(3, 1)], softmax,
    ),
    "down and up again": (
        PICTURE, lambda: [conv(), layers.MaxPooling2D(2), conv(5, name="seen")],
        lambda: [layers.UpSampling2D(2), layers.Conv2D(3, 3, padding="same")], softmax,
    ),
    "transposed": (
        PICTURE, lambda: [conv(strides=2, name="seen")],
        lambda: [layers.Conv2DTranspose(3, 2, strides=2)], softmax,
    ),
    "norm": (
        PICTURE, lambda: [conv(), layers.BatchNormalization(), layers.ReLU(name="seen")],
        lambda: [layers.Conv2D(2, 1)],
    ),
    "sequential": (
        PICTURE, lambda: [conv(name="seen")], lambda: [layers.Conv2D(3, 1)], softmax, "sequential",
    ),
    "nested": (PICTURE, lambda: [conv(name="seen")], lambda: [layers.Dense(3)], softmax, "nested"),
    "doubly nested": (
        PICTURE, lambda: [conv(name="seen")], lambda: [layers.Dense(3)], softmax, "doubly nested",
    ),
    "saved": (PICTURE, lambda: [conv(name="seen")], lambda: [layers.Dense(3)], softmax, "saved"),
    "two outputs": (
        PICTURE, lambda: [conv(name="seen")], lambda: [layers.Dense(3)], softmax, "two outputs",
    ),
    "text line": (PICTURE, lambda: [conv(name="seen")], line, softmax),
    "text line with a memory": (
        PICTURE, lambda: [conv(name="seen")],
        lambda: line(layers.Bidirectional(layers.GRU(3, return_sequences=True))), softmax,
    ),
    "signal": (
        SIGNAL, lambda: [layers.Conv1D(4, 3, activation="relu", name="seen")],
        lambda: [layers.Conv1D(3, 2)], softmax,
    ),
    "saved signal": (
        SIGNAL, lambda: [layers.Conv1D(4, 3, activation="relu", name="seen")],
        lambda: [layers.LSTM(3, return_sequences=True), layers.Dense(1)], (), "saved",
    ),
    "volume": (
        VOLUME, lambda: [layers.Conv3D(4, (2, 3, 2), activation="relu", name="seen")],
        lambda: [layers.Conv3D(3, 1)], softmax,
    ),
    "video": (
        VOLUME, lambda: [layers.TimeDistributed(conv(), name="seen")],
        lambda: [layers.ConvLSTM2D(3, 2, return_sequences=True)],
    ),
    "mixed_float16": (
        PICTURE, lambda: [conv(name="seen", dtype="mixed_float16")],
        lambda: [layers.Conv2D(3, 1, dtype="mixed_float16")],
        lambda: [layers.Softmax(dtype="float32")],
    ),
    "mixed_bfloat16": (
        PICTURE, lambda: [conv(name="seen", dtype="mixed_bfloat16")],
        lambda: [layers.Dense(3, dtype="mixed_bfloat16")], softmax,
    ),
}  # fmt: skip


def case(name, folder=None):
    shape, front, back, *rest = CASES[name]
    end, form = (*rest, *((), "flat")[len(rest) :])
    built = eager.parts(shape, front(), back(), end() if end else (), form, folder)
    return built, given(shape)


def masks(sizes):
    """`where` in its four kinds, and the mask that each means."""
    cell = tuple(size // 2 for size in sizes)
    box = tuple(size // 3 for size in sizes), sizes
    one, some = np.zeros((2, 2, *sizes), bool)
    one[(slice(None), *cell)] = True
    some[(slice(None), *map(slice, *box))] = True
    random = np.random.default_rng(1).uniform(size=(2, *sizes)) < 0.4
    named = cell[0] if len(sizes) == 1 else cell
    return [
        (named, one),
        ((*box[0], *box[1]), some),
        (random[0], random[[0, 0]]),
        (random, random),
    ]


@pytest.mark.parametrize("name", CASES)
def test_maps_are_those_of_the_tape_over_the_same_places(name, tmp_path):
    this, x = case(name, tmp_path)
    tolerance = {"mixed_float16": 2e-2, "mixed_bfloat16": 1e-1}.get(name, 1e-4)
    answer = this.logits(this.features(x)).numpy()
    top = [np.bincount(a.argmax(-1).ravel()).argmax() for a in answer]  # at most places
    raw = {"resize": False, "normalise": False}
    found = heatmaps.grad_cam(this.model, x, this.asked(top), this.layer, **raw)
    eager.assert_close(found, eager.grad_cam(this, x, top, None), tolerance)
    for where, mask in masks(answer.shape[1:-1]):
        found = heatmaps.grad_cam(this.model, x, this.asked([1, 0]), this.layer, where=where, **raw)
        eager.assert_close(found, eager.grad_cam(this, x, [1, 0], mask), tolerance)
        means = np.stack([a[m].mean(0) for a, m in zip(answer, mask, strict=True)])
        scores, _ = class_scores(this.model, x, this.output, where=where)
        np.testing.assert_allclose(scores, means, rtol=tolerance, atol=tolerance)
    found = heatmaps.saliency(this.model, x, this.asked(1), where=where, **raw)
    slopes = np.abs(eager.by_input(this, x, [1, 1], mask)).max(-1)
    eager.assert_close(found, slopes, tolerance)


METHODS = [
    heatmaps.grad_cam, heatmaps.grad_cam_plus_plus, heatmaps.layer_cam, heatmaps.score_cam,
    heatmaps.saliency, heatmaps.smooth_grad, heatmaps.integrated_gradients, heatmaps.occlusion,
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_a_place_is_explained_as_a_classifier_that_gives_only_this_place(method):
    this, x = case("softmax layer")
    alone = keras.Model(this.model.inputs, this.model.layers[-2].output[:, 4, 5])
    looks = method in METHODS[:4]
    options = {"samples": 3} if method is heatmaps.smooth_grad else {}
    asked = {"layer": "seen" if looks else None, "normalise": False, **options}
    found = method(this.model, x, [2, 0], where=(4, 5), **asked)
    eager.assert_close(found, method(alone, x, [2, 0], **asked), 1e-3)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_without_where_the_places_are_those_of_the_picture_itself_not_of_its_copies(method):
    this, x = case("softmax layer")
    answer = this.logits(this.features(x)).numpy().argmax(-1)
    index = [np.bincount(a.ravel()).argmax() for a in answer]
    mask = answer == np.reshape(index, (2, 1, 1))
    assert 0 < mask.mean() < 1
    options = {"samples": 3} if method is heatmaps.smooth_grad else {}
    np.testing.assert_array_equal(
        method(this.model, x, **options), method(this.model, x, index, where=mask, **options)
    )


def test_without_a_class_it_is_the_one_with_the_largest_mean_there():
    this, x = case("logits")
    where = (1, 2, 4, 7)
    means = this.logits(this.features(x)).numpy()[:, 1:4, 2:7].mean((1, 2))
    seen = class_evidence(this.model, x, where=where)
    np.testing.assert_array_equal(seen.classes, means.argmax(1))
    np.testing.assert_allclose(seen.scores, means.max(1), rtol=1e-4)
    other = (means.argmax(1) + 1) % 3
    seen = class_evidence(this.model, x, against=other, where=where)
    np.testing.assert_allclose(seen.scores, means.max(1) - means[[0, 1], other], rtol=1e-3)


def test_many_images_go_through_in_parts_each_with_its_own_places(monkeypatch):
    this, _ = case("softmax layer")
    x, mask = given(PICTURE, 5), np.random.default_rng(1).uniform(size=(5, 6, 8)) < 0.3
    whole = class_evidence(this.model, x, 1, layer="seen", where=mask)
    monkeypatch.setattr(asking, "BATCH_SIZE", 2)  # parts
    parts = class_evidence(this.model, x, 1, layer="seen", where=mask)
    np.testing.assert_allclose(parts.gradients, whole.gradients, rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(parts.places, mask)
    scores, _ = class_scores(this.model, x, where=mask)
    np.testing.assert_allclose(scores[:, 1], whole.scores, rtol=1e-4, atol=1e-6)


def test_integrated_gradients_add_up_to_the_difference_of_the_means():
    this, x = case("one sigmoid")
    raw = heatmaps.integrated_gradients(this.model, x, 1, normalise=False, steps=200, where=(2, 3))
    whole, blank = (class_scores(this.model, p, where=(2, 3))[0][:, 1] for p in (x, 0 * x))
    np.testing.assert_allclose(raw.sum((1, 2)), whole - blank, rtol=0.02)


def test_scores_without_where_are_those_of_every_place():
    this, x = case("several sigmoids")
    logits, odds = class_scores(this.model, x)
    np.testing.assert_allclose(logits, this.logits(this.features(x)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(odds, this.model(x), rtol=1e-4)


def test_deletion_and_insertion_follow_the_mean_probability_over_the_places():
    this, x = case("softmax layer")
    heat, mask = x[..., 0], np.random.default_rng(1).uniform(size=(2, 6, 8)) < 0.3
    for curve, end in [(deletion, 0), (insertion, -1)]:
        found = curve(this.model, x, heat, [1, 2], steps=4, where=mask)
        odds = [this.model(x)[b].numpy()[mask[b], c].mean() for b, c in enumerate([1, 2])]
        np.testing.assert_allclose(found[:, end], odds, rtol=1e-4)
    filled = np.where(heat[..., None] > -5, 0.5, x).astype("float32")
    found = deletion(this.model, x, heat, [1, 2], steps=4, fill=0.5, where=mask)
    odds = [this.model(filled)[b].numpy()[mask[b], c].mean() for b, c in enumerate([1, 2])]
    np.testing.assert_allclose(found[:, -1], odds, rtol=1e-4)
    assert area_under(found).shape == (2,)
    for curve, end in [(deletion, 0), (insertion, -1)]:
        found = curve(this.model, x, heat, [1, 2], steps=4, where=mask, scores=True)
        logits = this.logits(this.features(x)).numpy()
        means = [logits[b][mask[b], c].mean() for b, c in enumerate([1, 2])]
        np.testing.assert_allclose(found[:, end], means, rtol=1e-4)


def test_the_places_stay_those_of_the_trained_model_while_it_forgets():
    this, x = case("softmax layer")
    seen = []

    def asked(model, images, classes, normalise, where):
        seen.append(where.mask)
        return np.zeros((2, 6, 8))

    cascading_randomisation(this.model, x, method=asked)
    answer = this.logits(this.features(x)).numpy().argmax(-1)
    for mask in seen:
        np.testing.assert_array_equal(mask, [a == np.bincount(a.ravel()).argmax() for a in answer])
    assert len(seen) == 3
    maps = cascading_randomisation(this.model, x, method=heatmaps.saliency, where=(1, 2))
    expected = heatmaps.saliency(this.model, x, where=(1, 2), normalise=False)
    np.testing.assert_array_equal(maps["trained"], expected)


def test_a_class_that_is_nowhere_the_top_one_has_a_map_of_zeros_and_a_line(capsys):
    this, x = case("logits")
    this.back[-1].bias.assign([0, 0, -99])
    found = heatmaps.grad_cam(this.model, x, [2, 0], "seen")
    assert not found[0].any()
    said = capsys.readouterr().out
    assert "note: class 2 is the top one at no place of image 0: there is no score" in said
    assert "no positive evidence for class 2 in image 0: the map is 0 everywhere" in said
    for method in METHODS[4:7]:
        assert not method(this.model, x[0], 2).any()


def test_what_is_explained_without_where_is_said_once_per_model(capsys):
    this, x = case("logits")
    for _ in range(2):
        heatmaps.grad_cam(this.model, x, layer="seen")
        heatmaps.saliency(this.model, x, where=(0, 0))
    assert capsys.readouterr().out == (
        "note: the model answers at 6×8 places, and the score is the mean over those where the "
        "class is the top one. Choose others with where=; a classifier lacks its head "
        "(include_top=True).\n"
    )


@pytest.mark.parametrize(
    ("end", "layer"),
    [
        ([], "one"),
        ([layers.Softmax], "one"),
        ([lambda: layers.UpSampling2D(2, interpolation="bilinear"), layers.Softmax], "one"),
        ([lambda: layers.Dense(2)], "two"),
        ([layers.GlobalAveragePooling2D, layers.Softmax], "two"),
        ([layers.Flatten, lambda: layers.Dense(2)], "two"),
    ],
)
def test_without_a_layer_it_is_the_last_one_in_front_of_what_makes_the_answer(end, layer):
    stack = [conv(name="one"), layers.Conv2D(3, 1, name="two"), *(make() for make in end)]
    model = keras.Sequential([keras.Input(PICTURE), *stack])
    assert heatmaps.default_layer(model) == layer


def test_of_a_text_line_it_is_the_map_whose_axes_are_those_of_the_picture():
    this, x = case("text line")
    assert heatmaps.default_layer(this.model) == "seen"
    assert heatmaps.grad_cam(this.model, x, 1, where=3).shape == (2, 6, 8)


def test_an_answer_of_the_only_convolution_is_looked_at_itself():
    model = keras.Sequential([keras.Input(PICTURE), layers.Conv2D(3, 2, name="only")])
    assert heatmaps.default_layer(model) == "only"
    found = heatmaps.grad_cam(model, given(PICTURE), 1, where=(1, 2), resize=False, normalise=False)
    np.testing.assert_allclose(found, model(given(PICTURE))[..., 1] / (5 * 7), rtol=1e-4)


def test_a_second_question_about_other_places_is_not_traced():
    this, x = case("logits")
    for where in [(0, 0), (1, 2), (0, 1, 3, 4), np.ones((6, 8), bool)]:
        class_evidence(this.model, x, layer="seen", where=where)
    functions = per_model._memories[this.model][1].values()
    traces = [f.trace_count() for f in functions if hasattr(f, "trace_count")]
    assert sorted(traces) == [1, 1]  # the answer's size, and the gradient


def test_an_answer_of_an_open_size_is_as_large_as_the_picture_makes_it():
    stack = [layers.Conv2D(4, 3, name="seen"), layers.Conv2D(3, 1)]
    model = keras.Sequential([keras.Input((None, None, 3)), *stack])
    for size in [(6, 8), (9, 5)]:
        edge = (size[0] - 3, size[1] - 3)
        assert heatmaps.grad_cam(model, given((*size, 3)), 1, where=edge).shape == (2, *size)
        with pytest.raises(ValueError, match=f"lie in the {edge[0] + 1}×{edge[1] + 1} places"):
            heatmaps.grad_cam(model, given((*size, 3)), 1, where=size)


# What is said where it cannot work.


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_a_classifier_has_no_places(method):
    stack = [conv(), layers.GlobalAveragePooling2D(), layers.Dense(3)]
    model = keras.Sequential([keras.Input(PICTURE), *stack])
    with pytest.raises(ValueError) as error:
        method(model, given(PICTURE), where=(2, 3))
    assert str(error.value) == (
        "`where` must be None for a model that gives one value per class, (B, classes), and no "
        "places: got where=(2, 3). Leave it out."
    )


FORMS = "a cell (row, column), a box (top, left, bottom, right) or a boolean mask"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ((1, 2, 3), f"must be {FORMS}, for the model answers at 6×8 places: got where=(1, 2, 3)."),
        (4, f"must be {FORMS}, for the model answers at 6×8 places: got where=4. Give whole"),
        ((1.0, 2.0), "got where=(1.0, 2.0). Give whole numbers, counted in the answer's cells."),
        ("all", "got where='all'. Give whole numbers"),
        (True, "got where=True. Give whole numbers"),
        (np.ones((6, 8)), "got an array of shape (6, 8). Give whole numbers"),
        ((6, 0), "must lie in the 6×8 places of the answer: got where=(6, 0). Count its cells"),
        ((0, -1), "must lie in the 6×8 places of the answer: got where=(0, -1)."),
        ((0, 0, 7, 8), "must lie in the 6×8 places of the answer: got where=(0, 0, 7, 8)."),
        ((2, 3, 2, 5), "must hold at least one place: got where=(2, 3, 2, 5), an empty box. Write"),
        ((2, 3, 5, 1), "the last numbers are the first ones outside."),
        (np.ones((8, 6), bool), "a mask of the answer's places, (6, 8), or one per image, (2, 6,"
            " 8): got a mask of shape (8, 6). Make it on the grid of model(images), without"),
        (np.zeros((6, 8), bool), "at least one place: got a mask that is False everywhere. Leave"),
        (np.arange(96).reshape(2, 6, 8) < 48, "got a mask that is False everywhere for image 1."),
    ],
)  # fmt: skip
def test_places_that_do_not_suit_the_answer_are_refused(where, message):
    with pytest.raises(ValueError) as error:
        places_of(where, (6, 8), 2)
    assert str(error.value).startswith("`where` must ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("where", "sizes", "message"),
    [
        ((1, 2, 3), (9,), r"a step t, a stretch \(first, last \+ 1\) or a boolean mask"),
        (9, (9,), r"lie in the 9 places of the answer: got where=9\."),
        ((1, 2), (4, 5, 6), r"a cell \(depth, row, column\), a box \(front, top, left, back, "),
    ],
)
def test_places_along_a_line_and_in_a_volume_have_names_of_their_own(where, sizes, message):
    with pytest.raises(ValueError, match=message):
        places_of(where, sizes, 1)


def test_a_step_and_a_stretch_of_a_line():
    np.testing.assert_array_equal(places_of(2, (5,), 1).mask, [np.arange(5) == 2])
    np.testing.assert_array_equal(places_of((2,), (5,), 1).mask, [np.arange(5) == 2])
    np.testing.assert_array_equal(places_of((1, 4), (5,), 1).mask, [[0, 1, 1, 1, 0]])


def test_an_answer_without_a_class_axis_is_refused():
    model = keras.Sequential([keras.Input(VOLUME), layers.Reshape((4, 6, 5, 2, 1))])
    with pytest.raises(
        ValueError, match=r"per class and place, .*: got \(2, 4, 6, 5, 2, 1\)\. Add"
    ):
        class_scores(model, given(VOLUME))


def test_probabilities_at_places_without_a_visible_softmax_are_refused():
    shares = layers.Lambda(lambda e: e / tf.reduce_sum(e, axis=-1, keepdims=True))
    stack = [layers.Conv2D(3, 3, activation="exponential"), shares]
    model = keras.Sequential([keras.Input(PICTURE), *stack])
    with pytest.raises(ValueError, match="probabilities whose softmax or sigmoid is not"):
        heatmaps.saliency(model, given(PICTURE))
