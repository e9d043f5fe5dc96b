"""Photographs as they lie on somebody's disk: every kind read alike, the unreadable ones named."""

import os
import unicodedata
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cnnlab.sizes import whole_number


def read(file, size=None):
    """A photograph as the eye sees it, whatever its file is like.

    Turned upright as the camera noted (EXIF); grey, palette, CMYK and 16-bit pictures become RGB,
    where a 16-bit picture without a value above 4095 counts as one of 12 bits, and without one
    above 255 as one of 8; what is transparent becomes white; of an animation the first picture.

    Args:
        file: a path, or an open binary file.
        size: None keeps height and width; a number takes the middle square, resized to it.

    Returns:
        (H, W, 3) or (size, size, 3) uint8, 0-255.

    Raises:
        ValueError: the file is no picture, is damaged, or is of a kind that cannot be read; or
            `size` is no whole number of at least 1.

    Example:
        >>> import io
        >>> from PIL import Image
        >>> file = io.BytesIO()
        >>> Image.new("LA", (5, 3), (0, 0)).save(file, "PNG")  # black, but transparent: white
        >>> read(file).shape, read(file).min()
        ((3, 5, 3), np.uint8(255))
    """
    from PIL import Image, ImageOps

    if size is not None:
        size = _side(size)
    try:
        with Image.open(file) as image:
            if size is not None:
                image.draft("RGB", (2 * size, 2 * size))  # a large JPEG is decoded smaller, faster
            image = _as_rgb(ImageOps.exif_transpose(image))
            if size is not None:
                image = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
            return np.asarray(image)
    except Exception as error:  # damaged bytes make Pillow raise anything, even struct.error
        name = Path(str(getattr(file, "name", file))).name
        raise ValueError(
            f"`{name}` must be a photograph that can be read: got {_reason(name, error)}. "
            "Save it again as JPEG or PNG."
        ) from error


def read_folder(path, size):
    """All photographs of a folder that has one subfolder per class.

    ::

        pets/cat/1.jpg  pets/cat/2.png  pets/dog/1.jpg   ->   classes "cat" (0) and "dog" (1)

    Hidden files and folders are passed over; files beside the class folders and folders inside them
    are named among the reasons. Several photographs are read at a time.

    Args:
        path: the folder.
        size: height and width of the result, in pixels: the middle square of each photograph.

    Returns:
        images (N, size, size, 3) uint8 0-255; labels (N,) int64; class names, a tuple in
        alphabetical order; and the reasons, a sentence for every file or folder that was left out.

    Raises:
        ValueError: fewer than two classes, a class without a readable photograph, or a size that is
            no whole number of at least 1.
    """
    size = _side(size)
    files, misplaced = _files_by_class(Path(path))
    members = [(file, label) for label, group in enumerate(files.values()) for file in group]
    images = np.empty((len(members), size, size, 3), np.uint8)

    def fill(index):
        try:
            images[index] = read(members[index][0], size)
        except ValueError as error:
            return str(error)

    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")  # Pillow warns of odd EXIF entries and of huge pictures
        faults = list(pool.map(fill, range(len(members))))
    good = [index for index, fault in enumerate(faults) if fault is None]
    for new, old in enumerate(good):  # in place: a second copy might not fit in memory
        images[new] = images[old]
    labels = np.array([members[index][1] for index in good], np.int64)
    _check_none_empty(path, list(files), np.bincount(labels, minlength=len(files)), misplaced)
    unread = [fault for fault in faults if fault]
    return images[: len(good)], labels, tuple(files), misplaced + unread


def write_folder(path, images, labels, class_names):
    """JPEG files in a new or empty folder, one subfolder per class.

    Args:
        path: the folder.
        images: (N, H, W, 3) uint8, 0-255.
        labels: (N,) class numbers.
        class_names: of the classes to write; the others have None.

    Raises:
        ValueError: the folder holds something already.
    """
    from PIL import Image

    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(
            f"`path` must be a new or an empty folder: got path={str(path)!r}, where something "
            "lies already. Choose another folder."
        )
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        if class_names[label] is not None:
            place = path / class_names[label]
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{number:04}.jpg", quality=95)


def _side(size):
    return whole_number("size", size, counted="the pixels of a side of the square")


def _files_by_class(folder):
    """{class name: its files}, both in alphabetical order; and what lies in a wrong place."""
    if not folder.is_dir():
        raise ValueError(
            f"`path` must be a folder with one subfolder per class: got path={str(folder)!r}, "
            f"no folder, seen from {Path.cwd()}. Write the path from there, or in full."
        )
    found, deeper, loose = {}, [], []
    for place in sorted(folder.iterdir()):
        if place.is_dir() and not place.name.startswith("."):
            # macOS stores é as e and an accent, others as one letter: one name for both
            name = unicodedata.normalize("NFC", place.name)
            found[name] = sorted(file for file in place.iterdir() if _is_candidate(file))
            deeper += [told for told in map(_nested, sorted(place.iterdir())) if told]
        elif _is_candidate(place):
            loose.append(
                f"`{place.name}` must lie in the folder of its class: got it beside the classes. "
                "Move it into one of them."
            )
    if len(found) < 2:
        raise ValueError(
            f"`path` must hold at least two classes, a subfolder each: got {len(found)} in {folder}"
            f"{''.join(f' ({name})' for name in found)}. Sort the photographs into subfolders."
        )
    if deeper and not any(found.values()):
        raise ValueError(
            f"`path` must hold folders of photographs: got folders of folders in {folder} "
            f"({', '.join(sorted(found))}). Give one of these as the path."
        )
    return dict(sorted(found.items())), deeper + loose


def _nested(place):
    """A sentence on a folder inside a class that holds files, or None."""
    if not place.is_dir() or place.name.startswith("."):
        return None
    count = sum(_is_candidate(file) for file in place.rglob("*"))
    if not count:
        return None
    return (
        f"`{place.parent.name}/{place.name}` must not be a folder inside a class: got {count} "
        f"file{'s' * (count > 1)} in it. Move them up into `{place.parent.name}`."
    )


def _is_candidate(file):
    system = ("thumbs.db", "desktop.ini")
    return file.is_file() and not file.name.startswith(".") and file.name.lower() not in system


def _check_none_empty(path, names, counts, misplaced):
    empty = [name for name, count in zip(names, counts, strict=True) if not count]
    if empty:
        raise ValueError(
            "every class folder must hold a photograph that can be read: got none in "
            f"{', '.join(sorted(empty))} of {path}. "
            + " ".join([*misplaced, "Add photographs or remove the folder."])
        )


def _as_rgb(image):
    """Any Pillow image as 8-bit RGB, transparency on white."""
    from PIL import Image

    if image.mode.startswith("I;16"):  # 16-bit grey: Pillow's own conversion would clip to white
        values = np.asarray(image)
        depth = next(bits for bits in (8, 12, 16) if values.max() < 2**bits)
        image = Image.fromarray((values >> depth - 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"32-bit pixels (mode {image.mode}), whose white is not known")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _reason(name, error):
    """What is wrong with a file, in the student's words."""
    from PIL import UnidentifiedImageError

    if name.lower().endswith((".heic", ".heif")):
        return "a HEIC picture, as iPhones take them"
    if isinstance(error, UnidentifiedImageError):
        return "a file that is no picture"
    return str(error).rstrip(".")
