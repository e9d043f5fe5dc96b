"""Answers to lesson 08, as students write them."""

import numpy as np


def dead_by_range(maps):
    return np.ptp(maps, axis=(0, 1, 2)) == 0


def dead_by_sets(maps):
    return [len(set(maps[..., c].ravel().tolist())) == 1 for c in range(maps.shape[-1])]


def dead_by_neighbours(maps):
    flat = maps.reshape(-1, maps.shape[-1])
    return ~(flat[1:] != flat[:-1]).any(axis=0)


def dead_by_loops(maps):
    dead = np.ones(maps.shape[-1], bool)
    for place in np.ndindex(maps.shape[:3]):
        dead &= maps[place] == maps[0, 0, 0]
    return dead


def dead_by_keras(maps):
    from keras import ops

    return ops.max(maps, (0, 1, 2)) == ops.min(maps, (0, 1, 2))


def step_by_keras(picture, gradient, rate):
    from keras import ops

    picture, gradient = (ops.cast(v, "float32") for v in (picture, gradient))
    return ops.clip(picture + rate * gradient / ops.std(gradient), -1, 1)


def step_by_loops(picture, gradient, rate):
    spread = float(np.std(gradient.astype(float)))
    out = picture.astype(float)
    for place in np.ndindex(out.shape):
        out[place] = max(-1.0, min(1.0, out[place] + rate * gradient[place] / spread))
    return out


def step_by_where(picture, gradient, rate):
    moved = picture + rate * (gradient / np.std(gradient))
    return np.where(moved > 1, 1, np.where(moved < -1, -1, moved))


def step_by_hand(picture, gradient, rate):
    spread = ((gradient - gradient.mean()) ** 2).mean() ** 0.5
    return (picture + rate * gradient / spread).clip(-1, 1).tolist()


RIGHT = {
    "08.1": [],
    "08.2": [dead_by_range, dead_by_sets, dead_by_neighbours, dead_by_loops, dead_by_keras],
    "08.3": [step_by_keras, step_by_loops, step_by_where, step_by_hand],
}

WRONG = {
    "08.1": [1056, 736, 2111, 2113, 768, 13],
    "08.2": [
        lambda maps: (maps == 0).all(axis=(0, 1, 2)),
        lambda maps: ~dead_by_range(maps),
        lambda maps: dead_by_range(maps[:1]),
        lambda maps: dead_by_range(maps[:, :1, :1]),
        lambda maps: dead_by_range(maps)[::-1],
        lambda maps: np.ptp(maps, axis=(0, 1, 2)),
        lambda maps: dead_by_range(maps).sum(),
        lambda maps: np.flatnonzero(dead_by_range(maps)),
        lambda maps: maps.std(axis=(0, 1, 2)) < 0.4,
        lambda maps: maps.max(axis=(0, 1, 2)) <= 0,
        lambda maps: (maps == maps[0]).all(axis=(0, 1, 2)),
        lambda maps: (maps == maps[:1, :1]).all(axis=(0, 1, 2)),
        lambda maps: (maps == maps[:1, :, :1]).all(axis=(0, 1, 2)),
        lambda maps: maps.mean(axis=(1, 2)).std(axis=0) == 0,
        lambda maps: (maps[:, [0, -1]][:, :, [0, -1]] == maps[0, 0, 0]).all(axis=(0, 1, 2)),
        lambda maps: np.ptp(maps.squeeze(), axis=tuple(range(maps.squeeze().ndim - 1))) == 0,
    ],
    "08.3": [
        lambda p, g, r: np.clip(p - r * g / g.std(), -1, 1),
        lambda p, g, r: np.clip(p + r * g / g.var(), -1, 1),
        lambda p, g, r: np.clip(p + r * g / np.abs(g).max(), -1, 1),
        lambda p, g, r: np.clip(p + r * (g - g.mean()) / g.std(), -1, 1),
        lambda p, g, r: p + r * g / g.std(),
        lambda p, g, r: np.clip(p + r * g / g.std(axis=(0, 1)), -1, 1),
        lambda p, g, r: np.clip(p, -1, 1) + r * g / g.std(),
        lambda p, g, r: np.clip(p + r * g / g.std(), 0, 1),
    ],
}
