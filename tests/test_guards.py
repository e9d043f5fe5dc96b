"""The guards name what a strict comparison of a stored notebook would not notice."""

import nbformat
import pytest

from cnnlab.comparing.guards import faults

new = nbformat.v4
SETUP = new.new_code_cell("import cnnlab\n\ncnnlab.setup()", execution_count=1)


def cell(source, *outputs, count=1, **metadata):
    made = new.new_code_cell(source, execution_count=count, outputs=list(outputs))
    made.metadata.update(metadata)
    return made


def printed(text, name="stdout"):
    return new.new_output("stream", name=name, text=text)


def error(name):
    return new.new_output("error", ename=name, evalue="", traceback=[])


def picture(text="1. a line", kind="display_data", png="iVBORw0KGgo="):
    given = {"text/plain": text} if text else {}
    return new.new_output(kind, data={"image/png": png, **given})


VIEW = "application/vnd.jupyter.widget-view+json"
SHOWN = new.new_output("display_data", data={VIEW: {"model_id": "1"}, "text/plain": "Box()"})


def notebook(*cells, in_widget=()):
    made = new.new_notebook(cells=list(cells))
    widget = {"model_name": "OutputModel", "state": {"outputs": list(in_widget)}}
    if in_widget:
        kept = {"state": {"1": widget, "2": {"state": {}}}}
        made.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": kept}
    return made


IGNORED = {"tags": ["nbval-ignore-output"]}
MPL = "<Figure size 504x288 with 1 Axes>"
FAULTS = {
    "no cell was ever run, the notebook is stripped: store its outputs with `cnnlab store`.": [
        cell("1 + 1", count=None),
        cell("1 + 2", count=None),
    ],
    "Cell 1 was never run: store its outputs with `cnnlab store`.": [
        cell("1 + 1"),
        new.new_markdown_cell("Not counted."),
        cell("2", count=None),
    ],
    "Cell 0 stores an error: mend it, or tag it raises-exception.": [
        cell("1 / 0", error("ZeroDivisionError"))
    ],
    "Cell 0 is tagged raises-exception and stores no error.": [
        cell("1 + 1", tags=["raises-exception"])
    ],
    "Cell 0 stores text on stderr: silence its cause.": [
        cell("1", printed("warning", name="stderr"))
    ],
    "Cell 0 ends in a semicolon, which nbval does not heed: write `_ = ` before the last line.": [
        cell("plt.plot([1]);", picture())
    ],
    "Cell 0 is skipped: nbval-skip is not allowed.": [cell("1 + 1", tags=["nbval-skip"])],
    "Cell 0 ignores its output and no assertion follows it.": [cell("1 + 1", **IGNORED)],
    "3 cells ignore their output: at most 2 may.": [
        cell(source, **(IGNORED if source == "f()" else {})) for source in ["f()", "assert 1"] * 3
    ],
    "Cell 1 shows a figure without a text of its own: call cnnlab.setup() before it, after any "
    "%matplotlib or %config, and store its outputs with `cnnlab store`.": [
        SETUP,
        cell("plt.plot([1])", picture(MPL)),
    ],
    "Cell 2 shows a figure without a text of its own: call cnnlab.setup() before it, after any "
    "%matplotlib or %config, and store its outputs with `cnnlab store`. ": [
        SETUP,
        cell("1"),
        cell("fig", picture("", "execute_result")),
    ],
    "Cell 0, Cell 1: figures have no text of their own, as the notebook never calls "
    "cnnlab.setup(): call it in the first cell, and store its outputs with `cnnlab store`.": [
        cell("plt.plot([1])", picture(MPL)),
        cell("fig", picture(MPL, "execute_result")),
    ],
    "Cell 1 shows a picture of which only <PIL.Image.Image image mode=RGB size=3x2> is compared: "
    "show it with plots.show_images.": [
        SETUP,
        cell("image", picture("<PIL.Image.Image image mode=RGB size=3x2>", "execute_result")),
    ],
    "Cell 0 shows a figure twice: a notebook shows it by itself, so leave out the second.": [
        cell("fig = draw()\nfig", picture(kind="execute_result"), picture())
    ],
    "Cell 0 closes its figure before the notebook shows it: leave out plt.close.": [
        cell("fig = draw()\nplt.close(fig)")
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_guards_name_the_fault_and_its_remedy(fault):
    assert faults(notebook(*FAULTS[fault])) == [fault.strip()]


def test_the_guards_accept_what_is_right():
    right = notebook(
        SETUP,
        cell("1 / 0", error("ZeroDivisionError"), tags=["raises-exception"]),
        cell("f()", picture(MPL), **IGNORED),  # a measured time, say
        cell("assert True"),
        cell("draw()", picture()),
        cell("fig = draw()\nplt.close(fig)\nfig", picture(kind="execute_result")),
        cell("draw()\ndraw()", picture(png="iVBO"), picture(png="iVBP")),
        cell("def draw(x):\n    plt.close(figure)"),
        cell("  ", count=None),
    )
    assert faults(right) == []


def test_a_figure_in_a_widget_has_a_text_and_its_cell_is_not_compared():
    ignored = [SETUP, cell("sliders()", SHOWN, **IGNORED), cell("assert True")]
    assert faults(notebook(*ignored, in_widget=[picture()])) == []
    assert faults(notebook(*ignored, in_widget=[picture(MPL)])) == [
        "a widget shows a figure without a text of its own: call cnnlab.setup() before it, after "
        "any %matplotlib or %config, and store its outputs with `cnnlab store`."
    ]
    compared = [SETUP, cell("sliders()", SHOWN)]
    assert faults(notebook(*compared)) == []  # a widget without a figure
    assert faults(notebook(*compared, in_widget=[picture()])) == [
        "Cell 1 shows a widget with a figure in it, which nothing compares: tag the cell "
        "nbval-ignore-output, and show the figure in another cell without a widget."
    ]
