"""The doctor: each fault tried on a sound machine, with the text of its remedy."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cnnlab import doctor
from cnnlab.command import cli
from cnnlab.files import shipped

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def test_doctor_finds_this_machine_ready(capsys):
    assert cli.main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for line in (
        "✓ Python: 3.1",
        "✓ platform: ",
        "✓ keras: 3.",
        "✓ Keras backend: tensorflow",
        "✓ kernel: starts this Python",
        "✓ lessons: 13 notebooks",
        "every hash right",
        "✓ folder: can be written",
        "✓ cache: ",
        " disk: ",
        " cores: ",
        " memory: ",
    ):
        assert line in printed
    assert "✗" not in printed
    assert printed.endswith("This machine is ready.\n")


def test_a_wrong_backend_ends_with_status_1_and_its_remedy(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert cli.main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "✗ Keras backend: jax. Unset KERAS_BACKEND (or edit ~/.keras/keras.json)" in printed
    assert printed.endswith("1 thing to mend: see ✗ above.\n")


def test_the_report_can_be_written_where_signs_cannot():
    code = "from cnnlab import doctor; from cnnlab.command import cli\n"
    code += "doctor.examine = lambda: [doctor.Finding('x', 'y')]\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "raise SystemExit(cli.main(['doctor']))"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONPATH": str(PYPROJECT.parent)},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("utf-8").splitlines()[0] == "✓ x: y"


def test_a_lesson_starts_neither_keras_nor_a_kernel_a_second_time(monkeypatch):
    monkeypatch.setattr(doctor, "_start_keras", lambda: doctor.Finding("Keras", "started"))
    everything = {finding.check for finding in doctor.examine()}
    in_a_lesson = {finding.check for finding in doctor.examine(start_keras=False)}
    assert everything - in_a_lesson == {"Keras", "kernel", "lessons"}


@pytest.mark.parametrize("version", ["3.11.0", "3.12.13", "3.13.1"])
def test_a_supported_python_is_fine(version):
    assert str(doctor.check_python(version)) == f"✓ Python: {version}"


@pytest.mark.parametrize("version", ["3.10.9", "3.14.0rc1", "2.7.18", "4.11.0"])
def test_a_python_without_a_tensorflow_is_a_fault(version):
    assert str(doctor.check_python(version)) == (
        f"✗ Python: {version}. TensorFlow has no build for it: "
        "install Python 3.11, 3.12 or 3.13 and try again."
    )


@pytest.mark.parametrize(
    "known",
    [("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64"), ("Windows", "AMD64")],
)
def test_a_platform_with_a_build_is_fine(known):
    assert str(doctor.check_platform(*known)) == f"✓ platform: {known[0]} {known[1]}"


def test_an_intel_mac_is_a_fault():
    assert str(doctor.check_platform("Darwin", "x86_64")) == (
        "✗ platform: Darwin x86_64. TensorFlow has no build for Intel Macs any more: use another "
        "machine, or Linux on this one (a Mac with Apple's processor needs the arm64 Python)."
    )


def test_windows_on_arm_is_a_fault():
    assert str(doctor.check_platform("Windows", "ARM64")) == (
        "✗ platform: Windows ARM64. TensorFlow has no build for Windows on ARM: install the "
        "64-bit (AMD64) Python."
    )


def test_a_python_of_32_bits_is_a_fault():
    assert str(doctor.check_platform("Windows", "AMD64", bits=32)) == (
        "✗ platform: Windows AMD64, 32-bit Python. TensorFlow needs the 64-bit Python: "
        "install that one."
    )


def test_an_absent_library_is_a_fault():
    assert str(doctor.check_library("pandas", None)) == (
        '✗ pandas: absent. The course needs 2.2 or newer: pip install --upgrade "pandas>=2.2".'
    )


def test_a_library_that_is_too_old_is_a_fault():
    assert str(doctor.check_library("keras", "3.9.2")) == (
        '✗ keras: 3.9.2. The course needs 3.11 or newer: pip install --upgrade "keras>=3.11".'
    )
    assert str(doctor.check_library("tensorflow-cpu", "2.9.1")) == (
        "✗ tensorflow-cpu: 2.9.1. The course needs 2.20 or newer: "
        'pip install --upgrade "tensorflow-cpu>=2.20".'
    )


@pytest.mark.parametrize("version", ["3.11", "3.11.0", "3.15.1", "4.0.0rc1"])
def test_a_library_that_is_new_enough_is_fine(version):
    assert str(doctor.check_library("keras", version)) == f"✓ keras: {version}"


def test_the_oldest_versions_are_those_of_pyproject():
    dependencies = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    asked = dict(re.match(r"([\w-]+)>=([\d.]+)", line).groups() for line in dependencies)
    assert doctor.LIBRARIES.items() <= asked.items()


def test_the_small_tensorflow_will_do(monkeypatch):
    installed = {"tensorflow-cpu": "2.21.0"}
    monkeypatch.setattr(doctor, "_version", installed.get)
    assert str(next(iter(doctor._libraries()))) == "✓ tensorflow-cpu: 2.21.0"
    installed["tensorflow"] = "2.21.1"
    assert str(next(iter(doctor._libraries()))) == "✓ tensorflow: 2.21.1"
    installed.clear()
    assert str(next(iter(doctor._libraries()))).startswith("✗ tensorflow: absent")


def test_the_metal_plugin_is_a_fault():
    assert doctor.check_metal(None) is None
    assert str(doctor.check_metal("1.2.0")) == (
        "✗ tensorflow-metal: 1.2.0. Apple's plugin does not work with this TensorFlow: "
        "pip uninstall tensorflow-metal."
    )


def test_a_backend_from_keras_json_is_a_fault():
    assert str(doctor.check_backend(0, "torch\n", "")) == (
        "✗ Keras backend: torch. Unset KERAS_BACKEND (or edit ~/.keras/keras.json) and try again."
    )


def test_a_backend_that_is_not_installed_is_a_fault_of_the_backend():
    finding = doctor.check_backend(1, "", "ModuleNotFoundError: No module named 'jax'", "jax")
    assert str(finding).startswith("✗ Keras backend: jax. Unset KERAS_BACKEND")


@pytest.fixture
def keras_json(tmp_path, monkeypatch):
    """A function that writes Keras's own file for this test."""
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return (tmp_path / "keras.json").write_text


def test_an_absent_backend_of_keras_json_is_a_fault_of_the_backend(keras_json):
    assert doctor._asked_backend() == "tensorflow"
    for broken in ("{", "[]", "{}", "3"):
        keras_json(broken)
        assert doctor._asked_backend() == "tensorflow"
    keras_json('{"backend": "torch"}')
    assert doctor._asked_backend() == "torch"


def test_the_settings_of_keras_json_are_read_by_keras_itself(keras_json):
    keras_json('{"image_data_format": "channels_first", "floatx": "float16"}')
    assert str(doctor._start_keras()) == (
        "✗ Keras settings: channels_first and float16. The lessons need channels_last and "
        "float32: edit ~/.keras/keras.json."
    )


def test_a_file_named_random_does_not_keep_keras_from_starting(monkeypatch, tmp_path):
    (tmp_path / "random.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    assert str(doctor._start_keras()) == "✓ Keras backend: tensorflow"


def test_a_keras_that_does_not_start_is_a_fault_with_its_last_line():
    finding = doctor.check_backend(1, "", "Traceback\nImportError: DLL load failed\n")
    expected = "ImportError: DLL load failed. Install again in a new environment."
    assert str(finding) == f"✗ Keras starts: {expected}"
    assert "no message, exit status -11" in str(doctor.check_backend(-11, "", ""))


@pytest.mark.parametrize("status", doctor.ILLEGAL_INSTRUCTION)
def test_a_processor_without_avx_is_a_fault(status):
    assert str(doctor.check_backend(status, "", "")) == (
        "✗ Keras starts: illegal instruction. TensorFlow needs a processor with AVX: "
        "use another machine."
    )


def test_a_kernel_of_this_installation_is_fine(tmp_path):
    for command in ("python", "python3", str(tmp_path / "bin" / "python")):
        assert str(doctor.check_kernel(command, tmp_path)) == "✓ kernel: starts this Python"


def test_a_kernel_of_another_installation_is_a_fault(tmp_path):
    other = tmp_path / "other" / "bin" / "python"
    assert str(doctor.check_kernel(str(other), tmp_path / "course")) == (
        f"✗ kernel: starts {other}. Another installation's kernel is found first: "
        "jupyter kernelspec remove python3."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_virtual_environment_that_links_to_the_same_python_is_another_kernel(tmp_path):
    for name in ("course", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "python").symlink_to(sys.executable)
    assert doctor.check_kernel(str(tmp_path / "other" / "python"), tmp_path / "course").failed
    assert not doctor.check_kernel(str(tmp_path / "course" / "python"), tmp_path / "course").failed


def test_an_absent_kernel_is_a_fault():
    expected = "✗ kernel: absent. pip install ipykernel, then start JupyterLab again."
    assert str(doctor.check_kernel(None, sys.prefix)) == expected


def test_a_kernel_that_a_user_installed_elsewhere_is_found(monkeypatch, tmp_path):
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["/elsewhere/python"], "display_name": "x"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert doctor._kernel_command() == "/elsewhere/python"


def test_a_damaged_data_file_is_a_fault():
    def damaged():
        raise ValueError("`data/digits.npz` must be the file that was shipped: got another hash.")

    assert str(doctor.check_data(damaged)) == (
        "✗ data: `data/digits.npz` must be the file that was shipped: got another hash."
    )


def test_data_without_their_checksums_are_a_fault():
    def absent():
        raise FileNotFoundError(2, "No such file or directory", "SHA256SUMS")

    assert str(doctor.check_data(absent)) == (
        "✗ data: [Errno 2] No such file or directory: 'SHA256SUMS'. "
        "Restore data/ from the repository, or install again."
    )


def test_lessons_that_are_not_installed_are_a_fault(monkeypatch, tmp_path):
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "cnnlab")
    found = str(doctor.check_lessons(shipped.notebooks_folder))
    assert found.startswith("✗ lessons: the lessons must lie beside the package: got no 00_start")
    assert found.endswith(" Install cnnlab again, or run the command in a checkout.")


def test_a_folder_is_named_only_where_it_is_a_fault(tmp_path):
    assert str(doctor.check_folder(tmp_path)) == "✓ folder: can be written"
    absent = tmp_path / "absent"
    assert str(doctor.check_folder(absent)) == (
        f"✗ folder: {absent}: No such file or directory. Start from a folder of your own."
    )


def test_a_file_that_hides_a_module_is_a_fault_of_the_folder(tmp_path):
    for name in ("random.py", "keras.py", "my_exercises.py"):
        (tmp_path / name).write_text("")
    assert str(doctor.check_folder(tmp_path)) == (
        "✗ folder: holds keras.py, random.py. A notebook here imports it in the place of the "
        "module of that name: rename it."
    )


def test_a_cache_says_what_was_fetched(tmp_path):
    finding = doctor.check_cache(tmp_path, ["mnist", "vgg16"], verify=lambda name: None)
    assert str(finding) == "✓ cache: mnist, vgg16"
    later = doctor.check_cache(tmp_path / "not" / "yet", [])
    assert str(later) == "✓ cache: empty, as no lesson needs it"
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_no_fault_but_has_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path))
    (tmp_path / "mnist.npz").write_bytes(b"PK" * 100)
    assert str(doctor.check_cache(tmp_path, ["mnist"])) == (
        "! cache: mnist damaged. Fetch it again: cnnlab fetch mnist."
    )


def test_a_file_in_the_cache_that_cannot_be_read_is_not_called_damaged(tmp_path):
    def closed(name):
        raise PermissionError(13, "Permission denied", name)

    assert str(doctor.check_cache(tmp_path, ["mnist"], verify=closed)) == (
        "! cache: mnist: Permission denied. "
        "Make it readable, or set CNNLAB_CACHE to a folder of your own."
    )


def test_a_cache_that_cannot_be_written_is_no_fault_but_has_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "_write_fault", lambda folder: "Permission denied")
    assert str(doctor.check_cache(tmp_path, [])) == (
        f"! cache: {tmp_path}: Permission denied. "
        "Set CNNLAB_CACHE to a folder of your own before `cnnlab fetch`."
    )


def test_a_full_disk_one_core_and_little_memory_have_remedies():
    assert str(doctor.check_disk(4e8)) == "! disk: 0 GB free. Free 1 GB for the caches."
    assert str(doctor.check_disk(2e9)) == "✓ disk: 2 GB free"
    assert str(doctor.check_cores(1)) == "! cores: 1. Lessons take twice the stated time."
    assert str(doctor.check_cores(2)) == "✓ cores: 2"
    little = "! memory: 2 GB. Close other programs while a lesson runs."
    assert str(doctor.check_memory(2.1e9)) == little
    assert str(doctor.check_memory(8e9)) == "✓ memory: 8 GB"
    assert doctor.check_memory(None) is None


def test_the_limit_of_a_container_counts_as_memory(tmp_path):
    limit = tmp_path / "memory.max"
    whole = doctor._memory(limit)
    limit.write_text("1500000000\n")
    assert doctor._memory(limit) == 1.5e9 < whole
    limit.write_text("max\n")
    assert doctor._memory(limit) == whole


def test_the_verdict_counts_what_must_be_mended():
    fine, slow = doctor.Finding("a", "b"), doctor.Finding("a", "b", "c")
    broken = doctor.Finding("a", "b", "c", failed=True)
    assert doctor.verdict([fine, slow]) == "This machine is ready."
    assert doctor.verdict([fine, broken]) == "1 thing to mend: see ✗ above."
    assert doctor.verdict([fine, broken, broken]) == "2 things to mend: see ✗ above."
