"""The rules that are told first: what no training survives, then pictures and labels."""

from cnnlab.diagnosis import (
    answers,
    counting,
    inputs,
    labelling,
    losses,
    pairing,
    planes,
    ranges,
    sets,
    settings,
    signals,
    sources,
    structure,
    turned,
    validation,
)
from cnnlab.diagnosis.rule import Rule

FIRST_CAUSES = (
    Rule("NaN in the images", inputs.nan_in_the_images, "IEEE 754: NaN passes through every sum"),
    Rule("images of another shape", inputs.images_of_another_shape, "Keras documentation, Input"),
    Rule("images and labels differ in number", labelling.counts_that_differ, sources.CHOLLET),
    Rule("labels are names", labelling.names_for_labels, sources.LOSSES),
    Rule("labels are fractions", labelling.fractions_for_labels, sources.LOSSES),
    Rule("labels of another shape", labelling.labels_of_another_shape, sources.LOSSES),
    Rule("softmax over one unit", answers.softmax_over_one_unit, sources.CHOLLET),
    Rule("one answer for every place", answers.classes_at_every_place, sources.CHOLLET),
    Rule(
        "answers that add up to more than 1",
        answers.answers_that_share_more_than_one,
        sources.CHOLLET,
    ),
    Rule("one unit with a categorical loss", losses.one_unit_for_several, sources.CHOLLET),
    Rule("one-hot labels with a sparse loss", labelling.one_hot_with_a_sparse_loss, sources.LOSSES),
    Rule(
        "class numbers with a loss for rows",
        labelling.numbers_with_a_categorical_loss,
        sources.LOSSES,
    ),
    Rule("rows without a class", counting.rows_without_a_class, "Keras: to_categorical"),
    Rule(
        "several classes with a softmax", labelling.several_classes_with_a_softmax, sources.CHOLLET
    ),
    Rule("labels out of range", labelling.labels_out_of_range, sources.LOSSES),
    Rule("class 0 never occurs", counting.class_0_never_occurs, "Keras: to_categorical"),
    Rule("softmax twice", answers.softmax_twice, sources.CHOLLET),
    Rule("softmax over the wrong axis", answers.softmax_over_the_wrong_axis, sources.CHOLLET),
    Rule("ReLU on the output", answers.relu_on_the_output, f"{sources.GOODFELLOW}, section 6.2.2"),
    Rule("tanh on the output", answers.tanh_on_the_output, f"{sources.GOODFELLOW}, section 6.2.2"),
    Rule(
        "answers that cannot reach the labels",
        answers.answers_that_cannot_reach_the_labels,
        sources.CHOLLET,
    ),
    Rule("probabilities with from_logits", losses.probabilities_with_from_logits, sources.LOSSES),
    Rule("logits without from_logits", losses.logits_without_from_logits, sources.LOSSES),
    Rule("sigmoid for exclusive classes", losses.sigmoid_for_exclusive_classes, sources.CHOLLET),
    Rule("softmax with a binary loss", losses.softmax_with_a_binary_loss, sources.CHOLLET),
    Rule(
        "squared error of classes", losses.squared_error_of_classes, f"{sources.GOODFELLOW}, 6.2.1"
    ),
    Rule(
        "labels smoothed away",
        losses.labels_smoothed_away,
        "Szegedy et al. (2016), Rethinking the Inception architecture, section 7: 0.1",
    ),
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
    Rule("images all alike", inputs.images_all_alike, sources.LECUN),
    Rule("images left empty", inputs.images_left_empty, "NumPy: zeros"),
    Rule("images cast to whole numbers", inputs.images_cast_to_whole_numbers, "NumPy: astype"),
    Rule("images wrapped round 256", inputs.images_wrapped_round, "NumPy: overflow of uint8"),
    Rule("nothing trainable", settings.nothing_trainable, sources.CHOLLET_TRANSFER),
    Rule("base with its own head", structure.base_with_its_own_head, sources.CHOLLET_TRANSFER),
    Rule(
        "softmax between layers", answers.hidden_softmax, f"{sources.GOODFELLOW}, section 6.2.2.3"
    ),
    Rule(
        "images scaled otherwise than the base wants",
        inputs.images_scaled_otherwise_than_the_base,
        "Keras documentation, Applications: preprocess_input of each family",
    ),
    Rule("images scaled twice", inputs.images_scaled_twice, sources.LECUN),
    Rule(
        "normalisation never adapted",
        inputs.normalisation_never_adapted,
        "Keras documentation, Normalization: adapt",
    ),
    Rule("images scaled in two ways", inputs.images_scaled_in_two_ways, sources.LECUN),
    Rule("images not scaled", inputs.images_not_scaled, sources.LECUN),
    Rule(
        "images prepared for another range", ranges.images_prepared_for_another_range, sources.LECUN
    ),
    Rule("channels first", planes.channels_first, "Keras documentation, Conv2D: data_format"),
    Rule(
        "reshape in place of a transpose",
        planes.reshape_in_place_of_a_transpose,
        "Krizhevsky (2009), the CIFAR-10 files: the red plane, then the green, then the blue",
    ),
    Rule("rows cut at another width", planes.cut_at_another_width, "NumPy: resize, reshape"),
    Rule("sets scaled otherwise", sets.sets_scaled_otherwise, sources.LECUN),
    Rule(
        "channels in another order in validation",
        turned.channels_in_another_order,
        "OpenCV documentation, imread: the channels are stored in the order blue, green, red",
    ),
    Rule("turned otherwise in validation", turned.turned_otherwise, "NumPy: rot90, swapaxes, flip"),
    Rule(
        "black and white exchanged in validation",
        turned.inverted,
        "LeCun, Cortes & Burges (1998), MNIST: the ink is 255, the paper 0",
    ),
    Rule(
        "labels scaled otherwise in validation", validation.labels_scaled_otherwise, sources.LECUN
    ),
    Rule("the same picture in two classes", pairing.twins_of_two_classes, sources.BARZ),
    Rule("classes numbered otherwise in validation", pairing.numbered_otherwise, sources.RENAMED),
    Rule("labels shuffled against images", pairing.shuffled, sources.COVER),
    Rule(
        "sets of different classes",
        sets.sets_of_different_classes,
        f"{sources.GOODFELLOW}, section 5.2",
    ),
    Rule("sorted before the split", sets.sorted_before_the_split, "Keras documentation, fit"),
    Rule(
        "sorted and not shuffled",
        sets.sorted_and_not_shuffled,
        "Keras documentation, fit: shuffle",
    ),
    Rule("leak between sets: the same pictures", sets.images_in_two_sets, sources.BARZ),
    Rule("leak between sets: nearly the same", sets.nearly_the_same_in_two_sets, sources.BARZ),
    Rule(
        "leak between sets: mirrored or in another light", sets.mirrored_in_two_sets, sources.BARZ
    ),
)
