"""The words of `cnnlab homework`: new, verify, pack."""

import argparse

LARGEST_SEED = 999_999


def add(commands, count):
    """Adds the command to the parsers of `cnnlab`.

    Args:
        commands: what argparse gives for subcommands.
        count: the type of a whole number, 1 or more.
    """
    hand = commands.add_parser("homework", help="hand homework out without its answers")
    deeds = hand.add_subparsers(required=True, metavar="DEED")

    begin = deeds.add_parser("new", help="begin a homework: its exercises and its notebook")
    begin.add_argument("name", metavar="NAME", help="of NAME.py and NAME.ipynb")
    begin.set_defaults(run=_new)

    trial = deeds.add_parser("verify", help="try a homework, as it is and as students get it")
    trial.add_argument("--seeds", type=count, default=50, help="variants to try (50)")
    trial.set_defaults(run=_verify)

    seal = deeds.add_parser("pack", help="write what students get: it judges, and holds no answer")
    for each in (trial, seal):
        each.add_argument("name", metavar="NAME", help="the file of exercises, NAME.py")
    seal.add_argument("out", metavar="OUT", help="the folder to write")
    variant = seal.add_mutually_exclusive_group()
    variant.add_argument("--seed", type=seed, help="of the variant that everybody gets")
    variant.add_argument(
        "--seeds", metavar="CSV", help="the class list: a folder and a variant per student"
    )
    seal.add_argument("--files", metavar="DIR", help="hand out what lies in this folder, too")
    seal.add_argument(
        "--nbgrader", action="store_true", help="as a source assignment of nbgrader, in OUT"
    )
    seal.set_defaults(run=_pack)


def seed(text):
    """A seed; a type for argparse."""
    if not text.isdecimal() or int(text) > LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 to {LARGEST_SEED}: got {text}")
    return int(text)


def _new(arguments):
    from cnnlab.command import template

    return _printed(template.write(arguments.name))


def _verify(arguments):
    from cnnlab.command import homework

    return _printed(homework.tried(arguments.name, arguments.seeds))


def _pack(arguments):
    from cnnlab.command import homework

    options = arguments.seed, arguments.seeds, arguments.files, arguments.nbgrader
    return _printed(homework.pack(arguments.name, arguments.out, *options))


def _printed(lines):
    from tqdm.auto import tqdm

    for line in lines:
        with tqdm.external_write_mode():  # above the line of progress, if there is one
            print(line, flush=True)
    return 0
