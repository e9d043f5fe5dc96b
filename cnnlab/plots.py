"""Pictures: arrays in, a Matplotlib figure out.

Colours follow one rule: grey for pictures, a diverging map centred on white zero for signed
values, viridis for values that are never negative, cividis for counts. Figures made of several
pictures share one scale unless the title says that each is scaled to itself.
"""

import matplotlib.pyplot as plt
import numpy as np

PANEL_LIMIT = 64


def _number(value):
    """Three significant digits, and no negative zero."""
    return f"{float(value) + 0.0:.3g}"


def _image_digest(image):
    array = np.asarray(image.get_array(), dtype=float)
    rows, columns = array.shape[:2]
    weight = np.abs(array.reshape(rows, columns, -1)).sum(-1)
    total = weight.sum() or 1.0
    row = (weight.sum(1) * np.arange(rows)).sum() / total
    column = (weight.sum(0) * np.arange(columns)).sum() / total
    return (
        f"image {rows}×{columns}, {_number(array.min())} to {_number(array.max())}, "
        f"weight at row {_number(row)}, column {_number(column)}"
    )


def _line_digest(line, values):
    y = np.asarray(line.get_ydata(), dtype=float)
    extent = f", {_number(np.nanmin(y))} to {_number(np.nanmax(y))}" if values and y.size else ""
    name = line.get_label()
    return f"line{'' if name.startswith('_') else f' {name!r}'} of {y.size} points{extent}"


def describe(figure, values=True):
    """What a figure shows, as text: nbval cannot compare pictures, but it compares this.

    Args:
        figure: a Matplotlib figure, or one Axes.
        values: False leaves out the numbers drawn as curves and bars, for results of a training,
            which may differ in the last digit from one processor to another.

    Returns:
        One line per Axes: title, axis labels, and each picture (size, range, centre of its
        weight, so that a flipped or transposed picture is noticed), curve, group of bars and
        number of texts in it.

    Example:
        >>> import matplotlib.pyplot as plt
        >>> figure, axes = plt.subplots()
        >>> _ = axes.plot([1, 4, 9], label="squares")
        >>> _ = axes.set(title="growth", xlabel="step")
        >>> print(describe(figure))
        1. growth | x: step | line 'squares' of 3 points, 1 to 9
    """
    lines = []
    for number, ax in enumerate(getattr(figure, "axes", [figure]), 1):
        if not hasattr(ax, "images") or ax.get_label() == "<colorbar>":
            continue
        parts = [part for part in [ax.get_title().replace("\n", " ")] if part]
        parts += [
            f"{n}: {text}" for n, text in [("x", ax.get_xlabel()), ("y", ax.get_ylabel())] if text
        ]
        parts += [_image_digest(image) for image in ax.images]
        parts += [_line_digest(line, values) for line in ax.lines]
        if ax.patches:
            heights = [p.get_height() for p in ax.patches if hasattr(p, "get_height")]
            extent = (
                f", {_number(min(heights))} to {_number(max(heights))}"
                if values and heights
                else ""
            )
            parts.append(f"{len(ax.patches)} patches{extent}")
        if ax.collections:
            parts.append(f"{len(ax.collections)} collections")
        if ax.texts:
            parts.append(f"{len(ax.texts)} texts")
        lines.append(f"{number}. " + " | ".join(parts))
    return "\n".join(lines)


def _grid(count, columns, width=7.0, panel_aspect=1.0, title_height=0.3):
    """A figure of `count` panels without ticks; returns (figure, list of Axes)."""
    if not 1 <= count <= PANEL_LIMIT:
        raise ValueError(
            f"a grid must hold 1 to {PANEL_LIMIT} pictures: got {count}. Choose some of them."
        )
    columns = min(columns or min(count, 6), count)
    rows = -(-count // columns)
    height = rows * (width / columns * panel_aspect + title_height)
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    return figure, list(axes.flat[:count])


def _limits(array):
    """The fixed range of a picture: 0-255 for integers, 0-1 for floats."""
    return (0, 255) if np.issubdtype(np.asarray(array).dtype, np.integer) else (0, 1)


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
    aspect = max(np.shape(image)[0] / np.shape(image)[1] for image in images)
    figure, axes = _grid(len(images), columns, panel_aspect=aspect)
    for index, (ax, image) in enumerate(zip(axes, images, strict=True)):
        low, high = _limits(image)
        ax.imshow(np.squeeze(image), cmap="gray", vmin=low, vmax=high)
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
    maps = [np.asarray(m, dtype=float) for m in maps]
    largest = max(float(np.abs(m).max()) for m in maps) or 1.0
    signed = any(m.min() < 0 for m in maps) if signed is None else signed
    aspect = max(m.shape[0] / m.shape[1] for m in maps)
    figure, axes = _grid(len(maps), columns, panel_aspect=aspect)
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
    matrices = [np.asarray(m) for m in matrices]
    largest = max(float(np.abs(m).max()) for m in matrices) or 1.0
    aspect = max(m.shape[0] / m.shape[1] for m in matrices)
    figure, axes = _grid(len(matrices), columns or min(len(matrices), 4), panel_aspect=aspect)
    for index, (ax, matrix) in enumerate(zip(axes, matrices, strict=True)):
        ax.imshow(matrix.astype(float), cmap="RdBu_r", vmin=-largest, vmax=largest)
        for (row, column), value in np.ndenumerate(matrix):
            dark = abs(value) > 0.6 * largest
            text = formatting.format(value)
            ax.text(column, row, text, ha="center", va="center", color="white" if dark else "black")
        if titles is not None:
            ax.set_title(str(titles[index]))
    return figure


def plot_history(history, metric="accuracy"):
    """Learning curves: training solid, validation dashed.

    Args:
        history: the ``history`` of a Keras ``fit``, or a dict of label to such a history.
        metric: the metric to draw.

    Returns:
        The figure.
    """
    runs = {"": history} if hasattr(history, "history") else dict(history)
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
        probabilities: (N, classes), rows summing to 1.
        class_names: a name per class.
        limit: the largest number of pictures drawn.

    Returns:
        The figure, or None (and one printed line) where nothing is wrong.
    """
    predictions = np.argmax(probabilities, axis=1)
    surest = np.max(probabilities, axis=1)
    wrong = np.flatnonzero(predictions != np.asarray(labels))
    if not wrong.size:
        print("no mistakes to show")
        return None
    wrong = wrong[np.argsort(-surest[wrong], kind="stable")][:limit]
    titles = [
        f"{class_names[labels[i]]} seen as {class_names[predictions[i]]}\n{surest[i]:.0%} sure"
        for i in wrong
    ]
    return show_images([images[i] for i in wrong], titles)
