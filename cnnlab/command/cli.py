"""The command line: `cnnlab lab`, `progress`, `doctor`, `fetch`, `compare`, `solutions` ..."""

import argparse
import os
import sys
import webbrowser
from pathlib import Path

import cnnlab
from cnnlab import doctor
from cnnlab.command import (
    downloads,
    homework_parser,
    lessons,
    marking,
    saved_models,
    serving,
)
from cnnlab.files import fetch
from cnnlab.files.shipped import FIRST_LESSON


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
    if not sys.stdin.isatty():
        print(
            "cnnlab: `--reset` must be agreed to at a keyboard: got no terminal. Your file stays: "
            "type the command in a terminal.",
            file=sys.stderr,
        )
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _doctor(arguments):
    findings = doctor.examine()
    print(*findings, doctor.verdict(findings), sep="\n")
    return int(any(finding.failed for finding in findings))


def _fetch(arguments):
    for option, given in [("--from", arguments.source), ("--remove", arguments.remove)]:
        if given and not arguments.names:
            raise ValueError(
                f"`{option}` must come with names: got none. "
                f"Add some of {', '.join(fetch.names())}, or all."
            )
    if arguments.list or not (arguments.names or arguments.verify):
        print(*downloads.listing(), sep="\n")
        return 0
    return downloads.run(arguments.names, arguments.source, arguments.verify, arguments.remove)


def _diagnose(arguments):
    table = saved_models.diagnosed(arguments.file, arguments.data, arguments.history)
    print(*saved_models.lines(table), sep="\n")
    return int(not table.finding.str.startswith("perhaps ").all())


def _progress(arguments):
    from cnnlab.command import standing

    print(*standing.report(arguments.folder), sep="\n")
    return 0


def _solutions(arguments):
    from cnnlab.exercises import catalogue, solution, variants, verify
    from cnnlab.grading import exercise_files

    names, lessons = arguments.exercises or catalogue.lessons(), catalogue.lessons()
    if arguments.seed is not None and (arguments.notebooks or {*names} & {*lessons}):
        given = " ".join(arguments.exercises) or "no file"
        beside = "--notebooks" if arguments.notebooks else given
        raise ValueError(
            "`--seed` must come with a file of exercises, and without --notebooks: got "
            f"{arguments.seed} with {beside}. `cnnlab solutions FILE --seed 7` prints a variant's."
        )
    if arguments.notebooks:
        return _solved(arguments, names)
    if arguments.no_run:
        raise ValueError("`--no-run` must come with --notebooks DIR: got it alone. Name a folder.")
    for name in names:
        is_lesson = name in lessons
        source = exercise_files.source_of(name)
        exercises = catalogue.exercises(name) if is_lesson else exercise_files.exercises_in(source)
        if arguments.seed is not None:
            exercises = variants.variant(exercise_files.loaded(source), arguments.seed)
        if not is_lesson:
            verify(exercises)
        for exercise in exercises:
            solution(exercise)
            print()
    return 0


def _solved(arguments, names):
    from cnnlab.command import solved

    well = True
    for line, fine in solved.write(names, arguments.notebooks, not arguments.no_run):
        print(line, flush=True)
        well = well and fine
    return int(not well)


def _site(arguments):
    with serving.server(arguments.folder, arguments.port) as server:
        address = f"http://{serving.LOOPBACK}:{server.server_port}/"
        print(f"the site: {address}, for this machine only; Ctrl+C stops it", flush=True)
        if not arguments.no_browser:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0


def _port(text):
    """A port, 0 to 65535; a type for argparse."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 to 65535: got {text}")
    return int(text)


def _count(text):
    """A whole number, 1 or more; a type for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, 1 or more: got {text}")
    return int(text)


def _compare(arguments):
    from cnnlab.comparing.comparison import compare

    given = arguments.paths, arguments.junit, arguments.summary
    return compare(*given, arguments.workers, arguments.seconds)


def _store(arguments):
    from cnnlab.comparing.storing import store

    return store(arguments.paths, arguments.seconds)


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

    stand = commands.add_parser("progress", help="which exercises are done, and where to go on")
    stand.add_argument("--folder", default="work", help="where your copies live (default: work)")
    stand.set_defaults(run=_progress)

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
    deed.add_argument(
        "--list", action="store_true", help="the available files, and which are downloaded"
    )
    deed.add_argument(
        "--verify",
        action="store_true",
        help="check what is downloaded (default: all of it), fetch nothing",
    )
    deed.add_argument("--remove", action="store_true", help="delete what was downloaded")
    bring.set_defaults(run=_fetch)

    find = commands.add_parser("diagnose", help="name what is wrong with a saved model")
    find.add_argument("file", metavar="FILE", help="a .keras file, as model.save writes it")
    find.add_argument("--data", metavar="FILE", help="an .npz file with images and labels")
    find.add_argument("--history", metavar="FILE", help="a .csv file, as CSVLogger writes it")
    find.set_defaults(run=_diagnose)

    same = commands.add_parser("compare", help="do notebooks still give what they store?")
    same.add_argument("--junit", metavar="FILE", help="write pytest's report there, in XML")
    same.add_argument("--summary", metavar="FILE", help="write a table of the changed cells there")
    same.add_argument("--workers", type=_count, default=1, help="notebooks at a time (1)")
    same.set_defaults(run=_compare)

    keep = commands.add_parser("store", help="run notebooks and store what they show, for compare")
    keep.set_defaults(run=_store)
    for command, seconds in [(same, 300), (keep, 600)]:
        command.add_argument(
            "paths",
            nargs="+",
            metavar="PATH",
            help="notebooks, folders, patterns such as '*.ipynb'",
        )
        command.add_argument(
            "--seconds", type=_count, default=seconds, help=f"limit per cell ({seconds})"
        )

    solve = commands.add_parser("solutions", help="print the solutions, or the notebooks solved")
    solve.add_argument("exercises", nargs="*", metavar="05", help=f"{marking.WHICH} (all lessons)")
    solve.add_argument(
        "--notebooks", metavar="DIR", help="write the notebooks there, solved and run"
    )
    solve.add_argument("--no-run", action="store_true", help="write the notebooks, run nothing")
    solve.add_argument("--seed", type=homework_parser.seed, help="print those of this variant")
    solve.set_defaults(run=_solutions)

    homework_parser.add(commands, _count)

    show = commands.add_parser("site", help="show the web site that `make site` built")
    show.add_argument("folder", nargs="?", default="site", help="holds it (default: site)")
    show.add_argument("--port", type=_port, default=0, help="of the server (default: any)")
    show.add_argument("--no-browser", action="store_true", help="open no browser")
    show.set_defaults(run=_site)

    marking.add(commands, _count)
    return parser


def main(arguments=None):
    """Runs one command and returns its exit status.

    Errors in the input end with status 2; a reader that has seen enough, such as `head`, ends the
    command quietly with status 141, as it ends others.
    """
    sys.stdout.reconfigure(encoding="utf-8")  # Windows redirects in a code page without ✓ and ★
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)  # for what Python itself flushes at its end
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        return 141


def _run(arguments):
    parsed = _parser().parse_args(arguments)
    try:
        return parsed.run(parsed)
    except BrokenPipeError:
        raise
    except (ValueError, OSError) as error:
        print(f"cnnlab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("cnnlab: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
