import math
from itertools import product

import keras
import numpy as np
import pytest

from cnnlab.sizes import (
    effective_kernel_size,
    output_size,
    padding_pair,
    same_padding,
    whole_number,
)

GRID = list(product(range(1, 12), range(1, 6), range(1, 5), range(1, 4)))  # W, K, S, d


def positions(input_size, kernel_size, strides, padding, dilation_rate):
    """The output size by walking along the padded axis and counting."""
    before, after = padding_pair(input_size, kernel_size, strides, padding, dilation_rate)
    length = input_size + before + after
    last = [p for p in range(length) if p + dilation_rate * (kernel_size - 1) < length]
    return len(last[::strides])


@pytest.mark.parametrize("padding", ["valid", "same", 0, 1, 2, 3])
def test_output_size_counts_the_positions_of_the_kernel(padding):
    compared = 0
    for input_size, kernel_size, strides, rate in GRID:
        expected = positions(input_size, kernel_size, strides, padding, rate)
        if expected:
            assert output_size(input_size, kernel_size, strides, padding, rate) == expected
            compared += 1
        else:
            with pytest.raises(ValueError, match="must fit in the input"):
                output_size(input_size, kernel_size, strides, padding, rate)
    assert compared > 400


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_output_size_equals_keras(padding):
    compared = 0
    for input_size, kernel_size, strides, rate in GRID:
        too_large = padding == "valid" and effective_kernel_size(kernel_size, rate) > input_size
        if too_large or (strides > 1 and rate > 1):  # Keras refuses the second
            continue
        layer = keras.layers.Conv1D(
            1, kernel_size, strides=strides, padding=padding, dilation_rate=rate
        )
        expected = layer.compute_output_shape((1, input_size, 1))[1]
        assert output_size(input_size, kernel_size, strides, padding, rate) == expected
        compared += 1
    assert compared > 100


def test_same_padding_leaves_input_over_strides_rounded_up():
    for input_size, kernel_size, strides, rate in GRID:
        assert output_size(input_size, kernel_size, strides, "same", rate) == math.ceil(
            input_size / strides
        )


def test_same_padding_puts_the_extra_pixel_after():
    assert same_padding(7, kernel_size=4) == (1, 2)
    assert same_padding(6, kernel_size=3, strides=2) == (0, 1)


def test_same_padding_is_what_keras_pads():
    # A kernel of one weight at its first place reads the padded input itself.
    for input_size, kernel_size, strides in product(range(1, 9), range(1, 6), range(1, 4)):
        x = np.arange(1, input_size + 1, dtype=np.float32).reshape(1, -1, 1)
        kernel = np.zeros((kernel_size, 1, 1), np.float32)
        kernel[0] = 1
        seen = keras.ops.conv(x, kernel, strides=strides, padding="same")
        before, after = same_padding(input_size, kernel_size, strides)
        padded = np.pad(x[0, :, 0], (before, after))
        expected = [padded[p] for p in range(0, len(padded) - kernel_size + 1, strides)]
        np.testing.assert_array_equal(np.asarray(seen)[0, :, 0], expected)


def test_effective_kernel_size_counts_the_gaps_between_the_weights():
    for kernel_size, rate in product(range(1, 8), range(1, 6)):
        last_weight = [i * rate for i in range(kernel_size)][-1]
        assert effective_kernel_size(kernel_size, rate) == last_weight + 1


def test_an_int_padding_is_the_formula_of_the_lecture():
    for size, kernel, strides, zeros in product(range(5, 12), range(1, 6), range(1, 4), range(4)):
        lecture = (size - kernel + 2 * zeros) / strides + 1
        assert output_size(size, kernel, strides, zeros) == math.floor(lecture)


def test_numpy_integers_are_welcome():
    assert output_size(np.int64(7), np.uint8(3), np.int32(2), np.int64(1)) == 4
    assert type(output_size(np.int64(7), np.uint8(3), np.int32(2))) is int


def test_a_kernel_larger_than_the_input_is_refused():
    with pytest.raises(ValueError) as error:
        output_size(4, kernel_size=5)
    assert str(error.value) == (
        "`kernel_size` must fit in the input: got kernel_size=5 (effective 5) for input_size=4, "
        "padding='valid'. Use a smaller kernel or padding='same'."
    )
    with pytest.raises(ValueError, match=r"got kernel_size=3 \(effective 7\) for input_size=4"):
        output_size(4, kernel_size=3, padding=1, dilation_rate=3)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "2", None, (1, 2)])
@pytest.mark.parametrize("name", ["input_size", "kernel_size", "strides", "dilation_rate"])
def test_sizes_strides_and_dilation_are_whole_numbers_of_at_least_one(name, value):
    arguments = {"input_size": 7, "kernel_size": 3, "strides": 1, "dilation_rate": 1, name: value}
    with pytest.raises(ValueError) as error:
        output_size(**arguments)
    assert str(error.value) == (
        f"`{name}` must be a whole number of at least 1: got {name}={value!r}. "
        "It counts pixels along one axis."
    )


@pytest.mark.parametrize("padding", ["full", -1, 1.5, None, True, (1, 1)])
def test_an_unknown_padding_is_refused(padding):
    with pytest.raises(ValueError) as error:
        output_size(7, 3, padding=padding)
    assert str(error.value) == (
        "`padding` must be 'valid', 'same' or a whole number of at least 0 (in conv1d also "
        f"'causal'): got padding={padding!r}. "
        "Use 'same' for an output of ceil(input / strides) pixels."
    )


def test_whole_number_names_the_argument():
    assert whole_number("filters", np.int8(3)) == 3
    with pytest.raises(ValueError, match="`filters` must be a whole number of at least 1"):
        whole_number("filters", 0)
