"""Heat maps and filter patterns against functions written by hand and compiled for one model.

Every round times both, one after the other, so that whatever else the machine does falls on both;
the ratio printed is the median over the rounds. What is written by hand splits the network at the
layer, so that its backward pass goes no further than it must; it returns the raw map only. Beside
them tf-keras-vis, where it is installed (``pip install tf-keras-vis``). Exit status 1 if a budget
is broken.

    python tests/benchmarks/bench_heatmaps.py          VGG16 with a quarter of its filters
    python tests/benchmarks/bench_heatmaps.py --full   VGG16
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from statistics import median
from time import perf_counter

import numpy as np
import tensorflow as tf
from table import row

from cnnlab import heatmaps, models
from cnnlab.gradients import BATCH_SIZE
from cnnlab.patterns import cleaned_slopes, filter_patterns

# "pictures": methods that also make many altered pictures, in NumPy.
BUDGETS = {"vgg16": 1.1, "mnist_cnn": 1.3, "pictures": 1.3}


def seconds(function):
    start = perf_counter()
    function()
    return perf_counter() - start


def ratio(ours, theirs, rounds):
    """The median over rounds of our time by theirs, and our time; both are compiled first."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return median(one / other for one, other in pairs), median(one for one, _ in pairs)


def halves(model, layer):
    """The network up to a layer and behind it, as two functions over its own layers."""
    names = [each.name for each in model.layers]
    behind = names.index(layer) + 1

    def through(stack, x):
        for each in stack:
            x = each(x)
        return x

    below = [each for each in model.layers[:behind] if "input" not in each.name]
    return (lambda x: through(below, x)), (lambda x: through(model.layers[behind:], x))


def by_hand(model, layer, combine):
    """A compiled heat map of each image's top class."""
    lower, upper = halves(model, layer)

    @tf.function(autograph=False)
    def run(x):
        features = lower(x)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(features)
            score = tf.reduce_max(upper(features), axis=1)
        return combine(features, tape.gradient(score, features))

    return lambda x: run(x).numpy()


def weighted(features, weights):
    return tf.reduce_sum(features * weights, -1)


def plus_plus(a, g):
    below = 2 * g**2 + g**3 * tf.reduce_sum(a, (1, 2), keepdims=True)
    weights = tf.math.divide_no_nan(g**2, below) * tf.nn.relu(g)
    return weighted(a, tf.reduce_sum(weights, (1, 2), keepdims=True))


LAYER_METHODS = {
    "grad_cam": lambda a, g: weighted(a, tf.reduce_mean(g, (1, 2), keepdims=True)),
    "grad_cam_plus_plus": plus_plus,
    "layer_cam": lambda a, g: weighted(a, tf.nn.relu(g)),
}


def pixel_gradient(model):
    @tf.function(autograph=False)
    def run(x):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            score = tf.reduce_max(model(x), axis=1)
        return tape.gradient(score, x)

    return run


def tf_keras_vis(model, layer):
    """Its Grad-CAM of class 0, or None where it is not installed."""
    try:
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.utils.scores import CategoricalScore
    except ImportError:
        return None
    gradcam = Gradcam(model, clone=False)
    return lambda x: gradcam(CategoricalScore([0] * len(x)), x, penultimate_layer=layer)


def main():
    full = "--full" in sys.argv
    rng = np.random.default_rng(0)
    vgg16 = models.vgg16(width=1 if full else 0.25, classes=100)
    course = models.mnist_cnn()
    broken = []

    def report(name, what, ours, theirs, rounds):
        first = seconds(ours)
        times, own = ratio(ours, theirs, rounds)
        beside = f"written by hand; {own:.4f} s, first call {first:.2f} s"
        if not row(what, times, BUDGETS[name], "×", beside):
            broken.append(what)

    for name, model, layer, shape, rounds in [
        ("mnist_cnn", course, "conv2", (28, 28, 1), 200),
        ("vgg16", vgg16, "block5_conv3", (224, 224, 3), 5 if full else 25),
    ]:
        for count in (1, 8):
            x = rng.uniform(-1, 1, (count, *shape)).astype("float32")
            turns = 3 * rounds if count == 1 else rounds  # a short time is disturbed more
            for method, combine in LAYER_METHODS.items():
                hand, mine = by_hand(model, layer, combine), getattr(heatmaps, method)
                raw = mine(model, x, None, layer, resize=False, normalise=False)
                largest = np.abs(raw).max()
                np.testing.assert_allclose(raw, hand(x), rtol=1e-3, atol=1e-3 * largest)
                report(
                    name, f"{name} {method}, batch {count}",
                    lambda m=mine, mo=model, x=x: m(mo, x), lambda h=hand, x=x: h(x), turns,
                )  # fmt: skip
            gradient = pixel_gradient(model)
            report(
                name, f"{name} saliency, batch {count}",
                lambda mo=model, x=x: heatmaps.saliency(mo, x),
                lambda g=gradient, x=x: np.abs(g(x)).max(-1), turns,
            )  # fmt: skip
            peer = tf_keras_vis(model, layer)
            if peer is not None:
                hand = by_hand(model, layer, LAYER_METHODS["grad_cam"])
                times, _ = ratio(
                    lambda p=peer, x=x: p(x), lambda h=hand, x=x: h(x), max(3, rounds // 10)
                )
                print(f"  tf-keras-vis Grad-CAM, batch {count}: {times:.1f} ×", flush=True)

    x = rng.uniform(-1, 1, (1, 224, 224, 3)).astype("float32")
    gradient = pixel_gradient(vgg16)
    noise = rng.standard_normal((20, 224, 224, 3)).astype("float32")
    report(
        "pictures", "vgg16 smooth_grad, 20 samples",
        lambda: heatmaps.smooth_grad(vgg16, x, samples=20),
        lambda: np.abs(gradient(x + 0.3 * noise).numpy().mean(0)).max(-1), 7,
    )  # fmt: skip

    lower, _ = halves(vgg16, "block5_conv3")
    channels = np.transpose(lower(x), (3, 1, 2, 0))
    maps = np.split(channels, range(BATCH_SIZE, len(channels), BATCH_SIZE))

    @tf.function(autograph=False)
    def seen_through(part):
        return vgg16(x * tf.image.resize(part, x.shape[1:3]))

    report(
        "pictures", f"vgg16 score_cam, {len(channels)} maps",
        lambda: heatmaps.score_cam(vgg16, x, layer="block5_conv3"),
        lambda: [seen_through(part).numpy() for part in maps], 3,
    )  # fmt: skip

    base = models.vgg16(width=1 if full else 0.25, include_top=False, input_shape=(None, None, 3))
    lower, _ = halves(base, "block4_conv2")
    filters = tf.constant([0, 1, 2, 3])

    @tf.function(autograph=False)
    def slopes(x):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            score = tf.reduce_mean(tf.gather(lower(x), filters, axis=-1, batch_dims=1), (1, 2))
        return tape.gradient(score, x)

    def ascent():
        pictures = np.repeat(noise[:1, :128, :128], 4, axis=0)
        rng = np.random.default_rng(0)
        for _ in range(30):
            cleaned = cleaned_slopes(
                lambda x: (None, slopes(tf.constant(x)).numpy()), pictures, rng
            )
            pictures = pictures + 0.08 * cleaned
        return pictures

    report(
        "vgg16", "vgg16 filter_patterns, 4 filters, 30 steps",
        lambda: filter_patterns(base, "block4_conv2", [0, 1, 2, 3], size=128), ascent, 3,
    )  # fmt: skip
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
