"""Exercises of the homework `where_it_looks.ipynb`."""

from functools import cache

import numpy as np

from cnnlab import datasets
from cnnlab.exercises import Exercise, Mistake

rng = np.random.default_rng(8)


# H7.1: a heat map from 0 to 1


def from_0_to_1(heat):
    positive = np.maximum(heat, 0)
    return positive / positive.max() if positive.max() > 0 else positive


def heat_by_where(heat):
    largest = heat.max()
    return np.where(heat > 0, heat, 0) / (largest if largest > 0 else 1)


def heat_stretched(heat):
    span = heat.max() - heat.min()
    return (heat - heat.min()) / (span if span > 0 else 1)


def heat_as_sizes(heat):
    largest = np.abs(heat).max()
    return np.abs(heat) / (largest if largest > 0 else 1)


def heat_with_nan(heat):
    positive = np.maximum(heat, 0)
    return positive / positive.max()


def heat_that_adds_up(heat):
    positive = np.maximum(heat, 0)
    return positive / positive.sum() if positive.sum() > 0 else positive


def heat_cut_at_1(heat):
    return np.clip(heat, 0, 1)


def heat_signed(heat):
    return heat / heat.max() if heat.max() > 0 else np.zeros(heat.shape)


ranged = Exercise(
    number="H7.1",
    title="A heat map from 0 to 1",
    stars=1,
    task="Write from_0_to_1(heat): what speaks against the class, the negative values, becomes 0, "
    "and the rest is divided by its largest value. A map (H, W) without a positive value becomes "
    "zeros.",
    hints=(
        "np.maximum(heat, 0) keeps what is positive.",
        "Look at the largest value before you divide by it.",
    ),
    solution=from_0_to_1,
    insight="After that the hottest pixel is 1, whatever the score was: heights are not compared.",
    mistakes=(
        Mistake(
            "The range was stretched from the lowest to the highest value: what speaks against the "
            "class looks like a little heat then.",
            heat_stretched,
        ),
        Mistake("The sign was dropped: what speaks against the class is hot.", heat_as_sizes),
        Mistake("Where nothing is positive the result is NaN: 0 / 0.", heat_with_nan),
        Mistake("The heat was made to add up to 1.", heat_that_adds_up),
        Mistake("Cut off at 1: the order of the hottest pixels is lost.", heat_cut_at_1),
        Mistake("The negative values are still there.", heat_signed),
    ),
    cases=(
        (rng.normal(size=(4, 6)) * 3,),
        (rng.normal(size=(5, 3)).astype("float32"),),
        (-rng.random((3, 5)),),
        (np.zeros((2, 4)),),
        (rng.integers(-5, 9, (4, 7)),),
    ),
    alternatives=(heat_by_where,),
)


# H7.2: the pictures that a channel likes


def favourites(maps, channel, count):
    highest = maps[..., channel].max(axis=(1, 2))
    return np.argsort(-highest)[:count]


def favourites_by_loops(maps, channel, count):
    strengths = [(float(picture[:, :, channel].max()), n) for n, picture in enumerate(maps)]
    return [n for _, n in sorted(strengths, reverse=True)[:count]]


def favourites_by_mean(maps, channel, count):
    return np.argsort(-maps[..., channel].mean(axis=(1, 2)))[:count]


def favourites_least(maps, channel, count):
    return np.argsort(maps[..., channel].max(axis=(1, 2)))[:count]


def favourites_worst_first(maps, channel, count):
    return favourites(maps, channel, count)[::-1]


def favourites_of_all_channels(maps, channel, count):
    return np.argsort(-maps.max(axis=(1, 2, 3)))[:count]


def favourites_of_the_next(maps, channel, count):
    return favourites(maps, channel - 1, count)


def favourites_as_values(maps, channel, count):
    return np.sort(maps[..., channel].max(axis=(1, 2)))[::-1][:count]


def favourites_all(maps, channel, count):
    return favourites(maps, channel, len(maps))


likes = Exercise(
    number="H7.2",
    title="What a channel likes",
    stars=2,
    task="Write favourites(maps, channel, count): maps (B, h, w, C) of B pictures. The indices of "
    "the count pictures in which this channel has its highest values, best first; a picture counts "
    "with its highest value alone.",
    hints=(
        "maps[..., channel].max(axis=(1, 2)) is one number per picture.",
        "np.argsort sorts from the lowest on: turn the sign, or the result.",
    ),
    solution=favourites,
    insight="One place decides: a channel that fires once is as sure as one that fires often.",
    mistakes=(
        Mistake("The mean of the map was compared, not its highest value.", favourites_by_mean),
        Mistake("Those are the pictures that the channel answers least to.", favourites_least),
        Mistake("The best one stands last.", favourites_worst_first),
        Mistake("All channels were looked at, not the one asked for.", favourites_of_all_channels),
        Mistake("Channels are counted from 0.", favourites_of_the_next),
        Mistake("The values came back: asked for are pictures.", favourites_as_values),
        Mistake("These are all pictures: the count is not looked at.", favourites_all),
    ),
    cases=(
        (rng.normal(size=(9, 4, 6, 3)), 1, 4),
        (rng.normal(size=(12, 3, 2, 5)).astype("float32"), 4, 3),
        (rng.integers(-50, 50, (7, 5, 4, 2)) * 7 + np.arange(7)[:, None, None, None], 0, 5),
    ),
    alternatives=(favourites_by_loops,),
)


# H7.3: cover it up


def drops(score, picture, size, fill):
    rows, columns = picture.shape[0] // size, picture.shape[1] // size
    heat, before = np.zeros((rows, columns)), score(picture)
    for row, column in np.ndindex(rows, columns):
        covered = picture.copy()
        covered[row * size : (row + 1) * size, column * size : (column + 1) * size] = fill
        heat[row, column] = before - score(covered)
    return heat


def drops_by_masks(score, picture, size, fill):
    height, width = picture.shape[:2]
    lines = []
    for top in range(0, height - size + 1, size):
        inside = (np.arange(height) >= top) & (np.arange(height) < top + size)
        line = []
        for left in range(0, width - size + 1, size):
            across = (np.arange(width) >= left) & (np.arange(width) < left + size)
            mask = (inside[:, None] & across)[..., None]
            line.append(score(picture) - score(np.where(mask, fill, picture)))
        lines.append(line)
    return np.array(lines)


def drops_that_rise(score, picture, size, fill):
    return -drops(score, picture, size, fill)


def drops_as_scores(score, picture, size, fill):
    return score(picture) - drops(score, picture, size, fill)


def drops_to_black(score, picture, size, fill):
    return drops(score, picture, size, 0)


def drops_that_stay_covered(score, picture, size, fill):
    rows, columns = picture.shape[0] // size, picture.shape[1] // size
    heat, before, covered = np.zeros((rows, columns)), score(picture), picture.copy()
    for row, column in np.ndindex(rows, columns):
        covered[row * size : (row + 1) * size, column * size : (column + 1) * size] = fill
        heat[row, column] = before - score(covered)
    return heat


def drops_of_pixels(score, picture, size, fill):
    heat, before = np.zeros(picture.shape[:2]), score(picture)
    for row, column in np.ndindex(heat.shape):
        covered = picture.copy()
        covered[row, column] = fill
        heat[row, column] = before - score(covered)
    return heat


def drops_exchanged(score, picture, size, fill):
    return drops(score, picture, size, fill).T


def drops_in_place(score, picture, size, fill):
    """The student's own picture is covered, and mended again with what was there at first."""
    heat = drops(score, picture, size, fill)
    picture[:size, :size] = fill
    return heat


def weighted(picture):
    """A score in which every pixel has a weight of its own."""
    weights = np.linspace(-1, 2, picture.size).reshape(picture.shape) ** 3
    return float((weights * picture).sum() + (picture**2).mean())


def brightest(picture):
    """A score that only one pixel decides."""
    return float(picture.max())


cover = Exercise(
    number="H7.3",
    title="Cover it up",
    stars=2,
    task="Write drops(score, picture, size, fill): score(picture) returns a number. Squares of "
    "size×size pixels, side by side from the top left corner, are covered one at a time: all their "
    "channels become fill. By how much does the score fall? An array with a number per square; "
    "what does not fill a square at the edge is left out. The picture (H, W, C) stays as it is.",
    hints=(
        "picture.shape[0] // size squares fit into a column.",
        "A fresh copy of the picture for every square: covered = picture.copy().",
        "What falls is positive: the score before, less the score with the square covered.",
    ),
    solution=drops,
    insight="No gradient, no layer: it asks any network, at the price of a pass per square.",
    mistakes=(
        Mistake("A fall is positive here: the sign is wrong.", drops_that_rise),
        Mistake("The scores came back: asked for is by how much they fall.", drops_as_scores),
        Mistake("The squares became 0: asked for is fill.", drops_to_black),
        Mistake(
            "A square stayed covered when the next one was tried.",
            drops_that_stay_covered,
        ),
        Mistake("Single pixels were covered, not squares.", drops_of_pixels),
        Mistake("Rows and columns of the result are exchanged.", drops_exchanged),
        Mistake(
            "The numbers are right, but a square of the caller's own picture stays covered.",
            drops_in_place,
        ),
    ),
    cases=(
        (weighted, rng.random((6, 9, 2)), 3, 0.5),
        (weighted, rng.random((5, 8, 1)).astype("float32"), 2, 1.0),
        (brightest, rng.random((4, 12, 3)), 4, 0.1),
    ),
    alternatives=(drops_by_masks,),
)


# H7.4: the area under a deletion


def deletion_order(heat, share):
    count = round(share * heat.size)
    gone = np.zeros(heat.size, bool)
    gone[np.argsort(-heat.ravel(), kind="stable")[:count]] = True
    return gone.reshape(heat.shape)


def deletion_by_threshold(heat, share):
    count = round(share * heat.size)
    if count == 0:
        return np.zeros(heat.shape, bool)
    return heat >= np.sort(heat, axis=None)[-count]


def deletion_of_the_coldest(heat, share):
    return deletion_order(-heat, share)


def deletion_of_the_rest(heat, share):
    return ~deletion_order(heat, share)


def deletion_by_height(heat, share):
    return heat > (1 - share) * heat.max()


def deletion_by_heat(heat, share):
    """So many that they hold this share of the heat."""
    order = np.argsort(-heat, axis=None)
    held = np.cumsum(heat.ravel()[order]) - heat.ravel()[order]
    gone = np.zeros(heat.size, bool)
    gone[order[held < share * heat.sum()]] = True
    return gone.reshape(heat.shape)


def deletion_row_by_row(heat, share):
    return np.stack([deletion_order(row, share) for row in heat])


def deletion_as_places(heat, share):
    return np.argsort(-heat, axis=None)[: round(share * heat.size)]


def deletion_in_reading_order(heat, share):
    return (np.arange(heat.size) < round(share * heat.size)).reshape(heat.shape)


delete = Exercise(
    number="H7.4",
    title="The hottest fifth",
    stars=2,
    task="Write deletion_order(heat, share): a mask (H, W) that is True on the hottest pixels of "
    "heat (H, W): on so many that they are this share of all pixels, 0 to 1, rounded to a whole "
    "number with round. No two pixels are equally hot.",
    hints=(
        "How many pixels are that? round(share * heat.size).",
        "np.argsort(-heat, axis=None) names the places in the flat array, hottest first.",
        "Begin with a flat array of False, and reshape at the end.",
    ),
    solution=deletion_order,
    insight="A share of the pixels, not of the heat: so two maps delete equally much.",
    mistakes=(
        Mistake("Those are the coldest pixels.", deletion_of_the_coldest),
        Mistake("True and False are exchanged.", deletion_of_the_rest),
        Mistake(
            "A height was taken as the limit: how many pixels are above it differs from map to "
            "map.",
            deletion_by_height,
        ),
        Mistake("Those hold this share of the heat, not of the pixels.", deletion_by_heat),
        Mistake(
            "The hottest ones of each row were taken: a row may have none of the hottest.",
            deletion_row_by_row,
        ),
        Mistake("Places came back: asked for is a mask.", deletion_as_places),
        Mistake("The heat is not looked at.", deletion_in_reading_order),
    ),
    cases=(
        (rng.permutation(63).reshape(7, 9) ** 2, 0.2),
        (rng.random((5, 8)) ** 3, 0.5),
        (rng.random((6, 4)).astype("float32"), 0.0),
        (rng.random((4, 10)), 0.9),
    ),
    alternatives=(deletion_by_threshold,),
)


# H7.5: a heat map of one's own

TARGET, SIZE, LAYER = 0.65, (48, 72), "conv2"


@cache
def reader():
    """The trained digit network for pictures of 48×72: dense layers become convolutions."""
    import keras
    from keras import layers

    from cnnlab import weights

    trained = weights.pretrained("mnist_cnn", include_top=True)
    image = x = keras.Input((*SIZE, 1))
    for layer in trained.layers[:4]:
        x = layer(x)
    for name, side in [("dense1", 5), ("dense2", 1), ("output", 1)]:
        kernel, bias = trained.get_layer(name).get_weights()
        kind = None if name == "output" else "relu"
        conv = layers.Conv2D(len(bias), side, activation=kind, name=name)
        x = conv(x)
        conv.set_weights([kernel.reshape(side, side, -1, len(bias)), bias])
    return keras.Model(image, layers.GlobalMaxPooling2D()(x))


@cache
def hidden_scenes():
    """Maps and gradients of 30 scenes of two digits, and which cells lie on the digit asked for."""
    from cnnlab.gradients import class_evidence

    scenes = datasets.digit_scenes("test", 30, objects=(2, 2), size=(40, 64), seed=75)
    images = np.pad(scenes.images, ((0, 0), (4, 4), (4, 4), (0, 0)))
    asked = np.array([labels[0] for labels in scenes.labels])
    found = class_evidence(reader(), images, asked, LAYER)
    height, width = found.features.shape[1:3]
    rows, columns = 2 * np.arange(height) + 0.5, 2 * np.arange(width) + 0.5  # less the margin of 4
    inside = []
    for top, left, bottom, right in (boxes[0] for boxes in scenes.boxes):
        across = (columns >= left) & (columns < right)
        inside.append(((rows >= top) & (rows < bottom))[:, None] & across)
    return found.features, found.gradients, np.array(inside)


def my_heat(maps, gradients):
    return (maps * np.maximum(gradients, 0)).sum(axis=-1)


def my_heat_signed(maps, gradients):
    return np.maximum((maps * gradients).sum(axis=-1), 0)


def my_heat_squared(maps, gradients):
    heat = np.einsum("nhwc,nhwc->nhw", maps, gradients)
    return np.where(heat > 0, heat, 0) ** 2


def heat_of_grad_cam(maps, gradients):
    return np.maximum((maps * gradients.mean(axis=(1, 2), keepdims=True)).sum(axis=-1), 0)


def heat_of_nothing(maps, gradients):
    return np.zeros(maps.shape[:3])


def heat_with_signs(maps, gradients):
    return (maps * gradients).sum(axis=-1)


def heat_of_the_first(maps, gradients):
    return my_heat(maps, gradients)[0]


def heat_by_channel(maps, gradients):
    return maps * np.maximum(gradients, 0)


def heat_everywhere(maps, gradients):
    return np.ones(maps.shape[:3])


def verdicts(heat):
    """What is asked for of the heat maps."""
    inside = hidden_scenes()[2]
    heat = np.asarray(heat, float)
    if heat.shape != inside.shape:
        return {"shape": "another channel count" if heat.ndim == 4 else "not one map per scene"}
    if not np.isfinite(heat).all():
        return {"shape": "one map per scene", "heat": "not finite"}
    if heat.min() < 0:
        return {"shape": "one map per scene", "heat": "below 0"}
    totals = heat.sum(axis=(1, 2))
    shares = (heat * inside).sum(axis=(1, 2)) / np.where(totals > 0, totals, 1)
    share, chance = shares.mean(), inside.mean()
    words = "enough" if share >= TARGET else "too little"
    if share <= 1.05 * chance:
        words = "no more than by chance"
    return {"shape": "one map per scene", "heat": "not below 0", "on the digit": words}


def scenes_only():
    """One case. The network works here, where no time limit runs."""
    return (hidden_scenes()[:2],)


own = Exercise(
    number="H7.5",
    title="A heat map of your own",
    stars=3,
    task="Write my_heat(maps, gradients): maps (N, h, w, C) of a layer and the gradients of a "
    "class with regard to them, for N scenes of two digits. Return the heat (N, h, w), not below "
    "0. On 30 hidden scenes at least 65% of it, on average, must lie in the box of the digit that "
    "is asked for; heat on the other digit does not count. The formula is free.",
    hints=(
        "Which of Grad-CAM's steps forgets where in the map the gradient was large?",
        "Where there is no map there is nothing to weigh; where the gradient is negative, more of "
        "the map would speak against the class.",
        "Measure: the scenes of the notebook have boxes, too.",
    ),
    solution=my_heat,
    insight="Two digits need two places: a weight for the whole map cannot tell them apart.",
    mistakes=(
        Mistake(
            "Heat, but too little on the digit asked for: ask whether it still knows where the "
            "gradient was, or only which channels matter.",
            heat_of_grad_cam,
        ),
        Mistake("No more heat on the digit than by chance.", heat_of_nothing),
        Mistake("Some heat is below 0: that speaks against the class.", heat_with_signs),
        Mistake("Not one map per scene came back.", heat_of_the_first),
        Mistake("The channels are still apart: a map has one number per cell.", heat_by_channel),
    ),
    cases=scenes_only,
    view=verdicts,
    alternatives=(my_heat_signed, my_heat_squared),
    seconds=30,
)

EXERCISES = (ranged, likes, cover, delete, own)
