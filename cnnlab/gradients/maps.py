"""What layers answered, and how a picture changes their answers: for patterns and paintings."""

import numpy as np

from cnnlab.gradients.asking import answers
from cnnlab.gradients.questions import channel_evidence_by, outputs_of, unlikeness_by


def channel_evidence(batch, layer, channels):
    """The largest value of one channel's map, and the gradient of its mean before the ReLU.

    Before the ReLU: a filter that is silent on the first picture would otherwise give no
    gradient to leave it by.

    Args:
        batch: a `Batch` of a model with one image input.
        layer: name or path of a layer with a map.
        channels: (B,) the number of a channel that the layer has, per image.

    Returns:
        The largest values (B,) and the gradients by the images (B,H,W,C), float32.

    Raises:
        ValueError: the layer does not suit the model.
    """
    return answers(batch, channel_evidence_by, layer, rows=(np.asarray(channels, np.int32),))


def layer_outputs(batch, layers):
    """What several layers answered, in one pass.

    Args:
        batch: a `Batch`.
        layers: names or paths.

    Returns:
        A tuple of float32 arrays, one per layer, of whatever shape.

    Raises:
        ValueError: a layer does not suit the model.
    """
    return answers(batch, outputs_of, tuple(layers))


def unlikeness(batch, picture, parts, targets, shares):
    """How far a picture's maps and Gram matrices are from given ones, and the gradient of that.

    ``sum over parts of share * mean (seen - target)^2``, per picture.

    Args:
        batch: a `Batch`.
        picture: the name of the input that is painted.
        parts: a tuple of (layer, whether its Gram matrix is compared and not the map itself).
        targets: an array (B, ...) per part.
        shares: (B, parts), what each part counts.

    Returns:
        The sums (B,) and the gradients by the picture (B,H,W,C), float32.

    Raises:
        ValueError: a layer does not suit the model.
    """
    shares = np.asarray(shares, np.float32)
    return answers(batch, unlikeness_by, picture, parts, rows=(shares, *targets))
