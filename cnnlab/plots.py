"""Pictures: arrays in, a Matplotlib figure out.

Colours follow one rule: grey for pictures, a diverging map centred on white zero for signed
values, viridis for values that are never negative, cividis for counts. Figures made of several
pictures share one scale unless the title says that each is scaled to itself.
"""

import zlib

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype
from pandas.io.formats.style import Styler

from cnnlab.comparing.digests import describe as describe
from cnnlab.comparing.digests import rough as rough
from cnnlab.comparing.formats import SCREEN
from cnnlab.comparing.marks import RULES
from cnnlab.drawings.animation import animate as animate
from cnnlab.panels.rows import LETTER, MARGIN, WIDTH, cell_sizes, image_sizes, panels
from cnnlab.panels.signs import mark_negative, readable_on
from cnnlab.scores import check_class_numbers, check_probabilities

PANEL_LIMIT = 64
RULED = 9  # dots of a plain screen: cells of this size get lines between them


def _listed(name, pictures, titles, shapes):
    """The pictures as a list of arrays, once they and their titles are known to be drawable."""
    pictures = [np.asarray(picture) for picture in pictures]
    if not 1 <= len(pictures) <= PANEL_LIMIT:
        raise ValueError(
            f"`{name}` must hold 1 to {PANEL_LIMIT} pictures: got {len(pictures)}. "
            "Choose some of them; a single picture goes into a list, [picture]."
        )
    for picture in pictures:
        if picture.ndim not in [shape.count(",") + 1 for shape in shapes]:
            raise ValueError(
                f"`{name}` must be a list of pictures, each {' or '.join(shapes)}: "
                f"got one of shape {picture.shape}. A single picture goes into a list, [picture]."
            )
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(
            f"`titles` must be one text per picture: got {len(titles)} titles "
            f"for {len(pictures)} pictures. Give as many titles as pictures, or None."
        )
    return pictures


def _rule(ax, rows, columns):
    """Thin lines between the cells of a matrix, so that white cells can be told apart."""
    look = {"color": "0.8", "linewidth": 0.8, "clip_on": False, "gid": RULES}
    ax.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, **look)
    ax.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, **look)
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))


def _limits(array):
    """The fixed range of a picture: 0-255 for integers, 0-1 for floats."""
    return (0, 255) if np.issubdtype(array.dtype, np.integer) else (0, 1)


def show_images(images, titles=None, columns=None):
    """Photographs or grey pictures side by side, each on its full fixed scale.

    Args:
        images: a list or array of pictures, (H,W), (H,W,1) or (H,W,3); uint8 0-255 or float 0-1.
            Sizes may differ.
        titles: one text per picture, or None.
        columns: pictures per row; by default at most 6, and so few that no pixel gets lost.

    Returns:
        The figure.
    """
    images = _listed("images", images, titles, ["(H,W)", "(H,W,C)"])
    shapes = [image.shape[:2] for image in images]
    columns = _columns(columns, shapes)
    figure, axes, _ = panels(image_sizes(shapes, columns), titles, columns)
    for ax, image in zip(axes, images, strict=True):
        low, high = _limits(image)
        ax.imshow(image, cmap="gray", vmin=low, vmax=high)
    return figure


def _columns(asked, shapes):
    """Pictures per row: what was asked for, else so few that a pixel is a dot of the screen."""
    fitting = int(WIDTH * SCREEN) // max(columns for _, columns in shapes)
    return min(asked or min(max(fitting, 1), 6), len(shapes))


def show_maps(maps, titles=None, columns=None, signed=None, share_scale=True, label="value"):
    """Feature maps, kernels or other (H,W) arrays side by side, on one shared colour scale.

    Args:
        maps: a list or array of (H,W) arrays.
        titles: one text per map, or None.
        columns: maps per row; by default at most 6, and so few that no cell gets lost.
        signed: True draws in red and blue around a white zero, with a thin "−" on what is
            negative; False from 0 upwards; None decides by whether a value is negative.
        share_scale: False scales each map to itself, and the figure's title says so.
        label: what a value is, written at the colour bar. Maps of yes and no have no bar.

    Returns:
        The figure.
    """
    maps = _listed("maps", maps, titles, ["(H,W)"])
    maps = [m.astype(float) for m in maps]
    largest = max(float(np.abs(m).max()) for m in maps) or 1.0
    signed = any(m.min() < 0 for m in maps) if signed is None else signed
    answers = not signed and all(np.isin(m, (0, 1)).all() for m in maps)
    shapes = [m.shape for m in maps]
    columns, bar = _columns(columns, shapes), share_scale and not answers
    sizes = image_sizes(shapes, columns, bar)
    figure, axes, place = panels(sizes, titles, columns, bar=bar, above=0 if share_scale else 0.22)
    marked = False
    for ax, values, size in zip(axes, maps, sizes, strict=True):
        high = largest if share_scale else float(np.abs(values).max()) or 1.0
        cmap = "RdBu_r" if signed else "viridis"
        picture = ax.imshow(values, cmap=cmap, vmin=-high if signed else 0, vmax=high)
        if signed:
            marked |= mark_negative(ax, values, picture)
        if size[1] * SCREEN / values.shape[1] >= RULED:
            _rule(ax, *values.shape)
    if bar:
        figure.colorbar(picture, cax=place, label=f"{label} (−: below 0)" if marked else label)
    elif not share_scale:
        y = 1 - MARGIN / figure.get_size_inches()[1]
        figure.suptitle("each map scaled to itself", fontsize=10, y=y, va="top")
    return figure


def show_regions(image, regions, title=None):
    """A picture with outlined regions; the zeros of padding around it are grey.

    Args:
        image: (H,W), (H,W,1) or (H,W,3); uint8 0-255 or float 0-1.
        regions: a dict of label to (top, left, bottom, right) in pixels, as
            `ReceptiveField.region` gives them: bottom and right are the first ones outside.
        title: what is drawn, or None.

    Returns:
        The figure.
    """
    [image] = _listed("image", [image], None, ["(H,W)", "(H,W,C)"])
    corners = np.array([(0, 0, *image.shape[:2]), *regions.values()])
    rows, columns = np.ptp(np.stack([corners[:, :2].min(0), corners[:, 2:].max(0)]), axis=0)
    room = 0.5 + LETTER * (4 + max(map(len, regions), default=0))  # ticks, names of the regions
    size = min(4.2, (WIDTH - room) * rows / columns)
    figure, ax = plt.subplots(figsize=(size * columns / rows + room, size + 0.5))
    draw_regions(ax, image, regions)
    figure.legend(loc="outside right upper")
    if title is not None:
        ax.set_title(title)
    return figure


def draw_regions(ax, image, regions, frame=None):
    """What `show_regions` draws, on an Axes.

    Args:
        ax: Matplotlib Axes.
        image: as for `show_regions`.
        regions: as for `show_regions`.
        frame: (top, left, bottom, right) in pixels to be seen; None for image and regions.
    """
    height, width = image.shape[:2]
    low, high = _limits(image)
    ax.imshow(image, cmap="gray", vmin=low, vmax=high)
    corners = np.array([(0, 0, height, width), *([frame] if frame else regions.values())])
    (top, left), (bottom, right) = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    ax.set(xlim=(left - 1, right), ylim=(bottom, top - 1), facecolor="0.85")
    ax.spines[:].set_visible(False)
    for label, (top, left, bottom, right) in regions.items():
        x = np.array([left, right, right, left, left]) - 0.5
        y = np.array([top, top, bottom, bottom, top]) - 0.5
        below = LineCollection([np.stack([x, y], axis=1)], colors="white", linewidths=4, gid=RULES)
        ax.add_collection(below, autolim=False)  # a whole line: dashes are seen on dark pictures
        ax.plot(x, y, label=label, linewidth=2.2)


def show_numbers(matrices, titles=None, columns=None, formatting="{:g}", signs=None):
    """Small matrices as tables of numbers on colours: kernels, patches, worked examples.

    All cells are of one size, so that a kernel is as large as the pixels that it covers.

    Args:
        matrices: a list of (H,W) arrays.
        titles: one text per matrix, or None.
        columns: matrices per row; by default at most 4.
        formatting: how a number is written, in the manner of ``str.format``.
        signs: a text for each gap of a row, such as ["∗", "="]; None for none.

    Returns:
        The figure.
    """
    matrices = _listed("matrices", matrices, titles, ["(H,W)"])
    largest = max(float(np.abs(m).max()) for m in matrices) or 1.0
    shapes = [matrix.shape for matrix in matrices]
    columns = min(columns or 4, len(matrices))
    sizes = cell_sizes(shapes, columns, titles, signs=signs is not None)
    figure, axes, _ = panels(sizes, titles, columns, signs)
    side = sizes[0][0] / shapes[0][0]
    for ax, matrix in zip(axes, matrices, strict=True):
        texts = [[formatting.format(value).replace("-", "−") for value in row] for row in matrix]
        draw_numbers(ax, matrix, largest, texts, side)
    return figure


def draw_numbers(ax, matrix, largest, texts, side):
    """A matrix as texts on colours around a white zero, with lines between the cells.

    Args:
        ax: Matplotlib Axes.
        matrix: (H,W); masked cells are grey.
        largest: the value of the darkest red.
        texts: a text per cell, as nested lists; they can be read on each colour.
        side: of a cell in inches; the texts are made to fit.
    """
    colours = plt.get_cmap("RdBu_r").with_extremes(bad="0.8")
    drawn = ax.imshow(matrix.astype(float), cmap=colours, vmin=-largest, vmax=largest)
    _rule(ax, *matrix.shape)
    letters = max(len(line) for row in texts for text in row for line in text.split("\n"))
    size = min(10, 72 * side * 0.92 / (0.62 * max(letters, 2)))
    for (row, column), value in np.ndenumerate(matrix):
        colour = readable_on("0.8" if np.ma.is_masked(value) else drawn.to_rgba(float(value)))
        look = {"ha": "center", "va": "center", "color": colour, "fontsize": size}
        ax.text(column, row, texts[row][column], in_layout=False, **look)  # inside its cell


def plot_history(history, metric="accuracy"):
    """Learning curves: training solid, validation dashed.

    Args:
        history: the ``history`` of a Keras ``fit``, or a dict of label to such a history.
        metric: the metric to draw; what it is in validation is drawn beside it.

    Returns:
        The figure.

    Raises:
        TypeError: it is neither, such as the dict ``history.history``.
        ValueError: a metric that no run has measured.
    """
    runs = {"": history} if hasattr(history, "history") else history
    if not isinstance(runs, dict) or not all(hasattr(run, "history") for run in runs.values()):
        raise TypeError(
            "`history` must be what fit returns, or a dict of label to that: got a "
            f"{type(history).__name__}. Pass history itself, not history.history."
        )
    measured = [key for run in runs.values() for key in run.history if not key.startswith("val_")]
    if metric not in measured:
        raise ValueError(
            f"`metric` must be one that was measured ({', '.join(dict.fromkeys(measured))}): got "
            f"metric={metric!r}. Choose one of these, or name it in compile(metrics=...) and fit."
        )
    figure, ax = plt.subplots()
    for index, (label, run) in enumerate(runs.items()):
        for key, style, name in [(metric, "-", "training"), (f"val_{metric}", "--", "validation")]:
            if key in run.history:
                epochs = np.arange(1, len(run.history[key]) + 1)
                ax.plot(
                    epochs,
                    run.history[key],
                    style,
                    marker="osD^v"[index % 5],
                    color=f"C{index}",
                    label=f"{label} {name}".strip(),
                )
    ax.set(xlabel="epoch", ylabel=metric, title=f"{metric} per epoch")
    _count_in_ones(ax.xaxis)
    if metric == "accuracy":
        ax.set(ylim=(0, 1.02), ylabel="accuracy (share of images)")
    ax.legend()
    return figure


def plot_curves(table, ylabel, title, spread=None):
    """Curves over one axis, told apart by colour, marker and line style.

    Args:
        table: a DataFrame; its index is the horizontal axis and names it, a column is a curve.
        ylabel: what is measured, with its unit.
        title: what is drawn.
        spread: a DataFrame of the same shape, drawn as a band of +- so much; None for no band.

    Returns:
        The figure.
    """
    figure, ax = plt.subplots()
    for index, (label, values) in enumerate(table.items()):
        look = {"marker": "osD^v"[index % 5], "linestyle": ["-", "--", "-.", ":"][index % 4]}
        ax.plot(table.index, values, color=f"C{index}", label=label, **look)
        if spread is not None:
            low, high = values - spread[label], values + spread[label]
            ax.fill_between(table.index, low, high, color=f"C{index}", alpha=0.2, linewidth=0)
    ax.set(xlabel=table.index.name, ylabel=ylabel, title=title)
    if np.issubdtype(table.index.dtype, np.integer):
        _count_in_ones(ax.xaxis)
    ax.legend()
    return figure


def _count_in_ones(axis):
    """Ticks at whole numbers only: there is no epoch 2.5."""
    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def plot_confusion(matrix, class_names):
    """A confusion matrix: a row per true class, a column per predicted class, counts in the cells.

    What is right stands in grey on the diagonal, what is wrong in colour; a pair that never
    happened stays white and empty.

    Args:
        matrix: (classes, classes) counts.
        class_names: a name per class.

    Returns:
        The figure.
    """
    matrix = np.asarray(matrix)
    figure, ax = plt.subplots(figsize=(7, 6))
    right = np.eye(len(matrix), dtype=bool)
    ax.imshow(np.ma.array(matrix, mask=~right), cmap=ListedColormap(["0.88"], "grey"), vmin=0)
    wrong = np.ma.array(matrix, mask=right | (matrix == 0))
    most = max(int(wrong.max()) if wrong.count() else 1, 1)
    drawn = ax.imshow(wrong, cmap="cividis_r", vmin=0, vmax=most)
    _rule(ax, *matrix.shape)
    for (row, column), count in np.ndenumerate(matrix):
        colour = readable_on("0.88" if row == column else drawn.to_rgba(count))
        ax.text(column, row, count or "", ha="center", va="center", color=colour)
    figure.colorbar(drawn, ax=ax, label="wrong images", shrink=0.7, ticks=MaxNLocator(integer=True))
    ticks = np.arange(len(class_names))
    ax.set_xticks(ticks, class_names)
    ax.set_yticks(ticks, class_names)
    ax.set(
        xlabel="predicted class", ylabel="true class", title="images per true and predicted class"
    )
    return figure


def show_mistakes(images, labels, probabilities, class_names, limit=12):
    """The pictures a classifier gets wrong, the surest mistake first.

    Args:
        images: (N,H,W,C) float32 0-1 or uint8 0-255.
        labels: (N,) true class numbers.
        probabilities: (N, classes), rows summing to 1. Of the probabilities p (N, 1) that a network
            with one output gives to class 1, make ``np.column_stack([1 - p, p])``.
        class_names: a name per class, two or more.
        limit: the largest number of pictures drawn.

    Returns:
        The figure, or None (and one printed line) where nothing is wrong.

    Raises:
        ValueError: no probabilities, labels that are no classes, or not one of each per image.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    check_probabilities(probabilities, len(class_names))
    check_class_numbers("labels", labels, len(class_names))
    if not len(images) == len(labels) == len(probabilities):
        raise ValueError(
            "`images`, `labels` and `probabilities` must belong together: got "
            f"{len(images)}, {len(labels)} and {len(probabilities)}. Take all three of one split."
        )
    predictions = np.argmax(probabilities, axis=1)
    surest = np.max(probabilities, axis=1)
    wrong = np.flatnonzero(predictions != labels)
    if not wrong.size:
        print("no mistakes to show")
        return None
    wrong = wrong[np.argsort(-surest[wrong], kind="stable")][:limit]
    titles = [
        f"{class_names[labels[i]]} seen as {class_names[predictions[i]]}\n{surest[i]:.0%} sure"
        for i in wrong
    ]
    return show_images([images[i] for i in wrong], titles)


def show_table(table, caption=None, decimals=2):
    """A table as lessons show it: large numbers in groups of three, no rows that are only counted.

    Args:
        table: a DataFrame.
        caption: what the table shows, or None.
        decimals: of numbers that are not whole.

    Returns:
        A pandas Styler, which a notebook shows; the same table gives the same text.

    Example:
        >>> import pandas as pd
        >>> styler = show_table(pd.DataFrame({"macs": [105415200]}), "one layer")
        >>> "105,415,200" in styler.to_html(), "one layer</caption>" in styler.to_html()
        (True, True)
    """
    written = {}
    for name, column in table.items():
        if is_numeric_dtype(column) and not is_bool_dtype(column):
            digits = 0 if is_integer_dtype(column) else decimals
            large = (column.dropna().abs() >= 10_000).any()  # a year is no large number
            grouped = "," if large else ""
            written[name] = f"{{:{grouped}.{digits}f}}"
    own = f"{zlib.crc32(repr((*table.columns, caption)).encode()):08x}"  # else drawn by chance
    styler = Styler(table, uuid=own, cell_ids=False, caption=caption).format(written, na_rep="")
    index = table.index
    counted = index.nlevels == 1 and index.name is None and is_integer_dtype(index)
    return styler.hide() if counted else styler
