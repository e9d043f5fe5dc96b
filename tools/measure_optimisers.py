"""Compare optimisers and batch sizes on LeNet-5 and the digits: data/results/optimisers.csv.

    python tools/measure_optimisers.py

A row per optimiser, learning rate, batch size and seed: the loss on the training images after the
last epoch and the accuracy on the test images. Every optimiser gets the same learning rates to
choose from, for a comparison at one rate would only say whom that rate suits.
"""

from pathlib import Path

import keras
import pandas as pd

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "optimisers.csv"
EPOCHS = 4
RATES = (1e-3, 1e-2, 1e-1)
OPTIMISERS = {
    "SGD": keras.optimizers.SGD,
    "SGD with momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "RMSProp": keras.optimizers.RMSprop,
    "Adam": keras.optimizers.Adam,
}
TRIALS = [(name, rate, 32, seed) for name in OPTIMISERS for rate in RATES for seed in (0, 1, 2)]
TRIALS += [
    ("SGD with momentum", 1e-2, batch_size, seed)
    for batch_size in (8, 128, 1442)
    for seed in (0, 1, 2)
]


def measure(name, rate, batch_size, seed):
    """One row of the table."""
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    keras.utils.set_random_seed(seed)
    model = models.lenet5()
    model.compile(
        optimizer=OPTIMISERS[name](rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(train.images, train.labels, batch_size=batch_size, epochs=EPOCHS, verbose=0)
    loss = model.evaluate(train.images, train.labels, batch_size=500, verbose=0)
    predictions = model.predict(test.images, batch_size=500, verbose=0).argmax(axis=1)
    return {
        "optimiser": name,
        "learning_rate": rate,
        "batch_size": batch_size,
        "seed": seed,
        "steps": EPOCHS * -(-len(train.labels) // batch_size),
        "training_loss": float(f"{loss:.2g}"),
        "accuracy": round(scores.accuracy(test.labels, predictions), 4),
    }


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
