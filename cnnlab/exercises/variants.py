"""Exercises whose numbers depend on a seed, and the seed of a student's notebook, signed.

A file with variants holds `exercises(seed)`, which returns a tuple, and binds those of seed 0:
``edges, seen = EXERCISES = exercises(0)``. The key of the signature lies beside it and stays with
the instructor.
"""

import hashlib
import hmac
import pickle
import secrets
from pathlib import Path

from cnnlab.exercises.exercise import Exercise

SEEDS = 10**6


def varies(module):
    """Whether a file holds variants."""
    return callable(getattr(module, "exercises", None))


def variant(module, seed=None):
    """The exercises of a file, for one seed.

    Args:
        module: the file, loaded.
        seed: a whole number; None: those that the file names itself.

    Raises:
        ValueError: the file has no variants, or this one has other exercises.
    """
    if seed is None:
        return module.EXERCISES
    if not varies(module):
        names = [name for name, each in vars(module).items() if isinstance(each, Exercise)]
        raise ValueError(
            f"`seed` must come with a file that holds exercises(seed): got {module.__name__}.py, "
            "which has one variant only. Define exercises(seed) there, and bind "
            f"`{', '.join(names) or 'edges, seen'} = EXERCISES = "
            "exercises(0)`."
        )
    found, again = module.exercises(seed), module.exercises(seed)
    if not isinstance(found, tuple) or not all(isinstance(each, Exercise) for each in found):
        raise ValueError(
            f"`exercises(seed)` must return a tuple of Exercise: got {str(found)[:60]} for "
            f"seed={seed}. Write a comma behind a single one."
        )
    told = [[(e.number, e.stars, e.points) for e in each] for each in (found, module.EXERCISES)]
    if told[0] != told[1]:
        raise ValueError(
            f"`exercises(seed)` must give each seed the same exercises: got numbers "
            f"{[e.number for e in found]} for seed={seed}, and others, or other stars or points, "
            "in EXERCISES. Let numbers and arrays depend on the seed, and bind "
            "EXERCISES = exercises(0)."
        )
    if [*map(_data, found)] != [*map(_data, again)]:
        raise ValueError(
            f"`exercises(seed)` must give a seed the same exercises each time: got others the "
            f"second time for seed={seed}. Make the generator inside the function: "
            "rng = np.random.default_rng(seed)."
        )
    return found


def _data(exercise):
    """An exercise, as far as it is no code."""
    found = []
    for value in (exercise.task, exercise.hints, exercise.solution, exercise.cases):
        try:
            found.append(pickle.dumps(value))
        except Exception:  # a function that was made inside another
            found.append(None)
    return found


def drawn_apart(module, seed, other):
    """The numbers of the exercises whose task differs between two seeds.

    Args:
        module: the file, loaded.
        seed: a whole number.
        other: another one.

    Raises:
        ValueError: the file makes none of a seed.
    """
    pairs = zip(variant(module, seed), variant(module, other), strict=True)
    return {one.number for one, two in pairs if one.task != two.task}


def names_of(module):
    """{number: the name of the exercise in its file}, by which a notebook asks for it.

    Raises:
        ValueError: an exercise has no name.
    """
    names = {e.number: name for name, e in vars(module).items() if isinstance(e, Exercise)}
    nameless = [e.number for e in module.EXERCISES if e.number not in names]
    if nameless:
        raise ValueError(
            f"each exercise must have a name in its file: got none for {nameless[0]}. Write "
            "`edges = Exercise(...)` and EXERCISES = (edges,), or `edges, seen = EXERCISES`."
        )
    return names


def key_path(source):
    """Where the instructor's key lies: beside the file."""
    return Path(source).with_suffix(".key")


def key_beside(source, make=False):
    """The instructor's key, which lies beside the file; made if asked for.

    Raises:
        ValueError: there is none, or one that was cut.
    """
    path = key_path(source)
    if make and not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError(
            f"the key of the variants must lie beside {Path(source).name}: got no key in "
            f"{str(path)!r}. Take the one that `cnnlab homework pack` made; without it no seed "
            "can be verified."
        )
    return key


def seed_of(key, student):
    """The seed of a student, from 1 on: the same each time, and not to be told without the key."""
    digest = hmac.digest(key, f"seed\n{student}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big") % (SEEDS - 1) + 1


def signed(key, name, seed, student=""):
    """What a notebook's metadata says of its variant."""
    entry = {"homework": name, "seed": seed, "student": student}
    return {**entry, "signature": _signature(key, entry)}


def _signature(key, entry):
    told = "\n".join(f"{len(str(value))} {value}" for value in entry.values())
    return hmac.digest(key, _bytes(told), hashlib.sha256).hex()


def _bytes(text):
    return text.encode(errors="surrogatepass")  # what was forged may be no text


def entry_of(notebook):
    """What a notebook's metadata says of its variant, whether true or not; {} if nothing."""
    metadata = notebook.metadata if isinstance(notebook.metadata, dict) else {}
    entry = metadata.get("cnnlab")
    return entry if isinstance(entry, dict) else {}


def variant_of(notebook, key, name):
    """The seed of a submitted notebook.

    Args:
        notebook: as nbformat reads it.
        key: the instructor's, see `key_beside`.
        name: of the homework, without ".py".

    Returns:
        (seed, student): the student is "" where all have the same seed.

    Raises:
        ValueError: the notebook says none, that of another homework, or one that was changed.
    """
    entry = entry_of(notebook)
    told = {field: entry.get(field) for field in ("homework", "seed", "student")}
    if "signature" not in entry or None in told.values():
        raise ValueError(
            "the notebook must say its variant: got none in its metadata. It was made anew or "
            "copied cell by cell. Ask for the notebook that was handed out, with the answers in it."
        )
    if told["homework"] != name:
        raise ValueError(
            f"the notebook must be one of {name}: got one of {told['homework']}. "
            "Ask for the right one."
        )
    fits = hmac.compare_digest(_bytes(str(entry["signature"])), _bytes(_signature(key, told)))
    if not fits or [type(told["seed"]), type(told["student"])] != [int, str]:
        raise ValueError(
            f"the variant of a notebook must be the one handed out: got seed {told['seed']} for "
            f"{told['student'] or 'everybody'}, with a signature that does not fit: it was "
            "changed. Ask for the notebook that was handed out."
        )
    return told["seed"], told["student"]
