"""``fpsimd-model show``: what made an exported file."""

from __future__ import annotations

import click

__all__ = ["show"]


@click.command(short_help="What made an exported file.")
@click.argument("file")
@click.option("--scenario", is_flag=True, help="Print the scenario file that is inside instead.")
def show(file, scenario) -> None:
    """Print figure, scenario, policies, engine, seed, version and command that made FILE.

    Nothing in FILE is run, whoever sent it."""
    from ..figures import show as _show
    from ..figures.telling import scenario_of_file

    click.echo(scenario_of_file(file) if scenario else _show(file), nl=False)
