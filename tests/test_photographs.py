import unicodedata

import numpy as np
import pytest
from PIL import Image

from cnnlab.datasets import Dataset, from_folder, to_folder
from cnnlab.files import photographs

UPRIGHT = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3) * 2  # H != W, no symmetry
# What a camera held in each of EXIF's eight positions stores of it.
AS_STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.transpose(1, 0, 2),
    6: np.rot90(UPRIGHT, 1),
    7: UPRIGHT[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(UPRIGHT, -1),
}


def saved(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, np.ndarray):
        image = Image.fromarray(np.ascontiguousarray(image))
    image.save(path, **options)
    return path


def colour(red, green, blue, height=6, width=8):
    return np.full((height, width, 3), (red, green, blue), np.uint8)


@pytest.fixture
def pets(tmp_path):
    for name, value in [("cat", 10), ("dog", 200)]:
        for number in range(3):
            saved(tmp_path / "pets" / name / f"{number}.png", colour(value, number, 0))
    return tmp_path / "pets"


@pytest.mark.parametrize("position", AS_STORED)
def test_a_photograph_is_turned_upright_as_the_camera_noted(tmp_path, position):
    exif = Image.Exif()
    exif[0x0112] = position
    file = saved(tmp_path / "a.png", AS_STORED[position], exif=exif)
    np.testing.assert_array_equal(photographs.read(file), UPRIGHT)


def test_grey_becomes_three_equal_channels(tmp_path):
    grey = UPRIGHT[..., 0]
    read = photographs.read(saved(tmp_path / "a.png", grey))
    np.testing.assert_array_equal(read, np.stack([grey] * 3, axis=-1))


def test_sixteen_bit_grey_keeps_its_range(tmp_path):
    grey = UPRIGHT[..., 0].astype(np.uint16) * 256 + 77
    read = photographs.read(saved(tmp_path / "a.png", grey))
    np.testing.assert_array_equal(read[..., 1], UPRIGHT[..., 0])


def test_one_bit_pictures_are_black_and_white(tmp_path):
    bits = UPRIGHT[..., 0] > 100
    read = photographs.read(saved(tmp_path / "a.png", Image.fromarray(bits)))
    np.testing.assert_array_equal(read[..., 2], np.where(bits, 255, 0))


def test_palette_pictures_get_their_colours(tmp_path):
    picture = Image.fromarray(UPRIGHT).quantize(256)
    read = photographs.read(saved(tmp_path / "a.gif", picture))
    assert np.abs(read.astype(int) - UPRIGHT).max() <= 4


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_pictures_keep_light_and_dark(tmp_path, suffix):
    picture = Image.fromarray(np.hstack([colour(250, 20, 20), colour(20, 20, 60)])).convert("CMYK")
    read = photographs.read(saved(tmp_path / f"a.{suffix}", picture))
    np.testing.assert_allclose(read[3, 3], (250, 20, 20), atol=6)
    np.testing.assert_allclose(read[3, 12], (20, 20, 60), atol=6)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_becomes_white(tmp_path, mode):
    picture = Image.new("RGBA", (8, 6), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 8, 3))
    picture = picture.convert("LA") if mode == "LA" else picture
    picture = picture.quantize(4) if mode == "PA" else picture
    read = photographs.read(saved(tmp_path / "a.png", picture))
    assert (read[:3] == 0).all() and (read[3:] == 255).all()


def test_of_an_animation_the_first_picture_is_taken(tmp_path):
    frames = [Image.fromarray(colour(value, 0, 0)) for value in (250, 5)]
    file = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert photographs.read(file)[0, 0, 0] > 240


def test_a_size_takes_the_middle_square(tmp_path):
    wide = np.hstack([colour(0, 0, 0, 6, 5), colour(90, 60, 30, 6, 6), colour(0, 0, 0, 6, 5)])
    read = photographs.read(saved(tmp_path / "a.png", wide), size=6)
    assert read.shape == (6, 6, 3) and (read == (90, 60, 30)).all()


def test_a_small_picture_is_enlarged(tmp_path):
    read = photographs.read(saved(tmp_path / "a.png", colour(90, 60, 30, 2, 3)), size=32)
    assert read.shape == (32, 32, 3) and (read == (90, 60, 30)).all()


def test_a_size_is_a_whole_number_of_any_kind(pets, capsys):
    assert from_folder(pets, np.int64(4)).images.shape == (6, 4, 4, 3)
    message = r"`size` must be a whole number .*: got size=\(4, 5\)\. It counts the pixels of a si"
    with pytest.raises(ValueError, match=message):
        photographs.read(pets / "cat" / "0.png", (4, 5))
    with pytest.raises(ValueError, match=message):
        from_folder(pets, (4, 5))


def test_a_large_jpeg_is_decoded_smaller_and_looks_the_same(tmp_path):
    rows, columns = np.mgrid[:600, :800] / 800
    large = np.stack([rows, columns, rows * columns], -1) * 255
    file = saved(tmp_path / "a.jpg", large.astype(np.uint8), quality=95)
    whole = Image.fromarray(photographs.read(file)).crop((100, 0, 700, 600)).resize((32, 32))
    difference = photographs.read(file, size=32).astype(int) - np.asarray(whole)
    assert np.abs(difference).max() <= 4


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cut.jpg", "half", "got image file is truncated"),
        ("empty.jpg", b"", "got a file that is no picture"),
        ("notes.txt", b"feed the cat", "got a file that is no picture"),
        ("IMG_1.HEIC", b"\0\0\0\x18ftypheic", "got a HEIC picture, as iPhones take them"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path, name, content, reason):
    file = tmp_path / name
    if content == "half":
        rng = np.random.default_rng(0)
        saved(file, rng.integers(0, 256, (40, 56, 3), np.uint8))
        content = file.read_bytes()[:1500]
    file.write_bytes(content)
    with pytest.raises(ValueError, match=f"`{name}` must be a photograph.*{reason}.*JPEG or PNG"):
        photographs.read(file)


def test_damaged_exif_does_not_escape_as_another_error(tmp_path, monkeypatch):
    def raises(image):
        raise photographs_error

    import struct

    from PIL import ImageOps

    photographs_error = struct.error("required argument is not an integer")
    monkeypatch.setattr(ImageOps, "exif_transpose", raises)
    with pytest.raises(ValueError, match="got required argument is not an integer"):
        photographs.read(saved(tmp_path / "a.png", UPRIGHT))


def test_pixels_of_unknown_range_are_refused(tmp_path):
    picture = Image.fromarray(UPRIGHT[..., 0].astype(np.float32))
    with pytest.raises(ValueError, match="32-bit pixels"):
        photographs.read(saved(tmp_path / "a.tif", picture))


def test_a_folder_is_read_class_by_class_in_alphabetical_order(pets):
    images, labels, class_names, faults = photographs.read_folder(pets, size=4)
    assert class_names == ("cat", "dog") and faults == []
    assert images.shape == (6, 4, 4, 3) and images.dtype == np.uint8
    assert labels.tolist() == [0, 0, 0, 1, 1, 1] and labels.dtype == np.int64
    assert images[:, 0, 0].tolist() == [[v, n, 0] for v in (10, 200) for n in range(3)]


def test_unreadable_files_are_left_out_and_the_others_keep_their_labels(pets):
    (pets / "cat" / "1.png").write_bytes(b"no picture")
    (pets / "dog" / "0.png").write_bytes(b"")
    images, labels, _, faults = photographs.read_folder(pets, size=4)
    assert images[:, 0, 0].tolist() == [[10, 0, 0], [10, 2, 0], [200, 1, 0], [200, 2, 0]]
    assert labels.tolist() == [0, 0, 1, 1]
    assert [fault.split("`")[1] for fault in faults] == ["1.png", "0.png"]


def test_hidden_and_system_files_are_passed_over(pets):
    for folder in (".ipynb_checkpoints", "cat/.ipynb_checkpoints", "dog/empty"):
        (pets / folder).mkdir()
    for place in (".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "dog/desktop.ini", "Thumbs.db"):
        (pets / place).write_bytes(b"x")
    (pets / "cat" / ".ipynb_checkpoints" / "1.png").write_bytes(b"x")
    images, _, class_names, faults = photographs.read_folder(pets, size=4)
    assert len(images) == 6 and class_names == ("cat", "dog") and faults == []


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_class_names_with_spaces_and_accents_read_alike_on_every_system(pets, form):
    name = "Éléphant d'Asie"
    saved(pets / unicodedata.normalize(form, name) / "é 1.png", colour(90, 0, 0))
    _, labels, class_names, _ = photographs.read_folder(pets, size=4)
    assert class_names == ("cat", "dog", unicodedata.normalize("NFC", name))
    assert labels.tolist() == [0, 0, 0, 1, 1, 1, 2]


def test_a_huge_picture_is_read_without_a_warning_and_an_absurd_one_is_named(pets, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)
    saved(pets / "dog" / "absurd.png", colour(0, 0, 0, 11, 12))
    saved(pets / "dog" / "huge.png", colour(9, 9, 9, 8, 9))
    images, _, _, faults = photographs.read_folder(pets, size=4)
    assert len(images) == 7 and (images[6] == 9).all()
    assert "`absurd.png`" in faults[0] and "exceeds limit" in faults[0]


def test_fewer_than_two_classes_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"at least two classes.*got 0 in .*into subfolders"):
        photographs.read_folder(tmp_path, size=4)
    saved(tmp_path / "cat" / "1.png", UPRIGHT)
    with pytest.raises(ValueError, match=r"got 1 in .* \(cat\)"):
        photographs.read_folder(tmp_path, size=4)


def test_what_is_no_folder_is_refused_with_the_place_it_was_looked_for(tmp_path):
    with pytest.raises(ValueError, match=r"got path='.*holiday', no folder, seen from /"):
        photographs.read_folder(tmp_path / "holiday", size=4)


def test_an_empty_class_folder_is_refused(pets):
    (pets / "cow").mkdir()
    (pets / "ape").mkdir()
    with pytest.raises(ValueError, match=r"got none in ape, cow of .*remove the folder"):
        photographs.read_folder(pets, size=4)


def test_a_folder_of_empty_class_folders_is_not_taken_for_folders_of_folders(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
    (tmp_path / "pets" / "loose.png").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"can be read: got none in cat, dog of .*Add photographs"):
        photographs.read_folder(tmp_path / "pets", size=4)


def test_folders_inside_a_class_and_files_beside_the_classes_are_named(pets):
    saved(pets / "loose.png", colour(9, 9, 9))
    saved(pets / "dog" / "holiday" / "1.png", colour(9, 9, 9))
    for number in range(2):
        saved(pets / "cat" / "old" / "older" / f"{number}.png", colour(9, 9, 9))
    images, labels, class_names, faults = photographs.read_folder(pets, size=4)
    assert labels.tolist() == [0, 0, 0, 1, 1, 1] and not (images == 9).all(axis=-1).any()
    assert class_names == ("cat", "dog")
    assert faults == [
        "`cat/old` must not be a folder inside a class: got 2 files in it. "
        "Move them up into `cat`.",
        "`dog/holiday` must not be a folder inside a class: got 1 file in it. "
        "Move them up into `dog`.",
        "`loose.png` must lie in the folder of its class: got it beside the classes. "
        "Move it into one of them.",
    ]


def test_a_class_whose_photographs_all_lie_deeper_is_named_as_such(pets):
    for file in list((pets / "dog").iterdir()):
        saved(pets / "dog" / "all" / file.name, Image.open(file))
        file.unlink()
    with pytest.raises(ValueError, match=r"got none in dog of .*3 files in it. Move them up"):
        photographs.read_folder(pets, size=4)


def test_a_class_of_which_no_file_can_be_read_is_refused(pets):
    for file in (pets / "dog").iterdir():
        file.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"can be read: got none in dog of"):
        photographs.read_folder(pets, size=4)


def test_a_folder_of_train_and_test_is_not_taken_for_two_classes(tmp_path):
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            saved(tmp_path / split / name / "1.png", UPRIGHT)
    with pytest.raises(ValueError, match=r"got folders of folders in .* \(test, train\)"):
        photographs.read_folder(tmp_path, size=4)


def test_a_folder_becomes_a_data_set_and_what_was_left_out_is_printed(pets, capsys):
    (pets / "cat" / "0.png").write_bytes(b"no picture")
    data = from_folder(pets, size=4)
    assert data.images.shape == (5, 4, 4, 3) and data.labels.tolist() == [0, 0, 1, 1, 1]
    assert data.class_names == ("cat", "dog")
    told = "5 photographs from pets (2 cat, 3 dog), 1 left out; classes: 0 = cat, 1 = dog.\n`0.png`"
    assert data.card.startswith(told)
    assert "1 left out:\n  `0.png` must be a photograph" in capsys.readouterr().out


def test_the_order_of_the_classes_is_printed_and_no_more_where_nothing_was_left_out(pets, capsys):
    from_folder(pets, size=4)
    assert capsys.readouterr().out == "classes: 0 = cat, 1 = dog\n"


def test_a_data_set_becomes_a_folder_that_reads_as_it_was(tmp_path):
    names = ("bird", "cow", "car")
    images = np.repeat(np.arange(6, dtype=np.uint8) * 40, 4 * 4 * 3).reshape(6, 4, 4, 3)
    data = Dataset(images, np.array([2, 0, 1, 2, 0, 2]), names, "")
    to_folder(data, tmp_path / "all")
    read = from_folder(tmp_path / "all", size=4)
    assert read.class_names == ("bird", "car", "cow")
    assert read.images[:, 0, 0, 0].tolist() == [40, 160, 0, 120, 200, 80]
    to_folder(data, tmp_path / "some", class_names=["car", "bird"], per_class=1)
    read = from_folder(tmp_path / "some", size=4)
    assert read.class_names == ("bird", "car")
    assert read.images[:, 0, 0, 0].tolist() == [40, 0]


def test_nothing_is_written_over_what_lies_in_a_folder(pets):
    data = Dataset(np.zeros((1, 4, 4, 3), np.uint8), np.array([0]), ("cat",), "")
    for place in (pets, pets / "cat" / "0.png"):
        with pytest.raises(ValueError, match=r"`path` must be a new or an empty folder: got path="):
            to_folder(data, place)
    assert len(list((pets / "cat").iterdir())) == 3


def test_a_class_to_write_must_be_one_of_the_data_set(tmp_path):
    data = Dataset(np.zeros((1, 4, 4, 3), np.uint8), np.array([0]), ("cat",), "")
    with pytest.raises(ValueError, match="`class_names` must be one of cat: got class_names='cot'"):
        to_folder(data, tmp_path / "new", ["cot"])
    assert not (tmp_path / "new").exists()
