"""``fpsimd-model agree``: formula against simulation."""

from __future__ import annotations

import click

from .options import json_option, policy_option, progress_bar, write_json
from .scenario import scenario_of

__all__ = ["agree"]


@click.command(short_help="Formula against simulation, as z-scores.")
@click.argument("scenarios", metavar="[SCENARIO]...", nargs=-1)
@click.option(
    "--design",
    "count",
    type=click.IntRange(1, 100_000),
    help="Also this many designed scenarios over the whole domain.",
)
@policy_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="Modelled wall time of each simulation; by default about 10,000 residencies.",
)
@click.option("--workers", type=click.IntRange(1), help="Threads.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
@json_option
def agree(scenarios, count, names, seed, seconds, workers, quiet, json_file) -> None:
    """Evaluate each SCENARIO (a file or a preset) with both engines and compare every metric."""
    from ..agreement import agree as _agree
    from ..agreement import design

    if not scenarios and count is None:
        raise click.UsageError("name a scenario, or ask for --design COUNT.")
    listed = [scenario_of(name) for name in scenarios] + (design(count, seed) if count else [])
    with progress_bar("comparing", quiet) as progress:
        found = _agree(
            listed, names, seed=seed, seconds=seconds, workers=workers, progress=progress
        )
    if json_file is not None:
        write_json(json_file, found.to_dict())
    if json_file != "-":
        click.echo(found.to_text(), nl=False)
