"""Rules about what a batch does in the network: forwards its values, backwards its gradients."""

import numpy as np

from cnnlab.diagnosis.finding import (
    Finding,
    in_place_of,
    layer_line,
    recompiled,
    several,
    started_anew,
)
from cnnlab.diagnosis.heads import activation_of, ending
from cnnlab.diagnosis.losses import logits_without_from_logits
from cnnlab.diagnosis.memory import untouched_since_start
from cnnlab.diagnosis.run import has_slope
from cnnlab.reading import private_names

DEAD = 0.9  # of the units of a layer
SATURATED = 0.9  # of the values of a layer
FEW = 16  # pictures, below which no unit is called dead
CROSSENTROPIES = ("sparse", "categorical", "binary")
_HALTS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}


def nan_in_the_network(case):
    """Where the first value that is no number comes from: all that follow inherit it.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Lambda(keras.ops.log, name="log"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if any(not np.isfinite(np.asarray(w, np.float32)).all() for w in case.model.weights):
        return
    for node in case.calls:
        values = case.run.outputs.get(node.address)
        if values is None or np.isfinite(values).all():
            continue
        share = 1 - np.isfinite(values).mean()
        evidence = f"{share:.0%} of its values are NaN or infinite, and all it reads is finite"
        yield Finding(node.address, evidence, in_place_of("layers.ReLU()", node.layer.name))
        return


def no_way_for_gradients(case):
    """What has steps instead of slopes, such as argmax or round, passes no gradient back.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.Lambda(keras.ops.round, name="round"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    paths = case.run.gradients
    cut = [path for path, value in paths.items() if value is None]
    still = [p for p, v in paths.items() if v is not None and not v.any()]
    flat = [n for n in case.calls if _is_flat(n)] if cut or still else []
    if flat and (cut or still):
        yield _ends_at(case, flat, cut or still)
        return
    blocked = _only_behind_a_step(case, still)
    if cut or blocked:
        first = (cut or still)[0].rsplit("/", 1)[0]
        steps = [n for n in case.calls if n.kind == "Lambda" or "." in n.kind or n.kind in _STEPS]
        where = steps[0].address if steps else first
        count = len(cut or still)
        evidence = f"{count} of {len(paths)} trainable weights get no gradient, {first!r} the first"
        yield Finding(where, evidence, in_place_of("layers.Identity()", where.split("/")[-1]))


def dead_relus(case):
    """A unit that gives 0 for every picture gets no gradient and stays so.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)),
            layers.Conv2D(8, 3, activation="relu", name="conv",
                          bias_initializer=keras.initializers.Constant(-5.0)),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if found := dead_layer(case):
        node, dead = found
        count = len(case.run.outputs[node.address])
        evidence = f"{dead.sum()} of {dead.size} units are 0 for all {count} pictures"
        yield Finding(node.address, evidence, _fresh(case, node))


def dead_layer(case):
    """The first layer of which nearly all units give 0 for every picture, and which; or None."""
    for node in case.calls:
        values = case.run.outputs.get(node.address)
        relu = activation_of(node) in ("relu", "relu6")
        if values is None or not relu or len(values) < FEW or values.ndim < 2:
            continue
        if not np.isfinite(values).all():
            return None
        dead = ~(values.reshape(-1, values.shape[-1]) > 0).any(axis=0)
        if dead.size >= 4 and dead.mean() >= DEAD:
            return node, dead
    return None


def saturated_units(case):
    """Where a sigmoid or tanh stands at its limit it is flat, and passes hardly any gradient.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            layers.Dense(32, activation="tanh", name="hidden",
                         kernel_initializer=keras.initializers.RandomNormal(stddev=10.0)),
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    ends = {head.activation_at for head in case.heads} | {head.address for head in case.heads}
    for node in case.calls:
        values = case.run.outputs.get(node.address)
        limits = _HALTS.get(activation_of(node) or "")
        if values is None or not limits or node.address in ends or len(values) < FEW:
            continue
        low, high = limits
        room = 0.01 * (high - low)
        share = float(((values < low + room) | (values > high - room)).mean())
        gates = any(len(n.inputs) > 1 for n in case.calls if node.address in n.inputs)
        if share >= SATURATED and not gates:
            evidence = f"{share:.0%} of its values lie within {room:.2g} of {low:g} or {high:g}"
            yield Finding(node.address, evidence, _fresh(case, node))
            return


def vanishing_gradients(case):
    """Each layer of small slopes shrinks what comes back; the first layers hear nothing.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            *[layers.Dense(16, activation="sigmoid", name=f"hidden{n}") for n in range(10)],
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    """
    small = [layer for layer in case.layers if 0 < _start_in_size(layer) < 0.01]
    if len(small) > 1 and not case.answers_right:
        names = several([layer.name for layer in small])
        lines = [
            f"{layer_line(n.name)}.kernel_initializer = keras.initializers.HeNormal()"
            for n in small
        ]
        evidence = f"{names} start so small that each makes its sums 100 times smaller or more"
        yield Finding(small[0].name, evidence, "; ".join([*lines, started_anew(case)]))
        return
    sizes = _kernel_gradients(case)
    if len(sizes) < 3:
        return
    # Of the first two the larger: a branch that starts near 0 by design is none of them.
    first, (last, most) = sizes[0][0], max(sizes, key=_second)
    least = max(sizes[:2], key=_second)[1]
    bends = [n for n in case.calls if activation_of(n) in _HALTS]
    ends = {head.activation_at for head in case.heads}
    flat = [n for n in bends if n.address not in ends]
    sigmoids = sum(activation_of(n) == "sigmoid" for n in flat)
    stuck = sigmoids >= 4 and case.same_answer
    if least > 0 and most > 1e-7 and (least < 1e-3 * most or stuck):
        evidence = f"the gradient of {first!r} is {least:.1e}, of {last!r} {most:.1e}"
        if stuck:
            evidence += f"; {sigmoids} sigmoids stand between, and every answer is the same"
        names = [n.address for n in flat]
        line = "; ".join(f"{layer_line(n)}.activation = keras.activations.relu" for n in names)
        line = f"{line}; {started_anew(case)}" if line else started_anew(case)
        yield Finding(first, evidence, line)


def exploding_gradients(case):
    """Weights that start too large multiply what passes them, layer by layer.

    Example:
        large = keras.initializers.RandomNormal(stddev=3.0)
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            *[layers.Dense(32, activation="relu", kernel_initializer=large, name=f"hidden{n}")
              for n in range(4)],
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    sizes = _kernel_gradients(case)
    if not sizes or not case.pictures or np.abs(case.pictures[0]).max() > 30:
        return
    if any(logits_without_from_logits(case)):
        return  # a logit cut off at 0 costs so much, whatever the weights
    name, most = max(sizes, key=_second)
    guessing = sum(
        np.log(max(head.units or 2, 2)) for head in case.heads if head.loss.kind in CROSSENTROPIES
    )
    measured = any(head.loss.kind not in CROSSENTROPIES for head in case.heads)
    if measured or not guessing or not np.isfinite(most):
        return  # of a measured number the gradient is as large as the number
    if any(logits_without_from_logits(case)):
        return  # the logarithm of a number below 0 is cut off far from any guess
    own = case.run.loss - case.run.penalty
    fresh = untouched_since_start(case.layers) is not False
    first = case.history.get("loss", [0.0])[0]
    if not fresh and first > 3 * guessing and (large := _starts_large(case)):
        evidence = f"{several([n.name for n in large])} start with a deviation 8 times as large as "
        evidence += f"keeps a sum in size; the loss of the first epoch is {first:.3g}, to guess "
        lines = [
            f"{layer_line(n.name)}.kernel_initializer = keras.initializers.HeNormal()"
            for n in large
        ]
        line = "; ".join([*lines, started_anew(case)])
        yield Finding(large[0].name, f"{evidence}would cost {guessing:.2f}", line)
    elif (most > 30 and own > 3 * guessing) or (fresh and own > 10 * guessing):
        evidence = f"the gradient of {name!r} is {most:.1e}, the loss {case.run.loss:.3g}; "
        evidence += f"to guess would cost {guessing:.2f}"
        wide = [layer for layer in case.layers if hasattr(layer, "kernel_initializer")]
        lines = [
            f"{layer_line(n.name)}.kernel_initializer = keras.initializers.HeNormal()" for n in wide
        ]
        yield Finding(name, evidence, "; ".join([*lines, started_anew(case)]))


def units_all_alike(case):
    """Units that start alike get the same gradient, and stay one unit for ever.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Flatten(),
            layers.Dense(16, activation="relu", kernel_initializer="ones", name="hidden"),
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    ends = {head.weighted for head in case.heads}
    for node in case.calls:
        kernel = getattr(node.layer, "kernel", None)
        plain = node.kind in ("Dense", "Conv1D", "Conv2D") and node.layer.trainable
        if not plain or kernel is None or node.address in ends or kernel.shape[-1] < 2:
            continue
        array = np.asarray(kernel, np.float32)
        if not np.ptp(array, axis=-1).max() <= 0 or _leads_into_a_sum(case, node):
            continue
        evidence = f"all {kernel.shape[-1]} units have the same weights, such as "
        evidence += f"{array.flat[0]:.3g}"
        line = f"{layer_line(node.address)}.kernel_initializer = keras.initializers.HeNormal()"
        yield Finding(node.address, evidence, f"{line}; {started_anew(case)}")
        return


def statistics_not_settled(case):
    """A batch norm predicts with averages that it gathered in training: few steps are too few.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3), layers.BatchNormalization(name="norm"),
            layers.ReLU(), layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        images, labels = 2 * pictures + 6, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"])
        model.fit(images, labels, epochs=8, batch_size=60, verbose=0)
    """
    norms = [n for n in case.calls if n.kind == "BatchNormalization" and n.layer.trainable]
    if not norms or case.steps == 0 or len(case.run.answers) != 1 or len(case.rows) < FEW:
        return
    head = case.heads[0]
    predicted = case.share_right(head, case.run.answers[0])
    trained = case.share_right(head, case.run.in_training[0])
    if predicted is None or trained < 0.4:
        return
    evidence = f"with the statistics of the batch {trained:.2f} are named rightly, with those "
    evidence += f"gathered in {case.steps} steps {predicted:.2f}"
    own, loss = _losses_of_both(case)
    if loss > 4 * max(own, 0.1):
        evidence += f"; the loss is {own:.2g} and {loss:.2g}"
    elif trained < predicted + 0.3:
        return
    line = "; ".join(f"{layer_line(n.address)}.momentum = 0.8" for n in norms)
    if len(norms) > 3:
        line = f"_ = [setattr(n, 'momentum', 0.8) for n in {private_names.LAYERS_INSIDE} "
        line += "if isinstance(n, keras.layers.BatchNormalization)]"
    fit = "model.fit(images, labels, epochs=20, verbose=0)"
    yield Finding(norms[0].address, evidence, f"{line}{recompiled(case)}; {fit}")


_STEPS = frozenset("Argmax Round Floor Ceil Sign Cast".split())


def _kernel_gradients(case):
    """[(layer, root mean square of the gradient of its kernel)], in the order of the model."""
    return [
        (path.split("/")[-2], float(np.sqrt(np.mean(value.astype(np.float64) ** 2))))
        for path, value in case.run.gradients.items()
        if value is not None and path.rsplit("/", 1)[-1] in ("kernel", "depthwise_kernel")
    ]


def _starts_large(case):
    """The layers whose initialiser draws numbers far too large for as many inputs as they have."""
    return [layer for layer in case.layers if _start_in_size(layer) >= 8]


def _start_in_size(layer):
    """How many times larger a layer's sums start than what it reads; 1 where that is not told."""
    kernel = getattr(layer, "kernel", None)
    initializer = getattr(layer, "kernel_initializer", None)
    spread = getattr(initializer, "stddev", None) or getattr(initializer, "maxval", None)
    if kernel is None or not isinstance(spread, int | float):
        return 1.0
    return float(spread * np.sqrt(np.prod(kernel.shape[:-1])))


def _only_behind_a_step(case, still):
    """Whether weights without any gradient stand before an operation that may have no slope."""
    steps = [n for n in case.calls if n.kind in _STEPS or n.kind == "Lambda"]
    return bool(still) and bool(steps)


def _is_flat(node):
    """Whether a layer's activation has no slope anywhere."""
    activation = getattr(node.layer, "activation", None)
    return callable(activation) and not has_slope(activation)


def _ends_at(case, flat, paths):
    """What is told of activations without a slope; backwards the last one is met first."""
    last = flat[-1]
    name = getattr(last.layer.activation, "__name__", type(last.layer.activation).__name__)
    evidence = f"{len(paths)} of {len(case.run.gradients)} trainable weights get no gradient, "
    evidence += f"{paths[0].rsplit('/', 1)[0]!r} the first: it ends at the activation {name!r} of "
    evidence += f"{several([n.address for n in flat[::-1]])}, which is flat"
    lines = [f"{layer_line(n.address)}.activation = keras.activations.relu" for n in flat]
    return Finding(last.address, evidence, "; ".join([*lines, started_anew(case)]))


def _leads_into_a_sum(case, node):
    """Whether a layer ends a branch that is added to another: it may start at 0 there."""
    address = node.address
    while True:
        readers = [n for n in case.calls if address in n.inputs]
        if len(readers) != 1:
            return bool(readers)
        if len(readers[0].inputs) > 1:
            return True
        if getattr(readers[0].layer, "kernel", None) is not None:
            return False
        address = readers[0].address


def _losses_of_both(case):
    """The loss of the batch as in training, without penalties, and as in prediction."""
    if case.run.loss is None or case.run.loss_in_prediction is None:
        return 0.0, 0.0
    return case.run.loss - case.run.penalty, case.run.loss_in_prediction


def _second(pair):
    return pair[1]


def _fresh(case, node):
    """Python that starts a layer anew, small, and without a bias that holds it down."""
    weighted = ending(case.graph, node.address)[1]
    if not weighted or not hasattr(case.graph[weighted].layer, "kernel_initializer"):
        return started_anew(case)
    line = f"{layer_line(weighted)}.kernel_initializer = keras.initializers.HeNormal(); "
    line += f"{layer_line(weighted)}.bias_initializer = keras.initializers.Zeros(); "
    return line + started_anew(case)
