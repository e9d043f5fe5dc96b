"""Every file of a folder is found, or named: archives, odd names, and what is no notebook."""

import io
import json
import os
import shutil
import stat
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat
import pytest

from cnnlab.grading import archives, collecting, soundness

NOTEBOOK = nbformat.writes(nbformat.v4.new_notebook()).encode()


@pytest.fixture
def spool():
    with collecting.Spool() as opened:
        yield opened


def put(folder, *names, content=NOTEBOOK):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def zipped(members):
    """The bytes of an archive of {path inside: content}."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def told(folder, spool, apart=()):
    """{name: trouble} of what is found."""
    return {each.name: each.trouble for each in collecting.collect(folder, spool, apart)}


# What is wrong with a file


CONFLICT = b'{"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> main\n]}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file (0 bytes)"),
        (b" \n", "an empty file (2 bytes)"),
        (NOTEBOOK[:-20], "cut off: its JSON ends in the middle"),
        (b'{"cells": [{"source": "half a st', "cut off: its JSON ends in the middle"),
        (
            b"\n <!DOCTYPE html><html>Sign in</html>",
            "a web page in its place, perhaps that of a login",
        ),
        (b"\xef\xbb\xbf<html>", "a web page in its place, perhaps that of a login"),
        (CONFLICT, "it holds a merge conflict, <<<<<<< to >>>>>>>"),
        (CONFLICT.replace(b"\n", b"\r\n"), "it holds a merge conflict, <<<<<<< to >>>>>>>"),
        (b"PK\x03\x04rest", "a zip archive in its place"),
        (b"%PDF-1.7", "a PDF in its place"),
        (b"print(1)", "no JSON (line 1: Expecting value)"),
        (
            b'{"a": 1,, "b": 2}',
            "no JSON (line 1: Expecting property name enclosed in double quotes)",
        ),
        (b'{"a": 1}', "JSON, but no notebook: it has no cells"),
        (b"[1]", "JSON, but no notebook: it has no cells"),
        (b"\x80\x81", "no text in UTF-8"),
        (b"[" * 100_000, "no JSON (RecursionError)"),
        (NOTEBOOK, ""),
        (b"\xef\xbb\xbf" + NOTEBOOK, ""),
        (NOTEBOOK.decode().encode("utf-16"), ""),
        (b'{"worksheets": [], "nbformat": 3}', ""),
    ],
)
def test_what_is_no_notebook_is_told_apart(content, said):
    assert soundness.trouble(content) == said


def test_a_file_that_is_too_large_is_not_looked_into(monkeypatch):
    monkeypatch.setattr(soundness, "SIZE_LIMIT", 10)
    assert soundness.trouble(NOTEBOOK) == "larger than 0 MB"


def test_cells_that_their_tag_keeps_from_running_are_counted_as_cells_of_code():
    cells = [nbformat.v4.new_markdown_cell("one"), nbformat.v4.new_code_cell("1")]
    cells += [nbformat.v4.new_code_cell(""), nbformat.v4.new_code_cell("2")]
    cells[-1].metadata["tags"] = ["skip-execution"]
    made = nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()
    assert soundness.skipped_cells(made) == [2]
    assert soundness.skipped_cells(NOTEBOOK) == []
    odd = [[1], [{"cell_type": "code", "source": [1], "metadata": {}}], [{"cell_type": "code"}], 3]
    assert [soundness.skipped_cells(json.dumps({"cells": cells}).encode()) for cells in odd] == [
        []
    ] * 4


# A folder


def test_each_file_is_found_or_named(tmp_path, spool):
    put(tmp_path, "anna/w.ipynb", "ben.IPYNB", "cleo.ipynb.txt", "dan.json", "d (1).ipynb")
    put(tmp_path, "fay/hw.py", "gus.rar", "hal.docx", "notes.txt", content=b"x = 1")
    put(tmp_path, ".DS_Store", "__MACOSX/._w.ipynb", ".ipynb_checkpoints/w.ipynb", "Thumbs.db")
    (tmp_path / "empty").mkdir()
    (tmp_path / "m.ipynb").mkdir()
    put(tmp_path, "m.ipynb/inner.ipynb")
    assert told(tmp_path, spool) == {
        "anna/w.ipynb": "",
        "ben.IPYNB": "",
        "cleo.ipynb.txt": "",
        "d (1).ipynb": "",
        "dan.json": "",
        "empty": "an empty folder",
        "fay/hw.py": "a Python file, not a notebook",
        "gus.rar": "an archive that is no zip, not a notebook",
        "hal.docx": "a file, not a notebook",
        "m.ipynb": "a folder with the name of a notebook",
        "m.ipynb/inner.ipynb": "",
        "notes.txt": "a file, not a notebook",
    }


def test_what_stands_apart_is_no_submission(tmp_path, spool):
    put(tmp_path, "a.ipynb", "grades.csv", "out/page.ipynb")
    apart = [tmp_path / "grades.csv", tmp_path / "out"]
    assert told(tmp_path, spool, apart) == {"a.ipynb": ""}


def test_what_was_read_is_what_is_given_also_after_a_change(tmp_path, spool):
    put(tmp_path, "a.ipynb", "b.ipynb")
    first, second = collecting.collect(tmp_path, spool)
    put(tmp_path, "a.ipynb", content=b"{}")
    (tmp_path / "b.ipynb").unlink()
    assert first.read() == second.read() == NOTEBOOK
    assert first.digest == second.digest


@pytest.mark.skipif(sys.platform == "win32", reason="a link asks for rights there")
def test_links_are_named_and_never_followed(tmp_path, spool):
    put(tmp_path, "in/a.ipynb")
    (tmp_path / "in" / "dangling.ipynb").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "neighbour.ipynb").symlink_to(tmp_path / "in" / "a.ipynb")
    (tmp_path / "in" / "out").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "in" / "pipe.ipynb")
    assert told(tmp_path / "in", spool) == {
        "a.ipynb": "",
        "dangling.ipynb": "a link that leads nowhere",
        "neighbour.ipynb": "a link, not a file",
        "out": "a link, not a folder",
        "pipe.ipynb": "no regular file",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="names there are always Unicode")
def test_names_that_are_no_unicode_keep_their_letters(tmp_path, spool):
    for name in ("Müller", "Möller"):
        path = os.fsencode(tmp_path) + b"/" + name.encode("latin-1") + b".ipynb"
        Path(os.fsdecode(path)).write_bytes(NOTEBOOK)
    put(tmp_path, "Müller.ipynb", "Jose\u0301.ipynb", "a\nb.ipynb")
    names = {*told(tmp_path, spool)}
    alike = {"Müller.ipynb", "Müller.ipynb [2]"}
    assert names == alike | {"Möller.ipynb", "José.ipynb", "a�b.ipynb"}
    "".join(names).encode("utf-8")  # every one can be printed


def test_names_that_differ_in_case_and_long_ones_are_all_there(tmp_path, spool):
    long = "n" * 200 + " 'quoted' \".ipynb" if sys.platform != "win32" else "n" * 100 + ".ipynb"
    put(tmp_path, "Anna.ipynb", "anna.ipynb", long)
    found = {*told(tmp_path, spool)}
    assert long in found
    assert len(found) == len([*tmp_path.iterdir()])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such folder permissions")
def test_what_cannot_be_read_is_named_and_stops_nobody():
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to another user
    put(folder, "anna/w.ipynb", "ben/w.ipynb", "cleo.ipynb")
    closed = [folder / "anna", folder / "cleo.ipynb"]
    folder.chmod(0o755)
    for path in closed:
        path.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may read anything: be nobody for a moment
    try:
        with collecting.Spool() as spool:
            found = told(folder, spool)
            folder.chmod(0) if not root else None
            with pytest.raises(ValueError) as raised:
                collecting.collect(folder if not root else folder / "anna", spool)
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        for path in closed:
            path.chmod(0o755)
        shutil.rmtree(folder)
    assert found == {
        "anna": "a folder that cannot be read (Permission denied)",
        "ben/w.ipynb": "",
        "cleo.ipynb": "cannot be read (Permission denied)",
    }
    place = folder / "anna" if root else folder
    assert str(raised.value) == (
        f"`folder` must be readable: got Permission denied for {place}. "
        "Copy the submissions into a folder of your own."
    )


def test_a_folder_without_a_notebook_is_refused(tmp_path, spool):
    put(tmp_path, "hw.py")
    with pytest.raises(ValueError, match=r"`folder` must hold notebooks, \*\.ipynb: got "):
        collecting.collect(tmp_path, spool)


def test_the_parts_that_all_notebooks_lie_in_are_those_of_the_class(tmp_path, spool):
    put(tmp_path, "hw1/all/anna/w.ipynb", "hw1/all/ben/w.ipynb", "hw1/list.py")
    assert collecting.shared_parts(collecting.collect(tmp_path, spool)) == 2
    put(tmp_path, "late.ipynb")
    assert collecting.shared_parts(collecting.collect(tmp_path, spool)) == 0


# Archives


def test_archives_are_looked_into_and_one_inside_another(tmp_path, spool):
    inner = zipped({"w.ipynb": NOTEBOOK, "again.zip": zipped({"deep.ipynb": NOTEBOOK})})
    members = {"anna/w.ipynb": NOTEBOOK, "ben.zip": inner, "__MACOSX/x.ipynb": b"", "a.png": b""}
    put(tmp_path, "all.zip", content=zipped(members))
    expected = {
        "a.png": "a file, not a notebook",
        "anna/w.ipynb": "",
        "ben.zip/again.zip": "an archive in an archive, not a notebook",
        "ben.zip/w.ipynb": "",
    }
    assert told(tmp_path / "all.zip", spool) == expected  # the archive itself
    inside = {f"all.zip/{name}": said for name, said in expected.items()}
    assert told(tmp_path, spool) == inside


def test_nothing_of_an_archive_leaves_it(tmp_path, spool):
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    members = {"../../out.ipynb": NOTEBOOK, "/abs.ipynb": NOTEBOOK, "C:\\x.ipynb": NOTEBOOK}
    members |= {link: b"/etc/passwd", "fine.ipynb": NOTEBOOK}
    put(tmp_path, "in/all.zip", content=zipped(members))
    out = "its path leads out of the archive"
    assert told(tmp_path / "in" / "all.zip", spool) == {
        "../../out.ipynb": out,
        "/abs.ipynb": out,
        "C:/x.ipynb": out,
        "link.ipynb": "a link, not a file",
        "fine.ipynb": "",
    }
    assert [path.name for path in tmp_path.rglob("*.ipynb")] == []


def test_an_archive_that_says_little_and_holds_much_is_stopped(tmp_path, spool, monkeypatch):
    monkeypatch.setattr(archives, "SIZE_LIMIT", 1000)
    put(tmp_path, "bomb.zip", content=zipped({"a.ipynb": b"x" * 5000, "b.ipynb": NOTEBOOK}))
    assert told(tmp_path, spool)["bomb.zip/a.ipynb"] == "larger than 0 MB"
    lie = zipped({"a.ipynb": b"x" * 5000}).replace((5000).to_bytes(4, "little"), b"\x0a\0\0\0")
    put(tmp_path, "bomb.zip", content=lie)
    assert told(tmp_path, spool)["bomb.zip/a.ipynb"].startswith("damaged in its archive")
    monkeypatch.setattr(archives, "MOST_BYTES", 100)
    put(tmp_path, "bomb.zip", content=zipped({"b.ipynb": NOTEBOOK + b" " * 200}))
    assert told(tmp_path, spool) == {"bomb.zip/b.ipynb": "too large in its archive"}
    monkeypatch.setattr(archives, "MOST_FILES", 1)
    put(tmp_path, "bomb.zip", content=zipped({"a.ipynb": b"", "b.ipynb": b""}))
    assert told(tmp_path, spool) == {"bomb.zip": "an archive of more than 1 files"}


def test_broken_and_locked_archives_are_named(tmp_path, spool):
    put(tmp_path, "a.ipynb")
    put(tmp_path, "broken.zip", content=b"PK\x03\x04 and no end")
    whole = zipped({"w.ipynb": NOTEBOOK, "v.ipynb": NOTEBOOK})
    locked = bytearray(whole)
    place = whole.index(b"PK\x01\x02")
    locked[place + 8] |= 1  # the flag of a password, in the list of contents
    put(tmp_path, "locked.zip", content=bytes(locked))
    found = told(tmp_path, spool)
    assert found["broken.zip"] == "an archive that cannot be opened (File is not a zip file)"
    assert found["locked.zip/w.ipynb"] == "locked with a password"
    assert found["locked.zip/v.ipynb"] == found["a.ipynb"] == ""


def test_umlauts_in_archives_survive_without_their_mark(tmp_path):
    for name in ("Müller.ipynb", "Jörg/w.ipynb"):
        info = zipfile.ZipInfo(name)
        assert archives._name(info) == name
    old = zipfile.ZipInfo("Müller.ipynb".encode().decode("cp437"))
    assert archives._name(old) == "Müller.ipynb"
    old = zipfile.ZipInfo("a\\b.ipynb")
    assert archives._name(old) == archives._name(zipfile.ZipInfo("./a/b.ipynb")) == "a/b.ipynb"
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"Müller.ipynb": json.dumps({"cells": []})}))
    ((name, changed, _),) = archives.members(path)
    assert name == "Müller.ipynb" and changed > 0
