"""Stacks with and without shortcuts: data/results/depth.csv and depth_gradients.csv.

    python tools/measure_depth.py

Plain and residual stacks of 1 to 10 blocks: with batch normalisation, and without it from Glorot's
or from He's initial weights.

- depth_gradients.csv: a row per network, normalisation, number of blocks and seed: the size
  (Euclidean norm) of the gradient that reaches the first convolution of the first block before any
  training, on 64 digits.
- depth.csv: a row per network, number of blocks, learning rate and seed, all with batch
  normalisation: the share of 1,024 training digits that is right in the second and in the tenth
  epoch, as `fit` counts it. (Asked in prediction after so few steps, the running averages of batch
  normalisation lag far behind.)
"""

from functools import cache
from pathlib import Path
from time import process_time

import keras
import pandas as pd
import tensorflow as tf

from cnnlab import datasets, models

FOLDER = Path(__file__).parent.parent / "data" / "results"
FILE, GRADIENTS_FILE = FOLDER / "depth.csv", FOLDER / "depth_gradients.csv"
NETWORKS = ("plain", "residual")
NORMALISATIONS = ("batch norm", "none, Glorot", "none, He")
GRADIENT_TRIALS = [
    (network, normalisation, blocks, seed)
    for network in NETWORKS
    for normalisation in NORMALISATIONS
    for blocks in (1, 2, 5, 10)
    for seed in range(5)
]
TRIALS = [
    (network, blocks, rate, seed)
    for blocks in (2, 10)
    for network in NETWORKS
    for rate in (0.01, 0.05, 0.2)
    for seed in range(3)
]


def stack(network, normalisation, blocks):
    """`cnnlab.models.residual_stack`, its batch normalisations left out where asked."""
    model = models.residual_stack(blocks, shortcut=network == "residual")
    if normalisation == "batch norm":
        return model

    def copied(layer):
        settings = layer.get_config()
        if normalisation == "none, He" and isinstance(layer, keras.layers.Conv2D):
            settings["kernel_initializer"] = "he_normal"
        return type(layer).from_config(settings)

    def without_batch_norm(layer, x, **keywords):
        return x if isinstance(layer, keras.layers.BatchNormalization) else layer(x, **keywords)

    return keras.models.clone_model(model, clone_function=copied, call_function=without_batch_norm)


@cache
def drawn(network, normalisation, blocks, seed):
    """A stack before any training, and its weights (a pass in training mode moves statistics)."""
    keras.utils.set_random_seed(seed)
    model = stack(network, normalisation, blocks)
    return model, model.get_weights()


def measure_gradient(network, normalisation, blocks, seed):
    """One row of depth_gradients.csv."""
    model, weights = drawn(network, normalisation, blocks, seed)
    model.set_weights(weights)
    train = datasets.load("digits", "train")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    kernel = model.get_layer("block1_conv1").kernel.value
    with tf.GradientTape() as tape:
        value = loss(train.labels[:64], model(train.images[:64], training=True))
    return {
        "network": network,
        "normalisation": normalisation,
        "blocks": blocks,
        "seed": seed,
        "gradient": float(f"{tf.norm(tape.gradient(value, kernel)):.3g}"),
    }


@cache
def compiled(network, blocks):
    """A stack, compiled once for all rates and seeds, and the first state of its optimiser."""
    model = stack(network, "batch norm", blocks)
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.optimizer.build(model.trainable_variables)
    return model, [variable.numpy() for variable in model.optimizer.variables]


def measure(network, blocks, rate, seed):
    """One row of depth.csv."""
    model, state = compiled(network, blocks)
    model.set_weights(drawn(network, "batch norm", blocks, seed)[1])
    for variable, value in zip(model.optimizer.variables, state, strict=True):
        variable.assign(value)
    model.optimizer.learning_rate = rate
    keras.utils.set_random_seed(seed)
    train = datasets.load("digits", "train")
    run = model.fit(train.images[:1024], train.labels[:1024], batch_size=64, epochs=10, verbose=0)
    shares = run.history["accuracy"]
    return {
        "network": network,
        "blocks": blocks,
        "learning_rate": rate,
        "seed": seed,
        "second_epoch": round(shares[1], 4),
        "accuracy": round(shares[9], 4),
    }


def main():
    gradients = [measure_gradient(*trial) for trial in GRADIENT_TRIALS]
    pd.DataFrame(gradients).to_csv(GRADIENTS_FILE, index=False, lineterminator="\n")
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")
    print(f"{process_time():.0f} processor seconds")


if __name__ == "__main__":
    main()
