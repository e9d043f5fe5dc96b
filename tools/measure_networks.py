"""Measure the networks of lesson 05 on the digits and on MNIST: data/results/networks.csv.

    cnnlab fetch mnist
    python tools/measure_networks.py

A row per data set, network and seed: parameters, epochs, how many of the test images are wrong and
the share that is right.
"""

from pathlib import Path

import keras
import pandas as pd

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "networks.csv"
EPOCHS = {"digits": 15, "mnist": 6}
RATE = {"mlp": 2e-3, "lenet5": 4e-3, "mnist_cnn": 4e-3}  # the largest, after the warm-up
BATCH = {"digits": 32, "mnist": 128}
NETWORKS = {"digits": ("mlp", "lenet5", "mnist_cnn"), "mnist": ("mlp", "mnist_cnn")}
TRIALS = [(data, name, seed) for data in NETWORKS for name in NETWORKS[data] for seed in (0, 1, 2)]


def trained(data, name, seed):
    """A network trained by the lesson's recipe: Adam, a short warm-up, then cosine decay to 0."""
    train = datasets.load(data, "train")
    epochs, batch_size = EPOCHS[data], BATCH[data]
    keras.utils.set_random_seed(seed)
    model = getattr(models, name)()
    steps = epochs * -(-len(train.labels) // batch_size)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=steps * 9 // 10, warmup_target=RATE[name], warmup_steps=steps // 10
    )
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(train.images, train.labels, batch_size=batch_size, epochs=epochs, verbose=0)
    return model


def measure(data, name, seed):
    """One row of the table."""
    model = trained(data, name, seed)
    test = datasets.load(data, "test")
    predictions = model.predict(test.images, batch_size=1000, verbose=0).argmax(axis=1)
    return {
        "data": data,
        "network": name,
        "seed": seed,
        "parameters": model.count_params(),
        "epochs": EPOCHS[data],
        "errors": int((predictions != test.labels).sum()),
        "accuracy": round(scores.accuracy(test.labels, predictions), 4),
    }


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
