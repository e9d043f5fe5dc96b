"""Convolution beyond pictures: data/results/fields.csv.

    python tools/measure_fields.py [--seeds 5] [--tasks signals table slices volumes]

Four tasks of `cnnlab.datasets.tasks`, networks with nearly as many weights each, five seeds; a seed
draws its own training and test data, its own order of steps or columns, and its own initial
weights. A row per task, network, setting and seed: the accuracy on the test data.

- signals: Conv1D and an MLP; the time axis in order, in shuffled blocks of eight steps, shuffled.
- table: Conv1D and an MLP; the columns in pairs that belong together, and shuffled.
- slices: a small Conv2D network; test slices drawn among all, and of patients kept apart.
- volumes: Conv3D through the slices, and with kernels one slice deep.

Six minutes on one core.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab.datasets import tasks

FILE = Path(__file__).parent.parent / "data" / "results" / "fields.csv"
SEEDS, TESTED = 5, 1000  # a test set has a seed of its own, that much higher
SETTINGS = {
    "signals": ("in order", "blocks of 8 shuffled", "shuffled"),
    "table": ("pairs side by side", "shuffled"),
    "slices": ("by slice", "by patient"),
    "volumes": ("whole volume",),
}
NETWORKS = {
    "signals": ("conv1d", "mlp"),
    "table": ("conv1d", "mlp"),
    "slices": ("conv2d",),
    "volumes": ("through slices", "slice by slice"),
}
TRIALS = [
    (task, network, setting, seed)
    for task in SETTINGS
    for network in NETWORKS[task]
    for setting in SETTINGS[task]
    for seed in range(SEEDS)
]
EPOCHS = {"signals": 20, "table": 25, "slices": 30, "volumes": 12}
BATCHES = {"signals": 32, "table": 32, "slices": 32, "volumes": 12}
RATES = {"signals": 2e-3, "table": 3e-3, "slices": 1e-3, "volumes": 2e-2}


def network(task, name):
    """The layers of a network, without its input."""
    conv = {"activation": "relu", "padding": "same"}
    if (task, name) == ("signals", "conv1d"):
        front = [layers.Conv1D(20, 5, **conv), layers.MaxPooling1D()]
        front += [layers.Conv1D(24, 5, **conv), layers.MaxPooling1D()]
        return [*front, layers.Flatten(), layers.Dense(10)]
    if (task, name) == ("table", "conv1d"):
        front = [layers.Conv1D(16, 3, **conv), layers.Conv1D(16, 3, **conv)]
        return [*front, layers.Flatten(), layers.Dense(2)]
    if name == "mlp":
        units, classes = (49, 10) if task == "signals" else (28, 2)
        hidden = [layers.Dense(units, activation="relu") for _ in range(2)]
        return [layers.Flatten(), *hidden, layers.Dense(classes)]
    if task == "slices":
        front = [layers.Conv2D(8, 3, **conv), layers.MaxPooling2D(), layers.Conv2D(8, 3, **conv)]
        return [*front, layers.MaxPooling2D(), layers.Flatten(), layers.Dense(2)]
    size, filters = (3, 8) if name == "through slices" else ((1, 3, 3), 14)
    front = [layers.AveragePooling3D((1, 2, 2))]
    front += [layers.Conv3D(filters, size, **conv) for _ in range(2)]
    return [*front, layers.GlobalMaxPooling3D(), layers.Dense(2)]


def order_of(count, setting, seed):
    """In which order steps or columns come."""
    generator = np.random.default_rng([seed, 99])
    if setting == "shuffled":
        return generator.permutation(count)
    if "blocks" in setting:
        return generator.permutation(np.arange(count).reshape(-1, 8)).ravel()
    return np.arange(count)


def data(task, setting, seed):
    """Training data, test data: x, labels, x, labels."""
    if task == "slices":
        x, labels, patient = tasks.slices(60, seed)
        unit = patient if setting == "by patient" else np.arange(len(x))
        kept = np.random.default_rng([seed, 98]).permutation(unit.max() + 1)
        test = np.isin(unit, kept[: len(kept) // 2])
        return x[~test], labels[~test], x[test], labels[test]
    if task == "volumes":
        parts = tasks.volumes(240, seed), tasks.volumes(200, seed + TESTED)
        return tuple(a for part in parts for a in (part.images, part.labels))
    make = {"signals": tasks.signals, "table": tasks.table}[task]
    (x, labels), (x_test, test_labels) = make(1000, seed), make(1000, seed + TESTED)
    order = order_of(x.shape[1], setting, seed)
    if task == "table":
        x, x_test = x[..., None], x_test[..., None]
    return x[:, order], labels, x_test[:, order], test_labels


def measure(task, name, setting, seed):
    """One row of the table."""
    x, labels, x_test, test_labels = data(task, setting, seed)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input(x.shape[1:]), *network(task, name)])
    rate = keras.optimizers.schedules.CosineDecay(
        RATES[task], EPOCHS[task] * -(-len(x) // BATCHES[task])
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(x, labels, batch_size=BATCHES[task], epochs=EPOCHS[task], verbose=0)
    guesses = model.predict(x_test, batch_size=500, verbose=0).argmax(axis=1)
    return {
        "task": task,
        "network": name,
        "setting": setting,
        "seed": seed,
        "parameters": model.count_params(),
        "accuracy": round(float((guesses == test_labels).mean()), 4),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--tasks", nargs="+", default=[*SETTINGS], choices=SETTINGS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    rows = [measure(*t) for t in TRIALS if t[0] in options.tasks and t[3] < options.seeds]
    table = pd.DataFrame(rows)
    table.to_csv(options.out, index=False, lineterminator="\n")
    keys = ["task", "network", "setting"]
    print(table.groupby(keys, sort=False).accuracy.agg(["mean", "min", "max"]).round(3))


if __name__ == "__main__":
    main()
