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

__all__ = ["Moves", "Wide", "compiler", "register_moves"]

MACHINES = ("aarch64", "arm64", "x86_64", "amd64")
_SOURCE = Path(__file__).with_name("registers.c")
_LIMIT = 120.0  # seconds that the program may take


@dataclass(frozen=True, slots=True)
class Wide:
    """A file wider than FPSIMD: its name and bytes, nanoseconds of a save and of a restore."""

    name: str
    bytes: int
    save_ns: Spread
    restore_ns: Spread


@dataclass(frozen=True, slots=True)
class Moves:
    """What moving the register file takes.

    Attributes
    ----------
    save_ns, restore_ns:
        Of the FPSIMD file (FXSAVE on x86-64), `bytes` large.
    clock_ghz:
        The core's clock.
    compiler:
        That made the program.
    wide:
        The same of SVE's registers at the current vector length, or of all that XSAVE moves; None
        where the processor has neither.

    >>> one, two = Spread.of([10.0]), Spread.of([20.0])
    >>> Moves(one, two, one, "cc", 520, Wide("SVE", 2080, two, two)).by_bytes
    (0.5, 0.25)
    """

    save_ns: Spread
    restore_ns: Spread
    clock_ghz: Spread
    compiler: str
    bytes: int
    wide: Wide | None = None

    @property
    def by_bytes(self) -> tuple[float, float] | None:
        """The wide save and restore over what the narrow ones say, taken in proportion to bytes.

        The model scales so (model.md section 2): 1 if it is right to.
        """
        if self.wide is None:
            return None
        pairs = (self.wide.save_ns, self.save_ns), (self.wide.restore_ns, self.restore_ns)
        save, restore = (w.median / n.median * self.bytes / self.wide.bytes for w, n in pairs)
        return save, restore


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
        return _moves(text, _version(cc))
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"the register program printed what it should not: {text[:80]!r}"
        ) from None


def _moves(text: str, version: str) -> Moves:
    """What the program printed; raises ValueError or ZeroDivisionError if it did not print that."""
    heading, *lines = text.splitlines() or [""]
    mark, narrow, wide_bytes, *words = heading.split()
    rows = [[float(word) for word in line.split()] for line in lines]
    if mark != "#" or min(map(min, rows), default=0.0) <= 0.0:
        raise ValueError
    save, restore, adds, *more = zip(*rows, strict=True)
    wide = None
    if int(wide_bytes):
        wide_save, wide_restore = more
        wide = Wide(" ".join(words), int(wide_bytes), _ns(wide_save), _ns(wide_restore))
    # a thousand adds take a thousand cycles
    clock = Spread.of(1e6 / ps for ps in adds)
    return Moves(_ns(save), _ns(restore), clock, version, int(narrow), wide)


def _ns(picoseconds: tuple[float, ...]) -> Spread:
    return Spread.of(ps * 1e-3 for ps in picoseconds)


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
