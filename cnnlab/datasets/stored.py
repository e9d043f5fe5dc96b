"""What lies in `data/`: tables, results, photographs, painted pictures, and a card of each."""

import difflib
import io

import numpy as np
import pandas as pd

from cnnlab.files import photographs, shipped
from cnnlab.files.shipped import verified

PAINTED = {"contents": ("chelsea", "coffee", "rocket"), "styles": ("brick", "hubble", "retina")}
ATLAS_ROWS, ATLAS_COLUMNS = range(0, 544, 136), range(0, 792, 264)  # where its strips begin


def table(name):
    """A table of `data/`.

    Args:
        name: "ilsvrc", "imagenet_categories", "image_collections", "timeline", "data_sets",
            "keras_networks", "foxhound", "boxes", "claims", "languages" or "things_credits".

    Returns:
        A `pandas.DataFrame`.

    Raises:
        ValueError: an unknown name, or a damaged file.

    Example:
        >>> table("imagenet_categories").query("category == 'tree'")
           category  synsets  images_per_synset  images_thousands
        22     tree      993                568               564
    """
    check_name(
        "name", name, tuple(sorted(path.stem for path in shipped.data_folder().glob("*.csv")))
    )
    return pd.read_csv(io.BytesIO(verified(f"{name}.csv")))


def result(name):
    """A stored result: the table of an experiment that is too long for a lesson.

    Args:
        name: of a file of `data/results/`, such as "practices", written by
            `tools/measure_practices.py`.

    Returns:
        A `pandas.DataFrame`, a row per trial.

    Raises:
        ValueError: an unknown name.

    Example:
        >>> result("networks").columns[0]
        'data'
    """
    place = shipped.data_folder() / "results"
    check_name("name", name, tuple(sorted(path.stem for path in place.glob("*.csv"))))
    return pd.read_csv(place / f"{name}.csv")


def photo_names():
    """The names that `photo` knows.

    Example:
        >>> photo_names()[:4]
        ('astronaut', 'brick', 'camera', 'chelsea')
    """
    return tuple(sorted(path.stem for path in (shipped.data_folder() / "photos").glob("*.jpg")))


def photo(name, size=None):
    """A photograph, in its own proportions or as a square.

    Args:
        name: one of `photo_names()`.
        size: None, or a number of pixels: the middle square, resized to it.

    Returns:
        (H, W, 3) or (size, size, 3) uint8, 0-255; a grey photograph has three equal channels.

    Raises:
        ValueError: an unknown name, a damaged file, or a size that is no whole number of pixels.

    Example:
        >>> photo("chelsea").shape, photo("chelsea", size=128).shape
        ((266, 400, 3), (128, 128, 3))
    """
    check_name("name", name, photo_names(), {"cat": "chelsea"})
    return photographs.read(io.BytesIO(verified(f"photos/{name}.jpg")), size)


def painted():
    """Three photographs painted in the styles of three others by `tools/make_painted.py`.

    Returns:
        (3, 3, 128, 128, 3) uint8, 0-255: a row for each of `PAINTED["contents"]`, a column for each
        of `PAINTED["styles"]`.

    Example:
        >>> painted().shape, PAINTED["styles"]
        ((3, 3, 128, 128, 3), ('brick', 'hubble', 'retina'))
    """
    sheet = photographs.read(io.BytesIO(verified("painted.jpg")))
    return sheet.reshape(3, 128, 3, 128, 3).swapaxes(1, 2)


def atlas(layer):
    """What the first twelve filters of a convolution of `vgg16_slim` look for, painted and stored.

    Left in each strip the picture that `cnnlab.patterns.filter_patterns` painted, right the nine
    pieces of 324 pictures that the filter answers to most (`tools/make_atlas.py`).

    Args:
        layer: its name in `vgg16_slim`, such as "block4_conv3".

    Returns:
        (12, 128, 256, 3) uint8, 0-255.

    Raises:
        ValueError: a layer that has no sheet.

    Example:
        >>> atlas("block4_conv3").shape
        (12, 128, 256, 3)
    """
    known = [path.stem for path in sorted((shipped.data_folder() / "atlas").glob("*.jpg"))]
    check_name("layer", layer, known)
    sheet = photographs.read(io.BytesIO(verified(f"atlas/{layer}.jpg")))
    return np.stack([sheet[y : y + 128, x : x + 256] for y in ATLAS_ROWS for x in ATLAS_COLUMNS])


def card(name):
    """What a data set, a table or a network is: its section of `data/README.md`.

    Example:
        >>> print(card("digits").splitlines()[0])
        1,797 handwritten digits: 1,442 to train with, 355 to test with, a fifth of every digit.
    """
    sections = (shipped.data_folder() / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]
    cards = dict(section.split("\n", 1) for section in sections)
    check_name("name", name, tuple(cards))
    return cards[name].strip()


def check_name(argument, value, known, nicknames=None):
    """Raises ValueError, with the nearest known name, unless a value is one of the known ones."""
    if value in known:
        return
    meant = (nicknames or {}).get(str(value), str(value))
    near = difflib.get_close_matches(meant, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"`{argument}` must be one of {', '.join(known)}: got {argument}={value!r}.{hint}"
    )
