"""The heart: as its source gives it, its beats where the signal has its peaks, its card."""

import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest

from cnnlab import datasets
from cnnlab.datasets import recordings
from cnnlab.files import shipped

PACK = runpy.run_path(str(Path(__file__).parents[1] / "tools" / "pack_heart.py"))


@pytest.fixture(scope="module")
def heart():
    return recordings.heart()


def test_the_heart_is_five_minutes_in_millivolts(heart):
    assert heart.millivolts.shape == (5 * 60 * 360,)
    assert heart.millivolts.dtype == np.float32
    # As SciPy's documentation gives them.
    np.testing.assert_allclose(heart.millivolts[:3], [-0.245, -0.215, -0.185], atol=1e-6)
    np.testing.assert_allclose(heart.millivolts[-3:], [-0.405, -0.395, -0.385], atol=1e-6)
    assert heart.millivolts.astype(float).mean() == pytest.approx(-0.16510875)
    assert heart.millivolts.astype(float).std() == pytest.approx(0.5992474)


def test_its_beats_are_those_of_the_script_that_packed_it(heart):
    beats, widths = PACK["beats_of"](heart.millivolts.astype(float))
    np.testing.assert_array_equal(heart.beats, beats)
    np.testing.assert_allclose(heart.widths, widths, atol=0.6)
    assert (heart.rate, PACK["RATE"]) == (360, 360)


def test_a_beat_is_a_peak_and_beats_lie_apart(heart):
    assert len(heart.beats) == len(heart.widths) == 499
    assert np.diff(heart.beats).min() > 0.4 * heart.rate
    around = heart.beats[:, None] + np.arange(-7, 8)  # a fiftieth of a second each way
    edges = heart.beats[:, None] + np.array([-36, 36])
    tops = heart.millivolts[around].max(axis=1)
    assert (tops > heart.millivolts[edges].mean(axis=1) + 0.3).mean() > 0.98


def test_most_beats_are_narrow_and_a_sixth_is_wide(heart):
    assert 0.7 < (heart.widths <= 40).mean() < 0.8
    assert 0.15 < (heart.widths >= 75).mean() < 0.2


def test_what_the_eye_took_away_and_added(heart):
    assert not PACK["near"](heart.beats, PACK["NO_BEATS"]).any()
    assert PACK["near"](heart.beats, PACK["SMALL_BEATS"]).sum() == len(PACK["SMALL_BEATS"])


def test_the_card_names_source_licence_and_whose_reading_it_is(heart):
    assert heart.card == datasets.card("heart")
    for words in ("MIT-BIH Arrhythmia Database", "ODC-By", "this project's reading", "208"):
        assert words in heart.card


def test_a_damaged_recording_is_refused(tmp_path, monkeypatch):
    copy = shutil.copytree(shipped.data_folder(), tmp_path / "data")
    (copy / "heart.npz").write_bytes(b"cut")
    monkeypatch.setattr(shipped, "data_folder", lambda: copy)
    with pytest.raises(ValueError, match=r"`heart\.npz` must be the file that was shipped"):
        recordings.heart()


def test_windows_are_the_signal_around_their_middles_moved_to_mean_0(heart):
    middles = heart.beats[[2, 7, 490]]
    pieces = recordings.windows_at(heart, middles, seconds=0.5)
    assert pieces.shape == (3, 180, 1)
    for piece, middle in zip(pieces, middles, strict=True):
        stretch = heart.millivolts[middle - 90 : middle + 90]
        np.testing.assert_allclose(piece[:, 0], stretch - stretch.mean(), atol=1e-6)


@pytest.mark.parametrize("middles", [[143], [108_000 - 143], [5000, -1]])
def test_a_window_that_leaves_the_recording_is_refused(heart, middles):
    with pytest.raises(ValueError, match=r"must lie 144 samples inside the recording of 108000"):
        recordings.windows_at(heart, middles)
    inside = recordings.windows_at(heart, [144, 108_000 - 144])
    assert inside.shape == (2, 288, 1)


def test_no_windows_of_no_middles(heart):
    assert recordings.windows_at(heart, np.zeros(0, int)).shape == (0, 288, 1)
