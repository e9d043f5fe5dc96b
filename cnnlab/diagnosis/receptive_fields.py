"""Rules about what a cell of a map sees of the picture."""

import math

from cnnlab.diagnosis.finding import Finding, in_place_of
from cnnlab.diagnosis.heads import activation_of
from cnnlab.reading import graph as graphs
from cnnlab.reading import kinds
from cnnlab.receptive_field import receptive_field_table

_GLOBAL = {"GlobalAveragePooling2D", "GlobalMaxPooling2D"}
_WINDOWS = {"Conv2D", "MaxPooling2D", "AveragePooling2D"}


def stride_larger_than_the_kernel(case):
    """A window that leaps farther than it is wide leaves out what lies between.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 2, strides=4, activation="relu", name="conv"),
            layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for node in case.calls:
        window = getattr(node.layer, "kernel_size", None) or getattr(node.layer, "pool_size", None)
        steps = getattr(node.layer, "strides", None)
        known = node.kind in _WINDOWS and isinstance(window, tuple) and isinstance(steps, tuple)
        if not known or math.prod(window) == 1 or len(window) != len(steps):
            continue
        if all(step <= size for step, size in zip(steps, window, strict=True)):
            continue
        read = math.prod(min(1, n / step) for n, step in zip(window, steps, strict=True))
        sizes = [" × ".join(map(str, pair)) for pair in (window, steps)]
        evidence = f"windows of {sizes[0]} in steps of {sizes[1]}: {1 - read:.0%} of the map is "
        size = ", ".join(map(str, window))
        line = f"layers.{node.kind}(({size}))"
        if node.kind == "Conv2D":
            name = activation_of(node) or "relu"
            line = f"layers.Conv2D({node.output_shape[-1]}, ({size}), strides=({size}), "
            line += f"activation={name!r})"
        decides = "the accuracy with steps no longer than the window"
        yield Finding(
            node.address, f"{evidence}never read", in_place_of(line, node.layer.name), decides
        )


def strides_taken_for_the_kernel(case):
    """The third number is the stride: Conv2D(32, 3, 3) reads each pixel once, and a third is left.

    In Keras 1 it was the other side of the kernel. Networks of patches have one such layer, or
    kernels of 2 and 4.

    Example:
        model = keras.Sequential([
            keras.Input((32, 48, 3)), layers.Conv2D(16, 3, 3, activation="relu"),
            layers.Conv2D(16, 3, 3, activation="relu"), layers.Flatten(), layers.Dense(3),
        ])
        images, labels = photographs / 255, photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    leaping = [
        node
        for node in case.calls
        if node.kind == "Conv2D"
        and node.layer.kernel_size == node.layer.strides
        and node.layer.kernel_size in ((3, 3), (5, 5), (7, 7))
    ]
    if len(leaping) < 2:
        return
    for node in leaping:
        size, filters = node.layer.kernel_size[0], node.layer.filters
        shapes = node.input_shapes[0], node.output_shape
        before, after = ("×".join(map(str, shape[1:3])) for shape in shapes)
        evidence = f"strides={size}, as the kernel: a map of {before} becomes {after}"
        line = f"layers.Conv2D({filters}, ({size}, {size}), padding={node.layer.padding!r}, "
        line = in_place_of(f"{line}activation={activation_of(node) or 'relu'!r})", node.layer.name)
        decides = f"whether Conv2D({filters}, {size}, {size}) meant a kernel of {size} × {size}"
        yield Finding(node.address, evidence, line, decides)


def pooling_in_steps_of_one(case):
    """A pooling in steps of 1 blurs, and makes the map no smaller: later layers see no more by it.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2, strides=1, name="pool"), layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for node in case.calls:
        size, steps = (getattr(node.layer, name, None) for name in ("pool_size", "strides"))
        known = node.kind in ("MaxPooling2D", "AveragePooling2D") and isinstance(size, tuple)
        if not known or steps != (1, 1) or max(size) == 1 or node.layer.padding == "same":
            continue  # "same" as in Inception, which joins maps of one size
        before, after = (shape[1:3] for shape in (node.input_shapes[0], node.output_shape))
        if None in before or min(after) < max(2, 0.5 * min(before)):
            continue
        evidence = f"windows of {size[0]} × {size[1]} in steps of 1: a map of {before[0]}×"
        evidence += f"{before[1]} becomes {after[0]}×{after[1]}"
        line = in_place_of(f"layers.{node.kind}({size})", node.layer.name)
        decides = "the accuracy with steps as long as the window"
        yield Finding(node.address, evidence, line, decides)


def map_of_one_cell_too_early(case):
    """A 3×3 kernel on a map of one cell meets the picture with one of its nine weights.

    The other eight only ever meet the padding.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D((8, 12), name="pool"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="late"),
            layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    late = []
    for node in case.calls:
        size = getattr(node.layer, "kernel_size", None)
        if node.kind not in kinds.CONVOLUTIONS or not size or not node.input_shapes:
            continue
        cells = node.input_shapes[0][1:-1]
        if cells and all(n == 1 for n in cells) and math.prod(size) > 1:
            late.append(node)
    if not late:
        return
    node = late[0]
    size = "×".join(map(str, node.layer.kernel_size))
    evidence = f"{len(late)} convolutions, the first {node.address!r}, run {size} kernels on maps "
    evidence += f"of one cell: 1 of {math.prod(node.layer.kernel_size)} weights meets the picture"
    shrinks = case.graph[node.inputs[0]]
    while shrinks.inputs and set(case.graph[shrinks.inputs[0]].output_shape[1:-1]) == {1}:
        shrinks = case.graph[shrinks.inputs[0]]
    line = in_place_of("layers.Identity()", shrinks.layer.name)
    if "/" in node.address or not shrinks.kind.startswith(("Max", "Average")):
        sides = [n * 4 for n in case.graph[case.graph.inputs[0]].output_shape[1:3]]
        line = f"images = keras.ops.image.resize(images, ({sides[0]}, {sides[1]}))  # build the "
        line += "network for these"
    yield Finding(node.address, evidence, line)


def receptive_field_small(case):
    """Where each cell of the last map sees a small part only, an average of them sees no object.

    Example:
        model = keras.Sequential([
            keras.Input((48, 64, 3)), layers.Conv2D(8, 3, activation="relu"),
            layers.Conv2D(8, 3, activation="relu", name="last"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
    """
    last = _last_field(case)
    if last is None:
        return
    node, sizes, sides = last
    readers = graphs.consumers(case.graph, node.address)
    pooled = readers and all(reader.kind in _GLOBAL for reader in readers)
    if not pooled or min(sides) < 24 or not sum(n.convolves for n in case.calls):
        return
    if all(size < 0.2 * side for size, side in zip(sizes, sides, strict=True)):
        seen, whole = ("×".join(map(str, pair)) for pair in (sizes, sides))
        evidence = f"a cell of {node.address!r} sees {seen} of {whole} pixels, and then all cells "
        evidence += "are pooled into one"
        line = f"layers.MaxPooling2D(4)  # in place of nothing: in front of {node.layer.name}"
        last_name = node.layer.name
        line = in_place_of(_wider(node, sides), last_name)
        decides = "the size of the objects in pixels"
        yield Finding(node.address, evidence, line, decides)


def receptive_field_large(case):
    """Layers behind the one that sees the whole picture add depth, but nothing more to see.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)),
            *[layers.Conv2D(8, 5, padding="same", activation="relu", name=f"conv{n}")
              for n in range(1, 10)],
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
    """
    if not case.graph or any(len(node.inputs) != 1 for node in case.calls):
        return
    fields = _fields(case)
    if fields is None:
        return
    sides, rows = fields
    wide = [
        (node, size)
        for node, size in rows
        if node.kind in kinds.CONVOLUTIONS and math.prod(node.layer.kernel_size) > 1
    ]
    before = [(None, (1, 1)), *wide]
    beyond = [
        (node, size)
        for (node, size), (_, seen) in zip(wide, before, strict=False)
        if all(s >= 2 * side for s, side in zip(seen, sides, strict=True))
    ]
    if len(wide) >= 4 and len(beyond) > len(wide) / 4:
        last = beyond[-1][1]
        whole = "×".join(map(str, sides))
        names = [node.layer.name for node, _ in beyond]
        evidence = f"{len(beyond)} of {len(wide)} convolutions read maps whose cells already see "
        evidence += f"twice the picture, {whole} pixels; the last sees {last[0]}×{last[1]}"
        line = in_place_of("layers.Identity()", *names)
        yield Finding(names[0], evidence, line, "the accuracy without them")


def _fields(case):
    """(sides of the picture, [(node, size of its receptive field)]), or None where not known."""
    try:
        table = receptive_field_table(case.model)
    except (TypeError, ValueError):
        return None
    pictures = [case.graph[name] for name in case.graph.inputs]
    sides = pictures[0].output_shape[1:3]
    if len(pictures) != 1 or len(pictures[0].output_shape) != 4 or None in sides:
        return None
    rows = [
        (case.graph[row.layer], row["size"])
        for _, row in table.iterrows()
        if all(isinstance(n, int) for n in row["size"]) and len(row["size"]) == 2
    ]
    return sides, rows


def _last_field(case):
    """The last map, its receptive field and the sides of the picture, or None."""
    if not case.graph or (found := _fields(case)) is None or not found[1]:
        return None
    sides, rows = found
    rows = [(node, size) for node, size in rows if node.has_map]
    return (*rows[-1], sides) if rows else None


def _wider(node, sides):
    """Python for the same convolution with a larger field."""
    rate = max(2, math.ceil(min(sides) / 8))
    filters = node.output_shape[-1]
    return f"layers.Conv2D({filters}, 3, dilation_rate={rate}, padding='same', activation='relu')"
