"""Compare batch sizes on LeNet-5 and the digits: data/results/batches.csv.

    python tools/measure_batches.py

SGD with momentum in batches of 8 to 1,442 images. The rows allow three comparisons: equal epochs at
one rate; equal epochs at a rate that grows with the batch; equal steps, nearly, at one rate. A row
per batch size, learning rate, number of epochs and seed: the steps, the training loss at the end
and the accuracy on the test images.
"""

from pathlib import Path
from time import process_time

import keras
import pandas as pd

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "batches.csv"
IMAGES = 1442
SETTINGS = [(size, 0.01, 4) for size in (8, 32, 128, IMAGES)]
SETTINGS += [(size, round(0.01 * size / 32, 4), 4) for size in (8, 128, IMAGES)]
SETTINGS += [(8, 0.01, 1), (128, 0.01, 15)]  # 181 and 180 steps, as 184 of 32
TRIALS = [(*setting, seed) for setting in SETTINGS for seed in (0, 1, 2)]


def measure(batch_size, rate, epochs, seed):
    """One row of the table."""
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    keras.utils.set_random_seed(seed)
    model = models.lenet5()
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(train.images, train.labels, batch_size=batch_size, epochs=epochs, verbose=0)
    loss = model.evaluate(train.images, train.labels, batch_size=500, verbose=0)
    guesses = model.predict(test.images, batch_size=500, verbose=0).argmax(axis=1)
    return {
        "batch_size": batch_size,
        "learning_rate": rate,
        "epochs": epochs,
        "seed": seed,
        "steps": epochs * -(-IMAGES // batch_size),
        "training_loss": float(f"{loss:.2g}"),
        "accuracy": round(scores.accuracy(test.labels, guesses), 4),
    }


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")
    print(f"{process_time():.0f} processor seconds")


if __name__ == "__main__":
    main()
