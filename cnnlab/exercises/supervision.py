"""A kernel under grading: its answers are handed over, its output is limited, it has no network.

`grading` loads it into each kernel as an IPython extension, before the first cell. What an answer
came to goes into a record, and another process judges it: nothing that a cell does here can make it
right. The rest stops what students do by accident, not what somebody does on purpose.
"""

import ipaddress
import json
import os
import pickle
import sys
from pathlib import Path

from cnnlab.exercises.handing import UNJUDGED, handed

RECORD = "CNNLAB_RECORD"  # the file that the outcomes of the checks go to
CASES = "CNNLAB_CASES"  # the file that holds what the answers are tried on
LIMIT = "CNNLAB_OUTPUT_LIMIT"  # characters that a notebook may print and show
LONGEST = 150_000_000  # characters of what one answer came to

_record = None
_cases = {}  # of the exercises that are graded: {number: a tuple of arguments, pickled}


def record(**entry):
    """Adds a line to the record; does nothing outside grading."""
    if _record is not None:
        line = json.dumps(entry)
        if len(line) > LONGEST:
            said = "Cannot be judged: what the answer gives back is too large."
            line = json.dumps({"number": entry["number"], "mark": UNJUDGED, "message": said})
        _record.write(line + "\n")
        _record.flush()


def is_graded(number):
    """Whether an exercise is judged in another process."""
    return number in _cases


def hand_over(exercise, answer):
    """Runs an answer on the cases and records what came out; what is right is not known here."""
    record(**handed(exercise, answer, pickle.loads(_cases[exercise.number])))


def load_ipython_extension(shell):
    """Begins the supervision of this kernel; IPython calls it."""
    global _record, _cases
    # what the cells start in turn records nothing
    _record = Path(os.environ.pop(RECORD)).open("a", encoding="ascii")
    _cases = pickle.loads(Path(os.environ.pop(CASES)).read_bytes())
    sys.addaudithook(_refuse_connections)
    _limit_output(shell.kernel.session, int(os.environ.pop(LIMIT)))
    record(event="supervised")


def _limit_output(session, limit):
    """Ends the kernel when its cells have printed and shown more than `limit` characters."""
    from ipykernel.iostream import OutStream

    total = 0

    def count(size):
        nonlocal total
        total += size
        if total > limit:
            record(event="too much output")
            os._exit(1)

    write, send = OutStream.write, session.send

    def limited_write(stream, text):
        count(len(text))
        return write(stream, text)

    def limited_send(socket, message, content=None, *arguments, **options):
        shown = content if content is not None else message
        if isinstance(shown, dict):
            count(_characters(shown.get("content", shown).get("data", {})))
        return send(socket, message, content, *arguments, **options)

    OutStream.write = limited_write  # before the text is kept: a gigabyte never is
    session.send = limited_send  # pictures and results


def _characters(data):
    return sum(len(value) for value in data.values() if isinstance(value, str))


def _refuse_connections(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _is_this_machine(host):
        raise ConnectionRefusedError(f"grading runs without a network: {event} to {host!r}")


def _is_this_machine(host):
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False
