"""What `cnnlab store` does to stored outputs."""

import base64
import io
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image

from cnnlab.comparing import tidying

ROOT = Path(__file__).parents[1]


def png(pixels):
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "png")
    return base64.b64encode(packed.getvalue()).decode()


def pixels(text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")).astype(int)


def photograph():
    """An oblong grey photograph as Matplotlib stores it, in RGBA."""
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (40, 60, 1), dtype=np.uint8)
    return np.concatenate([grey, grey, grey, np.full_like(grey, 255)], axis=2)


def test_a_grey_figure_becomes_much_smaller_and_stays_what_it_was():
    before = png(photograph())
    after = tidying.small(before)
    assert len(after) < 0.7 * len(before)
    assert np.abs(pixels(after) - photograph()[..., :3]).max() <= 4


def test_a_surface_of_one_colour_keeps_it_beside_all_others():
    figure = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    figure[:20], figure[20:40] = (249, 235, 228), (214, 96, 77)
    assert (pixels(tidying.small(png(figure)))[:40] == figure[:40]).all()


def test_a_second_time_changes_nothing_more():
    once = tidying.small(png(photograph()))
    assert tidying.small(once) == once
    packed = io.BytesIO()
    figure = Image.linear_gradient("L").convert("P")
    figure.save(packed, "png", compress_level=0)  # it could be smaller
    once = base64.b64encode(packed.getvalue()).decode()
    assert tidying.small(once) == once


def test_what_is_transparent_becomes_white():
    figure = photograph()
    figure[:5, :7, 3] = 0
    assert (pixels(tidying.small(png(figure)))[:5, :7] == 255).all()


def test_a_traceback_names_no_folder_of_this_machine_and_nothing_else_changes():
    lines = [f"File {ROOT / 'cnnlab' / 'sizes.py'}:99", f"{Path.home() / 'lab' / 'own.py'}", "x"]
    failed = nbformat.v4.new_output("error", ename="E", evalue="rule", traceback=lines)
    printed = nbformat.v4.new_output("stream", text="7\n")
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("prose"),
            nbformat.v4.new_code_cell("f()", execution_count=1, outputs=[failed, printed]),
        ]
    )
    notebook = tidying.tidied(notebook)
    outputs = notebook.cells[1].outputs
    assert outputs[0].traceback == ["File cnnlab/sizes.py:99", "~/lab/own.py", "x"]
    assert (outputs[0].evalue, outputs[1].text) == ("rule", "7\n")


def test_pictures_in_cells_and_in_widgets_become_small():
    data = {"image/png": png(photograph()), "text/plain": "<Figure>"}
    shown = nbformat.v4.new_output("display_data", data=data)
    box = nbformat.v4.new_output("display_data", data={tidying.VIEW: {"model_id": "a" * 32}})
    widget = {"model_name": "OutputModel", "state": {"outputs": [shown.copy()]}}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("f()", outputs=[shown, box])],
        metadata={"widgets": {tidying.STATE: {"state": {"a" * 32: widget}}}},
    )
    notebook = tidying.tidied(notebook)
    inside = notebook.metadata.widgets[tidying.STATE].state["0" * 32].state
    for output in (notebook.cells[0].outputs[0], inside.outputs[0]):
        assert output.data == {
            "image/png": tidying.small(png(photograph())),
            "text/plain": "<Figure>",
        }


def test_a_thin_line_on_a_photograph_keeps_its_colour():
    rng = np.random.default_rng(0)
    figure = np.full((80, 120, 4), 255, np.uint8)
    figure[..., :3] = rng.integers(90, 200, (80, 120, 1)) + rng.integers(-40, 40, (80, 120, 3))
    figure[40, 10:13, :3] = (0, 114, 178)
    kept = pixels(tidying.small(png(figure)))[40, 10:13]
    assert np.abs(kept - (0, 114, 178)).max() <= 16


def test_printed_text_in_pieces_is_joined_and_errors_stay_apart():
    def stream(text, name="stdout"):
        return nbformat.v4.new_output("stream", text=text, name=name)

    pieces = [stream("(3, 2)"), stream(" shape\n"), stream("oh\n", "stderr"), stream("7\n")]
    cell = nbformat.v4.new_code_cell("f()", execution_count=1, outputs=pieces)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("prose"), cell])
    notebook = tidying.tidied(notebook)
    texts = [(output.name, output.text) for output in notebook.cells[1].outputs]
    assert texts == [("stdout", "(3, 2) shape\n"), ("stderr", "oh\n"), ("stdout", "7\n")]


def test_widgets_are_numbered_as_a_reader_meets_them():
    def stored(box, slider, style, lost):
        """A box that holds a slider that has a style, and a widget that nothing shows."""
        state = {
            name: {"model_name": kind, "state": {"parts": [f"IPY_MODEL_{part}" for part in parts]}}
            for name, kind, parts in [
                (lost, "Lost", []),
                (style, "Style", []),
                (box, "Box", [slider]),
                (slider, "Slider", [style]),
            ]
        }
        view = {tidying.VIEW: {"model_id": box}, "text/plain": "Box()"}
        shown = nbformat.v4.new_output("display_data", data=view)
        cell = nbformat.v4.new_code_cell("box", id="a", outputs=[shown])
        kept = {"widgets": {tidying.STATE: {"state": state}}}
        return nbformat.v4.new_notebook(cells=[cell], metadata=kept)

    names = [letter * 32 for letter in "dacb"]
    once, again = (tidying.numbered(stored(*given)) for given in (names, names[::-1]))
    assert once == again == tidying.numbered(once)
    state = once.metadata.widgets[tidying.STATE].state
    assert [state[name].model_name for name in sorted(state)] == ["Box", "Slider", "Style"]
    assert once.cells[0].outputs[0].data[tidying.VIEW] == {"model_id": 32 * "0"}


def test_settings_of_a_widget_that_nobody_made_are_left_out():
    kept = {"width": "6em", "height": None, "min": 0, "wide": False, "text": ""}
    state = {"a" * 32: {"model_name": "LayoutModel", "state": kept}}
    shown = nbformat.v4.new_output("display_data", data={tidying.VIEW: {"model_id": "a" * 32}})
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("layout", id="a", outputs=[shown])],
        metadata={"widgets": {tidying.STATE: {"state": state}}},
    )
    [widget] = tidying.tidied(notebook).metadata.widgets[tidying.STATE].state.values()
    assert widget.state == {"width": "6em", "min": 0, "wide": False, "text": ""}
