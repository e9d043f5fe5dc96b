"""In which form a notebook stores a figure: charts as drawings, pictures as dots."""

import re
from base64 import b64encode

import numpy as np

SCREEN = 96  # dots per inch of a figure on a plain screen
STORED = 144  # dots per inch of a figure in a notebook
DRAWN = {"Date": None, "Creator": None}  # what is not said of an SVG, so that it is always the same
FINE = 32  # pixels: pictures of more rows or columns are stored with the dots of a plain screen
POINTS_LIMIT = 2000  # of all curves: beyond them dots are smaller


def is_chart(figure):
    """Whether a figure is stored as a drawing, which is sharp at every size: one without pictures.

    Args:
        figure: a Matplotlib figure.

    Example:
        >>> import matplotlib.pyplot as plt
        >>> figure, ax = plt.subplots()
        >>> _ = ax.plot([1, 4, 9])
        >>> is_chart(figure)
        True
        >>> _ = ax.imshow([[0, 1, 2], [3, 4, 5]])
        >>> is_chart(figure)
        False
    """
    points = sum(len(line.get_xdata()) for ax in figure.axes for line in ax.lines)
    points += sum(len(group.get_offsets()) for ax in figure.axes for group in ax.collections)
    return points <= POINTS_LIMIT and not any(ax.images for ax in figure.axes)


def dots_of(shapes):
    """Dots per inch of a stored figure with pictures of these shapes: a photograph needs no more.

    Example:
        >>> dots_of([(5, 5), (28, 28)]), dots_of([(5, 5), (64, 96)])
        (144, 96)
    """
    return SCREEN if np.max(shapes, initial=0) > FINE else STORED  # curves have no pixels


def as_png(figure):
    """(PNG in base64, its size on a plain screen) of a figure with pictures; None for a chart."""
    from IPython.core.pylabtools import print_figure

    if is_chart(figure):
        return None
    dots = dots_of([image.get_array().shape[:2] for ax in figure.axes for image in ax.images])
    # What is placed to the dot stays there: to cut the rim would move pictures between two dots.
    cut = None if figure.get_layout_engine() is None and _holds_all(figure) else "tight"
    png = print_figure(figure, base64=False, dpi=dots, bbox_inches=cut)
    if png is None:  # an empty figure
        return None
    wide, high = (int.from_bytes(png[i : i + 4], "big") for i in (16, 20))  # its head tells
    size = {"width": round(wide * SCREEN / dots), "height": round(high * SCREEN / dots)}
    return b64encode(png).decode(), size


def _holds_all(figure):
    """Whether nothing reaches over the rim of a figure, as a label that somebody adds may."""
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    return min(box.x0, box.y0) > -0.01 and box.x1 < width + 0.01 and box.y1 < height + 0.01


def as_svg(figure):
    """The SVG of a chart; None for a figure with pictures."""
    from IPython.core.pylabtools import print_figure

    if not is_chart(figure):
        return None
    svg = print_figure(figure, fmt="svg", metadata=DRAWN)
    return svg and compact(svg)


def compact(svg):
    r"""An SVG of Matplotlib on one line, with coordinates to a hundredth of a point.

    Comments and what describes the file are left out, and so are fonts that no one has: text stays
    text, which can be searched and read aloud; and so are spaces that separate nothing.

    Example:
        >>> compact('<g>\n <!-- 1 -->\n <path d="M 1.23456 7 \nL 2.5 -0.004" id="m1.2345"/></g>')
        '<g><path d="M1.23 7L2.5 -0.00" id="m1.2345"/></g>'
    """
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"^.*?(?=<svg)", "", svg, flags=re.DOTALL)  # what only stands in files
    svg = re.sub(r">\s+<", "><", svg).replace("\n", " ").strip()
    svg = re.sub(r"'DejaVu Sans'(, [^;\"]*)?", "'DejaVu Sans', sans-serif", svg)

    def rounded(path):
        short = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", path[0])
        return re.sub(r" *([MLQCz]) *", r"\1", short)

    svg = re.sub(r' (?:d|x|y|points)="[^"]*"', rounded, svg)
    return re.sub(r' style="[^"]*"', lambda style: re.sub("([:;]) ", r"\1", style[0]), svg)


def be_picture_of_figures(shell):
    """Makes these the forms in which IPython's shell shows and stores figures."""
    from matplotlib.figure import Figure

    formatters = shell.display_formatter.formatters
    formatters["image/png"].for_type(Figure, as_png)
    formatters["image/svg+xml"].for_type(Figure, as_svg)
