"""Measure transfer learning with few pictures: data/results/transfer.csv.

    cnnlab fetch cats_vs_dogs
    python tools/measure_transfer.py

A row per data set, number of training pictures per class, seed and way to train. The seed chooses
the training pictures and the first weights; the test pictures are always the same. Processor
seconds are those of all cores together, for the training and for extracting the features.
"""

from dataclasses import replace
from pathlib import Path
from time import process_time

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets
from cnnlab.transfer import classifier, extract_features, unfreeze
from cnnlab.weights import pretrained

FILE = Path(__file__).parent.parent / "data" / "results" / "transfer.csv"
NETWORK = "vgg16_slim"
PER_CLASS = {"textures": (5, 10, 20, 50), "digits": (5, 10, 20, 50), "cats_vs_dogs": (10, 50, 100)}
CLOSE_UP = {"textures": 10, "cats_vs_dogs": 100}  # pictures per class at which all ways are tried
TRIALS = [
    (data, per_class, seed)
    for data in PER_CLASS
    for per_class in PER_CLASS[data]
    for seed in range(5)
]
TEST_PICTURES = 480  # the first ones: as many of each class
INNER_LAYERS = ("block1_pool", "block2_pool", "block3_pool", "block4_pool")


def photographs(data, split):
    """A data set as photographs: digits become RGB, 64 pixels high and wide."""
    dataset = datasets.load(data, split)
    if data == "digits":
        large = np.asarray(keras.ops.image.resize(dataset.images * 255, (64, 64)))
        return replace(dataset, images=np.repeat(large.round().astype(np.uint8), 3, axis=-1))
    return dataset


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


def small_network(input_shape, classes, averaging=False):
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
    """Mirrored, shifted, closer or farther."""
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomZoom((-0.3, 0.1)),
        ],
        name="augmentation",
    )


def fitted(model, inputs, labels, learning_rate, epochs):
    """Processor seconds of a training."""
    began = process_time()
    compiled(model, learning_rate).fit(inputs, labels, batch_size=16, epochs=epochs, verbose=0)
    return process_time() - began


def measure(data, per_class, seed):
    """The rows of one draw of training pictures."""
    drawn, _ = datasets.split(photographs(data, "train"), per_class, seed)
    images, labels = np.asarray(drawn.images), drawn.labels
    test = photographs(data, "test")
    test_images, test_labels = test.images[:TEST_PICTURES], test.labels[:TEST_PICTURES]
    classes, rows = len(test.class_names), []

    def row(way, model, inputs, seconds):
        rows.append(
            {
                "data": data,
                "per_class": per_class,
                "seed": seed,
                "way": way,
                "trainable": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
                "accuracy": round(model.evaluate(inputs, test_labels, verbose=0)[1], 4),
                "processor_seconds": round(seconds, 1),
            }
        )

    def frozen(way, base):
        """A head on features that are computed once; returns it, trained."""
        began = process_time()
        features = extract_features(base, images)
        seconds = process_time() - began
        keras.utils.set_random_seed(seed)
        head = classifier(base, classes).get_layer("head")
        seconds += fitted(head, features, labels, learning_rate=1e-2, epochs=60)
        row(way, head, extract_features(base, test_images), seconds)
        return head

    def on_pictures(head=None):
        """A classifier that sees varied pictures, on a base of its own; its head new or given."""
        keras.utils.set_random_seed(seed)
        model = classifier(pretrained(NETWORK), classes, augmentation=augmentation())
        if head is not None:
            model.get_layer("head").set_weights(head.get_weights())
        return model

    for way, averaging in (("from scratch", False), ("from scratch, averaging", True)):
        keras.utils.set_random_seed(seed)
        scratch = small_network(images.shape[1:], classes, averaging)
        row(way, scratch, test_images, fitted(scratch, images, labels, 2e-3, epochs=40))

    base = pretrained(NETWORK)
    head = frozen("frozen features", base)
    if CLOSE_UP.get(data) != per_class:
        return rows

    model = on_pictures(head)
    row("with augmentation", model, test_images, fitted(model, images, labels, 1e-3, epochs=8))
    unfreeze(model, "block5_conv1")
    row("fine-tuned", model, test_images, fitted(model, images, labels, 1e-4, epochs=8))

    model = unfreeze(on_pictures(head), "block5_conv1")
    row(
        "rate 100 times too high", model, test_images, fitted(model, images, labels, 1e-2, epochs=8)
    )
    model = unfreeze(on_pictures(), "block1_conv1")
    row("nothing frozen", model, test_images, fitted(model, images, labels, 1e-3, epochs=8))
    wrong = extract_features(base, test_images, preprocess=lambda images: images / 255)
    row("wrong preprocessing", head, wrong, 0)

    for layer in INNER_LAYERS:
        inner = keras.Model(base.input, base.get_layer(layer).output, name=base.name)
        frozen(f"features of {layer}", inner)
    keras.utils.set_random_seed(seed)
    frozen("features of an untrained network", keras.models.clone_model(base))
    return rows


def main():
    rows = [row for trial in TRIALS for row in measure(*trial)]
    pd.DataFrame(rows).to_csv(FILE, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
