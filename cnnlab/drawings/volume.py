"""Arrays of three axes as boxes: H×W×C against K×K×C is one plane."""

import numpy as np
from matplotlib.patches import Polygon

from cnnlab.arrays.windows import pair
from cnnlab.drawings.sheet import arrow, sheet, sign, write
from cnnlab.sizes import output_size

SLANT = 0.5  # the axis of the channels goes right and up, so far for each
RULED = 16  # cells along an edge: more are not ruled
COLOURS = {"map": "#d9e8f5", "kernel": "#f8d9a8", "plane": "#cfe8d4"}


def draw_volume(input_shape, kernel_size, filters=1, strides=1, padding="valid", separable=False):
    """A convolution as boxes, to scale: the kernel is as deep as its input, and gives one plane.

    The input with the kernel on its first window, the kernel by itself, the plane that it gives,
    and the stack of all planes. With `separable` two rows below: a depthwise convolution, in which
    each channel has a kernel of its own, and the pointwise one, which mixes channels.

    Args:
        input_shape: (H, W, C).
        kernel_size: int or (rows, columns).
        filters: kernels, and so channels of the output.
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.
        separable: whether the depthwise and the pointwise convolution are drawn too.

    Returns:
        The figure. The numbers under the kernels are weights, without the biases.

    Raises:
        ValueError: a shape that is not three numbers from 1 up, or the kernel does not fit.

    Example:
        >>> figure = draw_volume((8, 12, 3), (3, 5), filters=4)
        >>> print(*[t.get_text() for t in figure.axes[0].texts if "×" in t.get_text()], sep=", ")
        8×12×3, 3×5×3, 6×8, × 4, 6×8×4, 4 kernels: 4 · 3×5×3 = 180 weights
    """
    shape = _whole(input_shape)
    kernel = pair("kernel_size", kernel_size)
    steps = pair("strides", strides)
    filters = _whole((1, 1, filters))[2]
    size = tuple(
        output_size(n, k, s, padding) for n, k, s in zip(shape, kernel, steps, strict=False)
    )
    channels = shape[2]
    convolution = (shape, kernel, 1, filters, "convolution")
    rows = [convolution]
    if separable:
        rows += [
            (shape, kernel, channels, channels, "depthwise"),
            ((*size, channels), (1, 1), 1, filters, "pointwise"),
        ]
    scale = 1 / max(max(shape[:2]) / 9, 1)  # cells of the sheet for a pixel
    depth = min(0.5, 2.2 / max(channels, min(filters, 64)), 1)  # for a channel
    high = max(shape[0], size[0]) * scale + depth * max(channels, filters) * SLANT + 3
    widths = [_width(row, size, scale, depth) for row in rows]
    ax = sheet(high * len(rows), max(widths), cell=0.36)
    for number, row in enumerate(rows):
        _draw_row(ax, row, size, (number + 1) * high - 2, scale, depth)
    return ax.figure


def _draw_row(ax, row, size, bottom, scale, depth):
    """One convolution: all boxes stand on one line."""
    shape, kernel, groups, filters, name = row
    channels = shape[2] // groups
    spread = {"scale": scale, "depth": depth, "bottom": bottom}
    left = 0.4
    write(ax, name, (bottom + 1.5, left), 10, ha="left", weight="bold")
    right = box(ax, shape, left, "map", **spread)
    corner = {"left": left, "bottom": bottom - (shape[0] - kernel[0]) * scale}
    box(ax, (*kernel, channels), kind="kernel", scale=scale, depth=depth, **corner)
    write(ax, "×".join(map(str, shape)), (bottom + 0.6, left + shape[1] * scale / 2))
    middle = bottom - shape[0] * scale / 2
    sign(ax, "∗", (middle, right + 0.8))
    left = right + 1.6
    right = box(ax, (*kernel, channels), left, "kernel", **spread)
    write(ax, "×".join(map(str, (*kernel, channels))), (bottom + 0.6, (left + right) / 2))
    sign(ax, "=", (middle, right + 0.8))
    left = right + 1.6
    right = box(ax, (*size, 1), left, "plane", **spread)
    write(ax, "×".join(map(str, size)), (bottom + 0.6, left + size[1] * scale / 2))
    arrow(ax, (middle, right + 0.5), (middle, right + 2.7))
    write(ax, f"× {filters}", (middle - 0.7, right + 1.6))
    left = right + 3.2
    box(ax, (*size, filters), left, "plane", **spread)
    write(ax, "×".join(map(str, (*size, filters))), (bottom + 0.6, left + size[1] * scale / 2))
    each = "×".join(map(str, (*kernel, channels)))
    weights = filters * int(np.prod(kernel)) * channels
    text = f"{filters} kernel{'s' * (filters > 1)}: {filters} · {each} = {weights:,} weights"
    write(ax, text, (bottom + 1.5, right), 9, ha="center")


def box(ax, shape, left, kind, scale, depth, bottom):
    """An array of three axes as a box, ruled where its cells can be seen; its right end."""
    height, width, channels = shape
    high, wide, deep = height * scale, width * scale, channels * depth
    away = np.array([deep, -deep * SLANT])  # where the last channel lies
    edges = np.array([[0, 0], [wide, 0], [wide, -high], [0, -high]])
    front = edges + np.array([left, bottom])
    look = {"facecolor": COLOURS[kind], "edgecolor": "0.3", "linewidth": 1, "zorder": 2}
    ax.add_patch(Polygon(front, **look))
    top, side = front[[3, 2]], front[[1, 2]]
    for edge, shade in [(top, 0.94), (side, 0.86)]:
        face = np.vstack([edge, edge[::-1] + away])
        ax.add_patch(Polygon(face, **look | {"facecolor": _darker(COLOURS[kind], shade)}))
    lines = []
    if max(height, width) <= RULED and scale >= 0.25:
        lines += [front[0] + [[x * scale, 0], [x * scale, -high]] for x in range(1, width)]
        lines += [front[0] + [[0, -y * scale], [wide, -y * scale]] for y in range(1, height)]
    if 1 < channels and depth >= 0.12:
        for c in range(1, channels):
            lines += [edge + away * c / channels for edge in (top, side)]
    for line in lines:
        ax.plot(*line.T, color="0.5", linewidth=0.6, linestyle="-", zorder=2.5)
    return left + wide + deep


def _width(row, size, scale, depth):
    """The cells that a row takes."""
    shape, kernel, groups, filters, _ = row
    flat = shape[1] + kernel[1] + 2 * size[1]
    deep = shape[2] + shape[2] // groups + 1 + filters
    return flat * scale + deep * depth + 0.4 + 2 * 1.6 + 3.2 + 0.8


def _darker(colour, share):
    from matplotlib.colors import to_rgb

    return tuple(share * value for value in to_rgb(colour))


def _whole(shape):
    """Three whole numbers from 1 up, or an error."""
    try:
        sizes = tuple(int(size) for size in shape)
    except (TypeError, ValueError):
        sizes = ()
    if len(sizes) != 3 or min(sizes) < 1 or sizes != tuple(shape):
        raise ValueError(
            "`input_shape` must be three whole numbers from 1 up, (height, width, channels), and "
            f"`filters` one: got {shape!r}. A grey picture has one channel, (H, W, 1)."
        )
    return sizes
