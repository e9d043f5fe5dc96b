"""All rules, in the order in which their findings are told: causes before what follows from them.

Behind the causes stands what a network does, and what they lead to in a training; last what may or
may not matter.
"""

from cnnlab.diagnosis import (
    curves,
    dense_layers,
    labelling,
    learning_rates,
    metrics,
    pairing,
    planes,
    randomness,
    rare_classes,
    receptive_fields,
    same_answers,
    signals,
    sources,
    steps,
)
from cnnlab.diagnosis.causes import CAUSES
from cnnlab.diagnosis.rule import Rule

RULES = (
    *CAUSES,
    Rule("exploding gradients", signals.exploding_gradients, sources.GLOROT),
    Rule("vanishing gradients", signals.vanishing_gradients, sources.GLOROT),
    Rule("saturated units", signals.saturated_units, sources.GLOROT),
    Rule("loss is NaN", curves.loss_is_nan, sources.SMITH),
    Rule("learning rate too high", learning_rates.rate_too_high, sources.SMITH),
    Rule("dead ReLUs", signals.dead_relus, "Maas, Hannun & Ng (2013), Rectifier nonlinearities"),
    Rule(
        "random at test time, such as augmentation",
        randomness.random_at_test_time,
        sources.KERAS_LAYER,
    ),
    Rule("random where called", randomness.random_where_called, sources.KERAS_LAYER),
    Rule("class order", pairing.class_order, sources.RENAMED),
    Rule("loss below zero", curves.loss_below_zero, sources.LOSSES),
    Rule("accuracy of logits", metrics.accuracy_of_logits_cut_at_a_half, "Keras: BinaryAccuracy"),
    Rule("accuracy of a measured number", metrics.accuracy_of_numbers, sources.CHOLLET),
    Rule(
        "metric that cannot measure this",
        metrics.metric_that_cannot_measure,
        "Keras documentation, Accuracy metrics",
    ),
    Rule(
        "strides taken for the kernel",
        receptive_fields.strides_taken_for_the_kernel,
        "Keras documentation, Conv2D: filters, kernel_size, strides",
    ),
    Rule("pooling in steps of 1", receptive_fields.pooling_in_steps_of_one, sources.ARAUJO),
    Rule(
        "stride larger than the kernel",
        receptive_fields.stride_larger_than_the_kernel,
        sources.ARAUJO,
    ),
    Rule(
        "a channel that tells nothing",
        planes.a_channel_that_tells_nothing,
        "PNG: the alpha channel",
    ),
    Rule(
        "rare class not recognised",
        rare_classes.rare_class_not_recognised,
        "King & Zeng (2001), Logistic regression in rare events data: weights of the classes",
    ),
    Rule("imbalance", labelling.imbalance, "He & Garcia (2009), Learning from imbalanced data"),
    Rule("epochs of few steps", steps.epochs_of_few_steps, "Keras documentation, fit"),
    Rule(
        "batch as large as the data",
        steps.batch_as_large_as_the_data,
        f"{sources.GOODFELLOW}, section 8.1.3",
    ),
    Rule("learning rate too low", learning_rates.rate_too_low, sources.SMITH),
    Rule("statistics not settled", signals.statistics_not_settled, "Ioffe & Szegedy (2015)"),
    Rule(
        "worse than in its training",
        curves.other_than_in_training,
        "Keras documentation, clone_model: its weights are new",
    ),
    Rule(
        "stopped while improving",
        curves.stopped_while_improving,
        "Keras documentation, EarlyStopping: mode",
    ),
    Rule("overfitting", curves.overfitting, f"{sources.GOODFELLOW}, section 7.8"),
    Rule("too few epochs", curves.too_few_epochs, f"{sources.GOODFELLOW}, section 7.8"),
    Rule(
        "nothing learned", curves.nothing_learned, "Karpathy (2019): overfit a few pictures first"
    ),
    Rule(
        "one answer for all",
        same_answers.one_answer_for_all,
        "Karpathy (2019), A recipe for training",
    ),
    Rule(
        "receptive field smaller than the object",
        receptive_fields.receptive_field_small,
        sources.ARAUJO,
    ),
    Rule(
        "receptive field larger than the image",
        receptive_fields.receptive_field_large,
        sources.ARAUJO,
    ),
    Rule(
        "dense layer that holds 90 % of the parameters",
        dense_layers.dense_layer_of_most_parameters,
        sources.LIN,
    ),
)
