"""Does a second task help where there are few labels? data/results/auxiliary.csv.

    python tools/measure_auxiliary.py

LeNet-5 learns the digits of 50 labelled pictures, five of each, for 100 steps: alone; with a second
head that says whether the digit has a closed loop (0, 6, 8, 9), on the same pictures; or with a
second head that says by how many quarters a picture was turned, on all 1,442 pictures, for which
nobody needs to write a label. A row per second task and draw (other digits, other weights): the
accuracy on 355 test digits.
"""

from functools import cache
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from cnnlab import datasets, models, scores

FILE = Path(__file__).parent.parent / "data" / "results" / "auxiliary.csv"
TASKS = ("none", "loop", "turn")
TRIALS = [(task, seed) for task in TASKS for seed in range(5)]
PER_DIGIT, STEPS, BATCH, RATE = 5, 100, 32, 1e-3
LOOPS = [0, 6, 8, 9]


def network():
    """A trunk with a head for the digit, one for the loop and one for the turn."""
    trunk = models.lenet5()
    shared = trunk.get_layer("f6").output
    sizes = {"digit": 10, "loop": 1, "turn": 4}
    heads = {name: keras.layers.Dense(size, name=name)(shared) for name, size in sizes.items()}
    return keras.Model(trunk.inputs[0], heads)


def batch_of(task, labelled, pictures, rng):
    """Images, answers and the weight of each answer in the loss, of one step."""
    images, labels = labelled
    some = rng.integers(0, len(images), BATCH)
    x, digit, turn = images[some], labels[some], np.zeros(BATCH, int)
    weights = {"digit": np.ones(BATCH), "loop": np.full(BATCH, task == "loop", float)}
    weights["turn"] = np.zeros(BATCH)
    if task == "turn":
        turned = pictures[rng.integers(0, len(pictures), BATCH)]
        turn = np.append(turn, rng.integers(0, 4, BATCH))
        turned = [np.rot90(one, k) for one, k in zip(turned, turn[BATCH:], strict=True)]
        x, digit = np.append(x, turned, axis=0), np.append(digit, np.zeros(BATCH, int))
        zeros, ones = np.zeros(BATCH), np.ones(BATCH)
        for name, more in {"digit": zeros, "loop": zeros, "turn": ones}.items():
            weights[name] = np.append(weights[name], more)
    return x, {"digit": digit, "loop": np.isin(digit, LOOPS) * 1.0, "turn": turn}, weights


@cache
def compiled():
    """The network ready to train: compiled once for all trainings."""
    model = network()
    categories = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loop = keras.losses.BinaryCrossentropy(from_logits=True)
    losses = {"digit": categories, "loop": loop, "turn": categories}
    model.compile(keras.optimizers.Adam(RATE), losses, steps_per_execution=STEPS)
    return model


def measure(task, seed):
    """One training as a row."""
    train, test = datasets.load("digits"), datasets.load("digits", "test")
    rng, model = np.random.default_rng(seed), compiled()
    keras.utils.set_random_seed(seed)
    model.set_weights(network().get_weights())
    for variable in model.optimizer.variables:  # nothing is left from the training before
        variable.assign(keras.ops.zeros_like(variable))
    model.optimizer.learning_rate = RATE
    of_digit = [rng.permutation(np.flatnonzero(train.labels == digit)) for digit in range(10)]
    few = np.concatenate([numbers[:PER_DIGIT] for numbers in of_digit])
    labelled = train.images[few], train.labels[few]
    batches = [batch_of(task, labelled, train.images, rng) for _ in range(STEPS)]
    x, answers, weights = keras.tree.map_structure(lambda *a: np.concatenate(a), *batches)
    model.fit(x, answers, len(x) // STEPS, sample_weight=weights, shuffle=False, verbose=0)
    guesses = model.predict(test.images, batch_size=355, verbose=0)["digit"].argmax(axis=1)
    accuracy = round(scores.accuracy(test.labels, guesses), 4)
    return {"task": task, "seed": seed, "accuracy": accuracy}


def main():
    rows = [measure(*trial) for trial in TRIALS]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
