"""Parameters, multiply-accumulates and memory of layers, against loops, Keras and publications."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from cnnlab import models
from cnnlab.costs import layer_table, totals


def stack(shape, *all_layers):
    return keras.Sequential([keras.Input(shape), *all_layers])


def row(model, layer, **arguments):
    return layer_table(model, **arguments).set_index("layer").loc[layer]


def macs(shape, layer):
    return layer_table(stack(shape, layer))["macs"].iloc[-1]


def multiplications(output_cells, weights_per_cell):
    """The definition: for every output number, one multiplication per weight it reads."""
    return sum(weights_per_cell for _ in np.ndindex(*output_cells))


def test_a_convolution_multiplies_once_per_output_number_and_weight():
    layer = layers.Conv2D(5, (3, 4), strides=(2, 1))
    assert macs((9, 12, 3), layer) == multiplications((4, 9, 5), 3 * 4 * 3)


def test_dilation_costs_nothing_extra():
    layer = layers.Conv2D(5, (3, 2), dilation_rate=(2, 3))
    assert macs((9, 12, 3), layer) == multiplications((5, 9, 5), 3 * 2 * 3)


def test_groups_share_the_input_channels():
    layer = layers.Conv2D(8, (3, 4), groups=2)
    assert macs((9, 12, 6), layer) == multiplications((7, 9, 8), 3 * 4 * 3)


def test_a_depthwise_convolution_reads_one_channel():
    layer = layers.DepthwiseConv2D((3, 4), depth_multiplier=2)
    assert macs((9, 12, 3), layer) == multiplications((7, 9, 6), 3 * 4)


def test_a_separable_convolution_costs_its_two_halves():
    layer = layers.SeparableConv2D(5, (3, 4), depth_multiplier=2)
    halves = multiplications((7, 9, 6), 3 * 4) + multiplications((7, 9, 5), 6)
    assert macs((9, 12, 3), layer) == halves


def test_a_transposed_convolution_multiplies_once_per_input_number_and_weight():
    layer = layers.Conv2DTranspose(5, (3, 4), strides=2)
    assert macs((9, 12, 3), layer) == multiplications((9, 12, 3), 3 * 4 * 5)


def test_a_dense_layer_multiplies_once_per_weight_and_position():
    assert macs((9,), layers.Dense(5)) == 45
    assert macs((6, 8, 9), layers.Dense(5)) == 6 * 8 * 45


def test_layers_on_sequences():
    assert macs((20, 3), layers.Conv1D(5, 4)) == multiplications((17, 5), 4 * 3)
    assert macs((20, 3), layers.SeparableConv1D(5, 4)) == 17 * (3 * 4 + 3 * 5)


@pytest.mark.parametrize(
    "layer",
    [
        layers.BatchNormalization(),
        layers.PReLU(),
        layers.Softmax(),
        layers.MaxPooling2D(2),
        layers.GlobalAveragePooling2D(),
        layers.ZeroPadding2D(1),
        layers.Flatten(),
        layers.Normalization(mean=0.5, variance=2.0),
        layers.Lambda(lambda x: x),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_without_a_weight_matrix_has_no_macs(layer):
    assert macs((9, 12, 3), layer) == 0


def test_parameters_are_those_of_keras():
    model = stack(
        (9, 12, 3),
        layers.Conv2D(5, (3, 4)),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Dense(7),
    )
    table = layer_table(model)
    assert list(table["parameters"]) == [layer.count_params() for layer in model.layers]
    assert table["parameters"].sum() == model.count_params()


def test_a_shared_layer_has_its_parameters_once_and_its_macs_every_time():
    image = keras.Input((9, 12, 3))
    conv = layers.Conv2D(3, (3, 5), padding="same", name="conv")
    table = layer_table(keras.Model(image, conv(conv(image)))).set_index("layer")
    assert list(table["parameters"]) == [3 * 5 * 9 + 3, 0]
    assert list(table["macs"]) == [9 * 12 * 3 * 5 * 9] * 2


def test_a_weight_that_two_layers_share_counts_once():
    class Tied(layers.Layer):
        def __init__(self, other):
            super().__init__()
            self.other = other

        def call(self, x):
            return x @ keras.ops.transpose(self.other.kernel)

    dense = layers.Dense(5, name="dense")
    model = stack((9,), dense, Tied(dense))
    assert list(layer_table(model)["parameters"]) == [50, 0]
    assert layer_table(model)["parameters"].sum() == model.count_params()


def test_a_nested_base_is_counted_layer_by_layer():
    base = stack((9, 12, 3), layers.Conv2D(5, (3, 4), name="conv"))
    model = stack((9, 12, 3), base, layers.Flatten(), layers.Dense(2))
    assert row(model, f"{base.name}/conv")["parameters"] == 3 * 4 * 3 * 5 + 5
    assert layer_table(model)["parameters"].sum() == model.count_params()


def test_weights_outside_the_graph_have_a_row_of_their_own():
    class WithScale(keras.Model):
        def __init__(self, inputs, outputs):
            super().__init__(inputs, outputs)
            self.scale = self.add_weight(shape=(4,), name="scale")

    image = keras.Input((9, 12, 3))
    model = WithScale(image, layers.Conv2D(2, (3, 4), name="conv")(image))
    assert row(model, "(outside the graph)")["parameters"] == 4
    assert layer_table(model)["parameters"].sum() == model.count_params()


def test_activation_bytes_are_those_of_the_output():
    assert row(stack((9, 12, 3), layers.Conv2D(5, (3, 4), name="c")), "c")["activation_bytes"] == (
        7 * 9 * 5 * 4
    )
    half = layers.Conv2D(5, (3, 4), dtype="mixed_bfloat16", name="c")
    assert row(stack((9, 12, 3), half), "c")["activation_bytes"] == 7 * 9 * 5 * 2


def test_a_boolean_takes_one_byte():
    image = keras.Input((9, 12, 3))
    model = keras.Model(image, keras.ops.greater(image, 0))
    assert layer_table(model)["activation_bytes"].sum() == 9 * 12 * 3


def test_open_sizes_leave_macs_and_memory_unknown():
    model = stack((None, 12, 3), layers.Conv2D(5, (3, 4), name="c"))
    assert row(model, "c")[["macs", "activation_bytes"]].isna().all()
    assert row(model, "c")["parameters"] == 185
    assert row(model, "c", input_shape=(9, 12, 3))["macs"] == 7 * 9 * 5 * 36


def test_an_unknown_layer_with_weights_has_unknown_macs():
    class Mixing(layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[1], shape[1]))

        def call(self, x):
            return keras.ops.einsum("bhwc,hk->bkwc", x, self.w)

    table = layer_table(stack((9, 12, 3), Mixing(), layers.Conv2D(5, (3, 4))))
    assert table["macs"].isna().tolist() == [True, False]
    assert table["parameters"].iloc[0] == 81
    assert totals(table)["macs"] is pd.NA


def test_a_layer_that_is_declared_pointwise_has_no_macs():
    class Scaled(layers.Layer):
        pointwise = True

        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1],))

        def call(self, x):
            return x * self.w

    assert macs((9, 12, 3), Scaled()) == 0


def test_totals_sum_the_table():
    model = stack((9, 12, 3), layers.Conv2D(5, (3, 4)), layers.Flatten(), layers.Dense(2))
    sums = totals(layer_table(model))
    assert sums["parameters"] == model.count_params() == 185 + 315 * 2 + 2
    assert sums["macs"] == 7 * 9 * 5 * 36 + 630
    assert sums["flops"] == 2 * sums["macs"]
    assert sums["activation_bytes"] == 4 * (315 + 315 + 2)


def test_the_table_has_a_row_per_layer_without_the_batch_axis():
    table = layer_table(stack((9, 12, 3), layers.Conv2D(5, (3, 4), name="c"), layers.ReLU()))
    assert list(table.columns) == [
        "layer",
        "kind",
        "output_shape",
        "parameters",
        "macs",
        "activation_bytes",
    ]
    assert list(table["kind"]) == ["Conv2D", "ReLU"]
    assert table.loc[0, "output_shape"] == (7, 9, 5)


# Published: peers of the models' own papers count 2 FLOPs per MAC, and a little for biases,
# activations and normalisation, which this table leaves out


@pytest.mark.parametrize(
    "name, parameters, giga_flops",
    [
        ("VGG16", 138_357_544, 30.96),
        ("MobileNet", 4_253_864, 1.148),
        ("ResNet50", 25_636_712, 7.755),
    ],
)
def test_published_costs(name, parameters, giga_flops):
    with models.blueprint():
        model = getattr(keras.applications, name)(weights=None)
    sums = totals(layer_table(model))
    assert sums["parameters"] == model.count_params() == parameters
    assert 0.99 * giga_flops < sums["flops"] / 1e9 < giga_flops
