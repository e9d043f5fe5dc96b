"""Rules about the order of rows, columns and channels."""

import numpy as np

from cnnlab.diagnosis.finding import AS_LOADED, Finding, in_both_sets, made_anew
from cnnlab.diagnosis.sampling import drawn
from cnnlab.reading import graph as graphs
from cnnlab.reading import kinds, layer_windows

FEW = 8  # pictures, below which nothing is said of their planes
SOME = 24  # pictures that are read in every order
LEAST = 16  # pixels of a side, below which (3, H, W) may be anything
_BEFORE = layer_windows.ONLY_IN_TRAINING | kinds.NORMALISATIONS | {"Rescaling", "Normalization"}

_AXES = {"N": "pictures", "H": "rows", "W": "columns", "C": "channels"}
ORDERS = (  # of PyTorch, of MATLAB, of other files; what lies as NWHC has rows of another width
    "NCHW", "NCWH", "HWCN", "WHCN", "CHWN", "CWHN",
)  # fmt: skip


def channels_first(case):
    """Layers read the last axis as the channels: of (3, H, W) they see 3 rows of H pixels.

    Example:
        model = keras.Sequential([
            keras.Input((3, 32, 48)), layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        images, labels = np.moveaxis(photographs / 255, -1, 1), photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    shape = case.graph[case.graph.inputs[0]].output_shape if case.graph else ()
    if len(shape) != 4 or len(case.graph.inputs) != 1 or shape[1] not in (1, 3):
        return
    channels, height, width = shape[1:]
    sides = sorted(n or 0 for n in (height, width))
    if sides[0] < LEAST or sides[1] > 2 * sides[0] or not (reader := _first_convolution(case)):
        return
    evidence = f"{reader.address!r} reads {width} channels of {channels}×{height} pixels"
    lines = ["images = np.moveaxis(images, 1, -1)"] * bool(case.pictures)
    if case.validation:
        data = "validation_data"
        lines += [f"{data} = (np.moveaxis({data}[0], 1, -1), {data}[1])"]
    image = f"keras.Input(({height}, {width}, {channels}))"
    clone = f"model = keras.models.clone_model(model, input_tensors={image})"
    lines.append(made_anew(case, clone))
    yield Finding(reader.address, evidence, "; ".join(lines), "ten of the images, drawn")


def reshape_in_place_of_a_transpose(case):
    """`reshape` moves no number: it makes no pixels of planes, and no pictures of a MATLAB array.

    Of numbers in the order in which they lie another reading makes pictures, in which neighbours
    are nearer to each other. Their mean square, along rows and columns, measured on 48 to 1442
    pictures: of photographs, textures, things and digits, of 64 to 14 pixels a side, 0.29 and less
    as they should be, of which any other reading makes 1.68 times as much and more; where they
    were reshaped, the true reading makes at most 0.57 times as much as there is now.

    Example:
        model = keras.Sequential([
            keras.Input((32, 48, 3)), layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        planes = np.moveaxis(photographs / 255, -1, 1).reshape(len(photographs), -1)
        images, labels = planes.reshape(-1, 32, 48, 3), photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    images = case.pictures[0] if len(case.pictures) == 1 and case.finite else np.empty(0)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or len(images) < FEW:
        return
    if min(images.shape[1:3]) < LEAST // 2 or not (found := _better_reading(images)):
        return
    order, apart = found
    sizes = dict(zip("NHWC", (-1, *images.shape[1:]), strict=True))
    shape, axes = (tuple(sizes[name] for name in order), tuple(order.index(n) for n in "NHWC"))
    evidence = f"read as {', '.join(map(_AXES.get, order))}, the numbers make pictures whose "
    evidence += f"neighbouring pixels are {apart:.2f} times as far apart as now"
    other = case.validation_pictures
    both = other is not None and (_better_reading(other) or " ")[0] == order
    line = f"{{}}.reshape{shape}.transpose{axes}"
    yield Finding("images", evidence, in_both_sets(line, both), "one of the images, drawn")


def _better_reading(images):
    """(an order of axes, how far apart neighbours are then in parts of now), or None."""
    now, _ = _apart(images[drawn(len(images), SOME)])
    orders = ORDERS[2 * (images.shape[-1] == 1) :] if now else ()  # grey planes are pictures
    read = {order: _apart(_read(images, order)) for order in orders}
    usable = {order: near for order, (near, channels) in read.items() if channels < 0.7}
    least = min(usable.values(), default=1)
    if least > min(0.4, 0.75 * now):
        return None
    # of square pictures two readings are equal
    order = next(order for order, near in usable.items() if near < 1.03 * least)
    return order, usable[order] / now


def _read(images, order):
    """Some of the pictures (n, H, W, C), from numbers that lie in another order of axes."""
    sizes = dict(zip("NHWC", images.shape, strict=True))
    view = images.reshape([sizes[name] for name in order])
    return view.transpose([order.index(n) for n in "NHWC"])[drawn(len(images), SOME)]


def _apart(images):
    """How far apart neighbouring pixels are, and the channels of one.

    0 where they are equal, 1 where they have nothing in common.
    """
    some = images.astype(np.float32)
    some = some - some.mean(axis=(1, 2, 3), keepdims=True)
    strangers = max(2 * float(np.mean(some**2)), 1e-12)
    steps = (np.diff(some, axis=axis) for axis in (1, 2, 3))
    rows, columns, channels = (float(np.mean(step**2)) if step.size else 0.0 for step in steps)
    return (rows + columns) / 2 / strangers, channels / strangers


def cut_at_another_width(case):
    """`np.resize` and `reshape` cut a row of numbers anew: they make no picture smaller.

    Numbers of one column of the picture that was lie as far apart as its rows were long, and there
    they are nearest. Their mean square, 1 for numbers that have nothing to do with each other:
    of photographs, textures, things and digits, 144 to 28 pixels wide, 0.12 and less at their own
    width, and at any other at least 1.3 times as much; cut at another width 0.34 to 1.3 at that,
    and at the true one at most 0.27 times as much, in 0.78 and more of the pictures.

    Example:
        model = keras.Sequential([
            keras.Input((24, 36, 3)), layers.Conv2D(8, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(4), layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        whole = photographs / 255
        loaded = np.asarray(keras.ops.image.resize(whole, (24, 36))), photograph_kinds
        images = np.stack([np.resize(picture, (24, 36, 3)) for picture in whole])
        labels = photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    images = case.pictures[0] if len(case.pictures) == 1 and case.finite else np.empty(0)
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or len(case.rows) < FEW:
        return
    height, width = images.shape[1:3]
    if min(height, width) < LEAST or any(reshape_in_place_of_a_transpose(case)):
        return
    apart = _apart_at_all_widths(images[case.rows[:32]])
    if len(apart) < FEW:
        return
    mean, widths = apart.mean(axis=0), np.arange(apart.shape[1])
    other = (widths >= max(8, width // 4)) & (np.abs(widths - width) > 2)
    best = int(np.where(other, mean, np.inf).argmin())
    own, repeated = mean[width], mean[3 * width :: width]  # as of stripes, every few rows
    along = mean[4 : max(8, width // 4)]  # neighbours in a row
    if own < 0.3 or mean[best] > 0.35 * own or mean[best] > 0.8 * along.min():
        return
    nearer = (apart[:, best] < apart[:, width]).mean()
    if nearer < 0.75 or (best % width and mean[best] > 0.5 * repeated.min(initial=1)):
        return
    evidence = f"numbers {best} pixels apart are nearest to each other, {mean[best] / own:.2f} "
    evidence += f"times as far apart as neighbours in a column: rows of {best} were cut into rows "
    evidence += f"of {width}"
    other = case.validation_pictures
    theirs = [] if other is None else _apart_at_all_widths(other[:32])
    both = len(theirs) > 0 and bool(np.median(theirs[:, best] - theirs[:, width]) < 0)
    if best == height:  # the sides were exchanged, and no number is lost
        evidence += f": they are pictures of {width}×{height}, the model wants {height}×{width}"
        change = f"{{}}.reshape(-1, {width}, {height}, {images.shape[-1]}).transpose(0, 2, 1, 3)"
        line = in_both_sets(change, both)
    else:
        change = f"np.asarray(keras.ops.image.resize({{}}, ({height}, {width})))"
        line = in_both_sets(change, both) + f"  {AS_LOADED}, in place of np.resize or reshape"
    yield Finding("images", evidence, line, "one of the images, drawn")


def a_channel_that_tells_nothing(case):
    """The fourth channel of a PNG says how opaque each pixel is: mostly the same everywhere.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 4)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        opaque = np.ones_like(pictures)
        images, labels = np.concatenate([pictures, pictures, pictures, opaque], axis=-1), kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    images = case.pictures[0] if len(case.pictures) == 1 and case.finite else np.empty(0)
    if images.ndim != 4 or images.shape[-1] != 4 or len(images) < FEW or not case.graph:
        return
    least, most = images.min(axis=(0, 1, 2)), images.max(axis=(0, 1, 2))
    if least[3] != most[3] or np.any(least[:3] == most[:3]):
        return
    lines = ["images = images[..., :3]"]
    if case.validation:
        lines += ["validation_data = (validation_data[0][..., :3], *validation_data[1:])"]
    sides = ", ".join(map(str, case.graph[case.graph.inputs[0]].output_shape[1:3]))
    clone = f"model = keras.models.clone_model(model, input_tensors=keras.Input(({sides}, 3)))"
    lines.append(made_anew(case, clone))
    evidence = f"the fourth channel is {most[3]:g} at every pixel of all {len(images)} images"
    yield Finding("images", evidence, "; ".join(lines))


def _apart_at_all_widths(images):
    """(N, 8 W): how far apart numbers are that lie 0, 1, 2, ... pixels apart, row by row."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat = flat[flat.any(axis=1)]
    size, channels = flat.shape[1], images.shape[-1]
    steps = np.arange(min(8 * images.shape[2], size // channels // 2)) * channels
    power = np.abs(np.fft.rfft(flat, 2 * size)) ** 2
    alike = np.fft.irfft(power)[:, steps] / (size - steps)
    return 1 - alike / alike[:, :1]


def _first_convolution(case):
    """The convolution that reads the pictures as they come, or None."""
    address = case.graph.inputs[0]
    while True:
        readers = graphs.consumers(case.graph, address)
        if readers and readers[0].kind in kinds.CONVOLUTIONS and readers[0].has_map:
            return readers[0]
        if len(readers) != 1 or readers[0].kind not in _BEFORE:
            return None
        address = readers[0].address
