"""Parameters, multiply-accumulates and memory of layers, against loops, Keras and publications."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers, ops
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

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
    assert totals(table)["macs"] == 7 * 9 * 5 * 36
    assert totals(table)["without"] == "macs: mixing"


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


# Recurrence, attention, and layers inside layers, against TensorFlow's own profiler


def profiled_macs(model):
    """The MACs of the matrix products and convolutions of a model's compiled graph, for one image.

    TensorFlow's profiler counts 2 FLOPs per MAC. It has no count for the operation Einsum, which
    gets here one MAC for each combination of its indices.
    """
    signature = [tf.TensorSpec((1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    function = tf.function(lambda *tensors: model(list(tensors) if tensors[1:] else tensors[0]))
    graph = convert_variables_to_constants_v2(function.get_concrete_function(*signature)).graph
    assert not any("While" in operation.type for operation in graph.get_operations())
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options = tf.compat.v1.profiler.ProfileOptionBuilder(options).with_empty_output().build()
    root = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    flops = {}
    while root.children:
        (root,) = root.children
        flops[root.name] = root.float_ops
    assert set(flops) - PRODUCTS <= WITHOUT_PRODUCTS
    einsums = [op for op in graph.get_operations() if op.type == "Einsum"]
    return sum(flops.get(name, 0) for name in PRODUCTS) // 2 + sum(map(einsum_macs, einsums))


PRODUCTS = {"MatMul", "BatchMatMulV2", "Conv2D", "Conv3D", "DepthwiseConv2dNative"}
WITHOUT_PRODUCTS = set(
    "Add AddV2 AddN BiasAdd Exp Log Mul Sub Softmax Relu Mean Sum Maximum Max".split()
)


def einsum_macs(operation):
    terms = operation.get_attr("equation").decode().split("->")[0].split(",")
    sizes = {}
    for term, tensor in zip(terms, operation.inputs, strict=True):
        sizes |= dict(zip(term, tensor.shape, strict=True))
    return int(np.prod(list(sizes.values())))


def unrolled(kind, *arguments, **keywords):
    """A recurrent layer whose steps all stand in the graph, where the profiler sees them."""
    return getattr(layers, kind)(*arguments, unroll=True, **keywords)


def small_base():
    image = keras.Input((None, None, 2))
    x = layers.SeparableConv2D(3, (3, 2))(layers.Conv2D(4, (2, 3))(image))
    return keras.Model(image, layers.GlobalAveragePooling2D()(x))


def attention(**arguments):
    return lambda x: layers.MultiHeadAttention(2, 3, **arguments)(x, x)


def non_local(x):
    """Attention written out in operations."""
    tokens = layers.Reshape((-1, 2))(x)
    scores = ops.softmax(ops.matmul(tokens, ops.transpose(tokens, (0, 2, 1))))
    return layers.Dense(3)(ops.matmul(scores, tokens))


SEQUENCE, IMAGE, VIDEO = (7, 6), (9, 12, 2), (4, 9, 8, 2)
PROFILED = {
    "LSTM": (SEQUENCE, unrolled("LSTM", 5)),
    "LSTM of all steps": (SEQUENCE, unrolled("LSTM", 5, return_sequences=True)),
    "GRU": (SEQUENCE, unrolled("GRU", 5)),
    "GRU, reset before": (SEQUENCE, unrolled("GRU", 5, reset_after=False)),
    "SimpleRNN": (SEQUENCE, unrolled("SimpleRNN", 5)),
    "RNN": (SEQUENCE, unrolled("RNN", [layers.LSTMCell(5), layers.GRUCell(3)])),
    "Bidirectional": (SEQUENCE, layers.Bidirectional(unrolled("LSTM", 5))),
    "Bidirectional, two kinds": (
        SEQUENCE,
        layers.Bidirectional(
            unrolled("LSTM", 5), backward_layer=unrolled("GRU", 5, go_backwards=True)
        ),
    ),
    "ConvLSTM1D": ((4, 9, 2), unrolled("ConvLSTM1D", 3, 4, strides=2)),
    "ConvLSTM2D": (VIDEO, unrolled("ConvLSTM2D", 3, (3, 2))),
    "ConvLSTM2D, all steps": (
        VIDEO,
        unrolled("ConvLSTM2D", 3, (3, 2), padding="same", return_sequences=True),
    ),
    "ConvLSTM3D": ((3, 4, 6, 5, 2), unrolled("ConvLSTM3D", 2, (2, 3, 1))),
    "MultiHeadAttention": (SEQUENCE, attention()),
    "MultiHeadAttention, other widths": (SEQUENCE, attention(value_dim=5, output_shape=4)),
    "MultiHeadAttention along an axis": (IMAGE, attention(attention_axes=(1,))),
    "MultiHeadAttention over maps": (IMAGE, attention(use_bias=False)),
    "MultiHeadAttention, gated": (SEQUENCE, attention(use_gate=True)),
    "GroupQueryAttention": (SEQUENCE, lambda x: layers.GroupQueryAttention(3, 4, 2)(x, x)),
    "Attention": (SEQUENCE, lambda x: layers.Attention()([x, x])),
    "Attention, three inputs": (SEQUENCE, lambda x: layers.Attention()([x[:, 2:], x, x])),
    "TimeDistributed": (VIDEO, layers.TimeDistributed(layers.Conv2D(4, (3, 2)))),
    "TimeDistributed dense": (SEQUENCE, layers.TimeDistributed(layers.Dense(4))),
    "TimeDistributed model": (VIDEO, layers.TimeDistributed(small_base())),
    "SpectralNormalization": (IMAGE, layers.SpectralNormalization(layers.Conv2D(4, (3, 2)))),
    "a wrapped wrapper": (
        VIDEO,
        layers.TimeDistributed(layers.SpectralNormalization(layers.Conv2D(4, (3, 2)))),
    ),
    "EinsumDense": (SEQUENCE, layers.EinsumDense("abc,cd->abd", (None, 4))),
    "EinsumDense over steps": (SEQUENCE, layers.EinsumDense("abc,bcd->ad", 4)),
    "Conv3D": (VIDEO, layers.Conv3D(3, (2, 3, 1), strides=(1, 2, 1))),
    "written out": (IMAGE, non_local),
    "einsum written out": (SEQUENCE, lambda x: ops.einsum("btc,bsc->bts", x, x)),
}


@pytest.mark.filterwarnings("ignore:.*TensorFlow v1.*")
@pytest.mark.parametrize("name", PROFILED)
def test_macs_are_those_of_tensorflows_profiler(name, capfd):
    shape, layer = PROFILED[name]
    x = keras.Input(shape)
    model = keras.Model(x, layer(x))
    assert totals(layer_table(model))["macs"] == profiled_macs(model)


def test_the_profiler_sees_at_least_twenty_models():
    assert len(PROFILED) >= 20


def test_additive_attention_multiplies_by_its_scale_and_by_the_values():
    query, value = keras.Input((7, 6)), keras.Input((5, 6))
    model = keras.Model([query, value], layers.AdditiveAttention()([query, value]))
    assert totals(layer_table(model))["macs"] == multiplications((7, 5), 6 + 6)
    model = keras.Model([query, value], layers.AdditiveAttention(use_scale=False)([query, value]))
    assert totals(layer_table(model))["macs"] == multiplications((7, 5), 6)


def test_attention_by_concatenation_multiplies_by_the_values_only():
    query = keras.Input((7, 6))
    layer = layers.Attention(score_mode="concat")
    model = keras.Model(query, layer([query, query]))
    assert totals(layer_table(model))["macs"] == multiplications((7, 7), 6)


def test_attention_by_keywords_costs_the_same():
    query, value = keras.Input((7, 6)), keras.Input((5, 4))
    layer = layers.MultiHeadAttention(2, 3)
    by_name = keras.Model([query, value], layer(query=query, key=value, value=value))
    by_place = keras.Model([query, value], layer(query, value))
    assert totals(layer_table(by_name)).equals(totals(layer_table(by_place)))


def test_an_embedding_looks_up_and_multiplies_nothing():
    words = keras.Input((7,), dtype="int32")
    model = keras.Model(words, layers.Embedding(50, 6)(words))
    assert totals(layer_table(model)).to_dict() == {
        "parameters": 300,
        "macs": 0,
        "flops": 0,
        "activation_bytes": 7 * 6 * 4,
    }


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize(
    "layer",
    [lambda: layers.Dense(4), lambda: layers.EinsumDense("abc,cd->abd", (None, 4))],
    ids=["Dense", "EinsumDense"],
)
def test_quantising_changes_no_macs(layer, mode):
    model = stack((7, 6), layer())
    model.layers[-1].quantize(mode)
    assert layer_table(model)["macs"].sum() == 7 * 6 * 4


def test_the_factors_of_lora_are_part_of_the_weights():
    model = stack((7, 6), layers.Dense(4), layers.Dense(5))
    model.layers[-1].enable_lora(2)
    assert list(layer_table(model)["macs"]) == [7 * 6 * 4, 7 * 4 * 5]


def test_a_wrapped_layer_of_unknown_kind_has_unknown_macs():
    class Mixing(layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1],))

        def call(self, x):
            return x * self.w

        def compute_output_shape(self, shape):
            return shape

    class OwnModel(keras.Model):
        def call(self, x):
            return x

        def compute_output_shape(self, shape):
            return shape

    assert macs((4, 6), layers.TimeDistributed(Mixing())) is pd.NA
    assert macs((4, 6), layers.TimeDistributed(OwnModel())) is pd.NA


def test_a_recurrent_cell_of_ones_own_has_unknown_macs():
    class Cell(layers.Layer):
        state_size = output_size = 6

        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1],))

        def call(self, x, states):
            return x * self.w + states[0], [x]

    assert macs((4, 6), layers.RNN(Cell())) is pd.NA


def test_an_open_number_of_steps_leaves_the_macs_open():
    assert macs((None, 6), layers.LSTM(3)) is pd.NA
    assert macs((None, 6), layers.TimeDistributed(layers.Dense(3))) is pd.NA


def test_an_operation_that_multiplies_matrices_in_another_way_is_not_taken_for_free():
    x = keras.Input((7, 6))
    model = keras.Model(x, ops.tensordot(x, np.ones((6, 2), "float32"), axes=1))
    assert totals(layer_table(model))["without"] == "macs: tensordot"


def test_totals_name_every_layer_that_they_leave_out():
    class Scaled(layers.Layer):
        def build(self, shape):
            self.w = self.add_weight(shape=(shape[-1],))

        def call(self, x):
            return x * self.w

    model = stack((9, 12, 3), layers.Conv2D(5, (3, 4)), Scaled(name="one"), Scaled(name="other"))
    sums = totals(layer_table(model))
    assert list(sums.index) == ["parameters", "macs", "flops", "activation_bytes", "without"]
    assert sums["macs"] == 7 * 9 * 5 * 36
    assert sums["flops"] == 2 * sums["macs"]
    assert sums["without"] == "macs: one, other"
    opened = totals(layer_table(stack((None, 12, 3), layers.Conv2D(5, 3, name="conv"))))
    assert opened["without"] == "macs: conv; activation_bytes: conv"


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
