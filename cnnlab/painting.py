"""Pictures painted by a network: out of its features, in another's style, out of its own fancy.

Each is a picture that is changed along a gradient, while the network stays as it is. A picture is
compared by a layer's maps (where is what) or by their Gram matrix (what occurs together, wherever).
Each part counts relative to its goal: 1 is as far as a map of zeros. So weights mean the same for
every layer and network.

Images are what ``model(images)`` accepts, prepared as in training. What comes back is to be looked
at: float32, 0-1, the value range stretched. `value_range` is that of `cnnlab.adversarial`. While a
picture is painted a bar shows the steps; an interrupt keeps the best picture so far.
"""

from dataclasses import dataclass, replace
from numbers import Real

import keras
import numpy as np
from scipy.optimize import minimize

from cnnlab.gradients import grams, layer_outputs, unlikeness
from cnnlab.patterns import cleaned_slopes
from cnnlab.progress import bar
from cnnlab.reading.looking import View, looked_at, looking_at
from cnnlab.reading.value_range import limits
from cnnlab.sizes import whole_number

SOFTNESS = 0.01  # below this difference of two pixels, of 0-1, total variation grows as a square
FADING = 0.5  # the power of frequency with which the ease of painting falls
RATE = 0.02  # of Adam, and of a dream's steps, for pictures 0-1


def gram(maps):
    """The Gram matrix of feature maps: how much each pair of channels answers at the same places.

    ``G[c, d] = mean over all places of maps[..., c] * maps[..., d]``

    Args:
        maps: (B,h,w,C), or (h,w,C) of one picture.

    Returns:
        (B,C,C) float32, or (C,C) of one picture.

    Raises:
        ValueError: another rank, no place, or NaN.

    Example:
        >>> gram(np.arange(12).reshape(2, 3, 2))
        array([[36.666668, 41.666668],
               [41.666668, 47.666668]], dtype=float32)

    Source: Gatys, Ecker & Bethge (2016), CVPR, equation 3. Difference: the mean over places, so
        that pictures of other sizes can be compared.
    """
    maps = np.asarray(maps, np.float32)
    if maps.ndim not in (3, 4) or not maps.size or not np.isfinite(maps).all():
        raise ValueError(
            "`maps` must be finite and of shape (B, h, w, C) or (h, w, C): got shape "
            f"{maps.shape}. Take those of `feature_maps`, with their places."
        )
    found = grams(maps[None] if maps.ndim == 3 else maps).numpy()
    return found[0] if maps.ndim == 3 else found


def total_variation(picture):
    """How much a picture changes from pixel to pixel, and the gradient of that.

    ``mean over pixels and channels of s(down) + s(across)`` with s(d) = sqrt(d² + t²) - t, which is
    nearly abs(d) but has a slope everywhere; t is `SOFTNESS`.

    Args:
        picture: (H,W,C), 0-1.

    Returns:
        A number, and an array (H,W,C).

    Example:
        >>> steps = np.zeros((4, 5, 3))
        >>> steps[:, 2:] = 1  # one edge, four rows long, in each channel
        >>> round(total_variation(steps)[0], 3)  # 4 of 20 pixels change by 1
        0.198

    Source: Mahendran & Vedaldi (2015), arXiv:1412.0035, section 3. Difference: the steps down and
        across are taken each by itself, abs(dx) + abs(dy), softened at 0; theirs are
        (dx^2 + dy^2)^(beta / 2).
    """
    picture = np.asarray(picture, np.float64)
    value, slopes = 0.0, np.zeros_like(picture)
    for axis in (0, 1):
        change = np.diff(picture, axis=axis)
        length = np.sqrt(change**2 + SOFTNESS**2)
        value += (length - SOFTNESS).sum()
        slope = np.moveaxis(change / length, axis, 0)
        along = np.moveaxis(slopes, axis, 0)  # a view
        along[1:] += slope
        along[:-1] -= slope
    return float(value / picture.size), slopes / picture.size


def invert(
    model, image, layer, *, smoothness=0.1, steps=60, seed=0, value_range=None, optimiser="l-bfgs"
):
    """A picture that a layer cannot well tell from this one, begun from grey noise.

    ``min over x of |F(x) - F(image)|² / |F(image)|² + smoothness * total variation of x``

    Args:
        model: a Keras model with a picture input.
        image: (H,W,C) as the model takes it, or a batch (B,H,W,C).
        layer: name or path of a layer with a map.
        smoothness: how much the total variation counts, >= 0.
        steps: of the optimiser, >= 1.
        seed: of the noise.
        value_range: of a pixel, see above.
        optimiser: "l-bfgs" or "adam".

    Returns:
        (H,W,C) float32, 0-1, or (B,H,W,C).

    Raises:
        ValueError: image, layer, range or a number does not suit.

    Example:
        >>> from keras import layers
        >>> conv = layers.Conv2D(4, 3, name="conv")
        >>> model = keras.Sequential([keras.Input((None, None, 3)), conv])
        >>> invert(model, np.full((8, 12, 3), 0.5), "conv", steps=2).shape
        (8, 12, 3)

    Source: Mahendran & Vedaldi (2015), arXiv:1412.0035. Difference: painted in frequencies of
        which the fine ones come less easily, after Olah, Mordvintsev & Schubert (2017), Distill.
    """
    canvas = _canvas(model, image, value_range)
    (maps,) = _maps(canvas, [layer])
    noise = np.random.default_rng(seed).standard_normal(canvas.pictures.shape[1:])
    start = np.clip(0.5 + 0.05 * noise, 0, 1)
    painted = [
        _painted(canvas[n], [_Goal(layer, False, maps[n], 1)], smoothness, start, steps, optimiser)
        for n in range(len(maps))
    ]
    return painted[0] if canvas.view.batch.single else np.stack(painted)


def stylise(
    model, content, style, content_layer, style_layers, *, style_weight=10.0, smoothness=0.1,
    steps=60, value_range=None, optimiser="l-bfgs",
):  # fmt: skip
    """One picture in the style of another: the maps of the first, the Gram matrices of the second.

    ``min over x of |F(x) - F(content)|² / |F(content)|²
    + style_weight * mean over layers of |G(x) - G(style)|² / |G(style)|²
    + smoothness * total variation of x``, begun at the content.

    Args:
        model: a Keras model with a picture input.
        content: (H,W,C) as the model takes it.
        style: the same; where the model's size is open, of any size.
        content_layer: name or path of the layer whose maps are kept.
        style_layers: names or paths of the layers whose Gram matrices are taken over.
        style_weight: how much the style counts, >= 0.
        smoothness: how much the total variation counts, >= 0.
        steps: of the optimiser, >= 1.
        value_range: of a pixel, see above.
        optimiser: "l-bfgs" or "adam".

    Returns:
        (H,W,C) float32, 0-1.

    Raises:
        ValueError: pictures, layers, range or a number do not suit.

    Example:
        >>> from keras import layers
        >>> conv = layers.Conv2D(4, 3, name="conv")
        >>> model = keras.Sequential([keras.Input((None, None, 3)), conv])
        >>> rng = np.random.default_rng(0)
        >>> content, style = rng.uniform(size=(8, 12, 3)), rng.uniform(size=(6, 10, 3))
        >>> stylise(model, content, style, "conv", ["conv"], steps=2).shape
        (8, 12, 3)

    Source: Gatys, Ecker & Bethge (2016), CVPR. Differences: each part relative to its goal, total
        variation (after Johnson et al., 2016), the frequencies of `invert`.
    """
    style_layers = [style_layers] if isinstance(style_layers, str) else list(style_layers)
    if not style_layers:
        raise ValueError(
            "`style_layers` must name at least one layer: got none. Pass for example the first "
            "convolution of each block."
        )
    canvas, other = _canvas(model, content, value_range), _canvas(model, style, value_range)
    for name, given in (("content", canvas), ("style", other)):
        if len(given.pictures) != 1:
            raise ValueError(
                f"`{name}` must be one picture: got {len(given.pictures)}. Ask once for each."
            )
    (kept,), found = _maps(canvas, [content_layer]), _maps(other, style_layers)
    share = _amount("style_weight", style_weight) / len(style_layers)
    goals = [_Goal(content_layer, False, kept[0], 1)]
    goals += [
        _Goal(layer, True, gram(maps[0]), share)
        for layer, maps in zip(style_layers, found, strict=True)
    ]
    return _painted(canvas[0], goals, smoothness, canvas.pictures[0], steps, optimiser)


def dream(model, image, layer, *, octaves=3, scale=1.4, steps=10, seed=0, value_range=None):
    """More of what a layer sees in a picture: the mean square of its maps grows, size by size.

    The picture is made small, changed along the cleaned gradient (`cnnlab.patterns`), enlarged, and
    given back the details that it lost by that; and so on up to its own size.

    Args:
        model: a Keras model with a picture input of open size.
        image: (H,W,C) as the model takes it.
        layer: name or path of a layer with a map.
        octaves: sizes, the last of which is the picture's own, >= 1.
        scale: from one size to the next, > 1.
        steps: per size, >= 1.
        seed: of the shifts.
        value_range: of a pixel, see above.

    Returns:
        (H,W,C) float32, 0-1.

    Raises:
        ValueError: image, layer, range or a number does not suit.

    Example:
        >>> from keras import layers
        >>> conv = layers.Conv2D(4, 3, name="conv")
        >>> model = keras.Sequential([keras.Input((None, None, 3)), conv])
        >>> dream(model, np.full((24, 36, 3), 0.5), "conv", octaves=2, steps=1).shape
        (24, 36, 3)

    Source: Mordvintsev, Olah & Tyka (2015), Inceptionism: Going Deeper into Neural Networks.
    """
    canvas = _canvas(model, image, value_range)
    if len(canvas.pictures) != 1:
        raise ValueError(
            f"`image` must be one picture: got {len(canvas.pictures)}. Ask once for each."
        )
    whole_number("octaves", octaves, "sizes")
    whole_number("steps", steps, "steps at each size")
    if not 1 < scale < np.inf:
        raise ValueError(
            f"`scale` must be above 1: got {scale!r}. Each size is so many times the one before."
        )
    _maps(canvas, [layer])
    original, goal = canvas.pictures, [_Goal(layer, False, np.zeros((1, 1, 1), np.float32), -1)]
    sizes = [np.round(np.array(original.shape[1:3]) / scale**n) for n in range(octaves)][::-1]
    rng, added = np.random.default_rng(seed), np.zeros((1, 1, 1, original.shape[-1]))
    try:
        for size in bar(sizes, unit="size"):
            small = _resized(original, size)
            added = _resized(added, size)
            for _ in range(steps):
                picture = np.clip(small + added, 0, 1)
                slopes = cleaned_slopes(lambda x: canvas.unlike(x, goal), picture, rng)
                added = picture - RATE * slopes - small  # downhill: the goal counts less than 0
    except KeyboardInterrupt:
        print("stopped before the end: this is the dream so far")
    return np.clip(original + _resized(added, original.shape[1:3]), 0, 1)[0].astype(np.float32)


@dataclass(frozen=True)
class _Goal:
    """What a picture shall come near to.

    Attributes:
        layer: name or path.
        of_gram: whether by the Gram matrix, and not by the map itself.
        target: the map or the matrix, of one picture.
        weight: what it counts.
    """

    layer: str
    of_gram: bool
    target: np.ndarray
    weight: float

    @property
    def share(self):
        """The weight of a mean square, so that 1 is as far as zeros from the target."""
        return self.weight / (float(np.square(self.target, dtype=np.float64).mean()) or 1)


@dataclass(frozen=True)
class _Canvas:
    """Pictures as they are looked at, 0-1, and the model that is asked about them.

    Attributes:
        view: the checked batch, as the model takes it.
        low: the smallest value of a pixel there, a number or one per channel.
        high: the largest.
        pictures: (B,H,W,C) float64, 0-1.
    """

    view: View
    low: np.ndarray
    high: np.ndarray
    pictures: np.ndarray

    def __getitem__(self, n):
        """One of the pictures, as a batch."""
        rows = slice(n, n + 1)
        batch = self.view.batch[rows]
        return replace(self, view=replace(self.view, batch=batch), pictures=self.pictures[rows])

    def unlike(self, pictures, goals):
        """How far pictures (B,H,W,C), 0-1, are from the goals (B,), and the gradient of that."""
        prepared = (self.low + (self.high - self.low) * pictures).astype(np.float32)
        batch = self.view.batch.having(self.view.picture, prepared)
        parts = tuple((goal.layer, goal.of_gram) for goal in goals)
        targets = [goal.target[None] for goal in goals]
        shares = [[goal.share for goal in goals]]
        far, slopes = unlikeness(batch, self.view.picture, parts, targets, shares)
        if not (np.isfinite(far).all() and np.isfinite(slopes).all()):
            raise ValueError(
                "`model` must give finite maps and gradients: got NaN or infinity. "
                "Look for NaN in its weights, or overflow in float16 (bfloat16 has none)."
            )
        return far, slopes * (self.high - self.low)


def _canvas(model, images, value_range):
    """The checked pictures."""
    view = looking_at(model, images, pixels=True)
    if view.pictures.ndim != 4:
        raise ValueError(
            f"`image` must be a picture, (B, H, W, C): got {view.pictures.ndim} axes for the input "
            f"{view.picture!r}. Painting needs pictures, and Conv2D."
        )
    low, high = limits(view.batch.known, view.floats(), value_range)
    return _Canvas(view, low, high, (view.pictures - low.astype(np.float64)) / (high - low))


def _maps(canvas, names):
    """What the layers answer to the pictures, once each is seen to have a map of them."""
    view, network = canvas.view, canvas.view.batch.known.graph
    for name in names:
        address, seen = looked_at(view.batch.known, name)
        if view.picture not in seen:
            raise ValueError(
                f"`layer` must see the picture {view.picture!r}: got layer={address!r}, on which "
                "it has no influence. Choose a layer of the branch that reads it."
            )
        if len(network[address].output_shape) != 4:
            raise ValueError(
                f"`layer` must have a map, (B, h, w, C): got layer={address!r} of shape "
                f"{network[address].output_shape}. Choose a convolution."
            )
    found = layer_outputs(view.batch, names)
    for name, maps in zip(names, found, strict=True):
        if not np.isfinite(maps).all() or not maps.any(axis=(1, 2, 3)).all():
            raise ValueError(
                f"`layer` must answer to the picture: got layer={name!r}, which gives NaN, "
                "infinity or nothing but zeros. Choose another layer, or look at the weights."
            )
    return found


def _painted(canvas, goals, smoothness, start, steps, optimiser):
    """The best picture (H,W,C) on the way from the start to the goals."""
    whole_number("steps", steps, "steps of the optimiser")
    _amount("smoothness", smoothness)
    if optimiser not in _OPTIMISERS:
        raise ValueError(
            f"`optimiser` must be one of {', '.join(_OPTIMISERS)}: got {optimiser!r}. The first "
            "needs fewer steps."
        )
    dear, best, least = _dearness(start.shape), start, np.inf

    def loss(brush):
        """Of start + brush, cut to 0-1; what is cut off costs too, or it would be lost for good."""
        nonlocal best, least
        meant = start + _filtered(brush.reshape(start.shape), dear)
        picture = np.clip(meant, 0, 1)
        (far,), (slopes,) = canvas.unlike(picture[None], goals)
        variation, roughness = total_variation(picture)
        total = float(far) + smoothness * variation
        if total < least:
            best, least = picture, total
        slopes = (slopes + smoothness * roughness) * (picture == meant)
        slopes = slopes + 2 * (meant - picture) / picture.size
        return total + np.square(meant - picture).mean(), _filtered(slopes, dear).ravel()

    with bar(range(steps), unit="step") as shown:
        try:
            _OPTIMISERS[optimiser](loss, np.zeros(start.size), steps, shown.update)
        except KeyboardInterrupt:
            print(f"stopped after step {shown.n} of {steps}: this is the best picture so far")
    return best.astype(np.float32)


def _dearness(shape):
    """(H, W // 2 + 1, 1), how easily each frequency is painted: fine ripples less than forms.

    A photograph's amplitudes fall with frequency. In steps of equal ease for all, ripples that no
    photograph has would satisfy a network before forms do.
    """
    height, width, _ = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    ease = 1 / np.maximum(frequency, 1 / max(height, width)) ** FADING
    return (ease / ease.mean())[..., None]


def _filtered(picture, ease):
    """The picture with each frequency multiplied; its own transpose, so it serves slopes too."""
    waves = np.fft.rfft2(picture, axes=(0, 1))
    return np.fft.irfft2(waves * ease, s=picture.shape[:2], axes=(0, 1))


def _l_bfgs(loss, start, steps, tell):
    """Quasi-Newton: from the last gradients it learns how the slope bends."""
    options = {"maxiter": steps, "maxfun": 3 * steps, "ftol": 0, "gtol": 0}
    minimize(loss, start, jac=True, method="L-BFGS-B", callback=lambda _: tell(), options=options)


def _adam(loss, start, steps, tell):
    """Every value moves by about `RATE`, along a running mean of its gradient."""
    values, adam = keras.Variable(start, dtype="float32"), keras.optimizers.Adam(RATE)
    for _ in range(steps):
        _, slopes = loss(np.asarray(values, np.float64))
        adam.apply([keras.ops.convert_to_tensor(slopes, "float32")], [values])
        tell()
    loss(np.asarray(values, np.float64))


_OPTIMISERS = {"l-bfgs": _l_bfgs, "adam": _adam}


def _amount(name, value):
    if not isinstance(value, Real) or not 0 <= value < np.inf:
        raise ValueError(f"`{name}` must be a number from 0 on: got {value!r}. 0 leaves it out.")
    return value


def _resized(pictures, size):
    """(B,H,W,C) of another height and width, float64."""
    size = tuple(int(side) for side in size)
    options = {"interpolation": "bilinear", "antialias": True, "data_format": "channels_last"}
    resized = keras.ops.image.resize(pictures.astype(np.float32), size, **options)
    return np.asarray(resized, np.float64)
