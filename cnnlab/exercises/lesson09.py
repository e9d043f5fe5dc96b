"""Exercises of lesson 09: heat maps."""

import numpy as np

from cnnlab.exercises.exercise import Exercise, Mistake

rng = np.random.default_rng(9)


# 09.1: the cells of a map

cells = Exercise(
    number="09.1",
    title="How many cells has the map?",
    stars=1,
    task="VGG16 with its five 2×2 poolings looks at a picture of 224×320 pixels. How many rows and "
    "columns has the map of block5_conv3, the layer that Grad-CAM looks at?",
    hints=(
        "A convolution with padding 'same' keeps the size; a pooling halves it.",
        "block5_conv3 stands in the fifth block. How many poolings stand before it?",
    ),
    solution=(14, 20),
    insight="Four poolings stand before block5_conv3, the fifth behind it: 16 pixels to a cell.",
    mistakes=(
        Mistake("That is the map behind the last pooling; block5_conv3 stands before it.", (7, 10)),
        Mistake("That is behind three poolings only: count again.", (28, 40)),
        Mistake("Rows come before columns: the picture is wider than tall.", (20, 14)),
        Mistake("That is the picture. The poolings have halved it several times.", (224, 320)),
    ),
)


# 09.2: CAM


def class_activation_map(maps, kernel, index):
    return maps @ kernel[:, index]


def map_by_loops(maps, kernel, index):
    height, width, channels = maps.shape
    heat = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            for channel in range(channels):
                heat[row, column] += maps[row, column, channel] * kernel[channel, index]
    return heat


def map_by_einsum(maps, kernel, index):
    return np.einsum("hwc,c->hw", maps, kernel[:, index])


def divided(maps, kernel, index):
    height, width, _ = maps.shape
    return maps @ kernel[:, index] / (height * width)


def averaged_first(maps, kernel, index):
    return maps.mean(axis=(0, 1)) @ kernel[:, index]


def row_of_kernel(maps, kernel, index):
    return (maps * kernel[index]).sum(axis=-1)


def all_classes(maps, kernel, index):
    return maps @ kernel


def without_weights(maps, kernel, index):
    return maps.sum(axis=-1)


def strength_of_weights(maps, kernel, index):
    return maps @ np.abs(kernel[:, index])


def cut_off(maps, kernel, index):
    return np.maximum(maps @ kernel[:, index], 0)


class_map = Exercise(
    number="09.2",
    title="The class activation map",
    stars=2,
    task="Write class_activation_map(maps, kernel, index): from the feature maps (h, w, C) of one "
    "picture and the kernel (C, classes) of the dense layer behind the global average, the class "
    "activation map (h, w) of class `index`, with its sign: the map whose mean, plus the bias, is "
    "the logit.",
    hints=(
        "Which numbers of the kernel belong to one class: a row or a column?",
        "Each map is multiplied by one number, and the maps are added up, cell by cell.",
        "`maps @ v` multiplies the last axis of maps with a vector v and adds up.",
    ),
    solution=class_activation_map,
    insight="Average and weighted sum may change places: so the map shares the logit out.",
    mistakes=(
        Mistake(
            "That averages first, which gives the logit: one number and no map.", averaged_first
        ),
        Mistake(
            "Divided by the number of cells: this map adds up to the logit without its bias; asked "
            "for is the one whose mean is it.",
            divided,
        ),
        Mistake(
            "That takes a row of the kernel: the weights from one map to all classes, not from all "
            "maps to one class.",
            row_of_kernel,
        ),
        Mistake("Those are the maps of all classes: choose one.", all_classes),
        Mistake(
            "The maps are added without weights: that is the same for every class.", without_weights
        ),
        Mistake(
            "The signs of the weights are lost: a map can speak against a class.",
            strength_of_weights,
        ),
        Mistake(
            "What speaks against the class was set to 0; it belongs to the logit too.", cut_off
        ),
    ),
    cases=(
        *(
            (rng.uniform(size=(3, 4, 5)).astype(dtype), rng.normal(size=(5, 5)).astype(dtype), i)
            for dtype, i in [("float32", 0), ("float64", 3), ("float32", 4)]
        ),
        (rng.normal(size=(3, 4, 5)), rng.normal(size=(5, 4)), 2),
    ),
    alternatives=(map_by_loops, map_by_einsum),
)


# 09.3: the layer

layer = Exercise(
    number="09.3",
    title="The layer for a heat map",
    stars=1,
    task="A network for X-rays: conv1, pool1, conv2, pool2, conv3, global_average, dense. Which "
    "layer do you give to Grad-CAM? Answer with its name.",
    hints=(
        "The layer must have height and width.",
        "One weight for a whole map must make sense: where does the gradient keep one sign all "
        "over the map?",
    ),
    solution="conv3",
    insight="The last layer with height and width: there the mean over a map loses least of the "
    "gradient.",
    mistakes=(
        Mistake("Behind the average there are no places left to colour.", "global_average"),
        Mistake("A dense layer gives one number per class, without places.", "dense"),
        Mistake(
            "In an early layer the gradient speaks for a class here and against it there, and much "
            "of it cancels: one weight for all places says little.",
            "conv1",
        ),
        Mistake("A later layer than this has height and width, too.", "conv2"),
    ),
)


# 09.4: the pointing game


def points_inside(heat, box):
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    top, left, bottom, right = box
    return bool(top <= row < bottom and left <= column < right)


def points_inside_by_loops(heat, box):
    best, place = -np.inf, None
    for row in range(heat.shape[0]):
        for column in range(heat.shape[1]):
            if heat[row, column] > best:
                best, place = heat[row, column], (row, column)
    return box[0] <= place[0] <= box[2] - 1 and box[1] <= place[1] <= box[3] - 1


def points_inside_by_slice(heat, box):
    top, left, bottom, right = box
    return bool(heat[top:bottom, left:right].max() == heat.max())


def x_before_y(heat, box):
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    left, top, right, bottom = box
    return bool(top <= row < bottom and left <= column < right)


def last_included(heat, box):
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    top, left, bottom, right = box
    return bool(top <= row <= bottom and left <= column <= right)


def middle_of_the_heat(heat, box):
    row = (heat.sum(axis=1) * np.arange(heat.shape[0])).sum() / heat.sum()
    column = (heat.sum(axis=0) * np.arange(heat.shape[1])).sum() / heat.sum()
    return bool(box[0] <= row < box[2] and box[1] <= column < box[3])


def any_heat(heat, box):
    top, left, bottom, right = box
    return bool(heat[top:bottom, left:right].max() > 0)


def hot(row, column, shape=(6, 9), elsewhere=(), background=0.01, peak=1):
    """A map that is hottest in one place, and nearly so elsewhere."""
    heat = np.full(shape, background, "float32")
    for place in elsewhere:
        heat[place] = 0.9
    heat[row, column] = peak
    return heat


pointing = Exercise(
    number="09.4",
    title="The pointing game",
    stars=3,
    task="Write points_inside(heat, box): whether the hottest pixel of heat (H, W) lies in the box "
    "(top, left, bottom, right), of which bottom and right are the first row and column outside.",
    hints=(
        "heat.argmax() counts the pixels row by row; np.unravel_index makes a row and a column of "
        "that.",
        "Two comparisons for the row, two for the column; on one side with <, not <=.",
    ),
    solution=points_inside,
    insight="Only the hottest pixel counts: the rest of the map may lie anywhere. So it is read "
    "together with another score.",
    mistakes=(
        Mistake("Columns were taken for rows: the box begins with its top.", x_before_y),
        Mistake("The row at bottom and the column at right are outside the box.", last_included),
        Mistake("That is the middle of all the heat, not its hottest pixel.", middle_of_the_heat),
        Mistake("Some heat in the box is not enough: the hottest pixel must be there.", any_heat),
    ),
    cases=(
        (hot(1, 6), (0, 5, 3, 8)),
        (hot(1, 6, background=-2, peak=-0.5), (1, 5, 3, 8)),
        (hot(2, 3, shape=(5, 8), background=0.2, peak=0.7), (2, 1, 4, 5)),
        (hot(4, 2, shape=(7, 5), background=3, peak=40), (0, 0, 2, 5)),
        (hot(3, 6), (0, 5, 3, 8)),
        (hot(2, 8), (0, 5, 3, 8)),
        (hot(5, 0).astype("float64"), (4, 0, 6, 2)),
        (hot(0, 0, elsewhere=[(4, 7), (4, 8), (5, 8)]), (3, 6, 6, 9)),
        (hot(4, 2, shape=(9, 5), elsewhere=[(0, 4)]), (3, 1, 6, 4)),
        (hot(1, 7), (3, 6, 6, 9)),
        (hot(4, 1), (3, 6, 6, 9)),
        (hot(6, 1, shape=(9, 9), background=0), (0, 5, 3, 8)),
    ),
    alternatives=(points_inside_by_loops, points_inside_by_slice),
)


EXERCISES = (cells, class_map, layer, pointing)
