"""Are the rows of a picture its rows? A model may take channels first and turn them itself."""

from cnnlab.reading import kinds
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
