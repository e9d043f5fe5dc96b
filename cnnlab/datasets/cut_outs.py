"""Objects cut out of photographs, and the grounds that they are laid on."""

import io

import numpy as np

from cnnlab.arrays import composing
from cnnlab.datasets.stored import photo
from cnnlab.files.shipped import verified

SURFACES = {"grass": (104, 128, 66), "gravel": (150, 140, 126)}  # RGB
BACKDROPS = ("astronaut", "chelsea", "coffee", "hubble", "rocket")  # shown out of focus


def cut_outs(split):
    """{class: its objects}, each (h, w, 4) uint8, colour and alpha, without a margin."""
    with np.load(io.BytesIO(verified("things.npz")), allow_pickle=False) as arrays:
        chosen = arrays["test"] == (split == "test")
        images, labels = arrays["images"][chosen], arrays["labels"][chosen]
        class_names = arrays["classes"].tolist()
    return {
        name: [composing.trimmed(image) for image in images[labels == label]]
        for label, name in enumerate(class_names)
    }


def grounds(split):
    """The photographs and the surfaces of `composing.ground`: halves, as for `textures`."""
    surfaces = [composing.tinted(photo(name), colour) for name, colour in SURFACES.items()]
    return tuple(
        [np.array_split(picture, 2, axis=1)[split == "test"] for picture in pictures]
        for pictures in ([photo(name) for name in BACKDROPS], surfaces)
    )
