from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import signal

from cnnlab.arrays.windows import crop, numbers, pad, pair, windows
from cnnlab.convolution import (
    conv1d,
    conv2d,
    conv2d_backward,
    conv2d_loops,
    convolve2d,
    correlate2d,
    im2col,
)

RNG = np.random.default_rng(0)
PADDINGS = ["valid", "same", 0, 1, 3]
STRIDES = [1, 2, (1, 3), (3, 2)]
RATES = [1, 2, (2, 1), (1, 3)]


def random(*shape, dtype=np.float64):
    return RNG.normal(size=shape).astype(dtype)


def keras_conv(x, kernel, bias, strides, padding, dilation_rate):
    """The same convolution by Keras, which knows no int padding."""
    if isinstance(padding, int):
        zeros = [(0, 0)] + [(padding, padding)] * (x.ndim - 2) + [(0, 0)]
        x, padding = np.pad(x, zeros), "valid"
    maps = keras.ops.conv(x, kernel, strides=strides, padding=padding, dilation_rate=dilation_rate)
    return np.asarray(maps) + (0 if bias is None else bias)


def fits(sizes, kernel_sizes, padding, rates):
    if padding == "same":
        return True
    zeros = 0 if padding == "valid" else 2 * padding
    return all(
        d * (k - 1) + 1 <= n + zeros for n, k, d in zip(sizes, kernel_sizes, rates, strict=True)
    )


# conv2d


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("strides", STRIDES)
def test_conv2d_loops_and_keras_agree_on_every_geometry(strides, padding):
    compared = 0
    kernel_sizes = product([1, 2, 3], [1, 2, 4])
    for (height, width), kernel_size, rate in product([(5, 7), (6, 4)], kernel_sizes, RATES):
        if not fits((height, width), kernel_size, padding, pair("dilation_rate", rate)):
            continue
        x = random(2, height, width, 3)
        kernel, bias = random(*kernel_size, 3, 2), random(2)
        geometry = {"strides": strides, "padding": padding, "dilation_rate": rate}
        maps = conv2d(x, kernel, bias, **geometry)
        loops = conv2d_loops(x[:1], kernel, bias, **geometry)
        np.testing.assert_allclose(maps[:1], loops, rtol=1e-12, atol=1e-12)
        if strides == 1 or rate == 1:  # the loops are the oracle where Keras refuses
            expected = keras_conv(x, kernel, bias, **geometry)
            np.testing.assert_allclose(maps, expected, rtol=1e-12, atol=1e-12)
        compared += 1
    assert compared > 35


@pytest.mark.parametrize("mode", ["valid", "full"])
def test_correlate2d_and_convolve2d_equal_scipy(mode):
    for kernel_size in product([1, 3, 5], [1, 3, 5]):
        image, kernel = random(7, 9), random(*kernel_size)
        around = [(k - 1, k - 1) for k in kernel_size] if mode == "full" else 0
        padded = np.pad(image, around)
        np.testing.assert_allclose(
            correlate2d(padded, kernel), signal.correlate2d(image, kernel, mode), atol=1e-12
        )
        np.testing.assert_allclose(
            convolve2d(padded, kernel), signal.convolve2d(image, kernel, mode), atol=1e-12
        )


def test_same_padding_with_an_odd_kernel_is_scipys_same():
    image, kernel = random(6, 8), random(3, 5)
    np.testing.assert_allclose(
        correlate2d(image, kernel, padding="same"),
        signal.correlate2d(image, kernel, "same"),
        atol=1e-12,
    )


def test_convolve2d_takes_the_geometry_of_correlate2d():
    image, kernel = random(9, 7), random(2, 3)
    geometry = {"strides": (2, 1), "padding": "same", "dilation_rate": (1, 2)}
    np.testing.assert_array_equal(
        convolve2d(image, kernel, **geometry),
        correlate2d(image, np.rot90(kernel, 2), **geometry),
    )


def test_an_int_padding_surrounds_the_image_with_zeros():
    x, kernel = random(1, 4, 6, 2), random(3, 2, 2, 1)
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    np.testing.assert_array_equal(conv2d(x, kernel, padding=2), conv2d(padded, kernel))


def test_an_even_kernel_with_same_padding_looks_ahead():
    x = np.arange(1, 7).reshape(1, 2, 3, 1)
    ahead = np.zeros((2, 2, 1, 1), int)
    ahead[1, 1] = 1
    np.testing.assert_array_equal(
        conv2d(x, ahead, padding="same")[0, :, :, 0], [[5, 6, 0], [0, 0, 0]]
    )


# laws


def test_the_result_does_not_depend_on_the_rows_computed_at_a_time(monkeypatch):
    x, kernel = random(2, 9, 7, 3), random(2, 3, 3, 4)
    expected = conv2d_loops(x, kernel)
    for size in (1, 300, 10**9):  # one row, three rows (the last block has two), all rows
        monkeypatch.setattr("cnnlab.convolution.BLOCK_SIZE", size)
        np.testing.assert_allclose(conv2d(x, kernel), expected, atol=1e-12)


def test_the_identity_kernel_returns_its_input():
    x = random(2, 5, 4, 3)
    kernel = np.zeros((3, 5, 3, 3))
    kernel[1, 2] = np.eye(3)
    np.testing.assert_array_equal(conv2d(x, kernel, padding="same"), x)


def test_conv2d_is_linear_in_the_image_and_in_the_kernel():
    x, y = random(2, 5, 7, 3), random(2, 5, 7, 3)
    kernel, other = random(2, 3, 3, 4), random(2, 3, 3, 4)
    np.testing.assert_allclose(
        conv2d(2 * x - 3 * y, kernel), 2 * conv2d(x, kernel) - 3 * conv2d(y, kernel), atol=1e-12
    )
    np.testing.assert_allclose(
        conv2d(x, kernel - other), conv2d(x, kernel) - conv2d(x, other), atol=1e-12
    )


@pytest.mark.parametrize("rate", [1, (2, 1)])
def test_a_shifted_image_gives_a_shifted_map(rate):
    x, kernel = np.zeros((1, 16, 14, 2)), random(3, 2, 2, 3)
    x[:, 5:9, 4:8] = random(1, 4, 4, 2)
    moved = np.roll(x, (2, -1), axis=(1, 2))
    np.testing.assert_array_equal(
        conv2d(moved, kernel, dilation_rate=rate),
        np.roll(conv2d(x, kernel, dilation_rate=rate), (2, -1), axis=(1, 2)),
    )


def test_a_shift_by_the_stride_moves_the_map_by_one():
    x, kernel = np.zeros((1, 13, 17, 1)), random(3, 2, 1, 2)
    x[:, 4:7, 6:9] = random(1, 3, 3, 1)
    moved = np.roll(x, (2, 3), axis=(1, 2))
    np.testing.assert_array_equal(
        conv2d(moved, kernel, strides=(2, 3)),
        np.roll(conv2d(x, kernel, strides=(2, 3)), (1, 1), axis=(1, 2)),
    )


def test_channels_are_summed_into_one_map():
    x, kernel = random(1, 4, 6, 3), random(2, 3, 3, 1)
    by_channel = [correlate2d(x[0, :, :, c], kernel[:, :, c, 0]) for c in range(3)]
    np.testing.assert_allclose(conv2d(x, kernel)[0, :, :, 0], sum(by_channel), atol=1e-12)


def test_the_bias_is_added_to_its_own_map():
    x, kernel = random(1, 4, 6, 3), random(2, 3, 3, 2)
    expected = conv2d(x, kernel) + np.array([10, 20])
    np.testing.assert_allclose(conv2d(x, kernel, [10, 20]), expected, atol=1e-12)
    np.testing.assert_allclose(conv2d_loops(x, kernel, [10, 20]), expected, atol=1e-12)


# conv1d


def causal_by_loops(x, kernel, bias, strides, dilation_rate):
    """The definition: what lies before the first step is 0, and nothing behind is read."""
    batch, length, channels = x.shape
    maps = np.zeros((batch, -(-length // strides), kernel.shape[2]))
    for b, place, f in np.ndindex(maps.shape):
        total = bias[f]
        for i in range(len(kernel)):
            step = place * strides - (len(kernel) - 1 - i) * dilation_rate
            total += sum(x[b, step, c] * kernel[i, c, f] for c in range(channels) if step >= 0)
        maps[b, place, f] = total
    return maps


def test_causal_conv1d_equals_its_definition_and_keras():
    compared = 0
    for length, size, strides, rate in product([1, 5, 8], [1, 2, 3, 4], [1, 2, 3], [1, 2, 4]):
        x, kernel, bias = random(2, length, 3), random(size, 3, 4), random(4)
        geometry = {"strides": strides, "dilation_rate": rate}
        maps = conv1d(x, kernel, bias, padding="causal", **geometry)
        np.testing.assert_allclose(
            maps, causal_by_loops(x, kernel, bias, **geometry), rtol=1e-12, atol=1e-12
        )
        if strides == 1 or rate == 1:
            layer = keras.layers.Conv1D(4, size, padding="causal", dtype="float64", **geometry)
            layer.build(x.shape)
            layer.set_weights([kernel, bias])
            np.testing.assert_allclose(maps, layer(x), rtol=1e-12, atol=1e-12)
            compared += 1
    assert compared == 60


def test_a_causal_output_does_not_change_with_what_comes_later():
    x, kernel = random(1, 9, 2), random(3, 2, 4)
    before = conv1d(x, kernel, padding="causal", dilation_rate=2)
    x[:, 5:] = 100
    after = conv1d(x, kernel, padding="causal", dilation_rate=2)
    np.testing.assert_array_equal(after[:, :5], before[:, :5])
    assert (after[:, 5:] != before[:, 5:]).all()


def test_only_sequences_have_a_past():
    with pytest.raises(ValueError, match=r"\(in conv1d also 'causal'\): got padding='causal'"):
        conv2d(X, KERNEL, padding="causal")


@pytest.mark.parametrize("padding", PADDINGS)
def test_conv1d_equals_keras_on_every_geometry(padding):
    compared = 0
    for length, size, strides, rate in product([5, 8], [1, 2, 3, 4], [1, 2, 3], [1, 2]):
        if (strides > 1 and rate > 1) or not fits([length], [size], padding, [rate]):
            continue
        x, kernel, bias = random(2, length, 3), random(size, 3, 4), random(4)
        geometry = {"strides": strides, "padding": padding, "dilation_rate": rate}
        np.testing.assert_allclose(
            conv1d(x, kernel, bias, **geometry),
            keras_conv(x, kernel, bias, **geometry),
            rtol=1e-12,
            atol=1e-12,
        )
        compared += 1
    assert compared > 25


def test_conv1d_strides_and_dilates_at_once():
    x = np.arange(10).reshape(1, 10, 1)
    kernel = np.array([1, 100]).reshape(2, 1, 1)
    maps = conv1d(x, kernel, strides=3, dilation_rate=2)
    np.testing.assert_array_equal(maps[0, :, 0], [200, 503, 806])


# the way back


def tensorflow_gradients(x, kernel, upstream, strides, padding, dilation_rate):
    """dx and dkernel by automatic differentiation of Keras's convolution."""
    x, kernel = tf.constant(x), tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch([x, kernel])
        padded, kind = x, padding
        if isinstance(padding, int):
            padded, kind = tf.pad(x, [(0, 0), (padding,) * 2, (padding,) * 2, (0, 0)]), "valid"
        maps = keras.ops.conv(
            padded, kernel, strides=strides, padding=kind, dilation_rate=dilation_rate
        )
    return tape.gradient(maps, [x, kernel], output_gradients=tf.constant(upstream))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("strides", STRIDES)
def test_conv2d_backward_is_the_adjoint_and_equals_tensorflow(strides, padding):
    compared = 0
    kernel_sizes = product([1, 2, 3], [1, 2, 4])
    for (height, width), kernel_size, rate in product([(5, 7), (6, 4)], kernel_sizes, RATES):
        if not fits((height, width), kernel_size, padding, pair("dilation_rate", rate)):
            continue
        geometry = {"strides": strides, "padding": padding, "dilation_rate": rate}
        x, kernel = random(2, height, width, 3), random(*kernel_size, 3, 2)
        other_x, other_kernel = random(*x.shape), random(*kernel.shape)
        upstream = random(*conv2d(x, kernel, **geometry).shape)
        dx, dkernel, dbias = conv2d_backward(x, kernel, upstream, **geometry)
        # A convolution is linear in x and in the kernel, so these two lines say everything.
        change = conv2d(other_x, kernel, **geometry)
        np.testing.assert_allclose((dx * other_x).sum(), (upstream * change).sum(), rtol=1e-9)
        change = conv2d(x, other_kernel, **geometry)
        np.testing.assert_allclose(
            (dkernel * other_kernel).sum(), (upstream * change).sum(), rtol=1e-9
        )
        np.testing.assert_allclose(dbias, upstream.sum(axis=(0, 1, 2)), rtol=1e-12)
        if rate == 1:  # TensorFlow differentiates no dilated convolution on a CPU
            expected_dx, expected_dkernel = tensorflow_gradients(x, kernel, upstream, **geometry)
            np.testing.assert_allclose(dx, expected_dx, atol=1e-12)
            np.testing.assert_allclose(dkernel, expected_dkernel, atol=1e-12)
        compared += 1
    assert compared > 35


def test_the_gradient_of_the_image_is_a_transposed_convolution():
    for strides in [1, 2, (3, 2)]:
        kernel, upstream = random(3, 4, 3, 2), random(2, 4, 5, 2)
        expected = keras.ops.conv_transpose(upstream, kernel, strides, padding="valid")
        x = np.zeros(expected.shape)
        dx, _, _ = conv2d_backward(x, kernel, upstream, strides)
        np.testing.assert_allclose(dx, expected, atol=1e-12)


def test_conv2d_backward_of_integers_is_exact():
    x = np.full((1, 4, 5, 1), 255, np.uint8)
    kernel = np.full((2, 3, 1, 1), 100, np.uint8)
    upstream = np.full((1, 3, 3, 1), 200, np.uint8)
    dx, dkernel, dbias = conv2d_backward(x, kernel, upstream)
    assert {dx.dtype, dkernel.dtype, dbias.dtype} == {np.dtype(np.int64)}
    assert dx[0, 1, 2, 0] == 6 * 100 * 200
    np.testing.assert_array_equal(dkernel, 9 * 255 * 200)
    assert dbias == 9 * 200


def test_conv2d_backward_stays_float32_and_leaves_its_arguments_alone():
    x, kernel = random(1, 4, 5, 2, dtype=np.float32), random(2, 3, 2, 3, dtype=np.float32)
    upstream = random(1, 3, 3, 3, dtype=np.float32)
    before = x.copy(), kernel.copy(), upstream.copy()
    gradients = conv2d_backward(x, kernel, upstream)
    assert [g.dtype for g in gradients] == [np.float32] * 3
    for now, then in zip((x, kernel, upstream), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_pixel_that_no_position_sees_has_no_gradient():
    x, kernel = random(1, 6, 8, 1), random(2, 2, 1, 1)
    dx, _, _ = conv2d_backward(x, kernel, np.ones((1, 2, 3, 1)), strides=3)
    seen = np.zeros((6, 8), bool)
    for row, column in product([0, 1, 3, 4], [0, 1, 3, 4, 6, 7]):
        seen[row, column] = True
    np.testing.assert_array_equal(dx[0, :, :, 0] != 0, seen)


def test_crop_undoes_pad():
    x = random(1, 5, 7, 2)
    for padding in PADDINGS:
        padded = pad(x, (2, 4), (1, 2), padding)
        np.testing.assert_array_equal(crop(padded, x.shape, (2, 4), (1, 2), padding), x)


# im2col and its helpers


def test_im2col_times_the_flat_kernel_is_the_convolution():
    geometry = {"strides": (2, 1), "padding": 1, "dilation_rate": (1, 2)}
    x, kernel = random(2, 6, 9, 3), random(3, 2, 3, 4)
    columns = im2col(x, (3, 2), **geometry)
    expected = conv2d_loops(x, kernel, **geometry)
    assert columns.shape == (*expected.shape[:3], 3 * 2 * 3)
    np.testing.assert_allclose(columns @ kernel.reshape(-1, 4), expected, atol=1e-12)


def test_im2col_lists_rows_then_columns_then_channels():
    x = np.arange(24).reshape(1, 3, 4, 2)
    first = im2col(x, (2, 3))[0, 0, 0]
    np.testing.assert_array_equal(first, [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13])


def test_windows_copy_no_pixel():
    x = random(1, 5, 6, 2)
    view = windows(x, (2, 3), strides=2)
    assert view.shape == (1, 2, 2, 2, 3, 2)
    assert np.shares_memory(view, x)


def test_pad_fills_with_the_value_asked_for():
    padded = pad(np.zeros((1, 2, 3, 1)), (2, 1), padding="same", value=-np.inf)
    np.testing.assert_array_equal(padded[0, :, 0, 0], [0, 0, -np.inf])


# numbers


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int32, bool])
def test_integers_never_wrap_around(dtype):
    largest = 1 if dtype is bool else np.iinfo(dtype).max
    x = np.full((1, 4, 5, 1), largest, dtype)
    kernel = np.ones((2, 3, 1, 1), dtype)
    for maps in (conv2d(x, kernel), conv2d_loops(x, kernel), im2col(x, 2)):
        assert maps.dtype == np.int64
    np.testing.assert_array_equal(conv2d(x, kernel), 6 * largest)
    np.testing.assert_array_equal(conv2d_loops(x, kernel), 6 * largest)
    np.testing.assert_array_equal(correlate2d(x[0, :, :, 0], kernel[:, :, 0, 0]), 6 * largest)
    np.testing.assert_array_equal(conv1d(x[0], kernel[0]), 3 * largest)


@pytest.mark.parametrize("other", [np.float32, np.uint8, np.int64])
def test_float32_stays_float32(other):
    x, kernel = random(1, 4, 5, 2, dtype=np.float32), np.ones((2, 3, 2, 1), other)
    assert conv2d(x, kernel).dtype == np.float32
    assert conv2d_loops(x, kernel).dtype == np.float32
    assert conv2d(kernel[..., 0][np.newaxis], x.T[:1, :2, :2]).dtype == np.float32
    assert conv1d(x[0], kernel[0]).dtype == np.float32
    assert im2col(x, 2).dtype == np.float32


def test_nan_spreads_to_exactly_the_windows_that_see_it():
    x, kernel = random(1, 5, 7, 2, dtype=np.float32), random(2, 3, 2, 2, dtype=np.float32)
    kernel[0, 0, 1] = 0  # 0 times NaN is NaN
    x[0, 2, 3, 1] = np.nan
    expected = keras_conv(x, kernel, None, 1, "same", 1)
    assert 0 < np.isnan(expected).sum() < expected.size
    for maps in (conv2d(x, kernel, padding="same"), conv2d_loops(x, kernel, padding="same")):
        np.testing.assert_array_equal(np.isnan(maps), np.isnan(expected))


def test_an_empty_batch_gives_an_empty_batch():
    assert conv2d(np.zeros((0, 5, 7, 3)), np.zeros((2, 3, 3, 4))).shape == (0, 4, 5, 4)
    assert im2col(np.zeros((0, 5, 7, 3)), (2, 3)).shape == (0, 4, 5, 18)


def test_the_arguments_are_left_as_they_were():
    x, kernel, bias = random(1, 4, 5, 2), random(2, 3, 2, 3), random(3)
    before = x.copy(), kernel.copy(), bias.copy()
    conv2d(x, kernel, bias, padding="same")
    conv2d_loops(x, kernel, bias, padding="same")
    for now, then in zip((x, kernel, bias), before, strict=True):
        np.testing.assert_array_equal(now, then)


# bad input

X, KERNEL = np.zeros((1, 5, 7, 3)), np.zeros((3, 2, 3, 4))


@pytest.mark.parametrize("function", [conv2d, conv2d_loops])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"x": X[0]},
            "`x` must have the axes (batch, height, width, channels): got x.shape=(5, 7, 3). "
            "Add a missing axis with np.newaxis, or index one away.",
        ),
        (
            {"kernel": KERNEL[0]},
            "`kernel` must have the axes (kernel_height, kernel_width, channels_in, channels_out): "
            "got kernel.shape=(2, 3, 4). Add a missing axis with np.newaxis, or index one away.",
        ),
        (
            {"kernel": KERNEL.swapaxes(2, 3)},
            "`kernel` must have as many input channels as `x`: got kernel.shape=(3, 2, 4, 3), "
            "x.shape=(1, 5, 7, 3). A kernel is "
            "(kernel_height, kernel_width, channels_in, channels_out).",
        ),
        (
            {"bias": np.zeros(3)},
            "`bias` must have one number per filter: got bias.shape=(3,) for "
            "kernel.shape=(3, 2, 3, 4). The last axis of the kernel counts the filters.",
        ),
        (
            {"kernel": np.zeros((6, 2, 3, 4))},
            "`kernel_size` must fit in the input: got kernel_size=6 (effective 6) for "
            "input_size=5, padding='valid'. Use a smaller kernel or padding='same'.",
        ),
        (
            {"dilation_rate": (1, 7)},
            "`kernel_size` must fit in the input: got kernel_size=2 (effective 8) for "
            "input_size=7, padding='valid'. Use a smaller kernel or padding='same'.",
        ),
        (
            {"strides": 0},
            "`strides` must be a whole number of at least 1: got strides=0. "
            "It counts pixels along one axis.",
        ),
        (
            {"strides": (2, -1)},
            "`strides` must be a whole number of at least 1: got strides=-1. "
            "It counts pixels along one axis.",
        ),
        (
            {"strides": (1, 1, 1)},
            "`strides` must be a whole number or a pair (rows, columns) of them: "
            "got strides=(1, 1, 1). Give one number for both axes, or two.",
        ),
        (
            {"dilation_rate": 1.5},
            "`dilation_rate` must be a whole number of at least 1: got dilation_rate=1.5. "
            "It counts pixels along one axis.",
        ),
        (
            {"padding": "full"},
            "`padding` must be 'valid', 'same' or a whole number of at least 0 (in conv1d also "
            "'causal'): got padding='full'. "
            "Use 'same' for an output of ceil(input / strides) pixels.",
        ),
        (
            {"x": X.astype(str)},
            "`x` must hold real numbers: got x.dtype=<U32. Convert it to integers or floats first.",
        ),
    ],
)
def test_conv2d_says_what_is_wrong_and_what_to_do(function, arguments, message):
    with pytest.raises(ValueError) as error:
        function(**({"x": X, "kernel": KERNEL} | arguments))
    assert str(error.value) == message


@pytest.mark.parametrize("function", [correlate2d, convolve2d])
@pytest.mark.parametrize(
    ("image", "kernel", "message"),
    [
        (X, KERNEL[:, :, 0, 0], "`image` must have the axes (height, width): got image.shape="),
        (X[0, :, :, 0], KERNEL, "`kernel` must have the axes (kernel_height, kernel_width): got "),
        (X[0, :, :, 0], np.zeros((2, 8)), "`kernel_size` must fit in the input: got kernel_size=8"),
    ],
)
def test_correlate2d_says_what_is_wrong(function, image, kernel, message):
    with pytest.raises(ValueError) as error:
        function(image, kernel)
    assert str(error.value).startswith(message)


def test_a_colour_picture_is_told_how_to_become_grey():
    with pytest.raises(
        ValueError, match=r"\(5, 7, 3\)\. Make it grey with \.mean\(axis=2\), or use"
    ):
        correlate2d(X[0], KERNEL[:, :, 0, 0])
    with pytest.raises(ValueError, match="Add a missing axis"):
        correlate2d(X[0, :, :, :2], KERNEL[:, :, 0, 0])


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(ValueError) as error:
        correlate2d([[1, 2], [3]], [[1]])
    assert str(error.value) == (
        "`image` must have rows of equal length: got image=[[1, 2], [3]]. "
        "Write as many numbers in each row."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X}, "`x` must have the axes (batch, length, channels): got x.shape=(1, 5, 7, 3)."),
        (
            {"kernel": KERNEL[0, :, :2]},
            "`kernel` must have as many input channels as `x`: got kernel.shape=(2, 2, 4), "
            "x.shape=(5, 7, 3). A kernel is (kernel_length, channels_in, channels_out).",
        ),
        ({"strides": (1, 2)}, "`strides` must be a whole number of at least 1: got strides=(1, 2)"),
        ({"dilation_rate": 0}, "`dilation_rate` must be a whole number of at least 1: got "),
        ({"dilation_rate": 7}, "`kernel_size` must fit in the input: got kernel_size=2 (effect"),
        ({"padding": -1}, "`padding` must be 'valid', 'same' or a whole number of at least 0 (in "),
        ({"padding": "casual"}, "`padding` must be 'valid', 'same' or a whole number of at least"),
    ],
)
def test_conv1d_says_what_is_wrong_in_the_students_own_shapes(arguments, message):
    with pytest.raises(ValueError) as error:
        conv1d(**({"x": X[0], "kernel": KERNEL[0]} | arguments))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X[0]}, "`x` must have the axes (batch, height, width, channels): got"),
        ({"kernel_size": (6, 1)}, "`kernel_size` must fit in the input: got kernel_size=6"),
        ({"kernel_size": 0}, "`kernel_size` must be a whole number of at least 1: got"),
        ({"kernel_size": (1, 2, 3)}, "`kernel_size` must be a whole number or a pair"),
        ({"padding": "same "}, "`padding` must be 'valid', 'same' or a whole number"),
    ],
)
def test_im2col_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError) as error:
        im2col(**({"x": X, "kernel_size": 2} | arguments))
    assert str(error.value).startswith(message)


def test_numbers_turn_lists_into_arrays():
    np.testing.assert_array_equal(numbers("image", [[1, 2]], "(height, width)"), [[1, 2]])
    with pytest.raises(ValueError, match=r"`image` must hold real numbers: got image.dtype=comp"):
        numbers("image", [[1j]], "(height, width)")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"upstream": np.zeros((1, 3, 6, 3))},
            "`upstream` must have the shape of the output: got upstream.shape=(1, 3, 6, 3) for an "
            "output of shape (1, 3, 6, 4). "
            "It is the gradient of the loss with respect to that output.",
        ),
        (
            {"upstream": np.zeros((1, 3, 6, 4)), "strides": 2},
            "`upstream` must have the shape of the output: got upstream.shape=(1, 3, 6, 4) for an "
            "output of shape (1, 2, 3, 4). "
            "It is the gradient of the loss with respect to that output.",
        ),
        (
            {"upstream": np.zeros((3, 6, 4))},
            "`upstream` must have the axes (batch, height, width, filters): got "
            "upstream.shape=(3, 6, 4). Add a missing axis with np.newaxis, or index one away.",
        ),
        (
            {"x": X[..., :2]},
            "`kernel` must have as many input channels as `x`: got kernel.shape=(3, 2, 3, 4), "
            "x.shape=(1, 5, 7, 2). A kernel is "
            "(kernel_height, kernel_width, channels_in, channels_out).",
        ),
        (
            {"dilation_rate": 3},
            "`kernel_size` must fit in the input: got kernel_size=3 (effective 7) for "
            "input_size=5, padding='valid'. Use a smaller kernel or padding='same'.",
        ),
        (
            {"strides": -2},
            "`strides` must be a whole number of at least 1: got strides=-2. "
            "It counts pixels along one axis.",
        ),
    ],
)
def test_conv2d_backward_says_what_is_wrong_and_what_to_do(arguments, message):
    upstream = np.zeros((1, 3, 6, 4))
    with pytest.raises(ValueError) as error:
        conv2d_backward(**({"x": X, "kernel": KERNEL, "upstream": upstream} | arguments))
    assert str(error.value) == message
