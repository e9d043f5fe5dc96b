"""Exercises of the homework `find_the_digits.ipynb`."""

import numpy as np

from cnnlab.boxes import nms
from cnnlab.exercises import Exercise, Mistake
from cnnlab.sizes import output_size

rng = np.random.default_rng(2)


# H2.1: how many windows?


def places(height, width, stride, window=28):
    """Rows and columns of windows."""
    return output_size(height, window, stride), output_size(width, window, stride)


def sliding(height, width, stride):
    """H2.1 with a picture of this size; it is so much wider than high that the counts differ."""
    rows, columns = places(height, width, stride)
    return Exercise(
        number="H2.1",
        title="How many windows?",
        stars=1,
        task=f"A window of 28×28 slides over a picture of {height}×{width}, {stride} pixels at a "
        "time, without padding. At how many places does it stand? Answer with (rows, columns).",
        hints=(
            f"It is a convolution with a kernel of 28×28 and stride {stride}.",
            f"Down there is room for {height} − 28 pixels; how many moves of {stride} fit, and one "
            "place to begin?",
        ),
        solution=(rows, columns),
        insight="floor((size − window) / stride) + 1, one axis at a time.",
        mistakes=(
            Mistake("The place where it begins is missing.", (rows - 1, columns - 1)),
            Mistake("Rows come before columns.", (columns, rows)),
            Mistake(
                f"The window moves by {stride} pixels, not by 1.", places(height, width, stride=1)
            ),
            Mistake(
                "The window's own size is missing: it must stay inside.",
                (height // stride + 1, width // stride + 1),
            ),
            Mistake("That is their number in all: asked for are rows and columns.", rows * columns),
        ),
    )


# H2.2: the box around a mask


def box_around(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def box_by_places(mask):
    found = np.argwhere(mask)
    return tuple((*found.min(axis=0), *(found.max(axis=0) + 1)))


def box_inclusive(mask):
    top, left, bottom, right = box_around(mask)
    return top, left, bottom - 1, right - 1


def box_x_first(mask):
    top, left, bottom, right = box_around(mask)
    return left, top, right, bottom


def box_as_size(mask):
    top, left, bottom, right = box_around(mask)
    return top, left, bottom - top, right - left


def box_of_the_picture(mask):
    return 0, 0, *mask.shape


def box_of_the_first_pixels(mask):
    """The first and the last pixel in reading order as corners."""
    first, last = np.argwhere(mask)[[0, -1]]
    return (*first, *(last + 1))


def blot(seed, shape):
    """A mask that touches no edge in the middle of its sides alone."""
    generator = np.random.default_rng(seed)
    mask = np.zeros(shape, bool)
    top, left = generator.integers(1, 3, 2)
    mask[top:-2, left:-3] = generator.random((shape[0] - 2 - top, shape[1] - 3 - left)) > 0.6
    return (mask,)


around = Exercise(
    number="H2.2",
    title="The box around a mask",
    stars=2,
    task="Write box_around(mask): the smallest box (top, left, bottom, right), half-open, that "
    "holds all True pixels of a mask (H, W), of which at least one is True.",
    hints=(
        "mask.any(axis=1) says for each row whether a pixel of it is True.",
        "np.flatnonzero(...)[0] and [-1] are the first and the last; the last row is inside.",
    ),
    solution=box_around,
    insight="Half-open: mask[top:bottom, left:right] holds them all.",
    mistakes=(
        Mistake(
            "Bottom and right are the last ones inside: one further is asked for.", box_inclusive
        ),
        Mistake("Rows come first: top, left, bottom, right.", box_x_first),
        Mistake("The last two are height and width: asked for are bottom and right.", box_as_size),
        Mistake("That is the whole picture.", box_of_the_picture),
        Mistake(
            "The first and the last pixel in reading order need not be the leftmost and rightmost.",
            box_of_the_first_pixels,
        ),
    ),
    cases=(
        blot(0, (9, 13)),
        blot(1, (14, 8)),
        (np.eye(5, 8, 2, dtype=bool)[:, ::-1],),
        (np.pad(np.ones((1, 1), bool), ((2, 3), (4, 1))),),
    ),
    alternatives=(box_by_places,),
)


# H2.3: precision and recall at one threshold


def precision_and_recall(found, scores, truths, threshold):
    kept = scores >= threshold
    hits = (found & kept).sum()
    return (hits / kept.sum() if kept.any() else 1.0), hits / truths


def rates_by_loops(found, scores, truths, threshold):
    hits = count = 0
    for right, score in zip(found, scores, strict=True):
        count += score >= threshold
        hits += bool(right and score >= threshold)
    return (hits / count if count else 1.0), hits / truths


def rates_exchanged(found, scores, truths, threshold):
    return precision_and_recall(found, scores, truths, threshold)[::-1]


def rates_above_only(found, scores, truths, threshold):
    return precision_and_recall(found, scores, truths, np.nextafter(threshold, 9))


def rates_of_all_predictions(found, scores, truths, threshold):
    hits = (found & (scores >= threshold)).sum()
    return hits / len(found), hits / truths


def rates_of_what_was_found(found, scores, truths, threshold):
    kept = scores >= threshold
    hits = (found & kept).sum()
    return (hits / kept.sum() if kept.any() else 1.0), hits / max(found.sum(), 1)


def rates_without_threshold(found, scores, truths, threshold):
    return found.mean(), found.sum() / truths


def rates_of_nothing(found, scores, truths, threshold):
    kept = scores >= threshold
    hits = (found & kept).sum()
    return hits / np.float64(kept.sum()), hits / truths


FOUND = np.array([True, False, True, True, False, False, True])
SCORES = np.array([0.9, 0.4, 0.75, 0.5, 0.6, 0.3, 0.25])

rates = Exercise(
    number="H2.3",
    title="Precision and recall",
    stars=2,
    task="Write precision_and_recall(found, scores, truths, threshold): the two of all predictions "
    "whose score is at least the threshold; found (N,) says which predictions found a true box, "
    "truths is the number of true boxes. Without any such prediction precision is 1.",
    hints=(
        "kept = scores >= threshold; found & kept are the finds that count.",
        "Precision: finds among the kept. Recall: finds among the true boxes.",
        "kept.sum() may be 0.",
    ),
    solution=precision_and_recall,
    insight="Both have the finds above; below stand the predictions or the true boxes.",
    mistakes=(
        Mistake("Precision and recall are exchanged.", rates_exchanged),
        Mistake("A score of exactly the threshold counts, too.", rates_above_only),
        Mistake(
            "Precision is a share of the kept predictions, not of all.", rates_of_all_predictions
        ),
        Mistake(
            "Recall is a share of the true boxes, also of those that no prediction finds.",
            rates_of_what_was_found,
        ),
        Mistake("The threshold is not looked at.", rates_without_threshold),
        Mistake("Where nothing is kept precision is NaN, 0 / 0: asked for is 1.", rates_of_nothing),
    ),
    cases=(
        (FOUND, SCORES, 6, 0.5),
        (FOUND, SCORES, 5, 0.95),
        (FOUND, SCORES, 4, 0.2),
        (rng.random(12) > 0.5, rng.random(12), 9, 0.35),
    ),
    alternatives=(rates_by_loops,),
)


# H2.4: read the number


def scene(seed, count):
    """Predictions of a scene: duplicates of digits that stand apart, and faint ones between."""
    generator = np.random.default_rng(seed)
    lefts = generator.permutation(np.arange(count) * 24)
    boxes, scores, labels = [], [], []
    for left in lefts:
        top, digit = generator.integers(0, 20), generator.integers(10)
        for _ in range(generator.integers(2, 4)):
            corner = np.array([top, left]) + generator.integers(-2, 3, 2)
            boxes.append((*corner, *(corner + np.array([20, 15]))))
            scores.append(generator.uniform(0.6, 1))
            labels.append(digit)
    for left in generator.integers(0, 24 * count, 2):
        boxes.append((60, left, 80, left + 15))
        scores.append(generator.uniform(0.1, 0.4))
        labels.append(generator.integers(10))
    order = generator.permutation(len(boxes))
    return np.array(boxes)[order], np.array(scores)[order], np.array(labels)[order], 0.5


ZERO_FIRST = (
    np.array([(5, 4, 25, 18), (9, 40, 29, 55), (6, 5, 26, 19)]),
    np.array([0.9, 0.8, 0.7]),
    np.array([0, 7, 0]),
    0.5,
)
NOTHING = (np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), 0.5)


def on_the_limit(limit):
    """Two pairs of boxes, one with an IoU a little above the limit, one a little below it."""
    lefts = []
    for start, overlap in ((0, limit + 0.005), (60, limit - 0.005)):
        lefts += [start, start + 20 * (1 - overlap) / (1 + overlap)]
    boxes = np.array([(0, left, 28, left + 20) for left in lefts])
    return boxes, np.array([0.9, 0.8, 0.7, 0.6]), np.array([4, 2, 7, 1]), 0.5


def reading_with(limit):
    """H2.4 with this IoU, above which boxes overlap."""

    def number_of(boxes, scores, labels, threshold):
        from cnnlab.boxes import nms

        sure = np.flatnonzero(scores >= threshold)
        sure = sure[nms(boxes[sure], scores[sure], limit)]
        order = np.argsort(boxes[sure, 1])
        return [int(label) for label in labels[sure][order]]

    def number_by_pairs(boxes, scores, labels, threshold):
        kept = [index for index in nms(boxes, scores, limit) if scores[index] >= threshold]
        pairs = sorted((boxes[index, 1] + boxes[index, 3], int(labels[index])) for index in kept)
        return [label for _, label in pairs]

    def number_by_loops(boxes, scores, labels, threshold):
        left = sorted(np.flatnonzero(scores >= threshold).tolist(), key=lambda n: -scores[n])
        kept = []
        while left:
            kept.append(left[0])
            left = [n for n in left[1:] if len(nms(boxes[[kept[-1], n]], [2, 1], limit)) == 2]
        return [labels[n] for n in sorted(kept, key=lambda n: boxes[n, 1])]

    def number_with_duplicates(boxes, scores, labels, threshold):
        sure = np.flatnonzero(scores >= threshold)
        order = np.argsort(boxes[sure, 1], kind="stable")
        return [int(label) for label in labels[sure][order]]

    def number_by_score(boxes, scores, labels, threshold):
        sure = np.flatnonzero(scores >= threshold)
        sure = sure[nms(boxes[sure], scores[sure], limit)]
        return [int(label) for label in labels[sure]]

    def number_from_the_top(boxes, scores, labels, threshold):
        return number_of(boxes[:, [1, 0, 3, 2]], scores, labels, threshold)

    def number_from_the_right(boxes, scores, labels, threshold):
        return number_of(boxes, scores, labels, threshold)[::-1]

    def number_without_threshold(boxes, scores, labels, threshold):
        return number_of(boxes, scores, labels, 0)

    def number_as_text(boxes, scores, labels, threshold):
        return "".join(str(label) for label in number_of(boxes, scores, labels, threshold))

    def number_as_int(boxes, scores, labels, threshold):
        return int(number_as_text(boxes, scores, labels, threshold) or 0)

    return Exercise(
        number="H2.4",
        title="Read the number",
        stars=3,
        task="Write number_of(boxes, scores, labels, threshold): the digits in a picture, from "
        "left to right, as a list such as [4, 0, 7]. Only predictions with a score of at least the "
        f"threshold count, and of those that overlap with an IoU above {limit} the best alone; nms "
        "from cnnlab.boxes may be used. Labels are digits; nothing found is an empty list.",
        hints=(
            "First the threshold, then nms, then the order from left to right.",
            "boxes[kept, 1] are the left edges; np.argsort puts them in order.",
            "labels[kept][order] are the digits in that order.",
        ),
        solution=number_of,
        insight="Suppression gives the best first; reading goes from left to right.",
        mistakes=(
            Mistake("Duplicates are read twice: suppress them first.", number_with_duplicates),
            Mistake("The digits stand in the order of their scores.", number_by_score),
            Mistake("The digits were sorted from top to bottom.", number_from_the_top),
            Mistake("That reads from right to left.", number_from_the_right),
            Mistake("Predictions below the threshold were read, too.", number_without_threshold),
            Mistake("Asked for is a list of numbers, not a text.", number_as_text),
            Mistake("Asked for is a list: as one number 07 would lose its zero.", number_as_int),
        ),
        cases=(
            *(scene(0, 3), scene(1, 4), scene(2, 2), scene(5, 5)),
            *(ZERO_FIRST, NOTHING, on_the_limit(limit)),
        ),
        alternatives=(number_by_pairs, number_by_loops),
    )


# H2.5: IoU per class


def class_overlaps(matrix):
    both = matrix.diagonal()
    return both / (matrix.sum(axis=0) + matrix.sum(axis=1) - both)


def overlaps_by_loops(matrix):
    count = len(matrix)
    return [
        matrix[k, k] / (sum(matrix[k]) + sum(matrix[n][k] for n in range(count)) - matrix[k, k])
        for k in range(count)
    ]


def overlaps_as_recall(matrix):
    return matrix.diagonal() / matrix.sum(axis=1)


def overlaps_as_precision(matrix):
    return matrix.diagonal() / matrix.sum(axis=0)


def overlaps_counted_twice(matrix):
    return matrix.diagonal() / (matrix.sum(axis=0) + matrix.sum(axis=1))


def overlaps_as_accuracy(matrix):
    return matrix.diagonal().sum() / matrix.sum()


def overlaps_of_all_pixels(matrix):
    return matrix.diagonal() / matrix.sum()


def overlaps_averaged(matrix):
    return class_overlaps(matrix).mean()


def pixels(seed, count, dtype="int64"):
    """A confusion matrix in which every class occurs and is said."""
    counts = np.random.default_rng(seed).integers(1, 90, (count, count))
    return ((counts + 200 * np.eye(count, dtype=int)).astype(dtype),)


classes = Exercise(
    number="H2.5",
    title="IoU of each class",
    stars=2,
    task="Write class_overlaps(matrix): from the confusion matrix of all pixels (a row per true "
    "class, a column per predicted class) the intersection over union of each class, (classes,).",
    hints=(
        "The intersection of a class stands on the diagonal.",
        "Its union: all pixels of its row and of its column, but the diagonal only once.",
    ),
    solution=class_overlaps,
    insight="Row: what is there. Column: what was said. Both together count the diagonal twice.",
    mistakes=(
        Mistake("Divided by the row: that is recall.", overlaps_as_recall),
        Mistake("Divided by the column: that is precision.", overlaps_as_precision),
        Mistake("The diagonal is counted twice below the line.", overlaps_counted_twice),
        Mistake("That is the accuracy: one number for all classes.", overlaps_as_accuracy),
        Mistake("Divided by all pixels: a class's union is smaller.", overlaps_of_all_pixels),
        Mistake("That is the mean: asked for is one number per class.", overlaps_averaged),
    ),
    cases=(pixels(0, 3), pixels(1, 5), pixels(2, 4, "float64")),
    alternatives=(overlaps_by_loops,),
)


def exercises(seed):
    """The exercises with the numbers of a seed; those of seed 0, published, are never drawn."""
    if seed == 0:
        return sliding(60, 100, 8), around, rates, reading_with(0.3), classes
    draw = np.random.default_rng(seed).integers
    height, width, stride = int(draw(50, 90)), int(draw(110, 150)), int(draw(5, 9))
    limit = [n / 100 for n in range(15, 40) if n != 30][draw(24)]
    return sliding(height, width, stride), around, rates, reading_with(limit), classes


windows, around, rates, reading, classes = EXERCISES = exercises(0)
