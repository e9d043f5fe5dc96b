"""What is asked of a model's answer: which class, and at which places.

A classifier gives (B, classes); a segmentation (B, H, W, classes), a text line (B, T, classes), a
volume (B, D, H, W, classes): one answer per place. There a score is the mean over some places.
"""

from dataclasses import dataclass, field

import numpy as np

# By the number of axes: what one place is called, and what a box.
_FORMS = {
    1: ("a step t", "a stretch (first, last + 1)"),
    2: ("a cell (row, column)", "a box (top, left, bottom, right)"),
    3: ("a cell (depth, row, column)", "a box (front, top, left, back, bottom, right)"),
}


@dataclass(frozen=True)
class Places:
    """The places of each image's answer over which its score is the mean.

    Attributes:
        mask: (B, *places) bool.
    """

    mask: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Chosen:
    """The scores that are explained: a class per image, and one against it or None.

    Attributes:
        output: the name or number of an output, or None.
        classes: (B,) integers; None for each image's top class, while that is not known.
        against: (B,) integers or None.
        places: `Places`, where a model that answers at places is asked; else None.
    """

    output: str | int | None
    classes: np.ndarray | None
    against: np.ndarray | None
    places: Places | None = None

    @property
    def mask(self):
        """(B, *places) bool, or None."""
        return None if self.places is None else self.places.mask

    def of(self, b, count):
        """The same of so many copies of image b."""
        rows = np.full(count, b)
        against = None if self.against is None else self.against[rows]
        places = None if self.places is None else Places(self.places.mask[rows])
        return Chosen(self.output, self.classes[rows], against, places)

    def scores(self, logits):
        """(B,) the score of each image, from (B, classes) logits."""
        rows = np.arange(len(logits))
        scores = logits[rows, self.classes]
        return scores if self.against is None else scores - logits[rows, self.against]


def places_of(where, sizes, count):
    """`where`, as it is given to heat maps, as `Places`.

    Args:
        where: a cell, a step, a box half-open as everywhere, or a boolean mask, all in the cells of
            the answer; a mask may be one per image. `Places` are returned as they are.
        sizes: of the answer along its axes of places, such as (H, W); () for a classifier.
        count: number of images.

    Returns:
        `Places` of `count` images.

    Raises:
        ValueError: the model has no places, or `where` is not of its rank, lies outside or is
            empty.

    Example:
        >>> places_of((1, 0, 2, 2), sizes=(2, 3), count=1).mask
        array([[[False, False, False],
                [ True,  True, False]]])
    """
    if isinstance(where, Places):
        return where
    if not sizes:
        raise ValueError(
            "`where` must be None for a model that gives one value per class, (B, classes), and no "
            f"places: got {_shown(where)}. Leave it out."
        )
    given = np.asarray(where)
    if given.dtype == bool and given.ndim:
        mask = _mask(given, sizes, count)
    else:
        mask = np.zeros(sizes, bool)
        mask[_slices(given, sizes, where)] = True
    return Places(np.broadcast_to(mask, (count, *sizes)))


def indices(name, given, count):
    """(B,) int32, or None where no class is given."""
    if given is None:
        return None
    index = np.asarray(given)
    if not np.issubdtype(index.dtype, np.integer) or index.shape not in [(), (count,)]:
        got = repr(given) if index.ndim < 2 else f"shape {index.shape}"
        raise ValueError(
            f"`{name}` must be None, an integer or one integer per image ({count}): got {got}. "
            f"{_as_indices(index, count)}"
        )
    return np.broadcast_to(index, count).astype(np.int32)


def _as_indices(index, count):
    """What makes class numbers of what was given for `count` images."""
    if index.dtype.kind not in "biuf":
        return f"Give the number of the class: names.index({str(index.flat[0])!r})."
    if index.ndim > 1 and index.shape[-1] > 1:
        return "Take the number of the largest: .argmax(axis=-1)."
    to_int = {"b": ".astype(int)", "f": ".round().astype(int)"}.get(index.dtype.kind, "")
    if index.ndim > 1:
        return f"Take out an axis: {to_int}.ravel()."
    if to_int:
        return f"Convert them: {to_int}." if index.ndim else "Convert it: int(...)."
    return f"Give {count} integers, or one for all images."


def _mask(mask, sizes, count):
    """A mask that fits the answer and is nowhere empty."""
    if mask.shape not in (sizes, (count, *sizes)):
        raise ValueError(
            f"`where` must be a mask of the answer's places, {sizes}, or one per image, "
            f"{(count, *sizes)}: got a mask of shape {mask.shape}. Make it on the grid of "
            "model(images), without the classes."
        )
    empty = np.flatnonzero(~mask.reshape(-1, *sizes).any(axis=tuple(range(1, len(sizes) + 1))))
    if empty.size:
        whose = f" for image {empty[0]}" if mask.ndim > len(sizes) else ""
        raise ValueError(
            f"`where` must hold at least one place: got a mask that is False everywhere{whose}. "
            "Leave such images out."
        )
    return mask


def _slices(given, sizes, where):
    """The part of the answer that numbers name: one cell, or a box."""
    axes, grid = len(sizes), "×".join(map(str, sizes))
    cell, box = _FORMS[axes]
    numbers = given.reshape(-1).tolist()
    if given.dtype.kind not in "iu" or given.ndim > 1 or len(numbers) not in (axes, 2 * axes):
        raise ValueError(
            f"`where` must be {cell}, {box} or a boolean mask, for the model answers at {grid} "
            f"places: got {_shown(where)}. Give whole numbers, counted in the answer's cells."
        )
    firsts, ends = numbers[:axes], numbers[axes:] or [number + 1 for number in numbers]
    if any(first >= end for first, end in zip(firsts, ends, strict=True)):
        raise ValueError(
            f"`where` must hold at least one place: got {_shown(where)}, an empty box. "
            f"Write {box}; the last numbers are the first ones outside."
        )
    if min(firsts) < 0 or any(end > size for end, size in zip(ends, sizes, strict=True)):
        raise ValueError(
            f"`where` must lie in the {grid} places of the answer: got {_shown(where)}. "
            "Count its cells from 0; they may be larger than pixels."
        )
    return tuple(map(slice, firsts, ends))


def _shown(where):
    """What was given, as an error shows it."""
    shape = np.shape(where) if isinstance(where, np.ndarray) else ()
    return f"an array of shape {shape}" if np.prod(shape, dtype=int) > 6 else f"where={where!r}"
