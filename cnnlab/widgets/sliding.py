"""A window over a picture, a field behind a cell, and sliders: each with its static twin."""

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.patches import Rectangle

from cnnlab.arrays.windows import borders, numbers, pair
from cnnlab.convolution import correlate2d
from cnnlab.panels.rows import cell_sizes, panels
from cnnlab.plots import draw_numbers, draw_regions
from cnnlab.sizes import output_size

READABLE = 0.3  # inches: a cell of this side has room for a second number


def show_window(image, kernel, position=(0, 0), strides=1, padding="valid", dilation_rate=1):
    """One position of the sliding window: the pixels it reads, their products, their sum.

    Args:
        image: (H, W) array, small enough for its numbers to be read (at most about 10 x 10).
        kernel: (K_h, K_w) array.
        position: (row, column) of the output.
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.
        dilation_rate: int or (rows, columns), >= 1.

    Returns:
        The figure, all cells of one size: the padded image with the pixels read outlined and the
        weight of each in its corner, the kernel, the products, the output.

    Raises:
        ValueError: the kernel does not fit, or the output has no such position.
    """
    image = numbers("image", image, "(height, width)")
    kernel = numbers("kernel", kernel, "(kernel_height, kernel_width)")
    output = correlate2d(image, kernel, strides, padding, dilation_rate)
    if not all(0 <= index < size for index, size in zip(position, output.shape, strict=True)):
        raise ValueError(
            f"`position` must lie in the output: got position={tuple(position)} for an output of "
            f"{_size(output)}. Count rows and columns from 0."
        )
    geometry = kernel.shape, strides, padding, dilation_rate
    around = borders((1, *image.shape, 1), *geometry)
    padded = np.ma.masked_all(np.add(image.shape, np.sum(around, axis=1)), image.dtype)
    padded[tuple(slice(b, b + n) for (b, _), n in zip(around, image.shape, strict=True))] = image
    rows, columns = (
        index * stride + rate * np.arange(size)
        for index, stride, rate, size in zip(
            position,
            pair("strides", strides),
            pair("dilation_rate", dilation_rate),
            kernel.shape,
            strict=True,
        )
    )
    pixels = padded.filled(0)[np.ix_(rows, columns)]

    shapes = [padded.shape, kernel.shape, kernel.shape, output.shape]
    border = "" if around == [(0, 0), (0, 0)] else ", zeros around it"
    titles = [
        f"image {_size(image)}{border}",
        f"kernel {_size(kernel)}",
        "pixel · weight",
        f"output {_size(output)}\nsum at {tuple(position)}: {_text(output[tuple(position)])}",
    ]
    sizes = cell_sizes(shapes, 4, titles, signs=True)
    figure, axes, _ = panels(sizes, titles, signs=["∗", "→", "Σ"])
    side = sizes[0][0] / padded.shape[0]
    places = [(rows, columns), ((), ()), ((), ()), ([position[0]], [position[1]])]
    for ax, values, place in zip(
        axes, [padded, kernel, pixels * kernel, output], places, strict=True
    ):
        _draw_numbers(ax, values, side, place)
    if side >= READABLE:  # the weights stand on the pixels that they are multiplied with
        for (row, column), weight in np.ndenumerate(kernel):
            x, y = columns[column] + 0.46, rows[row] + 0.46
            look = {"ha": "right", "va": "bottom", "in_layout": False, "fontsize": 19 * side}
            axes[0].text(x, y, f"·{_text(weight)}", **look)
    return figure


def sliding_window(image, kernel):
    """Sliders for position, stride, padding and dilation over `show_window`.

    Args:
        image: (H, W) array, small enough for its numbers to be read (at most about 10 x 10).
        kernel: (K_h, K_w) array.

    Returns:
        An ipywidgets box. Where the dilated kernel does not fit, it shows the rule instead.
    """
    sliders = {
        name: ipywidgets.IntSlider(low, low, high, description=text, continuous_update=False)
        for name, low, high, text in [
            ("row", 0, 0, "row"),
            ("column", 0, 0, "column"),
            ("strides", 1, 3, "stride"),
            ("dilation_rate", 1, 3, "dilation"),
        ]
    }
    padding = ipywidgets.ToggleButtons(
        options=["valid", "same", 1, 2], description="padding", style={"button_width": "5em"}
    )

    def limit_positions(_=None):
        """The sliders of the position end where the output ends."""
        for name, input_size, kernel_size in zip(
            ("row", "column"), np.shape(image), np.shape(kernel), strict=True
        ):
            rate = sliders["dilation_rate"].value
            try:
                size = output_size(
                    input_size, kernel_size, sliders["strides"].value, padding.value, rate
                )
            except ValueError:  # draw() tells
                size = 1
            sliders[name].max = size - 1

    def draw(row, column, strides, padding, dilation_rate):
        try:
            figure = show_window(image, kernel, (row, column), strides, padding, dilation_rate)
        except ValueError as error:
            print(error)
        else:
            display(figure)
            plt.close(figure)

    limit_positions()
    for control in (sliders["strides"], sliders["dilation_rate"], padding):
        control.observe(limit_positions, "value")
    picture = ipywidgets.interactive_output(draw, {**sliders, "padding": padding})
    position = ipywidgets.HBox([sliders["row"], sliders["column"]])
    geometry = ipywidgets.HBox([sliders["strides"], sliders["dilation_rate"]])
    return ipywidgets.VBox([position, geometry, padding, picture])


def show_field(image, field, position=(0, 0)):
    """One cell of a layer, and the pixels that it can see.

    Args:
        image: (H, W) or (H, W, 3), uint8 0-255 or float 0-1, of the size that the model takes.
        field: a `cnnlab.receptive_field.ReceptiveField`.
        position: (row, column) of the cell.

    Returns:
        The figure: the cells of the layer with this one marked, the picture with its region.

    Raises:
        ValueError: the layer has no such cell, or the picture is of another size.
    """
    image = np.asarray(image)
    if image.shape[:2] != field.input_size:
        raise ValueError(
            f"`image` must be of the size that the field was computed for, {field.input_size}: "
            f"got {image.shape[:2]}. Use datasets.photo(name, size), or input_shape."
        )
    height, width = image.shape[:2]
    last = field.region(*np.array(field.map_size) - 1)
    top, left, *_ = np.minimum(field.region(0, 0), 0)  # all regions lie in this frame
    frame = (top, left, max(last[2], height), max(last[3], width))
    figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), width_ratios=[2, 5])
    top, left, bottom, right = field.region(*position)
    cells = np.zeros(field.map_size)
    cells[tuple(position)] = 1
    axes[0].imshow(cells, cmap="Blues", vmin=0, vmax=1.3)
    axes[0].set(title=f"cell {tuple(position)} of {_size(cells)}", xlabel="column", ylabel="row")
    axes[0].set_xticks(np.arange(field.map_size[1]) - 0.5, minor=True)
    axes[0].set_yticks(np.arange(field.map_size[0]) - 0.5, minor=True)
    axes[0].grid(which="minor", color="0.8")
    draw_regions(axes[1], image, {"region": (top, left, bottom, right)}, frame)
    title = f"rows {top} to {bottom - 1}, columns {left} to {right - 1}"
    axes[1].set_title(title.replace("-", "−"))
    return figure


def sliders(draw, **ranges):
    """A slider per keyword argument of a function that draws a figure.

    Args:
        draw: function of the sliders' values, by keyword, that returns a figure.
        ranges: `name=(lowest, highest, start)`, integers.

    Returns:
        An ipywidgets box: the sliders, and under them the figure.
    """
    controls = {
        name: ipywidgets.IntSlider(start, low, high, description=name, continuous_update=False)
        for name, (low, high, start) in ranges.items()
    }

    def show(**values):
        figure = draw(**values)
        display(figure)
        plt.close(figure)

    return ipywidgets.VBox([*controls.values(), ipywidgets.interactive_output(show, controls)])


def _size(matrix):
    return "×".join(map(str, matrix.shape))


def _text(number):
    return f"{number + 0:g}".replace("-", "−")  # + 0 makes a -0.0 a 0


def _draw_numbers(ax, matrix, side, outlined):
    """A matrix as numbers on pale colours; masked cells are the grey zeros of the padding."""
    largest = 2 * (float(np.abs(matrix).max()) or 1.0)
    texts = [[_text(value) for value in row] for row in np.ma.filled(matrix, 0)]
    draw_numbers(ax, matrix, largest, texts, side)
    for row in outlined[0]:
        for column in outlined[1]:
            look = {"fill": False, "lw": 2.2, "clip_on": False, "zorder": 3}
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **look))
