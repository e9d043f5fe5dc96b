"""Is this machine ready for the course? One finding per check, each with its remedy."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cnnlab import datasets

LIBRARIES = ("tensorflow", "keras", "numpy", "matplotlib", "pandas", "jupyterlab", "ipywidgets")
FREE_DISK = 1e9  # bytes: caches of features and of decoded photographs
FREE_MEMORY = 4e9  # bytes: the largest lesson stays below 3 GB


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


def _python():
    seen = platform.python_version()
    if (3, 11) <= sys.version_info < (3, 14):
        return Finding("Python", seen)
    return Finding("Python", seen, "Install Python 3.11, 3.12 or 3.13 and try again.", failed=True)


def _platform():
    seen = f"{platform.system()} {platform.machine()}"
    if (platform.system(), platform.machine()) == ("Darwin", "x86_64"):
        remedy = "TensorFlow has no build for Intel Macs any more: use the Binder link or Linux."
        return Finding("platform", seen, remedy, failed=True)
    return Finding("platform", seen)


def _library(name):
    names = [name, f"{name}-cpu"] if name == "tensorflow" else [name]
    for installed in names:
        try:
            return Finding(installed, importlib.metadata.version(installed))
        except importlib.metadata.PackageNotFoundError:
            continue
    return Finding(name, "absent", "Run `make lab` again, or `pip install cnnlab`.", failed=True)


def _metal():
    try:
        seen = importlib.metadata.version("tensorflow-metal")
    except importlib.metadata.PackageNotFoundError:
        return None
    remedy = "Apple's plugin does not follow this TensorFlow: pip uninstall tensorflow-metal."
    return Finding("tensorflow-metal", seen, remedy, failed=True)


def _backend():
    # In a process of its own, so that the doctor can report an import that crashes.
    code = "import keras; print(keras.config.backend())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    asked = os.environ.get("KERAS_BACKEND", "tensorflow")
    backend = (done.stdout.split() or [asked])[-1]
    if backend != "tensorflow":
        remedy = "Unset KERAS_BACKEND (or mend ~/.keras/keras.json) and try again."
        return Finding("Keras backend", backend, remedy, failed=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding("Keras starts", last, "Install again in a new environment.", failed=True)
    return Finding("Keras backend", backend)


def _data():
    try:
        return Finding("data", f"{datasets.verify()} files, every hash right")
    except (ValueError, OSError) as error:
        remedy = "Restore data/ from the repository, or install again."
        return Finding("data", str(error).rstrip("."), remedy, failed=True)


def _writable():
    folder = Path.cwd()
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Finding("folder", "can be written")
    except OSError as error:
        remedy = "Start from a folder of your own."
        return Finding("folder", f"{folder}: {error.strerror}", remedy, failed=True)


def _resources():
    free = shutil.disk_usage(Path.cwd()).free
    short = "Free 1 GB for the caches." if free < FREE_DISK else ""
    yield Finding("disk", f"{free / 1e9:.0f} GB free", short)
    cores = os.cpu_count() or 1
    yield Finding("cores", str(cores), "" if cores > 1 else "Lessons take twice the stated time.")
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        short = "Close other programs while a lesson runs." if memory < FREE_MEMORY else ""
        yield Finding("memory", f"{memory / 1e9:.0f} GB", short)


def examine(start_keras=True):
    """Every finding about this machine, in the order in which to mend them.

    Args:
        start_keras: whether to start Keras in a process of its own, which takes some seconds; a
            lesson, where it already runs, says False.

    Returns:
        A list of Finding; the machine is ready where none has `failed`.
    """
    findings = [_python(), _platform(), *(_library(name) for name in LIBRARIES), _metal()]
    findings += [_backend()] if start_keras else []
    return [f for f in [*findings, _data(), _writable(), *_resources()] if f]
