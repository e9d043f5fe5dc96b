"""Where the axes of the input lie behind one layer, and what is seen along them."""

import keras
import pytest
from keras import layers, ops

from cnnlab.reading.graph import read
from cnnlab.reading.layer_axes import Place, carry, growth, letters, roles
from cnnlab.reading.window import EVERYTHING, ONE_CELL, PIXEL, Window


def last_node(shape, function):
    image = keras.Input(shape)
    return read(keras.Model(image, function(image))).calls[-1]


def carried(function, shape=(8, 12, 3)):
    """For rows and columns: what is seen along them, and where they now lie, or None."""
    node = last_node(shape, function)
    return tuple(carry(node, Place(i + 1, 1, shape[i])) for i in range(len(shape) - 1))


def operation(function, shape=(8, 12, 3)):
    """What an operation sees along rows and columns."""
    return tuple(answer and answer[0] for answer in carried(function, shape))


def places(function, shape=(8, 12, 3)):
    """Where rows and columns lie behind an operation: (axis, inner, count) each, or None."""
    answers = carried(function, shape)
    return tuple(a and a[1] and (a[1].axis, a[1].inner, a[1].count) for a in answers)


def test_operations():
    assert operation(ops.silu) == operation(lambda x: x / 2 - 1) == (PIXEL, PIXEL)
    assert operation(lambda x: ops.concatenate([x, x])) == (None, None)
    assert operation(lambda x: ops.concatenate([x, x], axis=-1)) == (PIXEL, PIXEL)
    assert operation(lambda x: ops.mean(x, axis=(1, 2))) == (ONE_CELL, ONE_CELL)
    assert operation(lambda x: ops.max(x, axis=-1, keepdims=True)) == (PIXEL, PIXEL)
    assert operation(lambda x: ops.sum(x, axis=2, keepdims=True)) == (PIXEL, ONE_CELL)
    assert operation(lambda x: ops.mean(x, axis=-1)) == (PIXEL, PIXEL)
    assert operation(lambda x: ops.mean(x, axis=1)) == (ONE_CELL, PIXEL)
    assert operation(lambda x: ops.max(x, axis=(0, 1, 2), keepdims=True)) == (None, None)
    assert operation(lambda x: ops.take(x, [0, 2], axis=-1)) == (None, None)


def test_indexing_turns_the_channels_or_cuts_and_thins_the_positions():
    assert operation(lambda x: x[..., ::-1]) == (PIXEL, PIXEL)
    assert operation(lambda x: x[:, 2:, ::3]) == (Window((2,), (3,), 1), Window((0,), (1,), 3))
    assert operation(lambda x: x[:, :-1, 1:, :2]) == (PIXEL, Window((1,), (2,), 1))


def test_a_plane_of_the_channels_keeps_their_positions_and_a_stack_puts_them_together():
    assert operation(lambda x: x[..., 0]) == (PIXEL, PIXEL)
    assert operation(lambda x: x[:, :, :, -1]) == (PIXEL, PIXEL)
    planes = [0, 2]
    assert operation(lambda x: ops.stack([x[..., i] for i in planes], axis=-1)) == (
        PIXEL,
        PIXEL,
    )
    assert places(lambda x: ops.stack([x, x], axis=1)) == ((2, 1, 8), (3, 1, 12))
    assert operation(lambda x: ops.stack([x, x], axis=0)) == (None, None)


def test_indexing_may_begin_at_a_place_counted_from_the_end():
    assert operation(lambda x: x[:, -5:, -7::2]) == (Window((3,), (4,), 1), Window((5,), (6,), 2))
    assert operation(lambda x: x[:, -20:, -8:-2]) == (PIXEL, Window((4,), (5,), 1))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (((0, 0), (1, 2), (3, 0), (0, 0)), (Window((-1,), (0,), 1), Window((-3,), (-2,), 1))),
        (((0, 0), (0, 0), (0, 0), (2, 1)), (PIXEL, PIXEL)),
        (((1, 0), (1, 2), (3, 0), (0, 0)), (None, None)),
        (2, (None, None)),
    ],
)
def test_padding_with_constants_moves_the_positions_of_each_picture(width, expected):
    assert operation(lambda x: ops.pad(x, width)) == expected
    assert operation(lambda x: ops.pad(x, width, mode="reflect")) == (None, None)


def test_padding_the_channels_of_a_sequence_moves_nothing():
    pad = ((0, 0), (0, 0), (2, 0))
    assert operation(lambda x: ops.pad(x, pad), (8, 12)) == (PIXEL,)


def test_indexing_backwards_needs_the_size():
    assert operation(lambda x: x[:, ::-1]) == (Window((7,), (8,), -1), PIXEL)
    assert operation(lambda x: x[:, ::-1], (None, 12, 3)) == (None, PIXEL)
    assert operation(lambda x: x[:, -4:, -5:], (None, 12, 3)) == (None, Window((7,), (8,), 1))
    assert operation(lambda x: x[:, ::2], (None, 12, 3)) == (Window((0,), (1,), 2), PIXEL)
    assert operation(lambda x: x[1:, :]) == (None, None)


def test_an_index_leaves_one_cell_and_the_axes_behind_it_move_up():
    assert carried(lambda x: x[:, 5]) == (
        (Window((5,), (6,), 1), None),
        (PIXEL, Place(1, 1, 12)),
    )
    assert operation(lambda x: x[:, -1])[0] == Window((7,), (8,), 1)
    assert operation(lambda x: x[:, 2], (None, 12, 3))[0] == Window((2,), (3,), 1)
    assert operation(lambda x: x[:, -1], (None, 12, 3))[0] is None
    assert places(lambda x: x[:, None, 0]) == (None, (2, 1, 12))
    assert places(lambda x: x[:, None]) == ((2, 1, 8), (3, 1, 12))


@pytest.mark.parametrize(
    "layer",
    [
        layers.GlobalAveragePooling2D(),
        layers.GlobalMaxPooling2D(keepdims=True),
        layers.Lambda(lambda x: x),
        layers.Dense(5),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_whatever_reads_a_vector_reads_all_of_it(layer):
    node = last_node((8, 12, 3), lambda x: layers.Dense(4)(layers.Flatten()(x)))
    assert carry(node, Place(1, 36, 8, flat=True)) == (ONE_CELL, None)
    if "Pooling" in type(layer).__name__:
        assert operation(layer) == (ONE_CELL, ONE_CELL)


@pytest.mark.parametrize("layer", [layers.Flatten(), layers.Reshape((-1,))])
def test_a_map_made_flat_is_one_cell(layer):
    rows, columns = carried(layer)
    assert rows == (PIXEL, Place(1, 36, 8, flat=True))
    assert columns == (PIXEL, Place(1, 3, 12, flat=True))


def test_a_layer_of_unknown_kind_is_not_guessed():
    assert operation(layers.Lambda(lambda x: x)) == (None, None)
    assert operation(layers.RandomCrop(4, 5)) == (None, None)


def test_axes_reordered():
    turned = ((2, 1, 8), (1, 1, 12))
    assert places(layers.Permute((2, 1, 3))) == turned
    assert places(lambda x: ops.transpose(x, (0, 2, 1, 3))) == turned
    assert places(lambda x: ops.swapaxes(x, 1, -2)) == turned
    assert places(lambda x: ops.moveaxis(x, 1, 2)) == turned
    assert places(layers.Permute((3, 1, 2))) == ((2, 1, 8), (3, 1, 12))
    assert places(lambda x: ops.moveaxis(x, (3, 1), (1, 2))) == ((2, 1, 8), (3, 1, 12))
    assert operation(ops.transpose) == (None, None)  # the batch goes behind


def test_reshaping_keeps_the_order_of_the_numbers():
    def reshaped(*shape):
        return places(layers.Reshape(shape))

    assert reshaped(96, 3) == ((1, 12, 8), (1, 1, 12))
    assert reshaped(8, 12, 1, 3) == ((1, 1, 8), (2, 1, 12))
    assert reshaped(8, 36) == ((1, 1, 8), (2, 3, 12))
    assert reshaped(1, 96, 3) == ((2, 12, 8), (2, 1, 12))
    assert reshaped(4, 24, 3) == (None, (2, 1, 12))
    assert reshaped(12, 8, 3) == (None, None)
    back = carry(last_node((96, 3), layers.Reshape((8, 12, 3))), Place(1, 12, 8))
    assert back == (PIXEL, Place(1, 1, 8))


def test_reshaping_open_sizes():
    assert places(layers.Reshape((-1, 36)), (None, 12, 3)) == ((1, 1, None), (2, 3, 12))
    assert places(layers.Reshape((-1, 3)), (None, 12, 3)) == ((1, 12, None), (1, 1, 12))
    assert places(lambda x: ops.expand_dims(x, 2), (None, None, 3)) == (
        (1, 1, None),
        (3, 1, None),
    )
    assert places(layers.Reshape((-1, 3)), (None, None, 3)) == ((1, 1_000_033, None), (1, 1, None))


def test_an_axis_of_one_cell_that_is_joined_to_another_is_left_out():
    assert carried(layers.Reshape((12, 3)), (1, 12, 3))[0] == (PIXEL, None)


def test_a_window_needs_an_axis_of_its_own():
    tokens = last_node((96, 3), layers.Conv1D(2, 3))
    assert carry(tokens, Place(1, 12, 8)) is None
    assert carry(tokens, Place(2, 1, 3)) == (ONE_CELL, None)
    by_itself = last_node((96, 3), layers.Dense(2))
    assert carry(by_itself, Place(1, 12, 8)) == (PIXEL, Place(1, 12, 8))


def test_layers_on_planes_keep_only_what_is_known():
    plane = (8, 12)
    assert carry(last_node(plane, ops.relu), Place(2, 1, 12)) == (PIXEL, Place(2, 1, 12))
    assert carry(last_node(plane, layers.DepthwiseConv1D(3)), Place(2, 1, 12)) is None
    assert carry(last_node((12,), layers.Softmax()), Place(1, 1, 12)) is None
    assert carry(last_node((12,), layers.RepeatVector(4)), Place(1, 1, 12)) == (
        PIXEL,
        Place(2, 1, 12),
    )


def test_merges_align_the_last_axes():
    map_, row = keras.Input((8, 12, 3)), keras.Input((12, 3))
    node = read(keras.Model([map_, row], layers.Add()([map_, row]))).calls[-1]
    assert carry(node, Place(1, 1, 12), number=1) == (PIXEL, Place(2, 1, 12))
    node = read(keras.Model([map_, row], map_ * row[:, :1])).calls[-1]
    assert carry(node, Place(1, 1, 1), number=1) == (PIXEL, None)  # one cell, spread


def test_recurrence_mixes_the_steps():
    def along_time(layer):
        return carry(last_node((9, 4), layer), Place(1, 1, 9))

    assert along_time(layers.LSTM(3, return_sequences=True)) == (EVERYTHING, Place(1, 1, 9))
    assert along_time(layers.GRU(3)) == (ONE_CELL, None)
    frames = last_node((5, 8, 12, 3), layers.ConvLSTM2D(2, (3, 2), strides=(2, 1)))
    assert carry(frames, Place(1, 1, 5)) == (ONE_CELL, None)
    assert carry(frames, Place(2, 1, 8)) == (Window((0,), (3,), 2), Place(1, 1, 3))
    assert carry(frames, Place(3, 1, 12)) == (Window((0,), (2,), 1), Place(2, 1, 11))
    # And at each further step a row on either side, and a column on the right.
    assert growth(frames, Place(2, 1, 8)) == (1, 1)
    assert growth(frames, Place(3, 1, 12)) == (0, 1)


def test_a_state_that_is_kept_between_calls_is_not_guessed():
    image = keras.Input((9, 4), batch_size=1)
    node = read(keras.Model(image, layers.GRU(3, stateful=True)(image))).calls[-1]
    assert carry(node, Place(1, 1, 9)) is None


def test_attention_sees_itself_through_the_query_and_all_through_the_value():
    query, value = keras.Input((9, 4)), keras.Input((7, 4))
    attention = layers.MultiHeadAttention(2, 3)
    for call in [
        lambda: attention(query, value),
        lambda: attention(query=query, value=value),
        lambda: layers.Attention()([query, value]),
    ]:
        node = read(keras.Model([query, value], call())).calls[-1]
        assert carry(node, Place(1, 1, 9), number=0) == (PIXEL, Place(1, 1, 9))
        assert carry(node, Place(1, 1, 7), number=1) == (ONE_CELL, None)


def test_the_inputs_of_attention_are_told_apart_by_name():
    a, b, c = (keras.Input((9, 4), name=name) for name in "abc")
    call = layers.MultiHeadAttention(2, 3)(query=a, value=b, key=c)
    node = read(keras.Model([a, b, c], call)).calls[-1]
    assert dict(zip(node.inputs, roles(node), strict=True)) == {
        "a": "query",
        "b": "value",
        "c": "key",
    }


def test_an_ellipsis_of_einsum_stands_for_the_axes_before_the_last():
    assert letters("bhwc", 4) == ["b", "h", "w", "c"]
    assert letters("...c", 4) == [3, 2, 1, "c"]
    assert letters("b...", 3) == ["b", 2, 1]
