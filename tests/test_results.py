"""The stored results of lesson 05 are whole, and training again gives what they say."""

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
    "shifts": ["data", "network", "seed", "shift"],
    "inputs": ["network", "inputs", "optimiser", "seed", "epoch"],
    "practices": ["data", "practice", "seed"],
    "optimisers": ["optimiser", "learning_rate", "batch_size", "seed"],
}
VALUES = {
    "networks": ["parameters", "epochs", "errors", "accuracy"],
    "filters": ["parameters", "accuracy", "processor_seconds"],
    "shifts": ["parameters", "accuracy"],
    "inputs": ["accuracy"],
    "practices": ["accuracy"],
    "optimisers": ["steps", "training_loss", "accuracy"],
}
TEST_IMAGES = {"digits": 355, "mnist": 10_000}
SEEDS = [0, 1, 2]


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


@pytest.mark.parametrize("name", KEYS)
def test_every_setting_was_measured_with_three_seeds_that_differ(name):
    table = datasets.result(name)
    setting = [key for key in KEYS[name] if key != "seed"]
    assert table.groupby(setting).seed.apply(sorted).map(lambda seeds: seeds == SEEDS).all()
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
def test_shifts_by_four_pixels_defeat_what_was_trained_on_centred_digits():
    stored = mean("shifts", ["data", "network", "shift"])["digits"]
    for network in ("mlp", "global pooling"):
        again = {
            row["shift"]: row["accuracy"] for row in tool("shifts")["measure"]("digits", network, 0)
        }
        assert again[0] == pytest.approx(stored[network, 0], abs=0.04)
        assert again[4] == pytest.approx(stored[network, 4], abs=0.15)
