"""Generated tasks: the truth is where it is said to be, and nothing else tells it."""

import numpy as np
import pytest
from scipy import ndimage

from cnnlab.datasets import tasks


@pytest.mark.parametrize(
    ("make", "shape"),
    [(tasks.signals, (6, 40, 1)), (tasks.table, (6, 8)), (tasks.slices, (60, 24, 32, 1))],
)
def test_arrays_are_what_keras_takes_and_the_seed_decides(make, shape):
    x, labels, *_ = make(6, seed=3)
    assert (x.shape, x.dtype, labels.dtype) == (shape, np.float32, np.int64)
    assert labels.shape == shape[:1]
    again, other = make(6, seed=3)[0], make(6, seed=4)[0]
    np.testing.assert_array_equal(x, again)
    assert (x != other).any()


def test_no_two_tasks_share_their_random_numbers():
    first = [tasks._start(3, seed=5, task=task)[1].random() for task in (1, 2, 3, 4)]
    assert len(set(first)) == 4


@pytest.mark.parametrize("make", [tasks.signals, tasks.table, tasks.slices, tasks.volumes])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "`count` must be a whole number of at least 1: got count=0"),
        ((2.5,), "`count` must be a whole number of at least 1: got count=2.5"),
        ((2, -1), "`seed` must be a whole number of at least 0: got seed=-1"),
    ],
)
def test_a_count_or_a_seed_out_of_range_is_refused(make, arguments, message):
    with pytest.raises(ValueError) as error:
        make(*arguments)
    assert str(error.value).startswith(message)


# signals


def test_shapes_are_ten_curves_that_differ():
    shapes = tasks.shapes()
    assert shapes.shape == (10, 12)
    np.testing.assert_allclose(shapes.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(shapes.std(axis=1), 1, atol=1e-6)
    alike = shapes @ shapes.T / 12 - 2 * np.eye(10)
    assert alike.max() < 0.9


def test_the_shape_of_the_label_stands_in_the_signal():
    """Found by the largest correlation with any shape at any step, as a matched filter would."""
    x, labels = tasks.signals(400, seed=1)
    stretches = np.lib.stride_tricks.sliding_window_view(x[..., 0], 12, axis=1)  # (N, 29, 12)
    stretches = stretches - stretches.mean(axis=2, keepdims=True)
    found = stretches @ tasks.shapes().T
    assert (found.max(axis=1).argmax(axis=1) == labels).mean() > 0.6
    places = found[np.arange(400), :, labels].argmax(axis=1)
    assert set(places) == set(range(29))  # it may stand anywhere


def test_every_shape_is_equally_likely():
    counts = np.bincount(tasks.signals(2000)[1], minlength=10)
    assert (np.abs(counts - 200) < 60).all()


# table


def test_the_label_is_the_sign_of_the_products_of_pairs():
    x, labels = tasks.table(50, seed=2)
    by_loops = [int(sum(r[2 * k] * r[2 * k + 1] for k in range(4)) > 0) for r in x]
    np.testing.assert_array_equal(labels, by_loops)


def test_no_column_alone_tells_the_label():
    x, labels = tasks.table(4000)
    assert 0.45 < labels.mean() < 0.55
    for column in x.T:
        assert abs(np.corrcoef(column, labels)[0, 1]) < 0.06


# slices


def test_slices_come_patient_by_patient_and_all_of_a_patient_have_one_label():
    _, labels, patient = tasks.slices(7, seed=1)
    np.testing.assert_array_equal(patient, np.repeat(np.arange(7), 10))
    of_patient = labels.reshape(7, 10)
    assert (of_patient == of_patient[:, :1]).all()
    assert of_patient[:, 0].sum() == 3


def test_slices_of_a_patient_resemble_each_other_and_not_those_of_others():
    images, _, patient = tasks.slices(12)
    flat = images.reshape(len(images), -1)
    alike = np.corrcoef(flat)
    same = patient[:, None] == patient
    assert alike[same & ~np.eye(len(flat), dtype=bool)].mean() > 0.5
    assert abs(alike[~same].mean()) < 0.1


def test_the_coin_knows_nothing_of_the_pictures():
    """The mean picture of the ill is as near to that of the healthy as chance has it."""
    images, labels, _ = tasks.slices(400)
    means = [images[labels == label].mean(axis=0) for label in (0, 1)]
    one_patient = images.reshape(400, 10, -1).mean(axis=1).std(axis=0).mean()
    assert np.abs(means[0] - means[1]).mean() < 2 * one_patient / np.sqrt(200)


# volumes


@pytest.fixture(scope="module")
def made():
    return tasks.volumes(40, seed=3)


def test_volumes_have_a_nodule_where_the_label_says_so(made):
    assert made.images.shape == (40, 8, 16, 20, 1)
    assert (made.images.dtype, made.masks.dtype) == (np.float32, bool)
    assert made.labels.sum() == 20
    np.testing.assert_array_equal(made.masks.any(axis=(1, 2, 3)), made.labels == 1)


def test_a_nodule_is_one_ball_that_does_not_reach_through_all_slices(made):
    for mask in made.masks[made.labels == 1]:
        assert ndimage.label(mask)[1] == 1
        extents = [np.ptp(axis) + 1 for axis in np.nonzero(mask)]
        assert max(extents) <= 6
        assert max(extents) - min(extents) <= 1  # as long as wide
        assert mask.any(axis=(1, 2)).sum() < 7


def test_a_vessel_runs_through_all_slices(made):
    """Where no nodule lies every slice shows bright discs, about as many as any other."""
    for image in made.images[made.labels == 0][..., 0]:
        assert (ndimage.gaussian_filter(image, (0, 1, 1)).max(axis=(1, 2)) > 0.4).all()


def test_a_nodule_is_as_bright_as_a_vessel_and_brighter_than_tissue(made):
    inside = made.images[..., 0][made.masks]
    assert 0.65 < inside.mean() < 0.9  # a blur takes from the rim
    assert np.median(made.images) < 0.3
