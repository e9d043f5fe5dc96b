"""The stored results of lesson 07 are whole, and training again gives what they say."""

import runpy
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from cnnlab import datasets
from cnnlab.files import fetch

ROOT = Path(__file__).parents[1]
RIVALS = ["from scratch", "from scratch, averaging"]
WAYS = ["frozen features", "with augmentation", "fine-tuned"]


@cache
def tool():
    """What the script that writes the tables defines."""
    return runpy.run_path(str(ROOT / "tools" / "measure_transfer.py"))


def stored(data):
    return datasets.result(f"transfer_{data}")


def shares_at_close_up(data):
    """Accuracies by way, at the number of pictures where all of them were tried."""
    table = stored(data)
    return table[table.per_class == tool()["CLOSE_UP"][data]].groupby("way").accuracy


def close_up(data):
    """Mean accuracy of each way."""
    return shares_at_close_up(data).mean()


def names():
    return ["things", "textures", "cats_vs_dogs", "digits"]


@pytest.mark.parametrize("data", names())
def test_a_table_holds_every_trial_of_its_script(data):
    table = stored(data)
    assert list(table.columns) == tool()["COLUMNS"]
    assert not table.isna().any().any()
    assert table.accuracy.between(0, 1).all()
    for way in [*RIVALS, "frozen features"]:
        rows = table[table.way == way][["per_class", "seed"]]
        assert list(rows.itertuples(index=False, name=None)) == tool()["trials"](data)


@pytest.mark.parametrize("data", ["things", "textures", "cats_vs_dogs"])
def test_every_way_of_the_lesson_was_measured_with_several_seeds_that_differ(data):
    groups = shares_at_close_up(data)
    layers = [f"features of {layer}" for layer in tool()["BLOCKS"]]
    for way in [*RIVALS, *WAYS, *layers]:
        assert groups.count()[way] == 5
        assert groups.nunique()[way] > 1


@pytest.mark.parametrize("data", ["things", "textures", "cats_vs_dogs"])
def test_fine_tuned_is_at_least_frozen_and_frozen_beats_the_rivals_from_scratch(data):
    mean = close_up(data)
    assert mean["fine-tuned"] >= mean["frozen features"]
    for rival in RIVALS:
        assert mean["frozen features"] > mean[rival]


@pytest.mark.parametrize("data", ["textures", "cats_vs_dogs"])
def test_the_card_of_the_network_tells_what_was_measured(data):
    mean = (100 * close_up(data)).round(1)
    scratch, averaging = mean[RIVALS]
    told = f"{mean['frozen features']} % against {scratch} and {averaging} %"
    assert told in " ".join(datasets.card("vgg16_slim").split())


@pytest.mark.parametrize("per_class", [10, 20])
def test_on_things_frozen_features_win_by_fifteen_points(per_class):
    table = stored("things")
    mean = table[table.per_class == per_class].groupby("way").accuracy.mean()
    assert mean["frozen features"] >= mean[RIVALS].max() + 0.15


def test_dividing_costs_accuracy_and_most_where_only_the_test_does():
    mean = close_up("things")
    assert mean["divided in the test"] < mean["divided in both"] < mean["frozen features"]


def test_the_table_of_rates_holds_every_trial_of_its_script():
    script = runpy.run_path(str(ROOT / "tools" / "measure_freezing.py"))
    table = datasets.result("freezing")
    assert list(table.columns) == script["COLUMNS"]
    trials = table[script["COLUMNS"][:4]].itertuples(index=False, name=None)
    assert list(trials) == script["TRIALS"]
    assert table.accuracy.between(0, 1).all()


def test_digits_are_learned_better_from_scratch():
    mean = stored("digits").groupby(["way", "per_class"]).accuracy.mean()
    assert (mean["from scratch"] > mean["frozen features"]).all()


# Trained again: by the very script that wrote the tables.


@pytest.fixture
def cats_vs_dogs(full_data):
    fetch.fetch("cats_vs_dogs", full_data)


def trained_again(data):
    """Mean accuracy of each way of the lesson over five seeds, printed with its spread."""
    trials = [(tool()["CLOSE_UP"][data], seed) for seed in tool()["SEEDS"]]
    rows = [*tool()["from_scratch"](data, trials), *tool()["transferred"](data, trials)]
    table = pd.DataFrame(rows, columns=tool()["COLUMNS"])
    shares = table.groupby("way", sort=False).accuracy
    print(shares.agg(["mean", "std", "min", "max"]).round(3))
    mean = shares.mean()
    assert mean["fine-tuned"] >= mean["frozen features"]
    for rival in RIVALS:
        assert mean["frozen features"] > mean[rival]
    # A network from scratch becomes another one with other threads or kernels, and its spread is
    # large: three standard errors between two means. What rests on the base comes out the same.
    errors = 3 * (2 / shares.count() * shares_at_close_up(data).var()) ** 0.5
    for way in [*RIVALS, *WAYS]:
        allowed = max(0.04, errors[way]) if way in RIVALS else 0.04
        assert mean[way] == pytest.approx(close_up(data)[way], abs=allowed)


@pytest.mark.slow
def test_ten_textures_of_each_class_fine_tuned_frozen_from_scratch():
    trained_again("textures")


@pytest.mark.slow
def test_two_hundred_cats_and_dogs_fine_tuned_frozen_from_scratch(cats_vs_dogs):
    trained_again("cats_vs_dogs")
