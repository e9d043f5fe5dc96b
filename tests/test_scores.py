"""Scores against counting by hand."""

import numpy as np
import pytest

from cnnlab.scores import (
    accuracy,
    area_under,
    check_probabilities,
    confusion_matrix,
    energy_in_box,
    overlap,
    per_class_table,
    pointing_game,
    rank_correlation,
)

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 4, 200)
PREDICTIONS = np.where(RANDOM.random(200) < 0.7, LABELS, RANDOM.integers(0, 4, 200))


def test_accuracy_counts_the_right_ones():
    right = sum(label == seen for label, seen in zip(LABELS, PREDICTIONS, strict=True))
    assert accuracy(LABELS, PREDICTIONS) == right / 200
    assert isinstance(accuracy(LABELS, PREDICTIONS), float)


def test_accuracy_is_one_for_the_labels_themselves_and_zero_when_all_are_wrong():
    assert accuracy(LABELS, LABELS) == 1
    assert accuracy(LABELS, (LABELS + 1) % 4) == 0


def test_confusion_matrix_has_a_row_per_label_and_a_column_per_prediction():
    expected = [[sum((LABELS == i) & (PREDICTIONS == j)) for j in range(4)] for i in range(4)]
    np.testing.assert_array_equal(confusion_matrix(LABELS, PREDICTIONS), expected)


def test_one_five_taken_for_a_three_stands_in_row_five_and_column_three():
    matrix = confusion_matrix([5], [3], classes=10)
    assert matrix.shape == (10, 10)
    assert matrix[5, 3] == matrix.sum() == 1


def test_accuracy_is_the_diagonal_s_share_of_the_confusion_matrix():
    matrix = confusion_matrix(LABELS, PREDICTIONS)
    assert accuracy(LABELS, PREDICTIONS) == matrix.trace() / matrix.sum()


def test_exchanging_labels_and_predictions_transposes_the_confusion_matrix():
    np.testing.assert_array_equal(
        confusion_matrix(PREDICTIONS, LABELS), confusion_matrix(LABELS, PREDICTIONS).T
    )


def test_per_class_table_counts_images_predictions_and_hits():
    table = per_class_table(LABELS, PREDICTIONS, "abcd")
    for number, name in enumerate("abcd"):
        row = table.loc[name]
        assert row.images == np.sum(LABELS == number)
        assert row.predicted == np.sum(PREDICTIONS == number)
        assert row.found == np.sum((LABELS == number) & (PREDICTIONS == number))
        assert row.recall == row.found / row.images
        assert row.precision == row.found / row.predicted
    assert table.found.sum() / table.images.sum() == accuracy(LABELS, PREDICTIONS)


def test_a_class_without_images_has_no_recall_and_one_never_predicted_no_precision():
    table = per_class_table([0, 0], [0, 2], ("a", "b", "c"))
    assert table.recall.isna().tolist() == [False, True, True]
    assert table.precision.isna().tolist() == [False, True, False]
    assert table.precision["c"] == 0


@pytest.mark.parametrize("function", [accuracy, confusion_matrix])
def test_an_empty_split_is_refused(function):
    with pytest.raises(ValueError, match=r"`labels` must hold at least one image: got an empty sp"):
        function(np.zeros(0, int), np.zeros(0, int))


def test_as_many_predictions_as_labels_are_needed():
    with pytest.raises(ValueError, match=r"got labels of shape \(3,\), predictions of shape \(4,"):
        accuracy([0, 1, 2], [0, 1, 2, 2])


def test_logits_are_not_predictions():
    with pytest.raises(ValueError, match=r"got predictions of shape \(2, 3\)\. Take the largest"):
        accuracy([0, 1], [[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])


def remedy(call):
    """The last sentences of the error that a call ends in."""
    with pytest.raises(ValueError, match=r"one class number per image: got .* of shape") as error:
        call()
    return str(error.value).split(")", 1)[1].lstrip(". ")


def test_a_single_logit_or_probability_per_image_is_compared_with_its_threshold():
    logits = np.array([[-2.0], [0.5], [7.0]])
    said = remedy(lambda: accuracy([0, 1, 0], logits))
    assert said == (
        "A single logit above 0 means class 1: (predictions[:, 0] > 0).astype(int); "
        "of a probability, above 0.5."
    )
    assert accuracy([0, 1, 0], (logits[:, 0] > 0).astype(int)) == 2 / 3


def test_class_numbers_in_a_column_are_laid_on_one_axis():
    numbers = np.array([[0], [2], [1]])
    assert remedy(lambda: accuracy(numbers, [0, 2, 2])) == "Leave one axis: np.ravel(labels)."
    assert remedy(lambda: accuracy(numbers / 1, [0, 2, 2])) == "Leave one axis: np.ravel(labels)."
    said = remedy(lambda: confusion_matrix([0, 2, 2], numbers))
    assert said == "Leave one axis: np.ravel(predictions)."
    assert accuracy(np.ravel(numbers), [0, 2, 2]) == 2 / 3


def test_one_hot_labels_are_not_class_numbers():
    said = remedy(lambda: accuracy([[1, 0, 0], [0, 1, 0]], [0, 1]))
    assert said == "Take the largest of each row: labels.argmax(axis=1)."


def test_labels_out_of_range_are_named():
    with pytest.raises(ValueError, match=r"class numbers from 0 to 9: got labels\[1\]=10\. Number"):
        confusion_matrix([3, 10], [3, 3], classes=10)
    with pytest.raises(ValueError, match=r"from 0 to 9: got predictions\[0\]=12\."):
        per_class_table([3, 4], [12, 3], tuple("0123456789"))
    with pytest.raises(ValueError, match=r"class numbers >= 0: got labels\[2\]=-1\."):
        accuracy([3, 4, -1], [3, 3, 3])


def test_probabilities_are_not_class_numbers():
    with pytest.raises(ValueError, match=r"`predictions` must be whole class numbers: got predict"):
        accuracy([0, 1], [0.2, 0.9])


def test_probabilities_have_a_column_per_class():
    check_probabilities(np.array([[0.2, 0.8], [1, 0], [0.501, 0.5]]), classes=2)
    for single in (np.array([[0.2], [0.9], [0.4]]), np.array([0.2, 0.9, 0.4])):
        with pytest.raises(
            ValueError,
            match=r"must be \(N, 2\), a column per class: got shape \(3,"
            r".*Make two columns of the one: np\.column_stack\(\[1 - p, p\]\)",
        ):
            check_probabilities(single, classes=2)
        check_probabilities(np.column_stack([1 - single, single]), classes=2)
    with pytest.raises(ValueError, match=r"got shape \(2, 3\)\. Give every class a column and a n"):
        check_probabilities(np.ones((2, 3)) / 3, classes=4)


@pytest.mark.parametrize(
    ("row", "got"),
    [
        ([7.3, -1, 2], "from -1 to 7.3, sum 8.3"),
        ([0.7, 0.7, -0.4], "from -0.4 to 0.7, sum 1"),
        ([70, 20, 10], "from 10 to 70, sum 100"),
        ([np.nan, 1, 0], "from nan to nan, sum nan"),
    ],
)
def test_logits_are_not_probabilities(row, got):
    with pytest.raises(ValueError, match=rf"sum to 1: got row 1 {got}\. Of logits take keras\.ops"):
        check_probabilities(np.array([[0.2, 0.5, 0.3], row]), classes=3)


# Heat maps against boxes: 5 x 8 pixels, so that rows and columns cannot be mistaken.

MAPS = RANDOM.normal(size=(6, 5, 8))
BOXES = [(0, 0, 2, 3), (1, 4, 4, 8), (0, 0, 5, 8), (4, 7, 5, 8), (2, 2, 3, 6), (0, 5, 5, 6)]


def pixels(box):
    """The pixels of a box, as a set of (row, column)."""
    top, left, bottom, right = box
    return {(row, column) for row in range(top, bottom) for column in range(left, right)}


def test_the_pointing_game_asks_whether_the_hottest_pixel_lies_in_the_box():
    hottest = [divmod(int(m.argmax()), 8) for m in MAPS]
    expected = [place in pixels(box) for place, box in zip(hottest, BOXES, strict=True)]
    assert set(expected) == {True, False}
    np.testing.assert_array_equal(pointing_game(MAPS, BOXES), expected)


def test_the_first_pixel_outside_a_box_is_a_miss_and_within_the_tolerance_a_hit():
    heat = np.zeros((4, 5, 8))
    heat[[0, 1, 2, 3], [0, 3, 1, 1], [2, 2, 1, 6]] = 1  # just above, below, left and right
    boxes = [(1, 2, 3, 6)] * 4
    assert not pointing_game(heat, boxes).any()
    assert pointing_game(heat, boxes, tolerance=1).all()
    assert not pointing_game(np.roll(heat[3:], 1, 2), boxes[3:], tolerance=1).any()


def test_a_map_without_positive_values_points_nowhere():
    assert not pointing_game(
        np.stack([np.zeros((5, 8)), -np.ones((5, 8))]), [(0, 0, 5, 8)] * 2
    ).any()


def test_energy_is_the_share_of_the_positive_values_in_the_box():
    found = energy_in_box(MAPS, BOXES)
    for heat, box, share in zip(np.maximum(MAPS, 0), BOXES, found, strict=True):
        assert share == pytest.approx(sum(heat[place] for place in pixels(box)) / heat.sum())


def test_an_even_map_has_the_boxs_share_of_the_picture_as_energy():
    assert energy_in_box(np.ones((1, 5, 8)), [(1, 2, 3, 6)]) == [8 / 40]


def test_energy_of_a_map_without_positive_values_is_not_a_number():
    assert np.isnan(energy_in_box(np.zeros((1, 5, 8)), [(1, 2, 3, 6)])).all()


@pytest.mark.parametrize("threshold", [0.2, 0.5, 1.0])
def test_overlap_counts_the_hot_pixels_in_the_box_over_those_in_either(threshold):
    found = overlap(MAPS, BOXES, threshold)
    for heat, box, share in zip(MAPS, BOXES, found, strict=True):
        hot = {divmod(int(i), 8) for i in np.flatnonzero(heat >= threshold * heat.max())}
        assert share == pytest.approx(len(hot & pixels(box)) / len(hot | pixels(box)))


def test_a_map_that_is_the_box_overlaps_wholly_and_an_empty_one_not_at_all():
    heat = np.zeros((2, 5, 8))
    heat[0, 1:3, 2:6] = 0.3
    np.testing.assert_array_equal(overlap(heat, [(1, 2, 3, 6)] * 2), [1, 0])


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01])
def test_a_threshold_must_be_a_share(threshold):
    with pytest.raises(ValueError, match=rf"share above 0, up to 1: got threshold={threshold}\."):
        overlap(MAPS, BOXES, threshold)


@pytest.mark.parametrize("score", [pointing_game, energy_in_box, overlap])
@pytest.mark.parametrize(
    "box", [(2, 0, 2, 3), (0, 3, 2, 3), (0, 0, 6, 3), (0, 0, 2, 9), (-1, 0, 2, 3), (0, -1, 2, 3)]
)
def test_a_box_must_lie_in_the_picture(score, box):
    with pytest.raises(ValueError, match=r"inside 5×8 pixels: got boxes\[1\]=\(.*Rows come before"):
        score(MAPS[:2], [(0, 0, 5, 8), box])


@pytest.mark.parametrize(
    "maps, boxes", [(MAPS[0], BOXES[0]), (MAPS, BOXES[:5]), (MAPS[:4], BOXES[0])]
)
def test_there_must_be_one_box_per_map(maps, boxes):
    with pytest.raises(
        ValueError, match=r"one \(top, left, bottom, right\) per map .*maps\[None\]"
    ):
        energy_in_box(maps, boxes)


def test_area_is_that_of_trapezoids():
    curves = RANDOM.uniform(size=(3, 11))
    np.testing.assert_allclose(area_under(curves), np.trapezoid(curves, dx=0.1, axis=1))
    assert area_under([0, 1]) == 0.5


def test_rank_correlation_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    other = np.round(MAPS + RANDOM.normal(size=MAPS.shape), 0)  # with ties
    expected = [
        stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(MAPS, other, strict=True)
    ]
    np.testing.assert_allclose(rank_correlation(MAPS, other), expected)


def test_rank_correlation_sees_only_the_order():
    np.testing.assert_allclose(rank_correlation(MAPS, np.exp(MAPS)), 1)
    assert rank_correlation(MAPS[0], -MAPS[0]) == pytest.approx(-1)


def test_rank_correlation_with_an_even_map_is_not_a_number():
    assert np.isnan(rank_correlation(MAPS[0], np.ones((5, 8))))


def test_rank_correlation_needs_two_maps_of_a_shape():
    with pytest.raises(ValueError, match=r"shape of `first`, \(5, 8\): got \(8, 5\)"):
        rank_correlation(MAPS[0], MAPS[0].T)
