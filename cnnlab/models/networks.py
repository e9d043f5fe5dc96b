"""The networks of the course, layer by layer: uncompiled, and their output is logits."""

import keras
import numpy as np
from keras import layers

from cnnlab.models.blocks import LocalResponseNormalization, conv_norm, residual_block


def mlp(input_shape=(28, 28, 1), hidden=784, classes=10):
    """A multi-layer perceptron with one hidden layer; 784-784-10 as it stands.

    Args:
        input_shape: (H, W, C) of the images, which are flattened first.
        hidden: units of the hidden layer.
        classes: number of classes, one logit each.

    Returns:
        A `keras.Sequential`, (B, H, W, C) -> (B, classes).

    Example:
        >>> mlp().count_params()  # 784*784 + 784 and 784*10 + 10
        623290

    Source: the MNIST example of lecture "CNN", 615,440 + 7,850 parameters.
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Flatten(name="flatten"),
            layers.Dense(hidden, activation="relu", name="hidden"),
            layers.Dense(classes, name="output"),
        ],
        name="mlp",
    )


def mnist_cnn(input_shape=(28, 28, 1), classes=10):
    """The course's convolutional network for MNIST: a tenth of the MLP's parameters.

    28x28x1 - conv 5x5 -> 24x24x30 - pool -> 12x12x30 - conv 3x3 -> 10x10x15 - pool -> 5x5x15
    - flatten -> 375 - 128 - 50 - 10

    Args:
        input_shape: (H, W, C) of the images.
        classes: number of classes, one logit each.

    Returns:
        A `keras.Sequential`, (B, H, W, C) -> (B, classes).

    Example:
        >>> mnist_cnn().count_params()  # 780 + 4065 + 48128 + 6450 + 510
        59933

    Source: the MNIST example of lecture "CNN".
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(30, kernel_size=5, activation="relu", name="conv1"),
            layers.MaxPooling2D(pool_size=2, name="pool1"),
            layers.Conv2D(15, kernel_size=3, activation="relu", name="conv2"),
            layers.MaxPooling2D(pool_size=2, name="pool2"),
            layers.Dropout(0.2, name="dropout"),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="dense1"),
            layers.Dense(50, activation="relu", name="dense2"),
            layers.Dense(classes, name="output"),
        ],
        name="mnist_cnn",
    )


def lenet5(input_shape=(28, 28, 1), classes=10, activation="tanh", pooling="average"):
    """LeNet-5, with the layer names of its paper.

    28x28x1 - pad -> 32x32x1 - C1 -> 28x28x6 - S2 -> 14x14x6 - C3 -> 10x10x16 - S4 -> 5x5x16
    - C5 -> 1x1x120 - F6 -> 84 - output -> 10

    Args:
        input_shape: (H, W, C) of the images, (28, 28, 1) as in MNIST; at least 28 rows and columns.
        classes: number of classes, one logit each.
        activation: of every layer but the last; "relu" is what later networks use.
        pooling: "average" or "max".

    Returns:
        A `keras.Model`, (B, H, W, C) -> (B, classes).

    Raises:
        ValueError: another pooling, or images that are too small.

    Example:
        >>> lenet5().count_params()  # 156 + 2416 + 48120 + 10164 + 850
        61706

    Source: LeCun, Bottou, Bengio & Haffner (1998), Gradient-based learning applied to document
        recognition, section II.B. Differences: C3 sees all six maps (the paper's table connects 60
        of the 96 pairs), S2 and S4 are plain averages without trainable coefficients, tanh is
        not scaled, and the output layer is dense where the paper has radial basis functions.
    """
    pools = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}
    if pooling not in pools:
        raise ValueError(f"`pooling` must be one of average, max: got pooling={pooling!r}.")
    pool = pools[pooling]
    if np.shape(input_shape) != (3,) or min(size or 0 for size in input_shape[:2]) < 28:
        raise ValueError(
            "`input_shape` must be (height, width, channels), at least 28 by 28 pixels: got "
            f"input_shape={input_shape}. Use larger images; grey ones have 1 channel."
        )
    # Functional, not sequential: so `model.input` and `model.output` are there to build on.
    inputs = x = keras.Input(input_shape, name="input")
    x = layers.ZeroPadding2D(2, name="pad")(x)
    x = layers.Conv2D(6, kernel_size=5, activation=activation, name="c1")(x)
    x = pool(pool_size=2, name="s2")(x)
    x = layers.Conv2D(16, kernel_size=5, activation=activation, name="c3")(x)
    x = pool(pool_size=2, name="s4")(x)
    x = layers.Conv2D(120, kernel_size=5, activation=activation, name="c5")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(84, activation=activation, name="f6")(x)
    return keras.Model(inputs, layers.Dense(classes, name="output")(x), name="lenet5")


def alexnet(input_shape=(227, 227, 3), classes=1000, groups=1, normalise_first=True):
    """AlexNet: five convolutions, three overlapping pools, three dense layers.

    227x227x3 - conv1 -> 55x55x96 - pool1 -> 27x27x96 - conv2 -> 27x27x256 - pool2 -> 13x13x256
    - conv3 -> 13x13x384 - conv4 -> 13x13x384 - conv5 -> 13x13x256 - pool5 -> 6x6x256
    - flatten -> 9216 - 4096 - 4096 - 1000

    Args:
        input_shape: (H, W, C) of the images, at least 67 pixels high and wide.
        classes: number of classes, one logit each.
        groups: 2 splits conv2, conv4 and conv5 as the paper does for its two GPUs: each half of
            the filters sees half of the channels.
        normalise_first: whether the local response normalisation stands before the pool, as in the
            paper, or after it, as on the lecture's slide.

    Returns:
        A `keras.Sequential`, (B, H, W, C) -> (B, classes).

    Raises:
        ValueError: H or W is not known or is under 67 pixels.

    Example:
        >>> from cnnlab.models import blueprint
        >>> with blueprint():
        ...     print(alexnet().count_params(), alexnet(groups=2).count_params())
        62378344 60965224

    Source: Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep convolutional
        neural networks. Differences: its text says 224x224, which 11x11 steps of 4 do not fit; no
        initial bias of 1; logits.
    """
    sides = input_shape[:2]
    if None in sides or min(sides) < 67:
        raise ValueError(
            "`input_shape` must be at least 67 pixels high and wide, for conv1 and three pools "
            f"shrink it: got input_shape={input_shape}. Enlarge the images."
        )

    def conv(filters, kernel_size, name, **options):
        options = {"padding": "same", **options}
        return layers.Conv2D(filters, kernel_size, activation="relu", name=name, **options)

    def normalise_and_pool(number):
        pair = [
            LocalResponseNormalization(name=f"norm{number}"),
            layers.MaxPooling2D(pool_size=3, strides=2, name=f"pool{number}"),
        ]
        return pair if normalise_first else pair[::-1]

    return keras.Sequential(
        [
            keras.Input(input_shape),
            conv(96, 11, "conv1", strides=4, padding="valid"),
            *normalise_and_pool(1),
            conv(256, 5, "conv2", groups=groups),
            *normalise_and_pool(2),
            conv(384, 3, "conv3"),
            conv(384, 3, "conv4", groups=groups),
            conv(256, 3, "conv5", groups=groups),
            layers.MaxPooling2D(pool_size=3, strides=2, name="pool5"),
            layers.Flatten(name="flatten"),
            layers.Dense(4096, activation="relu", name="fc6"),
            layers.Dropout(0.5, name="dropout6"),
            layers.Dense(4096, activation="relu", name="fc7"),
            layers.Dropout(0.5, name="dropout7"),
            layers.Dense(classes, name="fc8"),
        ],
        name="alexnet",
    )


def vgg16(width=1.0, include_top=True, input_shape=(224, 224, 3), classes=1000):
    """VGG16: thirteen 3x3 convolutions in five blocks, a 2x2 max pool after each block.

    224x224x3 - block1 -> 112x112x64 - block2 -> 56x56x128 - block3 -> 28x28x256
    - block4 -> 14x14x512 - block5 -> 7x7x512 - flatten -> 25088 - 4096 - 4096 - 1000

    Layer names and order are those of `keras.applications.VGG16`, so its published weights fit.

    Args:
        width: the filters of every convolution and the units of fc1 and fc2, as a share of VGG16's.
        include_top: whether the three dense layers follow; without them the output is block5_pool.
        input_shape: (H, W, 3); without the top H and W may be None.
        classes: number of classes, one logit each.

    Returns:
        A `keras.Model`, (B, H, W, 3) -> (B, classes), or (B, H // 32, W // 32, 512 * width).

    Raises:
        ValueError: H or W is not known but the dense layers need it, or is under 32 pixels.

    Example:
        >>> vgg16(include_top=False).count_params()
        14714688
        >>> vgg16(width=0.25, include_top=False, input_shape=(64, 96, 3)).output_shape
        (None, 2, 3, 128)

    Source: Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image
        recognition, arXiv:1409.1556, configuration D. Difference: logits, where Keras has softmax.
    """
    sides = input_shape[:2]
    if include_top and None in sides:
        raise ValueError(
            "`input_shape` must give height and width when `include_top` is True: "
            f"got input_shape={input_shape}. Use include_top=False for images of any size."
        )
    if any(side is not None and side < 32 for side in sides):
        raise ValueError(
            "`input_shape` must be at least 32 pixels high and wide, for five poolings halve it: "
            f"got input_shape={input_shape}. Enlarge the images."
        )

    def conv(filters, name):
        return layers.Conv2D(
            int(filters * width), kernel_size=3, padding="same", activation="relu", name=name
        )

    def pool(name):
        return layers.MaxPooling2D(pool_size=2, name=name)

    inputs = x = keras.Input(input_shape, name="input")

    x = conv(64, "block1_conv1")(x)
    x = conv(64, "block1_conv2")(x)
    x = pool("block1_pool")(x)

    x = conv(128, "block2_conv1")(x)
    x = conv(128, "block2_conv2")(x)
    x = pool("block2_pool")(x)

    x = conv(256, "block3_conv1")(x)
    x = conv(256, "block3_conv2")(x)
    x = conv(256, "block3_conv3")(x)
    x = pool("block3_pool")(x)

    x = conv(512, "block4_conv1")(x)
    x = conv(512, "block4_conv2")(x)
    x = conv(512, "block4_conv3")(x)
    x = pool("block4_pool")(x)

    x = conv(512, "block5_conv1")(x)
    x = conv(512, "block5_conv2")(x)
    x = conv(512, "block5_conv3")(x)
    x = pool("block5_pool")(x)

    if include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(int(4096 * width), activation="relu", name="fc1")(x)
        x = layers.Dense(int(4096 * width), activation="relu", name="fc2")(x)
        x = layers.Dense(classes, name="predictions")(x)
    return keras.Model(inputs, x, name="vgg16")


def vgg13(include_top=True, input_shape=(224, 224, 3), classes=1):
    """VGG-13, the lecture's "VGG" listing: two convolutions in each block, one logistic output.

    224x224x3 - block1 -> 112x112x64 - block2 -> 56x56x128 - block3 -> 28x28x256
    - block4 -> 14x14x512 - block5 -> 7x7x512 - flatten -> 25088 - 4096 - 4096 - 1

    Args:
        include_top: whether the three dense layers and their dropout follow; without them the
            output is block5_pool.
        input_shape: (H, W, C) of the images, at least 32 pixels high and wide.
        classes: number of logits; one is enough to tell cat from dog.

    Returns:
        A `keras.Model`, (B, H, W, C) -> (B, classes), or (B, H // 32, W // 32, 512).

    Example:
        >>> vgg13(include_top=False).count_params()
        9404992

    Source: Simonyan & Zisserman (2015), arXiv:1409.1556, configuration B.
    """
    inputs = x = keras.Input(input_shape, name="input")
    for block, filters in enumerate((64, 128, 256, 512, 512), 1):
        for name in (f"block{block}_conv1", f"block{block}_conv2"):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(pool_size=2, name=f"block{block}_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        for name in ("fc1", "fc2"):
            x = layers.Dense(4096, activation="relu", name=name)(x)
            x = layers.Dropout(0.5, name=f"{name}_dropout")(x)
        x = layers.Dense(classes, name="predictions")(x)
    return keras.Model(inputs, x, name="vgg13")


def vgg16_slim(include_top=True, input_shape=(None, None, 3), classes=100):
    """VGG16 with half the filters and one dense layer for a head: images of any size.

    64x64x3 - block1 ... block5 -> 2x2x256 - average_pool -> 256 - predictions -> 100

    Args:
        include_top: whether the head follows; without it the output is block5_pool.
        input_shape: (H, W, 3); H and W may be None.
        classes: number of classes, one logit each.

    Returns:
        A `keras.Model`, (B, H, W, 3) -> (B, classes), or (B, H // 32, W // 32, 256).

    Example:
        >>> vgg16_slim().count_params()
        3705860

    Source: this project, after Simonyan & Zisserman (2015), arXiv:1409.1556. The global average
        in place of flatten, fc1 and fc2 follows Lin, Chen & Yan (2014), arXiv:1312.4400.
    """
    base = vgg16(width=0.5, include_top=False, input_shape=input_shape)
    x = base.output
    if include_top:
        x = layers.GlobalAveragePooling2D(name="average_pool")(x)
        x = layers.Dense(classes, name="predictions")(x)
    return keras.Model(base.input, x, name="vgg16_slim")


def residual_stack(blocks, shortcut=True, filters=8, input_shape=(28, 28, 1), classes=10):
    """A network of equal residual blocks: as deep as you like, with or without its shortcuts.

    28x28x1 - stem -> 14x14x8 - pool -> 7x7x8 - block1 ... -> 7x7x8 - average_pool -> 8 - 10

    Args:
        blocks: number of residual blocks, of two convolutions each.
        shortcut: False gives the plain stack, with the same layers and parameters.
        filters: channels of every convolution.
        input_shape: (H, W, C) of the images.
        classes: number of classes, one logit each.

    Returns:
        A `keras.Model`, (B, H, W, C) -> (B, classes).

    Example:
        >>> deep = residual_stack(blocks=10)
        >>> deep.count_params() == residual_stack(blocks=10, shortcut=False).count_params()
        True

    Source: after the CIFAR-10 networks of He, Zhang, Ren & Sun (2016), arXiv:1512.03385, section
        4.2, at one small size instead of three.
    """
    inputs = keras.Input(input_shape, name="input")
    x = layers.ReLU(name="stem_output")(conv_norm(inputs, filters, 3, 2, "stem", "conv"))
    x = layers.MaxPooling2D(pool_size=2, name="pool")(x)
    for number in range(1, blocks + 1):
        x = residual_block(x, filters, shortcut=shortcut, name=f"block{number}")
    x = layers.GlobalAveragePooling2D(name="average_pool")(x)
    outputs = layers.Dense(classes, name="output")(x)
    return keras.Model(inputs, outputs, name="residual_stack" if shortcut else "plain_stack")
