"""Which notebooks a command takes, and the setting they run in."""

import os
import socket
from pathlib import Path

import pytest

from cnnlab.comparing import setting


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder of notebooks, and the current folder above it."""
    for name in [
        "lab/b.ipynb",
        "lab/a.ipynb",
        "lab/more/c.ipynb",
        "lab/.ipynb_checkpoints/a.ipynb",
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    (tmp_path / "lab" / "own.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["lab"], "a b c"),
        (["lab/b.ipynb"], "b"),
        (["lab/*.ipynb"], "a b"),
        (["lab/b.ipynb", "lab"], "b a c"),
        (["lab/*"], "a b c"),
    ],
)
def test_a_file_a_folder_or_a_pattern_names_notebooks_each_once(project, paths, names):
    assert [path.stem for path in setting.notebooks(paths)] == names.split()


def test_a_path_with_the_signs_of_a_pattern_names_itself(project):
    (project / "lab").rename(project / "lab [1]")
    assert len(setting.notebooks(["lab [1]"])) == 3


@pytest.mark.parametrize("path", ["no", "lab/own.py", "no/*.ipynb", "lab/.ipynb_checkpoints/*.py"])
def test_a_path_that_names_no_notebook_is_refused(project, path):
    with pytest.raises(ValueError, match="`PATH` must name notebooks, a file, a folder or a pat"):
        setting.notebooks(["lab", path])


def test_the_setting_is_the_package_s_own(project):
    assert (
        setting.pinned(["lab/a.ipynb"])
        == setting.pinned()
        == {
            "TF_NUM_INTRAOP_THREADS": "1",
            "TF_NUM_INTEROP_THREADS": "1",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONHASHSEED": "0",
            "CNNLAB_PROGRESS": "off",
        }
    )


@pytest.mark.parametrize("folder", ["lab", "lab/more", "."])
def test_a_file_beside_the_notebook_or_above_it_takes_its_place(project, folder):
    (project / folder / "pinned.env").write_text("# one thread\nTHREADS=1\n\nWORDS=a=b\n")
    assert setting.pinned(["lab/more/c.ipynb"]) == {"THREADS": "1", "WORDS": "a=b"}
    above = folder == "lab/more"
    assert ("THREADS" in setting.pinned(["lab/a.ipynb"])) is not above
    assert ("THREADS" in setting.pinned(["lab"])) is not above


def test_the_nearest_file_wins_and_one_outside_the_current_folder_counts_for_nothing(
    project, monkeypatch
):
    (project / "pinned.env").write_text("FAR=1")
    (project / "lab" / "pinned.env").write_text("NEAR=1")
    assert setting.pinned(["lab/more/c.ipynb"]) == {"NEAR": "1"}
    assert setting.pinned(["lab/a.ipynb"]) == {"NEAR": "1"}
    monkeypatch.chdir(project / "lab" / "more")
    assert "PYTHONHASHSEED" in setting.pinned(["c.ipynb"])


def test_notebooks_that_do_not_agree_are_not_run_together(project):
    (project / "lab" / "more" / "pinned.env").write_text("THREADS=1")
    with pytest.raises(
        ValueError, match=r"`pinned\.env` must be one for all .* command of its own"
    ):
        setting.pinned(["lab/a.ipynb", "lab/more/c.ipynb"])


def test_a_line_that_sets_nothing_is_refused(project):
    (project / "pinned.env").write_text("A=1\nexport\n")
    with pytest.raises(ValueError, match=r"`pinned\.env` must hold lines NAME=value: got 'export'"):
        setting.pinned(["lab"])


def test_a_kernel_finds_first_what_refuses_connections(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"one{os.pathsep}two")
    first, *others = setting.environment()["PYTHONPATH"].split(os.pathsep)
    assert (Path(first) / "sitecustomize.py").is_file()
    assert others == ["one", "two"]


@pytest.mark.parametrize(
    "look_up", [socket.gethostbyname, lambda name: socket.getaddrinfo(name, 80)]
)
def test_a_name_is_not_even_looked_up(look_up):
    with pytest.raises(ConnectionRefusedError, match=r"unplugged: .* to 'example\.org'"):
        look_up("example.org")
