"""`cnnlab homework new NAME`: a file of exercises and its notebook to begin a homework from."""

from pathlib import Path

import nbformat

EXERCISES = '''"""Exercises of the homework `{name}.ipynb`."""

import numpy as np

from cnnlab.exercises import Exercise, Mistake

rng = np.random.default_rng(0)


# M.1: the shorter picture


def every_second(image):
    return image[::2, ::2]


def every_second_by_loops(image):
    rows = range(0, image.shape[0], 2)
    return np.array([[image[r, c] for c in range(0, image.shape[1], 2)] for r in rows])


def every_second_row(image):
    return image[::2]


def every_second_from_the_other(image):
    return image[1::2, 1::2]


halves = Exercise(
    number="M.1",
    title="Half as large",
    stars=1,
    task="Write every_second(image): every second pixel of both axes, beginning with the first.",
    hints=("A slice has a third number.", "image[::2] takes every second row."),
    solution=every_second,
    insight="A slice is a view: nothing is copied.",
    mistakes=(
        Mistake("Only every second row is taken: columns count too.", every_second_row),
        Mistake("The first row and column are left out.", every_second_from_the_other),
    ),
    cases=((rng.normal(size=(4, 6)),), (rng.integers(0, 9, (5, 8, 3)),)),
    alternatives=(every_second_by_loops,),
)


# M.2: the mean of each channel


def channel_means(image):
    return image.mean(axis=(0, 1))


def row_means(image):
    return image.mean(axis=(1, 2))


def channel_sums(image):
    return image.sum(axis=(0, 1))


means = Exercise(
    number="M.2",
    title="A mean for each channel",
    stars=2,
    task="Write channel_means(image): the mean of each channel of a picture (H, W, C), as (C,).",
    hints=("mean takes an axis, or several.", "Rows and columns go, channels stay."),
    solution=channel_means,
    insight="What an axis is called in `axis` is gone afterwards.",
    mistakes=(
        Mistake("That is a mean for each row: the channels stand last.", row_means),
        Mistake("The sums are not divided.", channel_sums),
    ),
    cases=((rng.normal(size=(4, 5, 3)),), (rng.integers(0, 256, (3, 7, 4), dtype="uint8"),)),
)

EXERCISES = (halves, means)
'''

CELLS = (
    "# Homework: {name}\n\nWhat it is about, what to know before, how long it takes. Each exercise "
    "gives as many points as it has stars.",
    "import cnnlab\n\ncnnlab.setup()",
    "import {name} as homework\nimport numpy as np\n\nfrom cnnlab.exercises import check, hint",
    "If you are stuck: `hint(homework.halves)`, then `hint(homework.halves, 2)`.\n\n"
    "**Exercise M.1 ★ Half as large.** Write every_second(image): every second pixel of both axes, "
    "beginning with the first.",
    "def every_second(image):\n    return ...  # your lines here\n\n\n"
    "check(homework.halves, every_second)",
    "**Exercise M.2 ★★ A mean for each channel.** Write channel_means(image): the mean of each "
    "channel of a picture (H, W, C), as (C,).",
    "def channel_means(image):\n    return ...  # your lines here\n\n\n"
    "check(homework.means, channel_means)",
)


def write(name, folder="."):
    """Writes NAME.py and NAME.ipynb.

    Args:
        name: of both files; Python must be able to import it.
        folder: where to.

    Returns:
        Lines: what was written, and what to do next.

    Raises:
        ValueError: Python cannot import such a name, or one of the files is there.
    """
    if not name.isidentifier():
        raise ValueError(
            f"`NAME` must be one that Python can import: got {name!r}. Use letters, digits and _, "
            "and no digit first: my_homework."
        )
    source = Path(folder) / f"{name}.py"
    notebook = source.with_suffix(".ipynb")
    there = [path.name for path in (source, notebook) if path.exists()]
    if there:
        raise ValueError(
            f"`NAME` must be new: got {name!r}, and {there[0]} is there. Choose another name: "
            "nothing is overwritten."
        )
    cells = []
    for text in CELLS:
        is_code = not text.startswith(("#", "*", "If"))
        kind = nbformat.v4.new_code_cell if is_code else nbformat.v4.new_markdown_cell
        cells.append(kind(text.format(name=name)))
    source.write_text(EXERCISES.format(name=name), encoding="utf-8")
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    return [
        f"{source}: the exercises; change them to your own",
        f"{notebook}: the notebook that asks for them",
        f"next: cnnlab homework verify {source}, then cnnlab homework pack {source} OUT",
    ]
