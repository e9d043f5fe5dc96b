"""Compare batch sizes on LeNet-5 and the digits: data/results/batches.csv.

    python tools/measure_batches.py

SGD with momentum in batches of 8 to 1,442 images. The rows allow three comparisons: equal
epochs at one rate; equal epochs at a rate that grows with the batch; equal steps at one rate. A row
per batch size, learning rate, number of steps and seed: the training loss at the end, the accuracy
on the test images, and the processor seconds of the training (of all cores together, so that
little depends on what else the machine does).
"""

from pathlib import Path
from time import process_time

import keras
import numpy as np
import pandas as pd

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "batches.csv"
IMAGES = 1442
STEPS = {8: 724, 32: 184, 128: 48, IMAGES: 4}  # of four epochs
SETTINGS = [(size, 0.01, steps) for size, steps in STEPS.items()]
SETTINGS += [(size, round(0.01 * size / 32, 4), STEPS[size]) for size in (8, 128, IMAGES)]
SETTINGS += [(size, 0.01, STEPS[32]) for size in (8, 128)]
TRIALS = [(*setting, seed) for setting in SETTINGS for seed in (0, 1, 2)]


def measure(batch_size, rate, steps, seed):
    """One row of the table."""
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    keras.utils.set_random_seed(seed)
    model = models.lenet5()
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    rng = np.random.default_rng(seed)
    epochs = -(-steps * batch_size // IMAGES)
    order = np.concatenate([rng.permutation(IMAGES) for _ in range(epochs)])
    batches = np.array_split(order, range(batch_size, len(order), batch_size))[:steps]
    model.train_on_batch(train.images[batches[0]], train.labels[batches[0]])  # also compiles
    began = process_time()
    for batch in batches[1:]:
        model.train_on_batch(train.images[batch], train.labels[batch])
    seconds = process_time() - began
    loss = model.evaluate(train.images, train.labels, batch_size=500, verbose=0)
    guesses = model.predict(test.images, batch_size=500, verbose=0).argmax(axis=1)
    return {
        "batch_size": batch_size,
        "learning_rate": rate,
        "steps": steps,
        "seed": seed,
        "training_loss": float(f"{loss:.2g}"),
        "accuracy": round(scores.accuracy(test.labels, guesses), 4),
        "processor_seconds": round(seconds, 1),
    }


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")
    print(f"{process_time():.0f} processor seconds")


if __name__ == "__main__":
    main()
