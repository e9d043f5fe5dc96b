"""The page about a class: shares, misconceptions, and code that is nearly the same."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from cnnlab.command import cli
from cnnlab.grading import by_hand, grades, likeness, report, roster

made = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("grading_class.py"))))


def rows_of(page, heading):
    """The cells of the table below a heading."""
    part = page.split(f"<h2>{heading}")[1].split("<h2>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part, flags=re.DOTALL)[1:]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Name\nAbsent One\n", encoding="utf-8")
    other = (
        "With image of shape (3, 4) (uint8): the result is wrong. It is 7, not 12. Try hint(...)."
    )
    files = {"a.ipynb": made.BOTH, "b.ipynb": made.ONE, "c.ipynb": made.NONE}
    for number in (12, 345):
        said = other.replace("7", str(number)).replace("image", f"x{number}")
        run = {"run": f"to its end; error in cell {number}: NameError: name 'x{number}'"}
        files[f"d{number}.ipynb"] = [made.check("T.1", "✗", said), run]
    return made.graded(files, roster.read(path)).rows


def test_the_class_in_numbers(table):
    page = report.page(table, "hw")
    said = "5 submissions, 0 of them not run; 1 of the class list handed in no notebook."
    assert said in page
    broken = [
        row | {"run": "not run: cut off"} if row["submission"] == "c.ipynb" else row
        for row in table
    ]
    assert "5 submissions, 1 of them not run;" in report.page(broken, "hw")
    assert "Points, of 4.5: mean 1.4, median 0.0, from 0 to 4.5." in page
    counts = [int(row[1]) for row in rows_of(page, "The class")]
    assert counts == [3, 0, 0, 0, 0, 1, 0, 0, 0, 1]


def test_points_by_hand_are_no_misconception(table):
    before = rows_of(report.page(table, "hw"), "What was misunderstood")
    line = {"student": "b.ipynb", "exercise": "T.1", "points": "1", "comment": "Half of it."}
    after = rows_of(report.page(by_hand.taken_in(table, [line]), "hw"), "What was misunderstood")
    assert after == [row for row in before if "Twice" not in row[2]]


def test_the_share_of_right_answers_is_of_those_who_handed_in(table):
    rows = rows_of(report.page(table, "hw"), "Right, by exercise")
    assert [[row[0], row[1], *row[3:]] for row in rows] == [
        ["T.1", "20%", "4", "0", "0"],
        ["T.2", "40%", "0", "0", "3"],
    ]


def test_misconceptions_are_counted_whatever_names_and_numbers_they_hold(table):
    rows = rows_of(report.page(table, "hw"), "What was misunderstood")
    assert rows == [
        ["2", "T.1", "the result is wrong. It is …, not …."],
        ["1", "T.1", "3 is not right."],
        ["1", "T.1", "Twice as many &amp; &lt;i&gt;more&lt;/i&gt;."],
    ]


def test_numbers_that_are_everybody_s_stay_in_a_misconception():
    said = "With nothing to share it is NaN: 0 / 0, not {} as in row {}.5."
    files = {
        f"{n}.ipynb": [made.check("T.1", "✗", said.format(1, n)), made.RUN] for n in (3, 4, 55)
    }
    table = made.graded(files).rows
    seeds = [{**row, "seed": row["submission"]} for row in table]
    assert rows_of(report.page(seeds, "hw"), "What was misunderstood") == [
        ["3", "T.1", "With nothing to share it is NaN: 0 / 0, not 1 as in row …."],
    ]
    kept = rows_of(report.page(table, "hw"), "What was misunderstood")
    assert [row[0] for row in kept] == ["1", "1", "1"]  # without seeds each sentence is its own


def test_the_ends_of_the_runs_are_counted(table):
    assert rows_of(report.page(table, "hw"), "How the runs ended") == [
        ["2", "to its end"],
        ["2", "to its end, with NameError"],
        ["1", "the kernel died"],
    ]


def test_the_page_names_no_student_and_loads_nothing(table):
    page = report.page(table, "hw")
    assert ".ipynb" not in page and "Absent One" not in page
    assert "src=" not in page and "href=" not in page and "<script" not in page
    assert "Nearly the same code" not in page


# Code


OWN = """
def {f}(image, {k}):
    rows, columns = image.shape
    out = np.zeros((rows - 2, columns - 2))
    for {i} in range(rows - 2):
        for j in range(columns - 2):
            out[{i}, j] = (image[{i}:{i} + 3, j:j + 3] * {k}).sum()
    return out / out.max() if out.max() > 0 else out
"""
OTHERS = """
def mine(picture, weights):
    windows = np.lib.stride_tricks.sliding_window_view(picture, weights.shape)
    result = np.einsum("ijkl,kl->ij", windows, weights)
    strongest = max(result.ravel().tolist())
    if strongest <= 0: return result
    return np.divide(result, strongest)
"""
SUMS = "\n".join(f"x = [{' + '.join('a' * n)}]" for n in range(1, 14))
TEMPLATE = "\n".join(f"step_{n} = prepare(data[{n}], size=({n}, {n + 1}))" for n in range(20))


def test_the_same_code_under_other_names_is_found_and_what_all_have_is_not():
    codes = {
        "anna": [TEMPLATE, OWN.format(f="edges", k="kernel", i="i")],
        "ben": [TEMPLATE, "# mine!\n" + OWN.format(f="kanten", k="w", i="zeile") + "\na = 1"],
        "cleo": [TEMPLATE, OTHERS],
        "dan": [TEMPLATE],
    }
    ((names, share),) = likeness.alike(codes)
    assert names == ("anna", "ben")
    assert 0.95 < share <= 1
    assert likeness.alike({**codes, "ben": [TEMPLATE, "answer = 12"]}) == []


def test_one_rare_cell_in_common_is_a_part_and_not_all():
    rare = OWN.format(f="f", k="k", i="i") + "check(h.a, f)"
    others = [OTHERS + "check(h.b, mine)", SUMS + "\ncheck(h.b, x)"]
    codes = {f"all {n}": [f"check(h.a, {n})", others[n % 2]] for n in range(20)}
    codes |= {"anna": [rare, others[0]], "ben": [rare, others[1]]}
    few = ["x = {1: {2: [3]}}\ncheck(h.a, x)", others[1]]  # rare, and too short to say anything
    codes |= {"eve": few, "fay": [*few, "y = 1"]}
    found = likeness.alike(codes, 0.1)
    ((names, share),) = [each for each in found if each[1] is not None]
    assert names == ("anna", "ben")
    runs = [len(likeness._runs(map(likeness._tokens, [cell]))) for cell in (rare, *others)]
    assert share == pytest.approx(runs[0] / (runs[0] + min(runs[1:])), abs=0.02)
    assert share < likeness.ALIKE


def test_identical_code_comes_first_however_common_its_parts():
    parts = [
        [f"{text}\nx = {sign * 30}\ncheck(h.a, x)" for sign in "[{("] for text in (OWN, OTHERS)
    ]
    codes = {
        f"{i} {j} {n}": [parts[0][i], parts[1][j]]
        for i in range(3)
        for j in range(3)
        for n in range(3 if i == j == 1 else 1)
    }
    assert likeness.alike(codes) == [(("1 1 0", "1 1 1", "1 1 2"), None)]
    alone = {name: cells for name, cells in codes.items() if name not in ("1 1 1", "1 1 2")}
    assert likeness.alike(alone, 0) == []  # without code that few have: nothing to see


def test_the_same_code_with_the_numbers_of_two_variants_is_found():
    own = OWN + "\nresult = [{}.5 * f + {}, 0x{}, ({}, {})]\n" * 3
    codes = {
        name: [TEMPLATE, own.format(*[number] * 15, f="edges", k="kernel", i="i")]
        for name, number in (("anna", 3), ("ben", 41))
    }
    found = likeness.alike({**codes, "cleo": [TEMPLATE, OTHERS], "dan": [TEMPLATE]})
    assert found == [(("anna", "ben"), None)]


def test_what_is_shorter_than_a_thought_is_not_compared():
    assert likeness.alike({"a": ["check(h.x, 12)"], "b": ["check(h.x, 12)"]}) == []


def test_code_is_read_without_commands_of_the_shell():
    cells = [nbformat.v4.new_markdown_cell("text"), nbformat.v4.new_code_cell("%pip x\n!ls\na = 1")]
    made = nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()
    assert [cell.strip() for cell in likeness.code_of(made)] == ["a = 1"]
    assert likeness.code_of(b"") == []


def test_the_command_writes_the_page_with_the_code_that_is_alike(tmp_path, capsys):
    place = tmp_path / "class"
    place.mkdir()
    for name, values in (("a", ("f", "k", "i")), ("b", ("g", "w", "r")), ("c", None)):
        code = OWN.format(**dict(zip("fki", values, strict=True))) if values else OTHERS
        cells = [nbformat.v4.new_code_cell(code)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), place / f"{name}.ipynb")
    rows = made.graded({f"{n}.ipynb": made.ONE for n in "abc"}).rows
    grades.write(rows, tmp_path / "grades.csv")
    assert cli.main(["report", str(tmp_path / "grades.csv"), "--submissions", str(place)]) == 0
    out = tmp_path / "grades.report.html"
    assert capsys.readouterr().out == f"the class: {out}\n"
    page = out.read_text(encoding="utf-8")
    assert rows_of(page, "Nearly the same code") == [["identical", "a.ipynb<br>b.ipynb"]]
    assert "the percentage is a share of the shorter one's own answers" in page
    table = [{**row, "result": "not answered"} for row in rows if row["submission"] == "a.ipynb"]
    table += [row for row in rows if row["submission"] != "a.ipynb"]
    assert rows_of(report.page(table, "hw", place), "Nearly the same code") == []
    assert "never an accusation" in page


def test_a_table_that_is_none_is_told(tmp_path, capsys):
    assert cli.main(["report", str(tmp_path / "none.csv")]) == 2
    said = f"cnnlab: `table` must be a file: got {tmp_path / 'none.csv'}. "
    assert capsys.readouterr().err.startswith(said)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert cli.main(["report", str(tmp_path / "t.csv")]) == 2
    assert "`table` must be one that `cnnlab grade` wrote: " in capsys.readouterr().err
