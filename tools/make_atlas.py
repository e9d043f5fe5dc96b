"""Paint what the first filters of every convolution of vgg16_slim look for: data/atlas/*.jpg.

    python tools/make_atlas.py [LAYER ...]

Twenty minutes. A sheet per layer, three strips beside each other: a pattern of 128 pixels, and the
nine pieces of 324 pictures that its filter answers to most, each as large as the effective field.
`cnnlab.datasets.atlas` cuts a sheet into its strips.
"""

import sys
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from cnnlab import datasets, weights
from cnnlab.feature_maps import feature_maps, patches
from cnnlab.gradients import effective_receptive_field
from cnnlab.patterns import filter_patterns
from cnnlab.receptive_field import receptive_field

FOLDER = Path(__file__).parent.parent / "data" / "atlas"
NAME = "vgg16_slim"
FILTERS = range(12)
SIDE = 128  # pixels of a pattern
RIMS = {"1": 16}  # pixels by block, else 8: cut off, for the zeros around a picture colour them
STEPS = {"1": 20, "2": 20, "3": 40, "4": 40, "5": 40}  # by block
SHARE = 0.9  # of what sways a cell lies in the square that is cut
PICTURE = 96  # pixels: the size at which the network is right most often
THINGS = 216
COLUMNS, GAP = 3, 8


def pictures():
    """(324, 96, 96, 3) uint8: nine parts of each photograph, and things on grounds."""
    parts = []
    for name in datasets.photo_names():
        photo = datasets.photo(name, size=3 * PICTURE)
        parts += [p for row in np.split(photo, 3) for p in np.split(row, 3, axis=1)]
    things = datasets.load("things").images[:: 540 // THINGS][:THINGS]
    parts += [_resized(thing, PICTURE) for thing in things]
    return np.stack(parts)


def effective_side(model, layer, images):
    """The side in pixels of the smallest square around the middle that holds SHARE of the sway."""
    sway = effective_receptive_field(model, layer, weights.preprocess(NAME, images), samples=8)
    middle = np.array(sway.shape) // 2
    for half in range(1, max(sway.shape)):
        top, left = np.maximum(middle - half, 0)
        if sway[top : top + 2 * half + 1, left : left + 2 * half + 1].sum() >= SHARE * sway.sum():
            return 2 * half + 1
    return max(sway.shape)


def _resized(picture, side):
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def strip(pattern, best):
    """(128, 256, 3): a pattern, and nine pieces beside it; what lies outside a picture is grey."""
    found = np.full((SIDE, 2 * SIDE, 3), 255, np.uint8)
    found[:, :SIDE] = (255 * pattern).round()
    small = (SIDE - 5) // 3
    for number, patch in enumerate(best):
        row, column = divmod(number, 3)
        y, x = 1 + row * (small + 1), SIDE + 3 + column * (small + 1)
        found[y : y + small, x : x + small] = _resized(patch.framed(), small)
    return found


def sheet(strips):
    """The strips in rows, with white between them."""
    rows = -(-len(strips) // COLUMNS)
    whole = np.full((rows * (SIDE + GAP) - GAP, COLUMNS * (2 * SIDE + GAP) - GAP, 3), 255, np.uint8)
    for number, one in enumerate(strips):
        row, column = divmod(number, COLUMNS)
        y, x = row * (SIDE + GAP), column * (2 * SIDE + GAP)
        whole[y : y + SIDE, x : x + 2 * SIDE] = one
    return Image.fromarray(whole)


def main(layers):
    photograph = keras.Input((None, None, 3), name="photograph")
    network = weights.pretrained(NAME)
    model = keras.Model(photograph, network(weights.scaled(NAME, photograph)))
    images = pictures()
    FOLDER.mkdir(exist_ok=True)
    for layer in layers or [each.name for each in network.layers if "conv" in each.name]:
        address = f"{NAME}/{layer}"
        block = layer.removeprefix("block")[0]
        steps, rim = STEPS[block], RIMS.get(block, 8)
        painted = filter_patterns(
            model, address, FILTERS, SIDE + 2 * rim, steps, value_range=(0, 255)
        )
        maps = feature_maps(model, images, address)[address]
        field = receptive_field(model, address, input_shape=images.shape[1:])
        side = min(effective_side(network, layer, images[::40]), PICTURE)
        strips = [
            strip(
                pattern[rim:-rim, rim:-rim],
                patches(images, maps[..., n], field, 9, (side, side)),
            )
            for n, pattern in zip(FILTERS, painted, strict=True)
        ]
        sheet(strips).save(FOLDER / f"{layer}.jpg", quality=85, subsampling=0, optimize=True)
        print(f"{layer}: pieces of {side} pixels", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
