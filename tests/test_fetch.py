"""Fetching: verified, atomic, and the faults it must survive; a local server plays the network."""

import ast
import errno
import hashlib
import http.server
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cnnlab
from cnnlab import datasets
from cnnlab.command import cli, downloads
from cnnlab.files import archives, fetch

CONTENT = bytes(range(256)) * 40
TINY = fetch.File("tiny.bin", len(CONTENT), f"sha256:{hashlib.sha256(CONTENT).hexdigest()}")


class Server(http.server.BaseHTTPRequestHandler):
    """Answers with CONTENT, or with what `answer` says."""

    answer = staticmethod(lambda handler: handler.send(CONTENT))
    asked = 0

    def do_GET(self):
        Server.asked += 1
        Server.answer(self)

    def send(self, content, announced=None):
        self.send_response(200)
        self.send_header("Content-Length", str(announced or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(Server, "answer", Server.answer)
    monkeypatch.setattr(Server, "asked", 0)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and a name `tiny` that is published nowhere yet."""
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setitem(fetch.SOURCES, "tiny", fetch.Source("CC0", (TINY,)))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path):
    """A folder to take files from, with tiny.bin in it."""
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "tiny.bin").write_bytes(CONTENT)
    return tmp_path / "from"


def publish(monkeypatch, address):
    """`tiny` is published at that address."""
    file = fetch.File(TINY.name, TINY.size, TINY.check, address)
    monkeypatch.setitem(fetch.SOURCES, "tiny", fetch.Source("CC0", (file,)))


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def jpeg(shade, width=40, height=30):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (shade, 0, 0)).save(file, "JPEG", quality=95)
    return file.getvalue()


def pets(path, spoiled=(), extra=()):
    """A small archive in the published layout; returns the `Source` that accepts it."""
    with zipfile.ZipFile(path, "w") as archive:
        for split, first in (("train", 0), ("validation", 200)):
            for kind, shade in (("cat", 0), ("dog", 200)):
                for number in range(first + 8, first + 11):  # 8, 9, 10: text order is wrong
                    name = f"pets/{split}/{kind}s/{kind}.{number}.jpg"
                    good = jpeg(shade + number % 100)
                    archive.writestr(name, good[:300] if name in spoiled else good)
        for name in ("pets/vectorize.py", *extra):
            archive.writestr(name, "x")
    return fetch.Source("CC0", (fetch.File(path.name, path.stat().st_size, "contents"),))


# What comes, and from where


def test_a_download_is_verified_and_stored(server, cache, monkeypatch):
    publish(monkeypatch, server)
    assert fetch.fetch("tiny").read_bytes() == CONTENT
    assert files_in(cache) == ["tiny.bin"]


def test_what_is_there_and_sound_is_not_fetched_again(server, cache, monkeypatch):
    publish(monkeypatch, server)
    fetch.fetch("tiny")
    fetch.fetch("tiny")
    assert Server.asked == 1


def test_what_is_there_and_damaged_is_replaced(cache, folder):
    place = fetch.fetch("tiny", folder)
    place.write_bytes(CONTENT[::-1])
    fetch.fetch("tiny", folder)
    assert place.read_bytes() == CONTENT


def test_a_mirror_is_asked_for_the_file_by_its_name(server, cache):
    assert fetch.fetch("tiny", f"{server}/").read_bytes() == CONTENT


def test_a_mirror_may_hold_any_of_the_accepted_files(server, cache, monkeypatch):
    def answer(handler):
        if handler.path == "/tiny.bin":
            handler.send(CONTENT)
        else:
            handler.send_error(404)

    Server.answer = answer
    other = fetch.File("other.bin", 3, "md5:0")
    monkeypatch.setitem(fetch.SOURCES, "tiny", fetch.Source("CC0", (other, TINY)))
    assert fetch.fetch("tiny", server).read_bytes() == CONTENT


def test_a_folder_without_the_file_lists_the_accepted_ones(cache, tmp_path):
    message = r"`--from` must hold cats_and_dogs_filtered.zip or cats-vs-dogs.zip: got .*, without"
    with pytest.raises(ValueError, match=message):
        fetch.fetch("cats_vs_dogs", tmp_path)


def test_a_folder_that_does_not_exist_and_a_file_are_no_folder_to_take_from(cache, folder):
    for place, why in [("absent", "No such file or directory"), ("tiny.bin", "Not a directory")]:
        with pytest.raises(ValueError) as raised:
            fetch.fetch("tiny", folder / place)
        assert str(raised.value) == (
            f"`--from` must be a folder that can be read, or an address, https://…: got {why} for "
            f"{folder / place}. Name the folder that holds the files."
        )


def test_a_file_that_may_not_be_read_is_no_fault_of_the_cache(cache, folder, monkeypatch):
    def closed(source, _):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source))

    monkeypatch.setattr(shutil, "copyfile", closed)
    with pytest.raises(ValueError, match=r"`--from` must .* got Permission denied for .*tiny.bin"):
        fetch.fetch("tiny", folder)
    assert files_in(cache) == []


def test_vgg16_lies_where_keras_looks_for_it(cache, tmp_path):
    assert fetch.path("vgg16").parent == tmp_path / "keras" / "models"
    assert fetch.path("mnist") == cache / "mnist.npz"


def test_the_platform_has_a_cache_folder(monkeypatch):
    monkeypatch.delenv("CNNLAB_CACHE", raising=False)
    assert fetch.path("mnist").parent.is_absolute()
    assert "cnnlab" in str(fetch.path("mnist"))


def test_an_unknown_name_lists_the_known_ones_and_the_nearest(cache):
    with pytest.raises(ValueError, match=r"one of mnist, .* all: got .*Did you mean 'mnist'\?"):
        fetch.fetch("minst")


# Faults: nothing lost, nothing half written


def test_a_truncated_download_leaves_nothing(server, cache, monkeypatch):
    publish(monkeypatch, server)
    Server.answer = lambda handler: handler.send(CONTENT[:5000], announced=len(CONTENT))
    with pytest.raises(ConnectionError, match=r"`tiny` must be reachable at http"):
        fetch.fetch("tiny")
    assert files_in(cache) == []


def test_a_short_file_that_claims_to_be_whole_is_refused(server, cache, monkeypatch):
    publish(monkeypatch, server)
    Server.answer = lambda handler: handler.send(CONTENT[:5000])
    with pytest.raises(ValueError, match=r"must have 10,240 bytes: got 5,000"):
        fetch.fetch("tiny")
    assert files_in(cache) == []


def test_a_wrong_hash_is_refused_and_the_old_file_stays(cache, folder):
    cache.mkdir()
    (cache / "tiny.bin").write_bytes(b"old")
    (folder / "tiny.bin").write_bytes(CONTENT[::-1])
    with pytest.raises(ValueError, match=r"`tiny.bin` must have the SHA256 .*: got .*fetch it"):
        fetch.fetch("tiny", folder)
    assert (cache / "tiny.bin").read_bytes() == b"old"
    assert files_in(cache) == ["tiny.bin"]


def test_a_refused_connection_names_the_way_without_a_network(cache, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    publish(monkeypatch, f"http://127.0.0.1:{port}")
    with pytest.raises(ConnectionError, match=r"got ConnectionError. Try again with .* --from DIR"):
        fetch.fetch("tiny")
    assert files_in(cache) == []


def test_a_page_that_is_gone_is_no_file(server, cache, monkeypatch):
    publish(monkeypatch, server)
    Server.answer = lambda handler: handler.send_error(404)
    with pytest.raises(ConnectionError) as raised:
        fetch.fetch("tiny")
    assert str(raised.value) == (
        f"`tiny` must be reachable at {server}/tiny.bin: got 404 Not Found. Take it from another "
        "place, or from a folder: `cnnlab fetch tiny --from DIR`."
    )
    assert files_in(cache) == []


def test_a_disk_that_fills_up_leaves_nothing(cache, folder, monkeypatch):
    def fills_up(_, destination):
        destination.write_bytes(CONTENT[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", fills_up)
    with pytest.raises(OSError, match=r"got No space left on device. Make room.*CNNLAB_CACHE"):
        fetch.fetch("tiny", folder)
    assert files_in(cache) == []


def test_a_disk_without_room_is_found_before_anything_is_written(cache, folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 10))
    monkeypatch.setattr(shutil, "copyfile", lambda *_: pytest.fail("was copied"))
    with pytest.raises(OSError, match=r"got 0.00 MB free where 0.01 MB are needed. Make room"):
        fetch.fetch("tiny", folder)


def test_a_cache_that_is_a_file_is_no_full_disk(cache, tmp_path, folder, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"/file: got .*\. Set CNNLAB_CACHE to a folder of your own"):
        fetch.fetch("tiny", folder)


def test_a_killed_download_leaves_no_file_and_the_next_one_cleans_up(
    server, cache, folder, monkeypatch
):
    publish(monkeypatch, server)
    half_way, go_on = threading.Event(), threading.Event()

    def answer(handler):
        handler.send(CONTENT[:5000], announced=len(CONTENT))
        half_way.set()
        go_on.wait(20)

    Server.answer = answer
    script = (
        "from cnnlab.files import fetch\n"
        f"file = fetch.File('tiny.bin', {TINY.size}, {TINY.check!r}, '{server}')\n"
        "fetch.SOURCES['tiny'] = fetch.Source('CC0', (file,))\n"
        "fetch.fetch('tiny')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parent.parent)
    assert half_way.wait(20)
    process.kill()
    process.wait()
    go_on.set()
    assert not (cache / "tiny.bin").exists()

    (left,) = cache.glob("*.part")
    fetch.fetch("tiny", folder)
    assert left.exists()  # it might still be at work
    an_hour_ago = time.time() - 4000
    for path in (*left.rglob("*"), left):
        os.utime(path, (an_hour_ago, an_hour_ago))
    fetch.remove("tiny")
    fetch.fetch("tiny", folder)
    assert files_in(cache) == ["tiny.bin"]
    assert not left.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such folder permissions")
def test_a_read_only_cache_names_the_variable_to_set(cache, monkeypatch):
    open_to_all = Path(tempfile.mkdtemp())  # pytest's own folders are closed to another user
    (open_to_all / "tiny.bin").write_bytes(CONTENT)
    read_only = open_to_all / "cache"
    read_only.mkdir(mode=0o555)
    open_to_all.chmod(0o755)
    monkeypatch.setenv("CNNLAB_CACHE", str(read_only))
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may write anywhere: be nobody for a moment
    try:
        with pytest.raises(OSError, match=r"got Permission denied. Set CNNLAB_CACHE to a fol"):
            fetch.fetch("tiny", open_to_all)
    finally:
        if root:
            os.seteuid(0)
    assert files_in(read_only) == []
    shutil.rmtree(open_to_all)


# Archives of photographs


def test_photographs_are_decoded_once_resized_and_cropped_to_a_square(cache, folder, monkeypatch):
    monkeypatch.setitem(fetch.SOURCES, "cats_vs_dogs", pets(folder / "pets.zip"))
    fetch.fetch("cats_vs_dogs", folder)
    pictures = datasets.load("cats_vs_dogs", "test")
    assert pictures.images.shape == (6, 128, 128, 3)
    assert pictures.images.dtype == np.uint8
    assert isinstance(pictures.images, np.memmap)
    assert pictures.class_names == ("cat", "dog")
    np.testing.assert_array_equal(pictures.labels, [0, 1, 0, 1, 0, 1])
    np.testing.assert_allclose(pictures.images[:, 64, 64, 0], [8, 208, 9, 209, 10, 210], atol=2)
    assert files_in(cache) == [
        "record.json",
        "test_images.npy",
        "test_labels.npy",
        "train_images.npy",
        "train_labels.npy",
    ]


def test_the_middle_of_a_photograph_is_kept_in_its_proportions(tmp_path):
    half = np.zeros((100, 400, 3), np.uint8)
    half[:, :200, 0] = 250  # the border of red and black lies in the middle column
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        file = io.BytesIO()
        Image.fromarray(half).save(file, "PNG")
        archive.writestr("one.jpg", file.getvalue())
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        image = archives._photograph(archive, "one.jpg")
    assert image.shape == (128, 128, 3)
    assert (image[:, 60, 0] > 200).all()
    assert (image[:, 68, 0] < 50).all()


def test_a_corrupt_photograph_is_skipped_counted_and_named(cache, folder, monkeypatch, capsys):
    spoiled = "pets/train/dogs/dog.9.jpg"
    monkeypatch.setitem(fetch.SOURCES, "cats_vs_dogs", pets(folder / "pets.zip", {spoiled}))
    assert downloads.run(["cats_vs_dogs"], folder) == 0
    said = f"5 train and 6 test photographs, 1 skipped as unreadable: {spoiled}"
    assert said in capsys.readouterr().out
    train = datasets.load("cats_vs_dogs", "train")
    np.testing.assert_array_equal(train.labels, [0, 1, 0, 0, 1])
    assert said in train.card


def test_an_archive_without_a_readable_photograph_is_refused(cache, folder, monkeypatch):
    spoiled = {f"pets/train/{k}s/{k}.{n}.jpg" for k in ("cat", "dog") for n in (8, 9, 10)}
    monkeypatch.setitem(fetch.SOURCES, "cats_vs_dogs", pets(folder / "pets.zip", spoiled))
    with pytest.raises(ValueError, match=r"got no readable photograph for train"):
        fetch.fetch("cats_vs_dogs", folder)
    assert files_in(cache) == []


@pytest.mark.parametrize(
    "name", ["../out.jpg", "pets/../../out.jpg", "/tmp/out.jpg", "C:\\out.jpg", "..\\out.jpg"]
)
def test_an_archive_that_reaches_outside_itself_is_refused(name, cache, folder, monkeypatch):
    monkeypatch.setitem(fetch.SOURCES, "cats_vs_dogs", pets(folder / "pets.zip", extra=(name,)))
    with pytest.raises(ValueError, match=r"must hold paths inside itself only: got '.*out.jpg'"):
        fetch.fetch("cats_vs_dogs", folder)
    assert files_in(cache) == []


def test_a_file_that_is_no_archive_is_refused(cache, folder, monkeypatch):
    source = pets(folder / "pets.zip")
    (folder / "pets.zip").write_bytes(b"x" * source.files[0].size)
    monkeypatch.setitem(fetch.SOURCES, "cats_vs_dogs", source)
    with pytest.raises(ValueError, match=r"must be a zip archive of photographs: got"):
        fetch.fetch("cats_vs_dogs", folder)


def test_damaged_decoded_photographs_are_found(cache, folder, monkeypatch):
    monkeypatch.setitem(fetch.SOURCES, "cats_vs_dogs", pets(folder / "pets.zip"))
    place = fetch.fetch("cats_vs_dogs", folder)
    fetch.verify("cats_vs_dogs")
    content = bytearray((place / "test_images.npy").read_bytes())
    content[-1] ^= 1
    (place / "test_images.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"got a damaged test_images.npy in .*Fetch it again"):
        fetch.verify("cats_vs_dogs")
    fetch.fetch("cats_vs_dogs", folder)
    fetch.verify("cats_vs_dogs")


# MNIST: any container, by its arrays


def small_mnist(monkeypatch):
    """Four small arrays that take the place of MNIST's."""
    arrays = {
        "x_train": np.arange(60, dtype=np.uint8).reshape(3, 4, 5),
        "y_train": np.array([1, 0, 2], np.uint8),
        "x_test": np.full((2, 4, 5), 255, np.uint8),
        "y_test": np.array([0, 1], np.uint8),
    }
    sums = {name: hashlib.sha256(array).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(archives, "MNIST_ARRAYS", sums)
    return arrays


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_mnist_in_any_container_passes(save, cache, folder, monkeypatch):
    arrays = small_mnist(monkeypatch)
    save(folder / "mnist.npz", **arrays)
    fetch.fetch("mnist", folder)
    train = datasets.load("mnist", "train")
    assert train.images.shape == (3, 4, 5, 1)
    assert train.images.dtype == np.float32
    np.testing.assert_array_equal(train.images[..., 0] * 255, arrays["x_train"])
    np.testing.assert_array_equal(datasets.load("mnist", "test").labels, [0, 1])


def test_an_array_that_is_not_mnists_is_refused(cache, folder, monkeypatch):
    arrays = small_mnist(monkeypatch)
    arrays["y_test"] = arrays["y_test"][::-1]
    np.savez(folder / "mnist.npz", **arrays)
    with pytest.raises(ValueError, match=r"`y_test` must be MNIST's array.* of uint8\[2\]"):
        fetch.fetch("mnist", folder)


def test_pickled_objects_are_refused_without_being_loaded(cache, folder, monkeypatch, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    arrays = small_mnist(monkeypatch) | {"y_test": np.array([Trap(), 1], object)}
    np.savez(folder / "mnist.npz", allow_pickle=True, **arrays)
    with pytest.raises(ValueError, match=r"MNIST's four plain arrays: got .*pickle.*[^.]\. Fetch"):
        fetch.fetch("mnist", folder)
    assert not (tmp_path / "sprung").exists()
    assert files_in(cache) == []


def test_an_unfetched_data_set_names_the_command(cache):
    with pytest.raises(FileNotFoundError, match=r"`mnist` must be fetched.*`cnnlab fetch mnist`"):
        datasets.load("mnist")


# The command


def test_the_list_gives_name_size_licence_and_how_each_file_is_verified(cache, folder):
    fetch.fetch("tiny", folder)
    head, *lines = downloads.listing()
    assert head.split() == ["name", "size", "downloaded", "licence", "verified", "by"]
    files = [[a, *map(str.strip, rest)] for a, *rest in zip(*[iter(lines)] * 3, strict=True)]
    assert list(dict.fromkeys(first.split()[0] for first, *_ in files)) == [*fetch.names()]
    columns = [head.index(f" {word}") for word in ("downloaded", "licence", "verified")]
    assert all(first[column] == " " for first, *_ in files for column in columns)
    assert files[1:4] == [
        [
            "cats_vs_dogs        68.6 MB  no          none stated   size and contents",
            "cats_and_dogs_filtered.zip",
            "https://storage.googleapis.com/mledu-datasets",
        ],
        [
            "cats_vs_dogs        44.7 MB  no          none stated   SHA-256",
            "cats-vs-dogs.zip",
            "not published",
        ],
        [
            "vgg16               58.9 MB  no          CC BY 4.0     MD5",
            "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "https://storage.googleapis.com/tensorflow/keras-applications/vgg16",
        ],
    ]
    assert files[-1][0] == "tiny              0.0102 MB  yes         CC0           SHA-256"


def test_the_list_fits_into_100_columns(cache):
    assert max(map(len, downloads.listing())) <= 100


def test_the_command_goes_on_after_a_fault_and_ends_with_status_2(cache, folder, capsys):
    assert downloads.run(["vgg16", "tiny"], folder) == 2
    printed = capsys.readouterr()
    assert "tiny: verified" in printed.out
    assert "cnnlab: `--from` must hold vgg16_weights" in printed.err


def test_verify_all_looks_at_what_is_here_only(cache, folder, capsys):
    place = fetch.fetch("tiny", folder)
    for names in ([], ["all"], ["mnist", "all"]):
        place.write_bytes(CONTENT)
        assert downloads.run(names, verify=True) == 0
        place.write_bytes(b"")
        assert downloads.run(names, verify=True) == 2
        printed = capsys.readouterr()
        assert printed.out == f"tiny: verified, in {place}\n"
        assert printed.err.startswith("cnnlab: `tiny.bin` must have 10,240 bytes: got 0")
        assert len(printed.err.splitlines()) == 1


def test_remove_deletes_files_and_folders(cache, folder, monkeypatch, capsys):
    monkeypatch.setitem(fetch.SOURCES, "cats_vs_dogs", pets(folder / "pets.zip"))
    downloads.run(["tiny", "cats_vs_dogs"], folder)
    assert downloads.run(["tiny", "cats_vs_dogs"], remove=True) == 0
    assert files_in(cache) == []
    downloads.run(["tiny"], remove=True)
    assert "tiny: was not downloaded" in capsys.readouterr().out


def test_the_command_line_fetches_verifies_lists_and_removes(cache, folder, capsys):
    assert cli.main(["fetch", "tiny", "--from", str(folder)]) == 0
    assert cli.main(["fetch", "tiny", "--verify"]) == 0
    assert cli.main(["fetch", "--list"]) == 0
    assert cli.main(["fetch", "tiny", "--remove"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == said[1] == f"tiny: verified, in {cache / 'tiny.bin'}"
    assert "    cats-vs-dogs.zip" in said
    assert said[-1] == "tiny: removed"
    assert cli.main(["fetch", "tiny", "--verify"]) == 2


def test_no_other_module_can_open_a_connection():
    openers = {"requests", "pooch", "urllib", "socket", "http", "ftplib", "ssl"}
    for path in Path(cnnlab.__file__).parent.rglob("*.py"):
        names = [
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        ]
        assert ("http.server" in names) == (path.name == "serving.py"), path.name  # only listens
        imports = {name.split(".")[0] for name in names if name != "http.server"}
        if path.name in {"warm.py", "launcher.py"}:  # between two processes of this machine
            text = path.read_text(encoding="utf-8")
            assert text.count("socket.socket(") == text.count("socket.socket(socket.AF_UNIX)") == 1
            imports.remove("socket")
        assert bool(openers & imports) == (path.name == "fetch.py"), path.name
        assert "get_file(" not in path.read_text(encoding="utf-8"), path.name


# The real files, where they are at hand


def test_the_full_sets_come_from_a_folder(full_data, capsys):
    wanted = ["mnist", "cats_vs_dogs"]
    assert downloads.run(wanted, full_data) == 0
    assert "2,000 train and 1,998 test photographs, 0 skipped" in capsys.readouterr().out
    assert datasets.load("mnist", "train").images.shape == (60000, 28, 28, 1)
    pictures = datasets.load("cats_vs_dogs", "train")
    np.testing.assert_array_equal(np.bincount(pictures.labels), [1000, 1000])
    np.testing.assert_array_equal(np.bincount(pictures.labels[:200]), [100, 100])
