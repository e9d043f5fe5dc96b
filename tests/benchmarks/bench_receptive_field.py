"""The tables of the deepest network of the course, ResNet152: seconds against their budget.

Exit status 1 if a budget is broken.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from statistics import median
from time import perf_counter

import keras

from cnnlab.costs import layer_table
from cnnlab.receptive_field import receptive_field_table

ROUNDS = 11
BUDGET = 0.2  # seconds


def seconds(function):
    """The median time of one call."""
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        function()
        times.append(perf_counter() - start)
    return median(times)


def main():
    """Print a line per table; return the exit status."""
    flat = keras.applications.ResNet152(weights=None)
    nested = keras.Sequential([keras.Input((224, 224, 3)), flat])
    kept = True
    for table in (receptive_field_table, layer_table):
        for form, model in [("flat", flat), ("nested", nested)]:
            measured = seconds(lambda table=table, model=model: table(model))
            kept &= measured <= BUDGET
            print(
                f"{table.__name__}(ResNet152, {form}): {measured:.3f} s of {BUDGET} s, "
                f"{len(table(model))} rows"
            )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
