"""A kernel over a photograph, and fields in which its weights are changed."""

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from cnnlab import kernels
from cnnlab.arrays.windows import numbers
from cnnlab.convolution import correlate2d
from cnnlab.panels.rows import image_sizes, panels
from cnnlab.panels.signs import mark_negative
from cnnlab.plots import draw_numbers

CELL = 0.45  # inches: of a weight
OWN = "your own"
FLAT = 1e-6  # a sum below is 0


def show_filtered(image, kernel):
    """A kernel, its sum, and what it makes of a photograph.

    Where the weights sum to 0, the answer is drawn in red and blue around a white 0, up to its
    largest; otherwise as a picture, from black at 0 to white at 1.

    Args:
        image: (H, W), float 0-1.
        kernel: (K_h, K_w).

    Returns:
        The figure: the weights, and the answer with zeros around the photograph.

    Raises:
        ValueError: no such matrix, or pixels that do not lie between 0 and 1.

    Example:
        >>> figure = show_filtered(np.full((20, 30), 0.5), [[0, 0, 0], [0, 2, 0], [0, 0, 0]])
        >>> [ax.get_title() for ax in figure.axes]
        ['sum 2', 'black below 0: 0 %, white above 1: 0 %']
    """
    image = numbers("image", image, "(height, width)")
    kernel = numbers("kernel", kernel, "(kernel_height, kernel_width)")
    if image.min() < 0 or image.max() > 1:
        raise ValueError(
            "`image` must be a grey picture with values from 0 to 1: got values from "
            f"{image.min():g} to {image.max():g}. Divide bytes by 255."
        )
    answer = correlate2d(image.astype(float), kernel.astype(float), padding="same")
    total = float(kernel.sum())
    signed = abs(total) < FLAT
    titles = [f"sum {_text(total)}", _verdict(answer, signed)]
    sizes = [tuple(CELL * count for count in kernel.shape), *image_sizes([image.shape], columns=1)]
    figure, (left, right), _ = panels(sizes, titles)
    largest = 2 * (float(np.abs(kernel).max()) or 1.0)
    draw_numbers(left, kernel, largest, [[_text(w) for w in row] for row in kernel], CELL)
    if signed:
        high = float(np.abs(answer).max()) or 1.0
        drawn = right.imshow(answer, cmap="RdBu_r", vmin=-high, vmax=high)
        mark_negative(right, answer, drawn)
    else:
        right.imshow(answer, cmap="gray", vmin=0, vmax=1)
    return figure


def kernel_editor(image, kernel):
    """Nine fields for the weights of a 3x3 kernel over a photograph, with the course's kernels.

    Args:
        image: (H, W), float 0-1.
        kernel: (3, 3), the first weights.

    Returns:
        An ipywidgets box: the kernels with names (a slider, for JupyterLab takes the keys of a
        list), the fields, the picture.

    Raises:
        ValueError: a kernel that is not 3x3, or what `show_filtered` refuses.
    """
    kernel = numbers("kernel", kernel, "(kernel_height, kernel_width)")
    if kernel.shape != (3, 3):
        raise ValueError(
            f"`kernel` must be 3×3, one weight per field: got {kernel.shape[0]}×{kernel.shape[1]}. "
            "Draw others by show_filtered."
        )
    known = {name: kernels.named(name) for name in kernels.names()}
    presets = {name: weights for name, weights in known.items() if weights.shape == (3, 3)}
    preset = ipywidgets.SelectionSlider(
        options=[OWN, *presets], description="kernel", continuous_update=False
    )
    look = {"layout": ipywidgets.Layout(width="6em")}  # one for all
    fields = [ipywidgets.FloatText(float(weight), step=0.1, **look) for weight in kernel.ravel()]
    picture = ipywidgets.Output()

    def draw(_=None):
        figure = show_filtered(image, np.reshape([field.value for field in fields], (3, 3)))
        with picture:
            picture.clear_output(wait=True)
            display(figure)
            plt.close(figure)

    def change(_):
        """Draws by a weight that was typed, which makes the kernel one's own."""
        preset.value = OWN
        draw()

    def fill(chosen):
        """Puts the weights of a kernel with a name into the fields, and draws once."""
        if chosen["new"] == OWN:
            return
        for field in fields:
            field.unobserve(change, "value")
        for field, weight in zip(fields, presets[chosen["new"]].ravel(), strict=True):
            field.value = round(float(weight), 4)
            field.observe(change, "value")
        draw()

    draw()
    preset.observe(fill, "value")
    for field in fields:
        field.observe(change, "value")
    rows = [ipywidgets.HBox(fields[start : start + 3]) for start in (0, 3, 6)]
    return ipywidgets.VBox([preset, *rows, picture])


def _verdict(answer, signed):
    """The title of an answer: its range, or how much of it cannot be shown."""
    if signed:
        return f"red above 0, blue below, up to ±{np.abs(answer).max():.2g}"
    below, above = 100 * (answer < 0).mean(), 100 * (answer > 1 + FLAT).mean()
    return f"black below 0: {below:.0f} %, white above 1: {above:.0f} %"


def _text(number):
    """A weight with at most two decimals, and a true minus."""
    return f"{round(float(number), 2) + 0:g}".replace("-", "−")
