"""The command line and the first cell of every lesson."""

import gc
import io
import json
import os
import subprocess
import sys

import pytest

from cnnlab.command import cli, downloads, lessons
from cnnlab.files import fetch


def test_lab_copies_the_lessons_without_starting_anything(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert cli.main(["lab", "--no-browser", "--folder", str(folder)]) == 0
    assert json.loads((folder / "00_start_here.ipynb").read_text(encoding="utf-8"))["cells"]
    assert "00_start_here.ipynb: copied" in capsys.readouterr().out


def test_an_error_in_the_input_is_one_line_and_status_2(tmp_path, capsys):
    status = cli.main(["lab", "--no-browser", "--folder", str(tmp_path), "--reset", "77"])
    assert status == 2
    assert capsys.readouterr().err.startswith("cnnlab: `--reset` must name a lesson")


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A file in the cache, the only one of those that may be fetched."""
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    source = fetch.Source("CC0", (fetch.File("tiny.bin", 3, "contents"),))
    monkeypatch.setitem(fetch.SOURCES, "tiny", source)
    fetch.path("tiny").write_bytes(b"abc")
    return fetch.path("tiny")


@pytest.mark.parametrize("names", [[], ["all"]])
def test_verify_without_a_name_checks_all_that_is_here(tiny, capsys, names):
    assert cli.main(["fetch", *names, "--verify"]) == 0
    assert capsys.readouterr().out == f"tiny: verified, in {tiny}\n"
    tiny.write_bytes(b"ab")
    assert cli.main(["fetch", *names, "--verify"]) == 2
    assert capsys.readouterr().err.startswith("cnnlab: `tiny.bin` must have 3 bytes: got 2.")
    tiny.unlink()
    assert cli.main(["fetch", *names, "--verify"]) == 0
    assert capsys.readouterr().out == (
        "nothing is downloaded: `cnnlab fetch --list` shows the available files\n"
    )


@pytest.mark.parametrize("options", [["--remove"], ["--from", "folder"]])
def test_what_to_remove_or_to_take_from_a_folder_is_named(tiny, capsys, options):
    assert cli.main(["fetch", *options]) == 2
    assert capsys.readouterr() == (
        "",
        f"cnnlab: `{options[0]}` must come with names: got none. "
        "Add some of mnist, cats_vs_dogs, vgg16, vgg16_top, imagenet_classes, tiny, or all.\n",
    )
    assert tiny.exists()


def test_fetch_does_one_thing_at_a_time(tiny, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["fetch", "tiny", "--verify", "--remove"])
    assert "argument --remove: not allowed with argument --verify" in capsys.readouterr().err
    assert tiny.exists()


@pytest.mark.parametrize("arguments", [["fetch"], ["fetch", "all", "--list"]])
def test_without_a_name_or_with_list_the_files_are_listed(tiny, capsys, arguments):
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == downloads.listing()


@pytest.mark.parametrize("option", ["--jobs", "--seconds", "--max-characters"])
@pytest.mark.parametrize("value", ["0", "-2", "1.5", "two"])
def test_what_is_no_count_is_named_by_its_option(capsys, option, value):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["grade", "folder", f"{option}={value}"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith(f" {option}: must be a whole number, 1 or more: got {value}")


def test_a_reset_that_nobody_can_agree_to_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    lab = ["lab", "--no-browser", "--folder", str(tmp_path)]
    assert cli.main(lab) == cli.main([*lab, "--reset", "01"]) == 0
    assert capsys.readouterr().err == (
        "cnnlab: `--reset` must be agreed to at a keyboard: got no terminal. Your file stays: type "
        "the command in a terminal.\n"
    )


def test_the_students_folder_is_a_folder_with_a_sound_record(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert cli.main(["lab", "--no-browser", "--folder", str(file)]) == 2
    assert capsys.readouterr().err == (
        f"cnnlab: `--folder` must be a folder: got the file {file}. Name another one.\n"
    )
    record = tmp_path / lessons.RECORD
    for damaged in ('{"00_start_here.ipynb": "6f', "[]"):
        record.write_text(damaged)
        assert cli.main(["lab", "--no-browser", "--folder", str(tmp_path)]) == 2
        assert capsys.readouterr().err == (
            "cnnlab: `.lessons.json` must be what `cnnlab lab` wrote: got a damaged file, "
            f"{record}. Delete it: your lessons stay as they are.\n"
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports a closed pipe otherwise")
@pytest.mark.parametrize(
    ("command", "unbuffered"),
    [
        ("fetch --list", ""),  # fits into the buffer that Python flushes at its end
        ("fetch --list", "1"),
        ("solutions 01", ""),
        ("solutions", ""),  # fills the buffer
        ("fetch --help", ""),
        ("fetch all --remove", "1"),  # goes on after faults, but not after this one
    ],
)
def test_a_reader_that_stops_early_ends_a_command_quietly(tiny, command, unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    run = [sys.executable, "-m", "cnnlab.command.cli", *command.split()]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    try:
        both = subprocess.run(run, stdout=writing, stderr=writing, env=environment)
        done = subprocess.run(run, stdout=writing, stderr=subprocess.PIPE, env=environment)
    finally:
        os.close(writing)
    assert both.returncode == done.returncode == 141
    assert done.stderr == b""


def test_solutions_can_be_redirected_where_signs_cannot_be_written():
    done = subprocess.run(
        [sys.executable, "-m", "cnnlab.command.cli", "solutions", "01"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("utf-8").startswith("01.1 The kernel that shifts ★")


def test_setup_writes_nothing_on_either_stream():
    code = "import cnnlab; cnnlab.setup(); import keras; keras.ops.ones((2, 3))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_setup_refuses_another_backend(monkeypatch):
    code = "import cnnlab; cnnlab.setup()"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Keras's backend must be tensorflow: got 'jax'" in done.stderr


def test_setup_leaves_a_figure_to_the_notebook_that_prints_it():
    code = (
        "import cnnlab; cnnlab.setup(); import matplotlib.pyplot as plt; fig, ax = plt.subplots(); "
        "_ = ax.set(title='a title'); "
        "_ = fig.canvas.mpl_connect('draw_event', lambda event: print('drawn'))"
    )
    shell, inline = [sys.executable, "-m", "IPython", "-c", code], {"MPLBACKEND": "inline"}
    done = subprocess.run(shell, capture_output=True, text=True, env=os.environ | inline)
    # A terminal prints its text only, so it need not be drawn at all.
    assert (done.stdout, done.stderr) == ("1. a title\n", "")


def test_setup_makes_random_numbers_repeat():
    import keras

    import cnnlab

    draws = []
    for _ in range(2):
        cnnlab.setup(seed=3)
        draws.append(keras.random.normal((2, 3)).numpy().tolist())
    assert draws[0] == draws[1]


@pytest.mark.parametrize("on", [True, False])
def test_setup_leaves_the_search_for_garbage_as_it_was(on):
    import cnnlab

    try:
        gc.enable() if on else gc.disable()
        cnnlab.setup()
        assert gc.isenabled() == on
    finally:
        gc.enable()


def test_setup_keeps_what_was_imported_and_only_that():
    code = (
        "import cnnlab, gc; cnnlab.setup(); kept = gc.get_freeze_count(); "
        "mine = [[] for _ in range(9_000)]; cnnlab.setup(); "
        "print(kept > 100_000, gc.get_freeze_count() <= kept)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True"]
