"""Panels of given sizes in rows, placed to the dot: nothing is squeezed to fit."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np

from cnnlab.comparing.formats import SCREEN, dots_of

DOT = 1 / 48  # inches: all places are whole dots, on a plain screen and stored
WIDTH = 344 * DOT  # inches, of every figure of the course
TALLEST = 4.2  # inches: a single picture leaves room for the text around it
NEARLY_ONE = 1.25  # dots per pixel that are made one: hardly smaller, and all pixels alike
SMALL = 2.8  # inches: a picture of few pixels is made no larger than that
PHOTOGRAPH = 150  # pixels: from here on a picture is drawn with a dot of the screen per pixel
CELL = 22 * DOT  # inches: the largest cell with a number
GAP, SIGN_GAP, ROW_GAP = 4 * DOT, 17 * DOT, 6 * DOT  # inches between panels; where a sign stands
LETTER, LINE = 0.078, 9 * DOT  # inches: width and height of a letter of a title
MARGIN = 3 * DOT
BAR, BAR_TEXT = 7 * DOT, 31 * DOT  # inches: a colour bar, and its numbers and its label


def image_sizes(shapes, columns, bar=False, width=WIDTH):
    """(height, width) in inches of pictures of these shapes, as wide as they can be side by side.

    A photograph is not enlarged beyond a dot of a plain screen per pixel; what is smaller gets a
    whole number of dots per pixel.

    Args:
        shapes: (rows, columns) of each picture.
        columns: pictures per row.
        bar: room for a colour bar.
        width: of all in inches.

    Example:
        >>> image_sizes([(96, 240)], columns=2), image_sizes([(14, 28)], columns=2)
        ([(1.0, 2.5)], [(1.3611111111111112, 2.7222222222222223)])
    """
    free = width - 2 * MARGIN - (columns - 1) * GAP - bar * (BAR + BAR_TEXT + GAP)
    sizes, dots = [], dots_of(shapes)
    alike = len({cells for _, cells in shapes}) == 1  # else all are as wide, whatever their cells
    for rows, cells in shapes:
        largest = cells / SCREEN if cells >= PHOTOGRAPH else SMALL
        wide = min(free / columns, largest, TALLEST * cells / rows)
        exact = wide * dots / cells  # dots per pixel; a whole number makes all pixels alike
        if alike and (exact >= 2 or 1 <= exact < NEARLY_ONE):
            wide = int(exact + 1e-6) * cells / dots
        sizes.append((wide * rows / cells, wide))
    return sizes


def cell_sizes(shapes, columns, titles=None, bar=False, signs=False):
    """(height, width) in inches of matrices whose cells are all of one size, the largest that fits.

    Example:
        >>> [(round(high, 2), round(wide, 2)) for high, wide in cell_sizes([(2, 3), (1, 9)], 2)]
        [(0.92, 1.38), (0.46, 4.12)]
    """
    free = WIDTH - 2 * MARGIN - bar * (BAR + BAR_TEXT + GAP)
    free -= (columns - 1) * (SIGN_GAP if signs else GAP)
    texts = _wrapped(titles, len(shapes), columns)
    for cell in np.linspace(CELL, 0.02, 89):  # a panel is never narrower than its title
        sizes = [(float(cell * rows), float(cell * cells)) for rows, cells in shapes]
        if sum(_widths(sizes, texts, columns)) <= free + 1e-9:
            break
    return sizes


def panels(sizes, titles=None, columns=None, signs=None, bar=False, above=0):
    """A figure with a panel of each size, row by row, without ticks.

    Args:
        sizes: (height, width) of each panel in inches.
        titles: one text per panel, or None.
        columns: panels per row; None for all in one.
        signs: a text for each gap of a row, such as "∗" and "=", or None.
        bar: True leaves room for a colour bar, as high as the panels.
        above: inches left free at the top.

    Returns:
        (figure, list of Axes, the Axes of the bar or None)

    Raises:
        ValueError: not one sign per gap.
    """
    columns = columns or len(sizes)
    if signs is not None and len(signs) != columns - 1:
        raise ValueError(
            f"`signs` must be one text per gap of a row, {columns - 1}: got {len(signs)}. "
            "Leave a gap empty with ''."
        )
    gap = GAP if signs is None else SIGN_GAP
    texts = _wrapped(titles, len(sizes), columns)
    starts = range(0, len(sizes), columns)
    wide = _widths(sizes, texts, columns)
    high = [max(size[0] for size in sizes[i : i + columns]) for i in starts]
    lines = [max(text.count("\n") + bool(text) for text in texts[i : i + columns]) for i in starts]
    total = _whole(sum(wide) + (columns - 1) * gap + 2 * MARGIN + bar * (GAP + BAR + BAR_TEXT))
    steps = np.array(high) + ROW_GAP + LINE * np.array(lines)
    tops = np.cumsum([above + MARGIN, *steps])
    height = _whole(tops[-1] - ROW_GAP + MARGIN)
    figure = plt.figure(figsize=(total, height), layout="none")

    def axes_at(left, top, size):
        return figure.add_axes(
            (left / total, 1 - (top + size[0]) / height, size[1] / total, size[0] / height)
        )

    axes = []
    for number, (size, text) in enumerate(zip(sizes, texts, strict=True)):
        row, place = divmod(number, columns)
        left = MARGIN + sum(wide[:place]) + place * gap
        top = tops[row] + LINE * lines[row]
        middle = top + high[row] / 2
        ax = axes_at(_whole(left + (wide[place] - size[1]) / 2), _whole(middle - size[0] / 2), size)
        ax.set(xticks=[], yticks=[], title=text)
        ax.spines[:].set(visible=True, color="0.7", linewidth=0.6)
        axes.append(ax)
        if signs is not None and place + 1 < columns and number + 1 < len(sizes):
            look = {"ha": "center", "va": "center", "fontsize": 15}
            figure.text(
                (left + wide[place] + gap / 2) / total, 1 - middle / height, signs[place], **look
            )
    if not bar:
        return figure, axes, None
    places = [ax.get_position() for ax in axes]
    top, bottom = max(place.y1 for place in places), min(place.y0 for place in places)
    left = total - MARGIN - BAR_TEXT - BAR
    place = figure.add_axes((left / total, bottom, BAR / total, top - bottom))
    place.set_label("<colorbar>")
    return figure, axes, place


def _whole(length):
    """A length in inches, to a whole dot: a picture between two dots would be blurred."""
    return float(np.round(length / DOT)) * DOT


def _widths(sizes, texts, columns):
    """The width of each column in inches: that of its widest panel, or of a title."""
    share = (WIDTH - 2 * MARGIN - (columns - 1) * SIGN_GAP) / columns
    wide = [
        max(width, min(share, LETTER * max(map(len, text.split("\n")))))
        for (_, width), text in zip(sizes, texts, strict=True)
    ]
    return [max(wide[place::columns]) for place in range(columns)]


def _wrapped(titles, count, columns):
    """The titles in lines that fit in their share of the width."""
    if titles is None:
        return [""] * count
    letters = max(int((WIDTH / columns - GAP) / LETTER), 1)
    look = {"width": letters, "break_long_words": False, "break_on_hyphens": False}
    return [
        "\n".join("\n".join(textwrap.wrap(line, **look)) for line in str(title).split("\n"))
        for title in titles
    ]
