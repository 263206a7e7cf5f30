"""``fpsimd-model evaluate``: what each policy costs in a scenario."""

from __future__ import annotations

import click

from ..engines import ENGINES
from ..engines import evaluate as _evaluate
from .options import (
    Above0,
    apart,
    given,
    json_option,
    note,
    policy_option,
    progress_bar,
    write_csv,
    write_json,
)
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
    "--workers",
    type=click.IntRange(1),
    help="Threads of the simulation; the result is the same on any number.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
@json_option
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    help="Write them as CSV, with units in the header (- for standard output).",
)
def evaluate(
    scenario, engine, names, seed, seconds, workers, quiet, json_file, csv_file
) -> None:  # fmt: skip
    """Metrics of each policy in SCENARIO, a TOML file (- for standard input) or a preset's name.

    The table shows shares in percent, <1e-8 below what the formula can know. Under a simulated
    policy a line +- says how far the 95% confidence interval reaches; JSON and CSV have both of
    its ends, and every number with all its digits."""
    apart(scenario, json_file, csv_file)
    if json_file == csv_file == "-":
        raise click.UsageError("--json and --csv: both to standard output; name a file for one.")
    found = scenario_of(scenario)
    if engine == "analytic" and (unused := given("seed", "seconds", "workers")):
        note(f"note: not used without --engine montecarlo: {', '.join(unused)}")
    with progress_bar("simulating", quiet) as progress:
        results = _evaluate(
            found, names, engine, seed=seed, seconds=seconds, workers=workers, progress=progress
        )
    if json_file is not None:
        write_json(json_file, results.to_dict())
    if csv_file is not None:
        write_csv(csv_file, results.to_csv())
    if "-" not in (json_file, csv_file):
        from ..figures import table
        from ..proof import check

        click.echo(table(results, check(*names)))  # with the reasons below
        return
    for result in results:
        if result.status != "ok":
            note(f"{result.policy} ({result.engine}): {result.status}: {result.reason}")
