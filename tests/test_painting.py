"""Pictures painted by a network, against a few lines of TensorFlow."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab import painting
from cnnlab.painting import dream, gram, invert, stylise, total_variation


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def network(*before, shape=(None, None, 3)):
    return keras.Sequential(
        [
            keras.Input(shape),
            *before,
            layers.Conv2D(6, (3, 5), activation="tanh", name="one"),
            layers.Conv2D(5, 3, strides=2, activation="relu", name="two"),
        ]
    )


def picture(seed=0, shape=(12, 18, 3)):
    return np.random.default_rng(seed).uniform(size=shape).astype("float32")


def maps_of(model, x, layer):
    upto = keras.Model(model.inputs[0], model.get_layer(layer).output)
    return upto(np.asarray(x)[None]).numpy()[0]


def test_gram_is_the_sum_over_all_places_by_their_number():
    maps = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype("float32")
    expected = np.zeros((2, 4, 4))
    for b, row, column in np.ndindex(2, 3, 5):
        for c, d in np.ndindex(4, 4):
            expected[b, c, d] += maps[b, row, column, c] * maps[b, row, column, d] / 15
    np.testing.assert_allclose(gram(maps), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gram(maps[1]), expected[1], rtol=1e-5, atol=1e-6)
    assert gram(maps).dtype == np.float32


def test_gram_forgets_places_and_nothing_else():
    maps = np.random.default_rng(0).normal(size=(3, 5, 4))
    moved = np.random.default_rng(1).permutation(maps.reshape(15, 4)).reshape(5, 3, 4)
    np.testing.assert_allclose(gram(moved), gram(maps), atol=1e-5)
    each_channel = np.stack([np.roll(maps[..., c], c, axis=1) for c in range(4)], axis=-1)
    assert np.abs(gram(each_channel) - gram(maps)).max() > 0.1
    np.testing.assert_allclose(gram(np.tile(maps, (2, 3, 1))), gram(maps), atol=1e-5)


@pytest.mark.parametrize("maps", [np.ones((4, 5)), np.ones((0, 5, 3)), np.full((2, 3, 4), np.nan)])
def test_gram_refuses_what_is_no_map(maps):
    with pytest.raises(ValueError, match=r"`maps` must be finite and of shape .* got shape \("):
        gram(maps)


def test_total_variation_is_that_of_tensorflow_but_for_its_softness(monkeypatch):
    monkeypatch.setattr(painting, "SOFTNESS", 1e-9)
    x = picture()
    expected = float(tf.image.total_variation(tf.constant(x))) / x.size
    assert total_variation(x)[0] == pytest.approx(expected, rel=1e-5)


def test_of_one_colour_nothing_varies():
    value, slopes = total_variation(np.full((4, 5, 3), 0.3))
    assert value == 0 and not slopes.any()


def test_the_slope_of_total_variation_is_that_of_small_steps():
    x, step = picture(shape=(4, 5, 2)).astype(float), 1e-6
    x[1, 1] = x[1, 2]  # equal neighbours, where abs has no slope
    _, slopes = total_variation(x)
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += step
        behind[index] -= step
        expected = (total_variation(ahead)[0] - total_variation(behind)[0]) / (2 * step)
        assert slopes[index] == pytest.approx(expected, abs=1e-6)


def loss_by_tape(model, x, content, style, weight):
    """The formula of `stylise` without its total variation, and its gradient."""

    def seen(x):
        return [keras.Model(model.inputs[0], model.get_layer(n).output)(x) for n in ("one", "two")]

    def matrix(maps):
        flat = tf.reshape(maps, (-1, maps.shape[-1]))
        return tf.transpose(flat) @ flat / len(flat)

    x = tf.constant(x[None])
    goal, (first, second) = seen(content[None])[1], seen(style[None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        one, two = seen(x)
        loss = tf.reduce_sum((two - goal) ** 2) / tf.reduce_sum(goal**2)
        for now, wanted in ((one, first), (two, second)):
            now, wanted = matrix(now), matrix(wanted)
            loss += weight / 2 * tf.reduce_sum((now - wanted) ** 2) / tf.reduce_sum(wanted**2)
    return float(loss), tape.gradient(loss, x).numpy()[0]


def test_the_loss_and_its_gradient_are_those_of_the_tape(monkeypatch):
    model, content, style, now = network(), picture(), picture(1, (10, 16, 3)), picture(2)
    asked = []

    def once(loss, start, steps, tell):
        asked.append(loss(start))

    monkeypatch.setitem(painting._OPTIMISERS, "l-bfgs", once)
    monkeypatch.setattr(painting, "_filtered", lambda picture, ease: picture)
    painted = stylise(model, content, style, "two", ["one", "two"], style_weight=3, smoothness=0)
    loss, slopes = loss_by_tape(model, content, content, style, 3)
    np.testing.assert_allclose(asked[0][0], loss, rtol=1e-4)
    np.testing.assert_allclose(asked[0][1].reshape(content.shape), slopes, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(painted, content)  # begun there, and no step was made
    monkeypatch.setattr(painting, "total_variation", lambda x: (7.0, np.ones_like(x)))
    stylise(model, content, style, "two", ["one", "two"], style_weight=3, smoothness=0.5)
    np.testing.assert_allclose(asked[1][0], loss + 3.5, rtol=1e-4)
    np.testing.assert_allclose(asked[1][1], asked[0][1] + 0.5, rtol=1e-4, atol=1e-6)
    assert now.shape == content.shape


@pytest.mark.parametrize("far", [0.0, 0.3])
def test_the_slopes_are_those_of_small_steps_also_where_the_picture_is_cut_off(far):
    seen, step = [], 1e-3

    def probe(loss, start, steps, tell):
        rng = np.random.default_rng(0)
        place, way = far * rng.normal(size=start.shape), rng.normal(size=start.shape)
        _, slopes = loss(place)
        ahead, behind = loss(place + step * way)[0], loss(place - step * way)[0]
        seen.append(((ahead - behind) / (2 * step), float(slopes @ way)))

    painting._OPTIMISERS["probe"] = probe
    try:
        content = 0.2 + 0.6 * picture()  # so that at first nothing is cut off
        stylise(network(), content, picture(1), "two", ["one"], optimiser="probe", steps=1)
    finally:
        del painting._OPTIMISERS["probe"]
    assert seen[0][0] == pytest.approx(seen[0][1], rel=0.03)


def test_a_frequency_four_times_as_high_is_painted_half_as_easily():
    ease = painting._dearness((32, 48, 3))
    assert ease.shape == (32, 25, 1) and ease.mean() == pytest.approx(1)
    assert ease[8, 0] / ease[2, 0] == pytest.approx(0.5)
    assert ease[0, 12] / ease[0, 3] == pytest.approx(0.5)


@pytest.mark.parametrize("optimiser, steps", [("l-bfgs", 60), ("adam", 250)])
def test_a_layer_that_forgets_nothing_gives_the_picture_back(optimiser, steps):
    mixing = np.array([[1.0, 0.5, 0, 0.2], [0, 1, -0.5, 0.3], [0.4, 0, 1, -0.6]])
    conv = layers.Conv2D(4, 1, name="conv")
    model = keras.Sequential([keras.Input((None, None, 3)), conv])
    conv.set_weights([mixing[None, None].astype("float32"), np.zeros(4, "float32")])
    made = invert(model, picture(), "conv", smoothness=0, steps=steps, optimiser=optimiser)
    assert made.dtype == np.float32 and made.shape == (12, 18, 3)
    np.testing.assert_allclose(made, picture(), atol=0.05)


def test_an_inverted_picture_answers_as_the_picture_does():
    model, x = network(), picture()
    made = invert(model, x, "two", smoothness=0, steps=60)
    far = np.square(maps_of(model, made, "two") - maps_of(model, x, "two")).sum()
    assert far < 0.03 * np.square(maps_of(model, x, "two")).sum()
    assert made.min() >= 0 and made.max() <= 1


def test_smoothness_makes_it_smooth():
    rough, smooth = (invert(network(), picture(), "one", smoothness=s, steps=20) for s in (0, 3))
    assert total_variation(smooth)[0] < 0.7 * total_variation(rough)[0]


def test_a_picture_of_a_batch_is_the_one_that_is_made_alone():
    pair = np.stack([picture(), picture(1)])
    both = invert(network(), pair, "one", steps=4)
    alone = invert(network(), pair[1], "one", steps=4)
    assert both.shape == pair.shape
    keras.utils.set_random_seed(0)
    model = network()
    both, alone = invert(model, pair, "one", steps=4), invert(model, pair[1], "one", steps=4)
    np.testing.assert_allclose(both[1], alone, atol=1e-4)
    assert np.abs(invert(model, pair[1], "one", steps=4, seed=1) - alone).max() > 0.01


def test_a_styled_picture_has_the_gram_matrix_of_the_style_and_the_maps_of_the_content():
    model, content, style = network(), picture(), 0.3 * picture(1, (10, 16, 3))
    made = stylise(model, content, style, "two", ["one"], style_weight=30, smoothness=0, steps=40)
    matrices = [gram(maps_of(model, x, "one")) for x in (made, content, style)]
    far, before = (np.square(m - matrices[2]).sum() for m in matrices[:2])
    assert far < 0.1 * before
    kept = stylise(model, content, style, "two", "one", style_weight=0, smoothness=0, steps=5)
    np.testing.assert_allclose(kept, content, atol=1e-5)


def test_the_picture_that_came_nearest_is_kept(monkeypatch):
    def there_and_away(loss, start, steps, tell):
        away = np.random.default_rng(0).normal(size=start.shape)
        for far in (0.3, 0.0, 0.6):
            loss(far * away)

    monkeypatch.setitem(painting._OPTIMISERS, "l-bfgs", there_and_away)
    made = stylise(network(), picture(), picture(1), "two", ["one"], style_weight=0, smoothness=0)
    np.testing.assert_allclose(made, picture(), atol=1e-6)


def test_a_dream_answers_more_than_the_picture_and_has_its_size():
    model, x = network(), picture(shape=(30, 42, 3))
    made = dream(model, x, "one", octaves=2, steps=6)
    assert made.shape == x.shape and made.dtype == np.float32
    assert made.min() >= 0 and made.max() <= 1
    before, after = (np.square(maps_of(model, p, "one")).mean() for p in (x, made))
    assert after > 1.2 * before
    again = dream(model, x, "one", octaves=2, steps=6)
    np.testing.assert_allclose(made, again, atol=1e-5)


def test_the_sizes_of_a_dream_grow_by_the_scale_and_its_details_come_back(monkeypatch):
    sizes = []

    def still(evidence, pictures, rng):
        sizes.append(pictures.shape[1:3])
        return np.zeros_like(pictures)

    monkeypatch.setattr(painting, "cleaned_slopes", still)
    x = picture(shape=(30, 42, 3))
    made = dream(network(), x, "one", octaves=3, scale=1.5, steps=1)
    assert sizes == [(13, 19), (20, 28), (30, 42)]
    np.testing.assert_allclose(made, x, atol=1e-6)  # where no step changes it, nothing is lost


@pytest.mark.parametrize("paint", [invert, dream])
def test_models_that_prepare_their_images_themselves_paint_the_same(paint):
    plain = network()
    inside = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Rescaling(1 / 127.5, -1), plain]
    )
    options = {"steps": 3}
    x = picture(shape=(24, 36, 3))
    one = paint(plain, 2 * x - 1, "one", **options)
    path = next(n.address for n in _calls(inside) if n.address.endswith("one"))
    other = paint(inside, 255 * x, path, **options)
    np.testing.assert_allclose(one, other, atol=0.02)


def _calls(model):
    from cnnlab.reading.per_model import known

    return known(model).graph.calls


def test_a_range_of_ones_own_per_channel():
    low, high = np.array([-0.3, 0.0, 0.2]), np.array([0.5, 1.0, 0.8])
    x = picture()
    made = stylise(
        network(), low + (high - low) * x, low + (high - low) * picture(1), "two", ["one"],
        style_weight=0, smoothness=0, steps=1, value_range=(low, high),
    )  # fmt: skip
    np.testing.assert_allclose(made, x, atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, while it saves
def test_a_nested_a_loaded_and_a_mixed_model_paint_alike(tmp_path):
    model, x = network(shape=(12, 18, 3)), picture()
    expected = invert(model, x, "two", steps=3)
    outer = keras.Input((12, 18, 3))
    nested = keras.Model(outer, model(outer))
    np.testing.assert_allclose(invert(nested, x, f"{model.name}/two", steps=3), expected, atol=1e-4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(invert(loaded, x, "two", steps=3), expected, atol=1e-4)
    for policy in ("mixed_float16", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        try:
            mixed = network(shape=(12, 18, 3))
        finally:
            keras.config.set_dtype_policy("float32")
        mixed.set_weights(model.get_weights())
        made = invert(mixed, x, "two", steps=3)
        assert np.abs(made - expected).mean() < 0.02


def test_one_picture_of_a_model_with_two_inputs_is_painted():
    image, size = keras.Input((12, 18, 3), name="image"), keras.Input((2,), name="size")
    maps = layers.Conv2D(4, 3, name="conv")(image)
    dense = layers.Dense(4, name="dense")(size)
    model = keras.Model([image, size], [layers.Flatten()(maps), dense])
    made = invert(model, [picture()[None], np.ones((1, 2))], "conv", steps=2)
    assert made.shape == (1, 12, 18, 3)
    with pytest.raises(ValueError, match="must see the picture 'image': got layer='dense'"):
        invert(model, [picture()[None], np.ones((1, 2))], "dense", steps=2)


def dead():
    model = network()
    model.get_layer("two").bias.assign(np.full(5, -100, "float32"))
    return model


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"layer": "three"}, "three"),
        ({"steps": 0}, r"`steps` must be a whole number of at least 1: got steps=0\."),
        ({"smoothness": -1}, r"`smoothness` must be a number from 0 on: got -1\. 0 leaves it out"),
        ({"optimiser": "sgd"}, r"`optimiser` must be one of l-bfgs, adam: got 'sgd'\."),
        ({"image": 3 * picture() - 1}, r"`value_range` must be given where the images do not tell"),
        ({"image": picture(shape=(12, 18, 1))}, "Repeat the grey channel"),
        ({"model": dead()}, "must answer to the picture: got layer='two', which gives NaN, inf"),
    ],
)
def test_what_does_not_suit_inversion_is_refused(changed, message):
    given = {"model": network(), "image": picture(), "layer": "two", **changed}
    with pytest.raises(ValueError, match=message):
        invert(**given)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"style_layers": []}, r"`style_layers` must name at least one layer: got none\."),
        ({"style_weight": None}, "`style_weight` must be a number from 0 on: got None"),
        ({"content": np.stack([picture()] * 2)}, "`content` must be one picture: got 2"),
        ({"style": np.stack([picture()] * 3)}, "`style` must be one picture: got 3"),
        ({"style": picture(shape=(12, 18, 4))}, "alpha channel"),
    ],
)
def test_what_does_not_suit_style_is_refused(changed, message):
    given = {"content": picture(), "style": picture(1), "content_layer": "two"}
    given |= {"style_layers": ["one"], **changed}
    with pytest.raises(ValueError, match=message):
        stylise(network(), **given)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"scale": 1}, r"`scale` must be above 1: got 1\. Each size is so many times"),
        ({"octaves": 0}, "`octaves` must be a whole number of at least 1: got octaves=0"),
        ({"image": np.stack([picture()] * 2)}, "`image` must be one picture: got 2"),
    ],
)
def test_what_does_not_suit_a_dream_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        dream(network(), **{"image": picture(), "layer": "one", **changed})


def test_layers_without_a_map_signals_and_whole_numbers_are_refused():
    flat = keras.Sequential([keras.Input((12, 18, 3)), layers.Flatten(name="flat")])
    with pytest.raises(
        ValueError, match=r"must have a map, .* got layer='flat' of shape \(None, 6"
    ):
        invert(flat, picture(), "flat")
    signal = keras.Sequential([keras.Input((12, 3)), layers.Conv1D(4, 3, name="conv")])
    with pytest.raises(ValueError, match=r"`image` must be a picture, .* got 3 axes"):
        invert(signal, np.ones((1, 12, 3), "float32"), "conv")
    whole = keras.Input((12, 18, 3), dtype="uint8")
    scaled = layers.Conv2D(4, 3, name="conv")(layers.Rescaling(1 / 255)(whole))
    with pytest.raises(ValueError, match=r"`images` must be numbers .* got uint8"):
        invert(keras.Model(whole, scaled), np.zeros((12, 18, 3), "uint8"), "conv")


def interrupted_after(calls, function):
    number = itertools.count()

    def stopped(*given):
        if next(number) == calls:
            raise KeyboardInterrupt
        return function(*given)

    return stopped


@pytest.mark.parametrize("optimiser", ["l-bfgs", "adam"])
def test_an_interrupt_keeps_the_best_picture_so_far(optimiser, monkeypatch, capsys):
    model = network()
    stopped = interrupted_after(6, painting.unlikeness)
    monkeypatch.setattr(painting, "unlikeness", stopped)
    made = invert(model, picture(), "one", steps=200, optimiser=optimiser, smoothness=0)
    said = capsys.readouterr().out
    assert said.startswith("stopped after step ") and "of 200: this is the best picture" in said
    start = np.clip(0.5 + 0.05 * np.random.default_rng(0).standard_normal((12, 18, 3)), 0, 1)
    goal = maps_of(model, picture(), "one")
    far, before = (np.square(maps_of(model, x, "one") - goal).sum() for x in (made, start))
    assert far < before


def test_an_interrupted_dream_is_kept(monkeypatch, capsys):
    monkeypatch.setattr(painting, "cleaned_slopes", interrupted_after(3, painting.cleaned_slopes))
    x = picture(shape=(30, 42, 3))
    made = dream(network(), x, "one", octaves=2, steps=3)
    assert capsys.readouterr().out == "stopped before the end: this is the dream so far\n"
    assert made.shape == x.shape and np.abs(made - x).max() > 0.01


def test_steps_are_shown_where_somebody_watches(monkeypatch):
    shown, bar = [], painting.bar

    def noted(items, unit):
        shown.append((len(items), unit))
        return bar(items, unit)

    monkeypatch.setattr(painting, "bar", noted)
    invert(network(), picture(), "one", steps=3)
    dream(network(), picture(shape=(30, 42, 3)), "one", octaves=2, steps=1)
    assert shown == [(3, "step"), (2, "size")]
