"""Pack five minutes of heart beats, and where each beat is, as data/heart.npz.

    python tools/pack_heart.py FILE && python tools/write_checksums.py

FILE is `scipy/misc/ecg.dat` of SciPy 1.1 to 1.9: 19:35 to 24:35 of record 208 (lead MLII) of the
MIT-BIH Arrhythmia Database of PhysioNet. The beats are this project's reading, not the database's
annotations: peaks that stand out of the signal between 1 and 25 Hz, then all five minutes looked at
by eye. What the eye took away and added is listed here.

Needs: scipy.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.signal import butter, find_peaks, peak_prominences, peak_widths, sosfiltfilt

DATA = Path(__file__).parent.parent / "data"
RATE = 360  # samples per second
ZERO, GAIN = 1024, 200  # of the converter: what stands for 0 mV, and how much for 1 mV
PROMINENCE, APART = 0.85, 0.3  # mV and seconds
NO_BEATS = (19.88, 42.38, 209.40)  # seconds: noise, and electrodes that moved
SMALL_BEATS = (19.60, 20.12, 44.10, 44.65, 96.32, 214.15)  # beside them


def near(places, seconds):
    """True for the places within a tenth of a second of any of these times."""
    return (np.abs(places[:, None] / RATE - np.array(seconds)) < 0.1).any(axis=1)


def beats_of(millivolts):
    """The samples at which the beats peak, and how wide each is at half of its height, in ms."""
    band = butter(2, [1, 25], "bandpass", fs=RATE, output="sos")
    steady = sosfiltfilt(band, millivolts)
    large, _ = find_peaks(steady, distance=round(APART * RATE), prominence=PROMINENCE)
    every, _ = find_peaks(steady, prominence=0.3)
    beats = np.union1d(large[~near(large, NO_BEATS)], every[near(every, SMALL_BEATS)])
    window = peak_prominences(steady, beats, wlen=RATE)
    widths = peak_widths(steady, beats, rel_height=0.5, prominence_data=window)[0]
    return beats, widths / RATE * 1000


def main(file):
    with np.load(file) as arrays:
        raw = arrays["ecg"]
    beats, widths = beats_of((raw.astype(float) - ZERO) / GAIN)
    np.savez_compressed(
        DATA / "heart.npz",
        raw=raw,
        beats=beats.astype(np.int32),
        widths=widths.round().astype(np.uint8),
    )
    print(len(beats), "beats,", (widths >= 75).sum(), "of 75 ms and more")


if __name__ == "__main__":
    main(*sys.argv[1:])
