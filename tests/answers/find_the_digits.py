"""Answers to the homework `find_the_digits`, as students write them."""

import numpy as np

from cnnlab.boxes import nms


def box_by_argmax(mask):
    rows, columns = mask.any(1), mask.any(0)
    height, width = mask.shape
    return (
        rows.argmax(),
        columns.argmax(),
        height - rows[::-1].argmax(),
        width - columns[::-1].argmax(),
    )


def box_by_nonzero(mask):
    rows, columns = np.nonzero(mask)
    return rows.min(), columns.min(), rows.max() + 1, columns.max() + 1


def box_by_loops(mask):
    rows = [r for r in range(mask.shape[0]) if any(mask[r])]
    columns = [c for c in range(mask.shape[1]) if any(mask[:, c])]
    return min(rows), min(columns), 1 + max(rows), 1 + max(columns)


def box_as_array(mask):
    return np.array(box_by_nonzero(mask))


def rates_by_selection(found, scores, truths, threshold):
    chosen = found[scores >= threshold]
    return (chosen.mean() if len(chosen) else 1), chosen.sum() / truths


def rates_by_counts(found, scores, truths, threshold):
    hits = np.count_nonzero(found & (scores >= threshold))
    alarms = np.count_nonzero(~found & (scores >= threshold))
    return (hits / (hits + alarms) if hits + alarms else 1.0, hits / truths)


def rates_by_sum(found, scores, truths, threshold):
    hits = sum(f for f, s in zip(found, scores, strict=True) if s >= threshold)
    count = sum(1 for s in scores if s >= threshold)
    return (1 if count == 0 else hits / count), hits / truths


def rates_as_array(found, scores, truths, threshold):
    return np.array(rates_by_counts(found, scores, truths, threshold))


def digits_by_zip(boxes, scores, labels, threshold):
    kept = [n for n in nms(boxes, scores, 0.3) if scores[n] >= threshold]
    return [labels[n] for n in sorted(kept, key=lambda n: boxes[n][1])]


def digits_by_lexsort(boxes, scores, labels, threshold):
    keep = scores >= threshold
    boxes, scores, labels = boxes[keep], scores[keep], labels[keep]
    kept = nms(boxes, scores, 0.3)
    return labels[kept[np.lexsort((boxes[kept, 1],))]]


def digits_by_pairs(boxes, scores, labels, threshold):
    found = {}
    for n in nms(boxes, scores, 0.3):
        if scores[n] >= threshold:
            found[float(boxes[n, 3])] = int(labels[n])
    return [found[place] for place in sorted(found)]


def overlaps_by_union(matrix):
    both = np.diag(matrix)
    return np.array([b / (matrix[k].sum() + matrix[:, k].sum() - b) for k, b in enumerate(both)])


def overlaps_by_errors(matrix):
    right = np.diag(matrix)
    missed, false = matrix.sum(1) - right, matrix.sum(0) - right
    return right / (right + missed + false)


def overlaps_by_einsum(matrix):
    right = np.einsum("kk->k", matrix)
    return right / (np.einsum("kn->k", matrix) + np.einsum("nk->k", matrix) - right)


def overlaps_as_list(matrix):
    return overlaps_by_errors(matrix).tolist()


RIGHT = {
    "H2.1": [],
    "H2.2": [box_by_argmax, box_by_nonzero, box_by_loops, box_as_array],
    "H2.3": [rates_by_selection, rates_by_counts, rates_by_sum, rates_as_array],
    "H2.4": [digits_by_zip, digits_by_lexsort, digits_by_pairs],
    "H2.5": [overlaps_by_union, overlaps_by_errors, overlaps_by_einsum, overlaps_as_list],
}

WRONG = {
    "H2.1": [(4, 9), (10, 5), (33, 73), (5, 9), (4, 10), 50],
    "H2.2": [
        lambda mask: box_by_loops(mask)[:2],
        lambda mask: box_by_loops(~mask),
        lambda mask: box_by_loops(mask.T),
        lambda mask: box_by_loops(mask[::-1]),
        lambda mask: box_by_loops(mask[:, ::-1]),
        lambda mask: [edge + 1 for edge in box_by_loops(mask)],
    ],
    "H2.3": [
        lambda f, s, t, at: rates_by_counts(~f, s, t, at),
        lambda f, s, t, at: rates_by_counts(f, -s, t, -at),
        lambda f, s, t, at: rates_by_counts(f, s, t + 1, at),
        lambda f, s, t, at: rates_by_counts(f, s, t, at)[0],
        lambda f, s, t, at: (rates_by_counts(f, s, t, at)[0] * (s >= at).any(), f.sum() / t),
        lambda f, s, t, at: tuple(100 * rate for rate in rates_by_counts(f, s, t, at)),
    ],
    "H2.4": [
        lambda b, s, k, t: digits_by_zip(b, s, k, 0.9),
        lambda b, s, k, t: digits_by_zip(b, s, k, t)[:2],
        lambda b, s, k, t: sorted(digits_by_zip(b, s, k, t)),
        lambda b, s, k, t: len(digits_by_zip(b, s, k, t)),
        lambda b, s, k, t: digits_by_zip(b, s, k + 1, t),
        lambda b, s, k, t: digits_by_zip(b, -s, k, -1),
        lambda b, s, k, t: {*digits_by_zip(b, s, k, t)},
    ],
    "H2.5": [
        lambda m: 1 - overlaps_by_errors(m),
        lambda m: overlaps_by_errors(m)[::-1],
        lambda m: overlaps_by_errors(m)[1:],
        lambda m: overlaps_by_errors(m).mean(),
        lambda m: 2 * np.diag(m) / (m.sum(0) + m.sum(1)),
        lambda m: overlaps_by_errors(m).round(1),
    ],
}
