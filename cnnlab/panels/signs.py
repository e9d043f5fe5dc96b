"""Text that can be read on any colour, and negative values that can be told without colour."""

import numpy as np
from matplotlib.colors import to_rgb

from cnnlab.comparing.marks import RULES

PLACES = 14  # signs along the longer side of a large map
FAINT = 0.15  # of the largest value: below it nothing is marked


def luminance(colour):
    """How bright a colour is, 0 (black) to 1 (white).

    Args:
        colour: any Matplotlib colour.

    Example:
        >>> round(luminance("tab:blue"), 2)
        0.17

    Source: WCAG 2.2, relative luminance.
    """
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def readable_on(colour):
    """The one of "black" and "white" with more contrast to a colour, at least 4.5 to 1.

    Example:
        >>> readable_on("yellow"), readable_on("navy")
        ('black', 'white')
    """
    bright = luminance(colour)
    return "black" if (bright + 0.05) / 0.05 >= 1.05 / (bright + 0.05) else "white"


def mark_negative(ax, values, drawn):
    """A thin "−" on negative cells, or where there are many of them, on places that are negative.

    In grey, red and blue of a map around zero look alike; so marked, the sign is still seen. Of
    many cells only such are marked as have none above zero around them, and not one alone, which
    would look like a scratch.

    Args:
        ax: Matplotlib Axes.
        values: (H,W), the values that are drawn.
        drawn: what `imshow` has returned for them, for its colours.

    Returns:
        Whether anything was marked.
    """
    values = np.asarray(values, float)
    step = max(1, -(-max(values.shape) // PLACES))
    limit = FAINT * np.abs(drawn.get_clim()).max()
    rows, columns = (max(size // step, 1) for size in values.shape)
    high, wide = (min(step, size) for size in values.shape)
    blocks = values[: rows * high, : columns * wide].reshape(rows, high, columns, wide)
    means = blocks.mean(axis=(1, 3))
    found = np.argwhere((means < -limit) & (blocks.max(axis=(1, 3)) <= 0))
    if len(found) < (1 if step == 1 else 2):
        return False
    colours = [readable_on(drawn.to_rgba(means[row, column])) for row, column in found]
    y, x = (found * (high, wide) + (np.array([high, wide]) - 1) / 2).T
    ax.scatter(x, y, marker="_", s=16, linewidths=0.8, c=colours, gid=RULES)
    return True
