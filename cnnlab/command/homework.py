"""`cnnlab homework`: hand homework out without its answers, and try it before.

An instructor's homework is a file of exercises and the notebook of the same name beside it. What
students get has the same names and holds no answer; `cnnlab grade` grades it by the instructor's
file.
"""

import re
import shutil
import tempfile
from pathlib import Path

import nbformat
from tqdm.auto import tqdm

from cnnlab.command import nbgrader_source
from cnnlab.command.solved import notebook_of
from cnnlab.exercises import seal_trial, student_file, variants
from cnnlab.exercises.self_test import verify
from cnnlab.files.shipped import notebooks_folder
from cnnlab.grading import exercise_files, seeds
from cnnlab.grading import roster as class_list

TRIED_SEALED = 3  # seeds that are tried in the sealed form too


def source_of(name):
    """The instructor's file: by its path, or by its name among the homework of this project.

    Raises:
        ValueError: there is no such file, or no notebook of its name beside it.
    """
    shipped = {p.stem: p for p in sorted((notebooks_folder() / "homework").glob("*.py"))}
    path = Path(name)
    if not path.is_file():
        path = shipped.get(str(name), path.with_suffix(".py"))
    if not path.is_file():
        raise ValueError(
            f"`NAME` must be a file of exercises or one of {', '.join(shipped)}: got "
            f"{str(name)!r}. Give the path of the .py file that holds EXERCISES."
        )
    notebook_of(str(path))
    return path


def pack(name, out, seed=None, roster=None, files=None, nbgrader=False):
    """Writes what students get.

    Args:
        name: see `source_of`.
        out: the folder to write to; with a roster, the folder of the students' folders.
        seed: of the variant, the same for everybody.
        roster: the file of a class list, for a variant each; see `roster.read`, `seeds.listed`.
        files: a folder whose files are handed out too.
        nbgrader: whether the notebook is to be a source assignment of nbgrader, out its folder.

    Yields:
        Lines: how each exercise is judged at home, and what was written.

    Raises:
        ValueError: an exercise judges wrongly or cannot be sealed, an answer would be handed out,
            something lies in the place of what is written, there are seeds and the file is one of
            this project, or nbgrader cannot hand it out.
    """
    source, out = source_of(name), Path(out)
    if nbgrader and (seed is not None or roster is not None):
        raise ValueError(
            "`--nbgrader` must come without a seed: got one, and nbgrader has one notebook for "
            "all. For another variant bind EXERCISES = exercises(7) in a copy of your file."
        )
    module = exercise_files.loaded(source)
    exercise_files.exercises_in(source)
    key, rows = None, [("", seed)]
    if seed is not None or roster is not None:
        variants.variant(module, seed or 0)  # refuses a file without
        _check_own(source)
        key = variants.key_beside(source, make=True)
        yield f"{source.with_suffix('.key')}: your key of the variants; keep it beside the file"
    if roster is not None:
        rows = seeds.listed(class_list.read(roster), key)
        _check_folders(student for student, _ in rows)
    for place, (student, own_seed) in enumerate(_counted(rows, "student")):
        exercises = variants.variant(module, own_seed)
        verify(_drawn(exercises, module) if place else exercises)
        text, notebook, late = _made(source, module, exercises, files, place < TRIED_SEALED)
        if key:
            told = variants.signed(key, source.stem, own_seed, student)
            notebook.metadata["cnnlab"] = told
        if nbgrader:
            yield from nbgrader_source.mark(notebook, module, exercises)
        folder = out / folder_of(student) if student else out
        _write(folder, source, text, notebook, files)
        if not place:
            yield from student_file.notes(exercises, late)
        said = f", seed {own_seed}" if key else ""
        yield f"{folder / source.name}: {len(text.encode()):,} bytes{said}"


def tried(name, seeds=50):
    """Lines that say that a homework judges rightly, open and sealed, and gives nothing away.

    Args:
        name: see `source_of`.
        seeds: how many variants are tried, where the file has any.

    Raises:
        ValueError: it does not.
    """
    source = source_of(name)
    module = exercise_files.loaded(source)
    exercise_files.exercises_in(source)
    count = seeds if variants.varies(module) else 0
    for seed in _counted([None, *range(1, count + 1)], "variant"):
        exercises = variants.variant(module, seed)
        try:
            verify(exercises if seed is None else _drawn(exercises, module))
            if seed is None or seed < TRIED_SEALED:
                text, _, late = _made(source, module, exercises, None, True)
        except ValueError as error:
            if seed is None:
                raise
            raise ValueError(f"with seed={seed}: {error}") from error
        if seed is None:
            yield from student_file.notes(exercises, late)
            yield f"{source.name}: {len(text.encode()):,} bytes when sealed, no answer in it"
    if count:
        yield f"{count} seeds: each with one right answer, and mistakes that differ"


def _check_own(source):
    """Refuses a file of this project: the key would lie there."""
    if source.resolve().is_relative_to(notebooks_folder().resolve()):
        raise ValueError(
            f"`NAME` must be a file of your own where there are seeds: got {str(source)!r}, beside "
            f"which no key may lie. Copy {source.name} and {source.stem}.ipynb into a folder of "
            "your own, and pack the copy."
        )


def _drawn(exercises, module):
    """Those exercises of a variant that are not the file's own: the others have been tried."""
    own = {*map(id, module.EXERCISES)}
    return tuple(each for each in exercises if id(each) not in own)


def _counted(items, unit):
    """The items one by one; a terminal shows how many are done, on a line that goes at the end."""
    return tqdm(items, unit=unit, leave=False, disable=None)


def _made(source, module, exercises, files, sealed_too):
    """The text of the student's file, the notebook, both searched for answers, and `late`."""
    text, late = student_file.student_file(module, exercises)
    notebook = nbformat.read(source.with_suffix(".ipynb"), 4)
    if exercises is not module.EXERCISES:
        _set_tasks(notebook, module, exercises)
    found = next(student_file.leaks(text, exercises, _shown(notebook, files)), None)
    if found:
        raise ValueError(
            f"what is handed out must hold no answer: got {found}. Take it out of the notebook, "
            "the task, the hints, or the code that `view` and cases share with it."
        )
    if sealed_too:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / source.name
            path.write_text(text, encoding="utf-8")
            sealed = exercise_files.exercises_in(path)
        for exercise, other in zip(exercises, sealed, strict=True):
            fault = next(seal_trial.seal_faults(exercise, other), None)
            if fault:
                raise ValueError(
                    f"a sealed exercise must judge as the open one: got exercise "
                    f"{exercise.number}, {fault}. Let its mistakes differ more, or report it."
                )
    return text, notebook, late


def _set_tasks(notebook, module, exercises):
    """Puts each variant's task in place of that of the instructor's notebook."""
    names = variants.names_of(module)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None  # they show other numbers
    for old, new in zip(module.EXERCISES, exercises, strict=True):
        if old.task == new.task:
            continue
        words = [map(re.escape, word) for word in old.task.replace("`", "").split()]
        written = re.compile(r"\s+".join(f"`*{'`*'.join(word)}`*" for word in words))
        cells = [
            c for c in notebook.cells if c.cell_type == "markdown" and written.search(c.source)
        ]
        for cell in cells:
            cell.source = written.sub(lambda _, task=new.task: task, cell.source)
        asked = f".{names[old.number]}.task"
        if not cells and not any(asked in c.source for c in notebook.cells):
            raise ValueError(
                f"the notebook must show each variant's own task: got none of exercise "
                f"{old.number}. Write its task there word for word, or a cell "
                f"`print(homework{asked})`."
            )


def _shown(notebook, files):
    """Everything that can be read in a notebook and in files beside it."""
    texts = []
    for cell in notebook.cells:
        texts.append(cell.source)
        for output in cell.get("outputs", []):
            data = {**output.get("data", {}), "text": output.get("text", "")}
            texts += [value for value in data.values() if isinstance(value, str)]
    for path in sorted(Path(files).rglob("*")) if files else []:
        if path.is_file():
            texts.append(path.read_bytes().decode("utf-8", errors="replace"))
    return "\n".join(texts)


def _write(folder, source, text, notebook, files):
    """The student's folder; nothing is overwritten."""
    if files is not None and not Path(files).is_dir():
        raise ValueError(
            f"`--files` must be a folder: got {str(files)!r}. Name the folder whose files are "
            "handed out beside the notebook."
        )
    places = [folder / source.name, folder / f"{source.stem}.ipynb"]
    there = [path for path in places if path.exists()]
    if there or folder.is_file():
        raise ValueError(
            f"`OUT` must be a new folder: got {str(folder)!r}, "
            f"{f'where {there[0].name} lies' if there else 'which is a file'}. "
            "Name another one: nothing is overwritten."
        )
    folder.mkdir(parents=True, exist_ok=True)
    if files is not None:
        shutil.copytree(files, folder, dirs_exist_ok=True)
    places[0].write_text(text, encoding="utf-8")
    nbformat.write(notebook, places[1])


def _check_folders(students):
    """Refuses two students whose folders would have one name."""
    folders = {}
    for student in students:
        folder = folder_of(student).casefold()
        if folder in folders:
            raise ValueError(
                f"the class list must name each student once: got {folders[folder]!r} and "
                f"{student!r}, whose folders would have one name. Add a column with the number or "
                "login of each."
            )
        folders[folder] = student


def folder_of(student):
    """A student's name as that of a folder on any system.

    Example:
        >>> folder_of("Müller, Jörg / 3")
        'Müller, Jörg _ 3'
    """
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", student).strip(". ")[:120] or "_"
