"""Boxes: equal to loops, to pycocotools, and to what their laws say."""

import csv
import runpy
from pathlib import Path

import numpy as np
import pytest

from cnnlab.boxes import (
    average_precision,
    convert,
    decode,
    encode,
    iou,
    match,
    nms,
    precision_recall,
)

REFERENCE = Path(__file__).parent / "references"
BOX = (1, 2, 5, 8)
case = runpy.run_path(str(REFERENCE / "coco.py"))["case"]
RANDOM = [np.random.default_rng(seed) for seed in range(4)]


def some_boxes(generator, count, degenerate=True):
    """Boxes in 30 x 50 pixels; a fifth of them are lines or points, a fifth appear twice."""
    top, left = generator.integers(0, (20, 35), (count, 2)).T
    sides = generator.integers(0 if degenerate else 1, (11, 15), (count, 2)) / 2
    boxes = np.stack([top, left, top + sides[:, 0], left + sides[:, 1]], axis=1)
    if degenerate and count:
        again = generator.integers(count, size=count // 5)
        boxes[: len(again)] = boxes[again]
    return boxes


# the definitions, in loops


def iou_loops(a, b):
    """Of boxes whose edges are halves of pixels: quarters of pixels, counted."""
    table = np.zeros((len(a), len(b)))
    for n, one in enumerate(a):
        for m, other in enumerate(b):
            pieces = []
            for top, left, bottom, right in (one, other):
                rows = range(int(2 * top), int(2 * bottom))
                columns = range(int(2 * left), int(2 * right))
                pieces.append({(row, column) for row in rows for column in columns})
            both = pieces[0] | pieces[1]
            table[n, m] = len(pieces[0] & pieces[1]) / len(both) if both else 0
    return table


def nms_loops(boxes, scores, threshold):
    left = sorted(range(len(boxes)), key=lambda n: (-scores[n], n))
    kept = []
    for index in left:
        if all(iou_loops([boxes[index]], [boxes[k]])[0, 0] <= threshold for k in kept):
            kept.append(index)
    return kept


def match_loops(boxes, scores, truths, threshold):
    found, free = [-1] * len(boxes), list(range(len(truths)))
    for index in sorted(range(len(boxes)), key=lambda n: (-scores[n], n)):
        best, largest = None, threshold
        for truth in free:
            overlap = iou_loops([boxes[index]], [truths[truth]])[0, 0]
            if overlap >= largest and (best is None or overlap > largest):
                best, largest = truth, overlap
        if best is not None:
            found[index] = best
            free.remove(best)
    return found


def average_precision_loops(found, scores, truths, points):
    """At each level of recall the best precision of any threshold that reaches it."""
    if not truths:
        return float("nan")
    reached = []  # (found, precision) of every threshold
    for threshold in set(scores):
        kept = [right for right, score in zip(found, scores, strict=True) if score >= threshold]
        reached.append((sum(kept), sum(kept) / len(kept)))

    def best(hits):
        return max((p for h, p in reached if h >= hits), default=0)

    if points is None:
        return sum(best(hits) for hits in range(1, truths + 1)) / truths
    # recall h / truths >= i / (points - 1), in whole numbers
    levels = [-(-i * truths // (points - 1)) for i in range(points)]
    return sum(best(hits) for hits in levels) / points


@pytest.mark.parametrize("generator", RANDOM)
def test_iou_counts_the_pixels_of_both(generator):
    for _ in range(10):
        a, b = (some_boxes(generator, n) for n in generator.integers(0, 7, 2))
        np.testing.assert_allclose(iou(a, b), iou_loops(a, b), atol=1e-12)


@pytest.mark.parametrize("threshold", [0, 0.3, 0.5, 1])
def test_suppression_keeps_what_the_loops_keep(threshold):
    generator = np.random.default_rng(int(100 * threshold))
    for _ in range(300):
        boxes = some_boxes(generator, generator.integers(0, 9))
        scores = generator.integers(0, 5, len(boxes)) / 4  # with ties
        assert nms(boxes, scores, threshold).tolist() == nms_loops(boxes, scores, threshold)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 1])
def test_matching_finds_what_the_loops_find(threshold):
    generator = np.random.default_rng(int(100 * threshold))
    for _ in range(350):
        boxes, truths = (some_boxes(generator, n) for n in generator.integers(0, 7, 2))
        boxes = np.concatenate([boxes, truths[: len(truths) // 2]])
        scores = generator.integers(0, 5, len(boxes)) / 4
        expected = match_loops(boxes, scores, truths, threshold)
        assert match(boxes, scores, truths, threshold).tolist() == expected


@pytest.mark.parametrize("points", [None, 2, 11, 101])
def test_average_precision_is_the_best_precision_at_each_recall(points):
    generator = np.random.default_rng(points)
    for _ in range(500):
        count = generator.integers(0, 12)
        found = generator.integers(0, 2, count).astype(bool)
        truths = int(found.sum() + generator.integers(0, 4))
        scores = generator.integers(0, 7, count) / 6
        expected = average_precision_loops(found.tolist(), scores.tolist(), truths, points)
        got = average_precision(found, scores, truths, points)
        np.testing.assert_allclose(got, expected, atol=1e-12)


def test_a_thousand_random_cases_score_as_in_pycocotools():
    with (REFERENCE / "coco.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1000
    for row in rows:
        boxes, scores, truths = case(int(row["seed"]))
        overlaps = sum(iou(b, t).sum() for b, t in zip(boxes, truths, strict=True))
        assert overlaps == pytest.approx(float(row["iou"]), abs=1e-8)
        for column, expected in list(row.items())[2:]:
            points, threshold = column.removeprefix("ap").split("_")
            found = [
                match(*picture, float(threshold)) >= 0
                for picture in zip(boxes, scores, truths, strict=True)
            ]
            got = average_precision(
                np.concatenate(found), np.concatenate(scores), sum(map(len, truths)), int(points)
            )
            if expected:
                assert got == pytest.approx(float(expected), abs=1e-8), (row["seed"], column)
            else:  # nothing to find, or nothing predicted
                assert not got > 0


# laws


def test_iou_is_symmetric_and_1_for_a_box_with_itself():
    boxes = some_boxes(RANDOM[0], 40, degenerate=False)
    overlaps = iou(boxes, boxes)
    np.testing.assert_array_equal(overlaps, overlaps.T)
    np.testing.assert_array_equal(overlaps.diagonal(), 1)
    assert overlaps.min() == 0


def test_iou_does_not_change_when_both_are_moved_or_enlarged():
    a, b = (some_boxes(RANDOM[1], n, degenerate=False) for n in (5, 8))
    way = np.array([-7, 3, -7, 3])
    moved = iou(a + way, b + way)
    np.testing.assert_allclose(moved, iou(a, b), atol=1e-12)
    scale = np.array([2, 5, 2, 5])
    np.testing.assert_allclose(iou(a * scale, b * scale), iou(a, b), atol=1e-12)


def test_boxes_that_touch_or_have_no_area_overlap_by_0():
    beside, below, line, point = (1, 8, 5, 9), (5, 2, 6, 8), (1, 2, 1, 8), (3, 3, 3, 3)
    assert iou([BOX], [beside, below, line, point]).tolist() == [[0, 0, 0, 0]]
    assert iou([line], [line]).tolist() == [[0]]


def test_boxes_may_lie_outside_of_every_picture():
    assert iou([(-4, -6, 0, 0)], [(-2, -3, 0, 0)]).tolist() == [[0.25]]


def test_what_is_kept_overlaps_by_at_most_the_threshold_and_what_is_not_has_a_better_neighbour():
    boxes, scores = some_boxes(RANDOM[2], 60), RANDOM[2].normal(size=60)
    kept = nms(boxes, scores, 0.3)
    overlaps = iou(boxes, boxes)
    assert (overlaps[np.ix_(kept, kept)] - np.diag(overlaps[kept, kept])).max() <= 0.3
    assert (np.diff(scores[kept]) <= 0).all()
    for index in set(range(60)) - set(kept.tolist()):
        rivals = kept[overlaps[index, kept] > 0.3]
        assert (scores[rivals] >= scores[index]).any()
    np.testing.assert_array_equal(nms(boxes[kept], scores[kept], 0.3), np.arange(len(kept)))


def test_an_overlap_of_exactly_the_threshold_is_kept():
    half = [(0, 0, 4, 6), (0, 0, 4, 3)]
    assert nms(half, [1, 2], 0.5).tolist() == [1, 0]
    assert nms(half, [1, 2], 0.49).tolist() == [1]
    assert match(half[1:], [1], half[:1], 0.5).tolist() == [0]
    assert match(half[1:], [1], half[:1], 0.51).tolist() == [-1]


def test_no_true_box_is_found_twice():
    for _ in range(100):
        boxes, truths = (some_boxes(RANDOM[3], n, degenerate=False) for n in (9, 4))
        found = match(np.concatenate([boxes, truths, truths]), RANDOM[3].normal(size=17), truths)
        found = found[found >= 0]
        assert len(set(found.tolist())) == len(found) == 4


def test_two_predictions_of_one_object_are_one_find_and_one_false_alarm():
    assert match([BOX, BOX], [0.5, 0.5], [BOX]).tolist() == [0, -1]


def test_the_order_of_predictions_decides_nothing_even_where_scores_are_equal():
    generator = np.random.default_rng(8)
    found, scores = generator.integers(0, 2, 30).astype(bool), generator.integers(0, 5, 30)
    for points in (None, 11):
        values = set()
        for _ in range(20):
            order = generator.permutation(30)
            values.add(round(average_precision(found[order], scores[order], 20, points), 12))
        assert len(values) == 1


def test_average_precision_is_1_where_all_is_found_and_0_where_nothing_is():
    for points in (None, 11, 101):
        assert average_precision([True, True, False], [3, 2, 1], 2, points) == pytest.approx(1)
        assert average_precision([False, False], [3, 2], 2, points) == 0
        assert average_precision([], [], 2, points) == 0
        assert np.isnan(average_precision([False], [1], 0, points))


def test_a_false_alarm_with_the_lowest_score_costs_nothing_and_one_with_the_highest_does():
    found, scores = [True, True, False, True], [0.9, 0.8, 0.7, 0.6]
    before = average_precision(found, scores, 4)
    assert average_precision([*found, False], [*scores, 0.1], 4) == before
    assert average_precision([False, *found], [1.0, *scores], 4) < before


def test_precision_and_recall_of_a_list_by_hand():
    precision, recall = precision_recall([True, False, True, True], [4, 3, 2, 2], truths=5)
    np.testing.assert_allclose(precision, [1, 1 / 2, 3 / 4])
    np.testing.assert_allclose(recall, [1 / 5, 1 / 5, 3 / 5])
    assert np.isnan(precision_recall([False], [1], 0)[1]).all()


# grid


def one_per_cell(generator, grid, cell, count):
    """Boxes with their middles in cells of their own, in reading order of the cells."""
    cells = np.sort(generator.choice(grid[0] * grid[1], count, replace=False))
    places = np.stack(np.unravel_index(cells, grid), axis=1)
    middles = (places + generator.uniform(0.01, 0.99, (count, 2))) * cell
    halves = generator.uniform(0.3, 30, (count, 2))
    return np.concatenate([middles - halves, middles + halves], axis=1)


@pytest.mark.parametrize("anchor", [None, (13, 7)])
def test_decoding_is_the_inverse_of_encoding(anchor):
    generator = np.random.default_rng(3)
    for count in range(13):
        boxes = one_per_cell(generator, (3, 5), (8, 12), count)
        labels = generator.integers(0, 4, count)
        values = encode(boxes, labels, (3, 5), (8, 12), 4, anchor)
        assert values.shape == (3, 5, 9) and values[..., 0].sum() == count
        back, scores, classes = decode(values, (8, 12), anchor=anchor)
        np.testing.assert_allclose(back, boxes, atol=1e-9)
        assert (scores == 1).all() and classes.tolist() == labels.tolist()
        again = encode(back, classes, (3, 5), (8, 12), 4, anchor)
        np.testing.assert_allclose(again, values, atol=1e-9)


def test_the_cell_of_the_middle_answers_and_no_other():
    values = encode([(0, 20, 10, 28)], [0], (2, 3), (8, 12), 1)
    assert np.argwhere(values[..., 0]).tolist() == [[0, 2]]
    np.testing.assert_allclose(values[0, 2, 1:3], [5 / 8, 0])  # column 24 begins the third cell
    np.testing.assert_allclose(values[0, 2, 3:5], np.log([10 / 8, 8 / 12]))
    assert not values[0, :2].any() and not values[1].any()


def test_the_score_of_a_cell_is_objectness_times_the_best_class():
    values = np.zeros((1, 2, 7))
    values[0, 1] = [0.8, 0.5, 0.5, 0, 0, 0.25, 0.75]
    boxes, scores, labels = decode(values, (6, 4), threshold=0.6)
    assert scores.tolist() == pytest.approx([0.6]) and labels.tolist() == [1]
    np.testing.assert_allclose(boxes, [(0, 4, 6, 8)])
    assert len(decode(values, (6, 4), threshold=0.61)[0]) == 0
    assert len(decode(values, (6, 4), threshold=0)[0]) == 2


def test_a_picture_without_objects_and_one_class_alone_are_fine():
    values = encode([], [], (2, 3), 8, classes=1)
    assert values.shape == (2, 3, 6) and not values.any()
    boxes, scores, labels = decode(values, 8)
    assert boxes.shape == (0, 4) and scores.shape == labels.shape == (0,)
    assert nms(boxes, scores).tolist() == match(boxes, scores, []).tolist() == []
    assert iou(boxes, [BOX]).shape == (0, 1)
    assert match([BOX], [1], []).tolist() == [-1]
    assert convert([], "coco", "voc").shape == (0, 4)


# forms


@pytest.mark.parametrize(
    ("form", "expected"), [("coco", (2, 1, 6, 4)), ("voc", (3, 2, 8, 5)), ("corners", BOX)]
)
def test_a_box_in_each_form(form, expected):
    assert convert([BOX], "corners", form).tolist() == [list(expected)]
    assert convert([expected], form, "corners").tolist() == [list(BOX)]


@pytest.mark.parametrize("source", ["corners", "coco", "voc"])
@pytest.mark.parametrize("target", ["corners", "coco", "voc"])
def test_there_and_back_again(source, target):
    boxes = convert(some_boxes(RANDOM[0], 30), "corners", source)
    np.testing.assert_allclose(convert(convert(boxes, source, target), target, source), boxes)


def test_one_pixel_in_the_form_of_voc_has_equal_ends():
    assert convert([(3, 4, 4, 5)], "corners", "voc").tolist() == [[5, 4, 5, 4]]


# bad input

SWAPPED = r"`a` must have no negative side: got .* = \[5.0, 2.0, 1.0, 8.0\] in row 1\. Is this \(x"
SHARE = r"`threshold` must be a share from 0 to 1: got threshold="


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: iou([BOX, (5, 2, 1, 8)], [BOX]), SWAPPED),
        (lambda: iou([BOX], BOX), r"`b` must be \(N, 4\).* got shape \(4,\)\. For one box write"),
        (lambda: iou([BOX], [(1, 2, 3)]), r"got shape \(1, 3\)"),
        (lambda: iou([BOX], [(1, 2, 3, 4), (1,)]), "got shape unlike a table"),
        (lambda: iou([BOX], [(1, 2, 3, np.nan)]), r"`b` must be finite.*nan\] in row 0\. Leave"),
        (lambda: iou([(1, 2, np.inf, 3)], [BOX]), "`a` must be finite"),
        (lambda: nms([BOX], [0.5, 0.6]), r"one number per box: got shape \(2,\) for 1 boxes"),
        (lambda: nms([BOX], [np.nan]), "can be ordered: got NaN in row 0"),
        (lambda: nms([BOX], [1], threshold=1.5), SHARE + "1.5. Use 0.5"),
        (lambda: nms([BOX], [1], threshold=np.nan), SHARE + "nan"),
        (lambda: match([BOX], [1], [BOX], threshold=0), "share above 0, up to 1: got threshold=0"),
        (lambda: match([BOX], [1], [(5, 2, 1, 8)]), "`truths` must have no negative side"),
        (lambda: convert([BOX], "yolo", "coco"), "`source` must be one of corners, coco, voc: got"),
        (lambda: convert([BOX], "coco", "xyxy"), "`target` must be one of .*target='xyxy'"),
        (lambda: convert([(9, 2, 3, -1)], "coco", "corners"), "Is each of the form 'coco'"),
        (lambda: convert([(9, 2, 3, 8)], "voc", "corners"), "Is each of the form 'voc'"),
        (lambda: encode([BOX], [0, 1], (2, 3), 8, 2), "got 2 labels for 1 boxes"),
        (lambda: encode([BOX], [2], (2, 3), 8, 2), "labels"),
        (lambda: encode([(1, 2, 1, 8)], [0], (2, 3), 8, 2), "height and a width above 0.*in row 0"),
        (lambda: encode([(1, 20, 5, 30)], [0], (2, 3), 8, 2), r"cell \(0, 3\) of 2x3\. Leave"),
        (lambda: encode([(-9, 2, 5, 8)], [0], (2, 3), 8, 2), r"middle in cell \(-1, 0\)"),
        (lambda: encode([BOX, (2, 2, 5, 8)], [0, 1], (2, 3), 8, 2), r"row 1, whose cell \(0, 0\)"),
        (lambda: encode([BOX], [0], (2, 3), 8, 2, anchor=(0, 3)), "`anchor` must be a height and"),
        (lambda: encode([BOX], [0], (2, 3), 8.5, 2), "`cell` must be a whole number"),
        (lambda: encode([BOX], [0], (2, 0), 8, 2), "`grid` must be a whole number"),
        (lambda: encode([BOX], [0], (2, 3), 8, 0), "`classes` must be a whole number"),
        (lambda: decode(np.zeros((1, 2, 3, 7)), 8), r"got shape \(1, 2, 3, 7\)\. Take one of"),
        (lambda: decode(np.zeros((2, 3, 5)), 8), r"5 \+ classes\): got shape \(2, 3, 5\)"),
        (lambda: decode(np.full((2, 3, 7), -1.5), 8), r"from -1.5 to -1.5\. Logits go through"),
        (lambda: decode(np.full((2, 3, 7), np.nan), 8), "from nan to nan"),
        (lambda: decode(np.zeros((2, 3, 7)), 8, threshold=2), SHARE + "2"),
        (
            lambda: average_precision([0, -1], [1, 2], 2),
            r"got int64 of .*write match\(\.\.\.\) >= 0",
        ),
        (lambda: average_precision([True], [1, 2], 2), r"`scores` must hold one"),
        (lambda: average_precision([True], [np.nan], 2), "NaN in row 0"),
        (lambda: average_precision([True, True], [1, 2], 1), "got truths=1 for 2 found"),
        (lambda: average_precision([True], [1], -1), "`truths` must be a whole number"),
        (lambda: average_precision([True], [1], 1, points=1), "None or at least 2: got points=1"),
        (lambda: average_precision([True], [1], 1, points=1.5), "`points` must be a whole number"),
    ],
)
def test_bad_input_is_refused_with_a_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()
