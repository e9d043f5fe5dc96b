"""What `vgg16_slim` can do, measured as it is shipped: the numbers of its card.

    cnnlab fetch cats_vs_dogs
    python tools/evaluate_vgg16_slim.py --data tiny-imagenet-100.zip

Top-1 and top-5 on the 5,000 validation photographs; what it calls the photographs of `data/` at
four sizes; its frozen features against two small networks trained from scratch, on `textures` and
on 200 photographs of cats and dogs, five seeds each; milliseconds per image.
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


def fitted(model, images, labels, epochs, rate):
    """The model after plain training."""
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(images, labels, batch_size=16, epochs=epochs, verbose=0)
    return model


def small_network(size, classes, head):
    """A competitor, trained from scratch on the same few images."""
    return keras.Sequential(
        [
            keras.Input((size, size, 3)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            *head,
            layers.Dense(classes),
        ]
    )


def transfer(name, per_class, test_images):
    """Prints mean and range over the seeds: frozen features of two layers, and from scratch."""
    training, test = datasets.load(name, "train"), datasets.load(name, "test")
    classes, size = len(training.class_names), training.images.shape[1]
    test_images, test_labels = np.asarray(test.images[:test_images]), test.labels[:test_images]
    base = weights.pretrained("vgg16_slim")
    pooled = {
        layer: keras.Sequential(
            [keras.Model(base.input, base.get_layer(layer).output), layers.GlobalAveragePooling2D()]
        )
        for layer in ("block4_pool", "block5_pool")
    }
    test_features = {layer: logits(model, test_images) for layer, model in pooled.items()}
    test_pixels = weights.preprocess("vgg16_slim", test_images)

    def accuracy(model, x):
        return model.evaluate(x, test_labels, batch_size=100, verbose=0)[1]

    found = {}
    for seed in SEEDS:
        chosen, _ = datasets.split(training, train_size=per_class, seed=seed)
        images, labels = np.asarray(chosen.images), chosen.labels
        for layer, model in pooled.items():
            keras.utils.set_random_seed(seed)
            features = logits(model, images)
            head = keras.Sequential([keras.Input(features.shape[1:]), layers.Dense(classes)])
            fitted(head, features, labels, epochs=60, rate=1e-2)
            found.setdefault(f"frozen {layer}", []).append(accuracy(head, test_features[layer]))
        heads = {
            "flatten": [layers.Flatten(), layers.Dropout(0.5), layers.Dense(64, activation="relu")],
            "average": [layers.GlobalAveragePooling2D()],
        }
        for head_name, head in heads.items():
            keras.utils.set_random_seed(seed)
            network = small_network(size, classes, head)
            fitted(network, weights.preprocess("vgg16_slim", images), labels, epochs=30, rate=1e-3)
            found.setdefault(f"scratch, {head_name}", []).append(accuracy(network, test_pixels))
        print(name, seed, {key: round(values[-1], 3) for key, values in found.items()}, flush=True)
    for key, values in found.items():
        print(
            f"{name}, {per_class} per class, {key}: {np.mean(values):.3f} "
            f"({min(values):.3f} to {max(values):.3f})",
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

    transfer("textures", per_class=10, test_images=720)
    transfer("cats_vs_dogs", per_class=100, test_images=500)


if __name__ == "__main__":
    main()
