"""Four activations in one small network, at four learning rates: data/results/activations.csv.

    python tools/measure_activations.py

28x28x1 - mean of 2x2 -> 14x14x1 - conv 3x3 -> 12x12x8 - pool -> 6x6x8 - conv 3x3 -> 4x4x16 -
dense 32 - dense 32 - 10 logits, with the same activation everywhere, trained by SGD with momentum.
The weights start as suits each: by He for ReLU and leaky ReLU, by Glorot for the others. A row
per activation, learning rate, draw of the weights and epoch: the mean loss of its steps.
"""

from functools import cache
from pathlib import Path

import keras
import pandas as pd

from cnnlab import datasets

FILE = Path(__file__).parent.parent / "data" / "results" / "activations.csv"
ACTIVATIONS = {
    "sigmoid": ("sigmoid", "glorot_uniform"),
    "tanh": ("tanh", "glorot_uniform"),
    "ReLU": ("relu", "he_uniform"),
    "leaky ReLU": (lambda x: keras.ops.leaky_relu(x, 0.1), "he_uniform"),
}
RATES = (0.01, 0.03, 0.1, 0.3)
EPOCHS = range(1, 7)
STEPS = 46  # of an epoch: in one call, which saves time and changes no number
TRIALS = [(name, rate, seed) for name in ACTIVATIONS for rate in RATES for seed in range(5)]


def network(name):
    """The network with one activation in all layers but the last."""
    activation, initialiser = ACTIVATIONS[name]
    look = {"activation": activation, "kernel_initializer": initialiser}
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.AveragePooling2D(2),  # a quarter of the pixels: the same question in less time
            layers.Conv2D(8, 3, **look),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, **look),
            layers.Flatten(),
            layers.Dense(32, **look),
            layers.Dense(32, **look),
            layers.Dense(10),
        ]
    )


@cache
def compiled(name):
    """The network ready to train: compiled once, which takes longer than a training."""
    model = network(name)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, steps_per_execution=STEPS)
    return model


def measure(name, rate, seed):
    """A row per epoch, of one training."""
    train, model = datasets.load("digits"), compiled(name)
    keras.utils.set_random_seed(seed)
    model.set_weights(network(name).get_weights())
    for variable in model.optimizer.variables:  # nothing is left from the training before
        variable.assign(keras.ops.zeros_like(variable))
    model.optimizer.learning_rate = rate
    fitted = model.fit(train.images, train.labels, batch_size=32, epochs=len(EPOCHS), verbose=0)
    trial = {"activation": name, "learning_rate": rate, "seed": seed}
    losses = zip(EPOCHS, fitted.history["loss"], strict=True)
    return [{**trial, "epoch": epoch, "training_loss": round(loss, 4)} for epoch, loss in losses]


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
