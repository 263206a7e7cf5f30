"""Options of every command that reads a trace, and how far it has got."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click

from .options import note

__all__ = ["reading", "trace_options"]

_SILENT = 1.0  # seconds below which nothing is said
_APART = 5.0  # seconds between lines where there is no terminal


def trace_options(command: Callable) -> Callable:
    """``--cpu``, ``--residency-from``, ``--tsc-hz``, ``--strict`` and ``--quiet``."""
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="No progress on standard error."),
        click.option("--strict", is_flag=True, help="Stop at the first line that cannot be read."),
        click.option(
            "--tsc-hz", type=click.FloatRange(1e3, 1e12), metavar="HZ",
            help="Ticks a second of the trace clock, where that is x86-tsc.",
        ),
        click.option(
            "--residency-from", type=click.Choice(["kvm_timer", "sched_switch"]),
            help="A weaker sign of loads and puts, where those are not recorded.",
        ),
        click.option("--cpu", type=click.IntRange(0), help="Only vCPUs that this CPU has loaded."),
    ):  # fmt: skip
        command = option(command)
    return command


class reading:
    """How much of a trace has been read, and how long the rest takes; on standard error.

    As a context it gives what `fpsimd_model.traces.read` takes as ``progress``. In the first second
    it is silent; on a terminal it is a bar, elsewhere a line every few seconds.
    """

    def __init__(self, name: str, quiet: bool = False) -> None:
        self.name, self._bar, self._task = name, None, None
        self._quiet = quiet or sys.stderr is None
        self._terminal = not self._quiet and sys.stderr.isatty()
        self._begun = time.monotonic()
        self._next = self._begun + (_SILENT if self._terminal else _APART)

    def __enter__(self) -> Callable[[int | None, int | None], None] | None:
        return None if self._quiet else self._tell

    def _tell(self, done: int | None, size: int | None) -> None:
        now = time.monotonic()
        if done is None or now < self._next:
            return
        if self._terminal:
            self._next = now + 0.1
            self._draw(done, size)
        else:
            self._next = now + _APART
            note(f"reading {self.name}: {_so_far(done, size, now - self._begun)}")

    def _draw(self, done: int, size: int | None) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._bar = Progress(
                TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(),
                TransferSpeedColumn(), TimeRemainingColumn(),
                console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task(f"reading {self.name}", total=size)
        self._bar.update(self._task, completed=done, total=size)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _so_far(done: int, size: int | None, seconds: float) -> str:
    """In words.

    >>> _so_far(240_000_000, 1_000_000_000, 4.0), _so_far(90_000_000, None, 3.0)
    ('240 of 1000 MB, 60 MB/s, 13 s left', '90 MB, 30 MB/s')
    """
    speed = done / max(seconds, 1e-9)
    if not size:
        return f"{done / 1e6:.0f} MB, {speed / 1e6:.0f} MB/s"
    left = max(size - done, 0) / max(speed, 1.0)
    return f"{done / 1e6:.0f} of {size / 1e6:.0f} MB, {speed / 1e6:.0f} MB/s, {left:.0f} s left"
