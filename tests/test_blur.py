"""The blur against the sum that defines it."""

import numpy as np
import pytest

from cnnlab.arrays.blur import blurred

PICTURES = np.random.default_rng(0).uniform(size=(2, 7, 11, 3))


def test_a_pixel_becomes_the_weighted_mean_of_all():
    rows, columns = np.mgrid[:7, :11]
    weights = np.exp(-((rows - 2) ** 2 + (columns - 9) ** 2) / (2 * 1.5**2))
    expected = (PICTURES * weights[..., None]).sum((1, 2)) / weights.sum()
    np.testing.assert_allclose(blurred(PICTURES, 1.5)[:, 2, 9], expected, rtol=1e-5)


@pytest.mark.parametrize("deviation", [0.3, 1, 20])
def test_an_even_picture_stays_even_to_the_border(deviation):
    np.testing.assert_allclose(blurred(np.full((1, 7, 11, 2), 0.25), deviation), 0.25, rtol=1e-5)


def test_a_tiny_deviation_changes_nothing_and_a_large_one_leaves_the_mean():
    np.testing.assert_allclose(blurred(PICTURES, 0.05), PICTURES, rtol=1e-6)
    mean = np.broadcast_to(PICTURES.mean((1, 2), keepdims=True), PICTURES.shape)
    np.testing.assert_allclose(blurred(PICTURES, 1e4), mean, rtol=1e-5)
