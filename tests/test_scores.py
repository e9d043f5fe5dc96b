"""Scores against counting by hand."""

import numpy as np
import pytest

from cnnlab.scores import accuracy, confusion_matrix, per_class_table

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


def test_one_hot_labels_are_not_class_numbers():
    with pytest.raises(ValueError, match=r"got labels of shape \(2, 2\), predictions of shape"):
        accuracy([[1, 0], [0, 1]], [0, 1])


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
