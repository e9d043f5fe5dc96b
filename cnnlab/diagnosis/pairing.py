"""Rules about whether labels belong to their pictures."""

import numpy as np

from cnnlab.diagnosis.case import predicted_classes
from cnnlab.diagnosis.finding import AS_LOADED, SHUFFLED_TOGETHER, Finding
from cnnlab.diagnosis.neighbours import by_chance, neighbours_that_agree
from cnnlab.diagnosis.planes import reshape_in_place_of_a_transpose
from cnnlab.diagnosis.probing import chance_of, labels_belong, told_by_coarse_pictures
from cnnlab.diagnosis.renaming import best_renaming
from cnnlab.diagnosis.turned import CHANGES
from cnnlab.diagnosis.validation import validation_of

FEW = 24  # labels, below which nothing is said


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
        if classes.min() < 0:
            continue
        renaming, renamed = best_renaming(classes, named, answers)
        common = max(np.bincount(classes)) / len(classes)
        if common <= 0.8 and renamed > 0.8 and renamed > right + 0.4:
            told = {label: renaming[label] for label in np.unique(classes).tolist()}
            table = list(renaming.values())
            evidence = f"{right:.2f} of {len(classes)} pictures are named rightly{head.of_output}, "
            evidence += f"and {renamed:.2f} once classes are renamed {told}"
            line = f"labels = np.array({table})[np.asarray(labels).astype(int)]"
            if head.label_kind == "one-hot":
                line = f"labels = labels[:, np.argsort({table})]"
            yield Finding("labels", evidence, line)


def numbered_otherwise(case):
    """The classes of the validation are counted in another order, as of folders listed unsorted.

    What the network learned is right, and counted as wrong.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        images, labels = pictures, kinds
        model.fit(images, labels, epochs=15, verbose=0)
        others, other_kinds = stripes(80, seed=1)
        validation_data = others, np.array([2, 0, 1])[other_kinds]
    """
    if len(case.heads) != 1 or len(case.pictures) != 1 or not case.run.answers:
        return
    head = case.heads[0]
    learned, other = case.share_right(head, case.run.answers[0]), validation_of(case, head)
    if other is None or learned is None or learned < 0.6:
        return
    rows, answers = case.validated
    if len(rows) < FEW or not answers or any(any(cause(case)) for cause in CHANGES):
        return
    classes, named = other[1][rows], predicted_classes(head, answers[0])
    renaming, renamed = best_renaming(classes, named, answers[0])
    right = float((classes == named).mean())
    rng = np.random.default_rng(0)
    dealt = [best_renaming(rng.permutation(classes), named, answers[0])[1] for _ in range(9)]
    moved = _worth_it(renaming, classes, named)
    counted_anew = _counted_anew(renaming, classes, head.units)
    if len(moved) > 1 and renamed > right + 0.1 and renamed > max(dealt) + 0.1:
        told = {label: moved[label] for label in np.unique(classes).tolist() if label in moved}
        evidence = f"{learned:.2f} of the training images are named rightly, and {right:.2f} of "
        evidence += f"{len(rows)} of the validation: {renamed:.2f} once its classes are renamed "
        table = [moved.get(label, label) for label in renaming]
        line = f"np.array({table})[np.asarray(validation_data[1]).astype(int)]"
        if head.label_kind == "one-hot":
            line = f"keras.utils.to_categorical(np.array({table})[validation_data[1].argmax(-1)], "
            line += f"{head.units})"
        line = f"validation_data = validation_data[0], {line}"
        evidence += f"{told}"
        if counted_anew:
            evidence += f": {len(np.unique(classes))} of {head.units} classes are there, and "
            evidence += "counted from 0"
        weak = [label for label, name in told.items() if _called(classes, named, label, name) < 0.5]
        decides = "the class names of both sets, printed in the order of their numbers; "
        decides += f"which name {weak} have is hardly more than a guess"
        yield Finding("labels", evidence, line, decides if weak and not counted_anew else "")


def shuffled(case):
    """Pictures that are nearly alike should be of one class; if not, labels belong to others.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        loaded = pictures, kinds  # as they belong together
        images, labels = pictures, np.random.default_rng(1).permutation(kinds)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if any(reshape_in_place_of_a_transpose(case)):
        return  # what belongs to the labels is no picture yet
    for head in case.heads:
        classes = head.classes
        usable = classes is not None and classes.ndim == 1 and len(case.pictures) == 1
        if not usable or len(classes) != len(case.pictures[0]) or len(classes) < 2 * FEW:
            continue
        number = head.loss.kind == "squared" and head.units == 1
        if not case.finite or classes.min() < 0 or number:
            continue
        found = neighbours_that_agree(case.pictures[0], classes)
        decides = "ten pictures, drawn with their labels as titles"
        line = f"{SHUFFLED_TOGETHER}  {AS_LOADED}: both by one order, never one alone"
        if found and by_chance(*found) and not labels_belong(case.pictures[0], classes):
            agree, expected, pairs = found
            evidence = f"of {pairs} pairs of pictures that are nearly alike {agree:.2f} have the "
            evidence += f"same label{head.of_output}; {expected:.2f} would by chance"
            yield Finding("labels", evidence, line, decides)
        elif evidence := _nothing_to_learn(case, head):
            yield Finding("labels", evidence, line, decides)
        elif found and found[0] > 0.8 and (other := validation_of(case, head)):
            found = neighbours_that_agree(case.pictures[0], classes, *other)
            strange = found and by_chance(*found) and not labels_belong(*other)
            causes = numbered_otherwise, *CHANGES
            if strange and not any(any(cause(case)) for cause in causes):
                evidence = f"of {found[2]} validation images that are nearly like a training image "
                evidence += f"{found[0]:.2f} have its label; {found[1]:.2f} would by chance"
                line = "order = np.random.default_rng(0).permutation(len(validation_data[1])); "
                line += "validation_data = tuple(a[order] for a in validation_data)  "
                line += f"{AS_LOADED}: both by one order, never one alone"
                yield Finding("labels", evidence, line, decides)


def _nothing_to_learn(case, head):
    """Why pictures tell nothing of their labels: a trained network guesses, and a plain one too."""
    array, usual = case.pictures[0], np.bincount(head.classes).max() / len(head.classes)
    if not case.steps or array.ndim != 4 or not case.run.answers or usual > 0.8:
        return ""
    other, (rows, answers) = validation_of(case, head), case.validated
    if other is not None and len(rows) >= FEW and answers:
        guesses = chance_of(predicted_classes(head, answers[0]), other[1][rows])[1] > 0.01
    elif "val_accuracy" in case.history:
        guesses = np.median(case.history["val_accuracy"][-3:]) < usual + 0.03
    else:
        named, long = predicted_classes(head, case.run.answers[0]), case.history.get("loss", ())
        guesses = len(long) >= 5 and chance_of(named, head.classes[case.rows])[1] > 0.01
    found = told_by_coarse_pictures(array, head.classes) if guesses else None
    if found is None or found[2] < 0.05:
        return ""
    return (
        f"the network guesses, and so does a linear model of coarse pictures{head.of_output}: of "
        f"those left out it names {found[0]:.2f} rightly, {found[1]:.2f} would be by chance"
    )


def twins_of_two_classes(case):
    """The same picture under two labels cannot be learned, only remembered halfway.

    A mirrored copy is the same picture too, unless each class turns into one other by a mirror, as
    arrows to the left and to the right do.

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
            line = (
                "keep = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)[1]; "
            )
            yield Finding("labels", evidence, f"{line}images, labels = images[keep], labels[keep]")
        elif (pairs := _mirrored(case.pictures[0])) and len(pairs) >= 3:
            turned = {(classes[a], classes[b]) for a, b in pairs}
            twins = [(a, b) for a, b in pairs if classes[a] != classes[b]]
            if len(twins) < 3 or len(turned) == len({a for a, _ in turned}):
                continue
            (a, b), few = twins[0], len(twins) < 10
            evidence = f"image {b} is image {a} mirrored, labelled {classes[b]} and {classes[a]}; "
            evidence += f"{len(twins)} of {len(pairs)} such pairs are of two classes"
            line = f"labels = np.concatenate([labels, labels])  {AS_LOADED}, in the order of images"
            if len(classes) % 2 == 0 and np.array_equal(classes[::2], classes[1::2]):
                evidence += "; labels come in equal pairs, as np.repeat makes them"
                line += ", in place of np.repeat"
            decides = "whether a mirror makes another class of such pictures" if few else ""
            yield Finding("labels", evidence, line, decides)


def _mirrored(images):
    """Pairs (a, b), a < b, of which picture b is picture a, left and right exchanged."""
    if images.ndim != 4:
        return []
    seen, pairs = {}, []
    for index, picture in enumerate(images):  # one row tells most apart, and costs little
        middle = picture[len(picture) // 2]
        first = seen.get(middle[::-1].tobytes())
        if first is not None and np.array_equal(images[first], picture[:, ::-1]):
            pairs += [(first, index)] * (not np.array_equal(images[first], picture))
        seen.setdefault(middle.tobytes(), index)
    return pairs


def _called(classes, named, label, name):
    """Which share of the pictures with a label are called by a name."""
    return float((named[classes == label] == name).mean())


def _worth_it(renaming, classes, named):
    """The part of a renaming whose pictures are named far better: a cycle of labels, or several.

    Measured on the textures, of 240 that a network of 0.69 in validation was asked: numbered in
    another order, 0.18 before and 0.64 after. A class that is weak, and moves along, does no harm.
    """
    kept, left = {}, dict(renaming)
    while left:
        cycle, label = {}, next(iter(left))
        while label in left:
            cycle[label] = label = left.pop(label)
        of_these = np.isin(classes, [*cycle])
        if len(cycle) > 1 and of_these.any():
            now = [cycle[label] for label in classes[of_these].tolist()]
            before = np.mean(classes[of_these] == named[of_these])
            if np.mean(now == named[of_these]) > before + 0.4:
                kept |= cycle
    return kept


def _counted_anew(renaming, classes, units):
    """Whether fewer classes are numbered in the same order, as by an encoder fitted on them."""
    there = np.unique(classes).tolist()
    names = [renaming[label] for label in there]
    return len(there) < units and there == [*range(len(there))] and names == sorted(names)
