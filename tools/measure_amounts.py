"""An MLP against a convolutional network on few digits and on many: data/results/amounts.csv.

    python tools/measure_amounts.py

Two networks with nearly as many parameters each, an MLP and the lecture's network for MNIST, learn
from 50 to 1,442 digits, always for as many steps. A row per network, number of digits and seed: the
accuracy on the test digits. Each seed draws its own digits (each class as often as the others, as
far as there are enough), its own initial weights and its own order; the networks of one seed learn
from the same digits.
"""

from pathlib import Path
from time import process_time

import keras
import numpy as np
import pandas as pd

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "amounts.csv"
STEPS = 600
BATCH = 32
RATE = 1e-3
AMOUNTS = (50, 100, 200, 500, 1442)
NETWORKS = {"mlp": lambda: models.mlp(hidden=77), "mnist_cnn": models.mnist_cnn}
TRIALS = [(name, images, seed) for name in NETWORKS for images in AMOUNTS for seed in range(5)]


def drawn(labels, count, seed):
    """The indices of `count` images: at random, the classes by turns while they last."""
    order = np.random.default_rng(seed).permutation(len(labels))
    nth_of_class = pd.Series(labels[order]).groupby(labels[order]).cumcount()
    return order[np.argsort(nth_of_class, kind="stable")][:count]


def measure(name, images, seed):
    """One row of the table."""
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    chosen = drawn(train.labels, images, seed)
    again = np.resize(chosen, STEPS * BATCH)  # as many epochs as it takes, one after the other
    keras.utils.set_random_seed(seed)
    model = NETWORKS[name]()
    model.compile(
        optimizer=keras.optimizers.Adam(RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(train.images[again], train.labels[again], batch_size=BATCH, epochs=1, verbose=0)
    guesses = model.predict(test.images, batch_size=1000, verbose=0).argmax(axis=1)
    return {
        "network": name,
        "images": images,
        "seed": seed,
        "parameters": model.count_params(),
        "accuracy": round(scores.accuracy(test.labels, guesses), 4),
    }


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")
    print(f"{process_time():.0f} processor seconds")


if __name__ == "__main__":
    main()
