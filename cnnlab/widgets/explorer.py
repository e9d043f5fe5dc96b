"""What one channel of a layer answers to, on photographs and one's own: with its static twin."""

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import clear_output, display

from cnnlab.widgets.channel_figure import answers_of, draw_channel, own_photograph, painted

PIECES = 9  # of the photographs, that a channel answers to most


def show_channel(
    model, images, layer, channel, picture=0, size=64, patches=PIECES, names=None, pattern=None
):
    """One channel: its map, what it looks for, and the pieces of all pictures it answers to most.

    Args:
        model: a Sequential or functional Keras model with one image input.
        images: (B, H, W, C) photographs as the model takes them, of any `overlays.pixel_range`,
            which is also the range of the pattern; of other than 1 or 3 channels the mean is drawn.
        layer: name or path of a layer.
        channel: its number.
        picture: number of the photograph whose map is shown.
        size: height and width of the pattern in pixels, one number or a pair, as far as the model
            leaves them open.
        patches: the largest number of pieces. All are drawn on one scale.
        names: of the photographs, or None for numbers.
        pattern: (H, W, C), 0-1, as `filter_patterns` gives it; None makes one.

    Returns:
        The figure.

    Raises:
        ValueError: an unknown layer, one without a map, or no such channel.
    """
    answers = answers_of(model, images, [layer])[layer]
    if not 0 <= channel < answers.maps.shape[-1]:
        raise ValueError(
            f"`channel` must be 0 to {answers.maps.shape[-1] - 1}, for {layer!r} has "
            f"{answers.maps.shape[-1]} channels: got {channel}. Number the channels from 0."
        )
    if pattern is None:
        pattern = painted(model, images, layer, channel, size)
    return draw_channel(answers, channel, picture, pattern, patches, names)


def channel_explorer(model, images, layers, names=None, patterns=None):
    """Sliders for layer, channel and photograph, over `show_channel`; a button for your own.

    What all pictures answer is computed once. A pattern takes longer: the map and the pieces are
    shown before it is ready, and it is painted once for each channel. A photograph of your own is
    cut to its middle, and stays on this computer.

    Args:
        model: as for `show_channel`.
        images: as for `show_channel`.
        layers: names or paths of the layers to choose from.
        names: of the photographs, or None for numbers.
        patterns: {layer: (F, H, W, C)}, the patterns of its first channels, which are ready; None
            for none.

    Returns:
        An ipywidgets box.
    """
    images, names = np.asarray(images), [*map(str, names or range(len(images)))]
    answers = answers_of(model, images, layers)
    counts = {layer: found.maps.shape[-1] for layer, found in answers.items()}
    ready = {
        (layer, number): pattern
        for layer, some in (patterns or {}).items()
        for number, pattern in enumerate(some)
    }
    ends = [name.rsplit("/", 1)[-1] for name in counts]  # a slider has no room for a path
    labels = ends if len(set(ends)) == len(ends) else counts
    wide = {"layout": {"width": "26em"}, "style": {"description_width": "6em"}}
    layer = ipywidgets.SelectionSlider(
        options=list(zip(labels, counts, strict=True)),
        description="layer",
        continuous_update=False,
        **wide,
    )
    channel = ipywidgets.IntSlider(
        0, 0, counts[layer.value] - 1, description="channel", continuous_update=False, **wide
    )
    picture = ipywidgets.SelectionSlider(
        options=[(name, number) for number, name in enumerate(names)],
        description="photograph",
        continuous_update=False,
        **wide,
    )

    def limit_channels(_):
        """The slider of the channels ends where the layer's channels end."""
        channel.max = counts[layer.value] - 1

    own = ipywidgets.FileUpload(accept="image/*", description="a photograph of your own")
    own.layout.width = "auto"
    said = ipywidgets.Label()
    drawn = []

    def add(change):
        """Puts an uploaded photograph behind the others, and shows it."""
        nonlocal images
        said.value = ""
        for file in change.new:
            try:
                more = own_photograph(file["name"], file["content"], images)
            except ValueError as error:
                said.value = str(error)
                return
            images = np.append(images, [more], axis=0)
            names.append(file["name"])
            answers.update(answers_of(model, images, layers))
            drawn[:] = layer.value, channel.value, 0  # new options choose the first, not asked for
            picture.options = [(name, number) for number, name in enumerate(names)]
            picture.value = len(names) - 1

    def draw(layer, channel, picture):
        if drawn == [layer, channel, picture]:  # a new layer may move the channel's slider as well
            return
        drawn[:] = layer, channel, picture
        if (layer, channel) not in ready:
            _show(draw_channel(answers[layer], channel, picture, None, PIECES, names))
            ready[layer, channel] = painted(model, images, layer, channel, 64)
            clear_output(wait=True)
        pattern = ready[layer, channel]
        _show(draw_channel(answers[layer], channel, picture, pattern, PIECES, names))

    layer.observe(limit_channels, "value")
    own.observe(add, "value")
    controls = {"layer": layer, "channel": channel, "picture": picture}
    shown = ipywidgets.interactive_output(draw, controls)
    return ipywidgets.VBox([layer, channel, picture, ipywidgets.HBox([own, said]), shown])


def _show(figure):
    display(figure)
    plt.close(figure)
