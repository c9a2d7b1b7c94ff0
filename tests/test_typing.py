"""A user's script under the type checkers: what exists has a type, and a misspelt name is refused."""

import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

RIGHT = """
import murmur
from murmur.batch import run

analysis: murmur.Analysis = murmur.analyze("13918_MV.wav", site="MV")
rate: float | None = analysis.rhythm.heart_rate_bpm
state: murmur.State = analysis.segmentation.intervals[0].state
total: int = run(["recordings"], "out").total
title: str = murmur.datasets.about("circor").title
"""
MISSPELT = """
import murmur
import murmur.plot

murmur.anlyze("13918_MV.wav")
murmur.batch.rum(["recordings"])
murmur.plot.phonocardiogramm
"""
NAMES = ("anlyze", "rum", "phonocardiogramm")


def mypy(script):
    pytest.importorskip("mypy")
    return [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(script.parent / "cache"), str(script)]


def pyright(script):
    pytest.importorskip("basedpyright")
    command = shutil.which("basedpyright", path=f"{sys.exec_prefix}/bin") or shutil.which("basedpyright")
    (script.parent / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}', "utf-8")
    return [command, "--pythonpath", sys.executable, "--project", str(script.parent), "--outputjson"]


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_users_script_is_checked(tmp_path, checker):
    script = tmp_path / "script.py"
    script.write_text(RIGHT, "utf-8")
    done = subprocess.run(checker(script), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    script.write_text(MISSPELT, "utf-8")
    done = subprocess.run(checker(script), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    for name in NAMES:
        assert f'"{name}"' in done.stdout.replace('\\"', '"')
