"""What was worked out about a model: kept beside it, dropped when it changes, forgotten with it."""

import weakref
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cnnlab.reading import graph

_memories = weakref.WeakKeyDictionary()  # model -> (its parts, {key: value})


@dataclass(frozen=True, eq=False)
class Known:
    """A model in its present state, and what was worked out about it so far.

    Attributes:
        model: the user's, which is never changed.
        values: {key: value}, shared by all who ask about the model in this state.
    """

    model: object
    values: dict = field(repr=False)

    def once(self, key, make):
        """What `make()` returns, made once per key.

        Args:
            key: what is kept, a tuple.
            make: a function of no arguments. What it returns must not refer to the model, or the
                model would never be freed: let functions hold ``weakref.ref(model)``.
        """
        if key not in self.values:
            self.values[key] = make()
        return self.values[key]

    @cached_property
    def graph(self):
        """The model's `Graph`; ValueError where it cannot be read.

        Not kept in `values`: its layers refer to the model.
        """
        return graph.read(self.model)


def known(model):
    """What is known of a model.

    All of it is dropped once a layer was added to the model, taken out of it, or given another
    activation function, and once a `Normalization` was adapted: compiled functions do not notice
    that by themselves. New weights drop nothing, for compiled functions read them each time.

    Args:
        model: a Keras model, or any object that can be referred to weakly.

    Returns:
        A `Known`.

    Raises:
        TypeError: `model` is a text, a number or the like, such as the path of a saved model.

    Example:
        >>> class Model:
        ...     layers = ()
        >>> model = Model()
        >>> known(model).once("answer", lambda: 42), known(model).once("answer", lambda: 43)
        (42, 42)
        >>> model.layers = (Model(),)  # another layer: worked out again
        >>> known(model).once("answer", lambda: 44)
        44
    """
    if not isinstance(_reference(model), weakref.ref):
        raise TypeError(
            f"`model` must be a Keras model: got {type(model).__name__}. "
            "If it is saved, load it: keras.saving.load_model(path)."
        )
    parts = tuple(_parts(model))
    memory = _memories.get(model)
    if memory is None or memory[0] != parts:
        memory = _memories[model] = (parts, {})
    return Known(model, memory[1])


def _parts(model):
    """What compiled functions keep of the layers, nested ones too, as references or values."""
    for layer in getattr(model, "layers", ()):
        yield _reference(layer)
        activation = getattr(layer, "activation", None)
        if activation is not None:
            yield _reference(activation)
        if type(layer).__name__ == "Normalization" and layer.built:
            yield tuple(np.asarray(value).tobytes() for value in (layer.mean, layer.variance))
        yield from _parts(layer)


def _reference(part):
    """A weak reference: unlike an id it is not mistaken for that of a later object."""
    try:
        return weakref.ref(part)
    except TypeError:
        return id(part)
