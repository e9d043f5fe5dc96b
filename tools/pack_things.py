"""Pack the photographed objects that data/things_credits.csv lists as data/things.npz.

    python tools/pack_things.py [FOLDER] && python tools/write_checksums.py

FOLDER holds the stamps: /usr/share/tuxpaint/stamps once Debian's package tuxpaint-stamps-default
(2022.06.04-1) is installed. Each object is cut tight and reduced until its longer side is 96 pixels
at most. The credits are kept by hand, from the package's changelog and its list of contributors.

Needs: pillow; the texts of the licences from Debian's base-files.
"""

import csv
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image

DATA = Path(__file__).parent.parent / "data"
STAMPS = Path("/usr/share/tuxpaint/stamps")
LICENCES = Path("/usr/share/common-licenses")
SIDE = 96  # pixels of the longer side, at most
FAINT = 8  # an alpha below this shows nothing


def cut_out(file):
    """An object as (96, 96, 4) uint8: colour and alpha, at the top left, zeros around."""
    picture = Image.open(file).convert("RGBA")
    picture = picture.crop(picture.getchannel("A").point(lambda a: a >= FAINT and 255).getbbox())
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    pixels = np.array(picture)
    pixels[pixels[..., 3] < FAINT] = 0
    canvas = np.zeros((SIDE, SIDE, 4), np.uint8)
    canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
    return canvas


def test_third(labels, seed=0):
    """True for a third of the objects of each class, drawn with a fixed seed."""
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        chosen[members[: round(len(members) / 3)]] = True
    return chosen


def main(stamps=STAMPS):
    with (DATA / "things_credits.csv").open(encoding="utf-8", newline="") as file:
        credits = list(csv.DictReader(file))
    classes = list(dict.fromkeys(row["class"] for row in credits))
    labels = np.array([classes.index(row["class"]) for row in credits], np.uint8)
    np.savez_compressed(
        DATA / "things.npz",
        images=np.stack([cut_out(Path(stamps) / row["file"]) for row in credits]),
        labels=labels,
        classes=np.array(classes),
        objects=np.array([row["object"] for row in credits]),
        test=test_third(labels),
    )
    (DATA / "things_licences").mkdir(exist_ok=True)
    for name in ("GPL-2", "GFDL-1.2"):
        shutil.copyfile(LICENCES / name, DATA / "things_licences" / f"{name}.txt")


if __name__ == "__main__":
    main(*sys.argv[1:])
