"""Lessons and homework with the solutions filled in and run, for who gives the course."""

import ast
import shutil
from pathlib import Path

import nbformat

from cnnlab.command import standing
from cnnlab.comparing import storing, tidying
from cnnlab.exercises import catalogue, solutions
from cnnlab.files.shipped import notebooks_folder
from cnnlab.grading import exercise_files


def notebook_of(name):
    """The notebook of a lesson's number, such as "05", or of a file of exercises.

    Raises:
        ValueError: there is no such lesson or file, or no notebook of its name beside the file.
    """
    source = exercise_files.source_of(name)
    if name in catalogue.lessons():
        return min(notebooks_folder().glob(f"{name}_*.ipynb"))
    notebook = source.with_suffix(".ipynb")
    if not notebook.is_file():
        raise ValueError(
            f"`exercises` must lie beside the notebook that sets them: got {str(source)!r}, and no "
            f"{notebook.name} there. Give both the same name."
        )
    return notebook


def solve(notebook, source=None):
    """Puts the solution into the cell of every exercise, in place of the `...`.

    Args:
        notebook: as nbformat reads it; changed.
        source: the file of its exercises, where these are not a lesson's.

    Returns:
        The exercises, in the order of the notebook.
    """
    module = exercise_files.loaded(source) if source else None
    found = []
    for cell in notebook.cells:
        for asked, name in _checks(cell.source) if cell.cell_type == "code" else ():
            by_number = isinstance(asked, ast.Constant)
            found.append(catalogue.find(asked.value) if by_number else getattr(module, asked.attr))
            cell.source = answered(cell.source, name, found[-1].solution)
            cell.outputs, cell.execution_count = [], None
    return found


def _checks(source):
    """What each `check(asked, answer)` of a cell asks, as syntax, and the answer's name."""
    for statement in ast.parse(source).body:
        match statement:
            case ast.Expr(ast.Call(ast.Name("check"), [asked, ast.Name(name)])):
                yield asked, name


def answered(source, name, solution):
    """A cell in which `name` is the solution.

    Example:
        >>> answered("sides = ...  # rows, columns", "sides", (2, 3))
        'sides = (2, 3)'
    """
    text, lines = solutions.written(solution), source.splitlines()
    text = text if callable(solution) else f"{name} = {text}"
    for statement in ast.parse(source).body:
        match statement:
            case ast.FunctionDef(name=bound) | ast.Assign([ast.Name(bound)]) if bound == name:
                lines[statement.lineno - 1 : statement.end_lineno] = text.splitlines()
    return "\n".join(lines)


def write(names, folder, run=True, seconds=600):
    """Writes solved notebooks, one after the other.

    Args:
        names: lessons' numbers and files of exercises.
        folder: where to; made if absent. What lies there is never overwritten.
        run: whether they are run, in the pinned setting.
        seconds: the limit of a cell.

    Yields:
        (a line about a notebook, whether all went well).

    Raises:
        ValueError: a name without a notebook, or one of the notebooks lies in the folder already.
    """
    folder = Path(folder)
    sources = [notebook_of(name) for name in names]
    there = [source.name for source in sources if (folder / source.name).exists()]
    if there or folder.is_file():
        what = f"where {there[0]} lies" if there else "which is a file"
        raise ValueError(
            f"`--notebooks` must be a folder without these lessons: got {str(folder)!r}, {what}. "
            "Name another one: nothing is overwritten."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        notebook, beside = nbformat.read(source, 4), source.with_suffix(".py")
        if beside.is_file():
            shutil.copyfile(beside, folder / beside.name)
        exercises = solve(notebook, beside if beside.is_file() else None)
        fault = storing.run(notebook, folder / source.name, seconds) if run else ""
        storing.write(tidying.tidied(notebook) if run else notebook, folder / source.name)
        said = standing.outcomes(notebook)
        right = sum(said.get(e.number, standing.OPEN)[0] == "✓" for e in exercises)
        count = f"{right} of {len(exercises)} right" if run else f"{len(exercises)} solutions"
        line = f"{source.name}: {count}{', not run' if not run else fault and f'; {fault}'}"
        yield line, not run or (not fault and right == len(exercises))
