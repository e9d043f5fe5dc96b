"""The command line: `cnnlab lab`, `cnnlab doctor`."""

import argparse
import sys
from pathlib import Path

import cnnlab
from cnnlab import doctor, lessons


def _lab(arguments):
    folder = Path(arguments.folder)
    for line in lessons.copy(folder, reset=arguments.reset, agreed=_agreed):
        print(line)
    if arguments.no_browser:
        print(f"the lessons lie in {folder}: open {folder / lessons.FIRST} in JupyterLab.")
        return 0
    return lessons.open_jupyterlab(folder)


def _agreed(question):
    """Whether the student answers yes; without a keyboard the answer is no."""
    return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _doctor(arguments):
    findings = doctor.examine()
    for finding in findings:
        print(finding)
    return int(any(finding.failed for finding in findings))


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
        help="start lesson 03 afresh; asks first and keeps your old copy beside it",
    )
    lab.add_argument("--no-browser", action="store_true", help="copy the lessons, start nothing")
    lab.set_defaults(run=_lab)

    examine = commands.add_parser("doctor", help="check this machine, with a remedy per fault")
    examine.set_defaults(run=_doctor)
    return parser


def main(arguments=None):
    """Runs one command and returns its exit status; errors in the input end with status 2."""
    parsed = _parser().parse_args(arguments)
    try:
        return parsed.run(parsed)
    except (ValueError, OSError) as error:
        print(f"cnnlab: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
