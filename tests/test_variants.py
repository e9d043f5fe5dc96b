"""Variants: a seed gives one exercise, a student one seed, and a changed seed is noticed."""

from dataclasses import replace

import nbformat
import pytest

from cnnlab.exercises import variants
from cnnlab.grading.exercise_files import loaded

FILE = """
import numpy as np

from cnnlab.exercises import Exercise, Mistake


def exercises(seed):
    rng = np.random.default_rng(seed)
    factor = 2 + seed % 7

    def scaled(image):
        return factor * image

    scale = Exercise(
        number="V.1", title="Scale", stars=1, task=f"Write scaled(image): {factor} times as large.",
        hints=("Multiply.",), solution=scaled, insight="Every pixel alone.",
        mistakes=(Mistake("That is added.", lambda image: factor + image),),
        cases=((rng.normal(size=(3, 4)),), (rng.integers(0, 9, (2, 5), dtype="uint8") / 1,)),
    )
    total = Exercise(
        number="V.2", title="Sums", stars=2, task="Write total(image).", hints=("Add.",),
        solution=lambda image: image.sum(axis=1), insight="Row by row.",
        mistakes=(Mistake("Columns.", lambda image: image.sum(axis=0)),),
        cases=((rng.normal(size=(3, 4)),), (rng.normal(size=(5, 2)),)),
    )
    return scale, total


scale, total = EXERCISES = exercises(0)
"""
KEY = bytes(range(32))


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "varied.py"
    path.write_text(FILE, encoding="utf-8")
    return loaded(path)


def test_a_seed_gives_its_variant_and_none_the_file_as_it_is(module):
    assert variants.varies(module)
    assert variants.variant(module) is module.EXERCISES
    one, same, other = (variants.variant(module, seed)[0] for seed in (4, 4, 5))
    assert one.task == same.task
    assert (one.cases[0][0] == same.cases[0][0]).all()
    assert (one.cases[0][0] != other.cases[0][0]).any()


def test_what_two_seeds_draw_apart_is_told_by_the_tasks(module):
    assert variants.drawn_apart(module, 3, 11) == {"V.1"}
    assert variants.drawn_apart(module, 3, 10) == set()  # the same factor


def test_a_file_without_variants_takes_no_seed(module):
    del module.exercises
    assert not variants.varies(module)
    with pytest.raises(
        ValueError, match=r"`seed` must come with a file that holds exercises\(seed"
    ):
        variants.variant(module, 3)


def test_variants_are_the_same_exercises(module):
    made = module.exercises
    module.exercises = lambda seed: [*made(seed)]
    with pytest.raises(ValueError, match=r"`exercises\(seed\)` must return a tuple of Exercise"):
        variants.variant(module, 3)
    module.exercises = lambda seed: made(seed)[::-1]
    with pytest.raises(ValueError, match=r"the same exercises: got numbers \['V.2', 'V.1'\] for"):
        variants.variant(module, 3)


def test_variants_count_the_same(module):
    made = module.exercises
    module.exercises = lambda seed: tuple(replace(each, points=2.5 + seed) for each in made(seed))
    with pytest.raises(ValueError, match="and others, or other stars or points, in EXERCISES"):
        variants.variant(module, 3)


def test_a_seed_gives_the_same_each_time(module):
    made, seeds = module.exercises, iter(range(9))
    module.exercises = lambda seed: made(next(seeds))
    with pytest.raises(ValueError, match=r"each time: got others the second time for seed=3\. Mak"):
        variants.variant(module, 3)
    solutions = iter((1, 2, 3, 3))
    module.exercises = lambda seed: tuple(
        replace(each, cases=(), task="", hints=("h",), solution=next(solutions))
        for each in made(seed)[:1]
    )
    module.EXERCISES = module.EXERCISES[:1]
    with pytest.raises(ValueError, match="the same exercises each time"):
        variants.variant(module, 3)
    assert variants.variant(module, 3)[0].solution == 3


def test_every_exercise_has_a_name(module):
    assert variants.names_of(module) == {"V.1": "scale", "V.2": "total"}
    del module.total
    with pytest.raises(
        ValueError, match=r"must have a name in its file: got none for V\.2\. Write"
    ):
        variants.names_of(module)


def test_the_key_is_made_once_and_stays(tmp_path):
    source = tmp_path / "varied.py"
    with pytest.raises(ValueError, match=r"must lie beside varied\.py: got no key in .* Take the"):
        variants.key_beside(source)
    key = variants.key_beside(source, make=True)
    assert len(key) == 32
    assert variants.key_beside(source, make=True) == variants.key_beside(source) == key
    assert (tmp_path / "varied.key").stat().st_mode & 0o077 == 0
    (tmp_path / "varied.key").write_text("abc", encoding="ascii")
    with pytest.raises(ValueError, match="got no key"):
        variants.key_beside(source, make=True)


def test_the_seed_of_a_student_depends_on_the_student_and_on_the_key():
    seeds = [variants.seed_of(KEY, f"student {n}") for n in range(300)]
    assert variants.seed_of(KEY, "student 7") == seeds[7]
    assert len({*seeds}) > 290
    assert min(seeds) > 0
    assert max(seeds) < variants.SEEDS
    assert variants.seed_of(KEY[::-1], "student 7") != seeds[7]


def signed_notebook(**changed):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["cnnlab"] = {**variants.signed(KEY, "varied", 42, "Müller"), **changed}
    return nbformat.from_dict(notebook)


def test_a_notebook_that_was_handed_out_tells_its_seed():
    assert variants.variant_of(signed_notebook(), KEY, "varied") == (42, "Müller")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": 43}, r"must be the one handed out: got seed 43 for Müller, .*: it was changed"),
        ({"student": "Möller"}, "got seed 42 for Möller, with a signature that does not fit"),
        ({"student": ""}, "got seed 42 for everybody, with a signature that does not fit"),
        ({"seed": "42 "}, "a signature that does not fit"),
        ({"seed": "42"}, "a signature that does not fit"),
        ({"signature": "é"}, "a signature that does not fit"),
        ({"student": "\ud800"}, "a signature that does not fit"),
        ({"signature": "00"}, "a signature that does not fit"),
        ({"homework": "other"}, "the notebook must be one of varied: got one of other"),
        ({"seed": None}, "the notebook must say its variant: got none in its metadata"),
    ],
)
def test_a_changed_seed_is_noticed(changed, message):
    with pytest.raises(ValueError, match=message):
        variants.variant_of(signed_notebook(**changed), KEY, "varied")


@pytest.mark.parametrize("metadata", [{}, {"cnnlab": {}}, {"cnnlab": "seed 42"}, {"cnnlab": [1]}])
def test_a_missing_seed_is_noticed(metadata):
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    with pytest.raises(ValueError, match="the notebook must say its variant: got none"):
        variants.variant_of(notebook, KEY, "varied")


def test_fields_cannot_be_moved_into_one_another():
    one = variants.signed(KEY, "varied", 1, "2 x")["signature"]
    assert one != variants.signed(KEY, "varied", 12, "x")["signature"]
    assert one != variants.signed(KEY, "varied1", 1, "2 x")["signature"]
    one = variants.signed(KEY, "varied", 1, "2\nx")["signature"]
    assert one != variants.signed(KEY, "varied\n1", 2, "x")["signature"]
