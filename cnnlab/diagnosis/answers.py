"""Rules about the last activation of a model, and about a softmax where none belongs."""

import numpy as np

from cnnlab.diagnosis.finding import (
    Finding,
    activation_line,
    in_place_of,
    made_anew,
    started_anew,
)
from cnnlab.diagnosis.heads import CLASSES, EXCLUSIVE, PROBABILITIES, ending
from cnnlab.diagnosis.losses import squared_error_of_classes
from cnnlab.diagnosis.memory import untouched_since_start
from cnnlab.diagnosis.structure import dropout_behind_the_answer
from cnnlab.reading.logits import always_one

_READ_ROWS = {"Dense", "Dropout"}
_READ_MAPS = {
    "Conv2D",
    "MaxPooling2D",
    "AveragePooling2D",
    "Dropout",
    "SpatialDropout2D",
    "Flatten",
}
_CUT_AT_0 = {"relu", "relu6", "hard_sigmoid"}
_REACH = {"sigmoid": (0, 1), "softmax": (0, 1), "tanh": (-1, 1), "softsign": (-1, 1)}


def softmax_over_one_unit(case):
    """A softmax makes its numbers add up to 1; a single one is 1.0 for every picture.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(1, activation="softmax"),
        ])
        images, labels = pictures, (kinds == 0).astype(int)
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        last = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}.get(head.activation)
        if always_one(head.units, last):
            evidence = f"a softmax over 1 unit{head.of_output} is 1.0, whatever the picture"
            yield Finding(
                head.activation_at,
                evidence,
                activation_line(case, head.activation_at, "sigmoid"),
            )


def softmax_twice(case):
    """The second softmax gets numbers from 0 to 1 and makes nearly equal ones of them.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
            layers.Softmax(name="again"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        squashing = [name for name in head.activations or () if name in PROBABILITIES]
        if len(squashing) > 1:
            most = 1 if head.activation == "sigmoid" else None
            evidence = f"{' and then '.join(head.activations)}: the second reads numbers 0 to 1"
            if head.units and head.units > 1 and not most:
                largest = 2.71828 / (2.71828 + head.units - 1)
                evidence += f", so no class can get more than {largest:.2f}"
            yield Finding(
                head.activation_at,
                evidence,
                activation_line(case, head.activation_at, "linear"),
            )


def softmax_over_the_wrong_axis(case):
    """A softmax over the pictures of a batch lets them share 1, instead of the classes of each.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3), layers.Softmax(axis=0, name="end"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    told = False
    for node in case.calls:
        rank, axis = len(node.output_shape), getattr(node.layer, "axis", -1)
        if node.kind != "Softmax" or not isinstance(axis, int):
            continue
        ends = node.address in {head.activation_at for head in case.heads}
        if axis % rank == 0 or (ends and axis % rank != rank - 1):
            what = "the pictures of a batch" if axis % rank == 0 else f"axis {axis}, of places"
            line = in_place_of("layers.Softmax()", node.layer.name)
            told = True
            yield Finding(node.address, f"the softmax is over {what}, not over the classes", line)
    if not told and len(case.heads) == 1 and _shares_of_the_batch(case.run.answers):
        head = case.heads[0]
        evidence = f"the answers to {len(case.rows)} pictures add up to 1 for every class, those "
        evidence += "to one picture do not: the softmax is over the pictures of a batch"
        line = in_place_of("layers.Softmax()", case.graph[head.address].layer.name)
        yield Finding(head.address, evidence, line)


def _shares_of_the_batch(answers):
    """Whether answers (B, units) are shares of 1 over the pictures, and not over the units."""
    if len(answers) != 1 or answers[0].ndim != 2 or min(answers[0].shape) < 2:
        return False
    over_pictures, over_units = answers[0].sum(axis=0), answers[0].sum(axis=1)
    shares = answers[0].min() >= 0 and np.allclose(over_pictures, 1, atol=1e-4)
    return bool(shares and not np.allclose(over_units, 1, atol=1e-2))


def relu_on_the_output(case):
    """A ReLU cuts off all that speaks against a class; the answers below 0 get no gradient.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="relu"),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        named = [name for name in head.activations or () if name in _CUT_AT_0]
        below = head.label_kind == "real" and head.labels.min() < 0
        if named and (head.loss.kind in CLASSES or below):
            follows = head.activations[-1] not in _CUT_AT_0  # such as a softmax behind a ReLU
            end = "linear" if head.loss.from_logits or below or follows else _fitting(head)
            evidence = f"{named[-1]} sets every answer{head.of_output} below 0 to 0"
            if below:
                evidence += f", and labels go down to {head.labels.min():g}"
            where = head.activation_at if len(head.activations) == 1 else head.weighted
            yield Finding(where, evidence, activation_line(case, where, end))


def tanh_on_the_output(case):
    """Answers between -1 and 1 are no probabilities, and as logits they can never be sure.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="tanh"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.activation in ("tanh", "softsign") and head.loss.kind in CLASSES:
            end = "linear" if head.loss.from_logits else _fitting(head)
            evidence = f"{head.activation} keeps the answers{head.of_output} between -1 and 1"
            line = activation_line(case, head.activation_at, end)
            yield Finding(head.activation_at, f"{evidence}; the loss is {head.loss.name}", line)


def answers_that_cannot_reach_the_labels(case):
    """A sigmoid answers from 0 to 1: what lies beyond is out of reach, however long it learns.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(2, activation="sigmoid"),
        ])
        images = pictures
        labels = np.stack([pictures.argmax(axis=2).mean(axis=(1, 2)), 12.0 * kinds], axis=1)
        model.compile("adam", "mse", metrics=["mae"])
    """
    if any(squared_error_of_classes(case)):
        return  # told there: such labels are classes
    for head in case.heads:
        reach = _REACH.get(head.activation)
        if reach is None or head.labels is None or head.loss.kind != "squared":
            continue
        if head.labels.dtype.kind not in "biuf" or not np.isfinite(head.labels).all():
            continue
        low, high = float(head.labels.min()), float(head.labels.max())
        slack = 0.05 * (reach[1] - reach[0])
        if reach[0] - slack <= low and high <= reach[1] + slack:
            continue
        evidence = f"{head.activation} answers{head.of_output} from {reach[0]:g} to {reach[1]:g}, "
        evidence += f"and labels go from {low:.3g} to {high:.3g}"
        line = activation_line(case, head.activation_at, "linear")
        yield Finding(head.activation_at, evidence, line)


def measured_numbers_not_scaled(case):
    """Answers start near 0; numbers of thousands lie farther away than the steps reach.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(1),
        ])
        images, labels = pictures, 5000 + 1000 * pictures.mean(axis=(1, 2))
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(images, labels, epochs=5, verbose=0)
    """
    if len(case.heads) != 1 or untouched_since_start(case.layers) is not False:
        return
    head = case.heads[0]
    known = head.label_kind in ("real", "numbers") and head.loss.kind == "squared"
    if not known or head.activation != "linear" or not case.run.answers:
        return
    labels, answers = head.labels.astype(float), case.run.answers[0]
    if not np.isfinite(answers).all() or labels.dtype.kind != "f" or np.isnan(labels).any():
        return
    mean, spread = float(labels.mean()), float(labels.std())
    reached = float(answers.mean())
    if abs(mean) < 100 or abs(mean - reached) < max(spread, 0.5 * abs(mean)):
        return
    evidence = f"labels have mean {mean:.4g} and deviation {spread:.3g}; the answers have reached "
    evidence += f"{reached:.3g}"
    line = "labels = (labels - labels.mean(axis=0)) / labels.std(axis=0); "
    line += f"{started_anew(case)}; history = model.fit(images, labels, epochs=20, verbose=0)"
    yield Finding("labels", evidence, line)


def classes_at_every_place(case):
    """A dense layer on a map works pixel by pixel: it answers at every place, not for the picture.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(name="pool"), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if len(head.shape) != 4 or head.labels is None or head.loss.kind not in CLASSES:
            continue
        per_picture = head.labels.size == len(head.labels)
        per_picture = per_picture or head.labels.shape == (len(head.labels), head.units)
        if not per_picture or not head.weighted:
            continue
        places = "×".join(map(str, head.shape[1:3]))
        before = case.graph[head.weighted].inputs[0]
        name = case.graph[before].layer.name
        line = in_place_of("layers.GlobalAveragePooling2D()", name)
        evidence = f"the answer{head.of_output} has {places} places, and there is one label a "
        yield Finding(head.weighted, f"{evidence}picture", line)


def answers_that_share_more_than_one(case):
    """Shares of the classes add up to 1; a softmax at every place, flattened, gives many times 1.

    The loss reads each number as a class of its own.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(), layers.Dense(3, activation="softmax", name="last"),
            layers.Flatten(),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head, answers in zip(case.heads, case.run.answers, strict=False):
        shares = head.loss.kind in EXCLUSIVE and not head.loss.from_logits
        if not shares or answers.ndim != 2 or head.activation not in ("softmax", ""):
            continue
        total = answers.sum(axis=1)
        outside = not np.isfinite(total).all() or answers.min() < 0 or answers.max() > 1.001
        if outside or np.median(np.abs(total - 1)) < 0.05:
            continue
        if any(softmax_over_the_wrong_axis(case)) or any(dropout_behind_the_answer(case)):
            return  # told there
        evidence = f"{head.units} answers{head.of_output} to a picture add up to "
        evidence += f"{np.median(total):.3g}"
        node = case.graph[head.weighted] if head.weighted else None
        if node is None or len(node.output_shape) != 4:
            where = head.address or "compile"
            line = in_place_of("layers.Softmax()", case.graph[where].layer.name)
            yield Finding(where, evidence, line, "the sum of model.predict(images[:9]), by rows")
            continue
        places, classes = "×".join(map(str, node.output_shape[1:3])), node.output_shape[-1]
        evidence += f": {node.address!r} answers {classes} classes at each of {places} places"
        line = f"layers.Dense({classes}, activation='softmax')"
        line = f"keras.Sequential([layers.Flatten(), {line}])"
        yield Finding(node.address, evidence, in_place_of(line, node.layer.name))


def hidden_softmax(case):
    """A softmax between layers lets hardly more than one number through.

    In front of a new head it is the old head of a trained network: its 1,000 classes are read where
    its features are wanted.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(),
            layers.Dense(16, activation="softmax", name="hidden"),
            layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    ends = {head.weighted for head in case.heads}
    for node in case.calls:
        maps = node.kind == "Conv2D" or len(node.output_shape) == 4
        if node.kind not in ("Dense", "Conv2D", "Activation", "Softmax"):
            continue
        if len(node.output_shape) not in (2, 4):
            continue
        readers = [n for n in case.calls if node.address in n.inputs]
        follows = readers and all(n.kind in (_READ_MAPS if maps else _READ_ROWS) for n in readers)
        if not follows or node.address in ends:
            continue
        found = ending(case.graph, node.address)[0] or ()
        if found[-1:] != ("softmax",):
            continue
        name = f"softmax over {node.output_shape[-1]} numbers in front of {readers[0].address!r}"
        line = activation_line(case, node.address, "relu")
        if "/" in node.address:
            base = node.address.split("/")[0]
            layer = case.graph[node.address].inputs[0].split("/")[-1]
            end = case.heads[0].activation or "softmax"
            line = (
                f"base = model.get_layer({base!r}); base = keras.Model(base.inputs, "
                f"base.get_layer({layer!r}).output); model = keras.Sequential([base, "
                f"layers.Dense({case.heads[0].units}, activation={end!r})])"
            )
            line = made_anew(case, line)
        yield Finding(node.address, name, line)


def _fitting(head):
    return "sigmoid" if head.units == 1 or head.label_kind == "several" else "softmax"
