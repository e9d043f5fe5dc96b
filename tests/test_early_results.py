"""The stored results of lessons 02 and 03 are whole, and measuring again gives what they say."""

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets

TOOLS = Path(__file__).parents[1] / "tools"
KEYS = {
    "effective_fields": (["setting", "layers", "seed"], "threshold", "share"),
    "frozen_maps": (["features", "seed"], "epochs", "accuracy"),
}


@cache
def tool(name):
    """What the script that writes a table defines."""
    return runpy.run_path(str(TOOLS / f"measure_{name}.py"))


@pytest.mark.parametrize("name", KEYS)
def test_a_table_holds_every_trial_of_its_script(name):
    trial, repeated, value = KEYS[name]
    table = datasets.result(name)
    assert list(table.columns) == [*trial, repeated, value]
    assert tool(name)["FILE"].name == f"{name}.csv"
    every = tool(name)["THRESHOLDS" if repeated == "threshold" else "EPOCHS"]
    expected = [(*one, again) for one in tool(name)["TRIALS"] for again in every]
    assert list(table[[*trial, repeated]].itertuples(index=False, name=None)) == expected
    assert table[value].between(0, 1).all()


def test_random_weights_were_drawn_five_times_and_the_draws_differ():
    fields = datasets.result("effective_fields").query("setting != 'uniform'")
    draws = fields.groupby(["setting", "layers", "threshold"]).share
    assert (draws.count() == 5).all()
    assert draws.nunique().loc[:, 10:, 0.0455].min() > 1
    trainings = datasets.result("frozen_maps").groupby(["features", "epochs"]).accuracy
    assert (trainings.count() == 5).all()
    assert (trainings.nunique() > 1).all()


def test_the_share_of_the_field_shrinks_about_like_one_over_the_root_of_the_depth():
    table = datasets.result("effective_fields").query("threshold == 0.0455")
    for _, draw in table.groupby(["setting", "seed"]):
        slope = np.polyfit(np.log(draw.layers), np.log(draw.share), 1)[0]
        assert slope == pytest.approx(-0.5, abs=0.1)


def test_the_deeper_the_threshold_the_wider_the_field():
    shares = datasets.result("effective_fields").pivot_table(
        "share", ["setting", "layers", "seed"], "threshold"
    )
    assert (shares.diff(axis=1).iloc[:, 1:] < 0).all().all()


def test_trained_maps_beat_pixels_and_untrained_maps_do_not():
    accuracy = datasets.result("frozen_maps").groupby(["epochs", "features"]).accuracy
    least, most = accuracy.min(), accuracy.max()
    assert least[4, "trained maps"] > most[4, "pixels"]
    assert most[4, "untrained maps"] < least[4, "pixels"]
    assert accuracy.mean()[40, "untrained maps"] <= accuracy.mean()[40, "pixels"] + 0.01


@pytest.mark.parametrize("trial", [("uniform", 20, 0), ("random", 10, 1), ("random + ReLU", 5, 2)])
def test_a_field_measured_again_has_its_stored_share(trial):
    setting, depth, seed = trial
    stored = datasets.result("effective_fields").query(
        f"setting == {setting!r} and layers == {depth} and seed == {seed}"
    )
    again = [row["share"] for row in tool("effective_fields")["measure"](*trial)]
    assert again == pytest.approx(list(stored.share), abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("features", ["pixels", "untrained maps", "trained maps"])
def test_a_head_trained_again_reaches_its_stored_accuracy(features):
    stored = datasets.result("frozen_maps").query(f"features == {features!r} and seed == 0")
    again = [row["accuracy"] for row in tool("frozen_maps")["measure"](features, 0)]
    assert again == pytest.approx(list(stored.accuracy), abs=0.03)
