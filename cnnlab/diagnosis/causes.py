"""The rules about causes, in the order in which they are told.

Behind the first ones stands what the network is and how it may learn.
"""

from cnnlab.diagnosis import (
    answers,
    augmentation,
    learning_rates,
    merging,
    outweighed,
    plans,
    receptive_fields,
    settings,
    signals,
    sources,
    structure,
)
from cnnlab.diagnosis.first_causes import FIRST_CAUSES
from cnnlab.diagnosis.rule import Rule

CAUSES = (
    *FIRST_CAUSES,
    Rule(
        "no way for gradients", signals.no_way_for_gradients, f"{sources.GOODFELLOW}, section 6.5"
    ),
    Rule(
        "no non-linearity between layers", structure.no_non_linearity, f"{sources.GOODFELLOW}, 6.1"
    ),
    Rule(
        "joined with itself",
        merging.joined_with_itself,
        "He, Zhang, Ren & Sun (2016), Deep residual learning, section 3.2: F(x) + x",
    ),
    Rule(
        "maps joined along the picture",
        merging.joined_along_the_picture,
        "Szegedy et al. (2015), Going deeper with convolutions: filter concatenation",
    ),
    Rule(
        "batch norm over rows",
        structure.batch_norm_over_rows,
        "Ioffe & Szegedy (2015), section 3.2",
    ),
    Rule(
        "channels first in one layer",
        structure.channels_first_in_one_layer,
        "Keras documentation, Conv2D: data_format",
    ),
    Rule(
        "one layer used again",
        structure.one_layer_used_again,
        "Keras documentation, The functional API: shared layers",
    ),
    Rule("units all alike", signals.units_all_alike, f"{sources.GOODFELLOW}, section 8.4"),
    Rule("changed after compile", settings.changed_after_compile, sources.CHOLLET_TRANSFER),
    Rule("frozen layers that should learn", settings.frozen_at_random, sources.CHOLLET_TRANSFER),
    Rule(
        "base unfrozen under a random head",
        settings.trained_base_under_a_random_head,
        sources.CHOLLET_TRANSFER,
    ),
    Rule(
        "batch norm of a frozen base in training mode",
        settings.batch_norm_of_a_frozen_base,
        sources.CHOLLET_TRANSFER,
    ),
    Rule(
        "batch norm never in training mode",
        settings.batch_norm_never_in_training_mode,
        "Keras documentation, Writing a training loop from scratch",
    ),
    Rule("weights that do not move", settings.weights_that_do_not_move, sources.GLOROT),
    Rule(
        "optimiser that holds back",
        learning_rates.optimizer_that_holds_back,
        "Keras documentation, Optimizers: clipnorm, epsilon, weight_decay",
    ),
    Rule("momentum too long", learning_rates.momentum_too_long, "Kingma & Ba (2015), Adam"),
    Rule(
        "one loss outweighs another",
        outweighed.one_loss_outweighs_another,
        "Kendall, Gal & Cipolla (2018), Multi-task learning using uncertainty to weigh losses",
    ),
    Rule("penalty larger than the loss", settings.penalty_larger_than_the_loss, sources.GOODFELLOW),
    Rule("map of one cell too early", receptive_fields.map_of_one_cell_too_early, sources.ARAUJO),
    Rule("bottleneck before the answer", structure.bottleneck_before_the_answer, sources.CHOLLET_5),
    Rule("map of one channel", structure.map_of_one_channel, sources.CHOLLET_5),
    Rule(
        "filters and kernel size exchanged",
        structure.filters_for_the_kernel_size,
        "Keras documentation, Conv2D: filters, kernel_size",
    ),
    Rule("dropout of nearly all", structure.dropout_of_nearly_all, "Srivastava et al. (2014)"),
    Rule(
        "augmentation that moves only the picture",
        augmentation.augmentation_that_moves_only_the_picture,
        "Ronneberger, Fischer & Brox (2015), U-Net, section 3.1: picture and mask are moved alike",
    ),
    Rule(
        "augmentation in another range",
        augmentation.augmentation_in_another_range,
        "Keras documentation, RandomBrightness: value_range",
    ),
    Rule(
        "augmentation too strong",
        augmentation.augmentation_too_strong,
        "Shorten & Khoshgoftaar (2019), A survey on image data augmentation",
    ),
    Rule(
        "augmentation that changes classes",
        augmentation.augmentation_that_changes_classes,
        "Simard, Steinkraus & Platt (2003), Best practices for convolutional neural networks",
    ),
    Rule("measured numbers not scaled", answers.measured_numbers_not_scaled, sources.LECUN),
    Rule(
        "learning rate far too high or too low", learning_rates.learning_rate_far_off, sources.SMITH
    ),
    Rule("learning rate that grows", plans.rate_that_grows, sources.SMITH),
    Rule("learning rate that ran out", plans.rate_that_ran_out, sources.SMITH),
    Rule(
        "learning rate lowered while improving",
        plans.rate_lowered_while_improving,
        "Keras documentation, ReduceLROnPlateau: mode, patience, min_delta",
    ),
)
