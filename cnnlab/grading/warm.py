"""Kernels that need no imports: forked from a process that has done them once, on Linux.

    python -m cnnlab.grading.warm SOCKET

imports what notebooks import, and runs nothing of TensorFlow, whose threads no fork would survive.
It never sees an exercise. For each line that a connection brings, the path of an `Order`, it forks
a kernel, in a `sandbox` where the system lets it; the connection ends when the kernel does, and the
kernel when the connection does.
"""

import contextlib
import gc
import importlib
import inspect
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import cnnlab
from cnnlab.grading import sandbox

OFTEN = (  # what a notebook, its kernel, and the report of an error need
    "ipykernel.kernelapp ipywidgets keras matplotlib.pyplot "
    "pandas scipy.ndimage tensorflow stack_data pygments.lexers.python "
    "pygments.formatters.terminal256 pygments.styles.default cnnlab.exercises.supervision "
    "cnnlab.comparing.digests cnnlab.comparing.formats"
).split()
INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel would choose
FAILED = 70  # exit status of a world that could not be furnished


@dataclass(frozen=True)
class Order:
    """A kernel that is asked for.

    Attributes:
        arguments: the kernel's own, the connection file among them.
        environment: variables that are its own.
        folder: holds ``work``, where it runs; ``root``, an empty folder; ``channel``, where its
            sockets are.
        record: the file it writes to.
        seen: files and folders that it may read.
        hidden: those that it may not, although they lie in one that it may.
        isolated: whether it gets a world of its own.
        memory, disk, processes: how much of each it may use: bytes, bytes, a number.
        seconds: of computing.
    """

    arguments: list
    environment: dict
    folder: str
    record: str
    seen: list
    hidden: list
    isolated: bool
    memory: int
    disk: int
    processes: int
    seconds: int

    def write(self, path):
        """Writes it to a file, for `warm` to read."""
        Path(path).write_text(json.dumps(asdict(self)), encoding="utf-8")


def main(address):
    """Serves orders until the standard input ends."""
    _import_all()
    reason = _why_not_apart()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        print(json.dumps({"not isolated": reason}), flush=True)
        children = set()
        while True:
            ready = select.select([sys.stdin, listening], [], [], 1)[0]
            for child in [*children]:
                if os.waitpid(child, os.WNOHANG)[0]:
                    children.discard(child)
            if sys.stdin in ready:
                break
            if listening in ready:
                connection = listening.accept()[0]
                child = os.fork()
                if not child:
                    listening.close()
                    _serve(connection)
                connection.close()
                children.add(child)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _import_all():
    os.environ["MPLBACKEND"] = INLINE
    os.environ.pop("JPY_PARENT_PID", None)  # of who grades: no parent of these kernels
    for name in OFTEN:
        importlib.import_module(name)
    for module in pkgutil.iter_modules(cnnlab.__path__):
        importlib.import_module(f"cnnlab.{module.name}")
    inspect.getmodule(sys._getframe(), "nowhere")  # lists all files: the report of an error would
    gc.collect()
    gc.freeze()  # the pages of what is there stay shared


def _why_not_apart():
    """None, or why the system gives no process a world of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with _never_back(), tempfile.TemporaryDirectory() as folder:
            try:
                root, work = Path(folder, "root"), Path(folder, "work")
                root.mkdir()
                work.mkdir()
                sandbox.apart()
                init = os.fork()
                if not init:
                    try:
                        sandbox.furnish(root, [], [], [], work, 10**6)
                        sandbox.nobody_special()
                    except Exception as error:
                        os.write(writing, str(error).encode())
                    os._exit(0)
                os.waitpid(init, 0)
            except Exception as error:
                os.write(writing, str(error).encode())
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, encoding="utf-8") as file:
        return file.read() or None


@contextlib.contextmanager
def _never_back():
    """A forked process ends here, whatever happens, and runs nothing of who forked it."""
    try:
        yield
    finally:
        os._exit(FAILED)


def _serve(connection):
    """Runs the kernel of one order, and ends it with the connection."""
    with _never_back():
        with connection.makefile(encoding="utf-8") as file:
            path = file.readline().strip()
        order = Order(**json.loads(Path(path).read_text(encoding="utf-8")))
        sandbox.ends_with_its_parent()
        if order.isolated:
            sandbox.first_in_turn()
            sandbox.apart()
        child = os.fork()
        if not child:
            connection.close()
            _live(order)
        ended = os.pidfd_open(child)
        select.select([connection, ended], [], [])
        os.kill(child, signal.SIGKILL)
        if not order.isolated:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _live(order):
    """The first process of a kernel's world: it starts the kernel, and watches it."""
    with _never_back():
        sandbox.ends_with_its_parent()
        os.setsid()
        folder = Path(order.folder)
        channel = str(folder / "channel")
        if order.isolated:
            sandbox.furnish(
                order.folder + "/root",
                order.seen,
                order.hidden,
                [channel, order.record],
                folder / "work",
                order.disk,
            )
            sandbox.seen_by_others(False)
            for name in ("home", "tmp"):
                (folder / name).mkdir()
        bound, began = os.pipe(), os.pipe()
        kernel = os.fork()
        if not kernel:
            _kernel(order, bound[1], began[0])
        os.close(bound[1])
        os.read(bound[0], 1)  # its sockets are there, and nothing of the notebook has run
        if order.isolated:
            sandbox.read_only(channel)
            os.write(began[1], b"1")
            much = sandbox.watched(kernel, order.memory, order.processes)
            if much:
                with Path(order.record).open("a", encoding="ascii") as record:
                    record.write(f"\n{json.dumps({'event': 'too much', 'of': much})}\n")
        else:
            os.write(began[1], b"1")
            os.waitpid(kernel, 0)


def _kernel(order, bound, began):
    """The process that the notebook runs in."""
    with _never_back():
        import numpy as np
        from ipykernel.kernelapp import IPKernelApp

        for name, value in order.environment.items():
            os.environ[name] = value
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        kept = {0, 1, 2, bound, began}
        for number in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208
            if number not in kept:
                with contextlib.suppress(OSError):
                    os.close(number)
        tempfile.tempdir = None
        np.random.seed()  # noqa: NPY002  # each kernel has chance of its own
        os.chdir(Path(order.folder, "work"))
        sys.path.insert(0, "")  # as a kernel's begins
        sandbox.limit(order.memory, order.disk, order.seconds)
        sandbox.last_in_turn()
        if order.isolated:
            sandbox.nobody_special()
            sandbox.seen_by_others(True)  # by who watches how much it uses
        app = IPKernelApp.instance()
        app.initialize(order.arguments)
        os.write(bound, b"1")
        os.read(began, 1)
        os.close(bound)
        os.close(began)
        app.start()


if __name__ == "__main__":
    main(sys.argv[1])
