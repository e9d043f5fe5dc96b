"""A solution as text: printed by `solution`, and filled into the lessons."""

import dis
import inspect
import textwrap
import types

import numpy as np


def written(answer):
    """A solution as the student would write it, with the functions of its file that it calls."""
    if isinstance(answer, types.FunctionType):
        called = [i.argval for i in dis.get_instructions(answer) if i.opname == "LOAD_GLOBAL"]
        found = [answer.__globals__.get(name) for name in dict.fromkeys(called)]
        functions = [f for f in found if isinstance(f, types.FunctionType) and f is not answer]
        helpers = [f for f in functions if f.__module__ == answer.__module__]
        sources = [inspect.getsource(each) for each in [*helpers, answer]]
        return "\n\n\n".join(textwrap.dedent(source).rstrip() for source in sources)
    if isinstance(answer, np.ndarray):
        return f"np.array({answer.tolist()})"
    return repr(answer)
