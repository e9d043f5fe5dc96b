"""Broken models are named, healthy ones are not, and each remedy mends what it belongs to."""

import ast
import runpy
from pathlib import Path

import keras
import numpy as np
import pytest

from cnnlab.diagnosing import examples
from cnnlab.diagnosing.table import RULES
from cnnlab.diagnosis import diagnose

MODELS = runpy.run_path(str(Path(__file__).with_name("broken_models.py")))
BROKEN, HEALTHY = MODELS["BROKEN"], MODELS["HEALTHY"]
EXAMPLES = {rule.finding: examples.example_of(rule.function) for rule in RULES}
KINDS = [rule.finding for rule in RULES]
BOTH = [
    pytest.param(kind, text, id=f"{kind}-{which}")
    for kind in KINDS
    for which, text in (("example", EXAMPLES[kind]), ("other", BROKEN[kind]))
]
# Keras speaks of some of the mistakes too; here it is known that they are there.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*softmax over axis:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*does not represent logits:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*`trainable` state has changed:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning"),
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
            exec(row.remedy, space)
            continue
        layers, _, compiled = replaced.partition("; compile with ")
        space["model"] = replace(space, layers.split(", "), code, compiled)
    return space


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


@pytest.mark.parametrize(("kind", "text"), BOTH)
def test_a_broken_model_is_named_and_its_remedy_mends_it(kind, text):
    space = made(text)
    table = diagnosed(space)
    assert found(table)[0] == kind
    row = table.iloc[0]
    assert row.evidence[0] != " " and row.evidence[-1] != "." and row["where"]
    if row.finding.startswith("perhaps "):
        assert ". What would decide: " in row.evidence
    assert kind not in found(diagnosed(mended(space, kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_its_healthy_neighbour_is_not_named(kind):
    assert found(diagnosed(made(HEALTHY[kind]))) == []
