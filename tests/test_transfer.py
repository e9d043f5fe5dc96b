import errno
import os
import time
from collections import namedtuple

import keras
import numpy as np
import pytest
from keras import layers

from cnnlab import heatmaps, models, weights
from cnnlab.files import feature_cache
from cnnlab.models import vgg16
from cnnlab.reading import graph
from cnnlab.transfer import classifier, extract_features, unfreeze

PHOTOGRAPHS = np.random.default_rng(0).integers(0, 256, (7, 34, 66, 3), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2, 0])


def halved(images):
    return images / 255


def small(kernel=3, name="small"):
    """(B, H, W, 3) -> (B, H // 2, W // 2, 4), not one of the networks whose weights are known."""
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, kernel, padding="same", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.MaxPooling2D(name="pool"),
        ],
        name=name,
    )


@pytest.fixture(scope="module")
def slim():
    """VGG16's layers and name, thin: 4 to 32 filters."""
    keras.utils.set_random_seed(0)
    return vgg16(width=0.0625, include_top=False, input_shape=(None, None, 3))


@pytest.fixture
def computed(monkeypatch):
    """The number of batches that networks compute, counted while a test runs."""
    batches = []
    original = keras.Model.predict_on_batch

    def counted(self, x):
        batches.append(len(x))
        return original(self, x)

    monkeypatch.setattr(keras.Model, "predict_on_batch", counted)
    return batches


def weights_of(model):
    return [np.asarray(weight).copy() for weight in model.weights]


# extract_features


@pytest.mark.parametrize("batch_size", [1, 3, 7, 32])
def test_features_are_the_network_on_preprocessed_photographs(slim, batch_size):
    features = extract_features(slim, PHOTOGRAPHS, batch_size)
    x = keras.applications.vgg16.preprocess_input(PHOTOGRAPHS.astype(np.float32))
    assert features.shape == (7, 1, 2, 32) and features.dtype == np.float32
    np.testing.assert_allclose(features, slim(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("batch_size", "batches"), [(3, [3, 3, 3]), (4, [4, 4]), (5, [4, 4]), (6, [4, 4]), (99, [7])]
)
def test_every_batch_has_one_shape_and_hardly_any_filling(slim, computed, batch_size, batches):
    extract_features(slim, PHOTOGRAPHS, batch_size)
    assert computed == batches


def test_an_inner_layer_gives_its_features(slim):
    inner = keras.Model(slim.input, slim.get_layer("block2_pool").output, name=slim.name)
    assert extract_features(inner, PHOTOGRAPHS).shape == (7, 8, 16, 8)


def test_a_network_of_ones_own_brings_its_preprocessing():
    base = small()
    features = extract_features(base, PHOTOGRAPHS, preprocess=halved)
    np.testing.assert_allclose(features, base(PHOTOGRAPHS / 255), rtol=1e-4, atol=1e-5)


def doubled(images):
    return np.repeat(np.repeat(images / 255, 2, axis=1), 2, axis=2)


@pytest.mark.parametrize("size", [None, (68, 132)])
def test_a_preprocessing_may_change_the_size(tmp_path, size):
    base = keras.Sequential([keras.Input((*(size or (None, None)), 3)), layers.MaxPooling2D()])
    for cache in (None, tmp_path, tmp_path):
        features = extract_features(base, PHOTOGRAPHS, cache=cache, preprocess=doubled)
        np.testing.assert_array_equal(features, (PHOTOGRAPHS / 255).astype(np.float32))


def test_a_preprocessing_may_repeat_the_grey_channel():
    def coloured(images):
        return np.repeat(images, 3, axis=-1)

    base = small()
    grey = PHOTOGRAPHS[..., :1]
    features = extract_features(base, grey, preprocess=coloured)
    np.testing.assert_allclose(features, base(coloured(grey)), rtol=1e-4, atol=1e-3)


def test_keras_preprocessing_in_place_leaves_the_photographs_as_they_are():
    images = PHOTOGRAPHS.astype(np.float32)
    preprocess = keras.applications.mobilenet_v2.preprocess_input
    extract_features(small(), images, preprocess=preprocess)
    np.testing.assert_array_equal(images, PHOTOGRAPHS)


class Streamed:
    """Photographs that can only be read in small pieces, as from a file larger than memory."""

    def __init__(self, images, limit):
        self.images, self.limit = images, limit
        self.shape, self.dtype = images.shape, images.dtype

    def __len__(self):
        return len(self.images)

    def __getitem__(self, rows):
        piece = self.images[rows]
        assert len(piece) <= self.limit
        return piece

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("all photographs were read at once")


def test_photographs_are_read_one_batch_at_a_time(slim):
    streamed = extract_features(slim, Streamed(PHOTOGRAPHS, limit=2), batch_size=2)
    np.testing.assert_array_equal(streamed, extract_features(slim, PHOTOGRAPHS, batch_size=2))


def test_photographs_may_be_memory_mapped(slim, tmp_path):
    np.save(tmp_path / "photographs.npy", PHOTOGRAPHS)
    mapped = np.load(tmp_path / "photographs.npy", mmap_mode="r")
    features = extract_features(slim, mapped, cache=tmp_path / "features")
    np.testing.assert_array_equal(features, extract_features(slim, PHOTOGRAPHS))


def test_mixed_precision_gives_float32_features(tmp_path):
    inputs = keras.Input((None, None, 3))
    convolution = layers.Conv2D(4, 3, dtype="mixed_bfloat16")
    base = keras.Model(inputs, convolution(inputs))
    for cache in (None, tmp_path):
        features = extract_features(base, PHOTOGRAPHS, cache=cache, preprocess=halved)
        assert features.dtype == np.float32 and np.ptp(features) > 0


# the cache


def test_the_second_time_features_come_from_the_cache(slim, tmp_path, computed):
    first = extract_features(slim, PHOTOGRAPHS, cache=tmp_path / "new folder")
    computed.clear()
    second = extract_features(slim, PHOTOGRAPHS.copy(), cache=tmp_path / "new folder")
    assert computed == []
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(second, extract_features(slim, PHOTOGRAPHS))
    assert isinstance(second, np.memmap) and not second.flags.writeable


def test_a_network_built_anew_with_the_same_weights_finds_them_too(tmp_path, computed):
    first, again = small(name="first"), small(name="again")
    again.set_weights(first.get_weights())
    for base in (first, again):
        extract_features(base, PHOTOGRAPHS, cache=tmp_path, preprocess=halved)
    assert len(computed) == 1


def other_weights(base, images):
    kernel = base.get_layer("conv").kernel
    kernel.assign(kernel + 1e-3)
    return base, images, halved


def other_pixel(base, images):
    images[-1, -1, -1, -1] ^= 1
    return base, images, halved


def other_order(base, images):
    return base, images[::-1], halved


def other_size(base, images):
    return base, images[:, :-2], halved


def other_layer(base, images):
    return keras.Model(base.inputs, base.get_layer("norm").output), images, halved


def other_preprocessing(base, images):
    return base, images, lambda x: x / 127.5 - 1


@pytest.mark.parametrize(
    "change",
    [other_weights, other_pixel, other_order, other_size, other_layer, other_preprocessing],
)
def test_a_change_is_never_answered_from_the_cache(tmp_path, change):
    base = small()
    extract_features(base, PHOTOGRAPHS, cache=tmp_path, preprocess=halved)
    base, images, preprocess = change(base, PHOTOGRAPHS.copy())
    cached = extract_features(base, images, cache=tmp_path, preprocess=preprocess)
    fresh = extract_features(base, images, preprocess=preprocess)
    np.testing.assert_array_equal(cached, fresh)


class Times(layers.Layer):
    """What no configuration and no weight tells: a number in the code."""

    factor = 2.0

    def call(self, x):
        return x * self.factor


def test_changed_code_is_noticed_by_what_the_network_answers(tmp_path):
    base = keras.Sequential([keras.Input((None, None, 3)), Times(), layers.MaxPooling2D()])
    before = extract_features(base, PHOTOGRAPHS, cache=tmp_path, preprocess=halved)
    base.layers[0].factor = 2.1
    base.predict_function = None  # as after a restart
    after = extract_features(base, PHOTOGRAPHS, cache=tmp_path, preprocess=halved)
    np.testing.assert_allclose(after, before * 1.05, rtol=1e-5)


def black_at(*rows):
    images = PHOTOGRAPHS.copy()
    images[list(rows)] = 0
    return images


ON_BLACK = {  # two that are the same on a black photograph
    "scale": (halved, lambda images: images / 127.5),
    "colours": (halved, lambda images: images[..., ::-1] / 255),
    "flipped": (halved, lambda images: images[:, :, ::-1] / 255),
    "stretched": (
        halved,
        lambda images: images / np.maximum(images.max(axis=(1, 2, 3), keepdims=True), 1) * 0.9,
    ),
}


@pytest.mark.parametrize("black", [[0], [0, 2, 3, 4, 5, 6], [0, 1, 2]])
@pytest.mark.parametrize(("before", "after"), ON_BLACK.values(), ids=ON_BLACK)
def test_a_black_photograph_is_no_witness_of_the_preprocessing(tmp_path, before, after, black):
    base, images = small(), black_at(*black)
    for preprocess in (before, after):
        cached = extract_features(base, images, cache=tmp_path, preprocess=preprocess)
        fresh = extract_features(base, images, preprocess=preprocess)
        np.testing.assert_array_equal(cached, fresh)


@pytest.mark.parametrize("black", [[0], [0, 2, 3, 4, 5, 6]])
def test_a_black_photograph_is_no_witness_of_changed_code(tmp_path, black):
    base = keras.Sequential([keras.Input((None, None, 3)), Times(), layers.MaxPooling2D()])
    images = black_at(*black)
    for factor in (2.0, 2.1):
        base.layers[0].factor = factor
        cached = extract_features(base, images, cache=tmp_path, preprocess=halved)
        fresh = extract_features(base, images, preprocess=halved)
        np.testing.assert_array_equal(cached, fresh)


def flipped_bit(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [flipped_bit, lambda content: content[:-40], lambda content: b"", lambda content: b"x" * 500],
    ids=["bit", "cut", "empty", "other"],
)
def test_a_damaged_cache_is_computed_anew_and_mended(slim, tmp_path, computed, damage):
    intact = np.array(extract_features(slim, PHOTOGRAPHS, cache=tmp_path))
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    computed.clear()
    np.testing.assert_array_equal(extract_features(slim, PHOTOGRAPHS, cache=tmp_path), intact)
    assert computed and file.read_bytes() == whole


def test_a_full_disk_is_said_before_anything_is_computed(slim, tmp_path, monkeypatch, computed):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(feature_cache.shutil, "disk_usage", lambda folder: usage(28_000))
    photographs = np.tile(PHOTOGRAPHS, (16, 1, 1, 1))  # 112 times 1×2×32 features of 4 bytes
    with pytest.raises(OSError, match=r"room for 0\.03 MB of features: got 0\.03 MB free in"):
        extract_features(slim, photographs, cache=tmp_path)
    assert computed == [] and list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_while_caching_leaves_nothing_behind(slim, tmp_path, monkeypatch):
    def full(shape, batches):
        yield b"the first piece"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(feature_cache, "_as_npy", full)
    with pytest.raises(OSError, match=r"got No space left on device in .*cache=None") as caught:
        extract_features(slim, PHOTOGRAPHS, cache=tmp_path)
    assert caught.value.errno == errno.ENOSPC and list(tmp_path.iterdir()) == []


def test_a_cache_that_is_no_folder_is_named(slim, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OSError, match=r"`cache` must be a folder.*got File exists in .*taken"):
        extract_features(slim, PHOTOGRAPHS, cache=tmp_path / "taken")


def test_an_interrupted_extraction_leaves_nothing_behind(slim, tmp_path, monkeypatch):
    def interrupted(x):
        raise KeyboardInterrupt

    monkeypatch.setattr(slim, "predict_on_batch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extract_features(slim, PHOTOGRAPHS, cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_but_not_what_is_being_written(slim, tmp_path):
    left, busy = tmp_path / "left.part", tmp_path / "busy.part"
    left.write_bytes(b"half")
    busy.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)
    extract_features(slim, PHOTOGRAPHS, cache=tmp_path)
    assert not left.exists() and busy.exists()


# photographs that a network cannot take


def test_photographs_scaled_by_hand_are_refused(slim):
    with pytest.raises(ValueError, match=r"uint8 0-255: got dtype=float64, 0 to 1\. Leave out"):
        extract_features(slim, PHOTOGRAPHS / 255)


def test_photographs_too_small_for_the_network_are_told_the_size_that_suffices(slim):
    message = r"large enough for 'vgg16': got 31×66 pixels\. Enlarge them to 32 pixels or more"
    with pytest.raises(ValueError, match=message):
        extract_features(slim, PHOTOGRAPHS[:, :31])
    assert extract_features(slim, PHOTOGRAPHS[:, :32]).shape == (7, 1, 2, 32)


def test_a_network_of_fixed_size_names_it():
    base = vgg16(width=0.0625, include_top=False, input_shape=(32, 64, 3))
    with pytest.raises(ValueError, match=r"must be 32×64×3 for 'vgg16': got 34×66×3\. Resize"):
        extract_features(base, PHOTOGRAPHS)
    with pytest.raises(ValueError, match=r"got 68×132×3 after `preprocess`\. Resize them, or b"):
        extract_features(base, PHOTOGRAPHS, preprocess=doubled)
    with pytest.raises(ValueError, match=r"got none after `preprocess`\. Pass a batch"):
        extract_features(base, PHOTOGRAPHS, preprocess=lambda images: None)
    with pytest.raises(ValueError, match=r"got 34×66 after `preprocess`\. The model wants 3"):
        extract_features(base, PHOTOGRAPHS, preprocess=lambda images: images[..., 0])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (PHOTOGRAPHS[0], r"got shape=\(34, 66, 3\)\. Write images\[None\] for one"),
        (PHOTOGRAPHS[:0], r"got shape=\(0, 34, 66, 3\)\. Stack them"),
        (list(PHOTOGRAPHS), r"at least one photograph: got a list\. Stack them with np\.stack\."),
        ([PHOTOGRAPHS[0], PHOTOGRAPHS[0, 1:]], r"got a list\. Stack them"),
        (PHOTOGRAPHS[..., :1], r"must be any×any×3 for 'vgg16': got 34×66×1.*\. Repeat the grey"),
        (PHOTOGRAPHS[..., [0, 1, 2, 2]], r"got 34×66×4.*\. Leave out the alpha channel"),
    ],
    ids=["one", "none", "list", "sizes", "grey", "alpha"],
)
def test_what_is_no_array_of_photographs_is_refused(slim, images, message):
    with pytest.raises(ValueError, match=message):
        extract_features(slim, images)
    with pytest.raises(ValueError, match=message):
        extract_features(slim, images, preprocess=halved)


OWN_NETWORKS = {  # named like one of the trained networks, and another
    "vgg16": [layers.Conv2D(4, 3), layers.MaxPooling2D()],
    "vgg16_slim": [layers.Conv2D(4, 5, name="block1_conv1")],
    "lenet5": [layers.Conv2D(4, 5, name="c1"), layers.Conv2D(4, 3, name="c3")],
    "mnist_cnn": [layers.Conv2D(4, 3, name="conv2")],
}


@pytest.mark.parametrize("name", OWN_NETWORKS)
def test_a_network_of_ones_own_is_not_prepared_by_its_name(name):
    base = keras.Sequential([keras.Input((34, 66, 3)), *OWN_NETWORKS[name]], name=name)
    message = rf"network of your own: got base\.name='{name}', .* and other convolutions\. Pass the"
    with pytest.raises(ValueError, match=message):
        extract_features(base, PHOTOGRAPHS)
    with pytest.raises(ValueError, match=message):
        classifier(base, 3)
    with pytest.raises(ValueError, match=r"given for a network of your own: .*other convolutions"):
        extract_features(Subclassed(name), PHOTOGRAPHS)


def test_the_convolutions_by_which_a_network_is_known_are_its_own():
    for name, expected in weights.CONVOLUTIONS.items():
        model = getattr(models, name)()
        convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
        assert {layer.name: layer.kernel_size[0] for layer in convolutions} == expected


def test_a_network_whose_preprocessing_is_not_known_asks_for_it():
    message = r"`preprocess` must be given .* got base\.name='small'"
    with pytest.raises(ValueError, match=message):
        extract_features(small(), PHOTOGRAPHS)
    with pytest.raises(ValueError, match=message):
        classifier(small(), 3)


# classifier


def test_a_classifier_takes_photographs_as_they_are(slim):
    model = classifier(slim, classes=3)
    logits = model.get_layer("head")(extract_features(slim, PHOTOGRAPHS))
    np.testing.assert_allclose(model(PHOTOGRAPHS), logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model.predict(PHOTOGRAPHS, verbose=0), logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["vgg16", "vgg16_slim"])
def test_the_preprocessing_inside_is_that_of_the_name(name):
    base = keras.Sequential([keras.Input((None, None, 3)), layers.Identity()], name=name)
    model = classifier(base, classes=3, pooling="average")
    head = model.get_layer("head")
    prepared = weights.preprocess(name, PHOTOGRAPHS)
    np.testing.assert_allclose(model(PHOTOGRAPHS), head(prepared), rtol=1e-4, atol=1e-4)


def test_a_head_trained_on_features_is_the_head_of_the_classifier(slim):
    features = extract_features(slim, PHOTOGRAPHS)
    model = classifier(slim, classes=3)
    before = model.predict(PHOTOGRAPHS, verbose=0)
    head = model.get_layer("head")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    head.compile(keras.optimizers.Adam(1e-2), loss)
    head.fit(features, LABELS, epochs=2, verbose=0)
    after = model.predict(PHOTOGRAPHS, verbose=0)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(after, head.predict(features, verbose=0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("classes", "logits"), [(2, 1), (3, 3), (12, 12)])
def test_two_classes_share_one_logit(classes, logits):
    assert classifier(small(), classes, preprocess=halved).output_shape == (None, logits)


@pytest.mark.parametrize(
    ("input_shape", "pooling", "hidden", "parameters"),
    [
        ((6, 10, 3), "average", None, 4 * 3 + 3),
        ((6, 10, 3), "flatten", None, 3 * 5 * 4 * 3 + 3),
        ((6, 10, 3), "average", 8, 4 * 8 + 8 + 8 * 3 + 3),
    ],
)
def test_the_head_has_as_many_weights_as_its_kind_needs(input_shape, pooling, hidden, parameters):
    base = keras.Sequential(
        [keras.Input(input_shape), layers.Conv2D(4, 3, strides=2, padding="same")]
    )
    model = classifier(base, 3, pooling, hidden, preprocess=halved)
    assert sum(np.size(weight) for weight in weights_of(model.get_layer("head"))) == parameters
    assert model(PHOTOGRAPHS[:, :6, :10]).shape == (7, 3)


def test_a_base_that_ends_in_a_vector_needs_no_pooling():
    base = keras.Sequential([small(), layers.GlobalMaxPooling2D()])
    model = classifier(base, 3, preprocess=halved)
    assert [layer.name for layer in model.get_layer("head").layers] == ["logits"]


def test_training_leaves_the_base_and_its_statistics_alone():
    base = small()
    model = classifier(base, 3, preprocess=halved)
    before = weights_of(base)
    trained(model)
    for old, new in zip(before, weights_of(base), strict=True):
        np.testing.assert_array_equal(old, new)


class Block(layers.Layer):
    """A layer of the user's own that looks at `training` itself."""

    def call(self, x, training=False):
        return 2 * x if training else x


class Noisy(layers.Layer):
    """One with a layer inside that does."""

    def __init__(self):
        super().__init__()
        self.drop = layers.Dropout(0.5)

    def call(self, x):
        return self.drop(x)


class Subclassed(keras.Model):
    def __init__(self, name):
        super().__init__(name=name)
        self.conv, self.drop = layers.Conv2D(4, 3), layers.Dropout(0.5)

    def call(self, x):
        return self.drop(self.conv(x))


def ending_in(*stack):
    first = [keras.Input((34, 66, 3)), layers.Conv2D(4, 3, name="conv")]
    return keras.Sequential([*first, *stack], name="own")


OTHERWISE_IN_TRAINING = {
    "dropout": lambda: ending_in(layers.Dropout(0.5)),
    "spatial dropout": lambda: ending_in(layers.SpatialDropout2D(0.5)),
    "noise": lambda: ending_in(layers.GaussianNoise(1.0)),
    "a flip": lambda: ending_in(layers.RandomFlip()),
    "a norm": lambda: ending_in(layers.BatchNormalization()),
    "dropout of attention": lambda: ending_in(
        layers.MaxPooling2D(4), layers.Reshape((-1, 4)), Attention()
    ),
    "dropout of a memory": lambda: ending_in(
        layers.MaxPooling2D(8),
        layers.TimeDistributed(layers.LSTM(4, recurrent_dropout=0.5, return_sequences=True)),
    ),
    "a block": lambda: ending_in(Block()),
    "a layer inside a block": lambda: ending_in(Noisy()),
    "a model inside": lambda: ending_in(keras.Sequential([layers.Dropout(0.5)])),
}


class Attention(layers.MultiHeadAttention):
    """Attention of tokens to themselves."""

    def __init__(self):
        super().__init__(1, 4, dropout=0.5)

    def build(self, shape):
        super().build(shape, shape)

    def call(self, x, training=None):
        return super().call(x, x, training=training)

    def compute_output_spec(self, x, training=None):
        return keras.KerasTensor(x.shape)


@pytest.mark.parametrize("thawed", [False, True])
@pytest.mark.parametrize("base", OTHERWISE_IN_TRAINING.values(), ids=OTHERWISE_IN_TRAINING)
def test_the_base_runs_as_in_prediction_also_while_it_is_trained(base, thawed):
    base = base()
    model = classifier(base, 3, "flatten", preprocess=halved)
    if thawed:
        unfreeze(model, "conv")
        base.trainable = True  # of the norms too
    expected = model(PHOTOGRAPHS, training=False)
    np.testing.assert_array_equal(model(PHOTOGRAPHS, training=True), expected)
    assert model.get_layer("own").in_prediction is base
    assert graph.find(graph.read(model), "own/conv").layer is base.get_layer("conv")
    heat = heatmaps.grad_cam(model, PHOTOGRAPHS[:1].astype("float32"), 1, layer="own/conv")
    assert heat.shape == (1, 34, 66)


def test_a_base_that_is_the_same_in_training_stands_in_the_model_itself(slim):
    assert classifier(slim, 3).get_layer("vgg16") is slim


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
def test_a_saved_base_with_dropout_still_runs_as_in_prediction(tmp_path):
    model = classifier(ending_in(layers.Dropout(0.5)), 3, preprocess=lambda images: images / 255)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for training in (False, True):
        answers = loaded(PHOTOGRAPHS, training=training)
        np.testing.assert_array_equal(answers, model(PHOTOGRAPHS, training=False))
    unfreeze(loaded, "own/conv")
    assert len(loaded.trainable_weights) == 4


def trained(model, learning_rate=0.1):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(learning_rate), loss)
    model.fit(PHOTOGRAPHS, LABELS, epochs=2, verbose=0)
    return model


def test_augmentation_varies_photographs_in_training_only():
    augmentation = keras.Sequential([layers.RandomTranslation(0.4, 0.4, seed=0)])
    model = classifier(small(), 3, augmentation=augmentation, preprocess=halved)
    plain = classifier(model.get_layer("small"), 3, preprocess=halved)
    plain.get_layer("head").set_weights(model.get_layer("head").get_weights())
    expected = plain.predict(PHOTOGRAPHS, verbose=0)
    np.testing.assert_allclose(model.predict(PHOTOGRAPHS, verbose=0), expected, rtol=1e-4)
    np.testing.assert_allclose(model(PHOTOGRAPHS, training=False), expected, rtol=1e-4)
    assert np.abs(model(PHOTOGRAPHS, training=True) - expected).max() > 1e-3


# Keras 3.15 with NumPy 2.4, when it saves
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@pytest.mark.parametrize("name", ["vgg16", "vgg16_slim"])
def test_a_saved_classifier_keeps_its_preprocessing(tmp_path, name):
    conv = layers.Conv2D(4, 3, name="block1_conv1")
    base = keras.Sequential([keras.Input((None, None, 3)), conv, layers.Dropout(0.5)], name=name)
    model = classifier(base, 3, augmentation=layers.RandomFlip("horizontal"))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = model.predict(PHOTOGRAPHS, verbose=0)
    np.testing.assert_allclose(loaded.predict(PHOTOGRAPHS, verbose=0), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": 1}, r"`classes` must be at least 2: got classes=1\. Add photographs"),
        ({"classes": 3, "pooling": "max"}, r"'average' or 'flatten': got pooling='max'"),
        ({"classes": 3, "pooling": "flatten"}, r"got pooling='flatten' .* input any×any×3"),
    ],
)
def test_a_head_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        classifier(small(), preprocess=halved, **arguments)


def test_a_base_with_its_own_head_is_refused():
    base = vgg16(width=0.0625, input_shape=(32, 32, 3), classes=5)
    message = r"got 'vgg16', which ends in 'predictions' \(Dense\)\. Use include_top=False\."
    with pytest.raises(ValueError, match=message):
        classifier(base, 3)


@pytest.mark.parametrize(
    ("end", "named"),
    [
        ([layers.GlobalAveragePooling2D(), layers.Softmax(name="end")], r"'end' \(Softmax\)"),
        ([layers.GlobalAveragePooling2D(), keras.ops.softmax], r"'softmax.*' \(Softmax\)"),
        ([layers.Flatten(), layers.Activation("softmax", name="end")], r"'end' \(Activation\)"),
        ([layers.Flatten(), layers.Dense(5, name="end"), layers.ReLU()], r"'end' \(Dense\)"),
        (
            [
                layers.GlobalAveragePooling2D(keepdims=True),
                layers.Conv2D(5, 1, name="end"),
                layers.Reshape((5,)),
                layers.Activation("sigmoid"),
            ],
            r"'end' \(Conv2D\)",
        ),
    ],
    ids=["softmax", "operation", "activation", "dense", "convolution"],
)
def test_a_head_is_found_behind_activations_and_reshapes(end, named):
    x = image = keras.Input((6, 8, 3))
    for layer in [layers.Conv2D(4, 3), *end]:
        x = layer(x)
    base = keras.Model(image, x, name="whole")
    message = rf"without its own head: got 'whole', which ends in {named}\. Use include_top=False"
    with pytest.raises(ValueError, match=message):
        classifier(base, 3, preprocess=halved)


@pytest.mark.parametrize(
    "end",
    [[layers.ReLU()], [layers.Conv2D(5, (4, 6))], [layers.Conv2D(5, (4, 6)), layers.Flatten()]],
)
def test_feature_maps_and_features_are_no_head(end):
    base = keras.Sequential([keras.Input((6, 8, 3)), layers.Conv2D(4, 3), *end])
    assert classifier(base, 3, preprocess=halved).output_shape == (None, 3)


# unfreeze


def trainable(model):
    return [weight.path.split("/")[-2] for weight in model.trainable_weights][::2]


@pytest.mark.parametrize("from_layer", ["block5_conv2", "vgg16/block5_conv2"])
def test_everything_from_the_layer_on_is_trained_and_nothing_before(from_layer):
    base = vgg16(width=0.0625, include_top=False, input_shape=(32, 64, 3))
    model = classifier(base, 3)
    assert trainable(model) == ["logits"]
    assert unfreeze(model, from_layer) is model
    assert trainable(model) == ["block5_conv2", "block5_conv3", "logits"]
    unfreeze(model, "block4_conv3")
    assert trainable(model)[:2] == ["block4_conv3", "block5_conv1"]
    unfreeze(model, "logits")
    assert trainable(model) == ["logits"]


def test_fine_tuning_moves_exactly_the_unfrozen_layers():
    base = keras.Sequential(
        [small(), layers.Conv2D(5, 3, name="late"), layers.BatchNormalization(name="late_norm")],
        name="base",
    )
    model = unfreeze(classifier(base, 3, preprocess=halved), "late")
    before = {weight.path: np.asarray(weight).copy() for weight in model.weights}
    trained(model)
    moved = {w.path for w in model.weights if (np.asarray(w) != before[w.path]).any()}
    assert {path.split("/", 1)[-1] for path in moved} == {
        "late/kernel",
        "late/bias",
        "logits/kernel",
        "logits/bias",
    }


def test_a_batch_normalisation_of_the_head_is_still_trained():
    head = keras.Sequential([layers.Flatten(), layers.BatchNormalization(name="own")])
    base = small()
    base.trainable = False
    model = keras.Sequential([keras.Input((4, 6, 3)), base, head])
    assert {w.path.split("/")[-2] for w in unfreeze(model, "pool").trainable_weights} == {"own"}


def test_after_unfreezing_a_model_must_be_compiled_again():
    model = trained(classifier(small(), 3, preprocess=halved))
    unfreeze(model, "conv")
    with pytest.raises(ValueError, match=r"compile\(\)"):
        model.fit(PHOTOGRAPHS, LABELS, verbose=0)
    trained(model)


@pytest.mark.parametrize(
    ("from_layer", "message"),
    [
        ("blok5_conv1", r"got layer='blok5_conv1'\. Did you mean '?vgg16/block5_conv1"),
        ("vgg16", r"got layer='vgg16', a whole model"),
        (
            "photographs",
            r"`from_layer` must be a layer to train: got from_layer='photographs', an input of the "
            r"model\. The first layer is '\w+'\.",
        ),
    ],
)
def test_an_unknown_layer_is_named_with_the_nearest(slim, from_layer, message):
    with pytest.raises(ValueError, match=message):
        unfreeze(classifier(slim, 3), from_layer)


def test_a_layer_that_is_called_before_and_behind_stands_where_it_is_called_first():
    names = ("shared", "mid", "end")
    shared, mid, end = (layers.Conv2D(3, 3, padding="same", name=name) for name in names)
    image = keras.Input((8, 12, 3))
    model = keras.Model(image, end(shared(mid(shared(image)))))
    assert trainable(unfreeze(model, "mid")) == ["mid", "end"]
    assert trainable(unfreeze(model, "shared[1]")) == ["shared", "mid", "end"]


def test_a_name_that_two_bases_share_needs_the_path():
    first, second = small(name="first"), small(name="second")
    x = keras.Input((None, None, 3))
    model = keras.Model(x, layers.Add()([first(x), second(x)]))
    with pytest.raises(ValueError, match="'first/conv', 'second/conv'"):
        unfreeze(model, "conv")
    unfreeze(model, "second/norm")
    assert "conv" not in {weight.path.split("/")[-2] for weight in model.trainable_weights}


def test_features_follow_a_base_that_has_changed_since():
    image = keras.Input((8, 12, 3))
    base = keras.Model(image, keras.layers.Conv2D(5, 3, activation="relu", name="conv")(image))
    pictures = np.random.default_rng(0).normal(size=(2, 8, 12, 3)).astype("float32")
    before = extract_features(base, pictures, preprocess=np.copy)
    base.get_layer("conv").activation = keras.activations.tanh
    after = extract_features(base, pictures, preprocess=np.copy)
    np.testing.assert_allclose(after, base(pictures), atol=1e-6)
    assert before.min() == 0 > after.min()


@pytest.mark.parametrize("behind", [keras.layers.Dropout(0.1), keras.layers.Identity()])
def test_a_head_behind_what_does_nothing_in_prediction_is_a_head(behind):
    image = keras.Input((8, 12, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(image))
    headed = keras.layers.Dense(10, activation="softmax", name="answers")(pooled)
    base = keras.Model(image, behind(headed), name="headed")
    with pytest.raises(
        ValueError, match=r"without its own head: got 'headed', .* 'answers' \(Dense"
    ):
        classifier(base, 3, preprocess=np.copy)
