"""Train `lenet5` and `mnist_cnn` on the full MNIST and write their weights to data/weights.

    cnnlab fetch mnist
    python tools/train_lenet.py lenet5 mnist_cnn && python tools/write_checksums.py

Prints the accuracy on the 10,000 test images of the weights as they are shipped, in float16.
"""

import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

from cnnlab import datasets, models, weights

FOLDER = Path(__file__).parent.parent / "data" / "weights"
EPOCHS = {"lenet5": 12, "mnist_cnn": 12}
RATE = {"lenet5": 4e-3, "mnist_cnn": 2e-3}  # the largest, after the warm-up
SHIFT = {"lenet5": 2 / 28, "mnist_cnn": 0}  # up to two pixels: without it LeNet-5 overfits
BATCH = 64


def train(name, images, labels):
    keras.utils.set_random_seed(0)
    network = getattr(models, name)()
    shift = layers.RandomTranslation(SHIFT[name], SHIFT[name], fill_mode="constant")
    model = keras.Sequential([keras.Input((28, 28, 1)), shift, network])
    steps = EPOCHS[name] * (len(images) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=RATE[name], warmup_steps=steps // 10
    )
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(images, labels, batch_size=BATCH, epochs=EPOCHS[name], verbose=2)
    return network


def main(names):
    training, test = datasets.load("mnist", "train"), datasets.load("mnist", "test")
    FOLDER.mkdir(exist_ok=True)
    for name in names:
        began = time.perf_counter()
        network = train(name, training.images, training.labels)
        seconds = time.perf_counter() - began
        arrays = {key: array.astype(np.float16) for key, array in weights.arrays(network).items()}
        np.savez_compressed(FOLDER / f"{name}.npz", **arrays)
        weights.fill(network, arrays)
        logits = network.predict(test.images, batch_size=500, verbose=0)
        accuracy = (logits.argmax(axis=1) == test.labels).mean()
        print(f"{name}: {accuracy:.4f} of the test images after {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
