"""Images as a model takes them, checked where they come in: no error from deep inside."""

from dataclasses import dataclass, field, replace
from os import PathLike

import numpy as np

from cnnlab.reading import private_names
from cnnlab.reading.per_model import Known, known
from cnnlab.reading.tokens import embeddings
from cnnlab.reading.value_range import check_range


@dataclass(frozen=True)
class Form:
    """How a caller passes images to a model: enough to pass others in the same way.

    Attributes:
        names: the names of the model's input layers, in its order.
        keys: the caller's own keys where the arrays came as a dict, else None.
        listed: whether they came as a list of several arrays.
    """

    names: tuple
    keys: tuple | None = None
    listed: bool = False

    def arranged(self, arrays):
        """Arrays or tensors, one per name, in the structure of the caller."""
        if self.keys is not None:
            return dict(zip(self.keys, arrays, strict=True))
        return list(arrays) if self.listed else arrays[0]


@dataclass(frozen=True)
class Batch:
    """Checked images, and the model that they are for.

    Attributes:
        known: the model, and what is known of it.
        arrays: one (B, ...) array per input of the model.
        form: how the model takes them.
        single: whether one image came without its batch axis.
        fixed: the only number of images that the model takes at a time, or None.
    """

    known: Known = field(repr=False)
    arrays: tuple = field(repr=False)
    form: Form
    single: bool = False
    fixed: int | None = None

    def __len__(self):
        return len(self.arrays[0])

    def __getitem__(self, rows):
        """Some of the images, by slice or by row numbers."""
        return replace(self, arrays=tuple(array[rows] for array in self.arrays))

    def rows(self, size):
        """Which rows to take at a time, in pieces of at most `size` images.

        Where the model takes only so many at a time, the last image fills the last piece up.
        """
        size, count = self.fixed or size, len(self)
        if not self.fixed:
            return [slice(start, start + size) for start in range(0, count, size)]
        return [np.arange(i, i + size).clip(max=count - 1) for i in range(0, count, size)]

    def parts(self, size):
        """The batch in such pieces."""
        return [self[rows] for rows in self.rows(size)]

    @property
    def pictures(self):
        """The names of the inputs with places, (B, *places, C), those of most axes first.

        Pictures, signals (B,L,C), volumes and videos (B,D,H,W,C); where there is none of them,
        tokens (B,L) that an Embedding looks up.
        """
        axes = {name: self.of(name).ndim for name in self.form.names}
        found = [name for name in axes if axes[name] > 2] or embeddings(self.known)
        return sorted(found, key=axes.get, reverse=True)

    def picture(self, name=None):
        """The name of the input that is an image, or of the one that is meant.

        Where several inputs have places and `name` is None, it is the one with the most axes.

        Raises:
            ValueError: several inputs are images and `name` is None, or `name` is none of them.
        """
        names = self.pictures
        most = [n for n in names if self.of(n).ndim == self.of(names[0]).ndim]
        if name is None and len(most) == 1:
            return most[0]
        if name not in names:
            remedy = f"Pass layer={names[0]!r}." if names[1:] else "Leave it out."
            raise ValueError(
                f"`layer` must be one of the inputs {', '.join(names)}, for this method looks at "
                f"the pixels: got layer={name!r}. {remedy}"
                if names
                else "`images` must hold a picture, (B, H, W, C): got none among "
                f"{', '.join(self.form.names)}. Use a model with an image input, or one whose "
                "Embedding reads its tokens as they come."
            )
        return name

    def of(self, name):
        """The array of one input."""
        return self.arrays[self.form.names.index(name)]

    def having(self, name, array):
        """The same batch with another array for one input."""
        pairs = zip(self.form.names, self.arrays, strict=True)
        return replace(self, arrays=tuple(array if n == name else old for n, old in pairs))


def as_batch(model, images):
    """The batch that a model is given.

    Args:
        model: a Keras model.
        images: whatever ``model(images)`` accepts: (B,H,W,C) of any number type, or a list or dict
            of arrays for several inputs; or one image (H,W,C) without batch axis. Whole numbers
            0-255 only where the model rescales them itself.

    Returns:
        A `Batch`; what the model takes as numbers is float32. A `Batch` of this model is returned
        as it is.

    Raises:
        TypeError: `model` is not a Keras model, or `images` holds no arrays.
        ValueError: another number of arrays than inputs, no image, another rank, size or number
            of channels than the model expects, channels first, NaN or infinity, or an integer
            image for a model that does not rescale.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((5, 7, 3)), keras.layers.Flatten()])
        >>> batch = as_batch(model, np.zeros((5, 7, 3)))
        >>> batch.arrays[0].shape, batch.arrays[0].dtype.name, batch.single
        ((1, 5, 7, 3), 'float32', True)
    """
    if isinstance(images, Batch) and images.known.model is model:
        return images
    batch, arrays = _checked(model, images)
    for array in arrays:
        if array.ndim + batch.single >= 4:
            check_range(batch.known, array)
    return batch


def shaped(model, images):
    """The batch that a model is given, whatever the range of its values.

    Args and Raises are those of `as_batch`, but for whole numbers, which may come anywhere.
    """
    return _checked(model, images)[0]


def _checked(model, images):
    """The batch, and the arrays as they came: whole numbers are floats in the batch."""
    if not (private_names.is_layer(model) or hasattr(model, "layers")):
        raise TypeError(
            f"`model` must be a Keras model: got {type(model).__name__}. "
            "Pass the model itself, loaded, and the images after it."
        )
    facts = known(model)
    expected = facts.once(("inputs",), lambda: _expected(model))
    keys, arrays = _listed(images, model)
    if expected is None:
        expected = [(key, None, "float32") for key in keys or map(str, range(len(arrays)))]
    if len(arrays) != len(expected):
        names = ", ".join(str(name) for name, _, _ in expected)
        labelled = len(expected) == 1 and [a.ndim > 2 for a in arrays] == [True, False]
        stack = "Stack the pictures of one input into one array: np.stack(images)."
        raise ValueError(
            f"`images` must hold one array per input of the model ({names}): got {len(arrays)}. "
            f"{'Leave out the labels: images[0].' if labelled else stack}"
        )
    pairs = list(zip(expected, arrays, strict=True))
    single = all(array.ndim == len(shape or "BHWC") - 1 for (_, shape, _), array in pairs)
    checked = {}
    for (name, shape, dtype), array in pairs:
        _check_shape(name, array, shape, single)
        array = array[None] if single else array
        checked[name] = _finite(array) if dtype.startswith(("float", "bfloat")) else array
    counts = {name: len(array) for name, array in checked.items()}
    if 0 in counts.values():
        raise ValueError(
            "`images` must hold at least one image: got shape "
            f"{min(checked.values(), key=len).shape}. Look how they were chosen."
        )
    if len(set(counts.values())) > 1:
        raise ValueError(
            f"`images` must hold as many images for every input: got {counts}. "
            "Pass the arrays that belong together."
        )
    form = Form(tuple(checked), keys, listed=keys is None and len(arrays) > 1)
    fixed = next((shape[0] for _, shape, _ in expected if shape), None)
    return Batch(facts, tuple(checked.values()), form, single, fixed), arrays


def _expected(model):
    """(name, shape, dtype) of each input of the model; None where it does not tell."""
    try:
        return [
            (private_names.operation_of(spec).name, tuple(spec.shape), str(spec.dtype))
            for spec in model.inputs
        ]
    except (AttributeError, TypeError, ValueError):  # a subclassed model has no inputs
        return None


def _listed(images, model):
    """The caller's keys (None without a dict) and the arrays, in the model's order."""
    if isinstance(images, dict):
        names = _keys(model) or list(images)
        missing = [name for name in names if name not in images]
        if missing:
            raise ValueError(
                f"`images` must have the keys {', '.join(names)}: got {', '.join(images)}. "
                "Name them as the model's inputs."
            )
        return tuple(names), [_array(images[name]) for name in names]
    if isinstance(images, list | tuple) and all(hasattr(array, "shape") for array in images):
        return None, [_array(array) for array in images]
    return None, [_array(images)]


def _keys(model):
    """What a model calls its inputs where they come as a dict: its own keys, or their names."""
    function, inputs = private_names.functional(model), getattr(model, "inputs", None) or ()
    readable = private_names.has_nodes(function)
    structure = private_names.inputs_structure(function) if readable else None
    if isinstance(structure, dict):
        keys = {id(tensor): key for key, tensor in structure.items()}
        return [keys[id(tensor)] for tensor in inputs]
    return [tensor.name for tensor in inputs]


def _array(images):
    """As an array, if that is what they are."""
    got, remedy = type(images).__name__, "Pass a batch, or one image (H, W, C)."
    try:
        array = np.asarray(images)
    except ValueError:
        got, remedy = "arrays that differ in size", "Resize them to one size."
    else:
        if array.ndim or array.dtype.kind not in "OU":
            return array
    if isinstance(images, str | PathLike):
        remedy = "Load it: keras.utils.img_to_array(keras.utils.load_img(path))."
    if hasattr(images, "element_spec"):
        remedy = "Take a batch: next(iter(dataset))[0]."
    raise TypeError(f"`images` must be an array, (B, H, W, C): got {got}. {remedy}")


def _check_shape(name, array, shape, single):
    """The shape is the one that the model expects, with or without the batch axis."""
    if shape is None:
        return
    got, wanted = array.shape, shape[1:] if single else (None, *shape[1:])
    if len(got) == len(wanted) and all(
        want in (None, have) for want, have in zip(wanted, got, strict=True)
    ):
        return
    rule = ", ".join(["B", *("any" if size is None else str(size) for size in shape[1:])])
    raise ValueError(
        f"`images` must be of shape ({rule}) for input {name!r}: "
        f"got {got}. {shape_remedy(got[-3:], shape[1:], len(got))}"
    )


def shape_remedy(got, wanted, rank):
    """What makes images of one (H,W,C) into those of another, where the array has `rank` axes.

    Example:
        >>> shape_remedy((5, 7, 1), (5, 7, 3), rank=4)
        'Repeat the grey channel: np.repeat(images, 3, axis=-1).'
    """
    channels = {
        (1, 3): "Repeat the grey channel: np.repeat(images, 3, axis=-1).",
        (3, 1): "Make them grey: images.mean(axis=-1, keepdims=True).",
        (4, 3): "Leave out the alpha channel: images[..., :3].",
    }
    if len(wanted) != 3:
        return "Reshape them."
    if wanted[2] == 1 and rank in (2, 3) and got[-2:] == wanted[:2]:
        return "Add the channel axis: images[..., None]."
    if rank not in (3, 4):
        return "Pass a batch (B, H, W, C), or one image (H, W, C)."
    if got[2] == wanted[2]:
        return f"Resize them to {wanted[0] or 'any'}×{wanted[1] or 'any'} pixels."
    if got[0] == wanted[2]:
        return "The channels stand first; np.moveaxis(images, -3, -1) puts them last."
    return channels.get((got[2], wanted[2]), f"The model wants {wanted[2]} channels.")


def _finite(array):
    """As float32, once every value is a number."""
    array = array.astype(np.float32, copy=False)
    if not np.isfinite(array).all():
        index = int(np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))[0])
        raise ValueError(
            f"`images` must hold finite numbers: got NaN or infinity in image {index}. "
            "Look for a division by zero where the images were prepared."
        )
    return array
