"""Train `vgg16_slim` on the 100 classes of Tiny ImageNet and write its plain VGG weights.

    python tools/train_vgg16_slim.py --data tiny-imagenet-100.zip --out runs/vgg16_slim

The network is VGG16 block for block with fewer filters, a global average and one dense head. It
learns with batch normalisation, which is then folded into the convolutions: what is written is a
kernel and a bias per layer, under Keras's names, as float16. A run that stops continues from its
last epoch. PyTorch does the training because the same epoch took about half the time of Keras on
two cores (measured on TensorFlow and on PyTorch); `cnnlab.models.vgg16` reads the result.

Needs: torch, numpy, pillow.
"""

import argparse
import io
import json
import math
import time
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # (convolutions, filters at width 1)

# Three more epochs, each (sizes, smallest, around objects), show parts and whole objects enlarged,
# as in photographs of 96 pixels and more. In the last one most crops lie around the object's box,
# so that no enlarged piece of background bears its name; the first two blocks stay as they are.
ENLARGED = (
    ((48, 64, 96), 0.08, False),
    ((64, 96, 128), 0.35, False),
    ((64, 96, 96, 128), 0.35, True),
)
FIRST_TWO_BLOCKS = slice(0, 14)  # of the layers of `network`


def read_photographs(archive):
    """uint8 images and class numbers of both splits, in the order of `classes.csv`.

    And the object's box in each training image: left, top, right and bottom, as shares 0-1.
    """
    cache = archive.with_suffix(".npz")
    if not cache.exists():
        arrays = {}
        with zipfile.ZipFile(archive) as files:
            rows = files.read("classes.csv").decode().splitlines()[1:]
            wnids = [row.split(",")[0] for row in rows]
            lines = files.read("boxes.csv").decode().splitlines()[1:]
            boxes = {file: box for file, *box in (line.split(",") for line in lines)}
            for split in ("val", "train"):
                names = sorted(
                    n for n in files.namelist() if n.startswith(f"{split}/") and n[-1] != "/"
                )
                photographs = (Image.open(io.BytesIO(files.read(name))) for name in names)
                arrays[f"{split}_x"] = np.stack([np.asarray(p.convert("RGB")) for p in photographs])
                arrays[f"{split}_y"] = np.array([wnids.index(n.split("/")[1]) for n in names])
            arrays["train_boxes"] = np.array([boxes[name] for name in names], np.float32) / 64
        np.savez(cache, **arrays)
    with np.load(cache) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def scaled(images):
    """(B,H,W,3) uint8 0-255 -> (B,3,H,W) float32 -1..1, the scaling of `weights.preprocess`."""
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1


def augmented(images, size, smallest, boxes=None):
    """Random resized crops of `size` pixels, mirrored and with the light changed.

    A crop holds a share between `smallest` and 1 of the picture: objects are seen at many scales.
    With `boxes` three of four crops lie around the object and hold half to twice its box.
    """
    count = len(images)
    area = torch.empty(count).uniform_(smallest, 1)
    if boxes is not None:
        around = torch.rand(count) < 0.75
        sides = boxes[:, 2:] - boxes[:, :2]
        wanted = sides.prod(dim=1) * torch.empty(count).uniform_(0.5, 2)
        area = torch.where(around, wanted.clamp(0.08, 1), area)
        middle = boxes[:, :2] + sides * torch.empty(count, 2).uniform_(0.25, 0.75)
    stretch = torch.empty(count).uniform_(math.log(3 / 4), math.log(4 / 3)).mul(0.5).exp()
    crop = torch.stack([area.sqrt() * stretch, area.sqrt() / stretch], dim=1).clamp(max=1)
    centre = crop / 2 + torch.rand(count, 2) * (1 - crop)
    if boxes is not None:
        inside = torch.minimum(torch.maximum(middle, crop / 2), 1 - crop / 2)
        centre = torch.where(around[:, None], inside, centre)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = crop[:, 0] * (1 - 2 * torch.randint(0, 2, (count,)))
    theta[:, 1, 1] = crop[:, 1]
    theta[:, :, 2] = 2 * centre - 1
    grid = functional.affine_grid(theta, (count, 3, size, size), align_corners=False)
    crops = functional.grid_sample(
        scaled(images), grid, padding_mode="reflection", align_corners=False
    )
    contrast = torch.empty(count, 1, 1, 1).uniform_(0.7, 1.3)
    light = torch.empty(count, 3, 1, 1).uniform_(-0.1, 0.1) + torch.empty(count, 1, 1, 1).uniform_(
        -0.2, 0.2
    )
    return crops * contrast + light


def network(width, classes):
    """VGG16's thirteen convolutions, each with batch normalisation, and a dense head."""
    layers, channels = [], 3
    for convolutions, filters in BLOCKS:
        for _ in range(convolutions):
            filters_here = int(filters * width)
            layers += [
                nn.Conv2d(channels, filters_here, 3, padding=1, bias=False),
                nn.BatchNorm2d(filters_here),
                nn.ReLU(inplace=True),
            ]
            channels = filters_here
        layers.append(nn.MaxPool2d(2))
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(channels, classes)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


@torch.no_grad()
def top1_top5(model, images, labels):
    """Shares of the 64-pixel photographs whose class is the first, and among the first five."""
    model.eval()
    with torch.autocast("cpu", torch.bfloat16):
        ranks = [model(scaled(batch)).topk(5).indices for batch in images.split(250)]
    hits = torch.cat(ranks) == labels[:, None]
    return hits[:, 0].float().mean().item(), hits.any(1).float().mean().item()


def views(epoch, epochs):
    """The sizes of an epoch's crops, the smallest share of the picture, whether around objects.

    Most epochs are cheap ones at small sizes. Those of `ENLARGED` come after the last.
    """
    if epoch < 0.7 * epochs:
        return (32, 40, 48), 0.25, False
    return ((40, 48, 64), 0.25, False) if epoch < epochs else ENLARGED[epoch - epochs]


def train_one_epoch(model, optimiser, schedule, data, epoch, options):
    """Mean loss of the epoch; every batch is drawn at one of the epoch's sizes."""
    torch.manual_seed(options.seed * 1000 + epoch)  # so that a continued run sees the same batches
    model.train()
    sizes, smallest, around_objects = views(epoch, options.epochs)
    model[FIRST_TWO_BLOCKS].requires_grad_(not around_objects).train(not around_objects)
    order = torch.randperm(len(data["train_x"]))
    order = order[: len(order) // options.batch * options.batch].view(-1, options.batch)
    total = 0.0
    for batch in order:
        size = sizes[torch.randint(len(sizes), ()).item()]
        boxes = data["train_boxes"][batch] if around_objects else None
        images = augmented(data["train_x"][batch], size, smallest, boxes)
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(images)
        loss = functional.cross_entropy(logits.float(), data["train_y"][batch], label_smoothing=0.1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        total += loss.item()
    return total / len(order)


def folded(model):
    """A dict of Keras weights with every batch normalisation folded into its convolution.

    `gamma (w*x - mean) / s + beta = (gamma/s w) * x + (beta - gamma mean / s)` with
    s = sqrt(var + eps)
    """
    names = [f"block{b}_conv{c}" for b, (n, _) in enumerate(BLOCKS, 1) for c in range(1, n + 1)]
    convolutions = [layer for layer in model if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in model if isinstance(layer, nn.BatchNorm2d)]
    arrays = {}
    for name, convolution, norm in zip(names, convolutions, norms, strict=True):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        kernel = convolution.weight * scale[:, None, None, None]  # (C_out, C_in, K_h, K_w)
        arrays[f"{name}/kernel"] = kernel.permute(2, 3, 1, 0)
        arrays[f"{name}/bias"] = norm.bias - scale * norm.running_mean
    arrays["predictions/kernel"], arrays["predictions/bias"] = model[-1].weight.T, model[-1].bias
    return {name: array.detach().numpy() for name, array in arrays.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="tiny-imagenet-100.zip")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the checkpoint and of the result"
    )
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument(
        "--rate", type=float, default=0.1, help="the largest learning rate of the one cycle"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / "checkpoint.pt"

    data = read_photographs(options.data)
    torch.manual_seed(options.seed)
    torch.set_flush_denormal(True)  # a seventh faster
    model = network(options.width, classes=int(data["train_y"].max()) + 1)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]  # biases and batch norm: not decayed
    optimiser = torch.optim.SGD(
        [{"params": matrices, "weight_decay": 5e-4}, {"params": vectors}],
        lr=options.rate,
        momentum=0.9,
        nesterov=True,
    )
    start, log = 0, []
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        start, log = saved["epoch"], saved["log"]
    steps = len(data["train_x"]) // options.batch
    if start < options.epochs:
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            options.rate,
            epochs=options.epochs,
            steps_per_epoch=steps,
            pct_start=0.25,
            cycle_momentum=False,
            last_epoch=start * steps - 1,
        )

    for epoch in range(start, options.epochs + len(ENLARGED)):
        if epoch >= options.epochs:
            for group in optimiser.param_groups:
                group["lr"] = group["initial_lr"] = options.rate / 10
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        began = time.perf_counter()
        loss = train_one_epoch(model, optimiser, schedule, data, epoch, options)
        top1, top5 = top1_top5(model, data["val_x"], data["val_y"])
        log.append(
            {
                "epoch": epoch + 1,
                "loss": loss,
                "top1": top1,
                "top5": top5,
                "seconds": time.perf_counter() - began,
            }
        )
        print(json.dumps(log[-1]), flush=True)
        state = {
            "model": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "epoch": epoch + 1,
            "log": log,
        }
        torch.save(state, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)

    weights = folded(model.eval())
    if max(np.abs(array).max() for array in weights.values()) > np.finfo(np.float16).max:
        raise ValueError("a weight must fit in float16: lower --rate and train again.")
    np.savez_compressed(
        options.out / "vgg16_slim.npz",
        **{name: array.astype(np.float16) for name, array in weights.items()},
    )
    (options.out / "log.json").write_text(json.dumps(log, indent=1))


if __name__ == "__main__":
    main()
