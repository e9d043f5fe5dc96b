"""Measure transfer learning with few pictures: data/results/transfer_*.csv, one file per data set.

    cnnlab fetch cats_vs_dogs
    python tools/measure_transfer.py [things] [textures] [cats_vs_dogs] [digits]

A row per number of training pictures per class, seed and way to train. The seed chooses the
training pictures and the first weights; the test pictures are always the same. Photographs are 64
pixels high and wide; digits are enlarged to that for the trained network, and stay 28 for another.
Processor seconds are those of all cores, for features and training, with the steps before. What a
head sees are the means of the maps; of digits also the means of their quarters, for a stroke is at
a place.
"""

import sys
from dataclasses import replace
from pathlib import Path
from time import process_time

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets
from cnnlab.transfer import classifier, unfreeze
from cnnlab.weights import preprocess, pretrained

FOLDER = Path(__file__).parent.parent / "data" / "results"
NETWORK = "vgg16_slim"
BLOCKS = tuple(f"block{number}_pool" for number in range(1, 6))
LAYER = "block4_pool"  # better than block5_pool on textures, and as good on cats and dogs
LAST_BLOCK = "block4_conv1"
PER_CLASS = {
    "things": (5, 10, 20),
    "textures": (5, 10, 20, 50),
    "cats_vs_dogs": (100,),
    "digits": (5, 10, 20, 50),
}
CLOSE_UP = {"things": 10, "textures": 10, "cats_vs_dogs": 100}  # where all ways are tried
SEEDS = range(5)
EPOCHS = 8  # of fine-tuning; half as many for a head on varied pictures
TRAINING_PICTURES = 1200  # the first ones; each seed draws from them
TEST_PICTURES = 540  # the first ones: as many of each class, or nearly so
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
    """{layer: (N, 1, 1, C)}: the mean of each map after each block, as the head would take it.

    And as "quarters" (N, 2, 2, C): those of the quarters of each map of `LAYER`.
    """
    outputs = {
        layer: layers.GlobalAveragePooling2D(keepdims=True)(base.get_layer(layer).output)
        for layer in BLOCKS
    }
    outputs["quarters"] = layers.AveragePooling2D(2)(base.get_layer(LAYER).output)
    return keras.Model(base.input, outputs).predict(prepared, verbose=0)


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


def fitted(model, dataset, learning_rate, epochs, batch_size=16):
    """Processor seconds of a training."""
    compiled(model, learning_rate)
    began = process_time()
    model.fit(dataset.images, dataset.labels, batch_size=batch_size, epochs=epochs, verbose=0)
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


def augmentation():
    """Mirrored and shifted; a zoom would change what a texture is."""
    return keras.Sequential(
        [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.1, 0.1)], name="augmentation"
    )


def trials(data):
    """(pictures per class, seed) of each trial."""
    return [(count, seed) for count in PER_CLASS[data] for seed in SEEDS]


def row(data, trial, way, model, inputs, labels, seconds):
    """A row of the table: how a trained model does on the test pictures."""
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    accuracy = round(model.evaluate(inputs, labels, verbose=0)[1], 4)
    return (data, *trial, way, trainable, accuracy, round(seconds, 1))


def from_scratch(data, tried=None):
    """The rows of the networks that begin with random weights."""
    train = pictures(data, "train", TRAINING_PICTURES)
    test = pictures(data, "test", TEST_PICTURES)
    classes = len(test.class_names)
    for trial in tried or trials(data):
        seed = trial[1]
        drawn, _ = datasets.split(train, *trial)
        epochs = max(15, round(30 * (120 / len(drawn.labels)) ** 0.7))  # more of them for few
        for way, averaging in (("from scratch", False), ("from scratch, averaging", True)):
            keras.utils.set_random_seed(seed)
            model = small_network(test.images.shape[1:], classes, averaging)
            seconds = fitted(model, drawn, 2e-3, epochs)
            yield row(data, trial, way, model, test.images, test.labels, seconds)


def transferred(data, tried=None):
    """The rows of all that begins with the trained network."""
    train = pictures(data, "train", TRAINING_PICTURES)
    test = pictures(data, "test", TEST_PICTURES)
    test_photographs = as_photographs(test.images)
    classes = len(test.class_names)
    base = pretrained(NETWORK)
    began = process_time()
    seen = pooled(base, preprocess(NETWORK, as_photographs(train.images)))
    seconds_per_picture = (process_time() - began) / len(train.images)
    seen_test = pooled(base, preprocess(NETWORK, test_photographs))
    if data in CLOSE_UP:
        divided = pooled(base, as_photographs(train.images).astype(np.float32) / 255)
        divided_test = pooled(base, test_photographs.astype(np.float32) / 255)

    def on_features(way, layer, of_train=seen, of_test=seen_test):
        """A head trained on the features of the pictures drawn: same seed, same pictures."""
        features, _ = datasets.split(replace(train, images=of_train[layer]), *trial)
        keras.utils.set_random_seed(trial[1])
        head = keras.Sequential([keras.Input(of_train[layer].shape[1:]), layers.Flatten()])
        head.add(layers.Dense(1 if classes == 2 else classes))
        seconds = fitted(head, features, learning_rate=1e-2, epochs=40, batch_size=32)
        seconds += seconds_per_picture * len(features.labels)
        rows.append(row(data, trial, way, head, of_test[layer], test.labels, seconds))
        return head, seconds

    def on_pictures(way, model, learning_rate, epochs=EPOCHS, earlier=0):
        """The model, trained on varied pictures."""
        seconds = earlier + fitted(model, drawn, learning_rate, epochs)
        rows.append(row(data, trial, way, model, test.images, test.labels, seconds))
        return seconds

    def fresh(head=None):
        """A classifier on a base of its own, its head new or given."""
        keras.utils.set_random_seed(trial[1])
        own = cut(pretrained(NETWORK), LAYER)
        model = classifier(own, classes, augmentation=augmentation())
        if head is not None:
            model.get_layer("head").set_weights(head.get_weights())
        return model

    for trial in tried or trials(data):
        drawn, _ = datasets.split(train, *trial)
        rows = []
        head, seconds = on_features("frozen features", LAYER)
        if data == "digits":
            on_features("frozen features of quarters", "quarters")
        if trial[0] == CLOSE_UP.get(data):
            inputs = divided_test[LAYER]
            rows.append(row(data, trial, "divided in the test", head, inputs, test.labels, seconds))
            on_features("divided in both", LAYER, divided, divided_test)
            for layer in BLOCKS:
                on_features(f"features of {layer}", layer)
            model = fresh(head)
            seconds = on_pictures("with augmentation", model, 1e-3, EPOCHS // 2, seconds)
            unfreeze(model, LAST_BLOCK)
            on_pictures("fine-tuned", model, 1e-4, earlier=seconds)
        yield from rows


def measure(data):
    """The table of a data set."""
    rows = [*from_scratch(data), *transferred(data)]
    return pd.DataFrame(rows, columns=COLUMNS)


def main(names):
    FOLDER.mkdir(exist_ok=True)
    for data in names or PER_CLASS:
        table = measure(data)
        table.to_csv(FOLDER / f"transfer_{data}.csv", index=False, lineterminator="\n")
        print(table.groupby(["per_class", "way"], sort=False).accuracy.agg(["mean", "min", "max"]))


if __name__ == "__main__":
    main(sys.argv[1:])
