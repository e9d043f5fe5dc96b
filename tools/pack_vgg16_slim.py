"""Check a trained network in Keras, set its temperature, ship it in data/weights.

    python tools/pack_vgg16_slim.py --data tiny-imagenet-100.zip --run runs/vgg16_slim
    python tools/write_checksums.py

`--run` is the folder that `train_vgg16_slim.py` filled: the trained network, and its plain weights
with the batch normalisation folded away. The logits are divided by one temperature, chosen on the
validation photographs of even number, so that the shares of a softmax can be believed;
`evaluate_vgg16_slim.py` then measures what is shipped, and how far they can on the others.

Needs: torch, beside cnnlab's own requirements.
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np
import torch
from evaluate_vgg16_slim import FILE, calibration_error, logits, softmax, validation
from train_vgg16_slim import CLASSES, network, scaled

from cnnlab import models, weights


def best_temperature(scores, labels):
    """What to divide logits by: the least cross-entropy, on a grid of hundredths."""
    rows = np.arange(len(labels))
    losses = {
        t: -np.log(softmax(scores / t)[rows, labels] + 1e-12).mean()
        for t in np.arange(50, 201) / 100
    }
    return min(losses, key=losses.get)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="tiny-imagenet-100.zip")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=FILE.parent)
    options = parser.parse_args()

    images, labels = validation(options.data)
    some = images[::25]
    state = torch.load(options.run / "trained.pt", weights_only=True)
    trained = network(width=0.5, outputs=len(state[list(state)[-1]]))  # the head's bias is the last
    trained.load_state_dict(state)
    with torch.no_grad():
        reference = trained.eval()(scaled(torch.from_numpy(some)))[:, :CLASSES].numpy()

    with np.load(options.run / "vgg16_slim.npz") as file:
        arrays = dict(file)
    model = models.vgg16_slim()
    for dtype, most in ((np.float16, 0.1), (np.float32, 1e-3)):
        weights.fill(model, {name: array.astype(dtype) for name, array in arrays.items()})
        difference = np.abs(logits(model, some) - reference).max()
        print(f"folded, {np.dtype(dtype).name}: the logits differ by at most {difference:.2g}")
        if not difference <= most:
            raise ValueError(f"the logits may differ by {most}: got {difference}. Don't ship this.")

    scores = logits(model, images)
    temperature = best_temperature(scores[::2], labels[::2])
    for name in ("predictions/kernel", "predictions/bias"):
        arrays[name] = arrays[name] / temperature
    before, after = (calibration_error(scores[1::2] / t, labels[1::2]) for t in (1.0, temperature))
    print(
        f"temperature {temperature:.2f}: calibration error {before:.3f} before, {after:.3f} after"
    )

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
