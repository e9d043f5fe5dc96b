"""A dense network on frozen maps, trained and untrained: data/results/frozen_maps.csv.

    python tools/measure_frozen_maps.py

The same small dense network reads 1,442 digits as pixels, as the S4 maps of LeNet-5 trained on
MNIST, or as those of a LeNet-5 with fresh random weights. A row per features, draw of the
weights (of the dense network, and of the untrained LeNet-5) and number of epochs: the accuracy on
355 test digits.
"""

from pathlib import Path

import keras
import pandas as pd

from cnnlab import datasets, models, weights

FILE = Path(__file__).parent.parent / "data" / "results" / "frozen_maps.csv"
FEATURES = ("pixels", "untrained maps", "trained maps")
SEEDS = range(5)
EPOCHS = (4, 40)
TRIALS = [(features, seed) for features in FEATURES for seed in SEEDS]


def features_of(name, seed, images):
    """What the dense network reads: 784 pixels, or the 5x5x16 maps of S4."""
    if name == "pixels":
        return images
    keras.utils.set_random_seed(seed)
    lenet = weights.pretrained("lenet5") if name == "trained maps" else models.lenet5()
    until_s4 = keras.Model(lenet.inputs, lenet.get_layer("s4").output)
    return until_s4.predict(images, verbose=0)


def measure(name, seed):
    """A row per number of epochs, of one training."""
    train, test = datasets.load("digits"), datasets.load("digits", "test")
    features = features_of(name, seed, train.images)
    tested = features_of(name, seed, test.images)
    keras.utils.set_random_seed(seed)
    head = keras.Sequential(
        [
            keras.Input(features.shape[1:]),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    head.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    rows, done = [], 0
    for epochs in EPOCHS:
        head.fit(features, train.labels, batch_size=32, epochs=epochs - done, verbose=0)
        done = epochs
        accuracy = round(head.evaluate(tested, test.labels, verbose=0)[1], 4)
        rows.append({"features": name, "seed": seed, "epochs": epochs, "accuracy": accuracy})
    return rows


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
