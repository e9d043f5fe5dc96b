"""Measure transfer learning with few pictures: data/results/transfer_*.csv, one file per data set.

    cnnlab fetch cats_vs_dogs
    python tools/measure_transfer.py [textures] [cats_vs_dogs] [digits]

A row per number of training pictures per class, seed and way to train. The seed chooses the
training pictures and the first weights; the test pictures are always the same. Photographs are 64
pixels high and wide; digits are enlarged to that for the trained network, and stay 28 for another.
Processor seconds are those of all cores, for features and training, with the steps before.
"""

import sys
from dataclasses import replace
from pathlib import Path
from time import process_time

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets, graph
from cnnlab.transfer import classifier, unfreeze
from cnnlab.weights import preprocess, pretrained

FOLDER = Path(__file__).parent.parent / "data" / "results"
NETWORK = "vgg16_slim"
BLOCKS = tuple(f"block{number}_pool" for number in range(1, 6))
LAYER = "block4_pool"  # better than block5_pool on textures, and as good on cats and dogs
LAST_BLOCK = "block4_conv1"
PER_CLASS = {"textures": (5, 10, 20, 50), "cats_vs_dogs": (10, 50, 100), "digits": (5, 10, 20, 50)}
CLOSE_UP = {"textures": 10, "cats_vs_dogs": 100}  # pictures per class at which all ways are tried
SEEDS = range(5)
SAME_NETWORK_EPOCHS = 30
TRAINING_PICTURES = 1200  # the first ones; each seed draws from them
TEST_PICTURES = 480  # the first ones: as many of each class
COLUMNS = ["data", "per_class", "seed", "way", "trainable", "accuracy", "processor_seconds"]


def pictures(data, split, count):
    """The first pictures of a data set, uint8 0-255; cats and dogs reduced to 64x64 pixels."""
    dataset = datasets.load(data, split)
    images, labels = np.asarray(dataset.images[:count]), dataset.labels[:count]
    if data == "digits":
        images = (images * 255).round().astype(np.uint8)
    if images.shape[1] == 128:
        images = images.reshape(-1, 64, 2, 64, 2, 3).mean(axis=(2, 4)).round().astype(np.uint8)
    return replace(dataset, images=images, labels=labels)


def as_photographs(images):
    """Pictures as the trained network wants them: digits enlarged to 64x64 pixels, and RGB."""
    if images.shape[-1] == 3:
        return images
    large = np.asarray(keras.ops.image.resize(images.astype(np.float32), (64, 64)))
    return np.repeat(large.round().astype(np.uint8), 3, axis=-1)


def cut(base, layer):
    """The network up to a layer."""
    return keras.Model(base.input, base.get_layer(layer).output, name=base.name)


def pooled(base, prepared):
    """{layer: (N, 1, 1, C)}: the mean of each map after each block, as the head would take it."""
    outputs = [
        layers.GlobalAveragePooling2D(keepdims=True)(base.get_layer(layer).output)
        for layer in BLOCKS
    ]
    found = keras.Model(base.input, outputs).predict(prepared, verbose=0)
    return dict(zip(BLOCKS, found, strict=True))


def compiled(model, learning_rate):
    """The model with the loss and the accuracy that its output asks for."""
    if model.output_shape[-1] == 1:
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        accuracy = keras.metrics.BinaryAccuracy(threshold=0, name="accuracy")
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        accuracy = "accuracy"
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=[accuracy])
    return model


def fitted(model, dataset, learning_rate, epochs):
    """Processor seconds of a training."""
    compiled(model, learning_rate)
    began = process_time()
    model.fit(dataset.images, dataset.labels, batch_size=16, epochs=epochs, verbose=0)
    return process_time() - began


def small_network(input_shape, classes, averaging):
    """Three convolutions with pooling, then dense layers; or the mean of each map and one layer."""
    convolution = {"kernel_size": 3, "padding": "same", "activation": "relu"}
    top = [layers.Flatten(), layers.Dropout(0.5), layers.Dense(64, activation="relu")]
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(16, **convolution),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, **convolution),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, **convolution),
            layers.MaxPooling2D(2),
            *([layers.GlobalAveragePooling2D()] if averaging else top),
            layers.Dense(1 if classes == 2 else classes),
        ]
    )


def start_anew(model, seed):
    """Gives every convolution first weights as He proposes them for layers of ReLU."""
    for number, node in enumerate(graph.read(model).calls):
        if node.kind == "Conv2D":
            he = keras.initializers.HeNormal(seed=100 * seed + number)
            node.layer.kernel.assign(he(node.layer.kernel.shape))
            node.layer.bias.assign(np.zeros(node.layer.bias.shape))


def augmentation():
    """Mirrored, shifted, closer or farther."""
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomZoom((-0.3, 0.1)),
        ],
        name="augmentation",
    )


def measure(data, counts=None, seeds=SEEDS):
    """The rows of a data set, for some numbers of training pictures per class."""
    train = pictures(data, "train", TRAINING_PICTURES)
    test = pictures(data, "test", TEST_PICTURES)
    test_photographs = as_photographs(test.images)
    classes, rows = len(test.class_names), []
    base = pretrained(NETWORK)
    began = process_time()
    seen = pooled(base, preprocess(NETWORK, as_photographs(train.images)))
    seconds_per_picture = (process_time() - began) / len(train.images)
    seen_test = pooled(base, preprocess(NETWORK, test_photographs))
    wrong = pooled(base, test_photographs.astype(np.float32) / 255)

    def row(way, model, inputs, seconds):
        trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
        accuracy = round(model.evaluate(inputs, test.labels, verbose=0)[1], 4)
        rows.append((data, per_class, seed, way, trainable, accuracy, round(seconds, 1)))

    def head_on(layer):
        """A head trained on the features of the pictures drawn: same seed, same pictures."""
        features, _ = datasets.split(replace(train, images=seen[layer]), per_class, seed)
        keras.utils.set_random_seed(seed)
        head = classifier(cut(base, layer), classes).get_layer("head")
        seconds = fitted(head, features, learning_rate=1e-2, epochs=60)
        return head, seconds + seconds_per_picture * len(features.labels)

    def on_pictures(head=None):
        """A classifier that sees varied pictures, on a base of its own; its head new or given."""
        keras.utils.set_random_seed(seed)
        own = cut(pretrained(NETWORK), LAYER)
        model = classifier(own, classes, augmentation=augmentation())
        if head is not None:
            model.get_layer("head").set_weights(head.get_weights())
        return model

    for per_class, seed in [(n, s) for n in counts or PER_CLASS[data] for s in seeds]:
        drawn, _ = datasets.split(train, per_class, seed)
        epochs = max(10, round(40 * (10 / per_class) ** 0.5))
        for way, averaging in (("from scratch", False), ("from scratch, averaging", True)):
            keras.utils.set_random_seed(seed)
            model = small_network(test.images.shape[1:], classes, averaging)
            row(way, model, test.images, fitted(model, drawn, 2e-3, epochs))
        head, seconds = head_on(LAYER)
        row("frozen features", head, seen_test[LAYER], seconds)
        if CLOSE_UP.get(data) != per_class:
            continue
        row("wrong preprocessing", head, wrong[LAYER], seconds)
        for layer in BLOCKS:
            other, other_seconds = head_on(layer)
            row(f"features of {layer}", other, seen_test[layer], other_seconds)

        model = on_pictures(head)
        seconds += fitted(model, drawn, 1e-3, epochs=8)
        row("with augmentation", model, test.images, seconds)
        unfreeze(model, LAST_BLOCK)
        seconds += fitted(model, drawn, 1e-4, epochs=8)
        row("fine-tuned", model, test.images, seconds)

        model = unfreeze(on_pictures(head), LAST_BLOCK)
        row("rate 100 times too high", model, test.images, fitted(model, drawn, 1e-2, epochs=8))
        model = unfreeze(on_pictures(), "block1_conv1")
        row("nothing frozen", model, test.images, fitted(model, drawn, 1e-3, epochs=8))
        model = unfreeze(on_pictures(), "block1_conv1")
        start_anew(model, seed)
        seconds = fitted(model, drawn, 1e-3, epochs=SAME_NETWORK_EPOCHS)
        row("from scratch, same network", model, test.images, seconds)
    return pd.DataFrame(rows, columns=COLUMNS)


def main(names):
    FOLDER.mkdir(exist_ok=True)
    for data in names or PER_CLASS:
        table = measure(data)
        table.to_csv(FOLDER / f"transfer_{data}.csv", index=False, lineterminator="\n")
        print(table.groupby(["per_class", "way"], sort=False).accuracy.agg(["mean", "min", "max"]))


if __name__ == "__main__":
    main(sys.argv[1:])
