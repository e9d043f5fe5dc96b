"""Rules about the range in which numbers reach the first layer with weights."""

import numpy as np

from cnnlab.diagnosis.augmentation import augmentation_in_another_range
from cnnlab.diagnosis.bases import expectation_of
from cnnlab.diagnosis.finding import Finding, in_both_sets, in_place_of
from cnnlab.diagnosis.inputs import images_not_scaled, images_scaled_twice
from cnnlab.reading import graph as graphs
from cnnlab.reading import kinds

SHIFTED = 8  # deviations between the mean and 0, beyond which all pictures look alike
WIDE = 100  # a larger deviation than that of pictures of 0 to 255
_NORMS = kinds.NORMALISATIONS | {"Normalization"}
FAINT = 0.1  # the largest number, below which first sums are next to nothing


def images_prepared_for_another_range(case):
    """What is meant for 0 to 255, done to pictures of 0 to 1, leaves nearly one number for all.

    The mean lies so many deviations from 0: digits, textures and things, of 0 to 1, of 0 to 255 or
    prepared for any base in Keras Applications as they should be, at most 1.9; pictures of 0 to 1
    prepared as if they went to 255, 14 and more.

    Example:
        model = keras.Sequential([
            keras.Input((32, 48, 3)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        images = keras.applications.mobilenet_v2.preprocess_input(photographs / 255)
        labels = photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    first = next((n for n in case.calls if getattr(n.layer, "weights", ())), None)
    if len(case.pictures) != 1 or case.pictures[0].ndim != 4 or not case.finite or not first:
        return
    near = [first, *graphs.consumers(case.graph, first.address)]
    if any(node.kind in _NORMS for node in near) or not case.run.answers:
        return  # the mean is taken away; or images of another shape
    if case.answers_right or expectation_of(case):
        return
    causes = images_not_scaled, images_scaled_twice, augmentation_in_another_range
    if any(any(cause(case)) for cause in causes):
        return
    images, before = case.batch.arrays[0], case.graph[first.inputs[0]]
    values = images if not before.inputs else case.run.outputs.get(before.address)
    if values is None or not np.ptp(images):
        return
    mean, deviation = float(np.mean(values)), float(np.std(values))
    faint = float(np.abs(values).max()) < FAINT
    if not (abs(mean) > SHIFTED * deviation or deviation > WIDE or faint):
        return
    evidence = f"what reaches {first.address!r} has a mean of {mean:.3g} and a deviation of "
    evidence += f"{deviation:.2g}"
    own = float(images.mean()), float(images.std())
    if before.kind == "Rescaling" and abs(own[0]) <= SHIFTED * own[1] and own[1] <= WIDE:
        line = in_place_of("layers.Identity()", before.layer.name)
    else:
        other = case.validation_pictures
        alike = other is not None and abs(float(other.mean()) - own[0]) < 3 * own[1]
        line = in_both_sets(f"({{}} - {own[0]:.4g}) / {own[1]:.4g}", alike)
    decides = "the range of the pictures before they were prepared: 0 to 1, or 0 to 255?"
    yield Finding("images", evidence, line, decides)
