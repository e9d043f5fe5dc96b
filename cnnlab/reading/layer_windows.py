"""Which cells of its input does a cell of a layer see? One layer, one axis at a time.

`look(node, index)` answers for every kind of layer that keeps, moves, thins out or multiplies
positions; a kind that it does not know gives None, never a guess.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from cnnlab.reading.graph import ACTIVATIONS, CONVOLUTIONS, NORMALISATIONS
from cnnlab.sizes import effective_kernel_size, same_padding

TRANSPOSED_CONVOLUTIONS = frozenset({"Conv1DTranspose", "Conv2DTranspose"})
POOLINGS = frozenset("MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D".split())
GLOBAL_POOLINGS = frozenset(
    f"Global{statistic}Pooling{rank}D" for statistic in ("Average", "Max") for rank in (1, 2)
)
RESHAPINGS = frozenset(
    """Flatten Reshape ZeroPadding1D ZeroPadding2D Cropping1D Cropping2D UpSampling1D UpSampling2D
    Resizing CenterCrop Pad""".split()
)
MERGES = frozenset(
    "Add Subtract Multiply Average Maximum Minimum Concatenate Divide TrueDivide".split()
)
# These mix cells along the axis they name.
ALONG_AN_AXIS = NORMALISATIONS - {"BatchNormalization"} | {
    "Softmax",
    "LogSoftmax",
    "Concatenate",
    "Stack",
}
REDUCTIONS = frozenset("Mean Max Amax Min Amin Sum".split())
# Dropout, noise and augmentation: at inference they do nothing.
ONLY_IN_TRAINING = frozenset(
    """ActivityRegularization Dropout SpatialDropout1D SpatialDropout2D AlphaDropout GaussianDropout
    GaussianNoise StochasticDepth AugMix CutMix Equalization MixUp RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomElasticTransform RandomErasing
    RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
    RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
    RandomTranslation RandomZoom Solarization""".split()
)
# Each pixel by itself.
PIXEL_BY_PIXEL = (
    frozenset(
        """Dense Identity Rescaling Normalization LayerScale CustomScaleLayer BatchNormalization
    Negative Abs Absolute Square Sqrt Exp Log Power Clip Cast""".split()
    )
    | ONLY_IN_TRAINING
    | ACTIVATIONS
    | MERGES
) - ALONG_AN_AXIS

EVERYTHING = "every cell sees the whole map below"
ONE_CELL = "no positions are left: one cell sees the whole map below"


@dataclass(frozen=True)
class Window:
    """What cells see along one axis: cell i sees the cells ``starts[i] ... stops[i] - 1`` below.

    The next cell sees the same, shifted by `step`. Behind up-sampling only every n-th cell does;
    then n = len(starts) cells are listed::

        conv 3, stride 2, padding 1    starts (-1,)   stops (2,)    step 2
        up-sampling by 2               starts (0, 0)  stops (1, 1)  step 1

    Attributes:
        starts: first cell seen by each of n cells.
        stops: first cell behind those that each of n cells sees.
        step: shift from cell i to cell i + n.
        open_paddings: names of paddings whose size is unknown; starts and stops count from there.
    """

    starts: tuple
    stops: tuple
    step: int
    open_paddings: frozenset = frozenset()

    def start(self, cell):
        """The first cell that `cell` sees."""
        turn, index = divmod(cell, len(self.starts))
        return self.starts[index] + turn * self.step

    def stop(self, cell):
        """The first cell behind those that `cell` sees."""
        turn, index = divmod(cell, len(self.stops))
        return self.stops[index] + turn * self.step

    @property
    def size(self):
        """The number of cells seen, the largest where it alternates."""
        return max(stop - start for start, stop in zip(self.starts, self.stops, strict=True))

    @property
    def stride(self):
        """The shift from one cell to the next, an int or (behind up-sampling) a float."""
        stride = Fraction(self.step, len(self.starts))
        return int(stride) if stride.denominator == 1 else float(stride)

    @property
    def padding(self):
        """The cells that cell 0 sees before the first, or None where that is unknown."""
        return None if self.open_paddings else -self.starts[0]

    @property
    def middle(self):
        """The middle of what cell 0 sees, if all middles lay `stride` apart.

        So they do but for up-sampling, where neighbours may see the same and yet lie side by side.
        """
        ends = enumerate(zip(self.starts, self.stops, strict=True))
        middles = [(start + stop - 1) / 2 - cell * self.stride for cell, (start, stop) in ends]
        return sum(middles) / len(middles)

    def onto(self, below):
        """What these cells see of the input, when the cells they see look through `below`.

        Example:
            >>> pool = Window((0,), (2,), 2)
            >>> conv = Window((-1,), (2,), 1)
            >>> conv.onto(pool)
            Window(starts=(-2,), stops=(4,), step=2, open_paddings=frozenset())
        """
        turns = len(below.starts) // math.gcd(len(below.starts), self.step)
        cells = range(len(self.starts) * turns)
        return Window(
            starts=tuple(below.start(self.start(cell)) for cell in cells),
            stops=tuple(below.stop(self.stop(cell) - 1) for cell in cells),
            step=below.step * (self.step * turns // len(below.starts)),
            open_paddings=below.open_paddings | self.open_paddings,
        )


PIXEL = Window((0,), (1,), 1)


def positions(shape):
    """The (rows, columns) of a shape with batch and channels; 1 where it has no such axis.

    Example:
        >>> positions((None, 8, 12, 3)), positions((None, 8, 3)), positions((None, 3))
        ((8, 12), (8, 1), (1, 1))
    """
    return (*shape[1:-1], 1, 1)[:2]


def look(node, index):
    """What a cell of a layer sees of the layer's (first) input along one axis.

    Args:
        node: of a `cnnlab.graph.Graph`.
        index: 0 for rows, 1 for columns.

    Returns:
        A `Window`, `EVERYTHING`, `ONE_CELL`, or None for a kind of layer that is not known.

    Example:
        >>> import keras
        >>> from cnnlab.reading.graph import read
        >>> image = keras.Input((8, 12, 3))
        >>> pool = keras.layers.MaxPooling2D((2, 3))
        >>> look(read(keras.Sequential([image, pool])).calls[0], index=1)
        Window(starts=(0,), stops=(3,), step=3, open_paddings=frozenset())
    """
    layer, kind = node.layer, node.kind
    if kind in PIXEL_BY_PIXEL or getattr(layer, "pointwise", False) is True:
        return PIXEL
    if kind in ALONG_AN_AXIS:
        return _along_an_axis(node, index)
    if kind in REDUCTIONS:
        return _reduced(node, index)
    if kind in GLOBAL_POOLINGS or kind == "Flatten":
        return ONE_CELL
    if kind == "Reshape":
        return _reshaped(node)
    if kind == "GetItem":
        return _indexed(node, index)
    if "1D" in kind and index == 1:
        return PIXEL
    sliding = _sliding(node, index) if kind in CONVOLUTIONS | POOLINGS else None
    transposed = _transposed(layer, index) if kind in TRANSPOSED_CONVOLUTIONS else None
    return sliding or transposed or _moved(node, index)


def _along_an_axis(node, index):
    """Normalisation, softmax and concatenation: over channels each pixel stays by itself."""
    rank = len(node.output_shape)
    named = _named_axes(node.layer, rank)
    if node.kind == "GroupNormalization":
        return EVERYTHING
    if node.kind in ("Concatenate", "Stack"):
        return PIXEL if named == {rank - 1} else None
    return EVERYTHING if index + 1 in named and index < rank - 2 else PIXEL


def _reduced(node, index):
    """Means, maxima and sums: over channels, or over all positions."""
    rank = len(node.input_shapes[0])
    named = _named_axes(node.layer, rank)
    if 0 in named:
        return None
    if named >= set(range(1, rank - 1)):
        return ONE_CELL
    if not node.layer.keepdims:
        return None
    return ONE_CELL if index + 1 in named else PIXEL


def _named_axes(layer, rank):
    """The axes that a layer's `axis` names, counted from 0."""
    if layer.axis is None:
        return set(range(rank))
    named = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return {axis % rank for axis in named}


def _reshaped(node):
    before, after = node.input_shapes[0], node.output_shape
    if len(after) == 2:
        return ONE_CELL
    return PIXEL if positions(before) == positions(after) and None not in before[1:] else None


def _indexed(node, index):
    """``x[..., ::-1]`` on the channels, ``x[:, 2:, ::3]`` on the positions."""
    key = _key(node)
    if not all(isinstance(part, slice) for part in key[:-1]) or key[0] != slice(None):
        return None
    if index + 1 >= len(key) - 1:
        return PIXEL
    first, step = key[index + 1].start or 0, key[index + 1].step or 1
    size = node.input_shapes[0][index + 1]
    if step < 0 or (first < 0 and size is None):
        return None
    return _cut(first if first >= 0 else max(size + first, 0), step)


def is_plane(node):
    """Whether a node takes one channel out of images, as ``x[..., 0]`` does: (B, H, W)."""
    return node.kind == "GetItem" and isinstance(_key(node)[-1], int)


def _key(node):
    """What an indexing says of each axis."""
    key = node.arguments[0] if isinstance(node.arguments[0], tuple) else node.arguments
    gap = next((i for i, part in enumerate(key) if part is Ellipsis), len(key))
    behind = key[gap + 1 :]
    return (*key[:gap], *[slice(None)] * (len(node.input_shapes[0]) - gap - len(behind)), *behind)


def _sliding(node, index):
    """The window of a convolution or a pooling."""
    layer = node.layer
    pooling = node.kind in POOLINGS
    kernel_size = (layer.pool_size if pooling else layer.kernel_size)[index]
    dilation_rate = 1 if pooling else layer.dilation_rate[index]
    strides = layer.strides[index]
    size = positions(node.input_shapes[0])[index]
    span = effective_kernel_size(kernel_size, dilation_rate)
    before, open_paddings = 0, frozenset()
    if layer.padding == "causal":
        before = span - 1
    elif layer.padding == "same" and (size or strides == 1 or span == 1):
        before, _ = same_padding(size or 1, kernel_size, strides, dilation_rate)
    elif layer.padding == "same":
        # Equal windows on the same map are padded alike, so they get the same name.
        open_paddings = frozenset({(node.inputs[0], span, strides)})
    return Window((-before,), (span - before,), strides, open_paddings)


def _transposed(layer, index):
    """The window of a transposed convolution.

    Input cell i lays its kernel over the output cells from ``i * strides - before`` on, so output
    cell o sees ``ceil((o + before - span + 1) / strides) ... floor((o + before) / strides)``.
    """
    kernel_size, strides = layer.kernel_size[index], layer.strides[index]
    if kernel_size < strides:
        return None  # some cells see nothing
    span = effective_kernel_size(kernel_size, layer.dilation_rate[index])
    before = 0
    if layer.padding == "same":
        # Cut off is what "same" would pad on the way back; the size modulo strides decides it.
        extra = None if layer.output_padding is None else layer.output_padding[index]
        size = strides if extra is None else (span % 2 + extra - 1) % strides + 1
        before, _ = same_padding(size, kernel_size, strides, layer.dilation_rate[index])
    starts = tuple(-((span - 1 - before - cell) // strides) for cell in range(strides))
    stops = tuple((cell + before) // strides + 1 for cell in range(strides))
    return Window(starts, stops, 1)


def _cut(first, step=1):
    """The window of a map that begins at cell `first` below; before cell 0 there are zeros."""
    return Window((first,), (first + 1,), step)


def _moved(node, index):
    """The window of a layer that pads, crops or resizes."""
    layer, kind = node.layer, node.kind
    if kind in ("ZeroPadding1D", "ZeroPadding2D"):
        return _cut(-(layer.padding[0] if kind == "ZeroPadding1D" else layer.padding[index][0]))
    if kind in ("Cropping1D", "Cropping2D"):
        return _cut(layer.cropping[0] if kind == "Cropping1D" else layer.cropping[index][0])
    if kind == "Pad":
        return _padded(node, index)
    if kind == "UpSampling1D":
        return _resized(Fraction(1, layer.size), "nearest")
    if kind == "UpSampling2D":
        return _resized(Fraction(1, layer.size[index]), layer.interpolation)
    if kind == "CenterCrop":
        return _out_of_the_middle(node, index, "bilinear")
    if kind != "Resizing" or layer.antialias or layer.pad_to_aspect_ratio:
        return None
    if layer.crop_to_aspect_ratio:
        return _out_of_the_middle(node, index, layer.interpolation)
    size, output_size = positions(node.input_shapes[0])[index], positions(node.output_shape)[index]
    return _resized(Fraction(size, output_size), layer.interpolation) if size else None


def _padded(node, index):
    """The window of ``keras.ops.pad`` with constants; mirrored cells look elsewhere."""
    rank = len(node.output_shape)
    before = [pair[0] for pair in node.layer.pad_width]
    before = before * rank if len(before) == 1 else before
    if node.layer.mode != "constant" or before[0]:
        return None
    return _cut(-before[index + 1]) if index < rank - 2 else PIXEL


def _out_of_the_middle(node, index, interpolation):
    """The window of a layer that cuts the middle out and resizes it.

    What is cut out has the ratio of the sides that are wanted; `CenterCrop` resizes nothing where
    the map is as large as what is wanted.
    """
    before, after = positions(node.input_shapes[0]), positions(node.output_shape)
    if None in before:
        return None
    in_ratio = max(1, before[1 - index] * after[index] // after[1 - index])
    fits = node.kind == "CenterCrop" and before[0] >= after[0] and before[1] >= after[1]
    kept = after[index] if fits else min(before[index], in_ratio)
    window = _resized(Fraction(kept, after[index]), interpolation)
    return window and window.onto(_cut((before[index] - kept) // 2))


def _resized(scale, interpolation):
    """The window of a change of size by 1 / scale.

    The middle of output cell o lies ``(o + 1/2) * scale`` behind the input's edge; "nearest" takes
    the cell there, "bilinear" the two whose middles enclose it (or the one it hits).
    """
    places = [(cell + Fraction(1, 2)) * scale for cell in range(scale.denominator)]
    if interpolation == "nearest":
        starts = [math.floor(place) for place in places]
        stops = [start + 1 for start in starts]
    elif interpolation == "bilinear":
        starts = [math.floor(place - Fraction(1, 2)) for place in places]
        stops = [math.ceil(place - Fraction(1, 2)) + 1 for place in places]
    else:
        return None
    return Window(tuple(starts), tuple(stops), scale.numerator)
