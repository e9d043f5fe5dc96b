"""Answers to lesson 09, as students write them."""

import numpy as np


def map_by_tensordot(maps, kernel, index):
    return np.tensordot(maps, kernel[:, index], 1)


def map_of_all(maps, kernel, index):
    return (maps @ kernel)[..., index]


def map_by_adding(maps, kernel, index):
    return sum(kernel[c, index] * maps[:, :, c] for c in range(maps.shape[2]))


def map_by_rows(maps, kernel, index):
    flat = maps.reshape(-1, maps.shape[-1]) @ kernel[:, [index]]
    return flat.reshape(maps.shape[:2])


def map_by_keras(maps, kernel, index):
    from keras import ops

    return ops.einsum("hwc,ck->khw", maps.astype("float32"), kernel.astype("float32"))[index]


def inside_by_where(heat, box):
    row, column = np.argwhere(heat == heat.max())[0]
    return bool(row in range(box[0], box[2]) and column in range(box[1], box[3]))


def inside_by_divmod(heat, box):
    row, column = divmod(int(np.argmax(heat)), heat.shape[1])
    return box[0] <= row < box[2] and box[1] <= column < box[3]


def inside_by_mask(heat, box):
    mask = np.zeros(heat.shape, bool)
    mask[box[0] : box[2], box[1] : box[3]] = True
    return mask.flat[heat.argmax()]


def inside_by_outside(heat, box):
    cold = heat.copy()
    cold[box[0] : box[2], box[1] : box[3]] = -np.inf
    return cold.max() < heat.max()


def inside_by_lists(heat, box):
    top, left, bottom, right = box
    inside = max(max(row[left:right]) for row in heat.tolist()[top:bottom])
    return inside == max(map(max, heat.tolist()))


def hottest_in(heat, box):
    return heat[box[0] : box[2], box[1] : box[3]].max()


RIGHT = {
    "09.1": [],
    "09.2": [map_by_tensordot, map_of_all, map_by_adding, map_by_rows, map_by_keras],
    "09.3": [
        "conv3",
        "Conv3",
        " conv3 ",
        "conv 3",
        "CONV3",
        "Conv 3",
        np.str_("conv3"),
        "conv3\n",
    ],
    "09.4": [inside_by_where, inside_by_divmod, inside_by_mask, inside_by_outside, inside_by_lists],
}

WRONG = {
    "09.1": [(20, 14), (14, 10), (7, 10), (13, 20), {14, 20}, 280],
    "09.2": [
        lambda m, k, i: map_of_all(m, k, i).T,
        lambda m, k, i: map_of_all(m, k, i)[::-1],
        lambda m, k, i: map_of_all(m, k.T, i),
        lambda m, k, i: map_of_all(m, k, i - 1),
        lambda m, k, i: np.maximum(map_of_all(m, k, i), 0),
        lambda m, k, i: map_of_all(m, k, i) / m.shape[2],
        lambda m, k, i: map_of_all(m, k, i)[..., None],
        lambda m, k, i: map_of_all(m, k, i).mean(),
        lambda m, k, i: map_of_all(np.abs(m), k, i),
        lambda m, k, i: map_of_all(np.maximum(m, 0), k, i),
    ],
    "09.3": ["conv2", "conv1", "dense", "pool2", "conv", 3, "global_average", None],
    "09.4": [
        lambda heat, box: inside_by_divmod(heat.T, box),
        lambda heat, box: inside_by_divmod(-heat, box),
        lambda heat, box: inside_by_divmod(heat[::-1], box),
        lambda heat, box: inside_by_divmod(heat[:, ::-1], box),
        lambda heat, box: not inside_by_divmod(heat, box),
        lambda heat, box: inside_by_divmod(heat, (box[1], box[0], box[3], box[2])),
        lambda heat, box: np.unravel_index(heat.argmax(), heat.shape),
        lambda heat, box: hottest_in(heat, box) == 1,
        lambda heat, box: hottest_in(heat, box) > 0.95,
        lambda heat, box: inside_by_divmod(np.maximum(heat, 0), box),
        lambda heat, box: inside_by_divmod(np.abs(heat), box),
        lambda heat, box: inside_by_divmod(heat, (box[0] + 1, *box[1:])),
    ],
}
