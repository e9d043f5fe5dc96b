"""Are the rows of a picture its rows? A model may take channels first and turn them itself."""

from cnnlab.reading import graph
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
    try:
        network = facts.graph
    except ValueError:  # a subclassed model does not tell
        return
    facts.once(("axes", name), lambda: _check(network, facts.model, name))


def _check(network, model, name):
    shape, reached = network[name].output_shape, {name}
    for node in network.calls:
        if reached & set(node.inputs) and len(node.output_shape) == 4:
            if _last(node) == 1:
                raise ValueError(
                    f"`model` must take its pictures with channels last, (B, H, W, C): got "
                    f"{shape} for {name!r}, whose second axis {node.address!r} puts last. {_REMEDY}"
                )
            if not getattr(node.layer, "weights", ()) and node.kind not in graph.MAKES_MAPS:
                reached.add(node.address)
    if shape[1] in (1, 3) and None not in shape[1:] and min(shape[2:]) > 4:
        note(
            model,
            f"note: the input {name!r} of shape {shape} looks like channels first; its second axis "
            f"is taken for rows. If it is channels: {_REMEDY[0].lower()}{_REMEDY[1:]}",
        )


def _last(node):
    """The axis of what a layer reads that it puts last; None for other layers."""
    layer = node.layer
    if node.kind == "Permute":
        return layer.dims[-1]
    if node.kind == "Transpose":
        return (layer.axes or range(4)[::-1])[-1] % 4
    if node.kind == "Swapaxes":
        pair = {layer.axis1 % 4, layer.axis2 % 4}
        return sum(pair) - 3 if 3 in pair else None
    if node.kind == "Moveaxis":
        ends = dict(zip(_listed(layer.destination), _listed(layer.source), strict=True))
        others = [axis for axis in range(4) if axis not in ends.values()]
        return ends.get(3, others[-1])
    return None


def _listed(axes):
    return [axis % 4 for axis in (axes if isinstance(axes, list | tuple) else [axes])]
