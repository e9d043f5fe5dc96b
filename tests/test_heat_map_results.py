"""The stored results of lesson 09 are whole, and measuring again gives what they say."""

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets

TOOLS = Path(__file__).parents[1] / "tools"
KEYS = {
    "pointing": ["training", "method", "scenes"],
    "sanity": ["weights", "method", "forgotten", "seed", "picture"],
}
VALUES = {
    "pointing": ["both_found", "box_share", "pointing_game", "energy", "deletion", "insertion"],
    "sanity": ["likeness", "to_another", "of_two"],
}


@cache
def tool(name):
    """What the script that writes a table defines."""
    return runpy.run_path(str(TOOLS / f"measure_{name}.py"))


def at_the_end(column):
    """The mean over pictures and seeds of each method and kind of weights, all forgotten."""
    table = datasets.result("sanity")
    return table[table.forgotten == "block1"].groupby(["weights", "method"])[column].mean()


@pytest.mark.parametrize("name", KEYS)
def test_a_table_has_the_columns_of_its_script_and_no_gaps(name):
    table = datasets.result(name)
    assert list(table.columns) == KEYS[name] + VALUES[name]
    assert not table.isna().any().any()
    assert tool(name)["FILE"].name == f"{name}.csv"


def test_every_method_was_scored_after_every_training():
    table, script = datasets.result("pointing"), tool("pointing")
    methods = [*script["METHODS"], *script["RIVALS"]]
    keys = [(seed, method) for seed in range(script["TRAININGS"]) for method in methods]
    assert list(table[["training", "method"]].itertuples(index=False, name=None)) == keys
    assert (table.scenes == script["SCENES"]).all()
    assert script["SCENES"] * script["TRAININGS"] >= 200


def test_scores_of_maps_that_no_network_made_are_their_levels_of_chance_and_of_perfection():
    table = datasets.result("pointing").groupby("method").mean(numeric_only=True)
    noise, box = table.loc["random numbers"], table.loc["the box itself"]
    assert box.pointing_game == box.energy == 1
    assert noise.energy == pytest.approx(noise.box_share, abs=0.005)
    assert noise.pointing_game == pytest.approx(noise.box_share, abs=0.07)


def test_scores_are_shares_and_trainings_differ():
    table = datasets.result("pointing")
    for score in VALUES["pointing"]:
        assert table[score].between(0, 1).all()
    assert table.groupby("method").deletion.nunique().gt(1).all()


def test_the_relu_of_grad_cam_is_worth_something_in_every_training():
    table = datasets.result("pointing").set_index(["method", "training"])
    gain = table.loc["grad_cam"] - table.loc["grad_cam sizes alone"]
    assert (gain.pointing_game >= 0).all() and (gain.energy > 0).all()
    assert (gain.deletion < 0).all() and (gain.insertion > 0).all()


def test_every_picture_was_asked_at_every_step_with_every_seed():
    table, script = datasets.result("sanity"), tool("sanity")
    seeds = range(table.seed.max() + 1)
    names, images = script["pictures"]()
    assert images.shape == (len(names), script["SIDE"], script["SIDE"], 3)
    assert len(set(names)) == len(names) >= 12
    for method in script["METHODS"]:
        parts = script["PARTS"] if method != "edges" else script["PARTS"][-1:]
        rows = table[table.method == method].drop(columns=["method", *VALUES["sanity"]])
        assert sorted(rows.itertuples(index=False, name=None)) == sorted(
            (kind, part, seed, name)
            for kind in script["WEIGHTS"]
            for part in parts
            for seed in seeds
            for name in names
        )


def test_correlations_keep_their_signs():
    table = datasets.result("sanity")
    for column in VALUES["sanity"]:
        assert table[column].between(-1, 1).all()
        assert (table[column] < -0.1).any() or column == "of_two"


def test_edges_do_not_change_and_are_no_likelier_than_chance_on_another_picture():
    table = datasets.result("sanity")
    edges = table[table.method == "edges"]
    assert (edges.likeness == 1).all() and (edges.of_two == 1).all()
    assert abs(edges.to_another.mean()) < 0.2


def test_maps_of_a_network_that_has_forgotten_all_are_no_likelier_than_chance():
    """What lesson 09 says of the end of the cascade; the edges fail there."""
    more = at_the_end("likeness") - at_the_end("to_another")
    for kind in tool("sanity")["WEIGHTS"]:
        assert abs(more[kind, "Grad-CAM"]) < 0.2
        assert abs(more[kind, "saliency"]) < 0.1
        assert more[kind, "edges"] > 0.8


@pytest.mark.parametrize("kind", ["shuffled", "drawn anew"])
def test_weights_that_are_shuffled_keep_their_values_and_new_ones_do_not(kind):
    class Layer:
        """A layer of two filters."""

        @staticmethod
        def get_weights():
            generator = np.random.default_rng(3)
            return [generator.normal(size=(3, 2, 4, 2)), generator.normal(size=2)]

    now = tool("sanity")["forgotten"](Layer, kind, np.random.default_rng(0))
    for new, old in zip(now, Layer.get_weights(), strict=True):
        assert new.shape == old.shape
        assert not np.array_equal(new, old) or old.size == 2
        same = np.array_equal(np.sort(new.ravel()), np.sort(old.ravel()))
        assert same == (kind == "shuffled")


# Measured again: by the very scripts that wrote the tables.


@pytest.mark.slow
def test_the_first_training_points_as_the_table_says():
    stored = datasets.result("pointing").set_index(["training", "method"])
    for row in tool("pointing")["measure"](0, tool("pointing")["SCENES"]):
        expected = stored.loc[0, row["method"]]
        for score in VALUES["pointing"]:
            assert row[score] == pytest.approx(expected[score], abs=0.1), (row["method"], score)


@pytest.mark.slow
def test_maps_of_the_first_seed_sink_to_where_the_table_says():
    table = datasets.result("sanity")
    assert table.seed.nunique() == tool("sanity")["SEEDS"] >= 5
    last = table.query("seed == 0 and forgotten == 'block1'")
    expected = last.groupby(["weights", "method"]).likeness.mean()
    from cnnlab.scores import rank_correlation

    for kind in tool("sanity")["WEIGHTS"]:
        maps = tool("sanity")["cascade"](kind, seed=0)
        for method in tool("sanity")["METHODS"]:
            found = rank_correlation(maps["nothing"][method], maps["block1"][method]).mean()
            assert found == pytest.approx(expected[kind, method], abs=0.03)
