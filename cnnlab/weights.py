"""Pretrained networks: which weights, from where, and the preprocessing that goes with them."""

import difflib
import io
import json

import keras
import numpy as np

from cnnlab import models
from cnnlab.datasets.loading import DIGITS
from cnnlab.files import fetch, shipped

NAMES = ("vgg16_slim", "vgg16", "lenet5", "mnist_cnn")
# The convolutions of each, in their order, and their kernels' size.
_VGG16 = {
    f"block{block}_conv{number}": 3
    for block, count in enumerate((2, 2, 3, 3, 3), start=1)
    for number in range(1, count + 1)
}
CONVOLUTIONS = {
    "vgg16_slim": _VGG16,
    "vgg16": _VGG16,
    "lenet5": {"c1": 5, "c3": 5, "c5": 5},
    "mnist_cnn": {"conv1": 5, "conv2": 3},
}
IMAGENET_MEANS = (103.939, 116.779, 123.68)  # blue, green, red: of the training photographs


def pretrained(name, include_top=False):
    """A trained network, uncompiled; its output is logits or, without its top, feature maps.

    ============ ========================= =========================================
    vgg16_slim   100 kinds of photograph   shipped, trained by this project
    vgg16        1000 classes of ImageNet  `cnnlab fetch vgg16`, with top `vgg16_top`
    lenet5       digits                    shipped, trained by this project on MNIST
    mnist_cnn    digits                    shipped, trained by this project on MNIST
    ============ ========================= =========================================

    Args:
        name: one of the four.
        include_top: True with the classifying layers; False without them, that is up to the last
            layer that still has height and width.

    Returns:
        A `keras.Model` named `name`, for images as `preprocess(name, ...)` returns them.

    Raises:
        ValueError: an unknown name, or a damaged file.
        FileNotFoundError: the weights must be fetched first; the message names the command.

    Example:
        >>> pretrained("lenet5", include_top=True).count_params()
        61706

    Source: `datasets.card(name)`; for vgg16 Simonyan & Zisserman (2015), arXiv:1409.1556.
    """
    _check_name(name)
    if name == "vgg16":
        return _vgg16(include_top)
    model = getattr(models, name)()
    content = io.BytesIO(shipped.verified(f"weights/{name}.npz"))
    with np.load(content, allow_pickle=False) as file:
        fill(model, file)
    if include_top:
        return model
    top = next(layer for layer in model.layers if layer.name in ("flatten", "average_pool"))
    return keras.Model(model.inputs[0], top.input, name=name)


def preprocess(name, images):
    """Photographs as a pretrained network expects them.

    vgg16_slim: x / 127.5 - 1. vgg16: blue, green, red, minus the mean of each.
    lenet5, mnist_cnn: x / 255.

    Args:
        name: one of the four of `pretrained`.
        images: (B, H, W, C) or (H, W, C) uint8, 0-255; C = 3 (red, green, blue), for the networks
            for digits C = 1.

    Returns:
        float32 of the same shape.

    Raises:
        ValueError: an unknown name, images that are not uint8, or another number of channels.

    Example:
        >>> preprocess("vgg16_slim", np.full((1, 4, 6, 3), 255, "uint8")).max()
        np.float32(1.0)

    Source: vgg16 as `keras.applications.vgg16.preprocess_input`.
    """
    _check_name(name)
    images = np.asarray(images)
    channels = 3 if name.startswith("vgg16") else 1
    if images.dtype != np.uint8:
        raise ValueError(
            f"`images` must be uint8, 0-255: got {images.dtype} from {images.min():.3g} to "
            f"{images.max():.3g}. Use images as they were loaded, or round what was resized to "
            "uint8; what is preprocessed already goes to the network as it is."
        )
    if images.ndim not in (3, 4) or images.shape[-1] != channels:
        raise ValueError(
            f"`images` must be (B, H, W, {channels}) or (H, W, {channels}) for {name}: "
            f"got shape {images.shape}. Add the missing axis, or choose another network."
        )
    return scaled(name, images.astype(np.float32))


def scaled(name, x):
    """The arithmetic of `preprocess`: operators only, so it works inside a Keras model too.

    Args:
        name: one of the four of `pretrained`.
        x: (B, H, W, C) float32 array or Keras tensor, 0-255.

    Returns:
        The same, as the network expects it.

    Example:
        >>> scaled("vgg16_slim", keras.Input((4, 6, 3))).shape
        (None, 4, 6, 3)
    """
    if name == "vgg16_slim":
        return x / 127.5 - 1
    if name == "vgg16":
        return x[..., ::-1] - np.array(IMAGENET_MEANS, np.float32)
    return x / 255


def class_names(name):
    """The name of each class that a pretrained network tells apart, in the order of its logits.

    Args:
        name: one of the four of `pretrained`.

    Raises:
        FileNotFoundError: for vgg16, the message names the command that fetches ImageNet's names.

    Example:
        >>> class_names("lenet5")[:3]
        ('0', '1', '2')
    """
    _check_name(name)
    if name == "vgg16_slim":
        rows = shipped.verified("weights/vgg16_slim_classes.csv").decode("utf-8").splitlines()
        return tuple(row.split(",", 1)[1] for row in rows[1:])
    if name == "vgg16":
        fetch.verify("imagenet_classes")
        classes = json.loads(fetch.path("imagenet_classes").read_text(encoding="utf-8"))
        return tuple(classes[str(number)][1] for number in range(len(classes)))
    return DIGITS


def arrays(model):
    """A dict of a model's weights: "layer/kernel", "layer/bias", ... -> array."""
    return {
        f"{layer.name}/{weight.name}": np.asarray(weight)
        for layer in model.layers
        for weight in layer.weights
    }


def fill(model, values):
    """Gives a model the weights of a dict as `arrays` returns it, of any float type.

    Raises:
        ValueError: a weight is missing, is too many or has another shape.
    """
    wanted = {name: array.shape for name, array in arrays(model).items()}
    given = {name: values[name].shape for name in values}
    if wanted != given:
        differing = sorted(name for name in wanted | given if wanted.get(name) != given.get(name))
        name = differing[0]
        raise ValueError(
            f"`values` must hold the weights of {model.name}: got {name} with shape "
            f"{given.get(name)}, expected {wanted.get(name)}. Take the file made for this network."
        )
    for layer in model.layers:
        for weight in layer.weights:
            weight.assign(np.asarray(values[f"{layer.name}/{weight.name}"], np.float32))


def _vgg16(include_top):
    name = "vgg16_top" if include_top else "vgg16"
    fetch.verify(name)
    shape = (224, 224, 3) if include_top else (None, None, 3)
    model = models.vgg16(include_top=include_top, input_shape=shape)
    model.load_weights(fetch.path(name))
    return model


def _check_name(name):
    if name not in NAMES:
        near = difflib.get_close_matches(str(name), NAMES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"`name` must be one of {', '.join(NAMES)}: got name={name!r}.{hint}")
