"""Every sentence of cause in a lesson stands in `data/claims.csv`, with what could refute it."""

import csv
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
CAUSE = re.compile(r"\b(because|therefore|thanks to|(that|this) is why|reasons? (why|is))\b", re.I)


def words(text):
    return " ".join(text.split())


def sections(path):
    """Heading -> its cells; what stands above the first heading is under the lesson's title."""
    found, heading = {}, ""
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            found[heading].append(cell)
            continue
        for part in re.split(r"^(?=##? )", cell.source, flags=re.M):
            if part.startswith("#"):
                heading = words(part.splitlines()[0].lstrip("#"))
            found.setdefault(heading, []).append(nbformat.v4.new_markdown_cell(part))
    return found


LESSONS = {path.stem: sections(path) for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))}
with (ROOT / "data" / "claims.csv").open(encoding="utf-8", newline="") as file:
    CLAIMS = list(csv.DictReader(file))


def prose(lesson, section):
    cells = LESSONS[lesson][section]
    return words(" ".join(cell.source for cell in cells if cell.cell_type == "markdown"))


def computed(lesson, section):
    """The code of a section that stores an output: there the claim could have failed."""
    return [c.source for c in LESSONS[lesson][section] if c.cell_type == "code" and c.outputs]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: words(claim["claim"])[:50])
def test_a_claim_stands_in_its_section_and_what_it_rests_on_exists(claim):
    lesson, section, where = claim["lesson"], claim["section"], claim["where"]
    assert len(claim["claim"].split()) >= 5
    assert words(claim["claim"]) in prose(lesson, section)
    assert claim["kind"] in {"measured", "proved", "cited"}
    if claim["kind"] == "cited":
        everything = " ".join(prose(lesson, other) for other in LESSONS[lesson])
        assert where in everything, "a source is named in the lesson"
    elif where.startswith("results/"):
        assert claim["kind"] == "measured"
        assert (ROOT / "data" / where).exists()
        name = Path(where).stem
        code = [c.source for cells in LESSONS[lesson].values() for c in cells]
        assert any(f'result("{name}")' in source for source in code), "the lesson reads its table"
    elif claim["kind"] == "measured" or where != "here":
        there = (lesson, section) if where == "here" else tuple(where.split(": ", 1))
        assert computed(*there), "a cell computes it"


def test_no_sentence_of_cause_is_missing():
    listed = {}
    for claim in CLAIMS:
        listed.setdefault((claim["lesson"], claim["section"]), []).append(words(claim["claim"]))
    missing = [
        (lesson, section, sentence)
        for lesson, parts in LESSONS.items()
        for section in parts
        for sentence in re.split(r"(?<=[.!?:])\s+", prose(lesson, section))
        if CAUSE.search(sentence)
        and not any(
            claim in sentence or sentence in claim for claim in listed.get((lesson, section), [])
        )
    ]
    assert missing == []
