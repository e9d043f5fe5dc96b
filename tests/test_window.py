"""Windows along one axis: repeated, listed, on top of each other, and their union."""

import numpy as np
import pytest

from cnnlab.reading.window import Window, union


def test_the_padding_is_what_the_first_cell_sees_before_the_map():
    assert Window((-1,), (4,), 2).padding == 1
    assert Window((-1,), (4,), 2, frozenset({"conv"})).padding is None


def test_the_middles_lie_on_a_line():
    assert Window((-1,), (4,), 2).middle == 1
    assert Window((0, 0), (1, 1), 1).middle == -0.25  # two cells in one: -1/4 and 1/4
    assert Window((0, 2), (1, 3), 3).middle == 0.25  # 3 cells in 2: 1/4 and 7/4


def test_a_window_repeats_after_its_cells():
    window = Window(starts=(0, 0, 1), stops=(1, 2, 2), step=2)
    assert [window.start(cell) for cell in range(7)] == [0, 0, 1, 2, 2, 3, 4]
    assert [window.stop(cell) for cell in range(-3, 3)] == [-1, 0, 0, 1, 2, 2]
    assert (window.size, window.stride, window.padding) == (2, pytest.approx(2 / 3), 0)


def test_windows_put_on_top_of_each_other_are_the_window_of_the_stack():
    def sight(window, cells):
        return {below for cell in cells for below in range(window.start(cell), window.stop(cell))}

    rng = np.random.default_rng(0)
    for _ in range(50):
        windows = []
        for _ in range(2):
            starts = np.cumsum(rng.integers(0, 3, size=rng.integers(1, 5)))
            stops = np.maximum.accumulate(starts + rng.integers(1, 5, size=starts.size))
            step = max(int(np.ptp(starts)), int(np.ptp(stops))) + int(rng.integers(1, 3))
            windows.append(Window(tuple(map(int, starts)), tuple(map(int, stops)), step))
        upper, lower = windows
        stack = upper.onto(lower)
        for cell in range(12):
            seen = sight(lower, sight(upper, [cell]))
            assert (stack.start(cell), stack.stop(cell)) == (min(seen), max(seen) + 1)


def test_a_list_of_all_cells_ends_at_the_edges_of_the_map():
    rolled = Window((3, 0, 1, 2), (4, 1, 2, 3), None)
    assert [rolled.start(cell) for cell in range(-2, 6)] == [3, 3, 3, 0, 1, 2, 2, 2]
    assert [rolled.stop(cell) for cell in range(-2, 6)] == [4, 4, 4, 1, 2, 3, 3, 3]
    assert (rolled.size, rolled.stride, rolled.padding) == (1, None, None)


def test_on_top_of_a_list_of_all_cells_all_are_listed():
    rolled = Window((3, 0, 1, 2), (4, 1, 2, 3), None)
    conv = Window((-1,), (2,), 1)
    assert conv.onto(rolled, 4) == Window((0, 0, 0, 1), (4, 4, 3, 3), None)
    assert Window((0,), (2,), 2).onto(rolled, 2) == Window((0, 1), (4, 3), None)
    assert rolled.onto(Window((-1,), (2,), 2)) == Window((5, -1, 1, 3), (8, 2, 4, 6), None)


def test_on_top_of_cells_that_run_backwards():
    flip = Window((9,), (10,), -1)
    conv = Window((0,), (3,), 2)
    assert conv.onto(flip) == Window((7,), (10,), -2)
    assert flip.onto(flip) == Window((0,), (1,), 1)
    assert (flip.stride, flip.padding) == (-1, -9)


def seen_by_all(windows, cell):
    return min(w.start(cell) for w in windows), max(w.stop(cell) for w in windows)


def test_the_union_holds_what_each_window_sees_cell_by_cell():
    rng = np.random.default_rng(0)
    aligned = 0
    for _ in range(60):
        windows = []
        for _ in range(2):
            start, size, stride = (int(rng.integers(low, 4)) for low in (-3, 1, 1))
            windows.append(Window((start,), (start + size,), stride))
        found, fits = union(windows, count=5)
        for cell in range(5):
            assert (found.start(cell), found.stop(cell)) == seen_by_all(windows, cell)
        one, other = windows
        middles = one.starts[0] + one.stops[0] == other.starts[0] + other.stops[0]
        assert fits == (one.stride == other.stride and middles)
        aligned += fits
    assert 0 < aligned < 60


def test_the_union_of_other_strides_needs_the_number_of_cells():
    windows = [Window((0,), (1,), 1), Window((0,), (1,), 2)]
    assert union(windows) == (None, False)
    assert union(windows, 3) == (Window((0, 1, 2), (1, 3, 5), None), False)


def test_windows_behind_other_open_paddings_have_no_union():
    windows = [Window((0,), (1,), 2, frozenset({name})) for name in "ab"]
    assert union(windows, 3) == (None, None)
    assert union([windows[0], Window((0,), (1,), 1)], 3) == (None, False)
    assert union([windows[0]] * 2, 3) == (windows[0], True)
