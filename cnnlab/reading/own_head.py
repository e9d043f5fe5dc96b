"""Does a network still have its own head, where features are wanted of it?"""

from cnnlab.reading import kinds


def own_head(network):
    """The layer at a network's end that makes answers of features, or None.

    That is a softmax, or what stands in front of activations, reshapes and dropout: a dense layer,
    or a convolution of a single cell, which is one too.

    Args:
        network: a `Graph`.

    Returns:
        A `Node` or None.

    Example:
        >>> import keras
        >>> from cnnlab.reading.graph import read
        >>> stack = [keras.layers.Flatten(), keras.layers.Dense(2, name="classes")]
        >>> own_head(read(keras.Sequential([keras.Input((8, 12, 3)), *stack]))).address
        'classes'
    """
    node = network[network.outputs[0]]
    while node.kind in kinds.ACTIVATIONS | {"Reshape", "Flatten", "Dropout", "Identity"}:
        activation = getattr(node.layer, "activation", None)
        if "softmax" in (node.kind.lower(), getattr(activation, "__name__", "")):
            return node
        node = network[node.inputs[0]]
    is_cell = node.kind in kinds.CONVOLUTIONS and set(node.input_shapes[0][1:-1]) == {1}
    return node if node.kind == "Dense" or is_cell else None
