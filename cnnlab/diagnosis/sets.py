"""Rules about training and validation: what stands in both, what in one only."""

from dataclasses import replace

import numpy as np

from cnnlab.arrays.duplicates import near_duplicates
from cnnlab.diagnosis.case import predicted_classes
from cnnlab.diagnosis.copies import MOST as COMPARED
from cnnlab.diagnosis.copies import copies_in
from cnnlab.diagnosis.finding import AS_LOADED, SHUFFLED_TOGETHER, Finding, started_anew
from cnnlab.diagnosis.inputs import images_not_scaled
from cnnlab.diagnosis.sampling import drawn
from cnnlab.diagnosis.validation import validation_of

# Correlation from which on two pictures of two sets are told. Of several times 150 and 150
# textures, cut from different photographs, some had pairs at 0.9 and 0.91.
ALIKE = 0.95
MOST = 150  # pictures of each set that are looked at for near copies
FEW = 24  # labels, below which nothing is said of how often classes occur
_KEEP = "validation_data = tuple(a if a is None else a[keep] for a in validation_data)"
_SPLIT_FIRST = (
    "both, named = (np.concatenate([a, b]) for a, b in zip((images, labels), validation_data)); "
    "order = np.random.default_rng(0).permutation(np.unique("
    "both.reshape(len(both), -1), axis=0, return_index=True)[1]); "
    "images, labels = both[order[len(order) // 5:]], named[order[len(order) // 5:]]; "
    "validation_data = both[order[:len(order) // 5]], named[order[:len(order) // 5]]"
)


def images_in_two_sets(case):
    """What stands in training and in validation is remembered, and counts as if recognised.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        validation_data = stripes(40, seed=1)
        validation_data[0][:10] = pictures[:10]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for array, other in _both_sets(case):
        if other.dtype != array.dtype:
            continue
        known = {picture.tobytes() for picture in array if np.ptp(picture) > 0}
        twice = [i for i, picture in enumerate(other) if picture.tobytes() in known]
        if twice:
            evidence = f"{len(twice)} of {len(other)} validation images are among the training "
            evidence += f"images too, such as {twice[0]}"
            line = "known = {picture.tobytes() for picture in images}; keep = [i for i, picture in "
            line += "enumerate(validation_data[0]) if picture.tobytes() not in known]; " + _KEEP
            again = len(array) - len(known | {p.tobytes() for p in array if np.ptp(p) == 0})
            if again >= FEW and case.validation[1] is not None and len(case.heads) == 1:
                evidence += f"; {again} training images are there more than once: repeated before "
                line, evidence = _SPLIT_FIRST, f"{evidence}the split, not after it"
            yield Finding("images", evidence, line)


def nearly_the_same_in_two_sets(case):
    """A cut, resized or newly saved copy is no new picture either.

    Example:
        model = keras.Sequential([
            keras.Input((32, 48, 3)), layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"), layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        images, labels = photographs[:12], photograph_kinds[:12]
        brighter = np.clip(photographs[:4] * 0.9 + 20, 0, 255).astype("uint8")
        validation_data = np.concatenate([brighter, photographs[12:]]), None
    """
    for array, other in _both_sets(case):
        if {array.dtype, other.dtype} != {np.dtype("uint8")} or array.ndim != 4:
            continue
        if array.shape[-1] != 3:
            continue
        rows, theirs = drawn(len(array), MOST), drawn(len(other), MOST)
        found = near_duplicates(array[rows], other[theirs], alike=ALIKE)
        pairs = [(rows[i], theirs[j]) for i, j in found]
        pairs = [(i, j) for i, j in pairs if not np.array_equal(array[i], other[j])]
        if pairs:
            i, j = pairs[0]
            told = "1 pair correlates" if len(pairs) == 1 else f"{len(pairs)} pairs correlate"
            evidence = f"{told} above {ALIKE}, such as image {i} and validation image {j}"
            copies = sorted({int(j) for _, j in pairs})
            line = f"keep = np.setdiff1d(np.arange(len(validation_data[0])), {copies}); {_KEEP}"
            if len(copies) > 10:
                line = "from cnnlab.arrays.duplicates import near_duplicates; keep = np.setdiff1d("
                line += "np.arange(len(validation_data[0])), near_duplicates(images, "
                line += f"validation_data[0], alike={ALIKE})[:, 1]); {_KEEP}"
            decides = "a look at the pair: matplotlib.pyplot.imshow(np.hstack("
            decides += f"[images[{i}], validation_data[0][{j}]]))"
            yield Finding("images", evidence, line, decides)


def mirrored_in_two_sets(case):
    """A picture mirrored, or darkened, is known already: copies are made of the training alone.

    Of pictures that were augmented before they were cut in two, the copies of one stand in both.

    Example:
        model = keras.Sequential([
            keras.Input((32, 48, 3)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        whole = photographs / 255
        both = np.concatenate([whole, whole[:, :, ::-1]])
        order = np.random.default_rng(0).permutation(48)
        images, labels = both[order[:36]], np.tile(photograph_kinds, 2)[order[:36]]
        validation_data = both[order[36:]], np.tile(photograph_kinds, 2)[order[36:]]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    head = case.heads[0] if len(case.heads) == 1 and len(case.pictures) == 1 else None
    if head is None or head.classes is None or head.classes.ndim != 1 or not case.finite:
        return
    array, classes = case.pictures[0], head.classes
    if len(array) != len(classes) or array.ndim != 4 or head.loss.kind == "squared":
        return
    cut = len(array) * 4 // 5  # `validation_split` is 0.2 nearly everywhere
    split = case.validation is None and "val_loss" in case.history
    other = (array[cut:], classes[cut:]) if split else validation_of(case, head)
    if split:
        array, classes = array[:cut], classes[:cut]
    if other is None or min(len(array), len(other[0]), len(np.unique(classes))) < 2:
        return
    pairs, least = copies_in(array, classes, *other)
    looked, known = min(len(other[0]), COMPARED[1]), set()
    least_many = max(3, 0.02 * looked)
    if len(pairs) >= least_many:
        known = {picture.tobytes() for picture in array}
    pairs = [(i, j) for i, j in pairs.tolist() if other[0][j].tobytes() not in known]
    if len(pairs) < least_many or any(nearly_the_same_in_two_sets(case)):
        return
    (i, j), where = pairs[0], "of the last fifth" if split else "of the validation"
    evidence = f"{len(pairs)} of {looked} images {where} are training images, mirrored or in "
    evidence += f"another light: {'image' if split else 'validation image'} {j + cut * split} is "
    evidence += f"image {i}; their edges correlate above {least:.2f}"
    if split:
        line = "cut = len(images) * 4 // 5; validation_data = images[cut:], labels[cut:]; images, "
        line += f"labels = images[:cut], labels[:cut]  {AS_LOADED}, in front of what copies them; "
        line += "then `fit` with validation_data"
        decides = "whether `fit` got validation_split, or a validation_data that `diagnose` did not"
        yield Finding("images", evidence, line, decides)
        return
    row = ".argmax(-1)" if head.label_kind == "one-hot" else ""
    line = "from cnnlab.diagnosis.copies import copies_in; others, known = validation_data[:2]; "
    line += f"copies = copies_in(images, labels{row}, others, known{row}, most=None)[0][:, 1]; "
    line += f"keep = np.setdiff1d(np.arange(len(others)), copies); {_KEEP}"
    yield Finding("images", evidence, line, "a look at the pair, side by side")


def sets_scaled_otherwise(case):
    """Validation pictures are prepared as those of the training, or the network meets strangers.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        validation_data = np.round(255 * stripes(40, seed=1)[0]), stripes(40, seed=1)[1]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if case.validation is not None and any(images_not_scaled(case)):
        return  # once those are scaled, the sets are alike, or told
    for array, other in _both_sets(case):
        if min(len(array), len(other)) < 4 or not case.finite or not np.isfinite(other).all():
            continue
        ours, theirs = _range(array), _range(other)
        if not (ours[3] and theirs[3]) or not (change := _change(ours, theirs)):
            continue
        evidence = f"images go from {ours[0]:.3g} to {ours[1]:.3g}, mean {ours[2]:.2g}; those of "
        evidence += f"the validation from {theirs[0]:.3g} to {theirs[1]:.3g}, mean {theirs[2]:.2g}"
        line = f"validation_data = {change}, *validation_data[1:]"
        yield Finding("images", evidence, line)
    loss, validation = case.history.get("loss"), case.history.get("val_loss")
    if case.validation is not None or loss is None or validation is None:
        return
    if not (np.isfinite(loss).all() and np.isfinite(validation).all()) or len(loss) < 2:
        return
    if validation.min() > max(20, 20 * loss.max()):
        evidence = f"the validation loss is {validation[0]:.3g} in the first epoch and never below "
        evidence += f"{validation.min():.3g}, the training loss at most {loss.max():.2g}"
        line = (
            "validation_data = validation_data[0] / 255, *validation_data[1:]; history = model.fit("
        )
        line += "images, labels, validation_data=validation_data, epochs=5, verbose=0)  "
        line += f"{AS_LOADED}"
        decides = "images.max() and validation_data[0].max()"
        yield Finding("history", evidence, line, decides)


def sets_of_different_classes(case):
    """What a network never saw in training it cannot name in validation.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        order = np.argsort(kinds)
        images, labels = pictures[order][:150], kinds[order][:150]
        validation_data = pictures[order][150:], kinds[order][150:]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if case.validation is None or len(case.heads) != 1 or case.heads[0].loss.kind == "squared":
        return
    head = case.heads[0]
    if head.classes is None or case.validation[1] is None:
        return
    other = replace(head, labels=np.asarray(case.validation[1])).classes
    if other is None or other.ndim != 1 or head.classes.ndim != 1 or head.classes.min() < 0:
        return
    if head.labels.size != head.classes.size * (head.units if head.label_kind == "one-hot" else 1):
        return
    ours, theirs = set(head.classes.tolist()), set(other.tolist())
    lacking = sorted(k for k in theirs - ours if (other == k).sum() >= 4)
    alone = len(theirs) <= len(ours) / 2 and len(other) >= max(FEW, 4 * len(ours))
    if not lacking and not alone:
        return
    evidence = f"the training has the classes {_listed(ours)}, the validation {_listed(theirs)}"
    if np.all(np.diff(head.classes) >= 0) or np.all(np.diff(other) >= 0):
        evidence += ": labels were sorted when they were cut in two"
    line = (
        "both = [np.concatenate([a, b]) for a, b in zip((images, labels), validation_data)]; "
        "order = np.random.default_rng(0).permutation(len(labels) + len(validation_data[1])); "
        "images, labels = (a[order[:len(labels)]] for a in both); "
        "validation_data = tuple(a[order[len(labels):]] for a in both)"
    )
    yield Finding("labels", evidence, line)


def sorted_before_the_split(case):
    """`validation_split` takes the last pictures: of sorted labels, classes never trained on.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        order = np.argsort(kinds)
        images, labels = pictures[order], kinds[order]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        history = {"accuracy": [0.5, 0.7, 0.9], "val_accuracy": [0.0, 0.0, 0.0]}
    """
    accuracy, validation = (case.history.get(k) for k in ("accuracy", "val_accuracy"))
    if accuracy is None or validation is None or case.validation is not None:
        return
    for head in case.heads:
        classes = head.classes
        if classes is None or classes.ndim != 1 or len(classes) < FEW:
            continue
        count = len(np.unique(classes))
        if count < 2 or np.any(np.diff(classes) < 0):
            continue
        last = classes[-(len(classes) // 5) :]
        seen = float(np.mean(last == classes[len(classes) - len(last) - 1]))  # in training, in part
        most = 0.5 / count if seen > 0.5 else max(0.5 / count, seen + 0.02)
        learned = accuracy[-1] > (validation[-1] + 0.3 if validation.max() > 0 else 1.5 / count)
        if validation.max() <= most and learned:
            evidence = f"labels{head.of_output} are sorted, 0 to {classes.max()}; accuracy "
            evidence += f"{accuracy[-1]:.2f}, and {validation[-1]:.2f} in validation: "
            evidence += "validation_split takes the end of the arrays, where the last fifth has "
            evidence += f"the classes {_listed(set(last.tolist()))}"
            decides = "" if validation.max() < 0.5 / count else "whether `fit` got validation_split"
            yield Finding("labels", evidence, SHUFFLED_TOGETHER, decides)


def sorted_and_not_shuffled(case):
    """Pictures class by class: each step unlearns the classes before, the last one wins.

    `fit` shuffles arrays by itself, unless it is told not to; a tf.data.Dataset it never does.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        order = np.argsort(kinds)
        images, labels = pictures[order], kinds[order]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        history = model.fit(images, labels, epochs=6, shuffle=False, verbose=0)
    """
    if "loss" not in case.history or case.answers_right or len(case.run.answers) != 1:
        return
    head, answers = case.heads[0], case.run.answers[0]
    right, classes = case.share_right(head, answers), head.classes
    if right is None or len(classes) < FEW or np.any(np.diff(classes) < 0):
        return
    last = classes[-1]
    own = float(np.mean(classes[case.rows] == last))
    named = float(np.mean(predicted_classes(head, answers) == last))
    if named >= 1.5 * own + 0.05:
        evidence = f"labels are sorted, 0 to {last}; {named:.2f} of the pictures are called class "
        evidence += f"{last}, which {own:.2f} of them are"
        line = f"{SHUFFLED_TOGETHER}; {started_anew(case)}; history = model.fit(images, labels, "
        line += "epochs=10, verbose=0)"
        decides = "whether `fit` got shuffle=False, or a dataset without `shuffle`"
        yield Finding("labels", evidence, line, decides)


def _both_sets(case):
    if (other := case.validation_pictures) is not None:
        yield case.pictures[0], other


def _range(images):
    """Least, most, mean and deviation."""
    low, high = float(images.min()), float(images.max())
    return low, high, float(images.mean()), float(images.std(dtype=np.float64))


def _change(ours, theirs):
    """Python that brings validation pictures to the range of the others; "" where they have it.

    Two sets of pictures of one kind differ in mean and deviation, but not by so much.
    """
    array = "validation_data[0]"
    (low, high, mean, spread), (low_v, high_v, mean_v, spread_v) = ours, theirs
    ratio = spread_v / spread
    if not 1 / 8 < ratio < 8:
        factor = high / high_v if min(low, low_v) >= 0 else spread / spread_v
        return f"{array} / {1 / factor:.4g}" if factor < 1 else f"{array} * {factor:.4g}"
    if low >= 0 and low_v < -0.4 * high_v and abs(mean - mean_v) > 0.5 * spread_v:
        return f"({array} - {low_v:.4g}) * {(high - low) / (high_v - low_v):.4g}"
    if low_v >= 0 and low < -0.4 * high and abs(mean - mean_v) > 0.5 * spread:
        return f"{array} * {(high - low) / (high_v - low_v):.4g} - {-low:.4g}"
    if abs(mean - mean_v) > 1.5 * max(spread, spread_v):
        if abs(low_v + high_v - mean_v - mean) < max(spread, spread_v):
            return f"{low_v + high_v:.4g} - {array}"
        return f"{array} - {mean_v - mean:.4g}"
    return ""


def _listed(classes):
    """Some classes in a sentence."""
    shown = sorted(classes)
    if len(shown) > 2 and shown == list(range(shown[0], shown[-1] + 1)):
        return f"{shown[0]} to {shown[-1]}"
    more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
    return ", ".join(map(str, shown[:5])) + more
