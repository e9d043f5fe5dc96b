"""Stored notebooks made small and free of this machine: `cnnlab store` ends with it.

Pictures become PNGs of at most 256 colours, a third of the size; folders of this machine are taken
out of tracebacks; printed text that came in pieces is joined; widgets, whose names are drawn anew
in every run, are numbered. nbval compares none of this.
"""

import base64
import io
import json
import os
import re
import sys
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image, ImageChops

ROOT = Path(__file__).parents[2]
STATE, VIEW = (f"application/vnd.jupyter.widget-{kind}+json" for kind in ("state", "view"))
FOLDERS = {ROOT: "", Path(sys.prefix): "", Path.home(): "~/"}


def small(png):
    """A PNG, base64 text, in few colours, where that is smaller; opaque on white.

    In 64 where nobody sees it, as in a grey photograph: no value changes by more than 5 of 255.
    Else in 256, and the cells of a drawn table in their own.
    """
    original = base64.b64decode(png)
    image = Image.open(io.BytesIO(original))
    if image.mode == "P":  # made small before
        return png
    image = image.convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    packed = io.BytesIO()
    few = in_colours(image, 64)
    if max(high for _, high in ImageChops.difference(few.convert("RGB"), image).getextrema()) > 5:
        few = with_true_surfaces(in_colours(image, 256), image)
    few.save(packed, "png", optimize=True)
    return base64.b64encode(min(original, packed.getvalue(), key=len)).decode()


def in_colours(image, count):
    """An RGB picture in at most so many colours."""
    # The default method gives its colours to large surfaces, and a thin line on a photograph none.
    return image.quantize(count, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def with_true_surfaces(few, image):
    """A picture in few colours, with the image's own where more than half of a colour is of one.

    The few are means, and the cells of a drawn table would get the colours of their neighbours.
    """
    number, pixels = np.asarray(few).astype(int), np.asarray(image).astype(int)
    met, often = np.unique(number << 24 | pixels @ [1 << 16, 1 << 8, 1], return_counts=True)
    most = met[2 * often > np.bincount(number.ravel())[met >> 24]]
    palette = np.reshape(few.getpalette(), (-1, 3)).astype(np.uint8)
    palette[most >> 24] = most[:, None] >> [16, 8, 0] & 255
    exact = few.copy()
    exact.putpalette(palette.tobytes())
    return exact


def without_folders(text):
    """The text with paths as seen from the current folder or from what holds the package."""
    for folder, short in {Path.cwd(): "", **FOLDERS}.items():
        text = text.replace(f"{folder}{os.sep}", short)
    return text


def outputs(notebook):
    """Every stored output: those of the cells, and those that widgets keep for themselves."""
    for cell in notebook.cells:
        yield from cell.get("outputs", [])
    for kept in notebook.metadata.get("widgets", {}).values():
        for widget in kept["state"].values():
            yield from widget["state"].get("outputs", [])


def joined(outputs):
    """The outputs of a cell; text that arrived in pieces, as chance would have it, in one."""
    whole = []
    for output in outputs:
        if whole and output["output_type"] == "stream" == whole[-1]["output_type"]:
            if output["name"] == whole[-1]["name"]:
                whole[-1]["text"] += output["text"]
                continue
        whole.append(output)
    return whole


def widgets(notebook):
    """The names of the widgets, in the order in which a reader meets them."""
    kept = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    met = {}

    def meet(text):
        for name in re.findall("[0-9a-f]{32}", text):
            if name in kept and name not in met:
                met[name] = len(met)
                meet(json.dumps(kept[name], sort_keys=True))

    for output in outputs(notebook):
        meet(json.dumps(output.get("data", {}).get(VIEW, "")))
    return met


def numbered(notebook):
    """The notebook with the number of a widget in place of its name; what nobody meets is left out.

    A name stays 32 hexadecimal digits, as JupyterLab expects it. So are settings of a widget that
    nobody made: None is what it has without them.
    """
    met = widgets(notebook)
    for kept in notebook.metadata.get("widgets", {}).values():
        kept["state"] = {name: widget for name, widget in kept["state"].items() if name in met}
        for widget in kept["state"].values():
            widget["state"] = {k: v for k, v in widget["state"].items() if v is not None}
    text = nbformat.writes(notebook)
    for name, number in met.items():
        text = text.replace(name, f"{number:032x}")
    return nbformat.reads(text, 4)


def tidied(notebook):
    """The notebook with tidy outputs; a second time changes nothing more."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
    for output in outputs(notebook):
        if "image/png" in output.get("data", {}):
            output["data"]["image/png"] = small(output["data"]["image/png"])
        if output["output_type"] == "error":
            output["traceback"] = [without_folders(line) for line in output["traceback"]]
    return numbered(notebook)
