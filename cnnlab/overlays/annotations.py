"""What somebody or a network says about places, drawn on pictures: boxes, masks and their names."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke

from cnnlab.boxes import convert
from cnnlab.overlays.value_range import pixel_range
from cnnlab.panels.signs import readable_on

STYLES = ("-", "--", "-.", ":")
KINDS = 8  # the colours of the course; from the fifth on the lines are twice as wide
ALPHA = 0.45  # of a mask: the picture is still seen


def draw_boxes(ax, image, boxes, texts=None, kinds=0):
    """Boxes on a picture, with their names.

    Args:
        ax: Matplotlib Axes.
        image: (H, W, 3) or (H, W, 1), of any `pixel_range`; None draws on what is there already.
        boxes: (n, 4), (top, left, bottom, right) in half-open pixels; what lies outside the picture
            is not drawn.
        texts: a text per box, or None.
        kinds: a whole number for all boxes or one per box, such as their labels. Each of 0 to 7 has
            a colour and a kind of line of its own; 8 looks like 0 again.

    Raises:
        ValueError: another shape, NaN, a negative side, or not one text or kind per box.

    Example:
        >>> figure, ax = plt.subplots()
        >>> draw_boxes(ax, np.zeros((6, 9, 3)), [(1, 2, 5, 8)], texts=["bird"])
        >>> ax.texts[0].get_text(), ax.lines[0].get_xydata()[0].tolist()
        ('bird', [1.5, 0.5])
        >>> plt.close(figure)
    """
    boxes = convert(boxes, "corners", "corners")  # checks them
    texts, kinds = _one_each(texts, kinds, len(boxes), "box")
    _draw_picture(ax, image)
    for (top, left, bottom, right), text, kind in zip(boxes, texts, kinds, strict=True):
        x = np.array([left, right, right, left, left]) - 0.5  # pixel 0 reaches from -0.5 to 0.5
        y = np.array([top, top, bottom, bottom, top]) - 0.5
        line = _line(kind)
        halo = [withStroke(linewidth=line["linewidth"] + 1.7, foreground="white")]
        ax.plot(x, y, path_effects=halo, scalex=False, scaley=False, **line)
        _write(ax, text, kind, (top, left, bottom, right))


def draw_masks(ax, image, masks, texts=None, kinds=None):
    """Masks on a picture: each filled and outlined, and its large pieces named.

    Args:
        ax: Matplotlib Axes.
        image: as for `draw_boxes`.
        masks: (n, H, W) bool, later ones in front.
        texts: a text per mask, or None.
        kinds: as for `draw_boxes`; None numbers the masks.

    Raises:
        ValueError: masks that are no booleans or not as large as the picture, or not one text or
            kind per mask.

    Example:
        >>> figure, ax = plt.subplots()
        >>> mask = np.zeros((6, 9), bool)
        >>> mask[1:5, 2:8] = True
        >>> draw_masks(ax, np.zeros((6, 9, 3)), [mask], texts=["bird"])
        >>> ax.texts[0].get_text(), ax.images[1].get_array().shape
        ('bird', (6, 9, 4))
        >>> plt.close(figure)
    """
    masks = np.asarray(masks)
    size = masks.shape[1:] if image is None else np.shape(image)[:2]
    masks = masks if len(masks) else np.zeros((0, *size), bool)
    if masks.ndim != 3 or masks.dtype != bool or masks.shape[1:] != size:
        raise ValueError(
            f"`masks` must be booleans (n, H, W), as large as the picture, {size}: got "
            f"{masks.dtype} of shape {masks.shape}. From probabilities write masks > 0.5; for one "
            "mask [mask]."
        )
    kinds = np.arange(len(masks)) if kinds is None else kinds
    texts, kinds = _one_each(texts, kinds, len(masks), "mask")
    _draw_picture(ax, image)
    for mask, text, kind in zip(masks, texts, kinds, strict=True):
        if not mask.any():
            continue
        line = _line(kind)
        film = np.zeros((*size, 4))
        film[mask] = (*to_rgb(line["color"]), ALPHA)
        ax.imshow(film)
        border = np.pad(mask, 1).astype(float)  # so that the outline closes at the picture's edge
        grid = np.arange(-1, size[1] + 1), np.arange(-1, size[0] + 1)
        look = {"colors": [line["color"]], "linestyles": [line["linestyle"]]}
        outline = ax.contour(*grid, border, levels=[0.5], linewidths=line["linewidth"], **look)
        ax.set(xlim=(-0.5, size[1] - 0.5), ylim=(size[0] - 0.5, -0.5))
        for box in _large_pieces(outline):
            _write(ax, text, kind, box)


def _large_pieces(outline):
    """The boxes of the pieces of a mask that are at least half as large as the largest.

    A hole is outlined too, but the other way round: its area has the other sign.
    """
    lines = outline.get_paths()[0].to_polygons()
    areas = [np.linalg.det(np.stack([line[:-1], line[1:]], axis=1)).sum() for line in lines]
    least = max(areas, key=abs) / 2
    large = [line for line, area in zip(lines, areas, strict=True) if area / least >= 1]
    return [(*line.min(axis=0)[::-1] + 0.5, *line.max(axis=0)[::-1] + 0.5) for line in large]


def _line(kind):
    """How a line of this kind looks."""
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    kind = int(kind) % KINDS
    style = {"color": colours[kind % len(colours)], "linestyle": STYLES[kind % len(STYLES)]}
    return style | {"linewidth": 1.8 if kind < len(STYLES) else 3.2}


def _one_each(texts, kinds, count, counted):
    """A text and a kind for each."""
    texts = [None] * count if texts is None else list(texts)
    kinds = np.full(count, kinds) if np.ndim(kinds) == 0 else np.asarray(kinds)
    for name, values in (("texts", texts), ("kinds", kinds)):
        if len(values) != count:
            raise ValueError(
                f"`{name}` must hold one for each {counted}: got {len(values)} for {count}. "
                "Cut both alike."
            )
    if count and not np.issubdtype(kinds.dtype, np.integer):
        raise ValueError(
            f"`kinds` must be whole numbers: got {kinds.dtype}. Take the labels: 0, 1, 2, ..."
        )
    return texts, kinds


def _draw_picture(ax, image):
    if image is None:
        return
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise ValueError(
            f"`image` must be one picture, (H, W, 3) or (H, W, 1): got shape {image.shape}. "
            "Take one of a batch: images[0]."
        )
    black, white = pixel_range(image)
    grey = image.shape[-1] == 1
    shown = image[..., 0] if grey else (image - black) / ((white - black) or 1)
    ax.imshow(shown, **({"cmap": "gray", "vmin": black, "vmax": white} if grey else {}))
    ax.set_axis_off()


def _write(ax, text, kind, box):
    """A text on a patch of its kind's colour above a box, or inside it where there is no room."""
    if text is None:
        return
    top, left, _, right = box
    (start, end), (height, first) = ax.get_xlim(), ax.get_ylim()
    room = top - first > 0.1 * (height - first)
    late = left - start > 0.6 * (end - start)  # so that a long text stays in the picture
    colour = _line(kind)["color"]
    patch = {"facecolor": colour, "edgecolor": "none", "pad": 1}
    ax.text(
        (min(right - 0.5, end) if late else max(left - 0.5, start)),
        max(top - 0.5, first if room else first + 0.02 * (height - first)),
        str(text),
        color=readable_on(colour),
        bbox=patch,
        fontsize=8,
        ha="right" if late else "left",
        va="bottom" if room else "top",
        clip_on=True,
    )
