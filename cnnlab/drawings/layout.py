"""Places for the nodes of a graph: in layers, each below all that it reads, few crossings.

The steps of Sugiyama, Tagawa & Toda (1981): layers by the longest way, what reads nothing close
above its first reader; an arrow over several
layers gets a point in each; in every layer the order of the means of the neighbours; then places
as near to these means as the widths allow.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12
ROOM = 0.3  # between neighbours, in widths of a node
NARROW = 0.25  # the width of an arrow that passes


@dataclass(frozen=True)
class Layout:
    """Where everything stands.

    Attributes:
        places: {node: (layer from 0, middle across)}, in widths of a node, the left edge at 0.
        ways: {(node, reader): the points of the arrow between them, with both ends}.
        width: of all, in widths of a node.
        layers: how many there are.
    """

    places: dict
    ways: dict
    width: float
    layers: int


def layered(inputs):
    """The `Layout` of a graph without circles.

    Args:
        inputs: {node: the nodes it reads}, each after those that it reads.

    Example:
        >>> made = layered({"image": [], "left": ["image"], "right": ["image"],
        ...     "sum": ["left", "right", "image"]})
        >>> made.layers, [made.places[node][0] for node in ("image", "left", "right", "sum")]
        (3, [0, 1, 1, 2])
        >>> len(made.ways["image", "sum"])
        3
    """
    layer = {}
    for node, read in inputs.items():
        layer[node] = 1 + max((layer[name] for name in read), default=-1)
    for node, read in inputs.items():
        if not read:  # it stands close above the first that reads it
            layer[node] = min((layer[n] for n in inputs if node in inputs[n]), default=1) - 1
    rows = [[] for _ in range(1 + max(layer.values(), default=0))]
    for node, number in layer.items():
        rows[number].append(node)
    above, below, ways = defaultdict(list), defaultdict(list), {}
    for node, read in inputs.items():
        for name in dict.fromkeys(read):
            way = [name]
            for number in range(layer[name] + 1, layer[node]):
                way.append((name, node, number))
                rows[number].append(way[-1])
            way.append(node)
            for one, other in pairwise(way):
                above[other].append(one)
                below[one].append(other)
            ways[name, node] = way
    met = _met([node for node in inputs if not below[node]], above)
    for row in rows:
        row.sort(key=met.get)
    wide = {point: 1.0 if point in layer else NARROW for row in rows for point in row}
    across = _ordered(rows, above, below)
    across = _spread(rows, above, below, wide, across)
    left = min(x - wide[point] / 2 for point, x in across.items())
    right = max(x + wide[point] / 2 for point, x in across.items())
    placed = {
        point: (number, round(across[point] - left, 6))
        for number, row in enumerate(rows)
        for point in row
    }
    return Layout(
        places={node: placed[node] for node in inputs},
        ways={ends: tuple(placed[point] for point in way) for ends, way in ways.items()},
        width=round(right - left, 6),
        layers=len(rows),
    )


def _met(ends, above):
    """In which order the points are met on the ways back from the ends."""
    met, waiting = {}, [*reversed(ends)]
    while waiting:
        point = waiting.pop()
        if point not in met:
            met[point] = len(met)
            waiting += reversed(above[point])
    return met


def _ordered(rows, above, below):
    """Sorts every row by the mean number of its neighbours, up and down; {point: number}."""
    number = {point: float(n) for row in rows for n, point in enumerate(row)}
    for sweep in range(SWEEPS):
        neighbours, order = (above, rows) if sweep % 2 == 0 else (below, rows[::-1])
        for row in order:
            mean = {p: _mean([number[q] for q in neighbours[p]], number[p]) for p in row}
            row.sort(key=mean.get)
            number.update({point: float(n) for n, point in enumerate(row)})
    return number


def _spread(rows, above, below, wide, across):
    """Places across that are near to the neighbours', in the order of the rows."""
    for sweep in range(2 * SWEEPS):
        order = rows if sweep % 2 == 0 else rows[::-1]
        neighbours = (above, below)[sweep % 2]
        for row in order:
            wanted = [_mean([across[q] for q in neighbours[p]], across[p]) for p in row]
            across.update(zip(row, _apart(wanted, [wide[p] for p in row]), strict=True))
    return across


def _apart(wanted, widths):
    """The places nearest to the wanted ones, in squares, at which nothing overlaps."""
    shifts = [0.0]
    for one, other in pairwise(widths):
        shifts.append(shifts[-1] + (one + other) / 2 + ROOM)
    groups = []  # of neighbours that touch: the sum of what they want, and how many they are
    for place, shift in zip(wanted, shifts, strict=False):
        groups.append((place - shift, 1))
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            (one, n), (other, m) = groups[-2:]
            groups[-2:] = [(one + other, n + m)]
    free = [total / count for total, count in groups for _ in range(count)]
    return [place + shift for place, shift in zip(free, shifts, strict=False)]


def _mean(values, otherwise):
    return sum(values) / len(values) if values else otherwise
