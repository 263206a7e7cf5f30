"""``fpsimd-model agree``: the engines against each other."""

from __future__ import annotations

import click

from .options import Above0, apart, json_option, policy_option, progress_bar, write_json
from .scenario import scenario_of

__all__ = ["agree"]


@click.command(short_help="The engines against each other, as z-scores.")
@click.argument("scenarios", metavar="[SCENARIO]...", nargs=-1)
@click.option(
    "--design",
    "count",
    type=click.IntRange(1, 100_000),
    help="Also this many designed scenarios over the whole domain (with --seed 0 the same ones "
    "each time).",
)
@click.option(
    "--ksoftirqd",
    is_flag=True,
    help="Design scenarios with a softirq budget and load at which ksoftirqd takes over now and "
    "then. The formula has no ksoftirqd: montecarlo and simpy are compared.",
)
@policy_option
@click.option(
    "--engines",
    show_default="analytic,montecarlo; with --ksoftirqd montecarlo,simpy",
    metavar="LIST",
    help="Two or three of analytic, montecarlo, simpy, with commas. simpy is slow, and needs the "
    "extra [test].",
)
@click.option(
    "--each",
    type=click.IntRange(1),
    help="Only so many of the policies for each scenario, in turn.",
)
@click.option(
    "--slow",
    type=click.IntRange(1),
    help="Only so many of those for the engine simpy.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--seconds",
    type=Above0(),
    help="Modelled wall time of each simulation; by default some millions of events.",
)
@click.option("--workers", type=click.IntRange(1), help="Threads.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
@click.option(
    "--keep", metavar="FILE", help="Write every difference to FILE (.csv or .csv.gz) as well."
)
@json_option
def agree(
    scenarios,
    count,
    ksoftirqd,
    names,
    engines,
    each,
    slow,
    seed,
    seconds,
    workers,
    quiet,
    keep,
    json_file,
) -> None:
    """Evaluate each SCENARIO with several engines and compare every metric.

    A SCENARIO is a file, a preset, or one of a design by its name: design-200-0-17 is number 17
    of `--design 200 --seed 0`, ksoftirqd-60-0-17 of `--design 60 --ksoftirqd --seed 0`.
    """
    from ..agreement import agree as _agree
    from ..agreement import design, designed

    if not scenarios and count is None:
        raise click.UsageError("name a scenario, or ask for --design COUNT.")
    if ksoftirqd and count is None:
        raise click.UsageError("--ksoftirqd is a kind of design: ask for --design COUNT as well.")
    engines = engines or ("montecarlo,simpy" if ksoftirqd else "analytic,montecarlo")
    for scenario in scenarios:
        apart(scenario, keep, json_file)
    listed = [designed(name) or scenario_of(name) for name in scenarios]
    listed += design(count, seed, ksoftirqd) if count else []
    with progress_bar("comparing", quiet) as progress:
        found = _agree(
            listed,
            names,
            [name.strip() for name in engines.split(",")],
            each=each,
            slow=slow,
            seed=seed,
            seconds=seconds,
            workers=workers,
            progress=progress,
        )
    if keep is not None:
        found.save(keep)
    if json_file is not None:
        write_json(json_file, found.to_dict())
    if json_file != "-":
        click.echo(found.to_text(), nl=False)
