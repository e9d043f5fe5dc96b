"""Exercises: every solution passes, every known mistake is rejected and named as itself."""

import copy
import re
import threading
import time
import warnings
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest

from cnnlab.convolution import conv2d, conv2d_backward, correlate2d
from cnnlab.costs import layer_table, totals
from cnnlab.exercises import LEVELS, Exercise, Mistake, check, hint, judge, solution, verify
from cnnlab.exercises.catalogue import exercises, find, lessons
from cnnlab.exercises.differences import difference
from cnnlab.exercises.judging import unanswered
from cnnlab.exercises.lesson03 import network
from cnnlab.exercises.lesson06 import AS_ASKED, behaviour
from cnnlab.exercises.limits import OutOfTime, limited
from cnnlab.exercises.near_misses import near_miss
from cnnlab.exercises.solutions import written
from cnnlab.grading.exercise_files import exercises_in
from cnnlab.pooling import max_pool2d, max_pool2d_backward
from cnnlab.receptive_field import receptive_field

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
HOMEWORK = [e for file in (NOTEBOOKS / "homework").glob("*.py") for e in exercises_in(file)]
ALL = [exercise for lesson in lessons() for exercise in exercises(lesson)] + HOMEWORK
PLAIN_WRONG = (None, 0, -12345.6, "no", (), [[1]], True, lambda *arguments: arguments)


def each():
    return [pytest.param(exercise, id=exercise.number) for exercise in ALL]


def each_mistake():
    return [
        pytest.param(exercise, mistake, id=f"{exercise.number}-{place}")
        for exercise in ALL
        for place, mistake in enumerate(exercise.mistakes)
    ]


# Every exercise of every lesson


def test_at_least_sixty_mistakes_are_known():
    assert sum(len(exercise.mistakes) for exercise in ALL) >= 60


@pytest.mark.parametrize("exercise", each())
def test_the_solution_is_right(exercise):
    assert str(judge(exercise, exercise.solution)) == f"✓ {exercise.number} {exercise.insight}"


@pytest.mark.parametrize("exercise", each())
def test_other_right_answers_are_right_too(exercise):
    assert exercise.stars < 3 or len(exercise.alternatives) >= 2
    for answer in exercise.alternatives:
        outcome = judge(exercise, answer)
        assert outcome.mark == "✓", outcome.message
        assert answer is not exercise.solution


@pytest.mark.parametrize(("exercise", "mistake"), each_mistake())
def test_a_mistake_is_rejected_and_named_as_itself(exercise, mistake):
    outcome = judge(exercise, mistake.answer)
    assert (outcome.mark, outcome.message) == ("✗", mistake.diagnosis)
    assert outcome.mistake is mistake


@pytest.mark.parametrize("exercise", each())
def test_no_two_mistakes_behave_alike_and_no_solution_fails(exercise):
    verify((exercise,))


def tells(text, answer):
    """Whether a text holds an answer: a value as it is written, a solution's line of code."""
    if callable(answer):
        lines = [line.strip() for line in written(answer).splitlines()[1:]]
        return any(line in text for line in lines if len(line) > 12)
    spellings = {str(answer), repr(answer), str(np.asarray(answer))}
    if isinstance(answer, tuple):
        spellings |= {separator.join(map(str, answer)) for separator in (", ", "×", " ")}
    words = [rf"(?<![\w.]){re.escape(spelling)}(?![\w.]*\w)" for spelling in spellings]
    return any(re.search(word, text) for word in words)


@pytest.mark.parametrize("exercise", each())
def test_no_check_prints_the_answer(exercise):
    wrong = [mistake.answer for mistake in exercise.mistakes]
    for answer in [*wrong, *PLAIN_WRONG]:
        outcome = judge(exercise, answer)
        if outcome.mark == "✓":
            continue  # PLAIN_WRONG is right for once
        assert not tells(outcome.message, exercise.solution), outcome.message


def test_the_search_for_a_told_answer_can_find_one():
    assert tells("It should be 12.", 12)
    assert not tells("It is 112 or 12.5.", 12)
    assert tells("(29, 46) was asked for", (29, 46))
    assert tells("Write `return sum(values) / 2`.", mean_of_two)


@pytest.mark.parametrize("exercise", each())
def test_an_exercise_is_complete(exercise):
    assert re.fullmatch(r"\w+\.\d", exercise.number)
    assert exercise.stars in (1, 2, 3)
    assert 2 <= len(exercise.hints) <= 3
    assert exercise.mistakes
    for text in (exercise.task, exercise.insight, *exercise.hints):
        assert text.endswith((".", "?"))
    for mistake in exercise.mistakes:
        assert mistake.diagnosis.endswith(".")


@pytest.mark.parametrize("lesson", lessons())
def test_a_lesson_has_three_to_seven_exercises_in_order(lesson):
    numbers = [exercise.number for exercise in exercises(lesson)]
    assert numbers == [f"{lesson}.{place}" for place in range(1, len(numbers) + 1)]
    assert 3 <= len(numbers) <= 7


def plain(text):
    """A text without line breaks and backticks."""
    return " ".join(text.replace("`", "").split())


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_sets_the_exercises_of_its_lesson_in_order(path):
    lesson = path.stem[:2]
    set_in = {}
    cells = nbformat.read(path, 4).cells
    for above, cell in pairwise(cells):
        for number in re.findall(r'^check\("([\d.]+)"', cell.source, re.MULTILINE):
            set_in[number] = plain(above.source)
    expected = exercises(lesson) if lesson in lessons() else ()
    assert list(set_in) == [exercise.number for exercise in expected]
    for number, exercise in zip(set_in, expected, strict=True):
        assert f"Exercise {number} {LEVELS[exercise.stars]} {exercise.title}" in set_in[number]
        assert plain(exercise.task) in set_in[number]


@pytest.mark.parametrize("exercise", each())
def test_a_check_is_fast(exercise):
    cases = exercise.cases() if callable(exercise.cases) else exercise.cases
    start = time.process_time()
    judge(exercise, (lambda *arguments: 0) if cases else None)  # compared with every mistake
    assert time.process_time() - start < 5


@pytest.mark.parametrize("exercise", each())
def test_a_check_leaves_the_cases_as_they_are(exercise):
    """A case that a mistake has changed would spoil the next check."""
    kept = copy.deepcopy(exercise.cases) if isinstance(exercise.cases, tuple) else ()
    for mistake in exercise.mistakes:
        judge(exercise, mistake.answer)
    for case, before in zip(exercise.cases if kept else (), kept, strict=True):
        for one, other in zip(case, before, strict=True):
            assert np.array_equal(one, other)


# The values asked for, computed in another way


def strided_shape():
    return correlate2d(np.zeros((62, 91)), np.zeros((7, 3)), strides=2, padding=1).shape


def parameters_by_keras():
    import keras

    layer = keras.layers.Conv2D(24, (3, 5))
    layer.build((None, 32, 48, 10))
    return layer.count_params()


def smallest_shift_by_trial():
    """The first shift of a spot that moves the last of three strided maps by whole cells."""
    rng = np.random.default_rng(0)
    picture = np.zeros((1, 64, 72, 1))
    picture[:, 24:36, 24:36] = rng.normal(size=(1, 12, 12, 1))
    kernels = rng.normal(size=(2, 3, 3, 1, 1))

    def last_map(x):
        x = max_pool2d(np.maximum(conv2d(x, kernels[0], strides=2, padding=1), 0))
        return conv2d(x, kernels[1], strides=2, padding=1)

    before = last_map(picture)
    for shift in range(1, 20):
        after = last_map(np.roll(picture, shift, axis=2))
        if np.allclose(after, np.roll(before, 1, axis=2)):
            return shift
    return None


def field_of_stack():
    import keras
    from keras import layers

    stack = [layers.Conv2D(1, 5), layers.MaxPooling2D(), layers.Conv2D(1, 3), layers.Conv2D(1, 3)]
    return receptive_field(keras.Sequential([keras.Input((64, 80, 1)), *stack])).size[0]


def rows_of_cell():
    import keras
    from keras import layers

    stack = [layers.ZeroPadding2D(12), layers.Conv2D(1, 40, strides=8)]
    field = receptive_field(keras.Sequential([keras.Input((160, 200, 1)), *stack]))
    assert (field.size[0], field.stride[0], field.padding[0]) == (40, 8, 12)
    top, _, bottom, _ = field.region(5, 0)
    return top, bottom - 1


def gradient_of_second_weight():
    x, upstream = np.array([2, 5, 1, 4]), np.array([3, 10, -1])
    _, dkernel, _ = conv2d_backward(
        x.reshape(1, 1, 4, 1), np.ones((1, 2, 1, 1)), upstream.reshape(1, 1, 3, 1)
    )
    return dkernel[0, 1, 0, 0]


def through_overlapping_windows():
    x, upstream = np.array([3, 8, 5, 6]), np.array([1, 2, 4])
    shape = (1, 1, -1, 1)
    return max_pool2d_backward(x.reshape(shape), upstream.reshape(shape), (1, 2), 1).ravel()


def macs_by_table(*layers, channels):
    import keras

    network = keras.Sequential([keras.Input((56, 72, channels)), *layers])
    return totals(layer_table(network)).macs


def macs_of_strided_layer():
    from keras.layers import Conv2D

    return macs_by_table(Conv2D(40, (3, 5), strides=2, padding="same"), channels=24)


def widest_neck():
    from keras.layers import Conv2D

    direct = macs_by_table(Conv2D(32, 5, padding="same"), channels=192)
    widths = range(1, 33)
    costs = [
        macs_by_table(Conv2D(n, 1), Conv2D(32, 5, padding="same"), channels=192) for n in widths
    ]
    return max(n for n, macs in zip(widths, costs, strict=True) if macs <= direct / 10)


OTHER_WAYS = {
    "01.2": strided_shape,
    "02.3": parameters_by_keras,
    "02.4": smallest_shift_by_trial,
    "03.1": field_of_stack,
    "03.2": rows_of_cell,
    "04.1": gradient_of_second_weight,
    "04.3": through_overlapping_windows,
    "06.1": macs_of_strided_layer,
    "06.2": widest_neck,
}


@pytest.mark.parametrize("number", OTHER_WAYS)
def test_a_value_asked_for_is_the_same_when_computed_in_another_way(number):
    outcome = judge(find(number), OTHER_WAYS[number]())
    assert outcome.mark == "✓", outcome.message


def test_the_solutions_of_functions_agree_with_the_package_and_keras():
    import keras

    rng = np.random.default_rng(3)
    image, kernel = rng.normal(size=(9, 12)), rng.normal(size=(2, 3))
    correlate = find("01.3").solution
    assert np.allclose(correlate(image, kernel, 2), correlate2d(image, kernel, strides=2))
    matrix = find("01.5").solution(kernel, 9, 12)
    assert np.allclose(matrix @ image.ravel(), correlate2d(image, kernel).ravel())

    x, first, second = (rng.normal(size=s) for s in [(2, 6, 5, 3), (2, 3, 3, 4), (1, 1, 4, 2)])
    biases = rng.normal(size=4), rng.normal(size=2)
    both = conv2d(conv2d(x, first, biases[0]), second, biases[1])
    folded = find("02.5").solution(first, biases[0], second, biases[1])
    assert np.allclose(conv2d(x, *folded), both)

    stack = [(5, 2, 1), (3, 1, 2), (2, 3, 1), (3, 1, 1)]
    layers = [keras.layers.Conv2D(1, k, strides=s, dilation_rate=d) for k, s, d in stack]
    field = receptive_field(keras.Sequential([keras.Input((64, 80, 1)), *layers]))
    assert find("03.3").solution(stack) == (field.size[0], field.stride[0])

    dense = keras.layers.Dense(5)
    batch, upstream = rng.normal(size=(4, 3)), rng.normal(size=(4, 5))
    x, weights = keras.Variable(batch, dtype="float32"), np.float32(upstream)
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras.ops.sum(dense(x) * weights)
    by_keras = tape.gradient(loss, [x.value, dense.kernel.value, dense.bias.value])
    ours = find("04.5").solution(batch, np.asarray(dense.kernel), upstream)
    for one, other in zip(ours, by_keras, strict=True):
        assert np.allclose(one, other, atol=1e-5)

    plain = keras.layers.Conv2D(8, 3, use_bias=False)
    separable = keras.layers.SeparableConv2D(8, 3, use_bias=False)
    for layer in (plain, separable):
        layer.build((None, 9, 12, 5))
    share = separable.count_params() / plain.count_params()
    assert np.isclose(find("06.4").solution(3, 5, 8), share)


# Answers as students write them


def brighter_one_line(image, amount):
    return image + amount


def brighter_clipped(image, amount):
    return np.clip(image + amount, 0, 255)


def brighter_converted_last(image, amount):
    return (image + amount).astype(np.uint8)


def brighter_in_place(image, amount):
    image += np.uint8(amount)
    return image


@pytest.mark.parametrize(
    "answer", [brighter_one_line, brighter_clipped, brighter_converted_last, brighter_in_place]
)
def test_a_sum_in_bytes_is_named_however_it_is_written(answer):
    assert judge(find("01.4"), answer).message.startswith("The sum is computed in bytes: it has")


@pytest.mark.parametrize(
    ("kernel", "sentence"),
    [
        (
            [[1, 0, 0], [0, 0, 0]],
            "This moves the picture no row and 1 column to the right. Two columns need a 1 that",
        ),
        (
            [[0, 0, 0], [0, 0, 1]],
            "This moves the picture 1 row up and 1 column to the left. Two columns need",
        ),
        (
            [[0, 0, 0], [1, 0, 0], *np.zeros((3, 3))],
            "This moves the picture 1 row down and 1 column",
        ),
        (np.eye(5)[::-1], "A test picture of 7×9 under your kernel: Its shape is right, and"),
    ],
)
def test_a_kernel_that_shifts_elsewhere_is_told_where(kernel, sentence):
    assert judge(find("01.1"), kernel).message.startswith(sentence)


def momentum_as_elsewhere(point, velocity, gradient, rate, momentum):
    velocity = momentum * velocity + rate * gradient
    return point - velocity, velocity


def zeros_of_the_dtype_of_x(x, upstream, size):
    dx = np.zeros_like(x)
    for row, column in np.ndindex(upstream.shape):
        window = x[row * size : (row + 1) * size, column * size : (column + 1) * size]
        i, j = np.unravel_index(window.argmax(), window.shape)
        dx[row * size + i, column * size + j] = upstream[row, column]
    return dx


def short_trunk_beside_the_trunk(trunk):
    import keras

    inputs, f6 = trunk.inputs[0], trunk.get_layer("f6").output
    flat = keras.layers.Flatten(name="flat")(keras.layers.Conv2D(1, 5, strides=5)(inputs))
    heads = {"digit": keras.layers.Dense(10, name="digit")(f6)}
    return keras.Model(inputs, heads | {"even": keras.layers.Dense(1, name="even")(flat)})


def the_digit_only(trunk):
    import keras

    return keras.Model(trunk.inputs, keras.layers.Dense(10, name="digit")(trunk.layers[-2].output))


MEANS = np.array([103.939, 116.779, 123.68])


def correlate_in_dtype_of_image(image, kernel, stride):
    right = correlate2d(image, kernel, strides=stride)
    out = np.zeros(right.shape, image.dtype)
    out[:] = right
    return out


def layer_maps_as_x(x, kernel, bias):
    return conv2d(x, kernel, bias).astype(x.dtype)


def kernels_stretched(stack):
    size = step = 1
    for kernel_size, strides, dilation_rate in stack:
        size += (dilation_rate * kernel_size - 1) * step
        step *= strides
    return size, step


def zeros_of_whole_numbers(kernel, upstream, stride):
    shape = [(n - 1) * stride + k for n, k in zip(upstream.shape, kernel.shape, strict=True)]
    image = np.zeros(shape, int)
    for row, column in np.ndindex(upstream.shape):
        place = image[row * stride :, column * stride :][: len(kernel), : kernel.shape[1]]
        place += upstream[row, column] * kernel
    return image


def best_from_minus_one(x, upstream, size):
    dx = np.zeros(x.shape)
    for row, column in np.ndindex(upstream.shape):
        best, where = -1, (row * size, column * size)
        for i, j in np.ndindex(size, size):
            if x[row * size + i, column * size + j] > best:
                where = row * size + i, column * size + j
                best = x[where]
        dx[where] = upstream[row, column]
    return dx


def network_of_one_layer():
    import keras

    layer = keras.layers.Conv2D(16, 3, padding="same", dilation_rate=50)
    return keras.Sequential([keras.Input((128, 160, 3)), layer])


def network_without_input():
    import keras

    return keras.Sequential([keras.layers.Conv2D(16, 3)])


def heads_behind_the_logits(trunk):
    import keras

    logits = trunk.layers[-1].output
    heads = {name: keras.layers.Dense(n, name=name) for name, n in [("digit", 10), ("even", 1)]}
    return keras.Model(trunk.input, {name: head(logits) for name, head in heads.items()})


def heat_where_at_least_half(heat, digit):
    return heat[digit[..., 0] >= 0.5].sum() / heat.sum() if heat.any() else 0


def network_for_squares():
    import keras

    return keras.Sequential([keras.Input((128, 128, 3)), keras.layers.Conv2D(16, 3)])


def block(between="relu", end=None, behind="relu", filters=32, rows=12, merge="Add"):
    """build_block with these three activations."""

    def build_block():
        import keras
        from keras import layers

        maps = keras.Input((rows, 20, 32))
        branch = layers.Conv2D(32, 3, padding="same", activation=between)(maps)
        branch = layers.Conv2D(filters, 3, padding="same", activation=end)(branch)
        both = getattr(layers, merge)()([maps, branch])
        return keras.Model(maps, layers.Activation(behind)(both))

    return build_block


def network_for_digits(filters, *end, begin=((28, 28, 1),)):
    """small_network of a single convolution of 16×16 with so many filters."""

    def small_network():
        import keras
        from keras import layers

        body = [layers.Conv2D(filters, 16), layers.GlobalAveragePooling2D(), layers.Dense(10)]
        return keras.Sequential([*map(keras.Input, begin), *body, *map(layers.Activation, end)])

    return small_network


@pytest.mark.parametrize(
    ("number", "answer", "sentence"),
    [
        ("01.2", (46, 29), "The numbers are right, the order is not: rows come first."),
        ("01.2", (29.5, 46), "A size is a whole number"),
        ("05.2", (3216, 208), "The numbers are right, the order is not: C1 comes first."),
        ("05.4", momentum_as_elsewhere, "The velocity has the other sign"),
        ("02.1", "-4", "It is a str; a number is asked for."),
        ("01.1", None, "It is None (is a `return` missing?); an array is asked for."),
        ("01.2", (28, 45), "Either the zeros were left out, or the moves were counted without"),
        ("02.1", -6, "Nothing is seen: the threshold is not below even the best match."),
        ("03.1", 10, "Either the stride is forgotten (behind the pooling a cell is worth two"),
        ("03.4", (1, 1, 9), "Too small, and with gaps: the rates add up to less than is needed"),
        ("01.2", (29, 45), "Either the zeros were counted on one side only (there is one on every"),
        ("01.2", (31, 46), "Either the picture was just halved, as"),
        ("01.3", correlate_in_dtype_of_image, "The results have the dtype of the image"),
        ("02.2", layer_maps_as_x, "The maps have the dtype of x"),
        ("02.3", 3610, "Channels and filters are exchanged"),
        ("03.1", 13, "Either the kernel sizes were added (the fields overlap, and a layer adds"),
        ("03.3", kernels_stretched, "A dilated kernel was taken to span d·K cells"),
        ("03.4", (1, 3, 9.9), "ValueError: dilation rates are whole numbers from 1 on: got (1, 3,"),
        ("03.4", (0, 4, 9), "ValueError: dilation rates are whole numbers from 1 on: got (0, 4,"),
        ("03.4", 9, "ValueError: three rates are asked for, one per layer: got 1. Write (a,"),
        ("03.5", network_of_one_layer, "The fields span enough pixels, but most of these are not"),
        ("03.5", lambda: network(6, 2), "Not as asked are: "),
        (
            "03.5",
            network_without_input,
            "ValueError, outside your own lines: the input must be (128, 160, 3): got none. Begin "
            "with keras.Input((128, 160, 3)).",
        ),
        ("04.2", zeros_of_whole_numbers, "The image has room for whole numbers only"),
        ("04.4", best_from_minus_one, "The search for the largest begins at 0 or thereabouts"),
        ("05.5", heads_behind_the_logits, "A head stands on the ten logits that the trunk ends in"),
        ("06.1", 28 * 72 * 15 * 24 * 40, "Either those are FLOPs (a MAC is a multiplication"),
        ("06.3", block(between="gelu"), "What stands between the convolutions is no ReLU"),
        ("06.3", block(merge="Multiply"), "Input and branch are multiplied"),
        ("07.1", lambda x: x[:, :, ::-1] - MEANS, "The columns are turned round, not the channels"),
        ("07.1", lambda x: x[..., ::-1] - MEANS[::-1], "The means of blue, green, red met red,"),
        ("H1.4", network_for_digits(8, "sigmoid"), "The outputs are probabilities; the loss"),
        ("H1.4", network_for_digits(8, "relu"), "The outputs end in an activation that leaves"),
        ("H1.4", network_for_digits(3), "So few parameters can hardly tell ten digits apart."),
        ("H1.5", heat_where_at_least_half, "A pixel of exactly 0.5 is not brighter than 0.5."),
        ("03.4", (1, 3, 10), "Too far, and with gaps: the rates add up to more than is needed"),
        ("03.5", lambda: network(1, 4), "The field is too small: a 3×3 layer adds two pixels"),
        (
            "03.5",
            network_for_squares,
            "ValueError, outside your own lines: the input must be (128, 160, 3): got "
            "(128, 128, 3). Begin with keras.Input((128, 160, 3)).",
        ),
        (
            "03.4",
            (1, 3),
            "ValueError: three rates are asked for, one per layer: got 2. Write (a, b, c).",
        ),
        ("03.5", lambda: network(5), "Too few cells are left: each pooling or stride of 2"),
        ("04.4", zeros_of_the_dtype_of_x, "The gradient is cut to whole numbers"),
        ("05.5", short_trunk_beside_the_trunk, "There are two trunks: each task trains"),
        ("05.5", the_digit_only, "One of the two outputs is missing"),
        ("06.3", block(between=None), "There is no ReLU between the two convolutions"),
        ("06.3", block(end="relu"), "The branch ends in a ReLU of its own"),
        ("06.3", block(behind=None), "The ReLU behind the addition is missing."),
        ("06.3", block(end="relu", behind=None), "The last ReLU stands on the branch"),
        ("06.3", block(filters=30), "ValueError, in line"),
        (
            "06.3",
            block(rows=10),
            "ValueError, outside your own lines: the input must be (12, 20, 32): got (10, 20, 32).",
        ),
        ("07.3", lambda logits: logits[:, :1] - logits[:, 1:], "That is the logit of class 0"),
        (
            "08.2",
            lambda maps: (maps.min((1, 2)) == maps.max((1, 2))).all(axis=0),
            "A channel with one value per image, another in each, is not dead",
        ),
        ("08.2", lambda maps: (maps == 0).all(axis=(0, 1, 2)), "Silent channels only"),
        (
            "09.2",
            lambda maps, kernel, index: maps @ kernel[:, index] / maps[..., 0].size,
            "Divided by the number of cells",
        ),
        ("H1.1", (20, 30), "Either the first convolution was padded, or half a move was counted"),
        ("H1.1", (22, 32), "Every layer was padded: here is no padding"),  # Keras, "same"
        ("H1.1", (22, 31), "Both convolutions were padded: here is no padding"),
        (
            "H1.5",
            lambda heat, digit: (heat[digit[..., 0] > 0.5] > 0).sum() / (heat > 0).sum(),
            "Pixels with any heat at all were counted, not their heat",
        ),
        (
            "H1.5",
            lambda heat, digit: (digit > 0.5).sum() / digit.size,
            "That is the share of ink, which the heat has no part in",
        ),
        (
            "H1.5",
            lambda heat, digit: (digit > 0.5).mean() * bool(heat.any()),
            "That is the share of ink, which the heat has no part in",
        ),
        ("H1.3", (4, 7, 11, 14), "The pooling is forgotten altogether"),
        ("H1.3", (4, 7, 12, 15), "The stride of the pooling is forgotten"),
        ("H1.4", network_for_digits(24), "The field is wide enough, but there are too many"),
        ("H1.4", network_for_digits(8, "softmax"), "The outputs are probabilities"),
        ("H1.4", network_for_digits(8, begin=()), "ValueError, outside your own lines: the"),
    ],
)
def test_a_plausible_answer_is_named(number, answer, sentence):
    exercise = next(exercise for exercise in ALL if exercise.number == number)
    assert judge(exercise, answer).message.startswith(sentence)


def points_inside_without(forgotten):
    """points_inside, one of its four comparisons forgotten."""

    def points_inside(heat, box):
        row, column = np.unravel_index(heat.argmax(), heat.shape)
        top, left, bottom, right = box
        compared = [top <= row, row < bottom, left <= column, column < right]
        return all(compared[:forgotten] + compared[forgotten + 1 :])

    return points_inside


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("06.1", find("06.1").solution + 100),
        ("09.4", lambda heat, box: False),
        ("09.4", lambda heat, box: True),
        *(("09.4", points_inside_without(forgotten)) for forgotten in range(4)),
    ],
)
def test_a_wrong_answer_is_neither_right_nor_a_known_mistake(number, answer):
    outcome = judge(find(number), answer)
    assert (outcome.mark, outcome.mistake) == ("✗", None)


# The engine, on an exercise of its own


def mean_of_two(values):
    return sum(values) / 2


def mean_of_two_doubled(values):
    return sum(values) + 0.0


MEAN = Exercise(
    number="T.1",
    title="A mean",
    stars=1,
    task="Write the mean of two numbers.",
    hints=("Add.", "Halve."),
    solution=mean_of_two,
    insight="Half of the sum.",
    mistakes=(Mistake("The sum is not halved.", mean_of_two_doubled),),
    cases=((np.array([1.0, 3.0]),), (np.array([2, 5]),)),
)
NUMBER = replace(MEAN, solution=12, mistakes=(Mistake("Twice as much.", 24),), cases=())


def test_check_prints_the_outcome_of_anyones_exercise(capsys):
    check(MEAN, mean_of_two)
    check(MEAN, mean_of_two_doubled)
    check(NUMBER, 24)
    assert capsys.readouterr().out == (
        "✓ T.1 Half of the sum.\n✗ T.1 The sum is not halved.\n✗ T.1 Twice as much.\n"
    )


def stub(values): ...


def stub_with_docstring(values):
    """Says what it will do."""


def stub_that_returns_dots(values):
    return ...


@pytest.mark.parametrize("answer", [..., stub, stub_with_docstring, stub_that_returns_dots])
def test_an_unanswered_exercise_is_neither_right_nor_wrong(answer):
    assert str(judge(MEAN, answer)) == "○ T.1 not answered yet"


def test_dots_inside_an_answer_are_unanswered():
    assert unanswered((1, ..., 3))
    assert unanswered({"kernel": [..., 2]})
    assert not unanswered((1, 2))
    assert not unanswered(np.zeros(2))


def test_an_error_is_shown_with_the_students_line_only():
    def answer(values):
        wrong = values[7]
        return wrong

    message = judge(MEAN, answer).message
    assert message.startswith("With values of shape (2,) (float64): IndexError, in line ")
    assert "`wrong = values[7]`: index 7 is out of bounds" in message
    assert "judging.py" not in message


def test_an_error_inside_a_library_points_at_the_line_that_called_it():
    def answer(values):
        return np.reshape(values, (3, 5))

    assert "`return np.reshape(values, (3, 5))`: cannot reshape" in judge(MEAN, answer).message


def test_a_wrong_number_of_arguments_is_told():
    assert "TypeError, outside your own lines: " in judge(MEAN, lambda: 1).message


def test_leaving_python_is_an_error_like_any_other():
    assert "SystemExit" in judge(MEAN, lambda values: exit(3)).message


def test_a_value_where_a_function_is_asked_for_is_told():
    assert judge(MEAN, 2.0).message.startswith("The answer is a function")


def test_a_text_or_a_class_where_a_function_is_asked_for_is_told():
    import keras

    assert judge(MEAN, "mean_of_two").message == (
        "The answer is a function: got the text 'mean_of_two'. Hand over its name, without quotes."
    )
    assert judge(MEAN, keras.Model).message == (
        "The answer is a function: got the class Model. Write a function that returns a model."
    )


PAIR = replace(NUMBER, solution=np.array([0.5, 2]), mistakes=())


@pytest.mark.parametrize(
    "answer",
    [
        [Fraction(1, 2), 2],
        (Decimal("0.5"), Decimal(2)),
        np.array([0.5, 2], object),
        np.array([Fraction(1, 2), 2]),
    ],
)
def test_exact_numbers_are_numbers(answer):
    assert judge(PAIR, answer).mark == "✓"
    assert judge(replace(MEAN, solution=lambda v: (0.5, 2)), lambda v: answer).mark == "✓"


def test_what_is_computed_on_demand_is_computed():
    assert judge(PAIR, (n / 2 for n in (1, 4))).mark == "✓"
    halves = replace(MEAN, solution=lambda values: values / 2, mistakes=())
    assert judge(halves, lambda values: map(float, values / 2)).mark == "✓"
    assert judge(halves, lambda values: (v / 2 for v in values)).mark == "✓"
    assert "ZeroDivisionError" in judge(halves, lambda values: (1 / 0 for v in values)).message


@pytest.mark.parametrize("entry", [np, iter([1]), Decimal, {1: 2}, np.array([None])])
def test_an_entry_that_is_no_number_is_told_without_an_error(entry):
    for answer in ([entry, 2], (entry, 2), {"a": entry}):
        assert judge(PAIR, answer).message.startswith("It is a ")


def test_a_changed_argument_is_told():
    def answer(values):
        mean = values.sum() / 2
        values[:] = 0
        return mean

    assert "`values` is changed" in judge(MEAN, answer).message


def test_a_mistake_that_matches_one_case_only_is_not_named():
    outcome = judge(MEAN, lambda values: 4 if values[0] == 1 else 0)
    assert outcome.mark == "✗"
    assert outcome.mistake is None


def test_an_error_of_another_cause_is_not_named():
    failing = replace(MEAN, mistakes=(Mistake("Refused.", raise_value_error),))
    assert judge(failing, lambda values: raise_value_error(values)).message == "Refused."
    assert judge(failing, lambda values: np.reshape(values, 7)).mistake is None


def test_a_missing_return_is_asked_about():
    def answer(values):
        values.sum() / 2

    assert "is a `return` missing?" in judge(MEAN, answer).message
    viewed = judge(replace(MEAN, view=lambda mean: {"large": mean.item() > 2}), answer)
    assert "the result is wrong. It is None (is a `return` missing?); something" in viewed.message


def test_warnings_of_the_students_code_stay_silent():
    def answer(values):
        warnings.warn("old-fashioned", stacklevel=1)
        return np.log(values * 0).sum()

    assert "-inf is not right" in judge(MEAN, answer).message


def test_a_view_turns_many_right_answers_into_one():
    even = replace(NUMBER, view=lambda n: {"even": n % 2 == 0}, mistakes=(Mistake("Odd.", 3),))
    assert judge(even, 4).mark == "✓"
    assert judge(even, 5).message == "Odd."
    assert "TypeError" in judge(even, [5]).message
    assert judge(even, "4").message.startswith("It is a str; a number is asked for.")


def test_the_dtype_counts_where_the_exercise_says_so():
    strict = replace(MEAN, same_dtype=True)
    assert judge(strict, mean_of_two).mark == "✓"
    assert "dtype is float32" in judge(strict, lambda v: np.float32(v.sum() / 2)).message
    assert judge(MEAN, lambda v: np.float32(v.sum() / 2)).mark == "✓"


def test_an_unknown_number_names_the_nearest():
    with pytest.raises(ValueError, match=r"got number='01\.33'\. Did you mean '01\.3'\?"):
        find("01.33")
    with pytest.raises(
        ValueError, match=r"one of 01\.1, …, 12\.\d: got number='1\.1'.*mean '01\.1'"
    ):
        find(1.1)
    with pytest.raises(ValueError, match="got lesson='77'"):
        exercises("77")


@pytest.mark.parametrize("answer", [np.zeros((2, 3)), mean_of_two, [1], None])
def test_an_answer_in_front_of_its_number_is_told(answer):
    with pytest.raises(TypeError, match=r"The number comes first: check\('01\.3', answer\)\."):
        check(answer, "01.3")


@pytest.mark.parametrize("number", ["H2.1", "halves", ""])
def test_the_number_of_an_exercise_of_ones_own_asks_for_the_exercise(number):
    with pytest.raises(
        ValueError,
        match=rf"such as '01\.3': got number='{number}'\. Pass an "
        r"exercise of your own itself, without quotes: check\(halves, half\)\.",
    ):
        find(number)


def raise_value_error(values):
    raise ValueError("asked for")


def with_a_typo(values):
    return sum(values) / 2 if values[0] > 1 else valeus  # noqa: F821


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"solution": raise_value_error}, r"whose solution raises ValueError\('asked for'\)"),
        ({"solution": with_a_typo}, r"in which NameError\(.*'valeus' is not defined.*\) is raised"),
        ({"solution": ...}, "whose solution is judged '○ T.1 not answered yet'"),
        (
            {"alternatives": (max,)},
            "whose alternative 1 is judged '✗ T.1 With .*the result is wrong",
        ),
        (
            {"mistakes": (Mistake("None.", lambda values: sum(values) * 0.5),)},
            r"whose mistake 1, 'None\.', is judged '✓ T\.1 Half of the sum\.': no case tells it "
            "from the solution",
        ),
        (
            {"mistakes": (Mistake("A.", max), Mistake("B.", lambda values: max(values)))},
            r"whose mistake 2, 'B\.', is judged '✗ T\.1 A\.': no case tells it from another",
        ),
        ({"mistakes": (Mistake("A.", with_a_typo),)}, "in which NameError"),
        (
            {"mistakes": (Mistake("A.", list),), "view": lambda mean: {"large": mean > 2}},
            r"whose mistake 1, 'A\.', is refused by `view`: TypeError",
        ),
    ],
)
def test_an_exercise_that_judges_wrongly_is_refused(changes, told):
    verify((MEAN, NUMBER))
    with pytest.raises(
        ValueError, match=f"must judge rightly: got exercise T.1, {told}"
    ) as refusal:
        verify((NUMBER, replace(MEAN, **changes)))
    assert str(refusal.value).endswith(". Mend it before anybody is graded by it.")


def test_an_error_that_is_asked_for_is_no_fault():
    def mean(values):
        if len(values) == 0:
            raise ValueError("nothing to share")
        return mean_of_two(values)

    verify((replace(MEAN, solution=mean, cases=(*MEAN.cases, (np.zeros(0),))),))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"mistakes": Mistake("A.", 1)},
            "`mistakes` must be a tuple of Mistake: got mistakes=Mist",
        ),
        ({"mistakes": ("A.", max)}, "`mistakes` must be a tuple of Mistake: got mistakes=('A.'"),
        (
            {"hints": "Add."},
            "`hints` must be a tuple of str: got hints=Add. in exercise T.1. Write ",
        ),
        ({"cases": (np.ones((3, 4)),)}, "`cases` must be a tuple of tuple: got cases=(array("),
        ({"alternatives": max}, "`alternatives` must be a tuple: got alternatives=<built-in"),
    ],
)
def test_brackets_without_a_comma_are_refused(changes, told):
    with pytest.raises(ValueError, match=re.escape(told)) as refusal:
        replace(MEAN, **changes)
    assert str(refusal.value).endswith("Write a comma behind a single entry: (entry,).")


def test_hints_come_one_at_a_time(capsys):
    hint(MEAN)
    hint(MEAN, 2)
    assert capsys.readouterr().out == (
        "T.1 hint 1 of 2: Add.\nThe next one: hint(..., 2)\nT.1 hint 2 of 2: Halve.\n"
    )
    hint("01.2")
    assert "The next one: hint('01.2', 2)" in capsys.readouterr().out
    with pytest.raises(ValueError, match="from 1 to 2: got which=3"):
        hint(MEAN, 3)


def test_a_solution_shows_its_source_and_what_is_in_it(capsys):
    solution(MEAN)
    text = capsys.readouterr().out
    assert text.startswith("T.1 A mean ★\nWrite the mean of two numbers.\n")
    assert "def mean_of_two(values):\n    return sum(values) / 2" in text
    assert text.endswith("Half of the sum.\n")


# Differences


@pytest.mark.parametrize(
    ("got", "right"),
    [
        (3.000001, 3),
        (np.float32(0.1), 0.1),
        ([1, 2], np.array([1.0, 2.0])),
        ([28, 28], (28, 28)),
        ([None, 7], (None, 7)),
        (" Valid", "valid"),
        ("conv 3", "conv3"),
        (np.nan, np.nan),
        ({"a": 1.0}, {"a": 1}),
        (np.True_, True),
        (np.array(True), True),
    ],
)
def test_equal_answers_are_equal(got, right):
    assert difference(got, right) is None


TABLE = np.array([[1.0, 5, -2], [0.5, 7, 3]])


@pytest.mark.parametrize(
    "wrong, right, sentence",
    [
        (TABLE.T, TABLE, "Its numbers are right, but its axes stand in another order."),
        (TABLE[..., None].transpose(2, 0, 1), TABLE[..., None], "Its numbers are right, but its"),
        (TABLE[:, ::-1], TABLE, "Its numbers are right, but they run backwards."),
        (TABLE[::-1], TABLE, "Its numbers are right, but they run backwards."),
        ([3, 1, 2], np.array([1, 2, 3]), "Its numbers are right, their order is not."),
        (TABLE.ravel(), TABLE, "Its numbers are right; its shape is (6,), another one is asked"),
        ((28, 30), (30, 28), "Its numbers are right, but they run backwards."),
        ((31, 29), (30, 28), "Off by one: too large."),
        (-TABLE, TABLE, "The sign is wrong."),
        (-7, 7, "-7 is not right. The sign is wrong."),
        (6, 7, "6 is not right. Off by one: too small."),
        (14, 7, "14 is not right. Twice what is asked for."),
        (TABLE / 2, TABLE, "Half what is asked for."),
        (TABLE / 9, TABLE, "Every number is off by the same factor."),
        (TABLE + 4, TABLE, "Every number is too large by the same amount."),
        (np.trunc(TABLE), TABLE, "The numbers were cut to whole numbers."),
        (np.array([44, 7], np.uint8), np.array([300, 7]), "The numbers have wrapped around, as in"),
        (np.uint8(44), 300, "44 is not right. The numbers have wrapped around, as in uint8."),
        (np.zeros((2, 3)), TABLE, "All its numbers are 0."),
    ],
)
def test_a_near_miss_is_told_by_its_kind(wrong, right, sentence):
    assert difference(wrong, right).startswith(sentence)


@pytest.mark.parametrize(
    "wrong, right",
    [
        (np.add(TABLE, [[0, 0, 1], [0, 0, 0]]), TABLE),  # one number, not all
        (np.full((2, 3), 4.0), np.full((2, 3), 2.0)),  # equal numbers tell no factor from a sum
        (np.full((2, 3), np.nan), TABLE),
        (3.2, 7),
        (44, 300),  # typed in, not computed in bytes
        (0, 7),
        (TABLE * 1.0005, TABLE),
        (np.ones(2), np.array([1, np.inf])),
        (np.zeros(3), np.zeros(0)),
    ],
)
def test_what_is_wrong_in_no_one_way_is_no_near_miss(wrong, right):
    assert near_miss(np.asarray(wrong), np.asarray(right), 1e-5) is None


class Tabled:
    """As SciPy's sparse matrices are."""

    def toarray(self):
        return TABLE


def test_a_sparse_matrix_is_asked_for_as_an_array():
    assert difference(Tabled(), TABLE) == (
        "It is a Tabled; an array is asked for: hand over its `.toarray()`."
    )


def raise_type_error(x):
    raise TypeError("\x1b[1mno channel axis\x1b[0m\n\nArguments received by Conv2D.call():\n x=1")


def test_an_exercise_whose_solution_fails_here_is_not_judged():
    broken = replace(MEAN, solution=raise_type_error, mistakes=())
    for answer in (raise_type_error, np.mean):
        outcome = judge(broken, answer)
        assert outcome.mark == "○"
        assert outcome.message == (
            "cannot be judged here, for its own solution fails (TypeError: no channel axis). "
            "Restart the kernel and run all cells."
        )


def test_a_model_is_no_function_though_it_can_be_called():
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    assert judge(MEAN, model).message == (
        "The answer is a function: hand over its name, without brackets behind it."
    )


class Subclassed:
    """Made in the test, as Keras is not loaded here."""

    def __new__(cls):
        import keras

        return type("Subclassed", (keras.Model,), {})()


@pytest.mark.parametrize("number", ["03.5", "05.5", "06.3", "H1.4"])
@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (lambda: [1], "a list"),
        (lambda: (1, 2), "a tuple"),
        (lambda: __import__("keras").Input((12, 20, 32)), "a KerasTensor"),
        (Subclassed, "a Subclassed"),
    ],
)
def test_what_is_no_model_from_inputs_to_outputs_is_told(number, answer, got):
    exercise = next(e for e in ALL if e.number == number)
    outcome = judge(exercise, lambda *given: answer())
    assert f"a Keras model is asked for: got {got}. Hand input and output to keras.Model." in (
        outcome.message
    )


def test_rates_in_another_shape_are_told_with_it():
    message = "one per layer: got numbers in the shape (1, 3). Write (a, b, c)."
    assert message in judge(find("03.4"), [[1, 3, 9]]).message


def test_a_block_of_other_layers_is_told_these_alone():
    def three():
        import keras

        block = find("06.3").solution()
        last = keras.layers.Conv2D(32, 3, padding="same")(block.output)
        return keras.Model(block.inputs, last)

    assert behaviour(find("06.3").solution()) == AS_ASKED
    assert judge(find("06.3"), three).message.startswith(
        "the layers with kernels: 'Conv2D 3×3, Conv2D 3×3, Conv2D 3×3' is not right."
    )


def test_three_outputs_are_not_told_that_one_is_missing():
    def three(trunk):
        import keras

        outputs = find("05.5").solution(trunk).outputs
        return keras.Model(trunk.inputs, [*outputs, trunk.output])

    assert "outputs: more than two" in judge(find("05.5"), three).message


def test_a_model_handed_over_is_put_right_again_and_its_change_told():
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    kept = model.get_weights()
    exercise = replace(MEAN, solution=lambda m: 1, mistakes=(), cases=((model,),))

    def forgetting(model):
        model.set_weights([0 * weight for weight in model.get_weights()])
        return 1

    assert judge(exercise, lambda m: 1).mark == "✓"
    assert "The result is right, but `model` is changed" in judge(exercise, forgetting).message
    assert all(map(np.array_equal, model.get_weights(), kept))


def test_a_long_error_of_keras_is_told_in_a_few_words():
    def no_input(x):
        raise AttributeError("Sequential model 'sequential_15' has no defined input shape yet.")

    def long(x):
        raise ValueError("x" * 1000)

    assert "AttributeError" in judge(MEAN, no_input).message
    assert "the model has no input yet. Begin it with keras.Input(shape)." in (
        judge(MEAN, no_input).message
    )
    assert len(judge(MEAN, long).message) < 500
    assert judge(MEAN, raise_type_error).message.endswith(": no channel axis\nTry hint(...).")


@pytest.mark.parametrize(
    ("got", "right", "sentence"),
    [
        (3.1, 3, "It is 3.1; a whole number is asked for."),
        (3.1, 4.0, "3.1 is not right."),
        (3.5, 7, "3.5 is not right. Half what is asked for."),
        (True, 1, "It is a bool; a number is asked for."),
        (1, True, "It is an int; True or False is asked for."),
        ("3", 3, "It is a str; a number is asked for."),
        ([[1], [2, 3]], np.zeros((2, 2)), "It is a list that makes no array."),
        (7, (7, 7), "It is an int; a tuple is asked for."),
        ((7, 8, 9), (7, 7), "It has 3 entries; another number of entries is asked for."),
        ((7, 8), (8, 8), "1 of its 2 entries is right."),
        ((7,), (8, 8), "It has 1 entry; another number of entries is asked for."),
        (
            np.array([1, 5, 9]),
            np.array([1, 2, 7]),
            "Its shape is right, and 1 of 3 numbers is; the first wrong one stands at [1].",
        ),
        ((np.ones(2).sum, 8), (7, 8), "Entry 0 (counted from 0) is a builtin_function_or_method: "),
        ((7, len), (7, 8), "Entry 1 (counted from 0) is a builtin_function_or_method: call it, "),
        (({7}, 8), (7, 8), "1 of its 2 entries is right."),
        ((7j, 8), (7, 8), "1 of its 2 entries is right."),
        (([1, [2, 3]], 8), (7, 8), "1 of its 2 entries is right."),
        (np.array([1j, 2]), np.array([1, 2]), "Its shape is right, and 1 of 2 numbers is"),
        (np.array(1), True, "It is a ndarray; True or False is asked for."),
        ((150, 6000, 750.05), (150, 6000, 750), "2 of its 3 entries are right."),
        ("same", "valid", "'same' is not right."),
        ({19, 30}, (19, 30), "It is a set, which has no order; a tuple is asked for."),
        ({1: 2}.keys(), (1,), "It is a dict_keys; a tuple is asked for."),
        (b"ab", (97, 98), "It is a bytes; a tuple is asked for."),
        (np.ones((2, 1)), (1, 3), "0 of its 2 entries are right."),
        (
            {"field": "small", "logits": False, "rows": 3},
            {"field": "large", "logits": True, "rows": 3},
            "Not as asked are: field: small; logits: False.",
        ),
        ({"field": "small"}, {"field": "large"}, "field: 'small' is not right."),
        ({"b": 1}, {"a": 1}, "Its keys are not those asked for."),
        ({"a": 2}, {"a": 1}, "a: 2 is not right."),
        (np.nan, 1.0, "nan is not right."),
        (np.zeros((1, 2)), np.zeros(2), "Its numbers are right; its shape is (1, 2), another"),
        (np.zeros((1, 3)), np.zeros(2), "Its shape is (1, 3); another one is asked for."),
        ([14], 14, "Its shape is (1,); one number is asked for."),
        ((14, 14), 14, "Its shape is (2,); one number is asked for."),
        ((0, np.ones(2)), (0, np.zeros(2)), "Entry 1 (counted from 0): Its shape is right, and 0"),
    ],
)
def test_a_difference_is_told_without_the_answer(got, right, sentence):
    assert difference(got, right).startswith(sentence)


def test_the_tolerance_follows_the_largest_number():
    right = np.array([0.0, 1000.0])
    assert difference(right + 0.001, right) is None
    assert difference(right + 0.1, right)
    assert difference(right / 1000 + 0.001, right / 1000)


# The time limit


def test_an_endless_loop_is_stopped_and_its_line_named():
    def answer(values):
        while True:
            values = values + 1

    message = judge(replace(MEAN, seconds=0.3), answer).message
    assert message.startswith("Stopped after 0.3 s; it was in line ")


def test_a_sleep_is_woken():
    start = time.perf_counter()
    with pytest.raises(OutOfTime):
        limited(lambda: time.sleep(20), 0.2)
    assert time.perf_counter() - start < 5


def test_one_catch_all_does_not_save_an_endless_loop():
    def stubborn():
        try:
            while True:
                time.sleep(0.01)
        except:  # noqa: E722
            while True:
                time.sleep(0.01)

    with pytest.raises(OutOfTime):
        limited(stubborn, 0.2)


def test_the_students_own_interrupt_is_not_a_time_limit():
    import signal

    with pytest.raises(KeyboardInterrupt):
        limited(lambda: signal.raise_signal(signal.SIGINT), 5)


def test_the_signal_handler_is_put_back():
    import signal

    before = signal.getsignal(signal.SIGINT)
    limited(lambda: 1, 5)
    with pytest.raises(OutOfTime):
        limited(lambda: time.sleep(20), 0.1)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_there_is_no_limit():
    answers = []
    worker = threading.Thread(target=lambda: answers.append(limited(lambda: 42, 5)))
    worker.start()
    worker.join()
    assert answers == [42]


def test_a_function_in_time_leaves_no_thread_behind():
    before = threading.active_count()
    limited(lambda: 1, 5)
    assert threading.active_count() == before
