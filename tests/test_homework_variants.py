"""The homeworks of this project that draw numbers: every seed is sound, and no two are alike."""

import ast
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
from scipy import signal

from cnnlab.boxes import nms
from cnnlab.command import cli, solved
from cnnlab.exercises import judge, locks, variants, verify
from cnnlab.grading import grades, seeds
from cnnlab.grading.exercise_files import loaded

FOLDER = Path(__file__).parents[1] / "notebooks" / "homework"
DRAWN = {"edges_and_digits": ("H1.1", "H1.2", "H1.3"), "find_the_digits": ("H2.1", "H2.4")}
SEEDS = range(1, 51)
FIND = "find_the_digits"
SEED_OF = {"Anna": 7, "Ben": 8, "Cleo": 9, "Dora": 10}
CLASS = "student,seed\n" + "".join(f"{name},{seed}\n" for name, seed in SEED_OF.items())


@cache
def module(name):
    return loaded(FOLDER / f"{name}.py")


def drawn(name, seed):
    """{number: exercise} of those that a seed changes."""
    return {e.number: e for e in variants.variant(module(name), seed) if e.number in DRAWN[name]}


def each(name="name"):
    return pytest.mark.parametrize(name, DRAWN)


def test_two_homeworks_of_this_project_draw_numbers():
    varying = {p.stem for p in FOLDER.glob("*.py") if variants.varies(module(p.stem))}
    assert varying == {*DRAWN}


@each()
def test_seed_0_is_what_the_file_binds_and_each_seed_changes_what_the_guide_says(name):
    published = module(name).EXERCISES
    for one, other in zip(published, variants.variant(module(name), 0), strict=True):
        assert (one.task, one.hints) == (other.task, other.hints)
    for seed in SEEDS:
        exercises = variants.variant(module(name), seed)
        changed = [e.number for e, old in zip(exercises, published, strict=True) if e is not old]
        assert tuple(changed) == DRAWN[name]
    guide = (FOLDER.parents[1] / "docs" / "instructors.md").read_text(encoding="utf-8")
    told = guide.split("Two homeworks of this project have variants")[1].split("\n\n")[0]
    assert all(number in told for number in ("H1.1", "H1.2", "H1.3", "H2.1", "H2.4"))
    assert "5 and 6 of the 10 points, are the same for all" in told
    alike = [sum(e.stars for e in module(n).EXERCISES if e.number not in DRAWN[n]) for n in DRAWN]
    assert alike == [5, 6]


@each()
def test_every_seed_has_one_right_answer_and_mistakes_that_differ(name):
    for seed in SEEDS:
        verify(tuple(drawn(name, seed).values()))


@each()
def test_no_seed_has_the_published_answer(name):
    published = {e.number: e.solution for e in module(name).EXERCISES}
    for seed in SEEDS:
        for number, exercise in drawn(name, seed).items():
            said = judge(replace(exercise, mistakes=()), published[number])
            assert said.mark == "✗", (seed, number)


@each()
def test_students_get_numbers_of_their_own(name):
    for number in DRAWN[name]:
        tasks = [drawn(name, seed)[number].task for seed in SEEDS]
        assert len({*tasks}) > 15, number


def from_task(number, task):
    """What a student answers who reads the task, and computes in another way."""
    numbers = [int(word) for word in re.findall(r"\d+", task)]
    match number:
        case "H1.1":
            sides = numbers[:2]
            for kernel, stride in (((3, 3), 1), ((2, 2), 2), ((5, 3), 2)):
                sides = [
                    len(range(0, s - k + 1, stride)) for s, k in zip(sides, kernel, strict=True)
                ]
            return tuple(sides)
        case "H1.2":
            kernel = ast.literal_eval(re.search(r"np\.array\((.*?)\)", task)[1])
            pair = np.array(kernel), np.array(kernel).T
            return lambda image: np.hypot(*[signal.correlate2d(image, k, "valid") for k in pair])
        case "H1.3":
            row, column = numbers[:2]
            return 2 * row, 2 * column, 2 * row + 10, 2 * column + 12
        case "H2.1":
            _, _, height, width, stride = numbers
            return tuple(len(range(0, side - 28 + 1, stride)) for side in (height, width))
    limit = float(re.search(r"above (0\.\d+)", task)[1])

    def number_of(boxes, scores, labels, threshold):
        kept = [n for n in nms(boxes, scores, limit) if scores[n] >= threshold]
        return [labels[n] for n in sorted(kept, key=lambda n: boxes[n][1])]

    return number_of


@each()
def test_the_task_tells_all_that_a_right_answer_needs(name):
    for seed in range(0, 20):
        for number, exercise in drawn(name, seed).items():
            if (seed, number) != (0, "H1.2"):  # Sobel's kernels stand in the notebook
                answer = from_task(number, exercise.task)
                assert judge(exercise, answer).message == exercise.insight


@each()
def test_the_answer_of_a_neighbour_is_wrong_and_no_right_one_is_told(name):
    mine, theirs = drawn(name, 7), drawn(name, 8)
    for number, exercise in mine.items():
        said = judge(exercise, theirs[number].solution)
        assert said.mark == "✗"
        assert said.mistake or said.message.endswith("Try hint(...).")
        assert callable(exercise.solution) or str(exercise.solution) not in said.message


@pytest.mark.parametrize("seed", SEEDS)
def test_sobel_in_place_of_the_own_kernels_is_named(seed):
    sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    answer = from_task("H1.2", f"np.array({sobel})")
    exercise = drawn("edges_and_digits", seed)["H1.2"]
    own = re.search(r"np\.array\((.*?)\)", exercise.task)[1]
    said = judge(exercise, answer)
    if own == str(sobel):
        assert said.mark == "✓"
    else:
        assert said.mistake and said.message.startswith("Those are Sobel's kernels: ")


def test_a_neighbours_iou_is_told_by_a_pair_of_boxes_on_the_limit():
    for limit in (0.15, 0.29, 0.3, 0.39):
        exercise = module("find_the_digits").reading_with(limit)
        for other in (limit - 0.01, limit + 0.01):
            near = module("find_the_digits").reading_with(other)
            assert judge(exercise, near.solution).mark == "✗"


# As an instructor who follows the guide


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A folder of one's own with a copy of `find_the_digits`, packed for a class."""
    folder = tmp_path_factory.mktemp("mine")
    for suffix in (".py", ".ipynb"):
        shutil.copyfile(FOLDER / f"{FIND}{suffix}", folder / f"{FIND}{suffix}")
    (folder / "class.csv").write_text(CLASS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(locks.COST, "n", 16)
        packing = [f"{folder / FIND}.py", str(folder / "OUT"), "--seeds", f"{folder}/class.csv"]
        assert cli.main(["homework", "pack", *packing]) == 0
    return folder


def handed_out(folder, student):
    return nbformat.read(folder / "OUT" / student / f"{FIND}.ipynb", 4)


def hand_in(folder, student, answers, of=None):
    """The notebook handed out to `of`, with right answers by the numbers of seed `answers`."""
    notebook = handed_out(folder, of or student)
    names = variants.names_of(module(FIND))
    right = {names[e.number]: e.solution for e in drawn(FIND, answers).values()}
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = cells[:2]  # what follows trains
    for cell in cells[2:]:
        for asked, name in solved._checks(cell.source):
            if asked.attr in right:
                cell.source = solved.answered(cell.source, name, right[asked.attr])
                notebook.cells.append(cell)
    (folder / "submissions" / student).mkdir(parents=True)
    nbformat.write(notebook, folder / "submissions" / student / f"{FIND}.ipynb")


def test_who_packs_by_the_guide_hands_out_each_students_own_numbers(mine):
    for student, seed in SEED_OF.items():
        cells = handed_out(mine, student).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        tasks = {e.number: e.task for e in module(FIND).EXERCISES}
        for number, exercise in drawn(FIND, seed).items():
            assert exercise.task in prose
            assert tasks[number] not in prose


def test_a_copied_answer_earns_nothing_where_numbers_are_drawn(mine):
    hand_in(mine, "Anna", SEED_OF["Anna"])
    hand_in(mine, "Ben", SEED_OF["Ben"])
    hand_in(mine, "Cleo", SEED_OF["Anna"])  # typed what Anna has
    hand_in(mine, "Dora", SEED_OF["Anna"], of="Anna")  # hands in what Anna does
    table, back = mine / "grades.csv", mine / "back"
    grading = ["--exercises", f"{mine / FIND}.py", "--roster", f"{mine}/class.csv", "--jobs", "2"]
    grading += ["--out", str(table), "--feedback", str(back)]
    assert cli.main(["grade", str(mine / "submissions"), *grading]) == 0
    rows = [row for row in grades.read(table) if row["exercise"] in DRAWN[FIND]]
    said = {who: {r["diagnosis"] for r in rows if r["student"] == who} for who in SEED_OF}
    assert said["Dora"] == {seeds.ELSEWHERE} and seeds.ELSEWHERE not in said["Cleo"]
    assert all(int(row["seed"]) == SEED_OF[row["student"]] for row in rows)
    told = {row["student"]: row["run"] for row in rows}
    results = {who: [row["result"] for row in rows if row["student"] == who] for who in SEED_OF}
    right, wrong = ["right", "right"], ["wrong", "wrong"]
    assert results == {"Anna": right, "Ben": right, "Cleo": wrong, "Dora": wrong}
    assert told["Cleo"] == told["Ben"] == told["Anna"] == "to its end"
    whose = "judged by the seed of the class list, 10: the notebook is the one handed out to Anna"
    assert told["Dora"] == f"to its end; {whose}"
    page = (back / "Dora" / "feedback.html").read_text(encoding="utf-8")
    assert "another student" in page and "Anna" not in page and "Hint" not in page
