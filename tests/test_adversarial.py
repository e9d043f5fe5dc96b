"""Pictures that fool a network."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab import adversarial
from cnnlab.adversarial import fast_gradient_sign, project, projected_gradient
from cnnlab.gradients import class_scores


@pytest.fixture(autouse=True)
def _same_weights_every_time():
    keras.utils.set_random_seed(0)


def network(*before, end=None, shape=(8, 12, 3), activation=None):
    conv = layers.Conv2D(4, (3, 5), activation="tanh", name="conv")
    head = end or layers.Dense(3, activation=activation)
    return keras.Sequential(
        [keras.Input(shape), *before, conv, layers.GlobalAveragePooling2D(), head]
    )


def images(count=4, low=0.0, high=1.0, shape=(8, 12, 3)):
    values = np.random.default_rng(0).uniform(low, high, (count, *shape))
    return values.astype("float32")


def slopes_of_cross_entropy(model, x, labels):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(x))
    return tape.gradient(loss, x).numpy()


def margins(model, x, labels):
    logits = model(x).numpy().astype(float)
    others = [np.delete(row, label) for row, label in zip(logits, labels, strict=True)]
    own = logits[np.arange(len(logits)), labels]
    return own - np.log(np.exp(others).sum(axis=1))


LABELS = [2, 0, 1, 0]


@pytest.mark.parametrize("targeted", [False, True])
def test_one_step_follows_the_sign_of_the_gradient_of_cross_entropy(targeted):
    model, x = network(), images()
    slopes = slopes_of_cross_entropy(model, x, LABELS) * (-1 if targeted else 1)
    expected = np.clip(x + 0.1 * np.sign(slopes), 0, 1)
    made = fast_gradient_sign(model, x, LABELS, 0.1, targeted=targeted)
    np.testing.assert_allclose(made, expected, atol=1e-6)
    assert made.dtype == np.float32


@pytest.mark.parametrize("norm", [np.inf, 2])
@pytest.mark.parametrize("targeted", [False, True])
def test_descent_is_a_loop_of_steps_led_back_of_which_the_best_is_kept(norm, targeted):
    model, x, epsilon, steps, rate = network(), images(), 0.2, 5, 0.15
    up = -1 if targeted else 1
    now, tried = x.copy(), [x]
    for _ in range(steps):
        slopes = up * slopes_of_cross_entropy(model, now, LABELS)
        lengths = np.sqrt((slopes**2).sum(axis=(1, 2, 3), keepdims=True))
        now = now + rate * (np.sign(slopes) if norm == np.inf else slopes / lengths)
        change = now - x
        if norm == 2:
            long = np.sqrt((change**2).sum(axis=(1, 2, 3), keepdims=True))
            change = np.where(long > epsilon, change * epsilon / long, change)
        now = np.clip(x + np.clip(change, -epsilon, epsilon), 0, 1).astype("float32")
        tried.append(now)
    losses = np.stack([-up * margins(model, pictures, LABELS) for pictures in tried])
    expected = np.stack([tried[losses[:, n].argmax()][n] for n in range(len(x))])
    made = projected_gradient(
        model, x, LABELS, epsilon, norm=norm, steps=steps, rate=rate, targeted=targeted
    )
    np.testing.assert_allclose(made, expected, atol=3e-4)  # a length of 0.2 in all


def test_a_step_is_two_and_a_half_epsilons_by_their_number_where_no_rate_is_given():
    model, x = network(), images()
    plain = projected_gradient(model, x, LABELS, 0.2, steps=5)
    given = projected_gradient(model, x, LABELS, 0.2, steps=5, rate=0.1)
    np.testing.assert_array_equal(plain, given)


def test_a_best_step_in_the_middle_is_kept():
    model, x = network(), images()
    few, many = (
        margins(model, projected_gradient(model, x, LABELS, 0.3, steps=n, rate=0.2), LABELS)
        for n in (2, 9)
    )
    assert (many <= few + 1e-5).all()
    start = margins(model, x, LABELS)
    worse = projected_gradient(model, x, LABELS, 1e-3, steps=2, rate=50.0)
    assert (margins(model, worse, LABELS) <= start).all()


@pytest.mark.parametrize("norm", [np.inf, 2])
@pytest.mark.parametrize("low, high", [(0, 1), (-1, 1), (0, 255), (-124, 152)])
@pytest.mark.parametrize("share", [1e-6, 0.01, 0.3, 3.0])
@pytest.mark.parametrize("seed", [None, 0])
def test_a_picture_never_leaves_its_ball_nor_the_range(norm, low, high, share, seed):
    model = network(layers.Rescaling(1 / 255)) if high == 255 else network()
    x, epsilon = images(3, low, high), share * (high - low)
    x[0, 0, 0], x[1, 2, 3] = low, high
    made = projected_gradient(
        model, x, [0, 1, 2], epsilon, norm=norm, steps=3, seed=seed, value_range=(low, high)
    )
    change = (made.astype(float) - x).reshape(3, -1)
    assert (np.linalg.norm(change, norm, axis=1) <= epsilon).all()
    assert made.min() >= low and made.max() <= high
    assert share < 1e-5 or (change != 0).any(axis=1).all()


def test_project_cuts_in_the_largest_norm_as_numpy_does():
    rng = np.random.default_rng(1)
    x = rng.uniform(size=(2, 3, 5, 2)).astype("float32")
    far = x + rng.normal(size=x.shape)
    expected = np.clip(np.clip(far, x - 0.25, x + 0.25), 0, 1)
    np.testing.assert_allclose(project(far, x, 0.25), expected, atol=1e-6)


def test_project_shortens_what_is_too_long_and_leaves_the_rest():
    x = np.full((2, 3, 5, 1), 0.5)
    far = x.copy()
    far[0, 0, 0], far[0, 2, 4] = 0.9, 0.2  # 0.4 up and 0.3 down: 0.5 in all
    far[1, 1, 1] = 0.6
    near = project(far, x, 0.25, norm=2)
    np.testing.assert_allclose([near[0, 0, 0, 0], near[0, 2, 4, 0]], [0.7, 0.35], atol=1e-6)
    np.testing.assert_allclose(near[1], far[1], atol=1e-6)
    np.testing.assert_allclose(project(near, x, 0.25, norm=2), near, atol=1e-6)


def test_a_range_may_be_one_per_channel():
    low, high = np.array([-0.2, 0.0, 0.3]), np.array([0.9, 1.0, 0.7])
    x = images(2) * (high - low) + low
    made = projected_gradient(network(), x, [0, 1], 2.0, steps=2, value_range=(low, high))
    assert (made >= low.astype("float32")).all() and (made <= high.astype("float32")).all()
    assert np.isclose(made.min(axis=(0, 1, 2)), low).all()


def test_a_network_that_is_sure_is_fooled_all_the_same():
    model, x = network(), images()
    labels = model(x).numpy().argmax(axis=1)
    plain = fast_gradient_sign(model, x, labels, 0.1)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([3e4 * kernel, 3e4 * bias])
    assert (slopes_of_cross_entropy(model, x, labels) == 0).all()  # what cross-entropy says
    sure = fast_gradient_sign(model, x, labels, 0.1)
    assert (np.abs(sure - x) > 0.01).mean() > 0.8
    assert (np.sign(sure - x) == np.sign(plain - x)).mean() > 0.6


@pytest.mark.parametrize("activation, units", [("softmax", 3), ("sigmoid", 3)])
def test_the_end_of_the_model_makes_no_difference(activation, units):
    logits = network(end=layers.Dense(units))
    other = network(end=layers.Dense(units, activation=activation))
    other.set_weights(logits.get_weights())
    made = [fast_gradient_sign(m, images(), LABELS, 0.1) for m in (logits, other)]
    np.testing.assert_allclose(*made, atol=1e-6)


def test_a_single_logit_has_two_classes():
    model, x = network(end=layers.Dense(1, activation="sigmoid")), images()
    before = model(x).numpy().ravel()
    up = fast_gradient_sign(model, x, 1, 0.1, targeted=True)
    down = fast_gradient_sign(model, x, 1, 0.1)
    assert (model(up).numpy().ravel() > before).all()
    assert (model(down).numpy().ravel() < before).all()


def test_one_image_comes_back_as_one_image():
    model, x = network(), images()
    for attack in (fast_gradient_sign, projected_gradient):
        alone = attack(model, x[1], LABELS[1], 0.1)
        assert alone.shape == x[1].shape
        np.testing.assert_allclose(alone, attack(model, x, LABELS, 0.1)[1], atol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, while it saves
def test_a_nested_a_loaded_and_a_mixed_model_are_fooled_alike(tmp_path):
    model, x = network(), images()
    expected = fast_gradient_sign(model, x, LABELS, 0.1)
    inner = keras.Input((8, 12, 3))
    nested = keras.Model(inner, model(inner))
    model.save(tmp_path / "model.keras")
    for other in (nested, keras.models.load_model(tmp_path / "model.keras")):
        np.testing.assert_allclose(fast_gradient_sign(other, x, LABELS, 0.1), expected, atol=1e-6)
    for policy in ("mixed_float16", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        try:
            mixed = network()
        finally:
            keras.config.set_dtype_policy("float32")
        mixed.set_weights(model.get_weights())
        same = np.isclose(fast_gradient_sign(mixed, x, LABELS, 0.1), expected, atol=1e-3)
        assert same.mean() > 0.9


def test_the_pixels_of_a_model_with_two_inputs_are_changed_and_the_rest_stays():
    picture, size = keras.Input((8, 12, 3), name="picture"), keras.Input((2,), name="size")
    seen = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(picture))
    model = keras.Model([picture, size], layers.Dense(3)(layers.Concatenate()([seen, size])))
    pair = [images(), np.ones((4, 2), "float32")]
    made = fast_gradient_sign(model, pair, LABELS, 0.1)
    assert made.shape == pair[0].shape
    lower = margins(lambda x: model([x, pair[1]]), made, LABELS)
    assert (lower < margins(lambda x: model([x, pair[1]]), pair[0], LABELS)).all()


def test_a_model_that_answers_at_places_is_fooled_at_some_of_them():
    model = keras.Sequential([keras.Input((8, 12, 3)), layers.Conv2D(3, 3, padding="same")])
    x = images(1)
    made = fast_gradient_sign(model, x, 1, 0.1, where=(2, 3))
    changed = np.argwhere((made != x).any(axis=(0, 3)))
    assert changed.min(axis=0).tolist() == [1, 2] and changed.max(axis=0).tolist() == [3, 4]


@pytest.mark.parametrize(
    "scale, low, high, reached",
    [(1 / 255, 0, 255, (0, 255)), (None, 0, 1, (0, 1)), (None, -1, 1, (-1, 1))],
)
def test_the_range_is_told_by_model_and_images(scale, low, high, reached):
    model = network(*([layers.Rescaling(scale)] if scale else []))
    made = fast_gradient_sign(model, images(4, low, high), LABELS, 0.5 * (high - low))
    assert (made.min(), made.max()) == reached


def test_whole_numbers_are_taken_where_the_model_divides_them():
    model = network(layers.Rescaling(1 / 255))
    x = images(2, 0, 255).astype("uint8")
    made = fast_gradient_sign(model, x, [0, 1], 4)
    assert made.dtype == np.float32 and np.abs(made - x.astype(float)).max() == 4


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"epsilon": 0}, r"`epsilon` must be a number above 0: got 0\. Give it in the units"),
        ({"epsilon": [0.1]}, r"`epsilon` must be a number above 0: got \[0\.1\]"),
        ({"epsilon": np.nan}, "`epsilon` must be a number above 0: got nan"),
        ({"norm": 1}, r"`norm` must be np.inf or 2: got 1\. np.inf bounds"),
        ({"labels": None}, r"`labels` must be a class, or one per image: got None\. Pass the true"),
        ({"labels": 3}, "must be 0 to 2, for the model has 3 classes: got 3"),
        ({"steps": 0}, r"`steps` must be a whole number of at least 1: got steps=0\."),
        ({"images": images(2, -3, 3)}, r"`value_range` must be given where the images do not tell"),
        ({"value_range": (0, 0.5)}, r"`value_range` must hold all images: got 0.0 to 0.5 for"),
        ({"value_range": (0.5, 1)}, r"`value_range` must hold all images: got 0.5 to 1.0 for"),
        (
            {"value_range": 1},
            r"`value_range` must be the smallest and the largest value .* got 1\.",
        ),
        ({"value_range": ((0, 0), 1)}, r"number or one per channel \(3\): got \(\(0, 0\), 1\)\."),
        ({"images": images(2, shape=(8, 12, 1))}, "Repeat the grey channel"),
    ],
)
def test_what_does_not_suit_is_refused(changed, message):
    given = {"images": images(2), "labels": [0, 1], "epsilon": 0.1, **changed}
    with pytest.raises(ValueError, match=message):
        projected_gradient(network(), **given)


def test_whole_numbers_as_input_and_gradients_without_end_are_refused():
    whole = keras.Input((8, 12, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255)(whole)
    model = keras.Model(whole, network()(x))
    with pytest.raises(ValueError, match=r"`images` must be numbers .* got uint8.* float32 input"):
        fast_gradient_sign(model, np.zeros((1, 8, 12, 3), "uint8"), 0, 4)
    root = keras.Sequential([keras.Input((8, 12, 3)), layers.Lambda(tf.sqrt), network()])
    with pytest.raises(ValueError, match=r"`model` must have finite gradients: got NaN or inf"):
        fast_gradient_sign(root, np.zeros((1, 8, 12, 3), "float32"), 0, 0.1)


def test_an_interrupt_keeps_the_best_pictures_so_far(monkeypatch, capsys):
    model, x = network(), images()
    expected = projected_gradient(model, x, LABELS, 0.2, steps=8, rate=0.05)

    calls, ask = itertools.count(), adversarial.evidence_of

    def stopped(*given, **more):
        if next(calls) == 9:
            raise KeyboardInterrupt
        return ask(*given, **more)

    monkeypatch.setattr(adversarial, "evidence_of", stopped)
    made = projected_gradient(model, x, LABELS, 0.2, steps=20, rate=0.05)
    np.testing.assert_allclose(made, expected, atol=1e-6)
    said = capsys.readouterr().out
    assert said == "stopped before step 10 of 20: these are the best pictures so far\n"


def test_a_step_is_shown_where_somebody_watches(monkeypatch):
    seen = []
    monkeypatch.setattr(
        adversarial, "bar", lambda items, unit: seen.append((len(items), unit)) or items
    )
    projected_gradient(network(), images(), LABELS, 0.2, steps=3)
    assert seen == [(4, "step")]


def test_an_attack_lowers_the_probability_of_the_class_or_raises_that_of_the_target():
    model, x = network(), images()
    before = class_scores(model, x)[1][np.arange(4), LABELS]
    left, reached = (
        class_scores(model, projected_gradient(model, x, LABELS, 0.2, targeted=t))[1]
        for t in (False, True)
    )
    assert (left[np.arange(4), LABELS] < before).all()
    assert (reached[np.arange(4), LABELS] > before).all()


def test_a_picture_without_a_slope_stays_as_it_is():
    model = network(end=layers.Dense(3, kernel_initializer="zeros"))
    for norm in (np.inf, 2):
        made = projected_gradient(model, images(), LABELS, 0.1, norm=norm, steps=2)
        np.testing.assert_array_equal(made, images())
