"""``fpsimd-model presets``: situations, machines and algorithms to start from."""

from __future__ import annotations

import textwrap

import click

from ..scenario import describe, preset
from ..scenario import presets as _presets

__all__ = ["presets"]


@click.command(short_help="Situations, machines and algorithms to start from.")
@click.argument("name", required=False)
def presets(name) -> None:
    """List the presets, or print the scenario file of the situation NAME."""
    if name is not None:
        click.echo(preset(name).to_toml(), nl=False)
        return
    for kind in ("situations", "machines", "algorithms"):
        click.echo(f"{kind}:")
        for entry in _presets(kind):
            title = describe(kind, entry).title
            click.echo(
                textwrap.fill(
                    f"{entry}: {title}", 72, initial_indent="  ", subsequent_indent="      "
                )
            )
