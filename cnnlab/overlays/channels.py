"""Every channel of a layer as a tile."""

import matplotlib.pyplot as plt
import numpy as np

from cnnlab.comparing.formats import SCREEN
from cnnlab.panels.rows import LINE, MARGIN, WIDTH, panels

LINES = 1  # dots between tiles
SHADES = 32  # of a tile: enough for the eye, and half the bytes in a notebook


def show_channels(maps, share_scale=True, tile=48, channels=None):
    """Channels of every layer, a tile each, in reading order.

    Args:
        maps: a dict from a layer's name to (h,w,C), as `cnnlab.feature_maps.feature_maps` returns
            for one image; no value below 0, as behind a ReLU.
        share_scale: True scales a layer's tiles to the layer's largest value; False scales each
            tile to itself, and the figure's title says so.
        tile: height of a tile in dots of a plain screen; maps are averaged, or repeated, to that.
        channels: how many of each layer, the first ones; None draws all.

    Returns:
        The figure, a panel per layer; its title tells the largest value.

    Raises:
        ValueError: maps of several images, or of none.
    """
    for name, values in maps.items():
        if np.ndim(values) != 3:
            raise ValueError(
                f"`maps` must be those of one image, (h,w,C) per layer: got {name!r} of shape "
                f"{np.shape(values)}. Of several images take one: "
                "{name: values[0] for name, values in maps.items()}."
            )
    titles, mosaics = [], []
    for name, values in maps.items():
        values = np.asarray(values, float)
        height, width, count = values.shape
        shown = count if channels is None else min(channels, count)
        some = f"{shown} channels" if shown == count else f"{shown} of {count} channels"
        last = name.rsplit("/", 1)[-1]
        titles.append(f"{last}: {some}, each {height}×{width}, up to {values.max():.2g}")
        mosaics.append(_mosaic(values, share_scale, tile, shown))
    sizes = [tuple(side / SCREEN for side in mosaic.shape) for mosaic in mosaics]
    figure, axes, _ = panels(sizes, titles, columns=1, above=2 * LINE)
    one = "layer" if share_scale else "channel"
    scale = f"each {one} scaled to its own largest value"
    figure.suptitle(scale, fontsize=9, y=1 - MARGIN / figure.get_size_inches()[1], va="top")
    colours = plt.get_cmap("viridis", SHADES).with_extremes(bad="white")
    for ax, mosaic in zip(axes, mosaics, strict=True):
        ax.imshow(mosaic, cmap=colours, vmin=0, vmax=1)
        ax.spines[:].set_visible(False)
    return figure


def _mosaic(values, share_scale, tile, channels):
    """The first channels of (h,w,C), 0-1, side by side with masked lines between them."""
    height, width, _ = values.shape
    shape = (tile, max(1, round(tile * width / height)))
    largest = values.max() if share_scale else values.max(axis=(0, 1))[:channels]
    tiles = np.einsum(
        "ih,hwc,jw->cij",
        _shares(height, shape[0]),
        values[..., :channels],
        _shares(width, shape[1]),
        optimize=True,
    )
    largest = np.broadcast_to(largest, channels)[:, None, None]
    tiles = np.divide(tiles, largest, out=np.zeros_like(tiles), where=largest > 0)
    room = int((WIDTH - 2 * MARGIN) * SCREEN)
    columns = min(channels, max(1, (room + LINES) // (shape[1] + LINES)))
    rows = -(-channels // columns)
    size = rows * (shape[0] + LINES) - LINES, columns * (shape[1] + LINES) - LINES
    mosaic = np.ma.array(np.zeros(size), mask=True)
    for number, picture in enumerate(tiles):
        row, column = divmod(number, columns)
        top, left = row * (shape[0] + LINES), column * (shape[1] + LINES)
        mosaic[top : top + shape[0], left : left + shape[1]] = picture
    return mosaic


def _shares(cells, dots):
    """(dots, cells): which share of a dot each cell covers, so that a dot is a mean of cells."""
    starts = np.arange(dots)[:, None] * cells / dots
    ends = starts + cells / dots
    covered = np.minimum(ends, np.arange(1, cells + 1)) - np.maximum(starts, np.arange(cells))
    return np.maximum(covered, 0) * dots / cells
