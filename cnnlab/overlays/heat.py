"""Heat maps drawn on what they explain: photographs, slices and lines."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.patheffects import withStroke

from cnnlab.comparing.marks import RULES
from cnnlab.overlays.value_range import pixel_range
from cnnlab.panels.rows import image_sizes, panels
from cnnlab.panels.signs import mark_negative
from cnnlab.plots import PANEL_LIMIT

ROWS_LIMIT = 12  # signals above each other
OPAQUE = 0.85  # of the hottest colour; the coldest shows the photograph as it is
GREYS = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look


def show_heat(images, maps, titles=None, columns=None, boxes=None):
    """Heat maps over grey photographs, with the colours of one scale.

    Args:
        images: (B,H,W,C) or a list, or one picture (H,W,C) for all maps, of any `pixel_range`.
        maps: (B,H,W) or a list, each as large as its picture, or one (H,W). Values 0-1; where one
            is negative, red speaks for and blue against, on a scale around 0.
        titles: one text per map, or None.
        columns: maps per row; by default at most 3.
        boxes: (top, left, bottom, right) in pixels to outline, one per map, or None. Of several
            for a map, (n, 4), the first is what was asked for, the others are dotted.

    Returns:
        The figure.

    Raises:
        ValueError: no maps or too many, or a map that is not as large as its picture.
    """
    maps = [np.asarray(heat, float) for heat in ([maps] if _axes(maps) == 2 else maps)]
    if not 1 <= len(maps) <= PANEL_LIMIT:
        raise ValueError(
            f"`maps` must hold 1 to {PANEL_LIMIT} maps: got {len(maps)}. Choose some of them."
        )
    images = [images] * len(maps) if _axes(images) == 3 else list(images)
    return _panels(images, maps, _scale(maps), titles, columns, boxes)


def show_slices(volume, heat, numbers=None, name="slice"):
    """The heat map of a volume or a video, slice by slice, with the colours of one scale.

    Args:
        volume: (D,H,W,C), or a video (T,H,W,C), of any `pixel_range`.
        heat: (D,H,W), as large as the volume; values as for `show_heat`.
        numbers: of the slices; None takes at most 6, equally far apart, the first and the last
            among them. Along another axis: np.moveaxis(volume, axis, 0), and the heat alike.
        name: what a slice is called above it, such as "frame".

    Returns:
        The figure.

    Raises:
        ValueError: a map that is not as large as the volume, or no such slice.
    """
    volume, heat = np.asarray(volume), np.asarray(heat, float)
    if volume.ndim != 4 or heat.shape != volume.shape[:-1]:
        raise ValueError(
            "`volume` must be one volume, (D, H, W, C), and `heat` as large, (D, H, W): got "
            f"{volume.shape} and {heat.shape}. Take one of a batch, and make its map with "
            "resize=True."
        )
    depth = len(volume)
    if numbers is None:
        numbers = np.linspace(0, depth - 1, min(depth, 6)).round().astype(int)
    if np.min(numbers) < 0 or np.max(numbers) >= depth:
        raise ValueError(
            f"`numbers` must be 0 to {depth - 1}, for there are {depth} slices: got "
            f"{np.asarray(numbers).tolist()}. Count from 0."
        )
    black, white = pixel_range(volume)
    slices = (volume[numbers] - black) / ((white - black) or 1)  # one scale of grey for all
    titles = [f"{name} {number}" for number in numbers]
    return _panels(slices, heat[numbers], _scale([heat]), titles)


def show_line(signals, maps, titles=None):
    """Signals as lines that are coloured by their heat, with the colours of one scale.

    Args:
        signals: (B,L,C) or a list, or one signal (L,C); a line per channel.
        maps: (B,L) or a list, or one (L,), each as long as its signal; values as for `show_heat`.
        titles: one text per signal, or None.

    Returns:
        The figure, a row per signal.

    Raises:
        ValueError: no maps or too many, or a map that is not as long as its signal.
    """
    maps = [np.asarray(heat, float) for heat in ([maps] if _axes(maps) == 1 else maps)]
    if not 1 <= len(maps) <= ROWS_LIMIT:
        raise ValueError(
            f"`maps` must hold 1 to {ROWS_LIMIT} maps: got {len(maps)}. Choose some of them."
        )
    signals = [signals] * len(maps) if _axes(signals) == 2 else list(signals)
    scale, label = _scale(maps)
    size = (7, 0.4 + 1.5 * len(maps))
    figure, axes = plt.subplots(len(maps), squeeze=False, figsize=size, layout="constrained")
    for index, (ax, signal, heat) in enumerate(zip(axes.flat, signals, maps, strict=False)):
        drawn = _draw_line(ax, np.asarray(signal, float), heat, scale)
        if titles is not None:
            ax.set_title(str(titles[index]))
    ax.set_xlabel("step")
    figure.colorbar(drawn, ax=axes, fraction=0.03, label=label)
    return figure


def _panels(images, maps, scale, titles=None, columns=None, boxes=None):
    """Heat maps over their photographs, in rows, with a colour bar."""
    scale, label = scale
    columns = min(columns or 3, len(maps))
    sizes = image_sizes([heat.shape for heat in maps], columns, bar=True)
    figure, axes, place = panels(sizes, titles, columns, bar=True)
    for index, (ax, image, heat) in enumerate(zip(axes, images, maps, strict=True)):
        drawn = draw_heat(ax, image, heat, scale, None if boxes is None else boxes[index])
    draw_bar(place, drawn, label)
    return figure


def draw_bar(place, drawn, label):
    """A colour bar for `draw_heat`: its colours as they look over a grey photograph.

    Args:
        place: Matplotlib Axes to draw on.
        drawn: what `draw_heat` has returned.
        label: what a value is.
    """
    place.set_facecolor("0.5")
    bar = place.figure.colorbar(drawn, cax=place, label=label)
    bar.solids.set_edgecolor("none")  # or the edges of clear colours would show as lines


def _draw_line(ax, signal, heat, scale):
    """The channels of one signal as lines; returns what a colour bar needs."""
    if signal.ndim != 2 or len(signal) != len(heat):
        raise ValueError(
            f"`maps` must be as long as the signal, (L, C): got {heat.shape} for {signal.shape}. "
            "Make them with resize=True."
        )
    colours = plt.get_cmap("RdBu_r" if scale[0] < 0 else "magma")
    steps = np.arange(len(signal))
    for channel in signal.T:
        points = np.stack([steps, channel], axis=1)
        middles = (points[1:] + points[:-1]) / 2
        # The line of a step goes from the middle before it to the middle behind it.
        starts, stops = np.vstack([points[:1], middles]), np.vstack([middles, points[-1:]])
        pieces = np.stack([starts, points, stops], axis=1)
        ax.plot(steps, channel, color="0.75", linewidth=5)  # so that a pale colour stands out
        drawn = LineCollection(
            pieces, array=heat, cmap=colours, clim=scale, linewidths=2.5, zorder=3
        )
        ax.add_collection(drawn)
    ax.margins(x=0.01)
    return drawn


def _scale(maps):
    """The values of the darkest and the brightest colour of some maps, and what they mean."""
    high = max(np.abs(heat).max() for heat in maps) or 1.0
    if any(heat.min() < 0 for heat in maps):
        return (-high, high), "evidence (−: below 0)"
    return (0, max(high, 1.0)), "heat"


def _clearing(name, signed):
    """A colour map whose colours are the clearer, the nearer to zero their values are."""
    place = np.linspace(-1 if signed else 0, 1, 256)
    colours = plt.get_cmap(name)(np.linspace(0, 1, 256))
    colours[:, 3] = OPAQUE * np.abs(place)
    return ListedColormap(colours, name)


def draw_heat(ax, image, heat, scale=(0, 1), box=None):
    """One heat map over its photograph, on an Axes; returns what a colour bar needs.

    The photograph is seen as it is where the heat is 0; a white line runs at half the scale.

    Args:
        ax: Matplotlib Axes.
        image: (H,W,3) or (H,W,1), of any `pixel_range`.
        heat: (H,W).
        scale: the values of the darkest and the brightest colour.
        box: (top, left, bottom, right) to outline, or (n, 4) of them, or None.
    """
    image, heat = np.asarray(image), np.asarray(heat)
    if image.shape[:2] != heat.shape:
        raise ValueError(
            f"`maps` must be as large as the picture, {image.shape[:2]}: got {heat.shape}. "
            "Make them with resize=True."
        )
    black, white = pixel_range(image)
    grey = image @ GREYS if image.shape[-1] == 3 else image[..., 0]
    ax.imshow(grey, cmap="gray", vmin=black, vmax=white)
    colours = _clearing("RdBu_r" if scale[0] < 0 else "magma", signed=scale[0] < 0)
    drawn = ax.imshow(heat, cmap=colours, vmin=scale[0], vmax=scale[1])
    half = scale[1] / 2
    if heat.min() < half < heat.max() and min(heat.shape) > 1:
        outline = [withStroke(linewidth=2.4, foreground="black")]
        ax.contour(heat, [half], colors="white", linewidths=1.1, path_effects=outline, gid=RULES)
    if scale[0] < 0:
        mark_negative(ax, heat, drawn)
    for number, (top, left, bottom, right) in enumerate([] if box is None else np.atleast_2d(box)):
        x = np.array([left, right, right, left, left]) - 0.5
        y = np.array([top, top, bottom, bottom, top]) - 0.5
        outline = [withStroke(linewidth=3.5 if number == 0 else 2.4, foreground="white")]
        look = {"color": "C0", "linewidth": 1.8} if number == 0 else {"color": "0.3", "ls": ":"}
        ax.plot(x, y, path_effects=outline, clip_on=False, **look)
    if box is not None:
        ax.set(xlim=(-0.5, heat.shape[1] - 0.5), ylim=(heat.shape[0] - 0.5, -0.5))
    return drawn


def _axes(arrays):
    """The number of axes of one array; 0 for a list of arrays, which may differ in size."""
    return getattr(arrays, "ndim", 0)
