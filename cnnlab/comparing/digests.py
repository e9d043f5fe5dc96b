"""What a figure shows, as text: nbval cannot compare pictures, but it compares this."""

import re
import zlib

import numpy as np
from matplotlib.category import StrCategoryLocator
from matplotlib.container import BarContainer
from matplotlib.figure import FigureBase
from matplotlib.ticker import FixedLocator

from cnnlab.comparing.marks import RULES, SPOKEN

ROUGH = 2  # significant digits that survive another processor
DIGITS = {True: 3, "rough": ROUGH, False: None}


def _number(value, digits=3):
    """So many significant digits, but all of a small whole number, and no negative zero."""
    if abs(value) < 1000 and value == round(value):
        return f"{value + 0.0:.0f}"
    return f"{float(f'{value:.{digits}g}') + 0.0:.{max(digits, 4)}g}"


def _whole(array):
    """Whether its values are whole numbers by their kind, so that every processor has the same."""
    return np.issubdtype(array.dtype, np.integer) or array.dtype == bool


def _check(array):
    """What a change of any single value changes.

    Of whole numbers a checksum. Of others one that knows no last bits, where processors differ:
    sum_k x_k e^(ik) / |x|, its real and imaginary part to four decimals.
    """
    values = array.ravel()
    if _whole(array):
        return f"checksum {zlib.crc32(values.astype('<i8').tobytes()):08x}"
    place = np.exp(1j * np.arange(values.size))
    share = (values * place).sum() / (np.linalg.norm(values) or 1.0)
    return "check {:.4f} {:.4f}".format(*(round(x, 4) + 0.0 for x in (share.real, share.imag)))


def _image_digest(image, digits):
    drawn = np.ma.masked_invalid(image.get_array())
    filled, blank = np.ma.filled(drawn, 0), np.ma.count_masked(drawn)
    array = drawn.astype(float)
    rows, columns = array.shape[:2]
    text = f"image {rows}×{columns}"
    scale = ""
    if array.ndim == 2:
        scale = f" in {image.get_cmap().name}"
        if digits:
            scale += " from {} to {}".format(*(_number(end, digits) for end in image.get_clim()))
    if not digits:
        return text + scale
    scale += f", {blank} blank" if blank else ""
    if blank == drawn.size:
        return text + scale
    weight = np.abs(filled.astype(float).reshape(rows, columns, -1)).sum(-1)
    total = weight.sum() or 1.0
    row = (weight.sum(1) * np.arange(rows)).sum() / total
    column = (weight.sum(0) * np.arange(columns)).sum() / total
    if digits == ROUGH:
        low, high = image.get_clim() if array.ndim == 2 else (0, 255 if _whole(drawn) else 1)
        mean = (array.mean() - low) / ((high - low) or 1.0)
        down, across = row / max(rows - 1, 1), column / max(columns - 1, 1)
        return f"{text}{scale}, mean {mean:.1f}, centre {down:.1f} down, {across:.1f} across"
    return (
        f"{text}, {_number(array.min())} to {_number(array.max())}{scale}, "
        f"weight at row {_number(row, 4)}, column {_number(column, 4)}, {_check(filled)}"
    )


def _line_digest(line, digits):
    points = np.asarray(line.get_xydata(), dtype=float)
    name = line.get_label()
    text = f"line{'' if name.startswith('_') else f' {name!r}'} of {len(points)} points"
    if not digits or not len(points):
        return text
    first, last = (f"({_number(x, digits)}, {_number(y, digits)})" for x, y in points[[0, -1]])
    heights = points[np.isfinite(points[:, 1]), 1]
    text = f"{text} from {first} to {last}"
    if not heights.size:
        return text
    low, high, mean = (f(heights) for f in (np.min, np.max, np.mean))
    mean = mean if abs(mean) > (high - low) / 1000 else 0.0  # what rounding leaves of a sum of 0
    low, high, mean = (_number(height, digits) for height in (low, high, mean))
    return f"{text}, y {low} to {high}, mean {mean}"


def _bars_digest(bars, digits):
    text = f"{len(bars.datavalues)} bars"
    if not digits:
        return text
    listed = ", ".join(_number(value, digits) for value in bars.datavalues[:12])
    return f"{text}: {listed}{', …' if len(bars.datavalues) > 12 else ''}"


def _tick_names(axis):
    """The texts at the ticks, where someone has placed them."""
    if not isinstance(axis.get_major_locator(), (FixedLocator, StrCategoryLocator)):
        return ""
    return " ".join(label.get_text() for label in axis.get_ticklabels()).strip()


def _axis_digest(axis, digits, shown):
    """Label, scale, limits that somebody has set, names at the ticks."""
    name, label, names = axis.axis_name, axis.get_label_text(), _tick_names(axis)
    parts = [f"{name}: {label}"] if label else []
    parts += [f"{name} {axis.get_scale()}"] if axis.get_scale() != "linear" else []
    if not getattr(axis.axes, f"get_autoscale{name}_on")():
        limits = (_number(end, digits or ROUGH) for end in axis.get_view_interval())
        parts += ["{} from {} to {}".format(name, *limits)]
    parts += [f"{name} ticks: {names}"] if names and shown else []
    return parts


def _axes_digest(ax, digits):
    title = ax.get_title().replace("\n", " ")
    parts = [title if digits else re.sub(r"\d+", "#", title)]
    for axis in (ax.xaxis, ax.yaxis):
        parts += _axis_digest(axis, digits, ax.axison)
    parts += [_image_digest(image, digits) for image in ax.images]
    if ax.images and not ax.yaxis_inverted():
        parts += ["rows upwards"]
    if ax.images and ax.get_aspect() == "auto":
        parts += [f"stretched to {ax.bbox.height:.0f}×{ax.bbox.width:.0f} dots"]
    parts += [_line_digest(line, digits) for line in ax.lines]
    bars = [group for group in ax.containers if isinstance(group, BarContainer)]
    parts += [_bars_digest(group, digits) for group in bars]
    shapes = len(ax.patches) - sum(len(group) for group in bars)
    parts += [f"{shapes} shapes"] if shapes else []
    collections = sum(collection.get_gid() != RULES for collection in ax.collections)
    parts += [f"{collections} collections"] if collections else []
    parts += [f"{len(ax.texts)} texts"] if ax.texts else []
    spoken = [text.get_text() for text in ax.texts if text.get_gid() == SPOKEN]
    parts += [repr(text) for text in spoken if digits and digits != ROUGH]
    return " | ".join(part for part in parts if part)


def rough(figure, values="rough"):
    """Asks that a figure be compared loosely, as its numbers may differ between processors.

    Args:
        figure: a Matplotlib figure, not shown yet.
        values: "rough" or False, as `describe` takes them.

    Raises:
        ValueError: another word for `values`.

    Example:
        >>> import matplotlib.pyplot as plt
        >>> figure, axes = plt.subplots()
        >>> _ = axes.plot([1, 4, 9.31])
        >>> rough(figure)
        >>> print(describe(figure))
        1. line of 3 points from (0, 1) to (2, 9.3), y 1 to 9.3, mean 4.8
    """
    figure.cnnlab_values = _known(values)


def _known(values):
    if values not in DIGITS:
        raise ValueError(
            f'`values` must be True, False or "rough": got {values!r}. Choose one of the three.'
        )
    return values


def describe(figure, values=None):
    """What a figure shows, as text: nbval cannot compare pictures, but it compares this.

    `cnnlab.setup` makes it the text of every figure in a notebook. It is stored beside the picture,
    and no reader sees it.

    Args:
        figure: a Matplotlib figure, or one Axes, or None (where there was nothing to show).
        values: True, False or "rough"; None is what `rough` has asked for this figure, else True.
            False leaves out the numbers behind pictures, curves and bars, and writes those in
            titles as #: for results of a training, which may differ in the first digits from one
            processor to another. "rough" rounds them to what does not differ in the results of a
            network that is trained already: two digits, and of a picture the mean as a share of its
            range, and the centre of its weight as shares of its height and width.

    Returns:
        A line for the figure's own title, if it has one, and one line per Axes: title, axis
        labels, limits where they were set, names at the ticks, and each picture (size, range,
        colours, centre of its weight, so that a flipped or transposed picture is noticed, and a
        check that changes with a single pixel: a whole number by any amount, another one by
        2/10,000 of the root of the sum of all squares), curve (its ends, range and mean), group of
        bars, and the number of other shapes and of texts in it. A last line holds the texts that
        stand between the Axes, such as signs of arithmetic.

    Raises:
        ValueError: another word for `values`.

    Example:
        >>> import matplotlib.pyplot as plt
        >>> figure, axes = plt.subplots()
        >>> _ = axes.plot([1, 4, 9], label="squares")
        >>> _ = axes.set(title="growth", xlabel="step")
        >>> print(describe(figure))
        1. growth | x: step | line 'squares' of 3 points from (0, 1) to (2, 9), y 1 to 9, mean 4.67
    """
    if figure is None:
        return "no figure"
    whole = isinstance(figure, FigureBase)
    if values is None:
        values = getattr(figure.get_figure(root=True), "cnnlab_values", True)
    digits = DIGITS[_known(values)]
    every = [ax for ax in (figure.axes if whole else [figure]) if ax.get_label() != "<colorbar>"]
    lines = [f"{number}. {_axes_digest(ax, digits)}" for number, ax in enumerate(every, 1)]
    title = figure.get_suptitle() if whole else ""
    named = (title, figure.get_supxlabel(), figure.get_supylabel()) if whole else ()
    signs = [t.get_text() for t in figure.texts if t.get_text() not in named] if whole else []
    lines += [f"between them: {' '.join(signs)}"] if signs else []
    return "\n".join([title, *lines] if title else lines) or "an empty figure"


def be_text_of_figures(shell):
    """Makes `describe` what IPython's shell writes and stores as the text of a figure."""

    def written(figure, printer, cycle):
        printer.text(describe(figure))

    plain = shell.display_formatter.formatters["text/plain"]
    plain.for_type_by_name("matplotlib.figure", "Figure", written)
