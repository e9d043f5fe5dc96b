"""Arrays from `data/` or from the cache: verified when read, offline, with a card each."""

import difflib
import hashlib
import io
from dataclasses import dataclass, field, replace
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd

from cnnlab.arrays import composing
from cnnlab.arrays.duplicates import near_duplicates as near_duplicates
from cnnlab.files import archives, fetch, photographs
from cnnlab.files.shipped import data_folder
from cnnlab.scores import check_class_numbers

DIGITS = tuple("0123456789")
TEXTURE_PATCHES = 60  # of each photograph and split
THING_PICTURES = 60  # of each class and split
THING_SIZE = 64  # pixels of a side of such a picture
THING_SIDES = (48, 64)  # pixels of the longer side of its object
SURFACES = {"grass": (104, 128, 66), "gravel": (150, 140, 126)}  # RGB
PAINTED = {"contents": ("chelsea", "coffee", "rocket"), "styles": ("brick", "hubble", "retina")}
ATLAS_ROWS, ATLAS_COLUMNS = range(0, 544, 136), range(0, 792, 264)  # where its strips begin
BACKDROPS = ("astronaut", "chelsea", "coffee", "hubble", "rocket")  # shown out of focus


@dataclass(frozen=True)
class Dataset:
    """One split of a data set.

    Attributes:
        images: (N, H, W, C), float32 0-1 for digits, uint8 0-255 for photographs.
        labels: (N,) int64, the class number of each image.
        class_names: the name of each class number.
        card: what the images are, where they come from, their licence.
    """

    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    class_names: tuple
    card: str = field(repr=False)


def names():
    """The names that `load` knows.

    Example:
        >>> names()
        ('digits', 'textures', 'things', 'mnist', 'cats_vs_dogs')
    """
    return tuple(_LOADERS)


def load(name, split="train"):
    """One split of a data set, the same on every machine.

    Args:
        name: one of `names()`.
        split: "train" or "test".

    Returns:
        A `Dataset`.

    Raises:
        ValueError: an unknown name or split, or a damaged file.

    Example:
        >>> digits = load("digits", split="test")
        >>> digits.images.shape, digits.images.dtype.name
        ((355, 28, 28, 1), 'float32')
    """
    _check_name("name", name, names())
    _check_name("split", split, ("train", "test"))
    return _LOADERS[name](split)


def scenes(split, count, objects=(1, 3), size=(96, 128), seed=0):
    """Pictures of several objects of `things`, with a box, a class and a mask for each object.

    An object is 12 to 60 pixels long, lies wholly inside the picture, and the later ones lie in
    front. Boxes overlap by at most a third of the smaller one. All classes are equally likely.

    Args:
        split: "train" or "test": no object and no ground is in both.
        count: number of pictures.
        objects: fewest and most objects of a picture.
        size: height and width of the pictures in pixels, at least 32.
        seed: an integer >= 0; the same seed gives the same pictures.

    Returns:
        `Scenes`.

    Raises:
        ValueError: an unknown split, a `count`, `objects`, `size` or `seed` out of range, more
            objects than find a place, or a damaged file.

    Example:
        >>> two = scenes("test", count=2, objects=(3, 3))
        >>> two.images.shape, two.boxes[0].shape, two.masks[0].shape
        ((2, 96, 128, 3), (3, 4), (3, 96, 128))
    """
    _check_name("split", split, ("train", "test"))
    seeds = [composing.whole_seed(seed), int(split == "test")]
    generator = np.random.default_rng(seeds)
    return composing.scenes(_cut_outs(split), _grounds(split), count, objects, size, generator)


def digit_scenes(split, count, objects=(2, 2), size=(48, 64), seed=0, digits=range(10)):
    """Pictures of several of the `digits`, with a box, a class and a mask for each.

    White on black; a digit's frame of 28x28 pixels lies wholly inside the picture, and the boxes
    of the ink share no pixel. All images of the split that show one of `digits` are equally likely.

    Args:
        split: "train" or "test": no handwritten digit is in both.
        count: number of pictures.
        objects: fewest and most digits of a picture.
        size: height and width of the pictures in pixels, at least 32.
        seed: an integer >= 0; the same seed gives the same pictures.
        digits: which of 0 to 9 occur; they are the classes, and labels number them from 0.

    Returns:
        `Scenes`.

    Raises:
        ValueError: as `scenes`, or `digits` that are none.

    Example:
        >>> two = digit_scenes("test", count=5)
        >>> two.images.shape, two.boxes[0].shape, two.masks[0].shape
        ((5, 48, 64, 1), (2, 4), (2, 48, 64))
    """
    _check_name("split", split, ("train", "test"))
    generator = np.random.default_rng([composing.whole_seed(seed), int(split == "test"), 28])
    data, kinds = _digits(split), np.array([*digits])
    if not len(kinds) or len(np.intersect1d(kinds, data.labels)) != len(kinds):
        raise ValueError(
            f"`digits` must be different numbers from 0 to 9, at least one: got digits={digits!r}. "
            "Write (0, 1, 4, 7) for four classes."
        )
    chosen = np.isin(data.labels, kinds)
    labels = (data.labels[chosen, None] == kinds).argmax(axis=1)
    class_names = [data.class_names[kind] for kind in kinds]
    return composing.digit_scenes(
        data.images[chosen], labels, class_names, count, objects, size, generator
    )


def check_training(images, labels, classes=10):
    """Nothing, where a split is fit to train on; otherwise an error that says what is wrong.

    Args:
        images: (N, H, W, C), expected as floats 0-1.
        labels: (N,) class numbers.
        classes: the number of classes, each of which must occur.

    Raises:
        ValueError: no images, not one label per image, values beyond 0-1, a label that is no class,
            or a class without an image.

    Example:
        >>> digits = load("digits")
        >>> check_training(digits.images, digits.labels)
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if not len(images):
        raise ValueError(
            f"`images` must hold at least one image: got images of shape {images.shape}. "
            "Load the split again, or choose more images."
        )
    if images.ndim != 4:
        raise ValueError(
            f"`images` must be (N, H, W, C): got images of shape {images.shape}. "
            "A grey picture has one channel: images[..., None]."
        )
    check_class_numbers("labels", labels, classes)
    if len(labels) != len(images):
        raise ValueError(
            f"`labels` must hold one class number per image: got {len(labels)} labels for "
            f"{len(images)} images. Cut both alike."
        )
    low, high = float(images.min()), float(images.max())
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"`images` must be scaled to 0-1: got values from {low:g} to {high:g}. "
            + ("Divide them by 255." if 0 <= low and high <= 255 else "Scale them, or mend NaN.")
        )
    missing = np.setdiff1d(np.arange(classes), labels)
    if missing.size:
        raise ValueError(
            f"`labels` must hold every class from 0 to {classes - 1}: got no image of class "
            f"{', '.join(map(str, missing))}. A network cannot learn a class that it never saw: "
            "draw the split class by class."
        )


def from_folder(path, size=128):
    """Your own photographs: a folder with one subfolder per class.

    The number of each class is printed, and what was left out: what cannot be read, and what lies
    beside the subfolders or in folders inside them. Both stand in the card too.

    Args:
        path: the folder; the names of its subfolders are the names of the classes, numbered in
            alphabetical order.
        size: height and width of the images, in pixels: the middle square of each photograph.

    Returns:
        A `Dataset` of uint8 images, 0-255, in alphabetical order of classes and files.

    Raises:
        ValueError: fewer than two classes, a class without a readable photograph, or a size that is
            no whole number of pixels.

    Example:
        >>> from_folder("no such place")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: `path` must be a folder with one subfolder per class: ...
    """
    images, labels, class_names, faults = photographs.read_folder(path, size)
    counts = np.bincount(labels)
    listed = [f"{n} {name}" for n, name in zip(counts, class_names, strict=True)]
    order = ", ".join(f"{number} = {name}" for number, name in enumerate(class_names))
    card = (
        f"{len(images)} photographs from {Path(path).name} ({', '.join(listed)}), "
        f"{len(faults)} left out; classes: {order}."
    )
    print("classes:", order)
    if faults:
        print(f"{len(faults)} left out:", *faults, sep="\n  ")
        card = "\n".join([card, *faults])
    return Dataset(images, labels, class_names, card)


def to_folder(dataset, path, class_names=None, per_class=None):
    """A folder of JPEG files from a data set, one subfolder per class, as `from_folder` reads it.

    Args:
        dataset: a `Dataset` of uint8 images (N, H, W, 3), such as `load("things")`.
        path: the folder, new or empty.
        class_names: the classes to write, None for all.
        per_class: the first so many of each class, None for all.

    Raises:
        ValueError: an unknown class, or a folder that holds something already.

    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp()) / "test"
        >>> to_folder(load("things", "test"), place, ("bird", "vehicle"), per_class=3)
        >>> from_folder(place, size=64).labels
        classes: 0 = bird, 1 = vehicle
        array([0, 0, 0, 1, 1, 1])
    """
    for name in class_names or ():
        _check_name("class_names", name, dataset.class_names)
    kept = np.concatenate(
        [np.flatnonzero(dataset.labels == n)[:per_class] for n in range(len(dataset.class_names))]
    )
    wanted = [
        name if class_names is None or name in class_names else None for name in dataset.class_names
    ]
    photographs.write_folder(path, dataset.images[kept], dataset.labels[kept], wanted)


def split(dataset, train_size=0.75, seed=0):
    """Two data sets from one, every class shared out alike: to train with, and the rest.

    Args:
        dataset: a `Dataset`.
        train_size: share of each class that goes to training, 0 to 1, or images per class, an int.
        seed: another seed, another choice.

    Returns:
        (train, rest), two `Dataset`; within each the images keep their order.

    Raises:
        ValueError: a class has too few images for both.

    Example:
        >>> train, rest = split(load("textures"), train_size=10)
        >>> train.images.shape, rest.images.shape
        ((120, 64, 64, 3), (600, 64, 64, 3))
    """
    generator = np.random.default_rng(seed)
    chosen = np.zeros(len(dataset.labels), bool)
    for label, name in enumerate(dataset.class_names):
        members = generator.permutation(np.flatnonzero(dataset.labels == label))
        count = train_size if isinstance(train_size, Integral) else round(len(members) * train_size)
        if not 1 <= count < len(members):
            remedy = "Take more." if count < 1 else "Take fewer."
            raise ValueError(
                f"`train_size` must leave every class an image in both halves: got "
                f"train_size={train_size} for {len(members)} of {name!r}. "
                f"{remedy if len(members) > 1 else 'Add images of this class.'}"
            )
        chosen[members[:count]] = True
    return tuple(
        replace(dataset, images=dataset.images[half], labels=dataset.labels[half])
        for half in (chosen, ~chosen)
    )


def table(name):
    """A table of `data/`.

    Args:
        name: "ilsvrc", "imagenet_categories", "image_collections", "timeline", "data_sets",
            "keras_networks", "foxhound", "boxes", "claims", "languages" or "things_credits".

    Returns:
        A `pandas.DataFrame`.

    Raises:
        ValueError: an unknown name, or a damaged file.

    Example:
        >>> table("imagenet_categories").query("category == 'tree'")
           category  synsets  images_per_synset  images_thousands
        22     tree      993                568               564
    """
    _check_name("name", name, tuple(sorted(path.stem for path in data_folder().glob("*.csv"))))
    return pd.read_csv(io.BytesIO(verified(f"{name}.csv")))


def result(name):
    """A stored result: the table of an experiment that is too long for a lesson.

    Args:
        name: of a file of `data/results/`, such as "practices", written by
            `tools/measure_practices.py`.

    Returns:
        A `pandas.DataFrame`, a row per trial.

    Raises:
        ValueError: an unknown name.

    Example:
        >>> result("networks").columns[0]
        'data'
    """
    place = data_folder() / "results"
    _check_name("name", name, tuple(sorted(path.stem for path in place.glob("*.csv"))))
    return pd.read_csv(place / f"{name}.csv")


def photo_names():
    """The names that `photo` knows.

    Example:
        >>> photo_names()[:4]
        ('astronaut', 'brick', 'camera', 'chelsea')
    """
    return tuple(sorted(path.stem for path in (data_folder() / "photos").glob("*.jpg")))


def photo(name, size=None):
    """A photograph, in its own proportions or as a square.

    Args:
        name: one of `photo_names()`.
        size: None, or a number of pixels: the middle square, resized to it.

    Returns:
        (H, W, 3) or (size, size, 3) uint8, 0-255; a grey photograph has three equal channels.

    Raises:
        ValueError: an unknown name, a damaged file, or a size that is no whole number of pixels.

    Example:
        >>> photo("chelsea").shape, photo("chelsea", size=128).shape
        ((266, 400, 3), (128, 128, 3))
    """
    _check_name("name", name, photo_names(), {"cat": "chelsea"})
    return photographs.read(io.BytesIO(verified(f"photos/{name}.jpg")), size)


def painted():
    """Three photographs painted in the styles of three others by `tools/make_painted.py`.

    Returns:
        (3, 3, 128, 128, 3) uint8, 0-255: a row for each of `PAINTED["contents"]`, a column for each
        of `PAINTED["styles"]`.

    Example:
        >>> painted().shape, PAINTED["styles"]
        ((3, 3, 128, 128, 3), ('brick', 'hubble', 'retina'))
    """
    sheet = photographs.read(io.BytesIO(verified("painted.jpg")))
    return sheet.reshape(3, 128, 3, 128, 3).swapaxes(1, 2)


def atlas(layer):
    """What the first twelve filters of a convolution of `vgg16_slim` look for, painted and stored.

    Left in each strip the picture that `cnnlab.patterns.filter_patterns` painted, right the nine
    pieces of 324 pictures that the filter answers to most (`tools/make_atlas.py`).

    Args:
        layer: its name in `vgg16_slim`, such as "block4_conv3".

    Returns:
        (12, 128, 256, 3) uint8, 0-255.

    Raises:
        ValueError: a layer that has no sheet.

    Example:
        >>> atlas("block4_conv3").shape
        (12, 128, 256, 3)
    """
    known = [path.stem for path in sorted((data_folder() / "atlas").glob("*.jpg"))]
    _check_name("layer", layer, known)
    sheet = photographs.read(io.BytesIO(verified(f"atlas/{layer}.jpg")))
    return np.stack([sheet[y : y + 128, x : x + 256] for y in ATLAS_ROWS for x in ATLAS_COLUMNS])


def card(name):
    """What a data set, a table or a network is: its section of `data/README.md`.

    Example:
        >>> print(card("digits").splitlines()[0])
        1,797 handwritten digits: 1,442 to train with, 355 to test with, a fifth of every digit.
    """
    sections = (data_folder() / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]
    cards = dict(section.split("\n", 1) for section in sections)
    _check_name("name", name, tuple(cards))
    return cards[name].strip()


def verified(file):
    """The bytes of a file of `data/`, once its SHA-256 is the one in `SHA256SUMS`.

    Args:
        file: path inside `data/`, with forward slashes.

    Raises:
        ValueError: the file is missing or is not what was shipped.

    Example:
        >>> len(verified("photos/chelsea.jpg"))
        28227
    """
    expected = _checksums()[file]
    path = data_folder() / file
    content = path.read_bytes() if path.is_file() else b""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ValueError(
            f"`{file}` must be the file that was shipped, SHA-256 {expected[:12]}…: "
            f"got {found[:12] + '…' if content else 'no file'} in {path.parent}. "
            "Restore it with `git checkout data`, or install cnnlab again."
        )
    return content


def verify():
    """How many files of `data/` there are, once each is the one that was shipped.

    Raises:
        ValueError: a file is missing or is not what was shipped.
    """
    damaged = [file for file in _checksums() if not _is_sound(file)]
    if damaged:
        raise ValueError(
            f"`data` must hold the files that were shipped: got {', '.join(damaged)} damaged "
            f"or missing in {data_folder()}. Restore them with `git checkout data`, or install "
            "cnnlab again."
        )
    return len(_checksums())


def _is_sound(file):
    try:
        verified(file)
    except ValueError:
        return False
    return True


def _checksums():
    """{file: SHA-256} of everything in `data/`."""
    rows = (data_folder() / "SHA256SUMS").read_text(encoding="utf-8").split()
    return dict(zip(rows[1::2], rows[::2], strict=True))


def _digits(split):
    with np.load(io.BytesIO(verified("digits.npz")), allow_pickle=False) as arrays:
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    return Dataset(_unit_range(images), labels.astype(np.int64), DIGITS, card("digits"))


def _mnist(split):
    arrays = archives.mnist_arrays(fetch.require("mnist"))
    images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    return Dataset(_unit_range(images), labels.astype(np.int64), DIGITS, card("mnist"))


def _cats_vs_dogs(split):
    folder = fetch.require("cats_vs_dogs")
    return Dataset(
        np.load(folder / f"{split}_images.npy", mmap_mode="r", allow_pickle=False),
        np.load(folder / f"{split}_labels.npy", allow_pickle=False),
        ("cat", "dog"),
        f"{card('cats_vs_dogs')}\n- **here** {archives.described(folder)}.",
    )


def _textures(split):
    names = photo_names()
    seed = 0 if split == "train" else 1
    generator = np.random.default_rng(seed)
    halves = [np.array_split(photo(name), 2, axis=1)[seed] for name in names]
    images = [_patch(half, generator) for _ in range(TEXTURE_PATCHES) for half in halves]
    labels = np.tile(np.arange(len(names)), TEXTURE_PATCHES)
    return Dataset(np.stack(images), labels, names, card("textures"))


def _things(split):
    groups = _cut_outs(split)
    generator = np.random.default_rng(int(split == "test"))
    images = composing.singles(
        groups, _grounds(split), THING_PICTURES, THING_SIZE, THING_SIDES, generator
    )
    labels = np.tile(np.arange(len(groups)), THING_PICTURES)
    return Dataset(images, labels, tuple(groups), card("things"))


def _cut_outs(split):
    """{class: its objects}, each (h, w, 4) uint8, colour and alpha, without a margin."""
    with np.load(io.BytesIO(verified("things.npz")), allow_pickle=False) as arrays:
        chosen = arrays["test"] == (split == "test")
        images, labels = arrays["images"][chosen], arrays["labels"][chosen]
        class_names = arrays["classes"].tolist()
    return {
        name: [composing.trimmed(image) for image in images[labels == label]]
        for label, name in enumerate(class_names)
    }


def _grounds(split):
    """The photographs and the surfaces of `composing.ground`: halves, as for `textures`."""
    surfaces = [composing.tinted(photo(name), colour) for name, colour in SURFACES.items()]
    return tuple(
        [np.array_split(picture, 2, axis=1)[split == "test"] for picture in pictures]
        for pictures in ([photo(name) for name in BACKDROPS], surfaces)
    )


def _patch(image, generator):
    """A 64x64 patch from anywhere in the image."""
    top, left = (generator.integers(side - 64 + 1) for side in image.shape[:2])
    return image[top : top + 64, left : left + 64]


def _unit_range(images):
    """(N,H,W) uint8 0-255 as (N,H,W,1) float32 0-1."""
    return images[..., None].astype(np.float32) / 255


def _check_name(argument, value, known, nicknames=None):
    if value in known:
        return
    meant = (nicknames or {}).get(str(value), str(value))
    near = difflib.get_close_matches(meant, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"`{argument}` must be one of {', '.join(known)}: got {argument}={value!r}.{hint}"
    )


_LOADERS = {
    "digits": _digits,
    "textures": _textures,
    "things": _things,
    "mnist": _mnist,
    "cats_vs_dogs": _cats_vs_dogs,
}
