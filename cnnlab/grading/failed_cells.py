"""Which cells of a notebook ended in an error as it ran, and which exercise stands in them."""

import re

import nbformat

PLAIN = {  # {what an error says: what it comes from, in words for who wrote the cell}
    "out of pty devices": "a line such as `!pip install` or `%pip install` runs a command of the "
    "system; while a notebook is graded no such commands run, and the network is shut. "
    "Take the line out"
}


def errors(notebook):
    """The cells with an error that was not planned.

    Args:
        notebook: as it ran, as nbformat reads it.

    Yields:
        The number of the cell, counting code cells from 1; its text; the error in a few words.
    """
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    for number, cell in enumerate(code, 1):
        if "raises-exception" in cell.metadata.get("tags", []):
            continue
        for output in cell.outputs:
            if output.output_type == "error":
                yield number, cell.source, in_words(output)
                break


def in_words(error):
    """The name of an error and what it says, in plain words where that is known.

    Args:
        error: an output of a cell, which is an error.
    """
    plain = next((told for said, told in PLAIN.items() if said in error.evalue), error.evalue)
    return f"{error.ename}: {plain}"


def unchecked(path, names):
    """Why exercises were not checked: the cell of the check ended in an error.

    Args:
        path: of the notebook as it ran, which may not be there.
        names: {number of an exercise: its name in the file of the exercises}.

    Returns:
        A list of entries of a record, without a mark.
    """
    try:
        failed = [*errors(nbformat.read(path, 4))]
    except Exception:  # no notebook was kept, or it holds what is none
        return []
    return [
        {
            "number": exercise,
            "mark": "",
            "message": f"No check of this exercise was run: error in cell {number}: {error}",
        }
        for exercise, name in names.items()
        for number, text, error in failed
        if re.search(rf"\bcheck\(\s*((\w+\.)*{name}\b|['\"]{re.escape(exercise)}['\"])", text)
    ]
