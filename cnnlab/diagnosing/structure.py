"""Rules about the layers and their order, read from the graph alone."""

import math

from cnnlab.costs import layer_table
from cnnlab.diagnosing.finding import Finding, activation_line, in_place_of
from cnnlab.diagnosing.heads import activation_of
from cnnlab.reading import graph as graphs
from cnnlab.reading import kinds, layer_windows
from cnnlab.reading.own_head import own_head
from cnnlab.receptive_field import receptive_field_table

# Between two layers: nothing that would bend a straight line.
_STRAIGHT = layer_windows.ONLY_IN_TRAINING | frozenset(
    """Flatten Reshape Squeeze Identity Permute Rescaling BatchNormalization Cast
    AveragePooling1D AveragePooling2D GlobalAveragePooling1D GlobalAveragePooling2D
    ZeroPadding1D ZeroPadding2D Cropping2D""".split()
)
_SUMS = {"Dense", "Conv1D", "Conv2D"}
_GLOBAL = {"GlobalAveragePooling2D", "GlobalMaxPooling2D"}
LARGE = 100_000  # parameters; a dense layer below that is no burden


def no_non_linearity(case):
    """Two layers without an activation between them are one: a sum of sums is a sum.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, name="first"),
            layers.Conv2D(8, 3, name="second"), layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    """
    for node in case.calls:
        following = _next_sum(case.graph, node)
        if following is None:
            continue
        evidence = f"no activation stands between {node.address!r} and {following.address!r}: "
        evidence += "both together are one linear layer"
        yield Finding(node.address, evidence, activation_line(case, node.address, "relu"))


def dropout_behind_the_answer(case):
    """A dropout behind the last layer deletes answers in training, the right one too.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
            layers.Dropout(0.5, name="dropout"),
        ])
        images, labels = pictures, kinds
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    """
    for head in case.heads:
        if not head.weighted or not head.loss.name:
            continue
        node = case.graph[head.address]
        while node.address != head.weighted:
            if "Dropout" in node.kind:
                evidence = f"{node.layer.rate:.0%} of the answers{head.of_output} are set to 0 in "
                evidence += "training, behind the last layer with weights"
                line = in_place_of("layers.Identity()", node.layer.name)
                yield Finding(node.address, evidence, line)
            node = case.graph[node.inputs[0]]


def dropout_of_nearly_all(case):
    """The rate of a dropout is the share that is deleted, not the share that is kept.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(),
            layers.Dense(16, activation="relu"), layers.Dropout(0.9, name="dropout"),
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for node in case.calls:
        rate = getattr(node.layer, "rate", 0) if "Dropout" in node.kind else 0
        if isinstance(rate, int | float) and rate >= 0.8:
            kind = type(node.layer).__name__
            evidence = f"{rate:.0%} are deleted in training, {1 - rate:.0%} kept"
            line = in_place_of(f"layers.{kind}({1 - rate:.2g})", node.layer.name)
            decides = "the training accuracy with the smaller rate"
            yield Finding(node.address, evidence, line, decides)


def bottleneck_before_the_answer(case):
    """What tells ten classes apart has to pass through the layer in front of the answer.

    Example:
        model = keras.Sequential([
            keras.Input((32, 48, 3)), layers.Rescaling(1 / 255), layers.Flatten(),
            layers.Dense(2, activation="relu", name="narrow"), layers.Dense(10),
        ])
    """
    for head in case.heads:
        if not head.weighted or len(head.shape) != 2 or (head.units or 0) < 5:
            continue
        node = case.graph[case.graph[head.weighted].inputs[0]]
        while (
            node.kind in layer_windows.ONLY_IN_TRAINING | kinds.ACTIVATIONS | kinds.NORMALISATIONS
        ):
            node = case.graph[node.inputs[0]]
        units = node.output_shape[-1]
        if node.kind == "Dense" and units and units < head.units / 2:
            evidence = f"{units} numbers{head.of_output} are to tell {head.units} classes apart"
            name = getattr(node.layer.activation, "__name__", "relu")
            line = f"layers.Dense({4 * head.units}, activation={name!r})"
            decides = "the training accuracy with more units"
            yield Finding(node.address, evidence, in_place_of(line, node.layer.name), decides)


def base_with_its_own_head(case):
    """A trained network's classes are read where its features are wanted.

    Example:
        image = keras.Input((32, 48, 3))
        x = layers.Conv2D(8, 3, activation="relu")(image)
        answers = layers.Dense(100, name="old")(layers.GlobalAveragePooling2D()(x))
        base = keras.Model(image, answers, name="base")
        model = keras.Sequential([image, base, layers.Dense(3, name="new")])
        images, labels = photographs / 255, photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    for layer in getattr(case.model, "layers", ()):
        if not hasattr(layer, "layers") or not layer.layers or not case.graph:
            continue
        try:
            inner = graphs.read(layer)
        except (TypeError, ValueError):
            continue
        if len(inner.outputs) != 1 or (end := own_head(inner)) is None:
            continue
        prefix = f"{layer.name}/"
        readers = [
            node
            for node in case.calls
            if not node.address.startswith(prefix)
            and any(address.startswith(prefix) for address in node.inputs)
        ]
        convolves = any(node.convolves for node in inner.calls)
        linear = activation_of(inner[inner.outputs[0]]) == "linear"
        if convolves and linear and readers and readers[0].kind == "Dense":
            before = inner[end.address].inputs[0]
            base = f"keras.Model(base.input, base.get_layer({before!r}).output)"
            line = f"base = model.get_layer({layer.name!r}); model = keras.Sequential(["
            line += f"{base}, *model.layers[1:]])"
            line = f"base = model.get_layer({layer.name!r}); base = {base}; model = "
            line += f"keras.Sequential([base, layers.Dense({readers[0].layer.units})])"
            if case.optimizer is not None:
                line += "; model.compile('adam', loss, metrics=['accuracy'])"
            evidence = f"{readers[0].address!r} reads the {end.output_shape[-1]} classes of "
            evidence += f"{prefix}{end.address}"
            yield Finding(f"{prefix}{end.address}", evidence, line)


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


def dense_layer_of_most_parameters(case):
    """A dense layer on a large map has a weight for every cell, channel and unit.

    Example:
        model = keras.Sequential([
            keras.Input((48, 64, 3)), layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(name="flatten"), layers.Dense(32, activation="relu"), layers.Dense(3),
        ])
    """
    if not any(node.convolves for node in case.calls):
        return
    table = layer_table(case.model)
    total, row = int(table.parameters.sum()), table.loc[table.parameters.astype(int).idxmax()]
    if row.kind != "Dense" or total < LARGE or row.parameters < 0.9 * total:
        return
    node = case.graph[row.layer]
    before = case.graph[node.inputs[0]]
    while before.kind in layer_windows.ONLY_IN_TRAINING:
        before = case.graph[before.inputs[0]]
    if before.kind != "Flatten" or len(before.input_shapes[0]) != 4:
        return
    sizes = "×".join(map(str, before.input_shapes[0][1:]))
    evidence = f"{int(row.parameters):,} of {total:,} parameters, {row.parameters / total:.0%}; it "
    evidence += f"reads all {sizes} numbers of the last map"
    line = in_place_of("layers.GlobalAveragePooling2D()", before.layer.name)
    yield Finding(row.layer, evidence, line, "the accuracy of both in validation")


def _next_sum(graph, node):
    """The linear layer that reads a linear layer with nothing that bends between them, or None."""
    if node.kind not in _SUMS or activation_of(node) != "linear" or _is_by_design(node):
        return None
    after, address = node, node.address
    while True:
        readers = graphs.consumers(graph, address)
        if len(readers) != 1 or address in graph.outputs or len(readers[0].inputs) != 1:
            return None
        after = readers[0]
        if after.kind in _SUMS:
            break
        if after.kind not in _STRAIGHT:
            return None
        address = after.address
    if _is_by_design(after) or _is_bottleneck(node, after) or _is_cut_in_two(node, after):
        return None
    return after


def _is_by_design(node):
    """A 1×1 convolution, one of groups, or one of patches, which are linear in known networks."""
    if node.kind == "Dense":
        return len(node.output_shape) > 2
    size, steps = node.layer.kernel_size, node.layer.strides
    return math.prod(size) == 1 or node.layer.groups > 1 or size == steps


def _is_bottleneck(node, after):
    """Fewer units than both what they read and what reads them: a matrix of low rank."""
    if {node.kind, after.kind} != {"Dense"}:
        return False
    return node.layer.units < min(node.input_shapes[0][-1], after.layer.units)


def _is_cut_in_two(node, after):
    """A 3×1 kernel and a 1×3 one: one kernel, written as two."""
    sizes = [getattr(n.layer, "kernel_size", (2, 2)) for n in (node, after)]
    return all(len(size) == 2 and 1 in size for size in sizes) and sizes[0] != sizes[1]


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
