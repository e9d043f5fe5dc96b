"""Convolution by hand: the definition in loops, the fast version by columns, the way back.

Images are (batch, height, width, channels), written B,H,W,C; kernels are (K_h, K_w, C_in, C_out).
As in every deep-learning library the kernel is not turned: `conv2d` is a cross-correlation.
`strides` and `dilation_rate` are an int or a pair (rows, columns). `padding` is "valid", "same"
(TensorFlow's) or an int P (P zeros on every side); of a sequence also "causal" (all zeros before
it). Integers are computed in int64, so that pixel
values never wrap around.
"""

import math
from itertools import product

import numpy as np

from cnnlab.arrays.windows import check_upstream, common_dtype, crop, numbers, pad, pair, windows
from cnnlab.sizes import effective_kernel_size, output_size, padding_pair, whole_number

BLOCK_SIZE = 2**19  # numbers in the columns that `conv2d` lays out at a time


def correlate2d(image, kernel, strides=1, padding="valid", dilation_rate=1):
    """The cross-correlation of one grey image with one kernel.

    ``out[r, c] = sum over i, j of image[r + i, c + j] * kernel[i, j]``

    Args:
        image: array of shape (H, W), any real dtype and range.
        kernel: array of shape (K_h, K_w).
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.
        dilation_rate: int or (rows, columns), >= 1.

    Returns:
        Array of shape (H', W').

    Raises:
        ValueError: an array has the wrong number of axes, or the kernel does not fit.

    Example:
        >>> correlate2d([[1, 2, 3, 4], [5, 6, 7, 8]], [[1, 10]])
        array([[21, 32, 43],
               [65, 76, 87]])

    Source: Dumoulin & Visin (2016), arXiv:1603.07285, section 1.1.
    """
    image = numbers("image", image, "(height, width)")
    kernel = numbers("kernel", kernel, "(kernel_height, kernel_width)")
    maps = conv2d(
        image[np.newaxis, :, :, np.newaxis],
        kernel[:, :, np.newaxis, np.newaxis],
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
    )
    return maps[0, :, :, 0]


def convolve2d(image, kernel, strides=1, padding="valid", dilation_rate=1):
    """The convolution of one grey image with one kernel, in the sense of mathematics.

    `correlate2d` with the kernel turned by 180 degrees:
    ``out[r, c] = sum over i, j of image[r + i, c + j] * kernel[K_h - 1 - i, K_w - 1 - j]``

    Arguments, result and errors are those of `correlate2d`.

    Example:
        >>> convolve2d([[1, 2, 3, 4], [5, 6, 7, 8]], [[1, 10]])
        array([[12, 23, 34],
               [56, 67, 78]])
    """
    kernel = numbers("kernel", kernel, "(kernel_height, kernel_width)")
    return correlate2d(image, kernel[::-1, ::-1], strides, padding, dilation_rate)


def conv1d(x, kernel, bias=None, strides=1, padding="valid", dilation_rate=1):
    """The feature maps of a batch of sequences.

    ``out[b, l, f] = bias[f] + sum over i, c of x[b, l * strides + i * dilation_rate, c]
    * kernel[i, c, f]``

    Args:
        x: array of shape (B, L, C_in).
        kernel: array of shape (K, C_in, C_out).
        bias: None or array of shape (C_out,).
        strides: int >= 1.
        padding: "valid", "same", an int P >= 0, or "causal": ``dilation_rate * (K - 1)`` zeros
            before the sequence and none after it, so that no output sees a later step.
        dilation_rate: int >= 1.

    Returns:
        Array of shape (B, L', C_out); with "causal" ``L' = ceil(L / strides)``.

    Raises:
        ValueError: shapes disagree, or the kernel does not fit.

    Example:
        >>> signal = np.reshape([1, 2, 4, 7, 11], (1, 5, 1))
        >>> difference = np.reshape([-1, 1], (2, 1, 1))
        >>> conv1d(signal, difference)[0, :, 0]
        array([1, 2, 3, 4])
        >>> conv1d(signal, difference, padding="causal")[0, :, 0]  # before the first step: 0
        array([1, 1, 2, 3, 4])

    Source: causal and dilated: van den Oord et al. (2016), arXiv:1609.03499, section 2.1.
    """
    x, kernel, bias = _arguments(x, kernel, bias, ("length",))
    strides = whole_number("strides", strides)
    dilation_rate = whole_number("dilation_rate", dilation_rate)
    if isinstance(padding, str) and padding == "causal":
        around = effective_kernel_size(kernel.shape[0], dilation_rate) - 1, 0
    else:
        axis = x.shape[1], kernel.shape[0], strides, padding, dilation_rate
        output_size(*axis)  # checks that the kernel fits
        around = padding_pair(*axis)
    # A sequence is an image of one row; it is padded here because an image would get zero rows too.
    row = np.pad(x, ((0, 0), around, (0, 0)))[:, np.newaxis]
    maps = conv2d(
        row, kernel[np.newaxis], bias, strides=(1, strides), dilation_rate=(1, dilation_rate)
    )
    return maps[:, 0]


def conv2d(x, kernel, bias=None, strides=1, padding="valid", dilation_rate=1):
    """The feature maps of a batch of images, as matrix products.

    ``im2col(x, ...) @ kernel.reshape(K_h * K_w * C_in, C_out) + bias``, some rows at a time: so
    the columns fit in the processor's cache, and those of a large photograph in memory.

    Args:
        x: array of shape (B, H, W, C_in), any real dtype and range.
        kernel: array of shape (K_h, K_w, C_in, C_out).
        bias: None or array of shape (C_out,).
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.
        dilation_rate: int or (rows, columns), >= 1.

    Returns:
        Array of shape (B, H', W', C_out); int64 if all arguments hold integers, else the widest
        floating dtype among them.

    Raises:
        ValueError: shapes disagree, or the kernel does not fit.

    Example:
        >>> x = np.ones((1, 5, 7, 3))
        >>> conv2d(x, np.ones((3, 2, 3, 4))).shape
        (1, 3, 6, 4)
        >>> float(conv2d(x, np.ones((3, 2, 3, 4)))[0, 0, 0, 0])  # 3 * 2 * 3 products of 1 * 1
        18.0
    """
    x, kernel, bias = _arguments(x, kernel, bias, ("height", "width"))
    patches = _patches(x, kernel.shape[:2], strides, padding, dilation_rate)
    batch, height, width = patches.shape[:3]
    weights = kernel.reshape(-1, kernel.shape[3])  # (K_h*K_w*C_in, C_out)
    maps = np.empty((batch, height, width, kernel.shape[3]), x.dtype)
    rows = max(1, BLOCK_SIZE // (width * len(weights)))
    for image, top in product(range(batch), range(0, height, rows)):
        block = patches[image, top : top + rows].reshape(-1, len(weights))
        np.matmul(block, weights, out=maps[image, top : top + rows].reshape(-1, kernel.shape[3]))
    maps += bias
    return maps


def conv2d_loops(x, kernel, bias=None, strides=1, padding="valid", dilation_rate=1):
    """The feature maps of a batch of images: the definition, in visible loops.

    Same arguments and result as `conv2d`, some thousand times slower.

    Args:
        x: array of shape (B, H, W, C_in), any real dtype and range.
        kernel: array of shape (K_h, K_w, C_in, C_out).
        bias: None or array of shape (C_out,).
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.
        dilation_rate: int or (rows, columns), >= 1.

    Returns:
        Array of shape (B, H', W', C_out).

    Raises:
        ValueError: shapes disagree, or the kernel does not fit.

    Example:
        >>> x = np.arange(6).reshape(1, 2, 3, 1)
        >>> conv2d_loops(x, np.ones((1, 2, 1, 1), int))[0, :, :, 0]
        array([[1, 3],
               [7, 9]])
    """
    x, kernel, bias = _arguments(x, kernel, bias, ("height", "width"))
    kernel_height, kernel_width, channels, filters = kernel.shape
    row_stride, column_stride = pair("strides", strides)
    row_step, column_step = pair("dilation_rate", dilation_rate)
    x = pad(x, kernel.shape[:2], strides, padding, dilation_rate)
    height = output_size(x.shape[1], kernel_height, row_stride, "valid", row_step)
    width = output_size(x.shape[2], kernel_width, column_stride, "valid", column_step)
    maps = np.zeros((len(x), height, width, filters), x.dtype)
    for b in range(len(x)):
        for row in range(height):
            for column in range(width):
                for f in range(filters):
                    total = bias[f]
                    for i in range(kernel_height):
                        for j in range(kernel_width):
                            for c in range(channels):
                                pixel = x[
                                    b,
                                    row * row_stride + i * row_step,
                                    column * column_stride + j * column_step,
                                    c,
                                ]
                                total += pixel * kernel[i, j, c, f]
                    maps[b, row, column, f] = total
    return maps


def im2col(x, kernel_size, strides=1, padding="valid", dilation_rate=1):
    """The patch under the kernel at every position, laid out as a row of numbers.

    A convolution becomes one matrix product: ``im2col(x, ...) @ kernel.reshape(-1, C_out)``.
    Every pixel is copied up to K_h * K_w times: (8, 56, 56, 64) float32 takes 6 MB, its
    columns for a 3x3 kernel 54 MB.

    Args:
        x: array of shape (B, H, W, C), any real dtype and range.
        kernel_size: int or (rows, columns), >= 1.
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.
        dilation_rate: int or (rows, columns), >= 1.

    Returns:
        Array of shape (B, H', W', K_h*K_w*C); along the last axis the channel runs fastest,
        then the column, then the row of the patch, as in ``kernel.reshape(-1, C_out)``.

    Raises:
        ValueError: x has not four axes, or the kernel does not fit.

    Example:
        >>> x = np.arange(6).reshape(1, 2, 3, 1)
        >>> im2col(x, kernel_size=2)[0, 0]
        array([[0, 1, 3, 4],
               [1, 2, 4, 5]])

    Source: Chellapilla, Puri & Simard (2006), "High Performance Convolutional Neural Networks
        for Document Processing".
    """
    x = numbers("x", x, "(batch, height, width, channels)")
    patches = _patches(x, kernel_size, strides, padding, dilation_rate)
    return patches.reshape(*patches.shape[:3], math.prod(patches.shape[3:]))


def conv2d_backward(x, kernel, upstream, strides=1, padding="valid", dilation_rate=1):
    """The gradients of a convolution: what the loss gains per unit of x, kernel and bias.

    Each weight is used at every position, so its gradient is a sum over the positions; each pixel
    is seen by up to K_h * K_w weights, so its gradient is a sum over the weights::

        dkernel[i, j] = sum over positions of pixel under (i, j) * upstream[position]
        dx[pixel]     = sum over (i, j) of kernel[i, j] * upstream[position with (i, j) on pixel]
        dbias         = sum over positions of upstream[position]

    Args:
        x: array of shape (B, H, W, C_in), the input of the convolution.
        kernel: array of shape (K_h, K_w, C_in, C_out).
        upstream: array of shape (B, H', W', C_out), the gradient of the loss with respect to the
            output ``conv2d(x, kernel, ...)``.
        strides: int or (rows, columns), >= 1.
        padding: "valid", "same" or an int P >= 0.
        dilation_rate: int or (rows, columns), >= 1.

    Returns:
        The triple dx (B, H, W, C_in), dkernel (K_h, K_w, C_in, C_out), dbias (C_out,).

    Raises:
        ValueError: shapes disagree, or the kernel does not fit.

    Example:
        >>> x, kernel = np.arange(6).reshape(1, 2, 3, 1), np.array([[2, 3]]).reshape(1, 2, 1, 1)
        >>> dx, dkernel, dbias = conv2d_backward(x, kernel, np.ones((1, 2, 2, 1), int))
        >>> dx[0, :, :, 0]  # the middle column is seen twice
        array([[2, 5, 3],
               [2, 5, 3]])
        >>> dkernel[0, :, 0, 0], dbias
        (array([ 8, 12]), array([4]))

    Source: Dumoulin & Visin (2016), arXiv:1603.07285, section 4 (dx is a transposed convolution).
    """
    x, kernel, _ = _arguments(x, kernel, None, ("height", "width"))
    upstream = numbers("upstream", upstream, "(batch, height, width, filters)")
    dtype = common_dtype(x, kernel, upstream)
    x, kernel, upstream = (array.astype(dtype, copy=False) for array in (x, kernel, upstream))
    kernel_size, (filters, channels) = kernel.shape[:2], (kernel.shape[3], x.shape[3])

    dx = np.zeros_like(pad(x, kernel_size, strides, padding, dilation_rate))
    patches = _patches(x, kernel_size, strides, padding, dilation_rate)
    dpatches = windows(dx, kernel_size, strides, dilation_rate, writeable=True)
    check_upstream(upstream, (*patches.shape[:3], filters))

    flat = upstream.reshape(-1, filters)  # (B*H'*W', C_out)
    dkernel = np.empty_like(kernel)
    for i, j in np.ndindex(kernel_size):
        seen = patches[:, :, :, i, j].reshape(-1, channels)  # (B*H'*W', C_in)
        dkernel[i, j] = seen.T @ flat
        # One weight sees no pixel twice, so adding through the view loses nothing.
        dpatches[:, :, :, i, j] += (flat @ kernel[i, j].T).reshape(*upstream.shape[:3], channels)
    return (
        crop(dx, x.shape, kernel_size, strides, padding, dilation_rate),
        dkernel,
        flat.sum(axis=0),
    )


def _patches(x, kernel_size, strides, padding, dilation_rate):
    padded = pad(x, kernel_size, strides, padding, dilation_rate)
    return windows(padded, kernel_size, strides, dilation_rate)


def _arguments(x, kernel, bias, axes):
    """The three arrays in one dtype, their shapes checked; no bias is a bias of zeros."""
    x = numbers("x", x, f"(batch, {', '.join(axes)}, channels)")
    kernel_axes = f"({', '.join('kernel_' + axis for axis in axes)}, channels_in, channels_out)"
    kernel = numbers("kernel", kernel, kernel_axes)
    if kernel.shape[-2] != x.shape[-1]:
        raise ValueError(
            "`kernel` must have as many input channels as `x`: "
            f"got kernel.shape={kernel.shape}, x.shape={x.shape}. A kernel is {kernel_axes}."
        )
    filters = kernel.shape[-1]
    bias = numbers("bias", np.zeros(filters, kernel.dtype) if bias is None else bias, "(filters)")
    if len(bias) != filters:
        raise ValueError(
            f"`bias` must have one number per filter: got bias.shape={bias.shape} "
            f"for kernel.shape={kernel.shape}. The last axis of the kernel counts the filters."
        )
    dtype = common_dtype(x, kernel, bias)
    return x.astype(dtype, copy=False), kernel.astype(dtype, copy=False), bias.astype(dtype)
