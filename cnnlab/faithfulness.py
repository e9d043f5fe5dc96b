"""Does a heat map tell the truth about the network?

Two tests that need no human eye. Curves: take away the pixels that a map calls important, most
important first, and the class should fade quickly; bring them back first, and it should come
quickly. Sanity: shuffle the network's weights, and a map that explained the network must change.
"""

import numpy as np

from cnnlab.arrays.blur import blurred
from cnnlab.gradients import chosen_classes, scores_of
from cnnlab.heatmaps import grad_cam
from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.picture_axes import check_axes
from cnnlab.sizes import whole_number


def deletion(
    model, images, maps, class_index=None, steps=20, fill=None, *, scores=False, where=None
):
    """The class's probability while pixels are deleted, the most important first.

    Args:
        model: a Keras model that ends in one value per class, or per class and place.
        images: what ``model(images)`` accepts, one picture each; or one image without batch axis.
        maps: (B, H, W) importance of each pixel, or (H, W) for one image; (B, L) or (B, D, H, W)
            of other dimensions.
        class_index: None (each image's top class), an int, one int per image, or ("output", index).
        steps: number of equal steps.
        fill: what deleted pixels become: a number, a value per channel, or pictures; None takes
            each picture's mean colour.
        scores: True gives the model's raw scores in place of probabilities; of a model that
            estimates a number (class 1), that number.
        where: for a model that answers at places, as for `cnnlab.heatmaps`; the probability is then
            the mean over these places, with None over those where the whole picture's top class is
            this one.

    Returns:
        (B, steps + 1) float32, the probability with the shares 0, 1/steps, ... 1 of the pixels
        deleted; (steps + 1,) for one image. Its mean height is `cnnlab.scores.area_under`: the
        smaller, the better the map.

    Raises:
        ValueError: images or class do not suit the model, a model with several picture inputs,
            maps that are not those of the pictures, or a `fill` that does not fit them.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2, 3, 1)), keras.layers.Flatten(),
        ...     keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(8))])
        >>> image = np.array([[[0.0], [1], [0]], [[0], [0], [0]]])
        >>> deletion(model, image, maps=image[..., 0], steps=2, fill=0).round(2)
        array([1. , 0.5, 0.5], dtype=float32)

    Source: Petsiuk, Das & Saenko (2018), RISE, arXiv:1806.07421, section 4.
    """
    batch, pictures = _one_picture(model, images)
    if fill is None:
        fill = pictures.mean(axis=tuple(range(1, pictures.ndim - 1)), keepdims=True)
    return _curve(
        batch, pictures, _filling(fill, pictures.shape), maps, class_index, steps, scores, where
    )


def insertion(
    model, images, maps, class_index=None, steps=20, fill=None, *, scores=False, where=None
):
    """The class's probability while pixels come back to a blurred picture, most important first.

    Args, Returns, Raises: as `deletion`, but the larger the area, the better the map; and
        fill: what the picture starts from; None takes the picture blurred by a Gaussian whose
            standard deviation is a tenth of the longer side.

    Source: Petsiuk, Das & Saenko (2018), RISE, arXiv:1806.07421, section 4.
    """
    batch, pictures = _one_picture(model, images)
    if fill is None:
        fill = blurred(pictures, deviation=max(pictures.shape[1:-1]) / 10)
    return _curve(
        batch, _filling(fill, pictures.shape), pictures, maps, class_index, steps, scores, where
    )


def cascading_randomisation(model, images, class_index=None, method=grad_cam, seed=0, **options):
    """The maps of a method while the network forgets, layer by layer from the output back.

    Each layer's weights are shuffled, so that they keep their distribution and lose what was
    learned. The model is given its own weights back at the end, also after an error.

    Args:
        model: a Sequential or functional Keras model.
        images: what ``model(images)`` accepts.
        class_index: as for `method`; None takes the top classes of the trained model throughout.
        method: one of the functions of `cnnlab.heatmaps`.
        seed: of the shuffling.
        **options: further arguments of the method, such as `layer`. Without `where`, the places
            of a model that answers at places are those of the trained model throughout.

    Returns:
        A dict of raw signed maps (B, H, W): "trained", then under the address of each layer those
        of the model shuffled from the output to this layer.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> model = keras.Sequential([keras.Input((8, 12, 3)), layers.Conv2D(4, 3, name="conv"),
        ...     layers.GlobalAveragePooling2D(), layers.Dense(2, name="head")])
        >>> list(cascading_randomisation(model, np.ones((8, 12, 3))))
        ['trained', 'head', 'conv']

    Source: Adebayo et al. (2018), Sanity checks for saliency maps, arXiv:1810.03292, section 4.
        Difference: weights are shuffled, not drawn anew.
    """
    batch = as_batch(model, images)
    chosen = chosen_classes(batch, class_index, where=options.get("where"))
    classes = chosen.classes if chosen.output is None else (chosen.output, chosen.classes)
    if chosen.places is not None:
        options["where"] = chosen.places
    rng = np.random.default_rng(seed)
    layers = {}
    for node in reversed(batch.known.graph.calls):
        if getattr(node.layer, "weights", ()) and node.layer not in layers.values():
            layers[node.address] = node.layer
    trained = {address: layer.get_weights() for address, layer in layers.items()}

    def maps():
        return method(model, batch, classes, normalise=False, **options)

    found = {"trained": maps()}
    try:
        for address, layer in layers.items():
            shuffled = [rng.permutation(w.ravel()).reshape(w.shape) for w in trained[address]]
            layer.set_weights(shuffled)
            found[address] = maps()
    finally:
        for address, layer in layers.items():
            layer.set_weights(trained[address])
    return found


def _one_picture(model, images):
    """The batch, and its pictures (B,H,W,C)."""
    batch = as_batch(model, images)
    pictures = [name for name in batch.form.names if batch.of(name).ndim > 2]
    if len(pictures) > 1:
        raise ValueError(
            "`model` must have one picture input, whose pixels are exchanged: got "
            f"{', '.join(pictures)}. Wrap it in a model of one input that holds the others fixed."
        )
    name = batch.picture()
    if batch.of(name).ndim == 2:
        raise ValueError(
            "`model` must take pictures, signals or volumes, parts of which can be exchanged: got "
            f"tokens for {name!r}. Exchange tokens by hand, and look at class_scores."
        )
    check_axes(batch.known, name)
    return batch, batch.of(name)


def _filling(fill, shape):
    """`fill` as pictures of that shape (B,H,W,C)."""
    try:
        return np.broadcast_to(np.asarray(fill, np.float32), shape)
    except (TypeError, ValueError) as error:
        got = f"shape {fill.shape}" if hasattr(fill, "shape") else f"fill={fill!r}"
        raise ValueError(
            f"`fill` must be a number, {shape[-1]} values (one per channel) or pictures {shape}: "
            f"got {got}. None takes the default."
        ) from error


def _curve(batch, before, after, maps, class_index, steps, scores, where):
    """Probabilities while `after` takes the place of `before`, the largest values of maps first."""
    maps = np.asarray(maps, float)  # what has no sign cannot be negated
    maps = maps[None] if batch.single and maps.ndim == before.ndim - 2 else maps
    if maps.shape != before.shape[:-1]:
        raise ValueError(
            f"`maps` must give one value per pixel, {before.shape[:-1]}: got shape {maps.shape}. "
            "Make them with resize=True."
        )
    chosen = chosen_classes(batch, class_index, where=where)
    # The place of each pixel in the order of importance, 0 to 1; ties by position.
    order = np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable")
    places = np.argsort(order, axis=1).reshape(maps.shape) / order.shape[1]
    curve = []
    for share in np.linspace(0, 1, whole_number("steps", steps, counted="the shares") + 1):
        mixed = np.where(places[..., None] < share, after, before).astype(np.float32)
        altered = batch.having(batch.picture(), mixed)
        logits, odds = scores_of(altered, chosen.output, chosen.places)
        curve.append((logits if scores else odds)[np.arange(len(odds)), chosen.classes])
    curve = np.stack(curve, axis=1)
    return curve[0] if batch.single else curve
