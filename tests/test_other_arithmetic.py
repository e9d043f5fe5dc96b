"""Every processor adds in an order of its own; what the notebooks show must not depend on it."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab.comparing import setting

ROOT = Path(__file__).parents[1]
OTHER_ARITHMETIC = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",  # also sorts ties otherwise
    "OPENBLAS_CORETYPE": "Nehalem",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="settings of x86-64")
def test_notebooks_show_the_same_with_the_instructions_of_an_older_processor(tmp_path):
    for folder in ("notebooks", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    settings = (setting.HERE / "pinned.env").read_text(encoding="utf-8")
    assert "TF_ENABLE_ONEDNN_OPTS=0" in settings
    (tmp_path / "pinned.env").write_text(settings.replace("ONEDNN_OPTS=0", "ONEDNN_OPTS=1"))
    run = subprocess.run(
        [sys.executable, "-m", "cnnlab.command.cli", "compare", "notebooks", "--workers", "2"],
        cwd=tmp_path,
        env=os.environ | OTHER_ARITHMETIC,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
