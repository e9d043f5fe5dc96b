"""The stored results of lessons 05 and 06 are whole, and training again gives what they say."""

import runpy
from functools import cache
from pathlib import Path

import pytest

from cnnlab import datasets, models
from cnnlab.files import fetch

TOOLS = Path(__file__).parents[1] / "tools"

# What tells a row of the table from the others: the trial, and what was measured several times.
KEYS = {
    "networks": ["data", "network", "seed"],
    "filters": ["data", "filters", "seed"],
    "shifts": ["network", "training", "epochs", "seed", "shift"],
    "amounts": ["network", "images", "seed"],
    "inputs": ["network", "inputs", "optimiser", "seed", "epoch"],
    "practices": ["data", "practice", "seed"],
    "optimisers": ["optimiser", "learning_rate", "seed"],
    "batches": ["batch_size", "learning_rate", "epochs", "seed"],
    "depth": ["network", "blocks", "learning_rate", "seed"],
}
VALUES = {
    "networks": ["parameters", "epochs", "errors", "accuracy"],
    "filters": ["parameters", "accuracy", "processor_seconds"],
    "shifts": ["parameters", "accuracy"],
    "amounts": ["parameters", "accuracy"],
    "inputs": ["accuracy"],
    "practices": ["accuracy"],
    "optimisers": ["training_loss", "accuracy"],
    "batches": ["steps", "training_loss", "accuracy"],
    "depth": ["second_epoch", "accuracy"],
}
TEST_IMAGES = {"digits": 355, "mnist": 10_000}
SEEDS = [0, 1, 2]
MORE_SEEDS = {"amounts": [0, 1, 2, 3, 4]}


@cache
def tool(name):
    """What the script that writes a table defines."""
    return runpy.run_path(str(TOOLS / f"measure_{name}.py"))


def mean(name, by):
    return datasets.result(name).groupby(by).accuracy.mean()


@pytest.mark.parametrize("name", KEYS)
def test_a_table_has_the_columns_of_its_script(name):
    assert list(datasets.result(name).columns) == KEYS[name] + VALUES[name]
    assert tool(name)["FILE"].name == f"{name}.csv"


@pytest.mark.parametrize("name", KEYS)
def test_a_table_holds_every_trial_of_its_script(name):
    table, trials = datasets.result(name), tool(name)["TRIALS"]
    repeated = {"epoch": range(1, 9), "shift": range(7)}.get(KEYS[name][-1])
    if repeated:
        trials = [(*trial, again) for trial in trials for again in repeated]
    assert list(table[KEYS[name]].itertuples(index=False, name=None)) == trials


def test_the_table_of_gradients_holds_every_trial_of_its_script():
    table, script = datasets.result("depth_gradients"), tool("depth")
    keys = ["network", "normalisation", "blocks", "seed"]
    assert list(table.columns) == [*keys, "gradient"]
    assert list(table[keys].itertuples(index=False, name=None)) == script["GRADIENT_TRIALS"]
    assert (table.gradient > 0).all()
    assert (table.groupby(keys[:-1]).gradient.nunique() > 1).all()  # the seeds differ


@pytest.mark.parametrize("name", KEYS)
def test_every_setting_was_measured_with_several_seeds_that_differ(name):
    table = datasets.result(name)
    setting = [key for key in KEYS[name] if key != "seed"]
    seeds = MORE_SEEDS.get(name, SEEDS)
    assert table.groupby(setting).seed.apply(sorted).map(lambda measured: measured == seeds).all()
    same = table.groupby(setting).accuracy.nunique() == 1
    assert same.mean() < 0.2  # by chance, or where nothing is learned


@pytest.mark.parametrize("name", KEYS)
def test_values_are_whole_and_accuracies_are_shares(name):
    table = datasets.result(name)
    assert not table.isna().any().any()
    assert table.accuracy.between(0, 1).all()
    if "parameters" in table:
        setting = "filters" if name == "filters" else "network"
        assert (table.groupby(setting).parameters.nunique() == 1).all()


def test_errors_and_accuracy_of_the_networks_agree():
    table = datasets.result("networks")
    wrong = table.errors / table.data.map(TEST_IMAGES)
    assert (1 - wrong - table.accuracy).abs().max() <= 5e-5 + 1e-9  # four decimals are stored


def test_parameters_are_those_of_the_networks():
    networks = datasets.result("networks").groupby("network").parameters.first()
    assert networks.to_dict() == {
        name: getattr(models, name)().count_params() for name in networks.index
    }
    shifts = datasets.result("shifts").groupby("network").parameters.first()
    assert shifts.to_dict() == {
        name: tool("shifts")["network"](name).count_params() for name in shifts.index
    }
    filters = datasets.result("filters").groupby("filters").parameters.first()
    amounts = datasets.result("amounts").groupby("network").parameters.first()
    assert amounts.to_dict() == {
        name: build().count_params() for name, build in tool("amounts")["NETWORKS"].items()
    }
    assert filters[6] == 61_706
    assert filters.to_dict() == {
        count: tool("filters")["lenet5"](count).count_params() for count in filters.index
    }


# Trained again: by the very scripts that wrote the tables.


@pytest.fixture
def mnist(full_data):
    fetch.fetch("mnist", full_data)


@pytest.mark.slow
@pytest.mark.parametrize(("network", "least"), [("mlp", 0.982), ("mnist_cnn", 0.992)])
def test_the_lectures_networks_reach_their_accuracy_on_mnist(mnist, network, least):
    again = [tool("networks")["measure"]("mnist", network, seed) for seed in SEEDS]
    accuracy = sum(row["accuracy"] for row in again) / len(again)
    assert accuracy >= least


@pytest.mark.slow
def test_the_practices_are_worth_on_digits_what_the_table_says():
    stored = mean("practices", ["data", "practice", "seed"])["digits"]
    for practice in ("none", "all together"):
        again = tool("practices")["measure"]("digits", practice, 0)
        assert again["accuracy"] == pytest.approx(stored[practice, 0], abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "training"),
    [("mlp", "centred"), ("mlp", "shifted anew"), ("global pooling", "centred")],
)
def test_shifted_digits_are_read_as_the_table_says(network, training):
    by = ["network", "training", "epochs", "shift"]
    stored = mean("shifts", by)[network, training, 20]
    again = {
        row["shift"]: row["accuracy"] for row in tool("shifts")["measure"](network, training, 20, 0)
    }
    assert again[0] == pytest.approx(stored[0], abs=0.04)
    assert again[4] == pytest.approx(stored[4], abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["mlp", "mnist_cnn"])
def test_few_digits_teach_what_the_table_says(network):
    stored = mean("amounts", ["network", "images", "seed"])[network]
    for images in (50, 1442):
        again = tool("amounts")["measure"](network, images, 0)
        assert again["accuracy"] == pytest.approx(stored[images, 0], abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("optimiser", "rate"), [("SGD", 0.1), ("RMSProp", 0.001), ("Adam", 0.001)])
def test_optimisers_reach_at_a_good_rate_what_the_table_says(optimiser, rate):
    stored = mean("optimisers", ["optimiser", "learning_rate"])[optimiser, rate]
    assert tool("optimisers")["measure"](optimiser, rate, 0)["accuracy"] == pytest.approx(
        stored, abs=0.03
    )


@pytest.mark.slow
def test_batches_reach_what_the_table_says():
    stored = mean("batches", ["batch_size", "learning_rate", "epochs"])
    for setting in [(8, 0.01, 4), (128, 0.01, 4), (128, 0.01, 15)]:
        again = tool("batches")["measure"](*setting, 0)
        assert again["accuracy"] == pytest.approx(stored[setting], abs=0.04)


@pytest.mark.slow
def test_gradients_reach_the_first_block_as_the_table_says():
    """Before any training nothing but the arithmetic of the processor can differ."""
    stored = datasets.result("depth_gradients").set_index(
        ["network", "normalisation", "blocks", "seed"]
    )
    for trial in [("plain", "batch norm", 10, 0), ("residual", "none, He", 2, 1)]:
        again = tool("depth")["measure_gradient"](*trial)
        assert again["gradient"] == pytest.approx(stored.gradient[trial], rel=0.05)


@pytest.mark.slow
def test_deep_stacks_learn_with_shortcuts_what_the_table_says():
    stored = mean("depth", ["network", "blocks", "learning_rate"])
    for network in ("plain", "residual"):
        trial = (network, 10, 0.05)
        again = tool("depth")["measure"](*trial, 0)
        assert again["accuracy"] == pytest.approx(stored[trial], abs=0.15)
