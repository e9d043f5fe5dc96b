"""What `vgg16_slim` can do, measured as it is shipped: the numbers of its card, beside its goals.

    python tools/evaluate_vgg16_slim.py --data tiny-imagenet-100.zip

Top-1 and top-5 on the 5,000 validation photographs at five sizes; how far its shares can be
believed; what it calls the photographs of `data/`; milliseconds per image. Ten minutes. What its
features are worth to other tasks is measured by `measure_transfer.py`.
"""

import argparse
import io
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from cnnlab import datasets, models, weights

SIZES = (64, 96, 128, 160, 224)
FILE = Path(__file__).parents[1] / "data" / "weights" / "vgg16_slim.npz"
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


def goals(top, calibration, cats, dogs, espresso, megabytes):
    """Rows (what, "≥" or "≤", goal, reached); None for the goal where it goes as far as it goes."""
    at_64 = top[64]
    rows = [("top-1 at 64 px", "≥", 0.58, at_64[0]), ("top-5 at 64 px", "≥", 0.83, at_64[1])]
    for size, allowed in ((96, 0.03), (128, 0.03), (160, None), (224, 0.10)):
        for name, reached, reference in zip(("top-1", "top-5"), top[size], at_64, strict=True):
            goal = None if allowed is None else reference - allowed
            rows.append((f"{name} at {size} px", "≥", goal, reached))
    rows.append(("calibration error at 64 px", "≤", 0.05, calibration))
    for size, least, most in ((64, 0.8, 0.1), (96, 0.8, 0.1), (128, 0.6, None)):
        rows.append((f"chelsea, house cats at {size} px", "≥", least, cats[size]))
        rows.append((f"chelsea, dogs at {size} px", "≤", most, dogs[size]))
    for size in (160, 224):
        rows.append((f"chelsea, house cats at {size} px", "≥", None, cats[size]))
        rows.append((f"chelsea, dogs at {size} px", "≤", None, dogs[size]))
    for size in SIZES:
        rows.append(
            (f"coffee, espresso at {size} px", "≥", 0.8 if size < 128 else None, espresso[size])
        )
    return [*rows, ("megabytes of the file", "≤", 8, megabytes)]


def told(row):
    """A line of the table: what, goal, reached, met or missed."""
    what, sense, goal, reached = row
    if goal is None:
        return f"{what:34} {'':8} {reached:7.3f}"
    met = reached >= goal if sense == "≥" else reached <= goal
    return f"{what:34} {sense} {goal:6.3f} {reached:7.3f}  {'met' if met else 'missed'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="tiny-imagenet-100.zip")
    parser.add_argument("--weights", type=Path, default=FILE, help="other weights than the shipped")
    parser.add_argument("--every", type=int, default=1, help="every so-many-th photograph only")
    options = parser.parse_args()
    model = models.vgg16_slim()
    with np.load(options.weights) as arrays:
        weights.fill(model, arrays)
    names = np.array(weights.class_names("vgg16_slim"))

    images, labels = validation(options.data)
    # The temperature was chosen on the pictures of even number (`pack_vgg16_slim.py`).
    images, labels = images[:: options.every], labels[:: options.every]
    top, calibration = {}, None
    for size in SIZES:
        scores = logits(model, images, size)
        top[size] = top1_top5(scores, labels)
        calibration = calibration_error(scores[1::2], labels[1::2]) if size == 64 else calibration
        print(f"{len(images)} validation photographs at {size} px: ", end="")
        print("top-1 {:.4f}, top-5 {:.4f}".format(*top[size]), flush=True)

    shares = {}
    for photo in datasets.photo_names():
        for size in SIZES:
            scores = model.predict_on_batch(
                weights.preprocess("vgg16_slim", datasets.photo(photo, size)[None])
            )
            shares[photo, size] = dict(zip(names, softmax(scores[0]), strict=True))
            best = sorted(shares[photo, size].items(), key=lambda item: -item[1])[:3]
            print(f"{photo} at {size}: " + ", ".join(f"{n} {s:.0%}" for n, s in best), flush=True)

    def summed(photo, classes):
        return {size: sum(shares[photo, size][name] for name in classes) for size in SIZES}

    print(f"\n{'goal':34} {'wanted':>8} reached")
    for row in goals(
        top,
        calibration,
        summed("chelsea", HOUSE_CATS),
        summed("chelsea", DOGS),
        summed("coffee", ("espresso",)),
        options.weights.stat().st_size / 1e6,
    ):
        print(told(row))

    image = np.zeros((1, 128, 128, 3), np.float32)
    model.predict_on_batch(image)
    began = time.perf_counter()
    for _ in range(20):
        model.predict_on_batch(image)
    print(f"\n{(time.perf_counter() - began) / 20 * 1000:.0f} ms per 128x128 image", flush=True)


if __name__ == "__main__":
    main()
