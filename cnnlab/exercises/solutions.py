"""A solution as text: printed by `solution`, and filled into the lessons."""

import dis
import inspect
import textwrap
import types

import numpy as np


def written(answer):
    """A solution as the student would write it, with what it needs of its file.

    These are the functions that it calls, and the numbers and functions around it where it was made
    inside another function, as in a file with variants.
    """
    if isinstance(answer, types.FunctionType):
        called = [i.argval for i in dis.get_instructions(answer) if i.opname == "LOAD_GLOBAL"]
        found = [answer.__globals__.get(name) for name in dict.fromkeys(called)]
        functions = [f for f in found if isinstance(f, types.FunctionType) and f is not answer]
        helpers = [f for f in functions if f.__module__ == answer.__module__]
        sources = [inspect.getsource(each) for each in [*helpers, answer]]
        texts = [*_around(answer, {answer.__name__}), *sources]
        return "\n\n\n".join(textwrap.dedent(text).rstrip() for text in texts)
    if isinstance(answer, np.ndarray):
        return f"np.array({answer.tolist()})"
    return repr(answer)


def _around(function, known):
    """The text of each name around a function that it reads, and of what these read in turn."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in cells:
        if name in known:
            continue
        known.add(name)
        value = cell.cell_contents
        if isinstance(value, types.FunctionType):
            yield from _around(value, known)
            yield inspect.getsource(value)
        else:
            yield f"{name} = {written(value)}"
