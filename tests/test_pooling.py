import platform
from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnlab.pooling import (
    average_pool2d,
    average_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

RNG = np.random.default_rng(0)
PADDINGS = ["valid", "same", 0, 1, 2]
STRIDES = [None, 1, 2, (1, 3), (3, 2)]
POOLINGS = {
    "max": (max_pool2d, max_pool2d_backward, keras.ops.max_pool),
    "average": (average_pool2d, average_pool2d_backward, keras.ops.average_pool),
}


def random(*shape):
    return RNG.normal(size=shape).astype(np.float32)  # Keras pools in float32


def tensorflow_pool(pool, x, upstream, pool_size, strides, padding):
    """Keras's pooling and its gradient; Keras knows no int padding."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        padded, kind = x, padding
        if isinstance(padding, int):
            padded, kind = tf.pad(x, [(0, 0), (padding,) * 2, (padding,) * 2, (0, 0)]), "valid"
        maps = pool(padded, pool_size, strides, kind)
    if upstream is None:
        return maps.numpy()
    return tape.gradient(maps, x, output_gradients=tf.constant(upstream)).numpy()


def geometries(padding):
    """Every (height, width), pool size and stride that fits."""
    for sizes, pool_size, strides in product(
        [(5, 7), (6, 4)], product([1, 2, 3], [1, 2, 4]), STRIDES
    ):
        yield sizes, {"pool_size": pool_size, "strides": strides, "padding": padding}


@pytest.mark.parametrize("name", POOLINGS)
@pytest.mark.parametrize("padding", PADDINGS)
def test_pooling_and_its_gradient_equal_tensorflow_on_every_geometry(name, padding):
    pool, backward, keras_pool = POOLINGS[name]
    for (height, width), geometry in geometries(padding):
        x = random(2, height, width, 3)
        maps = pool(x, **geometry)
        np.testing.assert_allclose(
            maps, tensorflow_pool(keras_pool, x, None, **geometry), atol=1e-6
        )
        upstream = random(*maps.shape)
        np.testing.assert_allclose(
            backward(x, upstream, **geometry),
            tensorflow_pool(keras_pool, x, upstream, **geometry),
            atol=1e-5,
        )


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pooling_is_the_largest_and_the_average_of_each_window_in_loops(padding):
    x = random(1, 5, 7, 2)
    largest = max_pool2d(x, (2, 3), (2, 3), padding)
    average = average_pool2d(x, (2, 3), (2, 3), padding)
    for row, column, channel in np.ndindex(largest.shape[1:]):
        left = 3 * column - (1 if padding == "same" else 0)  # 7 columns need 2 zeros: 1 before
        window = x[0, 2 * row : 2 * row + 2, max(left, 0) : left + 3, channel]
        assert largest[0, row, column, channel] == window.max()
        np.testing.assert_allclose(average[0, row, column, channel], window.mean(), rtol=1e-6)


@pytest.mark.parametrize("name", POOLINGS)
def test_without_strides_the_windows_lie_side_by_side(name):
    pool, backward, _ = POOLINGS[name]
    x = random(1, 6, 9, 2)
    np.testing.assert_array_equal(pool(x, (2, 3)), pool(x, (2, 3), strides=(2, 3)))
    np.testing.assert_array_equal(pool(x), pool(x, pool_size=2, strides=2))
    upstream = random(1, 3, 3, 2)
    np.testing.assert_array_equal(
        backward(x, upstream, (2, 3)), backward(x, upstream, (2, 3), (2, 3))
    )


# laws


@pytest.mark.parametrize("padding", PADDINGS)
def test_average_pooling_is_linear_and_its_backward_the_adjoint(padding):
    for (height, width), geometry in geometries(padding):
        x, y = np.float64(random(2, height, width, 2)), np.float64(random(2, height, width, 2))
        pooled = average_pool2d(x, **geometry)
        both = average_pool2d(2 * x - y, **geometry)
        np.testing.assert_allclose(both, 2 * pooled - average_pool2d(y, **geometry), atol=1e-12)
        upstream = np.float64(random(*pooled.shape))
        dx = average_pool2d_backward(y, upstream, **geometry)
        np.testing.assert_allclose((dx * x).sum(), (upstream * pooled).sum(), atol=1e-10)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_max_pooling_hands_on_the_whole_upstream_gradient(padding):
    for (height, width), geometry in geometries(padding):
        x = random(2, height, width, 2)
        upstream = np.round(10 * random(*max_pool2d(x, **geometry).shape))
        dx = max_pool2d_backward(x, upstream, **geometry)
        np.testing.assert_array_equal(dx.sum(axis=(1, 2)), upstream.sum(axis=(1, 2)))


def test_pooling_leaves_each_channel_to_itself():
    x = random(2, 5, 7, 3)
    for pool, _, _ in POOLINGS.values():
        alone = [pool(x[..., c : c + 1], (2, 3)) for c in range(3)]
        np.testing.assert_allclose(pool(x, (2, 3)), np.concatenate(alone, axis=-1), atol=1e-6)


# ties, zeros, NaN, dtypes


def test_equal_numbers_pay_the_first_as_in_tensorflow():
    x = np.array([[8, 8], [3, 5]], np.float32).reshape(1, 2, 2, 1)
    one = np.ones((1, 1, 1, 1), np.float32)
    dx = max_pool2d_backward(x, one)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 0], [0, 0]])
    np.testing.assert_array_equal(dx, tensorflow_pool(keras.ops.max_pool, x, one, 2, 2, "valid"))


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_many_ties_follow_tensorflow(padding):
    for (height, width), geometry in geometries(padding):
        x = RNG.integers(-1, 2, size=(2, height, width, 2)).astype(np.float32)
        upstream = random(*max_pool2d(x, **geometry).shape)
        expected = tensorflow_pool(keras.ops.max_pool, x, upstream, **geometry)
        np.testing.assert_allclose(
            max_pool2d_backward(x, upstream, **geometry), expected, atol=1e-5
        )


@pytest.mark.skipif(
    platform.machine() not in {"x86_64", "AMD64"},
    reason="what TensorFlow makes of NaN in a max pool depends on the processor",
)
def test_nan_and_infinity_are_pooled_as_in_keras():
    values = np.array([np.nan, -np.inf, np.inf, 0, 1], np.float32)
    for (height, width), geometry in [*geometries("valid"), *geometries("same")]:
        x = RNG.choice(values, size=(2, height, width, 2), p=[0.4, 0.3, 0.1, 0.1, 0.1])
        for pool, _, keras_pool in POOLINGS.values():
            expected = tensorflow_pool(keras_pool, x, None, **geometry)
            with np.errstate(invalid="ignore"):  # inf - inf
                np.testing.assert_array_equal(pool(x, **geometry), expected)
        upstream = np.round(10 * random(*expected.shape))
        np.testing.assert_array_equal(
            max_pool2d_backward(x, upstream, **geometry),
            tensorflow_pool(keras.ops.max_pool, x, upstream, **geometry),
        )


def test_same_padding_takes_no_part():
    x = np.full((1, 3, 5, 1), -2)
    np.testing.assert_array_equal(max_pool2d(x, padding="same"), np.full((1, 2, 3, 1), -2))
    np.testing.assert_array_equal(average_pool2d(x, padding="same"), np.full((1, 2, 3, 1), -2))


def test_the_zeros_of_an_int_padding_take_part():
    x = np.full((1, 2, 4, 1), -2)
    pooled = max_pool2d(x, padding=1)
    np.testing.assert_array_equal(pooled[0, :, :, 0], [[0, 0, 0], [0, 0, 0]])
    averages = average_pool2d(x, padding=1)
    np.testing.assert_array_equal(averages[0, :, :, 0], [[-0.5, -1, -0.5], [-0.5, -1, -0.5]])
    # The zeros win, so no pixel gets a gradient.
    assert not max_pool2d_backward(x, np.ones_like(pooled), padding=1).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, bool])
def test_integers_never_wrap_around(dtype):
    x = np.full((1, 2, 4, 1), 1 if dtype is bool else np.iinfo(dtype).max, dtype)
    assert max_pool2d(x).dtype == np.int64
    np.testing.assert_array_equal(max_pool2d(x), int(x.max()))
    assert average_pool2d(x).dtype == np.float64
    np.testing.assert_array_equal(average_pool2d(x), float(x.max()))
    upstream = np.full((1, 1, 2, 1), 200, np.uint8)
    assert max_pool2d_backward(x, upstream).dtype == np.int64
    assert max_pool2d_backward(x, np.full((1, 1, 3, 1), 200, np.uint8), strides=1).max() == 200
    assert average_pool2d_backward(x, upstream).dtype == np.float64


def test_the_gradients_of_overlapping_windows_add_up():
    x = np.array([[1, 9, 1], [1, 1, 1]], np.uint8).reshape(1, 2, 3, 1)
    dx = max_pool2d_backward(x, np.full((1, 1, 2, 1), 200, np.uint8), strides=1)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 400, 0], [0, 0, 0]])


def test_float32_stays_float32():
    x, upstream = random(1, 4, 6, 2), random(1, 2, 3, 2)
    for pool, backward, _ in POOLINGS.values():
        for padding in ["valid", "same", 0]:
            assert pool(x, padding=padding).dtype == np.float32
            assert backward(x, upstream, padding=padding).dtype == np.float32


# bad input


@pytest.mark.parametrize("name", POOLINGS)
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"pool_size": 6},
            "`pool_size` must fit in the input: got pool_size=6 for input_size=5, "
            "padding='valid'. Use a smaller pool or padding='same'.",
        ),
        (
            {"pool_size": (2, 10), "padding": 1},
            "`pool_size` must fit in the input: got pool_size=10 for input_size=7, padding=1. "
            "Use a smaller pool or padding='same'.",
        ),
        (
            {"pool_size": 0},
            "`pool_size` must be a whole number of at least 1: got pool_size=0. "
            "It counts pixels along one axis.",
        ),
        (
            {"strides": (1, -1)},
            "`strides` must be a whole number of at least 1: got strides=-1. "
            "It counts pixels along one axis.",
        ),
        (
            {"pool_size": (2,)},
            "`pool_size` must be a whole number or a pair (rows, columns) of them: got "
            "pool_size=(2,). Give one number for both axes, or two.",
        ),
        (
            {"padding": "full"},
            "`padding` must be 'valid', 'same' or a whole number of at least 0 (in conv1d also "
            "'causal'): got padding='full'. "
            "Use 'same' for an output of ceil(input / strides) pixels.",
        ),
        (
            {"x": np.zeros((5, 7, 3))},
            "`x` must have the axes (batch, height, width, channels): got x.shape=(5, 7, 3). "
            "Add a missing axis with np.newaxis, or index one away.",
        ),
        (
            {"x": np.full((1, 5, 7, 3), "a")},
            "`x` must hold real numbers: got x.dtype=<U1. Convert it to integers or floats first.",
        ),
    ],
)
def test_pooling_says_what_is_wrong_and_what_to_do(name, direction, arguments, message):
    pool, backward, _ = POOLINGS[name]
    arguments = {"x": np.zeros((1, 5, 7, 3))} | arguments
    with pytest.raises(ValueError) as error:
        if direction == "forward":
            pool(**arguments)
        else:
            backward(**arguments, upstream=np.zeros((1, 2, 3, 3)))
    assert str(error.value) == message


@pytest.mark.parametrize("name", POOLINGS)
def test_an_upstream_gradient_of_another_shape_is_refused(name):
    _, backward, _ = POOLINGS[name]
    x = np.zeros((1, 5, 7, 3))
    with pytest.raises(ValueError) as error:
        backward(x, np.zeros((1, 3, 3, 3)))
    assert str(error.value) == (
        "`upstream` must have the shape of the output: got upstream.shape=(1, 3, 3, 3) for an "
        "output of shape (1, 2, 3, 3). It is the gradient of the loss with respect to that output."
    )
    with pytest.raises(ValueError, match=r"got upstream.shape=\(1, 2, 3, 1\)"):
        backward(x, np.zeros((1, 2, 3, 1)))
    with pytest.raises(ValueError, match=r"`upstream` must have the axes \(batch, height"):
        backward(x, np.zeros((2, 3, 3)))
