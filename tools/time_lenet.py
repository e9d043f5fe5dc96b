"""Time three trainings to 99.0 % of MNIST's test images, and print a row each.

    cnnlab fetch mnist
    python tools/time_lenet.py

- "Keras documentation": keras.io's "Simple MNIST convnet", 32 and 64 filters, Adam at 1e-3.
- "LeNet-5": a smaller network (with ReLU and max pooling, as later networks), the same optimiser.
- "LeNet-5, recipe": that network, and the learning rate warms up to 6e-3 and decays to 0.

The recipe plans its four epochs beforehand. The others stop at the first epoch that reaches the
goal (or after `LIMIT` epochs); the tests after each of their epochs are not counted against them.

A row per training and seed: seconds by the clock, processor seconds (of all cores together, so that
little depends on what else the machine does), epochs and accuracy.
"""

from time import perf_counter, process_time

import keras
import numpy as np
import pandas as pd
from keras import layers

from cnnlab import datasets, models

GOAL = 0.99
LIMIT = 10
EPOCHS = 4
PEAK = 6e-3
BATCH = 128
TRAININGS = ("Keras documentation", "LeNet-5, recipe", "LeNet-5")
TRIALS = [(name, seed) for seed in (0, 1, 2) for name in TRAININGS]


def keras_convnet():
    """The network of keras.io's "Simple MNIST convnet", by F. Chollet."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, kernel_size=3, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Conv2D(64, kernel_size=3, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )


def network(name):
    """The network of a training."""
    if name == "Keras documentation":
        return keras_convnet()
    return models.lenet5(activation="relu", pooling="max")


def warm_up_and_decay(steps):
    """A tenth of the steps up to `PEAK`, the rest along a cosine down to 0."""
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=steps * 9 // 10, warmup_target=PEAK, warmup_steps=steps // 10
    )


def accuracy(model, test):
    predictions = model.predict(test.images, batch_size=1000, verbose=0).argmax(axis=1)
    return float((predictions == test.labels).mean())


def clocks():
    """Seconds by the clock and of the processor."""
    return np.array([perf_counter(), process_time()])


class UntilGoal(keras.callbacks.Callback):
    """Stops at the first epoch that reaches the goal; `untimed` is what its tests took."""

    def __init__(self, test):
        super().__init__()
        self.test, self.untimed = test, np.zeros(2)

    def on_epoch_end(self, epoch, logs=None):
        """The test after each epoch."""
        began = clocks()
        self.model.stop_training = accuracy(self.model, self.test) >= GOAL
        self.untimed += clocks() - began


def measure(name, seed):
    """One row of the table; the time is that of `compile` and `fit`, its compilation included."""
    train, test = datasets.load("mnist", "train"), datasets.load("mnist", "test")
    keras.utils.set_random_seed(seed)
    planned = name == "LeNet-5, recipe"
    model = network(name)
    watch = UntilGoal(test)

    began = clocks()
    steps = EPOCHS * -(-len(train.labels) // BATCH)
    model.compile(
        optimizer=keras.optimizers.Adam(warm_up_and_decay(steps) if planned else 1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = model.fit(
        train.images,
        train.labels,
        batch_size=BATCH,
        epochs=EPOCHS if planned else LIMIT,
        callbacks=[] if planned else [watch],
        verbose=0,
    )
    seconds, processor_seconds = clocks() - began - watch.untimed
    return {
        "training": name,
        "seed": seed,
        "seconds": round(seconds, 1),
        "processor_seconds": round(processor_seconds, 1),
        "epochs": len(history.epoch),
        "accuracy": round(accuracy(model, test), 4),
    }


def main():
    print(pd.DataFrame([measure(*trial) for trial in TRIALS]).to_string(index=False))


if __name__ == "__main__":
    main()
