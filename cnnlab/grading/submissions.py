"""Many submitted notebooks, run and graded: `cnnlab grade FOLDER --out grades.csv`.

What is done is kept in a journal beside the table (see `journal`), so that a second start runs only
what is new or was left; the notebooks as they ran lie in a folder beside it.
"""

import difflib
import hashlib
import logging
import re
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cnnlab.exercises import Exercise, variants
from cnnlab.exercises.self_test import verify
from cnnlab.grading import (
    by_hand,
    collecting,
    deliveries,
    exercise_files,
    failed_cells,
    grades,
    judging_apart,
    regrading,
    roster,
    running,
    seeds,
    soundness,
)
from cnnlab.grading.journal import PASSING, Journal, key

LONGEST_RUN = 150  # characters of how a run ended, before what is odd about its seed


@dataclass(frozen=True)
class Graded:
    """A class, graded.

    Attributes:
        rows: of the table, dicts with the keys `grades.COLUMNS`.
        handed_in: what each student handed in, `deliveries.HandedIn`, in the order of the rows.
        exercises: a tuple of `Exercise`.
        roster: the class list, `roster.Roster`, or None.
        remarks: what needs a look, a line each.
        ran: {name of a submission: the file of its notebook as it ran}.
        module: the file of the exercises, loaded.
        seeds: {name of a submission: the seed that it was judged by, None without variants};
            without those whose seed is not known.
    """

    rows: list
    handed_in: list
    exercises: tuple
    roster: object
    remarks: list
    ran: dict
    module: object = None
    seeds: dict = field(default_factory=dict)

    def exercises_of(self, name):
        """Those that a submission was judged by; if none are known, without another's hints."""
        if self.module is None:
            return self.exercises
        try:
            return variants.variant(self.module, self.seeds[name])
        except Exception:  # the file makes none of this seed
            return tuple(replace(each, hints=()) for each in self.exercises)


def grade(
    folder,
    out,
    rules,
    jobs=2,
    *,
    listed=None,
    points=None,
    again=(),
    part=None,
    merge=(),
    apart=(),
    semicolons=False,
):
    """Runs every submission and writes a table: a row per submission and exercise.

    Args:
        folder: holds the notebooks, also in subfolders and archives; or one archive of all.
        out: the table to write, CSV, with the journal beside it; see `grades.write`.
        rules: `running.Rules`.
        jobs: how many kernels at a time.
        listed: the file of a class list, or None.
        points: the file of those that were given by hand, or None; see `by_hand`.
        again: names of submissions or students to run whatever the journal says.
        part: (3, 8) for the third of eight machines; None for all.
        merge: journals of other machines.
        apart: paths in the folder that are no submissions.
        semicolons: see `grades.write`.

    Returns:
        `Graded`.

    Raises:
        ValueError: no notebooks, exercises that do not judge rightly, or a folder in the table's
            place.
    """
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it reports what died with a kernel
    folder, out = Path(folder), Path(out)
    content = rules.source.read_bytes()
    module = exercise_files.loaded(rules.source, content)
    exercises = exercise_files.exercises_of(module, rules.source)
    students = roster.read(listed) if listed else None
    given = by_hand.read(points) if points else ()
    mine = (rules.source, variants.key_path(rules.source), rules.files, listed, points)
    apart = [*apart, *filter(None, mine), *_beside(out)]
    rules = replace(rules, hidden=_hidden(rules, folder, out, apart, merge))
    with collecting.Spool() as spool:
        found = collecting.collect(folder, spool, apart)
        if out.is_dir():
            raise ValueError(
                f"`--out` must be a file: got the folder {out}. Write --out {out / 'grades.csv'}."
            )
        verify(exercises)
        judging_apart.handed_cases(module, exercises)  # before anything runs
        handed_in, remarks = deliveries.sorted_out(found, students)
        handed_in, own, odd, more = seeds.allotted(handed_in, module, rules.source, students)
        remarks += more
        elsewhere = seeds.answered_elsewhere(handed_in, own, odd, module)
        if part:
            handed_in = [each for each in handed_in if each.found][part[0] - 1 :: part[1]]
            remarks = [f"part {part[0]} of {part[1]}: {len(handed_in)} submissions"]
        chosen = _chosen(again, handed_in)
        out.parent.mkdir(parents=True, exist_ok=True)
        old = grades.read(out) if out.is_file() else []
        with _kept(rules, content) as (rules, digest):
            by = {each.name: _by(digest, own.get(each.name)) for each in handed_in}
            journal = Journal(out.with_name(out.name + ".journal"), merge)
            ran = _ran(out, merge)
            try:
                done = _run_all(handed_in, rules, own, by, journal, ran, jobs, chosen)
            finally:
                changed = journal.close()
    if changed:
        remarks.append("the journal was changed from elsewhere while submissions ran: undone")
    remarks += [f"{each.name}: {odd[each.name]}" for each in handed_in if each.name in odd]
    names = {e.number: name for name, e in vars(module).items() if isinstance(e, Exercise)}
    for each in handed_in:
        if each.found:
            early = failed_cells.unchecked(ran / _file_of(each, by), names)
            done[each.name] = [*early, *done[each.name]]  # a check that was run counts
            done[each.name] = seeds.undiagnosed(done[each.name], elsewhere.get(each.name, ()))
    rows = [row for each in handed_in for row in _rows(each, exercises, done, own, odd)]
    rows = by_hand.taken_in(rows, given)
    remarks += journal.remarks({_key(each, by) for each in handed_in if each.found})
    remarks += regrading.changes(old, rows, _reasons(handed_in, by, journal, chosen))
    grades.write(rows, out, semicolons=semicolons)
    files = {each.name: ran / _file_of(each, by) for each in handed_in if each.found}
    return Graded(rows, handed_in, exercises, students, remarks, files, module, own)


def _by(digest, seed):
    """What a submission is judged by: the digest of the exercises, and the seed if there is one."""
    return digest if seed is None else f"{digest} seed {seed}"


def _file_of(each, by):
    """The name of a notebook as it ran: short and plain, whatever the submission's name."""
    return f"{_key(each, by)[:32]}.ipynb"


def _key(each, by):
    return key(each.found.name, each.found.digest, by[each.name])


def _beside(out):
    """The table, its journal and what else was written there: no submissions."""
    if not out.parent.is_dir():
        return
    stem, ending = re.escape(out.stem), re.escape(out.suffix)
    table = rf"{stem}(\.before-.+|\.moodle|\.canvas)?{ending}(\.journal|\.ran)?(\.part)?"
    own = re.compile(rf"{table}|{stem}\.report\.html")
    yield from (path for path in out.parent.iterdir() if own.fullmatch(path.name))


def _hidden(rules, folder, out, apart, merge):
    """What no notebook may see: the others, whatever is graded by, and what comes of it."""
    written = [out.with_name(out.name + ending) for ending in ("", ".journal", ".ran", ".part")]
    others = [p for j in map(Path, merge) for p in (j, _ran_of(j), j.with_suffix(""))]
    return (*rules.hidden, folder, *map(Path, apart), *written, *others)


def _ran_of(journal):
    """The folder of the notebooks as they ran, beside a journal."""
    return journal.with_suffix(".ran")


def _chosen(names, handed_in):
    """The names of the submissions that are to be run again."""
    chosen = set()
    for name in names:
        found = {each.name for each in handed_in if name in (each.name, each.student, each.number)}
        if not found:
            known = sorted({text for each in handed_in for text in (each.name, each.student)})
            near = [text for text in known if name.casefold() in text.casefold()][:5]
            near = near or difflib.get_close_matches(name, known, n=1, cutoff=0)
            raise ValueError(
                f"`--again` must name a submission or a student, as in the table: got {name!r}. "
                f"Did you mean {' or '.join(map(repr, near))}?"
            )
        chosen |= found
    return chosen


@contextmanager
def _kept(rules, content):
    """The rules, with a copy of the exercises and files as they are now; and a digest of these."""
    digest = hashlib.sha256(rules.source.name.encode() + b"\n" + content)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        source = Path(place) / rules.source.name
        source.write_bytes(content)
        files = None
        if rules.files:
            files = Path(place) / "files"
            shutil.copytree(rules.files, files)
            for path in sorted(files.rglob("*")):
                name = path.relative_to(files).as_posix()
                digest.update(f"\n{name}\n".encode(errors="surrogateescape"))
                digest.update(path.read_bytes() if path.is_file() else b"")
        hidden = (*rules.hidden, Path(place))
        yield replace(rules, source=source, files=files, hidden=hidden), digest.hexdigest()


def _ran(out, merge):
    """The folder of the notebooks as they ran, with those of other machines."""
    ran = out.with_name(out.name + ".ran")
    ran.mkdir(exist_ok=True)
    for journal in map(Path, merge):
        other = _ran_of(journal)
        if other.is_dir() and other.resolve() != ran.resolve():
            shutil.copytree(other, ran, dirs_exist_ok=True)
    return ran


def _run_all(handed_in, rules, own, by, journal, ran, jobs, again):
    """{name: entries} of all submissions, from the journal or from a run now."""
    from tqdm.auto import tqdm

    done, todo, kernels = {}, [], set()
    for each in handed_in:
        if each.found is None:
            continue
        known = None if each.name in again else journal.result(_key(each, by), rules)
        if each.found.trouble:
            done[each.name] = [{"run": f"not run: {each.found.trouble}"}]
        elif known:
            done[each.name] = known
        else:
            todo.append(each)
    total = len(done) + len(todo)
    with (
        tqdm(total=total, initial=len(done), unit="notebook") as bar,
        ThreadPoolExecutor(jobs) as pool,
    ):
        futures = {}
        for each in todo:
            mine = replace(rules, seed=own.get(each.name))
            futures[pool.submit(_run, each, mine, kernels, ran / _file_of(each, by))] = each
        try:
            for future in as_completed(futures):
                each = futures[future]
                done[each.name] = future.result()
                journal.add(each.name, each.found.digest, by[each.name], rules, done[each.name])
                bar.update()
        except BaseException:  # Ctrl-C, or a full disk: no kernel outlives the command
            pool.shutdown(wait=False, cancel_futures=True)
            while any(future.running() for future in futures):
                for process in [*kernels]:
                    running.kill(process)
                time.sleep(0.1)
            raise
    return done


def _run(each, rules, kernels, keep):
    """The entries of one submission; a fault in running it does not end the others."""
    content = each.found.read()
    try:
        entries = running.run(content, rules, kernels, keep)
    except Exception as error:
        return [{"run": f"{PASSING[1]} ({type(error).__name__}: {error})"}]
    if skipped := soundness.skipped_cells(content):
        cells = ", ".join(map(str, skipped))
        run = f"{entries[-1]['run']}; not run, for its tag skip-execution: cell {cells}"
        entries = [*entries[:-1], {"run": run}]
    return entries


def _rows(each, exercises, done, own, odd):
    if each.found is None:
        return grades.absent(exercises, each.student, each.number, each.instead)
    *entries, last = done[each.name]
    if each.name in odd:
        run = grades.cleaned(last["run"])[:LONGEST_RUN]
        last = {"run": f"{run}; {odd[each.name]}"}
    given = each.student, each.number, own.get(each.name)
    return grades.rows(each.name, exercises, [*entries, last], *given)


def _reasons(handed_in, by, journal, again):
    """{name: why its result may be another than before} of all that were run now."""
    return {
        each.name: regrading.reason(
            journal.before(each.name, _key(each, by)), each.found.digest, by[each.name]
        )
        for each in handed_in
        if each.found and each.name not in again and _key(each, by) not in journal.known
    } | dict.fromkeys(again, "run again")
