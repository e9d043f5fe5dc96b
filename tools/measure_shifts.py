"""Digits in the centre of the picture and elsewhere: data/results/shifts.csv.

    python tools/measure_shifts.py

Three networks with nearly as many parameters each: an MLP, LeNet-5, and a convolutional network
that keeps only the largest answer of each last map. Each is trained in three ways, for equally many
steps: on the 1,442 digits in the centre; on each digit shifted once, at random; on digits shifted
anew in every epoch. MLP and LeNet-5 also get the last for four times as many steps, and a network
with the convolutions of the third, but a dense layer on its last maps, is trained in the centre. A
row per network, training, seed and shift: the accuracy on test digits shifted by so many pixels,
the mean over the four directions.
"""

from pathlib import Path
from time import process_time

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "shifts.csv"
RATE = 1e-3
SHIFTS = range(7)
NETWORKS = ("mlp", "lenet5", "global pooling")
TRAININGS = [
    (name, way, 20) for name in NETWORKS for way in ("centred", "shifted once", "shifted anew")
]
TRAININGS += [("mlp", "shifted anew", 80), ("lenet5", "shifted anew", 80)]
TRAININGS += [("flattened", "centred", 20)]
TRIALS = [(*training, seed) for training in TRAININGS for seed in (0, 1, 2)]


def shifted(images, rows, columns):
    """Images moved down and to the right, each by its own numbers of pixels, onto empty paper."""
    edge, (count, height, width) = max(SHIFTS), images.shape[:3]
    framed = np.pad(images, [(0, 0), (edge, edge), (edge, edge), (0, 0)])
    rows = edge + np.arange(height) - np.broadcast_to(rows, count)[:, None]
    columns = edge + np.arange(width) - np.broadcast_to(columns, count)[:, None]
    return framed[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def convolutional(*end):
    """Three convolutions, what is to follow them (a layer's class and its arguments), ten logits.

    28x28x1 - conv 5x5 -> 28x28x8 - pool -> 14x14x8 - conv 5x5 -> 14x14x16 - pool -> 7x7x16
    - conv 5x5 -> 7x7x64 - ... -> 10
    """
    model = keras.Sequential([keras.Input((28, 28, 1))])
    model.add(layers.Conv2D(8, kernel_size=5, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(pool_size=2))
    model.add(layers.Conv2D(16, kernel_size=5, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(pool_size=2))
    model.add(layers.Conv2D(64, kernel_size=5, padding="same", activation="relu"))
    for layer, *arguments in end:
        model.add(layer(*arguments))
    model.add(layers.Dense(10))
    return model


def network(name):
    """An untrained network, 60,458 to 61,723 parameters."""
    if name == "global pooling":  # the largest answer of each last map, wherever it is
        return convolutional([layers.GlobalMaxPooling2D], [layers.Dense, 435, "relu"])
    if name == "flattened":
        return convolutional([layers.Flatten])
    return models.lenet5() if name == "lenet5" else models.mlp(hidden=77)


def trained(name, training, epochs, seed):
    """The network after its training, in batches of 32."""
    train = datasets.load("digits", "train")
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    model = network(name)
    model.compile(
        optimizer=keras.optimizers.Adam(RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    largest = 0 if training == "centred" else max(SHIFTS)
    for epoch in range(epochs):
        if epoch == 0 or training == "shifted anew":
            moves = rng.integers(-largest, largest + 1, (2, len(train.images)))
            images = shifted(train.images, *moves)
        model.fit(images, train.labels, batch_size=32, verbose=0)
    return model


def measure(name, training, epochs, seed):
    """A row per shift."""
    model, test = trained(name, training, epochs, seed), datasets.load("digits", "test")
    rows = []
    for shift in SHIFTS:
        directions = [(shift, 0), (-shift, 0), (0, shift), (0, -shift)] if shift else [(0, 0)]
        moved = np.concatenate([shifted(test.images, *direction) for direction in directions])
        guesses = model.predict(moved, batch_size=1000, verbose=0).argmax(axis=1)
        right = scores.accuracy(np.tile(test.labels, len(directions)), guesses)
        rows.append(
            {
                "network": name,
                "training": training,
                "epochs": epochs,
                "seed": seed,
                "shift": shift,
                "parameters": model.count_params(),
                "accuracy": round(right, 4),
            }
        )
    return rows


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")
    print(f"{process_time():.0f} processor seconds")


if __name__ == "__main__":
    main()
