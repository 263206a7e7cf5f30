"""``fpsimd-model policies``: what there is, and where it is read from."""

from __future__ import annotations

import textwrap

import click

from .. import policies as _policies
from .options import json_option, policy_option, write_json

__all__ = ["policies"]


@click.command(short_help="The policies, with kernel versions and sources.")
@policy_option
@json_option
def policies(names, json_file) -> None:
    """Every policy with its kernel version or proposal, a line of description, and its sources."""
    chosen = _policies.select(names)
    if json_file is not None:
        write_json(
            json_file,
            {
                "policies": [
                    {
                        "policy": p.name,
                        "kernel": p.kernel,
                        "description": p.title,
                        "sources": list(p.sources),
                    }
                    for p in chosen
                ]
            },
        )
    if json_file != "-":
        for p in chosen:
            click.echo(f"{p.name} ({p.kernel})")
            for text in (p.title, *(f"- {source}" for source in p.sources)):
                click.echo(
                    textwrap.fill(text, 72, initial_indent="    ", subsequent_indent="      ")
                )
