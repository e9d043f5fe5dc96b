"""Of what kind is a layer, and the layer inside it, as in ``TimeDistributed(Conv2D(...))``?"""

from dataclasses import replace

CONVOLUTIONS = frozenset(
    "Conv1D Conv2D Conv3D DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D".split()
)
MAKES_MAPS = CONVOLUTIONS | {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"}
NORMALISATIONS = frozenset(
    """BatchNormalization LayerNormalization GroupNormalization UnitNormalization
    RMSNormalization""".split()
)
ACTIVATIONS = frozenset(
    """Activation ReLU LeakyReLU ELU PReLU Softmax Relu Relu6 LeakyRelu Elu Selu Celu Gelu Silu
    HardSilu Sigmoid HardSigmoid LogSigmoid Softplus Softsign LogSoftmax Tanh HardTanh""".split()
)


def is_from_keras(cls):
    """Whether a class is Keras's own."""
    return cls.__module__.split(".")[0] == "keras"


def kind_of(layer):
    """The name of the Keras class whose `call` the layer runs.

    A class that computes something of its own carries its module, such as "__main__.Swish".

    Example:
        >>> import keras
        >>> kind_of(keras.layers.ReLU())
        'ReLU'
    """
    for cls in type(layer).__mro__:
        if is_from_keras(cls):
            return cls.__name__
        if "call" in vars(cls):
            break
    return f"{type(layer).__module__}.{type(layer).__name__}"


def inner(node, layer, step=False):
    """The call of a layer that a node's layer wraps.

    Args:
        node: of a `cnnlab.reading.graph.Graph`.
        layer: the layer inside.
        step: whether it is called for each step, that is, without the time axis (B, T, ...).

    Returns:
        A `Node` of the same address.

    Example:
        >>> import keras
        >>> from cnnlab.reading.graph import read
        >>> video = keras.Input((5, 8, 12, 3))
        >>> each = keras.layers.TimeDistributed(keras.layers.Conv2D(4, 3))
        >>> node = inner(read(keras.Sequential([video, each])).calls[0], each.layer, step=True)
        >>> node.kind, node.output_shape
        ('Conv2D', (None, 6, 10, 4))
    """
    shapes = node.input_shapes, node.output_shapes
    if step:
        shapes = [tuple((shape[0], *shape[2:]) for shape in side) for side in shapes]
    return replace(
        node, layer=layer, kind=kind_of(layer), input_shapes=shapes[0], output_shapes=shapes[1]
    )
