"""What a heat map's method looks at: a checked batch of a model, and one of its layers."""

from dataclasses import dataclass

import numpy as np

from cnnlab.reading import graph
from cnnlab.reading.default_layer import default_node, way_to
from cnnlab.reading.model_inputs import Batch, as_batch
from cnnlab.reading.outputs import addresses, split_class
from cnnlab.reading.picture_axes import check_axes, check_channels
from cnnlab.reading.tokens import embeddings

# Of a map with so many axes of places: its shape, and what it needs.
_GRIDS = {
    1: ("(B, l, C)", "signals, and Conv1D"),
    2: ("(B, h, w, C)", "pictures, and Conv2D"),
    3: ("(B, d, h, w, C)", "volumes, and Conv3D"),
}


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
        """(B, H, W, C), what the map is drawn on; a signal, a volume, a video or tokens (B, L)."""
        return self.batch.of(self.picture)

    @property
    def places(self):
        """The sizes of the input along its axes between batch and channels, such as (H, W)."""
        sizes = self.pictures.shape[1:]
        return sizes[:-1] or sizes

    @property
    def own(self):
        """Whether the cells that are looked at are the input's own, its pixels or its tokens."""
        return self.layer in (self.picture, *embeddings(self.batch.known).get(self.picture, ()))

    def floats(self):
        """`pictures`, where they are numbers that can be changed a little; else ValueError."""
        self.check_numbers()
        if not np.issubdtype(self.pictures.dtype, np.floating):
            raise ValueError(
                "`images` must be numbers that can be changed a little: got "
                f"{self.pictures.dtype}, for the model's input {self.picture!r} is declared so. "
                "Build the model with a float32 input."
            )
        return self.pictures

    def copies(self, b, pictures):
        """A batch of altered copies of image b, its picture exchanged for each of `pictures`."""
        self.batch.known.once(("stateless",), lambda: _check_stateless(self.batch.known))
        return self.batch[np.full(len(pictures), b)].having(self.picture, pictures)

    def check_map(self, shape):
        """Raises ValueError unless the layer's output is a map of more than one cell."""
        if any(size != 1 for size in shape[1:-1]):
            return
        rule, remedy = " of more than one cell", "Use larger images."
        if len(shape) < 3:
            grid, needed = _GRIDS[len(self.places)]
            rule, remedy = f", {grid}", f"Heat maps need {needed}."
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

    def check_axes(self, cells):
        """Raises ValueError unless cells of the layer lie along the axes of the input."""
        if len(cells) != len(self.places):
            grid, needed = _GRIDS[len(self.places)]
            raise ValueError(
                f"`layer` must have a map, {grid}: got layer={self.layer!r} of shape (None, "
                f"{', '.join(map(str, cells))}, C), whose cells do not lie along the axes of "
                f"{self.picture!r}. Pass resize=False for its own grid; on the input, heat maps "
                f"need {needed}."
            )

    def check_numbers(self):
        """Raises ValueError where the input holds tokens, of which there is nothing in between."""
        if self.pictures.ndim == 2:
            raise ValueError(
                "`images` must hold numbers that can be changed a little, for this method: got "
                f"tokens for {self.picture!r}. Use saliency, or grad_cam."
            )


def looking_at(model, images, layer=None, class_index=None, pixels=False):
    """The view of a heat map's method on its batch.

    Args:
        model: a Keras model.
        images: what ``model(images)`` accepts, or one image without batch axis.
        layer: name or path; None takes the last map in front of pooling or flattening on the way
            to the output; of a model that answers at places the last convolution's in front of it.
        class_index: names the output where there are several.
        pixels: whether the method looks at the pixels; `layer` may name an input then. Of tokens
            it looks at what the Embedding makes of them.

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
        numbers = batch.of(picture).ndim > 2
        return View(batch, picture, picture if numbers else _embedding(batch.known, picture))
    known = batch.known
    output, _ = split_class(class_index, model)
    layer, seen = known.once(("looked at", layer, output), lambda: looked_at(known, layer, output))
    names = [name for name in batch.pictures if name in seen]
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
        check_channels(facts, node.address)
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


def _check_stateless(facts):
    """Raises ValueError where a copy would be answered after what its place in the batch saw."""
    try:
        calls = facts.graph.calls
    except ValueError:  # a subclassed model does not tell
        return
    for node in calls:
        if getattr(node.layer, "stateful", False) is True:
            raise ValueError(
                "`model` must not remember earlier batches, for this method asks it about altered "
                f"copies of a picture: got {node.address!r}, which is stateful. Build it with "
                "stateful=False, or use grad_cam or saliency."
            )


def _embedding(facts, tokens):
    """The address of the Embedding that looks an input's tokens up."""
    first, *others = embeddings(facts)[tokens]
    if others:
        raise ValueError(
            f"`model` must look its tokens up once, for a map by token: got {tokens!r}, which is "
            f"looked up by {', '.join([first, *others])}. Ask class_evidence for the layer that "
            "you mean."
        )
    return first


def _check_nothing_hidden(network):
    """The last convolution cannot stand inside a layer of a class of its own, or a wrapper."""
    calls = network.calls
    readable = [i for i, node in enumerate(calls) if node.convolves]
    behind = calls[readable[-1] + 1 :] if readable else calls
    closed = [node for node in behind if "." in node.kind or hasattr(node.layer, "layer")]
    if readable:  # behind a convolution that can be read, only a kernel makes a layer its rival
        ranks = {4, *(len(network[name].output_shape) for name in network.inputs)}
        closed = [
            n for n in closed if n.has_map and any(len(w.shape) in ranks for w in n.layer.weights)
        ]
    if closed:
        node = max(reversed(closed), key=lambda node: node.has_map)
        raise ValueError(
            "`layer` must be named where the last convolution may stand inside a layer that "
            f"cannot be read: got {node.address!r} of the class {type(node.layer).__name__}. Pass "
            f"layer={node.address!r}, if its output is a map, or build the model with "
            f"{node.layer.name}.call(x) in place of calling it."
        )
