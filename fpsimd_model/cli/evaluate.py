"""``fpsimd-model evaluate``: what each policy costs in a scenario."""

from __future__ import annotations

import click

from ..engines import ENGINES
from ..engines import evaluate as _evaluate
from .options import Above0, apart, json_option, note, policy_option, progress_bar, write_json
from .scenario import scenario_of

__all__ = ["evaluate"]


@click.command(short_help="What each policy costs in a scenario.")
@click.argument("scenario")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="analytic",
    show_default=True,
    help="The formula, the simulation, or both side by side.",
)
@policy_option
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the simulation."
)
@click.option(
    "--seconds",
    type=Above0(),
    help="Modelled wall time of the simulation, per policy.",
)
@click.option(
    "--workers", type=click.IntRange(1), help="Threads; the result is the same on any number."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
@json_option
def evaluate(scenario, engine, names, seed, seconds, workers, quiet, json_file) -> None:
    """Metrics of each policy in SCENARIO, a TOML file (- for standard input) or a preset's name."""
    apart(scenario, json_file)
    found = scenario_of(scenario)
    with progress_bar("simulating", quiet) as progress:
        results = _evaluate(
            found, names, engine, seed=seed, seconds=seconds, workers=workers, progress=progress
        )
    if json_file is not None:
        write_json(json_file, results.to_dict())
    if json_file != "-":
        from ..figures import table
        from ..proof import check

        click.echo(table(results, check(*names)))
    for result in results:
        if result.status != "ok":
            note(f"{result.policy} ({result.engine}): {result.status}: {result.reason}")
