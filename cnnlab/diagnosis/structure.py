"""Rules about the layers and their order, read from the graph alone."""

import math

from cnnlab.diagnosis.finding import Finding, activation_line, in_place_of, made_anew
from cnnlab.diagnosis.heads import PROBABILITIES, activation_of
from cnnlab.reading import graph as graphs
from cnnlab.reading import kinds, layer_windows, private_names
from cnnlab.reading.own_head import own_head

# Between two layers: nothing that would bend a straight line.
_STRAIGHT = layer_windows.ONLY_IN_TRAINING | frozenset(
    """Flatten Reshape Squeeze Identity Permute Rescaling BatchNormalization Cast
    AveragePooling1D AveragePooling2D GlobalAveragePooling1D GlobalAveragePooling2D
    ZeroPadding1D ZeroPadding2D Cropping2D""".split()
)
_SUMS = {"Dense", "Conv1D", "Conv2D"}
_BETWEEN = layer_windows.ONLY_IN_TRAINING | kinds.ACTIVATIONS | kinds.NORMALISATIONS


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
        evidence = f"no activation stands between {node.address!r} and {following.address!r}"
        decides = "the accuracy with a ReLU there"
        if not _pooled_by_maximum(case.graph, node, following):
            evidence, decides = f"{evidence}: both together are one linear layer", ""
        yield Finding(node.address, evidence, activation_line(case, node.address, "relu"), decides)


def one_layer_used_again(case):
    """A layer made before a loop and called in it is one layer: all its calls share their weights.

    Example:
        image = keras.Input((8, 12, 1))
        x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
        conv = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")
        for _ in range(3):
            x = conv(x)
        model = keras.Model(image, layers.Dense(3)(layers.GlobalMaxPooling2D()(x)))
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    again = [node.layer.name for node in case.calls if _reads_itself(case.graph, node)]
    for name in dict.fromkeys(again):
        times = again.count(name)
        if times < 2:
            continue
        evidence = f"{name!r} is called on its own output {times} times: its {times + 1} calls "
        evidence += "have one kernel"
        line = "model = keras.models.clone_model(keras.Model(model.inputs, model.outputs), "
        line += (
            "clone_function=lambda layer: layer, call_function=lambda layer, x, **given: (layer if "
        )
        line += f"layer.name != {name!r} else type(layer).from_config(layer.get_config() | "
        line += "{'name': None}))(x, **given))"
        line = made_anew(case, line)
        yield Finding(name, evidence, line, "the accuracy with a layer of its own for each call")


def map_of_one_channel(case):
    """One map between wide layers: all that was found has to pass through one number a place.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(1, 3, activation="relu", name="narrow"),
            layers.Conv2D(16, 3, activation="relu"), layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    classes = len(case.heads) == 1 and len(case.heads[0].shape) == 2
    if not classes or (case.heads[0].units or 0) < 2:
        return
    for node in case.calls:
        if node.kind != "Conv2D" or node.output_shape[-1] != 1:
            continue
        before, after = node.input_shapes[0][-1], _reader(case.graph, node)
        wide = (before or 0) >= 8 and after is not None and after.kind == "Conv2D"
        if wide and after.output_shape[-1] >= 8:
            evidence = f"{before} maps become 1, and {after.address!r} makes "
            evidence += f"{after.output_shape[-1]} of it"
            size, name = ", ".join(map(str, node.layer.kernel_size)), activation_of(node) or "relu"
            line = f"layers.Conv2D({before}, ({size}), padding={node.layer.padding!r}, "
            line = in_place_of(f"{line}activation={name!r})", node.layer.name)
            decides = "the training accuracy with more filters"
            yield Finding(node.address, evidence, line, decides)


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
        node, at = case.graph[head.address], head.activation_at
        normed = head.activation in PROBABILITIES  # until the softmax is met
        while node.address != head.weighted:
            normed = normed and node.address != at
            if node.kind == "BatchNormalization" and normed:
                evidence = f"the probabilities{head.of_output} are shifted and scaled behind {at!r}"
                line = in_place_of("layers.Identity()", node.layer.name)
                yield Finding(node.address, evidence, line)
            if "Dropout" in node.kind:
                evidence = f"{node.layer.rate:.0%} of the answers{head.of_output} are set to 0 in "
                evidence += "training, behind the last layer with weights"
                line = in_place_of("layers.Identity()", node.layer.name)
                yield Finding(node.address, evidence, line)
            node = case.graph[node.inputs[0]]


def batch_norm_over_rows(case):
    """A batch norm scales channel by channel; with axis=1 it does so row by row of the picture.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3),
            layers.BatchNormalization(axis=1, name="norm"), layers.ReLU(),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    orders = {getattr(node.layer, "data_format", None) for node in case.calls}
    for node in case.calls:
        rank, axis = len(node.output_shape), getattr(node.layer, "axis", -1)
        if node.kind != "BatchNormalization" or rank != 4 or "channels_first" in orders:
            continue
        if isinstance(axis, int) and axis % rank != rank - 1:
            places, channels = node.output_shape[axis], node.output_shape[-1]
            evidence = f"axis={axis} is of {places} places, and the last one of {channels} channels"
            line = in_place_of("layers.BatchNormalization()", node.layer.name)
            yield Finding(node.address, evidence, line)


def channels_first_in_one_layer(case):
    """A layer of data_format="channels_first" takes the rows of the picture for its channels.

    A Flatten only orders its numbers otherwise; what turns the axes may do so for such a layer.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(16, 3, activation="relu"),
            layers.GlobalAveragePooling2D(data_format="channels_first", name="average"),
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    layers = [n for n in _inside(case.model) if getattr(n, "data_format", None)]
    first = [n for n in layers if n.data_format == "channels_first"]
    wrong = [n for n in first if type(n).__name__ != "Flatten"]
    turned = any(type(n).__name__ in ("Permute", "Reshape") for n in _inside(case.model))
    for layer in wrong if len(first) < len(layers) and not turned else ():
        evidence = f"data_format='channels_first', and of {len(layers) - len(first)} other layers "
        evidence += "'channels_last'"
        shape = getattr(getattr(layer, "input", None), "shape", ())
        if len(shape) == 4:
            evidence += f": it takes {shape[1]} rows for channels, and {shape[3]} channels for "
            evidence += "places in a row"
        config = "{**model.get_layer(" + repr(layer.name) + ").get_config(), 'data_format': "
        config = f"layers.{type(layer).__name__}.from_config({config}'channels_last'}})"
        yield Finding(layer.name, evidence, in_place_of(config, layer.name))


def filters_for_the_kernel_size(case):
    """`Conv2D(filters, kernel_size)`: of Conv2D(3, 32) 3 filters look at 32×32 pixels each.

    Example:
        model = keras.Sequential([
            keras.Input((32, 48, 1)), layers.Conv2D(3, 16, padding="same", activation="relu"),
            layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
    """
    for node in case.calls:
        if node.kind != "Conv2D" or node.address in case.graph.outputs:
            continue
        filters, size, layer = node.layer.filters, node.layer.kernel_size, node.layer
        usual = size[0] == size[1] and size[0] in (8, 16, 32, 64, 128, 256)
        if usual and filters in (2, 3, 4, 5, 7) and layer.strides == (1, 1):
            evidence = f"{filters} filters of {size[0]}×{size[1]}: `filters` comes first, then "
            line = f"layers.Conv2D({size[0]}, {filters}, padding={layer.padding!r}, activation="
            line = in_place_of(f"{line}{activation_of(node)!r})", layer.name)
            decides = "whether so large a kernel was meant"
            yield Finding(node.address, f"{evidence}`kernel_size`", line, decides)


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
        while node.kind in _BETWEEN:
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
            base = f"keras.Model(base.inputs, base.get_layer({before!r}).output)"
            line = f"base = model.get_layer({layer.name!r}); base = {base}; model = "
            last = activation_of(readers[0]) or "linear"
            line += f"keras.Sequential([base, layers.Dense({readers[0].layer.units}, "
            line = made_anew(case, f"{line}activation={last!r})])")
            evidence = f"{readers[0].address!r} reads the {end.output_shape[-1]} classes of "
            evidence += f"{prefix}{end.address}"
            yield Finding(f"{prefix}{end.address}", evidence, line)


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
        if after.kind not in _STRAIGHT and not after.kind.startswith("MaxPooling"):
            return None
        address = after.address
    if _is_by_design(after) or _is_bottleneck(node, after) or _is_cut_in_two(node, after):
        return None
    return after


def _reads_itself(graph, node):
    """Whether a layer with a kernel reads its own output, through pools and the like at most."""
    if node.kind not in kinds.CONVOLUTIONS | {"Dense"} or len(node.inputs) != 1:
        return False
    before = graph[node.inputs[0]]
    while len(before.inputs) == 1 and ("Pool" in before.kind or before.kind in _BETWEEN):
        before = graph[before.inputs[0]]
    return before.layer is node.layer


def _reader(graph, node):
    """The next layer with weights behind pools and activations; None where ways part or meet."""
    while True:
        readers = graphs.consumers(graph, node.address)
        if len(readers) != 1 or len(readers[0].inputs) != 1:
            return None
        node = readers[0]
        if "Pool" not in node.kind and node.kind not in _BETWEEN:
            return node


def _pooled_by_maximum(graph, node, following):
    """Whether a maximum stands between two layers: it bends a little."""
    address = following.inputs[0]
    while address != node.address:
        if graph[address].kind.startswith("MaxPooling"):
            return True
        address = graph[address].inputs[0]
    return False


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


def _inside(model):
    """All layers of a model at any depth; of one that reads channels first there is no graph."""
    for layer in private_names.sublayers(model):
        yield layer
        yield from _inside(layer)
