"""The tables of the deepest network of the course, ResNet152: seconds against their budget.

Exit status 1 if a budget is broken.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from statistics import median
from time import perf_counter

import keras
from table import row

from cnnlab.costs import layer_table
from cnnlab.gradients import effective_receptive_field
from cnnlab.receptive_field import receptive_field_table

ROUNDS = 11
BUDGET = 0.2  # seconds
FIELD_BUDGET = 2.0  # seconds


def seconds(function):
    """The median time of one call."""
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        function()
        times.append(perf_counter() - start)
    return median(times)


def field():
    """The time of the effective receptive field of twenty convolutions, once compiled."""
    convolutions = [keras.layers.Conv2D(8, 3, padding="same") for _ in range(20)]
    deep = keras.Sequential([keras.Input((128, 128, 3)), *convolutions])
    effective_receptive_field(deep)
    return seconds(lambda: effective_receptive_field(deep))


def main():
    """Print a row per table; return the exit status."""
    flat = keras.applications.ResNet152(weights=None)
    nested = keras.Sequential([keras.Input((224, 224, 3)), flat])
    kept = True
    for table in (receptive_field_table, layer_table):
        for form, model in [("flat", flat), ("nested", nested)]:
            measured = seconds(lambda table=table, model=model: table(model))
            what = f"{table.__name__}(ResNet152, {form})"
            kept &= row(what, measured, BUDGET, "s", f"{len(table(model))} rows")
    kept &= row("effective field, 20 layers, 128×128, second call", field(), FIELD_BUDGET, "s")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
