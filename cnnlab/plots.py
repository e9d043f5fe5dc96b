"""Pictures: arrays in, a Matplotlib figure out.

Colours follow one rule: grey for pictures, a diverging map centred on white zero for signed
values, viridis for values that are never negative, cividis for counts. Figures made of several
pictures share one scale unless the title says that each is scaled to itself.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke

from cnnlab.comparing.digests import RULES
from cnnlab.comparing.digests import describe as describe
from cnnlab.comparing.digests import rough as rough
from cnnlab.drawing.animation import animate as animate
from cnnlab.scores import check_class_numbers, check_probabilities

PANEL_LIMIT = 64


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


def _grid(pictures, columns, width=7.0, title_height=0.3):
    """A figure with a panel per picture, without ticks; returns (figure, list of Axes)."""
    count = len(pictures)
    aspect = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    columns = min(columns or min(count, 6), count)
    rows = -(-count // columns)
    height = rows * (width / columns * aspect + title_height)
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    for ax in axes.flat[:count]:
        ax.set_axis_off()
    for ax in axes.flat[count:]:
        ax.remove()
    return figure, list(axes.flat[:count])


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
        columns: pictures per row; by default at most 6.

    Returns:
        The figure.
    """
    images = _listed("images", images, titles, ["(H,W)", "(H,W,C)"])
    figure, axes = _grid(images, columns)
    for index, (ax, image) in enumerate(zip(axes, images, strict=True)):
        low, high = _limits(image)
        ax.imshow(image, cmap="gray", vmin=low, vmax=high)
        if titles is not None:
            ax.set_title(str(titles[index]))
    return figure


def show_maps(maps, titles=None, columns=None, signed=None, share_scale=True):
    """Feature maps, kernels or other (H,W) arrays side by side, on one shared colour scale.

    Args:
        maps: a list or array of (H,W) arrays.
        titles: one text per map, or None.
        columns: maps per row; by default at most 6.
        signed: True draws in red and blue around a white zero, False from 0 upwards;
            None decides by whether a value is negative.
        share_scale: False scales each map to itself, and the figure's title says so.

    Returns:
        The figure.
    """
    maps = [m.astype(float) for m in _listed("maps", maps, titles, ["(H,W)"])]
    largest = max(float(np.abs(m).max()) for m in maps) or 1.0
    signed = any(m.min() < 0 for m in maps) if signed is None else signed
    figure, axes = _grid(maps, columns)
    for index, (ax, values) in enumerate(zip(axes, maps, strict=True)):
        high = largest if share_scale else float(np.abs(values).max()) or 1.0
        cmap = "RdBu_r" if signed else "viridis"
        picture = ax.imshow(values, cmap=cmap, vmin=-high if signed else 0, vmax=high)
        if titles is not None:
            ax.set_title(str(titles[index]))
    if share_scale:
        figure.colorbar(picture, ax=axes, fraction=0.03)
    else:
        figure.suptitle("each map scaled to itself", fontsize=10)
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
    figure, ax = plt.subplots(figsize=(7, 4))
    draw_regions(ax, image, regions)
    figure.legend(loc="outside right upper")
    if title is not None:
        ax.set_title(title)
    return figure


def draw_regions(ax, image, regions):
    """What `show_regions` draws, on an Axes."""
    height, width = image.shape[:2]
    low, high = _limits(image)
    ax.imshow(image, cmap="gray", vmin=low, vmax=high)
    corners = np.array([(0, 0, height, width), *regions.values()])
    (top, left), (bottom, right) = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    ax.set(xlim=(left - 1, right), ylim=(bottom, top - 1), facecolor="0.85")
    ax.spines[:].set_visible(False)
    outline = [withStroke(linewidth=4, foreground="white")]  # on dark pictures too
    for label, (top, left, bottom, right) in regions.items():
        x = np.array([left, right, right, left, left]) - 0.5
        y = np.array([top, top, bottom, bottom, top]) - 0.5
        ax.plot(x, y, label=label, linewidth=2.2, path_effects=outline)


def show_numbers(matrices, titles=None, columns=None, formatting="{:g}"):
    """Small matrices as tables of numbers on colours: kernels, patches, worked examples.

    Args:
        matrices: a list of (H,W) arrays.
        titles: one text per matrix, or None.
        columns: matrices per row; by default at most 4.
        formatting: how a number is written, in the manner of ``str.format``.

    Returns:
        The figure.
    """
    matrices = _listed("matrices", matrices, titles, ["(H,W)"])
    largest = max(float(np.abs(m).max()) for m in matrices) or 1.0
    figure, axes = _grid(matrices, columns or 4)
    for index, (ax, matrix) in enumerate(zip(axes, matrices, strict=True)):
        ax.imshow(matrix.astype(float), cmap="RdBu_r", vmin=-largest, vmax=largest)
        _rule(ax, *matrix.shape)
        for (row, column), value in np.ndenumerate(matrix):
            dark = abs(value) > 0.6 * largest
            text = formatting.format(value)
            look = {"ha": "center", "va": "center", "color": "white" if dark else "black"}
            ax.text(column, row, text, in_layout=False, **look)  # inside its cell: not measured
        if titles is not None:
            ax.set_title(str(titles[index]))
    return figure


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
    ax.legend()
    return figure


def plot_confusion(matrix, class_names):
    """A confusion matrix: a row per true class, a column per predicted class, counts in the cells.

    Args:
        matrix: (classes, classes) counts.
        class_names: a name per class.

    Returns:
        The figure.
    """
    matrix = np.asarray(matrix)
    figure, ax = plt.subplots(figsize=(7, 6))
    ax.imshow(matrix, cmap="cividis", vmin=0)
    for (row, column), count in np.ndenumerate(matrix):
        dark = count < 0.6 * matrix.max()
        ax.text(column, row, count, ha="center", va="center", color="white" if dark else "black")
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
