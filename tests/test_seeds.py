"""Variants in grading: each student by the numbers of the own seed, and odd seeds are told."""

import csv
import html
import json
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from cnnlab.exercises import variants
from cnnlab.grading import feedback, grades, platforms, report, roster, running, seeds, submissions

FILE = runpy.run_path(str(Path(__file__).with_name("test_variants.py")))["FILE"]
FILE = FILE.replace('hints=("Multiply.",)', 'hints=(f"Multiply by {factor}.",)')
FILE = FILE.replace('"That is added."', 'f"That is {factor} more, not as often."')
SEEDS = {"Anna": 3, "Ben": 11, "Cleo": 5}  # 5, 6 and 7 times as large
LIST = "student,seed\nAnna,3\nBen,11\nCleo,5\n"
CHANGED = "the variant of a notebook must be the one handed out: got seed"
NONE = "the notebook must say its variant: got none in its metadata."


def factor(seed):
    return 2 + seed % 7


def notebook(entry=None, *cells):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    if entry is not None:
        made.metadata["cnnlab"] = entry
    return json.dumps(made)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An instructor's file, what its key signs, and how the class is graded, without kernels."""
    source, folder, ran = tmp_path / "mine" / "varied.py", tmp_path / "class", {}
    source.parent.mkdir()
    source.write_text(FILE, encoding="utf-8")

    def run(content, rules, kernels, keep):
        name = nbformat.reads(content.decode(), 4).cells[0].source.removeprefix("# ")
        ran[name] = rules.seed
        keep.write_bytes(content)
        said = f"That is {factor(rules.seed or 0)} more, not as often."
        entries = [{"number": "V.1", "mark": "✗", "message": said}]
        return [*entries, {"number": "V.2", "mark": "✓", "message": "."}, {"run": "to its end"}]

    monkeypatch.setattr(running, "run", run)

    def signed(student, seed=None):
        key = variants.key_beside(source, make=True)
        return variants.signed(key, "varied", seed or SEEDS[student], student)

    def hand_in(name, entry=None):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "varied.ipynb").write_text(notebook(entry, f"# {name}"), "utf-8")

    def grade(text=None, **options):
        ran.clear()
        if text is not None:
            (tmp_path / "class.csv").write_text(text, encoding="utf-8")
            options["listed"] = tmp_path / "class.csv"
        return submissions.grade(
            folder, tmp_path / "grades.csv", running.Rules(source), 1, **options
        )

    made = {"source": source, "folder": folder, "ran": ran, "out": tmp_path / "grades.csv"}
    return SimpleNamespace(**made, signed=signed, hand_in=hand_in, grade=grade)


@pytest.fixture
def three(course):
    for name in SEEDS:
        course.hand_in(name, course.signed(name))
    return course


def runs(graded):
    return {row["submission"].split("/")[0]: row["run"] for row in graded.rows}


# Which seed


@pytest.mark.parametrize("text", [None, LIST, "student\nAnna\nBen\nCleo\n", "Name\nAnna\nBen\n"])
def test_each_is_judged_by_the_seed_of_the_notebook(three, text):
    graded = three.grade(text)
    assert three.ran == SEEDS
    assert {*runs(graded).values()} == {"to its end"} or "Cleo" in graded.remarks[0]
    assert [row["seed"] for row in graded.rows] == [3, 3, 11, 11, 5, 5]
    rows = grades.read(three.out)
    assert [row["seed"] for row in rows] == ["3", "3", "11", "11", "5", "5"]


def test_homework_without_seeds_is_judged_as_the_file_binds_it(course):
    course.hand_in("Anna")
    course.hand_in("Ben")
    graded = course.grade()
    assert course.ran == {"Anna": None, "Ben": None}
    assert graded.remarks == []
    assert {row["seed"] for row in graded.rows} == {""}
    assert graded.exercises_of("Anna/varied.ipynb") == graded.exercises


def test_who_says_a_seed_alone_does_not_stop_the_class(course):
    for name in SEEDS:
        course.hand_in(name)
    course.hand_in("Ben", {"homework": "varied", "seed": 3})
    graded = course.grade()
    assert course.ran == dict.fromkeys(SEEDS)
    said = "it says a seed, and there is no key: judged as if it said none"
    assert graded.remarks == [f"Ben/varied.ipynb: {said}"]
    assert runs(graded)["Ben"] == f"to its end; {said}"


def test_without_the_key_nobody_is_graded_by_a_guess(three):
    three.source.with_suffix(".key").unlink()
    with pytest.raises(ValueError, match=r"the key of the variants must lie beside varied\.py"):
        three.grade()
    assert three.ran == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 4}, f"{CHANGED} 4 for Ben, with a signature that does not fit: it was changed."),
        ({"seed": "11"}, f"{CHANGED} 11 for Ben, with a signature that does not fit:"),
        ({"seed": 11.0}, f"{CHANGED} 11.0 for Ben, with a signature that does not fit:"),
        ({"student": "Anna"}, f"{CHANGED} 11 for Anna, with"),
        ({"signature": "é"}, f"{CHANGED} 11 for Ben, with"),
        ({"student": "\ud800"}, f"{CHANGED} 11 for , with"),
        ({"homework": "other"}, "the notebook must be one of varied: got one of other."),
        ({"signature": None, "seed": None}, NONE),
        (None, NONE),
    ],
    ids=str,
)
def test_a_seed_that_cannot_be_believed_is_told_and_loses_no_row(three, change, said):
    entry = None if change is None else {**three.signed("Ben"), **change}
    three.hand_in("Ben", entry)
    graded = three.grade()
    assert three.ran == {"Anna": 3, "Cleo": 5}
    assert len(graded.rows) == 6
    ben = [row for row in graded.rows if row["submission"].startswith("Ben")]
    assert [row["result"] for row in ben] == ["not checked"] * 2
    assert [(row["points"], row["seed"]) for row in ben] == [(0, "")] * 2
    assert ben[0]["run"].startswith(f"not run: {said}")
    lines = grades.summary(graded.rows, three.source)
    assert lines[0].startswith(f"Ben/varied.ipynb: not run: {said}")
    feedback.write(graded, three.out.parent / "back", "varied")
    page = (three.out.parent / "back" / "Ben" / "feedback.html").read_text(encoding="utf-8")
    assert html.escape(seeds.nameless(said)) in page
    assert "Ask for the " not in page and ".." not in page and "Anna" not in page
    remedy = "of this homework." if "one of varied" in said else feedback.GIVEN
    assert f". {'Hand in the notebook ' * (remedy != feedback.GIVEN)}{remedy}</p>" in page
    assert "Ask for the " in ben[0]["run"]  # the teacher reads whom to ask for what
    assert "Hint" not in page


@pytest.mark.parametrize("metadata", [[], "text", None, 3, {"cnnlab": [3]}])
def test_whatever_stands_in_the_metadata_no_other_is_lost(three, metadata):
    content = {**json.loads(notebook(None, "# Ben")), "metadata": metadata}
    (three.folder / "Ben" / "varied.ipynb").write_text(json.dumps(content), encoding="utf-8")
    graded = three.grade()
    assert three.ran == {"Anna": 3, "Cleo": 5}
    assert runs(graded)["Ben"].startswith(f"not run: {NONE}")


@pytest.mark.parametrize(
    ("whose", "seed", "said"),
    [
        ("Anna", 3, "list, 11: the notebook is another student's."),
        ("Dora. Or", 3, "judged by the seed of the notebook, 3: not in the class list."),
        ("Dora" * 200, 3, "judged by the seed of the notebook, 3."),  # cut off in the table
        (None, 4, "got a changed seed, with a signature that does not fit: it was changed."),
        (None, f"4 for Anna{'a' * 500}", "one handed out: got a changed seed."),
    ],
)
def test_no_student_reads_the_name_of_another(three, whose, seed, said):
    changed = {**three.signed("Anna"), "seed": seed}
    three.hand_in("Ben", three.signed(whose, seed) if whose else changed)
    graded = three.grade(LIST)
    feedback.write(graded, three.out.parent / "back", "varied")
    page = (three.out.parent / "back" / "Ben" / "feedback.html").read_text(encoding="utf-8")
    comment = platforms._comment(graded, "Ben/varied.ipynb")
    for text in (html.unescape(page), html.unescape(comment)):
        assert said in text
        assert "Anna" not in text and "Dora" not in text
    assert (whose or "Anna") in runs(graded)["Ben"] or "…" in runs(graded)["Ben"]


def test_a_seed_that_is_missing_or_changed_is_that_of_the_class_list(three):
    three.hand_in("Ben")
    three.hand_in("Cleo", {**three.signed("Cleo"), "seed": 6})
    graded = three.grade(LIST)
    assert three.ran == SEEDS
    said = "to its end; judged by the seed of the class list"
    assert runs(graded)["Anna"] == "to its end"
    made = "It was made anew or copied cell by cell"  # and no notebook needs to be asked for
    assert runs(graded)["Ben"] == f"{said}, 11: {NONE} {made}"
    assert runs(graded)["Cleo"].startswith(f"{said}, 5: {CHANGED} 6 for Cleo")
    assert [line.split(":")[0] for line in graded.remarks] == [
        "Ben/varied.ipynb",
        "Cleo/varied.ipynb",
    ]


def test_a_class_list_of_another_kind_gives_no_seed(three):
    three.hand_in("Ben")
    graded = three.grade("Name,login\nAnna,a1\nBen,b1\nCleo,c1\n".replace("Name", "Full name"))
    assert three.ran == {"Anna": 3, "Cleo": 5}
    assert runs(graded)["Ben"].startswith(f"not run: {NONE}")


def test_a_notebook_of_somebody_else_is_judged_by_the_seed_of_who_handed_it_in(three):
    three.hand_in("Ben", three.signed("Anna"))
    graded = three.grade(LIST)
    assert three.ran == SEEDS
    said = "judged by the seed of the class list, 11: the notebook is the one handed out to Anna"
    assert runs(graded) == dict.fromkeys(SEEDS, "to its end") | {"Ben": f"to its end; {said}"}
    both = "the notebook handed out to Anna: Anna/varied.ipynb, Ben/varied.ipynb"
    assert graded.remarks == [both, f"Ben/varied.ipynb: {said}"]
    assert three.grade().remarks[0] == both
    assert three.ran == {"Ben": 3}


def test_an_answer_to_another_student_s_numbers_is_no_known_mistake(three):
    three.hand_in("Ben", three.signed("Anna"))
    graded = three.grade(LIST)
    assert [row["diagnosis"] for row in graded.rows] == [
        f"That is {factor(3)} more, not as often.",
        ".",
        seeds.ELSEWHERE,
        ".",  # right, and stays so
        f"That is {factor(5)} more, not as often.",
        ".",
    ]
    assert [row["points"] for row in graded.rows][2:4] == [0, 2]
    wrong = [{"number": f"V.{n}", "mark": "✗", "message": "Columns."} for n in (1, 2)]
    told = seeds.undiagnosed([*wrong, {"run": "to its end"}], {"V.1"})
    assert told == [{**wrong[0], "message": seeds.ELSEWHERE}, wrong[1], {"run": "to its end"}]


@pytest.mark.parametrize("student", ["ben", "Dora", ""])
def test_a_name_that_the_class_list_does_not_know_takes_no_seed_away(three, student):
    three.hand_in("Ben", three.signed(student, 11))
    graded = three.grade(LIST.replace("Ben,11", "Ben,4"))
    assert three.ran == SEEDS
    whose = f"handed out to {student or 'everybody'}: not in the class list"
    assert graded.remarks == [f"Ben/varied.ipynb: judged by the seed of the notebook, 11, {whose}"]


def test_a_row_of_a_class_list_stands_for_a_student_and_a_seed(tmp_path):
    path, key = tmp_path / "class.csv", bytes(32)

    def told(text):
        path.write_text(text, encoding="utf-8")
        return seeds.listed(roster.read(path), key)

    anna = variants.seed_of(key, "Anna Becker")
    two = [("Anna Becker", anna), ("Ben", 12)]
    assert told("nr;Name;Seed\n1;Anna Becker;\n2; Ben ; 12 \n") == two
    assert told('Student,ID\n"Becker, Anna",9\n') == [("Anna Becker", anna)]
    two = "Identifier,Full name\nParticipant 9,Anna\nParticipant 7,Anna\n"
    assert [who for who, _ in told(two)] == ["Anna (Participant 9)", "Anna (Participant 7)"]
    assert len({*told(two)}) == 2
    for wrong in ("x", "-1", "1000000", "3.0"):
        with pytest.raises(ValueError, match=f"a whole number from 0 to .*: got '{wrong}' for 'A'"):
            told(f"Name,Seed\nA,{wrong}\n")


def test_another_list_of_the_same_class_gives_the_same_seeds(course):
    key = variants.key_beside(course.source, make=True)
    for name in ("Anna Becker", "Ben Ober"):
        entry = course.signed(name, variants.seed_of(key, name))
        course.hand_in(name, entry if name[0] == "A" else None)
    course.grade('Student,ID,Section\n"Becker, Anna",1,A\n"Ober, Ben",2,A\n')
    assert course.ran["Ben Ober"] == variants.seed_of(key, "Ben Ober")


def test_a_class_list_that_says_another_seed_is_told(three):
    graded = three.grade(LIST.replace("Ben,11", "Ben,4"))
    assert three.ran == SEEDS
    said = "judged by the seed of the notebook, 11; the class list says 4"
    assert graded.remarks == [f"Ben/varied.ipynb: {said}"]
    assert runs(graded)["Ben"] == f"to its end; {said}"


def test_one_seed_for_all_needs_no_list(course):
    for name in SEEDS:
        course.hand_in(name, course.signed("", 9))
    for text in (None, "student\nAnna\nBen\nCleo\n"):
        assert course.grade(text, again=[*SEEDS]).remarks == []
        assert course.ran == dict.fromkeys(SEEDS, 9)


def test_a_key_without_any_seed_is_told(course):
    course.signed("Anna")
    course.hand_in("Anna")
    graded = course.grade()
    assert course.ran == {}
    assert graded.remarks == [
        "no notebook says a seed that can be believed: if all were handed out without one, take "
        "varied.key from beside varied.py"
    ]


def test_a_long_error_leaves_room_for_what_is_odd(three, monkeypatch):
    run = running.run
    ended = f"to its end; error in cell 3: ValueError: {'x' * 900}"
    monkeypatch.setattr(running, "run", lambda *given: [*run(*given)[:-1], {"run": ended}])
    graded = three.grade(LIST.replace("Ben,11", "Ben,4"))
    assert runs(graded)["Ben"].endswith("11; the class list says 4")
    assert grades.summary(graded.rows, three.source)[0].startswith("with an error, see `run` in")


# Again


def test_another_seed_is_judged_again_and_nothing_else(three):
    three.grade(LIST)
    assert three.grade(LIST).remarks == []
    assert three.ran == {}
    three.hand_in("Ben", three.signed("Anna"))
    three.grade(LIST)
    assert three.ran == {"Ben": 11}
    three.grade(LIST.replace("Ben,11", "Ben,4"))
    assert three.ran == {"Ben": 4}
    three.grade(LIST.replace("Ben,11", "Ben,4"), again=["Cleo"])
    assert three.ran == {"Cleo": 5}


def test_a_change_of_points_names_the_seed(three, monkeypatch):
    three.hand_in("Ben")
    three.grade(LIST)
    run = running.run
    right = {"number": "V.1", "mark": "✓", "message": "."}
    monkeypatch.setattr(running, "run", lambda *given: [right, *run(*given)[1:]])
    remarks = three.grade(LIST.replace("Ben,11", "Ben,4")).remarks
    assert remarks[-1] == "points changed: Ben/varied.ipynb, V.1: 0 → 1 (the seed is another)"


def test_parts_are_judged_by_the_same_seeds_and_merged(three):
    three.hand_in("Ben")
    folder = three.out.parent
    ran = {}
    for part in (1, 2, 3):
        out = folder / f"part{part}.csv"
        (folder / "class.csv").write_text(LIST, encoding="utf-8")
        submissions.grade(
            three.folder,
            out,
            running.Rules(three.source),
            1,
            listed=folder / "class.csv",
            part=(part, 3),
        )
        ran |= three.ran
    assert ran == SEEDS
    three.grade(LIST, merge=[folder / f"part{part}.csv.journal" for part in (1, 2, 3)])
    assert three.ran == {}


# What comes back


def test_a_page_shows_the_hints_and_mistakes_of_the_own_variant(three):
    graded = three.grade()
    feedback.write(graded, three.out.parent / "back", "varied")
    for name, seed in SEEDS.items():
        page = (three.out.parent / "back" / name / "feedback.html").read_text(encoding="utf-8")
        assert f"That is {factor(seed)} more, not as often." in page and "Hint" not in page
        row = {"diagnosis": "3 is not right.", "result": "wrong"}
        (exercise, _) = graded.exercises_of(f"{name}/varied.ipynb")
        assert feedback.told(row, exercise)[1] == f"Multiply by {factor(seed)}."


def test_a_report_counts_one_mistake_whatever_its_numbers(three):
    three.grade()
    page = report.page(grades.read(three.out), "varied")
    assert "That is … more, not as often." in page
    assert "That is 5 more" not in page


def test_the_key_is_no_submission_and_hidden_from_all(three, monkeypatch):
    key = three.source.with_suffix(".key")
    seen = []
    monkeypatch.setattr(
        running, "run", lambda content, rules, *more: seen.append(rules) or [{"run": "to its end"}]
    )
    (three.folder / "varied.key").write_bytes(key.read_bytes())
    source = three.source.replace(three.folder / "varied.py")
    graded = submissions.grade(three.folder, three.out, running.Rules(source), 1)
    assert graded.remarks == []
    assert {source.with_suffix(".key"), source, three.folder} <= {*seen[0].hidden}


# In kernels


def test_right_with_the_own_numbers_and_wrong_with_the_other_s(course, tmp_path):
    own = "from cnnlab.exercises import check\nimport varied\ntask = varied.scale.task\n"
    answer = "check(varied.scale, lambda image: {} * image)"
    total = "check(varied.total, lambda image: image.sum(axis=1))\nprint(task)"
    written = {"Anna": factor(3), "Ben": factor(11), "Cleo": factor(3), "Dan": factor(11)}
    for name, number in written.items():
        (course.folder / name).mkdir(parents=True)
        entry = course.signed({"Cleo": "Ben", "Dan": "Anna"}.get(name, name))
        text = notebook(entry, own, answer.format(number), total)
        (course.folder / name / "varied.ipynb").write_text(text, encoding="utf-8")
    out = tmp_path / "grades.csv"
    command = [sys.executable, "-m", "cnnlab.command.cli", "grade", course.folder, "--out", out]
    command += ["--exercises", course.source, "--jobs", "2"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert {row["run"] for row in rows} == {"to its end"}
    found = {row["submission"].split("/")[0]: row for row in rows if row["exercise"] == "V.1"}
    assert {name: row["result"] for name, row in found.items()} == {
        "Anna": "right",
        "Ben": "right",
        "Cleo": "wrong",
        "Dan": "wrong",
    }
    assert [row["total"] for row in rows] == ["3", "3", "3", "3", "2", "2", "2", "2"]
    shown = "".join(path.read_text(encoding="utf-8") for path in out.parent.glob("*.ran/*"))
    assert [shown.count(f"{n} times as large") for n in (2, factor(3), factor(11))] == [0, 2, 2]
