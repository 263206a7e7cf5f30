"""``fpsimd-model calibrate``: a recorded trace as a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InputError
from ..resources import write_text
from .options import apart, json_option, note, write_json
from .reading import reading, trace_options
from .scenario import scenario_of

if TYPE_CHECKING:
    from ..figures.recipe import Recipe
    from ..scenario import Scenario

__all__ = ["calibrate"]

_FIGURES = (".png", ".svg", ".pdf", ".txt")


def _fitted_or_recorded(name: str, told: str):
    """The option that says how something comes into the scenario."""
    kinds = click.Choice(["fitted", "recorded"])
    return click.option(name, type=kinds, default="fitted", show_default=True, help=told)


@click.command(short_help="A recorded trace as a scenario.")
@click.argument("trace")
@click.option(
    "-o", "--output", required=True, metavar="SCENARIO", help="The scenario file to write."
)
@click.option("--report", "report_file", metavar="FILE", help="Write the report there as well.")
@click.option("--figure", "figure_file", metavar="FILE", help="A figure: .png, .svg, .pdf, .txt.")
@click.option(
    "--preset",
    default="reference",
    show_default=True,
    metavar="NAME",
    help="Where what a trace cannot show is kept from: a preset or a scenario file.",
)
@click.option(
    "--sections",
    type=click.IntRange(1, 1000),
    help="Kernel NEON sections of one packet, if known.",
)
@_fitted_or_recorded(
    "--arrivals", "Interrupts from a fit, or as recorded: a file of gaps beside the scenario."
)
@_fitted_or_recorded(
    "--durations",
    "Durations by the shape that fits best, or as recorded: files beside the scenario.",
)
@trace_options
@click.option("--predict/--no-predict", default=True, help="Compare the model with the trace.")
@json_option
def calibrate(
    trace, output, report_file, figure_file, preset, cpu, sections, arrivals, durations,
    residency_from, tsc_hz, strict, quiet, predict, json_file,
) -> None:  # fmt: skip
    """Write a scenario with everything that TRACE shows; each value has its sample size and 95%
    interval as a comment. What a trace cannot show stays at the preset and is marked."""
    from ..calibration import calibrate as _calibrate
    from ..calibration import predict as _predict
    from ..calibration.report import report

    for source in (trace, preset):
        apart(source, output, report_file, figure_file, json_file)
    base = scenario_of(preset)
    recipe = None
    if figure_file is not None:
        recipe = _recipe(
            figure_file, trace, base, cpu=cpu, sections=sections, arrivals=arrivals,
            durations=durations, residency_from=residency_from, tsc_hz=tsc_hz,
            predicted=int(predict),
        )  # fmt: skip
    with reading(trace, quiet) as progress:
        found = _calibrate(
            trace, base, cpu=cpu, sections=sections, strict=strict, tsc_hz=tsc_hz,
            residency_from=residency_from, arrivals=arrivals, durations=durations,
            progress=progress,
        )  # fmt: skip
    prediction = _predict(found) if predict else None
    text = report(found, prediction=prediction) + "\n"
    if output == "-":
        click.echo(found.scenario.to_toml(), nl=False)
    else:
        for file in found.save(output):
            note(f"wrote {file}")
    if report_file is not None:
        write_text(report_file, text)
    if recipe is not None:
        from ..figures import Answer
        from ..figures import save as _save

        answer, path = Answer(recipe), Path(figure_file)
        vars(answer).update(picture=found.figure(prediction))  # what the recipe would make again
        _save(answer, path.with_suffix(""), path.suffix[1:], toml=False)
    if json_file is not None:
        value = found.to_dict()
        value["prediction"] = None if prediction is None else prediction.to_dict()
        write_json(json_file, value)
    if json_file != "-" and output != "-":
        click.echo(text, nl=False)
    else:
        for remark in found.recording.notes:
            note(f"note: {remark}")


def _recipe(file: str, trace: str, base: Scenario, **options: object) -> Recipe:
    """What makes the figure again, for whoever gets it; refuses what nobody could make again."""
    from ..figures import Data, Recipe

    if Path(file).suffix not in _FIGURES:
        raise InputError(f"{file}: a figure ends in {', '.join(_FIGURES)}")
    if trace == "-":
        raise InputError("--figure: names the trace that it shows; give a file instead of -")
    usual = {"arrivals": "fitted", "durations": "fitted", "residency_from": None, "tsc_hz": None}
    options = {k: v for k, v in options.items() if k not in usual or v != usual[k]}
    return Recipe(figure="calibration", scenario=base, data=Data.of(trace), options=options)
