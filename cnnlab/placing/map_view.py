"""How a heat map ends: scaled to 0-1 where that is wanted, on the pixels of its picture."""

import numpy as np

from cnnlab.placing.alignment import placed, spread


def on_pixels(view, maps, placing=None):
    """(n, *cells) maps of what a `View` looks at on the pixels of its picture, (n, *places)."""
    if placing is not None:
        return spread(maps, *placing)
    if view.own:
        return maps
    view.check_axes(maps.shape[1:])
    shape = view.pictures.shape[1:]
    return placed(view.batch.known, maps, view.layer, view.picture, shape)


def finished(view, raw, classes, resize, normalise, placing=None):
    """The maps as the caller of a heat map's method wants them.

    Args:
        view: the `View` of the method.
        raw: (B, h, w) signed values of its layer's cells, with as many axes as those have.
        classes: (B,) the class that each map is of, for what is said about it.
        resize: whether to carry the cells to the pixels.
        normalise: whether to keep what speaks for the class, from 0 to 1.
        placing: a matrix per axis, where the cells are not those of a layer.

    Returns:
        (B, H, W) or (B, h, w) float32, without the first axis for one image; of other dimensions
        (B, L), or (B, D, H, W).

    Raises:
        ValueError: a value is NaN or infinite.
    """
    places = tuple(range(1, raw.ndim))
    largest = np.abs(raw).max(axis=places, keepdims=True)  # of a NaN it is NaN
    if not np.isfinite(largest).all():
        wrong = np.flatnonzero(~np.isfinite(largest))[0]
        raise ValueError(
            f"`images` must give finite gradients: got NaN or infinity for image {wrong}, "
            f"class {classes[wrong]}. In float16 they overflow; build the model in float32 or "
            "mixed_bfloat16."
        )
    if normalise:
        raw = normalised(raw, largest)
        if not (any_heat := raw.any(axis=places)).all():
            blank = np.flatnonzero(~any_heat)
            names = ", ".join(f"class {classes[b]} in image {b}" for b in blank)
            print(f"no positive evidence for {names}: the map is 0 everywhere")
    maps = on_pixels(view, raw, placing) if resize else raw
    if normalise and maps is not raw:
        maps = _to_one(maps)  # the largest may lie between the pixels
    maps = maps.astype(np.float32, copy=False)
    return maps[0] if view.batch.single else maps


def normalised(maps, largest):
    """What speaks for the class, from 0 (nothing) to 1 (most), each map scaled to itself.

    ``max(map, 0) / max(map)``, or 0 everywhere where no value is positive.

    Args:
        maps: (B, H, W) raw signed values, or with other axes behind the first.
        largest: (B, 1, 1), the largest absolute value of each.

    Example:
        >>> maps, largest = np.array([[[2.0, -4, 1]], [[-1, -2, -3]]]), np.array([[[4]], [[3]]])
        >>> normalised(maps, largest) + 0.0
        array([[[1. , 0. , 0.5]],
               [[0. , 0. , 0. ]]])
    """
    # Rounding can leave a speck of 1e-9 beside values of -1: that is no evidence.
    return _to_one(np.maximum(maps, 0), least=1e-6 * largest)


def _to_one(positive, least=0):
    """Maps from 0 on divided by their largest value, or 0 where that is not above the least."""
    largest = positive.max(axis=tuple(range(1, positive.ndim)), keepdims=True)
    return positive / np.where(largest > least, largest, np.inf)
