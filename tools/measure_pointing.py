"""Score nine heat maps where the true place is known: data/results/pointing.csv.

    python tools/measure_pointing.py [--scenes 40] [--trainings 5]

The scenes and the network are those of lesson 09: two digits in 40x64 pixels, a frozen base and a
new head that says which digits are there; each map is asked about the digit on the left. A row per
training and method, every score the mean over scenes that no other training has. Beside them are
scored Grad-CAM without its ReLU, as sizes without signs, and two maps that no
network made. Five minutes.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets, heatmaps, scores, weights
from cnnlab.faithfulness import deletion, insertion
from cnnlab.gradients import class_scores

FILE = Path(__file__).parent.parent / "data" / "results" / "pointing.csv"
KINDS = (0, 1, 4, 7)
SIZE = (40, 64)
SCENES = 40  # of each training
TRAININGS = 5
METHODS = (
    "cam", "grad_cam", "grad_cam_plus_plus", "layer_cam", "score_cam",
    "saliency", "smooth_grad", "integrated_gradients", "occlusion",
)  # fmt: skip
RIVALS = ("grad_cam sizes alone", "random numbers", "the box itself")


def scenes(dataset, count, seed):
    """Scenes (n,40,64,1), what is in them (n,4), the two kinds (n,2), their boxes (n,2,4)."""
    rng = np.random.default_rng(seed)
    digits = [dataset.images[dataset.labels == kind] for kind in KINDS]
    pictures = np.zeros((count, *SIZE, 1), "float32")
    present, boxes = np.zeros((count, len(KINDS))), np.empty((count, 2, 4), int)
    kinds = np.array([rng.choice(len(KINDS), 2, replace=False) for _ in range(count)])
    for n, side in np.ndindex(count, 2):
        kind = kinds[n, side]
        digit = rng.choice(digits[kind])
        top, left = rng.integers(13), 32 * side + rng.integers(5)
        pictures[n, top : top + 28, left : left + 28] = digit
        ink = [np.flatnonzero((digit[..., 0] > 0.2).any(axis)) for axis in (1, 0)]
        (first, last), (start, end) = [(place[0], place[-1] + 1) for place in ink]
        boxes[n, side] = top + first, left + start, top + last, left + end
        present[n, kind] = 1
    return pictures, present, kinds, boxes


def trained(seed):
    """The network, its head trained on a thousand scenes of the seed."""
    base = keras.Sequential([keras.Input((*SIZE, 1)), *weights.pretrained("mnist_cnn").layers[1:]])
    keras.utils.set_random_seed(seed)
    look = layers.Conv2D(24, 5, padding="same", activation="relu", name="look")
    answer = [layers.GlobalAveragePooling2D(), layers.Dense(len(KINDS))]
    head = keras.Sequential([keras.Input(base.output_shape[1:]), look, *answer])
    head.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True))
    pictures, present, _, _ = scenes(datasets.load("digits"), count=1000, seed=seed)
    head.fit(base.predict(pictures, verbose=0), present, batch_size=25, epochs=10, verbose=0)
    return keras.Sequential([keras.Input((*SIZE, 1)), base, head])


def in_boxes(boxes):
    """(n, H, W): 1 in the box of each scene, 0 outside."""
    maps = np.zeros((len(boxes), *SIZE))
    for heat, (top, left, bottom, right) in zip(maps, boxes, strict=True):
        heat[top:bottom, left:right] = 1
    return maps


def measure(seed, count):
    """The rows of one training."""
    network = trained(seed)
    pictures, present, kinds, boxes = scenes(datasets.load("digits", "test"), count, 100 + seed)
    asked, boxes = kinds[:, 0], boxes[:, 0]
    logits, _ = class_scores(network, pictures)
    found = ((logits > 0) == present).all(axis=1).mean()
    truth = in_boxes(boxes)
    maps_of = {method: getattr(heatmaps, method)(network, pictures, asked) for method in METHODS}
    signed = heatmaps.grad_cam(network, pictures, asked, normalise=False)
    noise = np.random.default_rng(seed).random(truth.shape)
    maps_of |= dict(zip(RIVALS, (np.abs(signed), noise, truth), strict=True))
    for method, maps in maps_of.items():
        deleted = deletion(network, pictures, maps, asked, fill=0, steps=10)
        inserted = insertion(network, pictures, maps, asked, fill=0, steps=10)
        yield {
            "training": seed,
            "method": method,
            "scenes": count,
            "both_found": found,
            "box_share": truth.mean(),
            "pointing_game": scores.pointing_game(maps, boxes).mean(),
            "energy": np.nanmean(scores.energy_in_box(maps, boxes)),
            "deletion": scores.area_under(deleted).mean(),
            "insertion": scores.area_under(inserted).mean(),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--trainings", type=int, default=TRAININGS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    rows = []
    for seed in range(options.trainings):
        rows += measure(seed, options.scenes)
        print(f"training {seed}: both digits found in {rows[-1]['both_found']:.0%}", flush=True)
    table = pd.DataFrame(rows).round(4)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.groupby("method", sort=False).mean(numeric_only=True).round(3))


if __name__ == "__main__":
    main()
