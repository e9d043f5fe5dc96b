"""The wheel is the whole course: package, data and lessons, without a checkout."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that holds the wheel's files, as site-packages would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", folder], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    (folder / "wheels").mkdir()
    wheel.rename(folder / "wheels" / wheel.name)
    return folder / "site"


def run_outside_the_checkout(installed, code):
    """With every connection refused."""
    unplugged = installed / "cnnlab" / "comparing" / "offline"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [installed, unplugged]))}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed.parent,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_wheel_carries_data_lessons_and_style(installed):
    files = {str(p.relative_to(installed)) for p in installed.rglob("*") if p.is_file()}
    assert {
        "cnnlab/data/SHA256SUMS",
        "cnnlab/data/digits.npz",
        "cnnlab/notebooks/00_start_here.ipynb",
        "cnnlab/notebooks/homework/edges_and_digits.py",
        "cnnlab/panels/cnnlab.mplstyle",
        "cnnlab/exercises/lesson01.py",
        "cnnlab/comparing/pinned.env",
        "cnnlab/comparing/sanitize.cfg",
        "cnnlab/comparing/pytest.ini",
        "cnnlab/comparing/offline/sitecustomize.py",
    } <= files
    assert not [f for f in files if "checkpoint" in f or "__pycache__" in f]


def test_data_load_from_the_wheel(installed):
    code = (
        "import cnnlab; from cnnlab import datasets; from cnnlab.files import shipped;"
        "print(cnnlab.__file__); print(shipped.data_folder());"
        "print(datasets.load('digits').images.shape, datasets.verify() > 10)"
    )
    done = run_outside_the_checkout(installed, code)
    assert done.returncode == 0, done.stderr
    module, data, loaded = done.stdout.splitlines()
    assert Path(module).is_relative_to(installed)
    assert Path(data) == installed / "cnnlab" / "data"
    assert loaded == "(1442, 28, 28, 1) True"


def test_every_set_and_network_that_is_shipped_loads_from_the_wheel(installed):
    code = (
        "from cnnlab import datasets, weights\n"
        "for name in ('digits', 'textures', 'things'):\n"
        "    for split in ('train', 'test'): print(len(datasets.load(name, split).images) > 100)\n"
        "print(all(datasets.photo(name).ndim in (2, 3) for name in datasets.photo_names()))\n"
        "for name in ('vgg16_slim', 'lenet5', 'mnist_cnn'):\n"
        "    for top in (False, True): print(weights.pretrained(name, top).name == name)\n"
    )
    done = run_outside_the_checkout(installed, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True"] * 13


def test_the_full_sets_load_from_the_wheel(installed, full_data):
    code = (
        "from cnnlab import datasets; from cnnlab.command import cli\n"
        f"assert cli.main(['fetch', 'mnist', 'cats_vs_dogs', '--from', {str(full_data)!r}]) == 0\n"
        "for name in ('mnist', 'cats_vs_dogs'):\n"
        "    for split in ('train', 'test'): print(len(datasets.load(name, split).images))\n"
    )
    done = run_outside_the_checkout(installed, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-4:] == ["60000", "10000", "2000", "1998"]


def test_what_runs_outside_the_checkout_is_refused_connections(installed):
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    done = run_outside_the_checkout(installed, code)
    assert done.returncode != 0
    assert "refused" in done.stderr.lower()


def test_data_load_from_the_checkout():
    from cnnlab.files import shipped

    assert shipped.data_folder() == ROOT / "data"


def test_lab_copies_the_lessons_out_of_the_wheel(installed):
    code = "from cnnlab.command.cli import main; raise SystemExit(main(['lab', '--no-browser']))"
    done = run_outside_the_checkout(installed, code)
    assert done.returncode == 0, done.stderr
    assert (installed.parent / "work" / "00_start_here.ipynb").is_file()


def own_notebook(path):
    """A notebook of somebody's own: a number and a figure."""
    new = nbformat.v4
    sources = [
        "import cnnlab\n\ncnnlab.setup()",
        "import numpy as np\n\nfrom cnnlab import plots\n\n6 * 7",
        "fig = plots.show_images([np.arange(12).reshape(3, 4) / 12])",
    ]
    cells = [new.new_code_cell(source) for source in sources]
    path.parent.mkdir()
    nbformat.write(new.new_notebook(cells=cells), path)


ALTERED = {
    "number": ("42", "43", "Cell 1"),
    "digest": ("check -0.4946 -0.2948", "check -0.4946 -0.2949", "Cell 2"),
    "bare": ('"1. image', '"<Figure size 504x288 with 1 Axes>1. image', "Cell 0"),
    "stripped": ('"execution_count": ', '"execution_count": null, "was": ', "Cell 0"),
}


def steps(installed):
    """The shell lines of the page for instructors, those that the wheel alone can follow."""
    page = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    own = page.split("**Notebooks of your own**")[1].split("**One lesson")[0]
    lines = [shlex.split(line) for line in re.findall(r"^ {7}(\S.*)", own, flags=re.MULTILINE)]
    assert [line[:4] for line in lines[:2]] == [["python", "-m", "pip", "install"]] * 2
    install, store, compare = lines[1:]  # what the first installs is here already
    install = [sys.executable, *install[1:], "--target", "site", "--disable-pip-version-check"]
    return install, store, compare


def test_the_steps_of_the_page_for_instructors_work_in_an_empty_folder(installed, tmp_path):
    shutil.copytree(installed.parent / "wheels", tmp_path / "wheels")
    own_notebook(tmp_path / "notebooks" / "own.ipynb")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PATH": os.defpath}
    install, store, compare = steps(installed)

    def run(command, expected=0):
        given = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
        command = [shutil.which(command[0], path=tmp_path / "site" / "bin"), *command[1:]]
        done = subprocess.run(command, **given)
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout

    subprocess.run(install, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert run(store) == f"{Path('notebooks/own.ipynb')}: stored\n"
    assert "3 passed" in run(compare)
    stored = (tmp_path / "notebooks" / "own.ipynb").read_text(encoding="utf-8")
    for name, (right, wrong, _) in ALTERED.items():
        assert right in stored
        altered = tmp_path / "notebooks" / f"{name}.ipynb"
        altered.write_text(stored.replace(right, wrong), encoding="utf-8")
    run([*compare, "--summary", "table.md", "--workers", "2"], expected=1)
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| notebooks/(\w+)\.ipynb \| (Cell \d)", table, re.MULTILINE)[::-1])
    assert named == {name: place for name, (*_, place) in ALTERED.items()}
