"""Transfer learning: features of a trained network, computed once; a head; fine-tuning.

The preprocessing that a network's weights expect is found by the network's name and layers and
applied here, so photographs go in as they are: uint8, 0-255.
"""

import functools
import hashlib
import itertools
from pathlib import Path

import keras
import numpy as np
from keras import layers

from cnnlab import weights
from cnnlab.files import feature_cache
from cnnlab.progress import bar
from cnnlab.reading import graph, kinds, private_names
from cnnlab.reading.in_prediction import in_prediction
from cnnlab.reading.model_inputs import shape_remedy
from cnnlab.reading.one_output import feature_shape, is_readable, only
from cnnlab.reading.own_head import own_head
from cnnlab.reading.per_model import known
from cnnlab.reading.picture_axes import turned_maps
from cnnlab.reading.value_range import rescales

_AVERAGES = {  # by the rank of the base's output: tokens, maps, volumes
    3: layers.GlobalAveragePooling1D,
    4: layers.GlobalAveragePooling2D,
    5: layers.GlobalAveragePooling3D,
}


def extract_features(base, images, batch_size=32, cache=None, preprocess=None):
    """What a network answers to photographs: its output, computed batch by batch.

    With a `cache` the features are written to disk and read back the next time. They are found
    by the content of images and weights and by what the preprocessing makes of noise, and compared
    with what the network answers now to some of the photographs: features of other weights, other
    pictures, another layer or another preprocessing are computed anew.

    Args:
        base: a Keras model, for example `pretrained("vgg16_slim")`; for the output of an inner
            layer `keras.Model(base.input, base.get_layer("block4_pool").output, name=base.name)`.
        images: (N, H, W, 3) uint8, 0-255; may be memory-mapped, one batch is read at a time.
        batch_size: photographs per step, at most; more of them take more memory.
        cache: None, or a folder; delete it whenever you like.
        preprocess: None for the one that belongs to the network's name (`weights.preprocess`),
            which is taken for that network where its convolutions have the same names and sizes;
            or the function that the pictures of a network of your own went through, which may
            change their size.

    Returns:
        (N, ...) float32, one output per photograph; with a `cache` memory-mapped and read-only.

    Raises:
        ValueError: no photographs, other pixels than uint8 0-255, photographs too small for the
            network, or a network whose preprocessing is not known.
        OSError: the cache has no room for the features, or cannot be written.

    Example:
        >>> import keras, numpy as np
        >>> base = keras.Sequential([keras.Input((None, None, 3)), keras.layers.MaxPooling2D()])
        >>> photographs = np.zeros((5, 8, 6, 3), np.uint8)
        >>> extract_features(base, photographs, preprocess=lambda images: images / 255).shape
        (5, 4, 3, 3)
    """
    _check_images(base, images, any_pixels=preprocess is not None)
    if preprocess is None:
        _check_size(base, images.shape[1:])
        preprocess = _preprocessing(base)
    first = _prepared(images[:1], preprocess)
    _check_size(base, first.shape[1:], " after `preprocess`")
    shape = (len(images), *feature_shape(base, first.shape[1:]))
    batches = _batches(base, images, batch_size, preprocess)
    if cache is None:
        features = np.empty(shape, np.float32)
        for start, batch in batches:
            features[start : start + len(batch)] = batch
        return features

    file = Path(cache) / f"features-{_key(base, images, preprocess)}.npy"
    features = feature_cache.read(file, shape)
    if features is None or not _agree(base, images, features, preprocess):
        features = None  # closes the file, so that it can be replaced on Windows too
        feature_cache.write(file, shape, (batch for _, batch in batches))
        features = feature_cache.read(file, shape)
    return features


def classifier(base, classes, pooling="average", hidden=None, augmentation=None, preprocess=None):
    """A trained network with a new head on it: photographs in, logits out.

    photographs -> [augmentation] -> preprocessing -> base -> head: pooling -> [hidden] -> logits

    The base is frozen and always runs as in prediction, also in `fit` and after `unfreeze`: its
    batch normalisations keep their statistics, its dropout, noise and augmentation do nothing.
    (Keras would switch those on in `fit`; so a base that has any stands inside a layer of its name
    that calls it with `training=False`, and such a model is loaded where `cnnlab.transfer` was
    imported.) The head is a model of its own, so it can be trained on features that were computed
    once: `model.get_layer("head").fit(features, labels)`.

    Args:
        base: a Keras model without its own head; it is used, not copied.
        classes: number of classes, >= 2. Two classes get one logit: above 0 means class 1.
        pooling: "average" (each map's mean, or that of all tokens) or "flatten" (every value of
            every map); a base whose output is a vector already needs neither.
        hidden: units of a hidden layer in the head, for a multi-layer perceptron; None for none.
        augmentation: None, or a Keras model or layer that varies the photographs in training. With
            Keras's own, `fit` varies and `predict` does not, but a bare `model(images)` does: write
            `model(images, training=False)`.
        preprocess: as in `extract_features`, written with operators or `keras.ops`.

    Returns:
        A `keras.Model`, uncompiled; save it as .keras, for .h5 cannot hold a preprocessing that is
        written with operators: (B, H, W, 3) uint8 0-255 -> (B, classes), or (B, 1) for two.

    Raises:
        ValueError: fewer than two classes, a base with its head (a dense layer, a softmax) or with
            maps whose channels do not stand last, an unknown pooling, a base whose preprocessing is
            not known.

    Example:
        >>> import keras
        >>> base = keras.Sequential([keras.Input((8, 6, 3)), keras.layers.Conv2D(4, 3)])
        >>> model = classifier(base, classes=2, preprocess=lambda images: images / 255)
        >>> model.output_shape, [weight.path for weight in model.trainable_weights]
        ((None, 1), ['head/logits/kernel', 'head/logits/bias'])

    Source: Chollet (2020), Transfer learning & fine-tuning, keras.io, for `training=False`.
    """
    base = getattr(base, "in_prediction", base)  # of another classifier
    preprocess = preprocess or _preprocessing(base)
    _check_classifier(base, classes, pooling)
    base.trainable = False

    shape = only(base.output_shape)
    head = keras.Sequential([keras.Input(shape[1:])], name="head")
    if len(shape) > 2:
        head.add(_AVERAGES[len(shape)]() if pooling == "average" else layers.Flatten())
    if hidden:
        head.add(layers.Dense(hidden, activation="relu", name="hidden"))
    head.add(layers.Dense(1 if classes == 2 else classes, name="logits"))

    x = photographs = keras.Input(only(base.input_shape)[1:], name="photographs")
    if augmentation is not None:
        x = augmentation(x)
    x = in_prediction(base)(preprocess(x))
    return keras.Model(photographs, head(x), name=f"{base.name}_classifier")


def unfreeze(model, from_layer):
    """The model, trainable from one layer on: fine-tuning. What lies before is frozen.

    Layers inside a nested model count in their order; one that is called several times stands where
    it is called first. A batch normalisation that is frozen
    stays so: a handful of pictures would spoil its statistics. The model must be compiled again,
    with a small learning rate, and says so if that is forgotten.

    Args:
        model: a Keras model, for example from `classifier`.
        from_layer: the name of the first layer to train, such as "block5_conv1"; where two nested
            models have one of that name, its path, "base/block5_conv1".

    Returns:
        The same model.

    Raises:
        ValueError: no layer, or more than one, of that name, or an input; a subclassed model.

    Example:
        >>> from cnnlab.models import vgg16
        >>> model = unfreeze(vgg16(width=0.0625, include_top=False), "block5_conv3")
        >>> [weight.path for weight in model.trainable_weights]
        ['block5_conv3/kernel', 'block5_conv3/bias']
    """
    network = graph.read(model)
    first = graph.find(network, from_layer)
    if first not in network.calls:
        raise ValueError(
            f"`from_layer` must be a layer to train: got from_layer={from_layer!r}, an input of "
            f"the model. The first layer is {network.calls[0].address!r}."
        )
    # A layer that is called several times stands where it is called first.
    first = next(node for node in network.calls if node.layer is first.layer)
    before = [node.layer for node in network.calls[: network.calls.index(first)]]
    still = [norm for norm in _norms(model) if not norm.trainable]
    model.trainable = False  # first: with TensorFlow, setting what is set does not reach the layers
    model.trainable = True
    for layer in (*before, *still):
        layer.trainable = False
    model.compiled = False  # a training compiled before would go on with the old set of weights
    return model


def _norms(layer):
    """The batch normalisations inside a model or layer, at any depth."""
    for inner in private_names.sublayers(layer):
        if isinstance(inner, layers.BatchNormalization):
            yield inner
        yield from _norms(inner)


def _check_images(base, images, any_pixels):
    """Raises ValueError unless these are photographs, and pixels as they are where they must be."""
    shape = getattr(images, "shape", None)
    if shape is None or len(shape) != 4 or not len(images):
        got = f"a {type(images).__name__}" if shape is None else f"shape={tuple(shape)}"
        one = shape is not None and len(shape) == 3
        raise ValueError(
            f"`images` must be an array (N, H, W, C), at least one photograph: got {got}. "
            f"{'Write images[None] for one.' if one else 'Stack them with np.stack.'}"
        )
    if not any_pixels and images.dtype != np.uint8:
        raise ValueError(
            f"`images` must be photographs as they are, uint8 0-255: got dtype={images.dtype}, "
            f"{np.min(images):g} to {np.max(images):g}. Leave out every scaling of your own: "
            f"what {base.name!r} expects is done here."
        )


def _check_size(base, shape, where=""):
    """Raises ValueError unless the network takes pictures of this (H, W, C)."""
    if not is_readable(base):
        return
    expected = only(base.input_shape)[1:]
    if len(shape) == len(expected) and all(
        side in (None, got) for side, got in zip(expected, shape, strict=True)
    ):
        return
    remedy = "Resize them, or build the network with input_shape=(None, None, 3)."
    if shape[-1:] != expected[-1:]:
        remedy = shape_remedy((None, *shape)[-3:], expected, len(shape) + 1)
    raise ValueError(
        f"`images` must be {_times(expected)} for {base.name!r}: "
        f"got {_times(shape) or 'none'}{where}. {remedy}"
    )


def _check_classifier(base, classes, pooling):
    """Raises ValueError unless a head of that kind fits on this network."""
    if classes < 2:
        raise ValueError(
            f"`classes` must be at least 2: got classes={classes}. "
            "Add photographs of something else: a classifier tells things apart."
        )
    if pooling not in ("average", "flatten"):
        raise ValueError(
            f"`pooling` must be 'average' or 'flatten': got pooling={pooling!r}. "
            "The average has fewer weights to learn."
        )
    if head := own_head(graph.read(base)):
        raise ValueError(
            f"`base` must be without its own head: got {base.name!r}, "
            f"which ends in {head.address!r} ({head.kind}). Use include_top=False."
        )
    network = graph.read(base)
    if pooling == "average" and network.outputs[0] in (turned := turned_maps(network)):
        raise ValueError(
            f"`base` must end in maps with their channels last, (B, h, w, C), to be averaged: got "
            f"{base.name!r}, whose {network.outputs[0]!r} puts them elsewhere. End it before, with "
            f"keras.Model(base.input, base.get_layer({turned[network.outputs[0]]!r}).output, "
            "name=base.name)."
        )
    if pooling == "flatten" and None in only(base.output_shape)[1:]:
        raise ValueError(
            f"`pooling` must be 'average' for a base of any image size: got pooling='flatten' "
            f"for {base.name!r}, input {_times(only(base.input_shape)[1:])}. "
            "Or build the base with input_shape=(H, W, 3)."
        )


def _times(shape):
    return "×".join("any" if side is None else str(side) for side in shape)


def _preprocessing(base):
    """The function that photographs go through before they meet this network, by its name."""
    if base.name not in weights.NAMES:
        raise ValueError(
            f"`preprocess` must be given for a network that is not one of "
            f"{', '.join(weights.NAMES)}: got base.name={base.name!r}. Pass the function that "
            "its pictures went through in training: preprocess=lambda images: images / 255."
        )
    problem = ""
    if rescales(known(base)):
        problem = "layers that rescale the photographs themselves. Pass preprocess=lambda images: "
        problem += "images."
    elif not _is_known(base):
        problem = "other convolutions. Pass the function that its pictures went through in "
        problem += "training: preprocess=lambda images: images / 255."
    if problem:
        raise ValueError(
            f"`preprocess` must be given for a network of your own: got base.name={base.name!r}, "
            f"the name of another, and {problem}"
        )
    return functools.partial(weights.scaled, base.name)


def _is_known(base):
    """Whether a network begins as the one of its name does, convolution by convolution."""
    if not is_readable(base):
        return False
    found = [node for node in graph.read(base).calls if node.kind in kinds.CONVOLUTIONS]
    names = {node.layer.name: set(node.layer.kernel_size) for node in found}
    expected = list(weights.CONVOLUTIONS[base.name].items())[: len(names)]
    return len(names) == len(found) and list(names.items()) == [(n, {k}) for n, k in expected]


def _prepared(images, preprocess):
    """Photographs as the network expects them; a copy, for Keras's functions work in place."""
    return np.asarray(preprocess(np.array(images, np.float32)))


def _batches(base, images, batch_size, preprocess):
    """(start, features) of one batch after the other, all of one shape: nothing is traced twice."""
    # Keras keeps its function for good: once the base has changed, it is to be made anew.
    known(base).once(("predicts",), lambda: bool(base.make_predict_function(force=True)))
    count = -(-len(images) // batch_size)
    size = -(-len(images) // count)  # alike, so that filling up the last one costs next to nothing
    for start in bar(range(0, len(images), size), unit="batch"):
        batch = _prepared(images[start : start + size], preprocess)
        filling = np.repeat(batch[-1:], size - len(batch), axis=0)
        features = base.predict_on_batch(np.concatenate([batch, filling]))
        yield start, np.asarray(only(features), np.float32)[: len(batch)]


def _key(base, images, preprocess):
    """A digest of what the features are made from; code, which it cannot see, is `_agree`'s part.

    Names are left out, for Keras numbers them anew in every session.
    """
    kinds = [type(layer).__name__ for layer in getattr(base, "layers", [])]
    content = hashlib.sha256(" ".join(kinds).encode())
    # A black photograph would tell nothing of the preprocessing; noise holds every value.
    noise = np.random.default_rng(0).integers(0, 256, (1, *images.shape[1:]))
    arrays = (np.asarray(weight) for weight in base.weights)
    pieces = (images[start : start + 256] for start in range(0, len(images), 256))
    for array in itertools.chain([_prepared(noise, preprocess)], arrays, pieces):
        content.update(f"{array.dtype}{array.shape}".encode())
        content.update(array.tobytes())
    return content.hexdigest()[:32]


def _agree(base, images, features, preprocess):
    """Whether the features of some photographs are what the network answers, but for rounding.

    Those are spread evenly over all, and the one that varies most among a few more.
    """
    few = np.unique(np.linspace(0, len(images) - 1, 32).astype(int))
    varied = max(few, key=lambda row: float(np.std(images[row : row + 1])))
    for row in {0, *few[:: -(-len(few) // 4)], varied}:
        stored = np.asarray(features[row : row + 1], np.float32)
        now = only(base(_prepared(images[row : row + 1], preprocess), training=False))
        now = np.asarray(now, np.float32)
        if not np.abs(stored - now).max() <= 1e-3 * max(np.abs(now).max(), 1e-6):
            return False
    return True
