"""What `vgg16_slim` can do, measured as it is shipped: the numbers of its card.

    python tools/evaluate_vgg16_slim.py --data tiny-imagenet-100.zip

Top-1 and top-5 on the 5,000 validation photographs; what it calls the photographs of `data/` at
four sizes; milliseconds per image. What its features are worth to other tasks is measured by
`measure_transfer.py`.
"""

import argparse
import io
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from cnnlab import datasets, weights


def validation(archive):
    """(5000, 64, 64, 3) uint8 photographs, and their class numbers in the order of classes.csv."""
    with zipfile.ZipFile(archive) as files:
        rows = files.read("classes.csv").decode().splitlines()[1:]
        wnids = [row.split(",")[0] for row in rows]
        names = sorted(n for n in files.namelist() if n.startswith("val/") and n[-1] != "/")
        opened = (Image.open(io.BytesIO(files.read(name))).convert("RGB") for name in names)
        images = np.stack([np.asarray(image) for image in opened])
    return images, np.array([wnids.index(name.split("/")[1]) for name in names])


def logits(model, images):
    """(N, classes) logits, preprocessed a batch at a time."""
    return np.concatenate(
        [
            model.predict_on_batch(weights.preprocess("vgg16_slim", np.asarray(batch)))
            for batch in np.array_split(images, -(-len(images) // 100))
        ]
    )


def top1_top5(scores, labels):
    hits = np.argsort(scores, axis=1)[:, :-6:-1] == labels[:, None]
    return hits[:, 0].mean(), hits.any(axis=1).mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="tiny-imagenet-100.zip")
    options = parser.parse_args()
    model = weights.pretrained("vgg16_slim", include_top=True)
    names = np.array(weights.class_names("vgg16_slim"))

    images, labels = validation(options.data)
    top1, top5 = top1_top5(logits(model, images), labels)
    print(f"5,000 validation photographs: top-1 {top1:.4f}, top-5 {top5:.4f}", flush=True)

    for photo in datasets.photo_names():
        for size in (64, 96, 128, 224):
            scores = logits(model, datasets.photo(photo, size)[None])[0]
            shares = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
            best = np.argsort(shares)[:-4:-1]
            told = ", ".join(f"{names[i]} {shares[i]:.0%}" for i in best)
            print(f"{photo} at {size}: {told}", flush=True)

    image = np.zeros((1, 128, 128, 3), np.float32)
    model.predict_on_batch(image)
    began = time.perf_counter()
    for _ in range(20):
        model.predict_on_batch(image)
    print(f"{(time.perf_counter() - began) / 20 * 1000:.0f} ms per 128x128 image", flush=True)


if __name__ == "__main__":
    main()
