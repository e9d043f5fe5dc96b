"""Rules about what may learn, and how: trainable layers, the optimiser, penalties."""

import numpy as np

from cnnlab.diagnosis.finding import Finding, compiled_anew, layer_line, several, started_anew
from cnnlab.diagnosis.memory import at_start, untouched_since_start
from cnnlab.diagnosis.own_parts import has_own_parts
from cnnlab.diagnosis.rates import first_rate, usual_rate
from cnnlab.reading import private_names

_USUAL = {"l1": 1e-3, "l2": 0.03}  # penalties that leave a network its weights
_KERNELS = ("Dense", "Conv", "Separable", "Depthwise", "EinsumDense")


def nan_in_the_weights(case):
    """A single NaN in a kernel makes every answer NaN; training cannot heal it.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        model.get_layer("conv").kernel.assign(model.get_layer("conv").kernel * np.nan)
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    bad = [
        (layer, weight)
        for layer in case.layers
        for weight in layer.weights
        if "float" in weight.dtype and not np.isfinite(np.asarray(weight, np.float32)).all()
    ]
    if bad:
        layer, weight = bad[0]
        count = int((~np.isfinite(np.asarray(weight, np.float32))).sum())
        evidence = f"{count} of {np.size(weight)} numbers of {weight.name} are NaN or infinite"
        if len(bad) > 1:
            evidence += f", and {len(bad) - 1} weights more"
        line = started_anew(case)
        yield Finding(layer.name, evidence, f"{line}")


def nothing_trainable(case):
    """Where every layer is frozen, `fit` runs and changes nothing.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        model.trainable = False
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if case.optimizer is None or not case.model.weights or case.model.trainable_weights:
        return
    count = f"{case.model.count_params():,}"
    bases = [layer.name for layer in case.model.layers if hasattr(layer, "layers")]
    kept = "".join(f"; {layer_line(name)}.trainable = False" for name in bases)
    line = f"model.trainable = False; model.trainable = True{kept}"  # so it reaches every layer
    line += compiled_anew(case)
    yield Finding("compile", f"0 of {count} parameters are trainable", line)


def frozen_at_random(case):
    """A layer that was frozen before it ever learned passes on random numbers for good.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(2, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        model.get_layer("conv").trainable = False
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
    """
    if case.optimizer is None or not case.model.trainable_weights:
        return
    frozen = [layer for layer in case.layers if not layer.trainable_weights]
    names = [n.name for n in frozen if type(n).__name__.startswith(_KERNELS)]
    if not names or untouched_since_start(frozen) is not True:
        return
    evidence = f"{several(names)} cannot learn, and every bias, scale and average is exactly as it "
    evidence += "was made: the weights are random"
    whole = [n.name for n in case.model.layers if hasattr(n, "layers") and not n.trainable_weights]
    top = {node.address.split("/")[0] for node in case.calls if node.layer in frozen}
    line = "; ".join(f"{layer_line(name)}.trainable = True" for name in sorted(top))
    line += compiled_anew(case)
    if whole:
        evidence = f"the base {whole[0]!r} is frozen: {evidence}"
        line += "  # or build it with weights that were trained, such as weights='imagenet'"
    yield Finding(whole[0] if whole else names[0], evidence, line)


def trained_base_under_a_random_head(case):
    """The large gradients of a new head destroy, in the first steps, what the base had learned.

    Example:
        base = weights.pretrained("vgg16_slim")
        model = keras.Sequential([
            keras.Input((32, 48, 3)), layers.Rescaling(1 / 127.5, offset=-1), base,
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = photographs, photograph_kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    """
    if case.optimizer is None or (case.rate or 0) < 5e-4:
        return
    kernels = [n for n in case.layers if type(n).__name__.startswith(_KERNELS)]
    states = [untouched_since_start([layer]) for layer in kernels]
    learned = [n for n, s in zip(kernels, states, strict=True) if s is False]
    heads = {head.weighted.split("/")[-1] for head in case.heads}
    new = [n for n, s in zip(kernels, states, strict=True) if s is True and n.name in heads]
    moving = [layer for layer in learned if layer.trainable_weights]
    if not new or len(moving) < 2 or len(learned) < 2:
        return
    count = sum(int(np.prod(w.shape)) for layer in moving for w in layer.trainable_weights)
    evidence = f"{new[0].name!r} is new, and {count:,} trained parameters before it learn along, "
    evidence += f"at a rate of {case.rate:g}"
    top = dict.fromkeys(n.address.split("/")[0] for n in case.calls if n.layer in moving)
    line = "; ".join(f"{layer_line(name)}.trainable = False" for name in top)
    yield Finding(next(iter(top)), evidence, line + compiled_anew(case))


def batch_norm_of_a_frozen_base(case):
    """Frozen convolutions with batch norms that go on learning: their statistics run away.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3, use_bias=False, name="conv"),
            layers.BatchNormalization(name="norm"), layers.ReLU(), layers.Flatten(),
            layers.Dense(3),
        ])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
        model.fit(pictures, kinds, epochs=3, verbose=0)
        model.get_layer("conv").trainable = False
        images, labels = pictures, kinds
        model.compile("adam", loss, metrics=["accuracy"])
    """
    if case.optimizer is None:
        return
    found = []
    for node in case.calls:
        if node.kind != "BatchNormalization" or not node.layer.trainable:
            continue
        before = case.graph[node.inputs[0]]
        frozen = getattr(before.layer, "weights", ()) and not before.layer.trainable_weights
        if frozen and untouched_since_start([node.layer]) is False:
            found.append(node)
    if found:
        names = [node.address for node in found]
        evidence = f"{several(names)} of {len(names)} learn, the convolution before is frozen"
        line = "; ".join(f"{layer_line(name)}.trainable = False" for name in names)
        yield Finding(names[0], evidence, line + compiled_anew(case))


def batch_norm_never_in_training_mode(case):
    """In a training loop of one's own `model(images)` answers as in prediction.

    No batch norm gathers statistics then, and no dropout drops: write `training=True`.

    Example:
        import tensorflow as tf
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(8, 3), layers.BatchNormalization(name="norm"),
            layers.ReLU(), layers.GlobalMaxPooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = keras.optimizers.Adam(0.01)
        for step in range(20):
            with tf.GradientTape() as tape:
                value = loss(labels, model(images))
            slopes = tape.gradient(value, model.trainable_variables)
            optimizer.apply(slopes, model.trainable_variables)
    """
    norms = [
        layer
        for layer in case.layers
        if type(layer).__name__ == "BatchNormalization" and layer.trainable
    ]
    never = [n for n in norms if at_start(n, "moving_mean", "moving_variance")]
    moved = [n for n in never if not at_start(n, "gamma", "beta")]
    if not moved:
        return
    names = [layer.name for layer in never]
    evidence = f"{several(names)} learned: gamma and beta have moved; its averages are still "
    evidence += "exactly 0 and 1, as never gathered"
    decides = ""
    if case.steps:
        decides = "whether a loop called model(images) without training=True, or the layer was "
        decides += "built with training=False"
    line = started_anew(case)
    if case.optimizer is None and len(case.heads) == 1:
        line += f"; {case.heads[0].compile_line().replace('model.optimizer', repr('adam'))}"
    line += "; history = model.fit(images, labels, epochs=10, verbose=0)"
    line += "  # or in the loop: model(images, training=True)"
    yield Finding(names[0], evidence, line, decides)


def changed_after_compile(case):
    """What may learn is fixed when `compile` is called; a layer frozen later is another matter.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        model.fit(pictures, kinds, verbose=0)
        model.get_layer("conv").trainable = False
    """
    optimizer = case.optimizer
    if optimizer is None or not getattr(optimizer, "built", False):
        return
    known = {id(v) for v in private_names.variables_of(optimizer)}
    now = {id(v) for v in case.model.trainable_variables}
    if known and known != now:
        new, lost = len(now - known), len(known - now)
        told = [f"{new} weights became trainable"] * bool(new) + [f"{lost} were frozen"] * bool(
            lost
        )
        evidence = f"since `compile` {' and '.join(told)}: the optimiser goes on with the list of "
        evidence += "weights that it was given then"
        usual = usual_rate(optimizer) or 0.001
        rate = min(case.rate or usual, usual / 100) if new else None  # what is trained, finely
        yield Finding("compile", evidence, compiled_anew(case, rate).lstrip("; "))


def weights_that_do_not_move(case):
    """A learning rate of 0, or a layer whose bias is still 0 after many steps.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)), layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.0), loss, metrics=["accuracy"])
    """
    if case.optimizer is None:
        return
    if case.rate == 0:
        name, usual = type(case.optimizer).__name__, usual_rate(case.optimizer) or 0.01
        if private_names.has_plan(case.optimizer) or first_rate(case):
            return  # it warms up, or has come to its end
        line = f"model.optimizer.learning_rate = {usual:g}"
        yield Finding("compile", f"{name} has a learning rate of 0", line)
        return
    if case.steps < 10:
        return
    still = [
        layer
        for layer in case.layers
        if layer.trainable_weights
        and untouched_since_start([layer]) is True
        and type(layer).__name__.startswith(_KERNELS)
        and _never_pushed(case, layer)
    ]
    if still:
        names = [layer.name for layer in still]
        evidence = f"after {case.steps} steps the biases of {several(names)} are still exactly 0"
        line = started_anew(case)
        yield Finding(names[0], evidence, f"{line}")


def penalty_larger_than_the_loss(case):
    """Where the penalty on the weights outweighs the loss, the smallest network wins: none.

    Example:
        model = keras.Sequential([
            keras.Input((8, 12, 1)),
            layers.Conv2D(8, 3, activation="relu", kernel_regularizer="l2", name="conv"),
            layers.Flatten(),
            layers.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.L1(0.1)),
            layers.Dense(3),
        ])
        images, labels = pictures, kinds
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
    """
    run = case.run
    strong = [n for n in case.layers if getattr(n, "kernel_regularizer", None) is not None]
    amount, kind, name = max((_amount(n.kernel_regularizer) for n in strong), default=(0, "", ""))
    known = run.loss is not None and bool(np.isfinite(run.loss))
    own = run.loss - run.penalty if known else 0.0
    large = known and run.penalty > 10 * max(own, 0.1)
    shrunk = amount > 1 and case.steps > 0 and not case.answers_right
    if large or shrunk:
        evidence = f"the penalties are {run.penalty:.3g}, the loss of the labels {own:.3g}"
        if not large:
            evidence = f"{name} is {amount * _USUAL[kind]:.3g}, usual is up to {_USUAL[kind]:g}; "
            evidence += f"{case.steps} steps have made the weights small"
        own = has_own_parts(case.model)  # no copy is made, so its weights are to forget it too
        parts = [
            f"{layer_line(n.name)}.{part}"
            for n in strong
            for part in ("kernel_regularizer", *["kernel.regularizer"] * own)
        ]
        line = "; ".join([*(f"{part} = None" for part in parts), started_anew(case)])
        if strong:
            yield Finding(strong[0].name, evidence, line)


def _amount(regularizer):
    """(how many times what is usual a penalty is, "l1" or "l2", what it is called)."""
    found = {name: getattr(regularizer, name, None) for name in _USUAL}
    amounts = [
        (float(np.max(value)) / _USUAL[name], name, name) for name, value in found.items() if value
    ]
    return max(amounts, default=_measured_amount(regularizer))


def _measured_amount(regularizer):
    """The same of the user's own: a penalty on weights twice as large is twice as large, or four.

    What follows another law is told by what it adds to the loss of a batch.
    """
    nothing = 0.0, "", ""
    weights = np.full((3, 5), 0.1, np.float32)
    try:
        once, twice = (float(np.sum(regularizer(k * weights))) for k in (1, 2))
    except Exception:  # whatever stands there
        return nothing
    if not once > 0:
        return nothing
    power = np.log2(twice / once)
    kind = {1: "l1", 2: "l2"}.get(round(power)) if abs(power - round(power)) < 1e-3 else None
    if kind is None:
        return nothing
    amount = once / float((weights ** round(power)).sum())
    return amount / _USUAL[kind], kind, f"{kind} of {type(regularizer).__name__}"


def _never_pushed(case, layer):
    """Whether the optimiser's memory of a layer's gradients is still empty."""
    memory = [v for v in case.optimizer.variables if f"{layer.name}_" in v.path.replace("/", "_")]
    moments = [v for v in memory if "momentum" in v.path or "velocity" in v.path]
    return bool(moments) and not any(np.asarray(v).any() for v in moments)
