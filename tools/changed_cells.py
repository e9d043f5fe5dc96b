"""Which cells of which notebooks no longer give what is stored?

python tools/changed_cells.py report.xml      (made by `make nbval REPORT=report.xml`)

Prints a Markdown table: the notebook, the cell by nbval's number (code cells only, from 0), how its
code begins, what differs. The exit status is 1 where a cell has changed or none was run.
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
        parts = re.search(r"Input:\s*(.*?)\s*Traceback:(.*)", text, flags=re.DOTALL)
        code, difference = parts.groups() if parts else ("", text)
        notebook = case.get("classname").removesuffix(".ipynb").replace(".", "/") + ".ipynb"
        found.append((notebook, case.get("name"), code, _essence(difference)))
    return found, cells


def _essence(difference):
    """The first line that differs, now and as stored, or the last line of an error."""
    lines = difference.splitlines()
    new, old = (
        next((line[4:] for line in lines if re.match(rf"  \{sign}( |$)", line)), "")
        for sign in "-+"
    )
    if new or old:  # nbval takes what is stored for the new side
        return f"now: {_short(new)}; stored: {_short(old)}"
    return next((line.strip() for line in reversed(lines) if line.strip()), "no message")


def _short(text, limit=55):  # pytest drops what both texts begin with, all but some 40 characters
    return (text if len(text) <= limit else text[: limit - 1] + "…") or "nothing"


def _cell(text):
    """One line of text for a Markdown table."""
    return _short(next(iter(text.splitlines()), " "), 130).replace("|", "\\|")


def main(report):
    sys.stdout.reconfigure(encoding="utf-8")  # Windows redirects in a code page without ✓
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
