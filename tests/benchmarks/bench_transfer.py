"""`extract_features` against a bare `model.predict`, one thread; and its second run.

Every round times both, one after the other, so that whatever else the machine does falls on both;
the ratio printed is the median over the rounds. Exit status 1 if a budget is broken.
"""

import os
import sys

os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CNNLAB_PROGRESS"] = "off"

import tempfile
from statistics import median
from time import perf_counter

import numpy as np
from table import row

from cnnlab import models, weights
from cnnlab.transfer import extract_features

ROUNDS = 9
BUDGET = 1.1
SECOND_RUN = 1.0  # seconds, 2,000 photographs


def seconds(function):
    start = perf_counter()
    function()
    return perf_counter() - start


def main():
    base = models.vgg16_slim(include_top=False)
    photographs = np.random.default_rng(0).integers(0, 256, (2000, 128, 128, 3), np.uint8)
    few = photographs[:80]
    prepared = weights.preprocess(base.name, few)

    def ours():
        return extract_features(base, few)

    def bare():
        return base.predict(prepared, batch_size=32, verbose=0)

    np.testing.assert_allclose(ours(), bare(), rtol=1e-4, atol=1e-4)
    ratio = median(seconds(ours) / seconds(bare) for _ in range(ROUNDS))
    kept = row("extract_features, 80 photographs of 128 pixels", ratio, BUDGET, "×", "predict")

    thin = models.vgg16(width=0.0625, include_top=False, input_shape=(None, None, 3))
    with tempfile.TemporaryDirectory() as cache:
        extract_features(thin, photographs, cache=cache)
        again = seconds(lambda: extract_features(thin, photographs, cache=cache))
    kept &= row("extract_features, 2,000 photographs from the cache", again, SECOND_RUN, "s")
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
