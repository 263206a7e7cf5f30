"""What is installed from a wheel has the data with it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

from tests.house import ROOT, files


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.mark.parametrize(("source", "target"), [("data", "_data"), ("fpsimd_model", "")])
def test_a_wheel_holds_every_file(installed, source, target):
    wanted = {p.relative_to(ROOT / source) for p in files() if p.is_relative_to(ROOT / source)}
    inside = installed / "fpsimd_model" / target
    assert wanted
    assert {str(path) for path in wanted if not (inside / path).is_file()} == set()


def test_an_installed_package_reads_its_own_data(installed):
    code = "from fpsimd_model.resources import data_path; print(data_path('README.md').resolve())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed.parent,
        env=os.environ | {"PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout.strip() == str((installed / "fpsimd_model/_data/README.md").resolve())
