"""What pycocotools says of random boxes: tests/references/coco.csv.

    python tests/references/coco.py        # needs pycocotools, which the project does not

A row per case. The cases come from Python's own random numbers, which are the same everywhere; all
scores of a case differ, as pycocotools lets the order of pictures decide between equal ones. Its
101 recalls are taken as i / 100, which `numpy.linspace` misses by a last bit for some.
"""

import csv
import io
import random
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".csv")
CASES = 1000
THRESHOLDS = (0.5, 0.75)


def case(seed):
    """Boxes, scores and true boxes of one to three pictures: three lists, an entry per picture."""
    rng = random.Random(seed)
    boxes, truths = [], []
    for _ in range(rng.choice((1, 1, 2, 3))):
        true = [_box(rng) for _ in range(rng.choice((0, 1, 1, 2, 3, 5)))]
        near = [_moved(rng, rng.choice(true)) for _ in range(rng.randrange(6)) if true]
        far = [_box(rng) for _ in range(rng.randrange(3))]
        found = near + far + near[: rng.choice((0, 0, 1))]  # now and then one twice
        rng.shuffle(found)
        truths.append(np.array(true, float).reshape(-1, 4))
        boxes.append(np.array(found, float).reshape(-1, 4))
    ranks = list(range(1, 1 + sum(map(len, boxes))))
    rng.shuffle(ranks)
    scores = [np.array([ranks.pop() / 64 for _ in part]) for part in boxes]
    return boxes, scores, truths


def _box(rng):
    """A box in 24 x 32 pixels, in halves of a pixel; one of twelve has no height."""
    top, left = rng.randrange(40) / 2, rng.randrange(56) / 2
    height = 0 if rng.randrange(12) == 0 else rng.randrange(1, 24) / 2
    return top, left, top + height, left + rng.randrange(1, 24) / 2


def _moved(rng, box):
    """The box with edges moved by up to a pixel and a half, and no negative side."""
    top, left, bottom, right = (edge + rng.randrange(-3, 4) / 2 for edge in box)
    return top, left, max(top, bottom), max(left, right)


def _coco(boxes):
    return [[left, top, right - left, bottom - top] for top, left, bottom, right in boxes.tolist()]


def measured(seed):
    """The row of one case."""
    from pycocotools import mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    boxes, scores, truths = case(seed)
    truth, pictures = COCO(), [{"id": n + 1} for n in range(len(boxes))]
    annotations = [
        {"image_id": n + 1, "category_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
        for n, true in enumerate(truths)
        for box in _coco(true)
    ]
    for number, annotation in enumerate(annotations, 1):  # 0 would mean not matched
        annotation["id"] = number
    truth.dataset = {
        "images": pictures, "annotations": annotations, "categories": [{"id": 1}], "info": {},
    }  # fmt: skip
    truth.createIndex()
    row = {
        "seed": seed,
        "iou": round(sum(_iou_sum(mask, b, t) for b, t in zip(boxes, truths, strict=True)), 9),
    }
    if not annotations or not sum(map(len, boxes)):
        return row
    predictions = [
        {"image_id": n + 1, "category_id": 1, "bbox": box, "score": score}
        for n, part in enumerate(boxes)
        for box, score in zip(_coco(part), scores[n].tolist(), strict=True)
    ]
    for points in (101, 11):
        judge = COCOeval(truth, truth.loadRes([dict(p) for p in predictions]), "bbox")
        judge.params.iouThrs = np.array(THRESHOLDS)
        judge.params.recThrs = np.arange(points) / (points - 1)
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.params.maxDets = [100]
        judge.evaluate()
        judge.accumulate()
        for n, threshold in enumerate(THRESHOLDS):
            precision = judge.eval["precision"][n, :, 0, 0, 0]
            row[f"ap{points}_{threshold}"] = round(float(precision.mean()), 9)
    return row


def _iou_sum(mask, boxes, truths):
    if not len(boxes) or not len(truths):
        return 0.0
    return float(mask.iou(_coco(boxes), _coco(truths), [0] * len(truths)).sum())


def main():
    columns = ["seed", "iou", *(f"ap{p}_{t}" for p in (101, 11) for t in THRESHOLDS)]
    with redirect_stdout(io.StringIO()):
        rows = [measured(seed) for seed in range(CASES)]
    with FILE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
