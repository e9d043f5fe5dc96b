"""The command line and the doctor."""

import json
import subprocess
import sys

import pytest

from cnnlab import cli, doctor


def test_doctor_finds_this_machine_ready(capsys):
    assert cli.main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "✓ Python: 3.1" in printed
    assert "✓ Keras backend: tensorflow" in printed
    assert "every hash right" in printed
    assert "✗" not in printed


def test_doctor_reports_a_wrong_backend_with_its_remedy(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert cli.main(["doctor"]) == 1
    assert "✗ Keras backend: jax. Unset KERAS_BACKEND" in capsys.readouterr().out


def test_doctor_need_not_start_keras_a_second_time(monkeypatch):
    monkeypatch.setattr(doctor, "_backend", lambda: doctor.Finding("Keras", "started"))
    assert "started" in [finding.seen for finding in doctor.examine()]
    assert "started" not in [finding.seen for finding in doctor.examine(start_keras=False)]


def test_doctor_names_no_folder_where_all_is_well():
    assert str(doctor._writable()) == "✓ folder: can be written"


def test_doctor_reports_an_absent_library(monkeypatch):
    def absent(name):
        raise doctor.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.importlib.metadata, "version", absent)
    finding = doctor._library("pandas")
    assert finding.failed
    assert str(finding) == "✗ pandas: absent. Run `make lab` again, or `pip install cnnlab`."


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_doctor_reports_an_unsupported_python(monkeypatch, version):
    monkeypatch.setattr(doctor.sys, "version_info", version)
    assert doctor._python().failed


def test_doctor_reports_an_intel_mac(monkeypatch):
    monkeypatch.setattr(doctor.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(doctor.platform, "machine", lambda: "x86_64")
    assert doctor._platform().failed


def test_doctor_reports_a_damaged_data_file(monkeypatch):
    def damaged():
        raise ValueError("`data/digits.npz` must be the file that was shipped: got another hash.")

    monkeypatch.setattr(doctor.datasets, "verify", damaged)
    finding = doctor._data()
    assert finding.failed
    assert "digits.npz" in str(finding)
    assert "Restore data/" in str(finding)


def test_lab_copies_the_lessons_without_starting_anything(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert cli.main(["lab", "--no-browser", "--folder", str(folder)]) == 0
    assert json.loads((folder / "00_start_here.ipynb").read_text())["cells"]
    assert "00_start_here.ipynb: copied" in capsys.readouterr().out


def test_an_error_in_the_input_is_one_line_and_status_2(tmp_path, capsys):
    status = cli.main(["lab", "--no-browser", "--folder", str(tmp_path), "--reset", "77"])
    assert status == 2
    assert capsys.readouterr().err.startswith("cnnlab: `--reset` must name a lesson")


def test_setup_writes_nothing_on_either_stream():
    code = "import cnnlab; cnnlab.setup(); import keras; keras.ops.ones((2, 3))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_setup_refuses_another_backend(monkeypatch):
    code = "import cnnlab; cnnlab.setup()"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Keras's backend must be tensorflow: got 'jax'" in done.stderr


def test_setup_makes_random_numbers_repeat():
    import keras

    import cnnlab

    draws = []
    for _ in range(2):
        cnnlab.setup(seed=3)
        draws.append(keras.random.normal((2, 3)).numpy().tolist())
    assert draws[0] == draws[1]
