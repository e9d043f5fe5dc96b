"""Exercises of lesson 07: transfer learning."""

import numpy as np

from cnnlab.exercises.exercise import Exercise, Mistake

rng = np.random.default_rng(7)


# 07.1: preprocessing by hand

MEANS = (103.939, 116.779, 123.68)


def prepared_by_hand(images):
    return images[..., ::-1].astype("float32") - np.array(MEANS, "float32")


def prepared_channel_by_channel(images):
    channels = [images[..., 2 - i] * 1.0 - mean for i, mean in enumerate(MEANS)]
    return np.stack(channels, axis=-1)


def prepared_unturned(images):
    return images - np.array(MEANS, "float32")


def prepared_turned_last(images):
    return (images - np.array(MEANS, "float32"))[..., ::-1]


def prepared_in_bytes(images):
    return images[..., ::-1] - np.array(MEANS).astype("uint8")


def prepared_upside_down(images):
    return images[:, ::-1] - np.array(MEANS, "float32")


def prepared_mirrored(images):
    return images[:, :, ::-1] - np.array(MEANS, "float32")


def prepared_to_one(images):
    return images[..., ::-1] / 255 - np.array(MEANS) / 255


def prepared_without_means(images):
    return images[..., ::-1].astype("float32")


by_hand = Exercise(
    number="07.1",
    title="The preprocessing of the original VGG16",
    stars=2,
    task="Write prepared_by_hand(images): uint8 pictures (B, H, W, 3) in red, green, blue become "
    "float pictures in blue, green, red, minus MEANS = (103.939, 116.779, 123.68), which are those "
    "of blue, green, red.",
    hints=(
        "Two steps, and the order of the channels must be that of the means when you subtract.",
        "images[..., ::-1] turns the last axis round.",
    ),
    solution=prepared_by_hand,
    insight="Those are the colours of the program that VGG16 was trained with, and its weights "
    "remember them for ever.",
    mistakes=(
        Mistake("The channels are still red, green, blue.", prepared_unturned),
        Mistake(
            "The means of blue, green, red met red, green, blue: either the channels were turned "
            "round only after the subtraction, or MEANS was turned round too.",
            prepared_turned_last,
        ),
        Mistake(
            "The difference is computed in bytes: what should be negative wraps around to white.",
            prepared_in_bytes,
        ),
        Mistake("The rows are turned round, not the channels.", prepared_upside_down),
        Mistake(
            "The columns are turned round, not the channels: with a batch there are four axes, and "
            "the channels are the last.",
            prepared_mirrored,
        ),
        Mistake(
            "The pictures are divided by 255: these weights were trained on the full range.",
            prepared_to_one,
        ),
        Mistake(
            "The channels are in order, but their means are still there.", prepared_without_means
        ),
    ),
    cases=(
        (rng.integers(0, 256, (2, 3, 5, 3), dtype="uint8"),),
        (np.zeros((1, 2, 4, 3), "uint8"),),
    ),
    alternatives=(prepared_channel_by_channel,),
)


# 07.2: two heads

HEIGHT, WIDTH, MAPS, CLASSES = 5, 7, 512, 3

two_heads = Exercise(
    number="07.2",
    title="Two heads",
    stars=1,
    task="A base answers with 512 maps of 5×7, and there are three classes. How many parameters "
    "has a dense layer behind a flatten layer, and how many behind the mean of each map? "
    "Answer with a tuple (flatten, mean).",
    hints=(
        "How many numbers go into the dense layer in each case?",
        "Each class has a weight for every number that goes in, and one bias.",
    ),
    solution=((HEIGHT * WIDTH * MAPS + 1) * CLASSES, (MAPS + 1) * CLASSES),
    insight="The mean of each map has one weight where flatten has one per position: with few "
    "pictures, fewer weights to guess.",
    mistakes=(
        Mistake(
            "The biases are missing: each class has one.",
            (HEIGHT * WIDTH * MAPS * CLASSES, MAPS * CLASSES),
        ),
        Mistake(
            "There is one bias for all classes together: each class has its own.",
            (HEIGHT * WIDTH * MAPS * CLASSES + 1, MAPS * CLASSES + 1),
        ),
        Mistake(
            "The two are exchanged: flatten keeps every position, so it has more weights.",
            ((MAPS + 1) * CLASSES, (HEIGHT * WIDTH * MAPS + 1) * CLASSES),
        ),
        Mistake(
            "The mean was taken over the maps: it is taken over the positions of each map.",
            ((HEIGHT * WIDTH * MAPS + 1) * CLASSES, (HEIGHT * WIDTH + 1) * CLASSES),
        ),
    ),
)


# 07.3: one logit for two


def one_logit(logits):
    return logits[:, 1:] - logits[:, :1]


def one_logit_as_log_odds(logits):
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.log(shares[:, 1:]) - np.log(shares[:, :1])


def one_logit_for_the_other(logits):
    return logits[:, :1] - logits[:, 1:]


def one_logit_dropped(logits):
    return logits[:, 1:]


def one_logit_ratio(logits):
    return logits[:, 1:] / logits[:, :1]


def one_logit_of_probabilities(logits):
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return shares[:, 1:] - shares[:, :1]


def one_logit_probability(logits):
    return 1 / (1 + np.exp(-one_logit(logits)))


def one_logit_flat(logits):
    return logits[:, 1] - logits[:, 0]


one_for_two = Exercise(
    number="07.3",
    title="One logit for two",
    stars=2,
    task="Write one_logit(logits): from the logits (B, 2) of a cat-or-dog softmax, the logits "
    "(B, 1) whose logistic function is the probability of class 1.",
    hints=(
        "Divide numerator and denominator of the softmax by the exponential of class 1's logit.",
        "What remains is 1 / (1 + exp(−z)). What is z?",
    ),
    solution=one_logit,
    insight="Only the difference of two logits matters: add 100 to both, and no probability moves.",
    mistakes=(
        Mistake(
            "That is the logit of class 0: its logistic function is the probability of the other "
            "class.",
            one_logit_for_the_other,
        ),
        Mistake(
            "The logit of class 0 is left out: it matters how far it is from that of class 1.",
            one_logit_dropped,
        ),
        Mistake("A ratio of logits means nothing: they may be zero or negative.", one_logit_ratio),
        Mistake(
            "These are probabilities, compared: the task asks for a logit, any number.",
            one_logit_of_probabilities,
        ),
        Mistake(
            "That is the probability already: the task asks for its logit.", one_logit_probability
        ),
        Mistake("The values are right, but the last axis is lost.", one_logit_flat),
    ),
    cases=(
        (np.array([[2.0, 0.5], [-1.0, 3.0], [0.5, 0.5]]),),
        (rng.normal(0, 3, (4, 2)).astype("float32"),),
    ),
    alternatives=(one_logit_as_log_odds,),
)


# 07.4: a step of the head, by hand


def head_step(weights, bias, features, labels, rate):
    x = features.mean(axis=(1, 2))
    z = x @ weights + bias
    share = np.exp(z - z.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    error = (share - np.eye(len(bias))[labels]) / len(labels)
    return weights - rate * x.T @ error, bias - rate * error.sum(axis=0)


def head_step_picture_by_picture(weights, bias, features, labels, rate):
    new_weights, new_bias = weights.astype(float), bias.astype(float)
    for picture, label in zip(features, labels, strict=True):
        x = picture.reshape(-1, picture.shape[-1]).mean(axis=0)
        error = np.exp(x @ weights + bias)
        error /= error.sum()
        error[label] -= 1
        new_weights -= rate * np.outer(x, error) / len(labels)
        new_bias -= rate * error / len(labels)
    return new_weights, new_bias


def head_step_with_einsum(weights, bias, features, labels, rate):
    x = np.einsum("bhwc->bc", features) / np.prod(features.shape[1:3])
    z = np.einsum("bc,ck->bk", x, weights) + bias
    error = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    error[np.arange(len(labels)), labels] -= 1
    weights_step = np.einsum("bc,bk->ck", x, error) / len(labels)
    return weights - rate * weights_step, bias - rate * error.mean(axis=0)


def head_step_uphill(weights, bias, features, labels, rate):
    return head_step(weights, bias, features, labels, -rate)


def head_step_summed(weights, bias, features, labels, rate):
    return head_step(weights, bias, features, labels, rate * len(labels))


def head_step_without_labels(weights, bias, features, labels, rate):
    x = features.mean(axis=(1, 2))
    share = np.exp(x @ weights + bias)
    share /= share.sum(axis=1, keepdims=True) * len(labels)
    return weights - rate * x.T @ share, bias - rate * share.sum(axis=0)


def head_step_weights_only(weights, bias, features, labels, rate):
    return head_step(weights, bias, features, labels, rate)[0], bias


def head_step_of_the_largest(weights, bias, features, labels, rate):
    largest = features.max(axis=(1, 2), keepdims=True)
    return head_step(weights, bias, largest, labels, rate)


by_gradient = Exercise(
    number="07.4",
    title="A step of the head, by hand",
    stars=3,
    task="Write head_step(weights, bias, features, labels, rate): one gradient step of the head "
    "(mean of each map, dense layer, softmax, cross-entropy averaged over the pictures); "
    "features are (B, H, W, C), weights (C, classes), bias (classes,), and labels (B,) hold the "
    "number of the right class. Return the new (weights, bias).",
    hints=(
        "The gradient of the cross-entropy with respect to the logits is short: probabilities "
        "minus the right answer as zeros and a one.",
        "With x of shape (B, C) and that error of shape (B, classes): which product of the two "
        "has the shape of the weights?",
        "Divide by the number of pictures, and go against the gradient.",
    ),
    solution=head_step,
    insight="That is all that `fit` does to a head, and why it takes no time: one small matrix "
    "product each way.",
    mistakes=(
        Mistake("The step goes up the slope: the loss grows.", head_step_uphill),
        Mistake(
            "The gradients of the pictures are added up, not averaged: the step grows with the "
            "batch.",
            head_step_summed,
        ),
        Mistake(
            "The labels have no influence: probabilities are pushed down wherever they are.",
            head_step_without_labels,
        ),
        Mistake("The bias stays as it was: it learns too.", head_step_weights_only),
        Mistake("The largest value of each map is used, not its mean.", head_step_of_the_largest),
    ),
    cases=(
        (
            rng.normal(size=(4, 3)),
            rng.normal(size=3),
            rng.random((6, 2, 5, 4)),
            np.array([0, 2, 1, 1, 0, 2]),
            0.5,
        ),
        (
            rng.normal(size=(5, 2)).astype("float32"),
            np.zeros(2, "float32"),
            rng.random((3, 4, 3, 5)).astype("float32"),
            np.array([1, 1, 0]),
            0.1,
        ),
    ),
    alternatives=(head_step_picture_by_picture, head_step_with_einsum),
)


# 07.5: how often through the base

PICTURES, EPOCHS, VARIANTS = 150, 40, 4

passes = Exercise(
    number="07.5",
    title="How often through the base?",
    stars=1,
    task="150 pictures, 40 epochs. How many passes of a picture through the base are there, all "
    "pictures together, (a) with cached features, (b) with augmentation drawn anew in every "
    "epoch, (c) with 4 variants of each picture beside the picture itself, made once and cached? "
    "Answer with a tuple.",
    hints=(
        "What is computed once does not depend on the number of epochs.",
        "In (c) there are five pictures where there was one.",
    ),
    solution=(PICTURES, PICTURES * EPOCHS, PICTURES * (VARIANTS + 1)),
    insight="A few variants, made once, are a good bargain: most of the variety, cached.",
    mistakes=(
        Mistake("That is for one picture, and there are 150.", (1, EPOCHS, VARIANTS + 1)),
        Mistake(
            "The features of (a) are cached: they are computed once, not in every epoch.",
            (PICTURES * EPOCHS, PICTURES * EPOCHS, PICTURES * (VARIANTS + 1)),
        ),
        Mistake(
            "In (c) the pictures themselves are features too, beside their variants.",
            (PICTURES, PICTURES * EPOCHS, PICTURES * VARIANTS),
        ),
        Mistake(
            "In (c) the variants are made once: their number does not grow with the epochs.",
            (PICTURES, PICTURES * EPOCHS, PICTURES * (VARIANTS + 1) * EPOCHS),
        ),
        Mistake(
            "In (b) every epoch has other pictures, and none of their features is known yet.",
            (PICTURES, PICTURES, PICTURES * (VARIANTS + 1)),
        ),
    ),
)

EXERCISES = (by_hand, two_heads, one_for_two, by_gradient, passes)
