"""Self-attention beside convolution on few digits and on many: data/results/attention.csv.

    python tools/measure_attention.py

As `measure_amounts.py`, whose rows of the convolutional network and of the MLP these stand beside:
the same digits, seeds, steps and rate. The network here cuts the digit into 16 patches of 7x7
pixels, embeds each, and lets all look at all, twice, with nearly as many weights as the other two.
With 100 and with 1,442 digits also for three times as many steps, and without the learned vector
that tells each patch its place.
A row per network, steps, number of digits and seed: the accuracy on the test digits.
"""

import argparse
import runpy
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets, scores

HERE = Path(__file__).parent
FILE = HERE.parent / "data" / "results" / "attention.csv"
AMOUNTS = runpy.run_path(str(HERE / "measure_amounts.py"))
IMAGES = (100, 500, 1442)
PATCH, WIDTH, HEADS, BLOCKS, HIDDEN = 7, 64, 4, 2, 85
TRIALS = [
    (name, steps, images, seed)
    for name, steps, amounts in [
        ("attention", 600, IMAGES),
        ("attention", 1800, (100, 1442)),
        ("attention, no places", 600, (100, 1442)),
    ]
    for images in amounts
    for seed in range(5)
]


class Places(layers.Layer):
    """Adds a learned vector to each token, another one at every place."""

    def build(self, shape):
        """One vector per place."""
        self.vectors = self.add_weight(shape=shape[1:], initializer="random_normal")

    def call(self, tokens):
        """The tokens, each with what is learned of its place."""
        return tokens + self.vectors


def network(places=True):
    """Patches of 7x7, two blocks of attention and a dense layer each, a mean, ten logits."""
    image = keras.Input((28, 28, 1))
    x = layers.Reshape((16, WIDTH))(layers.Conv2D(WIDTH, PATCH, strides=PATCH)(image))
    if places:
        x = Places()(x)
    for _ in range(BLOCKS):
        seen = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(seen, seen)
        hidden = layers.Dense(HIDDEN, activation="gelu")(layers.LayerNormalization()(x))
        x = x + layers.Dense(WIDTH)(hidden)
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(image, layers.Dense(10)(x))


def measure(name, steps, images, seed):
    """One row of the table."""
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    chosen = AMOUNTS["drawn"](train.labels, images, seed)
    again = np.resize(chosen, steps * AMOUNTS["BATCH"])
    keras.utils.set_random_seed(seed)
    model = network(places=name == "attention")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(AMOUNTS["RATE"]), loss)
    batch = AMOUNTS["BATCH"]
    model.fit(train.images[again], train.labels[again], batch_size=batch, epochs=1, verbose=0)
    guesses = model.predict(test.images, batch_size=500, verbose=0).argmax(axis=1)
    return {
        "network": name,
        "steps": steps,
        "images": images,
        "seed": seed,
        "parameters": model.count_params(),
        "accuracy": round(scores.accuracy(test.labels, guesses), 4),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    rows = []
    for trial in TRIALS:
        rows.append(measure(*trial))
        pd.DataFrame(rows).to_csv(options.out, index=False, lineterminator="\n")
    table = pd.DataFrame(rows)
    print(table.groupby(["network", "steps", "images"], sort=False).accuracy.mean().round(3))


if __name__ == "__main__":
    main()
