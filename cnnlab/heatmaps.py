"""Heat maps: which places of a picture speak for a class.

All methods share one convention::

    method(model, images, class_index=None, layer=None,
           resize=True, normalise=True, *, against=None, where=None)

- `class_index`: None (each image's top class), an int, or one int per image. With one logit, 1 is
  the logit and 0 its negative. With several outputs (name or number of the output, index).
- `layer`: name or path such as "base/block5_conv3"; None takes the last map in front of pooling
  or flattening on the way to the output (`default_layer`), of a model that answers at places
  the last convolution's in front of the answer. Methods that look at the pixels (`saliency`,
  `smooth_grad`, `integrated_gradients`, `occlusion`) take no layer, but the name of an input where
  the model has several pictures.
- `resize`: True gives (B, H, W), each cell of the layer at the centre of its receptive field and
  linear in between; False the layer's own grid.
- `normalise`: True keeps what speaks for the class and divides by its largest value, so that
  0 is nothing and 1 is most; False gives the method's own signed numbers, comparable between
  images.
- `against`: a second class whose logit is taken from the first's: why a cat and not a dog.
- `where`: for models that answer at places, (B, H, W, classes) as in segmentation, (B, T, classes)
  along a text line, (B, D, H, W, classes) in a volume. The score is then the mean logit of the
  class over some places of that answer, counted in its own cells from 0: a cell (row, column), a
  step t, a box (top, left, bottom, right) half-open, or a boolean mask (H, W), or (B, H, W) for one
  per image. None takes the places where the class is the top one; where that is nowhere the map is
  0, and a line says so. Without a class it is the one with the largest mean there; without both the
  class that is the top one at most places. One sigmoid per place, (B, H, W, 1), is two classes.

Signals (B, L, C), volumes and videos (B, D, H, W, C) are looked at like pictures: the maps have the
axes of the input, (B, L) or (B, D, H, W), or with `resize=False` those of the layer. Of tokens
(B, L) that an Embedding looks up, `saliency` is that of the embedding, by token.

Images are what ``model(images)`` accepts; one image without batch axis gives one map. Scores are
logits, also behind a softmax. Where nothing speaks for the class the map is 0 everywhere, and a
line says so.
"""

from itertools import product

import numpy as np

from cnnlab.gradients import (
    BATCH_SIZE,
    asked,
    chosen_classes,
    evidence_of,
    layer_outputs,
    scores_of,
)
from cnnlab.placing.alignment import interpolation
from cnnlab.placing.map_view import finished, on_pixels
from cnnlab.reading.linear_head import check_linear_head
from cnnlab.reading.looking import looked_at, looking_at
from cnnlab.reading.outputs import split_class
from cnnlab.reading.per_model import known
from cnnlab.sizes import whole_number


def grad_cam(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None,
):  # fmt: skip
    """Grad-CAM: each feature map weighted by the mean of the score's gradient on it.

    ``map = sum_k w_k A_k,  w_k = mean over the map of d score / d A_k``

    Args:
        model: a Keras model that ends in one value per class.
        images: what ``model(images)`` accepts, or one image without batch axis.
        class_index: None (top class), an int, one int per image, or ("output", index).
        layer: name or path; None takes `default_layer`.
        resize: False gives the layer's own grid.
        normalise: False gives raw signed values.
        against: a class whose logit is taken from the score, or None.
        where: a cell, a step, a box or a boolean mask of an answer at places, or None.

    Returns:
        (B, H, W) float32, or (H, W) for one image; (B, L) or (B, D, H, W) of other dimensions.

    Raises:
        ValueError: images, layer or class do not suit the model; the message says how.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> keras.utils.set_random_seed(0)
        >>> model = keras.Sequential([keras.Input((8, 12, 3)), layers.Conv2D(4, 3, name="conv"),
        ...     layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax")])
        >>> image = np.random.default_rng(0).uniform(size=(8, 12, 3))
        >>> grad_cam(model, image).shape, grad_cam(model, image, resize=False).shape
        ((8, 12), (6, 10))

    Source: Selvaraju et al. (2017), arXiv:1610.02391, equations 1 and 2. Difference: without
        normalisation the negative part is kept.
    """
    view = looking_at(model, images, layer, class_index)
    seen = _seen(view, class_index, against, where)
    weights = seen.gradients.mean(axis=_places(seen.gradients))
    raw = np.einsum("b...c,bc->b...", seen.features, weights)
    return finished(view, raw, seen.classes, resize, normalise)


def cam(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None,
):  # fmt: skip
    """CAM: each feature map weighted by the dense layer's weight from it to the class.

    ``map = sum_k w_k A_k,  w_k = the dense kernel's entry [k, class]``

    It needs a model that ends in feature maps, their global average, one dense layer. There the
    gradient of the logit on a map of Z cells is w_k / Z in each: its sum is w_k, its mean w_k / Z.
    So CAM is Z times Grad-CAM. Where a mask leaves cells out of the average, the map is 0 there.

    Args, Returns, Raises: as `grad_cam`; ValueError for any other end of the model.

    Source: Zhou et al. (2016), arXiv:1512.04150, equation 2.
    """
    view = looking_at(model, images, layer, class_index)
    output, _ = split_class(class_index, model)
    facts = view.batch.known
    key = ("linear head", view.layer, output)
    facts.once(key, lambda: check_linear_head(facts, view.layer, output))
    seen = _seen(view, class_index, against, where)
    weights = seen.gradients.sum(axis=_places(seen.gradients))
    raw = np.einsum("b...c,bc->b...", seen.features, weights)
    raw = raw * seen.gradients.any(axis=-1)  # of a cell that a mask leaves out there is none
    return finished(view, raw, seen.classes, resize, normalise)


def grad_cam_plus_plus(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None,
):  # fmt: skip
    """Grad-CAM++: positive gradients count, and count more where the map is small.

    ``map = sum_k w_k A_k,  w_k = sum_ij a_ij max(g_ij, 0),  a = g^2 / (2 g^2 + g^3 sum A_k)``

    with g = d score / d A_k. Several small objects then weigh as much as one large one.

    Args, Returns, Raises: as `grad_cam`.

    Source: Chattopadhay et al. (2018), arXiv:1710.11063, equations 10 and 19 with the score
        exp(logit). Difference: its factor exp(logit), the same for every cell, is left out.
    """
    view = looking_at(model, images, layer, class_index)
    seen = _seen(view, class_index, against, where)
    gradients, places = seen.gradients, _places(seen.gradients)
    sums = seen.features.sum(axis=places, keepdims=True)
    squares = gradients**2
    below = 2 * squares + squares * gradients * sums  # NumPy is slow at a power of 3
    alpha = np.divide(squares, below, out=np.zeros_like(below), where=below != 0)
    weights = (alpha * np.maximum(gradients, 0)).sum(axis=places)
    raw = np.einsum("b...c,bc->b...", seen.features, weights)
    return finished(view, raw, seen.classes, resize, normalise)


def layer_cam(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None,
):  # fmt: skip
    """LayerCAM: every cell of every map weighted by its own positive gradient.

    ``map = sum_k max(d score / d A_k, 0) A_k``, cell by cell; fine enough for early layers.

    Args, Returns, Raises: as `grad_cam`.

    Source: Jiang et al. (2021), LayerCAM, IEEE TIP 30, equations 6 and 7.
    """
    view = looking_at(model, images, layer, class_index)
    seen = _seen(view, class_index, against, where)
    raw = np.einsum("b...c,b...c->b...", seen.features, np.maximum(seen.gradients, 0))
    return finished(view, raw, seen.classes, resize, normalise)


def score_cam(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None,
):  # fmt: skip
    """Score-CAM: each feature map weighted by the score of the picture seen through it.

    ``map = sum_k w_k A_k,  w = softmax over k of score(image * mask_k)``

    where mask_k is A_k enlarged to the picture and stretched to 0-1. No gradient, but one forward
    pass per channel. Maps that are constant are left out.

    Args, Returns, Raises: as `grad_cam`.

    Source: Wang et al. (2020), arXiv:1910.01279, algorithm 1. The picture is darkened towards the
        value 0, which is black only where pixels are 0-1.
    """
    view = looking_at(model, images, layer, class_index)
    view.check_numbers()
    chosen = chosen_classes(view.batch, class_index, against, where)
    (features,) = layer_outputs(view.batch, [view.layer])
    view.check_map(features.shape)
    raw, places = np.zeros(features.shape[:-1], np.float32), _places(features)
    for b, maps in enumerate(np.moveaxis(features, -1, 1)):  # (C, h, w)
        maps = maps[np.ptp(maps, axis=places) > 0]
        if not len(maps):
            continue
        low, high = maps.min(axis=places, keepdims=True), maps.max(axis=places, keepdims=True)
        masks = (maps - low) / (high - low)
        seen_through = (
            view.pictures[b] * on_pixels(view, part)[..., None] for part in _parts(masks)
        )
        scores = _scores(view, b, seen_through, chosen)
        weights = np.exp(scores - scores.max())
        raw[b] = np.tensordot(weights / weights.sum(), maps, 1)
    return finished(view, raw, chosen.classes, resize, normalise)


def saliency(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None,
):  # fmt: skip
    """Saliency: how much the score would change with each pixel, the largest over its channels.

    ``map = max_c |d score / d image_c|``

    Args, Returns, Raises: as `grad_cam`; `layer` may name the input that is looked at.

    Source: Simonyan, Vedaldi & Zisserman (2014), arXiv:1312.6034, section 3.
    """
    view = looking_at(model, images, layer, pixels=True)
    seen = _seen(view, class_index, against, where)
    return finished(view, np.abs(seen.gradients).max(-1), seen.classes, resize, normalise)


def smooth_grad(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None, samples=20, noise=0.15, seed=0,
):  # fmt: skip
    """SmoothGrad: saliency of the mean gradient over noisy copies of the picture.

    ``map = max_c |mean over n of d score / d (image + noise_n)_c|``

    Args, Returns, Raises: as `grad_cam`, and
        samples: noisy copies per image.
        noise: standard deviation, as a share of the image's range from smallest to largest value.
        seed: of the noise, which is the same for every image.

    Source: Smilkov et al. (2017), arXiv:1706.03825, section 2.1.
    """
    view = looking_at(model, images, layer, pixels=True)
    view.check_numbers()
    shape = (whole_number("samples", samples, "noisy copies"), *view.pictures.shape[1:])
    noises = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    chosen = chosen_classes(view.batch, class_index, against, where)
    gradients = [
        _mean_gradient(view, b, picture + noise * np.ptp(picture) * noises, chosen)
        for b, picture in enumerate(view.pictures)
    ]
    return finished(view, np.abs(gradients).max(-1), chosen.classes, resize, normalise)


def integrated_gradients(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None, steps=32, baseline=0.0,
):  # fmt: skip
    """Integrated gradients: what each pixel adds to the score on the way from a blank picture.

    ``map = sum_c (image - baseline)_c * mean over t of the gradient_c at t``, where t in 0-1 is the
    picture baseline + t (image - baseline).

    The raw values of a picture add up to score(image) - score(baseline).

    Args, Returns, Raises: as `grad_cam`, and
        steps: points of the way, in the middles of equal steps.
        baseline: the blank picture: a number, a value per channel, or an array like one image.

    Source: Sundararajan, Taly & Yan (2017), arXiv:1703.01365, equations 1 and 3. Difference:
        middles of the steps in place of their ends, which is more accurate.
    """
    view = looking_at(model, images, layer, pixels=True)
    view.check_numbers()
    steps = whole_number("steps", steps, "points of the way")
    shape, baseline = view.pictures.shape[1:], np.asarray(baseline, np.float32)
    times = ((np.arange(steps, dtype=np.float32) + 0.5) / steps).reshape(-1, *[1] * len(shape))
    if baseline.shape not in [(), shape[-1:], shape]:
        raise ValueError(
            f"`baseline` must be a number or like one image, {shape}: "
            f"got shape {baseline.shape}. Pass one picture without batch axis."
        )
    chosen = chosen_classes(view.batch, class_index, against, where)
    differences = view.pictures - baseline
    gradients = [
        _mean_gradient(view, b, baseline + times * difference, chosen)
        for b, difference in enumerate(differences)
    ]
    return finished(view, (differences * gradients).sum(-1), chosen.classes, resize, normalise)


def occlusion(
    model, images, class_index=None, layer=None, resize=True, normalise=True, *, against=None,
    where=None, patch=None, strides=None, fill=None,
):  # fmt: skip
    """Occlusion: how much the score drops when a patch covers this place.

    ``map[i, j] = score(image) - score(image with a patch over [i, j])``

    Args, Returns, Raises: as `grad_cam`, and
        patch: side of the square patch in pixels (of a volume's cube, of a signal's stretch); None
        takes an eighth of the longest side, but at most the whole of another side.
        strides: step of the patch in pixels; None takes half the patch.
        fill: a number, or a value per channel; None takes the picture's mean colour.

    Source: Zeiler & Fergus (2014), arXiv:1311.2901, section 4.2. Difference: the drop, so that
        large means important.
    """
    view = looking_at(model, images, layer, pixels=True)
    view.check_numbers()
    size = view.places
    side = max(2, max(size) // 8) if patch is None else whole_number("patch", patch)
    if patch is not None and side > min(size):
        raise ValueError(
            f"`patch` must fit in the picture: got patch={patch} for "
            f"{'×'.join(map(str, size))} pixels. Use a smaller patch."
        )
    sides = np.minimum(side, size)
    step = max(1, side // 2) if strides is None else whole_number("strides", strides)
    firsts = [np.unique([*range(0, last, step), last]) for last in size - sides]  # tops, lefts
    corners = np.array(list(product(*firsts)))
    chosen = chosen_classes(view.batch, class_index, against, where)
    raw = np.zeros((len(view.pictures), *map(len, firsts)), np.float32)
    for b, picture in enumerate(view.pictures):
        colour = picture.mean(axis=tuple(range(len(size)))) if fill is None else fill
        copies = (_covered(picture, part, sides, colour) for part in _parts(corners))
        drops = _scores(view, b, [picture[None]], chosen) - _scores(view, b, copies, chosen)
        raw[b] = drops.reshape(raw.shape[1:])
    middles = [first + (side - 1) / 2 for first, side in zip(firsts, sides, strict=True)]
    placing = [interpolation(m, n) for m, n in zip(middles, size, strict=True)]
    return finished(view, raw, chosen.classes, resize, normalise, placing)


def default_layer(model, output=None):
    """The layer that heat maps look at where none is named.

    It is the last map in front of pooling or flattening on the way to the output; where the output
    is a map itself, the last convolution's, after its normalisation and activation.

    Args:
        model: a Keras model.
        output: name or number of an output, where the model has several.

    Returns:
        Its address, such as "base/block5_conv3".

    Raises:
        ValueError: no convolution has a map, or one may stand where it cannot be read.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> default_layer(keras.Sequential([keras.Input((8, 12, 3)), layers.Conv2D(4, 3),
        ...     layers.ReLU(name="relu"), layers.MaxPooling2D()]))
        'relu'
    """
    return looked_at(known(model), output=output)[0]


def _seen(view, class_index, against, where):
    """The features, their gradients and the classes."""
    seen = evidence_of(view.batch, asked(view.batch, class_index, against, where), view.layer)
    view.check_map(seen.features.shape)
    return seen


def _scores(view, b, versions, chosen):
    """The scores of altered copies of image b, which come in parts (n,H,W,C)."""
    found = []
    for pictures in versions:
        copies, same = view.copies(b, pictures), chosen.of(b, len(pictures))
        logits, _ = scores_of(copies, same.output, same.places)
        found.append(same.scores(logits))
    return np.concatenate(found)


def _mean_gradient(view, b, pictures, chosen):
    """The gradient of the score by the picture, averaged over altered copies of image b."""
    copies = view.copies(b, pictures)
    return evidence_of(copies, chosen.of(b, len(pictures)), view.layer).gradients.mean(axis=0)


def _places(values):
    """The axes between batch and channels."""
    return tuple(range(1, values.ndim - 1))


def _parts(array):
    """The array in pieces that go through the network at once."""
    return np.split(array, range(BATCH_SIZE, len(array), BATCH_SIZE))


def _covered(picture, corners, sides, colour):
    """Copies of a picture, each with a square of one colour at another corner."""
    copies = np.repeat(picture[None], len(corners), axis=0)
    for copy, corner in zip(copies, corners, strict=True):
        copy[tuple(map(slice, corner, corner + sides))] = colour
    return copies
