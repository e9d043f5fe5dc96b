"""Which cells of its input does a cell of a layer see? One layer, one axis at a time.

`look(node, index)` answers for every kind of layer that leaves each axis in its place; layers that
reorder, join or drop axes are the matter of `cnnlab.reading.layer_axes`. A kind that it does not
know gives None, never a guess.
"""

import math
import re
from fractions import Fraction

from cnnlab.reading.kinds import ACTIVATIONS, CONVOLUTIONS, NORMALISATIONS
from cnnlab.reading.window import EVERYTHING, ONE_CELL, PIXEL, Window
from cnnlab.sizes import effective_kernel_size, same_padding


def _of_every_rank(*names):
    return frozenset(f"{name}{rank}D" for name in names for rank in (1, 2, 3))


TRANSPOSED_CONVOLUTIONS = frozenset(f"Conv{rank}DTranspose" for rank in (1, 2, 3))
POOLINGS = _of_every_rank("MaxPooling", "AveragePooling")
GLOBAL_POOLINGS = _of_every_rank("GlobalAveragePooling", "GlobalMaxPooling")
ADAPTIVE_POOLINGS = _of_every_rank("AdaptiveAveragePooling", "AdaptiveMaxPooling")
CHANGES_OF_SIZE = _of_every_rank("ZeroPadding", "Cropping", "UpSampling") | {
    "Resizing",
    "CenterCrop",
    "Pad",
}
# Operations of several inputs, number by number.
MERGES = frozenset(
    """Add Subtract Multiply Average Maximum Minimum Concatenate Divide TrueDivide FloorDivide Mod
    Where Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr""".split()
)
# These mix cells along the axis they name.
ALONG_AN_AXIS = NORMALISATIONS - {"BatchNormalization"} | {
    "Softmax",
    "LogSoftmax",
    "Concatenate",
    "Split",
    "Flip",
    "Roll",
}
# Dropout, noise and augmentation: at inference they do nothing.
ONLY_IN_TRAINING = frozenset(
    """ActivityRegularization Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D
    AlphaDropout GaussianDropout GaussianNoise StochasticDepth AugMix CutMix Equalization MixUp
    RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast
    RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue
    RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
    RandomSharpness RandomShear RandomTranslation RandomZoom Solarization""".split()
)
# Each pixel by itself.
PIXEL_BY_PIXEL = (
    frozenset(
        """Dense Masking Identity Rescaling Normalization LayerScale CustomScaleLayer
    BatchNormalization Negative Abs Absolute Square Sqrt Rsqrt Exp Expm1 Log Log1p Power Reciprocal
    Sign Sin Cos Round Floor Ceil Erf Clip Cast LogicalNot""".split()
    )
    | ONLY_IN_TRAINING
    | ACTIVATIONS
    | MERGES
) - ALONG_AN_AXIS


def look(node, index):
    """What a cell of a layer sees of the layer's input along one axis.

    Args:
        node: of a `cnnlab.reading.graph.Graph`.
        index: of the axis, from 0 for the first behind the batch; the last holds the channels.

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
    layer, kind, rank = node.layer, node.kind, len(node.input_shapes[0])
    numbered = re.search(r"(\d)D", kind)
    if index == rank - 2 and kind not in ALONG_AN_AXIS | {"Pad"}:
        return _across_channels(kind)
    if kind in PIXEL_BY_PIXEL or getattr(layer, "pointwise", False) is True:
        return PIXEL
    if kind in ALONG_AN_AXIS:
        return _along_an_axis(node, index)
    if numbered and int(numbered.group(1)) != rank - 2:
        return None
    if kind in GLOBAL_POOLINGS:
        return ONE_CELL
    if kind in CONVOLUTIONS | POOLINGS:
        return sliding(node, index)
    if kind in TRANSPOSED_CONVOLUTIONS:
        return _transposed(layer, index)
    if kind in ADAPTIVE_POOLINGS:
        return _adapted(node.input_shapes[0][index + 1], node.output_shape[index + 1])
    return _moved(node, index)


def _across_channels(kind):
    """What is seen along the last axis, by layers that have the channels there."""
    convolutions = (CONVOLUTIONS | TRANSPOSED_CONVOLUTIONS) - {"DepthwiseConv1D", "DepthwiseConv2D"}
    if kind in convolutions | {"Dense", "Masking"}:
        return ONE_CELL
    keeping = PIXEL_BY_PIXEL | POOLINGS | ADAPTIVE_POOLINGS | CHANGES_OF_SIZE
    return PIXEL if kind in keeping else None


def _along_an_axis(node, index):
    """Normalisation, softmax, concatenation and kin: over channels each pixel stays by itself."""
    rank = len(node.input_shapes[0])
    named = named_axes(node.layer, rank)
    if 0 in named:
        return None
    if node.kind == "GroupNormalization":
        return EVERYTHING if index < rank - 2 else None
    if index + 1 not in named:
        return PIXEL
    if node.kind in ("Concatenate", "Split"):
        return None
    if node.kind in ("Flip", "Roll"):
        size = node.input_shapes[0][index + 1]
        return None if size is None else _turned(node, index, size)
    return EVERYTHING


def _turned(node, index, size):
    """The window of a flip, or of a shift round about."""
    if node.kind == "Flip":
        return Window((size - 1,), (size,), -1)
    shift, axis = node.layer.shift, node.layer.axis
    if isinstance(shift, list | tuple) or isinstance(axis, list | tuple):
        rank = len(node.input_shapes[0])
        axes = axis if isinstance(axis, list | tuple) else [axis]
        shifts = shift if isinstance(shift, list | tuple) else [shift] * len(axes)
        pairs = zip(axes, shifts, strict=True)
        shift = sum(by for along, by in pairs if along % rank == index + 1)
    places = [(cell - shift) % size for cell in range(size)]
    return Window(tuple(places), tuple(place + 1 for place in places), None)


def named_axes(layer, rank):
    """The axes that a layer's `axis` names, counted from 0."""
    if layer.axis is None:
        return set(range(rank))
    named = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return {axis % rank for axis in named}


def sliding(node, index):
    """The window of a convolution or a pooling, along an axis of positions from 0."""
    layer = node.layer
    pooling = node.kind in POOLINGS
    kernel_size = (layer.pool_size if pooling else layer.kernel_size)[index]
    dilation_rate = 1 if pooling else layer.dilation_rate[index]
    strides = layer.strides[index]
    size = node.input_shapes[0][index + 1]
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


def _adapted(size, cells):
    """The window of an adaptive pooling: cell i sees ``floor(i s) ... ceil((i + 1) s) - 1``."""
    if size is None:
        return None
    scale = Fraction(size, cells)
    starts = tuple(math.floor(cell * scale) for cell in range(scale.denominator))
    stops = tuple(math.ceil((cell + 1) * scale) for cell in range(scale.denominator))
    return Window(starts, stops, scale.numerator)


def _moved(node, index):
    """The window of a layer that pads, crops or resizes."""
    layer, kind = node.layer, node.kind
    if kind == "Pad":
        return _padded(node, index)
    if kind in CHANGES_OF_SIZE and kind[-1] == "D":
        name = {"Z": "padding", "C": "cropping", "U": "size"}[kind[0]]
        given = getattr(layer, name)
        given = given if kind[-2] == "1" else given[index]
        if name == "size":
            return _resized(Fraction(1, given), getattr(layer, "interpolation", "nearest"))
        return _cut(-given[0] if name == "padding" else given[0])
    if kind == "CenterCrop":
        return _out_of_the_middle(node, index, "bilinear")
    if kind not in ("Resizing", "Resize") or layer.antialias or layer.pad_to_aspect_ratio:
        return None
    if layer.crop_to_aspect_ratio:
        return _out_of_the_middle(node, index, layer.interpolation)
    size, output_size = node.input_shapes[0][index + 1], node.output_shape[index + 1]
    return _resized(Fraction(size, output_size), layer.interpolation) if size else None


def _padded(node, index):
    """The window of ``keras.ops.pad`` with constants; mirrored cells look elsewhere."""
    rank = len(node.output_shape)
    before = [pair[0] for pair in node.layer.pad_width]
    before = before * rank if len(before) == 1 else before
    if node.layer.mode != "constant" or before[0]:
        return None
    return _cut(-before[index + 1])


def _out_of_the_middle(node, index, interpolation):
    """The window of a layer that cuts the middle out and resizes it.

    What is cut out has the ratio of the sides that are wanted; `CenterCrop` resizes nothing where
    the map is as large as what is wanted.
    """
    before, after = node.input_shapes[0][1:3], node.output_shape[1:3]
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
