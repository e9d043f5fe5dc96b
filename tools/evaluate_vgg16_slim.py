"""What `vgg16_slim` can do, measured as it is shipped: the numbers of its card, beside its goals.

    python tools/evaluate_vgg16_slim.py --data tiny-imagenet-100.zip

Top-1 and top-5 on the 5,000 validation photographs at five sizes; how far its shares can be
believed; what it calls the photographs of `data/`; milliseconds per image. Ten minutes. The table
of goals goes to `data/results/vgg16_slim.csv`. What its features are worth to other tasks is
measured by `measure_transfer.py`.
"""

import argparse
import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from cnnlab import datasets, models, weights

SIZES = (64, 96, 128, 160, 224)
GOALS = {"top-1": 0.58, "top-5": 0.83, "calibration error": 0.05, "megabytes": 8}  # at 64 px
ALLOWED = {96: 0.03, 128: 0.03, 224: 0.1}  # below what is reached at 64 px
DATA = Path(__file__).parents[1] / "data"
FILE = DATA / "weights" / "vgg16_slim.npz"
TABLE = DATA / "results" / "vgg16_slim.csv"
HOUSE_CATS = ("tabby", "Persian cat", "Egyptian cat")
DOGS = ("Chihuahua", "Yorkshire terrier", "golden retriever", "German shepherd", "standard poodle")


def validation(archive):
    """(5000, 64, 64, 3) uint8 photographs, and their class numbers in the order of classes.csv."""
    with zipfile.ZipFile(archive) as files:
        rows = files.read("classes.csv").decode().splitlines()[1:]
        wnids = [row.split(",")[0] for row in rows]
        names = sorted(n for n in files.namelist() if n.startswith("val/") and n[-1] != "/")
        opened = (Image.open(io.BytesIO(files.read(name))).convert("RGB") for name in names)
        images = np.stack([np.asarray(image) for image in opened])
    return images, np.array([wnids.index(name.split("/")[1]) for name in names])


def logits(model, images, size=64):
    """(N, classes) logits of square images, enlarged and preprocessed a batch at a time."""
    scores = []
    for batch in np.array_split(images, -(-len(images) // 40)):
        resized = [np.asarray(Image.fromarray(i).resize((size, size), 3)) for i in batch]
        scores.append(model.predict_on_batch(weights.preprocess("vgg16_slim", np.stack(resized))))
    return np.concatenate(scores)


def softmax(scores):
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def top1_top5(scores, labels):
    hits = np.argsort(scores, axis=1)[:, :-6:-1] == labels[:, None]
    return hits[:, 0].mean(), hits.any(axis=1).mean()


def calibration_error(scores, labels, bins=15):
    """The gap between the share told and the share right, mean over images in bins by share."""
    shares = softmax(scores)
    told, right = shares.max(axis=1), shares.argmax(axis=1) == labels
    number = np.minimum((told * bins).astype(int), bins - 1)
    gaps = np.bincount(number, told - right, bins)
    return np.abs(gaps).sum() / len(labels)


def summed(shares, classes):
    """The shares of some classes together."""
    names = weights.class_names("vgg16_slim")
    return float(sum(shares[names.index(name)] for name in classes))


def shares_of(model, photo, size):
    """(classes,) what the network says of the middle square of a photograph of `data/`."""
    image = weights.preprocess("vgg16_slim", datasets.photo(photo, size)[None])
    return softmax(model.predict_on_batch(image)[0])


def measured(model, images, labels, sizes=SIZES):
    """The table of what was reached: what, at which size in pixels, the goal, and the result.

    The goal is NaN where it is "as far as it goes". The temperature was chosen on the photographs
    of even number (`pack_vgg16_slim.py`), so the calibration is that of the others.
    """
    rows = []
    for size in sizes:
        scores = logits(model, images, size)
        top = dict(zip(("top-1", "top-5"), top1_top5(scores, labels), strict=True))
        if size == 64:
            at_64 = top
        for what, reached in top.items():
            allowed = ALLOWED.get(size, np.nan)
            goal = GOALS[what] if size == 64 else at_64[what] - allowed
            rows.append((what, size, goal, reached))
        if size == 64:
            error = calibration_error(scores[1::2], labels[1::2])
            rows.append(("calibration error", size, GOALS["calibration error"], error))
        cat, coffee = (shares_of(model, photo, size) for photo in ("chelsea", "coffee"))
        for what, reached, least in (
            ("chelsea, house cats", summed(cat, HOUSE_CATS), {64: 0.8, 96: 0.8, 128: 0.6}),
            ("chelsea, dogs", summed(cat, DOGS), {64: 0.1, 96: 0.1}),
            ("coffee, espresso", summed(coffee, ["espresso"]), {64: 0.8, 96: 0.8}),
        ):
            rows.append((what, size, least.get(size, np.nan), reached))
    table = pd.DataFrame(rows, columns=["what", "size", "goal", "reached"])
    return table.round(4)


def verdicts(table):
    """Whether each goal was met or missed, and nothing where no goal was set."""
    less_is_better = table.what.isin(["calibration error", "chelsea, dogs", "megabytes"])
    missed = np.where(less_is_better, table.reached > table.goal, table.reached < table.goal)
    return pd.Series(np.where(missed, "missed", "met"), table.index).where(table.goal.notna(), "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="tiny-imagenet-100.zip")
    parser.add_argument("--weights", type=Path, default=FILE, help="other weights than the shipped")
    parser.add_argument("--every", type=int, default=1, help="every so-many-th photograph only")
    options = parser.parse_args()
    model = models.vgg16_slim()
    with np.load(options.weights) as arrays:
        weights.fill(model, arrays)
    images, labels = validation(options.data)
    table = measured(model, images[:: options.every], labels[:: options.every])
    megabytes = options.weights.stat().st_size / 1e6
    table.loc[len(table)] = ("megabytes", 0, GOALS["megabytes"], round(megabytes, 2))
    if options.weights == FILE and options.every == 1:
        table.to_csv(TABLE, index=False, lineterminator="\n")
    print(table.assign(verdict=verdicts(table)).to_string(index=False))

    names = np.array(weights.class_names("vgg16_slim"))
    for photo in datasets.photo_names():
        for size in SIZES:
            shares = shares_of(model, photo, size)
            best = [f"{names[i]} {shares[i]:.0%}" for i in shares.argsort()[:-4:-1]]
            print(f"{photo} at {size}: {', '.join(best)}", flush=True)

    image = np.zeros((1, 128, 128, 3), np.float32)
    model.predict_on_batch(image)
    began = time.perf_counter()
    for _ in range(20):
        model.predict_on_batch(image)
    print(f"\n{(time.perf_counter() - began) / 20 * 1000:.0f} ms per 128x128 image", flush=True)


if __name__ == "__main__":
    main()
