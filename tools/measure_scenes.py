"""Find things in scenes, as boxes and as masks: data/results/scenes*.csv.

    python tools/measure_scenes.py [--scenes 600] [--seeds 5]

The networks are those of lesson 10 on the maps of the frozen vgg16_slim. One answers on two grids:
cells of 16 pixels for larger objects, of 8 pixels for smaller ones. The other, a small U-Net,
answers at every pixel whether an object is there. A row per seed, which draws the scenes, the
first weights and the order of training. No object of the test scenes is in a training scene. The
test scenes of a seed are 100. What the networks of seed 0 say of the first eight of them is kept
for pictures: the sure boxes in `scenes_boxes.csv`, the masks in `scenes_masks.csv` as runs, the
numbers of pixels outside, inside, outside, ... in reading order. About four minutes for a seed on
one core.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers, ops

from cnnlab import datasets, weights
from cnnlab.boxes import average_precision, decode, encode, match, nms

FILE = Path(__file__).parent.parent / "data" / "results" / "scenes.csv"
SIZE, CLASSES = (96, 128), 9
MAPS = ("block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")
SCALES = {"large": (16, 40), "small": (8, 20)}  # side of a cell and of its anchor, in pixels
LARGE = 30  # pixels of the longer side from which an object counts as large
SHOWN, SURE = 8, 0.25  # scenes that are kept for pictures, and the score of a box in them
EPOCHS = {"boxes": 20, "masks": 6}
SCENES, TESTED, SEEDS, BATCH = 600, 100, 5, 8


def features(images):
    """The maps of the frozen network, as half floats: they are kept in memory."""
    base = weights.pretrained("vgg16_slim")
    reader = keras.Model(base.inputs[0], [base.get_layer(name).output for name in MAPS])
    pixels = weights.preprocess("vgg16_slim", images)
    parts = [reader(pixels[n : n + BATCH]) for n in range(0, len(pixels), BATCH)]
    return [np.concatenate(maps).astype("float16") for maps in zip(*parts, strict=True)]


def targets(scenes):
    """What the three answers shall be: two grids and the masks."""
    found = {name: [] for name in SCALES}
    for boxes, labels in zip(scenes.boxes, scenes.labels, strict=True):
        large = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) >= LARGE
        for name, (cell, anchor) in SCALES.items():
            grid = SIZE[0] // cell, SIZE[1] // cell
            mine = np.flatnonzero(large == (name == "large"))
            places = (boxes[mine, :2] + boxes[mine, 2:]) // 2 // cell
            mine = mine[np.unique(places, axis=0, return_index=True)[1]]  # one in each cell
            values = encode(boxes[mine], labels[mine], grid, cell, CLASSES, (anchor, anchor))
            found[name].append(values.astype("float32"))
    masks = np.stack([masks.any(axis=0) for masks in scenes.masks])[..., None]
    return {name: np.stack(values) for name, values in found.items()} | {"mask": masks * 1.0}


def grid_loss(y, answer):
    """Is something here? Where and how large? And what? Added up over the cells of a picture."""
    there, cells = y[..., 0], (1, 2)
    exists = ops.sum(keras.losses.binary_crossentropy(y[..., :1], answer[..., :1], True), cells)
    place = ops.square(ops.sigmoid(answer[..., 1:3]) - y[..., 1:3])
    size = ops.square(answer[..., 3:5] - y[..., 3:5])
    what = keras.losses.categorical_crossentropy(y[..., 5:], answer[..., 5:], True)
    where = ops.sum(place + size, axis=-1)
    return exists + ops.sum(there * (5 * where + what), cells)


def mask_loss(y, answer):
    return keras.losses.binary_crossentropy(y, answer, True)


def box_network(shapes):
    """Two grids: one on the deepest map, one on the map before it, which that one is joined to."""
    inputs = [keras.Input(shape) for shape in shapes]
    conv = {"padding": "same", "activation": "relu"}
    deep = layers.Conv2D(64, 1, activation="relu")(inputs[3])
    joined = [layers.UpSampling2D()(deep), layers.Conv2D(64, 1, activation="relu")(inputs[2])]
    answers = {}
    for name, maps in (("large", deep), ("small", layers.Concatenate()(joined))):
        x = layers.Conv2D(64, 3, **conv)(layers.Conv2D(64, 3, **conv)(maps))
        answers[name] = layers.Conv2D(5 + CLASSES, 1, name=name)(x)
    return keras.Model(inputs[2:], answers)


def mask_network(shapes):
    """A small U-Net: up from the deepest map to the whole size, joined to all others."""
    inputs = [keras.Input(shape) for shape in shapes]
    x = layers.Conv2D(64, 1, activation="relu")(inputs[3])
    for maps, width in zip(inputs[2::-1], (64, 32, 16), strict=True):
        skip = layers.Conv2D(width, 1, activation="relu")(maps)
        x = layers.Concatenate()([layers.UpSampling2D()(x), skip])
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    pixels = layers.UpSampling2D(interpolation="bilinear")(layers.Conv2D(8, 1)(x))
    return keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(pixels))


def trained(seed, count):
    """Both networks, after their training on scenes of the seed."""
    scenes = datasets.scenes("train", count, seed=seed)
    maps, wanted = features(scenes.images), targets(scenes)
    shapes = [values.shape[1:] for values in maps]
    masks = wanted.pop("mask")
    keras.utils.set_random_seed(seed)
    boxes, pixels = box_network(shapes), mask_network(shapes)
    for name, network, loss in (("boxes", boxes, grid_loss), ("masks", pixels, mask_loss)):
        steps = EPOCHS[name] * -(-count // BATCH)
        rate = keras.optimizers.schedules.CosineDecay(0.002, steps)
        losses = {scale: loss for scale in SCALES} if name == "boxes" else loss
        network.compile(keras.optimizers.Adam(rate), losses)
    boxes.fit(maps[2:], wanted, BATCH, epochs=EPOCHS["boxes"], verbose=0)
    pixels.fit(maps, masks, BATCH, epochs=EPOCHS["masks"], verbose=0)
    return boxes, pixels


def probabilities(answer):
    """Logits of a grid as `decode` takes them."""
    values = np.array(answer, float)
    values[..., :3] = ops.sigmoid(values[..., :3])
    values[..., 5:] = ops.softmax(values[..., 5:])
    return values


def boxes_of(answers, index, threshold=0.02):
    """Boxes, scores and labels in one picture, of both grids."""
    parts = [
        decode(probabilities(answers[name][index]), cell, threshold, (anchor, anchor))
        for name, (cell, anchor) in SCALES.items()
    ]
    boxes, scores, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    kept = nms(boxes, scores, 0.4)
    return boxes[kept], scores[kept], labels[kept]


def scored(answers, scenes):
    """AP@0.5 of objects of whatever class, its mean over classes, and the overlap of masks."""
    found = [boxes_of(answers, index) for index in range(len(scenes.images))]

    def precision(chosen):
        """Of the predictions and true boxes that are chosen by their labels."""
        hits, sure, count = [], [], 0
        for (boxes, scores, labels), truths, kinds in zip(
            found, scenes.boxes, scenes.labels, strict=True
        ):
            mine, true = chosen(labels), truths[chosen(kinds)]
            hits.append(match(boxes[mine], scores[mine], true) >= 0)
            sure.append(scores[mine])
            count += len(true)
        return average_precision(np.concatenate(hits), np.concatenate(sure), count)

    each = [precision(lambda labels, kind=kind: labels == kind) for kind in range(CLASSES)]
    true = np.stack([masks.any(axis=0) for masks in scenes.masks])
    said = np.asarray(answers["mask"])[..., 0] > 0
    overlaps = [(a & b).sum() / (a | b).sum() for a, b in [(true, said), (~true, ~said)]]
    return {
        "ap_objects": precision(lambda labels: labels >= 0),
        "map_classes": np.mean(each),
        "iou_objects": overlaps[0],
        "iou_ground": overlaps[1],
        "miou": np.mean(overlaps),
    }


def measure(seed, count):
    """The row of one seed, and what its networks say of its test scenes."""
    boxes, pixels = trained(seed, count)
    scenes = datasets.scenes("test", TESTED, seed=100 + seed)
    maps = features(scenes.images)
    answers = boxes.predict(maps[2:], verbose=0) | {"mask": pixels.predict(maps, verbose=0)}
    return {"seed": seed, "scenes": count} | scored(answers, scenes), answers


def shown(answers):
    """What is kept for pictures: a row per sure box, and a row per mask."""
    found, masks = [], []
    for index in range(SHOWN):
        boxes, scores, labels = boxes_of(answers, index, SURE)
        table = pd.DataFrame(boxes.round(1), columns=["top", "left", "bottom", "right"])
        found.append(table.assign(score=scores.round(2), label=labels, scene=index))
        inside = np.asarray(answers["mask"][index, ..., 0] > 0).ravel()
        ends = np.flatnonzero(np.diff(inside, prepend=False, append=not inside[-1]))
        masks.append({"scene": index, "runs": " ".join(map(str, np.diff(ends, prepend=0)))})
    return pd.concat(found), pd.DataFrame(masks)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    rows = []
    for seed in range(options.seeds):
        row, answers = measure(seed, options.scenes)
        rows.append(row)
        if seed == 0:
            for name, kept in zip(("boxes", "masks"), shown(answers), strict=True):
                place = options.out.with_stem(f"{options.out.stem}_{name}")
                kept.to_csv(place, index=False, lineterminator="\n")
        print({name: round(float(value), 3) for name, value in rows[-1].items()}, flush=True)
        table = pd.DataFrame(rows).round(4)
        table.to_csv(options.out, index=False, lineterminator="\n")
    print(table.mean().round(3))


if __name__ == "__main__":
    main()
