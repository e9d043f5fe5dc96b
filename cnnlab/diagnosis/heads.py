"""Each output of a model with what belongs to it: its last activation, its loss, its labels."""

import re
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cnnlab.reading import kinds, layer_windows

# Between the last weights and the answer: passes every number on as it is, or their mean.
PASSES = layer_windows.ONLY_IN_TRAINING | frozenset(
    """Flatten Reshape Squeeze Identity Cast ExpandDims Transpose Permute GetItem BatchNormalization
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D Mean""".split()
)
WEIGHTED = kinds.MAKES_MAPS | {"Dense", "EinsumDense"}
PROBABILITIES = {"softmax", "sigmoid"}
EXCLUSIVE = ("sparse", "categorical")  # losses of which one class is right
CLASSES = (*EXCLUSIVE, "binary")
_LOSSES = {
    "sparse": "sparse_categorical",
    "categorical": "categorical",
    "binary": "binary",
    "squared": "mean_squared|mean_absolute|mse$|mae$|huber|log_cosh",
}


@dataclass(frozen=True)
class Loss:
    """A loss as it was compiled.

    Attributes:
        kind: "sparse", "categorical", "binary", "squared"; "" for another or none.
        from_logits: whether it expects logits.
        name: as it is called, such as "sparse_categorical_crossentropy".
        smoothing: the share of a label that all classes get alike.
    """

    kind: str
    from_logits: bool = False
    name: str = ""
    smoothing: float = 0.0


@dataclass(frozen=True, eq=False)
class Head:
    """One output of a model.

    Attributes:
        name: of the output, or None where there is only one.
        address: of the node that gives it, or "" where the model does not tell.
        shape: of its answers, (None, units) or (None, H, W, units), or () where not known.
        weighted: the address of the last layer with weights on the way there, or "".
        activations: what follows those weights, such as ("relu", "softmax"); None if not known.
        activation_at: the address of the last one's layer.
        loss: a `Loss`.
        labels: an array or None.
    """

    name: str | None
    address: str
    shape: tuple
    weighted: str
    activations: tuple | None
    activation_at: str
    loss: Loss
    labels: np.ndarray | None = field(repr=False)

    @property
    def units(self):
        """Numbers per place, or None."""
        return self.shape[-1] if self.shape else None

    @property
    def activation(self):
        """The last activation; "linear" for none, "" where it is not known."""
        if self.activations is None:
            return ""
        return self.activations[-1] if self.activations else "linear"

    @property
    def of_output(self):
        """In words, which output is meant: "" where there is only one."""
        return f" of output {self.name!r}" if self.name else ""

    @cached_property
    def label_kind(self):
        """What they are: "numbers", "one-hot", "several" (rows of 0, 1), "real", "text", none."""
        return "" if self.labels is None else _label_kind(self.labels, len(self.shape))

    @cached_property
    def classes(self):
        """(N,) the class of each label, or None where there are none."""
        if self.label_kind == "numbers":
            return self.labels.reshape(len(self.labels), -1)[:, 0].astype(int)
        if self.label_kind == "one-hot":
            return self.labels.argmax(axis=-1)
        return None

    @property
    def fitting_loss(self):
        """Python for the loss that fits the end of the model and the labels."""
        logits = self.activation not in PROBABILITIES
        kind = "Sparse" if self.label_kind != "one-hot" else ""
        if self.loss.kind == "categorical" and not self.label_kind:
            kind = ""
        name = "Binary" if self.units == 1 else f"{kind}Categorical"
        if self.label_kind == "several":
            name = "Binary"
        return f"keras.losses.{name}Crossentropy(from_logits={logits})"

    def compile_line(self, loss=None):
        """The remedy that compiles the model with another loss for this output."""
        loss = loss or self.fitting_loss
        metric = "'accuracy'"
        if "Binary" in loss and "True" in loss:
            metric = "keras.metrics.BinaryAccuracy(threshold=0)"
        if self.name is not None:
            loss = f"{{**model.loss, {self.name!r}: {loss}}}"
            return f"model.compile(model.optimizer, loss={loss})"
        return f"model.compile(model.optimizer, loss={loss}, metrics=[{metric}])"


def heads_of(model, graph, labels):
    """The `Head`s of a model.

    Args:
        model: a Keras model.
        graph: its `Graph`, or None where it cannot be read.
        labels: what was given: an array, a list or a dict by output, or None.
    """
    names = list(getattr(model, "output_names", None) or ["output"])
    if isinstance(getattr(model, "output", None), dict):
        names = sorted(model.output)
    several = len(names) > 1
    losses = _by_output(getattr(model, "loss", None) if model.compiled else None, names)
    given = _by_output(labels, names, arrays=True)
    found = []
    for number, name in enumerate(names):
        address, shape, end = "", (), (None, "", "")
        if graph is not None:
            address = graph.outputs[number]
            shape, end = graph[address].output_shape, ending(graph, address)
        activations, weighted, at = end
        label = given[number]
        found.append(
            Head(
                name if several else None,
                address,
                tuple(shape),
                weighted,
                activations,
                at,
                read_loss(losses[number], label, shape),
                None if label is None else np.asarray(label),
            )
        )
    return tuple(found)


def ending(graph, address):
    """How a way through the graph ends: the activations behind its last weights.

    Returns:
        A tuple of names, or None where something unknown stands there; the address of the layer
        with the weights; the address of the layer of the last activation.
    """
    found, at, node = [], "", graph[address]
    while True:
        name = activation_of(node)
        if name is None:
            return None, "", ""
        if name != "linear":
            found.insert(0, name)
            at = at or node.address
        if node.kind in WEIGHTED:
            return tuple(found), node.address, at or node.address
        known = node.kind in PASSES | kinds.ACTIVATIONS and len(node.inputs) == 1
        if not known:
            return None, "", ""
        node = graph[node.inputs[0]]


def activation_of(node):
    """The name of the activation that a node applies, "linear" for none, None if not known.

    Example:
        >>> import keras
        >>> from cnnlab.reading.graph import read
        >>> image = keras.Input((8, 12, 3))
        >>> model = keras.Sequential([image, keras.layers.Conv2D(2, 3, activation="relu")])
        >>> activation_of(read(model).calls[0])
        'relu'
    """
    if node.kind in kinds.ACTIVATIONS and node.kind != "Activation":
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.kind).lower().replace("re_lu", "relu")
    if "." in node.kind or node.kind == "Lambda":
        return None
    activation = getattr(node.layer, "activation", None)
    if activation is None:
        return "linear"
    name = getattr(activation, "__name__", None) or type(activation).__name__
    return None if name == "<lambda>" else name.lower().replace("leakyrelu", "leaky_relu")


def read_loss(loss, labels=None, shape=()):
    """A compiled loss as a `Loss`: text, function or object.

    Example:
        >>> read_loss("sparse_categorical_crossentropy").kind
        'sparse'
    """
    if loss is None:
        return Loss("")
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    if name in ("crossentropy", "ce"):  # Keras chooses by the labels
        rows = labels is not None and np.ndim(labels) == len(shape) and np.shape(labels)[-1] > 1
        name = "categorical_crossentropy" if rows else "sparse_categorical_crossentropy"
        if shape and shape[-1] == 1:
            name = "binary_crossentropy"
    kind = next((kind for kind, text in _LOSSES.items() if re.match(text, name)), "")
    smoothing = getattr(loss, "label_smoothing", 0.0)
    return Loss(kind, bool(getattr(loss, "from_logits", False)), name, smoothing)


def _by_output(given, names, arrays=False):
    """What was given, one per output."""
    if isinstance(given, dict):
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple) and len(names) > 1 and len(given) == len(names):
        return list(given)
    return [given if (arrays and len(names) == 1) or not arrays else None for _ in names]


def _label_kind(labels, rank):
    if labels.dtype.kind in "USO":
        return "text"
    if labels.dtype.kind not in "biuf" or not labels.size or not np.isfinite(labels).all():
        return "real"
    rows = labels.ndim > 1 and labels.shape[-1] > 1 and (rank < 3 or labels.ndim != rank - 1)
    if rows:
        if not np.isin(labels, (0, 1)).all():
            return "real"
        return "one-hot" if (labels.sum(axis=-1) == 1).all() else "several"
    return "numbers" if not np.any(labels % 1) else "real"
