"""Answers to lesson 10, as students write them."""

import numpy as np

from cnnlab import boxes


def overlap_by_intervals(a, b):
    def common(i):
        return max(0, min(a[i + 2], b[i + 2]) - max(a[i], b[i]))

    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    shared = common(0) * common(1)
    return shared / (sum(areas) - shared) if sum(areas) - shared else 0


def overlap_by_clip(a, b):
    a, b = np.array(a, float), np.array(b, float)
    shared = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    union = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared
    return shared / max(union, 1e-12)


def overlap_by_early_return(a, b):
    top, left = max(a[0], b[0]), max(a[1], b[1])
    bottom, right = min(a[2], b[2]), min(a[3], b[3])
    if bottom <= top or right <= left:
        return 0.0
    shared = (bottom - top) * (right - left)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def overlap_by_quarters(a, b):
    """Counts quarters of pixels: all cases end on halves."""
    grid = np.zeros((2, 40, 40), bool)
    for sheet, box in zip(grid, (a, b), strict=True):
        top, left, bottom, right = (int(2 * edge) for edge in box)
        sheet[top:bottom, left:right] = True
    return (grid[0] & grid[1]).sum() / max((grid[0] | grid[1]).sum(), 1)


def kernel_by_explicit_channels(weights, height, width):
    channels = len(weights) // (height * width)
    return np.reshape(weights, (height, width, channels, -1))


def kernel_by_steps(weights, height, width):
    return weights.reshape(height, -1, weights.shape[1]).reshape(
        height, width, -1, weights.shape[1]
    )


def kernel_by_stack(weights, height, width):
    pixels = np.split(weights, height * width)
    return np.stack([np.stack(pixels[r * width : (r + 1) * width]) for r in range(height)])


def kernel_by_keras(weights, height, width):
    from keras import ops

    return ops.reshape(weights, (height, width, -1, weights.shape[1]))


def suppressed_by_popping(candidates, scores, threshold):
    left = np.argsort(-np.asarray(scores), kind="stable").tolist()
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [
            n for n in left if boxes.iou([candidates[best]], [candidates[n]])[0, 0] <= threshold
        ]
    return kept


def suppressed_by_filter(candidates, scores, threshold):
    order = sorted(enumerate(scores), key=lambda pair: -pair[1])
    kept = []
    for index, _ in order:
        if not kept or boxes.iou(candidates[[index]], candidates[kept]).max() <= threshold:
            kept.append(index)
    return kept


def suppressed_as_array(candidates, scores, threshold):
    return boxes.nms(candidates, scores, threshold)


def suppressed_by_max(candidates, scores, threshold):
    scores = np.array(scores, float)
    kept = []
    while len(scores) and scores.max() > -np.inf:
        best = int(scores.argmax())
        kept.append(best)
        scores[best] = -np.inf
        scores[boxes.iou(candidates, candidates)[best] > threshold] = -np.inf
    return kept


def decoded_by_edges(values, row, column, cell, anchor):
    edges = []
    for sign in (-1, 1):
        for axis, place in enumerate((row, column)):
            size = anchor[axis] * np.exp(values[3 + axis])
            edges.append((place + values[1 + axis]) * cell + sign * size / 2)
    return edges


def decoded_step_by_step(values, row, column, cell, anchor):
    y = row * cell + values[1] * cell
    x = column * cell + values[2] * cell
    h, w = np.exp(values[3]) * anchor[0], np.exp(values[4]) * anchor[1]
    return [y - h / 2, x - w / 2, y + h / 2, x + w / 2]


def decoded_by_math(values, row, column, cell, anchor):
    from math import exp

    half = [0.5 * side * exp(v) for side, v in zip(anchor, values[3:5], strict=True)]
    middle = [cell * (i + v) for i, v in zip((row, column), values[1:3], strict=True)]
    return middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]


def decoded_by_powers(values, row, column, cell, anchor):
    height, width = anchor[0] * np.e ** values[3], anchor[1] * np.e ** values[4]
    top, left = cell * (row + values[1]) - height / 2, cell * (column + values[2]) - width / 2
    return np.array([top, left, top + height, left + width])


def masks_by_numpy(a, b):
    either = np.logical_or(a, b).sum()
    return np.logical_and(a, b).sum() / either if either > 0 else 0


def masks_by_sums(a, b):
    both = (a * b).sum()
    return both / max(a.sum() + b.sum() - both, 1)


def masks_by_places(a, b):
    one, other = (set(map(tuple, np.argwhere(mask).tolist())) for mask in (a, b))
    return len(one & other) / len(one | other) if one | other else 0


def masks_by_counting(a, b):
    said = np.bincount((a + 2 * b).ravel(), minlength=4)
    return said[3] / max(said[1:].sum(), 1)


RIGHT = {
    "10.1": [
        overlap_by_intervals,
        overlap_by_clip,
        overlap_by_early_return,
        overlap_by_quarters,
    ],
    "10.2": [
        kernel_by_explicit_channels,
        kernel_by_steps,
        kernel_by_stack,
        kernel_by_keras,
    ],
    "10.3": [
        suppressed_by_popping,
        suppressed_by_filter,
        suppressed_as_array,
        suppressed_by_max,
    ],
    "10.4": [
        0.625,
        5 / 8,
        (1 + 3 / 4 + 3 / 4) / 4,
        np.float32(0.625),
        np.float64(0.625),
        np.array(0.625),
        0.25 * 1 + 0.5 * 0.75,
        0.6250001,
    ],
    "10.5": [decoded_by_edges, decoded_step_by_step, decoded_by_math, decoded_by_powers],
    "10.6": [],
    "10.7": [masks_by_numpy, masks_by_sums, masks_by_places, masks_by_counting],
}

WRONG = {
    "10.1": [
        lambda a, b: 1 - overlap_by_clip(a, b),
        lambda a, b: overlap_by_clip(a, b) ** 2,
        lambda a, b: overlap_by_clip(a, a),
        lambda a, b: 100 * overlap_by_clip(a, b),
        lambda a, b: overlap_by_clip((a[1], a[0], a[2], a[3]), b),
        lambda a, b: float(overlap_by_clip(a, b) > 0),
        lambda a, b: round(overlap_by_clip(a, b), 1),
    ],
    "10.2": [
        lambda w, h, c: kernel_by_steps(w, c, h),
        lambda w, h, c: kernel_by_steps(w, h, c)[::-1],
        lambda w, h, c: kernel_by_steps(w, h, c)[:, ::-1],
        lambda w, h, c: kernel_by_steps(w, h, c)[..., ::-1],
        lambda w, h, c: w.reshape(h, c, -1),
        lambda w, h, c: kernel_by_steps(w, h, c) / (h * c),
    ],
    "10.3": [
        lambda b, s, t: suppressed_by_popping(b, s, 1),
        lambda b, s, t: suppressed_by_popping(b, s, 0.5),
        lambda b, s, t: suppressed_by_popping(b, s, 1 - t),
        lambda b, s, t: suppressed_by_popping(b, s, t)[::-1],
        lambda b, s, t: suppressed_by_popping(np.asarray(b)[:, [0, 1, 3, 2]], s, t),
        lambda b, s, t: len(suppressed_by_popping(b, s, t)),
        lambda b, s, t: set(suppressed_by_popping(b, s, t)),
    ],
    "10.4": [0.5, 0.75, 0.604, 0.8333, 62.5, 1.0, 0.7, 0.65],
    "10.5": [
        lambda v, r, c, n, a: decoded_by_math(v, c, r, n, a),
        lambda v, r, c, n, a: decoded_by_math(v, r, c, n, a[::-1]),
        lambda v, r, c, n, a: decoded_by_math(v, r + 1, c, n, a),
        lambda v, r, c, n, a: decoded_by_math([*v[:3], v[4], v[3]], r, c, n, a),
        lambda v, r, c, n, a: decoded_by_math([v[0], v[2], v[1], *v[3:]], r, c, n, a),
        lambda v, r, c, n, a: [round(edge) for edge in decoded_by_math(v, r, c, n, a)],
        lambda v, r, c, n, a: decoded_by_math(v, r, c, n, a)[:2],
    ],
    "10.6": [(12, 18), (13, 21), (15, 21), (21, 14), (14, 22), 294],
    "10.7": [
        lambda a, b: 1 - masks_by_numpy(a, b),
        lambda a, b: masks_by_numpy(a, ~b),
        lambda a, b: masks_by_numpy(a, a),
        lambda a, b: (a & b).sum() / max(b.sum(), 1),
        lambda a, b: (a & b).sum(),
        lambda a, b: (a ^ b).mean(),
        lambda a, b: masks_by_numpy(a, b) if a.any() else 1.0,
    ],
}
