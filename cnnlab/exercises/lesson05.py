"""Exercises of lesson 05: LeNet-5 and training."""

import numpy as np

from cnnlab.exercises import broken_networks, heads
from cnnlab.exercises.exercise import Exercise, Mistake
from cnnlab.exercises.networks import verdicts_on_heads

rng = np.random.default_rng(5)


# 05.1: recall from a confusion matrix


def recall(matrix):
    return matrix.diagonal() / matrix.sum(axis=1)


def recall_by_loop(matrix):
    return [row[index] / sum(row) for index, row in enumerate(matrix.tolist())]


def recall_of_columns(matrix):
    return matrix.diagonal() / matrix.sum(axis=0)


def recall_of_all(matrix):
    return matrix.diagonal() / matrix.sum()


def recall_in_one(matrix):
    return matrix.trace() / matrix.sum()


def recall_missed(matrix):
    return 1 - recall(matrix)


recalls = Exercise(
    number="05.1",
    title="Recall from a confusion matrix",
    stars=2,
    task="Write recall(matrix): the recall of every class, from a confusion matrix with a row per "
    "true class. Every class has at least one image.",
    hints=(
        "Recall asks: of the images of this class, which share was found?",
        "The images of a class are the sum of its row; the diagonal holds those that were found.",
    ),
    solution=recall,
    insight="Rows hold the truth, columns the claims: a row gives recall, a column precision.",
    mistakes=(
        Mistake(
            "That is precision: the columns hold what was called a class, not what was one.",
            recall_of_columns,
        ),
        Mistake(
            "Divided by all images: each class is measured by its own images only.", recall_of_all
        ),
        Mistake("That is the accuracy, one number for all classes together.", recall_in_one),
        Mistake("That is the share that was missed.", recall_missed),
    ),
    cases=(
        (np.array([[8, 2], [1, 4]]),),
        (rng.integers(1, 9, (3, 3)) + np.diag([20, 5, 0]),),
        (np.array([[0, 3, 0], [0, 5, 1], [2, 2, 2]]),),
    ),
    alternatives=(recall_by_loop,),
)


# 05.2: two maps more

MAPS = 8

more_maps = Exercise(
    number="05.2",
    title="Two maps more",
    stars=1,
    task="LeNet-5 gets 8 maps in C1 instead of 6; nothing else changes. How many parameters do C1 "
    "and C3 have then? Answer with a tuple (C1, C3).",
    hints=(
        "A filter has a weight for every number it sees, and one bias.",
        "The 16 filters of C3 see 5·5 pixels of every map of C1. How many maps are there now?",
    ),
    solution=((5 * 5 * 1 + 1) * MAPS, (5 * 5 * MAPS + 1) * 16),
    insight="A layer with more maps costs twice: its own filters, and thicker ones in the layer "
    "after it.",
    mistakes=(
        Mistake(
            "The numbers are right, the order is not: C1 comes first.",
            ((5 * 5 * MAPS + 1) * 16, (5 * 5 * 1 + 1) * MAPS),
        ),
        Mistake("The biases are missing: one for each filter.", (5 * 5 * MAPS, 5 * 5 * MAPS * 16)),
        Mistake(
            "C3 has not changed here; but its filters see all the maps of C1.",
            ((5 * 5 + 1) * MAPS, (5 * 5 * 6 + 1) * 16),
        ),
        Mistake(
            "C3 has a bias for every map that a filter sees: there is one for each filter.",
            ((5 * 5 + 1) * MAPS, (5 * 5 + 1) * MAPS * 16),
        ),
        Mistake(
            "The filters of C3 are flat here: each sees one map only.",
            ((5 * 5 + 1) * MAPS, (5 * 5 + 1) * 16),
        ),
    ),
)


# 05.3: batch normalisation in use


def normalise(x, mean, variance, gamma, beta):
    return gamma * (x - mean) / np.sqrt(variance + 0.001) + beta


def normalise_channel_by_channel(x, mean, variance, gamma, beta):
    out = np.empty(x.shape)
    for channel in range(x.shape[-1]):
        deviation = (variance[channel] + 0.001) ** 0.5
        out[..., channel] = (x[..., channel] - mean[channel]) / deviation * gamma[channel]
    return out + beta


def normalise_by_the_batch(x, mean, variance, gamma, beta):
    axes = tuple(range(x.ndim - 1))
    return normalise(x, x.mean(axes), x.var(axes), gamma, beta)


def normalise_without_root(x, mean, variance, gamma, beta):
    return gamma * (x - mean) / (variance + 0.001) + beta


def normalise_without_epsilon(x, mean, variance, gamma, beta):
    return gamma * (x - mean) / np.sqrt(variance) + beta


def normalise_only(x, mean, variance, gamma, beta):
    return (x - mean) / np.sqrt(variance + 0.001)


def normalise_beta_first(x, mean, variance, gamma, beta):
    return gamma * ((x - mean) / np.sqrt(variance + 0.001) + beta)


def channels(count):
    """Running means and variances, γ and β of so many channels."""
    return rng.normal(2, 1, count), rng.uniform(0.01, 4, count), *rng.normal(1, 1, (2, count))


batch_normalisation = Exercise(
    number="05.3",
    title="Batch normalisation in use",
    stars=2,
    task="Write normalise(x, mean, variance, gamma, beta): what batch normalisation, once trained, "
    "makes of x (B, H, W, C). The four others are its numbers, one per channel; as in Keras 0.001 "
    "is added to the variance.",
    hints=(
        "In use nothing is computed from the batch: the running mean and variance are given.",
        "Subtract the mean, divide by the root of (variance + 0.001), then γ and β. NumPy takes "
        "the last axis for the channels by itself.",
    ),
    solution=normalise,
    insight="In use it is a straight line per channel, so it can be folded into the convolution "
    "before it.",
    mistakes=(
        Mistake(
            "Mean and variance of this batch are used: that is what happens in training. In use "
            "one image must get the same answer in any company.",
            normalise_by_the_batch,
        ),
        Mistake("Divided by the variance: its root is the deviation.", normalise_without_root),
        Mistake(
            "The 0.001 is missing: without it a channel that never changes divides by zero.",
            normalise_without_epsilon,
        ),
        Mistake("γ and β are missing: what was learned is not used.", normalise_only),
        Mistake("β is added before γ multiplies: it comes last.", normalise_beta_first),
    ),
    cases=(
        (rng.normal(2, 3, (2, 5, 7, 3)), *channels(3)),
        (rng.normal(0, 1, (1, 4, 3, 2)), *channels(2)),
        (rng.normal(0, 1, (3, 2, 5, 4)).astype("float32"), *channels(4)),
        (
            rng.normal(size=(2, 3, 4, 2)),
            rng.normal(size=2),
            np.array([0.5, 0]),
            np.array([-1.5, 0.7]),
            rng.normal(size=2),
        ),
    ),
    alternatives=(normalise_channel_by_channel,),
)


# 05.4: a step with momentum


def step(point, velocity, gradient, rate, momentum):
    velocity = momentum * velocity - rate * gradient
    return point + velocity, velocity


def step_downhill_velocity(point, velocity, gradient, rate, momentum):
    back = rate * gradient - momentum * velocity
    return point - back, -back


def step_with_old_velocity(point, velocity, gradient, rate, momentum):
    return point + velocity, momentum * velocity - rate * gradient


def step_without_memory(point, velocity, gradient, rate, momentum):
    return point - rate * gradient, -rate * gradient


def step_uphill(point, velocity, gradient, rate, momentum):
    velocity = momentum * velocity + rate * gradient
    return point + velocity, velocity


def step_with_uphill_velocity(point, velocity, gradient, rate, momentum):
    velocity = momentum * velocity + rate * gradient
    return point - velocity, velocity


def step_forgetting(point, velocity, gradient, rate, momentum):
    return point + momentum * velocity - rate * gradient, velocity


def step_averaging(point, velocity, gradient, rate, momentum):
    velocity = momentum * velocity - (1 - momentum) * rate * gradient
    return point + velocity, velocity


momentum = Exercise(
    number="05.4",
    title="A step with momentum",
    stars=2,
    task="Write step(point, velocity, gradient, rate, momentum): one step of SGD with momentum, as "
    "in Keras. Return the new point and the new velocity.",
    hints=(
        "First the velocity, then the point: the new velocity is the step.",
        "new velocity = momentum · old velocity − rate · gradient.",
    ),
    solution=step,
    insight="Along a valley the steps add up, up to 1/(1 − momentum) times; across it they cancel.",
    mistakes=(
        Mistake(
            "The point moves by the old velocity: the gradient of this step comes too late.",
            step_with_old_velocity,
        ),
        Mistake("That is plain SGD: the old velocity is not used.", step_without_memory),
        Mistake("It goes uphill: the gradient points to larger losses.", step_uphill),
        Mistake(
            "The velocity has the other sign: in Keras the gradient is subtracted in the velocity, "
            "and the point adds it.",
            step_with_uphill_velocity,
        ),
        Mistake(
            "The point is right, but the velocity handed back is the old one: the next step will "
            "remember nothing of this one.",
            step_forgetting,
        ),
        Mistake(
            "The gradient is damped by 1 − momentum: Keras does not do that here.", step_averaging
        ),
    ),
    cases=(
        (np.array([-4.0, 1.0]), np.array([0.0, 0.0]), np.array([-4.0, 25.0]), 0.02, 0.9),
        (rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), 0.1, 0.5),
        (1.0, -2.0, 3.0, 0.5, 0.0),
    ),
    alternatives=(step_downhill_velocity,),
)


# 05.5: two heads

multi_task = Exercise(
    number="05.5",
    title="Two heads on one trunk",
    stars=3,
    task='Write two_heads(trunk): it gets a LeNet-5 and returns a model whose output "digit" holds '
    'ten logits and whose output "even" holds one logit. Both share at least the convolutions C1 '
    "and C3; layers carry the names of their outputs.",
    hints=(
        'A model can begin at trunk.inputs and end anywhere: trunk.get_layer("f6").output is a '
        "tensor that new layers can be called on.",
        "Call two Dense layers on that same tensor, one with 10 units and one with 1, each with "
        "its name and without activation.",
        "The outputs of a model may be a dict: keras.Model takes the inputs, and a tensor for "
        "every name.",
    ),
    solution=heads.two_heads,
    insight="Both losses send their gradients into the same convolutions: that is what the tasks "
    "share.",
    mistakes=(
        Mistake(
            "There are two trunks: each task trains convolutions of its own, and neither learns "
            "from the other.",
            heads.two_trunks,
        ),
        Mistake(
            'The output "even" reads the ten logits: it cannot see more than the other head says.',
            heads.head_on_head,
        ),
        Mistake(
            "The outputs are probabilities: the course's networks return logits, and the loss "
            "expects them.",
            heads.heads_with_probabilities,
        ),
        Mistake(
            "An output ends in an activation that leaves some numbers out: a logit can be any "
            "number.",
            heads.heads_with_relu,
        ),
        Mistake(
            "The keys of the dict are exchanged: under each stands the output of the other.",
            heads.heads_under_each_others_name,
        ),
        Mistake(
            "Only the first convolution is shared: of what the trunk has learned one head gets no "
            "more than that. Branch off behind C3, or later.",
            heads.head_on_the_first_maps,
        ),
        Mistake(
            "Even or odd is one question: one logit answers it, its sign.",
            heads.head_with_two_units,
        ),
        Mistake("One of the two outputs is missing: a model may have several.", heads.one_head),
        Mistake(
            "A head stands on the ten logits that the trunk ends in: it cannot see more than they "
            "say. Begin one layer earlier.",
            heads.heads_on_the_logits,
        ),
        Mistake(
            "The trunk that was handed over is not used: what it has learned is lost.",
            heads.two_heads_on_a_new_trunk,
        ),
        Mistake(
            "The two layers that make the outputs have other names than asked for; the keys of a "
            "dict name no layer. Give each its `name`.",
            heads.two_heads_without_names,
        ),
    ),
    cases=heads.trunks,
    view=verdicts_on_heads,
    alternatives=(
        heads.two_heads_from_c5,
        heads.two_heads_with_dense_layers_of_their_own,
        heads.two_heads_by_calling,
        heads.two_heads_on_the_old_logits,
    ),
    seconds=60,
)


# 05.6: three broken networks

three_mended = Exercise(
    number="05.6",
    title="Three broken networks",
    stars=2,
    task="Each of the networks of broken_network(which), 0 to 2, has one mistake. Write "
    "mended_network(which): the same three, compiled, without it.",
    hints=(
        "diagnose(broken_network(0)) says what is wrong with the first, and where.",
        "The loss of each stays as it is: change the one activation that does not fit.",
        "The first answers yes or no; the second has two linear layers in a row; the third may "
        "say nothing against a class.",
    ),
    solution=broken_networks.mended_network,
    insight="None of the three gave an error: a mistake in the last activation is seen in the "
    "loss, or nowhere.",
    mistakes=(
        Mistake("Nothing is mended yet: ask diagnose for each of them.", broken_networks.broken),
        Mistake(
            "The first still ends in a softmax over one unit: it says 1.0 to every picture.",
            broken_networks.without_the_first,
        ),
        Mistake(
            "The first ends in a logit now, and its loss still expects a probability.",
            broken_networks.with_a_linear_end,
        ),
        Mistake(
            "In the second no activation stands between the two dense layers: they are one.",
            broken_networks.without_the_second,
        ),
        Mistake(
            "The third still has a ReLU on its answers: it can say nothing against a class.",
            broken_networks.without_the_third,
        ),
        Mistake(
            "The third ends in probabilities now, and its loss expects logits.",
            broken_networks.with_a_softmax_for_logits,
        ),
    ),
    cases=((0,), (1,), (2,)),
    view=broken_networks.named,
    alternatives=(broken_networks.mended_with_tanh, broken_networks.mended_by_the_loss),
    seconds=60,
)


EXERCISES = (recalls, more_maps, batch_normalisation, momentum, multi_task, three_mended)
