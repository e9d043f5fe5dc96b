"""Compare optimisers on LeNet-5 and the digits, each at many rates: data/results/optimisers.csv.

    python tools/measure_optimisers.py

A row per optimiser, learning rate and seed: the loss on the training images after the last epoch
and the accuracy on the test images. Every optimiser gets the same rates to choose from, for a
comparison at one rate would only say whom that rate suits; they reach so far down and up that the
best of each lies inside.
"""

from pathlib import Path
from time import process_time

import keras
import pandas as pd

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "optimisers.csv"
EPOCHS = 4
BATCH = 32
RATES = (1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1)
OPTIMISERS = {
    "SGD": keras.optimizers.SGD,
    "SGD with momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "RMSProp": keras.optimizers.RMSprop,
    "Adam": keras.optimizers.Adam,
}
TRIALS = [(name, rate, seed) for name in OPTIMISERS for rate in RATES for seed in (0, 1, 2)]


def measure(name, rate, seed):
    """One row of the table."""
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    keras.utils.set_random_seed(seed)
    model = models.lenet5()
    model.compile(
        optimizer=OPTIMISERS[name](rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(train.images, train.labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    loss = model.evaluate(train.images, train.labels, batch_size=500, verbose=0)
    guesses = model.predict(test.images, batch_size=500, verbose=0).argmax(axis=1)
    return {
        "optimiser": name,
        "learning_rate": rate,
        "seed": seed,
        "training_loss": float(f"{loss:.2g}"),
        "accuracy": round(scores.accuracy(test.labels, guesses), 4),
    }


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")
    print(f"{process_time():.0f} processor seconds")


if __name__ == "__main__":
    main()
