"""A time limit for code that may never end.

A thread of its own wakes the main thread with the signal of Ctrl-C, again and again, until the
code has let go: one `except:` on the way does not save an endless loop.
"""

import signal
import threading
from _thread import interrupt_main

PAUSE = 0.2  # seconds between two signals: long enough to clean up in


class OutOfTime(BaseException):
    """Not an `Exception`: code that catches those does not catch this."""


def limited(function, seconds):
    """What `function()` returns, if it does so in time.

    Best effort: a single long call into a library ends first; a loop that catches everything, each
    time round, goes on; outside the main thread there is no limit at all.

    Args:
        function: called without arguments.
        seconds: the limit, > 0.

    Raises:
        OutOfTime: the limit has passed; the traceback says where the code was.

    Example:
        >>> limited(lambda: 6 * 7, seconds=5)
        42
    """
    if threading.current_thread() is not threading.main_thread():
        return function()
    late = done = False
    finished = threading.Event()

    def on_signal(number, frame):
        if not late:
            raise KeyboardInterrupt  # the student's own Ctrl-C
        if not done:
            raise OutOfTime

    def watch():
        nonlocal late
        late = not finished.wait(seconds)
        while late and not done:
            _wake_main_thread()
            finished.wait(PAUSE)

    before = signal.signal(signal.SIGINT, on_signal)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        try:
            return function()
        finally:
            done = True
    finally:  # a signal can come between the end of the function and `done`
        done = True
        finished.set()
        watcher.join()
        signal.signal(signal.SIGINT, before)


def _wake_main_thread():
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    else:
        interrupt_main()  # Windows: does not wake a sleep
