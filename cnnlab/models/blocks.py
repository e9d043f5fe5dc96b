"""The blocks that networks are made of, each a function of a tensor.

For use in a functional model; `name` is put in front of the names of a block's layers.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("cnnlab")
class LocalResponseNormalization(layers.Layer):
    """Each value divided by the energy of five channels: its own, two before and two after.

    ``x[c] / (2 + 0.0001 * (x[c-2]² + x[c-1]² + x[c]² + x[c+1]² + x[c+2]²)) ** 0.75``

    Example:
        >>> x = keras.ops.full((1, 2, 3, 7), 100.0)
        >>> [round(float(value), 2) for value in LocalResponseNormalization()(x)[0, 0, 0]]
        [29.91, 26.08, 23.24, 23.24, 23.24, 26.08, 29.91]

    Source: Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep convolutional
        neural networks, section 3.3. Batch normalisation has taken its place.
    """

    pointwise = True  # what `cnnlab.receptive_field` asks of a layer it does not know

    def call(self, x):
        """The normalised (B, H, W, C)."""
        channels = x.shape[-1]
        squares = ops.pad(ops.square(x), [[0, 0], [0, 0], [0, 0], [2, 2]])
        energy = sum(squares[..., shift : shift + channels] for shift in range(5))
        return x / (2 + 1e-4 * energy) ** 0.75


def inception_block(x, filters=(64, 128, 32, 32), reduced=(96, 16), name=None):
    """Four views of the same maps, side by side: the network need not choose a kernel size.

        x -+-------------- 1x1 ---------+
           +-- 1x1 ------- 3x3 ---------+- concatenate
           +-- 1x1 ------- 5x5 ---------+
           +-- 3x3 max --- 1x1 ---------+

    Args:
        x: (B, H, W, C) tensor.
        filters: channels that the 1x1, 3x3, 5x5 and pool branches give.
        reduced: channels left by the 1x1 before the 3x3 and before the 5x5.
        name: the layers are called `name_1x1` and so on; None leaves it to Keras.

    Returns:
        (B, H, W, sum of filters) tensor; the stride is 1 and the padding "same" everywhere.

    Example:
        >>> inception_block(keras.Input((28, 36, 192)), name="3a").shape
        (None, 28, 36, 256)

    Source: Szegedy et al. (2015), Going deeper with convolutions, arXiv:1409.4842, figure 2(b);
        the numbers that stand are those of inception (3a), table 1.
    """

    def conv(channels, size, part):
        return layers.Conv2D(
            channels, size, padding="same", activation="relu", name=_part(name, part)
        )

    of_1x1, of_3x3, of_5x5, of_pool = filters
    before_3x3, before_5x5 = reduced
    pooled = layers.MaxPooling2D(3, strides=1, padding="same", name=_part(name, "pool"))(x)
    branches = [
        conv(of_1x1, 1, "1x1")(x),
        conv(of_3x3, 3, "3x3")(conv(before_3x3, 1, "3x3_reduced")(x)),
        conv(of_5x5, 5, "5x5")(conv(before_5x5, 1, "5x5_reduced")(x)),
        conv(of_pool, 1, "pool_1x1")(pooled),
    ]
    return layers.Concatenate(name=_part(name, "output"))(branches)


def residual_block(x, filters, strides=1, shortcut=True, name=None):
    """A branch of two 3x3 convolutions, added to what came in.

    ``relu(x + branch(x))``: with all weights of the branch zero, and x >= 0, the block is the
    identity.

    Args:
        x: (B, H, W, C) tensor.
        filters: channels of both convolutions.
        strides: stride of the first convolution. Where it or `filters` changes the shape, a 1x1
            convolution brings x to the shape of the branch.
        shortcut: False leaves the addition out: the plain block that the paper compares with.
        name: the layers are called `name_conv1` and so on; None leaves it to Keras.

    Returns:
        (B, ceil(H / strides), ceil(W / strides), filters) tensor.

    Example:
        >>> residual_block(keras.Input((28, 37, 16)), filters=24, strides=2).shape
        (None, 14, 19, 24)

    Source: He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition,
        arXiv:1512.03385, figure 2, with batch normalisation after each convolution; option B for
        changes of shape.
    """
    branch = conv_norm(x, filters, 3, strides, name, "conv1")
    branch = layers.ReLU(name=_part(name, "relu"))(branch)
    branch = conv_norm(branch, filters, 3, 1, name, "conv2")
    if shortcut:
        if branch.shape != x.shape:
            x = conv_norm(x, filters, 1, strides, name, "projection")
        branch = layers.Add(name=_part(name, "add"))([x, branch])
    return layers.ReLU(name=_part(name, "output"))(branch)


def depthwise_separable_block(x, filters, strides=1, name=None):
    """A 3x3 convolution in two steps: each channel by itself, then a 1x1 mixes the channels.

    Against a full 3x3 it needs ``1 / filters + 1 / 9`` of the multiplications.

    Args:
        x: (B, H, W, C) tensor.
        filters: channels of the 1x1 convolution.
        strides: stride of the depthwise convolution.
        name: the layers are called `name_depthwise` and so on; None leaves it to Keras.

    Returns:
        (B, ceil(H / strides), ceil(W / strides), filters) tensor.

    Example:
        >>> depthwise_separable_block(keras.Input((28, 37, 16)), filters=24, strides=2).shape
        (None, 14, 19, 24)

    Source: Howard et al. (2017), MobileNets, arXiv:1704.04861, figure 3 and section 3.1.
        Difference: a plain ReLU as in the paper, where Keras's MobileNet stops at 6.
    """
    depthwise = layers.DepthwiseConv2D(
        3, strides=strides, padding="same", use_bias=False, name=_part(name, "depthwise")
    )
    norm = layers.BatchNormalization(momentum=0.9, name=_part(name, "depthwise_norm"))
    x = layers.ReLU(name=_part(name, "depthwise_relu"))(norm(depthwise(x)))
    x = conv_norm(x, filters, 1, 1, name, "pointwise")
    return layers.ReLU(name=_part(name, "output"))(x)


def conv_norm(x, filters, kernel_size, strides, name, part):
    """A convolution without bias (the normalisation has one) and its batch normalisation."""
    conv = layers.Conv2D(
        filters, kernel_size, strides, padding="same", use_bias=False, name=_part(name, part)
    )
    # 0.9 follows the batches sooner than Keras's 0.99: the trainings of the course are short.
    norm = layers.BatchNormalization(momentum=0.9, name=_part(name, f"{part}_norm"))
    return norm(conv(x))


def _part(name, part):
    """The name of one layer of a block, or None for Keras to choose."""
    return None if name is None else f"{name}_{part}"
