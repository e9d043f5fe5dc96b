"""What was worked out about a model: kept beside it, dropped when it changes, forgotten with it."""

import weakref
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import itemgetter

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
    if memory is None or memory[0] != parts:
        memory = _memories[model] = (parts, {})
    return Known(model, memory[1])


def note(model, text):
    """Prints a note, once per model."""
    said = _notes.setdefault(model, set())
    if text not in said:
        said.add(text)
        print(text)


FUNCTIONS = {"activation", "function", "call"}  # attributes of a layer


def _parts(model):
    """What compiled functions keep of the layers, nested ones too.

    Nothing is kept that may lead back to the model, or it would never be freed.
    """
    for layer in private_names.sublayers(model):
        yield _reference(layer)
        attributes = vars(layer)
        values = _picker(tuple(attributes))(attributes)
        yield tuple(map(id, values))
        # What is made anew may come to lie where its forerunner lay: there an id is not enough.
        yield [value for value in values if type(value) is float]
        for name in FUNCTIONS & attributes.keys():
            value = attributes[name]
            yield _reference(getattr(value, "in_place_of", value))
        if type(layer).__name__ == "Normalization" and layer.built:
            yield tuple(np.asarray(value).tobytes() for value in (layer.mean, layer.variance))
        yield from _parts(layer)


@lru_cache(1000)
def _picker(names):
    """A function that picks what an answer may depend on out of a layer's attributes."""
    skipped = {*private_names.BOOKKEEPING, "call"}  # the ear of another thread may stand for a call
    wanted = [name for name in names if name not in skipped and name[:6] != "_self_"]
    if len(wanted) > 1:
        return itemgetter(*wanted)  # the fastest there is: this is asked before every answer
    return lambda attributes: tuple(attributes[name] for name in wanted)


def _reference(part):
    """A weak reference: unlike an id it is not mistaken for that of a later object."""
    try:
        return weakref.ref(part)
    except TypeError:
        return id(part)
