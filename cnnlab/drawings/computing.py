"""A computation as a graph: numbers forward, gradients back."""

import ast
import math
from dataclasses import dataclass
from itertools import pairwise

import tensorflow as tf

from cnnlab.drawings.layout import layered
from cnnlab.drawings.sheet import LETTER, POINTS, arrow, minus, sheet, write

FUNCTIONS = {
    "max": tf.maximum,
    "min": tf.minimum,
    "relu": tf.nn.relu,
    "tanh": tf.tanh,
    "sigmoid": tf.sigmoid,
    "exp": tf.exp,
    "log": tf.math.log,
    "sqrt": tf.sqrt,
    "abs": tf.abs,
}
OPERATORS = {
    ast.Add: ("+", tf.add),
    ast.Sub: ("−", tf.subtract),
    ast.Mult: ("×", tf.multiply),
    ast.Div: ("/", tf.divide),
    ast.Pow: ("power", tf.pow),
}
LIMIT, DEEP = 40, 7  # nodes, and those after each other
STEP, HIGH = 92.0, 62.0  # points from operation to operation, and from one to the one below
FORWARD, BACK = "#00507c", "#9c3d00"  # both at least 6 on white
PLAIN = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}


@dataclass(frozen=True)
class Step:
    """One number of a computation.

    Attributes:
        name: of the number, unique.
        text: the operation, the variable or the constant.
        inputs: names of the numbers it is made of, in order.
        function: makes it of these, on tensors; None for what is given.
        value: the number.
    """

    name: str
    text: str
    inputs: tuple = ()
    function: object = None
    value: float = 0.0


def draw_graph(expression, **values):
    """A computation from left to right: its numbers forward, and its gradients back.

    Above each node its value; below it the gradient of the result by it, and on each arrow what
    comes back along it: the gradient that arrives times the local gradient. What comes back to one
    number on several arrows adds up.

    Args:
        expression: of numbers and names, with + - * / ** and max, min, relu, tanh, sigmoid, exp,
            log, sqrt, abs, such as "(w * x + b - y) ** 2".
        values: a finite number for each name.

    Returns:
        The figure.

    Raises:
        ValueError: what the expression may not hold, a name without a value or a value without a
            name, a result that is not finite, or more than 40 nodes, or 7 in a row.

    Example:
        >>> figure = draw_graph("a * b + max(a, b)", a=2, b=5)
        >>> [text.get_text() for text in figure.axes[0].texts][:6]
        ['a', '→ 2', '← 5', 'b', '→ 5', '← 3']
    """
    steps = computed(expression, values)
    gradients, returned = gradients_of(steps)
    layout = layered({step.name: step.inputs for step in steps.values()})
    ax = sheet((layout.width - 0.5) * HIGH + 40, (layout.layers - 1) * STEP + 76, cell=1 / POINTS)
    ends = {n: (20 + (x - 0.25) * HIGH, 38 + row * STEP) for n, (row, x) in layout.places.items()}
    for step in steps.values():
        top, left = ends[step.name]
        colour = "#e8e8e8" if step.function is None else "#ffffff"
        box = {"boxstyle": "round,pad=0.4", "edgecolor": "0.25", "facecolor": colour}
        write(ax, step.text, (top, left), 10, bbox=box)
        write(ax, minus(f"→ {step.value:.3g}"), (top - 21, left), 10, color=FORWARD, bbox=PLAIN)
        if step.name in gradients:
            text = f"← {gradients[step.name]:.3g}"
            write(ax, minus(text), (top + 21, left), 10, color=BACK, style="italic", bbox=PLAIN)
    for (name, reader), way in layout.ways.items():
        points = [(20 + (x - 0.25) * HIGH, 38 + row * STEP) for row, x in way]
        points[0] = _towards(points[0], points[1], _half(steps[name]))
        points[-1] = _towards(points[-1], points[-2], _half(steps[reader]))
        for one, other in pairwise(points[:-1]):
            arrow(ax, one, other, arrowstyle="-")
        arrow(ax, *points[-2:])
        if name in gradients:
            (top, left), (low, right) = points[:2]
            place = top + 0.4 * (low - top), left + 0.4 * (right - left)
            text = f"{returned[name, reader]:.3g}"
            write(ax, minus(text), place, 9, color=BACK, style="italic", bbox=PLAIN)
    return ax.figure


def computed(expression, values):
    """The steps of a computation, {name: `Step`}, each after those it is made of.

    Example:
        >>> [(step.text, step.value) for step in computed("2 * x + x", {"x": 3}).values()]
        [('2', 2.0), ('x', 3.0), ('×', 6.0), ('+', 9.0)]
    """
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, TypeError, ValueError) as error:
        raise _unknown(expression, expression) from error
    steps = {}

    def add(text, inputs=(), function=None, value=None):
        name = text if value is not None and not inputs else f"{text} {len(steps)}"
        if name in steps:
            return name
        if function is not None:
            value = float(function(*(tf.constant(steps[n].value, tf.float64) for n in inputs)))
        steps[name] = Step(name, text, tuple(inputs), function, float(value))
        return name

    def walk(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return add(f"{node.value:g}", value=node.value)
        if isinstance(node, ast.Name):
            if node.id not in values:
                raise ValueError(
                    f"`values` must have a number for each name: got none for {node.id!r}. "
                    f"Write draw_graph({expression!r}, {node.id}=...)."
                )
            return add(node.id, value=values[node.id])
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            text, function = OPERATORS[type(node.op)]
            return add(text, [walk(node.left), walk(node.right)], function)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return add("−1 ×", [walk(node.operand)], tf.negative)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            name, given = node.func.id, [walk(argument) for argument in node.args]
            if name in FUNCTIONS and len(given) == 1 + (name in ("max", "min")):
                return add(name, given, FUNCTIONS[name])
        raise _unknown(ast.unparse(node), expression)

    walk(tree)
    unused = [name for name in values if name not in steps]
    if unused:
        raise ValueError(
            f"`values` must be of names in the expression: got {', '.join(unused)}, which "
            f"{expression!r} has not. Leave them out."
        )
    deep = layered({step.name: step.inputs for step in steps.values()}).layers
    if (
        len(steps) > LIMIT
        or deep > DEEP
        or not all(math.isfinite(step.value) for step in steps.values())
    ):
        raise ValueError(
            f"`expression` must have at most {LIMIT} nodes, {DEEP} in a row, all finite: got "
            f"{len(steps)}, {deep} in a row, {[*steps.values()][-1].value:g} at the end. "
            "Shorten it, or give it other values."
        )
    return steps


def gradients_of(steps):
    """The gradient of the last step by each, and what comes back from each to its inputs.

    Each step sends what has arrived times its local gradient; constants are left out.

    Args:
        steps: what `computed` returned.

    Returns:
        {name: gradient} and {(name, reader): the part of it that comes from the reader}.
    """
    constant = {step.name for step in steps.values() if step.text[0].isdigit()}
    gradients, returned = dict.fromkeys(steps, 0.0), {}
    gradients[next(reversed(steps))] = 1.0
    for step in reversed(steps.values()):
        for name, local in zip(step.inputs, _local(step, steps), strict=True):
            share = gradients[step.name] * local
            returned[name, step.name] = returned.get((name, step.name), 0.0) + share
            gradients[name] += share
    return {n: g for n, g in gradients.items() if n not in constant}, returned


def _local(step, steps):
    """The derivatives of a step by its inputs, each on its own."""
    if step.function is None:
        return []
    given = [tf.Variable(steps[name].value, dtype=tf.float64) for name in step.inputs]
    with tf.GradientTape() as tape:
        result = step.function(*given)
    return [float(slope) for slope in tape.gradient(result, given)]


def _half(step):
    """Half the width of its box in points, and a little more."""
    return LETTER * 10 * len(step.text) / 2 + 7


def _towards(start, end, far):
    """The point so far from the start on the way to the end."""
    length = math.dist(start, end)
    return tuple(a + (b - a) * far / length for a, b in zip(start, end, strict=True))


def _unknown(part, expression):
    return ValueError(
        f"`expression` must be made of numbers, names, + - * / ** and {', '.join(FUNCTIONS)}: got "
        f"{part!r} in {expression!r}. Write it with these; max and min take two arguments."
    )
