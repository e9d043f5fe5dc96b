import numpy as np
import pytest

from cnnlab import kernels


def test_named_kernels_are_those_of_the_lecture():
    expected = {
        "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        "edge_diagonal": [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
        "edge_4": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        "edge_8": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "box_blur": np.ones((3, 3)) / 9,
        "gaussian_3": np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
        "gaussian_5": np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256,
    }
    assert kernels.names() == tuple(expected)
    for name, values in expected.items():
        assert kernels.named(name).dtype == np.float32
        np.testing.assert_allclose(kernels.named(name), values, rtol=1e-7)


def test_edge_kernels_sum_to_zero_and_the_others_to_one():
    for name in kernels.names():
        expected = 0 if name.startswith("edge") else 1
        assert kernels.named(name).sum() == pytest.approx(expected, abs=1e-6)


def test_a_named_kernel_may_be_changed_without_harm():
    kernels.named("sharpen")[1, 1] = 99
    assert kernels.named("sharpen")[1, 1] == 5


def test_an_unknown_kernel_lists_the_known_ones_and_the_nearest():
    with pytest.raises(ValueError) as error:
        kernels.named("sharp")
    assert str(error.value) == (
        "`name` must be one of identity, edge_diagonal, edge_4, edge_8, sharpen, box_blur, "
        "gaussian_3, gaussian_5: got name='sharp'. Did you mean 'sharpen'?"
    )
    with pytest.raises(ValueError, match=r"got name=3\.$"):
        kernels.named(3)
