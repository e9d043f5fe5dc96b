"""What was worked out about a model: kept beside it, dropped when it changes, forgotten with it."""

import weakref
from dataclasses import dataclass, field
from functools import cached_property

from cnnlab.reading import graph
from cnnlab.reading.state import look, unchanged

_memories = weakref.WeakKeyDictionary()  # model -> (its state, {key: value})
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

    All of it is dropped once the model has changed in anything that compiled functions keep: a
    layer that was added or taken out, an attribute of a layer that was set anew (its activation,
    its slope, its policy of dtypes, as by quantising or LoRA; `trainable`), or that has changed in
    place: numbers, lists, dicts and arrays, the state of an object of the user's own, and what the
    user's own functions and classes read, be it a default, an argument of a `functools.partial`, a
    variable around them or a global. New weights drop nothing, for compiled functions read them
    each time.

    Not seen are changes in place inside objects of installed libraries and arrays of more than
    1 MB, and of a list or dict of thousands of entries all but a thousand: put a new one in its
    place. Nor is what a function does beyond the functions of the user's own that it calls.

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
    try:
        memory = _memories.get(model)
    except TypeError as error:
        raise TypeError(
            f"`model` must be a Keras model: got {type(model).__name__}. "
            "If it is saved, load it: keras.saving.load_model(path)."
        ) from error
    if memory is None or not unchanged(memory[0], model):
        memory = _memories[model] = (look(model), {})
    return Known(model, memory[1])


def note(model, text):
    """Prints a note, once per model."""
    said = _notes.setdefault(model, set())
    if text not in said:
        said.add(text)
        print(text)
