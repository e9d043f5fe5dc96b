"""A model in parts, and its heat maps by TensorFlow's tape alone, neither compiled nor read."""

import warnings
from dataclasses import dataclass
from functools import reduce

import keras
import numpy as np
import tensorflow as tf


def run(layers, x):
    """What a list of layers makes of x, one after the other."""
    return reduce(lambda x, layer: layer(x, training=False), layers, x)


@dataclass(frozen=True)
class Parts:
    """A model, and the layers that it is made of.

    Attributes:
        model: made of front, back and end, in whatever form.
        front: layers up to the one whose map is looked at.
        back: layers from there to the logits.
        layer: the address of the last of `front` in the model.
        output: the name of the output that is asked, or None.
    """

    model: keras.Model
    front: list
    back: list
    layer: str
    output: str | None = None

    def asked(self, index):
        return index if self.output is None else (self.output, index)

    def features(self, x):
        return run(self.front, x)

    def logits(self, features):
        """(B, ..., classes) float32; one logit z is two classes, -z and z."""
        logits = tf.cast(run(self.back, features), tf.float32)
        return tf.concat([-logits, logits], -1) if logits.shape[-1] == 1 else logits


def parts(shape, front, back, end=(), form="flat", folder=None, dtype="float32"):
    """The `Parts` of a model for inputs of that shape.

    Args:
        shape: of one input, without the batch.
        front: layers, the last of them named "seen".
        back: further layers, up to the logits.
        end: layers that make probabilities of them.
        form: "flat", "sequential", "nested", "doubly nested", "saved" or "two outputs".
        folder: where to save it.
        dtype: of the input.
    """
    image, layer, output = keras.Input(shape, dtype=dtype, name="given"), "seen", None
    if form == "sequential":
        model = keras.Sequential([image, *front, *back, *end])
    elif form in ("nested", "doubly nested"):
        base = keras.Sequential([keras.Input(shape, dtype=dtype), *front], name="base")
        layer = "base/seen"
        if form == "doubly nested":
            base = keras.Sequential([keras.Input(shape, dtype=dtype), base], name="outer")
            layer = "outer/base/seen"
        model = keras.Model(image, run([base, *back, *end], image))
    elif form == "two outputs":
        features = run(front, image)
        other = keras.layers.Dense(2, name="other")(keras.layers.Flatten()(features))
        asked = keras.layers.Identity(name="asked")(run([*back, *end], features))
        model, output = keras.Model(image, [other, asked]), "asked"
    else:
        model = keras.Model(image, run([*front, *back, *end], image))
    if form == "saved":
        with warnings.catch_warnings(action="ignore"):  # of h5py about NumPy, on saving
            model.save(folder / "model.keras")
            model = keras.saving.load_model(folder / "model.keras")
    return Parts(model, list(front), list(back), layer, output)


def score(case, logits, index, mask):
    """(B,) the class's logit, its mean over the places of a mask where there are any.

    Args:
        case: `Parts`.
        logits: (B, ..., classes).
        index: (B,) classes.
        mask: (B, ...) bool, None for those where the class is the top one; () for classifiers.
    """
    found = []
    for b, cls in enumerate(index):
        if logits.shape.rank == 2:
            found.append(logits[b, cls])
            continue
        here = np.argmax(logits[b], -1) == cls if mask is None else mask[b]
        found.append(tf.reduce_mean(tf.boolean_mask(logits[b][..., cls], here)))
    return tf.stack(found)


def by_features(case, x, index, mask=()):
    """The features of the layer, and the gradient of the score by them."""
    features = case.features(x)
    with tf.GradientTape() as tape:
        tape.watch(features)
        value = score(case, case.logits(features), index, mask)
    gradient = tape.gradient(value, features)
    return tf.cast(features, tf.float32).numpy(), tf.cast(gradient, tf.float32).numpy()


def by_input(case, x, index, mask=()):
    """The gradient of the score by the input."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = score(case, case.logits(case.features(x)), index, mask)
    return tape.gradient(value, x).numpy()


def grad_cam(case, x, index, mask=()):
    """Each map times the mean of its gradient, map by map."""
    features, gradients = by_features(case, x, index, mask)
    return np.stack(
        [
            sum(g[..., k].mean() * f[..., k] for k in range(f.shape[-1]))
            for f, g in zip(features, gradients, strict=True)
        ]
    )


def assert_close(found, expected, tolerance=1e-4):
    """Equal to so many digits, of the largest value at least."""
    assert found.shape == expected.shape
    if tolerance > 1e-3:  # in half precision a ReLU may fall the other way
        assert np.linalg.norm(found - expected) < tolerance * np.linalg.norm(expected)
        return
    room = tolerance / 10 * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=room)
