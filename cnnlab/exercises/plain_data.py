"""The arguments of cases as JSON: numbers, texts, arrays, and tuples, lists and dicts of them."""

import base64
import zlib

import numpy as np

PLAIN = (bool, int, float, str)


def encoded(value):
    """A value as data that JSON can hold.

    Raises:
        ValueError: it is no plain data, such as a function or a model.

    Example:
        >>> decoded(encoded((2, [0.5, "same"], {"axis": None})))
        (2, [0.5, 'same'], {'axis': None})
    """
    if value is None or type(value) in PLAIN:
        return value
    if type(value) in (tuple, list):
        return {type(value).__name__: [encoded(entry) for entry in value]}
    if type(value) is dict:
        return {"dict": [[encoded(key), encoded(entry)] for key, entry in value.items()]}
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


def decoded(data):
    """The value behind what `encoded` makes."""
    if not isinstance(data, dict):
        return data
    match next(iter(data.items())):
        case "tuple", entries:
            return tuple(map(decoded, entries))
        case "list", entries:
            return [*map(decoded, entries)]
        case "dict", pairs:
            return {decoded(key): decoded(entry) for key, entry in pairs}
        case kind, content:
            raw = zlib.decompress(base64.b64decode(content))
            array = np.frombuffer(raw, data["dtype"]).reshape(data["shape"]).copy()
            return array if kind == "array" else array[()]
