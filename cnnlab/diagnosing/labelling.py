"""Rules about the labels: their form, against the loss, against the pictures."""

import numpy as np

from cnnlab.diagnosing.answers import is_one_for_several
from cnnlab.diagnosing.case import predicted_classes
from cnnlab.diagnosing.finding import Finding

_EXCLUSIVE = ("sparse", "categorical")
FEW = 24  # labels, below which nothing is said of how often classes occur


def counts_that_differ(case):
    """One label belongs to one picture.

    Example:
        model = keras.Sequential([keras.Input((8, 12, 1)), layers.Flatten(), layers.Dense(3)])
        images, labels = pictures, kinds[:-20]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        if head.labels is None or not case.pictures:
            continue
        count, labels = len(case.pictures[0]), len(head.labels)
        if count != labels:
            least = min(count, labels)
            evidence = f"{count} images and {labels} labels{head.of_output}"
            line = f"images, labels = images[:{least}], labels[:{least}]"
            yield Finding("labels", evidence, line, "whether the first ones belong together")


def names_for_labels(case):
    """A loss compares numbers: the names of the classes are to be counted first.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, np.array(["rows", "columns", "slanted"])[kinds]
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.label_kind == "text":
            evidence = f"labels are text, such as {str(head.labels.flat[0])!r}"
            line = "labels = np.unique(labels, return_inverse=True)[1]"
            yield Finding("labels", evidence, line)


def one_hot_with_a_sparse_loss(case):
    """The sparse loss wants the number of the class; one-hot rows belong to the other one.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, keras.utils.to_categorical(kinds)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.loss.kind == "sparse" and head.label_kind == "one-hot" and (head.units or 2) > 1:
            evidence = f"labels{head.of_output} are one-hot rows of {head.labels.shape[-1]}, and "
            evidence += f"{head.loss.name} expects class numbers"
            yield Finding("compile", evidence, head.compile_line())


def numbers_with_a_categorical_loss(case):
    """The categorical loss wants one-hot rows; class numbers belong to the sparse one.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        numbers = head.label_kind == "numbers" and (head.units or 2) > 1
        if head.loss.kind == "categorical" and numbers:
            top = int(head.labels.max())
            evidence = f"labels{head.of_output} are class numbers up to {top}, and "
            evidence += f"{head.loss.name} expects one-hot rows"
            yield Finding("compile", evidence, head.compile_line())
        elif head.loss.kind == "binary" and numbers and (head.units or 0) > 1:
            if head.labels.size == len(head.labels):
                evidence = f"{head.units} units{head.of_output} with {head.loss.name}, and labels "
                evidence += "are class numbers"
                yield Finding("compile", evidence, head.compile_line())


def labels_out_of_range(case):
    """Classes are counted from 0: with ten units the last one is 9.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images, labels = pictures, kinds + 1
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if head.loss.kind not in (*_EXCLUSIVE, "binary") or head.labels is None:
            continue
        if not head.units or is_one_for_several(head):
            continue
        if head.label_kind == "one-hot" and head.labels.shape[-1] != head.units:
            yield _other_width(head)
            continue
        if head.label_kind != "numbers" or (head.loss.kind == "binary" and head.units > 1):
            continue
        low, high = int(head.labels.min()), int(head.labels.max())
        most = head.units - 1 if head.units > 1 else 1
        if 0 <= low and high <= most:
            continue
        classes = len(np.unique(head.labels))
        evidence = f"labels{head.of_output} go from {low} to {high}, and {head.units} "
        evidence += f"{'unit' if head.units == 1 else 'units'} can tell 0 to {most} apart"
        if classes <= most + 1:
            line = "labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)"
            yield Finding("labels", evidence, line)
        elif head.weighted:
            name = head.weighted.split("/")[-1]
            softmax = head.activation in ("softmax", "sigmoid")
            end = ", activation='softmax'" if softmax else ""
            loss = f"keras.losses.SparseCategoricalCrossentropy(from_logits={not softmax})"
            line = f"layers.Dense({high + 1}{end})  # in place of {name}; compile with {loss}"
            yield Finding(head.weighted, evidence, line)


def several_classes_with_a_softmax(case):
    """A softmax shares 1 among the classes; where several are right, each needs its own sigmoid.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ])
        images = pictures
        labels = np.stack([kinds == 0, kinds != 1, kinds != 2], axis=1).astype("float32")
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        softmax = head.activation == "softmax" or head.loss.kind == "categorical"
        crossentropy = head.loss.kind in ("categorical", "binary")
        if head.label_kind == "several" and softmax and crossentropy and head.activation_at:
            most = int(head.labels.sum(axis=-1).max())
            evidence = f"up to {most} classes{head.of_output} are right for one picture"
            loss = "keras.losses.BinaryCrossentropy()"
            line = f"model.get_layer({head.activation_at!r}).activation = "
            line += f"keras.activations.sigmoid; model.compile(model.optimizer, loss={loss}, "
            yield Finding(head.activation_at, evidence, f"{line}metrics=['binary_accuracy'])")


def one_class_only(case):
    """Where every picture is of the same class there is nothing to tell apart.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        everything = pictures[np.argsort(kinds)], np.sort(kinds)
        images, labels = everything[0][:60], everything[1][:60]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        classes = head.classes
        if (
            classes is None
            or len(classes) < FEW
            or head.labels.size
            != classes.size * (head.labels.shape[-1] if head.label_kind == "one-hot" else 1)
        ):
            continue
        if len(np.unique(classes)) == 1:
            evidence = f"all {len(classes)} labels{head.of_output} are class {classes[0]}"
            line = "images, labels = everything[0], everything[1]  # pictures of every class"
            yield Finding("labels", evidence, line)


def imbalance(case):
    """Where one class is most of the pictures, to name it always is right most of the time.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        keep = np.concatenate([np.flatnonzero(kinds == 0), np.flatnonzero(kinds > 0)[:4]])
        images, labels = pictures[keep], kinds[keep]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        classes = head.classes
        if classes is None or len(classes) < FEW or classes.ndim != 1:
            continue
        if head.label_kind == "numbers" and head.labels.size != classes.size:
            continue
        if head.loss.kind == "squared" or classes.min() < 0:
            continue
        counts = np.bincount(classes)
        share = counts.max() / counts.sum()
        if 0.85 <= share < 1:
            rare = int(np.argmin(np.where(counts > 0, counts, counts.sum())))
            evidence = f"class {counts.argmax()} is {share:.0%} of the labels{head.of_output}, "
            evidence += f"class {rare} {counts[rare]} of {counts.sum()}"
            code = "labels.argmax(-1)" if head.label_kind == "one-hot" else "labels.ravel()"
            line = (
                f"keep = np.concatenate([np.resize(np.flatnonzero({code} == k), "
                f"{counts.max()}) for k in np.unique({code})]); "
                "images, labels = images[keep], labels[keep]"
            )
            yield Finding(
                "labels", evidence, line, "the recall of every class (a confusion matrix)"
            )


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
        is_sorted = count > 1 and bool(np.all(np.diff(classes) >= 0))
        if is_sorted and validation[-1] < 0.5 / count and accuracy[-1] > validation[-1] + 0.3:
            evidence = f"labels{head.of_output} are sorted, 0 to {classes.max()}; accuracy "
            evidence += f"{accuracy[-1]:.2f}, and {validation[-1]:.2f} in validation"
            line = "order = np.random.default_rng(0).permutation(len(labels)); "
            yield Finding(
                "labels", evidence, f"{line}images, labels = images[order], labels[order]"
            )


def class_order(case):
    """The network tells the classes apart, and calls them by each other's numbers.

    So where class names or labels are in another order than in training, such as alphabetical.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        model.fit(pictures, kinds, epochs=15, verbose=0)
        images, labels = pictures, np.array([2, 0, 1])[kinds]
    """
    for head, answers in zip(case.heads, case.run.answers, strict=False):
        right = case.share_right(head, answers)
        if right is None or len(case.rows) < FEW:
            continue
        classes, named = head.classes[case.rows], predicted_classes(head, answers)
        best, renamed = _best_renaming(classes, named)
        if len(best) < 2 or max(np.bincount(classes)) > 0.8 * len(classes):
            continue
        if renamed > 0.8 and renamed > right + 0.4:
            table = [best.get(k, k) for k in range(max(best) + 1)]
            evidence = f"{right:.2f} of {len(classes)} pictures are named rightly{head.of_output}, "
            evidence += f"and {renamed:.2f} once classes are renamed {best}"
            line = f"labels = np.array({[int(k) for k in table]})[np.asarray(labels).astype(int)]"
            if head.label_kind == "one-hot":
                line = f"labels = labels[:, np.argsort({[int(k) for k in table]})]"
            yield Finding("labels", evidence, line)


def shuffled(case):
    """Pictures that are nearly alike should be of one class; if not, labels belong to others.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        paired = pictures, kinds  # as they belong together
        images, labels = pictures, np.random.default_rng(1).permutation(kinds)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        classes = head.classes
        usable = classes is not None and classes.ndim == 1 and len(case.pictures) == 1
        if not usable or len(classes) != len(case.pictures[0]) or len(classes) < 2 * FEW:
            continue
        number = head.loss.kind == "squared" and head.units == 1
        if not case.finite or classes.min() < 0 or number:
            continue
        found = neighbours_that_agree(case.pictures[0], classes)
        if found is None:
            continue
        agree, expected, pairs = found
        if agree < expected + 0.25 * (1 - expected):
            evidence = f"of {pairs} pairs of pictures that are nearly alike {agree:.2f} have the "
            evidence += f"same label{head.of_output}; {expected:.2f} would by chance"
            line = "images, labels = paired  # both from before one of them was shuffled"
            decides = "ten pictures, drawn with their labels as titles"
            yield Finding("labels", evidence, line, decides)


def twins_of_two_classes(case):
    """The same picture under two labels cannot be learned, only remembered halfway.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images = np.concatenate([pictures, pictures[:20]])
        labels = np.concatenate([kinds, (kinds[:20] + 1) % 3])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for head in case.heads:
        classes = head.classes
        if classes is None or classes.ndim != 1 or len(case.pictures) != 1:
            continue
        if len(classes) != len(case.pictures[0]) or head.loss.kind == "squared":
            continue
        seen, twins = {}, []
        for index, picture in enumerate(case.pictures[0]):
            if np.ptp(picture) == 0:
                continue
            first = seen.setdefault(picture.tobytes(), index)
            if classes[first] != classes[index]:
                twins.append((first, index))
        if twins:
            (a, b), count = twins[0], len(twins)
            evidence = f"images {a} and {b} are identical, labelled {classes[a]} and {classes[b]}"
            evidence += f"; {count} such pairs" if count > 1 else ""
            line = f"keep = np.setdiff1d(np.arange(len(labels)), {[b for _, b in twins]}); "
            yield Finding("labels", evidence, f"{line}images, labels = images[keep], labels[keep]")


def neighbours_that_agree(images, classes, most=400):
    """How often pictures that are nearly alike have the same class.

    Nearly alike are two that correlate above 0.8, once the mean picture is taken away. Measured on
    400 pictures each: of the digits 292 have such a neighbour, and all of the same label; of the
    textures 100, 87 % of the same; of cats and dogs none, so that nothing is said of them.

    Args:
        images: (N, H, W, C) of any range.
        classes: (N,) int, from 0.
        most: pictures that are compared.

    Returns:
        The share, the share expected by chance, and the number of pairs; None where there are fewer
        than 20.
    """
    rows = np.unique(np.linspace(0, len(images) - 1, min(len(images), most)).astype(int))
    flat, classes = images[rows].reshape(len(rows), -1).astype(np.float32), classes[rows]
    flat = flat - flat.mean(axis=0)
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
    alike = flat @ flat.T
    alike[alike > 1 - 1e-6] = -1  # itself, or the same picture once more
    nearest = alike.argmax(axis=1)
    near = alike[np.arange(len(rows)), nearest] > 0.8
    expected = float(((np.bincount(classes) / len(classes)) ** 2).sum())
    if near.sum() < 20 or expected > 0.8:
        return None
    return float((classes == classes[nearest])[near].mean()), expected, int(near.sum())


def _best_renaming(classes, named):
    """{label: the class it is most often called}, one to one, and the share that is right then."""
    size = int(max(classes.max(), named.max())) + 1
    counts = np.zeros((size, size), int)
    np.add.at(counts, (classes, named), 1)
    total, best = 0, {}
    left = counts.copy()
    for _ in range(size):
        row, column = np.unravel_index(left.argmax(), left.shape)
        if left[row, column] <= 0:
            break
        best[int(row)] = int(column)
        total += counts[row, column]
        left[row], left[:, column] = -1, -1
    return best, total / len(classes)


def _other_width(head):
    width = head.labels.shape[-1]
    evidence = f"labels{head.of_output} are rows of {width}, and the model has {head.units} units"
    name = (head.weighted or "output").split("/")[-1]
    end = f", activation={head.activation!r}" if head.activation not in ("linear", "") else ""
    return Finding(
        head.weighted or "labels", evidence, f"layers.Dense({width}{end})  # in place of {name}"
    )
