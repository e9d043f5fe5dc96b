"""Put what the live pages of the web site compute with beside them: scripts and trained weights.

    python tools/site_live.py build/site/pages

The folder is the one that tools/site_sources.py fills. Weights and photographs become scripts, for
a page that is opened from a folder may load scripts and nothing else. TensorFlow.js comes from npm
(docs/live/package-lock.json); without Node the page that needs it says so, and the site is built.
"""

import base64
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from cnnlab import datasets

ROOT = Path(__file__).parent.parent
LIVE = ROOT / "docs" / "live"
# Of the test digits: the first of each kind, and four that LeNet-5 gets wrong.
EXAMPLES = (12, 14, 2, 7, 3, 0, 4, 5, 10, 1, 299, 217, 254, 6)
SIDE = 288  # pixels of a photograph, before the page makes it small
BUNDLE = "tensorflow.js"
ESBUILD = (
    *("--bundle", "--minify", "--format=iife", "--global-name=tf", "--loader:.wasm=dataurl"),
    *("--target=es2021", "--log-level=warning"),
)
LEFT_OUT = """\
This page was built without Node, so it lacks TensorFlow.js, which does its sums. With Node on the
path `make site` builds it whole. [The atlas](atlas.md) shows what its network's filters like."""


def stored(array):
    """A float16 array as JSON can hold it."""
    data = np.ascontiguousarray(array, "<f2").tobytes()
    return {"shape": array.shape, "float16": base64.b64encode(data).decode()}


def script(**values):
    """A script that gives each value a name."""
    return "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())


def weights_of(name):
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


def class_names():
    """The hundred kinds that vgg16_slim tells apart, as `weights.class_names` has them."""
    rows = datasets.verified("weights/vgg16_slim_classes.csv").decode("utf-8").splitlines()
    return [row.split(",", 1)[1] for row in rows[1:]]


def photographs():
    """{name: data URL} of the square in the middle of each photograph of the course."""
    found = {}
    for name in datasets.photo_names():
        file = io.BytesIO()
        Image.fromarray(datasets.photo(name, size=SIDE)).save(file, "JPEG", quality=90)
        found[name] = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    return found


def bundle(folder, target):
    """TensorFlow.js as one script in `target`; False, and a line that says why, where it cannot."""
    if not shutil.which("npm"):
        print("left out: the page look.html, which needs Node (npm) to be built.")
        return False
    folder.mkdir(parents=True, exist_ok=True)
    lock, installed = "package-lock.json", folder / "installed.json"
    for name in ("package.json", lock, BUNDLE):
        shutil.copy(LIVE / name, folder)
    try:
        if not installed.is_file() or installed.read_bytes() != (LIVE / lock).read_bytes():
            command = [shutil.which("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            shutil.copy(LIVE / lock, installed)
        esbuild = shutil.which("esbuild", path=folder / "node_modules" / ".bin")
        command = [esbuild, BUNDLE, *ESBUILD, f"--outfile={(target / 'tfjs.js').resolve()}"]
        subprocess.run(command, cwd=folder, check=True)
    except subprocess.CalledProcessError as error:
        print(f"left out: the page look.html; this failed: {error}")
        return False
    return True


def main(pages, folder="build/live"):
    pages = Path(pages)
    target = pages / "static" / "live"
    shutil.rmtree(pages / "live", ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in [*LIVE.glob("*.js"), *LIVE.glob("*.css")]:
        if path.name != BUNDLE:
            shutil.copy(path, target)

    def write(name, **values):
        (target / f"{name}.js").write_text(script(**values), encoding="utf-8")

    write("lenet5_weights", LENET5=weights_of("lenet5"), EXAMPLES=examples())
    if bundle(Path(folder).resolve(), target):
        write("vgg16_slim_weights", VGG16_SLIM=weights_of("vgg16_slim"), CLASSES=class_names())
        write("course_photographs", PHOTOGRAPHS=photographs())
    else:
        page = pages / "look.md"
        text = page.read_text(encoding="utf-8")
        without = re.sub(r"```\{raw\} html\n.*?```\n", lambda _: LEFT_OUT + "\n", text, flags=re.S)
        page.write_text(without, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
