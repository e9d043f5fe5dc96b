"""Train on fooling digits: data/results/adversarial.csv.

    python tools/measure_adversarial.py [--seeds 5]

The course's network for digits, trained anew on the 1,442 digits in four ways: on the digits as
they are; with random noise, every pixel up or down by .15; on digits fooled in one step of the fast
gradient sign; on digits fooled in three steps of projected gradient descent from a random place.
Each batch is fooled with the weights of that moment, and the network is trained on it in place of
the digits. A row per training, seed, attack and epsilon: the accuracy on the 355 test digits. The
attack "noise" is random signs, "descent" seven steps of projected gradient descent. Five
minutes on one core.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from cnnlab import datasets, models, scores
from cnnlab.adversarial import fast_gradient_sign, project, projected_gradient

FILE = Path(__file__).parent.parent / "data" / "results" / "adversarial.csv"
EPSILON = 0.15  # of the training
EPSILONS = (0.1, 0.15, 0.2)  # of the test
TRAININGS = ("as they are", "noise", "one step", "three steps")
ATTACKS = ("noise", "one step", "descent")
EPOCHS, BATCH, RATE, SEEDS = 8, 32, 2e-3, 5


def noisy(images, epsilon, seed):
    """Every pixel up or down by epsilon, as the dice fall, within 0-1."""
    signs = np.random.default_rng(seed).choice([-1, 1], images.shape)
    return project(images + epsilon * signs, images, epsilon)


def fooled(model, images, labels, training, seed):
    """A batch as the network shall see it."""
    if training == "noise":
        return noisy(images, EPSILON, seed)
    if training == "one step":
        return fast_gradient_sign(model, images, labels, EPSILON)
    if training == "three steps":
        return projected_gradient(model, images, labels, EPSILON, steps=3, seed=seed)
    return images


def trained(training, seed, epochs=EPOCHS):
    """The network after a training, batch by batch."""
    train = datasets.load("digits", "train")
    keras.utils.set_random_seed(seed)
    model = models.mnist_cnn()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(RATE), loss)
    generator = np.random.default_rng(seed)
    for _ in range(epochs):
        order = generator.permutation(len(train.images))
        for start in range(0, len(order), BATCH):
            rows, step = order[start : start + BATCH], int(generator.integers(2**31))
            images, labels = train.images[rows], train.labels[rows]
            model.train_on_batch(fooled(model, images, labels, training, step), labels)
    return model


def attacked(model, test, attack, epsilon, seed):
    """The test digits, fooled."""
    if attack == "noise":
        return noisy(test.images, epsilon, seed)
    if attack == "one step":
        return fast_gradient_sign(model, test.images, test.labels, epsilon)
    return projected_gradient(model, test.images, test.labels, epsilon, steps=7, seed=seed)


def measure(training, seed):
    """The rows of one network."""
    model, test = trained(training, seed), datasets.load("digits", "test")
    for attack, epsilon in [("none", 0.0), *((a, e) for a in ATTACKS for e in EPSILONS)]:
        images = attacked(model, test, attack, epsilon, seed) if epsilon else test.images
        guesses = model.predict(images, batch_size=1000, verbose=0).argmax(axis=1)
        right = round(scores.accuracy(test.labels, guesses), 4)
        key = {"training": training, "seed": seed, "attack": attack, "epsilon": epsilon}
        yield {**key, "accuracy": right}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    trials = [(training, seed) for training in TRAININGS for seed in range(options.seeds)]
    table = pd.DataFrame(row for trial in trials for row in measure(*trial))
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.pivot_table("accuracy", ["training", "attack"], "epsilon").round(2))


if __name__ == "__main__":
    main()
