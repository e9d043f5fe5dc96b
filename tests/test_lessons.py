"""A student's copies: made once, never overwritten."""

from datetime import datetime

import pytest

from cnnlab.command import lessons


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
    monkeypatch.setattr(lessons, "notebooks_folder", lambda: source)
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


def test_reset_keeps_every_copy_of_one_second_each_with_its_own_ending(
    course, tmp_path, monkeypatch
):
    class Clock:
        """Time stands still."""

        @staticmethod
        def now():
            return datetime(2024, 2, 3, 4, 5, 6)

    monkeypatch.setattr(lessons, "datetime", Clock)
    work = tmp_path / "work"
    lessons.copy(work)
    (work / "homework" / "one.py").write_text("my exercises")
    for answers in ("first answers", "second answers"):
        (work / "homework" / "one.ipynb").write_text(answers)
        lines = lessons.copy(work, reset=["homework"], agreed=lambda question: True)
    assert lines == [
        "homework/one.ipynb: afresh; your copy is now one.yours-20240203-040506-2.ipynb",
        "homework/one.py: afresh; your copy is now one.yours-20240203-040506-2.py",
    ]
    kept = {path.name: path.read_text() for path in (work / "homework").glob("*.yours-*")}
    assert kept == {
        "one.yours-20240203-040506.ipynb": "first answers",
        "one.yours-20240203-040506.py": "my exercises",
        "one.yours-20240203-040506-2.ipynb": "second answers",
        "one.yours-20240203-040506-2.py": "its exercises",
    }


@pytest.mark.parametrize(
    ("called", "files"),
    [
        ("03", ["03_fields.ipynb"]),
        ("03_fields", ["03_fields.ipynb"]),
        ("homework", ["homework/one.ipynb", "homework/one.py"]),
        ("homework/one", ["homework/one.ipynb", "homework/one.py"]),
        ("homework/one.ipynb", ["homework/one.ipynb"]),
    ],
)
def test_reset_asks_about_the_files_that_are_called_so_and_no_others(
    course, tmp_path, called, files
):
    work, questions = tmp_path / "work", []
    lessons.copy(work)
    lessons.copy(work, reset=[called], agreed=questions.append)
    assert [question.split()[1] for question in questions] == files


def test_the_homework_s_advice_can_be_followed(course, tmp_path):
    work = tmp_path / "work"
    lessons.copy(work)
    (work / "homework" / "one.ipynb").write_text("my answers")
    (course / "homework" / "one.ipynb").write_text("homework, new edition")
    [line] = lessons.copy(work)
    assert line.endswith("a newer one exists (cnnlab lab --reset homework takes it)")
    [line] = lessons.copy(work, reset=["homework"], agreed=lambda question: ".ipynb" in question)
    assert line.startswith("homework/one.ipynb: afresh; ")


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


@pytest.mark.parametrize("wanted", ["07", "0", "3", "", "home", "homework/o"])
def test_what_names_no_lesson_is_refused_with_the_names_there_are(course, tmp_path, wanted):
    with pytest.raises(ValueError, match=f"a lesson, one of 00, 03, homework: got '{wanted}'"):
        lessons.copy(tmp_path / "work", reset=["03", wanted])
    assert not (tmp_path / "work").exists()


def test_the_real_lessons_are_found():
    assert (lessons.notebooks_folder() / lessons.FIRST_LESSON).is_file()


@pytest.mark.parametrize("user", [0, 1000])
def test_jupyterlab_opens_on_the_first_lesson_also_for_root_in_a_container(
    monkeypatch, tmp_path, user
):
    called = []
    monkeypatch.setattr(lessons.os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(lessons.subprocess, "call", lambda command: called.append(command) or 3)
    assert lessons.open_jupyterlab(tmp_path) == 3
    assert f"--notebook-dir={tmp_path}" in called[0]
    assert f"--LabApp.default_url=/lab/tree/{lessons.FIRST_LESSON}" in called[0]
    assert ("--allow-root" in called[0]) == (user == 0)
