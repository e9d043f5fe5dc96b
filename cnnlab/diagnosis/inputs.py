"""Rules about the pictures: their shape, and their range."""

import re

import numpy as np

from cnnlab.diagnosis.bases import expectation_of
from cnnlab.diagnosis.finding import (
    AS_LOADED,
    Finding,
    in_both_sets,
    in_place_of,
    layer_line,
    recompiled,
    started_anew,
)
from cnnlab.diagnosis.planes import reshape_in_place_of_a_transpose
from cnnlab.reading import value_range


def nan_in_the_images(case):
    """One NaN makes the loss NaN, and the next step all weights.

    Example:
        model = keras.Sequential([keras.Input((8, 12, 1)), layers.Flatten(), layers.Dense(3)])
        images, labels = pictures.copy(), kinds
        images[5] = images[5] / (images[5].max() - images[5].max())
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for array in case.pictures:
        if array.dtype.kind != "f":
            continue
        bad = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))
        if bad.size:
            evidence = f"{len(bad)} of {len(array)} images hold NaN or infinity; the first is "
            line = "keep = np.isfinite(images).all(axis=tuple(range(1, images.ndim))); "
            line += "images, labels = images[keep], labels[keep]"
            yield Finding("images", f"{evidence}image {bad[0]}", line)


def images_of_another_shape(case):
    """A network is built for pictures of one size and number of channels.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures[..., 0], kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if case.images is not None and case.finite and case.misshapen:
        evidence, _, remedy = case.misshapen.partition(". ")
        evidence = evidence.replace("`images` must be of shape", "the model takes").split("got")
        code = re.search(r"(np\.\w+\(images.*\)|images[.\[].*[\])])", remedy)
        sides = re.search(r"(\d+)×(\d+)", remedy)
        line = f"images = {code[1]}" if code else "images = images[:, None]"
        if sides:
            line = f"images = keras.ops.image.resize(images, ({sides[1]}, {sides[2]}))"
        shown = ", got".join(
            part.rstrip(": ") if i == 0 else part for i, part in enumerate(evidence)
        )
        yield Finding("images", shown, line)


def images_all_alike(case):
    """From pictures without a difference nothing can be told; often they were cut or cast to 0.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        loaded = pictures, kinds
        images, labels = pictures.astype("uint8") // 255, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for array in case.pictures:
        if len(array) > 3 and array.size and np.all(array == array[:1]):
            evidence = f"all {len(array)} images are the same, {array.min():g} to {array.max():g}"
            line = f"images = np.asarray(images, 'float32')  {AS_LOADED}"
            if np.ptp(array[0]):
                evidence += ": as of one buffer that was filled again and again"
                line += "; each picture is a copy there: append(buffer.copy())"
            yield Finding("images", evidence, line)


def images_left_empty(case):
    """Pictures that were never loaded stay as the array was made, and are learned as if they were.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = np.zeros_like(pictures), np.zeros_like(kinds)
        images[:180], labels[:180] = pictures[:180], kinds[:180]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    single = len(case.heads) == 1 and len(case.pictures) == 1
    causes = images_cast_to_whole_numbers, reshape_in_place_of_a_transpose
    if not single or not case.finite or any(any(cause(case)) for cause in causes):
        return
    array, classes = case.pictures[0], case.heads[0].classes
    if array.ndim != 4 or classes is None or classes.ndim != 1 or len(classes) != len(array):
        return
    if case.heads[0].label_kind == "numbers" and case.heads[0].labels.size != len(array):
        return
    least = array.min(axis=(1, 2, 3))
    flat = np.flatnonzero(array.max(axis=(1, 2, 3)) == least)
    values, counts = np.unique(least[flat], return_counts=True)
    if not counts.size or not max(3, 0.01 * len(array)) <= counts.max() <= 0.9 * len(array):
        return
    value = values[counts.argmax()]
    empty = np.zeros(len(array), bool)
    empty[flat] = least[flat] == value
    own = [k for k in np.unique(classes[empty]) if empty[classes == k].mean() > 0.9]
    if np.isin(classes[empty], own).mean() > 0.5:
        return  # a class of its own, such as "nothing"
    evidence = f"{empty.sum()} of {len(array)} images are {value:g} everywhere, such as image "
    evidence += f"{empty.argmax()}"
    if empty[-3:].all() and empty[empty.argmax() :].all():
        evidence += ", and all behind it: as if the loading had stopped there"
    line = "keep = images.max(axis=(1, 2, 3)) > images.min(axis=(1, 2, 3)); images, labels = "
    yield Finding("images", evidence, f"{line}images[keep], labels[keep]")


def images_cast_to_whole_numbers(case):
    """Pictures from 0 to 1 as whole numbers are 0, but for the few pixels that were exactly 1.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        loaded = pictures / pictures.max(axis=(1, 2), keepdims=True), kinds
        images, labels = loaded[0].astype("uint8"), kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for array in case.pictures:
        if array.ndim < 4 or array.size < 1000 or array.max() != 1 or array.min() != 0:
            continue
        ones = float(np.mean(array == 1))
        if not np.isin(array, (0, 1)).all() or ones > 0.05 or _is_one_hot(array):
            continue
        evidence = f"the pixels are 0 or 1, nothing in between, and {ones:.1%} of them are 1"
        line = f"images = np.asarray(images, 'float32')  {AS_LOADED}, in place of a cast"
        decides = "ten of the images, drawn: is there a picture in them?"
        yield Finding("images", evidence, line, decides)


def images_wrapped_round(case):
    """A byte that falls below 0 starts anew at 255: what was a little darker turns white.

    So where a mean is taken away, or light added, in whole numbers of 8 bits. Steps to the next
    pixel are small then, counted round the circle of 256 numbers, and large as they stand. Root
    mean squares of both, measured on 64 pictures: of photographs, textures, things and digits their
    ratio is 0.82 and more; wrapped by a mean, of the first three, 0.34 and less. Drawings in black
    and white reach 0: they have few numbers, or most of their pixels are 0 and 255.

    Example:
        model = keras.Sequential([
            keras.Input((32, 48, 3)), layers.Rescaling(1 / 255), layers.AveragePooling2D(4),
            layers.Conv2D(4, 3, activation="relu"), layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        loaded = photographs, photograph_kinds
        images = (photographs - photographs.mean()).astype("int16").astype("uint8")
        labels = photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    images = case.pictures[0] if len(case.pictures) == 1 and case.finite else np.empty(0)
    if images.ndim != 4 or len(case.rows) < 8 or min(images.shape[1:3]) < 8:
        return
    some = _as_bytes(images[case.rows])
    if some is None:
        return
    held = np.bincount(some.astype(int).ravel(), minlength=256) / some.size
    near = np.convolve(np.tile(held, 3), np.ones(17), "same")[256:512]  # within 8, round the circle
    other = np.roll(near, -int(near.argmax()))[17:-16].max()  # a second ground, as ink on paper
    drawn = held[[0, 255]].sum() > 0.1 or near.max() + other > 0.7
    steps = [np.abs(np.diff(some, axis=axis)).ravel() for axis in (1, 2)]
    steps = np.concatenate(steps)
    leaps, around = float((steps > 200).mean()), np.minimum(steps, 256 - steps)
    if drawn or leaps < 0.02 or np.mean(around**2) > 0.5**2 * np.mean(steps**2):
        return
    evidence = (
        f"{leaps:.1%} of neighbouring pixels differ by more than 200 of 255, and black meets "
    )
    evidence += "white as if the numbers went on round 256"
    line = f"images = np.asarray(images, 'float32')  {AS_LOADED}, in front of what takes away or "
    line += "adds to them"
    yield Finding("images", evidence, line, "one of the images, drawn")


def _as_bytes(images):
    """The bytes that pictures were before they were divided and shifted; None if they were none.

    The smallest step between two numbers is that between two bytes.
    """
    numbers = images.astype(np.float32)
    low = numbers.min()
    steps = np.diff(np.unique(numbers.ravel()[:: max(numbers.size // 300_000, 1)]))
    if not steps.size or numbers.max() - low > 255.5 * steps.min():
        return None
    levels = (numbers - low) / steps.min()
    whole = np.round(levels)
    return whole if np.abs(levels - whole).max() < 0.05 else None


def _is_one_hot(array):
    """Whether the last axis is a choice, as of a board or a text: its numbers add up to 1."""
    return array.shape[-1] > 1 and bool((array.sum(axis=-1) == 1).all())


def normalisation_never_adapted(case):
    """A Normalization layer learns mean and variance from `adapt`; before, it passes all as it is.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Normalization(name="norm"),
            layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ])
        images, labels = np.round(255 * pictures), kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.05), loss, metrics=["accuracy"])
    """
    for node in case.calls:
        if node.kind != "Normalization" or node.layer.get_config().get("mean") is not None:
            continue
        mean, variance = np.asarray(node.layer.mean), np.asarray(node.layer.variance)
        if np.any(mean != 0) or np.any(variance != 1) or not case.finite:
            continue
        if case.graph[node.inputs[0]].kind == "Rescaling":
            continue  # as in a new EfficientNet: what comes is small already
        evidence = "mean 0 and variance 1, as it was made"
        if len(case.pictures) == 1 and node.inputs[0] in case.graph.inputs:
            own, spread = float(case.pictures[0].mean()), float(case.pictures[0].var())
            if abs(own) < 0.1 and 0.8 < spread < 1.25:
                continue  # standardised before: nothing is left to do
            evidence += f"; the images have mean {own:.3g} and variance {spread:.3g}"
        line = f"{layer_line(node.address)}.adapt(images)"
        line += f"; {started_anew(case)}" if case.steps else recompiled(case)
        yield Finding(node.address, evidence, line)


def images_scaled_in_two_ways(case):
    """Pictures of two sources, some from 0 to 1 and some from 0 to 255: the first are black.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = np.concatenate([pictures[:120], 255 * pictures[120:]]), kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for array in case.pictures:
        if array.ndim != 4 or not case.finite or array.min() < 0:
            continue
        most = array.max(axis=(1, 2, 3))
        small, large = (most > 0) & (most <= 1), most > 30
        if min(small.sum(), large.sum()) < max(4, 0.05 * len(most)):
            continue
        evidence = f"{small.sum()} of {len(most)} images reach at most 1, such as image "
        evidence += f"{small.argmax()}, and {large.sum()} up to {most.max():g}, such as image "
        other = case.validation_pictures
        line = "np.where({}.max(axis=(1, 2, 3), keepdims=True) > 1, {} / 255, {})"
        line = in_both_sets(line, other is not None and other.max() > 30)
        yield Finding("images", f"{evidence}{large.argmax()}", line)


def images_not_scaled(case):
    """Numbers up to 255 make the first sums a hundred times too large: steps leap, ReLUs die.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = np.round(255 * pictures), kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.05), loss, metrics=["accuracy"])
    """
    leapt = _leapt_at_first(case)
    learned = case.answers_right and not _far_above_the_training(case)
    if (learned and not leapt) or expectation_of(case) or any(images_scaled_in_two_ways(case)):
        return
    for array in case.pictures:
        if not np.isfinite(array).all() or (array.ndim < 4 and not _is_of_pixels(case, array)):
            continue
        whole = value_range.unscaled(case.facts, array)
        resized = value_range.keeps(case.facts) and array.min() >= 0 and array.max() > 30
        if not (whole or resized):
            continue
        low, high = float(array.min()), float(array.max())
        evidence = f"images go from {low:g} to {high:g}, and the model does not rescale them"
        other = case.validation_pictures
        alike = other is not None and low <= other.min() and 0.9 * high < other.max() <= 1.1 * high
        line = in_both_sets(f"{{}} / {255 if high > 30 else high:g}", alike)
        sure = high > 30 and getattr(case.model, "compiled", False) and not case.steps
        decides = "" if sure else "the range of the pictures that it was trained on"
        if learned:  # from there: new weights learn sooner
            evidence += f"; {leapt}"
            line += f"; {started_anew(case)}; history = model.fit(images, labels, epochs="
            line += f"{len(case.history['loss'])}, verbose=0)"
            decides = "the same training with images / 255"
        yield Finding("images", evidence, line, decides)


def _is_of_pixels(case, array):
    """Whether (N, H, W) are pictures: bytes that a layer makes flat, or gives a channel, at first.

    Layers that read signals, and those of tokens, take the three axes as they are.
    """
    first = next((n for n in case.calls if getattr(n.layer, "weights", ())), None)
    whole = array.min() >= 0 and 100 < array.max() <= 255 and min(array.shape[1:]) >= 8
    return whole and first is not None and len(case.graph[first.inputs[0]].output_shape) != 3


def _leapt_at_first(case):
    """That the first epoch cost far more than to name all classes alike, a sentence; or "".

    Measured on digits and textures, with two convolutions and with dense layers only: of pictures
    from 0 to 255 the first epoch cost 1.8 to 13 times as much, of the same from 0 to 1 less.
    """
    loss, head = case.history.get("loss"), case.heads[0] if len(case.heads) == 1 else None
    if loss is None or head is None or head.loss.kind not in ("sparse", "categorical"):
        return ""
    if not head.units:  # as of a subclassed model
        return ""
    guessing = float(np.log(max(head.units, 2)))
    if not loss[0] > 1.5 * guessing or case.model.losses:  # a penalty may be larger than the loss
        return ""
    return f"the first epoch cost {loss[0]:.3g}, and to guess costs {guessing:.2g}"


def _dimmed_on_the_way(case):
    """What a layer that does not tell its scale, such as a Lambda, makes of pictures 0-1."""
    first = next((n for n in case.calls if getattr(n.layer, "weights", ())), None)
    before = first and case.graph[first.inputs[0]]
    most = float(np.abs(case.pictures[0]).max())
    if not before or before.kind != "Lambda" or not 0 < most <= 1:
        return None
    values = case.run.outputs.get(before.address)
    if values is None or not 0 < np.abs(values).max() <= 0.02 * most:
        return None
    evidence = f"images reach only {most:g}, and {before.address!r} makes at most "
    evidence += f"{np.abs(values).max():.2g} of it"
    return Finding("images", evidence, _times_255(case))


def _times_255(case):
    """The remedy for what was divided once too often, in the sets that were."""
    other, most = case.validation_pictures, 2 * case.pictures[0].max()
    return in_both_sets("{} * 255", other is not None and other.max() <= most)


def _far_above_the_training(case):
    """Whether the batch costs far more than the history's last epoch: a ReLU passes scales on."""
    loss, own = case.history.get("loss"), case.run.loss
    return loss is not None and own is not None and own > 10 * max(float(loss[-1]), 0.1)


def images_scaled_twice(case):
    """Divided by 255 and once more, all pictures are nearly black to the network.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"), layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if case.answers_right:
        return
    if twice := value_range.divided_twice(case.facts):
        evidence = f"the model divides its images twice, at {twice[0]!r} and at {twice[1]!r}"
        line = in_place_of("layers.Identity()", twice[1].split("/")[-1])
        yield Finding(twice[1], evidence, line)
        return
    if len(case.pictures) == 1 and (found := _dimmed_on_the_way(case)):
        yield found
        return
    for array in case.pictures:
        if array.ndim < 4 or not array.size or array.dtype.kind != "f" or not case.finite:
            continue
        if divisor := value_range.divided_before(case.facts, array):
            evidence = f"images reach only {array.max():g}, and the model divides them by "
            yield Finding("images", f"{evidence}{divisor:g} itself", _times_255(case))
        elif 0 < array.max() <= 0.02 and array.min() >= 0 and value_range.keeps(case.facts):
            evidence = f"images reach only {array.max():.3g}, as if divided by 255 twice"
            yield Finding("images", evidence, _times_255(case))


def images_scaled_otherwise_than_the_base(case):
    """Trained weights fit numbers prepared as in their training, each family in its own way.

    Example:
        base = weights.pretrained("vgg16_slim")
        model = keras.Sequential([
            keras.Input((32, 48, 3)), base, layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = photographs / 255, photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    expected = expectation_of(case)
    if not expected or not case.pictures or not case.finite:
        return
    arriving = expected.arriving(case)
    if arriving is None:
        return
    low, high = float(arriving.min()), float(arriving.max())
    if fault := expected.fault(low, high):
        evidence = f"{expected.base} gets {low:.3g} to {high:.3g}, {fault}; its weights expect "
        evidence += expected.words
        yield Finding("images", evidence, expected.remedy(case, low, high))
