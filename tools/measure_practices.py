"""Measure what each training practice is worth on 500 digits: data/results/practices.csv.

    cnnlab fetch mnist
    python tools/measure_practices.py

A row per data set, practice and seed. Each seed draws its own 50 images per class, its own initial
weights and its own order; the accuracy is that on all test images.
"""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "practices.csv"
PER_CLASS = 50
EPOCHS = 40
PRACTICES = {
    "none": {},
    "tiny initial weights": {"initialiser": "tiny"},
    "He initialisation": {"initialiser": "he_normal"},
    "batch normalisation": {"batch_norm": True},
    "dropout": {"dropout": 0.5},
    "augmentation": {"augmented": True},
    "augmentation with flips": {"augmented": True, "flipped": True},
    "all together": {
        "initialiser": "he_normal",
        "batch_norm": True,
        "dropout": 0.5,
        "augmented": True,
    },
}

TRIALS = [
    (data, practice, seed)
    for data in ("digits", "mnist")
    for practice in PRACTICES
    for seed in (0, 1, 2)
]


def network(
    initialiser="glorot_uniform", batch_norm=False, dropout=0.0, augmented=False, flipped=False
):
    """A small network, (28, 28, 1) -> 10 logits, with the practices switched on or off.

    28x28x1 - conv 5x5 -> 24x24x16 - pool -> 12x12x16 - conv 3x3 -> 10x10x32 - pool -> 5x5x32 - 10
    """
    model = keras.Sequential([keras.Input((28, 28, 1))])
    if flipped:
        model.add(layers.RandomFlip("horizontal_and_vertical"))
    if augmented:
        model.add(layers.RandomTranslation(0.1, 0.1, fill_mode="constant"))
        model.add(layers.RandomRotation(0.03, fill_mode="constant"))  # of a full turn: 11 degrees
        model.add(layers.RandomZoom(0.1, fill_mode="constant"))
    for filters, kernel_size in [(16, 5), (32, 3)]:
        start = (
            keras.initializers.RandomNormal(stddev=0.001) if initialiser == "tiny" else initialiser
        )
        model.add(layers.Conv2D(filters, kernel_size, kernel_initializer=start))
        if batch_norm:
            model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dropout(dropout))
    model.add(layers.Dense(10))
    return model


def some_of_each(split, seed):
    """Images and labels of `PER_CLASS` images of each class."""
    order = np.random.default_rng(seed).permutation(len(split.labels))
    chosen = np.concatenate([order[split.labels[order] == c][:PER_CLASS] for c in range(10)])
    return split.images[chosen], split.labels[chosen]


def measure(data, practice, seed):
    """One row of the table."""
    images, labels = some_of_each(datasets.load(data, "train"), seed)
    test = datasets.load(data, "test")
    keras.utils.set_random_seed(seed)
    model = network(**PRACTICES[practice])
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(images, labels, batch_size=32, epochs=EPOCHS, verbose=0)
    predictions = model.predict(test.images, batch_size=1000, verbose=0).argmax(axis=1)
    accuracy = scores.accuracy(test.labels, predictions)
    return {"data": data, "practice": practice, "seed": seed, "accuracy": accuracy}


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).round(4).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
