"""NumPy's threads do not stay awake where a network computes next."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from cnnlab.arrays.blur import blurred
from cnnlab.arrays.threads import one_thread
from cnnlab.placing.alignment import spread


def threads():
    """How many threads each library for matrix products may use."""
    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    return [each["num_threads"] for each in libraries]


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, "blas"):
        if 2 not in threads():
            pytest.skip("NumPy's library for matrix products lets nobody set its threads")
        yield


def test_one_thread_inside_and_as_before_outside():
    before = threads()
    with one_thread():
        assert set(threads()) == {1}
    assert threads() == before


def test_also_after_an_error():
    before = threads()
    with pytest.raises(ZeroDivisionError), one_thread():
        1 / 0  # noqa: B018
    assert threads() == before


class Maps(np.ndarray):
    """Maps that note how many threads their products may use."""

    seen = []  # noqa: RUF012

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        Maps.seen.append(set(threads()))
        inputs = [np.asarray(x) for x in inputs]
        return getattr(ufunc, method)(*inputs, **keywords).view(Maps)


def test_maps_are_spread_on_one_thread():
    Maps.seen.clear()
    spread(np.ones((8, 20, 30)).view(Maps), np.ones((40, 20)), np.ones((50, 30)))
    assert Maps.seen == [{1}, {1}]


def test_a_small_product_is_left_as_it_is_for_it_wakes_no_thread():
    before = threads()
    with one_thread(macs=2**18 - 1):
        assert threads() == before
    with one_thread(macs=2**18):
        assert set(threads()) == {1}


def test_pictures_are_blurred_on_one_thread(monkeypatch):
    monkeypatch.setattr(np, "einsum", lambda *_, **__: set(threads()))
    assert blurred(np.ones((1, 4, 6, 2)), deviation=1) == {1}
