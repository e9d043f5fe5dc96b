"""`cnnlab grade` and `cnnlab report`: their options, and what they write."""

import argparse
import os
import re
from pathlib import Path

from cnnlab.files.shipped import notebooks_folder

WHICH = "a lesson's number or a file that holds EXERCISES"


def add(commands, count):
    """Adds both commands to the parser.

    Args:
        commands: what `add_subparsers` gave.
        count: the type of a whole number, 1 or more.
    """
    mark = commands.add_parser("grade", help="run many submitted notebooks and grade them")
    mark.add_argument("folder", help="holds the notebooks, in subfolders and zip archives too")
    mark.add_argument("--out", default="grades.csv", help="the table to write (grades.csv)")
    mark.add_argument("--exercises", metavar="FILE", help=f"{WHICH} (default: the homework's)")
    mark.add_argument("--roster", metavar="FILE", help="the class list, CSV")
    mark.add_argument("--by-hand", metavar="FILE", help="points given by hand, CSV")
    mark.add_argument("--files", metavar="DIR", help="what it holds lies beside each notebook")
    mark.add_argument("--feedback", metavar="DIR", help="write a page for each student there")
    mark.add_argument(
        "--for",
        dest="platforms",
        action="append",
        default=[],
        choices=("moodle", "canvas"),
        help="write a table for its import of grades too",
    )
    mark.add_argument("--assignment", metavar="TITLE", help="its name in Canvas (the exercises')")
    mark.add_argument("--semicolons", action="store_true", help="between columns, as some Excels")
    mark.add_argument(
        "--again", action="append", default=[], metavar="NAME", help="run this one again"
    )
    mark.add_argument("--part", type=_part, metavar="3/8", help="grade the third of eight parts")
    mark.add_argument(
        "--merge", nargs="+", default=[], metavar="JOURNAL", help="take over these parts' journals"
    )
    mark.add_argument("--jobs", type=count, default=_processors(), help="kernels at a time")
    mark.add_argument("--seconds", type=count, default=600, help="limit per notebook (600)")
    mark.add_argument(
        "--max-characters",
        type=count,
        default=20_000_000,
        help="characters a notebook may print and show (20000000)",
    )
    mark.set_defaults(run=grade)

    tell = commands.add_parser("report", help="write a page about a graded class")
    tell.add_argument("table", metavar="grades.csv", help="the table that `cnnlab grade` wrote")
    tell.add_argument("--submissions", metavar="DIR", help="compare their code, as a hint")
    tell.add_argument("--out", metavar="FILE", help="the page (default: grades.report.html)")
    tell.set_defaults(run=report)


def _processors():
    """How many this process may use, which in a container are fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _part(text):
    """(3, 8) for "3/8"; a type for argparse."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"must be such as 3/8, the third of eight: got {text}")
    return int(found[1]), int(found[2])


def grade(arguments):
    """Runs `cnnlab grade`."""
    from cnnlab.grading import exercise_files, feedback, grades, platforms, running, submissions

    name = arguments.exercises or notebooks_folder() / "homework" / "edges_and_digits.py"
    source, out = exercise_files.source_of(name), Path(arguments.out)
    files = Path(arguments.files) if arguments.files else None
    if files is not None and not files.is_dir():
        raise ValueError(f"`--files` must be a folder: got {files}. Put the files into one.")
    rules = running.Rules(source, arguments.seconds, arguments.max_characters, files=files)
    if arguments.by_hand and arguments.part:
        raise ValueError(
            "`--by-hand` must be given for the whole class: got --part too. Give it with --merge."
        )
    graded = submissions.grade(
        arguments.folder,
        out,
        rules,
        arguments.jobs,
        listed=arguments.roster,
        points=arguments.by_hand,
        again=arguments.again,
        part=arguments.part,
        merge=arguments.merge,
        apart=[Path(folder) for folder in (arguments.feedback, arguments.files) if folder],
        semicolons=arguments.semicolons,
    )
    lines = [*graded.remarks, *running.not_enforced(), *grades.summary(graded.rows, source)]
    for platform in arguments.platforms:
        title = arguments.assignment or source.stem
        columns, rows, remarks = platforms.table(platform, graded, title)
        beside = out.with_name(f"{out.stem}.{platform}.csv")
        grades.write(rows, beside, columns, mark=False)
        lines += [*remarks, f"for {platform.capitalize()}: {beside}"]
    if arguments.feedback:
        pages = feedback.write(graded, arguments.feedback, source.stem)
        lines.append(f"{pages} pages of feedback: {arguments.feedback}")
    print(*lines, sep="\n")
    return 0


def report(arguments):
    """Runs `cnnlab report`."""
    from cnnlab.grading import grades, pages
    from cnnlab.grading import report as about

    source = Path(arguments.table)
    if not source.is_file():
        raise ValueError(
            f"`table` must be a file: got {source}. Give the one that `cnnlab grade` wrote."
        )
    out = Path(arguments.out or source.with_name(f"{source.stem}.report.html"))
    pages.write(out, about.page(grades.read(source), source.stem, arguments.submissions))
    print(f"the class: {out}")
    return 0
