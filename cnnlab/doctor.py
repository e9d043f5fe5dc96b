"""Is this machine ready for the course? One finding per check, each with its remedy.

Every check is a function of what was measured, so that each fault can be tried on a sound machine;
`examine` measures.
"""

import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cnnlab import datasets
from cnnlab.files import fetch
from cnnlab.files.shipped import notebooks_folder

PYTHONS = ("3.11", "3.12", "3.13")  # those that TensorFlow is built for
LIBRARIES = {  # the oldest version of each that the course runs on
    "tensorflow": "2.20",
    "keras": "3.11",
    "numpy": "2.1",
    "matplotlib": "3.10",
    "pandas": "2.2",
    "jupyterlab": "4.4",
    "ipywidgets": "8.1",
}
FREE_DISK = 1e9  # bytes: caches of features and of decoded photographs
MEMORY = 4e9  # bytes: the largest lesson stays below 3 GB
NO_BUILD = {
    ("Darwin", "x86_64"): (
        "TensorFlow has no build for Intel Macs any more: use another machine, or Linux on this "
        "one (a Mac with Apple's processor needs the arm64 Python)."
    ),
    ("Windows", "ARM64"): (
        "TensorFlow has no build for Windows on ARM: install the 64-bit (AMD64) Python."
    ),
}
SETTINGS = ["channels_last", "float32"]  # of Keras, as the lessons expect them
HIDEABLE = {*sys.stdlib_module_names, *LIBRARIES, "cnnlab"}  # by a student's file of that name
# The exit status on macOS and Linux, in a shell, on Windows.
ILLEGAL_INSTRUCTION = (-4, 132, 0xC000001D)


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report; `remedy` is empty where nothing is wrong."""

    check: str
    seen: str
    remedy: str = ""
    failed: bool = False

    def __str__(self):
        """✓, ! (works, but) or ✗ (must be mended), what was seen, and what to do."""
        sign = "✗" if self.failed else "!" if self.remedy else "✓"
        return f"{sign} {self.check}: {self.seen}" + (f". {self.remedy}" if self.remedy else "")


def _failed(check, seen, remedy):
    return Finding(check, seen, remedy, failed=True)


def _numbers(version):
    """(2, 20) of "2.20.0rc1": what decides which version is older."""
    return tuple(int("0" + "".join(filter(str.isdigit, n))) for n in version.split(".")[:2])


def check_python(version):
    """A finding about the version of Python, such as "3.12.1"."""
    if ".".join(version.split(".")[:2]) in PYTHONS:
        return Finding("Python", version)
    which = f"{', '.join(PYTHONS[:-1])} or {PYTHONS[-1]}"
    remedy = f"TensorFlow has no build for it: install Python {which} and try again."
    return _failed("Python", version, remedy)


def check_platform(system, machine, bits=64):
    """A finding about the system, as the module `platform` names it, and the bits of Python."""
    seen = f"{system} {machine}"
    if (system, machine) in NO_BUILD:
        return _failed("platform", seen, NO_BUILD[system, machine])
    if bits != 64:
        remedy = "TensorFlow needs the 64-bit Python: install that one."
        return _failed("platform", f"{seen}, {bits}-bit Python", remedy)
    return Finding("platform", seen)


def check_library(name, version):
    """A finding about an installed library; its version is None where it is absent."""
    oldest = LIBRARIES[name.removesuffix("-cpu")]
    if version is None or _numbers(version) < _numbers(oldest):
        remedy = f'The course needs {oldest} or newer: pip install --upgrade "{name}>={oldest}".'
        return _failed(name, version or "absent", remedy)
    return Finding(name, version)


def check_metal(version):
    """A finding about Apple's plugin, or None where it is absent, as it should be."""
    if version is None:
        return None
    remedy = "Apple's plugin does not work with this TensorFlow: pip uninstall tensorflow-metal."
    return _failed("tensorflow-metal", version, remedy)


def check_backend(status, printed, complained, asked="tensorflow"):
    """A finding about a process that imported Keras and printed its backend and `SETTINGS`.

    Args:
        status: its exit status.
        printed: its standard output.
        complained: its standard error.
        asked: the backend that KERAS_BACKEND or keras.json names.
    """
    backend, *settings = printed.split()[-3:] or [asked]
    if backend != "tensorflow":
        remedy = "Unset KERAS_BACKEND (or edit ~/.keras/keras.json) and try again."
        return _failed("Keras backend", backend, remedy)
    if status in ILLEGAL_INSTRUCTION:
        remedy = "TensorFlow needs a processor with AVX: use another machine."
        return _failed("Keras starts", "illegal instruction", remedy)
    if status:
        last = (complained.strip().splitlines() or [f"no message, exit status {status}"])[-1]
        return _failed("Keras starts", last, "Install again in a new environment.")
    if settings != SETTINGS:
        remedy = f"The lessons need {' and '.join(SETTINGS)}: edit ~/.keras/keras.json."
        return _failed("Keras settings", " and ".join(settings), remedy)
    return Finding("Keras backend", backend)


def check_kernel(command, prefix):
    """A finding about the Python that JupyterLab starts for a notebook.

    Args:
        command: the first word of the kernel's command; None where there is no kernel.
        prefix: the folder of the environment that the course is installed in.
    """
    if command is None:
        return _failed("kernel", "absent", "pip install ipykernel, then start JupyterLab again.")
    # A bare "python" is the Python that started JupyterLab. Links are not followed: every virtual
    # environment links to the same Python.
    inside = Path(os.path.abspath(command)).is_relative_to(os.path.abspath(prefix))  # noqa: PTH100
    if not Path(command).is_absolute() or inside:
        return Finding("kernel", "starts this Python")
    remedy = "Another installation's kernel is found first: jupyter kernelspec remove python3."
    return _failed("kernel", f"starts {command}", remedy)


def check_data(verify):
    """A finding about the files of `data/`; `verify` counts them, or raises what is wrong."""
    try:
        return Finding("data", f"{verify()} files, every hash right")
    except ValueError as error:
        return _failed("data", str(error), "")  # it names its remedy
    except OSError as error:
        return _failed("data", str(error), "Restore data/ from the repository, or install again.")


def check_lessons(find):
    """A finding about the lessons; `find` returns their folder, or raises what is wrong."""
    try:
        return Finding("lessons", f"{len([*find().glob('*.ipynb')])} notebooks")
    except ValueError as error:
        return _failed("lessons", str(error), "")  # it names its remedy


def check_folder(folder):
    """A finding about the folder in which the student works: writable, and hiding no module?"""
    fault = _write_fault(folder)
    if fault:
        return _failed("folder", f"{folder}: {fault}", "Start from a folder of your own.")
    hiding = sorted(path.name for path in Path(folder).glob("*.py") if path.stem in HIDEABLE)
    if hiding:
        remedy = "A notebook here imports it in the place of the module of that name: rename it."
        return _failed("folder", f"holds {', '.join(hiding)}", remedy)
    return Finding("folder", "can be written")


def check_cache(folder, fetched, verify=fetch.verify):
    """A finding about the folder of what `cnnlab fetch` brings, which need not exist yet.

    Args:
        folder: where it is, or will be.
        fetched: the names that lie there.
        verify: raises what is wrong with a name.
    """
    fault = _write_fault(next(p for p in (folder, *folder.parents) if p.exists()))
    if fault:
        remedy = "Set CNNLAB_CACHE to a folder of your own before `cnnlab fetch`."
        return Finding("cache", f"{folder}: {fault}", remedy)
    damaged = []
    for name in fetched:
        try:
            verify(name)
        except ValueError:
            damaged.append(name)
        except OSError as error:
            remedy = "Make it readable, or set CNNLAB_CACHE to a folder of your own."
            return Finding("cache", f"{name}: {error.strerror or error}", remedy)
    if damaged:
        remedy = f"Fetch it again: cnnlab fetch {' '.join(damaged)}."
        return Finding("cache", f"{', '.join(damaged)} damaged", remedy)
    return Finding("cache", ", ".join(fetched) or "empty, as no lesson needs it")


def check_disk(free):
    """A finding about the free bytes on the disk."""
    remedy = "Free 1 GB for the caches." if free < FREE_DISK else ""
    return Finding("disk", f"{free / 1e9:.0f} GB free", remedy)


def check_cores(count):
    """A finding about the processor cores that this process may use."""
    return Finding("cores", str(count), "" if count > 1 else "Lessons take twice the stated time.")


def check_memory(total):
    """A finding about the bytes of memory; None where that is not known."""
    if total is None:
        return None
    remedy = "Close other programs while a lesson runs." if total < MEMORY else ""
    return Finding("memory", f"{total / 1e9:.0f} GB", remedy)


def verdict(findings):
    """One sentence about all findings: ready, or how much must be mended."""
    faults = sum(finding.failed for finding in findings)
    if faults:
        return f"{faults} {'thing' if faults == 1 else 'things'} to mend: see ✗ above."
    return "This machine is ready."


def _write_fault(folder):
    """Why a folder cannot be written; None if it can."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _libraries():
    for name in LIBRARIES:
        small = f"{name}-cpu"  # the same TensorFlow without what a graphics card needs
        if name == "tensorflow" and _version(name) is None and _version(small) is not None:
            name = small
        yield check_library(name, _version(name))


def _start_keras():
    # In a process of its own, so that the doctor can report an import that crashes; without the
    # student's folder on its path, which `check_folder` looks at.
    code = "from keras import config as c; print(c.backend(), c.image_data_format(), c.floatx())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
    )
    return check_backend(done.returncode, done.stdout, done.stderr, _asked_backend())


def _asked_backend():
    """The backend that Keras shall take: KERAS_BACKEND, or what its own file says."""
    file = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "keras.json"
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        return os.environ.get("KERAS_BACKEND") or json.loads(file.read_text("utf-8"))["backend"]
    return "tensorflow"


def _kernel_command():
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return None
    try:
        return KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return None


def _cores():
    if hasattr(os, "sched_getaffinity"):  # fewer than there are, in a container
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory(limit=Path("/sys/fs/cgroup/memory.max")):
    """Bytes of memory: the machine's, or what a container may use of it."""
    try:
        import psutil
    except ImportError:
        return None
    total = psutil.virtual_memory().total
    allowed = limit.read_text().strip() if limit.is_file() else "max"
    return min(total, int(allowed)) if allowed.isdigit() else total


def examine(start_keras=True):
    """Every finding about this machine, in the order in which to mend them.

    Args:
        start_keras: whether to start Keras in a process of its own, which takes some seconds, and
            to look for the kernel and the lessons; a lesson, where all that runs, says False.

    Returns:
        A list of Finding; the machine is ready where none has `failed`.
    """
    fetched = [name for name in fetch.names() if fetch.path(name).exists()]
    findings = [
        check_python(platform.python_version()),
        check_platform(platform.system(), platform.machine(), 64 if sys.maxsize > 2**32 else 32),
        *_libraries(),
        check_metal(_version("tensorflow-metal")),
        _start_keras() if start_keras else None,
        check_kernel(_kernel_command(), sys.prefix) if start_keras else None,
        check_lessons(notebooks_folder) if start_keras else None,
        check_data(datasets.verify),
        check_folder(Path.cwd()),
        check_cache(fetch.path("mnist").parent, fetched),
        check_disk(shutil.disk_usage(Path.cwd()).free),
        check_cores(_cores()),
        check_memory(_memory()),
    ]
    return [finding for finding in findings if finding]
