"""What a heat map's method looks at: a checked batch of a model, and one of its layers."""

from dataclasses import dataclass

import numpy as np

from cnnlab.reading import graph
from cnnlab.reading.default_layer import default_node, way_to
from cnnlab.reading.model_inputs import Batch, as_batch
from cnnlab.reading.outputs import addresses, split_class
from cnnlab.reading.picture_axes import check_axes


@dataclass(frozen=True)
class View:
    """A checked batch and the layer that is looked at; for the pixels it is the picture itself.

    Attributes:
        batch: a `Batch`, which holds the model too.
        picture: the name of the input on which the map is drawn.
        layer: the address of the layer, or `picture`.
    """

    batch: Batch
    picture: str
    layer: str

    @property
    def pictures(self):
        """(B, H, W, C), what the map is drawn on."""
        return self.batch.of(self.picture)

    def copies(self, b, pictures):
        """A batch of altered copies of image b, its picture exchanged for each of `pictures`."""
        return self.batch[np.full(len(pictures), b)].having(self.picture, pictures)

    def check_map(self, shape):
        """Raises ValueError unless the layer's output is a map of more than one cell."""
        if len(shape) == 4 and shape[1:3] != (1, 1):
            return
        rule, remedy = " of more than one cell", "Use larger images."
        if len(shape) != 4:
            rule, remedy = ", (B, h, w, C)", "Heat maps need pictures, and Conv2D."
        network = self.batch.known.graph
        _check_nothing_hidden(network)
        try:
            best = graph.last_convolution(network).address
        except ValueError:  # no convolution has a map
            best, remedy = self.layer, "Look at the pixels instead: saliency or occlusion."
        if best != self.layer:
            remedy = f"The last convolution's map is {best!r}."
        raise ValueError(
            f"`layer` must have a map{rule}: got layer={self.layer!r} of shape "
            f"{(None, *shape[1:])}. {remedy}"
        )


def looking_at(model, images, layer=None, class_index=None, pixels=False):
    """The view of a heat map's method on its batch.

    Args:
        model: a Keras model.
        images: what ``model(images)`` accepts, or one image without batch axis.
        layer: name or path; None takes the last map in front of pooling or flattening on the way
            to the output.
        class_index: names the output where there are several.
        pixels: whether the method looks at the pixels; `layer` may name an input then.

    Returns:
        A `View`.

    Raises:
        ValueError: images or layer do not suit the model.

    Example:
        >>> import keras
        >>> conv = keras.layers.Conv2D(4, 3, name="conv")
        >>> model = keras.Sequential([keras.Input((5, 7, 3), name="photograph"), conv])
        >>> view = looking_at(model, np.zeros((5, 7, 3)))
        >>> view.layer, view.picture, view.pictures.shape
        ('conv', 'photograph', (1, 5, 7, 3))
    """
    batch = as_batch(model, images)
    if pixels:
        picture = batch.picture(layer)
        check_axes(batch.known, picture)
        return View(batch, picture, picture)
    known = batch.known
    output, _ = split_class(class_index, model)
    layer, seen = known.once(("looked at", layer, output), lambda: looked_at(known, layer, output))
    names = [name for name in seen if batch.of(name).ndim == 4]
    picture = names[0] if names else batch.picture()
    check_axes(known, picture)
    return View(batch, picture, layer)


def looked_at(facts, layer=None, output=None):
    """The address of the layer, and the names of the inputs that it sees.

    Args:
        facts: what is known of the model.
        layer: name or path; None takes the default of the output, and says what else there was.
        output: name or number of an output; None takes them all.
    """
    network = facts.graph
    if layer is not None:
        node = graph.find(network, layer)
        return node.address, graph.depends_on(network, node.address)
    outputs = addresses(facts, output)
    _check_nothing_hidden(way_to(network, outputs))
    node, others = default_node(network, outputs)
    if others:
        print(
            f"note: the map is of {node.address!r}, but the output is made of "
            f"{', '.join(map(repr, others))} too. Name one of them with `layer` for its map."
        )
    return node.address, graph.depends_on(network, node.address)


def _check_nothing_hidden(network):
    """The last convolution cannot stand inside a layer of a class of its own, or a wrapper."""
    calls = network.calls
    readable = [i for i, n in enumerate(calls) if n.kind in graph.MAKES_MAPS and n.has_map]
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
