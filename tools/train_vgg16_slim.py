"""Train `vgg16_slim` on the 100 classes of Tiny ImageNet and write its plain VGG weights.

    python tools/train_vgg16_slim.py --data tiny-imagenet-100.zip --teacher mobilenet_v2.npz \
        --out runs/vgg16_slim

The network is VGG16 block for block with fewer filters, a global average and one dense head. It
learns from a teacher, MobileNetV2 (`teacher_mobilenet.py`): what that says of each photograph is
taken down once, and the network learns to say the same and the photograph's label. Three stages
follow: many cheap epochs at small sizes and an even rate, fewer at middle sizes while the rate
falls, and at the end sizes up to those of the lessons. The weights that count are a running
average over the steps. The network learns with batch normalisation, which is then folded into the
convolutions: what is written is a kernel and a bias per layer, under Keras's names.

A run that stops continues from its last hundred steps. Each stage leaves `after_STAGE.pt`. Copied
over `checkpoint.pt`, and `--epochs` given anew, `after_small.pt` lengthens the first stage, for its
rate is even, or lets the second begin again; `after_middle.pt` does so for the last. `--finish`
writes the weights of any checkpoint.

The file that is shipped began with the one before it (`--start`, the file of commit 17ff2b7), with
the epochs that stand below as the default. Processor seconds on two cores with AVX2: 830 for the
teacher, 1,800, 6,400 and 3,300 for the three stages; two idle cores take half as many seconds by
the clock, beside other work it took three hours. Without `--start` give the first stage 12 epochs.
PyTorch does the training because the same epoch took about half the time of Keras on two cores
(measured on TensorFlow and on PyTorch); `cnnlab.models` reads the result.

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
import teacher_mobilenet
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # (convolutions, filters at width 1)
CLASSES = 100  # the network learns the teacher's 1,001 classes beside them, and drops these at last

# Of each stage: the crops' sizes, equally often; the smallest share of the picture that a crop
# holds; the learning rate at its beginning and at its end, between them half a cosine.
STAGES = {
    "small": ((32, 32, 40, 48), 0.35, 0.05, 0.05),
    "middle": ((48, 64), 0.3, 0.05, 0.01),
    "mixed": ((64, 64, 96, 128), 0.2, 0.01, 0.0),
}
EPOCHS = (3.334, 6, 1)  # of the stages
WARM_UP = 400  # steps
CHECKPOINT_EVERY = 100  # steps


def read_photographs(archive, cache, every=1):
    """uint8 images and class numbers of both splits, in the order of `classes.csv`.

    And the object's box in each training image: left, top, right and bottom, as shares 0-1.
    Of each class every so-many-th picture is kept.
    """
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
                )[::every]
                photographs = (Image.open(io.BytesIO(files.read(name))) for name in names)
                arrays[f"{split}_x"] = np.stack([np.asarray(p.convert("RGB")) for p in photographs])
                arrays[f"{split}_y"] = np.array([wnids.index(n.split("/")[1]) for n in names])
            arrays["train_boxes"] = np.array([boxes[name] for name in names], np.float32) / 64
        part = cache.with_suffix(".part.npz")
        np.savez(part, **arrays)
        part.replace(cache)
    with np.load(cache) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def teachers_logits(data, teacher, folder):
    """(N,1101) float16: what the teacher says of each training photograph.

    First its probe's logits of our classes, each from a probe fitted without that photograph, then
    its own of ImageNet's 1,001. Prints how often the probe is right.
    """
    file = folder / "teachers_logits.npy"
    if not file.exists():
        seen = {
            split: teacher_mobilenet.noted(teacher, data[f"{split}_x"], folder / f"teacher_{split}")
            for split in ("train", "val")
        }
        mean, deviation = seen["train"].mean(dim=0), seen["train"].std(dim=0) + 1e-3
        x, unseen = ((seen[split] - mean) / deviation for split in ("train", "val"))
        labels = data["train_y"]
        crossed = teacher_mobilenet.cross_fitted(x, labels, CLASSES)
        parameters = teacher_mobilenet.probe(x, labels, CLASSES)
        for what, logits, wanted in (
            ("training photographs, cross-fitted", crossed, labels),
            ("validation photographs", teacher_mobilenet.probed(parameters, unseen), data["val_y"]),
        ):
            top1, top5 = hits(logits, wanted)
            print(f"teacher's probe on {what}: top-1 {top1:.4f}, top-5 {top5:.4f}", flush=True)
        own = teacher_mobilenet.own_logits(teacher, seen["train"].to(teacher[0][0].device)).cpu()
        part = file.with_suffix(".part")
        with part.open("wb") as opened:
            np.save(opened, torch.cat([crossed, own], dim=1).half().numpy())
        part.replace(file)
    return torch.from_numpy(np.load(file))


def scaled(images):
    """(B,H,W,3) uint8 0-255 -> (B,3,H,W) float32 -1..1, the scaling of `weights.preprocess`."""
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1


def augmented(images, boxes, size, smallest):
    """Random resized crops of `size` pixels, mirrored and with the light changed.

    A crop holds a share between `smallest` and 1 of the picture: objects are seen at many scales.
    Half of the crops lie anywhere, half as near as can be to a point within the object's box.
    """
    count, device = len(images), images.device

    def uniform(low, high, *shape):
        return torch.empty(count, *shape, device=device).uniform_(low, high)

    side = uniform(smallest, 1, 1).sqrt()
    stretch = uniform(-0.5, 0.5, 1).mul(math.log(4 / 3)).exp()
    crop = torch.cat([side * stretch, side / stretch], dim=1).clamp(max=1)
    anywhere = crop / 2 + uniform(0, 1, 2) * (1 - crop)
    within = boxes[:, :2] + (boxes[:, 2:] - boxes[:, :2]) * uniform(0, 1, 2)
    within = torch.minimum(torch.maximum(within, crop / 2), 1 - crop / 2)
    centre = torch.where(uniform(0, 1, 1) < 0.5, anywhere, within)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0] = crop[:, 0] * uniform(-1, 1).sign()
    theta[:, 1, 1] = crop[:, 1]
    theta[:, :, 2] = 2 * centre - 1
    grid = functional.affine_grid(theta, (count, 3, size, size), align_corners=False)
    crops = functional.grid_sample(
        scaled(images), grid, padding_mode="reflection", align_corners=False
    )
    light = uniform(-0.1, 0.1, 3, 1, 1) + uniform(-0.2, 0.2, 1, 1, 1)
    crops = crops * uniform(0.7, 1.3, 1, 1, 1) + light
    return crops.contiguous(memory_format=torch.channels_last)


def network(width, outputs):
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
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, outputs)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def names():
    """Keras's names of the convolutions."""
    return [f"block{b}_conv{c}" for b, (n, _) in enumerate(BLOCKS, 1) for c in range(1, n + 1)]


@torch.no_grad()
def unfold(model, arrays, x):
    """Fills a network with plain weights; its batch normalisations measure `x` and undo that.

    A kernel of length 1 per filter, gamma the deviation and beta the mean of what the filter gives
    for `x`: the function is that of the plain weights, and what comes next can learn as usual.
    """
    wanted = iter(names())
    for layer in model[:-1]:
        if isinstance(layer, nn.Conv2d):
            name = next(wanted)
            kernel = torch.from_numpy(arrays[f"{name}/kernel"]).float().permute(3, 2, 0, 1)
            length = kernel.flatten(1).norm(dim=1)
            layer.weight.copy_(kernel / length[:, None, None, None])
        elif isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.copy_(x.mean(dim=(0, 2, 3)))
            layer.running_var.copy_(x.var(dim=(0, 2, 3)))
            bias = torch.from_numpy(arrays[f"{name}/bias"]).float()
            layer.weight.copy_(length * torch.sqrt(layer.running_var + layer.eps))
            layer.bias.copy_(length * layer.running_mean + bias)
        x = layer.eval()(x)
    kernel = torch.from_numpy(arrays["predictions/kernel"]).float()
    model[-1].weight[: kernel.shape[1]].copy_(kernel.T)
    model[-1].bias[: kernel.shape[1]].copy_(torch.from_numpy(arrays["predictions/bias"]))


def folded(model):
    """A dict of Keras weights with every batch normalisation folded into its convolution.

    `gamma (w*x - mean) / s + beta = (gamma/s w) * x + (beta - gamma mean / s)` with
    s = sqrt(var + eps)
    """
    convolutions = [layer for layer in model if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in model if isinstance(layer, nn.BatchNorm2d)]
    arrays = {}
    for name, convolution, norm in zip(names(), convolutions, norms, strict=True):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        kernel = convolution.weight * scale[:, None, None, None]  # (C_out, C_in, K_h, K_w)
        arrays[f"{name}/kernel"] = kernel.permute(2, 3, 1, 0)
        arrays[f"{name}/bias"] = norm.bias - scale * norm.running_mean
    arrays["predictions/kernel"] = model[-1].weight[:CLASSES].T
    arrays["predictions/bias"] = model[-1].bias[:CLASSES]
    return {name: array.detach().cpu().numpy() for name, array in arrays.items()}


def loss_of(logits, labels, told, temperature=1.5):
    """Cross-entropy with the label, and with what the teacher says of both sets of classes."""

    def apart(student, teacher):
        student = functional.log_softmax(student / temperature, dim=1)
        teacher = functional.log_softmax(teacher / temperature, dim=1)
        divergence = functional.kl_div(student, teacher, reduction="batchmean", log_target=True)
        return temperature**2 * divergence

    ours, own = slice(None, CLASSES), slice(CLASSES, None)
    return (
        0.3 * functional.cross_entropy(logits[:, ours], labels)
        + 0.7 * apart(logits[:, ours], told[:, ours])
        + 0.5 * apart(logits[:, own], told[:, own])
    )


def hits(logits, labels):
    """Shares of pictures whose class is the first, and among the first five."""
    right = logits.topk(5).indices == labels[:, None]
    return right[:, 0].float().mean().item(), right.any(dim=1).float().mean().item()


@torch.inference_mode()
def top1_top5(model, images, labels):
    """`hits` on 64-pixel photographs."""
    model.eval()
    logits = torch.cat([model(scaled(batch))[:, :CLASSES] for batch in images.split(250)])
    return hits(logits, labels)


def rate(stage, step, steps):
    """The learning rate before a step of a stage."""
    _, _, first, last = STAGES[stage]
    share = (1 + math.cos(math.pi * step / steps)) / 2
    warm = min(1, (step + 1) / WARM_UP) if stage == next(iter(STAGES)) else 1
    return warm * (last + (first - last) * share)


def batch_of(data, stage, step, options):
    """Crops, labels and the teacher's logits: the same whenever a run comes to this step."""
    where = options.seed * 10**9 + list(STAGES).index(stage) * 10**7
    count = len(data["train_x"])
    epoch, place = divmod(step, count // options.batch)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(where + epoch))
    batch = order[place * options.batch : (place + 1) * options.batch]
    torch.manual_seed(where + 10**6 + step)
    sizes, smallest, _, _ = STAGES[stage]
    size = sizes[torch.randint(len(sizes), ()).item()]
    batch = batch.to(data["train_x"].device)
    images = augmented(data["train_x"][batch], data["train_boxes"][batch], size, smallest)
    return images, data["train_y"][batch], data["told"][batch].float()


def save(state, file):
    """Aside first: a run killed meanwhile leaves the file as it was."""
    torch.save(state, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)


def train(model, average, data, options):
    """Runs the stages that are left, from the checkpoint on."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]  # biases and batch norm: not decayed
    optimiser = torch.optim.SGD(
        [{"params": matrices, "weight_decay": 5e-4}, {"params": vectors}],
        lr=0.1,
        momentum=0.9,
        nesterov=True,
    )
    parts = {"model": model, "average": average, "optimiser": optimiser}
    checkpoint = options.out / "checkpoint.pt"
    at, begin, log = 0, 0, []
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=options.device, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(saved[name])
        at, begin, log = saved["stage"], saved["step"], saved["log"]
    if options.finish:
        return
    epoch = len(data["train_x"]) // options.batch  # steps
    for number, (stage, epochs) in enumerate(zip(STAGES, options.epochs, strict=True)):
        steps = round(epochs * epoch)
        total, began, spent = 0.0, time.perf_counter(), time.process_time()
        first = begin if number == at else 0 if number > at else steps
        for step in range(first, steps):
            for group in optimiser.param_groups:
                group["lr"] = rate(stage, step, steps)
            images, labels, told = batch_of(data, stage, step, options)
            model.train()
            with torch.autocast(images.device.type, torch.bfloat16, enabled=options.bfloat16):
                logits = model(images)
            loss = loss_of(logits.float(), labels, told)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            average.update_parameters(model)
            total += loss.item()
            done = step + 1
            if done % CHECKPOINT_EVERY and done != steps:
                continue
            line = {
                "stage": stage,
                "epoch": round(done / epoch, 3),
                "loss": round(total / ((done - 1) % CHECKPOINT_EVERY + 1), 4),
                "seconds": round(time.perf_counter() - began, 1),
                "processor": round(time.process_time() - spent, 1),
            }
            if done % epoch < CHECKPOINT_EVERY or done == steps:
                some = slice(None, None, 2)
                top1, top5 = top1_top5(average, data["val_x"][some], data["val_y"][some])
                line |= {"top1": round(top1, 4), "top5": round(top5, 4)}
            log.append(line)
            print(json.dumps(line), flush=True)
            state = {name: part.state_dict() for name, part in parts.items()}
            state |= {"stage": number, "step": done, "log": log}
            save(state, checkpoint)
            if done == steps:
                save(state, checkpoint.with_name(f"after_{stage}.pt"))
            total, began, spent = 0.0, time.perf_counter(), time.process_time()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="tiny-imagenet-100.zip")
    parser.add_argument("--teacher", type=Path, required=True, help="MobileNetV2's weights")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the checkpoints and of the result"
    )
    parser.add_argument("--start", type=Path, help="plain weights (.npz) to begin with")
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument(
        "--epochs", type=float, nargs=len(STAGES), default=EPOCHS, metavar=tuple(STAGES)
    )
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bfloat16", action="store_true", help="where the processor has it")
    parser.add_argument("--every", type=int, default=1, help="so-many-th picture only: a trial")
    parser.add_argument("--finish", action="store_true", help="no training: write what there is")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)  # a seventh faster

    data = read_photographs(options.data, options.out / "photographs.npz", options.every)
    teacher = teacher_mobilenet.layers(options.teacher, options.device)
    data["told"] = teachers_logits(data, teacher, options.out)
    data = {name: array.to(options.device) for name, array in data.items()}

    torch.manual_seed(options.seed)
    model = network(options.width, data["told"].shape[1])
    if options.start:
        with np.load(options.start) as arrays:
            unfold(model, arrays, scaled(data["train_x"][::100].cpu()))
    model.to(options.device)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    print(json.dumps({"start": top1_top5(model, data["val_x"][::10], data["val_y"][::10])}))
    train(model, average, data, options)

    trained = average.module.eval()
    print(json.dumps({"end": top1_top5(trained, data["val_x"], data["val_y"])}), flush=True)
    save(trained.state_dict(), options.out / "trained.pt")
    part = options.out / "vgg16_slim.part.npz"
    np.savez_compressed(part, **folded(trained))
    part.replace(options.out / "vgg16_slim.npz")


if __name__ == "__main__":
    main()
