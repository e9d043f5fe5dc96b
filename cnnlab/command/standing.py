"""Where a student stands: read from the saved copies of the lessons. Nothing runs, nothing is sent.

`check` prints a line that begins with ✓, ✗ or ○; the copy keeps it when it is saved.
"""

import re
from pathlib import Path

from cnnlab.exercises import catalogue
from cnnlab.files.shipped import notebooks_folder
from cnnlab.grading import exercise_files

LEGEND = "✓ done   ✗ wrong   ○ open   ? changed since its check (run the cell and save)"
SAID = re.compile(r"^([✓✗○]) (\S+) (.*)$", re.MULTILINE)
ASKED = re.compile(r"^\s*check\([\"']([^\"']+)", re.MULTILINE)
OPEN, CHANGED = ("○", "not answered yet"), ("?", "not checked yet")


def outcomes(notebook):
    """What the checks of a notebook say, {number: (mark, message)}; the last of each counts.

    Args:
        notebook: as nbformat reads it.

    Returns:
        A mark is "✓", "✗", "○", or "?" where an answer stands that the check has not seen yet.
    """
    found = {}
    for cell in notebook.cells:
        if cell.cell_type != "code" or not re.search(r"^\s*check\(", cell.source, re.MULTILINE):
            continue
        text = "".join(output.get("text", "") for output in cell.outputs)
        said = {number: (mark, message) for mark, number, message in SAID.findall(text)}
        said = dict.fromkeys(ASKED.findall(cell.source), OPEN) | said
        if "..." not in cell.source:
            said = {number: CHANGED if mark == OPEN else mark for number, mark in said.items()}
        found |= said
    return found


def parts():
    """The course's notebooks that hold exercises: [(its address, its exercises)], in their order.

    The address is that inside the folder of the lessons, such as "01_convolution_by_hand.ipynb".
    """
    folder, found = notebooks_folder(), []
    for lesson in catalogue.lessons():
        paths = sorted(folder.glob(f"{lesson}_*.ipynb"))
        found += [(path.name, catalogue.exercises(lesson)) for path in paths[:1]]
    for source in sorted(folder.glob("homework/*.py")):
        address = source.with_suffix(".ipynb").relative_to(folder).as_posix()
        found.append((address, exercise_files.exercises_in(source)))
    return found


def report(folder):
    """Lines: one for each lesson, one for each wrong answer, the sum, and where to go on.

    Args:
        folder: holds the student's copies, as `cnnlab lab` makes them.

    Raises:
        ValueError: no copy lies in the folder.
    """
    import nbformat

    folder, lines, marked = Path(folder), [LEGEND], []
    for address, exercises in parts():
        path = folder / address
        if not path.is_file():
            continue
        try:
            said = outcomes(nbformat.read(path, as_version=4))
        except Exception as error:  # whatever lies there: the other lessons are still told
            lines.append(f"{address}: cannot be read ({type(error).__name__})")
            continue
        marks = [said.get(exercise.number, OPEN) for exercise in exercises]
        row = "".join(mark for mark, _ in marks)
        lines.append(f"{row:8}{row.count('✓')} of {len(row)}  {address}")
        for exercise, (mark, message) in zip(exercises, marks, strict=True):
            marked.append((exercise, mark, path))
            if mark == "✗":
                lines.append(f"        ✗ {exercise.number} {exercise.title}: {message}")
    if not marked:
        raise ValueError(
            f"`--folder` must hold your copies of the lessons: got {str(folder)!r}, where none can "
            "be read. `cnnlab lab` makes them; --folder names another place."
        )
    return [*lines, *_ending(marked)]


def _ending(marked):
    """The sum, and where to go on: the first exercise that is not done behind the last done one."""
    done = [mark == "✓" for _, mark, _ in marked]
    stars = sum(exercise.stars for exercise, mark, _ in marked if mark == "✓")
    total = sum(exercise.stars for exercise, _, _ in marked)
    yield f"{sum(done)} of {len(done)} exercises done, {stars} of {total} stars"
    behind = len(done) - done[::-1].index(True) if any(done) else 0
    left = [n for n in [*range(behind, len(done)), *range(behind)] if not done[n]]
    if not left:
        yield "All done. A model of your own: lesson 07, section 13, and lesson 09, section 11."
        return
    exercise, _, path = marked[left[0]]
    yield f"go on with {exercise.number}, {exercise.title} ({'★' * exercise.stars}), in {path}"
