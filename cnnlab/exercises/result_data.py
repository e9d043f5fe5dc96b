"""What an answer gave back, as plain data: it can be handed to another process and runs nothing.

`packed` writes numbers, texts, arrays, their tuples, lists and dicts, and Keras models as what JSON
can hold; `unpacked` makes them anew, and trusts nothing that it reads. Whatever else there is
becomes a thing of the same name that can do nothing.
"""

import base64
import inspect
import json
import sys

import numpy as np

KINDS = "biufcSUMm"  # of arrays that hold no Python objects
DEPTH = 30  # of tuples in tuples
SIZE = 50_000_000  # bytes of one array
# Where Keras's own layers, and what they are made of, are found. What reads files or runs code that
# a file brings is left out.
MODULES = ("layers", "initializers", "regularizers", "constraints", "activations", "optimizers")
MODULES += ("optimizers.schedules", "losses", "metrics", "models", "ops", "dtype_policies")
REFUSED = {"Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"}
REFUSED |= {"StringLookup", "IntegerLookup", "TextVectorization", "__lambda__"}
MARKERS = {
    "__tensor__",
    "__numpy__",
    "__bytes__",
    "__ellipsis__",
    "__slice__",
    "__keras_tensor__",
    "__tuple__",
}


class CannotBeHandedOver(ValueError):
    """A result that is no plain data, and that its judge would need."""


def packed(value, depth=0):
    """A value as lists and dicts of texts and numbers.

    Raises:
        CannotBeHandedOver: it is too large, too deep, or a model of layers that are not Keras's.

    Example:
        >>> packed((1, "two"))
        {'tuple': [1, 'two'], 'name': 'tuple'}
    """
    if depth > DEPTH:
        raise CannotBeHandedOver(f"it holds tuples in tuples, more than {DEPTH} deep")
    kind, name = type(value), type(value).__name__
    if kind is int and value.bit_length() > 4000:
        return {"thing": name, "has": []}
    if value is None or kind in (bool, int, float, str):
        return value if kind is not float or np.isfinite(value) else {"float": str(value)}
    if kind in (complex, bytes):
        return {"array": _array(np.asarray(value)), "name": name, "scalar": True}
    if isinstance(value, np.generic | np.ndarray) and value.dtype.kind in KINDS:
        scalar = isinstance(value, np.generic)
        return {"array": _array(np.asarray(value)), "name": name, "scalar": scalar}
    if isinstance(value, str):
        return str.__str__(value)
    for base, word in ((tuple, "tuple"), (list, "list"), (set, "set"), (frozenset, "set")):
        if isinstance(value, base):
            return {
                word: [packed(entry, depth + 1) for entry in base.__iter__(value)],
                "name": name,
            }
    if isinstance(value, dict):
        pairs = [[packed(part, depth + 1) for part in pair] for pair in dict.items(value)]
        return {"dict": pairs, "name": name}
    if _is_model(value):
        return _packed_model(value)
    if hasattr(value, "toarray"):
        return {"thing": name, "has": ["toarray"]}
    if not inspect.isroutine(value) and not isinstance(value, type):
        array = _as_array(value)
        if array is not None:
            return {"array": _array(array), "name": name, "scalar": False}
    if isinstance(value, type) and issubclass(value, np.generic | int | float | complex | str):
        return {"type": value.__name__}
    return {"thing": name, "has": ["__get__"] if inspect.isroutine(value) else []}


def _as_array(value):
    """The numbers of what offers itself as an array (a tensor, a table, a range), or None."""
    if not hasattr(value, "__array__") and not isinstance(value, range | memoryview | bytearray):
        return None
    try:
        array = np.asarray(value)
    except Exception:
        return None
    return array if array.dtype.kind in KINDS else None


def _array(array):
    if array.nbytes > SIZE:
        raise CannotBeHandedOver(f"it holds an array of more than {SIZE // 10**6} MB")
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def _is_model(value):
    keras = sys.modules.get("keras")
    known = keras is not None and isinstance(value, keras.Model)
    return known and (isinstance(value, keras.Sequential) or hasattr(value, "inputs"))


def _packed_model(model):
    import keras

    try:
        config = keras.saving.serialize_keras_object(model)
        compiled = model.get_compile_config() if model.compiled else None
        text = json.dumps({"config": config, "compiled": compiled})
    except Exception as error:
        raise CannotBeHandedOver(f"the model does not become a file: {error}") from error
    if model.compiled and not compiled:
        raise CannotBeHandedOver("the model is compiled with a function of its own")
    weights = [_array(np.asarray(weight)) for weight in model.get_weights()]
    if refused := next(_foreign(json.loads(text)), None):
        raise CannotBeHandedOver(f"the model holds {refused}, which is none of Keras's own layers")
    return {"model": text, "weights": weights}


def _foreign(config):
    """What stands in a model's configuration and is not Keras's own, or reads files or code."""
    if isinstance(config, list):
        for entry in config:
            yield from _foreign(entry)
    if not isinstance(config, dict):
        return
    if "class_name" in config and config["class_name"] not in MARKERS:
        name, module = str(config["class_name"]), str(config.get("module"))
        home = module.removeprefix("keras.").removeprefix("src.")
        known = home in MODULES or home.split(".")[0] in ("models", "ops") or module == "keras"
        known = known or (module == "builtins" and name == "function")
        if not known or name in REFUSED or (module == "keras" and name not in KERAS):
            yield f"`{name}`"
    for entry in config.values():
        yield from _foreign(entry)


KERAS = {"Sequential", "Functional", "Model", "DTypePolicy", "Variable", "KerasTensor"}


def unpacked(data, depth=0):
    """The value that `packed` has written, of classes that only have the names of those it had.

    Raises:
        CannotBeHandedOver: it is nothing that `packed` writes.

    Example:
        >>> unpacked(packed({"sides": (2, 3.5), "kind": None}))
        {'sides': (2, 3.5), 'kind': None}
    """
    if data is None or isinstance(data, bool | int | float | str):
        return data
    try:
        return _unpacked(data, depth)
    except CannotBeHandedOver:
        raise
    except Exception as error:
        raise CannotBeHandedOver(f"it is no plain data ({type(error).__name__})") from error


def _unpacked(data, depth):
    if depth > DEPTH:
        raise CannotBeHandedOver("it is too deep")
    name = str(data.get("name", ""))[:60]
    if "float" in data:
        return float(data["float"])
    if "array" in data:
        array = _read(data["array"])
        if data["scalar"]:
            return array.item() if name in ("complex", "bytes") else array[()]
        return array if name == "ndarray" else array.view(_named(name, np.ndarray))
    for word, base in (("tuple", tuple), ("list", list), ("set", set)):
        if word in data:
            entries = [unpacked(entry, depth + 1) for entry in data[word]]
            return base(entries) if name == base.__name__ else _named(name, base)(entries)
    if "dict" in data:
        pairs = {unpacked(k, depth + 1): unpacked(v, depth + 1) for k, v in data["dict"]}
        return pairs if name == "dict" else _named(name, dict)(pairs)
    if "model" in data:
        return _unpacked_model(data)
    if "type" in data:
        known = {"int": int, "float": float, "complex": complex, "str": str, "bool": bool}
        found = known.get(data["type"]) or getattr(np, data["type"])
        if isinstance(found, type) and issubclass(found, np.generic | int | float | complex | str):
            return found
        raise CannotBeHandedOver("it is no type of numbers")
    has = [each for each in data["has"] if each in ("toarray", "__get__")]
    return _named(str(data["thing"])[:60], object, **dict.fromkeys(has))()


def _named(name, base, **members):
    """A class that has the name of another, to be spoken of, and nothing else of it."""
    return type(name or "thing", (base,), members)


def _read(data):
    dtype = np.dtype(str(data["dtype"]))
    if dtype.kind not in KINDS or dtype.hasobject:
        raise CannotBeHandedOver("it is an array of something else than numbers and texts")
    raw = base64.b64decode(data["data"])
    return np.frombuffer(raw, dtype).reshape(data["shape"]).copy()


def _unpacked_model(data):
    import keras

    parts = json.loads(data["model"])
    if refused := next(_foreign(parts), None):
        raise CannotBeHandedOver(f"the model holds {refused}, which is none of Keras's own layers")
    model = keras.saving.deserialize_keras_object(parts["config"], safe_mode=True)
    if not isinstance(model, keras.Model):
        raise CannotBeHandedOver("it is no model")
    model.set_weights([_read(weight) for weight in data["weights"]])
    if parts["compiled"]:
        model.compile_from_config(parts["compiled"])
    return model
