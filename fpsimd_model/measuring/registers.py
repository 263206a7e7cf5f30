"""Time to store and load the vector register file: a small C program, compiled on the spot."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .spread import Spread

__all__ = ["Moves", "compiler", "register_moves"]

MACHINES = ("aarch64", "arm64", "x86_64", "amd64")
_SOURCE = Path(__file__).with_name("registers.c")
_LIMIT = 120.0  # seconds that the program may take


@dataclass(frozen=True, slots=True)
class Moves:
    """Nanoseconds of a save and of a restore, the core's clock in GHz, and the compiler."""

    save_ns: Spread
    restore_ns: Spread
    clock_ghz: Spread
    compiler: str


def compiler() -> str:
    """The C compiler: ``$CC``, cc, gcc or clang.

    Raises InputError if there is none.
    """
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        if name and (path := shutil.which(name)):
            return path
    raise InputError(
        "no C compiler (cc, gcc, clang) is installed; install one, or take --only crypto"
    )


def register_moves(repetitions: int = 31) -> Moves:
    """Compile and run the program.

    Raises
    ------
    InputError
        Without a compiler, on another architecture than arm64 and x86-64, or if it fails.
    """
    machine = platform.machine()
    if machine.lower() not in MACHINES:
        raise InputError(f"register moves are measured on arm64 and x86-64 only, not on {machine}")
    cc = compiler()
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "registers"
        _run([cc, "-O2", "-o", str(program), str(_SOURCE)], "compiled")
        text = _run([str(program), str(repetitions)], "run")
    try:
        rows = [[float(word) for word in line.split()] for line in text.splitlines()]
        save, restore, adds = zip(*rows, strict=True)
        moves = Moves(
            Spread.of(ps * 1e-3 for ps in save),
            Spread.of(ps * 1e-3 for ps in restore),
            Spread.of(1e6 / ps for ps in adds),  # a thousand adds take a thousand cycles
            _version(cc),
        )
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"the register program printed what it should not: {text[:80]!r}"
        ) from None
    return moves


def _run(words: list[str], what: str) -> str:
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=_LIMIT, check=False, errors="replace"
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(f"{words[0]}: still not done after {_LIMIT:g} s") from None
    except OSError as error:
        raise InputError(f"{words[0]}: cannot be run ({error.strerror})") from None
    if done.returncode:
        first = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[0]
        raise InputError(f"the register program cannot be {what}: {first}")
    return done.stdout


def _version(cc: str) -> str:
    """The compiler's own first line, or its name."""
    try:
        done = subprocess.run(
            [cc, "--version"], capture_output=True, text=True, timeout=10, check=False
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return Path(cc).name
    return (done.stdout.splitlines() or [Path(cc).name])[0][:80]
