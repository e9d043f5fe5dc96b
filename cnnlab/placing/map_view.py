"""What all heat maps share: a checked batch, the layer that is looked at, and how a map ends.

`looking_at` begins a method, `View.finished` ends it: on the pixels of the picture, from 0 to 1.
"""

from dataclasses import dataclass

import numpy as np

from cnnlab.gradients import class_evidence, class_scores
from cnnlab.placing.alignment import placed, spread
from cnnlab.reading import graph
from cnnlab.reading.model_inputs import Batch, as_batch
from cnnlab.reading.per_model import remembered


@dataclass(frozen=True)
class View:
    """A checked batch and the layer that is looked at; for the pixels it is the picture itself.

    Attributes:
        model: the user's, which is never changed.
        batch: a `Batch`.
        picture: the name of the input on which the map is drawn.
        layer: the address of the layer, or `picture`.
    """

    model: object
    batch: Batch
    picture: str
    layer: str

    @property
    def pictures(self):
        """(B, H, W, C), what the map is drawn on."""
        return self.batch.of(self.picture)

    def evidence(self, class_index, against):
        """The features, their gradients and the classes."""
        seen = class_evidence(self.model, self.batch, class_index, self.layer, against)
        self.check_map(seen.features)
        return seen

    def check_map(self, features):
        """Raises ValueError unless the layer's output is a map of more than one cell."""
        shape = (None, *features.shape[1:])
        if len(shape) != 4 or shape[1:3] == (1, 1):
            rule, remedy = " of more than one cell", "Use larger images."
            if len(shape) != 4:
                rule, remedy = ", (B, h, w, C)", "Heat maps need pictures, and Conv2D."
            network = graph.read(self.model)
            _check_nothing_hidden(network)
            try:
                best = graph.last_convolution(network).address
            except ValueError:  # no convolution has a map
                best, remedy = self.layer, "Look at the pixels instead: saliency or occlusion."
            if best != self.layer:
                remedy = f"The last convolution's map is {best!r}."
            raise ValueError(
                f"`layer` must have a map{rule}: got layer={self.layer!r} of shape {shape}. "
                f"{remedy}"
            )

    def scores(self, b, versions, chosen):
        """The scores of altered copies of image b, which come in parts (n,H,W,C)."""
        found = []
        for pictures in versions:
            copies = self.batch[[b] * len(pictures)].having(self.picture, pictures)
            logits, _ = class_scores(self.model, copies, chosen.output)
            found.append(chosen.score_of_copies(logits, b))
        return np.concatenate(found)

    def mean_gradient(self, b, pictures, chosen):
        """The gradient of the score by the picture, averaged over altered copies of image b."""
        copies = self.batch[[b] * len(pictures)].having(self.picture, pictures)
        index, against = chosen.of(b)
        seen = class_evidence(self.model, copies, index, self.layer, against)
        return seen.gradients.mean(axis=0)

    def placed(self, maps, placing=None):
        """(n,h,w) maps on the pixels of the picture, (n,H,W)."""
        if placing is None:
            if self.layer == self.picture:
                return maps
            shape = self.pictures.shape[1:]
            return placed(self.model, maps, self.layer, self.picture, shape)
        return spread(maps, *placing)

    def finished(self, raw, classes, resize, normalise, placing=None):
        """The maps as the caller wants them."""
        if not np.isfinite(raw).all():
            wrong = np.flatnonzero(~np.isfinite(raw).all(axis=(1, 2)))[0]
            raise ValueError(
                f"`images` must give finite gradients: got NaN or infinity for image {wrong}, "
                f"class {classes[wrong]}. In float16 they overflow; build the model in float32 or "
                "mixed_bfloat16."
            )
        if normalise:
            raw = normalised(raw)
            blank = np.flatnonzero(~raw.any(axis=(1, 2)))
            if blank.size:
                names = ", ".join(f"class {classes[b]} in image {b}" for b in blank)
                print(f"no positive evidence for {names}: the map is 0 everywhere")
        maps = self.placed(raw, placing) if resize else raw
        if normalise:
            maps = normalised(maps)
        maps = maps.astype(np.float32, copy=False)
        return maps[0] if self.batch.single else maps


def looking_at(model, images, layer, pixels=False):
    """The view of a heat map's method on its batch.

    Args:
        model: a Keras model.
        images: what ``model(images)`` accepts, or one image without batch axis.
        layer: name or path; None takes the last convolution's finished map.
        pixels: whether the method looks at the pixels; `layer` may name an input then.

    Raises:
        ValueError: images or layer do not suit the model.
    """
    batch = as_batch(model, images)
    if pixels:
        picture = batch.picture(layer)
        return View(model, batch, picture, picture)
    layer, seen = remembered(model, ("looked at", layer), lambda: looked_at(model, layer))
    names = [name for name in seen if batch.of(name).ndim == 4]
    return View(model, batch, names[0] if names else batch.picture(), layer)


def looked_at(model, layer=None):
    """The address of the layer, and the names of the inputs that it sees."""
    network = graph.read(model)
    if layer is None:
        _check_nothing_hidden(network)
    node = graph.last_convolution(network) if layer is None else graph.find(network, layer)
    return node.address, graph.depends_on(network, node.address)


def _check_nothing_hidden(network):
    """The last convolution cannot stand inside a layer of a class of its own, or a wrapper."""
    calls = network.calls
    readable = [i for i, n in enumerate(calls) if n.kind in graph.CONVOLUTIONS and n.has_map]
    behind = calls[readable[-1] + 1 :] if readable else calls
    closed = [node for node in behind if "." in node.kind or hasattr(node.layer, "layer")]
    if readable:  # behind a convolution that can be read, only a kernel makes a layer its rival
        closed = [
            n for n in closed if n.has_map and any(len(w.shape) == 4 for w in n.layer.weights)
        ]
    if closed:
        node = max(reversed(closed), key=lambda node: node.has_map)
        raise ValueError(
            "`layer` must be named where the last convolution may stand inside a layer that "
            f"cannot be read: got {node.address!r} of the class {type(node.layer).__name__}. Pass "
            f"layer={node.address!r}, if its output is a map, or build the model with "
            f"{node.layer.name}.call(x) in place of calling it."
        )


def normalised(maps):
    """What speaks for the class, from 0 (nothing) to 1 (most), each map scaled to itself.

    ``max(map, 0) / max(map)``, or 0 everywhere where no value is positive.

    Args:
        maps: (B, H, W) raw signed values.

    Example:
        >>> normalised(np.array([[[2.0, -4, 1]], [[-1, -2, -3]]])) + 0.0
        array([[[1. , 0. , 0.5]],
               [[0. , 0. , 0. ]]])
    """
    positive = np.maximum(maps, 0)
    largest = positive.max(axis=(1, 2), keepdims=True)
    # Rounding can leave a speck of 1e-9 beside values of -1: that is no evidence.
    real = largest > 1e-6 * np.abs(maps).max(axis=(1, 2), keepdims=True)
    return np.divide(positive, largest, out=np.zeros_like(positive), where=real)
