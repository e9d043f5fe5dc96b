"""Lessons run with another network or other data: one word is changed, and no cell else."""

from pathlib import Path

import keras
import matplotlib.pyplot as plt
import nbformat
import pytest

from cnnlab import models, weights
from cnnlab.files import fetch

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def run_lesson(lesson, word, other):
    """Runs the code of a lesson's cells, with one word changed; returns its names."""
    (path,) = NOTEBOOKS.glob(f"{lesson}_*.ipynb")
    cells = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
    assert sum(cell.source.count(f' = "{word}"') for cell in cells) == 1
    names = {"__name__": "lesson"}
    for cell in cells:
        source = cell.source.replace(f' = "{word}"', f' = "{other}"')
        if "raises-exception" in cell.metadata.get("tags", []):
            with pytest.raises(ValueError):
                exec(source, names)
        else:
            exec(source, names)
        plt.close("all")
    return names


def untrained_vgg16(monkeypatch, build):
    """A network in the place of what `cnnlab fetch vgg16` brings, with random weights."""
    real = weights.class_names
    slim = real("vgg16_slim")  # of the thousand, the ones that the lessons ask for
    imagenet = (*slim, *(f"class {number}" for number in range(1000 - len(slim))))
    monkeypatch.setattr(weights, "_vgg16", build)
    monkeypatch.setattr(weights, "class_names", lambda n: imagenet if n == "vgg16" else real(n))


@pytest.fixture
def original_vgg16(monkeypatch):
    def build(include_top):
        return keras.applications.VGG16(weights=None, include_top=include_top, name="vgg16")

    untrained_vgg16(monkeypatch, build)


@pytest.fixture
def thin_vgg16(monkeypatch):
    """Its layers and sizes with an eighth of the filters: nine methods take long at 224 pixels."""
    untrained_vgg16(monkeypatch, lambda include_top: models.vgg16(0.125, include_top))


@pytest.mark.slow
def test_transfer_learning_with_the_original_vgg16(original_vgg16):
    names = run_lesson("07", "vgg16_slim", "vgg16")
    assert names["features"].shape[-1] == 512
    assert set(names["right"]) == {
        "from scratch",
        "frozen features",
        "with augmentation",
        "fine-tuned",
    }


@pytest.mark.slow
def test_activations_and_filters_of_the_original_vgg16(original_vgg16):
    names = run_lesson("08", "vgg16_slim", "vgg16")
    assert names["total"] == 4224
    assert names["patterns"]["block5_conv3"].shape == (12, 128, 128, 3)


@pytest.mark.slow
def test_heat_maps_of_a_network_with_the_layers_of_vgg16(thin_vgg16):
    names = run_lesson("09", "vgg16_slim", "vgg16")
    assert names["x"].shape == (224, 224, 3)
    assert names["ends"] == pytest.approx([1.0] * 3)  # of the edges, the method asked last


@pytest.mark.slow
def test_transfer_learning_with_cats_and_dogs(full_data):
    fetch.fetch("cats_vs_dogs", full_data)
    names = run_lesson("07", "textures", "cats_vs_dogs")
    assert names["two_classes"].output_shape == (None, 1)
    assert names["right"]["frozen features"] > 0.5
