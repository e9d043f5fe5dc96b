"""An array in a file that is found whole or not at all: features, kept from one run to the next."""

import errno
import hashlib
import io
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

_DIGEST_BYTES = 32  # SHA-256, after the array of a cached file


def read(file, shape):
    """The cached array, memory-mapped; None unless it is there and whole.

    Args:
        file: a path.
        shape: of the array that is expected.
    """
    if not file.is_file():
        return None
    content = hashlib.sha256()
    with file.open("rb") as stream:
        left = file.stat().st_size - _DIGEST_BYTES
        while left > 0:
            piece = stream.read(min(left, 1 << 20))
            content.update(piece)
            left -= len(piece)
        if stream.read() != content.digest():
            return None
    features = np.load(file, mmap_mode="r", allow_pickle=False)
    return features if features.shape == shape else None


def write(file, shape, batches):
    """Writes features to the side, their digest behind them, and moves them into place.

    Args:
        file: a path.
        shape: of all features.
        batches: arrays, one after the other.

    Raises:
        OSError: there is no room for them, or the folder cannot be written.
    """
    needed = 4 * int(np.prod(shape, dtype=np.int64))
    part = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(file.parent)
        free = shutil.disk_usage(file.parent).free
        if free < needed:  # said now, not after an hour of computing
            raise OSError(errno.ENOSPC, f"{free / 1e6:,.2f} MB free")
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as stream:
            part = Path(stream.name)
            digest = hashlib.sha256()
            for piece in _as_npy(shape, batches):
                digest.update(piece)
                stream.write(piece)
            stream.write(digest.digest())
        part.replace(file)
    except OSError as error:
        raise OSError(
            error.errno,
            f"`cache` must be a folder with room for {needed / 1e6:,.2f} MB of features: "
            f"got {error.strerror} in {file.parent}. Make room, give another folder, "
            "or keep them in memory only with cache=None",
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def _as_npy(shape, batches):
    """The bytes of a `.npy` file, piece by piece: any size in the memory of one batch."""
    header = io.BytesIO()
    description = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, description)
    yield header.getvalue()
    for batch in batches:
        yield np.ascontiguousarray(batch, "<f4").tobytes()


def _remove_leftovers(folder):
    """Deletes what a killed process left: parts that nobody has written to for an hour."""
    for part in folder.glob("*.part"):
        if time.time() - part.stat().st_mtime > 3600:
            part.unlink(missing_ok=True)
