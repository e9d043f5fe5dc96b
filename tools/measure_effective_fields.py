"""How much of its field a stack of convolutions heeds: data/results/effective_fields.csv.

    python tools/measure_effective_fields.py

Stacks of 5 to 40 convolutions of 3x3 on an image just as large as their field, with all weights 1
("uniform") or with random weights in four filters per layer, with a ReLU behind each layer or
without. A row per setting, depth, draw of the weights and threshold: the side of the effective
field (the pixels that count more than the threshold, where the best one counts 1) as a share of
the theoretical one.
"""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab.gradients import effective_receptive_field

FILE = Path(__file__).parent.parent / "data" / "results" / "effective_fields.csv"
DEPTHS = (5, 10, 20, 40)
THRESHOLDS = (0.01, 0.0455, 0.5)
SEEDS = range(5)
TRIALS = [
    (setting, depth, seed)
    for setting in ("uniform", "random", "random + ReLU")
    for depth in DEPTHS
    for seed in (SEEDS if setting != "uniform" else [0])
]


def chain(depth, setting, seed):
    """So many 3x3 convolutions; one output sees the whole image, (2 depth + 1) squared."""
    keras.utils.set_random_seed(seed)
    arguments = {"kernel_size": 3, "padding": "same"}
    arguments["filters"] = 1 if setting == "uniform" else 4
    arguments["kernel_initializer"] = "ones" if setting == "uniform" else "he_normal"
    arguments["activation"] = "relu" if setting == "random + ReLU" else None
    size = 2 * depth + 1
    convolutions = [layers.Conv2D(**arguments) for _ in range(depth)]
    return keras.Sequential([keras.Input((size, size, 1)), *convolutions])


def measure(setting, depth, seed):
    """A row per threshold."""
    field = effective_receptive_field(chain(depth, setting, seed), samples=16)
    return [
        {
            "setting": setting,
            "layers": depth,
            "seed": seed,
            "threshold": threshold,
            "share": round(float(np.sqrt((field > threshold).sum()) / len(field)), 4),
        }
        for threshold in THRESHOLDS
    ]


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
