"""Accuracy over the number of stages, at equal weights: data/results/stages.csv.

    python tools/measure_stages.py

A stage is a convolution of 3x3, ReLU and a max pooling of 2x2; behind the last one stands a dense
layer. No stage at all is the linear model, 7,850 parameters, and the filters of the others are
chosen so that each has as many to within 1 %. A row per number of stages and draw of the weights:
the accuracy on 355 test digits.
"""

from functools import cache
from pathlib import Path

import keras
import pandas as pd

from cnnlab import datasets, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "stages.csv"
FILTERS = [(), (4,), (7, 14), (7, 14, 32), (7, 14, 20, 23)]
TRIALS = [(stages, seed) for stages in range(len(FILTERS)) for seed in range(5)]
EPOCHS = 6
RATE = 2e-3
STEPS = 46  # of an epoch: in one call, which saves time and changes no number


def network(stages):
    """The linear model behind so many stages."""
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in FILTERS[stages]:
        model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(keras.layers.MaxPooling2D(2))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(10))
    return model


@cache
def compiled(stages):
    """The network ready to train: compiled once for all its draws."""
    model = network(stages)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(RATE), loss, steps_per_execution=STEPS)
    return model


def measure(stages, seed):
    """One training as a row."""
    train, test = datasets.load("digits"), datasets.load("digits", "test")
    model = compiled(stages)
    keras.utils.set_random_seed(seed)
    model.set_weights(network(stages).get_weights())
    for variable in model.optimizer.variables:  # nothing is left from the training before
        variable.assign(keras.ops.zeros_like(variable))
    model.optimizer.learning_rate = RATE
    model.fit(train.images, train.labels, batch_size=32, epochs=EPOCHS, verbose=0)
    guesses = model.predict(test.images, batch_size=355, verbose=0).argmax(axis=1)
    accuracy = round(scores.accuracy(test.labels, guesses), 4)
    return {
        "stages": stages,
        "seed": seed,
        "parameters": model.count_params(),
        "accuracy": accuracy,
    }


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
