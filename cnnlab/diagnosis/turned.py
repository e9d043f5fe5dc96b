"""Rules about validation pictures that a change brings back, as a trained network sees it."""

import numpy as np
from scipy.special import bdtrc

from cnnlab.diagnosis.case import once, predicted_classes
from cnnlab.diagnosis.finding import Finding
from cnnlab.diagnosis.renaming import best_renaming
from cnnlab.diagnosis.sampling import drawn
from cnnlab.diagnosis.sets import sets_scaled_otherwise
from cnnlab.diagnosis.validation import validation_of

FEW = 24  # pictures, below which a share tells nothing
COLOURED = 400  # pictures of a set, whose colours are compared
SOME = 32  # pictures with which all changes are tried; the best one is tried with all
# What it makes of the pictures: in words, as Python, and done.
CHANNELS = (("with their channels in reverse", "{}[..., ::-1]", lambda x: x[..., ::-1]),)
TURNS = (
    ("turned upside down", "{}[:, ::-1]", lambda x: x[:, ::-1]),
    ("with left and right exchanged", "{}[:, :, ::-1]", lambda x: x[:, :, ::-1]),
    ("turned by 180°", "{}[:, ::-1, ::-1]", lambda x: x[:, ::-1, ::-1]),
)
QUARTERS = (  # which only square pictures survive
    ("with rows and columns exchanged", "{}.swapaxes(1, 2)", lambda x: x.swapaxes(1, 2)),
    ("turned by 90° to the left", "np.rot90({}, 1, (1, 2))", lambda x: np.rot90(x, 1, (1, 2))),
    ("turned by 90° to the right", "np.rot90({}, 3, (1, 2))", lambda x: np.rot90(x, 3, (1, 2))),
)


def channels_in_another_order(case):
    """OpenCV reads blue, green, red; a network that learned red, green, blue sees other colours.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 3)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        colours = np.array([[1.0, 0.2, 0.2], [1.0, 0.7, 0.2], [0.7, 0.7, 0.7]])
        images, labels = pictures * colours[kinds][:, None, None], kinds
        others, other_kinds = stripes(80, seed=1)
        others = others * colours[other_kinds][:, None, None]
        validation_data = others[..., ::-1], other_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        model.fit(images, labels, epochs=15, verbose=0)
    """
    told = [*_told(case, "channels")]
    yield from told or _told_by_colours(case)


def _told_by_colours(case):
    """Where no network can tell: colours of the two sets, as they are and in reverse.

    How far apart they are, in parts of how far in reverse: of 48 and more pictures, and as many
    others, of things, textures and photographs at most 0.65; of two classes of them beside two
    others, 300 times, less than 4 but for once. In reverse, of things and textures, 9 to 18.
    """
    if len(case.heads) != 1 or (other := case.validation_pictures) is None or not case.finite:
        return
    array, head, named = case.pictures[0], case.heads[0], validation_of(case, case.heads[0])
    if min(len(array), len(other)) < 2 * FEW or array.shape[3:] != (3,) or not named:
        return
    learned = case.run.answers and case.share_right(head, case.run.answers[0])
    ours, theirs = (set(np.unique(classes)) for classes in (head.classes, named[1]))
    if (learned or 0) >= 0.4 or ours != theirs or len(ours) < 2:
        return  # the network would have told; or other colours are those of other things
    if any(sets_scaled_otherwise(case)) or not array.max():
        return
    ours, theirs, reverse = (_colours(x) for x in (array, other, other[..., ::-1]))
    apart, in_reverse = np.abs(ours - theirs).mean(), np.abs(ours - reverse).mean()
    if apart < 0.05 * np.ptp(array) or apart < 4 * in_reverse:
        return
    evidence = "the colours of the validation are "
    evidence += f"{apart / max(in_reverse, 1e-9):.0f} times nearer to the others in reverse"
    line = "validation_data = validation_data[0][..., ::-1], validation_data[1]"
    yield Finding("images", evidence, line, "one image of each set, drawn")


def _colours(images):
    """(15,) quantiles of how far the channels are from each other, of some of the pictures."""
    some = images[drawn(len(images), COLOURED)].astype(np.float32).reshape(-1, 3)
    pairs = some[:, [0, 0, 2]] - some[:, [2, 1, 1]]
    return np.quantile(pairs[:: -(-len(pairs) // 200_000)], (0.1, 0.3, 0.5, 0.7, 0.9), axis=0)


def turned_otherwise(case):
    """Pictures of another library may lie on their side, stand on their head, or be mirrored.

    A network that learned them upright has no names for them then.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(2),
        ])
        falling = stripes(600)[0][stripes(600)[1] == 2]
        rising, both = falling[:, ::-1], np.repeat([0, 1], len(falling))
        every = np.concatenate([falling, rising])
        order = np.random.default_rng(0).permutation(len(every))
        images, labels = every[order[:240]], both[order[:240]]
        validation_data = every[order[240:], :, ::-1], both[order[240:]]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        model.fit(images, labels, epochs=15, verbose=0)
    """
    yield from _told(case, "turned")


def inverted(case):
    """Ink on paper in one set and chalk on a board in the other: what was dark is bright.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = 0.5 * pictures + 0.25 * kinds[:, None, None, None], kinds
        others, other_kinds = stripes(80, seed=1)
        others = 0.5 * others + 0.25 * other_kinds[:, None, None, None]
        validation_data = 1 - others, other_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
        model.fit(images, labels, epochs=15, verbose=0)
    """
    if not any(sets_scaled_otherwise(case)):
        yield from _told(case, "inverted")


def _told(case, kind):
    found = _brought_back(case)
    if found and found[0] == kind:
        _, evidence, code = found
        line = f"validation_data = {code.replace('{}', 'validation_data[0]')}, validation_data[1]"
        yield Finding("images", evidence, line)


@once
def _brought_back(case):
    """(kind, evidence, Python) of the change by which most are named rightly; None without one."""
    if len(case.heads) != 1 or len(case.pictures) != 1 or not case.run.answers:
        return None
    head, array = case.heads[0], case.pictures[0]
    learned = case.share_right(head, case.run.answers[0])
    if learned is None or learned < 0.4 or array.ndim != 4:
        return None
    other, (rows, answers) = validation_of(case, head), case.validated
    if other is None or len(rows) < FEW or not answers:
        return None
    classes = other[1][rows]
    before = predicted_classes(head, answers[0]) == classes
    if before.mean() > learned - 0.1:
        return None

    def right(change, some):
        answers = case.answers_to(change(other[0][rows[some]]), np.arange(len(rows[some])))
        return predicted_classes(head, answers[0]) == classes[some]

    some, changes = np.arange(len(rows))[:: -(-len(rows) // SOME)], _changes(array, other[0])
    shares = [right(change[-1], some).mean() for _, change in changes]
    kind, (words, code, change) = changes[int(np.argmax(shares))]
    after = right(change, slice(None))
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    renamed = best_renaming(classes, predicted_classes(head, answers[0]), answers[0])[1]
    by_chance = bdtrc(gained - 1, gained + lost, 0.5) if gained else 1.0
    if after.mean() <= max(before.mean() + 0.15, renamed - 0.02) or by_chance > 1e-4:
        return None
    evidence = f"of {len(rows)} validation images {before.mean():.2f} are named rightly, {words} "
    evidence += f"{after.mean():.2f}; of the training images {learned:.2f}"
    return kind, evidence, code


def _changes(array, other):
    """[(kind, change)] that make sense of validation pictures like these."""
    high = float(array.min()) + float(other.max())
    black = ("with black and white exchanged", f"{high:.6g} - {{}}", lambda x: high - x)
    turns = TURNS + QUARTERS * (array.shape[1] == array.shape[2])
    return [
        *(("channels", change) for change in CHANNELS * (array.shape[-1] == 3)),
        *(("turned", change) for change in turns),
        ("inverted", black),
    ]


CHANGES = channels_in_another_order, turned_otherwise, inverted
