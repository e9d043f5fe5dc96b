"""What was worked out about a model: kept beside it, dropped when it changes, forgotten with it."""

import weakref

import numpy as np

_memories = weakref.WeakKeyDictionary()  # model -> (its parts, {key: value})


def remembered(model, key, make):
    """What `make()` returns, made once per model and key.

    It is made again once a layer was added to the model, taken out of it, or given another
    activation function, and once a `Normalization` was adapted: compiled functions do not notice
    that by themselves. New weights need nothing, for compiled functions read them each time.

    Args:
        model: a Keras model, or any object that can be referred to weakly.
        key: what is remembered, a tuple.
        make: a function of no arguments. What it returns must not refer to the model, or the
            model would never be freed: let functions hold ``weakref.ref(model)``.

    Raises:
        TypeError: `model` is a text, a number or the like, such as the path of a saved model.

    Example:
        >>> class Model:
        ...     layers = ()
        >>> model = Model()
        >>> remembered(model, ("answer",), lambda: 42), remembered(model, ("answer",), lambda: 43)
        (42, 42)
        >>> model.layers = (Model(),)  # another layer: worked out again
        >>> remembered(model, ("answer",), lambda: 44)
        44
    """
    if not isinstance(_reference(model), weakref.ref):
        raise TypeError(
            f"`model` must be a Keras model: got {type(model).__name__}. "
            "If it is saved, load it: keras.saving.load_model(path)."
        )
    parts = tuple(_parts(model))
    known = _memories.get(model)
    if known is None or known[0] != parts:
        known = _memories[model] = (parts, {})
    values = known[1]
    if key not in values:
        values[key] = make()
    return values[key]


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
