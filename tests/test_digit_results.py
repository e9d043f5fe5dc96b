"""The stored results of small networks for the digits are whole, and measuring again agrees."""

import runpy
from functools import cache
from pathlib import Path

import pytest

from cnnlab import datasets

TOOLS = Path(__file__).parents[1] / "tools"
KEYS = {
    "poolings": (["pooling", "seed"], "shift", "SHIFTS"),
    "activations": (["activation", "learning_rate", "seed"], "epoch", "EPOCHS"),
    "lenet_parts": (["activation", "pooling", "seed"], "epochs", "EPOCHS"),
    "stages": (["stages", "seed"], None, None),
    "auxiliary": (["task", "seed"], None, None),
}


@cache
def tool(name):
    """What the script that writes a table defines."""
    return runpy.run_path(str(TOOLS / f"measure_{name}.py"))


def rows_of(measured):
    """A trial's rows, of a script that makes one or several of it."""
    return [measured] if isinstance(measured, dict) else measured


@pytest.mark.parametrize("name", KEYS)
def test_a_table_holds_every_trial_of_its_script(name):
    trial, repeated, every = KEYS[name]
    table = datasets.result(name)
    assert tool(name)["FILE"].name == f"{name}.csv"
    expected = tool(name)["TRIALS"]
    if repeated:
        expected = [(*one, again) for one in expected for again in tool(name)[every]]
    keys = [*trial, repeated] if repeated else trial
    assert list(table[keys].itertuples(index=False, name=None)) == expected
    if name != "activations":
        assert table.accuracy.between(0, 1).all()


@pytest.mark.parametrize("name", KEYS)
def test_every_setting_was_drawn_five_times_and_the_draws_differ(name):
    trial, repeated, _ = KEYS[name]
    setting = [key for key in trial if key != "seed"] + [repeated] * bool(repeated)
    value = "training_loss" if name == "activations" else "accuracy"
    table = datasets.result(name)
    assert (table.groupby(setting).size() == 5).all()
    assert (table.dropna().groupby(setting)[value].nunique() > 1).all()


def test_no_way_of_pooling_stands_out_in_place_and_none_endures_four_pixels():
    means = datasets.result("poolings").groupby(["shift", "pooling"]).accuracy.mean()
    assert means[0].max() - means[0].min() < 0.03
    assert means[2, "maximum"] > means[2, "median"] + 0.04
    assert means[4].max() < 0.25


def test_sigmoid_stays_at_guessing_and_tanh_learns_no_slower_than_relu():
    table = datasets.result("activations").fillna(float("inf")).query("epoch == 6")
    last = table.groupby(["activation", "learning_rate"]).training_loss
    exploded = last.agg(lambda losses: (losses == float("inf")).sum()).loc[lambda n: n > 0]
    assert exploded.to_dict() == {("leaky ReLU", 0.1): 1, ("leaky ReLU", 0.3): 5}
    last = last.median().unstack()
    assert last.loc["sigmoid"].between(2.30, 2.34).all()
    best = last.min(axis=1)
    assert best["tanh"] < best["ReLU"] < 0.1
    assert best["leaky ReLU"] < best["ReLU"]
    assert (last.loc["ReLU"].idxmin(), last.loc["leaky ReLU"].idxmin()) == (0.03, 0.03)


def test_in_lenet_tanh_is_ahead_of_relu_and_the_pooling_hardly_matters():
    parts = datasets.result("lenet_parts").groupby(["epochs", "activation", "pooling"])
    means = parts.accuracy.mean().unstack()
    assert (means["max"] - means["average"]).abs().max() < 0.01
    assert (means.xs("tanh", level=1) > means.xs("relu", level=1) + 0.02).all(axis=None)


def test_at_equal_weights_accuracy_rises_to_three_stages_and_falls_at_the_fourth():
    stages = datasets.result("stages").groupby("stages")
    parameters, accuracy = stages.parameters.first(), stages.accuracy
    assert (parameters / parameters[0] - 1).abs().max() < 0.01
    assert accuracy.mean().idxmax() == 3
    assert accuracy.min()[3] > accuracy.max()[[0, 1, 4]].max()


def test_no_second_task_helps_on_fifty_digits():
    by_draw = datasets.result("auxiliary").pivot_table("accuracy", "seed", "task")
    gains = by_draw[["loop", "turn"]].sub(by_draw.none, axis=0)
    assert (gains.gt(0).sum() == 1).all()
    assert (gains.mean() < 0).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "trial"),
    [
        ("poolings", ("maximum", 0)),
        ("poolings", ("median", 1)),
        ("stages", (0, 0)),
        ("auxiliary", ("loop", 0)),
    ],
)
def test_a_network_trained_again_has_its_stored_accuracy(name, trial):
    keys, *_ = KEYS[name]
    table = datasets.result(name)
    for key, value in zip(keys, trial, strict=True):
        table = table[table[key] == value]
    again = [row["accuracy"] for row in rows_of(tool(name)["measure"](*trial))]
    assert again == pytest.approx(list(table.accuracy), abs=0.05)
