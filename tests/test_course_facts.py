"""Every number of the five lectures, computed: a test per row of the list of course facts."""

import math
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnlab import datasets, kernels, models, scores, weights
from cnnlab.convolution import (
    conv1d,
    conv2d,
    conv2d_backward,
    convolve2d,
    correlate2d,
    windows,
)
from cnnlab.costs import layer_table, totals
from cnnlab.feature_maps import feature_maps
from cnnlab.gradients import effective_receptive_field
from cnnlab.heatmaps import grad_cam
from cnnlab.patterns import filter_patterns
from cnnlab.pooling import average_pool2d, max_pool2d, max_pool2d_backward
from cnnlab.receptive_field import receptive_field
from cnnlab.sizes import output_size
from cnnlab.transfer import classifier, extract_features, unfreeze


def grid(text, dtype=int):
    """The matrix that the lectures write as rows of digits, or of numbers: "10/01", "1 -1/-1 1"."""
    return np.array([row.split() if " " in row else list(row) for row in text.split("/")], dtype)


# A. By hand

DIAGONAL = grid("10/01")
A1_IMAGE = grid("0000/0000/0001/0010")
A2_IMAGE = grid("0000/0000/0010/0001")
A3_IMAGE = grid("1000/0100/0000/0000")
A6_IMAGE, A6_KERNEL = grid("33210/00131/31223/20022/20001"), grid("012/220/012")
A7_IMAGE = grid(
    "60 113 56 139 85/73 121 54 84 128/131 99 70 129 127/80 57 115 69 134/104 126 123 95 130"
)
A8_IMAGE = grid("22 15 1 3 60/42 5 38 39 7/28 9 4 66 79/0 82 45 12 17/99 14 72 51 3")
A8_KERNEL = grid("00000/00010/00000/00000/00000")


def test_A1_a_diagonal_kernel_hardly_answers_to_the_other_diagonal():
    np.testing.assert_array_equal(correlate2d(A1_IMAGE, DIAGONAL), grid("000/001/010"))


def test_A2_a_diagonal_kernel_answers_2_to_its_own_diagonal():
    answer = correlate2d(A2_IMAGE, DIAGONAL)
    np.testing.assert_array_equal(answer, grid("000/010/002"))
    assert answer.max() == 2


def test_A3_the_largest_answer_does_not_care_where_the_diagonal_is():
    answer = correlate2d(A3_IMAGE, DIAGONAL)
    np.testing.assert_array_equal(answer, grid("200/010/000"))
    assert answer.max() == correlate2d(A2_IMAGE, DIAGONAL).max() == 2


def test_A3_a_map_moves_with_its_image_except_at_the_border():
    np.testing.assert_array_equal(np.roll(A2_IMAGE, (-2, -2), axis=(0, 1)), A3_IMAGE)
    moved = np.roll(correlate2d(A2_IMAGE, DIAGONAL), (-2, -2), axis=(0, 1))
    np.testing.assert_array_equal(moved, grid("200/000/001"))
    assert not np.array_equal(moved, correlate2d(A3_IMAGE, DIAGONAL))
    padded = correlate2d(A2_IMAGE, DIAGONAL, padding=1)
    np.testing.assert_array_equal(
        np.roll(padded, (-2, -2), axis=(0, 1)), correlate2d(A3_IMAGE, DIAGONAL, padding=1)
    )


def test_A4_convolution_turns_the_kernel_and_correlation_does_not():
    np.testing.assert_array_equal(convolve2d(A6_IMAGE, A6_KERNEL), grid("18 20 19/10 9 17/11 8 14"))
    centre = convolve2d(A8_IMAGE, A8_KERNEL, padding=1)
    np.testing.assert_array_equal(centre, grid("28 9 4/0 82 45/99 14 72"))
    np.testing.assert_array_equal(
        convolve2d(A6_IMAGE, A6_KERNEL), correlate2d(A6_IMAGE, np.rot90(A6_KERNEL, 2))
    )


def test_A4_kernels_that_are_their_own_turn_cannot_tell():
    for kernel in (DIAGONAL, *map(kernels.named, kernels.names())):
        np.testing.assert_array_equal(kernel, np.rot90(kernel, 2))


def test_A5_the_answer_of_a_diagonal_detector_counts_mismatches():
    backslash = grid("1 -1/-1 1")
    patterns = np.array(list(product([1, -1], repeat=4))).reshape(16, 2, 2)
    answers = [correlate2d(pattern, backslash).item() for pattern in patterns]
    mismatches = (patterns != backslash).sum(axis=(1, 2))
    np.testing.assert_array_equal(answers, 4 - 2 * mismatches)
    assert [answers.count(value) for value in (4, 2, 0, -2, -4)] == [1, 4, 6, 4, 1]
    np.testing.assert_array_equal(answers, [-correlate2d(p, -backslash).item() for p in patterns])


def test_A5_the_first_zero_of_the_slide_is_the_sum_of_the_kernel():
    assert grid("1 -1/-1 1").sum() == 0


def test_A6_the_example_of_dumoulin_and_visin():
    np.testing.assert_array_equal(
        correlate2d(A6_IMAGE, A6_KERNEL), grid("12 12 17/10 17 19/9 6 14")
    )


def test_A7_sharpening_leaves_the_range_of_a_byte():
    expected = grid(
        "114 328 -26 470 158/53 266 -61 -30 344/403 116 -47 295 244/108 -135 256 -128 344/"
        "314 346 279 153 421"
    )
    sharpen = kernels.named("sharpen")
    for image, kernel in [
        (A7_IMAGE, sharpen),
        (A7_IMAGE.astype(np.uint8), sharpen),
        (A7_IMAGE.astype(np.uint8), sharpen.astype(np.int8)),
    ]:
        np.testing.assert_array_equal(correlate2d(image, kernel, padding=1), expected)
        assert np.pad(image, 1).shape == (7, 7)
    assert expected.min() < 0
    assert expected.max() > 255
    assert not np.array_equal(expected.astype(np.uint8), expected)


def test_A8_a_kernel_with_a_single_one_shifts_the_image():
    answer = correlate2d(A8_IMAGE, A8_KERNEL, padding="same")
    np.testing.assert_array_equal(answer[1:-1, 1:-1], grid("1 3 60/38 39 7/4 66 79"))
    np.testing.assert_array_equal(answer[1:-1, 1:-1], A8_IMAGE[:3, 2:])  # the top right corner
    np.testing.assert_array_equal(answer[1:-1, 1:-1], correlate2d(A8_IMAGE, A8_KERNEL, padding=1))


@pytest.mark.parametrize("name", kernels.names())
def test_A9_edge_kernels_sum_to_zero_and_the_others_to_one(name):
    kernel = kernels.named(name)
    photo = datasets.photo("camera")[100:148, 150:214, 0]  # (48, 64)
    flat = correlate2d(np.full((7, 9), 100), kernel)
    answer = correlate2d(photo, kernel)
    if name.startswith("edge"):
        assert kernel.sum() == 0
        np.testing.assert_array_equal(flat, 0)
        assert answer.min() < 0 < answer.max()
    else:
        assert kernel.sum() == pytest.approx(1)
        np.testing.assert_allclose(flat, 100, rtol=1e-6)
    if "blur" in name or "gaussian" in name:
        assert answer.std() < photo.std()
    if name == "sharpen":
        assert answer.std() > photo.std()
    if name == "identity":
        np.testing.assert_array_equal(answer, photo[1:-1, 1:-1])


def test_A10_a_gabor_bank_finds_stripes_by_orientation_and_wavelength():
    orientations, wavelengths = [0, 45, 90, 135], [4, 8]
    bank = kernels.gabor_bank(orientations, wavelengths, size=15)
    column = np.arange(40)
    stripes = np.tile(np.cos(2 * np.pi * column / 8), (36, 1))  # "|", eight pixels apart
    answers = [correlate2d(stripes, kernel).max() for kernel in bank]
    best = np.unravel_index(np.argmax(answers), (4, 2))
    assert (orientations[best[0]], wavelengths[best[1]]) == (90, 8)


def test_A10_some_5x5_filters_of_a_trained_lenet5_are_like_gabors_and_some_are_not():
    learned = weights.pretrained("lenet5").get_layer("c1").get_weights()[0][:, :, 0]
    assert learned.shape == (5, 5, 6)
    gabors = [
        kernels.gabor(5, angle, length, phase)
        for angle, length, phase in product(range(0, 180, 30), (3, 5, 8, 10), (0, 90))
    ]
    gabors = np.reshape(gabors, (-1, 25))
    centred = (learned - learned.mean(axis=(0, 1))).reshape(25, 6)
    scale = np.outer(np.linalg.norm(gabors, axis=1), np.linalg.norm(centred, axis=0))
    best = np.abs(gabors @ centred / scale).max(axis=0)  # the most similar Gabor of each filter
    assert best.min() < 0.8 < best.max()


def test_A11_the_output_size_is_the_formula_rounded_down():
    for size, kernel, stride, zeros in product((7, 32, 227), (2, 3, 5, 11), (1, 2, 4), (0, 1, 2)):
        if kernel > size + 2 * zeros:
            continue
        expected = (size - kernel + 2 * zeros) // stride + 1
        assert output_size(size, kernel, stride, zeros) == expected
        for rate in (1, 2):
            span = rate * (kernel - 1) + 1
            if span <= size + 2 * zeros:
                expected = (size + 2 * zeros - rate * (kernel - 1) - 1) // stride + 1
                assert output_size(size, kernel, stride, zeros, rate) == expected


def test_A12_a_sequence_shares_its_weights_the_same_way():
    step = np.repeat([0, 0, 1, 1], 3).reshape(1, 12, 1)
    edge = np.array([-1, 1]).reshape(2, 1, 1)
    np.testing.assert_array_equal(conv1d(step, edge)[0, :, 0], np.diff(step[0, :, 0]))
    np.testing.assert_array_equal(
        conv1d(step, edge)[0], conv2d(step[:, np.newaxis], edge[np.newaxis])[0, 0]
    )


def test_A13_the_gradient_of_a_shared_weight_is_the_sum_over_its_positions():
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(1, 4, 5, 1)), rng.normal(size=(2, 3, 1, 1))
    upstream = rng.normal(size=(1, 3, 3, 1))
    unshared = np.zeros((3, 3, 2, 3))  # a kernel of its own at every position
    for row, column in np.ndindex(3, 3):
        patch = x[0, row : row + 2, column : column + 3, 0]
        unshared[row, column] = upstream[0, row, column, 0] * patch
    _, dkernel, _ = conv2d_backward(x, kernel, upstream)
    np.testing.assert_allclose(dkernel[:, :, 0, 0], unshared.sum(axis=(0, 1)), atol=1e-12)
    weight = tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch(weight)
        maps = keras.ops.conv(tf.constant(x), weight)
    automatic = tape.gradient(maps, weight, output_gradients=tf.constant(upstream))
    np.testing.assert_allclose(dkernel, automatic, atol=1e-12)


def test_A14_two_by_two_max_pooling_keeps_the_largest():
    x = grid("1124/5678/3210/1234").reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(max_pool2d(x)[0, :, :, 0], grid("68/34"))
    layer = keras.layers.MaxPooling2D(2)
    np.testing.assert_array_equal(layer(x.astype(np.float32))[0, :, :, 0], grid("68/34"))
    assert layer.count_params() == 0


def test_A15_only_the_largest_number_of_a_window_passes_a_change_on():
    window = grid("68/35").reshape(1, 2, 2, 1)
    assert max_pool2d(window).item() == 8
    raised = grid("78/35").reshape(1, 2, 2, 1)  # 6 becomes 7
    assert max_pool2d(raised).item() == 8
    assert max_pool2d(grid("79/35").reshape(1, 2, 2, 1)).item() == 9  # and 8 becomes 9: two changes
    gradient = max_pool2d_backward(window, np.ones((1, 1, 1, 1)))
    np.testing.assert_array_equal(gradient[0, :, :, 0], grid("01/00"))


def vertical_strokes(images):
    """Where a vertical-line detector answers, (B, H, W, 1), never negative."""
    kernel = kernels.gabor(7, orientation=90, wavelength=6)[:, :, np.newaxis, np.newaxis]
    return np.maximum(conv2d(images, kernel, padding="same"), 0)


def pooled_change(images, moved, pool_size):
    """By how much the pooled maps of two batches differ, as a share of their size."""
    before = max_pool2d(vertical_strokes(images), pool_size)
    after = max_pool2d(vertical_strokes(moved), pool_size)
    return np.abs(after - before).mean() / before.mean()


def test_A16_pooling_tolerates_shifts_of_about_its_size():
    images = np.pad(datasets.load("digits", "test").images[:50], ((0, 0), (8, 8), (8, 8), (0, 0)))
    shifted = {step: np.roll(images, step, axis=2) for step in (1, 2, 4)}
    for step, moved in shifted.items():
        changes = [pooled_change(images, moved, size) for size in (1, 2, 4, 11)]
        assert changes == sorted(changes, reverse=True), step
    for size in (2, 4):
        changes = [pooled_change(images, shifted[step], size) for step in (1, 2, 4)]
        assert changes == sorted(changes)


def test_A16_pooling_tolerates_small_turns_as_small_shifts_and_no_quarter_turn():
    images = np.pad(datasets.load("digits", "test").images[:50], ((0, 0), (8, 8), (8, 8), (0, 0)))
    shifted = np.roll(images, 2, axis=1)
    turn = keras.layers.RandomRotation((10 / 360, 10 / 360), fill_mode="constant")
    slightly, by_a_quarter = turn(images, training=True).numpy(), np.rot90(images, axes=(1, 2))
    for size in (1, 2, 4):
        change = pooled_change(images, shifted, size)
        assert pooled_change(images, slightly, size) == pytest.approx(change, rel=0.2)
        assert pooled_change(images, by_a_quarter, size) > 2 * change
    assert pooled_change(images, shifted, 44) < 1e-6  # 44: the whole map, which no shift changes
    assert pooled_change(images, by_a_quarter, 44) > 0.2


def test_A17_a_convolution_is_a_fully_connected_layer_with_zeros():
    basis = np.eye(16).reshape(16, 4, 4, 1)
    kernel = DIAGONAL.reshape(2, 2, 1, 1)
    matrix = conv2d(basis, kernel).reshape(16, 9).T  # (9, 16)
    expected = correlate2d(A1_IMAGE, DIAGONAL)
    np.testing.assert_array_equal(matrix @ A1_IMAGE.ravel(), expected.ravel())
    inside = conv2d(basis, np.ones((2, 2, 1, 1))).reshape(16, 9)
    assert (inside != 0).sum() == 36
    assert inside.size == 144


def test_A17_of_300x300_same_5x5_few_of_the_entries_lie_in_a_field():
    along_one_axis = int(correlate2d(np.ones((1, 300)), np.ones((1, 5)), padding="same").sum())
    inside = correlate2d(np.ones((300, 300), int), np.ones((5, 5), int), padding="same").sum()
    assert along_one_axis == 1494
    assert inside == along_one_axis**2 == 2_232_036
    assert round(100 * inside / 90_000**2, 3) == 0.028


def test_A18_a_convolution_takes_another_size_and_a_dense_layer_refuses():
    kernel = np.ones((3, 2, 1, 4))
    assert conv2d(np.ones((1, 8, 6, 1)), kernel).shape == (1, 6, 5, 4)
    assert conv2d(np.ones((1, 9, 12, 1)), kernel).shape == (1, 7, 11, 4)
    dense = keras.layers.Dense(4)
    dense(np.ones((1, 8 * 6)))
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 48"):
        dense(np.ones((1, 9 * 12)))


def test_A18_shared_weights_connect_few_pixels():
    small, large = conv2d_parameters(5, 1, 1), 90_000**2
    assert small == 26
    assert large / small > 300_000_000


def test_A19_a_dot_product_in_a_loop_is_one_output_of_a_convolution():
    image, kernel = grid("123/456"), grid("7 8 9/-1 -2 -3")
    total = 0
    for pixel, weight in zip(image.ravel(), kernel.ravel(), strict=True):
        total += pixel * weight
    assert total == np.dot(image.ravel(), kernel.ravel()) == correlate2d(image, kernel).item()


def test_A20_a_threshold_makes_a_kernel_a_detector():
    slash, backslash = correlate2d(A1_IMAGE, DIAGONAL).max(), correlate2d(A2_IMAGE, DIAGONAL).max()
    assert (slash, backslash) == (1, 2)
    assert slash < 1.5 < backslash


def test_A21_one_slice_per_channel_summed_into_one_map():
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(1, 5, 6, 3)), rng.normal(size=(3, 2, 3, 1))
    maps = conv2d(x, kernel)
    assert maps.shape == (1, 3, 5, 1)
    slices = [correlate2d(x[0, :, :, c], kernel[:, :, c, 0]) for c in range(3)]
    np.testing.assert_allclose(maps[0, :, :, 0], np.sum(slices, axis=0), atol=1e-12)


def test_A22_the_sums_run_over_half_the_kernel_rounded_down_with_channels_and_bias():
    rng = np.random.default_rng(0)
    rows, columns = 5, 3
    x, kernel = rng.normal(size=(1, 6, 7, 2)), rng.normal(size=(rows, columns, 2, 1))
    padded = np.pad(x[0], ((rows // 2,) * 2, (columns // 2,) * 2, (0, 0)))
    row, column, bias = 4, 5, 0.5
    total = bias
    for m in range(-(rows // 2), rows // 2 + 1):
        for n in range(-(columns // 2), columns // 2 + 1):
            for c in range(2):
                pixel = padded[row + m + rows // 2, column + n + columns // 2, c]
                total += pixel * kernel[m + rows // 2, n + columns // 2, c, 0]
    assert conv2d(x, kernel, [bias], padding="same")[0, row, column, 0] == pytest.approx(total)


def test_A23_the_stride_reduces_not_the_maximum():
    x = np.random.default_rng(0).normal(size=(1, 8, 6, 1))
    assert max_pool2d(x, pool_size=2, strides=1).shape == (1, 7, 5, 1)
    assert max_pool2d(x, pool_size=2, strides=1, padding="same").shape == x.shape
    assert max_pool2d(x, pool_size=2, strides=2).shape == (1, 4, 3, 1)
    assert max_pool2d(x, pool_size=1, strides=2).shape == (1, 4, 3, 1)


def test_A24_a_window_can_be_pooled_by_mean_median_maximum_and_power():
    x = grid("1124/5678/3210/1234").reshape(1, 4, 4, 1)
    patches = windows(x, 2, strides=2)[0, :, :, :, :, 0]  # (2, 2, 2, 2)
    np.testing.assert_array_equal(patches.mean(axis=(2, 3)), average_pool2d(x)[0, :, :, 0])
    np.testing.assert_array_equal(patches.max(axis=(2, 3)), max_pool2d(x)[0, :, :, 0])
    medians = np.median(patches, axis=(2, 3))
    np.testing.assert_array_equal(medians, grid("3 5.5/2 2", float))

    def power(p):
        return (patches.astype(float) ** p).mean(axis=(2, 3)) ** (1 / p)

    np.testing.assert_allclose(power(1), average_pool2d(x)[0, :, :, 0])
    np.testing.assert_allclose(power(200), max_pool2d(x)[0, :, :, 0], rtol=0.01)
    assert hasattr(keras.layers, "MaxPooling2D")
    assert hasattr(keras.layers, "AveragePooling2D")
    assert not hasattr(keras.layers, "MedianPooling2D")


def test_A25_at_a_tie_the_first_maximum_takes_all_or_all_share():
    x, one = grid("88/35", float).reshape(1, 2, 2, 1), np.ones((1, 1, 1, 1))
    by_hand = max_pool2d_backward(x, one)[0, :, :, 0]
    np.testing.assert_array_equal(by_hand, grid("10/00"))
    tensor = tf.constant(x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(tensor)
        pooled, largest = tf.nn.max_pool2d(tensor, 2, 2, "VALID"), tf.reduce_max(tensor)
    np.testing.assert_array_equal(tape.gradient(pooled, tensor)[0, :, :, 0], by_hand)
    np.testing.assert_array_equal(
        tape.gradient(largest, tensor)[0, :, :, 0], grid("0.5 0.5/0 0", float)
    )


def test_A26_photographs_are_height_width_channels_from_0_to_255():
    photo = datasets.photo("chelsea")
    height, width, channels = photo.shape
    assert height < width
    assert channels == 3
    assert photo.dtype == np.uint8
    assert 0 <= photo.min() < 20
    assert 200 < photo.max() <= 255
    assert keras.config.image_data_format() == "channels_last"
    digits = datasets.load("digits").images
    assert (digits.min(), digits.max()) == (0, 1)
    assert digits[:, 0, 0].max() < 0.1  # paper is dark, ink is light


def test_A27_depth_size_stride_and_padding_are_arguments_of_conv2d():
    layer = keras.layers.Conv2D(filters=6, kernel_size=5, strides=2, padding="same")
    assert {"filters", "kernel_size", "strides", "padding"} <= set(layer.get_config())
    assert layer.compute_output_shape((1, 28, 20, 1)) == (1, 14, 10, 6)


def test_A28_a_small_kernel_is_fast():
    macs = output_size(300, 5, padding="same") ** 2 * 5 * 5
    assert macs == 2_250_000
    assert 90_000**2 / macs == 3600


def test_A28_enough_padding_keeps_the_size_for_odd_kernels_only():
    for kernel in range(1, 12):
        kept = [zeros for zeros in range(8) if output_size(300, kernel, padding=zeros) == 300]
        assert kept == ([(kernel - 1) // 2] if kernel % 2 else [])


# B. Counting


@cache
def network(build, **options):
    """A network as a blueprint: its weights are never made, however many."""
    with models.blueprint():
        return build(**options)


def table_of(build, **options):
    """The `layer_table` of a network, by layer."""
    return layer_table(network(build, **options)).set_index("layer")


def dense_layer(inputs, units, **options):
    """A dense layer of any size, described but not made."""
    with models.blueprint():
        layer = keras.layers.Dense(units, **options)
        layer.build((None, inputs))
    return layer


def conv2d_parameters(kernel_size, channels, filters):
    """The parameters of a Keras Conv2D, counted by Keras."""
    layer = keras.layers.Conv2D(filters, kernel_size)
    layer.build((None, None, None, channels))
    return layer.count_params()


def test_B1_a_5x5_convolution_has_26_parameters_where_a_dense_layer_has_billions():
    assert conv2d_parameters(5, 1, 1) == 26
    assert output_size(300, 5, padding="same") == 300
    assert (300 * 300) ** 2 == 8_100_000_000
    assert (300 * 300) ** 2 + 300 * 300 == 8_100_090_000


@pytest.mark.parametrize("kernel_size", [(3, 3), (5, 2), (1, 1)])
@pytest.mark.parametrize(("channels", "filters"), [(1, 6), (3, 64), (16, 120)])
def test_B2_parameters_are_kernel_pixels_times_channels_plus_one_times_filters(
    kernel_size, channels, filters
):
    height, width = kernel_size
    expected = (width * height * channels + 1) * filters
    assert conv2d_parameters(kernel_size, channels, filters) == expected


def test_B3_output_pixels_times_kernel_times_both_depths_are_macs_and_flops_are_twice():
    model = keras.Sequential([keras.Input((16, 20, 3)), keras.layers.Conv2D(8, 3, strides=2)])
    height, width, filters = model.output_shape[1:]
    sums = totals(layer_table(model))
    assert sums.macs == height * width * 3**2 * 3 * filters == 13_608
    assert sums.flops == 2 * sums.macs


def test_B4_dense_local_and_shared_connections_of_a_megapixel():
    pixels = hidden = 1000 * 1000
    assert pixels * hidden == 10**12
    assert 10 * 10 * hidden == 10**8
    assert conv2d_parameters(10, 1, 1) == 100 + 1


def test_B5_as_many_hidden_units_as_512x512_pixels_need_275_gigabytes():
    layer = dense_layer(512 * 512, 512 * 512, use_bias=False)
    assert layer.count_params() == 68_719_476_736
    size = layer.count_params() * np.dtype(layer.dtype).itemsize
    assert size == 274_877_906_944
    assert size / 10**9 == pytest.approx(274.9, abs=0.05)
    assert size / 2**30 == 256
    assert size // 2**10 == 268_435_456  # KiB: where the slide's 268 comes from


def test_B6_three_local_weights_per_unit_are_87381_times_fewer():
    units = output_size(512 * 512, 3, padding="same")
    assert 3 * units == 786_432
    dense = dense_layer(512 * 512, units, use_bias=False).count_params()
    assert Fraction(dense, 3 * units) == Fraction(262_144, 3)
    assert int(dense / (3 * units)) == 87_381


@pytest.mark.parametrize(
    ("outputs", "parameters"), [(None, 196_609_000), (1, 196_610_001), (1000, 197_610_000)]
)
def test_B7_a_dense_layer_on_256x256x3_stays_under_200_million(outputs, parameters):
    hidden = dense_layer(256 * 256 * 3, 1000)
    head = dense_layer(1000, outputs).count_params() if outputs else 0
    assert hidden.count_params() + head == parameters < 200_000_000


def test_B8_alexnet_layer_by_layer():
    table = table_of(models.alexnet)
    assert table.output_shape.to_dict() == {
        "conv1": (55, 55, 96),
        "norm1": (55, 55, 96),
        "pool1": (27, 27, 96),
        "conv2": (27, 27, 256),
        "norm2": (27, 27, 256),
        "pool2": (13, 13, 256),
        "conv3": (13, 13, 384),
        "conv4": (13, 13, 384),
        "conv5": (13, 13, 256),
        "pool5": (6, 6, 256),
        "flatten": (9216,),
        "fc6": (4096,),
        "dropout6": (4096,),
        "fc7": (4096,),
        "dropout7": (4096,),
        "fc8": (1000,),
    }
    assert table.parameters["conv1"] == conv2d_parameters(11, 3, 96) == 34_944
    assert table.parameters["conv1"] - 96 == 34_848
    assert table.parameters["pool1"] == 0
    weighted = table.output_shape[table.parameters > 0]
    assert sum(math.prod(shape) for shape in weighted) == 659_272  # neurons


def test_B8_alexnet_has_60_to_62_million_parameters():
    assert table_of(models.alexnet).parameters.sum() == 62_378_344
    assert table_of(models.alexnet, groups=2).parameters.sum() == 60_965_224


def test_B8_steps_of_4_fit_227_pixels_and_not_224():
    assert (227 - 11) / 4 + 1 == output_size(227, 11, strides=4) == 55
    assert (224 - 11) / 4 + 1 == 54.25
    assert output_size(224, 11, strides=4) == 54


def test_B8_the_paper_normalises_before_pooling_and_the_deck_after():
    paper, deck = (
        list(table_of(models.alexnet, normalise_first=first).index[1:3]) for first in (True, False)
    )
    assert paper == ["norm1", "pool1"] == deck[::-1]


def test_B9_lenet5_goes_from_32_to_28_to_14_to_10_to_5_to_1():
    sizes = [32]
    for kernel_size, strides in [(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)]:
        sizes.append(output_size(sizes[-1], kernel_size, strides))
    assert sizes == [32, 28, 14, 10, 5, 1]
    built = [layer.output.shape[1] for layer in models.lenet5().layers]
    assert built[1:7] == sizes


def test_B9_lenet5_has_61706_parameters():
    parameters = {
        "c1": conv2d_parameters(5, 1, 6),
        "c3": conv2d_parameters(5, 6, 16),
        "c5": conv2d_parameters(5, 16, 120),
        "f6": (120 + 1) * 84,
        "output": (84 + 1) * 10,
    }
    assert list(parameters.values()) == [156, 2_416, 48_120, 10_164, 850]
    model = models.lenet5()
    assert model.count_params() == sum(parameters.values()) == 61_706
    assert {name: model.get_layer(name).count_params() for name in parameters} == parameters


def test_B9_the_network_of_1998_had_60000_parameters_and_340908_connections():
    c1, c5, f6 = conv2d_parameters(5, 1, 6), conv2d_parameters(5, 16, 120), (120 + 1) * 84
    c3 = 6 * 3 * 25 + 6 * 4 * 25 + 3 * 4 * 25 + 1 * 6 * 25 + 16  # maps that see 3, 4, 4 and 6 maps
    s2, s4 = 6 * 2, 16 * 2  # a weight and a bias per map
    assert (c3, s2, s4) == (1_516, 12, 32)
    assert c1 + s2 + c3 + s4 + c5 + f6 == 60_000
    pooled = 2 * 2 + 1  # four pixels and the bias
    connections = [28**2 * c1, 14**2 * 6 * pooled, 10**2 * c3, 5**2 * 16 * pooled, c5, f6, 84 * 10]
    assert sum(connections) == 340_908


def test_B12_the_tables_of_both_mnist_networks_row_by_row():
    mlp, cnn = table_of(models.mlp).parameters, table_of(models.mnist_cnn).parameters
    assert mlp.to_dict() == {"flatten": 0, "hidden": (784 + 1) * 784, "output": (784 + 1) * 10}
    assert cnn.to_dict() == {
        "conv1": conv2d_parameters(5, 1, 30),
        "pool1": 0,
        "conv2": conv2d_parameters(3, 30, 15),
        "pool2": 0,
        "dropout": 0,
        "flatten": 0,
        "dense1": (5 * 5 * 15 + 1) * 128,
        "dense2": (128 + 1) * 50,
        "output": (50 + 1) * 10,
    }
    assert mlp.tolist() == [0, 615_440, 7_850]
    assert cnn.tolist() == [780, 0, 4_065, 0, 0, 0, 48_128, 6_450, 510]
    assert (mlp.sum(), cnn.sum()) == (623_290, 59_933)


def test_B12_channels_first_is_refused():
    with pytest.raises(ValueError, match="output size would be zero or negative"):
        models.mnist_cnn(input_shape=(1, 28, 28))
    assert models.mnist_cnn(input_shape=(28, 28, 1)).output_shape == (None, 10)


def mean_accuracy(name, by):
    """Of a stored result, over its seeds."""
    return datasets.result(name).groupby(by).accuracy.mean()


def test_B13_both_read_mnist_as_told_and_the_cnn_has_10_4_times_fewer_parameters():
    found = mean_accuracy("networks", ["data", "network"])
    assert found["mnist", "mlp"] >= 0.982
    assert found["mnist", "mnist_cnn"] >= 0.992
    assert found["digits"][["mlp", "mnist_cnn"]].between(0.94, 0.99).all()
    assert round((1 - 0.982) / (1 - 0.993), 1) == 2.6
    parameters = [build().count_params() for build in (models.mlp, models.mnist_cnn)]
    assert round(parameters[0] / parameters[1], 1) == 10.4


VGG16_TABLE = {
    "block1_conv1": ((224, 224, 64), 1_792),
    "block1_conv2": ((224, 224, 64), 36_928),
    "block1_pool": ((112, 112, 64), 0),
    "block2_conv1": ((112, 112, 128), 73_856),
    "block2_conv2": ((112, 112, 128), 147_584),
    "block2_pool": ((56, 56, 128), 0),
    "block3_conv1": ((56, 56, 256), 295_168),
    "block3_conv2": ((56, 56, 256), 590_080),
    "block3_conv3": ((56, 56, 256), 590_080),
    "block3_pool": ((28, 28, 256), 0),
    "block4_conv1": ((28, 28, 512), 1_180_160),
    "block4_conv2": ((28, 28, 512), 2_359_808),
    "block4_conv3": ((28, 28, 512), 2_359_808),
    "block4_pool": ((14, 14, 512), 0),
    "block5_conv1": ((14, 14, 512), 2_359_808),
    "block5_conv2": ((14, 14, 512), 2_359_808),
    "block5_conv3": ((14, 14, 512), 2_359_808),
    "block5_pool": ((7, 7, 512), 0),
}


@pytest.mark.parametrize("build", [models.vgg16, keras.applications.VGG16])
def test_B10_every_row_of_the_vgg16_table(build):
    options = {"weights": None} if build is keras.applications.VGG16 else {}
    table = table_of(build, **options)
    convolutions = table[: len(VGG16_TABLE)]
    found = zip(convolutions.output_shape, convolutions.parameters, strict=True)
    assert dict(zip(convolutions.index, found, strict=True)) == VGG16_TABLE
    assert convolutions.parameters.sum() == 14_714_688
    assert table.parameters.sum() == 138_357_544


def test_B10_the_printed_table_is_that_without_the_top():
    whole = network(keras.applications.VGG16, weights=None)
    without_top = network(keras.applications.VGG16, weights=None, include_top=False)
    assert whole.input_shape == (None, 224, 224, 3)
    assert without_top.input_shape == (None, None, None, 3)
    assert without_top.count_params() == 14_714_688


def test_B11_inception_v3_and_resnet152_with_and_without_their_statistics():
    for build, parameters, statistics, trainable in [
        (keras.applications.InceptionV3, 23_851_784, 34_432, 23_817_352),
        (keras.applications.ResNet152, 60_419_944, 151_424, 60_268_520),
    ]:
        model = network(build, weights=None)
        assert model.count_params() == parameters == trainable + statistics
        assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == trainable


def test_B11_the_convolutions_of_resnet152_hold_75712_biases():
    layers = network(keras.applications.ResNet152, weights=None).layers
    convolutions = [layer for layer in layers if type(layer) is keras.layers.Conv2D]
    biases = sum(layer.filters for layer in convolutions if layer.use_bias)
    assert (biases, 60_268_520 - biases) == (75_712, 60_192_808)


def convolution_share(table, column):
    """The percentage of a column that belongs to the convolutions."""
    return float(100 * table[column][table.kind == "Conv2D"].sum() / table[column].sum())


def test_B14_convolutions_hold_few_parameters_and_do_nearly_all_the_work():
    vgg16, alexnet = table_of(models.vgg16), table_of(models.alexnet)
    assert vgg16.macs.sum() == 15_470_264_320
    assert round(convolution_share(vgg16, "parameters"), 2) == 10.64
    assert round(convolution_share(vgg16, "macs"), 2) == 99.20
    assert round(100 * vgg16.parameters["fc1"] / vgg16.parameters.sum(), 1) == 74.3
    assert round(convolution_share(alexnet, "parameters"), 1) == 6.0
    assert round(convolution_share(alexnet, "macs"), 1) == 94.8


def test_B14_fewer_parameters_can_be_more_work():
    mlp, cnn = table_of(models.mlp), table_of(models.mnist_cnn)
    assert round(mlp.parameters.sum() / cnn.parameters.sum(), 1) == 10.4
    assert (cnn.macs.sum(), mlp.macs.sum()) == (891_900, 622_496)
    assert round(cnn.macs.sum() / mlp.macs.sum(), 2) == 1.43


def test_B15_biases_are_one_per_filter():
    for size, channels, filters in [(5, 1, 6), (3, 64, 128)]:
        without = keras.layers.Conv2D(filters, size, use_bias=False)
        without.build((None, None, None, channels))
        assert without.count_params() == size * size * channels * filters
        with_bias = conv2d_parameters(size, channels, filters)
        assert with_bias == without.count_params() + filters


def test_B17_c5_is_a_convolution_and_a_dense_layer_at_once():
    c5 = models.lenet5().get_layer("c5")
    kernel, bias = c5.get_weights()
    maps = np.random.default_rng(0).normal(size=(3, 5, 5, 16)).astype("float32")
    dense = np.tanh(maps.reshape(3, 400) @ kernel.reshape(400, 120) + bias)
    np.testing.assert_allclose(np.reshape(c5(maps), (3, 120)), dense, atol=1e-5)
    assert c5.count_params() == 400 * 120 + 120 == 48_120


def test_B18_two_convolutions_per_block_are_vgg13():
    convolutions = table_of(models.vgg13, include_top=False)
    assert (convolutions.kind == "Conv2D").sum() == 10
    assert convolutions.parameters.sum() == 9_404_992
    assert table_of(models.vgg13).parameters.sum() == 128_954_945
    assert table_of(models.vgg16, classes=1).parameters.sum() == 134_264_641


def test_B18_rate_is_what_goes_and_keep_is_what_stays():
    kept = keras.layers.Dropout(rate=0.2, seed=0)(np.ones((1, 100_000), "float32"), training=True)
    assert np.mean(np.asarray(kept) == 0) == pytest.approx(0.2, abs=0.01)
    assert np.unique(kept) == pytest.approx([0, 1 / 0.8])


def test_B19_resnet152_is_mostly_1x1():
    layers = network(keras.applications.ResNet152, weights=None).layers
    convolutions = [layer for layer in layers if type(layer) is keras.layers.Conv2D]
    sizes = Counter(layer.kernel_size for layer in convolutions)
    assert sizes == {(7, 7): 1, (3, 3): 50, (1, 1): 104}
    projections = [layer for layer in convolutions if layer.name.endswith("_0_conv")]
    assert len(projections) == 4
    assert all(layer.kernel_size == (1, 1) for layer in projections)
    dense = [layer for layer in layers if type(layer) is keras.layers.Dense]
    assert len(convolutions) == 155
    assert len(convolutions) - len(projections) + len(dense) == 1 + 3 * 50 + 1 == 152


# C. Receptive field


def conv3(strides=1):
    return keras.layers.Conv2D(1, 3, strides=strides)


def pool2():
    return keras.layers.MaxPooling2D(2)


def field_size(*layers):
    """The side of the square of pixels that one output of a stack of layers sees."""
    with models.blueprint():
        model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    (rows, columns) = receptive_field(model).size
    assert rows == columns
    return rows


def blocks_to_see(pixels, block):
    """How many repetitions of a block are the first to see so many pixels, and their field."""
    for count in range(1, pixels):
        size = field_size(*(layer for _ in range(count) for layer in block()))
        if size >= pixels:
            return count, size


def test_C1_four_3x3_layers_see_9x9_and_n_layers_2n_plus_1():
    assert field_size(*(conv3() for _ in range(4))) == 9
    for count in (1, 2, 7, 20):
        assert field_size(*(conv3() for _ in range(count))) == 2 * count + 1


def test_C2_it_takes_150_layers_of_3x3_to_see_300_pixels():
    sizes = {n: field_size(*(conv3() for _ in range(n))) for n in (75, 149, 150)}
    assert sizes == {75: 151, 149: 299, 150: 301}


def test_C2_strides_and_pooling_see_300_pixels_in_a_few_layers():
    assert blocks_to_see(300, lambda: [conv3(strides=2)]) == (8, 511)
    assert blocks_to_see(300, lambda: [conv3(), pool2()]) == (7, 382)
    assert blocks_to_see(300, lambda: [conv3(), conv3(), pool2()]) == (6, 316)


def test_C3_a_stride_doubles_the_growth_and_not_the_field():
    plain = [field_size(*(conv3() for _ in range(n))) for n in range(1, 6)]
    strided = [field_size(conv3(2), *(conv3() for _ in range(n - 1))) for n in range(1, 6)]
    assert plain == [3, 5, 7, 9, 11]
    assert strided == [3, 7, 11, 15, 19]
    assert set(np.diff(strided)) == {2 * growth for growth in np.diff(plain)} == {4}


@pytest.mark.parametrize(
    ("build", "layer", "size"),
    [
        (models.lenet5, "c5", 32),
        (models.mnist_cnn, "pool2", 12),
        (models.alexnet, "pool5", 195),
        (models.vgg16, "block5_conv3", 196),
        (models.vgg16, "block5_pool", 212),
    ],
)
def test_C3_what_the_networks_of_the_course_see(build, layer, size):
    assert receptive_field(network(build), layer).size == (size, size)


def chain(depth, setting):
    """So many 3x3 convolutions, in one of the settings of Luo et al., on the image they see."""
    size = 2 * depth + 1
    filters = 1 if setting == "uniform" else 4
    start = "ones" if setting == "uniform" else "he_normal"
    activation = "relu" if setting == "random + ReLU" else None
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Conv2D(
            filters, 3, padding="same", kernel_initializer=start, activation=activation
        )
        for _ in range(depth)
    ]
    return keras.Sequential([keras.Input((size, size, 1)), *layers])


@pytest.mark.parametrize("setting", ["uniform", "random", "random + ReLU"])
def test_C4_the_effective_field_is_a_bell_whose_share_shrinks_with_the_root_of_the_depth(setting):
    depths, shares = [5, 10, 20], []
    for depth in depths:
        field = effective_receptive_field(chain(depth, setting), samples=16)
        side = 2 * depth + 1
        shares.append(np.sqrt((field > 1 - 0.9545).sum()) / side)
        distance = np.hypot(*(np.indices(field.shape) - depth))
        ring = [field[distance.round() == radius].mean() for radius in range(depth + 1)]
        assert ring[0] > ring[depth // 2] > ring[depth]
        assert ring[-1] < 0.1
    assert shares == sorted(shares, reverse=True)
    slope = np.polyfit(np.log(depths), np.log(shares), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


def test_C5_pooling_lets_the_next_layer_see_more():
    def sizes(pool):
        layers = [conv3(), pool(), conv3(), pool(), conv3()]
        return [field_size(*layers[: n + 1]) for n in range(len(layers))]

    assert sizes(pool2) == [3, 4, 8, 10, 18]
    assert sizes(lambda: keras.layers.Identity()) == [3, 3, 5, 5, 7]


# D. Training and practice


def test_D1_bytes_saturate_tanh_and_fractions_do_not():
    keras.utils.set_random_seed(0)
    c1 = models.lenet5().get_layer("c1")
    images = datasets.load("digits", "test").images[:50]

    def saturated(x):
        maps = np.abs(c1(x))
        return np.mean(maps[maps > 0.01] > 0.99)

    assert saturated(images) == 0
    assert saturated(images * 255) > 0.5


def test_D1_only_the_mlp_under_plain_gradient_steps_needs_scaled_inputs():
    last = datasets.result("inputs").query("epoch == 8")
    found = last.groupby(["network", "optimiser", "inputs"]).accuracy.mean()
    bytes_in = found.xs("0 to 255", level="inputs")
    assert bytes_in["mlp", "SGD with momentum"] < 0.2
    assert (bytes_in.drop(("mlp", "SGD with momentum")) > 0.9).all()
    scaled = found.drop("0 to 255", level="inputs").unstack("inputs")
    assert (scaled > 0.9).all(axis=None)
    assert np.ptp(scaled.to_numpy(), axis=1).max() < 0.02  # x/255 or x/255 - 0.5: no difference


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slope(function, x, epsilon=1e-6):
    """The derivative by a central difference."""
    return (function(x + epsilon) - function(x - epsilon)) / (2 * epsilon)


def test_D2_the_derivatives_of_sigmoid_and_tanh_at_zero():
    assert slope(sigmoid, 0.0) == pytest.approx(0.25)
    assert slope(np.tanh, 0.0) == pytest.approx(1)
    x = np.linspace(-4, 4, 33)
    assert slope(sigmoid, x).max() == slope(sigmoid, 0.0)
    np.testing.assert_allclose(np.tanh(x), 2 * sigmoid(2 * x) - 1, atol=1e-12)
    np.testing.assert_allclose(keras.activations.sigmoid(x), sigmoid(x), atol=1e-6)


def test_D2_sigmoid_saturates_and_relu_does_not():
    assert slope(sigmoid, 8.0) < 1e-3
    assert slope(lambda x: np.maximum(x, 0), 8.0) == pytest.approx(1)


def test_D2_sigmoid_and_relu_are_not_zero_centred():
    x = np.random.default_rng(0).normal(size=10_000)
    assert sigmoid(x).mean() == pytest.approx(0.5, abs=0.01)
    assert np.maximum(x, 0).mean() == pytest.approx(0.4, abs=0.01)
    assert np.tanh(x).mean() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("a", "dies", "is_linear"), [(0, True, False), (0.1, False, False), (1, False, True)]
)
def test_D2_a_leaky_relu_does_not_die_if_a_is_not_zero(a, dies, is_linear):
    def leaky(x):
        return float(keras.activations.leaky_relu(np.array(x), negative_slope=a))

    left, right = slope(leaky, -2.0, 0.5), slope(leaky, 2.0, 0.5)
    assert (left == 0) == dies
    assert (left == right) == is_linear


def test_D2_gradients_vanish_with_depth_under_sigmoid_not_under_relu():
    rng = np.random.default_rng(0)
    depth, units = 20, 32
    left = {}
    for name, gain in (("sigmoid", 1), ("tanh", 1), ("relu", 2)):
        x = keras.ops.convert_to_tensor(rng.normal(size=(1, units)))
        layers = [
            tf.constant(rng.normal(size=(units, units)) * np.sqrt(gain / units))
            for _ in range(depth)
        ]
        with tf.GradientTape() as tape:
            tape.watch(x)
            h = x
            for layer in layers:
                h = getattr(keras.activations, name)(h @ layer)
        left[name] = float(tf.norm(tape.gradient(h, x)) / np.sqrt(units))
    assert left["sigmoid"] < 0.25**depth < 1e-11
    assert left["tanh"] > 0.01
    assert left["relu"] > 0.01


def test_D2_too_large_a_step_kills_relus_but_not_leaky_ones():
    rng = np.random.default_rng(0)
    x, weight = rng.uniform(size=(50, 20)), rng.normal(size=(20, 12))
    upstream = np.ones((50, 12))
    for leak, expected in ((0, 12), (0.1, 0)):
        slopes = np.where(x @ weight > 0, 1, leak)
        after = weight - 10 * x.T @ (upstream * slopes)  # one huge step of gradient descent
        slopes = np.where(x @ after > 0, 1, leak)
        assert (slopes == 0).all(axis=0).sum() == expected


def test_D3_glorot_and_he_draw_with_the_spread_of_their_formulas():
    fan_in, fan_out = 3 * 5 * 16, 3 * 5 * 32
    for name, variance in [("glorot_uniform", 2 / (fan_in + fan_out)), ("he_normal", 2 / fan_in)]:
        keras.utils.set_random_seed(0)
        drawn = np.asarray(keras.initializers.get(name)((3, 5, 16, 32)))
        np.testing.assert_allclose(drawn.std(), np.sqrt(variance), rtol=0.03)


def test_D3_batch_normalisation_gives_every_channel_mean_0_and_deviation_1():
    x = np.random.default_rng(0).normal(5, 3, size=(64, 7, 9, 4)).astype("float32")
    layer = keras.layers.BatchNormalization()
    by_hand = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-3)
    np.testing.assert_allclose(layer(x, training=True), by_hand, atol=1e-4)
    assert layer.count_params() == 4 * 4
    assert len(layer.trainable_weights) == 2


def test_D3_dropout_drops_its_rate_and_enlarges_the_rest_in_training_only():
    layer = keras.layers.Dropout(rate=0.2, seed=0)
    x = np.ones((1, 10_000), "float32")
    values, counts = np.unique(layer(x, training=True), return_counts=True)
    np.testing.assert_allclose(values, [0, 1 / 0.8])
    np.testing.assert_allclose(counts[0] / counts.sum(), 0.2, atol=0.02)
    np.testing.assert_array_equal(layer(x, training=False), x)


@pytest.mark.parametrize("data", ["digits", "mnist"])
def test_D3_what_each_practice_is_worth_on_500_digits(data):
    accuracy = mean_accuracy("practices", ["data", "practice"])[data]
    harm = ["tiny initial weights", "augmentation with flips"]
    assert (accuracy[harm] < accuracy["none"] - 0.01).all()
    assert (accuracy.drop(["none", *harm]) > accuracy["none"]).all()
    assert accuracy["all together"] > accuracy["none"] + 0.01


def test_D4_dense_layers_do_not_read_elsewhere_what_they_learned_in_the_centre():
    table = datasets.result("shifts").query("training == 'centred'")
    accuracy = table.groupby(["network", "shift"]).accuracy.mean().unstack("network")
    dense = ["mlp", "lenet5", "flattened"]
    assert (accuracy.loc[0] > 0.9).all()
    assert (accuracy.loc[4, dense] < 0.2).all()
    assert accuracy.loc[4, "global pooling"] > 0.8


def test_D4_the_same_mlp_reads_digits_elsewhere_once_it_sees_enough_of_them():
    table = datasets.result("shifts").query("network == 'mlp'")
    accuracy = table.groupby(["training", "epochs", "shift"]).accuracy.mean()
    once, anew = accuracy["shifted once", 20], accuracy["shifted anew", 20]
    assert (anew > once + 0.05).all()  # as many steps and weights, more different pictures
    assert (accuracy["shifted anew", 80] > anew).all()


def test_D4_an_mlp_needs_more_digits_than_a_convolutional_network():
    table = datasets.result("amounts")
    accuracy = table.groupby(["images", "network"]).accuracy.mean().unstack("network")
    assert (accuracy.mnist_cnn > accuracy.mlp).all()


def test_D5_more_than_six_first_maps_cost_more_and_gain_little():
    table = datasets.result("filters").groupby(["data", "filters"])
    found = table[["parameters", "accuracy", "processor_seconds"]].mean()
    six, many = found.loc["digits"].loc[6], found.loc["digits"].loc[32]
    assert abs(many.accuracy - six.accuracy) < 0.01
    assert many.processor_seconds > 1.3 * six.processor_seconds
    assert many.parameters - six.parameters == 26 * (25 + 1 + 16 * 25)


@pytest.mark.parametrize(
    ("kernel_start", "head_start", "equal"),
    [
        (keras.initializers.Constant(0.05), keras.initializers.Constant(0.01), True),
        (keras.initializers.Constant(0.05), "zeros", True),
        (keras.initializers.Constant(0.05), "glorot_uniform", False),
        ("glorot_uniform", "glorot_uniform", False),
    ],
)
def test_D6_equal_filters_stay_equal_while_the_head_is_symmetric(kernel_start, head_start, equal):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(4, 5, activation="relu", kernel_initializer=kernel_start),
            keras.layers.MaxPooling2D(4),
            keras.layers.Flatten(),
            keras.layers.Dense(10, kernel_initializer=head_start),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    digits = datasets.load("digits")
    model.fit(digits.images[:160], digits.labels[:160], batch_size=16, epochs=2, verbose=0)
    spread = np.ptp(model.layers[0].get_weights()[0], axis=-1).max()
    assert (spread < 1e-6) if equal else (spread > 1e-3)


def trainable_parameters(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def test_D7_a_frozen_extractor_gets_a_head_of_its_own_and_fine_tuning_frees_the_last_block():
    base = models.vgg16_slim(include_top=False)
    model = classifier(base, classes=12)
    assert trainable_parameters(model) == (256 + 1) * 12
    unfreeze(model, "block5_conv1")
    assert trainable_parameters(model) == 3 * (3 * 3 * 256 + 1) * 256 + (256 + 1) * 12
    photographs = np.stack([datasets.photo(name, size=64) for name in ("chelsea", "coffee")])
    features = extract_features(base, photographs)
    logits = model.get_layer("head")(features)
    np.testing.assert_allclose(model(photographs, training=False), logits, atol=1e-4)


def test_D8_a_second_head_adds_its_own_weights_and_shares_the_rest():
    trunk = models.lenet5()
    shared = trunk.get_layer("f6").output
    digit = trunk.get_layer("output")
    heads = {"digit": digit(shared), "loop": keras.layers.Dense(1, name="loop")(shared)}
    model = keras.Model(trunk.inputs[0], heads)
    assert model.count_params() == trunk.count_params() + 84 + 1
    images = datasets.load("digits", "test").images[:3]
    np.testing.assert_allclose(model(images)["digit"], trunk(images), atol=1e-6)


def test_D9_a_logistic_output_is_a_softmax_of_two_logits_their_difference():
    base = models.vgg16_slim(include_top=False)
    assert classifier(base, classes=2).output_shape == (None, 1)
    logits = np.random.default_rng(0).normal(0, 3, size=(50, 2))
    logistic = keras.ops.sigmoid(logits[:, 1] - logits[:, 0])
    np.testing.assert_allclose(logistic, keras.ops.softmax(logits)[:, 1], rtol=1e-6)
    dogs = np.arange(50) % 2
    one = keras.losses.BinaryCrossentropy(from_logits=True)
    two = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(one(dogs, logits[:, 1] - logits[:, 0]), two(dogs, logits), rtol=1e-6)


def test_D10_every_channel_of_every_layer_comes_from_one_pass():
    model = weights.pretrained("vgg16_slim")
    photo = weights.preprocess("vgg16_slim", datasets.photo("chelsea", size=64)[None])
    maps = feature_maps(model, photo)
    convolutions = [values for name, values in maps.items() if "conv" in name]
    assert len(convolutions) == 13
    assert sum(values.shape[-1] for values in convolutions) == 2112
    upto = keras.Model(model.inputs[0], model.get_layer("block4_conv2").output)
    np.testing.assert_allclose(maps["block4_conv2"], upto(photo), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("layer", ["block1_conv2", "block3_conv3", "block5_conv3"])
def test_D10_a_filter_prefers_the_pattern_made_for_it(layer):
    model, filters = weights.pretrained("vgg16_slim"), [5, 14, 20]
    patterns = filter_patterns(model, layer, filters, size=48, steps=12)
    assert (patterns.std(axis=(1, 2, 3)) > 0.05).all()
    answers = feature_maps(model, 2 * patterns - 1, layer)[layer].mean(axis=(1, 2))[:, filters]
    assert answers.argmax(axis=0).tolist() == [0, 1, 2]


def test_D10_the_heat_of_a_class_lies_on_its_object():
    """The cat above the cup, each asked for by its name; the boxes are those of data/boxes.csv."""
    size = (88, 132)
    names, boxes = weights.class_names("vgg16_slim"), datasets.table("boxes")
    pictures, places = [], []
    for number, (name, thing) in enumerate([("chelsea", "cat"), ("coffee", "cup")]):
        photo = datasets.photo(name)
        resized = keras.ops.image.resize(photo.astype("float32"), size, antialias=True)
        pictures.append(np.asarray(resized).round().clip(0, 255).astype("uint8"))
        row = boxes[(boxes.photo == name) & (boxes.object == thing)].iloc[0]
        down, across = np.array(size) / photo.shape[:2]
        top, left, bottom, right = row.top, row.left, row.bottom, row.right
        box = [top * down, left * across, bottom * down, right * across]
        places.append(np.round(box).astype(int) + number * np.array([size[0], 0, size[0], 0]))
    both = weights.preprocess("vgg16_slim", np.concatenate(pictures))
    classes = [names.index("Egyptian cat"), names.index("espresso")]
    model = weights.pretrained("vgg16_slim", include_top=True)
    heat = grad_cam(model, both[None].repeat(2, axis=0), classes)
    assert scores.pointing_game(heat, places).all()
    top, left, bottom, right = np.array(places).T
    share = (bottom - top) * (right - left) / heat[0].size
    assert (scores.energy_in_box(heat, places) > 1.5 * share).all()


def lenet5_maps(images):
    """The maps of C1 and of S4 of the trained `lenet5`, by hand."""
    lenet = weights.pretrained("lenet5")
    c1 = np.tanh(conv2d(images, *lenet.get_layer("c1").get_weights(), padding=2))
    c3 = np.tanh(conv2d(average_pool2d(c1), *lenet.get_layer("c3").get_weights()))
    return c1, average_pool2d(c3)


def test_D12_the_maps_of_a_trained_layer_differ():
    c1, _ = lenet5_maps(datasets.load("digits").images[:200])
    correlation = np.corrcoef(c1.reshape(-1, 6).T)
    assert np.abs(correlation[~np.eye(6, dtype=bool)]).max() < 0.95


def test_D12_a_dense_head_classifies_frozen_maps():
    train, test = datasets.load("digits"), datasets.load("digits", "test")
    keras.utils.set_random_seed(0)
    head = keras.Sequential(
        [keras.layers.Flatten(), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    head.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    head.fit(lenet5_maps(train.images)[1], train.labels, batch_size=32, epochs=4, verbose=0)
    assert head.evaluate(lenet5_maps(test.images)[1], test.labels, verbose=0)[1] > 0.95


def test_D13_sgd_with_momentum_by_hand_is_keras_s():
    rate, slopes = 0.02, np.array([1.0, 25.0])
    point, velocity = np.array([-4.0, 1.0]), 0.0
    variable, optimiser = keras.Variable(point), keras.optimizers.SGD(rate, momentum=0.9)
    for _ in range(20):
        velocity = 0.9 * velocity - rate * slopes * point
        point = point + velocity
        optimiser.apply([variable * slopes.astype("float32")], [variable])
    np.testing.assert_allclose(variable, point, rtol=1e-4)


def test_D13_rmsprop_by_hand_is_keras_s():
    rate, slopes, rho, epsilon = 0.1, np.array([1.0, 25.0]), 0.9, 1e-7
    point, mean_square = np.array([-4.0, 1.0]), 0.0
    variable, optimiser = keras.Variable(point), keras.optimizers.RMSprop(rate)
    for _ in range(5):
        gradient = slopes * point
        mean_square = rho * mean_square + (1 - rho) * gradient**2
        point = point - rate * gradient / np.sqrt(mean_square + epsilon)
        optimiser.apply([variable * slopes.astype("float32")], [variable])
    np.testing.assert_allclose(variable, point, rtol=1e-3)


def test_D13_every_optimiser_has_its_best_rate_inside_the_grid_and_learns_there():
    table = datasets.result("optimisers")
    loss = table.groupby(["optimiser", "learning_rate"]).training_loss.mean().unstack()
    best = loss.idxmin(axis=1)
    assert set(best.index) == {"SGD", "SGD with momentum", "RMSProp", "Adam"}
    assert best.between(*loss.columns[[1, -2]]).all()
    accuracy = table.groupby(["optimiser", "learning_rate"]).accuracy.mean()
    assert all(accuracy[name, rate] > 0.9 for name, rate in best.items())
    slow = loss[0.001]
    assert slow["Adam"] < slow["SGD with momentum"] < slow["SGD"]


def test_D13_the_mean_gradient_of_two_half_batches_is_that_of_the_batch():
    rng = np.random.default_rng(0)
    x, error = rng.normal(size=(32, 7)), rng.normal(size=(32, 3))

    def gradient(part):
        return x[part].T @ error[part] / len(x[part])

    halves = (gradient(slice(0, 16)) + gradient(slice(16, 32))) / 2
    np.testing.assert_allclose(halves, gradient(slice(0, 32)), atol=1e-12)


# E. History and data


def test_E1_the_column_called_accuracy_holds_top_5_errors():
    table = datasets.table("ilsvrc")
    assert "top5_error_percent" in table
    before, after = (
        table.query("network == @name and networks_averaged == @count").top5_error_percent.item()
        for name, count in (("SIFT and Fisher vectors", "none"), ("AlexNet", "5"))
    )
    assert (after, before) == (16.4, 26.2)
    assert round(before - after, 1) == 9.8  # points


@pytest.mark.parametrize(
    ("network", "averaged", "split", "crops", "error"),
    [
        ("AlexNet", "1", "validation", "10", 18.2),
        ("AlexNet", "7", "test", "10", 15.3),
        ("GoogLeNet", "1", "validation", "1", 10.07),
        ("VGG19 (E)", "1", "test", "dense and 150", 7.0),
        ("VGG", "7", "test", "dense", 7.3),
        ("VGG", "2", "test", "dense and 150", 6.8),
        ("Inception v3", "1", "validation", "1", 5.6),
        ("Inception v3", "4", "test", "144", 3.58),
        ("ResNet-152", "1", "validation", "10", 5.71),
        ("ResNet-152", "1", "validation", "dense", 4.49),
        ("ResNet", "6", "test", "not stated", 3.57),
    ],
)
def test_E1_every_error_is_told_with_its_networks_split_and_crops(
    network, averaged, split, crops, error
):
    table = datasets.table("ilsvrc").query("network == @network and split == @split")
    table = table.query("networks_averaged == @averaged and crops == @crops")
    assert table.top5_error_percent.item() == error


def test_E1_the_8_percent_of_vgg_are_those_of_vgg19():
    table = datasets.table("ilsvrc").query("crops == 'dense' and scales == '1'")
    assert table.set_index("network").top5_error_percent.to_dict() == {
        "VGG16 (D)": 8.1,
        "VGG19 (E)": 8.0,
    }


def test_E1_every_year_of_the_competition_has_an_error_on_test_images():
    table = datasets.table("ilsvrc").query("split == 'test' and extra_data == 'no'")
    best = table.groupby("year").top5_error_percent.min()
    assert best.index.tolist() == list(range(2010, 2018))
    assert best.is_monotonic_decreasing


def test_E2_synsets_times_average_is_the_total_within_rounding():
    table = datasets.table("imagenet_categories")
    assert len(table) == 27
    product = table.synsets * table.images_per_synset / 1000
    gap = (product - table.images_thousands).abs() / table.images_thousands
    assert round(100 * gap.max(), 2) == 0.80
    assert table.category[gap.argmax()] == "amphibian"


def test_E2_the_categories_overlap_so_their_totals_exceed_all_images():
    table = datasets.table("imagenet_categories").set_index("category")
    assert table.images_thousands.sum() == 14_661
    images = datasets.table("image_collections").set_index("collection").images
    assert table.images_thousands.sum() * 1000 > images["ImageNet"] == 14_197_122
    assert table.synsets.sum() == 21_338
    inside = ["amphibian", "bird", "fish", "invertebrate", "mammal", "reptile"]
    assert table.images_thousands[inside].sum() < table.images_thousands["animal"]


def test_E3_ilsvrc_is_66_times_pascal_voc():
    table = datasets.table("image_collections").set_index("collection")
    ilsvrc = table.loc["ILSVRC 2012"]
    assert ilsvrc.images == ilsvrc[["training", "validation", "test"]].sum() == 1_431_167
    voc = table.loc["PASCAL VOC 2010"]
    assert (voc.classes, voc.images) == (20, 21_738)
    assert round(ilsvrc.images / voc.images) == 66


def test_E4_an_inception_block_concatenates_four_maps_of_the_same_size():
    image = keras.Input((28, 36, 192))
    model = keras.Model(image, models.inception_block(image, name="mixed"))
    branches = model.get_layer("mixed_output").input
    assert [branch.shape[1:] for branch in branches] == [(28, 36, c) for c in (64, 128, 32, 32)]
    assert model.output_shape[1:] == (28, 36, 64 + 128 + 32 + 32)
    strides = {layer.strides for layer in model.layers if hasattr(layer, "strides")}
    assert strides == {(1, 1)}


@pytest.mark.parametrize("block", [models.residual_block, models.depthwise_separable_block])
def test_E4_residual_and_depthwise_blocks_keep_the_size(block):
    image = keras.Input((28, 36, 64))
    assert block(image, 64).shape == image.shape


def test_E4_what_the_blocks_cost_against_plain_3x3_convolutions():
    def macs(block, channels):
        image = keras.Input((28, 36, channels))
        return layer_table(keras.Model(image, block(image))).macs.sum()

    def plain(filters):
        return keras.layers.Conv2D(filters, 3, padding="same")

    inception = macs(models.inception_block, 192)
    assert inception == 28 * 36 * 163_328
    assert round(macs(plain(256), 192) / inception, 1) == 2.7
    assert macs(lambda x: models.residual_block(x, 64), 64) == 2 * macs(plain(64), 64)
    separable = macs(lambda x: models.depthwise_separable_block(x, 256), 128)
    assert Fraction(int(separable), int(macs(plain(256), 128))) == Fraction(1, 256) + Fraction(1, 9)


def test_E5_ilsvrc_has_1000_classes_and_imagenet_21841_synsets():
    classes = datasets.table("image_collections").set_index("collection").classes
    assert (classes["ILSVRC 2012"], classes["ImageNet"]) == (1000, 21_841)


def test_E6_from_lenet_to_alexnet_are_14_years_and_vgg_is_of_2014():
    table = datasets.table("ilsvrc")
    assert table.year[table.network == "AlexNet"].unique() - 1998 == [14]
    assert set(table.year[table.network.str.startswith("VGG")]) == {2014}


def test_E9_a_residual_branch_with_zero_weights_is_the_identity():
    image = keras.Input((6, 9, 4))
    blocks = {
        shortcut: keras.Model(image, models.residual_block(image, 4, shortcut=shortcut))
        for shortcut in (True, False)
    }
    x = np.random.default_rng(0).uniform(size=(2, 6, 9, 4)).astype("float32")
    for block in blocks.values():
        block.set_weights([np.zeros_like(weight) for weight in block.get_weights()])
    np.testing.assert_array_equal(blocks[True](x), x)
    assert not np.any(blocks[False](x))


def test_E10_each_task_has_an_output_of_its_own_shape():
    features = keras.Input((7, 10, 512))
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    classified, located = keras.layers.Dense(1000)(pooled), keras.layers.Dense(4)(pooled)
    detected = keras.layers.Conv2D(2 * 5 + 20, 1)(features)  # two boxes, 20 classes per cell
    segmented = keras.layers.UpSampling2D(32)(keras.layers.Conv2D(21, 1)(features))
    assert (classified.shape, located.shape) == ((None, 1000), (None, 4))
    assert detected.shape == (None, 7, 10, 30)
    assert segmented.shape == (None, 224, 320, 21)
