"""What a model's answers depend on besides its weights, and whether that is still as it was.

Compiled functions read the weights anew each time they run, and keep all else as it was when they
were made: numbers, functions, arrays, what a function of the user's own reads.
"""

import dis
import sys
import weakref
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice, zip_longest
from operator import itemgetter
from pathlib import Path
from types import (
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    NoneType,
    SimpleNamespace,
)

import numpy as np

from cnnlab.reading import private_names

LARGE = 1 << 20  # bytes of an array, of which more would take too long to read
LONG = 1000  # entries of a list or dict, of which about so many are read if there are more
_PLAIN = (NoneType, bool, int, float, complex, str, bytes, np.generic)
_CONTAINERS = (dict, list, tuple, set, frozenset, deque)
_DESCRIPTORS = (GetSetDescriptorType, MemberDescriptorType)  # of a class, which has it
_INSIDE = {  # what else may change in place, by what it is made of
    partial: ("func", "args", "keywords"),
    MethodType: ("__func__", "__self__"),
    FunctionType: ("__code__", "__defaults__", "__kwdefaults__", "__closure__", "__dict__"),
    CellType: ("cell_contents",),
    staticmethod: ("__wrapped__",),
    classmethod: ("__wrapped__",),
    property: ("fget",),
    SimpleNamespace: ("__dict__",),
}


@dataclass(frozen=True, eq=False)
class State:
    """What was set on the layers of a model when it was looked at.

    Nothing is held that may lead back to the model, or it would never be freed. Where something is
    freed that was held weakly, another may come to lie where it lay: then all is looked at anew.

    Attributes:
        pickers: of each layer the number of its attributes, the last one's name, and what picks
            those that matter.
        places: where each layer and each of its attributes lies.
        opened: {number of the layer: numbers of its attributes that may change in place}.
        marks: of what those are made of.
        kept: plain values, and weak references to all others.
        gone: those of the weak references that have lost what they led to.
    """

    pickers: list
    places: list
    opened: dict
    marks: list
    kept: list = field(repr=False)
    gone: list


def look(model):
    """The `State` of a model, now.

    Example:
        >>> class Layer:
        ...     scales = None
        >>> model = Layer()
        >>> model.scales = [1.0, 2.0]
        >>> state = look(model)
        >>> unchanged(state, model)
        True
        >>> model.scales[0] = 3.0
        >>> unchanged(state, model)
        False
    """
    layers = _layers(model)
    opened = {number: _changeable(layer) for number, layer in enumerate(layers)}
    opened = {
        number: found for number, found in opened.items() if found or _is_own(type(layers[number]))
    }
    leaves = list(_leaves(layers, opened))
    kept, gone = [], []
    for value in [*layers, *(value for layer in layers for value in _values(layer)), *leaves]:
        try:
            kept.append(value if _is_plain(value) else weakref.ref(value, gone.append))
        except TypeError:
            if not _opens(value):
                kept.append(value)
    names = [tuple(_attributes(layer)) for layer in layers]
    pickers = [(len(found), found[-1] if found else None, _picker(found)) for found in names]
    return State(pickers, _places(layers, pickers), opened, [*map(_mark, leaves)], kept, gone)


def unchanged(state, model):
    """Whether a model is as it was when it was looked at."""
    layers = _layers(model)
    return (
        not state.gone
        and state.places == _places(layers, state.pickers)
        and (not state.opened or state.marks == [*map(_mark, _leaves(layers, state.opened))])
    )


def _layers(model):
    """A model and the layers inside it, at any depth."""
    found = [model]
    for layer in found:
        if inside := private_names.sublayers(layer):
            found += inside
    return found


def _places(layers, pickers):
    """Where layers and those of their attributes lie that matter.

    Which those are is looked up anew only where attributes came or went: it takes longer than all
    else, and this is asked before every answer.
    """
    found = [*map(id, layers)]
    for layer, (count, last, pick) in zip(layers, pickers, strict=False):
        attributes = _attributes(layer)
        if len(attributes) != count or next(reversed(attributes), None) != last:
            pick = _picker(tuple(attributes))
        found += map(id, pick(attributes))
    return found


def _attributes(layer):
    return getattr(layer, "__dict__", {})


def _values(layer):
    """What an answer may depend on of a layer's attributes."""
    attributes = _attributes(layer)
    return _picker(tuple(attributes))(attributes)


@lru_cache(1000)
def _picker(names):
    """A function that picks those of a layer's attributes that matter."""
    wanted = [name for name in names if name != "call" and _matters(name)]
    if "call" in names:
        return lambda attributes: (*map(attributes.get, wanted), _call(attributes["call"]))
    if len(wanted) > 1:
        return itemgetter(*wanted)  # the fastest there is
    return lambda attributes: tuple(attributes[name] for name in wanted)


def _call(call):
    """A layer's own `call`, or what it stands for: the ear of another thread is no change."""
    return getattr(call, "in_place_of", call)


def _matters(name):
    return name not in private_names.BOOKKEEPING and name[:6] != "_self_"


def _changeable(layer):
    """The numbers of a layer's attributes that may change in place.

    What Keras's own layers keep for themselves, they make anew where something changes.
    """
    names = [name for name in getattr(layer, "__dict__", ()) if name != "call" and _matters(name)]
    pairs = enumerate(zip_longest(names, _values(layer), fillvalue="call"))
    own = _is_own(type(layer))
    return [at for at, (name, value) in pairs if _opens(value) and (own or name[0] != "_")]


def _leaves(layers, opened):
    """What the attributes that may change in place are made of, and the user's own classes."""
    seen = {*map(id, layers)}
    for number, attributes in opened.items():
        values = _values(layers[number])
        yield from _open(type(layers[number]), seen)
        for at in attributes:
            yield from _open(values[at], seen)


def _open(value, seen):
    """The parts of a value, down to those that do not change in place."""
    if not _opens(value):
        yield value
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape}"
        yield value.tobytes()
        return
    if isinstance(value, _CONTAINERS):
        yield len(value)
        parts = islice(value, 0, None, 1 + len(value) // LONG)
        if isinstance(value, dict):
            parts = [part for key in parts for part in (key, value[key])]
    elif isinstance(value, type):
        yield value
        members = (part for cls in value.__mro__ if _is_own(cls) for part in [*vars(cls).values()])
        parts = [part for part in members if not isinstance(part, _DESCRIPTORS)]
    else:
        if type(value) not in (MethodType, CellType):
            yield value
        parts = _parts(value)
    for part in parts:
        yield from _open(part, seen)


def _parts(value):
    """What an object or a function is made of."""
    if type(value) in _INSIDE:
        parts = [getattr(value, name) for name in _INSIDE[type(value)] if _is_filled(value)]
        if type(value) is FunctionType:
            names = _globals_read(value.__code__)
            parts += [value.__globals__[name] for name in names if name in value.__globals__]
        return parts
    if private_names.is_layer(value):
        return [type(value), *_values(value)]
    return [type(value), object.__getstate__(value)]


def _is_filled(value):
    try:
        return type(value) is not CellType or value.cell_contents is not None
    except ValueError:  # a function that was not defined in the end
        return False


@lru_cache(1000)
def _globals_read(code):
    """The names of globals that a function, and those written inside it, read."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    inner = [_globals_read(part) for part in code.co_consts if isinstance(part, CodeType)]
    return sorted(names.union(*inner))


def _opens(value):
    """Whether a value may change in place, and is looked into."""
    kind = type(value)
    if _is_plain(value):
        return False
    if isinstance(value, np.ndarray):
        return value.nbytes <= LARGE and value.dtype != object
    if isinstance(value, type | FunctionType):
        return _is_own(value)
    return (
        isinstance(value, _CONTAINERS)
        or kind in _INSIDE
        or _is_own(kind)
        or private_names.is_layer(value)
    )


def _is_plain(value):
    return isinstance(value, _PLAIN) or (type(value) is tuple and all(map(_is_plain, value)))


def _is_own(thing):
    """Whether a class or function is the user's, not that of an installed library."""
    return _is_of_the_user((getattr(thing, "__module__", None) or "builtins").split(".")[0])


@lru_cache(1000)
def _is_of_the_user(package):
    if package in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(package), "__file__", None)
    return file is None or not {"site-packages", "dist-packages"} & {*Path(file).parts}


def _mark(value):
    """What tells a value from another: what it says, or where it lies."""
    return (type(value), value) if _is_plain(value) else id(value)
