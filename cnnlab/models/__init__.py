"""The networks of the course, layer by layer: uncompiled, and their output is logits.

A network here is an ordinary Keras model. Compile it, train it, or fill it with trained weights
(`cnnlab.weights.pretrained`); for probabilities add a softmax, or use a loss with
`from_logits=True`. ``networks`` are whole, ``blocks`` what they are made of, ``blueprints`` for
networks that are counted, not run. Called by lessons, homework and ``exercises``, by
``weights`` and ``command``.
"""

from cnnlab.models.blocks import (
    LocalResponseNormalization,
    depthwise_separable_block,
    inception_block,
    residual_block,
)
from cnnlab.models.blueprints import blueprint
from cnnlab.models.networks import (
    alexnet,
    lenet5,
    mlp,
    mnist_cnn,
    residual_stack,
    vgg13,
    vgg16,
    vgg16_slim,
)

__all__ = [
    "LocalResponseNormalization",
    "alexnet",
    "blueprint",
    "depthwise_separable_block",
    "inception_block",
    "lenet5",
    "mlp",
    "mnist_cnn",
    "residual_block",
    "residual_stack",
    "vgg13",
    "vgg16",
    "vgg16_slim",
]
