"""What a rule finds, and how its remedies are written: as a line of Python that can be pasted."""

from dataclasses import dataclass

from cnnlab.diagnosis.own_parts import has_own_parts
from cnnlab.diagnosis.rates import TOO_LONG, usable_rate
from cnnlab.reading import private_names

# Those whose first argument is the learning rate.
OPTIMIZERS = frozenset("SGD Adam AdamW Nadam Adamax RMSprop Lion Adagrad Adadelta Ftrl".split())

# Behind a line that mends nothing here: what was spoilt must be read again.
AS_LOADED = "# where they are loaded"
SHUFFLED_TOGETHER = (
    "order = np.random.default_rng(0).permutation(len(labels)); "
    "images, labels = images[order], labels[order]"
)


@dataclass(frozen=True)
class Finding:
    """One mistake in one place.

    Attributes:
        where: a layer's address, or "compile", "images", "labels", "history".
        evidence: what was measured or read, a sentence.
        remedy: a line of Python that changes `model`, `images`, `labels` or `validation_data`; or
            a layer, and behind "# in place of" the names of those whose place it takes.
        decides: where the rule cannot be sure, what would decide; else "".
    """

    where: str
    evidence: str
    remedy: str
    decides: str = ""


def layer_line(address):
    """Python that gets a layer by its address.

    Example:
        >>> layer_line("base/conv")
        "model.get_layer('base').get_layer('conv')"
    """
    parts = address.split("[")[0] if "/" not in address else address
    return "model" + "".join(f".get_layer({part.split('[')[0]!r})" for part in parts.split("/"))


def in_place_of(layer, *names):
    """The remedy that puts a layer where others stand.

    Example:
        >>> in_place_of("layers.Identity()", "pool3", "pool4")
        'layers.Identity()  # in place of pool3, pool4'
    """
    return f"{layer}  # in place of {', '.join(names)}"


def in_both_sets(change, both):
    """Python that changes the images, and those of the validation where they are like them.

    Example:
        >>> in_both_sets("{} / 255", False)
        'images = images / 255'
        >>> in_both_sets("{} / 255", True).partition("; ")[2]
        'validation_data = (validation_data[0] / 255, *validation_data[1:])'

    Args:
        change: a text with {} for the array.
        both: whether the validation is to be changed as well.
    """
    line, other = f"images = {change.replace('{}', 'images')}", "validation_data[0]"
    if not both:
        return line
    return f"{line}; validation_data = ({change.replace('{}', other)}, *validation_data[1:])"


def metrics_of(case):
    """Python for the metrics that fit what a model answers, behind the loss in `compile`."""
    head = case.heads[0]
    if len(case.heads) > 1 or not head.loss.name:  # a `train_step` of one's own updates none
        return ""
    if head.loss.kind == "squared" or (not head.loss.kind and head.label_kind == "real"):
        return ", metrics=['mae']"
    logit = head.units == 1 and head.loss.from_logits
    metric = "keras.metrics.BinaryAccuracy(threshold=0)" if logit else "'accuracy'"
    return f", metrics=[{metric}]"


def recompiled(case):
    """Python to compile a model as it was, or "" where it is not compiled.

    A function that was compiled before goes on with the activations of that time.
    """
    if case.optimizer is None:
        return ""
    return f"; model.compile(model.optimizer, model.loss{metrics_of(case)})"


def compiled_anew(case, rate=None):
    """The same with a new optimiser of the same kind, as other weights need it."""
    return recompiled(case).replace("model.optimizer", _new_optimizer(case, rate))


def made_anew(case, line, rate=None):
    """Python for another network, made by a line, compiled as the one before: it has no loss yet.

    Args:
        case: a `Case`.
        line: Python that makes a new `model`.
        rate: its learning rate; None for the one before, where that is usable.
    """
    if case.optimizer is None:
        return line
    return f"loss = model.loss; {line}{compiled_anew(case, rate).replace('model.loss', 'loss')}"


def new_weights(case):
    """Python for the same network with new weights.

    What was not learned in this training is kept: what is frozen, and the mean and the variance
    that a Normalization has taken from the pictures. Where Keras cannot make all parts once more,
    each weight is drawn by its own initialiser.
    """
    clone, layers = "model = keras.models.clone_model(model)", case.model.layers
    if not has_own_parts(case.model):
        norms = [n.name for n in layers if type(n).__name__ == "Normalization" and n.weights]
        frozen = any(layer.weights and not layer.trainable for layer in layers)
        kept = f"n.name in {norms}" if norms else ""
        kept += " or " * (bool(norms) and frozen) + "not n.trainable" * frozen
        if not kept:
            return clone
        clone = f"old = model; {clone}; _ = [m.set_weights(n.get_weights()) for m, n in "
        clone += f"zip(model.layers, old.layers) if {kept}]"
        return clone + "".join(f"; model.get_layer({n!r}).finalize_state()" for n in norms)
    return (
        "_ = [w.assign(getattr(n, w.name + '_initializer', keras.initializers.GlorotUniform())"
        f"(w.shape)) for n in {private_names.LAYERS_INSIDE} for w in n.weights "
        "if hasattr(n, w.name + '_initializer') or (w.trainable and len(w.shape) > 1)]"
    )


def started_anew(case, rate=None):
    """Python for the same network with new weights, compiled as it was."""
    return made_anew(case, new_weights(case), rate)


def without_what_was_spoilt(case, rate=None):
    """Python for another optimiser, and for new weights where the one before has made steps."""
    return started_anew(case, rate) if case.steps else compiled_anew(case, rate).lstrip("; ")


def _new_optimizer(case, rate):
    name, momentum = type(case.optimizer).__name__, getattr(case.optimizer, "momentum", 0)
    momentum = 0.9 if isinstance(momentum, float) and momentum >= TOO_LONG else momentum
    rate = rate or usable_rate(case)
    if name not in OPTIMIZERS:
        return f"keras.optimizers.Adam({rate:.3g})"
    more = f", momentum={momentum:g}" if name == "SGD" and momentum else ""
    return f"keras.optimizers.{name}({rate:.3g}{more})"


def activation_line(case, address, activation):
    """The remedy that gives a layer another activation.

    A layer that is itself an activation makes place for another one.
    """
    node = case.graph[address]
    if not hasattr(node.layer, "activation"):
        return in_place_of(f"layers.Activation({activation!r})", node.layer.name)
    line = f"{layer_line(address)}.activation = keras.activations.{activation}"
    return line + recompiled(case)


def several(names, most=3):
    """Some names in a sentence.

    Example:
        >>> several(["a", "b", "c", "d", "e"])
        "'a', 'b', 'c' and 2 more"
    """
    shown = ", ".join(map(repr, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
