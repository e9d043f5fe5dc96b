"""The project's files agree with each other."""

import re
import tomllib
from pathlib import Path

import yaml

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
    asked |= minimum_versions(PYPROJECT["project"]["optional-dependencies"]["test"])
    given = minimum_versions([*(c for c in conda if not c.startswith(("python", "pip"))), *pip])
    given.pop("-e", None)
    del asked["tensorflow"], asked["tensorflow-cpu"]  # conda's own name for both follows
    assert given.pop("tensorflow") == ">=2.20"
    assert given == asked
    assert "python>=3.11,<3.14" in conda


def test_the_lock_holds_every_requirement_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))
    extras = PYPROJECT["project"]["optional-dependencies"]
    asked = minimum_versions(PYPROJECT["project"]["dependencies"] + extras["test"] + extras["dev"])
    assert set(asked) <= locked
    assert "--hash=sha256:" in lock
    assert "://" not in lock


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
