"""What is wrong with bytes that should be a notebook, told apart by kind."""

import codecs
import contextlib
import json
import re

SIZE_LIMIT = 100_000_000  # bytes of a submitted file
CONFLICT = re.compile(rb"^<{7} .*^={7}$.*^>{7} ", re.MULTILINE | re.DOTALL)
# how other files begin that were given the name of a notebook, or saved under it
BEGINNINGS = {
    b"PK\x03\x04": "a zip archive in its place",
    b"%PDF": "a PDF in its place",
    b"\x89PNG": "a picture in its place",
}
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(content):
    """The text of a notebook's bytes, with or without a byte-order mark.

    Raises:
        UnicodeDecodeError: they are no text.
    """
    return content.decode("utf-16" if content.startswith(UTF_16) else "utf-8-sig")


def trouble(content):
    """Why these bytes cannot be run as a notebook, in a few words; "" if they can.

    Example:
        >>> trouble(b'{"cells": [')
        'cut off: its JSON ends in the middle'
        >>> trouble(b'{"cells": [], "nbformat": 4}')
        ''
    """
    if not content.strip():
        return f"an empty file ({len(content)} bytes)"
    if len(content) > SIZE_LIMIT:
        return f"larger than {SIZE_LIMIT // 10**6} MB"
    for beginning, said in BEGINNINGS.items():
        if content.startswith(beginning):
            return said
    if re.match(rb"\s*<(!doctype|html|\?xml)", content.removeprefix(codecs.BOM_UTF8), re.I):
        return "a web page in its place, perhaps that of a login"
    if CONFLICT.search(content.replace(b"\r\n", b"\n")):
        return "it holds a merge conflict, <<<<<<< to >>>>>>>"
    try:
        text = text_of(content)
    except UnicodeDecodeError:
        return "no text in UTF-8"
    return _no_notebook(text)


def _no_notebook(text):
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        ends = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        if ends and text.lstrip().startswith("{"):
            return "cut off: its JSON ends in the middle"
        return f"no JSON (line {error.lineno}: {error.msg})"
    except (RecursionError, ValueError) as error:
        return f"no JSON ({type(error).__name__})"
    if not isinstance(found, dict) or not {"cells", "worksheets"} & {*found}:
        return "JSON, but no notebook: it has no cells"
    return ""


def code_cells(content):
    """The code cells of a sound notebook that hold something: (text, tags) each."""
    with contextlib.suppress(AttributeError, KeyError, TypeError):  # it may still be an odd one
        cells = [c for c in json.loads(text_of(content))["cells"] if c["cell_type"] == "code"]
        found = [("".join(c["source"]), c["metadata"].get("tags", ())) for c in cells]
        return [(text, tags) for text, tags in found if text.strip()]
    return []


def skipped_cells(content):
    """The numbers of the code cells, from 1, that their tag keeps from running."""
    cells = enumerate(code_cells(content), 1)
    return [number for number, (_, tags) in cells if "skip-execution" in tags]
