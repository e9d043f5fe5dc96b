"""How much each pixel sways a cell: the effective receptive field."""

import numpy as np

from cnnlab.gradients import asking
from cnnlab.gradients.questions import squared_sway
from cnnlab.reading.model_inputs import as_batch
from cnnlab.reading.picture_axes import check_channels
from cnnlab.reading.tracing import compiled
from cnnlab.receptive_field import last_map
from cnnlab.sizes import whole_number


def effective_receptive_field(model, layer=None, images=None, samples=32, seed=0):
    """How much each input pixel sways the middle cell of a layer, on average.

    ``E[p] = sqrt(mean of (d sum_k v_k y_k / d x_p)²)``, y the channels of the middle cell, v random
    signs; the mean is over images, signs and the channels of x, and the largest E is set to 1.

    Args:
        model: a Keras model with one image input.
        layer: name or path of a layer with a map; None takes the last one.
        images: (B,H,W,C), as the model takes them; None draws `samples` standard normal ones.
        samples: number of drawn images, >= 1.
        seed: of the images and the signs.

    Returns:
        (H, W) float32, 0-1. All zeros where no pixel matters, as behind dead ReLUs. Of a signal
        (L,), of volumes and videos (D, H, W).

    Raises:
        ValueError: the layer has no map or does not see the image, or images must be given
            because the model leaves their size open or takes several inputs.

    Example:
        >>> import keras
        >>> image = keras.Input((3, 5, 1))
        >>> conv = keras.layers.Conv2D(1, 3, padding="same", kernel_initializer="ones")
        >>> effective_receptive_field(keras.Sequential([image, conv]))
        array([[0., 1., 1., 1., 0.],
               [0., 1., 1., 1., 0.],
               [0., 1., 1., 1., 0.]], dtype=float32)

    Source: Luo, Li, Urtasun & Zemel (2016), arXiv:1701.04128. Differences: the root mean square
        where they average the gradient, and signs, which let one pass see all channels.
    """
    images = _drawn(model, samples, seed) if images is None else images
    batch = as_batch(model, images)
    pictures = [i for i, array in enumerate(batch.arrays) if array.ndim > 2]
    if len(pictures) != 1:
        raise ValueError(
            f"`model` must have one image input: got {len(pictures)} among "
            f"{', '.join(batch.form.names)}. Make a keras.Model of the branch that you mean."
        )
    if batch.fixed and len(batch) % batch.fixed:
        raise ValueError(
            f"`samples` must be a multiple of {batch.fixed}, for the model takes so many images at "
            f"a time: got {len(batch)}. Build it without a batch size, or take more."
        )
    layer = last_map(model) if layer is None else layer
    check_channels(batch.known, layer)
    run = compiled(batch.known, squared_sway, batch.form, layer, pictures[0])
    total = sum(
        run(part.arrays, np.array([seed, number], np.int32)).numpy()
        for number, part in enumerate(batch.parts(asking.BATCH_SIZE))
    )
    if not np.isfinite(total).all():
        raise ValueError(
            "`model` must have finite gradients: got NaN or infinity. "
            "Look for NaN in its weights, or make them smaller."
        )
    field = np.sqrt(total)
    return (field / (field.max() or 1)).astype(np.float32)


def _drawn(model, samples, seed):
    """Standard normal images for the only input of a model."""
    shapes = [tuple(spec.shape[1:]) for spec in getattr(model, "inputs", None) or ()]
    if len(shapes) != 1 or None in shapes[0]:
        raise ValueError(
            "`images` must be given where the model does not have one input of a known size: "
            f"got None for inputs of shape {', '.join(map(str, shapes))}. Pass some images."
        )
    count = whole_number("samples", samples, counted="the images that are drawn")
    images = np.random.default_rng(seed).normal(size=(count, *shapes[0]))
    return images.astype(np.float32)
