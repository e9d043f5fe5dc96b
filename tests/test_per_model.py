"""What is kept beside a model, and when it is dropped."""

import gc
import weakref

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab.reading import per_model
from cnnlab.reading.per_model import known


def model():
    return keras.Sequential(
        [keras.Input((5, 7, 3)), layers.Conv2D(2, 3, activation="relu", name="conv")]
    )


def test_a_value_is_made_once_per_key_and_model():
    made = []
    one, other = model(), model()
    for this in (one, one, other):
        for key in ("a", "b"):
            known(this).once(key, lambda this=this, key=key: made.append((this, key)))
    assert made == [(one, "a"), (one, "b"), (other, "a"), (other, "b")]


def test_a_new_activation_function_drops_what_was_remembered():
    this = model()
    assert known(this).once("a", lambda: 1) == known(this).once("a", lambda: 2) == 1
    this.get_layer("conv").activation = keras.activations.tanh
    assert known(this).once("a", lambda: 3) == 3


def test_a_new_activation_function_inside_a_nested_model_does_too():
    inner = model()
    outer = keras.Sequential([keras.Input((5, 7, 3)), inner, layers.Flatten()])
    known(outer).once("a", lambda: 1)
    inner.get_layer("conv").activation = lambda x: x
    assert known(outer).once("a", lambda: 2) == 2


def test_an_added_layer_drops_what_was_remembered():
    this = model()
    known(this).once("a", lambda: 1)
    this.add(layers.Flatten())
    assert known(this).once("a", lambda: 2) == 2
    this.pop()
    assert known(this).once("a", lambda: 3) == 3


def test_new_weights_do_not():
    this = model()
    known(this).once("a", lambda: 1)
    this.set_weights([w * 2 for w in this.get_weights()])
    assert known(this).once("a", lambda: 2) == 1


def test_only_the_present_state_of_a_model_is_kept():
    this = model()
    for _ in range(5):
        this.get_layer("conv").activation = lambda x: x
        known(this).once("a", list)
    assert len(per_model._memories[this][1]) == 1


def test_a_dead_model_is_forgotten():
    gc.collect()
    before = len(per_model._memories)
    this = model()
    known(this).once("a", list)
    gone = weakref.ref(this)
    assert len(per_model._memories) == before + 1
    del this
    gc.collect()
    assert gone() is None
    assert len(per_model._memories) == before


def test_the_path_of_a_model_is_no_model():
    with pytest.raises(
        TypeError, match=r"must be a Keras model: got str\. If it is saved, load it"
    ):
        known("model.keras").once("a", lambda: 1)


def test_an_adapted_normalisation_drops_what_was_remembered():
    norm = layers.Normalization()
    inner = keras.Sequential([keras.Input((3,)), norm, layers.Dense(1)])
    this = keras.Sequential([keras.Input((3,)), inner])
    norm.adapt(np.arange(6.0).reshape(2, 3))
    assert known(this).once("a", lambda: 1) == known(this).once("a", lambda: 2) == 1
    norm.adapt(np.arange(0.0, 60, 10).reshape(2, 3))
    assert known(this).once("a", lambda: 3) == 3
