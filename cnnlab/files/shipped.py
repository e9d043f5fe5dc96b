"""Where the course's own data and notebooks lie: beside the package, or inside it in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
FIRST_LESSON = "00_start_here.ipynb"


def data_folder():
    """The folder `data`: inside the installed package, or beside it in a checkout."""
    inside = PACKAGE / "data"
    return inside if inside.is_dir() else PACKAGE.parent / "data"


def notebooks_folder():
    """The folder of the course's own notebooks: the checkout's, or the wheel's.

    Raises:
        ValueError: neither holds the first lesson.
    """
    for folder in (PACKAGE.parent / "notebooks", PACKAGE / "notebooks"):
        if (folder / FIRST_LESSON).is_file():
            return folder
    raise ValueError(
        f"the lessons must lie beside the package: got no {FIRST_LESSON} near {PACKAGE}. "
        "Install cnnlab again, or run the command in a checkout."
    )
