"""Rules about augmentation: what it makes of the pictures, measured on them."""

import numpy as np

from cnnlab.diagnosis.finding import Finding, in_place_of, several
from cnnlab.diagnosis.neighbours import agreement

# The settings of a layer from which on the object is often gone, and a usual layer instead.
_STRONG = {
    "RandomTranslation": (("height_factor", "width_factor"), 0.5, "(0.1, 0.1)"),
    "RandomZoom": (("height_factor", "width_factor"), 0.7, "(0.1)"),
    "RandomBrightness": (("factor",), 0.8, "(0.2)"),
    "RandomShear": (("x_factor", "y_factor"), 0.8, "(0.1, 0.1)"),
    "GaussianNoise": (("stddev",), 0.7, "(0.1)"),
}
MOVES = frozenset(
    """RandomFlip RandomRotation RandomTranslation RandomZoom RandomShear RandomCrop
    RandomPerspective RandomElasticTransform""".split()
)
# The layers that count in a range of their own: whether they add, or only cut off, by it.
_COUNTS_IN = {
    "RandomBrightness": True,
    "RandomColorJitter": True,
    "RandomPosterization": True,
    "Solarization": True,
    "RandAugment": True,
    "AugMix": True,
    "Equalization": True,
    "ContrastLimitedAdaptiveHistogramEqualization": True,
    "RandomInvert": True,
    "RandomContrast": False,
    "RandomSaturation": False,
    "RandomHue": False,
    "RandomSharpness": False,
    "RandomColorDegeneration": False,
    "AutoContrast": False,
    "RandomErasing": False,
    "RandomElasticTransform": False,
    "RandomGaussianBlur": False,
}


def augmentation_that_changes_classes(case):
    """A mirrored 2 is a 5, and a 6 turned by half is a 9: not every turn leaves the label right.

    Turned pictures are compared with the others: their nearest neighbour is of another class.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.RandomFlip("horizontal", name="flip"),
            layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(2),
        ])
        left = np.tile(np.linspace(1, 0, 12), (240, 8, 1))[..., None]
        images = np.where((kinds > 0)[:, None, None, None], left, 1 - left) + pictures / 4
        labels = (kinds > 0).astype(int)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    turning = [(node, axes) for node in case.calls if (axes := _turns(node))]
    if not turning or len(case.pictures) != 1 or case.pictures[0].ndim != 4 or not case.finite:
        return
    classes = case.heads[0].classes if len(case.heads) == 1 else None
    if classes is None or classes.ndim != 1 or len(classes) != len(case.pictures[0]):
        return
    if classes.min() < 0 or case.heads[0].loss.kind == "squared":
        return
    images = case.pictures[0]
    for node, ways in turning:
        for axes in ways:
            as_they_are = agreement(images, classes, images)
            turned = agreement(images, classes, np.flip(images, axes))
            if as_they_are is None or turned is None or as_they_are[0] < 0.9:
                continue
            if turned[0] < 0.7:
                word = {(1,): "upside down", (2,): "mirrored"}.get(axes, "turned by half")
                evidence = f"of {turned[1]} pictures that are {word} and look like another one, "
                evidence += f"{turned[0]:.2f} look like one of their own class; as they are, "
                evidence += f"{as_they_are[0]:.2f}"
                other = "RandomTranslation(0.1, 0.1)"
                if node.kind == "RandomRotation":
                    other, factor = "RandomRotation(0.05)", _largest(node.layer.factor)
                    evidence += f"; the factor is a share of a whole turn, {factor:g} of it "
                    evidence += f"{360 * factor:.0f} degrees"
                line = in_place_of(f"layers.{other}", node.layer.name)
                decides = "the accuracy in validation without it"
                yield Finding(node.address, evidence, line, decides)
                break


def augmentation_too_strong(case):
    """A picture that was pushed out of sight, or drowned in noise, shows no class any more.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.RandomTranslation(0.9, 0.9, name="shift"),
            layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for node in case.calls:
        if node.kind not in _STRONG:
            continue
        names, most, usual = _STRONG[node.kind]
        config = node.layer.get_config()
        found = {name: _largest(config.get(name)) for name in names}
        name, value = max(found.items(), key=lambda pair: pair[1])
        if value >= most:
            line = in_place_of(f"layers.{node.kind}{usual}", node.layer.name)
            decides = "a few augmented pictures, drawn: can you tell their classes?"
            yield Finding(node.address, f"{node.kind} with {name} {value:g}", line, decides)


def augmentation_in_another_range(case):
    """A layer that counts in 0-255 adds fifty to pictures that go from 0 to 1: nothing is left.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.RandomBrightness(0.2, name="light"),
            layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for node in case.calls:
        given = node.layer.get_config().get("value_range") if node.kind in _COUNTS_IN else None
        arriving = _arriving(case, node)
        if given is None or arriving is None or not np.isfinite(arriving).all():
            continue
        low, high = float(arriving.min()), float(arriving.max())
        above = high > 2 * given[1] + 1  # would be cut off
        beneath = _COUNTS_IN[node.kind] and 0 < high <= 0.02 * given[1]
        if not (above or beneath):
            continue
        name = node.layer.name
        own = (0, 255) if high > 2 else (-1, 1) if low < 0 else (0, 1)
        evidence = f"{node.kind} counts in {given[0]:g} to {given[1]:g}, and gets pictures from "
        evidence += f"{low:.3g} to {high:.3g}"
        config = f"{{**model.get_layer({name!r}).get_config(), 'value_range': {own}}}"
        line = in_place_of(f"layers.{node.kind}.from_config({config})", name)
        yield Finding(node.address, evidence, line)


def augmentation_that_moves_only_the_picture(case):
    """A layer that turns or moves the picture leaves its mask where it was: they fit no more.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.RandomFlip("horizontal", name="flip"),
            layers.Conv2D(8, 3, padding="same", activation="relu"), layers.Conv2D(2, 1),
        ])
        images, labels = pictures, (pictures[..., 0] > 0.5).astype(int)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    """
    moving = [node for node in case.calls if node.kind in MOVES]
    for head in case.heads if moving else ():
        places = head.labels is not None and len(head.shape) == 4 and head.labels.ndim > 2
        if places and head.labels.shape[1:3] == tuple(head.shape[1:3]):
            names = [node.layer.name for node in moving]
            evidence = f"{several(names)} moves each picture, and its labels{head.of_output}, one "
            evidence += "for each place, stay where they are"
            yield Finding(moving[0].address, evidence, in_place_of("layers.Identity()", *names))


def _arriving(case, node):
    """What a layer reads of the batch: the pictures, or what the layers before make of them."""
    before = node.inputs[0]
    if before in case.graph.inputs:
        return case.pictures[0] if len(case.pictures) == 1 else None
    return case.run.outputs.get(before)


def _turns(node):
    """The flips that a layer may do, each as the axes that it turns."""
    if node.kind == "RandomFlip":
        mode = getattr(node.layer, "mode", "")
        ways = [(1,)] * ("vertical" in mode) + [(2,)] * ("horizontal" in mode)
        return tuple(ways)
    if node.kind == "RandomRotation" and _largest(node.layer.factor) >= 0.4:
        return ((1, 2),)
    return ()


def _largest(factor):
    """The largest amount of a setting: a number, or a pair of a least and a most."""
    try:
        return float(np.max(np.abs(np.asarray(factor, float))))
    except (TypeError, ValueError):
        return 0.0
