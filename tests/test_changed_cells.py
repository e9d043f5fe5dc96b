"""The table of changed cells names the notebooks and cells that a report holds."""

import subprocess
import sys

import nbformat
import pytest

from cnnlab.comparing.changed_cells import table


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
    command = [sys.executable, "-m", "pytest", *options, "notebooks"]
    subprocess.run(command, cwd=folder.parent, capture_output=True)
    return folder.parent / "report.xml"


def test_the_table_names_the_notebook_and_the_cells_that_changed(report):
    printed = table(report)
    assert printed.splitlines()[0] == "4 cells compared, 3 changed."
    assert printed.splitlines()[4:6] == [
        r"| notebooks/07_trial.ipynb | Cell 1 | a + 2 \| 0 | now: 3; stored: 4 |",
        "| notebooks/07_trial.ipynb | Cell 2 | # the third | ZeroDivisionError: division by zero |",
    ]
    assert printed.splitlines()[6].endswith(
        "| now: ll there: columns count.; stored: ll there: they count. |"
    )


def test_the_table_is_empty_where_nothing_changed(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text('<testsuite><testcase classname="a.ipynb" name="Cell 0"/></testsuite>')
    assert table(report) == "1 cells compared, 0 changed.\n"


def test_a_comparison_that_never_ran_is_told(tmp_path):
    assert table(tmp_path / "absent.xml") == "The comparison did not run.\n"
    (tmp_path / "report.xml").write_text("<testsuite/>")
    assert table(tmp_path / "report.xml") == "0 cells compared, 0 changed.\n"
