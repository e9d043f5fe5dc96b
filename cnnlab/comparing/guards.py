"""What nbval would not notice: it compares what is stored, so what stores nothing passes unseen."""

import re
from collections import Counter

IGNORED_OUTPUTS_LIMIT = 2  # cells per notebook tagged nbval-ignore-output, beside one per widget
STORE = "store its outputs with `cnnlab store`"


def faults(notebook):
    """One sentence per thing in a stored notebook that a strict comparison would not notice."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if code and all(cell.execution_count is None for cell in code):
        return [f"no cell was ever run, the notebook is stripped: {STORE}."]
    found, ignored = [], 0
    for number, cell in enumerate(code):  # as nbval counts: code cells only, from 0
        if not cell.source.strip():
            continue
        told = [*_run_faults(cell), *_figure_faults(cell)]
        if _ignores(cell):
            ignored += not _shows_widget(cell)
            if not any("assert" in c.source for c in code[number + 1 : number + 3]):
                told.append("ignores its output and no assertion follows it.")
        elif _shows_widget(cell) and _pictures(_kept_by_widgets(notebook)):
            told.append(
                "shows a widget with a figure in it, which nothing compares: tag the cell "
                "nbval-ignore-output, and show the figure in another cell without a widget."
            )
        found += [f"Cell {number} {fault}" for fault in told]
    if ignored > IGNORED_OUTPUTS_LIMIT:
        found.append(f"{ignored} cells ignore their output: at most {IGNORED_OUTPUTS_LIMIT} may.")
    return found + _text_faults(notebook, code)


def _run_faults(cell):
    tags = cell.metadata.get("tags", [])
    if cell.execution_count is None:
        yield f"was never run: {STORE}."
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if errors and "raises-exception" not in tags:
        yield "stores an error: mend it, or tag it raises-exception."
    if "raises-exception" in tags and not errors:
        yield "is tagged raises-exception and stores no error."
    if any(output.get("name") == "stderr" for output in cell.outputs):
        yield "stores text on stderr: silence its cause."
    if cell.source.rstrip().endswith(";"):
        yield "ends in a semicolon, which nbval does not heed: write `_ = ` before the last line."
    if "nbval-skip" in tags or "NBVAL_SKIP" in cell.source:
        yield "is skipped: nbval-skip is not allowed."


def _figure_faults(cell):
    shown = Counter(str(sorted(data.items())) for data in _pictures(cell.outputs))
    if any(times > 1 for times in shown.values()):
        yield "shows a figure twice: a notebook shows it by itself, so leave out the second."
    closes = re.search(r"^\s*plt\.close\(", cell.source, flags=re.MULTILINE)
    if closes and not shown and "def " not in cell.source and not _shows_widget(cell):
        yield "closes its figure before the notebook shows it: leave out plt.close."


def _text_faults(notebook, code):
    """Of figures whose text does not say what they show."""
    places = {
        f"Cell {number}": _pictures(cell.outputs)
        for number, cell in enumerate(code)
        if not _ignores(cell)
    }
    places["a widget"] = _pictures(_kept_by_widgets(notebook))
    texts = [(where, data.get("text/plain", "")) for where, some in places.items() for data in some]
    bare = {where: text for where, text in texts if not text or text.startswith("<")}
    if bare and not any("setup(" in cell.source for cell in code):
        return [
            f"{', '.join(bare)}: figures have no text of their own, as the notebook never calls "
            f"cnnlab.setup(): call it in the first cell, and {STORE}."
        ]
    return [
        f"{where} shows a figure without a text of its own: call cnnlab.setup() before it, after "
        f"any %matplotlib or %config, and {STORE}."
        if not text or text.startswith("<Figure")
        else f"{where} shows a picture of which only {text} is compared: show it with "
        "plots.show_images."
        for where, text in bare.items()
    ]


def _ignores(cell):
    tagged = "nbval-ignore-output" in cell.metadata.get("tags", [])
    return tagged or "NBVAL_IGNORE_OUTPUT" in cell.source


def _shows_widget(cell):
    return any("widget-view+json" in str(output.get("data", {}).keys()) for output in cell.outputs)


def _kept_by_widgets(notebook):
    """The outputs that widgets store."""
    kept = [widgets["state"] for widgets in notebook.metadata.get("widgets", {}).values()]
    return [
        output
        for state in kept
        for widget in state.values()
        for output in widget.get("state", {}).get("outputs", [])
    ]


def _pictures(outputs):
    """What is stored of each output that holds a picture."""
    found = [output.get("data", {}) for output in outputs]
    return [data for data in found if any(kind.startswith("image/") for kind in data)]
