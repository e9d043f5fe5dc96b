"""All rules, in the order in which their findings are told: causes before what follows from them.

The first group is what no training survives, then what it is given, then what the network is and
how it may learn, then what it does; behind these causes what they lead to in a training; last what
may or may not matter.
"""

from cnnlab.diagnosis import (
    answers,
    augmentation,
    curves,
    inputs,
    labelling,
    learning_rates,
    losses,
    metrics,
    outweighed,
    pairing,
    planes,
    rare_classes,
    receptive_fields,
    same_answers,
    sets,
    settings,
    signals,
    structure,
    validation,
)
from cnnlab.diagnosis.rule import Rule

_LOSSES = "Keras documentation, Losses: from_logits, and the labels that each loss expects"
_CHOLLET = (
    "Chollet (2021), Deep learning with Python, 2nd edition, table 6.1: last activation, loss"
)
_CHOLLET_5 = "Chollet (2021), Deep learning with Python, 2nd edition, section 4.2.5: large enough"
_CHOLLET_TRANSFER = "Chollet (2020), Transfer learning & fine-tuning, keras.io"
_GOODFELLOW = "Goodfellow, Bengio & Courville (2016), Deep learning"
_GLOROT = "Glorot & Bengio (2010), Understanding the difficulty of training deep networks"
_LECUN = "LeCun, Bottou, Orr & Müller (1998), Efficient backprop"
_SMITH = "Smith (2018), A disciplined approach to neural network hyper-parameters, arXiv:1803.09820"
_ARAUJO = "Araujo, Norris & Sim (2019), Computing receptive fields of convolutional networks"
_BARZ = "Barz & Denzler (2020), Do we train on test data?, arXiv:1902.00423"
_RENAMED = "the best one-to-one renaming of the classes"
_COVER = "Cover & Hart (1967), Nearest neighbor pattern classification"
_KERAS_LAYER = "Keras documentation, the argument `training` of a layer"
_LIN = "Lin, Chen & Yan (2014), Network in network, section 3.2: global average pooling"

RULES = (
    Rule("NaN in the images", inputs.nan_in_the_images, "IEEE 754: NaN passes through every sum"),
    Rule("images of another shape", inputs.images_of_another_shape, "Keras documentation, Input"),
    Rule("images and labels differ in number", labelling.counts_that_differ, _CHOLLET),
    Rule("labels are names", labelling.names_for_labels, _LOSSES),
    Rule("labels are fractions", labelling.fractions_for_labels, _LOSSES),
    Rule("labels of another shape", labelling.labels_of_another_shape, _LOSSES),
    Rule("softmax over one unit", answers.softmax_over_one_unit, _CHOLLET),
    Rule("one answer for every place", answers.classes_at_every_place, _CHOLLET),
    Rule("one unit with a categorical loss", losses.one_unit_for_several, _CHOLLET),
    Rule("one-hot labels with a sparse loss", labelling.one_hot_with_a_sparse_loss, _LOSSES),
    Rule("class numbers with a loss for rows", labelling.numbers_with_a_categorical_loss, _LOSSES),
    Rule("several classes with a softmax", labelling.several_classes_with_a_softmax, _CHOLLET),
    Rule("labels out of range", labelling.labels_out_of_range, _LOSSES),
    Rule("softmax twice", answers.softmax_twice, _CHOLLET),
    Rule("softmax over the wrong axis", answers.softmax_over_the_wrong_axis, _CHOLLET),
    Rule("ReLU on the output", answers.relu_on_the_output, f"{_GOODFELLOW}, section 6.2.2"),
    Rule("tanh on the output", answers.tanh_on_the_output, f"{_GOODFELLOW}, section 6.2.2"),
    Rule(
        "answers that cannot reach the labels",
        answers.answers_that_cannot_reach_the_labels,
        _CHOLLET,
    ),
    Rule("probabilities with from_logits", losses.probabilities_with_from_logits, _LOSSES),
    Rule("logits without from_logits", losses.logits_without_from_logits, _LOSSES),
    Rule("sigmoid for exclusive classes", losses.sigmoid_for_exclusive_classes, _CHOLLET),
    Rule("softmax with a binary loss", losses.softmax_with_a_binary_loss, _CHOLLET),
    Rule("squared error of classes", losses.squared_error_of_classes, f"{_GOODFELLOW}, 6.2.1"),
    Rule(
        "loss that rewards wrong answers",
        losses.loss_that_rewards_wrong_answers,
        "Milletari, Navab & Ahmadi (2016), V-Net, section 3: Dice is to be maximised",
    ),
    Rule(
        "dropout or batch norm behind the answer",
        structure.dropout_behind_the_answer,
        "Srivastava et al. (2014)",
    ),
    Rule("one class only", labelling.one_class_only, "a single class needs no network"),
    Rule("NaN in the weights", settings.nan_in_the_weights, "IEEE 754"),
    Rule("NaN in the network", signals.nan_in_the_network, "IEEE 754"),
    Rule("images all alike", inputs.images_all_alike, _LECUN),
    Rule("images cast to whole numbers", inputs.images_cast_to_whole_numbers, "NumPy: astype"),
    Rule("nothing trainable", settings.nothing_trainable, _CHOLLET_TRANSFER),
    Rule("base with its own head", structure.base_with_its_own_head, _CHOLLET_TRANSFER),
    Rule("softmax between layers", answers.hidden_softmax, f"{_GOODFELLOW}, section 6.2.2.3"),
    Rule(
        "images scaled otherwise than the base wants",
        inputs.images_scaled_otherwise_than_the_base,
        "Keras documentation, Applications: preprocess_input of each family",
    ),
    Rule("images scaled twice", inputs.images_scaled_twice, _LECUN),
    Rule(
        "normalisation never adapted",
        inputs.normalisation_never_adapted,
        "Keras documentation, Normalization: adapt",
    ),
    Rule("images scaled in two ways", inputs.images_scaled_in_two_ways, _LECUN),
    Rule("images not scaled", inputs.images_not_scaled, _LECUN),
    Rule("channels first", planes.channels_first, "Keras documentation, Conv2D: data_format"),
    Rule(
        "planes read as pixels",
        planes.planes_read_as_pixels,
        "Krizhevsky (2009), the CIFAR-10 files: the red plane, then the green, then the blue",
    ),
    Rule("sets scaled otherwise", sets.sets_scaled_otherwise, _LECUN),
    Rule(
        "channels in another order in validation",
        validation.channels_in_another_order,
        "OpenCV documentation, imread: the channels are stored in the order blue, green, red",
    ),
    Rule("labels scaled otherwise in validation", validation.labels_scaled_otherwise, _LECUN),
    Rule("the same picture in two classes", pairing.twins_of_two_classes, _BARZ),
    Rule("classes numbered otherwise in validation", pairing.numbered_otherwise, _RENAMED),
    Rule("labels shuffled against images", pairing.shuffled, _COVER),
    Rule(
        "sets of different classes", sets.sets_of_different_classes, f"{_GOODFELLOW}, section 5.2"
    ),
    Rule("sorted before the split", sets.sorted_before_the_split, "Keras documentation, fit"),
    Rule(
        "sorted and not shuffled",
        sets.sorted_and_not_shuffled,
        "Keras documentation, fit: shuffle",
    ),
    Rule("leak between sets: the same pictures", sets.images_in_two_sets, _BARZ),
    Rule("leak between sets: nearly the same", sets.nearly_the_same_in_two_sets, _BARZ),
    Rule("no way for gradients", signals.no_way_for_gradients, f"{_GOODFELLOW}, section 6.5"),
    Rule("no non-linearity between layers", structure.no_non_linearity, f"{_GOODFELLOW}, 6.1"),
    Rule(
        "one layer used again",
        structure.one_layer_used_again,
        "Keras documentation, The functional API: shared layers",
    ),
    Rule("units all alike", signals.units_all_alike, f"{_GOODFELLOW}, section 8.4"),
    Rule("changed after compile", settings.changed_after_compile, _CHOLLET_TRANSFER),
    Rule("frozen layers that should learn", settings.frozen_at_random, _CHOLLET_TRANSFER),
    Rule(
        "base unfrozen under a random head",
        settings.trained_base_under_a_random_head,
        _CHOLLET_TRANSFER,
    ),
    Rule(
        "batch norm of a frozen base in training mode",
        settings.batch_norm_of_a_frozen_base,
        _CHOLLET_TRANSFER,
    ),
    Rule(
        "batch norm never in training mode",
        settings.batch_norm_never_in_training_mode,
        "Keras documentation, Writing a training loop from scratch",
    ),
    Rule("weights that do not move", settings.weights_that_do_not_move, _GLOROT),
    Rule(
        "optimiser that holds back",
        learning_rates.optimizer_that_holds_back,
        "Keras documentation, Optimizers: clipnorm, epsilon, weight_decay",
    ),
    Rule(
        "one loss outweighs another",
        outweighed.one_loss_outweighs_another,
        "Kendall, Gal & Cipolla (2018), Multi-task learning using uncertainty to weigh losses",
    ),
    Rule("penalty larger than the loss", settings.penalty_larger_than_the_loss, _GOODFELLOW),
    Rule("map of one cell too early", receptive_fields.map_of_one_cell_too_early, _ARAUJO),
    Rule("bottleneck before the answer", structure.bottleneck_before_the_answer, _CHOLLET_5),
    Rule("map of one channel", structure.map_of_one_channel, _CHOLLET_5),
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
    Rule("measured numbers not scaled", answers.measured_numbers_not_scaled, _LECUN),
    Rule("learning rate far too high or too low", learning_rates.learning_rate_far_off, _SMITH),
    Rule("exploding gradients", signals.exploding_gradients, _GLOROT),
    Rule("vanishing gradients", signals.vanishing_gradients, _GLOROT),
    Rule("saturated units", signals.saturated_units, _GLOROT),
    Rule("loss is NaN", curves.loss_is_nan, _SMITH),
    Rule("learning rate too high", learning_rates.rate_too_high, _SMITH),
    Rule("dead ReLUs", signals.dead_relus, "Maas, Hannun & Ng (2013), Rectifier nonlinearities"),
    Rule("random at test time, such as augmentation", signals.random_at_test_time, _KERAS_LAYER),
    Rule("class order", pairing.class_order, _RENAMED),
    Rule("loss below zero", curves.loss_below_zero, _LOSSES),
    Rule("accuracy of logits", metrics.accuracy_of_logits_cut_at_a_half, "Keras: BinaryAccuracy"),
    Rule("accuracy of a measured number", metrics.accuracy_of_numbers, _CHOLLET),
    Rule(
        "metric that cannot measure this",
        metrics.metric_that_cannot_measure,
        "Keras documentation, Accuracy metrics",
    ),
    Rule("stride larger than the kernel", receptive_fields.stride_larger_than_the_kernel, _ARAUJO),
    Rule(
        "rare class not recognised",
        rare_classes.rare_class_not_recognised,
        "King & Zeng (2001), Logistic regression in rare events data: weights of the classes",
    ),
    Rule("imbalance", labelling.imbalance, "He & Garcia (2009), Learning from imbalanced data"),
    Rule(
        "batch as large as the data",
        learning_rates.batch_as_large_as_the_data,
        f"{_GOODFELLOW}, section 8.1.3",
    ),
    Rule("learning rate too low", learning_rates.rate_too_low, _SMITH),
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
    Rule("overfitting", curves.overfitting, f"{_GOODFELLOW}, section 7.8"),
    Rule("too few epochs", curves.too_few_epochs, f"{_GOODFELLOW}, section 7.8"),
    Rule(
        "nothing learned", curves.nothing_learned, "Karpathy (2019): overfit a few pictures first"
    ),
    Rule(
        "one answer for all",
        same_answers.one_answer_for_all,
        "Karpathy (2019), A recipe for training",
    ),
    Rule(
        "receptive field smaller than the object", receptive_fields.receptive_field_small, _ARAUJO
    ),
    Rule("receptive field larger than the image", receptive_fields.receptive_field_large, _ARAUJO),
    Rule(
        "dense layer that holds 90 % of the parameters",
        structure.dense_layer_of_most_parameters,
        _LIN,
    ),
)
