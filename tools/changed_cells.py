"""Which cells of which notebooks no longer give what is stored?

python tools/changed_cells.py report.xml      (made by `make nbval REPORT=report.xml`)

Prints a Markdown table: the notebook, the cell as JupyterLab numbers it, how its code begins, what
differs. The exit status is 1 where a cell has changed or none was run.
"""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

COLOUR = re.compile(r"#x1B\[[\d;]*m|\x1b\[[\d;]*m")


def changed_cells(report):
    """[(notebook, cell, code, difference)] of the cells that failed, and how many were run."""
    found, cells = [], 0
    for case in ET.parse(report).iter("testcase"):
        cells += 1
        fault = case.find("failure") if case.find("failure") is not None else case.find("error")
        if fault is None:
            continue
        text = COLOUR.sub("", fault.text or "").strip()
        number = int(re.search(r"\d+$", case.get("name"))[0]) + 1  # nbval counts from 0
        parts = re.search(r"Input:\s*(.*?)\s*Traceback:\s*(.*)", text, flags=re.DOTALL)
        code, difference = parts.groups() if parts else ("", text)
        notebook = case.get("classname").removesuffix(".ipynb").replace(".", "/") + ".ipynb"
        found.append((notebook, f"In [{number}]", code, _essence(difference)))
    return found, cells


def _essence(difference):
    """The line that tells most: the values compared, or the last line of an error."""
    lines = [line.strip() for line in difference.splitlines() if line.strip()]
    compared = [line for line in lines if " == " in line and "reference_output" not in line]
    return (compared or lines or ["no message"])[-1]


def _cell(text):
    """One line of text for a Markdown table."""
    line = next(iter(text.splitlines()), "")
    return (line if len(line) <= 100 else line[:99] + "…").replace("|", "\\|")


def main(report):
    if not Path(report).is_file():
        print(f"No report at {report}: the comparison did not run.")
        return 1
    found, cells = changed_cells(report)
    print(f"{cells} cells compared, {len(found)} changed.\n")
    if found:
        print("| notebook | cell | its code | what differs |\n|---|---|---|---|")
    for row in found:
        print("|", " | ".join(_cell(text) for text in row), "|")
    return int(bool(found) or not cells)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
