"""What is seen of a changed model, and that nothing of it is held."""

import functools
import gc
import weakref
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab.gradients import class_scores
from cnnlab.reading.state import look, unchanged

SCALE = 1.0
SCALES = {"a": 1.0}


def by_global(x):
    return SCALE * x


def by_helper(x):
    return by_global(x)


def by_nested_function(x):
    return next(SCALES["a"] * each for each in [x])


class Settings:
    """What a callable object of the user's own holds."""

    def __init__(self):
        self.slope, self.inner = 1.0, SimpleNamespace(bias=[0.0])

    def __call__(self, x):
        return self.slope * x + self.inner.bias[0]

    def scaled(self, x):
        return self.slope * x


class Slotted:
    __slots__ = ("slope",)

    def __init__(self):
        self.slope = 1.0


class Own(layers.Layer):
    """A layer of the user's own."""

    factor = 1.0

    def __init__(self, **values):
        super().__init__()
        vars(self).update(values)

    def call(self, x):
        return self.factor * by_global(x) if self.trainable else x


class Patched(Own):
    def call(self, x):
        return x


def with_closure(value):
    def function(x):
        return value * x

    return function


def with_default(x, scale=[1.0]):  # noqa: B006
    return scale[0] * x


def dense(activation=None):
    return layers.Dense(2, activation=activation)


# A layer, and what changes it in place.
IN_PLACE = {
    "an entry of a list": (Own(table=[1.0, 2.0]), lambda o: o.table.__setitem__(1, 3.0)),
    "an entry of a dict": (Own(table={"a": 1.0}), lambda o: o.table.__setitem__("a", 2.0)),
    "a key of a dict": (Own(table={"a": 1.0}), lambda o: o.table.__setitem__("b", 2.0)),
    "a list in a dict": (Own(table={"a": [1]}), lambda o: o.table["a"].append(2)),
    "a set": (Own(table={1}), lambda o: o.table.add(2)),
    "1 becomes True": (Own(table=[1]), lambda o: o.table.__setitem__(0, True)),
    "an array": (Own(table=np.zeros(3)), lambda o: o.table.__setitem__(1, 0.5)),
    "its shape": (Own(table=np.zeros(6)), lambda o: setattr(o.table, "shape", (2, 3))),
    "an object": (Own(table=Settings()), lambda o: setattr(o.table, "slope", 2.0)),
    "inside an object": (
        Own(table=Settings()),
        lambda o: o.table.inner.bias.__setitem__(0, 2.0),
    ),
    "an object with slots": (Own(table=Slotted()), lambda o: setattr(o.table, "slope", 2.0)),
    "a class": (Own(), lambda o: setattr(Own, "factor", Own.factor + 1)),
    "a method": (Patched(), lambda o: setattr(Patched, "call", lambda self, x: 2 * x)),
    "trainable": (Own(), lambda o: setattr(o, "trainable", not o.trainable)),
    "a new attribute": (Own(), lambda o: vars(o).update(new=1)),
    "an activation that is an object": (
        dense(Settings()),
        lambda o: setattr(o.activation, "slope", 2.0),
    ),
    "the object of a method": (
        dense(Settings().scaled),
        lambda o: setattr(o.activation.__self__, "slope", 2.0),
    ),
    "a keyword of a partial": (
        dense(functools.partial(with_default, scale=[1.0])),
        lambda o: o.activation.keywords["scale"].__setitem__(0, 2.0),
    ),
    "a default": (
        dense(with_default),
        lambda o: o.activation.__defaults__[0].__setitem__(0, SCALE + 1),
    ),
    "around a function": (
        dense(with_closure([1.0])),
        lambda o: o.activation.__closure__[0].cell_contents.append(2.0),
    ),
    "the code of a function": (
        dense(with_closure(1.0)),
        lambda o: setattr(
            o.activation, "__code__", with_closure(1.0).__code__.replace(co_name="g")
        ),
    ),
    "a layer around a function": (
        dense(with_closure(layers.LeakyReLU(0.1))),
        lambda o: setattr(o.activation.__closure__[0].cell_contents, "negative_slope", 0.2),
    ),
    "the arguments of a Lambda": (
        layers.Lambda(lambda x, scale: scale * x, arguments={"scale": 2.0}),
        lambda o: o.arguments.__setitem__("scale", 3.0),
    ),
    "a global": (dense(by_global), lambda o: globals().update(SCALE=SCALE + 1)),
    "a global of a helper": (dense(by_helper), lambda o: globals().update(SCALE=SCALE + 1)),
    "a global of a function inside": (
        dense(by_nested_function),
        lambda o: SCALES.update(a=SCALES["a"] + 1),
    ),
    "a global of a layer's call": (Own(), lambda o: globals().update(SCALE=SCALE + 1)),
}


@pytest.mark.parametrize(("layer", "change"), IN_PLACE.values(), ids=IN_PLACE)
def test_a_change_in_place_is_seen(layer, change):
    model = keras.Sequential([layers.Identity(), keras.Sequential([layer])])
    state = look(model)
    assert unchanged(state, model)
    change(layer)
    assert not unchanged(state, model)


# Values that are set twice: the first one is freed, and the last may lie where it lay.
SET = {
    "float": float,
    "whole": lambda i: 1000 + i,
    "half": np.float32,
    "array": lambda i: np.full(3, i),
    "list": lambda i: [i],
    "dict": lambda i: {"a": i},
    "tuple": lambda i: (i, [i]),
    "object": lambda i: SimpleNamespace(a=i),
    "function": with_closure,
    "partial": lambda i: functools.partial(with_default, scale=i),
}


@pytest.mark.parametrize("make", SET.values(), ids=SET)
def test_an_attribute_that_is_set_again_and_again_is_always_seen(make):
    layer = Own(value=None)
    vars(layer)["value"] = make(0)
    for number in range(1, 60):
        state = look(layer)
        for step in (0.5, 1):
            vars(layer)["value"] = None
            vars(layer)["value"] = make(number + step)
        assert not unchanged(state, layer)


def swap(values):
    """One attribute goes, another comes: as many as before."""
    del values["first"]
    values["third"] = 3.0


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.pop("first"),
        lambda values: values.pop("second"),
        lambda values: values.update(third=3.0),
        lambda values: values.update(call=print),
        swap,
    ],
    ids=["the first goes", "the last goes", "a third comes", "call comes", "one for another"],
)
def test_an_attribute_that_comes_or_goes_is_seen(change):
    layer = Own(first=1.0, second=2.0)
    state = look(layer)
    change(vars(layer))
    assert not unchanged(state, layer)


def test_what_is_freed_is_seen_though_the_next_one_should_lie_where_it_lay():
    layer = Own(value=with_closure(1))
    state = look(layer)
    vars(layer)["value"] = None
    now = look(layer)
    assert unchanged(now, layer)
    assert not unchanged(replace(now, gone=state.gone), layer)


NOT_LOOKED_INTO = {
    "a large array": lambda: np.zeros(1 << 18),
    "a long list": lambda: [8, *range(2000)],
}


@pytest.mark.parametrize("make", NOT_LOOKED_INTO.values(), ids=NOT_LOOKED_INTO)
def test_what_would_take_too_long_is_told_by_where_it_lies(make):
    layer = Own(value=make())
    state = look(layer)
    layer.value[1] = 7
    assert unchanged(state, layer)
    vars(layer)["value"] = make()
    assert not unchanged(state, layer)


def test_training_and_new_weights_change_nothing():
    model = keras.Sequential([keras.Input((3,)), keras.Sequential([layers.Dense(2)])])
    model.compile("sgd", "mse")
    state = look(model)
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    model.predict(np.ones((4, 3)), verbose=0)
    model.set_weights([2 * weight for weight in model.get_weights()])
    assert unchanged(state, model)


def test_a_state_holds_no_model():
    layer = Own()
    model = keras.Sequential([keras.Input((3,)), layer, dense(with_closure(layer))])
    vars(layer)["table"] = [model, {"model": model}, with_closure(model), SimpleNamespace(m=model)]
    state, gone = look(model), weakref.ref(model)
    del model, layer
    gc.collect()
    assert gone() is None and state.gone


@keras.saving.register_keras_serializable("tests")
def times(x, factor):
    return factor * x


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras, while it saves
@pytest.mark.parametrize("loaded", [False, True])
def test_a_loaded_model_is_asked_anew_too(loaded, tmp_path):
    function = layers.Lambda(times, arguments={"factor": 2.0}, name="function")
    model = keras.Sequential([keras.Input((6, 8, 3)), function, layers.Flatten(), layers.Dense(3)])
    if loaded:
        model.save(tmp_path / "model.keras")
        model = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).uniform(size=(2, 6, 8, 3)).astype("float32")
    before, _ = class_scores(model, x)
    model.get_layer("function").arguments["factor"] = 3.0
    after, _ = class_scores(model, x)
    np.testing.assert_allclose(after, model(x), rtol=1e-4, atol=1e-5)
    assert np.abs(after - before).max() > 1e-3
