"""Copies of a picture are found when cut, resized or saved again; other pictures are not."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageOps

from cnnlab import datasets
from cnnlab.arrays import duplicates
from cnnlab.datasets import near_duplicates

SIZE = 64


def squared(picture, side=SIZE):
    """The middle square, as `from_folder` takes it."""
    image = ImageOps.fit(Image.fromarray(picture), (side, side), Image.Resampling.BICUBIC)
    return np.asarray(image)


def saved_again(picture, quality):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def overlap(first, second):
    """Intersection over union of two squares (top, left, side)."""
    sides = [
        max(0, min(a + first[2], b + second[2]) - max(a, b))
        for a, b in zip(first[:2], second[:2], strict=True)
    ]
    shared = sides[0] * sides[1]
    return shared / (first[2] ** 2 + second[2] ** 2 - shared)


def any_square(shape, generator):
    side = int(generator.integers(min(shape[:2]) // 2, min(shape[:2]) + 1))
    return (*(int(generator.integers(room - side + 1)) for room in shape[:2]), side)


def made_pair(picture, kind, generator):
    """A picture of 64 pixels, and a copy of it: only saved again, cut, or both cut.

    The copy has another size before it is saved as JPEG of quality 30 to 90; what is cut shares 40
    to 95 % with the other.
    """
    whole = (0, 0, min(picture.shape[:2]))
    first = second = whole
    while kind and not 0.4 <= overlap(first, second) < 0.95:
        first = any_square(picture.shape, generator) if kind == 2 else whole
        second = any_square(picture.shape, generator)
    first, second = (
        picture[top : top + side, left : left + side] for top, left, side in (first, second)
    )
    small = squared(second, int(generator.integers(48, 129)))
    return squared(first), squared(saved_again(small, int(generator.integers(30, 91))))


@pytest.fixture(scope="module")
def reported():
    """For 200 made pairs, four of each of 50 sources: (4, 50, 50), whether i and j are reported.

    The sources are the course's photographs and pictures of things, no two of one object.
    """
    pictures = [datasets.photo(name) for name in datasets.photo_names()]
    pictures += [*datasets.load("things").images[: 50 - len(pictures)]]
    generator = np.random.default_rng(0)
    tables = np.zeros((4, 50, 50), bool)
    for block, table in enumerate(tables):
        pairs = [
            made_pair(picture, (block + number) % 3, generator)
            for number, picture in enumerate(pictures)
        ]
        images, copies = map(np.stack, zip(*pairs, strict=True))
        table[tuple(near_duplicates(images, copies).T)] = True
    return tables


def test_of_200_made_copies_at_least_95_percent_are_found(reported):
    caught = np.diagonal(reported, axis1=1, axis2=2)
    assert caught.size == 200
    assert caught.mean() >= 0.95


def test_of_different_pictures_at_most_2_percent_are_reported(reported):
    assert reported[:, ~np.eye(50, dtype=bool)].mean() <= 0.02


def test_of_different_objects_of_both_splits_at_most_2_percent_are_reported():
    train, test = (datasets.load("things", split).images[:45] for split in ("train", "test"))
    assert len(near_duplicates(train, test)) <= 0.02 * 45 * 45


def test_the_photographs_of_the_course_are_no_copies_of_each_other():
    photographs = np.stack([datasets.photo(name, SIZE) for name in datasets.photo_names()])
    assert near_duplicates(photographs).shape == (0, 2)


def test_pairs_point_into_both_and_the_most_alike_comes_first():
    cat, cup, rocket = (datasets.photo(name, 96) for name in ("chelsea", "coffee", "rocket"))
    images = np.stack([cup, rocket, cat])
    others = np.stack([squared(cat[15:, :81], 96), np.roll(cat, 48, axis=0), squared(rocket, 96)])
    assert near_duplicates(images, others).tolist()[:2] == [[1, 2], [2, 0]]
    assert near_duplicates(others, images).tolist()[:2] == [[2, 1], [0, 2]]


def test_among_themselves_each_pair_is_given_once_the_smaller_index_first():
    cat, cup = (datasets.photo(name, SIZE) for name in ("chelsea", "coffee"))
    assert near_duplicates(np.stack([cat, cup, cat])).tolist() == [[0, 2]]


def test_brightness_and_contrast_do_not_hide_a_copy_but_a_mirror_does():
    cat = datasets.photo("chelsea", SIZE)
    darker = (cat * 0.6 + 20).astype(np.uint8)
    assert near_duplicates(cat[None], darker[None]).tolist() == [[0, 0]]
    assert len(near_duplicates(cat[None], cat[None, :, ::-1])) == 0


def test_flat_pictures_are_no_copies_of_anything():
    flat = np.full((2, 20, 30, 3), 90, np.uint8)
    assert len(near_duplicates(flat)) == 0


def test_pictures_whose_details_are_rounding_are_no_copies():
    rng = np.random.default_rng(0)
    dots = (rng.uniform(size=(9, 14, 20, 3)) > 0.95).astype(np.uint8)  # such as x // 255
    dots = dots.repeat(4, axis=1).repeat(4, axis=2)
    assert len(near_duplicates(dots[[0, 0]])) == 0
    bright = 255 * dots[[0, 0]]
    assert near_duplicates(bright).tolist() == [[0, 1]]


def test_pictures_of_another_size_are_compared_and_none_has_no_pair():
    cat = datasets.photo("chelsea", 128)
    assert near_duplicates(cat[None], cat[None, ::2, ::2]).tolist() == [[0, 0]]
    assert near_duplicates(cat[None], cat[None][:0]).shape == (0, 2)


def slow_correlation(image, other):
    """The largest correlation, place by place and number by number."""
    side = duplicates.SIDE
    (below,) = duplicates._details(other[None], side)
    best = 0
    for larger in (14, 15, 16, 17, 18, 20, 21, 22):
        (above,) = duplicates._details(image[None], larger)
        for top, left in itertools.product(range(1 - larger, side), repeat=2):
            rows = [y for y in range(side) if 0 <= y - top < larger]
            columns = [x for x in range(side) if 0 <= x - left < larger]
            shared = len(rows) * len(columns)
            if shared < 0.36 * (side**2 + larger**2 - shared):
                continue
            under = below[np.ix_(rows, columns)]
            over = above[np.ix_([y - top for y in rows], [x - left for x in columns])]
            products = squares_under = squares_over = 0
            for a, b in zip(under.ravel(), over.ravel(), strict=True):
                products += a * b
                squares_under += a * a
                squares_over += b * b
            best = max(best, products / np.sqrt(squares_under * squares_over))
    return best


def test_the_correlation_is_that_of_the_slow_way():
    cat, cup = (datasets.photo(name) for name in ("chelsea", "coffee"))
    for image, other in [(cat, cat[40:, 20:320]), (cat, cup)]:
        (((fast,),),) = (duplicates._correlation(image[None], other[None]),)
        assert fast == pytest.approx(slow_correlation(image, other), abs=1e-5)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 8, 9, 3)), "got float64 of shape (2, 8, 9, 3). Compare photographs before"),
        (np.zeros((8, 9, 3), np.uint8), "got uint8 of shape (8, 9, 3)."),
        (np.zeros((2, 8, 9, 1), np.uint8), "got uint8 of shape (2, 8, 9, 1)."),
        ([1, 2], "got [1, 2]."),
    ],
)
def test_other_arrays_are_refused_by_their_name(images, message):
    good = np.zeros((1, 8, 9, 3), np.uint8)
    for name, arguments in [("images", (images,)), ("others", (good, images))]:
        with pytest.raises(ValueError) as error:
            near_duplicates(*arguments)
        assert f"`{name}` must be pictures (N, H, W, 3) uint8, 0-255: {message}" in str(error.value)
