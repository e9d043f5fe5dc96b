"""Broken models are named, healthy ones are not, and each remedy mends what it belongs to."""

import ast
import builtins
import random
import re
import runpy
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnlab import weights
from cnnlab.datasets import load
from cnnlab.diagnosis import (
    copies,
    diagnose,
    examples,
    finding,
    neighbours,
    pairing,
    planes,
    rates,
    renaming,
    sampling,
)
from cnnlab.diagnosis.finding import AS_LOADED
from cnnlab.diagnosis.given import case_of
from cnnlab.diagnosis.table import RULES

ROOT = Path(__file__).parents[1]
MODELS = runpy.run_path(str(Path(__file__).with_name("broken_models.py")))
BROKEN, HEALTHY = MODELS["BROKEN"], MODELS["HEALTHY"]
PAIR, ROWS = MODELS["PAIR"], MODELS["ROWS"]
EXAMPLES = {rule.finding: examples.example_of(rule.function) for rule in RULES}
KINDS = [rule.finding for rule in RULES]
TRAINED_TWICE = {  # so long that one of the two, and the remedies, are left to the slow tests
    "statistics not settled",
    "one answer for all",
    "nothing learned",
    "too few epochs",
    "overfitting",
    "learning rate too low",
    "loss is NaN",
    "class order",
    "images scaled otherwise than the base wants",
    "leak between sets: nearly the same",
    "learning rate far too high or too low",
    "worse than in its training",
    "channels in another order in validation",
    "measured numbers not scaled",
    "rare class not recognised",
    "batch norm never in training mode",
}
# (kind, a broken model, whether its remedy is tried); those that train, and of each kind the other
# one, are mended in the slow tests.
BOTH = [
    param
    for kind in KINDS
    for param in (
        pytest.param(kind, EXAMPLES[kind], kind not in TRAINED_TWICE, id=f"{kind}-example"),
        pytest.param(
            kind,
            BROKEN[kind],
            False,
            id=f"{kind}-other",
            marks=[pytest.mark.slow] * (kind in TRAINED_TWICE),
        ),
        pytest.param(kind, EXAMPLES[kind], True, id=f"{kind}-mended", marks=pytest.mark.slow),
        pytest.param(kind, BROKEN[kind], True, id=f"{kind}-both mended", marks=pytest.mark.slow),
    )
]
# Keras speaks of some of the mistakes too; here it is known that they are there.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*softmax over axis:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*does not represent logits:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*`trainable` state has changed:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:The model does not have any trainable:UserWarning"),
    pytest.mark.filterwarnings("ignore:Gradients do not exist for variables:UserWarning"),
    pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer:UserWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # saving
]


def made(text):
    """The names that a text of Python makes."""
    keras.utils.set_random_seed(1)
    space = MODELS["names"]()
    exec(text, space)
    return space


def diagnosed(space):
    given = (space[name] for name in ("model", "images", "labels", "history", "validation_data"))
    return diagnose(*given)


def found(table):
    return [finding.removeprefix("perhaps ") for finding in table.finding]


def mended(space, kind):
    """The same names once every remedy of a kind was pasted."""
    table = diagnosed(space)
    for row in table[np.array(found(table)) == kind].itertuples():
        code, _, replaced = row.remedy.partition("  # in place of ")
        if not replaced:
            if AS_LOADED in row.remedy:  # what was spoilt stands nowhere else
                space["images"], space["labels"] = space.get(
                    "loaded", (space["images"], space["labels"])
                )
                space["validation_data"] = space.get("loaded_validation", space["validation_data"])
            exec(row.remedy, space)
            continue
        layers, _, compiled = replaced.partition("; compile with ")
        space["model"] = replace(space, layers.split(", "), code, compiled)
    return space


def names_that_are_not_there(remedy):
    """Those that a pasted remedy uses, and neither it nor the user has made."""
    tree = ast.parse(remedy)
    given = {"model", "images", "labels", "history", "validation_data", "keras", "layers", "np"}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made_there = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    made_there |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    made_there |= {a.asname or a.name for n in ast.walk(tree) for a in getattr(n, "names", ())}
    return {node.id for node in names} - given - made_there - set(dir(builtins))


def asks_a_new_model_for_the_old_loss(remedy):
    """Whether a remedy makes another model, and then reads what only the one before has."""
    made_there = False
    for statement in ast.parse(remedy).body:
        asked = [
            node.attr
            for node in ast.walk(statement)
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "model"
        ]
        if made_there and {"loss", "optimizer"} & {*asked}:
            return True
        made_there |= isinstance(statement, ast.Assign) and (
            getattr(statement.targets[0], "id", "") == "model"
        )
    return False


def test_a_remedy_keeps_the_loss_of_the_model_before():
    assert asks_a_new_model_for_the_old_loss("model = f(model); model.compile('sgd', model.loss)")
    kept = "loss = model.loss; model = f(model); model.compile('sgd', loss)"
    assert not asks_a_new_model_for_the_old_loss(kept)


def test_a_remedy_uses_nothing_that_nobody_has_made():
    assert names_that_are_not_there("images, labels = paired  # as they were") == {"paired"}
    assert not names_that_are_not_there("keep = [i for i in range(9)]; images = images[keep]")


def replace(space, layers, code, loss=""):
    """The model as its author would write it with other layers in place of some."""

    def clone(layer):
        if layer.name in layers:
            return eval(code, space)
        return layer.__class__.from_config(layer.get_config())

    model = space["model"]
    other = keras.models.clone_model(model, clone_function=clone)
    if model.compiled:
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        loss = eval(loss, space) if loss else model.loss
        other.compile(optimizer, loss, metrics=["accuracy"])
    return other


def test_there_are_thirty_kinds_and_more_each_with_a_source_and_an_example():
    assert len(set(KINDS)) == len(KINDS) >= 30
    assert set(BROKEN) == set(HEALTHY) == set(KINDS)
    for rule in RULES:
        assert rule.source
        assert "model" in EXAMPLES[rule.finding]
        assert len(examples.reason_of(rule.function)) > 30
        ast.parse(EXAMPLES[rule.finding])


@pytest.mark.parametrize(("kind", "text", "remedy"), BOTH)
def test_a_broken_model_is_named_and_its_remedy_mends_it(kind, text, remedy):
    space = made(text)
    table = diagnosed(space)
    assert found(table)[0] == kind
    row = table.iloc[0]
    assert row.evidence[0] != " " and row.evidence[-1] != "." and row["where"]
    if row.finding.startswith("perhaps "):
        assert ". What would decide: " in row.evidence
    assert names_that_are_not_there(row.remedy) == set()
    assert not asks_a_new_model_for_the_old_loss(row.remedy)
    if remedy:
        assert kind not in found(diagnosed(mended(space, kind)))


def accuracy(space, rate=0.02, epochs=25):
    """The share of pictures that are named rightly after a short training; 0 where it fails."""
    model, labels = space["model"], np.asarray(space["labels"])
    if rate:
        model.optimizer.learning_rate = rate
    keras.utils.set_random_seed(2)
    try:
        model.fit(space["images"], space["labels"], epochs=epochs, batch_size=40, verbose=0)
    except (ValueError, TypeError, tf.errors.OpError):
        return 0.0
    answers = np.asarray(model.predict(space["images"], verbose=0))
    classes = labels.argmax(axis=-1) if labels.ndim > 1 else labels
    named = answers.argmax(-1) if answers.shape[-1] > 1 else (answers[:, 0] > 0.5).astype(int)
    return float((named == classes).mean()) if named.shape == classes.shape else 0.0


LEARNING = {  # the learning rate of the trial; 0 for that of the model
    "labels out of range": 0.02,
    "ReLU on the output": 0.02,
    "one-hot labels with a sparse loss": 0.02,
    "logits without from_logits": 0.02,
    "NaN in the images": 0.02,
    "labels are names": 0.02,
    "softmax over one unit": 0.02,
    "one answer for every place": 0.02,
    "tanh on the output": 0.02,
    "NaN in the weights": 0.02,
    "NaN in the network": 0.02,
    "images scaled twice": 0.02,
    "nothing trainable": 0.02,
    "no way for gradients": 0.02,
    "units all alike": 0.02,
    "weights that do not move": 0,
    "learning rate far too high or too low": 0,
    "optimiser that holds back": 0,
    "labels are fractions": 0.02,
    "labels of another shape": 0.02,
}
QUICK_TO_LEARN = [*LEARNING][:1]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.slow] * (kind not in QUICK_TO_LEARN))
        for kind in LEARNING
    ],
)
def test_what_was_mended_learns(kind):
    rate = LEARNING[kind]
    before = accuracy(made(EXAMPLES[kind]), rate)
    after = accuracy(mended(made(EXAMPLES[kind]), kind), rate)
    assert after > before + 0.15


LONG_TRAINED = {  # the healthy neighbour, whose rule's fault a broken model shows as well
    "statistics not settled",
    "one answer for all",
    "batch as large as the data",
    "worse than in its training",
    "changed after compile",
    "images scaled otherwise than the base wants",
}


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=[pytest.mark.slow] * (k in LONG_TRAINED)) for k in KINDS],
)
def test_its_healthy_neighbour_is_not_named(kind):
    assert found(diagnosed(made(HEALTHY[kind]))) == []


# many healthy models

SOUND = runpy.run_path(str(Path(__file__).with_name("healthy_models.py")))
QUICK = "mlp, lenet5, mnist_cnn, not built, estimate, autoencoder, two_of_one, of_operations".split(
    ", "
)


def given_to(name):
    keras.utils.set_random_seed(0)
    if name in SOUND["FAMILIES"]:
        return SOUND["nested"](name)
    return {**SOUND["COURSE"], **SOUND["BROUGHT"]}[name]()


def test_there_are_forty_healthy_models_and_more():
    assert len({*SOUND["COURSE"], *SOUND["BROUGHT"], *SOUND["FAMILIES"]}) >= 40


@pytest.mark.parametrize("name", QUICK)
def test_a_healthy_model_gives_an_empty_table(name):
    given = given_to(name)
    start = time.perf_counter()
    assert found(diagnose(*given)) == []
    print(f"{name}: {time.perf_counter() - start:.1f} s")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted({*SOUND["COURSE"], *SOUND["BROUGHT"], *SOUND["FAMILIES"]} - {*QUICK})
)
def test_every_healthy_model_gives_an_empty_table(name):
    assert found(diagnose(*given_to(name))) == []


def test_no_picture_is_its_own_neighbour_whatever_rounding_does():
    images = load("digits", "train").images[:400]
    own = np.arange(len(images))
    for scale in (1, 1 / 3, 1e-3):  # float32: the correlation with itself is 1 but for some digits
        agree, _, pairs = neighbours.neighbours_that_agree(scale * images, own)
        assert agree == 0
        assert pairs > 200


def test_pictures_without_neighbours_tell_nothing_of_their_labels():
    space = made(HEALTHY["labels shuffled against images"])
    noise = np.random.default_rng(0).uniform(size=(240, 8, 12, 1))
    kinds = space["kinds"]
    assert neighbours.neighbours_that_agree(noise, kinds) is None
    agree, expected, pairs = neighbours.neighbours_that_agree(space["pictures"], kinds)
    assert agree > 0.95 and 0.3 < expected < 0.4 and pairs > 100


def test_of_alternating_classes_both_are_looked_at_alike():
    labels = np.arange(120) % 2
    for most in (31, 64):
        shares = np.bincount(labels[sampling.drawn(120, most, labels)])
        assert abs(shares[0] - shares[1]) <= 1 and shares.sum() == most
    assert 20 < labels[sampling.drawn(120, 60)].sum() < 40
    assert sampling.drawn(5, 64, labels[:5]).tolist() == [0, 1, 2, 3, 4]


def test_neighbours_are_the_same_in_every_range_beside_black_ones_and_with_an_alpha():
    split = load("digits", "train")
    images, labels = split.images[:300], split.labels[:300]
    plain = neighbours.neighbours_that_agree(images, labels)
    assert plain[0] > 0.98 and plain[2] > 150
    brighter = np.where(np.arange(300)[:, None, None, None] % 3 == 0, 255 * images, images)
    with_alpha = np.concatenate([images, np.ones_like(images)], axis=-1)
    for other in (brighter, with_alpha):
        assert neighbours.neighbours_that_agree(other, labels) == pytest.approx(plain, abs=0.01)
    black = np.concatenate([images, np.zeros_like(images[:100])])
    named = np.concatenate([labels, np.zeros(100, int)])
    agree, _, pairs = neighbours.neighbours_that_agree(black, named)
    assert agree > 0.98 and abs(pairs - plain[2]) < 10


def test_labels_are_shuffled_only_where_enough_pairs_say_so():
    for agree, expected, pairs, shuffled in [
        (0.20, 0.11, 20, False),  # of things that were labelled rightly
        (0.11, 0.11, 20, False),
        (0.11, 0.11, 100, True),
        (0.0, 0.11, 60, True),
        (0.25, 0.11, 400, False),  # far more than by chance
        (0.35, 0.33, 240, True),
        (0.87, 0.08, 90, False),
    ]:
        assert neighbours.by_chance(agree, expected, pairs) == shuffled


# what 240 textures, numbered in another order, are called by a network that knows two thirds
CALLED = """
0 0 0 0 0 0 0 0 20 0 0 0
0 0 1 0 0 0 0 1 0 0 0 18
1 0 0 2 15 0 0 0 0 2 0 0
0 0 0 16 0 0 0 0 0 1 0 3
0 2 6 0 0 8 1 3 0 0 0 0
0 0 0 0 0 2 0 0 0 0 18 0
0 0 0 0 0 0 15 5 0 0 0 0
0 0 0 0 0 0 0 20 0 0 0 0
0 0 0 0 0 0 0 0 0 0 0 20
4 3 5 0 4 0 0 0 0 0 0 4
0 0 1 0 0 0 0 0 0 19 0 0
0 9 0 0 0 0 0 0 0 0 0 11
"""


def drawings(count, seed):
    """(count, 80, 128, 3) small discs, bars, rings and crosses on a sky, and which they are."""
    rng, labels = np.random.default_rng(seed), np.arange(count) % 4
    rows, columns = np.mgrid[:80, :128]
    pictures = np.empty((count, 80, 128, 3), np.float32)
    for picture, label in zip(pictures, labels, strict=True):
        size, y, x = rng.uniform(7, 12), rng.uniform(13, 67), rng.uniform(13, 115)
        far, high, wide = np.hypot(rows - y, columns - x), abs(rows - y), abs(columns - x)
        shapes = (
            far < size,
            (high < size / 3) & (wide < size),
            (far < size) & (far > 0.6 * size),
            (np.minimum(high, wide) < size / 4) & (np.maximum(high, wide) < size),
        )
        picture[:] = rng.uniform(20, 110, 3) + np.linspace(30, -30, 80)[:, None, None]
        picture[shapes[label]] = rng.uniform(130, 250, 3)
    return pictures / 255, labels


@pytest.mark.parametrize(("count", "seed"), [(200, 6), (400, 4), (400, 6)])
def test_shapes_that_lie_alike_are_no_sign_of_shuffled_labels(count, seed):
    images, labels = drawings(count, seed)
    model = made("model = fitting(small(layers.Dense(4), shape=(80, 128, 3)))")["model"]
    name = "labels shuffled against images"
    near = neighbours.neighbours_that_agree(images, labels)
    assert neighbours.by_chance(*near)  # what is nearly alike lies alike, whatever it is
    assert name not in found(diagnose(model, images, labels))
    other = images[::2], labels[::2]
    assert name not in found(diagnose(model, images[1::2], labels[1::2], validation_data=other))


def test_a_weak_class_does_not_hide_that_all_are_numbered_otherwise():
    table = np.array(CALLED.split(), int).reshape(12, 12)
    order = np.array([8, 2, 4, 3, 5, 10, 6, 7, 11, 0, 9, 1])  # the truth
    labels, named = (np.repeat(n.ravel(), table.ravel()) for n in np.indices((12, 12)))
    for classes, moves in [(labels, True), (order[labels], False)]:
        names, right = renaming.best_renaming(classes, named, np.eye(12)[named])
        moved = pairing._worth_it(names, classes, named)
        assert sorted(names) == sorted(names.values()) == [*range(12)]
        assert 0.68 < right < 0.72 and bool(moved) == moves
        strong = {0, 2, 5, 8, 10}
        assert not moves or all(moved[label] == order[label] for label in strong)


@pytest.mark.parametrize(("name", "named"), [("accuracy", True), ("binary_accuracy", False)])
def test_an_accuracy_by_unit_is_not_compared_with_that_of_pictures(name, named):
    pictures, kinds = examples.stripes()
    end = keras.layers.Dense(3, activation="softmax")
    model = MODELS["fitting"](MODELS["small"](end), "categorical_crossentropy")
    model.fit(pictures, keras.utils.to_categorical(kinds), verbose=0)
    history = {"loss": [0.4, 0.4, 0.4], name: [0.9, 0.9, 0.9]}
    told = found(diagnose(model, pictures, keras.utils.to_categorical(kinds), history))
    assert ("worse than in its training" in told) == named


# what is given, and what is left as it was


def test_what_is_not_given_is_not_judged():
    model = keras.Sequential([keras.layers.Conv2D(4, 3), keras.layers.Dense(3)])
    table = diagnose(model)
    assert table.empty and list(table.columns) == ["finding", "where", "evidence", "remedy"]


def states(model):
    variables = [*model.variables, *(model.optimizer.variables if model.compiled else ())]
    return [np.asarray(variable).copy() for variable in variables], [
        layer.trainable for layer in model.layers
    ]


def test_nothing_is_changed_in_the_model():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 12, 1)),
            layers.RandomFlip(seed=1),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.5, seed=2),
            layers.Dense(3, activity_regularizer="l2"),
        ]
    )
    pictures, kinds = examples.stripes(60)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    history = model.fit(pictures, kinds, epochs=2, verbose=0)
    model.layers[1].trainable = False
    model.layers[1].trainable = True
    (before, trainable), drawn = states(model), random.getstate()
    names, keys = [layer.name for layer in model.layers], sorted(vars(model.layers[1]))
    given = pictures.copy(), kinds.copy()
    diagnose(model, pictures, kinds, history, (pictures[:9], kinds[:9]))
    after = states(model)
    assert all(map(np.array_equal, before, after[0])) and trainable == after[1]
    assert random.getstate() == drawn
    assert [layer.name for layer in model.layers] == names
    assert sorted(vars(model.layers[1])) == keys
    np.testing.assert_array_equal(pictures, given[0])
    again = model.fit(pictures, kinds, epochs=1, verbose=0).history["loss"]
    assert np.isfinite(again).all()


def test_what_is_drawn_in_prediction_is_drawn_again_afterwards():
    class Noise(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = keras.random.SeedGenerator(1)

        def call(self, x):
            return x + keras.random.normal((8, 12, 1), seed=self.seeds)

    model = MODELS["small"](keras.layers.Dense(3), before=[Noise()])
    before = np.asarray(model.layers[0].seeds.state).copy()
    assert found(diagnose(model, examples.stripes(9)[0]))[0].startswith("random at test time")
    np.testing.assert_array_equal(model.layers[0].seeds.state, before)


def test_a_diagnosis_does_not_change_the_training_that_follows():
    losses = []
    for looked in (False, True):
        keras.utils.set_random_seed(3)
        pictures, kinds = examples.stripes(60)
        model = MODELS["fitting"](MODELS["small"](keras.layers.Dropout(0.3), keras.layers.Dense(3)))
        if looked:
            assert diagnose(model, pictures, kinds).empty
        losses.append(model.fit(pictures, kinds, epochs=2, verbose=0).history["loss"])
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"model": "model.keras"}, "`model` must be a Keras model: got str. If it is saved, load"),
        ({"images": "folder"}, "`images` must be an array of numbers: got str. Pass an array"),
        ({"images": np.empty((0, 8, 12, 1))}, r"at least one image: got shape \(0, 8, 12, 1\)"),
        ({"history": 0.7}, "`history` must be what `fit` returned, or its dict of curves: got flo"),
        ({"validation_data": np.zeros(3)}, "`validation_data` must be a pair of images and label"),
    ],
)
def test_what_cannot_be_diagnosed_is_said(given, text):
    with pytest.raises(TypeError, match=text):
        diagnose(**{"model": MODELS["small"](keras.layers.Dense(3))} | given)


def test_a_dataset_is_refused_with_the_remedy():
    dataset = tf.data.Dataset.from_tensor_slices(np.zeros((4, 8, 12, 1)))
    with pytest.raises(TypeError, match=r"Take a batch: images, labels = next\(iter\(dataset"):
        diagnose(MODELS["small"](keras.layers.Dense(3)), dataset)


def test_a_subclassed_model_is_judged_by_what_it_answers():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.flat, self.answer = keras.layers.Flatten(), keras.layers.Dense(3)

        def call(self, x):
            return self.answer(self.flat(x))

    pictures, kinds = examples.stripes(40)
    model = MODELS["fitting"](Own(), "sparse_categorical_crossentropy")
    model(pictures[:1])
    assert found(diagnose(model, pictures, kinds)) == ["logits without from_logits"]
    assert diagnose(MODELS["fitting"](model), pictures, kinds).empty


def test_of_several_outputs_the_one_is_named():
    layers = keras.layers
    image = keras.Input((8, 12, 1))
    x = layers.Flatten()(image)
    ends = {
        "kind": layers.Dense(3, name="kind")(x),
        "slanted": layers.Dense(1, activation="softmax", name="slanted")(x),
    }
    model = keras.Model(image, ends)
    pictures, kinds = examples.stripes(40)
    labels = {"kind": kinds, "slanted": (kinds == 2).astype(int)}
    losses = {"kind": "sparse_categorical_crossentropy", "slanted": "binary_crossentropy"}
    model.compile("adam", losses)
    table = diagnose(model, pictures, labels)
    assert found(table) == ["softmax over one unit", "logits without from_logits"]
    assert "of output 'slanted'" in table.evidence[0]
    exec(table.remedy[0], {"model": model, "keras": keras})
    exec(table.remedy[1], {"model": model, "keras": keras})
    assert diagnose(model, pictures, labels).empty


def test_a_loss_without_a_source_is_no_obstacle():
    model = MODELS["small"](keras.layers.Dense(3))
    given = {"model": model, "keras": keras}
    exec("model.compile('adam', lambda truth, answer: keras.ops.mean(answer**2))", given)
    pictures, kinds = examples.stripes(40)
    assert diagnose(model, pictures, kinds).empty


def test_overfitting_is_not_told_beside_its_cause():
    space = made(BROKEN["statistics not settled"])
    curves = {"loss": [1.0, 0.5, 0.2, 0.1, 0.05], "val_loss": [1.0, 0.9, 1.3, 1.6, 2.0]}
    told = found(diagnose(space["model"], space["images"], space["labels"], curves))
    assert told[0] == "statistics not settled" and "overfitting" not in told


@pytest.mark.parametrize(
    ("validation", "named"),
    [([0.7, 0.9, 0.94, 0.94, 0.95, 0.95], False), ([0.7, 0.9, 0.9, 0.88, 0.86, 0.85], True)],
)
def test_a_loss_that_rises_while_as_many_are_right_is_no_overfitting_yet(validation, named):
    curves = {"loss": [1.0, 0.3, 0.1, 0.05, 0.04, 0.03], "val_accuracy": validation}
    curves["val_loss"] = [0.7, 0.2, 0.25, 0.28, 0.3, 0.33]
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    told = found(diagnose(model, *examples.stripes(), curves))
    assert ("overfitting" in told) == named


def test_a_rare_class_that_is_given_up_is_told_once():
    table = diagnosed(made(BROKEN["rare class not recognised"]))
    assert "imbalance" not in found(table)


def test_a_loss_that_is_heard_is_not_outweighed():
    alone = "model.compile(keras.optimizers.Adam(0.03), [sparse(), 'mse'], loss_weights=[1, {}])\n"
    text = MODELS["PAIR"] + MODELS["TWO_ENDS"].format(1, "'mse'") + alone.format(0)
    text += "labels = [kinds, 255 * pictures.mean(axis=(1, 2))]\n"
    text += "model.fit(images, labels, epochs=15, verbose=0)\n"
    assert "one loss outweighs another" not in found(diagnosed(made(text + alone.format(1))))


def test_what_is_rescaled_needs_no_normalisation():
    scaled = [keras.layers.Rescaling(1 / 255), keras.layers.Normalization()]
    model = MODELS["small"](keras.layers.Dense(3), before=scaled)
    pictures, kinds = examples.stripes(40)
    assert diagnose(MODELS["fitting"](model), 255 * pictures, kinds).empty


def test_of_a_measured_number_the_mean_for_all_is_named():
    space = made(MODELS["MEASURED"])
    model, images = space["model"], space["images"]
    labels = images.argmax(axis=2).mean(axis=(1, 2))
    last = model.layers[-1]
    last.kernel.assign(0 * last.kernel)
    last.bias.assign([labels.mean()])
    table = diagnose(model, images, labels)
    assert table.finding.tolist() == ["perhaps one answer for all"]
    assert "of (N,) and (N, 1) it is (N, N)" in table.evidence[0]


def test_a_rate_that_fades_is_named_though_much_was_learned():
    space = made(HEALTHY["learning rate too low"])
    curves = {"loss": [0.6, 0.3, 0.25, 0.25, 0.25, 0.25], "accuracy": [0.8] + [0.93] * 5}
    rates = {"learning_rate": [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8]}
    given = space["model"], space["images"], space["labels"]
    assert "learning rate that ran out" in found(diagnose(*given, {**curves, **rates}))
    falling = {**curves, "loss": [0.6, 0.3, 0.25, 0.24, 0.23, 0.22]}
    assert found(diagnose(*given, {**falling, **rates})) == []


def test_heat_maps_and_the_diagnosis_ask_the_same_function(monkeypatch):
    from cnnlab.diagnosis import answers, inputs, losses
    from cnnlab.reading import logits, plausible, tracing, value_range

    assert answers.always_one is tracing.always_one is logits.always_one
    assert losses.is_bounded is plausible.is_bounded
    assert losses.shares_of_one is plausible.shares_of_one
    assert inputs.value_range is value_range


@pytest.mark.parametrize(
    ("end", "loss", "metrics", "named"),
    [
        ("linear", "mse", ["accuracy"], ["squared error of classes"]),
        ("sigmoid", "mse", ["accuracy"], ["squared error of classes"]),
        ("linear", "mse", ["mae"], []),
    ],
)
def test_classes_that_are_trained_as_a_number_are_named(end, loss, metrics, named):
    pictures, kinds = examples.stripes(60)
    model = MODELS["small"](keras.layers.Dense(1, activation=end, name="end"))
    table = diagnose(MODELS["fitting"](model, loss, None, metrics), pictures, kinds)
    assert found(table) == named
    assert not named or "1 unit with mse for 3 classes" in table.evidence[0]


def test_a_fresh_model_whose_loss_is_far_above_guessing_started_too_large():
    large = {"kernel_initializer": keras.initializers.RandomNormal(stddev=1.0)}
    pictures, kinds = examples.stripes(60)
    stack = [keras.layers.Dense(256, "relu", **large) for _ in range(2)]
    model = MODELS["fitting"](MODELS["dense"](*stack, keras.layers.Dense(3, **large)))
    table = diagnose(model, pictures, kinds)
    assert found(table) == ["exploding gradients"]
    assert table.evidence[0].endswith("; to guess would cost 1.10")


def test_a_trained_model_that_started_too_large_is_known_by_its_initialisers():
    layers, (pictures, kinds) = keras.layers, examples.stripes(60)
    large = {"kernel_initializer": keras.initializers.RandomNormal(stddev=1.0)}
    model = MODELS["dense"](layers.Dense(16, "relu", name="wide", **large), layers.Dense(3))
    MODELS["fitting"](model).fit(pictures, kinds, verbose=0)
    table = diagnose(model, pictures, kinds, {"loss": [146.0, 1.1, 1.1]})
    assert found(table)[0] == "exploding gradients" and table["where"][0] == "wide"
    assert "the loss of the first epoch is 146, to guess would cost 1.10" in table.evidence[0]
    space = {"model": model, "keras": keras}
    exec(table.remedy[0], space)
    assert diagnose(space["model"], pictures, kinds).empty
    assert "exploding gradients" not in found(diagnose(model, pictures, kinds, {"loss": [1.4]}))


def test_kernels_that_start_near_0_let_nothing_pass():
    layers, (pictures, kinds) = keras.layers, examples.stripes(60)
    tiny = {"kernel_initializer": keras.initializers.RandomNormal(stddev=1e-6)}
    stack = [layers.Dense(16, "relu", name="first", **tiny), layers.Dense(3, **tiny)]
    model = MODELS["fitting"](MODELS["dense"](*stack))
    table = diagnose(model, pictures, kinds)
    assert found(table)[0] == "vanishing gradients" and table["where"][0] == "first"
    space = {"model": model, "keras": keras}
    exec(table.remedy[0], space)
    assert diagnose(space["model"], pictures, kinds).empty
    only_the_end = MODELS["dense"](layers.Dense(16, "relu"), layers.Dense(3, **tiny))
    assert diagnose(MODELS["fitting"](only_the_end), pictures, kinds).empty


def test_a_batch_norm_behind_the_softmax_is_named():
    layers, (pictures, kinds) = keras.layers, examples.stripes(60)
    for end, named in [
        ([layers.Dense(3, "softmax"), layers.BatchNormalization(name="norm")], True),
        ([layers.Dense(3), layers.BatchNormalization(name="norm"), layers.Softmax()], False),
    ]:
        model = MODELS["fitting"](MODELS["small"](*end), MODELS["sparse"](False))
        table = diagnose(model, pictures, kinds)
        assert found(table)[:1] == ["dropout or batch norm behind the answer"] * named
        assert not named or table["where"][0] == "norm"


def test_one_picture_is_a_batch_of_one():
    pictures, _ = examples.stripes(3)
    assert diagnose(MODELS["small"](keras.layers.Dense(3)), pictures[0]).empty


# which finding comes first


SYMPTOMS = [
    "overfitting",
    "too few epochs",
    "nothing learned",
    "one answer for all",
]
MAY_NOT_MATTER = [
    "receptive field smaller than the object",
    "receptive field larger than the image",
    "dense layer that holds 90 % of the parameters",
]


def test_causes_stand_before_what_follows_from_them():
    assert KINDS[-7:] == SYMPTOMS + MAY_NOT_MATTER
    for before, after in [
        ("labels out of range", "loss below zero"),
        ("bottleneck before the answer", "dead ReLUs"),
        ("penalty larger than the loss", "learning rate far too high or too low"),
        ("learning rate far too high or too low", "dead ReLUs"),
        ("learning rate too high", "dead ReLUs"),
        ("batch as large as the data", "learning rate too low"),
        ("sets scaled otherwise", "overfitting"),
        ("labels shuffled against images", "overfitting"),
        ("imbalance", "one answer for all"),
        ("statistics not settled", "worse than in its training"),
    ]:
        assert KINDS.index(before) < KINDS.index(after)


@pytest.mark.parametrize(
    ("cause", "stack", "optimizer"),
    [
        (
            "bottleneck before the answer",
            [keras.layers.Dense(2, "relu", bias_initializer=keras.initializers.Constant(-9.0))],
            "adam",
        ),
        ("learning rate far too high or too low", [], keras.optimizers.SGD(0.3, momentum=0.99)),
        ("learning rate far too high or too low", [], keras.optimizers.Adam(0.05)),
    ],
)
def test_one_answer_for_all_is_told_behind_its_cause(cause, stack, optimizer):
    keras.utils.set_random_seed(1)
    pictures, kinds = examples.stripes(60)
    model = MODELS["dense"](*stack, keras.layers.Dense(6, name="end"))
    MODELS["fitting"](model, None, optimizer).fit(pictures, kinds, verbose=0)
    model.get_layer("end").bias.assign([99.0, 0, 0, 0, 0, 0])
    named = found(diagnose(model, pictures, kinds))
    assert named[0] == cause and named[-1] == "one answer for all"


def flat_training(optimizer, losses, trained=False):
    """A dense network, the pictures, their kinds, and the history of a training without effect."""
    keras.utils.set_random_seed(1)
    pictures, kinds = examples.stripes(60)
    model = MODELS["dense"](keras.layers.Dense(8, "relu"), keras.layers.Dense(3, name="end"))
    MODELS["fitting"](model, None, optimizer)
    if trained:
        model.get_layer("end").bias.assign([0.004, -0.002, 0.001])
    return model, pictures, kinds, {"loss": losses} if losses else None


@pytest.mark.parametrize(
    ("rate", "losses", "trained", "named"),
    [
        (1e-6, None, False, ["perhaps learning rate far too high or too low"]),
        (1e-7, None, False, ["perhaps learning rate far too high or too low"]),
        (1e-6, [1.2893, 1.2890, 1.2887, 1.2884], False, ["learning rate far too high or too low"]),
        (1e-6, [1.2893, 1.2890, 1.2887], True, ["learning rate far too high or too low"]),
        (1e-6, None, True, []),  # the last steps of a fine-tuning
        (1e-6, [1.28, 0.9, 0.86], False, []),
        (1e-5, [1.2893, 1.2890, 1.2887], False, ["perhaps learning rate too low"]),
        (1e-5, [1.2893, 1.2890, 1.2887], True, []),
        (1e-3, [1.2893, 1.2890, 1.2887], False, []),
    ],
)
def test_a_rate_that_moves_nothing_is_named(rate, losses, trained, named):
    given = flat_training(keras.optimizers.Adam(rate), losses, trained)
    told = list(diagnose(*given).finding)
    assert [finding for finding in told if "learning rate" in finding] == named
    assert told[:1] == named or not named


def test_the_rate_of_the_first_epoch_counts_and_none_of_a_plan():
    plan = keras.optimizers.schedules.CosineDecay(0.01, 3)
    model, pictures, kinds, _ = flat_training(keras.optimizers.Adam(plan), None)
    model.fit(pictures, kinds, epochs=2, verbose=0)
    assert diagnose(model, pictures, kinds).empty
    noted = {"loss": [1.1, 0.8, 0.78], "learning_rate": [1e-3, 1e-4, 1e-7]}
    given = flat_training(keras.optimizers.Adam(1e-7), None)
    assert diagnose(*given[:3], noted).empty


def test_a_plan_that_ends_before_anything_is_learned_is_named():
    plan = keras.optimizers.schedules.ExponentialDecay(1e-3, 1, 0.5)
    model, pictures, kinds, _ = flat_training(keras.optimizers.Adam(plan), None)
    history = model.fit(pictures, kinds, batch_size=4, epochs=2, verbose=0)
    table = diagnose(model, pictures, kinds, history)
    assert table.finding[0] == "perhaps learning rate that ran out"
    assert "by its plan Adam has a learning rate of 9.3e-13 after 30 steps" in table.evidence[0]
    assert "its decay_steps, counts batches, and an epoch has 15" in table.evidence[0]
    space = {"model": model, "keras": keras}
    exec(table.remedy[0], space)
    assert "learning rate that ran out" not in found(diagnose(model, pictures, kinds, history))


def test_a_lambda_that_divides_is_measured():
    pictures, kinds = examples.stripes(60)
    scale = keras.layers.Lambda(lambda x: x / 255, name="scale")
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3), before=[scale]))
    table = diagnose(model, pictures, kinds)
    assert found(table) == ["images scaled twice"]
    assert table.evidence[0] == "images reach only 1, and 'scale' makes at most 0.0039 of it"
    assert diagnose(model, 255 * pictures, kinds).empty


def test_a_softmax_between_convolutions_is_named():
    layers, (pictures, kinds) = keras.layers, examples.stripes(60)
    stack = [layers.Conv2D(8, 3, activation="softmax"), layers.MaxPooling2D()]
    model = keras.Sequential([keras.Input((8, 12, 1)), *stack, layers.Flatten(), layers.Dense(3)])
    table = diagnose(MODELS["fitting"](model), pictures, kinds)
    assert found(table) == ["softmax between layers"]
    exec(table.remedy[0], {"model": model, "keras": keras})
    assert diagnose(model, pictures, kinds).empty


def test_a_remedy_does_not_repeat_the_rate_that_is_blamed():
    pictures, kinds = examples.stripes(60)
    dead = {"bias_initializer": keras.initializers.Constant(-50.0)}
    model = MODELS["dense"](keras.layers.Dense(8, "relu", **dead), keras.layers.Dense(3))
    MODELS["fitting"](model, None, keras.optimizers.Adam(0.3))
    table = diagnose(model, pictures, kinds)
    assert found(table)[:2] == ["learning rate far too high or too low", "dead ReLUs"]
    assert "keras.optimizers.Adam(0.001)" in table.remedy[1]
    table = diagnose(model, pictures, kinds, {"loss": [1.3, 2.9, 1.1, 4.2, 1.6, 3.8]})
    assert not table.remedy.str.contains("0.3").any()


def test_a_rate_is_usable_again_only_where_nothing_speaks_against_it():
    model, *_ = flat_training(keras.optimizers.SGD(0.05), None)
    MODELS["fitting"](model, None, keras.optimizers.SGD(0.05))
    case = type("Case", (), {"optimizer": model.optimizer, "rate": 0.05, "history": {}})
    assert rates.usable_rate(case) == 0.05
    case.history = {"loss": np.array([1.0, 1.1, 1.2, 9.0])}
    assert rates.usable_rate(case) == pytest.approx(0.005)
    case.rate = 3.0
    assert rates.usable_rate(case) == 0.01


def test_a_leak_is_mended_by_a_line_that_lists_no_indices():
    pictures, kinds = examples.stripes()
    space = {"model": MODELS["small"](keras.layers.Dense(3)), "images": pictures, "np": np}
    space |= {"labels": kinds, "validation_data": (pictures[:200], kinds[:200])}
    table = diagnose(space["model"], pictures, kinds, None, space["validation_data"])
    assert found(table) == ["leak between sets: the same pictures"]
    assert len(table.remedy[0]) < 250
    exec(table.remedy[0], space)
    assert len(space["validation_data"][0]) == len(space["validation_data"][1]) == 0


@pytest.mark.parametrize("name", ["digits", "textures", "things"])
def test_copies_are_found_and_strangers_are_not(name):
    train, test = load(name, "train"), load(name, "test")
    some = np.random.default_rng(0).permutation(len(train.images))[:300]
    images, classes = train.images[some], train.labels[some]
    others, labels = test.images[:100], test.labels[:100]
    assert not len(copies.copies_in(images, classes, others, labels)[0])
    dark = (images[:90] * 0.6).astype(images.dtype)
    for made_of_them in (images[:90, :, ::-1], dark):
        others = np.concatenate([made_of_them, test.images[:60]])
        pairs, _ = copies.copies_in(images, classes, others, np.append(classes[:90], labels[:60]))
        assert np.sum(pairs[:, 0] == pairs[:, 1]) >= 88


def test_of_a_class_drawn_in_few_forms_no_picture_is_a_copy():
    bars, kinds = np.zeros((150, 12, 16, 1)), np.arange(150) % 2
    for number, picture in enumerate(bars):
        line = (picture, picture.swapaxes(0, 1))[kinds[number]]
        line[number // 2 % 12] = 1
    assert not len(copies.copies_in(bars[:100], kinds[:100], bars[100:], kinds[100:])[0])


def mirrored(labels):
    space = made(SOUND_MODEL)
    whole = np.concatenate([space["pictures"], space["pictures"][:, :, ::-1]])
    return diagnose(space["model"], whole, labels(space["kinds"]))


SOUND_MODEL = MODELS["SOUND"]


def test_mirrored_copies_with_other_labels_are_named():
    table = mirrored(lambda kinds: np.repeat(kinds, 2))
    assert found(table)[0] == "the same picture in two classes"
    assert "equal pairs" in table.evidence[0] and "np.repeat" in table.remedy[0]
    for together in (lambda k: np.tile(k, 2), lambda k: np.append(k, np.array([1, 0, 2])[k])):
        assert "the same picture in two classes" not in found(mirrored(together))


@pytest.mark.parametrize("name", ["digits", "textures", "things"])
def test_rows_cut_at_another_width_are_told_from_pictures(name):
    split = load(name, "test")
    model = keras.Sequential([keras.Input((None, None, split.images.shape[-1]))])
    kind = "rows cut at another width"
    for array in (split.images[:60], split.images[:60].swapaxes(1, 2)):
        assert kind not in found(diagnose(model, array))
    cut = np.stack([np.resize(picture, (40, 36, array.shape[-1])) for picture in array])
    assert kind in found(diagnose(model, cut))


@pytest.mark.parametrize("cut_too", [True, False])
def test_rows_cut_at_the_other_side_are_put_back_where_they_were_cut(cut_too):
    kind, whole = "rows cut at another width", load("textures", "test").images[:60, :48] / 255
    right = whole.swapaxes(1, 2)
    cut, seen = whole.reshape(-1, 64, 48, 3)[:30], right[30:]
    model = keras.Sequential([keras.Input((64, 48, 3))])
    validation = (whole.reshape(-1, 64, 48, 3)[30:] if cut_too else seen), None
    table = diagnose(model, cut, validation_data=validation)
    assert found(table)[0] == kind
    space = {"images": cut, "validation_data": validation}
    exec(table.remedy[0], space)
    assert np.array_equal(space["images"], right[:30])
    assert np.array_equal(space["validation_data"][0], seen)


@pytest.mark.parametrize("name", ["digits", "textures", "things"])
def test_bytes_below_0_are_told_from_pictures_and_drawings(name):
    images = load(name, "test").images[:60]
    images = images if images.dtype == np.uint8 else np.round(255 * images).astype("uint8")
    model = keras.Sequential([keras.Input((None, None, images.shape[-1]))])
    drawn = np.where(images > images.mean(), 20, 235)
    prepared = [lambda x: x / np.float32(255), lambda x: x / 127.5 - 1, lambda x: (x - 99.9) / 63.3]
    for array in (
        images,
        255 - images,
        drawn,
        drawn.astype("uint8"),
        *(f(images) for f in prepared),
    ):
        assert "images wrapped round 256" not in found(diagnose(model, array))
    wrapped = (images - images.mean(axis=(0, 1, 2))).astype("int16").astype("uint8")
    ground = name == "digits"  # most of their pixels are one number, whatever is taken away
    for array in (wrapped, *(f(wrapped) for f in prepared)):
        assert ("images wrapped round 256" in found(diagnose(model, array))) != ground


def test_grey_may_be_joined_with_itself_to_three_colours():
    image = keras.Input((8, 12, 1))
    x = keras.layers.Concatenate()([image, image, image])
    x = keras.layers.Conv2D(8, 3, activation="relu")(x)
    grey = keras.layers.GlobalMaxPooling2D()(x)
    twice = keras.layers.GlobalMaxPooling2D()(keras.layers.Concatenate()([x, x]))
    assert "joined with itself" not in found(diagnose(keras.Model(image, grey)))
    assert "joined with itself" in found(diagnose(keras.Model(image, twice)))


def test_what_both_sets_have_is_mended_in_both():
    def both(change):
        pictures, kinds = examples.stripes()
        others = examples.stripes(80, seed=1)
        return {"np": np, "images": change(pictures), "validation_data": (change(others[0]), kinds)}

    def told_and_mended(space, model):
        table = diagnose(model, space["images"], None, None, space["validation_data"])
        exec(table.remedy[0], space)
        again = diagnose(model, space["images"], None, None, space["validation_data"])
        return list(table.finding), list(again.finding)

    def mixed(array):
        return np.where(np.arange(len(array))[:, None, None, None] % 3 == 0, array, 255 * array)

    model = MODELS["small"](keras.layers.Dense(3))
    assert told_and_mended(both(mixed), model) == (["images scaled in two ways"], [])
    space = both(lambda array: np.round(255 * array))
    MODELS["fitting"](model)
    assert told_and_mended(space, model) == (["images not scaled"], [])
    assert space["validation_data"][0].max() <= 1
    twice = MODELS["small"](keras.layers.Dense(3), before=[keras.layers.Rescaling(1 / 255)])
    space = both(lambda array: array)
    assert told_and_mended(MODELS["fitting"](twice) and space, twice) == (
        ["images scaled twice"],
        [],
    )
    assert space["validation_data"][0].max() > 200
    pieces, _ = examples.photographs(16)
    cut = np.moveaxis(pieces / 255, -1, 1).reshape(pieces.shape)
    space = {"images": cut[::2], "validation_data": (cut[1::2], None)}
    model = MODELS["dense"](keras.layers.Dense(3), shape=pieces.shape[1:])
    assert told_and_mended(space, model) == (["perhaps reshape in place of a transpose"], [])
    np.testing.assert_allclose(space["validation_data"][0] * 255, pieces[1::2])


def test_bytes_without_an_axis_of_channels_are_pictures_where_no_layer_reads_them_as_signals():
    pictures, kinds = examples.stripes()
    grey = (255 * pictures[..., 0]).astype("uint8")
    first = {
        "flat": [keras.layers.Flatten()],
        "of a channel": [keras.layers.Reshape((8, 12, 1)), keras.layers.Conv2D(4, 3)],
        "signals": [keras.layers.Conv1D(4, 3, activation="relu")],
        "in turn": [keras.layers.LSTM(4)],
        "by row": [keras.layers.Dense(4, activation="relu")],
        "scaled": [keras.layers.Rescaling(1 / 255), keras.layers.Flatten()],
    }
    for name, stack in first.items():
        stack = [*stack, keras.layers.Flatten(), keras.layers.Dense(3)]
        model = MODELS["fitting"](keras.Sequential([keras.Input((8, 12)), *stack]))
        told = "images not scaled" in found(diagnose(model, grey, kinds))
        assert told == (name in ("flat", "of a channel"))
        assert "images not scaled" not in found(diagnose(model, grey / np.float32(255), kinds))
        assert "images not scaled" not in found(diagnose(model, grey // 16, kinds))  # counts


def test_of_pictures_that_were_learned_unscaled_the_first_epoch_tells():
    pictures, kinds = examples.stripes()
    images, validation = np.round(255 * pictures), (examples.stripes(40, seed=1)[0], None)
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    model.fit(pictures, kinds, epochs=20, verbose=0)
    dense = model.layers[-1]
    dense.set_weights([dense.get_weights()[0] / 255, dense.get_weights()[1]])
    for first, named in [(9.0, True), (1.6, False)]:
        space = {"model": model, "images": images, "labels": kinds, "keras": keras}
        history = {"loss": [first, 0.7, 0.6]}
        table = diagnose(model, images, kinds, history)
        assert ("perhaps images not scaled" in list(table.finding)) == named
        if named:
            assert "first epoch cost 9, and to guess costs 1.1. What would" in table.evidence[0]
            exec(table.remedy[0], space)
            given = (space[name] for name in ("model", "images", "labels", "history"))
            assert "images not scaled" not in found(diagnose(*given))
        told = found(diagnose(model, images, kinds, history, validation))
        assert ("sets scaled otherwise" in told) == (not named)


def test_of_unscaled_pictures_and_a_scaled_validation_one_line_mends_both():
    pictures, kinds = examples.stripes()
    other = examples.stripes(40, seed=1)
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    space = {"images": np.round(255 * pictures)}
    table = diagnose(model, space["images"], kinds, None, other)
    assert list(table.finding) == ["images not scaled"]
    exec(table.remedy[0], space)
    assert diagnose(model, space["images"], kinds, None, other).empty


def test_blue_first_is_told_by_colours_where_no_network_can_tell():
    pieces, kinds = examples.photographs(64)
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3), shape=(32, 48, 3)))
    model.layers[-1].set_weights([np.zeros((6, 3)), np.zeros(3)])  # it knows nothing
    images, others, named = pieces[:96] / 255, pieces[96:] / 255, kinds[96:]
    told = "channels in another order in validation"

    def diagnosis(other, labels):
        return diagnose(model, images, kinds[:96], None, (other, labels))

    assert told not in found(diagnosis(others, named))
    space = {"validation_data": (others[..., ::-1], named)}
    table = diagnosis(*space["validation_data"])
    own = table[table.finding == f"perhaps {told}"]
    assert len(own) == 1
    exec(own.remedy.iloc[0], space)
    assert told not in found(diagnosis(*space["validation_data"]))
    assert told not in found(diagnosis(others[:40, ..., ::-1], named[:40]))  # too few to tell
    fewer = named != 2
    assert told not in found(diagnosis(others[fewer][..., ::-1], named[fewer]))
    assert told not in found(diagnosis(others.mean(axis=-1, keepdims=True) + 0 * others, named))


def test_one_buffer_filled_again_and_again_is_to_be_copied():
    pictures, kinds = examples.stripes()
    table = diagnose(made(SOUND_MODEL)["model"], np.stack([pictures[7]] * 240), kinds)
    row = table.iloc[found(table).index("images all alike")]
    assert row.evidence.endswith("as of one buffer that was filled again and again")
    assert row.remedy.endswith("append(buffer.copy())")


@pytest.mark.parametrize("one_hot", [False, True])
def test_classes_counted_from_1_lose_the_column_that_is_never_right(one_hot):
    softmax = keras.layers.Dense(3 + (not one_hot), activation="softmax")
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    space = {"model": MODELS["fitting"](MODELS["small"](softmax), loss), "history": None, "np": np}
    (pictures, kinds), (others, named) = examples.stripes(), examples.stripes(80, seed=1)
    rows = keras.utils.to_categorical if one_hot else np.asarray
    space |= {"images": pictures, "labels": rows(kinds + 1)}
    space["validation_data"] = others, rows(named + 1)
    table = diagnosed(space)
    assert len(table) == 1 and table["where"][0] == "labels"
    exec(table.remedy[0], space)
    for given, true in (space["labels"], kinds), (space["validation_data"][1], named):
        np.testing.assert_array_equal(given.argmax(-1) if one_hot else given, true)
    assert diagnosed(space).empty


def test_many_batch_norms_are_mended_by_a_loop():
    layers = keras.layers
    keras.utils.set_random_seed(1)
    norms = [layers.BatchNormalization(momentum=0.999) for _ in range(5)]
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](*norms, layers.Dense(3)))
    model.optimizer.learning_rate = 0.05
    model.fit(pictures, kinds, epochs=6, verbose=0)
    table = diagnose(model, pictures, kinds)
    assert table.finding[0] == "statistics not settled"
    assert len(table.remedy[0]) < 250
    space = {"model": model, "keras": keras, "images": pictures, "labels": kinds}
    exec(table.remedy[0], space)
    assert {norm.momentum for norm in norms} == {0.8}
    assert "statistics not settled" not in found(diagnose(model, pictures, kinds))


def test_two_patches_of_one_wall_are_no_copies_of_each_other_but_a_darker_picture_is():
    images, others = (load("textures", split).images for split in ("train", "test"))
    before = [keras.layers.Rescaling(1 / 255), keras.layers.AveragePooling2D(4)]
    model = MODELS["small"](keras.layers.Dense(3), shape=(64, 64, 3), before=before)
    images, others = images[30:45], others[55:70]  # two of bricks and their mortar correlate: 0.91
    rule = "leak between sets: nearly the same"
    assert rule not in found(diagnose(model, images, None, None, (others, None)))
    others = np.concatenate([others, (images[:1] * 0.8).astype("uint8")])
    table = diagnose(model, images, None, None, (others, None))
    row = table[table.finding == f"perhaps {rule}"].iloc[0]
    assert row.evidence.startswith("1 pair correlates above 0.95, such as image 0 and valida")
    given = {"np": np, "images": images, "validation_data": (others, None)}
    assert eval(re.search(r"np\.hstack\(.*\]\)", row.evidence)[0], given).shape == (64, 128, 3)
    exec(row.remedy, given)
    assert len(given["validation_data"][0]) == 15


def test_a_softmax_over_the_batch_is_not_random():
    pictures, kinds = examples.stripes()
    end = [keras.layers.Dense(3), keras.layers.Softmax(axis=0)]
    model = MODELS["fitting"](MODELS["small"](*end), MODELS["sparse"](False))
    named = found(diagnose(model, pictures, kinds))
    assert named[0] == "softmax over the wrong axis"
    assert "random at test time, such as augmentation" not in named


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("kind", ["Lambda", "Activation"])
def test_a_softmax_over_the_batch_is_seen_through_a_function_of_ones_own(kind, axis):
    pictures, kinds = examples.stripes()
    layer = getattr(keras.layers, kind)(lambda x: keras.ops.softmax(x, axis=axis), name="end")
    model = MODELS["small"](keras.layers.Dense(3), layer)
    table = diagnose(MODELS["fitting"](model, MODELS["sparse"](False)), pictures, kinds)
    assert found(table)[:1] == ["softmax over the wrong axis"] * (axis == 0)
    if axis == 0:
        assert table.evidence[0] == (
            "the answers to 64 pictures add up to 1 for every class, those to one picture do not: "
            "the softmax is over the pictures of a batch"
        )
        assert table.remedy[0] == "layers.Softmax()  # in place of end"


@pytest.mark.parametrize(
    ("losses", "named"),
    [
        ([2.388, 2.305, 2.304, 2.304, 2.303], []),  # guessing from the second epoch on
        ([2.388, 2.370, 2.352, 2.335, 2.317], ["learning rate too low"]),
    ],
)
def test_a_plateau_is_no_sign_of_short_steps(losses, named):
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    assert found(diagnose(model, pictures, kinds, {"loss": losses})) == named


@pytest.mark.parametrize("end", [(1, "sigmoid", "binary_crossentropy"), (2, None, None)])
def test_a_mask_that_is_all_ground_is_named(end):
    units, activation, loss = end
    pictures, _ = examples.stripes()
    masks = (pictures > 0.9).astype(int)
    conv = keras.layers.Conv2D(units, 3, padding="same", activation=activation, name="conv")
    model = keras.Sequential([keras.Input((8, 12, 1)), conv])
    model.compile("adam", loss or MODELS["sparse"]())
    assert "one answer for all" not in " ".join(found(diagnose(model, pictures, masks)))
    model.fit(pictures, masks, epochs=1, verbose=0)
    conv.bias.assign([-9.0] if units == 1 else [9.0, -9.0])
    table = diagnose(model, pictures, masks)
    row = table[table.finding == "perhaps one answer for all"].iloc[0]
    share = 1 - masks[sampling.drawn(240, 64, masks[:, 0, 0, 0])].mean()
    assert row.evidence.startswith(
        f"every pixel of 64 pictures is called class 0, which {share:.2f} of them are"
    )


def masked(units, masks, others=None):
    """A network that answers at every pixel, with masks of stripes: what `diagnose` is given."""
    (images, _), (seen, _) = examples.stripes(40), examples.stripes(24, seed=1)
    end = ("sigmoid", "binary_crossentropy") if units == 1 else (None, MODELS["sparse"]())
    conv = keras.layers.Conv2D(units, 3, padding="same", activation=end[0])
    model = keras.Sequential([keras.Input((8, 12, 1)), conv])
    model.compile("adam", end[1])
    return model, images, masks(images), None, (seen, (others or masks)(seen))


MASKS = {
    "0/1": lambda x: (x > 0.5).astype("uint8"),
    "0/255": lambda x: 255 * (x > 0.5).astype("uint8"),
    "-1/1": lambda x: np.where(x > 0.5, 1, -1),
    "jpeg": lambda x: np.where(x > 0.5, 250 + (10 * x).astype(int) % 6, (9 * x).astype(int)),
    "grey": lambda x: 255 * np.clip(25 * (x - 0.48), 0, 1),
    "void": lambda x: np.where(x > 0.8, 255, (20 * x).astype(int)),
}


@pytest.mark.parametrize(
    ("units", "masks", "others"),
    [
        (1, "0/255", "0/255"),
        (1, "-1/1", "-1/1"),
        (1, "jpeg", "jpeg"),
        (1, "grey", "grey"),
        (2, "grey", "grey"),
        (2, "jpeg", "0/1"),
        (1, "0/255", "0/1"),
        (1, "0/1", "0/255"),
        (2, "0/1", "-1/1"),
    ],
)
def test_masks_beyond_the_units_are_mended_in_the_set_that_has_them(units, masks, others):
    kind = "labels out of range"
    model, images, labels, _, validation = masked(units, MASKS[masks], MASKS[others])
    table = diagnose(model, images, labels, None, validation)
    assert found(table)[0] == kind and "Dense" not in table.remedy[0]
    space = {"labels": labels, "validation_data": validation, "np": np}
    exec(table.remedy[0], space)
    for mask, picture, name in (
        (space["labels"], images, masks),
        (space["validation_data"][1], validation[0], others),
    ):
        assert mask.min() == 0 and mask.max() == 1
        middle = name == "grey"  # where a grey may fall on either side
        assert ((mask > 0.5) == (picture > 0.5)).mean() >= 1 - 0.1 * middle
    table = diagnose(model, images, space["labels"], None, space["validation_data"])
    assert kind not in found(table)


def test_masks_of_many_classes_are_no_grey_ones_and_soft_ones_are_healthy():
    table = diagnose(*masked(1, MASKS["void"]))
    assert found(table)[0] == "labels out of range" and "Dense(256" in table.remedy[0]
    for soft in (lambda x: x, lambda x: np.clip(25 * (x - 0.48), 0, 1), MASKS["0/1"]):
        assert "labels out of range" not in found(diagnose(*masked(1, soft)))


def test_classes_of_the_validation_that_have_no_unit_are_named():
    kind, (images, kinds) = "labels out of range", examples.stripes(90)
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    for others, known in ((kinds + 1, kinds), (np.where(kinds < 1, 7, kinds), kinds[kinds > 0])):
        table = diagnose(model, images, kinds, None, (images, others))
        assert found(table)[0] == kind
        space = {"labels": kinds, "validation_data": (images, others), "np": np}
        exec(table.remedy[0], space)
        assert np.array_equal(space["validation_data"][1], known)
    assert kind not in found(diagnose(model, images, kinds, None, (images, kinds.tolist())))


def test_a_slow_training_is_laid_to_what_was_changed_after_compile():
    images, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    model.fit(images[:40], kinds[:40], verbose=0)
    slow = {"loss": [1.5024, 1.4879, 1.4744, 1.4617, 1.4498, 1.4386]}
    assert "learning rate too low" in found(diagnose(model, images, kinds, slow))
    model.get_layer("conv").trainable = False
    told = found(diagnose(model, images, kinds, slow))
    assert told[0] == "changed after compile" and "learning rate too low" not in told


@pytest.mark.parametrize("power", [1, 2])
def test_a_rate_that_fades_away_is_named_with_both_ends(power):
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    fading = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 10**power)
    history = model.fit(pictures, kinds, epochs=6, callbacks=[fading], verbose=0)
    if power == 2:  # even where something was learned before
        history.history["accuracy"][-1] = 0.95
    table = diagnose(model, pictures, kinds, history)
    row = table[table.finding.str.endswith("that ran out")].iloc[0]
    ends = ["0.001 to 1e-08", "0.0001 to 1e-14"][power - 1]
    assert f"in 6 epochs the learning rate fell from {ends}" in row.evidence


def test_a_validation_of_other_pictures_is_no_overfitting():
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    history = {"loss": [1.0, 0.5, 0.2, 0.1, 0.1], "val_loss": [24.0, 20.0, 31.0, 38.0, 43.0]}
    assert "overfitting" not in found(diagnose(model, pictures, kinds, history))


def test_curves_may_have_their_short_names():
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    long = {"accuracy": [0.2, 0.3, 0.4, 0.45], "val_accuracy": [0.2, 0.3, 0.4, 0.42]}
    short = {"acc": long["accuracy"], "val_acc": long["val_accuracy"]}
    falling = {"loss": [1.1, 0.9, 0.7, 0.5], "val_loss": [1.2, 1.0, 0.8, 0.6]}
    told = [diagnose(model, pictures, kinds, {**falling, **named}) for named in (long, short)]
    assert told[0].equals(told[1])
    assert "accuracy 0.42" in told[0].evidence[0]


def test_where_nothing_is_learned_the_augmentation_may_be_it():
    flip = keras.layers.RandomFlip("horizontal", name="flip")
    curves = {"loss": [0.69] * 6, "accuracy": [0.5] * 6}
    for before, ends in [([], "loss"), ([flip], "loss, and train once without 'flip'")]:
        model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3), before=before))
        row = diagnose(model, *examples.stripes(), curves)
        row = row.iloc[found(row).index("nothing learned")]
        assert row.evidence.endswith(f"if not, look at the labels and the {ends}")


def test_nothing_is_learned_where_only_the_first_epoch_lies_higher():
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    history = {"loss": [2.1, 1.1, 1.101, 1.1, 1.102], "accuracy": [0.31, 0.33, 0.34, 0.32, 0.33]}
    table = diagnose(model, pictures, kinds, history)
    assert found(table) == ["nothing learned"]
    assert table.evidence[0].startswith("in the last 4 epochs the loss stayed between 1.1 and 1.1,")


def test_weights_that_came_back_from_the_worst_epoch_are_named():
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3, name="end")))
    model.fit(pictures, kinds, epochs=3, verbose=0)
    # As after EarlyStopping("val_accuracy", mode="min", restore_best_weights=True).
    model.get_layer("end").bias.assign([9.0, 0.0, 0.0])
    history = {"accuracy": [0.4, 0.8, 0.95], "val_accuracy": [0.36, 0.31, 0.9]}
    table = diagnose(model, pictures, kinds, history)
    row = table[table.finding == "perhaps worse than in its training"].iloc[0]
    assert ", as after its epoch 2 (0.31)" in row.evidence
    assert "EarlyStopping gave early weights back" in row.evidence


def test_a_frozen_base_that_was_never_trained_is_named():
    base = keras.applications.MobileNetV2((64, 96, 3), include_top=False, weights=None)
    base.trainable = False
    average = keras.layers.GlobalAveragePooling2D()
    stack = [keras.Input((64, 96, 3)), base, average, keras.layers.Dense(3)]
    model = MODELS["fitting"](keras.Sequential(stack))
    table = diagnose(model)
    assert list(table.finding) == ["frozen layers that should learn"]
    assert table["where"][0] == base.name and f"base {base.name!r} is" in table.evidence[0]
    exec(table.remedy[0], {"model": model, "keras": keras})
    assert diagnose(model).empty
    base.trainable = False
    norm = next(n for n in base.layers if isinstance(n, keras.layers.BatchNormalization))
    norm.moving_mean.assign(norm.moving_mean + 0.1)
    assert diagnose(MODELS["fitting"](model)).empty


METRICS = keras.metrics


@pytest.mark.parametrize(
    ("units", "end", "loss", "metric", "text"),
    [
        (3, "softmax", "sparse_categorical_crossentropy", METRICS.Accuracy(), "equals the label"),
        (3, "softmax", "categorical_crossentropy", METRICS.Accuracy(), "Accuracy() asks whether"),
        (1, "sigmoid", "binary_crossentropy", METRICS.Accuracy(), "no whole numbers"),
        (3, "softmax", "categorical_crossentropy", "binary_accuracy", "is 67% right"),
        (3, None, None, METRICS.BinaryAccuracy(), "counts each of 3 numbers"),
        (3, "softmax", "categorical_crossentropy", "sparse_categorical_accuracy", "are one-hot"),
        (3, None, None, METRICS.CategoricalAccuracy(), "labels are class numbers"),
        (3, None, None, METRICS.TopKCategoricalAccuracy(2), "labels are class numbers"),
        (1, "sigmoid", "binary_crossentropy", "categorical_accuracy", "there is only one"),
        (3, "softmax", "categorical_crossentropy", "Accuracy", ""),
        (3, "softmax", "categorical_crossentropy", "acc", ""),
        (3, "softmax", "categorical_crossentropy", "categorical_accuracy", ""),
        (3, None, None, METRICS.SparseCategoricalAccuracy(), ""),
        (1, "sigmoid", "binary_crossentropy", METRICS.BinaryAccuracy(), ""),
        (1, "sigmoid", "binary_crossentropy", METRICS.AUC(), ""),
    ],
)
def test_a_metric_is_named_where_it_counts_something_else(units, end, loss, metric, text):
    pictures, kinds = examples.stripes(60)
    labels = keras.utils.to_categorical(kinds) if str(loss)[:4] == "cate" else kinds
    model = MODELS["small"](keras.layers.Dense(units, activation=end))
    MODELS["fitting"](model, loss, None, [metric])
    table = diagnose(model, pictures, labels if units == 3 else (kinds > 0).astype(int))
    assert found(table) == ["metric that cannot measure this"] * bool(text)
    assert not text or text in table.evidence[0]
    for line in table.remedy:
        exec(line, {"model": model, "keras": keras})
    assert diagnose(model, pictures, labels if units == 3 else (kinds > 0).astype(int)).empty


@pytest.mark.parametrize(
    "change",
    [
        lambda x: 255 * x,
        lambda x: x / 255,
        lambda x: 1 - x,
        lambda x: 2 * x - 1,
        lambda x: (255 * x).astype("uint8"),
    ],
)
def test_a_validation_that_is_prepared_otherwise_is_named_and_mended(change):
    pictures, kinds = examples.stripes()
    bright = pictures**4, kinds  # so that a negative is not a picture like the others
    space = {"model": MODELS["small"](keras.layers.Dense(3)), "np": np}
    other = examples.stripes(60, seed=1)
    given = space["model"], *bright
    space["validation_data"] = change(other[0] ** 4), other[1]
    table = diagnose(*given, None, space["validation_data"])
    assert found(table) == ["sets scaled otherwise"]
    exec(table.remedy[0], space)
    assert len(space["validation_data"]) == 2
    assert diagnose(*given, None, space["validation_data"]).empty
    np.testing.assert_allclose(space["validation_data"][0], other[0] ** 4, atol=0.02)


def test_classes_that_training_lacks_are_listed():
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    order = np.argsort(kinds, kind="stable")
    x, y = pictures[order], kinds[order]
    table = diagnose(model, x[:120], y[:120], None, (x[120:], y[120:]))
    assert found(table) == ["sets of different classes"]
    assert "has the classes 0, 1, the validation 1, 2: labels were sorted" in table.evidence[0]
    space = {"images": x[:130], "labels": y[:130], "validation_data": (x[130:], y[130:]), "np": np}
    exec(table.remedy[0], space)
    assert diagnose(model, space["images"], space["labels"], None, space["validation_data"]).empty
    assert len(space["images"]) == 130 and len(space["validation_data"][0]) == 110


def test_validation_labels_of_other_pictures_are_named():
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    other, named = examples.stripes(90, seed=1)
    table = diagnose(model, pictures, kinds, None, (other, named[::-1]))
    assert found(table) == ["labels shuffled against images"]
    assert "validation images that are nearly like a training image" in table.evidence[0]
    assert diagnose(model, pictures, kinds, None, (other, named)).empty


def test_a_validation_in_other_colours_keeps_its_labels():
    textures, others = load("textures"), load("textures", "test")
    images, labels = textures.images[:400], textures.labels[:400]
    model = made("model = fitting(small(layers.Dense(12), shape=(64, 64, 3)))")["model"]
    other = others.images[:200, ..., ::-1], others.labels[:200]
    assert "labels shuffled against images" not in found(
        diagnose(model, images, labels, None, other)
    )


@pytest.mark.parametrize(
    ("turn", "text"),
    [
        (keras.layers.RandomFlip("horizontal"), "that are mirrored and look like another one"),
        (keras.layers.RandomFlip("vertical"), "that are upside down"),
        (keras.layers.RandomRotation(0.5), "turned by half"),
        (keras.layers.RandomRotation(0.1), ""),
        (keras.layers.RandomTranslation(0.2, 0.2), ""),
    ],
)
def test_a_turn_that_makes_another_digit_is_named(turn, text):
    from cnnlab import datasets

    digits = datasets.load("digits")
    stack = [keras.Input((28, 28, 1)), turn, keras.layers.Flatten(), keras.layers.Dense(10)]
    model = MODELS["fitting"](keras.Sequential(stack))
    table = diagnose(model, digits.images[:400], digits.labels[:400])
    assert found(table) == ["augmentation that changes classes"] * bool(text)
    assert not text or text in table.evidence[0]
    if "half" in text:
        assert "a share of a whole turn, 0.5 of it 180 degrees" in table.evidence[0]
        assert table.remedy[0].startswith("layers.RandomRotation(0.05)  # in place of")


def test_statistics_are_not_settled_where_only_the_loss_tells():
    layers, (pictures, kinds) = keras.layers, examples.stripes()
    keras.utils.set_random_seed(1)
    norm = layers.BatchNormalization(momentum=0.8, name="norm")
    model = MODELS["small"](layers.Dense(3), norm)
    MODELS["fitting"](model, None, keras.optimizers.Adam(0.05)).fit(
        pictures, kinds, epochs=10, verbose=0
    )
    norm.beta.assign([0.0, 0.0, 0.0])
    assert diagnose(model, pictures, kinds).empty
    norm.moving_variance.assign(norm.moving_variance * 1e4)
    table = diagnose(model, pictures, kinds)
    assert found(table) == ["statistics not settled"]
    named = re.search("the batch ([.0-9]+) are .* steps ([.0-9]+); the loss is", table.evidence[0])
    assert float(named[2]) > float(named[1]) - 0.1


@pytest.mark.parametrize("functional", [True, False])
def test_a_model_for_channels_first_is_cloned_for_channels_last(functional):
    layers, (pieces, kinds) = keras.layers, examples.photographs()
    stack = [layers.Conv2D(4, 3, activation="relu"), layers.GlobalMaxPooling2D(), layers.Dense(3)]
    model = keras.Sequential([keras.Input((3, 32, 48)), *stack])
    if functional:
        model = keras.Model(model.inputs[0], model.outputs[0])
    first = np.moveaxis(pieces / 255, -1, 1)
    space = {"model": MODELS["fitting"](model), "np": np, "keras": keras}
    space |= {"images": first[::2], "validation_data": (first[1::2], kinds[1::2])}
    table = diagnose(model, first[::2], kinds[::2], None, space["validation_data"])
    assert "perhaps channels first" in list(table.finding)
    exec(table.remedy[list(table.finding).index("perhaps channels first")], space)
    assert space["model"].input_shape == (None, 32, 48, 3) and space["model"].compiled
    np.testing.assert_allclose(space["images"] * 255, pieces[::2])
    np.testing.assert_allclose(space["validation_data"][0] * 255, pieces[1::2])
    given = space["model"], space["images"], kinds[::2], None, space["validation_data"]
    assert "channels first" not in found(diagnose(*given))


@pytest.mark.parametrize("shape", [(3, 8, 12), (3, 16, 40), (2, 32, 48), (32, 48, 3)])
def test_other_shapes_have_their_channels_last(shape):
    conv = keras.layers.Conv2D(4, 3, padding="same", activation="relu")
    end = [keras.layers.Flatten(), keras.layers.Dense(3)]
    assert diagnose(keras.Sequential([keras.Input(shape), conv, *end])).empty


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("digits", 1),
        ("digits", 2),
        *[(name, step) for name in ("textures", "things") for step in (1, 2, 4)],
        ("photographs", 1),
        ("photographs", 2),
    ],
)
def test_other_orders_of_axes_are_told_from_pictures_in_all_real_ones(name, step):
    from cnnlab import datasets

    given = examples.photographs() if name == "photographs" else [datasets.load(name).images]
    images = given[0][:, ::step, ::step]
    images = np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images
    images = images / 255 if images.dtype == np.uint8 else images
    model = MODELS["dense"](keras.layers.Dense(3), shape=images.shape[1:])
    assert diagnose(model, images).empty
    assert planes._better_reading(images[:, :-2]) is None
    for order in planes.ORDERS:
        lying = images.transpose(["NHWC".index(axis) for axis in order]).reshape(images.shape)
        found, _ = planes._better_reading(lying)
        alike = order.translate(str.maketrans("HW", "WH"))  # of square pictures
        assert found == order or (images.shape[1] == images.shape[2] and found == alike)
    for order in ("NCHW", "HWCN"):
        lying = images.transpose(["NHWC".index(axis) for axis in order])
        space = {"images": lying.reshape(images.shape)}
        table = diagnose(model, space["images"])
        assert list(table.finding) == ["perhaps reshape in place of a transpose"]
        exec(table.remedy[0], space)
        np.testing.assert_array_equal(space["images"], images)


@pytest.mark.parametrize("order", ["HWCN", "WHCN"])
def test_a_grey_array_of_matlab_is_read_in_its_own_order(order):
    pictures = load("digits").images[:, 2:26]
    lying = pictures.transpose(["NHWC".index(axis) for axis in order]).reshape(pictures.shape)
    assert planes._better_reading(lying)[0] == order


def test_labels_are_not_blamed_beside_what_is_no_picture():
    textures = load("textures")
    pictures = textures.images[:, :48:2, ::2] / np.float32(255)
    lying = pictures.transpose(1, 2, 3, 0).reshape(pictures.shape)
    model = MODELS["dense"](keras.layers.Dense(12), shape=pictures.shape[1:])
    told = found(diagnose(MODELS["fitting"](model), lying, textures.labels))
    assert told == ["reshape in place of a transpose"]


def test_several_classes_start_anew_where_the_softmax_was_trained():
    space = made(EXAMPLES["several classes with a softmax"])
    model = space["model"]
    model.fit(space["images"], space["labels"], verbose=0)
    table = diagnosed(space)
    assert table.finding[0] == "several classes with a softmax"
    exec(table.remedy[0], space)
    assert (
        space["model"] is not model and space["model"].layers[-1].activation.__name__ == "sigmoid"
    )
    assert not np.array_equal(space["model"].get_weights()[0], model.get_weights()[0])
    assert diagnosed(space).empty


def test_shuffled_labels_are_not_blamed_on_the_rate():
    space = made(EXAMPLES["labels shuffled against images"])
    space["history"] = {"loss": [1.120, 1.118, 1.116, 1.114, 1.113]}
    assert found(diagnosed(space)) == ["labels shuffled against images"]
    space["labels"] = space["kinds"]
    assert found(diagnosed(space)) == ["learning rate too low"]


def test_calls_of_one_layer_get_layers_of_their_own():
    space = made(EXAMPLES["one layer used again"])
    table = diagnosed(space)
    assert "'conv' is called on its own output 2 times: its 3 calls have one" in table.evidence[0]
    before = space["model"].count_params()
    kernel = space["model"].get_layer("conv").count_params()
    exec(table.remedy[0], space)
    assert space["model"].count_params() == before + 2 * kernel


OLD_HEAD = """
base = small(layers.Dense(8, activation="softmax", name="old"), shape=(8, 12, 1))
base.trainable = False
model = keras.Sequential([keras.Input((8, 12, 1)), base, layers.Dense(3, activation={!r})])
fitting(model, sparse({}), keras.optimizers.SGD(0.02))
"""


@pytest.mark.parametrize(("end", "logits"), [("softmax", False), ("linear", True)])
def test_a_new_head_on_the_old_softmax_is_mended_with_the_loss_of_before(end, logits):
    space = made(PAIR + OLD_HEAD.format(end, logits))
    row = diagnosed(space).iloc[0]
    assert row.finding == "softmax between layers"
    exec(row.remedy, space)
    model = space["model"]
    assert model.loss.from_logits == logits and isinstance(model.optimizer, keras.optimizers.SGD)
    assert model.layers[-1].activation.__name__ == end
    model.fit(space["images"], space["labels"], verbose=0)
    assert "softmax between layers" not in found(diagnosed(space))


OWN_PARTS = """
class Momentum(keras.optimizers.SGD):
    pass

class Ridge(keras.regularizers.Regularizer):
    def __init__(self, alpha):
        self.alpha = alpha
    def __call__(self, weight):
        return self.alpha * keras.ops.sum(weight**2)

class Start(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return keras.random.normal(shape, stddev=0.1)

class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.inner, self.units = layers.Dense(units, "relu"), units
    def build(self, shape):
        self.mix = self.add_weight((shape[-1], self.units), name="mix")
        self.inner.build((None, self.units))
    def call(self, x):
        return self.inner(x @ self.mix)

def bent(x):
    return keras.ops.maximum(x, 0.1 * x)

def away(truth, answer):
    return keras.losses.sparse_categorical_crossentropy(truth, answer, from_logits=True)

class Away(keras.losses.Loss):
    def call(self, truth, answer):
        return away(truth, answer)
"""


@pytest.mark.parametrize(
    ("end", "compiled"),
    [
        ("layers.Dense(8, bent)", ""),
        ("layers.Dense(8, kernel_regularizer=Ridge(1e-3), kernel_initializer=Start())", ""),
        ("keras.Sequential([Block(8)])", ""),
        ("layers.Lambda(lambda x: 2 * x)", ""),
        ("layers.ReLU()", "None, Momentum(0.03)"),
        ("layers.ReLU()", "Away()"),
        ("layers.ReLU()", "None, None, [lambda truth, answer: answer]"),
    ],
)
def test_a_model_with_parts_of_ones_own_starts_anew(end, compiled):
    text = f"model = fitting(small({end}, layers.Dense(3, name='end')), {compiled})\n"
    space = made(PAIR + OWN_PARTS + text)
    space["history"] = {"loss": [1.1, 7.0, 1.2, 9.0, 1.3, 11.0], "accuracy": [0.3] * 6}
    weights = [np.asarray(w).copy() for w in space["model"].trainable_weights]
    table = diagnosed(space)
    row = table[np.array(found(table)) == "learning rate too high"].iloc[0]
    exec(row.remedy.partition("; history")[0], space)
    assert space["model"].optimizer.iterations == 0
    space["model"].fit(space["images"], space["labels"], epochs=2, verbose=0)
    again = space["model"].trainable_weights
    moved = [not np.allclose(a, np.asarray(b)) for a, b in zip(weights, again, strict=True)]
    assert all(moved)


def test_weights_are_drawn_anew_in_all_layers_of_a_model_with_parts_of_ones_own():
    text = "model = fitting(small(Block(8), layers.BatchNormalization(), layers.Dense(3)))\n"
    space = made(PAIR + OWN_PARTS + text)
    model = space["model"]
    for weight in model.weights:
        weight.assign(weight * np.nan)
    exec(finding.new_weights(case_of(model, None, None, None, None)), space)
    assert all(np.isfinite(np.asarray(weight)).all() for weight in model.weights)


ROWS_MULTIPLIED = """
def cross_entropy(truth, answer):
    rows = keras.ops.cast(truth, "float32") * keras.ops.log(answer + 1e-7)
    return -keras.ops.mean(keras.ops.sum(rows, axis=-1))

model = fitting(small(layers.Dense(3, activation="softmax")), cross_entropy)
model.fit(images, labels, epochs=15, verbose=0)
"""


def test_class_numbers_in_a_loss_for_rows_give_equal_answers():
    space = made("images, labels = pictures, kinds[:, None] + 1\n" + ROWS_MULTIPLIED)
    space["labels"] = space["kinds"][:, None]
    for answers in ("uniform", "constant"):
        last = space["model"].layers[-1]
        last.kernel.assign(1e-6 * np.asarray(last.kernel))
        last.bias.assign([1e-7, 0, 0] if answers == "uniform" else [1, 0, 0])
        row = diagnosed(space).iloc[-1]
        assert row.finding == "perhaps one answer for all"
    assert "labels are (N, 1), answers (N, 3)" in row.evidence
    assert "what 'cross_entropy' makes of class numbers" in row.evidence
    exec(row.remedy.replace("Adam(0.01)", "Adam(0.03)"), space)
    assert "one answer for all" not in found(diagnosed(space))


def test_rows_in_a_loss_for_rows_are_healthy():
    space = made(ROWS + ROWS_MULTIPLIED.replace("epochs=15", "epochs=40"))
    assert found(diagnosed(space)) == []


AROUND_0 = """
images = pictures
labels = (pictures[:, :, :6].mean(axis=(1, 2, 3)) - pictures[:, :, 6:].mean(axis=(1, 2, 3)))
model = dense(layers.Dense(16, activation="relu"), layers.Dense(1))
"""
LOOP = """
class Own(keras.Model):
    def train_step(self, data):
        images, labels = data
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(tf.square(labels - self(images, training=True)))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(value, weights), weights)
        return {"loss": value}

import tensorflow as tf
model = Own(model.inputs, model.outputs)
model.compile(optimizer=keras.optimizers.Adam(0.01))
"""


@pytest.mark.parametrize(
    ("compiled", "text"),
    [
        ("model.compile(keras.optimizers.Adam(0.01), 'mape')\n", "a percentage of a label near 0"),
        (LOOP, "labels are (N,), answers (N, 1)"),
    ],
)
def test_measured_numbers_that_are_answered_by_their_mean_are_named(compiled, text):
    space = made(AROUND_0 + compiled)
    space["model"].fit(space["images"], space["labels"], epochs=15, verbose=0)
    for weight in space["model"].layers[-1].weights:
        weight.assign(0.01 * weight)
    row = diagnosed(space).iloc[-1]
    assert row.finding == "perhaps one answer for all"
    assert "no better than their mean" in row.evidence and text in row.evidence
    exec(row.remedy, space)
    assert "one answer for all" not in found(diagnosed(space))


def test_an_own_penalty_is_measured_as_one_of_keras():
    end = "layers.Dense(16, 'relu', kernel_regularizer=Ridge({}), name='hidden'), layers.Dense(3)"
    text = PAIR + OWN_PARTS + "model = fitting(dense({}))\n"
    fit = "model.fit(images, labels, epochs=9, verbose=0)\n"
    fresh = made(text.format(end.format(9.0)))
    assert "penalty larger than the loss" in found(diagnosed(fresh))
    shrunk = made(text.format(end.format(1.0)) + fit)
    hidden = shrunk["model"].get_layer("hidden")
    hidden.kernel.assign(0.01 * hidden.kernel)
    row = diagnosed(shrunk).iloc[0]
    assert row.finding == "penalty larger than the loss"
    assert row.evidence.startswith("l2 of Ridge is 1, usual is up to 0.03; ")
    exec(row.remedy, shrunk)
    assert not shrunk["model"].losses
    assert "penalty larger than the loss" not in found(diagnosed(shrunk))
    assert found(diagnosed(made(text.format(end.format(1e-3))))) == []


def test_a_penalty_that_follows_another_law_is_not_guessed():
    from cnnlab.diagnosis.settings import _measured_amount

    assert _measured_amount(lambda weight: 0.002 * np.abs(weight).sum())[:2] == (
        pytest.approx(2),
        "l1",
    )
    for other in (lambda w: (w**4).sum(), lambda w: 0 * w.sum(), lambda w: w[7].sum()):
        assert _measured_amount(other) == (0.0, "", "")


@pytest.mark.parametrize("one_hot", [False, True])
def test_a_validation_that_lacks_a_class_is_counted_anew(one_hot):
    text = LEARNED_OF_THREE if not one_hot else LEARNED_OF_ROWS
    space = made(text)
    others, kinds = examples.stripes(120, seed=1)
    others, kinds = others[kinds > 0], kinds[kinds > 0] - 1
    rows = keras.utils.to_categorical(kinds, 3)
    space["validation_data"] = others, rows if one_hot else kinds
    row = diagnosed(space).iloc[0]
    assert row.finding == "classes numbered otherwise in validation"
    assert ": 2 of 3 classes are there, and counted from 0" in row.evidence
    exec(row.remedy, space)
    given = space["validation_data"][1]
    np.testing.assert_array_equal(given.argmax(-1) if one_hot else given, kinds + 1)
    assert "classes numbered otherwise in validation" not in found(diagnosed(space))


LEARNED_OF_THREE = PAIR + MODELS["LEARNED"].format(3, "sparse()", "kinds")
LEARNED_OF_ROWS = MODELS["ROWS"] + MODELS["LEARNED"].format(
    "3, activation='softmax'", "'categorical_crossentropy'", "labels"
)


@pytest.mark.parametrize("size", [48, 80])
def test_a_measured_place_is_not_averaged_away(size):
    layers = keras.layers
    stack = [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2)]
    stack += [layers.Flatten(name="flat"), layers.Dense(64, activation="relu"), layers.Dense(2)]
    space = {"model": keras.Sequential([keras.Input((size, 64, 1)), *stack])}
    space["model"].compile("adam", "mse")
    row = diagnose(space["model"]).iloc[0]
    assert row.finding == "perhaps dense layer that holds 90 % of the parameters"
    assert "MaxPooling2D(2)" in row.remedy
    other = replace({"layers": layers, "keras": keras, **space}, ["flat"], row.remedy)
    assert diagnose(other).empty


def test_a_measured_place_on_a_small_map_keeps_its_dense_layer():
    layers = keras.layers
    stack = [layers.Conv2D(256, 8, strides=8, activation="relu"), layers.Flatten()]
    stack += [layers.Dense(1024, activation="relu"), layers.Dense(2)]
    model = keras.Sequential([keras.Input((48, 64, 1)), *stack])
    model.compile("adam", "mse")
    assert diagnose(model).empty


LEARNED_BY_HEART = {
    "loss": [1.0, 0.6, 0.3, 0.15, 0.08, 0.04, 0.02],
    "val_loss": [1.0, 0.8, 0.7, 0.75, 0.85, 0.95, 1.1],
}


@pytest.mark.parametrize(
    ("units", "history", "pool"),
    [
        (128, None, ""),  # 0.7 million, as in many a first network for digits
        (1024, None, "MaxPooling2D(3)"),
        (128, {"loss": [1.0, 0.6, 0.3, 0.2], "accuracy": [0.5, 0.8, 0.9, 0.95]}, ""),
        (1024, {"loss": [1.0, 0.6, 0.3, 0.2], "val_loss": [1.1, 0.7, 0.4, 0.3]}, ""),
        (128, LEARNED_BY_HEART, "MaxPooling2D(3)"),
    ],
)
def test_a_large_dense_layer_is_named_where_it_learns_by_heart_or_is_huge(units, history, pool):
    layers, rule = keras.layers, "dense layer that holds 90 % of the parameters"
    stack = [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2)]
    stack += [layers.Flatten(name="flat"), layers.Dense(units, activation="relu"), layers.Dense(10)]
    space = {"model": keras.Sequential([keras.Input((28, 28, 1)), *stack])}
    MODELS["fitting"](space["model"])
    table = diagnose(space["model"], history=history)
    assert (rule in found(table)) == bool(pool)
    if pool:
        remedy = table.remedy.iloc[-1]
        assert remedy.startswith(f"keras.Sequential([layers.{pool}, layers.Flatten()])")
        other = replace({"layers": layers, "keras": keras, **space}, ["flat"], remedy)
        assert not {rule, *MAY_NOT_MATTER} & {*found(diagnose(other, history=history))}


STEPS = """
def step(x):
    return keras.ops.where(x > 0, 1.0, 0.0)

model = fitting(small(layers.Dense(8, activation={}, name="hidden"), layers.Dense(3)))
"""


@pytest.mark.parametrize("activation", ["step", "keras.ops.sign"])
def test_an_activation_without_a_slope_is_named_and_replaced(activation):
    space = made(PAIR + STEPS.format(activation))
    row = diagnosed(space).iloc[0]
    assert (row.finding, row["where"]) == ("no way for gradients", "hidden")
    name = activation.split(".")[-1]
    assert f"it ends at the activation {name!r} of 'hidden', which is flat" in row.evidence
    exec(row.remedy, space)
    assert found(diagnosed(space)) == []


@pytest.mark.parametrize("activation", ["keras.ops.tanh", "lambda x: keras.ops.maximum(x, 0.2)"])
def test_an_activation_of_ones_own_with_a_slope_is_healthy(activation):
    assert found(diagnosed(made(PAIR + STEPS.format(activation)))) == []


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize(("shuffled", "rate"), [(True, 1e-3), (False, 1e-7)])
def test_a_linear_model_that_guesses_as_well_tells_of_shuffled_labels(shuffled, rate, given):
    order = np.random.default_rng(3).permutation(540)
    things = load("things")
    images = things.images[order, ::4, ::4] / np.float32(255)
    labels = things.labels[np.random.default_rng(4).permutation(540) if shuffled else order]
    model = MODELS["dense"](keras.layers.Dense(9), shape=images.shape[1:])
    MODELS["fitting"](model, optimizer=keras.optimizers.Adam(rate))
    seen, others = (images[:400], labels[:400]), (images[400:], labels[400:])
    data = {"validation_data": others} if given else {"validation_split": 0.25}
    history = model.fit(*seen, epochs=6, verbose=0, **data)
    told = found(diagnose(model, *seen, history, others if given else None))
    assert ("labels shuffled against images" in told) == shuffled


# the page of the web site

PAGE = runpy.run_path(str(ROOT / "tools" / "write_rules_page.py"))
WRITTEN = (ROOT / "docs" / "diagnosis.md").read_text(encoding="utf-8")


def sections():
    """{finding: its section}, as the page holds them."""
    return {part.split("\n")[0]: f"## {part}" for part in WRITTEN.split("\n## ")[1:]}


def without_what_is_told(section):
    return re.sub(r"Found in .*?(?=\nSource: )", "", section, flags=re.DOTALL)


def test_the_readme_counts_the_kinds():
    for name in ("README.md", "CHANGELOG.md"):
        assert f"{len(KINDS)} kinds of mistakes" in (ROOT / name).read_text(encoding="utf-8")


def test_the_page_lists_every_rule_as_it_stands_in_the_table():
    assert WRITTEN.startswith(PAGE["INTRODUCTION"])
    assert list(sections()) == KINDS
    for rule in RULES:
        listed = without_what_is_told(sections()[rule.finding])
        assert listed.split() == PAGE["section"](rule).split()


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.finding)
def test_the_page_tells_what_the_example_gives(rule):
    numbers = re.compile(r"[-+]?\d[\d.e+-]*")  # may differ between processors
    told = PAGE["section"](rule, PAGE["told"](rule))
    assert numbers.sub("#", sections()[rule.finding]).split() == numbers.sub("#", told).split()


# the command


def saved(folder, *end):
    model = MODELS["fitting"](MODELS["small"](*end), "binary_crossentropy")
    model.save(folder / "model.keras")
    return str(folder / "model.keras")


def test_the_command_names_what_is_wrong(tmp_path, capsys):
    from cnnlab.command import cli

    file = saved(tmp_path, keras.layers.Dense(1, activation="sigmoid", name="end"))
    assert cli.main(["diagnose", file]) == 0
    assert capsys.readouterr().out.startswith("nothing found; what was not given")
    pictures, _ = examples.stripes(40)
    np.savez(tmp_path / "data.npz", images=pictures, labels=np.zeros(40, int))
    (tmp_path / "history.csv").write_text("epoch,loss\n0,0.9\n1,-0.2\n")
    more = ["--data", str(tmp_path / "data.npz"), "--history", str(tmp_path / "history.csv")]
    assert cli.main(["diagnose", file, *more]) == 1
    said = capsys.readouterr().out
    assert "1. one class only (labels)\n   all 40 labels are class 0\n   order = np" in said
    assert "2. loss below zero (history)" in said


def test_the_command_says_which_file_is_missing(tmp_path, capsys):
    from cnnlab.command import cli

    assert cli.main(["diagnose", str(tmp_path / "absent.keras")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("cnnlab: `FILE` must be a .keras file: got ")
    assert "Save it: model.save('model.keras')." in said


PREPARED = {
    "caffe": lambda x: keras.applications.vgg16.preprocess_input(1.0 * x),
    "torch": lambda x: keras.applications.densenet.preprocess_input(1.0 * x),
    "0-1": lambda x: x / 255,
    "0-255": lambda x: 1.0 * x,
}


@pytest.mark.parametrize("manner", PREPARED)
def test_a_base_gets_its_pictures_back_from_whatever_was_made_of_them(manner):
    pictures, _ = examples.photographs()
    base = weights.pretrained("vgg16_slim")
    end = keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)
    model = keras.Sequential([keras.Input(pictures.shape[1:]), base, *end])
    space = {"model": model, "np": np, "keras": keras, "images": PREPARED[manner](pictures)}
    table = diagnose(model, space["images"])
    told = "images scaled otherwise than the base wants"
    assert told in found(table)
    exec(table.remedy[found(table).index(told)], space)
    np.testing.assert_allclose(space["images"], pictures / 127.5 - 1, atol=1e-4)
    assert told not in found(diagnose(model, space["images"]))


def test_what_was_unfrozen_is_trained_finely():
    pictures, kinds = examples.stripes()
    model = MODELS["small"](keras.layers.Dense(3))
    model.get_layer("conv").trainable = False
    MODELS["fitting"](model).fit(pictures, kinds, verbose=0)
    model.get_layer("conv").trainable = True
    table = diagnose(model, pictures, kinds)
    row = table.iloc[found(table).index("changed after compile")]
    assert "since `compile` 2 weights became trainable" in row.evidence
    assert row.remedy.startswith("model.compile(keras.optimizers.Adam(1e-05), ")


def test_what_was_repeated_before_the_split_is_split_first():
    pictures, kinds = examples.stripes()
    rare = np.flatnonzero(kinds == 2)[:12]
    rows = np.random.default_rng(0).permutation([*np.flatnonzero(kinds < 2), *np.repeat(rare, 8)])
    space = {"model": MODELS["fitting"](MODELS["small"](keras.layers.Dense(3))), "history": None}
    space |= {"np": np, "images": pictures[rows[60:]], "labels": kinds[rows[60:]]}
    space["validation_data"] = pictures[rows[:60]], kinds[rows[:60]]
    table = diagnosed(space)
    assert found(table)[0] == "leak between sets: the same pictures"
    assert (
        "training images are there more than once: repeated before the split" in (table.evidence[0])
    )
    exec(table.remedy[0], space)
    told = found(diagnosed(space))
    assert not [finding for finding in told if "leak" in finding or "different classes" in finding]
    assert set(space["validation_data"][1].tolist()) == {0, 1, 2}
    assert len(space["images"]) + len(space["validation_data"][0]) == len({*rows.tolist()})


@pytest.mark.parametrize(
    ("accuracy", "validation", "named"),
    [
        ([0.2, 0.4, 0.57], [0.0, 0.02, 0.11], "perhaps sorted before the split"),
        ([0.2, 0.28], [0.0, 0.0], "sorted before the split"),
        ([0.2, 0.4, 0.57], [0.1, 0.3, 0.4], ""),
    ],
)
def test_a_cut_within_a_class_is_a_cut_of_sorted_labels(accuracy, validation, named):
    pictures, labels = examples.stripes()[0], np.repeat(np.arange(12), 20)
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(12)))
    curves = {"accuracy": accuracy, "val_accuracy": validation}
    curves |= {"loss": [1.7, 1.3, 1.1, 0.9, 0.8], "val_loss": [3.9, 7.4, 9.8, 10.7, 10.9]}
    table = diagnose(model, pictures, labels, curves)
    assert ([f for f in table.finding if "the split" in f] or [""]) == [named]
    if named:
        row = table.iloc[list(table.finding).index(named)]
        assert "where the last fifth has the classes 9 to 11" in row.evidence
        assert "overfitting" not in found(table)


def test_overfitting_is_mended_with_the_validation_that_there_was():
    text = BROKEN["overfitting"] + "\nvalidation_data = None"
    table = diagnosed(made(text))
    row = table.iloc[found(table).index("overfitting")]
    assert "validation_split=0.2" in row.remedy and "validation_data" not in row.remedy


def test_a_callback_that_lowers_the_rate_is_named():
    model, pictures, kinds, _ = flat_training(keras.optimizers.Adam(1e-3), None)
    curves = {"loss": [1.1, 1.09, 1.09, 1.09], "learning_rate": [1e-3, 1e-5, 1e-8, 1e-11]}
    row = diagnose(model, pictures, kinds, curves).iloc[0]
    assert row["where"] == "history"
    assert 'ReduceLROnPlateau waits for an accuracy with mode="max"' in row.evidence


def test_sound_plans_are_not_named_though_they_lower_the_rate_while_a_curve_improves():
    model, pictures, kinds, _ = flat_training(keras.optimizers.Adam(1e-3), None)
    falling = np.array([1.1, 0.9, 0.7, 0.6, 0.55, 0.52, 0.51, 0.505])
    rates = 1e-3 * np.array([1, 1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01])
    even = 1e-3 * np.linspace(1, 0.1, 8)
    named = "learning rate lowered while improving"
    for loss, rate, told in [
        (falling, rates, True),
        (falling, even, False),
        (falling - 0.4, rates, False),  # it arrives
        (np.linspace(1.1, 0.5, 8), rates, False),  # it goes on falling
        (np.array([1.1, 0.9, 0.9, 0.9, 0.91, 0.9, 0.9, 0.9]), rates, False),  # a plateau
    ]:
        curves = {"loss": loss.tolist(), "learning_rate": rate.tolist()}
        assert (named in found(diagnose(model, pictures, kinds, curves))) == told


def test_a_decay_of_adam_that_holds_all_weights_down_is_named():
    pictures, kinds = examples.stripes()
    for optimizer, told in [
        (keras.optimizers.AdamW(1e-3, weight_decay=5.0), True),
        (keras.optimizers.AdamW(1e-3, weight_decay=0.3), False),
        (keras.optimizers.Lion(1e-4, weight_decay=3.0), False),
    ]:
        model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)), optimizer=optimizer)
        table = diagnose(model, pictures, kinds)
        assert found(table) == ["optimiser that holds back"] * told
        if told:
            assert "weight_decay=5 holds every weight below 0.2, at the rate" in table.evidence[0]


def test_what_was_trained_with_the_mistake_starts_anew():
    text = (
        PAIR + "model = fitting(small(layers.Dense(3), before=[layers.Normalization()]))\n"
        "images = 255 * images\n"
    )
    for trained in (False, True):
        space = made(text + "model.fit(images, labels, verbose=0)\n" * trained)
        row = diagnosed(space).iloc[0]
        assert row.finding == "normalisation never adapted"
        assert ("clone_model" in row.remedy) == trained
        after = mended(space, "normalisation never adapted")
        assert float(np.mean(after["model"].layers[0].mean)) > 50
        assert found(diagnosed(after)) == []


def test_an_accuracy_tells_of_how_many_pictures_it_is_a_share():
    pictures, kinds = examples.stripes()
    model = MODELS["fitting"](MODELS["small"](keras.layers.Dense(3)))
    model.optimizer.iterations.assign(15)
    shares = np.array([[11, 17, 14, 22, 19], [41, 100, 77, 120, 133]]) / [[48], [240]]
    for share, told in [
        (shares[0].astype("float32"), False),  # 48 divides 240: it might be chance
        ((shares[0] * 48 / 39).astype("float32"), True),
        (shares[1].astype("float32"), False),
        (np.round(shares[0] * 48 / 39, 6), False),  # rounded by somebody, so nothing is known
        (np.ones(5), False),
    ]:
        curves = {"loss": [1.1, 1.1, 1.1, 1.1, 1.0], "accuracy": share.tolist()}
        assert ("epochs of few steps" in found(diagnose(model, pictures, kinds, curves))) == told


def test_what_a_norm_takes_in_may_be_of_any_range():
    pictures, kinds = examples.stripes()
    kind = "images prepared for another range"
    far = 1000 * pictures - 3000
    for norm in (keras.layers.BatchNormalization(), keras.layers.Normalization()):
        model = MODELS["small"](keras.layers.Dense(3), before=[norm])
        if hasattr(norm, "adapt"):
            norm.adapt(far)
        assert kind not in found(diagnose(model, far, kinds))
    space = made(BROKEN[kind])
    table = diagnosed(space)
    assert table.remedy[0] == "layers.Identity()  # in place of scale"


def test_a_training_that_starts_anew_keeps_what_it_did_not_learn():
    pictures, _ = examples.photographs()
    base = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3)], name="base")
    base.trainable = False
    norm = keras.layers.Normalization(name="norm")
    norm.adapt(pictures)
    end = keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, name="head")
    model = keras.Sequential([keras.Input(pictures.shape[1:]), norm, base, *end])
    model.compile("adam", "mse")
    space = {"model": model, "keras": keras}
    exec(finding.new_weights(case_of(model, None, None, None, None)), space)
    new = space["model"]
    assert new is not model
    np.testing.assert_allclose(new.get_layer("norm")(pictures), norm(pictures))
    for one, other in zip(new.get_layer("base").weights, base.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.any(new.get_layer("head").weights[0] != model.get_layer("head").weights[0])


def test_a_channel_order_is_no_new_numbering():
    table = diagnosed(made(EXAMPLES["channels in another order in validation"]))
    assert found(table) == ["channels in another order in validation"]


def test_a_large_kernel_of_many_filters_is_meant():
    stack = [keras.layers.Conv2D(8, 16, padding="same"), keras.layers.ReLU()]
    model = MODELS["small"](keras.layers.Dense(3), before=stack, shape=(32, 48, 3))
    assert "filters and kernel size exchanged" not in found(diagnose(model))


@pytest.mark.parametrize(
    "follows", [keras.layers.Softmax, lambda: keras.layers.Activation("softmax")]
)
def test_a_relu_in_front_of_a_softmax_leaves_it_alone(follows):
    space = {"keras": keras, "np": np, "images": examples.stripes()[0]}
    space["labels"] = examples.stripes()[1]
    end = keras.layers.Dense(3, activation="relu", name="head"), follows()
    space["model"] = MODELS["fitting"](MODELS["small"](*end), MODELS["sparse"](from_logits=False))
    table = diagnose(space["model"], space["images"], space["labels"])
    assert table.finding[0] == "ReLU on the output"
    exec(table.remedy[0], space)
    assert diagnose(space["model"], space["images"], space["labels"]).empty
