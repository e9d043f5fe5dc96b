"""Rules about the end of a model: its last activation, its loss, its metric."""

import numpy as np

from cnnlab.diagnosing.finding import Finding, activation_line, compiled_anew, in_place_of
from cnnlab.diagnosing.heads import PROBABILITIES, ending
from cnnlab.reading.logits import always_one
from cnnlab.reading.plausible import is_bounded, shares_of_one

_CUT_AT_0 = {"relu", "relu6", "hard_sigmoid"}
_EXCLUSIVE = ("sparse", "categorical")
_CLASSES = (*_EXCLUSIVE, "binary")


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
    for node in case.calls:
        rank, axis = len(node.output_shape), getattr(node.layer, "axis", -1)
        if node.kind != "Softmax" or not isinstance(axis, int):
            continue
        ends = node.address in {head.activation_at for head in case.heads}
        if axis % rank == 0 or (ends and axis % rank != rank - 1):
            what = "the pictures of a batch" if axis % rank == 0 else f"axis {axis}, of places"
            line = in_place_of("layers.Softmax()", node.layer.name)
            yield Finding(node.address, f"the softmax is over {what}, not over the classes", line)


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
        if named and (head.loss.kind in _CLASSES or below):
            end = "linear" if head.loss.from_logits or below else _fitting(head)
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
        if head.activation in ("tanh", "softsign") and head.loss.kind in _CLASSES:
            end = "linear" if head.loss.from_logits else _fitting(head)
            evidence = f"{head.activation} keeps the answers{head.of_output} between -1 and 1"
            line = activation_line(case, head.activation_at, end)
            yield Finding(head.activation_at, f"{evidence}; the loss is {head.loss.name}", line)


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
        if head.loss.kind not in _CLASSES or head.loss.from_logits:
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
        if head.loss.kind not in _CLASSES or not head.loss.from_logits:
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
        if head.loss.kind in _EXCLUSIVE or (binary and head.units > 2):
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
    return head.units == 1 and head.loss.kind in _EXCLUSIVE


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
    if not any("acc" in name for name, _ in _metrics(case)):
        return False
    classes = np.unique(head.labels)
    return 2 < len(classes) < 50 and np.array_equal(classes, np.arange(len(classes)))


def accuracy_of_logits_cut_at_a_half(case):
    """The accuracy of one unit calls everything above 0.5 class 1; of a logit that is above 0.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(1),
        ])
        images, labels = pictures, (kinds == 0).astype(int)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if len(case.heads) != 1:
        return
    head = case.heads[0]
    cut = [name for name, config in _metrics(case) if _cuts_at_a_half(name, config)]
    if cut and head.loss.kind == "binary" and head.activation == "linear" and head.loss.from_logits:
        evidence = f"{cut[0]} asks whether a logit is above 0.5; class 1 begins at 0"
        yield Finding("compile", evidence, head.compile_line())


def accuracy_of_numbers(case):
    """Accuracy counts answers that are exactly right; a number that is measured never is.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            layers.Dense(8, activation="relu"), layers.Dense(1),
        ])
        images, labels = pictures, pictures.mean(axis=(1, 2, 3))
        model.compile("adam", "mse", metrics=["accuracy"])
    """
    if len(case.heads) != 1 or not _metrics(case):
        return
    head = case.heads[0]
    named = [name for name, _ in _metrics(case) if "accuracy" in name or name == "acc"]
    if named and head.loss.kind == "squared" and head.units == 1 and head.activation == "linear":
        if head.label_kind in ("real", ""):
            evidence = f"{named[0]} of one number, trained with {head.loss.name}"
            line = f"model.compile(model.optimizer, loss={head.loss.name!r}, metrics=['mae'])"
            yield Finding("compile", evidence, line)


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
        if len(head.shape) != 4 or head.labels is None or head.loss.kind not in _CLASSES:
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
        if node.kind not in ("Dense", "Activation", "Softmax") or len(node.output_shape) != 2:
            continue
        readers = [n for n in case.calls if node.address in n.inputs]
        follows = readers and all(n.kind in ("Dense", "Dropout") for n in readers)
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
            line = (
                f"base = model.get_layer({base!r}); base = keras.Model(base.input, "
                f"base.get_layer({layer!r}).output); model = keras.Sequential([base, "
                f"layers.Dense({case.heads[0].units}, activation='softmax')])"
            )
            line += compiled_anew(case)
        yield Finding(node.address, name, line)


def _fitting(head):
    return "sigmoid" if head.units == 1 or head.label_kind == "several" else "softmax"


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


def _metrics(case):
    """(name, its settings) of each metric that the model is compiled with."""
    config = case.model.get_compile_config() if getattr(case.model, "compiled", False) else None
    given = (config or {}).get("metrics") or []
    given = given if isinstance(given, list | tuple) else [given]
    found = []
    for metric in given:
        if isinstance(metric, dict):
            inside = metric.get("config")
            settings = inside if isinstance(inside, dict) else {}
            found.append((settings.get("name", str(inside)), {**settings, **metric}))
        elif isinstance(metric, str):
            found.append((metric.lower(), {}))
    return found


def _cuts_at_a_half(name, config):
    if name in ("accuracy", "acc", "binary_accuracy") and not config:
        return True
    return config.get("class_name") == "BinaryAccuracy" and config.get("threshold", 0.5) == 0.5
