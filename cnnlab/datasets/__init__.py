"""Arrays from `data/` or from the cache: verified when read, offline, with a card each.

``loading`` gives a data set by its name, ``scene_sets`` pictures of several objects, of
``cut_outs`` composed by `cnnlab.arrays.composing`; ``stored`` tables, results and photographs,
``folders`` your own photographs, ``splits`` two sets from one, ``recordings`` heart beats, and
``tasks`` signals, tables, slices and volumes that are drawn anew. Called by lessons, homework and
tools, ``diagnosis``, ``doctor`` and ``weights``.
"""

from cnnlab.arrays.duplicates import near_duplicates
from cnnlab.datasets.folders import from_folder, to_folder
from cnnlab.datasets.loading import Dataset, load, names
from cnnlab.datasets.scene_sets import digit_scenes, scenes
from cnnlab.datasets.splits import check_training, split
from cnnlab.datasets.stored import PAINTED, atlas, card, painted, photo, photo_names, result, table
from cnnlab.files.checksums import verified, verify

__all__ = [
    "PAINTED",
    "Dataset",
    "atlas",
    "card",
    "check_training",
    "digit_scenes",
    "from_folder",
    "load",
    "names",
    "near_duplicates",
    "painted",
    "photo",
    "photo_names",
    "result",
    "scenes",
    "split",
    "table",
    "to_folder",
    "verified",
    "verify",
]
