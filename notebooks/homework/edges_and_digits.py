"""Exercises of the homework `edges_and_digits.ipynb`."""

import math

import numpy as np

from cnnlab.convolution import correlate2d
from cnnlab.exercises import (
    Exercise,
    Mistake,
    can_leave_gaps,
    kind_of_output,
    pixels_read,
    require_model,
)
from cnnlab.sizes import output_size

rng = np.random.default_rng(0)


# H1.1: three layers, one shape


def behind(rows, columns):
    """The shape behind the pooling and the last convolution, 5×3 with stride 2."""
    rows, columns = output_size(rows, 2, 2), output_size(columns, 2, 2)
    return output_size(rows, 5, 2), output_size(columns, 3, 2)


def halved(side):
    """A side behind a padded layer of stride 2."""
    return math.ceil(side / 2)


def three_layers(height, width):
    """H1.1 with a picture of this size: 4 n + 2 by 4 n + 1, so that something is always dropped."""
    rows, columns = height - 2, width - 2  # behind the first convolution
    half = rows // 2, columns // 2  # behind the pooling
    return Exercise(
        number="H1.1",
        title="Three layers, one shape",
        stars=1,
        task=f"A picture of {height}×{width} goes through a 3×3 convolution, a 2×2 max pooling "
        "with stride 2, and a 5×3 convolution with stride 2, all without padding. Which shape "
        "comes out? Answer with a tuple (rows, columns).",
        hints=(
            "Write down the shape behind each layer, rows and columns each for themselves.",
            f"Behind the first convolution there are {rows} rows. What is left over is dropped.",
        ),
        solution=behind(rows, columns),
        insight="Layer by layer, axis by axis, and every division is rounded down.",
        mistakes=(
            Mistake(
                "Either the first convolution was padded, or half a move was counted as a whole "
                "one: here is no padding, and what does not fill a window is dropped.",
                behind(height, width),
            ),
            Mistake(
                "Every layer was padded: here is no padding, so a kernel of five rows takes four.",
                (halved(halved(height)), halved(halved(width))),
            ),
            Mistake(
                "Both convolutions were padded: here is no padding, so a kernel of five rows takes "
                "four.",
                (halved(height // 2), halved(width // 2)),
            ),
            Mistake(
                "The divisions were rounded up: what does not fill a window is dropped.",
                (math.ceil((rows / 2 - 5) / 2) + 1, math.ceil((columns / 2 - 3) / 2) + 1),
            ),
            Mistake(
                "That is the shape at stride 1: the last convolution moves by two pixels.",
                (output_size(half[0], 5), output_size(half[1], 3)),
            ),
            Mistake(
                "Rows and columns of the last kernel are exchanged: rows come first.",
                (output_size(half[0], 3, 2), output_size(half[1], 5, 2)),
            ),
            Mistake(
                "The pooling is missing: it halves both sides.",
                (output_size(rows, 5, 2), output_size(columns, 3, 2)),
            ),
        ),
    )


# H1.2: how strong is an edge?

PICTURES = (
    (rng.integers(0, 256, (7, 9), dtype="uint8"),),
    (rng.random((5, 8)).astype("float32"),),
    (np.tri(6, 4),),
)


def edge_exercise(corner, middle, kernels):
    """H1.2 with kernels of this column of weights, told in these words."""
    kernel = np.outer((corner, middle, corner), (-1, 0, 1))

    def edge_strength(image):
        across, down = correlate2d(image, kernel), correlate2d(image, kernel.T)
        return np.sqrt(across.astype(float) ** 2 + down.astype(float) ** 2)

    def edge_strength_by_slices(image):
        image = np.asarray(image, float)
        rows = corner * (image[:-2] + image[2:]) + middle * image[1:-1]
        columns = corner * (image[:, :-2] + image[:, 2:]) + middle * image[:, 1:-1]
        return np.hypot(rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2])

    def strength_across_only(image):
        return np.abs(correlate2d(image, kernel))

    def strength_down_only(image):
        return np.abs(correlate2d(image, kernel.T))

    def strength_with_signs(image):
        return correlate2d(image, kernel) + correlate2d(image, kernel.T)

    def strength_as_sum(image):
        return np.abs(correlate2d(image, kernel)) + np.abs(correlate2d(image, kernel.T))

    def strength_squared(image):
        return edge_strength(image) ** 2

    def strength_padded(image):
        across = correlate2d(image, kernel, padding="same").astype(float)
        return np.hypot(across, correlate2d(image, kernel.T, padding="same"))

    mistakes = (
        Mistake("Only the change across is measured: a horizon stays dark.", strength_across_only),
        Mistake("Only the change down is measured: a mast stays dark.", strength_down_only),
        Mistake(
            "The two changes were added with their signs: some edges cancel out.",
            strength_with_signs,
        ),
        Mistake(
            "The sum of two sides is longer than the third: slanted edges come out too strong.",
            strength_as_sum,
        ),
        Mistake("That is the square of the length.", strength_squared),
        Mistake(
            "The picture was padded: the zeros draw an edge around it that is not there.",
            strength_padded,
        ),
    )
    if (corner, middle) != (1, 2):
        mistakes += (
            Mistake(
                "Those are Sobel's kernels: the notebook has them as SOBEL, this exercise asks for "
                "others.",
                edge_exercise(1, 2, SOBEL).solution,
            ),
        )
    return Exercise(
        number="H1.2",
        title="How strong is an edge?",
        stars=2,
        task=f"Write edge_strength(image): with {kernels}, the length of the arrow (across, down) "
        "at every pixel. No padding.",
        hints=(
            "Two calls of correlate2d give the two sides of a right triangle at every pixel.",
            "The length is the square root of the sum of the two squares.",
        ),
        solution=edge_strength,
        insight="The length does not depend on the direction of the edge; each kernel alone does.",
        mistakes=mistakes,
        cases=PICTURES,
        alternatives=(edge_strength_by_slices,),
    )


SOBEL = "the two Sobel kernels, SOBEL for the change across and SOBEL.T for the change down"


def like_sobel(corner, middle):
    """Kernels other than Sobel's, in words."""
    rows = [[-weight, 0, weight] for weight in (corner, middle, corner)]
    return (
        f"the kernels K = np.array({rows}) for the change across and K.T for the change down, in "
        "place of Sobel's"
    )


# H1.3: what does a cell see? (convolution 5×3, pooling 2×2, convolution 3×5, none padded)


def field(row, column, step=2, sides=((5, 3), (3, 5))):
    """(top, left, bottom, right) of a cell, half-open."""
    first, second = sides
    starts = (step * row, step * column)
    sizes = [f + 1 + step * (s - 1) for f, s in zip(first, second, strict=True)]
    return (*starts, *(a + b for a, b in zip(starts, sizes, strict=True)))


def seen_by(row, column):
    """H1.3 for this cell: row and column from 1 on, and not the same."""
    return Exercise(
        number="H1.3",
        title="What does a cell see?",
        stars=2,
        task=f"Which pixels of the digit does the cell in row {row}, column {column} of the layer "
        '"second" see? Work it out, then read it with receptive_field(network, name).region(row, '
        "column), from cnnlab.receptive_field. Answer with (top, left, bottom, right), bottom and "
        "right being the first ones outside.",
        hints=(
            "From one cell to its neighbour the window moves by two pixels: the pooling made that.",
            "Size along the rows: 5 for the first kernel, 1 more for the pooling, then 2 steps of "
            "2 pixels for the second kernel.",
        ),
        solution=field(row, column),
        insight="The pooling doubles the step of everything behind it: where a window begins, and "
        "how much a kernel adds.",
        mistakes=(
            Mistake(
                "The stride of the pooling is forgotten: behind it neighbours are two pixels "
                "apart.",
                field(row, column, step=1),
            ),
            Mistake(
                "The pooling is forgotten altogether: it adds a pixel, and doubles the step of "
                "what is behind it.",
                tuple(v - (i > 1) for i, v in enumerate(field(row, column, step=1))),
            ),
            Mistake(
                "Bottom and right are the last pixels inside: asked for are the first ones "
                "outside.",
                tuple(v - (i > 1) for i, v in enumerate(field(row, column))),
            ),
            Mistake("Row and column are exchanged: rows come first.", field(column, row)),
            Mistake(
                "The sides of the kernels are exchanged: a kernel of 5×3 is five rows high.",
                field(row, column, sides=((3, 5), (5, 3))),
            ),
            Mistake(
                f"That is the cell in row {row + 1}, column {column + 1}: rows and columns are "
                "counted from 0.",
                field(row + 1, column + 1),
            ),
        ),
    )


# H1.4: a small network

BUDGET, FIELD = (1_000, 5_000), 16


def small_network():
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )


def small_network_of_small_kernels():
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def small_network_dilated():
    import keras
    from keras import layers

    image = keras.Input((28, 28, 1))
    x = layers.Conv2D(6, 3, activation="relu")(image)
    x = layers.Conv2D(10, 3, dilation_rate=3, activation="relu")(x)
    x = layers.Conv2D(12, 3, dilation_rate=4, activation="relu")(x)
    return keras.Model(image, layers.Dense(10)(layers.GlobalMaxPooling2D()(x)))


def small_network_with_wide_head():
    import keras
    from keras import layers

    body = [keras.Input((28, 28, 1)), layers.Conv2D(4, 17, activation="relu")]
    return keras.Sequential([*body, layers.Flatten(), layers.Dense(10)])


def small_network_short_sighted():
    import keras
    from keras import layers

    body = [keras.Input((28, 28, 1)), layers.Conv2D(64, 3, activation="relu")]
    return keras.Sequential([*body, layers.GlobalAveragePooling2D(), layers.Dense(10)])


def small_network_with_gaps():
    import keras
    from keras import layers

    gaps = layers.Conv2D(64, 3, dilation_rate=8, activation="relu")
    body = [keras.Input((28, 28, 1)), gaps, layers.GlobalAveragePooling2D()]
    return keras.Sequential([*body, layers.Dense(10)])


def small_network_too_small():
    import keras
    from keras import layers

    body = [keras.Input((28, 28, 1)), layers.AveragePooling2D(16), layers.Flatten()]
    return keras.Sequential([*body, layers.Dense(10)])


def small_network_compiled():
    model = small_network()
    model.compile("adam", "mse")
    return model


def small_network_with_relu_at_the_end():
    import keras
    from keras import layers

    body = [keras.Input((28, 28, 1)), *small_network().layers[:-1]]
    return keras.Sequential([*body, layers.Dense(10, activation="relu")])


def small_network_with_softmax():
    import keras
    from keras import layers

    body = [keras.Input((28, 28, 1)), *small_network().layers[:-1]]
    return keras.Sequential([*body, layers.Dense(10, activation="softmax")])


def digits_only():
    """One case. Keras is loaded here, where no time limit runs."""
    import keras  # noqa: F401

    return ((),)


def verdicts(model):
    """What is asked for of the network."""
    from cnnlab.receptive_field import last_map, receptive_field

    require_model(model, (28, 28, 1))
    if len(model.outputs) != 1:
        raise ValueError(
            f"a single output of ten logits is asked for: got {len(model.outputs)}. "
            "Hand over one tensor to keras.Model."
        )
    name = last_map(model)
    field = "wide enough"
    if min(size or FIELD for size in receptive_field(model, name).size) < FIELD:
        field = "too narrow"
    elif can_leave_gaps(model) and "/" not in name and min(pixels_read(model, name)) < FIELD:
        field = "full of gaps"
    parameters = model.count_params()
    budget = "too many" if parameters > BUDGET[1] else "within the budget"
    return {
        "output shape": tuple(model.output_shape[1:]),
        "parameters": "too few" if parameters < BUDGET[0] else budget,
        "field of the last map": field,
        "output": kind_of_output(model),
        "compiled": model.compiled,
    }


design = Exercise(
    number="H1.4",
    title="A network on a budget",
    stars=3,
    task="Write small_network(): an uncompiled Keras model that makes ten logits of a digit of "
    "28×28×1, has 1,000 to 5,000 parameters, and whose last map sees at least 16×16 pixels.",
    hints=(
        "layer_table(model) shows where the parameters sit, receptive_field_table(model) what "
        "each layer sees.",
        "Pooling and strides widen the field and cost no parameters; a flattened large map costs "
        "most of them.",
    ),
    solution=small_network,
    insight="Width of view is cheap, a dense layer on a large map is not: pool before you flatten.",
    mistakes=(
        Mistake(
            "The field is wide enough, but there are too many parameters: layer_table(model) shows "
            "where they sit, in many filters or in a dense layer on a large map.",
            small_network_with_wide_head,
        ),
        Mistake(
            "The budget is kept, but the last map sees too few pixels to tell an 8 from a 3.",
            small_network_short_sighted,
        ),
        Mistake(
            "The outputs are probabilities; the loss of this homework expects logits.",
            small_network_with_softmax,
        ),
        Mistake(
            "The outputs end in an activation that leaves some numbers out: a logit can be any "
            "number.",
            small_network_with_relu_at_the_end,
        ),
        Mistake(
            "The last map spans enough pixels, but a dilated kernel reads few of them.",
            small_network_with_gaps,
        ),
        Mistake("So few parameters can hardly tell ten digits apart.", small_network_too_small),
        Mistake(
            "The model is compiled: that comes later, and is the reader's.", small_network_compiled
        ),
    ),
    cases=digits_only,
    view=verdicts,
    alternatives=(small_network_of_small_kernels, small_network_dilated),
    seconds=60,
)


# H1.5: how much of the heat is on the ink?


def heat_on_ink(heat, digit):
    ink = digit[..., 0] > 0.5
    total = heat.sum()
    return heat[ink].sum() / total if total > 0 else 0.0


def heat_by_loops(heat, digit):
    inside = everything = 0.0
    for row, column in np.ndindex(heat.shape):
        everything += float(heat[row, column])
        if digit[row, column, 0] > 0.5:
            inside += float(heat[row, column])
    return inside / max(everything, 1e-12)


def ink_that_is_hot(heat, digit):
    total = heat.sum()
    ink = digit[..., 0] > 0.5
    return heat[ink].sum() / ink.sum() if total > 0 else 0.0


def hot_pixels_on_ink(heat, digit):
    hot = heat > 0.5
    return (hot & (digit[..., 0] > 0.5)).sum() / max(hot.sum(), 1)


def warm_pixels_on_ink(heat, digit):
    warm = heat > 0
    return (warm & (digit[..., 0] > 0.5)).sum() / max(warm.sum(), 1)


def warm_pixels_without_zero(heat, digit):
    warm = heat > 0
    return (warm & (digit[..., 0] > 0.5)).sum() / warm.sum()


def share_of_ink(heat, digit):
    return (digit[..., 0] > 0.5).mean()


def share_of_ink_where_heat_is(heat, digit):
    return (digit[..., 0] > 0.5).mean() if heat.sum() > 0 else 0.0


def heat_times_ink(heat, digit):
    total = heat.sum()
    return (heat * digit[..., 0]).sum() / total if total > 0 else 0.0


def heat_beside_ink(heat, digit):
    return 1 - heat_on_ink(heat, digit)


def heat_from_half_on(heat, digit):
    total = heat.sum()
    return heat[digit[..., 0] >= 0.5].sum() / total if total > 0 else 0.0


def heat_without_zero(heat, digit):
    return heat[digit[..., 0] > 0.5].sum() / heat.sum()


def blob(height, width, dtype="float32"):
    """Heat and a digit of one size, both not square."""
    return rng.random((height, width)).astype(dtype), rng.random((height, width, 1)).astype(dtype)


on_ink = Exercise(
    number="H1.5",
    title="How much of the heat is on the ink?",
    stars=2,
    task="Write heat_on_ink(heat, digit): which share of all heat, an array (H, W), lies on pixels "
    "of the digit, an array (H, W, 1), that are brighter than 0.5? It is 0 where there is no heat "
    "at all.",
    hints=(
        "digit[..., 0] > 0.5 is True on ink; heat[...] with such an array picks the values there.",
        "Divide the heat on the ink by all heat, but look at all heat first: it may be 0.",
    ),
    solution=heat_on_ink,
    insight="A share needs its whole: without heat there is nothing to share, and 0 / 0 is NaN.",
    mistakes=(
        Mistake(
            "That is the heat of a pixel of ink, on average: asked for is the share of all heat.",
            ink_that_is_hot,
        ),
        Mistake(
            "Pixels were counted, not their heat: a pixel of 0.6 weighs as much as one of 1.",
            hot_pixels_on_ink,
        ),
        *(
            Mistake(
                "Pixels with any heat at all were counted, not their heat: a faint one weighs as "
                "much as a hot one.",
                answer,
            )
            for answer in (warm_pixels_on_ink, warm_pixels_without_zero)
        ),
        *(
            Mistake(
                "That is the share of ink, which the heat has no part in: it is what the share of "
                "the heat is to be compared with.",
                answer,
            )
            for answer in (share_of_ink, share_of_ink_where_heat_is)
        ),
        Mistake(
            "The heat was multiplied by the brightness: grey ink then counts for less than white.",
            heat_times_ink,
        ),
        Mistake("That is the share beside the ink.", heat_beside_ink),
        Mistake("A pixel of exactly 0.5 is not brighter than 0.5.", heat_from_half_on),
        Mistake("Without any heat the result is NaN: 0 / 0.", heat_without_zero),
    ),
    cases=(
        blob(5, 7),
        blob(9, 4, "float64"),
        tuple(part / scale for part, scale in zip(blob(4, 6), (1000, 1), strict=True)),
        (np.zeros((3, 5), "float32"), np.ones((3, 5, 1), "float32")),
        (
            np.array([[0.5, 0.25, 0.0], [0.375, 0.0, 1.0]]),
            np.array([[[0.5], [1.0], [0.0]], [[0.75], [0.5], [0.25]]]),
        ),
    ),
    alternatives=(heat_by_loops,),
)


def exercises(seed):
    """The exercises with the numbers of a seed; those of seed 0, published, are never drawn."""
    if seed == 0:
        return three_layers(86, 125), edge_exercise(1, 2, SOBEL), seen_by(4, 7), design, on_ink
    draw = np.random.default_rng(seed).integers
    height, width = 4 * int(draw(15, 30)) + 2, 4 * int(draw(32, 47)) + 1
    corner, middle = int(draw(1, 4)), int(draw(4, 14))
    row, column = int(draw(1, 8)), int(draw(1, 7))
    return (
        three_layers(height, width),
        edge_exercise(corner, middle, like_sobel(corner, middle)),
        seen_by(row + (row == column), column),
        design,
        on_ink,
    )


output_shape, edges, seen, design, on_ink = EXERCISES = exercises(0)
