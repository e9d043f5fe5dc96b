"""The stored results of lesson 10 are whole, and measuring again gives what they say."""

import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets

TOOLS = Path(__file__).parents[1] / "tools"
KEYS = {
    "scenes": ["seed", "scenes"],
    "skips": ["seed", "way", "scenes"],
    "one_box": ["seed", "method", "tested"],
}
VALUES = {
    "scenes": ["ap_objects", "map_classes", "iou_objects", "iou_ground", "miou"],
    "skips": ["iou_ground", "iou_0", "iou_1", "iou_4", "iou_7", "miou", "miou_digits"],
    "one_box": ["iou", "found", "squared_error"],
}


@cache
def tool(name):
    """What the script that writes a table defines."""
    return runpy.run_path(str(TOOLS / f"measure_{name}.py"))


@pytest.mark.parametrize("name", KEYS)
def test_a_table_has_the_columns_of_its_script_five_seeds_and_no_gaps(name):
    table = datasets.result(name)
    assert list(table.columns) == KEYS[name] + VALUES[name]
    assert not table.isna().any().any()
    assert tool(name)["FILE"].name == f"{name}.csv"
    assert table.seed.unique().tolist() == list(range(tool(name)["SEEDS"])) == [0, 1, 2, 3, 4]
    for value in VALUES[name]:
        assert table[value].between(0, 1).all()


@pytest.mark.parametrize("name", KEYS)
def test_seeds_differ(name):
    table = datasets.result(name)
    groups = table.groupby(KEYS[name][1]) if name != "scenes" else [("", table)]
    for way, rows in groups:
        assert rows[VALUES[name][0]].nunique() > 1, way


def test_masks_of_things_reach_their_aim_and_the_mean_is_one():
    table = datasets.result("scenes")
    assert table.iou_objects.mean() >= 0.7
    np.testing.assert_allclose(table.miou, (table.iou_objects + table.iou_ground) / 2, atol=1e-4)
    assert (table.ap_objects > table.map_classes).all()


def test_the_u_net_beats_its_rivals_in_every_seed():
    table = datasets.result("skips").pivot(index="seed", columns="way", values="miou_digits")
    assert (table["u-net"] > table["without skips"]).all()
    assert (table["u-net"] > table["heat map"] + 0.3).all()


def test_boxes_without_a_look_score_as_their_definition_says():
    table = datasets.result("one_box").set_index(["method", "seed"])
    found = table.loc["whole picture"]
    assert found.iou.between(0.25, 0.35).all()  # the share of the picture that boxes cover
    assert (table.loc["mean box"].squared_error < found.squared_error).all()
    assert (table.loc["1 - IoU"].iou > table.loc["mean box"].iou).all()


def test_what_is_kept_for_pictures_belongs_to_the_scenes_that_the_lesson_draws():
    boxes, masks = datasets.result("scenes_boxes"), datasets.result("scenes_masks")
    script = tool("scenes")
    assert masks.scene.tolist() == list(range(script["SHOWN"]))
    assert set(boxes.scene) <= set(masks.scene) and len(boxes) >= script["SHOWN"]
    assert boxes.score.between(script["SURE"], 1).all() and boxes.label.between(0, 8).all()
    height, width = script["SIZE"]
    stored = datasets.scenes("test", script["SHOWN"], seed=100)
    overlaps = []
    for runs, true in zip(masks.runs, stored.masks, strict=True):
        runs = np.array(runs.split(), int)
        flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
        assert len(flat) <= height * width
        said = np.pad(flat, (0, height * width - len(flat))).reshape(height, width)
        true = true.any(axis=0)
        overlaps.append((said & true).sum() / (said | true).sum())
    assert np.mean(overlaps) > 0.6


def test_a_mirrored_box_is_mirrored_back():
    script = tool("one_box")
    boxes = np.array([(0.1, 0.2, 0.5, 0.9)])
    np.testing.assert_allclose(script["mirrored"](boxes), [(0.1, 0.1, 0.5, 0.8)])
    np.testing.assert_allclose(script["mirrored"](script["mirrored"](boxes)), boxes)


def test_one_minus_iou_is_what_its_name_says():
    from cnnlab.boxes import iou

    generator = np.random.default_rng(0)
    corners = generator.uniform(0, 0.5, (2, 8, 2))
    a, b = np.concatenate([corners, corners + generator.uniform(0.1, 0.5, (2, 8, 2))], axis=-1)
    script = tool("one_box")
    loss = script["one_minus_iou"](a, b) - 0.1 * script["squared_error"](a, b)
    np.testing.assert_allclose(loss, 1 - iou(a, b).diagonal(), atol=1e-4)


# Measured again: by the very scripts that wrote the tables.


@pytest.mark.slow
def test_the_first_seed_finds_things_as_the_table_says():
    row, _ = tool("scenes")["measure"](0, tool("scenes")["SCENES"])
    stored = datasets.result("scenes").iloc[0]
    for value in VALUES["scenes"]:
        assert row[value] == pytest.approx(stored[value], abs=0.1), value


@pytest.mark.slow
def test_the_first_seed_of_the_u_net_is_as_the_table_says():
    stored = datasets.result("skips").set_index(["way", "seed"])
    for row in tool("skips")["measure"](0, tool("skips")["SCENES"]):
        tolerance = 0.25 if row["way"] == "without skips" else 0.1
        assert row["miou"] == pytest.approx(stored.miou[row["way"], 0], abs=tolerance)


@pytest.mark.slow
def test_the_first_seed_on_real_photographs_is_as_the_table_says(full_data):
    script = tool("one_box")
    pictures, boxes = script["photographs"](full_data)
    assert len(pictures) == 699 and 0 <= boxes.min() and boxes.max() <= 1
    maps = [script["features"](pictures), script["features"](pictures[:, :, ::-1])]
    stored = datasets.result("one_box").set_index(["method", "seed"])
    for row in script["measure"](0, maps, boxes):
        assert row["iou"] == pytest.approx(stored.iou[row["method"], 0], abs=0.06)
