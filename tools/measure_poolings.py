"""Four ways of pooling in a small network: data/results/poolings.csv.

    python tools/measure_poolings.py

A convolution with eight 5x5 filters, ReLU, windows of 4x4 of which one number is kept (maximum,
mean, power mean with p = 3, or median), and a dense layer. A row per way, draw of the weights and
shift of the test digits: the share of 355 that is right, mean of four directions.
"""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import ops

from cnnlab import datasets

FILE = Path(__file__).parent.parent / "data" / "results" / "poolings.csv"
SHIFTS = (0, 2, 4)
SIDE = 4
STEPS = 46  # of an epoch: in one call, which saves time and changes no number
POOLINGS = {
    "maximum": lambda x: ops.max(x, axis=(2, 4)),
    "mean": lambda x: ops.mean(x, axis=(2, 4)),
    "power mean": lambda x: (ops.mean(x**3, axis=(2, 4)) + 1e-6) ** (1 / 3),  # slope at 0: finite
    "median": lambda x: ops.median(x, axis=(2, 4)),
}
TRIALS = [(pooling, seed) for pooling in POOLINGS for seed in range(5)]


def network(pooling):
    """28x28x1 - conv 5x5 - 24x24x8 - pool - 6x6x8 - 10 logits."""
    image = keras.Input((28, 28, 1))
    maps = keras.layers.Conv2D(8, 5, activation="relu")(image)
    patches = keras.layers.Reshape((24 // SIDE, SIDE, 24 // SIDE, SIDE, 8))(maps)
    pooled = keras.layers.Lambda(POOLINGS[pooling], output_shape=(6, 6, 8))(patches)
    return keras.Model(image, keras.layers.Dense(10)(keras.layers.Flatten()(pooled)))


def measure(pooling, seed):
    """A row per shift, of one training."""
    train, test = datasets.load("digits"), datasets.load("digits", "test")
    keras.utils.set_random_seed(seed)
    model = network(pooling)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss, steps_per_execution=STEPS)
    model.fit(train.images, train.labels, batch_size=32, epochs=15, verbose=0)
    rows = []
    for shift in SHIFTS:
        moves = [(shift, 1), (-shift, 1), (shift, 2), (-shift, 2)]
        moved = np.concatenate([np.roll(test.images, by, axis) for by, axis in moves])
        right = model.predict(moved, verbose=0).argmax(axis=1) == np.tile(test.labels, 4)
        accuracy = round(float(right.mean()), 4)
        rows.append({"pooling": pooling, "seed": seed, "shift": shift, "accuracy": accuracy})
    return rows


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
