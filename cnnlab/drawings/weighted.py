"""A class activation map as what it is: maps, each times its weight, added up."""

import numpy as np

from cnnlab.drawings.sheet import arrow, minus, outline, sheet, sign, write

GREYS = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look
TERMS = 4  # there is room for no more
GAP = 0.35  # between tiles, in heights of a tile
LARGER = 1.5  # times as high as a tile are the pictures below


def draw_sum(image, maps, weights, heat=None, count=3, names=None):
    """Weight × map + weight × map + … = a heat map, and that on the photograph.

    Of all terms the largest are drawn (by the root of their mean square); the sum is of all.

    Args:
        image: (H, W) or (H, W, C), uint8 0-255 or float 0-1.
        maps: (h, w, C), what the layer answered.
        weights: (C,), one per map: of a CAM those of the class, of Grad-CAM the mean gradients.
        heat: (H, W), the heat map where it lies on the photograph, as `heatmaps` gives it; None
            stretches the sum over the whole of it.
        count: terms that are drawn, 1 to 4.
        names: a text per map; None takes "channel" and its number.

    Returns:
        The figure. Maps share a scale; the sum is red above zero and blue below, on its own.

    Raises:
        ValueError: shapes that do not belong together, not finite, or another count.

    Example:
        >>> maps = np.arange(24).reshape(2, 4, 3)
        >>> figure = draw_sum(np.zeros((6, 12)), maps, [1, -2, 0.5], count=2)
        >>> np.asarray(figure.axes[0].images[2].get_array())[0]
        array([-1. , -2.5, -4. , -5.5])

    Source: Zhou et al. (2016), figure 2; Selvaraju et al. (2017), figure 2.
    """
    image, maps, weights = (np.asarray(array) for array in (image, maps, weights))
    heat = None if heat is None else np.asarray(heat, float)
    _check(image, maps, weights, heat, count)
    total = maps @ weights
    size = np.sqrt(np.square(maps * weights).mean(axis=(0, 1)))
    largest = np.argsort(-size, kind="stable")[:count]
    low, top = float(maps.min()), float(np.abs(maps).max()) or 1.0
    scale = (-top if low < 0 else 0.0, top)
    end = float(np.abs(total).max()) or 1.0
    tall = min(1.0, 1.5 * maps.shape[0] / maps.shape[1])  # a tile, and the pictures below
    wide = tall * maps.shape[1] / maps.shape[0]
    big = min(LARGER * tall, 2.6 * image.shape[0] / image.shape[1])
    side, picture = (big * array.shape[1] / array.shape[0] for array in (total, image))
    across = max((wide + GAP) * len(largest) + 0.9, 0.9 + side + GAP + picture, 4.2)
    ax = sheet(tall + big + 1.7, across, cell=1.3)
    left, first = 0.3, 0.3
    for channel in largest:
        _tile(ax, maps[..., channel], (first, left), (tall, wide), scale)
        name = f"channel {channel}" if names is None else str(names[channel])
        write(ax, name, (first - 0.13, left + wide / 2))
        number = minus(f"× {weights[channel]:.2g}")
        write(ax, number, (first + tall + 0.16, left + wide / 2), 10)
        left += wide + GAP
        sign(ax, "+", (first + tall / 2, left - GAP / 2))
    text = f"…\n{maps.shape[2] - len(largest)} more"
    write(ax, text, (first + tall / 2, left + 0.25), 10)
    second = first + tall + 0.75
    sign(ax, "=", (second + big / 2, 0.3))
    _tile(ax, total, (second, 0.55), (big, side), (-end, end))
    write(ax, f"the sum, ±{end:.2g}", (second - 0.13, 0.55 + side / 2))
    left = 0.55 + side + 0.1
    arrow(ax, (second + big / 2, left), (second + big / 2, left + GAP))
    left += GAP + 0.1
    _on_photograph(ax, image, total if heat is None else heat, (second, left), (big, picture))
    write(ax, "on the photograph", (second - 0.13, left + picture / 2))
    share = size[largest].sum() / (size.sum() or 1)
    text = f"{len(largest)} of {maps.shape[2]} terms are drawn, {share:.0%} of all; "
    text += minus(f"maps from {scale[0]:.2g} to {scale[1]:.2g}")
    write(ax, text, (second + big + 0.25, 0.3), ha="left")
    return ax.figure


def _check(image, maps, weights, heat, count):
    fits = maps.ndim == 3 and weights.shape == maps.shape[2:] and image.ndim in (2, 3)
    fits = fits and 0 not in maps.shape and (heat is None or heat.shape == image.shape[:2])
    if not fits or not all(np.isfinite(a).all() for a in (maps, weights)):
        raise ValueError(
            "`maps` must be (h, w, C), `weights` (C,), all finite, and `heat` as large as `image`: "
            f"got {maps.shape}, {weights.shape}, {None if heat is None else heat.shape} and "
            f"{image.shape}. Take the maps of one image, class_evidence(...).features[0]."
        )
    if not 1 <= count <= TERMS:
        raise ValueError(
            f"`count` must be 1 to {TERMS}: got count={count}. More would not be seen."
        )


def _tile(ax, values, place, size, scale):
    (top, left), (high, wide) = place, size
    extent = (left, left + wide, top + high, top)
    cmap = "RdBu_r" if scale[0] < 0 else "viridis"
    drawn = ax.imshow(values, cmap=cmap, vmin=scale[0], vmax=scale[1], extent=extent, zorder=1)
    drawn.set_interpolation("nearest")
    outline(ax, place, high, wide, "0.5", linewidth=0.8)


def _on_photograph(ax, image, heat, place, size):
    """The photograph in grey, the positive heat over it, the clearer the hotter."""
    (top, left), (high, wide) = place, size
    extent = (left, left + wide, top + high, top)
    white = 255 if np.issubdtype(image.dtype, np.integer) else 1
    grey = (
        image @ GREYS if image.shape[2:] == (3,) else image.reshape(*image.shape[:2], -1).mean(-1)
    )
    ax.imshow(grey, cmap="gray", vmin=0, vmax=white, extent=extent, zorder=1)
    hot = np.maximum(heat, 0) / (np.max(heat) if np.max(heat) > 0 else 1)
    look = {"cmap": "inferno", "vmin": 0, "vmax": 1, "extent": extent, "zorder": 2}
    drawn = ax.imshow(
        hot, **look, interpolation="nearest" if heat.shape == image.shape[:2] else "bilinear"
    )
    drawn.set_alpha(0.65 * hot)
    outline(ax, place, high, wide, "0.5", linewidth=0.8)
