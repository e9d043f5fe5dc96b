"""One channel of a network: its map, what it looks for, and the pieces that it answers to most."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import keras
import matplotlib.pyplot as plt
import numpy as np

from cnnlab.feature_maps import feature_maps, patches
from cnnlab.files import photographs
from cnnlab.overlays import draw_bar, draw_heat, pixel_range
from cnnlab.patterns import filter_patterns
from cnnlab.placing.alignment import placed
from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.per_model import known
from cnnlab.receptive_field import ReceptiveField, receptive_field

SIDE = 2.0  # inches: of a map and of a pattern
GAP = 0.1  # inches between the pieces
GREY = 0.85  # of what lies outside of a photograph
FRAME = {"color": "0.7", "linewidth": 0.6}
RIM = 8  # pixels around a pattern that are made and not shown


@dataclass(frozen=True)
class Answers:
    """What a layer answers to all pictures: found once, drawn many times."""

    layer: str
    images: np.ndarray
    maps: np.ndarray
    field: ReceptiveField
    view: Callable  # the map of a channel to a picture, on the picture's pixels


def answers_of(model, images, layers):
    """{layer: Answers} from one pass of all pictures through the network."""
    images = np.asarray(images)
    facts, name = known(model), as_batch(model, images).picture()
    found = {}
    for layer, (address, maps) in zip(
        layers, feature_maps(model, images, layers).items(), strict=True
    ):

        def view(picture, channel, maps=maps, address=address):
            chosen = maps[[picture]][..., channel]
            return placed(facts, chosen, address, name, images.shape[1:])[0]

        field = receptive_field(model, address, input_shape=images.shape[1:])
        found[layer] = Answers(layer, images, maps, field, view)
    return found


def own_photograph(name, content, images):
    """A photograph of the reader's own, of the size and the range of those that are shown.

    Args:
        name: of its file, for the error.
        content: the bytes of its file.
        images: (B, H, W, C), C = 1 or 3.

    Returns:
        (H, W, C): its middle, resized.

    Raises:
        ValueError: no photograph that can be read.
    """
    file = io.BytesIO(content)
    file.name = name
    colours = photographs.read(file)
    height, width, channels = images.shape[1:]
    fitted = keras.layers.Resizing(height, width, crop_to_aspect_ratio=True)(colours)
    fitted = np.asarray(fitted, np.float32) / 255
    if channels == 1:
        fitted = fitted.mean(axis=-1, keepdims=True)
    black, white = pixel_range(images)
    return (black + fitted * (white - black)).astype(images.dtype)


def painted(model, images, layer, channel, size):
    """The picture that a channel looks for, in the range of the photographs."""
    fixed, scale = model.inputs[0].shape[1:3], pixel_range(images)
    rims = [0 if own else RIM for own in fixed]  # the zeros around a picture make a frame
    size = [
        own or asked + 2 * rim
        for own, asked, rim in zip(fixed, np.broadcast_to(size, 2), rims, strict=True)
    ]
    [pattern] = filter_patterns(model, layer, [channel], size, steps=20, value_range=scale)
    return pattern[rims[0] : size[0] - rims[0], rims[1] : size[1] - rims[1]]


def draw_channel(answers, channel, picture, pattern, count, names):
    """The figure of `show_channel`; a pattern that is None is still being made."""
    images, maps = answers.images, answers.maps[..., channel]
    black, white = pixel_range(images)
    size = [
        min(seen or pixels, pixels)
        for seen, pixels in zip(answers.field.size, images.shape[1:3], strict=True)
    ]
    best = patches(images, maps, answers.field, count, size)
    high, wide = (max(p.region[i + 2] - p.region[i] for p in best) for i in (0, 1))
    side = min(
        0.98 / max(high, wide), (6.8 - GAP * (count - 1)) / (count * wide)
    )  # inches per pixel
    height = SIDE + 1.1 + side * high
    figure = plt.figure(figsize=(7, height), layout="none")

    def axes_at(left, bottom, wide, high):
        ax = figure.add_axes((left / 7, bottom / height, wide / 7, high / height))
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, **FRAME)
        return ax

    rows, columns = SIDE * np.divide(images.shape[1:3], max(images.shape[1:3]))
    left = axes_at(0.1, height - SIDE - 0.5, columns, rows)
    right = axes_at(3.9, height - SIDE - 0.5, SIDE, SIDE)
    view, largest = answers.view(picture, channel), float(maps[picture].max())
    drawn = draw_heat(left, _in_colours(images[picture]), view, (0, largest or 1.0))
    draw_bar(axes_at(0.2 + columns, height - SIDE - 0.5, 0.14, rows), drawn, "answer")
    photograph = f"photograph {picture}" if names is None else names[picture]
    left.set_title(
        f"{answers.layer}, channel {channel}\n{photograph}: up to {largest:.2g}", loc="left"
    )
    if pattern is None:
        right.set_title("what it looks for: being painted …")
    else:
        look = {"cmap": "gray", "vmin": 0, "vmax": 1, "interpolation": "bicubic"}
        right.imshow(_in_colours(pattern), **look)
        found = np.abs(pattern - 0.5).max() > 1e-6
        right.set_title("what it looks for" if found else "no picture moves it: grey")
    strip = axes_at(0.1, 0.06, 6.8, side * high)  # one for all: to make axes takes most of the time
    strip.spines[:].set_visible(False)
    middles = []
    for number, patch in enumerate(best):
        piece = patch.framed(grey=black + GREY * (white - black))
        pixels = _in_colours(piece - black) / (white - black)
        start = number * (wide + GAP / side)
        strip.imshow(pixels, cmap="gray", vmin=0, vmax=1, extent=(start, start + wide, high, 0))
        strip.add_patch(plt.Rectangle((start, 0), wide, high, **FRAME, fill=False))
        middles.append(start + wide / 2)
    strip.set(xlim=(0, 6.8 / side), ylim=(high, 0))
    strip.set_xticks(middles, [f"{patch.answer:.2g}" for patch in best])
    strip.tick_params(length=0, labelbottom=False, labeltop=True)
    title = "the pieces of all photographs that it answers to most"
    figure.suptitle(
        title, fontsize=10, x=0.1 / 7, y=(side * high + 0.36) / height, ha="left", va="bottom"
    )
    return figure


def _in_colours(picture):
    """A picture as it is, or the mean of its channels where they are no colours."""
    return picture if picture.shape[-1] in (1, 3) else picture.mean(axis=-1, keepdims=True)
