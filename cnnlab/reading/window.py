"""What the cells of a map see along one axis below: where it begins and ends for each cell."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

EVERYTHING = "every cell sees the whole map below"
ONE_CELL = "no positions are left: one cell sees the whole map below"


@dataclass(frozen=True)
class Window:
    """What cells see along one axis: cell i sees the cells ``starts[i] ... stops[i] - 1`` below.

    The next cell sees the same, shifted by `step`. Behind up-sampling only every n-th cell does;
    then n = len(starts) cells are listed. Where no shift repeats, every cell of the map is::

        conv 3, stride 2, padding 1    starts (-1,)       stops (2,)          step 2
        up-sampling by 2               starts (0, 0)      stops (1, 1)        step 1
        4 cells rolled by 1            starts (3, 0, 1, 2)  stops (4, 1, 2, 3)  step None

    Attributes:
        starts: first cell seen by each of n cells.
        stops: first cell behind those that each of n cells sees.
        step: shift from cell i to cell i + n; None where all cells of the map are listed.
        open_paddings: names of paddings whose size is unknown; starts and stops count from there.
    """

    starts: tuple
    stops: tuple
    step: int | None
    open_paddings: frozenset = frozenset()

    def start(self, cell):
        """The first cell that `cell` sees."""
        index, shift = self._listed(cell)
        return self.starts[index] + shift

    def stop(self, cell):
        """The first cell behind those that `cell` sees."""
        index, shift = self._listed(cell)
        return self.stops[index] + shift

    def _listed(self, cell):
        """Which listed cell sees the same, but for a shift.

        Outside a map whose cells are all listed nothing is seen, so the nearest adds nothing.
        """
        count = len(self.starts)
        if self.step is None:
            return min(max(cell, 0), count - 1), 0
        turn, index = divmod(cell, count)
        return index, turn * self.step

    @property
    def size(self):
        """The number of cells seen, the largest where it alternates."""
        return max(stop - start for start, stop in zip(self.starts, self.stops, strict=True))

    @property
    def stride(self):
        """The shift from one cell to the next, an int or (behind up-sampling) a float.

        Negative where the cells run backwards, None where no shift repeats.
        """
        if self.step is None:
            return None
        stride = Fraction(self.step, len(self.starts))
        return int(stride) if stride.denominator == 1 else float(stride)

    @property
    def padding(self):
        """The cells that cell 0 sees before the first; None where unknown, or no shift repeats."""
        return None if self.open_paddings or self.step is None else -self.starts[0]

    @property
    def middle(self):
        """The middle of what cell 0 sees, if all middles lay `stride` apart.

        So they do but for up-sampling, where neighbours may see the same and yet lie side by side.
        """
        ends = enumerate(zip(self.starts, self.stops, strict=True))
        middles = [(start + stop - 1) / 2 - cell * self.stride for cell, (start, stop) in ends]
        return sum(middles) / len(middles)

    def onto(self, below, cells=None):
        """What these cells see of the input, when the cells they see look through `below`.

        Args:
            below: a `Window`.
            cells: how many these are, where `below` lists every cell of its map.

        Example:
            >>> pool = Window((0,), (2,), 2)
            >>> conv = Window((-1,), (2,), 1)
            >>> conv.onto(pool)
            Window(starts=(-2,), stops=(4,), step=2, open_paddings=frozenset())
        """
        if self.step is None or below.step is None:
            count, step = len(self.starts) if self.step is None else cells, None
        else:
            turns = len(below.starts) // math.gcd(len(below.starts), self.step)
            count = len(self.starts) * turns
            step = below.step * (self.step * turns // len(below.starts))
        seen = [below.hull(self.start(cell), self.stop(cell)) for cell in range(count)]
        return Window(
            starts=tuple(start for start, _ in seen),
            stops=tuple(stop for _, stop in seen),
            step=step,
            open_paddings=below.open_paddings | self.open_paddings,
        )

    def widened(self, before, after):
        """The window with so many cells more before the first and after the last.

        Example:
            >>> Window((0,), (3,), 2).widened(1, 2).starts
            (-1,)
        """
        return replace(
            self,
            starts=tuple(start - before for start in self.starts),
            stops=tuple(stop + after for stop in self.stops),
        )

    def hull(self, first, behind):
        """From the first to behind the last of what the cells ``first ... behind - 1`` see.

        Example:
            >>> Window((3, 0, 1, 2), (4, 1, 2, 3), None).hull(1, 3)
            (0, 2)
        """
        cells = (first, behind - 1) if self.step is not None else range(first, behind)
        return min(map(self.start, cells)), max(map(self.stop, cells))


PIXEL = Window((0,), (1,), 1)


def union(windows, count=None):
    """What cells see that see through every one of several windows, or None if that is open.

    Args:
        windows: a list of `Window`, onto the same input.
        count: the number of cells, None where open. Needed where the strides differ.

    Returns:
        (window, aligned): aligned tells whether strides and middles agree, and is None where
        that depends on an open size.

    Example:
        >>> union([Window((-1,), (2,), 2), Window((0,), (1,), 2)])
        (Window(starts=(-1,), stops=(2,), step=2, open_paddings=frozenset()), True)
    """
    first = windows[0]
    if all(window == first for window in windows):
        return first, True
    strides = {window.stride for window in windows}
    if len({window.open_paddings for window in windows}) > 1:
        return None, None if len(strides) == 1 else False
    listed = len(strides) > 1 or None in strides
    if listed and count is None:
        return None, False
    cells = range(count if listed else math.lcm(*(len(window.starts) for window in windows)))
    whole = Window(
        starts=tuple(min(window.start(cell) for window in windows) for cell in cells),
        stops=tuple(max(window.stop(cell) for window in windows) for cell in cells),
        step=None if listed else first.start(len(cells)) - first.start(0),
        open_paddings=first.open_paddings,
    )
    middles = {sum(window.start(i) + window.stop(i) for i in cells) for window in windows}
    return whole, len(strides) == 1 and len(middles) == 1
