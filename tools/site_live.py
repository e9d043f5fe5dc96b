"""Put what the live pages of the web site compute with beside them: scripts and trained weights.

    python tools/site_live.py build/site/pages

The folder is the one that tools/site_sources.py fills. Weights become scripts, for a page that is
opened from a folder may load scripts and nothing else.
"""

import base64
import json
import shutil
import sys
from pathlib import Path

import numpy as np

from cnnlab import datasets

ROOT = Path(__file__).parent.parent
LIVE = ROOT / "docs" / "live"
# Of the test digits: the first of each kind, and four that LeNet-5 gets wrong.
EXAMPLES = (12, 14, 2, 7, 3, 0, 4, 5, 10, 1, 299, 217, 254, 6)


def stored(array):
    """A float16 array as JSON can hold it."""
    data = np.ascontiguousarray(array, "<f2").tobytes()
    return {"shape": array.shape, "float16": base64.b64encode(data).decode()}


def script(**values):
    """A script that gives each value a name."""
    return "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())


def weights(name):
    """{"layer/kernel": ...} of a network that ships with the course."""
    with np.load(ROOT / "data" / "weights" / f"{name}.npz", allow_pickle=False) as file:
        return {key: stored(file[key]) for key in file.files}


def examples():
    """Some test digits: the label, and the ink of 28×28 pixels in bytes."""
    digits = datasets.load("digits", "test")
    return [
        {
            "label": int(digits.labels[number]),
            "ink": base64.b64encode((255 * digits.images[number]).round().astype("u1")).decode(),
        }
        for number in EXAMPLES
    ]


def main(pages):
    target = Path(pages) / "static" / "live"
    shutil.rmtree(Path(pages) / "live", ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in [*LIVE.glob("*.js"), *LIVE.glob("*.css")]:
        shutil.copy(path, target)
    text = script(LENET5=weights("lenet5"), EXAMPLES=examples())
    (target / "lenet5_weights.js").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
