"""Objects on grounds: splits by object, places known to the pixel, the same on every machine."""

import hashlib
import importlib.util
import io
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets
from cnnlab.arrays import composing
from cnnlab.datasets import cut_outs
from cnnlab.files import shipped

TOOL = Path(__file__).parents[1] / "tools" / "pack_things.py"
FREE = ("GPL", "GFDL", "CC BY ", "CC BY-SA", "public domain")


@pytest.fixture(scope="module")
def packed():
    with np.load(io.BytesIO(datasets.verified("things.npz")), allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def several():
    """200 scenes, some of them crowded."""
    return [
        datasets.scenes("train", 100, seed=5),
        datasets.scenes("test", 100, objects=(2, 5), size=(80, 100), seed=6),
    ]


def generator(seed=0):
    return np.random.default_rng(seed)


def square(side, colour, alpha=255):
    return np.full((side, side, 4), (*colour, alpha), np.uint8)


# the objects


def test_there_are_nine_classes_of_enough_objects_and_each_has_a_third_to_test_with(packed):
    counts = np.bincount(packed["labels"])
    assert len(counts) == len(packed["classes"]) == 9
    assert counts.min() >= 8 and counts.sum() == 183
    tested = np.bincount(packed["labels"][packed["test"]])
    np.testing.assert_array_equal(tested, [round(count / 3) for count in counts])


def test_every_object_has_a_name_of_its_own_an_author_and_free_terms(packed):
    credits = datasets.table("things_credits")
    assert credits.object.tolist() == packed["objects"].tolist()
    assert credits["class"].tolist() == packed["classes"][packed["labels"]].tolist()
    assert credits.object.is_unique and credits.file.is_unique
    assert credits.author.str.len().min() >= 5
    assert credits.licence.str.startswith(FREE).all()


def test_the_texts_of_the_licences_lie_beside_the_data():
    assert b"GNU GENERAL PUBLIC LICENSE" in datasets.verified("things_licences/GPL-2.txt")
    assert b"GNU Free Documentation License" in datasets.verified("things_licences/GFDL-1.2.txt")


def test_no_two_objects_are_the_same_picture_and_what_is_invisible_has_no_colour(packed):
    images = packed["images"]
    assert len({image.tobytes() for image in images}) == len(images)
    assert not images[images[..., 3] == 0].any()
    longer = np.max([composing.trimmed(image).shape[:2] for image in images], axis=1)
    assert longer.min() >= 30 and longer.max() == 96


def test_the_split_is_the_one_that_the_tool_draws(packed):
    spec = importlib.util.spec_from_file_location("pack_things", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    np.testing.assert_array_equal(tool.test_third(packed["labels"]), packed["test"])


def test_the_objects_weigh_at_most_3_megabytes():
    assert len(datasets.verified("things.npz")) <= 3e6


# things: pictures of one object


@pytest.mark.parametrize("split", ["train", "test"])
def test_things_are_pictures_of_which_the_first_hold_as_many_of_every_class(split):
    things = datasets.load("things", split)
    assert things.images.shape == (540, 64, 64, 3) and things.images.dtype == np.uint8
    assert things.labels.dtype == np.int64
    np.testing.assert_array_equal(things.labels[:27], [*range(9)] * 3)
    assert things.class_names[:2] == ("bird", "hoofed animal")
    assert len({image.tobytes() for image in things.images}) == 540


def test_things_show_an_object_of_their_own_split_only(monkeypatch, packed):
    seen = {"train": [], "test": []}
    original = composing.composed

    def watched(cut_outs, *rest):
        seen[split] += [cut_out.tobytes() for cut_out in cut_outs]
        return original(cut_outs, *rest)

    monkeypatch.setattr(composing, "composed", watched)
    for split in seen:
        datasets.load("things", split)
        datasets.scenes(split, 30)
    by_split = {
        split: {
            composing.trimmed(image).tobytes()
            for image in packed["images"][packed["test"] == (split == "test")]
        }
        for split in seen
    }
    assert set(seen["train"]) == by_split["train"] and set(seen["test"]) == by_split["test"]
    assert not by_split["train"] & by_split["test"]


def test_each_picture_shows_an_object_of_its_class(monkeypatch, packed):
    label_of = {
        composing.trimmed(image).tobytes(): label
        for image, label in zip(packed["images"], packed["labels"], strict=True)
    }
    shown = []

    def watched(cut_outs, *rest):
        shown.append([label_of[cut_out.tobytes()] for cut_out in cut_outs])
        return original(cut_outs, *rest)

    original = composing.composed
    monkeypatch.setattr(composing, "composed", watched)
    assert datasets.load("things").labels.tolist() == [label for (label,) in shown]
    shown.clear()
    assert [labels.tolist() for labels in datasets.scenes("train", 40).labels] == shown


@pytest.mark.parametrize(("split", "half"), [("train", slice(0, 200)), ("test", slice(200, 400))])
def test_grounds_come_from_one_half_of_a_photograph_only(split, half):
    photographs, surfaces = cut_outs.grounds(split)
    for name, ground in zip(cut_outs.BACKDROPS, photographs, strict=True):
        np.testing.assert_array_equal(ground, datasets.photo(name)[:, half])
    assert [ground.shape for ground in surfaces] == [(400, 200, 3)] * 2


# scenes


def test_a_box_is_the_tight_frame_of_a_mask(several):
    for scenes in several:
        for boxes, masks in zip(scenes.boxes, scenes.masks, strict=True):
            assert boxes.dtype == np.int64 and masks.dtype == bool
            for (top, left, bottom, right), mask in zip(boxes, masks, strict=True):
                rows, columns = np.nonzero(mask)
                assert (rows.min(), rows.max() + 1) == (top, bottom)
                assert (columns.min(), columns.max() + 1) == (left, right)


def test_objects_are_12_to_60_pixels_long_and_both_ends_occur(several):
    boxes = np.concatenate([boxes for scenes in several for boxes in scenes.boxes])
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    assert longer.min() == 12 and 58 <= longer.max() <= 60


def share_of_the_smaller(first, second):
    """Overlap of two boxes, pixel by pixel."""
    inside = [
        {(y, x) for y in range(box[0], box[2]) for x in range(box[1], box[3])}
        for box in (first, second)
    ]
    return len(inside[0] & inside[1]) / min(map(len, inside))


def test_boxes_overlap_by_at_most_a_third_of_the_smaller_and_some_do(several):
    shares = [
        share_of_the_smaller(*pair)
        for scenes in several
        for boxes in scenes.boxes
        for pair in combinations(boxes, 2)
    ]
    assert 0.25 < max(shares) <= 1 / 3


def test_no_pixel_belongs_to_two_objects(several):
    assert max(masks.sum(axis=0).max() for s in several for masks in s.masks) == 1


def test_scenes_have_the_size_the_count_and_the_numbers_of_objects_asked_for(several):
    first, second = several
    assert first.images.shape == (100, 96, 128, 3) and first.images.dtype == np.uint8
    assert second.images.shape == (100, 80, 100, 3)
    for scenes, numbers in ((first, {1, 2, 3}), (second, {2, 3, 4, 5})):
        assert {len(labels) for labels in scenes.labels} == numbers
        assert [len(b) for b in scenes.boxes] == [len(m) for m in scenes.masks]
        assert [len(b) for b in scenes.boxes] == [len(one) for one in scenes.labels]
        assert scenes.masks[0].shape[1:] == scenes.images.shape[1:3]
    assert set(np.concatenate(first.labels)) == set(range(9))
    assert first.class_names == datasets.load("things").class_names


def test_scenes_are_the_same_bytes_everywhere_and_others_with_another_seed_or_split():
    def digest(*arguments, **options):
        return hashlib.sha256(datasets.scenes(*arguments, **options).images.tobytes()).hexdigest()

    assert digest("train", 12) == digest("train", 12, seed=0)
    assert digest("train", 12)[:16] == "46e7a12699408921"
    assert len({digest("train", 12), digest("test", 12), digest("train", 12, seed=1)}) == 3


def test_the_first_scenes_do_not_depend_on_how_many_follow():
    few, many = datasets.scenes("train", 2), datasets.scenes("train", 3)
    np.testing.assert_array_equal(few.images, many.images[:2])


# composing


@pytest.mark.parametrize("split", ["train", "test"])
def test_scenes_of_digits_hold_digits_of_their_split_whole_and_apart(split):
    digits = datasets.load("digits", split)
    found = datasets.digit_scenes(split, 40, objects=(1, 3), size=(50, 90), seed=2)
    assert found.images.shape == (40, 50, 90, 1) and found.images.dtype == np.float32
    assert {len(boxes) for boxes in found.boxes} == {1, 2, 3}
    for image, boxes, labels, masks in zip(
        found.images, found.boxes, found.labels, found.masks, strict=True
    ):
        np.testing.assert_array_equal(masks.any(axis=0), image[..., 0] > composing.INK)
        np.testing.assert_array_equal(boxes, composing.boxes_of(masks))
        assert masks.sum(axis=0).max() == 1
        for (top, left, bottom, right), label in zip(boxes, labels, strict=True):
            piece = image[top:bottom, left:right, 0] > composing.INK
            whole = digits.images[digits.labels == label, ..., 0] > composing.INK
            alike = [np.array_equal(piece, one[frame(one)]) for one in whole]
            assert any(alike)
        for one, other in combinations(boxes, 2):
            assert (np.minimum(one, other)[2:] <= np.maximum(one, other)[:2]).any()


def test_scenes_of_some_digits_number_them_as_they_were_asked_for():
    found = datasets.digit_scenes("test", 60, objects=(1, 1), digits=(7, 0, 4))
    assert found.class_names == ("7", "0", "4")
    digits = datasets.load("digits", "test")
    for masks, labels in zip(found.masks, found.labels, strict=True):
        ink = masks[0][frame(masks[0])]
        number = int(found.class_names[labels[0]])
        whole = digits.images[digits.labels == number, ..., 0] > composing.INK
        assert any(np.array_equal(ink, one[frame(one)]) for one in whole)
    assert set(np.concatenate(found.labels).tolist()) == {0, 1, 2}


def frame(ink):
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def test_scenes_of_digits_are_the_same_bytes_everywhere_and_reach_every_place():
    found = datasets.digit_scenes("train", 200, size=(48, 64))
    again = datasets.digit_scenes("train", 3, size=(48, 64))
    np.testing.assert_array_equal(found.images[:3], again.images)
    assert not np.array_equal(datasets.digit_scenes("train", 1, seed=1).images, again.images[:1])
    ink = (found.images > 0).mean(axis=0)[..., 0]
    assert ink.mean(axis=1)[5:-5].min() > 0.01 and ink.mean(axis=0)[8:-8].min() > 0.01
    assert set(np.concatenate(found.labels).tolist()) == set(range(10))


def test_a_pixel_is_mixed_by_alpha_and_the_rest_stays_ground():
    background = generator(1).integers(256, size=(33, 40, 3), dtype=np.uint8)
    thing = generator(2).integers(256, size=(14, 20, 4), dtype=np.uint8)
    thing[..., 3] = 200
    picture, boxes, masks = composing.composed([thing], background, (20, 20), generator(3))
    ((top, left, bottom, right),) = boxes
    assert (bottom - top, right - left) == (14, 20)
    shown = min(
        (thing, thing[:, ::-1]),
        key=lambda one: np.abs(one[0, :, :3] - picture[top, left:right].astype(int)).sum(),
    )
    for y in range(33):
        for x in range(40):
            inside = top <= y < bottom and left <= x < right
            assert masks[0, y, x] == inside
            for channel in range(3):
                expected = int(background[y, x, channel])
                if inside:
                    over = int(shown[y - top, x - left, channel])
                    expected = int((over * 200 + expected * 55) / 255 + 0.5)
                assert picture[y, x, channel] == expected


def test_later_objects_lie_in_front_and_hide_what_is_behind():
    background = np.zeros((32, 32, 3), np.uint8)
    red, blue = square(20, (255, 0, 0)), square(20, (0, 0, 255))
    for seed in range(30):
        picture, _, masks = composing.composed([red, blue], background, (12, 20), generator(seed))
        np.testing.assert_array_equal(masks[0], picture[..., 0] > 127)
        np.testing.assert_array_equal(masks[1], picture[..., 2] > 127)


def test_what_is_nearly_transparent_is_not_counted_as_seen():
    background = np.zeros((40, 50, 3), np.uint8)
    thing = square(30, (255, 255, 255))
    thing[:, 20:, 3] = 100
    _, boxes, masks = composing.composed([thing], background, (30, 30), generator())
    assert masks.sum() == 30 * 20 and (boxes[0, 3] - boxes[0, 1]) == 20


def test_objects_are_mirrored_half_of_the_time_and_lie_everywhere():
    background = np.zeros((32, 48, 3), np.uint8)
    thing = square(12, (255, 0, 0))
    thing[:, :6, 1] = 255
    mirrored, corners = [], set()
    for seed in range(300):
        picture, ((top, left, _, right),), _ = composing.composed(
            [thing], background, (12, 12), generator(seed)
        )
        mirrored.append(picture[top, left, 1] == 0)
        corners |= {("top", top), ("left", left), ("right", right)}
    assert 0.4 < np.mean(mirrored) < 0.6
    assert {("top", 0), ("top", 20), ("left", 0), ("right", 48)} <= corners


def test_the_ground_is_not_changed():
    background = np.zeros((40, 50, 3), np.uint8)
    composing.composed([square(30, (9, 9, 9))], background, (30, 30), generator())
    assert not background.any()


def test_grounds_are_plain_blurred_or_a_surface():
    noise = generator(1).integers(256, size=(90, 120, 3), dtype=np.uint8)
    stripes = np.indices((80, 100)).sum(axis=0)[..., None] // 4 % 2
    checks = (stripes * [200, 100, 0]).astype(np.uint8)
    roughness = []
    for seed in range(60):
        ground = composing.ground([noise], [checks], (32, 48), generator(seed))
        assert ground.shape == (32, 48, 3) and ground.dtype == np.uint8
        roughness.append(np.abs(np.diff(ground.astype(int), axis=0)).mean())
    plain, blurred = np.equal(roughness, 0), np.less(roughness, 10)
    assert 10 < plain.sum() < 30 and 10 < (blurred & ~plain).sum() < 30
    assert (~blurred).sum() > 10


def test_a_tinted_picture_has_the_colour_as_its_mean():
    grey = np.repeat(generator(1).integers(60, 140, (30, 40, 1), np.uint8), 3, axis=2)
    mean = composing.tinted(grey, (104, 128, 66)).mean(axis=(0, 1))
    np.testing.assert_allclose(mean, (103.5, 127.5, 65.5), atol=0.3)


def test_resizing_leaves_no_dark_rim_around_what_is_transparent():
    thing = square(40, (250, 250, 250))
    thing[:, :20] = 0
    small = composing.resized(thing, (13, 11))
    assert small.shape == (13, 11, 4)
    assert small[small[..., 3] > 20][:, :3].min() >= 245


# errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.load("things", "val"), "one of train, test: got split='val'"),
        (lambda: datasets.scenes("tset", 1), "got split='tset'. Did you mean 'test'?"),
        (
            lambda: datasets.scenes("train", 0),
            "`count` must be a whole number of at least 1: got count=0. It counts the scenes.",
        ),
        (
            lambda: datasets.scenes("train", 1, size=(31, 64)),
            "`size` must be two whole numbers of at least 32: got size=(31, 64). "
            "Write height and width in pixels: (96, 128).",
        ),
        (lambda: datasets.scenes("train", 1, size=64), "got size=64. Write height and width"),
        (lambda: datasets.scenes("train", 1, size=(64.0, 64)), "got size=(64.0, 64)."),
        (
            lambda: datasets.scenes("train", 1, objects=3),
            "`objects` must be two whole numbers of at least 1: got objects=3. "
            "Write the fewest and the most: (1, 3).",
        ),
        (lambda: datasets.scenes("train", 1, objects=(0, 2)), "got objects=(0, 2)."),
        (
            lambda: datasets.scenes("train", 1, objects=(3, 1)),
            "`objects` must begin with the smaller number: got objects=(3, 1). Write (1, 3).",
        ),
        (
            lambda: datasets.scenes("train", 1, objects=(40, 40), size=(32, 48)),
            "`objects` must fit into the picture: got 40 objects for 32x48 pixels, of which ",
        ),
        (
            lambda: datasets.digit_scenes("train", 1, objects=(4, 4), size=(32, 48)),
            "`objects` must fit into the picture: got 4 digits for 32x48 pixels, of which ",
        ),
        (
            lambda: datasets.digit_scenes("train", 1, digits=(1, 10)),
            "`digits` must be different numbers from 0 to 9, at least one: got digits=(1, 10).",
        ),
        (lambda: datasets.digit_scenes("train", 1, digits=(1, 1)), "got digits=(1, 1). Write"),
        (lambda: datasets.digit_scenes("train", 1, digits=()), "got digits=(). Write"),
        (lambda: datasets.digit_scenes("val", 1), "one of train, test: got split='val'"),
        (lambda: datasets.digit_scenes("train", 1, seed=0.5), "got seed=0.5. Another number"),
        (
            lambda: datasets.scenes("train", 1, seed=-1),
            "`seed` must be a whole number of at least 0: got seed=-1. Another number gives other",
        ),
    ],
)
def test_bad_input_is_refused_with_a_remedy(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize(
    "call", [lambda: datasets.load("things"), lambda: datasets.scenes("test", 1)]
)
def test_a_damaged_file_of_objects_is_refused_with_a_remedy(call, tmp_path, monkeypatch):
    copy = shutil.copytree(shipped.data_folder(), tmp_path / "data")
    monkeypatch.setattr(shipped, "data_folder", lambda: copy)
    (copy / "things.npz").write_bytes((copy / "things.npz").read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"`things.npz` must be the file that was shipped.*git"):
        call()
