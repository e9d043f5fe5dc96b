"""What do skips and masks give? Digits in scenes at every pixel: data/results/skips.csv.

    python tools/measure_skips.py [--scenes 500] [--seeds 5]

The scenes and the networks are those of lesson 10: two digits of four kinds in 48x64 pixels, a
small U-Net on the maps of the frozen mnist_cnn with and without its skips, and beside it the heat
maps of lesson 09: Grad-CAM of a network that was told only which digits are there, hot from half of
the largest value on, for each digit that is there. A row per seed and way: the intersection over
union of each class, its mean with and without the ground. Five minutes on one core.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets, weights
from cnnlab.heatmaps import grad_cam
from cnnlab.scores import confusion_matrix

FILE = Path(__file__).parent.parent / "data" / "results" / "skips.csv"
KINDS = (0, 1, 4, 7)
SCENES, TESTED, EPOCHS, SEEDS, BATCH = 500, 200, 10, 5, 20


def base():
    """The frozen network, its maps in line with the picture: half and a quarter of its size."""
    image = keras.Input((48, 64, 1))
    x, maps = layers.ZeroPadding2D(4)(image), []
    for layer in weights.pretrained("mnist_cnn").layers[1:5]:
        x = layer(x)
        maps.append(x)
    return keras.Model(image, maps[2:])


def classes_of(scenes):
    """(N, H, W): 0 on the ground, 1 + its label on a digit."""
    found = np.zeros(scenes.images.shape[:3], int)
    for classes, masks, labels in zip(found, scenes.masks, scenes.labels, strict=True):
        for mask, label in zip(masks, labels, strict=True):
            classes[mask] = 1 + label
    return found


def u_net(skips=True):
    """From a quarter of the size to the whole, in two steps."""
    image, half = keras.Input((48, 64, 1)), keras.Input((24, 32, 15))
    quarter = keras.Input((12, 16, 15))
    conv = {"padding": "same", "activation": "relu"}
    x = layers.Conv2D(32, 5, **conv)(layers.Rescaling(4)(quarter))
    for skip, scale in ((half, 4), (image, 10)):
        x = layers.UpSampling2D()(x)
        if skips:
            x = layers.Concatenate()([x, layers.Rescaling(scale)(skip)])
        last = skip is image
        options = {"padding": "same"} if last else conv
        x = layers.Conv2D(1 + len(KINDS) if last else 16, 3, **options)(x)
    return keras.Model([image, half, quarter], x)


def overlaps(true, said):
    """The intersection over union of each class."""
    matrix = confusion_matrix(true.ravel(), said.ravel(), 1 + len(KINDS))
    return matrix.diagonal() / (matrix.sum(axis=0) + matrix.sum(axis=1) - matrix.diagonal())


def told_what_is_there(reader, train, seed):
    """The network of lesson 09: which digits are in the picture."""
    present = np.stack([np.isin(range(len(KINDS)), labels) for labels in train.labels]) * 1.0
    keras.utils.set_random_seed(seed)
    look = layers.Conv2D(24, 5, padding="same", activation="relu")
    stack = [look, layers.GlobalAveragePooling2D(), layers.Dense(len(KINDS))]
    head = keras.Sequential([keras.Input((12, 16, 15)), *stack])
    head.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True))
    head.fit(reader.predict(train.images, verbose=0)[1], present, epochs=10, verbose=0)
    return keras.Model(reader.inputs[0], head(reader.outputs[1]))


def hot(model, scenes, share=0.5):
    """(N, H, W): of the digits that are there the one whose map is hottest, 0 where none is hot."""
    found = np.zeros(scenes.images.shape[:3], int)
    best = np.zeros(found.shape)
    for side in range(2):
        labels = np.array([labels[side] for labels in scenes.labels])
        maps = grad_cam(model, scenes.images, labels)
        chosen = (maps >= share) & (maps > best)
        found = np.where(chosen, 1 + labels[:, None, None], found)
        best = np.maximum(best, maps)
    return found


def measure(seed, count):
    """The rows of one seed."""
    train = datasets.digit_scenes("train", count, seed=seed, digits=KINDS)
    test = datasets.digit_scenes("test", TESTED, seed=seed, digits=KINDS)
    reader = base()
    seen, shown = ([s.images, *reader.predict(s.images, verbose=0)] for s in (train, test))
    true = classes_of(test)
    said = {}
    for name, skips in (("u-net", True), ("without skips", False)):
        keras.utils.set_random_seed(seed)
        network = u_net(skips)
        rate = keras.optimizers.schedules.CosineDecay(0.004, EPOCHS * -(-count // BATCH))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile(keras.optimizers.Adam(rate), loss)
        network.fit(seen, classes_of(train), BATCH, epochs=EPOCHS, verbose=0)
        said[name] = network.predict(shown, verbose=0).argmax(axis=-1)
    said["heat map"] = hot(told_what_is_there(reader, train, seed), test)
    for name, answer in said.items():
        each = overlaps(true, answer)
        kinds = {f"iou_{kind}": value for kind, value in zip(KINDS, each[1:], strict=True)}
        row = {"seed": seed, "way": name, "scenes": count, "iou_ground": each[0], **kinds}
        yield row | {"miou": each.mean(), "miou_digits": each[1:].mean()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    rows = []
    for seed in range(options.seeds):
        rows += measure(seed, options.scenes)
        table = pd.DataFrame(rows).round(4)
        print(table.tail(3)[["way", "miou", "miou_digits"]].to_string(header=False), flush=True)
        table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.groupby("way", sort=False)[["miou", "miou_digits"]].mean().round(3))


if __name__ == "__main__":
    main()
