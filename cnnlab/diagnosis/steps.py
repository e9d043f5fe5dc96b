"""Rules about how many steps a training made, and how many pictures it saw in them."""

import numpy as np

from cnnlab.diagnosis.finding import Finding, started_anew
from cnnlab.diagnosis.rates import good, learned


def epochs_of_few_steps(case):
    """`steps_per_epoch` is how many batches are called an epoch: with 3 of 32 it sees 96 pictures.

    An accuracy tells of how many pictures it is a share: 0.14583 and 0.40625 are 14 and 39 of 96,
    and no such shares of 800.

    Example:
        import tensorflow as tf
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        stream = tf.data.Dataset.from_tensor_slices((images, labels)).repeat().batch(13)
        history = model.fit(stream, steps_per_epoch=3, epochs=6, shuffle=False, verbose=0)
    """
    seen, epochs = seen_in_an_epoch(case), len(case.history.get("accuracy", ()))
    if not seen or learned(case):
        return
    count = len(case.pictures[0])
    if 4 * seen <= count and epochs * seen <= 3 * count:
        steps = _steps(case)
        evidence = f"{epochs} epochs of {steps} step{'s' * (steps > 1)}: every accuracy is a share "
        evidence += (
            f"of {seen} pictures, {seen // steps} a step, and there are {count}; in all {epochs} "
        )
        evidence += f"epochs {epochs * seen} were seen"
        line = f"{started_anew(case)}; history = model.fit(images, labels, epochs={epochs}, "
        yield Finding("history", evidence, f"{line}verbose=0)  # without steps_per_epoch")


def batch_as_large_as_the_data(case):
    """An epoch of one step moves the weights once: few steps are too few, however many pictures.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        history = model.fit(images, labels, batch_size=240, epochs=5, verbose=0)
    """
    if steps_of_a_whole_epoch(case) and not seen_in_an_epoch(case):
        epochs, count = len(case.history["loss"]), len(case.pictures[0])
        size = -(-count // (case.steps // epochs))
        evidence = f"{case.steps} steps in {epochs} epochs: a batch is about {size} of {count} "
        line = f"{started_anew(case)}; history = model.fit(images, labels, batch_size=32, "
        line += f"epochs={epochs}, verbose=0)"
        decides = "the loss after as many epochs with 32 pictures a step"
        yield Finding("history", f"{evidence}pictures", line, decides)


def steps_of_a_whole_epoch(case):
    """Whether a training of many pictures made a step or two an epoch, and did not arrive."""
    epochs = len(case.history.get("loss", ()))
    many = bool(case.pictures) and len(case.pictures[0]) >= 100
    return bool(epochs) and many and epochs <= case.steps <= 2 * epochs and not good(case)


def seen_in_an_epoch(case):
    """How many pictures each epoch saw, where that was far fewer than there are; else 0.

    The smallest number, as many in each step, of which every accuracy is a share. Others fit by
    chance: with a probability that is made small by the number of different accuracies.
    """
    shares, steps = np.unique(case.history.get("accuracy", ())), _steps(case)
    head = case.heads[0] if len(case.heads) == 1 else None
    if not case.pictures or not steps or head is None or len(head.shape) != 2:
        return 0
    if not np.array_equal(shares, shares.astype(np.float32)):
        return 0  # rounded by somebody: these are shares of 100, or of 10000
    count, shares = len(case.pictures[0]), shares[(shares > 0) & (shares < 1)]
    candidates = steps * np.arange(1, count // (2 * steps) + 1)
    for seen in candidates:
        parts = seen * shares
        near = 1e-6 * seen + 1e-5  # as exact as float32
        if np.all(np.abs(parts - np.round(parts)) < near):
            chance = (seen / count if _fit(count, shares) else 2 * near) ** len(shares)
            return int(seen) if chance * len(candidates) < 1e-3 else 0
    return 0


def _fit(count, shares):
    return np.all(np.abs(count * shares - np.round(count * shares)) < 1e-6 * count + 1e-5)


def _steps(case):
    epochs = len(case.history.get("loss", ()))
    return case.steps_planned or (case.steps // epochs if epochs else 0)
