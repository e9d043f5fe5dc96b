"""Turn right answers of vgg16_slim into chosen ones: data/results/targets.csv.

    CNNLAB_TEST_DATA=folder python tools/measure_targets.py [--seeds 5]

The folder holds tiny-imagenet-100.zip. Of its 5,000 photographs that the network never saw, 40 for
each seed that it names rightly at 96 pixels; for each a class drawn from the 99 others. A row per
seed and epsilon, in grey levels of 255: the share of photographs that the network gives the drawn
class after ten steps of projected gradient descent, once as computed and once rounded to whole
grey levels, as a file would hold them; the share that is no longer named rightly; and the share
that random signs of the same size turn away from the right name. A quarter of an hour on one core.
"""

import argparse
import os
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from cnnlab import weights
from cnnlab.adversarial import project, projected_gradient

FILE = Path(__file__).parent.parent / "data" / "results" / "targets.csv"
SIDE, PHOTOGRAPHS, STEPS, SEEDS = 96, 40, 10, 5
EPSILONS = (1, 2, 4, 8)  # grey levels


def enlarged(images):
    """(N, 96, 96, 3) float32, 0-255."""
    resized = [np.asarray(Image.fromarray(i).resize((SIDE, SIDE), 3)) for i in images]
    return np.stack(resized).astype(np.float32)


def whole():
    """vgg16_slim with its head, for photographs 0-255."""
    import keras

    photograph = keras.Input((SIDE, SIDE, 3), name="photograph")
    network = weights.pretrained("vgg16_slim", include_top=True)
    return keras.Model(photograph, network(weights.scaled("vgg16_slim", photograph)))


def said(model, images):
    return model.predict(images, batch_size=20, verbose=0).argmax(axis=1)


def measure(model, images, labels, seed):
    """The rows of one seed: other photographs, other classes."""
    generator = np.random.default_rng(seed)
    order, found = generator.permutation(len(images)), []
    for start in range(0, len(order), 50):
        rows = order[start : start + 50]
        found += [r for r, s in zip(rows, said(model, enlarged(images[rows])), strict=True)
                  if s == labels[r]]  # fmt: skip
        if len(found) >= PHOTOGRAPHS:
            break
    rows = np.array(found[:PHOTOGRAPHS])
    pictures, right = enlarged(images[rows]), labels[rows]
    targets = (right + generator.integers(1, 100, len(rows))) % 100
    for epsilon in EPSILONS:
        made = projected_gradient(
            model, pictures, targets, epsilon, targeted=True, value_range=(0, 255), steps=STEPS
        )
        signs = generator.choice([-1, 1], pictures.shape)
        noise = project(pictures + epsilon * signs, pictures, epsilon, value_range=(0, 255))
        answers = said(model, made)
        yield {
            "seed": seed,
            "epsilon": epsilon,
            "photographs": len(rows),
            "turned": (answers == targets).mean(),
            "turned_rounded": (said(model, made.round()) == targets).mean(),
            "left": (answers != right).mean(),
            "left_by_noise": (said(model, noise) != right).mean(),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    folder = os.environ.get("CNNLAB_TEST_DATA")
    if folder is None:
        parser.error("CNNLAB_TEST_DATA must name the folder that holds tiny-imagenet-100.zip")
    evaluate = runpy.run_path(str(Path(__file__).with_name("evaluate_vgg16_slim.py")))
    images, labels = evaluate["validation"](Path(folder) / "tiny-imagenet-100.zip")
    model = whole()
    rows = [row for seed in range(options.seeds) for row in measure(model, images, labels, seed)]
    table = pd.DataFrame(rows).round(4)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.groupby("epsilon").mean().round(3))


if __name__ == "__main__":
    main()
