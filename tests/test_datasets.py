"""Data sets: shapes, ranges, splits, cards; a damaged file and an unknown name are refused."""

import hashlib
import shutil

import numpy as np
import pytest

from cnnlab import datasets
from cnnlab.files import shipped


@pytest.fixture
def copied_data(tmp_path, monkeypatch):
    """A copy of `data/` that a test may damage."""
    copy = shutil.copytree(shipped.data_folder(), tmp_path / "data")
    monkeypatch.setattr(shipped, "data_folder", lambda: copy)
    return copy


def test_digits_are_mnist_shaped_floats_from_zero_to_one():
    digits = datasets.load("digits")
    assert digits.images.shape == (1442, 28, 28, 1)
    assert digits.images.dtype == np.float32
    assert (digits.images.min(), digits.images.max()) == (0, 1)
    assert digits.labels.dtype == np.int64
    assert digits.class_names == tuple("0123456789")


def test_digits_split_takes_a_fifth_of_every_class_and_shares_no_image():
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    everywhere = np.bincount(train.labels) + np.bincount(test.labels)
    np.testing.assert_array_equal(everywhere, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    np.testing.assert_array_equal(np.bincount(test.labels), everywhere // 5)
    assert not {i.tobytes() for i in train.images} & {i.tobytes() for i in test.images}


def test_digits_have_their_centre_of_mass_in_the_centre_as_mnist_has():
    images = datasets.load("digits", "test").images[..., 0]
    rows, columns = np.indices((28, 28))
    mass = images.sum((1, 2))
    for axis in (rows, columns):
        centre = (images * axis).sum((1, 2)) / mass
        assert np.abs(centre - 13.5).max() <= 0.51  # whole pixels: half a pixel may be left over


def test_photos_are_uint8_with_three_channels_and_not_all_square():
    photos = {name: datasets.photo(name) for name in datasets.photo_names()}
    assert len(photos) == 12
    assert all(p.dtype == np.uint8 and p.ndim == 3 and p.shape[2] == 3 for p in photos.values())
    assert max(max(p.shape) for p in photos.values()) == 400
    assert photos["text"].shape == (154, 400, 3)
    assert sum(p.shape[0] != p.shape[1] for p in photos.values()) == 6


def test_grey_photos_have_three_equal_channels():
    brick = datasets.photo("brick")
    np.testing.assert_array_equal(brick[..., 0], brick[..., 2])
    assert (datasets.photo("chelsea")[..., 0] != datasets.photo("chelsea")[..., 2]).any()


def test_a_photo_as_a_square_is_its_middle():
    square = datasets.photo("chelsea", size=266)
    np.testing.assert_array_equal(square, datasets.photo("chelsea")[:, 67 : 67 + 266])
    assert datasets.photo("text", size=96).shape == (96, 96, 3)


@pytest.mark.parametrize("size", [(64, 64), 64.0, 0, "64"])
def test_the_size_of_a_photo_is_a_whole_number(size):
    with pytest.raises(ValueError) as error:
        datasets.photo("chelsea", size)
    assert str(error.value) == (
        f"`size` must be a whole number of at least 1: got size={size!r}. "
        "It counts the pixels of a side of the square."
    )


def test_every_photo_has_its_row_and_size_in_the_card():
    card = datasets.card("photos")
    for name in datasets.photo_names():
        height, width, _ = datasets.photo(name).shape
        assert f"| {name} | {height} × {width}" in card


def test_textures_have_a_class_for_every_photo_and_come_by_turns():
    train = datasets.load("textures")
    assert train.images.shape == (720, 64, 64, 3)
    assert train.images.dtype == np.uint8
    assert train.class_names == datasets.photo_names()
    np.testing.assert_array_equal(train.labels[:24], [*range(12), *range(12)])


@pytest.mark.parametrize(("split", "half"), [("train", slice(0, 200)), ("test", slice(200, 400))])
def test_textures_come_from_one_half_of_the_photo_only(split, half):
    textures = datasets.load("textures", split)
    patches = textures.images[textures.labels == datasets.photo_names().index("text")]
    allowed = datasets.photo("text")[:, half]
    places = {
        allowed[top : top + 64, left : left + 64].tobytes()
        for top in range(154 - 63)
        for left in range(200 - 63)
    }
    assert all(patch.tobytes() in places for patch in patches)


def test_textures_are_the_same_every_time():
    images = datasets.load("textures", "test").images
    np.testing.assert_array_equal(images, datasets.load("textures", "test").images)


def test_boxes_lie_inside_their_photographs():
    boxes = datasets.table("boxes")
    for box in boxes.itertuples():
        height, width, _ = datasets.photo(box.photo).shape
        assert 0 <= box.top < box.bottom <= height
        assert 0 <= box.left < box.right <= width
    assert "cat" in set(boxes[boxes.photo == "chelsea"].object)


def test_every_ilsvrc_value_has_a_source():
    assert datasets.table("ilsvrc").source.str.len().min() > 10


@pytest.mark.parametrize("name", [*datasets.names(), "photos"])
def test_a_card_states_its_source_and_licence(name):
    card = datasets.card(name)
    assert "source" in card
    assert "licence" in card


def test_a_data_set_carries_its_card():
    assert datasets.load("digits").card == datasets.card("digits")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.load("digit"), "`name` must be one of digits.*Did you mean 'digits'?"),
        (lambda: datasets.load("digits", "tset"), "one of train, test: got split='tset'. Did you"),
        (lambda: datasets.photo("chelsae"), "one of astronaut, brick.*Did you mean 'chelsea'?"),
        (lambda: datasets.photo("cat"), "got name='cat'. Did you mean 'chelsea'?"),
        (lambda: datasets.photo("../digits"), "got name='../digits'"),
        (lambda: datasets.card("q"), r"got name='q'\.$"),
        (lambda: datasets.table("ilsvcr"), "boxes, claims.*Did you mean 'ilsvrc'?"),
    ],
)
def test_an_unknown_name_lists_the_known_ones_and_the_nearest(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_damaged_or_missing_file_is_named_at_once(copied_data):
    (copied_data / "digits.npz").write_bytes(b"cut")
    (copied_data / "photos" / "chelsea.jpg").unlink()
    told = r"got digits\.npz, photos/chelsea\.jpg damaged or missing in .* `git checkout data`, or"
    with pytest.raises(ValueError, match=told):
        datasets.verify()


def test_a_damaged_file_is_refused_with_a_remedy(copied_data):
    path = copied_data / "digits.npz"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"`digits.npz` must be the file that was shipped.*git"):
        datasets.load("digits")


def test_a_missing_file_is_named(copied_data):
    (copied_data / "digits.npz").unlink()
    with pytest.raises(ValueError, match=r"`digits.npz` must .* got no file in "):
        datasets.load("digits")


def test_every_file_of_data_has_a_checksum_and_every_checksum_a_file():
    folder = shipped.data_folder()
    listed = dict(
        reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines()
    )
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "results" not in path.parts
    } - {"README.md", "SHA256SUMS", ".gitattributes"}
    assert set(listed) == there
    for file, expected in listed.items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == expected, file


def test_data_weigh_at_most_15_megabytes():
    assert sum(p.stat().st_size for p in shipped.data_folder().rglob("*") if p.is_file()) <= 15e6


@pytest.mark.parametrize("place", ["site-packages/cnnlab/data", "checkout/data"])
def test_data_are_found_inside_an_installed_package_and_beside_it_in_a_checkout(
    place, tmp_path, monkeypatch
):
    (tmp_path / place).mkdir(parents=True)
    package = tmp_path / place.split("/")[0] / "cnnlab"
    monkeypatch.setattr(shipped, "PACKAGE", package)
    assert shipped.data_folder() == tmp_path / place


IMAGES = np.random.default_rng(0).random((6, 5, 4, 1), dtype=np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def test_a_split_that_is_fit_to_train_on_passes():
    assert datasets.check_training(IMAGES, LABELS, classes=3) is None


def test_images_of_0_to_255_are_noticed_before_training():
    with pytest.raises(
        ValueError, match=r"scaled to 0-1: got values from 0 to 255\. Divide them b"
    ):
        datasets.check_training(np.uint8(IMAGES > 0.5) * 255, LABELS, classes=3)


@pytest.mark.parametrize("wrong", [IMAGES - 0.5, IMAGES * 300, IMAGES * np.float32("nan")])
def test_other_ranges_and_nan_are_refused_too(wrong):
    with pytest.raises(ValueError, match=r"scaled to 0-1: got .*Scale them, or mend NaN"):
        datasets.check_training(wrong, LABELS, classes=3)


def test_an_empty_split_is_refused():
    with pytest.raises(ValueError, match=r"at least one image: got images of shape \(0, 5, 4, 1\)"):
        datasets.check_training(IMAGES[:0], LABELS[:0], classes=3)


def test_each_image_needs_one_label_and_a_channel_axis():
    with pytest.raises(
        ValueError, match=r"one class number per image: got 5 labels for 6 images\. Cut both alike"
    ):
        datasets.check_training(IMAGES, LABELS[:5], classes=3)
    with pytest.raises(
        ValueError, match=r"labels of shape \(6, 3\)\. .*: labels\.argmax\(axis=1\)"
    ):
        datasets.check_training(IMAGES, np.eye(3)[LABELS], classes=3)
    with pytest.raises(ValueError, match=r"labels of shape \(6, 1\)\. .*: np\.ravel\(labels\)"):
        datasets.check_training(IMAGES, LABELS[:, None], classes=3)
    with pytest.raises(ValueError, match=r"A grey picture has one channel: images\[\.\.\., None\]"):
        datasets.check_training(IMAGES[..., 0], LABELS, classes=3)


def test_a_class_missing_from_training_is_named():
    with pytest.raises(
        ValueError, match=r"every class from 0 to 4: got no image of class 3, 4\. A"
    ):
        datasets.check_training(IMAGES, LABELS, classes=5)


def test_a_label_that_is_no_class_is_named():
    with pytest.raises(ValueError, match=r"class numbers from 0 to 1: got labels\[2\]=2\."):
        datasets.check_training(IMAGES, LABELS, classes=2)


def uneven():
    """Seven images of class 0, four of class 1, two of class 2, by which each can be told."""
    labels = np.array([0, 1, 0, 2, 0, 1, 0, 1, 0, 0, 2, 1, 0])
    images = np.arange(13 * 2 * 3, dtype=np.uint8).reshape(13, 2, 3, 1)
    return datasets.Dataset(images, labels, ("a", "b", "c"), "card")


def test_a_split_shares_out_every_class_and_loses_and_doubles_nothing():
    whole = uneven()
    train, rest = datasets.split(whole, train_size=0.5)
    assert np.bincount(train.labels).tolist() == [4, 2, 1]
    first_pixels = np.concatenate([train.images, rest.images])[:, 0, 0, 0]
    assert sorted(first_pixels) == sorted(whole.images[:, 0, 0, 0])
    for half in (train, rest):
        position = half.images[:, 0, 0, 0] // 6
        np.testing.assert_array_equal(whole.labels[position], half.labels)
        assert (np.diff(position.astype(int)) > 0).all()


@pytest.mark.parametrize("train_size", [1, np.int64(1), np.uint8(1)])
def test_a_split_takes_a_number_of_images_per_class(train_size):
    train, rest = datasets.split(uneven(), train_size)
    assert np.bincount(train.labels).tolist() == [1, 1, 1]
    assert np.bincount(rest.labels).tolist() == [6, 3, 1]


def test_another_seed_is_another_choice_and_the_same_seed_the_same():
    drawn = [datasets.split(uneven(), 1, seed=seed)[0].images.tolist() for seed in (0, 0, 1, 2)]
    assert drawn[0] == drawn[1] and drawn[0] not in drawn[2:]


@pytest.mark.parametrize(
    ("train_size", "message"),
    [
        (2, r"got train_size=2 for 2 of 'c'\. Take fewer\."),
        (0, r"got train_size=0 for 7 of 'a'\. Take more\."),
        (0.99, r"got train_size=0.99 for 7 of 'a'\. Take fewer\."),
    ],
)
def test_a_split_that_leaves_a_class_without_images_is_refused(train_size, message):
    with pytest.raises(ValueError, match=message):
        datasets.split(uneven(), train_size)


def test_a_single_picture_of_a_class_cannot_be_split():
    single = datasets.Dataset(np.zeros((4, 2, 3, 1)), np.array([0, 0, 0, 1]), ("a", "b"), "")
    with pytest.raises(ValueError, match=r"for 1 of 'b'\. Add images of this class\."):
        datasets.split(single, train_size=0.75)


def test_the_atlas_is_cut_into_strips_of_a_pattern_and_nine_pieces():
    layers = sorted(path.stem for path in (datasets.data_folder() / "atlas").glob("*.jpg"))
    assert len(layers) == 13
    for layer in layers:
        strips = datasets.atlas(layer)
        assert (strips.shape, strips.dtype) == ((12, 128, 256, 3), "uint8")
        gaps = strips[:, :, 128:131].mean()  # white between pattern and pieces
        assert gaps > 225
        assert strips[:, 2:-2, 133:170].std() > 20


def test_a_layer_without_a_sheet_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="block4_conv3"):
        datasets.atlas("block4_conv4")
