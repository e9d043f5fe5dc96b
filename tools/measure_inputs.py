"""Measure what the range of the inputs does to a training: data/results/inputs.csv.

    python tools/measure_inputs.py

A row per network, input range, optimiser and seed: the accuracy on the test digits after
each epoch.
"""

from pathlib import Path

import keras
import pandas as pd

from cnnlab import datasets, models

FILE = Path(__file__).parent.parent / "data" / "results" / "inputs.csv"
EPOCHS = 8
RANGES = {
    "0 to 255": lambda x: x * 255,
    "0 to 1 (x/255)": lambda x: x,
    "-0.5 to 0.5 (x/255 - 0.5)": lambda x: x - 0.5,
}
OPTIMISERS = {
    "SGD with momentum": lambda: keras.optimizers.SGD(1e-2, momentum=0.9),
    "Adam": lambda: keras.optimizers.Adam(1e-3),
}
TRIALS = [
    (network, scaling, optimiser, seed)
    for network in ("mlp", "lenet5")
    for scaling in RANGES
    for optimiser in OPTIMISERS
    for seed in (0, 1, 2)
]


def measure(network, scaling, optimiser, seed):
    """A row per epoch."""
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    keras.utils.set_random_seed(seed)
    model = getattr(models, network)()
    model.compile(
        optimizer=OPTIMISERS[optimiser](),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    scale = RANGES[scaling]
    history = model.fit(
        scale(train.images),
        train.labels,
        batch_size=32,
        epochs=EPOCHS,
        validation_data=(scale(test.images), test.labels),
        verbose=0,
    )
    return [
        {
            "network": network,
            "inputs": scaling,
            "optimiser": optimiser,
            "seed": seed,
            "epoch": epoch,
            "accuracy": round(accuracy, 4),
        }
        for epoch, accuracy in enumerate(history.history["val_accuracy"], 1)
    ]


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
