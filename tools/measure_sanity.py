"""Let vgg16_slim forget, and compare its heat maps with before: data/results/sanity.csv.

    python tools/measure_sanity.py [--seeds 5]

The cascade of Adebayo et al. (2018), from the output back, block by block, with weights that are
shuffled (which keeps their distribution) or drawn anew (which does not). The pictures are the
course's twelve photographs and twelve scenes with one object of `things`, 96x96 pixels, each asked
about the class that the trained network thinks of first. A row per kind of weights, method, part
forgotten, seed and picture, with three rank correlations, signed:

- likeness: the forgetful network's map and the trained one's, of the same picture;
- to_another: the forgetful network's map of another picture and the trained one's. Such maps share
  the method and the frame, but neither picture nor weights: this is the level of chance;
- of_two: the maps that two forgetful networks make of the same picture.

Five minutes.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from cnnlab import datasets, heatmaps, scores, weights
from cnnlab.gradients import class_scores

FILE = Path(__file__).parent.parent / "data" / "results" / "sanity.csv"
NETWORK = "vgg16_slim"
SIDE = 96
SCENES = 12
SEEDS = 5
PARTS = ("predictions", "block5", "block4", "block3", "block2", "block1")  # from the output back
WEIGHTS = ("shuffled", "drawn anew")
METHODS = ("Grad-CAM", "saliency", "edges")


def pictures():
    """Names, and (24, 96, 96, 3) uint8 pictures."""
    names = datasets.photo_names()
    photographs = np.stack([datasets.photo(name, SIDE) for name in names])
    scenes = datasets.scenes("test", SCENES, objects=(1, 1), size=(SIDE, SIDE))
    labels = [scenes.class_names[label] for (label,) in scenes.labels]
    things = [f"{label} {number}" for number, label in enumerate(labels, 1)]
    return [*names, *things], np.concatenate([photographs, scenes.images])


def forgotten(layer, kind, generator):
    """New weights for a layer: its own in another order, or as a training would begin."""
    kernel, bias = layer.get_weights()
    if kind == "shuffled":
        return [generator.permutation(w.ravel()).reshape(w.shape) for w in (kernel, bias)]
    start = keras.initializers.GlorotUniform(seed=int(generator.integers(2**31)))
    return [np.asarray(start(kernel.shape)), np.zeros_like(bias)]


def edges(images):
    """How much each picture changes from pixel to pixel: no network is asked."""
    down, across = np.gradient(images.astype(float).mean(axis=-1), axis=(1, 2))
    return np.hypot(down, across)


def maps_of(model, prepared, classes, images):
    """{method: (n, H, W)} of the network as it is now."""
    return {
        "Grad-CAM": heatmaps.grad_cam(model, prepared, classes, normalise=False),
        "saliency": heatmaps.saliency(model, prepared, classes, normalise=False),
        "edges": edges(images),
    }


def cascade(kind, seed):
    """{part: {method: maps}} of the network that forgets part by part, "nothing" first."""
    _, images = pictures()
    prepared = weights.preprocess(NETWORK, images)
    model = weights.pretrained(NETWORK, include_top=True)
    classes = class_scores(model, prepared)[0].argmax(axis=1)
    generator = np.random.default_rng(seed)
    found = {"nothing": maps_of(model, prepared, classes, images)}
    for part in PARTS:
        for layer in model.layers:
            if layer.name.startswith(part) and layer.weights:
                layer.set_weights(forgotten(layer, kind, generator))
        found[part] = maps_of(model, prepared, classes, images)
    return found


def measure(kind, seeds):
    """The rows of one kind of weights."""
    names, _ = pictures()
    found = [cascade(kind, seed) for seed in range(seeds)]
    for method in METHODS:
        trained = found[0]["nothing"][method]
        for part in PARTS if method != "edges" else PARTS[-1:]:
            maps = [cascade[part][method] for cascade in found]
            for seed in range(seeds):
                others = np.roll(np.arange(len(names)), seed + 1)  # another partner with each seed
                columns = {
                    "likeness": scores.rank_correlation(trained, maps[seed]),
                    "to_another": scores.rank_correlation(trained, maps[seed][others]),
                    "of_two": scores.rank_correlation(maps[seed], maps[(seed + 1) % seeds]),
                }
                key = {"weights": kind, "method": method, "forgotten": part, "seed": seed}
                yield pd.DataFrame({**key, "picture": names, **columns})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    table = pd.concat(rows for kind in WEIGHTS for rows in measure(kind, options.seeds))
    table.round(3).to_csv(options.out, index=False, lineterminator="\n")
    groups = table.groupby(["weights", "method", "forgotten"], sort=False)
    print(groups[["likeness", "to_another", "of_two"]].mean().round(2))


if __name__ == "__main__":
    main()
