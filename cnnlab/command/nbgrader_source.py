"""The notebook of a homework as a source assignment of nbgrader: which cells answer, which count.

Each `check` becomes an autograded cell of its own, which ends in the points that its answer gets;
the cell above it is the student's. Nothing in them is an answer.
"""

import ast
import copy
import re

from cnnlab.exercises.crediting import worth
from cnnlab.exercises.variants import names_of

SCHEMA = 3  # of nbgrader's metadata
CALL = "from cnnlab.exercises import points\n\npoints({})"
WORDS = {  # what a notebook says of itself, and what is so in nbgrader's
    "the three dots": "the line `raise NotImplementedError()`",
    "the cell below them": "the cell below it",
    "The last `check` of an exercise counts": "What counts are the locked cells with `points`",
}
OTHERS = re.compile(r"three dots|`\.\.\.`|`check(`|\()")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"  # between them nbgrader writes its own stub


def mark(notebook, module, exercises):
    """Marks the cells for nbgrader.

    Args:
        notebook: as nbformat reads it; changed.
        module: an instructor's file, loaded.
        exercises: those of it, a tuple.

    Returns:
        Lines: where the text still speaks of what nbgrader's notebook has not.

    Raises:
        ValueError: an exercise is not checked in exactly one place, or a name is none for nbgrader.
    """
    named = {name: number for number, name in names_of(module).items()}
    points = {exercise.number: worth(exercise) for exercise in exercises}
    worths = {name: points[number] for name, number in named.items() if number in points}
    parts = [part for cell in notebook.cells for part in _parts(cell, worths)]
    found = [part.metadata.nbgrader.grade_id for part in parts if _is_graded(part)]
    for name in worths:
        if found.count(name) != 1 or not name.isascii():
            raise ValueError(
                f"for nbgrader the notebook must check each exercise once: got {found.count(name)} "
                f"checks of {named[name]}. Write `check(homework.{name}, answer)` behind its "
                "answer, at the left edge, and give it a name of plain letters."
            )
    notebook.cells = parts
    return [line for part in parts if part.cell_type == "markdown" for line in _reworded(part)]


def _reworded(cell):
    """Sets what is so in nbgrader's notebook, and gives the lines that still say something else."""
    for said, told in WORDS.items():
        pattern = r"\s+".join(map(re.escape, said.split()))
        cell.source = re.sub(pattern, lambda found, told=told: told, cell.source)
    for line in cell.source.splitlines():
        if OTHERS.search(line):
            yield (
                f"look at {line.strip()[:60]!r}: nbgrader's notebook has no dots and no `check`, "
                "but `raise NotImplementedError()` and `points`"
            )


def _is_graded(cell):
    return cell.metadata.get("nbgrader", {}).get("grade", False)


def _parts(cell, worths):
    """A cell, parted at its checks."""
    checks = _checks(cell.source, worths) if cell.cell_type == "code" else []
    if not checks:
        return [cell]
    lines, begin, parts = cell.source.splitlines(), 0, []
    for name, statement in checks:
        before = "\n".join(lines[begin : statement.lineno - 1]).strip("\n")
        if before.strip():
            parts.append(_answer(cell, before, name))
        asked = ", ".join(map(ast.unparse, statement.value.args))
        kinds = {"grade": True, "solution": False, "locked": True, "points": worths[name]}
        parts.append(_marked(cell, CALL.format(asked), name, **kinds))
        begin = statement.end_lineno
    rest = "\n".join(lines[begin:]).strip("\n")
    parts += [_copied(cell, rest)] if rest.strip() else []
    for number, part in enumerate(parts[1:] if "id" in cell else [], 1):
        part.id = f"{cell.id[:50]}-{number}"
    return parts


def _checks(source, worths):
    """[(the exercise's name, the statement)] of what a cell checks."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a line of IPython's own
        return []
    found = []
    for statement in body:
        match statement:
            case ast.Expr(
                ast.Call(ast.Name("check"), [ast.Attribute(attr=name) | ast.Name(id=name), _])
            ) if name in worths:
                found.append((name, statement))
    return found


def _answer(cell, source, name):
    """The student's cell; one without `...` is no answer's and stays as it is."""
    lines, stubs = source.splitlines(), _stubs(ast.parse(source))
    if not stubs:
        return _copied(cell, source)
    for stub in reversed(stubs):
        within = lines[stub.lineno - 1 : stub.end_lineno]
        indent = " " * stub.col_offset
        told = [] if indent else [f"# {line}" for line in within]  # else its name would be gone
        marked = [*told, f"{indent}{BEGIN}", *within, f"{indent}{END}"]
        lines[stub.lineno - 1 : stub.end_lineno] = marked
    kinds = {"grade": False, "solution": True, "locked": False}
    return _marked(cell, "\n".join(lines), f"{name}_answer", **kinds)


def _stubs(tree):
    """The statements that hold a `...` and no other statement, in their order."""
    simple = [s for s in ast.walk(tree) if isinstance(s, ast.stmt) and not hasattr(s, "body")]
    held = [s for s in simple if any(getattr(n, "value", 0) is ... for n in ast.walk(s))]
    return sorted(held, key=lambda statement: statement.lineno)


def _marked(cell, source, grade_id, **kinds):
    part = _copied(cell, source)
    told = {"schema_version": SCHEMA, "grade_id": grade_id, "task": False, **kinds}
    part.metadata["nbgrader"] = told
    return part


def _copied(cell, source):
    """A cell with another source, and so without outputs."""
    part = copy.deepcopy(cell)
    part.source, part.outputs, part.execution_count = source, [], None
    return part
