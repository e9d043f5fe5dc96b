"""What `vgg16_slim` can do, measured as it is shipped: the numbers of its card.

    cnnlab fetch cats_vs_dogs
    python tools/evaluate_vgg16_slim.py --data tiny-imagenet-100.zip

Top-1 and top-5 on the 5,000 validation photographs; what it calls the photographs of `data/` at
four sizes; its frozen features against a small network trained from scratch, on `textures` and on
200 photographs of cats and dogs, five seeds each; milliseconds per image.
"""

import argparse
import io
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers
from PIL import Image

from cnnlab import datasets, weights

SEEDS = range(5)


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


def fitted(model, images, labels, epochs):
    """The model after plain training."""
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(images, labels, batch_size=20, epochs=epochs, verbose=0)
    return model


def small_network(size, classes):
    """The competitor, trained from scratch on the same few images."""
    return keras.Sequential(
        [
            keras.Input((size, size, 3)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(64, activation="relu"),
            layers.Dense(classes),
        ]
    )


def transfer(base, name, per_class, test_images):
    """Mean and spread over the seeds: from scratch, and with frozen features."""
    training, test = datasets.load(name, "train"), datasets.load(name, "test")
    classes = len(training.class_names)
    test_labels = test.labels[:test_images]
    pooled = keras.Sequential([base, layers.GlobalAveragePooling2D()])
    test_features = logits(pooled, test.images[:test_images])
    test_pixels = weights.preprocess("vgg16_slim", np.asarray(test.images[:test_images]))
    scratch, frozen = [], []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        chosen, _ = datasets.split(training, train_size=per_class, seed=seed)
        images = np.asarray(chosen.images)
        network = small_network(images.shape[1], classes)
        fitted(network, weights.preprocess("vgg16_slim", images), chosen.labels, epochs=40)
        scratch.append(network.evaluate(test_pixels, test_labels, batch_size=100, verbose=0)[1])
        features = logits(pooled, images)
        head = keras.Sequential(
            [keras.Input(features.shape[1:]), layers.Dropout(0.3), layers.Dense(classes)]
        )
        fitted(head, features, chosen.labels, epochs=200)
        frozen.append(head.evaluate(test_features, test_labels, batch_size=100, verbose=0)[1])
    for label, values in (("from scratch", scratch), ("frozen features", frozen)):
        print(
            f"{name}, {per_class} per class, {label}: {np.mean(values):.3f} "
            f"(from {min(values):.3f} to {max(values):.3f})",
            flush=True,
        )


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

    base = weights.pretrained("vgg16_slim")
    transfer(base, "textures", 10, test_images=480)
    transfer(base, "cats_vs_dogs", 100, test_images=1000)


if __name__ == "__main__":
    main()
