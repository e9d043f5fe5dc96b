"""Do the tests notice a fault? Each goes alone into a copy of the project, then its tests run.

    python tests/mutants.py [MODULE ...] [--notebooks]

Prints for every fault whether it was caught, and by what; the exit status is 1 if one survived.
With --notebooks, the lessons that use the module are compared as well, and a fault must be caught
by the unit tests or by a lesson.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
NOT_COPIED = (".*", "__pycache__", "work", "dist", "site", "wheelhouse", "artefacts")


class Fault(NamedTuple):
    """One line of a module, and what somebody might have typed instead."""

    module: str
    right: str
    wrong: str
    meaning: str


FAULTS = [
    # sizes
    Fault("sizes", "room // strides + 1", "room // strides + 2", "one position too many"),
    Fault("sizes", "room < 0", "room <= 0", "a kernel as large as the input is refused"),
    Fault(
        "sizes",
        "return dilation_rate * (kernel_size - 1) + 1",
        "return dilation_rate * kernel_size + 1",
        "one gap too many",
    ),
    Fault("sizes", "-(-input_size // strides)", "input_size // strides", '"same" rounds down'),
    Fault(
        "sizes",
        "return total // 2, total - total // 2",
        "return total - total // 2, total // 2",
        'the extra zero of "same" goes before',
    ),
    Fault(
        "sizes",
        "return int(padding), int(padding)",
        "return 0, int(padding)",
        "an int padding is only put after",
    ),
    # convolution
    Fault(
        "convolution",
        "weights = kernel.reshape(",
        "weights = kernel.swapaxes(0, 1).reshape(",
        "the kernel of conv2d is transposed",
    ),
    Fault("convolution", "kernel[::-1, ::-1]", "kernel[::-1]", "the columns are not turned"),
    Fault("convolution", "::column_stride,", "::row_stride,", "rows' stride for the columns"),
    Fault("convolution", ":: rates[1]]", ":: rates[0]]", "rows' dilation for the columns"),
    Fault("convolution", "maps += bias", "maps -= bias", "the sign of the bias"),
    Fault(
        "convolution",
        'if array.dtype.kind == "f" else array.astype(np.int64)',
        "",
        "bytes wrap around",
    ),
    Fault("convolution", "strides=(1, strides)", "strides=1", "conv1d ignores its stride"),
    Fault("convolution", "+ i * row_step", "+ i", "the loops ignore the dilation of rows"),
    Fault("convolution", "total = bias[f]", "total = bias[0]", "the loops use one bias for all"),
    Fault(
        "convolution",
        "dpatches[:, :, :, i, j] += (flat",
        "dpatches[:, :, :, i, j] = (flat",
        "overlapping gradients replace each other",
    ),
    Fault(
        "convolution", "flat @ kernel[i, j].T", "flat @ kernel[-1 - i, j].T", "a kernel upside down"
    ),
    Fault(
        "convolution", "flat.sum(axis=0)", "flat.mean(axis=0)", "the gradient of the bias averages"
    ),
    Fault(
        "convolution",
        "padded[:, top : top + shape[1], left : left + shape[2]]",
        "padded[:, : shape[1], : shape[2]]",
        "the gradient is cut from the corner",
    ),
    Fault("convolution", "np.result_type(*floating)", "np.dtype(float)", "float32 becomes float64"),
    Fault(
        "convolution",
        "np.moveaxis(kept, 3, 5)",
        "np.moveaxis(kept, 3, 5).swapaxes(3, 4)",
        "rows and columns of a window are swapped",
    ),
    Fault(
        "convolution", "if kernel.shape[-2] !=", "if kernel.shape[-2] >", "too few channels pass"
    ),
    # pooling
    Fault("pooling", "np.fmax.reduce", "np.maximum.reduce", "NaN wins"),
    Fault(
        "pooling", "_windows(x, geometry, lowest)", "_windows(x, geometry, 0)", "the border wins"
    ),
    Fault("pooling", "number > largest", "number >= largest", "the last of equal numbers is paid"),
    Fault(
        "pooling", "steps = sizes if", "steps = (1, 1) if", "without strides the windows overlap"
    ),
    Fault(
        "pooling",
        "(~_outside(x, geometry)).sum",
        "np.ones_like(_outside(x, geometry)).sum",
        "the average counts the border",
    ),
    Fault(
        "pooling",
        "share = upstream / counts",
        "share = upstream + 0 * counts",
        "each pixel is paid it all",
    ),
    Fault("pooling", "i, j] += share", "i, j] = share", "overlapping gradients replace each other"),
    Fault(
        "pooling",
        'fill if geometry["padding"] == "same" else 0',
        "fill",
        "the zeros of an int padding take no part",
    ),
    # kernels
    Fault("kernels", "[-1, 5, -1]", "[-1, 4, -1]", "sharpen sums to 0"),
    Fault("kernels", "+ column * np.sin", "- column * np.sin", "orientations turn clockwise"),
    Fault("kernels", "wavelength / 2 if", "wavelength if", "the window is twice as wide"),
    Fault("kernels", "wave -= window", "wave += window", "a flat surface is answered"),
    Fault(
        "kernels",
        "for angle in orientations for length in wavelengths",
        "for length in wavelengths for angle in orientations",
        "the orientation runs fastest",
    ),
    # widgets
    Fault("widgets", "index * stride + rate", "index + rate", "the window ignores the stride"),
    Fault("widgets", "max = size - 1", "max = size", "the slider passes the last position"),
]


def copy_project(folder):
    """The project, without what git ignores, in that folder."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))


def run(project, *arguments):
    """What fails first when pytest runs in a copy of the project, or None."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if not failed:
        raise RuntimeError(f"pytest did not run:\n{done.stdout}{done.stderr}")
    return failed[0].split(" ", 1)[1].split(" - ")[0]


def lessons_with(project, module):
    """The notebooks that import a module."""
    imports = re.compile(rf"from cnnlab\.{module} import|from cnnlab import [^\"]*\b{module}\b")
    return [
        path.relative_to(project)
        for path in sorted((project / "notebooks").glob("[0-9]*.ipynb"))
        if imports.search(path.read_text(encoding="utf-8"))
    ]


def failures(project, module, notebooks):
    """What fails first among the tests (and lessons) of a module, or None."""
    by_tests = run(project, f"tests/test_{module}.py")
    lessons = lessons_with(project, module) if notebooks else []
    if not lessons:
        return by_tests
    sanitise = "--nbval-sanitize-with=notebooks/sanitize.cfg"
    by_lessons = run(project, "--nbval", "--nbval-current-env", sanitise, *map(str, lessons))
    return " and ".join(filter(None, [by_tests, by_lessons])) or None


def caught_by(project, fault, notebooks):
    """What fails first with the fault in place, or None."""
    file = project / "cnnlab" / f"{fault.module}.py"
    text = file.read_text(encoding="utf-8")
    if text.count(fault.right) != 1:
        raise ValueError(
            f"a fault must replace a text that occurs once: got {text.count(fault.right)} times "
            f"{fault.right!r} in {file.name}. Adapt the fault to the module."
        )
    file.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
    try:
        return failures(project, fault.module, notebooks)
    finally:
        file.write_text(text, encoding="utf-8")


def main():
    """One line per fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="only the faults of these modules")
    parser.add_argument("--notebooks", action="store_true", help="compare the lessons too")
    arguments = parser.parse_args()
    chosen = [f for f in FAULTS if not arguments.modules or f.module in arguments.modules]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        copy_project(project)
        for module in dict.fromkeys(fault.module for fault in chosen):
            if failed := failures(project, module, arguments.notebooks):
                sys.exit(f"{module}: {failed} fails without any fault. Mend it first.")
        for fault in chosen:
            by = caught_by(project, fault, arguments.notebooks)
            survivors += by is None
            verdict = f"caught by {by}" if by else "SURVIVED"
            print(f"{fault.module}: {fault.meaning}: {verdict}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} faults caught")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
