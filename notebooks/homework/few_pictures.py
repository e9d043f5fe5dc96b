"""Exercises of the homework `few_pictures.ipynb`."""

from functools import cache

import numpy as np

from cnnlab import datasets
from cnnlab.exercises import Exercise, Mistake

rng = np.random.default_rng(7)


# H6.1: how much is still trained?


def trainable_parameters(layers, last_frozen):
    names = [name for name, _ in layers]
    return sum(count for _, count in layers[names.index(last_frozen) + 1 :])


def trainable_by_walking(layers, last_frozen):
    total, frozen = 0, True
    for name, count in layers:
        total += 0 if frozen else count
        frozen = frozen and name != last_frozen
    return total


def trainable_that_are_frozen(layers, last_frozen):
    return sum(count for _, count in layers) - trainable_parameters(layers, last_frozen)


def trainable_from_that_layer_on(layers, last_frozen):
    return trainable_parameters(layers, last_frozen) + dict(layers)[last_frozen]


def trainable_all(layers, last_frozen):
    return sum(count for _, count in layers)


def trainable_all_but_one(layers, last_frozen):
    return sum(count for name, count in layers if name != last_frozen)


def trainable_layers(layers, last_frozen):
    return len(layers) - 1 - [name for name, _ in layers].index(last_frozen)


def trainable_head_alone(layers, last_frozen):
    return layers[-1][1]


frozen = Exercise(
    number="H6.1",
    title="What is still trained?",
    stars=1,
    task="Write trainable_parameters(layers, last_frozen): layers is a list of pairs (name, number "
    "of parameters), from the input to the output. All layers up to and with the one called "
    "last_frozen are frozen. How many parameters are still trained?",
    hints=(
        "Find the place of the frozen layer's name in the list.",
        "Add up the numbers of the layers behind it.",
    ),
    solution=trainable_parameters,
    insight="Freezing is counted from the input: what comes later is specific, and learns.",
    mistakes=(
        Mistake("These are the frozen parameters.", trainable_that_are_frozen),
        Mistake("The layer of that name is frozen, too.", trainable_from_that_layer_on),
        Mistake("These are all parameters of the network.", trainable_all),
        Mistake(
            "Only the layer of that name was left out: what stands before it is frozen as well.",
            trainable_all_but_one,
        ),
        Mistake("Layers were counted, not their parameters.", trainable_layers),
        Mistake(
            "Only the last layer was counted: others behind the frozen ones learn, too.",
            trainable_head_alone,
        ),
    ),
    cases=(
        ([("conv1", 320), ("conv2", 9248), ("pool", 0), ("dense", 1290), ("out", 110)], "conv2"),
        ([("a", 5), ("b", 70), ("c", 900), ("d", 1100)], "a"),
        ([("stem", 640), ("norm", 64), ("head", 330)], "norm"),
    ),
    alternatives=(trainable_by_walking,),
)


# H6.2: a few of each


def few_of_each(labels, count):
    chosen = [np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]
    return np.sort(np.concatenate(chosen))


def few_by_counting(labels, count):
    seen, chosen = {}, []
    for place, label in enumerate(labels.tolist()):
        seen[label] = seen.get(label, 0) + 1
        if seen[label] <= count:
            chosen.append(place)
    return chosen


def few_from_the_beginning(labels, count):
    return np.arange(min(count * len(np.unique(labels)), len(labels)))


def few_by_class(labels, count):
    return np.concatenate([np.flatnonzero(labels == k)[:count] for k in np.unique(labels)])


def few_of_the_last(labels, count):
    return np.sort(
        np.concatenate([np.flatnonzero(labels == k)[-count:] for k in np.unique(labels)])
    )


def few_labels(labels, count):
    return labels[few_of_each(labels, count)]


def few_as_mask(labels, count):
    return np.isin(np.arange(len(labels)), few_of_each(labels, count))


def few_others(labels, count):
    return np.setdiff1d(np.arange(len(labels)), few_of_each(labels, count))


def few_in_all(labels, count):
    return np.arange(count)


few = Exercise(
    number="H6.2",
    title="A few of each",
    stars=2,
    task="Write few_of_each(labels, count): the indices of the first count pictures of every class "
    "that occurs in labels (N,), all together in rising order. A class that has fewer gives all.",
    hints=(
        "np.flatnonzero(labels == label) are the places of one class, in rising order.",
        "Walk through the labels and count how often each has come, or put the classes together "
        "and sort.",
    ),
    solution=few_of_each,
    insight="With few pictures chance decides which class comes short; so count by class.",
    mistakes=(
        Mistake(
            "Those are the first pictures of all: nobody says that the classes come by turns.",
            few_from_the_beginning,
        ),
        Mistake("The indices stand class by class: asked for is rising order.", few_by_class),
        Mistake("Those are the last ones of each class.", few_of_the_last),
        Mistake("Labels came back: asked for are places.", few_labels),
        Mistake("That is a mask: asked for are indices.", few_as_mask),
        Mistake("Those are the pictures that are left over.", few_others),
        Mistake("The count holds for each class, not for all together.", few_in_all),
    ),
    cases=(
        (np.array([2, 0, 2, 2, 1, 0, 1, 2, 0]), 2),
        (np.array([5, 5, 5, 1, 5, 1, 9]), 3),
        (rng.integers(0, 4, 30), 4),
    ),
    alternatives=(few_by_counting,),
)


# H6.3: on the scale of the training pictures


def on_one_scale(features, reference):
    spread = reference.std(axis=0)
    return (features - reference.mean(axis=0)) / np.where(spread > 0, spread, 1)


def on_one_scale_by_loops(features, reference):
    scaled = np.zeros(features.shape)
    for channel in range(features.shape[1]):
        mean, spread = reference[:, channel].mean(), reference[:, channel].std()
        scaled[:, channel] = features[:, channel] - mean
        if spread > 0:
            scaled[:, channel] /= spread
    return scaled


def scale_of_its_own(features, reference):
    return on_one_scale(features, features)


def scale_of_all_channels(features, reference):
    return (features - reference.mean()) / reference.std()


def scale_by_variance(features, reference):
    spread = reference.var(axis=0)
    return (features - reference.mean(axis=0)) / np.where(spread > 0, spread, 1)


def scale_without_mean(features, reference):
    spread = reference.std(axis=0)
    return features / np.where(spread > 0, spread, 1)


def scale_without_spread(features, reference):
    return features - reference.mean(axis=0)


def scale_with_nan(features, reference):
    return (features - reference.mean(axis=0)) / reference.std(axis=0)


def scale_of_the_reference(features, reference):
    return on_one_scale(reference, reference)


def scale_of_both(features, reference):
    return on_one_scale(features, np.concatenate([features, reference]))


DULL = np.column_stack([rng.normal(3, 2, 12), np.full(12, 0.5), rng.normal(-1, 5, 12)])

scale = Exercise(
    number="H6.3",
    title="On the scale of the training pictures",
    stars=2,
    task="Write on_one_scale(features, reference): features (B, C) minus the means of the channels "
    "of reference (N, C), the features of the training pictures, divided by its standard "
    "deviations (np.std). A channel that is the same in all training pictures is only moved.",
    hints=(
        "mean(axis=0) and std(axis=0) give a number per channel.",
        "np.where(spread > 0, spread, 1) divides by 1 where there is nothing to divide by.",
    ),
    solution=on_one_scale,
    insight="Test pictures go on the scale of the training: they may not help to choose it.",
    mistakes=(
        Mistake(
            "The features were put on their own scale: two test pictures in another batch would "
            "get other numbers.",
            scale_of_its_own,
        ),
        Mistake("One mean for all: each channel has its own scale.", scale_of_all_channels),
        Mistake("Divided by the variance: asked for is its root.", scale_by_variance),
        Mistake("The means were not taken away.", scale_without_mean),
        Mistake("The features were moved, but not divided.", scale_without_spread),
        Mistake("0 / 0: some channel does not vary at all.", scale_with_nan),
        Mistake("The training pictures came back, on their scale.", scale_of_the_reference),
        Mistake("The scale was taken from both: the test has leaked into it.", scale_of_both),
    ),
    cases=(
        (rng.normal(2, 3, (5, 4)), rng.normal(1, 2, (9, 4))),
        (rng.random((3, 3)).astype("float32")[:2], DULL),
        (rng.integers(0, 9, (4, 3)), DULL[:7]),
    ),
    alternatives=(on_one_scale_by_loops,),
)


# H6.4: the nearest picture


def nearest_label(queries, features, labels):
    lengths = [np.linalg.norm(part, axis=1, keepdims=True) for part in (queries, features)]
    likeness = (queries / lengths[0]) @ (features / lengths[1]).T
    return labels[likeness.argmax(axis=1)]


def nearest_by_loops(queries, features, labels):
    named = []
    for query in queries:
        angles = [query @ f / (query @ query) ** 0.5 / (f @ f) ** 0.5 for f in features]
        named.append(labels[int(np.argmax(angles))])
    return np.array(named)


def nearest_by_distance(queries, features, labels):
    gaps = ((queries[:, None] - features[None]) ** 2).sum(axis=-1)
    return labels[gaps.argmin(axis=1)]


def nearest_by_product(queries, features, labels):
    return labels[(queries @ features.T).argmax(axis=1)]


def nearest_farthest(queries, features, labels):
    return nearest_label(-queries, features, labels)


def nearest_place(queries, features, labels):
    return nearest_label(queries, features, np.arange(len(labels)))


def nearest_query(queries, features, labels):
    lengths = [np.linalg.norm(part, axis=1, keepdims=True) for part in (queries, features)]
    likeness = (queries / lengths[0]) @ (features / lengths[1]).T
    return labels[likeness.argmax(axis=0)]


def nearest_likeness(queries, features, labels):
    lengths = [np.linalg.norm(part, axis=1, keepdims=True) for part in (queries, features)]
    return ((queries / lengths[0]) @ (features / lengths[1]).T).max(axis=1)


def album(queries, pictures, channels, dtype="float64"):
    """Features that are not negative, and labels that are not the places."""
    drawn = [
        rng.random((n, channels)) ** 2 * rng.uniform(0.2, 3, (n, 1)) for n in (queries, pictures)
    ]
    return *(part.astype(dtype) for part in drawn), rng.permutation(pictures) + 10


near = Exercise(
    number="H6.4",
    title="The nearest picture",
    stars=2,
    task="Write nearest_label(queries, features, labels): for each query (Q, C) the label of the "
    "picture, of features (N, C) and labels (N,), that points most in the same direction: the one "
    "with the largest cosine, the dot product divided by both lengths. An array (Q,).",
    hints=(
        "np.linalg.norm(part, axis=1, keepdims=True) are the lengths of the rows.",
        "Rows of length 1: then queries @ features.T holds all cosines at once.",
        "argmax gives the place of a picture; its label stands in labels.",
    ),
    solution=nearest_label,
    insight="A classifier without a training: good features do most of the work.",
    mistakes=(
        Mistake("That is the nearest by distance: length counts there.", nearest_by_distance),
        Mistake("Long rows have large products: the lengths must go.", nearest_by_product),
        Mistake("That is the picture least alike.", nearest_farthest),
        Mistake("The place of the picture came back: asked for is its label.", nearest_place),
        Mistake("The nearest query of each picture was looked for.", nearest_query),
        Mistake("The cosine itself came back: asked for is a label.", nearest_likeness),
    ),
    cases=(album(7, 9, 4), album(5, 12, 3, "float32"), album(20, 6, 5)),
    alternatives=(nearest_by_loops,),
)


# H6.5: sixty pictures

TARGET, SHOTS, HIDDEN, CLASSES = 0.8, 5, 12, 12


@cache
def features_of(split, count):
    """Features (count · 12, 128) and labels of the textures: the means of block3_conv3's maps."""
    import keras

    from cnnlab import weights

    base = weights.pretrained("vgg16_slim")
    means = keras.layers.GlobalAveragePooling2D()(base.get_layer("block3_conv3").output)
    data = datasets.load("textures", split)
    images = weights.preprocess("vgg16_slim", data.images[: count * CLASSES])
    return np.asarray(keras.Model(base.inputs[0], means)(images)), data.labels[: len(images)]


def new_head(features, labels):
    weight, bias, wanted = np.zeros((128, 12)), np.zeros(12), np.eye(12)[labels]
    for _ in range(200):
        powers = np.exp(features @ weight + bias)
        error = (powers / powers.sum(axis=1, keepdims=True) - wanted) / len(labels)
        weight, bias = weight - 0.5 * features.T @ error, bias - 0.5 * error.sum(axis=0)
    return weight, bias


def new_head_by_squares(features, labels):
    mean, wanted = features.mean(axis=0), np.eye(12)[labels]
    centred = features - mean
    inner = centred @ centred.T + np.eye(len(labels))
    weight = centred.T @ np.linalg.solve(inner, wanted - wanted.mean(axis=0))
    return weight, wanted.mean(axis=0) - mean @ weight


def new_head_on_one_scale(features, labels):
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    centred = (features - mean) / spread
    inner = centred @ centred.T + 10 * np.eye(len(labels))
    weight = centred.T @ np.linalg.solve(inner, np.eye(12)[labels] - 1 / 12)
    weight = weight / spread[:, None]
    return weight, -mean @ weight


def head_of_one_step(features, labels):
    error = (1 / 12 - np.eye(12)[labels]) / len(labels)
    return -features.T @ error, -error.sum(axis=0)


def head_of_zeros(features, labels):
    return np.zeros((128, 12)), np.zeros(12)


def head_turned(features, labels):
    return np.zeros((12, 128)), np.zeros(12)


def head_without_bias(features, labels):
    return np.zeros((128, 12))


def head_of_nan(features, labels):
    return np.full((128, 12), np.nan), np.zeros(12)


def reached(share, target):
    """An accuracy in words."""
    if share >= target:
        return "enough"
    return "like guessing" if share <= 0.2 else "too few"


def verdicts(head):
    """What is asked for of the head."""
    if not isinstance(head, tuple | list) or len(head) != 2:
        return {"answer": "not two arrays"}
    weight, bias = (np.asarray(part) for part in head)
    if weight.shape != (128, 12) or bias.shape != (12,):
        return {"answer": "another shape"}
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        return {"answer": "not finite"}
    features, labels = features_of("test", HIDDEN)
    share = ((features @ weight + bias).argmax(axis=1) == labels).mean()
    return {"answer": "two arrays", "hidden pictures named rightly": reached(share, TARGET)}


def sixty():
    """One case: five pictures of each class. The network works here, where no time limit runs."""
    features_of("test", HIDDEN)
    return (features_of("train", SHOTS),)


head = Exercise(
    number="H6.5",
    title="Sixty pictures",
    stars=3,
    task="Write new_head(features, labels): five pictures of each of twelve classes, features "
    "(60, 128) and labels (60,). Return (weight, bias), of shapes (128, 12) and (12,): features @ "
    "weight + bias are the logits. At least 80% of 144 other pictures must be named rightly. "
    "How you find the head is free.",
    hints=(
        "Gradient steps of softmax and cross-entropy (07.4), or least squares with a small penalty "
        "on the weights.",
        "60 pictures, 1,548 numbers: the training pictures will all be right soon. That says "
        "little about others; keep one of each class aside.",
        "If you scale the features, fold the scale into weight and bias: the hidden ones come as "
        "they are.",
    ),
    solution=new_head,
    insight="Sixty pictures for twelve classes: the features came from another task, for nothing.",
    mistakes=(
        Mistake(
            "The head names some pictures, too few: see that it learned to its end, and on the "
            "features as they are.",
            head_of_one_step,
        ),
        Mistake("It does no better than guessing.", head_of_zeros),
        Mistake("The weight or the bias has another shape: a row per feature.", head_turned),
        Mistake("Asked for are two arrays, weight and bias.", head_without_bias),
        Mistake(
            "Some numbers are infinite or NaN: the steps were too large, or np.exp overflowed.",
            head_of_nan,
        ),
    ),
    cases=sixty,
    view=verdicts,
    alternatives=(new_head_by_squares, new_head_on_one_scale),
)

EXERCISES = (frozen, few, scale, near, head)
