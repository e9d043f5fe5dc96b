"""The workflow files: what they call exists."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from cnnlab import doctor

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
INSTRUCTORS = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([\w./]+):", MAKEFILE, flags=re.MULTILINE))
VARIABLES = set(re.findall(r"\$\((?:if \$\()?([A-Z]+)", MAKEFILE))
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]


COMMANDS = set(
    re.findall(
        r'add_(?:parser|argument)\("([\w-]+)"',
        (ROOT / "cnnlab" / "command" / "cli.py").read_text(encoding="utf-8"),
    )
)


def examples():
    """The YAML of the page for instructors, in order."""
    blocks = re.findall(r"```yaml\n(.*?)```", INSTRUCTORS, flags=re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


def workflows():
    """Every workflow for GitHub, {name: contents}; those of the page for instructors too."""
    ours = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in WORKFLOWS}
    theirs = [example for example in examples() if "jobs" in example]
    return ours | {f"example {number}": example for number, example in enumerate(theirs)}


def commands(workflow):
    """The shell lines of a workflow."""
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return [line for step in steps for line in step.get("run", "").splitlines()]


def gitlab_commands():
    return [
        line
        for example in examples()
        for job in example.values()
        if isinstance(job, dict) and "script" in job
        for line in job["script"]
    ]


def faults(line):
    """What a shell line calls that does not exist."""
    words = line.split()
    if words[0] == "make":
        names = [word.split("=")[0] for word in words[1:]]
        known = TARGETS | VARIABLES
        return [name for name in names if name not in known]
    if words[0] == "cnnlab":
        asked = [words[1], *(word for word in words if word.startswith("--"))]
        return [word for word in asked if word not in COMMANDS]
    files = re.findall(r"(?<![\w./-])(?:\.?[\w-]+/)*[\w-]+\.(?:py|cfg|lock|env)\b", line)
    found = [file for file in files if not (ROOT / file).is_file()]
    extras = [extra for some in re.findall(r"\[([\w,]+)\]", line) for extra in some.split(",")]
    return found + [extra for extra in extras if extra not in EXTRAS]


@pytest.mark.parametrize("name", workflows())
def test_a_workflow_calls_only_what_exists(name):
    lines = commands(workflows()[name])
    assert lines
    assert [fault for line in lines for fault in faults(line)] == []


def test_the_example_for_gitlab_calls_only_what_exists():
    assert gitlab_commands()
    assert [fault for line in gitlab_commands() for fault in faults(line)] == []


def test_a_command_that_does_not_exist_would_be_noticed():
    assert faults("make tset PYTHON=python") == ["tset"]
    assert faults("make test PITHON=python") == ["PITHON"]
    assert faults("python tools/no_such.py x") == ["tools/no_such.py"]
    assert faults("cnnlab compair notebooks --workers 2") == ["compair"]
    assert faults("cnnlab compare notebooks --sumary x") == ["--sumary"]
    assert faults('pip install -e ".[dev,tset]"') == ["tset"]


@pytest.mark.parametrize("name", workflows())
def test_a_workflow_needs_no_secret_and_writes_nothing(name):
    workflow = workflows()[name]
    assert "secrets." not in str(workflow)
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("name", workflows())
def test_every_job_has_a_machine_a_limit_and_the_sources_first(name):
    for job in workflows()[name]["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert re.match(r"(ubuntu|windows|macos)-latest|\$\{\{ matrix\.\w+ \}\}", job["runs-on"])
        assert job["steps"][0]["uses"].startswith("actions/checkout@")
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])


def test_every_change_runs_on_three_systems_and_every_supported_python():
    matrix = workflows()["tests.yml"]["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["system"] == ["ubuntu-latest", "windows-latest", "macos-latest"]
    assert matrix["python"] == [*doctor.PYTHONS]


@pytest.mark.parametrize("name", [path.name for path in WORKFLOWS])
def test_a_workflow_writes_utf_8_on_every_system(name):
    assert workflows()[name]["env"] == {"PYTHONUTF8": "1"}


@pytest.mark.parametrize("name", ["tests.yml", "example 0"])
def test_a_change_is_tested_once_and_not_as_a_push_and_a_pull_request(name):
    assert workflows()[name][True] == {"push": {"branches": ["main"]}, "pull_request": None}


def test_the_weekly_run_takes_the_newest_releases_and_not_the_lock():
    workflow = workflows()["newest.yml"]
    (when,) = workflow[True]["schedule"]  # YAML reads the key `on` as true
    minute, hour, *_, weekday = when["cron"].split()
    assert (0 <= int(minute) < 60, 0 <= int(hour) < 24, 0 <= int(weekday) < 7) == (True,) * 3
    text = " ".join(commands(workflow))
    assert "--upgrade-strategy eager" in text
    assert ".lock" not in text


def test_a_comparison_in_a_workflow_shows_the_table_of_changed_cells():
    found = [line for name in workflows() for line in commands(workflows()[name])]
    comparisons = [line for line in found if "cnnlab compare" in line or "make nbval" in line]
    assert len(comparisons) == 3
    for line in comparisons:
        assert re.search(r'(--summary |SUMMARY=)"\$GITHUB_STEP_SUMMARY"', line)
