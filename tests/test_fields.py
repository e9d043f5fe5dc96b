"""The fields of whole models against the pixels that change an output, and what stays unknown.

A field is found by perturbation: one row (column, frame) of the input is replaced by noise, and
every cell of the output that changes has seen it.
"""

import keras
import numpy as np
import pytest
from keras import layers, ops

from cnnlab.reading import graph as graphs
from cnnlab.reading.fields import Drift, pixels, propagate
from cnnlab.receptive_field import receptive_field, receptive_field_table


def stack(shape, *all_layers):
    return keras.Sequential([keras.Input(shape), *all_layers])


def graph_of(shape, function):
    image = keras.Input(shape)
    return keras.Model(image, function(image))


def seen(model, axes):
    """For each input axis: which cells of the output change with each of its positions.

    Returns:
        A list of arrays (positions, *output shape without the batch), booleans.
    """
    shape = model.inputs[0].shape[1:]
    tokens = model.inputs[0].dtype == "int32"
    rng = np.random.default_rng(0)
    found = []
    for axis in range(axes):
        changed = 0
        for size in (1, 30, 30):  # a large change is what a maximum notices
            batch = np.repeat(rng.normal(size=(1, *shape)), shape[axis] + 1, axis=0)
            for place in range(shape[axis]):
                slab = (place, *[slice(None)] * axis, place)
                batch[slab] = size * rng.normal(size=batch[slab].shape)
            batch = np.abs(9 * batch) % 20 if tokens else batch
            answer = np.asarray(model(batch.astype("int32" if tokens else "float32")))
            moved = np.abs(answer[:-1] - answer[-1:])
            changed = changed | (moved > 1e-5 * moved.max())
        found.append(changed)
    return found


def extents(found, map_size):
    """(start, stop) of what each cell sees along one axis, arrays of the shape of the map."""
    cells = found.reshape(len(found), *map_size, -1).any(axis=-1)
    count = len(found)
    return cells.argmax(axis=0), count - cells[::-1].argmax(axis=0), cells.any(axis=0)


def assert_as_perturbed(model, grows=False):
    """The field of the last layer holds what is seen, exactly where it lies inside the input.

    A cell at an edge may see less: a window on the way may lie in the zeros of a padding. Where the
    whole input is seen, some cell sees all of it (a recurrent layer's last), and a field that grows
    from step to step is that of the last.
    """
    last = graphs.read(model).outputs[0]
    answer = receptive_field(model, last)
    exact = 0
    axes = len(model.inputs[0].shape) - (1 if model.inputs[0].dtype == "int32" else 2)
    for axis, found in enumerate(seen(model, axes)):
        starts, stops, any_seen = extents(found, answer.map_size)
        if answer.size[axis] is None:
            assert (starts == 0).any() and (stops == len(found)).any()
            assert ((stops - starts) == len(found)).any()
        for cell in np.ndindex(*answer.map_size):
            region = answer.region(*cell)
            start, stop = region[axis], region[axis + len(answer.size)]
            if any_seen[cell]:
                assert start <= starts[cell] and stops[cell] <= stop, (axis, cell)
            inside = answer.size[axis] is not None and start >= 0 and stop <= len(found)
            if inside and any_seen[cell] and not grows:
                assert (start, stop) == (starts[cell], stops[cell]), (axis, cell)
                exact += 1
        if answer.size[axis] is not None and grows:
            assert answer.size[axis] == (stops - starts).max()
    assert exact or grows or None in answer.size
    return answer


def saved_and_loaded(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


def conv(*arguments, rank=2, **keywords):
    return getattr(layers, f"Conv{rank}D")(2, *arguments, **keywords)


def attended(x, **arguments):
    return layers.MultiHeadAttention(2, 3, **arguments)(x, x)


def base():
    """A small model with open sizes, for a layer to wrap."""
    image = keras.Input((None, None, 2))
    x = layers.Conv2D(3, (3, 2))(image)
    return keras.Model(image, layers.AveragePooling2D((1, 2))(x))


def gated(x):
    """Squeeze-and-excite by a pooling as large as the map, whose one cell is spread again."""
    return layers.Multiply()([x, layers.AveragePooling2D(x.shape[1:3])(x)])


IMAGES = {
    "permuted and back": lambda x: layers.Permute((2, 1, 3))(
        conv((3, 2))(layers.Permute((2, 1, 3))(x))
    ),
    "permuted": lambda x: layers.Permute((2, 1, 3), name="permuted")(conv((3, 2))(x)),
    "transposed": lambda x: conv((2, 4))(ops.transpose(x, (0, 2, 1, 3))),
    "axes swapped": lambda x: conv((2, 3))(ops.swapaxes(x, 1, 2)),
    "an axis moved": lambda x: conv((2, 3))(ops.moveaxis(x, 2, 1)),
    "channels moved to the front": lambda x: ops.moveaxis(conv((3, 4))(x), -1, 1),
    "tokens": lambda x: layers.Reshape((-1, 2), name="tokens")(conv((3, 2), strides=(2, 3))(x)),
    "tokens by themselves": lambda x: layers.Dense(3)(
        layers.LayerNormalization()(layers.Reshape((-1, 2))(conv((3, 2), 2)(x)))
    ),
    "tokens and back": lambda x: conv((2, 3))(
        layers.Reshape((4, 7, 2))(layers.Reshape((28, 2))(conv((3, 2), 2)(x)))
    ),
    "tokens that see each other": lambda x: attended(layers.Reshape((28, 2))(conv((3, 2), 2)(x))),
    "tokens that see each other, and back": lambda x: layers.Reshape((4, 7, 2))(
        attended(layers.Reshape((28, 2))(conv((3, 2), 2)(x)))
    ),
    "attention along the rows": lambda x: attended(conv((3, 2))(x), attention_axes=(1,)),
    "flat and back": lambda x: layers.Reshape((7, 13, 2))(layers.Flatten()(conv((3, 2))(x))),
    "flat, dense and back": lambda x: layers.Reshape((3, 4, 1))(
        layers.Dense(12)(layers.Flatten()(conv((3, 2))(x)))
    ),
    "flipped": lambda x: conv((3, 2), strides=2)(ops.flip(x, 1)),
    "flipped by a slice": lambda x: conv((3, 2))(x[:, ::-1, 3:]),
    "rolled": lambda x: ops.roll(x, 2, axis=1),
    "rolled on both axes": lambda x: conv((2, 3), padding="same")(ops.roll(x, (2, -3), (1, 2))),
    "adaptive pooling": lambda x: layers.AdaptiveAveragePooling2D((3, 7))(x),
    "adaptive pooling of other sizes": lambda x: layers.AdaptiveAveragePooling2D((4, 5))(x),
    "a convolution on an adaptive pooling": lambda x: conv(2)(
        layers.AdaptiveAveragePooling2D((6, 5))(x)
    ),
    "adaptive maxima": lambda x: layers.AdaptiveMaxPooling2D((4, 5))(x),
    "spectral normalisation": lambda x: layers.SpectralNormalization(conv((3, 2), 2))(x),
    "channels turned": lambda x: conv((3, 2))(x[..., ::-1]),
    "cut and thinned": lambda x: conv((3, 2))(x[:, 2:, ::2]),
    "cut from the end": lambda x: conv((3, 2))(x[:, -5:, -7:-1]),
    "planes stacked again": lambda x: conv((3, 2))(ops.stack([x[..., 1], x[..., 0]], axis=-1)),
    "a plane as a sequence of rows": lambda x: layers.Conv1D(2, 3)(x[..., 0]),
    "a row": lambda x: layers.Conv1D(2, 3)(x[:, 4]),
    "a mean over the rows": lambda x: layers.Conv1D(2, 3)(ops.mean(x, axis=1)),
    "a mean over the channels": lambda x: ops.mean(conv((3, 2))(x), axis=-1),
    "an axis more": lambda x: layers.Conv3D(2, (1, 3, 2))(ops.expand_dims(x, 1)),
    "an axis more and less": lambda x: ops.squeeze(ops.expand_dims(conv((3, 2))(x), 2), 2),
    "parted channels": lambda x: conv((3, 2))(ops.split(x, 2, axis=-1)[1]),
    "einsum": lambda x: layers.EinsumDense("bhwc,cd->bhwd", (7, 13, 3))(conv((3, 2))(x)),
    "einsum over the columns": lambda x: layers.EinsumDense("bhwc,wd->bhdc", (9, 5, 2))(x),
    "a recurrent layer over rows of pixels": lambda x: layers.LSTM(3, return_sequences=True)(
        layers.Reshape((9, 28))(x)
    ),
    "each row by itself": lambda x: layers.TimeDistributed(layers.Conv1D(2, 3))(x),
    "a recurrent layer in each row": lambda x: layers.TimeDistributed(layers.SimpleRNN(2))(
        conv((3, 2))(x)
    ),
    "padded": lambda x: conv((3, 2))(ops.pad(x, ((0, 0), (2, 1), (0, 3), (0, 0)))),
    "resized": lambda x: ops.image.resize(conv((3, 2))(x), (14, 5)),
}
SEQUENCES = {
    "causal": lambda x: conv(3, rank=1, padding="causal", dilation_rate=2)(
        conv(3, rank=1, padding="causal")(x)
    ),
    "causal, dilation doubled": lambda x: conv(2, rank=1, padding="causal", dilation_rate=4)(
        conv(2, rank=1, padding="causal", dilation_rate=2)(conv(2, rank=1, padding="causal")(x))
    ),
    "causal, the last step": lambda x: conv(3, rank=1, padding="causal", dilation_rate=2)(
        conv(2, rank=1, padding="causal")(x)
    )[:, -1],
    "strides and same": lambda x: conv(4, 3, rank=1, padding="same")(x),
    "valid and dilated": lambda x: conv(3, rank=1, dilation_rate=3)(x),
    "groups": lambda x: layers.Conv1D(4, 3, groups=2)(x),
    "separable": lambda x: layers.SeparableConv1D(3, 4, strides=2)(x),
    "depthwise": lambda x: layers.DepthwiseConv1D(3, padding="same")(x),
    "transposed": lambda x: layers.Conv1DTranspose(3, 3, strides=2)(conv(3, rank=1)(x)),
    "transposed and same": lambda x: layers.Conv1DTranspose(3, 4, strides=3, padding="same")(x),
    "averages": lambda x: layers.AveragePooling1D(3, 2)(conv(3, rank=1)(x)),
    "maxima": lambda x: layers.MaxPooling1D(3, 2, padding="same")(x),
    "adaptive": lambda x: layers.AdaptiveAveragePooling1D(4)(x),
    "up-sampled": lambda x: conv(2, rank=1)(layers.UpSampling1D(3)(x)),
    "padded and cropped": lambda x: layers.Cropping1D((2, 1))(
        conv(3, rank=1)(layers.ZeroPadding1D((3, 1))(x))
    ),
    "recurrent": lambda x: layers.LSTM(3, return_sequences=True)(conv(3, rank=1)(x)),
    "recurrent, to a vector": lambda x: layers.GRU(3)(conv(3, rank=1)(x)),
    "backwards": lambda x: layers.SimpleRNN(3, return_sequences=True, go_backwards=True)(x),
    "bidirectional": lambda x: layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x),
    "cells of a recurrent layer": lambda x: layers.RNN(
        [layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True
    )(x),
    "the state of a recurrent layer": lambda x: layers.Dense(2)(
        layers.LSTM(3, return_sequences=True, return_state=True)(x)[1]
    ),
    "attention": lambda x: attended(conv(3, rank=1)(x)),
    "attention by query": lambda x: layers.Attention()([conv(3, rank=1)(x), x]),
    "additive attention": lambda x: layers.AdditiveAttention()([x, x]),
    "grouped attention": lambda x: layers.GroupQueryAttention(3, 4, 2)(x, x),
    "attention by keywords": lambda x: layers.MultiHeadAttention(2, 3)(
        query=conv(3, rank=1)(x), value=x, key=x
    ),
    "as a picture one column wide": lambda x: layers.Conv2D(2, (3, 1))(
        layers.Reshape((17, 1, 2))(x)
    ),
    "mixed along the steps": lambda x: layers.Permute((2, 1))(
        layers.Dense(5)(layers.Permute((2, 1))(conv(3, rank=1)(x)))
    ),
    "residual": lambda x: layers.Add()([x, conv(3, rank=1, padding="same")(x)]),
    "flat": lambda x: layers.Dense(3)(layers.Flatten()(conv(3, rank=1)(x))),
    "repeated": lambda x: layers.RepeatVector(4)(layers.GlobalAveragePooling1D()(x)),
    "spectral normalisation": lambda x: layers.SpectralNormalization(conv(3, rank=1))(x),
    "steps through a layer": lambda x: layers.TimeDistributed(layers.Dense(3))(conv(3, rank=1)(x)),
    "einsum": lambda x: layers.EinsumDense("...c,cd->...d", (3,))(conv(3, rank=1)(x)),
    "a sequence of two planes": lambda x: ops.stack([x, 2 * x], axis=-1),
}
VOLUMES = {
    "valid": lambda x: conv((2, 3, 1), rank=3)(x),
    "strides and same": lambda x: conv((3, 2, 3), (2, 1, 2), rank=3, padding="same")(x),
    "dilated": lambda x: conv((2, 2, 3), rank=3, dilation_rate=(1, 3, 2))(x),
    "two": lambda x: conv((2, 3, 1), rank=3)(conv((1, 2, 3), (1, 2, 2), rank=3)(x)),
    "averages": lambda x: layers.AveragePooling3D((2, 3, 2), (1, 2, 2))(x),
    "maxima": lambda x: layers.MaxPooling3D((1, 2, 3))(x),
    "maxima and same": lambda x: layers.MaxPooling3D((2, 3, 2), 2, padding="same")(x),
    "adaptive": lambda x: layers.AdaptiveAveragePooling3D((2, 3, 5))(x),
    "up-sampled": lambda x: conv(2, rank=3)(layers.UpSampling3D((2, 1, 3))(x)),
    "padded": lambda x: conv(2, rank=3)(layers.ZeroPadding3D(((1, 0), (2, 1), (0, 3)))(x)),
    "cropped": lambda x: conv(2, rank=3)(layers.Cropping3D(((1, 0), (2, 1), (0, 3)))(x)),
    "transposed": lambda x: layers.Conv3DTranspose(1, (2, 3, 2), (1, 2, 2))(x),
    "transposed and same": lambda x: layers.Conv3DTranspose(1, (2, 3, 4), 2, padding="same")(x),
    "residual": lambda x: layers.Add()([x, conv((1, 3, 5), rank=3, padding="same")(x)]),
    "a small U": lambda x: layers.Concatenate()(
        [
            conv(3, rank=3, padding="same")(x),
            layers.Conv3DTranspose(2, (1, 1, 5), (1, 1, 3), padding="same")(
                layers.AveragePooling3D((1, 1, 3))(x)
            ),
        ]
    ),
    "normalised": lambda x: layers.BatchNormalization()(conv((2, 3, 1), rank=3)(x)),
    "normalised along the depth": lambda x: layers.LayerNormalization(axis=1)(conv(2, rank=3)(x)),
    "dropped out": lambda x: layers.SpatialDropout3D(0.5)(conv((2, 3, 1), rank=3)(x)),
    "global": lambda x: layers.GlobalAveragePooling3D()(x),
    "global, as a map": lambda x: layers.GlobalMaxPooling3D(keepdims=True)(x),
    "flat": lambda x: layers.Dense(2)(layers.Flatten()(x)),
    "spectral normalisation": lambda x: layers.SpectralNormalization(conv((2, 3, 1), rank=3))(x),
    "permuted": lambda x: conv((2, 3, 1), rank=3)(layers.Permute((3, 1, 2, 4))(x)),
    "slices as a batch of channels": lambda x: layers.Reshape((7, 9, 10))(
        layers.Permute((2, 3, 1, 4))(x)
    ),
    "one slice": lambda x: conv((3, 2))(x[:, 2]),
    "every other slice": lambda x: conv(2, rank=3)(x[:, ::2, 1:]),
    "the mean of the slices": lambda x: conv((3, 2))(ops.mean(x, axis=1)),
}
VIDEOS = {
    "each frame": lambda x: layers.TimeDistributed(conv((3, 2), 2))(x),
    "each frame, two layers": lambda x: layers.TimeDistributed(conv((2, 3)))(
        layers.TimeDistributed(layers.AveragePooling2D((1, 2)))(x)
    ),
    "each frame through a model": lambda x: layers.TimeDistributed(base())(x),
    "each frame through a wrapped layer": lambda x: layers.TimeDistributed(
        layers.SpectralNormalization(conv((3, 2)))
    )(x),
    "frames as vectors": lambda x: layers.TimeDistributed(layers.Flatten())(x),
    "a vector for each frame": lambda x: layers.TimeDistributed(layers.GlobalMaxPooling2D())(
        conv((2, 3, 2), rank=3)(x)
    ),
    "frames, then a recurrent layer": lambda x: layers.LSTM(3, return_sequences=True)(
        layers.TimeDistributed(layers.GlobalAveragePooling2D())(x)
    ),
    "frames, then a vector": lambda x: layers.GRU(3)(layers.TimeDistributed(layers.Flatten())(x)),
    "ConvLSTM": lambda x: layers.ConvLSTM2D(2, (2, 2), return_sequences=True)(x),
    "ConvLSTM, the last map": lambda x: layers.ConvLSTM2D(2, (2, 1), strides=(1, 2))(x),
    "ConvLSTM, same": lambda x: layers.ConvLSTM2D(2, (1, 2), padding="same")(x),
    "ConvLSTM and a convolution": lambda x: conv(2)(layers.ConvLSTM2D(2, (1, 2))(x)),
    "ConvLSTM in both directions": lambda x: layers.Bidirectional(layers.ConvLSTM2D(2, (2, 1)))(x),
    "ConvLSTM twice": lambda x: layers.ConvLSTM2D(2, (2, 1))(
        layers.ConvLSTM2D(2, (2, 1), return_sequences=True)(x)
    ),
    "ConvLSTM twice, the second wider": lambda x: layers.ConvLSTM2D(2, (2, 1))(
        layers.ConvLSTM2D(2, 1, return_sequences=True)(conv((1, 2, 1), rank=3)(x))
    ),
    "ConvLSTM in one dimension": lambda x: layers.ConvLSTM1D(2, 2, return_sequences=True)(
        layers.Dense(2)(layers.Reshape((5, 7, 18))(x))
    ),
    "space, then time": lambda x: conv((3, 1, 1), rank=3)(conv((1, 3, 2), rank=3)(x)),
    # Of one row: oneDNN's softmax, which TensorFlow takes on some processors, knows five axes.
    "attention along time": lambda x: attended(
        conv((1, 2, 3), rank=3)(x)[:, :, 2], attention_axes=1
    ),
    "frames as tokens": lambda x: attended(layers.Reshape((5, 126))(x)),
    "the last frame": lambda x: conv((3, 2))(conv((2, 2, 1), rank=3)(x)[:, -1]),
    "the first frames": lambda x: conv((2, 3, 2), rank=3)(x[:, :3]),
    "the mean frame": lambda x: conv((3, 2))(ops.mean(x, axis=1)),
    "the channels of all frames": lambda x: conv((3, 2))(
        layers.Reshape((7, 9, 10))(layers.Permute((2, 3, 1, 4))(x))
    ),
    "averaged over time and space": lambda x: layers.AveragePooling3D((2, 3, 1))(x),
}
TOKENS = {
    "words": lambda x: conv(3, rank=1)(layers.Embedding(20, 4)(x)),
    "words, causal": lambda x: conv(3, 2, rank=1, padding="causal")(layers.Embedding(20, 4)(x)),
    "words that see each other": lambda x: attended(layers.Embedding(20, 4)(x)),
    "words, then a recurrent layer": lambda x: layers.LSTM(3)(layers.Embedding(20, 4)(x)),
}
SHAPES = {
    "images": (9, 14, 2),
    "sequences": (17, 2),
    "volumes": (5, 7, 9, 2),
    "videos": (5, 7, 9, 2),
}
KINDS = {"images": IMAGES, "sequences": SEQUENCES, "volumes": VOLUMES, "videos": VIDEOS}
CASES = [(kind, name) for kind, cases in KINDS.items() for name in cases]


def built(kind, name):
    keras.utils.set_random_seed(0)
    return graph_of(SHAPES[kind], KINDS[kind][name])


@pytest.mark.parametrize("kind, name", CASES)
def test_the_field_is_what_changes_the_output(kind, name):
    answer = assert_as_perturbed(built(kind, name), grows="ConvLSTM" in name)
    assert len(answer.size) == {"images": 2, "sequences": 2}.get(kind, 3)


def test_there_are_at_least_twenty_models_of_each_kind():
    assert all(len(cases) >= 20 for cases in KINDS.values())


@pytest.mark.parametrize("name", TOKENS)
def test_the_field_of_tokens_that_an_embedding_looks_up_is_what_changes_the_output(name):
    keras.utils.set_random_seed(0)
    words = keras.Input((17,), dtype="int32")
    answer = assert_as_perturbed(keras.Model(words, TOKENS[name](words)))
    assert answer.input_size == (17, 1)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@pytest.mark.parametrize("kind, name", CASES)
def test_a_saved_and_loaded_model_has_the_same_table(kind, name, tmp_path):
    model = built(kind, name)
    loaded = saved_and_loaded(model, tmp_path)
    tables = [receptive_field_table(m).drop(columns=["layer"]) for m in (model, loaded)]
    assert tables[0].equals(tables[1])
    assert not tables[0]["note"].str.contains("unknown").any()


# What stays unknown, and what is known all the same


def notes(model):
    return dict(receptive_field_table(model).set_index("layer")["note"])


class Mystery(layers.Layer):
    """A layer of the user's own, of which nothing is known."""

    def call(self, x):
        return x


class OwnModel(keras.Model):
    """A subclassed model, which cannot be read."""

    def call(self, x):
        return x

    def compute_output_shape(self, shape):
        return shape


UNKNOWN = {
    "a Lambda": (lambda: layers.Lambda(lambda x: x), (9, 14, 2)),
    "a custom layer": (Mystery, (9, 14, 2)),
    "an axis parted": (lambda: layers.Reshape((3, 3, 28)), (9, 14, 2)),
    "a random crop": (lambda: layers.RandomCrop(4, 5), (9, 14, 2)),
    "bicubic": (lambda: layers.UpSampling2D(2, interpolation="bicubic"), (9, 14, 2)),
    "a stateful layer": (lambda: layers.LSTM(3, stateful=True, return_sequences=True), (9, 2)),
    "a wrapped Lambda": (lambda: layers.TimeDistributed(layers.Lambda(lambda x: x)), (9, 14, 2)),
    "a wrapped model": (lambda: layers.TimeDistributed(OwnModel()), (5, 9, 14, 2)),
}


def with_unknown(name):
    """An image, a known layer, one of an unknown kind, and a layer behind it."""
    make, shape = UNKNOWN[name]
    image = keras.Input(shape, batch_size=1 if "stateful" in name else None)
    x = front = layers.Dense(2, name="front")(image)
    mystery = make()
    x = mystery(front)
    return keras.Model(image, layers.Dense(2, name="behind")(x)), mystery.name


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_layer_is_marked_and_what_is_in_front_of_it_stays_exact(name):
    model, mystery = with_unknown(name)
    table = receptive_field_table(model).set_index("layer")
    assert table.loc["front", "note"] == ""
    assert set(table.loc["front", "size"]) == {1}
    for behind in (mystery, "behind"):
        row = table.loc[behind]
        assert row["note"].startswith(f"unknown since {mystery}")
        assert None in row["size"]
        assert None in row["stride"]
        assert None in row["padding"]
        assert np.isnan(row["share"])
    with pytest.raises(ValueError, match=f"way: got a .* at '{mystery}.*Ask for a layer in front"):
        receptive_field(model, "behind")
    assert set(receptive_field(model, "front").size) == {1}


def test_the_remedy_for_a_stateful_layer_is_another_than_for_a_custom_one():
    with pytest.raises(ValueError, match=r"LSTM at .*, build it with stateful=False: what it sees"):
        receptive_field(with_unknown("a stateful layer")[0])
    with pytest.raises(
        ValueError, match=r"if it treats every pixel by itself, set layer.pointwise"
    ):
        receptive_field(with_unknown("a custom layer")[0])


def test_an_axis_of_which_all_is_known_keeps_its_field():
    blind = layers.Conv2DTranspose(1, (1, 2), strides=2, name="blind")  # some rows see nothing
    row = receptive_field_table(stack((9, 14, 2), conv((3, 2)), blind)).iloc[-1]
    assert (row["size"], row["stride"], row["padding"]) == ((None, 2), (None, 0.5), (None, 0))
    assert row["note"] == "unknown since blind"


def test_a_branch_that_is_not_known_makes_the_merge_unknown():
    image = keras.Input((9, 14, 2))
    known = layers.Conv2D(2, 3, padding="same", name="known")(image)
    mystery = Mystery(name="mystery")(image)
    model = keras.Model(image, layers.Add(name="add")([known, mystery]))
    assert notes(model) == {
        "known": "",
        "mystery": "unknown since mystery",
        "add": "unknown since mystery",
    }


def test_a_branch_that_sees_everything_makes_an_unknown_merge_see_everything():
    image = keras.Input((9, 14, 2))
    gate = layers.GlobalAveragePooling2D(keepdims=True)(image)
    model = keras.Model(
        image, layers.Multiply(name="gated")([Mystery(name="mystery")(image), gate])
    )
    row = receptive_field_table(model).iloc[-1]
    assert (row["note"], row["share"]) == ("unknown since mystery, whole input", 1.0)


def test_two_unknown_layers_are_named_by_the_first():
    model = stack((9, 14, 2), Mystery(name="one"), Mystery(name="other"))
    assert set(notes(model).values()) == {"unknown since one"}


def test_branches_whose_axes_lie_elsewhere_are_not_merged():
    image = keras.Input((9, 9, 2))
    turned = layers.Permute((2, 1, 3), name="turned")(image)
    model = keras.Model(image, layers.Add(name="add")([image, turned]))
    assert notes(model) == {"turned": "", "add": "unknown since add"}


def test_sequences_joined_end_to_end_are_not_guessed():
    image = keras.Input((9, 2))
    model = keras.Model(image, layers.Concatenate(axis=1, name="joined")([image, image]))
    assert notes(model) == {"joined": "unknown since joined"}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: layers.MultiHeadAttention(2, 3, name="last")(x, x, return_attention_scores=True)[
            0
        ],
        lambda x: layers.GroupQueryAttention(3, 4, 2, sliding_window=3, name="last")(x, x),
        lambda x: layers.Add(name="last")(ops.split(x, 2, axis=1)),
        lambda x: layers.Activation("relu", name="last")(ops.roll(x, 1)),
        lambda x: layers.Activation("relu", name="last")(ops.max(x, axis=(0, 1), keepdims=True)),
        lambda x: layers.Activation("relu", name="last")(ops.transpose(x, (1, 0, 2))),
        lambda x: layers.Activation("relu", name="last")(ops.flip(x)),
        lambda x: layers.Activation("relu", name="last")(layers.Flatten()(x)[:, :9]),
        lambda x: layers.Activation("relu", name="last")(ops.reshape(x, (8, -1, 6))),
        lambda x: layers.Activation("relu", name="last")(ops.reshape(x, (-1, 6))),
        lambda x: layers.Activation("relu", name="last")(ops.stack([x, x])),
        lambda x: layers.Activation("relu", name="last")(ops.expand_dims(x, 0)),
        lambda x: layers.Activation("relu", name="last")(x[1:, :]),
    ],
)
def test_what_is_not_known_for_certain_is_not_guessed(function):
    assert "unknown since" in notes(graph_of((8, 6), function))["last"]


def test_a_mask_for_attention_is_not_guessed():
    image = keras.Input((9, 2))
    mask = ops.greater(ops.matmul(image, ops.transpose(image, (0, 2, 1))), 0)
    attention = layers.MultiHeadAttention(2, 3, name="attention")
    model = keras.Model(image, attention(image, image, attention_mask=mask))
    assert "unknown since" in notes(model)["attention"]


# Sizes of misaligned graphs

MISALIGNED = {
    "frames subtracted": lambda x: x[:, 1:] - x[:, :-1],
    "strides 2 and 1": lambda x: layers.Add()(
        [conv((2, 3), 2)(x), layers.Cropping2D(((2, 3), (4, 4)))(x)]
    ),
    "one map in rows turned": lambda x: layers.Add()([x, ops.flip(x, 1)]),
    "rolled by one": lambda x: layers.Add()([x, ops.roll(x, 1, axis=2)]),
    "one cell spread": gated,
    "one row spread": lambda x: layers.Multiply()([x, x[:, 3:4]]),
    "and a convolution behind": lambda x: conv((2, 3))(layers.Add()([x, ops.flip(x, 2)])),
    "and a pooling behind": lambda x: layers.AveragePooling2D(2)(
        layers.Add()([conv((2, 3), 2)(x), layers.Cropping2D(((2, 3), (4, 4)))(x)])
    ),
}


@pytest.mark.parametrize("name", MISALIGNED)
def test_a_misaligned_graph_has_the_size_of_the_largest_union(name):
    keras.utils.set_random_seed(0)
    model = graph_of((9, 14, 2), MISALIGNED[name])
    row = receptive_field_table(model).iloc[-1]
    assert "misaligned since" in row["note"]
    found = [extents(found, model.output_shape[1:-1]) for found in seen(model, 2)]
    assert row["size"] == tuple((stops - starts).max() for starts, stops, _ in found)
    with pytest.raises(ValueError, match="`model` must be aligned"):
        receptive_field(model, graphs.read(model).outputs[0])


def test_branches_of_other_strides_have_no_one_stride_or_padding():
    row = receptive_field_table(graph_of((9, 14, 2), MISALIGNED["strides 2 and 1"])).iloc[-1]
    assert (row["stride"], row["padding"]) == ((None, None), (None, None))
    row = receptive_field_table(graph_of((9, 14, 2), MISALIGNED["frames subtracted"])).iloc[-1]
    assert (row["size"], row["stride"], row["padding"]) == ((2, 1), (1, 1), (0, 0))


# Places


def test_the_cells_of_a_layer_are_counted_along_its_own_axes():
    answer = receptive_field(graph_of((9, 14, 2), IMAGES["permuted"]), "permuted")
    assert (answer.map_size, answer.size) == ((13, 7), (3, 2))
    assert answer.region(12, 0) == (0, 12, 3, 14)
    tokens = receptive_field(graph_of((9, 14, 2), IMAGES["tokens"]), "tokens")
    assert (tokens.map_size, tokens.stride) == ((20, 1), (2, 3))
    assert tokens.region(6, 0) == (2, 3, 5, 5)


@pytest.mark.parametrize("name", ["permuted", "tokens", "flipped", "rolled"])
def test_what_does_not_lie_as_the_input_does_has_no_origin(name):
    model = graph_of((9, 14, 2), IMAGES[name])
    assert None in receptive_field(model, graphs.read(model).outputs[0]).origin


def test_open_sizes_are_followed_where_they_can_be():
    def table(*all_layers):
        return receptive_field_table(stack((None, 14, 2), conv((3, 2)), *all_layers)).iloc[-1]

    assert table(layers.Reshape((-1, 26)))["size"] == (3, 2)
    assert table(layers.Reshape((-1, 2)), layers.Dense(3))["size"] == (3, 2)
    assert table(layers.Permute((2, 1, 3)))["size"] == (3, 2)
    assert table(layers.TimeDistributed(layers.Flatten()))["note"] == "whole input"
    assert "unknown" in table(layers.AdaptiveAveragePooling2D((2, 3)))["note"]
    steps = stack((None, 9, 14, 2), layers.ConvLSTM2D(2, 3, name="lstm"))
    assert notes(steps)["lstm"].startswith("unknown since lstm")
    both = graph_of((None, None, 2), lambda x: ops.squeeze(ops.expand_dims(x, 1), 1))
    assert list(receptive_field_table(both)["size"]) == [(1, 1), (1, 1)]


def test_drifts_share_the_steps_of_one_direction_and_add_up_over_two():
    one = Drift().behind((4, 0), 5, both_ways=False)
    assert one.pixels == (4, 0)
    assert one.behind((1, 8), 5, both_ways=False).pixels == (4, 8)
    both = one.behind((1, 8), 5, both_ways=True)
    assert both.pixels == (5, 8)
    assert both.behind((2, 2), 5, both_ways=False).pixels == (7, 10)
    assert both.behind((2, 2), 5, True).behind((1, 1), 5, False).pixels == (8, 11)
    assert one.behind((1, 1), 3, both_ways=False) is None
    assert one.behind((0, 0), 3, both_ways=False) == one


@pytest.mark.parametrize("name", ["fewer steps", "a merge of two drifts"])
def test_a_drift_that_is_not_known_is_not_guessed(name):
    def lstm(size):
        return layers.ConvLSTM2D(2, size, padding="same", return_sequences=True)

    def fewer(x):
        return lstm((2, 1))(lstm((2, 1))(x)[:, ::2])

    def merged(x):
        return lstm((2, 1))(layers.Add()([lstm((2, 1))(x), lstm((3, 1))(x)]))

    model = graph_of((5, 7, 9, 2), fewer if name == "fewer steps" else merged)
    row = receptive_field_table(model).iloc[-1]
    assert row["note"].startswith(f"unknown since {row['layer']}")
    assert row["size"] == (None, None, 1)


def test_branches_that_drift_apart_are_seen_as_a_union():
    def lstm(x, size):
        return layers.ConvLSTM2D(2, size, padding="same")(x)

    model = graph_of((5, 7, 9, 2), lambda x: layers.Add()([lstm(x, (3, 1)), lstm(x, (1, 3))]))
    assert receptive_field_table(model).iloc[-1]["size"] == (None, 11, 11)
    assert receptive_field(model).region(3, 4) == (0, -2, -1, 5, 9, 10)


def test_the_pixels_of_an_input_see_themselves():
    graph = graphs.read(stack((9, 14, 2), layers.Conv2D(2, 1, name="conv")))
    start = graph.inputs[0]
    found = propagate(graph, {start: pixels(graph[start].output_shape)})
    assert found["conv"] == found[start]
