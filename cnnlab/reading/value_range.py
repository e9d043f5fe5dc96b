"""What a model does to the range of its images before the first weights, and what that asks."""

from numbers import Real

import numpy as np

from cnnlab.reading import kinds, layer_windows
from cnnlab.reading.per_model import note

# What may stand before the first weights without changing the range of the values,
_KEEPS_RANGE = layer_windows.ONLY_IN_TRAINING | frozenset(
    """AutoContrast AveragePooling2D CenterCrop Concatenate Cropping2D Flatten Identity
    GlobalAveragePooling2D GlobalMaxPooling2D MaxPooling2D Permute RandomCrop Reshape Resizing
    UpSampling2D ZeroPadding2D Absolute AveragePool BroadcastTo Cast CropImages ExpandDims Flip
    GetItem Max MaxPool Mean Moveaxis Pad PadImages Repeat Resize RGBToGrayscale Roll Split Squeeze
    Stack Swapaxes Take Tile Transpose Unstack""".split()
)
# and what does change it. Of all others, such as a Lambda, that is not known.
_CHANGES_RANGE = (
    kinds.NORMALISATIONS
    | kinds.ACTIVATIONS
    | frozenset(
        """Normalization Rescaling Add Clip Divide Exp FloorDivide Log Log1p Multiply Negative Power
    Sqrt Square Subtract TrueDivide""".split()
    )
)
_HAS_WEIGHTS = kinds.CONVOLUTIONS | {"Conv2DTranspose", "Dense", "EinsumDense"}


def rescales(facts):
    """Whether a model itself changes the range of its images before the first weights.

    Nothing is claimed of a layer that does not tell, such as a Lambda. A model whose input is
    declared as whole numbers, such as uint8, counts as one that does.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> stack = [layers.Rescaling(1 / 255), layers.Conv2D(2, 3)]
        >>> from cnnlab.reading.per_model import known
        >>> rescales(known(keras.Sequential([keras.Input((5, 7, 3)), *stack])))
        True
    """
    kind, _ = _range(facts)
    return bool(kind)


def keeps(facts):
    """Whether the images reach the first weights in the range in which they come.

    Nothing is claimed of a layer that does not tell: of it neither `keeps` nor `rescales` is true.
    """
    return _range(facts)[0] is None


def check_range(facts, array):
    """Whole numbers 0-255 go to a model that rescales them, and only there."""
    if twice := facts.once(("divided",), lambda: divided_twice(facts)):
        note(
            facts.model,
            f"note: the model divides its images twice, at {twice[0]!r} and at {twice[1]!r}. "
            "Leave one of the two out, unless it was trained so.",
        )
    if keeps(facts) and array.dtype.kind in "iu":
        raise ValueError(
            "`images` must be scaled as in training, for the model does not rescale them: "
            f"got {array.dtype}, {array.min()} to {array.max()}. Prepare them as the training "
            "images were; if those were 0-255, pass images.astype('float32')."
        )
    if unscaled(facts, array):
        print(
            f"note: `images` hold whole numbers, {array.min():g} to {array.max():g}, and the model "
            "does not rescale them. Were they prepared as in training?"
        )
    if divisor := divided_before(facts, array):
        print(
            f"note: `images` reach only {array.max():g}, and the model divides them by {divisor:g} "
            "itself. Pass 0-255."
        )


def unscaled(facts, array):
    """Whether images are whole numbers up to 255 or so, and the model does not rescale them.

    Example:
        >>> import keras
        >>> from cnnlab.reading.per_model import known
        >>> model = keras.Sequential([keras.Input((5, 7, 3)), keras.layers.Conv2D(2, 3)])
        >>> unscaled(known(model), np.full((1, 5, 7, 3), 255.0))
        True
    """
    return keeps(facts) and bool(
        array.size and array.max() > 2 and array.min() >= 0 and not np.any(array % 1)
    )


def divided_before(facts, array):
    """What the model divides its images by, though they reach only 1; else None."""
    scale = _range(facts)[1]
    if array.size and 0 < scale < 0.1 and 0 < array.max() <= 1:
        return 1 / scale
    return None


def limits(facts, images, given=None):
    """The smallest and largest value that a pixel may take.

    Args:
        facts: what is known of the model.
        images: (B, ..., C) float, as the model takes them.
        given: (smallest, largest), each a number or one per channel; None tells it by the images:
            0 to 255 where the model is seen to divide them, else 0 to 1, or -1 to 1.

    Returns:
        Two float32 arrays that broadcast with the images.

    Raises:
        ValueError: an image leaves the range that is given, or none was given and the images
            tell none.

    Example:
        >>> import keras
        >>> from cnnlab.reading.per_model import known
        >>> model = keras.Sequential([keras.Input((5, 7, 3)), keras.layers.Conv2D(2, 3)])
        >>> low, high = limits(known(model), np.full((1, 5, 7, 3), -0.5))
        >>> float(low), float(high)
        (-1.0, 1.0)
    """
    smallest, largest = float(images.min()), float(images.max())
    if given is None:
        kind, scale = _range(facts)
        grey_levels = bool(kind) and (0 < scale < 0.1 or largest > 1)
        ranges = [(0, 255)] if grey_levels else [(0, 1), (-1, 1)]
        fits = [r for r in ranges if r[0] <= smallest and largest <= r[1]]
        if not fits:
            raise ValueError(
                "`value_range` must be given where the images do not tell it: got values from "
                f"{smallest:.4g} to {largest:.4g}. Pass the smallest and largest value that a "
                "pixel may take, each a number or one per channel."
            )
        given = fits[0]
    channels, pair = images.shape[-1], []
    if isinstance(given, tuple | list | np.ndarray):
        pair = [np.asarray(side, np.float32) for side in given]
    if len(pair) != 2 or any(side.shape not in [(), (channels,)] for side in pair):
        raise ValueError(
            "`value_range` must be the smallest and the largest value of a pixel, each a number or "
            f"one per channel ({channels}): got {given!r}. Pass for example (0, 1)."
        )
    low, high = pair
    slack = 1e-5 * (high - low)  # of the last digits of what was computed in float32
    if not (low < high).all() or (images < low - slack).any() or (images > high + slack).any():
        raise ValueError(
            f"`value_range` must hold all images: got {low.tolist()} to {high.tolist()} for values "
            f"from {smallest:.4g} to {largest:.4g}. Pass the range in which the model takes them."
        )
    return low, high


def _range(facts):
    """Kind and scale of the first layer before the weights that changes the range of values.

    The kind is None where there is none, and "" where the model does not tell. An input of whole
    numbers is such a layer too.
    """
    return facts.once(("range",), lambda: _first_change(facts))


def _first_change(facts):
    try:
        network = facts.graph
    except ValueError:
        return "", 1.0
    told = True
    for node in network.calls:
        if node.kind in _CHANGES_RANGE:
            return node.kind, _scale(node) if told else 1.0
        told = told and node.kind in _KEEPS_RANGE | _HAS_WEIGHTS
        if node.kind in _HAS_WEIGHTS or getattr(node.layer, "weights", ()):
            break
    images = [node for node in map(network.__getitem__, network.inputs) if node.has_map]
    if any("int" in node.dtype for node in images):
        return "InputLayer", 1.0
    return (None if told else ""), 1.0


def divided_twice(facts):
    """The addresses of two layers that divide by a large number, one behind the other, or None.

    Looked for on the way from the pictures to the first weights.
    """
    try:
        network = facts.graph
    except ValueError:
        return None
    behind = {}  # address -> the addresses that divided what it reads
    for node in (network[address] for address in network.inputs):
        behind[node.address] = ()
    for node in network.calls:
        if node.kind in _HAS_WEIGHTS:
            continue
        before = max((behind.get(address, ()) for address in node.inputs), key=len)
        divides = node.kind in _CHANGES_RANGE and 0 < _scale(node) < 0.1
        behind[node.address] = (*before, node.address) if divides else before
        if divides and len(before) == 1:
            return behind[node.address]
    return None


def _scale(node):
    """What a layer or an operation multiplies the values by; 1 where that is not one number."""
    number = next((value for value in node.arguments if isinstance(value, Real)), 1.0)
    if node.kind in ("Divide", "TrueDivide"):
        return 1 / number
    if node.kind == "Rescaling":
        return float(np.max(node.layer.scale))
    return number if node.kind == "Multiply" else 1.0
