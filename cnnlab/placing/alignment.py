"""Where the cells of a map lie in the picture.

A cell stands at the centre of what it sees, its receptive field. Stretching a 7x7 map over 224
pixels corner to corner would put cell [1, 1] at pixel 37; it looks at the pixels around 47.5.
"""

import math

import numpy as np

from cnnlab.arrays.threads import one_thread
from cnnlab.receptive_field import receptive_field


def placed(known, maps, layer, picture, shape):
    """Maps of a layer on the pixels of the picture.

    Linear between the centres of the cells, constant outside the outermost. Where the place of the
    cells is not known (a layer of unknown kind on the way, branches that do not fit, an open input
    size), they divide the picture into equal parts, and a line says so, once per model and layer:
    behind a layer that crops, pads or turns the picture that is not where they look.

    Args:
        known: what `reading.per_model.known` returned for the model.
        maps: (n, h, w) values per cell of the layer; of other dimensions (n, l) or (n, d, h, w).
        layer: address of the layer.
        picture: name of the input.
        shape: (H, W, C) of the picture; (L, C), (D, H, W, C), or (L,) of tokens.

    Returns:
        (n, H, W) float32; (n, L) or (n, D, H, W).

    Example:
        >>> import keras
        >>> picture = keras.Input((4, 6, 1), name="picture")
        >>> model = keras.Model(picture, keras.layers.MaxPooling2D(2, name="pool")(picture))
        >>> maps = np.array([[[0, 1, 2], [0, 1, 2]]], "float32")
        >>> from cnnlab.reading.per_model import known
        >>> placed(known(model), maps, "pool", "picture", (4, 6, 1))[0, 0]
        array([0.  , 0.25, 0.75, 1.25, 1.75, 2.  ], dtype=float32)

    Source: the centres are those of Araujo, Norris & Sim (2019),
        ``-padding + i stride + (size - 1) / 2``.
    """
    cells = maps.shape[1:]
    matrices = known.once(
        ("placing", layer, picture, cells, shape),
        lambda: _matrices(known, layer, picture, cells, shape),
    )
    return spread(maps, *matrices)


def _matrices(known, layer, picture, cells, shape):
    """The matrices that carry the rows of a map to rows of pixels, the columns to columns, ..."""
    origin, strides, unknown = _line(known.model, layer, picture, shape)
    if unknown:
        note = (
            f"note: the place of {layer!r} is not known ({unknown}): "
            "its cells are spread evenly over the picture"
        )
        known.once(("noted", layer, picture), lambda: print(note))
        strides = [pixels / count for count, pixels in zip(cells, shape, strict=False)]
        origin = [(stride - 1) / 2 for stride in strides]
    return [
        interpolation(first + stride * np.arange(count), pixels)
        for first, stride, count, pixels in zip(origin, strides, cells, shape, strict=False)
    ]


def _line(model, layer, picture, shape):
    """Where the first cell lies, the steps to its neighbours, and why that is not known, or ""."""
    try:
        field = receptive_field(
            model, layer, picture, input_shape=shape if len(model.inputs) == 1 else None
        )
    except ValueError as error:  # "`model` must ...: got a Lambda at 'crop'. Ask for ..."
        return None, None, str(error).partition(": got ")[2].partition(". ")[0] or str(error)
    if None not in field.origin:
        return field.origin, field.stride, ""
    moved = "its cells do not lie in the order of the picture's pixels"
    return None, None, "an open input size" if None in field.input_size else moved


def spread(maps, *matrices):
    """(n,h,w) maps on (H,W) pixels, by matrices (H,h) and (W,w), one for each axis of places."""
    *others, last = matrices
    # NumPy multiplies map by map, so the largest product is at most that of one map.
    with one_thread(math.prod(maps.shape[1:]) * math.prod(map(len, matrices))):
        for axis, matrix in enumerate(others, start=1):
            before, behind = maps.shape[:axis], maps.shape[axis + 1 :]
            rows = maps.reshape(-1, maps.shape[axis], math.prod(behind))
            maps = (matrix @ rows).reshape(*before, len(matrix), *behind)
        return maps @ last.T


def interpolation(centres, pixels):
    """(pixels, cells): linear between the centres of the cells, constant outside the outermost."""
    cells = np.eye(len(centres), dtype=np.float32)
    weights = [np.interp(np.arange(pixels), centres, cell) for cell in cells]
    return np.stack(weights, axis=1).astype(np.float32)
