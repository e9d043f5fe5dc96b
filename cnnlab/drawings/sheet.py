"""A sheet of paper ruled in cells: one cell size for everything that is drawn on it.

All places are in cells, (top, left), rows downwards::

    ax = sheet(rows, columns)                    # a figure just so large
    draw_cells(ax, image, (1, 0), limit=9)       # an array, its numbers in its cells
    sign(ax, "∗", (2.5, 5.5))
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from cnnlab.comparing.marks import RULES, SPOKEN
from cnnlab.panels.signs import readable_on

WIDTH = 7.0  # inches: no figure of the course is wider
CELL = 0.4  # inches: no cell is larger
POINTS = 72  # per inch
LARGEST, SMALLEST = 10, 6  # points of a text
LETTER = 0.62  # of its size is a letter wide
OUTSIDE = "0.85"  # zeros of padding
LINE = "0.75"


def sheet(rows, columns, cell=CELL, width=WIDTH):
    """The Axes of a new figure of so many cells, which fill it.

    Args:
        rows: height in cells, may be a fraction.
        columns: width in cells.
        cell: the largest side of a cell, in inches.
        width: of the figure, at most, in inches.

    Example:
        >>> ax = sheet(4, 10)
        >>> ax.figure.get_size_inches().tolist(), cell_points(ax)
        ([4.0, 1.6], 28.8)
    """
    side = min(cell, width / columns)
    figure = plt.figure(figsize=(side * columns, side * rows))
    figure.set_layout_engine("none")  # asked for at the start, saving would forget it
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal")
    ax.set_axis_off()
    return ax


def cell_points(ax):
    """The side of a cell in points."""
    left, right = ax.get_xlim()
    return round(float(POINTS * ax.figure.get_figwidth() / (right - left)), 6)


def fitting(ax, texts, cells=1.0, largest=LARGEST):
    """The size of letters, in points, with which each text fits into so many cells."""
    longest = max((len(text) for text in texts), default=1)
    room = 0.92 * cells * cell_points(ax)
    return min(largest, max(SMALLEST, room / (LETTER * max(longest, 1))))


def draw_cells(ax, values, place, limit, corners=None, formatting="{:g}", title=None):
    """An array as ruled cells with its numbers, red above zero and blue below.

    Args:
        ax: what `sheet` returned.
        values: (H, W); masked cells stay empty.
        place: (top, left) of its first cell.
        limit: the value of the full colours.
        corners: (H, W) of short texts for the lower right corners of the cells, "" for none.
        formatting: how a number is written, in the manner of ``str.format``.
        title: a text above it, or None.

    Returns:
        The (top, left, bottom, right) that it takes.
    """
    values = np.ma.masked_invalid(np.ma.asarray(values, float))
    (rows, columns), (top, left) = values.shape, place
    extent = (left, left + columns, top + rows, top)
    image = ax.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, extent=extent, zorder=1)
    image.set_interpolation("nearest")
    colours = image.cmap(image.norm(values))
    written = {
        place: minus(formatting.format(value)) for place, value in np.ma.ndenumerate(values)
    }  # of masked cells none
    size = fitting(ax, written.values())
    small = corners is not None
    for (row, column), text in written.items():
        colour = readable_on(colours[row, column, :3])
        middle = left + column + (0.4 if small else 0.5), top + row + (0.4 if small else 0.52)
        _write(ax, text, middle, size * (0.92 if small else 1), colour)
        if small and corners[row][column]:
            corner = left + column + 0.95, top + row + 0.95
            look = {"ha": "right", "va": "bottom", "weight": "bold"}
            _write(
                ax, minus(corners[row][column]), corner, max(SMALLEST, size * 0.68), colour, **look
            )
    rule(ax, place, rows, columns)
    if title is not None:
        write(ax, title, (top - 0.35, left + columns / 2))
    return top, left, top + rows, left + columns


def rule(ax, place, rows, columns):
    """Thin lines between cells, which say nothing."""
    top, left = place
    look = {"color": LINE, "linewidth": 0.7, "gid": RULES, "zorder": 2}
    ax.vlines(left + np.arange(columns + 1), top, top + rows, **look)
    ax.hlines(top + np.arange(rows + 1), left, left + columns, **look)


def outline(ax, place, rows=1, columns=1, colour="black", **look):
    """A frame around cells."""
    top, left = place
    look = {"fill": False, "edgecolor": colour, "linewidth": 2.2, "zorder": 4} | look
    ax.add_patch(Rectangle((left, top), columns, rows, **look))


def write(ax, text, place, size=9.0, **look):
    """A text in the middle of a place, which the digest of the figure will tell."""
    top, left = place
    return _write(ax, text, (left, top), size, gid=SPOKEN, **look)


def sign(ax, text, place):
    """∗, = or + between arrays."""
    return write(ax, text, place, 15)


def minus(text):
    """A number with the sign of the printers."""
    return text.replace("-", "−")


def arrow(ax, start, end, **look):
    """An arrow from one place to another."""
    look = {"arrowstyle": "-|>", "mutation_scale": 11, "color": "0.25", "linewidth": 1.3} | look
    look = {"shrinkA": 0, "shrinkB": 0, "zorder": 3} | look
    ax.add_patch(FancyArrowPatch(start[::-1], end[::-1], **look))


def _write(ax, text, point, size, colour="black", **look):
    look = {"ha": "center", "va": "center", "color": colour, "zorder": 5} | look
    return ax.text(*point, text, fontsize=size, **look)
