"""Rules about a metric that cannot measure what the model answers."""

import re

import numpy as np

from cnnlab.diagnosis.finding import Finding, metrics_of, recompiled
from cnnlab.diagnosis.heads import CLASSES, EXCLUSIVE
from cnnlab.reading import private_names

_BY_ROWS = {"categorical_accuracy", "top_k_categorical_accuracy"}
_BY_NUMBERS = {f"sparse_{name}" for name in _BY_ROWS}


def metrics_given_as_loss_weights(case):
    """What stands third in `compile` weighs the losses: metrics need their name, `metrics=`.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    """
    given = private_names.loss_weights(case.model)
    weights = given.values() if isinstance(given, dict) else np.atleast_1d(given or 1)
    wrong = [w for w in weights if not isinstance(w, int | float | np.number)]
    if wrong:
        name = getattr(wrong[0], "name", wrong[0])
        evidence = f"loss_weights={given!r}: a weight is a number, and {name!r} is none"
        yield Finding("compile", evidence, recompiled(case).lstrip("; "))


def metric_that_cannot_measure(case):
    """A metric counts in one way; with other labels or answers than it expects it counts nonsense.

    The word "accuracy" leaves the choice to Keras, which looks at the labels.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, keras.utils.to_categorical(kinds)
        model.compile("adam", "categorical_crossentropy", metrics=[keras.metrics.Accuracy()])
    """
    for number, head in enumerate(case.heads):
        if head.loss.kind not in CLASSES or not head.units:
            continue
        for kind, _ in compiled_metrics(case, number):
            if why := _unfit(kind, head):
                line = f"model.compile(model.optimizer, model.loss{metrics_of(case)})"
                if head.name is not None:
                    line = f"model.compile(model.optimizer, model.loss, metrics={{{head.name!r}: "
                    line += "['accuracy']})"
                yield Finding("compile", f"{kind}{head.of_output} {why}", line)
                break


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
    logits = head.loss.kind == "binary" and head.activation == "linear" and head.loss.from_logits
    cut = [kind for kind, config in compiled_metrics(case) if _cuts_at_a_half(kind, config, head)]
    if cut and logits:
        evidence = f"{cut[0]} asks whether a logit is above 0.5; class 1 begins at 0"
        line = head.compile_line()
        if head.units != 1:
            line = "model.compile(model.optimizer, model.loss, metrics=["
            line += "keras.metrics.BinaryAccuracy(threshold=0)])"
        yield Finding("compile", evidence, line)


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
    if len(case.heads) != 1:
        return
    head = case.heads[0]
    named = [kind for kind, _ in compiled_metrics(case) if "accuracy" in kind]
    if named and head.loss.kind == "squared" and head.units == 1 and head.activation == "linear":
        if head.label_kind in ("real", ""):
            evidence = f"{named[0]} of one number, trained with {head.loss.name}"
            line = f"model.compile(model.optimizer, loss={head.loss.name!r}, metrics=['mae'])"
            yield Finding("compile", evidence, line)


def compiled_metrics(case, number=0):
    """(kind, its settings) of each metric of one output.

    The kind of `"acc"` is "accuracy", which Keras chooses by the labels; that of the class
    `Accuracy`, which asks for equal numbers, is "Accuracy()".
    """
    try:
        config = case.model.get_compile_config() if getattr(case.model, "compiled", False) else None
    except (OSError, TypeError, ValueError):  # a loss of one's own that Keras cannot write down
        return []
    given = (config or {}).get("metrics") or []
    if isinstance(given, dict) and "class_name" not in given:
        name = case.heads[number].name or getattr(case.model, "output_names", ("",))[0]
        given = given.get(name) or []
    elif len(case.heads) > 1:
        given = given[number] if len(given) == len(case.heads) else []
    given = given if isinstance(given, list | tuple) else [given]
    return [_named(metric) for metric in given if isinstance(metric, dict | str)]


def _named(metric):
    if isinstance(metric, str):
        name = _in_words(metric)
        return {"acc": "accuracy"}.get(name, name), {}
    config, kind = metric.get("config"), str(metric.get("class_name"))
    if kind == "function":
        return str(config), {}
    if kind == "Accuracy":
        return "Accuracy()", config
    return _in_words(kind), dict(config or {})


def _in_words(name):
    """The name of a class as that of the function."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _unfit(kind, head):
    """Why a metric cannot measure an output's answers, in words, or ""."""
    exclusive, rows = head.loss.kind in EXCLUSIVE, head.label_kind == "one-hot"
    if kind == "Accuracy()":
        return "asks whether an answer equals the label; answers are no whole numbers"
    if kind == "binary_accuracy" and exclusive and head.units > 1:
        guess = f"counts each of {head.units} numbers by itself"
        return f"{guess}: 0 everywhere is {1 - 1 / head.units:.0%} right"
    if kind in _BY_ROWS | _BY_NUMBERS and head.units == 1:
        return "asks which unit is largest, and there is only one"
    if kind in _BY_NUMBERS and (rows or head.loss.kind == "categorical"):
        return f"expects class numbers, and {_given(rows, 'one-hot rows', head)}"
    if kind in _BY_ROWS and (head.label_kind == "numbers" or head.loss.kind == "sparse"):
        return f"expects one-hot rows, and {_given(not rows, 'class numbers', head)}"
    return ""


def _given(seen, what, head):
    return f"labels are {what}" if seen and head.label_kind else f"{head.loss.name} has {what}"


def _cuts_at_a_half(kind, config, head):
    if kind == "accuracy":
        return head.units == 1
    return kind == "binary_accuracy" and config.get("threshold", 0.5) == 0.5
