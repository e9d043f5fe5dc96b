"""Paint three photographs in the styles of three others: data/painted.jpg.

    python tools/make_painted.py

Three minutes. Rows are contents, columns styles, each picture of 128x128 pixels;
`cnnlab.datasets.painted` cuts the sheet up. The layers and weights are those of lesson 11.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from cnnlab import datasets, weights
from cnnlab.painting import stylise

FILE = Path(__file__).parent.parent / "data" / "painted.jpg"
NAME = "vgg16_slim"
SIDE, STEPS = 128, 60
CONTENT = "block4_conv1"
STYLE = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1")


def main():
    model = weights.pretrained(NAME)
    names = {*datasets.PAINTED["contents"], *datasets.PAINTED["styles"]}
    photos = {name: weights.preprocess(NAME, datasets.photo(name, size=SIDE)) for name in names}
    rows = [
        np.hstack(
            [
                stylise(model, photos[content], photos[style], CONTENT, STYLE, steps=STEPS)
                for style in datasets.PAINTED["styles"]
            ]
        )
        for content in datasets.PAINTED["contents"]
    ]
    sheet = (255 * np.vstack(rows)).round().astype("uint8")
    Image.fromarray(sheet).save(FILE, quality=90)


if __name__ == "__main__":
    main()
