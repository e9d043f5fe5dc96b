"""Exercises of lesson 08: activations and filters."""

import numpy as np

from cnnlab.exercises.exercise import Exercise, Mistake

rng = np.random.default_rng(8)


# 08.1: how many channels

channels = Exercise(
    number="08.1",
    title="Every channel",
    stars=1,
    task="The blocks of vgg16_slim have 2, 2, 3, 3 and 3 convolutions, with 32, 64, 128, 256 and "
    "256 filters each. How many feature maps do all its convolutions make of one picture?",
    hints=(
        "A filter makes one map.",
        "Two convolutions of 32 filters make 64 maps. Go on block by block.",
    ),
    solution=2 * 32 + 2 * 64 + 3 * 128 + 3 * 256 + 3 * 256,
    insight="More than anyone looks at one by one: hence tables, and pictures of whole layers.",
    mistakes=(
        Mistake("Each block was counted as one convolution.", 32 + 64 + 128 + 256 + 256),
        Mistake("Those are the filters of VGG16 itself; here there are half as many.", 4224),
        Mistake("Those are the maps of the last block alone.", 3 * 256),
    ),
)


# 08.2: dead channels


def dead_channels(maps):
    return maps.min(axis=(0, 1, 2)) == maps.max(axis=(0, 1, 2))


def dead_by_loops(maps):
    return [len(np.unique(maps[..., channel])) == 1 for channel in range(maps.shape[-1])]


def dead_by_difference(maps):
    flat = maps.reshape(-1, maps.shape[-1])
    return (flat == flat[0]).all(axis=0)


def dead_in_some_image(maps):
    return (maps.min(axis=(1, 2)) == maps.max(axis=(1, 2))).any(axis=0)


def one_value_per_image(maps):
    return (maps.min(axis=(1, 2)) == maps.max(axis=(1, 2))).all(axis=0)


def equal_to_the_first_image(maps):
    return (maps == maps[0]).all(axis=(0, 1, 2))


def silent(maps):
    return (maps == 0).all(axis=(0, 1, 2))


def sometimes_silent(maps):
    return (maps == 0).any(axis=(0, 1, 2))


def mean_of_zero(maps):
    return np.isclose(maps.mean(axis=(0, 1, 2)), 0)


def per_image(maps):
    return maps.min(axis=(1, 2)) == maps.max(axis=(1, 2))


def cases_with_dead_channels():
    maps = rng.uniform(-1, 1, (3, 4, 5, 8))
    maps[..., 1] = 0
    maps[..., 4] = 0.5
    maps[0, :, :, 2] = 0  # silent in one image only
    maps[:2, :, :, 3] = np.maximum(maps[:2, :, :, 3], 0)
    maps[..., 5] -= maps[..., 5].mean()
    maps[..., 6] = np.array([0.25, 0.75, 0.5])[:, np.newaxis, np.newaxis]
    maps[:, 0, :, 7] = 0.25  # only the first row is always the same
    relu = np.maximum(maps, 0).astype("float32")
    return ((maps,), (relu,), (relu[1:, :2],), (maps_of_equal_images(),), (relu[..., 1:2],))


def maps_of_equal_images():
    """Channels that differ along some axes only: none but channel 3 is dead."""
    place = rng.uniform(-1, 1, (4, 5))
    maps = rng.uniform(-1, 1, (3, 4, 5, 6))
    maps[..., 0] = place
    maps[..., 1] = place[0]
    maps[..., 2] = place[:, :1]
    maps[..., 3:5] = 0.5
    maps[1, 2, 2, 4] = 0.75
    return maps


dead = Exercise(
    number="08.2",
    title="Dead channels",
    stars=3,
    task="Write dead_channels(maps): for maps (B, h, w, C) an array of C truth values, True where "
    "a channel has the same value everywhere in all images.",
    hints=(
        "Over which axes must you look, so that one value per channel is left?",
        "A channel never changes if its smallest value is also its largest.",
    ),
    solution=dead_channels,
    insight="A channel that never changes tells the next layer nothing. It is dead for these "
    "pictures; on others it may wake.",
    mistakes=(
        Mistake(
            "Silent in one image is not dead: another image may wake the channel.",
            dead_in_some_image,
        ),
        Mistake(
            "A channel with one value per image, another in each, is not dead: the smallest and "
            "largest are asked for over all images.",
            one_value_per_image,
        ),
        Mistake(
            "Each image was compared with the first, pixel by pixel: a channel that is the same in "
            "all images may still differ from place to place.",
            equal_to_the_first_image,
        ),
        Mistake("Silent channels only: one that is 0.5 everywhere tells as little.", silent),
        Mistake("A ReLU makes zeros in every channel: one zero is not death.", sometimes_silent),
        Mistake(
            "A mean of 0 says nothing: positive and negative values cancel, and a channel that is "
            "0.5 everywhere is dead, too.",
            mean_of_zero,
        ),
        Mistake("That is one value per image and channel: ask over all images.", per_image),
    ),
    cases=cases_with_dead_channels(),
    alternatives=(dead_by_loops, dead_by_difference),
)


# 08.3: a step of the ascent


def step(picture, gradient, rate):
    return np.clip(picture + rate * gradient / gradient.std(), -1, 1)


def step_in_two_lines(picture, gradient, rate):
    moved = picture + (rate / np.sqrt(gradient.var())) * gradient
    return np.minimum(np.maximum(moved, -1), 1)


def step_down(picture, gradient, rate):
    return np.clip(picture - rate * gradient / gradient.std(), -1, 1)


def step_of_any_length(picture, gradient, rate):
    return np.clip(picture + rate * gradient, -1, 1)


def step_out_of_range(picture, gradient, rate):
    return picture + rate * gradient / gradient.std()


def step_of_signs(picture, gradient, rate):
    return np.clip(picture + rate * np.sign(gradient), -1, 1)


def step_to_one(picture, gradient, rate):
    return np.clip(picture + rate * gradient / gradient.std(), 0, 1)


ascent = Exercise(
    number="08.3",
    title="One step uphill",
    stars=2,
    task="Write step(picture, gradient, rate) of a gradient ascent: the picture, values −1 to 1, "
    "moves along the gradient, which is first divided by its standard deviation; what leaves "
    "−1 to 1 is clipped.",
    hints=(
        "Training goes down the slope of the loss. Where does this go?",
        "gradient.std() and np.clip do the rest.",
    ),
    solution=step,
    insight="Divided by its deviation, the step has the same length in every layer, although the "
    "gradients differ a thousandfold.",
    mistakes=(
        Mistake("That goes down: the answer of the filter gets smaller.", step_down),
        Mistake(
            "The length of the step depends on the size of the gradient, which differs a "
            "thousandfold between layers.",
            step_of_any_length,
        ),
        Mistake("The picture leaves its range: no photograph has such values.", step_out_of_range),
        Mistake("The signs alone move every pixel equally far.", step_of_signs),
        Mistake("The values of this picture go down to −1, not to 0.", step_to_one),
    ),
    cases=tuple(
        (
            rng.uniform(-1, 1, (4, 6, 3)).astype(dtype),
            (scale * rng.normal(size=(4, 6, 3))).astype(dtype),
            rate,
        )
        for dtype, scale, rate in [
            ("float32", 0.01, 0.1),
            ("float64", 7, 0.3),
            ("float32", 50, 1.0),
        ]
    ),
    alternatives=(step_in_two_lines,),
)


EXERCISES = (channels, dead, ascent)
