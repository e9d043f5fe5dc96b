"""How large is the output? Sizes along one axis: call once for rows, once for columns."""

from numbers import Integral


def effective_kernel_size(kernel_size, dilation_rate=1):
    """The number of pixels that a kernel spans along one axis.

    ``dilation_rate * (kernel_size - 1) + 1``; with kernel_size 3 and dilation_rate 2::

        k . k . k      5 pixels, 3 of them read

    Args:
        kernel_size: weights along the axis, >= 1.
        dilation_rate: distance between neighbouring weights in pixels, >= 1.

    Returns:
        The span in pixels, an int.

    Raises:
        ValueError: an argument is not a whole number of at least 1.

    Example:
        >>> effective_kernel_size(3, dilation_rate=2)
        5

    Source: Dumoulin & Visin (2016), arXiv:1603.07285, section 5.1.
    """
    kernel_size = whole_number("kernel_size", kernel_size)
    dilation_rate = whole_number("dilation_rate", dilation_rate)
    return dilation_rate * (kernel_size - 1) + 1


def same_padding(input_size, kernel_size, strides=1, dilation_rate=1):
    """The zeros before and after one axis under padding="same".

    Just enough for ``ceil(input_size / strides)`` outputs. An odd total puts its extra zero
    *after* the input, as TensorFlow does.

    Args:
        input_size: height or width of the input in pixels, >= 1.
        kernel_size: weights along the axis, >= 1.
        strides: step of the kernel in pixels, >= 1.
        dilation_rate: distance between neighbouring weights in pixels, >= 1.

    Returns:
        The pair (before, after).

    Raises:
        ValueError: an argument is not a whole number of at least 1.

    Example:
        >>> same_padding(7, kernel_size=3)
        (1, 1)
        >>> same_padding(7, kernel_size=4)  # 3 zeros in total: the extra one goes after
        (1, 2)

    Source: TensorFlow, tf.nn, "Notes on padding".
    """
    input_size = whole_number("input_size", input_size)
    strides = whole_number("strides", strides)
    span = effective_kernel_size(kernel_size, dilation_rate)
    outputs = -(-input_size // strides)
    total = max((outputs - 1) * strides + span - input_size, 0)
    return total // 2, total - total // 2


def padding_pair(input_size, kernel_size, strides=1, padding="valid", dilation_rate=1):
    """The zeros before and after one axis under any padding.

    Args:
        input_size: height or width of the input in pixels, >= 1.
        kernel_size: weights along the axis, >= 1.
        strides: step of the kernel in pixels, >= 1.
        padding: "valid" (none), "same" (see `same_padding`) or an int P >= 0 (P on either side).
        dilation_rate: distance between neighbouring weights in pixels, >= 1.

    Returns:
        The pair (before, after).

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> padding_pair(7, kernel_size=4, padding="same")
        (1, 2)
        >>> padding_pair(7, kernel_size=4, padding=2)
        (2, 2)
    """
    if isinstance(padding, str) and padding == "same":
        return same_padding(input_size, kernel_size, strides, dilation_rate)
    if isinstance(padding, str) and padding == "valid":
        return 0, 0
    if _is_whole_number(padding) and padding >= 0:
        return int(padding), int(padding)
    raise ValueError(
        f"`padding` must be 'valid', 'same' or a whole number of at least 0 (in conv1d also "
        f"'causal'): got padding={padding!r}. "
        "Use 'same' for an output of ceil(input / strides) pixels."
    )


def output_size(input_size, kernel_size, strides=1, padding="valid", dilation_rate=1):
    """The number of output pixels along one axis.

    ``floor((input_size + before + after - effective_kernel_size) / strides) + 1``

    With P zeros on either side and no dilation this is the lecture's ``(W - K + 2P) / S + 1``,
    rounded down.

    Args:
        input_size: height or width of the input in pixels, >= 1.
        kernel_size: weights along the axis, >= 1.
        strides: step of the kernel in pixels, >= 1.
        padding: "valid" (none), "same" (``ceil(input_size / strides)`` outputs) or an int P >= 0
            (P zeros on either side).
        dilation_rate: distance between neighbouring weights in pixels, >= 1.

    Returns:
        The number of positions that the kernel takes, an int >= 1.

    Raises:
        ValueError: an argument is out of its range, or the kernel is larger than the padded input.

    Example:
        >>> output_size(32, kernel_size=5)
        28
        >>> output_size(7, kernel_size=3, strides=2, padding="same")
        4

    Source: Dumoulin & Visin (2016), arXiv:1603.07285, relationships 6 and 15, with
        `before + after` for their `2p` (TensorFlow may pad unevenly).
    """
    input_size = whole_number("input_size", input_size)
    strides = whole_number("strides", strides)
    span = effective_kernel_size(kernel_size, dilation_rate)
    before, after = padding_pair(input_size, kernel_size, strides, padding, dilation_rate)
    room = input_size + before + after - span
    if room < 0:
        raise ValueError(
            f"`kernel_size` must fit in the input: got kernel_size={kernel_size} "
            f"(effective {span}) for input_size={input_size}, padding={padding!r}. "
            "Use a smaller kernel or padding='same'."
        )
    return room // strides + 1


def whole_number(name, value, counted="pixels along one axis"):
    """The value as an int of at least 1; `name` and what is `counted` are for the error.

    Example:
        >>> whole_number("strides", 2)
        2
    """
    if not _is_whole_number(value) or value < 1:
        raise ValueError(
            f"`{name}` must be a whole number of at least 1: got {name}={value!r}. "
            f"It counts {counted}."
        )
    return int(value)


def _is_whole_number(value):
    return isinstance(value, Integral) and not isinstance(value, bool)
