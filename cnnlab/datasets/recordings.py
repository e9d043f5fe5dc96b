"""A recording of `data/`: verified when read, offline, with its card."""

import io
from dataclasses import dataclass, field

import numpy as np

from cnnlab.datasets.stored import card
from cnnlab.files.shipped import verified

ZERO, GAIN = 1024, 200  # of the converter: what stands for 0 mV, and how much for 1 mV


@dataclass(frozen=True)
class Recording:
    """Heart beats over time.

    Attributes:
        millivolts: (L,) float32, a value per sample.
        beats: (N,) int64, the samples at which the beats peak.
        widths: (N,) float32, how wide each beat is at half of its height, in milliseconds.
        rate: samples per second.
        card: what this is, where it comes from, its licence.
    """

    millivolts: np.ndarray = field(repr=False)
    beats: np.ndarray = field(repr=False)
    widths: np.ndarray = field(repr=False)
    rate: int
    card: str = field(repr=False)


def heart():
    """Five minutes of one heart, ordinary beats and wide ones, and where each beat is.

    Returns:
        `Recording` of 108,000 samples and 499 beats.

    Raises:
        ValueError: a damaged file.

    Example:
        >>> heart().millivolts.shape, heart().rate, heart().beats[:3]
        ((108000,), 360, array([124, 342, 551]))

    Source: Moody & Mark (2001), IEEE Engineering in Medicine and Biology 20(3); record 208 of the
        MIT-BIH Arrhythmia Database, Goldberger et al. (2000), Circulation 101(23).
    """
    with np.load(io.BytesIO(verified("heart.npz")), allow_pickle=False) as arrays:
        raw, beats, widths = arrays["raw"], arrays["beats"], arrays["widths"]
    millivolts = ((raw.astype(np.float64) - ZERO) / GAIN).astype(np.float32)
    return Recording(
        millivolts, beats.astype(np.int64), widths.astype(np.float32), 360, card("heart")
    )


def windows_at(recording, middles, seconds=0.8):
    """The stretches of a recording around some samples, each moved to mean 0.

    Args:
        recording: a `Recording`.
        middles: (N,) samples; each stretch must lie inside the recording.
        seconds: how long a stretch is.

    Returns:
        (N, L, 1) float32, L samples each, the middle one at L // 2.

    Raises:
        ValueError: a stretch leaves the recording.

    Example:
        >>> one = heart()
        >>> windows_at(one, one.beats[3:5], seconds=0.5).shape
        (2, 180, 1)
    """
    middles = np.asarray(middles)
    length = round(seconds * recording.rate)
    first = middles - length // 2
    if len(first) and (first.min() < 0 or first.max() + length > len(recording.millivolts)):
        raise ValueError(
            f"`middles` must lie {length // 2} samples inside the recording of "
            f"{len(recording.millivolts)}: got {middles.min()} to {middles.max()}. "
            "Leave out the first or the last ones."
        )
    pieces = recording.millivolts[first[:, None] + np.arange(length)]
    return (pieces - pieces.mean(axis=1, keepdims=True))[..., None]
