"""Slips of the pen in the fields of an exercise, refused when it is made."""


def check(exercise, tuples, levels):
    """Refuses brackets without a comma, which make no tuple, and other slips.

    Args:
        exercise: an `Exercise`.
        tuples: {field: the type of each entry}.
        levels: the numbers of stars that there are.

    Raises:
        ValueError: a field is not what it must be.
    """
    number, points = exercise.number, exercise.points
    if not isinstance(number, str) or not number.strip():
        raise ValueError(
            f"`number` must be a text: got number={number!r}. "
            f"Write it in quotes: number={str(number)!r}."
        )
    if not isinstance(exercise.stars, int) or exercise.stars not in levels:
        raise ValueError(
            f"`stars` must be one of {', '.join(map(str, levels))}: got stars={exercise.stars!r} "
            f"in exercise {number}. What it counts in grading is said by points=."
        )
    if points is not None and not _is_above_0(points):
        raise ValueError(
            f"`points` must be a number above 0: got points={points!r} in exercise {number}. "
            "Leave it out to count the stars."
        )
    for name, kind in tuples.items():
        value = getattr(exercise, name)
        if name == "cases" and callable(value):
            continue
        if not isinstance(value, tuple) or not all(isinstance(each, kind) for each in value):
            raise ValueError(
                f"`{name}` must be a tuple{f' of {kind.__name__}' * (kind is not object)}: got "
                f"{name}={str(value)[:60]} in exercise {number}. "
                "Write a comma behind a single entry: (entry,)."
            )


def _is_above_0(value):
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return numeric and 0 < value < float("inf")
