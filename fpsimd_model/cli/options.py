"""Options and output that several commands share."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

import click

from .. import policies as _policies
from ..errors import InputError
from ..resources import write_text

__all__ = [
    "Above0",
    "apart",
    "given",
    "json_option",
    "note",
    "policy_option",
    "progress_bar",
    "write_csv",
    "write_json",
]

json_option = click.option(
    "--json",
    "json_file",
    metavar="FILE",
    help="Write the results as JSON to FILE (- for standard output).",
)


def policy_option(command: Callable) -> Callable:
    """``--policy NAME``, as often as wanted; all policies if never."""
    return click.option(
        "--policy",
        "-p",
        "names",
        metavar="NAME",
        multiple=True,
        help="A policy; repeat for several. Default: all of them.",
        callback=lambda ctx, param, value: [p.name for p in _policies.select(value or None)],
    )(command)


def apart(source: str, *outputs: str | None) -> None:
    """Refuse to write over what is read (a recorded trace cannot be made again), or twice.

    Raises
    ------
    InputError
        If an output is the file `source` or another output, by whatever name.
    """
    seen = {_place(source): "what is read"}
    for output in outputs:
        if output is None or (place := _place(output)) is None:
            continue
        if place in seen:
            raise InputError(f"{output}: would be written over {seen[place]}; name another file")
        seen[place] = "another output"


def _place(name: str) -> Path | None:
    """Where a file is or would be; nowhere for a device, a pipe or standard output."""
    try:
        path = Path(name).resolve()
        return None if name == "-" or (path.exists() and not path.is_file()) else path
    except (OSError, ValueError, RuntimeError):  # no name of a file, which is told elsewhere
        return None


class Above0(click.FloatRange):
    """A finite number above 0: click's own range takes what is not a number."""

    def __init__(self, largest: float | None = None) -> None:
        super().__init__(0, largest, min_open=True)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number} is no finite number above 0", param, ctx)
        return number


def write_json(file: str, value: object) -> None:
    """`value` as JSON to a file, whole or not at all, or to standard output."""
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=True) + "\n"
    if file == "-":
        if sys.stdout is None:
            raise InputError("standard output is closed; name a file for --json")
        click.echo(text, nl=False)
    else:
        write_text(file, text)


def write_csv(file: str, text: str) -> None:
    """A text of lines and commas to a file, whole or not at all, or to standard output."""
    if file != "-":
        write_text(file, text)
    elif sys.stdout is None:
        raise InputError("standard output is closed; name a file for --csv")
    else:
        click.echo(text, nl=False)


def given(*names: str) -> list[str]:
    """Those of some options that the user wrote on the command line, as written there."""
    context = click.get_current_context()
    written = click.core.ParameterSource.COMMANDLINE
    return [f"--{name}" for name in names if context.get_parameter_source(name) is written]


def note(text: str) -> None:
    """A remark for a person, on standard error."""
    click.echo(text, err=True)


class progress_bar:
    """A bar on standard error with the time left, where that is a terminal.

    As a context it gives a function that takes the share done and the seconds left.
    """

    def __init__(self, title: str, quiet: bool = False) -> None:
        self.title, self.quiet, self._bar = (
            title,
            quiet or not (sys.stderr and sys.stderr.isatty()),
            None,
        )

    def __enter__(self) -> Callable[[float, float], None] | None:
        if self.quiet:
            return None
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        task = self._bar.add_task(self.title, total=1.0)
        return lambda done, left: self._bar.update(task, completed=done)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()
