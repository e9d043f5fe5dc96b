"""LeNet-5 with tanh or ReLU, with average or max pooling: data/results/lenet_parts.csv.

    python tools/measure_lenet_parts.py

A row per activation, pooling and draw of the weights: the accuracy on 355 test digits after
training on 1,442, by Adam, after one epoch and after four.
"""

from functools import cache
from pathlib import Path

import keras
import pandas as pd

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "lenet_parts.csv"
EPOCHS = (1, 4)
RATE = 1e-3
STEPS = 46  # of an epoch: in one call, which saves time and changes no number
TRIALS = [
    (activation, pooling, seed)
    for activation in ("tanh", "relu")
    for pooling in ("average", "max")
    for seed in range(5)
]


@cache
def compiled(activation, pooling):
    """The network ready to train: compiled once for all its draws."""
    model = models.lenet5(activation=activation, pooling=pooling)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(RATE), loss, steps_per_execution=STEPS)
    return model


def measure(activation, pooling, seed):
    """A row per number of epochs, of one training."""
    train, test = datasets.load("digits"), datasets.load("digits", "test")
    model = compiled(activation, pooling)
    keras.utils.set_random_seed(seed)
    model.set_weights(models.lenet5(activation=activation, pooling=pooling).get_weights())
    for variable in model.optimizer.variables:  # nothing is left from the training before
        variable.assign(keras.ops.zeros_like(variable))
    model.optimizer.learning_rate = RATE
    rows, done = [], 0
    for epochs in EPOCHS:
        model.fit(train.images, train.labels, batch_size=32, epochs=epochs - done, verbose=0)
        done = epochs
        guesses = model.predict(test.images, batch_size=355, verbose=0).argmax(axis=1)
        accuracy = round(scores.accuracy(test.labels, guesses), 4)
        trial = {"activation": activation, "pooling": pooling, "seed": seed}
        rows.append({**trial, "epochs": epochs, "accuracy": accuracy})
    return rows


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
