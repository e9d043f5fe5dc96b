"""One box by regression on real photographs: data/results/one_box.csv.

    CNNLAB_TEST_DATA=folder python tools/measure_one_box.py [--seeds 5]

The 699 photographs of `voc2007-boxes.zip` that have a single box, squeezed to 128x128 pixels; a
head on the last map of the frozen vgg16_slim says where the box is, trained with the squared error
of the corners or with 1 - IoU. Photographs and their mirror images, 25 epochs; a quarter of the
photographs is kept for testing, another one with each seed. Beside it two answers that look at no
picture: the mean box of the training photographs, and the whole picture. Five minutes on one core.
"""

import argparse
import io
import os
import zipfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from PIL import Image

from cnnlab import weights
from cnnlab.boxes import iou

FILE = Path(__file__).parent.parent / "data" / "results" / "one_box.csv"
SIDE, TESTED, EPOCHS, SEEDS = 128, 0.25, 25, 5
MIRROR = np.array([0, 1, 0, 1])  # left and right become 1 - right and 1 - left


def photographs(folder):
    """Pictures (N,128,128,3) uint8 and their boxes (N,4) as shares of height and width."""
    with zipfile.ZipFile(Path(folder) / "voc2007-boxes.zip") as archive:
        table = pd.read_csv(io.BytesIO(archive.read("boxes.csv")), dtype={"file": str})
        table = table.drop_duplicates("file", keep=False).sort_values("file")  # those with one box
        pictures = []
        for name in table.file:
            with Image.open(io.BytesIO(archive.read(f"images/{name}"))) as photo:
                pictures.append(np.asarray(photo.convert("RGB").resize((SIDE, SIDE))))
    sides = table[["height", "width", "height", "width"]].to_numpy()
    boxes = table[["ymin", "xmin", "ymax", "xmax"]].to_numpy() / sides
    return np.stack(pictures), boxes.clip(0, 1).astype("float32")


def mirrored(boxes):
    """Boxes of pictures whose left and right are exchanged."""
    turned = boxes[:, [0, 3, 2, 1]]
    return MIRROR + turned * (1 - 2 * MIRROR)


def features(pictures):
    """The last map of the frozen network, in front of its last pooling."""
    base = weights.pretrained("vgg16_slim")
    reader = keras.Model(base.inputs[0], base.get_layer("block5_conv3").output)
    return reader.predict(weights.preprocess("vgg16_slim", pictures), batch_size=16, verbose=0)


def squared_error(y, answer):
    return ops.mean(ops.square(y - answer), axis=-1)


def one_minus_iou(y, answer):
    """1 - IoU of each pair, and a little squared error, which pulls where nothing overlaps."""
    first, end = ops.maximum(y[:, :2], answer[:, :2]), ops.minimum(y[:, 2:], answer[:, 2:])
    shared = ops.prod(ops.relu(end - first), axis=-1)
    areas = [ops.prod(ops.relu(box[:, 2:] - box[:, :2]), axis=-1) for box in (y, answer)]
    return 1 - shared / (areas[0] + areas[1] - shared + 1e-6) + 0.1 * squared_error(y, answer)


LOSSES = {"squared error": squared_error, "1 - IoU": one_minus_iou}


def trained(loss, maps, boxes, seed):
    """The head after its training."""
    keras.utils.set_random_seed(seed)
    head = keras.Sequential(
        [
            keras.Input(maps.shape[1:]),
            layers.Conv2D(32, 1, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(4, bias_initializer=lambda *_, **__: boxes.mean(axis=0)),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.001, EPOCHS * -(-len(maps) // 32))
    head.compile(keras.optimizers.Adam(rate), loss)
    head.fit(maps, boxes, batch_size=32, epochs=EPOCHS, verbose=0)
    return head


def scored(name, seed, answers, boxes):
    """A row: how well the boxes of one method agree with the true ones."""
    sides = np.sort(answers.reshape(-1, 2, 2), axis=1)  # a side that is negative is turned round
    answers = sides.reshape(-1, 4)
    overlaps = np.array([iou([a], [b])[0, 0] for a, b in zip(answers, boxes, strict=True)])
    return {
        "seed": seed,
        "method": name,
        "tested": len(boxes),
        "iou": overlaps.mean(),
        "found": (overlaps >= 0.5).mean(),
        "squared_error": ((answers - boxes) ** 2).mean(),
    }


def measure(seed, maps, boxes):
    """The rows of one seed; `maps` are those of the photographs and of their mirror images."""
    order = np.random.default_rng(seed).permutation(len(boxes))
    test, train = np.split(order, [round(TESTED * len(boxes))])
    seen = np.concatenate([maps[0][train], maps[1][train]])
    wanted = np.concatenate([boxes[train], mirrored(boxes[train])])
    yield scored("whole picture", seed, np.tile([[0.0, 0, 1, 1]], (len(test), 1)), boxes[test])
    mean = np.tile(wanted.mean(axis=0), (len(test), 1))
    yield scored("mean box", seed, mean, boxes[test])
    for name, loss in LOSSES.items():
        head = trained(loss, seen, wanted, seed)
        answers = head.predict(maps[0][test], verbose=0)
        yield scored(name, seed, answers, boxes[test])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    folder = os.environ.get("CNNLAB_TEST_DATA")
    if not folder:
        parser.error("CNNLAB_TEST_DATA must name the folder that holds voc2007-boxes.zip")
    pictures, boxes = photographs(folder)
    maps = [features(pictures), features(pictures[:, :, ::-1])]
    rows = [row for seed in range(options.seeds) for row in measure(seed, maps, boxes)]
    table = pd.DataFrame(rows).round(4)
    table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.groupby("method", sort=False)[["iou", "found", "squared_error"]].mean().round(3))


if __name__ == "__main__":
    main()
