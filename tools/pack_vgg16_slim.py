"""Fold a trained network's batch normalisation away, check it in Keras, ship it in data/weights.

    python tools/pack_vgg16_slim.py --data tiny-imagenet-100.zip --checkpoint checkpoint.pt
    python tools/write_checksums.py

`checkpoint.pt` is what `train_vgg16_slim.py` leaves. `evaluate_vgg16_slim.py` then measures what
is shipped.

Needs: torch, beside cnnlab's own requirements.
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np
import torch
from evaluate_vgg16_slim import logits, validation
from train_vgg16_slim import folded, network, scaled

from cnnlab import models, weights

FOLDER = Path(__file__).parent.parent / "data" / "weights"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="tiny-imagenet-100.zip")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()

    images = validation(options.data)[0][::25]
    trained = network(width=0.5, classes=100)
    trained.load_state_dict(torch.load(options.checkpoint, weights_only=True)["model"])
    with torch.no_grad():
        reference = trained.eval()(scaled(torch.from_numpy(images))).numpy()

    arrays = folded(trained)
    model = models.vgg16_slim()
    for dtype, most in ((np.float32, 1e-3), (np.float16, 0.1)):
        weights.fill(model, {name: array.astype(dtype) for name, array in arrays.items()})
        difference = np.abs(logits(model, images) - reference).max()
        print(f"folded, {np.dtype(dtype).name}: the logits differ by at most {difference:.2g}")
        if difference > most:
            raise ValueError(f"the logits may differ by {most}: got {difference}. Don't ship this.")

    options.out.mkdir(exist_ok=True)
    np.savez_compressed(
        options.out / "vgg16_slim.npz",
        **{name: array.astype(np.float16) for name, array in arrays.items()},
    )
    with zipfile.ZipFile(options.data) as archive:
        classes = archive.read("classes.csv").replace(b"\r\n", b"\n")
    (options.out / "vgg16_slim_classes.csv").write_bytes(classes)


if __name__ == "__main__":
    main()
