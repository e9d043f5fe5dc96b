"""Cut-out photographs of objects, put on grounds: where each lies is known to the pixel."""

from dataclasses import dataclass, field
from numbers import Integral

import numpy as np

from cnnlab.sizes import whole_number

SMALLEST = 12  # pixels of the longer side of what can be seen of an object
LARGEST = 60  # the same, in a scene, at most
OVERLAP = 1 / 3  # of the smaller of two boxes, at most
ATTEMPTS = 200  # to find a place for an object, smaller with each
INK = 0.2  # from this brightness on a pixel belongs to a digit
COLOURS = np.array(  # of plain grounds: meadow, straw, sand, earth, stone, water, sky, paper
    [
        (104, 136, 70),
        (148, 152, 86),
        (205, 187, 140),
        (143, 110, 78),
        (152, 148, 142),
        (92, 128, 150),
        (160, 190, 214),
        (222, 222, 218),
    ]
)


@dataclass(frozen=True)
class Scenes:
    """Pictures of several objects, and where each object is.

    Attributes:
        images: (count, H, W, 3) uint8, 0-255; of digits (count, H, W, 1) float32, 0-1.
        boxes: of each image (n, 4) int64: top, left, bottom, right in pixels, half-open, of what
            can be seen of the object.
        labels: of each image (n,) int64, the class number of each object.
        masks: of each image (n, H, W) bool, True where the object can be seen.
        class_names: the name of each class number.
    """

    images: np.ndarray = field(repr=False)
    boxes: tuple = field(repr=False)
    labels: tuple = field(repr=False)
    masks: tuple = field(repr=False)
    class_names: tuple


def scenes(groups, grounds, count, objects, size, generator):
    """`Scenes` of objects of random classes, 12 to 60 pixels long.

    Args:
        groups: {class name: arrays (h, w, 4) uint8}.
        grounds: photographs and surfaces, as for `ground`.
        count: number of pictures.
        objects: fewest and most objects of a picture.
        size: (H, W) in pixels, at least 32.
        generator: a `numpy.random.Generator`.

    Raises:
        ValueError: a number out of range, or more objects than find a place.
    """
    count, (fewest, most), size = _plan(count, objects, size)
    members, sides = list(groups.values()), (SMALLEST, min(LARGEST, *size))
    images, boxes, labels, masks = [], [], [], []
    for _ in range(count):
        drawn = generator.integers(len(members), size=generator.integers(fewest, most + 1))
        chosen = [members[label][generator.integers(len(members[label]))] for label in drawn]
        found = composed(chosen, ground(*grounds, size, generator), sides, generator)
        for kept, new in zip((images, boxes, masks), found, strict=True):
            kept.append(new)
        labels.append(drawn)
    return Scenes(np.stack(images), tuple(boxes), tuple(labels), tuple(masks), tuple(groups))


def digit_scenes(digits, labels, class_names, count, objects, size, generator):
    """`Scenes` of handwritten digits, white on black, whose boxes share no pixel.

    Args:
        digits: (N, 28, 28, 1) float32, 0-1.
        labels: (N,) class numbers.
        class_names: the name of each class number.
        count: number of pictures.
        objects: fewest and most digits of a picture.
        size: (H, W) in pixels, at least 32.
        generator: a `numpy.random.Generator`.

    Raises:
        ValueError: a number out of range, or more digits than find a place.
    """
    count, (fewest, most), size = _plan(count, objects, size)
    images, masks, chosen = np.zeros((count, *size, 1), np.float32), [], []
    for image in images:
        numbers = generator.integers(len(digits), size=generator.integers(fewest, most + 1))
        inks = np.zeros((0, *size), bool)
        for number in numbers:
            place, ink = _free_place(digits[number, ..., 0] > INK, inks, len(numbers), generator)
            image[place] = np.maximum(image[place], digits[number])
            inks = np.concatenate([inks, ink[None]])
        masks.append(inks)
        chosen.append(labels[numbers])
    boxes = tuple(boxes_of(inks) for inks in masks)
    return Scenes(images, boxes, tuple(chosen), tuple(masks), tuple(class_names))


def singles(groups, grounds, per_class, size, sides, generator):
    """Pictures (N, size, size, 3) of one object each, the classes by turns, and their objects too.

    Args:
        groups: {class name: arrays (h, w, 4) uint8}.
        grounds: photographs and surfaces, as for `ground`.
        per_class: number of pictures of each class.
        size: height and width in pixels.
        sides: (smallest, largest) longer side of an object, in pixels.
        generator: a `numpy.random.Generator`.
    """
    shuffled = [[group[n] for n in generator.permutation(len(group))] for group in groups.values()]
    return np.stack(
        [
            composed(
                [members[number % len(members)]],
                ground(*grounds, (size, size), generator),
                sides,
                generator,
            )[0]
            for number in range(per_class)
            for members in shuffled
        ]
    )


def whole_seed(seed):
    """The seed, or an error."""
    if not isinstance(seed, Integral) or seed < 0:
        raise ValueError(
            f"`seed` must be a whole number of at least 0: got seed={seed!r}. "
            "Another number gives other pictures."
        )
    return int(seed)


def ground(photographs, surfaces, size, generator):
    """A ground without an object of its own: plain, out of focus, or a surface.

    Args:
        photographs: arrays (h, w, 3) uint8, of which patches are shown out of focus.
        surfaces: arrays (h, w, 3) uint8, of which patches are shown as they are, in half the size.
        size: (H, W) in pixels.
        generator: a `numpy.random.Generator`.

    Returns:
        (H, W, 3) uint8.
    """
    kind = generator.choice(("plain", "blurred", "surface"))
    if kind == "plain":
        pixels = np.broadcast_to(generator.choice(COLOURS), (*size, 3))
    elif kind == "blurred":
        pixels = resized(resized(_patch(photographs, size, generator), (6, 6)), size)
    else:
        pixels = resized(_patch(surfaces, size, generator), size)
    brightness = generator.integers(75, 116)  # percent; whole numbers are alike on every machine
    return np.minimum(pixels.astype(int) * brightness // 100, 255).astype(np.uint8)


def tinted(picture, colour):
    """A grey picture (h, w, 3) uint8 in a colour, which its mean will have."""
    grey = picture.astype(np.int64)
    return np.minimum(grey * colour * grey.size // grey.sum(), 255).astype(np.uint8)


def resized(picture, size):
    """A picture (h, w, C) uint8 of another height and width; what is transparent leaves no rim.

    By Pillow's bicubic filter, whose weights of bytes are whole numbers on every machine.
    """
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(picture.resize(size[::-1], Image.Resampling.BICUBIC))


def trimmed(cut_out):
    """A cut-out (h, w, 4) without the empty rows and columns around it."""
    ((top, left, bottom, right),) = boxes_of(cut_out[None, ..., 3] > 0)
    return cut_out[top:bottom, left:right]


def composed(cut_outs, background, sides, generator):
    """Objects on a ground, each wholly inside, the later in front of the earlier.

    Place, size and mirror are drawn at random until the boxes of what can be seen overlap by at
    most a third of the smaller one, and are at least 12 pixels long.

    Args:
        cut_outs: arrays (h, w, 4) uint8, colour and alpha, no empty rows or columns around.
        background: (H, W, 3) uint8.
        sides: (smallest, largest) longer side of an object, in pixels.
        generator: a `numpy.random.Generator`.

    Returns:
        The picture (H, W, 3) uint8; the boxes (n, 4) of what can be seen, (top, left, bottom,
        right) in half-open pixels; and the masks (n, H, W), True where an object can be seen.

    Raises:
        ValueError: there is no place for all.
    """
    picture, masks = background.copy(), np.zeros((0, *background.shape[:2]), bool)
    for cut_out in cut_outs:
        for attempt in range(ATTEMPTS):
            thing, top, left = _placed(cut_out, masks.shape[1:], sides, attempt, generator)
            place = np.s_[top : top + thing.shape[0], left : left + thing.shape[1]]
            mask = np.zeros((1, *masks.shape[1:]), bool)
            mask[0][place] = thing[..., 3] > 127
            now = np.concatenate([masks & ~mask, mask])
            if _acceptable(now):
                break
        else:
            raise ValueError(
                f"`objects` must fit into the picture: got {len(cut_outs)} objects for "
                f"{masks.shape[1]}x{masks.shape[2]} pixels, of which {len(masks)} found a place. "
                "Ask for fewer objects, or for a larger size."
            )
        masks = now
        alpha = thing[..., 3:].astype(int)
        mixed = thing[..., :3] * alpha + picture[place] * (255 - alpha)
        picture[place] = (mixed + 127) // 255
    return picture, boxes_of(masks), masks


def boxes_of(masks):
    """The boxes (n, 4) of masks (n, H, W): (top, left, bottom, right), half-open.

    Example:
        >>> mask = np.zeros((1, 5, 7), bool)
        >>> mask[0, 1:3, 2:6] = True
        >>> boxes_of(mask)
        array([[1, 2, 3, 6]])
    """
    rows, columns = masks.any(axis=2), masks.any(axis=1)
    first = [seen.argmax(axis=1) for seen in (rows, columns)]
    end = [seen.shape[1] - seen[:, ::-1].argmax(axis=1) for seen in (rows, columns)]
    return np.stack([*first, *end], axis=1)


def _plan(count, objects, size):
    """The number of scenes, of objects and of pixels as whole numbers."""
    count = whole_number("count", count, counted="the scenes")
    fewest, most = _whole_pair("objects", objects, 1, "Write the fewest and the most: (1, 3).")
    size = _whole_pair("size", size, 32, "Write height and width in pixels: (96, 128).")
    if fewest > most:
        raise ValueError(
            f"`objects` must begin with the smaller number: got objects={objects!r}. "
            f"Write ({most}, {fewest})."
        )
    return count, (fewest, most), size


def _free_place(ink, others, count, generator):
    """Where a digit of 28x28 pixels lies, and its ink in the picture, its box apart from others."""
    size, (height, width) = others.shape[1:], ink.shape
    taken = boxes_of(others)
    for _ in range(ATTEMPTS):
        top = generator.integers(size[0] - height + 1)
        left = generator.integers(size[1] - width + 1)
        place = np.s_[top : top + height, left : left + width]
        mask = np.zeros(size, bool)
        mask[place] = ink
        (box,) = boxes_of(mask[None])
        apart = (box[:2] >= taken[:, 2:]) | (box[2:] <= taken[:, :2])
        if apart.any(axis=1).all():
            return place, mask
    raise ValueError(
        f"`objects` must fit into the picture: got {count} digits for {size[0]}x{size[1]} pixels, "
        f"of which {len(others)} found a place. Ask for fewer, or for a larger size."
    )


def _placed(cut_out, size, sides, attempt, generator):
    """An object at a random size, mirrored or not, and the top left corner of its place."""
    smallest, largest = sides
    largest = max(smallest, round(largest * (1 - attempt / ATTEMPTS)))
    longer = generator.integers(smallest, largest + 1)
    height, width = cut_out.shape[:2]
    new = (max(1, int(side * longer // max(height, width))) for side in (height, width))
    thing = resized(cut_out, tuple(new))
    if generator.integers(2):
        thing = thing[:, ::-1]
    top = generator.integers(size[0] - thing.shape[0] + 1)
    left = generator.integers(size[1] - thing.shape[1] + 1)
    return thing, top, left


def _acceptable(masks):
    """Whether all objects can be seen well enough."""
    if not masks.any(axis=(1, 2)).all():
        return False
    boxes = boxes_of(masks)
    if ((boxes[:, 2:] - boxes[:, :2]).max(axis=1) < SMALLEST).any():
        return False
    first = np.maximum(boxes[:, None, :2], boxes[:, :2])
    end = np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    shared = (end - first).clip(0).prod(axis=-1)
    areas = shared.diagonal()
    shared = shared / np.minimum(areas[:, None], areas)
    np.fill_diagonal(shared, 0)
    return shared.max() <= OVERLAP


def _patch(pictures, size, generator):
    """A patch from anywhere in one of the pictures, up to twice as high and wide as `size`."""
    picture = pictures[generator.integers(len(pictures))]
    sides = [min(2 * wanted, there) for wanted, there in zip(size, picture.shape, strict=False)]
    top, left = (
        generator.integers(there - side + 1)
        for side, there in zip(sides, picture.shape, strict=False)
    )
    return picture[top : top + sides[0], left : left + sides[1]]


def _whole_pair(name, values, least, remedy):
    """Two whole numbers as a tuple, or an error."""
    try:
        first, second = (whole_number(name, value) for value in values)
    except (TypeError, ValueError):
        first = second = 0
    if min(first, second) < least:
        raise ValueError(
            f"`{name}` must be two whole numbers of at least {least}: got {name}={values!r}. "
            f"{remedy}"
        )
    return first, second
