"""Run the command line inside this process, or in a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from fpsimd_model.cli import main
from tests.house import ROOT


@dataclass
class Run:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of a misuse: status 2, nothing on standard output, one line of error."""
        assert self.status == 2, (self.status, self.err)
        assert self.out == ""
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("fpsimd-model: ")
        return self.err


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """``run("check", "tracked", stdin="...")``, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*args: str, stdin: str | bytes = b"") -> Run:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        out, err = capfd.readouterr()
        return Run(ended.value.code or 0, out, err)

    return command


@pytest.fixture
def shell(tmp_path):
    """``shell("$F check | head -1")``: $F is the command, warnings are errors."""
    command = f"{sys.executable} -W error -m fpsimd_model"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "F": command}

    def execute(line: str) -> Run:
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip
        return Run(done.returncode, done.stdout, done.stderr)

    return execute


@pytest.fixture
def files(tmp_path):
    """Names of the files in the folder that commands run in."""
    return lambda: sorted(str(p.relative_to(tmp_path)) for p in Path(tmp_path).rglob("*"))
