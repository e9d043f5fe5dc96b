"""Exercises of lesson 11: pictures out of gradients."""

import numpy as np

from cnnlab.exercises import painted
from cnnlab.exercises.exercise import Exercise, Mistake

rng = np.random.default_rng(11)


# 11.1: how far a linear score falls


WEIGHTS = np.array([3.0, -1.0, 2.0, 0.0, -2.0])

linear = Exercise(
    number="11.1",
    title="How far can a score fall?",
    stars=1,
    task="A score is the sum of pixels times weights, with the weights 3, -1, 2, 0, -2. Every "
    "pixel may change by at most 0.1. By how much can the score fall at most?",
    hints=(
        "Where a weight is positive, make the pixel darker; where it is negative, brighter.",
        "Then every pixel takes 0.1 times the size of its weight from the score.",
    ),
    solution=float(0.1 * np.abs(WEIGHTS).sum()),
    insight="Epsilon times the sum of the sizes: every pixel takes its part, none against another.",
    mistakes=(
        Mistake("The signs cancel: darker is not right for every pixel.", 0.1 * WEIGHTS.sum()),
        Mistake("That is the length of the weights: each change is a full 0.1, not a share.",
                float(0.1 * np.linalg.norm(WEIGHTS))),
        Mistake("Only the largest weight was used: every pixel may change.", 0.3),
        Mistake("The weights are missing: pixels count differently.", 0.5),
        Mistake("The 0.1 is missing.", 8.0),
        Mistake("Asked for is how far it falls, a positive number.", -0.8),
    ),
)  # fmt: skip


# 11.2: one step of the sign


def fooled(picture, slopes, epsilon):
    return np.clip(picture + epsilon * np.sign(slopes), 0, 1)


def fooled_pixel_by_pixel(picture, slopes, epsilon):
    moved = np.array(picture, float)
    for index in np.ndindex(moved.shape):
        if slopes[index] > 0:
            moved[index] = min(moved[index] + epsilon, 1)
        elif slopes[index] < 0:
            moved[index] = max(moved[index] - epsilon, 0)
    return moved


def fooled_by_the_slopes(picture, slopes, epsilon):
    return np.clip(picture + epsilon * slopes, 0, 1)


def fooled_downhill(picture, slopes, epsilon):
    return np.clip(picture - epsilon * np.sign(slopes), 0, 1)


def fooled_out_of_range(picture, slopes, epsilon):
    return picture + epsilon * np.sign(slopes)


def fooled_in_proportion(picture, slopes, epsilon):
    return np.clip(picture + epsilon * slopes / np.abs(slopes).max(), 0, 1)


def fooled_where_flat(picture, slopes, epsilon):
    return np.clip(picture + epsilon * np.where(slopes >= 0, 1, -1), 0, 1)


def fooled_to_minus_one(picture, slopes, epsilon):
    return np.clip(picture + epsilon * np.sign(slopes), -1, 1)


def fooled_only_up(picture, slopes, epsilon):
    return np.clip(picture + epsilon * (slopes > 0), 0, 1)


def change_alone(picture, slopes, epsilon):
    return epsilon * np.sign(slopes)


def slopes_of(*shape):
    """Slopes of many sizes, some of them 0."""
    values = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 3, shape)
    return np.where(rng.uniform(size=shape) < 0.15, 0.0, values)


sign = Exercise(
    number="11.2",
    title="One step of the sign",
    stars=2,
    task="Write fooled(picture, slopes, epsilon): the picture, values 0 to 1, with every pixel "
    "moved by epsilon to where the loss grows, and cut to 0 to 1. `slopes` is the gradient of the "
    "loss by the picture; where it is 0 the pixel stays.",
    hints=(
        "np.sign gives 1, -1 and 0.",
        "The loss shall grow: is that along the gradient or against it?",
        "np.clip(..., 0, 1) cuts.",
    ),
    solution=fooled,
    insight="Of the gradient only the signs are kept: that is the most that a change of epsilon "
    "per pixel can do to a linear score.",
    mistakes=(
        Mistake("The slopes themselves were added: take their sign.", fooled_by_the_slopes),
        Mistake("The loss falls: that is a step of training, downhill.", fooled_downhill),
        Mistake("The picture leaves 0 to 1: cut it.", fooled_out_of_range),
        Mistake(
            "The change is in proportion to the slope: every pixel moves by the whole of epsilon.",
            fooled_in_proportion,
        ),
        Mistake("Where the slope is 0 the pixel stays: np.sign(0) is 0.", fooled_where_flat),
        Mistake("It was cut to -1 to 1: this picture goes from 0 to 1.", fooled_to_minus_one),
        Mistake("Pixels with a negative slope must become darker.", fooled_only_up),
        Mistake("That is the change alone: add it to the picture.", change_alone),
    ),
    cases=(
        (rng.uniform(size=(3, 5)), slopes_of(3, 5), 0.1),
        (rng.uniform(size=(4, 6, 3)), slopes_of(4, 6, 3), 0.25),
        (rng.uniform(size=(5, 2, 1)).astype("float32"), slopes_of(5, 2, 1), 0.5),
    ),
    alternatives=(fooled_pixel_by_pixel,),
)


# 11.3: back into the ball


def led_back(picture, original, epsilon):
    return np.clip(np.clip(picture, original - epsilon, original + epsilon), 0, 1)


def led_back_range_first(picture, original, epsilon):
    low, high = np.maximum(original - epsilon, 0), np.minimum(original + epsilon, 1)
    return np.minimum(np.maximum(picture, low), high)


def led_back_by_the_change(picture, original, epsilon):
    return (original + np.clip(picture - original, -epsilon, epsilon)).clip(0, 1)


def range_alone(picture, original, epsilon):
    return np.clip(picture, 0, 1)


def ball_alone(picture, original, epsilon):
    return np.clip(picture, original - epsilon, original + epsilon)


def ball_around_black(picture, original, epsilon):
    return np.clip(np.clip(picture, -epsilon, epsilon), 0, 1)


def change_shrunk(picture, original, epsilon):
    change = picture - original
    return np.clip(original + change * min(1, epsilon / np.abs(change).max()), 0, 1)


def change_by_length(picture, original, epsilon):
    change = picture - original
    return np.clip(original + change * min(1, epsilon / np.linalg.norm(change)), 0, 1)


def change_returned(picture, original, epsilon):
    return np.clip(picture - original, -epsilon, epsilon)


def back_to_the_original(picture, original, epsilon):
    return np.where(np.abs(picture - original) > epsilon, original, np.clip(picture, 0, 1))


def half_a_ball(picture, original, epsilon):
    return np.clip(np.minimum(picture, original + epsilon), 0, 1)


def astray(*shape):
    """A picture that has gone too far here and there, and its original."""
    original = rng.uniform(size=shape)
    return original + rng.normal(0, 0.3, shape), original


ball = Exercise(
    number="11.3",
    title="Back into the ball",
    stars=2,
    task="Write led_back(picture, original, epsilon): the picture led back so that no value is "
    "further than epsilon from the original and none leaves 0 to 1. What is inside stays.",
    hints=(
        "Two cuts: to original - epsilon and original + epsilon, and to 0 and 1.",
        "np.clip takes arrays as limits, too.",
    ),
    solution=led_back,
    insight="Value by value; as the original lies in 0 to 1 the two cuts may come in any order.",
    mistakes=(
        Mistake("Only the range was kept: the picture is too far away.", range_alone),
        Mistake("Only the ball was kept: some values leave 0 to 1.", ball_alone),
        Mistake("The ball lies around the original, not around 0.", ball_around_black),
        Mistake(
            "All of the change was made smaller: cut each value by itself, and leave the others.",
            change_shrunk,
        ),
        Mistake(
            "That is the ball of the other norm: here each value counts by itself.",
            change_by_length,
        ),
        Mistake("That is the change: add the original again.", change_returned),
        Mistake(
            "Values too far away went back to the original: they stop at the rim.",
            back_to_the_original,
        ),
        Mistake("Values may be too dark as well: the ball has two sides.", half_a_ball),
    ),
    cases=(
        (*astray(3, 5), 0.1),
        (*astray(4, 6, 3), 0.25),
        (*(a.astype("float32") for a in astray(5, 2, 1)), 0.05),
    ),
    alternatives=(led_back_range_first, led_back_by_the_change),
)


# 11.4: a target


def turned(before, after, labels, targets):
    right = before == labels
    return (after[right] == targets[right]).mean()


def turned_by_loop(before, after, labels, targets):
    hits = asked = 0
    for said, now, label, target in zip(before, after, labels, targets, strict=True):
        if said == label:
            asked += 1
            hits += now == target
    return hits / asked


def turned_of_all(before, after, labels, targets):
    return (after == targets).mean()


def turned_by_all(before, after, labels, targets):
    return ((after == targets) & (before == labels)).mean()


def left_the_label(before, after, labels, targets):
    right = before == labels
    return (after[right] != labels[right]).mean()


def turned_as_count(before, after, labels, targets):
    return ((after == targets) & (before == labels)).sum()


def still_right(before, after, labels, targets):
    right = before == labels
    return (after[right] == labels[right]).mean()


def not_turned(before, after, labels, targets):
    return 1 - turned(before, after, labels, targets)


def turned_of_the_wrong(before, after, labels, targets):
    wrong = before != labels
    return (after[wrong] == targets[wrong]).mean()


def answers(count, classes):
    """What a network said before and after, the labels, and the targets: other classes."""
    labels = rng.integers(classes, size=count)
    targets = (labels + rng.integers(1, classes, count)) % classes
    before = np.where(rng.uniform(size=count) < 0.7, labels, targets)
    after = np.where(rng.uniform(size=count) < 0.6, targets, rng.integers(classes, size=count))
    return before, after, labels, targets


target = Exercise(
    number="11.4",
    title="Reached",
    stars=2,
    task="Write turned(before, after, labels, targets): of the pictures that a network named "
    "rightly before the attack, the share that it gives the target after it. All four are arrays "
    "of class numbers, one per picture.",
    hints=(
        "right = before == labels says which pictures count.",
        "The mean of truth values is a share.",
    ),
    solution=turned,
    insight="Whom one does not name rightly one need not fool: they would flatter the attack.",
    mistakes=(
        Mistake("Pictures that were named wrongly before do not count.", turned_of_all),
        Mistake("Divided by all pictures: only those named rightly before count.", turned_by_all),
        Mistake(
            "That is how many left their class: to be turned is to reach the target.",
            left_the_label,
        ),
        Mistake("That is a number of pictures: asked for is their share.", turned_as_count),
        Mistake("That is the share that is still named rightly.", still_right),
        Mistake("That is the share that did not reach its target.", not_turned),
        Mistake("Those that were named wrongly before were counted.", turned_of_the_wrong),
    ),
    cases=(answers(40, 10), answers(23, 5), answers(60, 100)),
    alternatives=(turned_by_loop,),
)


# 11.5: total variation


smoothness = Exercise(
    number="11.5",
    title="Total variation",
    stars=2,
    task="Write variation(picture): for a grey picture (H, W) the sum of the sizes of all steps "
    "between neighbours, down and across.",
    hints=(
        "np.diff(picture, axis=0) holds the steps down, axis=1 those across.",
        "A step up and a step down must not cancel.",
    ),
    solution=painted.variation,
    insight="An edge costs its height times its length, no matter whether it is sharp or soft; "
    "specks cost much.",
    mistakes=(
        Mistake("The steps across are missing.", painted.variation_down),
        Mistake("The steps down are missing.", painted.variation_across),
        Mistake("Steps up and down cancel: take their sizes.", painted.variation_signed),
        Mistake("The steps were squared: take their sizes.", painted.variation_squared),
        Mistake(
            "That is the mean over the pixels: asked for is the sum.", painted.variation_as_mean
        ),
        Mistake(
            "The last row was compared with the first: they are no neighbours.",
            painted.variation_around,
        ),
        Mistake("Every pair was counted from both sides.", painted.variation_twice),
        Mistake(
            "np.gradient takes steps over two pixels: neighbours are one apart.",
            painted.variation_of_the_centre,
        ),
    ),
    cases=(
        (rng.normal(size=(3, 5)),),
        (rng.uniform(size=(6, 4)).astype("float32"),),
        (rng.integers(0, 9, (2, 7)),),
    ),
    alternatives=(painted.variation_by_loops,),
)


# 11.6: the Gram matrix


style = Exercise(
    number="11.6",
    title="The Gram matrix",
    stars=3,
    task="Write gram_of(maps): for maps (h, w, C) the array (C, C) that holds for each pair of "
    "channels the mean over all places of the product of their values.",
    hints=(
        "Make a table of it: a row per place, a column per channel.",
        "With that table F the matrix is F.T @ F, divided by the number of places.",
    ),
    solution=painted.gram_of,
    insight="A sum over places does not know their order: it tells which channels answer together, "
    "not where.",
    mistakes=(
        Mistake("That is the sum: divide by the number of places.", painted.gram_as_sum),
        Mistake("Divided by all values: only places are averaged over.", painted.gram_by_all),
        Mistake("That compares places: compare channels, (C, C).", painted.gram_of_places),
        Mistake("The means were taken off first: that is the covariance.", painted.gram_centred),
        Mistake("Each channel was scaled to 1: that is a correlation.", painted.gram_correlated),
        Mistake(
            "reshape(C, -1) cuts the array in the wrong places: channels are the last axis.",
            painted.gram_of_mixed_channels,
        ),
        Mistake(
            "That multiplies the means: multiply at each place first, then take the mean.",
            painted.gram_of_means,
        ),
        Mistake(
            "Divided by the number of rows: places are rows times columns.", painted.gram_by_rows
        ),
    ),
    cases=(
        (rng.normal(size=(3, 5, 4)),),
        (rng.uniform(size=(6, 2, 3)).astype("float32"),),
        (rng.normal(1, 1, size=(2, 4, 7)),),
    ),
    alternatives=(painted.gram_by_loops, painted.gram_by_einsum),
)

EXERCISES = (linear, sign, ball, target, smoothness, style)
