"""The end of a network for which CAM is defined: maps, their global average, one dense layer."""

from cnnlab.reading.default_layer import way_to
from cnnlab.reading.outputs import addresses

_DOES_NOTHING = {"Dropout", "SpatialDropout2D", "Identity"}
_MOVES_NOTHING = _DOES_NOTHING | {"Flatten", "Reshape", "Squeeze"}
_ENDS = {"Activation", "Softmax", "Sigmoid", "LogSoftmax"} | _MOVES_NOTHING
_TO_PROBABILITIES = ("linear", "softmax", "sigmoid", "log_softmax")  # as names begin


def check_linear_head(facts, layer, output=None):
    """Raises ValueError unless the output is a dense layer of the averages of the layer's maps.

    Args:
        facts: what is known of the model.
        layer: the address of the layer.
        output: name or number of an output.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> from cnnlab.reading.per_model import known
        >>> stack = [layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(2)]
        >>> model = keras.Sequential([keras.Input((8, 12, 3)), *stack])
        >>> check_linear_head(known(model), stack[0].name)
    """
    network, end = facts.graph, addresses(facts, output)
    averaged, beside = _averaged(network, network[end[0]]) if len(end) == 1 else ([], [])
    behind, path = {layer}, []
    for node in way_to(network, end).nodes:
        if behind & set(node.inputs):
            behind.add(node.address)
            path += [node.kind] * (node.kind not in _MOVES_NOTHING)
    if layer in averaged and not behind & set(beside):
        return
    remedy = "Use grad_cam, which is the same where CAM exists."
    if averaged and layer not in averaged:
        remedy = f"Pass layer={averaged[0]!r}, which the average reads."
    axes = len(network[layer].output_shape) - 2 or 2
    raise ValueError(
        f"`model` must go from the layer to GlobalAveragePooling{axes}D and one Dense layer for "
        f"CAM: got {', '.join(path) or 'another way'} after layer={layer!r}. {remedy}"
    )


def _averaged(network, node):
    """What the dense layer reads that ends in a node.

    Returns:
        The addresses of the layers whose maps are averaged for it, and of what else it reads.
    """
    while node.kind in _ENDS and _gives_probabilities(node.layer):
        node = network[node.inputs[0]]
    if node.kind != "Dense" or not _gives_probabilities(node.layer):
        return [], []
    read = _before(network, node.inputs, _MOVES_NOTHING, (-1, 1))
    found = []
    for average in filter(_is_average, read):
        maps = average.inputs
        while maps:
            found += maps
            maps = [
                address
                for node in map(network.__getitem__, maps)
                if node.kind in _DOES_NOTHING
                or (
                    node.kind == "Concatenate"
                    and node.layer.axis in (-1, len(node.output_shape) - 1)
                )
                for address in node.inputs
            ]
    return found, [node.address for node in read if not _is_average(node)]


def _before(network, reached, kinds, axes):
    """The nodes in front of those that only pass values on or join them."""
    found = []
    for node in map(network.__getitem__, reached):
        joins = node.kind == "Concatenate" and node.layer.axis in axes
        if joins or node.kind in kinds:
            found += _before(network, node.inputs, kinds, axes)
        else:
            found.append(node)
    return found


def _gives_probabilities(layer):
    activation = getattr(layer, "activation", None)
    return activation is None or getattr(activation, "__name__", "").startswith(_TO_PROBABILITIES)


def _is_average(node):
    """Whether each of its values is the mean of a whole map."""
    if node.kind.startswith("GlobalAveragePooling"):
        return True
    if not node.inputs or len(node.input_shapes[0]) != 4:
        return False
    if node.kind == "Mean":
        axes = node.layer.axis if isinstance(node.layer.axis, list | tuple) else ()
        return sorted(axis % 4 for axis in axes) == [1, 2]
    size = tuple(node.input_shapes[0][1:3])
    return node.kind == "AveragePooling2D" and tuple(node.layer.pool_size) == size
