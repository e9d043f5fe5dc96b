"""Rules about a loss that does not fit the end of the model."""

import numpy as np

from cnnlab.diagnosis.finding import Finding, activation_line, in_place_of, started_anew
from cnnlab.diagnosis.heads import CLASSES, EXCLUSIVE, PROBABILITIES
from cnnlab.diagnosis.metrics import compiled_metrics
from cnnlab.diagnosis.run import loss_of
from cnnlab.reading.plausible import is_bounded, shares_of_one


def logits_without_from_logits(case):
    """Logits may be negative or above 1; a loss that takes them for probabilities cuts them off.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for number, head in enumerate(case.heads):
        if head.loss.kind not in CLASSES or head.loss.from_logits:
            continue
        seen = _values(case, number) if head.activations is None else None
        outside = seen is not None and (seen.min() < 0 or seen.max() > 1)
        if head.activation == "linear" or outside:
            if is_one_for_several(head):
                continue
            evidence = f"the answers{head.of_output} are logits"
            if seen is not None:
                evidence += f", {seen.min():.2g} to {seen.max():.2g}"
            evidence += f", and {head.loss.name} has from_logits=False"
            yield Finding("compile", evidence, head.compile_line())


def probabilities_with_from_logits(case):
    """A loss with from_logits=True applies a softmax or sigmoid itself: then it is done twice.

    Where the softmax is the very last operation, Keras notices in `fit`, warns and puts it right;
    behind a Reshape, in your own training loop or on another backend it does not.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for number, head in enumerate(case.heads):
        if head.loss.kind not in CLASSES or not head.loss.from_logits:
            continue
        name = head.activation if head.activation in PROBABILITIES else ""
        if not name and head.activations is None and _made_between_0_and_1(case, number):
            name = "its last operation"
        if name and not (head.units == 1 and name == "softmax"):
            evidence = f"{name} already makes probabilities{head.of_output}, and {head.loss.name} "
            loss = head.fitting_loss.replace("from_logits=True", "from_logits=False")
            yield Finding("compile", f"{evidence}has from_logits=True", head.compile_line(loss))


def sigmoid_for_exclusive_classes(case):
    """A sigmoid answers each class for itself; where one of them is right, a softmax compares them.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="sigmoid"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        several = head.units and head.units > 1
        if not several or head.activation != "sigmoid" or head.loss.from_logits:
            continue
        binary = head.loss.kind == "binary" and head.label_kind in ("one-hot", "numbers")
        if head.loss.kind in EXCLUSIVE or (binary and head.units > 2):
            if head.label_kind == "several":
                continue
            evidence = f"{head.units} sigmoids{head.of_output}, with {head.loss.name}"
            if binary:
                evidence += ", and each picture belongs to one class only"
            line = activation_line(case, head.activation_at, "softmax")
            if binary:
                loss = head.fitting_loss
                line = line.split("; ")[0] + f"; {head.compile_line(loss)}"
            yield Finding(head.activation_at, evidence, line)


def softmax_with_a_binary_loss(case):
    """The binary loss counts every class by itself, and so does its accuracy: 0.9 is guessing.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, keras.utils.to_categorical(kinds)
        model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    """
    for head in case.heads:
        many = head.units and head.units > 2
        if head.loss.kind == "binary" and head.activation == "softmax" and many:
            if head.label_kind == "several":
                continue
            evidence = f"a softmax over {head.units} classes{head.of_output}, with {head.loss.name}"
            evidence += f": an answer of 0 everywhere counts as {1 - 1 / head.units:.0%} right"
            yield Finding("compile", evidence, head.compile_line())


def one_unit_for_several(case):
    """One unit can tell two classes apart, by a sigmoid and the binary loss.

    A categorical loss compares the classes of one row; in a row of one there is nothing to compare.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(1, activation="sigmoid"),
        ])
        images, labels = pictures, (kinds == 0).astype(int)
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if is_one_for_several(head) and head.activation != "softmax":
            evidence = f"1 unit{head.of_output}, with {head.loss.name}, which compares units"
            yield Finding("compile", evidence, head.compile_line())


def is_one_for_several(head):
    """Whether one unit stands before a loss that compares units."""
    return head.units == 1 and head.loss.kind in EXCLUSIVE


def labels_smoothed_away(case):
    """label_smoothing is the share of each label that all classes get alike: 0.9 leaves a tenth.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, keras.utils.to_categorical(kinds)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.9)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        share = head.loss.smoothing
        if head.loss.kind not in CLASSES or not share >= 0.5 or not head.units:
            continue
        count = max(head.units, 2)
        evidence = f"label_smoothing={share:g}: of {count} classes the right one is worth "
        evidence += f"{1 - share + share / count:.2g}{head.of_output}, each other one "
        evidence += f"{share / count:.2g}; usual is 0.1"
        loss = head.fitting_loss.replace(")", ", label_smoothing=0.1)")
        decides = "" if share >= 1 else "the accuracy in validation with 0.1"
        yield Finding("compile", evidence, head.compile_line(loss), decides)


def loss_that_rewards_wrong_answers(case):
    """A loss is made small: what is best at 1, such as Dice or the IoU, drives answers away.

    Example:
        def dice(truth, answer):
            both = keras.ops.sum(truth) + keras.ops.sum(answer)
            return 2 * keras.ops.sum(truth * answer) / (both + 1)

        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ])
        images, labels = pictures, (pictures > 0.5).astype("float32")
        model.compile("adam", dice)
    """
    head = case.heads[0]
    own = head.loss.name and not head.loss.kind and head.activation in PROBABILITIES
    if len(case.heads) != 1 or not own or not case.run.answers or head.labels is None:
        return
    shape = case.run.answers[0].shape
    if len(head.labels) <= max(case.rows) or head.labels.dtype.kind not in "biuf":
        return
    truth = head.labels[case.rows].astype("float32")
    if truth.size != np.prod(shape) or not np.isin(truth, (0, 1)).all() or np.ptp(truth) == 0:
        return
    truth = truth.reshape(shape)
    right, wrong = (loss_of(case.model, head, truth, answer) for answer in (truth, 1 - truth))
    if right is None or wrong is None or not right > wrong + 1e-3 * abs(wrong):
        return
    evidence = f"{head.loss.name} gives {right:.3g} where every answer is right, and {wrong:.3g} "
    evidence += "where every answer is wrong: training makes it small"
    turned = "lambda truth, answer: 1 - loss(truth, answer)"
    line = started_anew(case).replace(", loss", f", {turned}")
    yield Finding("compile", evidence, line)


def squared_error_of_classes(case):
    """The squared error of probabilities is flat where the network is sure and wrong.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, keras.utils.to_categorical(kinds)
        model.compile("adam", "mse", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.loss.kind != "squared":
            continue
        numbers = head.label_kind == "numbers" and head.units and head.units > 1
        flat = len(head.shape) == 2
        if flat and numbers and head.labels.size == len(head.labels):
            evidence = f"{head.units} units{head.of_output}, {head.loss.name}, and class numbers: "
            evidence += "every unit is drawn to the number of the class"
            yield Finding("compile", evidence, head.compile_line())
        elif flat and _numbers_of_classes(case, head):
            count = int(head.labels.max()) + 1
            evidence = (
                f"1 unit{head.of_output} with {head.loss.name} for {count} classes, and their "
            )
            evidence += "accuracy is measured: class 1 is no mean of the classes 0 and 2"
            loss = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
            name = f"{head.weighted.split('/')[-1]}; compile with {loss}"
            yield Finding(head.weighted, evidence, in_place_of(f"layers.Dense({count})", name))
        elif head.activation == "softmax" or (
            flat and head.activation == "sigmoid" and head.label_kind in ("numbers", "one-hot")
        ):
            evidence = f"{head.activation}{head.of_output} with {head.loss.name}, whose gradient "
            evidence += "vanishes where the answer is sure and wrong"
            decides = "the accuracy after equally many epochs with a crossentropy"
            yield Finding("compile", evidence, head.compile_line(), decides)


def _numbers_of_classes(case, head):
    """Whether one number is trained on the numbers of several classes."""
    if head.units != 1 or head.label_kind != "numbers" or not head.weighted:
        return False
    if not any("acc" in kind.lower() for kind, _ in compiled_metrics(case)):
        return False
    classes = np.unique(head.labels)
    return 2 < len(classes) < 50 and np.array_equal(classes, np.arange(len(classes)))


def _values(case, number):
    """The answers of one output, or None."""
    answers = case.run.answers
    return answers[number] if number < len(answers) and answers[number].size else None


def _made_between_0_and_1(case, number):
    """Whether an output that cannot be read is made so that it lies between 0 and 1."""
    values = _values(case, number)
    if values is None or values.min() < 0 or values.max() > 1:
        return False
    if values.shape[-1] > 1 and shares_of_one(values):
        return True
    try:
        return is_bounded(case.batch, number if len(case.heads) > 1 else None)
    except ValueError as error:
        return "probabilities" in str(error)
