"""Where the cells of a map lie in the picture.

A cell stands at the centre of what it sees, its receptive field. Stretching a 7x7 map over 224
pixels corner to corner would put cell [1, 1] at pixel 37; it looks at the pixels around 47.5.
"""

import numpy as np

from cnnlab.memory import remembered
from cnnlab.receptive_field import receptive_field


def placed(model, maps, layer, picture, shape):
    """Maps of a layer on the pixels of the picture.

    Linear between the centres of the cells, constant outside the outermost. Where the receptive
    field is not known (branches that do not fit, a layer that sees everything), the cells divide
    the picture into equal parts.

    Args:
        model: a Keras model.
        maps: (n, h, w) values per cell of the layer.
        layer: address of the layer.
        picture: name of the input.
        shape: (H, W, C) of the picture.

    Returns:
        (n, H, W) float32.

    Example:
        >>> import keras
        >>> picture = keras.Input((4, 6, 1), name="picture")
        >>> model = keras.Model(picture, keras.layers.MaxPooling2D(2, name="pool")(picture))
        >>> maps = np.array([[[0, 1, 2], [0, 1, 2]]], "float32")
        >>> placed(model, maps, "pool", "picture", (4, 6, 1))[0, 0]
        array([0.  , 0.25, 0.75, 1.25, 1.75, 2.  ], dtype=float32)

    Source: the centres are those of Araujo, Norris & Sim (2019),
        ``-padding + i stride + (size - 1) / 2``.
    """
    cells = maps.shape[1:]
    rows, columns = remembered(
        model,
        ("placing", layer, picture, cells, shape),
        lambda: _matrices(model, layer, picture, cells, shape),
    )
    return rows @ maps @ columns.T


def _matrices(model, layer, picture, cells, shape):
    """The matrices that carry rows and columns of a map to rows and columns of pixels."""
    try:
        field = receptive_field(
            model, layer, picture, input_shape=shape if len(model.inputs) == 1 else None
        )
    except ValueError:  # misaligned branches, or a layer whose field is not known
        field = None
    placing = []
    for axis, (count, pixels) in enumerate(zip(cells, shape, strict=False)):
        centres = (np.arange(count) + 0.5) * pixels / count - 0.5
        if field is not None and field.size[axis] is not None:
            own = [field.centre(*((i, 0) if axis == 0 else (0, i)))[axis] for i in range(count)]
            centres = own if (np.diff(own) > 0).all() else centres
        placing.append(interpolation(centres, pixels))
    return placing


def interpolation(centres, pixels):
    """(pixels, cells): linear between the centres of the cells, constant outside the outermost."""
    cells = np.eye(len(centres), dtype=np.float32)
    weights = [np.interp(np.arange(pixels), centres, cell) for cell in cells]
    return np.stack(weights, axis=1).astype(np.float32)
