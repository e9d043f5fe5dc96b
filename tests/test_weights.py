"""Pretrained networks and their preprocessing, with keras.applications as oracle."""

import functools
import re
import zipfile

import h5py
import keras
import numpy as np
import pytest

from cnnlab import datasets, models, weights
from cnnlab.files import checksums, fetch, photographs
from cnnlab.files.shipped import data_folder

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)


@pytest.fixture
def keras_cache(tmp_path, monkeypatch):
    """An empty Keras cache; `put(name, file)` accepts and stores a file there."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def put(name, write):
        place = fetch.path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        write(place)
        check = f"md5:{checksums.digest(place, 'md5')}"
        file = fetch.File(place.name, place.stat().st_size, check)
        monkeypatch.setitem(fetch.SOURCES, name, fetch.Source("", (file,), keras=True))

    return put


def write_as_published(model, place):
    """A weight file in the layout of the published one: a group per layer, kernel and bias."""
    with h5py.File(place, "w") as file:
        layers = [layer for layer in model.layers if layer.name != "input"]
        file.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{suffix}_1:0" for suffix in "Wb"][: len(layer.weights)]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group[name] = np.asarray(weight)


# pretrained


@pytest.mark.parametrize(("name", "units"), [("lenet5", 120), ("mnist_cnn", 15)])
def test_without_its_top_a_network_ends_with_its_last_map(name, units):
    whole, base = weights.pretrained(name, include_top=True), weights.pretrained(name)
    assert base.name == whole.name == name
    assert whole.output_shape == (None, 10)
    assert len(base.output_shape) == 4
    assert base.output_shape[-1] == units
    x = np.random.default_rng(0).uniform(0, 1, (2, 28, 28, 1)).astype("float32")
    maps = keras.Model(whole.inputs[0], whole.get_layer("flatten").input)(x)
    np.testing.assert_array_equal(base(x), maps)


@pytest.mark.parametrize("name", ["lenet5", "mnist_cnn"])
def test_networks_trained_on_mnist_read_most_of_the_other_digits_too(name):
    digits = datasets.load("digits", "test")
    logits = weights.pretrained(name, include_top=True)(digits.images)
    assert (np.argmax(logits, 1) == digits.labels).mean() > 0.75


@pytest.mark.parametrize(("name", "accuracy"), [("lenet5", 0.99), ("mnist_cnn", 0.992)])
def test_shipped_weights_read_mnist(name, accuracy, full_data):
    fetch.fetch("mnist", full_data)
    test = datasets.load("mnist", "test")
    logits = weights.pretrained(name, include_top=True).predict(
        test.images, batch_size=1000, verbose=0
    )
    assert (logits.argmax(1) == test.labels).mean() >= accuracy


@pytest.mark.parametrize(
    ("photo", "size", "expected"),
    [
        ("coffee", 64, "espresso"),
        ("coffee", 128, "espresso"),
        ("chelsea", 64, "Egyptian cat"),
        ("chelsea", 96, "Egyptian cat"),
    ],
)
def test_slim_names_what_is_on_a_photo(photo, size, expected):
    x = weights.preprocess("vgg16_slim", datasets.photo(photo, size)[None])
    logits = weights.pretrained("vgg16_slim", include_top=True)(x)
    assert weights.class_names("vgg16_slim")[np.argmax(logits)] == expected


@pytest.mark.parametrize("photo", datasets.photo_names())
def test_slim_calls_a_photograph_what_its_card_says(photo):
    x = weights.preprocess("vgg16_slim", datasets.photo(photo, 64)[None])
    shares = keras.ops.softmax(weights.pretrained("vgg16_slim", include_top=True)(x))[0]
    best = int(np.argmax(shares))
    told = f"{photo} {weights.class_names('vgg16_slim')[best]} {float(shares[best]):.0%}"
    assert told.replace("%", " %") in " ".join(datasets.card("vgg16_slim").split())


def test_slim_is_plain_vgg_for_images_of_any_size():
    base = weights.pretrained("vgg16_slim")
    names = [layer.name for layer in models.vgg16(1 / 16, include_top=False).layers]
    assert [layer.name for layer in base.layers] == names
    assert base(np.zeros((1, 64, 97, 3), "float32")).shape == (1, 2, 3, 256)


def test_slim_has_a_name_for_each_of_its_classes():
    names = weights.class_names("vgg16_slim")
    assert len(names) == len({*names}) == 100
    assert weights.pretrained("vgg16_slim", include_top=True).output_shape == (None, 100)


def test_slim_as_shipped_knows_most_of_its_validation_photographs(full_data):
    images, labels = [], []
    with zipfile.ZipFile(full_data / "tiny-imagenet-100.zip") as archive:
        rows = archive.read("classes.csv").decode("utf-8").splitlines()[1:]
        wnids = [row.split(",")[0] for row in rows]
        for name in archive.namelist():
            if name.startswith("val/") and name.endswith("0.JPEG"):  # about every tenth
                with archive.open(name) as file:
                    images.append(photographs.read(file))
                labels.append(wnids.index(name.split("/")[1]))
    model = weights.pretrained("vgg16_slim", include_top=True)
    logits = model.predict(
        weights.preprocess("vgg16_slim", np.stack(images)), batch_size=97, verbose=0
    )
    five = np.argsort(logits, axis=1)[:, -5:] == np.array(labels)[:, None]
    assert five[:, -1].mean() >= 0.55
    assert five.any(axis=1).mean() >= 0.8


def test_pretrained_networks_are_uncompiled():
    assert not weights.pretrained("lenet5", include_top=True).compiled


@pytest.mark.parametrize(("include_top", "name"), [(False, "vgg16"), (True, "vgg16_top")])
def test_vgg16_that_was_not_fetched_names_the_command(include_top, name, keras_cache):
    with pytest.raises(FileNotFoundError, match=rf"Run `cnnlab fetch {name}` once"):
        weights.pretrained("vgg16", include_top=include_top)


@pytest.mark.parametrize(("include_top", "name"), [(False, "vgg16"), (True, "vgg16_top")])
def test_vgg16_takes_a_file_in_the_published_layout(include_top, name, keras_cache, monkeypatch):
    narrow = functools.partial(models.vgg16, width=1 / 32, classes=9)
    source = narrow(include_top=include_top, input_shape=(224, 224, 3))
    keras_cache(name, functools.partial(write_as_published, source))
    monkeypatch.setattr(models, "vgg16", narrow)
    loaded = weights.pretrained("vgg16", include_top=include_top)
    for ours, theirs in zip(loaded.weights, source.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_damaged_vgg16_is_refused(keras_cache):
    keras_cache("vgg16", lambda place: place.write_bytes(b"x" * 100))
    fetch.path("vgg16").write_bytes(b"y" * 100)
    with pytest.raises(ValueError, match=r"must have the MD5 .* fetch it again"):
        weights.pretrained("vgg16")


# preprocess


def test_vgg16_preprocessing_is_that_of_keras():
    theirs = keras.applications.vgg16.preprocess_input(IMAGES.astype("float32"))
    np.testing.assert_allclose(weights.preprocess("vgg16", IMAGES), theirs, rtol=1e-6)


def test_slim_preprocessing_goes_from_minus_one_to_one():
    ends = np.array([[[0, 255, 51]]], np.uint8)
    x = weights.preprocess("vgg16_slim", ends)
    np.testing.assert_allclose(x, [[[-1, 1, -0.6]]], rtol=1e-6)
    assert x.dtype == np.float32


def test_digits_are_scaled_to_one():
    image = np.array([[[0], [255], [51]]], np.uint8)
    np.testing.assert_allclose(weights.preprocess("lenet5", image), [[[0], [1], [0.2]]])


@pytest.mark.parametrize("name", ["vgg16", "vgg16_slim"])
def test_preprocessing_leaves_its_images_alone(name):
    before = IMAGES.copy()
    weights.preprocess(name, IMAGES)
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize(
    ("name", "images", "message"),
    [
        ("vgg16", IMAGES / 255, "must be uint8, 0-255: got float64 from 0 to 0.976"),
        ("vgg16_slim", IMAGES[..., :1], r"\(B, H, W, 3\) .* for vgg16_slim: got shape \(2, 5, 7,"),
        ("lenet5", IMAGES, r"\(B, H, W, 1\) or \(H, W, 1\) for lenet5"),
        ("lenet5", IMAGES[0, :, :, 0], r"got shape \(5, 7\). Add the missing axis"),
        ("vgg61", IMAGES, r"one of vgg16_slim, vgg16, .*Did you mean 'vgg16'\?"),
    ],
)
def test_wrong_images_are_refused_with_a_remedy(name, images, message):
    with pytest.raises(ValueError, match=message):
        weights.preprocess(name, images)


def test_an_unknown_network_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"must be one of .*lenet5.*Did you mean 'lenet5'\?"):
        weights.pretrained("lenet")


# class names, fill


def test_class_names_of_imagenet_come_from_keras_file(keras_cache):
    text = '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}'
    keras_cache("imagenet_classes", lambda place: place.write_text(text))
    assert weights.class_names("vgg16") == ("tench", "goldfish")


def test_class_names_of_digits_are_digits():
    assert weights.class_names("mnist_cnn") == tuple("0123456789")


def test_fill_takes_back_what_arrays_gave():
    one, other = (keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)]) for _ in "ab")
    other.layers[0].name = one.layers[0].name
    weights.fill(other, {k: a.astype("float16") for k, a in weights.arrays(one).items()})
    np.testing.assert_allclose(other.layers[0].kernel, one.layers[0].kernel, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("c3/bias"), "got c3/bias with shape None, expected (16,)"),
        (lambda a: a.update({"c9/bias": a["c3/bias"]}), "c9/bias with shape (16,), expected None"),
        (lambda a: a.update({"f6/kernel": a["f6/kernel"].T}), "f6/kernel with shape (84, 120)"),
    ],
)
def test_fill_names_the_weight_that_does_not_fit(change, message):
    model = models.lenet5()
    values = weights.arrays(model)
    change(values)
    with pytest.raises(ValueError, match=re.escape(message)):
        weights.fill(model, values)


def test_shipped_weights_hold_no_pickles_and_no_infinities():
    files = sorted((data_folder() / "weights").glob("*.npz"))
    assert files
    for path in files:
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays:
                assert np.isfinite(arrays[name]).all(), f"{path.name}: {name}"
