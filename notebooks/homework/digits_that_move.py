"""Exercises of the homework `digits_that_move.ipynb`."""

import math
from functools import cache

import numpy as np

from cnnlab import datasets
from cnnlab.exercises import Exercise, Mistake, require_model

rng = np.random.default_rng(4)


# H4.1: how many steps?


def steps_of(images, batch_size, epochs):
    return -(-images // batch_size) * epochs


def steps_by_counting(images, batch_size, epochs):
    return sum(1 for _ in range(epochs) for _ in range(0, images, batch_size))


def steps_of_full_batches(images, batch_size, epochs):
    return images // batch_size * epochs


def steps_of_one_epoch(images, batch_size, epochs):
    return math.ceil(images / batch_size)


def steps_across_epochs(images, batch_size, epochs):
    return math.ceil(images * epochs / batch_size)


def steps_per_image(images, batch_size, epochs):
    return images * epochs


steps = Exercise(
    number="H4.1",
    title="How many steps?",
    stars=1,
    task="Write steps_of(images, batch_size, epochs): how often does model.fit change the weights? "
    "The last batch of an epoch may be smaller than the others; it counts.",
    hints=(
        "One batch, one step. How many batches are there in one epoch?",
        "A division that is rounded up: math.ceil(a / b), or -(-a // b). Each epoch begins anew.",
    ),
    solution=steps_of,
    insight="Round up, then multiply: every epoch ends with a batch of its own.",
    mistakes=(
        Mistake("The small batch at the end of an epoch is a step, too.", steps_of_full_batches),
        Mistake("That is one epoch.", steps_of_one_epoch),
        Mistake("A batch does not reach over the end of an epoch.", steps_across_epochs),
        Mistake("Images were counted: a step is made once for a whole batch.", steps_per_image),
    ),
    cases=((1442, 32, 6), (100, 25, 3), (9, 2, 5), (7, 32, 4)),
    alternatives=(steps_by_counting,),
)


# H4.2: cross-entropy, for any logits


def cross_entropy(logits, labels):
    logits = logits - logits.max(axis=1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(labels)), labels].mean()


def cross_entropy_by_loops(logits, labels):
    losses = []
    for row, label in zip(logits.tolist(), labels, strict=True):
        highest = max(row)
        total = sum(math.exp(value - highest) for value in row)
        losses.append(highest + math.log(total) - row[label])
    return sum(losses) / len(losses)


def cross_entropy_that_overflows(logits, labels):
    powers = np.exp(logits)
    shares = powers / powers.sum(axis=1, keepdims=True)
    return -np.log(shares[np.arange(len(labels)), labels]).mean()


def cross_entropy_added_up(logits, labels):
    return cross_entropy(logits, labels) * len(labels)


def cross_entropy_in_bits(logits, labels):
    return cross_entropy(logits, labels) / math.log(2)


def cross_entropy_with_its_sign(logits, labels):
    return -cross_entropy(logits, labels)


def cross_entropy_of_the_surest(logits, labels):
    return cross_entropy(logits, logits.argmax(axis=1))


def cross_entropy_down_the_batch(logits, labels):
    logits = logits - logits.max(axis=0)
    logs = logits - np.log(np.exp(logits).sum(axis=0))
    return -logs[np.arange(len(labels)), labels].mean()


def cross_entropy_of_everything(logits, labels):
    return cross_entropy(logits, labels) / logits.shape[1]


loss = Exercise(
    number="H4.2",
    title="Cross-entropy, for any logits",
    stars=2,
    task="Write cross_entropy(logits, labels): the mean over the batch of minus the natural "
    "logarithm of the right class's softmax probability; logits (B, classes), labels (B,) whole "
    "numbers. It must be right for logits of 1000, too.",
    hints=(
        "Softmax does not change if the same number is taken from all logits of a row.",
        "With the row's largest logit taken away, np.exp meets no number above 0.",
        "log(a / b) = log(a) − log(b): no probability needs to be computed.",
    ),
    solution=cross_entropy,
    insight="Take the largest away first: so do Keras and every other library.",
    mistakes=(
        Mistake(
            "Right for small logits; for large ones np.exp overflows, and NaN comes out.",
            cross_entropy_that_overflows,
        ),
        Mistake("The losses of the batch were added, not averaged.", cross_entropy_added_up),
        Mistake("The logarithm is to the base of 2.", cross_entropy_in_bits),
        Mistake("The sign is wrong: a loss is never below 0.", cross_entropy_with_its_sign),
        Mistake(
            "That is the loss of the class that the network names, not of the right one.",
            cross_entropy_of_the_surest,
        ),
        Mistake(
            "The softmax went down the batch: the classes of one image share the probability.",
            cross_entropy_down_the_batch,
        ),
        Mistake(
            "The mean was taken over all classes: an image has one right class.",
            cross_entropy_of_everything,
        ),
    ),
    cases=(
        (rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])),
        (rng.normal(size=(3, 6)).astype("float32"), np.array([5, 0, 2])),
        (np.array([[1000.0, 990, 0], [-1000, 3, 4]]), np.array([1, 2])),
    ),
    alternatives=(cross_entropy_by_loops,),
)


# H4.3: when to stop


def best_and_last(losses, patience):
    best = 0
    for epoch, value in enumerate(losses):
        if value < losses[best]:
            best = epoch
        if epoch - best == patience:
            return best, epoch
    return best, len(losses) - 1


def best_by_waiting(losses, patience):
    best, lowest, waited = None, math.inf, 0
    for epoch, value in enumerate(losses):
        if value < lowest:
            best, lowest, waited = epoch, value, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch


def best_of_all(losses, patience):
    return int(np.argmin(losses)), best_and_last(losses, patience)[1]


def best_one_epoch_later(losses, patience):
    return best_and_last(losses, patience + 1)


def best_counted_from_one(losses, patience):
    return tuple(epoch + 1 for epoch in best_and_last(losses, patience))


def best_against_the_last(losses, patience):
    """Waits for the loss to rise often enough in a row, against the epoch before."""
    waited = 0
    for epoch in range(1, len(losses)):
        waited = 0 if losses[epoch] < losses[epoch - 1] else waited + 1
        if waited == patience:
            return int(np.argmin(losses[: epoch + 1])), epoch
    return int(np.argmin(losses)), len(losses) - 1


def best_as_loss(losses, patience):
    best, last = best_and_last(losses, patience)
    return losses[best], last


def best_without_patience(losses, patience):
    return int(np.argmin(losses)), len(losses) - 1


def best_also_when_equal(losses, patience):
    best = 0
    for epoch, value in enumerate(losses):
        if value <= losses[best]:
            best = epoch
        if epoch - best == patience:
            return best, epoch
    return best, len(losses) - 1


stop = Exercise(
    number="H4.3",
    title="When to stop",
    stars=2,
    task="Write best_and_last(losses, patience): a list of validation losses, an epoch each, "
    "counted from 0. Training ends with the epoch that is the patience-th in a row without a loss "
    "below the lowest so far, or with the last one of the list. Return (best, last): the first "
    "epoch with the lowest loss until then, and the epoch that training ended with.",
    hints=(
        "Walk through the losses and remember the epoch with the lowest one.",
        "epoch - best says for how many epochs nothing better has come.",
        "What stands in the list behind the end of the training has never been computed.",
    ),
    solution=best_and_last,
    insight="Early stopping knows no future: what would have come later is never seen.",
    mistakes=(
        Mistake(
            "The best epoch was searched in losses that come after the end of the training.",
            best_of_all,
        ),
        Mistake("Training goes on for an epoch too long.", best_one_epoch_later),
        Mistake("Epochs are counted from 0.", best_counted_from_one),
        Mistake(
            "Each loss was compared with that of the epoch before: what counts is the lowest so "
            "far.",
            best_against_the_last,
        ),
        Mistake("The first number is a loss: asked for is its epoch.", best_as_loss),
        Mistake("The patience is not looked at.", best_without_patience),
        Mistake(
            "A loss that is only as low as the lowest is no progress.",
            best_also_when_equal,
        ),
    ),
    cases=(
        ([0.9, 0.5, 0.6, 0.55, 0.7, 0.3], 3),
        ([0.9, 0.8, 0.7, 0.6], 2),
        ([0.5, 0.4, 0.4, 0.45, 0.2], 2),
        ([1.0, 0.7, 0.8, 0.75, 0.78, 0.6, 0.65, 0.63, 0.9, 0.1], 3),
        ([0.3, 0.4, 0.2], 1),
        ([0.5, 0.6, 0.7, 0.8, 0.9, 0.1], 2),
    ),
    alternatives=(best_by_waiting,),
)


# H4.4: move a batch


def shifted(images, rows, columns):
    moved = np.zeros_like(images)
    height, width = images.shape[1:3]
    down, right = max(rows, 0), max(columns, 0)
    up, left = max(-rows, 0), max(-columns, 0)
    part = images[:, up : height - down, left : width - right]
    moved[:, down : height - up, right : width - left] = part
    return moved


def shifted_by_padding(images, rows, columns):
    height, width = images.shape[1:3]
    pads = [(0, 0), (abs(rows),) * 2, (abs(columns),) * 2, (0, 0)]
    padded = np.pad(images, pads)
    top, left = abs(rows) - rows, abs(columns) - columns
    return padded[:, top : top + height, left : left + width]


def shifted_around(images, rows, columns):
    return np.roll(images, (rows, columns), axis=(1, 2))


def shifted_back(images, rows, columns):
    return shifted(images, -rows, -columns)


def shifted_exchanged(images, rows, columns):
    return shifted(images, columns, rows)


def shifted_down_only(images, rows, columns):
    return shifted(images, rows, 0)


def shifted_edge(images, rows, columns):
    height, width = images.shape[1:3]
    pads = [(0, 0), (abs(rows),) * 2, (abs(columns),) * 2, (0, 0)]
    padded = np.pad(images, pads, mode="edge")
    top, left = abs(rows) - rows, abs(columns) - columns
    return padded[:, top : top + height, left : left + width]


def shifted_and_cut(images, rows, columns):
    height, width = images.shape[1:3]
    return images[:, max(-rows, 0) : height - max(rows, 0)][
        :, :, max(-columns, 0) : width - max(columns, 0)
    ]


def batch(shape, dtype):
    """Images of random numbers that are not 0."""
    return rng.integers(1, 9, shape).astype(dtype)


move = Exercise(
    number="H4.4",
    title="Move a batch",
    stars=2,
    task="Write shifted(images, rows, columns): images (B, H, W, C), moved down by so many rows "
    "and to the right by so many columns (up and left where the numbers are below 0), of the same "
    "shape and dtype. What leaves is lost, what comes in is 0. No image moves by its whole size.",
    hints=(
        "Begin with np.zeros_like(images) and copy a part of the images into a part of it.",
        "For 2 rows down: moved[:, 2:] = images[:, :-2]. Mind 0: images[:, :-0] is empty.",
        "np.pad and a window cut out of it is the other way.",
    ),
    solution=shifted,
    insight="Five lines of NumPy, and a training set that is as large as you like.",
    mistakes=(
        Mistake(
            "What leaves at one side comes in at the other: np.roll goes round.", shifted_around
        ),
        Mistake("The images move the other way.", shifted_back),
        Mistake("Rows and columns are exchanged.", shifted_exchanged),
        Mistake("Only one of the two moves is made.", shifted_down_only),
        Mistake("What comes in is the last line again: asked for are zeros.", shifted_edge),
        Mistake("The images became smaller.", shifted_and_cut),
    ),
    cases=(
        (batch((2, 5, 7, 1), "float32"), 2, -1),
        (batch((3, 6, 4, 2), "uint8"), -3, 2),
        (batch((1, 4, 9, 3), "float64"), 0, 5),
        (batch((2, 3, 4, 1), "float32"), 1, 0),
    ),
    alternatives=(shifted_by_padding,),
    same_dtype=True,
)


# H4.5: digits that move

TARGET, BUDGET = 0.8, 3_000


@cache
def trained(build, moves=(), epochs=5):
    """The network that `build` makes, trained on the digits and on copies of them, moved."""
    import keras

    train = datasets.load("digits", "train")
    copies = [train.images, *(shifted(train.images, *move) for move in moves)]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = build()
    model.compile(keras.optimizers.Adam(0.01), loss)
    images, labels = np.concatenate(copies), np.tile(train.labels, len(copies))
    model.fit(images, labels, batch_size=64, epochs=epochs, verbose=0)
    return model


def small_reader():
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(12, 5, strides=2, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def trained_network():
    return trained(small_reader, moves=((2, -1), (-2, 1)))


def trained_on_four_moves():
    return trained(small_reader, moves=((2, 1), (-2, -1), (1, -2), (-1, 2)))


def separable_reader():
    import keras
    from keras import layers

    image = keras.Input((28, 28, 1))
    x = layers.Conv2D(12, 3, strides=2, activation="relu")(image)
    x = layers.MaxPooling2D()(x)
    x = layers.SeparableConv2D(40, 3, activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D()(x))
    return keras.Model(image, layers.Dense(10)(x))


def trained_separable():
    return trained(separable_reader, moves=((-2, 0), (1, 2)))


def network_untrained():
    return small_reader()


def network_of_standing_digits():
    return trained(small_reader, epochs=2)


def network_too_large():
    from cnnlab.models import lenet5

    return lenet5()


def network_of_one_output():
    import keras
    from keras import layers

    return keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1)])


def hidden_digits():
    """The test digits, each moved by up to two pixels, and their labels."""
    test = datasets.load("digits", "test")
    moves = np.random.default_rng(45).integers(-2, 3, (len(test.images), 2))
    pairs = zip(test.images[:, None], moves.tolist(), strict=True)
    return np.concatenate([shifted(image, *move) for image, move in pairs]), test.labels


def reached(share, target):
    """An accuracy in words."""
    if share >= target:
        return "enough"
    return "like guessing" if share <= 0.25 else "too few"


def verdicts(model):
    """What is asked for of the network."""
    require_model(model, (28, 28, 1))
    if model.count_params() > BUDGET:
        return {"parameters": "too many"}
    if len(model.outputs) != 1 or tuple(model.output_shape[1:]) != (10,):
        return {"parameters": "within the budget", "output": "not ten numbers"}
    images, labels = hidden_digits()
    named = np.asarray(model(images)).argmax(axis=1)
    return {
        "parameters": "within the budget",
        "output": "ten numbers",
        "hidden digits named rightly": reached((named == labels).mean(), TARGET),
    }


def ready():
    """One case. Keras is loaded here, and the solution trained, where no time limit runs."""
    trained_network()
    return ((),)


moving = Exercise(
    number="H4.5",
    title="Digits that move",
    stars=3,
    task="Write trained_network(): it returns a Keras network with at most 3,000 parameters that "
    "makes ten logits of a digit of 28×28×1, and that you have trained. At least 80% of 355 digits "
    "that it has not seen, each moved by up to two pixels in both directions, must be named "
    "rightly. Layers, training and data are free; a minute is the limit.",
    hints=(
        "Where do the parameters sit? layer_table(model) says it. Pool before you flatten.",
        "Keep digits aside, move them, and measure: is the network bad at digits, or at moved "
        "digits?",
        "A network has to see moved digits while it learns: trained(build, moves=...).",
    ),
    solution=trained_network,
    insight="Pooling forgives a pixel or two; the rest the network has to be shown.",
    mistakes=(
        Mistake("More than 3,000 parameters: most sit in the dense layers.", network_too_large),
        Mistake(
            "It does no better than guessing: see that it is trained, and that the trained one "
            "comes back.",
            network_untrained,
        ),
        Mistake(
            "It learned something, but names too few of the moved digits: see how many it names "
            "where they stand still.",
            network_of_standing_digits,
        ),
        Mistake("The output is not ten numbers, one for each digit.", network_of_one_output),
    ),
    cases=ready,
    view=verdicts,
    alternatives=(trained_on_four_moves, trained_separable),
    seconds=60,
)

EXERCISES = (steps, loss, stop, move, moving)
