"""The stored results of lesson 11 are whole, and say what the lesson says of them."""

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets

TOOLS = Path(__file__).parents[1] / "tools"
COLUMNS = {
    "targets": "seed epsilon photographs turned turned_rounded left left_by_noise".split(),
    "adversarial": ["training", "seed", "attack", "epsilon", "accuracy"],
}


@cache
def tool(name):
    """What the script that writes a table, or a picture, defines."""
    return runpy.run_path(str(TOOLS / f"{name}.py"))


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_has_the_columns_of_its_script_and_no_gaps(name):
    table = datasets.result(name)
    assert list(table.columns) == COLUMNS[name]
    assert not table.isna().any().any()
    assert tool(f"measure_{name}")["FILE"].name == f"{name}.csv"


def test_each_seed_was_attacked_with_each_epsilon():
    table, script = datasets.result("targets"), tool("measure_targets")
    keys = [(seed, epsilon) for seed in range(script["SEEDS"]) for epsilon in script["EPSILONS"]]
    assert list(table[["seed", "epsilon"]].itertuples(index=False, name=None)) == keys
    assert (table.photographs == script["PHOTOGRAPHS"]).all()


def test_most_right_answers_are_turned_by_four_grey_levels_and_noise_turns_few():
    table = datasets.result("targets")
    four = table[table.epsilon == 4]
    assert four.turned.min() >= 0.6 and four.turned_rounded.min() >= 0.6  # in every draw
    assert four.left_by_noise.mean() < 0.2
    assert (table.left >= table.turned).all()
    assert (table.groupby("epsilon").turned.mean().diff().dropna() >= 0).all()


def test_each_training_was_attacked_in_each_way():
    table, script = datasets.result("adversarial"), tool("measure_adversarial")
    attacks = [("none", 0.0)]
    attacks += [(attack, epsilon) for attack in script["ATTACKS"] for epsilon in script["EPSILONS"]]
    keys = [
        (training, seed, *attack)
        for training in script["TRAININGS"]
        for seed in range(script["SEEDS"])
        for attack in attacks
    ]
    found = table[["training", "seed", "attack", "epsilon"]].itertuples(index=False, name=None)
    assert list(found) == keys


def test_accuracies_are_shares_of_the_test_digits():
    accuracies = datasets.result("adversarial").accuracy.to_numpy()
    counts = accuracies * 355
    np.testing.assert_allclose(counts, counts.round(), atol=0.02)


def test_training_on_fooled_digits_gains_in_every_seed():
    table = datasets.result("adversarial").query("attack == 'descent' and epsilon == 0.15")
    each = table.pivot_table("accuracy", "seed", "training")
    assert (each["three steps"] > each["as they are"] + 0.2).all()
    assert (each["noise"] < each["three steps"]).all()


def test_the_painted_sheet_is_cut_into_contents_and_styles():
    pictures = datasets.painted()
    assert pictures.shape == (3, 3, 128, 128, 3) and pictures.dtype == np.uint8
    assert tool("make_painted")["FILE"].name == "painted.jpg"
    means = pictures.mean(axis=(2, 3))  # (content, style, colour)
    hubble, retina = (datasets.PAINTED["styles"].index(name) for name in ("hubble", "retina"))
    assert (means[:, hubble].mean(axis=-1) < 100).all()  # the deep field is dark
    assert (means[:, retina, 0] > means[:, retina, 2] + 40).all()  # the retina is red
    for row, name in zip(pictures, datasets.PAINTED["contents"], strict=True):
        photo = datasets.photo(name, size=128).mean(axis=-1).ravel()
        for picture in row:
            assert np.corrcoef(picture.mean(axis=-1).ravel(), photo)[0, 1] > 0.3


@pytest.mark.slow
def test_a_network_trained_again_gives_what_the_table_says():
    script, table = tool("measure_adversarial"), datasets.result("adversarial")
    again = {(r["attack"], r["epsilon"]): r["accuracy"] for r in script["measure"]("one step", 0)}
    stored = table[(table.training == "one step") & (table.seed == 0)]
    for row in stored.itertuples():
        assert again[row.attack, row.epsilon] == pytest.approx(row.accuracy, abs=0.15)
