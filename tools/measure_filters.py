"""Measure LeNet-5 with 2 to 32 filters in its first layer: data/results/filters.csv.

    python tools/measure_filters.py

A row per data set, number of filters and seed: parameters, accuracy on the test images, and the
processor seconds of the training (of all cores together, so that little depends on what else the
machine does).
"""

from pathlib import Path
from time import process_time

import keras
import pandas as pd
from keras import layers

from cnnlab import datasets, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "filters.csv"
FILTERS = (2, 4, 6, 8, 16, 32)
DATA = ("digits",)  # with MNIST fetched ("digits", "mnist"), which takes ten minutes more
EPOCHS = {"digits": 8, "mnist": 2}
RATE = {"digits": 2e-3, "mnist": 6e-3}
BATCH = {"digits": 32, "mnist": 128}
TRIALS = [(data, filters, seed) for data in DATA for filters in FILTERS for seed in (0, 1, 2)]


def lenet5(filters):
    """`cnnlab.models.lenet5` with another number of filters in C1."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.ZeroPadding2D(2),
            layers.Conv2D(filters, kernel_size=5, activation="tanh"),
            layers.AveragePooling2D(pool_size=2),
            layers.Conv2D(16, kernel_size=5, activation="tanh"),
            layers.AveragePooling2D(pool_size=2),
            layers.Conv2D(120, kernel_size=5, activation="tanh"),
            layers.Flatten(),
            layers.Dense(84, activation="tanh"),
            layers.Dense(10),
        ]
    )


def measure(data, filters, seed):
    """One row of the table."""
    train, test = datasets.load(data, "train"), datasets.load(data, "test")
    keras.utils.set_random_seed(seed)
    model = lenet5(filters)
    steps = EPOCHS[data] * -(-len(train.labels) // BATCH[data])
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=steps * 9 // 10, warmup_target=RATE[data], warmup_steps=steps // 10
    )
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    began = process_time()
    model.fit(train.images, train.labels, batch_size=BATCH[data], epochs=EPOCHS[data], verbose=0)
    seconds = process_time() - began
    predictions = model.predict(test.images, batch_size=1000, verbose=0).argmax(axis=1)
    return {
        "data": data,
        "filters": filters,
        "seed": seed,
        "parameters": model.count_params(),
        "accuracy": round(scores.accuracy(test.labels, predictions), 4),
        "processor_seconds": round(seconds, 1),
    }


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
