"""A student's copies: made once, never overwritten."""

import pytest

from cnnlab import lessons


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of two lessons that a test can change, in place of the real one."""
    source = tmp_path / "course"
    (source / "homework").mkdir(parents=True)
    (source / "00_start_here.ipynb").write_text("zero")
    (source / "03_fields.ipynb").write_text("three")
    (source / "homework" / "one.ipynb").write_text("homework")
    (source / "homework" / "one.py").write_text("its exercises")
    (source / "conftest.py").write_text("the tests' own")
    (source / "homework" / ".ipynb_checkpoints").mkdir()
    (source / "homework" / ".ipynb_checkpoints" / "one.ipynb").write_text("old")
    monkeypatch.setattr(lessons, "source_folder", lambda: source)
    return source


def test_every_lesson_is_copied_and_a_second_run_changes_nothing(course, tmp_path):
    work = tmp_path / "work"
    assert lessons.copy(work) == [
        "00_start_here.ipynb: copied",
        "03_fields.ipynb: copied",
        "homework/one.ipynb: copied",
        "homework/one.py: copied",
    ]
    assert (work / "homework" / "one.ipynb").read_text() == "homework"
    assert (work / "homework" / "one.py").read_text() == "its exercises"
    assert lessons.copy(work) == []


def test_an_edited_lesson_survives_an_update_of_the_course(course, tmp_path):
    work = tmp_path / "work"
    lessons.copy(work)
    (work / "03_fields.ipynb").write_text("three, and my answers")
    (course / "03_fields.ipynb").write_text("three, new edition")
    assert lessons.copy(work) == [
        "03_fields.ipynb: yours is kept; a newer one exists (cnnlab lab --reset 03 takes it)"
    ]
    assert (work / "03_fields.ipynb").read_text() == "three, and my answers"


def test_an_untouched_lesson_follows_the_course(course, tmp_path):
    work = tmp_path / "work"
    lessons.copy(work)
    (course / "03_fields.ipynb").write_text("three, new edition")
    assert lessons.copy(work) == ["03_fields.ipynb: brought up to date"]
    assert (work / "03_fields.ipynb").read_text() == "three, new edition"


def test_reset_asks_first_and_keeps_the_old_copy_under_a_new_name(course, tmp_path):
    work = tmp_path / "work"
    lessons.copy(work)
    (work / "03_fields.ipynb").write_text("my answers")
    questions = []

    def no(question):
        questions.append(question)
        return False

    lessons.copy(work, reset=["03"], agreed=no)
    assert (work / "03_fields.ipynb").read_text() == "my answers"
    assert questions == [
        "Start 03_fields.ipynb afresh? Your copy stays beside it under a new name."
    ]
    (line,) = lessons.copy(work, reset=["03"], agreed=lambda question: True)
    assert line.startswith("03_fields.ipynb: afresh; your copy is now 03_fields.yours-")
    assert (work / "03_fields.ipynb").read_text() == "three"
    (kept,) = work.glob("03_fields.yours-*.ipynb")
    assert kept.read_text() == "my answers"


def test_a_full_disk_leaves_the_students_file_whole(course, tmp_path, monkeypatch):
    work = tmp_path / "work"
    lessons.copy(work)
    (course / "03_fields.ipynb").write_text("three, new edition")

    def full(source, target):
        target.write_text("thr")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lessons.shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        lessons.copy(work)
    assert (work / "03_fields.ipynb").read_text() == "three"
    assert not list(work.glob("*.part"))


def test_an_unknown_lesson_number_is_named(course, tmp_path):
    known = "one of 00, 03, homework/one.ipynb, homework/one.py"
    with pytest.raises(ValueError, match=f"{known}: got '07'"):
        lessons.copy(tmp_path / "work", reset=["07"])


def test_the_real_lessons_are_found():
    assert (lessons.source_folder() / lessons.FIRST).is_file()


@pytest.mark.parametrize("user", [0, 1000])
def test_jupyterlab_opens_on_the_first_lesson_also_for_root_in_a_container(
    monkeypatch, tmp_path, user
):
    called = []
    monkeypatch.setattr(lessons.os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(lessons.subprocess, "call", lambda command: called.append(command) or 3)
    assert lessons.open_jupyterlab(tmp_path) == 3
    assert f"--notebook-dir={tmp_path}" in called[0]
    assert f"--LabApp.default_url=/lab/tree/{lessons.FIRST}" in called[0]
    assert ("--allow-root" in called[0]) == (user == 0)
