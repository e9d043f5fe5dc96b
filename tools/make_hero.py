"""Draw the strip on top of README and web site, docs/hero.png: photograph, kernel, map, heat.

python tools/make_hero.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import cnnlab
from cnnlab import datasets, overlays, plots, weights
from cnnlab.convolution import correlate2d
from cnnlab.heatmaps import grad_cam
from cnnlab.panels.rows import panels
from cnnlab.panels.signs import mark_negative

FILE = Path(__file__).parent.parent / "docs" / "hero.png"
SIZE = (64, 96)  # height and width at which the network knows the cat best
WIDE = 2.3  # inches of a panel


def main():
    cnnlab.setup()
    cat = datasets.photo("chelsea")
    grey = cat.mean(axis=2) / 255
    kernel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])  # Sobel's, for upright edges
    edges = correlate2d(grey, kernel, padding="same")[1:-1, 1:-1]
    small = np.asarray(Image.fromarray(cat).resize(SIZE[::-1], Image.Resampling.LANCZOS))
    network = weights.pretrained("vgg16_slim", include_top=True)
    breed = list(weights.class_names("vgg16_slim")).index("Egyptian cat")
    coarse = grad_cam(network, weights.preprocess("vgg16_slim", small), breed)
    shape = cat.shape[1::-1]
    heat = np.asarray(Image.fromarray(coarse).resize(shape, Image.Resampling.BILINEAR))

    high = WIDE * cat.shape[0] / cat.shape[1]
    titles = ["photograph", "kernel", "feature map", "heat map: where is the cat?"]
    sizes = [(high, WIDE), (1.2, 1.2), (high, WIDE), (high, WIDE)]
    figure, axes, _ = panels(sizes, titles, signs=["∗", "=", "…"])
    axes[0].imshow(grey, cmap="gray", vmin=0, vmax=1)
    texts = [[f"{weight:g}".replace("-", "−") for weight in row] for row in kernel]
    plots.draw_numbers(axes[1], kernel, np.abs(kernel).max(), texts, side=0.4)
    drawn = axes[2].imshow(edges, cmap="RdBu_r", vmin=-1.2, vmax=1.2)
    mark_negative(axes[2], edges, drawn)
    overlays.draw_heat(axes[3], cat, np.clip(heat, 0, 1))
    figure.savefig(FILE, dpi=144, pil_kwargs={"optimize": True})
    image = Image.open(FILE).convert("RGB")
    image.quantize(256, method=Image.Quantize.MAXCOVERAGE).save(FILE, optimize=True)
    plt.close(figure)
    print(f"{FILE.name}: {image.width}×{image.height}, {FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
