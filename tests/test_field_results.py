"""The stored results of lesson 12 are whole, and training again gives what they say."""

import runpy
from functools import cache
from pathlib import Path

import keras
import pytest

from cnnlab import datasets

TOOLS = Path(__file__).parents[1] / "tools"
KEYS = {
    "fields": ["task", "network", "setting", "seed"],
    "attention": ["network", "steps", "images", "seed"],
}


@cache
def tool(name):
    """What the script that writes a table defines."""
    return runpy.run_path(str(TOOLS / f"measure_{name}.py"))


@pytest.mark.parametrize("name", KEYS)
def test_a_table_holds_every_trial_of_its_script(name):
    table = datasets.result(name)
    assert list(table.columns) == [*KEYS[name], "parameters", "accuracy"]
    assert tool(name)["FILE"].name == f"{name}.csv"
    measured = [*table[KEYS[name]].itertuples(index=False, name=None)]
    assert measured == tool(name)["TRIALS"]


@pytest.mark.parametrize("name", KEYS)
def test_every_setting_has_five_seeds_that_differ(name):
    table = datasets.result(name)
    groups = table.groupby(KEYS[name][:-1])
    assert groups.seed.apply(sorted).map(lambda seeds: seeds == [0, 1, 2, 3, 4]).all()
    assert (groups.accuracy.nunique() > 1).all()
    assert table.accuracy.between(0, 1).all()


@pytest.mark.parametrize("task", ["signals", "table", "volumes"])
def test_the_networks_of_a_task_have_nearly_as_many_weights(task):
    weights = datasets.result("fields").query("task == @task").parameters
    assert weights.max() / weights.min() < 1.02


def test_parameters_are_those_of_the_networks():
    shapes = {"signals": (40, 1), "table": (8, 1), "slices": (24, 32, 1), "volumes": (8, 16, 20, 1)}
    stored = datasets.result("fields").groupby(["task", "network"]).parameters
    assert (stored.nunique() == 1).all()
    for (task, name), count in stored.first().items():
        built = [keras.Input(shapes[task]), *tool("fields")["network"](task, name)]
        assert keras.Sequential(built).count_params() == count
    stored = datasets.result("attention").groupby("network").parameters.first()
    for places, name in [(True, "attention"), (False, "attention, no places")]:
        assert tool("attention")["network"](places).count_params() == stored[name]


def test_slices_are_split_as_the_setting_says():
    from cnnlab.datasets import tasks

    images, _, patient = tasks.slices(60, seed=3)
    number = {image.tobytes(): who for image, who in zip(images, patient, strict=True)}
    for setting, shared in [("by slice", True), ("by patient", False)]:
        x, _, x_test, _ = tool("fields")["data"]("slices", setting, 3)
        train, test = ({number[image.tobytes()] for image in part} for part in (x, x_test))
        assert bool(train & test) is shared
        assert len(x) == len(x_test) == 300


def test_orders_keep_what_they_should():
    order_of = tool("fields")["order_of"]
    assert order_of(40, "in order", 1).tolist() == [*range(40)]
    blocks = order_of(40, "blocks of 8 shuffled", 1).reshape(5, 8)
    assert (blocks == blocks[:, :1] + range(8)).all()
    assert sorted(order_of(40, "shuffled", 1)) == [*range(40)]


# Trained again: by the very scripts that wrote the tables.


@pytest.mark.slow
@pytest.mark.parametrize(
    "trial",
    [
        ("signals", "conv1d", "in order", 0),
        ("signals", "mlp", "in order", 0),
        ("table", "conv1d", "shuffled", 0),
        ("slices", "conv2d", "by slice", 0),
    ],
)
def test_fields_are_learned_as_the_table_says(trial):
    stored = datasets.result("fields").set_index(KEYS["fields"]).accuracy
    again = tool("fields")["measure"](*trial)
    assert again["accuracy"] == pytest.approx(stored[trial], abs=0.07)


@pytest.mark.slow
def test_attention_learns_what_the_table_says():
    stored = datasets.result("attention").set_index(KEYS["attention"]).accuracy
    trial = ("attention", 600, 100, 0)
    again = tool("attention")["measure"](*trial)
    assert again["accuracy"] == pytest.approx(stored[trial], abs=0.04)
