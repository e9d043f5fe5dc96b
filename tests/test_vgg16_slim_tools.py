"""The base network is trained from the data to the file, and its goals are told honestly."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cnnlab import datasets, models, weights

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / "tools"


@pytest.fixture
def tool(monkeypatch):
    """A script of tools/ by its name, with those that it imports."""
    monkeypatch.syspath_prepend(TOOLS)
    return importlib.import_module


@pytest.fixture
def training(tool):
    pytest.importorskip("torch", reason="torch is not installed: pip install torch")
    return tool("train_vgg16_slim")


def run(script, *arguments):
    found = subprocess.run(
        [sys.executable, TOOLS / script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.slow
def test_a_short_training_runs_from_the_data_to_the_file_and_goes_on_where_it_was(
    training, full_data, tmp_path
):
    (teacher,) = (full_data / "weights").glob("mobilenet_v2*.npz")
    arguments = (
        *("--data", full_data / "tiny-imagenet-100.zip", "--teacher", teacher, "--out", tmp_path),
        *("--start", ROOT / "data" / "weights" / "vgg16_slim.npz"),
        *("--every", 125, "--batch", 32, "--epochs", 1, 0.5, 0.2),
    )
    first = run("train_vgg16_slim.py", *arguments)
    assert [first.count(f'"stage": "{stage}"') for stage in training.STAGES] == [1, 1, 1]
    model = models.vgg16_slim()
    with np.load(tmp_path / "vgg16_slim.npz") as arrays:
        weights.fill(model, arrays)
        before = dict(arrays)
    assert np.isfinite(model(np.zeros((1, 64, 96, 3), "float32"))).all()

    (tmp_path / "after_middle.pt").replace(tmp_path / "checkpoint.pt")
    (tmp_path / "vgg16_slim.npz").unlink()
    second = run("train_vgg16_slim.py", *arguments)
    assert [second.count(f'"stage": "{stage}"') for stage in training.STAGES] == [0, 0, 1]
    with np.load(tmp_path / "vgg16_slim.npz") as arrays:
        for name, array in arrays.items():
            np.testing.assert_allclose(array, before[name], rtol=1e-3, atol=1e-4)


def test_plain_weights_come_back_from_a_network_with_batch_normalisation(training):
    torch = pytest.importorskip("torch")
    model = models.vgg16_slim()
    random = np.random.default_rng(0)
    plain = {
        name: random.normal(0, np.sqrt(2 / max(np.prod(array.shape[:-1]), 9)), array.shape).astype(
            np.float32
        )
        for name, array in weights.arrays(model).items()
    }
    x = random.uniform(-1, 1, (3, 64, 96, 3)).astype(np.float32)
    weights.fill(model, plain)
    as_torch = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
    network = training.network(width=0.5, outputs=100)
    training.unfold(network, plain, as_torch)
    with torch.no_grad():
        np.testing.assert_allclose(network(as_torch), model(x), rtol=1e-3, atol=1e-4)
    for name, array in training.folded(network).items():
        np.testing.assert_allclose(array, plain[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("size", "stride"), [((8, 12), 2), ((7, 10), 2), ((9, 5), 1)])
def test_the_teacher_pads_as_keras_does(tool, size, stride):
    torch = pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(0)
    x = random.normal(size=(2, *size, 5)).astype(np.float32)
    kernel = random.normal(size=(3, 3, 5, 4)).astype(np.float32)
    expected = keras.ops.conv(x, kernel, strides=stride, padding="same")
    layer = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()), torch.zeros(4)
    result = tool("teacher_mobilenet").convolved(
        torch.from_numpy(x.transpose(0, 3, 1, 2).copy()), layer, stride
    )
    np.testing.assert_allclose(result.permute(0, 2, 3, 1), expected, rtol=1e-4, atol=1e-5)


def test_the_error_of_calibration_is_the_mean_gap_between_told_and_right(tool):
    scores = np.log([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]])
    labels = np.array([0, 1, 1, 1])  # half right where 90 % is told, all where 70 %
    error = tool("evaluate_vgg16_slim").calibration_error(scores, labels)
    assert error == pytest.approx((2 * 0.4 + 2 * 0.3) / 4)


def test_a_goal_is_called_missed_where_it_is_missed(tool):
    rows = [
        ("top-1", 64, 0.58, 0.5, "missed"),
        ("top-1", 64, 0.58, 0.58, "met"),
        ("chelsea, dogs", 64, 0.1, 0.2, "missed"),
        ("chelsea, dogs", 64, 0.1, 0.05, "met"),
        ("chelsea, dogs", 224, np.nan, 0.2, ""),
    ]
    table = pd.DataFrame(rows, columns=["what", "size", "goal", "reached", "verdict"])
    assert list(tool("evaluate_vgg16_slim").verdicts(table)) == list(table.verdict)


def test_the_goals_of_other_sizes_rest_on_what_is_reached_at_64_pixels(tool):
    evaluate = tool("evaluate_vgg16_slim")
    images = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), dtype=np.uint8)
    model = weights.pretrained("vgg16_slim", include_top=True)
    labels = evaluate.logits(model, images).argmax(axis=1)
    labels[:3] += 1
    table = evaluate.measured(model, images, labels, sizes=(64, 96, 160))
    top1 = table[table.what == "top-1"].set_index("size")
    assert top1.reached[64] == 0.75
    assert top1.goal[[64, 96]].tolist() == [0.58, 0.72]
    assert np.isnan(top1.goal[160])


def test_the_card_tells_every_goal_that_was_missed_and_how_often_the_network_is_right(tool):
    table = datasets.result("vgg16_slim")
    card = " ".join(datasets.card("vgg16_slim").split())
    for what in ("top-1", "top-5"):
        for row in table[table.what == what].itertuples():
            assert f"{100 * row.reached:.1f}" in card
    missed = table[tool("evaluate_vgg16_slim").verdicts(table) == "missed"]
    for row in missed.itertuples():
        assert f"{row.what} at {row.size} px" in card.split("**missed**")[1]
    megabytes = (ROOT / "data" / "weights" / "vgg16_slim.npz").stat().st_size / 1e6
    assert table.reached[table.what == "megabytes"].item() == round(megabytes, 2) <= 8


@pytest.mark.slow
def test_measured_again_the_network_reaches_what_its_table_says(tool, full_data):
    evaluate = tool("evaluate_vgg16_slim")
    images, labels = evaluate.validation(full_data / "tiny-imagenet-100.zip")
    model = weights.pretrained("vgg16_slim", include_top=True)
    again = evaluate.measured(model, images, labels, sizes=(64, 96)).set_index(["what", "size"])
    stored = datasets.result("vgg16_slim").set_index(["what", "size"])
    for row, values in again.iterrows():
        assert values.reached == pytest.approx(stored.reached[row], abs=0.003)
