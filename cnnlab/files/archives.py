"""What lies inside a fetched file: MNIST's arrays, checked; photographs, decoded once."""

import hashlib
import json
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, zip_longest
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from cnnlab.files import photographs
from cnnlab.files.checksums import digest

PHOTOGRAPH_SIZE = 128  # pixels, height and width of a decoded photograph
MNIST_ARRAYS = {  # SHA-256 of the bytes of each array
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


def mnist_arrays(path):
    """The four arrays of an MNIST `.npz`, each checked by its SHA-256.

    Args:
        path: path of the file.

    Returns:
        dict of x_train (60000,28,28), y_train, x_test (10000,28,28), y_test, all uint8 0-255.

    Raises:
        ValueError: the file is no `.npz` of plain arrays, or an array is not MNIST's.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in MNIST_ARRAYS}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"`{Path(path).name}` must hold MNIST's four plain arrays: got "
            f"{str(error).rstrip('.')}. Fetch it again, or take the file from another place."
        ) from error
    for name, array in arrays.items():
        found = hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
        if array.dtype != np.uint8 or found != MNIST_ARRAYS[name]:
            raise ValueError(
                f"`{name}` must be MNIST's array, SHA-256 {MNIST_ARRAYS[name][:12]}…: "
                f"got {found[:12]}… of {array.dtype}{list(array.shape)}. Fetch it again."
            )
    return arrays


def decode(archive, folder):
    """A folder of arrays from a zip archive of cats and dogs, decoded and resized once.

    `{train,test}_images.npy` (N, S, S, 3) uint8, `{train,test}_labels.npy` (N,) int64, and
    `record.json`: counts, the members that were skipped because they could not be read, and the
    SHA-256 of every array. Nothing of the archive is unpacked to disk.

    Args:
        archive: path of the zip archive; its members end with `SPLIT/KIND/FILE.jpg`.
        folder: path of the folder, which is made.

    Raises:
        ValueError: no zip archive, a member outside the archive, or no readable photograph.
    """
    folder.mkdir()
    record = {"archive": archive.name, "counts": {}, "skipped": [], "sha256": {}}
    try:
        with zipfile.ZipFile(archive) as zipped, ThreadPoolExecutor() as pool:
            for split, members in _members(zipped).items():
                names = [name for name, _ in members]
                images = list(pool.map(lambda name: _photograph(zipped, name), names))
                good = [index for index, image in enumerate(images) if image is not None]
                if not good:
                    raise zipfile.BadZipFile(f"no readable photograph for {split}")
                arrays = {
                    f"{split}_images.npy": np.stack([images[index] for index in good]),
                    f"{split}_labels.npy": np.array([members[index][1] for index in good]),
                }
                for file, array in arrays.items():
                    np.save(folder / file, array, allow_pickle=False)
                    record["sha256"][file] = digest(folder / file)
                record["counts"][split] = len(good)
                record["skipped"] += sorted(set(names) - {names[index] for index in good})
    except zipfile.BadZipFile as error:
        raise ValueError(
            f"`{archive.name}` must be a zip archive of photographs: got {error}. Fetch it again."
        ) from error
    (folder / "record.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def check_decoded(folder):
    """Raises ValueError unless a folder of decoded photographs is as its record says."""
    try:
        expected = json.loads((folder / "record.json").read_text(encoding="utf-8"))["sha256"]
        damaged = [file for file, sha256 in expected.items() if digest(folder / file) != sha256]
    except (OSError, ValueError, KeyError) as error:
        damaged = [error]
    if damaged:
        raise ValueError(
            f"`{folder.name}` must hold what was decoded: got a damaged {damaged[0]} in {folder}. "
            "Fetch it again."
        )


def described(folder):
    """One sentence on a folder of decoded photographs, with those that were skipped."""
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    counts = " and ".join(f"{count:,} {split}" for split, count in record["counts"].items())
    skipped = record["skipped"]
    which = f": {', '.join(skipped[:5])}{', …' if len(skipped) > 5 else ''}" if skipped else ""
    return f"{counts} photographs, {len(skipped)} skipped as unreadable{which}"


def _members(archive):
    """{"train": [(member, label), ...], "test": [...]}, cats (0) and dogs (1) by turns."""
    found = {(split, label): [] for split in ("train", "test") for label in (0, 1)}
    for name in archive.namelist():
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts:
            raise ValueError(
                f"`{Path(archive.filename).name}` must hold paths inside itself only: "
                f"got {name!r}. Do not use this archive."
            )
        split, kind, _ = ("", "", "", *path.parts)[-3:]
        if path.suffix.lower() in (".jpg", ".jpeg") and kind.rstrip("s") in ("cat", "dog"):
            label = int(kind.rstrip("s") == "dog")
            found["train" if split == "train" else "test", label].append(name)
    by_turns = {}
    for split in ("train", "test"):
        cats, dogs = (_by_number(found[split, label]) for label in (0, 1))
        pairs = zip_longest([(cat, 0) for cat in cats], [(dog, 1) for dog in dogs])
        by_turns[split] = [member for member in chain.from_iterable(pairs) if member]
    return by_turns


def _by_number(names):
    """cat.9.jpg before cat.10.jpg."""
    return sorted(names, key=lambda name: (len(name), name))


def _photograph(archive, member):
    """The middle square of a photograph, (S, S, 3) uint8; None if it cannot be read."""
    try:
        with archive.open(member) as file:
            return photographs.read(file, PHOTOGRAPH_SIZE)
    except (ValueError, zipfile.BadZipFile):
        return None
