"""Write docs/slides.md and docs/errata.md: where each slide of the lectures is, and what was wrong.

python tools/write_slides_pages.py
"""

import csv
import re
from collections import Counter
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
ERRATUM = re.compile(r"^> \*\*Lecture erratum\.\*\* (.*(?:\n> .*)*)", re.MULTILINE)
STATES = {
    "computed": "a cell computes it, or reads it from the stored result of a longer computation, as"
    " the lesson says there; its stored output holds what is quoted here",
    "built": "a cell builds or draws it, or something in its place that the note names",
    "told": "told in words only",
    "left out": "not in the lessons, and why",
}
DECKS = {
    "000": "Convolutional are so DEEP. How deep?",
    "001": "recap: (x, y) pairs; when the input is an image",
    "002": "DL as a language: hints through structure",
    "003": "The truth about cats & dogs",
    "004": "outline: motivation, basics, transfer",
}  # what the first slides of each say
SLIDES = """# Every slide of the lectures

The lessons follow five lectures, the decks 000 to 004. These are their {all} items, in the order of
the slides, and where each of them is: {counts}. {share} of {all} are computed or built.

{states}

*Erratum*: the slide is wrong or loose; the note stands in the same section, or in the one named
behind the word. [All errata](errata.md), with the right numbers.

The items were listed from the text of the slides. A slide without a row has none of its own.

The table is `data/slides.csv`; a test looks up each section, each cell, and what is quoted here of
its output.
"""
ERRATA = """# Errata of the lectures

Where a slide is wrong or loose, the lesson says so in a note, and a cell beside it computes the
right number. These are all {all} notes, by lesson. Each says what the slide claims, so it can be
read without it; in brackets the slides, (deck.slide). Most are slips of a moment: a factor, a unit,
a name. [Every slide](slides.md) has its place in the lessons.
"""
HEAD = ["| slide | what it holds | lesson, section | state | note |", "|---|---|---|---|---|"]


def slug(heading):
    """The anchor of a heading, as myst-parser and GitHub make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def link(lesson, section):
    """The section of a lesson, as a link from docs/; tools/site_sources.py leads it to the site."""
    return f"[{lesson[:2]}, {section}](../notebooks/{lesson}.ipynb#{slug(section)})"


def sections(notebook):
    """[(heading, its cells)] of a lesson; a prose cell is divided where a heading begins."""
    found = [("", [])]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found[-1][1].append(cell)
            continue
        for part in re.split(r"^(?=##+ )", cell.source, flags=re.MULTILINE):
            if part.startswith("##"):
                found.append((part.splitlines()[0].lstrip("#").strip(), []))
            found[-1][1].append(nbformat.v4.new_markdown_cell(part))
    return found


def lessons():
    """{lesson: its sections}, as they lie in notebooks/."""
    paths = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    return {path.stem: sections(nbformat.read(path, 4)) for path in paths}


def items():
    """The rows of data/slides.csv."""
    with (ROOT / "data" / "slides.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def errata(found):
    """[(lesson, section, text)] of every note about a slide."""
    return [
        (lesson, section, " ".join(text.replace("\n> ", " ").split()).removesuffix(":"))
        for lesson, parts in found.items()
        for section, cells in parts
        for cell in cells
        if cell.cell_type == "markdown" and lesson[:2] != "00"  # which shows what a note is
        for text in ERRATUM.findall(cell.source)
    ]


def _plain(text):
    """A text for a cell of a table."""
    return re.sub(r"([\\|*])", r"\\\1", text)


def _row(item):
    state = item["state"]
    if item["state"] == "computed":
        state += f": ``{item['shows'].replace('|', '/')}``"
    if item["erratum"]:
        elsewhere = item["erratum"] != "erratum"
        state += "; *erratum*" + elsewhere * f": {link(item['lesson'], item['erratum'])}"
    where = link(item["lesson"], item["section"]) if item["lesson"] else ""
    return f"| {item['slide']} | {_plain(item['words'])} | {where} | {state} | {item['note']} |"


def slides_page(rows):
    """docs/slides.md: a table for each deck, and a list of what is only told or left out."""
    counts = Counter(row["state"] for row in rows)
    told = ", ".join(f"{counts[state]} {state}" for state in STATES)
    states = "\n".join(f"- *{state}*: {meaning}" for state, meaning in STATES.items())
    share = counts["computed"] + counts["built"]
    page = [SLIDES.format(all=len(rows), counts=told, share=share, states=states)]
    for deck in sorted({row["deck"] for row in rows}):
        page += [f"## Deck {deck}", "", f"Begins with: *{DECKS[deck]}*", "", *HEAD]
        page += [_row(row) for row in rows if row["deck"] == deck] + [""]
    page += ["## Only told, or left out", ""]
    for row in rows:
        if row["state"] in ("told", "left out"):
            where = f"{row['deck']}.{row['slide']}"
            page.append(f"- {where}, {_plain(row['words'])}: {row['state']}; {row['note']}.")
    return "\n".join([*page, ""])


def noted_slides(rows):
    """{(lesson, section): {slide, as deck.slide: None}} of the slides that a note is about."""
    slides = {}
    for row in rows:
        if row["erratum"]:
            section = row["section"] if row["erratum"] == "erratum" else row["erratum"]
            found = slides.setdefault((row["lesson"], section), {})
            found[f"{row['deck']}.{row['slide']}"] = None
    return slides


def errata_page(notes, slides):
    """docs/errata.md: every note, by lesson, with the section that computes the right number.

    Args:
        notes: what `errata` gives.
        slides: what `noted_slides` gives.
    """
    page = [ERRATA.format(all=len(notes))]
    for lesson in dict.fromkeys(lesson for lesson, _, _ in notes):
        page += [f"## Lesson {lesson[:2]}", ""]
        for of, section, text in notes:
            if of == lesson:
                where = ", ".join(slides.get((lesson, section), ()))
                where = f" ({where})" if where else ""
                page += [
                    f"- {link(lesson, section)}{where}. {text}{'' if text[-1] in '.!?' else '.'}"
                ]
        page.append("")
    return "\n".join(page)


def main():
    (ROOT / "docs" / "slides.md").write_text(slides_page(items()), encoding="utf-8")
    (ROOT / "docs" / "errata.md").write_text(
        errata_page(errata(lessons()), noted_slides(items())), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
