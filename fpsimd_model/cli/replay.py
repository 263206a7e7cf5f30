"""``fpsimd-model replay``: what each policy would have done on the recorded machine."""

from __future__ import annotations

import sys

import click

from ..errors import InputError
from ..replayer import replay as _replay
from .options import json_option, note, policy_option, write_json

__all__ = ["replay"]


@click.command(short_help="A recorded trace through every policy.")
@click.argument("trace")
@policy_option
@click.option("--cpu", type=click.IntRange(0), help="The vCPU with the most loads on this CPU.")
@click.option("--strict", is_flag=True, help="Stop at the first line that cannot be read.")
@json_option
def replay(trace, names, cpu, strict, json_file) -> None:
    """Lead TRACE (text, plain, gzip or xz; - for standard input) through each policy's hooks."""
    if trace == "-" and sys.stdin is None:
        raise InputError("<standard input>: is closed; name a trace")
    done = _replay(trace, names, cpu=cpu, strict=strict)
    if json_file is not None:
        write_json(json_file, done.to_dict())
    if json_file != "-":
        from ..figures import replay_table

        click.echo(replay_table(done), nl=False)
    for remark in done.recording.notes:
        note(f"note: {remark}")
