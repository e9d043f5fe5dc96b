import math
from itertools import product

import numpy as np
import pytest

from cnnlab import kernels
from cnnlab.convolution import correlate2d


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


# Gabor filters


def formula(size, orientation, wavelength, phase, sigma):
    """The Gabor filter pixel by pixel, from the definition."""
    centre, angle = size // 2, math.radians(orientation)
    window, wave = np.zeros((size, size)), np.zeros((size, size))
    for row, column in product(range(size), range(size)):
        up, right = centre - row, column - centre
        w = -(up * math.cos(angle) - right * math.sin(angle))  # across the stripes
        window[row, column] = math.exp(-(up * up + right * right) / (2 * sigma * sigma))
        wave[row, column] = window[row, column] * math.cos(
            2 * math.pi * w / wavelength + math.radians(phase)
        )
    wave -= window * wave.sum() / window.sum()
    return wave / abs(wave).sum()


@pytest.mark.parametrize("orientation", [0, 30, 45, 90, 179.5])
@pytest.mark.parametrize(("wavelength", "phase", "sigma"), [(3, 0, 2), (4.5, 90, 1), (10, 180, 4)])
def test_gabor_is_its_formula(orientation, wavelength, phase, sigma):
    kernel = kernels.gabor(5, orientation, wavelength, phase, sigma)
    assert kernel.dtype == np.float32
    np.testing.assert_allclose(kernel, formula(5, orientation, wavelength, phase, sigma), atol=1e-6)


def test_the_window_of_a_gabor_is_half_a_wavelength_wide_unless_told():
    np.testing.assert_array_equal(kernels.gabor(7, 30, 5), kernels.gabor(7, 30, 5, sigma=2.5))


@pytest.mark.parametrize("phase", [0, 90, 180])
def test_a_gabor_sums_to_zero_and_its_absolute_values_to_one(phase):
    for orientation, wavelength in product([0, 30, 135], [2.5, 4, 14]):
        kernel = kernels.gabor(7, orientation, wavelength, phase)
        assert kernel.sum() == pytest.approx(0, abs=1e-6)
        assert np.abs(kernel).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("orientation", [0, 45, 90, 135])
def test_a_gabor_answers_most_to_stripes_of_its_own_direction(orientation):
    stripes = {  # bright lines four pixels apart: "—", "/", "|", "\\"
        0: [[row % 4 == 0 for column in range(20)] for row in range(16)],
        45: [[(row + column) % 6 == 0 for column in range(20)] for row in range(16)],
        90: [[column % 4 == 0 for column in range(20)] for row in range(16)],
        135: [[(row - column) % 6 == 0 for column in range(20)] for row in range(16)],
    }
    kernel = kernels.gabor(7, orientation, wavelength=4)
    answers = {angle: correlate2d(image, kernel).max() for angle, image in stripes.items()}
    assert max(answers, key=answers.get) == orientation


def test_a_quarter_turn_of_the_orientation_is_a_quarter_turn_of_the_kernel():
    np.testing.assert_allclose(
        kernels.gabor(5, 120, 4), np.rot90(kernels.gabor(5, 30, 4)), atol=1e-7
    )


def test_a_gabor_bank_runs_through_the_wavelengths_of_each_orientation():
    bank = kernels.gabor_bank([0, 60, 120], wavelengths=(3, 5), size=7)
    assert bank.shape == (6, 7, 7)
    assert bank.dtype == np.float32
    np.testing.assert_array_equal(bank[1], kernels.gabor(7, 0, 5))
    np.testing.assert_array_equal(bank[2], kernels.gabor(7, 60, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"size": 4},
            "`size` must be odd and at least 3: got size=4. "
            "An odd kernel has a pixel at its centre.",
        ),
        (
            {"size": 1},
            "`size` must be odd and at least 3: got size=1. "
            "An odd kernel has a pixel at its centre.",
        ),
        (
            {"size": 5.0},
            "`size` must be a whole number of at least 1: got size=5.0. "
            "It counts pixels along one axis.",
        ),
        (
            {"orientation": 180},
            "`orientation` must lie between 0 and 180 degrees (180 excluded): got "
            "orientation=180. Stripes turned by 180 degrees are the same stripes.",
        ),
        (
            {"orientation": -1},
            "`orientation` must lie between 0 and 180 degrees (180 excluded): got "
            "orientation=-1. Stripes turned by 180 degrees are the same stripes.",
        ),
        (
            {"wavelength": 2},
            "`wavelength` must be more than 2 pixels and at most 2 * size: got wavelength=2, "
            "size=5. Shorter waves fall between the pixels, longer ones need a larger kernel.",
        ),
        (
            {"wavelength": 10.5},
            "`wavelength` must be more than 2 pixels and at most 2 * size: got wavelength=10.5, "
            "size=5. Shorter waves fall between the pixels, longer ones need a larger kernel.",
        ),
        (
            {"sigma": 0},
            "`sigma` must be at least 0.5 pixels: got sigma=0. Use None for half a wavelength.",
        ),
    ],
)
def test_gabor_says_what_is_wrong_and_what_to_do(arguments, message):
    with pytest.raises(ValueError) as error:
        kernels.gabor(**({"size": 5, "orientation": 45, "wavelength": 4} | arguments))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("name", "value"),
    [("orientation", "30"), ("wavelength", [4, 8]), ("phase", None), ("sigma", "2")],
)
def test_gabor_takes_numbers_only(name, value):
    with pytest.raises(TypeError) as error:
        kernels.gabor(**({"size": 5, "orientation": 45, "wavelength": 4} | {name: value}))
    assert str(error.value) == (
        f"`{name}` must be a number: got {name}={value!r}. Write it without quotes or brackets; "
        "gabor_bank takes several."
    )


def test_a_gabor_bank_refuses_what_gabor_refuses():
    with pytest.raises(ValueError, match="got orientation=180"):
        kernels.gabor_bank([0, 180], [4], 5)
    with pytest.raises(ValueError, match="got wavelength=nan"):
        kernels.gabor_bank([0], [4, float("nan")], 5)
