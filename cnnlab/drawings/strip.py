"""The sliding window as a film strip: every position at once, the kernel's numbers in the cells."""

import numpy as np

from cnnlab.arrays.windows import borders, numbers, pair
from cnnlab.convolution import correlate2d
from cnnlab.drawings.sheet import OUTSIDE, draw_cells, minus, outline, sheet, sign, write

CELLS = 40  # a strip may be wide: more, and its numbers could not be read


def film_strip(image, kernel, strides=1, padding="valid", dilation_rate=1):
    """Every position of the sliding window, one picture each, placed as their results are.

    Above, image ∗ kernel = output. Below, the image once for each position: the pixels that are
    read are framed, and each carries its weight in its corner.

    Args:
        image: (H, W) array, small: the strip may be at most 40 cells wide.
        kernel: (K_h, K_w) array.
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0; zeros of padding are grey.
        dilation_rate: int or (rows, columns), >= 1.

    Returns:
        The figure.

    Raises:
        ValueError: the kernel does not fit, or the strip would be too wide to be read.

    Example:
        >>> figure = film_strip(np.arange(12).reshape(3, 4), np.ones((2, 3)))
        >>> [text.get_text() for text in figure.axes[0].texts if " at " in text.get_text()]
        ['18 at (0, 0)', '24 at (0, 1)', '42 at (1, 0)', '48 at (1, 1)']

    Source: after the figures of Dumoulin & Visin (2016), arXiv:1603.07285.
    """
    image = numbers("image", image, "(height, width)")
    kernel = numbers("kernel", kernel, "(kernel_height, kernel_width)")
    output = correlate2d(image, kernel, strides, padding, dilation_rate)
    padded, zeros = framed(image, kernel.shape, strides, padding, dilation_rate)
    (rows, columns), (high, wide) = output.shape, padded.shape
    top_row = [(image, "image"), (kernel, "kernel"), (output, "output")]
    first = sum(part.shape[1] for part, _ in top_row) + 4
    width = max(first, columns * (wide + 1) - 1) + 1
    if width > CELLS or rows * (high + 1.6) > 2 * CELLS:
        raise ValueError(
            f"`image` must be small enough for its {rows * columns} positions to be drawn: got "
            f"{image.shape[0]}x{image.shape[1]} pixels, a strip of {width} cells. Take a smaller "
            "piece, or larger strides; widgets.show_window draws one position."
        )
    height = max(part.shape[0] for part, _ in top_row) + 1
    ax = sheet(height + 0.6 + rows * (high + 1.6), width)
    largest = max(float(np.abs(part).max()) for part, _ in top_row) or 1.0
    left = 0.5
    for (part, title), between in zip(top_row, ["∗", "=", None], strict=True):
        top = 1 + (height - 1 - part.shape[0]) / 2
        _, _, _, right = draw_cells(ax, part, (top, left), largest, title=title)
        if between:
            sign(ax, between, (1 + (height - 1) / 2, right + 1))
        left = right + 2
    for row, column in np.ndindex(output.shape):
        place = height + 0.6 + row * (high + 1.6) + 0.4, 0.5 + column * (wide + 1)
        draw_position(
            ax, padded, zeros, kernel, (row, column), place, largest, strides, dilation_rate
        )
        text = f"{output[row, column]:g} at ({row}, {column})"
        write(ax, minus(text), (place[0] + high + 0.45, place[1] + wide / 2))
    return ax.figure


def framed(image, kernel_size, strides=1, padding="valid", dilation_rate=1):
    """An image with its border of zeros, and where these are."""
    around = borders((1, *image.shape, 1), kernel_size, strides, padding, dilation_rate)
    padded = np.pad(image, around)
    return padded, np.pad(np.zeros(image.shape, bool), around, constant_values=True)


def window_cells(position, kernel_size, strides=1, dilation_rate=1):
    """The rows and the columns of the padded image that a window reads."""
    steps, rates = pair("strides", strides), pair("dilation_rate", dilation_rate)
    return [
        index * step + rate * np.arange(size)
        for index, step, rate, size in zip(position, steps, rates, kernel_size, strict=True)
    ]


def draw_position(ax, padded, zeros, kernel, position, place, limit, strides=1, rate=1):
    """The image under one position of the window, the weights in the corners of its cells."""
    rows, columns = window_cells(position, kernel.shape, strides, rate)
    corners = np.full(padded.shape, "", dtype=object)
    corners[np.ix_(rows, columns)] = np.vectorize("{:g}".format, otypes=[object])(kernel)
    for row, column in np.argwhere(zeros):
        look = {"fill": True, "facecolor": OUTSIDE, "linewidth": 0, "zorder": 1.5}
        outline(ax, np.add(place, (row, column)), **look)  # over the colour, under the number
    shown = np.ma.masked_array(padded, zeros & (corners == ""))
    draw_cells(ax, shown, place, limit, corners)
    whole = len(rows) == np.ptp(rows) + 1 and len(columns) == np.ptp(columns) + 1
    if whole:
        outline(ax, np.add(place, (rows[0], columns[0])), len(rows), len(columns))
        return
    for row, column in np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2):
        outline(ax, np.add(place, (row, column)))
