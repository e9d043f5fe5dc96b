"""Measure what training a base at several rates does to it: data/results/freezing.csv.

    python tools/measure_freezing.py

Ten pictures of each class of `things`, as in `measure_transfer.py`. A row per seed, per head that
is trained first on frozen features or begins at random, per part of the base that is trained, and
per learning rate: nothing but these three differs between two rows of a seed. The first row of a
seed is the head alone.
"""

from dataclasses import replace
from itertools import product
from pathlib import Path

import keras
import pandas as pd
from measure_transfer import LAST_BLOCK, LAYER, NETWORK, compiled, cut

from cnnlab import datasets
from cnnlab.transfer import classifier, extract_features, unfreeze
from cnnlab.weights import pretrained

FILE = Path(__file__).parent.parent / "data" / "results" / "freezing.csv"
DATA, PER_CLASS = "things", 10
HEADS = ("trained first", "random")
PARTS = {"last block": LAST_BLOCK, "everything": "block1_conv1"}
RATES = (1e-2, 1e-3, 1e-4, 1e-5)
SEEDS = range(3)
EPOCHS = 8
TRIALS = [
    (seed, *how)
    for seed in SEEDS
    for how in [("trained first", "nothing", 0.0), *product(HEADS, PARTS, RATES)]
]
COLUMNS = ["seed", "head", "trained", "learning_rate", "training_accuracy", "accuracy"]


def measure(trials=TRIALS):
    """The table, a row per trial."""
    train, test = datasets.load(DATA, "train"), datasets.load(DATA, "test")
    classes = len(train.class_names)
    base = cut(pretrained(NETWORK), LAYER)
    features = extract_features(base, train.images)
    heads, rows = {}, []
    for seed, begins, part, rate in trials:
        drawn, _ = datasets.split(train, PER_CLASS, seed)
        if seed not in heads:
            seen, _ = datasets.split(replace(train, images=features), PER_CLASS, seed)
            keras.utils.set_random_seed(seed)
            head = compiled(classifier(base, classes).get_layer("head"), 1e-2)
            head.fit(seen.images, seen.labels, batch_size=32, epochs=40, verbose=0)
            heads[seed] = head.get_weights()
        keras.utils.set_random_seed(seed)
        model = classifier(cut(pretrained(NETWORK), LAYER), classes)
        if begins == "trained first":
            model.get_layer("head").set_weights(heads[seed])
        if rate:
            unfreeze(model, PARTS[part])
        compiled(model, rate or 1e-3)
        if rate:
            model.fit(drawn.images, drawn.labels, batch_size=16, epochs=EPOCHS, verbose=0)
        shares = (model.evaluate(s.images, s.labels, verbose=0)[1] for s in (drawn, test))
        rows.append((seed, begins, part, rate, *(round(share, 4) for share in shares)))
    return pd.DataFrame(rows, columns=COLUMNS)


def main():
    table = measure()
    table.to_csv(FILE, index=False, lineterminator="\n")
    shares = table.groupby(["head", "trained", "learning_rate"], sort=False).accuracy
    print(shares.agg(["mean", "min", "max"]))


if __name__ == "__main__":
    main()
