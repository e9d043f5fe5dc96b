"""What in a model is the user's own, of which Keras cannot make a copy by the name of its class."""

import warnings
from inspect import isfunction

from cnnlab.reading import private_names


def has_own_parts(model):
    """Whether a model has parts that `keras.models.clone_model` may not be able to make again.

    Classes and functions of the user's own need not be registered, nor tell their settings.

    Args:
        model: a Keras model, compiled or not.

    Example:
        >>> import keras
        >>> layers = [keras.Input((8, 12, 1)), keras.layers.Conv2D(4, 3, activation="relu")]
        >>> has_own_parts(keras.Sequential(layers))
        False
        >>> has_own_parts(keras.Sequential([*layers, keras.layers.Lambda(lambda x: 2 * x)]))
        True
    """
    return _in_layers(model) or _is_own_config(_compiled(model))


def _in_layers(layer):
    """Whether a layer, what it applies, or a layer inside is none of Keras's."""
    named = [v for name, v in vars(layer).items() if name.endswith(_PARTS) and callable(v)]
    parts = [type(layer), *(v if isfunction(v) else type(v) for v in named)]
    return any(map(_is_own, parts)) or any(map(_in_layers, private_names.sublayers(layer)))


_PARTS = ("activation", "function", "initializer", "regularizer", "constraint")


def _is_own(kind):
    return str(kind.__module__).partition(".")[0] != "keras"


def _compiled(model):
    """How a model was compiled, as Keras writes it down; what it cannot write down is own."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a lambda is not safe to load
            return model.get_compile_config() if getattr(model, "compiled", False) else None
    except (OSError, TypeError, ValueError, NotImplementedError):
        return {"class_name": "", "module": None}


def _is_own_config(config):
    if isinstance(config, list | tuple):
        return any(map(_is_own_config, config))
    if not isinstance(config, dict):
        return False
    own = "class_name" in config and not str(config.get("module")).startswith("keras")
    return own or any(map(_is_own_config, config.values()))
