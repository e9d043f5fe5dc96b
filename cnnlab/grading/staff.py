"""Who works for a whole class: the judge, and on Linux the process that kernels are forked from."""

import functools
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
from pathlib import Path

from cnnlab.comparing import setting
from cnnlab.files import shipped
from cnnlab.grading import judging_apart

WARM = sys.platform == "linux" and hasattr(os, "pidfd_open")
NOWHERE = "http://127.0.0.1:9"  # a proxy that refuses: for pip, curl and their like

# The setting in which outputs are stored and compared, and no way out.
SETTING = {
    **setting.pinned(),
    "PIP_NO_INDEX": "1",
    **{name: NOWHERE for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")},
}
NOT_ENFORCED = (
    "not enforced here: notebooks can read and write your files, reach the network and use all "
    "memory and disk ({}). Grade only notebooks that you trust, or on Linux."
)


def sweep(parent):
    """Removes what programs have left that were killed: a copy of their exercises lies in it."""
    for folder in parent.glob("cnnlab-*-*"):
        process = folder.name.split("-")[1]
        if process.isdigit() and not Path("/proc", process).exists():
            shutil.rmtree(folder, ignore_errors=True)  # another user's stays


class Staff:
    """The judge of some exercises, and what kernels are forked from.

    Args:
        source: the file of the exercises.

    Attributes:
        judge: a `judging_apart.Judge`.
        open_to: one line that says what is not enforced on this machine, or None.
    """

    def __init__(self, source):
        short = "/tmp" if WARM and len(tempfile.gettempdir()) > 40 else None  # paths of sockets
        parent = Path(short or tempfile.gettempdir())
        if WARM:
            sweep(parent)
        self.folder = Path(tempfile.mkdtemp(prefix=f"cnnlab-{os.getpid()}-", dir=parent))
        for name in ("keras", "source"):
            (self.folder / name).mkdir()
        for name in ("models", "datasets"):  # what was fetched is there, settings are not
            known = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / name
            if WARM and known.is_dir():
                (self.folder / "keras" / name).symlink_to(known.resolve())
        self.environment = {**os.environ, **SETTING, "KERAS_HOME": str(self.folder / "keras")}
        self.environment.pop("KERAS_BACKEND", None)
        self._source = self.folder / "source"
        own = shutil.copyfile(source, self._source / Path(source).name)  # one reading
        self._warm = None
        self.judge = judging_apart.Judge(str(own), self.environment)
        self.open_to = NOT_ENFORCED.format(f"{sys.platform} cannot")
        if WARM:
            self._warm_up()

    def _warm_up(self):
        self.address = self.folder / "warm"
        self._warm = subprocess.Popen(
            [sys.executable, "-P", "-m", "cnnlab.grading.warm", str(self.address)],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the grader, which ends it
        )
        reason = json.loads(self._warm.stdout.readline() or '{"not isolated": "no fork"}')
        self.reason = reason["not isolated"]
        self.open_to = NOT_ENFORCED.format(self.reason) if self.reason else None

    def manager(self, folder, environment, rules):
        """The manager of a kernel for one notebook; None: it is started, not forked.

        Args:
            folder: of the notebook; see `warm.Order`.
            environment: the kernel's own variables.
            rules: `running.Rules`.
        """
        if self._warm is None:
            return None
        from cnnlab.grading.client import forked
        from cnnlab.grading.warm import Order

        order = Order(
            arguments=["-f", str(folder / "channel" / "kernel.json"), "--ext", EXTENSION],
            environment=environment,
            folder=str(folder),
            record=str(folder / "record"),
            seen=[*map(str, _seen()), str(folder / judging_apart.CASES)],
            hidden=[str(Path(p).resolve()) for p in (*_keys(), self._source, *rules.hidden)],
            isolated=self.reason is None,
            memory=rules.memory,
            disk=rules.disk,
            processes=rules.processes,
            seconds=int(rules.seconds * (os.cpu_count() or 1)) + 60,
        )
        order.write(folder / "order")
        return forked(self.address, folder / "order", folder / "channel")

    def homes(self, folder):
        """Variables that give a kernel a home of its own, and still what was fetched before."""
        own = {
            "HOME": str(folder / "home"),
            "USERPROFILE": str(folder / "home"),
            "IPYTHONDIR": str(folder / "home" / ".ipython"),  # no start-up files of the grader's
            "TMPDIR": str(folder / "tmp"),
            "CNNLAB_CACHE": str(_cache()),
        }
        if self._warm is not None:
            return {**own, "KERAS_HOME": str(self.folder / "keras")}
        return {**own, "KERAS_HOME": str(folder / "keras"), "MPLCONFIGDIR": _fonts()}

    def close(self):
        """Ends them, and with them every kernel."""
        self.judge.close()
        if self._warm is not None:
            self._warm.stdin.close()
            self._warm.wait()
            self._warm.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


EXTENSION = "cnnlab.exercises.supervision"


@functools.cache
def _seen():
    """Python, its libraries, this package and its data, and what was fetched before."""
    package = shipped.PACKAGE
    places = [
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        package,
        shipped.data_folder(),
        _cache(),
    ]
    places += [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    places += [path for path in named if path and Path(path).resolve() != package.parent]
    keras = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    places += [keras / "models", keras / "datasets"]
    places += [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    both = {each for place in places for each in (Path(place).absolute(), Path(place).resolve())}
    return tuple(sorted(path for path in both if path.exists()))


def _keys():
    """The course's own solutions, which some exercises share."""
    return [shipped.notebooks_folder() / "homework", shipped.PACKAGE.parent / "tests"]


def _fonts():
    """Where Matplotlib keeps its list of fonts: a second to make."""
    import matplotlib

    return matplotlib.get_cachedir()


def _cache():
    import platformdirs

    return Path(
        os.environ.get("CNNLAB_CACHE") or platformdirs.user_cache_dir("cnnlab")
    ).expanduser()
