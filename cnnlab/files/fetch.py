"""The only module that opens a connection: named files, verified, into the cache.

What is fetched is written to the side, checked, and only then moved into place: a download that
stops leaves nothing behind that could be taken for the whole.
"""

import difflib
import errno
import os
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cnnlab.files import archives, checksums


@dataclass(frozen=True)
class File:
    """One file that a name accepts.

    Attributes:
        name: file name, also the one looked for with `--from`.
        size: bytes.
        check: "sha256:…" or "md5:…", where one is published; "arrays": the SHA-256 of the arrays
            inside, so that every honest container passes; "contents": size and contents.
        folder: address of the folder where it is published; empty if it is not.
    """

    name: str
    size: int
    check: str
    folder: str = ""


@dataclass(frozen=True)
class Source:
    """What a name stands for.

    Attributes:
        licence: as its publisher states it.
        files: the files it accepts, the published one first.
        keras: whether it lies in Keras's own cache, where `keras.applications` looks for it.
    """

    licence: str
    files: tuple
    keras: bool = False

    @property
    def unpacked(self):
        """Whether the file is an archive of photographs, which are decoded once."""
        return self.files[0].name.endswith(".zip")

    @property
    def room(self):
        """Bytes needed while it is fetched; decoded photographs take about four times more."""
        return max(file.size for file in self.files) * (5 if self.unpacked else 1)


_GOOGLE = "https://storage.googleapis.com"
_VGG16 = f"{_GOOGLE}/tensorflow/keras-applications/vgg16"
_CATS_SHA256 = "119ac9e2b7689a6ebfa3bfe34cb35b82c1e97be750096f34df226991ca46ee15"
SOURCES = {
    "mnist": Source(
        "CC BY-SA 3.0",
        (File("mnist.npz", 11_490_434, "arrays", f"{_GOOGLE}/tensorflow/tf-keras-datasets"),),
    ),
    "cats_vs_dogs": Source(
        "none stated",
        (
            File("cats_and_dogs_filtered.zip", 68_606_236, "contents", f"{_GOOGLE}/mledu-datasets"),
            File("cats-vs-dogs.zip", 44_729_784, f"sha256:{_CATS_SHA256}"),
        ),
    ),
    "vgg16": Source(
        "CC BY 4.0",
        (
            File(
                "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                58_889_256,
                "md5:6d6bbae143d832006294945121d1f1fc",
                _VGG16,
            ),
        ),
        keras=True,
    ),
    "vgg16_top": Source(
        "CC BY 4.0",
        (
            File(
                "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
                553_467_096,
                "md5:64373286793e3c8b2b4e3219cbf3544b",
                _VGG16,
            ),
        ),
        keras=True,
    ),
    "imagenet_classes": Source(
        "WordNet",
        (
            File(
                "imagenet_class_index.json",
                35_363,
                "md5:c2c37ea517e94d9795004a39431a14cb",
                f"{_GOOGLE}/download.tensorflow.org/data",
            ),
        ),
        keras=True,
    ),
}


def names():
    """The names that can be fetched.

    Example:
        >>> names()
        ('mnist', 'cats_vs_dogs', 'vgg16', 'vgg16_top', 'imagenet_classes')
    """
    return tuple(SOURCES)


def path(name):
    """Where a name is stored once it is fetched: the cache, or Keras's own for its weights.

    Args:
        name: one of `names()`.

    Example:
        >>> path("mnist").name
        'mnist.npz'
    """
    import platformdirs

    source = _source(name)
    if source.keras:
        home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
        return home / "models" / source.files[0].name
    cache = os.environ.get("CNNLAB_CACHE") or platformdirs.user_cache_dir("cnnlab")
    return Path(cache).expanduser() / (name if source.unpacked else source.files[0].name)


def require(name):
    """Where a name is stored, for somebody who needs it now.

    Raises:
        FileNotFoundError: it was not fetched; the message names the command.
    """
    place = path(name)
    if not place.exists():
        raise FileNotFoundError(
            f"`{name}` must be fetched before it is used: got nothing at {place}. "
            f"Run `cnnlab fetch {name}` once; without a network `cnnlab fetch {name} --from DIR`."
        )
    return place


def fetch(name, source=None):
    """Brings a name into the cache, unless it is there and sound.

    Args:
        name: one of `names()`.
        source: None (where it is published), a folder, or the address of a mirror: a place that
            holds one of the files the name accepts, under its own name.

    Returns:
        The path of the file, or of the folder of decoded photographs.

    Raises:
        ValueError: an unknown name, a folder without the file, or a file that is not the right one.
        ConnectionError: the network failed.
        OSError: no room, or no permission to write.
    """
    wanted, target = _source(name), path(name)
    try:
        verify(name)
        return target
    except (ValueError, FileNotFoundError):
        pass
    try:
        with _part(target) as part:
            _need_room(name, part)
            file = _bring(name, source, part)
            _check(part / file.name, file)
            ready = part / file.name
            if wanted.unpacked:
                ready = part / "decoded"
                archives.decode(part / file.name, ready)
            if target.is_dir():
                shutil.rmtree(target)
            ready.replace(target)
    except ConnectionError:
        raise
    except OSError as error:
        variable = "KERAS_HOME" if wanted.keras else "CNNLAB_CACHE"
        remedy = "Make room there, or set" if error.errno == errno.ENOSPC else "Set"
        raise OSError(
            f"`{name}` must be written to {target.parent}: got {error.strerror or error}. "
            f"{remedy} {variable} to a folder of your own."
        ) from error
    return target


def verify(name):
    """Checks what is stored under a name against its checksums.

    Raises:
        FileNotFoundError: it was not fetched.
        ValueError: it is damaged.
    """
    place, source = require(name), _source(name)
    if source.unpacked:
        archives.check_decoded(place)
    else:
        _check(place, source.files[0])


def remove(name):
    """Deletes what is stored under a name; whether there was anything to delete."""
    place = path(name)
    found = place.exists()
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    return found


def _source(name):
    if name in SOURCES:
        return SOURCES[name]
    near = difflib.get_close_matches(str(name), SOURCES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"`name` must be one of {', '.join(SOURCES)}, all: got name={name!r}.{hint}")


@contextmanager
def _part(target):
    """A folder beside `target` to work in, gone afterwards whatever happens.

    A killed process cannot clean up; what nobody has written to for an hour is removed here.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob("*.part"):
        newest = max(p.stat().st_mtime for p in (left, *left.rglob("*")))
        if time.time() - newest > 3600:
            shutil.rmtree(left, ignore_errors=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _need_room(name, folder):
    free, needed = shutil.disk_usage(folder).free, _source(name).room
    if free < needed:
        seen = f"{free / 1e6:,.2f} MB free where {needed / 1e6:,.2f} MB are needed"
        raise OSError(errno.ENOSPC, seen)


def _bring(name, place, part):
    """Copies or downloads one of the files that a name accepts into `part`; returns which."""
    files = _source(name).files
    if place is None:
        _download(name, f"{files[0].folder}/{files[0].name}", part / files[0].name)
        return files[0]
    if str(place).startswith(("http://", "https://")):
        for file in files:
            try:
                _download(name, f"{str(place).rstrip('/')}/{file.name}", part / file.name)
                return file
            except ConnectionError:
                if file is files[-1]:
                    raise
    try:
        next(Path(place).iterdir(), None)  # raises what keeps it from being read
        for file in files:
            if (Path(place) / file.name).is_file():
                shutil.copyfile(Path(place) / file.name, part / file.name)
                return file
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise ValueError(
            "`--from` must be a folder that can be read, or an address, https://…: "
            f"got {error.strerror} for {error.filename}. Name the folder that holds the files."
        ) from error
    raise ValueError(
        f"`--from` must hold {' or '.join(file.name for file in files)}: got {place}, without it. "
        "Copy the file there under that name."
    )


def _download(name, address, destination):
    import pooch
    import requests

    bring = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), chunk_size=1 << 16)
    try:
        bring(address, destination, None)
    except requests.RequestException as error:
        got, remedy = type(error).__name__, "Try again with a network, or take it from a folder"
        if error.response is not None:  # so the network works
            got = f"{error.response.status_code} {error.response.reason}"
            remedy = "Take it from another place, or from a folder"
            error.response.close()
        raise ConnectionError(
            f"`{name}` must be reachable at {address}: got {got}. "
            f"{remedy}: `cnnlab fetch {name} --from DIR`."
        ) from error


def _check(place, file):
    """Raises ValueError unless the file is the one that is accepted."""
    kind, _, expected = file.check.partition(":")
    if kind == "arrays":
        archives.mnist_arrays(place)
        return
    if place.stat().st_size != file.size:
        raise ValueError(
            f"`{file.name}` must have {file.size:,} bytes: got {place.stat().st_size:,}. "
            "The download was cut short or it is another file: fetch it again."
        )
    found = "" if kind == "contents" else checksums.digest(place, kind)
    if found != expected:
        raise ValueError(
            f"`{file.name}` must have the {kind.upper()} {expected[:12]}…: got {found[:12]}…. "
            "It is another file or a damaged one: fetch it again."
        )
