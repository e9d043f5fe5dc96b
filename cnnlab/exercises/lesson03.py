"""Exercises of lesson 03: the receptive field."""

import numpy as np

from cnnlab.exercises.exercise import Exercise, Mistake
from cnnlab.exercises.networks import verdicts_on_field

# 03.1: what does a stack see?

STACK = ((5, 1), (2, 2), (3, 1), (3, 1))

size_of_stack = Exercise(
    number="03.1",
    title="What does a stack see?",
    stars=1,
    task="A 5×5 convolution, a 2×2 max pooling with stride 2, and two 3×3 convolutions, one behind "
    "the other. How many pixels wide is the receptive field?",
    hints=(
        "Keep two numbers, size and step, and write both behind each layer.",
        "A layer adds (K − 1) steps to the size; its own stride counts only for those behind it.",
    ),
    solution=14,
    insight="The pooling adds only one pixel itself, and doubles what each layer behind it adds.",
    mistakes=(
        Mistake(
            "Either the stride is forgotten (behind the pooling a cell is worth two pixels), or "
            "one of the two 3×3 convolutions.",
            1 + sum(k - 1 for k, _ in STACK),
        ),
        Mistake(
            "Either the kernel sizes were added (the fields overlap, and a layer adds one step "
            "less than its size), or the pooling was given nothing of its own: it adds a pixel, "
            "and doubles the step as well.",
            sum(k for k, _ in STACK),
        ),
        Mistake(
            "The kernel sizes were multiplied: the fields of neighbours overlap.", 5 * 2 * 3 * 3
        ),
        Mistake(
            "The pooling's own window was counted in steps of its stride: that holds only for the "
            "layers behind it.",
            1 + 4 + 1 * 2 + 2 * 2 + 2 * 2,
        ),
        Mistake(
            "Each layer was given K steps: it adds K − 1, for one of its cells was seen before.",
            1 + 5 + 2 + 3 * 2 + 3 * 2,
        ),
    ),
)


# 03.2: which rows does a cell see?

SIZE, STEP, PAD, ROW = 40, 8, 12, 5

rows_of_cell = Exercise(
    number="03.2",
    title="Which rows does a cell see?",
    stars=1,
    task="The field of a layer has size 40, stride 8 and padding 12. Which rows of the image does "
    "a cell in row 5 see (rows are counted from 0)? Answer with (first row, last row).",
    hints=(
        "Where does the field of the cell in row 0 begin?",
        "The last row is the first one plus the size, minus one.",
    ),
    solution=(-PAD + ROW * STEP, -PAD + ROW * STEP + SIZE - 1),
    insight="Padding says where the first field begins, stride how far it moves, size how far it "
    "reaches.",
    mistakes=(
        Mistake(
            "The first row is right; the second number is the row behind the last one.",
            (-PAD + ROW * STEP, -PAD + ROW * STEP + SIZE),
        ),
        Mistake(
            "That is the cell above: rows are counted from 0.",
            (-PAD + (ROW - 1) * STEP, -PAD + (ROW - 1) * STEP + SIZE - 1),
        ),
        Mistake(
            "The padding was added: it pulls the field up, out of the image.",
            (PAD + ROW * STEP, PAD + ROW * STEP + SIZE - 1),
        ),
        Mistake(
            "The stride is missing: from cell to cell the field moves by more than a pixel.",
            (-PAD + ROW, -PAD + ROW + SIZE - 1),
        ),
        Mistake(
            "The padding is missing: the first field begins above the image.",
            (ROW * STEP, ROW * STEP + SIZE - 1),
        ),
    ),
)


# 03.3: the field, with dilation


def field_of(stack):
    size, step = 1, 1
    for kernel_size, strides, dilation_rate in stack:
        size += (kernel_size - 1) * dilation_rate * step
        step *= strides
    return size, step


def field_from_above(stack):
    """From the last layer to the image: how many cells of the layer below are seen."""
    size, step = 1, 1
    for kernel_size, strides, dilation_rate in stack[::-1]:
        size = (size - 1) * strides + dilation_rate * (kernel_size - 1) + 1
        step *= strides
    return np.array([size, step])


def field_of_whole_spans(stack):
    size, step = 1, 1
    for kernel_size, strides, dilation_rate in stack:
        size += kernel_size * dilation_rate * step
        step *= strides
    return size, step


def field_of_stretched_kernels(stack):
    return field_of([(k * d, s, 1) for k, s, d in stack])


def field_stride_first(stack):
    size, step = 1, 1
    for kernel_size, strides, dilation_rate in stack:
        step *= strides
        size += (kernel_size - 1) * dilation_rate * step
    return size, step


def field_dilation_stays(stack):
    size, step = 1, 1
    for kernel_size, strides, dilation_rate in stack:
        step *= dilation_rate
        size += (kernel_size - 1) * step
        step *= strides
    return size, step


def field_added_strides(stack):
    size, step = 1, 1
    for kernel_size, strides, dilation_rate in stack:
        size += (kernel_size - 1) * dilation_rate * step
        step += strides - 1
    return size, step


field_size = Exercise(
    number="03.3",
    title="The field, with dilation",
    stars=2,
    task="Write field_of(stack): (size, stride) of the receptive field of a stack of (kernel_size, "
    "strides, dilation_rate), first layer first.",
    hints=(
        "field_size of section 1 does nearly all of it. How far does a dilated kernel reach?",
        "A kernel with dilation d reaches d·(K − 1) cells further than its first one.",
        "Dilation makes the kernel wider, not the map smaller: the step of the layers behind "
        "stays.",
    ),
    solution=field_of,
    insight="Dilation widens one layer; a stride widens every layer behind it.",
    mistakes=(
        Mistake(
            "The dilation is not used.", lambda stack: field_of([(k, s, 1) for k, s, _ in stack])
        ),
        Mistake(
            "A layer was given d·K cells: it adds d·(K − 1), the distance from the first to the "
            "last.",
            field_of_whole_spans,
        ),
        Mistake(
            "A dilated kernel was taken to span d·K cells: behind its last weight nothing is left "
            "out any more.",
            field_of_stretched_kernels,
        ),
        Mistake(
            "The stride of a layer already counts for the layer itself: it holds only for those "
            "behind it.",
            field_stride_first,
        ),
        Mistake(
            "The dilation of a layer still counts for the layers behind it: it does not move cells "
            "apart.",
            field_dilation_stays,
        ),
        Mistake("The strides are added up: they multiply.", field_added_strides),
    ),
    cases=(
        ([(3, 1, 1), (3, 1, 1)],),
        ([(5, 2, 1), (3, 1, 2), (2, 3, 1), (3, 1, 1)],),
        ([(3, 1, 2), (3, 2, 4), (4, 2, 1), (3, 1, 1)],),
        ([(3, 1, 1), (1, 2, 1), (3, 1, 1)],),
        ([],),
    ),
    alternatives=(field_from_above,),
)


# 03.4: far without gaps

WANTED = 27


def span_and_gaps(rates):
    """Verdicts on three 3-wide layers with these dilation rates, along one axis."""
    given = np.asarray(rates)
    if isinstance(rates, tuple | list) and any(isinstance(rate, bool) for rate in rates):
        given = given.astype(bool)
    if given.dtype.kind not in "iuf" or (given != given.round()).any() or (given < 1).any():
        raise ValueError(
            f"dilation rates are whole numbers from 1 on: got {str(rates)[:40]}. Write (a, b, c)."
        )
    if given.shape != (3,):
        got = f"numbers in the shape {given.shape}" if given.ndim > 1 else given.size
        raise ValueError(f"three rates are asked for, one per layer: got {got}. Write (a, b, c).")
    weights = np.ones(1)
    for rate in given.astype(int):
        spread = np.zeros(2 * rate + 1)
        spread[::rate] = 1
        weights = np.convolve(weights, spread)
    verdict = "too small" if weights.size < WANTED else "too large"
    return {
        "span": "as wanted" if weights.size == WANTED else verdict,
        "gaps": "some" if (weights == 0).any() else "none",
    }


without_gaps = Exercise(
    number="03.4",
    title="Far without gaps",
    stars=3,
    task="Three layers of 3×3. Find their three dilation rates such that the last output spans 27 "
    "pixels along each axis and sees every one of them. Answer with a tuple.",
    hints=(
        "Each rate adds twice itself to the span. So what must the three rates add up to?",
        "The first layer should leave no gap. How far apart may the cells of the second then be, "
        "if neighbouring fields are just to touch?",
        "Behind a layer that sees n pixels without a gap, rate n puts three such stretches side by "
        "side.",
    ),
    solution=(1, 3, 9),
    insight="Each rate is what the layers before see: the stretches touch, none is seen twice, and "
    "the span triples with each layer.",
    mistakes=(
        Mistake(
            "There are no gaps, but the span is too small: the rates can grow faster.", (1, 2, 4)
        ),
        Mistake("The span is right, but a jump is too wide: pixels are skipped.", (1, 4, 8)),
        Mistake(
            "Too far, and with gaps: the rates add up to more than is needed, and pixels are "
            "skipped.",
            (3, 9, 27),
        ),
        Mistake(
            "Too small, and with gaps: the rates add up to less than is needed, and still some "
            "pixels are skipped.",
            (2, 2, 2),
        ),
    ),
    view=span_and_gaps,
    alternatives=((9, 3, 1), [3, 1, 9], np.array([1, 9, 3])),
)


# 03.5: a network on a budget


def network(blocks, convolutions=1, more=2, filters=16):
    """So many blocks of convolutions and a pooling, and more convolutions behind them."""
    import keras
    from keras import layers

    def convolution():
        return layers.Conv2D(filters, 3, padding="same", activation="relu")

    block = [*[convolution] * convolutions, layers.MaxPooling2D]
    stack = [make() for make in block * blocks + [convolution] * more]
    return keras.Sequential([keras.Input((128, 160, 3)), *stack])


def design():
    import keras
    from keras import layers

    stack = []
    for _ in range(4):
        stack.append(layers.Conv2D(16, 3, padding="same", activation="relu"))
        stack.append(layers.MaxPooling2D())
    stack.append(layers.Conv2D(16, 3, padding="same", activation="relu"))
    stack.append(layers.Conv2D(16, 3, padding="same"))
    return keras.Sequential([keras.Input((128, 160, 3)), *stack])


def design_dilated():
    import keras
    from keras import layers

    convolutions = [
        layers.Conv2D(16, 3, padding="same", dilation_rate=2**i, activation="relu")
        for i in range(6)
    ]
    return keras.Sequential([keras.Input((128, 160, 3)), *convolutions])


def design_strided():
    import keras
    from keras import layers

    image = x = keras.Input((128, 160, 3))
    for _ in range(3):
        x = layers.Conv2D(12, 5, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(6, 9, padding="same")(layers.Conv2D(6, 1)(x))
    return keras.Model(image, layers.Conv2D(16, 1)(x))


def design_whole_image():
    """Every cell is weighted by what the whole image holds: squeeze and excitation."""
    import keras
    from keras import layers

    image = keras.Input((128, 160, 3))
    x = layers.Conv2D(16, 5, strides=4, padding="same", activation="relu")(image)
    share = layers.GlobalAveragePooling2D(keepdims=True)(x)
    share = layers.Conv2D(16, 1, activation="sigmoid")(share)
    return keras.Model(image, layers.Conv2D(16, 1)(layers.Multiply()([x, share])))


def design_full_of_gaps():
    import keras
    from keras import layers

    wide = layers.Conv2D(16, 3, padding="same", dilation_rate=50)
    return keras.Sequential([keras.Input((128, 160, 3)), wide])


def design_one_window():
    import keras
    from keras import layers

    window = layers.MaxPooling2D(100, strides=1, padding="same")
    return keras.Sequential([keras.Input((128, 160, 3)), window, layers.Conv2D(16, 1)])


def design_one_block_more():
    return network(5, more=1)


def design_pooled_away():
    import keras
    from keras import layers

    model = design()
    pooled = layers.GlobalAveragePooling2D(keepdims=True)(model.outputs[0])
    return keras.Model(model.inputs, pooled)


def design_padded_at_the_end():
    import keras
    from keras import layers

    model = design_one_block_more()
    padded = layers.ZeroPadding2D(((2, 2), (3, 2)))(model.outputs[0])
    return keras.Model(model.inputs, padded)


def design_flattened():
    import keras
    from keras import layers

    model = design()
    return keras.Model(model.inputs, layers.Flatten()(model.outputs[0]))


def no_arguments():
    """One case. Keras is loaded here, where no time limit runs."""
    import keras  # noqa: F401

    return ((),)


budget = Exercise(
    number="03.5",
    title="A network on a budget",
    stars=3,
    task="Write design(): a Keras network for images of 128×160×3. Its last layer is a map of 16 "
    "channels and at least 8×10 cells, each of which sees at least 100 pixels along both axes, and "
    "reads as many. No kernel and no pooling window is larger than 9×9, and there are at most "
    "15,000 parameters.",
    hints=(
        "receptive_field(model) and model.count_params() say how far you are.",
        "A 3×3 convolution from 16 to 16 channels has 2,320 parameters: you can afford about six.",
        "How many poolings leave 8×10 cells of 128×160 pixels? Put them between the convolutions.",
    ),
    solution=design,
    insight="Poolings, strides and dilation make the field grow by multiplication, and cost no "
    "parameter.",
    mistakes=(
        Mistake(
            "The field is too small: a 3×3 layer adds two pixels times all strides before it, so "
            "strides, poolings or dilation must come early enough, and often enough.",
            lambda: network(0, more=6),
        ),
        Mistake(
            "It sees far enough, but has too many parameters: poolings are free, convolutions are "
            "not.",
            lambda: network(4, convolutions=2, more=1),
        ),
        Mistake(
            "Too few cells are left: each pooling or stride of 2 halves the map, and without "
            "padding each convolution takes some more.",
            design_one_block_more,
        ),
        Mistake(
            "All is well but the last layer, which has another number of channels than asked for.",
            lambda: network(4, filters=8),
        ),
        Mistake(
            "A global pooling sees the whole image, but it leaves a single cell, which cannot say "
            "where something is.",
            design_pooled_away,
        ),
        Mistake(
            "Some cells of the map read no pixel, only the zeros of a padding: they can say "
            "nothing of the image.",
            design_padded_at_the_end,
        ),
        Mistake("The output is no map any more.", design_flattened),
        Mistake(
            "The fields span enough pixels, but most of these are not read: a dilated kernel reads "
            "K pixels along an axis, however far apart they are.",
            design_full_of_gaps,
        ),
        Mistake(
            "One window sees it all, which is the question, not the answer: it must be 9×9 at "
            "most.",
            design_one_window,
        ),
    ),
    cases=no_arguments,
    view=verdicts_on_field,
    alternatives=(design_dilated, design_strided, design_whole_image),
)

EXERCISES = (size_of_stack, rows_of_cell, field_size, without_gaps, budget)
