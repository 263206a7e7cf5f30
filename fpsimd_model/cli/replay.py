"""``fpsimd-model replay``: what each policy would have done on the recorded machine."""

from __future__ import annotations

import sys

import click

from ..errors import InputError
from ..replayer import replay as _replay
from .options import apart, json_option, note, policy_option, write_json
from .reading import reading, trace_options

__all__ = ["replay"]


@click.command(short_help="A recorded trace through every policy.")
@click.argument("trace")
@policy_option
@trace_options
@json_option
def replay(trace, names, cpu, residency_from, tsc_hz, strict, quiet, json_file) -> None:
    """Lead TRACE through each policy's hooks: text, plain, gzip or xz; a trace.dat or perf.data;
    - for standard input."""
    if trace == "-" and sys.stdin is None:
        raise InputError("<standard input>: is closed; name a trace")
    apart(trace, json_file)
    with reading(trace, quiet) as progress:
        done = _replay(
            trace, names, cpu=cpu, strict=strict, tsc_hz=tsc_hz,
            residency_from=residency_from, progress=progress,
        )  # fmt: skip
    if json_file is not None:
        write_json(json_file, done.to_dict())
    if json_file != "-":
        from ..figures import replay_table

        click.echo(replay_table(done))
    for remark in done.total.notes:
        note(f"note: {remark}")
