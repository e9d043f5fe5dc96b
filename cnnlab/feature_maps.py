"""What each channel of each layer answers to a picture."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cnnlab.gradients import layer_outputs
from cnnlab.reading import graph
from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.picture_axes import check_axes, check_channels, turned_maps
from cnnlab.receptive_field import receptive_field

_AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def feature_maps(model, images, layers=None):
    """The feature maps of several layers, from one pass through the network.

    Args:
        model: a Sequential or functional Keras model.
        images: what ``model(images)`` accepts, or one image without batch axis.
        layers: names or paths such as "base/block5_conv3", or one of them; None takes every layer
            that has one map with as many axes as the input, its channels last.

    Returns:
        A dict from address to (B, h, w, C) float32, in the order in which the network runs; with
        (h, w, C) for one image. Of signals (B, l, C), of volumes and videos (B, d, h, w, C).

    Raises:
        ValueError: images or a layer do not suit the model, a layer has no map, or none has.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> model = keras.Sequential([keras.Input((8, 12, 3)), layers.Conv2D(4, 3, name="conv"),
        ...     layers.MaxPooling2D(name="pool"), layers.Flatten(), layers.Dense(2)])
        >>> {name: maps.shape for name, maps in feature_maps(model, np.ones((8, 12, 3))).items()}
        {'conv': (6, 10, 4), 'pool': (3, 5, 4)}
    """
    batch = as_batch(model, images)
    layers = (layers,) if isinstance(layers, str) else layers and tuple(layers)
    addresses = batch.known.once(("maps", layers), lambda: _addresses(batch.known, layers))
    outputs = layer_outputs(batch, addresses)
    return {
        address: maps[0] if batch.single else maps
        for address, maps in zip(addresses, outputs, strict=True)
    }


def channel_table(maps, alike=0.95):
    """A row per layer: how many of its channels are dead, and how many repeat another one.

    Args:
        maps: what `feature_maps` returned for a batch, the larger the surer.
        alike: a channel is redundant where its correlation with an earlier channel of the layer is
            at least this far from 0, over all images and positions.

    Returns:
        A DataFrame indexed by layer, with columns height and width (of signals length; of volumes
        depth, height and width), channels, dead (the same value everywhere in all images) and
        redundant.

    Raises:
        ValueError: values without a batch, places and channels.

    Example:
        >>> first = np.arange(12.0).reshape(1, 2, 6, 1)
        >>> channel_table({"conv": np.concatenate([first, 2 * first, 0 * first], axis=-1)})
               height  width  channels  dead  redundant
        layer
        conv        2      6         3     1          1
    """
    rows = []
    for layer, values in maps.items():
        _, *sizes, channels = np.shape(values) if np.ndim(values) else (0, 0)
        if len(sizes) not in _AXES:
            raise ValueError(
                f"`maps` must be of a batch, (B, h, w, C): got shape {np.shape(values)} for "
                f"{layer!r}. Take what feature_maps returned for several pictures."
            )
        correlation = np.abs(channel_correlation(values))
        repeats = (np.triu(correlation, 1) >= alike).any(axis=0)
        dead = (np.diag(correlation) == 0).sum()
        counts = {"channels": channels, "dead": int(dead), "redundant": int(repeats.sum())}
        rows.append({"layer": layer, **dict(zip(_AXES[len(sizes)], sizes, strict=True)), **counts})
    sides = ("length", "depth", "height", "width")
    named = [side for side in sides if any(side in row for row in rows)]
    columns = ["layer", *named, "channels", "dead", "redundant"]
    table = pd.DataFrame(rows, columns=columns).set_index("layer")
    return table.astype("Int64") if table.isna().any(axis=None) else table


def channel_correlation(maps):
    """How alike the channels of a layer answer, over all images and positions.

    Args:
        maps: (B, h, w, C) or (h, w, C).

    Returns:
        (C, C) float64, -1 to 1; 0 in the row and column of a channel that never changes.

    Example:
        >>> maps = np.array([[[[1.0, 3, 5], [2, 2, 5], [3, 1, 5]]]])
        >>> channel_correlation(maps) + 0.0
        array([[ 1., -1.,  0.],
               [-1.,  1.,  0.],
               [ 0.,  0.,  0.]])
    """
    values = np.reshape(maps, (-1, np.shape(maps)[-1])).astype(float)
    alive = np.ptp(values, axis=0) > 0
    values = values - values.mean(axis=0)
    lengths = np.sqrt((values**2).sum(axis=0))
    units = np.divide(values, lengths, out=np.zeros_like(values), where=alive)
    return np.clip(units.T @ units, -1, 1).round(12)


@dataclass(frozen=True)
class Patch:
    """A piece of a picture and how strongly a channel answers to it.

    Attributes:
        pixels: the part of the region that lies in the picture, in the picture's values.
        answer: the value of the channel there.
        image: number of the image.
        region: (top, left, bottom, right) in pixels, not clipped to the picture.
    """

    pixels: np.ndarray = field(repr=False)
    answer: float
    image: int
    region: tuple

    def framed(self, grey=215):
        """The whole region, grey where it lies outside the picture, so that all are of one size.

        Example:
            >>> Patch(np.ones((2, 3, 1)), 7.0, 0, (-1, 2, 2, 5)).framed(grey=0)[..., 0].tolist()
            [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
        """
        top, left, bottom, right = self.region
        shape = (bottom - top, right - left, self.pixels.shape[-1])
        whole = np.full(shape, grey, self.pixels.dtype)
        rows, columns = self.pixels.shape[:2]
        row, column = max(-top, 0), max(-left, 0)
        whole[row : row + rows, column : column + columns] = self.pixels
        return whole


def strongest_patches(model, images, layer, channel, count=9, size=None):
    """The pieces of the pictures that excite a channel most, strongest first.

    Each is what one cell of the map can see, or the middle of that. Of cells whose pieces overlap
    by more than half, only the strongest is taken.

    Args:
        model: a Sequential or functional Keras model with one image input.
        images: (B, H, W, C), or one image without batch axis.
        layer: name or path of a layer.
        channel: its number.
        count: the largest number of patches.
        size: (height, width) of a piece in pixels, around the middle of the receptive field, such
            as that of the effective field; None takes the whole receptive field.

    Returns:
        A list of `Patch`, shorter where the pictures hold fewer.

    Raises:
        ValueError: an unknown layer, one without a map or receptive field, or no such channel.

    Example:
        >>> import keras
        >>> pool = keras.layers.MaxPooling2D(2, name="pool")
        >>> model = keras.Sequential([keras.Input((4, 6, 1)), pool])
        >>> image = np.arange(24.0).reshape(4, 6, 1) - 12
        >>> best = strongest_patches(model, image, "pool", channel=0, count=2)
        >>> [(patch.answer, patch.region) for patch in best]
        [(11.0, (2, 4, 4, 6)), (9.0, (2, 2, 4, 4))]
    """
    batch = as_batch(model, images)
    (address,) = _addresses(batch.known, (layer,))
    pictures = batch.arrays[0]
    (maps,) = layer_outputs(batch, [address])
    if pictures.ndim != 4 or maps.ndim != 4:
        raise ValueError(
            "`model` must take pictures, (B, H, W, C), and `layer` must have a map, (B, h, w, C): "
            f"got {pictures.shape}, and {maps.shape} at {address!r}. "
            "Of other dimensions take feature_maps."
        )
    if not 0 <= channel < maps.shape[-1]:
        raise ValueError(
            f"`channel` must be 0 to {maps.shape[-1] - 1}, for {address!r} has "
            f"{maps.shape[-1]} channels: got {channel}. Number the channels from 0."
        )
    check_axes(batch.known, batch.picture())
    field = receptive_field(model, address, input_shape=pictures.shape[1:])
    return patches(pictures, maps[..., channel], field, count, size)


def patches(images, answers, field, count=9, size=None):
    """What `strongest_patches` cuts, where the answers of the channel are known already.

    Args:
        images: (B, H, W, C).
        answers: (B, h, w), the map of the channel for each image.
        field: the `cnnlab.receptive_field.ReceptiveField` of the layer.
        count: as for `strongest_patches`.
        size: as for `strongest_patches`.

    Returns:
        A list of `Patch`.
    """
    whole = [size or pixels for size, pixels in zip(field.size, images.shape[1:3], strict=True)]
    height, width = whole if size is None else size
    found = []
    for place in np.argsort(-answers, axis=None, kind="stable"):
        image, row, column = (int(i) for i in np.unravel_index(place, answers.shape))
        region = field.region(row, column)
        if size is not None:
            top, left = (region[0] + region[2] - height) // 2, (region[1] + region[3] - width) // 2
            region = (top, left, top + height, left + width)
        if not any(
            image == other.image
            and abs(region[0] - other.region[0]) < height / 2
            and abs(region[1] - other.region[1]) < width / 2
            for other in found
        ):
            top, left, bottom, right = np.maximum(region, 0)
            pixels = images[image, top:bottom, left:right]
            found.append(Patch(pixels, float(answers[image, row, column]), image, region))
        if len(found) == count:
            break
    return found


def _addresses(facts, layers):
    """The addresses of the layers, all of which have a map."""
    network = facts.graph
    if layers is None:
        axes = max(len(network[name].output_shape) for name in network.inputs)
        turned = turned_maps(network)
        maps = [n for n in network.calls if n.has_map and len(n.output_shapes) == 1]
        maps = [node for node in maps if node.address not in turned]
        for rank in (axes, 4, 3, 5):  # a signal may be made into a picture, tokens into vectors
            found = [node.address for node in maps if len(node.output_shape) == rank]
            if found:
                return tuple(found)
        raise ValueError(
            f"`model` must have a layer with a map, (B, h, w, C): got {network.name!r} with "
            f"none among its {len(network.calls)} layers. Use a model with Conv2D."
        )
    nodes = [graph.find(network, layer) for layer in layers]
    for node in nodes:
        if len(node.output_shape) not in (3, 4, 5):
            raise ValueError(
                f"`layers` must have maps, (B, h, w, C): got {node.address!r} of shape "
                f"{node.output_shape}. Leave it out."
            )
        check_channels(facts, node.address)
    return tuple(node.address for node in nodes)
