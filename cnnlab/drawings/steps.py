"""One step of what a network does to an array: a frame of an animation, all frames alike in size.

What is done so far is filled in, so that the last step is also the picture that stands still.
"""

import numpy as np

from cnnlab.arrays.windows import numbers, pair
from cnnlab.convolution import conv2d, correlate2d, im2col
from cnnlab.drawings.sheet import arrow, draw_cells, minus, outline, sheet, sign, write
from cnnlab.drawings.strip import CELLS, draw_position, framed, window_cells
from cnnlab.pooling import average_pool2d, max_pool2d

POOLINGS = {"max": max_pool2d, "average": average_pool2d}


def convolution_step(x, kernel, bias=None, position=(0, 0), channel=0, strides=1, padding="valid"):
    """One step of a convolution of several channels: a picture for an animation.

    A row for each channel in: its cells with the window framed and the weights in the corners, and
    the sum of its products. On the right what is done of the feature map so far.

    Args:
        x: (H, W, C_in), small enough for its numbers to be read.
        kernel: (K_h, K_w, C_in, C_out).
        bias: (C_out,), or None for none.
        position: (row, column) of the output.
        channel: number of the filter, from 0.
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.

    Returns:
        The figure.

    Raises:
        ValueError: no such position or filter, or channels that do not match.

    Example:
        >>> x, kernel = np.ones((3, 4, 2)), np.ones((2, 3, 2, 1))
        >>> convolution_step(x, kernel, [1], (1, 0)).axes[0].texts[-1].get_text()
        'filter 0: 6 + 6 + 1 = 13, bias 1'
    """
    x = numbers("x", x, "(height, width, channels)")
    maps = conv2d(x[None], kernel, bias, strides, padding)[0]
    kernel = np.asarray(kernel)
    wanted = (*position, channel)
    if not all(0 <= number < size for number, size in zip(wanted, maps.shape, strict=True)):
        raise ValueError(
            f"`position` and `channel` must lie in the output, {maps.shape}: got position="
            f"{tuple(position)}, channel={channel}. Count from 0."
        )
    parts = [
        correlate2d(x[..., c], kernel[..., c, channel], strides, padding)[tuple(position)]
        for c in range(x.shape[-1])
    ]
    added = parts if bias is None else [*parts, np.asarray(bias)[channel]]
    largest = float(max(np.abs(x).max(), np.abs(kernel).max(), np.abs(maps).max())) or 1.0
    padded, zeros = framed(x[..., 0], kernel.shape[:2], strides, padding)
    high, wide = padded.shape
    width = len(parts) * (wide + 2) + maps.shape[1] + 1
    if width > CELLS:
        raise ValueError(
            f"`x` must be small enough for its {len(parts)} channels to stand in a row: "
            f"got {x.shape}, {width} cells. Take a smaller piece of it, or fewer channels."
        )
    ax = sheet(max(high, maps.shape[0]) + 3, width, cell=0.34)
    middle = 1 + max(high, maps.shape[0]) / 2
    for c, part in enumerate(parts):
        place = middle - high / 2, 0.5 + c * (wide + 2)
        padded, _ = framed(x[..., c], kernel.shape[:2], strides, padding)
        draw_position(ax, padded, zeros, kernel[..., c, channel], position, place, largest, strides)
        write(ax, f"channel {c}", (place[0] - 0.45, place[1] + wide / 2))
        write(ax, minus(f"{part:g}"), (place[0] + high + 0.5, place[1] + wide / 2), 10)
        sign(ax, "+" if c < len(parts) - 1 else "=", (middle, place[1] + wide + 1))
    done = np.ma.masked_all(maps.shape[:2])
    count = np.ravel_multi_index(tuple(position), done.shape) + 1
    done.ravel()[:count] = maps[..., channel].ravel()[:count]
    place = middle - maps.shape[0] / 2, width - maps.shape[1] - 0.5
    draw_cells(ax, done, place, largest, title=f"map of filter {channel}")
    outline(ax, np.add(place, position))
    bias = "" if bias is None else f", bias {np.asarray(bias)[channel]:g}"
    text = f"filter {channel}: {' + '.join(f'({p:g})' if p < 0 else f'{p:g}' for p in added)}"
    write(ax, minus(f"{text} = {maps[wanted]:g}{bias}"), (middle + high / 2 + 1.4, width / 2), 10)
    return ax.figure


def im2col_step(image, kernel, position=None):
    """One step of a convolution as a matrix product: the patch under the window becomes a row.

    Args:
        image: (H, W), small enough for its numbers to be read.
        kernel: (K_h, K_w), unrolled into a column on the right.
        position: (row, column) of the output up to which the rows are done; None for all.

    Returns:
        The figure: the image with the window, the matrix of patches, the column of weights and
        the column of outputs.

    Raises:
        ValueError: no such position, or too many cells to be read.

    Example:
        >>> image, kernel = np.arange(12).reshape(3, 4), np.ones((2, 3), int)
        >>> figure = im2col_step(image, kernel, (0, 1))
        >>> figure.axes[0].images[1].get_array()[:2].tolist()
        [[0.0, 1.0, 2.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 5.0, 6.0, 7.0]]
    """
    image = numbers("image", image, "(height, width)")
    kernel = numbers("kernel", kernel, "(kernel_height, kernel_width)")
    output = correlate2d(image, kernel)
    position = np.subtract(output.shape, 1) if position is None else position
    _check_place(position, output.shape)
    rows = im2col(image[None, :, :, None], kernel.shape).reshape(output.size, kernel.size)
    height, width = max(len(rows), kernel.size, image.shape[0]) + 2, image.shape[1] + kernel.size
    if width + 10 > CELLS or height > CELLS:
        raise ValueError(
            f"`image` must be small enough for its {output.size} patches of {kernel.size} numbers "
            f"to be read: got {image.shape[0]}x{image.shape[1]}. Take a smaller piece of it."
        )
    ax = sheet(height, width + 10)
    limit = float(max(np.abs(image).max(), np.abs(kernel).max(), np.abs(output).max())) or 1.0
    middle, done = 0.5 + height / 2, np.ravel_multi_index(tuple(position), output.shape)
    places, left = [], 0.5
    for count, wide in [(image.shape[0], image.shape[1]), (len(rows), kernel.size)]:
        places.append((middle - count / 2, left))
        left += wide + 2
    places += [(middle - kernel.size / 2, left), (middle - len(rows) / 2, left + 3)]
    draw_cells(ax, image, places[0], limit, title="image")
    window = np.add(places[0], position)
    outline(ax, window, *kernel.shape)
    so_far = (np.arange(len(rows)) > done)[:, None]
    patches = np.ma.masked_array(rows, np.broadcast_to(so_far, rows.shape))
    draw_cells(ax, patches, places[1], limit, title="a patch a row")
    outline(ax, (places[1][0] + done, places[1][1]), 1, kernel.size)
    target = places[1][0] + done + 0.5, places[1][1] - 0.15
    arrow(ax, (window[0] + kernel.shape[0] / 2, window[1] + kernel.shape[1]), target)
    draw_cells(ax, kernel.reshape(-1, 1), places[2], limit, title="kernel")
    draw_cells(ax, np.ma.masked_array(output.reshape(-1, 1), so_far), places[3], limit)
    outline(ax, (places[3][0] + done, places[3][1]))
    write(ax, "output", (places[3][0] - 0.35, places[3][1] + 0.5))
    sign(ax, "×", (middle, places[2][1] - 1))
    sign(ax, "=", (middle, places[3][1] - 1))
    return ax.figure


def pooling_step(image, position=None, pool_size=2, strides=None, kind="max"):
    """One step of a pooling: the window, the pixel that wins it, and what is done so far.

    Args:
        image: (H, W), small enough for its numbers to be read.
        position: (row, column) of the output up to which it is done; None for all.
        pool_size: int or (rows, columns).
        strides: int or (rows, columns); None takes `pool_size`.
        kind: "max" or "average".

    Returns:
        The figure. Of a maximum, every pixel that is equal to it is framed.

    Raises:
        ValueError: no such position or kind, or too many cells to be read.

    Example:
        >>> figure = pooling_step(np.arange(12).reshape(3, 4), (0, 1), pool_size=(3, 2))
        >>> figure.axes[0].images[1].get_array().tolist()
        [[9.0, 11.0]]
    """
    image = numbers("image", image, "(height, width)")
    if kind not in POOLINGS:
        raise ValueError(f'`kind` must be "max" or "average": got {kind!r}. Choose one of the two.')
    output = POOLINGS[kind](image[None, :, :, None], pool_size, strides)[0, :, :, 0]
    position = np.subtract(output.shape, 1) if position is None else position
    _check_place(position, output.shape)
    width = image.shape[1] + output.shape[1] + 3
    if width > CELLS or image.shape[0] + 3 > CELLS:
        raise ValueError(
            f"`image` must be small enough for its numbers to be read: got {image.shape[0]}x"
            f"{image.shape[1]}. Take a smaller piece of it."
        )
    size = pair("pool_size", pool_size)
    rows, columns = window_cells(position, size, pool_size if strides is None else strides)
    ax = sheet(image.shape[0] + 1.5, width)
    limit = float(max(np.abs(image).max(), np.abs(output).max())) or 1.0
    places = (1, 0.5), (1 + (image.shape[0] - output.shape[0]) / 2, image.shape[1] + 2.5)
    draw_cells(ax, image, places[0], limit, title="map")
    outline(ax, np.add(places[0], (rows[0], columns[0])), *size)
    window = image[np.ix_(rows, columns)]
    for row, column in np.argwhere(window == window.max()) if kind == "max" else ():
        corner = places[0][0] + rows[row] + 0.14, places[0][1] + columns[column] + 0.14
        outline(ax, corner, 0.72, 0.72, "white", linewidth=3)
        outline(ax, corner, 0.72, 0.72, linewidth=1.3)
    later = np.arange(output.size) > np.ravel_multi_index(tuple(position), output.shape)
    done = np.ma.masked_array(output, later.reshape(output.shape))
    draw_cells(ax, done, places[1], limit, None, "{:.3g}", f"{kind} pooling")
    outline(ax, np.add(places[1], position))
    middle = 1 + image.shape[0] / 2
    arrow(ax, (middle, image.shape[1] + 0.9), (middle, image.shape[1] + 2.1))
    return ax.figure


def _check_place(position, shape):
    if len(position) != 2 or not all(0 <= n < m for n, m in zip(position, shape, strict=True)):
        raise ValueError(
            f"`position` must lie in the output: got position={tuple(position)} for an output of "
            f"{shape[0]}x{shape[1]}. Count rows and columns from 0."
        )
