"""The teacher of `vgg16_slim`: MobileNetV2 as ImageNet taught it, with a probe for our classes.

The network is Sandler et al. (2018), arXiv:1801.04381, width 1: its batch normalisation is folded
and its layers lie in a .npz in the order in which they work. What it knows of a photograph of
64 pixels, enlarged, is taken down once: 1,280 features, the mean of picture and mirror image.

Needs: torch, numpy.
"""

import numpy as np
import torch
from torch.nn import functional

# (expansion, channels, blocks, stride of the first block): table 2 of the paper
BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def layers(path, device="cpu"):
    """[(kernel, bias), ...] of the 53 layers, kernels as PyTorch has them, (C_out, C_in, H, W)."""
    found = []
    with np.load(path) as arrays:
        for kernel_name, bias_name in zip(arrays.files[::2], arrays.files[1::2], strict=True):
            axes = (3, 0, 1, 2) if "depthwise" in kernel_name else (0, 3, 1, 2)
            kernel = torch.from_numpy(np.ascontiguousarray(arrays[kernel_name].transpose(axes)))
            kernel = kernel.to(device, memory_format=torch.channels_last)
            found.append((kernel, torch.from_numpy(arrays[bias_name]).to(device)))
    return found


def convolved(x, layer, stride=1):
    """A convolution with TensorFlow's "same" padding: what is odd goes to the bottom and right."""
    kernel, bias = layer
    groups = x.shape[1] // kernel.shape[1]
    height, width = (
        max((-(-side // stride) - 1) * stride + kernel.shape[2] - side, 0) for side in x.shape[2:]
    )
    if height % 2 == 0 == width % 2:
        padding = (height // 2, width // 2)
    else:
        x = functional.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        padding = 0
    return functional.conv2d(x, kernel, bias, stride, padding, groups=groups)


@torch.inference_mode()
def features(teacher, images, size):
    """(B,64,64,3) uint8 photographs, enlarged to `size` -> (B,1280): the mean over places."""
    x = images.permute(0, 3, 1, 2).float() / 127.5 - 1
    x = functional.interpolate(x, size=(size, size), mode="bicubic").clamp(-1, 1)
    rest = iter(teacher)
    x = functional.relu6(convolved(x, next(rest), stride=2))
    for expansion, _, blocks, first_stride in BLOCKS:
        for block in range(blocks):
            inside = functional.relu6(convolved(x, next(rest))) if expansion > 1 else x
            stride = 1 if block else first_stride
            inside = functional.relu6(convolved(inside, next(rest), stride))
            projected = convolved(inside, next(rest))
            x = x + projected if block else projected
    return functional.relu6(convolved(x, next(rest))).mean(dim=(2, 3))


def own_logits(teacher, pooled):
    """(B,1280) features -> (B,1001) logits of ImageNet's classes, the background first."""
    kernel, bias = teacher[-1]
    return functional.linear(pooled, kernel.flatten(1), bias)


def noted(teacher, images, folder, size=160, chunk=1000):
    """(N,1280) float32 features of N photographs; a run that stops goes on from its last chunk."""
    folder.mkdir(parents=True, exist_ok=True)
    device, found = teacher[0][0].device, []
    for start in range(0, len(images), chunk):
        file = folder / f"{start:06}.npy"
        if not file.exists():
            batches = images[start : start + chunk].split(16)  # so that a layer fits in the cache
            values = torch.cat([features(teacher, b.to(device), size).cpu() for b in batches])
            part = file.with_suffix(".part")
            with part.open("wb") as opened:
                np.save(opened, values.numpy())
            part.replace(file)
            print(f"{folder.name}: {start + len(values)} of {len(images)} seen", flush=True)
        found.append(torch.from_numpy(np.load(file)))
    return torch.cat(found)


def probe(x, labels, classes, penalty=0.02, steps=40):
    """A linear classifier of features, (C,F+1): multinomial logistic regression by L-BFGS."""
    parameters = torch.zeros(classes, x.shape[1] + 1, requires_grad=True)
    optimiser = torch.optim.LBFGS([parameters], max_iter=steps, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = functional.cross_entropy(probed(parameters, x), labels)
        loss = loss + penalty * parameters[:, :-1].square().sum() / 2
        loss.backward()
        return loss

    optimiser.step(closure)
    return parameters.detach()


def probed(parameters, x):
    """(N,F) features -> (N,C) logits of a probe."""
    return functional.linear(x, parameters[:, :-1], parameters[:, -1])


def cross_fitted(x, labels, classes, folds=5):
    """(N,C) logits of N pictures, each from a probe that was fitted without that picture."""
    fold = torch.arange(len(x)) % folds  # pictures lie class by class: a fifth of each
    logits = torch.empty(len(x), classes)
    for number in range(folds):
        inside = fold != number
        logits[~inside] = probed(probe(x[inside], labels[inside], classes), x[~inside])
    return logits
