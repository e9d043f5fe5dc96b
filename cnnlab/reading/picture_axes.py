"""Are the rows of a picture its rows, and the last axis of a map its channels?

A model may take channels first and turn them itself, or turn its maps before its head.
"""

from cnnlab.reading import graph, kinds
from cnnlab.reading.fields import pixels, propagate
from cnnlab.reading.layer_axes import REORDERINGS
from cnnlab.reading.per_model import note

_REMEDY = (
    "Wrap it in a model that takes channels last: x = keras.Input((height, width, channels)); "
    "keras.Model(x, model(keras.ops.moveaxis(x, -1, 1)))."
)


def check_axes(facts, name):
    """Raises ValueError where the model puts the second axis of a picture last: its channels.

    Where only the shape looks like channels first, a note says so.

    Args:
        facts: what is known of the model.
        name: of the input.

    Example:
        >>> import keras
        >>> from cnnlab.reading.per_model import known
        >>> picture = keras.Input((8, 12, 3), name="picture")
        >>> model = keras.Model(picture, keras.layers.Permute((2, 1, 3))(picture))
        >>> check_axes(known(model), "picture")  # rows and columns change places, no channels
    """
    facts.once(("axes", name), lambda: _check(facts, name))


def check_channels(facts, layer):
    """Raises ValueError where the last axis of a layer's map holds places, not channels.

    Example:
        >>> import keras
        >>> from cnnlab.reading.per_model import known
        >>> stack = [keras.layers.Conv2D(4, 3), keras.layers.Permute((2, 1, 3), name="turn")]
        >>> check_channels(known(keras.Sequential([keras.Input((8, 12, 3)), *stack])), "turn")
    """
    turned = facts.once(("turned",), lambda: turned_maps(facts.graph))
    address = graph.find(facts.graph, layer).address
    if address in turned:
        raise ValueError(
            "`layer` must have its channels last, (B, h, w, C): got "
            f"layer={address!r} of shape {facts.graph[address].output_shape}, which puts them "
            f"elsewhere. Pass layer={turned[address]!r}, the map before it."
        )


def turned_maps(network):
    """{address of a map whose channels do not stand last: address of the last map before it}.

    A layer that does not tell what it does, such as a Lambda, is taken to turn a map where its
    shape says so: the channels of what it reads stand first.

    Args:
        network: a `Graph`.

    Example:
        >>> import keras
        >>> stack = [keras.layers.Conv2D(4, 3, name="conv"), keras.layers.Permute((3, 1, 2))]
        >>> model = keras.Sequential([keras.Input((8, 12, 3)), *stack])
        >>> [*turned_maps(graph.read(model)).values()]
        ['conv']
    """
    if not any(node.kind in REORDERINGS or _looks_turned(node) for node in network.calls):
        return {}
    shapes = {name: network[name].output_shape for name in network.inputs}
    fields = [propagate(network, {name: pixels(s)}) for name, s in shapes.items() if len(s) > 1]
    turned = {}
    for node in network.calls:
        rank = len(node.output_shape)
        known = [found[node.address] for found in fields if found[node.address]]
        behind = next((turned[name] for name in node.inputs if name in turned), None)
        if any(_holds_places(axes, rank) for axes in known):
            turned[node.address] = behind or node.inputs[0]
        elif rank > 2 and all(axis.unknown for axes in known for axis in axes):
            keeps = node.output_shape in node.input_shapes and not getattr(
                node.layer, "weights", ()
            )
            if behind and keeps:
                turned[node.address] = behind
            elif not behind and _looks_turned(node):
                turned[node.address] = node.inputs[0]
    return turned


def _holds_places(axes, rank):
    """Whether the last axis holds nothing but places, while another one holds none."""
    places = {axis.place.axis: axis.place for axis in axes if axis.place is not None}
    last = places.get(rank - 1)
    return last is not None and last.inner == 1 and any(i not in places for i in range(1, rank - 1))


def _looks_turned(node):
    """Whether a layer without weights puts the last axis behind the batch, by its shapes."""
    before, after = node.input_shapes[0], node.output_shape
    moved = (*before[:1], *before[-1:], *before[1:-1])
    return len(before) > 2 and after == moved != before and not getattr(node.layer, "weights", ())


def _check(facts, name):
    try:
        network = facts.graph
    except ValueError:  # a subclassed model does not tell
        return
    if len(network[name].output_shape) != 4:  # a signal, a volume or tokens
        return
    shape, stands = network[name].output_shape, {name: (0, 1, 2, 3)}  # which axis stands where
    turned = None
    for node in network.calls:
        axes = next((stands[address] for address in node.inputs if address in stands), None)
        if axes is None or len(node.output_shape) != 4:
            continue
        if getattr(node.layer, "weights", ()) or node.kind in kinds.MAKES_MAPS:
            if axes[-1] == 1:
                raise ValueError(
                    f"`model` must take its pictures with channels last, (B, H, W, C): got "
                    f"{shape} for {name!r}, whose second axis {turned!r} puts last. {_REMEDY}"
                )
            continue
        order = _order(node)
        stands[node.address] = tuple(axes[axis] for axis in order)
        turned = turned if order == [0, 1, 2, 3] else node.address
    if shape[1] in (1, 3) and None not in shape[1:] and min(shape[2:]) > 4:
        note(
            facts.model,
            f"note: the input {name!r} of shape {shape} looks like channels first; its second axis "
            f"is taken for rows. If it is channels: {_REMEDY[0].lower()}{_REMEDY[1:]}",
        )


def _order(node):
    """The axes of what a layer reads in the order in which it gives them out."""
    layer, order = node.layer, [0, 1, 2, 3]
    if node.kind == "Permute":
        return [0, *layer.dims]
    if node.kind == "Transpose":
        return _listed(layer.axes or order[::-1])
    if node.kind == "Swapaxes":
        one, other = layer.axis1 % 4, layer.axis2 % 4
        order[one], order[other] = other, one
    if node.kind == "Moveaxis":
        sources = _listed(layer.source)
        order = [axis for axis in order if axis not in sources]
        for place, axis in sorted(zip(_listed(layer.destination), sources, strict=True)):
            order.insert(place, axis)
    return order


def _listed(axes):
    return [axis % 4 for axis in (axes if isinstance(axes, list | tuple) else [axes])]
