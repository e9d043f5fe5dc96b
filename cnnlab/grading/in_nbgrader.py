"""nbgrader's autograde by this project's judge: each submission alone, its answers judged apart.

nbgrader keeps the books and writes the pages; how a notebook runs and what it is worth is decided
as by ``cnnlab grade``. A course asks for it in its ``nbgrader_config.py``.
"""

import functools
from pathlib import Path

from cnnlab.exercises.self_test import verify
from cnnlab.exercises.variants import names_of
from cnnlab.grading import exercise_files, feedback, grades, running


def judge_apart(config, exercises, seconds=600):
    """Has nbgrader's ``autograde`` judge the notebooks whose exercises lie in a folder.

    Args:
        config: nbgrader's, as ``get_config()`` gives it in ``nbgrader_config.py``.
        exercises: the folder of your files of exercises, outside the folders of the course: a
            notebook NAME.ipynb is judged by its NAME.py. Others run as nbgrader runs them.
        seconds: the time limit of a notebook.

    Raises:
        ValueError: there is no such folder, or it lies in nbgrader's `source`, which is handed out.
    """
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import Execute

    folder = Path(exercises).expanduser().resolve()
    if not folder.is_dir() or Path("source").resolve() in (folder, *folder.parents):
        raise ValueError(
            f"`exercises` must be a folder of your own, not handed out: got {str(exercises)!r}. "
            "Give the path of the one that holds your files of exercises, beside `source`."
        )

    class JudgedApart(Execute):
        """Runs a notebook, each of our own as `cnnlab grade` does."""

        def preprocess(self, nb, resources):
            source = folder / f"{resources['nbgrader']['notebook']}.py"
            if not source.is_file():
                return super().preprocess(nb, resources)
            here = Path(resources["metadata"]["path"]).resolve()
            hidden = (folder, Path.cwd())  # nbgrader works in the folder of the course
            rules = running.Rules(source, seconds=seconds, hidden=hidden, files=here)
            for line in judged(nb, rules):
                self.log.warning("%s: %s", resources["nbgrader"]["student"], line)
            return nb, resources

    stages = Autograde().autograde_preprocessors
    ours = [JudgedApart if stage is Execute else stage for stage in stages]
    config.Autograde.autograde_preprocessors = ours


@functools.cache
def _known(source, content):
    """({number: the name of the exercise in its file}, the exercises), tried once."""
    exercises = exercise_files.exercises_in(source, content)
    verify(exercises)
    return names_of(exercise_files.loaded(source, content)), exercises


def judged(notebook, rules):
    """Runs a notebook and puts points, diagnoses and hints into its autograded cells.

    Args:
        notebook: as nbformat reads it; changed.
        rules: `running.Rules`.

    Returns:
        Lines: what needs a look.
    """
    names, exercises = _known(rules.source, rules.source.read_bytes())
    entries = running.run_cells(notebook, rules)
    entries = [*_left(notebook, names), *entries]
    table = grades.rows("", exercises, entries)
    shown = {
        names[exercise.number]: (row["points"], page_of(row, exercise))
        for row, exercise in zip(table, exercises, strict=True)
    }
    for cell in notebook.cells:
        told = cell.metadata.get("nbgrader", {})
        if told.get("grade") and told.get("grade_id") in shown:
            cell.outputs = outputs(*shown[told["grade_id"]])
    lines = [f"{row['exercise']}: {row['diagnosis']}" for row in table if grades.is_unjudged(row)]
    if {row["result"] for row in table} == {"not answered"}:
        lines.append("nothing answered, 0 points")
    if not table[0]["run"].startswith("to its end"):
        lines.append(f"the notebook ran: {table[0]['run']}")
    return [*lines, *running.not_enforced()]


def _left(notebook, names):
    """Entries of exercises whose cell still raises nbgrader's stub, so that no answer has a name.

    They stand before those of checks, which count where there are any.
    """
    for number, name in names.items():
        for cell in notebook.cells:
            mine = cell.metadata.get("nbgrader", {}).get("grade_id") == f"{name}_answer"
            if mine and any(o.get("ename") == "NotImplementedError" for o in cell.outputs):
                yield {"number": number, "mark": "○", "message": "not answered yet"}


def page_of(row, exercise):
    """What a student reads of one exercise."""
    text, hint = feedback.told(row, exercise)
    lines = [f"{feedback.MARKS.get(row['result'], '○')} {row['exercise']} {text}"]
    if row["result"] == "not checked":
        lines.append(f"How the run ended: {row['run']}.")
    return "\n".join([*lines, *([f"Hint: {hint}"] if hint else [])]) + "\n"


def outputs(points, text):
    """The outputs of an autograded cell: what is said, and the number that nbgrader reads."""
    from nbformat import v4

    plain = {"text/plain": repr(points)}
    return [
        v4.new_output("stream", name="stdout", text=text),
        v4.new_output("execute_result", data=plain, execution_count=None),
    ]
