"""The code of an instructor's file that a student's file needs too: views, and makers of cases.

A function is taken as it stands in the file, with the functions and the data of the file that it
uses. Solutions, alternatives and known mistakes are refused, for they are answers.
"""

import ast
import dis
import importlib
import inspect
import textwrap
import types
from pathlib import Path

import numpy as np

from cnnlab.exercises.differences import difference

PLAIN = (bool, int, float, complex, str, bytes, type(None))
ENOUGH = 1_000_000  # characters of data


class Telling(ValueError):
    """Code that holds an answer."""


class OpenCode:
    """What has been collected of one file, in the order in which it must stand."""

    def __init__(self, module, answers):
        """Begins with nothing.

        Args:
            module: as `exercise_files.loaded` gives it.
            answers: functions and values that must not be taken, nor what equals them.
        """
        self.module, self.answers = module, answers
        self.text = Path(module.__file__).read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)
        self.parts = {}  # name: text
        self.functions = {}  # name: function

    def copied(self, empty=False):
        """Another one that begins with what this one has, or with nothing."""
        other = OpenCode(self.module, self.answers)
        if not empty:
            other.parts, other.functions = dict(self.parts), dict(self.functions)
        return other

    def add(self, function, role):
        """Takes a function, and returns the name that it has in the student's file.

        Args:
            function: of the file, or of a library.
            role: what it is, for an error: "the view of H1.4".

        Raises:
            Telling: it is an answer or uses one.
            ValueError: it cannot be found in the file, or uses what cannot be written down.
        """
        name = getattr(function, "__name__", "")
        if name == "<lambda>":
            name = f"lambda_{len(self.functions)}"
            node = self._lambda(function, role)
            self._with_what_it_uses(function, node, role)
            self._keep(name, f"{name} = {ast.get_source_segment(self.text, node)}", role)
            self.functions[name] = function
            return name
        self._take(name, function, role)
        return name

    def written(self):
        """The collected code: imports, data, functions."""
        ranks = {"import": 0, "from": 0, "def": 2, "@": 2, "class": 2, "lambda_": 2}

        def rank(text):
            return next((n for start, n in ranks.items() if text.startswith(start)), 1)

        blocks = [[t for t in self.parts.values() if rank(t) == n] for n in range(3)]
        glue = ["\n", "\n", "\n\n\n"]
        blocks[0].sort()
        return "\n\n\n".join(g.join(b) for g, b in zip(glue, blocks, strict=True) if b)

    def _keep(self, name, text, role):
        if self.parts.setdefault(name, text) != text:
            raise ValueError(
                f"{role} must use names that mean one thing in the whole file: got two meanings of "
                f"{name!r}. Rename one of them."
            )

    def _take(self, name, value, role):
        """Takes what a name means, and what that uses in turn."""
        if any(_same(value, answer) for answer in self.answers):
            raise Telling(f"{role} uses {name}, an answer")
        if isinstance(value, types.ModuleType):
            short = value.__name__ == name
            self._keep(name, f"import {value.__name__}{'' if short else f' as {name}'}", role)
        elif getattr(value, "__module__", None) not in (None, self.module.__name__):
            self._from_library(name, value, role)
        elif isinstance(inspect.unwrap(value), types.FunctionType):
            self._function(name, inspect.unwrap(value), role)
        else:
            self._keep(name, f"{name} = {self._data(name, value, role)}", role)

    def _from_library(self, name, value, role):
        home, own = value.__module__, getattr(value, "__name__", "")
        try:
            found = getattr(importlib.import_module(home), own, None)
        except ImportError:
            found = None
        if found is not value:
            raise ValueError(
                f"{role} must use functions, modules and plain data: got {name!r}, a "
                f"{type(value).__name__}. Make it inside the function."
            )
        self._keep(name, f"from {home} import {own}{'' if own == name else f' as {name}'}", role)

    def _function(self, name, function, role):
        if self.functions.get(name) is function:
            return
        line = function.__code__.co_firstlineno
        nodes = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef)
            and node.name == function.__name__
            and min([node.lineno, *(d.lineno for d in node.decorator_list)]) == line
        ]
        if len(nodes) != 1 or function.__name__ != name:
            raise ValueError(
                f"{role} must use functions that stand in the file with `def`, under their own "
                f"names: got {name!r}. Write it so."
            )
        self.functions[name] = function
        lines = "\n".join(self.text.splitlines()[line - 1 : nodes[0].end_lineno])
        self._with_what_it_uses(function, nodes[0], role)
        self._keep(name, textwrap.dedent(lines), role)

    def _lambda(self, function, role):
        line = function.__code__.co_firstlineno
        nodes = [n for n in ast.walk(self.tree) if isinstance(n, ast.Lambda) and n.lineno == line]
        if len(nodes) != 1:
            raise ValueError(
                f"{role} must be found in the file: got {len(nodes)} lambdas in line {line}. "
                "Write it as a function, with `def`."
            )
        return nodes[0]

    def _with_what_it_uses(self, function, node, role):
        """Takes the globals of the file, and the names around a function, that it reads."""
        around = uses(function)
        outside = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        for expression in [*outside, *getattr(node, "decorator_list", [])]:
            for each in ast.walk(expression):
                if isinstance(each, ast.Name) and each.id in function.__globals__:
                    around[each.id] = function.__globals__[each.id]
        for name, value in around.items():
            if value is not function:
                self._take(name, value, role)

    def _data(self, name, value, role):
        """Plain data as an expression."""
        text = _expression(value)
        if text is None or len(text) > ENOUGH:
            raise ValueError(
                f"{role} must use functions, modules and plain data: got {name!r}, a "
                f"{type(value).__name__}. Make it inside the function, from a seed of its own."
            )
        if "np.array" in text:
            self._keep("np", "import numpy as np", role)
        return text


def made(code, name):
    """The function of that name in a text.

    Example:
        >>> made("double = lambda x: 2 * x", "double")(3)
        6
    """
    space = {"__name__": "open_code"}
    exec(code, space)
    return space[name]


def uses(function):
    """{name: value} of the globals of its file that a function reads, and of the names around it.

    Example:
        >>> sorted(uses(uses))
        ['_globals_of']
    """
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    around = {name: cell.cell_contents for name, cell in cells}
    names, known = _globals_of(function.__code__), function.__globals__
    return {name: known[name] for name in names if name in known} | around


def reached(function):
    """A function, and those of its file that it uses, or that these use in turn."""
    found, todo = [], [function]
    while todo:
        each = inspect.unwrap(todo.pop())
        if isinstance(each, types.FunctionType) and each.__module__ == function.__module__:
            todo += [] if each in found else uses(each).values()
            found += [] if each in found else [each]
    return found


def _globals_of(code):
    """The global names that a function reads, and the functions inside it."""
    found = [i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"]
    inner = [constant for constant in code.co_consts if hasattr(constant, "co_consts")]
    return [*dict.fromkeys([*found, *(name for each in inner for name in _globals_of(each))])]


def _same(value, answer):
    if value is answer:
        return True
    plain = not callable(value) and not callable(answer)
    return plain and _expression(value) is not None and difference(value, answer) is None


def _expression(value):
    """Plain data as the code that makes it, None if it is none.

    Example:
        >>> _expression((1, [0.5], {"a": np.array([[1, 2]])}))
        "(1, [0.5], {'a': np.array([[1, 2]], dtype='int64')})"
    """
    if type(value) in PLAIN:
        return repr(value) if value == value and value not in (np.inf, -np.inf) else None
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        if not np.isfinite(value).all():
            return None
        wrapped = f"np.array({value.tolist()}, dtype={str(value.dtype)!r})"
        empty = f"np.zeros({value.shape}, dtype={str(value.dtype)!r})"
        wrapped = wrapped if value.size else empty
        return wrapped if isinstance(value, np.ndarray) else f"{wrapped}[()]"
    if type(value) in (tuple, list, set, frozenset, dict):
        if type(value) is dict:
            pairs = [(_expression(key), _expression(entry)) for key, entry in value.items()]
            entries = [f"{key}: {entry}" if key and entry else None for key, entry in pairs]
        else:
            entries = [_expression(entry) for entry in value]
        if None in entries:
            return None
        inside = ", ".join(entries)
        match value:
            case tuple():
                return f"({inside}{',' * (len(value) == 1)})"
            case list():
                return f"[{inside}]"
            case dict():
                return f"{{{inside}}}"
        return f"{type(value).__name__}([{inside}])"
    return None
