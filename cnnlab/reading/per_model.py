"""What was worked out about a model: kept beside it, dropped when it changes, forgotten with it."""

import weakref
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cnnlab.reading import graph, private_names

_memories = weakref.WeakKeyDictionary()  # model -> (its parts, {key: value})
_notes = weakref.WeakKeyDictionary()  # model -> what was said about it


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

    All of it is dropped once a layer was added to the model or taken out of it, once an attribute
    of a layer was set anew, such as its activation function, its slope or its policy of dtypes (as
    by quantising or LoRA), and once a `Normalization` was adapted: compiled functions do not notice
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
    if memory is None or not _same(memory[0], parts):
        memory = _memories[model] = (parts, {})
    return Known(model, memory[1])


def _same(before, now):
    try:
        return before == now
    except (TypeError, ValueError):  # arrays and variables that are others have no one answer
        return False


def note(model, text):
    """Prints a note, once per model."""
    said = _notes.setdefault(model, set())
    if text not in said:
        said.add(text)
        print(text)


def _parts(model):
    """What compiled functions keep of the layers, nested ones too.

    Layers are referred to weakly, their attributes are kept: unlike an id, neither is mistaken for
    a later object, and tuples of them are compared by identity first, which takes next to no time.
    """
    for layer in private_names.sublayers(model):
        yield _reference(layer)
        attributes = vars(layer)
        if "call" in attributes:  # a call of the user's, or the ear of another thread on it
            attributes = dict(attributes)
            call = attributes.pop("call")
            yield _reference(getattr(call, "in_place_of", call))
        yield tuple(attributes.values())  # left to C: this is asked before every answer
        if type(layer).__name__ == "Normalization" and layer.built:
            yield tuple(np.asarray(value).tobytes() for value in (layer.mean, layer.variance))
        yield from _parts(layer)


def _reference(part):
    """A weak reference: unlike an id it is not mistaken for that of a later object."""
    try:
        return weakref.ref(part)
    except TypeError:
        return id(part)
