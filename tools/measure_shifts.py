"""Train on centred digits, test on shifted ones: data/results/shifts.csv.

    python tools/measure_shifts.py

Four trainings with nearly as many parameters each: an MLP, LeNet-5 and a convolutional network that
keeps only the largest answer of each last map, all three trained on digits in the centre of the
picture, and the same MLP trained on digits that were shifted at random. A row per data set,
training, seed and shift: the accuracy on test digits shifted by so many pixels, the mean
over the four directions.
"""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "shifts.csv"
DATA = ("digits",)  # with MNIST fetched ("digits", "mnist"), which takes ten minutes more
EPOCHS = {"digits": 20, "mnist": 2}
RATE = {"digits": 1e-3, "mnist": 2e-3}
TESTED = 2000  # of the test images at most
SHIFTS = range(7)
NETWORKS = ("mlp", "lenet5", "global pooling", "mlp, shifted training")
TRIALS = [(data, name, seed) for data in DATA for name in NETWORKS for seed in (0, 1, 2)]


def shifted(images, rows, columns):
    """Images moved down and to the right, with empty paper coming in: nothing wraps around."""
    edge, (height, width) = max(abs(rows), abs(columns)), images.shape[1:3]
    framed = np.pad(images, [(0, 0), (edge, edge), (edge, edge), (0, 0)])
    return framed[:, edge - rows :, edge - columns :][:, :height, :width]


def shifted_at_random(images, largest, seed):
    """Each image moved by a random number of pixels, up to `largest`, in rows and in columns."""
    moves = np.random.default_rng(seed).integers(-largest, largest + 1, (len(images), 2))
    return np.concatenate(
        [shifted(image[None], *move) for image, move in zip(images, moves, strict=True)]
    )


def global_pooling():
    """A convolutional network whose last maps are reduced to their largest answer, wherever it is.

    28x28x1 - conv 5x5 -> 28x28x8 - pool -> 14x14x8 - conv 5x5 -> 14x14x16 - pool -> 7x7x16
    - conv 5x5 -> 7x7x64 - maximum of each map -> 64 - 435 - 10
    """
    model = keras.Sequential([keras.Input((28, 28, 1))])
    model.add(layers.Conv2D(8, kernel_size=5, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(pool_size=2))
    model.add(layers.Conv2D(16, kernel_size=5, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(pool_size=2))
    model.add(layers.Conv2D(64, kernel_size=5, padding="same", activation="relu"))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(435, activation="relu"))
    model.add(layers.Dense(10))
    return model


def network(name):
    """The network of a training, 61,225 to 61,723 parameters."""
    if name == "lenet5":
        return models.lenet5()
    return global_pooling() if name == "global pooling" else models.mlp(hidden=77)


def measure(data, name, seed):
    """A row per shift."""
    train, test = datasets.load(data, "train"), datasets.load(data, "test")
    images, tested, labels = train.images, test.images[:TESTED], test.labels[:TESTED]
    if name == "mlp, shifted training":
        images = shifted_at_random(images, max(SHIFTS), seed)
    keras.utils.set_random_seed(seed)
    model = network(name)
    model.compile(
        optimizer=keras.optimizers.Adam(RATE[data]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(
        images,
        train.labels,
        batch_size=32 if data == "digits" else 128,
        epochs=EPOCHS[data],
        verbose=0,
    )
    rows = []
    for shift in SHIFTS:
        directions = [(shift, 0), (-shift, 0), (0, shift), (0, -shift)] if shift else [(0, 0)]
        accuracies = [
            scores.accuracy(
                labels,
                model.predict(shifted(tested, *d), batch_size=1000, verbose=0).argmax(axis=1),
            )
            for d in directions
        ]
        rows.append(
            {
                "data": data,
                "network": name,
                "seed": seed,
                "shift": shift,
                "parameters": model.count_params(),
                "accuracy": round(float(np.mean(accuracies)), 4),
            }
        )
    return rows


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
