"""The command line: `cnnlab lab`, `doctor`, `fetch`, `solutions`, `grade`."""

import argparse
import os
import sys
from pathlib import Path

import cnnlab
from cnnlab import doctor
from cnnlab.command import lessons
from cnnlab.files import fetch
from cnnlab.files.shipped import FIRST_LESSON, notebooks_folder


def _lab(arguments):
    folder = Path(arguments.folder)
    for line in lessons.copy(folder, reset=arguments.reset, agreed=_agreed):
        print(line)
    if arguments.no_browser:
        print(f"the lessons lie in {folder}: open {folder / FIRST_LESSON} in JupyterLab.")
        return 0
    return lessons.open_jupyterlab(folder)


def _agreed(question):
    """Whether the student answers yes; without a keyboard the answer is no."""
    return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _doctor(arguments):
    findings = doctor.examine()
    print(*findings, doctor.verdict(findings), sep="\n")
    return int(any(finding.failed for finding in findings))


def _fetch(arguments):
    here = [name for name in fetch.names() if fetch.path(name).exists()]
    names = here if arguments.verify and arguments.names in ([], ["all"]) else arguments.names
    for option, given in [("--from", arguments.source), ("--remove", arguments.remove)]:
        if given and not names:
            raise ValueError(
                f"`{option}` must come with names: got none. "
                f"Add some of {', '.join(fetch.names())}, or all."
            )
    if arguments.list or not names:
        print(fetch.listing().to_string())
        return 0
    return fetch.fetch_command(names, arguments.source, arguments.verify, arguments.remove)


def _solutions(arguments):
    from cnnlab.exercises import engine, solution, verify
    from cnnlab.grading import submissions

    for name in arguments.exercises or engine.lessons():
        is_lesson = name in engine.lessons()
        source = submissions.source_of(name)
        exercises = engine.exercises(name) if is_lesson else submissions.exercises_in(source)
        if not is_lesson:
            verify(exercises)
        for exercise in exercises:
            solution(exercise)
            print()
    return 0


def _grade(arguments):
    from cnnlab.grading import grades, submissions

    name = arguments.exercises or notebooks_folder() / "homework" / "edges_and_digits.py"
    rules = submissions.Rules(submissions.source_of(name), arguments.seconds, arguments.output)
    rows = submissions.grade(arguments.folder, arguments.out, rules, arguments.jobs)
    print(*submissions.irregular(arguments.folder), *grades.summary(rows, rules.source), sep="\n")
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="cnnlab", description="The CNN workbook's commands.")
    parser.add_argument("--version", action="version", version=cnnlab.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    lab = commands.add_parser("lab", help="copy the lessons to work/ and open JupyterLab there")
    lab.add_argument("--folder", default="work", help="where your copies live (default: work)")
    lab.add_argument(
        "--reset",
        action="append",
        default=[],
        metavar="03",
        help="start lesson 03 (or homework) afresh; asks first and keeps your copy beside it",
    )
    lab.add_argument("--no-browser", action="store_true", help="copy the lessons, start nothing")
    lab.set_defaults(run=_lab)

    examine = commands.add_parser("doctor", help="check this machine, with a remedy per fault")
    examine.set_defaults(run=_doctor)

    bring = commands.add_parser("fetch", help="bring full data sets and ImageNet weights, verified")
    bring.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(fetch.names())}, or all"
    )
    deed = bring.add_mutually_exclusive_group()
    deed.add_argument(
        "--from", dest="source", metavar="DIR", help="a folder or mirror that holds the files"
    )
    deed.add_argument("--list", action="store_true", help="what there is, and what is here")
    deed.add_argument(
        "--verify", action="store_true", help="check what is here (default: all), fetch nothing"
    )
    deed.add_argument("--remove", action="store_true", help="delete what was fetched")
    bring.set_defaults(run=_fetch)

    solve = commands.add_parser("solutions", help="print the solutions, for instructors")
    which = "a lesson's number or a file that holds EXERCISES"
    solve.add_argument("exercises", nargs="*", metavar="05", help=f"{which} (default: all lessons)")
    solve.set_defaults(run=_solutions)

    mark = commands.add_parser("grade", help="run many submitted notebooks and grade them")
    mark.add_argument("folder", help="holds the notebooks, also in subfolders")
    mark.add_argument("--out", default="grades.csv", help="the table to write (grades.csv)")
    mark.add_argument("--exercises", metavar="FILE", help=f"{which} (default: the homework's)")
    mark.add_argument("--jobs", type=int, default=os.cpu_count(), help="kernels at a time")
    mark.add_argument("--seconds", type=float, default=600, help="limit per notebook (600)")
    mark.add_argument(
        "--output", type=int, default=20_000_000, help="characters a notebook may print (20000000)"
    )
    mark.set_defaults(run=_grade)
    return parser


def main(arguments=None):
    """Runs one command and returns its exit status; errors in the input end with status 2."""
    parsed = _parser().parse_args(arguments)
    sys.stdout.reconfigure(encoding="utf-8")  # Windows redirects in a code page without ✓ and ★
    try:
        return parsed.run(parsed)
    except (ValueError, OSError) as error:
        print(f"cnnlab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("cnnlab: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
