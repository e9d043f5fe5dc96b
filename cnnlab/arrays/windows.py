"""The window that moves over padded images: what convolution and pooling have in common.

Images are (batch, height, width, channels), written B,H,W,C. `strides` and `dilation_rate` are an
int or a pair (rows, columns); `padding` is "valid", "same" (TensorFlow's) or an int P.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.sizes import effective_kernel_size, output_size, padding_pair, whole_number

_AXES_REMEDY = "Add a missing axis with np.newaxis, or index one away."


def pair(name, value):
    """An int, or a pair of ints (rows, columns), as a pair; `name` is for the error.

    Example:
        >>> pair("strides", 2), pair("strides", (1, 3))
        ((2, 2), (1, 3))
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2:
        raise ValueError(
            f"`{name}` must be a whole number or a pair (rows, columns) of them: "
            f"got {name}={value!r}. Give one number for both axes, or two."
        )
    return whole_number(name, both[0]), whole_number(name, both[1])


def numbers(name, values, axes):
    """The values as an array with the named axes; integers (and booleans) as int64.

    Example:
        >>> numbers("image", [[True, False, True]], "(height, width)")
        array([[1, 0, 1]])
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"`{name}` must have rows of equal length: got {name}={values!r}. "
            "Write as many numbers in each row."
        ) from None
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"`{name}` must hold real numbers: got {name}.dtype={array.dtype}. "
            "Convert it to integers or floats first."
        )
    if array.ndim != axes.count(",") + 1:
        in_colour = name == "image" and array.ndim == 3 and array.shape[2] == 3
        raise ValueError(
            f"`{name}` must have the axes {axes}: got {name}.shape={array.shape}. "
            + ("Make it grey with .mean(axis=2), or use conv2d." if in_colour else _AXES_REMEDY)
        )
    return array if array.dtype.kind == "f" else array.astype(np.int64)


def common_dtype(*arrays):
    """The widest floating dtype among the arrays, or int64 if none floats.

    Integers adapt to floats, as in Keras: a float32 image under an integer kernel stays float32.

    Example:
        >>> common_dtype(np.ones(1, np.float32), np.ones(1, np.int64))
        dtype('float32')
    """
    floating = [array.dtype for array in arrays if array.dtype.kind == "f"]
    return np.result_type(*floating) if floating else np.dtype(np.int64)


def pad(x, kernel_size, strides=1, padding="valid", dilation_rate=1, value=0):
    """A batch of images with the border that `padding` asks for.

    Example:
        >>> pad(np.ones((1, 2, 3, 1), int), kernel_size=2, padding="same")[0, :, :, 0]
        array([[1, 1, 1, 0],
               [1, 1, 1, 0],
               [0, 0, 0, 0]])
    """
    around = borders(x.shape, kernel_size, strides, padding, dilation_rate)
    if around == [(0, 0), (0, 0)]:
        return x
    return np.pad(x, ((0, 0), *around, (0, 0)), constant_values=value)


def crop(padded, shape, kernel_size, strides=1, padding="valid", dilation_rate=1):
    """The images of that shape inside the border that `pad` put around them, as a view.

    Example:
        >>> x = np.arange(6).reshape(1, 2, 3, 1)
        >>> bool((crop(pad(x, 3, padding=2), x.shape, 3, padding=2) == x).all())
        True
    """
    (top, _), (left, _) = borders(shape, kernel_size, strides, padding, dilation_rate)
    return padded[:, top : top + shape[1], left : left + shape[2]]


def borders(shape, kernel_size, strides=1, padding="valid", dilation_rate=1):
    """The zeros [(above, below), (left, right)] around images of a shape (B, H, W, C).

    Example:
        >>> borders((1, 5, 7, 3), kernel_size=(3, 2), padding="same")
        [(1, 1), (0, 1)]
    """
    sizes = pair("kernel_size", kernel_size)
    steps, rates = pair("strides", strides), pair("dilation_rate", dilation_rate)
    around = []
    for axis in zip(shape[1:3], sizes, steps, (padding, padding), rates, strict=True):
        output_size(*axis)  # checks that the kernel fits
        around.append(padding_pair(*axis))
    return around


def windows(x, window_size, strides=1, dilation_rate=1, writeable=False):
    """The window at every position of a batch of images, as a view (no pixel is copied).

    Returns:
        Array of shape (B, H', W', K_h, K_w, C).

    Example:
        >>> windows(np.arange(6).reshape(1, 2, 3, 1), 2)[0, 0, 1, :, :, 0]
        array([[1, 2],
               [4, 5]])
    """
    sizes, rates = pair("kernel_size", window_size), pair("dilation_rate", dilation_rate)
    row_stride, column_stride = pair("strides", strides)
    spans = tuple(effective_kernel_size(*axis) for axis in zip(sizes, rates, strict=True))
    every = sliding_window_view(x, spans, axis=(1, 2), writeable=writeable)
    # every: (B, all rows, all columns, C, span, span)
    kept = every[:, ::row_stride, ::column_stride, :, :: rates[0], :: rates[1]]
    return np.moveaxis(kept, 3, 5)


def check_upstream(upstream, output_shape):
    """Raises ValueError unless the upstream gradient has the shape of the output."""
    if upstream.shape != output_shape:
        raise ValueError(
            f"`upstream` must have the shape of the output: got upstream.shape={upstream.shape} "
            f"for an output of shape {output_shape}. "
            "It is the gradient of the loss with respect to that output."
        )
