"""What one layer's cells see along one axis, against the gradient of the layer itself."""

import inspect
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnnlab.reading.graph import read
from cnnlab.reading.layer_windows import ONLY_IN_TRAINING, look
from cnnlab.reading.window import EVERYTHING, ONE_CELL, PIXEL, Window

ONES = {"kernel_initializer": "ones", "bias_initializer": "zeros"}


def sights(layer, shape, channels=1):
    """What the cells of a layer see along each axis of positions: (rows, columns) of an image."""
    node = read(keras.Sequential([keras.Input((*shape, channels)), layer])).calls[-1]
    return tuple(look(node, index) for index in range(len(shape)))


def seen_by_gradient(layer, shape):
    """For each axis a list: the positions with a gradient, per cell of the output."""
    x = tf.ones((1, *shape, 1))
    y = layer(x)
    found = []
    for axis in range(1, len(shape) + 1):
        others = [a for a in range(1, len(y.shape)) if a != axis]
        with tf.GradientTape() as tape:
            copies = tf.repeat(x, y.shape[axis], axis=0)  # one copy of the input per cell
            tape.watch(copies)
            cells = tf.linalg.diag_part(tf.reduce_sum(layer(copies), others))
        gradient = np.abs(tape.gradient(cells, copies)).sum(tuple(others))
        found.append([set(np.flatnonzero(row > 1e-6 * row.max())) for row in gradient])
    return found


def assert_as_the_gradient_says(layer, shape, inside=None):
    """Exact inside; at the edges, where zeros are padded, the cells see no more than the window.

    The inside is the whole map, or the (first, behind) rows and columns that a layer cuts out.
    """
    inside = inside or [(0, size) for size in shape]
    for axis, cells in enumerate(seen_by_gradient(layer, shape)):
        window = sights(layer, shape)[axis]
        for cell, seen in enumerate(cells):
            start, stop = window.start(cell), window.stop(cell)
            if start >= inside[axis][0] and stop <= inside[axis][1]:
                assert (start, stop) == (min(seen), max(seen) + 1), f"axis {axis}, cell {cell}"
            else:
                assert seen <= set(range(start, stop)), f"axis {axis}, cell {cell}"


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": (3, 4)},
        {"kernel_size": (4, 2), "strides": (2, 3)},
        {"kernel_size": (1, 2), "strides": (3, 2)},
        {"kernel_size": (3, 2), "dilation_rate": (2, 3)},
    ],
)
def test_convolutions(arguments, padding):
    for shape in [(11, 14), (12, 13)]:
        assert_as_the_gradient_says(layers.Conv2D(1, **arguments, padding=padding, **ONES), shape)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("pool", [layers.AveragePooling2D, layers.MaxPooling2D])
def test_poolings(pool, padding):
    average = layers.AveragePooling2D((3, 2), strides=(2, 3), padding=padding)
    assert_as_the_gradient_says(average, (11, 14))
    shape = (11, 14)
    assert sights(pool((3, 2), strides=(2, 3), padding=padding), shape) == sights(average, shape)
    assert sights(pool((3, 2)), shape)[0] == Window((0,), (3,), 3)


def test_depthwise_and_separable_convolutions():
    arguments = {"strides": 2, "padding": "same", "depthwise_initializer": "ones"}
    assert_as_the_gradient_says(layers.DepthwiseConv2D((3, 4), **arguments), (11, 14))
    separable = layers.SeparableConv2D(1, (3, 4), pointwise_initializer="ones", **arguments)
    assert_as_the_gradient_says(separable, (11, 14))


@pytest.mark.parametrize("output_padding", [None, 1])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kernel_size, strides", [((3, 2), (2, 2)), ((5, 4), (2, 3)), ((3, 5), 3)])
def test_transposed_convolutions(kernel_size, strides, padding, output_padding):
    layer = layers.Conv2DTranspose(
        1, kernel_size, strides=strides, padding=padding, output_padding=output_padding, **ONES
    )
    assert_as_the_gradient_says(layer, (5, 7))


def test_transposed_convolutions_without_output_padding():
    # Even kernels with output_padding=0 are what TensorFlow cannot run.
    layer = layers.Conv2DTranspose(1, (3, 5), 2, padding="same", output_padding=0, **ONES)
    assert_as_the_gradient_says(layer, (5, 7))


def test_transposed_convolutions_with_stride_1_and_dilation():
    # TensorFlow runs the dilated layer on some processors only; a kernel with gaps is equal to it.
    gaps = np.zeros((5, 4, 1, 1))
    gaps[::2, ::3] = 1
    larger = {"kernel_size": (5, 4), "kernel_initializer": lambda *_, **__: gaps}
    for padding in ("valid", "same"):
        dilated = layers.Conv2DTranspose(1, (3, 2), padding=padding, dilation_rate=(2, 3))
        equal = layers.Conv2DTranspose(1, **larger, padding=padding)
        assert sights(dilated, (8, 9)) == sights(equal, (8, 9))
        assert_as_the_gradient_says(equal, (8, 9))


def test_a_transposed_convolution_with_blind_cells_is_not_known():
    assert sights(layers.Conv2DTranspose(1, (1, 2), strides=2), (5, 7)) == (
        None,
        Window((0, 0), (1, 1), 1),
    )


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_up_sampling(interpolation):
    layer = layers.UpSampling2D((2, 3), interpolation=interpolation)
    assert_as_the_gradient_says(layer, (5, 7))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("size", [(10, 14), (8, 5), (4, 21), (6, 7)])
def test_resizing(size, interpolation):
    assert_as_the_gradient_says(layers.Resizing(*size, interpolation=interpolation), (6, 7))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [
        ((4, 4), (0, 8), (1, 9)),
        ((3, 9), (2, 5), (0, 11)),
        ((12, 9), (0, 8), (2, 8)),
        ((5, 7), (0, 7), (0, 11)),
    ],
)
def test_resizing_in_the_ratio_of_the_sides(size, rows, columns, interpolation):
    layer = layers.Resizing(*size, interpolation=interpolation, crop_to_aspect_ratio=True)
    assert_as_the_gradient_says(layer, (8, 11), [rows, columns])


@pytest.mark.parametrize("size", [(4, 4), (3, 10), (7, 8), (8, 11)])
def test_center_crop_of_a_larger_map(size):
    assert_as_the_gradient_says(layers.CenterCrop(*size), (8, 11))


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [((9, 8), (0, 8), (2, 9)), ((6, 14), (2, 6), (0, 11)), ((1, 30), (3, 4), (0, 11))],
)
def test_center_crop_of_a_smaller_map_cuts_in_the_ratio_of_the_sides(size, rows, columns):
    assert_as_the_gradient_says(layers.CenterCrop(*size), (8, 11), [rows, columns])


def test_other_interpolations_and_aspect_ratios_are_not_known():
    assert sights(layers.UpSampling2D(2, interpolation="bicubic"), (5, 7)) == (None, None)
    bicubic = {"interpolation": "bicubic", "crop_to_aspect_ratio": True}
    assert sights(layers.Resizing(9, 8, **bicubic), (5, 7)) == (None, None)
    assert sights(layers.Resizing(9, 8, pad_to_aspect_ratio=True), (5, 7)) == (None, None)
    assert sights(layers.CenterCrop(4, 3), (None, 7)) == (None, None)
    assert sights(layers.Resizing(9, 8, antialias=True), (5, 7)) == (None, None)
    assert sights(layers.Resizing(9, 8), (None, None)) == (None, None)


def test_padding_and_cropping():
    assert_as_the_gradient_says(layers.Cropping2D(((2, 1), (0, 3))), (9, 11))
    assert sights(layers.ZeroPadding2D(((2, 1), (0, 3))), (9, 11)) == (
        Window((-2,), (-1,), 1),
        Window((0,), (1,), 1),
    )


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv1D(1, 3, padding="causal", dilation_rate=2, **ONES),
        layers.Conv1D(1, 4, strides=3, padding="same", **ONES),
        layers.SeparableConv1D(
            1, 3, strides=2, depthwise_initializer="ones", pointwise_initializer="ones"
        ),
        layers.DepthwiseConv1D(4, depthwise_initializer="ones"),
        layers.Conv1DTranspose(1, 3, strides=2, **ONES),
        layers.AveragePooling1D(3, strides=2, padding="same"),
        layers.UpSampling1D(3),
        layers.Cropping1D((2, 1)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_on_sequences(layer):
    assert_as_the_gradient_says(layer, (13,))


def test_zero_padding_of_sequences():
    assert sights(layers.ZeroPadding1D((2, 1)), (13,))[0] == Window((-2,), (-1,), 1)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Activation("tanh"),
        layers.BatchNormalization(axis=1),
        layers.LayerNormalization(),
        layers.UnitNormalization(axis=-1),
        layers.Softmax(),
        layers.Dense(4),
        layers.Dropout(0.5),
        layers.RandomFlip(),
        layers.Rescaling(1 / 255),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_that_treats_each_pixel_by_itself(layer):
    assert sights(layer, (8, 12), channels=3) == (PIXEL, PIXEL)


@pytest.mark.parametrize("name", sorted(ONLY_IN_TRAINING & {*dir(layers)}))
def test_what_works_in_training_only_leaves_the_pixels_as_they_are(name):
    kind = getattr(layers, name)
    parameters = inspect.signature(kind).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    shape = {"1D": (2, 8, 12), "3D": (2, 4, 8, 6, 3)}.get(name[-2:], (2, 8, 12, 3))
    pixels = np.random.default_rng(0).uniform(size=shape).astype("float32")
    seen = kind(**dict.fromkeys(needed, 1))(pixels, training=False)
    np.testing.assert_allclose(seen, pixels, rtol=1e-6)


def test_no_augmentation_is_left_out():
    names = {name for name in dir(layers) if name.startswith("Rand")}
    assert names - ONLY_IN_TRAINING == {"RandomCrop"}


def test_normalising_over_positions_sees_everything_there():
    assert sights(layers.LayerNormalization(axis=[1, 3]), (8, 12)) == (EVERYTHING, PIXEL)
    assert sights(layers.Softmax(axis=2), (8, 12)) == (PIXEL, EVERYTHING)
    assert sights(layers.GroupNormalization(1), (8, 12)) == (EVERYTHING, EVERYTHING)


def test_a_layer_may_say_that_it_treats_each_pixel_by_itself():
    class Swish(layers.Layer):
        pointwise = True

        def call(self, x):
            return x * keras.ops.sigmoid(x)

    assert sights(Swish(), (8, 12)) == (PIXEL, PIXEL)


def test_same_padding_on_an_open_size_is_named_by_map_kernel_and_stride():
    def name(shape, **arguments):
        layer = layers.Conv2D(1, padding="same", **arguments)
        return sights(layer, shape)[0].open_paddings

    assert name((11, None), kernel_size=3, strides=2) == frozenset()
    assert name((None, 11), kernel_size=3, strides=1) == frozenset()
    assert name((None, 11), kernel_size=1, strides=2) == frozenset()
    [(_, span, strides)] = name((None, 11), kernel_size=3, dilation_rate=2, strides=1) or [
        *name((None, 11), kernel_size=3, strides=2)
    ]
    assert (span, strides) == (3, 2)


VOLUME_LAYERS = [
    layers.Conv3D(1, (2, 3, 1), strides=(1, 2, 3), padding="same", **ONES),
    layers.Conv3D(1, (2, 1, 3), dilation_rate=(2, 1, 2), **ONES),
    layers.Conv3DTranspose(1, (2, 3, 4), strides=(1, 2, 3), **ONES),
    layers.AveragePooling3D((2, 3, 1), strides=(1, 2, 2)),
    layers.UpSampling3D((2, 1, 3)),
    layers.Cropping3D(((1, 0), (2, 1), (0, 3))),
    layers.AdaptiveAveragePooling3D((2, 4, 5)),
]


@pytest.mark.parametrize("layer", VOLUME_LAYERS, ids=lambda layer: type(layer).__name__)
def test_layers_on_volumes(layer):
    assert_as_the_gradient_says(layer, (4, 6, 7))


@pytest.mark.parametrize("size", [(3, 4), (11, 14), (5, 3), (1, 9)])
def test_adaptive_pooling(size):
    assert_as_the_gradient_says(layers.AdaptiveAveragePooling2D(size), (11, 14))


def test_zero_padding_of_volumes():
    layer = layers.ZeroPadding3D(((2, 1), (0, 3), (1, 1)))
    assert sights(layer, (4, 5, 6)) == tuple(Window((-n,), (1 - n,), 1) for n in (2, 0, 1))


def test_a_layer_for_another_number_of_axes_is_not_guessed():
    image = keras.Input((8, 12, 3))
    node = read(keras.Sequential([image, layers.MaxPooling2D(2)])).calls[-1]
    frames = replace(node, input_shapes=((None, 5, 8, 12, 3),))
    assert [look(frames, index) for index in range(3)] == [None] * 3


def test_along_the_channels_only_what_leaves_each_by_itself_is_known():
    def across(layer):
        return look(read(keras.Sequential([keras.Input((8, 12, 3)), layer])).calls[-1], 2)

    assert across(layers.ReLU()) == across(layers.MaxPooling2D(2)) == PIXEL
    assert across(layers.ZeroPadding2D(1)) == PIXEL
    assert across(layers.Conv2D(2, 3)) == across(layers.Dense(2)) == ONE_CELL
    assert across(layers.Masking()) == ONE_CELL
    assert across(layers.LayerNormalization()) == EVERYTHING
    assert across(layers.GroupNormalization(1)) is None
    assert across(layers.DepthwiseConv2D(3)) is None
    assert across(layers.BatchNormalization(axis=1)) == PIXEL
