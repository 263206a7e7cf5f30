"""``fpsimd-model check``: proof, or the shortest order of events that loses state."""

from __future__ import annotations

import click

from .. import policies as _policies
from ..proof import check as _check
from .options import json_option, write_json

__all__ = ["check"]


@click.command(short_help="Which policies lose registers, and by which order of events.")
@click.argument("names", metavar="[POLICY]...", nargs=-1)
@click.option(
    "--task-neon",
    is_flag=True,
    help="Also let kernel NEON strike in task context of the run loop (page fault, dm-crypt).",
)
@json_option
def check(names, task_neon, json_file) -> None:
    """Prove each POLICY correct over every order of events, or show the shortest that fails."""
    chosen = _policies.select(names or None)
    verdicts = _check(*chosen, task_neon=task_neon)
    if json_file is not None:
        write_json(json_file, {"results": [verdict.to_dict() for verdict in verdicts]})
    if json_file != "-":
        click.echo("\n".join(str(verdict) for verdict in verdicts))
