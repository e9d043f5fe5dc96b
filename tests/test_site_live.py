"""What the live pages compute with: weights as scripts, and TensorFlow.js pinned by hashes."""

import base64
import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets, weights

ROOT = Path(__file__).parents[1]
LIVE = runpy.run_path(str(ROOT / "tools" / "site_live.py"))
PACKAGES = json.loads((ROOT / "docs" / "live" / "package-lock.json").read_text(encoding="utf-8"))


def decoded(array):
    return np.frombuffer(base64.b64decode(array["float16"]), "<f2").reshape(array["shape"])


def test_the_weights_of_the_pages_are_those_of_the_course():
    stored = LIVE["weights_of"]("lenet5")
    model = weights.pretrained("lenet5", include_top=True)
    wanted = weights.arrays(model)
    assert set(stored) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(decoded(stored[name]), array)


def test_a_script_names_its_values():
    assert LIVE["script"](ONE=[1, 2], TWO="x") == 'const ONE = [1, 2];\nconst TWO = "x";\n'


def test_the_examples_are_test_digits_one_of_each_first():
    digits = datasets.load("digits", "test")
    found = LIVE["examples"]()
    assert [example["label"] for example in found[:10]] == list(range(10))
    for example, number in zip(found, LIVE["EXAMPLES"], strict=True):
        ink = np.frombuffer(base64.b64decode(example["ink"]), np.uint8) / 255
        np.testing.assert_allclose(ink, digits.images[number].ravel(), atol=1e-6)


def test_the_class_names_are_those_of_the_network():
    assert tuple(LIVE["class_names"]()) == weights.class_names("vgg16_slim")


def test_the_lock_pins_every_package_by_a_hash_and_names_no_host():
    packages = {name: one for name, one in PACKAGES["packages"].items() if name}
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert "://" not in json.dumps(PACKAGES)
    asked = json.loads((ROOT / "docs" / "live" / "package.json").read_text(encoding="utf-8"))
    for name, version in (asked["dependencies"] | asked["devDependencies"]).items():
        assert packages[f"node_modules/{name}"]["version"] == version


@pytest.fixture
def pages(tmp_path):
    """The folder of pages as tools/site_sources.py leaves it, as far as the live pages go."""
    folder = tmp_path / "pages"
    shutil.copytree(ROOT / "docs" / "live", folder / "live")
    shutil.copy(ROOT / "docs" / "look.md", folder)
    return folder


def test_without_node_the_page_says_what_is_left_out(pages, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    LIVE["main"](pages, tmp_path / "bundle")
    assert capsys.readouterr().out == (
        "left out: the page look.html, which needs Node (npm) to be built.\n"
    )
    text = (pages / "look.md").read_text(encoding="utf-8")
    assert "built without Node" in text
    assert "<script" not in text
    assert "What to believe" in text
    written = {path.name for path in (pages / "static" / "live").iterdir()}
    assert {"draw.js", "convolve.js", "lenet5_weights.js", "live.css"} <= written
    assert not written & {"tfjs.js", "vgg16_slim_weights.js", "tensorflow.js", "package.json"}
    assert not (pages / "live").exists()


def test_a_registry_that_cannot_be_reached_leaves_the_page_out(
    pages, tmp_path, monkeypatch, capsys
):
    def refused(command, **_):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(shutil, "which", lambda name, **_: name)
    monkeypatch.setattr(subprocess, "run", refused)
    LIVE["main"](pages, tmp_path / "bundle")
    assert capsys.readouterr().out.startswith("left out: the page look.html; this failed: ")
    assert "built without Node" in (pages / "look.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["draw", "convolve", "look"])
def test_a_page_loads_only_scripts_that_exist(name):
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    loaded = re.findall(r'<script src="_static/live/([\w.]+)"', text)
    made = {"lenet5_weights.js", "vgg16_slim_weights.js", "course_photographs.js", "tfjs.js"}
    ours = {path.name for path in (ROOT / "docs" / "live").glob("*.js")}
    assert loaded
    assert set(loaded) <= ours | made
