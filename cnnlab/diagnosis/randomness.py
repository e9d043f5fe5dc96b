"""Rules about answers that are drawn: the same pictures get others each time."""

import inspect

import numpy as np

from cnnlab.diagnosis.finding import Finding, in_place_of, made_anew, several
from cnnlab.reading import layer_windows


def random_at_test_time(case):
    """The same pictures get other answers each time: something random goes on in prediction.

    Example:
        augment = layers.Lambda(
            lambda x: x + keras.random.normal((1, 8, 12, 1), stddev=0.5), name="augment"
        )
        model = keras.Sequential([
            keras.Input((8, 12, 1)), augment, layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for answers, again in case.run.again:
        apart = np.abs(answers - again)
        if not np.isfinite(apart).all() or apart.max() <= 1e-3 * max(np.abs(answers).max(), 1e-6):
            continue
        suspects = [n for n in case.calls if n.kind == "Lambda" or "." in n.kind]
        where = suspects[0].address if suspects else case.model.name
        evidence = "asked twice as in `predict`, the model's answers differ by up to "
        evidence += f"{apart.max():.2g}"
        name = suspects[0].layer.name if suspects else where
        yield Finding(where, evidence, in_place_of("layers.GaussianNoise(0.1)", name))
        return


def random_where_called(case):
    """A layer that was called with training=True is random in `model(images)`, not in `predict`.

    `fit`, `evaluate` and `predict` tell every layer what they do, which counts more. Augmentation
    is random there without having been told.

    Example:
        image = keras.Input((8, 12, 1))
        x = layers.GaussianNoise(0.2, name="noise")(image, training=True)
        x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu")(x))
        model = keras.Model(image, layers.Dense(3)(x))
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    drops = layer_windows.ONLY_IN_TRAINING
    told = [n for n in case.calls if n.training and n.kind in drops and not _by_itself(n.layer)]
    apart = max((np.abs(a - b).max() for a, b in case.run.as_called), default=0.0)
    most = max((np.abs(a).max() for a, _ in case.run.as_called), default=0.0)
    here = told and not any("/" in node.address for node in told)  # not in a model inside
    if here and apart > 1e-3 * max(most, 1e-6):
        evidence = f"{several([n.address for n in told])}: called with training=True; the answers "
        evidence += f"of model(images) differ by up to {apart:.2g} from those of `predict`"
        line = "old = model; model = keras.models.clone_model(model, call_function=lambda layer, "
        line += "*given, training=None, **more: layer(*given, **more)); "
        line += "model.set_weights(old.get_weights())"
        decides = "whether answers are to be drawn, as with Monte Carlo dropout, which calls "
        decides += "model(images) again and again"
        yield Finding(told[0].address, evidence, made_anew(case, line), decides)


def _by_itself(layer):
    """Whether a layer takes a call for one in training where nothing is told: augmentation does."""
    return inspect.signature(layer.call).parameters["training"].default is True
