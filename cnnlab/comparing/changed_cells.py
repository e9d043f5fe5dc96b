"""Which cells of which notebooks no longer give what is stored, as a table."""

import re
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


def table(report):
    """A Markdown table of the cells that a report names.

    Args:
        report: the file that pytest with nbval has written.

    Returns:
        A row per cell: the notebook, the cell by nbval's number (code cells only, from 0), how its
        code begins, what differs.
    """
    if not Path(report).is_file():
        return "The comparison did not run.\n"
    found, cells = changed_cells(report)
    lines = [f"{cells} cells compared, {len(found)} changed."]
    if found:
        lines += ["", "| notebook | cell | its code | what differs |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in found]
    return "\n".join([*lines, ""])
