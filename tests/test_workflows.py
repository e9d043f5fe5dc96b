"""The workflow files: what they call exists, and the table of changed cells names them."""

import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
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
    assert "tools/changed_cells.py" in text


def test_the_examples_compare_with_the_flags_of_the_makefile():
    flags = re.search(r"^NBVAL := (.*)$", MAKEFILE, flags=re.MULTILINE)[1]
    lines = [line for w in workflows().values() for line in commands(w)] + gitlab_commands()
    own = [line for line in lines if "--nbval" in line]
    assert own
    assert all(flags in line for line in own)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of a comparison in which one cell differs and one fails."""
    folder = tmp_path_factory.mktemp("changed") / "notebooks"
    folder.mkdir()
    new = nbformat.v4
    stored = [new.new_output("execute_result", {"text/plain": "4"}, execution_count=2)]
    line = "✗ H2.1 Only every second row is taken, the columns are all there: "
    long = [new.new_output("stream", name="stdout", text=f"Listen.\n{line}they count.\n")]
    cells = [
        new.new_markdown_cell("Text is not counted."),
        new.new_code_cell("a = 1", execution_count=1),
        new.new_code_cell("a + 2 | 0", execution_count=2, outputs=stored),
        new.new_code_cell("# the third\n1 / 0", execution_count=3),
        new.new_code_cell(
            f"print('Listen.\\n{line}columns count.')", execution_count=4, outputs=long
        ),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new.new_notebook(cells=cells, metadata=kernel), folder / "07_trial.ipynb")
    options = ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "--junitxml=report.xml"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, "notebooks"],
        cwd=folder.parent,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
    )
    return folder.parent / "report.xml"


def table(path, capsys):
    main = runpy.run_path(str(ROOT / "tools" / "changed_cells.py"))["main"]
    return main(str(path)), capsys.readouterr().out


def test_the_table_names_the_notebook_and_the_cells_that_changed(report, capsys):
    status, printed = table(report, capsys)
    assert status == 1
    assert printed.splitlines()[0] == "4 cells compared, 3 changed."
    assert printed.splitlines()[4:6] == [
        r"| notebooks/07_trial.ipynb | Cell 1 | a + 2 \| 0 | now: 3; stored: 4 |",
        "| notebooks/07_trial.ipynb | Cell 2 | # the third | ZeroDivisionError: division by zero |",
    ]
    assert printed.splitlines()[6].endswith(
        "| now: ll there: columns count.; stored: ll there: they count. |"
    )


def test_the_table_can_be_written_where_signs_cannot(report):
    """A redirected Windows console has a code page without ✗."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "changed_cells.py", report],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
    )
    assert done.stderr == b""
    assert "✗ H2.1" in done.stdout.decode("utf-8")


def test_the_table_is_empty_where_nothing_changed(tmp_path, capsys):
    report = tmp_path / "report.xml"
    report.write_text('<testsuite><testcase classname="a.ipynb" name="Cell 0"/></testsuite>')
    assert table(report, capsys) == (0, "1 cells compared, 0 changed.\n\n")


def test_a_comparison_that_never_ran_is_a_fault(tmp_path, capsys):
    status, printed = table(tmp_path / "absent.xml", capsys)
    assert status == 1
    assert "the comparison did not run" in printed
    (tmp_path / "report.xml").write_text("<testsuite/>")
    assert table(tmp_path / "report.xml", capsys)[0] == 1
