"""The arguments of cases as JSON: numbers, texts, arrays, and tuples, lists and dicts of them.

A function among them is told by its name; its code stands beside the data.
"""

import base64
import types
import zlib

import numpy as np

PLAIN = (bool, int, float, str)


def functions_in(value):
    """The functions in a value, in their order."""
    if isinstance(value, types.FunctionType):
        return [value]
    if isinstance(value, dict):
        value = [*value.values()]
    return [f for v in value for f in functions_in(v)] if type(value) in (tuple, list) else []


def encoded(value, names=None):
    """A value as data that JSON can hold.

    Args:
        value: plain data, and functions that have names.
        names: {function: its name}.

    Raises:
        ValueError: it is something else, such as a model.

    Example:
        >>> decoded(encoded((2, [0.5, "same"], {"axis": None})))
        (2, [0.5, 'same'], {'axis': None})
    """
    if value is None or type(value) in PLAIN:
        return value
    if type(value) in (tuple, list):
        return {type(value).__name__: [encoded(entry, names) for entry in value]}
    if type(value) is dict:
        return {"dict": [[encoded(key), encoded(v, names)] for key, v in value.items()]}
    if isinstance(value, types.FunctionType) and names and value in names:
        return {"function": names[value]}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufcUS":
        array = np.asarray(value)
        content = zlib.compress(np.ascontiguousarray(array).tobytes(), 9)
        return {
            "array" if isinstance(value, np.ndarray) else "scalar": base64.b64encode(
                content
            ).decode(),
            "dtype": array.dtype.str,
            "shape": [*array.shape],
        }
    raise ValueError(
        f"a case must hold numbers, texts, arrays, or tuples, lists and dicts of these to be "
        f"sealed: got a {type(value).__name__}. Make such cases in a function of your file: "
        "`cases=make_cases`."
    )


def decoded(data, functions=None):
    """The value behind what `encoded` makes; functions are found by their names."""
    if not isinstance(data, dict):
        return data
    match next(iter(data.items())):
        case "tuple", entries:
            return tuple(decoded(entry, functions) for entry in entries)
        case "list", entries:
            return [decoded(entry, functions) for entry in entries]
        case "dict", pairs:
            return {decoded(key): decoded(entry, functions) for key, entry in pairs}
        case "function", name:
            return functions[name]
        case kind, content:
            raw = zlib.decompress(base64.b64decode(content))
            array = np.frombuffer(raw, data["dtype"]).reshape(data["shape"]).copy()
            return array if kind == "array" else array[()]
