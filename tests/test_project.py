"""The project's files agree with each other."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from cnnlab import doctor

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def minimum_versions(requirements):
    """{name: ">=1.2"} of requirement strings, their markers dropped."""
    pattern = re.compile(r"([A-Za-z0-9-]+)\s*(>=[\d.]+|==[\d.]+)?")
    return {m[1]: m[2] for m in map(pattern.match, requirements) if m[1] != "cnnlab"}


def test_environment_yml_asks_for_what_pyproject_asks_for():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    asked = minimum_versions(PYPROJECT["project"]["dependencies"])
    extras = PYPROJECT["project"]["optional-dependencies"]
    asked |= minimum_versions(extras["test"] + extras["compare"])
    given = minimum_versions([*(c for c in conda if not c.startswith(("python", "pip"))), *pip])
    given.pop("-e", None)
    del asked["tensorflow"], asked["tensorflow-cpu"]  # conda's own name for both follows
    assert given.pop("tensorflow") == ">=2.20"
    assert given == asked


def test_the_lock_holds_every_requirement_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))
    extras = PYPROJECT["project"]["optional-dependencies"]
    extra = [requirement for name in ("compare", "test", "dev") for requirement in extras[name]]
    asked = minimum_versions(PYPROJECT["project"]["dependencies"] + extra)
    assert set(asked) <= locked
    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_nbgrader_is_tested_beside_the_environment_and_as_it_is_asked_for():
    names = (ROOT / "tests" / "nbgrader.in").read_text(encoding="utf-8").splitlines()
    lock = (ROOT / "tests" / "nbgrader.lock").read_text(encoding="utf-8")
    asked = minimum_versions(name for name in names if not name.startswith("#"))
    assert asked["nbgrader"] == minimum_versions(
        PYPROJECT["project"]["optional-dependencies"]["nbgrader"]
    ).get("nbgrader")
    assert set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE)) == {*asked}
    assert "--hash=sha256:" in lock
    assert "://" not in lock
    installed = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not [name for name in asked if f"\n{name}==" in installed]


def test_contributing_and_readme_stay_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) <= 60
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_the_changelog_and_the_citation_name_this_version():
    from cnnlab import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__


def test_the_fixed_ruff_is_the_same_everywhere():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (revision,) = [repo["rev"] for repo in config["repos"] if "ruff" in repo["repo"]]
    assert (
        f"ruff=={revision.removeprefix('v')}"
        in PYPROJECT["project"]["optional-dependencies"]["dev"]
    )


# Python: requires-python decides, and all others follow

OLDEST, NEWEST = map(
    int, re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PYPROJECT["project"]["requires-python"]).groups()
)
FITTING = [f"3.{minor}" for minor in range(OLDEST, NEWEST)]
IN_WORDS = f"{', '.join(FITTING[:-1])} or {FITTING[-1]}"


def test_the_fitting_pythons_are_the_same_everywhere():
    text = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in ("Makefile", "README.md", "environment.yml", "docs/instructors.md")
    }
    fixed = {"python": doctor.PYTHONS, "ruff": PYPROJECT["tool"]["ruff"]["target-version"]}
    assert fixed == {"python": tuple(FITTING), "ruff": f"py3{OLDEST}"}
    conda = yaml.safe_load(text["environment.yml"])["dependencies"]
    assert f"python{PYPROJECT['project']['requires-python']}" in conda
    assert f"You need Python {IN_WORDS}," in text["README.md"]
    named = ", ".join(f"`python{version}`" for version in reversed(FITTING[1:]))
    assert f"`python3`, {named} and `python{FITTING[0]}`" in text["README.md"]
    assert f"with Python {FITTING[0]} to {FITTING[-1]};" in text["docs/instructors.md"]
    assert f"--python-version {FITTING[0]} " in text["Makefile"]


@pytest.mark.parametrize("version", [f"3.{minor}.1" for minor in range(OLDEST - 3, NEWEST + 3)])
def test_the_doctor_admits_what_make_admits(checkout, version):
    make, pythons = checkout
    pythons(python3=version)
    assert doctor.check_python(version).failed == (make().returncode != 0)


STAND_IN = """#!/bin/sh
if [ "$1" = --version ]; then echo "Python {version}"; exit; fi
echo "$0 $*" >> log
if [ "$2" = venv ] && [ "$0" != .venv/bin/python ]; then
    {mkdir} -p .venv/bin && {cp} "$0" .venv/bin/python
fi
"""


@pytest.fixture
def checkout(tmp_path):
    """Two functions in a copy of what makes .venv: one runs make, one puts Pythons on its path.

    Nothing else is on that path but what the recipe itself needs.
    """
    if sys.platform == "win32" or not shutil.which("make"):
        pytest.skip("make is not installed")
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "tools/choose_python.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for name in ("sh", "sed", "touch", "cat"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))

    def make(*arguments):
        # Without what a `make unit` around this test hands down, such as MAKELEVEL.
        handed = ("PYTHON", "MAKE", "MFLAGS")
        environment = {k: v for k, v in os.environ.items() if not any(h in k for h in handed)}
        return subprocess.run(
            [shutil.which("make"), ".venv/.ready", *arguments],
            cwd=tmp_path,
            env=environment | {"PATH": str(tmp_path / "bin")},
            capture_output=True,
            text=True,
        )

    def pythons(folder="bin", **versions):
        for name, version in versions.items():
            file = tmp_path / folder / name.replace("_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            tools = {tool: shutil.which(tool) for tool in ("mkdir", "cp")}
            file.write_text(STAND_IN.format(version=version, **tools))
            file.chmod(0o755)

    return make, pythons


def started(tmp_path):
    """What the stand-ins were asked for, but for their version: [] if nothing was installed."""
    log = tmp_path / "log"
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        ({"python3": f"3.{NEWEST - 1}.9", "python3_11": "3.11.0"}, "python3"),
        ({"python3": f"3.{NEWEST}.0", "python3_12": "3.12.1"}, "python3.12"),
        (
            {"python3": f"3.{NEWEST}.0rc1", "python3_11": "3.11.7", "python3_13": "3.13.0"},
            "python3.13",
        ),
        ({"python3": "3.9.18", "python3_11": "3.11.7"}, "python3.11"),
        ({"python3_12": "3.12.1"}, "python3.12"),
    ],
)
def test_make_takes_the_first_python_on_the_path_that_fits(checkout, tmp_path, versions, chosen):
    make, pythons = checkout
    pythons(**versions)
    done = make()
    assert done.returncode == 0, done.stderr
    first, *others = started(tmp_path)
    assert first == f"{tmp_path / 'bin' / chosen} -m venv --clear .venv"
    assert len(others) == 2
    assert all(line.startswith(".venv/bin/python -m pip install ") for line in others)


def test_a_name_with_no_python_behind_it_is_passed_over(checkout, tmp_path):
    make, pythons = checkout
    pythons(python3="3.14.0", python3_12="3.12.1")
    shim = tmp_path / "bin" / "python3.13"
    shim.write_text("#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert make().returncode == 0
    assert started(tmp_path)[0].split()[0] == str(tmp_path / "bin" / "python3.12")


def test_make_takes_the_python_that_uv_put_into_venv(checkout, tmp_path):
    make, pythons = checkout
    pythons(python3=f"3.{NEWEST}.0")
    pythons(folder=".venv/bin", python="3.12.1")
    assert make().returncode == 0
    assert started(tmp_path)[0] == ".venv/bin/python -m venv --clear .venv"


def test_system_python_decides_where_it_is_given(checkout, tmp_path):
    make, pythons = checkout
    pythons(python3="3.12.1")
    pythons(folder="my own", other="3.11.2")
    other = tmp_path / "my own" / "other"
    assert make(f"SYSTEM_PYTHON={other}").returncode == 0
    assert started(tmp_path)[0] == f"{other} -m venv --clear .venv"


REMEDIES = f"""\
TensorFlow has no build for another one. Nothing was installed. Do one of these in this folder:
- Install one of these versions and try again. Where it is not on the path, name it:
  make lab SYSTEM_PYTHON=/where/it/is/python{FITTING[-1]}
- With uv: uv venv --python 3.12 && make lab SYSTEM_PYTHON=.venv/bin/python
- With conda: conda env create -f environment.yml && conda activate cnnlab && cnnlab lab
"""


@pytest.mark.parametrize(
    ("versions", "given", "message"),
    [
        ({"python3": "3.14.0"}, None, "Python must be {}: got 3.14.0 ({}/python3)."),
        ({"python3": "3.9.18"}, None, "Python must be {}: got 3.9.18 ({}/python3)."),
        ({}, None, "Python must be {}: got nothing called python3."),
        ({"python3_12": "3.12.1"}, "py", "SYSTEM_PYTHON must be {}: got nothing called py."),
        (
            {"python3": "3.12.1", "python2": "2.7.18"},
            "python2",
            "SYSTEM_PYTHON must be {}: got 2.7.18 ({}/python2).",
        ),
    ],
)
def test_make_stops_before_it_installs_anything_where_no_python_fits(
    checkout, tmp_path, versions, given, message
):
    make, pythons = checkout
    pythons(**versions)
    done = make(*([f"SYSTEM_PYTHON={given}"] if given else []))
    assert done.returncode == 2
    expected = f"{message.format(IN_WORDS, tmp_path / 'bin')}\n{REMEDIES}make: *** "
    assert done.stderr[: len(expected)] == expected
    assert done.stdout == ""
    assert started(tmp_path) == []
    assert not (tmp_path / ".venv").exists()


def test_the_remedies_name_what_there_is():
    assert "3.12" in FITTING
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert conda["name"] == "cnnlab"


def test_nothing_else_in_the_makefile_makes_a_venv():
    assert (ROOT / "Makefile").read_text(encoding="utf-8").count("-m venv") == 1
